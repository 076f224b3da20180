//! Answers: what commands, the HTTP API and pages show of addresses, transactions, blocks, entities and paths.

use holdfast_analysis::exposure::{Exposure, Totals};
use holdfast_analysis::report::risk_weight;
use holdfast_analysis::trace::TraceOptions;
use holdfast_attribution::{Category, Tlp};
use serde::{Deserialize, Serialize};

/// What a question names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An address, by number.
    Address(u32),
    /// A transaction, by number.
    Tx(u32),
    /// An output, by number.
    Output(u64),
    /// A block, by position.
    Block(u32),
}

/// A tag, as answers show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagView {
    /// Name given.
    pub label: String,
    /// Where it can be verified.
    pub source: String,
    /// Weightiest concept.
    pub category: Category,
    /// Its risk.
    pub risk: String,
    /// Reliability (GraphSense's scale).
    pub confidence: String,
    /// 0 to 100.
    pub confidence_level: u8,
    /// Actor id and name, where known.
    pub actor: Option<String>,
    /// Pack title.
    pub pack: String,
    /// Pack file.
    pub file: String,
    /// Who made the pack.
    pub creator: String,
    /// Last modification.
    pub lastmod: String,
    /// Whether it holds for the whole cluster.
    pub is_cluster_definer: bool,
    /// Who may read it (TLP 2.0), where it is labelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tlp: Option<Tlp>,
}

/// A tag with the address that it is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagRow {
    /// The address, as its source writes it.
    pub address: String,
    /// Ticker or id of the asset.
    pub asset: String,
    /// Id of a tag of the desk's own, by which it is changed; absent of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<String>,
    /// What it says.
    #[serde(flatten)]
    pub tag: TagView,
}

/// A page of tags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagList {
    /// The last imported first.
    pub tags: Vec<TagRow>,
    /// The number below which the next page begins; none where these are the last.
    pub next: Option<u32>,
}

/// One category's part of an exposure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExposureLine {
    /// Category.
    pub category: Category,
    /// Its risk.
    pub risk: String,
    /// Base units directly from or to it.
    pub direct: u64,
    /// Base units through unattributed addresses.
    pub indirect: u64,
    /// Both, in millionths of the whole.
    pub share_ppm: u64,
}

/// Source and destination of funds by category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExposureView {
    /// Ticker of the asset whose base units the amounts are.
    pub asset: String,
    /// Base units of known amount that the shares are of.
    pub amount: u64,
    /// Where they came from.
    pub source: Vec<ExposureLine>,
    /// Where they went.
    pub destination: Vec<ExposureLine>,
    /// Outputs of unknown amount that the subject received in blocks that are not stored; `amount` and the shares leave them out.
    pub unknown_receipts: u64,
    /// Inputs of unknown amount of the transactions that paid the subject: their part of the source is assumed, not known.
    pub unknown_inputs: Vec<UnknownInputs>,
    /// 0 to 100: the riskiest of source, destination and the subject itself, weighted (severe 100, high 75, medium 25). With unknown
    /// amounts it is the least possible; null when it would be 0 but amounts are unknown, and when nothing is known at all.
    pub risk_score: Option<u32>,
    /// Height of the block up to which tags and clusters are in these figures, while newer ones are being worked in; absent when all are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of_height: Option<u32>,
}

/// Inputs of unknown amount whose addresses count under one category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownInputs {
    /// Category.
    pub category: Category,
    /// Its risk.
    pub risk: String,
    /// How many.
    pub inputs: u64,
}

impl ExposureView {
    /// Returns whether amounts behind the figures are not known.
    pub fn has_unknown(&self) -> bool {
        self.unknown_receipts > 0 || !self.unknown_inputs.is_empty()
    }

    /// Returns the score in words.
    pub fn score_text(&self) -> String {
        match self.risk_score {
            None => "unknown".into(),
            Some(score) if self.has_unknown() => format!("at least {score} of 100"),
            Some(score) => format!("{score} of 100"),
        }
    }

