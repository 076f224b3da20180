//! Account chains: what each holds, addresses with balances and transfers, transactions, blocks, assets. Lists are pages.

use axum::Json;
use axum::extract::{Path, Query, State};
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{CHAIN, Routes};
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::accounts::reports::{
    AccountBlockReport, AccountReport, AccountSummary, AccountTxReport, AssetReport, AssetView, TransfersPage,
};
use holdfast_workspace::accounts::transfers::Start;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("account-chains")
        .add(CHAIN, routes!(account_chains))
        .add(CHAIN, routes!(account_address))
        .add(CHAIN, routes!(account_transfers))
        .add(CHAIN, routes!(account_transaction))
        .add(CHAIN, routes!(account_block))
        .add(CHAIN, routes!(account_assets))
        .add(CHAIN, routes!(account_asset))
        .add(CHAIN, routes!(account_asset_transfers))
}

pub(crate) type Answer<T> = Result<Json<T>, ApiError>;

/// Choice of an account chain.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AccountChainQuery {
    /// The chain that is meant, where several have what is looked up: its usual name (ethereum), the ticker of its coin, or its CAIP-2 id. Where several fit and
    /// none is named, that is an error which lists them.
    pub chain: Option<String>,
}

/// What a list leaves out before its page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SkipQuery {
    /// Leave out this many; a page has at most 200.
    #[serde(default)]
    pub skip: u32,
}

impl SkipQuery {
    pub(crate) fn count(&self) -> usize {
        usize::try_from(self.skip).unwrap_or(usize::MAX)
    }
}

/// Where a page of transfers begins.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TransfersQuery {
    /// Only transfers behind this one: `next` of the page before. A page has at most 200.
    pub after: Option<u64>,
    /// Only transfers from this height on.
    pub from_height: Option<u64>,
}

impl TransfersQuery {
    pub(crate) fn start(&self) -> Start {
        Start { after: self.after, from_height: self.from_height }
    }
}

/// The asset that is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AssetQuery {
    /// A ticker of the curated list, a CAIP-19 id, a token's contract, or `native` for the chain's coin.
    pub asset: String,
}

/// The asset that is meant, if one is.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AnyAssetQuery {
    /// Only this asset: a ticker of the curated list, a CAIP-19 id, a token's contract, or `native` for the chain's coin.
    pub asset: Option<String>,
}

/// Returns the account chains, what each holds and up to where, and what is missing.
#[utoipa::path(get, path = "/api/v1/account-chains", responses((status = 200, body = Vec<AccountSummary>)))]
pub async fn account_chains(State(shared): State<AppState>) -> Answer<Vec<AccountSummary>> {
    let summaries = move || -> Result<Vec<AccountSummary>, ApiError> {
        let summaries = shared.chains.accounts().map(|chain| chain.snapshot().account_summary());
        Ok(summaries.collect::<Result<_, WorkspaceError>>()?)
    };
    run_blocking(summaries).await.map(Json)
}

