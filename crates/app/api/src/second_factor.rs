//! One's own second factor for signing in to the desk's pages.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use holdfast_identity::StaffEnrolment;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{EVERYBODY, Routes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

/// Routes of this resource: a second factor is everybody's own.
pub(crate) fn routes() -> Routes {
    Routes::new("second factor")
        .add(EVERYBODY, routes!(second_factor))
        .add(EVERYBODY, routes!(set_up_second_factor))
        .add(EVERYBODY, routes!(confirm_second_factor))
        .add(EVERYBODY, routes!(renew_recovery_codes))
}

/// One's own second factor.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecondFactor {
    /// Whether signing in to the pages needs a second factor: a code of an app, or a passkey.
    active: bool,
    /// Recovery codes that are not used.
    recovery_codes_left: u64,
}

/// A code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorCode {
    /// Code that the authenticator app shows, or a recovery code where a second factor is active.
    code: String,
}

/// A code, where one is needed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewalCode {
    /// Code that the authenticator app shows, or a recovery code. Whoever has passkeys alone may leave it out in a session that a second factor
    /// opened.
    code: Option<String>,
}

/// New recovery codes.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Ten codes that open in place of one of the app, once each. They are shown once.
    recovery_codes: Vec<String>,
}

/// A wrong code is a wrong field of who sends a good key.
fn wrong_code(e: ApiError) -> ApiError {
    match e.status {
        StatusCode::UNAUTHORIZED => ApiError::bad(format!("code: {}", e.message)),
        _ => e,
    }
}

/// Returns whether one has a second factor.
#[utoipa::path(get, path = "/api/v1/second-factor", responses((status = 200, body = SecondFactor), (status = 404, body = ErrorBody)))]
pub async fn second_factor(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Answer<SecondFactor> {
    let person = shared.person(&caller.0).await?;
    let left = if person.second_factor { shared.recovery_codes_left(&person).await? } else { 0 };
    Ok(Json(SecondFactor { active: person.second_factor, recovery_codes_left: left }))
}

/// Sets an authenticator app and recovery codes up. They count once a code of the app is given (PUT); what was set up before and never confirmed is
/// void. Beside a passkey, only in a session that a second factor opened; the recovery codes stay then.
#[utoipa::path(post, path = "/api/v1/second-factor",
    responses((status = 200, body = StaffEnrolment), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn set_up_second_factor(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Answer<StaffEnrolment> {
    let person = shared.person(&caller.0).await?;
    shared.enrol(person, Some(&caller)).await.map(Json)
}

/// Gives the first code of the app that was set up: from then on signing in to the pages needs a second factor. A later code, or a recovery code,
/// opens this session for changes of one's second factors.
#[utoipa::path(put, path = "/api/v1/second-factor", request_body(content = FactorCode, example = json!({"code": "123456"})),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn confirm_second_factor(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    let FactorCode { code } = json(&body)?;
    let person = shared.person(&caller.0).await?;
    shared.give_code(person, Some(&caller), code).await.map_err(wrong_code)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces one's recovery codes, for a code of the app or a recovery code; the old ones are void.
#[utoipa::path(post, path = "/api/v1/second-factor/recovery-codes", request_body(content = RenewalCode, example = json!({"code": "123456"})),
    responses((status = 200, body = RecoveryCodes), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn renew_recovery_codes(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<RecoveryCodes> {
    let RenewalCode { code } = json(&body)?;
    let person = shared.person(&caller.0).await?;
    let recovery_codes = shared.renew_recovery_codes(person, &caller, code).await.map_err(wrong_code)?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}
