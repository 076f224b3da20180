//! Blocks of a node as transfers. Nodes are connected to when they are first needed, and again after a fault.

use crate::ChainNotes;
use crate::found::{Find, ReadBlock};
use crate::openings::Openings;
use holdfast_node::NodeError;
use holdfast_types::{AccountId, ChainId, Hash32};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// A node whose blocks are read as transfers.
pub trait BlockSource: Send {
    /// What is found in a block.
    type Found;

    /// Returns height and hash of the node's best block.
    ///
    /// # Errors
    /// [`NodeError`].
    fn tip(&mut self) -> Result<(u64, Hash32), NodeError>;

    /// Returns the hash of the best chain's block at a height; `None` above the tip.
    ///
    /// # Errors
    /// [`NodeError`].
    fn hash_at(&mut self, height: u64) -> Result<Option<Hash32>, NodeError>;

    /// Returns the verified blocks of a range of heights as transfers, as far as the chain goes and in one piece.
    ///
    /// # Errors
    /// [`NodeError`]; [`NodeError::Block`] where a block does not hold, or the chain changed while it was read: read again.
    fn blocks(&mut self, heights: Range<u64>) -> Result<Vec<ReadBlock<Self::Found>>, NodeError>;
}

/// How a node is read.
#[derive(Clone, Debug, Default)]
pub struct NodeOptions {
    /// Its address, such as `http://127.0.0.1:8545`; of Tron that of java-tron's HTTP interface.
    pub url: String,
    /// What opens it: the value of the header `Authorization` (EVM) or `TRON-PRO-API-KEY` (Tron).
    pub key: Option<String>,
    /// Whether traces are not read, so that coin that moves inside transactions stays unknown (EVM).
    pub without_traces: bool,
    /// What is known of the chain.
    pub notes: ChainNotes,
}

enum Connected {
    Evm(Box<holdfast_evm::node::Node>),
    Tron(Box<holdfast_tron::node::Node>),
}

/// A node of a chain.
pub struct NodeSource<F = ()> {
    chain: ChainId,
    finder: F,
    options: NodeOptions,
    connected: Option<Connected>,
}

impl<F> std::fmt::Debug for NodeSource<F> {
    // Neither address nor key: both may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeSource").field("chain", &self.chain).finish_non_exhaustive()
    }
}

impl<F: Find> NodeSource<F> {
    /// Returns a node of a chain, which is connected to when it is first needed. `finder` looks into its blocks.
    #[must_use]
    pub fn new(chain: ChainId, options: NodeOptions, finder: F) -> Self {
        NodeSource { chain, finder, options, connected: None }
    }

    /// Reads what accounts held of the chain's coin before a block, proved against the state root of the block before it, and has the block state it: the
    /// first one of a ledger that begins late. The node must have that block's state. Returns what was read.
    ///
    /// # Errors
    /// [`NodeError`]; [`NodeError::Block`] where a proof does not hold. Tron's blocks commit to no state.
    pub fn prove_openings(&mut self, first: u64, accounts: &[AccountId]) -> Result<Arc<Openings>, NodeError> {
        let openings = match self.node()? {
            Connected::Evm(node) => Arc::new(Openings::read(node, first, accounts)?),
            Connected::Tron(_) => {
                let why = "no header of this chain commits to balances, so that none can be proved";
                return Err(NodeError::Shape("opening balances".into(), why.into()));
            }
        };
        self.options.notes.openings = Some(openings.clone());
        Ok(openings)
    }

    fn connect(&self) -> Result<Connected, NodeError> {
        let NodeOptions { url, key, without_traces, notes } = &self.options;
        let (connected, found) = if self.chain.namespace() == "tron" {
            let key = key.clone().map(|key| ("TRON-PRO-API-KEY".to_owned(), key));
            let mut node = holdfast_tron::node::Node::connect(url, key)?.with_chain(|chain| notes.tron(chain));
            if notes.has_internal {
                node = node.with_internal_stored();
            }
            let found = node.chain().id().clone();
            (Connected::Tron(Box::new(node)), found)
        } else {
            let mut node = holdfast_evm::node::Node::connect(url, key.clone())?.with_chain(|chain| notes.evm(chain));
            if *without_traces {
                node = node.without_traces();
            }
            let found = node.chain().id().clone();
            (Connected::Evm(Box::new(node)), found)
        };
        match found == self.chain {
            true => Ok(connected),
            false => Err(NodeError::Shape("chain id".into(), format!("the node has {found}, not {}", self.chain))),
        }
    }

    fn node(&mut self) -> Result<&mut Connected, NodeError> {
        let connected = match self.connected.take() {
            Some(connected) => connected,
            None => self.connect()?,
        };
        Ok(self.connected.insert(connected))
    }
}

impl<F: Find> BlockSource for NodeSource<F> {
    type Found = F::Found;

    fn tip(&mut self) -> Result<(u64, Hash32), NodeError> {
        match self.node()? {
            Connected::Evm(node) => node.tip(holdfast_evm::node::Tag::Latest).map(|(height, hash)| (height, hash.0)),
            Connected::Tron(node) => node.tip(holdfast_tron::node::Tag::Latest),
        }
    }

    fn hash_at(&mut self, height: u64) -> Result<Option<Hash32>, NodeError> {
        match self.node()? {
            Connected::Evm(node) => Ok(node.hash_at(height)?.map(|hash| hash.0)),
            Connected::Tron(node) => node.hash_at(height),
        }
    }

    fn blocks(&mut self, heights: Range<u64>) -> Result<Vec<ReadBlock<F::Found>>, NodeError> {
        self.node()?;
        let NodeSource { finder, options, connected, .. } = self;
        match connected {
            Some(Connected::Evm(node)) => {
                let verified = node.blocks(heights)?;
                let chain = node.chain();
                let read = verified.par_iter().map(|block| -> Result<ReadBlock<F::Found>, NodeError> {
                    let mut transfers = holdfast_evm::transfers(chain, block);
                    options.notes.complete(&block.block().header, &mut transfers)?;
                    let found = finder.evm(block, &transfers);
                    Ok(ReadBlock { transfers, found })
                });
                read.collect()
            }
            Some(Connected::Tron(node)) => {
                let verified = node.blocks(heights)?;
                node.learn(&verified)?;
                let chain = node.chain();
                let read = verified.par_iter().map(|block| {
                    let transfers = holdfast_tron::transfers(chain, block);
                    let found = finder.tron(block, &transfers);
                    ReadBlock { transfers, found }
                });
                Ok(read.collect())
            }
            None => Ok(Vec::new()),
        }
    }
}
