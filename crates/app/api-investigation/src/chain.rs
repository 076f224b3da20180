//! Look-ups on the chain: addresses, transactions, blocks, exposure, paths, clusters.

use crate::answers::chain::{
    AddressReport, BlockReport, ExplainReport, ExposureView, Lookup, PathReport, Summary, TxReport,
};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use holdfast_analysis::TraceOptions;
use holdfast_attribution::Tlp;
use holdfast_state::AppState;
use holdfast_state::answers::{each, one};
use holdfast_state::blocking::run_blocking;
use holdfast_state::chain_choice::ChainQuery;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{CHAIN, Routes};
use holdfast_workspace::Snapshot;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("chain")
        .add(CHAIN, routes!(summary))
        .add(CHAIN, routes!(address))
        .add(CHAIN, routes!(search))
        .add(CHAIN, routes!(tx))
        .add(CHAIN, routes!(block))
        .add(CHAIN, routes!(exposure))
        .add(CHAIN.long(), routes!(paths))
        .add(CHAIN, routes!(explain))
}

type Answer<T> = Result<Json<T>, ApiError>;

/// Returns what the workspace holds.
#[utoipa::path(get, path = "/api/v1/summary", params(ChainQuery), responses((status = 200, body = Summary)))]
pub async fn summary(State(shared): State<AppState>, Query(on): Query<ChainQuery>) -> Answer<Summary> {
    run_blocking(move || Ok(shared.chain_on(&on)?.snapshot().summary())).await.map(one)
}

