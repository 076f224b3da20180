//! What a bundle of format 2 holds, file by file. Accounts, assets and transfers are named once and then by their places in these lists.

use crate::nodes::Nodes;
use crate::report::Report;
use holdfast_account_ledger::Assets;
use holdfast_analysis::TraceOptions;
use holdfast_analysis::accounts::Stop;
use holdfast_analysis::bundle::{BundleError, Files, canonical_json, file, parse};
use holdfast_attribution::{Category, Tag};
use holdfast_evm::trace::FrameKind;
use holdfast_types::{Amount, AssetId, ChainId, IssuerAction};
use serde::{Deserialize, Serialize};

/// All of a bundle but its result.
#[derive(Debug)]
pub(crate) struct Contents {
    pub parameters: Parameters,
    pub accounts: Vec<Account>,
    pub assets: Vec<Asset>,
    pub attributions: Vec<Attribution>,
    pub headers: Vec<HeaderEntry>,
    pub transactions: Vec<Transaction>,
    pub nodes: Nodes,
    pub transfers: Vec<Transfer>,
    pub balances: Vec<Balance>,
    pub links: Vec<LinkEntry>,
    pub acts: Vec<ActEntry>,
}

/// The file of [`Contents::acts`], which bundles without any do not have.
const ACTS: &str = "freezes.json";

impl Contents {
    /// Writes the files of a bundle.
    pub fn write(&self, report: &Report) -> Result<Files, BundleError> {
        let mut files = Files::new();
        let mut add = |name: &str, bytes: Vec<u8>| files.insert(name.to_owned(), bytes);
        add("parameters.json", canonical_json(&self.parameters)?);
        add("accounts.json", canonical_json(&self.accounts)?);
        add("assets.json", canonical_json(&self.assets)?);
        add("attributions.json", canonical_json(&self.attributions)?);
        add("headers.json", canonical_json(&self.headers)?);
        add("transactions.json", canonical_json(&self.transactions)?);
        add("nodes.rlp", self.nodes.to_rlp());
        add("transfers.json", canonical_json(&self.transfers)?);
        add("balances.json", canonical_json(&self.balances)?);
        add("links.json", canonical_json(&self.links)?);
        add("result.json", canonical_json(report)?);
        if !self.acts.is_empty() {
            add(ACTS, canonical_json(&self.acts)?);
        }
        Ok(files)
    }

    /// Reads the files of a bundle.
    pub fn read(files: &Files) -> Result<Self, String> {
        fn json<'a, T: Deserialize<'a>>(files: &'a Files, name: &str) -> Result<T, String> {
            parse(name, file(files, name)?)
        }
        Ok(Contents {
            parameters: json(files, "parameters.json")?,
            accounts: json(files, "accounts.json")?,
            assets: json(files, "assets.json")?,
            attributions: json(files, "attributions.json")?,
            headers: json(files, "headers.json")?,
            transactions: json(files, "transactions.json")?,
            nodes: Nodes::from_rlp(file(files, "nodes.rlp")?)?,
            transfers: json(files, "transfers.json")?,
            balances: json(files, "balances.json")?,
            links: json(files, "links.json")?,
            acts: if files.contains_key(ACTS) { json(files, ACTS)? } else { Vec::new() },
        })
    }
}

/// `parameters.json`: what was traced, over what.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Parameters {
    pub chains: Vec<Coverage>,
    pub starts: Vec<Start>,
    pub options: TraceOptions,
    /// By place in `assets.json`.
    pub min_amounts: Vec<(u32, Amount)>,
    pub max_link_error_ppm: u32,
    /// Whether links were crossed where there are any.
    pub has_links: bool,
}

/// What the ledger of a chain held when it was traced over.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Coverage {
    pub chain: ChainId,
    pub assets: Assets,
    pub finality_blocks: u64,
    pub first: Point,
    pub tip: Point,
    /// Blocks whose moves inside transactions were not read.
    pub blind_blocks: u64,
    /// Contracts that were taken as wrappers of the coin, besides those that are known of the chain.
    pub wrappers: Vec<String>,
    /// Contracts that were taken as bridges', with what they are, besides those that are known of the chain.
    pub bridges: Vec<(String, String)>,
    /// Token contracts that were taken as issuers', with the wallet of several owners that owns them, besides those that are known of the chain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<(String, Option<String>)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Point {
    pub height: u64,
    pub hash: String,
    /// Unix seconds.
    pub time: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Start {
    /// By place in `transfers.json`, and how much of it is marked.
    Transfer { transfer: u32, amount: Option<Amount> },
    /// What an account held after a block.
    Balance { account: u32, asset: u32, height: u64, amount: Option<Amount> },
}

/// `accounts.json`: in the order of chains and ledgers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Account {
    pub chain: u16,
    pub address: String,
}

/// `assets.json`: in the order of chains and ledgers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Asset {
    pub chain: u16,
    pub asset: AssetId,
    pub backing: Backing,
    pub internal_unknown: bool,
}

/// Whether the ledger's transfers of an asset agree with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backing {
    /// No balance was ever negative.
    Backed,
    /// A balance was: the asset's contract writes logs of what it does not do, or moves what it does not log.
    Unbacked,
    /// Nobody can know.
    Unknown,
}

/// `attributions.json`: of an account that counts under a category, or at which traces end.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Attribution {
    pub account: u32,
    pub category: Category,
    pub stop: Option<Stop>,
    /// What kind of published contract it is, by the ledger's word.
    pub contract: Option<String>,
    pub basis: Basis,
}

