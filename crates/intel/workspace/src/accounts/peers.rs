//! Account chains seen together: what money does over several of them.

use crate::accounts::{AccountSnapshot, AccountWorkspace};
use holdfast_analysis::accounts::exposure::LinkedChains;
use holdfast_analysis::accounts::{AccountView, Classify, Transfers};
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

    /// Returns the chain alone, or with its peers.
    pub(crate) fn together(&self, with_peers: bool) -> Together<'_> {
        let mut chains: Vec<&AccountWorkspace> = vec![self];
        if with_peers {
            chains.extend(self.peers.iter().map(|peer| &**peer));
            chains.sort_by_key(|chain| chain.chain());
        }
        let own = chains.iter().position(|chain| chain.chain() == self.chain()).unwrap_or(0);
        Together { own: u16::try_from(own).unwrap_or(0), is_linked: with_peers, chains }
    }
}

/// Chains in the order of their ids.
pub(crate) struct Together<'a> {
    pub(crate) chains: Vec<&'a AccountWorkspace>,
    /// Position of the chain whose peers the others are.
    pub(crate) own: u16,
    /// Whether questions go over links between transfers.
    is_linked: bool,
}

impl Together<'_> {
    /// Answers a question about the chains, for a reader of labels up to a clearance.
    pub(crate) fn ask<T>(&self, clearance: Tlp, question: impl FnOnce(LinkedChains<'_>) -> T) -> T {
        let who: Vec<Who<'_>> = self.chains.iter().map(|chain| Who { chain, clearance }).collect();
        let pairs = self.chains.iter().zip(&who);
        let views: Vec<_> = pairs.map(|(chain, classes)| AccountView { ledger: &chain.ledger, classes }).collect();
        let chains: Vec<&dyn Transfers> = views.iter().map(|view| view as &dyn Transfers).collect();
        let links = LedgerLinks::new(self.chains.iter().map(|chain| (&chain.ledger, chain.links())).collect());
        question(LinkedChains { chains: &chains, links: self.is_linked.then_some(&links as _) })
    }
}

/// Who accounts are by tags, clusters and published kinds.
struct Who<'a> {
    chain: &'a AccountWorkspace,
    clearance: Tlp,
}

impl Classify for Who<'_> {
    fn category(&self, account: u32) -> Category {
        self.chain.category_for(account, self.clearance)
    }
}
