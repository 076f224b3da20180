//! Orders with a period, and events completed later, over HTTP and by commands.

use crate::common::{holdfast, path, run, serving, small_store, words};
use serde_json::{Value, json};

const START: i64 = 1_780_000_000;

fn withdrawal(id: &str) -> Value {
    json!({"id": id, "time": START, "kind": "withdrawal", "customer": "c1", "asset": "ETH", "amount": "5", "value": 100,
        "balance": "5", "counterparty": "0x00000000000000000000000000000000000000bb"})
}

/// The transaction of a withdrawal is told after its decision, over HTTP and from a file; a request that names it finds the customer, and an
/// order's period holds everywhere.
#[test]
fn a_withdrawal_is_completed_over_http_and_by_a_command_and_found_by_its_transaction() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let (process, url) =
        serving(holdfast().args(["serve", "--open", "--store", path(&store), "--listen", "127.0.0.1:0"]));
    let desk = crate::common::Desk { process, url, dir };
    let ok = |method: &str, at: &str, body: Value| {
        let (status, answer) = desk.ask(method, at, &[], Some(&body));
        assert_eq!(status, 200, "{method} {at}: {answer}");
        answer
    };
    ok("POST", "/api/v1/records", json!([{"kind": "customer", "id": "c1", "time": START}]));
    ok("POST", "/api/v1/events", withdrawal("w1"));
    ok("POST", "/api/v1/events", withdrawal("w2"));
    let early = json!({"tx": "ab".repeat(32)});
    let mut with_tx = withdrawal("w3");
    with_tx["tx"] = early["tx"].clone();
    let (status, refused) = desk.ask("POST", "/api/v1/events", &[], Some(&with_tx));
    assert!(status == 400 && refused.to_string().contains("/completion"), "{refused}");
    let told = json!({"time": START + 60, "status": "confirmed", "tx": "ab".repeat(32), "height": 170});
    let done = ok("POST", "/api/v1/events/w1/completion", told.clone());
    assert_eq!(done["completion"], told);
    assert_eq!(ok("GET", "/api/v1/events/w1", Value::Null)["completion"], told);
    let (status, wrong) =
        desk.ask("POST", "/api/v1/events/w1/completion", &[], Some(&json!({"time": 1, "status": "failed"})));
    assert!(status == 400 && wrong.to_string().contains("time"), "{wrong}");
    assert_eq!(desk.ask("POST", "/api/v1/events/none/completion", &[], Some(&told)).0, 404);
    let order = |id: &str, from: i64| {
        json!({"id": id, "received": START + 100, "kind": "information", "process": "us.2703d", "reference": id,
            "officer": {"name": "Ana Berg", "email": "ana.berg@fbi.gov", "agency": "FBI", "country": "US"},
            "targets": [{"kind": "transaction", "value": "ab".repeat(32)}, {"kind": "ip", "value": "203.0.113.7"}],
            "classes": ["transactions"], "states": ["judge"], "scope": {"from": from, "to": START + 100, "assets": ["ETH"]}})
    };
    for (id, from, found) in [("r1", START, 1), ("r2", START + 1, 0)] {
        let opened = ok("POST", "/api/v1/desk/requests", order(id, from));
        assert_eq!(opened["stored"]["request"]["scope"]["from"], json!(from), "{opened}");
        let matched = ok("GET", &format!("/api/v1/desk/requests/{id}/matches"), Value::Null);
        assert_eq!(matched.as_array().map(Vec::len), Some(found), "{id}: {matched}");
    }
    // The same by commands, on the store itself.
    let crate::common::Desk { process, dir, .. } = desk;
    drop(process);
    let lines = dir.path().join("completions.csv");
    std::fs::write(&lines, format!("event,time,status,tx,height\nw2,{},failed,,\n", START + 5)).unwrap();
    let out = run(holdfast().args(["events", "complete", path(&lines), "--store", path(&store)]));
    assert!(out.contains("1 events completed"), "{out}");
    assert!(run(holdfast().args(["events", "show", "w2", "--store", path(&store)])).contains("failed"));
    std::fs::write(&lines, "event,time,status\nw2,1780000000,perhaps\n").unwrap();
    let wrong = holdfast().args(["events", "complete", path(&lines), "--store", path(&store)]).output().unwrap();
    assert!(!wrong.status.success() && words(&wrong).contains("line 2"), "{}", words(&wrong));
    let file = dir.path().join("request.json");
    let mut by_file = order("r3", START);
    by_file.as_object_mut().unwrap().remove("scope");
    std::fs::write(&file, by_file.to_string()).unwrap();
    let submit = |options: &[&str]| {
        let base = ["desk", "requests", "submit", path(&file), "--store", path(&store)];
        holdfast().args(base).args(options).output().unwrap()
    };
    let without = submit(&[]);
    assert!(!without.status.success() && words(&without).contains("targets[1].from"), "{}", words(&without));
    let bad = submit(&["--from", "yesterday"]);
    assert!(!bad.status.success() && words(&bad).contains("--from"), "{}", words(&bad));
    let period =
        ["--from", "2026-05-01T00:00:00Z", "--to", "2026-06-30T00:00:00Z", "--account", "a1", "--asset", "ETH"];
    let good = submit(&period);
    assert!(good.status.success(), "{}", words(&good));
    let shown = words(&good);
    assert!(shown.contains("Period: 2026-05-01T00:00:00Z to 2026-06-30T00:00:00Z"), "{shown}");
    assert!(shown.contains("Accounts: a1") && shown.contains("Assets: ETH"), "{shown}");
}
