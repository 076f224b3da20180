//! Drafts of rule books, from the editor to what is in force and back.

use crate::rules::BOOK;
use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(a_draft_becomes_the_book_by_two_people, the_editor_shows_faults_and_adds_rules);

fn a_draft_becomes_the_book_by_two_people(app: &TestApp) {
    let (ana, bo) = (app.as_person("ana", "administrator"), app.as_person("bo", "administrator"));
    let begun = ana.post("/api/v1/rules/drafts", json!({"title": "Mine", "yaml": "title: t\nrules: ["})).ok();
    let at = format!("/api/v1/rules/drafts/{}", begun["draft"]["id"]);
    assert!(begun["fault"]["message"].as_str().unwrap().contains("rule book"), "{begun}");
    ana.post(&format!("{at}/back-test"), Value::Null).refused_with(400, "yaml");
    let seen = |answer: &Value| json!({"seen": answer["sha256"]});
    ana.post(&format!("{at}/submit"), json!({})).refused_with(400, "seen");
    ana.post(&format!("{at}/submit"), seen(&begun)).refused(400);
    let written = ana.put(&at, json!({"title": "Mine", "yaml": BOOK})).ok();
    assert_eq!((&written["fault"], &written["job"]), (&Value::Null, &Value::Null));
    let tested = ana.post(&format!("{at}/back-test"), Value::Null).ok();
    assert_eq!((&tested["job"]["kind"], &tested["job"]["state"]), (&json!("back-test"), &json!("waiting")));
    app.as_role("investigator").put(&at, json!({"title": "x", "yaml": ""})).refused_with(403, "rules");
    app.as_role("investigator").get(&at).ok();
    let before = ana.get("/api/v1/rules").ok();
    ana.post(&format!("{at}/submit"), seen(&begun)).refused_with(409, "read it");
    let change = ana.post(&format!("{at}/submit"), seen(&written)).is(202);
    assert_eq!(ana.get("/api/v1/rules").ok(), before, "one person alone puts nothing in force");
    ana.post(&format!("{at}/submit"), seen(&written)).refused(409);
    ana.delete(&at).refused(409);
    ana.put(&at, json!({"title": "Mine", "yaml": BOOK})).refused_with(409, "begin another");
    ana.post(&format!("{at}/back-test"), Value::Null).refused(409);
    let decision = format!("/api/v1/changes/{}", change["id"]);
    ana.post(&decision, json!({"decision": "approve", "reason": "me"})).refused_with(409, "another person");
    bo.post(&decision, json!({"decision": "approve", "reason": "agreed"})).ok();
    let version = ana.get("/api/v1/rules").ok()["version"].as_u64().unwrap();
    let diff = ana.get(&format!("/api/v1/rules/versions/{version}/diff")).ok();
    let added = |line: &&Value| line["before"].is_null() && line["text"].as_str().unwrap().contains("id: large");
    assert_eq!(diff.as_array().unwrap().iter().filter(added).count(), 1, "{diff}");
    // Back to the version before, by two people again.
    let back = bo.post(&format!("/api/v1/rules/versions/{}/restore", version - 1), Value::Null).is(202);
    ana.post(&format!("/api/v1/changes/{}", back["id"]), json!({"decision": "approve", "reason": "as before"})).ok();
    assert_eq!(ana.get("/api/v1/rules").ok()["sha256"], before["sha256"]);
    bo.post(&format!("/api/v1/rules/versions/{}/restore", version - 1), Value::Null)
        .refused_with(409, "in force already");
    let drafts = ana.get("/api/v1/rules/drafts?state=proposed").ok();
    assert_eq!(drafts.as_array().map(Vec::len), Some(1));
    let other = ana.post("/api/v1/rules/drafts", json!({"title": "Other"})).ok()["draft"]["id"].clone();
    assert_eq!(ana.delete(&format!("/api/v1/rules/drafts/{other}")).is(204), Value::Null);
    let begin = || ana.post("/api/v1/rules/drafts", json!({"title": "One more"}));
    (0..100).for_each(|_| drop(begin().ok()));
    begin().refused_with(409, "discard some");
}

fn the_editor_shows_faults_and_adds_rules(app: &TestApp) {
    let browser = app.browser().sign_in("administrator");
    let begun = browser.page("/desk/rules/drafts").form("/desk/rules/drafts").submit(&[("title", "Mine")]);
    let at = begun.header("location").to_owned();
    assert!(begun.status == 303 && at.starts_with("/desk/rules/drafts/"), "{}", begun.text());
    let page = browser.page(&at);
    assert!(
        page.ok().contains("The text is a rule book.") && page.ok().contains("<option value=\"event.value\">"),
        "{}",
        page.ok()
    );
    let form = page.form(&at);
    let hidden = |name: &str| form.hidden.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default();
    let (changed, sha256, csrf) = (hidden("changed"), hidden("sha256"), hidden("csrf"));
    let wrong = BOOK.replace("event.value", "event.colour").replace('\n', "\r\n");
    let fields = [
        ("csrf", csrf.as_str()),
        ("step", "save"),
        ("title", "Mine"),
        ("yaml", &wrong),
        ("changed", &changed),
        ("sha256", &sha256),
    ];
    assert_eq!(browser.post(&at, &fields).status, 303);
    let faulty = browser.page(&at).ok();
    assert!(
        faulty.contains("Line 3") && faulty.contains("no field &#39;colour&#39;")
            || faulty.contains("no field 'colour'"),
        "{faulty}"
    );
    assert_eq!(browser.post(&at, &fields).status, 409, "the text that the writer saw is not the text any more");
    let rule = [
        ("csrf", csrf.as_str()),
        ("step", "rule"),
        ("id", "by-form"),
        ("title", "By form"),
        ("on", "withdrawal"),
        ("decision", "review"),
        ("source", "trial"),
        ("field", "event.value"),
        ("comparison", ">"),
        ("value", "7"),
    ];
    assert_eq!(browser.post(&at, &rule).status, 303);
    assert!(browser.page(&at).ok().contains("event.value &gt; 7"), "{}", browser.page(&at).ok());
    let unknown: Vec<(&str, &str)> =
        rule.iter().map(|(n, v)| (*n, if *n == "field" { "event.rain" } else { *v })).collect();
    let refused = browser.post(&at, &unknown);
    assert!(refused.status == 400 && refused.text().contains("Field: there is no"), "{}", refused.text());
}
