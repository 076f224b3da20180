//! Scores in decisions: only where a model is in force, for rules as a field, stored with what they were computed from.

use holdfast_decision::scores::NO_SCORE;
use holdfast_decision::{ChainFacts, Decision, Purpose, Role, Verdict};
use holdfast_learned::Step;
use holdfast_models::ModelHash;
use holdfast_screening::Screening;
use holdfast_screening::replay::{replay_log, replay_rows, test_rules};
use holdfast_store::Database;
use holdfast_testing::{TestClock, TestDb, deposit, on_both, value_model, withdrawal};
use std::ops::ControlFlow;

on_both!(
    a_champion_s_score_is_a_field_for_rules_and_recomputes,
    a_shadow_changes_no_decision,
    a_flipped_byte_of_row_model_or_decision_is_found,
    rows_are_as_of_the_event_and_the_same_for_training,
);

const BOOK: &str = "title: t
rules:
  - {id: learned, version: 1, state: live, title: Learned, on: [withdrawal], when: 'model.scored && model.withdrawal_scam >= 500000', decision: review, source: [trial]}
  - {id: trial, version: 1, state: shadow, title: Trial, on: [withdrawal], when: shadow_model.withdrawal_scam >= 500000, decision: review, source: [trial]}
";

struct Desk {
    screening: Screening,
}

impl Desk {
    fn new(place: &TestDb) -> Self {
        Desk { screening: Screening::open(&place.url, TestClock::new().clock()).unwrap() }
    }

    /// Adds a model and takes steps with it, each by another person.
    fn model(&self, purpose: &str, above: u32, steps: &[Step]) -> ModelHash {
        let model = value_model(purpose, above);
        let hash = model.hash();
        self.screening.add_model(model, "ana").unwrap();
        for (step, person) in steps.iter().zip(["ana", "bo", "cy"]) {
            self.screening.step_model(hash, *step, "because", person).unwrap();
        }
        hash
    }

    fn withdraw(&self, id: &str, value: u64) -> Decision {
        let facts = ChainFacts { ledger: true, found: true, ..ChainFacts::default() };
        self.screening.decide(withdrawal(id, "c", "0xaa", 5, value), facts, "x").unwrap()
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = self.screening.verify_audit(None).unwrap().problems;
        problems.extend(replay_log(&self.screening, &mut |_| ControlFlow::Continue(())).unwrap().problems);
        problems
    }
}

const CHAMPION: &[Step] = &[Step::Shadow, Step::Champion, Step::Champion];

fn a_champion_s_score_is_a_field_for_rules_and_recomputes(place: &TestDb) {
    let desk = Desk::new(place);
    desk.screening.apply_rules(BOOK, "x").unwrap();
    let before = desk.withdraw("w-0", 90_000);
    assert!(before.decision == Verdict::Allow && before.learned.is_none());
    assert!(!serde_json::to_string(&before).unwrap().contains("learned"), "nothing is said where no model is in force");
    let rows = |sql: &str| desk.screening.read(|db| db.query(sql, &[])).unwrap().len();
    assert_eq!(rows("SELECT 1 FROM scored_events") + rows("SELECT 1 FROM inputs WHERE kind = 'models'"), 0);
    let hash = desk.model("withdrawal-scam", 50_000, CHAMPION);
    let (low, high) = (desk.withdraw("w-1", 10_000), desk.withdraw("w-2", 90_000));
    assert_eq!((low.decision, high.decision), (Verdict::Allow, Verdict::Review));
    assert!(high.reasons[0].because.iter().any(|b| b.starts_with("model.withdrawal_scam = ")), "{:?}", high.reasons);
    let scored = high.learned.clone().unwrap();
    assert_eq!((scored.scores.len(), scored.scores[0].model, scored.scores[0].role), (1, hash, Role::Champion));
    assert!(scored.highest() >= 500_000 && scored.of(Purpose::Mule, Role::Champion) == NO_SCORE);
    // Kinds of events that it is not for are not scored, and say so by absence.
    let deposited = desk.screening.decide(deposit("d-1", "c", "0x01", 5, 90_000), ChainFacts::default(), "x").unwrap();
    assert!(deposited.learned.is_none());
    assert_eq!(rows("SELECT 1 FROM scored_events"), 2);
    assert_eq!(
        desk.screening.decide(withdrawal("w-2", "c", "0xaa", 5, 90_000), ChainFacts::default(), "x").unwrap(),
        high
    );
    assert_eq!(desk.problems(), Vec::<String>::new());
    drop(desk);
    // After a restart the same model is in force; retired, what it scored still verifies.
    let desk = Desk::new(place);
    assert_eq!(desk.withdraw("w-3", 90_000).decision, Verdict::Review);
    desk.screening.step_model(hash, Step::Retire, "out of bounds", "ana").unwrap();
    let alone = desk.withdraw("w-4", 90_000);
    assert!(alone.decision == Verdict::Allow && alone.learned.is_none(), "rules alone");
    assert_eq!(desk.problems(), Vec::<String>::new());
}

