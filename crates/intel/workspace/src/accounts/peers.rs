//! Account chains seen together: what money does over several of them.

use crate::accounts::{AccountSnapshot, AccountWorkspace};
use holdfast_analysis::accounts::exposure::LinkedChains;
use holdfast_analysis::accounts::{AccountView, Classify, Transfers};
use holdfast_attribution::tags::weightiest;
use holdfast_attribution::{Category, Tag, Tlp};
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
        Together { own: u16::try_from(own).unwrap_or(0), chains }
    }
}

/// Chains in the order of their ids.
pub(crate) struct Together<'a> {
    pub(crate) chains: Vec<&'a AccountWorkspace>,
    /// Position of the chain whose peers the others are.
    pub(crate) own: u16,
}

impl Together<'_> {
    /// Answers a question about the chains, for a reader of labels up to a clearance.
    pub(crate) fn ask<T>(&self, clearance: Tlp, question: impl FnOnce(LinkedChains<'_>) -> T) -> T {
        let who: Vec<ByTags<'_>> = self.chains.iter().map(|chain| ByTags { chain, clearance }).collect();
        let pairs = self.chains.iter().zip(&who);
        let views: Vec<_> = pairs.map(|(chain, classes)| AccountView { ledger: &chain.ledger, classes }).collect();
        let chains: Vec<&dyn Transfers> = views.iter().map(|view| view as &dyn Transfers).collect();
        question(LinkedChains { chains: &chains, links: None })
    }
}

/// Who accounts are by the tags of the store.
struct ByTags<'a> {
    chain: &'a AccountWorkspace,
    clearance: Tlp,
}

impl Classify for ByTags<'_> {
    fn category(&self, account: u32) -> Category {
        self.chain.category_of(account, self.clearance)
    }
}

impl AccountWorkspace {
    /// Returns what an account counts under for a reader of labels up to a clearance.
    pub(crate) fn category_of(&self, account: u32, clearance: Tlp) -> Category {
        // What does not read is a fault that the trace itself comes to.
        let Ok(account) = self.ledger.account(account) else { return Category::UNATTRIBUTED };
        let address = account.to_address(self.chain()).to_string();
        weightiest(self.tags_for(&address, clearance)).map_or(Category::UNATTRIBUTED, Tag::concept)
    }
}
