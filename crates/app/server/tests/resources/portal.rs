//! The officers' portal: registration, second factor, requests, productions.

use crate::requests::{agency, granted, request};
use holdfast_testing::Authenticator;
use holdfast_testing_app::{Caller, TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(
    an_officer_enters_and_sees_own_requests_only,
    an_officer_fetches_the_production,
    a_production_can_be_fetched_for_a_time,
    officers_are_approved_once_they_proved_themselves,
    an_officer_enters_with_a_passkey,
    a_lost_app_of_an_officer_confirms_nothing,
    an_administrator_ends_an_officers_session
);

const EMAIL: &str = "ana.berg@fbi.gov";

/// The code that was mailed last.
fn code(app: &TestApp) -> String {
    let mail = app.mail().pop().expect("mail");
    mail.body.split(|c: char| !c.is_ascii_digit()).find(|w| w.len() == 8).expect("a code").to_owned()
}

fn token(session: &Value) -> String {
    session["token"].as_str().expect("a token").to_owned()
}

/// Registers an officer with a second factor; returns the session. Nobody approved the officer yet.
fn registered<'a>(app: &'a TestApp, email: &str) -> Caller<'a> {
    enrolled(app, email).0
}

/// Enters with a mailed code and the second factor.
fn entered<'a>(app: &'a TestApp, email: &str, uri: &str) -> Caller<'a> {
    let nobody = app.as_nobody();
    nobody.post("/api/v1/portal/code", json!({"email": email})).success();
    let half =
        app.with_token(&token(&nobody.post("/api/v1/portal/prove", json!({"email": email, "code": code(app)})).ok()));
    app.with_token(&token(&half.put("/api/v1/portal/factor", json!({"code": totp(app, uri)})).ok()))
}

/// The code of an authenticator app now.
fn totp(app: &TestApp, uri: &str) -> String {
    totp_rs::Totp::from_url(uri).unwrap().generate(app.now().unix() as u64).to_string()
}

/// Registers an officer with a second factor; returns the session and the secret as authenticator apps take it.
fn enrolled<'a>(app: &'a TestApp, email: &str) -> (Caller<'a>, String) {
    let nobody = app.as_nobody();
    nobody.post("/api/v1/portal/code", json!({"email": email, "name": "Ana Berg"})).success();
    nobody.post("/api/v1/portal/prove", json!({"email": email, "code": "00000000"})).refused(409);
    let half =
        app.with_token(&token(&nobody.post("/api/v1/portal/prove", json!({"email": email, "code": code(app)})).ok()));
    half.get("/api/v1/portal/requests").refused(401);
    let uri = half.post("/api/v1/portal/factor", Value::Null).ok()["uri"].as_str().unwrap().to_owned();
    half.put("/api/v1/portal/factor", json!({"code": "12"})).refused(409);
    let full = half.put("/api/v1/portal/factor", json!({"code": totp(app, &uri)})).ok();
    half.post("/api/v1/portal/factor", Value::Null).refused_with(409, "set up");
    (app.with_token(&token(&full)), uri)
}

/// Registers an officer and approves them.
fn officer<'a>(app: &'a TestApp, email: &str) -> Caller<'a> {
    let officer = registered(app, email);
    let id = officer.get("/api/v1/portal/me").ok()["id"].clone();
    let verdict = json!({"verdict": "approve", "reason": "called back"});
    app.as_role("approver").post(&format!("/api/v1/desk/officers/{id}"), verdict).ok();
    officer
}

fn an_officer_enters_and_sees_own_requests_only(app: &TestApp) {
    agency(app);
    app.as_nobody().post("/api/v1/portal/code", json!({"email": "x@gmail.com"})).refused_with(400, "email");
    let officer = registered(app, EMAIL);
    officer.get("/api/v1/portal/requests").refused(409);
    let listed = app.as_role("approver").get("/api/v1/desk/officers").ok();
    assert_eq!(listed[0]["email"], EMAIL, "{listed}");
    let verdict = json!({"verdict": "approve", "reason": "called back"});
    app.as_role("investigator").post("/api/v1/desk/officers/1", verdict.clone()).refused_with(403, "approve");
    app.as_role("approver").post("/api/v1/desk/officers/1", verdict.clone()).ok();
    let again = app.as_role("approver").post("/api/v1/desk/officers/1", verdict);
    assert!(matches!(again.status, 200 | 409), "{}", again.text());
    officer.post("/api/v1/portal/requests", request("r-1")).ok();
    let mut changed = request("r-1");
    changed["reference"] = json!("another");
    officer.post("/api/v1/portal/requests", changed).refused(409);
    officer.post("/api/v1/portal/requests", json!({"id": "r-2"})).refused_with(400, "received");
    assert!(officer.get("/api/v1/portal/requests/r-1").ok().to_string().contains("24-mj-r-1"));
    officer.post("/api/v1/portal/requests/r-1/messages", json!({"text": "The order is attached."})).ok();
    let put = |bytes: &str| {
        let path = "/api/v1/portal/requests/r-1/files/order.pdf?media_type=application/pdf";
        officer.send("PUT", path, "application/octet-stream", bytes)
    };
    put("MZ").refused(400);
    put("%PDF-1.7 order").ok();
    put("%PDF-1.7 another").refused(409);
    // Another officer of the same agency sees nothing of it.
    app.advance(120);
    let other = self::officer(app, "kim@fbi.gov");
    assert_eq!(other.get("/api/v1/portal/requests").ok(), json!([]));
    other.get("/api/v1/portal/requests/r-1").refused(404);
    other.post("/api/v1/portal/requests/r-1/messages", json!({"text": "x"})).refused(404);
    other.get("/api/v1/portal/requests/r-1/productions").refused(404);
}

