//! Postings: what moved an account's balance of an asset, in chain order. How they are found in the columns, and how lists of them are written.
//!
//! A list is a sequence of variable-length integers (LEB128), one an entry: the number of the stored transfer, or of the transaction whose fee it
//! is, less the last number of that kind in the list, with two bits below.

use crate::columns::{BlockRow, Columns, Fee, NATIVE, NONE_U32, read};
use crate::error::LedgerError;
use crate::manifest::Counts;
use crate::numbers::{Limbs, Sum, index, widen};
use crate::rows;
use bytemuck::Pod;
use holdfast_columns::Column;
use std::path::PathBuf;

/// Greatest number of a transfer or transaction in a posting.
pub(crate) const MAX_NUMBER: u64 = (1 << 38) - 1;

/// What moved a balance: number above two bits, whether it is a fee's transaction (bit 1) or a stored transfer, and whether it went out (bit 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry(pub(crate) u64);

impl Entry {
    #[inline]
    pub(crate) fn transfer(row: u64, out: bool) -> Self {
        Entry(row << 2 | u64::from(out))
    }

    #[inline]
    pub(crate) fn fee(tx: u64, out: bool) -> Self {
        Entry(tx << 2 | 2 | u64::from(out))
    }

    #[inline]
    pub(crate) fn number(self) -> u64 {
        self.0 >> 2
    }

    #[inline]
    pub(crate) fn is_fee(self) -> bool {
        self.0 & 2 != 0
    }

    #[inline]
    pub(crate) fn is_out(self) -> bool {
        self.0 & 1 != 0
    }

    #[inline]
    pub(crate) fn is_before(self, bound: Bound) -> bool {
        self.number() < if self.is_fee() { bound.tx } else { bound.row }
    }
}

/// A moment in the chain: before the transfer with number `row` and the fee of transaction `tx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) row: u64,
    pub(crate) tx: u64,
}

impl Bound {
    pub(crate) fn end(counts: Counts) -> Self {
        Bound { row: counts.transfers, tx: counts.txs }
    }

    #[must_use]
    pub(crate) fn min(self, other: Bound) -> Self {
        Bound { row: self.row.min(other.row), tx: self.tx.min(other.tx) }
    }
}

/// A balance while a list is walked: the sum so far, and the lowest that it has been (at most zero).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) sum: Sum,
    pub(crate) lowest: Sum,
}

impl State {
    #[inline]
    pub(crate) fn step(&mut self, amount: Limbs, out: bool) {
        self.sum = self.sum.plus(amount, out);
        if out && self.sum < self.lowest {
            self.lowest = self.sum;
        }
    }

    /// Returns the state after both lists.
    #[must_use]
    pub(crate) fn then(self, next: State) -> Self {
        State { sum: self.sum.added(next.sum), lowest: self.lowest.min(self.sum.added(next.lowest)) }
    }
}

/// The last numbers of a list, of transfers and of fees, which the next entry is written against.
pub(crate) type Last = [u64; 2];

/// Appends an entry to a list.
pub(crate) fn write(entry: Entry, last: &mut Last, list: &mut Vec<u8>) {
    let last = &mut last[usize::from(entry.is_fee())];
    let mut left = (entry.number() - *last) << 2 | entry.0 & 3;
    *last = entry.number();
    loop {
        let [low, ..] = left.to_le_bytes();
        left >>= 7;
        if left == 0 {
            return list.push(low & 0x7f);
        }
        list.push(low | 0x80);
    }
}

/// Reads a list.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) last: Last,
}

impl Iterator for Reader<'_> {
    /// `None` inside where the bytes are no entry.
    type Item = Option<Entry>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.bytes.is_empty() {
            return None;
        }
        let mut value = 0u64;
        for (n, byte) in self.bytes.iter().enumerate().take(9) {
            value |= u64::from(byte & 0x7f) << (7 * n);
            if byte & 0x80 == 0 {
                self.bytes = &self.bytes[n + 1..];
                let last = &mut self.last[usize::from(value & 2 != 0)];
                *last = last.saturating_add(value >> 2);
                return Some((*last <= MAX_NUMBER).then_some(Entry(*last << 2 | value & 3)));
            }
        }
        self.bytes = &[];
        Some(None)
    }
}

