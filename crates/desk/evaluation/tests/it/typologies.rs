//! Every typology on planted cases that are hidden in ordinary lives. Seeds here were not used to choose thresholds.

use holdfast_decision::{ChainFacts, Typology};
use holdfast_evaluation::{Options, Score, Variants, found_at, score_found, simulate};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Found off chain alone; the others need a ledger (see `chain.rs`).
const OFF_CHAIN: [Typology; 13] = [
    Typology::Structuring,
    Typology::RapidPassThrough,
    Typology::FanIn,
    Typology::FanOut,
    Typology::Cycle,
    Typology::RansomwarePayment,
    Typology::AddressPoisoning,
    Typology::Dusting,
    Typology::CardCashOut,
    Typology::FakeAccountRing,
    Typology::AccountTakeover,
    Typology::Mule,
    Typology::ScamVictim,
];

fn scores(seed: u64, variants: Variants) -> BTreeMap<Typology, Score> {
    let exchange = simulate(Options { seed, variants, ..Options::default() }).unwrap();
    exchange.records.iter().for_each(|r| r.validate().unwrap());
    exchange.events.iter().for_each(|e| e.validate().unwrap());
    let found = found_at(&exchange, |_| ChainFacts::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    score_found(&exchange.cases, &found)
}

/// Holds recall and precision, thousandths, for all but the exceptions.
fn hold(variants: Variants, usual: (u64, u64), exceptions: &[(Typology, (u64, u64))]) {
    for seed in [1, 2] {
        let scores = scores(seed, variants);
        for typology in OFF_CHAIN {
            println!("seed {seed} {variants:?} {:<20} {:?}", typology.name(), scores[&typology]);
        }
        for typology in OFF_CHAIN {
            let (recall, precision) = exceptions.iter().find(|e| e.0 == typology).map_or(usual, |e| e.1);
            let s = scores[&typology];
            assert!(s.recall().unwrap() >= recall, "{} recall {s:?}", typology.name());
            assert!(s.precision().unwrap() >= precision, "{} precision {s:?}", typology.name());
        }
    }
}

#[test]
fn planted_cases_are_found_and_clean_traffic_mostly_left_alone() {
    hold(Variants::Tuned, (900, 600), &[]);
}

#[test]
fn cases_of_held_out_variants_are_found_too() {
    // What victims pay in is no fixed multiple of what they send on, and rules see 70% and more of it.
    hold(Variants::HeldOut, (800, 600), &[(Typology::ScamVictim, (600, 500))]);
}

#[test]
fn same_seed_same_exchange() {
    let a = simulate(Options { customers: 200, ..Options::default() }).unwrap();
    let b = simulate(Options { customers: 200, ..Options::default() }).unwrap();
    assert_eq!((a.events, a.records, a.cases), (b.events, b.records, b.cases));
    assert!(simulate(Options { customers: 1, ..Options::default() }).is_err());
}
