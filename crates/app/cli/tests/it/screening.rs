//! Screening end to end: `kill -9` under load, the commands, and the HTTP API with keys.

use crate::common::{Running, holdfast, path, run, serving};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn serve(store: &Path) -> (Running, String) {
    serving(holdfast().args(["serve", "--open", "--listen", "127.0.0.1:0", "--store", path(store)]))
}

/// A store with an empty ledger.
fn store(dir: &Path) -> std::path::PathBuf {
    let (sim, store) = (dir.join("sim"), dir.join("store"));
    run(holdfast().args(["simulate", "chain", path(&sim), "--txs", "1000", "--no-truth"]));
    let ledger = store.join("ledger");
    run(holdfast().args(["ingest", path(&sim.join("blocks")), "--network", "regtest", "--ledger", path(&ledger)]));
    store
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

fn post(agent: &ureq::Agent, url: &str, token: Option<&str>, body: &Value) -> Result<(u16, Value), ureq::Error> {
    let mut request = agent.post(url).header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let mut response = request.send(body.to_string().as_bytes())?;
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string()?;
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
}

fn withdrawal(id: &str, customer: &str, to: &str) -> Value {
    json!({"id": id, "kind": "withdrawal", "time": 1_780_000_000, "customer": customer, "asset": "ETH", "amount": "1000",
        "value": 5_000, "counterparty": to})
}

#[test]
fn a_kill_under_load_loses_no_acknowledged_decision_or_hold() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let answers: Arc<Mutex<HashMap<String, Value>>> = Arc::default();
    for round in 0..4 {
        let (mut process, url) = serve(&store);
        let mut clients = Vec::new();
        for client in 0..4 {
            let (url, answers) = (format!("{url}/api/v1/events"), answers.clone());
            clients.push(std::thread::spawn(move || {
                let agent = agent();
                for n in 0.. {
                    let id = format!("{round}-{client}-{n}");
                    let customer = format!("c{client}-{round}-{}", n / 2);
                    // The second of a pair goes to an imitation of the first's destination: it is held.
                    let middle = if n % 2 == 0 { "a" } else { "b" };
                    let to = format!("0x12345678{}87654321", middle.repeat(24));
                    match post(&agent, &url, None, &withdrawal(&id, &customer, &to)) {
                        Ok((200, decision)) => answers.lock().unwrap().insert(id, decision),
                        _ => return,
                    };
                }
            }));
        }
        // It is killed under load, when the round has answers enough, however slow the machine is.
        let (enough, begun) = (answers.lock().unwrap().len() + 80, Instant::now());
        while answers.lock().unwrap().len() < enough && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(20));
        }
        process.0.kill().unwrap();
        process.0.wait().unwrap();
        clients.into_iter().for_each(|c| c.join().unwrap());
    }
    let answers = answers.lock().unwrap();
    assert!(answers.len() > 200, "only {} decisions were acknowledged", answers.len());
    let (process, url) = serve(&store);
    let agent = agent();
    let mut held = 0;
    for (id, decision) in answers.iter() {
        let mut response = agent.get(format!("{url}/api/v1/events/{id}")).call().unwrap();
        assert_eq!(response.status(), 200, "{id} was acknowledged and is gone");
        let stored: Value = serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap();
        assert_eq!(stored["decision"], *decision);
        held += decision["holds"].as_array().map_or(0, Vec::len);
    }
    assert!(held > 50, "{held}");
    drop(process);
    // Held once, balanced, and the log says so.
    let holds: Value =
        serde_json::from_str(&run(holdfast().args(["--json", "holds", "check", "--store", path(&store)]))).unwrap();
    assert!(holds["holds"].as_u64().unwrap() >= held as u64);
    let audit: Value =
        serde_json::from_str(&run(holdfast().args(["--json", "audit", "verify", "--store", path(&store)]))).unwrap();
    assert!(audit["decisions"].as_u64().unwrap() >= answers.len() as u64);
    println!("{} decisions, {held} holds, 4 kills", answers.len());
}

