//! The mempool feed: unconfirmed transactions of a live node, by polling.

use crate::block::{SingleTx, parse_transaction};
use crate::node::{BlockSource, NodeError};
use crate::{AddressKey, Txid};
use std::collections::HashMap;

/// Most transactions held; nodes hold about 300 MB of them by default.
pub const MAX_MEMPOOL: usize = 500_000;

/// What a poll changed.
#[derive(Clone, Debug, Default)]
pub struct MempoolChange {
    /// Transactions that came.
    pub added: Vec<Txid>,
    /// Transactions that left: confirmed, replaced, evicted.
    pub removed: Vec<Txid>,
    /// Transactions whose bytes do not decode, with the cause.
    pub refused: Vec<(Txid, String)>,
}

/// Unconfirmed transactions.
#[derive(Clone, Debug, Default)]
pub struct Mempool {
    txs: HashMap<Txid, SingleTx>,
}

impl Mempool {
    /// Asks the node what came and left. At most `fetch` new transactions are fetched in one poll; the rest come with the next.
    ///
    /// # Errors
    /// [`NodeError`] when the node cannot be reached or its answer does not decode; nothing changes then.
    pub fn poll(&mut self, source: &dyn BlockSource, fetch: usize) -> Result<MempoolChange, NodeError> {
        let now = source.mempool()?;
        let mut change = MempoolChange {
            removed: self.txs.keys().filter(|t| !now.contains(*t)).copied().collect(),
            ..MempoolChange::default()
        };
        change.removed.sort_unstable();
        for txid in &change.removed {
            self.txs.remove(txid);
        }
        let mut new: Vec<Txid> = now.into_iter().filter(|t| !self.txs.contains_key(t)).collect();
        new.sort_unstable();
        new.truncate(fetch.min(MAX_MEMPOOL.saturating_sub(self.txs.len())));
        for txid in new {
            let Some(bytes) = source.mempool_tx(&txid)? else { continue };
            match parse_transaction(&bytes) {
                Ok(tx) if tx.txid == txid => {
                    self.txs.insert(txid, tx);
                    change.added.push(txid);
                }
                Ok(_) => change.refused.push((txid, "the node sent another transaction".into())),
                Err(e) => change.refused.push((txid, e.to_string())),
            }
        }
        Ok(change)
    }

    /// Returns how many transactions wait.
    pub fn len(&self) -> usize {
        self.txs.len()
    }

    /// Returns whether none waits.
    pub fn is_empty(&self) -> bool {
        self.txs.is_empty()
    }

    /// Returns a waiting transaction.
    pub fn get(&self, txid: &Txid) -> Option<&SingleTx> {
        self.txs.get(txid)
    }

    /// Returns all waiting transactions, in order of txid.
    pub fn iter(&self) -> impl Iterator<Item = &SingleTx> {
        let mut all: Vec<&SingleTx> = self.txs.values().collect();
        all.sort_unstable_by_key(|t| t.txid);
        all.into_iter()
    }

    /// Returns the waiting transactions that pay an address.
    pub fn paying(&self, address: &AddressKey) -> impl Iterator<Item = &SingleTx> {
        self.iter().filter(move |t| t.outputs.iter().any(|o| o.1 == *address))
    }
}
