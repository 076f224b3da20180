//! Learned models, from a file to what is in force, and what they said of an event.

use holdfast_testing::{account_model, value_model};
use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

on_both_apps!(
    two_people_put_a_model_in_force_that_then_scores,
    files_and_requests_that_are_wrong_are_refused,
    pages_show_card_and_reasons,
    pages_start_follow_and_stop_a_training,
    pages_import_models_of_peers_with_their_scores,
    quiet_events_are_drawn_and_reviewed,
    no_more_models_than_a_desk_holds,
);

fn base64(bytes: &[u8]) -> String {
    holdfast_learned::written(bytes)
}

fn two_people_put_a_model_in_force_that_then_scores(app: &TestApp) {
    let (ana, bo) = (app.as_person("ana", "administrator"), app.as_person("bo", "administrator"));
    let investigator = app.as_role("investigator");
    assert_eq!(ana.get("/api/v1/models").ok(), json!([]), "rules decide alone");
    let model = value_model("event-risk", 4_000);
    let (file, hash) = (base64(model.to_bytes()), model.hash().to_string());
    investigator.post("/api/v1/models", json!({"file": file})).refused_with(403, "rules");
    let added = ana.post("/api/v1/models", json!({"file": file, "sha256": hash})).ok();
    assert_eq!((&added["model"], &added["state"]), (&json!(hash), &json!("draft")));
    let at = format!("/api/v1/models/{hash}");
    let step = |step: &str| json!({"step": step, "reason": "as agreed"});
    ana.post(&format!("{at}/step"), step("champion")).refused_with(409, "shadow first");
    ana.post(&format!("{at}/step"), step("shadow")).ok();
    assert_eq!(ana.post(&format!("{at}/step"), step("champion")).ok()["proposed_by"], "ana");
    ana.post(&format!("{at}/step"), step("champion")).refused_with(409, "another person");
    assert_eq!(bo.post(&format!("{at}/step"), step("champion")).ok()["state"], "champion");
    assert_eq!(investigator.get(&at).ok()["state"], "champion");
    assert_eq!(investigator.get("/api/v1/models?state=champion&purpose=event-risk").ok()[0]["model"], json!(hash));
    assert_eq!(investigator.get("/api/v1/models?state=draft").ok(), json!([]));
    let decided = app.decided("w-1", "c-1");
    let learned = &decided["learned"]["scores"][0];
    assert_eq!((&learned["model"], &learned["role"]), (&json!(hash), &json!("champion")), "{decided}");
    let scores = investigator.get(&format!("/api/v1/models/scores/{}?lang=de", decided["seq"])).ok();
    assert_eq!(scores[0]["probability_ppm"], learned["probability_ppm"]);
    assert!(!scores[0]["reasons"].as_array().unwrap().is_empty(), "{scores}");
    investigator.get("/api/v1/models/scores/999999").refused(404);
    let card = investigator.get(&format!("{at}/card")).ok();
    assert_eq!((&card["model"], &card["fairness"][0]["property"]), (&json!(hash), &json!("country")));
    let drift = investigator.get(&format!("{at}/drift?from=1000000000")).ok();
    assert_eq!((&drift["events"], &drift["score"]["verdict"]), (&json!(1), &json!("too_few")));
    let compared =
        investigator.get(&format!("/api/v1/models/compare?champion={hash}&challenger={hash}&budget=0.5")).ok();
    assert_eq!((&compared["evidence"], &compared["agreement"]), (&json!("too_few"), &json!(1.0)));
    let given = investigator.get(&format!("{at}/file"));
    assert_eq!(given.success().body, model.to_bytes());
    let signed = investigator.get(&format!("{at}/signature")).ok();
    assert_eq!(signed["model"], json!(hash));
    let again = |signature: &Value, signer: &Value| {
        ana.post("/api/v1/models", json!({"file": file, "signature": signature, "signer": signer}))
    };
    assert_eq!(again(&signed, &signed["key"]).ok()["state"], "champion", "what is there stays");
    again(&signed, &json!("00".repeat(32))).refused_with(400, "signer");
    again(&signed, &Value::Null).refused_with(400, "signer");
    again(&Value::Null, &signed["key"]).refused_with(400, "signature");
    let features = investigator.get("/api/v1/models/features").ok();
    assert!(features.as_array().unwrap().iter().any(|f| f["name"] == "event_value" && f["kind"] == "amount"));
    assert_eq!(ana.get("/api/v1/models/train/event-risk").ok(), Value::Null);
    let job = ana.post("/api/v1/models/train", json!({"purpose": "event-risk", "budget": 0.1})).ok();
    assert_eq!((&job["kind"], &job["state"]), (&json!("train-model"), &json!("waiting")));
    assert_eq!(ana.get("/api/v1/models/train/event-risk").ok()["id"], job["id"]);
    ana.post("/api/v1/models/train", json!({"purpose": "event-risk", "budget": 0.1}))
        .refused_with(409, "waits already");
    let weeks = investigator.get(&format!("{at}/precision?weeks=4")).ok();
    assert_eq!((&weeks["standing"], &weeks["weeks"]), (&json!("no_bound"), &json!([])), "nobody reviewed: {weeks}");
    let pdf = investigator.get(&format!("{at}/card.pdf"));
    assert!(pdf.success().body.starts_with(b"%PDF-"), "{}", pdf.text());
    let verify = |bytes: Vec<u8>| investigator.send("POST", "/api/v1/verify", "application/octet-stream", bytes);
    let found = verify(model.to_bytes().to_vec()).ok();
    assert!(found["valid"] == true && found.to_string().contains(&hash), "{found}");
    let (mut cut, mut longer) = (model.to_bytes().to_vec(), model.to_bytes().to_vec());
    cut.pop();
    longer.push(0);
    for changed in [cut, longer] {
        let answer = verify(changed);
        assert!(answer.status == 400 || answer.json()["valid"] == false, "{}", answer.text());
    }
    bo.post(&format!("{at}/step"), step("retire")).ok();
    assert!(app.decided("w-2", "c-1")["learned"].is_null(), "rules alone");
}

