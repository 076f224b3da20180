//! Tag numbers by address or pack, in parts that versions share.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Parts of an index: a change copies one of them.
const PARTS: usize = 1 << 10;

/// Rising tag numbers by a key.
#[derive(Clone, Debug)]
pub(super) struct Index<K>(Vec<Arc<HashMap<K, Vec<u32>>>>);

impl<K> Default for Index<K> {
    fn default() -> Self {
        Index((0..PARTS).map(|_| Arc::default()).collect())
    }
}

fn part<Q: Hash + ?Sized>(key: &Q) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    usize::try_from(hasher.finish() % PARTS as u64).unwrap_or(0)
}

impl<K: Hash + Eq + Clone> Index<K> {
    pub(super) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> &[u32]
    where
        K: Borrow<Q>,
    {
        self.0[part(key)].get(key).map_or(&[], Vec::as_slice)
    }

    /// Adds a number above all that the key has.
    pub(super) fn push(&mut self, key: K, number: u32) {
        Arc::make_mut(&mut self.0[part(&key)]).entry(key).or_default().push(number);
    }

    pub(super) fn remove(&mut self, key: &K, number: u32) {
        let part = Arc::make_mut(&mut self.0[part(key)]);
        if let Some(numbers) = part.get_mut(key) {
            numbers.retain(|n| *n != number);
            if numbers.is_empty() {
                part.remove(key);
            }
        }
    }

    /// Removes a key; gives its numbers.
    pub(super) fn take<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Vec<u32>
    where
        K: Borrow<Q>,
    {
        if self.get(key).is_empty() {
            return Vec::new();
        }
        Arc::make_mut(&mut self.0[part(key)]).remove(key).unwrap_or_default()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &Vec<u32>)> {
        self.0.iter().flat_map(|part| part.iter())
    }
}
