//! Suggested tags over a desk with an account chain: looked for, explained, accepted or rejected. No exposure counts one before it is accepted.

use holdfast_account_ledger::Settings;
use holdfast_account_workspace::AccountWorkspace;
use holdfast_testing::blocks::{account, empty_block, one_transfer, transfer};
use holdfast_testing::payments_model;
use holdfast_testing_app::{Call, TestApp};
use holdfast_types::{Amount, BlockTransfers, ChainId, TokenRef};
use serde_json::{Value, json};
use std::path::Path;

fn paid(chain: &ChainId, height: u8, from: u8, to: u8, coins: u128) -> BlockTransfers {
    let mut payment = transfer(TokenRef::Native, Some(from), to, 0);
    payment.amount = Amount::from(coins * 10u128.pow(18));
    one_transfer(chain, height, [height; 32], payment)
}

/// Account 2 receives much and pays account 3, so that 3 has what came from 2.
fn chain(dir: &Path) -> AccountWorkspace {
    let chain = ChainId::parse("eip155:1").unwrap();
    let mut workspace =
        AccountWorkspace::create_or_open(dir, &Settings::new(chain.clone()), Default::default()).unwrap();
    let paid = |height, from, to, coins| paid(&chain, height, from, to, coins);
    let blocks = [paid(1, 9, 2, 70_000), paid(2, 2, 3, 30), paid(3, 9, 4, 80_000), paid(4, 9, 5, 90_000)];
    for block in [empty_block(&chain, 0)].into_iter().chain(blocks) {
        workspace.ledger.append_block(block).unwrap();
    }
    workspace
}

fn address(n: u8) -> String {
    account(n).to_address(&ChainId::parse("eip155:1").unwrap()).to_string()
}

