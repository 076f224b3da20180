//! Who sends a request and what they may do: API keys, sessions, scopes, rate limits.
//!
//! Missing configuration opens nothing: without a key a desk answers no request, except where it was started open (`serve --open`, the
//! demo), which ends for good with the first key.

use crate::error::ApiError;
use crate::limits::Rates;
use crate::sessions::Sessions;
use crate::{AppState, access, sign_in};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use holdfast_identity::{ApiKey, Assurance, COMMAND_SCHEME, KeyRing, Session, sign_command};
use holdfast_types::{Seconds, Timestamp};
use holdfast_vendors::elliptic;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use subtle::ConstantTimeEq;

/// Who sends a request: the name in the audit log, the scopes of the key, whether it is somebody on the desk's machine, and the session in which a
/// browser sends it.
#[derive(Clone, Debug)]
pub struct Caller(pub Arc<str>, Arc<[String]>, bool, Option<Arc<Session>>);

impl Caller {
    /// Returns who sends a request to an open desk, or from the command line on the desk's machine.
    pub fn local(name: &str) -> Self {
        Caller(name.into(), Arc::from(["admin".to_owned()]), true, None)
    }

    /// Returns a caller whose own session or key the handlers check.
    pub fn nobody(name: &str) -> Self {
        Caller(name.into(), Arc::from([]), false, None)
    }

    /// Returns whether the call comes from the command line on the desk's machine, or reaches an open desk.
    pub fn is_local(&self) -> bool {
        self.2
    }

    /// Returns what the caller proved: a second factor only in a session that it opened.
    pub fn assurance(&self) -> Assurance {
        match self.3.as_ref().is_some_and(|session| session.second_factor) {
            true => Assurance::TwoFactors,
            false => Assurance::OneFactor,
        }
    }

    /// Returns the id of the session in which a browser sends the request.
    pub(crate) fn session(&self) -> Option<&str> {
        self.3.as_ref().map(|session| session.id.as_str())
    }

    /// Returns what the caller may do.
    pub fn scopes(&self) -> &[String] {
        &self.1
    }

    /// Returns whether the caller may do what a scope names.
    pub fn may(&self, scope: &str) -> bool {
        self.1.iter().any(|s| s == scope || s == "admin")
    }

    /// Refuses a caller without a scope.
    ///
    /// # Errors
    /// 403.
    pub fn needs(&self, scope: &str) -> Result<(), ApiError> {
        match self.may(scope) {
            true => Ok(()),
            false => Err(ApiError::new(StatusCode::FORBIDDEN, format!("this needs the scope {scope}"))),
        }
    }
}

/// Keys in force and their use.
#[derive(Debug)]
pub struct Auth {
    /// The desk's key ring.
    pub key_ring: KeyRing,
    /// Name of the callers of an open desk.
    local: Arc<str>,
    /// Whether this is auth of a command, which only the command reaches.
    is_command: bool,
    /// Whether the desk was started open and never had a key.
    open: AtomicBool,
    keys: RwLock<HashMap<String, (ApiKey, Arc<str>)>>,
    /// Requests by key and by address.
    pub rates: Rates,
    /// People signed in by browser.
    pub sessions: Sessions,
    /// Learners signed in by browser.
    pub learners: Sessions,
}

/// Refusal of callers without a key while there is none.
const FIRST_KEY: &str = "this desk has no key in force: make the first administrator's with `holdfast keys create NAME --role administrator` \
on its machine (or, to try it out on this machine only, start it with --open)";

impl Auth {
    /// Returns auth by the keys in force; without one it refuses every request.
    pub fn new(key_ring: KeyRing, keys: Vec<ApiKey>) -> Self {
        let auth = Auth {
            key_ring,
            local: "local".into(),
            is_command: false,
            open: AtomicBool::new(false),
            keys: RwLock::default(),
            rates: Rates::default(),
            sessions: Sessions::default(),
            learners: Sessions::default(),
        };
        auth.set(keys);
        auth
    }

