//! Exposure: with which categories an output's money is connected, whole ledger in one pass.
//!
//! For every transaction two profiles are kept: where its money comes from (haircut, forward pass) and where it goes (haircut,
//! backward pass). A profile is a list of (category, share) whose shares sum to one exactly, in 2^25 parts (smaller shares are dropped; the
//! largest takes what rounding loses). Attributed addresses end
//! the propagation (fees count at the first hop only; later ones are spread over the destinations): money from an exchange is "exchange" whatever the exchange received. All arithmetic is in integers and deterministic.

mod walk;

use crate::huge::{HugeVec, prefetch};
use holdfast_attribution::taxonomy::MAX_CATEGORIES;
use holdfast_attribution::{Category, sealed};
use holdfast_utxo_ledger::store::NONE_U32;
use holdfast_utxo_ledger::{Ledger, Source, U40};
use serde::{Deserialize, Serialize};
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock, Weak};

/// One whole, as a share.
pub const ONE: u32 = 1 << SHARE_BITS;
const SHARE_BITS: u32 = 25;

/// Categories with their shares in 2^25 parts.
pub type Shares = Vec<(Category, u32)>;

/// A category and its share in one word: a profile is read far more often than it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(transparent)]
struct Entry(u32);

impl Entry {
    #[inline]
    fn new(category: u8, share: u32) -> Self {
        Entry((category as u32) << 26 | share)
    }

    #[inline]
    fn category(self) -> usize {
        (self.0 >> 26) as usize
    }

    #[inline]
    fn share(self) -> u32 {
        self.0 & ((1 << 26) - 1)
    }
}

/// Lists of shares by category. Numbers below 64 are pure categories; others index the arena.
#[derive(Debug, Clone, Default)]
struct Profiles {
    starts: HugeVec<u32>,
    entries: HugeVec<Entry>,
    /// Deduplicates within one run of equal neighbours.
    last: u32,
}

impl Profiles {
    /// Room for the profiles of this many transactions; memory is taken as it is used.
    fn for_txs(txs: u32) -> Self {
        let n = txs as usize;
        Profiles { starts: HugeVec::with_capacity(n), entries: HugeVec::with_capacity(n * 16), last: 0 }
    }

    /// Fetches where a profile's entries start.
    #[inline]
    fn prefetch_start(&self, id: u32) {
        prefetch(&self.starts, (id as usize).wrapping_sub(MAX_CATEGORIES));
    }

    /// Fetches a profile's first entries.
    #[inline]
    fn prefetch_entries(&self, id: u32) {
        if let Some(start) = self.starts.get((id as usize).wrapping_sub(MAX_CATEGORIES)) {
            prefetch(&self.entries, *start as usize);
            prefetch(&self.entries, *start as usize + 16);
        }
    }

    fn with<R>(&self, id: u32, f: impl FnOnce(&[Entry]) -> R) -> R {
        if id < MAX_CATEGORIES as u32 {
            return f(&[Entry::new(id as u8, ONE)]);
        }
        let i = id as usize - MAX_CATEGORIES;
        let end = self.starts.get(i + 1).map_or(self.entries.len(), |e| *e as usize);
        f(&self.entries[self.starts[i] as usize..end])
    }

    /// Stores a mix; pure ones get their category's number, and one equal to the last stored is not stored again.
    fn put(&mut self, mix: &[Entry]) -> u32 {
        if let [only] = mix {
            return only.category() as u32;
        }
        if !self.starts.is_empty() && self.with(self.last, |last| last == mix) {
            return self.last;
        }
        let id = (MAX_CATEGORIES + self.starts.len()) as u32;
        self.starts.push(self.entries.len() as u32);
        self.entries.extend_from_slice(mix);
        self.last = id;
        id
    }
}

/// Mixes profiles in proportion to amounts; scratch space is reused.
#[derive(Debug)]
struct Mixer {
    sums: [u64; MAX_CATEGORIES],
    used: u64,
    mix: Vec<Entry>,
}

impl Default for Mixer {
    fn default() -> Self {
        Mixer { sums: [0; MAX_CATEGORIES], used: 0, mix: Vec::new() }
    }
}

