//! A desk of two chains: what is on the second one is found there, and stated in its unit.

use crate::requests::{agency, request};
use holdfast_bitcoin::script::classify;
use holdfast_bitcoin::{Block, Network, display_hash};
use holdfast_simulate::hand::{HandChain, key, tx};
use holdfast_testing::START;
use holdfast_testing_app::{BLOCK, TestApp};
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use holdfast_workspace::Workspace;
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::path::Path;

/// A suspect of Litecoin, another address of the suspect, and a customer's deposit address.
const SUSPECT: u64 = 1;
const BESIDE: u64 = 2;
const DEPOSIT: u64 = 3;

fn address(n: u64) -> String {
    classify(&key(n)).to_text(Network::Litecoin)
}

/// Makes Litecoin's chain: the suspect paid a customer, and spent together with another address. Returns it with the payment.
fn litecoin(dir: &Path) -> (Workspace, String) {
    let first = tx(&[([1; 32], 0)], &[(500_000_000, key(SUSPECT)), (300_000_000, key(SUSPECT))]);
    let other = tx(&[([2; 32], 0)], &[(100_000_000, key(BESIDE))]);
    let payment = tx(&[(first.txid, 0)], &[(490_000_000, key(DEPOSIT)), (9_000_000, key(4))]);
    let joint = tx(&[(first.txid, 1), (other.txid, 0)], &[(399_000_000, key(5))]);
    let txid = display_hash(&payment.txid);
    let mut chain = HandChain::default();
    let blocks = [chain.add(&[first, other]), chain.add(&[payment, joint])];
    let block = |(height, bytes)| MemoryBlock { height, block: Block::parse(bytes).unwrap(), spent: None };
    let mut workspace = Workspace::create_or_open(&dir.join("litecoin"), Network::Litecoin).unwrap();
    let feed = MemoryFeed(blocks.map(block).into());
    workspace.ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    workspace.catch_up();
    (workspace, txid)
}

/// A desk of Bitcoin and Litecoin with two customers: one has the deposit address, one withdrew to the suspect's other address.
fn desk() -> (TestApp, String) {
    let mut payment = String::new();
    let app = TestApp::with_chains(|dir| {
        let (workspace, txid) = litecoin(dir);
        payment = txid;
        vec![workspace]
    });
    let exchange = app.as_role("exchange");
    let records = json!([
        {"kind": "customer", "id": "c-1", "time": START, "name": "Ana", "country": "PL"},
        {"kind": "customer", "id": "c-2", "time": START, "name": "Bo", "country": "PL"},
        {"kind": "deposit_address", "id": address(DEPOSIT), "time": START, "customer": "c-1", "asset": "LTC"},
    ]);
    exchange.post("/api/v1/records", records).ok();
    let event = json!({"id": "w-1", "kind": "withdrawal", "time": START, "customer": "c-2", "asset": "LTC", "amount": "5000", "value": 12_345,
        "counterparty": address(BESIDE)});
    exchange.post("/api/v1/events", event).ok();
    (app, payment)
}

fn chains() -> Value {
    json!([{"chain": "bitcoin", "tip_height": BLOCK, "gaps": []}, {"chain": "litecoin", "tip_height": 2, "gaps": []}])
}

#[test]
fn requests_are_matched_on_every_chain() {
    let (app, payment) = desk();
    agency(&app);
    let ana = app.as_role("investigator");
    let mut order = request("r-1");
    order["targets"] = json!([
        {"kind": "address", "value": address(SUSPECT), "asset": "LTC"},
        {"kind": "email", "value": "z@example.org"},
        {"kind": "transaction", "value": payment},
    ]);
    ana.post("/api/v1/desk/requests", order).ok();
    let matches = ana.get("/api/v1/desk/requests/r-1/matches").ok();
    let because = |customer: &str, how: &str, target: &str| -> String {
        let all = matches.as_array().unwrap().iter().map(|m| &m["found"]);
        let fits = |m: &&Value| m["customer"] == customer && m["how"] == how && m["target"] == target;
        all.filter(fits).map(|m| m["because"].to_string()).collect()
    };
    let traced = because("c-1", "traced", &address(SUSPECT));
    assert!(traced.contains("4.9 LTC of it reached") && traced.contains(&payment), "{matches}");
    let clustered = because("c-2", "cluster", &address(SUSPECT));
    assert!(clustered.contains(&format!("{}, under one control with it", address(BESIDE))), "{matches}");
    let paid = because("c-1", "direct", &payment);
    assert!(paid.contains(&format!("output 0 pays the customer's deposit address {}", address(DEPOSIT))), "{matches}");
    // Without ledgers only what is stated counts.
    assert_eq!(ana.get("/api/v1/desk/requests/r-1/matches?ledger=false").ok(), json!([]));
    let coverage = ana.get("/api/v1/desk/requests/r-1/coverage").ok();
    let covered = |target: &str| json!({"target": target, "chains": chains(), "missing_asset": null});
    let expected = json!([covered(&address(SUSPECT)), covered(&payment)]);
    assert_eq!(coverage, expected);
    ana.get("/api/v1/desk/requests/r-9/coverage").refused(404);
    app.as_role("screener").get("/api/v1/desk/requests/r-1/coverage").refused(403);
    let page = app.browser().sign_in("investigator").page("/desk/requests/r-1").ok();
    assert!(page.contains("4.9 LTC of it reached") && page.contains("litecoin up to block 2"), "{page}");
}

