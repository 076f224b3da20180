//! Screening past transfers again, on request. What changes of tags cause is a job ([`crate::jobs`]).

use crate::answers::screening::RescreenReport;
use axum::extract::{Query, State};
use holdfast_state::AppState;
use holdfast_state::answers::one;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::Answer;
use holdfast_state::routes::{MANAGE, Routes};
use serde::Deserialize;
use std::ops::ControlFlow;
use utoipa::IntoParams;
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("rescreen").add(MANAGE.long(), routes!(rescreen))
}

/// Reason of a pass.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhyQuery {
    /// The change that is the cause, for the alerts' reasons.
    why: Option<String>,
}

/// Screens all past transfers again and raises late alerts.
#[utoipa::path(post, path = "/api/v1/rescreen", params(WhyQuery), responses((status = 200, body = RescreenReport)))]
pub async fn rescreen(State(shared): State<AppState>, Query(query): Query<WhyQuery>) -> Answer<RescreenReport> {
    let why = query.why.unwrap_or_else(|| "screened again on request".into());
    run_blocking(move || {
        Ok(shared.screening.rescreen(
            |event| shared.facts(event),
            &why.chars().take(200).collect::<String>(),
            &mut |_| ControlFlow::Continue(()),
        )?)
    })
    .await
    .map(one)
}
