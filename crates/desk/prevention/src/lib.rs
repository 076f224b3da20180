//! Prevention: campaigns with police that warn customers of scams, and measure what the warnings do ([`campaigns`]).

#![warn(
    clippy::too_many_lines,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_lossless
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::too_many_lines,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap
    )
)]

pub mod campaigns;
mod error;

pub use error::PreventionError;

use holdfast_identity::KeyRing;
use holdfast_screening::Screening;
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, DbError};
use holdfast_types::Invalid;

/// Prevention, over the screening service's database and audit log.
#[derive(Clone, Copy, Debug)]
pub struct Prevention<'a> {
    /// The database's one writer.
    pub screening: &'a Screening,
    /// Secret that a campaign's arms are drawn by.
    pub key_ring: &'a KeyRing,
}

fn invalid(field: &str, problem: String) -> PreventionError {
    Invalid::new(field, problem).into()
}

impl Prevention<'_> {
    /// Runs a query on a reading connection.
    fn read<T>(&self, query: impl FnOnce(&mut Database) -> Result<T, DbError>) -> Result<T, PreventionError> {
        Ok(self.screening.read(query)?)
    }

    /// Runs a change in the writer and waits until it is durable.
    fn transact<T: Send + 'static>(
        &self,
        actor: &str,
        run: impl FnOnce(&mut Transaction<'_>) -> Result<T, PreventionError> + Send + 'static,
    ) -> Result<T, PreventionError> {
        self.screening.transact(actor, run)
    }
}