    /// Returns what the figures leave out or assume, in words; empty when everything is known.
    pub fn unknown_text(&self) -> String {
        let mut parts = Vec::new();
        if self.unknown_receipts > 0 {
            parts.push(format!(
                "{} received outputs are of unknown amount (their blocks are not stored)",
                self.unknown_receipts
            ));
        }
        for line in &self.unknown_inputs {
            parts.push(format!("{} inputs of unknown amount from {}", line.inputs, line.category.name()));
        }
        parts.join("; ")
    }
}

/// An entity: a cluster and who is behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityView {
    /// Its smallest address number in this ledger.
    pub cluster: u32,
    /// Addresses in it.
    pub addresses: u64,
    /// The address that stands for it.
    pub root_address: String,
    /// Category that its addresses count under.
    pub category: Category,
    /// The tag that defines it.
    pub tag: Option<TagView>,
}

/// One receipt of an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Transaction.
    pub txid: String,
    /// Output index.
    pub vout: u32,
    /// Height of its block; absent when its block is not stored.
    pub height: Option<u32>,
    /// Unix time of its block.
    pub time: Option<u32>,
    /// Base units, where known.
    pub value: Option<u64>,
    /// Transaction that spends it.
    pub spent_by: Option<String>,
    /// Height of the block whose transaction has the same id and replaced this output unspent (BIP 30): it is gone.
    pub replaced_at: Option<u32>,
}

/// What is known of an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressReport {
    /// The address.
    pub address: String,
    /// Its network; for an address of another chain the assets that its tags name.
    pub network: String,
    /// Whether a stored block mentions it.
    pub in_ledger: bool,
    /// Kind of script.
    pub script: String,
    /// Whether the script has no owner: anybody can spend it, or nobody can. Tags on it are no evidence of who uses it.
    pub ownerless: bool,
    /// Category that it counts under.
    pub category: Category,
    /// Its risk; `none` means that nothing is known.
    pub risk: String,
    /// Its own tags.
    pub tags: Vec<TagView>,
    /// Its entity.
    pub entity: Option<EntityView>,
    /// Outputs that paid it.
    pub receipt_count: u64,
    /// Base units received in stored blocks.
    pub received: u64,
    /// Base units of that not spent.
    pub balance: u64,
    /// Outputs among `receipt_count` that blocks paid which are not stored: `received` leaves them out and is then the least possible.
    pub outside: u64,
    /// Where it came from and went.
    pub exposure: Option<ExposureView>,
    /// Its receipts, oldest first, at most [`PAGE`].
    pub receipts: Vec<Receipt>,
}

/// Longest list in one answer.
pub const PAGE: usize = 200;

/// One side of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TxSide {
    /// Address, where known.
    pub address: Option<String>,
    /// Base units, where known.
    pub value: Option<u64>,
    /// Label of the tag that the address counts under.
    pub label: Option<String>,
    /// Category.
    pub category: Category,
    /// Its risk; `none` means that nothing is known.
    pub risk: String,
    /// Inputs: where the money was (txid:index). Outputs: the transaction that spends it.
    pub other: Option<String>,
}

/// A transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TxReport {
    /// Its id.
    pub txid: String,
    /// Ticker of the asset whose base units the amounts are.
    pub asset: String,
    /// Height of its block.
    pub height: u32,
    /// Hash of its block.
    pub block: String,
    /// Unix time of its block.
    pub time: u32,
    /// Whether it makes coins.
    pub coinbase: bool,
    /// Weight units.
    pub weight: u32,
    /// Fee in base units, where all inputs are known.
    pub fee: Option<u64>,
    /// Which coinjoin it looks like.
    pub coinjoin: Option<String>,
    /// Inputs.
    pub inputs: Vec<TxSide>,
    /// Outputs.
    pub outputs: Vec<TxSide>,
    /// Where the money that it pays out came from, and whom it pays; absent for readers who may not see all tags behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure: Option<ExposureView>,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockReport {
    /// Height.
    pub height: u32,
    /// Hash.
    pub hash: String,
    /// Unix time.
    pub time: u32,
    /// Transactions.
    pub tx_count: u32,
    /// Bytes.
    pub size: u32,
    /// Its transactions' ids, at most [`PAGE`].
    pub txids: Vec<String>,
}

