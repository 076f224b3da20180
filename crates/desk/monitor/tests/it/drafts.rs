//! Drafts: written by several people, tested on history, proposed once.

use holdfast_decision::ChainFacts;
use holdfast_decision::rules::sha256;
use holdfast_monitor::Monitor;
use holdfast_monitor::drafts::DraftState;
use holdfast_screening::Screening;
use holdfast_screening::alerts::{AlertAction, Outcome};
use holdfast_testing::{TestClock, TestDb, on_both, withdrawal};
use std::ops::ControlFlow;

on_both!(a_draft_is_tested_and_proposed_once, nobody_overwrites_what_another_wrote);

const LARGE: &str = "title: t\nrules:\n  - {id: large, version: 1, state: live, title: Large, on: [withdrawal], when: event.value > 50, decision: hold, source: [trial]}\n";

fn a_draft_is_tested_and_proposed_once(place: &TestDb) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let monitor = Monitor { screening: &screening };
    screening.apply_rules(LARGE, "x").unwrap();
    for (n, value) in [10, 60, 70].into_iter().enumerate() {
        screening.decide(withdrawal(&format!("w-{n}"), "c", "0xaa", 5, value), ChainFacts::default(), "x").unwrap();
    }
    let alert = screening.alerts_about(2).unwrap()[0].id;
    let close = AlertAction::Close { outcome: Outcome::TruePositive, text: "it was".into() };
    screening.act_on_alert(alert, close, "Ana").unwrap();
    // In force: above 50. In the draft: above 65, so that the event of 60, which was right, would be missed.
    let milder = LARGE.replace("version: 1", "version: 2").replace("> 50", "> 65");
    let id = monitor.begin_draft("Fewer holds", Some(milder.clone()), None, "Ana").unwrap();
    assert!(!monitor.test_draft(id, "Ana", &mut |_| ControlFlow::Break(())).unwrap(), "stopped");
    assert_eq!(monitor.draft(id).unwrap().test, None, "a test that was stopped tells nothing");
    let mut seen = 0;
    let mut progress = |n| {
        seen = n;
        ControlFlow::Continue(())
    };
    assert!(monitor.test_draft(id, "Ana", &mut progress).unwrap());
    assert_eq!(seen, 3);
    let draft = monitor.draft(id).unwrap();
    let test = draft.test.unwrap();
    assert!(draft.test_is_current);
    assert_eq!(
        (&test["events"], &test["changed"], &test["milder"]["right"]),
        (&3.into(), &1.into(), &1.into()),
        "{test}"
    );
    assert_eq!(test["rules"]["large"], serde_json::json!({"before": 2, "after": 1}));
    let more = milder.clone() + "# more\n";
    monitor.write_draft(id, "Fewer holds", more.clone(), None, "Ana").unwrap();
    assert!(!monitor.draft(id).unwrap().test_is_current, "of another text");
    // Bo saw the text before Ana changed it.
    let e = monitor.submit_draft(id, &sha256(&milder), true, "Bo").unwrap_err();
    assert!(e.to_string().contains("seen") && monitor.draft(id).unwrap().state == DraftState::Draft, "{e}");
    assert!(screening.changes(None).unwrap().is_empty(), "nothing of a refused draft waits");
    let change = monitor.submit_draft(id, &sha256(&more), true, "Bo").unwrap().unwrap();
    let found = monitor.draft(id).unwrap();
    assert_eq!((found.state, found.change, &change.body), (DraftState::Proposed, Some(change.id), &more));
    assert!(monitor.submit_draft(id, &sha256(&more), true, "Bo").is_err() && monitor.discard_draft(id, "Ana").is_err());
    for (person, why) in [("Bo", "another person"), (" ANA", "wrote the text")] {
        let e = screening.decide_change(change.id, true, "mine", person).unwrap_err();
        assert!(e.to_string().contains(why), "{e}");
    }
    let before = screening.book().version;
    screening.decide_change(change.id, true, "read", "Cy").unwrap();
    assert_eq!(screening.book().version, before + 1);
    let broken = monitor.begin_draft("Broken", Some("rules: [".into()), None, "Ana").unwrap();
    let e = monitor.test_draft(broken, "Ana", &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(e.to_string().contains("rule book"), "{e}");
}

fn nobody_overwrites_what_another_wrote(place: &TestDb) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let monitor = Monitor { screening: &screening };
    let id = monitor.begin_draft("A", None, None, "Ana").unwrap();
    let first = monitor.draft(id).unwrap();
    assert_eq!(first.yaml, screening.rule_book(screening.book().version).unwrap().1, "begins with what is in force");
    let seen = || Some((first.changed, sha256(&first.yaml)));
    monitor.write_draft(id, "A", "title: of Bo\n".into(), seen(), "Bo").unwrap();
    // Within the same second.
    let e = monitor.write_draft(id, "A", "title: of Ana\n".into(), seen(), "Ana").unwrap_err();
    assert!(e.to_string().contains("somebody changed draft"), "{e}");
    assert_eq!(monitor.draft(id).unwrap().yaml, "title: of Bo\n");
    assert!(monitor.begin_draft(" ", None, None, "Ana").is_err());
    assert!(monitor.begin_draft("A", None, Some(99), "Ana").is_err(), "no such version");
}
