//! Issuers' freezes on account chains, and the proposals of them.

use crate::account_chains::{AccountChainQuery, SkipQuery, answer};
use axum::Json;
use axum::extract::{Query, State};
use holdfast_account_workspace::freeze_queries::{FreezeFilter, FreezesPage};
use holdfast_state::AppState;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{CHAIN, Routes};
use holdfast_workspace::freeze_view::FreezeState;
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
    /// Only those of this token: a ticker, a CAIP-19 id or a contract.
    pub asset: Option<String>,
    /// Only those by this issuer, by its name in the curated list.
    pub issuer: Option<String>,
    /// Only those in this state.
    pub state: Option<FreezeState>,
}

impl FreezesQuery {
    fn filter(&self) -> FreezeFilter<'_> {
        fn given(text: &Option<String>) -> Option<&str> {
            text.as_deref().filter(|text| !text.is_empty())
        }
        FreezeFilter {
            address: given(&self.address),
            asset: given(&self.asset),
            issuer: given(&self.issuer),
            state: self.state,
        }
    }
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
    let text = of.address.clone().unwrap_or_default();
    answer(shared, on, text, move |chain, _| chain.freezes_page(of.filter(), page.count())).await
}
