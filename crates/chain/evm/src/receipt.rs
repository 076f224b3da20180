//! Receipts and logs: read with or without their bloom filter (eth/69, EIP-7642), written as the receipts root commits to them.

use crate::BlockError;
use crate::rlp::{count, end, list, room, share, take, take_hashes, take_item, take_list, take_string};
use alloy_primitives::{Address, B256, Bloom, BloomInput, Bytes, U256};
use alloy_rlp::Encodable;

/// Type of the OP Stack's deposits.
const OP_DEPOSIT: u8 = 126;

/// How a transaction ended, by its receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Before Byzantium (EIP-658): the root of the state behind the transaction, from which nobody sees whether it succeeded.
    Root(B256),
    /// Whether it succeeded.
    Status(bool),
}

/// An event that a contract logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The contract.
    pub address: Address,
    /// Topics; the first is usually the event's hash.
    pub topics: Vec<B256>,
    /// Data.
    pub data: Bytes,
}

impl Default for Outcome {
    fn default() -> Self {
        Outcome::Status(false)
    }
}

/// A receipt as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Type of its transaction (EIP-2718).
    pub kind: u8,
    /// How the transaction ended.
    pub outcome: Outcome,
    /// Gas that the block had used behind the transaction.
    pub cumulative_gas: u64,
    /// Bloom filter as stated; the computed one counts.
    pub bloom: Option<Bloom>,
    /// Logs in order.
    pub logs: Vec<Log>,
    /// Nonce of a deposit and version of its receipt (OP Stack since Canyon), which the root commits to.
    pub deposit: Option<(u64, u64)>,
    /// Fields that nodes add and no root commits to.
    pub claims: ReceiptClaims,
}

/// Fields of a receipt that nodes add and no root commits to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiptClaims {
    /// Fee for data on the base chain in wei (OP Stack).
    pub l1_fee: Option<U256>,
    /// Price of a unit of blob gas in wei. On mainnet it is computed from the header and compared.
    pub blob_gas_price: Option<U256>,
    /// Price of a unit of gas in wei. It is computed and compared, but on Arbitrum and for deposits.
    pub effective_gas_price: Option<U256>,
}

impl Receipt {
    /// Reads a receipt: `type || [status, gas, bloom, logs]`, legacy without the type byte, or `[type, status, gas, logs]` (eth/69).
    ///
    /// # Errors
    /// [`BlockError`] names the field that does not read.
    pub fn from_envelope(envelope: &Bytes) -> Result<Self, BlockError> {
        let mut receipt = Receipt::default();
        receipt.fill(envelope, envelope)?;
        Ok(receipt)
    }

    /// As [`Receipt::from_envelope`], into an empty one. The envelope is a part of a buffer, of which the data of logs are parts too.
    pub(crate) fn fill(&mut self, buffer: &Bytes, envelope: &[u8]) -> Result<(), BlockError> {
        let (kind, mut outer) = match envelope.first() {
            Some(first) if *first < 0x80 => (*first, &envelope[1..]),
            Some(_) => (0, envelope),
            None => return Err(BlockError::malformed("type", "empty")),
        };
        let mut rest = take_list(&mut outer, "receipt")?;
        end(outer, "receipt")?;
        let all = rest;
        // The third item is the bloom filter in one form, a number of at most 8 bytes in the other; both have four items.
        let has_bloom = kind != 0 || third(rest)?.len() == 256;
        self.kind = if has_bloom { kind } else { take(&mut rest, "type")? };
        self.outcome = read_outcome(&mut rest)?;
        self.cumulative_gas = take(&mut rest, "cumulativeGasUsed")?;
        if has_bloom {
            self.bloom = Some(take(&mut rest, "logsBloom")?);
        }
        self.logs = read_logs(&mut rest, buffer)?;
        if self.kind == OP_DEPOSIT && count(all, "receipt")? == 6 {
            self.deposit = Some((take(&mut rest, "depositNonce")?, take(&mut rest, "depositReceiptVersion")?));
        }
        end(rest, "receipt")
    }

    /// Returns its form in the receipts trie.
    #[must_use]
    pub fn envelope(&self, bloom: &Bloom) -> Vec<u8> {
        let data: usize = self.logs.iter().map(|log| 160 + log.data.len()).sum();
        let mut payload = Vec::with_capacity(300 + data);
        match self.outcome {
            Outcome::Root(root) => root.encode(&mut payload),
            Outcome::Status(success) => success.encode(&mut payload),
        }
        self.cumulative_gas.encode(&mut payload);
        bloom.encode(&mut payload);
        let mut logs = Vec::with_capacity(data);
        self.logs.iter().for_each(|log| log.write(&mut logs));
        list(&logs, &mut payload);
        if let Some((nonce, version)) = self.deposit {
            nonce.encode(&mut payload);
            version.encode(&mut payload);
        }
        let mut bytes = Vec::with_capacity(payload.len() + 6);
        if self.kind != 0 {
            bytes.push(self.kind);
        }
        list(&payload, &mut bytes);
        bytes
    }

