//! Watch lists and the notifications that they make: everybody's own.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_monitor::notifications::{MAX_LISTED, Notifications};
use holdfast_monitor::watch::{NewWatchItem, Settings, WatchItem, WatchKind, WatchList};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::limits::LIST;
use holdfast_state::routes::{READERS, Routes};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("watch lists")
        .add(READERS, routes!(watch_lists))
        .add(READERS, routes!(make_watch_list))
        .add(READERS, routes!(watch_list))
        .add(READERS, routes!(set_watch_list))
        .add(READERS, routes!(remove_watch_list))
        .add(READERS.body(LIST), routes!(watch))
        .add(READERS, routes!(unwatch))
        .add(READERS, routes!(notifications))
        .add(READERS, routes!(notifications_seen))
}

/// A watch list with its items.
#[derive(Debug, Serialize, ToSchema)]
pub struct WatchListAnswer {
    list: WatchList,
    items: Vec<WatchItem>,
}

fn answer(shared: &AppState, id: u64, caller: &Caller) -> Result<Json<WatchListAnswer>, ApiError> {
    let (list, items) = shared.monitor().watch_list(id, &caller.0)?;
    Ok(Json(WatchListAnswer { list, items }))
}

/// Returns one's own watch lists.
#[utoipa::path(get, path = "/api/v1/desk/watch-lists", responses((status = 200, body = Vec<WatchList>)))]
pub async fn watch_lists(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Answer<Vec<WatchList>> {
    run_blocking(move || Ok(shared.monitor().watch_lists(&caller.0)?)).await.map(Json)
}

/// Makes a watch list. Its items are checked once a minute, but in its quiet time, and the first check afterwards tells what happened meanwhile.
#[utoipa::path(post, path = "/api/v1/desk/watch-lists", request_body(content = Settings, example = json!({"name": "Ransom 2026-14", "conditions": {"moves": true, "new_tag": true}})),
    responses((status = 200, body = WatchListAnswer), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn make_watch_list(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<WatchListAnswer> {
    let settings: Settings = json(&body)?;
    run_blocking(move || {
        let id = shared.monitor().make_watch_list(settings, &caller.0)?;
        answer(&shared, id, &caller)
    })
    .await
}

/// Returns a watch list of one's own with its items.
#[utoipa::path(get, path = "/api/v1/desk/watch-lists/{id}", params(("id" = u64, Path, description = "Number of the list")),
    responses((status = 200, body = WatchListAnswer), (status = 404, body = ErrorBody)))]
pub async fn watch_list(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Answer<WatchListAnswer> {
    run_blocking(move || answer(&shared, id, &caller)).await
}

/// Changes a watch list of one's own.
#[utoipa::path(put, path = "/api/v1/desk/watch-lists/{id}", params(("id" = u64, Path, description = "Number of the list")),
    request_body(content = Settings, example = json!({"name": "Ransom 2026-14", "conditions": {"moves": true}})),
    responses((status = 200, body = WatchListAnswer), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn set_watch_list(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Answer<WatchListAnswer> {
    let settings: Settings = json(&body)?;
    run_blocking(move || {
        shared.monitor().set_watch_list(id, settings, &caller.0)?;
        answer(&shared, id, &caller)
    })
    .await
}

/// Removes a watch list of one's own; its notifications stay.
#[utoipa::path(delete, path = "/api/v1/desk/watch-lists/{id}", params(("id" = u64, Path, description = "Number of the list")),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn remove_watch_list(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Result<Response, ApiError> {
    run_blocking(move || Ok(shared.monitor().remove_watch_list(id, &caller.0)?)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Refuses customers to who may not read the desk.
///
/// # Errors
/// 403.
pub fn may_watch(caller: &Caller, items: &[NewWatchItem]) -> Result<(), ApiError> {
    if items.iter().any(|item| item.kind == WatchKind::Customer) { caller.needs("read") } else { Ok(()) }
}

/// Adds items to a watch list of one's own; customers need the scope read. Their first check tells nothing.
#[utoipa::path(post, path = "/api/v1/desk/watch-lists/{id}/items", params(("id" = u64, Path, description = "Number of the list")),
    request_body(content = Vec<NewWatchItem>, example = json!([{"kind": "address", "value": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"}])),
    responses((status = 200, body = WatchListAnswer), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn watch(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Answer<WatchListAnswer> {
    let items: Vec<NewWatchItem> = json(&body)?;
    may_watch(&caller, &items)?;
    run_blocking(move || {
        shared.monitor().watch(id, items, &caller.0)?;
        answer(&shared, id, &caller)
    })
    .await
}

/// Takes an item off a watch list of one's own.
#[utoipa::path(delete, path = "/api/v1/desk/watch-lists/{id}/items/{item}", params(("id" = u64, Path, description = "Number of the list"), ("item" = u64, Path, description = "Number of the item")),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn unwatch(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, item)): Path<(u64, u64)>,
) -> Result<Response, ApiError> {
    run_blocking(move || Ok(shared.monitor().unwatch(id, item, &caller.0)?)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Which notifications.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NotificationsQuery {
    /// Below this number; by default the latest.
    #[serde(default)]
    before: u64,
    /// At most so many (default and most 200; 0 for the count alone).
    limit: Option<u32>,
}

/// Returns one's own notifications, the latest first, and how many of them were not seen.
#[utoipa::path(get, path = "/api/v1/desk/notifications", params(NotificationsQuery), responses((status = 200, body = Notifications)))]
pub async fn notifications(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(q): Query<NotificationsQuery>,
) -> Answer<Notifications> {
    let limit = q.limit.unwrap_or(MAX_LISTED);
    run_blocking(move || Ok(shared.monitor().notifications(&caller.0, q.before, limit)?)).await.map(Json)
}

/// Up to which notification.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeenRequest {
    /// Its number.
    up_to: u64,
}

/// Notes that one saw notifications up to a number.
#[utoipa::path(post, path = "/api/v1/desk/notifications/seen", request_body(content = SeenRequest, example = json!({"up_to": 12})),
    responses((status = 200, body = Notifications), (status = 400, body = ErrorBody)))]
pub async fn notifications_seen(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<Notifications> {
    let request: SeenRequest = json(&body)?;
    run_blocking(move || {
        shared.monitor().notifications_seen(&caller.0, request.up_to)?;
        Ok(shared.monitor().notifications(&caller.0, 0, 0)?)
    })
    .await
    .map(Json)
}
