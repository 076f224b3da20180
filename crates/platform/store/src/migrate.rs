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

/// PostgreSQL's advisory lock of a migration ("migrates" in ASCII): a standby of the next version may migrate beside the writer.
const MIGRATION_LOCK: i64 = 0x6d69_6772_6174_6573;

/// How long a migration that is made ahead waits for a table, and lets whoever uses the table wait behind it.
const AHEAD_WAIT_MS: u32 = 2_000;

impl Database {
    /// Brings the schema up to this version. `released` are the migrations of all departments from before each had its own list, counted in
    /// `schema_version`; `schemas` are the departments' own, counted in `schema_versions`.
    ///
    /// A database of a later version is taken where all that the later one changed is additive, so that this version works with it: tables, indices and
    /// columns that this version does not know ([`is_additive`]). `schema_oldest` states for each department the number of migrations that a program must know.
    ///
    /// # Errors
    /// [`DbError::Newer`] when a later version made the database and this one cannot work with it; [`DbError`] when a statement fails: what came before it
    /// stays applied.
    pub fn migrate(&mut self, released: &[&str], schemas: &[Schema]) -> Result<(), DbError> {
        self.batch(
            "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL);
             CREATE TABLE IF NOT EXISTS schema_versions (department TEXT PRIMARY KEY, version BIGINT NOT NULL);
             CREATE TABLE IF NOT EXISTS schema_oldest (department TEXT PRIMARY KEY, version BIGINT NOT NULL);",
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
            for (version, migration) in self.pending_of(schema)? {
                self.apply_of(schema, version, migration, None)?;
            }
        }
        Ok(())
    }

    /// Makes the migrations of this version beside a writer of the previous one, which goes on: only if all of them are additive, and the previous version
    /// will take the database with them. Returns whether all migrations are made; [`Database::migrate`] makes the others.
    ///
    /// # Errors
    /// [`DbError`], also when a table is in use for longer than two seconds; what was made stays.
    pub fn migrate_ahead(&mut self, released: &[&str], schemas: &[Schema]) -> Result<bool, DbError> {
        // Without this table the last writer was of a version that refuses whatever is later.
        if !self.has_table("schema_oldest")? {
            return Ok(false);
        }
        let rows = self.query("SELECT version FROM schema_version", &[])?;
        if !pending(rows.first().map_or(Ok(0), |r| r.int(0))?, released)?.is_empty() {
            return Ok(false);
        }
        let mut wanted = Vec::new();
        for schema in [&FENCE].into_iter().chain(schemas) {
            wanted
                .extend(self.pending_of(schema)?.into_iter().map(|(version, migration)| (schema, version, migration)));
        }
        if !wanted.iter().all(|(_, _, migration)| is_additive(migration)) {
            return Ok(false);
        }
        for (schema, version, migration) in wanted {
            self.apply_of(schema, version, migration, Some(AHEAD_WAIT_MS))?;
        }
        Ok(true)
    }

    /// Returns the migrations that a department lacks.
    fn pending_of(&mut self, schema: &Schema) -> Result<Vec<(i64, &'static str)>, DbError> {
        let at = self.version_in("schema_versions", schema.department)?.unwrap_or(0);
        let known = i64::try_from(schema.migrations.len()).unwrap_or(i64::MAX);
        if at > known {
            let oldest = self.version_in("schema_oldest", schema.department)?;
            if oldest.is_some_and(|oldest| known >= oldest) {
                let department = schema.department;
                tracing::info!(department, at, known, "a later version made these tables; this one works with them");
                return Ok(Vec::new());
            }
        }
        pending(at, schema.migrations)
    }

    fn version_in(&mut self, table: &str, department: &str) -> Result<Option<i64>, DbError> {
        let rows = self.query(&format!("SELECT version FROM {table} WHERE department = $1"), &[department.into()])?;
        rows.first().map(|r| r.int(0)).transpose()
    }

    /// Makes a migration of a department, unless another process has made it meanwhile.
    fn apply_of(
        &mut self,
        schema: &Schema,
        version: i64,
        migration: &str,
        wait_ms: Option<u32>,
    ) -> Result<(), DbError> {
        self.begin()?;
        let applied = self.apply_in(schema, version, migration, wait_ms).and_then(|()| self.commit());
        if applied.is_err() {
            self.rollback();
        }
        applied
    }

