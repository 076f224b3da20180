//! Blocks, receipts and traces as nodes answer in JSON-RPC.

use super::seal::{SignedTx, SimBlock, TraceFrame};
use super::world::FrameKind;
use std::fmt::Write;

const DIGITS: &[u8; 16] = b"0123456789abcdef";
/// Most logs of a transaction are few.
const LOG_BYTES: usize = 700;

/// A text that grows.
struct Json(Vec<u8>);

impl Json {
    fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Writes bytes in hexadecimal, behind a piece of text and in quotes.
    fn hex(&mut self, before: &str, bytes: &[u8]) {
        self.raw(before);
        self.raw("\"0x");
        self.0.reserve(bytes.len() * 2 + 1);
        for byte in bytes {
            self.0.push(DIGITS[usize::from(byte >> 4)]);
            self.0.push(DIGITS[usize::from(byte & 15)]);
        }
        self.0.push(b'"');
    }

    /// Writes a number without leading zeros, behind a piece of text and in quotes.
    fn number(&mut self, before: &str, n: u128) {
        self.raw(before);
        self.raw("\"0x");
        let digits = (128 - n.leading_zeros()).div_ceil(4).max(1);
        for place in (0..digits).rev() {
            let digit = (n >> (4 * place)) & 15;
            self.0.push(DIGITS[usize::from(digit.to_le_bytes()[0])]);
        }
        self.0.push(b'"');
    }

    fn count(&mut self, before: &str, n: usize) {
        self.number(before, u128::try_from(n).unwrap_or(u128::MAX));
    }

    fn wide(&mut self, before: &str, n: &alloy_primitives::U256) {
        self.raw(before);
        let mut text = String::with_capacity(70);
        // Writing to a text does not fail.
        let _ = write!(text, "\"{n:#x}\"");
        self.raw(&text);
    }

    /// Writes items with commas between them, in brackets.
    fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.0.push(b'[');
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                self.0.push(b',');
            }
            write(self, item);
        }
        self.0.push(b']');
    }
}

impl SimBlock {
    /// Returns the block as `eth_getBlockByNumber` answers, with whole transactions.
    #[must_use]
    pub fn block_json(&self) -> Vec<u8> {
        let mut json = Json(Vec::with_capacity(2_000 + 1_000 * self.transactions.len()));
        self.write_block(&mut json);
        json.0
    }

    /// Returns the receipts as `eth_getBlockReceipts` answers.
    #[must_use]
    pub fn receipts_json(&self) -> Vec<u8> {
        let mut json = Json(Vec::with_capacity(2_000 * self.transactions.len()));
        self.write_receipts(&mut json);
        json.0
    }

    /// Returns the traces as `debug_traceBlockByNumber` answers with the `callTracer` and its logs. Call data stands in no inner frame.
    #[must_use]
    pub fn traces_json(&self) -> Vec<u8> {
        let mut json = Json(Vec::with_capacity(1_000 * self.transactions.len()));
        self.write_traces(&mut json);
        json.0
    }

    /// Returns all three in a line, as a file of blocks has them.
    #[must_use]
    pub fn json_line(&self) -> Vec<u8> {
        let mut json = Json(Vec::with_capacity(3_000 + 4_000 * self.transactions.len()));
        json.raw("{\"block\":");
        self.write_block(&mut json);
        json.raw(",\"receipts\":");
        self.write_receipts(&mut json);
        json.raw(",\"callTracer\":");
        self.write_traces(&mut json);
        json.raw("}\n");
        json.0
    }