/// Returns what is known of an address: tags with sources, entity, receipts, exposure. With the header `X-API-Key`, as clients of Chainalysis's
/// sanctions API send it on this same path, the answer has that API's shape ([`SanctionsAnswer`]) and is about sanctions only, on all chains.
#[utoipa::path(get, path = "/api/v1/address/{address}", params(("address" = String, Path, description = "Base58, Bech32, or class:hex"), ChainQuery),
    responses((status = 200, body = AddressReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn address(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Path(address): Path<String>,
    Query(on): Query<ChainQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if headers.contains_key("x-api-key") {
        return Ok(run_blocking(move || {
            let w = shared.chain().snapshot();
            Ok(Json(sanctions(&w, &address, clearance)))
        })
        .await?
        .into_response());
    }
    let report = move || Ok(shared.snapshot_for(&on, &address)?.address_for(&address, clearance)?);
    Ok(one::<_, AddressReport>(run_blocking(report).await?).into_response())
}

/// Query of a search.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LookupQuery {
    /// An address of any chain, transaction id or block hash (or at least 8 hex digits of its beginning), output, height, asset, label or
    /// actor; or several addresses and ids with spaces, commas or line breaks between them.
    pub q: String,
}

/// Searches all chains by any form or name, best results first. What a text is on several chains is a result of each. An empty list of hits means that
/// nothing is known here.
#[utoipa::path(get, path = "/api/v1/search", params(LookupQuery), responses((status = 200, body = Lookup), (status = 400, body = ErrorBody)))]
pub async fn search(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(query): Query<LookupQuery>,
) -> Answer<Lookup> {
    run_blocking(move || Ok(shared.chains.lookup(&query.q, clearance))).await.map(one)
}

/// A sanctions entry, in the shape of Chainalysis's sanctions API.
#[derive(Debug, Serialize, ToSchema)]
pub struct Identification {
    category: &'static str,
    name: String,
    description: String,
    url: String,
}

/// Sanctions entries of an address, in the shape of Chainalysis's sanctions API; empty when it is on no list.
#[derive(Debug, Serialize, ToSchema)]
pub struct SanctionsAnswer {
    identifications: Vec<Identification>,
}

fn sanctions(workspace: &Snapshot, address: &str, clearance: Tlp) -> SanctionsAnswer {
    let listed = workspace.tags.tags_of(address).filter(|t| t.is_for(clearance) && t.concept().name() == "sanction");
    let identification = |t: &holdfast_attribution::Tag| Identification {
        category: "sanctions",
        name: t.label.clone(),
        description: format!("{} address, listed in '{}' ({})", t.asset, t.pack, t.lastmod),
        url: t.source.clone(),
    };
    SanctionsAnswer { identifications: listed.take(100).map(identification).collect() }
}

/// Returns a transaction with its inputs, outputs and the exposure of what it pays out.
#[utoipa::path(get, path = "/api/v1/tx/{txid}", params(("txid" = String, Path, description = "64 hex digits"), ChainQuery),
    responses((status = 200, body = TxReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn tx(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Path(txid): Path<String>,
    Query(on): Query<ChainQuery>,
) -> Answer<TxReport> {
    run_blocking(move || Ok(shared.snapshot_for(&on, &txid)?.tx_for(&txid, clearance)?)).await.map(one)
}

/// Returns a block by height or hash.
#[utoipa::path(get, path = "/api/v1/block/{block}", params(("block" = String, Path, description = "Height or hash"), ChainQuery),
    responses((status = 200, body = BlockReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn block(
    State(shared): State<AppState>,
    Path(block): Path<String>,
    Query(on): Query<ChainQuery>,
) -> Answer<BlockReport> {
    run_blocking(move || Ok(shared.snapshot_for(&on, &block)?.block(&block)?)).await.map(one)
}

/// Whether the whole entity is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EntityQuery {
    /// Cover the whole entity of an address.
    #[serde(default)]
    entity: bool,
}

/// Returns source and destination of funds by category, direct and indirect.
#[utoipa::path(get, path = "/api/v1/exposure/{subject}",
    params(("subject" = String, Path, description = "Address, txid, or output (txid:index)"), EntityQuery, ChainQuery),
    responses((status = 200, body = ExposureView), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn exposure(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Path(subject): Path<String>,
    Query(query): Query<EntityQuery>,
    Query(on): Query<ChainQuery>,
) -> Answer<ExposureView> {
    run_blocking(move || {
        let w = shared.snapshot_for(&on, &subject)?;
        if !w.shows_exposure(clearance) {
            let message = "exposures rest on tags that this key may not read".to_owned();
            return Err(ApiError::new(StatusCode::FORBIDDEN, message));
        }
        Ok(w.exposure(&subject, query.entity)?)
    })
    .await
    .map(one)
}

/// Ends of paths.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PathsQuery {
    /// An address of the first entity.
    from: String,
    /// An address of the second entity.
    to: String,
    /// Transactions at most (default 50).
    max_hops: Option<u32>,
    /// Paths at most (default 10).
    most: Option<usize>,
}

/// Returns paths of funds between two entities, largest first.
#[utoipa::path(get, path = "/api/v1/paths", params(PathsQuery, ChainQuery),
    responses((status = 200, body = Vec<PathReport>), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn paths(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(query): Query<PathsQuery>,
    Query(on): Query<ChainQuery>,
) -> Answer<Vec<PathReport>> {
    let mut options = TraceOptions::default();
    options.bounds.max_hops = query.max_hops.unwrap_or(options.bounds.max_hops);
    let most = query.most.unwrap_or(10).min(1000);
    let find = move || {
        let w = shared.snapshot_for(&on, &query.from)?;
        Ok(w.paths_for(&query.from, &query.to, &options, most, clearance)?)
    };
    run_blocking(find).await.map(each)
}

/// Two addresses.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExplainQuery {
    /// First address.
    a: String,
    /// Second address.
    b: String,
}

/// Returns why two addresses are in one cluster.
#[utoipa::path(get, path = "/api/v1/explain", params(ExplainQuery, ChainQuery),
    responses((status = 200, body = ExplainReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn explain(
    State(shared): State<AppState>,
    Query(query): Query<ExplainQuery>,
    Query(on): Query<ChainQuery>,
) -> Answer<ExplainReport> {
    run_blocking(move || Ok(shared.snapshot_for(&on, &query.a)?.explain(&query.a, &query.b)?)).await.map(one)
}
