//! What handlers, pages and the server share: the desk's services over one store, who may call, limits, routes, errors, jobs, and what the
//! server observes of itself. It answers no request.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::too_many_lines))]

pub mod access;
pub mod answers;
pub mod auth;
pub mod back_test;
pub mod blocking;
pub mod body;
pub mod chain_choice;
pub mod clearance;
mod directory;
mod erasing;
pub mod error;
pub mod evidence;
mod facts;
pub mod imports;
pub mod jobs;
pub mod lab_chains;
pub mod language;
pub mod learning;
pub mod ledgers;
pub mod limits;
pub mod live;
pub mod mempools;
pub mod metrics;
pub mod people;
mod rescreen_all;
mod reseal;
pub mod routes;
pub mod sessions;
pub mod sign_in;
pub mod sign_on;
pub mod sources;
mod state;
pub mod status;
pub mod suggesting;
pub mod system;
pub mod tags;
pub mod visit;
mod watching;

pub use holdfast_documents::Vault;
pub use state::AppState;

/// Largest request body: one raw block, one tag pack or one evidence bundle.
pub const MAX_BODY: usize = 64 << 20;
