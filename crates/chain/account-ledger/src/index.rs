//! Index files: hash tables of transactions, accounts and assets, lists of postings with running balances, and where each asset's transfers lie.
//!
//! They are derived from the columns, built whole by sequential passes, and never changed; what was appended since lies in an
//! [`Overlay`](crate::overlay::Overlay) in memory.

pub(crate) mod build;

pub(crate) use build::scan_accounts;

use crate::columns::{Columns, read};
use crate::error::LedgerError;
use crate::keys::{AssetKey, key_hash, tx_hash};
use crate::manifest::IndexState;
use crate::numbers::{Sum, index, widen};
use crate::postings::{Amounts, Bound, Entry, Reader, State};
use bytemuck::{Pod, Zeroable};
use holdfast_columns::column::U40;
use holdfast_columns::{Column, slots};
use holdfast_types::Hash32;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Bytes of lists between two stored balances.
pub(crate) const CHECKPOINT_BYTES: u64 = 512;

/// Rows of transfers that an entry of an asset's ranges stands for, as a power of two.
pub(crate) const RANGE_SHIFT: u32 = 12;

/// A list of postings: its asset, and where it begins. It ends where the next begins.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, packed)]
pub(crate) struct ListRow {
    pub(crate) asset: u32,
    pub(crate) start: [u8; 5],
}

/// What a list is at, just before its first entry that begins at or after a multiple of [`CHECKPOINT_BYTES`].
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, packed)]
pub(crate) struct CheckpointRow {
    pub(crate) sum: Sum,
    pub(crate) lowest: Sum,
    /// Last numbers of transfers and of fees in the list so far.
    pub(crate) last: [[u8; 5]; 2],
    /// Bytes from the multiple to the entry.
    pub(crate) skip: u16,
}

/// Where an asset's balance first was negative: transaction and account.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, packed)]
pub(crate) struct BackingRow {
    /// The greatest number where it never was.
    pub(crate) tx: [u8; 5],
    pub(crate) account: u32,
}

impl BackingRow {
    pub(crate) const BACKED: BackingRow = BackingRow { tx: [u8::MAX; 5], account: u32::MAX };
}

/// The mapped index files.
#[derive(Debug)]
pub(crate) struct Index {
    /// What of them holds.
    pub(crate) state: IndexState,
    txs: Column<U40>,
    accounts: Column<u32>,
    assets: Column<u32>,
    directory: Column<[u8; 5]>,
    lists: Column<ListRow>,
    postings: Column<u8>,
    checkpoints: Column<CheckpointRow>,
    asset_directory: Column<[u8; 5]>,
    asset_ranges: Column<u32>,
    backing: Column<BackingRow>,
}

/// Folder of an index.
pub(crate) fn index_dir(ledger: &Path, number: u32) -> PathBuf {
    ledger.join(format!("index-{number}"))
}

impl Index {
    /// Maps an index.
    pub(crate) fn open(ledger: &Path, state: IndexState) -> io::Result<Self> {
        let dir = &index_dir(ledger, state.number);
        let built = state.built;
        Ok(Index {
            state,
            txs: open(dir, "txs", slots::slots_in_file(built.txs))?,
            accounts: open(dir, "accounts", slots::slots_in_file(built.accounts))?,
            assets: open(dir, "assets", slots::slots_in_file(built.assets))?,
            directory: open(dir, "directory", built.accounts + 1)?,
            lists: open(dir, "lists", state.lists + 1)?,
            postings: open(dir, "postings", state.posting_bytes)?,
            checkpoints: open(dir, "checkpoints", state.posting_bytes.div_ceil(CHECKPOINT_BYTES))?,
            asset_directory: open(dir, "asset-directory", built.assets + 1)?,
            asset_ranges: open(dir, "asset-ranges", state.ranges)?,
            backing: open(dir, "backing", built.assets)?,
        })
    }

