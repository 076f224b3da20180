//! Building index files. Postings are sorted by account and asset in partitions, in memory while they fit and in files beyond, so that memory is
//! bounded whatever the chain's size; a list that fits nowhere is written as it is read.

use super::{BackingRow, CHECKPOINT_BYTES, CheckpointRow, Index, ListRow, RANGE_SHIFT, index_dir};
use crate::columns::Columns;
use crate::error::LedgerError;
use crate::keys::{key_hash, tx_hash};
use crate::manifest::{Counts, IndexState};
use crate::numbers::{index, narrow};
use crate::postings::{self, Cursor, Entry, Last, State, amount_beside};
use hashbrown::HashMap;
use holdfast_columns::column::{U40, Writer};
use holdfast_columns::{Column, Spill, SpillPart, slots};
use std::fs::File;
use std::io;
use std::path::Path;

/// A record to be sorted: account and asset, an entry, and what lies beside it.
const RECORD: usize = 24;

/// Partitions of a sort.
const PARTS: usize = 64;

/// What an index is built over.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) ledger: &'a Path,
    pub(crate) columns: &'a Columns,
    pub(crate) counts: Counts,
    pub(crate) seed: u64,
    /// Whether the ledger holds the chain from its first block, so that no balance may be negative.
    pub(crate) complete: bool,
}

impl Source<'_> {
    fn io(&self, e: io::Error) -> LedgerError {
        LedgerError::Io(self.ledger.to_owned(), e)
    }
}

impl Index {
    /// Builds index number `number`, using about `budget` bytes of memory for each of two builders that run side by side.
    pub(crate) fn build(source: Source<'_>, number: u32, budget: usize) -> Result<IndexState, LedgerError> {
        let dir = &index_dir(source.ledger, number);
        let io = |e| source.io(e);
        if dir.exists() {
            std::fs::remove_dir_all(dir).map_err(io)?;
        }
        std::fs::create_dir(dir).map_err(io)?;
        let (left, right) = rayon::join(
            || {
                build_tables(dir, source, budget).map_err(io)?;
                build_ranges(dir, source, budget)
            },
            || build_lists(dir, source, budget),
        );
        let (ranges, (lists, posting_bytes)) = (left?, right?);
        File::open(dir).and_then(|d| d.sync_all()).map_err(io)?;
        let counts = source.counts;
        Ok(IndexState { number, built: counts, valid: counts, lists, posting_bytes, ranges })
    }
}

fn build_tables(dir: &Path, source: Source<'_>, budget: usize) -> io::Result<()> {
    let Source { columns, counts, seed, .. } = source;
    slots::build::<U40>(dir, "txs", counts.txs, budget, &|each| {
        columns.tx_hash.scan(0, counts.txs, |at, chunk| {
            (at..).zip(chunk).for_each(|(tx, hash)| each(tx_hash(hash), tx));
        })
    })?;
    slots::build::<u32>(dir, "accounts", counts.accounts, budget, &|each| {
        scan_accounts(columns, counts.accounts, |account, key| each(key_hash(key, seed), account))
    })?;
    slots::build::<u32>(dir, "assets", counts.assets, budget, &|each| {
        columns.assets.scan(0, counts.assets, |at, chunk| {
            (at..).zip(chunk).for_each(|(asset, key)| each(key_hash(key, seed), asset));
        })
    })
}

/// Calls `each` with every account's number and bytes, read without mapping.
pub(crate) fn scan_accounts(columns: &Columns, accounts: u64, mut each: impl FnMut(u64, &[u8])) -> io::Result<()> {
    const CHUNK: u64 = 1 << 14;
    let bytes = columns.shape.account_bytes;
    let mut buffer = vec![0; index(CHUNK.min(accounts) * bytes)];
    let mut at = 0;
    while at < accounts {
        let n = CHUNK.min(accounts - at);
        let part = &mut buffer[..index(n * bytes)];
        columns.accounts.read_into(at * bytes, part)?;
        (at..).zip(part.chunks_exact(index(bytes))).for_each(|(account, key)| each(account, key));
        at += n;
    }
    Ok(())
}

/// Sorts records by their first eight bytes, keeping the order of equal ones, and hands them on.
struct Sort<'a> {
    dir: &'a Path,
    budget: usize,
    /// Name of its files.
    name: &'static str,
}

