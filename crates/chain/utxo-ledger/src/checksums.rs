//! Checksums of the columns by ranges of bytes, written at every commit beside the manifest: a value that changed on the disk is found, and
//! named by its blocks. Each file belongs to one revision of the manifest, so that a kill at any moment leaves a pair that fits.
//!
//! Ledgers of earlier versions have none; `holdfast ledger check --write` gives them some.

use crate::column::Column;
use crate::manifest::Counts;
use crate::store::{Columns, Ledger, LedgerError};
use bytemuck::Pod;
use holdfast_bitcoin::hash::sha256;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3Default;

/// Bytes that one checksum covers.
const RANGE: u64 = 1 << 20;
const PREFIX: &str = "checksums-";

/// A column as bytes.
trait Bytes {
    fn sum(&self, range: Range<u64>) -> io::Result<String>;
    fn width(&self) -> u64;
    fn file_len(&self) -> io::Result<u64>;
    fn committed(&self) -> u64;
}

impl<T: Pod> Bytes for Column<T> {
    fn sum(&self, range: Range<u64>) -> io::Result<String> {
        let mut hasher = Xxh3Default::new();
        self.read_bytes(range, |bytes| hasher.update(bytes))?;
        Ok(format!("{:032x}", hasher.digest128()))
    }

    fn width(&self) -> u64 {
        size_of::<T>() as u64
    }

    fn file_len(&self) -> io::Result<u64> {
        self.file_bytes()
    }

    fn committed(&self) -> u64 {
        self.len() * size_of::<T>() as u64
    }
}

/// Returns the columns by the names of their files, each with its number of values.
fn files(columns: &Columns, counts: Counts) -> [(&'static str, &dyn Bytes, u64); 10] {
    let txs = u64::from(counts.txs);
    [
        ("blocks", &columns.block, u64::from(counts.blocks)),
        ("tx.id", &columns.txid, txs),
        ("tx.first-output", &columns.tx_first_output, txs),
        ("tx.first-input", &columns.tx_first_input, txs),
        ("tx.meta", &columns.tx_meta, txs),
        ("output.value", &columns.value, counts.outputs),
        ("output.address", &columns.output_address, counts.outputs),
        ("input.prev", &columns.prev, counts.inputs),
        ("externals", &columns.external, counts.externals),
        ("addresses", &columns.address, u64::from(counts.addresses)),
    ]
}

/// What the user can do about a damaged column.
const REPAIR: &str = "restore the ledger from a backup (`holdfast restore`), or ingest it again from the node's files";

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sums {
    bytes: u64,
    /// XXH3 (128 bits) of each range, in order; the last may be shorter.
    sums: Vec<String>,
}

/// The checksums of one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksums {
    columns: BTreeMap<String, Sums>,
}

/// A range of a column that is not what was written.
#[derive(Debug)]
struct Changed {
    column: &'static str,
    bytes: Range<u64>,
    width: u64,
}

/// Name of the file of a revision.
#[must_use]
pub fn path(dir: &Path, revision: u64) -> PathBuf {
    dir.join(format!("{PREFIX}{revision}"))
}

impl Checksums {
    /// Reads the checksums of a revision; none where there is no file.
    ///
    /// # Errors
    /// When the file is damaged, or the system refuses.
    pub fn read(dir: &Path, revision: u64) -> io::Result<Option<Self>> {
        let path = path(dir, revision);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        let damaged = || io::Error::new(ErrorKind::InvalidData, format!("{} is damaged", path.display()));
        let (sum, json) = text.split_once('\n').ok_or_else(damaged)?;
        if hex::encode(sha256(json.as_bytes())) != sum {
            return Err(damaged());
        }
        serde_json::from_str(json).map(Some).map_err(|_| damaged())
    }

    fn write(&self, dir: &Path, revision: u64) -> io::Result<()> {
        let json = serde_json::to_string(self)?;
        let mut file = File::create(path(dir, revision))?;
        write!(file, "{}\n{json}", hex::encode(sha256(json.as_bytes())))?;
        file.sync_all()
    }

