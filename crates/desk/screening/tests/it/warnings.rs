//! Warnings at the withdrawal: held, asked, and then given up, let go after the cooling-off time, or decided on by a person.

use holdfast_attribution::Category;
use holdfast_decision::warnings::{CoolingAction, Scam};
use holdfast_decision::{ChainFacts, Event, Verdict};
use holdfast_screening::holds::HoldFilter;
use holdfast_screening::warnings::{WarningAnswers, WarningFilter};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_testing::{START, TestClock, TestDb, on_both};
use holdfast_types::Seconds;
use std::collections::BTreeMap;

on_both!(warnings_wait_for_answers_and_time, tagged_scams_are_decided_by_people, other_rules_keep_their_holds);

const BOOK: &str = "
title: trial
rules:
  - id: large
    version: 1
    state: live
    title: A large payment to somewhere new
    on: [withdrawal]
    when: event.value >= 500000
    decision: hold
    hold: {second_person: false}
    warning: {scam: romance, cooling_off_hours: 12, then: release}
    source: [trial]
  - id: huge
    version: 1
    state: live
    title: A huge payment
    on: [withdrawal]
    when: event.value >= 5000000
    decision: hold
    source: [trial]
  - id: scam
    version: 1
    state: live
    title: The destination is high risk
    on: [withdrawal]
    when: counterparty.risk == 3
    decision: hold
    warning: {cooling_off_hours: 24}
    source: [trial]
";

/// A desk and its clock in hours since the start.
fn service(place: &TestDb) -> (Screening, impl Fn(i64)) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    (screening, move |hours: i64| clock.set(START + Seconds::hours(hours)))
}

/// Each of another customer: what is held of one must not hold another's.
fn withdrawal(id: &str, value: u64) -> Event {
    holdfast_testing::withdrawal(id, &format!("customer-{id}"), &format!("0x{:040x}", id.len()), 1_000, value)
}

fn answers(screening: &Screening, event: &str, yes: &[&str]) -> WarningAnswers {
    let questions = screening.warning(event, "en").unwrap().questions;
    let answers: BTreeMap<String, bool> =
        questions.into_iter().map(|q| (q.id.clone(), yes.contains(&q.id.as_str()))).collect();
    WarningAnswers { proceed: true, answers }
}

fn hold_state(screening: &Screening, id: u64) -> String {
    let all = screening.holds(&HoldFilter { limit: 100, ..HoldFilter::default() }).unwrap();
    all.into_iter().find(|h| h.id == id).unwrap().state
}

fn warnings_wait_for_answers_and_time(place: &TestDb) {
    let (screening, at) = service(place);
    screening.apply_rules(BOOK, "t").unwrap();
    let small = screening.decide(withdrawal("small", 1_000), ChainFacts::default(), "t").unwrap();
    assert!(small.warning.is_none() && small.decision < Verdict::Hold);
    let made = |id: &str| screening.decide(withdrawal(id, 600_000), ChainFacts::default(), "t").unwrap();
    let first = made("a");
    let warning = first.warning.clone().unwrap();
    assert_eq!((first.decision, warning.scam, warning.then), (Verdict::Hold, Scam::Romance, CoolingAction::Release));
    assert_eq!(warning.cooling_until, START + Seconds::hours(12));
    assert_eq!(warning.questions.len(), 5);
    // The same event gets the same answer, and no second warning.
    assert_eq!(made("a"), first);
    assert_eq!(screening.warnings(&WarningFilter { limit: 10, ..WarningFilter::default() }).unwrap().len(), 1);
    let spanish = screening.warning("a", "es").unwrap();
    assert!(spanish.title.contains("estafa") && spanish.state == "open" && spanish.value == Some(600_000));

    // To go on, all questions are answered; unknown ones are named.
    let mut given = answers(&screening, "a", &[]);
    given.answers.remove("secret");
    let error = screening.answer_warning("a", given.clone(), "app").unwrap_err().to_string();
    assert!(error.contains("secret"), "{error}");
    given.answers.insert("weather".into(), true);
    assert!(screening.answer_warning("a", given, "app").unwrap_err().to_string().contains("weather"));
    // Nothing speaks against it: it waits for the time, then goes on.
    let answered = screening.answer_warning("a", answers(&screening, "a", &[]), "app").unwrap();
    assert_eq!(answered.state, "cooling");
    assert!(matches!(
        screening.answer_warning("a", answers(&screening, "a", &[]), "app"),
        Err(ScreeningError::State(_))
    ));
    let hold = first.holds[0];
    at(11);
    screening.expire_holds().unwrap();
    assert_eq!(hold_state(&screening, hold), "active");
    at(13);
    screening.expire_holds().unwrap();
    assert_eq!(hold_state(&screening, hold), "expired");
    assert_eq!(screening.warning("a", "en").unwrap().state, "released");

    // A sign of a scam: a person decides, however long it takes.
    let second = made("b");
    assert_eq!(screening.answer_warning("b", answers(&screening, "b", &["remote"]), "app").unwrap().state, "escalated");
    at(113);
    screening.expire_holds().unwrap();
    assert_eq!(hold_state(&screening, second.holds[0]), "active");
    screening.release_hold(second.holds[0], None, "spoke with the customer", "person").unwrap();
    assert_eq!(screening.warning("b", "en").unwrap().state, "released");

    // The customer thinks better of it, at once or while it waits.
    let third = made("c");
    let no = WarningAnswers { proceed: false, answers: BTreeMap::new() };
    assert_eq!(screening.answer_warning("c", no.clone(), "app").unwrap().state, "stopped");
    assert_eq!(hold_state(&screening, third.holds[0]), "released");
    made("d");
    screening.answer_warning("d", answers(&screening, "d", &[]), "app").unwrap();
    assert_eq!(screening.answer_warning("d", no.clone(), "app").unwrap().state, "stopped");
    assert!(screening.answer_warning("d", no.clone(), "app").is_err());
    assert!(matches!(screening.answer_warning("small", no, "app"), Err(ScreeningError::NotFound(_))));

    // The audit log has who answered what, the holds balance, and a restart remembers.
    assert!(screening.verify_audit(None).unwrap().problems.is_empty());
    assert!(screening.check_holds().unwrap().problems.is_empty());
    let entries = screening.audit(0, Some("event:b"), 10).unwrap();
    assert!(entries.iter().any(|e| e.action == "warning.answered" && e.detail.contains("remote")));
    made("e");
    screening.answer_warning("e", answers(&screening, "e", &[]), "app").unwrap();
    drop(screening);
    let (screening, at) = service(place);
    at(2_000);
    screening.expire_holds().unwrap();
    assert_eq!(screening.warning("e", "en").unwrap().state, "released");
}