    /// Returns auth for the command line: a caller who can read the desk's secret has all scopes, under the given name.
    pub fn of(key_ring: KeyRing, name: &str) -> Self {
        Auth { local: name.into(), is_command: true, ..Auth::new(key_ring, Vec::new()) }
    }

    /// Opens the desk to every request until the first key; callers make sure that only this machine can reach it. Returns whether it is
    /// open: a desk that ever had a key is not.
    pub fn open(&self, keys: &[ApiKey]) -> bool {
        self.open.store(keys.is_empty(), Ordering::SeqCst);
        self.is_open()
    }

    /// Replaces the keys; revoked ones are left out. Any key ends an open desk.
    pub fn set(&self, keys: Vec<ApiKey>) {
        if !keys.is_empty() {
            self.open.store(false, Ordering::SeqCst);
        }
        let map = keys.into_iter().filter(ApiKey::is_in_force).map(|k| {
            let name: Arc<str> = k.person().into();
            (k.id.clone(), (k, name))
        });
        *self.keys.write().unwrap_or_else(|e| e.into_inner()) = map.collect();
    }

    /// Returns whether every request has all scopes.
    pub fn is_open(&self) -> bool {
        self.is_command || self.open.load(Ordering::SeqCst)
    }

    /// Returns whether this is auth of a command, behind no network.
    pub fn is_command(&self) -> bool {
        self.is_command
    }

    /// Returns the owner of a key in force.
    pub fn person_of(&self, id: &str) -> Option<Arc<str>> {
        self.keys.read().unwrap_or_else(|e| e.into_inner()).get(id).map(|(_, name)| name.clone())
    }

    /// Returns the key in force with this public part.
    pub fn key_with_id(&self, id: &str) -> Option<ApiKey> {
        self.keys.read().unwrap_or_else(|e| e.into_inner()).get(id).map(|(key, _)| key.clone())
    }

    /// Returns the public parts of the keys in force of a person.
    pub(crate) fn keys_of(&self, person: &str) -> HashSet<String> {
        let keys = self.keys.read().unwrap_or_else(|e| e.into_inner());
        keys.values().filter(|(_, name)| &**name == person).map(|(key, _)| key.id.clone()).collect()
    }

    /// Returns whether a key is in force.
    pub fn has_keys(&self) -> bool {
        !self.keys.read().unwrap_or_else(|e| e.into_inner()).is_empty()
    }

    /// Returns the key in force with this secret.
    pub fn key_of(&self, token: &str) -> Option<ApiKey> {
        let id = self.key_ring.id_of(token)?;
        self.keys.read().unwrap_or_else(|e| e.into_inner()).get(id).map(|(key, _)| key.clone())
    }

    /// Returns who is signed in at the desk by a browser's session; counts nothing against the key's rate.
    pub fn visitor(&self, headers: &HeaderMap, now: Timestamp) -> Option<Caller> {
        let session = sign_in::cookie(headers, "hf").and_then(|cookie| self.sessions.session(&cookie, now))?;
        let keys = self.keys.read().unwrap_or_else(|e| e.into_inner());
        let (key, name) = keys.get(&session.subject)?;
        Some(Caller(name.clone(), key.scopes.as_slice().into(), false, Some(Arc::new(session))))
    }

    /// Accepts a token that has one of the scopes.
    ///
    /// # Errors
    /// 401 without a key in force, 403 without the scope, 429 above the rate.
    pub fn pass(&self, token: Option<&str>, scopes: &[&str], now: Timestamp) -> Result<Caller, ApiError> {
        self.admit(token.and_then(|t| self.key_ring.id_of(t)), scopes, now)
    }

    /// Accepts a request by its key, its session, or as a command of this machine.
    pub fn pass_request(&self, request: &Request, scopes: &[&str], now: Timestamp) -> Result<Caller, ApiError> {
        if let Some(caller) = self.command_of(request, now) {
            return Ok(caller);
        }
        match token_of(request) {
            Some(token) => self.pass(Some(&token), scopes, now),
            None => {
                let cookie = sign_in::cookie(request.headers(), "hf");
                let session = cookie.and_then(|c| self.sessions.session(&c, now));
                let caller = self.admit(session.as_ref().map(|s| s.subject.as_str()), scopes, now)?;
                Ok(Caller(caller.0, caller.1, caller.2, session.map(Arc::new)))
            }
        }
    }

