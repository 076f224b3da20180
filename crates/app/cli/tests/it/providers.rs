//! Other providers' clients pointed at Holdfast, and Holdfast asking other providers.

use crate::common::{Desk, demo, have_peer, holdfast, path, peers, run, serving, small_store};
use serde_json::{Value, json};
use std::process::Command;

const LOCKY: &str = "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48";
const PAYMENT: &str = "2d7b8af1d0043da6149508f6faf34d4e130451169300ad3fc5e1f8a5d65f9ccb";

#[test]
fn elliptics_own_clients_are_answered() {
    if !have_peer("venv/bin/python") || !have_peer("node_modules/elliptic-sdk") {
        return;
    }
    let desk = demo();
    let (_, admin, _) = desk.key("admin", &["admin"], "");
    let (key, _, secret) = desk.key("elliptic", &["read", "events"], &admin);
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers");
    let python = peers().join("venv/bin/python");
    let clients: [(&str, &dyn Fn() -> Command); 2] = [
        ("python", &|| {
            let mut command = Command::new(&python);
            command.arg(format!("{scripts}/elliptic_sdk.py"));
            command
        }),
        ("node", &|| {
            let mut command = Command::new("node");
            command.arg(format!("{scripts}/elliptic_sdk.cjs")).env("NODE_PATH", peers().join("node_modules"));
            command
        }),
    ];
    for (name, client) in clients {
        let ask = |secret: &str, method: &str, path: &str, body: Option<&Value>| -> (u64, Value) {
            let mut command = client();
            command.args([&desk.url, &key, secret, method, path]).args(body.map(Value::to_string));
            let answer: Value = serde_json::from_str(&run(&mut command)).unwrap();
            (answer["status"].as_u64().unwrap(), answer["body"].clone())
        };
        let wallet = |hash: &str, asset: &str| {
            json!({"subject": {"asset": asset, "blockchain": asset, "type": "address", "hash": hash},
                "type": "wallet_exposure", "customer_reference": "kunde ä \"1\""})
        };
        let (status, locky) = ask(&secret, "POST", "/v2/wallet/synchronous", Some(&wallet(LOCKY, "holistic")));
        assert_eq!(status, 200, "{name}: {locky}");
        assert_eq!(locky["risk_score"], 10.0, "{name}: {locky}");
        assert_eq!(locky["cluster_entities"][0]["name"], "Locky");
        assert_eq!(locky["process_status"], "complete");
        assert_eq!(locky["customer"]["reference"], "kunde ä \"1\"");
        assert_eq!(locky["evaluation_detail"]["source"][0]["rule_name"], "ransomware itself");
        let (_, satoshi) =
            ask(&secret, "POST", "/v2/wallet/synchronous", Some(&wallet("12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S", "BTC")));
        assert_eq!(satoshi["risk_score"], Value::Null, "{name}: {satoshi}");
        let (status, unseen) =
            ask(&secret, "POST", "/v2/wallet/synchronous", Some(&wallet("1BitcoinEaterAddressDontSendf59kuE", "BTC")));
        assert_eq!((status, &unseen["name"]), (404, &json!("NotInBlockchain")), "{name}: {unseen}");
        // A withdrawal to Locky is decided, held or refused, and the same request gets the same analysis.
        let transfer = json!({"subject": {"asset": "BTC", "blockchain": "bitcoin", "type": "transaction", "hash": PAYMENT,
            "output_type": "address", "output_address": LOCKY}, "type": "destination_of_funds", "customer_reference": "c-77"});
        let (status, analysis) = ask(&secret, "POST", "/v2/analyses/synchronous", Some(&transfer));
        assert_eq!(status, 200, "{name}: {analysis}");
        assert_eq!(analysis["risk_score"], 10.0, "{name}: {analysis}");
        assert_ne!(analysis["holdfast"]["decision"], "allow");
        assert!(!analysis["evaluation_detail"].as_array().unwrap().is_empty());
        let (_, again) = ask(&secret, "POST", "/v2/analyses/synchronous", Some(&transfer));
        assert_eq!(again, analysis, "{name}");
        let id = analysis["id"].as_str().unwrap();
        let (status, stored) = ask(&secret, "GET", &format!("/v2/analyses/{id}"), None);
        assert_eq!((status, &stored["risk_score"]), (200, &analysis["risk_score"]), "{name}: {stored}");
        // A wrong secret, and a wrong request.
        let (status, refused) = ask("AAAA", "POST", "/v2/wallet/synchronous", Some(&wallet(LOCKY, "BTC")));
        assert_eq!((status, &refused["name"]), (401, &json!("UnauthorizedError")), "{name}: {refused}");
        let mut wrong = wallet(LOCKY, "BTC");
        wrong["type"] = "everything".into();
        let (status, refused) = ask(&secret, "POST", "/v2/wallet/synchronous", Some(&wrong));
        assert_eq!(status, 400);
        assert!(refused["message"].as_str().unwrap().contains("wallet_exposure"), "{name}: {refused}");
    }
}

