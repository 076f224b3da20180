//! HTTP API (OpenAPI), other providers' formats and web pages over a workspace and a screening desk.

pub mod academy;
pub mod academy_pages;
pub mod access;
pub mod api;
mod blocking;
pub mod campaigns;
pub mod cases;
pub mod changes;
pub mod clearance;
pub mod compat;
pub mod csrf;
pub mod desk;
pub mod desk_pages;
pub mod error;
pub mod field_guide;
pub mod gate;
pub mod guard;
pub mod health;
mod layers;
pub mod limits;
pub mod listen;
pub mod metrics;
pub mod observe;
pub mod pages;
pub mod portal;
pub mod portal_pages;
pub mod rescreens;
pub mod screening;
pub mod sessions;
pub mod sharing;
pub mod sharing_pages;
pub mod status;

use access::Access;
use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, delete, get, post, put};
use gate::Gate;
use holdfast_audit::Anchors;
use holdfast_bitcoin::mempool::Mempool;
pub use holdfast_documents::Vault;
use holdfast_identity::Master;
use holdfast_requests::{Policy, Site};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_sharing::sources::Clients;
use holdfast_vendors::Providers;
use holdfast_workspace::{ChainHandle, Workspace};
pub use listen::{serve, serve_metrics};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

/// What the server answers from. Whoever answers takes a snapshot of the chain and waits for nobody; whoever follows a node or imports tags
/// builds the next one beside it.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The chain that transfers are screened on.
    pub chain: Arc<ChainHandle>,
    /// Unconfirmed transactions of the node that is followed, if any.
    pub mempool: Arc<ArcSwap<Mempool>>,
    /// Decisions, holds, alerts.
    pub screening: Arc<Screening>,
    /// Who may ask.
    pub gate: Arc<Gate>,
    /// Other providers that are asked about every transfer on chain, if any.
    pub providers: Option<Arc<Providers>>,
    /// Policy on requests from law enforcement.
    pub policy: Arc<Policy>,
    /// Files of the desk.
    pub vault: Vault,
    /// Where people reach the portal: passkeys are bound to it.
    pub site: Arc<Site>,
    /// Signed heads of the audit log, where the desk has a folder for them.
    pub anchors: Option<Arc<Anchors>>,
    /// Names of the server and proxies in front of it.
    pub access: Arc<Access>,
    /// Memory for large bodies.
    pub(crate) large: limits::LargeBodies,
    /// Connections to partners.
    pub partners: Arc<Clients>,
    /// What is known of the server's parts.
    pub status: Arc<status::Status>,
    /// What the server counts.
    pub metrics: Arc<metrics::Metrics>,
    /// Screening again, as one job.
    rescreens: Arc<rescreens::Rescreens>,
    /// When this server last read each source.
    paced: Arc<Mutex<HashMap<i64, i64>>>,
    /// Sources that it reads now.
    reading: Arc<Mutex<HashSet<i64>>>,
    /// Chains of labs that learners look at, by attempt.
    lab_chains: Arc<Mutex<academy_pages::LabChains>>,
}

impl Shared {
    /// Serves a workspace and a screening desk whose files lie in the vault.
    ///
    /// # Errors
    /// When the desk's keys cannot be read.
    pub fn new(
        workspace: Workspace,
        screening: Screening,
        master: Master,
        vault: Vault,
    ) -> Result<Self, ScreeningError> {
        let gate = Arc::new(Gate::new(master, screening.keys()?));
        let chain = Arc::new(ChainHandle::new(workspace));
        let policy = Arc::new(Policy::standard());
        let metrics = Arc::new(metrics::Metrics::new(&screening));
        let (mempool, screening) = (Arc::new(ArcSwap::from_pointee(Mempool::default())), Arc::new(screening));
        let site = Arc::new(Site::new("http://localhost:8650").map_err(ScreeningError::Invalid)?);
        Ok(Shared {
            chain,
            mempool,
            screening,
            gate,
            providers: None,
            policy,
            vault,
            site,
            anchors: None,
            status: Arc::default(),
            metrics,
            rescreens: Arc::default(),
            access: Arc::new(Access::new()),
            large: limits::LargeBodies::default(),
            partners: Arc::default(),
            paced: Arc::default(),
            reading: Arc::default(),
            lab_chains: Arc::default(),
        })
    }

