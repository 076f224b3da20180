//! Verifying what stands beside an account ledger: links, signals and clusters, store by store, against themselves and against the ledger.

use crate::AccountWorkspace;
use crate::beside::{BesideError, BesideStore, hash_at};
use crate::who::{CLEARANCE, Who};
use holdfast_account_attribution::{ClusterError, ClusterLog, Clusters, Services, Signals};
use holdfast_account_ledger::manifest::Assets;
use holdfast_account_ledger::{Ledger, LedgerError};
use holdfast_block_store::{Place, Store as BlockStore};
use holdfast_links::{End, Placed, Record, Records};
use holdfast_workspace::WorkspaceError;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use utoipa::ToSchema;

/// Findings of a store that are reported at most.
const MOST: usize = 100;
/// Blocks that are clustered again between two looks at whether to stop.
const BLOCKS_AT_ONCE: u64 = 1_000;

/// What the check of a store beside a ledger found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreCheck {
    /// The store.
    pub store: BesideStore,
    /// Blocks that it holds.
    pub blocks: u64,
    /// Records that were verified: links, signals, or findings that clusters rest on.
    pub records: u64,
    /// What is wrong, at most 100 findings.
    pub problems: Vec<String>,
    /// What was not looked for, or not verified, and why.
    pub gaps: Vec<String>,
}

impl StoreCheck {
    fn new(store: BesideStore) -> Self {
        StoreCheck { store, blocks: 0, records: 0, problems: Vec::new(), gaps: Vec::new() }
    }

    fn add(&mut self, problem: impl Into<String>) {
        if self.problems.len() < MOST {
            self.problems.push(problem.into());
        }
    }
}

/// Says whether to go on.
pub type GoOn<'a> = &'a mut dyn FnMut() -> ControlFlow<()>;

fn go_on(on: GoOn<'_>) -> Result<(), WorkspaceError> {
    if on().is_break() { Err(LedgerError::Stopped.into()) } else { Ok(()) }
}

/// The transactions of the blocks that are asked for in a row.
struct Transactions<'a> {
    ledger: &'a Ledger,
    height: Option<u64>,
    /// Their numbers in the block, rising.
    numbers: Vec<u32>,
}

impl Transactions<'_> {
    fn has(&mut self, place: Place) -> Result<bool, LedgerError> {
        if self.height != Some(place.height) {
            self.numbers.clear();
            for tx in self.ledger.block_at(place.height)?.map(|block| block.txs).into_iter().flatten() {
                let tx = self.ledger.tx(tx)?;
                if !tx.is_block_side {
                    self.numbers.push(tx.index);
                }
            }
            self.height = Some(place.height);
        }
        Ok(self.numbers.binary_search(&place.tx).is_ok())
    }
}

impl AccountWorkspace {
    /// Verifies links, signals and clusters: their files, records and keys by themselves; that their blocks are the ledger's; that every transfer that a
    /// link names, and every transaction that a signal names, is in the ledger; and that clustering the ledger again finds the same. What blocks hold beyond
    /// the ledger (logs, creations) is not in it, so that no check can tell whether a link is missing: that takes the blocks.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the ledger does not read, or on a stop; what is wrong with a store is reported.
    pub fn check_beside(&self, on: GoOn<'_>) -> Result<Vec<StoreCheck>, WorkspaceError> {
        Ok(vec![self.check_links(on)?, self.check_signals(on)?, self.check_clusters(on)?])
    }

    /// Returns what is found of a store by its blocks, or nothing to go on with where it cannot be read.
    fn check_blocks(&self, what: BesideStore, store: &BlockStore) -> Result<(StoreCheck, bool), WorkspaceError> {
        let mut found = StoreCheck::new(what);
        if let Some(why) = self.beside.unreadable(what) {
            found.add(why);
            return Ok((found, false));
        }
        let counts = store.counts();
        (found.blocks, found.records) = (counts.blocks, counts.records);
        let first = store.first_height().unwrap_or_default();
        for height in first..first.saturating_add(counts.blocks) {
            if store.hash_at(height).map_err(BesideError::from)? != hash_at(&self.ledger, height)? {
                found.add(format!("block {height} is another one than the ledger's"));
                return Ok((found, false));
            }
        }
        found.gaps = self.beside.gaps_of(what, &self.ledger)?;
        Ok((found, true))
    }

    fn check_links(&self, on: GoOn<'_>) -> Result<StoreCheck, WorkspaceError> {
        let (mut found, is_readable) = self.check_blocks(BesideStore::Links, self.links().blocks())?;
        if !is_readable {
            return Ok(found);
        }
        go_on(on)?;
        let damage = self.links().check().map_err(BesideError::from)?;
        let is_whole = damage.is_empty();
        damage.iter().for_each(|damage| found.add(damage.to_string()));
        for number in 0..if is_whole { found.records } else { 0 } {
            if number.is_multiple_of(1_024) {
                go_on(on)?;
            }
            let record = self.links().record(number).map_err(BesideError::from)?;
            let ends = match &record {
                Record::Link(link) => vec![&link.out, &link.into],
                Record::Bridge(side) => vec![&side.end],
                Record::Mixer(moved) => vec![&moved.end],
            };
            for end in ends {
                if let Some(wrong) = self.wrong_end(end)? {
                    found.add(format!("record {number}: {wrong}"));
                }
            }
        }
        Ok(found)
    }

