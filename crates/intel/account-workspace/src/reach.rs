//! Which past transfers may rest on something that changed: those that money of an account, or of what left by a bridge, can have reached, and the payees
//! whose money can have reached it. Exposures walk from a transfer back to where its money came from; this walks from the change along the same postings and
//! links, so that what it does not reach rests on nothing that changed.

use crate::peers::Together;
use crate::queries::hash_of;
use crate::{AccountSnapshot, AccountWorkspace};
use holdfast_account_ledger::{Direction, LedgerError, Posting, StoredTransfer, TransferNumber};
use holdfast_analysis::accounts::exposure::LinkedChains;
use holdfast_analysis::links::{LinkKind, TransferId};
use holdfast_attribution::Tlp;
use holdfast_types::ChainId;
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::touched::Origins;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Most transfers away from the change: as far as exposures look, and their last step.
const MAX_HOPS: u32 = 14;
/// Most postings that one walk reads, in both directions together.
pub const MAX_POSTINGS: u64 = 200_000;
/// Most assets of an account that a walk begins with.
const MAX_ASSETS: usize = 1_000;
/// Postings that are read at once.
const AT_ONCE: usize = 64;

/// What a walk reached, by chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Addresses in canonical form.
    pub addresses: BTreeMap<ChainId, BTreeSet<String>>,
    /// Transactions.
    pub txs: BTreeMap<ChainId, BTreeSet<String>>,
    /// Postings that were read.
    pub postings: u64,
    /// Whether the walk ended at its bound, or somebody ended it: there is more.
    pub is_cut: bool,
}

/// Whose postings are read next, in the order of hops; numbers from here on, or before here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    hops: u32,
    way: Way,
    chain: u16,
    account: u32,
    asset: u32,
    at: TransferNumber,
}

/// Where a walk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Way {
    /// With the money: who received it may be another one now.
    Forward,
    /// Against it: whose money it was may have gone elsewhere.
    Backward,
}

struct Walk<'a, 'b> {
    together: &'a Together<'b>,
    over: LinkedChains<'a>,
    most: u64,
    next: BinaryHeap<Reverse<Step>>,
    /// Up to where postings of an account and asset were read, by way.
    read: HashMap<(Way, u16, u32, u32), TransferNumber>,
    accounts: BTreeSet<(u16, u32)>,
    txs: BTreeSet<(u16, u64)>,
    postings: u64,
    is_cut: bool,
}

