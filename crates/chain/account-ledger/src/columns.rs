//! The columns of a ledger: one array for each property of blocks, transactions and transfers, and the keys of accounts and assets.

use crate::error::LedgerError;
use crate::keys::AssetKey;
use crate::manifest::{Counts, Settings};
use crate::numbers::{index, widen};
use crate::rows::flag;
use bytemuck::{Pod, Zeroable};
use holdfast_columns::{Column, ColumnFile};
use holdfast_types::Hash32;
use std::io;
use std::ops::Range;
use std::path::Path;

/// "None" in columns of 32-bit numbers.
pub const NONE_U32: u32 = u32::MAX;

/// The asset number of the chain's own coin, in ledgers that hold it.
pub const NATIVE: u32 = 0;

/// Transfer numbers that each transaction has after its stored transfers: for the burnt and the tipped part of its fee.
pub(crate) const FEE_SLOTS: u64 = 2;

/// A stored block.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, packed)]
pub struct BlockRow {
    pub(crate) hash: Hash32,
    /// Unix seconds.
    pub(crate) time: u64,
    pub(crate) first_tx: u64,
    pub(crate) first_transfer: u64,
    pub(crate) first_wide: u64,
    /// What the burnt part of its fees is a multiple of.
    pub(crate) fee_unit: u64,
    /// Blocks up to this one whose transfers inside transactions are unknown.
    pub(crate) blind: u64,
    pub(crate) first_account: u32,
    pub(crate) first_asset: u32,
    /// Account that the tipped part of its fees goes to, or [`NONE_U32`].
    pub(crate) tip_to: u32,
    /// Account that the burnt part of its fees goes to, or [`NONE_U32`] where it is destroyed.
    pub(crate) burn_to: u32,
}

/// What decides the lengths of columns beside the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Bytes of an account.
    pub(crate) account_bytes: u64,
    /// Whether fees are held: where the chain's coin is.
    pub(crate) fees: bool,
}

impl Shape {
    pub(crate) fn of(settings: &Settings) -> Self {
        Shape { account_bytes: settings.account_bytes(), fees: settings.assets.native() }
    }

    fn fee_rows(self, counts: Counts) -> u64 {
        if self.fees { counts.txs } else { 0 }
    }
}

