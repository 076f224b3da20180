//! Marks in the log of merges, and rolling merges back.

use super::{Clusters, Merge, find};
use bytemuck::{Pod, Zeroable};
use holdfast_bitcoin::Hash32;
use holdfast_utxo_ledger::Ledger;

/// Transactions that are looked at together at most.
const WINDOW: u32 = 1 << 20;
/// Blocks at the tip that have marks of their own however many blocks come at once.
const SINGLE: u32 = 100;

/// The end of a block in the log of merges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Mark {
    /// Merges until here.
    pub merges: u64,
    /// Coinjoins until here.
    pub coinjoins: u64,
    /// Transactions looked at.
    pub done: u32,
    /// Addresses known.
    pub addresses: u32,
    /// Hash of the block that holds the last of the transactions.
    pub at: Hash32,
}

impl Mark {
    /// Returns how many merges there are until here, as an index.
    pub(super) fn merges(&self) -> usize {
        usize::try_from(self.merges).unwrap_or(usize::MAX)
    }

    fn is_in_chain(&self, ledger: &Ledger) -> bool {
        self.done <= ledger.counts().txs && {
            let block = ledger.block_of_tx(self.done - 1);
            *block.hash.as_bytes() == self.at && block.txs.1 == self.done
        }
    }
}

impl Clusters {
    /// Returns whether the ledger goes on from where these clusters are: an update then adds to them.
    #[must_use]
    pub fn is_in_chain(&self, ledger: &Ledger) -> bool {
        self.marks.last().is_none_or(|mark| mark.is_in_chain(ledger))
    }

    /// Marks in the log of merges, rising.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Merges and addresses that a ledger has left of these: all, or those until the last block that is still in its chain.
    #[must_use]
    pub fn fork(&self, ledger: &Ledger) -> (usize, u32) {
        let mark = self.marks.iter().rev().find(|mark| mark.is_in_chain(ledger));
        mark.map_or((0, 0), |mark| (mark.merges(), mark.addresses))
    }

    /// Returns the number of addresses known.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "a ledger counts addresses in 32 bits")]
    pub fn addresses(&self) -> u32 {
        u32::try_from(self.parent.len()).expect("a ledger counts addresses in 32 bits")
    }

    /// Finds once what makes the members and sizes of clusters known without looking at all merges; updates then go on from it.
    pub fn index_members(&self) {
        self.ring();
        self.size(0);
    }

    /// Runs of transactions that are not looked at yet. Each ends with a block.
    pub(super) fn windows(&self, ledger: &Ledger) -> Vec<(u32, u32)> {
        let counts = ledger.counts();
        let mut windows = Vec::new();
        let mut from = self.done();
        while from < counts.txs {
            let first = ledger.block_of_tx(from);
            let mut last = ledger.block_of_tx(from.saturating_add(WINDOW).min(counts.txs) - 1);
            let single = counts.blocks.saturating_sub(SINGLE);
            if last.number >= single {
                last = ledger.block(single.saturating_sub(1).max(first.number));
            }
            windows.push((from, last.txs.1));
            from = last.txs.1;
        }
        windows
    }

    /// Notes that everything until a block's end is looked at.
    pub(super) fn put_mark(&mut self, ledger: &Ledger, done: u32, coinjoins: u64) {
        let block = ledger.block_of_tx(done - 1);
        let (at, addresses) = (block.hash.to_bytes(), ledger.counts_until(block.number).addresses);
        self.marks.push(Mark { merges: self.merges.len() as u64, coinjoins, done, addresses, at });
    }

    /// Rolls back the merges of blocks that are no longer in the chain.
    pub(super) fn roll_back(&mut self, ledger: &Ledger) {
        let valid = self.marks.iter().rposition(|mark| mark.is_in_chain(ledger)).map_or(0, |last| last + 1);
        if valid == self.marks.len() {
            return;
        }
        self.marks.truncate(valid);
        let (merges, addresses) = self.marks.last().map_or((0, 0), |m| (m.merges(), m.addresses));
        let removed = self.merges.len() - merges;
        if removed > self.undo.len() {
            self.merges.truncate(merges);
            self.replay(addresses);
            return;
        }
        self.ring();
        for _ in 0..removed {
            if let (Some(merge), Some((low, high))) = (self.merges.pop(), self.undo.pop_back()) {
                self.split(merge, low, high);
            }
        }
        self.parent.truncate(addresses as usize);
        if let Some(ring) = self.ring.get_mut() {
            ring.truncate(addresses as usize);
        }
    }

    /// Rolls back the last merge, which joined two roots. The swap that joined two circles parts them again.
    fn split(&mut self, merge: Merge, low: u32, high: u32) {
        let Some(ring) = self.ring.get_mut() else { return };
        ring.swap(merge.a as usize, merge.b as usize);
        let (mut at, mut size) = (high, 0);
        loop {
            self.parent[at as usize] = high;
            size += 1;
            at = ring[at as usize];
            if at == high {
                break;
            }
        }
        if let Some(sizes) = self.sizes.get_mut() {
            let whole = sizes.remove(&low).unwrap_or(1);
            for (root, size) in [(low, whole - size), (high, size)] {
                if size > 1 {
                    sizes.insert(root, size);
                }
            }
        }
    }

    /// Rebuilds the clusters of `addresses` addresses from the log of merges.
    pub(super) fn replay(&mut self, addresses: u32) {
        self.parent = (0..addresses).collect();
        self.ring.take();
        self.sizes.take();
        self.undo.clear();
        for i in 0..self.merges.len() {
            let merge = self.merges[i];
            let (a, b) = (find(&mut self.parent, merge.a), find(&mut self.parent, merge.b));
            let (low, high) = (a.min(b), a.max(b));
            self.parent[high as usize] = low;
            self.undo.push_back((low, high));
            if self.undo.len() > 1 << 20 {
                self.trim_undo();
            }
        }
        self.trim_undo();
    }

    /// Drops the roots of merges that no reorganization is expected to roll back; a deeper one rebuilds the clusters from the log.
    pub(super) fn trim_undo(&mut self) {
        let oldest = self.marks.len().saturating_sub(SINGLE as usize);
        let kept = match oldest {
            0 => self.merges.len(),
            oldest => self.merges.len() - self.marks[oldest - 1].merges().min(self.merges.len()),
        };
        let surplus = self.undo.len().saturating_sub(kept);
        self.undo.drain(..surplus);
    }

    /// Returns the circles of addresses that are clusters: every merge joins two circles by a swap.
    pub(super) fn ring(&self) -> &[u32] {
        self.ring.get_or_init(|| {
            let mut ring: Vec<u32> = (0..self.addresses()).collect();
            self.merges.iter().for_each(|m| ring.swap(m.a as usize, m.b as usize));
            ring
        })
    }
}

/// Returns how many marks at the beginning of both lists are the same.
pub(super) fn common(a: &[Mark], b: &[Mark]) -> usize {
    let most = a.len().min(b.len());
    // A block's hash stands for all blocks before it, so equal marks have equal marks before them: look from the end.
    (0..most).rev().find(|i| a[*i] == b[*i]).map_or(0, |last| last + 1)
}
