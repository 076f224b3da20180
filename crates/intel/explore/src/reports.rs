//! Answers. Amounts are decimal text in base units, each with its asset; times are Unix seconds. What is not listed is counted and summed.

use holdfast_attribution::Category;
use holdfast_figures::AsOf;
use holdfast_types::Amount;
use holdfast_workspace::asset_view::AssetView;
use holdfast_workspace::lookup::HitKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which way money goes, seen from the subject.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    strum::AsRefStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[schema(as = GraphSide)]
pub enum Side {
    /// To the subject; of a transaction: what pays into it.
    In,
    /// From the subject; of a transaction: what it pays.
    #[default]
    Out,
}

/// What rows of neighbours are.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    strum::AsRefStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[schema(as = GraphBy)]
pub enum By {
    /// Transactions: amounts are those of inputs, outputs and transfers.
    Transaction,
    /// Addresses. On chains of outputs a transaction's amount is divided among its payers or receivers by their shares.
    #[default]
    Address,
    /// Entities, divided the same way; an address in no cluster is an entity of its own.
    Entity,
}

/// Order of neighbours.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    strum::AsRefStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[schema(as = GraphSort)]
pub enum Sort {
    /// Largest sum first. Sums of several assets cannot be compared: the largest of each asset come first, then the second largest of each, listed
    /// assets before others.
    #[default]
    Amount,
    /// Latest movement first.
    Newest,
    /// Earliest movement first.
    Oldest,
}

/// What stands at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = GraphNodeKind)]
pub enum NodeKind {
    /// An address.
    Address,
    /// A cluster of addresses, named by its first address.
    Entity,
    /// A transaction.
    Transaction,
    /// Nobody: the units came into being (coinbase, mint, reward).
    Created,
    /// Nobody: the units were destroyed.
    Destroyed,
    /// Fees, of whoever got them, as one row.
    Fee,
    /// Somebody whom the stored blocks do not tell.
    Unknown,
}

