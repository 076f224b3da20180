//! Look-ups: blocks, transactions, transfers, accounts and assets, by number and by what explorers print.

use crate::columns::{Columns, FEE_SLOTS, NATIVE, NONE_U32, read};
use crate::error::LedgerError;
use crate::index::RANGE_SHIFT;
use crate::keys::{AssetKey, asset_key, token_of};
use crate::ledger::Ledger;
use crate::numbers::{amount_of, index, widen};
use crate::postings::Bound;
use crate::rows::{self, flag};
use holdfast_types::{AccountId, Amount, Commitment, Hash32, Position, TokenRef, TransferKind};
use rayon::prelude::*;
use std::ops::{ControlFlow, Range};

/// Number of a transfer, rising in the order of execution. Fees' burnt and tipped parts have numbers too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferNumber(u64);

impl TransferNumber {
    /// Makes a number that a ledger gave.
    #[must_use]
    pub fn new(number: u64) -> Self {
        TransferNumber(number)
    }

    /// Returns the number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }

    pub(crate) fn of_row(row: u64, tx: u64) -> Self {
        TransferNumber(row + FEE_SLOTS * tx)
    }
}

/// A stored block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockInfo {
    /// Position in the ledger.
    pub number: u64,
    /// Height in its chain.
    pub height: u64,
    /// Hash.
    pub hash: Hash32,
    /// Unix seconds.
    pub time: u64,
    /// Numbers of its transactions, with those that stand for its sides.
    pub txs: Range<u64>,
    /// Whether transfers inside its transactions were read.
    pub internal_known: bool,
}

/// A stored transaction, or one side of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TxInfo {
    /// Number in the ledger.
    pub number: u64,
    /// Hash; of a side, the block's.
    pub hash: Hash32,
    /// Position of its block in the ledger.
    pub block: u64,
    /// Number in its block.
    pub index: u32,
    /// Account that sent it and pays its fee; none of a side.
    pub payer: Option<u32>,
    /// Whether it succeeded.
    pub success: bool,
    /// First four bytes of its call data.
    pub method: Option<[u8; 4]>,
    /// Whether it stands for what happens outside the block's transactions.
    pub is_block_side: bool,
}

/// A stored transfer. Accounts and assets are the ledger's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredTransfer {
    /// Number, in the order of execution.
    pub number: TransferNumber,
    /// Its transaction.
    pub tx: u64,
    /// What moved.
    pub asset: u32,
    /// Sender; none where it came into being.
    pub from: Option<u32>,
    /// Receiver; none where it was destroyed.
    pub to: Option<u32>,
    /// How much, in base units.
    pub amount: Amount,
    /// Kind.
    pub kind: TransferKind,
    /// Where in the block.
    pub position: Position,
    /// What commits to it.
    pub commitment: Commitment,
}

fn some(account: u32) -> Option<u32> {
    (account != NONE_U32).then_some(account)
}

/// Returns whether a hash begins with hexadecimal digits.
fn begins(hash: &Hash32, digits: &[u8]) -> bool {
    digits.len() <= 64
        && hash.iter().zip(digits.chunks(2)).all(|(byte, digits)| match digits {
            [high, low] => *byte == high << 4 | low,
            [high] => byte >> 4 == *high,
            _ => true,
        })
}

