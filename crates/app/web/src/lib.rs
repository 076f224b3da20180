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
mod passkey_forms;
mod portal;
mod sharing;
mod texts;
mod warnings;

pub use desk::is_private;
pub use frame::{ErrorPage, Frame};
pub use ledger::nothing_here;

use axum::routing::{get, post};
use holdfast_state::limits::{BOOK, FILE, LIST, Rate, SMALL, TINY};
use holdfast_state::routes::{APPROVE, DESK, MANAGE, Needs, NeedsTable, READ, READERS, Routes};
use std::sync::LazyLock;

/// Sessions and the second factor are everybody's own.
const EVERYBODY: Needs = Needs::key(&holdfast_identity::SCOPES);
const STAFF: Needs = Needs::key(&["desk", "approve"]);
const ALERTS: Needs = Needs::key(&["alerts"]);
const HOLDS: Needs = Needs::key(&["holds"]);
const TRAINERS: Needs = Needs::key(&["academy"]);
/// The handler checks which of them the kind of a change needs.
const DECIDERS: Needs = Needs::key(&["manage", "rules", "approve"]);
const WARNINGS: Needs = Needs::key(&["events", "desk", "approve", "audit"]);
const SHARING: Needs = Needs::key(&["desk", "approve", "audit", "manage"]);

/// Returns the routes of all pages, each with what its visitor needs.
#[must_use]
pub fn routes() -> Routes {
    let parts = [portal_routes(), academy_routes(), desk_routes(), sharing_routes()];
    parts.into_iter().fold(ledger_routes(), Routes::merge)
}

/// Returns the scopes of which a page needs one.
pub(crate) fn scopes_of_page(page: &str) -> &'static [&'static str] {
    static NEEDS: LazyLock<NeedsTable> = LazyLock::new(|| routes().into_parts().1);
    NEEDS.get(&axum::http::Method::GET, page).map_or(&[], |needs| needs.scopes())
}

