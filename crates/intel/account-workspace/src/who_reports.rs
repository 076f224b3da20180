//! Clusters of an account chain as answers: who is together with an address, and why.

use crate::AccountWorkspace;
use crate::who::CLEARANCE;
use holdfast_account_attribution::clusters::MembershipEvidence;
use holdfast_account_attribution::{Membership, Merge};
use holdfast_attribution::{Category, Tlp};
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::queries::tag_view;
use holdfast_workspace::reports::{PAGE, TagView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The cluster of an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountClusterReport {
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// The address, with its checksum.
    pub address: String,
    /// Accounts in its cluster, itself included.
    pub size: u64,
    /// Category that it counts under.
    #[schema(value_type = String)]
    pub category: Category,
    /// Its risk; `none` means that nothing is known.
    pub risk: String,
    /// The tag that it counts under: its own, else the one that defines its cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub tag: Option<TagView>,
    /// A page of the accounts of its cluster, in the order in which the chain first mentions them.
    pub members: Vec<String>,
    /// Heuristics that clusters are made by.
    pub heuristics: Vec<String>,
    /// What is missing, in words.
    pub gaps: Vec<String>,
}

/// What a membership of a group rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MembershipView {
    /// The account that belongs to the group.
    pub account: String,
    /// Height of the block that shows it.
    pub height: u64,
    /// The transfers that show it: what came in, and what went on.
    pub transfers: Vec<String>,
    /// Another fact of a transaction that shows it, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fact: Option<String>,
}

/// One join of two accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountJoin {
    /// An account.
    pub from: String,
    /// The next one.
    pub to: String,
    /// The heuristic that joins them.
    pub heuristic: String,
    /// The account that both belong to: a wallet, a deposit address, a funder.
    pub through: String,
    /// Evidence of each membership.
    pub evidence: Vec<MembershipView>,
}

/// Why two accounts count as one owner's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountExplanation {
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// First address.
    pub from: String,
    /// Second address.
    pub to: String,
    /// Whether they are in one cluster.
    pub joined: bool,
    /// The shortest chain of joins from the first to the second.
    pub steps: Vec<AccountJoin>,
    /// What is missing, in words.
    pub gaps: Vec<String>,
}

impl AccountWorkspace {
    /// States in words what a reader of labels up to `clearance` is not told of clusters.
    fn who_gaps(&self, clearance: Tlp) -> Vec<String> {
        let mut gaps: Vec<String> = self.who().gap(&self.ledger).into_iter().collect();
        if clearance < CLEARANCE {
            gaps.push(format!("clusters rest on tags up to {}, which you may not read", CLEARANCE.name()));
        }
        gaps
    }

    /// Returns the cluster of an address with a page of its accounts, after the first `skip`.
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that is no address of the chain, or one that no stored block mentions.
    pub fn account_cluster(
        &self,
        text: &str,
        skip: usize,
        clearance: Tlp,
    ) -> Result<AccountClusterReport, WorkspaceError> {
        let account = self.known_account(text)?;
        let members = self.cluster_members(account, clearance);
        let category = self.category_for(account, clearance);
        let page = members.iter().skip(skip).take(PAGE);
        Ok(AccountClusterReport {
            chain: self.chain().to_string(),
            address: self.address_text(account)?,
            size: members.len() as u64,
            category,
            risk: category.risk().name().to_owned(),
            tag: self.entity_tag(account, clearance).map(|tag| tag_view(&self.tags, tag)),
            members: page.map(|member| self.address_text(*member)).collect::<Result<_, _>>()?,
            heuristics: self.clusters().options().heuristics.iter().map(|h| h.name().to_owned()).collect(),
            gaps: self.who_gaps(clearance),
        })
    }

    /// Returns why two accounts are in one cluster, if they are.
    ///
    /// # Errors
    /// As [`AccountWorkspace::account_cluster`].
    pub fn explain_accounts(&self, from: &str, to: &str, clearance: Tlp) -> Result<AccountExplanation, WorkspaceError> {
        let (a, b) = (self.known_account(from)?, self.known_account(to)?);
        let path = if clearance >= CLEARANCE { self.clusters().explain(a, b) } else { None };
        let joined = path.is_some() || a == b;
        let steps = path.unwrap_or_default();
        Ok(AccountExplanation {
            chain: self.chain().to_string(),
            from: self.address_text(a)?,
            to: self.address_text(b)?,
            joined,
            steps: steps.iter().map(|join| self.join_view(join)).collect::<Result<_, _>>()?,
            gaps: self.who_gaps(clearance),
        })
    }

    fn join_view(&self, join: &Merge) -> Result<AccountJoin, WorkspaceError> {
        let evidence = join.evidence.iter().flatten();
        Ok(AccountJoin {
            from: self.address_text(join.a)?,
            to: self.address_text(join.b)?,
            heuristic: join.heuristic.name().to_owned(),
            through: self.address_text(join.through)?,
            evidence: evidence.map(|found| self.membership_view(found)).collect::<Result<_, _>>()?,
        })
    }

    fn membership_view(&self, found: &Membership) -> Result<MembershipView, WorkspaceError> {
        let (mut transfers, mut fact) = (Vec::new(), None);
        match found.evidence() {
            MembershipEvidence::Transfers(first, second) => {
                for number in [Some(first), Some(second).filter(|second| *second != first)].into_iter().flatten() {
                    let transfer = self.ledger.transfer(number)?;
                    transfers.push(self.transfer_id(&self.ledger.tx(transfer.tx)?.hash, &transfer));
                }
            }
            MembershipEvidence::Fact(height, tx) => fact = Some(format!("transaction {tx} of block {height}")),
        }
        Ok(MembershipView { account: self.address_text(found.member())?, height: found.height(), transfers, fact })
    }
}
