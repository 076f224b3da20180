//! Blocks of the real data, read as nodes give them.

use holdfast_evm::{Block, Chain, Checks, Receipt, Trace, VerifiedBlock, json, trace, verify};
use serde_json::{Value, json};
use std::path::Path;

/// A block of the data, in the forms that nodes give.
pub struct Sample {
    pub name: String,
    pub chain: Chain,
    pub block: Vec<u8>,
    pub receipts: Vec<u8>,
    pub traces: Option<(Vec<u8>, bool)>,
}

pub fn value(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

pub fn chain_of(name: &str) -> Chain {
    let number = match name.split(['-', '.']).next().unwrap() {
        "ethereum" => 1,
        "polygon" => 137,
        "arbitrum" => 42161,
        "optimism" => 10,
        "base" if name.contains("mainnet") => 8453,
        "base" => 84531,
        other => panic!("{other}"),
    };
    Chain::of(number)
}

pub fn samples(data: &Path) -> Vec<Sample> {
    let mut samples = Vec::new();
    for folder in ["evm", "evm/squid", "evm/native"] {
        let mut paths: Vec<_> = std::fs::read_dir(data.join(folder)).unwrap().map(|e| e.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if !name.ends_with(".json") || name.ends_with("-receipts.json") {
                continue;
            }
            let (chain, read) = (chain_of(&name), value(&path));
            samples.push(if folder == "evm/squid" {
                let receipts = std::fs::read(path.with_file_name(name.replace("-block", "-receipts"))).unwrap();
                Sample { name, chain, block: bytes(&read), receipts, traces: None }
            } else if folder == "evm" {
                let traces = Some((bytes(&read["callTracer"]), true));
                Sample { name, chain, block: bytes(&read["block"]), receipts: bytes(&read["receipts"]), traces }
            } else {
                native(name, chain, &read["ethereum"])
            });
        }
    }
    samples
}

/// Seconds since 1970 of `2023-04-12T22:29:11Z`.
fn seconds(text: &str) -> i64 {
    let part = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    days * 86_400 + part(11..13) * 3_600 + part(14..16) * 60 + part(17..19)
}

/// Puts the data's own form, which leaves out zeros, into that of nodes.
fn native(name: String, chain: Chain, read: &Value) -> Sample {
    let mut block = read["header"].clone();
    block["timestamp"] = json!(seconds(block["timestamp"].as_str().unwrap()));
    if block.get("withdrawalsRoot").is_some() && block.get("withdrawals").is_none() {
        block["withdrawals"] = json!([]);
    }
    let (mut transactions, mut receipts, mut traces) = (Vec::new(), Vec::new(), Vec::new());
    for (i, transaction) in read["transactions"].as_array().unwrap().iter().enumerate() {
        let mut transaction = transaction.clone();
        let mut receipt = transaction["receipt"].take();
        for frame in transaction["flattenedTraces"].take().as_array().into_iter().flatten() {
            let number = |v: &Value| v.as_str().unwrap().parse::<u32>().unwrap();
            let place: Vec<u32> = frame["traceAddress"].as_array().into_iter().flatten().map(number).collect();
            let kind = frame["type"].as_str().unwrap().to_lowercase();
            traces.push(json!({
                "type": kind, "traceAddress": place, "transactionPosition": i, "transactionHash": transaction["hash"],
                "error": frame.get("error"), "action": {"from": frame["from"], "to": frame.get("to"), "value": frame["value"]},
            }));
        }
        transaction["accessList"] = transaction["transactionAccessList"]["accessList"].take();
        if receipt.get("status").is_none() {
            receipt["status"] = json!(0);
        }
        for log in receipt["logs"].as_array_mut().into_iter().flatten() {
            log.as_object_mut().unwrap().entry("data").or_insert(json!("0x"));
            log.as_object_mut().unwrap().entry("topics").or_insert(json!([]));
        }
        if receipt["logs"].is_null() {
            receipt["logs"] = json!([]);
        }
        receipt["effectiveGasPrice"] = Value::Null;
        transactions.push(transaction);
        receipts.push(receipt);
    }
    block["transactions"] = Value::Array(transactions);
    Sample {
        name,
        chain,
        block: bytes(&block),
        receipts: bytes(&Value::Array(receipts)),
        traces: Some((bytes(&Value::Array(traces)), false)),
    }
}

pub fn read(sample: &Sample) -> Result<(Block, Vec<Receipt>), holdfast_evm::BlockError> {
    let mut block = json::block(&sample.chain, &sample.block)?;
    let receipts = json::receipts(&mut block, &sample.receipts)?;
    Ok((block, receipts))
}

pub fn read_traces(sample: &Sample, transactions: usize) -> Option<Vec<Trace>> {
    let (traces, is_nested) = sample.traces.as_ref()?;
    Some(if *is_nested { trace::nested(traces) } else { trace::flat(traces, transactions) }.unwrap())
}

pub fn verified(sample: &Sample) -> VerifiedBlock {
    let (block, receipts) = read(sample).unwrap_or_else(|e| panic!("{}: {e}", sample.name));
    let transactions = block.transactions.len();
    let verified =
        verify(&sample.chain, block, receipts, Checks::default()).unwrap_or_else(|e| panic!("{}: {e}", sample.name));
    match read_traces(sample, transactions) {
        Some(traces) => verified.with_traces(traces).unwrap_or_else(|e| panic!("{}: {e}", sample.name)),
        None => verified,
    }
}
