//! Requests from law enforcement at the desk: agencies, intake, matches, two persons, productions, seizures, clocks.

use holdfast_testing::START;
use holdfast_testing_app::{TestApp, on_both_apps};
use holdfast_types::Seconds;
use serde_json::{Value, json};

on_both_apps!(
    a_request_is_answered_by_two_people_and_produced,
    agencies_are_known_by_domain,
    files_have_their_stated_type,
    forms_of_intake_are_reviewed,
    clocks_tick
);

pub fn request(id: &str) -> Value {
    json!({"id": id, "received": START, "kind": "information", "process": "us.2703d", "reference": format!("24-mj-{id}"),
        "officer": {"name": "Ana Berg", "email": "ana.berg@fbi.gov", "agency": "FBI", "country": "US"}, "states": ["judge"],
        "targets": [{"kind": "email", "value": "z@example.org"}], "classes": ["subscriber"]})
}

pub fn agency(app: &TestApp) {
    let new = json!({"name": "FBI", "country": "US", "domain": "fbi.gov", "evidence": "listed on usa.gov"});
    app.as_role("approver").post("/api/v1/desk/agencies", new).ok();
}

/// Has request `r-1` granted by two people.
pub fn granted(app: &TestApp) {
    app.decided("w-1", "c-1");
    let (ana, bo) = (app.as_person("ana", "investigator"), app.as_person("bo", "approver"));
    let step = |body: Value| ana.post("/api/v1/desk/requests/r-1", body).ok();
    step(json!({"step": "call_back", "number_from": "the agency's site", "confirmed": true}));
    step(json!({"step": "match", "customer": "c-1", "accept": true, "reason": "the same address"}));
    step(json!({"step": "prepare", "outcome": "granted", "reason": "in order"}));
    bo.post("/api/v1/desk/requests/r-1", json!({"step": "approve"})).ok();
}

fn a_request_is_answered_by_two_people_and_produced(app: &TestApp) {
    agency(app);
    app.decided("w-1", "c-1");
    let (ana, bo) = (app.as_person("ana", "investigator"), app.as_person("bo", "approver"));
    let opened = ana.post("/api/v1/desk/requests", request("r-1")).ok();
    assert_eq!(opened["stored"]["state"], "open", "{opened}");
    ana.post("/api/v1/desk/requests", request("r-1")).ok();
    let mut changed = request("r-1");
    changed["reference"] = json!("another");
    ana.post("/api/v1/desk/requests", changed).refused(409);
    let at = "/api/v1/desk/requests/r-1";
    let matches = ana.get(&format!("{at}/matches")).ok();
    assert_eq!(matches[0]["found"]["customer"], "c-1", "{matches}");
    assert_eq!(ana.get(&format!("{at}/coverage")).ok(), json!([]), "its target is no address");
    bo.post(at, json!({"step": "approve"})).refused_with(409, "not prepared");
    ana.post(&format!("{at}/productions"), Value::Null).refused(409);
    ana.post(at, json!({"step": "match", "customer": "c-1", "accept": true, "reason": "the same address"})).ok();
    assert_eq!(
        ana.post(at, json!({"step": "prepare", "outcome": "granted", "reason": "in order"})).ok()["stored"]["state"],
        "prepared"
    );
    ana.post(at, json!({"step": "approve"})).refused_with(403, "approve");
    app.as_person("ana", "investigator")
        .post(at, json!({"step": "fly"}))
        .refused_with(400, "step: unknown variant `fly`");
    ana.get("/api/v1/desk/requests?state=lost").refused_with(400, "state: unknown variant `lost`");
    ana.get("/api/v1/desk/seizures?state=lost").refused_with(400, "prepared");
    bo.post(at, json!({"step": "return", "reason": "look at the dates"})).ok();
    ana.post(at, json!({"step": "prepare", "outcome": "granted", "reason": "in order"})).ok();
    assert_eq!(bo.post(at, json!({"step": "approve"})).ok()["stored"]["state"], "answered");
    ana.post(at, json!({"step": "prepare", "outcome": "granted", "reason": "again"})).refused(409);
    assert_eq!(ana.get("/api/v1/desk/requests?state=answered").ok().as_array().map(Vec::len), Some(1));
    assert_eq!(ana.get(at).ok()["stored"]["approved_by"], "bo");
    // Who prepared alone does not approve, whatever the scopes.
    let identity = age::x25519::Identity::generate();
    let produce = json!({"recipients": [identity.to_public().to_string()]});
    ana.post(&format!("{at}/productions"), json!({"recipients": ["nobody"]})).refused_with(400, "recipients");
    let production = ana.post(&format!("{at}/productions"), produce).ok();
    assert_eq!(production["customers"], json!(["c-1"]));
    let sealed = ana.get(&format!("{at}/productions/1"));
    assert!(sealed.success().body.starts_with(b"age-encryption.org/v1"), "{}", sealed.text());
    assert_eq!(ana.get(&format!("{at}/productions")).ok()[0]["downloads"][0]["who"], "ana");
    ana.post(&format!("{at}/messages"), json!({"text": "Here it is."})).ok();
    assert_eq!(ana.get(&format!("{at}/messages")).ok().as_array().map(Vec::len), Some(1));
    // An auditor reads and changes nothing; who only screens learns nothing.
    let auditor = app.as_role("auditor");
    auditor.get(at).ok();
    auditor.post(at, json!({"step": "extend", "reason": "x"})).refused(403);
    auditor.get(&format!("{at}/productions/1")).refused_with(403, "desk");
    app.as_role("screener").get(at).refused(403);
}

