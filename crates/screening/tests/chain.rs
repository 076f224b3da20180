//! Typologies that need a ledger, on a simulated chain with ground truth.

use holdfast_screening::exchange::{Exchange, chain_workspace, findings, score};
use holdfast_screening::{Amount, ChainFacts, Event, EventKind, Typology};
use holdfast_simulate::Options;
use std::ops::ControlFlow;

#[test]
fn peel_chains_mixers_and_coinjoins_are_found_behind_deposits() {
    let dir = tempfile::tempdir().unwrap();
    let (workspace, blocks, economy) = chain_workspace(dir.path(), Options { seed: 3, txs: 40_000 }).unwrap();
    let mut exchange = Exchange::default();
    exchange.add_chain(&workspace, &blocks, &economy);
    let look = |event: &Event| {
        let facts = ChainFacts::look(&workspace, event, None);
        assert_eq!(facts.unavailable, None);
        facts
    };
    let found = findings(&exchange, look, &mut |_| ControlFlow::Continue(())).unwrap();
    let scores = score(&exchange.cases, &found);
    for typology in [Typology::PeelChain, Typology::MixerExposure, Typology::CoinjoinExposure] {
        println!("{:<20} {:?} of {}", typology.name(), scores[&typology], exchange.events.len());
    }
    for (typology, recall, precision) in
        [(Typology::PeelChain, 950, 700), (Typology::MixerExposure, 700, 700), (Typology::CoinjoinExposure, 950, 950)]
    {
        let s = scores[&typology];
        assert!(s.cases >= 20, "{} {s:?}", typology.name());
        assert!(s.recall().unwrap() >= recall && s.precision().unwrap() >= precision, "{} {s:?}", typology.name());
    }
}

#[test]
fn what_the_chain_cannot_say_is_said_to_be_so() {
    let dir = tempfile::tempdir().unwrap();
    let (workspace, ..) = chain_workspace(dir.path(), Options { seed: 3, txs: 1_000 }).unwrap();
    let mut event = Event::new(EventKind::Deposit, "d", 1_780_000_000, "c");
    event.asset = Some("BTC".into());
    event.amount = Some(Amount(1));
    event.tx = Some("ab".repeat(32));
    let look = |event: &Event| ChainFacts::look(&workspace, event, None).unavailable;
    assert!(look(&event).unwrap().contains("neither in the ledger nor"));
    event.tx = Some("nonsense".into());
    assert!(look(&event).unwrap().contains("64 hex digits"));
    let mut event = Event::new(EventKind::Withdrawal, "w", 1_780_000_000, "c");
    event.asset = Some("BTC".into());
    event.counterparty = Some("nonsense".into());
    assert!(look(&event).unwrap().contains("is no address"));
    // Assets without a ledger are screened on tags alone.
    event.asset = Some("ETH".into());
    assert_eq!(look(&event), None);
}
