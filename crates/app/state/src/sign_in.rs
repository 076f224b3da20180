//! Signing in by browser: its cookies, who tries, and how often.

use crate::AppState;
use crate::blocking::run_blocking;
use crate::error::ApiError;
use crate::limits::{crowded, sender};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use holdfast_identity::{
    ApiKey, CodeAnswer, IdentityError, Person, StaffEnrolment, enrol, give_code, pending_key, person_named,
    recovery_codes_left, renew_recovery_codes,
};
use holdfast_store::{Change, Store};
use serde_json::json;
use std::convert::Infallible;

/// Returns a browser's cookie: `hf` for a session at the desk, `ho` for an officer's, `hl` for a learner's, `hp` for a sign-in that waits for its
/// code, `hc` for the tokens of forms.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let mut pairs = all.flat_map(|v| v.split(';')).filter_map(|p| p.trim().split_once('='));
    pairs.find(|(n, v)| *n == name && !v.is_empty()).map(|(_, v)| v.to_owned())
}

/// Name of the cookie of a sign-in that waits for its code.
pub const PENDING: &str = "hp";

/// The address that a request comes from, for counters and the audit log.
#[derive(Debug, Clone)]
pub struct Client(pub String);

impl FromRequestParts<AppState> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &AppState) -> Result<Self, Infallible> {
        Ok(Client(sender(shared.access.client_of(&parts.headers, &parts.extensions))))
    }
}

/// Most refused sign-ins of one address within a quarter of an hour.
const REFUSED_SIGN_INS: u32 = 10;

/// Writes a sign-in into the audit log.
pub async fn note_sign_in(shared: &AppState, action: &'static str, who: &str, client: &str) -> Result<(), ApiError> {
    let (who, detail) = (who.to_owned(), json!({ "address": client }).to_string());
    let state = shared.clone();
    run_blocking(move || Ok(state.screening.note_look(action, "sign-in", detail, &who)?)).await
}

/// Counts and logs a refused sign-in, so that guessing is limited.
pub async fn refuse_sign_in(shared: &AppState, client: &str, message: &str) -> ApiError {
    shared.auth.rates.count(&format!("refused {client}"), REFUSED_SIGN_INS, 900, shared.screening.now());
    match note_sign_in(shared, "sign_in.refused", "nobody", client).await {
        Ok(()) => ApiError::new(StatusCode::UNAUTHORIZED, message),
        Err(e) => e,
    }
}

/// Refuses an address whose sign-ins were refused too often.
pub fn may_sign_in(shared: &AppState, client: &str) -> Result<(), ApiError> {
    match shared.auth.rates.is_used_up(&format!("refused {client}"), REFUSED_SIGN_INS, shared.screening.now()) {
        true => Err(crowded("too many sign-ins of your address were refused")),
        false => Ok(()),
    }
}

impl AppState {
    /// Returns the person of a name.
    ///
    /// # Errors
    /// 404 when there is none, such as who works at an open desk; 500 or 503 when it cannot be read.
    pub async fn person(&self, name: &str) -> Result<Person, ApiError> {
        let (state, name) = (self.clone(), name.to_owned());
        run_blocking(move || {
            let found = state.screening.read(|db| person_named(db, &name))?;
            Ok(found.ok_or_else(|| IdentityError::NotFound(format!("person '{name}'")))?)
        })
        .await
    }

    /// Returns the key of a sign-in that waits for its code, by the browser's cookie.
    #[must_use]
    pub fn pending_sign_in(&self, headers: &HeaderMap) -> Option<ApiKey> {
        let token = cookie(headers, PENDING)?;
        self.auth.key_with_id(&pending_key(&self.auth.key_ring, &token, self.screening.now())?)
    }

    /// Sets an authenticator app and recovery codes up for a person.
    ///
    /// # Errors
    /// 409 when the person has a second factor; 500 or 503 when it cannot be stored.
    pub async fn enrol(&self, person: Person) -> Result<StaffEnrolment, ApiError> {
        let (screening, ring) = (self.screening.clone(), self.auth.key_ring.clone());
        let random = crate::system::entropy().map_err(|e| ApiError::internal(e.to_string()))?;
        run_blocking(move || {
            let actor = person.name.clone();
            Ok(Store::change(&*screening, &actor, move |tx| enrol(tx, &ring, &person, &random))?)
        })
        .await
    }

    /// Returns how many recovery codes of a person are not used.
    ///
    /// # Errors
    /// 500 or 503 when it cannot be read.
    pub async fn recovery_codes_left(&self, person: &Person) -> Result<u64, ApiError> {
        let (state, id) = (self.clone(), person.id);
        run_blocking(move || Ok(state.screening.read(|db| recovery_codes_left(db, id))?)).await
    }

    /// Replaces a person's recovery codes, for a code of the app or a recovery code; returns the new ones.
    ///
    /// # Errors
    /// As [`AppState::give_code`].
    pub async fn renew_recovery_codes(&self, person: Person, code: String) -> Result<Vec<String>, ApiError> {
        let (screening, ring) = (self.screening.clone(), self.auth.key_ring.clone());
        let random = crate::system::entropy().map_err(|e| ApiError::internal(e.to_string()))?;
        let (answer, codes) = run_blocking(move || {
            let actor = person.name.clone();
            let renew = move |tx: &mut dyn Change| renew_recovery_codes(tx, &ring, &person, &code, &random);
            Ok(Store::change(&*screening, &actor, renew)?)
        })
        .await?;
        accepted(answer).map(|()| codes)
    }

    /// Takes a code of a person's app, or a recovery code.
    ///
    /// # Errors
    /// 401 for a wrong or used code; 409 when no app is set up; 429 after too many wrong codes; 500 or 503 when it cannot be stored.
    pub async fn give_code(&self, person: Person, code: String) -> Result<(), ApiError> {
        let (screening, ring) = (self.screening.clone(), self.auth.key_ring.clone());
        let answer = run_blocking(move || {
            let actor = person.name.clone();
            Ok(Store::change(&*screening, &actor, move |tx| give_code(tx, &ring, &person, &code))?)
        })
        .await?;
        accepted(answer)
    }
}

/// Refuses a code that was not accepted.
fn accepted(answer: CodeAnswer) -> Result<(), ApiError> {
    match answer {
        CodeAnswer::Accepted => Ok(()),
        CodeAnswer::Refused => {
            Err(ApiError::new(StatusCode::UNAUTHORIZED, "the code is wrong or used; wait for the next one"))
        }
        CodeAnswer::Blocked(_) => Err(crowded("too many wrong codes")),
    }
}
