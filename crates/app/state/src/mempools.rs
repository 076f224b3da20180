//! Unconfirmed transactions of the nodes that are followed, by network.

use arc_swap::ArcSwap;
use holdfast_bitcoin::Network;
use holdfast_bitcoin::mempool::Mempool;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The mempools that are followed: swapped, not locked, because every decision on a deposit reads them.
#[derive(Debug, Default)]
pub struct Mempools(ArcSwap<BTreeMap<&'static str, Arc<Mempool>>>);

impl Mempools {
    /// Returns the mempool of a network; an empty one where no node is followed.
    #[must_use]
    pub fn of(&self, network: Network) -> Arc<Mempool> {
        self.0.load().get(network.parameters().name).cloned().unwrap_or_default()
    }

    /// Replaces the mempool of a network.
    pub fn set(&self, network: Network, mempool: Mempool) {
        let mempool = Arc::new(mempool);
        self.0.rcu(|all| {
            let mut all = BTreeMap::clone(all);
            all.insert(network.parameters().name, mempool.clone());
            all
        });
    }
}