impl Mixer {
    /// The profile of `parts` (amount, profile). Parts of amount zero do not count; without any amount the answer is `empty`.
    fn mix(&mut self, profiles: &mut Profiles, parts: &[(u64, u32)], empty: Category) -> u32 {
        let mut whole = 0u64;
        let mut same = true;
        let mut first = None;
        for (amount, profile) in parts {
            if *amount > 0 {
                whole += amount;
                same &= *first.get_or_insert(*profile) == *profile;
            }
        }
        let Some(first) = first else { return empty.0 as u32 };
        if same {
            return first;
        }
        // Amounts are cut to 31 bits and multiplied by one reciprocal: a division for every part would be most of the work.
        let cut = (64 - whole.leading_zeros()).saturating_sub(31);
        let reciprocal = (1u64 << 62) / (whole >> cut);
        for (amount, profile) in parts.iter().filter(|p| p.0 > 0) {
            let weight = ((amount >> cut) * reciprocal) >> 31;
            let (sums, used) = (&mut self.sums, &mut self.used);
            profiles.with(*profile, |entries| {
                for entry in entries {
                    sums[entry.category()] += weight * entry.share() as u64;
                    *used |= 1 << entry.category();
                }
            });
        }
        self.mix.clear();
        let mut total = 0u32;
        let mut largest = (0u32, 0usize);
        let mut used = std::mem::take(&mut self.used);
        while used != 0 {
            let category = used.trailing_zeros() as usize;
            used &= used - 1;
            let share = (std::mem::take(&mut self.sums[category]) >> 31) as u32;
            if share > 0 {
                total += share;
                if share > largest.0 {
                    largest = (share, self.mix.len());
                }
                self.mix.push(Entry::new(category as u8, share));
            }
        }
        match self.mix.get_mut(largest.1) {
            // What rounding lost goes to the largest share.
            Some(entry) => entry.0 += ONE - total,
            None => return first,
        }
        profiles.put(&self.mix)
    }
}

/// Amounts by category, direct and indirect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Base units in all.
    pub amount: u64,
    /// By category: (direct, indirect) base units, largest first. The sum over all is `amount`.
    pub by_category: Vec<(Category, u64, u64)>,
}

impl Totals {
    fn from_table(table: &Table) -> Self {
        let mut by_category: Vec<(Category, u64, u64)> = table
            .direct
            .iter()
            .zip(&table.indirect)
            .enumerate()
            .filter(|(_, (d, i))| **d > 0 || **i > 0)
            .map(|(c, (d, i))| (Category(c as u8), *d, *i))
            .collect();
        by_category.sort_by_key(|(c, d, i)| (std::cmp::Reverse(d + i), *c));
        Totals { amount: by_category.iter().map(|(_, d, i)| d + i).sum(), by_category }
    }

    /// Share of a category, direct and indirect, in millionths.
    pub fn share_ppm(&self, category: Category) -> u64 {
        let amount: u64 = self.by_category.iter().filter(|e| e.0 == category).map(|(_, d, i)| d + i).sum();
        if self.amount == 0 { 0 } else { (amount as u128 * 1_000_000 / self.amount as u128) as u64 }
    }
}

#[derive(Clone, Debug)]
struct Table {
    direct: [u64; MAX_CATEGORIES],
    indirect: [u64; MAX_CATEGORIES],
}

impl Default for Table {
    fn default() -> Self {
        Table { direct: [0; MAX_CATEGORIES], indirect: [0; MAX_CATEGORIES] }
    }
}

impl Table {
    /// Adds `amount` spread over a profile, exactly: cumulative rounding.
    fn add_profile(&mut self, entries: &[Entry], amount: u64) {
        let mut cumulated = 0u64;
        let mut given = 0u64;
        for entry in entries {
            cumulated += entry.share() as u64;
            let upto = ((amount as u128 * cumulated as u128) >> SHARE_BITS) as u64;
            self.indirect[entry.category()] += upto - given;
            given = upto;
        }
    }

