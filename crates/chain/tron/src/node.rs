//! Live nodes by java-tron's HTTP interface: blocks with what the node adds to their transactions.
//!
//! Blocks are verified, so a node can withhold but not invent them. What it adds (fees, logs, calls inside transactions) is a claim.

use crate::contract::{Contract, Token};
use crate::{Block, Chain, VerifiedBlock, json, verify};
use holdfast_node::{Client, Limits, equal, parse};
use holdfast_types::{Hash32, TokenRef};
use serde::Deserialize;
use serde_json::{Value, json};
use std::ops::Range;
use std::time::Duration;

pub use holdfast_node::NodeError;

/// A block has at most 2 MB, which JSON makes tenfold; what the node adds is no more.
pub(crate) const LIMITS: Limits = Limits { time: Duration::from_secs(60), answer: 128 << 20, tries: 4 };
/// Most blocks that are read at once.
const MAX_BLOCKS: usize = 1_000;
/// Most bytes of an answer that is an error.
const MAX_FAULT: usize = 1_000;

/// Which block counts as the tip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// The newest.
    Latest,
    /// The newest that cannot be reorganized: 19 of 27 producers have built on it.
    Finalized,
}

/// A node's HTTP interface.
#[derive(Debug)]
pub struct Node {
    client: Client,
    /// Where the interface to final blocks is, if not behind the same URL.
    solidity: Option<Client>,
    key: Key,
    chain: Chain,
    stores_internal: bool,
}

/// A header that opens a node: its name and value, which no message shows.
#[derive(Clone, Default)]
pub(crate) struct Key(pub(crate) Option<(String, String)>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "a key" } else { "no key" })
    }
}

