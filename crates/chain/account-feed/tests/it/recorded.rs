//! Opening balances by answers of a real node (anvil 1.7, Prague), recorded: six blocks of payments between accounts, and what `eth_getProof` says of five
//! accounts after block 3. Every answer that was tampered with is refused by what is wrong.

use holdfast_account_feed::{NodeOptions, NodeSource, follow};
use holdfast_account_ledger::{Ledger, NATIVE, Opening, Settings};
use holdfast_testing::rpc_node;
use holdfast_types::{AccountId, Address, Amount, ChainId};
use serde_json::{Value, json};
use std::ops::ControlFlow;

/// The ledger's first block.
const FIRST: u64 = 4;

/// Calls with their results.
fn recorded() -> Vec<Value> {
    include_str!("opening-balances.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn result<'a>(calls: &'a [Value], method: &str, params: &Value) -> Option<&'a Value> {
    calls.iter().find(|call| call["method"] == method && call["params"] == *params).map(|call| &call["result"])
}

/// Serves answers as a node does, each changed by a function of the method.
fn serve(calls: Vec<Value>, change: impl Fn(&str, &mut Value) + Send + 'static) -> String {
    rpc_node(move |request| {
        let method = request["method"].as_str().unwrap();
        let mut found = result(&calls, method, &request["params"]).cloned();
        found.iter_mut().for_each(|found| change(method, found));
        match found {
            Some(result) => json!({"jsonrpc": "2.0", "id": request["id"], "result": result}),
            None => {
                let message = format!("{method} {} was not recorded", request["params"]);
                json!({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32000, "message": message}})
            }
        }
    })
}

fn source(change: impl Fn(&str, &mut Value) + Send + 'static) -> NodeSource<()> {
    let url = serve(recorded(), change);
    NodeSource::new(ChainId::parse("eip155:31337").unwrap(), NodeOptions { url, ..NodeOptions::default() }, ())
}

/// The accounts of the recording: three that pay each other, one that is paid in the second and the fifth block, one that holds nothing.
fn accounts() -> Vec<AccountId> {
    let calls = recorded();
    let proofs = calls.iter().filter(|call| call["method"] == "eth_getProof").map(|call| &call["result"]["address"]);
    let account = |address: &Value| AccountId::try_from(&Address::read(address.as_str().unwrap())).unwrap();
    let mut accounts: Vec<AccountId> = proofs.map(account).collect();
    accounts.sort_unstable();
    assert_eq!(accounts.len(), 5);
    accounts
}

fn balance(account: &AccountId, height: u64) -> Amount {
    let address = format!("0x{}", account.as_bytes().iter().map(|b| format!("{b:02x}")).collect::<String>());
    let (calls, params) = (recorded(), json!([address, format!("{height:#x}")]));
    let wei = result(&calls, "eth_getBalance", &params).unwrap().as_str().unwrap();
    Amount::new(u128::from_str_radix(wei.trim_start_matches("0x"), 16).unwrap())
}

#[test]
fn balances_are_known_where_they_are_proved() {
    let dir = tempfile::tempdir().unwrap();
    let accounts = accounts();
    let mut source = source(|_, _| {});
    // One that is named twice counts once.
    let named = [&accounts[..], &accounts[..]].concat();
    assert_eq!(source.prove_openings(FIRST, &named).unwrap().counts(), (5, 4));
    let settings = Settings::new(ChainId::parse("eip155:31337").unwrap());
    let mut ledger = Ledger::create_or_open(dir.path(), &settings).unwrap();
    let go_on = &mut |_: &holdfast_account_feed::FollowReport, _| ControlFlow::Continue(());
    let report = follow(&mut ledger, &mut (), &mut source, FIRST, None, go_on).unwrap();
    assert_eq!((report.appended, ledger.first().unwrap().unwrap().height), (3, FIRST));
    let mut known = 0;
    for account in &accounts {
        let Some(number) = ledger.account_number(account) else { continue };
        let held = ledger.balance(number, NATIVE).unwrap();
        assert_eq!((held.opening, held.known()), (Opening::Proven, Some(balance(account, 6))), "{account:?}");
        known += 1;
    }
    assert_eq!(known, 5, "also of the one that held nothing: that is proved");
    // The block's own miner was not asked for.
    let other = (0..u32::try_from(ledger.counts().accounts).unwrap())
        .find(|number| !accounts.contains(&ledger.account(*number).unwrap()))
        .unwrap();
    let held = ledger.balance(other, NATIVE).unwrap();
    assert!(matches!(held.opening, Opening::Unknown(_)) && held.known().is_none(), "{held:?}");
    assert!(ledger.check(&mut |_, _| ControlFlow::Continue(())).unwrap().is_clean());
}

