//! Prices of assets in the reference currency.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_decision::Price;
use holdfast_screening::prices::{PriceRow, STALE_AFTER};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{Needs, Routes};
use holdfast_types::{Amount, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

/// Returns the routes of this resource: the price table belongs to the rules.
pub(crate) fn routes() -> Routes {
    Routes::new("rules")
        .add(Needs::key(&["read", "rules"]), routes!(prices))
        .add(Needs::key(&["rules"]).long(), routes!(set_price))
}

/// Price of an asset.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceRequest {
    /// So many base units ...
    #[schema(value_type = String)]
    base_units: Amount,
    /// ... are worth so many minor units of the reference currency.
    value: u64,
    /// Why it is set by hand, for the audit log.
    #[serde(default)]
    reason: String,
}

/// A price of the table.
#[derive(Debug, Serialize, ToSchema)]
pub struct PriceAnswer {
    /// The asset.
    asset: String,
    /// Its CAIP-19 id, where it has one: a ticker alone may be several assets'.
    id: Option<String>,
    /// So many base units ...
    #[schema(value_type = String)]
    base_units: Amount,
    /// ... are worth so many minor units of the reference currency.
    value: u64,
    /// When it was set, Unix seconds.
    #[schema(value_type = i64)]
    time: Timestamp,
    /// Whether it is older than `stale_after`.
    stale: bool,
}

/// The price table.
#[derive(Debug, Serialize, ToSchema)]
pub struct PricesAnswer {
    /// The reference currency of the rule book in force.
    currency: String,
    /// Seconds after which a price counts as stale.
    stale_after: i64,
    /// By asset. An asset that is not among them is valued by what its events say alone.
    prices: Vec<PriceAnswer>,
}

/// Returns the price table.
#[utoipa::path(get, path = "/api/v1/prices", responses((status = 200, body = PricesAnswer)))]
pub async fn prices(State(shared): State<AppState>) -> Answer<PricesAnswer> {
    let answer = run_blocking(move || {
        let now = shared.screening.now();
        let row = |r: PriceRow| {
            let (stale, id) = (r.is_stale(now), r.id());
            let Price { base_units, value } = r.price;
            PriceAnswer { asset: r.asset, id, base_units, value, time: r.time, stale }
        };
        Ok(PricesAnswer {
            currency: shared.screening.book().file.policy.reference_currency.clone(),
            stale_after: STALE_AFTER.count(),
            prices: shared.screening.prices()?.into_iter().map(row).collect(),
        })
    });
    answer.await.map(Json)
}

/// Sets the price of an asset, for events without a value.
#[utoipa::path(put, path = "/api/v1/prices/{asset}", params(("asset" = String, Path, description = "Such as BTC")), request_body(content = PriceRequest, example = json!({"base_units": "100000000", "value": 4000000})),
    responses((status = 204), (status = 400, body = ErrorBody)))]
pub async fn set_price(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(asset): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let PriceRequest { base_units, value, reason } = json(&body)?;
    let price = Price { base_units, value };
    run_blocking(move || Ok(shared.screening.set_price_because(&asset, price, &reason, &caller.0)?)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
