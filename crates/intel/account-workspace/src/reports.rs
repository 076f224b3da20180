//! Answers about account chains: what commands, the HTTP API and pages show of addresses, transactions, blocks and assets. Amounts are base units; tickers
//! and decimals come from the curated list only, never from a token.

use crate::contract::ContractView;
use crate::imitated::TransferNote;
use holdfast_attribution::Category;
use holdfast_types::{Amount, SignedAmount};
use holdfast_workspace::asset_view::AssetView;
use holdfast_workspace::freeze_view::FreezeView;
use holdfast_workspace::reports::TagView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who a party of a transfer is, as far as tags tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartyView {
    /// Label of the weightiest tag.
    pub label: String,
    /// Its category.
    #[schema(value_type = String)]
    pub category: Category,
    /// Its risk.
    pub risk: String,
}

/// What an address holds of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BalanceView {
    /// The asset.
    #[serde(flatten)]
    pub asset: AssetView,
    /// Base units held, where they are known.
    #[schema(value_type = Option<String>)]
    pub balance: Option<Amount>,
    /// Least that the balance can be, in base units, where it is not known; null beyond 256 bits, or where transfers drive it negative.
    #[schema(value_type = Option<String>)]
    pub least: Option<Amount>,
    /// Base units that came less those that went in stored blocks.
    #[schema(value_type = Option<String>)]
    #[serde(with = "signed")]
    pub moved: Option<SignedAmount>,
    /// What was held before the first stored block: `zero`, `stated` by that block, `proven` against the state before it, or
    /// `unknown`.
    pub opening: String,
    /// Whether moves inside transactions were not read, so that the sum may be wrong.
    pub internal_unknown: bool,
    /// Whether the asset's transfers agree with each other: `backed`, `unbacked` (they drive a balance negative), or `unknown`.
    pub backing: String,
}

/// Signed amounts as text.
mod signed {
    use holdfast_types::SignedAmount;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde gives a reference to the field")]
    pub fn serialize<S: Serializer>(amount: &Option<SignedAmount>, serializer: S) -> Result<S::Ok, S::Error> {
        amount.map(|a| a.to_string()).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SignedAmount>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|t| t.parse().map_err(serde::de::Error::custom)).transpose()
    }
}

/// A transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransferView {
    /// Its identity: transaction and position in it.
    pub id: String,
    /// Its transaction; of what happens outside transactions, the block.
    pub tx: String,
    /// Whether it happened outside transactions, such as a reward.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outside_transactions: bool,
    /// Height of its block.
    pub height: u64,
    /// Unix time of its block.
    pub time: u64,
    /// What moved.
    pub asset: AssetView,
    /// Sender; absent where the units came into being.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Who the sender is, where tags tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_tag: Option<PartyView>,
    /// Receiver; absent where the units were destroyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Who the receiver is, where tags tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_tag: Option<PartyView>,
    /// Base units.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// Kind: `value`, `internal`, `token`, `fee_tip` and others.
    pub kind: String,
    /// `in` or `out`, of the address whose transfers are listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// Whether a root in the block's header commits to it; else it is a claim of the node that was read.
    pub is_committed: bool,
    /// Number, from which the next page begins.
    pub number: u64,
    /// Why it is no payment to rely on, in a list of an address's transfers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<TransferNote>,
    /// The address that the other side's imitates, in a list of an address's transfers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imitates: Option<String>,
}

/// A page of transfers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransfersPage {
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// The transfers.
    pub transfers: Vec<TransferView>,
    /// Value of `after` for the next page; absent on the last one. Where the choice leaves out most of a long list, a page can be short or empty and have a
    /// next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// What the notes beside transfers do not cover, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
}