/// On one server: starting one on the demo's store reads half a million tags.
#[test]
fn shapes_of_chainalysis_and_trm_are_answered() {
    let desk = demo();
    let (_, admin, _) = desk.key("admin", &["admin"], "");
    transfers_and_addresses_are_screened_in_their_shapes(&desk, &admin);
    assets_without_a_ledger_are_not_claimed_to_be_screened(&desk, &admin);
}

fn transfers_and_addresses_are_screened_in_their_shapes(desk: &Desk, admin: &str) {
    let (_, token, _) = desk.key("kyt", &["read", "events"], admin);
    let kyt = |method: &str, path: &str, body: Option<&Value>| desk.ask(method, path, &[("Token", &token)], body);
    let authorization = format!("Bearer {admin}");
    let price = json!({"base_units": "100000000", "value": 4_000_000});
    assert_eq!(desk.ask("PUT", "/api/v1/prices/BTC", &[("Authorization", &authorization)], Some(&price)).0, 204);
    // A received transfer whose amount the ledger knows.
    let transfer = json!({"network": "Bitcoin", "asset": "BTC", "transferReference": format!("{PAYMENT}:{LOCKY}"), "direction": "received"});
    let (status, made) = kyt("POST", "/api/kyt/v2/users/u-1/transfers", Some(&transfer));
    assert_eq!(status, 202, "{made}");
    assert_eq!((&made["assetAmount"], &made["usdAmount"]), (&json!(0.4999), &json!(19_996.0)));
    assert_eq!((&made["tx"], &made["outputAddress"]), (&json!(PAYMENT), &json!(LOCKY)));
    let id = made["externalId"].as_str().unwrap();
    assert_eq!(kyt("POST", "/api/kyt/v2/users/u-1/transfers", Some(&transfer)).1["externalId"], made["externalId"]);
    let (_, summary) = kyt("GET", &format!("/api/kyt/v2/transfers/{id}"), None);
    assert_eq!(summary, made);
    assert_eq!(kyt("GET", &format!("/api/kyt/v2/withdrawal-attempts/{id}"), None).0, 404);
    // A withdrawal attempt to a ransomware address.
    let attempt = |address: &str, id: &str, amount: Value| {
        let body = json!({"network": "Bitcoin", "asset": "BTC", "address": address, "attemptIdentifier": id,
            "assetAmount": amount, "attemptTimestamp": "2026-11-24T10:00:00.123456"});
        kyt("POST", "/api/kyt/v2/users/u-2/withdrawal-attempts", Some(&body))
    };
    let (status, made) = attempt(LOCKY, "w-1", json!(0.25));
    assert_eq!(status, 202, "{made}");
    assert_eq!((&made["attemptIdentifier"], &made["assetAmount"]), (&json!("w-1"), &json!(0.25)));
    let id = made["externalId"].as_str().unwrap();
    let part = |part: &str| kyt("GET", &format!("/api/kyt/v2/withdrawal-attempts/{id}/{part}"), None).1;
    assert_eq!(part("exposures")["direct"]["name"], "Locky");
    assert_eq!(part("exposures")["direct"]["category"], "ransomware");
    let alerts = part("alerts");
    assert_eq!(alerts["alerts"][0]["alertLevel"], "SEVERE", "{alerts}");
    assert_eq!(alerts["alerts"][0]["service"], "Locky");
    assert_eq!(alerts["alerts"][0]["alertAmount"], 10_000.0);
    assert_eq!(part("network-identifications")["networkIdentificationOrgs"][0]["name"], "Locky");
    assert_eq!(part("high-risk-addresses")["chainalysisIdentifications"][0]["address"], LOCKY);
    assert_eq!(kyt("GET", &format!("/api/kyt/v2/withdrawal-attempts/{id}/nonsense"), None).0, 404);
    // The same identifier with another amount is no repetition.
    assert_eq!(attempt(LOCKY, "w-1", json!(0.5)).0, 409);
    let (status, refused) = attempt(LOCKY, "w-2", json!(0.123456789));
    assert_eq!(status, 400);
    assert!(refused["message"].as_str().unwrap().starts_with("assetAmount: "), "{refused}");
    let (_, categories) = kyt("GET", "/api/kyt/v2/categories", None);
    assert!(categories["categories"].as_array().unwrap().iter().any(|c| c["categoryName"] == "ransomware"));
    let (status, refused) = desk.ask("GET", "/api/kyt/v2/categories", &[("Token", "hf_no_no")], None);
    assert_eq!((status, &refused["status"]), (401, &json!(401)));
    // TRM: HTTP Basic with the key as user and password.
    let basic = base64(&format!("{token}:{token}"));
    let trm = |body: Value| {
        desk.ask("POST", "/public/v2/screening/addresses", &[("Authorization", &format!("Basic {basic}"))], Some(&body))
    };
    let sanctioned = "0x098B716B8Aaf21512996dC57EB0615e2383E2f96";
    let (status, answer) = trm(json!([
        {"address": LOCKY, "chain": "bitcoin", "accountExternalId": "acc", "externalId": "x1"},
        {"address": sanctioned, "chain": "ethereum"}
    ]));
    assert_eq!(status, 201, "{answer}");
    assert_eq!(answer[0]["addressRiskIndicators"][0]["riskType"], "OWNERSHIP", "{answer}");
    assert_eq!(answer[0]["addressRiskIndicators"][0]["categoryRiskScoreLevelLabel"], "Severe");
    assert_eq!(
        (&answer[0]["entities"][0]["entity"], &answer[0]["accountExternalId"]),
        (&json!("Locky"), &json!("acc"))
    );
    assert_eq!(answer[1]["entities"][0]["category"], "sanction", "{answer}");
    let (status, refused) = trm(json!([{"address": LOCKY, "chain": "marschain"}]));
    assert_eq!(status, 400);
    assert!(refused["message"].as_str().unwrap().contains("marschain"), "{refused}");
}

