//! A connection to PostgreSQL that prepares each statement once and inserts any number of rows of a table in one round trip.

use crate::{DbError, Row, Value, primary, tls};
use postgres::error::SqlState;
use postgres::types::{ToSql, Type};
use postgres::{Client, Statement};
use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// Most statements that stay prepared on a connection.
const MAX_STATEMENTS: usize = 256;

/// Most rows of one insert, which bounds the memory of its parameters.
const MAX_ROWS: usize = 1_000;

/// Longest silence of a writer's session within a transaction.
const SILENT_IN_TRANSACTION: &str = "30s";
/// Name of the sessions that a writer writes in: whoever takes its lock ends them.
pub(crate) const WRITES: &str = "holdfast writer";

/// A connection with its prepared statements.
pub(crate) struct Postgres {
    client: OffRuntime,
    /// Whether the server ends this session's transactions when its client is gone.
    is_bounded: bool,
    /// By their text.
    statements: HashMap<String, Statement>,
    /// By their table.
    inserts: HashMap<String, Vec<Arc<Insert>>>,
}

/// A client that may be dropped anywhere. Its end is waited for on a runtime of its own, which panics on a thread that drives another: the last owner of a
/// connection may be a task of a server that stops.
struct OffRuntime(Option<Client>);

impl Drop for OffRuntime {
    fn drop(&mut self) {
        let client = self.0.take();
        // Where no thread can be started, the closure and with it the client are dropped here.
        if let Ok(thread) = std::thread::Builder::new().name("pg-close".to_owned()).spawn(move || drop(client)) {
            drop(thread.join());
        }
    }
}

impl Deref for OffRuntime {
    type Target = Client;

    fn deref(&self) -> &Client {
        self.0.as_ref().expect("it is taken as it is dropped")
    }
}

impl DerefMut for OffRuntime {
    fn deref_mut(&mut self) -> &mut Client {
        self.0.as_mut().expect("it is taken as it is dropped")
    }
}

/// A prepared insert, and what it is found by besides its table: no text is built for it again.
struct Insert {
    columns: Vec<String>,
    tail: String,
    /// The types of the columns.
    types: Vec<Type>,
    statement: Statement,
}

impl Insert {
    fn is_for(&self, columns: &[&str], tail: &str) -> bool {
        self.tail == tail && self.columns == columns
    }
}

/// Returns whether a statement failed only because it was prepared earlier: its result has other columns now, or the server has it no longer.
fn is_stale(e: &postgres::Error) -> bool {
    e.code().is_some_and(|c| [SqlState::FEATURE_NOT_SUPPORTED, SqlState::INVALID_SQL_STATEMENT_NAME].contains(c))
}

impl Deref for Postgres {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Postgres {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

/// Returns values as parameters of a statement.
fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|v| v as _).collect()
}

impl Postgres {
    /// Connects; where the URL names several servers, to their primary.
    pub(crate) fn connect(url: &str) -> Result<Self, DbError> {
        let client = match &primary::servers(url)[..] {
            [_] => tls::connect(url, false)?,
            several => primary::connect(url, several)?,
        };
        Ok(Postgres {
            client: OffRuntime(Some(client)),
            is_bounded: false,
            statements: HashMap::new(),
            inserts: HashMap::new(),
        })
    }

    /// Lets the server end this session once the machine of its client no longer answers, after 2 s.
    pub(crate) fn end_with_client(&mut self) -> Result<(), DbError> {
        let bounds = [
            ("tcp_keepalives_idle", "1"),
            ("tcp_keepalives_interval", "1"),
            ("tcp_keepalives_count", "1"),
            ("tcp_user_timeout", "2000"),
        ];
        bounds.into_iter().try_for_each(|(name, value)| self.set_bound(name, value))
    }

    /// Makes this session one of the writer's: it ends once its client is gone, says nothing within a transaction, or has lost the lock to another process.
    /// The rows that it locked, the fencing number among them, would keep every other process from taking over. Once for a connection.
    pub(crate) fn bound_transactions(&mut self) -> Result<(), DbError> {
        if self.is_bounded {
            return Ok(());
        }
        self.end_with_client()?;
        self.set_bound("idle_in_transaction_session_timeout", SILENT_IN_TRANSACTION)?;
        self.set_bound("application_name", WRITES)?;
        self.is_bounded = true;
        Ok(())
    }

    /// Sets a setting of this session; nothing where the server does not know it (`idle_session_timeout` before version 14).
    pub(crate) fn set_bound(&mut self, name: &str, value: &str) -> Result<(), DbError> {
        let set = "SELECT set_config(name, $2, false) FROM pg_settings WHERE name = $1";
        self.client.query(set, &[&name, &value])?;
        Ok(())
    }

