//! API keys: made, approved by a second person where they are powerful, revoked.

use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(a_key_opens_what_it_may_until_it_is_revoked, powerful_keys_wait_for_a_second_person);

fn a_key_opens_what_it_may_until_it_is_revoked(app: &TestApp) {
    let root = app.as_role("root");
    let made = root.post("/api/v1/keys", json!({"name": "wallet", "scopes": ["events"], "per_minute": 2})).ok();
    let wallet = app.with_token(made["token"].as_str().unwrap());
    wallet.post("/api/v1/events", crate::events::withdrawal("w-1", "5")).ok();
    wallet.get("/api/v1/holds").refused_with(403, "wallet");
    wallet.post("/api/v1/events", crate::events::withdrawal("w-2", "5")).ok();
    let limited = wallet.post("/api/v1/events", crate::events::withdrawal("w-3", "5"));
    limited.refused_with(429, "2 requests a minute");
    assert!(limited.header("retry-after").parse::<u32>().is_ok_and(|s| s <= 60));
    app.advance(60);
    wallet.post("/api/v1/events", crate::events::withdrawal("w-3", "5")).ok();
    let listed = root.get("/api/v1/keys").ok();
    assert!(listed.as_array().unwrap().iter().any(|k| k["name"] == "wallet"));
    assert!(!listed.to_string().contains("hf_"), "no list shows a secret: {listed}");
    root.post("/api/v1/keys", json!({"name": " WALLET", "scopes": ["events"]})).refused_with(400, "name");
    root.post("/api/v1/keys", json!({"name": "x", "scopes": ["fly"]})).refused_with(400, "fly");
    let at = format!("/api/v1/keys/{}", made["key"]["id"].as_str().unwrap());
    assert_eq!(root.delete(&at).is(204), Value::Null);
    wallet.post("/api/v1/events", crate::events::withdrawal("w-4", "5")).refused(401);
    let again = root.delete(&at);
    assert!(matches!(again.status, 404 | 409), "{}", again.text());
    // The last administrator stays.
    root.delete(&format!("/api/v1/keys/{}", hex("root"))).refused_with(409, "last administrator");
}

fn hex(name: &str) -> String {
    name.bytes().map(|b| format!("{b:02x}")).collect()
}

fn powerful_keys_wait_for_a_second_person(app: &TestApp) {
    let (root, boss) = (app.as_role("root"), app.as_role("administrator"));
    for scopes in [json!(["admin"]), json!(["manage"]), json!(["rules"]), json!(["holds"])] {
        let made = boss.post("/api/v1/keys", json!({"name": format!("x{scopes}"), "scopes": scopes})).is(202);
        let key = app.with_token(made["token"].as_str().unwrap());
        key.get("/api/v1/changes").refused(401);
        let at = format!("/api/v1/changes/{}", made["change"]);
        let own = boss.post(&at, json!({"decision": "approve", "reason": "me"}));
        assert!(matches!(own.status, 403 | 409), "{}", own.text());
        root.post(&at, json!({"decision": "approve", "reason": "agreed"})).ok();
        let opens = if scopes == json!(["holds"]) { 403 } else { 200 };
        assert_eq!(key.get("/api/v1/changes").status, opens, "{scopes}");
    }
    boss.post("/api/v1/keys", json!({"name": "reader", "scopes": ["read"]})).is(202);
    app.as_role("approver").post("/api/v1/keys", json!({"name": "y", "scopes": ["read"]})).refused_with(403, "manage");
}
