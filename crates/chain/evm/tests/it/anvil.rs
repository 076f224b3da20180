//! Against a real node: anvil. The books that are kept from its blocks must equal the balances that it gives, to the unit.

use crate::local_node::{Anvil, Scene, anvil, ether, play};
use alloy_rlp::Encodable;
use holdfast_evm::node::{Node, Tag};
use holdfast_evm::{Address, U256, keccak256, transfers};
use holdfast_testing::rpc_node;
use holdfast_types::{
    AccountId, Amount, BlockTransfers, Commitment, Position, Signal, SignedAmount, TokenRef, TransactionTransfers,
};
use secp256k1::{Message, Secp256k1, SecretKey};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

type Books = BTreeMap<(TokenRef, AccountId), SignedAmount>;

fn book(books: &mut Books, blocks: &[BlockTransfers]) {
    for block in blocks {
        let of_transactions = block.transactions.iter().flat_map(|t| &t.transfers);
        for transfer in of_transactions.chain(&block.block_level) {
            let sides = [(transfer.from, SignedAmount::minus(transfer.amount)), (transfer.to, transfer.amount.into())];
            for (account, change) in sides {
                if let Some(account) = account {
                    let balance = books.entry((transfer.token, account)).or_default();
                    *balance = balance.checked_add(change).unwrap();
                }
            }
        }
    }
}

fn signed(number: U256) -> SignedAmount {
    Amount::from_be_bytes(number.to_be_bytes()).into()
}

fn of<'a>(blocks: &'a [BlockTransfers], scene: &Scene, name: &str) -> &'a TransactionTransfers {
    let sent = scene.sent.iter().find(|s| s.name == name).unwrap();
    let hash: holdfast_evm::B256 = sent.hash.parse().unwrap();
    blocks.iter().flat_map(|b| &b.transactions).find(|t| t.hash == hash.0).unwrap()
}

fn kinds(transaction: &TransactionTransfers) -> String {
    let fees_apart = transaction.transfers.iter().filter(|t| !t.kind.is_fee());
    fees_apart.map(|t| t.kind.name()).collect::<Vec<_>>().join(" ")
}

/// Compares all books with the node. Spoofed tokens are no tokens: nothing can be accounts_of_interest of them.
fn compare(anvil: &Anvil, scene: &Scene, blocks: &[BlockTransfers], tip: u64) -> (usize, usize) {
    let mut books = Books::new();
    book(&mut books, blocks);
    let (mut coins, mut tokens) = (0, 0);
    let mut touched: BTreeSet<AccountId> = books.keys().map(|(_, account)| *account).collect();
    touched.extend(anvil.accounts().iter().map(|a| AccountId::evm(a.into_array())));
    for account in &touched {
        let opening = signed(anvil.balance(account, 0));
        let change = books.get(&(TokenRef::Native, *account)).copied().unwrap_or_default();
        assert_eq!(opening.checked_add(change), Some(signed(anvil.balance(account, tip))), "{account:?}");
        coins += 1;
        for token in [scene.fee_token, scene.wrapper] {
            let token = AccountId::evm(token.into_array());
            let balance = books.get(&(TokenRef::Fungible(token), *account)).copied().unwrap_or_default();
            assert_eq!(balance, signed(anvil.token_balance(&token, account)), "{token:?} of {account:?}");
            tokens += 1;
        }
    }
    (coins, tokens)
}

