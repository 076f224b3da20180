//! Two versions and one database: what the next version adds to the tables does not disturb the previous one, and what it takes away keeps that one out.

use holdfast_store::{Database, DbError, Schema};
use holdfast_testing::{TestDb, on_both};

on_both!(the_previous_version_goes_on_after_additive_migrations);

const MADE: &str = "CREATE TABLE parts (id BIGINT PRIMARY KEY, name TEXT NOT NULL)";
const ADDED: &str =
    "ALTER TABLE parts ADD COLUMN kind TEXT; CREATE TABLE part_notes (part BIGINT NOT NULL, note TEXT NOT NULL);
    CREATE INDEX parts_kind ON parts (kind)";
const TAKEN: &str = "ALTER TABLE parts DROP COLUMN name";

const fn version(migrations: &'static [&'static str]) -> [Schema; 1] {
    [Schema { department: "parts", migrations }]
}

const PREVIOUS: [Schema; 1] = version(&[MADE]);
const NEXT: [Schema; 1] = version(&[MADE, ADDED]);
const LATER: [Schema; 1] = version(&[MADE, ADDED, TAKEN]);

fn the_previous_version_goes_on_after_additive_migrations(place: &TestDb) {
    place.empty();
    let mut next = Database::connect(&place.url).unwrap();
    assert!(!next.migrate_ahead(&[], &NEXT).unwrap(), "a database that nobody began");
    let mut writer = Database::connect(&place.url).unwrap();
    writer.migrate(&[], &PREVIOUS).unwrap();
    writer.become_writer().unwrap();
    let mut put = |id: i64| {
        writer.begin_fenced().unwrap();
        writer.insert("parts", &["id", "name"], &[vec![id.into(), "x".into()]], "").unwrap();
        writer.commit().unwrap();
        writer.query("SELECT id, name FROM parts WHERE id = $1", &[id.into()]).unwrap().len()
    };
    assert_eq!(put(1), 1);
    // The next version stands by: it makes what it adds, and the writer goes on with statements that it prepared before.
    assert!(next.migrate_ahead(&[], &NEXT).unwrap());
    assert_eq!(put(2), 1);
    assert!(next.query("SELECT part, note FROM part_notes", &[]).unwrap().is_empty());
    assert_eq!(next.query("SELECT id FROM parts WHERE kind IS NULL", &[]).unwrap().len(), 2);
    // The previous version starts again: on the way back from the next one.
    let mut again = Database::connect(&place.url).unwrap();
    again.migrate(&[], &PREVIOUS).unwrap();
    next.migrate(&[], &NEXT).unwrap();
    // What takes something away is not made beside a writer, and is made by whoever takes over.
    assert!(!next.migrate_ahead(&[], &LATER).unwrap());
    assert_eq!(put(3), 1);
    next.migrate(&[], &LATER).unwrap();
    assert!(matches!(again.migrate(&[], &PREVIOUS), Err(DbError::Newer(3, 1))));
    assert!(matches!(again.migrate(&[], &NEXT), Err(DbError::Newer(3, 2))));
}
