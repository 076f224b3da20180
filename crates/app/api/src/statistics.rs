//! Statistics of the desk: charts over a window of days.

use axum::Json;
use axum::extract::{Path, Query, State};
use holdfast_monitor::statistics::{Chart, ChartName, Window, followers};
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::Answer;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{READERS, Routes};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    // Requests and people's work are in them.
    Routes::new("statistics").add(READERS.long(), routes!(statistics))
}

/// A window of days, UTC.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WindowQuery {
    /// First day, YYYY-MM-DD; by default 29 days before the last.
    pub from: Option<String>,
    /// Last day, YYYY-MM-DD; by default today. At most 400 days.
    pub to: Option<String>,
}

impl WindowQuery {
    /// Reads it.
    ///
    /// # Errors
    /// 400 names the field.
    pub fn window(&self, shared: &AppState) -> Result<Window, ApiError> {
        Ok(Window::read(self.from.as_deref(), self.to.as_deref(), shared.screening.now())?)
    }
}

/// Returns a chart's numbers.
///
/// # Errors
/// [`ApiError`] when the database fails.
pub fn chart(shared: &AppState, name: ChartName, window: Window) -> Result<Chart, ApiError> {
    if name == ChartName::Followers {
        let all: Vec<_> =
            shared.status.followers().iter().map(|(chain, follower)| (chain.clone(), follower.lag_blocks())).collect();
        return Ok(followers(window, &all));
    }
    Ok(shared.monitor().chart(name, window)?)
}

/// Returns the numbers of a chart over a window of days: decisions and hits of rules by day, alerts, outcomes and precision, times, requests by agency,
/// country and clock, holds, money traced and frozen, people's work, lag of nodes. What is left out is said in `left_out`.
#[utoipa::path(get, path = "/api/v1/desk/statistics/{chart}", params(("chart" = ChartName, Path, description = "Which chart"), WindowQuery),
    responses((status = 200, body = Chart), (status = 400, body = ErrorBody)))]
pub async fn statistics(
    State(shared): State<AppState>,
    Path(name): Path<ChartName>,
    Query(q): Query<WindowQuery>,
) -> Answer<Chart> {
    let window = q.window(&shared)?;
    run_blocking(move || chart(&shared, name, window)).await.map(Json)
}