    /// Accepts a key whose secret was verified, for a scope.
    fn admit(&self, id: Option<&str>, scopes: &[&str], now: Timestamp) -> Result<Caller, ApiError> {
        if self.is_open() {
            return Ok(Caller::local(&self.local));
        }
        let keys = self.keys.read().unwrap_or_else(|e| e.into_inner());
        let refuse = |status, message: String| ApiError::new(status, message);
        let Some((key, name)) = id.and_then(|id| keys.get(id)) else {
            let text = match keys.is_empty() {
                true => FIRST_KEY,
                false => "send a key in force: 'Authorization: Bearer hf_...' (make one with `holdfast keys create`)",
            };
            return Err(refuse(StatusCode::UNAUTHORIZED, text.into()));
        };
        if !scopes.iter().any(|s| key.may(s)) {
            let needs = scopes.join(" or ");
            let text = format!("key '{}' has the scopes {}; this needs {needs}", key.name, key.scopes.join(", "));
            return Err(refuse(StatusCode::FORBIDDEN, text));
        }
        if key.per_minute > 0 && !self.rates.count(&format!("key {}", key.id), key.per_minute, Seconds::MINUTE, now) {
            let text = format!("key '{}' may send {} requests a minute", key.name, key.per_minute);
            return Err(refuse(StatusCode::TOO_MANY_REQUESTS, text));
        }
        Ok(Caller(name.clone(), key.scopes.as_slice().into(), false, None))
    }

    /// Returns who runs a command on this machine: proved by the desk's secret, for one request, within a minute.
    pub fn command_of(&self, request: &Request, now: Timestamp) -> Option<Caller> {
        let text = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
        let (kind, rest) = text.split_once(' ')?;
        let is_here = request.extensions().get::<access::Peer>().is_some_and(|p| p.0.is_loopback());
        if kind != COMMAND_SCHEME || !is_here {
            return None;
        }
        let mut parts = rest.split('.');
        let (time, name) = (Timestamp::from_unix(parts.next()?.parse().ok()?), parts.next()?);
        let name = String::from_utf8(hex::decode(name).ok()?).ok().filter(|n| n.len() <= 64)?;
        let path = request.uri().path_and_query().map_or("/", |p| p.as_str());
        let method = request.method().as_str();
        let fits = self.key_ring.each().any(|key| {
            let right = sign_command(&key, &name, method, path, time);
            bool::from(right.as_bytes().ct_eq(text.as_bytes()))
        });
        (fits && now.distance(time) <= COMMAND_SECONDS).then(|| Caller::local(&name))
    }
}

/// How long such a signature is good.
const COMMAND_SECONDS: Seconds = Seconds::MINUTE;

/// The key of a request: a bearer token, Basic credentials with the key as user name (TRM's clients), or a header of Chainalysis's clients.
fn token_of(request: &Request) -> Option<String> {
    if let Some(key) = request.headers().get("x-api-key").or_else(|| request.headers().get("token")) {
        return key.to_str().ok().map(str::to_owned);
    }
    let text = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (kind, rest) = text.split_once(' ')?;
    if kind.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if kind.eq_ignore_ascii_case("basic") {
        let bytes = base64::engine::general_purpose::STANDARD.decode(rest.trim()).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        return text.split(':').next().map(str::to_owned);
    }
    None
}

/// How far a signed request's time may be from the server's, in milliseconds.
const SIGNED_FOR: u64 = 300_000;

/// Largest signed body.
const MAX_SIGNED: usize = 1 << 20;

