//! What changed of a store of tags, so that files and entities follow the changes alone.

use super::{Actor, Tag};
use holdfast_types::Address;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// One change.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// Tags with these numbers were added.
    Added(Range<u32>),
    /// Tags that were there already got these labels.
    Relabelled(Vec<Tag>),
    /// Actors were added or replaced.
    Actors(Vec<Actor>),
    /// A pack's tags were removed.
    Removed(String),
    /// One tag was removed.
    Taken(Box<Tag>),
}

/// A state of a store: how many changes it has had, of which history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TagVersion {
    history: u64,
    changes: u64,
}

/// A change, and the addresses whose tags it touches.
type Noted = Arc<(Change, Vec<Address>)>;

/// The last changes of a store.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    history: u64,
    /// Changes before those of `last`.
    before: u64,
    last: Vec<Noted>,
}

impl Default for Changes {
    fn default() -> Self {
        static HISTORIES: AtomicU64 = AtomicU64::new(1);
        Changes { history: HISTORIES.fetch_add(1, Ordering::Relaxed), before: 0, last: Vec::new() }
    }
}

impl Changes {
    pub(super) fn put(&mut self, change: Change, touched: Vec<Address>) {
        self.last.push(Arc::new((change, touched)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    pub(super) fn version(&self) -> TagVersion {
        TagVersion { history: self.history, changes: self.before + self.last.len() as u64 }
    }

    /// Returns the changes since a version; `None` when it is of another history or they were dropped.
    fn since(&self, version: TagVersion) -> Option<&[Noted]> {
        let known = version.history == self.history;
        let from = version.changes.checked_sub(self.before).filter(|_| known)?;
        self.last.get(usize::try_from(from).ok()?..)
    }

    pub(super) fn changes_since(&self, version: TagVersion) -> Option<Vec<&Change>> {
        Some(self.since(version)?.iter().map(|change| &change.0).collect())
    }

    pub(super) fn touched_since(&self, version: TagVersion) -> Option<Vec<Address>> {
        let mut touched: Vec<Address> =
            self.since(version)?.iter().flat_map(|change| change.1.iter().cloned()).collect();
        touched.sort_unstable();
        touched.dedup();
        Some(touched)
    }

    pub(super) fn drop_before(&mut self, before: TagVersion) {
        if let Some(rest) = self.since(before) {
            let rest = rest.len();
            let dropped = self.last.len() - rest;
            self.last.drain(..dropped);
            self.before += dropped as u64;
        }
    }
}
