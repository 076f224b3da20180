//! Balances at any height, and the postings that make them.

use crate::columns::{FEE_SLOTS, NATIVE, read};
use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::look_ups::StoredTransfer;
use crate::manifest::Counts;
use crate::postings::{Bound, Entry, State};
use holdfast_types::{Amount, Commitment, Position, SignedAmount, TransferKind};
use std::ops::{ControlFlow, Range};

/// What an account held of an asset before the ledger's first block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Nothing: the ledger holds the chain from its first block.
    Zero,
    /// The first block states it, in a transfer of kind `genesis` or `adjust` before its transactions. It is part of the moves.
    Stated,
    /// The first block states it, and it was proved against the state of the block before (EIP-1186), be it nothing. It is part of the moves.
    Proven,
    /// Nobody knows, but that it was at least so much, since no balance is negative; `None` beyond 256 bits.
    Unknown(Option<Amount>),
}

/// What an account holds of an asset after a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Sum of what came less what went since the ledger's first block; `None` beyond 256 bits.
    pub moved: Option<SignedAmount>,
    /// What was there before.
    pub opening: Opening,
    /// Whether coin moved inside transactions that were not read: the sum may be wrong then.
    pub internal_unknown: bool,
}

impl Balance {
    /// Returns the balance in base units, where it is known: the opening is, and all moves were read.
    #[must_use]
    pub fn known(&self) -> Option<Amount> {
        let moved = self.moved.filter(|m| !m.is_negative() && !self.internal_unknown)?;
        (!matches!(self.opening, Opening::Unknown(_))).then_some(moved.magnitude())
    }

    /// Returns the least that the balance can be, in base units; `None` beyond 256 bits, or where the moves drive it negative.
    #[must_use]
    pub fn least(&self) -> Option<Amount> {
        let opening = if let Opening::Unknown(least) = self.opening { least? } else { Amount::ZERO };
        let least = self.moved?.checked_add(opening.into())?;
        (!least.is_negative()).then_some(least.magnitude())
    }
}

/// Which way a posting moved the balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The account received.
    In,
    /// The account sent.
    Out,
}

/// What moved an account's balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The transfer.
    pub transfer: StoredTransfer,
    /// Which way. A transfer to the account itself makes two postings, out and in.
    pub direction: Direction,
}

/// Whether an asset's transfers agree with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backing {
    /// No balance was ever negative.
    Backed,
    /// Its transfers drove a balance negative: its contract writes logs of what it does not do, or moves what it does not log.
    Unbacked {
        /// Transaction of the first negative balance.
        tx: u64,
        /// Account.
        account: u32,
    },
    /// Nobody can know: the ledger begins after the chain does, or transfers inside transactions were not read.
    Unknown,
}

