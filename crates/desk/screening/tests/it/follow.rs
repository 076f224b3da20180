//! Past deposits whose money turns out to have come from elsewhere, and freezes that end: flags hold what they touch, and whoever may release a hold learns it.

use holdfast_decision::behind::Behind;
use holdfast_decision::flags::{Flag, State, Subject};
use holdfast_decision::issuer::{IssuerFact, IssuerState};
use holdfast_decision::{ChainFacts, Event, Verdict};
use holdfast_screening::Screening;
use holdfast_screening::alerts::AlertFilter;
use holdfast_screening::holds::HoldFilter;
use holdfast_screening::replay::replay_log;
use holdfast_testing::{START, TestClock, TestDb, deposit, on_both};
use holdfast_types::Seconds;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

on_both!(
    what_came_over_a_bridge_is_held_once_that_is_known,
    what_was_held_in_ignorance_is_held_for_its_flag,
    a_freeze_that_is_not_made_after_all_is_told_to_whoever_releases
);

const THIEF: &str = "0x1111111111111111111111111111111111111111";
const SENDER: &str = "0x2222222222222222222222222222222222222222";
const USDT: &str = "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7";

fn tx(n: u8) -> String {
    format!("0x{}", hex::encode([n; 32]))
}

fn known() -> ChainFacts {
    ChainFacts { ledger: true, found: true, senders: vec![SENDER.into()], ..ChainFacts::default() }
}

/// What is known once the bridge's other side was read.
fn over_the_bridge() -> ChainFacts {
    let place = |address: &str, n, hops, into| Behind {
        output: format!("{}:log:0", tx(n)),
        address: Some(address.into()),
        hops,
        share_ppm: 900_000,
        into,
    };
    ChainFacts { behind: vec![place(SENDER, 8, 1, None), place(THIEF, 9, 2, Some(0))], ..known() }
}

fn flag(id: &str) -> Flag {
    Flag {
        id: id.into(),
        member: "Exchange A".into(),
        community: String::new(),
        subject: Subject::Address,
        asset: "USDT".into(),
        value: THIEF.into(),
        reason: "hot wallet emptied".into(),
        raised: START,
        until: START + Seconds::DAY,
        state: State::Open,
        source: None,
        tlp: String::new(),
    }
}

fn again(screening: &Screening, seq: u64, facts: &ChainFacts) -> Vec<u64> {
    let look = |_: &Event| facts.clone();
    let mut progress = |_, _| ControlFlow::Continue(());
    screening.rescreen_these(&BTreeSet::from([seq]), look, "a block came", &mut progress).unwrap().alerts
}

fn held(screening: &Screening) -> Vec<(u64, String)> {
    let filter = HoldFilter { state: Some("active".into()), limit: 100, ..HoldFilter::default() };
    screening.holds(&filter).unwrap().into_iter().map(|h| (h.event.unwrap_or(0), h.reason)).collect()
}

fn is_sound(screening: &Screening, decisions: u64) {
    assert_eq!(screening.verify_audit(None).unwrap().problems, Vec::<String>::new());
    let replay = replay_log(screening, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(replay.problems.is_empty() && replay.decisions == decisions, "{replay:?}");
}

fn what_came_over_a_bridge_is_held_once_that_is_known(place: &TestDb) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let decide = |id: &str, n| {
        let decided = screening.decide(deposit(id, id, &tx(n), 1_000, 5_000), known(), "t").unwrap();
        assert_eq!(decided.decision, Verdict::Allow, "{decided:?}");
        decided.seq
    };
    let (before, later, other) = (decide("d1", 1), decide("d2", 2), decide("d3", 3));
    // A flag in force when the other side is read.
    assert!(screening.raise_flag(flag("f1"), "sync").unwrap().is_empty());
    again(&screening, before, &over_the_bridge());
    let [(event, reason)] = &held(&screening)[..] else { panic!("{:?}", held(&screening)) };
    assert_eq!(*event, before);
    assert!(reason.contains("90% of this deposit came from there through 2 transactions") && reason.contains(THIEF));
    // The same again holds nothing twice, also after a person let it go.
    again(&screening, before, &over_the_bridge());
    assert_eq!(held(&screening).len(), 1);
    // A flag that comes after the other side was read.
    assert!(screening.transact("sync", |tx| tx.end_flag(&"f1".into(), State::Withdrawn, "our mistake")).unwrap());
    assert!(held(&screening).is_empty());
    again(&screening, later, &over_the_bridge());
    assert!(held(&screening).is_empty());
    drop(screening);
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    assert_eq!(screening.raise_flag(flag("f2"), "sync").unwrap().len(), 2);
    let events: Vec<u64> = held(&screening).into_iter().map(|(event, _)| event).collect();
    assert_eq!(events, [later, before], "not {other}");
    is_sound(&screening, 3);
}

