//! Clustering: addresses under one control, with the evidence of every merge.
//!
//! A union-find over address numbers. The representative of a cluster is its smallest number, so results do not depend
//! on the order of merges. Every merge that joins two clusters is stored as (address, address, transaction, heuristic): the merges form a
//! spanning forest, and the path between two addresses in it is the explanation of why they are together. Scripts without an
//! owner ([`crate::ownerless`]) join nothing.

use crate::change::{ChangeFinder, ChangeRule, HeuristicSet, all_spent, set_name};
use crate::coinjoin::{Coinjoin, CoinjoinSet, Detector};
use crate::ownerless::Ownerless;
use bytemuck::{Pod, Zeroable};
use holdfast_utxo_ledger::{Ledger, Source};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub mod log;
mod rollback;

pub use log::ClusterLog;
pub use rollback::Mark;

/// What to cluster by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterOptions {
    /// Inputs of one transaction belong together.
    pub cospend: bool,
    /// Except in transactions that one of these detectors takes for a coinjoin.
    pub coinjoins: CoinjoinSet,
    /// The change output belongs to the inputs.
    pub change: ChangeRule,
}

/// On by default: only what `holdfast-bench accuracy` measures at 99% precision or more (see docs/accuracy.md).
pub const DEFAULT_CHANGE: &str = "address-reuse";

impl Default for ClusterOptions {
    fn default() -> Self {
        ClusterOptions {
            cospend: true,
            coinjoins: CoinjoinSet::ALL,
            change: ChangeRule::parse(DEFAULT_CHANGE).expect("known names"),
        }
    }
}

/// Heuristic of a merge: co-spending, or the set of change heuristics that agreed.
const COSPEND: u16 = 0;

/// One merge: evidence that two addresses are under one control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Merge {
    /// An address.
    pub a: u32,
    /// Another.
    pub b: u32,
    /// The transaction that shows it.
    pub tx: u32,
    /// 0 for co-spending, else the change heuristics that agreed.
    pub by: u32,
}

impl Merge {
    /// Returns the heuristic's name: `cospend`, or the change heuristics that agreed.
    pub fn heuristic(&self) -> String {
        match HeuristicSet::try_from(self.by) {
            Ok(COSPEND) => "cospend".into(),
            Ok(set) => set_name(set),
            Err(_) => "unknown".into(), // no set has so high a bit
        }
    }
}

/// The clusters of a ledger. The merges are a log that grows with the chain; marks in it assign them to blocks, so that a
/// reorganization rolls back the last ones.
#[derive(Debug, Clone)]
pub struct Clusters {
    options: ClusterOptions,
    parent: Vec<u32>,
    merges: Vec<Merge>,
    /// Where blocks end in the log, rising; the last is how far these clusters are.
    marks: Vec<Mark>,
    /// The roots that the last merges joined, (lower, higher), so that they can be rolled back.
    undo: VecDeque<(u32, u32)>,
    /// By address the next one of its cluster, in a circle; made when first needed.
    ring: OnceLock<Vec<u32>>,
    /// By cluster: how many addresses, where more than one; counted when first needed.
    sizes: OnceLock<HashMap<u32, u32>>,
}

/// Why clusters do not load.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The system refused, or the file is damaged.
    #[error("{0}: {1}; if it is damaged, remove it: clusters are rebuilt from the ledger")]
    Io(PathBuf, #[source] std::io::Error),
    /// Its contents do not decode.
    #[error("{0}: {1}; remove it: clusters are rebuilt from the ledger")]
    Format(PathBuf, String),
}

impl Clusters {
    /// Returns clusters without merges.
    pub fn new(options: ClusterOptions) -> Self {
        Clusters {
            options,
            parent: Vec::new(),
            merges: Vec::new(),
            marks: Vec::new(),
            undo: VecDeque::new(),
            ring: OnceLock::new(),
            sizes: OnceLock::new(),
        }
    }

    /// Clusters a whole ledger.
    pub fn build(ledger: &Ledger, options: ClusterOptions) -> Self {
        let mut clusters = Clusters::new(options);
        clusters.update(ledger);
        clusters
    }

    /// Returns whether an update of these clusters gives what one of newer clusters gives, merge by merge. Rules that look ahead may find merges in
    /// another order when they are given more blocks at once.
    #[must_use]
    pub fn can_stand_in_for(&self, newer: &Clusters) -> bool {
        self.done() > 0 && self.options == newer.options && !self.options.change.looks_ahead()
    }

    /// Returns whether an update would change nothing.
    #[must_use]
    pub fn is_up_to(&self, ledger: &Ledger) -> bool {
        let counts = ledger.counts();
        self.done() == counts.txs && self.parent.len() as u64 == u64::from(counts.addresses) && self.is_in_chain(ledger)
    }