impl<'b> Walk<'_, 'b> {
    fn chain(&self, chain: u16) -> Option<&'b AccountWorkspace> {
        self.together.chains.get(usize::from(chain)).copied()
    }

    /// Begins at an account, in both ways.
    fn begin(&mut self, chain: u16, account: u32) -> Result<(), LedgerError> {
        let Some(workspace) = self.chain(chain) else { return Ok(()) };
        let mut assets = workspace.ledger.assets_of(account)?;
        let end = workspace.ledger.number_after(u64::MAX - 1)?;
        self.accounts.insert((chain, account));
        self.is_cut |= assets.len() > MAX_ASSETS;
        assets.truncate(MAX_ASSETS);
        for asset in assets {
            self.put(Step { hops: 0, way: Way::Forward, chain, account, asset, at: TransferNumber::new(0) });
            self.put(Step { hops: 0, way: Way::Backward, chain, account, asset, at: end });
        }
        Ok(())
    }

    /// Returns whether all that a step would read was read before it.
    fn is_read(&self, step: &Step) -> bool {
        let read = self.read.get(&(step.way, step.chain, step.account, step.asset));
        read.is_some_and(|read| match step.way {
            Way::Forward => *read <= step.at,
            Way::Backward => *read >= step.at,
        })
    }

    fn put(&mut self, step: Step) {
        if step.hops <= MAX_HOPS && !self.is_read(&step) {
            self.next.push(Reverse(step));
        }
    }

    /// Goes on from an account that money reached, or came from, by a transfer.
    fn reach(&mut self, way: Way, chain: u16, transfer: &StoredTransfer, hops: u32) -> Result<(), LedgerError> {
        self.txs.insert((chain, transfer.tx));
        let other = if way == Way::Forward { transfer.to } else { transfer.from };
        let Some(account) = other else { return Ok(()) };
        self.accounts.insert((chain, account));
        let Some(view) = self.over.chains.get(usize::from(chain)) else { return Ok(()) };
        // Services pool what they hold: exposures end there, and so does what changed.
        if view.stop(account).is_none() {
            self.put(Step { hops, way, chain, account, asset: transfer.asset, at: transfer.number });
        }
        Ok(())
    }

    /// Follows the links of a transfer.
    fn cross(&mut self, way: Way, id: TransferId, hops: u32) -> Result<(), LedgerError> {
        let Some(links) = self.over.links else { return Ok(()) };
        let found = if way == Way::Forward { links.links_from(id)? } else { links.links_to(id)? };
        for link in found.into_iter().filter(|link| link.kind != LinkKind::Mixer) {
            let other = if way == Way::Forward { link.to } else { link.from };
            if let Some(view) = self.over.chains.get(usize::from(other.chain)) {
                let transfer = view.transfer(other.number)?;
                self.reach(way, other.chain, &transfer, hops)?;
            }
        }
        Ok(())
    }

    fn run(&mut self, go_on: &mut dyn FnMut(u64) -> ControlFlow<()>) -> Result<(), LedgerError> {
        while let Some(Reverse(step)) = self.next.pop() {
            // Another step may have read it meanwhile.
            if self.is_read(&step) {
                continue;
            }
            let key = (step.way, step.chain, step.account, step.asset);
            let read = self.read.insert(key, step.at);
            self.expand(step, read)?;
            if self.postings > self.most || go_on(self.postings).is_break() {
                self.is_cut = true;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Reads an account's postings of an asset up to those that were read before.
    fn expand(&mut self, step: Step, read: Option<TransferNumber>) -> Result<(), LedgerError> {
        let Step { hops, way, chain, account, asset, mut at } = step;
        let next = |number: TransferNumber| TransferNumber::new(number.get().saturating_add(1));
        loop {
            let Some(view) = self.over.chains.get(usize::from(chain)) else { return Ok(()) };
            let postings = match way {
                Way::Forward => view.postings_from(account, asset, at, AT_ONCE)?,
                Way::Backward => view.postings_before(account, asset, at, AT_ONCE)?,
            };
            let Some(last) = postings.last() else { return Ok(()) };
            at = if way == Way::Forward { next(last.transfer.number) } else { last.transfer.number };
            for posting in &postings {
                let number = posting.transfer.number;
                let is_read = read.is_some_and(|read| match way {
                    Way::Forward => number >= read,
                    Way::Backward => number < read,
                });
                self.postings += 1;
                if is_read || self.postings > self.most {
                    return Ok(());
                }
                self.pass(way, chain, posting, hops)?;
            }
        }
    }

    fn pass(&mut self, way: Way, chain: u16, posting: &Posting, hops: u32) -> Result<(), LedgerError> {
        let goes = if way == Way::Forward { Direction::Out } else { Direction::In };
        let transfer = &posting.transfer;
        if posting.direction != goes || transfer.kind.is_fee() {
            return Ok(());
        }
        self.reach(way, chain, transfer, hops + 1)?;
        // The step over a link counts as one, as in traces.
        self.cross(way, TransferId { chain, number: transfer.number }, hops + 2)
    }
}

/// Returns what changes may have reached on some chains, within [`MAX_POSTINGS`] postings. `go_on` gets how many were read, and may end the walk.
///
/// # Errors
/// [`WorkspaceError`] when a ledger or a store of links does not read.
pub fn reached(
    chains: &[Arc<AccountSnapshot>],
    origins: &BTreeMap<ChainId, Origins>,
    go_on: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Reached, WorkspaceError> {
    reached_within(chains, origins, MAX_POSTINGS, go_on)
}

/// As [`reached`], within so many postings.
///
/// # Errors
/// As [`reached`].
pub fn reached_within(
    chains: &[Arc<AccountSnapshot>],
    origins: &BTreeMap<ChainId, Origins>,
    most: u64,
    go_on: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Reached, WorkspaceError> {
    let Some(first) = chains.first() else { return Ok(Reached::default()) };
    let among = first.among(chains);
    let together = among.together(true);
    together.ask(Tlp::Red, |over| {
        let (next, read, accounts, txs) = Default::default();
        let walk = Walk { together: &together, over, most, next, read, accounts, txs, postings: 0, is_cut: false };
        walked(walk, origins, go_on)
    })
}

fn walked(
    mut walk: Walk<'_, '_>,
    origins: &BTreeMap<ChainId, Origins>,
    go_on: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Reached, WorkspaceError> {
    for (position, workspace) in (0u16..).zip(&walk.together.chains.clone()) {
        let Some(origins) = origins.get(workspace.chain()) else { continue };
        for address in &origins.addresses {
            let Ok(id) = workspace.account_id(address) else { continue };
            if let Some(account) = workspace.ledger.account_number(&id) {
                walk.begin(position, account)?;
            }
        }
        for tx in &origins.sent {
            let Some(tx) = hash_of(tx).and_then(|hash| workspace.ledger.tx_by_hash(&hash)) else { continue };
            for transfer in workspace.ledger.transfers_of(tx)? {
                walk.cross(Way::Forward, TransferId { chain: position, number: transfer.number }, 1)?;
            }
        }
    }
    walk.run(go_on)?;
    let mut reached = Reached { postings: walk.postings, is_cut: walk.is_cut, ..Reached::default() };
    for (chain, account) in &walk.accounts {
        let Some(workspace) = walk.chain(*chain) else { continue };
        let address = workspace.ledger.account(*account)?.to_address(workspace.chain()).to_string();
        reached.addresses.entry(workspace.chain().clone()).or_default().insert(address);
    }
    for (chain, tx) in &walk.txs {
        let Some(workspace) = walk.chain(*chain) else { continue };
        let tx = workspace.ledger.tx(*tx)?;
        if !tx.is_block_side {
            reached.txs.entry(workspace.chain().clone()).or_default().insert(workspace.hash_text(&tx.hash));
        }
    }
    Ok(reached)
}
