//! Blocks and what nodes add to transactions, as java-tron's HTTP interface answers in JSON (`wallet/getblockbynum`,
//! `wallet/gettransactioninfobyblocknum`), with addresses in hexadecimal or, with `visible`, in Base58Check.
//!
//! Of a transaction its bytes (`raw_data_hex`), signatures and results are read; its form as JSON beside them is not.

use crate::info::{Cost, Info, Internal};
use crate::transaction::{Outcome, Stated};
use crate::{Block, BlockError, Header, Transaction};
use holdfast_evm::{Address as MachineAddress, B256, Log};
use holdfast_node::{equal, parse};
use holdfast_types::{AccountId, Address, Hash32};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;

/// Something that a JSON text holds.
trait Read: Sized {
    const EXPECTED: &'static str;
    fn read(text: &str) -> Option<Self>;
}

struct Text<T>(PhantomData<T>);

impl<T: Read> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::read(text).ok_or_else(|| E::custom(format_args!("{} expected", T::EXPECTED)))
    }
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($inner:ty) = $expected:literal, $read:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub(crate) struct $name(pub(crate) $inner);

        impl Read for $name {
            const EXPECTED: &'static str = $expected;

            fn read(text: &str) -> Option<Self> {
                let read: fn(&str) -> Option<$inner> = $read;
                read(text).map($name)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text(PhantomData))
            }
        }
    )*};
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()
}

fn hash(text: &str) -> Option<Hash32> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut hash).ok()?;
    Some(hash)
}

/// Reads an address in any of its forms: 41 and 20 bytes in hexadecimal, 20 bytes as logs have them, Base58Check.
pub(crate) fn account(text: &str) -> Option<AccountId> {
    let (mut address, mut account) = ([0; 21], [0; 20]);
    if hex::decode_to_slice(text, &mut address).is_ok() {
        return crate::proto::account(&address);
    }
    if hex::decode_to_slice(text, &mut account).is_ok() {
        return Some(AccountId::evm(account));
    }
    match Address::read(text) {
        Address::Tron(account) | Address::Evm(account) => Some(AccountId::evm(account)),
        _ => None,
    }
}

texts! {
    /// Bytes in hexadecimal digits.
    Hex(Vec<u8>) = "hexadecimal digits", bytes;
    /// A hash.
    Hash(Hash32) = "a hash of 64 hexadecimal digits", hash;
    /// An account; `None` where the text is empty.
    Account(Option<AccountId>) = "an address", |text| if text.is_empty() { Some(None) } else { account(text).map(Some) };
    /// How Tron's machine ended.
    Ended(Outcome) = "an outcome of Tron's machine", Outcome::of_name;
    /// Whether something failed.
    Failed(bool) = "SUCESS or FAILED", |text| match text {
        "SUCESS" | "SUCCESS" => Some(false),
        "FAILED" => Some(true),
        _ => None,
    };
    /// A token's number; `None` for the coin.
    TokenNumber(Option<u64>) = "a token's number", |text| match text {
        "" | "_" => Some(None),
        digits => digits.parse().ok().map(Some),
    };
}

#[derive(Deserialize)]
struct JsonBlock {
    #[serde(rename = "blockID")]
    id: Hash,
    block_header: JsonHeader,
    #[serde(default)]
    transactions: Vec<JsonTransaction>,
}

#[derive(Deserialize)]
struct JsonHeader {
    raw_data: JsonRawHeader,
}

#[derive(Deserialize)]
struct JsonRawHeader {
    #[serde(default)]
    number: u64,
    #[serde(default, rename = "txTrieRoot")]
    transactions_root: Hash,
    witness_address: String,
    #[serde(rename = "parentHash")]
    parent: Hash,
    #[serde(default)]
    version: u32,
    #[serde(default)]
    timestamp: u64,
    #[serde(default)]
    witness_id: u64,
    #[serde(default, rename = "accountStateRoot")]
    account_state_root: Hex,
}

#[derive(Deserialize)]
struct JsonTransaction {
    #[serde(default)]
    ret: Vec<JsonResult>,
    #[serde(default)]
    signature: Vec<Hex>,
    #[serde(rename = "txID")]
    id: Hash,
    raw_data_hex: Hex,
}

#[derive(Deserialize)]
struct JsonResult {
    #[serde(default)]
    fee: u64,
    #[serde(default, alias = "code")]
    ret: Failed,
    #[serde(default, rename = "contractRet")]
    outcome: Ended,
}

