//! Other providers' formats.

use holdfast_testing_app::{Answer, BLOCK, PAID, TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(chainalysis_clients_are_answered, trm_clients_are_answered, elliptic_clients_sign);

fn chainalysis_clients_are_answered(app: &TestApp) {
    let service = app.with_scopes("kyt", vec!["read".into(), "events".into()]);
    let txid = service.get(&format!("/api/v1/block/{BLOCK}")).ok()["txids"].clone();
    let paying = txid.as_array().unwrap().iter().find(|t| {
        service.get(&format!("/api/v1/tx/{}", t.as_str().unwrap())).ok()["outputs"].to_string().contains(PAID)
    });
    let transfer = json!({"network": "Bitcoin", "asset": "BTC", "transferReference": format!("{}:{PAID}", paying.unwrap().as_str().unwrap()), "direction": "received"});
    let post = |what: &str, body: &Value| service.post(&format!("/api/kyt/v2/users/u-1/{what}"), body.clone());
    let made = post("transfers", &transfer).is(202);
    assert_eq!(post("transfers", &transfer).is(202)["externalId"], made["externalId"], "sent again, it is the same");
    let id = made["externalId"].as_str().unwrap().to_owned();
    assert_eq!(service.get(&format!("/api/kyt/v2/transfers/{id}")).ok(), made);
    let attempt = |amount: f64| {
        let body = json!({"network": "Bitcoin", "asset": "BTC", "address": PAID, "attemptIdentifier": "w-1", "assetAmount": amount,
            "attemptTimestamp": "2026-05-28T10:00:00"});
        post("withdrawal-attempts", &body)
    };
    let made = attempt(0.25).is(202);
    assert_eq!(attempt(0.5).status, 409, "the same identifier with another amount");
    let mut wrong = transfer.clone();
    wrong["direction"] = json!("sideways");
    assert_eq!(post("transfers", &wrong).status, 400);
    let at = format!("/api/kyt/v2/withdrawal-attempts/{}", made["externalId"].as_str().unwrap());
    for part in ["exposures", "alerts", "network-identifications", "high-risk-addresses"] {
        service.get(&format!("{at}/{part}")).ok();
    }
    assert_eq!(service.get(&format!("{at}/nonsense")).status, 404);
    assert_eq!(service.get("/api/kyt/v2/transfers/none").status, 404);
    assert!(service.get("/api/kyt/v2/categories").ok()["categories"].is_array());
    assert_eq!(app.as_nobody().header("token", "hf_no_no").get("/api/kyt/v2/categories").status, 401);
    assert_eq!(app.as_role("screener").post("/api/kyt/v2/users/u-1/transfers", transfer).status, 403);
}

fn trm_clients_are_answered(app: &TestApp) {
    let wallet = app.as_role("screener");
    let post = |body: Value| wallet.post("/public/v2/screening/addresses", body);
    let answer = post(json!([{"address": PAID, "chain": "bitcoin", "accountExternalId": "acc"}])).is(201);
    assert_eq!(answer[0]["accountExternalId"], "acc", "{answer}");
    let refused = post(json!([{"address": PAID, "chain": "marschain"}]));
    assert!(refused.status == 400 && refused.text().contains("marschain"), "{}", refused.text());
    assert_eq!(app.as_role("administrator").post("/public/v2/screening/addresses", json!([])).status, 403);
}

fn elliptic_clients_sign(app: &TestApp) {
    let made = app.as_role("root").post("/api/v1/keys", json!({"name": "elliptic", "scopes": ["read", "events"]})).ok();
    let (key, secret) = (made["key"]["id"].as_str().unwrap(), made["elliptic_secret"].as_str().unwrap());
    let send = |secret: &str, method: &str, path: &str, body: &Value| -> Answer {
        let (time, text) =
            ((app.now().unix() * 1000).to_string(), if body.is_null() { String::new() } else { body.to_string() });
        let signed = if text.is_empty() { "{}" } else { &text };
        let signature = holdfast_vendors::elliptic::sign(secret, &time, method, path, signed).unwrap();
        let caller = app
            .as_nobody()
            .header("x-access-key", key)
            .header("x-access-sign", &signature)
            .header("x-access-timestamp", &time);
        caller.send_json(method, path, body)
    };
    let wallet = json!({"subject": {"asset": "holistic", "blockchain": "holistic", "type": "address", "hash": PAID}, "type": "wallet_exposure", "customer_reference": "c-1"});
    let answer = send(secret, "POST", "/v2/wallet/synchronous", &wallet).ok();
    assert_eq!(answer["process_status"], "complete", "{answer}");
    assert_eq!(send("AAAA", "POST", "/v2/wallet/synchronous", &wallet).status, 401);
    let reader = app.as_role("screener");
    let txids = reader.get(&format!("/api/v1/block/{BLOCK}")).ok()["txids"].clone();
    let paying = txids.as_array().unwrap().iter().find(|t| {
        reader.get(&format!("/api/v1/tx/{}", t.as_str().unwrap())).ok()["outputs"].to_string().contains(PAID)
    });
    let transfer = json!({"subject": {"asset": "BTC", "blockchain": "bitcoin", "type": "transaction", "hash": paying.unwrap(),
        "output_type": "address", "output_address": PAID}, "type": "source_of_funds", "customer_reference": "c-1"});
    let analysis = send(secret, "POST", "/v2/analyses/synchronous", &transfer).ok();
    let at = format!("/v2/analyses/{}", analysis["id"].as_str().unwrap());
    assert_eq!(send(secret, "GET", &at, &Value::Null).ok()["id"], analysis["id"]);
    assert_eq!(send(secret, "GET", "/v2/analyses/none", &Value::Null).status, 404);
}
