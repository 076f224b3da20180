//! Entries of the state in memory: all of them, or those in use where the others are in a store.
//!
//! With a store, an entry is read when it is first asked for; entries that were not changed are dropped again, the longest unused first, where all together
//! weigh more than the state's bound; changed ones stay until they are handed over to the store ([`Table::take_changes`]). Entries in memory are always swept
//! up to the state's last sweep, and those in the store carry the sweep that they are swept up to, so that one that is read later is swept then: the answers
//! are those of a state that has everything in memory.

use crate::codec;
use holdfast_types::{Seconds, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

/// Longest window; what is older counts for nothing and is removed by sweeps.
pub const MEMORY: Seconds = Seconds::days(90);

/// A part of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Part {
    /// Customers.
    Customers,
    /// Who used a shared key.
    Parties,
    /// Movements that were counted.
    Transfers,
    /// Owners of deposit addresses.
    Addresses,
}

/// The entries that are not in memory.
pub trait Store: fmt::Debug + Send + Sync {
    /// Returns the bytes of an entry as they were handed over last; none where there is none.
    ///
    /// # Errors
    /// Why it cannot be read, for an operator.
    fn read(&self, part: Part, key: &[u8]) -> Result<Option<Vec<u8>>, String>;
}

/// An entry that changed since the last time that changes were taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its part.
    pub part: Part,
    /// Its key.
    pub key: Vec<u8>,
    /// Its bytes; none where it is removed.
    pub value: Option<Vec<u8>>,
}

/// A kind of entries.
pub(crate) trait Entry: Sized + Serialize + DeserializeOwned {
    const PART: Part;
    type Key: Clone + Eq + Hash + fmt::Debug;

    fn key_bytes(key: &Self::Key) -> Vec<u8>;

    /// Removes what is older; returns whether the entry still says anything.
    fn sweep(&mut self, oldest: Timestamp) -> bool;

    /// Returns the time after which a sweep leaves nothing of it, less [`MEMORY`].
    fn last(&self) -> Timestamp;

    /// Returns about how many bytes it takes.
    fn weight(&self) -> usize;
}

/// Where entries come from that are not in memory.
#[derive(Debug)]
pub(crate) struct Source {
    store: Arc<dyn Store>,
    /// The watermark at the last sweep, Unix seconds.
    swept: AtomicI64,
    fault: OnceLock<String>,
}

impl Source {
    pub(crate) fn new(store: Arc<dyn Store>, swept: Timestamp) -> Self {
        Source { store, swept: AtomicI64::new(swept.unix()), fault: OnceLock::new() }
    }

    /// Returns the first reason why an entry could not be read.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.fault.get().map(String::as_str)
    }

    /// Takes in a sweep; all that is in memory must be swept next.
    pub(crate) fn sweep(&self, swept: Timestamp) {
        self.swept.store(swept.unix(), Ordering::Relaxed);
    }

    fn swept(&self) -> Timestamp {
        Timestamp::from_unix(self.swept.load(Ordering::Relaxed))
    }

    /// Reads an entry; one that cannot be read is a fault of the whole state.
    fn load<E: Entry>(&self, key: &E::Key) -> Option<E> {
        let bytes = E::key_bytes(key);
        let read = self.store.read(E::PART, &bytes);
        let decoded = read.and_then(|value| value.map(|value| codec::decode::<E>(&bytes, &value)).transpose());
        match decoded {
            Ok(Some(stored)) => {
                let (mut entry, swept) = (stored.entry, self.swept());
                (stored.swept >= swept || entry.sweep(swept - MEMORY)).then_some(entry)
            }
            Ok(None) => None,
            Err(why) => {
                let _ = self.fault.set(why);
                None
            }
        }
    }
}

/// An entry in memory.
#[derive(Debug)]
struct Held<E> {
    /// None where the store is known to have none, or it is to be removed there.
    entry: Option<E>,
    is_changed: bool,
    /// Asked for since eviction last came by.
    is_used: AtomicBool,
    /// See [`Entry::weight`]; as of when it was read or handed over.
    weight: usize,
}

impl<E> Default for Held<E> {
    fn default() -> Self {
        Held { entry: None, is_changed: false, is_used: AtomicBool::new(true), weight: 0 }
    }
}

/// What an entry takes in memory beside its own weight.
const OVERHEAD: usize = 96;

/// Entries that were read since the last change: only ever added to, so that references to them last as long as the state is not changed.
#[derive(Debug)]
struct Readings<E: Entry> {
    heads: [Next<E>; HEADS],
    is_empty: AtomicBool,
}

#[derive(Debug)]
struct Reading<E: Entry> {
    key: E::Key,
    entry: Option<E>,
    next: Next<E>,
}

type Next<E> = OnceLock<Box<Reading<E>>>;

/// Lists that the readings of a table are spread over.
const HEADS: usize = 8;

impl<E: Entry> Default for Readings<E> {
    fn default() -> Self {
        Readings { heads: std::array::from_fn(|_| OnceLock::new()), is_empty: AtomicBool::new(true) }
    }
}

impl<E: Entry> Readings<E> {
    /// Returns the entry of a key, read at its first call.
    fn get(&self, hash: u64, key: &E::Key, read: impl Fn() -> Option<E>) -> Option<&E> {
        let place = usize::try_from(hash >> 32).unwrap_or_default() % HEADS;
        let mut at = self.heads.get(place)?;
        loop {
            let reading = at.get_or_init(|| {
                self.is_empty.store(false, Ordering::Relaxed);
                Box::new(Reading { key: key.clone(), entry: read(), next: OnceLock::new() })
            });
            if reading.key == *key {
                return reading.entry.as_ref();
            }
            at = &reading.next;
        }
    }