/// What was held only because the chain did not answer is let go once it does, but for what a flag touches.
fn what_was_held_in_ignorance_is_held_for_its_flag(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    screening.raise_flag(flag("f1"), "sync").unwrap();
    let silent = ChainFacts::unavailable("the node is silent");
    let decide = |id: &str, n| screening.decide(deposit(id, id, &tx(n), 1_000, 5_000), silent.clone(), "t").unwrap();
    let (flagged, clean) = (decide("d1", 1), decide("d2", 2));
    assert_eq!(held(&screening).len(), 2);
    again(&screening, flagged.seq, &over_the_bridge());
    again(&screening, clean.seq, &known());
    let [(event, reason)] = &held(&screening)[..] else { panic!("{:?}", held(&screening)) };
    assert!(*event == flagged.seq && reason.contains("flag f1"), "{reason}");
    is_sound(&screening, 2);
}

fn a_freeze_that_is_not_made_after_all_is_told_to_whoever_releases(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    let freeze = |state| {
        let (address, asset) = (SENDER.to_owned(), USDT.to_owned());
        let fact = IssuerFact { address, own: false, asset, state, hops: 0, since: START, tx: None };
        ChainFacts { issuer: vec![fact], ..known() }
    };
    let sent = |id: &str, n| Event { asset: Some(USDT.into()), ..deposit(id, id, &tx(n), 1_000, 5_000) };
    let decide = |id: &str, n, facts: &ChainFacts| screening.decide(sent(id, n), facts.clone(), "t").unwrap();
    let [first, second] = [("d1", 1), ("d2", 2)].map(|(id, n)| decide(id, n, &freeze(IssuerState::Proposed)));
    assert_eq!((first.decision, second.decision), (Verdict::Hold, Verdict::Hold));
    let alert = |ids: &[u64]| {
        let [id] = ids else { panic!("{ids:?}") };
        screening.alert(*id).unwrap().0
    };
    // It is made: the hold stands.
    let made = alert(&again(&screening, first.seq, &freeze(IssuerState::Frozen)));
    assert!(made.reason.contains("frozen by the issuer") && !made.reason.contains("may be released"), "{made:?}");
    // It is withdrawn: a person decides, with the reason.
    let withdrawn = alert(&again(&screening, second.seq, &known()));
    let expected = format!("the proposal is withdrawn; hold {} may be released", second.holds[0]);
    assert!(withdrawn.reason.contains(&expected), "{withdrawn:?}");
    assert_eq!((withdrawn.event, withdrawn.kind.as_str()), (second.seq, "late"));
    assert_eq!(held(&screening).len(), 2, "nothing is released by itself");
    // Said once; a chain that does not answer says nothing.
    assert!(again(&screening, second.seq, &known()).is_empty());
    let third = decide("d3", 3, &freeze(IssuerState::Proposed));
    assert!(again(&screening, third.seq, &ChainFacts::unavailable("the node is silent")).is_empty());
    let fourth = decide("d5", 5, &freeze(IssuerState::Proposed));
    again(&screening, fourth.seq, &ChainFacts::unavailable("the node is silent"));
    let told = alert(&again(&screening, fourth.seq, &known()));
    assert!(told.reason.contains("the proposal is withdrawn"), "what is not known meanwhile is not over: {told:?}");
    // Of a store that began anew nothing is known: that is no sign that a freeze is over.
    let fifth = decide("d6", 6, &freeze(IssuerState::Frozen));
    let gap = "freezes before block 9, where issuers' acts were kept, are not known";
    let told = alert(&again(&screening, fifth.seq, &ChainFacts { issuer_gaps: vec![gap.into()], ..known() }));
    assert!(told.reason.contains(gap) && !told.reason.contains("may be released"), "{told:?}");
    // Where a chain on the way cannot be read, it stands; what is over is said once the chain can be read.
    let sixth = decide("d8", 8, &freeze(IssuerState::Frozen));
    let failed =
        ChainFacts { issuer_gaps: vec!["freezes on polygon are not known".into()], issuer_failed: true, ..known() };
    assert!(again(&screening, sixth.seq, &failed).is_empty());
    let told = alert(&again(&screening, sixth.seq, &known()));
    assert!(told.reason.contains("the freeze is lifted") && told.reason.contains("may be released"), "{told:?}");
    // Beside something new it is said too: it would never be said again.
    let both = decide("d7", 7, &freeze(IssuerState::Frozen));
    let found = ChainFacts { mismatch: vec!["another amount".into()], ..known() };
    let told = alert(&again(&screening, both.seq, &found));
    assert!(told.reason.contains("another amount") && told.reason.contains("the freeze is lifted"), "{told:?}");
    assert!(!told.reason.contains("may be released"), "{told:?}");
    assert!(again(&screening, both.seq, &found).is_empty(), "once");
    // What nobody holds any more needs no release.
    let released =
        ["officer", "colleague"].map(|who| screening.release_hold(third.holds[0], None, "checked", who).unwrap());
    assert_eq!(released[1].state, "released");
    let open = AlertFilter { limit: 100, ..AlertFilter::default() };
    let count = screening.alerts(&open).unwrap().len();
    again(&screening, third.seq, &known());
    assert_eq!(screening.alerts(&open).unwrap().len(), count);
    // An issuer's freeze of an address that the money came through is to be looked at.
    let mut through = freeze(IssuerState::Frozen);
    through.issuer[0].hops = 2;
    let decided = decide("d4", 4, &through);
    assert_eq!(decided.decision, Verdict::Review, "{decided:?}");
    assert!(decided.reasons[0].because[0].contains("2 transfers before this deposit"), "{decided:?}");
    is_sound(&screening, 8);
}