    /// Returns the checksums for other lengths of the columns. What changes its range is compared with the old checksum first, so that damage is
    /// never taken for what was written.
    fn moved_to(&self, columns: &Columns, counts: Counts) -> io::Result<Result<Self, Changed>> {
        let mut moved = Checksums::default();
        for (name, column, values) in files(columns, counts) {
            let old = self.columns.get(name).cloned().unwrap_or_default();
            let bytes = values * column.width();
            // Ranges that are whole in both stay as they are.
            let whole = old.bytes.min(bytes) / RANGE;
            let mut sums = old.sums.get(..whole as usize).unwrap_or(&[]).to_vec();
            let touched = whole * RANGE..old.bytes.min((whole + 1) * RANGE);
            if old.bytes == bytes {
                moved.columns.insert(name.to_owned(), old);
                continue;
            }
            if touched.start < touched.end && old.sums.get(whole as usize) != Some(&column.sum(touched.clone())?) {
                return Ok(Err(Changed { column: name, bytes: touched, width: column.width() }));
            }
            let mut at = whole * RANGE;
            while at < bytes {
                let end = (at + RANGE).min(bytes);
                sums.push(column.sum(at..end)?);
                at = end;
            }
            moved.columns.insert(name.to_owned(), Sums { bytes, sums });
        }
        Ok(Ok(moved))
    }

    fn number(&self) -> u64 {
        self.columns.values().map(|c| c.sums.len() as u64).sum()
    }
}

impl Ledger {
    /// Writes the checksums of the next revision, before its manifest, over columns that are written but not committed yet.
    pub(crate) fn write_checksums_for(&self, counts: Counts) -> Result<Option<Checksums>, LedgerError> {
        let Some(old) = &self.checksums else { return Ok(None) };
        let new = match old.moved_to(&self.columns, counts).map_err(|e| self.io(e))? {
            Ok(new) => new,
            Err(changed) => return Err(LedgerError::Damaged(self.changed_words(&changed))),
        };
        new.write(&self.dir, self.manifest.revision + 1).map_err(|e| self.io(e))?;
        Ok(Some(new))
    }

    /// Takes the written checksums over, once the manifest of their revision is written.
    pub(crate) fn take_checksums(&mut self, new: Option<Checksums>) {
        self.checksums = new.map(Arc::new);
        if let Some(old) = self.manifest.revision.checked_sub(1) {
            let _ = std::fs::remove_file(path(&self.dir, old));
        }
    }

