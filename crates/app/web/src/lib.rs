//! Pages of the desk: requests, cases, alerts, events, customers, holds, rules, campaigns, sharing, people, and signing in. Pages for everybody else are in
//! `holdfast-web-public`; what all are made of is in `holdfast-page`.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::too_many_lines))]

mod campaigns;
mod changes;
mod desk;
mod sharing;
mod warnings;

use axum::routing::{get, post};
use holdfast_state::limits::{BOOK, FILE, LIST, Rate, TINY};
use holdfast_state::routes::{
    ALERTS, APPROVE, AUDIT, DECIDERS, DESK, EVERYBODY, HOLDS, MANAGE, Needs, READ, READ_OR_RULES, READERS, Routes,
    SHARING, STAFF, WARNINGS,
};

/// Returns the routes of these pages, each with what its visitor needs.
#[must_use]
pub fn routes() -> Routes {
    desk_routes().merge(sharing_routes())
}

fn desk_routes() -> Routes {
    use desk::{
        alerts, audit, case, cases, customers, events, evidence, graph, holds, home, ledgers, passkeys, people,
        recommendations, request, requests, rules, second_factor, sign_in, sign_on, webhooks,
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
        .open_with("/sign-in/provider", STEP, get(sign_on::leave))
        .open_with(holdfast_state::sign_on::RETURN, STEP, get(sign_on::come_back))
        .open_with("/sign-out", Needs::OPEN.body(TINY), post(sign_in::leave))
        .get("/desk", READERS, home::page)
        .post("/desk/mentions", READERS, home::mark_read)
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
        .get("/desk/alerts/{id}/panel", READ.personal(), alerts::panel)
        .post("/desk/alerts/{id}/case", DESK, alerts::into_case)
        .post("/desk/alerts/steps", ALERTS, alerts::steps)
        .post("/desk/alerts/views", ALERTS, alerts::save_view)
        .post("/desk/alerts/views/{id}", ALERTS, alerts::delete_view)
        .get("/desk/holds", READ.personal(), holds::list)
        .get("/desk/holds/{id}", READ.personal(), holds::page)
        .post("/desk/holds", HOLDS, holds::place)
        .post("/desk/holds/{id}/release", HOLDS, holds::release)
        .get("/desk/events", READ.personal(), events::list)
        .get("/desk/events/{id}", READ.personal(), events::page)
        .get("/desk/customers", READ.personal(), customers::find)
        .get("/desk/customers/{id}", READ.personal(), customers::page)
        .post("/desk/customers/{id}/notes", ALERTS, customers::add_note)
        .get("/desk/rules", READ_OR_RULES, rules::page)
        .get("/desk/rules/{version}", READ_OR_RULES, rules::version)
        .get("/desk/cases", READERS.long(), cases::list)
        .post("/desk/cases", DESK.long(), cases::open)
        .post("/desk/cases/add", DESK, cases::add)
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
        .open("/investigate", get(graph::investigate))
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
        .post("/desk/jobs/{id}/cancel", MANAGE, people::cancel_job)
        .post("/desk/ledgers/{chain}/check", MANAGE, ledgers::check)
        .post("/desk/ledgers/{chain}/rebuild", MANAGE, ledgers::rebuild)
        .get("/desk/webhooks", MANAGE, webhooks::page)
        .post("/desk/webhooks", MANAGE, webhooks::add)
        .post("/desk/webhooks/{id}", MANAGE, webhooks::remove)
        .get("/desk/audit/replay", AUDIT.long(), audit::page)
        .post("/desk/audit/replay", AUDIT.long(), audit::replay)
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
