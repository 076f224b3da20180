//! Sharing of intelligence: communities of partners ([`community`]) served and queried by TAXII 2.1 ([`taxii`]) in STIX 2.1 ([`stix`]), MISP
//! feeds ([`misp`]) and TagPacks ([`tagpack`]), flags of stolen funds ([`flags`]), and private matching ([`psi`]).
//!
//! Objects from outside are bounded, checked, stored with their source ([`sources`]) and can be withdrawn with it.

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

pub mod community;
mod envelope;
mod error;
pub mod flags;
pub mod ingest;
pub mod misp;
pub mod misp_feed;
pub mod psi;
pub mod reseal;
pub mod sources;
pub mod stix;
pub mod tagpack;
pub mod taxii;

pub use error::SharingError;

pub use holdfast_attribution::Tlp;

use holdfast_identity::KeyRing;
use holdfast_screening::Screening;
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, DbError};

/// Sharing, over the screening service's database and audit log.
#[derive(Clone, Copy, Debug)]
pub struct Sharing<'a> {
    /// The database's one writer.
    pub screening: &'a Screening,
    /// Secret that members' keys are derived from.
    pub key_ring: &'a KeyRing,
}

impl Sharing<'_> {
    /// Runs a query on a reading connection.
    fn read<T>(&self, query: impl FnOnce(&mut Database) -> Result<T, DbError>) -> Result<T, SharingError> {
        Ok(self.screening.read(query)?)
    }

    /// Runs a change in the writer and waits until it is durable.
    fn transact<T: Send + 'static>(
        &self,
        actor: &str,
        run: impl FnOnce(&mut Transaction<'_>) -> Result<T, SharingError> + Send + 'static,
    ) -> Result<T, SharingError> {
        self.screening.transact(actor, run)
    }
}
