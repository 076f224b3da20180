//! Signing in through the institution's identity provider, and the sessions that it ends.

use crate::AppState;
use crate::blocking::run_blocking;
use crate::error::ApiError;
use axum::http::StatusCode;
use holdfast_identity::{
    ApiKey, Assurance, Person, StaffIdentity, end_provider_sessions, groups_at_sign_on, link_person, sign_on,
};
use holdfast_sign_on::{Attempt, Callback, LoggedOut, Provider, SKEW, SignOnError, SignedOn};
use holdfast_store::Store;
use holdfast_types::{ErrorKind, Seconds};
use serde_json::json;
use std::collections::HashSet;

/// Name of the cookie of a browser that is at the identity provider.
pub const ATTEMPT: &str = "hi";
/// Where the provider sends browsers back to.
pub const RETURN: &str = "/sign-in/return";
/// Most refused logout messages of one address within a quarter of an hour.
const REFUSED_LOGOUTS: u32 = 30;

impl From<SignOnError> for ApiError {
    fn from(e: SignOnError) -> Self {
        match e {
            SignOnError::Refused(_) => ApiError::new(StatusCode::UNAUTHORIZED, e.to_string()),
            SignOnError::Provider(_) => ApiError::of(ErrorKind::Partner, e),
            SignOnError::Setting(_) => ApiError::internal(e.to_string()),
        }
    }
}

impl AppState {
    fn provider(&self) -> Result<&Provider, ApiError> {
        let none = || {
            ApiError::of(
                ErrorKind::NotFound,
                "this desk has no identity provider: set sign_on.issuer (`serve --sign-on-issuer`)",
            )
        };
        self.sign_on.get().ok_or_else(none)
    }

    fn return_url(&self) -> String {
        format!("{}{RETURN}", self.site.origin())
    }

    /// Begins a sign-on; returns the browser's cookie and where it is sent.
    ///
    /// # Errors
    /// 404 without a provider; 424 when it does not answer.
    pub async fn begin_sign_on(&self) -> Result<(String, String), ApiError> {
        self.provider()?;
        let random = crate::system::entropy().map_err(|e| ApiError::internal(e.to_string()))?;
        let state = self.clone();
        run_blocking(move || {
            let now = state.screening.now();
            let attempt = Attempt::begin(&state.auth.key_ring, &random, now);
            let url = state.provider()?.start(&attempt, &state.return_url(), now)?;
            Ok((attempt.cookie().to_owned(), url))
        })
        .await
    }

    /// Ends a sign-on with what the browser brings back; returns the person's key, and what the provider says was proved.
    ///
    /// # Errors
    /// 401 when it is refused, which the audit log has with its reason; 404 without a provider; 409 when the person may not sign in; 424 when the
    /// provider does not answer; 500 or 503 when it cannot be stored.
    pub async fn finish_sign_on(
        &self,
        cookie: Option<String>,
        callback: Callback,
        client: &str,
    ) -> Result<(ApiKey, Assurance), ApiError> {
        self.provider()?;
        let (state, client) = (self.clone(), client.to_owned());
        run_blocking(move || {
            let done = state.signed_on(cookie.as_deref(), &callback).and_then(|who| state.enter_by_sign_on(who));
            if let Err(e) = &done
                && !e.status.is_server_error()
            {
                let who = format!("refused {client}");
                state.auth.rates.count(
                    &who,
                    crate::sign_in::REFUSED_SIGN_INS,
                    Seconds::new(900),
                    state.screening.now(),
                );
                let detail = json!({ "address": client, "reason": e.message }).to_string();
                state.screening.note_look("sign_on.refused", "sign-in", detail, "nobody")?;
            }
            done
        })
        .await
    }

    fn signed_on(&self, cookie: Option<&str>, callback: &Callback) -> Result<SignedOn, ApiError> {
        let now = self.screening.now();
        let attempt = Attempt::resume(&self.auth.key_ring, cookie, callback.state.as_deref(), now)?;
        Ok(self.provider()?.finish(&attempt, callback, &self.return_url(), now)?)
    }