    /// Opens the desk to everybody who reaches it, until its first key: for demos, tests and trials on one machine. Returns whether it is open;
    /// a desk that ever had a key is not.
    ///
    /// # Errors
    /// When the keys cannot be read.
    pub fn open(&self) -> Result<bool, ScreeningError> {
        Ok(self.gate.open(&self.screening.keys()?))
    }
}

/// Largest request body: one raw block, one tag pack or one evidence bundle.
pub const MAX_BODY: usize = 64 << 20;

/// All routes.
pub fn router(shared: Shared) -> Router {
    let app = Router::new()
        .route("/", get(pages::home))
        .route("/search", get(pages::search))
        .route("/address/{address}", get(pages::address))
        .route("/tx/{txid}", get(pages::tx))
        .route("/block/{block}", get(pages::block))
        .route("/trace", get(pages::trace))
        .route("/style.css", get(pages::style))
        .route("/portal", get(portal_pages::home))
        .route("/portal/sign-in", get(portal_pages::sign_in).post(portal_pages::code))
        .route("/portal/sign-out", post(portal_pages::sign_out))
        .route("/portal/prove", post(portal_pages::prove))
        .route("/portal/factor", get(portal_pages::factor).post(portal_pages::enter))
        .route("/portal/passkeys", post(portal_pages::passkey_begin).put(portal_pages::passkey_register))
        .route("/portal/passkeys/challenge", post(portal_pages::passkey_challenge).put(portal_pages::passkey_enter))
        .route("/portal/passkeys/remove", post(portal_pages::passkey_remove))
        .route("/desk/sharing", get(sharing_pages::sharing))
        .route("/desk/sharing/flags", post(sharing_pages::raise))
        .route("/desk/sharing/flags/{id}", post(sharing_pages::move_flag))
        .route("/desk/sharing/communities", post(sharing_pages::open))
        .route("/desk/sharing/communities/{id}/members", post(sharing_pages::add_member))
        .route("/desk/sharing/communities/{id}/suspend", post(sharing_pages::suspend))
        .route("/desk/sharing/wallets", post(sharing_pages::wallet))
        .route("/desk/sharing/matching", post(sharing_pages::matching))
        .route("/desk/sharing/ask", post(sharing_pages::ask))
        .route("/desk/sharing/discover", post(sharing_pages::discover))
        .route("/desk/sharing/sources", post(sharing_pages::add_source))
        .route("/desk/sharing/sources/{id}", get(sharing_pages::source).post(sharing_pages::withdraw))
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
        .route("/api/v1/academy/sessions/{id}/attendance/{part}", put(academy::note_attendance))
        .route("/api/v1/academy/sessions/{id}/class", get(academy::class))
        .route("/api/v1/academy/sessions/{id}/scoreboard", get(academy::scoreboard))
        .route("/api/v1/academy/sessions/{id}/xapi", get(academy::xapi))
        .route("/api/v1/academy/sessions/{id}/certificates", post(academy::certify))
        .route("/api/v1/academy/learners/{id}/key", post(academy::new_key))
        .route("/api/v1/academy/certificates/{id}", get(academy::certificate))
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
        .route("/desk/warnings", get(campaigns::warnings_page))
        .route("/desk/warnings/{event}", post(campaigns::give_up))
        .route("/desk/campaigns", get(campaigns::campaigns_page).post(campaigns::draft_page))
        .route("/desk/campaigns/{id}", get(campaigns::campaign_page).post(campaigns::step_campaign))
        .route("/academy", get(academy_pages::home))
        .route("/academy/courses/{course}", get(academy_pages::course))
        .route("/academy/labs/{lab}", get(academy_pages::lab))
        .route("/academy/revocations", get(academy::revocations))
        .route("/academy/enter", post(academy_pages::enter))
        .route("/academy/leave", post(academy_pages::leave))
        .route("/academy/me", get(academy_pages::me))
        .route("/academy/sessions/{id}", get(academy_pages::own_session).post(academy_pages::feedback))
        .route("/academy/sessions/{id}/labs/{lab}", post(academy_pages::begin))
        .route("/academy/attempts/{id}", get(academy_pages::attempt).post(academy_pages::answer))
        .route("/academy/attempts/{id}/pack", get(academy::pack))
        .route("/academy/attempts/{id}/files/{*name}", get(academy_pages::file))
        .route("/academy/attempts/{id}/tool", get(academy_pages::tool).post(academy_pages::tool_draft))
        .route("/academy/attempts/{id}/chain", get(academy_pages::chain_home))
        .route("/academy/attempts/{id}/chain/{*rest}", get(academy_pages::chain))
        .route("/academy/certificates/{id}", get(academy::own_certificate))
        .route("/desk/academy", get(academy_pages::desk))
        .route("/desk/academy/sessions", post(academy_pages::plan))
        .route("/desk/academy/courses", post(academy_pages::add_course))
        .route("/desk/academy/sessions/{id}", get(academy_pages::session).post(academy_pages::step_session))
        .route("/desk/academy/learners/{id}/key", post(academy_pages::new_key))
        .route("/passkey.js", get(portal_pages::passkey_js))
        .route("/portal/new", get(portal_pages::new).post(portal_pages::send))
        .route("/portal/me", get(portal_pages::me).post(portal_pages::set_keys))
        .route("/portal/requests/{id}", get(portal_pages::request).post(portal_pages::message))
        .route("/portal/requests/{id}/files", post(portal_pages::attach))
        .route("/portal/requests/{id}/productions/{number}", get(portal_pages::fetch))
        .route("/graph.js", get(desk_pages::graph_js))
        .route("/sign-in", get(desk_pages::sign_in).post(desk_pages::signed_in))
        .route("/sign-out", post(desk_pages::sign_out))
        .route("/transparency", get(desk_pages::transparency))
        .route("/desk", get(desk_pages::home))
        .route("/desk/requests", get(desk_pages::requests))
        .route("/desk/requests/{id}", get(desk_pages::request).post(desk_pages::step_request))
        .route("/desk/requests/{id}/productions", post(desk_pages::produce))
        .route("/desk/requests/{id}/messages", post(desk_pages::message))
        .route("/desk/requests/{id}/files", post(desk_pages::attach))
        .route("/desk/cases/{id}/exhibits", post(desk_pages::add_exhibit))
        .route("/desk/officers", get(desk_pages::officers))
        .route("/desk/officers/{id}", post(desk_pages::judge_officer))
        .route("/desk/agencies", post(desk_pages::add_agency))
        .route("/desk/seizures", get(desk_pages::seizures))
        .route("/desk/alerts", get(desk_pages::alerts))
        .route("/desk/alerts/{id}", get(desk_pages::alert).post(desk_pages::act_on_alert))
        .route("/desk/holds", get(desk_pages::holds))
        .route("/desk/holds/{id}/release", post(desk_pages::release_hold))
        .route("/desk/cases", get(desk_pages::cases).post(desk_pages::open_case))
        .route("/desk/cases/{id}", get(desk_pages::case).post(desk_pages::step_case))
        .route("/desk/cases/{id}/report", post(desk_pages::draft_report))
        .route("/desk/cases/{id}/reports/{report}/approve", post(desk_pages::approve_report))
        .route("/desk/search", get(desk_pages::search))
        .route("/desk/recommendations", get(desk_pages::recommendations).post(desk_pages::recommend))
        .route("/desk/recommendations/{id}", post(desk_pages::follow_up))
        .route("/desk/graph", get(desk_pages::graph))
        .route("/openapi.json", get(api::openapi))
        .route("/api/v1/summary", get(api::summary))
        .route("/api/v1/address/{address}", get(api::address))
        .route("/api/v1/search", get(api::search))
        .route("/api/v1/tx/{txid}", get(api::tx))
        .route("/api/v1/block/{block}", get(api::block))
        .route("/api/v1/exposure/{subject}", get(api::exposure))
        .route("/api/v1/trace", get(api::trace))
        .route("/api/v1/trace/bundle", get(api::bundle))
        .route("/api/v1/paths", get(api::paths))
        .route("/api/v1/explain", get(api::explain))
        .route("/api/v1/verify", post(api::verify))
        .route("/api/v1/tags", post(api::import_tags).delete(api::remove_tags))
        .route("/api/v1/tags/conflicts", get(api::conflicts))
        .route("/api/v1/cluster", post(api::recluster))
        .route("/api/v1/exposures/rebuild", post(api::rebuild_exposures))
        .route("/api/v1/blocks", post(api::append_block))
        .route("/api/v1/ledger/check", get(api::check))
        .route("/api/v1/mempool", get(api::mempool))
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
        .route("/api/v1/audit/verify", get(screening::verify_audit))
        .route("/api/v1/audit/anchor", post(screening::anchor_audit))
        .route("/api/v1/clock", get(screening::clock).post(screening::confirm_clock))
        .route("/api/v1/changes", get(changes::changes))
        .route("/api/v1/changes/{id}", get(changes::change).post(changes::decide))
        .route("/desk/changes", get(changes::page))
        .route("/desk/changes/{id}", post(changes::decide_page))
        .route("/api/v1/keys", get(screening::keys).post(screening::create_key))
        .route("/api/v1/keys/{id}", delete(screening::revoke_key))
        .route("/api/v1/desk/policy", get(desk::policy))
        .route("/api/v1/desk/agencies", get(desk::agencies).post(desk::add_agency))
        .route("/api/v1/desk/requests", get(desk::requests).post(desk::submit))
        .route("/api/v1/desk/requests/{id}", get(desk::request).post(desk::step))
        .route("/api/v1/desk/requests/{id}/matches", get(desk::matches))
        .route("/api/v1/desk/requests/{id}/messages", get(desk::messages).post(desk::message))
        .route("/api/v1/desk/requests/{id}/files", get(desk::files))
        .route("/api/v1/desk/requests/{id}/files/{name}", get(desk::file).put(desk::attach))
        .route("/api/v1/desk/requests/{id}/productions", get(desk::productions).post(desk::produce))
        .route("/api/v1/desk/requests/{id}/productions/{number}", get(desk::fetch))
        .route("/api/v1/portal/requests/{id}/productions", get(portal::productions))
        .route("/api/v1/portal/requests/{id}/productions/{number}", get(portal::fetch))
        .route("/api/v1/desk/officers", get(desk::officers))
        .route("/api/v1/desk/officers/{id}", post(desk::judge_officer))
        .route("/api/v1/desk/cases", get(cases::cases).post(cases::open_case))
        .route("/api/v1/desk/cases/{id}", get(cases::case).post(cases::change_case))
        .route("/api/v1/desk/cases/{id}/exhibits/{name}", get(cases::exhibit).put(cases::add_exhibit))
        .route("/api/v1/desk/cases/{id}/evidence/{name}", post(cases::scan_evidence))
        .route("/desk/cases/{id}/evidence", post(desk_pages::scan_evidence))
        .route("/field-guide", get(field_guide::field_guide))
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
        .route("/api/v1/desk/seizures", get(desk::seizures))
        .route("/api/v1/desk/tick", post(desk::tick))
        .route("/api/v1/desk/review", post(desk::review_request))
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
        .fallback(pages::nothing_here)
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
