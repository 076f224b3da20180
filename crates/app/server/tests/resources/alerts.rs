//! Alerts: assigned, commented, closed once, reopened.

use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(an_alert_is_worked_to_its_end);

fn an_alert_is_worked_to_its_end(app: &TestApp) {
    let alert = app.decided("w-1", "c-1")["alert"].clone();
    let ana = app.as_person("ana", "investigator");
    let at = format!("/api/v1/alerts/{alert}");
    let act = |body: Value| ana.post(&at, body);
    assert_eq!(ana.get("/api/v1/alerts?state=open").ok()[0]["id"], alert);
    assert_eq!(act(json!({"action": "assign", "assignee": "ana"})).ok()["alert"]["assignee"], "ana");
    assert_eq!(ana.get("/api/v1/alerts?assignee=ana").ok().as_array().map(Vec::len), Some(1));
    assert_eq!(ana.get("/api/v1/alerts?customer=nobody").ok(), json!([]));
    act(json!({"action": "comment", "text": "The customer explained it."})).ok();
    act(json!({"action": "comment", "text": ""})).refused_with(400, "text");
    act(json!({"action": "burn"})).refused_with(400, "burn");
    act(json!({"action": "close", "outcome": "maybe"})).refused_with(400, "maybe");
    act(json!({"action": "reopen", "text": "it is open"})).refused(409);
    let closed = act(json!({"action": "close", "outcome": "false_positive", "text": "salary"})).ok();
    assert_eq!(closed["alert"]["state"], "closed", "{closed}");
    act(json!({"action": "close", "outcome": "true_positive", "text": "again"})).refused(409);
    assert_eq!(act(json!({"action": "reopen", "text": "more came"})).ok()["alert"]["state"], "open");
    let notes = ana.get(&at).ok()["notes"].clone();
    let actions: Vec<&str> = notes.as_array().unwrap().iter().filter_map(|n| n["action"].as_str()).collect();
    assert_eq!(actions, ["assign", "comment", "close", "reopen"], "{notes}");
    app.as_role("auditor").post(&at, json!({"action": "comment", "text": "x"})).refused(403);
}
