//! The ledger and what is made of it: appending blocks, checking, clustering and computing exposures again.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use holdfast_attribution::cluster::DEFAULT_CHANGE;
use holdfast_attribution::{ChangeRule, ClusterOptions, CoinjoinSet};
use holdfast_bitcoin::files::read_single_block;
use holdfast_state::AppState;
use holdfast_state::blocking::{run_blocking, run_in_background};
use holdfast_state::chain_choice::ChainQuery;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{CHAIN, MANAGE, Routes};
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("chain")
        .add(CHAIN.long(), routes!(check))
        .add(MANAGE.long(), routes!(recluster))
        .add(MANAGE.long(), routes!(rebuild_exposures))
        .add(MANAGE.file().long(), routes!(append_block))
}

type Answer<T> = Result<Json<T>, ApiError>;

/// Options of clustering.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ClusterQuery {
    /// Join the inputs of a transaction (default true).
    cospend: Option<bool>,
    /// Coinjoin detectors: names with commas, all or none (default all).
    coinjoins: Option<String>,
    /// Change heuristics: `a+b,c` means a and b agree, or c (default address-reuse).
    change: Option<String>,
}

/// Result of clustering.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterAnswer {
    clusters: u64,
    merges: u64,
    coinjoins: u64,
}

/// Clusters the ledger again, by other heuristics.
#[utoipa::path(post, path = "/api/v1/cluster", params(ClusterQuery, ChainQuery),
    responses((status = 200, body = ClusterAnswer), (status = 400, body = ErrorBody)))]
pub async fn recluster(
    State(shared): State<AppState>,
    Query(query): Query<ClusterQuery>,
    Query(on): Query<ChainQuery>,
) -> Answer<ClusterAnswer> {
    let options = ClusterOptions {
        cospend: query.cospend.unwrap_or(true),
        coinjoins: CoinjoinSet::parse(query.coinjoins.as_deref().unwrap_or("all")).map_err(ApiError::bad)?,
        change: ChangeRule::parse(query.change.as_deref().unwrap_or(DEFAULT_CHANGE)).map_err(ApiError::bad)?,
    };
    let after = shared.clone();
    let answer = run_in_background(move || {
        let answer = shared.chain_on(&on)?.change(|w| -> Result<_, ApiError> {
            w.recluster(options);
            Ok(ClusterAnswer {
                clusters: w.clusters.count(),
                merges: u64::try_from(w.clusters.merges().len()).unwrap_or(u64::MAX),
                coinjoins: w.clusters.coinjoins(),
            })
        })?;
        after.rescreen_later("clusters were made anew");
        Ok(answer)
    })
    .await?;
    Ok(Json(answer))
}

/// Result of a recomputation.
#[derive(Debug, Serialize, ToSchema)]
pub struct RebuiltAnswer {
    txs: u32,
}

/// Recomputes the exposures of the whole ledger.
#[utoipa::path(post, path = "/api/v1/exposures/rebuild", params(ChainQuery), responses((status = 200, body = RebuiltAnswer)))]
pub async fn rebuild_exposures(State(shared): State<AppState>, Query(on): Query<ChainQuery>) -> Answer<RebuiltAnswer> {
    run_in_background(move || {
        shared.chain_on(&on)?.change(|w| {
            w.recompute_exposures();
            Ok(RebuiltAnswer { txs: w.exposures.done() })
        })
    })
    .await
    .map(Json)
}

/// Position of a block.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HeightQuery {
    /// Height, for blocks that do not state it (older than BIP 34).
    height: Option<u32>,
}

/// A block that was appended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Appended {
    height: u32,
    hash: String,
    txs: u32,
}

/// Appends one raw block (binary or hex) to the ledger.
#[utoipa::path(post, path = "/api/v1/blocks", params(HeightQuery, ChainQuery), request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Appended), (status = 400, body = ErrorBody)))]
pub async fn append_block(
    State(shared): State<AppState>,
    Query(query): Query<HeightQuery>,
    Query(on): Query<ChainQuery>,
    body: Bytes,
) -> Answer<Appended> {
    run_blocking(move || {
        shared.chain_on(&on)?.change(|w| {
            let block = read_single_block(body.to_vec(), w.ledger.network())
                .map_err(|e| ApiError::bad(format!("body: {e}")))?;
            let height = query.height.or(block.stated_height()).ok_or_else(|| {
                ApiError::bad("the block does not state its height (older than BIP 34); give ?height=")
            })?;
            let answer = Appended {
                height,
                hash: block.hash.to_string(),
                txs: u32::try_from(block.txs.len()).unwrap_or(u32::MAX),
            };
            let feed = MemoryFeed(vec![MemoryBlock { height, block, spent: None }]);
            w.ledger
                .append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(()))
                .map_err(|e| ApiError::bad(e.to_string()))?;
            w.catch_up();
            Ok(answer)
        })
    })
    .await
    .map(Json)
}

/// Options of a check.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CheckQuery {
    /// Compare with raw blocks too.
    #[serde(default)]
    raw: bool,
}

/// Result of a check.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckAnswer {
    clean: bool,
    blocks: u32,
    txs: u32,
    raw_blocks: u32,
    /// Ranges of columns compared with their checksums; absent where the ledger has none.
    checksums: Option<u64>,
    problems: Vec<String>,
}

/// Verifies the whole ledger.
#[utoipa::path(get, path = "/api/v1/ledger/check", params(CheckQuery, ChainQuery), responses((status = 200, body = CheckAnswer)))]
pub async fn check(
    State(shared): State<AppState>,
    Query(query): Query<CheckQuery>,
    Query(on): Query<ChainQuery>,
) -> Answer<CheckAnswer> {
    run_blocking(move || {
        let w = shared.chain_on(&on)?.snapshot();
        let report = w
            .ledger
            .check(query.raw, &mut |_| ControlFlow::Continue(()))
            .map_err(|e| ApiError::internal(e.to_string()))?;
        Ok(CheckAnswer {
            clean: report.is_clean(),
            blocks: report.blocks,
            txs: report.txs,
            raw_blocks: report.raw_blocks,
            checksums: report.checksums,
            problems: report.problems,
        })
    })
    .await
    .map(Json)
}