    fn write_block(&self, json: &mut Json) {
        let header = &self.header;
        json.hex("{\"hash\":", &self.hash.0);
        json.number(",\"number\":", header.number.into());
        json.hex(",\"parentHash\":", &header.parent_hash.0);
        json.hex(",\"sha3Uncles\":", &header.ommers_hash.0);
        json.hex(",\"miner\":", header.beneficiary.as_slice());
        json.hex(",\"stateRoot\":", &header.state_root.0);
        json.hex(",\"transactionsRoot\":", &header.transactions_root.0);
        json.hex(",\"receiptsRoot\":", &header.receipts_root.0);
        json.hex(",\"logsBloom\":", header.logs_bloom.as_slice());
        json.raw(",\"difficulty\":\"0x0\",\"totalDifficulty\":\"0x0\"");
        json.number(",\"gasLimit\":", header.gas_limit.into());
        json.number(",\"gasUsed\":", header.gas_used.into());
        json.number(",\"timestamp\":", header.timestamp.into());
        json.hex(",\"extraData\":", &header.extra_data);
        json.hex(",\"mixHash\":", &header.mix_hash.0);
        json.hex(",\"nonce\":", header.nonce.as_slice());
        json.wide(",\"baseFeePerGas\":", &header.base_fee.unwrap_or_default());
        json.hex(",\"withdrawalsRoot\":", &header.withdrawals_root.unwrap_or_default().0);
        json.raw(",\"blobGasUsed\":\"0x0\",\"excessBlobGas\":\"0x0\"");
        json.hex(",\"parentBeaconBlockRoot\":", &header.parent_beacon_block_root.unwrap_or_default().0);
        json.hex(",\"requestsHash\":", &header.requests_hash.unwrap_or_default().0);
        json.raw(",\"uncles\":[],\"withdrawals\":[],\"transactions\":");
        json.list(self.transactions.iter().enumerate(), |json, (i, transaction)| {
            self.write_transaction(json, i, transaction);
        });
        json.raw("}");
    }

    fn write_place(&self, json: &mut Json, i: usize) {
        json.hex(",\"blockHash\":", &self.hash.0);
        json.number(",\"blockNumber\":", self.header.number.into());
        json.count(",\"transactionIndex\":", i);
    }

    fn write_transaction(&self, json: &mut Json, i: usize, transaction: &SignedTx) {
        let (planned, fields) = (&transaction.planned, &transaction.fields);
        json.hex("{\"hash\":", &transaction.hash.0);
        json.number(",\"type\":", transaction.kind().into());
        self.write_place(json, i);
        json.hex(",\"from\":", transaction.from.as_slice());
        match transaction.to {
            Some(to) => json.hex(",\"to\":", to.as_slice()),
            None => json.raw(",\"to\":null"),
        }
        json.number(",\"nonce\":", planned.nonce.into());
        json.number(",\"gas\":", planned.gas_limit.into());
        json.number(",\"gasPrice\":", fields.price);
        if !planned.is_legacy {
            json.number(",\"maxFeePerGas\":", planned.max_price);
            json.number(",\"maxPriorityFeePerGas\":", planned.tip);
            json.raw(",\"accessList\":[]");
            json.wide(",\"yParity\":", &fields.v);
        }
        json.number(",\"chainId\":", self.number.into());
        json.number(",\"value\":", planned.value);
        json.hex(",\"input\":", &planned.input);
        json.wide(",\"v\":", &fields.v);
        json.wide(",\"r\":", &fields.r);
        json.wide(",\"s\":", &fields.s);
        json.raw("}");
    }