fn an_officer_fetches_the_production(app: &TestApp) {
    agency(app);
    let officer = officer(app, EMAIL);
    officer.post("/api/v1/portal/requests", request("r-1")).ok();
    granted(app);
    let identity = age::x25519::Identity::generate();
    officer.put("/api/v1/portal/me", json!({"recipients": ["nobody"]})).refused_with(400, "recipients");
    officer.put("/api/v1/portal/me", json!({"recipients": [identity.to_public().to_string()]})).ok();
    officer.get("/api/v1/portal/requests/r-1/productions/1").refused(404);
    app.as_person("ana", "investigator").post("/api/v1/desk/requests/r-1/productions", Value::Null).ok();
    assert_eq!(officer.get("/api/v1/portal/requests/r-1/productions").ok().as_array().map(Vec::len), Some(1));
    let sealed = officer.get("/api/v1/portal/requests/r-1/productions/1");
    let plain = age::decrypt(&identity, &sealed.success().body).expect("the officer's key opens it");
    assert!(plain.starts_with(b"PK"), "a package");
    let log = app.as_role("investigator").get("/api/v1/desk/requests/r-1/productions").ok();
    assert_eq!(log[0]["downloads"][0]["who"], EMAIL, "{log}");
}

fn a_production_can_be_fetched_for_a_time(app: &TestApp) {
    agency(app);
    let (session, uri) = enrolled(app, EMAIL);
    let verdict = json!({"verdict": "approve", "reason": "called back"});
    app.as_role("approver").post("/api/v1/desk/officers/1", verdict).ok();
    session.post("/api/v1/portal/requests", request("r-1")).ok();
    granted(app);
    let identity = age::x25519::Identity::generate();
    let ana = app.as_person("ana", "investigator");
    let produce = json!({"recipients": [identity.to_public().to_string()]});
    let made = ana.post("/api/v1/desk/requests/r-1/productions", produce).ok();
    app.advance(made["expires"].as_i64().unwrap() - app.now().unix() + 1);
    ana.get("/api/v1/desk/requests/r-1/productions/1").refused_with(409, "could be fetched until");
    session.get("/api/v1/portal/requests/r-1/productions/1").refused(401);
    let session = entered(app, EMAIL, &uri);
    session.get("/api/v1/portal/requests/r-1/productions/1").refused_with(409, "could be fetched until");
}

fn officers_are_approved_once_they_proved_themselves(app: &TestApp) {
    agency(app);
    app.as_nobody().post("/api/v1/portal/code", json!({"email": EMAIL, "name": "Ana Berg"})).success();
    let approver = app.as_role("approver");
    let verdict = json!({"verdict": "approve", "reason": "called back"});
    approver.post("/api/v1/desk/officers/1", verdict).refused_with(409, "second factor");
    assert_eq!(approver.get("/api/v1/desk/officers?state=registered").ok().as_array().map(Vec::len), Some(1));
    assert_eq!(approver.get("/api/v1/desk/officers?state=approved").ok(), json!([]));
    approver.get("/api/v1/desk/officers?state=asleep").refused_with(400, "state: unknown variant `asleep`");
}

/// Proves the address by a mailed code; the session lacks the second factor.
fn half<'a>(app: &'a TestApp, name: Option<&str>) -> Caller<'a> {
    let nobody = app.as_nobody();
    nobody.post("/api/v1/portal/code", json!({"email": EMAIL, "name": name})).success();
    app.with_token(&token(&nobody.post("/api/v1/portal/prove", json!({"email": EMAIL, "code": code(app)})).ok()))
}

