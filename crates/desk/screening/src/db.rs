//! SQL: SQLite by default, PostgreSQL by changing one URL. The same statements and migrations run on both.
//!
//! Columns are `TEXT` or `BIGINT` only; amounts are decimal text, because base units of some assets exceed 64 bits.

use std::path::Path;
use std::time::Duration;

/// Why the database does not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The URL is neither a PostgreSQL URL nor a SQLite path.
    #[error("database '{0}': use sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME")]
    Url(String),
    /// SQLite.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL.
    #[error("PostgreSQL: {}", postgres_words(.0))]
    Postgres(#[from] postgres::Error),
    /// TLS to PostgreSQL.
    #[error("PostgreSQL: TLS: {0}")]
    Tls(String),
    /// Another process writes to it.
    #[error("another Holdfast already writes to {0}; stop it first (one writer keeps holds from being doubled)")]
    Busy(String),
    /// A row does not have the type that this version wrote.
    #[error("column {0} of a row has an unexpected type; was the database changed by hand?")]
    Type(usize),
    /// Made by a later version.
    #[error("the database has schema version {0}, this program knows up to {1}; use a newer Holdfast")]
    Newer(i64, i64),
    /// Stored text that does not read back.
    #[error("stored {what} does not read back: {cause}")]
    Stored {
        /// What it is.
        what: String,
        /// Why.
        cause: String,
    },
}

fn postgres_words(e: &postgres::Error) -> String {
    e.as_db_error().map_or_else(|| e.to_string(), |d| d.to_string())
}

/// Reads stored JSON.
///
/// # Errors
/// [`DbError::Stored`] names what it is.
pub fn parse<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T, DbError> {
    serde_json::from_str(text).map_err(|e| DbError::Stored { what: what.to_owned(), cause: e.to_string() })
}

/// A value that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `NULL`.
    Null,
    /// `BIGINT`.
    Int(i64),
    /// `TEXT`.
    Text(String),
}

impl From<i64> for Value {
    fn from(v: i64) -> Self {
        Value::Int(v)
    }
}

/// A number or cursor of the API; one above the largest `BIGINT` is that, beyond everything that is stored.
pub fn number(v: u64) -> Value {
    Value::Int(i64::try_from(v).unwrap_or(i64::MAX))
}

impl From<&str> for Value {
    fn from(v: &str) -> Self {
        Value::Text(v.to_owned())
    }
}

impl From<String> for Value {
    fn from(v: String) -> Self {
        Value::Text(v)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Value::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(i) => ValueRef::Integer(*i),
            Value::Text(t) => ValueRef::Text(t.as_bytes()),
        }))
    }
}

impl postgres::types::ToSql for Value {
    fn to_sql(
        &self,
        ty: &postgres::types::Type,
        out: &mut postgres::types::private::BytesMut,
    ) -> Result<postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(postgres::types::IsNull::Yes),
            Value::Int(i) => i.to_sql(ty, out),
            Value::Text(t) => t.to_sql(ty, out),
        }
    }

    fn accepts(ty: &postgres::types::Type) -> bool {
        <i64 as postgres::types::ToSql>::accepts(ty) || <String as postgres::types::ToSql>::accepts(ty)
    }

    postgres::types::to_sql_checked!();
}

/// A row of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(pub Vec<Value>);

impl Row {
    /// A number that is never null.
    ///
    /// # Errors
    /// [`DbError::Type`].
    pub fn int(&self, i: usize) -> Result<i64, DbError> {
        match self.0.get(i) {
            Some(Value::Int(v)) => Ok(*v),
            _ => Err(DbError::Type(i)),
        }
    }

    /// A number, or null.
    pub fn int_or_null(&self, i: usize) -> Option<i64> {
        match self.0.get(i) {
            Some(Value::Int(v)) => Some(*v),
            _ => None,
        }
    }

    /// Text that is never null.
    ///
    /// # Errors
    /// [`DbError::Type`].
    pub fn text(&self, i: usize) -> Result<&str, DbError> {
        match self.0.get(i) {
            Some(Value::Text(v)) => Ok(v),
            _ => Err(DbError::Type(i)),
        }
    }

    /// Text, or null.
    pub fn text_or_null(&self, i: usize) -> Option<&str> {
        match self.0.get(i) {
            Some(Value::Text(v)) => Some(v),
            _ => None,
        }
    }
}

enum Inner {
    Sqlite(Box<rusqlite::Connection>),
    Postgres(Box<postgres::Client>),
}

