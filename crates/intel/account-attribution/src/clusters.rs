//! Clusters of accounts: what one owner controls, with the evidence of every join.
//!
//! Heuristics find memberships: an account belongs to a group (the deposit addresses of a wallet, the customers of a deposit address, ...), with two
//! transfers as evidence. A later transfer may disprove an account, which ends all its memberships (a veto). Memberships and vetoes are a log in chain
//! order; clusters follow from the whole log, so that a reorganization cuts the log and looks at the new blocks, and the result is that of a look at
//! all blocks. Other tags or options make everything anew.

use crate::cow::CowMap;
use crate::error::ClusterError;
use crate::graph::Graph;
use crate::heuristics::{Heuristic, Options};
use crate::scan::{Scan, State, energy, service_of};
use crate::services::{Role, Services};
use crate::signals::Signals;
use bytemuck::{Pod, Zeroable};
use holdfast_account_ledger::{Ledger, LedgerError, TransferNumber};
use holdfast_types::Hash32;
use serde::Serialize;
use std::collections::BTreeSet;
use std::ops::Range;

/// Most memberships and vetoes.
pub const MAX_LOG: usize = 100_000_000;
/// Blocks at the tip that have marks of their own, and blocks between marks before.
const SINGLE: usize = 256;
const SPARSE: u64 = 4_096;

const VETO: u32 = 0x80;
const FACT: u32 = 0x40;

/// A finding: an account belongs to a group, or (a veto) to none of its heuristic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Membership {
    height: u64,
    first: u64,
    second: u64,
    /// The group's account: the wallet, the deposit address, the funder.
    pub(crate) through: u32,
    /// The account that belongs to it.
    pub(crate) member: u32,
    /// Parts groups of one account.
    pub(crate) side: u32,
    kind: u32,
}

/// What a membership rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembershipEvidence {
    /// Two transfers: what came in and what went on; of a factory's contract the first transfer that it made, twice.
    Transfers(TransferNumber, TransferNumber),
    /// A fact of a transaction, by height and number in the block.
    Fact(u64, u32),
}

impl Membership {
    pub(crate) fn new(
        heuristic: Heuristic,
        (through, side): (u32, u32),
        member: u32,
        height: u64,
        (first, second): (TransferNumber, TransferNumber),
    ) -> Self {
        Membership { height, first: first.get(), second: second.get(), through, member, side, kind: heuristic as u32 }
    }

    pub(crate) fn veto(heuristic: Heuristic, account: u32, height: u64, by: TransferNumber) -> Self {
        let kind = heuristic as u32 | VETO;
        Membership { height, first: by.get(), second: by.get(), through: account, member: account, side: 0, kind }
    }

    pub(crate) fn of_fact(heuristic: Heuristic, through: u32, member: u32, (height, tx): (u64, u32)) -> Self {
        let kind = heuristic as u32 | FACT;
        Membership { height, first: height, second: tx.into(), through, member, side: 0, kind }
    }

    /// Returns the heuristic; none where the file that it was read from has an unknown one.
    #[must_use]
    pub fn heuristic(&self) -> Option<Heuristic> {
        u8::try_from(self.kind & !(VETO | FACT)).ok().and_then(Heuristic::from_repr)
    }

    /// Returns whether it states that the account belongs to no group of the heuristic.
    #[must_use]
    pub fn is_veto(&self) -> bool {
        self.kind & VETO != 0
    }

    /// Returns the height of the block that shows it.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.height
    }

    /// Returns the account that it is about.
    #[must_use]
    pub fn member(&self) -> u32 {
        self.member
    }

    /// Returns the group's account: the wallet, the deposit address, the funder.
    #[must_use]
    pub fn through(&self) -> u32 {
        self.through
    }

    /// Returns what it rests on.
    #[must_use]
    pub fn evidence(&self) -> MembershipEvidence {
        match self.kind & FACT {
            0 => MembershipEvidence::Transfers(TransferNumber::new(self.first), TransferNumber::new(self.second)),
            _ => MembershipEvidence::Fact(self.first, u32::try_from(self.second).unwrap_or(u32::MAX)),
        }
    }
}

