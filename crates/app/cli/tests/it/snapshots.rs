//! Decisions and look-ups go on whatever the chain's builder waits for: a node that never answers, a change of the workspace.

use crate::common::{Running, agent, holdfast, path, run, serving};
use holdfast_bitcoin::Network;
use holdfast_identity::KeyRing;
use holdfast_screening::Screening;
use holdfast_screening::service::system_clock;
use holdfast_server::serve;
use holdfast_state::{AppState, Vault};
use holdfast_workspace::{ChangeError, Workspace};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

/// Longer than any answer takes on a loaded machine, far shorter than what is waited for here.
const BOUND: Duration = Duration::from_secs(10);

/// One tag of one address of the ledger.
const CSV: &str = "address,currency,label,source,abuse,confidence\n12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S,BTC,Test,https://example.org,scam,forensic\n";

fn ask(url: &str, body: Option<&Value>) -> (u16, Value) {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(BOUND)).build().into();
    let answer = match body {
        Some(body) => agent.post(url).header("Content-Type", "application/json").send(body.to_string()),
        None => agent.get(url).call(),
    };
    let mut answer = answer.unwrap_or_else(|e| panic!("{url}: no answer within {BOUND:?}: {e}"));
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// A withdrawal on chain is decided with facts of the chain, and the chain is described.
fn answers(url: &str, n: u32) -> Value {
    let event = json!({"id": format!("w-{n}"), "kind": "withdrawal", "time": 1_780_000_000 + n, "customer": "c-1", "asset": "BTC",
        "amount": "100000", "value": 4000, "counterparty": "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S"});
    let (status, decision) = ask(&format!("{url}/api/v1/events"), Some(&event));
    assert_eq!(status, 200, "{decision}");
    let (status, event) = ask(&format!("{url}/api/v1/events/w-{n}"), None);
    assert_eq!(status, 200, "{event}");
    assert!(event["facts"]["unavailable"].is_null(), "the chain was asked: {event}");
    let (status, summary) = ask(&format!("{url}/api/v1/summary"), None);
    assert_eq!(status, 200, "{summary}");
    summary
}

/// A node that has one block more than anybody, and hangs for ever when asked for any. Sends word of each request that it lets hang.
fn hanging_node(asked: mpsc::Sender<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let asked = asked.clone();
            std::thread::spawn(move || answer_as_node(stream, &asked));
        }
    });
    url
}

fn answer_as_node(mut stream: TcpStream, asked: &mpsc::Sender<String>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    while let Some(first) = lines.next() {
        lines.by_ref().take_while(|line| !line.is_empty()).for_each(drop);
        if !first.contains("/rest/chaininfo.json") {
            let _ = asked.send(first);
            std::thread::sleep(Duration::from_secs(3_600));
        }
        let body = json!({"chain": "main", "blocks": 900_000, "headers": 900_000, "bestblockhash": "11".repeat(32)})
            .to_string();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        if stream.write_all(format!("{head}{body}").as_bytes()).is_err() {
            return;
        }
    }
}

fn store(dir: &Path) -> std::path::PathBuf {
    let (store, file) = (dir.join("store"), dir.join("blocks.dat"));
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../data/bitcoin/blk-1-256.dat.zst");
    std::fs::create_dir(dir.join("blocks")).unwrap();
    std::fs::write(&file, zstd::decode_all(std::fs::read(packed).unwrap().as_slice()).unwrap()).unwrap();
    std::fs::rename(&file, dir.join("blocks/blk00000.dat")).unwrap();
    run(holdfast().args(["ingest", path(&dir.join("blocks")), "--ledger", path(&store.join("ledger"))]));
    store
}