macro_rules! columns {
    ($($(#[$doc:meta])* $field:ident: $type:ty, $name:literal, $rows:expr;)*) => {
        /// All columns.
        #[derive(Debug)]
        pub(crate) struct Columns {
            pub(crate) shape: Shape,
            $($(#[$doc])* pub(crate) $field: Column<$type>,)*
        }

        impl Columns {
            pub(crate) fn open(dir: &Path, shape: Shape, counts: Counts, write: bool) -> io::Result<Self> {
                $(let $field = Column::open(dir, $name, ($rows)(shape, counts), write)
                    .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", $name)))?;)*
                Ok(Columns { shape, $($field,)* })
            }

            pub(crate) fn commit(&mut self, counts: Counts) -> io::Result<()> {
                let shape = self.shape;
                $(self.$field.commit(($rows)(shape, counts))
                    .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", $name)))?;)*
                Ok(())
            }

            /// Returns the columns as they are now, for as long as somebody holds them.
            pub(crate) fn snapshot(&self) -> Self {
                Columns { shape: self.shape, $($field: self.$field.snapshot(),)* }
            }

            /// Gives snapshots their own copy of what lies beyond `counts`, which is about to be overwritten.
            pub(crate) fn detach(&self, counts: Counts) -> io::Result<()> {
                let shape = self.shape;
                $(self.$field.detach(($rows)(shape, counts))?;)*
                Ok(())
            }

            /// Returns the columns by the names of their files, each with its number of values.
            pub(crate) fn files(&self, counts: Counts) -> Vec<ColumnFile<'_>> {
                let shape = self.shape;
                vec![$(($name, &self.$field as &dyn holdfast_columns::checksums::Bytes, ($rows)(shape, counts)),)*]
            }
        }
    };
}

columns! {
    block: BlockRow, "blocks", |_: Shape, c: Counts| c.blocks;
    tx_hash: Hash32, "tx.hash", |_: Shape, c: Counts| c.txs;
    /// First transfer, counted from the block's first.
    tx_first: [u8; 3], "tx.first-transfer", |_: Shape, c: Counts| c.txs;
    tx_meta: u32, "tx.meta", |_: Shape, c: Counts| c.txs;
    tx_method: [u8; 4], "tx.method", |_: Shape, c: Counts| c.txs;
    tx_payer: u32, "tx.payer", |_: Shape, c: Counts| c.txs;
    /// The burnt part of the fee, in the block's fee units.
    tx_burn: u32, "tx.burn", |s: Shape, c: Counts| s.fee_rows(c);
    /// The burnt and the tipped part of the fee together.
    tx_fee: [u8; 7], "tx.fee", |s: Shape, c: Counts| s.fee_rows(c);
    asset: u32, "transfer.asset", |_: Shape, c: Counts| c.transfers;
    from: u32, "transfer.from", |_: Shape, c: Counts| c.transfers;
    to: u32, "transfer.to", |_: Shape, c: Counts| c.transfers;
    amount: u64, "transfer.amount", |_: Shape, c: Counts| c.transfers;
    meta: u32, "transfer.meta", |_: Shape, c: Counts| c.transfers;
    wide: u64, "amount.wide", |_: Shape, c: Counts| c.wide;
    accounts: u8, "accounts", |s: Shape, c: Counts| c.accounts * s.account_bytes;
    assets: AssetKey, "assets", |_: Shape, c: Counts| c.assets;
}

/// Reads a value of a column.
#[inline]
pub(crate) fn read<T: Pod>(column: &Column<T>, file: &'static str, row: u64) -> Result<T, LedgerError> {
    column.all().get(index(row)).copied().ok_or_else(|| LedgerError::damaged(file, row, "it is not stored"))
}

/// The burnt and the tipped part of a transaction's fee, and where they go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fee {
    pub(crate) burn: u64,
    pub(crate) tip: u64,
}

impl Fee {
    /// Makes the parts of what is stored: both together, and the burnt one in units.
    #[inline]
    pub(crate) fn new(total: u64, units: u32, unit: u64, tx: u64) -> Result<Self, LedgerError> {
        let burn = u64::from(units).checked_mul(unit).filter(|burn| *burn <= total);
        let burn = burn.ok_or_else(|| LedgerError::damaged("tx.burn", tx, "it is more than the fee"))?;
        Ok(Fee { burn, tip: total - burn })
    }

    /// Returns what of the fee an account receives.
    #[inline]
    pub(crate) fn received(self, account: u32, block: &BlockRow) -> u64 {
        let tip = if block.tip_to == account { self.tip } else { 0 };
        tip + if block.burn_to == account { self.burn } else { 0 }
    }

    #[inline]
    pub(crate) fn total(self) -> u64 {
        self.burn + self.tip
    }
}

impl Columns {
    /// Returns the block that a transaction is in; the transaction must be stored.
    #[inline]
    pub(crate) fn block_of_tx(&self, tx: u64) -> Result<u64, LedgerError> {
        let number = self.block.all().partition_point(|b| b.first_tx <= tx);
        number.checked_sub(1).map(|n| n as u64).ok_or_else(|| LedgerError::damaged("blocks", 0, "begins too late"))
    }

    /// As [`Columns::block_of_tx`], of a transaction that is not before a block: near ones are found in few steps.
    pub(crate) fn block_of_tx_from(&self, block: u64, tx: u64) -> u64 {
        let later = self.block.all().get(index(block)..).unwrap_or_default();
        let mut end = 1;
        while later.get(end).is_some_and(|b| b.first_tx <= tx) {
            end *= 2;
        }
        let near = &later[end.min(later.len()) / 2..end.min(later.len())];
        let before = (end.min(later.len()) / 2 + near.partition_point(|b| b.first_tx <= tx)) as u64;
        block + before.saturating_sub(1)
    }

    /// Transaction numbers of a block.
    #[inline]
    pub(crate) fn txs_of(&self, block: u64, counts: Counts) -> Result<Range<u64>, LedgerError> {
        let end = if block + 1 < counts.blocks { read(&self.block, "blocks", block + 1)?.first_tx } else { counts.txs };
        let first = read(&self.block, "blocks", block)?.first_tx;
        if first > end || end > counts.txs {
            return Err(LedgerError::damaged("blocks", block, "its transactions are not in order"));
        }
        Ok(first..end)
    }

    /// Transfer rows of a block.
    pub(crate) fn rows_of_block(&self, block: u64, counts: Counts) -> Result<Range<u64>, LedgerError> {
        let next = block + 1;
        let end =
            if next < counts.blocks { read(&self.block, "blocks", next)?.first_transfer } else { counts.transfers };
        let first = read(&self.block, "blocks", block)?.first_transfer;
        if first > end || end > counts.transfers {
            return Err(LedgerError::damaged("blocks", block, "its transfers are not in order"));
        }
        Ok(first..end)
    }

    /// Transfer rows of a transaction in a block.
    #[inline]
    pub(crate) fn rows_of_tx(&self, tx: u64, block: u64, counts: Counts) -> Result<Range<u64>, LedgerError> {
        let row = read(&self.block, "blocks", block)?;
        let first = row.first_transfer + widen(read(&self.tx_first, "tx.first-transfer", tx)?);
        let (next_block, next) = (block + 1, tx + 1);
        let end = if next_block < counts.blocks && read(&self.block, "blocks", next_block)?.first_tx == next {
            read(&self.block, "blocks", next_block)?.first_transfer
        } else if next < counts.txs {
            row.first_transfer + widen(read(&self.tx_first, "tx.first-transfer", next)?)
        } else {
            counts.transfers
        };
        if first > end || end > counts.transfers {
            return Err(LedgerError::damaged("tx.first-transfer", tx, "its transfers are not in order"));
        }
        Ok(first..end)
    }

    /// Returns the transaction that a stored transfer belongs to, and its block.
    pub(crate) fn tx_of_row(&self, row: u64, counts: Counts) -> Result<(u64, u64), LedgerError> {
        let block = self.block.all().partition_point(|b| b.first_transfer <= row) as u64;
        let block = block.checked_sub(1).ok_or_else(|| LedgerError::damaged("blocks", 0, "begins too late"))?;
        self.tx_of_row_in(block, row, counts)
    }

    /// As [`Columns::tx_of_row`], where a block may hold it: postings of an account that follow each other are often of one block.
    pub(crate) fn tx_of_row_near(&self, block: u64, row: u64, counts: Counts) -> Result<(u64, u64), LedgerError> {
        let first = |block: u64| self.block.all().get(index(block)).map(|b| b.first_transfer);
        let is_in = first(block).is_some_and(|first| first <= row) && first(block + 1).is_none_or(|next| next > row);
        if is_in { self.tx_of_row_in(block, row, counts) } else { self.tx_of_row(row, counts) }
    }

    fn tx_of_row_in(&self, block: u64, row: u64, counts: Counts) -> Result<(u64, u64), LedgerError> {
        let first_row = read(&self.block, "blocks", block)?.first_transfer;
        let txs = self.txs_of(block, counts)?;
        let starts = self.tx_first.all().get(index(txs.start)..index(txs.end)).unwrap_or_default();
        let before = starts.partition_point(|s| first_row + widen(*s) <= row) as u64;
        let within = before.checked_sub(1);
        let within = within.ok_or_else(|| LedgerError::damaged("tx.first-transfer", txs.start, "begins too late"))?;
        Ok((txs.start + within, block))
    }

    /// Returns the parts of a transaction's fee that lie with it.
    #[inline]
    pub(crate) fn fee(&self, tx: u64, block: &BlockRow) -> Result<Fee, LedgerError> {
        if !self.shape.fees {
            return Ok(Fee::default());
        }
        let units = read(&self.tx_burn, "tx.burn", tx)?;
        Fee::new(self.fee_total(tx)?, units, block.fee_unit, tx)
    }

    /// Returns both parts together of a transaction's fee.
    #[inline]
    pub(crate) fn fee_total(&self, tx: u64) -> Result<u64, LedgerError> {
        Ok(widen(read(&self.tx_fee, "tx.fee", tx)?))
    }

    /// Returns the bytes of an account.
    #[inline]
    pub(crate) fn account(&self, account: u32) -> Result<&[u8], LedgerError> {
        let bytes = self.shape.account_bytes;
        let from = u64::from(account) * bytes;
        let key = self.accounts.all().get(index(from)..index(from + bytes));
        key.ok_or_else(|| LedgerError::damaged("accounts", u64::from(account), "it is not stored"))
    }

    /// Returns whether a transaction number stands for one side of a block.
    pub(crate) fn is_block_side(meta: u32) -> bool {
        meta & (flag::START | flag::END) != 0
    }
}