/// What is known of an address of an account chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountReport {
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// Name that people use for the chain.
    pub name: String,
    /// The address, with its checksum.
    pub address: String,
    /// Whether a stored block mentions it.
    pub in_ledger: bool,
    /// What it is where nobody controls it, such as a burn address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nobody: Option<String>,
    /// What is known of it as a contract. Absent where nothing tells that it is one, which does not say that it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractView>,
    /// Freezes of it by issuers of tokens, whatever became of them, the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freezes: Vec<FreezeView>,
    /// Category that it counts under.
    #[schema(value_type = String)]
    pub category: Category,
    /// Its risk; `none` means that nothing is known.
    pub risk: String,
    /// Its tags.
    #[schema(value_type = Vec<Object>)]
    pub tags: Vec<TagView>,
    /// Assets that it ever moved in stored blocks.
    pub asset_count: u64,
    /// What it holds: the coin, then listed assets, then others, a page of them.
    pub balances: Vec<BalanceView>,
    /// Height of the block after which the balances are, where another than the last one was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
    /// Height of the last stored block, after which the balances are unless `height` is there.
    pub tip_height: Option<u64>,
    /// What is missing on the chain, in words.
    pub gaps: Vec<String>,
}

/// A transaction of an account chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountTxReport {
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// Hash.
    pub hash: String,
    /// Height of its block.
    pub height: u64,
    /// Hash of its block.
    pub block: String,
    /// Unix time of its block.
    pub time: u64,
    /// Place in its block.
    pub index: u32,
    /// Whether its block is final by the ledger's policy.
    pub is_final: bool,
    /// Account that sent it and paid its fee.
    pub payer: Option<String>,
    /// Who that is, where tags tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer_tag: Option<PartyView>,
    /// Whether it succeeded.
    pub success: bool,
    /// First four bytes of its call data, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Fee in base units of the chain's coin, where the ledger holds the coin.
    #[schema(value_type = Option<String>)]
    pub fee: Option<Amount>,
    /// Whether moves inside its block's transactions were read.
    pub internal_known: bool,
    /// Its transfers of the assets that the ledger holds.
    pub transfer_count: u64,
    /// A page of them, in the order of execution.
    pub transfers: Vec<TransferView>,
}

/// A block of an account chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountBlockReport {
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// Height.
    pub height: u64,
    /// Hash.
    pub hash: String,
    /// Unix time.
    pub time: u64,
    /// Whether it is final by the ledger's policy.
    pub is_final: bool,
    /// Whether moves inside its transactions were read.
    pub internal_known: bool,
    /// Its stored transactions; of a ledger of chosen assets those that move one of them.
    pub tx_count: u64,
    /// Hashes of a page of them.
    pub transactions: Vec<String>,
    /// Transfers outside its transactions: rewards, withdrawals of stakes, balances at the first block.
    #[serde(default)]
    pub outside_count: u64,
    /// The first of them.
    #[serde(default)]
    pub outside: Vec<TransferView>,
}

/// An asset and its latest state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AssetReport {
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// The asset.
    #[serde(flatten)]
    pub asset: AssetView,
    /// Whether its transfers agree with each other: `backed`, `unbacked`, or `unknown`.
    pub backing: String,
    /// Where it is unbacked: the transaction that first drove a balance negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unbacked_by: Option<String>,
    /// Where it is unbacked: whose balance that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unbacked_account: Option<String>,
    /// Base units that there are, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub supply: Option<Amount>,
    /// Why the supply is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply_unknown: Option<String>,
}

/// What an account chain's ledger holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountSummary {
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// Name that people use for the chain.
    pub name: String,
    /// Which assets are held, in words.
    pub holding: String,
    /// Height of the first block.
    pub first_height: Option<u64>,
    /// Height of the last block.
    pub tip_height: Option<u64>,
    /// Hash of the last block.
    pub tip_hash: Option<String>,
    /// Unix time of the last block.
    pub tip_time: Option<u64>,
    /// Height of the last block that is final by the ledger's policy.
    pub final_height: Option<u64>,
    /// Blocks stored.
    pub blocks: u64,
    /// Transactions stored, with those that stand for what happens outside transactions.
    pub txs: u64,
    /// Transfers stored, without fees that lie with their transactions.
    pub transfers: u64,
    /// Accounts seen.
    pub accounts: u64,
    /// Assets seen.
    pub assets: u64,
    /// What is missing, in words.
    pub gaps: Vec<String>,
}
