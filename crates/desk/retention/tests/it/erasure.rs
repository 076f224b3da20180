//! A customer is erased: refused while a law, a legal hold or one person alone stands against it, and nothing of them is found anywhere afterwards.

use holdfast_decision::model::{Record, RecordKind};
use holdfast_decision::{ChainFacts, Event};
use holdfast_documents::Vault;
use holdfast_retention::erasure::Shared;
use holdfast_retention::policy::Kind;
use holdfast_retention::{Retention, RetentionError};
use holdfast_screening::Screening;
use holdfast_screening::replay::replay_log;
use holdfast_store::{Database, Value};
use holdfast_testing::{START, TestClock, TestDb, on_both, withdrawal};
use holdfast_types::Seconds;
use serde_json::json;
use std::ops::ControlFlow;
use std::path::Path;

on_both!(
    nothing_of_an_erased_customer_is_left_and_the_log_verifies,
    an_erasure_needs_another_person_and_the_end_of_every_period,
    a_log_that_was_changed_by_hand_is_not_erased_over,
    files_of_the_vault_are_deleted_only_when_a_person_says_so,
    an_erasure_that_was_stopped_is_carried_on,
    a_vault_is_held_against_what_the_database_names,
);

const BOOK: &str = "title: t\nrules:\n  - {id: all, version: 1, state: live, title: All, on: [withdrawal], when: event.kind == 'withdrawal', decision: allow, source: [trial]}\n";
const ADA: &str = "cust-ada-1";
/// What identifies Ada, in no other customer's records.
const HERS: [&str; 6] =
    [ADA, "lovelace", "ada@example.org", "4915112345678", "0xada0000000000000000000000000000000000ada", "203.0.113.77"];

struct Desk {
    screening: Screening,
    vault: Vault,
    clock: TestClock,
    _dir: tempfile::TempDir,
}

fn record(customer: &str, name: &str, email: &str, phone: &str) -> Record {
    let record = json!({ "kind": "customer", "id": customer, "time": START, "type": "individual", "name": name, "email": email, "phone": phone, "country": "DE" });
    let record: Record = serde_json::from_value(record).unwrap();
    assert_eq!(record.kind, RecordKind::Customer);
    record
}

fn event(id: &str, customer: &str, to: &str, ip: &str) -> Event {
    let mut event = withdrawal(id, customer, to, 5_000, 77_000);
    (event.ip, event.device) = (Some(ip.into()), Some("device-of-both".into()));
    event
}

impl Desk {
    fn new(db: &TestDb) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = match db.url.strip_prefix("sqlite:") {
            Some(file) => Path::new(file).parent().unwrap().to_owned(),
            None => dir.path().to_owned(),
        };
        let clock = TestClock::new();
        let screening = Screening::open(&db.url, clock.clock()).unwrap();
        screening.apply_rules(BOOK, "x").unwrap();
        let records = vec![
            record(ADA, "Ada Lovelace", "ada@example.org", "+49 151 12345678"),
            record("cust-bob-2", "Bob Babbage", "bob@example.org", "+49 151 99999999"),
        ];
        screening.ingest(records, "exchange").unwrap();
        let desk = Desk { screening, vault: Vault::new(store.join("vault")), clock, _dir: dir };
        desk.decide("w-1", ADA, "0xAdA0000000000000000000000000000000000AdA", "203.0.113.77");
        desk.decide("w-2", "cust-bob-2", "0xb0b0000000000000000000000000000000000b0b", "203.0.113.78");
        desk.decide("w-3", ADA, "0xada0000000000000000000000000000000000ada", "203.0.113.77");
        desk
    }

    fn decide(&self, id: &str, customer: &str, to: &str, ip: &str) {
        let facts = ChainFacts { ledger: true, found: true, ..ChainFacts::default() };
        self.screening.decide(event(id, customer, to, ip), facts, "exchange").unwrap();
    }

    fn retention(&self) -> Retention<'_> {
        Retention { screening: &self.screening, vault: &self.vault }
    }

    fn after(&self, days: i64) {
        self.clock.set(START + Seconds::DAY * days);
    }

    /// Periods that are over in a year.
    fn periods_of_a_year(&self) {
        for kind in [Kind::Records, Kind::Events] {
            self.retention().set_period(kind, 365, "a test's law", "root").unwrap();
        }
        self.after(366);
    }

    fn carry_out(&self, id: u64, files: &[String]) -> Result<holdfast_retention::erasure::Erasure, RetentionError> {
        self.retention().carry_out_erasure(id, [5; 32], files, "bo", &mut |_, _| ControlFlow::Continue(()))
    }
}