/// What takes sorted records.
trait Sink {
    fn take(&mut self, key: u64, entry: u64, cell: u64) -> Result<(), LedgerError>;
}

fn record(key: u64, entry: u64, cell: u64) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    record[..8].copy_from_slice(&key.to_le_bytes());
    record[8..16].copy_from_slice(&entry.to_le_bytes());
    record[16..].copy_from_slice(&cell.to_le_bytes());
    record
}

fn numbers(record: &[u8; RECORD]) -> [u64; 3] {
    let mut numbers = [0; 3];
    for (number, bytes) in numbers.iter_mut().zip(record.as_chunks::<8>().0) {
        *number = u64::from_le_bytes(*bytes);
    }
    numbers
}

impl Sort<'_> {
    fn spill(&self) -> Spill<RECORD> {
        Spill::new(self.dir, self.name, PARTS, self.budget / 2)
    }

    /// Place of a key among `keys` that begin at `first`, over all 64-bit numbers.
    fn place(key: u64, first: u64, keys: u64) -> u64 {
        let place = (u128::from(key - first) << 64) / u128::from(keys.max(1));
        u64::try_from(place).unwrap_or(u64::MAX)
    }

    /// Hands on the records of a part whose keys are `keys` from `first` on.
    fn hand_on(
        &self,
        part: SpillPart<RECORD>,
        (first, keys): (u64, u64),
        sink: &mut dyn Sink,
        io: &dyn Fn(io::Error) -> LedgerError,
    ) -> Result<(), LedgerError> {
        let mut failed = None;
        let bytes = part.bytes().map_err(io)?;
        if bytes == 0 {
            return Ok(());
        }
        if keys <= 1 {
            let each = |record: &[u8; RECORD]| {
                let [key, entry, cell] = numbers(record);
                sink.take(key, entry, cell).map_err(|e| {
                    failed = Some(e);
                    io::Error::other("stopped")
                })
            };
            return part.for_each(each).map_err(|e| failed.unwrap_or_else(|| io(e)));
        }
        if bytes <= self.budget as u64 / 2 {
            let mut bytes = part.read().map_err(io)?;
            let (records, _) = bytes.as_chunks_mut::<RECORD>();
            records.sort_by_key(|record| numbers(record)[0]);
            return records.iter().map(numbers).try_for_each(|[key, entry, cell]| sink.take(key, entry, cell));
        }
        let mut finer = self.spill();
        part.for_each(|record| finer.push(Self::place(numbers(record)[0], first, keys), record)).map_err(io)?;
        self.parts(finer, (first, keys), sink, io)
    }

    fn parts(
        &self,
        spill: Spill<RECORD>,
        (first, keys): (u64, u64),
        sink: &mut dyn Sink,
        io: &dyn Fn(io::Error) -> LedgerError,
    ) -> Result<(), LedgerError> {
        let start = |n: u64| {
            let start = (u128::from(n) * u128::from(keys)).div_ceil(PARTS as u128);
            u64::try_from(start).unwrap_or(u64::MAX)
        };
        for (n, part) in (0u64..).zip(spill.into_parts()) {
            self.hand_on(part, (first + start(n), start(n + 1) - start(n)), sink, io)?;
        }
        Ok(())
    }
}

fn create<T: bytemuck::Pod>(dir: &Path, name: &str) -> io::Result<Writer<T>> {
    Column::<T>::open(dir, name, 0, true)?.writer(0)
}

/// Number of bytes or lists, as the files hold them.
fn narrow40(n: u64) -> io::Result<[u8; 5]> {
    narrow(n).ok_or_else(|| io::Error::other("the index is full: more than a million million bytes of postings"))
}

fn account_and_asset(key: u64) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = key.to_be_bytes();
    (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]))
}

/// By asset: transaction and account of the first negative balance.
type Negative = HashMap<u32, (u64, u32)>;

/// Writes lists as their entries come, sorted.
struct Lists<'a> {
    source: Source<'a>,
    directory: Writer<[u8; 5]>,
    lists: Writer<ListRow>,
    postings: Writer<u8>,
    checkpoints: Writer<CheckpointRow>,
    key: Option<u64>,
    /// Accounts whose directory entry is written.
    accounts: u64,
    lists_written: u64,
    bytes: u64,
    last: Last,
    state: State,
    buffer: Vec<u8>,
    negative: Negative,
}