fn assets_without_a_ledger_are_not_claimed_to_be_screened(desk: &Desk, admin: &str) {
    let (key, token, secret) = desk.key("asked", &["read", "events"], admin);
    let (known, unknown) = ("0x098B716B8Aaf21512996dC57EB0615e2383E2f96", "0x1111111111111111111111111111111111111112");
    // TRM: an empty item reads as clean, so that the request is refused and says which; a tag on the address itself is still told.
    let basic = base64(&format!("{token}:{token}"));
    let trm = |body: Value| {
        desk.ask("POST", "/public/v2/screening/addresses", &[("Authorization", &format!("Basic {basic}"))], Some(&body))
    };
    for (chain, address) in [
        ("ethereum", unknown),
        ("tron", "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8"),
        ("solana", "9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM"),
        ("litecoin", "LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1"),
    ] {
        let (status, answer) =
            trm(json!([{"address": LOCKY, "chain": "bitcoin"}, {"address": address, "chain": chain}]));
        assert_eq!(status, 400, "{chain}: {answer}");
        let message = answer["message"].as_str().unwrap();
        assert!(message.starts_with("[1].chain: ") && message.contains("not supported"), "{message}");
    }
    let (status, answer) = trm(json!([{"address": known, "chain": "ethereum"}]));
    assert_eq!((status, &answer[0]["entities"][0]["category"]), (201, &json!("sanction")), "{answer}");
    assert_eq!(answer[0]["holdfast"]["coverage"]["ledger"], false);
    // KYT: the event is decided, but it is "not processed" and has no exposures.
    let kyt = |method: &str, path: &str, body: Option<&Value>| desk.ask(method, path, &[("Token", &token)], body);
    let attempt = |address: &str, id: &str| {
        let body = json!({"network": "Ethereum", "asset": "ETH", "address": address, "attemptIdentifier": id,
            "assetAmount": 1, "attemptTimestamp": "2026-11-24T10:00:00"});
        kyt("POST", "/api/kyt/v2/users/u-9/withdrawal-attempts", Some(&body)).1
    };
    let made = attempt(unknown, "e-1");
    assert_eq!(made["updatedAt"], Value::Null, "{made}");
    let at = format!("/api/kyt/v2/withdrawal-attempts/{}", made["externalId"].as_str().unwrap());
    let (status, answer) = kyt("GET", &format!("{at}/exposures"), None);
    assert!(status == 404 && answer["message"].as_str().unwrap().contains("not supported"), "{status} {answer}");
    assert_eq!(kyt("GET", &format!("{at}/alerts"), None).0, 200);
    let made = attempt(known, "e-2");
    assert!(made["updatedAt"].is_string(), "{made}");
    let at = format!("/api/kyt/v2/withdrawal-attempts/{}", made["externalId"].as_str().unwrap());
    let (_, answer) = kyt("GET", &format!("{at}/exposures"), None);
    assert_eq!((&answer["direct"]["category"], &answer["indirect"]), (&json!("sanction"), &json!([])), "{answer}");
    // Elliptic: 403, its answer for an asset that is not in a customer's plan; never NotInBlockchain, which clients take for fine.
    let signed = |path: &str, body: &Value| {
        let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis().to_string();
        let signature = holdfast_vendors::elliptic::sign(&secret, &time, "POST", path, &body.to_string()).unwrap();
        let [a, b, c] = holdfast_vendors::elliptic::HEADERS;
        desk.ask("POST", path, &[(a, &key), (b, &signature), (c, &time)], Some(body))
    };
    let wallet = |asset: &str, hash: &str| {
        let blockchain = if asset == "holistic" { asset } else { "ethereum" };
        let body = json!({"subject": {"asset": asset, "blockchain": blockchain, "type": "address", "hash": hash}, "type": "wallet_exposure",
            "customer_reference": "c"});
        signed("/v2/wallet/synchronous", &body)
    };
    for asset in ["ETH", "holistic", "USDT"] {
        let (status, answer) = wallet(asset, unknown);
        assert_eq!((status, &answer["name"]), (403, &json!("ForbiddenError")), "{asset}: {answer}");
        assert!(answer["message"].as_str().unwrap().contains("not supported"), "{answer}");
    }
    let (status, answer) = wallet("ETH", known);
    assert_eq!(
        (status, &answer["asset_tier"], &answer["risk_score"]),
        (200, &json!("limited"), &json!(10.0)),
        "{answer}"
    );
    assert_eq!(answer["risk_score_detail"], json!({"source": null, "destination": null}));
    assert_eq!(answer["contributions"], json!({"source": [], "destination": []}));
    let transfer = json!({"subject": {"asset": "ETH", "blockchain": "ethereum", "type": "transaction", "hash": PAYMENT, "output_type": "address",
        "output_address": LOCKY}, "type": "source_of_funds", "customer_reference": "c"});
    let (status, answer) = signed("/v2/analyses/synchronous", &transfer);
    assert_eq!(status, 403, "a transfer of ETH is not looked up in another chain: {answer}");
}