impl Key {
    pub(crate) fn header(&self) -> Option<(&str, &str)> {
        self.0.as_ref().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Node {
    /// Connects to `http://host:port` and reads which chain the node has. `key` is a header that opens it, such as `TRON-PRO-API-KEY`.
    ///
    /// # Errors
    /// [`NodeError`] where it does not answer.
    pub fn connect(url: &str, key: Option<(String, String)>) -> Result<Self, NodeError> {
        let (client, key) = (Client::new(url, LIMITS), Key(key));
        let mut node = Node { client, solidity: None, key, chain: Chain::mainnet(), stores_internal: false };
        let first = node.hash_at(0)?;
        let none = || NodeError::Shape("wallet/getblockbynum".into(), "the node has no first block".into());
        node.chain = Chain::of_first_block(&first.ok_or_else(none)?);
        Ok(node)
    }

    /// Reads final blocks from another URL: java-tron has them on a port of their own.
    #[must_use]
    pub fn with_solidity(self, url: &str) -> Self {
        Node { solidity: Some(Client::new(url, LIMITS)), ..self }
    }

    /// States that the node stores calls inside transactions (`vm.saveInternalTx`), which no answer shows where there are none.
    #[must_use]
    pub fn with_internal_stored(self) -> Self {
        Node { stores_internal: true, ..self }
    }

    /// Changes what is known of the chain, such as further wrappers.
    #[must_use]
    pub fn with_chain(self, change: impl FnOnce(Chain) -> Chain) -> Self {
        Node { chain: change(self.chain.clone()), ..self }
    }

    /// Returns the node's chain.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Returns height and id of the tip.
    ///
    /// # Errors
    /// [`NodeError`].
    pub fn tip(&self, tag: Tag) -> Result<(u64, Hash32), NodeError> {
        let answer = match tag {
            Tag::Latest => self.call("wallet/getnowblock", &json!({}))?,
            Tag::Finalized => {
                let client = self.solidity.as_ref().unwrap_or(&self.client);
                self.call_of(client, "walletsolidity/getnowblock", &json!({}))?
            }
        };
        let (header, id) = json::head(&answer)?;
        Ok((header.number, id))
    }

    /// Returns the id of the best chain's block at a height; `None` above the tip.
    ///
    /// # Errors
    /// [`NodeError`]; [`NodeError::Block`] where it is not the header's.
    pub fn hash_at(&self, height: u64) -> Result<Option<Hash32>, NodeError> {
        let answer = self.call("wallet/getblockbynum", &json!({"num": height}))?;
        if is_nothing(&answer) {
            return Ok(None);
        }
        let (header, id) = json::head(&answer)?;
        equal("header.number", &header.number, &height).map_err(|e| e.of_block(height))?;
        Ok(Some(id))
    }

    /// Returns the verified blocks of a range of heights, as far as the chain goes (at most 1,000) and in one piece: each block is the parent of the next.
    ///
    /// # Errors
    /// [`NodeError`]; [`NodeError::Block`] where a block does not hold, or where the chain changed while it was read: read again.
    pub fn blocks(&self, heights: Range<u64>) -> Result<Vec<VerifiedBlock>, NodeError> {
        let mut blocks: Vec<VerifiedBlock> = Vec::new();
        for height in heights.take(MAX_BLOCKS) {
            let Some(block) = self.block(height)? else { break };
            if let Some(before) = blocks.last() {
                let (parent, before) =
                    (crate::verify::Hex(block.block.header.parent), crate::verify::Hex(before.block.id));
                equal("header.parentHash", &parent, &before).map_err(|e| e.of_block(height))?;
            }
            blocks.push(block);
        }
        Ok(blocks)
    }

    fn block(&self, height: u64) -> Result<Option<VerifiedBlock>, NodeError> {
        let answer = self.call("wallet/getblockbynum", &json!({"num": height}))?;
        if is_nothing(&answer) {
            return Ok(None);
        }
        let block: Block = json::block(&answer)?;
        equal("header.number", &block.header.number, &height).map_err(|e| e.of_block(height))?;
        let infos = if height == 0 || block.transactions.is_empty() {
            Vec::new()
        } else {
            let answer = self.call("wallet/gettransactioninfobyblocknum", &json!({"num": height}))?;
            json::infos(&answer).map_err(|e| e.of_block(height))?
        };
        let verified = verify(block, infos)?;
        Ok(Some(if self.stores_internal { verified.with_internal_stored() } else { verified }))
    }

    /// Reads what the transactions of blocks need and no block states: pairs of exchanges, names and rates of tokens. What the node does not know stays
    /// unknown.
    ///
    /// # Errors
    /// [`NodeError`].
    pub fn learn(&mut self, blocks: &[VerifiedBlock]) -> Result<(), NodeError> {
        for transaction in blocks.iter().flat_map(|block| &block.block.transactions) {
            match &transaction.contract {
                Contract::TransferAsset { token, .. } => self.learn_name(token)?,
                Contract::Participate { token, .. } => {
                    self.learn_name(token)?;
                    self.learn_rate(token)?;
                }
                Contract::ExchangeCreate(pair) => pair.iter().try_for_each(|(token, _)| self.learn_name(token))?,
                Contract::ExchangeInject { exchange, token, .. }
                | Contract::ExchangeWithdraw { exchange, token, .. }
                | Contract::ExchangeTrade { exchange, token, .. } => {
                    self.learn_name(token)?;
                    self.learn_exchange(*exchange, token)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn learn_name(&mut self, token: &Token) -> Result<(), NodeError> {
        match token {
            Token::Name(name) if self.chain.token(token).is_none() => {
                self.learn_token("wallet/getassetissuebyname", &hex::encode(name), Some(name))
            }
            _ => Ok(()),
        }
    }

    fn learn_rate(&mut self, token: &Token) -> Result<(), NodeError> {
        match self.chain.token(token) {
            Some(known @ TokenRef::Trc10(number)) if self.chain.bought(known, 1).is_none() => {
                self.learn_token("wallet/getassetissuebyid", &number.to_string(), None)
            }
            _ => Ok(()),
        }
    }

    fn learn_token(&mut self, method: &str, value: &str, name: Option<&[u8]>) -> Result<(), NodeError> {
        #[derive(Deserialize)]
        struct Issued {
            id: json::TokenNumber,
            #[serde(default)]
            trx_num: u64,
            #[serde(default)]
            num: u64,
        }
        // Nodes answer with an error where no token has the name, or several.
        let Some(answer) = self.call_if_known(method, &json!({"value": value}))? else { return Ok(()) };
        if let Ok(issued) = parse::<Issued>(&answer, method)
            && let Some(number) = issued.id.0
        {
            self.chain.add_token(number, name, (issued.trx_num, issued.num));
        }
        Ok(())
    }

    fn learn_exchange(&mut self, exchange: u64, token: &Token) -> Result<(), NodeError> {
        #[derive(Deserialize)]
        struct Pair {
            first_token_id: json::Hex,
            second_token_id: json::Hex,
        }
        let known = self.chain.token(token);
        if known.is_none_or(|known| self.chain.other_of_pair(exchange, known).is_some()) {
            return Ok(());
        }
        let answer = self.call_if_known("wallet/getexchangebyid", &json!({"id": exchange}))?;
        let Some(answer) = answer else { return Ok(()) };
        if let Ok(pair) = parse::<Pair>(&answer, "exchange") {
            let pair = [pair.first_token_id, pair.second_token_id].map(|id| Token::read(&id.0));
            for token in &pair {
                self.learn_name(token)?;
            }
            if let [Some(first), Some(second)] = pair.map(|token| self.chain.token(&token)) {
                self.chain.add_exchange(exchange, [first, second]);
            }
        }
        Ok(())
    }

    fn call(&self, method: &str, body: &Value) -> Result<Vec<u8>, NodeError> {
        self.call_of(&self.client, method, body)
    }

    /// Returns `None` where the node refuses.
    fn call_if_known(&self, method: &str, body: &Value) -> Result<Option<Vec<u8>>, NodeError> {
        match self.call(method, body) {
            Err(NodeError::Rpc { .. }) => Ok(None),
            answer => answer.map(Some),
        }
    }

    fn call_of(&self, client: &Client, method: &str, body: &Value) -> Result<Vec<u8>, NodeError> {
        #[derive(Deserialize)]
        struct Fault {
            #[serde(rename = "Error")]
            message: String,
        }
        let answer = client.post(&format!("/{method}"), self.key.header(), body)?;
        // A block is read once, not twice.
        if answer.len() > MAX_FAULT {
            return Ok(answer);
        }
        match serde_json::from_slice::<Fault>(&answer) {
            Ok(Fault { message }) => Err(NodeError::Rpc { method: method.to_owned(), code: 0, message }),
            Err(_) => Ok(answer),
        }
    }
}

/// Returns whether a node's answer is that it has none.
fn is_nothing(answer: &[u8]) -> bool {
    answer.trim_ascii() == b"{}"
}