#[test]
fn commands_screen_test_rules_and_verify() {
    let dir = tempfile::tempdir().unwrap();
    let (sim, store) = (dir.path().join("exchange"), dir.path().join("store"));
    run(holdfast().args(["simulate", "exchange", path(&sim), "--customers", "200", "--cases", "3"]));
    let desk = ["--store", path(&store)];
    run(holdfast().args(["records", "import", path(&sim.join("records.jsonl"))]).args(desk));
    let screen = || {
        let text =
            run(holdfast().args(["--json", "screen", path(&sim.join("events.jsonl")), "--no-ledger"]).args(desk));
        text.lines().map(|l| serde_json::from_str(l).unwrap()).collect::<Vec<Value>>()
    };
    let decisions = screen();
    assert_eq!(decisions, screen(), "the same events get the same answers");
    let count = |verdict: &str| decisions.iter().filter(|d| d["decision"] == verdict).count();
    assert!(count("allow") > count("review") && count("review") > 0 && count("hold") > 0);
    // A rule book on trial: the change is counted before it is in force.
    let book = run(holdfast().args(["rules", "show", "--default"]));
    let stricter = book
        .replace("id: fan-out\n    version: 1", "id: fan-out\n    version: 2")
        .replace("when: typology.fan_out\n    decision: review", "when: typology.fan_out\n    decision: hold");
    let file = dir.path().join("rules.yaml");
    std::fs::write(&file, &stricter).unwrap();
    let test: Value =
        serde_json::from_str(&run(holdfast().args(["--json", "rules", "test", path(&file)]).args(desk))).unwrap();
    assert_eq!(test["events"].as_u64().unwrap() as usize, decisions.len());
    assert!(test["moves"]["review>hold"].as_u64().unwrap() > 0, "{test}");
    assert_eq!(test["changed"], test["moves"]["review>hold"], "the book in force changes nothing else: {test}");
    run(holdfast().args(["rules", "apply", path(&file)]).args(desk));
    // A change without a new version is refused in words.
    std::fs::write(&file, stricter.replace("typology.fan_out", "typology.fan_in")).unwrap();
    let refused = holdfast().args(["rules", "apply", path(&file)]).args(desk).output().unwrap();
    assert!(
        !refused.status.success() && crate::common::words(&refused).contains("raise its version"),
        "{}",
        crate::common::words(&refused)
    );
    // Two people release a hold.
    let holds: Value =
        serde_json::from_str(&run(holdfast().args(["--json", "holds", "list", "--state", "active"]).args(desk)))
            .unwrap();
    let hold = holds.as_array().unwrap().iter().find(|h| h["second_person"] == true).unwrap()["id"].to_string();
    let release = |who: &str| {
        holdfast().args(["holds", "release", &hold, "--reason", "cleared", "--as", who]).args(desk).output().unwrap()
    };
    assert!(crate::common::words(&release("ana")).contains("another person must confirm"));
    assert!(!release("ana").status.success());
    assert!(crate::common::words(&release("ben")).contains("is released"));
    run(holdfast().args(["holds", "check"]).args(desk));
    run(holdfast().args(["audit", "verify"]).args(desk));
}

