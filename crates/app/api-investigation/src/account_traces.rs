//! Account chains: exposures, traces and paths, over swaps, wraps and bridges too.

use crate::account_chains::{AccountChainQuery, AnyAssetQuery};
use crate::chain::drawn;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use holdfast_analysis::{Bounds, Direction, Policy, TraceOptions};
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{CHAIN, Routes};
use holdfast_workspace::accounts::exposure::AccountExposureReport;
use holdfast_workspace::accounts::trace_report::AccountTraceReport;
use holdfast_workspace::accounts::traces::{AccountPathReport, AccountTraceRequest};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("account-traces")
        .add(CHAIN.long(), routes!(account_exposure))
        .add(CHAIN.long(), routes!(account_trace))
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
    let exposure = move || {
        let chain = shared.chains.accounts_for(&subject, on.chain.as_deref())?;
        if !chain.shows_exposure(clearance) {
            let message = "exposures rest on tags that this key may not read".to_owned();
            return Err(ApiError::new(StatusCode::FORBIDDEN, message));
        }
        Ok(chain.exposure(&subject, of.asset.as_deref().filter(|asset| !asset.is_empty()))?)
    };
    run_blocking(exposure).await.map(Json)
}

/// Options of traces over account chains.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FollowQuery {
    /// poison, haircut, fifo or lifo.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    pub policy: Policy,
    /// Follow through attributed services.
    #[serde(default)]
    pub through_services: bool,
    /// Go on over swaps, wraps and bridges, to the other account chains too (default true).
    pub links: Option<bool>,
    /// Links with a larger measured error (its upper bound, 95%, in millionths, default 10,000) are not crossed, but for those that the message of a bridge
    /// states on both sides.
    pub max_link_error_ppm: Option<u32>,
    /// Transfers away from the start (default 50).
    pub max_hops: Option<u32>,
    /// Smaller marked amounts are not followed (base units of every asset, default 1).
    pub min_value: Option<u64>,
    /// Only blocks from this time on (Unix seconds).
    pub from_time: Option<u32>,
    /// Only blocks up to this time (Unix seconds).
    pub until_time: Option<u32>,
    /// Movements followed at most (default 100,000).
    pub max_edges: Option<usize>,
}

impl FollowQuery {
    fn request(&self, subject: &str, asset: Option<&str>, direction: Direction) -> AccountTraceRequest {
        let (usual, default) = (AccountTraceRequest::new(subject), Bounds::default());
        AccountTraceRequest {
            asset: asset.filter(|asset| !asset.is_empty()).map(str::to_owned),
            options: TraceOptions {
                direction,
                policy: self.policy,
                through_services: self.through_services,
                bounds: Bounds {
                    max_hops: self.max_hops.unwrap_or(default.max_hops),
                    min_value: self.min_value.unwrap_or(default.min_value),
                    from_time: self.from_time.unwrap_or(default.from_time),
                    until_time: self.until_time.unwrap_or(default.until_time),
                    max_edges: self.max_edges.unwrap_or(default.max_edges),
                },
            },
            links: self.links.unwrap_or(true),
            max_link_error_ppm: self.max_link_error_ppm.unwrap_or(usual.max_link_error_ppm),
            ..usual
        }
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
    /// json, table, graphviz, mermaid or html.
    pub format: Option<String>,
}

/// Traces money over account chains, forward or backward, across swaps, wraps and bridges.
#[utoipa::path(get, path = "/api/v1/account-chains/trace", params(AccountTraceQuery, FollowQuery, AccountChainQuery, AnyAssetQuery),
    responses((status = 200, body = AccountTraceReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_trace(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(query): Query<AccountTraceQuery>,
    Query(follow): Query<FollowQuery>,
    Query(on): Query<AccountChainQuery>,
    Query(of): Query<AnyAssetQuery>,
) -> Result<Response, ApiError> {
    let request = follow.request(&query.subject, of.asset.as_deref(), query.direction);
    let trace = move || {
        let chain = shared.chains.accounts_for(&request.subject, on.chain.as_deref())?;
        Ok(chain.account_trace_for(&request, clearance)?)
    };
    drawn(&run_blocking(trace).await?, query.format.as_deref())
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
#[utoipa::path(get, path = "/api/v1/account-chains/paths", params(AccountPathsQuery, FollowQuery, AccountChainQuery, AnyAssetQuery),
    responses((status = 200, body = Vec<AccountPathReport>), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_paths(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(query): Query<AccountPathsQuery>,
    Query(follow): Query<FollowQuery>,
    Query(on): Query<AccountChainQuery>,
    Query(of): Query<AnyAssetQuery>,
) -> Result<Json<Vec<AccountPathReport>>, ApiError> {
    let request = follow.request(&query.from, of.asset.as_deref(), Direction::Forward);
    let most = query.most.unwrap_or(10).min(MAX_PATHS);
    let paths = move || {
        let chain = shared.chains.accounts_for(&request.subject, on.chain.as_deref())?;
        let to_chain = query.to_chain.as_deref().filter(|name| !name.is_empty());
        Ok(chain.account_paths_for(&request, (query.to.as_str(), to_chain), most, clearance)?)
    };
    run_blocking(paths).await.map(Json)
}
