//! Postings and balances by the number of a transfer: what traces and lists walk along, forward and backward.

use crate::balances::{Direction, Posting};
use crate::columns::{FEE_SLOTS, NATIVE, read};
use crate::error::LedgerError;
use crate::index::RANGE_SHIFT;
use crate::ledger::Ledger;
use crate::look_ups::{StoredTransfer, TransferNumber};
use crate::numbers::{index, limbs_of};
use crate::postings::{Bound, Entry, State};
use holdfast_types::{Amount, SignedAmount};
use std::cmp::Reverse;
use std::ops::ControlFlow;

/// What precedes a transfer in the lists of postings.
struct Before {
    /// Entries before this are before it.
    bound: Bound,
    /// Whether the entry at the bound is of the same fee, whose first part is before it and whose second it is.
    is_second_part: bool,
}

/// Returns whether an entry is of the same fee as the one beside it.
fn is_same_fee(beside: Option<Entry>, entry: Entry) -> bool {
    beside.is_some_and(|other| entry.is_fee() && other.is_fee() && other.number() == entry.number())
}

/// What postings are ordered by: the transfer, and its way out before its way in.
fn order(posting: &Posting) -> (TransferNumber, bool) {
    (posting.transfer.number, posting.direction == Direction::In)
}

impl Ledger {
    /// Returns the number of the first transfer after the block at a height, whether or not there is one.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn number_after(&self, height: u64) -> Result<TransferNumber, LedgerError> {
        let bound = self.bound_after(height)?;
        Ok(TransferNumber::of_row(bound.row, bound.tx))
    }

    /// Returns the time of a transaction's block, Unix seconds.
    ///
    /// # Errors
    /// [`LedgerError::NotStored`], [`LedgerError::Damaged`].
    pub fn time_of_tx(&self, tx: u64) -> Result<u64, LedgerError> {
        if tx >= self.counts().txs {
            return Err(LedgerError::NotStored("transaction", tx));
        }
        Ok(read(&self.columns.block, "blocks", self.columns.block_of_tx(tx)?)?.time)
    }

    /// Returns the postings of an account and asset from a transfer on, by number, the one that goes out first: about `limit`, none only where there
    /// are none.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn postings_from(
        &self,
        account: u32,
        asset: u32,
        from: TransferNumber,
        limit: usize,
    ) -> Result<Vec<Posting>, LedgerError> {
        let (mut postings, mut last, mut near) = (Vec::new(), None, 0);
        self.entries(account, asset, self.before(from)?.bound, |entry| {
            // A fee that the account pays to itself has two entries, which stay together.
            if postings.len() >= limit && !is_same_fee(last, entry) {
                return Ok(false);
            }
            last = Some(entry);
            let found = self.postings_near(account, entry, &mut near)?.into_iter().flatten();
            postings.extend(found.filter(|p| p.transfer.number >= from));
            Ok(true)
        })?;
        postings.sort_by_key(order);
        Ok(postings)
    }

    /// Returns the postings of an account and asset before a transfer, in the order against that of [`Ledger::postings_from`]: about `limit`, none only
    /// where there are none.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn postings_before(
        &self,
        account: u32,
        asset: u32,
        before: TransferNumber,
        limit: usize,
    ) -> Result<Vec<Posting>, LedgerError> {
        let Before { mut bound, is_second_part } = self.before(before)?;
        bound.tx += u64::from(is_second_part);
        // One more where the first may be dropped, and one so that both entries of a fee that the account pays to itself stay together.
        let limit = limit.clamp(1, usize::MAX - 2) + usize::from(is_second_part);
        let mut entries = self.overlay.entries_before(account, asset, bound, limit + 1);
        if let Some(index) = &self.index
            && entries.len() <= limit
            && let Some(list) = index.list_of(account, asset)?
        {
            entries.extend(index.entries_before(&list, bound, limit + 1 - entries.len())?);
        }
        if entries.len() > limit && !is_same_fee(Some(entries[limit - 1]), entries[limit]) {
            entries.truncate(limit);
        }
        let mut postings = Vec::with_capacity(entries.len());
        let mut near = 0;
        for entry in entries {
            let found = self.postings_near(account, entry, &mut near)?.into_iter().flatten();
            postings.extend(found.filter(|p| p.transfer.number < before));
        }
        postings.sort_by_key(|p| Reverse(order(p)));
        Ok(postings)
    }

    /// Calls `each` with the transfers of an asset before a transfer, the latest first, until it breaks.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn for_each_transfer_of_asset_before(
        &self,
        asset: u32,
        before: TransferNumber,
        mut each: impl FnMut(StoredTransfer) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let bound = self.before(before)?.bound;
        if asset == NATIVE && self.columns.shape.fees {
            for tx in (0..self.counts().txs.min(bound.tx.saturating_add(1))).rev() {
                let transfers = self.transfers_of(tx)?;
                for transfer in transfers.into_iter().rev().filter(|t| t.asset == NATIVE && t.number < before) {
                    if each(transfer).is_break() {
                        return Ok(());
                    }
                }
            }
            return Ok(());
        }
        let indexed = self.indexed_ranges_of(asset)?;
        // A range of both is read where it comes first, in the overlay.
        let mut end = bound.row;
        for range in self.overlay.ranges_of(asset).rev().chain(indexed.rev()) {
            let rows = u64::from(range) << RANGE_SHIFT..(u64::from(range) + 1) << RANGE_SHIFT;
            let upto = rows.end.min(end);
            if rows.start >= upto {
                continue;
            }
            let assets = self.columns.asset.all().get(index(rows.start)..index(upto)).unwrap_or_default();
            for (n, _) in assets.iter().enumerate().rev().filter(|(_, a)| **a == asset) {
                let row = rows.start + n as u64;
                let (tx, _) = self.columns.tx_of_row(row, self.counts())?;
                if each(self.stored(row, tx)?).is_break() {
                    return Ok(());
                }
            }
            end = rows.start;
        }
        Ok(())
    }

    /// Returns what came to an account less what went from it, since the ledger's first block and before a transfer; `None` beyond 256 bits.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn moved_before(
        &self,
        account: u32,
        asset: u32,
        number: TransferNumber,
    ) -> Result<Option<SignedAmount>, LedgerError> {
        let before = self.before(number)?;
        self.moved_from(account, asset, number, (&before, self.state(account, asset, before.bound)?))
    }

    /// Returns [`Ledger::least_opening`] and [`Ledger::moved_before`], for which a list is walked once where it is short.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn opening_and_moved(
        &self,
        account: u32,
        asset: u32,
        number: TransferNumber,
    ) -> Result<(Option<Amount>, Option<SignedAmount>), LedgerError> {
        let before = self.before(number)?;
        let (state, end) = self.state_and_end(account, asset, before.bound)?;
        let moved = self.moved_from(account, asset, number, (&before, state))?;
        Ok((end.lowest.signed().map(SignedAmount::magnitude), moved))
    }

    /// Returns what moved before a transfer, from what is known at the bound before it.
    fn moved_from(
        &self,
        account: u32,
        asset: u32,
        number: TransferNumber,
        (&Before { bound, is_second_part }, state): (&Before, State),
    ) -> Result<Option<SignedAmount>, LedgerError> {
        let mut sum = state.sum;
        if is_second_part && asset == NATIVE {
            let mut parts = Vec::new();
            self.entries(account, asset, bound, |entry: Entry| {
                if !entry.is_fee() || entry.number() != bound.tx {
                    return Ok(false);
                }
                parts.extend(self.postings_of_entry(account, entry)?.into_iter().flatten());
                Ok(true)
            })?;
            for part in parts.iter().filter(|p| p.transfer.number < number) {
                sum = sum.plus(limbs_of(part.transfer.amount), part.direction == Direction::Out);
            }
        }
        Ok(sum.signed())
    }

    /// Returns the least that an account held of an asset before the ledger's first block, so that its balance never was negative; `None` beyond
    /// 256 bits. In a ledger that holds the chain from its first block and all moves of the asset it is nothing.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn least_opening(&self, account: u32, asset: u32) -> Result<Option<Amount>, LedgerError> {
        let lowest = self.state(account, asset, Bound::end(self.counts()))?.lowest;
        Ok(lowest.signed().map(SignedAmount::magnitude))
    }

    fn before(&self, number: TransferNumber) -> Result<Before, LedgerError> {
        let Some((tx, block)) = self.tx_of_number(number)? else {
            return Ok(Before { bound: Bound::end(self.counts()), is_second_part: false });
        };
        let rows = self.columns.rows_of_tx(tx, block, self.counts())?;
        let row = number.get().saturating_sub(FEE_SLOTS * tx);
        Ok(Before { bound: Bound { row: row.min(rows.end), tx }, is_second_part: row > rows.end })
    }
}
