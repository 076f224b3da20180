//! Courses, sessions, learners, labs, certificates.

use holdfast_testing::START;
use holdfast_testing_app::{Caller, TestApp, on_both_apps};
use holdfast_types::Seconds;
use serde_json::{Value, json};

on_both_apps!(a_session_ends_in_a_certificate, a_learner_works_on_labs, a_learners_session_ends_for_good);

fn session(trainer: &Caller<'_>, course: &str) -> Value {
    let plan = json!({"course": course, "mode": "in_person", "country": "ES", "place": "Madrid", "starts": START, "ends": START + Seconds::DAY,
        "parts": 1, "trainer": "Mira Novak", "capacity": 1});
    trainer.post("/api/v1/academy/sessions", plan).ok()["id"].clone()
}

fn ana() -> Value {
    json!({"name": "Ana Ruiz", "email": "ana.ruiz@policia.example", "agency": "Policía de Ejemplo", "country": "ES"})
}

fn a_session_ends_in_a_certificate(app: &TestApp) {
    let trainer = app.as_role("trainer");
    let course = |version: u32| {
        format!(
            "---\ncourse: stablecoins\nlang: en\nversion: {version}\ntitle: Stablecoins\nsummary: Tokens that issuers can freeze.\nhours: 2\nlabs: []\n---\n## One\n\nText.\n"
        )
    };
    let add = |text: String| trainer.send("POST", "/api/v1/academy/courses", "text/markdown", text);
    add(course(1)).ok();
    let again = add(course(1));
    assert!(matches!(again.status, 400 | 409), "{}", again.text());
    add("no course".into()).refused(400);
    assert_eq!(trainer.get("/api/v1/academy/courses/stablecoins").ok()["header"]["title"], "Stablecoins");
    assert!(trainer.get("/api/v1/academy/courses").ok().as_array().is_some_and(|c| c.len() > 3));
    let id = session(&trainer, "stablecoins");
    let at = format!("/api/v1/academy/sessions/{id}");
    let enrolled = trainer.post(&format!("{at}/learners"), ana()).ok();
    let learner = enrolled["learner"]["id"].clone();
    let mut eva = ana();
    (eva["name"], eva["email"]) = (json!("Eva Paz"), json!("eva.paz@policia.example"));
    trainer.post(&format!("{at}/learners"), eva).refused_with(409, "full");
    let certify = || trainer.post(&format!("{at}/certificates"), json!({"learner": learner}));
    certify().refused_with(409, "attended 0 of 1");
    let attend = |part: u32, who: Value| trainer.put(&format!("{at}/attendance/{part}"), json!({"present": [who]}));
    attend(1, json!(99)).refused(400);
    attend(1, learner.clone()).ok();
    let given = certify().ok();
    let certificate = given["id"].as_str().unwrap().to_owned();
    assert_eq!(certify().ok()["id"], certificate.as_str(), "it is given once");
    assert!(trainer.get(&format!("/api/v1/academy/certificates/{certificate}")).ok()["jwt"].is_string());
    let pdf = trainer.get(&format!("/api/v1/academy/certificates/{certificate}/pdf"));
    assert!(pdf.success().body.starts_with(b"%PDF-"));
    trainer.get("/api/v1/academy/certificates/none/pdf").refused(404);
    let sheet = json!({"content": 5, "trainer": 4, "labs": 5, "comment": "on paper"});
    trainer.put(&format!("{at}/learners/{learner}/feedback"), sheet.clone()).is(204);
    trainer.put(&format!("{at}/learners/99/feedback"), sheet).refused(404);
    assert_eq!(trainer.get(&at).ok()["feedback"]["sheets"], 1);
    let key = trainer.post(&format!("/api/v1/academy/learners/{learner}/key"), Value::Null).ok();
    let learner_key = app.with_token(key["key"].as_str().unwrap());
    assert!(learner_key.get(&format!("/api/v1/learn/certificates/{certificate}")).success().body.starts_with(b"%PDF-"));
    learner_key.get("/api/v1/learn/certificates/none").refused(404);
    for part in ["class", "scoreboard", "xapi"] {
        trainer.get(&format!("{at}/{part}")).ok();
    }
    let revoke = || {
        trainer.post(&format!("/api/v1/academy/certificates/{certificate}/revoke"), json!({"why": "given in error"}))
    };
    revoke().ok();
    certify().refused_with(409, "revoked");
    trainer.post(&format!("{at}/end"), json!({"cancelled": false})).ok();
    trainer.post(&format!("{at}/end"), json!({"cancelled": false})).refused(409);
    attend(1, learner.clone()).refused_with(409, "closed");
    assert_eq!(trainer.get("/api/v1/academy/sessions").ok().as_array().map(Vec::len), Some(1));
    assert!(trainer.get(&at).ok().is_object());
    assert!(app.as_role("auditor").get("/api/v1/academy/programme").ok().is_array());
    app.as_role("investigator").post("/api/v1/academy/sessions", json!({})).refused_with(403, "academy");
}

