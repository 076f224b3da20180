//! What is found in a block beside its transfers, and what keeps it beside a ledger. What that is (links, signals) is the caller's.

use holdfast_account_ledger::Ledger;
use holdfast_types::{BlockTransfers, ErrorKind};
use std::error::Error;

/// Looks into verified blocks while they are read, several at once: ledgers store neither logs nor signals.
pub trait Find: Send + Sync {
    /// What is found in a block.
    type Found: std::fmt::Debug + Send;

    /// Looks into a block of an EVM chain, whose transfers were read.
    fn evm(&self, verified: &holdfast_evm::VerifiedBlock, transfers: &BlockTransfers) -> Self::Found;

    /// Looks into a block of Tron, whose transfers were read.
    fn tron(&self, verified: &holdfast_tron::VerifiedBlock, transfers: &BlockTransfers) -> Self::Found;
}

/// Looks for nothing.
impl Find for () {
    type Found = ();

    fn evm(&self, _: &holdfast_evm::VerifiedBlock, _: &BlockTransfers) {}

    fn tron(&self, _: &holdfast_tron::VerifiedBlock, _: &BlockTransfers) {}
}

/// A block's transfers and signals, with what was found in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadBlock<T> {
    /// Its transfers, with the signals of its transactions.
    pub transfers: BlockTransfers,
    /// What was found in it.
    pub found: T,
}

/// Why what was found is not kept beside the ledger.
#[derive(Debug, thiserror::Error)]
#[error("beside the ledger: {why}")]
pub struct SinkError {
    /// Its kind.
    pub kind: ErrorKind,
    /// The cause.
    #[source]
    pub why: Box<dyn Error + Send + Sync>,
}

/// Keeps what is found in blocks beside a ledger. It gets every block before the ledger does, so that the ledger never holds one that was not looked into;
/// what it has beyond the ledger after a kill is cut back.
pub trait BlockSink {
    /// What is found in a block.
    type Found;

    /// Removes what is of no block of the ledger. Called before blocks are appended, and after blocks were removed from the ledger.
    ///
    /// # Errors
    /// [`SinkError`].
    fn keep_to(&mut self, ledger: &Ledger) -> Result<(), SinkError>;

    /// Takes the blocks that the ledger appends next. They are committed when it returns.
    ///
    /// # Errors
    /// [`SinkError`]; nothing of these blocks is kept then, and the same can be tried with fewer.
    fn append(&mut self, blocks: &[ReadBlock<Self::Found>]) -> Result<(), SinkError>;
}

/// Keeps nothing.
impl BlockSink for () {
    type Found = ();

    fn keep_to(&mut self, _: &Ledger) -> Result<(), SinkError> {
        Ok(())
    }

    fn append(&mut self, _: &[ReadBlock<()>]) -> Result<(), SinkError> {
        Ok(())
    }
}
