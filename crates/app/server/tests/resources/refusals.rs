//! What every operation refuses alike: unknown ids, wrong bodies, callers without a key or without the scope.

use crate::document::{Operation, operations};
use holdfast_testing_app::{Caller, TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(
    unknown_ids_are_not_found,
    wrong_bodies_are_refused_by_their_field,
    nobody_is_let_in_without_a_key,
    scopes_are_needed
);

/// Operations of officers and learners, whose own sessions come first, and of the identity provider, which has no key.
fn has_own_session(operation: &Operation) -> bool {
    ["/api/v1/portal/", "/api/v1/learn/", "/api/v1/sign-on/"].iter().any(|p| operation.template.starts_with(p))
}

fn keyed(app: &TestApp) -> (Value, Vec<Operation>) {
    let document = app.document();
    let all = operations(&document);
    let keyed = all.into_iter().filter(|o| o.template.starts_with("/api/v1/") && !has_own_session(o)).collect();
    (document, keyed)
}

fn send(caller: &Caller<'_>, operation: &Operation, id: &str, body: &Value) -> holdfast_testing_app::Answer {
    caller.send_json(&operation.method, &operation.path(id), body)
}

/// Operations for which an unknown id is something else than unknown, with the reason.
const NOT_BY_ID: &[(&str, &str)] = &[
    (
        "GET /api/v1/address/{address}",
        "what is no address is wrong, and an address of the chain that nobody used is described",
    ),
    (
        "POST /api/v1/desk/cases/{id}/secret-key",
        "refused to everybody who is not on the desk's machine, before the case is looked up",
    ),
];

fn unknown_ids_are_not_found(app: &TestApp) {
    let root = app.as_role("root");
    let (document, all) = keyed(app);
    let (mut walked, mut wrong) = (0, Vec::new());
    for operation in all.iter().filter(|o| o.template.contains('{') && o.answers("404")) {
        if NOT_BY_ID.iter().any(|(name, _)| *name == operation.name()) {
            continue;
        }
        let body = operation.body(&document);
        let body = match body {
            // Steps have no example.
            Some((Value::Null, _)) => step_of(&operation.template),
            Some((example, _)) => example,
            // A list, or nothing.
            None => operation.about["requestBody"]["content"]["application/json"]["example"].clone(),
        };
        let answer = match operation.about["requestBody"]["content"].get("application/octet-stream") {
            Some(_) => {
                let path = format!("{}?media_type=text/plain&place=safe&exhibit=x", operation.path("999999"));
                root.send(&operation.method, &path, "text/plain", "text")
            }
            None if operation.template.ends_with("traces") => {
                let path = format!("{}?subject={}", operation.path("999999"), holdfast_testing_app::PAID);
                root.send_json(&operation.method, &path, &body)
            }
            None => send(&root, operation, "999999", &body),
        };
        if answer.status != 404 || answer.json()["error"].as_str().is_none_or(str::is_empty) {
            wrong.push(format!("{}: {} {}", operation.name(), answer.status, answer.text()));
        }
        walked += 1;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(walked > 50, "{walked} operations");
}

/// A step that is right, for operations whose body is one of several.
fn step_of(template: &str) -> Value {
    match template {
        "/api/v1/alerts/{id}" => json!({"action": "comment", "text": "seen"}),
        "/api/v1/customers/{id}/notes" => json!({"text": "called back"}),
        "/api/v1/ledgers/{chain}/rebuild" => json!({}),
        "/api/v1/holds/{id}/release" => json!({"reason": "by mistake"}),
        "/api/v1/desk/requests/{id}" => json!({"step": "extend", "reason": "court holiday"}),
        "/api/v1/desk/cases/{id}/reports/{report}" => {
            json!({"filer": crate::cases::filer(), "narrative": "n", "from": 1, "to": 2, "total": 3, "subjects": []})
        }
        other => panic!("{other}: which body is right?"),
    }
}

/// Operations whose bodies are checked elsewhere, with the reason.
const NO_FIELDS: &[(&str, &str)] =
    &[("POST /api/v1/suggestions/pass", "its chain stands in the query, which is read first: suggestions.rs")];

fn wrong_bodies_are_refused_by_their_field(app: &TestApp) {
    let root = app.as_role("root");
    let (document, all) = keyed(app);
    let (mut walked, mut wrong) = (0, Vec::new());
    let mut expect = |answer: holdfast_testing_app::Answer, status: u16, words: &str| {
        if answer.status != status || !answer.json()["error"].as_str().is_some_and(|e| e.contains(words)) {
            wrong.push(format!(
                "{} instead of {status} '{words}': {}: {}",
                answer.status,
                answer.request,
                answer.text()
            ));
        }
    };
    for operation in &all {
        if NO_FIELDS.iter().any(|(name, _)| *name == operation.name()) {
            continue;
        }
        let Some((example, required)) = operation.body(&document) else { continue };
        let Value::Object(example) = example else { continue };
        for field in &required {
            let mut body = example.clone();
            body.remove(field);
            expect(send(&root, operation, "1", &Value::Object(body)), 400, field);
        }
        let mut body = example.clone();
        body.insert("no_such_field".into(), json!(1));
        expect(send(&root, operation, "1", &Value::Object(body)), 400, "no_such_field");
        expect(send(&root, operation, "1", &json!("text")), 400, "body: ");
        let raw = |media_type: &str, text: &str| root.send(&operation.method, &operation.path("1"), media_type, text);
        expect(raw("application/json", "{\"id\":"), 400, "body: ");
        expect(raw("text/plain", "{}"), 415, "application/json");
        walked += 1;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(walked > 30, "{walked} operations");
}

fn nobody_is_let_in_without_a_key(app: &TestApp) {
    let root = app.as_role("root");
    root.get("/api/v1/holds").ok();
    for operation in keyed(app).1 {
        for token in [None, Some("hf_00_00"), Some("ho_1_1_9999999999_0_00"), Some("")] {
            let caller = token.map_or_else(|| app.as_nobody(), |t| app.with_token(t));
            send(&caller, &operation, "1", &Value::Null).refused(401);
        }
    }
}

/// Who has a key without any scope that an operation could want is refused and changes nothing; so is who may only read.
fn scopes_are_needed(app: &TestApp) {
    let (metrics, reader) = (app.as_role("monitor"), app.with_scopes("reader", vec!["read".into()]));
    for operation in keyed(app).1 {
        // Whoever has a key has sessions and a second factor of their own.
        if ["/api/v1/sessions", "/api/v1/second-factor"].iter().any(|own| operation.template.starts_with(own)) {
            continue;
        }
        send(&metrics, &operation, "1", &Value::Null).refused_with(403, "this needs");
        let reads = operation.template.starts_with("/api/v1/graph/")
            || ["/api/v1/verify", "/api/v1/rules/test", "/api/v1/desk/review"].contains(&operation.template.as_str());
        if operation.method != "GET" && !reads {
            send(&reader, &operation, "1", &Value::Null).refused_with(403, "this needs");
        }
    }
    let log = app.as_role("auditor").get("/api/v1/audit?limit=1000").ok();
    let actions: Vec<&str> = log.as_array().unwrap().iter().filter_map(|e| e["action"].as_str()).collect();
    // The first rule book is applied as a desk is made; the keys of this test are people's.
    let changes: Vec<&&str> = actions
        .iter()
        .filter(|a| !a.starts_with("key.") && **a != "person.created" && **a != "rules.applied")
        .collect();
    assert!(changes.is_empty(), "{changes:?}");
}
