//! Webhooks.

use crate::answers::identity::Webhook;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_state::AppState;
use holdfast_state::answers::each;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{MANAGE, Routes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("webhooks")
        // They carry what is decided out of the exchange.
        .add(MANAGE, routes!(webhooks))
        .add(MANAGE, routes!(add_webhook))
        .add(MANAGE, routes!(remove_webhook))
}

/// A webhook to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRequest {
    /// An https URL.
    url: String,
    /// decisions (all but allow), all-decisions, holds, alerts.
    topics: Vec<String>,
}

/// A webhook that was created.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookAnswer {
    /// Number.
    webhook: u64,
    /// Secret of its signatures (Standard Webhooks).
    secret: String,
}

/// Returns the webhooks and how far each has received messages.
#[utoipa::path(get, path = "/api/v1/webhooks", responses((status = 200, body = Vec<Webhook>)))]
pub async fn webhooks(State(shared): State<AppState>) -> Answer<Vec<Webhook>> {
    run_blocking(move || Ok(shared.screening.webhooks()?)).await.map(each)
}

/// Creates a webhook. From now on its topics are posted to it in order, signed by Standard Webhooks, and repeated until it answers 2xx.
#[utoipa::path(post, path = "/api/v1/webhooks", request_body(content = WebhookRequest, example = json!({"url": "https://example.org/hook", "topics": ["holds"]})),
    responses((status = 200, body = WebhookAnswer), (status = 400, body = ErrorBody)))]
pub async fn add_webhook(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<WebhookAnswer> {
    let request: WebhookRequest = json(&body)?;
    let key_ring = shared.auth.key_ring.clone();
    let webhook =
        run_blocking(move || Ok(shared.screening.add_webhook(&request.url, &request.topics, &caller.0)?)).await?;
    Ok(Json(WebhookAnswer { webhook, secret: holdfast_notify::delivery::secret(&key_ring, webhook) }))
}

/// Removes a webhook.
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", params(("id" = u64, Path, description = "Number of the webhook")),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn remove_webhook(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Result<Response, ApiError> {
    run_blocking(move || Ok(shared.screening.remove_webhook(id, "removed by a person", &caller.0)?)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
