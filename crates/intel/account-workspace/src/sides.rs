//! Whom accounts of a chain dealt with, by the ends of their addresses: what a withdrawal's address is compared with. What was read of an account is kept for
//! all snapshots of the chain and goes on with the blocks that come, so that a decision reads postings that are new since the last one, and no others.

use crate::transfers::Start;
use crate::{AccountSnapshot, AccountWorkspace};
use holdfast_account_ledger::{Direction, LedgerError, TransferNumber};
use holdfast_types::Hash32;
use holdfast_types::lookalike::{Ends, compared};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most transfers of an account that are looked at, its first ones.
pub(crate) const MAX_TRANSFERS: usize = 1_000;
/// Most assets of an account that are looked at; those of the curated list come first.
const MAX_ASSETS: usize = 256;
/// Most other sides that are kept in memory, of all accounts together: some 32 MB.
const MAX_KEPT: usize = 1_000_000;

/// An account that another one dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    pub ends: Ends,
    pub account: u32,
    /// The first transfer between the two.
    pub first: TransferNumber,
    /// Whether it was paid.
    pub is_paid: bool,
}

/// Whom an account dealt with, in its first transfers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sides {
    /// By ends, then account.
    all: Vec<Side>,
    /// The last transfer that was read.
    last: Option<TransferNumber>,
    /// Postings that were read.
    read: usize,
    /// Whether there are transfers or assets beyond those that are looked at.
    pub is_cut: bool,
}

impl Sides {
    /// What it counts for in the bound of memory; an account without sides takes room too.
    fn weight(&self) -> usize {
        self.all.len() + 1
    }

    /// Returns those whose addresses have some ends.
    pub fn with_ends(&self, ends: Ends) -> &[Side] {
        let begin = self.all.partition_point(|side| side.ends < ends);
        let count = self.all[begin..].partition_point(|side| side.ends == ends);
        &self.all[begin..begin + count]
    }
}

#[derive(Debug)]
struct Kept {
    sides: Arc<Sides>,
    /// Whether blocks moved the account since.
    is_stale: bool,
    /// When it was requested last, counted by requests.
    used: u64,
}

#[derive(Debug, Default)]
struct Cache {
    /// The block up to which what is not stale is whole.
    tip: Option<(u64, Hash32)>,
    of: HashMap<u32, Kept>,
    kept: usize,
    requests: u64,
    /// Postings that were read for all requests.
    read: u64,
}

impl Cache {
    /// Drops those that were requested least lately, until there is room.
    fn make_room(&mut self) {
        if self.kept <= MAX_KEPT {
            return;
        }
        let mut used: Vec<u64> = self.of.values().map(|kept| kept.used).collect();
        used.sort_unstable();
        let middle = used.get(used.len() / 2).copied().unwrap_or(u64::MAX);
        self.of.retain(|_, kept| kept.used > middle);
        self.kept = self.of.values().map(|kept| kept.sides.weight()).sum();
    }
}

/// What was read of accounts, shared by the snapshots of a chain.
#[derive(Debug, Default)]
pub(crate) struct SidesCache(Mutex<Cache>);

impl SidesCache {
    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tip_of(workspace: &AccountWorkspace) -> Result<Option<(u64, Hash32)>, LedgerError> {
    Ok(workspace.ledger.tip()?.map(|tip| (tip.height, tip.hash)))
}

impl AccountWorkspace {
    /// Returns whom an account dealt with in its first transfers.
    pub(crate) fn sides_of(&self, account: u32) -> Result<Arc<Sides>, LedgerError> {
        let tip = tip_of(self)?;
        let known = {
            let mut cache = self.sides.cache();
            if cache.tip != tip {
                let is_below = match cache.tip {
                    Some((height, hash)) => self.ledger.block_at(height)?.is_some_and(|block| block.hash == hash),
                    None => true,
                };
                if is_below {
                    cache.of.values_mut().for_each(|kept| kept.is_stale = true);
                } else {
                    (cache.of, cache.kept) = (HashMap::new(), 0);
                }
                cache.tip = tip;
            }
            cache.requests += 1;
            let used = cache.requests;
            let kept = cache.of.get_mut(&account);
            match kept {
                Some(kept) => {
                    kept.used = used;
                    if !kept.is_stale {
                        return Ok(kept.sides.clone());
                    }
                    Sides::clone(&kept.sides)
                }
                None => Sides::default(),
            }
        };
        let before = known.read;
        let sides = Arc::new(self.read_sides(account, known)?);
        let mut cache = self.sides.cache();
        cache.read += u64::try_from(sides.read - before).unwrap_or(u64::MAX);
        // Of another state of the chain meanwhile: not kept.
        if cache.tip == tip {
            let used = cache.requests;
            let kept = Kept { sides: sides.clone(), is_stale: false, used };
            let old = cache.of.insert(account, kept).map_or(0, |old| old.sides.weight());
            cache.kept = (cache.kept + sides.weight()).saturating_sub(old);
            cache.make_room();
        }
        Ok(sides)
    }

