//! Who puts a model in force, and what is refused.

use holdfast_decision::Purpose;
use holdfast_learned::{LearnedError, MAX_IN_SHADOW, ModelState, Step, entry, list, model};
use holdfast_models::ModelHash;
use holdfast_screening::Screening;
use holdfast_store::Database;
use holdfast_testing::{TestClock, TestDb, on_both, value_model};
use holdfast_types::ErrorKind;

on_both!(
    two_people_make_a_champion_and_every_step_is_in_the_log,
    what_a_desk_does_not_know_is_refused,
    a_row_or_file_that_was_changed_beside_the_program_is_found,
);

fn desk(place: &TestDb) -> Screening {
    Screening::open(&place.url, TestClock::new().clock()).unwrap()
}

fn state(screening: &Screening, hash: ModelHash) -> ModelState {
    screening.read(|db| entry(db, hash)).unwrap().unwrap().state
}

fn two_people_make_a_champion_and_every_step_is_in_the_log(place: &TestDb) {
    let screening = desk(place);
    let (first, second) = (value_model("withdrawal-scam", 50_000), value_model("withdrawal-scam", 60_000));
    let (a, b) = (first.hash(), second.hash());
    let added = screening.add_model(first.clone(), "ana").unwrap();
    assert_eq!(
        (added.state, added.purpose, added.added_by.as_str()),
        (ModelState::Draft, Purpose::WithdrawalScam, "ana")
    );
    assert_eq!(screening.add_model(first, "bo").unwrap(), added, "the same file again changes nothing");
    let e = screening.step_model(a, Step::Champion, "good", "ana").unwrap_err();
    assert!(e.kind() == ErrorKind::State && e.to_string().contains("shadow first"), "{e}");
    assert!(matches!(screening.step_model(a, Step::Shadow, " ", "ana").unwrap_err(), LearnedError::Invalid(_)));
    screening.step_model(a, Step::Shadow, "trial", "ana").unwrap();
    let proposed = screening.step_model(a, Step::Champion, "finds more", "ana").unwrap();
    assert_eq!((proposed.state, proposed.proposed_by.as_deref()), (ModelState::Shadow, Some("ana")));
    for same in ["ana", " ANA"] {
        let e = screening.step_model(a, Step::Champion, "finds more", same).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::SecondPerson, "{e}");
    }
    let champion = screening.step_model(a, Step::Champion, "checked", "bo").unwrap();
    assert_eq!((champion.state, champion.proposed_by), (ModelState::Champion, None));
    // The next champion retires it.
    screening.add_model(second, "ana").unwrap();
    screening.step_model(b, Step::Shadow, "trial", "ana").unwrap();
    screening.step_model(b, Step::Champion, "finds more", "bo").unwrap();
    screening.step_model(b, Step::Champion, "checked", "ana").unwrap();
    assert_eq!((state(&screening, a), state(&screening, b)), (ModelState::Retired, ModelState::Champion));
    let all = screening.read(|db| list(db, Some(Purpose::WithdrawalScam), None)).unwrap();
    assert_eq!(all.iter().map(|e| e.model).collect::<Vec<_>>(), [b, a], "in force first");
    assert!(screening.read(|db| list(db, Some(Purpose::Mule), None)).unwrap().is_empty());
    let actions = |hash: ModelHash| {
        let entries = screening.audit(0, Some(&format!("model:{hash}")), 100).unwrap();
        entries.into_iter().map(|e| (e.action, e.actor)).collect::<Vec<_>>()
    };
    let expected =
        [("model.added", "ana"), ("model.changed", "ana"), ("model.proposed", "ana"), ("model.changed", "bo")];
    let mut expected: Vec<_> = expected.map(|(a, p)| (a.to_owned(), p.to_owned())).into();
    expected.push(("model.changed".to_owned(), "ana".to_owned()));
    assert_eq!(actions(a), expected, "the last one says what replaced it");
    let report = screening.verify_audit(None).unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    assert_eq!(screening.read(|db| model(db, b)).unwrap().unwrap().hash(), b);
    // Back to rules alone takes one person, at once.
    screening.step_model(b, Step::Shadow, "out of bounds", "cy").unwrap();
    assert_eq!(state(&screening, b), ModelState::Shadow);
    // A proposal that nobody made is found.
    let forged = format!("UPDATE models SET proposed_by = 'eve', proposed = 1 WHERE hash = '{b}'");
    Database::connect(&place.url).unwrap().batch(&forged).unwrap();
    let found = screening.verify_audit(None).unwrap().problems;
    assert!(found.len() == 1 && found[0].contains(&format!("model {b}: proposed_by is 'eve'")), "{found:?}");
    screening.step_model(b, Step::Retire, "out of bounds", "cy").unwrap();
    assert_eq!(screening.step_model(b, Step::Retire, "again", "cy").unwrap_err().kind(), ErrorKind::State);
}