impl Ledger {
    /// Returns the first block; none in an empty ledger.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn first(&self) -> Result<Option<BlockInfo>, LedgerError> {
        (self.counts().blocks > 0).then(|| self.block(0)).transpose()
    }

    /// Returns the last block; none in an empty ledger.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn tip(&self) -> Result<Option<BlockInfo>, LedgerError> {
        self.counts().blocks.checked_sub(1).map(|last| self.block(last)).transpose()
    }

    /// Height of the last block that is final by the ledger's policy.
    #[must_use]
    pub fn final_height(&self) -> Option<u64> {
        let (first, _) = self.manifest.first.as_ref()?;
        let before = self.counts().blocks.checked_sub(1 + self.settings().finality_blocks)?;
        Some(first + before)
    }

    /// Returns in how many stored blocks transfers inside transactions were not read.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn blind_blocks(&self) -> Result<u64, LedgerError> {
        let last = self.counts().blocks.checked_sub(1);
        last.map_or(Ok(0), |last| Ok(read(&self.columns.block, "blocks", last)?.blind))
    }

    /// Returns a block by its position in the ledger.
    ///
    /// # Errors
    /// [`LedgerError::NotStored`], [`LedgerError::Damaged`].
    pub fn block(&self, number: u64) -> Result<BlockInfo, LedgerError> {
        let counts = self.counts();
        let first = self.manifest.first.as_ref().filter(|_| number < counts.blocks);
        let (first, _) = first.ok_or(LedgerError::NotStored("block", number))?;
        let row = read(&self.columns.block, "blocks", number)?;
        let before = if number == 0 { 0 } else { read(&self.columns.block, "blocks", number - 1)?.blind };
        Ok(BlockInfo {
            number,
            height: first.saturating_add(number),
            hash: row.hash,
            time: row.time,
            txs: self.columns.txs_of(number, counts)?,
            internal_known: row.blind == before,
        })
    }

    /// Returns the block at a height; none where it is not stored.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn block_at(&self, height: u64) -> Result<Option<BlockInfo>, LedgerError> {
        let number = self.manifest.first.as_ref().and_then(|(first, _)| height.checked_sub(*first));
        number.filter(|n| *n < self.counts().blocks).map(|n| self.block(n)).transpose()
    }

    /// Returns the block with a hash among the newest; none where it is not among them. Nothing is indexed: each of them is compared.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn block_by_hash(&self, hash: &Hash32, newest: u64) -> Result<Option<BlockInfo>, LedgerError> {
        let blocks = self.counts().blocks;
        let from = blocks.saturating_sub(newest);
        let rows = self.columns.block.all().get(index(from)..index(blocks)).unwrap_or_default();
        let found = rows.iter().rposition(|row| row.hash == *hash);
        found.map(|n| self.block(from + n as u64)).transpose()
    }

    /// Returns the newest blocks, among so many, whose hashes begin with hexadecimal digits (values 0 to 15), at most `limit`.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn blocks_beginning(&self, digits: &[u8], newest: u64, limit: usize) -> Result<Vec<BlockInfo>, LedgerError> {
        let blocks = self.counts().blocks;
        let from = blocks.saturating_sub(newest);
        let rows = self.columns.block.all().get(index(from)..index(blocks)).unwrap_or_default();
        let found = rows.iter().enumerate().rev().filter(|(_, row)| begins(&row.hash, digits)).take(limit);
        found.map(|(n, _)| self.block(from + n as u64)).collect()
    }

    /// Returns the newest transactions, among so many, whose hashes begin with hexadecimal digits (values 0 to 15), at most `limit`.
    #[must_use]
    pub fn txs_beginning(&self, digits: &[u8], newest: u64, limit: usize) -> Vec<u64> {
        let txs = self.counts().txs;
        let from = txs.saturating_sub(newest);
        let hashes = self.columns.tx_hash.all().get(index(from)..index(txs)).unwrap_or_default();
        let found = hashes.par_iter().enumerate().filter(|(_, hash)| begins(hash, digits));
        let mut found: Vec<u64> = found.map(|(n, _)| from + n as u64).collect();
        found.reverse();
        found.truncate(limit);
        found
    }

    /// Returns the moment after the block at a height.
    pub(crate) fn bound_after(&self, height: u64) -> Result<Bound, LedgerError> {
        let counts = self.counts();
        let blocks = match &self.manifest.first {
            Some((first, _)) if height >= *first => (height - first).saturating_add(1),
            _ => return Ok(Bound { row: 0, tx: 0 }),
        };
        if blocks >= counts.blocks {
            return Ok(Bound::end(counts));
        }
        let next = read(&self.columns.block, "blocks", blocks)?;
        Ok(Bound { row: next.first_transfer.min(counts.transfers), tx: next.first_tx.min(counts.txs) })
    }

    /// Returns the number of the transaction with a hash; the latest of a repeated one.
    #[must_use]
    pub fn tx_by_hash(&self, hash: &Hash32) -> Option<u64> {
        let newer = self.overlay.tx(&self.columns, hash);
        newer.or_else(|| self.index.as_ref().and_then(|index| index.tx(&self.columns, hash)))
    }

    /// Returns a transaction.
    ///
    /// # Errors
    /// [`LedgerError::NotStored`], [`LedgerError::Damaged`].
    pub fn tx(&self, tx: u64) -> Result<TxInfo, LedgerError> {
        if tx >= self.counts().txs {
            return Err(LedgerError::NotStored("transaction", tx));
        }
        let columns = &self.columns;
        let meta = read(&columns.tx_meta, "tx.meta", tx)?;
        let method = read(&columns.tx_method, "tx.method", tx)?;
        Ok(TxInfo {
            number: tx,
            hash: read(&columns.tx_hash, "tx.hash", tx)?,
            block: columns.block_of_tx(tx)?,
            index: meta & flag::INDEX,
            payer: some(read(&columns.tx_payer, "tx.payer", tx)?),
            success: meta & flag::SUCCESS != 0,
            method: (meta & flag::METHOD != 0).then_some(method),
            is_block_side: Columns::is_block_side(meta),
        })
    }

    /// Returns a transaction's fee; none where the ledger does not hold the chain's coin, or beyond 256 bits.
    ///
    /// # Errors
    /// [`LedgerError::NotStored`], [`LedgerError::Damaged`].
    pub fn fee(&self, tx: u64) -> Result<Option<Amount>, LedgerError> {
        if !self.columns.shape.fees {
            return Ok(None);
        }
        let transfers = self.transfers_of(tx)?;
        Ok(Amount::checked_sum(transfers.iter().filter(|t| t.kind.is_fee()).map(|t| t.amount)))
    }

    /// Returns a transaction's transfers in the order of execution, fees last.
    ///
    /// # Errors
    /// [`LedgerError::NotStored`], [`LedgerError::Damaged`].
    pub fn transfers_of(&self, tx: u64) -> Result<Vec<StoredTransfer>, LedgerError> {
        if tx >= self.counts().txs {
            return Err(LedgerError::NotStored("transaction", tx));
        }
        let block = self.columns.block_of_tx(tx)?;
        let rows = self.columns.rows_of_tx(tx, block, self.counts())?;
        let mut transfers = Vec::with_capacity(index(rows.end - rows.start + FEE_SLOTS).min(1 << 16));
        for row in rows.clone() {
            transfers.push(self.stored(row, tx)?);
        }
        for slot in 0..FEE_SLOTS {
            transfers.extend(self.fee_part(tx, block, rows.end, slot)?);
        }
        Ok(transfers)
    }

    /// Returns the transfer of a row.
    pub(crate) fn stored(&self, row: u64, tx: u64) -> Result<StoredTransfer, LedgerError> {
        let columns = &self.columns;
        let cell = read(&columns.amount, "transfer.amount", row)?;
        let meta = read(&columns.meta, "transfer.meta", row)?;
        let (kind, position, commitment) = rows::decode(meta, cell, columns.wide.all(), row)?;
        Ok(StoredTransfer {
            number: TransferNumber::of_row(row, tx),
            tx,
            asset: read(&columns.asset, "transfer.asset", row)?,
            from: some(read(&columns.from, "transfer.from", row)?),
            to: some(read(&columns.to, "transfer.to", row)?),
            amount: amount_of(rows::amount(cell, columns.wide.all(), row)?),
            kind,
            position,
            commitment,
        })
    }

    /// Returns the burnt (slot 0) or the tipped part (slot 1) of a fee that lies with its transaction.
    pub(crate) fn fee_part(
        &self,
        tx: u64,
        block: u64,
        rows_end: u64,
        slot: u64,
    ) -> Result<Option<StoredTransfer>, LedgerError> {
        let row = read(&self.columns.block, "blocks", block)?;
        let fee = self.columns.fee(tx, &row)?;
        let (amount, to, kind) = match slot {
            0 => (fee.burn, row.burn_to, TransferKind::FeeBurn),
            _ => (fee.tip, row.tip_to, TransferKind::FeeTip),
        };
        if amount == 0 {
            return Ok(None);
        }
        let meta = read(&self.columns.tx_meta, "tx.meta", tx)?;
        Ok(Some(StoredTransfer {
            number: TransferNumber(rows_end + FEE_SLOTS * tx + slot),
            tx,
            asset: NATIVE,
            from: some(read(&self.columns.tx_payer, "tx.payer", tx)?),
            to: some(to),
            amount: amount.into(),
            kind,
            position: Position::Transaction,
            commitment: if meta & flag::FEE_CLAIM == 0 { Commitment::Root } else { Commitment::Claim },
        }))
    }

    /// Returns a transfer by its number.
    ///
    /// # Errors
    /// [`LedgerError::NotStored`], [`LedgerError::Damaged`].
    pub fn transfer(&self, number: TransferNumber) -> Result<StoredTransfer, LedgerError> {
        let none = || LedgerError::NotStored("transfer", number.0);
        let (tx, block) = self.tx_of_number(number)?.ok_or_else(none)?;
        let rows = self.columns.rows_of_tx(tx, block, self.counts())?;
        let row = number.0 - FEE_SLOTS * tx;
        if row < rows.end {
            return self.stored(row, tx);
        }
        let slot = row - rows.end;
        let part = if slot < FEE_SLOTS { self.fee_part(tx, block, rows.end, slot)? } else { None };
        part.ok_or_else(none)
    }

    /// Returns the transaction and the block among whose transfers a number is; none beyond the last.
    pub(crate) fn tx_of_number(&self, TransferNumber(n): TransferNumber) -> Result<Option<(u64, u64)>, LedgerError> {
        let (counts, columns) = (self.counts(), &self.columns);
        let begin = |row: u64, tx: u64| TransferNumber::of_row(row, tx).0;
        if n >= begin(counts.transfers, counts.txs) {
            return Ok(None);
        }
        let block = columns.block.all().partition_point(|b| begin(b.first_transfer, b.first_tx) <= n) as u64;
        let Some(block) = block.checked_sub(1) else { return Ok(None) };
        let first_row = read(&columns.block, "blocks", block)?.first_transfer;
        let txs = columns.txs_of(block, counts)?;
        let starts = columns.tx_first.all().get(index(txs.start)..index(txs.end)).unwrap_or_default();
        // The first transfers rise, and so do these sums: a binary search over them.
        let (mut low, mut high) = (0, starts.len() as u64);
        while low < high {
            let middle = low.midpoint(high);
            let start = read(&columns.tx_first, "tx.first-transfer", txs.start + middle)?;
            if begin(first_row + widen(start), txs.start + middle) <= n { low = middle + 1 } else { high = middle }
        }
        Ok(low.checked_sub(1).map(|within| (txs.start + within, block)))
    }

    /// Returns the number of an account; none where no stored block mentions it.
    #[must_use]
    pub fn account_number(&self, account: &AccountId) -> Option<u32> {
        self.account_by_bytes(account.as_bytes())
    }

    pub(crate) fn account_by_bytes(&self, key: &[u8]) -> Option<u32> {
        let (columns, seed) = (&self.columns, self.manifest.seed);
        let newer = self.overlay.account(columns, seed, key);
        newer.or_else(|| self.index.as_ref().and_then(|index| index.account(columns, seed, key)))
    }

    /// Returns the account with a number.
    ///
    /// # Errors
    /// [`LedgerError::NotStored`], [`LedgerError::Damaged`].
    pub fn account(&self, account: u32) -> Result<AccountId, LedgerError> {
        if u64::from(account) >= self.counts().accounts {
            return Err(LedgerError::NotStored("account", account.into()));
        }
        let bytes = self.columns.account(account)?;
        AccountId::from_bytes(bytes).ok_or_else(|| LedgerError::damaged("accounts", account.into(), "no account"))
    }

    /// Returns the number of an asset; none where no stored block moves it.
    #[must_use]
    pub fn asset_number(&self, token: &TokenRef) -> Option<u32> {
        self.asset_by_key(&asset_key(token))
    }

    pub(crate) fn asset_by_key(&self, key: &AssetKey) -> Option<u32> {
        let (columns, seed) = (&self.columns, self.manifest.seed);
        let newer = self.overlay.asset(columns, seed, key);
        newer.or_else(|| self.index.as_ref().and_then(|index| index.asset(columns, seed, key)))
    }

    /// Returns the asset with a number.
    ///
    /// # Errors
    /// [`LedgerError::NotStored`], [`LedgerError::Damaged`].
    pub fn asset(&self, asset: u32) -> Result<TokenRef, LedgerError> {
        if u64::from(asset) >= self.counts().assets {
            return Err(LedgerError::NotStored("asset", asset.into()));
        }
        let key = read(&self.columns.assets, "assets", asset.into())?;
        let token = token_of(&key, index(self.columns.shape.account_bytes));
        token.ok_or_else(|| LedgerError::damaged("assets", asset.into(), "no asset"))
    }

    /// Returns the ranges of rows with transfers of an asset that the index has and that still hold, rising. The last one may come again in the overlay.
    pub(crate) fn indexed_ranges_of(
        &self,
        asset: u32,
    ) -> Result<impl DoubleEndedIterator<Item = u32> + use<'_>, LedgerError> {
        let indexed = self.index.as_ref().map_or(Ok(&[][..]), |i| i.ranges_of(asset))?;
        let valid = self.indexed().transfers;
        Ok(indexed.iter().copied().filter(move |range| u64::from(*range) << RANGE_SHIFT < valid))
    }

    /// Calls `each` with the transfers of an asset in the blocks of a range of heights, in order, until it breaks.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn for_each_transfer_of_asset(
        &self,
        asset: u32,
        heights: Range<u64>,
        mut each: impl FnMut(StoredTransfer) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let before = |height: u64| height.checked_sub(1).map_or(Ok(Bound { row: 0, tx: 0 }), |h| self.bound_after(h));
        let (start, end) = (before(heights.start)?, before(heights.end)?);
        if asset == NATIVE && self.columns.shape.fees {
            for tx in start.tx..end.tx {
                for transfer in self.transfers_of(tx)?.into_iter().filter(|t| t.asset == NATIVE) {
                    if each(transfer).is_break() {
                        return Ok(());
                    }
                }
            }
            return Ok(());
        }
        let mut done = start.row;
        for range in self.indexed_ranges_of(asset)?.chain(self.overlay.ranges_of(asset)) {
            let rows = u64::from(range) << RANGE_SHIFT..u64::from(range + 1) << RANGE_SHIFT;
            let (from, upto) = (rows.start.max(done), rows.end.min(end.row));
            if from >= upto {
                continue;
            }
            let assets = self.columns.asset.all().get(index(from)..index(upto)).unwrap_or_default();
            for (row, _) in (from..).zip(assets).filter(|(_, a)| **a == asset) {
                let (tx, _) = self.columns.tx_of_row(row, self.counts())?;
                if each(self.stored(row, tx)?).is_break() {
                    return Ok(());
                }
            }
            done = upto;
        }
        Ok(())
    }
}
