//! Lists of transfers, a page at a time, oldest or newest first. Those of an address go over all its assets: the lists of its assets are merged, and of each
//! only what the page needs is read.

use crate::AccountWorkspace;
use holdfast_account_ledger::{Direction, LedgerError, Posting, StoredTransfer, TransferNumber};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::{ControlFlow, Range};
use utoipa::ToSchema;

/// Most postings of one asset that are read ahead.
const MAX_AHEAD: usize = 64;
/// Most postings that a page of chosen ones goes over. What is not found within them is left to the next page.
pub const MAX_SCANNED: usize = 100_000;

/// Order of a list of transfers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// In the order of execution.
    #[default]
    Oldest,
    /// The latest first.
    Newest,
}

/// Which way an address's transfers go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// To the address.
    In,
    /// From the address.
    Out,
}

impl Way {
    /// Returns the name that answers have: `in` or `out`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Way::In => "in",
            Way::Out => "out",
        }
    }
}

impl From<Direction> for Way {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::In => Way::In,
            Direction::Out => Way::Out,
        }
    }
}

/// Where a list of transfers begins, and what it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// Order of the list.
    pub order: Order,
    /// Behind this transfer, in that order.
    pub after: Option<u64>,
    /// At this height at the earliest.
    pub from_height: Option<u64>,
    /// At this height at the latest.
    pub to_height: Option<u64>,
    /// Only those that go this way, of an address's.
    pub way: Option<Way>,
    /// Without fees.
    pub without_fees: bool,
}

impl Start {
    /// Returns whether a list has a posting that lies in its range.
    pub(crate) fn has(&self, posting: &Posting) -> bool {
        self.way.is_none_or(|way| way == posting.direction.into()) && self.has_kind(&posting.transfer)
    }

    /// Returns whether a list has transfers of a kind.
    pub(crate) fn has_kind(&self, transfer: &StoredTransfer) -> bool {
        !(self.without_fees && transfer.kind.is_fee())
    }
}

/// Order of postings: a transfer to oneself goes out before it comes in.
type Key = (TransferNumber, u8);

fn key(posting: &Posting) -> Key {
    (posting.transfer.number, u8::from(posting.direction == Direction::In))
}

fn next_number(number: TransferNumber) -> TransferNumber {
    TransferNumber::new(number.get().saturating_add(1))
}

/// The numbers of a list, and the order in which they are read.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    pub(crate) numbers: Range<TransferNumber>,
    order: Order,
}

impl Walk {
    /// What comes first has the smallest rank.
    fn rank(&self, (number, side): Key) -> (u64, u8) {
        match self.order {
            Order::Oldest => (number.get(), side),
            Order::Newest => (u64::MAX - number.get(), 1 - side),
        }
    }
}

/// Postings of one asset, read ahead a few at a time.
struct Stream {
    asset: u32,
    ahead: VecDeque<Posting>,
    /// How many are read the next time.
    count: usize,
    /// The last one that was read.
    last: Option<Key>,
}

impl Stream {
    fn read(&mut self, workspace: &AccountWorkspace, account: u32, walk: &Walk) -> Result<(), LedgerError> {
        let (ledger, numbers) = (&workspace.ledger, &walk.numbers);
        // The last transfer is read again, because it may have another side; it has at most two.
        let limit = self.count + 2;
        let found = match walk.order {
            Order::Oldest => {
                let from = self.last.map_or(numbers.start, |(number, _)| number);
                ledger.postings_from(account, self.asset, from, limit)?
            }
            Order::Newest => {
                let before = self.last.map_or(numbers.end, |(number, _)| next_number(number));
                ledger.postings_before(account, self.asset, before, limit)?
            }
        };
        let last = self.last.map(|last| walk.rank(last));
        let is_new = |p: &Posting| last.is_none_or(|last| walk.rank(key(p)) > last);
        self.ahead.extend(found.into_iter().filter(|p| is_new(p) && numbers.contains(&p.transfer.number)));
        self.last = self.ahead.back().map(key).or(self.last);
        self.count = (2 * self.count).min(MAX_AHEAD);
        Ok(())
    }
}

impl AccountWorkspace {
    pub(crate) fn height_of_tx(&self, tx: u64) -> Result<u64, LedgerError> {
        Ok(self.ledger.block(self.ledger.tx(tx)?.block)?.height)
    }

    /// Returns the numbers that a list goes over.
    ///
    /// # Errors
    /// [`LedgerError::NotStored`] where `start` names no transfer, and [`LedgerError::Damaged`].
    pub(crate) fn walk(&self, start: &Start) -> Result<Walk, LedgerError> {
        let zero = TransferNumber::new(0);
        let before = start.from_height.and_then(|height| height.checked_sub(1));
        let mut from = before.map_or(Ok(zero), |height| self.ledger.number_after(height))?;
        let mut end = self.ledger.number_after(start.to_height.unwrap_or(u64::MAX))?;
        if let Some(after) = start.after {
            let after = self.ledger.transfer(TransferNumber::new(after))?.number;
            match start.order {
                Order::Oldest => from = from.max(next_number(after)),
                Order::Newest => end = end.min(after),
            }
        }
        Ok(Walk { numbers: from..end, order: start.order })
    }

    /// Calls `each` with the postings of an account in some assets that lie in the range of `start`, in its order, until it breaks.
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
        let walk = self.walk(&start)?;
        let stream = |asset: &u32| Stream { asset: *asset, ahead: VecDeque::new(), count: 1, last: None };
        let mut streams: Vec<Stream> = assets.iter().map(stream).collect();
        let mut next: BinaryHeap<Reverse<((u64, u8), usize)>> = BinaryHeap::with_capacity(streams.len());
        for (i, stream) in streams.iter_mut().enumerate() {
            stream.read(self, account, &walk)?;
            next.extend(stream.ahead.front().map(|posting| Reverse((walk.rank(key(posting)), i))));
        }
        while let Some(Reverse((_, i))) = next.pop() {
            let Some(stream) = streams.get_mut(i) else { break };
            let Some(posting) = stream.ahead.pop_front() else { break };
            if each(posting).is_break() {
                break;
            }
            if stream.ahead.is_empty() {
                stream.read(self, account, &walk)?;
            }
            next.extend(stream.ahead.front().map(|posting| Reverse((walk.rank(key(posting)), i))));
        }
        Ok(())
    }

    /// Calls `each` with the transfers of an asset that lie in the range of `start`, in its order, until it breaks.
    ///
    /// # Errors
    /// As [`AccountWorkspace::for_each_posting`].
    pub(crate) fn for_each_transfer_of_asset(
        &self,
        asset: u32,
        start: Start,
        each: &mut dyn FnMut(StoredTransfer) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let Walk { numbers, order } = self.walk(&start)?;
        if order == Order::Newest {
            return self.ledger.for_each_transfer_of_asset_before(asset, numbers.end, |transfer| {
                if transfer.number < numbers.start { ControlFlow::Break(()) } else { each(transfer) }
            });
        }
        let mut from = start.from_height.unwrap_or(0);
        if let Some(after) = start.after {
            let after = self.ledger.transfer(TransferNumber::new(after))?;
            from = from.max(self.height_of_tx(after.tx)?);
        }
        self.ledger.for_each_transfer_of_asset(asset, from..u64::MAX, |transfer| {
            if transfer.number < numbers.start {
                ControlFlow::Continue(())
            } else if transfer.number >= numbers.end {
                ControlFlow::Break(())
            } else {
                each(transfer)
            }
        })
    }
}
