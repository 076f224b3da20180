//! Graphs of a case, in versions.

use crate::cases::person;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use holdfast_cases::case::{Graph, GraphSaved, GraphVersion, GraphVersions, NewGraph, NextGraph};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::ErrorBody;
use holdfast_types::ids::{CaseId, CaseItemId};

/// Returns the newest version of each graph of a case. The access is recorded in the audit log.
#[utoipa::path(get, path = "/api/v1/desk/cases/{id}/graphs", params(("id" = u64, Path, description = "Number of the case")),
    responses((status = 200, body = Vec<GraphVersion>), (status = 404, body = ErrorBody)))]
pub async fn case_graphs(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
) -> Answer<Vec<GraphVersion>> {
    let who = person(&caller);
    run_blocking(move || Ok(shared.cases().graphs(id, &who)?)).await.map(Json)
}

/// Saves a graph in a case, as its first version.
#[utoipa::path(post, path = "/api/v1/desk/cases/{id}/graphs", params(("id" = u64, Path, description = "Number of the case")), request_body(content = NewGraph,
    example = json!({"title": "What left the wallet", "subject": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", "body": {"version": 2, "log": []}})),
    responses((status = 200, body = GraphSaved), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn save_graph(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
    body: Bytes,
) -> Answer<GraphSaved> {
    let new: NewGraph = json(&body)?;
    let who = person(&caller);
    run_blocking(move || Ok(shared.cases().save_graph(id, new, &who)?)).await.map(Json)
}

/// Returns the versions of a graph, the newest first. The access is recorded in the audit log.
#[utoipa::path(get, path = "/api/v1/desk/cases/{id}/graphs/{graph}",
    params(("id" = u64, Path, description = "Number of the case"), ("graph" = u64, Path, description = "Number of the graph")),
    responses((status = 200, body = GraphVersions), (status = 404, body = ErrorBody)))]
pub async fn graph_versions(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, graph)): Path<(CaseId, CaseItemId)>,
) -> Answer<GraphVersions> {
    let who = person(&caller);
    run_blocking(move || Ok(shared.cases().graph_versions(id, graph, &who)?)).await.map(Json)
}

/// Saves the next version of a graph. It must rest on the newest one: else 409 says who saved that, and when.
#[utoipa::path(put, path = "/api/v1/desk/cases/{id}/graphs/{graph}",
    params(("id" = u64, Path, description = "Number of the case"), ("graph" = u64, Path, description = "Number of the graph")),
    request_body(content = NextGraph, example = json!({"base_version": 1, "body": {"version": 2, "log": []}})),
    responses((status = 200, body = GraphSaved), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn save_next_graph(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, graph)): Path<(CaseId, CaseItemId)>,
    body: Bytes,
) -> Answer<GraphSaved> {
    let next: NextGraph = json(&body)?;
    let who = person(&caller);
    run_blocking(move || Ok(shared.cases().save_next_graph(id, graph, next, &who)?)).await.map(Json)
}

/// Returns a version of a graph with its content; version 0 is the newest. The access is recorded in the audit log.
#[utoipa::path(get, path = "/api/v1/desk/cases/{id}/graphs/{graph}/{version}",
    params(("id" = u64, Path, description = "Number of the case"), ("graph" = u64, Path, description = "Number of the graph"),
        ("version" = u64, Path, description = "Version; 0 for the newest")),
    responses((status = 200, body = Graph), (status = 404, body = ErrorBody)))]
pub async fn case_graph(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, graph, version)): Path<(CaseId, CaseItemId, u64)>,
) -> Answer<Graph> {
    let who = person(&caller);
    let wanted = Some(version).filter(|v| *v > 0);
    run_blocking(move || Ok(shared.cases().graph(id, graph, wanted, &who)?)).await.map(Json)
}
