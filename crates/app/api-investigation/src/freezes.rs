//! Issuers' freezes on account chains, and the proposals of them.

use crate::account_chains::{AccountChainQuery, SkipQuery, answer};
use axum::Json;
use axum::extract::{Query, State};
use holdfast_state::AppState;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{CHAIN, Routes};
use holdfast_workspace::accounts::freeze_queries::FreezesPage;
use holdfast_workspace::accounts::freezes::FreezeState;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("account-chains").add(CHAIN, routes!(account_freezes))
}

/// Which freezes are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FreezesQuery {
    /// Only those of this address, in any form of its chain.
    pub address: Option<String>,
    /// Only those in this state.
    pub state: Option<FreezeState>,
}

/// Returns a page of the freezes that issuers of tokens proposed and made on a chain, the latest first.
#[utoipa::path(get, path = "/api/v1/account-chains/freezes", params(AccountChainQuery, FreezesQuery, SkipQuery),
    responses((status = 200, body = FreezesPage), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn account_freezes(
    State(shared): State<AppState>,
    Query(on): Query<AccountChainQuery>,
    Query(of): Query<FreezesQuery>,
    Query(page): Query<SkipQuery>,
) -> Result<Json<FreezesPage>, ApiError> {
    let address = of.address.filter(|address| !address.is_empty());
    let text = address.clone().unwrap_or_default();
    answer(shared, on, text, move |chain, _| chain.freezes_page(address.as_deref(), of.state, page.count())).await
}
