//! The whole service, the same on SQLite and PostgreSQL.

use holdfast_attribution::Category;
use holdfast_decision::ChainFacts;
use holdfast_decision::facts::TagFact;
use holdfast_decision::flags::{Flag, State, Subject};
use holdfast_decision::{Record, RecordKind, Scope, Verdict};
use holdfast_notify::webhooks::store_progress;
use holdfast_screening::alerts::{AlertAction, AlertFilter, Outcome};
use holdfast_screening::holds::{HoldFilter, HoldRequest};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::{Database, Store};
use holdfast_testing::{START, TestClock, TestDb, deposit, on_both, withdrawal};
use holdfast_types::{Amount, Seconds, Timestamp};
use std::ops::ControlFlow;

/// A ledger of the asset answered and has nothing against it.
fn clean() -> ChainFacts {
    ChainFacts { ledger: true, found: true, ..ChainFacts::default() }
}

fn sanctioned() -> ChainFacts {
    let category = Category::from_name("sanction").unwrap();
    let tag = TagFact {
        address: "0xaa".into(),
        label: "Listed".into(),
        category,
        confidence: 100,
        source: "https://example.org/list".into(),
        pack: "list".into(),
    };
    ChainFacts { category, tags: vec![tag], ..ChainFacts::default() }
}

fn customer(id: &str, time: Timestamp) -> Record {
    let mut record = Record::new(RecordKind::Customer, id, time);
    record.created = Some(START - Seconds::days(400));
    record.country = Some("DE".into());
    record
}

on_both!(
    decisions_are_idempotent_and_explained,
    holds_balance_and_need_two_people,
    restarts_remember,
    alerts_and_statistics,
    changes_raise_late_alerts,
    tampering_is_found,
    records_in_any_order,
    webhooks_are_told_everything_once,
    flags_hold_deposits_and_are_undone
);

fn flag(id: &str, subject: Subject, value: &str) -> Flag {
    Flag {
        id: id.into(),
        member: "Other Exchange".into(),
        community: "Exchanges".into(),
        subject,
        asset: "ETH".into(),
        value: value.into(),
        reason: "taken from our hot wallet".into(),
        raised: START,
        until: START + Seconds::HOUR,
        state: State::Open,
        source: None,
        tlp: String::new(),
    }
}

