//! Typologies that need a ledger, on a simulated chain with ground truth.

use holdfast_decision::flags::{Flag, State, Subject};
use holdfast_decision::{ChainFacts, Event, EventKind, Typology, Verdict};
use holdfast_evaluation::{Exchange, chain_workspace, findings, score};
use holdfast_screening::Screening;
use holdfast_simulate::Options;
use holdfast_testing::{START, TestClock, TestDb};
use holdfast_types::{Amount, Seconds};
use std::ops::ControlFlow;

#[test]
fn peel_chains_mixers_and_coinjoins_are_found_behind_deposits() {
    let dir = tempfile::tempdir().unwrap();
    let (workspace, blocks, economy) = chain_workspace(dir.path(), Options { seed: 3, txs: 40_000 }).unwrap();
    let mut plain = holdfast_simulate::exchange::Exchange::default();
    plain.add_chain(&blocks, &economy).unwrap();
    let exchange = Exchange::from(plain);
    let look = |event: &Event| {
        let facts = holdfast_chain_facts::chain_facts(&workspace, event, None);
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
    let mut event = Event::new(EventKind::Deposit, "d", START, "c");
    event.asset = Some("BTC".into());
    event.amount = Some(Amount::new(1));
    event.tx = Some("ab".repeat(32));
    let look = |event: &Event| holdfast_chain_facts::chain_facts(&workspace, event, None).unavailable;
    assert!(look(&event).unwrap().contains("neither in the ledger nor"));
    event.tx = Some("nonsense".into());
    assert!(look(&event).unwrap().contains("64 hex digits"));
    let mut event = Event::new(EventKind::Withdrawal, "w", START, "c");
    event.asset = Some("BTC".into());
    event.counterparty = Some("nonsense".into());
    assert!(look(&event).unwrap().contains("is no address"));
    // Assets without a ledger are screened on tags alone.
    event.asset = Some("ETH".into());
    assert_eq!(look(&event), None);
}

/// A deposit of a simulated chain whose money came through outputs at least `hops` transactions before it, with the place of the farthest
/// output in the facts.
fn far_deposit(workspace: &holdfast_workspace::Workspace, hops: u32) -> (Event, ChainFacts, usize) {
    let ledger = &workspace.ledger;
    for tx in (0..ledger.counts().txs).rev() {
        let mut event = Event::new(EventKind::Deposit, "d1", START, "c1");
        event.asset = Some("BTC".into());
        event.amount = Some(Amount::new(ledger.value(ledger.outputs(tx).start).into()));
        event.value = Some(1_000);
        event.tx = Some(ledger.txid_text(tx));
        event.output = Some(0);
        let facts = holdfast_chain_facts::chain_facts(workspace, &event, None);
        let txid = |b: &holdfast_decision::behind::Behind| b.output.split(':').next().map(str::to_owned);
        let only = |b: &holdfast_decision::behind::Behind| {
            facts.behind.iter().filter(|o| o.address == b.address || txid(o) == txid(b)).count() == 1
        };
        let far = facts.behind.iter().position(|b| b.hops == hops && b.share_ppm >= 200_000 && only(b));
        // Nothing else should speak against it.
        if let Some(far) =
            far.filter(|_| facts.findings().is_empty() && facts.tags.is_empty() && facts.coinjoin.is_none())
        {
            return (event, facts, far);
        }
    }
    panic!("no deposit of that kind in the simulation");
}

fn theft(id: &str, subject: Subject, value: &str) -> Flag {
    Flag {
        id: id.into(),
        member: "Exchange A".into(),
        community: String::new(),
        subject,
        asset: "BTC".into(),
        value: value.into(),
        reason: "hot wallet emptied".into(),
        raised: START,
        until: START + Seconds::DAY,
        state: State::Open,
        source: None,
        tlp: String::new(),
    }
}

#[test]
fn a_flag_of_a_theft_holds_a_deposit_several_transactions_later_with_the_path() {
    let dir = tempfile::tempdir().unwrap();
    let (workspace, ..) = chain_workspace(&dir.path().join("w"), Options { seed: 3, txs: 3_000 }).unwrap();
    let (event, facts, far) = far_deposit(&workspace, 3);
    let place = facts.behind[far].clone();
    assert_eq!(facts, holdfast_chain_facts::chain_facts(&workspace, &event, None), "the same every time");
    let txid = place.output.split(':').next().unwrap().to_owned();
    let clock = TestClock::new();
    let subjects = [
        (Subject::Transaction, txid.clone()),
        (Subject::Deposit, place.output.clone()),
        (Subject::Address, place.address.clone().unwrap()),
    ];
    for (i, (subject, value)) in subjects.into_iter().enumerate() {
        let db = TestDb::sqlite();
        let screening = Screening::open(&db.url, clock.clock()).unwrap();
        // One came before the flag: it is held late, with the way.
        let early = Event { id: "early".into(), customer: "c0".into(), ..event.clone() };
        assert!(screening.decide(early, facts.clone(), "x").unwrap().decision < Verdict::Hold);
        let placed = screening.raise_flag(theft("f", subject, &value), "x").unwrap();
        assert_eq!(placed.len(), 1, "{subject:?}");
        let late = &screening.holds(&Default::default()).unwrap()[0];
        assert!(
            late.reason.contains("through 3 transactions") && late.reason.contains(&place.output),
            "{}",
            late.reason
        );
        let later = Event { id: format!("later{i}"), ..event.clone() };
        let decision = screening.decide(later, facts.clone(), "x").unwrap();
        assert_eq!(decision.decision, Verdict::Hold, "{subject:?}");
        let why = decision.reasons.iter().find(|r| r.rule == "engine.flagged").unwrap().because.join(" ");
        assert!(why.contains("through 3 transactions") && why.contains(&format!("{} ", place.output)), "{why}");
        assert!(why.ends_with("-> this deposit"), "{why}");
    }
}

#[test]
fn flags_are_followed_no_farther_and_no_thinner_than_the_policy_says() {
    let dir = tempfile::tempdir().unwrap();
    let (workspace, ..) = chain_workspace(&dir.path().join("w"), Options { seed: 3, txs: 3_000 }).unwrap();
    let (event, facts, far) = far_deposit(&workspace, 3);
    let share = facts.behind[far].share_ppm / 10_000;
    let clock = TestClock::new();
    let flagged = |policy: &str| {
        let db = TestDb::sqlite();
        let screening = Screening::open(&db.url, clock.clock()).unwrap();
        let book = format!("title: t\npolicy: {{{policy}}}\nrules: []\n");
        screening.apply_rules(&book, "x").unwrap();
        screening.raise_flag(theft("f", Subject::Deposit, &facts.behind[far].output), "x").unwrap();
        let decision = screening.decide(event.clone(), facts.clone(), "x").unwrap();
        decision.reasons.iter().any(|r| r.rule == "engine.flagged")
    };
    assert!(flagged("flag_hops: 3, flag_share_percent: 5"));
    assert!(!flagged("flag_hops: 2, flag_share_percent: 5"));
    assert!(!flagged("flag_hops: 0"));
    if share < 100 {
        assert!(!flagged(&format!("flag_hops: 6, flag_share_percent: {}", share + 1)));
    }
    let db = TestDb::sqlite();
    let screening = Screening::open(&db.url, clock.clock()).unwrap();
    for policy in ["flag_hops: 7", "flag_share_percent: 4", "flag_share_percent: 101"] {
        let refused = screening.apply_rules(&format!("title: t\npolicy: {{{policy}}}\nrules: []\n"), "x").unwrap_err();
        assert!(refused.to_string().contains(policy.split(':').next().unwrap()), "{refused}");
    }
}

/// What leaves an exchange is not what came in: whoever withdraws there is no thief because stolen coins came to it.
#[test]
fn the_walk_behind_deposits_stops_at_services_and_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let (workspace, ..) = chain_workspace(&dir.path().join("w"), Options { seed: 3, txs: 10_000 }).unwrap();
    let ledger = &workspace.ledger;
    let (mut some, mut stopped) = (0, 0);
    for tx in (0..ledger.counts().txs).rev().take(2_000) {
        let mut event = Event::new(EventKind::Deposit, "d", START, "c");
        (event.asset, event.tx, event.output) = (Some("BTC".into()), Some(ledger.txid_text(tx)), Some(0));
        let facts = holdfast_chain_facts::chain_facts(&workspace, &event, None);
        assert!(facts.behind.len() <= 48);
        some += usize::from(!facts.behind.is_empty());
        for place in &facts.behind {
            assert!((1..=6).contains(&place.hops) && (50_000..=1_000_000).contains(&place.share_ppm), "{place:?}");
            let Some(address) = &place.address else { continue };
            let category = workspace.address(address).unwrap().category;
            assert!(!category.ends_traces(), "{place:?} is behind a {category}");
        }
        let spent = ledger.sources(tx).filter_map(|s| ledger.source_info(s).address);
        stopped += usize::from(spent.into_iter().any(|a| workspace.entities.category(a).ends_traces()));
    }
    assert!(some > 500 && stopped > 50, "{some} {stopped}");
}
