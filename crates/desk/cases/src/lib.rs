//! Cases: what belongs to them and who works on them ([`case`](mod@case)), seized material ([`seized`]), what is recommended to other teams
//! ([`recommend`]), reports to authorities ([`reports`], [`report_xml`]) and the transparency report ([`transparency`]).
//!
//! Cases build on requests: targets, matching, disclosed records and files are those of `holdfast-requests`, which knows nothing of cases.

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

pub mod case;
pub mod customers;
mod error;
pub mod mentions;
pub mod named;
pub mod recommend;
pub mod report_xml;
pub mod reports;
pub mod seized;
pub mod transparency;

pub use error::CaseError;

use holdfast_documents::Vault;
use holdfast_identity::KeyRing;
use holdfast_requests::Desk;
use holdfast_screening::Screening;
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, DbError};

/// Cases, over the screening service's database and audit log.
#[derive(Clone, Copy, Debug)]
pub struct Cases<'a> {
    /// The database's one writer.
    pub screening: &'a Screening,
    /// Secret that cases' sealing keys and the signing key are derived from.
    pub key_ring: &'a KeyRing,
    /// Files.
    pub vault: &'a Vault,
}

impl<'a> From<Desk<'a>> for Cases<'a> {
    fn from(desk: Desk<'a>) -> Self {
        Cases { screening: desk.screening, key_ring: desk.key_ring, vault: desk.vault }
    }
}

impl Cases<'_> {
    /// Records a read access in the audit log.
    fn note_look(&self, action: &'static str, subject: &str, actor: &str) -> Result<(), crate::CaseError> {
        Ok(self.screening.note_look(action, subject, "{}".into(), actor)?)
    }
}

impl Cases<'_> {
    /// Runs a query on a reading connection.
    fn read<T>(&self, query: impl FnOnce(&mut Database) -> Result<T, DbError>) -> Result<T, CaseError> {
        Ok(self.screening.read(query)?)
    }

    /// Runs a change in the writer and waits until it is durable.
    fn transact<T: Send + 'static>(
        &self,
        actor: &str,
        run: impl FnOnce(&mut Transaction<'_>) -> Result<T, CaseError> + Send + 'static,
    ) -> Result<T, CaseError> {
        self.screening.transact(actor, run)
    }
}