impl Ledger {
    /// Returns what an account holds of an asset after the last block.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn balance(&self, account: u32, asset: u32) -> Result<Balance, LedgerError> {
        self.balance_before(account, asset, Bound::end(self.counts()))
    }

    /// Returns what an account held of an asset after the block at a height. Walks over a bounded number of postings, from the last stored
    /// running balance.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn balance_at(&self, account: u32, asset: u32, height: u64) -> Result<Balance, LedgerError> {
        self.balance_before(account, asset, self.bound_after(height)?)
    }

    fn balance_before(&self, account: u32, asset: u32, before: Bound) -> Result<Balance, LedgerError> {
        let state = self.state(account, asset, before)?;
        // What must have been there is told by all of the history, not only by what precedes.
        let lowest = if self.is_complete() || before == Bound::end(self.counts()) {
            state.lowest
        } else {
            self.state(account, asset, Bound::end(self.counts()))?.lowest
        };
        let opening = if self.is_complete() {
            Opening::Zero
        } else {
            let stated = self.stated_opening(account, asset)?;
            stated.unwrap_or(Opening::Unknown(lowest.signed().map(SignedAmount::magnitude)))
        };
        let internal_unknown = asset == NATIVE && self.columns.shape.fees && self.blind_before(before)?;
        Ok(Balance { moved: state.sum.signed(), opening, internal_unknown })
    }

    /// Returns what the postings of an account and asset come to just before a moment.
    pub(crate) fn state(&self, account: u32, asset: u32, before: Bound) -> Result<State, LedgerError> {
        let indexed = match &self.index {
            Some(index) => index.state(&self.columns, account, asset, before)?,
            None => State::default(),
        };
        Ok(indexed.then(self.overlay.state(&self.columns, account, asset, before)?))
    }

    /// Returns what the postings of an account and asset come to just before a moment, and at the ledger's end.
    pub(crate) fn state_and_end(&self, account: u32, asset: u32, before: Bound) -> Result<(State, State), LedgerError> {
        let (state, end) = match &self.index {
            Some(index) => index.state_and_end(&self.columns, account, asset, before)?,
            None => (State::default(), State::default()),
        };
        let newer = |bound| self.overlay.state(&self.columns, account, asset, bound);
        Ok((state.then(newer(before)?), end.then(newer(Bound::end(self.counts()))?)))
    }

    /// Returns whether a block before a moment has transfers inside transactions that were not read.
    fn blind_before(&self, before: Bound) -> Result<bool, LedgerError> {
        let Some(last) = before.tx.checked_sub(1) else { return Ok(false) };
        let block = self.columns.block_of_tx(last)?;
        Ok(read(&self.columns.block, "blocks", block)?.blind > 0)
    }

    /// Returns how the ledger's first block states the opening, where the first posting is that.
    fn stated_opening(&self, account: u32, asset: u32) -> Result<Option<Opening>, LedgerError> {
        let mut first = None;
        self.entries(account, asset, Bound { row: 0, tx: 0 }, |entry| {
            first = Some(entry);
            Ok(false)
        })?;
        let Some(entry) = first.filter(|e| !e.is_fee() && !e.is_out()) else { return Ok(None) };
        if !self.columns.rows_of_block(0, self.counts())?.contains(&entry.number()) {
            return Ok(None);
        }
        let (tx, _) = self.columns.tx_of_row(entry.number(), self.counts())?;
        let transfer = self.stored(entry.number(), tx)?;
        let opening = match (transfer.kind, transfer.commitment) {
            (TransferKind::Adjust, Commitment::Root) => Opening::Proven,
            (TransferKind::Adjust | TransferKind::Genesis, _) => Opening::Stated,
            _ => return Ok(None),
        };
        Ok(Some(opening).filter(|_| matches!(transfer.position, Position::BlockStart(_))))
    }

    /// Calls `each` with the entries of an account and asset from a moment on, until it returns `false`.
    pub(crate) fn entries(
        &self,
        account: u32,
        asset: u32,
        from: Bound,
        mut each: impl FnMut(Entry) -> Result<bool, LedgerError>,
    ) -> Result<(), LedgerError> {
        let mut going = true;
        if let Some(index) = &self.index
            && let Some(list) = index.list_of(account, asset)?
        {
            index.entries(&list, from, |entry| {
                going = each(entry)?;
                Ok(going)
            })?;
        }
        if going { self.overlay.entries(account, asset, from, each) } else { Ok(()) }
    }

    /// Calls `each` with the postings of an account and asset in the blocks of a range of heights, in chain order, until it breaks.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn for_each_posting(
        &self,
        account: u32,
        asset: u32,
        heights: Range<u64>,
        mut each: impl FnMut(Posting) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let before = |height: u64| height.checked_sub(1).map_or(Ok(Bound { row: 0, tx: 0 }), |h| self.bound_after(h));
        let (start, end) = (before(heights.start)?, before(heights.end)?);
        let mut near = 0;
        self.entries(account, asset, start, |entry| {
            if !entry.is_before(end) {
                return Ok(false);
            }
            for posting in self.postings_near(account, entry, &mut near)?.into_iter().flatten() {
                if each(posting).is_break() {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }

    /// Returns the postings of an account and asset in the blocks of a range of heights, in chain order, at most `limit`.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn postings(
        &self,
        account: u32,
        asset: u32,
        heights: Range<u64>,
        limit: usize,
    ) -> Result<Vec<Posting>, LedgerError> {
        let mut postings = Vec::new();
        if limit > 0 {
            self.for_each_posting(account, asset, heights, |posting| {
                postings.push(posting);
                if postings.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
        }
        Ok(postings)
    }

    /// Returns the postings that an entry stands for: one, or both parts of a fee.
    pub(crate) fn postings_of_entry(&self, account: u32, entry: Entry) -> Result<[Option<Posting>; 2], LedgerError> {
        self.postings_near(account, entry, &mut 0)
    }

    /// As [`Ledger::postings_of_entry`]; `near` is a block that may have it, and becomes the one that has it.
    pub(crate) fn postings_near(
        &self,
        account: u32,
        entry: Entry,
        near: &mut u64,
    ) -> Result<[Option<Posting>; 2], LedgerError> {
        let direction = if entry.is_out() { Direction::Out } else { Direction::In };
        let posting = |transfer| Posting { transfer, direction };
        let number = entry.number();
        if !entry.is_fee() {
            let (tx, block) = self.columns.tx_of_row_near(*near, number, self.counts())?;
            *near = block;
            return Ok([Some(posting(self.stored(number, tx)?)), None]);
        }
        let block = self.columns.block_of_tx(number)?;
        *near = block;
        let rows_end = self.columns.rows_of_tx(number, block, self.counts())?.end;
        let mut parts = [None; 2];
        for (part, slot) in parts.iter_mut().zip(0..FEE_SLOTS) {
            let transfer = self.fee_part(number, block, rows_end, slot)?;
            *part = transfer.filter(|t| entry.is_out() || t.to == Some(account)).map(posting);
        }
        Ok(parts)
    }

    /// Returns the assets that an account has postings of, rising.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn assets_of(&self, account: u32) -> Result<Vec<u32>, LedgerError> {
        let mut assets: Vec<u32> = Vec::new();
        if let Some(index) = &self.index {
            let (lists, first) = index.rows_of(account)?;
            if index.state.valid == index.state.built {
                // Busy accounts have tens of thousands.
                assets.extend(lists.iter().map(|list| list.asset));
            } else {
                // After a reorganization a list may have nothing left.
                for (number, list) in (first..).zip(lists) {
                    let mut is_left = false;
                    index.entries(&index.bytes_of(number)?, Bound { row: 0, tx: 0 }, |_| {
                        is_left = true;
                        Ok(false)
                    })?;
                    assets.extend(is_left.then_some(list.asset));
                }
            }
        }
        // Both are rising. What later blocks moved is mostly in the index already; what is not is a second run, which a stable sort merges.
        let mut later = Vec::new();
        self.overlay.assets_of(account, |asset| later.push(asset));
        later.retain(|asset| assets.binary_search(asset).is_err());
        if !later.is_empty() {
            assets.extend(later);
            assets.sort();
            assets.dedup();
        }
        Ok(assets)
    }

    /// Returns whether an asset's transfers agree with each other.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn backing(&self, asset: u32) -> Result<Backing, LedgerError> {
        let blind = asset == NATIVE && self.columns.shape.fees && self.blind_before(Bound::end(self.counts()))?;
        if !self.is_complete() || blind || self.counts() == Counts::default() {
            return Ok(Backing::Unknown);
        }
        let indexed = self.index.as_ref().map_or(Ok(None), |index| index.backing(asset))?;
        let first = indexed.or_else(|| self.overlay.backing(asset));
        Ok(first.map_or(Backing::Backed, |(tx, account)| Backing::Unbacked { tx, account }))
    }
}
