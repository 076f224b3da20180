//! Spent outputs: what a block's inputs spend, from node undo files (`rev*.dat`) or from files beside a block.
//!
//! Undo data lets a ledger without earlier history (a pruned node, a single block) know the value and address of every input.

use crate::hash::hash160;
use crate::read::{ReadError, Reader};
use crate::{AddressKey, ScriptClass, script};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// An output that an input spends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Base units.
    pub value: u64,
    /// Whom it paid.
    pub address: AddressKey,
}

/// Why spent outputs cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// The bytes do not decode.
    #[error("undo data does not decode: {0}")]
    Read(#[from] ReadError),
    /// A compressed public key that is no point of the curve.
    #[error("undo data holds an invalid compressed key")]
    Key,
    /// An amount that no compressed form of a valid amount gives.
    #[error("undo data holds an amount out of range")]
    Amount,
    /// A file of spent outputs is not in a form known here.
    #[error("{0}: {1}")]
    File(PathBuf, String),
}

/// Reads a block's undo record (CBlockUndo of Bitcoin Core: `undo.h`, `compressor.h`): the spent outputs of all
/// inputs but the coinbase's, in order. Bytes behind the record (Litecoin's MWEB undo) are left.
///
/// # Errors
/// [`UndoError`] names what does not decode.
pub fn parse_block_undo(bytes: &[u8]) -> Result<Vec<Spent>, UndoError> {
    let mut reader = Reader::new(bytes);
    let txs = reader.count(1)?;
    let mut out = Vec::with_capacity(txs);
    for _ in 0..txs {
        let inputs = reader.count(3)?;
        for _ in 0..inputs {
            let code = reader.varint()?;
            if code >> 1 > 0 {
                reader.varint()?; // a version that is no longer used
            }
            let value = decompress_amount(reader.varint()?).ok_or(UndoError::Amount)?;
            out.push(Spent { value, address: compressed_script(&mut reader)? });
        }
    }
    Ok(out)
}

/// Returns the number of transactions that an undo record covers: one fewer than its block has.
pub fn undo_tx_count(bytes: &[u8]) -> Option<u64> {
    Reader::new(bytes).compact().ok()
}

fn decompress_amount(x: u64) -> Option<u64> {
    if x == 0 {
        return Some(0);
    }
    let x = x - 1;
    let exponent = (x % 10) as u32;
    let x = x / 10;
    let n = if exponent < 9 {
        let digit = x % 9 + 1;
        (x / 9).checked_mul(10)?.checked_add(digit)?
    } else {
        x.checked_add(1)?
    };
    n.checked_mul(10u64.checked_pow(exponent)?)
}

/// Compresses an amount as Core does; the inverse of what undo data is read with.
pub fn compress_amount(value: u64) -> u64 {
    if value == 0 {
        return 0;
    }
    let (mut n, mut exponent) = (value, 0);
    while n % 10 == 0 && exponent < 9 {
        n /= 10;
        exponent += 1;
    }
    if exponent < 9 {
        let digit = n % 10;
        1 + (n / 10 * 9 + digit - 1) * 10 + exponent
    } else {
        1 + (n - 1) * 10 + 9
    }
}

fn compressed_script(reader: &mut Reader<'_>) -> Result<AddressKey, UndoError> {
    const SPECIAL: u64 = 6;
    let size = reader.varint()?;
    Ok(match size {
        0 => AddressKey::new(ScriptClass::P2pkh, reader.take(20)?),
        1 => AddressKey::new(ScriptClass::P2sh, reader.take(20)?),
        parity @ (2 | 3) => {
            let mut key = [0u8; 33];
            key[0] = if parity == 2 { 2 } else { 3 };
            key[1..].copy_from_slice(reader.take(32)?);
            AddressKey::new(ScriptClass::P2pkh, &hash160(&key))
        }
        parity @ (4 | 5) => {
            // An uncompressed key, stored as its x coordinate and the parity of y.
            let mut key = [0u8; 33];
            key[0] = if parity == 4 { 2 } else { 3 };
            key[1..].copy_from_slice(reader.take(32)?);
            let key = bitcoin::secp256k1::PublicKey::from_slice(&key).map_err(|_| UndoError::Key)?;
            AddressKey::new(ScriptClass::P2pkh, &hash160(&key.serialize_uncompressed()))
        }
        _ => {
            let len = usize::try_from(size - SPECIAL).unwrap_or(usize::MAX);
            script::classify(reader.take(len)?)
        }
    })
}

