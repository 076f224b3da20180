//! What decisions leave to be written to tables, as data: it is stored in one piece before the tables have it.

use holdfast_store::{Database, DbError, Value};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A statement that is yet to be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Write {
    /// Inserts rows.
    Insert {
        /// Name of the table.
        table: Cow<'static, str>,
        /// Names of the columns.
        columns: Vec<Cow<'static, str>>,
        /// Values, a row each.
        rows: Vec<Vec<Value>>,
        /// What follows, such as `ON CONFLICT (id) DO NOTHING`.
        tail: Cow<'static, str>,
    },
    /// Runs another statement.
    Execute {
        /// The statement.
        sql: Cow<'static, str>,
        /// Its parameters.
        values: Vec<Value>,
    },
}

impl Write {
    /// Inserts rows; `tail` is what follows.
    #[must_use]
    pub fn insert(table: &'static str, columns: &[&'static str], rows: Vec<Vec<Value>>, tail: &'static str) -> Self {
        let columns = columns.iter().map(|c| Cow::Borrowed(*c)).collect();
        Write::Insert { table: table.into(), columns, rows, tail: tail.into() }
    }

    /// Runs a statement.
    #[must_use]
    pub fn execute(sql: &'static str, values: Vec<Value>) -> Self {
        Write::Execute { sql: sql.into(), values }
    }

    /// Runs it.
    ///
    /// # Errors
    /// [`DbError`] when the database fails.
    pub fn apply(&self, db: &mut Database) -> Result<(), DbError> {
        match self {
            Write::Insert { table, columns, rows, tail } => {
                let columns: Vec<&str> = columns.iter().map(AsRef::as_ref).collect();
                db.insert(table, &columns, rows, tail)
            }
            Write::Execute { sql, values } => db.execute(sql, values).map(drop),
        }
    }
}
