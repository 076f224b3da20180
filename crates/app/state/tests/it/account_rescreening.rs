//! A change of tags screens those transfers of account chains again that money of the tagged can have reached, and no others.

use crate::rescreening::{late, payloads, run_passes};
use holdfast_account_ledger::{AppendOptions, Settings};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_account_workspace::beside::LinkedBlock;
use holdfast_bitcoin::Network;
use holdfast_decision::{Event, EventKind};
use holdfast_identity::KeyRing;
use holdfast_jobs::JobState;
use holdfast_links::{BridgeSide, Direction, End, Moved, Place, Protocol, Record};
use holdfast_screening::Screening;
use holdfast_screening::service::system_clock;
use holdfast_state::{AppState, Vault};
use holdfast_testing::blocks::{account, linked, one_transfer, transfer};
use holdfast_types::{AccountId, Address, Amount, BlockTransfers, ChainId, Timestamp, TokenRef, Transfer};
use holdfast_workspace::{ChangeError, Workspace};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Returns a block in which one account pays another of the coin, or the coin is minted, and its transaction.
fn paid(chain: &ChainId, height: u8, from: u8, to: u8) -> (BlockTransfers, String) {
    let tx = [height + 100; 32];
    let moved = transfer(TokenRef::Native, (from > 0).then_some(from), to, 1_000_000);
    (one_transfer(chain, height, tx, moved), format!("0x{}", hex::encode(tx)))
}

fn desk(dir: &Path, accounts: Vec<AccountWorkspace>) -> AppState {
    let workspace = Workspace::create_or_open(&dir.join("store"), Network::Regtest).unwrap();
    let screening = Screening::open(&format!("sqlite:{}", dir.join("a").display()), system_clock()).unwrap();
    let mut shared =
        AppState::new(workspace, screening, KeyRing::single([7; 32]), Vault::new(dir.join("vault"))).unwrap();
    shared.add_account_chains(accounts).unwrap();
    shared
}

fn open(dir: &Path, chain: &ChainId) -> AccountWorkspace {
    AccountWorkspace::create_or_open(&dir.join("store"), &Settings::new(chain.clone()), Arc::default()).unwrap()
}

/// Decides a deposit of a transaction, and returns its number.
fn deposit(shared: &AppState, asset: &str, tx: &str) -> u64 {
    let mut event = Event::new(EventKind::Deposit, format!("d-{tx}"), Timestamp::from_unix(1_700_000_000), "c");
    (event.asset, event.amount) = (Some(asset.into()), Some(Amount::from(1_000_000u64)));
    event.tx = Some(tx.into());
    let facts = shared.facts(&event);
    assert!(facts.ledger && facts.found && facts.unavailable.is_none(), "{facts:?}");
    shared.screening.decide(event, facts, "a test").unwrap().seq
}

#[test]
fn a_tag_screens_what_its_money_reached_again() {
    let dir = tempfile::tempdir().unwrap();
    let chain = ChainId::parse("eip155:1").unwrap();
    let mut accounts = open(dir.path(), &chain);
    // 9 pays 2, who pays 3, who pays 4; 6 pays 7.
    let pays = [(0, 9), (9, 2), (2, 3), (3, 4), (0, 6), (6, 7)];
    let txs: Vec<String> = (0..)
        .zip(pays)
        .map(|(height, (from, to))| {
            let (block, tx) = paid(&chain, height, from, to);
            accounts.ledger.append_block(block).unwrap();
            tx
        })
        .collect();
    let shared = desk(dir.path(), vec![accounts]);
    let (reached, other) = (deposit(&shared, "ETH", &txs[3]), deposit(&shared, "ETH", &txs[5]));
    shared.rescreen_later("it begins");
    run_passes(&shared);
    let thief = account(9).to_address(&chain).to_string();
    let csv = format!("address,currency,label,source,abuse\n{thief},ETH,L,https://example.org,ransomware\n");
    let import = |w: &mut Workspace| -> Result<(), ChangeError> {
        assert!(w.import_tags(vec![("t.csv".into(), csv.into_bytes())]).refused.is_empty());
        w.catch_up();
        Ok(())
    };
    shared.change_tags("a list was imported", import).unwrap();
    let scope = &payloads(&shared, JobState::Waiting)[0]["scope"]["these"];
    assert_eq!(scope["origins"], json!({"eip155:1": {"addresses": [thief]}}), "{scope}");
    assert_eq!(scope["seqs"], json!([]), "the pass finds them");
    run_passes(&shared);
    assert_eq!(late(&shared), [reached], "not {other}");
}

