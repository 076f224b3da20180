//! Training, reasons, drift, comparison and cards over a desk's own history, on both databases.

mod known;
mod texts;

use holdfast_decision::{ChainFacts, Decision, Event, Purpose};
use holdfast_learned::{ModelState, Step};
use holdfast_models::drift::Verdict;
use holdfast_models::split::TimeSplit;
use holdfast_models::{ModelError, ModelHash, Params};
use holdfast_screening::Screening;
use holdfast_screening::alerts::{AlertAction, AlertFilter, Outcome};
use holdfast_testing::{START, TestClock, TestDb, on_both, withdrawal};
use holdfast_training::labels::LabelSource;
use holdfast_training::{Evidence, Learning, Request, TrainingError};
use holdfast_types::Seconds;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::channel;

on_both!(
    a_model_is_trained_on_reviewed_events_explained_and_watched,
    what_cannot_be_trained_is_refused_with_its_reason,
    a_champion_that_sees_other_events_steps_back_and_it_is_told,
);

const BOOK: &str = "title: t\nrules:\n  - {id: all, version: 1, state: live, title: All, on: [withdrawal], when: event.value > 1000, decision: review, source: [trial]}\n";
const EVENTS: u64 = 700;

/// A value in cents, the same for the same number.
fn value_of(n: u64) -> u64 {
    n * 7_919 % 1_000 * 100
}

/// Whether a reviewer found it to be right: large values mostly, not always.
fn is_right(n: u64) -> bool {
    let noise = n * 104_729 % 1_000 * 90;
    value_of(n) + noise > 95_000
}

fn event(n: u64) -> Event {
    let mut event =
        withdrawal(&format!("w-{n}"), &format!("c-{}", n % 97), &format!("0x{:040x}", n % 13), 5, value_of(n));
    event.time = START - Seconds::days(70) + Seconds::HOUR * 2 * i64::try_from(n).unwrap();
    event
}

fn decide(screening: &Screening, events: impl Iterator<Item = Event>) -> Vec<Decision> {
    let (sender, answers) = channel();
    let (actor, mut count): (Arc<str>, usize) = ("x".into(), 0);
    for event in events {
        let sender = sender.clone();
        let facts = ChainFacts { ledger: true, found: true, ..ChainFacts::default() };
        screening.submit(event, facts, &actor, move |answer| sender.send(answer.unwrap()).unwrap()).unwrap();
        count += 1;
    }
    (0..count).map(|_| answers.recv().unwrap()).collect()
}

/// Decides events and closes the alert of every one but each tenth.
fn reviewed(place: &TestDb) -> Screening {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    screening.apply_rules(BOOK, "x").unwrap();
    let decisions = decide(&screening, (0..EVENTS).map(event));
    let close = move |tx: &mut holdfast_screening::service::Transaction<'_>| {
        for decision in &decisions {
            let n: u64 = decision.event[2..].parse().unwrap();
            let (Some(alert), true) = (decision.alert, n % 10 != 3) else { continue };
            let outcome = if is_right(n) { Outcome::TruePositive } else { Outcome::FalsePositive };
            tx.act_on_alert(alert, &AlertAction::Close { outcome, text: "seen".into() })?;
        }
        Ok::<(), holdfast_screening::ScreeningError>(())
    };
    screening.transact("ana", close).unwrap();
    screening
}

fn request() -> Request {
    Request {
        purpose: Purpose::EventRisk,
        budget: 0.1,
        until: None,
        features: Vec::new(),
        labels: None,
        split: TimeSplit { gap: Seconds::DAY, ..TimeSplit::default() },
        params: Params { trees: 40, learning_rate: 0.2, min_leaf_rows: 10, ..Params::default() },
        explained: Vec::new(),
        never_seen: vec!["ransomware".into()],
        parent: None,
    }
}

fn train(screening: &Screening, request: &Request) -> Result<holdfast_training::Trained, TrainingError> {
    let learning = Learning { screening };
    Ok(learning.train(request, None, &mut |_| ControlFlow::Continue(()))?.unwrap())
}

fn in_shadow(screening: &Screening, trained: holdfast_training::Trained) -> ModelHash {
    let hash = trained.model.hash();
    screening.add_model(trained.model, "ana").unwrap();
    screening.step_model(hash, Step::Shadow, "trial", "ana").unwrap();
    hash
}

