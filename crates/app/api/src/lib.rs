//! HTTP API: state of the application, authentication, limits, and handlers by resource.

pub mod academy;
pub mod access;
pub mod blocking;
pub mod campaigns;
pub mod cases;
pub mod chain;
pub mod changes;
pub mod clearance;
pub mod compat;
pub mod error;
pub mod gate;
pub mod jobs;
pub mod lab_chains;
pub mod limits;
pub mod metrics;
pub mod portal;
pub mod requests;
pub mod screening;
pub mod sessions;
pub mod sharing;
pub mod sign_in;
mod state;
pub mod status;
pub mod system;

pub use holdfast_documents::Vault;
pub use state::Shared;

/// Largest request body: one raw block, one tag pack or one evidence bundle.
pub const MAX_BODY: usize = 64 << 20;
