//! Unconfirmed transactions.

use axum::Json;
use axum::extract::{Query, State};
use holdfast_bitcoin::AddressKey;
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::chain_choice::ChainQuery;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{CHAIN, Routes};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("chain").add(CHAIN, routes!(mempool))
}

type Answer<T> = Result<Json<T>, ApiError>;

/// Whom unconfirmed transactions should pay.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MempoolQuery {
    /// Only transactions that pay this address.
    address: Option<String>,
}

/// An unconfirmed transaction.
#[derive(Debug, Serialize, ToSchema)]
pub struct MempoolTx {
    txid: String,
    /// Ticker of the asset whose base units the values are.
    asset: String,
    /// Outputs spent, as txid:index, with the category of their address where the ledger knows it.
    inputs: Vec<MempoolSide>,
    /// Outputs created.
    outputs: Vec<MempoolSide>,
}

/// One side of an unconfirmed transaction.
#[derive(Debug, Serialize, ToSchema)]
pub struct MempoolSide {
    outpoint: Option<String>,
    address: Option<String>,
    value: Option<u64>,
    category: Option<String>,
}

/// Returns unconfirmed transactions of the node that is followed, at most 1,000.
#[utoipa::path(get, path = "/api/v1/mempool", params(MempoolQuery, ChainQuery), responses((status = 200, body = Vec<MempoolTx>), (status = 400, body = ErrorBody)))]
pub async fn mempool(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(query): Query<MempoolQuery>,
    Query(on): Query<ChainQuery>,
) -> Answer<Vec<MempoolTx>> {
    run_blocking(move || {
        let w = shared.chain_on(&on)?.snapshot();
        let network = w.ledger.network();
        let pool = shared.mempools.of(network);
        let wanted = match &query.address {
            Some(text) => Some(AddressKey::parse(text, network).map_err(|e| ApiError::bad(e.to_string()))?),
            None => None,
        };
        let category = |key: &AddressKey| {
            let number = w.ledger.address_number(key)?;
            let category = w.entities.category_for(&w.tags, &w.clusters, number, clearance);
            category.is_attributed().then(|| category.name().to_owned())
        };
        let pays = |tx: &holdfast_bitcoin::block::SingleTx| {
            wanted.as_ref().is_none_or(|a| tx.outputs.iter().any(|o| o.1 == *a))
        };
        Ok(pool
            .iter()
            .filter(|tx| pays(tx))
            .take(1000)
            .map(|tx| MempoolTx {
                txid: tx.txid.to_string(),
                asset: w.asset().to_owned(),
                inputs: tx
                    .inputs
                    .iter()
                    .map(|(txid, vout)| {
                        let outputs = w.ledger.tx_by_id(txid).map(|t| w.ledger.outputs(t));
                        let output = outputs.and_then(|o| Some(o.start + u64::from(*vout)).filter(|n| *n < o.end));
                        let key = output.map(|o| w.ledger.address(w.ledger.address_of(o)));
                        MempoolSide {
                            outpoint: Some(format!("{txid}:{vout}")),
                            address: key.map(|k| k.to_text(network)),
                            value: output.map(|o| w.ledger.value(o)),
                            category: key.as_ref().and_then(category),
                        }
                    })
                    .collect(),
                outputs: tx
                    .outputs
                    .iter()
                    .map(|(value, key)| MempoolSide {
                        outpoint: None,
                        address: Some(key.to_text(network)),
                        value: Some(*value),
                        category: category(key),
                    })
                    .collect(),
            })
            .collect())
    })
    .await
    .map(Json)
}
