//! What ledger, tags and providers know about a transfer: the other side's tags, exposures, and the shape of the transactions behind it. Data
//! only; a caller that has a ledger completes it.

use crate::behind::Behind;
use crate::issuer::IssuerFact;
use crate::lookalikes::Lookalike;
use holdfast_attribution::Category;
use holdfast_attribution::taxonomy::Risk;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A tag behind a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TagFact {
    /// Tagged address.
    pub address: String,
    /// Name given.
    pub label: String,
    /// Weightiest concept.
    #[schema(value_type = String)]
    pub category: Category,
    /// 0 to 100.
    pub confidence: u8,
    /// Where it can be verified.
    pub source: String,
    /// Pack that it came in.
    pub pack: String,
}

/// One category's part of a transfer's or address's money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Share {
    /// Category.
    #[schema(value_type = String)]
    pub category: Category,
    /// Base units directly.
    pub direct: u64,
    /// Base units through unattributed addresses.
    pub indirect: u64,
    /// Direct part in millionths of the whole.
    pub direct_ppm: u64,
    /// Indirect part in millionths of the whole.
    pub indirect_ppm: u64,
}

/// What is known of a transfer on chain when it is decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChainFacts {
    /// Whether a ledger of the asset was queried.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ledger: bool,
    /// Whether the transaction (deposit) or address (withdrawal) is in the ledger or mempool.
    #[serde(default, skip_serializing_if = "is_false")]
    pub found: bool,
    /// Category of the other side.
    #[schema(value_type = String)]
    #[serde(default, skip_serializing_if = "is_unattributed")]
    pub category: Category,
    /// Tags of the other side: of its address, or of its cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<TagFact>,
    /// Addresses of the other side that the chain names (inputs of a deposit), at most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub senders: Vec<String>,
    /// Outputs through which a deposit's money came, the nearest first: what flags are matched against.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub behind: Vec<Behind>,
    /// Where the money came from (deposits), or what the address received (withdrawals).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source: Vec<Share>,
    /// Where what the address received went (withdrawals).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destination: Vec<Share>,
    /// Outputs and inputs of unknown amount behind `source` and `destination` (their blocks are not stored): the shares leave them out.
    #[serde(default, skip_serializing_if = "is_none_of")]
    pub unknown_amounts: u64,
    /// Part of the money of which it is not known where it came from, in millionths: beyond the bounds of exposures on account chains, before their first
    /// block, or, of an asset whose transfers are not sound, all of it.
    #[serde(default, skip_serializing_if = "is_none_of")]
    pub unknown_ppm: u64,
    /// The part of `unknown_ppm` that lay on an address without a name before the ledger's first block; the rest was not looked at.
    #[serde(default, skip_serializing_if = "is_none_of")]
    pub older_ppm: u64,
    /// What was not looked at on an account chain, in words: what `source` and `destination` leave out, and blocks in which links or signals were not looked
    /// for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
    /// What is not known of issuers' freezes on an account chain, in words: `issuer` may lack such.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuer_gaps: Vec<String>,
    /// Whether freezes on a chain could not be read, or were too many to state: that one is not in `issuer` says nothing of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub issuer_failed: bool,
    /// Height of the block up to which tags and clusters are in `source` and `destination`, while newer ones are being worked in; absent when
    /// all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposures_as_of_height: Option<u32>,
    /// Coinjoin among the transaction and the two before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coinjoin: Option<String>,
    /// Length of the peel chain that the deposit peels off, in transactions.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub peel_hops: u32,
    /// Outputs of the deposit's transaction that pay no more than it does.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub spray: u32,
    /// The address that a withdrawal's imitates: one that the ledger has in payments with an address of the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookalike: Option<Lookalike>,
    /// Freezes of addresses of the transfer by issuers of tokens, in force or proposed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuer: Vec<IssuerFact>,
    /// Where the ledger contradicts the event: amount, receiving address, asset, confirmations. Decisions fail closed on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mismatch: Vec<String>,
    /// Why the chain could not be queried; decisions fail closed on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<String>,
    /// What other providers answered, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub providers: BTreeMap<String, ProviderFact>,
}

/// What another provider answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderFact {
    /// 0 none to 4 severe, or absent when it did not answer.
    pub risk: Option<u8>,
    /// Its words: categories, or why it did not answer.
    pub detail: String,
    /// Whether it was answered from the cache.
    #[serde(default)]
    pub cached: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(b: &bool) -> bool {
    !b
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_none_of(n: &u64) -> bool {
    *n == 0
}

fn is_unattributed(c: &Category) -> bool {
    !c.is_attributed()
}

/// 0 none, 1 low, 2 medium, 3 high, 4 severe.
pub fn risk_level(risk: Risk) -> u8 {
    match risk {
        Risk::None => 0,
        Risk::Low => 1,
        Risk::Medium => 2,
        Risk::High => 3,
        Risk::Severe => 4,
    }
}

impl ChainFacts {
    /// Returns the facts of a chain that could not be queried.
    pub fn unavailable(why: impl Into<String>) -> Self {
        ChainFacts { unavailable: Some(why.into()), ..ChainFacts::default() }
    }

    /// Returns the part of the money of which nobody looked where it came from, in millionths: what is not known without what is older than the ledger.
    #[must_use]
    pub fn unread_ppm(&self) -> u64 {
        self.unknown_ppm.saturating_sub(self.older_ppm)
    }

    /// Returns the sources that answered for the event's asset: `ledger`, `tags` (the other side is tagged), and providers by name.
    pub fn sources(&self) -> Vec<String> {
        let own = [("ledger", self.ledger && self.unavailable.is_none()), ("tags", !self.tags.is_empty())];
        let own = own.into_iter().filter(|s| s.1).map(|s| s.0.to_owned());
        let providers = self.providers.iter().filter(|(_, fact)| fact.risk.is_some());
        own.chain(providers.map(|(name, _)| format!("provider {name}"))).collect()
    }

    /// Returns a short statement of every finding that matters for screening again: category, way and share in percent, one a line.
    pub fn findings(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let matters = |c: Category| risk_level(c.risk()) >= 2;
        if matters(self.category) {
            lines.push(format!("{} itself", self.category));
        }
        for (side, shares) in [("from", &self.source), ("to", &self.destination)] {
            for share in shares.iter().filter(|s| matters(s.category)) {
                // Whole tens of percent, so that small drifts raise no late alert.
                if share.direct_ppm >= 10_000 {
                    lines.push(format!("{side} {} directly, {}0% or more", share.category, share.direct_ppm / 100_000));
                }
                if share.indirect_ppm >= 10_000 {
                    let tens = share.indirect_ppm / 100_000;
                    lines.push(format!("{side} {} indirectly, {tens}0% or more", share.category));
                }
            }
        }
        lines.extend(self.issuer.iter().map(IssuerFact::finding));
        lines.extend(self.mismatch.iter().map(|m| format!("the ledger differs: {m}")));
        lines.sort();
        lines
    }
}