/// Reads a column's values in order, without mapping.
pub(crate) struct Cursor<'a, T> {
    column: &'a Column<T>,
    file: &'static str,
    next: u64,
    end: u64,
    buffer: Vec<T>,
    at: usize,
}

impl<'a, T: Pod> Cursor<'a, T> {
    const BUFFERED: u64 = 1 << 14;

    pub(crate) fn new(column: &'a Column<T>, file: &'static str, next: u64, end: u64) -> Self {
        Cursor { column, file, next, end, buffer: Vec::new(), at: 0 }
    }

    #[inline]
    pub(crate) fn next(&mut self) -> Result<T, LedgerError> {
        if self.at == self.buffer.len() {
            self.fill()?;
        }
        let value = self.buffer[self.at];
        self.at += 1;
        Ok(value)
    }

    fn fill(&mut self) -> Result<(), LedgerError> {
        let n = (self.end - self.next.min(self.end)).min(Self::BUFFERED);
        if n == 0 {
            return Err(LedgerError::damaged(self.file, self.next, "it is not stored"));
        }
        self.buffer.resize(index(n), T::zeroed());
        let read = self.column.read_into(self.next, &mut self.buffer);
        read.map_err(|e| LedgerError::Io(PathBuf::from(self.file), e))?;
        self.next += n;
        self.at = 0;
        Ok(())
    }
}

/// A posting as the columns give it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) account: u32,
    pub(crate) asset: u32,
    pub(crate) entry: Entry,
    /// The stored amount; of fees, which have 56 bits, the amount itself.
    pub(crate) cell: u64,
}

/// Calls `each` with every posting of the blocks between two states of the ledger, in chain order.
pub(crate) fn scan(
    columns: &Columns,
    from: Counts,
    to: Counts,
    mut each: impl FnMut(Found) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let fees = columns.shape.fees;
    let mut first = Cursor::new(&columns.tx_first, "tx.first-transfer", from.txs, to.txs);
    let mut payer = Cursor::new(&columns.tx_payer, "tx.payer", from.txs, to.txs);
    let mut burn = Cursor::new(&columns.tx_burn, "tx.burn", from.txs, to.txs);
    let mut total = Cursor::new(&columns.tx_fee, "tx.fee", from.txs, to.txs);
    let mut rows = Rows::new(columns, from, to);
    for number in from.blocks..to.blocks {
        let block = read(&columns.block, "blocks", number)?;
        let (txs, of_block) = (columns.txs_of(number, to)?, columns.rows_of_block(number, to)?);
        let misplaced = |tx| LedgerError::damaged("tx.first-transfer", tx, "its transfers are not in order");
        let mut row = of_block.start;
        if !txs.is_empty() && widen(first.next()?) != 0 {
            return Err(misplaced(txs.start));
        }
        for tx in txs.clone() {
            let end = if tx + 1 < txs.end { of_block.start + widen(first.next()?) } else { of_block.end };
            if end < row || end > of_block.end {
                return Err(misplaced(tx));
            }
            while row < end {
                let (asset, sender, receiver, cell) = rows.next()?;
                if sender != NONE_U32 {
                    each(Found { account: sender, asset, entry: Entry::transfer(row, true), cell })?;
                }
                if receiver != NONE_U32 {
                    each(Found { account: receiver, asset, entry: Entry::transfer(row, false), cell })?;
                }
                row += 1;
            }
            let payer = payer.next()?;
            if !fees {
                continue;
            }
            let (units, total) = (burn.next()?, widen(total.next()?));
            let fee = Fee::new(total, units, block.fee_unit, tx)?;
            if total == 0 {
                continue;
            }
            each(Found { account: payer, asset: NATIVE, entry: Entry::fee(tx, true), cell: total })?;
            let receivers = [block.tip_to, if block.burn_to == block.tip_to { NONE_U32 } else { block.burn_to }];
            for account in receivers.into_iter().filter(|a| *a != NONE_U32) {
                let received = fee.received(account, &block);
                if received > 0 {
                    each(Found { account, asset: NATIVE, entry: Entry::fee(tx, false), cell: received })?;
                }
            }
        }
        if row != of_block.end {
            return Err(LedgerError::damaged("blocks", number, "it has transfers without a transaction"));
        }
    }
    Ok(())
}

