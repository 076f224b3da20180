//! The vault against the database: every file that a row names is there, and is what its hash says. What a restore is checked by.

use crate::erasure::{ErasureState, Report};
use crate::{Retention, RetentionError};
use holdfast_documents::{DocumentError, is_sha256};
use holdfast_store::{Database, DbError, Row, parse};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use utoipa::ToSchema;

/// Files that are asked for at once.
const PAGE: usize = 500;
/// Most problems that are listed.
const MAX_PROBLEMS: usize = 1_000;
/// Every row that names a file of the vault, with what it is.
const NAMED: &str = "
    SELECT sha256, owner AS what FROM files
    UNION ALL SELECT sha256, 'production ' || CAST(id AS TEXT) || ' of request ' || request FROM productions
    UNION ALL SELECT sha256, 'report ' || CAST(id AS TEXT) FROM reports WHERE sha256 IS NOT NULL
    UNION ALL SELECT sha256, 'preservation of request ' || request FROM preservations WHERE state = 'kept'";

/// What a check of the vault found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = VaultCheck)]
pub struct VaultCheck {
    /// Files that rows name, by their SHA-256.
    pub files: u64,
    /// Rows that name them.
    pub rows: u64,
    /// Bytes that were read and hashed.
    pub bytes: u64,
    /// Files that an erasure deleted, so that they are rightly not there.
    pub erased: u64,
    /// Files that are missing, changed or unreadable, with a row that names each; at most 1,000.
    pub problems: Vec<String>,
    /// Whether there are more problems than are listed.
    pub cut: bool,
    /// Whether it ended before the last file: nothing is said of the rest.
    pub stopped: bool,
}

/// Returns the files that erasures deleted.
fn deleted(db: &mut Database) -> Result<BTreeSet<String>, DbError> {
    let sql = "SELECT report FROM erasures WHERE state = $1 AND report IS NOT NULL";
    let mut all = BTreeSet::new();
    for row in db.query(sql, &[ErasureState::Done.name().into()])? {
        let report: Report = parse("erasure", row.text(0)?)?;
        all.extend(report.deleted);
    }
    Ok(all)
}

/// Returns the named files after one, each with how many rows name it and one of them.
fn named(db: &mut Database, after: &str) -> Result<Vec<(String, u64, String)>, DbError> {
    let sql = format!(
        "SELECT sha256, COUNT(*), MIN(what) FROM ({NAMED}) n WHERE sha256 > $1 GROUP BY sha256 ORDER BY sha256 LIMIT {PAGE}"
    );
    let read = |row: &Row| Ok((row.text(0)?.to_owned(), row.number(1)?, row.text(2)?.to_owned()));
    db.query(&sql, &[after.into()])?.iter().map(read).collect()
}

impl VaultCheck {
    fn problem(&mut self, text: String) {
        match self.problems.len() < MAX_PROBLEMS {
            true => self.problems.push(text),
            false => self.cut = true,
        }
    }
}

impl Retention<'_> {
    /// Reads every file that the database names and compares it with its SHA-256; `progress` gets the files read so far, and may end it.
    ///
    /// # Errors
    /// [`RetentionError::Store`] when the database fails. What is wrong with files stands in the result.
    pub fn check_vault(&self, progress: &mut dyn FnMut(u64) -> ControlFlow<()>) -> Result<VaultCheck, RetentionError> {
        let deleted = self.screening.read(deleted)?;
        let (mut check, mut after) = (VaultCheck::default(), String::new());
        loop {
            let page = self.screening.read(|db| named(db, &after))?;
            let is_last = page.len() < PAGE;
            for (sha256, rows, what) in page {
                if progress(check.files).is_break() {
                    check.stopped = true;
                    return Ok(check);
                }
                check.files += 1;
                check.rows += rows;
                self.check_file(&mut check, &sha256, &what, deleted.contains(&sha256));
                after = sha256;
            }
            if is_last {
                return Ok(check);
            }
        }
    }

    fn check_file(&self, check: &mut VaultCheck, sha256: &str, what: &str, is_deleted: bool) {
        if !is_sha256(sha256) {
            return check.problem(format!("{what}: '{sha256}' is no SHA-256"));
        }
        match self.vault.read(sha256) {
            Ok(bytes) => check.bytes += bytes.len() as u64,
            Err(DocumentError::Store(holdfast_store::StoreError::Io(_, e)))
                if e.kind() == ErrorKind::NotFound && is_deleted =>
            {
                check.erased += 1;
            }
            Err(DocumentError::Store(holdfast_store::StoreError::Io(_, e))) if e.kind() == ErrorKind::NotFound => {
                check.problem(format!("{what}: the vault has no file {sha256}; put it back from a copy of the vault"));
            }
            Err(e) => check.problem(format!("{what}: {e}")),
        }
    }
}
