//! Live nodes by java-tron's JSON-RPC, the Ethereum form: headers, and transfers of tokens by logs.
//!
//! The form has neither fees nor calls inside transactions, and its `value` is coin or a TRC-10 token, which no field distinguishes: only tokens of contracts
//! can be read from it. A header lacks the version of its rules, which the id gives; transactions cannot be compared with the root.

use crate::node::{Key, LIMITS, NodeError, Tag};
use crate::verify::Hex;
use crate::{BlockError, Chain, Header, json};
use holdfast_evm::found::{Found, Order};
use holdfast_evm::json::Quantity;
use holdfast_evm::{Log, events};
use holdfast_node::{Client, equal};
use holdfast_types::{AccountId, Amount, BlockTransfers, Commitment, Hash32, TransactionTransfers};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A node's JSON-RPC interface.
#[derive(Debug)]
pub struct Rpc {
    client: Client,
    key: Key,
    chain: Chain,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonHeader {
    number: Quantity,
    hash: json::Hash,
    parent_hash: json::Hash,
    timestamp: Quantity,
    transactions_root: json::Hash,
    state_root: json::Hex,
    miner: json::Account,
}

#[derive(Deserialize)]
struct JsonBlock {
    transactions: Vec<JsonTransaction>,
    #[serde(flatten)]
    header: JsonHeader,
}

#[derive(Deserialize)]
struct JsonTransaction {
    hash: json::Hash,
    from: json::Account,
    to: Option<json::Account>,
    #[serde(default)]
    input: json::Hex,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonLog {
    address: json::Account,
    topics: Vec<json::Hash>,
    #[serde(default)]
    data: json::Hex,
    block_hash: json::Hash,
    transaction_hash: json::Hash,
    transaction_index: Quantity,
}

impl JsonHeader {
    /// Returns header and id, which is the header's.
    fn read(self) -> Result<(Header, Hash32), BlockError> {
        let (number, id) = (self.number.0, self.hash.0);
        let missing = || BlockError::malformed("miner", "missing").of_block(number);
        let header = Header {
            // Producers make blocks at whole seconds.
            timestamp_ms: self.timestamp.0.saturating_mul(1_000),
            transactions_root: self.transactions_root.0,
            parent: self.parent_hash.0,
            number,
            witness_id: 0,
            witness: crate::address(&self.miner.0.ok_or_else(missing)?),
            version: 0,
            account_state_root: self.state_root.0,
        };
        header.check().map_err(|e| e.of_block(number))?;
        Ok((header.with_version_of(&id)?, id))
    }
}

impl Rpc {
    /// Connects to a node's JSON-RPC and reads which chain it has. `key` is a header that opens it, such as `TRON-PRO-API-KEY`.
    ///
    /// # Errors
    /// [`NodeError`] where it does not answer.
    pub fn connect(url: &str, key: Option<(String, String)>) -> Result<Self, NodeError> {
        let mut rpc = Rpc { client: Client::new(url, LIMITS), key: Key(key), chain: Chain::mainnet() };
        let number: Quantity = rpc.call("eth_chainId", &json!([]))?;
        let number = u32::try_from(number.0).map_err(|e| NodeError::Shape("eth_chainId".into(), e.to_string()))?;
        rpc.chain = Chain::of_number(number);
        Ok(rpc)
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
        let tag = if tag == Tag::Latest { "latest" } else { "finalized" };
        let header: JsonHeader = self.call("eth_getBlockByNumber", &json!([tag, false]))?;
        let (header, id) = header.read()?;
        Ok((header.number, id))
    }

    /// Returns the header at a height above 0, which gives its id; `None` above the tip.
    ///
    /// # Errors
    /// [`NodeError`]; [`NodeError::Block`] where no version of the rules gives the stated id.
    pub fn header(&self, height: u64) -> Result<Option<Header>, NodeError> {
        let header: Option<JsonHeader> = self.call("eth_getBlockByNumber", &json!([hex(height), false]))?;
        let Some(header) = header else { return Ok(None) };
        let (header, _) = header.read()?;
        equal("number", &header.number, &height).map_err(|e| e.of_block(height))?;
        Ok(Some(header))
    }