/// The cursors over the transfers that postings come from.
struct Rows<'a> {
    asset: Cursor<'a, u32>,
    from: Cursor<'a, u32>,
    to: Cursor<'a, u32>,
    amount: Cursor<'a, u64>,
}

impl<'a> Rows<'a> {
    fn new(columns: &'a Columns, from: Counts, to: Counts) -> Self {
        let (start, end) = (from.transfers, to.transfers);
        Rows {
            asset: Cursor::new(&columns.asset, "transfer.asset", start, end),
            from: Cursor::new(&columns.from, "transfer.from", start, end),
            to: Cursor::new(&columns.to, "transfer.to", start, end),
            amount: Cursor::new(&columns.amount, "transfer.amount", start, end),
        }
    }

    #[inline]
    fn next(&mut self) -> Result<(u32, u32, u32, u64), LedgerError> {
        Ok((self.asset.next()?, self.from.next()?, self.to.next()?, self.amount.next()?))
    }
}

/// Returns the amount of a posting from what lies beside it.
#[inline]
pub(crate) fn amount_beside(columns: &Columns, entry: Entry, cell: u64) -> Result<Limbs, LedgerError> {
    if entry.is_fee() { Ok([cell, 0, 0, 0]) } else { rows::amount(cell, columns.wide.all(), entry.number()) }
}

/// Reads amounts of postings, of which many that follow each other are in one block.
pub(crate) struct Amounts<'a> {
    columns: &'a Columns,
    account: u32,
    /// The last block, its number, and the first transaction after it.
    block: Option<(BlockRow, u64, u64)>,
}

/// Entries whose amounts are read together: a read that waits for memory lets the next ones begin.
const TOGETHER: usize = 32;

impl<'a> Amounts<'a> {
    pub(crate) fn of(columns: &'a Columns, account: u32) -> Self {
        Amounts { columns, account, block: None }
    }

    /// Calls `each` with the entries of a list before a moment, and their amounts; `None` inside the list is `damage`.
    pub(crate) fn for_each_before(
        &mut self,
        list: &mut impl Iterator<Item = Option<Entry>>,
        before: Bound,
        damage: impl Fn() -> LedgerError,
        mut each: impl FnMut(Entry, Limbs),
    ) -> Result<(), LedgerError> {
        let (mut part, mut cells) = ([Entry(0); TOGETHER], [0; TOGETHER]);
        loop {
            let mut n = 0;
            while n < TOGETHER {
                let Some(entry) = list.next() else { break };
                let entry = entry.ok_or_else(&damage)?;
                if !entry.is_before(before) {
                    break;
                }
                part[n] = entry;
                n += 1;
            }
            for (cell, entry) in cells.iter_mut().zip(&part[..n]) {
                *cell = self.cell(*entry)?;
            }
            for (cell, entry) in cells.iter().zip(&part[..n]) {
                each(*entry, self.beside(*entry, *cell)?);
            }
            if n < TOGETHER {
                return Ok(());
            }
        }
    }

