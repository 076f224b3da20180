//! What is known of past events, the audit sample, precision by week.

use super::*;
use holdfast_decision::flags::{Flag, State, Subject};
use holdfast_models::Label;
use holdfast_models::unlabelled::{AUDIT_SHARE, is_audited};
use holdfast_screening::ScreeningError;
use holdfast_screening::service::Transaction;
use holdfast_training::Standing;
use holdfast_training::labels::{DatedTag, Known, Labels};

on_both!(
    every_source_gives_labels_and_the_first_in_order_decides,
    quiet_events_are_drawn_once_and_reviewed,
    a_champion_whose_best_events_were_wrong_steps_back,
);

fn known(screening: &Screening, labels: &Labels, purpose: Purpose, event: &str) -> Option<Known> {
    labels.known(purpose, &screening.event(event).unwrap().decision)
}

/// Stores what other departments would: a case with an item, a report that was filed, a warning.
fn stored(screening: &Screening, statements: &'static [&'static str]) {
    let store = move |tx: &mut Transaction<'_>| {
        for sql in statements {
            tx.db().execute(sql, &[])?;
        }
        Ok::<(), ScreeningError>(())
    };
    screening.transact("ana", store).unwrap();
}

fn every_source_gives_labels_and_the_first_in_order_decides(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    screening.apply_rules(BOOK, "x").unwrap();
    let decisions = decide(&screening, (1..8).map(event));
    let alert = decisions[1].alert.unwrap();
    let outcome = AlertAction::Close { outcome: Outcome::FalsePositive, text: "seen".into() };
    screening.act_on_alert(alert, outcome, "ana").unwrap();
    stored(
        &screening,
        &[
            "INSERT INTO cases (id, title, summary, state, typology, created, created_by, closed, closed_reason) VALUES (1, 'a', 'b', 'closed', 'mule', 5, 'ana', 70, 'done')",
            "INSERT INTO cases (id, title, summary, state, typology, created, created_by) VALUES (2, 'a', 'b', 'open', 'mule', 5, 'ana')",
            "INSERT INTO case_items (id, case_id, kind, key, title, body, created, created_by) VALUES (1, 1, 'event', 'w-3', '', '{}', 5, 'ana')",
            "INSERT INTO case_items (id, case_id, kind, key, title, body, created, created_by) VALUES (2, 2, 'event', 'w-4', '', '{}', 5, 'ana')",
            "INSERT INTO case_items (id, case_id, kind, key, title, body, created, created_by, withdrawn) VALUES (3, 1, 'event', 'w-5', '', '{}', 5, 'ana', 'wrong')",
            "INSERT INTO reports (id, case_id, kind, version, state, body, created, created_by, exported) VALUES (1, 1, 'goaml', 1, 'exported', '{\"movements\":[{\"id\":\"w-2\"},{\"id\":\"w-6\"}]}', 5, 'ana', 80)",
            "INSERT INTO reports (id, case_id, kind, version, state, body, created, created_by) VALUES (2, 1, 'goaml', 1, 'approved', '{\"movements\":[{\"id\":\"w-4\"}]}', 5, 'ana')",
            "INSERT INTO warnings (event, customer, scam, hold, raised, cooling_until, then_do, state, closed) VALUES ('w-7', 'c-7', 'romance', 1, 60, 60, 'review', 'stopped', 65)",
        ],
    );
    let labels = screening.read(Labels::of_desk).unwrap();
    let of = |purpose, event: &str| known(&screening, &labels, purpose, event);
    let said = |is_positive, source, since: i64| {
        Some(Known { is_positive, source, since: Some(holdfast_types::Timestamp::from_unix(since)) })
    };
    assert_eq!(of(Purpose::EventRisk, "w-1"), None, "nobody looked");
    assert_eq!(of(Purpose::EventRisk, "w-2"), said(true, LabelSource::Report, 80), "two people against one reviewer");
    assert_eq!(of(Purpose::Mule, "w-6"), said(true, LabelSource::Report, 80), "the case says of what crime");
    assert_eq!(of(Purpose::CardCashOut, "w-6"), None, "of another crime it says nothing");
    assert_eq!(of(Purpose::Mule, "w-3"), said(true, LabelSource::Case, 70));
    assert_eq!((of(Purpose::Mule, "w-4"), of(Purpose::Mule, "w-5")), (None, None), "open, approved only, withdrawn");
    assert_eq!(of(Purpose::WithdrawalScam, "w-7"), said(true, LabelSource::Warning, 65));
    assert_eq!(of(Purpose::EventRisk, "w-7"), None);
    let file = Labels::from_csv("event,label\nw-2,negative\n").unwrap();
    let with = labels.clone().with(file);
    let found = known(&screening, &with, Purpose::EventRisk, "w-2").unwrap();
    assert_eq!((found.is_positive, found.source, found.since), (false, LabelSource::File, None));
    tags_and_flags(&screening, labels);
}

