//! Through a real nats-server with JetStream to a real server.

use async_nats::jetstream;
use futures_util::StreamExt;
use holdfast_bitcoin::Network;
use holdfast_identity::KeyRing;
use holdfast_nats::{Options, run};
use holdfast_screening::Screening;
use holdfast_screening::service::system_clock;
use holdfast_server::serve;
use holdfast_state::AppState;
use holdfast_workspace::Workspace;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::sync::{oneshot, watch};

struct Nats(Child);

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts nats-server. In CI a missing one fails the test; elsewhere the test is skipped, loudly.
fn nats(dir: &Path, port: u16) -> Option<Nats> {
    let child = Command::new("nats-server")
        .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"])
        .arg(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match child {
        Ok(child) => Some(Nats(child)),
        Err(_) => {
            assert!(std::env::var_os("CI").is_none(), "nats-server is not installed, and CI must have it");
            eprintln!("SKIPPED: nats-server is not installed; ./test installs it where it can");
            None
        }
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A desk over an empty ledger, served on a port until the sender is dropped.
fn desk(dir: &Path, port: u16) -> (oneshot::Sender<()>, std::thread::JoinHandle<()>) {
    let (stop, stopped) = oneshot::channel::<()>();
    let dir = dir.to_owned();
    let thread = std::thread::spawn(move || {
        let workspace = Workspace::create_or_open(&dir.join("store"), Network::Regtest).unwrap();
        let url = format!("sqlite:{}", dir.join("desk.sqlite").display());
        let shared = AppState::new(
            workspace,
            Screening::open(&url, system_clock()).unwrap(),
            KeyRing::single([1; 32]),
            holdfast_state::Vault::new(""),
        )
        .unwrap();
        assert!(shared.open().unwrap());
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
            let stop = async {
                let _ = stopped.await;
            };
            serve(listener, shared.clone(), stop).await.unwrap();
        });
    });
    (stop, thread)
}

#[tokio::test(flavor = "multi_thread")]
async fn records_and_events_arrive_once_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let (nats_port, port) = (free_port(), free_port());
    let Some(_nats) = nats(dir.path(), nats_port) else { return };
    let url = format!("nats://127.0.0.1:{nats_port}");
    let mut client = None;
    for _ in 0..100 {
        client = async_nats::connect(&url).await.ok();
        if client.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let client = client.expect("nats-server is up");
    let mut decisions = client.subscribe("holdfast.decisions.>").await.unwrap();
    let mut refused = client.subscribe("holdfast.refused").await.unwrap();
    let options = Options {
        nats: url,
        credentials: None,
        stream: "HOLDFAST".into(),
        records: "holdfast.records".into(),
        events: "holdfast.events".into(),
        decisions: "holdfast.decisions".into(),
        refused: "holdfast.refused".into(),
        server: format!("http://127.0.0.1:{port}"),
        key: None,
        lanes: 4,
    };
    // The bridge runs before the server does: messages wait.
    let (stopper, stop) = watch::channel(false);
    let bridge = tokio::spawn(run(options.clone(), stop));
    let context = jetstream::new(client.clone());
    for _ in 0..100 {
        if context.get_stream("HOLDFAST").await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let publish = |subject: &'static str, body: String| {
        let context = context.clone();
        async move { context.publish(subject, body.into()).await.unwrap().await.unwrap() }
    };
    let record = |id: &str| json!({"kind": "customer", "id": id, "time": 1_795_000_000, "country": "DE", "created": 1_600_000_000});
    let event = |n: u32, customer: &str| {
        json!({"id": format!("e{n}"), "time": 1_795_000_000 + n, "kind": "payment", "customer": customer, "asset": "EUR", "amount": "1000",
            "method": "bank", "direction": "in", "status": "settled"})
    };
    for customer in ["c0", "c1", "c2"] {
        publish("holdfast.records", record(customer).to_string()).await;
    }
    for n in 0..30 {
        publish("holdfast.events", event(n, &format!("c{}", n % 3)).to_string()).await;
        // Every third is sent twice.
        if n % 3 == 0 {
            publish("holdfast.events", event(n, &format!("c{}", n % 3)).to_string()).await;
        }
    }
    publish("holdfast.events", "no json".into()).await;
    let mut wrong = event(99, "c0");
    wrong["amount"] = "-5".into();
    publish("holdfast.events", wrong.to_string()).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (stop_desk, desk_thread) = desk(dir.path(), port);
    let mut seen: Vec<Value> = Vec::new();
    while seen.len() < 40 {
        let message = tokio::time::timeout(Duration::from_secs(60), decisions.next()).await.expect("decided").unwrap();
        seen.push(serde_json::from_slice(&message.payload).unwrap());
    }
    for _ in 0..2 {
        let message = tokio::time::timeout(Duration::from_secs(60), refused.next()).await.expect("refused").unwrap();
        let note: Value = serde_json::from_slice(&message.payload).unwrap();
        assert!(!note["reason"].as_str().unwrap().is_empty(), "{note}");
        assert!(note["message"] == "no json" || note["message"].as_str().unwrap().contains("-5"), "{note}");
    }
    stopper.send(true).unwrap();
    let counts = bridge.await.unwrap().unwrap();
    assert_eq!((counts.records, counts.events, counts.refused), (3, 40, 2));
    // Thirty events were decided, each once, those of each customer in the order in which they were sent.
    let mut first: Vec<(u64, String)> =
        seen.iter().map(|d| (d["seq"].as_u64().unwrap(), d["event"].as_str().unwrap().to_owned())).collect();
    first.sort();
    first.dedup();
    assert_eq!(first.len(), 30);
    for customer in 0..3 {
        let numbers: Vec<u32> = first.iter().map(|f| f.1[1..].parse().unwrap()).filter(|n| n % 3 == customer).collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
    }
    drop(stop_desk);
    tokio::task::spawn_blocking(move || desk_thread.join().unwrap()).await.unwrap();
}
