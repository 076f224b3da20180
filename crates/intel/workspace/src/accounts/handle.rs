//! An account chain that is read and changed at the same time: readers hold a snapshot, one builder makes the next one.

use crate::accounts::{AccountSnapshot, AccountWorkspace};
use crate::chain_handle::{ChangeError, MAX_WAITING};
use crate::error::WorkspaceError;
use crate::touched::{MAX_TOUCHED, Touched};
use arc_swap::ArcSwap;
use holdfast_account_ledger::Ledger;
use holdfast_attribution::TagStore;
use holdfast_types::Signal;
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
        if self.changes.fetch_add(1, Ordering::AcqRel) > MAX_WAITING {
            self.changes.fetch_sub(1, Ordering::AcqRel);
            return Err(ChangeError::Busy.into());
        }
        let answer = self.builder.lock().map_err(|_| E::from(ChangeError::Failed)).and_then(|mut workspace| {
            let answer = change(&mut workspace);
            self.follow(&mut workspace);
            self.publish(&workspace);
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

    fn publish(&self, workspace: &AccountWorkspace) {
        let before = self.current.load_full();
        let is_moved = workspace.ledger.revision() != before.ledger.revision();
        if !is_moved && Arc::ptr_eq(&workspace.tags, &before.tags) {
            return;
        }
        let after = Arc::new(workspace.snapshot());
        self.current.store(after.clone());
        if is_moved {
            // A ledger that does not read is a fault that look-ups report.
            let _ = after.sides_moved_since(&before);
            let mut touched = self.touched();
            if !touched.is_whole {
                note(&mut touched, &before, &after);
            }
        }
    }

    fn touched(&self) -> MutexGuard<'_, Touched> {
        self.touched.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Takes what blocks touched since it was last taken: stored transfers of it are to be screened again. The first time it is everything.
    #[must_use]
    pub fn take_touched(&self) -> Touched {
        std::mem::take(&mut *self.touched())
    }
}

/// Notes addresses and transactions of the blocks in which two snapshots differ.
fn note(touched: &mut Touched, before: &AccountSnapshot, after: &AccountSnapshot) {
    let kept = kept_blocks(&before.ledger, &after.ledger);
    let noted = kept.map(|kept| -> Result<(), WorkspaceError> {
        for side in [before, after] {
            for block in kept..side.ledger.counts().blocks {
                note_block(touched, side, block)?;
                if touched.addresses.len() + touched.txs.len() + touched.frozen.len() > MAX_TOUCHED {
                    touched.is_whole = true;
                    return Ok(());
                }
            }
        }
        Ok(())
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

fn note_block(touched: &mut Touched, side: &AccountSnapshot, block: u64) -> Result<(), WorkspaceError> {
    let ledger = &side.ledger;
    let block = ledger.block(block)?;
    side.signals().for_each_in(block.height..block.height.saturating_add(1), &mut |placed| {
        if let Signal::Issuer { act, .. } = placed.signal
            && let Some(account) = act.account()
        {
            touched.frozen.insert(account.to_address(side.chain()).to_string());
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
                touched.addresses.insert(ledger.account(account)?.to_address(side.chain()).to_string());
            }
        }
    }
    Ok(())
}
