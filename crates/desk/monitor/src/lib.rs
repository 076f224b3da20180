//! Monitoring of the desk: [`statistics`] of what it decides and does, [`drafts`] of rule books, [`watch`] lists and the [`notifications`]
//! that they make.

#![warn(
    clippy::too_many_lines,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_lossless
)]

mod digest;
pub mod drafts;
mod error;
pub mod notifications;
pub mod statistics;
pub mod watch;

pub use error::MonitorError;

use holdfast_screening::Screening;
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, DbError};

/// Monitoring, over the screening service's database.
#[derive(Clone, Copy, Debug)]
pub struct Monitor<'a> {
    /// The database's one writer.
    pub screening: &'a Screening,
}

impl Monitor<'_> {
    /// Runs a change in the writer and waits until it is durable.
    fn transact<T: Send + 'static>(
        &self,
        actor: &str,
        run: impl FnOnce(&mut Transaction<'_>) -> Result<T, MonitorError> + Send + 'static,
    ) -> Result<T, MonitorError> {
        self.screening.transact(actor, run)
    }

    /// Runs a query on a reading connection.
    fn read<T>(&self, query: impl FnOnce(&mut Database) -> Result<T, DbError>) -> Result<T, MonitorError> {
        Ok(self.screening.read(query)?)
    }
}
