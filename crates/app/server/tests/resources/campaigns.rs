//! Campaigns and warnings.

use holdfast_testing::START;
use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(
    a_campaign_is_started_by_another_person,
    a_warned_withdrawal_waits_for_answers,
    warning_texts_are_stored_by_language
);

fn plan() -> Value {
    json!({"title": "Stop before you pay", "scam": "investment", "partner": "Policía de Ejemplo", "rule": {"days": 90, "min_value": 1}, "holdout_ppm": 0})
}

fn a_campaign_is_started_by_another_person(app: &TestApp) {
    // Someone who paid an address that is tagged as a scam.
    let csv = "address,currency,label,source,abuse,confidence\n0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed,ETH,Sure Gains,https://example.org,ponzi_scheme,forensic\n";
    app.as_role("administrator").send("POST", "/api/v1/tags?name=mine.csv", "text/csv", csv).ok();
    // Payments go out, as before the exchange had rules.
    app.shared.screening.apply_rules(&BOOK.replace("10000", "99999999"), "t").unwrap();
    app.decided("w-1", "c-1");
    let (ana, bo) = (app.as_person("ana", "investigator"), app.as_person("bo", "approver"));
    let preview = ana.post("/api/v1/campaigns/preview", plan());
    let stored = ana.get("/api/v1/events/w-1").ok();
    assert_eq!(preview.ok()["people"], 1, "{stored}");
    let drafted = ana.post("/api/v1/campaigns", plan()).ok();
    let at = format!("/api/v1/campaigns/{}", drafted["id"]);
    assert_eq!(ana.get("/api/v1/campaigns").ok().as_array().map(Vec::len), Some(1));
    ana.get(&format!("{at}/effect")).refused(409);
    ana.post(&format!("{at}/start"), Value::Null).refused_with(403, "approve");
    // Who drafted it does not start it, whatever the key.
    app.as_person("ana-too", "approver").post("/api/v1/campaigns", plan()).ok();
    app.as_person("ana-too", "approver")
        .post("/api/v1/campaigns/2/start", Value::Null)
        .refused_with(409, "another person");
    bo.post(&format!("{at}/end"), Value::Null).refused(409);
    assert_eq!(bo.post(&format!("{at}/start"), Value::Null).ok()["state"], "running");
    bo.post(&format!("{at}/start"), Value::Null).refused(409);
    assert_eq!(ana.get(&format!("{at}/people")).ok()[0]["customer"], "c-1");
    assert!(ana.get(&format!("{at}/effect")).ok().is_object());
    assert_eq!(bo.post(&format!("{at}/end"), Value::Null).ok()["state"], "ended");
    bo.post(&format!("{at}/end"), Value::Null).refused(409);
    assert_eq!(ana.get(&at).ok()["state"], "ended");
}

const BOOK: &str = "title: trial\nrules:\n  - {id: large, version: 1, state: live, title: Large, on: [withdrawal], when: event.value >= 10000, decision: hold, hold: {second_person: false}, warning: {scam: romance, cooling_off_hours: 12, then: release}, source: [trial]}\n";

fn a_warned_withdrawal_waits_for_answers(app: &TestApp) {
    app.shared.screening.apply_rules(BOOK, "t").unwrap();
    let decision = app.decided("w-1", "c-1");
    assert_eq!(decision["decision"], "hold", "{decision}");
    let exchange = app.as_role("exchange");
    let warning = exchange.get("/api/v1/warnings/w-1?lang=es").ok();
    let questions: Vec<String> =
        warning["questions"].as_array().unwrap().iter().map(|q| q["id"].as_str().unwrap().to_owned()).collect();
    let answer = |body: Value| exchange.post("/api/v1/warnings/w-1/answers", body);
    answer(json!({"proceed": true, "answers": {"weather": true}})).refused_with(400, "weather");
    let all: serde_json::Map<String, Value> = questions.into_iter().map(|q| (q, json!(false))).collect();
    answer(json!({"proceed": true, "answers": all})).ok();
    answer(json!({"proceed": true, "answers": all})).refused(409);
    assert_eq!(app.as_role("investigator").get("/api/v1/warnings").ok().as_array().map(Vec::len), Some(1));
    app.advance(12 * 3_600 + 1);
    assert!(app.now() > START);
    exchange.get("/api/v1/warnings/w-9").refused(404);
}

fn warning_texts_are_stored_by_language(app: &TestApp) {
    let ana = app.as_role("investigator");
    let at = "/api/v1/campaigns/templates/investment/es";
    let before = ana.get(at).ok();
    assert!(before["body"].as_str().is_some_and(|b| !b.is_empty()), "{before}");
    let new = json!({"subject": "Alto", "body": "{partner} y nosotros le avisamos."});
    ana.put(at, new).ok();
    assert_eq!(ana.get(at).ok()["subject"], "Alto");
    ana.put(at, json!({"subject": "", "body": "x"})).refused_with(400, "subject");
    ana.get("/api/v1/campaigns/templates/weather/es").refused(400);
}
