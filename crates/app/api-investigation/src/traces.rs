//! Traces, and the signed evidence of them.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use holdfast_analysis::render::{self, Drawn};
use holdfast_analysis::{Bounds, Direction, Policy, TraceOptions, TraceReport};
use holdfast_attribution::Tlp;
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::chain_choice::ChainQuery;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{CHAIN, Routes};
use holdfast_state::system::{entropy, now};
use holdfast_workspace::TraceRequest;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("chain").add(CHAIN.long(), routes!(trace)).add(CHAIN.long(), routes!(bundle))
}

/// Options of a trace.
#[derive(Debug, Clone, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TraceQuery {
    /// Address, txid, or output (txid:index).
    pub subject: String,
    /// Start from the whole entity of an address.
    #[serde(default)]
    pub entity: bool,
    /// forward or backward.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    pub direction: Direction,
    /// json, table, graphviz, mermaid or html.
    pub format: Option<String>,
}

impl TraceQuery {
    /// Returns the request that the query stands for.
    pub fn request(&self, how: &HowQuery) -> TraceRequest {
        let options = how.options(self.direction);
        TraceRequest { subject: self.subject.clone(), entity: self.entity, options }
    }
}

/// How money is followed, and how far: on chains of outputs and on account chains.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HowQuery {
    /// poison, haircut, fifo or lifo.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    pub policy: Policy,
    /// Follow through attributed services.
    #[serde(default)]
    pub through_services: bool,
    /// Transactions, on account chains transfers, away from the start (default 50).
    pub max_hops: Option<u32>,
    /// Smaller marked amounts are not followed (base units, on account chains of every asset; default 1).
    pub min_value: Option<u64>,
    /// Only blocks from this time on (Unix seconds).
    pub from_time: Option<u32>,
    /// Only blocks up to this time (Unix seconds).
    pub until_time: Option<u32>,
    /// Movements followed at most (default 100,000).
    pub max_edges: Option<usize>,
}

impl HowQuery {
    /// Returns the options of a trace.
    pub fn options(&self, direction: Direction) -> TraceOptions {
        let default = Bounds::default();
        let bounds = Bounds {
            max_hops: self.max_hops.unwrap_or(default.max_hops),
            min_value: self.min_value.unwrap_or(default.min_value),
            from_time: self.from_time.unwrap_or(default.from_time),
            until_time: self.until_time.unwrap_or(default.until_time),
            max_edges: self.max_edges.unwrap_or(default.max_edges),
        };
        TraceOptions { direction, policy: self.policy, through_services: self.through_services, bounds }
    }
}

/// Traces funds forward or backward.
#[utoipa::path(get, path = "/api/v1/trace", params(TraceQuery, HowQuery, ChainQuery),
    responses((status = 200, body = TraceReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn trace(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(query): Query<TraceQuery>,
    Query(how): Query<HowQuery>,
    Query(on): Query<ChainQuery>,
) -> Result<Response, ApiError> {
    let request = query.request(&how);
    let (_, report) =
        run_blocking(move || Ok(shared.snapshot_for(&on, &request.subject)?.trace_for(&request, clearance)?)).await?;
    drawn(&report, query.format.as_deref())
}

/// Returns a trace in one of its forms.
pub(crate) fn drawn<R: Drawn>(report: &R, format: Option<&str>) -> Result<Response, ApiError> {
    let text = |kind: &'static str, body: String| ([(header::CONTENT_TYPE, kind)], body).into_response();
    Ok(match format {
        None | Some("json") => Json(report).into_response(),
        Some("table") => text("text/plain; charset=utf-8", render::table(report, 1000)),
        Some("graphviz") => text("text/vnd.graphviz; charset=utf-8", render::graphviz(report)),
        Some("mermaid") => text("text/plain; charset=utf-8", render::mermaid(report)),
        Some("html") => text("text/html; charset=utf-8", render::html(report)),
        Some(other) => {
            return Err(ApiError::bad(format!("unknown format '{other}'; use json, table, graphviz, mermaid or html")));
        }
    })
}

/// Traces and packs the signed evidence (a tar file; see `holdfast verify`).
#[utoipa::path(get, path = "/api/v1/trace/bundle", params(TraceQuery, HowQuery, ChainQuery),
    responses((status = 200, content_type = "application/x-tar", body = Vec<u8>), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn bundle(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(query): Query<TraceQuery>,
    Query(how): Query<HowQuery>,
    Query(on): Query<ChainQuery>,
) -> Result<Response, ApiError> {
    let request = query.request(&how);
    let bytes = run_blocking(move || {
        let w = shared.snapshot_for(&on, &request.subject)?;
        // The store has one key for all its chains.
        let key = shared.chain().snapshot().signing_key(entropy)?;
        // It is meant to be handed on: nothing above TLP:AMBER goes in.
        Ok(w.bundle_for(&request, &key, &now(), clearance.min(Tlp::Amber))?.1)
    })
    .await?;
    Ok(bundle_file(bytes))
}

/// Answers with a bundle as a file.
pub(crate) fn bundle_file(bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/x-tar"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"trace.holdfast.tar\""),
    ];
    (headers, bytes).into_response()
}
