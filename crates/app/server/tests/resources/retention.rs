//! Periods, legal holds and erasures.

use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::json;

on_both_apps!(
    a_customer_is_erased_by_two_people_once_nothing_stands_against_it,
    periods_and_holds_are_set_on_the_page,
    an_erasure_waits_as_a_job
);

fn a_customer_is_erased_by_two_people_once_nothing_stands_against_it(app: &TestApp) {
    let (ana, bo) = (app.as_person("ana", "administrator"), app.as_person("bo", "administrator"));
    let (kim, auditor) = (app.as_person("kim", "investigator"), app.as_role("auditor"));
    let record = json!({"kind": "customer", "id": "cust-ada-1", "time": app.now(), "type": "individual", "name": "Ada Lovelace", "email": "ada@example.org"});
    app.as_role("exchange").post("/api/v1/records", json!([record])).ok();
    let erase = |reason: &str| ana.post("/api/v1/erasures", json!({"customer": "cust-ada-1", "reason": reason}));
    erase("she asked").refused_with(409, "no period is set for records");
    ana.put("/api/v1/retention/nothing", json!({"days": 1, "basis": "x"})).refused_with(400, "kind");
    ana.put("/api/v1/retention/records", json!({"days": -1, "basis": "x"})).refused_with(400, "days");
    kim.put("/api/v1/retention/records", json!({"days": 1, "basis": "x"})).refused(403);
    let set = ana.put("/api/v1/retention/records", json!({"days": 0, "basis": "GDPR, Article 17"})).ok();
    assert_eq!((&set["kind"], &set["set_by"]), (&json!("records"), &json!("ana")));
    assert_eq!(bo.get("/api/v1/retention").ok()[0]["basis"], "GDPR, Article 17");
    let hold = json!({"customer": "cust-ada-1", "reason": "proceedings 12"});
    auditor.post("/api/v1/legal-holds", hold.clone()).refused(403);
    kim.post("/api/v1/legal-holds", json!({"customer": "cust-ada-1", "reason": ""})).refused_with(400, "reason");
    let placed = kim.post("/api/v1/legal-holds", hold).ok();
    assert_eq!(kim.get("/api/v1/legal-holds?customer=cust-ada-1").ok()[0]["id"], placed["id"]);
    erase("she asked").refused_with(409, "proceedings 12");
    let kept = bo.get("/api/v1/retention/customers/cust-ada-1").ok();
    assert_eq!(kept["kept"][0]["kind"], "records");
    assert!(kept["obstacles"][0].as_str().unwrap().contains("kim"), "{kept}");
    bo.get("/api/v1/retention/customers/nobody").refused(404);
    let lift = format!("/api/v1/legal-holds/{}/lift", placed["id"]);
    kim.post("/api/v1/legal-holds/99/lift", json!({"reason": "x"})).refused(404);
    kim.post(&lift, json!({"reason": ""})).refused_with(400, "reason");
    kim.post(&lift, json!({"reason": "they ended"})).ok();
    kim.post(&lift, json!({"reason": "again"})).refused_with(409, "lifted");
    erase("").refused_with(400, "reason");
    ana.post("/api/v1/erasures", json!({"customer": "nobody", "reason": "x"})).refused(404);
    let at = format!("/api/v1/erasures/{}", erase("a first try").ok()["id"]);
    ana.post(&at, json!({"decision": "carry_out"})).refused_with(409, "another person");
    bo.post(&at, json!({"decision": "perhaps"})).refused_with(400, "decision");
    assert_eq!(bo.post(&at, json!({"decision": "reject", "reason": "too early"})).ok()["state"], "rejected");
    bo.post("/api/v1/erasures/99", json!({"decision": "carry_out"})).refused(404);
    let at = format!("/api/v1/erasures/{}", erase("she asked").ok()["id"]);
    ana.post(&at, json!({"decision": "carry_out", "background": true})).refused_with(409, "another person");
    let done = bo.post(&at, json!({"decision": "carry_out"})).ok();
    assert!(done["customer"].as_str().unwrap().starts_with("erased-"), "{done}");
    assert!(done["report"]["rows_read"].as_u64().unwrap() > 0, "{done}");
    let listed = bo.get("/api/v1/erasures").ok();
    assert_eq!((listed[0]["state"].as_str(), listed[1]["state"].as_str()), (Some("done"), Some("rejected")));
    for path in ["/api/v1/audit?limit=1000", "/api/v1/erasures", "/api/v1/legal-holds"] {
        let text = app.as_role("root").get(path).ok().to_string();
        assert!(!text.contains("cust-ada-1") && !text.contains("Lovelace") && text.contains("erased-"), "{text}");
    }
    let verified = auditor.get("/api/v1/audit/verify").ok();
    assert_eq!(verified["problems"], json!([]));
    assert!(verified["erased"].as_u64().unwrap() >= 3, "{verified}");
}

fn periods_and_holds_are_set_on_the_page(app: &TestApp) {
    let here = "/desk/retention";
    let root = app.browser().sign_in("root");
    let period = [("kind", "records"), ("days", "0"), ("basis", "GDPR, Article 17")];
    assert_eq!(root.page(here).form(here).submit(&period).status, 303);
    let holds = format!("{here}/holds");
    let hold = [("customer", "cust-ada-1"), ("reason", "proceedings 12")];
    assert_eq!(root.page(here).form(&holds).submit(&hold).status, 303);
    let page = root.page(here).ok();
    assert!(page.contains("GDPR, Article 17") && page.contains("proceedings 12") && page.contains("stands"), "{page}");
    let id = app.as_role("root").get("/api/v1/legal-holds").ok()[0]["id"].to_string();
    let lifted = root.page(here).form(&format!("{holds}/{id}")).submit(&[("reason", "they ended")]);
    assert_eq!(lifted.status, 303);
    assert!(root.page(here).ok().contains("they ended"));
    let investigator = app.browser().sign_in("investigator").page(here).ok();
    assert!(
        !investigator.contains("name=\"basis\"") && investigator.contains("GDPR"),
        "only administrators set periods"
    );
}

/// The answer comes before the work, and the job names nothing of the customer. What the job does is held by the retention crate's tests of the same call.
fn an_erasure_waits_as_a_job(app: &TestApp) {
    let (ana, bo) = (app.as_person("ana", "administrator"), app.as_person("bo", "administrator"));
    let record = json!({"kind": "customer", "id": "cust-ada-1", "time": app.now(), "type": "individual", "name": "Ada Lovelace"});
    app.as_role("exchange").post("/api/v1/records", json!([record])).ok();
    ana.put("/api/v1/retention/records", json!({"days": 0, "basis": "GDPR, Article 17"})).ok();
    let id = ana.post("/api/v1/erasures", json!({"customer": "cust-ada-1", "reason": "she asked"})).ok()["id"].clone();
    let waits = bo.post(&format!("/api/v1/erasures/{id}"), json!({"decision": "carry_out", "background": true})).ok();
    assert_eq!((waits["id"].clone(), waits["report"].is_null()), (id.clone(), true));
    let jobs = bo.get("/api/v1/jobs").ok();
    let job = jobs.as_array().unwrap().iter().find(|job| job["kind"] == "erasure").unwrap();
    assert_eq!(job["key"], id.to_string());
    assert!(!job.to_string().contains("Lovelace") && !job.to_string().contains("cust-ada-1"), "{job}");
}
