//! Blocks and receipts as nodes answer in JSON (`eth_getBlockByNumber` with whole transactions, `eth_getBlockReceipts`).
//!
//! JSON is not what roots commit to: every transaction and header is written in RLP again and must give the hash that is stated. What JSON repeats
//! (hashes, heights, numbers) has to agree.

use crate::block::StateSync;
use crate::receipt::ReceiptClaims;
use crate::transaction::{Authorization, Deposit, access_list};
use crate::verify::repeats;
use crate::{Block, BlockError, Chain, Header, Log, Ommers, Outcome, Receipt, Stack, Transaction, Withdrawal};
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, U256};
use holdfast_node::{equal, parse};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};
use std::fmt;

/// A number in hexadecimal with `0x`, as JSON-RPC writes numbers; plain numbers and decimal text are read too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantity(pub u64);

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfQuantity)
    }
}

struct OfQuantity;

impl Visitor<'_> for OfQuantity {
    type Value = Quantity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of 64 bits, or a text of it")
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Quantity, E> {
        Ok(Quantity(number))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Quantity, E> {
        let digits = text.strip_prefix("0x").filter(|digits| (1..=16).contains(&digits.len()));
        match digits.filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit())) {
            Some(digits) => u64::from_str_radix(digits, 16).map(Quantity).map_err(E::custom),
            // Octal, binary and decimal numbers, and what is no number.
            None => {
                let number: U256 = text.parse().map_err(E::custom)?;
                u64::try_from(number).map(Quantity).map_err(E::custom)
            }
        }
    }
}