fn ledger_routes() -> Routes {
    Routes::new("ledger pages")
        .open("/", get(ledger::home))
        .open("/search", get(ledger::search))
        .open("/address/{address}", get(ledger::address))
        .open("/tx/{txid}", get(ledger::tx))
        .open("/block/{block}", get(ledger::block))
        .open_with("/trace", Needs::OPEN.long(), get(ledger::trace))
        .open("/style.css", get(ledger::style))
        .open("/field-guide", get(field_guide::field_guide))
        .open_with("/transparency", Needs::OPEN.long(), get(desk::transparency::page))
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
        .open_with("/passkey.js", Needs::OPEN.rate(Rate::Pages), get(passkey_forms::passkey_js))
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

fn desk_routes() -> Routes {
    use desk::{
        alerts, case, cases, evidence, graph, holds, home, passkeys, people, recommendations, request, requests,
        second_factor, sign_in,
    };
    /// A step of signing in.
    const STEP: Needs = Needs::OPEN.body(TINY).rate(Rate::SignIn);
    Routes::new("desk pages")
        .open_with("/sign-in", STEP, get(sign_in::page).post(sign_in::enter))
        .open_with("/sign-in/code", STEP, get(sign_in::code_page).post(sign_in::enter_code))
        .open_with("/sign-in/passkey", STEP, post(passkeys::sign_in))
        .open_with("/sign-in/passkey/options", STEP, post(passkeys::sign_in_begin))
        .open_with("/sign-in/second-factor", Needs::OPEN.body(TINY), get(sign_in::enrol_page).post(sign_in::enrol))
        .open_with("/sign-in/second-factor/passkeys", STEP, post(passkeys::set_up))
        .open_with("/sign-in/second-factor/passkeys/options", STEP, post(passkeys::set_up_begin))
        .open_with("/sign-out", Needs::OPEN.body(TINY), post(sign_in::leave))
        .get("/desk", READERS, home::page)
        .get("/desk/requests", READERS.long(), requests::requests)
        .get("/desk/requests/{id}", READERS.long(), request::page)
        .post("/desk/requests/{id}", STAFF.long(), request::step)
        .post("/desk/requests/{id}/productions", STAFF.long(), request::produce)
        .post("/desk/requests/{id}/messages", STAFF.long(), request::message)
        .post("/desk/requests/{id}/files", STAFF.body(FILE).long(), request::attach)
        .get("/desk/officers", READERS.personal(), requests::officers)
        .post("/desk/officers/{id}", APPROVE, requests::judge_officer)
        .post("/desk/agencies", APPROVE, requests::add_agency)
        .get("/desk/seizures", READERS, requests::seizures)
        .get("/desk/alerts", READ.personal(), alerts::list)
        .get("/desk/alerts/{id}", READ.personal(), alerts::page)
        .post("/desk/alerts/{id}", ALERTS, alerts::act)
        .get("/desk/holds", READ.personal(), holds::list)
        .post("/desk/holds/{id}/release", HOLDS, holds::release)
        .get("/desk/cases", READERS.long(), cases::list)
        .post("/desk/cases", DESK.long(), cases::open)
        .get("/desk/cases/{id}", READERS.long(), case::page)
        .post("/desk/cases/{id}", DESK.long(), case::step)
        .post("/desk/cases/{id}/exhibits", DESK.body(FILE).long(), evidence::add_exhibit)
        .post("/desk/cases/{id}/evidence", DESK.body(FILE).long(), evidence::scan)
        .post("/desk/cases/{id}/report", DESK.long(), case::draft_report)
        .post("/desk/cases/{id}/reports/{report}/approve", APPROVE.long(), case::approve_report)
        .get("/desk/search", READERS.long(), cases::search)
        .get("/desk/recommendations", READERS, recommendations::page)
        .post("/desk/recommendations", DESK.body(BOOK), recommendations::propose)
        .post("/desk/recommendations/{id}", DESK, recommendations::follow_up)
        .get("/desk/graph", READERS, graph::page)
        .open("/graph.js", get(graph::graph_js))
        .get("/desk/people", MANAGE, people::people)
        .post("/desk/people", MANAGE, people::add)
        .get("/desk/people/{id}", MANAGE, people::person)
        .post("/desk/people/{id}", MANAGE, people::step)
        .post("/desk/people/{id}/keys", MANAGE, people::add_key)
        .post("/desk/keys/{id}", MANAGE, people::step_key)
        .post("/desk/desk-keys/{id}", MANAGE, people::retire)
        .get("/desk/sessions", EVERYBODY, people::sessions)
        .post("/desk/sessions/{handle}", EVERYBODY, people::end_session)
        .get("/desk/second-factor", EVERYBODY, second_factor::page)
        .post("/desk/second-factor", EVERYBODY, second_factor::set_up)
        .post("/desk/second-factor/code", EVERYBODY, second_factor::confirm)
        .post("/desk/second-factor/recovery-codes", EVERYBODY, second_factor::renew)
        .post("/desk/second-factor/passkeys", EVERYBODY.body(TINY), passkeys::add)
        .post("/desk/second-factor/passkeys/options", EVERYBODY.body(TINY), passkeys::begin)
        .post("/desk/second-factor/passkeys/{id}", EVERYBODY.body(TINY), passkeys::step)
        .get("/desk/jobs", MANAGE, people::jobs)
        .post("/desk/jobs/{id}", MANAGE, people::retry_job)
        .get("/desk/changes", DECIDERS, changes::page)
        .post("/desk/changes/{id}", DECIDERS, changes::decide)
}

fn sharing_routes() -> Routes {
    use sharing::{communities, flags, matching, sources};
    let sharing = Routes::new("sharing pages")
        .limits(|n| n.body(LIST).long())
        .get("/desk/sharing", SHARING, sharing::page)
        .post("/desk/sharing/flags", DESK, flags::raise)
        .post("/desk/sharing/flags/{id}", DESK, flags::decide)
        .post("/desk/sharing/communities", MANAGE, communities::open)
        .post("/desk/sharing/communities/{id}/members", MANAGE, communities::add_member)
        .post("/desk/sharing/communities/{id}/suspend", MANAGE, communities::suspend)
        .post("/desk/sharing/wallets", DESK, communities::wallet)
        .post("/desk/sharing/matching", DESK, matching::offer)
        .post("/desk/sharing/ask", DESK, matching::query)
        .post("/desk/sharing/discover", MANAGE, sources::discover)
        .post("/desk/sharing/sources", MANAGE, sources::add)
        .get("/desk/sharing/sources/{id}", SHARING, sources::page)
        .post("/desk/sharing/sources/{id}", MANAGE, sources::withdraw);
    Routes::new("warning and campaign pages")
        .get("/desk/warnings", WARNINGS.personal(), warnings::page)
        .post("/desk/warnings/{event}", Needs::key(&["events", "desk"]), warnings::cancel)
        .get("/desk/campaigns", READERS.personal(), campaigns::list)
        .post("/desk/campaigns", STAFF, campaigns::draft)
        // Investigators change messages; approvers start and end a campaign, which the handler checks.
        .get("/desk/campaigns/{id}", READERS.personal(), campaigns::page)
        .post("/desk/campaigns/{id}", STAFF, campaigns::step)
        .merge(sharing)
}
