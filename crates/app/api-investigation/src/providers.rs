//! Other providers that are connected.

use axum::Json;
use axum::extract::{Path, State};
use holdfast_decision::facts::ProviderFact;
use holdfast_screening::ScreeningError;
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::Answer;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{CHAIN, Routes};
use holdfast_vendors::Question;
use holdfast_vendors::providers::ProviderState;
use std::collections::BTreeMap;
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("providers").add(CHAIN, routes!(providers)).add(CHAIN, routes!(ask_providers))
}

/// Returns how the connected providers have answered; empty when none is connected.
#[utoipa::path(get, path = "/api/v1/providers", responses((status = 200, body = Vec<ProviderState>)))]
pub async fn providers(State(shared): State<AppState>) -> Json<Vec<ProviderState>> {
    Json(shared.providers.as_ref().map(|p| p.state()).unwrap_or_default())
}

/// Queries the connected providers about an address.
#[utoipa::path(get, path = "/api/v1/providers/{asset}/{address}",
    params(("asset" = String, Path, description = "Such as BTC"), ("address" = String, Path, description = "The address")),
    responses((status = 200, body = BTreeMap<String, ProviderFact>), (status = 404, body = ErrorBody)))]
pub async fn ask_providers(
    State(shared): State<AppState>,
    Path((asset, address)): Path<(String, String)>,
) -> Answer<BTreeMap<String, ProviderFact>> {
    run_blocking(move || ask(&shared, &asset, &address)).await.map(Json)
}

/// Queries the connected providers about an address.
///
/// # Errors
/// 404 where none is connected.
pub fn ask(shared: &AppState, asset: &str, address: &str) -> Result<BTreeMap<String, ProviderFact>, ApiError> {
    let Some(providers) = &shared.providers else {
        return Err(ScreeningError::NotFound("provider: none is connected; start with --providers FILE".into()).into());
    };
    Ok(providers.query(&Question::address(asset, address, shared.screening.now())))
}
