//! Exposure: with which categories an output's money is connected, whole ledger in one pass.
//!
//! Every transaction has two profiles: where its money comes from (haircut, forward pass) and where it goes (haircut,
//! backward pass). A profile is a list of (category, share) whose shares sum to one exactly, in 2^25 parts (smaller shares are dropped; the
//! largest takes what rounding loses). Attributed addresses end
//! the propagation (fees count at the first hop only; later ones are spread over the destinations): money from an exchange is "exchange" whatever the exchange received. All arithmetic is in integers and deterministic.

mod advance;
mod changes;
mod file;
mod passes;
mod profiles;
mod walk;

pub use advance::Reach;
pub use changes::{ChangedTxs, ExposureStep};
pub use file::ExposureError;
pub use profiles::{ONE, Shares};

use crate::huge::HugeVec;
use advance::Mark;
use changes::{Replaced, Version};
use holdfast_attribution::taxonomy::MAX_CATEGORIES;
use holdfast_attribution::{Categories, Category};
use holdfast_bitcoin::BlockHash;
use holdfast_utxo_ledger::Ledger;
use profiles::{Entry, Profiles, SHARE_BITS};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, RwLock, Weak};

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
        let mut by_category: Vec<(Category, u64, u64)> = (0u8..)
            .zip(table.direct.iter().zip(&table.indirect))
            .filter(|(_, (d, i))| **d > 0 || **i > 0)
            .map(|(c, (d, i))| (Category(c), *d, *i))
            .collect();
        by_category.sort_by_key(|(c, d, i)| (std::cmp::Reverse(d + i), *c));
        Totals { amount: by_category.iter().map(|(_, d, i)| d + i).sum(), by_category }
    }

    /// Returns the share of a category, direct and indirect, in millionths.
    pub fn share_ppm(&self, category: Category) -> u64 {
        let amount: u64 = self.by_category.iter().filter(|e| e.0 == category).map(|(_, d, i)| d + i).sum();
        let ppm = (u128::from(amount) * 1_000_000).checked_div(u128::from(self.amount)).unwrap_or(0);
        u64::try_from(ppm).unwrap_or(1_000_000)
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
    #[expect(clippy::cast_possible_truncation, reason = "shares sum to one, so that no part is above the amount")]
    fn add_profile(&mut self, entries: &[Entry], amount: u64) {
        let mut cumulated = 0u64;
        let mut given = 0u64;
        for entry in entries {
            cumulated += u64::from(entry.share());
            let upto = ((u128::from(amount) * u128::from(cumulated)) >> SHARE_BITS) as u64;
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
    /// Returns how many amounts are not known.
    pub fn count(&self) -> u64 {
        self.receipts + self.inputs.iter().map(|i| i.1).sum::<u64>()
    }

    /// Returns whether everything is known.
    pub fn is_empty(&self) -> bool {
        self.receipts == 0 && self.inputs.is_empty()
    }
}

/// Exposures of a whole ledger.
#[derive(Debug, Default)]
pub struct Exposures {
    /// Shared by snapshots; copied when it is changed while a snapshot holds it.
    data: Arc<Data>,
    /// Answers about busy addresses and whole entities of one snapshot, from the first query on.
    cache: RwLock<HashMap<(u32, bool), Exposure>>,
}

/// Figures to be recognized; does not hold them.
#[derive(Debug, Default)]
pub struct ExposuresMark(Weak<Data>);

/// What exposures are read from.
#[derive(Clone, Debug, Default)]
struct Data {
    /// Categories that the profiles were computed with.
    categories: Categories,
    /// By output: profile that it gives on when spent.
    gives: HugeVec<u32>,
    /// By transaction: profile of what it pays out.
    source: HugeVec<u32>,
    /// By transaction: profile of where its outputs go.
    destination: HugeVec<u32>,
    source_profiles: Profiles,
    destination_profiles: Profiles,
    /// Entries of both lists of profiles when the figures were last made whole.
    made: usize,
    done: u32,
    at: Option<BlockHash>,
    /// The last blocks, so that they can be removed.
    marks: VecDeque<Mark>,
    /// Where destinations of older transactions are not whole: the number of transactions whose spends they count.
    behind: Option<u32>,
    /// Which figures these are.
    version: Version,
    /// What the last change replaced; none where the figures were rebuilt.
    replaced: Option<Replaced>,
}

/// Answers that walked more outputs than this are cached as long as their snapshot.
pub const HEAVY: usize = 512;

/// Inputs, outputs and payments that are processed when categories of older addresses change, before the figures are rebuilt instead.
pub const PATIENCE: usize = 1 << 17;

/// Outputs of older transactions whose destinations one change of the chain brings up at once, beside readers: about 5 ms of work.
pub const BLOCK_REACH: usize = 1 << 12;

impl Exposures {
    /// Computes all exposures of a ledger. `categories` gives each address's category by number, 0 where unattributed.
    pub fn build(ledger: &Ledger, categories: &Categories) -> Self {
        Exposures { data: Arc::new(Data::compute(ledger, categories)), cache: RwLock::default() }
    }

    /// Returns the same exposures, for a snapshot of its own: cached answers are not copied.
    #[must_use]
    pub fn share(&self) -> Self {
        Exposures { data: self.data.clone(), cache: RwLock::default() }
    }

    /// Returns the same exposures in memory of their own, for a change.
    #[must_use]
    pub fn copy(&self) -> Self {
        Exposures { data: Arc::new(Data::clone(&self.data)), cache: RwLock::default() }
    }

    /// Returns whether both hold the same figures, without comparing them.
    #[must_use]
    pub fn is_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.data, &other.data)
    }

    /// Follows what changed of the ledger, also by a reorganization, and of the categories. Equal to [`Exposures::build`] on the new state;
    /// only transactions whose answer changes are computed, unless these are very many.
    pub fn update(&mut self, ledger: &Ledger, categories: &Categories) {
        let patience = PATIENCE.max(usize::try_from(ledger.counts().outputs / 8).unwrap_or(usize::MAX));
        if self.is_wasteful() || !self.follow(None, ledger, categories, patience, Reach::Whole) {
            *self = Self::build(ledger, categories);
        }
    }

    /// Follows the blocks that came since or were removed, as far as `reach`, and, where that takes no more than `patience` steps, the categories
    /// that changed. Returns whether the figures are whole: of all blocks and all categories. Until then they rest on the categories that the older
    /// figures rest on, and destinations of older transactions count spends up to [`Exposures::behind`]. Goes on from `older` exposures of the same
    /// chain where nothing else holds them: that spares a copy of figures that are being read.
    pub fn follow(
        &mut self,
        older: Option<Exposures>,
        ledger: &Ledger,
        categories: &Categories,
        patience: usize,
        reach: Reach,
    ) -> bool {
        let waits = patience == 0 && !self.rests_on(categories);
        if self.is_at_tip(ledger) && (waits || self.rests_on(categories)) {
            return !waits && self.data.behind.is_none();
        }
        if let Some(mut data) = older.and_then(|older| Arc::try_unwrap(older.data).ok()).filter(|d| d.is_near(ledger)) {
            // While anything waits, the figures must not go back to categories before.
            let is_same = data.rests_on_same(&self.data);
            let is_fit = !waits || is_same;
            if is_fit && data.follow_blocks(ledger, categories, reach) {
                let whole = data.follow_categories(ledger, categories, patience);
                if whole || (is_same && (waits || data.behind.is_some())) {
                    *self = Exposures { data: Arc::new(data), cache: RwLock::default() };
                    return whole;
                }
            }
        }
        self.cache = RwLock::default();
        if !self.data.is_near(ledger) || !Arc::make_mut(&mut self.data).follow_blocks(ledger, categories, reach) {
            *self = Self::build(ledger, categories);
            return true;
        }
        Arc::make_mut(&mut self.data).follow_categories(ledger, categories, patience)
    }

    /// Returns the number of transactions, in chain order, whose spends the destinations of older transactions count, where these are not whole.
    #[must_use]
    pub fn behind(&self) -> Option<u32> {
        self.data.behind
    }

    /// Returns the categories that the figures rest on.
    #[must_use]
    pub fn categories(&self) -> &Categories {
        &self.data.categories
    }

    /// Returns whether an update would change nothing.
    #[must_use]
    pub fn is_up_to(&self, ledger: &Ledger, categories: &Categories) -> bool {
        self.is_at_tip(ledger) && self.rests_on(categories) && self.data.behind.is_none()
    }

    /// Returns whether the figures are of all blocks of a ledger.
    #[must_use]
    pub fn is_at_tip(&self, ledger: &Ledger) -> bool {
        let (data, counts) = (&self.data, ledger.counts());
        // Figures that were just read from a file lack a column.
        let is_complete = data.gives.len() as u64 == counts.outputs;
        is_complete && data.done == counts.txs && data.at == ledger.tip().map(|t| t.hash)
    }

    /// Returns whether the figures rest on these categories.
    #[must_use]
    pub fn rests_on(&self, categories: &Categories) -> bool {
        self.data.categories == *categories
    }

    /// Returns whether most of the memory holds figures that were replaced: making them whole frees it.
    #[must_use]
    pub fn is_wasteful(&self) -> bool {
        let data = &self.data;
        data.source_profiles.entries.len() + data.destination_profiles.entries.len() > 2 * data.made + (1 << 22)
    }

    /// Returns whether a snapshot holds the same figures.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.data) > 1
    }

    /// Returns what [`Exposures::is_at`] knows these figures by.
    #[must_use]
    pub fn mark(&self) -> ExposuresMark {
        ExposuresMark(Arc::downgrade(&self.data))
    }

    /// Returns whether these are the figures that were marked, unchanged.
    #[must_use]
    pub fn is_at(&self, mark: &ExposuresMark) -> bool {
        std::ptr::eq(mark.0.as_ptr(), Arc::as_ptr(&self.data))
    }

    /// Returns the number of transactions included.
    pub fn done(&self) -> u32 {
        self.data.done
    }

    /// Returns the source and destination profile of a transaction, as (category, share in parts of [`ONE`]).
    pub fn profiles_of(&self, tx: u32) -> (Shares, Shares) {
        let list = |profiles: &Profiles, id: u32| {
            profiles.with(id, |p| p.iter().map(|e| (Category(e.code()), e.share())).collect::<Shares>())
        };
        let data = &self.data;
        (
            list(&data.source_profiles, data.source[tx as usize]),
            list(&data.destination_profiles, data.destination[tx as usize]),
        )
    }

    /// Returns the bytes of memory held by profiles and columns.
    pub fn bytes(&self) -> usize {
        let data = &self.data;
        4 * (data.gives.len() + data.source.len() + data.destination.len())
            + data.categories.len()
            + 4 * (data.source_profiles.entries.len() + data.destination_profiles.entries.len())
            + 4 * (data.source_profiles.starts.len() + data.destination_profiles.starts.len())
    }
}
