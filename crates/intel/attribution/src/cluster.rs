//! Clustering: addresses under one control, with the evidence of every merge.
//!
//! A union-find over address numbers. The representative of a cluster is its smallest number, so results do not depend
//! on the order of merges. Every merge that joins two clusters is kept as (address, address, transaction, heuristic): the merges form a
//! spanning forest, and the path between two addresses in it is the explanation of why they are together. Scripts without an
//! owner ([`crate::ownerless`]) join nothing.

use crate::change::{ChangeFinder, ChangeRule, HeuristicSet, all_spent, set_name};
use crate::coinjoin::{Coinjoin, CoinjoinSet, Detector};
use crate::ownerless::Ownerless;
use crate::sealed;
use bytemuck::{Pod, Zeroable};
use holdfast_bitcoin::Hash32;
use holdfast_utxo_ledger::{Ledger, Source};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

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
    /// The heuristic's name: `cospend`, or the change heuristics that agreed.
    pub fn heuristic(&self) -> String {
        if self.by == COSPEND as u32 { "cospend".into() } else { set_name(self.by as HeuristicSet) }
    }
}

/// The clusters of a ledger.
#[derive(Debug, Clone)]
pub struct Clusters {
    options: ClusterOptions,
    parent: Vec<u32>,
    merges: Vec<Merge>,
    /// Transactions looked at.
    done: u32,
    /// Hash of the block that holds the last of them.
    at: Option<Hash32>,
    coinjoins: u64,
    /// By cluster: how many addresses, where more than one; counted when first asked.
    sizes: OnceLock<HashMap<u32, u32>>,
}

/// Why clusters do not load.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The system refused, or the file is damaged.
    #[error("{0}: {1}; if it is damaged, remove it: clusters are made again from the ledger")]
    Io(PathBuf, #[source] std::io::Error),
    /// Its contents do not decode.
    #[error("{0}: {1}; remove it: clusters are made again from the ledger")]
    Format(PathBuf, String),
}

impl Clusters {
    /// No merges yet.
    pub fn new(options: ClusterOptions) -> Self {
        Clusters {
            options,
            parent: Vec::new(),
            merges: Vec::new(),
            done: 0,
            at: None,
            coinjoins: 0,
            sizes: OnceLock::new(),
        }
    }

    /// Clusters a whole ledger.
    pub fn build(ledger: &Ledger, options: ClusterOptions) -> Self {
        let mut clusters = Clusters::new(options);
        clusters.update(ledger);
        clusters
    }

    /// Whether the ledger goes on from where these clusters are: an update then adds to them.
    #[must_use]
    pub fn is_in_chain(&self, ledger: &Ledger) -> bool {
        let txs = ledger.counts().txs;
        self.done == 0 || (self.done <= txs && self.at == Some(ledger.block_of_tx(self.done - 1).hash))
    }

    /// Whether an update of these clusters gives what one of newer clusters gives, merge by merge. Rules that look ahead may find merges in
    /// another order when they are given more blocks at once.
    #[must_use]
    pub fn can_stand_in_for(&self, newer: &Clusters) -> bool {
        self.done > 0 && self.done <= newer.done && self.options == newer.options && !self.options.change.looks_ahead()
    }

    /// Whether an update would change nothing.
    #[must_use]
    pub fn is_up_to(&self, ledger: &Ledger) -> bool {
        let counts = ledger.counts();
        self.done == counts.txs && self.parent.len() as u64 == u64::from(counts.addresses) && self.is_in_chain(ledger)
    }

    /// Takes in blocks that came since. After a reorganization, starts over.
    pub fn update(&mut self, ledger: &Ledger) {
        let counts = ledger.counts();
        if !self.is_in_chain(ledger) {
            *self = Clusters::new(self.options.clone());
        }
        let known = self.parent.len() as u32;
        self.parent.extend(known..counts.addresses);
        const WINDOW: u32 = 1 << 20;
        let mut from = self.done;
        while from < counts.txs {
            let to = counts.txs.min(from + WINDOW);
            self.take(ledger, from, to);
            from = to;
        }
        self.done = counts.txs;
        self.at = ledger.tip().map(|t| t.hash);
        self.sizes = OnceLock::new();
    }

    /// How many addresses a cluster has.
    pub fn size(&self, cluster: u32) -> u64 {
        let sizes = self.sizes.get_or_init(|| {
            // Every merge joined one cluster to another, so a cluster has one address more than merges.
            let mut sizes: HashMap<u32, u32> = HashMap::new();
            for merge in &self.merges {
                *sizes.entry(self.of(merge.a)).or_insert(1) += 1;
            }
            sizes
        });
        sizes.get(&self.of(cluster)).copied().unwrap_or(1) as u64
    }

    /// Gathers what transactions say on all cores, then merges in order.
    fn take(&mut self, ledger: &Ledger, from: u32, to: u32) {
        const CHUNK: u32 = 1 << 14;
        let starts: Vec<u32> = (from..to).step_by(CHUNK as usize).collect();
        let options = &self.options;
        let incremental = options.change.looks_ahead();
        let done = self.done;
        let ownerless = &Ownerless::of(ledger);
        let gathered: Vec<(Vec<Merge>, u64)> = starts
            .into_par_iter()
            .map(|start| {
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
            })
            .collect();
        for (merges, coinjoins) in gathered {
            self.coinjoins += coinjoins;
            for merge in merges {
                self.merge(merge);
            }
        }
    }

    #[inline]
    fn merge(&mut self, merge: Merge) {
        let (a, b) = (find(&mut self.parent, merge.a), find(&mut self.parent, merge.b));
        if a != b {
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            self.parent[high as usize] = low;
            self.merges.push(merge);
        }
    }

