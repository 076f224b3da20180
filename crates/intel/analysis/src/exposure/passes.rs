//! The two passes over a ledger: where money comes from, upwards; where it goes, downwards.

#![allow(
    clippy::cast_possible_truncation,
    reason = "numbers of outputs and inputs index columns that are mapped whole, which needs 64 bits (holdfast-utxo-ledger asserts them)"
)]

use super::Data;
use super::changes::Version;
use super::profiles::{Mixer, Profiles};
use crate::huge::{HugeVec, prefetch};
use holdfast_attribution::{Categories, Category, CategoryOf};
use holdfast_utxo_ledger::store::NONE_U32;
use holdfast_utxo_ledger::{Ledger, Source, U40};
use std::collections::VecDeque;

/// Three cursors that run ahead of a pass and fetch, one after the other, what it will read: the profile number, where the profile
/// starts, its entries.
struct Ahead {
    at: [u64; 3],
}

/// How far ahead the cursors run, in inputs or outputs.
const DISTANCE: [u64; 3] = [96, 64, 32];

impl Ahead {
    fn up(start: u64) -> Self {
        Ahead { at: [start; 3] }
    }

    fn down(end: u64) -> Self {
        Ahead { at: [end; 3] }
    }

    /// Ahead of the source pass, over inputs, upwards.
    #[inline]
    fn follow_up(&mut self, input: u64, prev: &[U40], values: &[u64], gives: &[u32], profiles: &Profiles) {
        let end = prev.len() as u64;
        let place = |i: u64| prev[i as usize].get() as usize;
        while self.at[0] < (input + DISTANCE[0]).min(end) {
            prefetch(gives, place(self.at[0]));
            prefetch(values, place(self.at[0]));
            self.at[0] += 1;
        }
        while self.at[1] < (input + DISTANCE[1]).min(end) {
            if let Some(id) = gives.get(place(self.at[1])) {
                profiles.prefetch_start(*id);
            }
            self.at[1] += 1;
        }
        while self.at[2] < (input + DISTANCE[2]).min(end) {
            if let Some(id) = gives.get(place(self.at[2])) {
                profiles.prefetch_entries(*id);
            }
            self.at[2] += 1;
        }
    }

    /// Ahead of the destination pass, over outputs, downwards.
    #[inline]
    fn follow_down(&mut self, output: u64, spends: &[u32], destination: &[u32], profiles: &Profiles) {
        while self.at[0] > output.saturating_sub(DISTANCE[0]) {
            self.at[0] -= 1;
            // "Unspent" lies beyond every array, where there is nothing to fetch.
            prefetch(destination, spends[self.at[0] as usize] as usize);
        }
        while self.at[1] > output.saturating_sub(DISTANCE[1]) {
            self.at[1] -= 1;
            if let Some(id) = destination.get(spends[self.at[1] as usize] as usize) {
                profiles.prefetch_start(*id);
            }
        }
        while self.at[2] > output.saturating_sub(DISTANCE[2]) {
            self.at[2] -= 1;
            if let Some(id) = destination.get(spends[self.at[2] as usize] as usize) {
                profiles.prefetch_entries(*id);
            }
        }
    }
}

/// What both passes work with.
pub(super) struct Pass<'a, C: ?Sized> {
    ledger: &'a Ledger,
    categories: &'a C,
    mixer: Mixer,
    parts: Vec<(u64, u32)>,
}

impl<'a, C: CategoryOf + ?Sized> Pass<'a, C> {
    pub(super) fn new(ledger: &'a Ledger, categories: &'a C) -> Self {
        Pass { ledger, categories, mixer: Mixer::default(), parts: Vec::new() }
    }

    /// Returns the profile of where a transaction's money comes from; `old` where both are equal.
    #[inline]
    pub(super) fn source(&mut self, tx: u32, gives: &[u32], profiles: &mut Profiles, old: u32) -> u32 {
        let ledger = self.ledger;
        let (counts, columns) = (ledger.counts(), ledger.columns());
        let values = columns.value.all();
        let inputs = columns.inputs_of(tx, counts);
        if inputs.is_empty() {
            return profiles.settle(Category::COINBASE.0.into(), old);
        }
        self.parts.clear();
        let mut unknown = None;
        for n in &columns.prev.all()[inputs.start as usize..inputs.end as usize] {
            let part = match Source::from_stored(n.get()) {
                Source::Output(o) => (values[o as usize], gives[o as usize]),
                external => {
                    let info = ledger.source_info(external);
                    let category = info.address.map_or(0, |a| self.categories.at(a));
                    let category = if category == 0 { Category::UNKNOWN_ORIGIN.0 } else { category };
                    if info.value.is_none() {
                        unknown.get_or_insert(self.parts.len());
                    }
                    (info.value.unwrap_or(0), u32::from(category))
                }
            };
            self.parts.push(part);
        }
        if let Some(first) = unknown {
            // The least possible, as traces assume it: the first unknown input brings what the outputs need beyond the known.
            let outputs = columns.outputs_of(tx, counts);
            let received: u64 = values[outputs.start as usize..outputs.end as usize].iter().sum();
            let known: u64 = self.parts.iter().map(|p| p.0).sum();
            self.parts[first].0 = received.saturating_sub(known);
        }
        match self.parts.as_slice() {
            [(_, only)] => profiles.settle(*only, old),
            _ => self.mixer.mix(profiles, &self.parts, Category::UNKNOWN_ORIGIN, old),
        }
    }

