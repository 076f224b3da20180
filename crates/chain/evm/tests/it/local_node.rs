//! Anvil, and a scene of everything that may go wrong with books.

use holdfast_evm::node::Node;
use holdfast_evm::{Address, U256, keccak256};
use holdfast_types::AccountId;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A child process that ends with the test.
pub struct Anvil {
    pub process: Child,
    pub url: String,
    pub node: Node,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts anvil of a fork; `None`, loudly, where it is not installed.
pub fn anvil(fork: &str) -> Option<Anvil> {
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

pub fn contracts() -> BTreeMap<String, String> {
    serde_json::from_str(include_str!("../contracts/contracts.json")).unwrap()
}

/// Call data: the method's selector and words.
pub fn data(method: &str, words: &[U256]) -> String {
    let words = words.iter().map(|word| format!("{word:064x}"));
    format!("0x{}{}", &keccak256(method).to_string()[2..10], words.collect::<String>())
}

pub fn word(address: Address) -> U256 {
    U256::from_be_bytes(address.into_word().0)
}

pub fn ether(n: u64) -> U256 {
    U256::from(n) * U256::from(1_000_000_000_000_000_000u64)
}

pub struct Sent {
    pub hash: String,
    pub name: &'static str,
}

impl Anvil {
    pub fn call(&self, method: &str, params: Value) -> Value {
        self.node.call(method, params).unwrap_or_else(|e| panic!("{method}: {e}"))
    }

    pub fn accounts(&self) -> Vec<Address> {
        self.node.call("eth_accounts", json!([])).unwrap()
    }

    pub fn mine(&self) {
        self.call("evm_mine", json!([]));
    }

    pub fn send(&self, name: &'static str, from: Address, to: Option<Address>, value: U256, data: &str) -> Sent {
        let mut transaction = json!({"from": from, "value": value, "data": data, "gas": "0x1e8480"});
        if let Some(to) = to {
            transaction["to"] = json!(to);
        }
        let hash = self.call("eth_sendTransaction", json!([transaction])).as_str().unwrap().to_owned();
        Sent { hash, name }
    }

    pub fn receipt(&self, sent: &Sent) -> Value {
        self.call("eth_getTransactionReceipt", json!([sent.hash]))
    }

    pub fn deploy(&self, from: Address, name: &str, words: &[U256]) -> Address {
        let words: String = words.iter().map(|word| format!("{word:064x}")).collect();
        let sent = self.send("deploy", from, None, U256::ZERO, &format!("0x{}{words}", contracts()[name]));
        self.mine();
        serde_json::from_value(self.receipt(&sent)["contractAddress"].clone()).unwrap()
    }

    pub fn balance(&self, account: &AccountId, height: u64) -> U256 {
        self.node.call("eth_getBalance", json!([format!("{account:?}"), format!("{height:#x}")])).unwrap()
    }

    pub fn token_balance(&self, token: &AccountId, account: &AccountId) -> U256 {
        let data = data("balanceOf(address)", &[U256::from_be_slice(account.as_bytes())]);
        self.node.call("eth_call", json!([{"to": format!("{token:?}"), "data": data}, "latest"])).unwrap()
    }
}

/// Addresses of the contracts of a scene.
pub struct Scene {
    pub fee_token: Address,
    pub wrapper: Address,
    pub spoof: Address,
    pub sent: Vec<Sent>,
}

/// Everything that may go wrong with books, in a few blocks.
pub fn play(anvil: &Anvil) -> Scene {
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
