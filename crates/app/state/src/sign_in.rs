//! Signing in by browser: its cookies, who tries, and how often.

use crate::AppState;
use crate::auth::Caller;
use crate::blocking::run_blocking;
use crate::error::ApiError;
use crate::limits::{crowded, sender};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use holdfast_identity::passkey::{Assertion, NewCredential, Passkey};
use holdfast_identity::{
    AddedPasskey, ApiKey, Assurance, CodeAnswer, IdentityError, Person, StaffEnrolment, add_passkey, begin_passkey,
    challenge_passkey, enrol, give_code, give_passkey, has_app, passkeys_of, pending_key, person_named, raise_session,
    recovery_codes_left, remove_passkey, rename_passkey, renew_recovery_codes,
};
use holdfast_store::{Change, Store};
use holdfast_types::Seconds;
use serde_json::{Value, json};
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
pub(crate) const REFUSED_SIGN_INS: u32 = 10;

/// Writes a sign-in into the audit log.
pub async fn note_sign_in(shared: &AppState, action: &'static str, who: &str, client: &str) -> Result<(), ApiError> {
    let (who, detail) = (who.to_owned(), json!({ "address": client }).to_string());
    let state = shared.clone();
    run_blocking(move || Ok(state.screening.note_look(action, "sign-in", detail, &who)?)).await
}