    /// Computes the bloom filter of its logs.
    #[must_use]
    pub fn computed_bloom(&self) -> Bloom {
        let mut bloom = Bloom::ZERO;
        for log in &self.logs {
            bloom.accrue(BloomInput::Raw(log.address.as_slice()));
            log.topics.iter().for_each(|topic| bloom.accrue(BloomInput::Raw(topic.as_slice())));
        }
        bloom
    }
}

impl Log {
    fn write(&self, out: &mut Vec<u8>) {
        let mut payload = Vec::with_capacity(160 + self.data.len());
        self.address.encode(&mut payload);
        self.topics.encode(&mut payload);
        self.data.encode(&mut payload);
        list(&payload, out);
    }
}

fn third(mut rest: &[u8]) -> Result<&[u8], BlockError> {
    take_item(&mut rest, "receipt")?;
    take_item(&mut rest, "receipt")?;
    let item = take_item(&mut rest, "receipt")?;
    take_string(&mut &*item, "cumulativeGasUsed")
}

fn read_outcome(rest: &mut &[u8]) -> Result<Outcome, BlockError> {
    match take_string(rest, "status")? {
        [] => Ok(Outcome::Status(false)),
        [1] => Ok(Outcome::Status(true)),
        root if root.len() == 32 => Ok(Outcome::Root(B256::from_slice(root))),
        _ => Err(BlockError::malformed("status", "neither 0 nor 1 nor a root of 32 bytes")),
    }
}

fn read_logs(rest: &mut &[u8], buffer: &Bytes) -> Result<Vec<Log>, BlockError> {
    let mut listed = take_list(rest, "logs")?;
    let mut logs = Vec::with_capacity(room(listed, "logs")?);
    while !listed.is_empty() {
        let number = logs.len();
        let log = read_log(&mut listed, buffer).map_err(|e| e.within(format_args!("logs[{number}]")))?;
        logs.push(log);
    }
    Ok(logs)
}

fn read_log(listed: &mut &[u8], buffer: &Bytes) -> Result<Log, BlockError> {
    let mut inner = take_list(listed, "log")?;
    let address = take(&mut inner, "address")?;
    let topics = take_hashes(&mut inner, "topics")?;
    let data = share(buffer, take_string(&mut inner, "data")?);
    end(inner, "log")?;
    Ok(Log { address, topics, data })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A receipt of a type with some logs.
    pub(crate) fn receipt(kind: u8, logs: u8) -> Receipt {
        let log = |n| Log {
            address: Address::repeat_byte(n),
            topics: vec![B256::repeat_byte(n); usize::from(n % 5)],
            data: vec![n; 40].into(),
        };
        Receipt {
            kind,
            outcome: Outcome::Status(kind != 1),
            cumulative_gas: 21_000,
            bloom: None,
            logs: (0..logs).map(log).collect(),
            deposit: (kind == OP_DEPOSIT).then_some((7, 1)),
            claims: ReceiptClaims::default(),
        }
    }

    #[test]
    fn both_forms_read_back() {
        for kind in [0, 1, 2, 3, 4, 106, 126] {
            let receipt = receipt(kind, 6);
            let bloom = receipt.computed_bloom();
            let bytes = receipt.envelope(&bloom);
            let read = Receipt::from_envelope(&bytes.clone().into()).unwrap();
            assert_eq!(read, Receipt { bloom: Some(bloom), ..receipt.clone() });
            for cut in 0..bytes.len() {
                assert!(Receipt::from_envelope(&bytes[..cut].to_vec().into()).is_err(), "{kind}, {cut} bytes");
            }
            if kind == OP_DEPOSIT {
                continue;
            }
            let mut payload = Vec::new();
            kind.encode(&mut payload);
            (kind != 1).encode(&mut payload);
            receipt.cumulative_gas.encode(&mut payload);
            let mut logs = Vec::new();
            receipt.logs.iter().for_each(|log| log.write(&mut logs));
            list(&logs, &mut payload);
            let mut without_bloom = Vec::new();
            list(&payload, &mut without_bloom);
            assert_eq!(Receipt::from_envelope(&without_bloom.into()).unwrap(), receipt);
        }
        let early = Receipt { outcome: Outcome::Root(B256::repeat_byte(3)), ..receipt(0, 0) };
        let read = Receipt::from_envelope(&early.envelope(&Bloom::ZERO).into()).unwrap();
        assert_eq!(read.outcome, early.outcome);
    }
}
