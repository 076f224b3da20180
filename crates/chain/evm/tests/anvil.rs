//! Against a real node: anvil. The books that are kept from its blocks must equal the balances that it gives, to the unit.

use alloy_rlp::Encodable;
use holdfast_evm::node::{Node, Tag};
use holdfast_evm::{Address, U256, keccak256, transfers};
use holdfast_types::{
    AccountId, Amount, BlockTransfers, Commitment, Position, Signal, SignedAmount, TokenRef, TransactionTransfers,
};
use secp256k1::{Message, Secp256k1, SecretKey};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A child process that ends with the test.
struct Anvil {
    process: Child,
    url: String,
    node: Node,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts anvil of a fork; `None`, loudly, where it is not installed.
fn anvil(fork: &str) -> Option<Anvil> {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../target/peers/node_modules/@foundry-rs");
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let program = peers.join(format!("anvil-linux-{machine}/bin/anvil"));
    if !program.exists() {
        assert!(std::env::var_os("CI").is_none(), "anvil is not installed, and CI must have it");
        eprintln!("SKIPPED: anvil is not installed; ./test installs it where it can");
        return None;
    }
    let mut process = Command::new(program)
        .args(["--port", "0", "--no-mining", "--hardfork", fork, "--accounts", "4"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut lines = lines.skip_while(|line| !line.starts_with("Listening on "));
    let address = lines.next().unwrap()["Listening on ".len()..].trim().to_owned();
    // Its further lines are read, so that it never waits for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    let url = format!("http://{address}");
    let node = Node::connect(&url, None).unwrap();
    Some(Anvil { process, url, node })
}

fn contracts() -> BTreeMap<String, String> {
    serde_json::from_str(include_str!("contracts/contracts.json")).unwrap()
}

/// Call data: the method's selector and words.
fn data(method: &str, words: &[U256]) -> String {
    let words = words.iter().map(|word| format!("{word:064x}"));
    format!("0x{}{}", &keccak256(method).to_string()[2..10], words.collect::<String>())
}

fn word(address: Address) -> U256 {
    U256::from_be_bytes(address.into_word().0)
}

fn ether(n: u64) -> U256 {
    U256::from(n) * U256::from(1_000_000_000_000_000_000u64)
}

struct Sent {
    hash: String,
    name: &'static str,
}

impl Anvil {
    fn call(&self, method: &str, params: Value) -> Value {
        self.node.call(method, params).unwrap_or_else(|e| panic!("{method}: {e}"))
    }

    fn accounts(&self) -> Vec<Address> {
        self.node.call("eth_accounts", json!([])).unwrap()
    }

    fn mine(&self) {
        self.call("evm_mine", json!([]));
    }

    fn send(&self, name: &'static str, from: Address, to: Option<Address>, value: U256, data: &str) -> Sent {
        let mut transaction = json!({"from": from, "value": value, "data": data, "gas": "0x1e8480"});
        if let Some(to) = to {
            transaction["to"] = json!(to);
        }
        let hash = self.call("eth_sendTransaction", json!([transaction])).as_str().unwrap().to_owned();
        Sent { hash, name }
    }

    fn receipt(&self, sent: &Sent) -> Value {
        self.call("eth_getTransactionReceipt", json!([sent.hash]))
    }

    fn deploy(&self, from: Address, name: &str, words: &[U256]) -> Address {
        let words: String = words.iter().map(|word| format!("{word:064x}")).collect();
        let sent = self.send("deploy", from, None, U256::ZERO, &format!("0x{}{words}", contracts()[name]));
        self.mine();
        serde_json::from_value(self.receipt(&sent)["contractAddress"].clone()).unwrap()
    }

    fn balance(&self, account: &AccountId, height: u64) -> U256 {
        self.node.call("eth_getBalance", json!([format!("{account:?}"), format!("{height:#x}")])).unwrap()
    }

    fn token_balance(&self, token: &AccountId, account: &AccountId) -> U256 {
        let data = data("balanceOf(address)", &[U256::from_be_slice(account.as_bytes())]);
        self.node.call("eth_call", json!([{"to": format!("{token:?}"), "data": data}, "latest"])).unwrap()
    }
}

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

/// Addresses of the contracts of a scene.
struct Scene {
    fee_token: Address,
    wrapper: Address,
    spoof: Address,
    sent: Vec<Sent>,
}

/// Everything that may go wrong with books, in a few blocks.
fn play(anvil: &Anvil) -> Scene {
    let accounts = anvil.accounts();
    let [a, b, c, d] = accounts[..] else { panic!("{accounts:?}") };
    let fee_token = anvil.deploy(a, "FeeToken", &[word(a), word(d)]);
    let wrapper = anvil.deploy(a, "Wrapper", &[]);
    let payer = anvil.deploy(b, "Payer", &[]);
    let factory = anvil.deploy(b, "Factory", &[]);
    let spoof = anvil.deploy(c, "Spoof", &[]);
    let zero = U256::ZERO;
    let heir = Address::repeat_byte(0xe1);
    let fresh: Vec<Address> = (1..=40).map(|n| Address::repeat_byte(n).create(u64::from(n))).collect();
    let mut sent = Vec::new();
    let mut send =
        |name, from, to: Address, value, data: &str| sent.push(anvil.send(name, from, Some(to), value, data));
    send("plain", a, b, ether(3), "0x");
    send("fee on transfer", a, fee_token, zero, &data("transfer(address,uint256)", &[word(b), U256::from(1_000_050)]));
    send("approve", a, fee_token, zero, &data("approve(address,uint256)", &[word(c), U256::from(999)]));
    anvil.mine();
    let from_a = [word(a), word(c), U256::from(999)];
    send("third party", c, fee_token, zero, &data("transferFrom(address,address,uint256)", &from_a));
    send("nothing", b, fee_token, zero, &data("transfer(address,uint256)", &[word(a), zero]));
    send("burn", b, fee_token, zero, &data("burn(uint256)", &[U256::from(50)]));
    send("too much", d, fee_token, ether(1), &data("burn(uint256)", &[ether(1_000)]));
    send("wrap", a, wrapper, ether(5), &data("deposit()", &[]));
    send("wrap by coin", b, wrapper, ether(2), "0x");
    send("move wrapped", a, wrapper, zero, &data("transfer(address,uint256)", &[word(c), ether(1)]));
    send("unwrap", a, wrapper, zero, &data("withdraw(uint256)", &[ether(2)]));
    anvil.mine();
    let list: Vec<U256> = fresh.iter().map(|address| word(*address)).collect();
    let head = [U256::from(64), ether(1) / U256::from(1_000), U256::from(list.len())];
    send("batch", b, payer, ether(1), &data("pay(address[],uint256)", &[&head[..], &list].concat()));
    send("turn", c, payer, ether(4), &data("turn(address,uint256)", &[word(wrapper), ether(3)]));
    send("fail inside", c, payer, ether(1), &data("failInside(address,uint256)", &[word(heir), ether(1)]));
    send("fail", c, payer, ether(1), &data("payAndFail(address)", &[word(heir)]));
    send("make", b, factory, ether(1), &data("make()", &[]));
    anvil.mine();
    send("make and end", b, factory, ether(1), &data("makeAndEnd(address)", &[word(heir)]));
    send("end for itself", b, factory, ether(2), &data("makeAndEndForItself()", &[]));
    send("behind the end", b, factory, ether(3), &data("sendBehindTheEnd(address)", &[word(heir)]));
    send("spoof", c, spoof, zero, &data("spoof(address,address,uint256)", &[word(a), word(d), ether(77)]));
    anvil.mine();
    // A contract of an earlier transaction ends, for an heir and for itself.
    for (name, heir_of) in [("end", Some(heir)), ("end later for itself", None)] {
        let made = anvil.send("make", b, Some(factory), ether(1), &data("make()", &[]));
        anvil.mine();
        let mortal = anvil.receipt(&made)["logs"][0]["data"].as_str().unwrap().to_owned();
        let mortal = Address::from_word(mortal.parse().unwrap());
        let end = data("end(address)", &[word(heir_of.unwrap_or(mortal))]);
        sent.push(anvil.send(name, d, Some(mortal), zero, &end));
        anvil.mine();
    }
    Scene { fee_token, wrapper, spoof, sent }
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
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (own, url) = (format!("http://{}", listener.local_addr().unwrap()), url.to_owned());
    let answer = move |request: &Value| -> Value {
        let method = request["method"].as_str().unwrap();
        if methods.contains(&method) {
            let message = format!("the method {method} does not exist/is not available");
            return json!({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32601, "message": message}});
        }
        ureq::post(&url).send_json(request).unwrap().body_mut().read_json().unwrap()
    };
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(&stream);
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(n) = line.to_lowercase().strip_prefix("content-length:") {
                    length = n.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let request: Value = serde_json::from_slice(&body).unwrap();
            let answer = match request.as_array() {
                Some(requests) => Value::Array(requests.iter().map(&answer).collect()),
                None => answer(&request),
            };
            let answer = answer.to_string();
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", answer.len());
            (&stream).write_all([head, answer].concat().as_bytes()).unwrap();
        }
    });
    own
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