/// Counts and logs a refused sign-in, so that guessing is limited.
pub async fn refuse_sign_in(shared: &AppState, client: &str, message: &str) -> ApiError {
    shared.auth.rates.count(&format!("refused {client}"), REFUSED_SIGN_INS, Seconds::new(900), shared.screening.now());
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

    /// Sets an authenticator app and recovery codes up for a person, who sends the request, or signs in.
    ///
    /// # Errors
    /// 409 when the person has an app, or a passkey that was not given; 500 or 503 when it cannot be stored.
    pub async fn enrol(&self, person: Person, caller: Option<&Caller>) -> Result<StaffEnrolment, ApiError> {
        let (ring, assurance, random) = (self.auth.key_ring.clone(), assurance(caller), random()?);
        self.change_own(person, move |tx, person| enrol(tx, &ring, person, assurance, &random)).await
    }

    /// Returns how many recovery codes of a person are not used.
    ///
    /// # Errors
    /// 500 or 503 when it cannot be read.
    pub async fn recovery_codes_left(&self, person: &Person) -> Result<u64, ApiError> {
        let (state, id) = (self.clone(), person.id);
        run_blocking(move || Ok(state.screening.read(|db| recovery_codes_left(db, id))?)).await
    }

    /// Replaces a person's recovery codes, for a code of the app or a recovery code; returns the new ones. Whoever has passkeys alone needs none in
    /// a session that a second factor opened.
    ///
    /// # Errors
    /// As [`AppState::give_code`]; 400 without a code where one is needed.
    pub async fn renew_recovery_codes(
        &self,
        person: Person,
        caller: &Caller,
        code: Option<String>,
    ) -> Result<Vec<String>, ApiError> {
        let (ring, assurance, random) = (self.auth.key_ring.clone(), caller.assurance(), random()?);
        let renew = move |tx: &mut dyn Change, person: &Person| {
            renew_recovery_codes(tx, &ring, person, assurance, code.as_deref(), &random)
        };
        let (answer, codes) = self.change_own(person, renew).await?;
        accepted(answer, WRONG_CODE).map(|()| codes)
    }

    /// Takes a code of a person's app, or a recovery code. The session in which the caller gives it counts as opened by it.
    ///
    /// # Errors
    /// 401 for a wrong or used code; 409 when no app is set up; 429 after too many wrong codes; 500 or 503 when it cannot be stored.
    pub async fn give_code(&self, person: Person, caller: Option<&Caller>, code: String) -> Result<(), ApiError> {
        let (ring, assurance, session) = (self.auth.key_ring.clone(), assurance(caller), session_of(caller));
        let raised = session.clone();
        let give = move |tx: &mut dyn Change, person: &Person| {
            let answer = give_code(tx, &ring, person, assurance, &code)?;
            if let (CodeAnswer::Accepted, Some(id)) = (answer, raised) {
                raise_session(tx, &id)?;
            }
            Ok(answer)
        };
        accepted(self.change_own(person, give).await?, WRONG_CODE)?;
        session.iter().for_each(|id| self.auth.sessions.raise(id));
        Ok(())
    }

    /// Returns a person's passkeys, oldest first.
    ///
    /// # Errors
    /// 500 or 503 when they cannot be read.
    pub async fn passkeys(&self, person: Person) -> Result<Vec<Passkey>, ApiError> {
        let state = self.clone();
        run_blocking(move || Ok(state.screening.read(|db| passkeys_of(db, &person))?)).await
    }

    /// Returns whether a person has an authenticator app.
    ///
    /// # Errors
    /// 500 or 503 when it cannot be read.
    pub async fn has_app(&self, person: &Person) -> Result<bool, ApiError> {
        let (state, id) = (self.clone(), person.id);
        run_blocking(move || Ok(state.screening.read(|db| has_app(db, id))?)).await
    }

    /// Begins to add a passkey of a person, who sends the request, or signs in; returns the options for `navigator.credentials.create`.
    ///
    /// # Errors
    /// 409 when the person has a second factor that was not given, or the most passkeys; 500 or 503 when it cannot be stored.
    pub async fn begin_passkey(&self, person: Person, caller: Option<&Caller>) -> Result<Value, ApiError> {
        let (ring, assurance, site) = (self.auth.key_ring.clone(), assurance(caller), self.site.clone());
        self.change_own(person, move |tx, person| begin_passkey(tx, &ring, person, assurance, &site)).await
    }

    /// Adds the passkey that the browser made. The session in which the caller adds it counts as opened by it.
    ///
    /// # Errors
    /// 400 names the field; 409 as [`AppState::begin_passkey`], and when the credential is not the one that was requested; 500 or 503 when it
    /// cannot be stored.
    pub async fn add_passkey(
        &self,
        person: Person,
        caller: Option<&Caller>,
        name: String,
        credential: &Value,
    ) -> Result<AddedPasskey, ApiError> {
        let made = NewCredential::read(credential)?;
        let (site, assurance, session) = (self.site.clone(), assurance(caller), session_of(caller));
        let (raised, random) = (session.clone(), random()?);
        let add = move |tx: &mut dyn Change, person: &Person| {
            let added = add_passkey(tx, person, assurance, &site, (&name, &made), &random)?;
            if let Some(id) = raised {
                raise_session(tx, &id)?;
            }
            Ok(added)
        };
        let added = self.change_own(person, add).await?;
        session.iter().for_each(|id| self.auth.sessions.raise(id));
        Ok(added)
    }

    /// Begins to sign a person in with a passkey; returns the options for `navigator.credentials.get`.
    ///
    /// # Errors
    /// 409 when the person has none; 500 or 503 when it cannot be stored.
    pub async fn challenge_passkey(&self, person: Person) -> Result<Value, ApiError> {
        let site = self.site.clone();
        self.change_own(person, move |tx, person| challenge_passkey(tx, person, &site)).await
    }

    /// Takes a passkey's answer in place of a code.
    ///
    /// # Errors
    /// 400 for no answer; 401 for a wrong one; 409 when nothing was begun; 429 after too many wrong ones; 500 or 503 when it cannot be stored.
    pub async fn give_passkey(&self, person: Person, credential: &Value) -> Result<(), ApiError> {
        let assertion = Assertion::read(credential)?;
        let (ring, site) = (self.auth.key_ring.clone(), self.site.clone());
        let give = move |tx: &mut dyn Change, person: &Person| give_passkey(tx, &ring, person, &site, &assertion);
        accepted(self.change_own(person, give).await?, "the answer of the passkey is wrong; try again")
    }

    /// Renames a passkey of the caller.
    ///
    /// # Errors
    /// 400 names the field; 404; 409 when no second factor was given; 500 or 503 when it cannot be stored.
    pub async fn rename_passkey(
        &self,
        person: Person,
        caller: &Caller,
        id: String,
        name: String,
    ) -> Result<(), ApiError> {
        let assurance = to_remove(caller);
        self.change_own(person, move |tx, person| rename_passkey(tx, person, assurance, &id, &name)).await
    }

    /// Removes a passkey of the caller.
    ///
    /// # Errors
    /// 404; 409 when no second factor was given, or it is the last one; 500 or 503 when it cannot be stored.
    pub async fn remove_passkey(&self, person: Person, caller: &Caller, id: String) -> Result<(), ApiError> {
        let assurance = to_remove(caller);
        self.change_own(person, move |tx, person| remove_passkey(tx, person, assurance, &id)).await
    }

    /// Makes a change of a person's own factors.
    async fn change_own<T: Send + 'static>(
        &self,
        person: Person,
        run: impl FnOnce(&mut dyn Change, &Person) -> Result<T, IdentityError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let screening = self.screening.clone();
        run_blocking(move || {
            let actor = person.name.clone();
            Ok(Store::change(&*screening, &actor, move |tx| run(tx, &person))?)
        })
        .await
    }
}

const WRONG_CODE: &str = "the code is wrong or used; wait for the next one";

fn random() -> Result<[u8; 32], ApiError> {
    crate::system::entropy().map_err(|e| ApiError::internal(e.to_string()))
}

/// Whoever signs in gave the key alone so far.
fn assurance(caller: Option<&Caller>) -> Assurance {
    caller.map_or(Assurance::OneFactor, Caller::assurance)
}

fn session_of(caller: Option<&Caller>) -> Option<String> {
    caller.and_then(Caller::session).map(str::to_owned)
}

/// Whoever commands the desk's machine removes passkeys without one, as the database's owner could.
fn to_remove(caller: &Caller) -> Assurance {
    if caller.is_local() { Assurance::TwoFactors } else { caller.assurance() }
}

/// Refuses a code or answer that was not accepted.
fn accepted(answer: CodeAnswer, wrong: &str) -> Result<(), ApiError> {
    match answer {
        CodeAnswer::Accepted => Ok(()),
        CodeAnswer::Refused => Err(ApiError::new(StatusCode::UNAUTHORIZED, wrong)),
        CodeAnswer::Blocked(_) => Err(crowded("too many wrong codes")),
    }
}
