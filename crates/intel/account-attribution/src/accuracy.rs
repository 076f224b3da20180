//! Error rates: clusterings against known owners, pair by pair.

use crate::clusters::Clusters;
use crate::error::ClusterError;
use crate::heuristics::{Heuristic, Options};
use crate::services::Services;
use crate::signals::Signals;
use holdfast_account_ledger::Ledger;
use holdfast_attribution::accuracy::Score;
use holdfast_types::AccountId;
use std::collections::HashMap;

/// Who owns which account, as far as that is known.
pub trait Owners {
    /// Returns the owner of an account; none where nobody knows.
    fn owner(&self, account: &AccountId) -> Option<u64>;
}

impl Owners for HashMap<AccountId, u64> {
    fn owner(&self, account: &AccountId) -> Option<u64> {
        self.get(account).copied()
    }
}

fn pairs(n: u64) -> u64 {
    n * n.saturating_sub(1) / 2
}

/// Scores clusters: a statement is that two accounts are one owner's; right when they are, possible are all pairs of accounts of each owner. Accounts
/// whose owner is not known do not count.
///
/// # Errors
/// [`ClusterError::Ledger`] where the ledger is damaged.
pub fn score(name: &str, clusters: &Clusters, ledger: &Ledger, owners: &impl Owners) -> Result<Score, ClusterError> {
    let mut of_owner: HashMap<u64, u64> = HashMap::new();
    let mut of_both: HashMap<(u32, u64), u64> = HashMap::new();
    let mut of_cluster: HashMap<u32, u64> = HashMap::new();
    for account in 0..u32::try_from(ledger.counts().accounts).unwrap_or(u32::MAX) {
        let Some(owner) = owners.owner(&ledger.account(account)?) else { continue };
        let cluster = clusters.of(account);
        *of_owner.entry(owner).or_default() += 1;
        *of_both.entry((cluster, owner)).or_default() += 1;
        *of_cluster.entry(cluster).or_default() += 1;
    }
    Ok(Score {
        name: name.to_owned(),
        made: of_cluster.values().map(|n| pairs(*n)).sum(),
        right: of_both.values().map(|n| pairs(*n)).sum(),
        possible: of_owner.values().map(|n| pairs(*n)).sum(),
    })
}

/// Scores every heuristic by itself, the default, and all together.
///
/// # Errors
/// As [`Clusters::update`].
pub fn measure(
    ledger: &Ledger,
    services: &Services,
    signals: &Signals,
    options: &Options,
    owners: &impl Owners,
) -> Result<Vec<Score>, ClusterError> {
    let single = Heuristic::ALL.iter().map(|h| (h.name(), vec![*h]));
    let sets = [("default", Heuristic::DEFAULT.to_vec()), ("all", Heuristic::ALL.to_vec())];
    single
        .chain(sets)
        .map(|(name, set)| {
            let clusters = Clusters::build(ledger, services, signals, options.clone().with(set))?;
            score(name, &clusters, ledger, owners)
        })
        .collect()
}