impl<'a> Lists<'a> {
    fn new(dir: &Path, source: Source<'a>) -> io::Result<Self> {
        Ok(Lists {
            source,
            directory: create(dir, "directory")?,
            lists: create(dir, "lists")?,
            postings: create(dir, "postings")?,
            checkpoints: create(dir, "checkpoints")?,
            key: None,
            accounts: 0,
            lists_written: 0,
            bytes: 0,
            last: [0; 2],
            state: State::default(),
            buffer: Vec::with_capacity(16),
            negative: HashMap::new(),
        })
    }

    fn begin(&mut self, key: u64) -> io::Result<()> {
        let (account, asset) = account_and_asset(key);
        self.directory_until(u64::from(account))?;
        self.lists.push(ListRow { asset, start: narrow40(self.bytes)? })?;
        self.lists_written += 1;
        (self.key, self.last, self.state) = (Some(key), [0; 2], State::default());
        Ok(())
    }

    /// Writes where the lists of the accounts up to this one begin.
    fn directory_until(&mut self, account: u64) -> io::Result<()> {
        while self.accounts <= account {
            self.directory.push(narrow40(self.lists_written)?)?;
            self.accounts += 1;
        }
        Ok(())
    }

    fn checkpoint(&mut self) -> io::Result<()> {
        let over = self.bytes % CHECKPOINT_BYTES;
        let [transfer, fee] = self.last;
        self.checkpoints.push(CheckpointRow {
            sum: self.state.sum,
            lowest: self.state.lowest,
            last: [narrow40(transfer)?, narrow40(fee)?],
            skip: u16::try_from(over).unwrap_or(u16::MAX),
        })
    }

    fn entry(&mut self, key: u64, entry: Entry, due: &mut u64) -> io::Result<()> {
        if self.key != Some(key) {
            self.begin(key)?;
        }
        if self.bytes >= *due {
            self.checkpoint()?;
            *due += CHECKPOINT_BYTES;
        }
        self.buffer.clear();
        postings::write(entry, &mut self.last, &mut self.buffer);
        self.bytes += self.buffer.len() as u64;
        self.buffer.iter().try_for_each(|b| self.postings.push(*b))
    }

    fn finish(mut self, due: u64) -> io::Result<(u64, u64, Negative)> {
        if due < self.bytes {
            // No entry begins in the last part, whose beginning the last entry covers.
            let [transfer, fee] = self.last;
            let skip = u16::try_from(self.bytes - due).unwrap_or(u16::MAX);
            let last = [narrow40(transfer)?, narrow40(fee)?];
            self.checkpoints.push(CheckpointRow { sum: self.state.sum, lowest: self.state.lowest, last, skip })?;
        }
        self.directory_until(self.source.counts.accounts)?;
        self.lists.push(ListRow { asset: u32::MAX, start: narrow40(self.bytes)? })?;
        self.directory.finish()?;
        self.lists.finish()?;
        self.postings.finish()?;
        self.checkpoints.finish()?;
        Ok((self.lists_written, self.bytes, self.negative))
    }
}

/// [`Lists`], with where its next stored balance is due.
struct ListSink<'a> {
    lists: Lists<'a>,
    due: u64,
}

impl Sink for ListSink<'_> {
    fn take(&mut self, key: u64, entry: u64, cell: u64) -> Result<(), LedgerError> {
        let entry = Entry(entry);
        let source = self.lists.source;
        self.lists.entry(key, entry, &mut self.due).map_err(|e| source.io(e))?;
        let (account, asset) = account_and_asset(key);
        let was_negative = self.lists.state.lowest.is_negative();
        self.lists.state.step(amount_beside(source.columns, entry, cell)?, entry.is_out());
        if source.complete && !was_negative && self.lists.state.lowest.is_negative() {
            let tx = if entry.is_fee() {
                entry.number()
            } else {
                source.columns.tx_of_row(entry.number(), source.counts)?.0
            };
            let first = self.lists.negative.entry(asset).or_insert((tx, account));
            *first = (*first).min((tx, account));
        }
        Ok(())
    }
}

