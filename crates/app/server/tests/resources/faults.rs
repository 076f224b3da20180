//! What the application does while its node or its database fails.

use holdfast_bitcoin::node::Rest;
use holdfast_bitcoin::{Block, Network};
use holdfast_simulate::{Economy, Options};
use holdfast_testing::{Fault, FaultyDatabase, FaultyNode, NodeBlock, TestDb};
use holdfast_testing_app::TestApp;
use holdfast_utxo_ledger::{FollowError, Ledger, follow};
use serde_json::json;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

fn chain(seed: u64) -> Vec<NodeBlock> {
    let mut economy = Economy::new(Options { seed, txs: 1_000 }).unwrap();
    let blocks = std::iter::from_fn(|| economy.next_block());
    blocks.map(|b| (Block::parse(b.bytes.clone()).unwrap().hash.to_bytes(), b.bytes)).collect()
}

/// A node that cuts, breaks or garbles its answers costs a round and no stored block; a reorganization is followed.
#[test]
fn a_faulty_node_spoils_no_ledger() {
    let blocks = chain(5);
    let node = FaultyNode::new(1, blocks[..blocks.len() / 2].to_vec());
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create_or_open(dir.path(), Network::Regtest).unwrap();
    let source = Rest::new(&node.url);
    let round = |ledger: &mut Ledger| follow(ledger, &source, 1, &mut |_, _| ControlFlow::Continue(()));
    round(&mut ledger).unwrap();
    let stored = ledger.counts().blocks;
    assert_eq!(stored as usize, blocks.len() / 2);
    node.set_chain(blocks.clone());
    for fault in [Fault::Cut, Fault::Garbage, Fault::Broken] {
        node.fail(fault);
        let failed = round(&mut ledger);
        assert!(failed.is_err(), "{fault:?}: {failed:?}");
        assert_eq!(ledger.counts().blocks, stored, "{fault:?}");
    }
    node.fail(Fault::Slow(Duration::from_millis(5)));
    assert_eq!(round(&mut ledger).unwrap().appended, blocks.len() as u32 - stored);
    // Another chain that shares nothing is no reorganization.
    node.fail(Fault::None);
    node.set_chain(chain(6));
    assert!(matches!(round(&mut ledger), Err(FollowError::Unrelated)));
    // One that left the last blocks is followed back.
    node.set_chain(blocks[..blocks.len() - 3].to_vec());
    round(&mut ledger).unwrap();
    let report = ledger.check(true, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(report.is_clean(), "{:#?}", report.problems);
}

/// A database that cannot be reached costs refusals with 503 and nothing else: what was acknowledged is there, and the writer comes back
/// with a new epoch.
#[test]
fn a_database_that_goes_away_loses_nothing_acknowledged() {
    let Some(db) = TestDb::postgres() else { return };
    let proxy = FaultyDatabase::new(&db);
    let app = TestApp::at(db, &proxy.url);
    let exchange = app.as_role("exchange");
    let send = |id: &str| exchange.post("/api/v1/events", crate::events::withdrawal(id, "5"));
    send("w-1").ok();
    let epoch = || {
        let rows = app.shared.screening.read(|db| db.query("SELECT epoch FROM writer_epoch WHERE id = 1", &[]));
        rows.unwrap()[0].int(0).unwrap()
    };
    let first = epoch();
    let mut acknowledged = vec!["w-1".to_owned()];
    for (n, fault) in [FaultyDatabase::cut, FaultyDatabase::refuse].into_iter().enumerate() {
        fault(&proxy);
        let answer = send(&format!("away-{n}"));
        if answer.status == 200 {
            acknowledged.push(format!("away-{n}"));
        } else {
            answer.refused(503);
        }
        proxy.heal();
        let begun = Instant::now();
        let id = format!("back-{n}");
        while send(&id).status != 200 {
            assert!(begun.elapsed() < Duration::from_secs(30), "the writer connects again");
            std::thread::sleep(Duration::from_millis(100));
        }
        acknowledged.push(id);
    }
    // Bytes that are late are late, and no more.
    proxy.stall();
    let late = std::thread::scope(|scope| {
        let answer = scope.spawn(|| send("late"));
        std::thread::sleep(Duration::from_millis(500));
        assert!(!answer.is_finished(), "nothing is acknowledged that is not stored");
        proxy.heal();
        answer.join().unwrap()
    });
    late.ok();
    acknowledged.push("late".into());
    let reader = app.as_role("auditor");
    for id in &acknowledged {
        reader.get(&format!("/api/v1/events/{id}")).ok();
    }
    assert_eq!(reader.get("/api/v1/audit/verify").ok()["problems"], json!([]));
    assert!(app.shared.screening.fatal().is_none() && epoch() > first, "the writer came back with a new epoch");
}