/// A tag of today is a label of what was before it, not of what it was known for; a flag is one once it is confirmed.
fn tags_and_flags(screening: &Screening, mut labels: Labels) {
    let (before, after) = (event(1), event(6));
    let address = after.counterparty.clone().unwrap();
    let between = event(4).time;
    assert!(before.time < between && between < after.time);
    let tag_of = |_: &str, tagged: &str| {
        let is_named = [&before, &after].iter().any(|e| e.counterparty.as_deref() == Some(tagged));
        is_named.then_some(DatedTag { is_scam: false, since: between })
    };
    screening.read(|db| labels.add_tags(db, &tag_of)).unwrap();
    let of = |labels: &Labels, event: &str| known(screening, labels, Purpose::EventRisk, event);
    let tagged = of(&labels, "w-1").unwrap();
    assert_eq!((tagged.is_positive, tagged.source, tagged.since), (true, LabelSource::Tag, Some(between)));
    assert_ne!(of(&labels, "w-6").map(|k| k.source), Some(LabelSource::Tag), "known then: a feature");
    let deposit = holdfast_testing::deposit("d-1", "c-1", &format!("0x{}", "ab".repeat(32)), 5, 2_000);
    let sender = deposit.counterparty.clone().unwrap();
    decide(screening, [deposit].into_iter());
    let flag = Flag {
        id: "flag-1".into(),
        member: "partner".into(),
        community: "own".into(),
        subject: Subject::Address,
        asset: "ETH".into(),
        value: sender,
        reason: "stolen".into(),
        raised: START,
        until: START + Seconds::DAY,
        state: State::Open,
        source: None,
        tlp: "amber".into(),
    };
    let raise = move |tx: &mut Transaction<'_>| tx.raise_flag(flag.clone());
    assert!(screening.transact("ana", raise).unwrap());
    let found = || of(&screening.read(Labels::of_desk).unwrap(), "d-1");
    assert_eq!(found().map(|k| k.source), None, "open: nobody confirmed it ({address})");
    let end = |tx: &mut Transaction<'_>| tx.end_flag(&"flag-1".into(), State::Confirmed, "");
    assert!(screening.transact("ana", end).unwrap());
    assert_eq!(found().map(|k| (k.is_positive, k.source)), Some((true, LabelSource::Flag)));
}