fn agencies_are_known_by_domain(app: &TestApp) {
    agency(app);
    let bo = app.as_role("approver");
    let add = |name: &str, domain: &str| {
        bo.post(
            "/api/v1/desk/agencies",
            json!({"name": name, "country": "US", "domain": domain, "evidence": "usa.gov"}),
        )
    };
    add("FBI", "ic.fbi.gov").ok();
    add("DEA", "fbi.gov").refused(409);
    add("X", "gmail.com").refused_with(400, "domain");
    assert_eq!(bo.get("/api/v1/desk/agencies").ok()[0]["domains"], json!(["fbi.gov", "ic.fbi.gov"]));
    app.as_role("investigator").post("/api/v1/desk/agencies", json!({})).refused_with(403, "approve");
}

fn files_have_their_stated_type(app: &TestApp) {
    agency(app);
    let ana = app.as_role("investigator");
    ana.post("/api/v1/desk/requests", request("r-1")).ok();
    let put = |name: &str, media: &str, bytes: &str| {
        let path = format!("/api/v1/desk/requests/r-1/files/{name}?media_type={media}");
        ana.send("PUT", &path, "application/octet-stream", bytes)
    };
    put("order.pdf", "application/pdf", "MZ no document").refused(400);
    let file = put("order.pdf", "application/pdf", "%PDF-1.7 order").ok();
    assert_eq!(file["name"], "order.pdf");
    put("order.pdf", "application/pdf", "%PDF-1.7 another").refused(409);
    ana.send("PUT", "/api/v1/desk/requests/r-1/files/x", "application/octet-stream", "x")
        .refused_with(400, "media_type");
    assert_eq!(ana.get("/api/v1/desk/requests/r-1/files").ok().as_array().map(Vec::len), Some(1));
    let fetched = ana.get("/api/v1/desk/requests/r-1/files/order.pdf");
    assert_eq!((fetched.status, fetched.body.as_slice()), (200, &b"%PDF-1.7 order"[..]));
    assert_eq!(fetched.header("content-disposition"), "attachment; filename=\"order.pdf\"");
    ana.get("/api/v1/desk/requests/r-1/files/other.pdf").refused(404);
}

fn forms_of_intake_are_reviewed(app: &TestApp) {
    let ana = app.as_role("investigator");
    let inquiry = json!({"request": request("r-1"), "history": {"domains": [{"domain": "fbi.gov", "agency": "FBI", "country": "US"}]}});
    let review = ana.post("/api/v1/desk/review", inquiry).ok();
    assert_eq!(review["suspicion"]["stops"], false, "{review}");
    let mut alike = request("r-2");
    alike["officer"]["email"] = json!("ana.berg@fbl.gov");
    let inquiry =
        json!({"request": alike, "history": {"domains": [{"domain": "fbi.gov", "agency": "FBI", "country": "US"}]}});
    assert_eq!(ana.post("/api/v1/desk/review", inquiry).ok()["suspicion"]["stops"], true);
    assert_eq!(ana.get("/api/v1/desk/requests").ok(), json!([]), "a review stores nothing");
    assert!(ana.get("/api/v1/desk/policy").ok().is_object());
}

fn clocks_tick(app: &TestApp) {
    agency(app);
    let ana = app.as_role("investigator");
    ana.post("/api/v1/desk/requests", request("r-1")).ok();
    let due = ana.get("/api/v1/desk/requests/r-1").ok()["stored"]["due"].as_i64().unwrap();
    assert!(due > START.unix());
    ana.post("/api/v1/desk/requests/r-1", json!({"step": "extend", "reason": "a large case"}))
        .refused_with(409, "no extension");
    let boss = app.as_role("administrator");
    assert!(boss.post("/api/v1/desk/tick", Value::Null).ok().is_object());
    ana.post("/api/v1/desk/tick", Value::Null).refused_with(403, "manage");
    assert_eq!(ana.get("/api/v1/desk/seizures").ok(), json!([]));
    assert!(
        app.as_role("auditor")
            .get(&format!("/api/v1/desk/transparency?from={}&to={}", START.unix(), (START + Seconds::DAY).unix()))
            .ok()
            .is_object()
    );
}