fn books_equal_balances(fork: &str) {
    let Some(mut anvil) = anvil(fork) else { return };
    let scene = play(&anvil);
    let wrapper = scene.wrapper;
    anvil.node = Node::connect(&anvil.url, None).unwrap().with_chain(|chain| chain.with_wrapper(wrapper));
    let (tip, hash) = anvil.node.tip(Tag::Latest).unwrap();
    let read = |range| -> Vec<BlockTransfers> {
        let verified = anvil.node.blocks(range).unwrap();
        verified.iter().map(|block| transfers(anvil.node.chain(), block)).collect()
    };
    let blocks = read(0..tip + 10);
    assert_eq!((blocks.len() as u64, blocks.last().unwrap().hash), (tip + 1, hash.0));
    assert!(blocks.iter().all(|b| b.internal_known));
    let (coins, tokens) = compare(&anvil, &scene, &blocks, tip);
    println!("{fork}: {coins} balances of coin and {tokens} of tokens are equal");
    assert!(coins > 50 && tokens > 100);

    let is = |name: &str, expected: &str| assert_eq!(kinds(of(&blocks, &scene, name)), expected, "{name}");
    is("plain", "value");
    is("fee on transfer", "token token");
    is("burn", "burn");
    is("nothing", "");
    is("too much", "");
    is("wrap", "value wrap");
    is("wrap by coin", "value wrap");
    is("unwrap", "internal unwrap");
    is("batch", &format!("value{}", " internal".repeat(40)));
    is("turn", "value internal wrap internal unwrap");
    is("fail inside", "value");
    is("fail", "");
    is("make and end", "value internal internal");
    is("end for itself", "value internal burn");
    is("behind the end", "value internal burn");
    is("end", "internal");
    // EIP-6780: since Cancun a contract of an earlier transaction does not end, so its own coin stays.
    is("end later for itself", if fork == "shanghai" { "burn" } else { "" });
    is("spoof", "token");

    let failed = of(&blocks, &scene, "fail");
    assert!(!failed.success && failed.transfers.iter().all(|t| t.kind.is_fee()));
    let spoof = AccountId::evm(scene.spoof.into_array());
    let spoofed = &of(&blocks, &scene, "spoof").transfers[0];
    assert_eq!(spoofed.token, TokenRef::Fungible(spoof));
    let third_party = |s: &Signal| matches!(s, Signal::ThirdParty { .. });
    let zero = |s: &Signal| matches!(s, Signal::ZeroValue { .. });
    assert!(of(&blocks, &scene, "third party").signals.iter().any(third_party));
    assert!(of(&blocks, &scene, "nothing").signals.iter().any(zero));
    assert!(of(&blocks, &scene, "spoof").signals.iter().any(zero));
    for transfer in blocks.iter().flat_map(|b| &b.transactions).flat_map(|t| &t.transfers) {
        let is_traced = matches!(transfer.position, Position::Trace(_));
        assert_eq!(transfer.commitment == Commitment::Claim, is_traced, "{transfer:?}");
    }

    poorer_nodes(&anvil, &scene, &blocks);
    without_traces(anvil, &scene, &blocks, tip);
}

/// An account signs to run a contract's code (EIP-7702), and another sends that: type 4.
#[test]
fn delegations_are_noted() {
    let Some(anvil) = anvil("prague") else { return };
    let accounts = anvil.accounts();
    let delegate = anvil.deploy(accounts[0], "Wrapper", &[]);
    // The key of anvil's fourth account, which its documentation prints.
    let key: SecretKey = "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6".parse().unwrap();
    let nonce: U256 = anvil.node.call("eth_getTransactionCount", json!([accounts[3], "latest"])).unwrap();
    let nonce = u64::try_from(nonce).unwrap();
    let mut payload = Vec::new();
    U256::from(31_337).encode(&mut payload);
    delegate.encode(&mut payload);
    nonce.encode(&mut payload);
    let mut message = vec![5];
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut message);
    message.extend(payload);
    let digest = Message::from_digest(keccak256(message).0);
    let (id, signature) = Secp256k1::new().sign_ecdsa_recoverable(&digest, &key).serialize_compact();
    let half = |range| U256::from_be_slice(&signature[range]);
    let authorization = json!({
        "chainId": "0x7a69", "address": delegate, "nonce": format!("{nonce:#x}"),
        "yParity": format!("{:#x}", id.to_i32()), "r": half(0..32), "s": half(32..64),
    });
    let transaction = json!({
        "from": accounts[0], "to": accounts[1], "value": "0x1", "gas": "0x1e8480", "type": "0x4", "authorizationList": [authorization],
    });
    anvil.call("eth_sendTransaction", json!([transaction]));
    anvil.mine();
    let (tip, _) = anvil.node.tip(Tag::Latest).unwrap();
    let verified = anvil.node.blocks(tip..tip + 1).unwrap();
    assert_eq!(verified[0].block().transactions[0].kind, 4);
    let signals = &transfers(anvil.node.chain(), &verified[0]).transactions[0].signals;
    let account = |address: Address| AccountId::evm(address.into_array());
    let expected = Signal::Delegation { account: account(accounts[3]), delegate: Some(account(delegate)) };
    assert_eq!(signals, &[expected]);
    let code = anvil.call("eth_getCode", json!([accounts[3], "latest"]));
    assert_eq!(code, json!(format!("0xef0100{}", &format!("{delegate:#x}")[2..])), "the node took it too");
}

