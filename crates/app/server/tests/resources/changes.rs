//! Changes that wait for a second person.

use crate::rules::BOOK;
use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::json;

on_both_apps!(a_change_is_decided_once_by_another_person);

fn a_change_is_decided_once_by_another_person(app: &TestApp) {
    let (ana, bo) = (app.as_person("ana", "administrator"), app.as_person("bo", "administrator"));
    let change = ana.send("PUT", "/api/v1/rules", "application/yaml", BOOK).is(202);
    let at = format!("/api/v1/changes/{}", change["id"]);
    assert_eq!(bo.get(&at).ok()["state"], "proposed");
    assert_eq!(bo.get("/api/v1/changes?state=proposed").ok().as_array().map(Vec::len), Some(1));
    bo.post(&at, json!({"decision": "perhaps", "reason": "x"})).refused_with(400, "perhaps");
    bo.post(&at, json!({"decision": "approve", "reason": ""})).refused_with(400, "reason");
    app.as_role("approver").post(&at, json!({"decision": "approve", "reason": "x"})).refused_with(403, "rules");
    // Who proposed it may withdraw it.
    ana.post(&at, json!({"decision": "reject", "reason": "a mistake"})).ok();
    bo.post(&at, json!({"decision": "approve", "reason": "late"})).refused(409);
    assert_eq!(bo.get(&at).ok()["state"], "rejected");
    app.as_role("investigator").get("/api/v1/changes").refused(403);
}