/// A sum of one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphSum)]
pub struct AssetSum {
    /// The asset.
    pub asset: AssetView,
    /// Sum of what is known, in base units.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// Movements.
    pub count: u64,
    /// Those among them whose amount is not wholly known, or does not fit into 256 bits with the rest; the sum leaves that out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unknown: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference to the field")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// The entity that an address belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphEntityRef)]
pub struct EntityRef {
    /// Its first address, by which it is named.
    pub id: String,
    /// Addresses that it has.
    pub addresses: u64,
    /// Name, where a tag gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// Who somebody is, as far as tags tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphWho)]
pub struct Who {
    /// Label of the tag that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Category that it counts under.
    #[schema(value_type = String)]
    pub category: Category,
    /// Risk of the category; `none` means that nothing is known.
    pub risk: String,
    /// Tags of its own that the reader may see.
    pub tags: u64,
    /// Who says so: source of the tag that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Reliability of that tag, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u8>,
    /// Whether the label is that of the cluster and not its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_cluster: bool,
}

/// A neighbour with what moved of one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphNeighbour)]
pub struct Neighbour {
    /// What it is.
    pub kind: NodeKind,
    /// Address, transaction id, or first address of an entity; absent of nobody, fees and unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether it is the subject itself: change, or a transfer to itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_subject: bool,
    /// Entity of an address, where it has more addresses than this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityRef>,
    /// Who it is.
    pub who: Who,
    /// The asset.
    pub asset: AssetView,
    /// Sum of what is known, in base units.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// Movements; where a transaction is divided among several, one for each of them and transaction.
    pub count: u64,
    /// Those among them of unknown amount, which the sum leaves out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unknown: u64,
    /// Whether a part of the amount is a share of a transaction that several paid or received.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub divided: bool,
    /// Time of the first movement; absent where no stored block has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_time: Option<u64>,
    /// Time of the last movement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_time: Option<u64>,
}

/// Neighbours of a subject on one side. For each asset `listed` and `rest` together are `total`, exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphNeighbours)]
pub struct NeighboursReport {
    /// Chain: the network's name, on account chains the CAIP-2 id.
    pub chain: String,
    /// Kind of the subject.
    pub subject_kind: NodeKind,
    /// The subject: address, transaction id, or first address of an entity.
    pub subject: String,
    /// Side.
    pub direction: Side,
    /// What the rows are.
    pub by: By,
    /// The rows.
    pub rows: Vec<Neighbour>,
    /// All movements on this side.
    pub total: Vec<AssetSum>,
    /// What the rows have.
    pub listed: Vec<AssetSum>,
    /// What the rows leave out.
    pub rest: Vec<AssetSum>,
    /// Part of the rest that the filters leave out.
    pub filtered: Vec<AssetSum>,
    /// Rows that are not listed although no filter leaves them out.
    pub more_rows: u64,
    /// Assets that the sums leave out: they name at most 1,000, those of rows and listed ones first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_assets: u64,
    /// Whether all movements of stored blocks were read; if not, `total` is that of those that were, and `notes` says so.
    pub complete: bool,
    /// What the answer leaves out or assumes, in words.
    pub notes: Vec<String>,
}

/// Whether a pasted item was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = GraphFound)]
pub enum Found {
    /// It is one thing.
    Resolved,
    /// It may be several; `choices` has them.
    Ambiguous,
    /// Nothing is known of it here; `reason` says why.
    Unknown,
}

/// Something that a pasted item may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphChoice)]
pub struct Choice {
    /// What it is.
    pub kind: HitKind,
    /// Its id: hash, height, address, actor id or label.
    pub id: String,
    /// Chain that stores it: the network's name, on account chains the CAIP-2 id; absent of what is known by tags alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// Its name, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Category that it counts under.
    #[schema(value_type = String)]
    pub category: Category,
    /// Its risk.
    pub risk: String,
    /// Whether a ledger holds it.
    pub in_ledger: bool,
    /// Tagged addresses of a name: some of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
}

/// One pasted item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphLookedUp)]
pub struct LookedUp {
    /// The item as it was given.
    pub item: String,
    /// Whether it was found.
    pub state: Found,
    /// What it is or may be, best first, at most 10.
    pub choices: Vec<Choice>,
    /// Choices beyond those.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
    /// Why nothing or several things were found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// All pasted items, in their order; repeats come once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphLookup)]
pub struct LookupReport {
    /// The items.
    pub items: Vec<LookedUp>,
    /// Items that are one thing.
    pub resolved: u64,
    /// Items that may be several.
    pub ambiguous: u64,
    /// Items of which nothing is known.
    pub unknown: u64,
    /// Repeats that were left out.
    pub repeated: u64,
}

/// A side of a movement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphParty)]
pub struct Party {
    /// Address.
    pub address: String,
    /// Entity, where it has more addresses than this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityRef>,
    /// Who it is.
    pub who: Who,
}

/// What a movement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = GraphMovementKind)]
pub enum MovementKind {
    /// An output that the transaction spends: `from` pays into the transaction.
    Input,
    /// An output that the transaction makes: the transaction pays `to`.
    Output,
    /// A transfer of an account chain.
    Transfer,
}

/// A movement of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphMovement)]
pub struct Movement {
    /// Outpoint (`txid:index`) that is spent or made; id of a transfer.
    pub id: String,
    /// What it is.
    pub kind: MovementKind,
    /// Payer; absent of outputs, and where units come into being or the payer is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Party>,
    /// Receiver; absent of inputs, and where units are destroyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Party>,
    /// The asset.
    pub asset: AssetView,
    /// Base units; absent where they are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub amount: Option<Amount>,
    /// Kind of a transfer: `value`, `internal`, `token`, `fee_tip` and others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<String>,
    /// Transaction that spends an output; absent while it is unspent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent_by: Option<String>,
}

/// A transaction with its movements. For each asset `listed` and `rest` together are all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphTransaction)]
pub struct TransactionView {
    /// Chain.
    pub chain: String,
    /// Transaction id.
    pub id: String,
    /// Height of its block.
    pub height: u64,
    /// Time of its block.
    pub time: u64,
    /// Whether it creates coins.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub coinbase: bool,
    /// Kind of coinjoin, where it looks like one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coinjoin: Option<String>,
    /// Whether it succeeded; a failed one of an account chain moves fees only.
    pub success: bool,
    /// Movements, at most 1,000: inputs before outputs, transfers in the order of execution.
    pub movements: Vec<Movement>,
    /// Inputs that are not listed.
    pub rest_in: Vec<AssetSum>,
    /// Outputs that are not listed; of account chains the transfers.
    pub rest_out: Vec<AssetSum>,
}

/// Something that was asked for and not found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphMissing)]
pub struct Missing {
    /// As it was asked for.
    pub item: String,
    /// Why.
    pub reason: String,
}

/// A payment between two addresses that were given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphPayment)]
pub struct Between {
    /// Chain.
    pub chain: String,
    /// Payer, as a node: address.
    pub from: String,
    /// Receiver.
    pub to: String,
    /// Transaction.
    pub tx: String,
    /// Time of its block.
    pub time: u64,
    /// The asset.
    pub asset: AssetView,
    /// Base units of the transfer; on chains of outputs what the receiver gets of the transaction, all of it where the payer paid alone.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// Whether there is more that is not known: the amount is then the least that it can be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
    /// Whether others paid into the transaction too, so that the amount is the payer's share.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub divided: bool,
}

/// Transactions, and payments between addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphTransactions)]
pub struct TransactionsReport {
    /// Transactions in the order in which they were asked for.
    pub transactions: Vec<TransactionView>,
    /// Payments between the addresses, newest first, at most 1,000.
    pub between: Vec<Between>,
    /// Payments beyond those.
    pub more_between: Vec<AssetSum>,
    /// What was not found.
    pub missing: Vec<Missing>,
    /// Whether all movements of the addresses were read.
    pub complete: bool,
    /// What the answer leaves out or assumes, in words.
    pub notes: Vec<String>,
}

/// A tag with its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphTag)]
pub struct TagLine {
    /// Address that has it.
    pub address: String,
    /// Label.
    pub label: String,
    /// Category.
    #[schema(value_type = String)]
    pub category: Category,
    /// Risk of the category.
    pub risk: String,
    /// Where it can be verified.
    pub source: String,
    /// Title of its pack.
    pub pack: String,
    /// Who made the pack.
    pub creator: String,
    /// Last change.
    pub lastmod: String,
    /// Reliability, 0 to 100.
    pub confidence: u8,
    /// Whether it holds for the whole cluster.
    pub is_cluster_definer: bool,
}

/// What an entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = GraphEntityKind)]
pub enum EntityKind {
    /// Addresses that a heuristic joins.
    Cluster,
    /// Addresses, with their clusters, that tags give to one actor.
    Actor,
}

/// An entity on one chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphEntity)]
pub struct EntityReport {
    /// Chain.
    pub chain: String,
    /// First address of a cluster, or id of an actor.
    pub id: String,
    /// What it is.
    pub kind: EntityKind,
    /// Who it is.
    pub who: Who,
    /// Addresses on this chain.
    pub members: u64,
    /// The first of them, at most 100.
    pub addresses: Vec<String>,
    /// Tags, the riskiest first, at most 100.
    pub tags: Vec<TagLine>,
    /// Tags in all.
    pub tag_count: u64,
    /// What came from others.
    pub received: Vec<AssetSum>,
    /// What went to others.
    pub sent: Vec<AssetSum>,
    /// What moved within it, seen as going out.
    pub within: Vec<AssetSum>,
    /// Largest entities that paid it.
    pub payers: Vec<Neighbour>,
    /// Largest entities that it paid.
    pub payees: Vec<Neighbour>,
    /// Exposure, as `exposure/{subject}?entity=true` answers it; absent where the reader may not see it, and of actors and account chains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub exposure: Option<holdfast_workspace::ExposureView>,
    /// Time of its first movement in stored blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<u64>,
    /// Time of its last movement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<u64>,
    /// Whether all its movements were read.
    pub complete: bool,
    /// What the answer leaves out or assumes, in words.
    pub notes: Vec<String>,
}

/// Width of the parts of a chart. Parts begin at midnight UTC, weeks on Monday, months on the first.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    strum::AsRefStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[schema(as = GraphPeriod)]
pub enum Period {
    /// A day.
    #[default]
    Day,
    /// A week.
    Week,
    /// A month.
    Month,
}

/// What moved in a part of time. Parts without movements are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphActivityPoint)]
pub struct ActivityPoint {
    /// Its first second.
    pub start: u64,
    /// Base units that came.
    #[schema(value_type = String)]
    pub received: Amount,
    /// Movements that brought them.
    pub received_count: u64,
    /// Base units that went.
    #[schema(value_type = String)]
    pub sent: Amount,
    /// Movements that took them.
    pub sent_count: u64,
}

/// What moved of one asset over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphAssetActivity)]
pub struct AssetActivity {
    /// The asset.
    pub asset: AssetView,
    /// Parts of time, rising, the newest 4,000.
    pub points: Vec<ActivityPoint>,
    /// What came and went before the first of them, or at a time that no stored block tells.
    pub before: ActivityPoint,
}

/// Movements of an address over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GraphActivity)]
pub struct ActivityReport {
    /// Chain.
    pub chain: String,
    /// The address.
    pub address: String,
    /// Width of the parts.
    pub period: Period,
    /// Assets, listed ones first, at most 50.
    pub assets: Vec<AssetActivity>,
    /// Assets beyond those.
    pub more_assets: u64,
    /// Whether all movements were read.
    pub complete: bool,
    /// What the answer leaves out or assumes, in words.
    pub notes: Vec<String>,
}

/// What a figure is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FigureUnit {
    /// Base units of the chain's coin.
    Amount,
    /// Things.
    Count,
    /// Unix seconds.
    Time,
    /// Height of a block.
    Height,
    /// Id of a transaction.
    Transaction,
}

/// A figure of an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Figure {
    /// Name of the column, as in the exported table.
    pub name: String,
    /// What it is measured in.
    pub unit: FigureUnit,
    /// An integer of up to 128 bits, or a transaction's id.
    pub value: String,
}

/// A row of a table that was computed over the whole chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FigureTable {
    /// Name: of the kernel that computed it.
    pub name: String,
    /// The block that it is as of.
    pub as_of_block: AsOf,
    /// Version of the kernel.
    pub version: u32,
    /// SHA-256 of the input.
    pub input: String,
    /// Its figures.
    pub figures: Vec<Figure>,
}

/// Figures of an address that were computed over the whole chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FiguresReport {
    /// Chain.
    pub chain: String,
    /// The address.
    pub address: String,
    /// What amounts are in, on chains of outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<AssetView>,
    /// By table.
    pub tables: Vec<FigureTable>,
    /// Tables that were installed for the chain, those among them that have nothing to say of the address.
    #[serde(default)]
    pub installed: u64,
    /// What the answer leaves out, in words.
    pub notes: Vec<String>,
}
