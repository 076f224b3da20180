//! Clusters as a forest: memberships of one group join its members, and the joins that joined two clusters are the explanation.

use crate::clusters::{Membership, Merge};
use crate::heuristics::{Heuristic, Options};
use crate::scan::State;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Clusters that follow from memberships. Only accounts that are joined to others are in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Forest {
    /// By account: another account of its cluster; smaller but for the cluster's own smallest.
    parent: HashMap<u32, u32>,
    /// By the smallest account: all of the cluster, rising.
    members: HashMap<u32, Vec<u32>>,
    merges: Vec<Merge>,
}

/// What a membership joins its member with: accounts of one group are one owner's.
fn anchor(heuristic: Heuristic, through: u32) -> Option<u32> {
    match heuristic {
        // A deposit address is the service's, not the customer's.
        Heuristic::DepositReuse => None,
        Heuristic::Sweep | Heuristic::GasFunding | Heuristic::Factory | Heuristic::Energy => Some(through),
    }
}

impl Forest {
    pub fn of(log: &[Membership], state: &State, options: &Options) -> Self {
        // Groups in the order of their first membership, so that the same log gives the same forest.
        let mut groups: BTreeMap<(Heuristic, u32, u32), Vec<usize>> = BTreeMap::new();
        let sweeps: HashMap<u32, u32> = log
            .iter()
            .filter(|m| m.heuristic() == Some(Heuristic::Sweep) && is_valid(m, Heuristic::Sweep, state))
            .map(|m| (m.member, m.through))
            .collect();
        for (at, found) in log.iter().enumerate() {
            let Some(heuristic) = found.heuristic().filter(|h| options.has(*h) && !found.is_veto()) else { continue };
            // A customer's account is no deposit address of anybody, and the address that it sends to still is one.
            let is_customer = || sweeps.contains_key(&found.through) && !sweeps.contains_key(&found.member);
            if is_valid(found, heuristic, state) && (heuristic != Heuristic::DepositReuse || is_customer()) {
                groups.entry((heuristic, found.through, found.side)).or_default().push(at);
            }
        }
        let least = |heuristic| match heuristic {
            Heuristic::Sweep | Heuristic::Factory => usize::try_from(options.min_members).unwrap_or(usize::MAX),
            _ => 1,
        };
        let mut groups: Vec<((Heuristic, u32, u32), Vec<usize>)> =
            groups.into_iter().filter(|(key, members)| members.len() >= least(key.0)).collect();
        groups.sort_by_key(|(key, members)| (members[0], *key));
        let mut forest = Forest::default();
        for ((heuristic, through, _), members) in groups {
            let mut last = anchor(heuristic, through).map(|account| (account, None));
            for at in members {
                let member = log[at].member;
                if let Some((with, evidence)) = last {
                    forest.join(Merge { a: with, b: member, heuristic, through, evidence: [evidence, Some(log[at])] });
                }
                if anchor(heuristic, through).is_none() {
                    last = last.or(Some((member, Some(log[at]))));
                }
            }
        }
        forest.settle();
        forest
    }

    fn find(&mut self, mut at: u32) -> u32 {
        loop {
            let Some(up) = self.parent.get(&at).copied().filter(|up| *up != at) else { return at };
            let above = self.parent.get(&up).copied().unwrap_or(up);
            self.parent.insert(at, above);
            at = up;
        }
    }

    fn join(&mut self, merge: Merge) {
        let (a, b) = (self.find(merge.a), self.find(merge.b));
        if a != b {
            let (low, high) = (a.min(b), a.max(b));
            self.parent.insert(high, low);
            self.parent.entry(low).or_insert(low);
            self.merges.push(merge);
        }
    }

    /// Finds the root of every account, and the members of every cluster.
    fn settle(&mut self) {
        let mut accounts: Vec<u32> = self.parent.keys().copied().collect();
        accounts.sort_unstable();
        for account in accounts {
            let root = self.find(account);
            self.parent.insert(account, root);
            self.members.entry(root).or_default().push(account);
        }
    }

    pub fn of_account(&self, account: u32) -> u32 {
        self.parent.get(&account).copied().unwrap_or(account)
    }

    pub fn members(&self, cluster: u32) -> &[u32] {
        self.members.get(&self.of_account(cluster)).map_or(&[], Vec::as_slice)
    }

    pub fn roots(&self) -> impl Iterator<Item = (u32, &[u32])> {
        self.members.iter().map(|(root, members)| (*root, members.as_slice()))
    }

    pub fn merges(&self) -> &[Merge] {
        &self.merges
    }

    /// Returns the shortest chain of merges between two accounts; `None` where they are not in one cluster.
    pub fn explain(&self, a: u32, b: u32) -> Option<Vec<Merge>> {
        let cluster = self.of_account(a);
        if self.of_account(b) != cluster {
            return None;
        }
        let mut next: HashMap<u32, Vec<(u32, usize)>> = HashMap::new();
        for (i, merge) in self.merges.iter().enumerate().filter(|(_, m)| self.of_account(m.a) == cluster) {
            next.entry(merge.a).or_default().push((merge.b, i));
            next.entry(merge.b).or_default().push((merge.a, i));
        }
        let mut came: HashMap<u32, (u32, usize)> = HashMap::new();
        let mut queue = VecDeque::from([a]);
        while let Some(at) = queue.pop_front().filter(|at| *at != b) {
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
            let (from, i) = *came.get(&at)?;
            let merge = self.merges[i];
            let [first, second] = merge.evidence;
            let evidence = if merge.a == from { merge.evidence } else { [second, first] };
            path.push(Merge { a: from, b: at, evidence, ..merge });
            at = from;
        }
        path.reverse();
        Some(path)
    }
}

fn is_valid(found: &Membership, heuristic: Heuristic, state: &State) -> bool {
    !found.is_veto()
        && !state.is_vetoed(heuristic, found.member)
        && (heuristic != Heuristic::DepositReuse || !state.is_vetoed(Heuristic::Sweep, found.through))
}
