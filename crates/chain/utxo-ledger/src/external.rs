//! Which transactions spend externals. No column holds it: an external is numbered where it is spent, in chain order.

use crate::store::{Ledger, Source};

impl Ledger {
    /// Returns the transactions that spend externals, whose numbers must rise. Each block concerned is read once.
    pub fn spenders_of_externals(&self, externals: &[u64]) -> Vec<u32> {
        let blocks = self.columns().block.all();
        let mut out = Vec::with_capacity(externals.len());
        let mut rest = externals;
        while let [first, ..] = rest {
            let at = blocks.partition_point(|b| b.first_external <= *first) - 1;
            let end = blocks.get(at + 1).map_or(self.counts().externals, |b| b.first_external);
            let (here, later) = rest.split_at(rest.partition_point(|e| *e < end));
            debug_assert!(!here.is_empty(), "an external is in the last block that starts at or before it");
            let mut wanted = here.iter().peekable();
            let (first_tx, end_tx) = self.block(at as u32).txs;
            'block: for tx in first_tx..end_tx {
                for source in self.sources(tx) {
                    while wanted.next_if(|e| source == Source::External(**e)).is_some() {
                        out.push(tx);
                    }
                    if wanted.peek().is_none() {
                        break 'block;
                    }
                }
            }
            rest = later;
        }
        out
    }
}
