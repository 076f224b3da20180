//! One connection to SQLite or PostgreSQL. The same statements and migrations run on both.
//!
//! Columns are `TEXT` or `BIGINT` only; amounts are decimal text, because base units of some assets exceed 64 bits.

use crate::lease::Lease;
use crate::postgresql::Postgres;
use crate::{DbError, Row, Value};
use std::path::Path;
use std::time::Duration;

enum Inner {
    Sqlite(Box<rusqlite::Connection>),
    Postgres(Box<Postgres>),
}

/// Returns a URL as it may be shown: without the password, which stands before the last @ or in a parameter.
pub fn without_password(url: &str) -> String {
    let shown = match (url.find("://"), url.rfind('@')) {
        (Some(start), Some(end)) if end > start => {
            let user = url[start + 3..end].split(':').next().unwrap_or_default();
            format!("{}{user}{}", &url[..start + 3], &url[end..])
        }
        // A password with neither scheme nor host in their places.
        (None, Some(end)) => format!("...{}", &url[end..]),
        _ => url.to_owned(),
    };
    match shown.find("password=") {
        Some(at) => format!("{}password=...", &shown[..at]),
        None => shown,
    }
}

/// Creates a file that only its owner reads, or restricts an existing one: SQLite gives the files beside it the same permissions. What the
/// system refuses shows when the file is opened.
pub fn restrict_to_owner(path: &Path) {
    if path == Path::new(":memory:") {
        return;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        options.mode(0o600);
        if std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o077 != 0) {
            let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
        }
    }
    let _ = options.open(path);
}

/// One connection.
pub struct Database {
    inner: Inner,
    url: String,
    /// The writer's fencing number, once this connection is the writer's.
    epoch: Option<i64>,
    fenced: bool,
    /// The writer's lock, once this connection took it. SQLite's is a file ([`crate::WriterLock`]).
    lease: Option<Lease>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("kind", &self.kind()).finish_non_exhaustive()
    }
}

/// PostgreSQL's advisory lock of the one writer ("holdfast" in ASCII).
const WRITER_LOCK: i64 = 0x686f_6c64_6661_7374;

/// The statement that finds the session with the writer's lock.
fn lock_holder() -> String {
    format!(
        "SELECT CAST(pid AS BIGINT) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid::bigint = {} AND objid::bigint = {}
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        WRITER_LOCK >> 32,
        WRITER_LOCK & 0xffff_ffff
    )
}

