//! The audit log cannot be cut, rewritten or put back, nor the tables changed beside it, without `verify` finding it.

use holdfast_attribution::Category;
use holdfast_audit::Anchors;
use holdfast_audit::hash;
use holdfast_decision::ChainFacts;
use holdfast_decision::Price;
use holdfast_decision::facts::TagFact;
use holdfast_decision::rules;
use holdfast_identity::{ApiKey, KeyRing, PersonState};
use holdfast_screening::alerts::{AlertAction, Outcome};
use holdfast_screening::changes::ChangeKind;
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::Database;
use holdfast_testing::{START, TestClock, TestDb, deposit, on_both, withdrawal};

on_both!(
    a_row_changed_beside_the_log_is_found,
    a_log_cut_or_rewritten_is_found_by_its_anchors,
    a_rotated_ring_is_noted_and_lacks_no_key,
    people_have_keys_and_two_people_are_two,
    a_key_that_does_not_fit_the_database_is_refused,
);

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

/// A desk with some of everything: a hold, a released one, alerts, two keys, a price, a webhook.
fn filled(place: &TestDb) -> Screening {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    for (i, customer) in ["c1", "c2"].iter().enumerate() {
        let event = deposit(&format!("d{i}"), customer, &format!("0x{i:064x}"), 5, 900_000);
        screening.decide(event, sanctioned(), "test").unwrap();
    }
    let to = "0x00000000000000000000000000000000000000bb";
    screening.decide(withdrawal("w1", "c3", to, 1, 100), ChainFacts::default(), "test").unwrap();
    screening.release_hold(2, None, "checked", "ana").unwrap();
    screening.release_hold(2, None, "checked", "ben").unwrap();
    let close = AlertAction::Close { outcome: Outcome::TruePositive, text: "it was".into() };
    screening.act_on_alert(1, close, "ana").unwrap();
    screening.act_on_alert(2, AlertAction::Assign { assignee: Some("ben".into()) }, "ana").unwrap();
    screening.add_key("a1", "ana", vec!["read".into(), "alerts".into()], 0, "root").unwrap();
    screening.add_key("b1", "ben", vec!["read".into()], 0, "root").unwrap();
    screening.revoke_key("b1", "root").unwrap();
    screening.set_price("ETH", Price { base_units: holdfast_types::Amount::new(10), value: 5 }, "ana").unwrap();
    screening.add_webhook("https://example.org/hook", &["holds".into()], "ana").unwrap();
    let book = rules::DEFAULT_BOOK.replacen("title: ", "title: our ", 1);
    screening.apply_rules(&book, "ana").unwrap();
    screening
}

/// Whatever SQL changes in the tables that the log settles, by one row or one field, is named.
fn a_row_changed_beside_the_log_is_found(place: &TestDb) {
    let screening = filled(place);
    let report = screening.verify_audit(None).unwrap();
    assert_eq!(report.problems, [""; 0]);
    assert!(report.state >= 9, "{report:?}");
    drop(screening);
    let mut db = Database::connect(&place.url).unwrap();
    for (change, named) in [
        ("UPDATE holds SET state = 'released', held = '0' WHERE id = 1", "hold 1: state is 'released'"),
        ("UPDATE holds SET customer = 'c9' WHERE id = 1", "hold 1: customer is 'c9'"),
        ("UPDATE holds SET expires = 5 WHERE id = 1", "hold 1: expires is '5'"),
        ("DELETE FROM holds WHERE id = 1", "hold 1 is in the log but not in the database"),
        ("UPDATE api_keys SET scopes = 'admin' WHERE id = 'a1'", "key a1: scopes is 'admin'"),
        ("UPDATE api_keys SET revoked = NULL WHERE id = 'b1'", "key b1: revoked is nothing"),
        (
            "INSERT INTO api_keys (id, name, scopes, per_minute, created, created_by) VALUES ('m1', 'm', 'admin', 0, 1, 'root')",
            "key m1 is in no entry",
        ),
        ("UPDATE alerts SET state = 'open', outcome = NULL WHERE id = 1", "alert 1: "),
        ("UPDATE alerts SET state = 'closed' WHERE id = 2", "alert 2: state is 'closed'"),
        ("UPDATE rule_books SET yaml = 'x' WHERE version = 2", "rules 2: the text"),
        ("UPDATE prices SET value = 1 WHERE asset = 'ETH'", "price ETH: value is '1'"),
        ("UPDATE webhooks SET url = 'https://evil.example' WHERE id = 1", "webhook 1: url"),
    ] {
        db.batch("BEGIN").unwrap();
        assert_eq!(db.execute(change, &[]).unwrap(), 1, "{change}");
        let problems = holdfast_screening::audit::verify(&mut db, None).unwrap().problems;
        db.batch("ROLLBACK").unwrap();
        assert!(problems.iter().any(|p| p.contains(named)), "{change}: {problems:?}");
    }
    assert_eq!(holdfast_screening::audit::verify(&mut db, None).unwrap().problems, [""; 0]);
}

