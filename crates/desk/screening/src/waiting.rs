//! Counts of what waits for a person: alerts, holds, changes.

use crate::service::{Screening, ScreeningError};
use holdfast_store::{Database, DbError};

/// Counts of what waits for a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Open alerts.
    pub open_alerts: u64,
    /// Active holds.
    pub active_holds: u64,
    /// Proposed changes.
    pub changes_to_approve: u64,
}

fn count(db: &mut Database, sql: &str) -> Result<u64, DbError> {
    db.query(sql, &[])?.first().map_or(Ok(0), |row| row.number(0))
}

impl Screening {
    /// Returns counts of what waits for a person.
    ///
    /// # Errors
    /// [`ScreeningError`] when the database cannot be read.
    pub fn waiting(&self) -> Result<Waiting, ScreeningError> {
        self.read(|db| {
            Ok(Waiting {
                open_alerts: count(db, "SELECT COUNT(*) FROM alerts WHERE state = 'open'")?,
                active_holds: count(db, "SELECT COUNT(*) FROM holds WHERE state = 'active'")?,
                changes_to_approve: count(db, "SELECT COUNT(*) FROM changes WHERE state = 'proposed'")?,
            })
        })
    }
}
