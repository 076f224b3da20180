//! Web pages: the ledger for everybody, the desk, the officers' portal, the academy.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::too_many_lines))]

mod academy;
mod campaigns;
mod changes;
mod components;
mod desk;
mod field_guide;
mod forms;
mod frame;
mod ledger;
mod portal;
mod sharing;
mod texts;
mod warnings;

pub use desk::{is_private, scopes_of_page};
pub use frame::{ErrorPage, Frame};
pub use ledger::nothing_here;

use axum::Router;
use axum::routing::{get, post};
use holdfast_api::Shared;

/// Returns the routes of all pages.
pub fn routes() -> Router<Shared> {
    Router::new()
        .merge(ledger_routes())
        .merge(portal_routes())
        .merge(academy_routes())
        .merge(desk_routes())
        .merge(sharing_routes())
}

fn ledger_routes() -> Router<Shared> {
    Router::new()
        .route("/", get(ledger::home))
        .route("/search", get(ledger::search))
        .route("/address/{address}", get(ledger::address))
        .route("/tx/{txid}", get(ledger::tx))
        .route("/block/{block}", get(ledger::block))
        .route("/trace", get(ledger::trace))
        .route("/style.css", get(ledger::style))
        .route("/field-guide", get(field_guide::field_guide))
        .route("/transparency", get(desk::transparency::page))
}

fn portal_routes() -> Router<Shared> {
    use portal::{me, passkeys, requests, send, sign_in};
    Router::new()
        .route("/portal", get(requests::home))
        .route("/portal/sign-in", get(sign_in::sign_in).post(sign_in::code))
        .route("/portal/sign-out", post(sign_in::sign_out))
        .route("/portal/prove", post(sign_in::prove))
        .route("/portal/factor", get(sign_in::factor).post(sign_in::enter))
        .route("/portal/passkeys", post(passkeys::begin).put(passkeys::register))
        .route("/portal/passkeys/challenge", post(passkeys::challenge).put(passkeys::enter))
        .route("/portal/passkeys/remove", post(passkeys::remove))
        .route("/passkey.js", get(passkeys::passkey_js))
        .route("/portal/new", get(send::page).post(send::send))
        .route("/portal/me", get(me::page).post(me::set_keys))
        .route("/portal/requests/{id}", get(requests::page).post(requests::message))
        .route("/portal/requests/{id}/files", post(requests::attach))
        .route("/portal/requests/{id}/productions/{number}", get(requests::fetch))
}

fn academy_routes() -> Router<Shared> {
    use academy::{attempt, chain, sessions, tool, trainer};
    Router::new()
        .route("/academy", get(academy::home))
        .route("/academy/courses/{course}", get(academy::course))
        .route("/academy/labs/{lab}", get(academy::lab))
        .route("/academy/revocations", get(holdfast_api::academy::revocations))
        .route("/academy/enter", post(academy::enter))
        .route("/academy/leave", post(academy::leave))
        .route("/academy/me", get(academy::me))
        .route("/academy/sessions/{id}", get(sessions::page).post(sessions::feedback))
        .route("/academy/sessions/{id}/labs/{lab}", post(attempt::begin))
        .route("/academy/attempts/{id}", get(attempt::attempt).post(attempt::answer))
        .route("/academy/attempts/{id}/pack", get(holdfast_api::academy::pack))
        .route("/academy/attempts/{id}/files/{*name}", get(attempt::file))
        .route("/academy/attempts/{id}/tool", get(tool::tool).post(tool::tool_draft))
        .route("/academy/attempts/{id}/chain", get(chain::home))
        .route("/academy/attempts/{id}/chain/{*rest}", get(chain::page))
        .route("/academy/certificates/{id}", get(holdfast_api::academy::own_certificate))
        .route("/desk/academy", get(trainer::list))
        .route("/desk/academy/sessions", post(trainer::plan))
        .route("/desk/academy/courses", post(trainer::add_course))
        .route("/desk/academy/sessions/{id}", get(trainer::session).post(trainer::step))
        .route("/desk/academy/learners/{id}/key", post(trainer::new_key))
}

fn desk_routes() -> Router<Shared> {
    use desk::{alerts, case, cases, evidence, graph, holds, home, recommendations, request, requests, sign_in};
    Router::new()
        .route("/sign-in", get(sign_in::page).post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
        .route("/desk", get(home::page))
        .route("/desk/requests", get(requests::requests))
        .route("/desk/requests/{id}", get(request::page).post(request::step))
        .route("/desk/requests/{id}/productions", post(request::produce))
        .route("/desk/requests/{id}/messages", post(request::message))
        .route("/desk/requests/{id}/files", post(request::attach))
        .route("/desk/officers", get(requests::officers))
        .route("/desk/officers/{id}", post(requests::judge_officer))
        .route("/desk/agencies", post(requests::add_agency))
        .route("/desk/seizures", get(requests::seizures))
        .route("/desk/alerts", get(alerts::list))
        .route("/desk/alerts/{id}", get(alerts::page).post(alerts::act))
        .route("/desk/holds", get(holds::list))
        .route("/desk/holds/{id}/release", post(holds::release))
        .route("/desk/cases", get(cases::list).post(cases::open))
        .route("/desk/cases/{id}", get(case::page).post(case::step))
        .route("/desk/cases/{id}/exhibits", post(evidence::add_exhibit))
        .route("/desk/cases/{id}/evidence", post(evidence::scan))
        .route("/desk/cases/{id}/report", post(case::draft_report))
        .route("/desk/cases/{id}/reports/{report}/approve", post(case::approve_report))
        .route("/desk/search", get(cases::search))
        .route("/desk/recommendations", get(recommendations::page).post(recommendations::propose))
        .route("/desk/recommendations/{id}", post(recommendations::follow_up))
        .route("/desk/graph", get(graph::page))
        .route("/graph.js", get(graph::graph_js))
        .route("/desk/changes", get(changes::page))
        .route("/desk/changes/{id}", post(changes::decide))
}

fn sharing_routes() -> Router<Shared> {
    use sharing::{communities, flags, matching, sources};
    Router::new()
        .route("/desk/sharing", get(sharing::page))
        .route("/desk/sharing/flags", post(flags::raise))
        .route("/desk/sharing/flags/{id}", post(flags::decide))
        .route("/desk/sharing/communities", post(communities::open))
        .route("/desk/sharing/communities/{id}/members", post(communities::add_member))
        .route("/desk/sharing/communities/{id}/suspend", post(communities::suspend))
        .route("/desk/sharing/wallets", post(communities::wallet))
        .route("/desk/sharing/matching", post(matching::offer))
        .route("/desk/sharing/ask", post(matching::query))
        .route("/desk/sharing/discover", post(sources::discover))
        .route("/desk/sharing/sources", post(sources::add))
        .route("/desk/sharing/sources/{id}", get(sources::page).post(sources::withdraw))
        .route("/desk/warnings", get(warnings::page))
        .route("/desk/warnings/{event}", post(warnings::cancel))
        .route("/desk/campaigns", get(campaigns::list).post(campaigns::draft))
        .route("/desk/campaigns/{id}", get(campaigns::page).post(campaigns::step))
}
