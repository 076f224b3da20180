//! What the explorer asks: neighbours with whole sums, lists of pasted items, transactions, entities, activity ([`holdfast_explore`]), where to start, graphs
//! of cases in versions, and live events.

pub mod live;
pub mod start;
pub mod versions;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use holdfast_attribution::Tlp;
use holdfast_chains::OpenChains;
use holdfast_explore::bundle::Drawn;
use holdfast_explore::lookup::LookupQuery;
use holdfast_explore::reports::{
    ActivityReport, By, EntityReport, FiguresReport, LookupReport, NeighboursReport, Period, Side, Sort,
    TransactionsReport,
};
use holdfast_explore::transactions::TransactionsQuery;
use holdfast_explore::{Chain, ExploreError, NeighboursQuery};
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::clearance::Clearance;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::limits;
use holdfast_state::routes::{CHAIN, DESK, Needs, READ, READERS, Routes};
use holdfast_state::system::{entropy, now};
use holdfast_types::Amount;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

/// Who listens to what changes: whoever reads the desk, or works on it.
const LISTENERS: Needs = Needs::key(&["read", "desk", "approve", "audit"]);

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("graph")
        .add(CHAIN.long(), routes!(neighbours))
        .add(CHAIN.long(), routes!(look_up_all))
        .add(CHAIN.long(), routes!(transactions))
        .add(CHAIN.long(), routes!(entity))
        .add(CHAIN.long(), routes!(activity))
        .add(CHAIN, routes!(figures))
        .add(CHAIN.body(limits::LIST).long(), routes!(bundle))
        .add(READ.personal(), routes!(start::start))
        .add(READERS, routes!(versions::case_graphs))
        .add(READERS, routes!(versions::graph_versions))
        .add(READERS, routes!(versions::case_graph))
        .add(DESK.body(limits::LIST), routes!(versions::save_graph))
        .add(DESK.body(limits::LIST), routes!(versions::save_next_graph))
        .add(LISTENERS, routes!(live::live))
}

/// Returns all chains as they are now.
fn open(shared: &AppState) -> OpenChains {
    OpenChains { first: shared.chains.snapshots(), accounts: shared.chains.account_snapshots() }
}

/// Returns the error of a question as the API answers it.
fn api(e: ExploreError) -> ApiError {
    match e {
        ExploreError::Invalid(e) => e.into(),
        ExploreError::Workspace(e) => e.into(),
        ExploreError::Chains(e) => e.into(),
    }
}

/// A question for neighbours.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NeighboursOf {
    /// Address or transaction id; with `entity` also an actor's id.
    subject: String,
    /// The whole entity of the address, or an actor.
    #[serde(default)]
    entity: bool,
    /// `in` or `out`, which is the default.
    #[serde(default)]
    direction: Side,
    /// What the rows are: `address`, which is the default, `entity` or `transaction`.
    #[serde(default)]
    by: By,
    /// `amount`, which is the default, `newest` or `oldest`.
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
    /// Only this asset, in the sums too: a ticker of the curated list, a CAIP-19 id, a contract, or `native`.
    asset: Option<String>,
    /// Only rows of this sum or more, base units; on account chains `asset` is needed too.
    #[param(value_type = Option<String>)]
    min_amount: Option<Amount>,
    /// Only movements from this time on, Unix seconds.
    from_time: Option<u64>,
    /// Only movements up to this time, Unix seconds.
    to_time: Option<u64>,
    /// Only neighbours of these categories, with commas.
    category: Option<String>,
    /// Without fees.
    #[serde(default)]
    without_fees: bool,
    /// Rows at most, 1 to 1,000 (default 20).
    limit: Option<u16>,
    /// The chain that is meant: the network's name, a usual name, a ticker or CAIP-2 id. By default the one that stores the subject.
    chain: Option<String>,
}

impl NeighboursOf {
    fn query(self) -> NeighboursQuery {
        let categories = self.category.unwrap_or_default().split(',').map(str::to_owned).collect();
        NeighboursQuery {
            subject: self.subject,
            entity: self.entity,
            direction: self.direction,
            by: self.by,
            sort: self.sort,
            asset: self.asset,
            min_amount: self.min_amount,
            from_time: self.from_time,
            to_time: self.to_time,
            categories,
            without_fees: self.without_fees,
            limit: self.limit.map(usize::from),
        }
    }
}

/// Answers a question on the chain that a text is looked up on.
async fn on_chain<T: Send + 'static>(
    shared: AppState,
    text: String,
    name: Option<String>,
    question: impl FnOnce(&Chain, &str) -> Result<T, ExploreError> + Send + 'static,
) -> Answer<T> {
    let answer = move || {
        let chain = holdfast_explore::choose::choose(&open(&shared), &text, name.as_deref()).map_err(api)?;
        question(&chain, &text).map_err(api)
    };
    run_blocking(answer).await.map(Json)
}