    fn add(&mut self, other: &Table) {
        for i in 0..MAX_CATEGORIES {
            self.direct[i] += other.direct[i];
            self.indirect[i] += other.indirect[i];
        }
    }
}

/// Source and destination of an address, entity, transaction or output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    /// Where what it received came from.
    pub source: Totals,
    /// Where what it received went.
    pub destination: Totals,
    /// What the totals cannot count.
    #[serde(default)]
    pub unknown: Unknown,
}

/// Amounts that are not known, because the blocks that made them are not stored: totals leave them out or rest on an assumption.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// Outputs of unknown amount that the subject received: in no total.
    pub receipts: u64,
    /// Inputs of unknown amount of the transactions that paid the subject, by what their addresses count under, most first.
    pub inputs: Vec<(Category, u64)>,
}

impl Unknown {
    /// How many amounts are not known.
    pub fn count(&self) -> u64 {
        self.receipts + self.inputs.iter().map(|i| i.1).sum::<u64>()
    }

    /// Whether everything is known.
    pub fn is_empty(&self) -> bool {
        self.receipts == 0 && self.inputs.is_empty()
    }
}

/// Exposures of a whole ledger.
#[derive(Debug, Default)]
pub struct Exposures {
    /// Shared by snapshots; copied when it is changed while somebody else holds it.
    data: Arc<Data>,
    /// Answers about busy addresses and whole entities of one snapshot, from the first time they are asked.
    kept: RwLock<HashMap<(u32, bool), Exposure>>,
}

/// Figures to be recognized; does not hold them.
#[derive(Debug, Default)]
pub struct ExposuresMark(Weak<Data>);

/// What exposures are read from.
#[derive(Clone, Debug, Default)]
struct Data {
    /// Categories that the profiles were computed with.
    categories: Vec<u8>,
    /// By output: profile that it gives on when spent.
    gives: HugeVec<u32>,
    /// By transaction: profile of what it pays out.
    source: HugeVec<u32>,
    /// By transaction: profile of where its outputs go.
    destination: HugeVec<u32>,
    source_profiles: Profiles,
    destination_profiles: Profiles,
    done: u32,
    at: Option<[u8; 32]>,
}

/// Answers that walked more outputs than this are kept as long as their snapshot.
pub const HEAVY: usize = 512;

impl Exposures {
    /// Computes all exposures of a ledger. `categories` gives each address's category by number, 0 where unattributed.
    pub fn build(ledger: &Ledger, categories: &[u8]) -> Self {
        let mut data = Data { categories: categories.to_vec(), ..Data::default() };
        data.compute(ledger);
        Exposures { data: Arc::new(data), kept: RwLock::default() }
    }

    /// The same exposures, for a snapshot of its own: answers that were kept are not taken along.
    #[must_use]
    pub fn share(&self) -> Self {
        Exposures { data: self.data.clone(), kept: RwLock::default() }
    }