    fn enter_by_sign_on(&self, who: SignedOn) -> Result<(ApiKey, Assurance), ApiError> {
        let settings = self.provider()?.settings();
        // Whom the directory has put into groups has the roles of those.
        let name = who.name.clone();
        let (issuer, subject) = (settings.issuer.clone(), who.subject.clone());
        let theirs = self.screening.read(|db| groups_at_sign_on(db, &issuer, &subject, &name))?;
        let groups = if theirs.is_empty() { &who.groups } else { &theirs };
        let scopes = settings.scopes_of(groups.iter().map(String::as_str));
        if scopes.is_empty() {
            let text = format!("none of the groups of {} has a role here ({})", who.name, settings.groups_claim);
            return Err(ApiError::new(StatusCode::UNAUTHORIZED, text));
        }
        let random = crate::system::entropy().map_err(|e| ApiError::internal(e.to_string()))?;
        let new_key = hex::encode(&random[..6]);
        let identity = StaffIdentity {
            issuer: settings.issuer.clone(),
            subject: who.subject,
            name: who.name.clone(),
            sid: who.sid,
        };
        let key = Store::change(&*self.screening, "sign-on", move |tx| sign_on(tx, &identity, &scopes, &new_key))?;
        self.auth.set(self.screening.keys()?);
        let assurance = if who.several_factors { Assurance::TwoFactors } else { Assurance::OneFactor };
        Ok((key, assurance))
    }

    /// Ends the sessions that the provider says are over, at once; returns how many.
    ///
    /// # Errors
    /// 400 for a token that is not the provider's or not good; 404 without a provider; 424 when its keys cannot be read; 429 after too many refused
    /// ones; 500 or 503 when it cannot be stored.
    pub async fn take_logout(&self, token: String, client: &str) -> Result<u64, ApiError> {
        self.provider()?;
        let (state, who) = (self.clone(), format!("refused logout {client}"));
        if self.auth.rates.is_used_up(&who, REFUSED_LOGOUTS, self.screening.now()) {
            return Err(crate::limits::crowded("too many logouts of your address were refused"));
        }
        run_blocking(move || {
            let now = state.screening.now();
            let over = match state.provider()?.logged_out(&token, now) {
                Ok(over) => over,
                Err(e) => {
                    state.auth.rates.count(&who, REFUSED_LOGOUTS, Seconds::new(900), now);
                    let e = ApiError::from(e);
                    let is_refused = e.status == StatusCode::UNAUTHORIZED;
                    // 400 is what the provider expects (Back-Channel Logout 1.0, section 2.8).
                    return Err(if is_refused { e.with_status(StatusCode::BAD_REQUEST) } else { e });
                }
            };
            state.end_by_provider(over)
        })
        .await
    }

    fn end_by_provider(&self, over: LoggedOut) -> Result<u64, ApiError> {
        let issuer = self.provider()?.settings().issuer.clone();
        let ended = Store::change(&*self.screening, "sign-on", move |tx| {
            let (subject, sid) = (over.subject.as_deref(), over.sid.as_deref());
            end_provider_sessions(tx, &issuer, subject, sid, over.issued + SKEW)
        })?;
        let ids: HashSet<&str> = ended.iter().map(String::as_str).collect();
        self.auth.sessions.end_where(|session| ids.contains(session.id.as_str()));
        Ok(ended.len().try_into().unwrap_or(u64::MAX))
    }

    /// Links a person who is known to the provider's subject.
    ///
    /// # Errors
    /// 400 names the field; 404 for an unknown person or without a provider; 409 when either is linked; 500 or 503 when it cannot be stored.
    pub fn link_sign_on(&self, id: u64, subject: String, actor: &str) -> Result<Person, ApiError> {
        let issuer = self.provider()?.settings().issuer.clone();
        Ok(Store::change(&*self.screening, actor, move |tx| link_person(tx, &issuer, &subject, id))?)
    }
}
