//! Tables, columns, constraints and indexes after all migrations.

use holdfast_screening::Screening;
use holdfast_testing::{TestClock, TestDb};

/// Rows of texts, one a line.
fn rows(place: &TestDb, sql: &str) -> String {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    let rows = screening.read(|db| db.query(sql, &[])).unwrap();
    assert!(rows.len() > 50, "{} rows", rows.len());
    let line = |r: &holdfast_store::Row| {
        (0..r.0.len()).map(|i| r.text(i).unwrap().to_owned()).collect::<Vec<_>>().join(" ") + "\n"
    };
    rows.iter().map(line).collect()
}

#[test]
fn sqlite_schema() {
    let sql = "SELECT sql || ';' FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, name";
    insta::assert_snapshot!(rows(&TestDb::sqlite(), sql));
}

#[test]
fn postgres_schema() {
    let Some(place) = TestDb::postgres() else { return };
    let columns = "SELECT table_name::text, column_name::text, data_type::text,
            CASE is_nullable WHEN 'YES' THEN 'NULL' ELSE 'NOT NULL' END, COALESCE('DEFAULT ' || column_default, '')
        FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name COLLATE \"C\", ordinal_position";
    insta::assert_snapshot!("postgres_columns", rows(&place, columns));
    let constraints = "SELECT conrelid::regclass::text, pg_get_constraintdef(oid)::text FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
        ORDER BY conrelid::regclass::text COLLATE \"C\", pg_get_constraintdef(oid) COLLATE \"C\"";
    insta::assert_snapshot!("postgres_constraints", rows(&place, constraints));
    let indexes = "SELECT indexdef::text FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexdef COLLATE \"C\"";
    insta::assert_snapshot!("postgres_indexes", rows(&place, indexes));
}
