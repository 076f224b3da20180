//! Following Tron: java-tron's answers, replayed by a real HTTP server, give a ledger with its links and signals, through a reorganization.

#[path = "../../../../chain/tron/tests/common/mod.rs"]
mod made;

use holdfast_account_feed::{NodeOptions, NodeSource};
use holdfast_account_ledger::Settings;
use holdfast_account_workspace::AccountWorkspace;
use holdfast_account_workspace::beside::LinkFinder;
use holdfast_evm::keccak256;
use holdfast_links::{LinkKind, Record};
use holdfast_types::{AccountId, Hash32, Resource, Signal};
use made::{Made, Message, made_child, made_id};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

/// A block's id, and java-tron's answers about it.
type Recorded = (Hash32, String, String);
/// The node's chain, which a reorganization replaces.
type Chain = Arc<Mutex<Vec<Recorded>>>;

fn answer(chain: &Chain, path: &str, body: &Value) -> String {
    let blocks = chain.lock().unwrap();
    let at = body["num"].as_u64().map_or(usize::MAX, |n| usize::try_from(n).unwrap());
    match path {
        "/wallet/getblockbynum" => blocks.get(at).map_or_else(|| "{}".to_owned(), |b| b.1.clone()),
        "/wallet/gettransactioninfobyblocknum" => blocks.get(at).map_or_else(|| "{}".to_owned(), |b| b.2.clone()),
        "/wallet/getnowblock" => blocks.last().unwrap().1.clone(),
        "/walletsolidity/getnowblock" => blocks[0].1.clone(),
        _ => json!({"Error": "class java.lang.Exception : not found"}).to_string(),
    }
}

fn serve(chain: Chain) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut path, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap() == 0 || line.trim().is_empty() {
                    break;
                }
                if path.is_empty() {
                    path = line.split(' ').nth(1).unwrap().to_owned();
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let text = answer(&chain, &path, &serde_json::from_slice(&body).unwrap());
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", text.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(text.as_bytes()));
        }
    });
    url
}

/// Blocks that are made, each the parent of the next, behind others.
fn blocks(before: &[Recorded], contents: &[Vec<Made>]) -> Vec<Recorded> {
    let mut blocks = before.to_vec();
    for made in contents {
        let (number, parent) = (blocks.len() as u64, blocks.last().map_or([0; 32], |b| b.0));
        let (block, infos) = made_child(number, made, parent);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        blocks.push((made_id(number, made, parent), text(block), text(infos)));
    }
    blocks
}

fn digits(n: u8) -> String {
    format!("{n:02x}").repeat(20)
}

fn token(contract: u8, from: u8, to: u8, units: u64) -> Value {
    let topic = format!("{:x}", keccak256("Transfer(address,address,uint256)"));
    let word = |text: String| format!("{text:0>64}");
    json!({
        "address": digits(contract), "data": word(format!("{units:x}")),
        "topics": [topic.trim_start_matches("0x"), word(digits(from)), word(digits(to))],
    })
}

/// Account 1 gives account 5 some of token 8, and is paid in token 9; a third party's transfer of nothing stands beside.
fn swap(given: u64, got: u64) -> Made {
    Made { logs: json!([token(8, 1, 5, given), token(9, 5, 1, got), token(8, 7, 6, 0)]), ..Made::call() }
}

/// Account 1 lets account 4 use the energy of its stake.
fn lends() -> Made {
    Made::of(11, Message::default().account(1, 1).number(2, 9).number(10, 1).account(15, 4))
}

#[test]
fn a_recorded_node_is_followed_with_links_and_signals() {
    let first = Made::of(1, Message::default().bytes(1, b"0x000000000000000000000").account(2, 1).number(3, 500));
    let begun = blocks(&[], &[vec![first], vec![Made::transfer(5)], vec![lends(), swap(100, 40)]]);
    let chain = Chain::new(Mutex::new(blocks(&begun, &[vec![swap(7, 3)], vec![]])));
    let url = serve(chain.clone());
    let number = u32::from_be_bytes(begun[0].0[28..].try_into().unwrap());
    let id = holdfast_tron::Chain::of_number(number).id().clone();
    let dir = tempfile::tempdir().unwrap();
    let mut workspace =
        AccountWorkspace::create_or_open(dir.path(), &Settings::new(id.clone()), Arc::default()).unwrap();
    let options = NodeOptions { url, ..NodeOptions::default() };
    let mut source = NodeSource::new(id.clone(), options, LinkFinder::of(&id));
    let mut follow = |workspace: &mut AccountWorkspace| {
        workspace.follow(&mut source, 0, None, &mut |_, _| ControlFlow::Continue(())).unwrap()
    };
    assert_eq!(follow(&mut workspace).appended, 5);
    let account = |n: u8| AccountId::evm([n; 20]);
    let swaps = |workspace: &AccountWorkspace| {
        let mut swaps = Vec::new();
        let mut each = |_, record| {
            if let Record::Link(link) = record
                && link.kind == LinkKind::Swap
            {
                swaps.push((link.into.place.height, link.out.account, u64::try_from(link.into.amount).unwrap()));
            }
            Ok(ControlFlow::Continue(()))
        };
        workspace.links().for_each(&mut each).unwrap();
        swaps
    };
    assert_eq!(swaps(&workspace), [(2, account(1), 40), (3, account(1), 3)]);
    let of = |workspace: &AccountWorkspace, n: u8| {
        let found = workspace.signals().signals_of(&account(n), 100).unwrap().0;
        found.into_iter().map(|placed| (placed.place.height, placed.signal)).collect::<Vec<_>>()
    };
    let lent = of(&workspace, 4);
    let energy = Resource::Energy;
    assert!(matches!(lent[..], [(2, Signal::ResourceDelegation { ends: false, resource, .. })] if resource == energy));
    assert!(of(&workspace, 6).iter().all(|(_, s)| matches!(s, Signal::ZeroValue { by_third_party: true, .. })));
    assert_eq!(of(&workspace, 6).len(), 2);

    // The node's last blocks are replaced.
    *chain.lock().unwrap() = blocks(&begun, &[vec![Made::transfer(1)], vec![swap(9, 8)], vec![]]);
    let report = follow(&mut workspace);
    assert_eq!((report.removed, report.appended), (2, 3));
    assert_eq!(swaps(&workspace), [(2, account(1), 40), (4, account(1), 8)]);
    let tip = workspace.ledger.tip().unwrap().map(|tip| (tip.height, tip.hash));
    assert_eq!((workspace.links().tip().unwrap(), workspace.signals().tip().unwrap()), (tip, tip));
    drop(workspace);
    let again = AccountWorkspace::open(dir.path(), &id, Arc::default()).unwrap();
    assert_eq!((of(&again, 6).len(), swaps(&again).len()), (2, 2));
}
