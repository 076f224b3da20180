//! Nodes' answers, as recorded or in their form, replayed by a real HTTP server.

mod common;

use common::{Made, Message, made_child, made_id};
use holdfast_tron::node::{Node, NodeError, Tag};
use holdfast_tron::rpc::Rpc;
use holdfast_tron::{Chain, transfers};
use holdfast_types::{AccountId, Address, Commitment, ErrorKind, Hash32, TokenRef};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// What was requested: path, the key that came with it, body.
type Requests = Arc<Mutex<Vec<(String, String, Value)>>>;

/// Serves answers by path and body until the test ends; a status beside an answer is sent with it.
fn serve(answer: impl Fn(&str, &Value) -> (u16, String) + Send + 'static) -> (String, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://user:secret@{}", listener.local_addr().unwrap());
    let requests = Requests::default();
    let seen = requests.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut path, mut key, mut length) = (String::new(), String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap() == 0 || line.trim().is_empty() {
                    break;
                }
                if path.is_empty() {
                    path = line.split(' ').nth(1).unwrap().to_owned();
                }
                let (name, value) = line.split_once(':').unwrap_or((&line, ""));
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.trim().parse().unwrap(),
                    "tron-pro-api-key" => key = value.trim().to_owned(),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            let (status, text) = answer(&path, &body);
            seen.lock().unwrap().push((path, key, body));
            let head = format!("HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", text.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(text.as_bytes()));
        }
    });
    (url, requests)
}

/// A block's id, and java-tron's answers about it.
type Recorded = (Hash32, String, String);

/// Blocks that are made, each the parent of the next, with what is added to them.
fn chain(contents: &[Vec<Made>]) -> Vec<Recorded> {
    let mut parent = [0; 32];
    let mut blocks = Vec::new();
    for (number, made) in (0..).zip(contents) {
        let (block, infos) = made_child(number, made, parent);
        parent = made_id(number, made, parent);
        blocks.push((parent, String::from_utf8(block).unwrap(), String::from_utf8(infos).unwrap()));
    }
    blocks
}

/// Answers as java-tron does for a chain.
fn java_tron(blocks: Vec<Recorded>) -> impl Fn(&str, &Value) -> (u16, String) + Send {
    move |path, body| {
        let at = body["num"].as_u64().map_or(usize::MAX, |n| n as usize);
        let nothing = || "{}".to_owned();
        let text = match path {
            "/wallet/getblockbynum" => blocks.get(at).map_or_else(nothing, |b| b.1.clone()),
            "/wallet/gettransactioninfobyblocknum" => blocks.get(at).map_or_else(nothing, |b| b.2.clone()),
            "/wallet/getnowblock" => blocks.last().unwrap().1.clone(),
            "/walletsolidity/getnowblock" => blocks[0].1.clone(),
            "/wallet/getexchangebyid" if body["id"] == json!(5) => {
                json!({"exchange_id": 5, "first_token_id": "5f", "second_token_id": "31303032303030"}).to_string()
            }
            "/wallet/getassetissuebyid" => json!({"id": "1002000", "name": "58", "trx_num": 2, "num": 3}).to_string(),
            "/wallet/getassetissuebyname" if body["value"] == json!("53454544") => {
                json!({"id": "1000001", "name": "53454544", "trx_num": 1, "num": 1}).to_string()
            }
            _ => json!({"Error": "class java.lang.Exception : not found"}).to_string(),
        };
        (200, text)
    }
}

fn message() -> Message {
    Message::default().account(1, 1)
}

fn contents() -> Vec<Vec<Made>> {
    vec![
        vec![Made::of(1, Message::default().bytes(1, b"0x000000000000000000000").account(2, 1).number(3, 500))],
        vec![Made { fee: 7, ..Made::transfer(5) }, Made::call()],
        vec![],
        vec![
            Made {
                added: json!({"exchange_received_amount": 44}),
                ..Made::of(44, message().number(2, 5).bytes(3, b"_").number(4, 30))
            },
            Made::of(9, message().account(2, 4).bytes(3, b"1002000").number(4, 11)),
            Made::of(2, Message::default().bytes(1, b"SEED").account(2, 1).account(3, 2).number(4, 9)),
            Made::of(2, Message::default().bytes(1, b"TWICE").account(2, 1).account(3, 2).number(4, 9)),
        ],
    ]
}

