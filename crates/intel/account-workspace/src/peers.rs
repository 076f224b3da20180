//! Account chains seen together: what money does over several of them.

use crate::{AccountSnapshot, AccountWorkspace};
use holdfast_analysis::accounts::exposure::LinkedChains;
use holdfast_analysis::accounts::{AccountView, Classify, Stop, Transfers, stop_of};
use holdfast_analysis::links::Links;
use holdfast_attribution::{Category, Tlp};
use holdfast_links::LedgerLinks;
use std::sync::Arc;

impl AccountWorkspace {
    /// Returns the chain with those of `all` that are others as its peers: what goes over several chains goes over these.
    #[must_use]
    pub fn among(&self, all: &[Arc<AccountSnapshot>]) -> AccountSnapshot {
        let peers = all.iter().filter(|peer| peer.chain() != self.chain()).cloned().collect();
        AccountWorkspace { peers, ..self.same() }
    }

    /// Returns the chain alone, or with its peers and the links of all.
    pub(crate) fn together(&self, with_links: bool) -> Together<'_> {
        let mut chains: Vec<&AccountWorkspace> = vec![self];
        if with_links {
            chains.extend(self.peers.iter().map(|peer| &**peer));
            chains.sort_by_key(|chain| chain.chain());
        }
        let own = chains.iter().position(|chain| chain.chain() == self.chain()).unwrap_or(0);
        Together { own: u16::try_from(own).unwrap_or(0), chains, with_links }
    }
}

/// Chains in the order of their ids.
pub(crate) struct Together<'a> {
    pub(crate) chains: Vec<&'a AccountWorkspace>,
    /// Position of the chain whose peers the others are.
    pub(crate) own: u16,
    with_links: bool,
}

impl Together<'_> {
    /// Answers a question about the chains and the links between their transfers, for a reader of labels up to a clearance.
    pub(crate) fn ask<T>(&self, clearance: Tlp, question: impl FnOnce(LinkedChains<'_>) -> T) -> T {
        let seen: Vec<Seen<'_>> = self.chains.iter().map(|chain| Seen { chain, clearance }).collect();
        let pairs = self.chains.iter().zip(&seen);
        let views: Vec<_> = pairs.map(|(chain, classes)| AccountView { ledger: &chain.ledger, classes }).collect();
        let chains: Vec<&dyn Transfers> = views.iter().map(|view| view as &dyn Transfers).collect();
        let links = LedgerLinks::new(self.chains.iter().map(|chain| (&chain.ledger, chain.links())).collect());
        let links = self.with_links.then_some(&links as &dyn Links);
        question(LinkedChains { chains: &chains, links })
    }
}

/// Who accounts are for a reader of labels up to a clearance.
struct Seen<'a> {
    chain: &'a AccountWorkspace,
    clearance: Tlp,
}

impl Classify for Seen<'_> {
    fn category(&self, account: u32) -> Category {
        self.chain.category_for(account, self.clearance)
    }

    fn stop(&self, account: u32) -> Option<Stop> {
        stop_of(self.chain.entities().kind(account), self.category(account))
    }

    fn knows_links(&self, height: u64) -> bool {
        let looked = self.chain.links().blocks();
        let tip = looked.tip().ok().flatten();
        looked.first_height().zip(tip).is_some_and(|(first, (tip, _))| (first..=tip).contains(&height))
    }
}
