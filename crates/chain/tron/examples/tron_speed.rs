//! How fast blocks are read, verified and turned into transfers, on one core: `cargo run --release -p holdfast-tron --example tron_speed`, on blocks that it makes
//! itself (300 transfers of a TRC-20 token each, with their logs). With a node's URL, how fast its last 100 blocks are read.

use holdfast_testing::measure;
use holdfast_tron::node::{Node, Tag};
use holdfast_tron::transaction::{Outcome, Stated};
use holdfast_tron::{Block, Chain, Header, Info, Transaction, VerifiedBlock, address, json, transfers, verify};
use holdfast_types::AccountId;
use serde_json::{Value, json};
use std::hint::black_box;
use std::time::Instant;

const BLOCKS: u64 = 20;
const TRANSACTIONS: u64 = 300;

fn digits(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

/// Writes a byte string of a message; all of them are shorter than 128 bytes here, or 128 to 16,383.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("a short field");
    let mut written = vec![number << 3 | 2];
    if length >= 128 {
        written.push(u8::try_from(length & 127).expect("seven bits") | 128);
        written.push(u8::try_from(length >> 7).expect("a short field"));
    } else {
        written.push(u8::try_from(length).expect("a short field"));
    }
    [written, bytes.to_vec()].concat()
}

fn account(n: u64) -> AccountId {
    let mut account = [7; 20];
    account[..8].copy_from_slice(&n.to_be_bytes());
    AccountId::evm(account)
}

/// A transfer of a token: a call of its contract.
fn transaction(n: u64) -> Transaction {
    let mut data = [0; 68];
    data[..4].copy_from_slice(&[0xa9, 0x05, 0x9c, 0xbb]);
    data[16..36].copy_from_slice(account(n + 1).as_bytes());
    data[60..].copy_from_slice(&n.to_be_bytes());
    let value = [field(1, &address(&account(n))), field(2, &address(&account(0))), field(4, &data)].concat();
    let any = [field(1, b"type.googleapis.com/protocol.TriggerSmartContract"), field(2, &value)].concat();
    let raw = field(11, &[vec![8, 31], field(2, &any)].concat());
    let results = vec![Stated { outcome: Outcome(1), ..Stated::default() }];
    Transaction::read(raw, vec![vec![9; 65]], results).expect("a transaction")
}

/// A block and what a node adds to it, as java-tron answers.
fn answers(number: u64) -> (Vec<u8>, Vec<u8>) {
    let transactions = (0..TRANSACTIONS).map(|i| transaction(number * TRANSACTIONS + i)).collect();
    let mut parent = [5; 32];
    parent[..8].copy_from_slice(&(number - 1).to_be_bytes());
    let (timestamp_ms, witness) = (3_000 * number, address(&account(1)));
    let account_state_root = Vec::new();
    let header = Header {
        timestamp_ms,
        transactions_root: [0; 32],
        parent,
        number,
        witness_id: 0,
        witness,
        version: 30,
        account_state_root,
    };
    let mut block = Block { header, id: [0; 32], transactions };
    block.header.transactions_root = block.transactions_root();
    let added = |transaction: &Transaction| -> Value {
        let topic = |account: AccountId| format!("{:0>64}", digits(account.as_bytes()));
        let transfer = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
        let log = json!({"address": digits(account(0).as_bytes()), "topics": [transfer, topic(account(1)), topic(account(2))], "data": format!("{number:064x}")});
        json!({"id": digits(transaction.id), "fee": 345_000, "blockNumber": number, "blockTimeStamp": timestamp_ms, "contractResult": ["00".repeat(32)],
            "receipt": {"energy_usage_total": 64_285, "energy_fee": 0, "net_fee": 345_000, "result": "SUCCESS"}, "log": [log]})
    };
    let listed = |t: &Transaction| {
        json!({"ret": [{"contractRet": "SUCCESS"}], "signature": [digits(&t.signatures[0])], "txID": digits(t.id),
        "raw_data": {"contract": [{"parameter": {"value": {"data": "00".repeat(68)}}}]}, "raw_data_hex": digits(&t.raw)})
    };
    let header = &block.header;
    let raw = json!({"number": number, "txTrieRoot": digits(header.transactions_root), "witness_address": digits(&header.witness),
        "parentHash": digits(header.parent), "version": 30, "timestamp": timestamp_ms});
    let infos: Vec<_> = block.transactions.iter().map(added).collect();
    let transactions: Vec<_> = block.transactions.iter().map(listed).collect();
    let block =
        json!({"blockID": digits(header.id()), "block_header": {"raw_data": raw}, "transactions": transactions});
    (block.to_string().into_bytes(), json!(infos).to_string().into_bytes())
}

fn read_node(url: &str) {
    let mut node = Node::connect(url, None).expect("a node");
    let (tip, _) = node.tip(Tag::Latest).expect("a tip");
    let (start, mut transactions, mut moved) = (Instant::now(), 0u32, 0usize);
    let blocks = node.blocks(tip.saturating_sub(99)..tip + 1).expect("blocks");
    node.learn(&blocks).expect("what no block states");
    for block in &blocks {
        let listed = transfers(node.chain(), block);
        transactions += u32::try_from(listed.transactions.len()).expect("few");
        moved += listed.transactions.iter().map(|t| t.transfers.len()).sum::<usize>();
    }
    let rate = f64::from(transactions) / start.elapsed().as_secs_f64();
    println!("{} blocks, {transactions} transactions, {moved} transfers: {rate:.0} transactions/s", blocks.len());
}

fn main() {
    if let Some(url) = std::env::args().nth(1) {
        return read_node(&url);
    }
    let answers: Vec<_> = (1..=BLOCKS).map(answers).collect();
    let bytes: usize = answers.iter().map(|(block, infos)| block.len() + infos.len()).sum();
    let count = BLOCKS * TRANSACTIONS;
    println!("{BLOCKS} blocks, {count} transactions, {bytes} bytes of JSON");
    let decode = |(block, infos): &(Vec<u8>, Vec<u8>)| -> (Block, Vec<Info>) {
        (json::block(block).expect("a block"), json::infos(infos).expect("what is added"))
    };
    let verified = |(block, infos): (Block, Vec<Info>)| -> VerifiedBlock { verify(block, infos).expect("it holds") };
    measure("decode JSON", count, || answers.iter().for_each(|answer| drop(black_box(decode(answer)))));
    measure("decode JSON and verify", count, || {
        answers.iter().for_each(|answer| drop(black_box(verified(decode(answer)))));
    });
    let (chain, blocks) = (Chain::mainnet(), answers.iter().map(|answer| verified(decode(answer))).collect::<Vec<_>>());
    measure("list transfers", count, || {
        blocks.iter().for_each(|block| drop(black_box(transfers(&chain, block))));
    });
}