/// Returns what is known of an address of an account chain: tags, and what it holds of each asset.
#[utoipa::path(get, path = "/api/v1/account-chains/address/{address}",
    params(("address" = String, Path, description = "Hexadecimal or Base58Check, as the chain writes it"), AccountChainQuery, SkipQuery),
    responses((status = 200, body = AccountReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_address(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Path(address): Path<String>,
    Query(on): Query<AccountChainQuery>,
    Query(page): Query<SkipQuery>,
) -> Answer<AccountReport> {
    let report = move || {
        let chain = shared.chains.accounts_for(&address, on.chain.as_deref())?;
        Ok(chain.account(&address, page.count(), clearance)?)
    };
    run_blocking(report).await.map(Json)
}

/// Returns a page of the transfers of an address, oldest first.
#[utoipa::path(get, path = "/api/v1/account-chains/address/{address}/transfers",
    params(("address" = String, Path, description = "Hexadecimal or Base58Check, as the chain writes it"), AccountChainQuery, AnyAssetQuery, TransfersQuery),
    responses((status = 200, body = TransfersPage), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_transfers(
    State(shared): State<AppState>,
    Path(address): Path<String>,
    Query(on): Query<AccountChainQuery>,
    Query(of): Query<AnyAssetQuery>,
    Query(page): Query<TransfersQuery>,
) -> Answer<TransfersPage> {
    let transfers = move || {
        let chain = shared.chains.accounts_for(&address, on.chain.as_deref())?;
        let asset = of.asset.as_deref().filter(|asset| !asset.is_empty());
        Ok(chain.account_transfers(&address, asset, page.start())?)
    };
    run_blocking(transfers).await.map(Json)
}

/// Returns a transaction of an account chain with its transfers.
#[utoipa::path(get, path = "/api/v1/account-chains/transaction/{hash}",
    params(("hash" = String, Path, description = "64 hex digits, with or without 0x"), AccountChainQuery, SkipQuery),
    responses((status = 200, body = AccountTxReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_transaction(
    State(shared): State<AppState>,
    Path(hash): Path<String>,
    Query(on): Query<AccountChainQuery>,
    Query(page): Query<SkipQuery>,
) -> Answer<AccountTxReport> {
    let report = move || {
        let chain = shared.chains.accounts_for(&hash, on.chain.as_deref())?;
        Ok(chain.transaction(&hash, page.count())?)
    };
    run_blocking(report).await.map(Json)
}

/// Returns a block of an account chain by its height.
#[utoipa::path(get, path = "/api/v1/account-chains/block/{height}",
    params(("height" = String, Path, description = "Height"), AccountChainQuery, SkipQuery),
    responses((status = 200, body = AccountBlockReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_block(
    State(shared): State<AppState>,
    Path(height): Path<String>,
    Query(on): Query<AccountChainQuery>,
    Query(page): Query<SkipQuery>,
) -> Answer<AccountBlockReport> {
    let report = move || {
        let chain = shared.chains.accounts_for(&height, on.chain.as_deref())?;
        Ok(chain.account_block(&height, page.count())?)
    };
    run_blocking(report).await.map(Json)
}

/// Returns a page of the assets that an account chain's ledger has seen.
#[utoipa::path(get, path = "/api/v1/account-chains/assets", params(AccountChainQuery, SkipQuery),
    responses((status = 200, body = Vec<AssetView>), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_assets(
    State(shared): State<AppState>,
    Query(on): Query<AccountChainQuery>,
    Query(page): Query<SkipQuery>,
) -> Answer<Vec<AssetView>> {
    let assets = move || Ok(shared.chains.accounts_for("", on.chain.as_deref())?.assets_page(page.count())?);
    run_blocking(assets).await.map(Json)
}

/// Returns an asset of an account chain, and whether its transfers agree with each other.
#[utoipa::path(get, path = "/api/v1/account-chains/asset", params(AssetQuery, AccountChainQuery),
    responses((status = 200, body = AssetReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_asset(
    State(shared): State<AppState>,
    Query(of): Query<AssetQuery>,
    Query(on): Query<AccountChainQuery>,
) -> Answer<AssetReport> {
    let report = move || {
        let chain = shared.chains.accounts_for(&of.asset, on.chain.as_deref())?;
        Ok(chain.asset_report(&of.asset)?)
    };
    run_blocking(report).await.map(Json)
}

/// Returns a page of the transfers of an asset, oldest first.
#[utoipa::path(get, path = "/api/v1/account-chains/asset/transfers", params(AssetQuery, AccountChainQuery, TransfersQuery),
    responses((status = 200, body = TransfersPage), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_asset_transfers(
    State(shared): State<AppState>,
    Query(of): Query<AssetQuery>,
    Query(on): Query<AccountChainQuery>,
    Query(page): Query<TransfersQuery>,
) -> Answer<TransfersPage> {
    let transfers = move || {
        let chain = shared.chains.accounts_for(&of.asset, on.chain.as_deref())?;
        Ok(chain.asset_transfers(&of.asset, page.start())?)
    };
    run_blocking(transfers).await.map(Json)
}
