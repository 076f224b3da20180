//! Rows go into both databases alike.

use holdfast_store::{Database, Value};
use holdfast_testing::{TestDb, on_both};

on_both!(
    rows_go_in_and_come_out,
    what_does_not_fit_is_refused,
    a_statement_lasts_through_changes_of_its_table,
    a_statement_of_an_empty_table_is_planned_anew_when_it_is_full
);

const COLUMNS: [&str; 4] = ["id", "name", "amount", "parent"];

fn table(place: &TestDb) -> Database {
    let mut db = Database::connect(&place.url).unwrap();
    db.batch("CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT, amount TEXT NOT NULL, parent BIGINT)").unwrap();
    db
}

fn row(i: i64) -> Vec<Value> {
    let name = (i % 3 != 0).then(|| format!("'{i}', \"{{}}\" NULL \\"));
    vec![i.into(), name.into(), "340282366920938463463374607431768211456".into(), (i % 2 == 0).then_some(i / 2).into()]
}

fn rows_go_in_and_come_out(place: &TestDb) {
    let mut db = table(place);
    let rows: Vec<_> = (0..2_500).map(row).collect();
    db.begin().unwrap();
    db.insert("things", &COLUMNS, &[], "").unwrap();
    db.insert("things", &COLUMNS, &rows[..7], "").unwrap();
    let changed: Vec<_> =
        rows.iter().take(10).map(|r| vec![r[0].clone(), "new".into(), "1".into(), Value::Null]).collect();
    db.insert("things", &COLUMNS, &rows, "ON CONFLICT (id) DO NOTHING").unwrap();
    let all = |db: &mut Database| db.query("SELECT id, name, amount, parent FROM things ORDER BY id", &[]).unwrap();
    let found: Vec<_> = all(&mut db).into_iter().map(|r| r.0).collect();
    assert_eq!(found, rows);
    let replace =
        "ON CONFLICT (id) DO UPDATE SET name = excluded.name, amount = excluded.amount, parent = excluded.parent";
    db.insert("things", &COLUMNS, &changed, replace).unwrap();
    db.commit().unwrap();
    let found: Vec<_> = all(&mut db).into_iter().map(|r| r.0).collect();
    assert!(found[..10] == changed && found[10..] == rows[10..]);
}

fn what_does_not_fit_is_refused(place: &TestDb) {
    let mut db = table(place);
    db.insert("things", &COLUMNS, &[row(1)], "").unwrap();
    db.insert("things", &COLUMNS, &[row(2), row(1)], "").unwrap_err();
    db.insert("things", &COLUMNS, &[vec![3.into(), Value::Null, Value::Null, Value::Null]], "").unwrap_err();
    db.insert("nothing", &COLUMNS, &[row(1)], "").unwrap_err();
    db.insert("things", &COLUMNS, &[row(4)], "").unwrap();
    assert_eq!(db.query("SELECT id FROM things WHERE id = $1", &[4.into()]).unwrap().len(), 1);
}

fn a_statement_lasts_through_changes_of_its_table(place: &TestDb) {
    let mut db = table(place);
    let read = "SELECT * FROM things WHERE id = $1";
    db.insert("things", &COLUMNS, &[row(1)], "").unwrap();
    assert_eq!(db.query(read, &[1.into()]).unwrap()[0].0.len(), 4);
    db.another().unwrap().batch("ALTER TABLE things ADD COLUMN note TEXT").unwrap();
    // PostgreSQL refuses a prepared statement whose result changed, once.
    let again = db.query(read, &[1.into()]).or_else(|_| db.query(read, &[1.into()])).unwrap();
    assert_eq!(again[0].0.len(), 5);
    db.insert("things", &COLUMNS, &[row(2)], "").unwrap();
    // More statements than stay prepared.
    for n in 0..300 {
        assert_eq!(
            db.query(&format!("SELECT {n} + id FROM things WHERE id = $1"), &[2.into()]).unwrap()[0].int(0).unwrap(),
            n + 2
        );
    }
}

/// PostgreSQL by itself plans a statement for good at its sixth run: on an empty table, to read all of it.
fn a_statement_of_an_empty_table_is_planned_anew_when_it_is_full(place: &TestDb) {
    let mut db = table(place);
    let read = "SELECT id FROM things WHERE id IN ($1, $2)";
    for _ in 0..10 {
        assert!(db.query(read, &[1.into(), 2.into()]).unwrap().is_empty());
    }
    let rows: Vec<_> = (0..2_500).map(row).collect();
    db.begin().unwrap();
    db.insert("things", &COLUMNS, &rows, "").unwrap();
    db.commit().unwrap();
    assert_eq!(db.query(read, &[1.into(), 2.into()]).unwrap().len(), 2);
    if place.url.starts_with("postgres") {
        let plans = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1";
        let plans = db.query(plans, &[read.into()]).unwrap();
        assert_eq!((plans[0].int(0).unwrap(), plans[0].int(1).unwrap()), (0, 11));
    }
}

/// A row that is refused says nothing about the statement: it stays prepared. What the server dropped is prepared again.
#[test]
fn statements_stay_prepared_but_for_those_that_are_stale() {
    let Some(place) = TestDb::postgres() else { return };
    let mut db = table(&place);
    let read = "SELECT name FROM things WHERE id = $1";
    let prepared = |db: &mut Database| -> Vec<Vec<Value>> {
        let sql = "SELECT name, statement FROM pg_prepared_statements WHERE statement LIKE '%things%' ORDER BY name";
        db.query(sql, &[]).unwrap().into_iter().map(|r| r.0).collect()
    };
    let keep = "ON CONFLICT (id) DO NOTHING";
    db.insert("things", &COLUMNS, &[row(1)], "").unwrap();
    db.insert("things", &COLUMNS, &[row(1)], keep).unwrap();
    db.query(read, &[1.into()]).unwrap();
    let before = prepared(&mut db);
    // Two inserts, the query, and the one that looks at them.
    assert_eq!(before.len(), 4, "{before:?}");
    db.insert("things", &COLUMNS, &[row(1)], "").unwrap_err();
    db.insert("things", &COLUMNS, &[row(2)], "").unwrap();
    db.insert("things", &COLUMNS, &[row(2)], keep).unwrap();
    db.query(read, &["no number".into()]).unwrap_err();
    db.query(read, &[2.into()]).unwrap();
    assert_eq!(prepared(&mut db), before);
    db.batch("DEALLOCATE ALL").unwrap();
    db.insert("things", &COLUMNS, &[row(3)], "").unwrap_err();
    db.insert("things", &COLUMNS, &[row(3)], "").unwrap();
    db.query(read, &[3.into()]).unwrap_err();
    assert_eq!(db.query(read, &[3.into()]).unwrap().len(), 1);
}