/// Deposits that a flag touches are held until it lapses, is withdrawn, or people decide; what a rule holds as well stays held.
fn flags_hold_deposits_and_are_undone(place: &TestDb) {
    const TX: [&str; 4] = [
        "0x00000000000000000000000000000000aa",
        "0x00000000000000000000000000000000bb",
        "0x00000000000000000000000000000000cc",
        "0x00000000000000000000000000000000dd",
    ];
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let sent_by = |a: &str| ChainFacts { ledger: true, senders: vec![a.into()], ..ChainFacts::default() };
    let held = |s: &Screening| {
        let holds = s.holds(&HoldFilter { state: Some("active".into()), limit: 100, ..Default::default() }).unwrap();
        assert!(s.check_holds().unwrap().problems.is_empty());
        holds.iter().map(|h| h.transfer.clone().unwrap()).collect::<Vec<_>>()
    };
    let open_alerts = |s: &Screening| {
        s.alerts(&AlertFilter { state: Some("open".into()), limit: 100, ..Default::default() }).unwrap().len()
    };
    // One deposit came before the flag and is found; one comes after it.
    assert_eq!(
        screening.decide(deposit("d1", "c1", TX[0], 5, 1000), sent_by("0xThief"), "t").unwrap().decision,
        Verdict::Allow
    );
    let placed = screening.raise_flag(flag("f1", Subject::Address, "0xTHIEF"), "sync").unwrap();
    assert_eq!(placed.len(), 1);
    assert!(screening.raise_flag(flag("f1", Subject::Address, "0xthief"), "sync").unwrap().is_empty(), "once only");
    assert!(matches!(
        screening.raise_flag(flag("f1", Subject::Address, "0xother"), "sync"),
        Err(ScreeningError::Conflict(_))
    ));
    let decision = screening.decide(deposit("d2", "c2", TX[1], 5, 1000), sent_by("0xthief"), "t").unwrap();
    assert_eq!((decision.decision, decision.reasons[0].rule.as_str()), (Verdict::Hold, "engine.flagged"));
    assert!(decision.reasons[0].because[0].contains("Other Exchange: taken from our hot wallet"), "{decision:?}");
    assert_eq!(
        screening.decide(deposit("d3", "c3", TX[2], 5, 1000), sent_by("0xhonest"), "t").unwrap().decision,
        Verdict::Allow
    );
    // The same deposit for another reason: the rule's hold, which no flag ends.
    let facts = ChainFacts { senders: vec!["0xthief".into()], ..sanctioned() };
    screening.decide(deposit("d4", "c4", TX[3], 5, 1000), facts, "t").unwrap();
    assert_eq!((held(&screening).len(), open_alerts(&screening)), (3, 3));
    // A second flag on one of them, by transaction.
    screening.raise_flag(flag("f2", Subject::Transaction, TX[1]), "sync").unwrap();
    assert_eq!(held(&screening).len(), 3);
    // Memory is rebuilt the same.
    drop(screening);
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    assert!(screening.transact("sync", |tx| tx.end_flag(&"f1".into(), State::Withdrawn, "our mistake")).unwrap());
    assert_eq!(held(&screening), [format!("ETH:{}:0", TX[1]), format!("ETH:{}:0", TX[3])]);
    assert_eq!(open_alerts(&screening), 2, "the alert of the late hold is closed");
    // The withdrawn flag holds nothing more; that c3 was credited with the same output does.
    let claimed = screening.decide(deposit("d5", "c5", TX[2], 5, 1000), sent_by("0xthief"), "t").unwrap();
    assert_eq!(claimed.reasons.iter().map(|r| r.rule.as_str()).collect::<Vec<_>>(), ["engine.claimed_twice"]);
    // Confirmed in time, it does not lapse; a withdrawn one is not taken up again.
    assert!(screening.transact("sync", |tx| tx.end_flag(&"f2".into(), State::Confirmed, "seen by police")).unwrap());
    assert!(screening.transact("sync", |tx| tx.end_flag(&"f1".into(), State::Confirmed, "x")).is_err());
    screening.raise_flag(flag("f3", Subject::Deposit, &format!("{}:0", TX[2])), "sync").unwrap();
    assert_eq!(held(&screening).len(), 4, "both customers' claims on that output");
    clock.set(START + Seconds::new(3_601));
    screening.expire_holds().unwrap();
    assert_eq!(
        held(&screening),
        [1, 3, 2].map(|i: usize| format!("ETH:{}:0", TX[i])),
        "c3's hold lapsed, c5's is no flag's"
    );
    let standing = screening.read(holdfast_screening::flags::standings).unwrap();
    assert_eq!((standing[0].raised, standing[0].confirmed, standing[0].withdrawn, standing[0].lapsed), (3, 1, 1, 1));
    assert!(screening.verify_audit(None).unwrap().problems.is_empty());
}

/// Whatever the size of a turn, the messages are the same, in order, each once.
fn webhooks_are_told_everything_once(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    screening.decide(deposit("d0", "c0", "0xt0", 1, 900_000), sanctioned(), "test").unwrap();
    let topics = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    screening.add_webhook("https://example.org/a", &topics(&["decisions", "holds", "alerts"]), "ana").unwrap();
    screening.add_webhook("https://example.org/b", &topics(&["all-decisions"]), "ana").unwrap();
    screening.ingest(vec![customer("c2", START)], "test").unwrap();
    for i in 1..6 {
        let facts = if i % 2 == 0 { clean() } else { sanctioned() };
        let customer = if i % 2 == 0 { "c2" } else { "c1" };
        screening.decide(deposit(&format!("d{i}"), customer, &format!("0xt{i}"), 1, 1000), facts, "test").unwrap();
    }
    let told = |webhook: usize, turn: usize| {
        let mut hook = screening.webhooks().unwrap().remove(webhook);
        let mut seen = Vec::new();
        loop {
            let pending = screening.read(|db| holdfast_screening::webhooks::pending(db, &hook, turn)).unwrap();
            if pending.then == hook.progress {
                return seen;
            }
            // As after a crash in the middle: the first message is delivered, the rest of the turn is asked for again.
            let first = pending.messages.first();
            hook.progress = first.map_or(pending.then, |m| m.then);
            seen.extend(first.map(|m| (m.id.clone(), m.body.clone())));
        }
    };
    let all = told(0, 1000);
    let kinds = |kind: &str| all.iter().filter(|m| m.1.contains(&format!("\"type\":\"{kind}\""))).count();
    assert_eq!((kinds("decision.made"), kinds("alert.raised")), (3, 3), "{all:?}");
    assert!(kinds("hold.placed") >= 3, "{all:?}");
    assert!(!all.iter().any(|m| m.1.contains("\"d0\"")), "what was before it is not told");
    let mut ids: Vec<&String> = all.iter().map(|m| &m.0).collect();
    ids.dedup();
    assert_eq!(ids.len(), all.len());
    assert_eq!(told(0, 1), all);
    assert_eq!(told(0, 2), all);
    assert_eq!(told(1, 3).len(), 5);
    // How far it was told is stored; a removed one is gone.
    let mut hook = screening.webhooks().unwrap().remove(0);
    hook.progress.part = 1;
    (hook.failures, hook.next_try, hook.last_error) = (2, Timestamp::from_unix(77), Some("it answered 500".into()));
    let stored = hook.clone();
    Store::change(&screening, "engine", move |tx| store_progress(tx, &stored)).unwrap();
    assert_eq!(screening.webhooks().unwrap()[0], hook);
    screening.remove_webhook(hook.id, "test", "ana").unwrap();
    assert!(matches!(screening.remove_webhook(hook.id, "test", "ana"), Err(ScreeningError::NotFound(_))));
    assert_eq!(screening.webhooks().unwrap().len(), 1);
    assert!(screening.verify_audit(None).unwrap().problems.is_empty());
}

