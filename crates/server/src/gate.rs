//! Who asks, and may they: API keys, scopes, rate limits.
//!
//! While no key is in force the server trusts everybody who reaches it and calls them `local`; it then listens on loopback only.

use crate::error::ApiError;
use crate::{Shared, compat, desk_pages};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use holdfast_connect::elliptic;
use holdfast_screening::keys::{ApiKey, Master};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};

/// Who asks: the name that the audit log keeps, and the scopes of the key.
#[derive(Clone, Debug)]
pub struct Caller(pub Arc<str>, Arc<[String]>);

impl Caller {
    /// Who asks while no key is in force, or from the command line.
    pub fn local(name: &str) -> Self {
        Caller(name.into(), Arc::from(["admin".to_owned()]))
    }

    /// Whether the caller may do what a scope names.
    pub fn may(&self, scope: &str) -> bool {
        self.1.iter().any(|s| s == scope || s == "admin")
    }

    /// Refuses who may not do what a scope names.
    ///
    /// # Errors
    /// 403.
    pub fn needs(&self, scope: &str) -> Result<(), ApiError> {
        match self.may(scope) {
            true => Ok(()),
            false => Err(ApiError { status: StatusCode::FORBIDDEN, message: format!("this needs the scope {scope}") }),
        }
    }
}

/// Most requests a minute of people at the portal, whom no key bounds.
const PORTAL_A_MINUTE: u32 = 600;

/// Most requests a minute of learners: whole classes work at once.
const LEARN_A_MINUTE: u32 = 6_000;

/// Keys in force and their use.
#[derive(Debug)]
pub struct Gate {
    /// The desk's secret.
    pub master: Master,
    /// Who asks while no key is in force.
    local: Arc<str>,
    keys: RwLock<HashMap<String, (ApiKey, Arc<str>)>>,
    /// Requests of the present minute by key.
    used: Mutex<HashMap<String, (i64, u32)>>,
}

impl Gate {
    /// A gate with the keys in force.
    pub fn new(master: Master, keys: Vec<ApiKey>) -> Self {
        let gate = Gate { master, local: "local".into(), keys: RwLock::default(), used: Mutex::default() };
        gate.set(keys);
        gate
    }

