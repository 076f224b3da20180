//! Typologies that need a ledger, on a simulated chain with ground truth.

use holdfast_attribution::import::import;
use holdfast_chain::{Block, Network};
use holdfast_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use holdfast_screening::decision::{ActiveHolds, Ground, Prices, decide};
use holdfast_screening::exchange::{chain_deposits, score};
use holdfast_screening::state::State;
use holdfast_screening::{Amount, ChainFacts, Event, EventKind, RuleBook, Typology};
use holdfast_simulate::{Economy, Options, OwnerKind, SimBlock};
use holdfast_tracing::Workspace;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

fn workspace(dir: &std::path::Path, economy: &mut Economy) -> (Workspace, Vec<SimBlock>) {
    let blocks: Vec<SimBlock> = std::iter::from_fn(|| economy.next_block()).collect();
    let mut workspace = Workspace::create_or_open(dir, Network::Regtest).unwrap();
    let parse =
        |b: &SimBlock| MemoryBlock { height: b.height, block: Block::parse(b.bytes.clone()).unwrap(), spent: None };
    let feed = MemoryFeed(blocks.iter().map(parse).collect());
    workspace.ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    let pack = holdfast_simulate::files::tagpack(economy).into_bytes();
    assert!(import(&mut workspace.tags, vec![("sim.yaml".into(), pack)]).refused.is_empty());
    // Exposure is only as good as attribution: here all of the mixers' addresses are known.
    let mut csv = String::from("address,currency,label,source,category,confidence\n");
    for truth in blocks.iter().flat_map(|b| &b.truth) {
        for (owner, address) in truth.owners.iter().zip(&truth.addresses) {
            if let (Some(owner), Some(address)) = (owner, address)
                && economy.owner_kind(*owner) == OwnerKind::Mixer
            {
                csv += &format!(
                    "{},BTC,mixer,https://example.org,mixing_service,ownership\n",
                    address.to_text(Network::Regtest)
                );
            }
        }
    }
    assert!(import(&mut workspace.tags, vec![("mixers.csv".into(), csv.into_bytes())]).refused.is_empty());
    workspace.refresh().unwrap();
    (workspace, blocks)
}

#[test]
fn peel_chains_mixers_and_coinjoins_are_found_behind_deposits() {
    let dir = tempfile::tempdir().unwrap();
    let mut economy = Economy::new(Options { seed: 3, txs: 40_000 }).unwrap();
    let (workspace, blocks) = workspace(dir.path(), &mut economy);
    let (events, cases) = chain_deposits(&workspace.ledger, &blocks, |o| economy.owner_kind(o));
    let (state, book, holds, prices) = (State::default(), RuleBook::standard(), ActiveHolds::new(), Prices::new());
    let mut found = BTreeSet::new();
    for (seq, event) in events.iter().enumerate() {
        let facts = ChainFacts::look(&workspace, event, None);
        assert_eq!(facts.unavailable, None);
        let ground = Ground { state: &state, book: &book, holds: &holds, prices: &prices };
        let (decision, _) = decide(ground, event, &facts, seq as u64, event.time);
        found.extend(decision.findings.iter().map(|f| (f.typology, event.customer.clone())));
    }
    let scores = score(&cases, &found);
    for typology in [Typology::PeelChain, Typology::MixerExposure, Typology::CoinjoinExposure] {
        println!("{:<20} {:?} of {}", typology.name(), scores[&typology], events.len());
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
    let mut economy = Economy::new(Options { seed: 3, txs: 1_000 }).unwrap();
    let (workspace, _) = workspace(dir.path(), &mut economy);
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