fn decisions_are_idempotent_and_explained(place: &TestDb) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    screening.ingest(vec![customer("c1", START)], "test").unwrap();
    let event = deposit("d1", "c1", "0xt1", 5_000_000_000_000_000_000_000, 900_000);
    let decision = screening.decide(event.clone(), sanctioned(), "test").unwrap();
    assert_eq!(decision.decision, Verdict::Hold);
    let reason = &decision.reasons[0];
    assert_eq!(reason.rule, "sanctions-counterparty");
    assert_eq!(reason.tags[0].label, "Listed");
    assert!(reason.because.contains(&"counterparty.category = sanction".to_owned()), "{reason:?}");
    assert!(reason.source[0].contains("OFAC"));
    // Sent again, the same answer, whatever the chain says by now; nothing is doubled.
    assert_eq!(screening.decide(event.clone(), clean(), "test").unwrap(), decision);
    let holds = screening.holds(&HoldFilter::default()).unwrap();
    assert_eq!(holds.len(), 1);
    assert_eq!(holds[0].held, Amount::new(5_000_000_000_000_000_000_000));
    assert_eq!((holds[0].scope, holds[0].id), (Scope::Deposit, decision.holds[0]));
    // The same id with other content is refused.
    let mut other = event.clone();
    other.value = Some(1);
    assert!(matches!(screening.decide(other, clean(), "test"), Err(ScreeningError::Conflict(_))));
    // Another report of the same movement is covered by the same hold.
    let mut again = event.clone();
    again.id = "d1-confirmed".into();
    let second = screening.decide(again, sanctioned(), "test").unwrap();
    assert_eq!((second.decision, &second.holds), (Verdict::Hold, &decision.holds));
    assert_eq!(screening.holds(&HoldFilter::default()).unwrap().len(), 1);
    // An ordinary one passes, without reasons.
    let plain = screening.decide(deposit("d2", "c1", "0xt2", 10, 5_000), clean(), "test").unwrap();
    assert_eq!((plain.decision, plain.reasons.len(), plain.alert), (Verdict::Allow, 0, None));
    // What the chain cannot say is held.
    let unknown = ChainFacts::unavailable("the node is away");
    let unknown = screening.decide(deposit("d3", "c1", "0xt3", 10, 5_000), unknown, "test").unwrap();
    assert_eq!(unknown.reasons[0].rule, "engine.unavailable");
    assert_eq!(unknown.decision, Verdict::Hold);
    // Held money does not leave; the rest does.
    let mut out = withdrawal("w1", "c1", "0x01", 10, 1_000);
    out.balance = Some(Amount::new(5_000_000_000_000_000_000_020));
    assert_eq!(screening.decide(out.clone(), clean(), "test").unwrap().decision, Verdict::Allow);
    out.id = "w2".into();
    out.amount = Some(Amount::new(11));
    let refused = screening.decide(out, clean(), "test").unwrap();
    assert_eq!((refused.decision, refused.reasons[0].rule.as_str()), (Verdict::Reject, "engine.held"));
    assert!(screening.check_holds().unwrap().problems.is_empty());
}