/// A block of `eth_getBlockByNumber` with whole transactions.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JsonBlock {
    hash: B256,
    #[serde(default)]
    transactions: Vec<JsonTransaction>,
    #[serde(default)]
    uncles: Vec<B256>,
    withdrawals: Option<Vec<JsonWithdrawal>>,
    parent_hash: B256,
    #[serde(rename = "sha3Uncles")]
    ommers_hash: B256,
    #[serde(rename = "miner")]
    beneficiary: Address,
    state_root: B256,
    transactions_root: B256,
    receipts_root: B256,
    logs_bloom: Bloom,
    #[serde(default)]
    difficulty: U256,
    number: Quantity,
    gas_limit: Quantity,
    gas_used: Quantity,
    timestamp: Quantity,
    extra_data: Bytes,
    #[serde(default)]
    mix_hash: B256,
    #[serde(default)]
    nonce: B64,
    base_fee_per_gas: Option<U256>,
    withdrawals_root: Option<B256>,
    blob_gas_used: Option<Quantity>,
    excess_blob_gas: Option<Quantity>,
    parent_beacon_block_root: Option<B256>,
    requests_hash: Option<B256>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonWithdrawal {
    index: Quantity,
    validator_index: Quantity,
    address: Address,
    amount: Quantity,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonAccess {
    address: Address,
    #[serde(default)]
    storage_keys: Vec<B256>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonAuthorization {
    chain_id: U256,
    address: Address,
    nonce: Quantity,
    y_parity: Option<Quantity>,
    v: Option<Quantity>,
    r: U256,
    s: U256,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonTransaction {
    hash: B256,
    #[serde(rename = "type")]
    kind: Option<Quantity>,
    block_hash: Option<B256>,
    block_number: Option<Quantity>,
    transaction_index: Option<Quantity>,
    from: Option<Address>,
    chain_id: Option<Quantity>,
    #[serde(default)]
    nonce: Quantity,
    gas_price: Option<U256>,
    max_fee_per_gas: Option<U256>,
    max_priority_fee_per_gas: Option<U256>,
    #[serde(default)]
    gas: Quantity,
    to: Option<Address>,
    #[serde(default)]
    value: U256,
    input: Option<Bytes>,
    /// Some nodes give the call data twice, some under this name only.
    data: Option<Bytes>,
    access_list: Option<Vec<JsonAccess>>,
    max_fee_per_blob_gas: Option<U256>,
    blob_versioned_hashes: Option<Vec<B256>>,
    authorization_list: Option<Vec<JsonAuthorization>>,
    v: Option<U256>,
    y_parity: Option<U256>,
    #[serde(default)]
    r: U256,
    #[serde(default)]
    s: U256,
    // Deposits of the OP Stack and transactions of Arbitrum.
    source_hash: Option<B256>,
    request_id: Option<B256>,
    ticket_id: Option<B256>,
    mint: Option<U256>,
    deposit_value: Option<U256>,
    is_system_tx: Option<bool>,
    l1_base_fee: Option<U256>,
    retry_to: Option<Address>,
    retry_value: Option<U256>,
    retry_data: Option<Bytes>,
    beneficiary: Option<Address>,
    max_submission_fee: Option<U256>,
    refund_to: Option<Address>,
    max_refund: Option<U256>,
    submission_fee_refund: Option<U256>,
}

/// A receipt of `eth_getBlockReceipts` or `eth_getTransactionReceipt`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JsonReceipt {
    #[serde(rename = "type")]
    kind: Option<Quantity>,
    transaction_hash: Option<B256>,
    transaction_index: Option<Quantity>,
    block_hash: Option<B256>,
    block_number: Option<Quantity>,
    from: Option<Address>,
    to: Option<Address>,
    contract_address: Option<Address>,
    root: Option<Bytes>,
    status: Option<Quantity>,
    #[serde(default)]
    cumulative_gas_used: Quantity,
    gas_used: Option<Quantity>,
    logs_bloom: Option<Bloom>,
    #[serde(default)]
    logs: Vec<JsonLog>,
    deposit_nonce: Option<Quantity>,
    deposit_receipt_version: Option<Quantity>,
    l1_fee: Option<U256>,
    blob_gas_price: Option<U256>,
    effective_gas_price: Option<U256>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonLog {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
    log_index: Option<Quantity>,
    block_number: Option<Quantity>,
    block_hash: Option<B256>,
    transaction_hash: Option<B256>,
    transaction_index: Option<Quantity>,
}

impl JsonBlock {
    fn header(&self) -> Header {
        Header {
            parent_hash: self.parent_hash,
            ommers_hash: self.ommers_hash,
            beneficiary: self.beneficiary,
            state_root: self.state_root,
            transactions_root: self.transactions_root,
            receipts_root: self.receipts_root,
            logs_bloom: self.logs_bloom,
            difficulty: self.difficulty,
            number: self.number.0,
            gas_limit: self.gas_limit.0,
            gas_used: self.gas_used.0,
            timestamp: self.timestamp.0,
            extra_data: self.extra_data.clone(),
            mix_hash: self.mix_hash,
            nonce: self.nonce,
            base_fee: self.base_fee_per_gas,
            withdrawals_root: self.withdrawals_root,
            blob_gas_used: self.blob_gas_used.map(|q| q.0),
            excess_blob_gas: self.excess_blob_gas.map(|q| q.0),
            parent_beacon_block_root: self.parent_beacon_block_root,
            requests_hash: self.requests_hash,
        }
    }
}

/// Reads the answer to `eth_getBlockByNumber` (or by hash) with whole transactions.
///
/// # Errors
/// [`BlockError`] names block and field of what does not read, or of what JSON repeats and does not agree.
pub fn block(chain: &Chain, json: &[u8]) -> Result<Block, BlockError> {
    from_block(chain, parse(json, "block")?)
}

/// Reads the answer to `eth_getUncleByBlockHashAndIndex`: a header without transactions.
///
/// # Errors
/// [`BlockError`] names the field that does not read.
pub fn ommer(json: &[u8]) -> Result<Header, BlockError> {
    let json: JsonBlock = parse(json, "ommer")?;
    let header = json.header();
    equal("hash", &json.hash, &header.hash()).map_err(|e| e.within("ommer"))?;
    Ok(header)
}

/// Makes a block of what was read as JSON.
///
/// # Errors
/// [`BlockError`] names block and field of what JSON repeats and does not agree.
pub fn from_block(chain: &Chain, json: JsonBlock) -> Result<Block, BlockError> {
    let (header, hash) = (json.header(), json.hash);
    let number = header.number;
    let sync_hash = (chain.stack() == Stack::Polygon).then(|| StateSync::hash_of(number, &hash));
    let (mut transactions, mut state_sync) = (Vec::with_capacity(json.transactions.len()), None);
    for (i, transaction) in json.transactions.into_iter().enumerate() {
        if sync_hash == Some(transaction.hash) {
            state_sync = Some(StateSync { hash: transaction.hash, receipt: None });
            continue;
        }
        let read = read_transaction(transaction, i, number, &hash);
        transactions.push(read.map_err(|e| e.within(format_args!("transactions[{i}]")).of_block(number))?);
    }
    let withdrawals = json.withdrawals.map(|listed| {
        let read = |w: JsonWithdrawal| Withdrawal {
            index: w.index.0,
            validator: w.validator_index.0,
            address: w.address,
            amount_gwei: w.amount.0,
        };
        listed.into_iter().map(read).collect()
    });
    Ok(Block { header, hash, transactions, ommers: Ommers::Hashes(json.uncles), withdrawals, state_sync })
}

fn position(i: usize) -> Quantity {
    Quantity(u64::try_from(i).unwrap_or(u64::MAX))
}

fn read_transaction(json: JsonTransaction, i: usize, height: u64, block: &B256) -> Result<Transaction, BlockError> {
    repeats("blockHash", json.block_hash.as_ref(), block)?;
    repeats("blockNumber", json.block_number.as_ref(), &Quantity(height))?;
    repeats("transactionIndex", json.transaction_index.as_ref(), &position(i))?;
    let kind = json.kind.unwrap_or_default().0;
    let kind = u8::try_from(kind).map_err(|_| BlockError::malformed("type", format!("{kind} is not known")))?;
    let authorization = |a: JsonAuthorization| {
        let y_parity = u8::try_from(a.y_parity.or(a.v).unwrap_or_default().0)
            .map_err(|e| BlockError::malformed("authorizationList.yParity", e))?;
        Ok(Authorization { chain_id: a.chain_id, delegate: a.address, nonce: a.nonce.0, y_parity, r: a.r, s: a.s })
    };
    let authorizations = json.authorization_list.unwrap_or_default().into_iter().map(authorization);
    let entries: Vec<(Address, Vec<B256>)> =
        json.access_list.unwrap_or_default().into_iter().map(|a| (a.address, a.storage_keys)).collect();
    // JSON of a mined transaction has the price that it paid as `gasPrice`, beside the most that it would pay.
    let gas_price = if kind == 0 || kind == 1 { json.gas_price } else { json.max_fee_per_gas.or(json.gas_price) };
    let deposit = Deposit {
        source: json.source_hash.or(json.request_id).or(json.ticket_id).unwrap_or_default(),
        mint: json.mint.or(json.deposit_value).unwrap_or_default(),
        is_system: json.is_system_tx.unwrap_or_default(),
        l1_base_fee: json.l1_base_fee.unwrap_or_default(),
        retry_to: json.retry_to,
        retry_value: json.retry_value.unwrap_or_default(),
        beneficiary: json.beneficiary.unwrap_or_default(),
        max_submission_fee: json.max_submission_fee.unwrap_or_default(),
        refund_to: json.refund_to.unwrap_or_default(),
        max_refund: json.max_refund.unwrap_or_default(),
        submission_refund: json.submission_fee_refund.unwrap_or_default(),
    };
    let transaction = Transaction {
        kind,
        from: json.from,
        chain_id: json.chain_id.map(|q| q.0),
        nonce: json.nonce.0,
        gas_price: gas_price.unwrap_or_default(),
        priority_fee: json.max_priority_fee_per_gas.unwrap_or_default(),
        gas_limit: json.gas.0,
        to: json.to,
        value: json.value,
        input: if kind == 105 { json.retry_data } else { json.input.or(json.data) }.unwrap_or_default(),
        access_list: access_list(&entries),
        blob_fee: json.max_fee_per_blob_gas.unwrap_or_default(),
        blob_hashes: json.blob_versioned_hashes.unwrap_or_default(),
        authorizations: authorizations.collect::<Result<_, BlockError>>()?,
        v: json.v.or(json.y_parity).unwrap_or_default(),
        r: json.r,
        s: json.s,
        deposit: (kind >= 100).then(|| Box::new(deposit)),
        ..Transaction::default()
    };
    let transaction = transaction.sealed()?;
    equal("hash", &json.hash, &transaction.hash())?;
    Ok(transaction)
}

/// Reads the answer to `eth_getBlockReceipts`, or a list of single receipts, of a block that was read.
///
/// # Errors
/// [`BlockError`] names block and field of what does not read, or of what JSON repeats and does not agree.
pub fn receipts(block: &mut Block, json: &[u8]) -> Result<Vec<Receipt>, BlockError> {
    from_receipts(block, parse(json, "receipts").map_err(|e| e.of_block(block.header.number))?)
}

/// Makes receipts of what was read as JSON. The receipt of a state sync is put into the block.
///
/// # Errors
/// [`BlockError`] names block and field of what JSON repeats and does not agree.
pub fn from_receipts(block: &mut Block, listed: Vec<JsonReceipt>) -> Result<Vec<Receipt>, BlockError> {
    let (mut receipts, mut logs_before) = (Vec::with_capacity(listed.len()), 0);
    let mut gas_before = 0;
    for (i, json) in listed.into_iter().enumerate() {
        let place = Place { receipt: i, logs_before, gas_before };
        let sync = block.state_sync.as_mut().filter(|sync| json.transaction_hash == Some(sync.hash));
        if let Some(sync) = sync {
            sync.receipt =
                Some(read_receipt(json).map_err(|e| e.within("stateSync.receipt").of_block(block.header.number))?);
            continue;
        }
        let named = |e: BlockError| e.within(format_args!("receipts[{i}]")).of_block(block.header.number);
        check_receipt(block, &json, &place).map_err(named)?;
        logs_before += json.logs.len();
        gas_before = json.cumulative_gas_used.0;
        receipts.push(read_receipt(json).map_err(named)?);
    }
    Ok(receipts)
}

/// What is before a receipt in its block.
struct Place {
    receipt: usize,
    logs_before: usize,
    gas_before: u64,
}

/// Compares what a receipt repeats with the block.
fn check_receipt(block: &Block, json: &JsonReceipt, place: &Place) -> Result<(), BlockError> {
    let transaction = block.transactions.get(place.receipt);
    let transaction = transaction.ok_or_else(|| BlockError::malformed("transactionIndex", "no such transaction"))?;
    let (index, height) = (position(place.receipt), Quantity(block.header.number));
    repeats("transactionHash", json.transaction_hash.as_ref(), &transaction.hash())?;
    repeats("transactionIndex", json.transaction_index.as_ref(), &index)?;
    repeats("blockHash", json.block_hash.as_ref(), &block.hash)?;
    repeats("blockNumber", json.block_number.as_ref(), &height)?;
    if let Some(from) = &transaction.from {
        repeats("from", json.from.as_ref(), from)?;
        let is_created = transaction.is_signed() && json.contract_address.is_some();
        repeats(
            "contractAddress",
            json.contract_address.as_ref().filter(|_| is_created),
            &transaction.created(*from).unwrap_or_default(),
        )?;
    }
    repeats("to", json.to.as_ref(), &transaction.to.unwrap_or_default())?;
    let used = json.cumulative_gas_used.0.checked_sub(place.gas_before);
    let used = used.ok_or_else(|| BlockError::malformed("cumulativeGasUsed", "less than before the transaction"))?;
    repeats("gasUsed", json.gas_used.as_ref(), &Quantity(used))?;
    for (i, log) in json.logs.iter().enumerate() {
        let named = |e: BlockError| e.within(format_args!("logs[{i}]"));
        repeats("logIndex", log.log_index.as_ref(), &position(place.logs_before + i)).map_err(named)?;
        repeats("blockNumber", log.block_number.as_ref(), &height).map_err(named)?;
        repeats("blockHash", log.block_hash.as_ref(), &block.hash).map_err(named)?;
        repeats("transactionHash", log.transaction_hash.as_ref(), &transaction.hash()).map_err(named)?;
        repeats("transactionIndex", log.transaction_index.as_ref(), &index).map_err(named)?;
    }
    Ok(())
}

fn read_receipt(json: JsonReceipt) -> Result<Receipt, BlockError> {
    let kind = json.kind.unwrap_or_default().0;
    let kind = u8::try_from(kind).map_err(|_| BlockError::malformed("type", format!("{kind} is not known")))?;
    let outcome = match (json.root.filter(|root| !root.is_empty()), json.status.map(|q| q.0)) {
        (Some(root), _) => Outcome::Root(B256::try_from(&root[..]).map_err(|e| BlockError::malformed("root", e))?),
        (None, Some(0)) => Outcome::Status(false),
        (None, Some(1)) => Outcome::Status(true),
        (None, Some(n)) => return Err(BlockError::malformed("status", format!("{n} is neither 0 nor 1"))),
        (None, None) => return Err(BlockError::malformed("status", "neither a status nor a root")),
    };
    let deposit = json.deposit_receipt_version.map(|version| (json.deposit_nonce.unwrap_or_default().0, version.0));
    Ok(Receipt {
        kind,
        outcome,
        cumulative_gas: json.cumulative_gas_used.0,
        bloom: json.logs_bloom,
        logs: json.logs.into_iter().map(|l| Log { address: l.address, topics: l.topics, data: l.data }).collect(),
        deposit,
        claims: ReceiptClaims {
            l1_fee: json.l1_fee,
            blob_gas_price: json.blob_gas_price,
            effective_gas_price: json.effective_gas_price,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_numbers_of_256_bits_are() {
        let texts = [
            "\"0x0\"",
            "\"0x1f\"",
            "\"0X1f\"",
            "\"0xffffffffffffffff\"",
            "\"0x10000000000000000\"",
            "\"0x00000000000000001\"",
            "\"17\"",
            "\"18446744073709551616\"",
            "17",
            "18446744073709551615",
            "-1",
            "1.5",
            "\"0x+1\"",
            "\"0xg\"",
            "\"-1\"",
            "null",
            "\"0x1_0\"",
            "\"0b11\"",
            "\"0o17\"",
            "[]",
        ];
        for text in texts {
            let number = serde_json::from_str::<U256>(text).ok().and_then(|n| u64::try_from(n).ok());
            assert_eq!(serde_json::from_str::<Quantity>(text).ok().map(|q| q.0), number, "{text}");
        }
        assert_eq!(serde_json::from_str::<Quantity>("\"0x1F\"").unwrap(), Quantity(31));
    }
}