/// Reads the answer to `wallet/getblockbynum` (or `wallet/getnowblock`, `wallet/getblockbyid`).
///
/// # Errors
/// [`BlockError`] names block and field of what does not read.
pub fn block(json: &[u8]) -> Result<Block, BlockError> {
    let json: JsonBlock = parse(json, "block")?;
    let header = header(json.block_header.raw_data)?;
    let number = header.number;
    let mut transactions = Vec::with_capacity(json.transactions.len());
    for (i, transaction) in json.transactions.into_iter().enumerate() {
        let read = read_transaction(transaction).map_err(|e| e.within(format_args!("transactions[{i}]")));
        transactions.push(read.map_err(|e| e.of_block(number))?);
    }
    Ok(Block { header, id: json.id.0, transactions })
}

/// Reads header and stated id of the same answer, whatever its transactions.
///
/// # Errors
/// [`BlockError`] names block and field of what does not read, or an id that is not the header's.
pub fn head(json: &[u8]) -> Result<(Header, Hash32), BlockError> {
    #[derive(Deserialize)]
    struct JsonHead {
        #[serde(rename = "blockID")]
        id: Hash,
        block_header: JsonHeader,
    }
    let json: JsonHead = parse(json, "block")?;
    let (id, header) = (json.id.0, header(json.block_header.raw_data)?);
    let holds =
        header.check().and_then(|()| equal("blockID", &crate::verify::Hex(id), &crate::verify::Hex(header.id())));
    holds.map_err(|e| e.of_block(header.number))?;
    Ok((header, id))
}

fn header(json: JsonRawHeader) -> Result<Header, BlockError> {
    // With `visible` addresses are in Base58Check; the first block's motto is in hexadecimal digits either way.
    let witness = bytes(&json.witness_address).or_else(|| account(&json.witness_address).as_ref().map(crate::address));
    let wrong = || BlockError::malformed("header.witness_address", "an address expected").of_block(json.number);
    Ok(Header {
        timestamp_ms: json.timestamp,
        transactions_root: json.transactions_root.0,
        parent: json.parent.0,
        number: json.number,
        witness_id: json.witness_id,
        witness: witness.ok_or_else(wrong)?,
        version: json.version,
        account_state_root: json.account_state_root.0,
    })
}

fn read_transaction(json: JsonTransaction) -> Result<Transaction, BlockError> {
    let signatures = json.signature.into_iter().map(|signature| signature.0).collect();
    let stated = |r: JsonResult| Stated { fee: r.fee, failed: r.ret.0, outcome: r.outcome.0 };
    let read = Transaction::read(json.raw_data_hex.0, signatures, json.ret.into_iter().map(stated).collect())?;
    equal("txID", &crate::verify::Hex(json.id.0), &crate::verify::Hex(read.id))?;
    Ok(read)
}

#[derive(Deserialize)]
struct JsonInfo {
    id: Hash,
    #[serde(default)]
    fee: u64,
    #[serde(default, rename = "blockNumber")]
    block: u64,
    #[serde(default, rename = "blockTimeStamp")]
    timestamp: u64,
    #[serde(default)]
    result: Failed,
    #[serde(default)]
    receipt: JsonReceipt,
    #[serde(default)]
    log: Vec<JsonLog>,
    #[serde(default)]
    internal_transactions: Vec<JsonInternal>,
    #[serde(default, rename = "packingFee")]
    packing_fee: u64,
    #[serde(default, rename = "assetIssueID")]
    issued: TokenNumber,
    #[serde(default)]
    withdraw_amount: u64,
    #[serde(default)]
    unfreeze_amount: u64,
    #[serde(default)]
    withdraw_expire_amount: u64,
    #[serde(default)]
    exchange_received_amount: u64,
    #[serde(default)]
    exchange_inject_another_amount: u64,
    #[serde(default)]
    exchange_withdraw_another_amount: u64,
}

#[derive(Default, Deserialize)]
struct JsonReceipt {
    #[serde(default)]
    energy_usage: u64,
    #[serde(default)]
    energy_fee: u64,
    #[serde(default)]
    origin_energy_usage: u64,
    #[serde(default)]
    net_usage: u64,
    #[serde(default)]
    net_fee: u64,
    #[serde(default)]
    result: Ended,
}