fn files_and_requests_that_are_wrong_are_refused(app: &TestApp) {
    let ana = app.as_person("ana", "administrator");
    let add = |body: Value| ana.post("/api/v1/models", body);
    add(json!({"file": "?"})).refused_with(400, "no Base64");
    add(json!({"file": "SEZNMQo="})).refused_with(400, "model file");
    add(json!({"file": base64(value_model("everything", 5_000).to_bytes())})).refused_with(400, "none of");
    let phishing = value_model("account-phishing", 5_000);
    add(json!({"file": base64(phishing.to_bytes())})).refused_with(400, "feature event_value");
    let model = value_model("mule", 5_000);
    add(json!({"file": base64(model.to_bytes()), "sha256": "00"})).refused_with(400, "another model");
    add(json!({"file": "tree", "peer": "lightgbm"})).refused_with(400, "purpose");
    add(json!({"file": "tree", "peer": "lightgbm", "purpose": "mule", "scores": "a,score\n"}))
        .refused_with(400, "rows");
    let nobody = "0".repeat(64);
    for (path, status) in [
        ("", 404),
        ("/card", 404),
        ("/card.pdf", 404),
        ("/file", 404),
        ("/signature", 404),
        ("/drift", 404),
        ("/precision", 404),
    ] {
        ana.get(&format!("/api/v1/models/{nobody}{path}")).refused(status);
        ana.get(&format!("/api/v1/models/short{path}")).refused_with(404, "64 hexadecimal digits");
    }
    ana.post(&format!("/api/v1/models/{nobody}/step"), json!({"step": "retire", "reason": "x"})).refused(404);
    ana.post(&format!("/api/v1/models/{nobody}/step"), json!({"step": "fly", "reason": "x"})).refused(400);
    ana.post(&format!("/api/v1/models/{nobody}/step"), json!({"step": "retire", "reason": " "}))
        .refused_with(400, "reason");
    let accounts = account_model();
    add(json!({"file": base64(accounts.to_bytes())})).ok();
    ana.get(&format!("/api/v1/models/{}/drift", accounts.hash())).refused_with(409, "score no events");
    ana.get(&format!("/api/v1/models/{}/card", accounts.hash())).ok();
    ana.get(&format!("/api/v1/models/{}/precision", accounts.hash())).refused_with(409, "score no events");
    ana.get(&format!("/api/v1/models/{}/precision?budget=0", accounts.hash())).refused_with(400, "budget");
    ana.get(&format!("/api/v1/models/{}/precision?weeks=0", accounts.hash())).refused_with(400, "weeks");
    let itself = format!("/api/v1/models/compare?champion={0}&challenger={0}&budget=0.1", accounts.hash());
    ana.get(&itself).refused_with(409, "score no events");
    let compare = |a: &str, budget: &str| {
        ana.get(&format!("/api/v1/models/compare?champion={a}&challenger={nobody}&budget={budget}"))
    };
    compare("short", "0.1").refused_with(400, "champion");
    compare(&nobody, "7").refused_with(400, "budget");
    compare(&nobody, "0.1").refused(404);
    ana.get("/api/v1/models/train/everything").refused_with(400, "none of");
    let train = |body: Value| ana.post("/api/v1/models/train", body);
    train(json!({"purpose": "mule", "budget": 2})).refused_with(400, "budget");
    train(json!({"purpose": "mule", "budget": 0.1, "labels": "x"})).refused_with(400, "labels");
    train(json!({"purpose": "account-phishing", "budget": 0.1})).refused_with(409, "score no events");
}