/// Every text of every table, by the catalogue.
fn all_texts(url: &str) -> Vec<(String, String)> {
    let mut db = Database::connect(url).unwrap();
    let sql = match db.kind() {
        "SQLite" => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
        _ => "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema()",
    };
    let tables: Vec<String> = db.query(sql, &[]).unwrap().iter().map(|r| r.text(0).unwrap().to_owned()).collect();
    assert!(tables.len() > 60, "{tables:?}");
    let mut texts = Vec::new();
    for table in tables {
        for row in db.query(&format!("SELECT * FROM {table}"), &[]).unwrap() {
            texts.extend(row.0.into_iter().filter_map(|value| match value {
                Value::Text(text) => Some((table.clone(), text)),
                _ => None,
            }));
        }
    }
    texts
}

fn holding(texts: &[(String, String)], value: &str) -> Vec<String> {
    let plain = |text: &str| text.to_lowercase().replace([' ', '+'], "");
    texts
        .iter()
        .filter(|(_, text)| plain(text).contains(value))
        .map(|(table, text)| format!("{table}: {text}"))
        .collect()
}

fn nothing_of_an_erased_customer_is_left_and_the_log_verifies(db: &TestDb) {
    let desk = Desk::new(db);
    desk.periods_of_a_year();
    let before = all_texts(&db.url);
    for value in HERS {
        assert!(!holding(&before, value).is_empty(), "{value} is stored");
    }
    let proposed = desk.retention().propose_erasure(ADA, "she asked for it", "ana").unwrap();
    let done = desk.carry_out(proposed.id, &[]).unwrap();
    assert!(done.customer.starts_with("erased-"), "{done:?}");
    let report = done.report.unwrap();
    assert!(report.rows >= 7 && report.rows_read > 15 && report.values >= 6, "{report:?}");
    assert_eq!(report.shared, [Shared { field: "device".into(), values: 1 }], "Bob has it too");
    let after = all_texts(&db.url);
    for value in HERS {
        assert_eq!(holding(&after, value), [""; 0], "{value}");
    }
    if db.url.starts_with("sqlite:") {
        assert_eq!(report.files.unwrap().holding, [""; 0], "the database's own file included");
    }
    // What is Bob's stays.
    for value in ["cust-bob-2", "bob@example.org", "203.0.113.78", "device-of-both"] {
        assert!(!holding(&after, value).is_empty(), "{value}");
    }
    let verified = desk.screening.verify_audit(None).unwrap();
    assert_eq!(verified.problems, [""; 0]);
    assert!(verified.erased >= 2, "{verified:?}");
    let replay = replay_log(&desk.screening, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((replay.problems, replay.decisions), (Vec::new(), 3));
    // The desk goes on, here and after a restart.
    desk.decide("w-4", "cust-bob-2", "0xb0b0000000000000000000000000000000000b0b", "203.0.113.78");
    drop(desk.screening);
    let again = Screening::open(&db.url, desk.clock.clock()).unwrap();
    assert_eq!(again.verify_audit(None).unwrap().problems, [""; 0]);
    let replay = replay_log(&again, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((replay.problems, replay.decisions), (Vec::new(), 4));
    // A change of what an erasure left is found.
    let mut beside = Database::connect(&db.url).unwrap();
    let rows = beside.execute("UPDATE audit SET detail = '{}' WHERE action = 'erasure.proposed'", &[]).unwrap();
    assert_eq!(rows, 1);
    let changed = again.verify_audit(None).unwrap().problems;
    assert!(changed.len() == 1 && changed[0].contains("was changed"), "{changed:?}");
}

fn an_erasure_needs_another_person_and_the_end_of_every_period(db: &TestDb) {
    let desk = Desk::new(db);
    let retention = desk.retention();
    let refused = |what: Result<_, RetentionError>, why: &str| {
        let error = what.map(|_: holdfast_retention::erasure::Erasure| ()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    };
    refused(retention.propose_erasure(ADA, "she asked", "ana"), "no period is set for records");
    assert!(retention.set_period(Kind::Records, -1, "a law", "root").unwrap_err().to_string().contains("days"));
    assert!(retention.set_period(Kind::Records, 1, "", "root").unwrap_err().to_string().contains("basis"));
    retention.set_period(Kind::Records, 365, "Directive (EU) 2015/849, Article 40", "root").unwrap();
    retention.set_period(Kind::Events, 400, "Directive (EU) 2015/849, Article 40", "root").unwrap();
    desk.after(366);
    refused(retention.propose_erasure(ADA, "she asked", "ana"), "events are kept until");
    desk.after(401);
    let hold = retention.place_legal_hold(ADA, "proceedings 12 Js 7/26", "kim").unwrap();
    refused(retention.propose_erasure(ADA, "she asked", "ana"), "proceedings 12 Js 7/26");
    retention.lift_legal_hold(hold.id, "they ended", "kim").unwrap();
    assert!(retention.lift_legal_hold(hold.id, "again", "kim").unwrap_err().to_string().contains("was lifted"));
    refused(retention.propose_erasure("nobody-here", "x", "ana"), "there is no customer");
    let proposed = retention.propose_erasure(ADA, "she asked", "ana").unwrap();
    refused(retention.propose_erasure(ADA, "she asked", "ana"), "waits already");
    let mut go_on = |_: u64, _: u64| ControlFlow::Continue(());
    refused(retention.carry_out_erasure(proposed.id, [5; 32], &[], " Ana", &mut go_on), "another person");
    // A legal hold that came meanwhile stands against it, and the log names who placed it.
    let hold = retention.place_legal_hold(ADA, "an order came", "kim").unwrap();
    refused(desk.carry_out(proposed.id, &[]), "an order came");
    retention.lift_legal_hold(hold.id, "it was withdrawn", "kim").unwrap();
    let rejected = retention.reject_erasure(proposed.id, "she changed her mind", "bo").unwrap();
    assert_eq!((rejected.customer.as_str(), rejected.decided_by.as_deref()), (ADA, Some("bo")));
    refused(desk.carry_out(proposed.id, &[]), "rejected already");
    let log = desk.screening.audit(0, None, 1_000).unwrap();
    let placed: Vec<&str> = log.iter().filter(|e| e.action == "legal_hold.placed").map(|e| e.actor.as_str()).collect();
    assert_eq!(placed, ["kim", "kim"]);
    assert_eq!(retention.legal_holds(Some(ADA)).unwrap().len(), 2);
    assert_eq!(desk.screening.verify_audit(None).unwrap().problems, [""; 0]);
}

fn a_log_that_was_changed_by_hand_is_not_erased_over(db: &TestDb) {
    let desk = Desk::new(db);
    desk.periods_of_a_year();
    let proposed = desk.retention().propose_erasure(ADA, "she asked", "ana").unwrap();
    let mut beside = Database::connect(&db.url).unwrap();
    let sql = "UPDATE events SET result = REPLACE(result, '77000', '77001'), body = REPLACE(body, '77000', '77001') WHERE id = 'w-3'";
    assert_eq!(beside.execute(sql, &[]).unwrap(), 1);
    let error = desk.carry_out(proposed.id, &[]).unwrap_err().to_string();
    assert!(error.contains("does not verify") && error.contains("nothing was erased"), "{error}");
    assert!(!holding(&all_texts(&db.url), "ada@example.org").is_empty(), "nothing was changed");
    assert!(!desk.screening.verify_audit(None).unwrap().problems.is_empty());
}

fn files_of_the_vault_are_deleted_only_when_a_person_says_so(db: &TestDb) {
    let desk = Desk::new(db);
    desk.periods_of_a_year();
    let order = desk.vault.store(b"Order on the account of ada@example.org").unwrap();
    let other = desk.vault.store(b"Order on the account of bob@example.org").unwrap();
    let proposed = desk.retention().propose_erasure(ADA, "she asked", "ana").unwrap();
    let error = desk.carry_out(proposed.id, &[]).unwrap_err().to_string();
    assert!(error.contains(&order) && !error.contains(&other), "{error}");
    let error = desk.carry_out(proposed.id, &["../x".to_owned()]).unwrap_err().to_string();
    assert!(error.contains("delete_files"), "{error}");
    let done = desk.carry_out(proposed.id, std::slice::from_ref(&order)).unwrap();
    let report = done.report.unwrap();
    assert_eq!((report.deleted, report.files.unwrap().holding), (vec![order.clone()], Vec::new()));
    assert!(!desk.vault.has(&order) && desk.vault.has(&other));
}

fn an_erasure_that_was_stopped_is_carried_on(db: &TestDb) {
    let desk = Desk::new(db);
    desk.periods_of_a_year();
    let retention = desk.retention();
    let id = retention.propose_erasure(ADA, "she asked for it", "ana").unwrap().id;
    assert!(retention.may_carry_out(id, "ana").unwrap_err().to_string().contains("another person"));
    assert_eq!(retention.may_carry_out(id, "bo").unwrap().customer, ADA);
    let mut stop = |_: u64, _: u64| ControlFlow::Break(());
    let stopped = retention.carry_out_erasure(id, [5; 32], &[], "bo", &mut stop).unwrap_err().to_string();
    assert!(stopped.contains("before anything was changed"), "{stopped}");
    assert!(!holding(&all_texts(&db.url), "lovelace").is_empty());
    // The second pass begins at the first table again: everything is rewritten by then.
    let mut last = 0;
    let mut stop_later = |tables: u64, _: u64| {
        let is_second = tables < last;
        last = tables;
        if is_second { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let stopped = retention.carry_out_erasure(id, [5; 32], &[], "bo", &mut stop_later).unwrap_err().to_string();
    assert!(stopped.contains("rows were rewritten; carry it out again"), "{stopped}");
    let waiting = retention.may_carry_out(id, "bo").unwrap();
    assert!(waiting.customer.starts_with("erased-") && waiting.report.is_none(), "{waiting:?}");
    let done = desk.carry_out(id, &[]).unwrap();
    let report = done.report.unwrap();
    assert!(report.interrupted && report.rows >= 7 && report.files.is_none(), "{report:?}");
    assert_eq!(done.customer, waiting.customer, "pseudonyms are not replaced again");
    for value in HERS {
        assert_eq!(holding(&all_texts(&db.url), value), [""; 0], "{value}");
    }
    assert_eq!(desk.screening.verify_audit(None).unwrap().problems, [""; 0]);
    assert!(retention.carry_out_erasure(id, [5; 32], &[], "bo", &mut stop).unwrap_err().to_string().contains("done"));
}

fn a_vault_is_held_against_what_the_database_names(db: &TestDb) {
    let desk = Desk::new(db);
    let (kept, gone) = (desk.vault.store(b"an order").unwrap(), desk.vault.store(b"a letter").unwrap());
    let owned = [(&kept, "request:r1"), (&kept, "request:r2"), (&gone, "case:7")];
    let mut beside = Database::connect(&db.url).unwrap();
    for (sha256, owner) in owned {
        let row = [owner.into(), sha256.as_str().into()];
        let sql = "INSERT INTO files (owner, name, sha256, size, media_type, time, added_by) VALUES ($1, 'a.txt', $2, 8, 'text/plain', 1, 'ana')";
        beside.execute(sql, &row).unwrap();
    }
    let check = || desk.retention().check_vault(&mut |_| ControlFlow::Continue(())).unwrap();
    let whole = check();
    assert_eq!((whole.files, whole.rows, whole.bytes, whole.problems.len()), (2, 3, 16, 0));
    desk.vault.delete(&gone).unwrap();
    let missing = check().problems;
    assert!(missing.len() == 1 && missing[0].contains("case:7") && missing[0].contains(&gone), "{missing:?}");
    // What an erasure deleted is rightly gone.
    let report = json!({ "values": 0, "by_field": 0, "shared": [], "rows": 0, "tables_read": 0, "rows_read": 0, "deleted": [gone], "files": null });
    let sql = "INSERT INTO erasures (id, customer, reason, state, proposed_by, proposed, report) VALUES (1, 'erased-1', 'x', 'done', 'ana', 1, $1)";
    beside.execute(sql, &[report.to_string().as_str().into()]).unwrap();
    let after = check();
    assert_eq!((after.problems, after.erased), (Vec::new(), 1));
    std::fs::write(desk.vault.folder().join(&kept[..2]).join(&kept), b"AN order").unwrap();
    let changed = check().problems;
    assert!(changed.len() == 1 && changed[0].contains("was changed"), "{changed:?}");
    assert!(desk.retention().check_vault(&mut |_| ControlFlow::Break(())).unwrap().stopped);
}