/// What an attribution rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The account's own tags.
    Tags(Vec<Tag>),
    /// A tag of another account of its cluster.
    Cluster {
        /// The tag.
        tag: Box<Tag>,
        /// How the ledger joins the two, step by step: claims.
        joins: Vec<Join>,
    },
    /// The maker's word: the kind of contract, or nothing that the reader may see.
    Word,
}

/// A join of two accounts of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// One account.
    pub from: String,
    /// The other.
    pub to: String,
    /// What joins them.
    pub heuristic: String,
    /// Height of the block that shows it.
    pub height: u64,
}

/// `headers.json`: in the order of chains and heights.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HeaderEntry {
    pub chain: u16,
    pub height: u64,
    /// RLP (EVM) or the message that the id is a hash of (Tron), hex.
    pub header: String,
    /// Whether the moves inside its transactions were read.
    pub internal_known: bool,
}

/// `transactions.json`: in the order of chains, heights and places.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Transaction {
    pub chain: u16,
    pub height: u64,
    pub index: u32,
    pub hash: String,
    /// How many logs stand before its own in the block: a claim but in the first transaction.
    pub logs_before: u32,
    #[serde(flatten)]
    pub proof: Proof,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Proof {
    Evm(EvmProof),
    Tron(TronProof),
}

/// Nodes of tries, by their places in `nodes.rlp`, from the root to the item.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EvmProof {
    pub transaction: Vec<u32>,
    pub receipt: Vec<u32>,
    /// Receipt of the transaction before, which states how much gas the block had used; where the fee is in question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_before: Option<Vec<u32>>,
    /// What the node added to the receipt: claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<ReceiptClaims>,
    /// The sender that the node stated of a transaction that is not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Calls inside it: a claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<Vec<Call>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReceiptClaims {
    pub l1_fee: Option<Amount>,
    pub blob_gas_price: Option<Amount>,
    pub effective_gas_price: Option<Amount>,
}

/// A frame of a trace, in pre-order: the first is the transaction's own.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Call {
    pub kind: FrameKind,
    pub from: String,
    pub to: Option<String>,
    /// Wei.
    pub value: Amount,
    pub failed: bool,
    pub depth: u32,
    /// Logs that were written between this frame's beginning and the next one's.
    pub logs: u32,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TronProof {
    /// The message that was signed, hex.
    pub raw: String,
    pub signatures: Vec<String>,
    /// Fee, whether it failed, and how the machine ended, as the block states them.
    pub results: Vec<(u64, bool, u32)>,
    /// Neighbours from the transaction up, and whether each stands on the left.
    pub steps: Vec<(String, bool)>,
    pub info: TronInfo,
}

/// What the node adds to a transaction of Tron: all claims.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TronInfo {
    pub failed: bool,
    pub outcome: u32,
    /// Total, bandwidth, energy, earned; energy used, of creator, bandwidth used.
    pub cost: [u64; 7],
    pub logs: Vec<TronLog>,
    pub internal: Vec<TronInternal>,
    pub issued: Option<u64>,
    /// Withdrawn, unfrozen, returned; exchange received, injected, withdrawn.
    pub amounts: [u64; 6],
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TronLog {
    pub address: String,
    pub topics: Vec<String>,
    pub data: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TronInternal {
    pub from: Option<String>,
    pub to: Option<String>,
    pub amounts: Vec<(Option<u64>, u64)>,
    pub note: String,
    pub rejected: bool,
}

/// `transfers.json`: in the order of chains and execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Transfer {
    pub chain: u16,
    pub height: u64,
    /// The transaction's number in its block; none of what happens outside transactions.
    pub index: Option<u32>,
    pub position: String,
    pub kind: String,
    pub asset: u32,
    pub from: Option<u32>,
    pub to: Option<u32>,
    pub amount: Amount,
}

/// `balances.json`: of each account and asset that the trace looked at.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Balance {
    pub account: u32,
    pub asset: u32,
    /// The least that was there before the ledger's first block; none beyond 256 bits.
    pub opening: Option<Amount>,
    pub spans: Vec<Span>,
}

/// A range of transfers, by their places in `transfers.json`, among which those of the account and asset are all that the ledger has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Span {
    pub from: u32,
    pub to: u32,
    /// Whether it begins with the ledger.
    pub is_first: bool,
    /// Whether it ends with the ledger.
    pub is_last: bool,
    /// What the account held before it; none beyond 256 bits.
    pub balance: Option<Amount>,
}

/// `freezes.json`: what issuers of tokens did with accounts of the trace, or proposed to do; in the order of chains and places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ActEntry {
    pub chain: u16,
    pub height: u64,
    /// The transaction's number in its block.
    pub index: u32,
    pub position: String,
    /// By place in `accounts.json`.
    pub account: u32,
    /// The token; it need not be one that the trace follows.
    pub asset: AssetId,
    pub action: IssuerAction,
    /// Number of the proposal in the issuer's wallet; none where it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<u64>,
    /// Base units that were destroyed, where the event states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
}

/// `links.json`: what the trace was told of links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LinkEntry {
    pub from: LinkedTransfer,
    pub from_piece: (Amount, Amount),
    pub to: LinkedTransfer,
    pub to_piece: (Amount, Amount),
    pub kind: holdfast_analysis::links::LinkKind,
    pub basis: holdfast_analysis::links::Basis,
    pub error_ppm: Option<u32>,
    pub rank: u32,
    pub evidence: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LinkedTransfer {
    /// By place in `transfers.json`.
    Transfer(u32),
    /// On a chain that the trace does not hold: a number that parts such links.
    Elsewhere(u64),
}