    /// Returns what is stored of an entry's amount: of fees that were received nothing, for they take more reads.
    #[inline]
    fn cell(&self, entry: Entry) -> Result<u64, LedgerError> {
        match (entry.is_fee(), entry.is_out()) {
            (false, _) => read(&self.columns.amount, "transfer.amount", entry.number()),
            (true, true) => self.columns.fee_total(entry.number()),
            (true, false) => Ok(0),
        }
    }

    /// Returns the amount of a posting from what is stored of it.
    #[inline]
    fn beside(&mut self, entry: Entry, cell: u64) -> Result<Limbs, LedgerError> {
        if entry.is_fee() && !entry.is_out() { self.get(entry) } else { amount_beside(self.columns, entry, cell) }
    }

    /// Returns the amount of a posting.
    #[inline]
    pub(crate) fn get(&mut self, entry: Entry) -> Result<Limbs, LedgerError> {
        let (columns, number) = (self.columns, entry.number());
        if !entry.is_fee() {
            return rows::amount(read(&columns.amount, "transfer.amount", number)?, columns.wide.all(), number);
        }
        if entry.is_out() {
            return Ok([columns.fee_total(number)?, 0, 0, 0]);
        }
        let block = match self.block {
            Some((block, _, end)) if block.first_tx <= number && number < end => block,
            last => {
                let at = match last {
                    Some((_, at, end)) if number >= end => columns.block_of_tx_from(at, number),
                    _ => columns.block_of_tx(number)?,
                };
                let block = read(&columns.block, "blocks", at)?;
                let end = columns.block.all().get(index(at + 1)).map_or(number + 1, |next| next.first_tx);
                self.block.insert((block, at, end)).0
            }
        };
        Ok([columns.fee(number, &block)?.received(self.account, &block), 0, 0, 0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_they_were_written() {
        let mut entries = vec![Entry::transfer(0, true), Entry::transfer(0, false), Entry::fee(0, true)];
        entries.push(Entry::fee(0, false));
        let (mut row, mut tx, mut step) = (0u64, 0u64, 1u64);
        for n in 0..40u64 {
            row += step;
            tx += step / 3;
            entries.push(if n % 3 == 0 { Entry::fee(tx, n % 2 == 0) } else { Entry::transfer(row, n % 2 == 1) });
            step = step * 2 % 0x3_ffff_ffff;
        }
        entries.push(Entry::transfer(MAX_NUMBER, true));
        let (mut bytes, mut last) = (Vec::new(), [0; 2]);
        entries.iter().for_each(|e| write(*e, &mut last, &mut bytes));
        let read: Option<Vec<Entry>> = Reader { bytes: &bytes, last: [0; 2] }.collect();
        assert_eq!(read, Some(entries));
        let bound = Bound { row: 9, tx: 4 };
        assert!(Entry::transfer(8, true).is_before(bound) && !Entry::transfer(9, true).is_before(bound));
        assert!(Entry::fee(3, false).is_before(bound) && !Entry::fee(4, false).is_before(bound));
    }

    #[test]
    fn damaged_lists_end() {
        for bytes in [&[0x80; 20][..], &[0xff; 20], &[0x80]] {
            let read: Vec<_> = Reader { bytes, last: [0; 2] }.collect();
            assert_eq!(read, [None]);
        }
        let read: Vec<_> = Reader { bytes: &[4, 4], last: [MAX_NUMBER; 2] }.collect();
        assert_eq!(read, [None, None]);
    }

    #[test]
    fn states_of_parts_make_the_state_of_the_whole() {
        let moves = [(5, false), (9, true), (3, false), (8, true), (20, false), (1, true)];
        let walk = |moves: &[(u64, bool)]| {
            let mut state = State::default();
            moves.iter().for_each(|(n, out)| state.step([*n, 0, 0, 0], *out));
            state
        };
        for cut in 0..=moves.len() {
            let (a, b) = moves.split_at(cut);
            assert_eq!(walk(a).then(walk(b)), walk(&moves));
        }
        assert_eq!(walk(&moves).lowest.signed().map(|s| s.to_string()), Some("-9".into()));
    }
}
