//! Profiles: lists of categories with shares, and their mixing.

use crate::huge::{HugeVec, prefetch};
use holdfast_attribution::Category;
use holdfast_attribution::taxonomy::MAX_CATEGORIES;
use holdfast_utxo_ledger::store::NONE_U32;

/// One whole, as a share.
pub const ONE: u32 = 1 << SHARE_BITS;
pub(super) const SHARE_BITS: u32 = 25;

/// Categories with their shares in 2^25 parts.
pub type Shares = Vec<(Category, u32)>;

/// A category and its share in one word: a profile is read far more often than it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(transparent)]
pub(super) struct Entry(pub(super) u32);

impl Entry {
    #[inline]
    fn new(category: u32, share: u32) -> Self {
        Entry(category << 26 | share)
    }

    /// Returns the category's number.
    #[inline]
    pub(super) fn code(self) -> u8 {
        (self.0 >> 26) as u8
    }

    /// Returns the category's number as an index.
    #[inline]
    pub(super) fn category(self) -> usize {
        (self.0 >> 26) as usize
    }

    #[inline]
    pub(super) fn share(self) -> u32 {
        self.0 & ((1 << 26) - 1)
    }
}

/// Profiles below this number are pure categories.
const PURE: u32 = 1 << 6;
const _: () = assert!(PURE as usize == MAX_CATEGORIES);

/// Lists of shares by category. Numbers below 64 are pure categories; others index the arena.
#[derive(Debug, Clone, Default)]
pub(super) struct Profiles {
    pub(super) starts: HugeVec<u32>,
    pub(super) entries: HugeVec<Entry>,
    /// Deduplicates within one run of equal neighbours.
    pub(super) last: u32,
}

impl Profiles {
    /// Room for the profiles of this many transactions; memory is taken as it is used.
    pub(super) fn for_txs(txs: u32) -> Self {
        let n = txs as usize;
        Profiles { starts: HugeVec::with_capacity(n), entries: HugeVec::with_capacity(n * 16), last: 0 }
    }

    /// Fetches where a profile's entries start.
    #[inline]
    pub(super) fn prefetch_start(&self, id: u32) {
        prefetch(&self.starts, (id as usize).wrapping_sub(MAX_CATEGORIES));
    }

    /// Fetches a profile's first entries.
    #[inline]
    pub(super) fn prefetch_entries(&self, id: u32) {
        if let Some(start) = self.starts.get((id as usize).wrapping_sub(MAX_CATEGORIES)) {
            prefetch(&self.entries, *start as usize);
            prefetch(&self.entries, *start as usize + 16);
        }
    }

    pub(super) fn with<R>(&self, id: u32, f: impl FnOnce(&[Entry]) -> R) -> R {
        if id < PURE {
            return f(&[Entry::new(id, ONE)]);
        }
        let i = id as usize - MAX_CATEGORIES;
        let end = self.starts.get(i + 1).map_or(self.entries.len(), |e| *e as usize);
        f(&self.entries[self.starts[i] as usize..end])
    }

    /// Returns whether two profiles are equal, whatever their numbers.
    #[inline]
    pub(super) fn same(&self, a: u32, b: u32) -> bool {
        a == b || (a.min(b) >= PURE && self.with(a, |a| self.with(b, |b| a == b)))
    }

    /// Returns the number `old` where its profile equals that of `new`, else `new`.
    #[inline]
    pub(super) fn settle(&self, new: u32, old: u32) -> u32 {
        if old != NONE_U32 && self.same(new, old) { old } else { new }
    }

    /// Returns what [`Profiles::truncate`] goes back to.
    pub(super) fn end(&self) -> (usize, usize, u32) {
        (self.starts.len(), self.entries.len(), self.last)
    }

    /// Removes the profiles that were stored since.
    pub(super) fn truncate(&mut self, (starts, entries, last): (usize, usize, u32)) {
        self.starts.truncate(starts);
        self.entries.truncate(entries);
        self.last = last;
    }

    /// Stores a mix; pure ones get their category's number, and one equal to the last stored is not stored again.
    pub(super) fn put(&mut self, mix: &[Entry]) -> u32 {
        if let [only] = mix {
            return only.code().into();
        }
        if !self.starts.is_empty() && self.with(self.last, |last| last == mix) {
            return self.last;
        }
        self.append(mix)
    }

    /// Stores a profile under a number of its own.
    pub(super) fn append(&mut self, entries: &[Entry]) -> u32 {
        let number = |n: usize| u32::try_from(n).expect("profiles and their entries are counted in 32 bits");
        let id = number(MAX_CATEGORIES + self.starts.len());
        self.starts.push(number(self.entries.len()));
        self.entries.extend_from_slice(entries);
        self.last = id;
        id
    }
}

/// Mixes profiles in proportion to amounts; scratch space is reused.
#[derive(Debug)]
pub(super) struct Mixer {
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
    /// Returns the profile of `parts` (amount, profile). Parts of amount zero do not count; without any amount the answer is `empty`. It depends on
    /// the shares of the profiles, never on their numbers, so that figures that grew equal figures that were rebuilt. Where it equals
    /// the profile `old` (or [`NONE_U32`]), that is the answer.
    #[expect(clippy::cast_possible_truncation, reason = "weights sum to 2^31 at most, so that shares do to one")]
    pub(super) fn mix(&mut self, profiles: &mut Profiles, parts: &[(u64, u32)], empty: Category, old: u32) -> u32 {
        let mut whole = 0u64;
        let mut same = true;
        let mut first = None;
        for (amount, profile) in parts {
            if *amount > 0 {
                whole += amount;
                same = same && profiles.same(*first.get_or_insert(*profile), *profile);
            }
        }
        let Some(first) = first else { return profiles.settle(empty.0.into(), old) };
        if same {
            return profiles.settle(first, old);
        }
        // Amounts are cut to 31 bits and multiplied by one reciprocal: a division for every part would be most of the work.
        let cut = (64 - whole.leading_zeros()).saturating_sub(31);
        let reciprocal = (1u64 << 62) / (whole >> cut);
        for (amount, profile) in parts.iter().filter(|p| p.0 > 0) {
            let weight = ((amount >> cut) * reciprocal) >> 31;
            let (sums, used) = (&mut self.sums, &mut self.used);
            profiles.with(*profile, |entries| {
                for entry in entries {
                    sums[entry.category()] += weight * u64::from(entry.share());
                    *used |= 1 << entry.category();
                }
            });
        }
        self.mix.clear();
        let mut total = 0u32;
        let mut largest = (0u32, 0usize);
        let mut used = std::mem::take(&mut self.used);
        while used != 0 {
            let category = used.trailing_zeros();
            used &= used - 1;
            let share = (std::mem::take(&mut self.sums[category as usize]) >> 31) as u32;
            if share > 0 {
                total += share;
                if share > largest.0 {
                    largest = (share, self.mix.len());
                }
                self.mix.push(Entry::new(category, share));
            }
        }
        match self.mix.get_mut(largest.1) {
            // What rounding lost goes to the largest share.
            Some(entry) => entry.0 += ONE - total,
            None => return profiles.settle(first, old),
        }
        match old != NONE_U32 && profiles.with(old, |old| old == self.mix) {
            true => old,
            false => profiles.put(&self.mix),
        }
    }
}