fn what_a_desk_does_not_know_is_refused(place: &TestDb) {
    let screening = desk(place);
    let e = screening.add_model(value_model("everything", 50_000), "ana").unwrap_err();
    assert!(e.kind() == ErrorKind::Invalid && e.to_string().contains("'everything' is none of"), "{e}");
    let e = screening.add_model(value_model("account-phishing", 50_000), "ana").unwrap_err();
    assert!(e.to_string().starts_with("feature event_value: not known for account-phishing"), "{e}");
    assert!(screening.read(|db| list(db, None, None)).unwrap().is_empty());
    let nobody = ModelHash::of(b"nobody");
    assert_eq!(screening.step_model(nobody, Step::Shadow, "x", "ana").unwrap_err().kind(), ErrorKind::NotFound);
    for n in 0..=u32::try_from(MAX_IN_SHADOW).unwrap() {
        let model = value_model("mule", 10_000 + n * 1_000);
        let hash = model.hash();
        screening.add_model(model, "ana").unwrap();
        let step = screening.step_model(hash, Step::Shadow, "trial", "ana");
        assert_eq!(step.is_ok(), i64::from(n) < MAX_IN_SHADOW, "{step:?}");
    }
    // A champion steps back even so, once.
    let champion = screening.read(|db| list(db, Some(Purpose::Mule), Some(ModelState::Shadow))).unwrap()[0].model;
    screening.step_model(champion, Step::Champion, "good", "ana").unwrap();
    screening.step_model(champion, Step::Champion, "good", "bo").unwrap();
    let last = screening.read(|db| list(db, Some(Purpose::Mule), Some(ModelState::Draft))).unwrap()[0].model;
    screening.step_model(last, Step::Shadow, "trial", "ana").unwrap();
    assert!(screening.tell_of_model(champion, "moved", true).unwrap().is_some());
    assert_eq!(state(&screening, champion), ModelState::Shadow);
    screening.step_model(champion, Step::Retire, "out of bounds", "ana").unwrap();
    assert_eq!(screening.tell_of_model(champion, "moved again", true).unwrap(), None, "what a person retired stays so");
    assert_eq!(state(&screening, champion), ModelState::Retired);
}

fn a_row_or_file_that_was_changed_beside_the_program_is_found(place: &TestDb) {
    let hash = {
        let screening = desk(place);
        let model = value_model("mule", 50_000);
        let hash = model.hash();
        screening.add_model(model, "ana").unwrap();
        hash
    };
    let sql = |statement: &str| Database::connect(&place.url).unwrap().batch(statement).unwrap();
    let problems = || desk(place).verify_audit(None).unwrap().problems;
    assert_eq!(problems(), Vec::<String>::new());
    sql("UPDATE models SET state = 'retired'");
    let found = problems();
    assert!(found.len() == 1 && found[0].contains(&format!("model {hash}: state is 'retired'")), "{found:?}");
    sql("UPDATE models SET state = 'draft'");
    // One character of the file: another byte.
    let file = desk(place).read(|db| Ok(db.query("SELECT file FROM models", &[])?[0].text(0)?.to_owned())).unwrap();
    let at = file.len() / 2;
    let other = if file.as_bytes()[at] == b'A' { "B" } else { "A" };
    let damaged = format!("{}{other}{}", &file[..at], &file[at + 1..]);
    sql(&format!("UPDATE models SET file = '{damaged}'"));
    let found = problems();
    assert!(found.len() == 1 && found[0].contains(&format!("stored model {hash} does not read back")), "{found:?}");
    // Nothing damaged comes into force.
    let screening = desk(place);
    let e = screening.step_model(hash, Step::Shadow, "trial", "ana").unwrap_err();
    assert!(e.to_string().contains("does not read back"), "{e}");
    assert_eq!(state(&screening, hash), ModelState::Draft);
}
