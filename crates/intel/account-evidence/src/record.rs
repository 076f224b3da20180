//! What a trace reads: views that note every answer. Postings are handed out two transfers at a time, so that what is noted is what the trace needs
//! and little more.

use holdfast_account_ledger::{Backing, LedgerError, Posting, StoredTransfer, TransferNumber};
use holdfast_analysis::accounts::{Classify, Stop, Transfers};
use holdfast_analysis::links::{Link, Links, TransferId};
use holdfast_attribution::Category;
use holdfast_types::Amount;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// An asset and an account.
pub(crate) type Key = (u32, u32);

/// A range of transfer numbers in which the postings of an account were read.
pub(crate) type Range = (u64, u64);

/// What was read of a chain.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    /// Transfers by number.
    pub transfers: BTreeMap<u64, StoredTransfer>,
    /// By asset and account.
    pub ranges: BTreeMap<Key, Vec<Range>>,
    /// Accounts whose category was asked.
    pub accounts: BTreeSet<u32>,
}

impl Reads {
    fn read(&mut self, key: Key, range: Range, postings: &[Posting]) {
        self.ranges.entry(key).or_default().push(range);
        self.transfers.extend(postings.iter().map(|p| (p.transfer.number.get(), p.transfer)));
    }

    /// Returns the ranges of an account without overlaps, rising.
    pub fn spans(&self, key: Key) -> Vec<Range> {
        let mut ranges = self.ranges.get(&key).cloned().unwrap_or_default();
        ranges.sort_unstable();
        let mut spans: Vec<Range> = Vec::new();
        for (from, to) in ranges {
            match spans.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => spans.push((from, to)),
            }
        }
        spans
    }
}

/// A chain whose answers are noted.
pub(crate) struct Recorder<'a> {
    view: &'a dyn Transfers,
    reads: RefCell<Reads>,
}

/// Most postings that are asked for to see a third transfer.
const MOST: usize = 1 << 20;

/// Returns the number of leading postings that are of the first two transfers; `None` where there is no third.
fn of_two(postings: &[Posting]) -> Option<usize> {
    let mut seen = 0;
    let mut last = None;
    for (place, posting) in postings.iter().enumerate() {
        if last != Some(posting.transfer.number) {
            seen += 1;
            last = Some(posting.transfer.number);
        }
        if seen == 3 {
            return Some(place);
        }
    }
    None
}

impl<'a> Recorder<'a> {
    pub fn new(view: &'a dyn Transfers) -> Self {
        Recorder { view, reads: RefCell::default() }
    }

    pub fn into_reads(self) -> Reads {
        self.reads.into_inner()
    }

    /// Reads the postings of the next two transfers, and whether there are no others.
    fn two(read: &dyn Fn(usize) -> Result<Vec<Posting>, LedgerError>) -> Result<(Vec<Posting>, bool), LedgerError> {
        let mut limit = 8;
        loop {
            let mut postings = read(limit)?;
            if let Some(end) = of_two(&postings) {
                postings.truncate(end);
                return Ok((postings, false));
            }
            // One may be dropped where a fee's parts lie on both sides of where it begins.
            if postings.len() + 1 < limit || limit >= MOST {
                return Ok((postings, true));
            }
            limit *= 8;
        }
    }
}

impl Classify for Recorder<'_> {
    fn category(&self, account: u32) -> Category {
        self.reads.borrow_mut().accounts.insert(account);
        self.view.category(account)
    }

    fn stop(&self, account: u32) -> Option<Stop> {
        self.reads.borrow_mut().accounts.insert(account);
        self.view.stop(account)
    }
}

impl Transfers for Recorder<'_> {
    fn transfer(&self, number: TransferNumber) -> Result<StoredTransfer, LedgerError> {
        let transfer = self.view.transfer(number)?;
        self.reads.borrow_mut().transfers.insert(number.get(), transfer);
        Ok(transfer)
    }

    fn postings_from(
        &self,
        account: u32,
        asset: u32,
        from: TransferNumber,
        _: usize,
    ) -> Result<Vec<Posting>, LedgerError> {
        let (postings, is_all) = Self::two(&|limit| self.view.postings_from(account, asset, from, limit))?;
        let last = postings.last().map_or(from.get(), |p| p.transfer.number.get().saturating_add(1));
        let end = if is_all { u64::MAX } else { last };
        self.reads.borrow_mut().read((asset, account), (from.get(), end), &postings);
        Ok(postings)
    }

    fn postings_before(
        &self,
        account: u32,
        asset: u32,
        before: TransferNumber,
        _: usize,
    ) -> Result<Vec<Posting>, LedgerError> {
        let (postings, is_all) = Self::two(&|limit| self.view.postings_before(account, asset, before, limit))?;
        let first = postings.last().map_or(before.get(), |p| p.transfer.number.get());
        let begin = if is_all { 0 } else { first };
        self.reads.borrow_mut().read((asset, account), (begin, before.get()), &postings);
        Ok(postings)
    }

    fn balance_before(&self, account: u32, asset: u32, number: TransferNumber) -> Result<Option<Amount>, LedgerError> {
        self.reads.borrow_mut().read((asset, account), (number.get(), number.get()), &[]);
        self.view.balance_before(account, asset, number)
    }

    fn least_opening(&self, account: u32, asset: u32) -> Result<Option<Amount>, LedgerError> {
        self.reads.borrow_mut().ranges.entry((asset, account)).or_default();
        self.view.least_opening(account, asset)
    }

    fn number_after(&self, height: u64) -> Result<TransferNumber, LedgerError> {
        self.view.number_after(height)
    }

    fn time(&self, tx: u64) -> Result<u64, LedgerError> {
        self.view.time(tx)
    }

    fn backing(&self, asset: u32) -> Result<Backing, LedgerError> {
        self.view.backing(asset)
    }

    fn internal_unknown(&self, asset: u32) -> Result<bool, LedgerError> {
        self.view.internal_unknown(asset)
    }
}

/// Links whose answers are noted.
pub(crate) struct LinkRecorder<'a> {
    links: &'a dyn Links,
    told: RefCell<Vec<Link>>,
}

impl<'a> LinkRecorder<'a> {
    pub fn new(links: &'a dyn Links) -> Self {
        LinkRecorder { links, told: RefCell::default() }
    }

    /// Returns the links that the trace was told of, each once.
    pub fn into_links(self) -> Vec<Link> {
        let mut links = self.told.into_inner();
        links.sort_by(|a, b| order(a).cmp(&order(b)));
        links.dedup();
        links
    }

    fn note(&self, links: Vec<Link>) -> Vec<Link> {
        self.told.borrow_mut().extend(links.iter().cloned());
        links
    }
}

/// What orders links in a bundle.
pub(crate) fn order(link: &Link) -> impl Ord + '_ {
    let kind: &'static str = link.kind.into();
    (link.from, link.from_piece, link.to, link.to_piece, link.rank, kind, &link.evidence)
}

impl Links for LinkRecorder<'_> {
    fn links_from(&self, from: TransferId) -> Result<Vec<Link>, LedgerError> {
        self.links.links_from(from).map(|links| self.note(links))
    }

    fn links_to(&self, to: TransferId) -> Result<Vec<Link>, LedgerError> {
        self.links.links_to(to).map(|links| self.note(links))
    }
}
