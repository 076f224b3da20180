//! Sources: added by two people, read, withdrawn whole.

use crate::communities::{community, wallet};
use holdfast_testing_app::{PAID, TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(a_source_is_read_once_another_person_approved_it);

fn a_source_is_read_once_another_person_approved_it(app: &TestApp) {
    let (boss, bo, ana) =
        (app.as_role("administrator"), app.as_person("bo", "administrator"), app.as_role("investigator"));
    let id = community(app);
    let new = json!({"kind": "community", "name": "members", "url": format!("{id}/intelligence"), "username": "us", "every": 86_400});
    let added = boss.post("/api/v1/sharing/sources", new.clone()).ok();
    assert_eq!(added["state"], "proposed", "{added}");
    boss.post("/api/v1/sharing/sources", new).refused(409);
    boss.post("/api/v1/sharing/sources", json!({"kind": "rumour", "name": "x", "url": "x"}))
        .refused_with(400, "rumour");
    let at = format!("/api/v1/sharing/sources/{}", added["id"]);
    ana.post(&format!("{at}/read"), Value::Null).refused(409);
    let changes = bo.get("/api/v1/changes?state=proposed").ok();
    let change = format!("/api/v1/changes/{}", changes[0]["id"]);
    bo.post(&change, json!({"decision": "approve", "reason": "known"})).ok();
    assert_eq!(boss.get("/api/v1/sharing/sources").ok()[0]["state"], "active");
    ana.post("/api/v1/sharing/share", json!({"channel": id, "wallets": [wallet("TLP:GREEN")]})).ok();
    ana.post(&format!("{at}/read"), Value::Null).ok();
    // A community that is read here is no partner's collection to write to.
    let channel = added["id"].to_string();
    ana.post("/api/v1/sharing/share", json!({"channel": channel, "wallets": [wallet("TLP:GREEN")]})).refused(409);
    let flag = json!({"channel": channel, "subject": "address", "asset": "BTC", "value": PAID, "reason": "Stolen"});
    ana.post("/api/v1/sharing/flags", flag).refused(409);
    assert_eq!(ana.get("/api/v1/sharing/flags").ok(), json!([]), "what cannot be shared is not raised");
    assert!(ana.get(&at).ok().is_array());
    let withdraw = || boss.post(&format!("{at}/withdraw"), json!({"why": "too many errors"}));
    withdraw().ok();
    withdraw().refused(409);
    ana.post(&format!("{at}/read"), Value::Null).refused(409);
    assert_eq!(ana.get(&format!("/api/v1/address/{PAID}")).ok()["tags"], json!([]));
    boss.post("/api/v1/sharing/discover", json!({"url": "http://127.0.0.1:1/taxii2/"})).refused(424);
    for url in ["file:///etc/passwd", "ftp://partner.example/", "taxii2", "https://", ""] {
        boss.post("/api/v1/sharing/discover", json!({"url": url})).refused_with(400, "url");
    }
}
