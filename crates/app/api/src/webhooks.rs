//! Webhooks, and mail in the outbox.

use crate::answers::identity::{OutboxMail, Webhook};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_notify::outbox::MailState;
use holdfast_state::AppState;
use holdfast_state::answers::each;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{MANAGE, Routes};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("webhooks")
        // They carry what is decided out of the exchange.
        .add(MANAGE, routes!(webhooks))
        .add(MANAGE, routes!(add_webhook))
        .add(MANAGE, routes!(remove_webhook))
        .add(MANAGE, routes!(retry_webhook))
        // Mails name officers and people.
        .add(MANAGE.personal(), routes!(mails))
        .add(MANAGE, routes!(retry_mail))
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

/// Lets the next message of a webhook be tried at once, without waiting for its time.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/retry", params(("id" = u64, Path, description = "Number of the webhook")),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn retry_webhook(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Result<Response, ApiError> {
    run_blocking(move || Ok(shared.screening.retry_webhook(id, &caller.0)?)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Which mails.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MailsQuery {
    /// waiting, failing or sent; by default all.
    #[param(value_type = Option<String>)]
    state: Option<MailState>,
    /// Numbers below this one: the last of the page before.
    before: Option<u64>,
    /// How many, at most 1000; by default 100.
    limit: Option<u16>,
}

/// Returns mails that wait, failed or were sent, newest first, without their texts.
#[utoipa::path(get, path = "/api/v1/outbox", params(MailsQuery), responses((status = 200, body = Vec<OutboxMail>), (status = 400, body = ErrorBody)))]
pub async fn mails(State(shared): State<AppState>, Query(q): Query<MailsQuery>) -> Answer<Vec<OutboxMail>> {
    let limit = q.limit.map_or(100, usize::from);
    run_blocking(move || Ok(shared.screening.mails(q.state, q.before, limit)?)).await.map(each)
}

/// Lets a mail that waits be tried at once, without waiting for its time.
#[utoipa::path(post, path = "/api/v1/outbox/{id}/retry", params(("id" = u64, Path, description = "Number of the mail")),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn retry_mail(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Result<Response, ApiError> {
    run_blocking(move || Ok(shared.screening.retry_mail(id, &caller.0)?)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