fn quiet_events_are_drawn_once_and_reviewed(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    screening.apply_rules(BOOK, "x").unwrap();
    let learning = Learning { screening: &screening };
    assert_eq!(learning.draw_audit_sample("engine").unwrap(), holdfast_training::Draw::default(), "no events yet");
    // The secret is random; the test takes one of its own.
    stored(&screening, &["UPDATE audit_draws SET seed = '0000000000000007' WHERE id = 1"]);
    let of = |n: u64, value| Event { id: format!("w-{n}"), value: Some(value), ..event(n % 800) };
    let quiet = decide(&screening, (0..2_000).map(|n| of(n, 10)));
    let alerted = decide(&screening, (2_000..2_020).map(|n| of(n, 5_000)));
    let expected = quiet.iter().filter(|d| is_audited(7, d.seq, AUDIT_SHARE)).count() as u64;
    let draw = learning.draw_audit_sample("engine").unwrap();
    assert_eq!((draw.quiet, draw.drawn), (2_000, expected), "events with an alert are not quiet");
    assert!((4..=20).contains(&draw.drawn), "about 0.5%: {draw:?}");
    assert_eq!(learning.draw_audit_sample("engine").unwrap(), holdfast_training::Draw::default(), "nothing twice");
    let sample = learning.audit_sample().unwrap();
    assert_eq!((sample.quiet, sample.drawn, sample.open.len() as u64), (2_000, draw.drawn, draw.drawn));
    assert_eq!((sample.rate, sample.reviewed), (None, 0), "no rate without a review");
    let first = &sample.open[0];
    let unlabelled = screening.read(Labels::of_desk).unwrap();
    assert_eq!(known(&screening, &unlabelled, Purpose::EventRisk, &first.id), None);
    assert!(matches!(
        learning.review_audited(alerted[0].seq, Outcome::TruePositive, "x", "ana"),
        Err(TrainingError::NotFound(_))
    ));
    assert!(matches!(
        learning.review_audited(first.event, Outcome::TruePositive, " ", "ana"),
        Err(TrainingError::Invalid(_))
    ));
    let reviewed = learning.review_audited(first.event, Outcome::FalsePositive, "salary", "ana").unwrap();
    assert_eq!((reviewed.outcome.as_deref(), reviewed.reviewed_by.as_deref()), (Some("false_positive"), Some("ana")));
    let sample = learning.audit_sample().unwrap();
    let rate = sample.rate.unwrap();
    assert_eq!((sample.reviewed, sample.positives, sample.closed.len()), (1, 0, 1));
    assert!(rate.value == 0.0 && rate.high > 0.7, "one review tells little: {rate:?}");
    let labels = screening.read(Labels::of_desk).unwrap();
    let decision = screening.event(&first.id).unwrap().decision;
    assert_eq!(labels.of(Purpose::EventRisk, &decision), Label::Negative);
    assert_eq!(labels.of(Purpose::Mule, &decision), Label::Negative, "nothing was found: no crime of any kind");
    assert_eq!(labels.known(Purpose::EventRisk, &decision).unwrap().source, LabelSource::Audit);
    learning.review_audited(first.event, Outcome::TruePositive, "a mule after all", "bo").unwrap();
    assert_eq!(learning.audit_sample().unwrap().positives, 1);
    assert_eq!(screening.verify_audit(None).unwrap().problems, Vec::<String>::new());
}

fn a_champion_whose_best_events_were_wrong_steps_back(place: &TestDb) {
    let screening = reviewed(place);
    let learning = Learning { screening: &screening };
    let hash = in_shadow(&screening, train(&screening, &request()).unwrap());
    for person in ["ana", "bo"] {
        screening.step_model(hash, Step::Champion, "because", person).unwrap();
    }
    // As before, in the last three weeks; then reviewers find all of them to be wrong.
    let recent = |n: u64| {
        let back = i64::try_from(n % 480).unwrap();
        Event { time: START - Seconds::hours(500) + Seconds::HOUR * back, ..event(n) }
    };
    let decisions = decide(&screening, (2_000..2_480).map(recent));
    let none = learning.precision_by_week(hash, None, 5, START).unwrap();
    assert_eq!((none.standing, none.recent.reviewed), (Standing::TooFew, 0), "{none:?}");
    let close = move |tx: &mut Transaction<'_>| {
        for alert in decisions.iter().filter_map(|d| d.alert) {
            tx.act_on_alert(alert, &AlertAction::Close { outcome: Outcome::FalsePositive, text: "no".into() })?;
        }
        Ok::<(), ScreeningError>(())
    };
    screening.transact("ana", close).unwrap();
    let found = learning.precision_by_week(hash, None, 5, START).unwrap();
    assert_eq!((found.standing, found.recent.precision.value), (Standing::Below, 0.0), "{found:?}");
    assert!(found.weeks.len() >= 3 && found.weeks.iter().all(|w| w.positives == 0), "{found:?}");
    assert_eq!(found.bound, found.measured.map(|m| m / 2.0));
    assert!(matches!(learning.precision_by_week(hash, Some(0.0), 5, START), Err(TrainingError::Invalid(_))));
    assert!(matches!(learning.precision_by_week(hash, None, 0, START), Err(TrainingError::Invalid(_))));
    let told = learning.watch(START).unwrap();
    assert_eq!(told.fell_back, 1);
    assert_eq!(learning.entry(hash).unwrap().state, ModelState::Shadow, "rules decide alone");
    let filter = AlertFilter { newest_first: true, limit: 10, ..AlertFilter::default() };
    let alerts = screening.alerts(&filter).unwrap();
    assert!(alerts.iter().any(|a| a.kind == "model" && a.reason.contains("within the budget")), "{alerts:?}");
}