/// Writes the log anew from an entry on, with proper hashes, as somebody with the database would.
fn rewrite(db: &mut Database, from: i64) {
    let before = db.query("SELECT hash FROM audit WHERE seq = $1", &[(from - 1).into()]).unwrap();
    let mut previous = before[0].text(0).unwrap().to_owned();
    let sql = "SELECT seq, time, actor, action, subject, detail FROM audit WHERE seq >= $1 ORDER BY seq";
    for row in db.query(sql, &[from.into()]).unwrap() {
        let (seq, time) = (row.int(0).unwrap(), row.time(1).unwrap());
        let parts = ["mallory", row.text(3).unwrap(), row.text(4).unwrap(), row.text(5).unwrap()];
        previous = hash(&previous, seq as u64, time, parts);
        let values = ["mallory".into(), previous.as_str().into(), seq.into()];
        db.execute("UPDATE audit SET actor = $1, hash = $2 WHERE seq = $3", &values).unwrap();
    }
}

/// A cut tail, a log with new hashes, an older database: the anchors name each. Anchors that were changed are no anchors.
fn a_log_cut_or_rewritten_is_found_by_its_anchors(place: &TestDb) {
    let dir = tempfile::tempdir().unwrap();
    let anchors = Anchors::new(dir.path(), KeyRing::single([7; 32]));
    let screening = filled(place);
    let entry = |s: &Screening| s.anchor(&anchors).unwrap().entry;
    let first = entry(&screening);
    assert_eq!(entry(&screening), first, "nothing happened: no new anchor");
    screening.set_price("BTC", Price { base_units: holdfast_types::Amount::new(10), value: 5 }, "ana").unwrap();
    assert_eq!(entry(&screening), first + 1);
    let verify = |s: &Screening| s.verify_anchored(None, Some(&anchors), None).unwrap();
    let report = verify(&screening);
    assert_eq!((report.anchors, report.problems.len()), (2, 0), "{report:?}");
    let mut db = Database::connect(&place.url).unwrap();
    // The price is taken back together with its entry: the log alone is in order, as with an older database.
    db.batch("DELETE FROM prices WHERE asset = 'BTC'").unwrap();
    db.execute("DELETE FROM audit WHERE seq > $1", &[(first as i64).into()]).unwrap();
    drop(screening);
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    assert_eq!(screening.verify_audit(None).unwrap().problems, [""; 0], "the log alone does not show it");
    let problems = verify(&screening).problems;
    assert!(problems.len() == 1 && problems[0].contains("an older database was put back"), "{problems:?}");
    assert!(matches!(screening.anchor(&anchors), Err(ScreeningError::State(_))), "what was cut is not anchored over");
    // The log is filled up again to the anchored length, with other entries.
    screening.set_price("XMR", Price { base_units: holdfast_types::Amount::new(10), value: 5 }, "ana").unwrap();
    let problems = verify(&screening).problems;
    assert!(problems.len() == 1 && problems[0].contains("rewritten"), "{problems:?}");
    drop(screening);
    rewrite(&mut db, 3);
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    assert!(verify(&screening).problems.iter().filter(|p| p.contains("rewritten")).count() == 2);
    // The file itself: a line changed, a line taken out, a line by another key.
    let text = std::fs::read_to_string(anchors.path()).unwrap();
    let (one, two) = text.trim().split_once('\n').unwrap();
    let copy = dir.path().join("copy");
    for (changed, named) in [
        (format!("{two}\n"), "does not follow"),
        (text.replace(&format!("\"time\":{}", START.unix()), "\"time\":5"), "not signed by this desk's key"),
        (format!("{one}\nnonsense\n"), "is no anchor"),
    ] {
        std::fs::write(&copy, &changed).unwrap();
        let problems = screening.verify_anchored(None, Some(&anchors), Some(&copy)).unwrap().problems;
        assert!(problems.iter().any(|p| p.contains(named)), "{named}: {problems:?}");
    }
    let other = Anchors::new(dir.path(), KeyRing::single([8; 32]));
    let problems = screening.verify_anchored(None, Some(&other), None).unwrap().problems;
    assert!(problems[0].contains("not signed by this desk's key"), "{problems:?}");
    assert!(screening.verify_anchored(None, Some(&anchors), Some(&dir.path().join("gone"))).is_err());
}

/// A database is bound to the first key that it was used with; another one is refused with words that say what to do.
fn a_key_that_does_not_fit_the_database_is_refused(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    assert!(screening.needs_key().unwrap().is_empty(), "a new database may get a new key");
    screening.bind_keys(&KeyRing::single([7; 32]), "ana").unwrap();
    screening.bind_keys(&KeyRing::single([7; 32]), "ana").unwrap();
    let other = screening.bind_keys(&KeyRing::single([8; 32]), "ana").unwrap_err().to_string();
    assert!(other.contains("not the key that this database was made with") && other.contains("restore"), "{other}");
    assert!(!screening.needs_key().unwrap().is_empty());
    screening.add_key("a1", "ana", vec!["read".into()], 0, "root").unwrap();
    drop(screening);
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    assert!(screening.bind_keys(&KeyRing::single([8; 32]), "ana").is_err(), "it is stored");
    // A key that is lost for good is replaced on purpose only, and voids what was made with it.
    assert_eq!(screening.replace_key(&KeyRing::single([8; 32]), "the disk with desk.key failed", "root").unwrap(), 1);
    assert!(screening.keys().unwrap()[0].revoked.is_some());
    screening.bind_keys(&KeyRing::single([8; 32]), "ana").unwrap();
    assert!(screening.bind_keys(&KeyRing::single([7; 32]), "ana").is_err());
    assert_eq!(screening.verify_audit(None).unwrap().problems, [""; 0]);
}