fn pages_show_card_and_reasons(app: &TestApp) {
    let browser = app.browser().sign_in("administrator");
    assert!(browser.page("/desk/models").ok().contains("rules decide alone"));
    let ana = app.as_person("ana", "administrator");
    let model = value_model("event-risk", 4_000);
    ana.post("/api/v1/models", json!({"file": base64(model.to_bytes())})).ok();
    let at = format!("/desk/models/{}", model.hash());
    assert!(browser.page("/desk/models").ok().contains(&at));
    assert!(browser.page(&at).ok().contains("No events were scored yet"));
    let step = |step: &str, reason: &str| browser.page(&at).form(&at).submit(&[("step", step), ("reason", reason)]);
    let refused = step("champion", "good");
    assert!(refused.status == 409 && refused.text().contains("shadow first"), "{}", refused.text());
    assert_eq!(step("shadow", "").status, 400, "without a reason");
    assert_eq!(step("shadow", "trial").status, 303);
    let alert = app.decided("w-1", "c-1")["alert"].clone();
    let page = app.browser().sign_in("investigator").page(&format!("/desk/alerts/{alert}")).ok();
    assert!(
        page.contains("What learned models said") && page.contains("value in the reference currency 123.45"),
        "{page}"
    );
    let card = browser.page(&at).ok();
    assert!(card.contains("PL") && card.contains("too few to tell") && card.contains("individual"), "{card}");
    let other = value_model("event-risk", 5_000);
    ana.post("/api/v1/models", json!({"file": base64(other.to_bytes())})).ok();
    let compare = format!("/desk/models/compare?champion={}&challenger={}", model.hash(), other.hash());
    assert!(browser.page(&at).ok().contains(&compare.replace('&', "&amp;")));
    assert!(browser.page(&compare).ok().contains("Too few labels to tell"));
    assert_eq!(browser.page("/desk/models/short").answer.status, 404);
}

