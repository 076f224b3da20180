//! HTTP API of the desk: handlers by resource, with their part of the OpenAPI document. What is looked up and worked on with it (chains, cases, sharing,
//! the academy) is `holdfast-api-investigation`.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]

pub mod alerts;
pub mod answers;
pub mod audit;
pub mod campaigns;
pub mod changes;
pub mod compat;
pub mod customers;
pub mod drafts;
pub mod events;
pub mod holds;
pub mod jobs;
pub mod keys;
pub mod ledgers;
pub mod models;
pub mod passkeys;
pub mod people;
pub mod portal;
pub mod prices;
pub mod requests;
pub mod rescreens;
pub mod retention;
pub mod rules;
pub mod scim;
pub mod second_factor;
pub mod sessions;
pub mod sign_on;
pub mod statistics;
pub mod suggestions;
pub mod watches;
pub mod webhooks;
pub mod workbench;

use holdfast_state::routes::Routes;

/// Returns all routes of these resources.
#[must_use]
pub fn routes() -> Routes {
    let resources = [
        alerts::routes(),
        audit::routes(),
        campaigns::routes(),
        changes::routes(),
        compat::routes(),
        customers::routes(),
        drafts::routes(),
        events::routes(),
        holds::routes(),
        jobs::routes(),
        keys::routes(),
        ledgers::routes(),
        models::routes(),
        passkeys::routes(),
        people::routes(),
        portal::routes(),
        prices::routes(),
        rescreens::routes(),
        retention::routes(),
        rules::routes(),
        scim::routes(),
        second_factor::routes(),
        sessions::routes(),
        sign_on::routes(),
        statistics::routes(),
        suggestions::routes(),
        watches::routes(),
        webhooks::routes(),
        workbench::routes(),
    ];
    // Of schemas with one name the first stays: `Kind` is a request's.
    resources.into_iter().fold(requests::routes(), Routes::merge)
}