    fn apply_in(
        &mut self,
        schema: &Schema,
        version: i64,
        migration: &str,
        wait_ms: Option<u32>,
    ) -> Result<(), DbError> {
        self.lock_migrations(MIGRATION_LOCK, wait_ms)?;
        if self.version_in("schema_versions", schema.department)?.unwrap_or(0) >= version {
            return Ok(());
        }
        self.unbounded()?;
        self.batch(migration)?;
        let department = Value::from(schema.department);
        let oldest = match (is_additive(migration), self.version_in("schema_oldest", schema.department)?) {
            (false, _) => version,
            (true, Some(oldest)) => oldest,
            // A version that did not keep this, or none, was here before.
            (true, None) => version - 1,
        };
        for (table, version) in [("schema_versions", version), ("schema_oldest", oldest)] {
            let put = format!(
                "INSERT INTO {table} (department, version) VALUES ($1, $2)
                 ON CONFLICT (department) DO UPDATE SET version = excluded.version"
            );
            self.execute(&put, &[department.clone(), version.into()])?;
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

/// Returns whether a program that does not know a migration works with the tables after it as before: it makes tables and indices, adds columns that may be
/// left out, and fills only tables that it makes. Whatever else is in it, and whatever is not understood, is not additive.
#[must_use]
pub fn is_additive(migration: &str) -> bool {
    let without_comments: Vec<&str> = migration.lines().map(|l| l.split("--").next().unwrap_or_default()).collect();
    let mut made: Vec<String> = Vec::new();
    for statement in without_comments.join(" ").split(';') {
        let statement = statement.to_uppercase();
        let words: Vec<&str> = statement.split_whitespace().filter(|w| !["IF", "NOT", "EXISTS"].contains(w)).collect();
        let table = |word: Option<&&str>| word.map_or("", |w| w.split('(').next().unwrap_or_default()).to_owned();
        let is_optional = !statement.contains("NOT NULL") || statement.contains(" DEFAULT ");
        let is_plain =
            |w: &[&str]| ["UNIQUE", "PRIMARY", "REFERENCES"].iter().all(|x| !w.iter().any(|w| w.starts_with(x)));
        match words.as_slice() {
            [] => {}
            ["CREATE", "TABLE", rest @ ..] => made.push(table(rest.first())),
            ["CREATE", "INDEX", ..] => {}
            ["CREATE", "UNIQUE", "INDEX", _, "ON", rest @ ..] if made.contains(&table(rest.first())) => {}
            ["INSERT", "INTO", rest @ ..] if made.contains(&table(rest.first())) => {}
            ["ALTER", "TABLE", _, "ADD", "COLUMN", rest @ ..]
                if is_optional && is_plain(rest) && !rest.iter().any(|w| w.contains(',')) => {}
            _ => return false,
        }
    }
    true
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
        // A later version whose changes are additive since version 1, since version 2, and one that did not keep account of it.
        db.execute("UPDATE schema_versions SET version = 99 WHERE department = 'one'", &[]).unwrap();
        let mut with = |oldest: &str| {
            db.batch(oldest).unwrap();
            db.migrate(&RELEASED, &[one])
        };
        with("UPDATE schema_oldest SET version = 1 WHERE department = 'one'").unwrap();
        let refused = with("UPDATE schema_oldest SET version = 2 WHERE department = 'one'");
        assert!(matches!(refused, Err(DbError::Newer(99, 1))));
        let refused = with("DELETE FROM schema_oldest WHERE department = 'one'");
        assert!(matches!(refused, Err(DbError::Newer(99, 1))));
    }

    #[test]
    fn what_the_previous_version_works_with_is_additive() {
        for additive in [
            "CREATE TABLE b (id BIGINT NOT NULL, x TEXT); CREATE UNIQUE INDEX b_x ON b (x); INSERT INTO b (id) SELECT id FROM a",
            "ALTER TABLE a ADD COLUMN name TEXT; -- DROP TABLE a\n CREATE INDEX a_name ON a (name)",
            "ALTER TABLE a ADD COLUMN n BIGINT NOT NULL DEFAULT 0;",
            "CREATE TABLE IF NOT EXISTS b(id BIGINT); INSERT INTO b VALUES (1);",
            "",
        ] {
            assert!(is_additive(additive), "{additive}");
        }
        for other in [
            "DROP TABLE a",
            "ALTER TABLE a DROP COLUMN name",
            "ALTER TABLE a RENAME COLUMN name TO title",
            "ALTER TABLE a RENAME TO b",
            "ALTER TABLE a ADD COLUMN n BIGINT NOT NULL",
            "ALTER TABLE a ADD COLUMN n BIGINT UNIQUE",
            "ALTER TABLE a ADD COLUMN n BIGINT, DROP COLUMN name",
            "ALTER TABLE a ADD CHECK (id > 0)",
            "UPDATE a SET name = ''",
            "DELETE FROM a",
            "INSERT INTO a (id) VALUES (1)",
            "CREATE UNIQUE INDEX a_name ON a (name)",
            "CREATE TABLE b (id BIGINT); UPDATE a SET id = 1",
            "CREATE TRIGGER t BEFORE INSERT ON a BEGIN SELECT 1; END",
        ] {
            assert!(!is_additive(other), "{other}");
        }
    }
}