fn build_lists(dir: &Path, source: Source<'_>, budget: usize) -> Result<(u64, u64), LedgerError> {
    let io = |e| source.io(e);
    let sort = Sort { dir, budget, name: "spill-postings" };
    let keys = (0, source.counts.accounts << 32);
    let mut spill = sort.spill();
    postings::scan(source.columns, Counts::default(), source.counts, |found| {
        if u64::from(found.account) >= source.counts.accounts || u64::from(found.asset) >= source.counts.assets {
            let what = "its account or asset is not stored";
            let file = if found.entry.is_fee() { "tx.payer" } else { "transfer.from" };
            return Err(LedgerError::damaged(file, found.entry.number(), what));
        }
        let key = u64::from(found.account) << 32 | u64::from(found.asset);
        let record = record(key, found.entry.0, found.cell);
        spill.push(Sort::place(key, keys.0, keys.1), &record).map_err(io)
    })?;
    let mut sink = ListSink { lists: Lists::new(dir, source).map_err(io)?, due: 0 };
    sort.parts(spill, keys, &mut sink, &io)?;
    let (lists, bytes, negative) = sink.lists.finish(sink.due).map_err(io)?;
    let write = || -> io::Result<()> {
        let mut writer = create::<BackingRow>(dir, "backing")?;
        for asset in 0..source.counts.assets {
            let first = u32::try_from(asset).ok().and_then(|a| negative.get(&a));
            writer.push(match first {
                Some((tx, account)) => BackingRow { tx: narrow40(*tx)?, account: *account },
                None => BackingRow::BACKED,
            })?;
        }
        writer.finish()
    };
    write().map_err(io)?;
    Ok((lists, bytes))
}

/// Writes where an asset's ranges begin, and the ranges.
struct Ranges {
    directory: Writer<[u8; 5]>,
    ranges: Writer<u32>,
    assets: u64,
    written: u64,
}

impl Ranges {
    fn put(&mut self, asset: u64, range: u64) -> io::Result<()> {
        self.directory_until(asset)?;
        self.written += 1;
        self.ranges.push(u32::try_from(range).map_err(io::Error::other)?)
    }

    fn directory_until(&mut self, asset: u64) -> io::Result<()> {
        while self.assets <= asset {
            self.directory.push(narrow40(self.written)?)?;
            self.assets += 1;
        }
        Ok(())
    }
}

struct RangeSink<'a>(Ranges, Source<'a>);

impl Sink for RangeSink<'_> {
    fn take(&mut self, key: u64, entry: u64, _: u64) -> Result<(), LedgerError> {
        self.0.put(key, entry).map_err(|e| self.1.io(e))
    }
}

fn build_ranges(dir: &Path, source: Source<'_>, budget: usize) -> Result<u64, LedgerError> {
    let io = |e| source.io(e);
    let sort = Sort { dir, budget, name: "spill-ranges" };
    let (counts, keys) = (source.counts, (0, source.counts.assets));
    let mut spill = sort.spill();
    let mut assets = Cursor::new(&source.columns.asset, "transfer.asset", 0, counts.transfers);
    let mut seen: Vec<u32> = Vec::with_capacity(1 << RANGE_SHIFT);
    let mut row = 0;
    while row < counts.transfers {
        let end = (row + (1 << RANGE_SHIFT)).min(counts.transfers);
        seen.clear();
        for row in row..end {
            let asset = assets.next()?;
            if u64::from(asset) >= counts.assets {
                return Err(LedgerError::damaged("transfer.asset", row, "its asset is not stored"));
            }
            seen.push(asset);
        }
        seen.sort_unstable();
        seen.dedup();
        for asset in &seen {
            let key = u64::from(*asset);
            let place = Sort::place(key, keys.0, keys.1);
            spill.push(place, &record(key, row >> RANGE_SHIFT, 0)).map_err(io)?;
        }
        row = end;
    }
    let ranges = Ranges {
        directory: create(dir, "asset-directory").map_err(io)?,
        ranges: create(dir, "asset-ranges").map_err(io)?,
        assets: 0,
        written: 0,
    };
    let mut sink = RangeSink(ranges, source);
    sort.parts(spill, keys, &mut sink, &io)?;
    let mut ranges = sink.0;
    let finish = || -> io::Result<u64> {
        ranges.directory_until(counts.assets)?;
        ranges.directory.finish()?;
        ranges.ranges.finish()?;
        Ok(ranges.written)
    };
    finish().map_err(io)
}