    /// Follows the blocks since the last update. After a reorganization, rolls back the merges of the removed blocks first.
    pub fn update(&mut self, ledger: &Ledger) {
        self.roll_back(ledger);
        let counts = ledger.counts();
        let known = self.addresses();
        self.parent.extend(known..counts.addresses);
        if let Some(ring) = self.ring.get_mut() {
            ring.extend(known..counts.addresses);
        }
        let start = self.done();
        let mut coinjoins = self.coinjoins();
        for (from, to) in self.windows(ledger) {
            coinjoins += self.take(ledger, from, to, start);
            // A rule that looks ahead has seen blocks after the window: what it found cannot be rolled back window by window.
            if to == counts.txs || !self.options.change.looks_ahead() {
                self.put_mark(ledger, to, coinjoins);
            }
        }
        self.trim_undo();
    }

    /// Returns how many addresses a cluster has.
    pub fn size(&self, cluster: u32) -> u64 {
        if self.parent.is_empty() {
            return 1;
        }
        let sizes = self.sizes.get_or_init(|| {
            // Every merge joined one cluster to another, so a cluster has one address more than merges.
            let mut sizes: HashMap<u32, u32> = HashMap::new();
            for merge in &self.merges {
                *sizes.entry(self.of(merge.a)).or_insert(1) += 1;
            }
            sizes
        });
        sizes.get(&self.of(cluster)).copied().map_or(1, u64::from)
    }

    /// Gathers the evidence of transactions on all cores, then merges in order.
    /// Gives the coinjoins among them. Transactions before `done` were looked at in earlier updates.
    fn take(&mut self, ledger: &Ledger, from: u32, to: u32, done: u32) -> u64 {
        const CHUNK: u32 = 1 << 14;
        let starts: Vec<u32> = (from..to).step_by(CHUNK as usize).collect();
        let options = &self.options;
        let incremental = options.change.looks_ahead();
        let ownerless = &Ownerless::of(ledger);
        let gather = |start: u32| {
            let mut gatherer = Gatherer::new(ownerless);
            for tx in start..to.min(start + CHUNK) {
                gatherer.take(ledger, tx, options);
                if incremental {
                    // Outputs spent now may complete what an older transaction lacked.
                    for source in ledger.sources(tx) {
                        if let Source::Output(o) = source {
                            let older = ledger.tx_of_output(o);
                            if older < done {
                                gatherer.take_change(ledger, older, options, None);
                            }
                        }
                    }
                }
            }
            (gatherer.merges, gatherer.coinjoins)
        };
        let gathered: Vec<(Vec<Merge>, u64)> = match *starts {
            // A followed block does not wait for the threads of all cores, which may be busy for seconds with other work.
            [start] => vec![gather(start)],
            _ => starts.into_par_iter().map(gather).collect(),
        };
        let mut found = 0;
        for (merges, coinjoins) in gathered {
            found += coinjoins;
            for merge in merges {
                self.merge(merge);
            }
        }
        found
    }

    #[inline]
    fn merge(&mut self, merge: Merge) {
        let (a, b) = (find(&mut self.parent, merge.a), find(&mut self.parent, merge.b));
        if a != b {
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            self.parent[high as usize] = low;
            self.merges.push(merge);
            self.undo.push_back((low, high));
            if let Some(ring) = self.ring.get_mut() {
                ring.swap(merge.a as usize, merge.b as usize);
            }
            if let Some(sizes) = self.sizes.get_mut() {
                let added = sizes.remove(&high).unwrap_or(1);
                *sizes.entry(low).or_insert(1) += added;
            }
        }
    }

    /// Returns what the clusters were made by.
    pub fn options(&self) -> &ClusterOptions {
        &self.options
    }

    /// Returns the number of transactions processed.
    pub fn done(&self) -> u32 {
        self.marks.last().map_or(0, |m| m.done)
    }

    /// Returns all merges that joined clusters.
    pub fn merges(&self) -> &[Merge] {
        &self.merges
    }

    /// Returns the number of clusters, single addresses included.
    pub fn count(&self) -> u64 {
        self.parent.len() as u64 - self.merges.len() as u64
    }

    /// Returns the number of transactions left out as coinjoins.
    pub fn coinjoins(&self) -> u64 {
        self.marks.last().map_or(0, |m| m.coinjoins)
    }

    /// Returns the cluster of an address: its smallest address number.
    #[inline]
    pub fn of(&self, address: u32) -> u32 {
        let mut at = address;
        while self.parent[at as usize] != at {
            at = self.parent[at as usize];
        }
        at
    }

    /// Returns the cluster of every address.
    pub fn all(&self) -> Vec<u32> {
        // A parent's number is smaller than its child's, so one rising pass settles all.
        let mut roots = self.parent.clone();
        for i in 0..roots.len() {
            roots[i] = roots[roots[i] as usize];
        }
        roots
    }

    /// Returns the addresses of a cluster, rising.
    pub fn members(&self, cluster: u32) -> Vec<u32> {
        let mut members: Vec<u32> = self.each_member(cluster).collect();
        members.sort_unstable();
        members
    }

