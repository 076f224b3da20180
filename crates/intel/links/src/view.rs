//! A transaction as the finders see it: its transfers beside its logs.

use crate::link::{End, Moved, Place};
pub(crate) use holdfast_evm::found::{amount, id};
use holdfast_evm::{B256, Log};
use holdfast_types::{AccountId, Amount, Hash32, Position, TokenRef, TransactionTransfers, Transfer};

/// A transaction with its transfers and logs.
#[derive(Clone, Copy, Debug)]
pub struct TxView<'a> {
    /// Its transfers.
    pub transfers: &'a TransactionTransfers,
    /// Its logs.
    pub logs: &'a [Log],
    /// Number of its first log in the block.
    pub first_log: u32,
    /// Price of its gas, as it states it.
    pub gas_price: Amount,
}

/// A transaction in its block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tx<'a> {
    pub view: TxView<'a>,
    pub place: Place,
    /// Unix seconds.
    pub time: u64,
    /// Whether moves of coin inside the transaction are known.
    pub internal_known: bool,
}

impl<'a> Tx<'a> {
    /// Returns the logs with their numbers in the block.
    pub fn logs(self) -> impl Iterator<Item = (u32, &'a Log)> {
        (self.view.first_log..=u32::MAX).zip(self.view.logs)
    }

    /// Returns the transfers but for fees.
    pub fn moved(self) -> impl Iterator<Item = &'a Transfer> {
        self.view.transfers.transfers.iter().filter(|t| !t.kind.is_fee())
    }

    pub fn end(self, account: AccountId, token: TokenRef, amount: Amount, transfers: Vec<Moved>) -> End {
        End { place: self.place, account, token, amount, transfers }
    }

    /// Returns the last transfer before a log that fits, or the first one behind it.
    pub fn nearest(self, log: u32, fits: impl Fn(&Transfer) -> bool) -> Option<&'a Transfer> {
        let before = |t: &Transfer| !matches!(t.position, Position::Log(number, _) if number >= log);
        let mut last_before = None;
        for transfer in self.moved().filter(|t| fits(t)) {
            if before(transfer) {
                last_before = Some(transfer);
            } else if last_before.is_none() {
                return Some(transfer);
            }
        }
        last_before
    }
}

pub(crate) fn moved(transfer: &Transfer) -> Moved {
    Moved { position: transfer.position, kind: transfer.kind }
}

/// Returns the n-th word of a log's data.
pub(crate) fn word(log: &Log, n: usize) -> Option<B256> {
    let start = n.checked_mul(32)?;
    log.data.get(start..start.checked_add(32)?).map(B256::from_slice)
}

/// Returns the n-th word of a log's data as an amount.
pub(crate) fn number(log: &Log, n: usize) -> Option<Amount> {
    word(log, n).map(|word| Amount::from_be_bytes(word.0))
}

/// Returns the account of 20 bytes that a word holds.
pub(crate) fn account(word: &B256) -> Option<AccountId> {
    word[..12].iter().all(|b| *b == 0).then(|| AccountId::from_bytes(&word[12..])).flatten()
}

/// Returns the account of 20 bytes that a word holds, or else the one of 32 bytes that it is.
pub(crate) fn any_account(word: &B256) -> AccountId {
    account(word).unwrap_or(AccountId::solana(word.0))
}

/// Returns four bytes as a number.
pub(crate) fn bytes4(bytes: &[u8], at: usize) -> Option<u32> {
    part(bytes, at).map(u32::from_be_bytes)
}

/// Returns 32 bytes.
pub(crate) fn bytes32(bytes: &[u8], at: usize) -> Option<Hash32> {
    part(bytes, at)
}

/// Returns so many bytes from a place on.
pub(crate) fn part<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// Returns the number that a word holds, if it is below 2^32.
pub(crate) fn small(word: &B256) -> Option<u32> {
    let is_small = word[..28].iter().all(|b| *b == 0);
    bytes4(&word.0, 28).filter(|_| is_small)
}

/// Returns the number that a word holds, if it is below 2^64.
pub(crate) fn long(word: &B256) -> Option<u64> {
    let is_long = word[..24].iter().all(|b| *b == 0);
    part(&word.0, 24).map(u64::from_be_bytes).filter(|_| is_long)
}

/// Returns the bytes (or text) to which the n-th word of a log's data points: their length and they (Solidity's ABI).
pub(crate) fn bytes(log: &Log, n: usize) -> Option<&[u8]> {
    let offset = usize::try_from(small(&word(log, n)?)?).ok()?;
    let tail = log.data.get(offset..)?;
    let length = usize::try_from(small(&B256::from_slice(tail.get(..32)?))?).ok()?;
    tail.get(32..32usize.checked_add(length)?)
}

/// Returns whether a transfer moves so much of a contract's token.
pub(crate) fn is_amount(transfer: &Transfer, token: AccountId, amount: Amount) -> bool {
    transfer.token == TokenRef::Fungible(token) && transfer.amount == amount
}

/// Returns the id of a message that a bridge counts: a name of eight bytes, the number of a chain with the bridge, and its count.
pub(crate) fn numbered(name: &[u8; 8], chain: u64, count: u128) -> Hash32 {
    let mut id = [0; 32];
    id[..8].copy_from_slice(name);
    id[8..16].copy_from_slice(&chain.to_be_bytes());
    id[16..].copy_from_slice(&count.to_be_bytes());
    id
}

/// Returns whether an amount is another one with zeros behind it: the same value in a token with more decimals.
pub(crate) fn is_scaled(amount: Amount, stated: Amount) -> bool {
    let mut scaled = Some(stated).filter(|s| !s.is_zero());
    for _ in 0..=MOST_DECIMALS {
        match scaled {
            Some(scaled) if scaled == amount => return true,
            Some(below) if below < amount => {}
            _ => return false,
        }
        scaled = scaled.and_then(|s| s.mul_div(Amount::from(10u64), Amount::from(1u64)));
    }
    false
}

/// Most decimals that two units of an asset differ by.
const MOST_DECIMALS: u32 = 30;