/// Appends one spent output in undo form. `compressed` scripts are those with a special case in `compressor.h`
/// that need no curve arithmetic (P2PKH, P2SH); all others are written whole.
pub fn write_spent(out: &mut Vec<u8>, height: u32, coinbase: bool, value: u64, script: &[u8]) {
    use crate::read::write_varint;
    let code = u64::from(height) << 1 | u64::from(coinbase);
    write_varint(out, code);
    if height > 0 {
        write_varint(out, 0);
    }
    write_varint(out, compress_amount(value));
    match script {
        [0x76, 0xa9, 20, hash @ .., 0x88, 0xac] if hash.len() == 20 => {
            out.push(0);
            out.extend_from_slice(hash);
        }
        [0xa9, 20, hash @ .., 0x87] if hash.len() == 20 => {
            out.push(1);
            out.extend_from_slice(hash);
        }
        _ => {
            write_varint(out, script.len() as u64 + 6);
            out.extend_from_slice(script);
        }
    }
}

#[derive(Deserialize)]
struct JsonEntry {
    txout: JsonTxOut,
}

#[derive(Deserialize)]
struct JsonTxOut {
    value: u64,
    script_pubkey: String,
}

/// Largest file of spent outputs taken.
pub const MAX_SPENT_FILE: usize = 64 << 20;

/// Reads the spent outputs of one block from a file beside it, in input order: JSON (a list of
/// `{"txout": {"value", "script_pubkey"}}`), or binary (value i64 LE, then the script with its CompactSize length, repeated).
///
/// # Errors
/// [`UndoError::File`] names the file and the place.
pub fn parse_spent_file(path: &Path, bytes: &[u8]) -> Result<Vec<Spent>, UndoError> {
    let fail = |why: String| UndoError::File(path.to_owned(), why);
    if bytes.len() > MAX_SPENT_FILE {
        return Err(fail(format!("{} bytes is over the limit of {MAX_SPENT_FILE}", bytes.len())));
    }
    if bytes.first() == Some(&b'[') {
        let entries: Vec<JsonEntry> = serde_json::from_slice(bytes).map_err(|e| fail(e.to_string()))?;
        return entries
            .iter()
            .enumerate()
            .map(|(i, e)| {
                let script = hex::decode(&e.txout.script_pubkey)
                    .map_err(|e| fail(format!("entry {i}: script_pubkey is not hex: {e}")))?;
                Ok(Spent { value: e.txout.value, address: script::classify(&script) })
            })
            .collect();
    }
    let mut reader = Reader::new(bytes);
    let mut out = Vec::new();
    while reader.left() > 0 {
        let value = reader.u64().map_err(|e| fail(e.to_string()))?;
        if value > crate::block::MAX_MONEY {
            return Err(fail(format!("entry {}: amount {value} is out of range", out.len())));
        }
        let script = reader.bytes().map_err(|e| fail(e.to_string()))?;
        out.push(Spent { value, address: script::classify(script) });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn amounts_read_back(value in 0u64..=crate::block::MAX_MONEY, zeros in 0u32..10) {
            let value = value / 10u64.pow(zeros) * 10u64.pow(zeros);
            prop_assert_eq!(decompress_amount(compress_amount(value)), Some(value));
        }

        #[test]
        fn records_read_back(
            entries in proptest::collection::vec((1u32..900_000, any::<bool>(), 0u64..=crate::block::MAX_MONEY,
                proptest::collection::vec(any::<u8>(), 0..60)), 0..20)
        ) {
            let mut out = Vec::new();
            crate::read::write_compact(&mut out, 1);
            crate::read::write_compact(&mut out, entries.len() as u64);
            for (height, coinbase, value, script) in &entries {
                write_spent(&mut out, *height, *coinbase, *value, script);
            }
            let read = parse_block_undo(&out).unwrap();
            let expected: Vec<_> = entries.iter()
                .map(|(_, _, value, s)| Spent { value: *value, address: script::classify(s) }).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_block_undo(&bytes);
            let _ = parse_spent_file(Path::new("x"), &bytes);
        }
    }

    #[test]
    fn uncompressed_keys_come_back_whole() {
        // The genesis key, in its compressed undo form (type 4 + parity) and as it stands in the script.
        let x = hex::decode("678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb6").unwrap();
        let mut record = vec![1, 1];
        crate::read::write_varint(&mut record, 2);
        crate::read::write_varint(&mut record, 0);
        crate::read::write_varint(&mut record, compress_amount(5_000_000_000));
        record.push(5);
        record.extend(x);
        let spent = parse_block_undo(&record).unwrap();
        assert_eq!(spent[0].value, 5_000_000_000);
        assert_eq!(spent[0].address.to_text(crate::Network::Bitcoin), "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa");
    }
}