fn a_learner_works_on_labs(app: &TestApp) {
    let trainer = app.as_role("trainer");
    assert!(trainer.get("/api/v1/academy/labs").ok().as_array().is_some_and(|l| l.len() >= 8));
    let id = session(&trainer, "asking-an-exchange");
    let enrolled = trainer.post(&format!("/api/v1/academy/sessions/{id}/learners"), ana()).ok();
    let learner = app.with_token(enrolled["key"].as_str().unwrap());
    assert!(learner.get("/api/v1/learn/me").ok().to_string().contains("Ana Ruiz"));
    app.with_token("hl_1_00").get("/api/v1/learn/me").refused(401);
    let begin = |lab: &str| learner.post(&format!("/api/v1/learn/sessions/{id}/labs/{lab}"), Value::Null);
    begin("no-such-lab").refused(404);
    // A lab of another course.
    begin("follow-a-ransom").refused_with(404, "lab follow-a-ransom of session");
    let attempt = begin("forged-requests").ok();
    let at = format!("/api/v1/learn/attempts/{}", attempt["id"]);
    let step = attempt["steps"][0]["id"].as_str().unwrap().to_owned();
    assert!(attempt["steps"][0]["solution"].is_null(), "nothing gives a step away");
    assert_eq!(
        learner.post(&format!("{at}/hints"), json!({"step": step})).ok()["steps"][0]["hints"].as_array().map(Vec::len),
        Some(1)
    );
    learner.post(&format!("{at}/hints"), json!({"step": "no-such-step"})).refused_with(400, "no-such-step");
    // Giving up ends a step.
    let over = learner.post(&format!("{at}/answers"), json!({"step": step, "answer": ""})).ok();
    assert_eq!(over["steps"][0]["over"], true, "{over}");
    learner.post(&format!("{at}/answers"), json!({"step": step, "answer": "x"})).refused_with(409, "over");
    learner.post(&format!("{at}/hints"), json!({"step": step})).refused(409);
    assert!(learner.get(&format!("{at}/pack")).success().body.starts_with(b"PK"));
    assert_eq!(learner.get(&at).ok()["steps"][0]["over"], true);
    learner.get(&format!("/api/v1/learn/sessions/{id}/scoreboard")).ok();
    let sheet = json!({"content": 5, "trainer": 5, "labs": 4, "comment": ""});
    learner.put(&format!("/api/v1/learn/sessions/{id}/feedback"), sheet).is(204);
    learner
        .put(&format!("/api/v1/learn/sessions/{id}/feedback"), json!({"content": 6, "trainer": 5, "labs": 4}))
        .refused(400);
    learner.get("/api/v1/holds").refused(401);
}

fn a_learners_session_ends_for_good(app: &TestApp) {
    let (trainer, root) = (app.as_role("trainer"), app.as_role("root"));
    let id = session(&trainer, "asking-an-exchange");
    let enrolled = trainer.post(&format!("/api/v1/academy/sessions/{id}/learners"), ana()).ok();
    let (key, learner) = (enrolled["key"].as_str().unwrap().to_owned(), enrolled["learner"]["id"].clone());
    let browser = app.browser();
    let sign_in = |key: &str| browser.page("/academy").form("/academy/enter").submit(&[("key", key)]).status;
    let status = || browser.page("/academy/me").answer.status;
    let sessions = || root.get("/api/v1/sessions?all=true").ok().as_array().unwrap().clone();
    assert_eq!((sign_in("hl_1_00"), sign_in(&key), status()), (401, 303, 200));
    let listed = sessions();
    assert_eq!((listed.len(), &listed[0]["kind"], &listed[0]["key"]), (1, &json!("learner"), &json!("")), "{listed:?}");
    assert_eq!(listed[0]["person"], "ana.ruiz@policia.example");
    // An administrator ends it.
    root.delete(&format!("/api/v1/sessions/{}", listed[0]["id"].as_str().unwrap())).is(204);
    assert_ne!(status(), 200);
    assert!(sessions().is_empty());
    // A new key ends it.
    assert_eq!((sign_in(&key), status()), (303, 200));
    let new = trainer.post(&format!("/api/v1/academy/learners/{learner}/key"), Value::Null).ok();
    assert_ne!(status(), 200);
    assert!(sessions().is_empty());
    // Leaving ends it.
    assert_eq!((sign_in(new["key"].as_str().unwrap()), status()), (303, 200));
    assert_eq!(browser.page("/academy/me").form("/academy/leave").submit(&[]).status, 303);
    assert!(sessions().is_empty());
}