fn holds_balance_and_need_two_people(place: &TestDb) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let request = |id: &str, scope: Scope, amount: Option<u128>| HoldRequest {
        id: id.into(),
        scope,
        customer: "c1".into(),
        account: None,
        asset: (scope != Scope::Account).then(|| "ETH".into()),
        amount: amount.map(Amount::new),
        transfer: None,
        basis: "order 7 of the court of X".into(),
        reason: "freeze order".into(),
        expires: None,
        review: None,
        second_person: None,
    };
    let id = screening.place_hold(request("h1", Scope::Amount, Some(1_000)), "ana").unwrap();
    assert_eq!(screening.place_hold(request("h1", Scope::Amount, Some(1_000)), "ana").unwrap(), id);
    let faulty = screening.place_hold(request("h2", Scope::Amount, None), "ana");
    assert!(faulty.unwrap_err().to_string().starts_with("amount: missing"));
    // One person asks, another confirms.
    let asked = screening.release_hold(id, Some(Amount::new(400)), "partial order", "ana").unwrap();
    assert_eq!((asked.state.as_str(), asked.held), ("active", Amount::new(1_000)));
    let same = screening.release_hold(id, Some(Amount::new(400)), "partial order", "ana");
    assert!(matches!(same, Err(ScreeningError::SecondPerson(..))));
    assert!(screening.release_hold(id, Some(Amount::new(500)), "more", "ben").is_err());
    let partly = screening.release_hold(id, Some(Amount::new(400)), "agreed", "ben").unwrap();
    assert_eq!((partly.state.as_str(), partly.held), ("active", Amount::new(600)));
    screening.release_hold(id, None, "order lifted", "ben").unwrap();
    let over = screening.release_hold(id, None, "agreed", "ana").unwrap();
    assert_eq!((over.state.as_str(), over.held, over.ended_by.as_deref()), ("released", Amount::new(0), Some("ana")));
    assert!(matches!(screening.release_hold(id, None, "again", "ben"), Err(ScreeningError::State(_))));
    // A freeze stops everything until it expires.
    let mut freeze = request("h3", Scope::Account, None);
    freeze.expires = Some(START + Seconds::HOUR);
    screening.place_hold(freeze, "ana").unwrap();
    let out = |id: &str| withdrawal(id, "c1", "0x01", 1, 1_000);
    let stopped = screening.decide(out("w1"), clean(), "test").unwrap();
    assert_eq!((stopped.decision, stopped.reasons[0].rule.as_str()), (Verdict::Reject, "engine.frozen"));
    clock.set(START + Seconds::HOUR);
    let passes = screening.decide(out("w2"), clean(), "test").unwrap();
    assert!(passes.decision < Verdict::Hold, "{passes:?}");
    let holds = screening.holds(&HoldFilter { state: Some("expired".into()), ..Default::default() }).unwrap();
    assert_eq!(holds.len(), 1);
    let report = screening.check_holds().unwrap();
    assert_eq!((report.holds, report.problems.len(), report.held.len()), (2, 0, 0));
    assert!(screening.verify_audit(None).unwrap().problems.is_empty());
}

fn restarts_remember(place: &TestDb) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    screening.ingest(vec![customer("c1", START), customer("c2", START)], "test").unwrap();
    let first = screening.decide(deposit("d1", "c1", "0xt1", 7, 900_000), sanctioned(), "test").unwrap();
    for i in 0..9 {
        screening.decide(withdrawal(&format!("w{i}"), "c2", &format!("0x{i}"), 1, 10_000), clean(), "t").unwrap();
    }
    // Nobody else may write meanwhile.
    assert!(Screening::open(&place.url, clock.clock()).is_err());
    drop(screening);
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    assert_eq!(screening.decide(deposit("d1", "c1", "0xt1", 7, 900_000), sanctioned(), "test").unwrap(), first);
    assert!(screening.decide(withdrawal("x", "c1", "0x9", 1, 1_000), clean(), "t").unwrap().decision >= Verdict::Hold);
    // The windows go on where they were: the tenth address is a fan-out.
    let tenth = screening.decide(withdrawal("w9", "c2", "0x99", 1, 10_000), clean(), "t").unwrap();
    assert!(tenth.reasons.iter().any(|r| r.rule == "fan-out"), "{tenth:?}");
    assert!(screening.verify_audit(None).unwrap().problems.is_empty());
}

