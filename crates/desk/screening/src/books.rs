//! Rule books that were in force, all versions.

use holdfast_store::{Database, DbError, Row, number};
use holdfast_types::Timestamp;
use serde::Serialize;

/// A version of the rule book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredBook {
    /// Its number.
    pub version: u32,
    /// When it was put in force.
    pub time: Timestamp,
    /// Who put it in force.
    pub author: String,
    /// SHA-256 of its text.
    pub sha256: String,
}

fn book(row: &Row) -> Result<StoredBook, DbError> {
    Ok(StoredBook {
        version: row.number(0)?,
        time: row.time(1)?,
        author: row.text(2)?.to_owned(),
        sha256: row.text(3)?.to_owned(),
    })
}

/// Lists versions, the latest first; those below `before`, where it is given.
///
/// # Errors
/// [`DbError`].
pub fn list(db: &mut Database, before: Option<u32>, limit: usize) -> Result<Vec<StoredBook>, DbError> {
    let below = before.map_or(i64::MAX, i64::from);
    let rows = db.query(
        "SELECT version, time, author, sha256 FROM rule_books WHERE version < $1 ORDER BY version DESC LIMIT $2",
        &[below.into(), number(limit.clamp(1, 1000) as u64)],
    )?;
    rows.iter().map(book).collect()
}

/// Returns a version with its text, as it was written.
///
/// # Errors
/// [`DbError`].
pub fn get(db: &mut Database, version: u32) -> Result<Option<(StoredBook, String)>, DbError> {
    let rows = db.query(
        "SELECT version, time, author, sha256, yaml FROM rule_books WHERE version = $1",
        &[i64::from(version).into()],
    )?;
    rows.first().map(|row| Ok((book(row)?, row.text(4)?.to_owned()))).transpose()
}