fn a_model_is_trained_on_reviewed_events_explained_and_watched(place: &TestDb) {
    let screening = reviewed(place);
    let learning = Learning { screening: &screening };
    assert!(learning.train(&request(), None, &mut |_| ControlFlow::Break(())).unwrap().is_none(), "stopped");
    let trained = train(&screening, &request()).unwrap();
    let until = START - Seconds::days(14);
    let events = (0..EVENTS).filter(|n| event(*n).time < until);
    let labelled = events.clone().filter(|n| n % 10 != 3 && value_of(*n) > 1_000);
    let counts = trained.counts.clone();
    assert_eq!(counts.sources.into_iter().collect::<Vec<_>>(), [(LabelSource::Alert, counts.labelled)]);
    assert_eq!((counts.events, counts.labelled), (events.count() as u64, labelled.clone().count() as u64));
    assert_eq!(counts.positives, labelled.filter(|n| is_right(*n)).count() as u64);
    let training = trained.model.content().training.clone().unwrap();
    assert_eq!(training.unlabelled, counts.events - counts.labelled, "what nobody reviewed is no negative");
    assert!(training.measured.auc > 0.75, "{training:?}");
    assert_eq!(trained.model.hash(), train(&screening, &request()).unwrap().model.hash(), "the same again");
    let other = Request { params: Params { trees: 4, ..request().params }, ..request() };
    let weaker = in_shadow(&screening, train(&screening, &other).unwrap());
    let hash = in_shadow(&screening, trained);
    // New events are scored; the reasons are of the value.
    let new = |n: u64| Event { time: START - Seconds::HOUR, ..event(n) };
    let decisions = decide(&screening, (EVENTS..EVENTS + 250).map(new));
    let high = decisions.iter().max_by_key(|d| d.value).unwrap();
    let scores = learning.explain(high.seq, "de").unwrap();
    let own = scores.iter().find(|s| s.score.model == hash).unwrap();
    assert!(
        scores.len() == 2 && own.reasons.iter().any(|r| r.features.iter().any(|f| f.name == "event_value")),
        "{own:?}"
    );
    assert!(own.score.probability_ppm > 300_000, "{own:?}");
    assert!(learning.explain(decisions[0].seq - 300, "en").unwrap().is_empty(), "decided before any model was there");
    assert!(matches!(learning.explain(1 << 40, "en"), Err(TrainingError::NotFound(_))));
    let card = learning.card(hash).unwrap();
    let properties: Vec<&str> = card.fairness.iter().map(|f| f.property.as_str()).collect();
    assert_eq!(properties, ["country", "age", "kyc_level", "customer_type"]);
    assert!(card.fairness.iter().all(|f| f.groups.iter().all(|g| g.name == "not known" && g.rows == 250)), "{card:?}");
    assert!(card.limits.iter().any(|l| l.contains("ransomware")));
    // Drift: the same values, then all of them large.
    let quiet = learning.drift(hash, None, None).unwrap();
    let alerted = (EVENTS..EVENTS + 250).filter(|n| value_of(*n) > 1_000).count();
    assert_eq!((quiet.events, quiet.is_cut), (alerted, false), "as those of training: events that raised an alert");
    let of = |report: &holdfast_training::DriftReport| {
        report.features.iter().find(|f| f.name == "event_value").map(|f| f.drift.verdict).unwrap()
    };
    assert!(of(&quiet) <= Verdict::TooFew, "{:?}", quiet.features[0]);
    // A model that was trained on all events is compared with all.
    let lines: Vec<String> =
        (0..EVENTS).map(|n| format!("{},{}", event(n).id, if is_right(n) { "positive" } else { "negative" })).collect();
    let of_all = Request { labels: Some(format!("event,label\n{}\n", lines.join("\n"))), ..request() };
    let of_all = in_shadow(&screening, train(&screening, &of_all).unwrap());
    assert_eq!(learning.drift(of_all, None, None).unwrap().events, 250);
    let shifted = |n: u64| Event { value: Some(90_000 + n), time: START, ..event(n) };
    decide(&screening, (2_000..2_400).map(shifted));
    let report = learning.drift(hash, Some(START), None).unwrap();
    assert_eq!((report.events, of(&report), report.verdict), (400, Verdict::Alert, Verdict::Alert));
    // Nobody reviewed the new events, so nothing is preferred. Late ones of the time that was trained on do not count.
    decide(&screening, (3_000..3_005).map(|n| Event { time: START - Seconds::days(60), ..event(n) }));
    let compared = learning.compare(weaker, hash, 0.1, None, None).unwrap();
    assert_eq!((compared.events, compared.labelled, compared.evidence), (650, 0, Evidence::TooFew));
    assert!((0.0..=1.0).contains(&compared.agreement));
}