fn an_officer_enters_with_a_passkey(app: &TestApp) {
    let (at, challenge) = ("/api/v1/portal/passkeys", "/api/v1/portal/passkeys/challenge");
    let device = |seed| Authenticator::new(seed, app.shared.site.origin());
    let (mut laptop, mut phone) = (device(1), device(2));
    agency(app);
    app.as_nobody().get(at).refused(401);
    let first = half(app, Some("Ana Berg"));
    first.post(challenge, Value::Null).refused_with(409, "no passkey");
    first.put(at, json!({"name": "laptop", "credential": {"id": "AAECAw"}})).refused_with(400, "credential");
    // Somebody who reads the officer's mail set an app up and began to make a passkey, when the officer makes theirs.
    let uri = first.post("/api/v1/portal/factor", Value::Null).ok()["uri"].as_str().unwrap().to_owned();
    let begun = phone.create(&first.post(at, Value::Null).ok());
    let made = laptop.create(&first.post(at, Value::Null).ok());
    let session = app.with_token(&token(&first.put(at, json!({"name": "laptop", "credential": made})).ok()));
    assert_eq!(session.get(at).ok()[0]["name"], "laptop");
    first.put(at, json!({"name": "thief", "credential": begun})).refused_with(409, "give it first");
    first.post(at, Value::Null).refused_with(409, "give it first");
    first.post("/api/v1/portal/factor", Value::Null).refused_with(409, "set up");
    first.put("/api/v1/portal/factor", json!({"code": totp(app, &uri)})).refused_with(409, "passkey");
    session.delete(&format!("{at}/{}", laptop.id())).refused_with(409, "only second factor");
    session.delete(&format!("{at}/7")).refused(404);
    // Another session: the mailed code alone opens nothing, an answer of the passkey does, once.
    app.advance(200);
    let second = half(app, None);
    second.get("/api/v1/portal/requests").refused(401);
    laptop.verifies = false;
    let careless = laptop.get(&second.post(challenge, Value::Null).ok());
    second.put(challenge, json!({"credential": careless})).refused_with(409, "passkey");
    laptop.verifies = true;
    let answer = laptop.get(&second.post(challenge, Value::Null).ok());
    let full = app.with_token(&token(&second.put(challenge, json!({"credential": answer})).ok()));
    second.put(challenge, json!({"credential": answer})).refused_with(409, "begin again");
    let made = phone.create(&full.post(at, Value::Null).ok());
    full.put(at, json!({"name": "phone", "credential": made})).ok();
    assert_eq!(full.delete(&format!("{at}/{}", laptop.id())).ok()[0]["name"], "phone");
}

fn a_lost_app_of_an_officer_confirms_nothing(app: &TestApp) {
    agency(app);
    let (_, lost) = enrolled(app, EMAIL);
    let verdict = json!({"verdict": "reset_factor", "reason": "the telephone was stolen"});
    assert_eq!(app.as_role("approver").post("/api/v1/desk/officers/1", verdict).ok()["second_factor"], false);
    app.advance(200);
    let half = half(app, None);
    half.put("/api/v1/portal/factor", json!({"code": totp(app, &lost)})).refused_with(409, "wrong");
    let uri = half.post("/api/v1/portal/factor", Value::Null).ok()["uri"].as_str().unwrap().to_owned();
    half.put("/api/v1/portal/factor", json!({"code": totp(app, &uri)})).ok();
}

fn an_administrator_ends_an_officers_session(app: &TestApp) {
    agency(app);
    let (officer, uri) = enrolled(app, EMAIL);
    officer.get("/api/v1/portal/me").ok();
    let root = app.as_role("root");
    let sessions = || root.get("/api/v1/sessions?all=true").ok().as_array().unwrap().clone();
    let listed = sessions();
    assert!(listed.iter().all(|s| s["kind"] == "officer" && s["person"] == EMAIL && s["key"] == ""), "{listed:?}");
    app.as_role("investigator").delete(&format!("/api/v1/sessions/{}", listed[0]["id"].as_str().unwrap())).refused(404);
    for session in &listed {
        root.delete(&format!("/api/v1/sessions/{}", session["id"].as_str().unwrap())).is(204);
    }
    assert!(sessions().is_empty());
    officer.get("/api/v1/portal/me").refused(401);
    // Another sign-in is another session.
    app.advance(30);
    let again = entered(app, EMAIL, &uri);
    again.get("/api/v1/portal/me").ok();
    officer.get("/api/v1/portal/me").refused(401);
    app.advance(holdfast_identity::OFFICER_SESSION_SECONDS.count());
    assert!(sessions().is_empty(), "over");
    assert_eq!(root.get("/api/v1/audit/verify").ok()["problems"], json!([]));
}