#[test]
fn a_target_of_a_chain_that_is_not_here_states_so() {
    let (app, _) = desk();
    agency(&app);
    let ana = app.as_role("investigator");
    let mut order = request("r-1");
    let account = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    let hash = format!("0x{}", "ab".repeat(32));
    order["targets"] =
        json!([{"kind": "address", "value": account, "asset": "ETH"}, {"kind": "transaction", "value": hash}]);
    ana.post("/api/v1/desk/requests", order).ok();
    let coverage = ana.get("/api/v1/desk/requests/r-1/coverage").ok();
    let nowhere = |target: &str, asset: Value| json!({"target": target, "chains": [], "missing_asset": asset});
    assert_eq!(coverage, json!([nowhere(account, json!("ETH")), nowhere(&hash, Value::Null)]));
    let page = app.browser().sign_in("investigator").page("/desk/requests/r-1").ok();
    assert!(page.contains("no ledger of its chain here") && page.contains("There is no ledger of ETH here."), "{page}");
    // Nor are seized addresses and those of a case passed over in silence.
    let case = ana.post("/api/v1/desk/cases", json!({"title": "One"})).ok()["id"].to_string();
    let at = format!("/api/v1/desk/cases/{case}");
    ana.post(&at, json!({"step": "add", "kind": "address", "key": account})).ok();
    let file = ana.get(&at).ok();
    assert_eq!((&file["coverage"], &file["uncovered"]), (&json!([]), &json!([account])));
    let scanned = ana.send("POST", &format!("{at}/evidence/a.txt?exhibit=A"), "application/octet-stream", account).ok();
    assert_eq!((&scanned["coverage"], &scanned["uncovered"]), (&json!([]), &json!(["ETH"])));
    assert!(ana.get(&at).ok()["items"].to_string().contains("no ledger here of ETH"));
}

#[test]
fn cases_are_linked_and_scanned_on_every_chain() {
    let (app, _) = desk();
    let ana = app.as_person("ana", "investigator");
    for (title, n) in [("One", SUSPECT), ("Two", BESIDE)] {
        let case = ana.post("/api/v1/desk/cases", json!({"title": title})).ok()["id"].to_string();
        let add = json!({"step": "add", "kind": "address", "key": address(n)});
        ana.post(&format!("/api/v1/desk/cases/{case}"), add).ok();
    }
    let file = ana.get("/api/v1/desk/cases/1").ok();
    let because = format!("{} there and {} here are one cluster on litecoin", address(BESIDE), address(SUSPECT));
    assert_eq!(file["links"][0]["because"], json!([because]), "{file}");
    assert_eq!(file["coverage"], chains());
    assert!(ana.get("/api/v1/desk/cases/1/report.pdf").success().body.starts_with(b"%PDF-"));
    let page = app.browser().sign_in("auditor").page("/desk/cases/1").ok();
    assert!(page.contains("litecoin up to block 2") && page.contains("one cluster on litecoin"), "{page}");
    // What a scan finds is looked up on both chains, and stated in each one's unit.
    let found = format!("{} and {}", address(SUSPECT), holdfast_testing_app::PAID);
    let path = "/api/v1/desk/cases/1/evidence/notes.txt?exhibit=Notes";
    let scanned = ana.send("POST", path, "application/octet-stream", found).ok();
    let holding = |address: &str| {
        let all = scanned["holdings"].as_array().unwrap().iter();
        all.filter(|h| h["address"] == address)
            .map(|h| (h["asset"].clone(), h["received"].as_u64()))
            .collect::<Vec<_>>()
    };
    assert_eq!(holding(&address(SUSPECT)), [(json!("LTC"), Some(800_000_000))], "{scanned}");
    assert_eq!(holding(holdfast_testing_app::PAID).len(), 1, "{scanned}");
    assert_eq!(holding(holdfast_testing_app::PAID)[0].0, "BTC");
    assert_eq!(scanned["coverage"], chains());
    let items = ana.get("/api/v1/desk/cases/1").ok()["items"].to_string();
    assert!(items.contains("received 8 LTC") && items.contains("litecoin up to block 2"), "{items}");
}

#[test]
fn amounts_have_the_unit_of_their_chain() {
    let (app, payment) = desk();
    let ana = app.as_role("investigator");
    let asset = |path: &str, at: &str| ana.get(path).ok().pointer(at).cloned().unwrap_or_default();
    assert_eq!(asset(&format!("/api/v1/tx/{payment}"), "/asset"), "LTC");
    assert_eq!(asset(&format!("/api/v1/tx/{payment}"), "/exposure/asset"), "LTC");
    assert_eq!(asset(&format!("/api/v1/exposure/{}", address(SUSPECT)), "/asset"), "LTC");
    let paths = format!("/api/v1/paths?from={}&to={}", address(SUSPECT), address(DEPOSIT));
    assert_eq!((asset(&paths, "/0/asset"), asset(&paths, "/0/amount")), (json!("LTC"), json!(490_000_000)));
    let bitcoin = format!("/api/v1/exposure/{}", holdfast_testing_app::PAID);
    assert_eq!(asset(&bitcoin, "/asset"), "BTC");
    let browser = app.browser().sign_in("investigator");
    let named = browser.page(&format!("/address/{}?chain=LTC", address(SUSPECT))).ok();
    for link in ["/trace?subject=", "/desk/graph?subject="] {
        assert!(named.contains(&format!("{link}{}&amp;chain=LTC", address(SUSPECT))), "{named}");
    }
    for subject in [format!("{}&chain=LTC", address(SUSPECT)), payment.clone()] {
        let graph = browser.page(&format!("/desk/graph?subject={subject}")).ok();
        assert!(graph.contains("data-chain=\"litecoin\" data-ticker=\"LTC\""), "{graph}");
    }
    for path in [format!("/tx/{payment}"), format!("/address/{}", address(SUSPECT))] {
        let page = browser.page(&path).ok();
        assert!(page.contains("LTC") && !page.contains("BTC"), "{path}: {page}");
    }
}