/// A join of two accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merge {
    /// An account.
    pub a: u32,
    /// Another.
    pub b: u32,
    /// The heuristic.
    pub heuristic: Heuristic,
    /// The account that both belong to: a wallet, a deposit address, a funder.
    pub through: u32,
    /// The memberships of `a` and `b`; none of the group's own account.
    pub evidence: [Option<Membership>; 2],
}

/// The end of a block in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub height: u64,
    pub log: u64,
    /// Accounts of the ledger that were looked up among the tagged ones.
    pub accounts: u64,
    pub hash: Hash32,
}

impl Mark {
    fn is_in_chain(&self, ledger: &Ledger) -> Result<bool, LedgerError> {
        Ok(ledger.block_at(self.height)?.is_some_and(|block| block.hash == self.hash))
    }
}

/// The clusters of a ledger.
#[derive(Clone, Debug)]
pub struct Clusters {
    options: Options,
    /// Of the tags that it was made with.
    tags: Hash32,
    /// All findings of blocks, then those on energy, and the clusters that follow.
    graph: Graph,
    /// How many findings are of blocks.
    log: usize,
    marks: Vec<Mark>,
    /// Accounts of the ledger that heuristics know by their tags.
    roles: CowMap<Role>,
    /// Accounts of the ledger that have tags of their own, whoever may read them.
    tagged: Vec<u32>,
    /// Rises when clusters are made anew.
    generation: u64,
    state: State,
    /// Whether the state has to be made anew from the log.
    is_stale: bool,
}

/// How much clusters hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// Clusters of more than one account.
    pub clusters: usize,
    /// Accounts in them.
    pub accounts: usize,
    /// Memberships found, and vetoes.
    pub findings: usize,
}

