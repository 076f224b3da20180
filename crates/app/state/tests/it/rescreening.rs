//! Only transfers that rest on what a change touched are screened again.

use holdfast_bitcoin::script::classify;
use holdfast_bitcoin::{Block, Network, display_hash};
use holdfast_decision::{Event, EventKind};
use holdfast_identity::KeyRing;
use holdfast_jobs::JobState;
use holdfast_screening::Screening;
use holdfast_screening::alerts::AlertFilter;
use holdfast_screening::service::system_clock;
use holdfast_simulate::build::Built;
use holdfast_simulate::hand::{HandChain, key, tx};
use holdfast_state::{AppState, Vault};
use holdfast_store::{Store, StoreError};
use holdfast_types::{Amount, Timestamp};
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use holdfast_workspace::{ChangeError, Workspace};
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

fn address(n: u64) -> String {
    classify(&key(n)).to_text(Network::Regtest)
}

/// A chain on which 3 pays 7 and 5 pays 8; 1 spends nothing. Returns the two payments.
fn chain(dir: &Path) -> (Workspace, String, String) {
    let mut workspace = Workspace::create_or_open(dir, Network::Regtest).unwrap();
    let mut chain = HandChain::default();
    let fund = tx(&[([1; 32], 0)], &[(1_000, key(1)), (1_000, key(3)), (1_000, key(5))]);
    let pays = [tx(&[(fund.txid, 1)], &[(1_000, key(7))]), tx(&[(fund.txid, 2)], &[(1_000, key(8))])];
    let ids = pays.each_ref().map(|pay| display_hash(&pay.txid));
    for txs in [vec![fund], pays.to_vec()] {
        append(&mut workspace, &mut chain, &txs);
    }
    workspace.refresh().unwrap();
    let [seven, eight] = ids;
    (workspace, seven, eight)
}

fn append(workspace: &mut Workspace, chain: &mut HandChain, txs: &[Built]) {
    let (height, bytes) = chain.add(txs);
    let feed = MemoryFeed(vec![MemoryBlock { height, block: Block::parse(bytes).unwrap(), spent: None }]);
    workspace.ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
}

fn transfer(id: &str, kind: EventKind) -> Event {
    let mut event = Event::new(kind, id, Timestamp::from_unix(1_700_000_000), "c");
    (event.asset, event.amount) = (Some("BTC".into()), Some(Amount::from(1_000u64)));
    event
}

fn decide(shared: &AppState, event: Event) -> u64 {
    let facts = shared.facts(&event);
    assert!(facts.ledger, "{facts:?}");
    shared.screening.decide(event, facts, "a test").unwrap().seq
}

fn withdrawal(shared: &AppState, to: &str) -> u64 {
    let mut event = transfer(&format!("w-{to}"), EventKind::Withdrawal);
    event.counterparty = Some(to.into());
    decide(shared, event)
}

fn deposit(shared: &AppState, txid: &str) -> u64 {
    let mut event = transfer(&format!("d-{txid}"), EventKind::Deposit);
    event.tx = Some(txid.into());
    decide(shared, event)
}

pub(crate) fn payloads(shared: &AppState, state: JobState) -> Vec<Value> {
    let sql = "SELECT payload FROM jobs WHERE kind = 'rescreen' AND state = $1";
    let rows = shared.screening.read(|db| db.query(sql, &[state.name().into()])).unwrap();
    rows.iter().map(|row| serde_json::from_str(row.text(0).unwrap()).unwrap()).collect()
}

/// Runs the jobs until no pass waits or runs.
pub(crate) fn run_passes(shared: &AppState) {
    let runner = shared.start_jobs().unwrap();
    let began = Instant::now();
    while !payloads(shared, JobState::Waiting).is_empty() || !payloads(shared, JobState::Running).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "a pass does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(runner);
}

/// Numbers of events with a late alert.
pub(crate) fn late(shared: &AppState) -> Vec<u64> {
    let alerts = shared.screening.alerts(&AlertFilter { limit: 100, ..AlertFilter::default() }).unwrap();
    alerts.iter().filter(|a| a.kind == "late").map(|a| a.event).collect()
}

fn tag(shared: &AppState, address: &str, abuse: &str) {
    let csv = format!("address,currency,label,source,abuse\n{address},BTC,L,https://example.org,{abuse}\n");
    let import = |w: &mut Workspace| -> Result<(), ChangeError> {
        assert!(w.import_tags(vec![(format!("{abuse}.csv"), csv.into_bytes())]).refused.is_empty());
        w.catch_up();
        Ok(())
    };
    shared.change_tags(&format!("{abuse}.csv was imported"), import).unwrap();
}