#[test]
fn a_nodes_blocks_are_read_to_the_tip_and_verified() {
    let blocks = chain(&contents());
    let ids: Vec<Hash32> = blocks.iter().map(|b| b.0).collect();
    let (url, requests) = serve(java_tron(blocks));
    let key = Some(("TRON-PRO-API-KEY".to_owned(), "hidden".to_owned()));
    let mut node = Node::connect(&url, key).unwrap();
    let last = u32::from_be_bytes(ids[0][28..].try_into().unwrap());
    assert_eq!(node.chain(), &Chain::of_number(last));
    assert_eq!(node.tip(Tag::Latest).unwrap(), (3, ids[3]));
    assert_eq!(node.tip(Tag::Finalized).unwrap(), (0, ids[0]));
    assert_eq!((node.hash_at(2).unwrap(), node.hash_at(4).unwrap()), (Some(ids[2]), None));
    let read = node.blocks(0..9).unwrap();
    assert_eq!(read.iter().map(|b| b.block().id).collect::<Vec<_>>(), ids);
    assert_eq!(transfers(node.chain(), &read[1]).transactions[0].fee, 7u64.into());
    // A block's calls may have moved something that this node does not store.
    let known = |node: &Node| node.blocks(1..2).unwrap()[0].is_internal_known();
    assert!(!known(&node));

    // What no block states is requested, and what the node does not know stays unknown.
    let moved = |node: &Node| {
        let listed = transfers(node.chain(), &read[3]);
        listed.transactions.iter().map(|t| (t.transfers.len(), t.signals.len())).collect::<Vec<_>>()
    };
    assert_eq!(moved(&node), [(1, 1), (1, 1), (0, 1), (0, 1)]);
    node.learn(&read).unwrap();
    assert_eq!(moved(&node), [(2, 0), (2, 0), (1, 0), (0, 1)]);

    assert!(known(&node.with_internal_stored()));
    let requests = requests.lock().unwrap();
    assert!(requests.iter().all(|(_, key, _)| key == "hidden"), "{requests:?}");
    // An empty block needs no second request.
    let of_two = |path: &str| requests.iter().filter(|r| r.0 == path && r.2 == json!({"num": 2})).count();
    assert_eq!((of_two("/wallet/getblockbynum"), of_two("/wallet/gettransactioninfobyblocknum")), (2, 0));
}