impl Clusters {
    /// Returns clusters without members.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Clusters {
            options,
            tags: [0; 32],
            graph: Graph::default(),
            log: 0,
            marks: Vec::new(),
            roles: CowMap::default(),
            tagged: Vec::new(),
            generation: 0,
            state: State::default(),
            is_stale: false,
        }
    }

    /// Returns the clusters as they are now, for reading: it costs some pointers for each million accounts.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Clusters {
            options: self.options.clone(),
            tags: self.tags,
            graph: self.graph.clone(),
            log: self.log,
            marks: self.marks.clone(),
            roles: self.roles.clone(),
            tagged: Vec::new(),
            generation: self.generation,
            state: State::default(),
            is_stale: true,
        }
    }

    /// Clusters a whole ledger.
    ///
    /// # Errors
    /// As [`Clusters::update`].
    pub fn build(
        ledger: &Ledger,
        services: &Services,
        signals: &Signals,
        options: Options,
    ) -> Result<Self, ClusterError> {
        let mut clusters = Clusters::new(options);
        clusters.update(ledger, services, signals)?;
        Ok(clusters)
    }

    /// Follows the blocks since the last update. After a reorganization the log is cut back first; other tags make everything anew. Heuristics that
    /// rest on signals are followed as far as those go. Following a block costs what its transfers touch, but for [`Heuristic::Energy`], which is found
    /// anew each time.
    ///
    /// # Errors
    /// [`ClusterError::Ledger`] where the ledger is damaged, [`ClusterError::Full`]. The clusters are unchanged then, or those of fewer blocks.
    pub fn update(&mut self, ledger: &Ledger, services: &Services, signals: &Signals) -> Result<(), ClusterError> {
        self.update_some(ledger, services, signals, u64::MAX)
    }

    /// As [`Clusters::update`], but looks at `most` further blocks at most.
    ///
    /// # Errors
    /// As [`Clusters::update`].
    pub fn update_some(
        &mut self,
        ledger: &Ledger,
        services: &Services,
        signals: &Signals,
        most: u64,
    ) -> Result<(), ClusterError> {
        if self.tags != services.fingerprint() {
            let generation = self.generation + 1;
            *self = Clusters { generation, ..Clusters::new(self.options.clone()) };
            self.tags = services.fingerprint();
        }
        self.roll_back(ledger)?;
        let Some((first, tip)) = ledger.first()?.zip(ledger.tip()?) else {
            self.replay(&[]);
            return Ok(());
        };
        let until = match (self.options.needs_signals(), signals.tip()) {
            (false, _) => Some(tip.height),
            (true, Some((height, _))) => Some(height.min(tip.height)),
            (true, None) => None,
        };
        let found: Option<Vec<Membership>> = self.is_stale.then(|| self.own().copied().collect());
        self.find_roles(ledger, services)?;
        if let Some(found) = found {
            self.replay(&found);
        }
        let start = self.marks.last().map_or(first.height, |mark| mark.height.saturating_add(1));
        let end = until.map_or(start, |until| until.saturating_add(1)).min(start.saturating_add(most));
        let scanned = self.scan(ledger, signals, start..end);
        if self.options.has(Heuristic::Energy) {
            self.find_energy(ledger, signals);
        }
        scanned
    }

    /// Looks at blocks. Those before one that does not read count.
    fn scan(&mut self, ledger: &Ledger, signals: &Signals, heights: Range<u64>) -> Result<(), ClusterError> {
        let Clusters { options, log, roles, tagged, state, marks, graph, .. } = self;
        let mut scan = Scan::new(ledger, signals, options, roles, state);
        let mut scanned = Ok(());
        for height in heights {
            let block = match ledger.block_at(height).and_then(|b| b.map(|b| scan.block(&b).map(|()| b)).transpose()) {
                Ok(Some(block)) if *log + scan.log.len() <= MAX_LOG => block,
                Ok(Some(_)) => {
                    scanned = Err(ClusterError::Full(MAX_LOG));
                    break;
                }
                Ok(None) => break,
                Err(e) => {
                    scanned = Err(e.into());
                    break;
                }
            };
            if graph.len() > *log && !scan.log.is_empty() {
                // Behind the findings of blocks stood those on energy.
                let found: Vec<Membership> = graph.findings().take(*log).copied().collect();
                *graph = Graph::of(&found, tagged, options);
            }
            for found in scan.log.drain(..) {
                graph.add(found, options);
                *log += 1;
            }
            put_mark(marks, height, *log, ledger.counts().accounts, block.hash);
        }
        if scanned.is_err() {
            // What was found in the block that does not count.
            let found: Vec<Membership> = self.own().copied().collect();
            self.replay(&found);
        }
        scanned
    }

    /// Returns the findings of blocks.
    fn own(&self) -> impl Iterator<Item = &Membership> {
        self.graph.findings().take(self.log)
    }

    /// Finds who uses whose energy, with the accounts' numbers of today.
    fn find_energy(&mut self, ledger: &Ledger, signals: &Signals) {
        let Some(done) = self.height() else { return };
        let mut found: Vec<Membership> = self.own().copied().collect();
        found.extend(energy(ledger, signals, &self.roles, done));
        self.graph = Graph::of(&found, &self.tagged, &self.options);
        self.generation += 1;
    }

    /// Finds the tagged ones among the ledger's accounts that came since.
    fn find_roles(&mut self, ledger: &Ledger, services: &Services) -> Result<(), LedgerError> {
        let known = self.marks.last().map_or(0, |mark| mark.accounts);
        for account in known..ledger.counts().accounts {
            let Ok(account) = u32::try_from(account) else { break };
            if let Some(role) = services.role(&ledger.account(account)?) {
                self.roles.insert(account, role);
            }
        }
        Ok(())
    }

    /// Cuts the log back to the last block that is still in the chain.
    fn roll_back(&mut self, ledger: &Ledger) -> Result<(), LedgerError> {
        let before = self.marks.len();
        while let Some(mark) = self.marks.last() {
            if mark.is_in_chain(ledger)? {
                break;
            }
            self.marks.pop();
        }
        if self.marks.len() == before {
            return Ok(());
        }
        let log = self.marks.last().map_or(0, |mark| mark.log);
        self.log = self.log.min(usize::try_from(log).unwrap_or(usize::MAX));
        self.look_up_again();
        Ok(())
    }

    /// Has the numbers of tagged accounts looked up again, and the state made anew.
    fn look_up_again(&mut self) {
        self.roles = CowMap::default();
        if let Some(mark) = self.marks.last_mut() {
            mark.accounts = 0;
        }
        self.is_stale = true;
    }

    /// Makes the state and the clusters that follow from findings.
    fn replay(&mut self, found: &[Membership]) {
        self.is_stale = false;
        self.state = State::default();
        for found in found {
            self.state.take(found, |account| service_of(&self.roles, account));
        }
        // Whoever has tags is told anew: numbers of accounts may be others'.
        self.tagged.clear();
        self.graph = Graph::of(found, &[], &self.options);
        self.generation += 1;
    }

    /// Returns clusters of findings that were stored, with the blocks whose ends are marked. They answer after the next [`Clusters::update`].
    pub(crate) fn stored(options: Options, tags: Hash32, log: &[Membership], marks: Vec<Mark>) -> Self {
        let mut clusters = Clusters { tags, marks, log: log.len(), ..Clusters::new(options) };
        clusters.graph = Graph::of(log, &[], &clusters.options);
        clusters.look_up_again();
        clusters
    }

    /// Returns one of the findings of blocks.
    pub(crate) fn finding(&self, number: usize) -> Option<&Membership> {
        self.graph.finding(number).filter(|_| number < self.log)
    }

    /// Returns the fingerprint of the tags that it was made with ([`Services::fingerprint`]).
    #[must_use]
    pub fn tags(&self) -> Hash32 {
        self.tags
    }

    /// Returns what the clusters were made by.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns the height up to which blocks were looked at.
    #[must_use]
    pub fn height(&self) -> Option<u64> {
        self.marks.last().map(|mark| mark.height)
    }

    /// Returns all memberships and vetoes, in chain order.
    pub fn memberships(&self) -> impl Iterator<Item = &Membership> {
        self.own()
    }

    /// Returns the cluster of an account: its smallest account number.
    #[must_use]
    pub fn of(&self, account: u32) -> u32 {
        self.graph.of_account(account)
    }

    /// Returns the accounts of a cluster, rising; the account alone where it is joined to none.
    #[must_use]
    pub fn members(&self, cluster: u32) -> Vec<u32> {
        self.graph.members(cluster)
    }

    /// Returns how many accounts a cluster has.
    #[must_use]
    pub fn size(&self, cluster: u32) -> u32 {
        self.graph.size(cluster)
    }

    /// Returns the tagged accounts of a cluster.
    #[must_use]
    pub fn tagged(&self, cluster: u32) -> &[u32] {
        self.graph.tagged(cluster)
    }

    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Forgets who has tags.
    pub(crate) fn forget_tags(&mut self) {
        self.tagged.clear();
        self.graph.forget_tags();
    }

    /// Notes that an account has tags of its own.
    pub(crate) fn tag(&mut self, account: u32) {
        self.tagged.push(account);
        self.graph.tag(account);
    }

    /// Takes the accounts that stand, or stood, for clusters that changed since it was last taken.
    pub(crate) fn take_changed(&mut self) -> BTreeSet<u32> {
        self.graph.take_changed()
    }

    /// Returns the clusters of more than one account, with their accounts, rising.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Vec<u32>)> {
        self.graph.roots().into_iter()
    }

    /// Returns how much there is.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        let (clusters, accounts) = self.graph.sizes();
        Sizes { clusters, accounts, findings: self.log }
    }

    /// Returns why two accounts are in one cluster: the shortest chain of joins between them; `None` when they are not.
    #[must_use]
    pub fn explain(&self, a: u32, b: u32) -> Option<Vec<Merge>> {
        self.graph.explain(a, b, &self.options)
    }
}

fn put_mark(marks: &mut Vec<Mark>, height: u64, log: usize, accounts: u64, hash: Hash32) {
    marks.push(Mark { height, log: log as u64, accounts, hash });
    // Of older blocks some marks suffice: a reorganization that deep looks at more blocks again.
    if let Some(old) = marks.len().checked_sub(SINGLE + 1)
        && !marks[old].height.is_multiple_of(SPARSE)
    {
        marks.remove(old);
    }
}

/// Returns the heights of a range of blocks that have marks once the last one was looked at.
pub(crate) fn marked(heights: Range<u64>) -> impl Iterator<Item = u64> {
    let single = heights.end.saturating_sub(SINGLE as u64).max(heights.start);
    let sparse = (heights.start.div_ceil(SPARSE)..).map_while(|n| n.checked_mul(SPARSE));
    sparse.take_while(move |height| *height < single).chain(single..heights.end)
}