/// One step of an explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainStep {
    /// An address.
    pub from: String,
    /// The next.
    pub to: String,
    /// Transaction that shows both under one control.
    pub txid: String,
    /// Height of its block.
    pub height: u32,
    /// Heuristic: `cospend`, or the change heuristics that agreed.
    pub heuristic: String,
}

/// Why two addresses are, or are not, in one cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainReport {
    /// First address.
    pub a: String,
    /// Second address.
    pub b: String,
    /// Whether they are in one cluster.
    pub joined: bool,
    /// Chain of merges from a to b.
    pub steps: Vec<ExplainStep>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathStep {
    /// Transaction that made the output.
    pub txid: String,
    /// Output index.
    pub vout: u32,
    /// Address.
    pub address: String,
    /// Label, where tagged.
    pub label: Option<String>,
    /// Marked base units.
    pub amount: u64,
}

/// A path between two entities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathReport {
    /// Ticker of the asset whose base units the amounts are.
    pub asset: String,
    /// Base units that arrived.
    pub amount: u64,
    /// From first to last.
    pub steps: Vec<PathStep>,
}

/// What a workspace holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Network.
    pub network: String,
    /// Height of the tip.
    pub tip_height: Option<u32>,
    /// Hash of the tip.
    pub tip_hash: Option<String>,
    /// Blocks stored.
    pub blocks: u32,
    /// Transactions stored.
    pub txs: u32,
    /// Outputs stored.
    pub outputs: u64,
    /// Addresses seen.
    pub addresses: u32,
    /// Clusters, single addresses included.
    pub clusters: u64,
    /// Tags imported.
    pub tags: u64,
    /// Addresses of the ledger with tags of their own.
    pub tagged_addresses: u64,
    /// Height of the block up to which tags and clusters are in the exposures, while newer ones are being worked in; absent when all are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposures_as_of_height: Option<u32>,
}

/// What to trace: a subject, and whether its whole entity is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceRequest {
    /// Address, txid or output.
    pub subject: String,
    /// Start from all addresses of the subject's cluster.
    #[serde(default)]
    pub entity: bool,
    /// How.
    #[serde(flatten)]
    pub options: TraceOptions,
}

/// Describes an exposure in an asset. `own` is what the subject itself counts under: a ransomware address is risky whoever pays it.
pub(crate) fn exposure_view(
    exposure: &Exposure,
    asset: &str,
    own: Category,
    as_of_height: Option<u32>,
) -> ExposureView {
    let lines = |totals: &Totals| -> Vec<ExposureLine> {
        totals
            .by_category
            .iter()
            .map(|(category, direct, indirect)| ExposureLine {
                category: *category,
                risk: category.risk().name().to_owned(),
                direct: *direct,
                indirect: *indirect,
                share_ppm: totals.share_ppm(*category),
            })
            .collect()
    };
    let score = |totals: &Totals| -> u32 {
        let weighted: u128 = totals
            .by_category
            .iter()
            .map(|(c, d, i)| (u128::from(*d) + u128::from(*i)) * u128::from(risk_weight(c.risk())))
            .sum();
        weighted.checked_div(totals.amount.into()).and_then(|score| u32::try_from(score).ok()).unwrap_or(0)
    };
    let least = score(&exposure.source).max(score(&exposure.destination)).max(risk_weight(own.risk()));
    let unknown = &exposure.unknown;
    let known = unknown.is_empty() && exposure.source.amount > 0;
    ExposureView {
        asset: asset.to_owned(),
        amount: exposure.source.amount,
        source: lines(&exposure.source),
        destination: lines(&exposure.destination),
        unknown_receipts: unknown.receipts,
        unknown_inputs: unknown
            .inputs
            .iter()
            .map(|(category, inputs)| UnknownInputs {
                category: *category,
                risk: category.risk().name().to_owned(),
                inputs: *inputs,
            })
            .collect(),
        risk_score: (known || least > 0).then_some(least),
        as_of_height,
    }
}
