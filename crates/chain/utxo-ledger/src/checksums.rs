//! Checksums of the columns by ranges of bytes, written at every commit beside the manifest: a value that changed on the disk is found, and
//! named by its blocks. Each file belongs to one revision of the manifest, so that a kill at any moment leaves a pair that fits.
//!
//! Ledgers of earlier versions have none; `holdfast ledger check --write` gives them some.

use crate::manifest::Counts;
use crate::store::{Columns, Ledger, LedgerError};
use holdfast_columns::{Changed, Checksums, ColumnFile};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

pub use holdfast_columns::checksums::path;

/// Returns the columns by the names of their files, each with its number of values.
fn files(columns: &Columns, counts: Counts) -> [ColumnFile<'_>; 10] {
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

impl Ledger {
    /// Writes the checksums of the next revision, before its manifest, over columns that are written but not committed yet.
    pub(crate) fn write_checksums_for(&self, counts: Counts) -> Result<Option<Checksums>, LedgerError> {
        let Some(old) = &self.checksums else { return Ok(None) };
        let new = match old.moved_to(&files(&self.columns, counts)).map_err(|e| self.io(e))? {
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

    /// Gives a ledger of an earlier version checksums of what it holds now: check it before.
    ///
    /// # Errors
    /// [`LedgerError::ReadOnly`] when the ledger is not open for writing, [`LedgerError::Io`] when the system refuses.
    pub fn write_checksums(&mut self) -> Result<u64, LedgerError> {
        if self.lock.is_none() {
            return Err(LedgerError::ReadOnly);
        }
        let none = Checksums::default();
        let new = match none.moved_to(&files(&self.columns, self.counts())).map_err(|e| self.io(e))? {
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
        let compared = known.compare(&files(&self.columns, self.counts())).map_err(|e| self.io(e))?;
        let lengths = compared.lengths.iter();
        let mut problems: Vec<String> =
            lengths.map(|(name, of, has)| format!("{name}: its checksums are of {of} bytes, it has {has}")).collect();
        problems.extend(compared.changed.iter().map(|changed| self.changed_words(changed)));
        Ok((Some(compared.ranges), problems))
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
