//! A change of tags screens those transfers of account chains again that money of the tagged can have reached, and no others.

use crate::rescreening::{late, payloads, run_passes};
use holdfast_account_ledger::Settings;
use holdfast_account_workspace::AccountWorkspace;
use holdfast_bitcoin::Network;
use holdfast_decision::{Event, EventKind};
use holdfast_identity::KeyRing;
use holdfast_jobs::JobState;
use holdfast_screening::Screening;
use holdfast_screening::service::system_clock;
use holdfast_state::{AppState, Vault};
use holdfast_types::{
    AccountId, Amount, BlockTransfers, ChainId, Commitment, Hash32, Position, Timestamp, TokenRef,
    TransactionTransfers, Transfer, TransferKind,
};
use holdfast_workspace::{ChangeError, Workspace};
use serde_json::json;
use std::sync::Arc;

fn account(n: u8) -> AccountId {
    AccountId::evm([n; 20])
}

fn hash(n: u64) -> Hash32 {
    let mut hash = [1; 32];
    hash[..8].copy_from_slice(&n.to_be_bytes());
    hash
}

/// A block in which one account pays another, and returns its transaction.
fn paid(chain: &ChainId, height: u64, from: u8, to: u8) -> (BlockTransfers, String) {
    let tx = hash(1_000 + height);
    let transfer = Transfer {
        token: TokenRef::Native,
        from: (from > 0).then(|| account(from)),
        to: Some(account(to)),
        amount: 1_000_000u64.into(),
        kind: if from > 0 { TransferKind::Value } else { TransferKind::Mint },
        position: Position::Transaction,
        commitment: Commitment::Root,
    };
    let transaction = TransactionTransfers {
        hash: tx,
        index: 0,
        payer: account(1),
        to: None,
        success: true,
        fee: Amount::ZERO,
        method: None,
        transfers: vec![transfer],
        signals: Vec::new(),
    };
    let block = BlockTransfers {
        chain: chain.clone(),
        height,
        hash: hash(height),
        parent: height.checked_sub(1).map_or([0; 32], hash),
        time: 1_700_000_000 + 12 * height,
        transactions: vec![transaction],
        block_level: Vec::new(),
        internal_known: true,
    };
    (block, format!("0x{}", hex::encode(tx)))
}

#[test]
fn a_tag_screens_what_its_money_reached_again() {
    let dir = tempfile::tempdir().unwrap();
    let chain = ChainId::parse("eip155:1").unwrap();
    let store = dir.path().join("store");
    let workspace = Workspace::create_or_open(&store, Network::Regtest).unwrap();
    let mut accounts = AccountWorkspace::create_or_open(&store, &Settings::new(chain.clone()), Arc::default()).unwrap();
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
    let screening = Screening::open(&format!("sqlite:{}", dir.path().join("a").display()), system_clock()).unwrap();
    let mut shared =
        AppState::new(workspace, screening, KeyRing::single([7; 32]), Vault::new(dir.path().join("vault"))).unwrap();
    shared.add_account_chains(vec![accounts]).unwrap();
    let deposit = |tx: &str| {
        let mut event = Event::new(EventKind::Deposit, format!("d-{tx}"), Timestamp::from_unix(1_700_000_000), "c");
        (event.asset, event.amount) = (Some("ETH".into()), Some(Amount::from(1_000_000u64)));
        event.tx = Some(tx.into());
        let facts = shared.facts(&event);
        assert!(facts.ledger && facts.found && facts.unavailable.is_none(), "{facts:?}");
        shared.screening.decide(event, facts, "a test").unwrap().seq
    };
    let (reached, other) = (deposit(&txs[3]), deposit(&txs[5]));
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
