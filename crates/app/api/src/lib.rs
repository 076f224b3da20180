//! HTTP API: state of the application, authentication, limits, and handlers by resource.

pub mod academy;
pub mod access;
pub mod alerts;
pub mod audit;
pub mod blocking;
pub mod body;
pub mod campaigns;
pub mod cases;
pub mod chain;
pub mod chain_choice;
pub mod changes;
pub mod clearance;
pub mod compat;
pub mod document;
pub mod error;
pub mod events;
mod facts;
pub mod gate;
pub mod holds;
pub mod jobs;
pub mod keys;
pub mod lab_chains;
pub mod limits;
pub mod mempools;
pub mod metrics;
pub mod people;
pub mod portal;
pub mod providers;
pub mod requests;
pub mod rescreens;
pub mod routes;
pub mod rules;
pub mod sessions;
pub mod sharing;
pub mod sign_in;
mod state;
pub mod status;
pub mod system;
pub mod webhooks;

pub use holdfast_documents::Vault;
pub use state::Shared;

/// All routes of the API.
#[must_use]
pub fn api_routes() -> routes::Routes {
    // Of schemas with one name the first stays: `Kind` is a request's.
    let resources = [
        requests::routes(),
        academy::routes(),
        alerts::routes(),
        audit::routes(),
        campaigns::routes(),
        cases::routes(),
        changes::routes(),
        compat::routes(),
        events::routes(),
        holds::routes(),
        jobs::routes(),
        keys::routes(),
        people::routes(),
        portal::routes(),
        providers::routes(),
        rescreens::routes(),
        rules::routes(),
        sessions::routes(),
        sharing::routes(),
        webhooks::routes(),
    ];
    resources.into_iter().fold(chain::routes(), routes::Routes::merge)
}

/// Largest request body: one raw block, one tag pack or one evidence bundle.
pub const MAX_BODY: usize = 64 << 20;