    /// A gate for the command line: whoever reads the desk's secret may do everything, under the name given.
    pub fn of(master: Master, name: &str) -> Self {
        Gate { local: name.into(), ..Gate::new(master, Vec::new()) }
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

    /// Lets a token through that has one of the scopes, or says why not.
    ///
    /// # Errors
    /// 401 without a key in force, 403 without the scope, 429 above the rate.
    pub fn pass(&self, token: Option<&str>, scopes: &[&str], now: i64) -> Result<Caller, ApiError> {
        self.admit(token.and_then(|t| self.master.id_of(t)), scopes, now)
    }

    /// Lets a key whose secret was proved through for a scope, or says why not.
    fn admit(&self, id: Option<&str>, scopes: &[&str], now: i64) -> Result<Caller, ApiError> {
        let keys = self.keys.read().unwrap_or_else(|e| e.into_inner());
        if keys.is_empty() {
            return Ok(Caller::local(&self.local));
        }
        let refuse = |status, message: String| ApiError { status, message };
        let Some((key, name)) = id.and_then(|id| keys.get(id)) else {
            let text = "send a key in force: 'Authorization: Bearer hf_...' (make one with `holdfast keys create`)";
            return Err(refuse(StatusCode::UNAUTHORIZED, text.into()));
        };
        if !scopes.iter().any(|s| key.may(s)) {
            let needs = scopes.join(" or ");
            let text = format!("key '{}' has the scopes {}; this needs {needs}", key.name, key.scopes.join(", "));
            return Err(refuse(StatusCode::FORBIDDEN, text));
        }
        self.count(&key.id, key.per_minute, now).map_err(|()| {
            refuse(
                StatusCode::TOO_MANY_REQUESTS,
                format!("key '{}' may ask {} times a minute", key.name, key.per_minute),
            )
        })?;
        Ok(Caller(name.clone(), key.scopes.as_slice().into()))
    }

    /// Counts a request of the present minute; refuses what is above the rate.
    fn count(&self, who: &str, per_minute: u32, now: i64) -> Result<(), ()> {
        if per_minute == 0 {
            return Ok(());
        }
        let mut used = self.used.lock().unwrap_or_else(|e| e.into_inner());
        let slot = used.entry(who.to_owned()).or_insert((now / 60, 0));
        if slot.0 != now / 60 {
            *slot = (now / 60, 0);
        }
        slot.1 += 1;
        if slot.1 > per_minute { Err(()) } else { Ok(()) }
    }
}

/// Scopes of which a request needs one: asking needs `read`, changing the scope of what is changed. Where a step of a request needs more,
/// its handler asks for it.
pub fn scopes_of(method: &Method, path: &str) -> &'static [&'static str] {
    let changes = *method != Method::GET && *method != Method::HEAD;
    if !path.starts_with("/api/v1/") {
        // Other providers' formats: analyses of addresses decide nothing, transfers do.
        return if changes && (path.starts_with("/api/kyt/") || path.starts_with("/v2/analyses")) {
            &["events"]
        } else {
            &["read"]
        };
    }
    let rest = path.strip_prefix("/api/v1/").unwrap_or_default();
    let mut parts = rest.split('/');
    let (part, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    match (part, changes) {
        // Webhooks carry what is decided out of the house.
        ("keys" | "webhooks", _) => &["manage"],
        ("audit", _) => &["audit"],
        ("desk", _) => match (second, changes) {
            ("policy", false) | ("review", true) => &["read"],
            ("officers" | "agencies", true) => &["approve"],
            ("tick", true) => &["manage"],
            // A report is approved by who may approve.
            ("cases", true) if path.ends_with("/approve") => &["approve"],
            ("transparency", false) => &["read"],
            ("requests", true) => &["desk", "approve"],
            // Requests name people, so that reading them needs more than `read`; an auditor reads what the log is about.
            (_, false) => &["desk", "approve", "audit"],
            (_, true) => &["desk"],
        },
        // The exchange's own app asks the customer.
        ("warnings", false) => &["events", "desk", "approve", "audit"],
        ("warnings", true) => &["events", "desk"],
        ("campaigns", false) => &["desk", "approve", "audit"],
        ("campaigns", true) if path.ends_with("/start") || path.ends_with("/end") => &["approve"],
        ("campaigns", true) => &["desk"],
        ("academy", _) => match (second, changes) {
            ("labs" | "courses", false) => &["read", "academy"],
            ("programme", false) => &["academy", "audit", "manage"],
            _ => &["academy"],
        },
        ("sharing", _) => match (second, changes) {
            ("flags" | "standings", false) => &["read"],
            ("flags" | "share", true) => &["desk"],
            // A partner's own key asks its lists.
            ("matching", _) if parts.next().is_some() => &["partner"],
            ("matching", true) => &["desk"],
            ("sources", true) if path.ends_with("/read") => &["desk", "manage"],
            ("tagpack" | "misp", false) => &["partner", "desk", "manage"],
            (_, true) => &["manage"],
            (_, false) => &["desk", "approve", "audit", "manage"],
        },
        (_, false) => &["read"],
        ("verify", true) => &["read"],
        ("rules", true) if path.ends_with("/test") => &["read"],
        ("events", true) => &["events"],
        ("records", true) => &["records"],
        ("holds", true) => &["holds"],
        ("alerts", true) => &["alerts"],
        ("rules" | "prices", true) => &["rules"],
        _ => &["manage"],
    }
}

/// The key of a request: a bearer token, Basic credentials with the key as user name (TRM's clients), or a header of Chainalysis's clients.
fn token_of(request: &Request) -> Option<String> {
    if let Some(key) = request.headers().get("x-api-key").or_else(|| request.headers().get("token")) {
        return key.to_str().ok().map(str::to_owned);
    }
    let Some(text) = request.headers().get(header::AUTHORIZATION) else {
        // A browser that signed in; changes from other sites were refused before.
        return desk_pages::cookie(request.headers(), "hf");
    };
    let text = text.to_str().ok()?;
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
const SIGNED_FOR: i64 = 300_000;

/// Largest signed body.
const MAX_SIGNED: usize = 1 << 20;

/// Lets a request with Elliptic's signature headers through, or says why not. The key's public part is the access key, and the base64 of its
/// token the secret.
async fn pass_signed(shared: &Shared, request: Request, scopes: &[&str]) -> Result<(Caller, Request), ApiError> {
    let now = shared.screening.now();
    if shared.gate.is_open() {
        return Ok((shared.gate.admit(None, scopes, now)?, request));
    }
    let refuse = |text: &str| ApiError { status: StatusCode::UNAUTHORIZED, message: text.to_owned() };
    let (parts, body) = request.into_parts();
    let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok());
    let [key, signature, time] = elliptic::HEADERS.map(header);
    let (Some(key), Some(signature), Some(time)) = (key, signature, time) else {
        return Err(refuse("sign the request: x-access-key, x-access-sign and x-access-timestamp are missing"));
    };
    let sent = time.parse::<i64>().map_err(|_| refuse("x-access-timestamp: no time in milliseconds"))?;
    if (now * 1000).abs_diff(sent) > SIGNED_FOR as u64 {
        return Err(refuse("x-access-timestamp: more than five minutes from this server's time"));
    }
    let large =
        ApiError { status: StatusCode::PAYLOAD_TOO_LARGE, message: format!("body: more than {MAX_SIGNED} bytes") };
    let body = axum::body::to_bytes(body, MAX_SIGNED).await.map_err(|_| large)?;
    let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
    let secret = shared.gate.master.token(key);
    if !elliptic::signed(secret.as_bytes(), time, parts.method.as_str(), path, &body, signature) {
        return Err(refuse("x-access-sign: does not fit the key, time, method, path and body"));
    }
    let name = shared.gate.admit(Some(key), scopes, now)?;
    Ok((name, Request::from_parts(parts, body.into())))
}

/// Refusals by the framework itself (a path or query that does not parse, a wrong method) come as text; clients expect JSON everywhere.
async fn in_json(path: &str, response: Response) -> Response {
    let text = response.headers().get(header::CONTENT_TYPE).is_none_or(|v| v.as_bytes().starts_with(b"text/plain"));
    let status = response.status();
    if !status.is_client_error() || !text {
        return response;
    }
    let allow = response.headers().get(header::ALLOW).cloned();
    let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap_or_default();
    let message = match body.is_empty() {
        true => status.canonical_reason().unwrap_or_default().to_owned(),
        false => String::from_utf8_lossy(&body).into_owned(),
    };
    let mut response = compat::error(path, ApiError { status, message });
    if let Some(allow) = allow {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// Pages load nothing from elsewhere, run no script that they did not bring, and stand in no other site's frame: what officers and customers
/// wrote is shown in them.
fn own_only(mut response: Response) -> Response {
    let policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, header::HeaderValue::from_static(policy));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    response
}

/// Whether a path's answer is about customers or officers, and its handler does not note the look by itself.
fn is_personal(path: &str) -> bool {
    let rest = path.strip_prefix("/api/v1").unwrap_or(path);
    [
        "/events",
        "/warnings",
        "/desk/warnings",
        "/campaigns",
        "/desk/campaigns",
        "/holds",
        "/alerts",
        "/desk/officers",
        "/desk/holds",
        "/desk/alerts",
        "/api/kyt/v2/transfers",
        "/api/kyt/v2/withdrawal-attempts",
    ]
    .iter()
    .any(|p| rest.strip_prefix(p).is_some_and(|r| r.is_empty() || r.starts_with('/')))
        || (rest.starts_with("/desk/requests/") && rest.ends_with("/files"))
}

/// Whether a page shows what tags say.
fn shows_ledger(path: &str) -> bool {
    ["/address/", "/tx/", "/search"].iter().any(|p| path.starts_with(p)) || path == "/trace"
}

/// Notes a look at personal data in the audit log; without the note there is no look.
async fn note_read(shared: &Shared, caller: &Caller, method: &Method, path: &str) -> Result<(), ApiError> {
    if *method != Method::GET || !is_personal(path) {
        return Ok(());
    }
    let (screening, name, subject) = (shared.screening.clone(), caller.0.clone(), path.to_owned());
    let run = move || screening.note_look("data.read", &subject, "{}".into(), &name);
    let noted = tokio::task::spawn_blocking(run).await.map_err(|e| ApiError::internal(e.to_string()))?;
    Ok(noted?)
}

/// Guards everything under `/api/`, and the other providers' formats outside it.
pub async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if desk_pages::from_elsewhere(request.method(), request.headers()) {
        return compat::error(
            &path,
            ApiError { status: StatusCode::FORBIDDEN, message: "another site asked for this".into() },
        );
    }
    if desk_pages::is_private(&path) {
        let scopes = desk_pages::scopes_of_page(request.method(), &path);
        let whole = request.uri().path_and_query().map_or(path.clone(), ToString::to_string);
        let key = token_of(&request);
        return match shared.gate.pass(key.as_deref(), scopes, shared.screening.now()) {
            Ok(caller) => {
                if let Err(e) = note_read(&shared, &caller, request.method(), &path).await {
                    return desk_pages::refusal(&whole, e);
                }
                let mut request = request;
                request.extensions_mut().insert(caller);
                own_only(next.run(request).await)
            }
            Err(e) => desk_pages::refusal(&whole, e),
        };
    }
    if !["/api/", "/v2/", "/public/v2/"].iter().any(|p| path.starts_with(p)) {
        // The ledger's pages are open to everybody; who brings a key sees the tags that it may read.
        let mut request = request;
        if shows_ledger(&path)
            && let Ok(caller) =
                shared.gate.pass(token_of(&request).as_deref(), &["read", "desk"], shared.screening.now())
        {
            request.extensions_mut().insert(caller);
        }
        return own_only(next.run(request).await);
    }
    let scopes = scopes_of(request.method(), &path);
    let passed = if path.starts_with("/v2/") {
        pass_signed(&shared, request, scopes).await
    } else if ["/api/v1/portal/", "/api/v1/learn/"].iter().any(|p| path.starts_with(p)) {
        // Officers have sessions and learners keys of their own, which the handlers check.
        let crowded = |()| ApiError {
            status: StatusCode::TOO_MANY_REQUESTS,
            message: "too many ask; come back in a minute".into(),
        };
        let (who, most) =
            if path.starts_with("/api/v1/learn/") { ("learn", LEARN_A_MINUTE) } else { ("portal", PORTAL_A_MINUTE) };
        let counted = shared.gate.count(who, most, shared.screening.now());
        counted.map_err(crowded).map(|()| (Caller("portal".into(), Arc::from([])), request))
    } else {
        let token = token_of(&request);
        shared.gate.pass(token.as_deref(), scopes, shared.screening.now()).map(|name| (name, request))
    };
    let passed = match passed {
        Ok((caller, request)) => note_read(&shared, &caller, request.method(), &path).await.map(|()| (caller, request)),
        Err(e) => Err(e),
    };
    match passed {
        Ok((name, mut request)) => {
            request.extensions_mut().insert(name);
            in_json(&path, next.run(request).await).await
        }
        Err(e) => {
            let limited = e.status == StatusCode::TOO_MANY_REQUESTS;
            let mut response = compat::error(&path, e);
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
        assert_eq!(&*gate.pass(None, &["admin"], 0).unwrap().0, "local");
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
        let status = |token: Option<&str>, scope: &str, now| {
            gate.pass(token, &[scope], now).map(|c| c.0).map_err(|e| e.status.as_u16())
        };
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
        assert_eq!(scopes_of(&Method::GET, "/api/v1/holds"), ["read"]);
        assert_eq!(scopes_of(&Method::POST, "/api/v1/holds/3/release"), ["holds"]);
        assert_eq!(scopes_of(&Method::POST, "/api/v1/rules/test"), ["read"]);
        assert_eq!(scopes_of(&Method::PUT, "/api/v1/rules"), ["rules"]);
        assert_eq!(scopes_of(&Method::DELETE, "/api/v1/tags"), ["manage"]);
        assert_eq!(scopes_of(&Method::GET, "/api/v1/keys"), ["manage"]);
        assert_eq!(scopes_of(&Method::POST, "/api/v1/desk/review"), ["read"]);
        assert_eq!(scopes_of(&Method::GET, "/api/v1/desk/policy"), ["read"]);
        assert_eq!(scopes_of(&Method::GET, "/api/v1/desk/requests"), ["desk", "approve", "audit"]);
        assert_eq!(scopes_of(&Method::GET, "/api/v1/desk/requests/policy"), ["desk", "approve", "audit"]);
        assert_eq!(scopes_of(&Method::POST, "/api/v1/desk/requests/review"), ["desk", "approve"]);
        assert_eq!(scopes_of(&Method::POST, "/v2/wallet/synchronous"), ["read"]);
        assert_eq!(scopes_of(&Method::POST, "/v2/analyses/synchronous"), ["events"]);
        assert_eq!(scopes_of(&Method::POST, "/api/kyt/v2/users/1/transfers"), ["events"]);
        assert_eq!(scopes_of(&Method::GET, "/api/kyt/v2/transfers/1"), ["read"]);
        assert_eq!(scopes_of(&Method::POST, "/public/v2/screening/addresses"), ["read"]);
    }
}