    /// Addresses of the cluster that an address is in, that address first.
    pub(crate) fn each_member(&self, address: u32) -> impl Iterator<Item = u32> + '_ {
        let ring = self.ring();
        std::iter::successors(Some(address), move |at| Some(ring[*at as usize]).filter(|next| *next != address))
    }

    /// Returns why two addresses are in one cluster: the shortest chain of merges between them; `None` when they are not.
    pub fn explain(&self, a: u32, b: u32) -> Option<Vec<Merge>> {
        let cluster = self.of(a);
        if self.of(b) != cluster {
            return None;
        }
        let mut next: HashMap<u32, Vec<(u32, usize)>> = HashMap::new();
        for (i, merge) in self.merges.iter().enumerate().filter(|(_, m)| self.of(m.a) == cluster) {
            next.entry(merge.a).or_default().push((merge.b, i));
            next.entry(merge.b).or_default().push((merge.a, i));
        }
        let mut came: HashMap<u32, (u32, usize)> = HashMap::new();
        let mut queue = VecDeque::from([a]);
        while let Some(at) = queue.pop_front() {
            if at == b {
                break;
            }
            for &(to, i) in next.get(&at).into_iter().flatten() {
                if to != a && !came.contains_key(&to) {
                    came.insert(to, (at, i));
                    queue.push_back(to);
                }
            }
        }
        let mut path = Vec::new();
        let mut at = b;
        while at != a {
            let (from, i) = came[&at];
            path.push(Merge { a: from, b: at, ..self.merges[i] });
            at = from;
        }
        path.reverse();
        Some(path)
    }

    /// Writes the clusters to a file, atomically.
    ///
    /// # Errors
    /// [`ClusterError::Io`] when the system refuses.
    pub fn save(&self, path: &Path) -> Result<(), ClusterError> {
        ClusterLog::new(path).save(self)
    }

    /// Reads clusters; `None` when the file is absent.
    ///
    /// # Errors
    /// [`ClusterError`] when its head is damaged or of another version.
    pub fn load(path: &Path) -> Result<Option<Self>, ClusterError> {
        ClusterLog::new(path).load()
    }
}

#[inline]
fn find(parent: &mut [u32], mut at: u32) -> u32 {
    loop {
        let up = parent[at as usize];
        if up == at {
            return at;
        }
        let above = parent[up as usize];
        parent[at as usize] = above;
        at = above;
    }
}

/// Collects merges of a run of transactions.
struct Gatherer<'a> {
    ownerless: &'a Ownerless,
    merges: Vec<Merge>,
    detector: Detector,
    finder: ChangeFinder,
    marks: Vec<HeuristicSet>,
    coinjoins: u64,
}

impl<'a> Gatherer<'a> {
    fn new(ownerless: &'a Ownerless) -> Self {
        Gatherer {
            ownerless,
            merges: Vec::new(),
            detector: Detector::default(),
            finder: ChangeFinder::default(),
            marks: Vec::new(),
            coinjoins: 0,
        }
    }

    #[inline]
    fn take(&mut self, ledger: &Ledger, tx: u32, options: &ClusterOptions) {
        let sources = ledger.sources(tx);
        let n = sources.len();
        if n == 0 {
            return;
        }
        let mut coinjoin = None;
        if n > 1 {
            coinjoin = self.detector.detect(ledger, tx, options.coinjoins);
            if coinjoin.is_some() {
                self.coinjoins += 1;
            } else if options.cospend {
                let mut addresses = sources.filter_map(|s| match s {
                    Source::Output(o) => Some(ledger.address_of(o)),
                    external => ledger.source_info(external).address,
                });
                let owned = |address: &u32| !self.ownerless.contains(ledger, *address);
                if let Some(first) = addresses.find(owned) {
                    let mut last = first;
                    for address in addresses {
                        if address != first && address != last && owned(&address) {
                            self.merges.push(Merge { a: first, b: address, tx, by: COSPEND.into() });
                        }
                        last = address;
                    }
                }
            }
        }
        if !options.change.alternatives.is_empty() {
            self.take_change(ledger, tx, options, Some(coinjoin));
        }
    }

    fn take_change(&mut self, ledger: &Ledger, tx: u32, options: &ClusterOptions, coinjoin: Option<Option<Coinjoin>>) {
        let coinjoin = coinjoin.unwrap_or_else(|| self.detector.detect(ledger, tx, options.coinjoins));
        if coinjoin.is_some() {
            return;
        }
        // Address reuse alone joins an address with itself or, through co-spending, with its co-inputs: nothing new.
        if options.cospend && options.change.used() == crate::ChangeHeuristic::AddressReuse.bit() {
            return;
        }
        // A rule that looks ahead waits until nothing can change its answer any more.
        if options.change.looks_ahead() && !all_spent(ledger, tx) {
            return;
        }
        self.finder.marks(ledger, tx, options.change.used(), false, &mut self.marks);
        let Some((i, set)) = options.change.decide(&self.marks) else { return };
        let to = ledger.address_of(ledger.outputs(tx).start + i as u64);
        let owned = |address: &u32| !self.ownerless.contains(ledger, *address);
        let from = ledger.sources(tx).find_map(|s| ledger.source_info(s).address.filter(owned));
        if let Some(from) = from.filter(|from| *from != to && owned(&to)) {
            self.merges.push(Merge { a: from, b: to, tx, by: set.into() });
        }
    }
}