#[test]
fn tampered_answers_are_refused() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 7] = [
        ("proof of 0x", |proof| proof["balance"] = json!("0x1")),
        ("proof of 0x", |proof| proof["nonce"] = json!("0x77")),
        ("proof of 0x", |proof| proof["accountProof"] = json!([])),
        ("proof of 0x", |proof| {
            let nodes = proof["accountProof"].as_array_mut().unwrap();
            let last = nodes.pop().unwrap();
            let text = last.as_str().unwrap();
            let (head, tail) = text.split_at(text.len() - 1);
            nodes.push(json!(format!("{head}{}", if tail == "0" { "1" } else { "0" })));
        }),
        ("more than 65 nodes", |proof| {
            let node = proof["accountProof"][0].clone();
            proof["accountProof"] = vec![node; 66].into();
        }),
        ("proof.address", |proof| proof["address"] = json!("0x1111111111111111111111111111111111111111")),
        // That an account which holds something is not there.
        ("proof of 0x", |proof| {
            for (field, value) in [("balance", "0x0"), ("nonce", "0x0")] {
                proof[field] = json!(value);
            }
        }),
    ];
    let accounts: Vec<AccountId> = accounts().into_iter().filter(|a| balance(a, FIRST - 1) > Amount::ZERO).collect();
    for (said, change) in changes {
        let mut tampered = source(move |method, answer| {
            if method == "eth_getProof" {
                change(answer);
            }
        });
        let refused = tampered.prove_openings(FIRST, &accounts).unwrap_err().to_string();
        assert!(refused.contains(said), "{said}: {refused}");
    }
    // A state root that is another one is not of the block's hash.
    let mut other = source(|method, answer| {
        if method == "eth_getBlockByNumber" && answer["number"] == "0x3" {
            answer["stateRoot"] = json!(format!("0x{}", "11".repeat(32)));
        }
    });
    let refused = other.prove_openings(FIRST, &accounts).unwrap_err().to_string();
    assert!(refused.contains("block 3"), "{refused}");
}

/// One bad block among those that are read together: those before it are stored, and the error names it.
#[test]
fn the_blocks_before_a_tampered_one_are_stored() {
    let dir = tempfile::tempdir().unwrap();
    let mut source = source(|method, answer| {
        let is_whole = answer["transactions"][0].is_object();
        if method == "eth_getBlockByNumber" && answer["number"] == "0x6" && is_whole {
            answer["stateRoot"] = json!(format!("0x{}", "11".repeat(32)));
        }
    });
    let settings = Settings::new(ChainId::parse("eip155:31337").unwrap());
    let mut ledger = Ledger::create_or_open(dir.path(), &settings).unwrap();
    let go_on = &mut |_: &holdfast_account_feed::FollowReport, _| ControlFlow::Continue(());
    let refused = follow(&mut ledger, &mut (), &mut source, FIRST, None, go_on).unwrap_err().to_string();
    assert!(refused.contains("block 6: hash"), "{refused}");
    assert_eq!(ledger.tip().unwrap().map(|tip| tip.height), Some(5));
}