/// A key that was added is noted once; a ring that lost one of the database's keys is refused.
fn a_rotated_ring_is_noted_and_lacks_no_key(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    let first = KeyRing::single([7; 32]);
    screening.bind_keys(&first, "engine").unwrap();
    assert!(screening.audit(0, Some("desk"), 10).unwrap().is_empty(), "the first key is no rotation");
    let ring = first.with([8; 32]).unwrap();
    screening.bind_keys(&ring, "ana").unwrap();
    screening.bind_keys(&ring, "ben").unwrap();
    let noted = screening.audit(0, Some("desk"), 10).unwrap();
    assert_eq!((noted.len(), noted[0].action.as_str(), noted[0].actor.as_str()), (1, "desk_key.rotated", "ana"));
    assert!(noted[0].detail.contains(ring.ids().last().unwrap()), "{}", noted[0].detail);
    for (lost, why) in [(first.clone(), "an old file"), (KeyRing::single([8; 32]), "its first key is gone")] {
        assert!(screening.bind_keys(&lost, "ana").is_err(), "{why}");
    }
    // Anchors that an older key signed stay good.
    let dir = tempfile::tempdir().unwrap();
    screening.anchor(&Anchors::new(dir.path(), first)).unwrap();
    screening.add_webhook("https://example.org/hook", &["holds".into()], "ana").unwrap();
    let anchors = Anchors::new(dir.path(), ring);
    screening.anchor(&anchors).unwrap();
    assert_eq!(screening.verify_anchored(None, Some(&anchors), None).unwrap().problems, [""; 0]);
    assert_eq!(anchors.read(None).unwrap().0.len(), 2);
}

fn people_have_keys_and_two_people_are_two(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    let ana = screening.add_key("a1", "ana", vec!["manage".into()], 0, "root").unwrap();
    let laptop = ApiKey { id: "a2".into(), name: "laptop".into(), person: "ANA ".into(), ..ana };
    screening.add_key_of(laptop).unwrap();
    let people = screening.people().unwrap();
    assert_eq!(people.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["ana"], "however the name is written");
    let keys = screening.keys().unwrap();
    assert!(keys.iter().all(|k| k.person() == "ana" && k.is_in_force()), "{keys:?}");
    // Two keys are one person.
    assert!(!screening.has_second_person(ChangeKind::Source, "ana").unwrap());
    screening.add_key("b1", "ben", vec!["manage".into()], 0, "ana").unwrap();
    assert!(screening.has_second_person(ChangeKind::Source, "ana").unwrap());
    let ben = screening.people().unwrap().pop().unwrap();
    let suspend = |id, why: &str| screening.set_person_state(id, PersonState::Suspended, why, "ana");
    assert!(matches!(suspend(ben.id, " "), Err(ScreeningError::Invalid(_))), "a reason is needed");
    assert!(matches!(suspend(77, "gone"), Err(ScreeningError::NotFound(_))));
    assert_eq!(suspend(ben.id, "left the company").unwrap().state, PersonState::Suspended);
    assert!(matches!(suspend(ben.id, "again"), Err(ScreeningError::State(_))));
    assert!(!screening.has_second_person(ChangeKind::Source, "ana").unwrap(), "nobody who is suspended counts");
    assert!(!screening.keys().unwrap().iter().find(|k| k.id == "b1").unwrap().is_in_force());
    assert!(matches!(suspend(people[0].id, "x"), Err(ScreeningError::State(_))), "the last administrator stays");
    assert!(screening.keys().unwrap().iter().any(|k| k.id == "a1" && k.is_in_force()), "nothing of it happened");
    let phone = ApiKey { id: "b2".into(), name: "phone".into(), person: "Ben".into(), ..keys[0].clone() };
    assert!(matches!(screening.add_key_of(phone), Err(ScreeningError::State(_))), "nobody who is suspended gets a key");
    screening.set_person_state(ben.id, PersonState::Active, "is back", "ana").unwrap();
    assert_eq!(screening.verify_audit(None).unwrap().problems, [""; 0]);
    // What the database says is what the log says.
    screening
        .transact("x", |tx| {
            tx.db().execute("UPDATE people SET state = 'suspended' WHERE name = 'ana'", &[])?;
            tx.db().execute("UPDATE key_people SET person = 2 WHERE key_id = 'a2'", &[])?;
            Ok::<_, ScreeningError>(())
        })
        .unwrap();
    let problems = screening.verify_audit(None).unwrap().problems;
    assert!(
        problems.len() == 2 && problems[0].starts_with("person 1") && problems[1].starts_with("owner of key a2"),
        "{problems:?}"
    );
}