fn alerts_and_statistics(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    screening.ingest(vec![customer("c1", START)], "test").unwrap();
    for i in 0..3 {
        screening
            .decide(deposit(&format!("d{i}"), "c1", &format!("0xt{i}"), 7, 900_000), sanctioned(), "test")
            .unwrap();
    }
    let open = screening.alerts(&AlertFilter { state: Some("open".into()), ..Default::default() }).unwrap();
    assert_eq!(open.len(), 1, "the limit of 0 means at least 1");
    let open = screening.alerts(&AlertFilter { state: Some("open".into()), limit: 10, ..Default::default() }).unwrap();
    assert_eq!(open.len(), 3);
    let latest = screening.alerts(&AlertFilter { newest_first: true, limit: 1, ..Default::default() }).unwrap();
    assert_eq!(latest[0].id, open[2].id, "the latest first");
    let act = |id: u64, action: AlertAction| screening.act_on_alert(id, action, "ana");
    act(open[0].id, AlertAction::Assign { assignee: Some("ana".into()) }).unwrap();
    act(open[0].id, AlertAction::Comment { text: "asked the customer".into() }).unwrap();
    let close = |outcome| AlertAction::Close { outcome, text: "done".into() };
    act(open[0].id, close(Outcome::TruePositive)).unwrap();
    act(open[1].id, close(Outcome::TruePositive)).unwrap();
    act(open[2].id, close(Outcome::TruePositive)).unwrap();
    assert!(act(open[2].id, close(Outcome::FalsePositive)).is_err());
    act(open[2].id, AlertAction::Reopen { text: "new evidence".into() }).unwrap();
    act(open[2].id, close(Outcome::FalsePositive)).unwrap();
    let (alert, notes) = screening.alert(open[0].id).unwrap();
    assert_eq!((alert.state.as_str(), alert.outcome.as_deref(), notes.len()), ("closed", Some("true_positive"), 3));
    let statistics = screening.rule_statistics().unwrap();
    let rule = statistics.iter().find(|s| s.rule == "sanctions-counterparty").unwrap();
    assert_eq!((rule.hits, rule.true_positives, rule.false_positives, rule.precision_permille), (3, 2, 1, Some(666)));
}

fn changes_raise_late_alerts(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    screening.ingest(vec![customer("c1", START)], "test").unwrap();
    screening.decide(deposit("d1", "c1", "0xt1", 7, 900_000), clean(), "test").unwrap();
    let unknown = ChainFacts::unavailable("the node is away");
    let held = screening.decide(deposit("d2", "c1", "0xt2", 7, 900_000), unknown, "test").unwrap();
    let go_on = &mut |_| ControlFlow::Continue(());
    let look = |event: &holdfast_decision::Event| if event.id == "d1" { sanctioned() } else { clean() };
    let report = screening.rescreen(look, "pack 'list' was imported", go_on).unwrap();
    assert_eq!((report.screened, report.alerts.len()), (2, 1));
    let (alert, _) = screening.alert(report.alerts[0]).unwrap();
    assert_eq!(alert.kind, "late");
    for expected in ["pack 'list' was imported", "sanction itself", "Listed"] {
        assert!(alert.reason.contains(expected), "{}", alert.reason);
    }
    // The hold that rested on ignorance is gone, and nothing is said twice.
    let hold = screening.holds(&HoldFilter { after: held.holds[0] - 1, limit: 1, ..Default::default() }).unwrap();
    assert_eq!((hold[0].state.as_str(), hold[0].ended_by.as_deref()), ("released", Some("engine")));
    assert!(screening.rescreen(look, "again", go_on).unwrap().alerts.is_empty());
    // What is held for what it is, what is covered by somebody's hold, and what still cannot be asked about costs the writer nothing while
    // nothing changes.
    let (held, away) = (sanctioned(), ChainFacts::unavailable("the node is away"));
    screening.decide(deposit("d3", "c1", "0xt3", 7, 900_000), held, "test").unwrap();
    screening.decide(deposit("d4", "c1", "0xt4", 7, 900_000), away, "test").unwrap();
    let look = |event: &holdfast_decision::Event| match event.id.as_str() {
        "d1" | "d3" => sanctioned(),
        "d4" => ChainFacts::unavailable("the node is away"),
        _ => clean(),
    };
    screening.rescreen(look, "once more", go_on).unwrap();
    let commits = commits(&screening);
    assert_eq!(screening.rescreen(look, "and again", go_on).unwrap().screened, 4);
    assert_eq!(self::commits(&screening), commits);
    // As soon as it can be asked about, the hold is let go.
    let look =
        |event: &holdfast_decision::Event| if event.id == "d2" || event.id == "d4" { clean() } else { sanctioned() };
    screening.rescreen(look, "the node is back", go_on).unwrap();
    assert!(self::commits(&screening) > commits);
    let ended =
        screening.holds(&HoldFilter { state: Some("released".into()), limit: 10, ..Default::default() }).unwrap();
    assert_eq!(ended.len(), 2, "{ended:?}");
    assert!(screening.check_holds().unwrap().problems.is_empty());
}

