//! API keys: made, approved by a second person where they are powerful, revoked.

use holdfast_screening::ScreeningError;
use holdfast_screening::changes::MAX_PROPOSED;
use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(
    a_key_opens_what_it_may_until_it_is_revoked,
    powerful_keys_wait_for_a_second_person,
    so_many_changes_wait,
    a_person_is_suspended_and_acts_again,
    sessions_are_ones_own
);

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

/// No more changes wait than the bound: what is proposed then is refused, and nothing of it is stored.
fn so_many_changes_wait(app: &TestApp) {
    let boss = app.as_role("administrator");
    let fill = |tx: &mut holdfast_screening::service::Transaction<'_>| {
        for id in 1..=MAX_PROPOSED {
            tx.db().execute(
                "INSERT INTO changes (id, kind, subject, body, state, proposed_by, proposed) VALUES ($1, 'rules', 'r', 'x', 'proposed', 'a test', 1)",
                &[id.into()],
            )?;
        }
        Ok::<_, ScreeningError>(())
    };
    app.shared.screening.transact("a test", fill).unwrap();
    boss.send("PUT", "/api/v1/rules", "application/yaml", crate::rules::BOOK).refused_with(409, "wait already");
    boss.post("/api/v1/keys", json!({"name": "x", "scopes": ["manage"]})).refused_with(409, "wait already");
    let waiting = boss.get("/api/v1/changes?state=proposed").ok();
    assert_eq!(waiting.as_array().map(Vec::len), Some(1_000), "the bound, and no more");
}

fn a_person_is_suspended_and_acts_again(app: &TestApp) {
    let (root, bo) = (app.as_role("root"), app.as_person("bo", "investigator"));
    bo.get("/api/v1/holds").ok();
    let number = |name: &str| {
        let people = root.get("/api/v1/people").ok();
        people.as_array().unwrap().iter().find(|p| p["name"] == name).unwrap()["id"].as_u64().unwrap()
    };
    let set = |name: &str, state: &str| {
        root.post(&format!("/api/v1/people/{}", number(name)), json!({"state": state, "reason": "left the company"}))
    };
    assert_eq!(set("bo", "suspended").ok()["state"], "suspended");
    bo.get("/api/v1/holds").refused(401);
    // Nor is a key proposed for who is suspended, which would be refused when it is approved.
    let key = json!({"name": "bo's laptop", "person": "Bo", "scopes": ["read"]});
    root.post("/api/v1/keys", key).refused_with(409, "bo is suspended");
    assert_eq!(root.get("/api/v1/changes?state=proposed").ok(), json!([]));
    set("bo", "suspended").refused_with(409, "already");
    set("bo", "asleep").refused_with(400, "state");
    set("bo", "active").ok();
    bo.get("/api/v1/holds").ok();
    set("root", "suspended").refused_with(409, "last administrator");
    root.get("/api/v1/people").ok();
    bo.get("/api/v1/people").refused_with(403, "manage");
}

fn sessions_are_ones_own(app: &TestApp) {
    let (one, two) = (app.browser().sign_in("investigator"), app.browser().sign_in("investigator"));
    let other = app.browser().sign_in("auditor");
    let sessions =
        |script: holdfast_testing_app::Caller<'_>| script.get("/api/v1/sessions").ok().as_array().unwrap().clone();
    assert_eq!((sessions(one.script()).len(), sessions(other.script()).len()), (2, 1));
    let id = sessions(other.script())[0]["id"].as_str().unwrap().to_owned();
    one.script().delete(&format!("/api/v1/sessions/{id}")).refused(404);
    for session in sessions(one.script()) {
        assert_eq!(one.script().delete(&format!("/api/v1/sessions/{}", session["id"].as_str().unwrap())).status, 204);
        if one.script().get("/api/v1/sessions").status == 401 {
            break;
        }
    }
    one.script().get("/api/v1/sessions").refused(401);
    assert_eq!(sessions(other.script()).len(), 1, "others' stay");
    drop(two);
}