    /// Removes and returns all of them.
    fn drain(&mut self) -> Vec<(E::Key, Option<E>)> {
        let mut all = Vec::new();
        if !std::mem::replace(self.is_empty.get_mut(), true) {
            for head in &mut self.heads {
                let mut next = head.take();
                while let Some(mut reading) = next {
                    next = reading.next.take();
                    all.push((reading.key, reading.entry));
                }
            }
        }
        all
    }
}

/// Entries of one kind, or a part of them. Every method gets the source of those that are not in memory; none where all are.
#[derive(Debug)]
pub(crate) struct Table<E: Entry> {
    held: HashMap<E::Key, Held<E>>,
    readings: Readings<E>,
    /// Changed entries, each once; none without a store.
    changed: Vec<E::Key>,
    /// In which order eviction looks at entries (the CLOCK algorithm); none without a store.
    order: VecDeque<E::Key>,
    weight: usize,
}

impl<E: Entry> Default for Table<E> {
    fn default() -> Self {
        Table {
            held: HashMap::new(),
            readings: Readings::default(),
            changed: Vec::new(),
            order: VecDeque::new(),
            weight: 0,
        }
    }
}

impl<E: Entry> Table<E> {
    /// Returns an entry.
    pub(crate) fn get<'a>(&'a self, source: Option<&Source>, key: &E::Key) -> Option<&'a E> {
        if let Some(held) = self.held.get(key) {
            if source.is_some() && !held.is_used.load(Ordering::Relaxed) {
                held.is_used.store(true, Ordering::Relaxed);
            }
            return held.entry.as_ref();
        }
        let source = source?;
        self.readings.get(self.held.hasher().hash_one(key), key, || source.load(key))
    }

    /// Returns an entry to change it, a new one where there is none.
    pub(crate) fn get_mut(&mut self, source: Option<&Source>, key: &E::Key, new: impl FnOnce() -> E) -> &mut E {
        if let Some(source) = source {
            self.settle();
            if !self.held.contains_key(key) {
                self.admit(key.clone(), source.load(key));
            }
        }
        self.changing(source, key).get_or_insert_with(new)
    }

    /// Returns an entry that is in memory, to change what is not stored of it.
    pub(crate) fn in_memory_mut(&mut self, key: &E::Key) -> Option<&mut E> {
        self.held.get_mut(key)?.entry.as_mut()
    }

    /// Puts an entry in place of whatever there is.
    pub(crate) fn insert(&mut self, source: Option<&Source>, key: &E::Key, entry: E) {
        if source.is_some() {
            self.settle();
            if !self.held.contains_key(key) {
                // What is stored is not worth reading.
                self.admit(key.clone(), None);
            }
        }
        *self.changing(source, key) = Some(entry);
    }

    /// Returns an entry that is in memory, or new, and is changed now.
    fn changing(&mut self, source: Option<&Source>, key: &E::Key) -> &mut Option<E> {
        let held = self.held.entry(key.clone()).or_default();
        if source.is_some() {
            *held.is_used.get_mut() = true;
            if !std::mem::replace(&mut held.is_changed, true) {
                self.changed.push(key.clone());
            }
        }
        &mut held.entry
    }

    /// Takes in what was read since the last change.
    fn settle(&mut self) {
        for (key, entry) in self.readings.drain() {
            self.admit(key, entry);
        }
    }

    fn admit(&mut self, key: E::Key, entry: Option<E>) {
        let weight = OVERHEAD + entry.as_ref().map_or(0, Entry::weight);
        self.weight += weight;
        self.order.push_back(key.clone());
        self.held.insert(key, Held { entry, weight, ..Held::default() });
    }

    /// Returns the number of changed entries.
    pub(crate) fn changed(&self) -> usize {
        self.changed.len()
    }

    /// Drops unchanged entries that were not used lately until so much is left, or all were looked at twice.
    pub(crate) fn evict(&mut self, most: usize) {
        self.settle();
        for _ in 0..self.order.len() * 2 {
            if self.weight <= most {
                break;
            }
            let Some(key) = self.order.pop_front() else { break };
            let Some(held) = self.held.get_mut(&key) else { continue };
            if held.is_changed || std::mem::take(held.is_used.get_mut()) {
                self.order.push_back(key);
                continue;
            }
            self.weight -= held.weight.min(self.weight);
            self.held.remove(&key);
        }
    }

    /// Sweeps all entries in memory; `source` knows of the sweep already.
    pub(crate) fn sweep(&mut self, source: Option<&Source>, oldest: Timestamp) {
        self.settle();
        let changed = &mut self.changed;
        self.held.retain(|key, held| {
            let is_left = held.entry.as_mut().is_none_or(|entry| entry.sweep(oldest));
            if is_left || source.is_none() {
                return is_left;
            }
            held.entry = None;
            if !held.is_changed {
                held.is_changed = true;
                changed.push(key.clone());
            }
            true
        });
    }

    /// Hands over every changed entry; the store answers with them from now on.
    pub(crate) fn take_changes(&mut self, source: &Source, changes: &mut Vec<Change>) {
        for key in std::mem::take(&mut self.changed) {
            let Some(held) = self.held.get_mut(&key) else { continue };
            held.is_changed = false;
            let weight = OVERHEAD + held.entry.as_ref().map_or(0, Entry::weight);
            self.weight = self.weight - held.weight.min(self.weight) + weight;
            held.weight = weight;
            let bytes = E::key_bytes(&key);
            let value = held.entry.as_ref().map(|entry| codec::encode(&bytes, entry, source.swept()));
            changes.push(Change { part: E::PART, key: bytes, value });
        }
    }

    /// Returns the entries in memory.
    pub(crate) fn in_memory(&self) -> impl Iterator<Item = &E> {
        self.held.values().filter_map(|held| held.entry.as_ref())
    }
}
