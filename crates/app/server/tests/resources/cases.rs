//! Cases: members, exhibits, reports to authorities, search, recommendations.

use holdfast_testing::START;
use holdfast_testing_app::{BLOCK, TestApp, on_both_apps};
use holdfast_types::Seconds;
use serde_json::{Value, json};

on_both_apps!(
    a_case_is_its_members,
    exhibits_have_custody_and_are_scanned,
    reports_are_approved_by_another,
    teams_follow_recommendations
);

pub fn filer() -> Value {
    json!({"name": "Example & Sons Exchange", "entity_id": 17, "branch": "main", "tax_number": "123456789", "control_code": "PBSA8180",
        "address": "1 Main St", "city": "Springfield", "state": "IL", "postal_code": "62701", "country": "US", "phone": "5551234567",
        "currency": "USD", "officer_first_name": "Ana", "officer_last_name": "Berg"})
}

fn opened(app: &TestApp) {
    let new = json!({"title": "A ransom <&>", "summary": "Reported by the victim.", "typology": "ransomware"});
    assert_eq!(app.as_person("ana", "investigator").post("/api/v1/desk/cases", new).ok()["id"], 1);
}

fn a_case_is_its_members(app: &TestApp) {
    opened(app);
    let (ana, bo) = (app.as_person("ana", "investigator"), app.as_person("bo", "investigator"));
    let at = "/api/v1/desk/cases/1";
    let step = |body: Value| ana.post(at, body);
    let note = step(json!({"step": "add", "kind": "note", "title": "Called the victim back."})).ok();
    assert!(note["item"].is_u64(), "{note}");
    step(json!({"step": "add", "kind": "planet", "title": "x"})).refused_with(400, "planet");
    bo.get(at).refused(404);
    bo.post(at, json!({"step": "add", "kind": "note", "title": "x"})).refused(404);
    assert_eq!(bo.get("/api/v1/desk/cases").ok(), json!([]), "nothing shows that there is a case");
    assert_eq!(bo.get("/api/v1/desk/search?q=ransom").ok(), json!([]));
    step(json!({"step": "member", "person": "bo", "role": "member"})).ok();
    assert_eq!(bo.get(at).ok()["case"]["title"], "A ransom <&>");
    assert_eq!(bo.get("/api/v1/desk/search?q=ransom").ok()[0]["kind"], "case");
    bo.get("/api/v1/desk/search?q=").refused(400);
    let txid = ana.get(&format!("/api/v1/block/{BLOCK}")).ok()["txids"][1].as_str().unwrap().to_owned();
    let traced = ana.post(&format!("{at}/traces?subject={txid}"), Value::Null).ok();
    assert!(traced["item"].is_u64(), "{traced}");
    let pdf = ana.get(&format!("{at}/report.pdf"));
    assert!(pdf.success().body.starts_with(b"%PDF-"));
    step(json!({"step": "close", "reason": "handed over"})).ok();
    step(json!({"step": "add", "kind": "note", "title": "late"})).refused(409);
    ana.post(&format!("{at}/traces?subject={txid}"), Value::Null).refused(409);
    ana.send("POST", &format!("{at}/evidence/phone.txt?exhibit=Phone"), "application/octet-stream", "x").refused(409);
    step(json!({"step": "reopen"})).ok();
    step(json!({"step": "reopen"})).refused_with(409, "is open");
    assert_eq!(ana.get("/api/v1/desk/cases?state=open").ok().as_array().map(Vec::len), Some(1));
    assert_eq!(ana.get("/api/v1/desk/cases?state=closed").ok(), json!([]));
    ana.get("/api/v1/desk/cases?state=lost")
        .refused_with(400, "state: unknown variant `lost`, expected `open` or `closed`");
    app.as_role("auditor").get(at).ok();
}

fn exhibits_have_custody_and_are_scanned(app: &TestApp) {
    opened(app);
    let ana = app.as_person("ana", "investigator");
    let put = |name: &str, bytes: &str| {
        ana.send(
            "PUT",
            &format!("/api/v1/desk/cases/1/exhibits/{name}?media_type=text/plain&place=safe%201"),
            "text/plain",
            bytes,
        )
    };
    put("note.txt", "what was found").ok();
    put("note.txt", "something else").refused(409);
    ana.send("PUT", "/api/v1/desk/cases/1/exhibits/x?media_type=text/plain", "text/plain", "x")
        .refused_with(400, "place");
    let fetched = ana.get("/api/v1/desk/cases/1/exhibits/note.txt");
    assert_eq!(fetched.success().body, b"what was found");
    ana.get("/api/v1/desk/cases/1/exhibits/other.txt").refused(404);
    let file = format!("pay {} now", holdfast_testing_app::PAID);
    let scan = |name: &str| {
        let path = format!("/api/v1/desk/cases/1/evidence/{name}?exhibit=Phone%201");
        ana.send("POST", &path, "application/octet-stream", file.clone())
    };
    let scanned = scan("phone.txt").ok();
    assert!(scanned.to_string().contains("1"), "{scanned}");
    let again = scan("phone.txt");
    assert!(matches!(again.status, 200 | 409), "{}", again.text());
    scans_of_other_machines_are_added(app);
}

