//! Migrations: a released one is never changed.

use crate::{Database, DbError, Value};

/// The tables of one department and how they came to be what they are.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Name of the department, its key in `schema_versions`.
    pub department: &'static str,
    /// Each is applied once, in order.
    pub migrations: &'static [&'static str],
}

/// The writer's fencing number.
const FENCE: Schema = Schema {
    department: "store",
    migrations: &[
        "CREATE TABLE writer_epoch (id BIGINT PRIMARY KEY CHECK (id = 1), epoch BIGINT NOT NULL CHECK (epoch >= 0));
         INSERT INTO writer_epoch (id, epoch) VALUES (1, 0);",
    ],
};

impl Database {
    /// Brings the schema up to this version. `released` are the migrations of all departments from before each had its own list, counted in
    /// `schema_version`; `schemas` are the departments' own, counted in `schema_versions`.
    ///
    /// # Errors
    /// [`DbError::Newer`] when a later version made the database; [`DbError`] when a statement fails: what came before it stays applied.
    pub fn migrate(&mut self, released: &[&str], schemas: &[Schema]) -> Result<(), DbError> {
        self.batch(
            "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL);
             CREATE TABLE IF NOT EXISTS schema_versions (department TEXT PRIMARY KEY, version BIGINT NOT NULL);",
        )?;
        let rows = self.query("SELECT version FROM schema_version", &[])?;
        let at = rows.first().map_or(Ok(0), |r| r.int(0))?;
        for (version, migration) in pending(at, released)? {
            self.apply(migration, |db| {
                db.execute("DELETE FROM schema_version", &[])?;
                db.execute("INSERT INTO schema_version (version) VALUES ($1)", &[version.into()])
            })?;
        }
        for schema in [&FENCE].into_iter().chain(schemas) {
            let department = Value::from(schema.department);
            let sql = "SELECT version FROM schema_versions WHERE department = $1";
            let rows = self.query(sql, std::slice::from_ref(&department))?;
            let at = rows.first().map_or(Ok(0), |r| r.int(0))?;
            for (version, migration) in pending(at, schema.migrations)? {
                self.apply(migration, |db| {
                    db.execute(
                        "INSERT INTO schema_versions (department, version) VALUES ($1, $2)
                         ON CONFLICT (department) DO UPDATE SET version = excluded.version",
                        &[department.clone(), version.into()],
                    )
                })?;
            }
        }
        Ok(())
    }

    fn apply(&mut self, migration: &str, note: impl FnOnce(&mut Self) -> Result<u64, DbError>) -> Result<(), DbError> {
        self.begin()?;
        let applied =
            self.unbounded().and_then(|()| self.batch(migration)).and_then(|()| note(self)).and_then(|_| self.commit());
        if applied.is_err() {
            self.rollback();
        }
        applied
    }
}

/// The migrations after a version, each with the version that it leads to.
fn pending<'a>(at: i64, migrations: &[&'a str]) -> Result<Vec<(i64, &'a str)>, DbError> {
    let numbered = (1i64..).zip(migrations.iter().copied());
    match i64::try_from(migrations.len()) {
        Ok(known) if at <= known => Ok(numbered.filter(|(version, _)| *version > at).collect()),
        known => Err(DbError::Newer(at, known.unwrap_or(i64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASED: [&str; 2] = ["CREATE TABLE a (id BIGINT)", "ALTER TABLE a ADD COLUMN name TEXT"];

    #[test]
    fn each_migration_is_applied_once_and_later_databases_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut db = Database::connect(&format!("sqlite:{}", dir.path().join("x").display())).unwrap();
        let one = Schema { department: "one", migrations: &["CREATE TABLE b (id BIGINT)"] };
        db.migrate(&RELEASED[..1], &[]).unwrap();
        db.migrate(&RELEASED, &[one]).unwrap();
        db.migrate(&RELEASED, &[one]).unwrap();
        db.execute("INSERT INTO a (id, name) VALUES (1, 'x')", &[]).unwrap();
        let two =
            Schema { migrations: &["CREATE TABLE b (id BIGINT)", "INSERT INTO b (id) VALUES (7); nonsense"], ..one };
        assert!(db.migrate(&RELEASED, &[two]).is_err());
        assert!(db.query("SELECT id FROM b", &[]).unwrap().is_empty(), "a migration happens whole or not at all");
        assert!(matches!(db.migrate(&RELEASED[..1], &[one]), Err(DbError::Newer(2, 1))));
        db.execute("UPDATE schema_versions SET version = 99 WHERE department = 'one'", &[]).unwrap();
        assert!(matches!(db.migrate(&RELEASED, &[one]), Err(DbError::Newer(99, 1))));
    }
}
