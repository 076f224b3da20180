//! One desk for several chains: an event's asset picks the ledger that it is looked up in.

use holdfast_api::{Shared, Vault};
use holdfast_bitcoin::script::classify;
use holdfast_bitcoin::{Block, Network};
use holdfast_decision::{Event, EventKind};
use holdfast_identity::KeyRing;
use holdfast_screening::Screening;
use holdfast_screening::service::system_clock;
use holdfast_simulate::hand::{HandChain, key, tx};
use holdfast_types::Amount;
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use holdfast_workspace::{ChainsError, Workspace};
use std::ops::ControlFlow;
use std::path::Path;

/// A chain that paid an address, which a tag names.
fn chain(dir: &Path, network: Network, paid: u64, abuse: &str) -> Workspace {
    let mut workspace = Workspace::create_or_open(&dir.join(network.to_string()), network).unwrap();
    let address = classify(&key(paid)).to_text(network);
    let pack = format!(
        "title: L\ncreator: t\ncurrency: BTC\nsource: https://example.org\nlastmod: 2024-01-01\nconfidence: forensic\n\
         tags:\n  - {{address: \"{address}\", label: L, abuse: {abuse}}}\n"
    );
    assert!(workspace.import_tags(vec![("l.yaml".into(), pack.into_bytes())]).refused.is_empty());
    let (height, bytes) = HandChain::default().add(&[tx(&[([1; 32], 0)], &[(1_000, key(paid))])]);
    let feed = MemoryFeed(vec![MemoryBlock { height, block: Block::parse(bytes).unwrap(), spent: None }]);
    workspace.ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    workspace.refresh().unwrap();
    workspace
}

fn withdrawal(asset: &str, to: &str) -> Event {
    let mut event = Event::new(EventKind::Withdrawal, "w", 1_700_000_000, "c");
    (event.asset, event.counterparty) = (Some(asset.into()), Some(to.into()));
    event.amount = Some(Amount::from(5u64));
    event
}

#[test]
fn an_event_is_looked_up_in_the_ledger_of_its_asset() {
    let dir = tempfile::tempdir().unwrap();
    let screening = Screening::open(&format!("sqlite:{}", dir.path().join("a").display()), system_clock()).unwrap();
    let bitcoin = chain(dir.path(), Network::Regtest, 1, "ransomware");
    let vault = Vault::new(dir.path().join("vault"));
    let mut shared = Shared::new(bitcoin, screening, KeyRing::single([7; 32]), vault).unwrap();
    let litecoin = classify(&key(2)).to_text(Network::LitecoinRegtest);
    let before = shared.facts(&withdrawal("LTC", &litecoin));
    assert!(!before.ledger && !before.found, "no ledger of the asset yet: {before:?}");
    shared.add_chains(vec![chain(dir.path(), Network::LitecoinRegtest, 2, "sanction")]).unwrap();
    let facts = shared.facts(&withdrawal("ltc", &litecoin));
    assert!(facts.ledger && facts.found && facts.unavailable.is_none(), "{facts:?}");
    assert_eq!(facts.category.name(), "sanction");
    let bitcoin = classify(&key(1)).to_text(Network::Regtest);
    let facts = shared.facts(&withdrawal("BTC", &bitcoin));
    assert!(facts.ledger && facts.found && facts.category.name() == "ransomware", "{facts:?}");
    // What the first ledger holds is nothing to the second.
    let facts = shared.facts(&withdrawal("LTC", &classify(&key(1)).to_text(Network::LitecoinRegtest)));
    assert!(facts.ledger && !facts.found, "{facts:?}");
    assert!(!shared.facts(&withdrawal("ETH", "0x098B716B8Aaf21512996dC57EB0615e2383E2f96")).ledger);
    let other = tempfile::tempdir().unwrap();
    let twice = shared.add_chains(vec![chain(other.path(), Network::Regtest, 3, "scam")]);
    assert!(matches!(twice, Err(ChainsError::Twice(_))));
}
