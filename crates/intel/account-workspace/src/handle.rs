//! An account chain that is read and changed at the same time: readers hold a snapshot, one builder makes the next one.

use crate::{AccountSnapshot, AccountWorkspace};
use arc_swap::ArcSwap;
use holdfast_account_ledger::Ledger;
use holdfast_analysis::accounts::{Stop, stop_of};
use holdfast_attribution::{Category, TagStore, Tlp};
use holdfast_links::{Direction, Place, Record, Records};
use holdfast_types::{Signal, TokenRef};
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::chain_handle::{ChangeError, MAX_WAITING};
use holdfast_workspace::touched::{MAX_ORIGINS, MAX_TOUCHED, Touched};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// Most blocks of one change whose addresses are listed; beyond them everything counts as touched.
const MAX_BLOCKS: u64 = 1_000;

/// An account chain whose readers never wait: they share the snapshot that was published last.
#[derive(Debug)]
pub struct AccountHandle {
    current: ArcSwap<AccountSnapshot>,
    builder: Mutex<AccountWorkspace>,
    /// Changes that wait or are under way.
    changes: AtomicUsize,
    /// What changes touched since somebody took it.
    touched: Mutex<Touched>,
}

impl AccountHandle {
    /// Publishes an account chain as it is.
    #[must_use]
    pub fn new(mut workspace: AccountWorkspace) -> Self {
        workspace.update_who();
        workspace.save_who_sometimes();
        AccountHandle {
            current: ArcSwap::from_pointee(workspace.snapshot()),
            builder: Mutex::new(workspace),
            changes: AtomicUsize::new(0),
            // Others may have changed it before it was opened.
            touched: Mutex::new(Touched { is_whole: true, ..Touched::default() }),
        }
    }

    /// Returns what was published last. Never waits.
    #[must_use]
    pub fn snapshot(&self) -> Arc<AccountSnapshot> {
        self.current.load_full()
    }

    /// Returns whether a change ended in a panic: nothing can be changed any more, and the program should be started again.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.builder.is_poisoned()
    }

    /// Changes the chain, after changes that are under way, and publishes what the ledger has committed; readers go on with the snapshot before.
    ///
    /// # Errors
    /// Those of `change`, and [`ChangeError`].
    pub fn change<T, E: From<ChangeError>>(
        &self,
        change: impl FnOnce(&mut AccountWorkspace) -> Result<T, E>,
    ) -> Result<T, E> {
        self.changed(false, change)
    }

    /// As [`AccountHandle::change`], of what stands beside the ledger: links, signals, clusters. All that rests on them counts as touched.
    ///
    /// # Errors
    /// As [`AccountHandle::change`].
    pub fn change_beside<T, E: From<ChangeError>>(
        &self,
        change: impl FnOnce(&mut AccountWorkspace) -> Result<T, E>,
    ) -> Result<T, E> {
        self.changed(true, |workspace| {
            let answer = change(workspace);
            workspace.update_who();
            answer
        })
    }

    fn changed<T, E: From<ChangeError>>(
        &self,
        is_beside: bool,
        change: impl FnOnce(&mut AccountWorkspace) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.changes.fetch_add(1, Ordering::AcqRel) > MAX_WAITING {
            self.changes.fetch_sub(1, Ordering::AcqRel);
            return Err(ChangeError::Busy.into());
        }
        let answer = self.builder.lock().map_err(|_| E::from(ChangeError::Failed)).and_then(|mut workspace| {
            let answer = change(&mut workspace);
            self.follow(&mut workspace);
            self.publish(&workspace, is_beside);
            answer
        });
        self.changes.fetch_sub(1, Ordering::AcqRel);
        answer
    }

    /// Gives the chain the tags of its store. Clusters and entities are made anew from what was published last, while blocks may be appended; those are
    /// followed after it.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub fn set_tags(&self, tags: &Arc<TagStore>) -> Result<(), ChangeError> {
        if Arc::ptr_eq(&self.snapshot().tags, tags) {
            return Ok(());
        }
        let prepared = self.snapshot().with_other_tags(tags.clone());
        self.change(|workspace| {
            workspace.adopt(prepared);
            Ok(())
        })
    }

    /// Brings clusters and entities to what was changed.
    fn follow(&self, workspace: &mut AccountWorkspace) {
        let before = self.current.load();
        if workspace.ledger.revision() != before.ledger.revision() || !Arc::ptr_eq(&workspace.tags, &before.tags) {
            workspace.update_who();
            workspace.save_who_sometimes();
        }
    }

    fn publish(&self, workspace: &AccountWorkspace, is_beside: bool) {
        let before = self.current.load_full();
        let is_moved = workspace.ledger.revision() != before.ledger.revision();
        if !is_moved && !is_beside && Arc::ptr_eq(&workspace.tags, &before.tags) {
            return;
        }
        let after = Arc::new(workspace.snapshot());
        self.current.store(after.clone());
        if is_beside {
            *self.touched() = Touched { is_whole: true, ..Touched::default() };
        }
        if is_moved {
            // A ledger that does not read is a fault that look-ups report.
            let _ = after.sides_moved_since(&before);
        }
        // Whoever takes everything that was touched reads what is published, which is this.
        if self.touched().is_whole {
            return;
        }
        // Reads blocks: whoever takes what was touched before does not wait for it.
        let mut noted = Touched::default();
        if is_moved {
            note(&mut noted, &before, &after);
        }
        if !noted.is_whole && !Arc::ptr_eq(&after.tags, &before.tags) {
            note_tags(&mut noted, &before, &after);
        }
        self.touched().add(noted);
    }

    fn touched(&self) -> MutexGuard<'_, Touched> {
        self.touched.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Takes what blocks and tags touched since it was last taken: stored transfers of it are to be screened again. The first time it is everything.
    #[must_use]
    pub fn take_touched(&self) -> Touched {
        std::mem::take(&mut *self.touched())
    }
}