    /// Whether both hold the same figures, without comparing them.
    #[must_use]
    pub fn is_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.data, &other.data)
    }

    /// Takes in blocks that came since. Equal to [`Exposures::build`] on the new state; only transactions whose answer changes are
    /// computed, unless the chain was reorganized or an address changed its category.
    pub fn update(&mut self, ledger: &Ledger, categories: &[u8]) {
        if !self.data.is_of_older(ledger, categories) {
            *self = Self::build(ledger, categories);
        } else if self.data.done < ledger.counts().txs {
            Arc::make_mut(&mut self.data).update(ledger, categories);
            self.kept = RwLock::default();
        }
    }

    /// As [`Exposures::update`], but goes on from older exposures of the same chain where nobody else holds them: that spares a copy of
    /// figures that somebody reads.
    pub fn update_from(&mut self, older: Option<Exposures>, ledger: &Ledger, categories: &[u8]) {
        match older.and_then(|older| Arc::try_unwrap(older.data).ok()) {
            Some(mut data) if data.is_of_older(ledger, categories) => {
                data.update(ledger, categories);
                *self = Exposures { data: Arc::new(data), kept: RwLock::default() };
            }
            _ => self.update(ledger, categories),
        }
    }

    /// Whether an update would change nothing.
    #[must_use]
    pub fn is_up_to(&self, ledger: &Ledger, categories: &[u8]) -> bool {
        self.data.done == ledger.counts().txs && self.data.is_of_older(ledger, categories)
    }

    /// Whether a snapshot holds the same figures.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.data) > 1
    }

    /// What [`Exposures::is_at`] knows these figures by.
    #[must_use]
    pub fn mark(&self) -> ExposuresMark {
        ExposuresMark(Arc::downgrade(&self.data))
    }

    /// Whether these are the figures that were marked, unchanged.
    #[must_use]
    pub fn is_at(&self, mark: &ExposuresMark) -> bool {
        std::ptr::eq(mark.0.as_ptr(), Arc::as_ptr(&self.data))
    }

    /// Transactions taken in.
    pub fn done(&self) -> u32 {
        self.data.done
    }

    /// Source and destination profile of a transaction, as (category, share in 2^31).
    pub fn profiles_of(&self, tx: u32) -> (Shares, Shares) {
        let list = |profiles: &Profiles, id: u32| {
            profiles.with(id, |p| p.iter().map(|e| (Category(e.category() as u8), e.share())).collect::<Shares>())
        };
        let data = &self.data;
        (
            list(&data.source_profiles, data.source[tx as usize]),
            list(&data.destination_profiles, data.destination[tx as usize]),
        )
    }

    /// Bytes of memory held by profiles and columns.
    pub fn bytes(&self) -> usize {
        let data = &self.data;
        4 * (data.gives.len() + data.source.len() + data.destination.len())
            + data.categories.len()
            + 4 * (data.source_profiles.entries.len() + data.destination_profiles.entries.len())
            + 4 * (data.source_profiles.starts.len() + data.destination_profiles.starts.len())
    }
}

impl Data {
    fn compute(&mut self, ledger: &Ledger) {
        let txs = ledger.counts().txs;
        let categories = &self.categories;
        let ((gives, source, source_profiles), (destination, destination_profiles)) = rayon::join(
            || {
                let counts = ledger.counts();
                let mut gives = HugeVec::with_capacity(counts.outputs as usize);
                let mut source = HugeVec::with_capacity(counts.txs as usize);
                let mut profiles = Profiles::for_txs(counts.txs);
                source_pass(ledger, categories, 0, &mut gives, &mut source, &mut profiles);
                (gives, source, profiles)
            },
            || {
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
                let (mut mixer, mut parts) = (Mixer::default(), Vec::new());
                for tx in (0..txs).rev() {
                    let first = ledger.outputs(tx).start;
                    ahead.follow_down(first, spends, &destination, &profiles);
                    destination[tx as usize] = destination_of(
                        ledger,
                        categories,
                        &destination,
                        tx,
                        |o| spends[o as usize],
                        &mut profiles,
                        &mut mixer,
                        &mut parts,
                    );
                }
                (destination, profiles)
            },
        );
        self.gives = gives;
        self.source = source;
        self.source_profiles = source_profiles;
        self.destination = destination;
        self.destination_profiles = destination_profiles;
        self.done = txs;
        self.at = ledger.tip().map(|t| t.hash);
    }

    /// Whether the ledger and categories go on from those of the figures.
    fn is_of_older(&self, ledger: &Ledger, categories: &[u8]) -> bool {
        self.done > 0
            && self.done <= ledger.counts().txs
            && self.at == Some(ledger.block_of_tx(self.done - 1).hash)
            && categories.len() >= self.categories.len()
            && categories[..self.categories.len()] == self.categories
    }