impl Database {
    /// Connects; a missing SQLite file is made. `postgres://` and `postgresql://` URLs go to PostgreSQL, `sqlite:PATH` and plain paths to SQLite.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn connect(url: &str) -> Result<Self, DbError> {
        let inner = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Inner::Postgres(Box::new(Postgres::connect(url)?))
        } else {
            let path = url.strip_prefix("sqlite:").unwrap_or(url);
            if path.is_empty() || path.contains("://") {
                return Err(DbError::Url(without_password(url)));
            }
            restrict_to_owner(Path::new(path));
            let connection = rusqlite::Connection::open(Path::new(path))?;
            connection.busy_timeout(Duration::from_secs(10))?;
            // WAL lets readers go on while the writer commits; FULL makes every commit durable before it returns. The page cache is small because
            // a commit may walk all of it (a rebalanced tree renumbers pages); what it lacks is in the system's cache.
            connection.execute_batch(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-8192;
                 PRAGMA wal_autocheckpoint=64000; PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;",
            )?;
            connection.set_prepared_statement_cache_capacity(256);
            Inner::Sqlite(Box::new(connection))
        };
        Ok(Database { inner, url: url.to_owned(), epoch: None, fenced: false, lease: None })
    }

    /// Returns the URL without a password.
    pub fn url_without_password(&self) -> String {
        without_password(&self.url)
    }

    /// Returns `SQLite` or `PostgreSQL`.
    pub fn kind(&self) -> &'static str {
        match self.inner {
            Inner::Sqlite(_) => "SQLite",
            Inner::Postgres(_) => "PostgreSQL",
        }
    }

    /// Opens another connection to the same database.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn another(&self) -> Result<Self, DbError> {
        Self::connect(&self.url)
    }

    /// Opens another connection of the writer: to a file or table beside the database where `suffix` names one, fenced as this connection is. `suffix` is
    /// appended to the path of a SQLite file; PostgreSQL has one database for all.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn of_writer(&self, suffix: &str) -> Result<Self, DbError> {
        let mut other = match self.inner {
            Inner::Sqlite(_) => Self::connect(&format!("{}{suffix}", self.url))?,
            Inner::Postgres(_) => Self::connect(&self.url)?,
        };
        other.epoch = self.epoch;
        Ok(other)
    }

    /// Takes the writer's lock, which this connection has until it closes. On PostgreSQL it ends the sessions in which an earlier writer wrote.
    ///
    /// # Errors
    /// [`DbError::Busy`] when another process has it.
    pub fn acquire_writer_lock(&mut self) -> Result<(), DbError> {
        if matches!(self.inner, Inner::Sqlite(_)) || self.lease.as_ref().is_some_and(Lease::is_held) {
            return Ok(());
        }
        self.lease = None;
        // A standby asks ten times a second: a session is only made when the lock seems to be free.
        let taken =
            if self.query(&lock_holder(), &[])?.is_empty() { Lease::take(&self.url, WRITER_LOCK)? } else { None };
        self.lease = Some(taken.ok_or_else(|| DbError::Busy(self.url_without_password()))?);
        Ok(())
    }

    /// Returns whether the writer's lock is still this connection's, as far as is known; true for one that never took it.
    pub(crate) fn keeps_lock(&self) -> bool {
        self.lease.as_ref().is_none_or(Lease::is_held)
    }

    /// Takes the next fencing number: transactions of whoever was the writer before are refused from now on.
    ///
    /// # Errors
    /// [`DbError`] when the database fails or was never migrated.
    pub fn claim_epoch(&mut self) -> Result<(), DbError> {
        let rows = self.query("UPDATE writer_epoch SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch", &[])?;
        self.epoch = Some(rows.first().ok_or(DbError::Type(0))?.int(0)?);
        self.fenced = false;
        Ok(())
    }

    /// Takes the writer's lock and the next fencing number.
    ///
    /// # Errors
    /// [`DbError::Busy`] when another process has the lock.
    pub fn become_writer(&mut self) -> Result<(), DbError> {
        self.acquire_writer_lock()?;
        self.claim_epoch()
    }

    /// Starts a transaction of the writer.
    ///
    /// # Errors
    /// [`DbError::Busy`] when another process became the writer after this one; see [`Database::is_fenced`].
    pub fn begin_fenced(&mut self) -> Result<(), DbError> {
        const EPOCH: &str = "SELECT epoch FROM writer_epoch WHERE id = 1";
        let epoch = match &mut self.inner {
            Inner::Sqlite(_) => {
                self.begin()?;
                self.query(EPOCH, &[])?.first().map(|r| r.int(0)).transpose()?
            }
            // One round trip; the row is locked, so that nobody claims the next number before this transaction ends.
            Inner::Postgres(c) => {
                c.bound_transactions()?;
                let messages = c.simple_query(&format!("BEGIN; {EPOCH} FOR SHARE"))?;
                messages.iter().find_map(|message| match message {
                    postgres::SimpleQueryMessage::Row(row) => row.get(0)?.parse().ok(),
                    _ => None,
                })
            }
        };
        if epoch == self.epoch && epoch.is_some() {
            return Ok(());
        }
        self.rollback();
        self.fenced = true;
        Err(DbError::Busy(self.url_without_password()))
    }

    /// Inserts a row that is durable by itself, unless another process became the writer: on PostgreSQL one statement, which locks the fencing number's row.
    ///
    /// # Errors
    /// [`DbError::Busy`] when another process did; see [`Database::is_fenced`].
    pub fn insert_fenced(&mut self, table: &str, columns: &[&str], row: Vec<Value>) -> Result<(), DbError> {
        let (Inner::Postgres(client), Some(epoch)) = (&mut self.inner, self.epoch) else {
            self.begin_fenced()?;
            let stored = self.insert(table, columns, &[row], "").and_then(|()| self.commit());
            return stored.inspect_err(|_| self.rollback());
        };
        client.bound_transactions()?;
        let places: Vec<String> = (1..=columns.len()).map(|c| format!("${c}")).collect();
        let sql = format!(
            "WITH writer AS (SELECT 1 FROM writer_epoch WHERE id = 1 AND epoch = ${} FOR SHARE) INSERT INTO {table} ({}) SELECT {} FROM writer",
            columns.len() + 1,
            columns.join(", "),
            places.join(", ")
        );
        let values: Vec<Value> = row.into_iter().chain([epoch.into()]).collect();
        if client.execute(&sql, &values)? == 1 {
            return Ok(());
        }
        self.fenced = true;
        Err(DbError::Busy(self.url_without_password()))
    }

    /// Returns whether another process became the writer after this connection did.
    pub fn is_fenced(&self) -> bool {
        self.fenced
    }

    /// Releases the writer's lock at once, without waiting until the server notices that this connection is closed.
    pub fn release_writer_lock(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.release();
        }
    }

    /// Runs a statement; returns the number of rows that it changed. Parameters are `$1`, `$2`, ..., whichever is used first.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, DbError> {
        match &mut self.inner {
            Inner::Sqlite(c) => {
                Ok(c.prepare_cached(&by_number(sql))?.execute(rusqlite::params_from_iter(parameters))? as u64)
            }
            Inner::Postgres(c) => c.execute(sql, parameters),
        }
    }

    /// Runs statements without parameters.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn batch(&mut self, sql: &str) -> Result<(), DbError> {
        match &mut self.inner {
            Inner::Sqlite(c) => Ok(c.execute_batch(sql)?),
            Inner::Postgres(c) => Ok(c.batch_execute(sql)?),
        }
    }

    /// Lets the statements of the current transaction take as long as they need: a migration rewrites whole tables.
    pub(crate) fn unbounded(&mut self) -> Result<(), DbError> {
        match &mut self.inner {
            Inner::Sqlite(_) => Ok(()),
            Inner::Postgres(c) => Ok(c.batch_execute("SET LOCAL statement_timeout = 0")?),
        }
    }

    /// Excludes other migrations until the transaction ends, and bounds how long its statements wait for tables. A file has one writer anyway.
    pub(crate) fn lock_migrations(&mut self, lock: i64, wait_ms: Option<u32>) -> Result<(), DbError> {
        let Inner::Postgres(c) = &mut self.inner else { return Ok(()) };
        if let Some(ms) = wait_ms {
            c.batch_execute(&format!("SET LOCAL lock_timeout = {ms}"))?;
        }
        Ok(c.batch_execute(&format!("SELECT pg_advisory_xact_lock({lock})"))?)
    }

    /// Returns whether a table exists.
    pub(crate) fn has_table(&mut self, name: &str) -> Result<bool, DbError> {
        let sql = match self.inner {
            Inner::Sqlite(_) => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1",
            Inner::Postgres(_) => {
                "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = CAST($1 AS TEXT)"
            }
        };
        Ok(!self.query(sql, &[name.into()])?.is_empty())
    }

    /// Runs a query; returns all rows. Callers bound them with `LIMIT`.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, DbError> {
        match &mut self.inner {
            Inner::Sqlite(c) => {
                let mut statement = c.prepare_cached(&by_number(sql))?;
                let mut rows = statement.query(rusqlite::params_from_iter(parameters))?;
                let mut out = Vec::new();
                while let Some(row) = rows.next()? {
                    // Of the row: a table may have changed since the statement was prepared.
                    let columns = row.as_ref().column_count();
                    let mut values = Vec::with_capacity(columns);
                    for i in 0..columns {
                        use rusqlite::types::ValueRef;
                        values.push(match row.get_ref(i)? {
                            ValueRef::Null => Value::Null,
                            ValueRef::Integer(v) => Value::Int(v),
                            ValueRef::Text(v) => Value::Text(String::from_utf8_lossy(v).into_owned()),
                            _ => return Err(DbError::Type(i)),
                        });
                    }
                    out.push(Row(values));
                }
                Ok(out)
            }
            Inner::Postgres(c) => c.query(sql, parameters),
        }
    }

    /// Inserts many rows into columns of a table; `tail` is what follows, such as `ON CONFLICT (id) DO NOTHING`.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn insert(&mut self, table: &str, columns: &[&str], rows: &[Vec<Value>], tail: &str) -> Result<(), DbError> {
        match &mut self.inner {
            Inner::Sqlite(c) => {
                let places: Vec<String> = (1..=columns.len()).map(|c| format!("?{c}")).collect();
                let (columns, places) = (columns.join(", "), places.join(", "));
                let mut statement =
                    c.prepare_cached(&format!("INSERT INTO {table} ({columns}) VALUES ({places}) {tail}"))?;
                for row in rows {
                    statement.execute(rusqlite::params_from_iter(row))?;
                }
                Ok(())
            }
            Inner::Postgres(c) => c.insert(table, columns, rows, tail),
        }
    }

    /// Starts a transaction.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn begin(&mut self) -> Result<(), DbError> {
        match self.inner {
            Inner::Sqlite(_) => self.batch("BEGIN IMMEDIATE"),
            Inner::Postgres(_) => self.batch("BEGIN"),
        }
    }

    /// Lets transactions of this connection be durable with the next durable one of another, on PostgreSQL, whose log is in order: a crash takes away the last
    /// of them and nothing else. On SQLite they stay durable at once: what is put off there comes together, and whoever waits for the disk waits behind it.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn commit_later(&mut self) -> Result<(), DbError> {
        match self.inner {
            Inner::Sqlite(_) => Ok(()),
            Inner::Postgres(_) => self.batch("SET synchronous_commit = off"),
        }
    }

    /// Commits the transaction: it is durable then, unless [`Database::commit_later`] was called.
    ///
    /// # Errors
    /// [`DbError`]; nothing of the transaction is stored then, or its fate is unknown when the connection broke.
    pub fn commit(&mut self) -> Result<(), DbError> {
        self.batch("COMMIT")
    }

    /// Rolls the transaction back.
    pub fn rollback(&mut self) {
        let _ = self.batch("ROLLBACK");
    }

    /// Copies a SQLite database as of one moment into a new file, beside whoever writes to it, and checks the copy.
    ///
    /// # Errors
    /// [`DbError::Url`] for PostgreSQL, which `pg_dump` copies; [`DbError::Stored`] when the copy is not in order.
    pub fn copy_to(&mut self, path: &Path) -> Result<(), DbError> {
        let Inner::Sqlite(connection) = &mut self.inner else { return Err(DbError::Url(self.url_without_password())) };
        connection.execute("VACUUM INTO $1", [path.to_string_lossy()])?;
        let copy = rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let found: String = copy.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        match found.as_str() {
            "ok" => Ok(()),
            _ => Err(DbError::Stored { what: "the copy of the database".into(), cause: found }),
        }
    }

    /// Names and values that tell PostgreSQL's own programs (`pg_dump`, `pg_basebackup`) how to connect, so that no password stands in their arguments.
    ///
    /// # Errors
    /// [`DbError`] when the URL is none.
    pub fn client_environment(url: &str) -> Result<Vec<(&'static str, String)>, DbError> {
        crate::tls::environment(url)
    }

    /// Reads several things as of one moment.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn snapshot<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, DbError>) -> Result<T, DbError> {
        self.batch(match self.inner {
            Inner::Sqlite(_) => "BEGIN DEFERRED",
            Inner::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        })?;
        let answer = read(self);
        self.rollback();
        answer
    }

    /// Starts a savepoint.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn savepoint(&mut self) -> Result<(), DbError> {
        self.command("SAVEPOINT change")
    }

    /// Releases the savepoint; what was written since stays in the transaction.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn release(&mut self) -> Result<(), DbError> {
        self.command("RELEASE SAVEPOINT change")
    }

    /// Undoes what was written since [`Database::savepoint`].
    ///
    /// # Errors
    /// [`DbError`] when the database gave the whole transaction up, or the connection broke.
    pub fn undo(&mut self) -> Result<(), DbError> {
        self.command("ROLLBACK TO SAVEPOINT change")?;
        self.command("RELEASE SAVEPOINT change")
    }

    fn command(&mut self, sql: &str) -> Result<(), DbError> {
        match &mut self.inner {
            Inner::Sqlite(c) => Ok(c.prepare_cached(sql)?.execute([]).map(|_| ())?),
            Inner::Postgres(c) => Ok(c.batch_execute(sql)?),
        }
    }

    /// Returns whether the connection still answers, and keeps the writer's lock where it took it. A file always does.
    pub fn is_alive(&mut self) -> bool {
        let keeps_lock = self.keeps_lock();
        match &mut self.inner {
            Inner::Sqlite(_) => true,
            Inner::Postgres(c) => keeps_lock && !c.is_closed() && c.simple_query("").is_ok(),
        }
    }

    /// Replaces a broken connection by a new one, which is not the writer's.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn reconnect(&mut self) -> Result<(), DbError> {
        *self = Self::connect(&self.url)?;
        Ok(())
    }

    /// Returns the server's process that has the writer's lock; `None` for a file, and for a connection that is not the writer's.
    pub fn lock_session(&self) -> Option<i64> {
        self.lease.as_ref().map(Lease::session)
    }

    /// Ends a session that this process left behind when its connection broke, so that its lock does not stay until the server notices.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn end_own_session(&mut self, session: i64) -> Result<(), DbError> {
        let holds = format!("{} AND pid = {session}", lock_holder());
        if !self.query(&holds, &[])?.is_empty() {
            self.batch(&format!("SELECT pg_terminate_backend({session})"))?;
        }
        Ok(())
    }
}

