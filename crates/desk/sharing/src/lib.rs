//! Sharing what is known: communities of partners ([`community`]) served and asked by TAXII 2.1 ([`taxii`]) in STIX 2.1 ([`stix`]), MISP
//! feeds ([`misp`]) and TagPacks ([`tagpack`]), flags of stolen funds ([`flags`]), and private matching ([`psi`]).
//!
//! What comes from outside is bounded, checked, kept with its source ([`sources`]) and can be withdrawn with it.

pub mod community;
mod envelope;
pub mod flags;
pub mod ingest;
pub mod misp;
pub mod misp_feed;
pub mod psi;
pub mod sources;
pub mod stix;
pub mod tagpack;
pub mod taxii;

pub use holdfast_attribution::Tlp;

use holdfast_identity::Master;
use holdfast_screening::model::Invalid;
use holdfast_screening::{Screening, ScreeningError};

/// Sharing, over the screening service's database and audit log.
#[derive(Clone, Copy, Debug)]
pub struct Sharing<'a> {
    /// The database's one writer.
    pub screening: &'a Screening,
    /// Secret that members' keys are derived from.
    pub master: &'a Master,
}

/// Why sharing failed.
#[derive(Debug, thiserror::Error)]
pub enum SharingError {
    /// An object is not what the format says.
    #[error("{0}: {1}")]
    Object(String, String),
    /// A partner's server did not answer as it should.
    #[error("{0}: {1}")]
    Partner(String, String),
    /// The desk.
    #[error(transparent)]
    Desk(#[from] ScreeningError),
}

impl From<Invalid> for SharingError {
    fn from(e: Invalid) -> Self {
        SharingError::Desk(e.into())
    }
}

impl From<SharingError> for ScreeningError {
    fn from(e: SharingError) -> Self {
        match e {
            SharingError::Desk(e) => e,
            SharingError::Object(id, what) => Invalid::new(&id, what).into(),
            SharingError::Partner(url, what) => ScreeningError::State(format!("{url}: {what}")),
        }
    }
}