/// A side of a message over a bridge.
fn side(direction: Direction, height: u8, of: &Transfer) -> Record {
    let moved = Moved { position: of.position, kind: of.kind };
    let place = Place { height: height.into(), tx: 0 };
    Record::Bridge(BridgeSide {
        protocol: Protocol::Nomad,
        direction,
        message: Some([7; 32]),
        time: 1_700_000_000 + 12 * u64::from(height),
        end: End { place, account: account(3), token: of.token, amount: of.amount, transfers: vec![moved] },
        beneficiary: account(3),
        asset: None,
        remote: None,
        log: 0,
        stated: None,
        destination: None,
    })
}

/// What left over a bridge is read late, and its money went further than is followed at once: the rest is screened again in steps, and it is stated.
#[test]
fn what_a_late_link_reaches_beyond_the_bound_is_screened_again() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (ChainId::parse("eip155:1").unwrap(), ChainId::parse("eip155:137").unwrap());
    let token = |text: &str| TokenRef::Fungible(AccountId::try_from(&Address::read(text)).unwrap());
    let usdt = token("0xdAC17F958D2ee523a2206206994597C13D831ec7");
    let usdc = token("0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359");
    let (left, arrived) = (transfer(usdt, Some(9), 50, 1_000_000), transfer(usdc, None, 3, 1_000_000));
    let (mut source, mut target) = (open(dir.path(), &first), open(dir.path(), &second));
    let append = |workspace: &mut AccountWorkspace, blocks: Vec<LinkedBlock>| {
        workspace.append(&mut blocks.into_iter(), &AppendOptions::default()).unwrap();
    };
    append(&mut source, vec![linked(one_transfer(&first, 0, [100; 32], transfer(usdt, None, 9, 1_000_000)), vec![])]);
    // What arrived goes on from 3 to 4, 5 and 6.
    let mut blocks =
        vec![linked(one_transfer(&second, 0, [110; 32], arrived), vec![side(Direction::Out, 0, &arrived)])];
    for (height, from, to) in [(1, 3, 4), (2, 4, 5), (3, 5, 6)] {
        let moved = transfer(usdc, Some(from), to, 1_000_000);
        blocks.push(linked(one_transfer(&second, height, [110 + height; 32], moved), vec![]));
    }
    append(&mut target, blocks);
    let mut shared = desk(dir.path(), vec![source, target]);
    shared.follow_postings = 1;
    let far = deposit(
        &shared,
        "eip155:137/erc20:0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359",
        &format!("0x{}", "71".repeat(32)),
    );
    shared.rescreen_later("it begins");
    run_passes(&shared);
    let thief = account(9).to_address(&first).to_string();
    let csv = format!("address,currency,label,source,abuse\n{thief},ETH,L,https://example.org,ransomware\n");
    let import = |w: &mut Workspace| -> Result<(), ChangeError> {
        assert!(w.import_tags(vec![("t.csv".into(), csv.into_bytes())]).refused.is_empty());
        w.catch_up();
        Ok(())
    };
    shared.change_tags("a list was imported", import).unwrap();
    run_passes(&shared);
    assert_eq!(late(&shared), Vec::<u64>::new(), "nothing links it to the thief yet");
    // Before the block that tells of the message is read, nothing is said of a pass.
    let rescreening = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let health = runtime.block_on(shared.readiness());
        (health.ok, health.components.into_iter().find(|part| part.name == "rescreening"))
    };
    assert_eq!(rescreening(), (true, None));
    let source = shared.chains.accounts().next().unwrap();
    let block = linked(one_transfer(&first, 1, [101; 32], left), vec![side(Direction::In, 1, &left)]);
    source
        .change(|workspace: &mut AccountWorkspace| -> Result<(), ChangeError> {
            append(workspace, vec![block]);
            Ok(())
        })
        .unwrap();
    shared.rescreen_later("block 1");
    run_passes(&shared);
    let all = || {
        let sql = "SELECT state FROM jobs WHERE kind = 'rescreen_all'";
        let rows = shared.screening.read(|db| db.query(sql, &[])).unwrap();
        rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect::<Vec<_>>()
    };
    let began = Instant::now();
    let runner = shared.start_jobs().unwrap();
    while all().iter().any(|state| state != "done") {
        assert!(began.elapsed() < Duration::from_secs(60), "the pass does not end: {:?}", all());
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(runner);
    assert_eq!(all(), ["done"]);
    assert_eq!(late(&shared), [far]);
    let noted = "SELECT COUNT(*) FROM audit WHERE action = 'rescreen.widened'";
    let noted = shared.screening.read(|db| db.query(noted, &[])).unwrap();
    assert_eq!(noted[0].number::<u64>(0).unwrap(), 1);
    assert_eq!(rescreening(), (true, None), "nothing is left to do");
    // While it waits the server says so, and serves.
    shared.rescreen_all_later("a test").unwrap();
    shared.rescreen_all_later("another test").unwrap();
    let (is_ok, part) = rescreening();
    assert!(is_ok && part.is_some_and(|part| part.reason.is_some_and(|why| why.contains("up to event 0 of"))));
    assert_eq!(all().len(), 2, "what calls for it meanwhile is one further pass");
}