/// Notes addresses and transactions of the blocks in which two snapshots differ.
fn note(touched: &mut Touched, before: &AccountSnapshot, after: &AccountSnapshot) {
    let kept = kept_blocks(&before.ledger, &after.ledger);
    let noted = kept.map(|kept| -> Result<(), WorkspaceError> {
        let mut in_blocks = InBlocks::default();
        for side in [before, after] {
            for block in kept..side.ledger.counts().blocks {
                note_block(touched, &mut in_blocks, side, block)?;
                if touched.addresses.len() + touched.txs.len() + touched.frozen.len() > MAX_TOUCHED {
                    touched.is_whole = true;
                    return Ok(());
                }
            }
        }
        note_proposals(touched, &in_blocks.proposals, before, after)?;
        // Whoever froze an address concerns also what its money became.
        touched.origins.addresses.extend(touched.frozen.iter().cloned());
        note_sent(touched, after, kept)?;
        // Accounts of blocks that both have are of the same numbers in both.
        let known = before.ledger.counts_until(kept)?.accounts;
        let accounts = in_blocks.accounts.into_iter().filter(|account| u64::from(*account) < known);
        let changed = accounts.filter(|account| class(before, *account) != class(after, *account));
        note_recategorized(touched, changed.collect(), known, [before, after])
    });
    // A ledger that does not read is a fault that look-ups report.
    if !matches!(noted, Some(Ok(()))) || touched.is_whole {
        *touched = Touched { is_whole: true, ..Touched::default() };
    }
}

/// Returns how many blocks both states of a ledger have alike; `None` where they differ in very many.
pub(crate) fn kept_blocks(before: &Ledger, after: &Ledger) -> Option<u64> {
    let (one, other) = (before.counts().blocks, after.counts().blocks);
    let mut kept = one.min(other);
    if before.first().ok()?.map(|b| b.height) != after.first().ok()?.map(|b| b.height) {
        kept = 0;
    }
    while kept > 0 && before.block(kept - 1).ok()?.hash != after.block(kept - 1).ok()?.hash {
        kept -= 1;
        if one.max(other) - kept > MAX_BLOCKS {
            return None;
        }
    }
    (one.max(other) - kept <= MAX_BLOCKS).then_some(kept)
}

/// What blocks mention that is looked up once all of them were read.
#[derive(Default)]
struct InBlocks {
    accounts: BTreeSet<u32>,
    /// Proposals of issuers whose act does not name the account.
    proposals: Vec<(TokenRef, u64)>,
}

/// What an account counts under, and how it ends traces.
fn class(side: &AccountSnapshot, account: u32) -> (Category, Option<Stop>) {
    let category = side.category_for(account, Tlp::Red);
    (category, stop_of(side.entities().kind(account), category))
}

