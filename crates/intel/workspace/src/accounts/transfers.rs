//! Transfers of an address over all its assets, in the order of execution, a page at a time: the lists of its assets are merged, and of each only what the
//! page needs is read.

use crate::accounts::AccountWorkspace;
use holdfast_account_ledger::{Direction, LedgerError, Posting, TransferNumber};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::ControlFlow;

/// Most postings of one asset that are read ahead.
const MAX_AHEAD: usize = 64;

/// Where a list of transfers begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// Behind this transfer.
    pub after: Option<u64>,
    /// At this height at the earliest.
    pub from_height: Option<u64>,
}

/// Order of postings: a transfer to oneself goes out before it comes in.
type Key = (TransferNumber, u8);

fn key(posting: &Posting) -> Key {
    (posting.transfer.number, u8::from(posting.direction == Direction::In))
}

/// Postings of one asset, read ahead a few at a time.
struct Stream {
    asset: u32,
    ahead: VecDeque<Posting>,
    /// How many are read the next time.
    count: usize,
    /// The last one that was read, and a height from which to go on.
    last: Option<Key>,
    from: u64,
}

impl Stream {
    fn read(&mut self, workspace: &AccountWorkspace, account: u32) -> Result<(), LedgerError> {
        let ledger = &workspace.ledger;
        ledger.for_each_posting(account, self.asset, self.from..u64::MAX, |posting| {
            if self.last.is_none_or(|last| key(&posting) > last) {
                self.ahead.push_back(posting);
            }
            if self.ahead.len() < self.count { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        if let Some(last) = self.ahead.back() {
            self.last = Some(key(last));
            self.from = workspace.height_of_tx(last.transfer.tx)?;
        }
        self.count = (2 * self.count).min(MAX_AHEAD);
        Ok(())
    }
}

impl AccountWorkspace {
    pub(crate) fn height_of_tx(&self, tx: u64) -> Result<u64, LedgerError> {
        Ok(self.ledger.block(self.ledger.tx(tx)?.block)?.height)
    }

    /// Calls `each` with the postings of an account in some assets, in the order of execution, until it breaks.
    ///
    /// # Errors
    /// [`LedgerError::NotStored`] where `start` names no transfer, and [`LedgerError::Damaged`].
    pub(crate) fn for_each_posting(
        &self,
        account: u32,
        assets: &[u32],
        start: Start,
        each: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let mut from = start.from_height.unwrap_or(0);
        let mut last = None;
        if let Some(after) = start.after {
            let after = self.ledger.transfer(TransferNumber::new(after))?;
            from = from.max(self.height_of_tx(after.tx)?);
            last = Some((after.number, 1));
        }
        let stream = |asset: &u32| Stream { asset: *asset, ahead: VecDeque::new(), count: 1, last, from };
        let mut streams: Vec<Stream> = assets.iter().map(stream).collect();
        let mut next: BinaryHeap<Reverse<(Key, usize)>> = BinaryHeap::with_capacity(streams.len());
        for (i, stream) in streams.iter_mut().enumerate() {
            stream.read(self, account)?;
            next.extend(stream.ahead.front().map(|posting| Reverse((key(posting), i))));
        }
        while let Some(Reverse((_, i))) = next.pop() {
            let Some(stream) = streams.get_mut(i) else { break };
            let Some(posting) = stream.ahead.pop_front() else { break };
            if each(posting).is_break() {
                break;
            }
            if stream.ahead.is_empty() {
                stream.read(self, account)?;
            }
            next.extend(stream.ahead.front().map(|posting| Reverse((key(posting), i))));
        }
        Ok(())
    }
}
