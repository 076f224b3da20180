//! Account chains: exposures, traces and paths, over swaps, wraps and bridges too.

use crate::account_chains::{AccountChainQuery, Answer, AnyAssetQuery, answer};
use crate::traces::{HowQuery, bundle_file, drawn};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_account_workspace::AccountSnapshot;
use holdfast_account_workspace::exposure::AccountExposureReport;
use holdfast_account_workspace::trace_report::AccountTraceReport;
use holdfast_account_workspace::traces::{AccountPathReport, AccountTraceRequest};
use holdfast_analysis::{Direction, TraceOptions};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_in_background;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::evidence::{Bundle, BundleJob};
use holdfast_state::routes::{CHAIN, Routes};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("account-traces")
        .add(CHAIN.long(), routes!(account_exposure))
        .add(CHAIN.long(), routes!(account_trace))
        .add(CHAIN.long(), routes!(account_bundle))
        .add(CHAIN.long(), routes!(account_paths))
}

/// Most paths of an answer.
const MAX_PATHS: usize = 1_000;

/// Returns where the money of an address, a transaction or a transfer came from and went, by asset and category, within the bounds that the answer states.
/// Exposures go over swaps, wraps and bridges, to the other account chains too.
#[utoipa::path(get, path = "/api/v1/account-chains/exposure/{subject}",
    params(("subject" = String, Path, description = "Address, transaction hash, or transfer (its id)"), AccountChainQuery, AnyAssetQuery),
    responses((status = 200, body = AccountExposureReport), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_exposure(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Path(subject): Path<String>,
    Query(on): Query<AccountChainQuery>,
    Query(of): Query<AnyAssetQuery>,
) -> Result<Json<AccountExposureReport>, ApiError> {
    let exposure = move |chain: &AccountSnapshot, subject: &str| {
        if !chain.shows_exposure(clearance) {
            let message = "exposures rest on tags that this key may not read".to_owned();
            return Err(ApiError::new(StatusCode::FORBIDDEN, message));
        }
        Ok(chain.exposure(subject, of.named())?)
    };
    answer(shared, on, subject, exposure).await
}

/// Which asset is followed over account chains, and over which links.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AcrossQuery {
    /// Only this asset at the start: a ticker of the curated list, a CAIP-19 id, a token's contract, or `native` for the chain's coin.
    pub asset: Option<String>,
    /// Go on over swaps, wraps and bridges, to the other account chains too (default true).
    pub links: Option<bool>,
    /// Links with a larger measured error (its upper bound, 95%, in millionths, default 10,000) are not crossed, but for those that the message of a bridge
    /// states on both sides.
    pub max_link_error_ppm: Option<u32>,
}

/// Returns what is traced.
fn request(subject: String, options: TraceOptions, across: AcrossQuery) -> AccountTraceRequest {
    let usual = AccountTraceRequest::new(&subject);
    AccountTraceRequest {
        asset: across.asset.filter(|asset| !asset.is_empty()),
        options,
        links: across.links.unwrap_or(usual.links),
        max_link_error_ppm: across.max_link_error_ppm.unwrap_or(usual.max_link_error_ppm),
        ..usual
    }
}

/// What is traced over account chains.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AccountTraceQuery {
    /// Address (what it received), transaction hash (its transfers), or transfer (its id).
    pub subject: String,
    /// forward or backward.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    pub direction: Direction,
}

impl AccountTraceQuery {
    /// Returns the request that the query stands for.
    pub(crate) fn request(self, how: &HowQuery, across: AcrossQuery) -> AccountTraceRequest {
        request(self.subject, how.options(self.direction), across)
    }
}

/// Form of a trace.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DrawnQuery {
    /// json, table, graphviz, mermaid or html.
    pub format: Option<String>,
}

/// Traces money over account chains, forward or backward, across swaps, wraps and bridges.
#[utoipa::path(get, path = "/api/v1/account-chains/trace", params(AccountTraceQuery, DrawnQuery, HowQuery, AcrossQuery, AccountChainQuery),
    responses((status = 200, body = AccountTraceReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_trace(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(query): Query<AccountTraceQuery>,
    Query(drawing): Query<DrawnQuery>,
    Query(how): Query<HowQuery>,
    Query(across): Query<AcrossQuery>,
    Query(on): Query<AccountChainQuery>,
) -> Result<Response, ApiError> {
    let request = query.request(&how, across);
    let subject = request.subject.clone();
    let trace = move |chain: &AccountSnapshot, _: &str| chain.account_trace_for(&request, clearance);
    let Json(report) = answer(shared, on, subject, trace).await?;
    drawn(&report, drawing.format.as_deref())
}

/// Traces, and returns the signed evidence (a tar file; see `holdfast verify`). The proofs are read again from the server's source of the chain's blocks; where
/// many blocks are read for them, the answer is 202 with a job, and the same request returns the file once it is done.
#[utoipa::path(get, path = "/api/v1/account-chains/trace/bundle",
    params(AccountTraceQuery, HowQuery, AcrossQuery, AccountChainQuery),
    responses((status = 200, content_type = "application/x-tar", body = Vec<u8>), (status = 202, body = BundleJob), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub async fn account_bundle(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    Query(query): Query<AccountTraceQuery>,
    Query(how): Query<HowQuery>,
    Query(across): Query<AcrossQuery>,
    Query(on): Query<AccountChainQuery>,
) -> Result<Response, ApiError> {
    let request = query.request(&how, across);
    let make = move || shared.account_bundle(request, on.chain.as_deref(), clearance, &caller.0);
    Ok(match run_in_background(make).await? {
        Bundle::Made(bytes) => bundle_file(bytes),
        Bundle::InWork(job) => {
            // Programs read the first header; a browser that followed a link loads the page again by the second.
            let again = [(header::RETRY_AFTER, "5"), (HeaderName::from_static("refresh"), "5")];
            (StatusCode::ACCEPTED, again, Json(job)).into_response()
        }
    })
}

/// Ends of paths over account chains.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AccountPathsQuery {
    /// Address (what it received), transaction hash, or transfer (its id).
    pub from: String,
    /// The address that the money may have come to.
    pub to: String,
    /// The chain of `to`; without it, every chain that mentions the address.
    pub to_chain: Option<String>,
    /// Paths at most (default 10).
    pub most: Option<usize>,
}

/// Returns the paths of money between two addresses of account chains, across swaps, wraps and bridges, largest amount first.
#[utoipa::path(get, path = "/api/v1/account-chains/paths", params(AccountPathsQuery, HowQuery, AcrossQuery, AccountChainQuery),
    responses((status = 200, body = Vec<AccountPathReport>), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_paths(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(query): Query<AccountPathsQuery>,
    Query(how): Query<HowQuery>,
    Query(across): Query<AcrossQuery>,
    Query(on): Query<AccountChainQuery>,
) -> Answer<Vec<AccountPathReport>> {
    let AccountPathsQuery { from, to, to_chain, most } = query;
    let request = request(from.clone(), how.options(Direction::Forward), across);
    let most = most.unwrap_or(10).min(MAX_PATHS);
    let paths = move |chain: &AccountSnapshot, _: &str| {
        let to_chain = to_chain.as_deref().filter(|name| !name.is_empty());
        chain.account_paths_for(&request, (to.as_str(), to_chain), most, clearance)
    };
    answer(shared, on, from, paths).await
}