fn a_shadow_changes_no_decision(place: &TestDb) {
    let desk = Desk::new(place);
    let live = BOOK.replace("state: shadow", "state: live");
    let e = desk.screening.apply_rules(&live, "x").unwrap_err();
    assert!(e.to_string().contains("shadow_model is for rules in state shadow"), "{e}");
    desk.screening.apply_rules(BOOK, "x").unwrap();
    desk.model("withdrawal-scam", 50_000, &[Step::Shadow]);
    let decision = desk.withdraw("w-1", 90_000);
    assert!(decision.decision == Verdict::Allow && decision.reasons.is_empty());
    assert_eq!(decision.shadow.iter().map(|r| r.rule.as_str()).collect::<Vec<_>>(), ["trial"]);
    let scored = decision.learned.unwrap();
    assert_eq!((scored.highest(), scored.scores[0].role), (NO_SCORE, Role::Shadow));
    // A book on trial sees what models in force say.
    let book = BOOK.replace("version: 1, state: live", "version: 2, state: live").replace(">= 500000'", ">= -1'");
    let book = holdfast_decision::RuleBook::parse(&book, 2).unwrap();
    let trial = test_rules(&desk.screening, &book, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((trial.events, trial.changed), (1, 0), "model.scored is false without a champion");
    assert_eq!(desk.problems(), Vec::<String>::new());
}

fn a_flipped_byte_of_row_model_or_decision_is_found(place: &TestDb) {
    let desk = Desk::new(place);
    desk.screening.apply_rules(BOOK, "x").unwrap();
    let hash = desk.model("withdrawal-scam", 50_000, CHAMPION);
    desk.withdraw("w-1", 90_000);
    desk.withdraw("w-2", 20_000);
    let sql = |statement: &str| Database::connect(&place.url).unwrap().batch(statement).unwrap();
    let text = |sql: &str| desk.screening.read(|db| Ok(db.query(sql, &[])?[0].text(0)?.to_owned())).unwrap();
    let verify = || desk.screening.verify_audit(None).unwrap().problems;
    // Every character of the row.
    let row = text("SELECT features FROM scored_events WHERE seq = 1");
    assert!(row.len() < 300, "about 200 bytes: {}", row.len());
    for at in (0..row.len()).step_by(9) {
        let other = if row.as_bytes()[at] == b'A' { "B" } else { "A" };
        let damaged = format!("{}{other}{}", &row[..at], &row[at + 1..]);
        sql(&format!("UPDATE scored_events SET features = '{damaged}' WHERE seq = 1"));
        let found = verify();
        assert!(found.len() == 1 && found[0].starts_with("scores of event 1: "), "{at}: {found:?}");
    }
    sql("DELETE FROM scored_events WHERE seq = 1");
    assert!(verify()[0].contains("its row of features is missing"));
    sql(&format!("INSERT INTO scored_events (seq, features) VALUES (1, '{row}')"));
    assert_eq!(verify(), Vec::<String>::new());
    // The decision: its score, which the log's digest covers too.
    let result = text("SELECT result FROM events WHERE seq = 1");
    let score = serde_json::from_str::<Decision>(&result).unwrap().learned.unwrap().scores[0].score.0.to_string();
    let damaged = result.replace(&score, &format!("{score}1"));
    assert_ne!(result, damaged);
    sql(&format!("UPDATE events SET result = '{damaged}' WHERE seq = 1"));
    let found = verify();
    assert!(found.iter().any(|p| p.starts_with("scores of event 1: ") && p.contains("is stored")), "{found:?}");
    sql(&format!("UPDATE events SET result = '{result}' WHERE seq = 1"));
    // The model's file.
    let file = text("SELECT file FROM models");
    let at = file.len() / 3;
    let other = if file.as_bytes()[at] == b'A' { "B" } else { "A" };
    sql(&format!("UPDATE models SET file = '{}{other}{}'", &file[..at], &file[at + 1..]));
    let found = verify();
    assert!(found.iter().any(|p| p.contains(&format!("model {hash} is missing or damaged"))), "{found:?}");
    assert!(found.iter().any(|p| p.contains("does not read back")), "{found:?}");
}

fn rows_are_as_of_the_event_and_the_same_for_training(place: &TestDb) {
    let desk = Desk::new(place);
    desk.withdraw("w-1", 10_000);
    let hash = desk.model("withdrawal-scam", 50_000, &[Step::Shadow]);
    let served: Vec<Decision> = (2..6).map(|n| desk.withdraw(&format!("w-{n}"), n * 15_000)).collect();
    desk.screening.step_model(hash, Step::Retire, "done", "ana").unwrap();
    desk.withdraw("w-6", 90_000);
    let mut rows = Vec::new();
    let mut each = |event: &holdfast_decision::Event, decided: &holdfast_decision::fold::Decided| {
        rows.push((event.id.clone(), decided.row.clone().unwrap()));
    };
    let report = replay_rows(&desk.screening, &mut |_| ControlFlow::Continue(()), &mut each).unwrap();
    assert_eq!((report.problems, report.decisions), (Vec::new(), 6));
    assert_eq!(rows.len(), 6, "events that no model scored have rows for training too");
    for decision in served {
        let bytes = &rows.iter().find(|r| r.0 == decision.event).unwrap().1;
        let row = holdfast_models::FeatureRow::from_bytes(bytes).unwrap();
        assert_eq!(row.hash(), decision.learned.unwrap().features);
    }
}
