//! Which transactions' figures differ between two versions of the exposures of one chain, without going through all of them.

use super::profiles::Profiles;
use super::{Data, Exposures};
use crate::huge::HugeVec;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Transactions whose figures changed, rising.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangedTxs {
    /// Where their money comes from.
    pub sources: Vec<u32>,
    /// Where it goes.
    pub destinations: Vec<u32>,
}

/// The changes that led to a version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExposureStep {
    from: Version,
    txs: ChangedTxs,
}

impl ExposureStep {
    /// Returns the transactions that the step changed.
    #[must_use]
    pub fn txs(&self) -> &ChangedTxs {
        &self.txs
    }
}

/// A version of figures: equal numbers mean equal figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Version(u64);

impl Version {
    /// Returns a version that no figures had before.
    pub(super) fn next() -> Self {
        static VERSIONS: AtomicU64 = AtomicU64::new(1);
        Version(VERSIONS.fetch_add(1, Ordering::Relaxed))
    }
}

/// Transactions whose profiles were replaced since another version.
#[derive(Clone, Debug, Default)]
pub(super) struct Replaced {
    pub(super) since: Version,
    /// Transactions from this one on were new; they are not listed.
    pub(super) from: u32,
    pub(super) sources: Vec<u32>,
    pub(super) destinations: Vec<u32>,
}

/// A column with its profiles.
type Figures = fn(&Data) -> (&HugeVec<u32>, &Profiles);

const SOURCES: Figures = |data| (&data.source, &data.source_profiles);
const DESTINATIONS: Figures = |data| (&data.destination, &data.destination_profiles);

/// Returns the transactions among `candidates` whose figures differ, and all from `kept` on, which are new.
fn differing(old: &Data, new: &Data, figures: Figures, kept: u32, mut candidates: Vec<u32>) -> Vec<u32> {
    let ((old_ids, old_profiles), (new_ids, new_profiles)) = (figures(old), figures(new));
    candidates.sort_unstable();
    candidates.dedup();
    candidates.retain(|tx| {
        let at = *tx as usize;
        match (old_ids.get(at), new_ids.get(at)) {
            (Some(a), Some(b)) => old_profiles.with(*a, |a| new_profiles.with(*b, |b| a != b)),
            _ => false,
        }
    });
    candidates.extend(kept..new.done);
    candidates
}

impl Exposures {
    /// Returns what changed since an earlier version, which has the first `kept` transactions of the chain. `last` is the step that led to
    /// `before`, where it is known. `None` when what changed is not known, because figures were rebuilt.
    #[must_use]
    pub fn step_since(&self, before: &Exposures, kept: u32, last: Option<&ExposureStep>) -> Option<ExposureStep> {
        let (old, new) = (&*before.data, &*self.data);
        if Arc::ptr_eq(&before.data, &self.data) {
            return Some(ExposureStep { from: old.version, txs: ChangedTxs::default() });
        }
        let replaced = new.replaced.as_ref()?;
        // Figures grow from the ones before, or, where those are still read, from older ones: then what led from these to the ones before may
        // have been changed back.
        let none: (&[u32], &[u32]) = (&[], &[]);
        let (sources, destinations) = match (&old.replaced, last) {
            _ if replaced.since == old.version => none,
            (Some(of_old), _) if of_old.since == replaced.since => (&*of_old.sources, &*of_old.destinations),
            (_, Some(last)) if last.from == replaced.since => (&*last.txs.sources, &*last.txs.destinations),
            _ => return None,
        };
        let candidates = |own: &[u32], of_old: &[u32]| -> Vec<u32> {
            own.iter().chain(of_old).copied().filter(|tx| *tx < kept).chain(replaced.from..kept).collect()
        };
        let txs = ChangedTxs {
            sources: differing(old, new, SOURCES, kept, candidates(&replaced.sources, sources)),
            destinations: differing(old, new, DESTINATIONS, kept, candidates(&replaced.destinations, destinations)),
        };
        Some(ExposureStep { from: old.version, txs })
    }
}