    fn write_receipts(&self, json: &mut Json) {
        let mut logs_before = 0;
        json.list(self.transactions.iter().enumerate(), |json, (i, transaction)| {
            let receipt = &self.receipts[i];
            json.hex("{\"transactionHash\":", &transaction.hash.0);
            self.write_place(json, i);
            json.number(",\"type\":", receipt.kind.into());
            json.hex(",\"from\":", transaction.from.as_slice());
            match transaction.to {
                Some(to) => json.hex(",\"contractAddress\":null,\"to\":", to.as_slice()),
                None => {
                    let contract = transaction.from.create(transaction.planned.nonce);
                    json.hex(",\"to\":null,\"contractAddress\":", contract.as_slice());
                }
            }
            json.number(",\"status\":", transaction.planned.success.into());
            json.number(",\"cumulativeGasUsed\":", receipt.cumulative_gas.into());
            json.number(",\"gasUsed\":", transaction.gas_used.into());
            json.number(",\"effectiveGasPrice\":", transaction.fields.price);
            json.hex(",\"logsBloom\":", receipt.bloom.unwrap_or_default().as_slice());
            json.raw(",\"logs\":");
            json.0.reserve(LOG_BYTES * receipt.logs.len());
            json.list(receipt.logs.iter().enumerate(), |json, (n, log)| {
                json.hex("{\"address\":", log.address.as_slice());
                json.raw(",\"topics\":");
                json.list(&log.topics, |json, topic| json.hex("", &topic.0));
                json.hex(",\"data\":", &log.data);
                json.count(",\"logIndex\":", logs_before + n);
                json.hex(",\"transactionHash\":", &transaction.hash.0);
                self.write_place(json, i);
                json.raw(",\"removed\":false}");
            });
            json.raw("}");
            logs_before += receipt.logs.len();
        });
    }

    fn write_traces(&self, json: &mut Json) {
        json.list(&self.transactions, |json, transaction| {
            json.hex("{\"txHash\":", &transaction.hash.0);
            json.raw(",\"result\":");
            write_frames(json, transaction);
            json.raw("}");
        });
    }
}

/// Writes frames, which stand in pre-order, nested.
fn write_frames(json: &mut Json, transaction: &SignedTx) {
    let frames = &transaction.trace;
    let mut open: Vec<usize> = Vec::new();
    for (i, frame) in frames.iter().enumerate() {
        let depth = usize::try_from(frame.depth).unwrap_or(usize::MAX);
        let is_next = open.len() > depth;
        while open.len() > depth {
            close(json, transaction, &mut open, frames);
        }
        if i > 0 {
            json.raw(if is_next { "," } else { ",\"calls\":[" });
        }
        write_frame(json, transaction, i, frame);
        open.push(i);
    }
    while !open.is_empty() {
        close(json, transaction, &mut open, frames);
    }
}

fn write_frame(json: &mut Json, transaction: &SignedTx, i: usize, frame: &TraceFrame) {
    json.raw(match frame.kind {
        FrameKind::Call => "{\"type\":\"CALL\"",
        FrameKind::StaticCall => "{\"type\":\"STATICCALL\"",
        FrameKind::Create => "{\"type\":\"CREATE\"",
        FrameKind::Create2 => "{\"type\":\"CREATE2\"",
    });
    json.hex(",\"from\":", frame.from.as_slice());
    json.hex(",\"to\":", frame.to.as_slice());
    if frame.kind != FrameKind::StaticCall {
        json.number(",\"value\":", frame.value);
    }
    if i == 0 {
        json.number(",\"gas\":", transaction.planned.gas_limit.into());
        json.number(",\"gasUsed\":", transaction.gas_used.into());
        json.hex(",\"input\":", &transaction.planned.input);
    }
    if frame.has_failed {
        json.raw(",\"error\":\"execution reverted\"");
    }
}

/// Ends the innermost frame: the list of its calls, if it has some, and its logs.
fn close(json: &mut Json, transaction: &SignedTx, open: &mut Vec<usize>, frames: &[TraceFrame]) {
    let Some(frame) = open.pop() else { return };
    let has_calls = frames.get(frame + 1).is_some_and(|next| next.depth > frames[frame].depth);
    if has_calls {
        json.raw("]");
    }
    let logs = transaction.planned.logs.iter().filter(|placed| placed.frame == frame);
    if logs.clone().next().is_some() {
        json.raw(",\"logs\":");
        json.list(logs, |json, placed| {
            json.hex("{\"address\":", placed.log.address.as_slice());
            json.raw(",\"topics\":");
            json.list(&placed.log.topics, |json, topic| json.hex("", &topic.0));
            json.hex(",\"data\":", &placed.log.data);
            json.number(",\"position\":", placed.calls_before.into());
            json.raw("}");
        });
    }
    json.raw("}");
}
