//! Pages for those outside the desk: the ledger for everybody, the officers' portal, the academy with its trainers. Pages of the desk are in
//! `holdfast-web`; what all are made of is in `holdfast-page`.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::too_many_lines))]

mod academy;
mod account_flows;
mod account_freezes;
mod accounts;
mod assets;
mod field_guide;
mod languages;
mod ledger;
mod pictures;
mod portal;
mod save_trace;
mod story;
mod transparency;

pub use ledger::nothing_here;

use axum::routing::{get, post};
use holdfast_state::limits::{FILE, Rate, SMALL, TINY};
use holdfast_state::routes::{DESK, Needs, Routes, TRAINERS};

/// Returns the routes of these pages, each with what its visitor needs.
#[must_use]
pub fn routes() -> Routes {
    ledger_routes().merge(portal_routes()).merge(academy_routes())
}

fn ledger_routes() -> Routes {
    Routes::new("ledger pages")
        .open("/", get(ledger::home))
        .open("/search", get(ledger::search))
        .open("/address/{address}", get(ledger::address))
        .open("/tx/{txid}", get(ledger::tx))
        .open("/block/{block}", get(ledger::block))
        .open_with("/trace", Needs::OPEN.long(), get(ledger::trace))
        .open("/accounts", get(accounts::chains))
        .open("/accounts/freezes", get(account_freezes::all))
        .open("/accounts/{chain}", get(accounts::chain))
        .open("/accounts/{chain}/address/{address}", get(accounts::address))
        .open("/accounts/{chain}/tx/{hash}", get(accounts::tx))
        .open("/accounts/{chain}/block/{block}", get(accounts::block))
        .open("/accounts/{chain}/assets", get(accounts::assets))
        .open("/accounts/{chain}/freezes", get(account_freezes::page))
        .open("/accounts/{chain}/asset/{*asset}", get(accounts::asset))
        .open_with("/accounts/{chain}/exposure/{subject}", Needs::OPEN.long(), get(account_flows::exposure))
        .open_with("/accounts/{chain}/trace", Needs::OPEN.long(), get(account_flows::trace))
        .post("/accounts/{chain}/trace/save", DESK.long(), save_trace::save)
        .open_with("/accounts/{chain}/paths", Needs::OPEN.long(), get(account_flows::paths))
        .open("/accounts/{chain}/links/{subject}", get(account_flows::links))
        .open("/accounts/{chain}/cluster/{address}", get(account_flows::cluster))
        .open("/style.css", get(ledger::style))
        .open("/assets/{file}", get(assets::serve))
        .open_with("/language", Needs::OPEN.body(TINY), post(languages::choose))
        .open("/field-guide", get(field_guide::field_guide))
        .open_with("/transparency", Needs::OPEN.long(), get(transparency::page))
}

fn portal_routes() -> Routes {
    use portal::{me, passkeys, requests, send, sign_in};
    const REQUESTS: Needs = Needs::OPEN.body(SMALL).long();
    Routes::new("portal pages")
        .limits(|n| n.body(TINY).rate(Rate::Portal))
        .open("/portal", get(requests::home))
        .open_with("/portal/sign-in", Needs::OPEN.rate(Rate::Code), get(sign_in::sign_in).post(sign_in::code))
        .open("/portal/sign-out", post(sign_in::sign_out))
        .open_with("/portal/prove", Needs::OPEN.rate(Rate::Prove), post(sign_in::prove))
        .open("/portal/factor", get(sign_in::factor).post(sign_in::enter))
        .open("/portal/passkeys", post(passkeys::begin).put(passkeys::register))
        .open("/portal/passkeys/challenge", post(passkeys::challenge).put(passkeys::enter))
        .open("/portal/passkeys/remove", post(passkeys::remove))
        .open_with("/passkey.js", Needs::OPEN.rate(Rate::Pages), get(holdfast_page::passkey_forms::passkey_js))
        .open_with("/portal/new", Needs::OPEN.body(SMALL), get(send::page).post(send::send))
        .open("/portal/me", get(me::page).post(me::set_keys))
        .open_with("/portal/requests/{id}", REQUESTS, get(requests::page).post(requests::message))
        .open_with("/portal/requests/{id}/files", REQUESTS.body(FILE), post(requests::attach))
        .open_with("/portal/requests/{id}/productions/{number}", REQUESTS, get(requests::fetch))
}

fn academy_routes() -> Routes {
    use academy::{attempt, chain, sessions, tool, trainer};
    let learners = Routes::new("academy pages")
        .limits(|n| n.long().rate(Rate::Learn))
        .open_with("/academy", Needs::OPEN.body(TINY), get(academy::home))
        .open("/academy/courses/{course}", get(academy::course))
        .open("/academy/labs/{lab}", get(academy::lab))
        .open("/academy/revocations", get(holdfast_api_investigation::academy::revocations))
        .open_with("/academy/enter", Needs::OPEN.rate(Rate::SignIn), post(academy::enter))
        .open("/academy/leave", post(academy::leave))
        .open("/academy/me", get(academy::me))
        .open("/academy/sessions/{id}", get(sessions::page).post(sessions::feedback))
        .open("/academy/sessions/{id}/labs/{lab}", post(attempt::begin))
        .open("/academy/attempts/{id}", get(attempt::attempt).post(attempt::answer))
        .open("/academy/attempts/{id}/pack", get(holdfast_api_investigation::academy::pack))
        .open("/academy/attempts/{id}/files/{*name}", get(attempt::file))
        .open("/academy/attempts/{id}/tool", get(tool::tool).post(tool::tool_draft))
        .open("/academy/attempts/{id}/chain", get(chain::home))
        .open("/academy/attempts/{id}/chain/{*rest}", get(chain::page))
        .open("/academy/certificates/{id}", get(holdfast_api_investigation::academy::own_certificate));
    Routes::new("trainers' pages")
        .limits(Needs::long)
        .get("/desk/academy", TRAINERS, trainer::list)
        .post("/desk/academy/sessions", TRAINERS, trainer::plan)
        .post("/desk/academy/courses", TRAINERS, trainer::add_course)
        .get("/desk/academy/sessions/{id}", TRAINERS, trainer::session)
        .post("/desk/academy/sessions/{id}", TRAINERS, trainer::step)
        .post("/desk/academy/learners/{id}/key", TRAINERS, trainer::new_key)
        .merge(learners)
}
