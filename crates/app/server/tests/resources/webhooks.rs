//! Webhooks.

use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(webhooks_are_made_listed_and_removed);

fn webhooks_are_made_listed_and_removed(app: &TestApp) {
    let boss = app.as_role("administrator");
    let add = |url: &str, topics: Value| boss.post("/api/v1/webhooks", json!({"url": url, "topics": topics}));
    let made = add("https://example.org/hook", json!(["holds", "alerts"])).ok();
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"), "{made}");
    add("ftp://example.org/hook", json!(["holds"])).refused_with(400, "url");
    add("https://example.org/hook", json!([])).refused_with(400, "topics");
    add("https://example.org/hook", json!(["weather"])).refused_with(400, "weather");
    let listed = boss.get("/api/v1/webhooks").ok();
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert!(!listed.to_string().contains("whsec_"), "{listed}");
    let at = format!("/api/v1/webhooks/{}", made["webhook"]);
    app.as_role("investigator").delete(&at).refused_with(403, "manage");
    assert_eq!(boss.delete(&at).is(204), Value::Null);
    boss.delete(&at).refused(404);
}
