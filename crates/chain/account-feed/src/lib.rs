//! Blocks of account chains as transfers, whatever they are read from: files ([`files`]) or a node ([`node`]); and following a node into an account
//! ledger, through its reorganizations ([`follow`]).

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod append;
pub mod files;
pub mod follow;
pub mod found;
mod json;
pub mod node;
pub mod openings;

pub use append::append;
pub use files::{FeedError, FileBlocks};
pub use follow::{Fetched, FollowError, FollowReport, fetch, follow, put};
pub use found::{BlockSink, Find, ReadBlock, SinkError};
pub use node::{BlockSource, NodeOptions, NodeSource};
pub use openings::Openings;

use holdfast_evm::{BlockError, Header, allocation};
use holdfast_types::{AccountId, BlockTransfers, ChainId, Issuer};
use std::sync::Arc;

/// What is known of a chain beside its blocks.
#[derive(Clone, Debug, Default)]
pub struct ChainNotes {
    /// Contracts that wrap the chain's coin, besides those that are known of the chain.
    pub wrappers: Vec<AccountId>,
    /// Contracts whose issuers can freeze accounts, besides those that are known of the chain.
    pub issuers: Vec<Issuer>,
    /// Balances of the first block (EVM): a CSV with the columns `address` and `value` in wei, proved against its header.
    pub genesis: Option<String>,
    /// Balances that mainnet's DAO fork moved (Ethereum): a CSV with the columns `from_address`, `to_address` and `value` in wei.
    pub dao_fork: Option<String>,
    /// What accounts held before the ledger's first block (EVM): [`NodeSource::prove_openings`] reads it.
    pub openings: Option<Arc<Openings>>,
    /// The node stores calls inside transactions (Tron, `vm.saveInternalTx`), which no answer shows where there are none.
    pub has_internal: bool,
}

impl ChainNotes {
    /// Returns an EVM chain with these notes.
    fn evm(&self, chain: holdfast_evm::Chain) -> holdfast_evm::Chain {
        let address =
            |account: &AccountId| <[u8; 20]>::try_from(account.as_bytes()).ok().map(holdfast_evm::Address::from);
        let chain = self.wrappers.iter().filter_map(address).fold(chain, holdfast_evm::Chain::with_wrapper);
        self.issuers.iter().cloned().fold(chain, holdfast_evm::Chain::with_issuer)
    }

    /// Returns a chain of Tron with these notes.
    fn tron(&self, chain: holdfast_tron::Chain) -> holdfast_tron::Chain {
        let chain = self.wrappers.iter().copied().fold(chain, holdfast_tron::Chain::with_wrapper);
        self.issuers.iter().cloned().fold(chain, holdfast_tron::Chain::with_issuer)
    }

    /// Adds what a block moves outside its transactions and does not state: the balances of the first one, the DAO fork.
    fn complete(&self, header: &Header, block: &mut BlockTransfers) -> Result<(), BlockError> {
        if let (0, Some(csv)) = (block.height, &self.genesis) {
            block.block_level.extend(allocation::genesis(csv, header)?);
        }
        if let (allocation::DAO_HEIGHT, "eip155:1", Some(csv)) = (block.height, block.chain.as_str(), &self.dao_fork) {
            // The fork moves balances before the block's transactions.
            let moved = allocation::dao(csv)?;
            block.block_level.splice(0..0, moved);
        }
        self.openings.as_ref().map_or(Ok(()), |openings| openings.complete(block))
    }
}

/// Returns whether blocks of a chain can be read here.
#[must_use]
pub fn is_readable(chain: &ChainId) -> bool {
    matches!(chain.namespace(), "tron") || holdfast_evm::Chain::from_id(chain).is_some()
}
