//! Verification: the header is hashed again, the transactions root is recomputed, and what a node adds must at least agree with both.

use crate::contract::Contract;
use crate::{Block, BlockError, Header, Info, Transaction};
use holdfast_node::equal;
use std::fmt;

/// A hash that errors print in hexadecimal digits.
#[derive(PartialEq)]
pub(crate) struct Hex<T>(pub(crate) T);

impl<T: AsRef<[u8]>> fmt::Debug for Hex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// A block whose id and transactions root hold. Only [`verify()`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedBlock {
    pub(crate) block: Block,
    pub(crate) infos: Vec<Info>,
    stores_internal: bool,
}

impl VerifiedBlock {
    /// Returns the block.
    #[must_use]
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// Returns what the node adds to the transactions, one for each but in the first block: claims.
    #[must_use]
    pub fn infos(&self) -> &[Info] {
        &self.infos
    }

    /// States that the node stores calls inside transactions, so that none that is listed is none that happened.
    #[must_use]
    pub fn with_internal_stored(self) -> Self {
        VerifiedBlock { stores_internal: true, ..self }
    }

    /// Returns whether moves inside transactions are known: the node stores them, as its user states or the block shows, or no transaction can have any.
    #[must_use]
    pub fn is_internal_known(&self) -> bool {
        let shows = || self.infos.iter().any(|info| !info.internal.is_empty());
        self.stores_internal || !self.block.transactions.iter().any(|t| t.contract.is_call()) || shows()
    }
}

impl Transaction {
    /// Returns whether it succeeded, and whether the transactions root commits to that.
    pub(crate) fn success(&self, info: Option<&Info>) -> (bool, bool) {
        match self.stated_success() {
            Some(success) => (success, true),
            // Blocks hold no transaction of other kinds that failed.
            None if !self.contract.is_call() => (true, true),
            None => (info.is_none_or(|info| !has_failed(info)), false),
        }
    }
}

fn has_failed(info: &Info) -> bool {
    info.failed || info.outcome.success() == Some(false)
}

/// Verifies a block: its id, the id of its parent, its transactions root; and compares what a node adds to its transactions with them.
///
/// # Errors
/// [`BlockError`] names the block and the first field that does not hold.
pub fn verify(block: Block, infos: Vec<Info>) -> Result<VerifiedBlock, BlockError> {
    match check(&block, &infos) {
        Ok(()) => Ok(VerifiedBlock { block, infos, stores_internal: false }),
        Err(e) => Err(e.of_block(block.header.number)),
    }
}

fn check(block: &Block, infos: &[Info]) -> Result<(), BlockError> {
    let header = &block.header;
    header.check()?;
    equal("blockID", &Hex(block.id), &Hex(header.id()))?;
    equal("header.txTrieRoot", &Hex(header.transactions_root), &Hex(block.transactions_root()))?;
    // Nodes have nothing to add to the first block.
    let added = if header.number == 0 { 0 } else { block.transactions.len() };
    equal("infos.length", &infos.len(), &added)?;
    for (i, transaction) in block.transactions.iter().enumerate() {
        check_owner(transaction, header.number).map_err(|e| e.within(format_args!("transactions[{i}]")))?;
    }
    for (i, (info, transaction)) in infos.iter().zip(&block.transactions).enumerate() {
        check_info(header, info, transaction).map_err(|e| e.within(format_args!("infos[{i}]")))?;
    }
    Ok(())
}

fn check_owner(transaction: &Transaction, number: u64) -> Result<(), BlockError> {
    // The first block's transfers come from nobody, and shielded ones may.
    let may_be_nobody = match transaction.contract {
        Contract::Transfer { .. } => number == 0,
        Contract::Shielded => true,
        _ => false,
    };
    match transaction.owner {
        None if !may_be_nobody => Err(BlockError::malformed("raw_data.contract[0].owner_address", "no address")),
        _ => Ok(()),
    }
}

/// Compares what a node adds to a transaction with the transaction and its block's header.
///
/// # Errors
/// [`BlockError`] names the field that does not agree.
pub fn check_info(header: &Header, info: &Info, transaction: &Transaction) -> Result<(), BlockError> {
    equal("id", &Hex(info.id), &Hex(transaction.id))?;
    equal("blockNumber", &info.block, &header.number)?;
    equal("blockTimeStamp", &info.timestamp_ms, &header.timestamp_ms)?;
    let cost = &info.cost;
    let parts = cost.bandwidth.checked_add(cost.energy);
    if parts.is_none_or(|parts| parts > cost.total) || cost.earned > cost.total {
        return Err(BlockError::malformed("fee", format!("{} is less than its parts", cost.total)));
    }
    match transaction.stated_success() {
        Some(success) if transaction.contract.is_call() => equal("result", &!has_failed(info), &success),
        _ => Ok(()),
    }
}