#[test]
fn a_node_that_never_answers_delays_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let (asked, was_asked) = mpsc::channel();
    let node = hanging_node(asked);
    let mut serve = holdfast();
    serve.args(["serve", "--store", path(&store), "--listen", "127.0.0.1:0", "--open", "--rest", &node]);
    let (_process, url): (Running, String) = serving(&mut serve);
    // The follower waits for the node now.
    was_asked.recv_timeout(Duration::from_secs(60)).expect("the node is asked");
    let stored = answers(&url, 0)["blocks"].as_u64().unwrap();
    assert!(stored > 200, "{stored}");
    for n in 1..3 {
        assert_eq!(answers(&url, n)["blocks"], stored);
    }
    // A change of the workspace goes through as well.
    let import =
        agent().post(format!("{url}/api/v1/tags?name=mine.csv")).config().timeout_global(Some(BOUND * 6)).build();
    assert_eq!(import.send(CSV).unwrap().status(), 200);
    assert_eq!(answers(&url, 4)["tags"], 1);
}

#[test]
fn withdrawals_are_held_once_the_node_is_silent() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let (asked, was_asked) = mpsc::channel();
    let node = hanging_node(asked);
    let mut serve = holdfast();
    serve.args(["serve", "--store", path(&store), "--listen", "127.0.0.1:0", "--open", "--rest", &node]);
    let (_process, url): (Running, String) = serving(serve.args(["--ready-max-silence", "1"]));
    was_asked.recv_timeout(Duration::from_secs(60)).expect("the node is asked");
    std::thread::sleep(Duration::from_secs(3));
    let decide = |id: &str, kind: &str, asset: &str| {
        let event = json!({"id": id, "kind": kind, "time": 1_780_000_000, "customer": "c-1", "asset": asset, "amount": "100000",
            "value": 4000, "counterparty": "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S"});
        ask(&format!("{url}/api/v1/events"), Some(&event)).1
    };
    let held = decide("w-1", "withdrawal", "BTC");
    assert_eq!(held["decision"], "hold", "{held}");
    assert!(held.to_string().contains("the node was not read for"), "{held}");
    // Other chains do not hang on this node.
    let other = decide("w-2", "withdrawal", "ETH");
    assert!(!other.to_string().contains("the node was not read for"), "{other}");
}

/// Serves in this process, so that a change can be held up at will.
fn desk(store: &Path, dir: &Path) -> (AppState, String) {
    let url = format!("sqlite:{}", dir.join("desk.sqlite").display());
    let screening = Screening::open(&url, system_clock()).unwrap();
    let workspace = Workspace::create_or_open(store, Network::Bitcoin).unwrap();
    let shared = AppState::new(workspace, screening, KeyRing::single([1; 32]), Vault::new(dir.join("files"))).unwrap();
    assert!(shared.open().unwrap());
    let (served, port) = (shared.clone(), mpsc::channel());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            port.0.send(listener.local_addr().unwrap().port()).unwrap();
            serve(listener, served, std::future::pending()).await.unwrap();
        });
    });
    let port = port.1.recv().unwrap();
    (shared, format!("http://127.0.0.1:{port}"))
}

#[test]
fn a_change_that_does_not_end_delays_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let (shared, url) = desk(&store(dir.path()), dir.path());
    assert!(answers(&url, 0)["blocks"].as_u64().unwrap() > 200);
    let (begun, has_begun) = mpsc::channel();
    let (go, may_go) = mpsc::channel::<()>();
    let theirs = shared.clone();
    let builder = std::thread::spawn(move || {
        theirs.chain().change(|w| -> Result<(), ChangeError> {
            w.import_tags(vec![("mine.csv".into(), CSV.into())]);
            w.recluster(w.clusters.options().clone());
            begun.send(()).unwrap();
            may_go.recv().unwrap();
            Ok(())
        })
    });
    has_begun.recv().unwrap();
    assert_eq!(answers(&url, 1)["tags"], 0);
    // Others who want to change something wait for the builder, not those who ask.
    let waiting = format!("{url}/api/v1/exposures/rebuild");
    let waiting = std::thread::spawn(move || agent().post(waiting).send_empty().unwrap().status().as_u16());
    for n in 2..5 {
        assert_eq!(answers(&url, n)["tags"], 0);
    }
    let (status, explained) = ask(
        &format!("{url}/api/v1/trace?subject=f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16"),
        None,
    );
    assert_eq!(status, 200, "{explained}");
    go.send(()).unwrap();
    builder.join().unwrap().unwrap();
    assert_eq!(waiting.join().unwrap(), 200);
    assert_eq!(answers(&url, 5)["tags"], 1, "what was built is there");
}