fn what_cannot_be_trained_is_refused_with_its_reason(place: &TestDb) {
    let screening = reviewed(place);
    let refused = |request: Request| train(&screening, &request).unwrap_err();
    let e = refused(Request { purpose: Purpose::AccountPhishing, ..request() });
    assert!(matches!(&e, TrainingError::State(why) if why.contains("score no events")), "{e}");
    let e = refused(Request { purpose: Purpose::Mule, ..request() });
    assert!(
        e.to_string().starts_with("0 labelled events of"),
        "alerts about something else tell nothing of mules: {e}"
    );
    let e = refused(Request { features: vec!["customer_id".into()], ..request() });
    assert!(e.to_string().starts_with("feature customer_id: events have no such feature"), "{e}");
    let e = refused(Request { labels: Some("event,label\nw-1,bad\n".into()), ..request() });
    assert!(e.to_string().contains("line 2"), "{e}");
    // A label that follows from the value alone: the leak is named.
    let lines: Vec<String> =
        (0..EVENTS).map(|n| format!("w-{n},{}", if value_of(n) > 50_000 { "positive" } else { "negative" })).collect();
    let e = refused(Request { labels: Some(format!("event,label\n{}\n", lines.join("\n"))), ..request() });
    assert!(matches!(&e, TrainingError::Model(ModelError::Leak(why)) if why.contains("event_value")), "{e}");
    let learning = Learning { screening: &screening };
    let nobody = ModelHash::of(b"nobody");
    assert!(matches!(learning.card(nobody), Err(TrainingError::NotFound(_))));
    assert!(matches!(learning.compare(nobody, nobody, 0.0, None, None), Err(TrainingError::Invalid(_))));
}

fn a_champion_that_sees_other_events_steps_back_and_it_is_told(place: &TestDb) {
    let screening = reviewed(place);
    let learning = Learning { screening: &screening };
    let chosen = Request { features: vec!["event_value".into(), "counterparty_new".into()], ..request() };
    let hash = in_shadow(&screening, train(&screening, &chosen).unwrap());
    for person in ["ana", "bo"] {
        screening.step_model(hash, Step::Champion, "because", person).unwrap();
    }
    let state = || learning.entry(hash).unwrap().state;
    let day = |events: std::ops::Range<u64>, at: i64, value: fn(u64) -> u64| {
        decide(
            &screening,
            events.map(|n| Event { value: Some(value(n)), time: START - Seconds::HOUR * at, ..event(n) }),
        );
    };
    day(2_000..2_300, 40, value_of);
    let quiet = learning.watch(START - Seconds::HOUR * 24).unwrap();
    assert_eq!((quiet.champions, quiet.alerts, state()), (1, 0, ModelState::Champion));
    // A wave of a hundred events is told; whether the model steps back is for people to say.
    day(3_000..3_100, 2, |n| 92_000 + n);
    let wave = learning.watch(START).unwrap();
    assert_eq!((wave.alerts, wave.fell_back, state()), (1, 0, ModelState::Champion));
    day(3_100..3_300, 2, |n| 92_000 + n);
    let told = learning.watch(START).unwrap();
    assert_eq!((told.alerts, told.fell_back, state()), (1, 1, ModelState::Shadow));
    let filter = AlertFilter { newest_first: true, limit: 1_000, ..AlertFilter::default() };
    let alerts = screening.alerts(&filter).unwrap();
    let alert = alerts.iter().find(|a| a.kind == "model").unwrap();
    assert!(alert.reason.contains("rules decide alone"), "{alert:?}");
    assert!(alert.reason.contains("event-risk") && alert.reason.contains("value"), "{alert:?}");
    assert_eq!(learning.watch(START).unwrap().champions, 0, "rules decide alone");
    assert_eq!(screening.verify_audit(None).unwrap().problems, Vec::<String>::new());
    let replayed = holdfast_screening::replay::replay_log(&screening, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(replayed.problems, Vec::<String>::new());
}
