//! Customers: found by what is stated of them, and all that the desk has of one.

use holdfast_testing::START;
use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::json;

on_both_apps!(a_customer_is_found_and_read_whole, reading_a_customer_is_recorded);

fn a_customer_is_found_and_read_whole(app: &TestApp) {
    let alert = app.decided("w-1", "c-1")["alert"].clone();
    let records = json!([
        {"kind": "deposit_address", "id": "0x00000000000000000000000000000000000000bb", "time": START, "customer": "c-1", "asset": "ETH"},
        {"kind": "device", "id": "d-1", "time": START, "customer": "c-1", "fingerprint": "f-9"},
    ]);
    app.as_role("exchange").post("/api/v1/records", records).ok();
    let ana = app.as_person("ana", "investigator");
    ana.post("/api/v1/holds", crate::holds::freeze("f-1", "c-1")).ok();
    ana.post("/api/v1/desk/cases", json!({"title": "A ransom", "summary": ""})).ok();
    let item = json!({"step": "add", "kind": "alert", "key": alert.to_string(), "title": ""});
    ana.post("/api/v1/desk/cases/1", item).ok();
    let file = ana.get("/api/v1/customers/c-1").ok();
    let len = |list: &str| file[list].as_array().map_or(0, Vec::len);
    assert_eq!((len("records"), len("events"), len("alerts"), len("holds")), (3, 1, 1, 1), "{file}");
    assert_eq!((&file["cases"][0]["title"], &file["requests"]), (&json!("A ransom"), &json!([])), "{file}");
    assert_eq!(file["cut"], json!([]));
    // Whoever is not on the case learns nothing of it.
    assert_eq!(app.as_person("bo", "investigator").get("/api/v1/customers/c-1").ok()["cases"], json!([]));
    // A key that reads the desk, but no cases.
    let program = app.with_scopes("program", vec!["read".into()]).get("/api/v1/customers/c-1").ok();
    assert!(program.get("cases").is_none() && program.get("requests").is_none(), "{program}");
    ana.get("/api/v1/customers/c-9").refused_with(404, "customer 'c-9'");
    app.as_role("screener").get("/api/v1/customers/c-1").refused_with(403, "read");

    let found = |text: &str| -> Vec<String> {
        let found = ana.get(&format!("/api/v1/customers?q={text}")).ok();
        found.as_array().unwrap().iter().map(|c| c["customer"].as_str().unwrap().to_owned()).collect()
    };
    for text in ["c-1", "z@example.org", "0x00000000000000000000000000000000000000BB", "f-9", "%C5%BBaneta%20%C3%96z"] {
        assert_eq!(found(text), ["c-1"], "{text}");
    }
    assert_eq!(found("nobody"), [""; 0]);
    ana.get("/api/v1/customers?q=").refused_with(400, "q");
}

fn reading_a_customer_is_recorded(app: &TestApp) {
    app.decided("w-1", "c-1");
    app.as_person("ana", "investigator").get("/api/v1/customers/c-1").ok();
    app.browser().sign_in("investigator").page("/desk/customers/c-1").ok();
    let entries = app.as_role("auditor").get("/api/v1/audit?limit=1000").ok();
    let read = |path: &str| {
        let is_it = |e: &&serde_json::Value| e["action"] == "data.read" && e["subject"] == path;
        entries.as_array().unwrap().iter().filter(is_it).count()
    };
    assert_eq!((read("/api/v1/customers/c-1"), read("/desk/customers/c-1")), (1, 1), "{entries}");
}
