//! One server over several chains: each follows its own node.

use crate::common::{Desk, Running, holdfast, path, run, serving, small_store, soon, words};
use holdfast_bitcoin::script::classify;
use holdfast_bitcoin::{Block, Network};
use holdfast_simulate::hand::{HandChain, key, tx};
use holdfast_testing::FaultyNode;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Adds a block that pays an address.
fn mine(chain: &mut HandChain, node: &FaultyNode, paid: u64) {
    let (_, bytes) = chain.add(&[tx(&[([1; 32], u32::try_from(paid).unwrap())], &[(1_000, key(paid))])]);
    node.add_block((Block::parse(bytes.clone()).unwrap().hash.to_bytes(), bytes));
}

fn get(desk: &Desk, path: &str) -> Value {
    let (status, body) = desk.ask("GET", path, &[], None);
    assert_eq!(status, 200, "{path}: {body}");
    body
}

fn until_at(desk: &Desk, chain: &str, height: u64) {
    let began = Instant::now();
    while get(desk, &format!("/api/v1/summary?chain={chain}"))["tip_height"] != height {
        assert!(began.elapsed() < Duration::from_secs(60), "{chain} is not followed to {height}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_server_follows_each_chain_with_its_own_node() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let (mut bitcoin, mut litecoin) = (HandChain::default(), HandChain::of(Network::LitecoinRegtest));
    let (btc, ltc) = (FaultyNode::new(1, Vec::new()), FaultyNode::new(1, Vec::new()));
    mine(&mut bitcoin, &btc, 1);
    mine(&mut litecoin, &ltc, 2);
    let file = dir.path().join("chains.yaml");
    let chains = format!(
        "chains:\n  - network: litecoin-regtest\n    rest: {}\n    poll_seconds: 0.1\n    from_height: 1\n",
        ltc.url
    );
    std::fs::write(&file, chains).unwrap();
    let start = || {
        let mut serve = holdfast();
        serve.args(["serve", "--store", path(&store), "--listen", "127.0.0.1:0", "--open", "--network", "regtest"]);
        serve.args(["--rest", &btc.url, "--from-height", "1", "--poll", "0.1", "--chains", path(&file)]);
        serving(&mut serve)
    };
    let (process, url): (Running, String) = start();
    let mut desk = Desk { process, url, dir };
    until_at(&desk, "regtest", 1);
    until_at(&desk, "LTC", 1);
    mine(&mut litecoin, &ltc, 3);
    until_at(&desk, "litecoin-regtest", 2);
    assert_eq!(get(&desk, "/api/v1/summary")["tip_height"], 1, "the first chain by default");
    // A look-up finds the chain; so does an event, by its asset.
    let paid = classify(&key(3)).to_text(Network::LitecoinRegtest);
    assert_eq!(get(&desk, &format!("/api/v1/address/{paid}"))["network"], "litecoin-regtest");
    // Commands print the unit of the chain that the server answers from.
    let txid = get(&desk, &format!("/api/v1/address/{paid}"))["receipts"][0]["txid"].as_str().unwrap().to_owned();
    for command in [["show", &txid], ["exposure", &txid], ["exposure", &paid], ["show", &paid]] {
        let said = run(holdfast().args(command).args(["--store", path(&store)]));
        assert!(said.contains(" LTC") && !said.contains("BTC"), "{command:?}: {said}");
    }
    let event = json!({"id": "w1", "time": 1_780_000_000, "kind": "withdrawal", "customer": "c1", "asset": "LTC", "amount": "1000",
        "value": 100, "counterparty": paid});
    let (status, decision) = desk.ask("POST", "/api/v1/events", &[], Some(&event));
    assert_eq!((status, &decision["coverage"][0]), (200, &json!("ledger")), "{decision}");
    let (_, health) = desk.ask("GET", "/health/ready", &[], None);
    let names: Vec<&str> = health["components"].as_array().unwrap().iter().filter_map(|c| c["name"].as_str()).collect();
    assert!(names.contains(&"node:regtest") && names.contains(&"node:litecoin-regtest"), "{health}");
    // A tag reaches the second chain, also after a restart; commands read that chain's folder with the store's tags.
    let csv = desk.dir.path().join("tags.csv");
    let row = format!("{paid},LTC,Locky,https://example.org,ransomware");
    std::fs::write(&csv, format!("address,currency,label,source,abuse\n{row}\n")).unwrap();
    let said = run(holdfast().args(["tags", "import", path(&csv), "--store", path(&store)]));
    assert!(said.contains("by chain: litecoin-regtest 1, regtest 1"), "{said}");
    let category = |desk: &Desk| get(desk, &format!("/api/v1/address/{paid}"))["category"].clone();
    assert_eq!(category(&desk), "ransomware");
    desk.process.0.kill().unwrap();
    desk.process.0.wait().unwrap();
    let shown = run(holdfast().args(["show", &paid, "--store", path(&store.join("chains/litecoin-regtest"))]));
    assert!(shown.contains("ransomware"), "{shown}");
    // A backup holds every chain.
    let backup = desk.dir.path().join("backup");
    run(holdfast().args(["backup", path(&backup), "--store", path(&store)]));
    let shown = run(holdfast().args(["show", &paid, "--store", path(&backup.join("chains/litecoin-regtest"))]));
    assert!(shown.contains("ransomware"), "{shown}");
    // A chain without a node is served as it is stored.
    std::fs::write(&file, "chains:\n  - network: litecoin-regtest\n").unwrap();
    (desk.process, desk.url) = start();
    assert_eq!(category(&desk), "ransomware");
}

/// A call of a node: the header with its credentials, the method and the parameters.
type Call = (String, String, Value);

/// Answers JSON-RPC as a node without blocks up to its tip does, on one connection, and stores the calls.
fn answer_calls(stream: TcpStream, calls: &Mutex<Vec<Call>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut credentials, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
            match line.trim().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("authorization") => credentials = value.to_owned(),
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().ok()?,
                _ => {}
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body: Value = serde_json::from_slice(&body).ok()?;
        let answer = match body["method"].as_str()? {
            "getbestblockhash" => json!({"result": "00".repeat(32), "error": null}),
            "getblockheader" => json!({"result": {"height": 9}, "error": null}),
            "getrawmempool" => json!({"result": [], "error": null}),
            _ => json!({"result": null, "error": {"code": -8, "message": "Block height out of range"}}),
        };
        calls.lock().unwrap().push((credentials, body["method"].as_str()?.to_owned(), body["params"].clone()));
        let answer = answer.to_string();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", answer.len());
        reader.get_mut().write_all(format!("{head}{answer}").as_bytes()).ok()?;
    }
}

#[test]
fn a_file_of_chains_gives_a_node_its_credentials_and_the_first_height() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let (file, password) = (dir.path().join("chains.yaml"), dir.path().join("password"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let entry = format!(
        "  - network: litecoin-regtest\n    rpc: http://{}\n    user: u\n    password_file: {}\n    from_height: 7\n",
        listener.local_addr().unwrap(),
        path(&password)
    );
    std::fs::write(&file, format!("chains:\n{entry}")).unwrap();
    std::fs::write(&password, "p\n").unwrap();
    let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
    let stored = calls.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let calls = stored.clone();
            std::thread::spawn(move || answer_calls(stream, &calls));
        }
    });
    let mut serve = holdfast();
    serve.args(["serve", "--open", "--listen", "127.0.0.1:0", "--store", path(&store), "--chains", path(&file)]);
    let _server = serving(&mut serve);
    let (credentials, _, params) = soon(Duration::from_secs(30), "the node is queried for a block", || {
        calls.lock().unwrap().iter().find(|call| call.1 == "getblockhash").cloned()
    });
    assert_eq!((credentials.as_str(), params), ("Basic dTpw", json!([7])));
}

#[test]
fn a_file_of_chains_that_is_wrong_is_refused_by_its_cause() {
    let dir = tempfile::tempdir().unwrap();
    let (store, file) = (small_store(dir.path()), dir.path().join("chains.yaml"));
    for (entries, cause) in [
        ("  - network: litecoin\n  - network: litecoin\n", "litecoin is there twice"),
        ("  - network: litecoin\n    rpc: a\n    rest: b\n", "two ways to one node"),
        ("  - network: litecoin\n    pasword: b\n", "unknown field `pasword`"),
        ("  - network: moon\n", "moon"),
        // A chain without a node is served as it is stored, and this one is not.
        ("  - network: signet\n", "chains/signet"),
    ] {
        std::fs::write(&file, format!("chains:\n{entries}")).unwrap();
        let mut serve = holdfast();
        serve.args(["serve", "--open", "--listen", "127.0.0.1:0", "--store", path(&store), "--chains", path(&file)]);
        let ended = serve.output().unwrap();
        assert!(!ended.status.success() && words(&ended).contains(cause), "{entries}: {}", words(&ended));
    }
}
