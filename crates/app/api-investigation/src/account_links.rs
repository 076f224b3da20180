//! Account chains: links across assets and chains, clusters, and why two accounts count as one owner's.

use crate::account_chains::{AccountChainQuery, Answer, SkipQuery, TransfersQuery, answer};
use axum::Json;
use axum::extract::{Path, Query, State};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_account_workspace::link_reports::LinksPage;
use holdfast_account_workspace::who_reports::{AccountClusterReport, AccountExplanation};
use holdfast_chains::pick_accounts;
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::ErrorBody;
use holdfast_state::routes::{CHAIN, Routes};
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("account-chains")
        .add(CHAIN, routes!(account_links))
        .add(CHAIN, routes!(account_cluster))
        .add(CHAIN, routes!(account_explain))
}

/// Returns a page of the links that an address or a transaction is in: swaps, wraps, bridges, moves of mixers, each with its evidence and the measured error of
/// its rule.
#[utoipa::path(get, path = "/api/v1/account-chains/links/{of}",
    params(("of" = String, Path, description = "An address, a transaction's hash, or a transfer's id"), AccountChainQuery, TransfersQuery),
    responses((status = 200, body = LinksPage), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_links(
    State(shared): State<AppState>,
    Path(of): Path<String>,
    Query(on): Query<AccountChainQuery>,
    Query(page): Query<TransfersQuery>,
) -> Answer<LinksPage> {
    let links = move || {
        let chains = shared.chains.account_snapshots();
        let chain = pick_accounts(&chains, &of, on.chain.as_deref())?;
        Ok(AccountWorkspace::links_page(&chains, &chain, &of, page.start())?)
    };
    run_blocking(links).await.map(Json)
}

/// Returns the cluster of an address: the accounts that one owner controls, as far as heuristics tell, and the tag that defines it.
#[utoipa::path(get, path = "/api/v1/account-chains/cluster/{address}",
    params(("address" = String, Path, description = "Hexadecimal or Base58Check, as the chain writes it"), AccountChainQuery, SkipQuery),
    responses((status = 200, body = AccountClusterReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_cluster(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Path(address): Path<String>,
    Query(on): Query<AccountChainQuery>,
    Query(page): Query<SkipQuery>,
) -> Answer<AccountClusterReport> {
    answer(shared, on, address, move |chain, address| chain.account_cluster(address, page.count(), clearance)).await
}

/// Returns why two accounts count as one owner's: the shortest chain of joins, each with the transfers that show it.
#[utoipa::path(get, path = "/api/v1/account-chains/explain/{from}/{to}",
    params(("from" = String, Path, description = "First address"), ("to" = String, Path, description = "Second address"), AccountChainQuery),
    responses((status = 200, body = AccountExplanation), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_explain(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Path((from, to)): Path<(String, String)>,
    Query(on): Query<AccountChainQuery>,
) -> Answer<AccountExplanation> {
    answer(shared, on, from, move |chain, from| chain.explain_accounts(from, &to, clearance)).await
}
