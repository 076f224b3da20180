//! Lists and maps that are shared between a builder and the snapshots of readers: a clone costs a pointer for each part, a change copies the part that it
//! is in, and that only while somebody else holds it.

use std::collections::HashMap;
use std::sync::Arc;

/// Keys, or items, of a part.
const PART: usize = 4_096;

/// Values by account number, of accounts that have one.
#[derive(Clone, Debug)]
pub(crate) struct CowMap<T> {
    parts: Vec<Option<Arc<HashMap<u32, T>>>>,
}

impl<T> Default for CowMap<T> {
    fn default() -> Self {
        CowMap { parts: Vec::new() }
    }
}

impl<T: Clone> CowMap<T> {
    pub fn get(&self, key: u32) -> Option<&T> {
        self.parts.get(key as usize / PART)?.as_ref()?.get(&key)
    }

    pub fn contains(&self, key: u32) -> bool {
        self.get(key).is_some()
    }

    fn part(&mut self, key: u32) -> &mut HashMap<u32, T> {
        let part = key as usize / PART;
        if part >= self.parts.len() {
            self.parts.resize_with(part + 1, || None);
        }
        Arc::make_mut(self.parts[part].get_or_insert_default())
    }

    /// Returns a value to change, which is made where there is none.
    pub fn entry(&mut self, key: u32) -> &mut T
    where
        T: Default,
    {
        self.part(key).entry(key).or_default()
    }

    pub fn insert(&mut self, key: u32, value: T) -> Option<T> {
        self.part(key).insert(key, value)
    }

    pub fn get_mut(&mut self, key: u32) -> Option<&mut T> {
        let part = self.parts.get_mut(key as usize / PART)?.as_mut()?;
        if part.contains_key(&key) { Arc::make_mut(part).get_mut(&key) } else { None }
    }

    pub fn remove(&mut self, key: u32) -> Option<T> {
        let part = self.parts.get_mut(key as usize / PART)?.as_mut()?;
        if part.contains_key(&key) { Arc::make_mut(part).remove(&key) } else { None }
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.parts.iter().flatten().flat_map(|part| part.iter().map(|(key, value)| (*key, value)))
    }
}

/// A list that grows at its end and is cut off there.
#[derive(Clone, Debug)]
pub(crate) struct CowVec<T> {
    /// All full but the last.
    parts: Vec<Arc<Vec<T>>>,
    len: usize,
}

impl<T> Default for CowVec<T> {
    fn default() -> Self {
        CowVec { parts: Vec::new(), len: 0 }
    }
}

impl<T: Clone> CowVec<T> {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn get(&self, at: usize) -> Option<&T> {
        self.parts.get(at / PART)?.get(at % PART)
    }

    pub fn push(&mut self, item: T) {
        if self.len.is_multiple_of(PART) {
            self.parts.push(Arc::default());
        }
        if let Some(last) = self.parts.last_mut() {
            Arc::make_mut(last).push(item);
            self.len += 1;
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.parts.iter().flat_map(|part| part.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_clone_shows_does_not_change() {
        let (mut map, mut list) = (CowMap::<u64>::default(), CowVec::<u32>::default());
        for n in 0..10_000u32 {
            map.insert(n * 7, u64::from(n));
            list.push(n);
        }
        let (before, shorter) = (map.clone(), list.clone());
        *map.entry(7) += 5;
        *map.entry(1_000_000) += 1;
        map.remove(14);
        list.push(9);
        assert_eq!((map.get(7), map.get(14), map.get(1_000_000), map.get(8)), (Some(&6), None, Some(&1), None));
        assert_eq!((before.get(7), before.get(14), before.contains(1_000_000)), (Some(&1), Some(&2), false));
        assert_eq!((before.iter().count(), map.iter().count()), (10_000, 10_000));
        assert_eq!(
            (list.len(), list.get(10_000), shorter.len(), shorter.get(10_000)),
            (10_001, Some(&9), 10_000, None)
        );
        assert!(shorter.iter().copied().eq(0..10_000));
    }
}