/// Returns a statement as SQLite numbers its parameters: to it `$2` is a name, which gets the next free number where it is first used, and `?2` is the second.
fn by_number(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        let is_parameter = from[1..].starts_with(|c: char| c.is_ascii_digit());
        out.push_str(before);
        out.push(if is_parameter { '?' } else { '$' });
        rest = &from[1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_go_by_their_number() {
        let dir = tempfile::tempdir().unwrap();
        let mut db = Database::connect(&format!("sqlite:{}", dir.path().join("x").display())).unwrap();
        let rows =
            db.query("SELECT $3, '$.a', $1 WHERE $2 = 'b' LIMIT $1", &[1.into(), "b".into(), "c".into()]).unwrap();
        assert_eq!(rows[0].0, ["c".into(), "$.a".into(), Value::Int(1)]);
    }

    #[test]
    fn urls_that_name_no_database_are_refused() {
        assert!(matches!(Database::connect("mysql://x"), Err(DbError::Url(_))));
        assert!(matches!(Database::connect("sqlite:"), Err(DbError::Url(_))));
        for url in [
            "mysql://u:secret@h/d",
            "postgres://u:secret@127.0.0.1:1/d",
            "postgresql://127.0.0.1:1/d?user=u&password=secret",
            "postgres://u:sec@ret:secret@127.0.0.1:1/d?sslmode=maybe",
        ] {
            let error = Database::connect(url).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{url}: {error}");
        }
    }

    #[test]
    fn rows_go_in_and_come_out() {
        let dir = tempfile::tempdir().unwrap();
        let mut db = Database::connect(&format!("sqlite:{}", dir.path().join("x").display())).unwrap();
        db.batch(
            "CREATE TABLE records (kind TEXT, id TEXT, customer TEXT, time BIGINT, body TEXT, PRIMARY KEY (kind, id))",
        )
        .unwrap();
        let row =
            |i: i64| vec![Value::Text("customer".into()), format!("c{i}").into(), Value::Null, i.into(), "{}".into()];
        let rows: Vec<_> = (0..100).map(row).collect();
        let columns = ["kind", "id", "customer", "time", "body"];
        db.insert("records", &columns, &rows, "ON CONFLICT (kind, id) DO NOTHING").unwrap();
        db.insert("records", &columns, &rows, "ON CONFLICT (kind, id) DO NOTHING").unwrap();
        let found = db.query("SELECT id, time, customer FROM records WHERE time >= $1 ORDER BY time", &[98.into()]);
        let found = found.unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].text(0).unwrap(), found[0].int(1).unwrap(), found[0].text_or_null(2)), ("c98", 98, None));
        assert!(found[0].int(0).is_err());
    }

    #[test]
    fn a_later_writer_fences_the_earlier_one() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("x").display());
        let mut first = Database::connect(&url).unwrap();
        first.migrate(&[], &[]).unwrap();
        assert!(first.begin_fenced().is_err(), "a connection that is not the writer's");
        first.become_writer().unwrap();
        first.begin_fenced().unwrap();
        first.commit().unwrap();
        let mut second = first.another().unwrap();
        second.become_writer().unwrap();
        assert!(matches!(first.begin_fenced(), Err(DbError::Busy(_))) && first.is_fenced());
        second.begin_fenced().unwrap();
        second.commit().unwrap();
    }
}
