//! Keys that do not depend on the order of arrival, and tables in [`SLOTS`] fixed parts by them: threads and processes own parts.

use crate::entries::{Change, Entry, Source, Table};
use crate::state::Key;
use holdfast_types::Timestamp;
use serde::{Deserialize, Serialize};
use std::hash::Hash;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128;

/// How many parts the state has. It is fixed, so that a part is the same everywhere.
pub const SLOTS: usize = 256;

/// Names a customer: 128 bits of XXH3 of the id. Two ids of a billion share a key with a probability of about 10^-21, and ids are given by
/// the exchange, not by who might look for two with one key, so that collisions are not handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CustomerKey([u64; 2]);

impl CustomerKey {
    /// Returns the key of an id.
    #[must_use]
    pub fn of(id: &str) -> Self {
        Self::from_bytes(xxh3_128(id.as_bytes()).to_be_bytes())
    }

    /// Returns a stored key.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let [high, low] = [0, 8].map(|at| {
            let mut half = [0; 8];
            half.copy_from_slice(&bytes[at..at + 8]);
            u64::from_be_bytes(half)
        });
        CustomerKey([high, low])
    }

    /// Returns the key as it is stored.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.0[0].to_be_bytes());
        bytes[8..].copy_from_slice(&self.0[1].to_be_bytes());
        bytes
    }
}

/// A key whose bits are those of a hash.
pub trait Slotted: Copy + Eq + Hash {
    /// Returns the number of its slot, below [`SLOTS`].
    fn slot(self) -> usize;
}

impl Slotted for CustomerKey {
    fn slot(self) -> usize {
        usize::from(self.to_bytes()[0])
    }
}

impl Slotted for Key {
    fn slot(self) -> usize {
        usize::from(self.to_be_bytes()[0])
    }
}

/// Returns the part of a slot, where slots are parted into runs of the same length.
pub(crate) fn part_of<T>(parts: &[T], key: impl Slotted) -> Option<&T> {
    parts.get(key.slot() * parts.len() / SLOTS)
}

/// A table in [`SLOTS`] parts.
#[derive(Debug)]
pub(crate) struct Slots<K, E: Entry<Key = K>> {
    /// [`SLOTS`] of them.
    parts: Vec<Table<E>>,
    /// Where entries come from that are not in memory.
    source: Option<Arc<Source>>,
}

impl<K, E: Entry<Key = K>> Default for Slots<K, E> {
    fn default() -> Self {
        Slots { parts: (0..SLOTS).map(|_| Table::default()).collect(), source: None }
    }
}

impl<K: Slotted, E: Entry<Key = K>> Slots<K, E> {
    /// Returns a table whose entries come from a source.
    pub(crate) fn stored(source: &Arc<Source>) -> Self {
        Slots { source: Some(source.clone()), ..Slots::default() }
    }

    pub(crate) fn get(&self, key: K) -> Option<&E> {
        self.parts[key.slot()].get(self.source.as_deref(), &key)
    }

    pub(crate) fn get_or_insert_with(&mut self, key: K, new: impl FnOnce() -> E) -> &mut E {
        self.parts[key.slot()].get_mut(self.source.as_deref(), &key, new)
    }

    /// Returns the parts, with the source that their methods get.
    pub(crate) fn parts_mut(&mut self) -> (&mut [Table<E>], Option<&Source>) {
        (self.parts.as_mut_slice(), self.source.as_deref())
    }

    /// Returns the entries in memory.
    pub(crate) fn values(&self) -> impl Iterator<Item = &E> {
        self.parts.iter().flat_map(Table::in_memory)
    }

    /// Sweeps the entries in memory.
    pub(crate) fn sweep(&mut self, oldest: Timestamp) {
        self.parts.iter_mut().for_each(|part| part.sweep(self.source.as_deref(), oldest));
    }

    /// Returns the number of changed entries.
    pub(crate) fn changed(&self) -> usize {
        self.parts.iter().map(Table::changed).sum()
    }

    /// Hands over the changed entries.
    pub(crate) fn take_changes(&mut self, changes: &mut Vec<Change>) {
        if let Some(source) = self.source.as_deref() {
            self.parts.iter_mut().for_each(|part| part.take_changes(source, changes));
        }
    }

    /// Drops unchanged entries until about so many bytes are left.
    pub(crate) fn evict(&mut self, most: usize) {
        if self.source.is_some() {
            self.parts.iter_mut().for_each(|part| part.evict(most / SLOTS));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_ids_and_spread_over_all_slots() {
        let keys: Vec<CustomerKey> = (0..20_000).map(|i| CustomerKey::of(&format!("c-{i}"))).collect();
        let mut counts = [0; SLOTS];
        for key in &keys {
            assert_eq!(CustomerKey::from_bytes(key.to_bytes()), *key);
            counts[key.slot()] += 1;
        }
        assert!(counts.iter().all(|n| (30..150).contains(n)), "{counts:?}");
        assert_eq!(hex(CustomerKey::of("c-1")), hex(keys[1]));
        // XXH3's own value of the empty text, so that keys on disk stay what they are.
        assert_eq!(hex(CustomerKey::of("")), "99aa06d3014798d86001c324468d497f");
    }

    fn hex(key: CustomerKey) -> String {
        key.to_bytes().iter().map(|b| format!("{b:02x}")).collect()
    }
}
