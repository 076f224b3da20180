//! Blocks that are made, in the form of java-tron's answers, and where real data is (as in the tests of EVM chains).

#![allow(dead_code, unused_imports, reason = "each test uses its part")]

use holdfast_tron::transaction::{Outcome, Stated};
use holdfast_tron::{Block, Header, Transaction, address};
use holdfast_types::{AccountId, Hash32};
use serde_json::{Value, json};

#[path = "../../../evm/tests/it/real_files.rs"]
mod data;

pub use data::accounts;

/// Writes a message of Protocol Buffers: numbers and bytes by field, in the order given.
#[derive(Default)]
pub struct Message(pub Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    pub fn number(mut self, field: u64, number: u64) -> Self {
        self.varint(field << 3);
        self.varint(number);
        self
    }

    pub fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn account(self, field: u64, account: u8) -> Self {
        self.bytes(field, &address(&AccountId::evm([account; 20])))
    }
}

/// A transaction that is made, and what a node adds to it.
#[derive(Clone)]
pub struct Made {
    /// Number of its contract type, and the message of that type.
    pub contract: (u64, Vec<u8>),
    pub outcome: &'static str,
    pub memo: Vec<u8>,
    pub signatures: usize,
    pub fee: u64,
    pub receipt: Value,
    pub logs: Value,
    pub internal: Value,
    /// Further fields that the node adds.
    pub added: Value,
}

impl Made {
    pub fn of(kind: u64, message: Message) -> Self {
        Made {
            contract: (kind, message.0),
            outcome: "SUCCESS",
            memo: Vec::new(),
            signatures: 1,
            fee: 0,
            receipt: json!({}),
            logs: json!([]),
            internal: json!([]),
            added: json!({}),
        }
    }

    /// A transfer of some sun from account 1 to account 2.
    pub fn transfer(sun: u64) -> Self {
        Made::of(1, Message::default().account(1, 1).account(2, 2).number(3, sun))
    }

    /// A transfer of some sun between two accounts.
    pub fn transfer_of(from: &AccountId, to: &AccountId, sun: u64) -> Self {
        Made::of(1, Message::default().bytes(1, &address(from)).bytes(2, &address(to)).number(3, sun))
    }

    /// A call of contract 3 by account 1.
    pub fn call() -> Self {
        Made::of(31, Message::default().account(1, 1).account(2, 3))
    }

    /// A call with calls inside it.
    pub fn call_with(internal: Vec<Value>) -> Self {
        Made { internal: Value::Array(internal), ..Made::call() }
    }

    fn transaction(&self, salt: u64) -> Transaction {
        let any = Message::default().bytes(1, b"type.googleapis.com/protocol.X").bytes(2, &self.contract.1);
        let contract = Message::default().number(1, self.contract.0).bytes(2, &any.0);
        let mut raw = Message::default().bytes(1, &[1, 2]);
        if !self.memo.is_empty() {
            raw = raw.bytes(10, &self.memo);
        }
        let raw = raw.bytes(11, &contract.0).number(14, salt);
        let outcome = Outcome::of_name(self.outcome).unwrap();
        let results = if outcome.0 == 0 { vec![] } else { vec![Stated { outcome, ..Stated::default() }] };
        Transaction::read(raw.0, vec![vec![7; 65]; self.signatures], results).unwrap()
    }
}

fn digits(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

/// Returns a made block's id, whatever its content.
pub fn made_id(number: u64, made: &[Made], parent: Hash32) -> Hash32 {
    block(number, made, parent).id
}

fn block(number: u64, made: &[Made], parent: Hash32) -> Block {
    let transactions: Vec<_> = made.iter().zip(number * 1_000..).map(|(made, salt)| made.transaction(salt)).collect();
    let header = Header {
        timestamp_ms: 1_700_000_000_000 + 3_000 * number,
        transactions_root: [0; 32],
        parent,
        number,
        witness_id: 0,
        witness: address(&AccountId::evm([0x17; 20])),
        version: 30,
        account_state_root: Vec::new(),
    };
    let mut block = Block { header, id: [0; 32], transactions };
    block.header.transactions_root = block.transactions_root();
    block.id = block.header.id();
    block
}

/// Makes a block with some parent, and returns java-tron's answers: the block, and what is added to its transactions.
pub fn made_block(number: u64, made: &[Made]) -> (Vec<u8>, Vec<u8>) {
    let mut parent = [5; 32];
    parent[..8].copy_from_slice(&number.saturating_sub(1).to_be_bytes());
    made_child(number, made, parent)
}

/// Makes a block with a given parent.
pub fn made_child(number: u64, made: &[Made], parent: Hash32) -> (Vec<u8>, Vec<u8>) {
    let block = block(number, made, parent);
    let (mut transactions, mut infos) = (Vec::new(), Vec::new());
    for (made, transaction) in made.iter().zip(&block.transactions) {
        let ret = if transaction.results.is_empty() { json!([]) } else { json!([{"contractRet": made.outcome}]) };
        let signatures: Vec<_> = transaction.signatures.iter().map(digits).collect();
        let (id, raw) = (digits(transaction.id), digits(&transaction.raw));
        transactions
            .push(json!({"ret": ret, "signature": signatures, "txID": id, "raw_data": {}, "raw_data_hex": raw}));
        let mut info = json!({
            "id": id, "fee": made.fee, "blockNumber": number, "blockTimeStamp": block.header.timestamp_ms, "contractResult": [""],
            "receipt": made.receipt, "log": made.logs, "internal_transactions": made.internal,
        });
        for (name, value) in made.added.as_object().unwrap() {
            info[name] = value.clone();
        }
        infos.push(info);
    }
    let header = &block.header;
    let raw = json!({
        "number": number, "txTrieRoot": digits(header.transactions_root), "witness_address": digits(&header.witness),
        "parentHash": digits(header.parent), "version": header.version, "timestamp": header.timestamp_ms,
    });
    let block = json!({
        "blockID": digits(block.id), "block_header": {"raw_data": raw, "witness_signature": "00"}, "transactions": transactions,
    });
    (block.to_string().into_bytes(), Value::Array(infos).to_string().into_bytes())
}