/// Base64 of short text, without a library.
fn base64(text: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = |chunk: &[u8]| {
        let n = chunk.iter().chain([0, 0].iter()).take(3).fold(0usize, |n, b| n << 8 | *b as usize);
        (0..4).map(|i| if i <= chunk.len() { DIGITS[n >> (18 - 6 * i) & 63] as char } else { '=' }).collect::<String>()
    };
    text.as_bytes().chunks(3).map(digits).collect()
}

/// A desk that knows one real block and no tag, and asks other providers.
fn asking(providers: &str) -> Desk {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let file = dir.path().join("providers.yaml");
    std::fs::write(&file, providers).unwrap();
    let mut command = holdfast();
    command.args(["serve", "--open", "--store", path(&store), "--listen", "127.0.0.1:0", "--providers", path(&file)]);
    command.env("HOLDFAST_TEST_TRM_KEY", providers.lines().next().unwrap().trim_start_matches("# "));
    let (process, url) = serving(&mut command);
    Desk { process, url, dir }
}

#[test]
fn answers_of_other_providers_decide_and_their_silence_is_seen() {
    // Another Holdfast stands for all three providers, in their own formats.
    let provider = demo();
    let (_, admin, _) = provider.key("admin", &["admin"], "");
    let (key, token, secret) = provider.key("asked", &["read", "events"], &admin);
    let url = &provider.url;
    let desk = asking(&format!(
        "# {token}\nelliptic: {{url: '{url}', key: {key}, secret: '{secret}'}}\nchainalysis: {{url: '{url}/', secret: {token}}}\n\
         trm: {{url: '{url}', secret_env: HOLDFAST_TEST_TRM_KEY}}\ntimeout_ms: 5000\nretries: 1\nbreaker_failures: 2\ncache_seconds: 3600\n"
    ));
    let withdraw = |id: &str, address: &str| {
        let event = json!({"id": id, "time": 1_795_000_000, "kind": "withdrawal", "customer": id, "asset": "BTC", "amount": "50000000",
            "value": 2_000_000, "counterparty": address});
        let (status, decision) = desk.ask("POST", "/api/v1/events", &[], Some(&event));
        assert_eq!(status, 200, "{decision}");
        let rules: Vec<String> =
            decision["reasons"].as_array().unwrap().iter().map(|r| r["rule"].as_str().unwrap().to_owned()).collect();
        let (_, event) = desk.ask("GET", &format!("/api/v1/events/{id}"), &[], None);
        (decision["decision"].clone(), rules, event["facts"]["providers"].clone())
    };
    let (verdict, rules, facts) = withdraw("w1", LOCKY);
    assert_eq!(verdict, "hold", "{facts}");
    assert!(rules.contains(&"provider-severe".to_owned()), "{rules:?}");
    for name in ["elliptic", "chainalysis", "trm"] {
        assert_eq!(facts[name]["risk"], 4, "{facts}");
        assert!(facts[name]["detail"].as_str().unwrap().contains("Locky"), "{facts}");
    }
    // The second time the answers come from the cache.
    let (_, _, facts) = withdraw("w2", LOCKY);
    assert!(["elliptic", "chainalysis", "trm"].iter().all(|n| facts[n]["cached"] == true), "{facts}");
    // The command asks too.
    let file = desk.dir.path().join("providers.yaml");
    let mut command = holdfast();
    command
        .args(["--json", "providers", "ask", "--providers", path(&file), LOCKY])
        .env("HOLDFAST_TEST_TRM_KEY", &token);
    let asked: Value = serde_json::from_str(&run(&mut command)).unwrap();
    assert_eq!(asked["trm"]["risk"], 4, "{asked}");
    // All down: the decision comes all the same, says so, and goes to a person.
    drop(provider);
    let (verdict, rules, facts) = withdraw("w3", "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S");
    assert_eq!(verdict, "review", "{facts}");
    assert!(rules.contains(&"provider-failed".to_owned()), "{rules:?}");
    assert!(
        facts["elliptic"]["risk"].is_null() && facts["elliptic"]["detail"].as_str().unwrap().contains("tries"),
        "{facts}"
    );
    withdraw("w4", "1Q2TWHE3GMdB6BZKafqwxXtWAWgFt5Jvm3");
    let (_, states) = desk.ask("GET", "/api/v1/providers", &[], None);
    assert!(states.as_array().unwrap().iter().all(|s| s["breaker"] == "open"), "{states}");
    let (_, facts) = desk.ask("GET", "/api/v1/providers/BTC/1Q2TWHE3GMdB6BZKafqwxXtWAWgFt5Jvm3", &[], None);
    assert!(facts["trm"]["detail"].as_str().unwrap().starts_with("not queried"), "{facts}");
    // What was answered before still is.
    let (_, facts) = desk.ask("GET", &format!("/api/v1/providers/BTC/{LOCKY}"), &[], None);
    assert_eq!((&facts["trm"]["risk"], &facts["trm"]["cached"]), (&json!(4), &json!(true)), "{facts}");
}
