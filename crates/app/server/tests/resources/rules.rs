//! The rule book, its fields, trials and statistics, and prices.

use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(
    a_book_waits_for_a_second_person,
    a_trial_changes_nothing,
    prices_value_events,
    prices_are_listed_with_their_age,
    prices_have_a_page
);

pub const BOOK: &str = "title: t\nrules:\n  - {id: large, version: 1, state: live, title: Large, on: [withdrawal], when: event.value > 10000, decision: hold, source: [trial]}\n";

fn a_book_waits_for_a_second_person(app: &TestApp) {
    let (ana, bo) = (app.as_person("ana", "administrator"), app.as_person("bo", "administrator"));
    let before = ana.get("/api/v1/rules").ok();
    let change = ana.send("PUT", "/api/v1/rules", "application/yaml", BOOK).is(202);
    assert_eq!(ana.get("/api/v1/rules").ok(), before, "not in force");
    let at = format!("/api/v1/changes/{}", change["id"]);
    ana.post(&at, json!({"decision": "approve", "reason": "me"})).refused_with(409, "another person");
    bo.post(&at, json!({"decision": "approve", "reason": "agreed"})).ok();
    let after = ana.get("/api/v1/rules").ok();
    assert_eq!(after["version"], before["version"].as_u64().unwrap() + 1);
    assert_eq!(after["book"]["rules"][0]["id"], "large");
    let versions = ana.get("/api/v1/rules/versions").ok();
    assert_eq!(versions[0]["version"], after["version"], "the latest comes first: {versions}");
    assert_eq!(versions[0]["author"], "bo", "whoever put it in force: {versions}");
    let text = ana.get(&format!("/api/v1/rules/versions/{}", after["version"])).ok();
    assert_eq!((&text["yaml"], &text["sha256"]), (&json!(BOOK), &after["sha256"]), "{text}");
    let older = ana.get(&format!("/api/v1/rules/versions?before={}", after["version"])).ok();
    assert_eq!(older.as_array().map(Vec::len), versions.as_array().map(|all| all.len() - 1));
    ana.get("/api/v1/rules/versions/99").refused_with(404, "version 99");
    ana.send("PUT", "/api/v1/rules", "application/yaml", "title: t\nrules: [").refused(400);
    let unknown = BOOK.replace("event.value", "event.colour");
    ana.send("PUT", "/api/v1/rules", "application/yaml", unknown).refused_with(400, "large");
    assert_eq!(app.decided("w-1", "c-1")["decision"], "hold");
    let statistics = app.as_role("investigator").get("/api/v1/rules/statistics").ok();
    assert!(statistics.as_array().unwrap().iter().any(|r| r["rule"] == "large" && r["hits"] == 1), "{statistics}");
}

fn a_trial_changes_nothing(app: &TestApp) {
    app.decided("w-1", "c-1");
    let ana = app.as_role("investigator");
    let before = ana.get("/api/v1/rules").ok();
    let trial = ana.send("POST", "/api/v1/rules/test", "application/yaml", BOOK).ok();
    assert!(trial.to_string().contains("large"), "{trial}");
    ana.send("POST", "/api/v1/rules/test", "application/yaml", "rules: 7").refused(400);
    assert_eq!(ana.get("/api/v1/rules").ok(), before);
    let fields = app.as_role("screener").get("/api/v1/rules/fields").ok();
    assert!(fields.as_array().unwrap().iter().any(|f| f["name"] == "event.value"), "{fields}");
}

fn prices_value_events(app: &TestApp) {
    let boss = app.as_role("administrator");
    let price = json!({"base_units": "1000", "value": 2_000});
    assert_eq!(boss.put("/api/v1/prices/ETH", price.clone()).is(204), Value::Null);
    boss.put("/api/v1/prices/ETH", json!({"base_units": "0", "value": 1})).refused(400);
    app.as_role("investigator").put("/api/v1/prices/ETH", price).refused_with(403, "rules");
    let exchange = app.as_role("exchange");
    let mut event = crate::events::withdrawal("w-1", "5000");
    event.as_object_mut().unwrap().remove("value");
    exchange.post("/api/v1/events", event).ok();
    let stored = app.as_role("investigator").get("/api/v1/events/w-1").ok();
    assert!(stored.to_string().contains("10000"), "5,000 base units at 2 cents each: {stored}");
}

fn prices_are_listed_with_their_age(app: &TestApp) {
    let (boss, ana) = (app.as_role("administrator"), app.as_role("investigator"));
    assert_eq!(ana.get("/api/v1/prices").ok()["prices"], json!([]));
    let price = json!({"base_units": "100000000", "value": 6_000_000, "reason": "the feed is down"});
    boss.put("/api/v1/prices/btc", price).is(204);
    boss.put("/api/v1/prices/BTC", json!({"base_units": "1", "value": 1, "reason": "x".repeat(2_001)}))
        .refused_with(400, "reason");
    let row = || ana.get("/api/v1/prices").ok()["prices"][0].clone();
    assert_eq!(
        row(),
        json!({"asset": "BTC", "id": "bip122:000000000019d6689c085ae165831e93/slip44:0", "base_units": "100000000",
            "value": 6_000_000, "time": app.now(), "stale": false})
    );
    app.advance(86_401);
    assert_eq!(row()["stale"], true);
    let log = app.as_role("auditor").get("/api/v1/audit?subject=price:BTC").ok();
    assert!(log.to_string().contains("the feed is down"), "{log}");
    assert_eq!(app.as_role("auditor").get("/api/v1/audit/verify").ok()["problems"], json!([]));
    app.as_role("screener").get("/api/v1/prices").refused_with(403, "read");
}

fn prices_have_a_page(app: &TestApp) {
    let boss = app.browser().sign_in("administrator");
    let page = boss.page("/desk/prices");
    assert!(page.ok().contains("There is no price"), "{}", page.ok());
    let form = page.form("/desk/prices");
    let refused = form.submit(&[("asset", "BTC"), ("amount", "1"), ("worth", "a lot"), ("reason", "x")]);
    assert!(refused.status == 400 && refused.text().contains("Is worth: "), "{}", refused.text());
    let set = form.submit(&[("asset", "btc"), ("amount", "1"), ("worth", "60000.50"), ("reason", "the feed is down")]);
    assert_eq!((set.status, set.header("location")), (303, "/desk/prices"), "{}", set.text());
    let text = boss.page("/desk/prices").ok();
    assert!(text.contains("1 BTC") && text.contains("60,000.50 ") && !text.contains("Stale prices"), "{text}");
    app.advance(2 * 86_400);
    // A session ends meanwhile.
    let reader = app.browser().sign_in("investigator");
    let text = reader.page("/desk/prices").ok();
    assert!(text.contains("Stale prices: 1") && text.contains("2 days") && !text.contains("name=\"worth\""), "{text}");
    let refused = reader.post("/desk/prices", &[("asset", "BTC")]);
    assert_eq!(refused.status, 403, "{}", refused.text());
}