/// Accepts a request with Elliptic's signature headers. The key's public part is the access key, and the base64 of its
/// token the secret.
pub async fn pass_signed(shared: &AppState, request: Request, scopes: &[&str]) -> Result<(Caller, Request), ApiError> {
    let now = shared.screening.now();
    if shared.auth.is_open() {
        return Ok((shared.auth.admit(None, scopes, now)?, request));
    }
    let refuse = |text: &str| ApiError::new(StatusCode::UNAUTHORIZED, text.to_owned());
    let (parts, body) = request.into_parts();
    let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok());
    let [key, signature, time] = elliptic::HEADERS.map(header);
    let (Some(key), Some(signature), Some(time)) = (key, signature, time) else {
        return Err(refuse("sign the request: x-access-key, x-access-sign and x-access-timestamp are missing"));
    };
    let sent = time.parse::<i64>().map_err(|_| refuse("x-access-timestamp: no time in milliseconds"))?;
    if now.unix().saturating_mul(1000).abs_diff(sent) > SIGNED_FOR {
        return Err(refuse("x-access-timestamp: more than five minutes from this server's time"));
    }
    let large = ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, format!("body: more than {MAX_SIGNED} bytes"));
    let body = axum::body::to_bytes(body, MAX_SIGNED).await.map_err(|_| large)?;
    let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
    let secrets = shared.auth.key_ring.tokens(key);
    let method = parts.method.as_str();
    if !secrets.iter().any(|secret| elliptic::signed(secret.as_bytes(), time, method, path, &body, signature)) {
        return Err(refuse("x-access-sign: does not fit the key, time, method, path and body"));
    }
    let name = shared.auth.admit(Some(key), scopes, now)?;
    Ok((name, Request::from_parts(parts, body.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_scopes_and_rates() {
        let key_ring = KeyRing::single([1; 32]);
        let auth = Auth::new(key_ring.clone(), Vec::new());
        let refused = auth.pass(None, &["read"], Timestamp::EPOCH).unwrap_err();
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert!(refused.message.contains("keys create"), "{}", refused.message);
        assert!(auth.open(&[]));
        assert_eq!(&*auth.pass(None, &["admin"], Timestamp::EPOCH).unwrap().0, "local");
        let key = ApiKey {
            id: "k1".into(),
            name: "ana".into(),
            scopes: vec!["read".into()],
            per_minute: 2,
            created: Timestamp::EPOCH,
            created_by: "local".into(),
            revoked: None,
            person: String::new(),
            suspended: false,
        };
        auth.set(vec![key.clone()]);
        let token = key_ring.token("k1");
        let status = |token: Option<&str>, scope: &str, now| {
            auth.pass(token, &[scope], Timestamp::from_unix(now)).map(|c| c.0).map_err(|e| e.status.as_u16())
        };
        assert_eq!(status(None, "read", 0), Err(401));
        assert_eq!(status(Some("hf_k1_00"), "read", 0), Err(401));
        assert_eq!(status(Some(&token), "holds", 0), Err(403));
        assert_eq!(status(Some(&token), "read", 0).as_deref(), Ok("ana"));
        assert!(status(Some(&token), "read", 0).is_ok());
        assert_eq!(status(Some(&token), "read", 59), Err(429));
        assert!(status(Some(&token), "read", 60).is_ok());
        // Nothing is open because the last key went.
        // Another key of hers acts as her; none does while she is suspended.
        let second = ApiKey { id: "k2".into(), name: "ana's laptop".into(), person: "ana".into(), ..key.clone() };
        auth.set(vec![second.clone()]);
        assert_eq!(status(Some(&key_ring.token("k2")), "read", 120).as_deref(), Ok("ana"));
        auth.set(vec![ApiKey { suspended: true, ..second }]);
        assert_eq!(status(Some(&key_ring.token("k2")), "read", 120), Err(401));
        let gone = vec![ApiKey { revoked: Some(Timestamp::from_unix(1)), ..key }];
        auth.set(gone.clone());
        assert!(!auth.is_open() && !auth.open(&gone));
        assert_eq!(status(None, "read", 0), Err(401));
    }
}
