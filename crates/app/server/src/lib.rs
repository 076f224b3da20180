//! The server: connections, layers, the guard, health, and one router of the API and the pages.

pub mod csrf;
pub mod document;
pub mod guard;
pub mod health;
mod layers;
pub mod listen;
pub mod observe;
pub mod socket;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, delete, get, post, put};
use holdfast_api::gate::Gate;
use holdfast_api::{MAX_BODY, Shared};
use holdfast_api::{academy, campaigns, cases, chain, changes, compat, portal, requests, screening, sessions, sharing};
pub use listen::{serve, serve_metrics, serve_with_socket};
use std::sync::Arc;

/// All routes.
pub fn router(shared: Shared) -> Router {
    let app = Router::new()
        .route("/openapi.json", get(document::openapi))
        .route("/taxii2/", any(sharing::taxii))
        .route("/taxii2", any(sharing::taxii))
        .route("/taxii2/{*rest}", any(sharing::taxii))
        .route("/api/v1/sharing/communities", get(sharing::communities).post(sharing::open_community))
        .route("/api/v1/sharing/communities/{id}/members", get(sharing::members).post(sharing::add_member))
        .route("/api/v1/sharing/communities/{id}/members/{name}/suspend", post(sharing::suspend_member))
        .route("/api/v1/sharing/communities/{id}/objects", get(sharing::objects))
        .route("/api/v1/sharing/share", post(sharing::share))
        .route("/api/v1/sharing/sources", get(sharing::sources).post(sharing::add_source))
        .route("/api/v1/sharing/sources/{id}", get(sharing::imported))
        .route("/api/v1/sharing/sources/{id}/read", post(sharing::read_source))
        .route("/api/v1/sharing/sources/{id}/withdraw", post(sharing::withdraw_source))
        .route("/api/v1/sharing/discover", post(sharing::discover))
        .route("/api/v1/sharing/flags", get(sharing::flags).post(sharing::raise_flag))
        .route("/api/v1/sharing/flags/{id}", post(sharing::move_flag))
        .route("/api/v1/sharing/standings", get(sharing::standings))
        .route("/api/v1/sharing/tagpack", get(sharing::tag_pack))
        .route("/api/v1/sharing/misp/{creator}/{pack}/{file}", get(sharing::misp))
        .route("/api/v1/sharing/matching", get(sharing::matchings).post(sharing::offer_matching))
        .route("/api/v1/sharing/matching/{id}", get(sharing::matching_values).post(sharing::answer_matching))
        .route("/api/v1/academy/labs", get(academy::labs))
        .route("/api/v1/academy/courses", get(academy::courses).post(academy::add_course))
        .route("/api/v1/academy/courses/{course}", get(academy::course))
        .route("/api/v1/academy/sessions", get(academy::sessions).post(academy::plan_session))
        .route("/api/v1/academy/sessions/{id}", get(academy::session))
        .route("/api/v1/academy/sessions/{id}/end", post(academy::end_session))
        .route("/api/v1/academy/sessions/{id}/learners", post(academy::enrol))
        .route("/api/v1/academy/sessions/{id}/learners/{learner}/feedback", put(academy::note_feedback))
        .route("/api/v1/academy/sessions/{id}/attendance/{part}", put(academy::note_attendance))
        .route("/api/v1/academy/sessions/{id}/class", get(academy::class))
        .route("/api/v1/academy/sessions/{id}/scoreboard", get(academy::scoreboard))
        .route("/api/v1/academy/sessions/{id}/xapi", get(academy::xapi))
        .route("/api/v1/academy/sessions/{id}/certificates", post(academy::certify))
        .route("/api/v1/academy/learners/{id}/key", post(academy::new_key))
        .route("/api/v1/academy/certificates/{id}", get(academy::certificate))
        .route("/api/v1/academy/certificates/{id}/pdf", get(academy::certificate_pdf))
        .route("/api/v1/academy/certificates/{id}/revoke", post(academy::revoke_certificate))
        .route("/api/v1/academy/programme", get(academy::programme))
        .route("/api/v1/learn/me", get(academy::me))
        .route("/api/v1/learn/sessions/{id}/labs/{lab}", post(academy::begin))
        .route("/api/v1/learn/sessions/{id}/scoreboard", get(academy::own_scoreboard))
        .route("/api/v1/learn/sessions/{id}/feedback", put(academy::give_feedback))
        .route("/api/v1/learn/attempts/{id}", get(academy::attempt))
        .route("/api/v1/learn/attempts/{id}/answers", post(academy::answer))
        .route("/api/v1/learn/attempts/{id}/hints", post(academy::hint))
        .route("/api/v1/learn/attempts/{id}/pack", get(academy::pack))
        .route("/api/v1/learn/certificates/{id}", get(academy::own_certificate))
        .route("/api/v1/warnings", get(campaigns::warnings))
        .route("/api/v1/warnings/{event}", get(campaigns::warning))
        .route("/api/v1/warnings/{event}/answers", post(campaigns::answer_warning))
        .route("/api/v1/campaigns", get(campaigns::campaigns).post(campaigns::draft))
        .route("/api/v1/campaigns/preview", post(campaigns::preview))
        .route("/api/v1/campaigns/{id}", get(campaigns::campaign))
        .route("/api/v1/campaigns/{id}/people", get(campaigns::people))
        .route("/api/v1/campaigns/{id}/start", post(campaigns::start))
        .route("/api/v1/campaigns/{id}/end", post(campaigns::end))
        .route("/api/v1/campaigns/{id}/effect", get(campaigns::effect))
        .route("/api/v1/campaigns/templates/{scam}/{lang}", get(campaigns::template).put(campaigns::set_template))
        .route("/api/v1/summary", get(chain::summary))
        .route("/api/v1/address/{address}", get(chain::address))
        .route("/api/v1/search", get(chain::search))
        .route("/api/v1/tx/{txid}", get(chain::tx))
        .route("/api/v1/block/{block}", get(chain::block))
        .route("/api/v1/exposure/{subject}", get(chain::exposure))
        .route("/api/v1/trace", get(chain::trace))
        .route("/api/v1/trace/bundle", get(chain::bundle))
        .route("/api/v1/paths", get(chain::paths))
        .route("/api/v1/explain", get(chain::explain))
        .route("/api/v1/verify", post(chain::verify))
        .route("/api/v1/tags", post(chain::import_tags).delete(chain::remove_tags))
        .route("/api/v1/tags/conflicts", get(chain::conflicts))
        .route("/api/v1/cluster", post(chain::recluster))
        .route("/api/v1/exposures/rebuild", post(chain::rebuild_exposures))
        .route("/api/v1/blocks", post(chain::append_block))
        .route("/api/v1/ledger/check", get(chain::check))
        .route("/api/v1/mempool", get(chain::mempool))
        .route("/api/v1/events", get(screening::events).post(screening::decide))
        .route("/api/v1/events/{id}", get(screening::event))
        .route("/api/v1/events/{id}/completion", post(screening::complete))
        .route("/api/v1/records", post(screening::ingest))
        .route("/api/v1/holds", get(screening::holds).post(screening::place_hold))
        .route("/api/v1/holds/check", get(screening::check_holds))
        .route("/api/v1/holds/{id}/release", post(screening::release_hold))
        .route("/api/v1/alerts", get(screening::alerts))
        .route("/api/v1/alerts/{id}", get(screening::alert).post(screening::act_on_alert))
        .route("/api/v1/rules", get(screening::rules).put(screening::apply_rules))
        .route("/api/v1/rules/test", post(screening::try_rules))
        .route("/api/v1/rules/statistics", get(screening::rule_statistics))
        .route("/api/v1/rules/fields", get(screening::rule_fields))
        .route("/api/v1/prices/{asset}", put(screening::set_price))
        .route("/api/v1/rescreen", post(screening::rescreen))
        .route("/api/v1/audit", get(screening::audit))
        .route("/api/v1/audit/verify", get(screening::verify_audit).post(screening::verify_audit_by_copy))
        .route("/api/v1/audit/anchor", post(screening::anchor_audit))
        .route("/api/v1/clock", get(screening::clock).post(screening::confirm_clock))
        .route("/api/v1/changes", get(changes::changes))
        .route("/api/v1/changes/{id}", get(changes::change).post(changes::decide))
        .route("/api/v1/keys", get(screening::keys).post(screening::create_key))
        .route("/api/v1/keys/{id}", delete(screening::revoke_key))
        .route("/api/v1/sessions", get(sessions::sessions))
        .route("/api/v1/sessions/{id}", delete(sessions::remove_session))
        .route("/api/v1/people", get(screening::people))
        .route("/api/v1/people/{id}", post(screening::set_person))
        .route("/api/v1/desk/policy", get(requests::policy))
        .route("/api/v1/desk/agencies", get(requests::agencies).post(requests::add_agency))
        .route("/api/v1/desk/requests", get(requests::requests).post(requests::submit))
        .route("/api/v1/desk/requests/{id}", get(requests::request).post(requests::step))
        .route("/api/v1/desk/requests/{id}/matches", get(requests::matches))
        .route("/api/v1/desk/requests/{id}/messages", get(requests::messages).post(requests::message))
        .route("/api/v1/desk/requests/{id}/files", get(requests::files))
        .route("/api/v1/desk/requests/{id}/files/{name}", get(requests::file).put(requests::attach))
        .route("/api/v1/desk/requests/{id}/productions", get(requests::productions).post(requests::produce))
        .route("/api/v1/desk/requests/{id}/productions/{number}", get(requests::fetch))
        .route("/api/v1/portal/requests/{id}/productions", get(portal::productions))
        .route("/api/v1/portal/requests/{id}/productions/{number}", get(portal::fetch))
        .route("/api/v1/desk/officers", get(requests::officers))
        .route("/api/v1/desk/officers/{id}", post(requests::judge_officer))
        .route("/api/v1/desk/cases", get(cases::cases).post(cases::open_case))
        .route("/api/v1/desk/cases/{id}", get(cases::case).post(cases::change_case))
        .route("/api/v1/desk/cases/{id}/exhibits/{name}", get(cases::exhibit).put(cases::add_exhibit))
        .route("/api/v1/desk/cases/{id}/evidence/{name}", post(cases::scan_evidence))
        .route("/api/v1/desk/cases/{id}/secret-key", post(cases::case_secret_key))
        .route("/api/v1/desk/cases/{id}/traces", post(cases::save_trace))
        .route("/api/v1/desk/cases/{id}/report.pdf", get(cases::case_report))
        .route("/api/v1/desk/cases/{id}/reports", get(cases::reports).post(cases::draft_report))
        .route("/api/v1/desk/cases/{id}/reports/{report}", put(cases::revise_report))
        .route("/api/v1/desk/cases/{id}/reports/{report}/approve", post(cases::approve_report))
        .route("/api/v1/desk/cases/{id}/reports/{report}/export", post(cases::export_report))
        .route("/api/v1/desk/search", get(cases::search))
        .route("/api/v1/desk/findings", get(cases::findings))
        .route("/api/v1/desk/recommendations", get(cases::recommendations).post(cases::recommend))
        .route("/api/v1/desk/recommendations/{id}", post(cases::follow_up))
        .route("/api/v1/desk/transparency", get(cases::transparency_report))
        .route("/api/v1/desk/seizures", get(requests::seizures))
        .route("/api/v1/desk/tick", post(requests::tick))
        .route("/api/v1/desk/review", post(requests::review_request))
        .route("/api/v1/portal/code", post(portal::code))
        .route("/api/v1/portal/prove", post(portal::prove))
        .route("/api/v1/portal/factor", post(portal::enrol).put(portal::factor))
        .route(
            "/api/v1/portal/passkeys",
            get(portal::passkeys).post(portal::passkey_begin).put(portal::passkey_register),
        )
        .route("/api/v1/portal/passkeys/challenge", post(portal::passkey_challenge).put(portal::passkey_enter))
        .route("/api/v1/portal/passkeys/{id}", delete(portal::passkey_remove))
        .route("/api/v1/portal/me", get(portal::me).put(portal::recipients))
        .route("/api/v1/portal/requests", get(portal::requests).post(portal::send))
        .route("/api/v1/portal/requests/{id}", get(portal::request))
        .route("/api/v1/portal/requests/{id}/messages", post(portal::message))
        .route("/api/v1/portal/requests/{id}/files/{name}", put(portal::attach))
        .route("/api/v1/webhooks", get(screening::webhooks).post(screening::add_webhook))
        .route("/api/v1/webhooks/{id}", delete(screening::remove_webhook))
        .route("/api/v1/providers", get(screening::providers))
        .route("/api/v1/providers/{asset}/{address}", get(screening::ask_providers))
        .route("/v2/wallet/synchronous", post(compat::elliptic_wallet))
        .route("/v2/analyses/synchronous", post(compat::elliptic_analysis))
        .route("/v2/analyses/{id}", get(compat::elliptic_stored))
        .route("/api/kyt/v2/categories", get(compat::kyt_categories))
        .route("/api/kyt/v2/users/{user}/transfers", post(compat::kyt_transfer))
        .route("/api/kyt/v2/users/{user}/withdrawal-attempts", post(compat::kyt_attempt))
        .route("/api/kyt/v2/{kind}/{id}", get(compat::kyt_summary))
        .route("/api/kyt/v2/{kind}/{id}/{part}", get(compat::kyt_part))
        .route("/public/v2/screening/addresses", post(compat::trm_addresses))
        .merge(holdfast_web::routes())
        .fallback(holdfast_web::nothing_here)
        .layer(axum::middleware::from_fn_with_state(shared.clone(), guard::guard))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        // Probes come without a key and by any name.
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics));
    layers::surround(app, &shared).with_state(shared)
}

/// Metrics and health at an address of their own, where no key is needed.
pub fn metrics_router(shared: Shared) -> Router {
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::open_metrics))
        .with_state(shared)
}

/// Answers one request without a network, for the command line: status, media type and body. The caller is `name` and may do everything.
///
/// # Errors
/// A method or path that is none.
pub async fn call(
    mut shared: Shared,
    name: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Result<(u16, String, Vec<u8>), String> {
    shared.gate = Arc::new(Gate::of(shared.gate.master.clone(), name));
    let mut request = axum::http::Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(axum::body::Body::from(body)).map_err(|e| e.to_string())?;
    let response = tower::ServiceExt::oneshot(router(shared), request).await.map_err(|e| e.to_string())?;
    let status = response.status().as_u16();
    let media = response.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.map_err(|e| e.to_string())?;
    Ok((status, media, bytes.to_vec()))
}
