//! Account chains: what each holds, addresses with balances and transfers, transactions, blocks, assets. Lists are pages.

use axum::Json;
use axum::extract::{Path, Query, State};
use holdfast_account_workspace::AccountSnapshot;
use holdfast_account_workspace::reports::{
    AccountBlockReport, AccountReport, AccountSummary, AccountTxReport, AssetReport, TransfersPage,
};
use holdfast_account_workspace::transfers::{Order, Start, Way};
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{CHAIN, Routes};
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::asset_view::AssetView;
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

/// When a balance is looked at.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HeightQuery {
    /// Balances after the block at this height; by default after the last one.
    pub height: Option<u64>,
}

/// Where a page of transfers begins.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TransfersQuery {
    /// Only transfers behind this one, in the order of the list: `next` of the page before. A page has at most 200.
    pub after: Option<u64>,
    /// Only transfers from this height on.
    pub from_height: Option<u64>,
    /// Only transfers up to this height.
    pub to_height: Option<u64>,
    /// `oldest` first, which is the default, or `newest`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    pub order: Order,
    /// Leave out fees.
    #[serde(default)]
    pub without_fees: bool,
}

impl TransfersQuery {
    pub(crate) fn start(&self) -> Start {
        let TransfersQuery { after, from_height, to_height, order, without_fees } = *self;
        Start { order, after, from_height, to_height, way: None, without_fees }
    }
}

/// Which way transfers go.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WayQuery {
    /// Only transfers to the address (`in`) or from it (`out`).
    #[param(value_type = Option<String>)]
    pub direction: Option<Way>,
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

impl AnyAssetQuery {
    /// Returns the asset that is named; an empty field of a form names none.
    pub(crate) fn named(&self) -> Option<&str> {
        self.asset.as_deref().filter(|asset| !asset.is_empty())
    }
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

/// Answers a query on the chain that a text is looked up on, with the others of the store as its peers.
pub(crate) async fn answer<T: Send + 'static, E: Into<ApiError>>(
    shared: AppState,
    on: AccountChainQuery,
    text: String,
    query: impl FnOnce(&AccountSnapshot, &str) -> Result<T, E> + Send + 'static,
) -> Answer<T> {
    let answer = move || query(&*shared.chains.accounts_for(&text, on.chain.as_deref())?, &text).map_err(E::into);
    run_blocking(answer).await.map(Json)
}

/// Returns what is known of an address of an account chain: tags, and what it holds of each asset.
#[utoipa::path(get, path = "/api/v1/account-chains/address/{address}",
    params(("address" = String, Path, description = "Hexadecimal or Base58Check, as the chain writes it"), AccountChainQuery, HeightQuery,
        SkipQuery),
    responses((status = 200, body = AccountReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_address(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Path(address): Path<String>,
    Query(on): Query<AccountChainQuery>,
    Query(at): Query<HeightQuery>,
    Query(page): Query<SkipQuery>,
) -> Answer<AccountReport> {
    answer(shared, on, address, move |chain, address| chain.account_at(address, page.count(), at.height, clearance))
        .await
}

/// Returns a page of the transfers of an address.
#[utoipa::path(get, path = "/api/v1/account-chains/address/{address}/transfers",
    params(("address" = String, Path, description = "Hexadecimal or Base58Check, as the chain writes it"), AccountChainQuery, AnyAssetQuery, WayQuery,
        TransfersQuery),
    responses((status = 200, body = TransfersPage), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_transfers(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Path(address): Path<String>,
    Query(on): Query<AccountChainQuery>,
    Query(of): Query<AnyAssetQuery>,
    Query(side): Query<WayQuery>,
    Query(page): Query<TransfersQuery>,
) -> Answer<TransfersPage> {
    let start = Start { way: side.direction, ..page.start() };
    let transfers =
        move |chain: &AccountSnapshot, address: &str| chain.account_transfers(address, of.named(), start, clearance);
    answer(shared, on, address, transfers).await
}

/// Returns a transaction of an account chain with its transfers.
#[utoipa::path(get, path = "/api/v1/account-chains/transaction/{hash}",
    params(("hash" = String, Path, description = "64 hex digits, with or without 0x"), AccountChainQuery, SkipQuery),
    responses((status = 200, body = AccountTxReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_transaction(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Path(hash): Path<String>,
    Query(on): Query<AccountChainQuery>,
    Query(page): Query<SkipQuery>,
) -> Answer<AccountTxReport> {
    answer(shared, on, hash, move |chain, hash| chain.transaction(hash, page.count(), clearance)).await
}

/// Returns a block of an account chain by its height or hash.
#[utoipa::path(get, path = "/api/v1/account-chains/block/{height}",
    params(("height" = String, Path, description = "Height, or hash of one of the newest million blocks"), AccountChainQuery, SkipQuery),
    responses((status = 200, body = AccountBlockReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_block(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Path(height): Path<String>,
    Query(on): Query<AccountChainQuery>,
    Query(page): Query<SkipQuery>,
) -> Answer<AccountBlockReport> {
    answer(shared, on, height, move |chain, height| chain.account_block(height, page.count(), clearance)).await
}

/// Returns a page of the assets that an account chain's ledger has seen.
#[utoipa::path(get, path = "/api/v1/account-chains/assets", params(AccountChainQuery, SkipQuery),
    responses((status = 200, body = Vec<AssetView>), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_assets(
    State(shared): State<AppState>,
    Query(on): Query<AccountChainQuery>,
    Query(page): Query<SkipQuery>,
) -> Answer<Vec<AssetView>> {
    answer(shared, on, String::new(), move |chain, _| chain.assets_page(page.count())).await
}

/// Returns an asset of an account chain: whether its transfers agree with each other, and its supply.
#[utoipa::path(get, path = "/api/v1/account-chains/asset", params(AssetQuery, AccountChainQuery),
    responses((status = 200, body = AssetReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_asset(
    State(shared): State<AppState>,
    Query(of): Query<AssetQuery>,
    Query(on): Query<AccountChainQuery>,
) -> Answer<AssetReport> {
    answer(shared, on, of.asset, |chain, asset| chain.asset_report(asset)).await
}

/// Returns a page of the transfers of an asset.
#[utoipa::path(get, path = "/api/v1/account-chains/asset/transfers", params(AssetQuery, AccountChainQuery, TransfersQuery),
    responses((status = 200, body = TransfersPage), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_asset_transfers(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(of): Query<AssetQuery>,
    Query(on): Query<AccountChainQuery>,
    Query(page): Query<TransfersQuery>,
) -> Answer<TransfersPage> {
    answer(shared, on, of.asset, move |chain, asset| chain.asset_transfers(asset, page.start(), clearance)).await
}