    /// Returns the profile of where a transaction's outputs go; `old` where both are equal.
    #[inline]
    pub(super) fn destination(
        &mut self,
        tx: u32,
        destination: &[u32],
        spender: impl Fn(u64) -> u32,
        profiles: &mut Profiles,
        old: u32,
    ) -> u32 {
        let columns = self.ledger.columns();
        self.parts.clear();
        for o in columns.outputs_of(tx, self.ledger.counts()) {
            let category = self.categories.at(columns.output_address.all()[o as usize]);
            let profile = if category != 0 {
                u32::from(category)
            } else {
                match spender(o) {
                    NONE_U32 => u32::from(Category::UNSPENT.0),
                    next => destination[next as usize],
                }
            };
            self.parts.push((columns.value.all()[o as usize], profile));
        }
        self.mixer.mix(profiles, &self.parts, Category::UNSPENT, old)
    }

    /// Returns how many inputs or outputs the last profile was made of.
    pub(super) fn parts(&self) -> usize {
        self.parts.len()
    }
}

/// Source profiles of transactions `from..`, in chain order.
pub(super) fn source_pass<C: CategoryOf + ?Sized>(
    ledger: &Ledger,
    categories: &C,
    from: u32,
    gives: &mut HugeVec<u32>,
    source: &mut HugeVec<u32>,
    profiles: &mut Profiles,
) {
    let counts = ledger.counts();
    let columns = ledger.columns();
    let addresses = columns.output_address.all();
    let values = columns.value.all();
    let prev = columns.prev.all();
    let mut ahead = Ahead::up(if from < counts.txs { columns.inputs_of(from, counts).start } else { 0 });
    let mut pass = Pass::new(ledger, categories);
    for tx in from..counts.txs {
        ahead.follow_up(columns.inputs_of(tx, counts).start, prev, values, gives, profiles);
        let profile = pass.source(tx, gives, profiles, NONE_U32);
        source.push(profile);
        let outputs = columns.outputs_of(tx, counts);
        for address in &addresses[outputs.start as usize..outputs.end as usize] {
            let category = categories.at(*address);
            gives.push(if category == 0 { profile } else { u32::from(category) });
        }
    }
}

/// Destination profiles of all transactions, from the last to the first.
fn destination_pass(ledger: &Ledger, categories: &[u8]) -> (HugeVec<u32>, Profiles) {
    let txs = ledger.counts().txs;
    let mut profiles = Profiles::for_txs(txs);
    let mut destination = HugeVec::zeroed(txs as usize);
    let mut ahead = Ahead::down(ledger.counts().outputs);
    let owned;
    let spends = match ledger.indexed_spends() {
        Some(spends) => spends,
        None => {
            owned = ledger.all_spends();
            &owned
        }
    };
    let mut pass = Pass::new(ledger, categories);
    for tx in (0..txs).rev() {
        let first = ledger.outputs(tx).start;
        ahead.follow_down(first, spends, &destination, &profiles);
        destination[tx as usize] = pass.destination(tx, &destination, |o| spends[o as usize], &mut profiles, NONE_U32);
    }
    (destination, profiles)
}

impl Data {
    /// Figures of a whole ledger.
    pub(super) fn compute(ledger: &Ledger, categories: &Categories) -> Self {
        let counts = ledger.counts();
        let flat = categories.to_vec();
        let ((gives, source, source_profiles), (destination, destination_profiles)) = rayon::join(
            || {
                let mut gives = HugeVec::with_capacity(counts.outputs as usize);
                let mut source = HugeVec::with_capacity(counts.txs as usize);
                let mut profiles = Profiles::for_txs(counts.txs);
                source_pass(ledger, flat.as_slice(), 0, &mut gives, &mut source, &mut profiles);
                (gives, source, profiles)
            },
            || destination_pass(ledger, &flat),
        );
        let made = source_profiles.entries.len() + destination_profiles.entries.len();
        let mut data = Data {
            categories: categories.clone(),
            gives,
            source,
            destination,
            source_profiles,
            destination_profiles,
            made,
            done: counts.txs,
            at: ledger.tip().map(|t| t.hash),
            marks: VecDeque::new(),
            behind: None,
            version: Version::next(),
            replaced: None,
        };
        data.put_marks(ledger, 0);
        data
    }
}
