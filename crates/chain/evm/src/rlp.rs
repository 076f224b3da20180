//! Recursive length prefix (RLP) and what is written in it: block bodies and lists of receipts, as nodes and archives hold them.

use crate::{Block, BlockError, Header, Ommers, Receipt, Transaction, Withdrawal};
use alloy_primitives::{B256, Bytes, U256};
use alloy_rlp::Decodable;

/// Most bytes of a header, body or list of receipts. A block of 2026 has 60 million gas, of which calldata costs at least 4 a byte.
pub const MAX_BYTES: usize = 64 << 20;

/// Puts a list's header before its payload.
pub(crate) fn list(payload: &[u8], out: &mut Vec<u8>) {
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(out);
    out.extend_from_slice(payload);
}

/// Reads the next item, which names its field when it does not read.
pub(crate) fn take<T: Decodable>(rest: &mut &[u8], field: &str) -> Result<T, BlockError> {
    T::decode(rest).map_err(|e| BlockError::malformed(field, e))
}

/// Reads a number of at most 256 bits. Most are short: they are copied to the end of 32 bytes rather than added up byte by byte.
#[inline]
pub(crate) fn take_number(rest: &mut &[u8], field: &str) -> Result<U256, BlockError> {
    let bytes = take_string(rest, field)?;
    if bytes.first() == Some(&0) {
        return Err(BlockError::malformed(field, alloy_rlp::Error::LeadingZero));
    }
    let start = 32usize.checked_sub(bytes.len());
    let start = start.ok_or_else(|| BlockError::malformed(field, alloy_rlp::Error::Overflow))?;
    let mut wide = [0; 32];
    wide[start..].copy_from_slice(bytes);
    Ok(U256::from_be_bytes(wide))
}

/// Reads a list of hashes.
pub(crate) fn take_hashes(rest: &mut &[u8], field: &str) -> Result<Vec<B256>, BlockError> {
    let mut listed = take_list(rest, field)?;
    let mut hashes = Vec::with_capacity(listed.len() / 33);
    while !listed.is_empty() {
        hashes.push(take(&mut listed, field)?);
    }
    Ok(hashes)
}

/// Most places that are made for items before they are read.
const ROOM: usize = 1 << 12;

/// Returns how many items of a list to make room for.
pub(crate) fn room(listed: &[u8], field: &str) -> Result<usize, BlockError> {
    count(listed, field).map(|items| items.min(ROOM))
}

/// Returns how many items a list's payload has.
pub(crate) fn count(mut listed: &[u8], field: &str) -> Result<usize, BlockError> {
    let mut items = 0;
    while !listed.is_empty() {
        take_item(&mut listed, field)?;
        items += 1;
    }
    Ok(items)
}

/// Returns the payload of the next item, which is a list, and moves behind it.
pub(crate) fn take_list<'a>(rest: &mut &'a [u8], field: &str) -> Result<&'a [u8], BlockError> {
    alloy_rlp::Header::decode_bytes(rest, true).map_err(|e| BlockError::malformed(field, e))
}

/// Returns the content of the next item, which is no list, and moves behind it.
pub(crate) fn take_string<'a>(rest: &mut &'a [u8], field: &str) -> Result<&'a [u8], BlockError> {
    alloy_rlp::Header::decode_bytes(rest, false).map_err(|e| BlockError::malformed(field, e))
}

/// Returns the next item as it is written, header and all, and moves behind it.
pub(crate) fn take_item<'a>(rest: &mut &'a [u8], field: &str) -> Result<&'a [u8], BlockError> {
    let all = *rest;
    let header = alloy_rlp::Header::decode(rest).map_err(|e| BlockError::malformed(field, e))?;
    let (_, behind) = rest
        .split_at_checked(header.payload_length)
        .ok_or_else(|| BlockError::malformed(field, "shorter than its length states"))?;
    *rest = behind;
    Ok(&all[..all.len() - behind.len()])
}

/// Refuses bytes behind the last item.
pub(crate) fn end(rest: &[u8], field: &str) -> Result<(), BlockError> {
    if rest.is_empty() { Ok(()) } else { Err(BlockError::malformed(field, format!("{} bytes too many", rest.len()))) }
}

/// Returns a part of a buffer without copying it.
pub(crate) fn share(buffer: &Bytes, part: &[u8]) -> Bytes {
    Bytes(buffer.0.slice_ref(part))
}

fn bounded(bytes: &Bytes, field: &str) -> Result<(), BlockError> {
    let problem = || BlockError::malformed(field, format!("longer than {MAX_BYTES} bytes"));
    if bytes.len() <= MAX_BYTES { Ok(()) } else { Err(problem()) }
}

/// Reads a block's header and body: `[transactions, ommers]` or, since Shanghai, `[transactions, ommers, withdrawals]`. The hash is computed.
///
/// # Errors
/// [`BlockError`] names the field that does not read. Nothing is verified yet.
pub fn block(header: &[u8], body: &Bytes) -> Result<Block, BlockError> {
    let header = Header::from_rlp(header)?;
    let number = header.number;
    read_body(header, body).map_err(|e| e.of_block(number))
}