/// Balances are proved against the header, or refused.
#[test]
fn balances_are_proved() {
    let Some(anvil) = anvil("prague") else { return };
    let accounts = anvil.accounts();
    play(&anvil);
    let (tip, _) = anvil.node.tip(Tag::Latest).unwrap();
    let header = anvil.node.blocks(tip..tip + 1).unwrap()[0].block().header.clone();
    let nobody = Address::repeat_byte(0x5e);
    let accounts_of_interest = [&accounts[..], &[nobody]].concat();
    let balances = anvil.node.balances(&accounts_of_interest, &header).unwrap();
    for (account, balance) in accounts_of_interest.iter().zip(&balances) {
        assert_eq!(*balance, anvil.balance(&AccountId::evm(account.into_array()), tip));
    }
    assert!(balances[0] > ether(9_000) && balances[4].is_zero());
    let other = holdfast_evm::Header { state_root: keccak256("other"), ..header };
    let error = anvil.node.balances(&accounts, &other).unwrap_err();
    assert!(error.to_string().starts_with(&format!("block {tip}: proof of 0x")), "{error}");
}

/// Serves a node without some methods.
fn without(url: &str, methods: &'static [&'static str]) -> String {
    let url = url.to_owned();
    rpc_node(move |request| {
        let method = request["method"].as_str().unwrap();
        if methods.contains(&method) {
            let message = format!("the method {method} does not exist/is not available");
            return json!({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32601, "message": message}});
        }
        ureq::post(&url).send_json(request).unwrap().body_mut().read_json().unwrap()
    })
}

/// Nodes that lack methods give the same transfers by others, or state that they are incomplete.
fn poorer_nodes(anvil: &Anvil, scene: &Scene, blocks: &[BlockTransfers]) {
    let all = ["eth_getBlockReceipts", "debug_traceBlockByNumber", "trace_block"];
    for (methods, is_complete) in [(&all[..1], true), (&all[..2], true), (&all[1..], false)] {
        let methods: &'static [&'static str] = methods.to_vec().leak();
        let node = Node::connect(&without(&anvil.url, methods), None).unwrap();
        let node = node.with_chain(|chain| chain.with_wrapper(scene.wrapper));
        let verified = node.blocks(0..blocks.len() as u64).unwrap();
        let read: Vec<BlockTransfers> = verified.iter().map(|block| transfers(node.chain(), block)).collect();
        assert!(read.iter().all(|block| block.internal_known == is_complete), "without {methods:?}");
        if is_complete {
            // Only the order differs where a trace does not place the logs.
            let sorted = |blocks: &[BlockTransfers]| -> Vec<String> {
                let all = blocks.iter().flat_map(|b| &b.transactions).flat_map(|t| &t.transfers);
                let mut all: Vec<String> = all.map(|t| format!("{t:?}")).collect();
                all.sort();
                all
            };
            assert_eq!(sorted(&read), sorted(blocks), "without {methods:?}");
        }
    }
}

/// Without traces wraps still have their coin beside them, and the rest is stated to be unknown.
fn without_traces(mut anvil: Anvil, scene: &Scene, with: &[BlockTransfers], tip: u64) {
    let wrapper = scene.wrapper;
    let node = Node::connect(&anvil.url, None).unwrap().without_traces();
    anvil.node = node.with_chain(|chain| chain.with_wrapper(wrapper));
    let verified = anvil.node.blocks(0..tip + 1).unwrap();
    let without: Vec<BlockTransfers> = verified.iter().map(|b| transfers(anvil.node.chain(), b)).collect();
    assert!(without.iter().all(|b| !b.internal_known));
    for name in ["wrap", "wrap by coin", "unwrap", "turn"] {
        assert_eq!(kinds(of(&without, scene, name)), kinds(of(with, scene, name)), "{name}");
    }
    let tokens = |blocks: &[BlockTransfers]| -> Vec<_> {
        let all = blocks.iter().flat_map(|b| &b.transactions).flat_map(|t| &t.transfers);
        all.filter(|t| t.token != TokenRef::Native).copied().collect()
    };
    assert_eq!(tokens(&without), tokens(with));
    let reorganized = anvil.node.hash_at(tip).unwrap();
    anvil.call("anvil_reorg", json!([2, []]));
    assert_ne!(anvil.node.hash_at(tip).unwrap(), reorganized);
    assert_eq!(anvil.node.hash_at(tip + 1).unwrap(), None);
    let kept = anvil.node.blocks(0..tip - 1).unwrap();
    assert_eq!(kept.last().map(|b| b.block().hash.0), Some(with[kept.len() - 1].hash));
}

#[test]
fn books_equal_balances_before_cancun() {
    books_equal_balances("shanghai");
}

#[test]
fn books_equal_balances_today() {
    books_equal_balances("prague");
}
