//! Appending blocks, one or millions of transfers at a time.
//!
//! Blocks stream by: what needs no number is written to its columns at once, accounts and assets are numbered within the batch in order of
//! first appearance. At the batch's end they meet the stored ones, either one by one in the index or, when there are many, in one sequential
//! pass over the keys, and the columns of numbers follow. Nothing counts until the manifest is replaced.

mod batch;
mod fees;

use crate::error::LedgerError;
use crate::ledger::{Ledger, MAX_TAIL};
use batch::Batch;
use holdfast_types::BlockTransfers;
use std::ops::ControlFlow;

/// How to append.
#[derive(Clone, Copy, Debug)]
pub struct AppendOptions {
    /// Commit at the latest after this many transactions and transfers.
    pub batch: u64,
    /// Working memory of index builds aimed at, in bytes. A batch takes about 40 bytes a transfer and 60 an account beside it.
    pub memory: usize,
    /// Rebuild the index when more transactions and transfers than this, and an eighth of all, are not in it.
    pub index_after: u64,
}

impl Default for AppendOptions {
    fn default() -> Self {
        AppendOptions { batch: 1_000_000, memory: 512 << 20, index_after: 500_000 }
    }
}

/// What an append did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppendReport {
    /// Blocks appended.
    pub blocks: u64,
    /// Transactions appended; of a ledger of chosen assets those that move one of them.
    pub txs: u64,
    /// Transfers appended, fees included.
    pub transfers: u64,
    /// Transfers left out: of assets that the ledger does not hold.
    pub left_out: u64,
}

/// Called after each block; break to stop cleanly.
pub type OnProgress<'a> = &'a mut dyn FnMut(&AppendReport) -> ControlFlow<()>;

impl Ledger {
    /// Appends blocks and brings the look-ups up to date. Each block must follow the one before: next height, and its parent the last block's hash;
    /// the first block of an empty ledger may be any. Commits at the latest every `options.batch` transfers; when stopped or killed, the last
    /// commit stands.
    ///
    /// # Errors
    /// [`LedgerError`] names block, field and cause; the blocks before it are stored. A stop leaves what was committed.
    pub fn append(
        &mut self,
        blocks: &mut dyn Iterator<Item = BlockTransfers>,
        options: &AppendOptions,
        progress: OnProgress<'_>,
    ) -> Result<AppendReport, LedgerError> {
        self.require_writing()?;
        let mut report = AppendReport::default();
        let mut appended = Ok(true);
        while let Ok(true) = appended {
            appended = self.append_batch(blocks, options, &mut report, progress);
        }
        // What was committed can be looked up, whatever ended the appending.
        let caught_up = self.catch_up(options);
        appended?;
        caught_up?;
        Ok(report)
    }

    /// Appends one block; as [`Ledger::append`].
    ///
    /// # Errors
    /// As [`Ledger::append`].
    pub fn append_block(&mut self, block: BlockTransfers) -> Result<AppendReport, LedgerError> {
        self.append(&mut std::iter::once(block), &AppendOptions::default(), &mut |_| ControlFlow::Continue(()))
    }

    /// Appends blocks until the batch is full. Returns whether there may be more.
    fn append_batch(
        &mut self,
        blocks: &mut dyn Iterator<Item = BlockTransfers>,
        options: &AppendOptions,
        report: &mut AppendReport,
        progress: OnProgress<'_>,
    ) -> Result<bool, LedgerError> {
        let Some(first) = blocks.next() else { return Ok(false) };
        let mut batch = Batch::new(self, &first)?;
        let mut next = Some(first);
        let (mut more, mut refused) = (true, None);
        while let Some(block) = next.take() {
            if let Err(e) = batch.take(&block, report) {
                if batch.is_empty() {
                    return Err(e);
                }
                // Those before it are good.
                refused = Some(e);
                break;
            }
            if progress(report).is_break() {
                return Err(LedgerError::Stopped);
            }
            if batch.weight() < options.batch {
                next = blocks.next();
                more = next.is_some();
            }
        }
        let (counts, first) = batch.finish(self)?;
        self.manifest_mut().first.get_or_insert(first);
        self.commit(counts)?;
        refused.map_or(Ok(more), Err)
    }

    /// Rebuilds the index when much is not in it, and else extends the overlay.
    fn catch_up(&mut self, options: &AppendOptions) -> Result<(), LedgerError> {
        let most = options.index_after.max(self.indexed().weight() / 8).min(MAX_TAIL);
        if self.behind() > most { self.rebuild_index(options.memory) } else { self.extend_overlay() }
    }
}
