//! The audit log, its anchors, and the clock that it trusts.

use crate::answers::screening::{Anchor, AuditReport, ClockFault, Entry, Replay};
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use holdfast_retention::files::VaultCheck;
use holdfast_screening::ScreeningError;
use holdfast_screening::replay::replay_log;
use holdfast_state::AppState;
use holdfast_state::answers::{each, one};
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::Answer;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{AUDIT, MANAGE, READ, Routes};
use holdfast_types::Timestamp;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("audit")
        .add(AUDIT.long(), routes!(audit))
        .add(AUDIT.long(), routes!(verify_audit))
        .add(AUDIT.file().long(), routes!(verify_audit_by_copy))
        .add(AUDIT.long(), routes!(replay_inputs))
        .add(AUDIT.long(), routes!(check_files))
        .add(AUDIT.long(), routes!(anchor_audit))
        .add(READ, routes!(clock))
        .add(MANAGE, routes!(confirm_clock))
}

/// Filter of the audit log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only about one subject, such as hold:12.
    subject: Option<String>,
    /// Numbers above this one (default 0).
    #[serde(default)]
    after: u64,
    /// At most so many (default 100, up to 1,000).
    limit: Option<u16>,
}

/// Returns the audit log.
#[utoipa::path(get, path = "/api/v1/audit", params(AuditQuery), responses((status = 200, body = Vec<Entry>)))]
pub async fn audit(State(shared): State<AppState>, Query(q): Query<AuditQuery>) -> Answer<Vec<Entry>> {
    let limit = q.limit.map_or(100, |l| usize::from(l).max(1));
    run_blocking(move || Ok(shared.screening.audit(q.after, q.subject.as_deref(), limit)?)).await.map(each)
}

/// A head that was noted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HeadQuery {
    /// Hash of the last entry, as noted earlier.
    head: Option<String>,
}

/// Verifies the hash chain of the audit log, all decisions in it, the tables that it settles, and its anchors.
#[utoipa::path(get, path = "/api/v1/audit/verify", params(HeadQuery), responses((status = 200, body = AuditReport)))]
pub async fn verify_audit(State(shared): State<AppState>, Query(q): Query<HeadQuery>) -> Answer<AuditReport> {
    let anchors = shared.anchors.clone();
    run_blocking(move || Ok(shared.screening.verify_anchored(q.head.as_deref(), anchors.as_deref(), None)?))
        .await
        .map(one)
}

/// Most bytes of a copy of the anchors.
const MAX_ANCHORS: usize = 16 << 20;

/// Verifies the audit log as `GET` does, with a copy of `audit.anchors` that lay elsewhere instead of the desk's own.
#[utoipa::path(post, path = "/api/v1/audit/verify", params(HeadQuery), request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = AuditReport), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn verify_audit_by_copy(
    State(shared): State<AppState>,
    Query(q): Query<HeadQuery>,
    body: Bytes,
) -> Answer<AuditReport> {
    if body.is_empty() || body.len() > MAX_ANCHORS {
        return Err(ApiError::bad(format!("body: must be a copy of audit.anchors of 1 to {MAX_ANCHORS} bytes")));
    }
    let anchors = shared.anchors.clone();
    let anchors = anchors.ok_or_else(|| ScreeningError::State("this desk has no folder for anchors".into()))?;
    run_blocking(move || {
        let io = |e: std::io::Error| ScreeningError::State(format!("the copy cannot be stored for the check: {e}"));
        let mut copy = tempfile::NamedTempFile::new().map_err(io)?;
        std::io::Write::write_all(&mut copy, &body).map_err(io)?;
        Ok(shared.screening.verify_anchored(q.head.as_deref(), Some(&anchors), Some(copy.path()))?)
    })
    .await
    .map(one)
}

/// Longest replay of the log of inputs, and longest check of files, by a server.
pub const REPLAY_TIME: std::time::Duration = std::time::Duration::from_secs(60);

/// Folds the log of inputs from its beginning and compares every decision with the stored one, for up to 60 seconds; `holdfast audit replay` on the store
/// itself has no such bound.
#[utoipa::path(get, path = "/api/v1/audit/replay", responses((status = 200, body = Replay)))]
pub async fn replay_inputs(State(shared): State<AppState>) -> Answer<Replay> {
    run_blocking(move || replay_in_time(&shared)).await.map(one)
}

/// Replays the log of inputs for up to [`REPLAY_TIME`].
///
/// # Errors
/// [`ApiError`] when the database fails, or an input cannot be read by this version.
pub fn replay_in_time(shared: &AppState) -> Result<holdfast_screening::replay::Replay, ApiError> {
    let begun = std::time::Instant::now();
    let mut go_on = |_| match begun.elapsed() > REPLAY_TIME {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    Ok(replay_log(&shared.screening, &mut go_on)?)
}

/// Reads every file of the vault that requests, cases, productions and reports name and compares it with its SHA-256, for up to 60 seconds (`stopped` then);
/// `holdfast audit files` on the store itself has no such bound.
#[utoipa::path(get, path = "/api/v1/audit/files", responses((status = 200, body = VaultCheck)))]
pub async fn check_files(State(shared): State<AppState>) -> Answer<VaultCheck> {
    let begun = std::time::Instant::now();
    let mut go_on = move |_| match begun.elapsed() > REPLAY_TIME {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    run_blocking(move || Ok(shared.retention().check_vault(&mut go_on)?)).await.map(Json)
}

/// Whether the system's clock is trusted.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClockState {
    /// Whether things expire.
    trusted: bool,
    /// The time that is worked with, Unix seconds.
    #[schema(value_type = i64)]
    now: Timestamp,
    /// Reason why it is not trusted.
    fault: Option<ClockFault>,
}

/// Returns whether the system's clock is trusted; while it is not, nothing expires.
#[utoipa::path(get, path = "/api/v1/clock", responses((status = 200, body = ClockState)))]
pub async fn clock(State(shared): State<AppState>) -> Json<ClockState> {
    let (now, fault) = (shared.screening.now(), shared.screening.clock_fault());
    Json(ClockState { trusted: fault.is_none(), now, fault: fault.map(Into::into) })
}

/// Confirms that the system's clock is right after a jump or a long stop: what is over by it ends.
#[utoipa::path(post, path = "/api/v1/clock", responses((status = 200, body = ClockState), (status = 409, body = ErrorBody)))]
pub async fn confirm_clock(State(shared): State<AppState>, Extension(caller): Extension<Caller>) -> Answer<ClockState> {
    let now = run_blocking(move || Ok(shared.screening.confirm_clock(&caller.0)?)).await?;
    Ok(Json(ClockState { trusted: true, now, fault: None }))
}

/// Writes the audit log's head, signed, to the anchors file beside the database; the server does so every hour and when it stops.
#[utoipa::path(post, path = "/api/v1/audit/anchor", responses((status = 200, body = Anchor), (status = 409, body = ErrorBody)))]
pub async fn anchor_audit(State(shared): State<AppState>) -> Answer<Anchor> {
    let anchors = shared.anchors.clone();
    let anchors = anchors.ok_or_else(|| ScreeningError::State("this desk has no folder for anchors".into()))?;
    run_blocking(move || Ok(shared.screening.anchor(&anchors)?)).await.map(one)
}
