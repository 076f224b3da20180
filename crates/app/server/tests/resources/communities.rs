//! Communities that this desk hosts: members, what is shared, TAXII.

use holdfast_testing_app::{PAID, TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(members_share_within_a_label, what_is_tagged_is_published);

pub fn community(app: &TestApp) -> String {
    let new = json!({"name": "Exchanges", "max_tlp": "TLP:AMBER", "own_name": "Exchange A"});
    let made = app.as_role("administrator").post("/api/v1/sharing/communities", new).ok();
    made["id"].as_str().expect("an id").to_owned()
}

pub fn wallet(tlp: &str) -> Value {
    json!({"address": PAID, "asset": "BTC", "label": "Ransom", "concept": "ransomware", "reason": "Paid by a customer", "tlp": tlp})
}

fn members_share_within_a_label(app: &TestApp) {
    let (boss, ana) = (app.as_role("administrator"), app.as_role("investigator"));
    let id = community(app);
    let twice = json!({"name": "Exchanges", "max_tlp": "TLP:AMBER", "own_name": "Exchange A"});
    boss.post("/api/v1/sharing/communities", twice).refused(409);
    assert_eq!(ana.get("/api/v1/sharing/communities").ok().as_array().map(Vec::len), Some(1));
    let members = format!("/api/v1/sharing/communities/{id}/members");
    let key =
        boss.post(&members, json!({"name": "Exchange B", "writes": true})).ok()["key"].as_str().unwrap().to_owned();
    boss.post(&members, json!({"name": "", "writes": true})).refused_with(400, "name");
    boss.post(&members, json!({"name": "Exchange A"})).refused_with(409, "Exchange A");
    assert!(ana.get(&members).ok().to_string().contains("Exchange B"));
    let share = |body: Value| ana.post("/api/v1/sharing/share", body);
    share(json!({"channel": id, "wallets": [wallet("TLP:GREEN")]})).ok();
    // A later version: of the same one nothing is taken twice.
    app.advance(60);
    share(json!({"channel": id, "wallets": [wallet("TLP:RED")]})).refused_with(400, "TLP:AMBER");
    share(json!({"channel": "nowhere", "wallets": [wallet("TLP:GREEN")]})).refused_with(400, "channel");
    for field in ["address", "asset", "label", "concept", "reason"] {
        let mut empty = wallet("TLP:GREEN");
        empty[field] = json!(" ");
        share(json!({"channel": id, "wallets": [empty]})).refused_with(400, field);
    }
    let objects = ana.get(&format!("/api/v1/sharing/communities/{id}/objects")).ok();
    assert!(objects.to_string().contains(PAID), "{objects}");
    // A member reads by TAXII with its own key, and no longer once it is suspended.
    let basic = format!("Basic {}", base64(&format!("Exchange B:{key}")));
    let taxii = || {
        app.as_nobody()
            .header("authorization", &basic)
            .header("accept", "application/taxii+json;version=2.1")
            .get("/taxii2/")
    };
    assert_eq!(taxii().status, 200, "{}", taxii().text());
    boss.post(&format!("{members}/Exchange%20B/suspend"), json!({"why": "left"})).ok();
    boss.post(&format!("{members}/Nobody/suspend"), json!({"why": "left"})).refused(404);
    assert_eq!(taxii().status, 401, "{}", taxii().text());
    app.as_role("partner").get("/api/v1/sharing/communities").refused(403);
}

fn what_is_tagged_is_published(app: &TestApp) {
    let csv = format!(
        "address,currency,label,source,abuse,tlp\n{PAID},BTC,Open,https://example.org,scam,clear\n{PAID},BTC,Strict,https://example.org,scam,amber+strict\n"
    );
    app.as_role("administrator").send("POST", "/api/v1/tags?name=own.csv", "text/csv", csv).ok();
    let partner = app.as_role("partner");
    let pack = partner.get("/api/v1/sharing/tagpack?pack=own.csv&creator=Us&tlp=TLP:CLEAR").success().text();
    assert!(pack.contains("Open") && !pack.contains("Strict"), "{pack}");
    partner.get("/api/v1/sharing/tagpack?pack=other.csv&creator=Us").refused(404);
    let manifest = partner.get("/api/v1/sharing/misp/Us/own.csv/manifest.json").ok();
    assert_eq!(manifest.as_object().map(serde_json::Map::len), Some(2), "{manifest}");
    partner.get("/api/v1/sharing/misp/Us/own.csv/other.json").refused(404);
}

pub fn base64(text: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |n: u32| char::from(DIGITS[(n & 63) as usize]);
    let group = |c: &[u8]| {
        let n = c.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - c.len()));
        let all = [digit(n >> 18), digit(n >> 12), digit(n >> 6), digit(n)];
        all.iter().take(c.len() + 1).chain(std::iter::repeat_n(&'=', 3 - c.len())).collect::<String>()
    };
    text.as_bytes().chunks(3).map(group).collect()
}