fn pages_start_follow_and_stop_a_training(app: &TestApp) {
    let browser = app.browser().sign_in("administrator");
    let (train, at) = ("/desk/models/train", "/desk/models/train/mule");
    assert!(browser.page("/desk/models").ok().contains(train));
    let reader = app.browser().sign_in("investigator");
    assert!(!reader.page("/desk/models").ok().contains(train), "who may not train is not led there");
    assert_eq!(reader.page(train).answer.status, 403);
    assert!(browser.page(at).ok().contains("Nothing was trained yet"));
    let start = |fields: &[(&str, &str)]| browser.page(train).form(train).submit(fields);
    let refused = start(&[("purpose", "mule"), ("budget", "2")]);
    assert!(refused.status == 400 && refused.text().contains("Share of events"), "{}", refused.text());
    assert_eq!(start(&[("purpose", "mule"), ("labels", "x")]).status, 400);
    assert_eq!(start(&[("purpose", "account-phishing")]).status, 409, "it scores no events");
    let begun = start(&[("purpose", "mule"), ("until", "2026-01-31")]);
    assert_eq!((begun.status, begun.header("location")), (303, at), "{}", begun.text());
    assert_eq!(start(&[("purpose", "mule")]).status, 409, "one waits already");
    let page = browser.page(at);
    assert_eq!(page.answer.header("refresh"), "3");
    assert!(page.ok().contains("waits for its turn"), "{}", page.ok());
    let stop = page.form(at);
    assert_eq!(stop.submit(&[]).status, 303);
    assert_eq!(stop.submit(&[]).status, 404, "nothing is left to stop");
    let page = browser.page(at);
    assert_eq!(page.answer.header("refresh"), "");
    assert!(page.ok().contains("cancelled by administrator"), "{}", page.ok());
    assert!(browser.page(train).ok().contains("failed or stopped"));
    // Without labels nothing can be trained, and the page says so.
    assert_eq!(start(&[("purpose", "mule")]).status, 303);
    let runner = app.shared.start_jobs().unwrap();
    let began = Instant::now();
    let job = loop {
        let job = app.as_role("administrator").get("/api/v1/models/train/mule").ok();
        if job["state"] != "waiting" && job["state"] != "running" {
            break job;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it does not end: {job}");
        std::thread::sleep(Duration::from_millis(20));
    };
    drop(runner);
    assert_eq!(job["state"], "failed", "{job}");
    assert!(browser.page(at).ok().contains("both classes are needed"), "{job}");
}

fn pages_import_models_of_peers_with_their_scores(app: &TestApp) {
    const LIGHT: &str = include_str!("../../../../desk/models/tests/fixtures/lightgbm.txt");
    const LIGHT_SCORES: &str = include_str!("../../../../desk/models/tests/fixtures/lightgbm.csv");
    const EXTREME: &str = include_str!("../../../../desk/models/tests/fixtures/xgboost.json");
    const EXTREME_SCORES: &str = include_str!("../../../../desk/models/tests/fixtures/xgboost.csv");
    let import = "/desk/models/import";
    assert_eq!(app.browser().sign_in("investigator").page(import).answer.status, 403);
    let browser = app.browser().sign_in("administrator");
    let send = |origin: &str, scores: &str, file: &str| {
        let fields = [("origin", origin), ("purpose", "account-phishing"), ("scores", scores)];
        browser.page(import).form(import).upload(&fields, ("model.txt", file))
    };
    let refused = |answer: holdfast_testing_app::Answer, part: &str| {
        assert!(answer.status == 400 && answer.text().contains(part), "{}: {}", answer.status, answer.text());
    };
    refused(send("lightgbm", "", LIGHT), "Table of its scores");
    refused(send("lightgbm", LIGHT_SCORES, ""), "Model file");
    refused(send("xgboost", EXTREME_SCORES, LIGHT), "XGBoost");
    refused(send("lightgbm", EXTREME_SCORES, LIGHT), "row 1 of the peer's table");
    refused(send("holdfast", "", "HFM2"), "model file");
    refused(send("perpetual", LIGHT_SCORES, LIGHT), "Made by");
    for (origin, file, scores) in [("lightgbm", LIGHT, LIGHT_SCORES), ("xgboost", EXTREME, EXTREME_SCORES)] {
        let added = send(origin, scores, file);
        assert_eq!(added.status, 303, "{}", added.text());
        let card = browser.page(added.header("location")).ok();
        assert!(card.contains("Imported: what it was trained on"), "{card}");
    }
    assert_eq!(app.as_role("investigator").get("/api/v1/models?state=draft").ok().as_array().map(Vec::len), Some(2));
}

/// Runs statements as another department would.
fn stored(app: &TestApp, statements: Vec<String>) {
    let store = move |tx: &mut holdfast_screening::service::Transaction<'_>| {
        for sql in &statements {
            tx.db().execute(sql, &[])?;
        }
        Ok::<(), holdfast_screening::ScreeningError>(())
    };
    app.shared.screening.transact("a test", store).unwrap();
}

