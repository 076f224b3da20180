//! Webhooks, received and verified by Standard Webhooks' own library.

use crate::common::{Desk, Running, have_peer, holdfast, path, peers, run, serving, small_store};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The receiver: its process, port, standard input for the secret, and what it receives.
struct Endpoint {
    _process: Running,
    port: u16,
    input: std::process::ChildStdin,
    lines: Receiver<Value>,
}

fn endpoint(statuses: &str) -> Endpoint {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/receiver.py");
    let mut child = Command::new(peers().join("venv/bin/python"))
        .arg(script)
        .env("STATUSES", statuses)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let input = child.stdin.take().unwrap();
    let process = Running(child);
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            let _ = sender.send(serde_json::from_str(&line).unwrap());
        }
    });
    Endpoint { _process: process, port: line.trim().parse().unwrap(), input, lines }
}

impl Endpoint {
    fn next(&self) -> Value {
        self.lines.recv_timeout(Duration::from_secs(30)).expect("a message comes")
    }
}

fn start(store: &std::path::Path, dir: tempfile::TempDir) -> Desk {
    let (process, url) =
        serving(holdfast().args(["serve", "--open", "--store", path(store), "--listen", "127.0.0.1:0"]));
    Desk { process, url, dir }
}

#[test]
fn decisions_holds_and_alerts_are_told_in_order_and_at_least_once() {
    if !have_peer("venv/bin/python") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let mut endpoint = endpoint("500,503");
    let url = format!("http://127.0.0.1:{}/hook", endpoint.port);
    // Made by the command, told by the server.
    let made: Value =
        serde_json::from_str(&run(holdfast().args(["--json", "webhooks", "add", &url, "--store", path(&store)])))
            .unwrap();
    writeln!(endpoint.input, "{}", made["secret"].as_str().unwrap()).unwrap();
    let desk = start(&store, dir);
    let withdraw = |desk: &Desk, id: &str, amount: &str, value: u64| {
        let event = json!({"id": id, "time": 1_795_000_000, "kind": "withdrawal", "customer": id, "asset": "BTC", "amount": amount,
            "value": value, "counterparty": "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S"});
        let (status, decision) = desk.ask("POST", "/api/v1/events", &[], Some(&event));
        assert_eq!(status, 200, "{decision}");
        decision
    };
    let decision = withdraw(&desk, "w1", "50000000", 2_000_000);
    assert_ne!(decision["decision"], "allow");
    // Two failures, then the same message once more; all signed.
    let told: Vec<Value> = (0..4).map(|_| endpoint.next()).collect();
    assert!(told.iter().all(|m| m["signed"] == true), "{told:?}");
    assert_eq!(told.iter().map(|m| m["status"].as_u64().unwrap()).collect::<Vec<_>>(), [500, 503, 204, 204]);
    assert!(
        told[0]["id"] == told[1]["id"] && told[1]["id"] == told[2]["id"] && told[2]["id"] != told[3]["id"],
        "{told:?}"
    );
    assert_eq!(told[2]["body"]["type"], "decision.made");
    assert_eq!(told[2]["body"]["data"]["decision"], decision);
    assert_eq!(told[2]["body"]["data"]["event"]["id"], "w1");
    assert_eq!(told[3]["body"]["type"], "alert.raised");
    assert_eq!(told[3]["body"]["data"]["alert"]["id"], decision["alert"]);
    let hold =
        json!({"id": "freeze-1", "customer": "c9", "scope": "account", "basis": "court order 12", "reason": "order"});
    let (status, placed) = desk.ask("POST", "/api/v1/holds", &[], Some(&hold));
    assert_eq!(status, 200, "{placed}");
    let message = endpoint.next();
    assert_eq!((&message["signed"], &message["body"]["type"]), (&json!(true), &json!("hold.placed")), "{message}");
    assert_eq!(message["body"]["data"]["hold"]["id"], placed["hold"]);
    let close = json!({"action": "comment", "text": "looked at it"});
    let (status, answer) = desk.ask("POST", &format!("/api/v1/alerts/{}", decision["alert"]), &[], Some(&close));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(endpoint.next()["body"]["type"], "alert.comment");
    // What was told is noted within moments, so a restart repeats nothing.
    let noted = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        desk.ask("GET", "/api/v1/webhooks", &[], None).1[0]["delivered"] == 4
    });
    assert!(noted, "{}", desk.ask("GET", "/api/v1/webhooks", &[], None).1);
    let Desk { process, dir, .. } = desk;
    drop(process);
    let desk = start(&store, dir);
    withdraw(&desk, "w2", "50000000", 2_000_000);
    let message = endpoint.next();
    assert_eq!(message["body"]["data"]["event"]["id"], "w2", "{message}");
    // Refused in words, and removed.
    let refused =
        desk.ask("POST", "/api/v1/webhooks", &[], Some(&json!({"url": "http://example.org", "topics": ["holds"]})));
    assert_eq!(refused.0, 400);
    assert!(refused.1["error"].as_str().unwrap().contains("https"), "{refused:?}");
    assert_eq!(desk.ask("DELETE", "/api/v1/webhooks/1", &[], None).0, 204);
    assert_eq!(desk.ask("GET", "/api/v1/webhooks", &[], None).1, json!([]));
}

#[test]
fn an_endpoint_that_is_gone_is_not_told_again() {
    if !have_peer("venv/bin/python") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let mut endpoint = endpoint("410");
    let desk = start(&store, dir);
    let url = format!("http://localhost:{}/", endpoint.port);
    let (status, made) = desk.ask("POST", "/api/v1/webhooks", &[], Some(&json!({"url": url, "topics": ["holds"]})));
    assert_eq!(status, 200, "{made}");
    writeln!(endpoint.input, "{}", made["secret"].as_str().unwrap()).unwrap();
    let hold = json!({"id": "f", "customer": "c9", "scope": "account", "basis": "court order 12", "reason": "order"});
    assert_eq!(desk.ask("POST", "/api/v1/holds", &[], Some(&hold)).0, 200);
    assert_eq!(endpoint.next()["status"], 410);
    let gone = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        desk.ask("GET", "/api/v1/webhooks", &[], None).1 == json!([])
    });
    assert!(gone);
}
