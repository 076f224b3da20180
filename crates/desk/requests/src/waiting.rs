//! Counts of what waits for a person: requests, answers, officers, seizures.

use crate::{Desk, RequestError};
use holdfast_store::{Database, DbError};

/// Counts of what waits for a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Requests without an answer.
    pub open_requests: u64,
    /// Prepared answers.
    pub answers_to_approve: u64,
    /// Officers who verified their address.
    pub officers_to_approve: u64,
    /// Approved transfers that the exchange carries out.
    pub seizures_to_execute: u64,
}

fn count(db: &mut Database, sql: &str) -> Result<u64, DbError> {
    db.query(sql, &[])?.first().map_or(Ok(0), |row| row.number(0))
}

impl Desk<'_> {
    /// Returns counts of what waits for a person.
    ///
    /// # Errors
    /// [`RequestError`] when the database cannot be read.
    pub fn waiting(&self) -> Result<Waiting, RequestError> {
        self.read(|db| {
            Ok(Waiting {
                open_requests: count(db, "SELECT COUNT(*) FROM requests WHERE state = 'open'")?,
                answers_to_approve: count(db, "SELECT COUNT(*) FROM requests WHERE state = 'prepared'")?,
                officers_to_approve: count(db, "SELECT COUNT(*) FROM officers WHERE state = 'proved'")?,
                seizures_to_execute: count(db, "SELECT COUNT(*) FROM seizures WHERE state = 'approved'")?,
            })
        })
    }
}