/// Returns the neighbours of an address, an entity or a transaction on one side. A row is one neighbour and one asset. For each asset `listed` and `rest`
/// together are `total`, exactly, in amount and count.
#[utoipa::path(get, path = "/api/v1/graph/neighbours", params(NeighboursOf),
    responses((status = 200, body = NeighboursReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn neighbours(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(of): Query<NeighboursOf>,
) -> Answer<NeighboursReport> {
    let (chain, query) = (of.chain.clone(), of.query());
    let subject = query.subject.clone();
    on_chain(shared, subject, chain, move |chain, _| chain.neighbours(&query, clearance)).await
}

/// Looks up up to 1,000 pasted items: addresses, transaction ids and names of any chain. Each is resolved, ambiguous with its choices, or unknown with a reason.
#[utoipa::path(post, path = "/api/v1/graph/lookup", request_body(content = LookupQuery, example = json!({"items": ["13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", "Locky"]})),
    responses((status = 200, body = LookupReport), (status = 400, body = ErrorBody)))]
pub async fn look_up_all(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    body: Bytes,
) -> Answer<LookupReport> {
    let query: LookupQuery = json(&body)?;
    run_blocking(move || holdfast_explore::lookup::lookup(&open(&shared), &query, clearance).map_err(api))
        .await
        .map(Json)
}

/// Returns several transactions with what moved in them, and all payments between given addresses. What is not listed is counted and summed.
#[utoipa::path(post, path = "/api/v1/graph/transactions", request_body(content = TransactionsQuery,
    example = json!({"transactions": [], "between": ["13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", "1HWqsgnSd12Gv8SpoUMi1Cj8hp79BTSpW7"]})),
    responses((status = 200, body = TransactionsReport), (status = 400, body = ErrorBody)))]
pub async fn transactions(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    body: Bytes,
) -> Answer<TransactionsReport> {
    let query: TransactionsQuery = json(&body)?;
    let answer = move || holdfast_explore::transactions::transactions(&open(&shared), &query, clearance).map_err(api);
    run_blocking(answer).await.map(Json)
}

/// Returns an entity of a chain: the cluster of an address, or an actor by its id. Members, tags with sources, sums in and out, largest counterparties, exposure.
#[utoipa::path(get, path = "/api/v1/entities/{chain}/{id}",
    params(("chain" = String, Path, description = "The network's name, a usual name, a ticker or CAIP-2 id"),
        ("id" = String, Path, description = "Any address of the cluster, or the id of an actor")),
    responses((status = 200, body = EntityReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn entity(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Path((chain, id)): Path<(String, String)>,
) -> Answer<EntityReport> {
    let answer = move || {
        // A chain of a path that is not there is not found.
        let not_there = |e: ExploreError| api(e).with_status(StatusCode::NOT_FOUND);
        let chain = holdfast_explore::choose::choose(&open(&shared), &id, Some(&chain)).map_err(not_there)?;
        chain.entity(&id, clearance).map_err(api)
    };
    run_blocking(answer).await.map(Json)
}

/// How movements are put together.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ActivityQuery {
    /// `day`, which is the default, `week` (from Monday) or `month`, UTC.
    #[serde(default)]
    period: Period,
    /// Only this asset.
    asset: Option<String>,
    /// The chain that is meant; by default the one that stores the address.
    chain: Option<String>,
}

/// Returns what came to an address and went from it by day, week or month, for each asset.
#[utoipa::path(get, path = "/api/v1/addresses/{address}/activity", params(("address" = String, Path, description = "The address"), ActivityQuery),
    responses((status = 200, body = ActivityReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn activity(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Path(address): Path<String>,
    Query(query): Query<ActivityQuery>,
) -> Answer<ActivityReport> {
    on_chain(shared, address, query.chain, move |chain, address| {
        chain.activity(address, query.asset.as_deref(), query.period, clearance)
    })
    .await
}

/// The chain that is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FiguresQuery {
    /// By default the one that stores the address.
    chain: Option<String>,
}

/// Returns figures of an address that were computed over the whole chain, apart from the desk, each table as of its block. What there is none of, or cannot be
/// used, is said in `notes`.
#[utoipa::path(get, path = "/api/v1/addresses/{address}/figures", params(("address" = String, Path, description = "The address"), FiguresQuery),
    responses((status = 200, body = FiguresReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn figures(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Path(address): Path<String>,
    Query(query): Query<FiguresQuery>,
) -> Answer<FiguresReport> {
    on_chain(shared, address, query.chain, move |chain, address| chain.figures(address, clearance)).await
}

/// Packs a drawn graph as signed evidence (a tar file; see `holdfast verify`): the drawing, all drawn transactions with their movements, addresses with their
/// tags, and of chains of outputs the transactions' bytes with proofs. It is meant to be handed on: no tag above TLP:AMBER goes in.
#[utoipa::path(post, path = "/api/v1/graph/bundle", request_body(content = Drawn,
    example = json!({"title": "What left the wallet", "graph": {"version": 2, "log": []}, "transactions": [{"id": "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"}]})),
    responses((status = 200, content_type = "application/x-tar", body = Vec<u8>), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn bundle(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    body: Bytes,
) -> Result<Response, ApiError> {
    let drawn: Drawn = json(&body)?;
    let make = move || {
        // The store has one key for all its chains.
        let key = shared.chain().snapshot().signing_key(entropy)?;
        holdfast_explore::bundle::make(&open(&shared), &drawn, &key, &now(), clearance.min(Tlp::Amber)).map_err(api)
    };
    let bytes = run_blocking(make).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/x-tar"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"graph.holdfast.tar\""),
    ];
    Ok((headers, bytes).into_response())
}
