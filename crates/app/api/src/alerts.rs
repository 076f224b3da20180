//! The queue of alerts.

use crate::answers::screening::{Alert, AlertState, Note};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use holdfast_screening::alerts::{AlertAction, AlertFilter};
use holdfast_state::AppState;
use holdfast_state::answers::each;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::ErrorBody;
use holdfast_state::routes::{Needs, READ, Routes};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("alerts")
        .add(READ.personal(), routes!(alerts))
        .add(READ.personal(), routes!(alert))
        .add(Needs::key(&["alerts"]), routes!(act_on_alert))
}

/// Filter of alerts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AlertQuery {
    /// open or closed.
    state: Option<AlertState>,
    /// Of one customer.
    customer: Option<String>,
    /// Of one person.
    assignee: Option<String>,
    /// Numbers above this one (default 0).
    #[serde(default)]
    after: u64,
    /// At most so many (default 100, up to 1,000).
    limit: Option<u16>,
}

/// Returns the queue of alerts.
#[utoipa::path(get, path = "/api/v1/alerts", params(AlertQuery), responses((status = 200, body = Vec<Alert>)))]
pub async fn alerts(State(shared): State<AppState>, Query(q): Query<AlertQuery>) -> Answer<Vec<Alert>> {
    let limit = q.limit.map_or(100, usize::from);
    let filter = AlertFilter {
        state: q.state.map(|s| s.to_string()),
        customer: q.customer,
        assignee: q.assignee,
        after: q.after,
        newest_first: false,
        limit,
    };
    run_blocking(move || Ok(shared.screening.alerts(&filter)?)).await.map(each)
}

/// An alert with its notes.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertAnswer {
    alert: Alert,
    notes: Vec<Note>,
}

impl AlertAnswer {
    fn of((alert, notes): (holdfast_screening::alerts::Alert, Vec<holdfast_screening::alerts::Note>)) -> Json<Self> {
        Json(AlertAnswer { alert: alert.into(), notes: notes.into_iter().map(Into::into).collect() })
    }
}

/// Returns an alert with what was done with it.
#[utoipa::path(get, path = "/api/v1/alerts/{id}", params(("id" = u64, Path, description = "Number of the alert")),
    responses((status = 200, body = AlertAnswer), (status = 404, body = ErrorBody)))]
pub async fn alert(State(shared): State<AppState>, Path(id): Path<u64>) -> Answer<AlertAnswer> {
    run_blocking(move || Ok(shared.screening.alert(id)?)).await.map(AlertAnswer::of)
}

/// Assigns, comments, closes or reopens an alert.
#[utoipa::path(post, path = "/api/v1/alerts/{id}", params(("id" = u64, Path, description = "Number of the alert")), request_body = AlertAction,
    responses((status = 200, body = AlertAnswer), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn act_on_alert(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Answer<AlertAnswer> {
    let action: AlertAction = json(&body)?;
    let acted = move || {
        holdfast_workbench::steps::act(&shared.screening, id, action, &caller.0)?;
        Ok(shared.screening.alert(id)?)
    };
    run_blocking(acted).await.map(AlertAnswer::of)
}
