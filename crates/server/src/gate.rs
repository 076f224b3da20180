//! Who asks, and may they: API keys, scopes, rate limits.
//!
//! While no key is in force the server trusts everybody who reaches it and calls them `local`; it then listens on loopback only.

use crate::Shared;
use crate::error::ApiError;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use holdfast_screening::keys::{ApiKey, Master};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};

/// Who asks: the name that the audit log keeps.
#[derive(Clone, Debug)]
pub struct Caller(pub Arc<str>);

/// Keys in force and their use.
#[derive(Debug)]
pub struct Gate {
    /// The desk's secret.
    pub master: Master,
    keys: RwLock<HashMap<String, (ApiKey, Arc<str>)>>,
    /// Requests of the present minute by key.
    used: Mutex<HashMap<String, (i64, u32)>>,
}

impl Gate {
    /// A gate with the keys in force.
    pub fn new(master: Master, keys: Vec<ApiKey>) -> Self {
        let gate = Gate { master, keys: RwLock::default(), used: Mutex::default() };
        gate.set(keys);
        gate
    }

    /// Replaces the keys; revoked ones are left out.
    pub fn set(&self, keys: Vec<ApiKey>) {
        let map = keys.into_iter().filter(|k| k.revoked.is_none()).map(|k| {
            let name: Arc<str> = k.name.as_str().into();
            (k.id.clone(), (k, name))
        });
        *self.keys.write().unwrap_or_else(|e| e.into_inner()) = map.collect();
    }

    /// Whether no key is in force.
    pub fn is_open(&self) -> bool {
        self.keys.read().unwrap_or_else(|e| e.into_inner()).is_empty()
    }

    /// Lets a token through for a scope, or says why not.
    ///
    /// # Errors
    /// 401 without a key in force, 403 without the scope, 429 above the rate.
    pub fn pass(&self, token: Option<&str>, scope: &str, now: i64) -> Result<Arc<str>, ApiError> {
        let keys = self.keys.read().unwrap_or_else(|e| e.into_inner());
        if keys.is_empty() {
            return Ok("local".into());
        }
        let refuse = |status, message: String| ApiError { status, message };
        let known = token.and_then(|t| self.master.id_of(t)).and_then(|id| keys.get(id));
        let Some((key, name)) = known else {
            let text = "send a key in force: 'Authorization: Bearer hf_...' (make one with `holdfast keys create`)";
            return Err(refuse(StatusCode::UNAUTHORIZED, text.into()));
        };
        if !key.may(scope) {
            let text = format!("key '{}' has the scopes {}; this needs {scope}", key.name, key.scopes.join(", "));
            return Err(refuse(StatusCode::FORBIDDEN, text));
        }
        if key.per_minute > 0 {
            let mut used = self.used.lock().unwrap_or_else(|e| e.into_inner());
            let slot = used.entry(key.id.clone()).or_insert((now / 60, 0));
            if slot.0 != now / 60 {
                *slot = (now / 60, 0);
            }
            if slot.1 >= key.per_minute {
                let text = format!("key '{}' may ask {} times a minute", key.name, key.per_minute);
                return Err(refuse(StatusCode::TOO_MANY_REQUESTS, text));
            }
            slot.1 += 1;
        }
        Ok(name.clone())
    }
}

/// Scope that a request needs: asking needs `read`, changing the scope of what is changed.
pub fn scope_of(method: &Method, path: &str) -> &'static str {
    let changes = *method != Method::GET && *method != Method::HEAD;
    let part = path.strip_prefix("/api/v1/").unwrap_or_default().split('/').next().unwrap_or_default();
    match (part, changes) {
        ("keys", _) => "admin",
        (_, false) => "read",
        ("verify", true) => "read",
        ("rules", true) if path.ends_with("/test") => "read",
        ("events", true) => "events",
        ("records", true) => "records",
        ("holds", true) => "holds",
        ("alerts", true) => "alerts",
        ("rules" | "prices", true) => "rules",
        _ => "admin",
    }
}

/// The key of a request: a bearer token, Basic credentials with the key as user name, or the header that Chainalysis clients send.
fn token_of(request: &Request) -> Option<String> {
    if let Some(key) = request.headers().get("x-api-key") {
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

/// Guards everything under `/api/v1/`.
pub async fn guard(State(shared): State<Shared>, mut request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/api/v1/") {
        return next.run(request).await;
    }
    let scope = scope_of(request.method(), request.uri().path());
    match shared.gate.pass(token_of(&request).as_deref(), scope, shared.screening.now()) {
        Ok(name) => {
            request.extensions_mut().insert(Caller(name));
            next.run(request).await
        }
        Err(e) => {
            let limited = e.status == StatusCode::TOO_MANY_REQUESTS;
            let mut response = e.into_response();
            if limited {
                let seconds = (60 - shared.screening.now() % 60).to_string();
                if let Ok(value) = seconds.parse() {
                    response.headers_mut().insert(header::RETRY_AFTER, value);
                }
            }
            response
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_scopes_and_rates() {
        let master = Master([1; 32]);
        let gate = Gate::new(master.clone(), Vec::new());
        assert_eq!(&*gate.pass(None, "admin", 0).unwrap(), "local");
        let key = ApiKey {
            id: "k1".into(),
            name: "ana".into(),
            scopes: vec!["read".into()],
            per_minute: 2,
            created: 0,
            created_by: "local".into(),
            revoked: None,
        };
        gate.set(vec![key.clone()]);
        let token = master.token("k1");
        let status = |token: Option<&str>, scope, now| gate.pass(token, scope, now).map_err(|e| e.status.as_u16());
        assert_eq!(status(None, "read", 0), Err(401));
        assert_eq!(status(Some("hf_k1_00"), "read", 0), Err(401));
        assert_eq!(status(Some(&token), "holds", 0), Err(403));
        assert_eq!(status(Some(&token), "read", 0).as_deref(), Ok("ana"));
        assert!(status(Some(&token), "read", 0).is_ok());
        assert_eq!(status(Some(&token), "read", 59), Err(429));
        assert!(status(Some(&token), "read", 60).is_ok());
        gate.set(vec![ApiKey { revoked: Some(1), ..key }]);
        assert!(gate.is_open());
    }

    #[test]
    fn scopes_follow_what_is_changed() {
        assert_eq!(scope_of(&Method::GET, "/api/v1/holds"), "read");
        assert_eq!(scope_of(&Method::POST, "/api/v1/holds/3/release"), "holds");
        assert_eq!(scope_of(&Method::POST, "/api/v1/rules/test"), "read");
        assert_eq!(scope_of(&Method::PUT, "/api/v1/rules"), "rules");
        assert_eq!(scope_of(&Method::DELETE, "/api/v1/tags"), "admin");
        assert_eq!(scope_of(&Method::GET, "/api/v1/keys"), "admin");
    }
}
