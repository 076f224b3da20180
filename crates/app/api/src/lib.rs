//! HTTP API: handlers by resource, with their OpenAPI document.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::too_many_lines))]

pub mod academy;
pub mod alerts;
pub mod answers;
pub mod audit;
pub mod campaigns;
pub mod cases;
pub mod chain;
pub mod changes;
pub mod compat;
pub mod document;
pub mod events;
pub mod holds;
pub mod jobs;
pub mod keys;
pub mod passkeys;
pub mod people;
pub mod portal;
pub mod providers;
pub mod requests;
pub mod rescreens;
pub mod rules;
pub mod second_factor;
pub mod sessions;
pub mod sharing;
pub mod webhooks;

pub use holdfast_state::{
    AppState, MAX_BODY, Vault, access, auth, blocking, body, chain_choice, clearance, error, limits, mempools, metrics,
    routes, sign_in, status, system,
};

/// Returns all routes of the API.
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
        passkeys::routes(),
        people::routes(),
        portal::routes(),
        providers::routes(),
        rescreens::routes(),
        rules::routes(),
        second_factor::routes(),
        sessions::routes(),
        sharing::routes(),
        webhooks::routes(),
    ];
    resources.into_iter().fold(chain::routes(), routes::Routes::merge)
}