/// Calls every operation, and returns the calls.
pub fn calls() -> Vec<Call> {
    let app = TestApp::with_account_chains(|dir| vec![chain(dir)]);
    let (ana, bo) = (app.as_person("ana", "administrator"), app.as_person("bo", "investigator"));
    let model = payments_model(50_000);
    let hash = model.hash().to_string();
    let look = |body: Value| bo.post("/api/v1/suggestions/pass?chain=ethereum", body);
    look(json!({})).refused_with(409, "champion");
    ana.post("/api/v1/models", json!({"file": holdfast_learned::written(model.to_bytes())})).ok();
    look(json!({"model": hash, "least": 0.5})).refused_with(409, "draft");
    ana.post(&format!("/api/v1/models/{hash}/step"), json!({"step": "shadow", "reason": "trial"})).ok();
    look(json!({"model": "0".repeat(64)})).refused(404);
    look(json!({"model": hash, "least": 2.0})).refused_with(400, "least");
    bo.post("/api/v1/suggestions/pass?chain=dogechain", json!({})).refused(400);
    look(json!({"no_such_field": 1})).refused_with(400, "no_such_field");
    look(json!("text")).refused_with(400, "body: ");

    let exposure = || bo.get(&format!("/api/v1/account-chains/exposure/{}?chain=ethereum", address(3))).ok();
    let labels = format!("address,label\n{},positive\n{},negative\n", address(2), address(3));
    let train = |body: Value| ana.post("/api/v1/models/train-accounts", body);
    train(json!({"chain": "ethereum", "labels": "x", "budget": 0.1})).refused_with(400, "labels: line 1");
    train(json!({"chain": "dogechain", "labels": labels, "budget": 0.1})).refused(400);
    assert_eq!(ana.get("/api/v1/models/train/account-phishing").ok(), Value::Null);
    let job = train(json!({"chain": "ethereum", "labels": labels, "budget": 0.1})).ok();
    assert_eq!((&job["kind"], &job["state"]), (&json!("train-accounts"), &json!("waiting")));
    train(json!({"chain": "ethereum", "labels": labels, "budget": 0.1})).refused_with(409, "waits already");
    assert_eq!(ana.get("/api/v1/models/train/account-phishing").ok()["id"], job["id"]);

    let pages = app.browser().sign_in("administrator");
    let page = pages.page("/desk/models/train");
    let form = page.form("/desk/models/train-accounts");
    assert_eq!(form.submit(&[("chain", "ethereum"), ("labels", "x"), ("budget", "")]).status, 400);

    let (before, tags) = (exposure(), bo.get(&format!("/api/v1/tags?text={}", address(2))).ok());
    let report = look(json!({"model": hash, "least": 0.5})).ok();
    assert_eq!(
        (&report["scored"], &report["found"], &report["stored"]["new"]),
        (&json!(4), &json!(3), &json!(3)),
        "{report}"
    );
    assert_eq!(exposure(), before, "a suggestion is no tag");
    assert_eq!(bo.get(&format!("/api/v1/tags?text={}", address(2))).ok(), tags);

    let open = bo.get("/api/v1/suggestions?state=open&limit=10").ok();
    let id = |n: u8| open.as_array().unwrap().iter().find(|s| s["address"] == json!(address(n))).unwrap()["id"].clone();
    let [two, four, five] = [2, 4, 5].map(|n| format!("/api/v1/suggestions/{}", id(n)));
    let shown = bo.get(&format!("{two}?lang=es")).ok();
    assert_eq!(
        (&shown["model"], &shown["category"], &shown["block"]),
        (&json!(hash), &json!("phishing"), &json!(4)),
        "{shown}"
    );
    assert!(!shown["reasons"].as_array().unwrap().is_empty(), "{shown}");
    bo.get("/api/v1/suggestions/999").refused(404);

    let browser = app.browser().sign_in("investigator");
    let (list, at) = ("/desk/tags/suggestions", format!("/desk/tags/suggestions/{}", id(4)));
    assert!(browser.page(list).ok().contains(&at));
    assert!(browser.page(&at).ok().contains("A suggestion is no tag"));
    assert_eq!(browser.page(&at).form(&at).submit(&[("decision", "rejected"), ("note", "")]).status, 400);

    bo.post(&format!("{two}/accept"), json!({"note": " "})).refused_with(400, "reason");
    assert_eq!(exposure(), before, "a refused acceptance leaves no tag");
    let accepted = bo.post(&format!("{two}/accept"), json!({"note": "victims reported it"})).ok();
    assert_eq!((&accepted["state"], &accepted["decided_by"]), (&json!("accepted"), &json!("bo")));
    let after = exposure();
    assert_ne!(after, before);
    assert!(after.to_string().contains("phishing") && !before.to_string().contains("phishing"), "{after}");
    let tag = bo.get(&format!("/api/v1/tags?text={}", address(2))).ok();
    assert!(tag.to_string().contains(&format!("model {hash}")), "{tag}");
    bo.post(&format!("{two}/accept"), json!({"note": "again"})).refused_with(409, "accepted already");
    bo.post(&format!("{two}/reject"), json!({"note": "again"})).refused_with(409, "accepted already");
    bo.post("/api/v1/suggestions/999/reject", json!({"note": "x"})).refused(404);
    let rejected = browser.page(&at).form(&at).submit(&[("decision", "rejected"), ("note", "a wallet of an exchange")]);
    assert_eq!(rejected.status, 303);
    assert!(browser.page(&format!("{list}?state=rejected")).ok().contains("a wallet of an exchange"));
    bo.post(&format!("{four}/reject"), json!({"note": "again"})).refused_with(409, "rejected already");
    let rejected = bo.post(&format!("{five}/reject"), json!({"note": "a shop"})).ok();
    assert_eq!(rejected["state"], "rejected");
    let again = look(json!({"model": hash, "least": 0.5})).ok();
    assert_eq!(
        (&again["stored"]["new"], &again["stored"]["decided_before"], &again["not_looked"]["tagged"]),
        (&json!(0), &json!(2), &json!(1)),
        "{again}"
    );
    let labels = ana.get("/api/v1/suggestions/labels").ok();
    assert_eq!(labels.as_array().unwrap().iter().filter(|l| l["is_accepted"] == json!(true)).count(), 1);
    app.calls()
}

#[test]
fn suggestions_are_looked_for_and_decided() {
    assert!(!calls().is_empty());
}
