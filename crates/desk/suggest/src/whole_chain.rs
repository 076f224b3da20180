//! Counts of accounts over their whole chain, from the table that `holdfast-analytics features` gave and `install` brought back. They cost one look-up an
//! account, and are as of the block of the table.

use crate::SuggestError;
use holdfast_account_ledger::Ledger;
use holdfast_figures::{FiguresError, Snapshot};
use holdfast_models::whole_chain::{COUNTS, features};
use std::path::Path;

/// The kernel whose table has the counts.
const TABLE: &str = "features";

/// The installed counts of a chain.
pub(crate) struct WholeChain {
    table: Snapshot,
}

impl WholeChain {
    /// Opens the table in the chain's folder.
    ///
    /// # Errors
    /// [`SuggestError::State`] where none is installed, it is damaged or lacks a count, or its block has left the chain, by which its numbers of accounts no longer hold.
    pub(crate) fn open(dir: &Path, ledger: &Ledger) -> Result<Self, SuggestError> {
        let unusable = |why: String| SuggestError::State(format!("figures of the whole chain: {why}"));
        let table = Snapshot::open(dir, TABLE).map_err(|e| unusable(e.to_string()))?.ok_or_else(|| {
            unusable(
                "the table `features` is not installed; see `holdfast-analytics install` in the documentation"
                    .to_owned(),
            )
        })?;
        let head = table.head();
        if let Some(lacks) = COUNTS.iter().find(|name| head.columns.iter().all(|c| c.name != **name)) {
            return Err(unusable(format!("the table has no column {lacks}; compute and install it again")));
        }
        let block = &head.as_of_block;
        let stored = ledger.block_at(block.height)?.map(|info| hex::encode(info.hash));
        if stored.is_none_or(|hash| !block.is(&hash)) {
            return Err(unusable(format!(
                "they are as of block {} {}, which is not in the chain as it is stored; export, compute and install them again",
                block.height, block.hash
            )));
        }
        Ok(WholeChain { table })
    }

    /// Returns the height of the block that the counts are as of.
    pub(crate) fn height(&self) -> u64 {
        self.table.head().as_of_block.height
    }

    /// Returns the features of an account; `None` where it appeared after the table's block.
    pub(crate) fn of(&self, account: u32) -> Result<Option<Vec<f64>>, SuggestError> {
        let damaged = |e: FiguresError| SuggestError::State(e.to_string());
        let Some(row) = self.table.row(account.into()).map_err(damaged)? else { return Ok(None) };
        let value =
            |name| row.iter().find(|(column, _)| *column == name).map_or(0, |(_, n)| u64::try_from(*n).unwrap_or(0));
        Ok(Some(features(&COUNTS.map(value))))
    }
}