    /// Returns the index as it is now. Its files are never changed, only removed, which maps survive.
    pub(crate) fn snapshot(&self) -> Self {
        Index {
            state: self.state,
            txs: self.txs.snapshot(),
            accounts: self.accounts.snapshot(),
            assets: self.assets.snapshot(),
            directory: self.directory.snapshot(),
            lists: self.lists.snapshot(),
            postings: self.postings.snapshot(),
            checkpoints: self.checkpoints.snapshot(),
            asset_directory: self.asset_directory.snapshot(),
            asset_ranges: self.asset_ranges.snapshot(),
            backing: self.backing.snapshot(),
        }
    }

    /// Returns a file that is shorter than what is mapped of it.
    pub(crate) fn cut_off(&self) -> io::Result<Option<&'static str>> {
        let files = [
            ("index txs", self.txs.is_cut_off()?),
            ("index accounts", self.accounts.is_cut_off()?),
            ("index assets", self.assets.is_cut_off()?),
            ("index directory", self.directory.is_cut_off()?),
            ("index lists", self.lists.is_cut_off()?),
            ("index postings", self.postings.is_cut_off()?),
            ("index checkpoints", self.checkpoints.is_cut_off()?),
            ("index asset-directory", self.asset_directory.is_cut_off()?),
            ("index asset-ranges", self.asset_ranges.is_cut_off()?),
            ("index backing", self.backing.is_cut_off()?),
        ];
        Ok(files.into_iter().find(|(_, cut)| *cut).map(|(name, _)| name))
    }

    /// Returns the transaction with a hash; the latest of a repeated one.
    pub(crate) fn tx(&self, columns: &Columns, hash: &Hash32) -> Option<u64> {
        let (hashes, metas, valid) = (columns.tx_hash.all(), columns.tx_meta.all(), self.state.valid.txs);
        let is_it = |tx: &u64| {
            *tx < valid
                && hashes.get(index(*tx)) == Some(hash)
                && metas.get(index(*tx)).is_some_and(|m| !Columns::is_block_side(*m))
        };
        slots::probe(self.txs.all(), self.state.built.txs, tx_hash(hash)).filter(is_it).max()
    }

    /// Returns the account with these bytes.
    pub(crate) fn account(&self, columns: &Columns, seed: u64, key: &[u8]) -> Option<u32> {
        let valid = self.state.valid.accounts;
        let mut found = slots::probe(self.accounts.all(), self.state.built.accounts, key_hash(key, seed))
            .filter(|a| *a < valid)
            .filter_map(|a| u32::try_from(a).ok());
        found.find(|a| columns.account(*a).is_ok_and(|stored| stored == key))
    }

    /// Returns the asset with a key.
    pub(crate) fn asset(&self, columns: &Columns, seed: u64, key: &AssetKey) -> Option<u32> {
        let valid = self.state.valid.assets;
        let mut found = slots::probe(self.assets.all(), self.state.built.assets, key_hash(key, seed))
            .filter(|a| *a < valid && columns.assets.all().get(index(*a)) == Some(key));
        found.next().and_then(|a| u32::try_from(a).ok())
    }

    /// Numbers of an account's lists.
    fn lists_of(&self, account: u32) -> Result<Range<u64>, LedgerError> {
        let account = u64::from(account);
        if account >= self.state.built.accounts {
            return Ok(0..0);
        }
        let start = widen(read(&self.directory, "index directory", account)?);
        let end = widen(read(&self.directory, "index directory", account + 1)?);
        if start > end || end > self.state.lists {
            return Err(LedgerError::damaged("index directory", account, "its lists are not in order"));
        }
        Ok(start..end)
    }

    /// Returns an account's lists, by rising assets, and the number of the first.
    pub(crate) fn rows_of(&self, account: u32) -> Result<(&[ListRow], u64), LedgerError> {
        let lists = self.lists_of(account)?;
        let rows = self.lists.all().get(index(lists.start)..index(lists.end));
        let rows = rows.ok_or_else(|| LedgerError::damaged("index lists", lists.start, "it is not stored"))?;
        Ok((rows, lists.start))
    }

    /// Returns the bytes of the list of an account and asset.
    pub(crate) fn list_of(&self, account: u32, asset: u32) -> Result<Option<Range<u64>>, LedgerError> {
        let (rows, first) = self.rows_of(account)?;
        let Ok(found) = rows.binary_search_by_key(&asset, |row| row.asset) else { return Ok(None) };
        self.bytes_of(first + found as u64).map(Some)
    }

    /// Returns the bytes of a list.
    pub(crate) fn bytes_of(&self, list: u64) -> Result<Range<u64>, LedgerError> {
        let start = widen(read(&self.lists, "index lists", list)?.start);
        let end = widen(read(&self.lists, "index lists", list + 1)?.start);
        if start > end || end > self.state.posting_bytes {
            return Err(LedgerError::damaged("index lists", list, "its postings are not in order"));
        }
        Ok(start..end)
    }

    /// Returns a reader of a list from its last stored balance before a moment, with that balance.
    pub(crate) fn reader(&self, list: &Range<u64>, before: Bound) -> Result<(Reader<'_>, State), LedgerError> {
        if let Some((row, begin)) = self.checkpoints_before(list, before).next_back() {
            let bytes = self.bytes(begin..list.end)?;
            return Ok((Reader { bytes, last: row.last.map(widen) }, State { sum: row.sum, lowest: row.lowest }));
        }
        Ok((Reader { bytes: self.bytes(list.clone())?, last: [0; 2] }, State::default()))
    }

    /// Returns the stored balances of a list before a moment, rising, and the bytes at which their next entries begin.
    fn checkpoints_before(
        &self,
        list: &Range<u64>,
        before: Bound,
    ) -> impl DoubleEndedIterator<Item = (CheckpointRow, u64)> + ExactSizeIterator + use<'_> {
        let checkpoints = list.start.div_ceil(CHECKPOINT_BYTES)..list.end.div_ceil(CHECKPOINT_BYTES);
        let mut rows = self.checkpoints.all().get(index(checkpoints.start)..index(checkpoints.end)).unwrap_or_default();
        let begin = move |n: usize, row: &CheckpointRow| {
            (checkpoints.start + n as u64) * CHECKPOINT_BYTES + u64::from(row.skip)
        };
        // The last of them may lie at the list's end, where another begins.
        if let Some((last, others)) = rows.split_last()
            && begin(others.len(), last) >= list.end
        {
            rows = others;
        }
        let is_before = |row: &CheckpointRow| {
            let [transfer, fee] = row.last;
            widen(transfer) < before.row && widen(fee) < before.tx
        };
        let rows = &rows[..rows.partition_point(is_before)];
        rows.iter().enumerate().map(move |(n, row)| (*row, begin(n, row)))
    }

    /// Returns the last entries of a list before a moment, the latest first, at most `limit`.
    pub(crate) fn entries_before(
        &self,
        list: &Range<u64>,
        before: Bound,
        limit: usize,
    ) -> Result<Vec<Entry>, LedgerError> {
        let before = before.min(Bound::end(self.state.valid));
        let parts = self.checkpoints_before(list, before).map(|(row, begin)| (begin, row.last.map(widen)));
        let (mut found, mut end) = (Vec::new(), list.end);
        for (begin, last) in parts.rev().chain([(list.start, [0; 2])]) {
            let mut part = Vec::new();
            for entry in (Reader { bytes: self.bytes(begin..end)?, last }) {
                let entry = entry.ok_or_else(|| self.damaged_list(list))?;
                if !entry.is_before(before) {
                    break;
                }
                part.push(entry);
            }
            found.extend(part.into_iter().rev());
            if found.len() >= limit {
                break;
            }
            end = begin;
        }
        found.truncate(limit);
        Ok(found)
    }

    fn bytes(&self, range: Range<u64>) -> Result<&[u8], LedgerError> {
        let bytes = self.postings.all().get(index(range.start)..index(range.end));
        bytes.ok_or_else(|| LedgerError::damaged("index postings", range.start, "it is not stored"))
    }

    /// Returns the balance of an account and asset just before a moment, as far as this index knows.
    pub(crate) fn state(
        &self,
        columns: &Columns,
        account: u32,
        asset: u32,
        before: Bound,
    ) -> Result<State, LedgerError> {
        let Some(list) = self.list_of(account, asset)? else { return Ok(State::default()) };
        let before = before.min(Bound::end(self.state.valid));
        let (mut reader, mut state) = self.reader(&list, before)?;
        let step = |entry: Entry, amount| state.step(amount, entry.is_out());
        Amounts::of(columns, account).for_each_before(&mut reader, before, || self.damaged_list(&list), step)?;
        Ok(state)
    }

    /// Returns the balance of an account and asset just before a moment, and the last one, as far as this index knows. Both are walked to together where
    /// no stored balance lies between them.
    pub(crate) fn state_and_end(
        &self,
        columns: &Columns,
        account: u32,
        asset: u32,
        before: Bound,
    ) -> Result<(State, State), LedgerError> {
        let Some(list) = self.list_of(account, asset)? else { return Ok((State::default(), State::default())) };
        let valid = Bound::end(self.state.valid);
        let before = before.min(valid);
        let (mut from, start) = self.reader(&list, before)?;
        let (mut last, end) = self.reader(&list, valid)?;
        let is_one_part = from.bytes.len() == last.bytes.len();
        let mut amounts = Amounts::of(columns, account);
        let damage = || self.damaged_list(&list);
        if is_one_part {
            let (mut state, mut end) = (None, start);
            amounts.for_each_before(&mut last, valid, damage, |entry, amount| {
                if state.is_none() && !entry.is_before(before) {
                    state = Some(end);
                }
                end.step(amount, entry.is_out());
            })?;
            return Ok((state.unwrap_or(end), end));
        }
        let (mut state, mut end) = (start, end);
        amounts.for_each_before(&mut from, before, damage, |entry, amount| state.step(amount, entry.is_out()))?;
        amounts.for_each_before(&mut last, valid, damage, |entry, amount| end.step(amount, entry.is_out()))?;
        Ok((state, end))
    }

    /// Calls `each` with the entries of a list from a moment on, as far as they hold. Breaks where it returns `false`.
    pub(crate) fn entries(
        &self,
        list: &Range<u64>,
        from: Bound,
        mut each: impl FnMut(Entry) -> Result<bool, LedgerError>,
    ) -> Result<(), LedgerError> {
        let valid = Bound::end(self.state.valid);
        let (reader, _) = self.reader(list, from)?;
        for entry in reader {
            let entry = entry.ok_or_else(|| self.damaged_list(list))?;
            if !entry.is_before(valid) || (!entry.is_before(from) && !each(entry)?) {
                break;
            }
        }
        Ok(())
    }

    pub(crate) fn damaged_list(&self, list: &Range<u64>) -> LedgerError {
        LedgerError::damaged("index postings", list.start, "the list that begins here is damaged")
    }

    /// Returns the stored balances of the lists, to be compared.
    pub(crate) fn checkpoints(&self) -> &[CheckpointRow] {
        self.checkpoints.all()
    }

    /// Returns the ranges of rows that have transfers of an asset, rising.
    pub(crate) fn ranges_of(&self, asset: u32) -> Result<&[u32], LedgerError> {
        let asset = u64::from(asset);
        if asset >= self.state.built.assets {
            return Ok(&[]);
        }
        let start = widen(read(&self.asset_directory, "index asset-directory", asset)?);
        let end = widen(read(&self.asset_directory, "index asset-directory", asset + 1)?);
        let ranges = self.asset_ranges.all().get(index(start)..index(end));
        ranges.ok_or_else(|| LedgerError::damaged("index asset-directory", asset, "its ranges are not stored"))
    }

    /// Returns where an asset's balance first was negative.
    pub(crate) fn backing(&self, asset: u32) -> Result<Option<(u64, u32)>, LedgerError> {
        if u64::from(asset) >= self.state.built.assets {
            return Ok(None);
        }
        let row = read(&self.backing, "index backing", u64::from(asset))?;
        let tx = widen(row.tx);
        Ok((tx < self.state.valid.txs).then_some((tx, row.account)))
    }
}

fn open<T: Pod>(dir: &Path, name: &str, len: u64) -> io::Result<Column<T>> {
    let named = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", dir.join(name).display()));
    Column::open(dir, name, len, false).map_err(named)
}