fn tagged_scams_are_decided_by_people(place: &TestDb) {
    let (screening, at) = service(place);
    screening.apply_rules(BOOK, "t").unwrap();
    let facts =
        |name: &str| ChainFacts { category: Category::from_name(name).unwrap(), found: true, ..ChainFacts::default() };
    for (id, category, scam) in [
        ("p", "ponzi_scheme", Scam::Investment),
        ("x", "sextortion", Scam::Extortion),
        ("f", "phishing", Scam::Phishing),
        ("s", "scam", Scam::Other),
    ] {
        let decided = screening.decide(withdrawal(id, 1_000), facts(category), "t").unwrap();
        let warning = decided.warning.unwrap();
        assert_eq!((warning.scam, warning.then), (scam, CoolingAction::Review));
    }
    // What is no scam's is held without one.
    let market = screening.decide(withdrawal("m", 1_000), facts("illicit_market"), "t").unwrap();
    assert!(market.decision == Verdict::Hold && market.warning.is_none());
    let answered = screening.answer_warning("p", answers(&screening, "p", &[]), "app").unwrap();
    assert_eq!(answered.state, "escalated");
    at(2_000);
    screening.expire_holds().unwrap();
    assert_eq!(hold_state(&screening, answered.hold), "active");
    // The shipped book warns too.
    let standard = holdfast_decision::RuleBook::standard();
    assert_eq!(standard.rules().iter().filter(|r| r.warning.is_some()).count(), 3);
}

fn other_rules_keep_their_holds(place: &TestDb) {
    let (screening, at) = service(place);
    screening.apply_rules(BOOK, "t").unwrap();
    let decided = screening.decide(withdrawal("huge", 6_000_000), ChainFacts::default(), "t").unwrap();
    assert_eq!(decided.warning.unwrap().then, CoolingAction::Review, "another rule wants it held");
    screening.answer_warning("huge", answers(&screening, "huge", &[]), "app").unwrap();
    at(2_000);
    screening.expire_holds().unwrap();
    assert_eq!(hold_state(&screening, decided.holds[0]), "active");
    // A rule that could warn but has nothing to warn of is another rule: an illicit market's payment does not go on by itself.
    let market =
        ChainFacts { category: Category::from_name("illicit_market").unwrap(), found: true, ..ChainFacts::default() };
    let decided = screening.decide(withdrawal("market", 600_000), market, "t").unwrap();
    assert_eq!(decided.warning.unwrap().then, CoolingAction::Review);
    // What is wrong with a book's warning is said.
    let faults = [
        ("decision: hold\n    hold: {second_person: false}", "decision: review", "decides hold"),
        ("on: [withdrawal]", "on: [deposit]", "on withdrawals"),
        ("cooling_off_hours: 12", "cooling_off_hours: 9999", "at most"),
    ];
    for (from, to, says) in faults {
        let error = screening.apply_rules(&BOOK.replacen(from, to, 1), "t").unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let changed = BOOK.replacen("cooling_off_hours: 12", "cooling_off_hours: 13", 1);
    assert!(screening.apply_rules(&changed, "t").unwrap_err().to_string().contains("raise its version"));
}
