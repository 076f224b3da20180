//! Two exchanges that share: flags that stop deposits, and every format against its own peers.

use crate::common::{
    Desk, Running, exchange, free_port, have_peer, holdfast, ok, path, peers, run, small_store, soon, words,
};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

/// Longest wait for what one exchange does after the other, or a peer.
const WAIT: Duration = Duration::from_secs(20);
const ROBBER: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
/// Is paid in the store's one block.
const PAID: &str = "1HWqsgnSd12Gv8SpoUMi1Cj8hp79BTSpW7";
const THIEF: &str = "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48";

fn deposit(id: &str, customer: &str, from: &str, tx: char) -> Value {
    json!({"id": id, "time": now(), "kind": "deposit", "customer": customer, "asset": "ETH", "amount": "500000", "value": 1_000,
        "tx": tx.to_string().repeat(64), "output": 0, "counterparty": from})
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// Hosts a community at `a` and makes `b` a member that reads its flags and its intelligence. Gives the community and the member's key.
fn community(a: &Desk, b: &Desk) -> (Value, String) {
    let community = ok(
        a,
        "POST",
        "/api/v1/sharing/communities",
        json!({"name": "Exchanges", "max_tlp": "TLP:AMBER+STRICT", "own_name": "Exchange A"}),
    );
    let members = format!("/api/v1/sharing/communities/{}/members", community["id"].as_str().unwrap());
    let key =
        ok(a, "POST", &members, json!({"name": "Exchange B", "writes": true}))["key"].as_str().unwrap().to_owned();
    let discover = json!({"url": format!("{}/taxii2/", a.url), "username": "Exchange B", "key": key});
    // The server names itself by its site, which is localhost here.
    let found = ok(b, "POST", "/api/v1/sharing/discover", discover);
    for (title, name) in [("flags", "A's flags"), ("intelligence", "A's intelligence")] {
        let url = found.as_array().unwrap().iter().find(|c| c["title"] == title).unwrap()["url"].clone();
        let source =
            json!({"kind": "taxii", "name": name, "url": url, "username": "Exchange B", "key": key, "every": 1});
        ok(b, "POST", "/api/v1/sharing/sources", source);
    }
    let id = community["id"].as_str().unwrap();
    for collection in ["flags", "intelligence"] {
        let source = json!({"kind": "community", "name": format!("members' {collection}"), "url": format!("{id}/{collection}"), "every": 1});
        ok(a, "POST", "/api/v1/sharing/sources", source);
    }
    (community, key)
}

#[test]
fn a_flag_of_one_exchange_stops_a_deposit_at_the_other() {
    let (a, b) = (exchange(), exchange());
    let (community, _) = community(&a, &b);
    let holds = |desk: &Desk| ok(desk, "GET", "/api/v1/holds?state=active", Value::Null).as_array().unwrap().len();
    let state = |desk: &Desk, id: &str| {
        let flags = ok(desk, "GET", "/api/v1/sharing/flags", Value::Null);
        flags.as_array().unwrap().iter().find(|f| f["id"] == id).map(|f| f["state"].as_str().unwrap().to_owned())
    };
    // One deposit came before the flag: it is held late. One comes after it: it is held at once.
    // Nothing speaks against the first but that no source covers the asset, so that it passes with an alert.
    let before = ok(&b, "POST", "/api/v1/events", deposit("d1", "c1", ROBBER, '1'));
    assert_eq!((&before["decision"], &before["reasons"][0]["rule"]), (&json!("review"), &json!("engine.uncovered")));
    assert_eq!(before["reasons"].as_array().map(Vec::len), Some(1), "{before}");
    let flag = json!({"channel": community["id"], "subject": "address", "asset": "ETH", "value": ROBBER, "reason": "Hot wallet emptied"});
    let raised = ok(&a, "POST", "/api/v1/sharing/flags", flag);
    let id = raised["flag"]["id"].as_str().unwrap();
    soon(WAIT, "the flag reaches the other exchange", || state(&b, id));
    let decision = ok(&b, "POST", "/api/v1/events", deposit("d2", "c2", ROBBER, '2'));
    assert_eq!(decision["decision"], "hold", "{decision}");
    assert_eq!(decision["reasons"][0]["rule"], "engine.flagged");
    soon(WAIT, "the deposit before it is held too", || (holds(&b) == 2).then_some(()));
    let flags = ok(&b, "GET", "/api/v1/sharing/flags", Value::Null);
    assert_eq!(
        (flags[0]["member"].as_str(), flags[0]["until"].as_i64()),
        (Some("Exchange A"), raised["flag"]["until"].as_i64())
    );
    // B does not change A's flag.
    let (status, _) =
        b.ask("POST", &format!("/api/v1/sharing/flags/{id}"), &[], Some(&json!({"state": "withdrawn", "why": "x"})));
    assert_eq!(status, 409);
    // Confirmed, then found to be false after all: undone everywhere, and counted.
    ok(&a, "POST", &format!("/api/v1/sharing/flags/{id}"), json!({"state": "confirmed", "why": "police report"}));
    soon(WAIT, "it is confirmed there", || state(&b, id).filter(|s| s == "confirmed"));
    ok(
        &a,
        "POST",
        &format!("/api/v1/sharing/flags/{id}"),
        json!({"state": "withdrawn", "why": "it was our own address"}),
    );
    soon(WAIT, "it is withdrawn there", || state(&b, id).filter(|s| s == "withdrawn"));
    assert_eq!(holds(&b), 0);
    let alerts = ok(&b, "GET", "/api/v1/alerts?state=open", Value::Null);
    // What rested on the flag alone is closed; that no source covers the asset stays to be looked at.
    let alerts = alerts.as_array().unwrap();
    let uncovered = |rules: &Value| rules.as_array().unwrap().contains(&json!("engine.uncovered"));
    assert!(alerts.len() <= 2 && alerts.iter().all(|a| uncovered(&a["rules"])), "{alerts:?}");
    let after = ok(&b, "POST", "/api/v1/events", deposit("d3", "c3", ROBBER, '3'));
    assert_eq!((&after["decision"], &after["reasons"][0]["rule"]), (&json!("review"), &json!("engine.uncovered")));
    assert_eq!(after["reasons"].as_array().map(Vec::len), Some(1), "{after}");
    let standing = ok(&b, "GET", "/api/v1/sharing/standings", Value::Null);
    assert_eq!((&standing[0]["member"], &standing[0]["withdrawn"]), (&json!("Exchange A"), &json!(1)));
    // The other way: B raises one at its source, A reads its own community.
    let flag = json!({"channel": "1", "subject": "transaction", "asset": "ETH", "value": "4".repeat(64), "reason": "Account taken over"});
    let theirs = ok(&b, "POST", "/api/v1/sharing/flags", flag)["flag"]["id"].as_str().unwrap().to_owned();
    soon(WAIT, "A knows B's flag", || state(&a, &theirs));
    assert_eq!(
        ok(&a, "POST", "/api/v1/events", deposit("e1", "c9", "0x00000000000000000000000000000000000000bb", '4'))["decision"],
        "hold"
    );
    // A member that is suspended shares and reads no more, and withdrawing a source ends its flags.
    ok(&a, "POST", "/api/v1/sharing/sources/1/withdraw", json!({"why": "test"}));
    assert_eq!((state(&a, &theirs).as_deref(), holds(&a)), (Some("withdrawn"), 0));
    for desk in [&a, &b] {
        assert_eq!(ok(desk, "GET", "/api/v1/audit/verify", Value::Null)["problems"], json!([]));
    }
}

#[test]
fn taxii_and_stix_are_understood_by_their_own_peers() {
    if !have_peer("venv/bin/stix2_validator") {
        return;
    }
    let (a, b) = (exchange(), exchange());
    let (community, key) = community(&a, &b);
    let id = community["id"].as_str().unwrap();
    let wallet = |address: &str, tlp: &str| {
        json!({"address": address, "asset": "BTC", "label": "Ransom", "concept": "ransomware", "reason": "Paid by a customer", "reference":
            "https://example.org/report", "confidence": 80, "tlp": tlp, "seen": {"count": 2, "first": 1_790_000_000, "last": 1_790_100_000}})
    };
    let mut secret = wallet("1JQheacLPdM5ySCkrZkV66G2ApAXe1mqLj", "TLP:AMBER");
    let share = |body: Value| a.ask("POST", "/api/v1/sharing/share", &[], Some(&body));
    let note = json!({"type": "note", "spec_version": "2.1", "id": "note--7c1dbb10-8b1b-4f15-9d4d-3f1b2c1e6a11", "created": "2026-11-25T08:00:00.000Z",
        "modified": "2026-11-25T08:00:00.000Z", "content": "Seen on a forum.", "object_refs": ["indicator--7c1dbb10-8b1b-4f15-9d4d-3f1b2c1e6a11"],
        "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]});
    let (status, said) = share(
        json!({"channel": id, "wallets": [wallet(THIEF, "TLP:GREEN")], "report": {"title": "A ransom", "text": "Its way."}, "objects": [note]}),
    );
    assert_eq!(status, 200, "{said}");
    // A report that says nothing is refused by its field.
    for field in ["address", "asset", "label", "concept", "reason"] {
        let mut empty = wallet(THIEF, "TLP:GREEN");
        empty[field] = json!(" ");
        let (status, said) = share(json!({"channel": id, "wallets": [empty]}));
        assert!(status == 400 && said["error"].as_str().unwrap().starts_with(field), "{field}: {status} {said}");
    }
    // Labels: what is too restrictive is refused, here with nothing shared.
    secret["tlp"] = json!("TLP:RED");
    secret["readers"] = json!(["Exchange B"]);
    let (status, said) = share(json!({"channel": id, "wallets": [secret]}));
    assert!(status == 400 && said.to_string().contains("at most TLP:AMBER+STRICT"), "{status} {said}");
    let flag = json!({"channel": id, "subject": "deposit", "asset": "BTC", "value": format!("{}:1", "a".repeat(64)), "reason": "Stolen"});
    let raised = ok(&a, "POST", "/api/v1/sharing/flags", flag);
    let flag = format!("/api/v1/sharing/flags/{}", raised["flag"]["id"].as_str().unwrap());
    ok(&a, "POST", &flag, json!({"state": "confirmed", "why": "seen"}));
    // What A shares becomes tags at B.
    let tagged = |desk: &Desk, address: &str| {
        let report = ok(desk, "GET", &format!("/api/v1/address/{address}"), Value::Null);
        report["tags"]
            .as_array()
            .unwrap()
            .iter()
            .find(|t| t["pack"].as_str().is_some_and(|p| p.starts_with("source ")))
            .cloned()
    };
    let tag = soon(WAIT, "A's wallet is tagged at B", || tagged(&b, THIEF));
    assert_eq!(
        (tag["label"].as_str(), tag["confidence"].as_str()),
        (Some("Ransom"), Some("trusted_provider")),
        "{tag}"
    );

    let other = ok(
        &a,
        "POST",
        &format!("/api/v1/sharing/communities/{id}/members"),
        json!({"name": "Exchange C", "writes": false}),
    );
    let members = ok(&a, "GET", &format!("/api/v1/sharing/communities/{id}/members"), Value::Null);
    let identity = |name: &str| {
        let found = members.as_array().unwrap().iter().find(|m| m["name"] == name).unwrap();
        found["identity"].as_str().unwrap().to_owned()
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/taxii.py");
    let url = a.url.replace("127.0.0.1", "localhost");
    let seen = run(Command::new(peers().join("venv/bin/python")).args([
        script,
        &url,
        "Exchange B",
        &key,
        "Exchange C",
        other["key"].as_str().unwrap(),
        &identity("Exchange B"),
        &identity("Exchange A"),
    ]));
    let seen: Value = serde_json::from_str(&seen).unwrap();
    let kinds = [
        "cryptocurrency-wallet",
        "extension-definition",
        "identity",
        "indicator",
        "note",
        "relationship",
        "report",
        "sighting",
    ];
    assert_eq!(seen["kinds"], json!(kinds));
    assert_eq!(seen["flag_versions"].as_array().unwrap().len(), 2);
    let reasons = seen["reasons"].to_string();
    for words in ["TLP:RED", "created by another member", "TYPE--UUID"] {
        assert!(reasons.contains(words), "{reasons}");
    }
}

/// A medallion server with one collection; gives its process and the collection's URL.
fn medallion(dir: &std::path::Path) -> (Running, String) {
    let collection = "91a7b528-80eb-42ed-a74d-c6fbd5a26116";
    let at = "2026-11-25T08:00:00.000Z";
    let id = "indicator--7c1dbb10-8b1b-4f15-9d4d-3f1b2c1e6a11";
    let indicator = json!({"type": "indicator", "spec_version": "2.1", "id": id, "created": at, "modified": at, "name": "An old scam",
        "pattern": format!("[cryptocurrency-wallet:value = '{THIEF}']"), "pattern_type": "stix", "valid_from": at, "labels": ["scam"]});
    let data = json!({
        "/discovery": {"title": "medallion", "description": "", "contact": "", "default": "http://localhost/trust/", "api_roots": ["/trust/"]},
        "trust": {
            "/information": {"title": "Trust", "description": "", "versions": ["application/taxii+json;version=2.1"], "max_content_length": 9_765_625},
            "information": {"title": "Trust", "description": "", "versions": ["application/taxii+json;version=2.1"], "max_content_length": 9_765_625},
            "status": [],
            "collections": [{"id": collection, "title": "Scams", "description": "", "can_read": true, "can_write": true,
                "media_types": ["application/stix+json;version=2.1"], "objects": [indicator],
                "manifest": [{"id": id, "date_added": "2026-11-25T08:00:01.000000Z", "version": at, "media_type": "application/stix+json;version=2.1"}]}],
        },
    });
    std::fs::write(dir.join("data.json"), data.to_string()).unwrap();
    let config = json!({"users": {"Exchange B": "secret"}, "taxii": {"max_page_size": 100},
        "backend": {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend", "filename": dir.join("data.json")}});
    std::fs::write(dir.join("config.json"), config.to_string()).unwrap();
    let port = free_port();
    let child = Command::new(peers().join("venv/bin/medallion"))
        .args(["--port", &port.to_string(), path(&dir.join("config.json"))])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let process = Running(child);
    soon(WAIT, "medallion listens", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    (process, format!("http://127.0.0.1:{port}/trust/collections/{collection}/"))
}

#[test]
fn our_client_reads_and_writes_medallion_and_a_source_is_withdrawn_whole() {
    if !have_peer("venv/bin/medallion") {
        return;
    }
    let b = exchange();
    let dir = tempfile::tempdir().unwrap();
    let (_medallion, url) = medallion(dir.path());
    let at = url.split("/trust/").next().unwrap();
    let found = ok(
        &b,
        "POST",
        "/api/v1/sharing/discover",
        json!({"url": format!("{at}/taxii2/"), "username": "Exchange B", "key": "secret"}),
    );
    assert_eq!((found[0]["title"].as_str(), found[0]["writes"].as_bool()), (Some("Scams"), Some(true)), "{found}");
    let source = |key: &str, name: &str| json!({"kind": "taxii", "name": name, "url": url, "username": "Exchange B", "key": key, "every": 3600});
    ok(&b, "POST", "/api/v1/sharing/sources", source("wrong", "with a wrong key"));
    let (status, said) = b.ask("POST", "/api/v1/sharing/sources/1/read", &[], None);
    assert!(status == 424 && said.to_string().contains("401"), "{status} {said}");
    ok(&b, "POST", "/api/v1/sharing/sources", source("secret", "Scams"));
    let words = || {
        let report = ok(&b, "GET", &format!("/api/v1/address/{THIEF}"), Value::Null);
        report["tags"].as_array().unwrap().iter().map(|t| t["label"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    soon(WAIT, "the indicator is a tag", || words().contains(&"An old scam".to_owned()).then_some(()));
    let read = ok(&b, "GET", "/api/v1/sharing/sources/2", Value::Null);
    assert_eq!((read[0]["effect"].as_str(), read.as_array().unwrap().len()), (Some("tag"), 1));
    // A withdrawal to that address: the tag makes it an alert.
    let withdrawal = json!({"id": "w1", "time": now(), "kind": "withdrawal", "customer": "c1", "asset": "BTC", "amount": "500000", "value": 50_000,
        "counterparty": THIEF});
    let customer = json!({"kind": "customer", "id": "c1", "time": now() - 90 * 86_400, "created": now() - 90 * 86_400, "name": "Ann", "country": "DE"});
    ok(&b, "POST", "/api/v1/records", json!([customer]));
    let mut unknown = withdrawal.clone();
    (unknown["id"], unknown["customer"]) = (json!("w2"), json!("c2"));
    for event in [withdrawal, unknown] {
        let decision = ok(&b, "POST", "/api/v1/events", event);
        assert_eq!(decision["decision"], "hold", "{decision}");
    }
    assert_eq!(ok(&b, "GET", "/api/v1/alerts?state=open", Value::Null).as_array().unwrap().len(), 2);
    // B shares there, and medallion keeps it.
    let wallet = json!({"address": "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "asset": "BTC", "label": "A new scam", "concept": "scam", "reason": "Complaints", "tlp": "TLP:GREEN"});
    ok(&b, "POST", "/api/v1/sharing/share", json!({"channel": "2", "wallets": [wallet]}));
    ok(&b, "POST", "/api/v1/sharing/sources/2/read", Value::Null);
    let kept = ok(&b, "GET", "/api/v1/sharing/sources/2", Value::Null).to_string();
    assert!(kept.contains("A new scam"), "{kept}");
    // Withdrawn: no tag, no open alert, no hold.
    let gone = ok(&b, "POST", "/api/v1/sharing/sources/2/withdraw", json!({"why": "it is wrong too often"}));
    assert!(gone["tags"].as_u64().unwrap() >= 1, "{gone}");
    assert_eq!(words(), Vec::<String>::new());
    // The alert that rests on another rule as well stays, with a note.
    assert_eq!((&gone["alerts"], &gone["noted"], &gone["holds"]), (&json!(1), &json!(1), &json!(2)));
    let open = ok(&b, "GET", "/api/v1/alerts?state=open", Value::Null);
    assert_eq!((open.as_array().unwrap().len(), open[0]["customer"].as_str()), (1, Some("c2")), "{open}");
    assert_eq!(ok(&b, "GET", "/api/v1/holds?state=active", Value::Null), json!([]));
    let (status, _) = b.ask("POST", "/api/v1/sharing/sources/2/read", &[], None);
    assert_eq!(status, 409);
}

#[test]
fn feeds_go_out_and_come_in() {
    if !have_peer("venv/bin/tagpack-tool") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let pack = dir.path().join("pack.yaml");
    let addresses = [
        (PAID, "BTC"),
        ("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "ETH"),
        ("LhK2kQwiaAvhjWY799cZvMyYwnQAcxkarr", "LTC"),
    ];
    let tags: String = addresses
        .iter()
        .map(|(a, asset)| format!("- address: '{a}'\n  currency: {asset}\n  label: 'Scam: \"{asset}\"'\n  abuse: scam\n  source: https://example.org/{asset}\n"))
        .collect();
    std::fs::write(
        &pack,
        format!("title: Our scams\ncreator: Us\nconfidence: forensic\nlastmod: 2026-11-01\ntags:\n{tags}"),
    )
    .unwrap();
    run(holdfast().args(["tags", "import", path(&pack), "--store", path(&store)]));
    let sharing =
        |args: &[&str]| holdfast().arg("sharing").args(args).args(["--store", path(&store)]).output().unwrap();
    // Not for a feed that anybody reads.
    let refused =
        sharing(&["misp", "Our scams", "--creator", "Exchange A", "--tlp", "TLP:AMBER", "--out", path(dir.path())]);
    assert!(
        !refused.status.success() && words(&refused).contains("TLP:AMBER is not for a feed"),
        "{}",
        words(&refused)
    );

    // GraphSense's own tool takes our pack.
    let out = dir.path().join("out.yaml");
    let made = sharing(&["tagpack", "Our scams", "--creator", "Exchange A", "--tlp", "TLP:CLEAR", "--out", path(&out)]);
    assert!(made.status.success() && words(&made).contains("3 tags"), "{}", words(&made));
    let checked =
        Command::new(peers().join("venv/bin/tagpack-tool")).args(["tagpack", "validate", path(&out)]).output().unwrap();
    assert!(checked.status.success() && words(&checked).contains("PASSED"), "{}", words(&checked));

    // MISP's own library reads our feed, and our client reads it back.
    let feed = dir.path().join("feed");
    let made = sharing(&["misp", "Our scams", "--creator", "Exchange A", "--out", path(&feed)]);
    assert!(made.status.success(), "{}", words(&made));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/misp.py");
    let seen = run(Command::new(peers().join("venv/bin/python")).args([script, path(&feed)]));
    let seen: Value = serde_json::from_str(seen.lines().last().unwrap()).unwrap();
    let mut theirs: Vec<&str> = seen["addresses"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
    let mut ours = addresses.map(|a| a.0);
    theirs.sort_unstable();
    ours.sort_unstable();
    assert_eq!(theirs.as_slice(), ours.as_slice());
    assert_eq!(seen["objects"], json!(["btc-transaction", "coin-address"]));
    let port = free_port();
    let server = Command::new("python3")
        .args(["-m", "http.server", &port.to_string(), "--bind", "127.0.0.1", "--directory", path(&feed)])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let _server = Running(server);
    soon(WAIT, "the feed is served", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    let b = exchange();
    ok(
        &b,
        "POST",
        "/api/v1/sharing/sources",
        json!({"kind": "misp", "name": "A's feed", "url": format!("http://127.0.0.1:{port}/"), "every": 1}),
    );
    let labels = || {
        let report = ok(&b, "GET", &format!("/api/v1/address/{PAID}"), Value::Null);
        report["tags"].as_array().unwrap().iter().map(|t| t["label"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    soon(WAIT, "the feed's address is tagged", || labels().contains(&"Scam: \"BTC\"".to_owned()).then_some(()));
    // An event that is gone from the feed is gone here.
    std::fs::write(feed.join("manifest.json"), "{}").unwrap();
    soon(WAIT, "what is no longer stated is no longer tagged", || labels().is_empty().then_some(()));
}

#[test]
fn two_institutions_learn_what_they_share_and_nothing_else() {
    let a = exchange();
    let list: Vec<String> = (0..500).map(|i| format!("customer{i}@example.org")).collect();
    let session = ok(&a, "POST", "/api/v1/sharing/matching", json!({"partner": "Exchange B", "items": list}));
    let (_, admin, _) = a.key("root", &["admin"], "");
    let (_, partner, _) = a.key("Exchange B", &["partner"], &admin);
    let (_, stranger, _) = a.key("Exchange C", &["partner"], &admin);
    let dir = tempfile::tempdir().unwrap();
    let mine = dir.path().join("mine.txt");
    std::fs::write(&mine, "Customer7@example.org\nsomebody@example.org\n customer499@example.org \n").unwrap();
    let url = format!("{}/api/v1/sharing/matching/{}", a.url, session["id"].as_str().unwrap());
    let ask = |key: &str| {
        holdfast().args(["sharing", "matching", "ask", path(&mine), &url, "--key", key, "--json"]).output().unwrap()
    };
    assert!(words(&ask(&stranger)).contains("404"), "{}", words(&ask(&stranger)));
    let answer = ask(&partner);
    let found: Value = serde_json::from_slice(&answer.stdout).unwrap_or_else(|e| panic!("{e}: {}", words(&answer)));
    assert_eq!(found, json!(["customer499@example.org", "customer7@example.org"]));
    assert!(words(&ask(&partner)).contains("each answers once"), "{}", words(&ask(&partner)));
    // A partner's key opens nothing else.
    let authorization = format!("Bearer {partner}");
    assert_eq!(a.ask("GET", "/api/v1/sharing/sources", &[("Authorization", &authorization)], None).0, 403);
}