    /// Removes checksums that no manifest names.
    pub(crate) fn remove_foreign_checksums(&self) -> io::Result<()> {
        let current = path(&self.dir, self.manifest.revision);
        for entry in std::fs::read_dir(&self.dir)? {
            let path = entry?.path();
            let is_one = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(PREFIX));
            if is_one && path != current {
                std::fs::remove_file(&path)?;
            }
        }
        Ok(())
    }

    /// Gives a ledger of an earlier version checksums of what it holds now: check it before.
    ///
    /// # Errors
    /// [`LedgerError::ReadOnly`], [`LedgerError::Io`].
    pub fn write_checksums(&mut self) -> Result<u64, LedgerError> {
        if self.lock.is_none() {
            return Err(LedgerError::ReadOnly);
        }
        let none = Checksums::default();
        let new = match none.moved_to(&self.columns, self.counts()).map_err(|e| self.io(e))? {
            Ok(new) => new,
            Err(changed) => return Err(LedgerError::Damaged(self.changed_words(&changed))),
        };
        new.write(&self.dir, self.manifest.revision).map_err(|e| self.io(e))?;
        File::open(&self.dir).and_then(|d| d.sync_all()).map_err(|e| self.io(e))?;
        let number = new.number();
        self.checksums = Some(Arc::new(new));
        self.checksums_fault = None;
        Ok(number)
    }

    /// Compares every range with its checksum; gives the number of ranges, none when there are no checksums, and what was changed.
    pub(crate) fn check_checksums(&self) -> Result<(Option<u64>, Vec<String>), LedgerError> {
        let Some(known) = &self.checksums else { return Ok((None, self.checksums_fault.iter().cloned().collect())) };
        let (mut compared, mut problems) = (0, Vec::new());
        for (column, file, values) in files(&self.columns, self.counts()) {
            let sums = known.columns.get(column).cloned().unwrap_or_default();
            if sums.bytes != values * file.width() {
                problems.push(format!(
                    "{column}: its checksums are of {} bytes, it has {}",
                    sums.bytes,
                    values * file.width()
                ));
                continue;
            }
            for (i, sum) in sums.sums.iter().enumerate() {
                let bytes = i as u64 * RANGE..((i as u64 + 1) * RANGE).min(sums.bytes);
                compared += 1;
                if file.sum(bytes.clone()).map_err(|e| self.io(e))? != *sum {
                    problems.push(self.changed_words(&Changed { column, bytes, width: file.width() }));
                }
            }
        }
        Ok((Some(compared), problems))
    }

    /// Compares a store's columns with their checksums without building anything of them, so that a damaged store, which does not open, can
    /// say what is damaged. Gives the number of ranges, none when there are no checksums, and what was changed.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn damage(dir: &Path) -> Result<(Option<u64>, Vec<String>), LedgerError> {
        if !crate::manifest::Manifest::path(dir).exists() {
            return Err(LedgerError::Missing(dir.to_owned()));
        }
        Ledger::load(dir, false)?.check_checksums()
    }

    /// Returns whether the numbers by which newer transactions are looked up lie within their columns.
    pub(crate) fn check_starts(&self) -> Result<(), LedgerError> {
        let counts = self.counts();
        for tx in self.indexed().txs..counts.txs {
            let (inputs, outputs) = (self.columns.inputs_of(tx, counts), self.columns.outputs_of(tx, counts));
            if inputs.start > inputs.end
                || inputs.end > counts.inputs
                || outputs.start > outputs.end
                || outputs.end > counts.outputs
            {
                return Err(LedgerError::Damaged(format!(
                    "{}: transaction {tx} begins where there is nothing; run `holdfast ledger check`, which names what is damaged, then {REPAIR}",
                    self.dir.display()
                )));
            }
        }
        Ok(())
    }

    fn changed_words(&self, changed: &Changed) -> String {
        let Changed { column, bytes, width } = changed;
        let values = bytes.start / width..bytes.end.div_ceil(*width);
        let blocks = self.columns.block.all();
        let at = |value: u64| {
            blocks.partition_point(|b| {
                let first = match *column {
                    "blocks" => return false,
                    "tx.id" | "tx.first-output" | "tx.first-input" | "tx.meta" => u64::from(b.first_tx),
                    "output.value" | "output.address" => b.first_output,
                    "input.prev" => b.first_input,
                    "externals" => b.first_external,
                    _ => u64::from(b.first_address),
                };
                first <= value
            })
        };
        let (first, last) = match *column {
            "blocks" => (values.start, values.end.saturating_sub(1)),
            _ => (at(values.start).saturating_sub(1) as u64, at(values.end.saturating_sub(1)).saturating_sub(1) as u64),
        };
        format!(
            "column {column}: values {} to {} (blocks {first} to {last}) are not what was written: {REPAIR}",
            values.start,
            values.end.saturating_sub(1)
        )
    }

    /// Returns whether every file is still as long as what is mapped of it: a file that something else cut off would end the process when it is read.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] names the file.
    pub fn check_lengths(&self) -> Result<(), LedgerError> {
        for (name, column, _) in files(&self.columns, self.counts()) {
            let (len, needed) = (column.file_len().map_err(|e| self.io(e))?, column.committed());
            if len < needed {
                return Err(LedgerError::Damaged(format!(
                    "{}: has {len} bytes where {needed} are in use; something cut it off: {REPAIR}",
                    self.dir.join(name).display()
                )));
            }
        }
        let Some(index) = &self.index else { return Ok(()) };
        match index.cut_off().map_err(|e| self.io(e))? {
            None => Ok(()),
            Some(name) => Err(LedgerError::Damaged(format!(
                "{}: the index file {name} was cut off; run `holdfast ledger index`",
                self.dir.display()
            ))),
        }
    }
}