#[test]
fn a_change_of_one_tag_screens_the_transfers_concerned_again_and_resumes() {
    let dir = tempfile::tempdir().unwrap();
    let screening = Screening::open(&format!("sqlite:{}", dir.path().join("a").display()), system_clock()).unwrap();
    let (workspace, seven, eight) = chain(&dir.path().join("store"));
    let shared =
        AppState::new(workspace, screening, KeyRing::single([7; 32]), Vault::new(dir.path().join("vault"))).unwrap();
    let others = [withdrawal(&shared, &address(1)), deposit(&shared, &eight), withdrawal(&shared, &address(8))];
    let to_3 = withdrawal(&shared, &address(3));
    let from_3 = deposit(&shared, &seven);
    let to_7 = withdrawal(&shared, &address(7));
    // What was before this process is not known: the first pass goes through everything.
    shared.rescreen_later("it begins");
    assert_eq!(payloads(&shared, JobState::Waiting)[0]["scope"], json!("all"));
    run_passes(&shared);
    tag(&shared, &address(3), "ransomware");
    let scope = &payloads(&shared, JobState::Waiting)[0]["scope"]["these"];
    assert_eq!(scope["seqs"], json!([to_3, from_3, to_7]), "not {others:?}");
    run_passes(&shared);
    assert_eq!(late(&shared), [to_3, from_3, to_7]);
    // A tag that touches no stored transfer.
    tag(&shared, &address(1_000_001), "scam");
    assert_eq!(payloads(&shared, JobState::Waiting)[0]["scope"]["these"]["seqs"], json!([]));
    run_passes(&shared);
    // A pass that was interrupted after its first transfer goes on with the next.
    tag(&shared, &address(5), "sanction");
    let scope = &payloads(&shared, JobState::Waiting)[0]["scope"]["these"];
    assert_eq!(scope["seqs"], json!(others[1..].to_vec()));
    let interrupted = format!(
        "UPDATE jobs SET state = 'running', tries = 1, resume_at = '{}' WHERE kind = 'rescreen' AND state = 'waiting'",
        others[1]
    );
    let change = move |tx: &mut dyn holdfast_store::Change| Ok::<_, StoreError>(tx.db().execute(&interrupted, &[])?);
    Store::change(&*shared.screening, "a test", change).unwrap();
    run_passes(&shared);
    assert_eq!(late(&shared), [to_3, from_3, to_7, others[2]]);
    // A transfer that is decided after the look-up, on what was before it, is screened again as well.
    shared.rescreen_later("nothing changed");
    let after = withdrawal(&shared, &address(2));
    let scope = &payloads(&shared, JobState::Waiting)[0]["scope"]["these"];
    assert!(scope["last"].as_u64().unwrap() < after, "{scope}");
}

#[test]
fn a_block_screens_what_it_pays_again() {
    let dir = tempfile::tempdir().unwrap();
    let screening = Screening::open(&format!("sqlite:{}", dir.path().join("a").display()), system_clock()).unwrap();
    let (workspace, _, eight) = chain(&dir.path().join("store"));
    let shared =
        AppState::new(workspace, screening, KeyRing::single([7; 32]), Vault::new(dir.path().join("vault"))).unwrap();
    tag(&shared, &address(8), "ransomware");
    run_passes(&shared);
    let to_1 = withdrawal(&shared, &address(1));
    let to_9 = withdrawal(&shared, &address(9));
    // Its transaction is not there yet.
    let hash = holdfast_bitcoin::parse_hash(&eight).unwrap();
    let pay = tx(&[(hash, 0)], &[(1_000, key(9))]);
    let waits = deposit(&shared, &display_hash(&pay.txid));
    let mut blocks = HandChain::default();
    let [a, b] = chain_blocks();
    blocks.add(&a);
    blocks.add(&b);
    shared
        .chain()
        .append(|w| -> Result<(), ChangeError> {
            append(w, &mut blocks, std::slice::from_ref(&pay));
            w.catch_up();
            Ok(())
        })
        .unwrap();
    shared.rescreen_later("a block");
    let scope = &payloads(&shared, JobState::Waiting)[0]["scope"]["these"];
    assert_eq!(scope["seqs"], json!([to_9, waits]), "not {to_1}");
    run_passes(&shared);
    assert_eq!(late(&shared), [to_9, waits]);
}

/// The blocks of [`chain`].
fn chain_blocks() -> [Vec<Built>; 2] {
    let fund = tx(&[([1; 32], 0)], &[(1_000, key(1)), (1_000, key(3)), (1_000, key(5))]);
    let pays = vec![tx(&[(fund.txid, 1)], &[(1_000, key(7))]), tx(&[(fund.txid, 2)], &[(1_000, key(8))])];
    [vec![fund], pays]
}
