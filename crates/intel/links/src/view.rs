//! A transaction as the finders see it: its transfers beside its logs.

use crate::link::{End, Moved, Place};
pub(crate) use holdfast_evm::found::{amount, id};
use holdfast_evm::{B256, Log};
use holdfast_types::{AccountId, Amount, Position, TokenRef, TransactionTransfers, Transfer};

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
