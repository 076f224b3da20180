//! Databases of tests: with tables, without rows of others.

use holdfast_store::Database;
use holdfast_testing::{TestDb, on_both};

on_both!(a_database_has_the_tables_of_this_version, databases_beside_each_other_are_apart);

fn count(db: &mut Database, table: &str) -> i64 {
    db.query(&format!("SELECT COUNT(*) FROM {table}"), &[]).unwrap()[0].int(0).unwrap()
}

fn a_database_has_the_tables_of_this_version(place: &TestDb) {
    let mut db = Database::connect(&place.url).unwrap();
    let departments = count(&mut db, "schema_versions");
    assert!(departments > 5, "{departments}");
    for table in ["events", "inputs", "audit", "alerts", "holds"] {
        assert_eq!(count(&mut db, table), 0, "{table}");
    }
    // Nothing is left to do when the desk opens it.
    holdfast_screening::migrate(&mut db).unwrap();
    assert_eq!(count(&mut db, "schema_versions"), departments);
}

fn databases_beside_each_other_are_apart(place: &TestDb) {
    let beside = place.beside();
    let (mut one, mut other) = (Database::connect(&place.url).unwrap(), Database::connect(&beside.url).unwrap());
    one.execute("DELETE FROM writer_epoch", &[]).unwrap();
    assert_eq!((count(&mut one, "writer_epoch"), count(&mut other, "writer_epoch")), (0, 1));
    assert_eq!(count(&mut Database::connect(&place.beside().url).unwrap(), "writer_epoch"), 1);
}