#[derive(Deserialize)]
struct JsonLog {
    address: Account,
    #[serde(default)]
    topics: Vec<Hash>,
    #[serde(default)]
    data: Hex,
}

#[derive(Deserialize)]
struct JsonInternal {
    #[serde(default)]
    caller_address: Account,
    #[serde(default, rename = "transferTo_address")]
    to: Account,
    #[serde(default, rename = "callValueInfo")]
    amounts: Vec<JsonAmount>,
    #[serde(default)]
    note: Hex,
    #[serde(default)]
    rejected: bool,
}

#[derive(Deserialize)]
struct JsonAmount {
    #[serde(default, rename = "callValue")]
    amount: u64,
    #[serde(default, rename = "tokenId")]
    token: TokenNumber,
}

/// Reads the answer to `wallet/gettransactioninfobyblocknum`. Nodes answer `{}` where the block has no transactions.
///
/// # Errors
/// [`BlockError`] names the field that does not read.
pub fn infos(json: &[u8]) -> Result<Vec<Info>, BlockError> {
    if json.trim_ascii() == b"{}" {
        return Ok(Vec::new());
    }
    let read: Vec<JsonInfo> = parse(json, "infos")?;
    Ok(read.into_iter().map(info).collect())
}

fn info(json: JsonInfo) -> Info {
    let receipt = json.receipt;
    let cost = Cost {
        total: json.fee,
        bandwidth: receipt.net_fee,
        energy: receipt.energy_fee,
        earned: json.packing_fee,
        energy_used: receipt.energy_usage,
        energy_of_creator: receipt.origin_energy_usage,
        bandwidth_used: receipt.net_usage,
    };
    Info {
        id: json.id.0,
        block: json.block,
        timestamp_ms: json.timestamp,
        failed: json.result.0,
        outcome: receipt.result.0,
        cost,
        logs: json.log.into_iter().map(|log| machine_log(log.address.0, log.topics, log.data.0)).collect(),
        internal: json.internal_transactions.into_iter().map(internal).collect(),
        issued: json.issued.0,
        withdrawn: json.withdraw_amount,
        unfrozen: json.unfreeze_amount,
        returned: json.withdraw_expire_amount,
        exchange_received: json.exchange_received_amount,
        exchange_injected: json.exchange_inject_another_amount,
        exchange_withdrawn: json.exchange_withdraw_another_amount,
    }
}

/// Makes the log of Tron's machine, which is the EVM's.
pub(crate) fn machine_log(contract: Option<AccountId>, topics: Vec<Hash>, data: Vec<u8>) -> Log {
    let contract = contract.unwrap_or(AccountId::ZERO);
    Log {
        address: MachineAddress::from_slice(contract.as_bytes()),
        topics: topics.into_iter().map(|topic| B256::from(topic.0)).collect(),
        data: data.into(),
    }
}

fn internal(json: JsonInternal) -> Internal {
    Internal {
        from: json.caller_address.0,
        to: json.to.0,
        amounts: json.amounts.into_iter().map(|a| (a.token.0, a.amount)).collect(),
        note: String::from_utf8_lossy(&json.note.0).into_owned(),
        rejected: json.rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_an_address_are_one_account() {
        let usdt = "a614f803b6fd780986a42c78ec9c7f77e6ded13c";
        let read = account(usdt).unwrap();
        assert_eq!(hex::encode(read.as_bytes()), usdt);
        for form in [
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
            &format!("41{usdt}"),
            &format!("0x{usdt}"),
            &format!("0x41{usdt}"),
            &usdt.to_uppercase(),
        ] {
            assert_eq!(account(form), Some(read), "{form}");
        }
        // 20 bytes that begin with 41 are an account, not the rest of one.
        let begins_so = format!("41{}", &usdt[2..]);
        assert_eq!(account(&begins_so).map(|a| hex::encode(a.as_bytes())), Some(begins_so));
        for wrong in
            ["", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6T", &format!("42{usdt}"), &usdt[2..], &format!("{usdt}0000"), "x"]
        {
            assert_eq!(account(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn errors_name_the_place_in_a_list() {
        let error = infos(br#"[{"id": "00"}]"#).unwrap_err();
        assert_eq!(error.field, "infos[0].id");
        assert_eq!(infos(b" {} "), Ok(vec![]));
        assert_eq!(infos(b"{}x").unwrap_err().field, "infos");
    }
}