/// A URL as it may be shown: without the password, which stands before the last @ or in a parameter.
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

/// Makes a file that only its owner reads, or makes an existing one so: SQLite gives the files beside it the same rights. What the system
/// refuses, opening the file says.
pub(crate) fn private(path: &Path) {
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
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("kind", &self.kind()).finish_non_exhaustive()
    }
}

/// PostgreSQL's advisory lock of the one writer ("holdfast" in ASCII).
const WRITER_LOCK: i64 = 0x686f_6c64_6661_7374;

/// Most parameters of one statement, below both databases' limits.
const MAX_PARAMETERS: usize = 8_000;

impl Database {
    /// Connects; a missing SQLite file is made. `postgres://` and `postgresql://` URLs go to PostgreSQL, `sqlite:PATH` and plain paths to SQLite.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn connect(url: &str) -> Result<Self, DbError> {
        let inner = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Inner::Postgres(Box::new(crate::pgtls::connect(url)?))
        } else {
            let path = url.strip_prefix("sqlite:").unwrap_or(url);
            if path.is_empty() || path.contains("://") {
                return Err(DbError::Url(without_password(url)));
            }
            private(Path::new(path));
            let connection = rusqlite::Connection::open(Path::new(path))?;
            connection.busy_timeout(Duration::from_secs(10))?;
            // WAL lets readers go on while the writer commits; FULL makes every commit durable before it returns.
            connection.execute_batch(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-65536;
                 PRAGMA wal_autocheckpoint=64000; PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;",
            )?;
            connection.set_prepared_statement_cache_capacity(256);
            Inner::Sqlite(Box::new(connection))
        };
        Ok(Database { inner, url: url.to_owned() })
    }

    /// The URL, without a password.
    pub fn place(&self) -> String {
        without_password(&self.url)
    }

    /// `SQLite` or `PostgreSQL`.
    pub fn kind(&self) -> &'static str {
        match self.inner {
            Inner::Sqlite(_) => "SQLite",
            Inner::Postgres(_) => "PostgreSQL",
        }
    }

    /// Another connection to the same database.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn another(&self) -> Result<Self, DbError> {
        Self::connect(&self.url)
    }

    /// Makes this connection the only writer until it closes.
    ///
    /// # Errors
    /// [`DbError::Busy`] when there is one already.
    pub fn become_writer(&mut self) -> Result<(), DbError> {
        match &mut self.inner {
            Inner::Sqlite(_) => Ok(()), // The caller locks a file beside the database.
            Inner::Postgres(client) => {
                let row = client.query_one("SELECT pg_try_advisory_lock($1)", &[&WRITER_LOCK])?;
                if row.try_get::<_, bool>(0)? { Ok(()) } else { Err(DbError::Busy(self.place())) }
            }
        }
    }

    /// Lets another process become the writer at once, without waiting until the server notices that this connection is closed.
    pub(crate) fn stop_writing(&mut self) {
        if let Inner::Postgres(client) = &mut self.inner {
            let _ = client.query("SELECT pg_advisory_unlock($1)", &[&WRITER_LOCK]);
        }
    }

    /// Runs a statement; gives the number of rows that it changed. Parameters are `$1`, `$2`, ... in order of first use.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, DbError> {
        match &mut self.inner {
            Inner::Sqlite(c) => Ok(c.prepare_cached(sql)?.execute(rusqlite::params_from_iter(parameters))? as u64),
            Inner::Postgres(c) => {
                let references: Vec<&(dyn postgres::types::ToSql + Sync)> = parameters.iter().map(|p| p as _).collect();
                Ok(c.execute(sql, &references)?)
            }
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

    /// Asks; gives all rows. Callers bound their answers with `LIMIT`.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, DbError> {
        match &mut self.inner {
            Inner::Sqlite(c) => {
                let mut statement = c.prepare_cached(sql)?;
                let columns = statement.column_count();
                let mut rows = statement.query(rusqlite::params_from_iter(parameters))?;
                let mut out = Vec::new();
                while let Some(row) = rows.next()? {
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
            Inner::Postgres(c) => {
                let references: Vec<&(dyn postgres::types::ToSql + Sync)> = parameters.iter().map(|p| p as _).collect();
                let rows = c.query(sql, &references)?;
                let mut out = Vec::with_capacity(rows.len());
                for row in rows {
                    let mut values = Vec::with_capacity(row.len());
                    for i in 0..row.len() {
                        use postgres::types::Type;
                        let ty = row.columns()[i].type_();
                        values.push(if *ty == Type::INT8 {
                            row.try_get::<_, Option<i64>>(i)?.into()
                        } else if *ty == Type::INT4 {
                            row.try_get::<_, Option<i32>>(i)?.map(i64::from).into()
                        } else if *ty == Type::TEXT || *ty == Type::VARCHAR || *ty == Type::UNKNOWN {
                            row.try_get::<_, Option<String>>(i)?.into()
                        } else {
                            return Err(DbError::Type(i));
                        });
                    }
                    out.push(Row(values));
                }
                Ok(out)
            }
        }
    }

    /// Inserts many rows into columns of a table; `tail` is what follows, such as `ON CONFLICT (id) DO NOTHING`.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn insert(&mut self, table: &str, columns: &[&str], rows: &[Vec<Value>], tail: &str) -> Result<(), DbError> {
        let n = columns.len();
        // PostgreSQL: few round trips. A few sizes only, so that prepared statements are reused.
        let sizes: &[usize] = match self.inner {
            Inner::Sqlite(_) => &[1],
            Inner::Postgres(_) => &[64, 8, 1],
        };
        let mut rest = rows;
        for &size in sizes {
            if size * n > MAX_PARAMETERS || rest.len() < size {
                continue;
            }
            let tuple = |row: usize| {
                let places: Vec<String> = (1..=n).map(|c| format!("${}", row * n + c)).collect();
                format!("({})", places.join(", "))
            };
            let tuples: Vec<String> = (0..size).map(tuple).collect();
            let sql = format!("INSERT INTO {table} ({}) VALUES {} {tail}", columns.join(", "), tuples.join(", "));
            match &mut self.inner {
                Inner::Sqlite(c) => {
                    let mut statement = c.prepare_cached(&sql)?;
                    for row in rest {
                        statement.execute(rusqlite::params_from_iter(row))?;
                    }
                    rest = &[];
                }
                Inner::Postgres(c) => {
                    let statement = c.prepare(&sql)?;
                    while rest.len() >= size {
                        let (now, later) = rest.split_at(size);
                        let parameters: Vec<&(dyn postgres::types::ToSql + Sync)> =
                            now.iter().flatten().map(|p| p as _).collect();
                        c.execute(&statement, &parameters)?;
                        rest = later;
                    }
                }
            }
        }
        Ok(())
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

    /// Makes the transaction durable.
    ///
    /// # Errors
    /// [`DbError`]; nothing of the transaction is stored then, or its fate is unknown when the connection broke.
    pub fn commit(&mut self) -> Result<(), DbError> {
        self.batch("COMMIT")
    }

    /// Gives the transaction up.
    pub fn rollback(&mut self) {
        let _ = self.batch("ROLLBACK");
    }

    /// Copies a SQLite database as of one moment into a new file, beside whoever writes to it, and checks the copy.
    ///
    /// # Errors
    /// [`DbError::Url`] for PostgreSQL, which `pg_dump` copies; [`DbError::Stored`] when the copy is not in order.
    pub fn copy_to(&mut self, path: &Path) -> Result<(), DbError> {
        let Inner::Sqlite(connection) = &mut self.inner else { return Err(DbError::Url(self.place())) };
        connection.execute("VACUUM INTO $1", [path.to_string_lossy()])?;
        let copy = rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let found: String = copy.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        match found.as_str() {
            "ok" => Ok(()),
            _ => Err(DbError::Stored { what: "the copy of the database".into(), cause: found }),
        }
    }

    /// Names and values that tell PostgreSQL's own programs (`pg_dump`) how to connect, so that no password stands in their arguments.
    ///
    /// # Errors
    /// [`DbError`] when the URL is none.
    pub fn client_environment(url: &str) -> Result<Vec<(&'static str, String)>, DbError> {
        let config: postgres::Config = url.parse()?;
        let mut out = Vec::new();
        let host = config.get_hosts().first().map(|host| match host {
            postgres::config::Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            postgres::config::Host::Unix(path) => path.display().to_string(),
        });
        out.extend(host.map(|h| ("PGHOST", h)));
        out.extend(config.get_ports().first().map(|p| ("PGPORT", p.to_string())));
        out.extend(config.get_user().map(|u| ("PGUSER", u.to_owned())));
        out.extend(config.get_dbname().map(|d| ("PGDATABASE", d.to_owned())));
        out.extend(config.get_password().map(|p| ("PGPASSWORD", String::from_utf8_lossy(p).into_owned())));
        Ok(out)
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

    /// Starts a part of the transaction that can be given up by itself.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) fn savepoint(&mut self) -> Result<(), DbError> {
        self.command("SAVEPOINT change")
    }

    /// Ends the part of the transaction; what it wrote stays in the transaction.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) fn release(&mut self) -> Result<(), DbError> {
        self.command("RELEASE SAVEPOINT change")
    }

    /// Undoes what was written since [`Database::savepoint`].
    ///
    /// # Errors
    /// [`DbError`] when the database gave the whole transaction up, or the connection broke.
    pub(crate) fn undo(&mut self) -> Result<(), DbError> {
        self.command("ROLLBACK TO SAVEPOINT change")?;
        self.command("RELEASE SAVEPOINT change")
    }

    fn command(&mut self, sql: &str) -> Result<(), DbError> {
        match &mut self.inner {
            Inner::Sqlite(c) => Ok(c.prepare_cached(sql)?.execute([]).map(|_| ())?),
            Inner::Postgres(c) => Ok(c.batch_execute(sql)?),
        }
    }

    /// Whether the connection still answers. A file is always there.
    pub(crate) fn answers(&mut self) -> bool {
        match &mut self.inner {
            Inner::Sqlite(_) => true,
            Inner::Postgres(c) => !c.is_closed() && c.simple_query("").is_ok(),
        }
    }

    /// Connects anew in place of a connection that broke.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) fn reconnect(&mut self) -> Result<(), DbError> {
        *self = Self::connect(&self.url)?;
        Ok(())
    }

    /// The server's process for this connection; none for a file.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) fn session(&mut self) -> Result<Option<i64>, DbError> {
        match self.inner {
            Inner::Sqlite(_) => Ok(None),
            Inner::Postgres(_) => {
                let rows = self.query("SELECT pg_backend_pid()", &[])?;
                rows.first().map(|r| r.int(0)).transpose()
            }
        }
    }

    /// Ends a session that this process left behind when its connection broke, so that its lock does not stay until the server notices.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) fn end_own_session(&mut self, session: i64) -> Result<(), DbError> {
        let holds = format!(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = {session}
             AND classid::bigint = {} AND objid::bigint = {}",
            WRITER_LOCK >> 32,
            WRITER_LOCK & 0xffff_ffff
        );
        if !self.query(&holds, &[])?.is_empty() {
            self.batch(&format!("SELECT pg_terminate_backend({session})"))?;
        }
        Ok(())
    }

    /// Brings the schema up to this version.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn migrate(&mut self) -> Result<(), DbError> {
        self.batch("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")?;
        let rows = self.query("SELECT version FROM schema_version", &[])?;
        let at = rows.first().map_or(Ok(0), |r| r.int(0))?;
        let known = MIGRATIONS.len() as i64;
        if at > known {
            return Err(DbError::Newer(at, known));
        }
        for (i, migration) in MIGRATIONS.iter().enumerate().skip(at as usize) {
            self.begin()?;
            self.batch(migration)?;
            self.execute("DELETE FROM schema_version", &[])?;
            self.execute("INSERT INTO schema_version (version) VALUES ($1)", &[Value::Int(i as i64 + 1)])?;
            self.commit()?;
        }
        Ok(())
    }
}

/// Each is applied once, in order; a released one is never changed.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/001_screening.sql"),
    include_str!("migrations/002_webhooks.sql"),
    include_str!("migrations/003_desk.sql"),
    include_str!("migrations/004_identifiers.sql"),
    include_str!("migrations/005_portal.sql"),
    include_str!("migrations/006_productions.sql"),
    include_str!("migrations/007_cases.sql"),
    include_str!("migrations/008_passkeys.sql"),
    include_str!("migrations/009_sharing.sql"),
    include_str!("migrations/010_academy.sql"),
    include_str!("migrations/011_completions.sql"),
    include_str!("migrations/012_settings.sql"),
    include_str!("migrations/013_sharing_validity.sql"),
    include_str!("migrations/014_changes.sql"),
    include_str!("migrations/015_codes.sql"),
];

#[cfg(test)]
mod tests {
    use super::*;

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
        db.migrate().unwrap();
        db.migrate().unwrap();
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
        db.execute("UPDATE schema_version SET version = 99", &[]).unwrap();
        assert!(matches!(db.migrate(), Err(DbError::Newer(99, _))));
    }
}