    fn update(&mut self, ledger: &Ledger, categories: &[u8]) {
        let txs = ledger.counts().txs;
        self.categories = categories.to_vec();
        let from = self.done;
        source_pass(ledger, categories, from, &mut self.gives, &mut self.source, &mut self.source_profiles);
        self.destination.resize(txs as usize, NONE_U32);
        let (mut mixer, mut parts) = (Mixer::default(), Vec::new());
        // New transactions from the last, then older ones whose outputs they spend, as long as answers change.
        let mut waiting: BinaryHeap<u32> = (from..txs).collect();
        let mut queued: HashSet<u32> = HashSet::new();
        while let Some(tx) = waiting.pop() {
            queued.remove(&tx);
            let old = self.destination[tx as usize];
            let new = destination_of(
                ledger,
                categories,
                &self.destination,
                tx,
                |o| ledger.spender(o).unwrap_or(NONE_U32),
                &mut self.destination_profiles,
                &mut mixer,
                &mut parts,
            );
            let changed = old == NONE_U32
                || (old != new
                    && self.destination_profiles.with(old, |a| self.destination_profiles.with(new, |b| a != b)));
            if !changed {
                continue;
            }
            self.destination[tx as usize] = new;
            for source in ledger.sources(tx) {
                if let Source::Output(o) = source
                    && categories[ledger.address_of(o) as usize] == 0
                {
                    let funding = ledger.tx_of_output(o);
                    if funding < from && queued.insert(funding) {
                        waiting.push(funding);
                    }
                }
            }
        }
        self.done = txs;
        self.at = ledger.tip().map(|t| t.hash);
    }
}

/// Why exposures do not load.
#[derive(Debug, thiserror::Error)]
pub enum ExposureError {
    /// The system refused, or the file is damaged.
    #[error("{0}: {1}; if it is damaged, run `holdfast exposure --rebuild`")]
    Io(PathBuf, #[source] std::io::Error),
    /// Its contents do not decode.
    #[error("{0}: {1}; run `holdfast exposure --rebuild`")]
    Format(PathBuf, String),
}

const MAGIC: &[u8; 8] = b"HFEXPO03";

#[derive(Serialize, Deserialize)]
struct Head {
    done: u32,
    at: Option<[u8; 32]>,
    lengths: [u64; 8],
    last: (u32, u32),
}

impl Exposures {
    /// Writes everything to a file, atomically.
    ///
    /// # Errors
    /// [`ExposureError`].
    pub fn save(&self, path: &Path) -> Result<(), ExposureError> {
        let data = &*self.data;
        let words: [&[u32]; 7] = [
            &data.gives,
            &data.source,
            &data.destination,
            &data.source_profiles.starts,
            &data.destination_profiles.starts,
            bytemuck::cast_slice(&data.source_profiles.entries),
            bytemuck::cast_slice(&data.destination_profiles.entries),
        ];
        let mut lengths = [0u64; 8];
        for (length, column) in lengths.iter_mut().zip(words) {
            *length = column.len() as u64;
        }
        lengths[7] = data.categories.len() as u64;
        let last = (data.source_profiles.last, data.destination_profiles.last);
        let head = Head { done: data.done, at: data.at, lengths, last };
        let head = serde_json::to_vec(&head).map_err(|e| ExposureError::Format(path.to_owned(), e.to_string()))?;
        let mut body = (head.len() as u64).to_le_bytes().to_vec();
        body.extend_from_slice(&head);
        for column in words {
            body.extend_from_slice(bytemuck::cast_slice(column));
        }
        body.extend_from_slice(&data.categories);
        sealed::save(path, MAGIC, &body).map_err(|e| ExposureError::Io(path.to_owned(), e))
    }

