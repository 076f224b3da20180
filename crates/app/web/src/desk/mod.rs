//! The desk's pages: requests, officers, cases, alerts, holds, recommendations, the graph. Everything works by forms and by keyboard; only the
//! graph needs a script. A form's fields are the step's fields, so that pages can do what the API can, and no more.

pub(crate) mod alerts;
pub(crate) mod case;
pub(crate) mod cases;
pub(crate) mod evidence;
pub(crate) mod graph;
pub(crate) mod holds;
pub(crate) mod home;
pub(crate) mod recommendations;
pub(crate) mod request;
pub(crate) mod requests;
pub(crate) mod sign_in;
pub(crate) mod transparency;

use axum::http::Method;
use holdfast_api::gate::scopes_of;
use serde::Deserialize;

/// Where the desk's pages begin.
const ENTRANCE: &str = "/desk";

/// Pages of the desk, which need a key; the rest of the pages shows the ledger alone.
#[must_use]
pub fn is_private(path: &str) -> bool {
    path == ENTRANCE || path.starts_with("/desk/")
}

/// Scopes of which a page needs one: those of the endpoint that it stands for.
#[must_use]
pub fn scopes_of_page(method: &Method, path: &str) -> &'static [&'static str] {
    let rest = path.strip_prefix("/desk").unwrap_or_default();
    let part = rest.trim_start_matches('/').split('/').next().unwrap_or_default();
    match part {
        "alerts" | "holds" | "changes" => scopes_of(method, &format!("/api/v1{rest}")),
        "academy" | "warnings" => scopes_of(method, &format!("/api/v1{rest}")),
        // Which step it is stands in the form; its handler asks for more.
        "campaigns" if *method == Method::POST => &["desk", "approve"],
        "campaigns" => scopes_of(method, &format!("/api/v1{rest}")),
        "sharing" if rest == "/sharing/wallets" || rest == "/sharing/ask" => &["desk"],
        "sharing" => scopes_of(method, &format!("/api/v1{rest}")),
        _ if rest.ends_with("/report") => &["desk"],
        _ => scopes_of(method, &format!("/api/v1/desk{rest}")),
    }
}

/// Which part of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct ListQuery {
    state: Option<String>,
    #[serde(default)]
    after: u64,
}