/// Findings come sealed to the case's key; what is not sealed to it is refused.
fn scans_of_other_machines_are_added(app: &TestApp) {
    use holdfast_forensics::scan::{MAX_UNPACKED, scan_at_most};
    use holdfast_forensics::seal::Sealer;
    let (ana, bo) = (app.as_person("ana", "investigator"), app.as_person("bo", "investigator"));
    bo.get("/api/v1/desk/cases/1/recipient").refused(404);
    let recipient = ana.get("/api/v1/desk/cases/1/recipient").ok()["recipient"].as_str().unwrap().to_owned();
    let dir = tempfile::tempdir().unwrap();
    let phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    let file = dir.path().join("seed.txt");
    std::fs::write(&file, format!("{phrase}\n")).unwrap();
    let scan = |recipient: String, out: &str| {
        let (sealer, out) = (Sealer::new(&[recipient]).unwrap(), dir.path().join(out));
        let go_on = &mut |_: &_| std::ops::ControlFlow::Continue(());
        scan_at_most(std::slice::from_ref(&file), &out, None, &sealer, MAX_UNPACKED, go_on).unwrap()
    };
    let sent = |report: &dyn Fn() -> Value| json!({"exhibit": "Phone 2", "begun": "2026-01-01T00:00:00Z", "ended": "2026-01-01T01:00:00Z", "report": report()});
    let path = "/api/v1/desk/cases/1/scans";
    let sealed = scan(recipient, "sealed");
    let added = ana.post(path, sent(&|| json!(sealed))).ok();
    assert!(added["derived"].as_array().is_some_and(|d| !d.is_empty()), "{added}");
    assert!(added["files"]["evidence.json"].as_str().is_some_and(|t| t.contains("Phone 2")), "{added}");
    bo.post(path, sent(&|| json!(sealed))).refused(404);
    let other = scan(age::x25519::Identity::generate().to_public().to_string(), "other");
    ana.post(path, sent(&|| json!(other))).refused(409);
    let stopped = || {
        let mut report = json!(sealed);
        report["complete"] = json!(false);
        report
    };
    ana.post(path, sent(&stopped)).refused_with(400, "report.complete");
    let clear = || {
        let mut report = json!(sealed);
        report["findings"][0]["value"] = json!(phrase);
        report
    };
    let refused = ana.post(path, sent(&clear));
    assert!(!refused.text().contains(phrase), "{}", refused.text());
    refused.refused_with(400, "report.findings");
}

fn reports_are_approved_by_another(app: &TestApp) {
    app.decided("w-1", "c-1");
    opened(app);
    let (ana, bo) = (app.as_person("ana", "investigator"), app.as_person("bo", "approver"));
    let step = |body: Value| ana.post("/api/v1/desk/cases/1", body).ok();
    step(json!({"step": "add", "kind": "subject", "key": "c-1"}));
    step(json!({"step": "add", "kind": "event", "key": "w-1"}));
    step(json!({"step": "add", "kind": "note", "title": "The victim called."}));
    step(json!({"step": "member", "person": "bo", "role": "member"}));
    let reports = "/api/v1/desk/cases/1/reports";
    ana.post(reports, json!({"kind": "letter", "filer": filer()})).refused_with(400, "letter");
    let draft = ana.post(reports, json!({"kind": "goaml", "filer": filer()})).ok();
    let at = format!("{reports}/{}", draft["id"]);
    assert_eq!(ana.get(reports).ok().as_array().map(Vec::len), Some(1));
    ana.post(&format!("{at}/export"), Value::Null).refused(409);
    ana.post(&format!("{at}/approve"), Value::Null).refused_with(403, "approve");
    bo.post(&format!("{at}/approve"), Value::Null).ok();
    bo.post(&format!("{at}/approve"), Value::Null).refused(409);
    let exported = ana.post(&format!("{at}/export"), Value::Null);
    assert!(exported.success().text().contains("Example &amp; Sons Exchange"), "{}", exported.text());
    // What is revised is approved anew.
    let mut body = draft["body"].clone();
    body["narrative"] = json!("In other words.");
    let revised = ana.put(&at, body.clone());
    assert!(matches!(revised.status, 200 | 409), "{}", revised.text());
    if revised.status == 200 {
        ana.post(&format!("{at}/export"), Value::Null).refused(409);
    }
    let second = ana.post(reports, json!({"kind": "goaml", "filer": filer()})).ok();
    let at = format!("{reports}/{}", second["id"]);
    let mut body = second["body"].clone();
    body["narrative"] = json!("In other words.");
    assert_eq!(ana.put(&at, body).ok()["body"]["narrative"], "In other words.");
}

fn teams_follow_recommendations(app: &TestApp) {
    opened(app);
    let ana = app.as_person("ana", "investigator");
    let findings = ana.get("/api/v1/desk/findings").ok();
    assert!(findings.is_array(), "{findings}");
    let new = json!({"team": "aml", "title": "Hold first withdrawals", "typology": "ransomware", "text": "As all cases show."});
    let made = ana.post("/api/v1/desk/recommendations", new).ok();
    let listed = ana.get("/api/v1/desk/recommendations").ok();
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{made} {listed}");
    let at = format!("/api/v1/desk/recommendations/{}", listed[0]["id"]);
    ana.post(&at, json!({"state": "accepted", "note": "in the next release"})).ok();
    ana.post(&at, json!({"state": "melted", "note": "x"})).refused_with(400, "state");
    let report = ana
        .get(&format!(
            "/api/v1/desk/transparency?from={}&to={}",
            (START - Seconds::DAY).unix(),
            (START + Seconds::DAY).unix()
        ))
        .ok();
    assert!(report.is_object());
    ana.get("/api/v1/desk/transparency?from=1").refused_with(400, "to");
}
