//! Against a real node of the Bitcoin Core family: Debian's litecoind on regtest.

use crate::common::{Running, free_port, have, path};
use holdfast_bitcoin::files::BlockFiles;
use holdfast_bitcoin::mempool::Mempool;
use holdfast_bitcoin::node::{BlockSource, Rest, Rpc};
use holdfast_bitcoin::{AddressKey, Network, ScriptClass, Txid};
use holdfast_utxo_ledger::{AppendOptions, FilesFeed, Ledger, Source, follow};
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const NETWORK: Network = Network::LitecoinRegtest;

struct Node {
    process: Running,
    rpc: Rpc,
    port: u16,
    data: PathBuf,
}

/// Starts a node with its files in a folder.
fn start(data: &Path, port: u16) -> Node {
    let child = Command::new("litecoind")
        .args([
            "-regtest",
            "-server",
            "-rest",
            "-listen=0",
            "-fallbackfee=0.001",
            "-rpcuser=u",
            "-rpcpassword=p",
            "-txindex=0",
        ])
        .arg(format!("-datadir={}", path(data)))
        .arg(format!("-rpcport={port}"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let rpc = Rpc::new(&format!("http://127.0.0.1:{port}"), "u", "p");
    let node = Node { process: Running(child), rpc, port, data: data.to_owned() };
    let deadline = Instant::now() + Duration::from_secs(60);
    while node.rpc.call("getblockchaininfo", json!([])).is_err() {
        assert!(Instant::now() < deadline, "litecoind did not start");
        std::thread::sleep(Duration::from_millis(100));
    }
    node
}

impl Node {
    /// Starts a node with a wallet in an empty folder.
    fn fresh(dir: &Path) -> Node {
        let data = dir.join("node");
        std::fs::create_dir(&data).unwrap();
        let node = start(&data, free_port());
        node.call("createwallet", json!(["w"]));
        node
    }

    fn call(&self, method: &str, params: Value) -> Value {
        self.rpc.call(method, params).unwrap_or_else(|e| panic!("{method}: {e}"))
    }

    fn mine(&self, n: u32) -> Value {
        let address = self.call("getnewaddress", json!([]));
        self.call("generatetoaddress", json!([n, address]))
    }

    fn stop(&mut self) {
        self.call("stop", json!([]));
        self.process.0.wait().unwrap();
    }

    /// Starts a node that was stopped again, with its wallet.
    fn restart(&mut self) {
        *self = start(&self.data, self.port);
        if self.call("listwallets", json!([])).as_array().unwrap().is_empty() {
            self.call("loadwallet", json!(["w"]));
        }
    }
}

fn catch_up(ledger: &mut Ledger, source: &dyn BlockSource) -> (u32, u32) {
    let report = follow(ledger, source, 0, &mut |_, _| ControlFlow::Continue(())).unwrap();
    let tip = source.tip().unwrap();
    let stored = ledger.tip().unwrap();
    assert_eq!((stored.height, stored.hash), (tip.height, tip.hash));
    (report.removed, report.appended)
}

fn check(ledger: &Ledger) {
    let report = ledger.check(true, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(report.is_clean(), "{:#?}", report.problems);
}

#[test]
fn a_live_litecoin_node_is_followed_through_payments_reorganizations_and_restarts() {
    if !have("litecoind") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::fresh(dir.path());
    // Past the activation of SegWit and MWEB, so that blocks end in HogEx transactions. The first block with MWEB, at 432, needs a
    // peg-in.
    node.mine(431);
    let hidden = node.call("getnewaddress", json!(["", "mweb"]));
    node.call("sendtoaddress", json!([hidden, 1]));
    node.mine(9);
    let store = dir.path().join("ledger");
    let mut ledger = Ledger::create_or_open(&store, NETWORK).unwrap();
    assert_eq!(catch_up(&mut ledger, &node.rpc), (0, 441));
    check(&ledger);
    // A payment is seen in the mempool before it is in a block.
    let mut pool = Mempool::default();
    assert!(pool.poll(&node.rpc, 100).unwrap().added.is_empty());
    let mut paid = Vec::new();
    for (kind, amount) in [("legacy", 1.5), ("p2sh-segwit", 2.25), ("bech32", 3.125)] {
        let address = node.call("getnewaddress", json!(["", kind]));
        let txid = node.call("sendtoaddress", json!([address, amount]));
        let key = AddressKey::parse(address.as_str().unwrap(), NETWORK).unwrap();
        paid.push((txid.as_str().unwrap().parse::<Txid>().unwrap(), key, (amount * 1e8) as u64));
    }
    let change = pool.poll(&node.rpc, 100).unwrap();
    for (txid, key, amount) in &paid {
        assert!(change.added.contains(txid), "{change:?}");
        assert!(pool.get(txid).unwrap().outputs.contains(&(*amount, *key)));
        assert_eq!(pool.paying(key).count(), 1);
        assert!(ledger.tx_by_id(txid).is_none());
    }
    node.mine(1);
    assert_eq!(catch_up(&mut ledger, &node.rpc), (0, 1));
    assert!(pool.poll(&node.rpc, 100).unwrap().removed.len() >= 3);
    for (txid, key, amount) in &paid {
        let tx = ledger.tx_by_id(txid).expect("mined");
        assert!(ledger.outputs(tx).any(|o| ledger.value(o) == *amount && ledger.address(ledger.address_of(o)) == *key));
        let fee = node.call("gettransaction", json!([txid.to_string()]))["fee"].as_f64().unwrap();
        assert_eq!(ledger.fee(tx), Some((-fee * 1e8).round() as u64));
    }
    // The transparent part of MWEB blocks is kept: the peg-in's output, and the HogEx that ends every block and spends the one before.
    let mweb = ledger.block_at(432).unwrap();
    let is_mweb = |o: &u64| ledger.class_of(ledger.address_of(*o)) == ScriptClass::WitnessUnknown;
    let of_mweb: Vec<u64> = (mweb.txs.0..mweb.txs.1).flat_map(|tx| ledger.outputs(tx)).filter(is_mweb).collect();
    assert_eq!(of_mweb.len(), 2, "block 432 has the peg-in's output and the HogEx's");
    let hog_ex = |height: u32| ledger.block_at(height).unwrap().txs.1 - 1;
    assert_eq!(ledger.spender(of_mweb[0]), Some(hog_ex(432)), "the HogEx takes the peg-in");
    let before = ledger.outputs(hog_ex(439)).start;
    assert_eq!(ledger.spender(before), Some(hog_ex(440)));
    node.mine(3);
    // REST gives the same chain; the ledger is dropped and opened again in the middle.
    drop(ledger);
    let mut ledger = Ledger::open_for_writing(&store).unwrap();
    let rest = Rest::new(&format!("http://127.0.0.1:{}", node.port));
    assert_eq!(catch_up(&mut ledger, &rest), (0, 3));
    assert_eq!(rest.hash_at(10_000).unwrap(), None);
    assert!(rest.mempool().unwrap().is_empty());
    check(&ledger);
    // Reorganize: four blocks leave, six come.
    let height = ledger.tip().unwrap().height;
    let fork = node.call("getblockhash", json!([height - 3]));
    node.call("invalidateblock", json!([fork]));
    node.mine(6);
    assert_eq!(catch_up(&mut ledger, &node.rpc), (4, 6));
    check(&ledger);
    let fresh = dir.path().join("fresh");
    let mut rebuilt = Ledger::create_or_open(&fresh, NETWORK).unwrap();
    catch_up(&mut rebuilt, &node.rpc);
    assert_same(&ledger, &rebuilt);
    // The node goes away and comes back.
    node.stop();
    let before = ledger.counts();
    assert!(follow(&mut ledger, &node.rpc, 0, &mut |_, _| ControlFlow::Continue(())).is_err());
    assert_eq!(ledger.counts(), before);
    node.restart();
    node.mine(2);
    let (_, appended) = catch_up(&mut ledger, &node.rpc);
    assert_eq!(appended, 2);
    let cookie = Rpc::with_cookie("http://127.0.0.1:1", &node.data.join("none"));
    assert!(cookie.unwrap_err().to_string().contains("is the node running"));
    // Its files, with the stale branch in them, give the same ledger; its undo files the same spent outputs.
    node.stop();
    let blocks = node.data.join("regtest/blocks");
    let files = BlockFiles::open(&blocks, NETWORK, |_| None).unwrap();
    assert!(files.left_out().count() >= 4, "the stale branch is in the files");
    let mut from_files = Ledger::create_or_open(&dir.path().join("files"), NETWORK).unwrap();
    from_files
        .append(&FilesFeed::new(&files, 0, false), &AppendOptions::default(), &mut |_| ControlFlow::Continue(()))
        .unwrap();
    assert_same(&from_files, &ledger);
    check(&from_files);
    let mut compared = 0;
    for position in 1..files.len() {
        let block = from_files.block(position as u32);
        let stored: Vec<(u64, AddressKey)> = (block.txs.0..block.txs.1)
            .flat_map(|tx| from_files.sources(tx).collect::<Vec<_>>())
            .map(|s| {
                let Source::Output(o) = s else { panic!("history is whole") };
                (from_files.value(o), from_files.address(from_files.address_of(o)))
            })
            .collect();
        if stored.is_empty() {
            continue;
        }
        let spent = files.spent_outputs(position).unwrap().expect("the node wrote undo data");
        assert_eq!(spent.iter().map(|s| (s.value, s.address)).collect::<Vec<_>>(), stored);
        compared += stored.len();
    }
    assert!(compared >= 4, "{compared} spent outputs compared");
}

fn assert_same(a: &Ledger, b: &Ledger) {
    assert_eq!(a.counts(), b.counts());
    for tx in 0..a.counts().txs {
        assert_eq!(a.tx(tx), b.tx(tx));
        assert!(a.sources(tx).eq(b.sources(tx)));
        for o in a.outputs(tx) {
            assert_eq!((a.value(o), a.address_of(o), a.spender(o)), (b.value(o), b.address_of(o), b.spender(o)));
        }
    }
    for address in 0..a.counts().addresses {
        assert_eq!(a.address(address), b.address(address));
        assert_eq!(a.outputs_of_address(address), b.outputs_of_address(address));
    }
}

#[test]
fn a_server_follows_its_node_and_shows_the_mempool() {
    if !have("litecoind") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::fresh(dir.path());
    node.mine(110);
    let store = dir.path().join("store");
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let rpc = format!("http://127.0.0.1:{}", node.port);
    let follow = ["--rpc", &rpc, "--user", "u", "--network", "litecoin-regtest", "--store", path(&store)];
    // Once by command, then the server goes on.
    let text = crate::common::run(
        crate::common::holdfast().arg("follow").args(follow).arg("--once").env("HOLDFAST_RPC_PASSWORD", "p"),
    );
    assert!(text.contains("111 blocks appended"), "{text}");
    let server = crate::common::holdfast()
        .args(["serve", "--open"])
        .args(follow)
        .args(["--poll", "0.1", "--listen", &format!("127.0.0.1:{port}")])
        .env("HOLDFAST_RPC_PASSWORD", "p")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let _server = Running(server);
    let wait_for = |path: &str, done: &dyn Fn(&Value) -> bool| -> Value {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let answer =
                ureq::get(format!("{url}{path}")).call().ok().and_then(|mut r| r.body_mut().read_to_string().ok());
            let answer: Option<Value> = answer.and_then(|text| serde_json::from_str(&text).ok());
            match answer {
                Some(answer) if done(&answer) => return answer,
                last => assert!(Instant::now() < deadline, "{path}: {last:?}"),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    wait_for("/api/v1/summary", &|s| s["tip_height"] == 110);
    let address = node.call("getnewaddress", json!([]));
    // It is a customer's deposit address, and the rules hold what is unconfirmed.
    let send = |method: &str, path: &str, body: &[u8]| {
        let builder = ureq::http::Request::builder().method(method).uri(format!("{url}{path}"));
        let response = ureq::run(builder.body(body).unwrap()).unwrap();
        assert_eq!(response.status(), 200, "{path}");
    };
    let record = json!([{"kind": "deposit_address", "id": address, "time": 1_780_000_000, "customer": "c1"}]);
    send("POST", "/api/v1/records", record.to_string().as_bytes());
    let rules = "title: trial\nrules:\n  - {id: early, version: 1, state: live, title: unconfirmed, on: [deposit], when: event.unconfirmed, decision: hold, source: [test]}\n";
    send("PUT", "/api/v1/rules", rules.as_bytes());
    let txid = node.call("sendtoaddress", json!([address, 2.5]));
    let address = address.as_str().unwrap();
    let held = wait_for("/api/v1/holds", &|h| h.as_array().is_some_and(|h| !h.is_empty()));
    assert_eq!(
        (&held[0]["held"], &held[0]["scope"], &held[0]["customer"]),
        (&json!("250000000"), &json!("deposit"), &json!("c1"))
    );
    assert!(held[0]["transfer"].as_str().unwrap().contains(txid.as_str().unwrap()));
    let pending =
        wait_for(&format!("/api/v1/mempool?address={address}"), &|m| m.as_array().is_some_and(|m| !m.is_empty()));
    assert_eq!(pending[0]["txid"], txid);
    assert!(pending[0]["inputs"][0]["value"].as_u64().unwrap() > 0, "the ledger knows what it spends");
    assert!(
        pending[0]["outputs"].as_array().unwrap().iter().any(|o| o["value"] == 250_000_000 && o["address"] == address)
    );
    node.mine(1);
    wait_for("/api/v1/summary", &|s| s["tip_height"] == 111);
    let known = wait_for(&format!("/api/v1/address/{address}"), &|a| a["in_ledger"] == true);
    assert_eq!(known["received"], 250_000_000);
    wait_for("/api/v1/mempool", &|m| m.as_array().is_some_and(|m| m.is_empty()));
    // A reorganization reaches the server too.
    let tip = node.call("getbestblockhash", json!([]));
    node.call("invalidateblock", json!([tip]));
    node.mine(3);
    wait_for("/api/v1/summary", &|s| s["tip_height"] == 113);
    assert_eq!(wait_for("/api/v1/ledger/check?raw=true", &|_| true)["clean"], true);
    node.stop();
}