/// How many transactions the writer has made.
fn commits(screening: &Screening) -> u64 {
    let mut registry = holdfast_telemetry::metrics::Registry::default();
    screening.register_metrics(&mut registry);
    let text = holdfast_telemetry::metrics::encode(&registry).unwrap();
    text.lines().find_map(|l| l.strip_prefix("holdfast_commit_seconds_count ")).unwrap().parse().unwrap()
}

fn tampering_is_found(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    for i in 0..5 {
        screening
            .decide(deposit(&format!("d{i}"), "c1", &format!("0xt{i}"), 7, 900_000), sanctioned(), "test")
            .unwrap();
    }
    let report = screening.verify_audit(None).unwrap();
    assert!(report.problems.is_empty() && report.decisions == 5, "{report:?}");
    drop(screening);
    let mut db = Database::connect(&place.url).unwrap();
    let problems = |db: &mut Database| holdfast_screening::audit::verify(db, Some(&report.head)).unwrap().problems;
    assert!(problems(&mut db).is_empty());
    let mut tamper = |change: &str, undo: &str, expected: &str| {
        db.batch(change).unwrap();
        let found = problems(&mut db).join("; ");
        assert!(found.contains(expected), "{change}: {found}");
        db.batch(undo).unwrap();
        assert!(problems(&mut db).is_empty(), "{undo}");
    };
    tamper(
        "UPDATE events SET decision = 'allow', result = result || ' ' WHERE seq = 3",
        "UPDATE events SET result = trim(result) WHERE seq = 3",
        "decisions 3 to 3 are not as entry",
    );
    tamper(
        "UPDATE audit SET actor = 'nobody' WHERE seq = 2",
        "UPDATE audit SET actor = 'engine' WHERE seq = 2",
        "entry 2",
    );
    db.batch("DELETE FROM audit WHERE seq = 4").unwrap();
    assert!(problems(&mut db).join("; ").contains("entry 4 is missing"));
    db.batch("DELETE FROM audit WHERE seq > 4").unwrap();
    let found = problems(&mut db).join("; ");
    assert!(found.contains("noted head") && found.contains("are in no entry"), "{found}");
    // A hold that loses a line of its postings is noticed.
    db.batch("DELETE FROM postings WHERE id = 1").unwrap();
    assert!(!holdfast_screening::holds::check(&mut db).unwrap().problems.is_empty());
}

fn records_in_any_order(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    let mut old = customer("c1", START - Seconds::new(10));
    old.country = Some("KP".into());
    // The newer record came first; the older changes nothing.
    screening.ingest(vec![customer("c1", START)], "test").unwrap();
    screening.ingest(vec![old.clone(), old], "test").unwrap();
    let decision = screening.decide(withdrawal("w1", "c1", "0x1", 1, 1_000), clean(), "t").unwrap();
    assert_eq!(decision.decision, Verdict::Allow, "{decision:?}");
    let mut bad = customer("c2", START);
    bad.country = Some("Germany".into());
    let error = screening.ingest(vec![customer("c3", START), bad], "test").unwrap_err().to_string();
    assert!(error.starts_with("records[1].country"), "{error}");
    let rows = screening.read(|db| db.query("SELECT id FROM records ORDER BY id", &[])).unwrap();
    assert_eq!(rows.len(), 1);
}