    /// Reads what [`Exposures::save`] wrote; `None` when the file is absent.
    ///
    /// # Errors
    /// [`ExposureError`] when it is damaged or of another version.
    pub fn load(path: &Path) -> Result<Option<Self>, ExposureError> {
        let body = sealed::load(path, MAGIC).map_err(|e| ExposureError::Io(path.to_owned(), e))?;
        let Some(body) = body else { return Ok(None) };
        let body = body.as_slice();
        let fail = |why: &str| ExposureError::Format(path.to_owned(), why.to_owned());
        let cut = || fail("cut off");
        let (len, body) = body.split_at_checked(8).ok_or_else(cut)?;
        let len = u64::from_le_bytes(len.try_into().expect("eight bytes")) as usize;
        let (head, mut body) = body.split_at_checked(len).ok_or_else(cut)?;
        let head: Head = serde_json::from_slice(head).map_err(|e| fail(&e.to_string()))?;
        let mut words: Vec<Vec<u32>> = Vec::with_capacity(7);
        for n in &head.lengths[..7] {
            let (column, rest) = body.split_at_checked(*n as usize * 4).ok_or_else(cut)?;
            words.push(bytemuck::allocation::pod_collect_to_vec(column));
            body = rest;
        }
        if body.len() as u64 != head.lengths[7] {
            return Err(cut());
        }
        let categories = body.to_vec();
        let mut next = words.into_iter();
        let mut column = || next.next().expect("seven columns");
        let (gives, source, destination) = (column(), column(), column());
        let (source_starts, destination_starts) = (column(), column());
        let profiles = |starts: Vec<u32>, entries: Vec<u32>, last| Profiles {
            starts: starts.into(),
            entries: bytemuck::cast_vec::<u32, Entry>(entries).into(),
            last,
        };
        let source_profiles = profiles(source_starts, column(), head.last.0);
        let destination_profiles = profiles(destination_starts, column(), head.last.1);
        let data = Data {
            categories,
            gives: gives.into(),
            source: source.into(),
            destination: destination.into(),
            source_profiles,
            destination_profiles,
            done: head.done,
            at: head.at,
        };
        Ok(Some(Exposures { data: Arc::new(data), kept: RwLock::default() }))
    }
}

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

/// Source profiles of transactions `from..`, in chain order.
fn source_pass(
    ledger: &Ledger,
    categories: &[u8],
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
    let (mut mixer, mut parts) = (Mixer::default(), Vec::new());
    for tx in from..counts.txs {
        let inputs = columns.inputs_of(tx, counts);
        ahead.follow_up(inputs.start, prev, values, gives, profiles);
        let profile = if inputs.is_empty() {
            Category::COINBASE.0 as u32
        } else {
            parts.clear();
            let mut unknown = None;
            for n in &prev[inputs.start as usize..inputs.end as usize] {
                parts.push(match Source::from_stored(n.get()) {
                    Source::Output(o) => (values[o as usize], gives[o as usize]),
                    external => {
                        let info = ledger.source_info(external);
                        let category = info.address.map_or(0, |a| categories[a as usize]);
                        let category = if category == 0 { Category::UNKNOWN_ORIGIN.0 } else { category };
                        if info.value.is_none() {
                            unknown.get_or_insert(parts.len());
                        }
                        (info.value.unwrap_or(0), category as u32)
                    }
                });
            }
            if let Some(first) = unknown {
                // The least possible, as traces assume it: the first unknown input brings what the outputs need beyond the known.
                let outputs = columns.outputs_of(tx, counts);
                let received: u64 = values[outputs.start as usize..outputs.end as usize].iter().sum();
                let known: u64 = parts.iter().map(|p| p.0).sum();
                parts[first].0 = received.saturating_sub(known);
            }
            match parts.as_slice() {
                [(_, only)] => *only,
                _ => mixer.mix(profiles, &parts, Category::UNKNOWN_ORIGIN),
            }
        };
        source.push(profile);
        let outputs = columns.outputs_of(tx, counts);
        for address in &addresses[outputs.start as usize..outputs.end as usize] {
            let category = categories[*address as usize];
            gives.push(if category == 0 { profile } else { category as u32 });
        }
    }
}

#[allow(clippy::too_many_arguments)]
#[inline]
fn destination_of(
    ledger: &Ledger,
    categories: &[u8],
    destination: &[u32],
    tx: u32,
    spender: impl Fn(u64) -> u32,
    profiles: &mut Profiles,
    mixer: &mut Mixer,
    parts: &mut Vec<(u64, u32)>,
) -> u32 {
    let columns = ledger.columns();
    let outputs = columns.outputs_of(tx, ledger.counts());
    parts.clear();
    for o in outputs {
        let value = columns.value.all()[o as usize];
        let category = categories[columns.output_address.all()[o as usize] as usize];
        let profile = if category != 0 {
            category as u32
        } else {
            match spender(o) {
                NONE_U32 => Category::UNSPENT.0 as u32,
                next => destination[next as usize],
            }
        };
        parts.push((value, profile));
    }
    mixer.mix(profiles, parts, Category::UNSPENT)
}
