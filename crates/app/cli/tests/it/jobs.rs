//! Jobs outlive their process: what a killed server was doing, the next one does.

use crate::common::{Desk, Running, holdfast, path, run, serving, small_store};
use holdfast_jobs::{JobState, list};
use holdfast_screening::Screening;
use holdfast_screening::service::system_clock;
use holdfast_store::{Store, StoreError};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Is paid in the store's one block.
const PAID: &str = "1HWqsgnSd12Gv8SpoUMi1Cj8hp79BTSpW7";

fn start(store: &std::path::Path) -> (Running, String) {
    serving(holdfast().args(["serve", "--open", "--listen", "127.0.0.1:0", "--store", path(store)]))
}

/// How many jobs of a kind are in a state, by the server's metrics.
fn count(desk: &Desk, kind: &str, state: &str) -> u64 {
    let line = format!("holdfast_jobs{{kind=\"{kind}\",state=\"{state}\"}} ");
    let (status, metrics) = desk.ask("GET", "/metrics", &[], None);
    assert_eq!(status, 200, "{metrics}");
    let metrics = metrics.as_str().unwrap();
    metrics.lines().find_map(|l| l.strip_prefix(&line)).map_or(0, |n| n.parse().unwrap())
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn alerts(desk: &Desk) -> usize {
    let (status, alerts) = desk.ask("GET", "/api/v1/alerts", &[], None);
    assert_eq!(status, 200, "{alerts}");
    alerts.as_array().unwrap().len()
}

#[test]
fn screening_again_goes_on_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let (process, url) = start(&store);
    let mut desk = Desk { process, url, dir };
    let event = json!({"id": "w1", "time": 1_780_000_000, "kind": "withdrawal", "customer": "c1", "asset": "BTC", "amount": "1000",
        "value": 100, "counterparty": PAID});
    let (status, decision) = desk.ask("POST", "/api/v1/events", &[], Some(&event));
    // Reviewed because no record of the customer came; nothing is said of the address.
    assert_eq!((status, &decision["decision"]), (200, &Value::from("review")), "{decision}");
    assert_eq!(alerts(&desk), 1);
    desk.process.0.kill().unwrap();
    desk.process.0.wait().unwrap();
    // A command that ends before anything is screened again.
    let csv = desk.dir.path().join("mine.csv");
    let row = format!("{PAID},BTC,Locky,https://example.org,ransomware,forensic");
    std::fs::write(&csv, format!("address,currency,label,source,abuse,confidence\n{row}\n")).unwrap();
    run(holdfast().args(["call", "POST", "/api/v1/tags?name=mine.csv", "--body", path(&csv), "--store", path(&store)]));
    // What a server leaves that is killed while it does so.
    let database =
        Screening::open(&format!("sqlite:{}", store.join("screening.sqlite").display()), system_clock()).unwrap();
    let waiting = database.read(|db| list(db, Some(JobState::Waiting))).unwrap();
    assert!(waiting.iter().any(|j| j.kind == "rescreen"), "{waiting:?}");
    let killed = "UPDATE jobs SET state = 'running', tries = 1 WHERE kind = 'rescreen'";
    Store::change(&database, "t", move |tx| Ok::<_, StoreError>(tx.db().execute(killed, &[])?)).unwrap();
    drop(database);
    (desk.process, desk.url) = start(&store);
    until("the next server does it", || count(&desk, "rescreen", "done") == 1);
    assert_eq!((count(&desk, "rescreen", "running"), count(&desk, "rescreen", "waiting")), (0, 0));
    assert_eq!(alerts(&desk), 2, "the payment to what is a ransom wallet now is seen");
}