#[test]
fn keys_guard_the_api() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let create = |name: &str, scopes: &str, rate: &str| {
        let text = run(holdfast().args([
            "keys",
            "create",
            name,
            "--scopes",
            scopes,
            "--per-minute",
            rate,
            "--store",
            path(&store),
        ]));
        text.trim().to_owned()
    };
    let (feed, reader, admin) =
        (create("feed", "events,records", "0"), create("reader", "read", "3"), create("boss", "admin", "0"));
    let (_process, url) = serve(&store);
    let agent = agent();
    let event = withdrawal("w1", "c1", "0x12345678aaaaaaaaaaaaaaaaaaaaaaaa87654321");
    let events = format!("{url}/api/v1/events");
    assert_eq!(post(&agent, &events, None, &event).unwrap().0, 401);
    assert_eq!(post(&agent, &events, Some(&reader), &event).unwrap().0, 403);
    let records = json!([{"kind": "customer", "id": "c1", "time": 1_770_000_000}]);
    assert_eq!(post(&agent, &format!("{url}/api/v1/records"), Some(&feed), &records).unwrap().1["taken"], 1);
    let (status, decision) = post(&agent, &events, Some(&feed), &event).unwrap();
    assert_eq!((status, &decision["decision"]), (200, &json!("review")), "{decision}");
    assert_eq!(decision["reasons"][0]["rule"], "engine.uncovered", "no source covers the asset");
    let (status, answer) = post(&agent, &events, Some(&feed), &json!({"id": "x", "kind": "withdrawal"})).unwrap();
    assert!(status == 400 && answer["error"].as_str().unwrap().contains("missing field"), "{answer}");
    let get = |path: &str, token: &str| {
        let request = agent.get(format!("{url}{path}")).header("authorization", format!("Bearer {token}"));
        request.call().unwrap().status().as_u16()
    };
    // Three a minute: of seven at least one is too many, even where a minute ends between them.
    let rates: Vec<u16> = (0..7).map(|_| get("/api/v1/alerts", &reader)).collect();
    assert!(rates.contains(&200) && rates.contains(&429), "{rates:?}");
    assert_eq!(get("/api/v1/keys", &feed), 403);
    for path in [
        "keys",
        "holds",
        "holds/check",
        "alerts",
        "audit",
        "audit/verify",
        "rules",
        "rules/fields",
        "rules/statistics",
        "events",
    ] {
        assert_eq!(get(&format!("/api/v1/{path}"), &admin), 200, "{path}");
    }
    // Freeze by one person; nothing leaves.
    let freeze = json!({"id": "f1", "scope": "account", "customer": "c1", "basis": "order 7", "reason": "court order"});
    assert_eq!(post(&agent, &format!("{url}/api/v1/holds"), Some(&admin), &freeze).unwrap().1["hold"], 1);
    let event = withdrawal("w2", "c1", "0x12345678aaaaaaaaaaaaaaaaaaaaaaaa87654321");
    assert_eq!(post(&agent, &events, Some(&feed), &event).unwrap().1["decision"], "reject");
}

#[test]
fn every_typology_is_planted_and_scored_in_one_simulation() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("sim");
    run(holdfast().args(["simulate", "exchange", path(&out), "--customers", "1000", "--chain-txs", "20000"]));
    let scores: Value =
        serde_json::from_str(&run(holdfast().args(["--json", "simulate", "score", path(&out)]))).unwrap();
    let scores = scores.as_object().unwrap();
    assert_eq!(scores.len(), 16, "{scores:?}");
    for (typology, score) in scores {
        let (cases, found) = (score["cases"].as_u64().unwrap(), score["found"].as_u64().unwrap());
        assert!(cases >= 20 && found * 10 >= cases * 7, "{typology}: {score}");
    }
    // People get the same as a table: of a small simulation, because it is scored twice.
    let small = dir.path().join("small");
    run(holdfast().args(["simulate", "exchange", path(&small), "--customers", "100", "--chain-txs", "1000"]));
    let few: Value =
        serde_json::from_str(&run(holdfast().args(["--json", "simulate", "score", path(&small)]))).unwrap();
    let table = run(holdfast().args(["simulate", "score", path(&small)]));
    assert_eq!(table.lines().count(), 17, "{table}");
    for (typology, score) in few.as_object().unwrap() {
        let line = table.lines().find(|line| line.split_whitespace().next() == Some(typology)).unwrap();
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(cells[1..3], [score["flagged"].to_string(), score["cases"].to_string()], "{line}: {score}");
    }
    // What it wrote is screened as it is, on its own ledger.
    let events = out.join("events.jsonl");
    let store = out.join("store");
    let records = out.join("records.jsonl");
    let text = run(holdfast().args([
        "screen",
        path(&events),
        "--records",
        path(&records),
        "--store",
        path(&store),
        "--quiet",
    ]));
    assert!(text.contains("mixing"), "{}", text.chars().take(2000).collect::<String>());
}