/// Notes the accounts of proposals that were confirmed, taken back or executed: the acts name numbers alone.
fn note_proposals(
    touched: &mut Touched,
    proposals: &[(TokenRef, u64)],
    before: &AccountSnapshot,
    after: &AccountSnapshot,
) -> Result<(), WorkspaceError> {
    if proposals.is_empty() {
        return Ok(());
    }
    // An executed one is known before only, one that was proposed since afterwards.
    for side in [before, after] {
        let freezes = side.freezes()?;
        let accounts = proposals.iter().filter_map(|(token, number)| freezes.account_of(*token, *number));
        touched.frozen.extend(accounts.map(|account| account.to_address(side.chain()).to_string()));
    }
    Ok(())
}

/// Notes the transactions by which something left over a bridge: on its other chain it may have been read, and screened, before.
fn note_sent(touched: &mut Touched, after: &AccountSnapshot, kept: u64) -> Result<(), WorkspaceError> {
    let ledger = &after.ledger;
    for block in kept..ledger.counts().blocks {
        let block = ledger.block(block)?;
        for number in block.txs {
            let tx = ledger.tx(number)?;
            let place = Place { height: block.height, tx: tx.index };
            if tx.is_block_side {
                continue;
            }
            let records = after.links().of_transaction(place)?;
            let is_sent = |record: &Record| matches!(record, Record::Bridge(side) if side.direction == Direction::In);
            if records.iter().any(|(_, record)| is_sent(record)) {
                touched.origins.sent.insert(after.hash_text(&tx.hash));
            }
        }
    }
    Ok(())
}

/// Notes what other tags make of accounts: of those that are tagged, and of whoever is in a cluster with them.
fn note_tags(touched: &mut Touched, before: &AccountSnapshot, after: &AccountSnapshot) {
    let tagged: BTreeSet<u32> = before.entities().tagged().into_iter().chain(after.entities().tagged()).collect();
    let is_changed = |account: &u32| {
        let old = before.entities().tags_of(&before.tags, *account);
        class(before, *account) != class(after, *account) || !old.eq(after.entities().tags_of(&after.tags, *account))
    };
    let known = before.ledger.counts().accounts.min(after.ledger.counts().accounts);
    let changed = tagged.into_iter().filter(|account| u64::from(*account) < known && is_changed(account));
    if note_recategorized(touched, changed.collect(), known, [before, after]).is_err() || touched.is_whole {
        *touched = Touched { is_whole: true, ..Touched::default() };
    }
}

/// Notes those accounts of the clusters of some that count under something else now, among the first `known` ones, which have the same numbers in both.
fn note_recategorized(
    touched: &mut Touched,
    changed: Vec<u32>,
    known: u64,
    [before, after]: [&AccountSnapshot; 2],
) -> Result<(), WorkspaceError> {
    let mut all: BTreeSet<u32> = changed.iter().copied().collect();
    for account in changed {
        for side in [before, after] {
            if usize::try_from(side.clusters().size(account)).is_ok_and(|size| size > MAX_ORIGINS) {
                touched.is_whole = true;
                return Ok(());
            }
            all.extend(side.clusters().members(account));
        }
        if all.len() > 4 * MAX_ORIGINS {
            touched.is_whole = true;
            return Ok(());
        }
    }
    for account in all.into_iter().filter(|account| u64::from(*account) < known) {
        if class(before, account) != class(after, account) {
            let address = after.ledger.account(account)?.to_address(after.chain()).to_string();
            touched.origins.addresses.insert(address);
        }
    }
    touched.is_whole |= touched.origins.len() > MAX_ORIGINS;
    Ok(())
}

fn note_block(
    touched: &mut Touched,
    in_blocks: &mut InBlocks,
    side: &AccountSnapshot,
    block: u64,
) -> Result<(), WorkspaceError> {
    let ledger = &side.ledger;
    let block = ledger.block(block)?;
    side.signals().for_each_in(block.height..block.height.saturating_add(1), &mut |placed| {
        if let Signal::Issuer { act, token, .. } = placed.signal {
            match (act.account(), act.proposal()) {
                (Some(account), _) => {
                    touched.frozen.insert(account.to_address(side.chain()).to_string());
                }
                (None, Some(proposal)) => in_blocks.proposals.push((token, proposal)),
                (None, None) => {}
            }
        }
        ControlFlow::Continue(())
    })?;
    for number in block.txs {
        let tx = ledger.tx(number)?;
        if !tx.is_block_side {
            touched.txs.insert(side.hash_text(&tx.hash));
        }
        for transfer in ledger.transfers_of(number)? {
            for account in [transfer.from, transfer.to].into_iter().flatten() {
                in_blocks.accounts.insert(account);
                touched.addresses.insert(ledger.account(account)?.to_address(side.chain()).to_string());
            }
        }
    }
    Ok(())
}