    /// Returns the transfers of contracts' tokens at a height above 0, in the transactions that have any; `None` above the tip. All of them are claims,
    /// fees read zero, and coin and TRC-10 tokens are missing: for ledgers of chosen tokens.
    ///
    /// # Errors
    /// [`NodeError`]; [`NodeError::Block`] where the header's id is another, or logs name other transactions.
    pub fn token_transfers(&self, height: u64) -> Result<Option<BlockTransfers>, NodeError> {
        let block: Option<JsonBlock> = self.call("eth_getBlockByNumber", &json!([hex(height), true]))?;
        let Some(JsonBlock { transactions, header }) = block else { return Ok(None) };
        let (header, id) = header.read()?;
        let range = json!({"fromBlock": hex(height), "toBlock": hex(height)});
        let logs: Vec<JsonLog> = self.call("eth_getLogs", &json!([range]))?;
        let listed = self.list(&transactions, logs, &id).map_err(|e| e.of_block(height))?;
        equal("number", &header.number, &height).map_err(|e| e.of_block(height))?;
        Ok(Some(BlockTransfers {
            chain: self.chain.id().clone(),
            height,
            hash: id,
            parent: header.parent,
            time: header.timestamp_ms / 1_000,
            transactions: listed,
            block_level: Vec::new(),
            internal_known: false,
        }))
    }

    fn list(
        &self,
        transactions: &[JsonTransaction],
        logs: Vec<JsonLog>,
        id: &Hash32,
    ) -> Result<Vec<TransactionTransfers>, BlockError> {
        let mut found: Vec<Found> = transactions.iter().map(|_| Found::default()).collect();
        for (number, log) in (0u32..).zip(logs) {
            let named = |e: BlockError| e.within(format_args!("logs[{number}]"));
            equal("blockHash", &Hex(log.block_hash.0), &Hex(*id)).map_err(named)?;
            let index = usize::try_from(log.transaction_index.0).ok();
            let place = index.and_then(|i| Some((transactions.get(i)?, found.get_mut(i)?)));
            let unknown = || named(BlockError::malformed("transactionIndex", "none of the block's"));
            let (transaction, found) = place.ok_or_else(unknown)?;
            equal("transactionHash", &Hex(log.transaction_hash.0), &Hex(transaction.hash.0)).map_err(named)?;
            let contract = log.address.0.unwrap_or(AccountId::ZERO);
            let log: Log = json::machine_log(Some(contract), log.topics, log.data.0);
            let is_wrapper = self.chain.is_wrapper(&contract);
            found.log(&transaction.order(), contract, is_wrapper, number, events::token(&log, is_wrapper));
        }
        let mut listed = Vec::new();
        for ((index, transaction), mut found) in (0u32..).zip(transactions).zip(found) {
            found.settle_wraps(false);
            // Coin that wraps imply is not what this form shows.
            found.transfers.retain(|transfer| transfer.token.contract().is_some());
            if found.transfers.is_empty() && found.signals.is_empty() {
                continue;
            }
            let Order { payer, to, method, .. } = transaction.order();
            listed.push(TransactionTransfers {
                hash: transaction.hash.0,
                index,
                payer,
                to,
                success: true,
                fee: Amount::ZERO,
                method,
                transfers: found.transfers,
                signals: found.signals,
            });
        }
        Ok(listed)
    }

    fn call<T: DeserializeOwned>(&self, method: &str, params: &Value) -> Result<T, NodeError> {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        holdfast_node::result(method, &self.client.post("", self.key.header(), &body)?)
    }
}

impl JsonTransaction {
    fn order(&self) -> Order {
        Order {
            payer: self.from.0.unwrap_or(AccountId::ZERO),
            to: self.to.as_ref().and_then(|to| to.0),
            method: self.input.0.first_chunk().copied(),
            commitment: Commitment::Claim,
        }
    }
}

fn hex(height: u64) -> String {
    format!("{height:#x}")
}