    /// Reads what came since, up to the bound.
    fn read_sides(&self, account: u32, mut sides: Sides) -> Result<Sides, LedgerError> {
        // At the bound it is not known yet whether there are others.
        if sides.read >= MAX_TRANSFERS && sides.is_cut {
            return Ok(sides);
        }
        let mut places: HashMap<u32, usize> = sides.all.iter().enumerate().map(|(n, side)| (side.account, n)).collect();
        let mut assets = self.assets_listed_first(account)?;
        sides.is_cut = assets.len() > MAX_ASSETS;
        assets.truncate(MAX_ASSETS);
        let mut failed = None;
        let start = Start { after: sides.last.map(TransferNumber::get), ..Start::default() };
        self.for_each_posting(account, &assets, start, &mut |posting| {
            if sides.read == MAX_TRANSFERS {
                sides.is_cut = true;
                return ControlFlow::Break(());
            }
            (sides.read, sides.last) = (sides.read + 1, Some(posting.transfer.number));
            let is_paid = posting.direction == Direction::Out;
            let other = if is_paid { posting.transfer.to } else { posting.transfer.from };
            let Some(other) = other.filter(|other| *other != account) else { return ControlFlow::Continue(()) };
            if let Some(side) = places.get(&other).and_then(|n| sides.all.get_mut(*n)) {
                side.is_paid |= is_paid;
                return ControlFlow::Continue(());
            }
            match self.ledger.account(other) {
                Ok(id) => {
                    let text = compared(&id.to_address(self.chain()).to_string());
                    if let Some(ends) = Ends::of(&text) {
                        places.insert(other, sides.all.len());
                        sides.all.push(Side { ends, account: other, first: posting.transfer.number, is_paid });
                    }
                    ControlFlow::Continue(())
                }
                Err(e) => {
                    failed = Some(e);
                    ControlFlow::Break(())
                }
            }
        })?;
        sides.all.sort_unstable_by_key(|side| (side.ends, side.account));
        failed.map_or(Ok(sides), Err)
    }

    /// Takes in that blocks came after those of an earlier snapshot: what was read of the accounts that they move is not whole any more.
    pub(crate) fn sides_moved_since(&self, before: &AccountSnapshot) -> Result<(), LedgerError> {
        let (old, new) = (tip_of(before)?, tip_of(self)?);
        let mut moved: HashSet<u32> = HashSet::new();
        let is_of_before = {
            let cache = self.sides.cache();
            !cache.of.is_empty() && cache.tip == old
        };
        if !is_of_before {
            return Ok(());
        }
        let kept = before.ledger.counts().blocks;
        let is_grown = match (old, kept.checked_sub(1)) {
            (Some((_, hash)), Some(last)) => {
                self.ledger.counts().blocks >= kept && self.ledger.block(last)?.hash == hash
            }
            _ => false,
        };
        // After a reorganization the next request begins anew.
        if !is_grown {
            return Ok(());
        }
        for block in kept..self.ledger.counts().blocks {
            for tx in self.ledger.block(block)?.txs {
                for transfer in self.ledger.transfers_of(tx)? {
                    moved.extend([transfer.from, transfer.to].into_iter().flatten());
                }
            }
        }
        let mut cache = self.sides.cache();
        if cache.tip == old {
            for account in &moved {
                if let Some(kept) = cache.of.get_mut(account) {
                    kept.is_stale = true;
                }
            }
            cache.tip = new;
        }
        Ok(())
    }

    /// Returns how many postings were read so far to find look-alikes, by all snapshots of the chain since it was opened.
    #[must_use]
    pub fn postings_read_for_lookalikes(&self) -> u64 {
        self.sides.cache().read
    }
}