    /// What the clusters were made by.
    pub fn options(&self) -> &ClusterOptions {
        &self.options
    }

    /// Transactions looked at.
    pub fn done(&self) -> u32 {
        self.done
    }

    /// All merges that joined clusters.
    pub fn merges(&self) -> &[Merge] {
        &self.merges
    }

    /// Number of clusters, single addresses included.
    pub fn count(&self) -> u64 {
        self.parent.len() as u64 - self.merges.len() as u64
    }

    /// Transactions left out as coinjoins.
    pub fn coinjoins(&self) -> u64 {
        self.coinjoins
    }

    /// The cluster of an address: its smallest address number.
    #[inline]
    pub fn of(&self, address: u32) -> u32 {
        let mut at = address;
        while self.parent[at as usize] != at {
            at = self.parent[at as usize];
        }
        at
    }

    /// Cluster of every address.
    pub fn all(&self) -> Vec<u32> {
        // A parent's number is smaller than its child's, so one rising pass settles all.
        let mut roots = self.parent.clone();
        for i in 0..roots.len() {
            roots[i] = roots[roots[i] as usize];
        }
        roots
    }

    /// Addresses of a cluster, rising.
    pub fn members(&self, cluster: u32) -> Vec<u32> {
        let cluster = self.of(cluster);
        (cluster..self.parent.len() as u32).filter(|a| self.of(*a) == cluster).collect()
    }

    /// Addresses of several clusters, which are named by their smallest addresses.
    pub(crate) fn members_of(&self, clusters: &HashSet<u32>) -> HashSet<u32> {
        let mut members = clusters.clone();
        if !clusters.is_empty() {
            // Who is not alone in a cluster stands in a merge.
            let merges = self.merges.par_iter().filter(|m| clusters.contains(&self.of(m.a)));
            members.par_extend(merges.flat_map_iter(|m| [m.a, m.b]));
        }
        members
    }

    /// Why two addresses are in one cluster: the shortest chain of merges between them; `None` when they are not.
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
    /// [`ClusterError::Io`].
    pub fn save(&self, path: &Path) -> Result<(), ClusterError> {
        let head = Head {
            options: self.options.clone(),
            done: self.done,
            at: self.at,
            coinjoins: self.coinjoins,
            addresses: self.parent.len() as u64,
        };
        let head = postcard::to_stdvec(&head).map_err(|e| ClusterError::Format(path.to_owned(), e.to_string()))?;
        let mut body = (head.len() as u32).to_le_bytes().to_vec();
        body.extend_from_slice(&head);
        body.extend_from_slice(bytemuck::cast_slice(&self.parent));
        body.extend_from_slice(bytemuck::cast_slice(&self.merges));
        sealed::save(path, MAGIC, &body).map_err(|e| ClusterError::Io(path.to_owned(), e))
    }

    /// Reads clusters; `None` when the file is absent.
    ///
    /// # Errors
    /// [`ClusterError`] when it is damaged or of another version.
    pub fn load(path: &Path) -> Result<Option<Self>, ClusterError> {
        let body = match sealed::load(path, MAGIC) {
            Ok(body) => body,
            // Made by older rules: the options stand, the clusters are made again from the ledger.
            Err(e) if e.kind() == std::io::ErrorKind::InvalidData => match sealed::load(path, OLDER_MAGIC) {
                Ok(Some(older)) => return Ok(Some(Clusters::new(Self::read(path, &older)?.options))),
                _ => return Err(ClusterError::Io(path.to_owned(), e)),
            },
            Err(e) => return Err(ClusterError::Io(path.to_owned(), e)),
        };
        body.map(|body| Self::read(path, &body)).transpose()
    }

    fn read(path: &Path, body: &[u8]) -> Result<Self, ClusterError> {
        let fail = |why: &str| ClusterError::Format(path.to_owned(), why.to_owned());
        let (len, body) = body.split_at_checked(4).ok_or_else(|| fail("cut off"))?;
        let len = u32::from_le_bytes(len.try_into().expect("four bytes")) as usize;
        let (head, body) = body.split_at_checked(len).ok_or_else(|| fail("cut off"))?;
        let head: Head = postcard::from_bytes(head).map_err(|e| fail(&e.to_string()))?;
        let split = (head.addresses as usize).checked_mul(4).ok_or_else(|| fail("cut off"))?;
        let (parent, merges) = body.split_at_checked(split).ok_or_else(|| fail("cut off"))?;
        if !merges.len().is_multiple_of(size_of::<Merge>()) {
            return Err(fail("cut off"));
        }
        Ok(Clusters {
            options: head.options,
            parent: bytemuck::allocation::pod_collect_to_vec(parent),
            merges: bytemuck::allocation::pod_collect_to_vec(merges),
            done: head.done,
            at: head.at,
            coinjoins: head.coinjoins,
            sizes: OnceLock::new(),
        })
    }
}

const MAGIC: &[u8; 8] = b"HFCLUS02";
/// Files of the time when ownerless scripts joined clusters; same layout.
const OLDER_MAGIC: &[u8; 8] = b"HFCLUS01";

#[derive(Serialize, Deserialize)]
struct Head {
    options: ClusterOptions,
    done: u32,
    at: Option<Hash32>,
    coinjoins: u64,
    addresses: u64,
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
                            self.merges.push(Merge { a: first, b: address, tx, by: COSPEND as u32 });
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
        if options.cospend && options.change.used() == 1 << crate::ChangeHeuristic::AddressReuse as u16 {
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
            self.merges.push(Merge { a: from, b: to, tx, by: set as u32 });
        }
    }
}