    /// Says what of an end is not in the ledger; nothing where the ledger does not hold its asset.
    fn wrong_end(&self, end: &End) -> Result<Option<String>, LedgerError> {
        if !self.ledger.settings().assets.has(&end.token) || end.transfers.is_empty() {
            return Ok(None);
        }
        let stored = self.ledger.transfers_at(end.place)?;
        for moved in &end.transfers {
            let at = (moved.position, moved.kind);
            let Some(transfer) = stored.iter().find(|t| (t.position, t.kind) == at) else {
                return Ok(Some(format!("the ledger has no transfer {at:?} in transaction {:?}", end.place)));
            };
            if self.ledger.asset(transfer.asset)? != end.token {
                return Ok(Some(format!("the transfer {at:?} in transaction {:?} is of another asset", end.place)));
            }
        }
        Ok(None)
    }

    fn check_signals(&self, on: GoOn<'_>) -> Result<StoreCheck, WorkspaceError> {
        let (mut found, is_readable) = self.check_blocks(BesideStore::Signals, self.signals().blocks())?;
        if !is_readable {
            return Ok(found);
        }
        go_on(on)?;
        let damage = self.signals().check().map_err(BesideError::from)?;
        damage.iter().for_each(|damage| found.add(damage.to_string()));
        if !damage.is_empty() {
            return Ok(found);
        }
        if self.ledger.settings().assets != Assets::All {
            found
                .gaps
                .push("the ledger holds chosen assets only, so that not every signal's transaction is in it".into());
            return Ok(found);
        }
        let mut transactions = Transactions { ledger: &self.ledger, height: None, numbers: Vec::new() };
        let (mut wrong, mut failed, mut stopped) = (Vec::new(), None, false);
        self.signals()
            .for_each_in(0..u64::MAX, &mut |placed| {
                match transactions.has(placed.place) {
                    Ok(true) => {}
                    Ok(false) if wrong.len() < MOST => wrong.push(placed.place),
                    Ok(false) => {}
                    Err(e) => failed = Some(e),
                }
                stopped = on().is_break();
                if failed.is_some() || stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .map_err(BesideError::from)?;
        if let Some(e) = failed.or_else(|| stopped.then_some(LedgerError::Stopped)) {
            return Err(e.into());
        }
        wrong
            .iter()
            .for_each(|place| found.add(format!("the ledger has no transaction {place:?}, of which a signal is")));
        Ok(found)
    }

    fn check_clusters(&self, on: GoOn<'_>) -> Result<StoreCheck, WorkspaceError> {
        let mut found = StoreCheck::new(BesideStore::Clusters);
        let stored = match ClusterLog::load(&Who::log_dir(&self.dir)) {
            Ok(stored) => stored,
            Err(e) => {
                found.add(format!(
                    "clusters cannot be read: {e}; the next start of what writes the ledger makes them anew"
                ));
                return Ok(found);
            }
        };
        let Some(mut stored) = stored else {
            found.gaps.push("accounts were not clustered yet".into());
            return Ok(found);
        };
        let chain = self.chain();
        let services = Services::of(&self.tags, chain.family(), CLEARANCE);
        if stored.tags() != services.fingerprint() {
            found.gaps.push("clusters were made with other tags, and are made anew with the next block".into());
            return Ok(found);
        }
        // Blocks that are not the ledger's any more are cut off.
        let cut = stored.update_some(&self.ledger, &services, &Signals::default(), 0);
        let mut anew = Clusters::new(stored.options().clone());
        let clustered = cut.and_then(|()| {
            while anew.height() < stored.height() {
                let before = anew.height();
                let next = before.or(self.ledger.first()?.map(|first| first.height)).unwrap_or_default();
                let left = stored.height().unwrap_or_default().saturating_sub(next).saturating_add(1);
                anew.update_some(&self.ledger, &services, &Signals::default(), left.min(BLOCKS_AT_ONCE))?;
                if anew.height() == before {
                    break;
                }
                if on().is_break() {
                    return Err(ClusterError::Ledger(LedgerError::Stopped));
                }
            }
            Ok(())
        });
        match clustered {
            Err(ClusterError::Ledger(e)) => return Err(e.into()),
            Err(e) => found.add(format!("clusters cannot be made again: {e}")),
            Ok(()) => {}
        }
        let blocks = self.ledger.first()?.zip(stored.height());
        found.blocks = blocks.map_or(0, |(first, height)| height.saturating_sub(first.height).saturating_add(1));
        found.records = stored.memberships().count() as u64;
        let again: Vec<_> = anew.memberships().take_while(|f| Some(f.height()) <= stored.height()).collect();
        if let Some(number) = stored.memberships().zip(&again).position(|(a, b)| a != *b) {
            found.add(format!("finding {number} is not what the ledger shows"));
        } else if again.len() as u64 != found.records {
            found.add(format!("{} findings are stored, and the ledger shows another number", found.records));
        }
        if stored.height() < self.ledger.tip()?.map(|tip| tip.height) {
            found.gaps.push(format!(
                "the log of clusters ends at block {}; what it does not reach is followed on opening",
                stored.height().unwrap_or_default()
            ));
        }
        Ok(found)
    }
}
