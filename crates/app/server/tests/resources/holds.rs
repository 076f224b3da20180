//! Holds: placed, released by two persons, expired, checked.

use holdfast_testing::START;
use holdfast_testing_app::{TestApp, on_both_apps};
use holdfast_types::Seconds;
use serde_json::{Value, json};

on_both_apps!(
    a_hold_is_placed_once_and_released_by_two,
    holds_expire,
    wrong_holds_name_their_field,
    a_person_places_a_hold_on_the_page
);

pub fn freeze(id: &str, customer: &str) -> Value {
    json!({"id": id, "scope": "account", "customer": customer, "basis": "order 12/2026", "reason": "ordered by the court"})
}

fn a_hold_is_placed_once_and_released_by_two(app: &TestApp) {
    let (ana, bo) = (app.as_person("ana", "investigator"), app.as_person("bo", "investigator"));
    let placed = ana.post("/api/v1/holds", freeze("f-1", "c-1")).ok();
    assert_eq!(placed["hold"], 1);
    assert_eq!(ana.post("/api/v1/holds", freeze("f-1", "c-1")).ok(), placed, "sent again, it is the same hold");
    let other = ana.post("/api/v1/holds", freeze("f-1", "c-2"));
    assert!(matches!(other.status, 400 | 409), "{}", other.text());
    let state = |of: &str| ana.get(&format!("/api/v1/holds?state={of}")).ok().as_array().unwrap().len();
    assert_eq!((state("active"), state("released")), (1, 0));
    let why = json!({"reason": "the order was withdrawn"});
    let requested = ana.post("/api/v1/holds/1/release", why.clone());
    assert!(matches!(requested.status, 200 | 409), "{}", requested.text());
    assert_eq!(state("active"), 1, "one person releases nothing");
    ana.post("/api/v1/holds/1/release", why.clone()).refused_with(409, "another person");
    let released = bo.post("/api/v1/holds/1/release", why.clone()).ok();
    assert_eq!(released["state"], "released", "{released}");
    bo.post("/api/v1/holds/1/release", why).refused(409);
    assert_eq!((state("active"), state("released")), (0, 1));
    let shown = ana.get("/api/v1/holds/1").ok();
    assert_eq!((&shown["state"], &shown["ended_by"]), (&json!("released"), &json!("bo")), "{shown}");
    ana.get("/api/v1/holds/9").refused_with(404, "hold 9");
    assert_eq!(ana.get("/api/v1/holds/check").ok()["problems"], json!([]));
    ana.get("/api/v1/holds?state=melted").refused_with(400, "`active`, `released`, `expired`");
    // A page of a released hold says what it covered, not that nothing is held any more.
    let mut part = freeze("f-3", "c-9");
    part["scope"] = json!("amount");
    part["asset"] = json!("BTC");
    part["amount"] = json!("150000000");
    ana.post("/api/v1/holds", part).ok();
    let requested = ana.post("/api/v1/holds/2/release", json!({"reason": "paid"}));
    assert!(matches!(requested.status, 200 | 409), "{}", requested.text());
    bo.post("/api/v1/holds/2/release", json!({"reason": "paid"})).ok();
    let browser = app.browser().sign_in("investigator");
    for page in ["/desk/holds/2", "/desk/holds?state=released", "/desk/customers/c-9"] {
        let text = browser.page(page).ok();
        assert!(text.contains("1.5 BTC") && !text.contains("0 BTC"), "{page}: {text}");
    }
    // A held account decides.
    ana.post("/api/v1/holds", freeze("f-2", "c-1")).ok();
    let decision = app.as_role("exchange").post("/api/v1/events", crate::events::withdrawal("w-1", "5")).ok();
    assert_eq!(decision["decision"], "reject", "{decision}");
}

fn holds_expire(app: &TestApp) {
    let ana = app.as_role("investigator");
    let mut short = freeze("f-1", "c-1");
    short["expires"] = json!(START + Seconds::HOUR);
    ana.post("/api/v1/holds", short).ok();
    assert_eq!(ana.get("/api/v1/holds?customer=c-1&state=active").ok()[0]["id"], 1);
    app.advance(3_601);
    app.shared.screening.expire_holds().unwrap();
    assert_eq!(ana.get("/api/v1/holds").ok()[0]["state"], "expired");
    ana.post("/api/v1/holds/1/release", json!({"reason": "late"})).refused(409);
}

fn wrong_holds_name_their_field(app: &TestApp) {
    let ana = app.as_role("investigator");
    for (field, value) in [("customer", json!("")), ("basis", json!("")), ("reason", json!(""))] {
        let mut hold = freeze("f-1", "c-1");
        hold[field] = value;
        ana.post("/api/v1/holds", hold).refused_with(400, field);
    }
    let mut amount = freeze("f-1", "c-1");
    amount["scope"] = json!("amount");
    ana.post("/api/v1/holds", amount).refused(400);
    assert_eq!(ana.get("/api/v1/holds").ok(), json!([]));
}

fn a_person_places_a_hold_on_the_page(app: &TestApp) {
    app.decided("d-1", "c-2");
    let browser = app.browser().sign_in("investigator");
    let customer = browser.page("/desk/customers/c-2").ok();
    assert!(customer.contains("href=\"/desk/holds?customer=c-2#place\""), "{customer}");
    let page = browser.page("/desk/holds?customer=c-2");
    assert!(page.answer.text().contains("name=\"customer\" value=\"c-2\""), "{}", page.answer.text());
    let form = page.form("/desk/holds");
    let of = |scope: &'static str, asset: &'static str, amount: &'static str| {
        form.submit(&[
            ("customer", "c-2"),
            ("scope", scope),
            ("asset", asset),
            ("amount", amount),
            ("basis", "order 12/26"),
            ("reason", "ordered"),
        ])
    };
    for (scope, asset, amount, words) in [
        ("amount", "", "0.5", "Asset: "),
        ("amount", "BTC", "0.123456789", "at most 8 decimals"),
        ("amount", "NOSUCH", "1", "NOSUCH"),
        ("asset", "", "", "Asset: "),
        ("deposit", "BTC", "1", "missing"),
    ] {
        let refused = of(scope, asset, amount);
        assert!(refused.status == 400 && refused.text().contains(words), "{words}: {}", refused.text());
    }
    let placed = of("amount", "BTC", "0.5");
    let at = placed.header("location").to_owned();
    assert!(placed.status == 303 && at.starts_with("/desk/holds/"), "{}", placed.text());
    let worth = |text: &str| {
        let page = browser.page(&at).ok();
        assert!(page.contains(&format!("0.5 BTC <span class=\"note\">({text})</span>")), "{text}: {page}");
    };
    worth("price unknown");
    let price = json!({"base_units": "100000000", "value": 4_000_000});
    app.as_role("administrator").put("/api/v1/prices/BTC", price).is(204);
    worth("20,000.00 USD at the present price");
    assert!(browser.page("/desk/holds").ok().contains("(20,000.00 USD at the present price)"));
    assert_eq!(of("amount", "BTC", "0.5").header("location"), at, "a form that is sent twice is one hold");
    let again = browser.page("/desk/holds").form("/desk/holds").submit(&[
        ("customer", "c-2"),
        ("scope", "account"),
        ("basis", "order 13/26"),
        ("reason", "ordered"),
    ]);
    assert!(again.status == 303 && again.header("location") != at, "{}", again.text());
    let reader = app.browser().sign_in("auditor");
    assert!(!reader.page("/desk/holds").ok().contains("Place a hold"));
    assert_eq!(reader.post("/desk/holds", &[]).status, 403);
}
