//! The rule book, its fields, trials and statistics, and prices.

use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(a_book_waits_for_a_second_person, a_trial_changes_nothing, prices_value_events);

pub const BOOK: &str = "title: t\nrules:\n  - {id: large, version: 1, state: live, title: Large, on: [withdrawal], when: event.value > 10000, decision: hold, source: [trial]}\n";

fn a_book_waits_for_a_second_person(app: &TestApp) {
    let (ana, bo) = (app.as_person("ana", "administrator"), app.as_person("bo", "administrator"));
    let before = ana.get("/api/v1/rules").ok();
    let change = ana.send("PUT", "/api/v1/rules", "application/yaml", BOOK).is(202);
    assert_eq!(ana.get("/api/v1/rules").ok(), before, "not in force");
    let at = format!("/api/v1/changes/{}", change["id"]);
    ana.post(&at, json!({"decision": "approve", "reason": "me"})).refused_with(409, "another person");
    bo.post(&at, json!({"decision": "approve", "reason": "agreed"})).ok();
    let after = ana.get("/api/v1/rules").ok();
    assert_eq!(after["version"], before["version"].as_u64().unwrap() + 1);
    assert_eq!(after["book"]["rules"][0]["id"], "large");
    let versions = ana.get("/api/v1/rules/versions").ok();
    assert_eq!(versions[0]["version"], after["version"], "the latest comes first: {versions}");
    assert_eq!(versions[0]["author"], "bo", "whoever put it in force: {versions}");
    let text = ana.get(&format!("/api/v1/rules/versions/{}", after["version"])).ok();
    assert_eq!((&text["yaml"], &text["sha256"]), (&json!(BOOK), &after["sha256"]), "{text}");
    let older = ana.get(&format!("/api/v1/rules/versions?before={}", after["version"])).ok();
    assert_eq!(older.as_array().map(Vec::len), versions.as_array().map(|all| all.len() - 1));
    ana.get("/api/v1/rules/versions/99").refused_with(404, "version 99");
    ana.send("PUT", "/api/v1/rules", "application/yaml", "title: t\nrules: [").refused(400);
    let unknown = BOOK.replace("event.value", "event.colour");
    ana.send("PUT", "/api/v1/rules", "application/yaml", unknown).refused_with(400, "large");
    assert_eq!(app.decided("w-1", "c-1")["decision"], "hold");
    let statistics = app.as_role("investigator").get("/api/v1/rules/statistics").ok();
    assert!(statistics.as_array().unwrap().iter().any(|r| r["rule"] == "large" && r["hits"] == 1), "{statistics}");
}

fn a_trial_changes_nothing(app: &TestApp) {
    app.decided("w-1", "c-1");
    let ana = app.as_role("investigator");
    let before = ana.get("/api/v1/rules").ok();
    let trial = ana.send("POST", "/api/v1/rules/test", "application/yaml", BOOK).ok();
    assert!(trial.to_string().contains("large"), "{trial}");
    ana.send("POST", "/api/v1/rules/test", "application/yaml", "rules: 7").refused(400);
    assert_eq!(ana.get("/api/v1/rules").ok(), before);
    let fields = app.as_role("screener").get("/api/v1/rules/fields").ok();
    assert!(fields.as_array().unwrap().iter().any(|f| f["name"] == "event.value"), "{fields}");
}

fn prices_value_events(app: &TestApp) {
    let boss = app.as_role("administrator");
    let price = json!({"base_units": "1000", "value": 2_000});
    assert_eq!(boss.put("/api/v1/prices/ETH", price.clone()).is(204), Value::Null);
    boss.put("/api/v1/prices/ETH", json!({"base_units": "0", "value": 1})).refused(400);
    app.as_role("investigator").put("/api/v1/prices/ETH", price).refused_with(403, "rules");
    let exchange = app.as_role("exchange");
    let mut event = crate::events::withdrawal("w-1", "5000");
    event.as_object_mut().unwrap().remove("value");
    exchange.post("/api/v1/events", event).ok();
    let stored = app.as_role("investigator").get("/api/v1/events/w-1").ok();
    assert!(stored.to_string().contains("10000"), "5,000 base units at 2 cents each: {stored}");
}