fn read_body(header: Header, body: &Bytes) -> Result<Block, BlockError> {
    bounded(body, "body")?;
    let mut outer: &[u8] = body;
    let mut rest = take_list(&mut outer, "body")?;
    end(outer, "body")?;
    let mut listed = take_list(&mut rest, "transactions")?;
    let mut transactions = Vec::with_capacity(room(listed, "transactions")?);
    while !listed.is_empty() {
        let number = transactions.len();
        let named = |e: BlockError| e.within(format_args!("transactions[{number}]"));
        let item = take_item(&mut listed, "envelope").map_err(named)?;
        // A typed transaction (EIP-2718) stands in a string, a legacy one is a list.
        let is_list = item.first().is_some_and(|b| *b >= 0xc0);
        let envelope = if is_list { item } else { take_string(&mut &*item, "envelope").map_err(named)? };
        // Read where it stays: it is some 500 bytes.
        transactions.push(Transaction::default());
        if let Some(transaction) = transactions.last_mut() {
            transaction.fill(share(body, envelope)).map_err(named)?;
        }
    }
    let mut listed = take_list(&mut rest, "ommers")?;
    let mut ommers = Vec::new();
    while !listed.is_empty() {
        let number = ommers.len();
        let item = take_item(&mut listed, "ommers")?;
        ommers.push(
            Header::from_rlp(item)
                .map_err(|e| BlockError { block: None, ..e }.within(format_args!("ommers[{number}]")))?,
        );
    }
    let withdrawals = if rest.is_empty() { None } else { Some(read_withdrawals(&mut rest)?) };
    end(rest, "body")?;
    let hash = header.hash();
    Ok(Block { header, hash, transactions, ommers: Ommers::Headers(ommers), withdrawals, state_sync: None })
}

fn read_withdrawals(rest: &mut &[u8]) -> Result<Vec<Withdrawal>, BlockError> {
    let mut listed = take_list(rest, "withdrawals")?;
    let mut withdrawals = Vec::new();
    while !listed.is_empty() {
        let number = withdrawals.len();
        withdrawals.push(Withdrawal::decode(&mut listed).map_err(|e| e.within(format_args!("withdrawals[{number}]")))?);
    }
    Ok(withdrawals)
}

/// Reads a list of receipts, in the form of consensus or in that of eth/69 without blooms (EIP-7642), which may stand mixed.
///
/// # Errors
/// [`BlockError`] names the field that does not read.
pub fn receipts(bytes: &Bytes) -> Result<Vec<Receipt>, BlockError> {
    bounded(bytes, "receipts")?;
    let mut outer: &[u8] = bytes;
    let mut listed = take_list(&mut outer, "receipts")?;
    end(outer, "receipts")?;
    let mut receipts = Vec::with_capacity(room(listed, "receipts")?);
    while !listed.is_empty() {
        let number = receipts.len();
        let named = |e: BlockError| e.within(format_args!("receipts[{number}]"));
        let item = take_item(&mut listed, "envelope").map_err(named)?;
        let is_list = item.first().is_some_and(|b| *b >= 0xc0);
        let envelope = if is_list { item } else { take_string(&mut &*item, "envelope").map_err(named)? };
        receipts.push(Receipt::default());
        if let Some(receipt) = receipts.last_mut() {
            receipt.fill(bytes, envelope).map_err(named)?;
        }
    }
    Ok(receipts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::tests::header;
    use crate::receipt::tests::receipt;
    use alloy_rlp::Encodable;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_and_hashes_read_as_the_general_reader_reads_them(
            number in prop::collection::vec(any::<u8>(), 0..35), few in 0usize..35, text in any::<bool>(),
            hashes in prop::collection::vec(any::<[u8; 32]>(), 0..6), place in 0usize..200, byte: u8,
        ) {
            let mut bytes = Vec::new();
            if text {
                // A string of some length, whose number may begin with zeros or be too long.
                number[number.len().saturating_sub(few)..].encode(&mut bytes);
            } else {
                bytes.extend_from_slice(&number);
            }
            let (mut one, mut other) = (&bytes[..], &bytes[..]);
            prop_assert_eq!(take_number(&mut one, "x"), take::<U256>(&mut other, "x"));
            let hashes: Vec<B256> = hashes.into_iter().map(B256::from).collect();
            let mut bytes = Vec::new();
            hashes.encode(&mut bytes);
            let mut rest = &bytes[..];
            prop_assert_eq!(take_hashes(&mut rest, "x"), Ok(hashes));
            prop_assert!(rest.is_empty());
            let place = place % bytes.len();
            bytes[place] = byte;
            let read = |result: Result<Vec<B256>, BlockError>| result.ok();
            prop_assert_eq!(read(take_hashes(&mut &bytes[..], "x")), read(take(&mut &bytes[..], "x")));
        }

        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300), place in 0usize..2_000, bit in 0u8..8) {
            let _ = Header::from_rlp(&bytes);
            let _ = receipts(&bytes.clone().into());
            let _ = block(&header(6).to_rlp(), &bytes.into());
            let receipt = receipt(126, 7);
            let mut listed = Vec::new();
            list(&receipt.envelope(&receipt.computed_bloom()), &mut listed);
            let place = place % listed.len();
            listed[place] ^= 1 << bit;
            let _ = receipts(&listed.into());
        }
    }
}