    /// Returns a statement, which is prepared at its first use.
    fn prepared(&mut self, sql: &str) -> Result<Statement, DbError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        if self.statements.len() >= MAX_STATEMENTS {
            self.statements.clear();
        }
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Drops a statement where its failure is of its being prepared; its next use prepares it again.
    fn drop_stale(&mut self, sql: &str, e: &postgres::Error) {
        if is_stale(e) {
            self.statements.remove(sql);
        }
    }

    /// Returns an insert, which is prepared at its first use.
    fn prepared_insert(&mut self, table: &str, columns: &[&str], tail: &str) -> Result<Arc<Insert>, DbError> {
        let of_table = self.inserts.get(table).map_or(&[][..], Vec::as_slice);
        if let Some(insert) = of_table.iter().find(|insert| insert.is_for(columns, tail)) {
            return Ok(insert.clone());
        }
        let into = format!("INSERT INTO {table} ({})", columns.join(", "));
        // The types of the columns are those of the same insert's plain parameters.
        let places: Vec<String> = (1..=columns.len()).map(|c| format!("${c}")).collect();
        let plain = self.client.prepare(&format!("{into} VALUES ({})", places.join(", ")))?;
        let types = plain.params().to_vec();
        let arrays: Vec<String> = types.iter().enumerate().map(|(i, ty)| format!("${}::{ty}[]", i + 1)).collect();
        let statement = self.client.prepare(&format!("{into} SELECT * FROM unnest({}) {tail}", arrays.join(", ")))?;
        let columns = columns.iter().map(|c| (*c).to_owned()).collect();
        let insert = Arc::new(Insert { columns, tail: tail.to_owned(), types, statement });
        if self.inserts.values().map(Vec::len).sum::<usize>() >= MAX_STATEMENTS {
            self.inserts.clear();
        }
        self.inserts.entry(table.to_owned()).or_default().push(insert.clone());
        Ok(insert)
    }

    /// Runs a statement; returns the number of rows that it changed.
    pub(crate) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, DbError> {
        let statement = self.prepared(sql)?;
        Ok(self.client.execute(&statement, &parameters(values)).inspect_err(|e| self.drop_stale(sql, e))?)
    }

    /// Runs a query; returns all rows.
    pub(crate) fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, DbError> {
        let statement = self.prepared(sql)?;
        let rows = self.client.query(&statement, &parameters(values)).inspect_err(|e| self.drop_stale(sql, e))?;
        rows.iter().map(row).collect()
    }

    /// Inserts rows: each column travels as one array, so that a statement is the same for any number of rows.
    pub(crate) fn insert(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &[Vec<Value>],
        tail: &str,
    ) -> Result<(), DbError> {
        if rows.is_empty() {
            return Ok(());
        }
        let insert = self.prepared_insert(table, columns, tail)?;
        for part in rows.chunks(MAX_ROWS) {
            let values: Vec<Box<dyn ToSql + Sync + '_>> =
                insert.types.iter().enumerate().map(|(i, ty)| column(part, i, ty)).collect::<Result<_, _>>()?;
            let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|v| &**v as _).collect();
            if let Err(e) = self.client.execute(&insert.statement, &values) {
                if is_stale(&e)
                    && let Some(of_table) = self.inserts.get_mut(table)
                {
                    of_table.retain(|insert| !insert.is_for(columns, tail));
                }
                return Err(e.into());
            }
        }
        Ok(())
    }
}

/// Returns a column of rows as an array of its type.
fn column<'a>(rows: &'a [Vec<Value>], i: usize, ty: &Type) -> Result<Box<dyn ToSql + Sync + 'a>, DbError> {
    fn array<'a, T>(
        rows: &'a [Vec<Value>],
        i: usize,
        of: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Vec<Option<T>>, DbError> {
        let value = |row: &'a Vec<Value>| match row.get(i) {
            Some(Value::Null) => Ok(None),
            Some(value) => of(value).map(Some).ok_or(DbError::Type(i)),
            None => Err(DbError::Type(i)),
        };
        rows.iter().map(value).collect()
    }
    match *ty {
        Type::INT8 => Ok(Box::new(array(rows, i, |v| if let Value::Int(n) = v { Some(*n) } else { None })?)),
        Type::TEXT => Ok(Box::new(array(rows, i, |v| if let Value::Text(t) = v { Some(t.as_str()) } else { None })?)),
        _ => Err(DbError::Type(i)),
    }
}

fn row(row: &postgres::Row) -> Result<Row, DbError> {
    let value = |(i, column): (usize, &postgres::Column)| -> Result<Value, DbError> {
        Ok(match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(i)?.into(),
            Type::INT4 => row.try_get::<_, Option<i32>>(i)?.map(i64::from).into(),
            Type::TEXT | Type::VARCHAR | Type::UNKNOWN => row.try_get::<_, Option<String>>(i)?.into(),
            _ => return Err(DbError::Type(i)),
        })
    };
    row.columns().iter().enumerate().map(value).collect::<Result<_, _>>().map(Row)
}