fn quiet_events_are_drawn_and_reviewed(app: &TestApp) {
    let (ana, investigator) = (app.as_person("ana", "administrator"), app.as_role("investigator"));
    let sample = "/api/v1/models/audit-sample";
    let none = investigator.get(sample).ok();
    assert_eq!((&none["drawn"], &none["rate"], &none["share"]), (&json!(0), &Value::Null, &json!(0.005)));
    let alerted = app.decided("w-1", "c-1");
    let login =
        json!({"id": "q-1", "kind": "account", "time": holdfast_testing::START, "customer": "c-1", "action": "login"});
    let quiet = app.as_role("exchange").post("/api/v1/events", login).ok();
    assert!(quiet["alert"].is_null() && alerted["alert"].is_number(), "{quiet} {alerted}");
    // A secret by which this event is drawn.
    let seq = quiet["seq"].as_u64().unwrap();
    let seed = (0u64..).find(|s| holdfast_models::unlabelled::is_audited(*s, seq, 0.005)).unwrap();
    stored(app, vec![format!("INSERT INTO audit_draws (id, seed, upto, quiet) VALUES (1, '{seed:016x}', 0, 0)")]);
    investigator.post(&format!("{sample}/draw"), json!(null)).refused_with(403, "rules");
    assert_eq!(ana.post(&format!("{sample}/draw"), json!(null)).ok(), json!({"quiet": 1, "drawn": 1}));
    assert_eq!(investigator.get(sample).ok()["open"][0]["id"], "q-1");
    let browser = app.browser().sign_in("investigator");
    let page = browser.page("/desk/models/audit-sample").ok();
    assert!(page.contains("q-1") && page.contains("not known before one is reviewed"), "{page}");
    let at = format!("{sample}/{seq}");
    investigator.post(&at, json!({"outcome": "false_positive", "note": " "})).refused_with(400, "note");
    investigator.post(&at, json!({"outcome": "maybe", "note": "x"})).refused(400);
    let other = format!("{sample}/{}", alerted["seq"]);
    investigator.post(&other, json!({"outcome": "false_positive", "note": "x"})).refused_with(404, "audit sample");
    let reviewed = investigator.post(&at, json!({"outcome": "false_positive", "note": "own phone"})).ok();
    assert_eq!((&reviewed["outcome"], &reviewed["note"]), (&json!("false_positive"), &json!("own phone")));
    let found = investigator.get(sample).ok();
    assert_eq!((&found["reviewed"], &found["positives"], &found["open"]), (&json!(1), &json!(0), &json!([])));
    assert!(found["rate"]["high"].as_f64().unwrap() > 0.5, "one review tells little: {found}");
    assert!(browser.page("/desk/models/audit-sample").ok().contains("own phone"));
}

fn no_more_models_than_a_desk_holds(app: &TestApp) {
    let ana = app.as_person("ana", "administrator");
    let row = |n: i64| {
        format!(
            "INSERT INTO models (hash, purpose, state, added, added_by, changed, file) VALUES ('{n:064}', 'mule', 'retired', 1, 'x', 1, '')"
        )
    };
    stored(app, (0..holdfast_learned::MAX_MODELS).map(row).collect());
    let model = value_model("event-risk", 4_000);
    ana.post("/api/v1/models", json!({"file": base64(model.to_bytes())})).refused_with(409, "no more are taken");
}