#[test]
fn what_a_node_gets_wrong_is_an_error_with_block_and_field_and_without_credentials() {
    let good = chain(&contents());
    let other = chain(&[vec![Made::transfer(9)], vec![Made::transfer(9)], vec![]]);
    let of = |change: &dyn Fn(&mut Vec<Recorded>)| {
        let mut blocks = good.clone();
        change(&mut blocks);
        let (url, _) = serve(java_tron(blocks));
        let error = Node::connect(&url, None).and_then(|node| node.blocks(1..9)).unwrap_err();
        assert!(!error.to_string().contains("secret"));
        error
    };
    let field = |error: NodeError| match error {
        NodeError::Block(e) => (e.block, e.field),
        other => panic!("{other:?}"),
    };
    let swapped = of(&|blocks| blocks.swap(1, 2));
    assert_eq!(swapped.kind(), ErrorKind::Invalid);
    assert_eq!(field(swapped), (Some(1), "header.number".to_owned()));
    assert_eq!(field(of(&|blocks| blocks[2] = other[2].clone())), (Some(2), "header.parentHash".to_owned()));
    assert_eq!(field(of(&|blocks| blocks[1].2 = "[]".to_owned())), (Some(1), "infos.length".to_owned()));
    let flipped = |blocks: &mut Vec<Recorded>| blocks[1].1 = blocks[1].1.replace("07070707", "07070807");
    assert_eq!(field(of(&flipped)), (Some(1), "header.txTrieRoot".to_owned()));
    assert!(matches!(of(&|blocks| blocks[0].1 = "{}".to_owned()), NodeError::Shape(..)));
    assert!(matches!(of(&|blocks| blocks[1].1 = r#"{"Error": "x"}"#.to_owned()), NodeError::Rpc { code: 0, .. }));

    // Passing faults are tried again, credentials that are wrong are not.
    let tries = Arc::new(Mutex::new(0));
    let seen = tries.clone();
    let first = good[0].1.clone();
    let busy = move |_: &str, _: &Value| {
        *seen.lock().unwrap() += 1;
        match *seen.lock().unwrap() {
            1 => (503, "busy".to_owned()),
            2 => (429, "{}".to_owned()),
            3 => (200, first.clone()),
            _ => (401, "{}".to_owned()),
        }
    };
    let (url, _) = serve(busy);
    let node = Node::connect(&url, None).unwrap();
    let error = node.tip(Tag::Latest).unwrap_err();
    assert!(matches!(error, NodeError::Credentials { status: 401, .. }) && !error.to_string().contains("secret"));
    assert_eq!(*tries.lock().unwrap(), 4);
}

/// The recorded block 67325788 by JSON-RPC. What the recording lacks are the answers to other calls; logs are those of its receipts.
#[test]
fn a_recorded_block_in_the_ethereum_form_gives_its_id_and_its_tokens() {
    let Some(data) = common::accounts() else { return };
    let read = |name: &str| -> Value {
        serde_json::from_slice(&std::fs::read(data.join("tron").join(name)).unwrap()).unwrap()
    };
    let (block, receipts) = (read("cipherowl-raw_block_header.json"), read("cipherowl-raw_block_tx_receipt.json"));
    let mut logs: Vec<Value> =
        receipts.as_array().unwrap().iter().flat_map(|r| r["logs"].as_array().unwrap().clone()).collect();
    // The recording has two transactions of the block; their numbers follow.
    for log in logs.iter_mut().filter(|log| log["transactionIndex"] == json!("0x45")) {
        log["transactionIndex"] = json!("0x1");
    }
    let answers = move |block: Value, logs: Value| {
        move |_: &str, body: &Value| {
            let result = match body["method"].as_str().unwrap() {
                "eth_chainId" => json!("0x2b6653dc"),
                "eth_getBlockByNumber" if body["params"][0] == json!("0x4034f5d") => Value::Null,
                "eth_getBlockByNumber" => block.clone(),
                "eth_getLogs" => logs.clone(),
                _ => {
                    return (200, json!({"id": 1, "error": {"code": -32601, "message": "no such method"}}).to_string());
                }
            };
            (200, json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string())
        }
    };
    let rpc = |block: &Value, logs: &[Value]| {
        let (url, _) = serve(answers(block.clone(), json!(logs)));
        Rpc::connect(&url, None).unwrap()
    };
    let node = rpc(&block, &logs);
    assert_eq!(node.chain(), &Chain::mainnet());
    let header = node.header(67_325_788).unwrap().unwrap();
    assert_eq!((header.version, node.tip(Tag::Finalized).unwrap()), (30, (67_325_788, header.id())));
    assert!(node.header(67_325_789).unwrap().is_none() && node.token_transfers(67_325_789).unwrap().is_none());
    let listed = node.token_transfers(67_325_788).unwrap().unwrap();
    assert_eq!((listed.hash, listed.time, listed.internal_known), (header.id(), 1_732_627_338, false));
    let [transaction] = &listed.transactions[..] else { panic!("{listed:?}") };
    let account = |text: &str| AccountId::try_from(&Address::read(text)).unwrap();
    let [moved] = transaction.transfers[..] else { panic!("{transaction:?}") };
    assert_eq!(moved.token, TokenRef::Fungible(account("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")));
    assert_eq!((moved.amount, moved.commitment), (0x27165u64.into(), Commitment::Claim));
    assert_eq!(transaction.payer, account("25a51e3e65287539b8d4eb559cbca4488a08bb00"));
    assert_eq!(transaction.method, Some([0xa9, 5, 0x9c, 0xbb]));

    let field = |error: NodeError| match error {
        NodeError::Block(e) => (e.block, e.field),
        other => panic!("{other:?}"),
    };
    let mut wrong = block.clone();
    wrong["timestamp"] = json!("0x6745cb8d");
    assert_eq!(field(rpc(&wrong, &logs).header(67_325_788).unwrap_err()), (Some(67_325_788), "hash".to_owned()));
    assert_eq!(field(rpc(&block, &logs).header(5).unwrap_err()).1, "number");
    for (name, value) in [
        ("blockHash", json!("0".repeat(64))),
        ("transactionIndex", json!("0x7")),
        ("transactionHash", json!("0".repeat(64))),
    ] {
        let mut wrong = logs.clone();
        wrong[1][name] = value;
        let error = rpc(&block, &wrong).token_transfers(67_325_788).unwrap_err();
        assert_eq!(field(error), (Some(67_325_788), format!("logs[1].{name}")));
    }
}
