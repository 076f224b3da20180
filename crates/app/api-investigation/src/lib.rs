//! HTTP API of investigations: look-ups and traces on chains, cases, sharing and the academy; handlers by resource, with their part of the OpenAPI
//! document. It compiles beside `holdfast-api`, which serves the desk: neither knows the other.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]

pub mod academy;
pub mod account_chains;
pub mod account_links;
pub mod account_traces;
pub mod answers;
pub mod cases;
pub mod chain;
pub mod freezes;
pub mod graph;
pub mod ledger;
pub mod mempool;
pub mod providers;
pub mod sharing;
pub mod tags;
pub mod traces;
pub mod verify;

use holdfast_state::routes::Routes;

/// Returns all routes of these resources.
#[must_use]
pub fn routes() -> Routes {
    let resources = [
        academy::routes(),
        account_chains::routes(),
        freezes::routes(),
        ledger::routes(),
        mempool::routes(),
        account_links::routes(),
        account_traces::routes(),
        cases::routes(),
        graph::routes(),
        providers::routes(),
        sharing::routes(),
        tags::routes(),
        traces::routes(),
        verify::routes(),
    ];
    resources.into_iter().fold(chain::routes(), Routes::merge)
}
