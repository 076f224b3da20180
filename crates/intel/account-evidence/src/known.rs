//! Who is who, as a bundle's reader may know it.

use crate::contents::{Basis, Join};
use crate::names;
use holdfast_account_attribution::{Clusters, Entities, Kind};
use holdfast_account_ledger::Ledger;
use holdfast_analysis::accounts::{Classify, Stop, Unclassified, stop_of};
use holdfast_attribution::{Category, Tag, TagStore, Tlp};
use holdfast_types::AccountId;

/// What is known of a ledger's accounts, and what it rests on.
pub trait Known: Classify {
    /// Returns what an account's category rests on.
    fn basis(&self, account: u32) -> Basis;

    /// Returns the kind of a published contract.
    fn contract(&self, account: u32) -> Option<Kind>;
}

impl Known for Unclassified {
    fn basis(&self, _: u32) -> Basis {
        Basis::Word
    }

    fn contract(&self, _: u32) -> Option<Kind> {
        None
    }
}

/// What is known of a ledger's accounts, for a reader of labels up to a clearance: tags above it do not exist for them.
#[derive(Clone, Copy)]
pub struct Cleared<'a> {
    /// The ledger.
    pub ledger: &'a Ledger,
    /// What its accounts count under.
    pub entities: &'a Entities,
    /// Which of them one owner controls.
    pub clusters: &'a Clusters,
    /// The tags.
    pub tags: &'a TagStore,
    /// The reader's clearance.
    pub clearance: Tlp,
}

impl Classify for Cleared<'_> {
    fn category(&self, account: u32) -> Category {
        self.entities.category_for(self.tags, account, self.clearance)
    }

    fn stop(&self, account: u32) -> Option<Stop> {
        stop_of(self.entities.kind(account), self.category(account))
    }
}

impl Known for Cleared<'_> {
    fn basis(&self, account: u32) -> Basis {
        let own = self.entities.tags_of(self.tags, account).filter(|tag| tag.is_for(self.clearance));
        let own: Vec<Tag> = own.cloned().collect();
        if !own.is_empty() {
            return Basis::Tags(own);
        }
        let tag = self.entities.tag_for(self.tags, account, self.clearance).cloned();
        let joined = tag.and_then(|tag| {
            let tagged = AccountId::try_from(&holdfast_types::Address::read(&tag.address)).ok()?;
            let joins = self.joins(account, self.ledger.account_number(&tagged)?)?;
            Some(Basis::Cluster { tag: Box::new(tag), joins })
        });
        joined.unwrap_or(Basis::Word)
    }

    fn contract(&self, account: u32) -> Option<Kind> {
        self.entities.kind(account)
    }
}

impl Cleared<'_> {
    /// Returns the joins from an account to a tagged one.
    fn joins(&self, account: u32, tagged: u32) -> Option<Vec<Join>> {
        let chain = &self.ledger.settings().chain;
        let address = |account: u32| self.ledger.account(account).ok().map(|a| names::address(&a, chain));
        let mut joins = Vec::new();
        for merge in self.clusters.explain(account, tagged)? {
            let evidence = merge.evidence.iter().flatten();
            let height = evidence.map(holdfast_account_attribution::Membership::height).max().unwrap_or(0);
            let heuristic = merge.heuristic.name().to_owned();
            joins.push(Join { from: address(merge.a)?, to: address(merge.b)?, heuristic, height });
        }
        Some(joins)
    }
}
