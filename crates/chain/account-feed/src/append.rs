//! Appending blocks to a ledger, and before it to what is beside it.

use crate::follow::FollowError;
use crate::found::{BlockSink, ReadBlock, SinkError};
use holdfast_account_ledger::{AppendOptions, AppendReport, Ledger};
use holdfast_types::BlockTransfers;
use std::collections::VecDeque;
use std::ops::ControlFlow;

/// Blocks that go beside the ledger at once: by count, and by their transfers.
const AT_ONCE: usize = 1_024;
const AT_ONCE_TRANSFERS: usize = 50_000;

/// Blocks on their way to the ledger, each kept beside it before the ledger gets it.
struct Kept<'a, T> {
    blocks: &'a mut dyn Iterator<Item = ReadBlock<T>>,
    sink: &'a mut dyn BlockSink<Found = T>,
    ready: VecDeque<BlockTransfers>,
    failure: Option<SinkError>,
}

impl<T> Iterator for Kept<'_, T> {
    type Item = BlockTransfers;

    fn next(&mut self) -> Option<BlockTransfers> {
        if self.ready.is_empty() && self.failure.is_none() {
            let (mut read, mut transfers) = (Vec::new(), 0);
            while read.len() < AT_ONCE && transfers < AT_ONCE_TRANSFERS {
                let Some(block) = self.blocks.next() else { break };
                transfers += count(&block.transfers);
                read.push(block);
            }
            let kept;
            (kept, self.failure) = keep(self.sink, &read);
            read.truncate(kept);
            self.ready.extend(read.into_iter().map(|block| block.transfers));
        }
        self.ready.pop_front()
    }
}

/// Has blocks kept beside the ledger. Returns how many are, and why the one behind them is not: those before it are kept.
fn keep<T>(sink: &mut dyn BlockSink<Found = T>, blocks: &[ReadBlock<T>]) -> (usize, Option<SinkError>) {
    let (mut kept, mut at_once) = (0, blocks.len());
    while kept < blocks.len() {
        match sink.append(&blocks[kept..(kept + at_once).min(blocks.len())]) {
            Ok(()) => kept = (kept + at_once).min(blocks.len()),
            Err(e) if at_once == 1 => return (kept, Some(e)),
            // The bad one is in one half.
            Err(_) => at_once = at_once.div_ceil(2),
        }
    }
    (kept, None)
}

/// Returns how many transfers and transactions a block has.
pub(crate) fn count(block: &BlockTransfers) -> usize {
    block.block_level.len() + block.transactions.iter().map(|t| t.transfers.len() + 1).sum::<usize>()
}

/// Appends blocks to a ledger and, before each of them, what was found in it to what is beside the ledger.
///
/// # Errors
/// [`FollowError::Ledger`], [`FollowError::Sink`]; what was committed before stays.
pub fn append<T>(
    ledger: &mut Ledger,
    sink: &mut dyn BlockSink<Found = T>,
    blocks: &mut dyn Iterator<Item = ReadBlock<T>>,
    options: &AppendOptions,
) -> Result<AppendReport, FollowError> {
    sink.keep_to(ledger)?;
    let mut kept = Kept { blocks, sink, ready: VecDeque::new(), failure: None };
    let appended = ledger.append(&mut kept, options, &mut |_| ControlFlow::Continue(()));
    let failure = kept.failure.take();
    if appended.is_err() {
        // What the ledger did not take.
        sink.keep_to(ledger)?;
    }
    match (appended, failure) {
        (Ok(_), Some(e)) => Err(e.into()),
        (appended, _) => Ok(appended?),
    }
}
