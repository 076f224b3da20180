//! Figures that follow the chain: blocks that come and go, and addresses that come to count under another category. Only transactions whose
//! answer changes are computed; the result equals figures that were rebuilt.

#![allow(
    clippy::cast_possible_truncation,
    reason = "numbers of outputs and inputs index columns that are mapped whole, which needs 64 bits (holdfast-utxo-ledger asserts them)"
)]

use super::Data;
use super::changes::{Replaced, Version};
use super::passes::{Pass, source_pass};
use holdfast_attribution::{Categories, CategoryOf};
use holdfast_bitcoin::BlockHash;
use holdfast_utxo_ledger::store::NONE_U32;
use holdfast_utxo_ledger::{Ledger, Source};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Blocks at the tip that can be rolled back; when more are removed, the figures are rebuilt.
const MARKS: u32 = 100;
/// Fewest outputs of older transactions that blocks may change before the figures are rebuilt.
const MANY_OUTPUTS: usize = 1 << 16;
/// What finding the spender of an external counts as: a block is read for it.
const EXTERNAL_STEPS: usize = 256;

/// The end of a block.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// Transactions until here.
    done: u32,
    outputs: u64,
    addresses: u32,
    at: BlockHash,
    /// Older transactions whose outputs the block spends.
    funding: Vec<u32>,
}

impl Mark {
    fn of(ledger: &Ledger, number: u32) -> Self {
        let block = ledger.block(number);
        let counts = ledger.counts_until(number);
        let mut funding = Vec::new();
        for source in (block.txs.0..block.txs.1).flat_map(|tx| ledger.sources(tx)) {
            if let Source::Output(output) = source {
                funding.push(ledger.tx_of_output(output));
            }
        }
        funding.retain(|tx| *tx < block.txs.0);
        funding.sort_unstable();
        funding.dedup();
        Mark { done: counts.txs, outputs: counts.outputs, addresses: counts.addresses, at: block.hash, funding }
    }

    fn is_in_chain(&self, ledger: &Ledger) -> bool {
        self.done <= ledger.counts().txs && {
            let block = ledger.block_of_tx(self.done - 1);
            block.hash == self.at && block.txs.1 == self.done
        }
    }
}

/// What a change of categories replaced, so that it can be undone.
#[derive(Default)]
struct Journal {
    gives: Vec<(u64, u32)>,
    source: Vec<(u32, u32)>,
    destination: Vec<(u32, u32)>,
}

/// How far the figures follow blocks to the destinations of older transactions, whose number has no bound by the blocks' size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To all of them; when they are very many, the figures must be rebuilt.
    Whole,
    /// To this many outputs; when there are more, the older transactions' destinations stay as they were.
    Outputs(usize),
}

/// Steps that may still be taken.
struct Patience(usize);

