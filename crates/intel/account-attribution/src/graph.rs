//! Memberships as a graph, and clusters as its connected parts, followed finding by finding.
//!
//! A membership that holds joins its member with its group's account (an anchor), or, of a deposit address, with the group's other customers. A later
//! finding can end memberships: those parts that it touches are joined anew, all others stay. Clusters depend on the findings only, not on how they came:
//! following them one by one gives those of all at once.

use crate::clusters::{Membership, Merge};
use crate::cow::{CowMap, CowVec};
use crate::heuristics::{Heuristic, Options};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

/// No finding.
const NONE: u32 = u32::MAX;

/// A finding with the ones before it: of its group, and of its member.
#[derive(Clone, Copy, Debug)]
struct Entry {
    found: Membership,
    before_in_group: u32,
    before_of_member: u32,
}

/// The memberships of one heuristic in an account.
#[derive(Clone, Copy, Debug)]
struct Group {
    heuristic: Heuristic,
    side: u32,
    /// Its last membership.
    last: u32,
}

/// An account that is joined to others: they are in a ring.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// The account that stands for its cluster.
    head: u32,
    next: u32,
    previous: u32,
}

/// What is known of a cluster, by its head.
#[derive(Clone, Copy, Debug)]
struct Cluster {
    size: u32,
    /// Its smallest account, which names it.
    least: u32,
}

/// Findings, and the clusters that follow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    log: CowVec<Entry>,
    /// By account: the groups through it.
    groups: CowMap<Vec<Group>>,
    /// By account: the last finding about it.
    of_member: CowMap<u32>,
    nodes: CowMap<Node>,
    clusters: CowMap<Cluster>,
    /// Accounts in clusters, and clusters.
    sizes: (usize, usize),
    /// Tagged accounts of a cluster, by its head; of one that is alone by itself.
    tagged: CowMap<Vec<u32>>,
    /// Heads whose clusters changed.
    changed: BTreeSet<u32>,
}

/// Returns whether members of a group are joined with its own account: a deposit address is the service's, not the customer's.
fn is_anchored(heuristic: Heuristic) -> bool {
    heuristic != Heuristic::DepositReuse
}

fn least(heuristic: Heuristic, options: &Options) -> usize {
    match heuristic {
        Heuristic::Sweep | Heuristic::Factory => usize::try_from(options.min_members).unwrap_or(usize::MAX),
        _ => 1,
    }
}

