//! Pages of the desk name alerts, holds, events, customers, cases, requests, addresses and transactions: each is a link, and each link leads to a page
//! for whoever sees it.

use crate::account_chains::{HOLDER, USDT, USDT_ON_TRON, chain};
use holdfast_identity::ROLES;
use holdfast_testing::START;
use holdfast_testing_app::{Browser, PAID, TestApp, on_both_apps};
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both_apps!(rules_and_webhooks_have_pages, events_and_customers_are_found);

/// Most pages that a walk goes through.
const MAX_WALK: usize = 600;

/// A desk with account chains and one of each thing, which name each other.
fn desk() -> TestApp {
    let app = TestApp::with_account_chains(|dir| {
        vec![chain(dir, "eip155:1", USDT), chain(dir, "tron:mainnet", USDT_ON_TRON)]
    });
    let exchange = app.as_role("exchange");
    // A withdrawal to an address of no chain that is held, and a deposit of which the ledger has less.
    app.decided("w/1 ?", "c 1/ü");
    let deposit = json!({"id": "d-1", "kind": "deposit", "time": START, "customer": "c-2", "asset": format!("eip155:1/erc20:{USDT}"),
        "amount": "2000000", "value": 1, "tx": format!("0x{}:log:0", "07".repeat(32)), "address": HOLDER});
    exchange.post("/api/v1/events", deposit).ok();
    let on_chain = json!({"id": "w-2", "kind": "withdrawal", "time": START, "customer": "c-2", "asset": "BTC", "amount": "5000",
        "value": 12_345, "counterparty": PAID});
    exchange.post("/api/v1/events", on_chain).ok();
    let own = json!([{"kind": "deposit_address", "id": HOLDER, "time": START, "customer": "c-2", "asset": format!("eip155:1/erc20:{USDT}")}]);
    exchange.post("/api/v1/records", own).ok();
    let ana = app.as_role("investigator");
    ana.post("/api/v1/holds", crate::holds::freeze("f-1", "c-2")).ok();
    ana.post("/api/v1/desk/cases", json!({"title": "A ransom", "summary": "", "typology": "ransomware"})).ok();
    let add = |kind: &str, key: &str| {
        ana.post("/api/v1/desk/cases/1", json!({"step": "add", "kind": kind, "key": key, "title": ""})).ok();
    };
    add("alert", "1");
    add("alert", "77");
    add("hold", "1");
    add("event", "d-1");
    add("event", "w/1 ?");
    add("subject", "c-2");
    add("subject", "Somebody with a name");
    add("address", HOLDER);
    add("address", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed");
    add("transaction", &"07".repeat(32));
    add("transaction", &"99".repeat(32));
    add("request", "r-1");
    add("request", "r-77");
    crate::requests::agency(&app);
    let mut asked = crate::requests::request("r-1");
    asked["targets"] = json!([{"kind": "address", "value": HOLDER}, {"kind": "user_id", "value": "c-2"}, {"kind": "user_id", "value": "nobody"}]);
    ana.post("/api/v1/desk/requests", asked).ok();
    app.as_role("administrator")
        .post("/api/v1/webhooks", json!({"url": "https://example.org/hook", "topics": ["holds"]}))
        .ok();
    app
}

/// Paths within the site that a page links to.
fn links(page: &str) -> Vec<String> {
    let hrefs = page.split("<a ").skip(1).filter_map(|tag| tag.split_once("href=\"")?.1.split('"').next());
    let own = hrefs.map(|href| href.replace("&amp;", "&")).filter(|href| href.starts_with('/'));
    own.map(|href| href.split('#').next().unwrap_or_default().to_owned()).filter(|href| !href.is_empty()).collect()
}

/// The page at a path, behind at most three redirections; `Err` is its status.
fn opened(browser: &Browser<'_>, path: &str) -> Result<String, u16> {
    let mut to = path.to_owned();
    for _ in 0..4 {
        let answer = browser.page(&to).answer;
        match answer.status {
            200 => return Ok(answer.text()),
            303 => to = answer.header("location").to_owned(),
            status => return Err(status),
        }
    }
    Err(303)
}

#[test]
fn every_link_of_the_desk_leads_to_a_page_for_each_role() {
    let app = desk();
    for (role, scopes) in ROLES {
        let is_staff = scopes.iter().any(|scope| ["read", "desk", "manage", "audit"].contains(scope));
        if !is_staff {
            continue;
        }
        let browser = app.browser().sign_in(role);
        let (mut todo, mut seen, mut dead) = (Vec::new(), BTreeSet::new(), Vec::new());
        for start in ["/desk", "/desk/alerts", "/desk/events", "/desk/holds", "/desk/rules", "/desk/people"] {
            // A start that the role may not open is no link.
            todo.extend(opened(&browser, start).map(|page| links(&page)).unwrap_or_default());
        }
        while let Some(path) = todo.pop().filter(|_| seen.len() < MAX_WALK) {
            if !seen.insert(path.clone()) {
                continue;
            }
            match opened(&browser, &path) {
                Ok(page) if path.starts_with("/desk") => todo.extend(links(&page)),
                Ok(_) => {}
                Err(status) => dead.push((path, status)),
            }
        }
        assert!(dead.is_empty(), "{role}: {dead:?}");
        assert!(seen.len() > 8, "{role}: {seen:?}");
        if scopes.contains(&"read") {
            for page in ["/desk/alerts/1", "/desk/holds/1", "/desk/events/d-1", "/desk/customers/c-2", "/desk/rules"] {
                assert!(seen.contains(page), "{role} is led to {page}: {seen:?}");
            }
            assert!(
                seen.contains("/desk/customers/c%201%2F%C3%BC") && seen.contains("/desk/events/w%2F1%20%3F"),
                "{seen:?}"
            );
        }
    }
}

#[test]
fn pages_link_what_they_name_and_nothing_that_is_not_there() {
    let app = desk();
    let browser = app.browser().sign_in("investigator");
    let shown = |path: &str| opened(&browser, path).unwrap_or_else(|status| panic!("{path}: {status}"));
    let to = |page: &str, path: &str| page.contains(&format!("href=\"{path}\""));
    let alerts = app.as_role("investigator").get("/api/v1/alerts?customer=c-2").ok();
    let alert = alerts[0]["id"].as_u64().unwrap();
    let page = shown(&format!("/desk/alerts/{alert}"));
    let hash = format!("0x{}", "07".repeat(32));
    for path in [
        "/desk/customers/c-2",
        "/desk/events/d-1",
        "/desk/cases/1",
        &format!("/accounts/ethereum/address/{HOLDER}"),
        &format!("/accounts/ethereum/tx/{hash}"),
    ] {
        assert!(to(&page, path), "{path}: {page}");
    }
    let event = shown("/desk/events/d-1");
    assert!(to(&event, &format!("/desk/alerts/{alert}")) && to(&event, "/desk/customers/c-2"), "{event}");
    let case = shown("/desk/cases/1");
    for path in ["/desk/alerts/1", "/desk/holds/1", "/desk/customers/c-2", "/desk/events/d-1", "/desk/requests/r-1"] {
        assert!(to(&case, path), "{path}: {case}");
    }
    for path in ["/desk/alerts/77", "/desk/requests/r-77", "/desk/customers/Somebody%20with%20a%20name"] {
        assert!(!to(&case, path), "{path} is not there: {case}");
    }
    assert!(!case.contains(&format!("/tx/{}", "99".repeat(32))), "no chain stores it: {case}");
    let request = shown("/desk/requests/r-1");
    for path in ["/desk/customers/c-2", "/desk/cases/1", &format!("/accounts/ethereum/address/{HOLDER}")] {
        assert!(to(&request, path), "{path}: {request}");
    }
    assert!(!to(&request, "/desk/customers/nobody"), "{request}");
    let hold = shown("/desk/holds/1");
    assert!(to(&hold, "/desk/customers/c-2") && to(&hold, "/desk/events/d-1"), "{hold}");
    let customer = shown("/desk/customers/c-2");
    for path in [
        "/desk/events/d-1",
        "/desk/events/w-2",
        "/desk/holds/1",
        "/desk/cases/1",
        &format!("/accounts/ethereum/address/{HOLDER}"),
        &format!("/address/{PAID}"),
    ] {
        assert!(to(&customer, path), "{path}: {customer}");
    }
    // A hold that ended has its page all the same.
    let (ana, bo) = (app.as_person("ana", "investigator"), app.as_person("bo", "investigator"));
    let why = json!({"reason": "the order was withdrawn"});
    let _requested = ana.post("/api/v1/holds/1/release", why.clone());
    bo.post("/api/v1/holds/1/release", why).ok();
    assert!(shown("/desk/holds/1").contains("released"));
    assert_eq!(browser.page("/desk/holds/9").answer.status, 404);
    assert_eq!(browser.page("/desk/customers/nobody").answer.status, 404);
}

fn rules_and_webhooks_have_pages(app: &TestApp) {
    let boss = app.browser().sign_in("administrator");
    let book = boss.page("/desk/rules").ok();
    let in_force = app.as_role("administrator").get("/api/v1/rules").ok();
    let rules = in_force["book"]["rules"].as_array().unwrap();
    assert!(rules.len() > 5, "{in_force}");
    for rule in rules {
        let id = rule["id"].as_str().unwrap();
        assert!(book.contains(&format!("id=\"rule-{id}\"")), "{id}: {book}");
    }
    let version = boss.page(&format!("/desk/rules/{}", in_force["version"])).ok();
    assert!(version.contains("in force") && version.contains("rules:"), "{version}");
    assert_eq!(boss.page("/desk/rules/99").answer.status, 404);
    assert_eq!(boss.page("/desk/events").answer.status, 403, "an administrator reads no events");
    assert!(!book.contains("href=\"/desk/events"), "and is led to none");

    let form = [("url", "https://example.org/hook"), ("topics", "holds, alerts")];
    let made = boss.page("/desk/webhooks").form("/desk/webhooks").submit(&form);
    assert!(made.status == 200 && made.text().contains("whsec_"), "{}", made.text());
    let listed = boss.page("/desk/webhooks");
    assert!(listed.ok().contains("https://example.org/hook") && !listed.ok().contains("whsec_"), "{}", listed.ok());
    let wrong = listed.form("/desk/webhooks").submit(&[("url", "https://example.org/hook"), ("topics", "weather")]);
    assert!(wrong.status == 400 && wrong.text().contains("weather"), "{}", wrong.text());
    assert_eq!(listed.form("/desk/webhooks/1").submit(&[]).status, 303);
    assert!(boss.page("/desk/webhooks").ok().contains("There is no webhook."));
    assert_eq!(app.browser().sign_in("investigator").page("/desk/webhooks").answer.status, 403);
}

fn events_and_customers_are_found(app: &TestApp) {
    app.decided("w-1", "c-1");
    app.decided("w-2", "c-2");
    let browser = app.browser().sign_in("investigator");
    let of = |query: &str| browser.page(&format!("/desk/events?{query}")).ok();
    assert!(of("").contains("/desk/events/w-1") && of("").contains("/desk/events/w-2"));
    let one = of("customer=c-1&decision=&kind=withdrawal");
    assert!(one.contains("/desk/events/w-1") && !one.contains("/desk/events/w-2"), "{one}");
    assert!(of("kind=deposit").contains("No event of that kind"));
    let wrong = browser.page("/desk/events?kind=planet").answer;
    assert!(wrong.status == 400 && wrong.text().contains("none of deposit, withdrawal"), "{}", wrong.text());
    let found = browser.page("/desk/customers?q=c-1").answer;
    assert_eq!((found.status, found.header("location")), (303, "/desk/customers/c-1"));
    let both = browser.page("/desk/customers?q=z@example.org").ok();
    assert!(both.contains("/desk/customers/c-1") && both.contains("/desk/customers/c-2"), "{both}");
    assert!(browser.page("/desk/customers?q=nobody").ok().contains("nobody"));
    let customer: Value = app.as_role("investigator").get("/api/v1/customers/c-1").ok();
    let page = browser.page("/desk/customers/c-1").ok();
    assert!(
        page.contains("z@example.org") && page.contains(customer["events"][0]["event"]["id"].as_str().unwrap()),
        "{page}"
    );
}