impl Patience {
    /// Takes steps; false when there are not so many left.
    fn take(&mut self, steps: usize) -> bool {
        let left = self.0.checked_sub(steps);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// The transactions that paid what a transaction spends of addresses without a category.
fn funding<'a>(ledger: &'a Ledger, categories: &'a Categories, tx: u32) -> impl Iterator<Item = u32> + 'a {
    ledger.sources(tx).filter_map(move |source| match source {
        Source::Output(output) if categories.at(ledger.address_of(output)) == 0 => Some(ledger.tx_of_output(output)),
        _ => None,
    })
}

impl Data {
    /// Whether the figures are of blocks of the ledger, or of ones that can be rolled back.
    pub(super) fn is_near(&self, ledger: &Ledger) -> bool {
        self.is_in_chain(ledger) || self.marks.iter().any(|mark| mark.is_in_chain(ledger))
    }

    fn is_in_chain(&self, ledger: &Ledger) -> bool {
        self.done > 0 && self.done <= ledger.counts().txs && {
            let block = ledger.block_of_tx(self.done - 1);
            self.at == Some(block.hash) && block.txs.1 == self.done
        }
    }

    /// Notes the last blocks from the one on that holds a transaction.
    pub(super) fn put_marks(&mut self, ledger: &Ledger, from: u32) {
        if from >= self.done {
            return;
        }
        let last = ledger.block_of_tx(self.done - 1).number;
        let first = ledger.block_of_tx(from).number.max((last + 1).saturating_sub(MARKS));
        self.marks.extend((first..=last).map(|number| Mark::of(ledger, number)));
        while self.marks.len() > MARKS as usize {
            self.marks.pop_front();
        }
    }

    /// Makes what a file does not have.
    fn complete(&mut self, ledger: &Ledger) {
        let counts = ledger.counts_until(ledger.block_of_tx(self.done - 1).number);
        if self.gives.len() as u64 == counts.outputs {
            return;
        }
        self.gives = crate::huge::HugeVec::with_capacity(counts.outputs as usize);
        for tx in 0..self.done {
            for output in ledger.columns().outputs_of(tx, ledger.counts()) {
                let category = self.categories.at(ledger.address_of(output));
                self.gives.push(if category == 0 { self.source[tx as usize] } else { u32::from(category) });
            }
        }
        self.marks.clear();
        self.put_marks(ledger, 0);
    }

    /// Rolls back blocks that are no longer in the chain. Returns the transactions that lost a spender; `None` when it goes too far back.
    fn roll_back(&mut self, ledger: &Ledger) -> Option<BinaryHeap<u32>> {
        let mut seeds = BinaryHeap::new();
        if self.is_in_chain(ledger) {
            self.complete(ledger);
            return Some(seeds);
        }
        while !self.marks.back()?.is_in_chain(ledger) {
            seeds.extend(self.marks.pop_back()?.funding);
        }
        let mark = self.marks.back()?;
        if self.behind.is_some_and(|behind| mark.done < behind) {
            // Older destinations count spends that are gone.
            return None;
        }
        (self.done, self.at) = (mark.done, Some(mark.at));
        self.gives.truncate(mark.outputs as usize);
        self.source.truncate(mark.done as usize);
        self.destination.truncate(mark.done as usize);
        self.categories.resize(mark.addresses as usize);
        seeds.retain(|tx| *tx < mark.done);
        if self.behind == Some(mark.done) {
            // They never counted the spends of the blocks that went.
            (self.behind, seeds) = (None, BinaryHeap::new());
        }
        Some(seeds)
    }

    /// Appends blocks that came and removes blocks that went. Known addresses keep the categories that they count under here;
    /// new ones get those given. Returns false, and leaves no usable state, when the figures must be rebuilt.
    pub(super) fn follow_blocks(&mut self, ledger: &Ledger, categories: &Categories, reach: Reach) -> bool {
        let since = std::mem::replace(&mut self.version, Version::next());
        self.replaced = None;
        let Some(mut older) = self.roll_back(ledger) else { return false };
        // What was spent in blocks that went must not stay in any figure.
        let reach = if older.is_empty() { reach } else { Reach::Whole };
        let (from, txs) = (self.done, ledger.counts().txs);
        self.categories.extend_from(categories);
        source_pass(ledger, &self.categories, from, &mut self.gives, &mut self.source, &mut self.source_profiles);
        self.destination.resize(txs as usize, NONE_U32);
        self.settle_new(ledger, from, &mut older);
        self.done = txs;
        self.at = ledger.tip().map(|t| t.hash);
        self.replaced = Some(Replaced { since, from, sources: Vec::new(), destinations: Vec::new() });
        let limit = match reach {
            Reach::Whole => MANY_OUTPUTS.max(ledger.counts().outputs as usize / 8),
            Reach::Outputs(limit) => limit,
        };
        // Once they are behind, older destinations wait until the figures are rebuilt.
        if self.behind.is_none() && !self.settle_older(ledger, older, limit) {
            self.behind = Some(from);
        }
        if self.behind.is_some() && reach == Reach::Whole {
            return false;
        }
        self.put_marks(ledger, from);
        true
    }

    /// Computes where the money of new transactions goes, from the last to the first; adds those that funded them to `older`.
    fn settle_new(&mut self, ledger: &Ledger, from: u32, older: &mut BinaryHeap<u32>) {
        let mut pass = Pass::new(ledger, &self.categories);
        let spender = |o| ledger.spender(o).unwrap_or(NONE_U32);
        for tx in (from..ledger.counts().txs).rev() {
            let profiles = &mut self.destination_profiles;
            self.destination[tx as usize] = pass.destination(tx, &self.destination, spender, profiles, NONE_U32);
            older.extend(funding(ledger, &self.categories, tx).filter(|funding| *funding < from));
        }
    }

    /// Computes where the money of older transactions goes; false, and then nothing is changed, when it takes more than `limit` outputs.
    fn settle_older(&mut self, ledger: &Ledger, older: BinaryHeap<u32>, limit: usize) -> bool {
        let (end, mut journal, mut patience) = (self.destination_profiles.end(), Journal::default(), Patience(limit));
        let is_settled = self.spread_down(ledger, older, &mut journal, &mut patience);
        if is_settled {
            self.note_replaced(&journal);
        } else {
            journal.destination.into_iter().rev().for_each(|(tx, old)| self.destination[tx as usize] = old);
            self.destination_profiles.truncate(end);
        }
        is_settled
    }

    /// Computes where the money of transactions goes, from the last to the first, and of those before whose answer changes by it. False when
    /// that takes more outputs than there is patience for.
    fn spread_down(
        &mut self,
        ledger: &Ledger,
        mut waiting: BinaryHeap<u32>,
        journal: &mut Journal,
        patience: &mut Patience,
    ) -> bool {
        let mut pass = Pass::new(ledger, &self.categories);
        let spender = |o| ledger.spender(o).unwrap_or(NONE_U32);
        let mut last = None;
        while let Some(tx) = waiting.pop() {
            if last.replace(tx) == Some(tx) {
                continue;
            }
            let old = self.destination[tx as usize];
            let new = pass.destination(tx, &self.destination, spender, &mut self.destination_profiles, old);
            if !patience.take(pass.parts()) {
                return false;
            }
            if new != old {
                journal.destination.push((tx, old));
                self.destination[tx as usize] = new;
                waiting.extend(funding(ledger, &self.categories, tx));
            }
        }
        true
    }

    fn note_replaced(&mut self, journal: &Journal) {
        if let Some(replaced) = &mut self.replaced {
            replaced.sources.extend(journal.source.iter().map(|(tx, _)| *tx));
            replaced.destinations.extend(journal.destination.iter().map(|(tx, _)| *tx));
        }
    }

    /// As [`Data::recategorize`], once destinations are whole. Returns whether the figures are whole.
    pub(super) fn follow_categories(&mut self, ledger: &Ledger, categories: &Categories, patience: usize) -> bool {
        self.behind.is_none() && self.recategorize(ledger, categories, patience)
    }

    /// Applies that addresses come to count under other categories; stops after `patience` steps, and then changes nothing.
    fn recategorize(&mut self, ledger: &Ledger, categories: &Categories, patience: usize) -> bool {
        let changed = categories.differing(&self.categories, u32::MAX);
        if changed.len() > patience {
            return false;
        }
        let before = std::mem::replace(&mut self.categories, categories.clone());
        if changed.is_empty() {
            return true;
        }
        let ends = (self.source_profiles.end(), self.destination_profiles.end());
        let mut journal = Journal::default();
        if self.spread(ledger, &changed, &mut journal, Patience(patience)) {
            self.note_replaced(&journal);
            return true;
        }
        journal.gives.into_iter().rev().for_each(|(output, old)| self.gives[output as usize] = old);
        journal.source.into_iter().rev().for_each(|(tx, old)| self.source[tx as usize] = old);
        journal.destination.into_iter().rev().for_each(|(tx, old)| self.destination[tx as usize] = old);
        self.source_profiles.truncate(ends.0);
        self.destination_profiles.truncate(ends.1);
        self.categories = before;
        false
    }

    fn spread(&mut self, ledger: &Ledger, changed: &[u32], journal: &mut Journal, mut patience: Patience) -> bool {
        // Transactions that spend from the addresses, and that pay them.
        let (mut up, mut down) = (BinaryHeap::new(), BinaryHeap::new());
        for address in changed {
            let category = u32::from(self.categories.at(*address));
            let (mut places, mut too_many) = (Vec::new(), false);
            ledger.for_each_output_of(*address, |place| match patience.take(1) {
                true => places.push(place),
                false => too_many = true,
            });
            if too_many {
                return false;
            }
            let mut externals = Vec::new();
            for place in places {
                match place {
                    Source::Output(output) => {
                        let tx = ledger.tx_of_output(output);
                        journal.gives.push((output, self.gives[output as usize]));
                        self.gives[output as usize] = if category == 0 { self.source[tx as usize] } else { category };
                        up.extend(ledger.spender(output).map(Reverse));
                        down.push(tx);
                    }
                    Source::External(external) => externals.push(external),
                }
            }
            if !patience.take(externals.len() * EXTERNAL_STEPS) {
                return false;
            }
            externals.sort_unstable();
            up.extend(ledger.spenders_of_externals(&externals).into_iter().map(Reverse));
        }
        self.spread_up(ledger, up, journal, &mut patience) && self.spread_down(ledger, down, journal, &mut patience)
    }

    /// Computes where the money of transactions comes from, from the first to the last, and of those after whose answer changes by it.
    fn spread_up(
        &mut self,
        ledger: &Ledger,
        mut waiting: BinaryHeap<Reverse<u32>>,
        journal: &mut Journal,
        patience: &mut Patience,
    ) -> bool {
        let mut pass = Pass::new(ledger, &self.categories);
        let mut last = None;
        while let Some(Reverse(tx)) = waiting.pop() {
            if last.replace(tx) == Some(tx) {
                continue;
            }
            let old = self.source[tx as usize];
            let new = pass.source(tx, &self.gives, &mut self.source_profiles, old);
            let outputs = ledger.outputs(tx);
            if !patience.take(pass.parts() + 1) {
                return false;
            }
            if new == old {
                continue;
            }
            journal.source.push((tx, old));
            self.source[tx as usize] = new;
            if !patience.take((outputs.end - outputs.start) as usize) {
                return false;
            }
            for output in outputs.filter(|o| self.categories.at(ledger.address_of(*o)) == 0) {
                journal.gives.push((output, self.gives[output as usize]));
                self.gives[output as usize] = new;
                waiting.extend(ledger.spender(output).map(Reverse));
            }
        }
        true
    }

    /// Whether the figures rest on the same older categories as others, so that they can take their place while newer categories wait.
    pub(super) fn rests_on_same(&self, other: &Data) -> bool {
        let known = self.categories.len().min(other.categories.len());
        self.categories.differing(&other.categories, u32::try_from(known).unwrap_or(u32::MAX)).is_empty()
    }
}