impl Graph {
    /// Makes the graph of all findings.
    pub fn of<'a>(found: impl IntoIterator<Item = &'a Membership>, tagged: &[u32], options: &Options) -> Self {
        let mut graph = Graph::default();
        tagged.iter().for_each(|account| graph.tag(*account));
        found.into_iter().for_each(|found| graph.add(*found, options));
        graph
    }

    pub fn len(&self) -> usize {
        self.log.len()
    }

    /// Returns all findings in their order.
    pub fn findings(&self) -> impl Iterator<Item = &Membership> {
        self.log.iter().map(|entry| &entry.found)
    }

    pub fn finding(&self, number: usize) -> Option<&Membership> {
        self.log.get(number).map(|entry| &entry.found)
    }

    fn entry(&self, at: u32) -> Option<&Entry> {
        self.log.get(at as usize)
    }

    /// Returns the findings about an account, the last one first.
    fn about(&self, account: u32) -> impl Iterator<Item = &Membership> {
        let mut at = self.of_member.get(account).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let entry = self.entry(at)?;
            at = entry.before_of_member;
            Some(&entry.found)
        })
    }

    /// Returns the memberships of a group, the last one first.
    fn in_group(&self, group: Group) -> impl Iterator<Item = &Membership> {
        let mut at = group.last;
        std::iter::from_fn(move || {
            let entry = self.entry(at)?;
            at = entry.before_in_group;
            Some(&entry.found)
        })
    }

    fn group_of(&self, found: &Membership) -> Option<Group> {
        let heuristic = found.heuristic()?;
        let groups = self.groups.get(found.through)?;
        groups.iter().find(|g| (g.heuristic, g.side) == (heuristic, found.side)).copied()
    }

    fn is_vetoed(&self, heuristic: Heuristic, account: u32) -> bool {
        self.about(account).any(|found| found.is_veto() && found.heuristic() == Some(heuristic))
    }

    /// Returns whether an account is a deposit address of a service.
    fn is_deposit(&self, account: u32) -> bool {
        let is_swept = self.about(account).any(|f| !f.is_veto() && f.heuristic() == Some(Heuristic::Sweep));
        is_swept && !self.is_vetoed(Heuristic::Sweep, account)
    }

    /// Returns whether a membership holds: nothing disproves it, and its heuristic counts.
    fn holds(&self, found: &Membership, options: &Options) -> bool {
        let Some(heuristic) = found.heuristic().filter(|h| options.has(*h) && !found.is_veto()) else { return false };
        // A customer's account is no deposit address of anybody, and the address that it sends to still is one.
        let is_customer = || self.is_deposit(found.through) && !self.is_deposit(found.member);
        !self.is_vetoed(heuristic, found.member) && (heuristic != Heuristic::DepositReuse || is_customer())
    }

    /// Returns whether a group has enough members to count.
    fn counts(&self, group: Group, options: &Options) -> bool {
        let least = least(group.heuristic, options);
        self.in_group(group).filter(|f| self.holds(f, options)).take(least).count() == least
    }

    // ---- following ----

    /// Notes that an account has tags of its own.
    pub fn tag(&mut self, account: u32) {
        let head = self.head(account);
        self.tagged.entry(head).push(account);
        self.changed.insert(head);
    }

    pub fn forget_tags(&mut self) {
        self.tagged = CowMap::default();
    }

    /// Takes the next finding.
    pub fn add(&mut self, found: Membership, options: &Options) {
        let Some(heuristic) = found.heuristic() else { return };
        let Ok(number) = u32::try_from(self.log.len()) else { return };
        if found.is_veto() {
            self.disprove(heuristic, found, number, options);
            return;
        }
        let was_deposit = heuristic != Heuristic::Sweep || self.is_deposit(found.member);
        self.put(heuristic, found, number);
        if !was_deposit && self.is_deposit(found.member) {
            self.became_deposit(found.member, options);
        }
        let Some(group) = self.group_of(&found).filter(|_| self.holds(&found, options)) else { return };
        if !is_anchored(heuristic) {
            let other = self.in_group(group).filter(|f| self.holds(f, options)).find(|f| f.member != found.member);
            if let Some(other) = other.map(|f| f.member) {
                self.join(other, found.member);
            }
            return;
        }
        let least = least(heuristic, options);
        let first: Vec<u32> =
            self.in_group(group).filter(|f| self.holds(f, options)).take(least + 1).map(|f| f.member).collect();
        if first.len() == least {
            first.into_iter().for_each(|member| self.join(found.through, member));
        } else if first.len() > least {
            self.join(found.through, found.member);
        }
    }

    /// Puts a finding into the lists.
    fn put(&mut self, heuristic: Heuristic, found: Membership, number: u32) {
        let before_of_member = self.of_member.insert(found.member, number).unwrap_or(NONE);
        let mut before_in_group = NONE;
        if !found.is_veto() {
            let groups = self.groups.entry(found.through);
            match groups.iter_mut().find(|g| (g.heuristic, g.side) == (heuristic, found.side)) {
                Some(group) => before_in_group = std::mem::replace(&mut group.last, number),
                None => groups.push(Group { heuristic, side: found.side, last: number }),
            }
        }
        self.log.push(Entry { found, before_in_group, before_of_member });
    }

    /// Returns those customers of a deposit address that count.
    fn customers(&self, address: u32, options: &Options) -> Vec<u32> {
        let groups = self.groups.get(address).into_iter().flatten();
        let groups = groups.filter(|g| g.heuristic == Heuristic::DepositReuse);
        groups.flat_map(|g| self.in_group(*g)).filter(|f| self.holds(f, options)).map(|f| f.member).collect()
    }

    fn is_customer(&self, account: u32) -> bool {
        self.about(account).any(|f| !f.is_veto() && f.heuristic() == Some(Heuristic::DepositReuse))
    }

    /// Follows that an account is found to be a deposit address: its customers count from now on, and it is no customer itself.
    fn became_deposit(&mut self, account: u32, options: &Options) {
        let customers = self.customers(account, options);
        customers.windows(2).for_each(|two| self.join(two[0], two[1]));
        if self.is_customer(account) {
            self.join_anew([account], options);
        }
    }

    /// Takes a veto: the account's memberships of the heuristic end.
    fn disprove(&mut self, heuristic: Heuristic, found: Membership, number: u32, options: &Options) {
        let account = found.member;
        let held: Vec<Membership> =
            self.about(account).filter(|f| !f.is_veto() && f.heuristic() == Some(heuristic)).copied().collect();
        let was_deposit = heuristic == Heuristic::Sweep && self.is_deposit(account);
        let customers = if was_deposit { self.customers(account, options) } else { Vec::new() };
        self.put(heuristic, found, number);
        if held.is_empty() || (!options.has(heuristic) && !was_deposit) {
            return;
        }
        let is_alone = held.len() == 1 && !self.is_customer(account) && self.is_without_edges(account, options);
        let group = self.group_of(&held[0]);
        let stays = is_anchored(heuristic) && group.is_some_and(|group| self.counts(group, options));
        if !(is_alone && stays && self.leave(account)) {
            self.join_anew([account], options);
        }
        self.join_anew(customers, options);
    }

    /// Returns whether nothing joins an account with others.
    fn is_without_edges(&self, account: u32, options: &Options) -> bool {
        let mut groups = self.groups.get(account).into_iter().flatten();
        let is_anchor = groups.any(|g| is_anchored(g.heuristic) && self.counts(*g, options));
        !is_anchor && self.links(account, options).is_empty()
    }

    /// Returns the accounts that an account's own memberships join it with: of the customers of a deposit address one.
    fn links(&self, account: u32, options: &Options) -> Vec<u32> {
        let mut links = Vec::new();
        for found in self.about(account).filter(|f| self.holds(f, options)) {
            let Some(group) = self.group_of(found) else { continue };
            if !is_anchored(group.heuristic) {
                let others = self.in_group(group).filter(|f| f.member != account && self.holds(f, options));
                links.extend(others.map(|f| f.member).next());
            } else if found.through != account && self.counts(group, options) {
                links.push(found.through);
            }
        }
        links
    }

    // ---- clusters ----

    fn head(&self, account: u32) -> u32 {
        self.nodes.get(account).map_or(account, |node| node.head)
    }

    fn cluster(&self, head: u32) -> Cluster {
        self.clusters.get(head).copied().unwrap_or(Cluster { size: 1, least: head })
    }

    /// Returns the accounts of a head's cluster as they stand in their ring.
    fn ring(&self, head: u32) -> Vec<u32> {
        let mut all = vec![head];
        let mut at = self.nodes.get(head).map_or(head, |node| node.next);
        while at != head && all.len() <= self.sizes.0 {
            all.push(at);
            at = self.nodes.get(at).map_or(head, |node| node.next);
        }
        all
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.head(a), self.head(b));
        if a == b {
            return;
        }
        let (one, other) = (self.cluster(a), self.cluster(b));
        // Those of the smaller one change.
        let (head, gone) = if (one.size, b) >= (other.size, a) { (a, b) } else { (b, a) };
        for account in [a, b] {
            if self.nodes.get(account).is_none() {
                self.nodes.insert(account, Node { head: account, next: account, previous: account });
                self.sizes.0 += 1;
                self.sizes.1 += 1;
            }
        }
        for account in self.ring(gone) {
            if let Some(node) = self.nodes.get_mut(account) {
                node.head = head;
            }
        }
        let next_of = |graph: &Graph, account: u32| graph.nodes.get(account).map_or(account, |node| node.next);
        let (after_head, after_gone) = (next_of(self, head), next_of(self, gone));
        self.link(head, after_gone);
        self.link(gone, after_head);
        let (size, least) = (one.size.saturating_add(other.size), one.least.min(other.least));
        self.clusters.remove(gone);
        self.clusters.insert(head, Cluster { size, least });
        self.sizes.1 -= 1;
        if let Some(tagged) = self.tagged.remove(gone) {
            self.tagged.entry(head).extend(tagged);
        }
        self.changed.extend([head, gone]);
    }

    fn link(&mut self, before: u32, after: u32) {
        if let Some(node) = self.nodes.get_mut(before) {
            node.next = after;
        }
        if let Some(node) = self.nodes.get_mut(after) {
            node.previous = before;
        }
    }

    /// Takes an account out of a cluster that holds together without it; false where the cluster is called after it.
    fn leave(&mut self, account: u32) -> bool {
        let Some(node) = self.nodes.get(account).copied() else { return false };
        let cluster = self.cluster(node.head);
        if node.head == account || cluster.least == account || cluster.size <= 2 {
            return false;
        }
        self.nodes.remove(account);
        self.link(node.previous, node.next);
        self.clusters.insert(node.head, Cluster { size: cluster.size - 1, ..cluster });
        self.sizes.0 -= 1;
        let is_tagged = self.tagged.get_mut(node.head).is_some_and(|tagged| {
            let before = tagged.len();
            tagged.retain(|a| *a != account);
            tagged.len() < before
        });
        if is_tagged {
            self.tagged.insert(account, vec![account]);
        }
        self.changed.extend([node.head, account]);
        true
    }

    /// Joins the accounts of some accounts' clusters anew.
    fn join_anew(&mut self, accounts: impl IntoIterator<Item = u32>, options: &Options) {
        let heads: BTreeSet<u32> = accounts.into_iter().map(|account| self.head(account)).collect();
        let mut all = Vec::new();
        for head in heads {
            let ring = self.ring(head);
            let tagged = self.tagged.remove(head).unwrap_or_default();
            for account in &ring {
                self.changed.insert(*account);
                self.sizes.0 -= usize::from(self.nodes.remove(*account).is_some());
            }
            self.sizes.1 -= usize::from(self.clusters.remove(head).is_some());
            for account in tagged {
                self.tagged.insert(account, vec![account]);
            }
            all.extend(ring);
        }
        for account in all {
            self.links(account, options).into_iter().for_each(|other| self.join(account, other));
        }
    }

    // ---- edges ----

    /// Returns the joins of an account with others, in the order of the findings; those with customers of deposit addresses that are in `passed` left out.
    fn edges(&self, account: u32, options: &Options, passed: &mut HashSet<u32>) -> Vec<Merge> {
        let mut edges = Vec::new();
        for found in self.about(account).filter(|f| self.holds(f, options)) {
            let (Some(heuristic), Some(group)) = (found.heuristic(), self.group_of(found)) else { continue };
            let (through, mine) = (found.through, Some(*found));
            if is_anchored(heuristic) {
                if through != account && self.counts(group, options) {
                    edges.push(Merge { a: account, b: through, heuristic, through, evidence: [mine, None] });
                }
            } else if passed.insert(through) {
                for other in self.in_group(group).filter(|f| f.member != account && self.holds(f, options)) {
                    let evidence = [mine, Some(*other)];
                    edges.push(Merge { a: account, b: other.member, heuristic, through, evidence });
                }
            }
        }
        let groups = self.groups.get(account).into_iter().flatten();
        for group in groups.filter(|g| is_anchored(g.heuristic) && self.counts(**g, options)) {
            for found in self.in_group(*group).filter(|f| f.member != account && self.holds(f, options)) {
                let (heuristic, evidence) = (group.heuristic, [None, Some(*found)]);
                edges.push(Merge { a: account, b: found.member, heuristic, through: account, evidence });
            }
        }
        edges.reverse();
        edges
    }

    // ---- answers ----

    pub fn of_account(&self, account: u32) -> u32 {
        self.cluster(self.head(account)).least
    }

    /// Returns the accounts of an account's cluster, rising.
    pub fn members(&self, account: u32) -> Vec<u32> {
        let mut all = self.ring(self.head(account));
        all.sort_unstable();
        all
    }

    /// Returns how many accounts an account's cluster has.
    pub fn size(&self, account: u32) -> u32 {
        self.cluster(self.head(account)).size
    }

    /// Returns the account that stands for an account's cluster: it stays the same until the cluster changes.
    pub fn standing(&self, account: u32) -> u32 {
        self.head(account)
    }

    /// Returns the tagged accounts of an account's cluster.
    pub fn tagged(&self, account: u32) -> &[u32] {
        self.tagged.get(self.head(account)).map_or(&[], Vec::as_slice)
    }

    /// Takes the accounts that stand, or stood, for clusters that changed since it was last taken.
    pub fn take_changed(&mut self) -> BTreeSet<u32> {
        std::mem::take(&mut self.changed)
    }

    pub fn roots(&self) -> BTreeMap<u32, Vec<u32>> {
        self.clusters.iter().map(|(head, cluster)| (cluster.least, self.members(head))).collect()
    }

    /// Returns clusters and the accounts in them.
    pub fn sizes(&self) -> (usize, usize) {
        (self.sizes.1, self.sizes.0)
    }

    /// Returns the shortest chain of joins between two accounts; `None` where they are not in one cluster.
    pub fn explain(&self, a: u32, b: u32, options: &Options) -> Option<Vec<Merge>> {
        if self.head(a) != self.head(b) {
            return None;
        }
        let mut came: HashMap<u32, Merge> = HashMap::new();
        let (mut queue, mut passed) = (VecDeque::from([a]), HashSet::new());
        while let Some(at) = queue.pop_front().filter(|at| *at != b) {
            for edge in self.edges(at, options, &mut passed) {
                if edge.b != a && !came.contains_key(&edge.b) {
                    came.insert(edge.b, edge);
                    queue.push_back(edge.b);
                }
            }
        }
        let mut path = Vec::new();
        let mut at = b;
        while at != a {
            let edge = *came.get(&at)?;
            path.push(edge);
            at = edge.a;
        }
        path.reverse();
        Some(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_account_ledger::TransferNumber;
    use holdfast_types::ChainId;

    /// Numbers that look random and are the same each time (splitmix64).
    struct Random(u64);

    impl Random {
        fn below(&mut self, n: u32) -> u32 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            u32::try_from((z ^ (z >> 31)) % u64::from(n)).unwrap()
        }
    }

    const ACCOUNTS: u32 = 14;

    fn finding(random: &mut Random, at: u64) -> Membership {
        let heuristic = [Heuristic::Sweep, Heuristic::DepositReuse, Heuristic::GasFunding, Heuristic::Factory]
            [random.below(4) as usize];
        let (member, number) = (random.below(ACCOUNTS), TransferNumber::new(at));
        if random.below(6) == 0 {
            return Membership::veto(heuristic, member, at, number);
        }
        let through = (member + 1 + random.below(ACCOUNTS - 1)) % ACCOUNTS;
        let side = if heuristic == Heuristic::Factory { random.below(2) } else { 0 };
        Membership::new(heuristic, (through, side), member, at, (number, number))
    }

    /// Clusters of findings, by the rules as they are stated and nothing else.
    fn stated(log: &[Membership], options: &Options) -> Vec<u32> {
        let vetoed = |h, a| log.iter().any(|f| f.is_veto() && f.heuristic() == Some(h) && f.member() == a);
        let swept = |a| log.iter().any(|f| !f.is_veto() && f.heuristic() == Some(Heuristic::Sweep) && f.member() == a);
        let is_deposit = |a| swept(a) && !vetoed(Heuristic::Sweep, a);
        let mut groups: BTreeMap<(Heuristic, u32, u32), Vec<u32>> = BTreeMap::new();
        for found in log.iter().filter(|f| !f.is_veto()) {
            let heuristic = found.heuristic().unwrap();
            let is_customer = is_deposit(found.through) && !is_deposit(found.member);
            if options.has(heuristic)
                && !vetoed(heuristic, found.member)
                && (heuristic != Heuristic::DepositReuse || is_customer)
            {
                groups.entry((heuristic, found.through, found.side)).or_default().push(found.member);
            }
        }
        let mut cluster: Vec<u32> = (0..ACCOUNTS).collect();
        for ((heuristic, through, _), mut members) in groups {
            if members.len() < least(heuristic, options) {
                continue;
            }
            members.extend(is_anchored(heuristic).then_some(through));
            for member in members.clone() {
                let (from, to) = (cluster[member as usize], cluster[members[0] as usize]);
                cluster.iter_mut().filter(|c| **c == from).for_each(|c| *c = to);
            }
        }
        (0..ACCOUNTS).map(|a| (0..ACCOUNTS).find(|b| cluster[*b as usize] == cluster[a as usize]).unwrap()).collect()
    }

    #[test]
    fn every_finding_leaves_the_clusters_that_all_findings_state() {
        let chain = ChainId::parse("eip155:1").unwrap();
        let options = Options { min_members: 2, ..Options::of_chain(&chain) }.with([
            Heuristic::Sweep,
            Heuristic::DepositReuse,
            Heuristic::GasFunding,
            Heuristic::Factory,
        ]);
        for seed in 0..30 {
            let (mut random, mut log, mut graph) = (Random(seed), Vec::new(), Graph::default());
            let tagged: Vec<u32> = (0..ACCOUNTS).filter(|_| random.below(3) == 0).collect();
            tagged.iter().for_each(|account| graph.tag(*account));
            for at in 0..60 {
                let before = graph.clone();
                let (stood, found) = (stated(&log, &options), finding(&mut random, at));
                log.push(found);
                graph.add(found, &options);
                let expected = stated(&log, &options);
                for account in 0..ACCOUNTS {
                    let what = format!("seed {seed}, finding {at}, account {account}: {log:?}");
                    assert_eq!(graph.of_account(account), expected[account as usize], "{what}");
                    let together: Vec<u32> =
                        (0..ACCOUNTS).filter(|a| expected[*a as usize] == expected[account as usize]).collect();
                    assert_eq!(graph.members(account), together, "{what}");
                    let mut of_cluster = graph.tagged(account).to_vec();
                    of_cluster.sort_unstable();
                    assert!(of_cluster.iter().eq(tagged.iter().filter(|t| together.contains(t))), "{what}");
                    assert_eq!(before.of_account(account), stood[account as usize], "a snapshot stays");
                    for other in 0..ACCOUNTS {
                        let why = graph.explain(account, other, &options);
                        assert_eq!(why.is_some(), together.contains(&other), "{what} {other}");
                    }
                }
                let count = expected.iter().filter(|c| expected.iter().filter(|d| d == c).count() > 1).count();
                assert_eq!(graph.sizes(), (graph.roots().len(), count));
            }
            let whole = Graph::of(&log, &tagged, &options);
            assert_eq!(whole.roots(), graph.roots());
        }
    }
}
