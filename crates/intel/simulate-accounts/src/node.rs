//! The economy on real nodes: its transactions are sent, and the nodes make the blocks.
//!
//! The nodes are development nodes that mine when they are told to (anvil with `--no-mining --order fifo --disable-pool-balance-checks --timestamp 1750000000`), one for
//! each chain, with its number and nothing on it. Where gas costs nothing on them (`--base-fee 0 --disable-min-priority-fee`), their balances are
//! the economy's, which then has to be one without fees ([`super::Options::has_fees`]).

use super::{Economy, SimBlock};
use holdfast_evm::node::{Node, NodeError};
use holdfast_evm::{B256, U256};
use serde_json::{Value, json};

/// Why the nodes cannot play the economy.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// A node does not answer, or refuses.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A node has another chain than the economy's.
    #[error("the node has chain {found}, and {expected} is simulated; start it with that number")]
    Chain {
        /// What the node has.
        found: u64,
        /// What is simulated.
        expected: u64,
    },
    /// A node gave a transaction another hash, or made another block.
    #[error("block {height} of chain {chain}: {why}")]
    Block {
        /// Number of the chain.
        chain: u64,
        /// Height.
        height: u64,
        /// What is different.
        why: String,
    },
}

/// Plays an economy on nodes.
#[derive(Debug)]
pub struct Player {
    nodes: [Node; 2],
}

impl Player {
    /// Connects to the nodes, and gives the economy's first accounts their coin there.
    ///
    /// # Errors
    /// [`PlayError`] where a node does not answer or has another chain.
    pub fn new(economy: &Economy, urls: [&str; 2]) -> Result<Self, PlayError> {
        let [first, second] = urls.map(|url| Node::connect(url, None));
        let wrapper = economy.wrapper();
        let nodes = [first?, second?].map(|node| node.with_chain(|chain| chain.with_wrapper(wrapper)));
        for (chain, node) in nodes.iter().enumerate() {
            let (found, expected) = (node.chain().number(), economy.options().chains[chain]);
            if found != expected {
                return Err(PlayError::Chain { found, expected });
            }
            for (address, wei) in economy.genesis(chain) {
                let _: Value = node.call("anvil_setBalance", json!([address, format!("{wei:#x}")]))?;
            }
        }
        Ok(Player { nodes })
    }

    /// Returns the nodes, which know the canonical wrapper.
    #[must_use]
    pub fn nodes(&self) -> &[Node; 2] {
        &self.nodes
    }

    /// Sends a block's transactions and has the node mine them. The economy's first block is what [`Player::new`] gave.
    ///
    /// # Errors
    /// [`PlayError`] where a node does not answer or its block has other transactions.
    pub fn play(&self, block: &SimBlock) -> Result<(), PlayError> {
        let (node, height) = (&self.nodes[block.chain], block.header.number);
        if height == 0 {
            return Ok(());
        }
        let wrong = |why: String| PlayError::Block { chain: block.number, height, why };
        for transaction in &block.transactions {
            let hash: B256 = node.call("eth_sendRawTransaction", json!([transaction.envelope]))?;
            if hash != transaction.hash {
                return Err(wrong(format!("transaction {} has hash {hash} on the node", transaction.hash)));
            }
        }
        let _: Value = node.call("evm_setNextBlockTimestamp", json!([block.header.timestamp]))?;
        let _: Value = node.call("evm_mine", json!([]))?;
        let made: Value = node.call("eth_getBlockByNumber", json!([format!("{height:#x}"), false]))?;
        let expected: Vec<Value> = block.transactions.iter().map(|t| json!(t.hash)).collect();
        let found = made["transactions"].as_array().map(Vec::as_slice).unwrap_or_default();
        if found != expected.as_slice() {
            return Err(wrong(format!("the node's has {} transactions, not these {}", found.len(), expected.len())));
        }
        Ok(())
    }

    /// Returns what an account holds at the node's tip, of its coin or of a token.
    ///
    /// # Errors
    /// [`PlayError`] where the node does not answer.
    pub fn balance(
        &self,
        chain: usize,
        account: holdfast_evm::Address,
        token: Option<holdfast_evm::Address>,
    ) -> Result<U256, PlayError> {
        let node = &self.nodes[chain];
        let Some(token) = token else { return Ok(node.call("eth_getBalance", json!([account, "latest"]))?) };
        let selector = &holdfast_evm::keccak256("balanceOf(address)")[..4];
        let data: Vec<u8> = [selector, account.into_word().as_slice()].concat();
        let data = holdfast_evm::Bytes::from(data);
        Ok(node.call("eth_call", json!([{"to": token, "data": data}, "latest"]))?)
    }
}
