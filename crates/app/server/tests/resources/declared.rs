//! What routes declare: who may call, how large a body is, how long an answer may take.

use axum::http::Method;
use holdfast_server::api_routes;
use holdfast_server::document::complete;
use holdfast_state::limits::{ANSWER_TIME, FILE, LONG_ANSWER_TIME, SMALL, TINY};
use holdfast_state::routes::{Entry, Needs, operations};
use utoipa::openapi::RefOr;

#[test]
fn every_operation_declares_who_may_call_it() {
    let (_, needs, document) = api_routes().into_parts();
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
    let (_, needs, document) = api_routes().into_parts();
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
    let (_, needs, _) = api_routes().into_parts();
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
