//! The OpenAPI document: the operations of all routes, what each may be refused with, and how callers prove who they are.

use crate::chain::SanctionsAnswer;
use crate::routes::operations;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, Object, Ref, Response};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Holdfast",
        description = "The open investigations desk of a crypto exchange. Amounts are integers in base units."
    ),
    // No operation names it: the path of an address answers in two shapes.
    components(schemas(SanctionsAnswer))
)]
struct Document;

/// Refusals of every operation, in addition to those that it documents itself.
const REFUSALS: [(&str, &str); 6] = [
    ("400", "The request is wrong; the answer names the field and the correction"),
    ("401", "No key in force was sent"),
    ("403", "The key lacks the scope"),
    ("413", "The body is too large"),
    ("429", "The key sent too many requests; Retry-After is the number of seconds to wait"),
    ("503", "Too busy, or not stored; try again"),
];

fn add_refusals(document: &mut utoipa::openapi::OpenApi) {
    for (path, item) in &mut document.paths.paths {
        // Probes are answered whoever they are.
        if path.starts_with("/health/") {
            continue;
        }
        let content = match path.starts_with("/api/v1/") {
            true => Content::new(Some(Ref::from_schema_name("ErrorBody"))),
            false => Content::new(Some(Object::new())),
        };
        for (_, operation) in operations(item) {
            for (status, words) in REFUSALS {
                let refusal =
                    Response::builder().description(words).content("application/json", content.clone()).build();
                operation.responses.responses.entry(status.to_owned()).or_insert(refusal.into());
            }
        }
    }
}

/// How callers authenticate: scheme and description. Scopes are stated at the operations.
fn schemes() -> [(&'static str, SecurityScheme); 4] {
    let bearer = |words: &str| {
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(words)).build())
    };
    let signature = ApiKeyValue::with_description(
        "x-access-key",
        "Public part of a key, with x-access-sign and x-access-timestamp, as Elliptic's clients send them. One of the scopes is needed.",
    );
    [
        (
            "key",
            bearer(
                "A key of the desk (hf_...); also as user name (Basic), or in the header X-API-Key or Token. One of the scopes is needed.",
            ),
        ),
        ("signature", SecurityScheme::ApiKey(ApiKey::Header(signature))),
        ("officer", bearer("An officer's session at the portal.")),
        ("learner", bearer("A learner's key (hl_...).")),
    ]
}

/// Returns the whole document of what routes document.
#[must_use]
pub fn complete(operations: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    document.merge(operations);
    add_refusals(&mut document);
    let components = document.components.get_or_insert_default();
    for (name, scheme) in schemes() {
        components.add_security_scheme(name, scheme);
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{ANSWER_TIME, FILE, LONG_ANSWER_TIME, SMALL, TINY};
    use crate::routes::{Entry, Needs};
    use axum::http::Method;
    use utoipa::openapi::RefOr;

    #[test]
    fn every_operation_declares_who_may_call_it() {
        let (_, needs, document) = crate::api_routes().into_parts();
        let mut document = complete(document);
        let mut count = 0;
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                count += 1;
                let declared = needs.get(&method, path).unwrap_or_else(|| panic!("{method} {path}"));
                let alternatives = operation.security.as_ref().map_or(0, Vec::len);
                assert_eq!(alternatives, declared.scopes().len().max(1), "{method} {path}");
            }
        }
        assert!(count > 170, "{count}");
        for (route, method, declared) in needs.iter() {
            for scope in declared.scopes() {
                assert!(holdfast_identity::SCOPES.contains(scope), "{method} {route}: {scope} is no scope");
            }
        }
    }

    /// A body that is no JSON, or no small one, is declared with its route.
    #[test]
    fn routes_declare_what_their_bodies_are() {
        let (_, needs, document) = crate::api_routes().into_parts();
        let mut document = complete(document);
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                let Some(RefOr::T(body)) = &operation.request_body else { continue };
                let is_json = body.content.keys().all(|media| media == "application/json");
                let declared = needs.get(&method, path).unwrap();
                // Records come as JSON or as a table.
                assert!(is_json != declared.takes_files || path == "/api/v1/records", "{method} {path}");
            }
        }
        let body = |method: Method, path: &str| needs.get(&method, path).unwrap().max_body();
        for path in ["/api/v1/portal/code", "/api/v1/portal/prove", "/api/v1/portal/factor"] {
            assert_eq!(body(Method::POST, path), TINY, "{path}");
        }
        assert_eq!(body(Method::POST, "/api/v1/events"), SMALL);
        assert_eq!(body(Method::POST, "/api/v1/portal/requests"), SMALL);
        assert_eq!(body(Method::PUT, "/api/v1/portal/requests/{id}/files/{name}"), FILE);
        assert_eq!(body(Method::POST, "/api/v1/records"), FILE);
        let time = |path: &str| needs.get(&Method::GET, path).unwrap().answer_time(&Method::GET);
        assert_eq!((time("/api/v1/holds"), time("/api/v1/trace")), (ANSWER_TIME, LONG_ANSWER_TIME));
        for (route, _, declared) in needs.iter() {
            let is_strangers = !matches!(declared.entry, Entry::Key(_) | Entry::Signed(_));
            assert!(!is_strangers || declared.max_rate().is_some(), "{route}: open to strangers without a bound");
        }
    }

    #[test]
    fn reading_changing_and_administration_need_different_scopes() {
        let (_, needs, _) = crate::api_routes().into_parts();
        let key = |method: Method, route: &str| needs.get(&method, route).map(|n| n.scopes());
        assert_eq!(key(Method::GET, "/api/v1/holds"), Some(&["read"][..]));
        assert_eq!(key(Method::HEAD, "/api/v1/holds"), Some(&["read"][..]));
        assert_eq!(key(Method::POST, "/api/v1/holds/{id}/release"), Some(&["holds"][..]));
        assert_eq!(key(Method::GET, "/api/v1/keys"), Some(&["manage"][..]));
        assert_eq!(key(Method::GET, "/api/v1/desk/requests"), Some(&["desk", "approve", "audit"][..]));
        assert_eq!(key(Method::GET, "/api/v1/nothing"), None);
        let entry = |method: Method, route: &str| needs.get(&method, route).map(|n| n.entry);
        assert_eq!(entry(Method::GET, "/v2/analyses/{id}"), Some(Entry::Signed(&["read", "events"])));
        assert_eq!(entry(Method::POST, "/api/v1/portal/code"), Some(Needs::OPEN.entry));
        let personal = |route: &str| needs.get(&Method::GET, route).is_some_and(|n| n.is_personal);
        assert!(personal("/api/v1/holds") && personal("/api/v1/events/{id}") && !personal("/api/v1/summary"));
    }
}
