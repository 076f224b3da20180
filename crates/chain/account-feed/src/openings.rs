//! What accounts held before a ledger's first block, proved against the state root of the block before it (`eth_getProof`, EIP-1186).

use holdfast_evm::{Address, B256, BlockError, allocation, node::Node};
use holdfast_node::NodeError;
use holdfast_types::{AccountId, BlockTransfers, Hash32, Position, Transfer};
use std::collections::HashSet;

/// Most accounts whose balances are read at once.
const AT_ONCE: usize = 500;
/// Most accounts whose balances are read.
pub const MOST_OPENINGS: usize = 1_000_000;

/// Proved balances of the chain's coin before a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Openings {
    /// Height of the block that states them: a ledger's first one.
    first: u64,
    /// Hash of the block before it, whose state root they are proved against.
    parent: Hash32,
    transfers: Vec<Transfer>,
    accounts: usize,
}

impl Openings {
    /// Reads and proves what accounts held before a block.
    ///
    /// # Errors
    /// [`NodeError`]; [`NodeError::Block`] where the block before it or a proof does not hold.
    pub(crate) fn read(node: &Node, first: u64, accounts: &[AccountId]) -> Result<Self, NodeError> {
        let shape = |why: String| NodeError::Shape("opening balances".into(), why);
        let before = first.checked_sub(1).ok_or_else(|| shape("nothing precedes block 0".into()))?;
        if accounts.len() > MOST_OPENINGS {
            return Err(shape(format!("{} accounts are more than {MOST_OPENINGS}", accounts.len())));
        }
        let address = |account: &AccountId| {
            let bytes =
                <[u8; 20]>::try_from(account.as_bytes()).map_err(|_| shape("an account is of another chain".into()));
            bytes.map(Address::from)
        };
        let mut addresses: Vec<Address> = accounts.iter().map(address).collect::<Result<_, _>>()?;
        // One that is named twice has its balance once.
        let mut seen = HashSet::new();
        addresses.retain(|address| seen.insert(*address));
        let verified = node.blocks(before..first)?;
        let block = verified.first().ok_or_else(|| shape(format!("the node has no block {before}")))?.block();
        let mut balances = Vec::with_capacity(addresses.len());
        for part in addresses.chunks(AT_ONCE) {
            balances.extend(part.iter().copied().zip(node.balances(part, &block.header)?));
        }
        let transfers = allocation::openings(&balances);
        Ok(Openings { first, parent: block.hash.0, transfers, accounts: addresses.len() })
    }

    /// Returns how many accounts were asked for, and how many of them held something.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.accounts, self.transfers.iter().filter(|opening| !opening.amount.is_zero()).count())
    }

    /// States the balances in the block that they precede. Other blocks stay as they are.
    ///
    /// # Errors
    /// [`BlockError`] where the block is not the one after that whose state they are.
    pub(crate) fn complete(&self, block: &mut BlockTransfers) -> Result<(), BlockError> {
        if block.height != self.first {
            return Ok(());
        }
        if block.parent != self.parent {
            let (stated, proved) = (B256::from(block.parent), B256::from(self.parent));
            return Err(BlockError::mismatch("header.parentHash", stated, proved).of_block(block.height));
        }
        let count = u32::try_from(self.transfers.len()).unwrap_or(u32::MAX);
        // What else precedes the block's transactions comes behind them.
        for transfer in &mut block.block_level {
            if let Position::BlockStart(n) = &mut transfer.position {
                *n = n.saturating_add(count);
            }
        }
        block.block_level.splice(0..0, self.transfers.iter().copied());
        Ok(())
    }
}
