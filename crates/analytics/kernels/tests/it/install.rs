//! Results that come back to the desk as figures of addresses.

use crate::simulated::{economy, exported, ledger, outcome, places};
use holdfast_analytics::{Kernel, install};
use holdfast_analytics_export::{Manifest, TableReader};
use holdfast_attribution::Tlp;
use holdfast_explore::Chain;
use holdfast_figures::Snapshot;
use holdfast_types::ChainId;
use holdfast_workspace::Workspace;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

fn chain(store: &Path) -> Chain {
    Chain::Outputs(Arc::new(Workspace::open(store).unwrap().snapshot()))
}

/// What the kernel computed stands at every address of the desk, as of its block; blocks that follow change nothing of it, and a reorganization makes it unusable.
#[test]
fn results_stand_at_every_address_until_their_block_leaves_the_chain() {
    let dir = tempfile::tempdir().unwrap();
    let (store, out) = (dir.path().join("store"), dir.path().join("out"));
    std::fs::create_dir(&store).unwrap();
    let blocks = economy(5, 1_500);
    let (first, later) = blocks.split_at(blocks.len() - 3);
    let at = ledger(&store, first);
    let addresses = at.counts().addresses;
    let some = at.address_text(7);
    let go_on = AtomicBool::new(false);
    exported(&at, &out, 300);
    let places = places(&out, ChainId::of(at.network()).as_str(), dir.path().join("results"));
    drop(at);
    let early = install(Kernel::Statistics, &places, &store, &go_on).unwrap_err().to_string();
    assert!(early.contains("merge statistics"), "{early}");
    let report = chain(&store).figures(&some, Tlp::Red).unwrap();
    assert!(report.tables.is_empty() && report.notes[0].contains("no figures"), "{report:?}");

    let statistics = outcome(Kernel::Statistics, &places);
    let head = install(Kernel::Statistics, &places, &store, &go_on).unwrap();
    let manifest = Manifest::require(&places.export).unwrap();
    assert_eq!(
        (head.input.as_str(), head.as_of_block.height),
        (manifest.input.as_str(), statistics.as_of_block.height)
    );
    let table = Kernel::Statistics.spec(manifest.model).unwrap().result;
    let reader =
        TableReader::open(&places.results.join(&statistics.files[0].path), table, &["address", "received"]).unwrap();
    let installed = Snapshot::open(&store, "statistics").unwrap().unwrap();
    installed.check().unwrap();
    let mut rows = 0;
    for group in 0..reader.groups() {
        let (len, columns) = reader.group(group).unwrap();
        for row in 0..len {
            let address = u64::try_from(columns[0].integer(row).unwrap()).unwrap();
            let stored = installed.row(address).unwrap().unwrap();
            let received = stored.iter().find(|(name, _)| *name == "received").unwrap().1;
            assert_eq!(received, columns[1].integer(row).unwrap());
            rows += 1;
        }
    }
    assert_eq!((rows, head.rows), (u64::from(addresses), u64::from(addresses)));

    // Blocks follow: the figures stay, as of their block; an address that is new has none, and that is said.
    let at = ledger(&store, later);
    assert!(at.counts().addresses > addresses);
    let new = at.address_text(addresses);
    drop(at);
    let report = chain(&store).figures(&some, Tlp::Red).unwrap();
    assert_eq!((report.tables.len(), report.notes.len()), (1, 0), "{report:?}");
    assert_eq!(report.tables[0].as_of_block, head.as_of_block);
    let txs: Vec<&str> =
        report.tables[0].figures.iter().filter(|f| f.name == "first_tx").map(|f| f.value.as_str()).collect();
    assert!(matches!(txs[..], [tx] if tx.len() == 64), "{txs:?}");
    let report = chain(&store).figures(&new, Tlp::Red).unwrap();
    assert!(report.tables.is_empty() && report.notes[0].contains("no row of this address"), "{report:?}");

    // Another chain of blocks: numbers of addresses are others.
    std::fs::remove_dir_all(store.join("ledger")).unwrap();
    let other = ledger(&store, &economy(6, 1_500));
    let some = other.address_text(7);
    drop(other);
    let report = chain(&store).figures(&some, Tlp::Red).unwrap();
    assert!(report.tables.is_empty() && report.notes[0].contains("not in the chain"), "{report:?}");
}

/// What has no row an address is refused by name, and so is a store without the chain.
#[test]
fn what_the_desk_has_itself_is_not_installed() {
    let dir = tempfile::tempdir().unwrap();
    let (store, out) = (dir.path().join("store"), dir.path().join("out"));
    let at = ledger(&store, &economy(5, 1_000));
    exported(&at, &out, 100);
    let places = places(&out, ChainId::of(at.network()).as_str(), dir.path().join("results"));
    drop(at);
    let go_on = AtomicBool::new(false);
    outcome(Kernel::Forest, &places);
    let refused = install(Kernel::Forest, &places, &store, &go_on).unwrap_err().to_string();
    assert!(refused.contains("forest") && refused.contains("clusters"), "{refused}");
    outcome(Kernel::Balances, &places);
    install(Kernel::Balances, &places, &store, &go_on).unwrap();
    let empty = dir.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let refused = install(Kernel::Balances, &places, &empty, &go_on).unwrap_err().to_string();
    assert!(refused.contains("no chain"), "{refused}");
    // A result that was altered is not taken.
    let statistics = outcome(Kernel::Statistics, &places);
    let path = places.results.join(&statistics.files[0].path);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let refused = install(Kernel::Statistics, &places, &store, &go_on).unwrap_err().to_string();
    assert!(refused.contains("SHA-256"), "{refused}");
    assert!(Snapshot::open(&store, "statistics").unwrap().is_none());
}
