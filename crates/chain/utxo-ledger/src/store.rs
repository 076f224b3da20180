//! The open store: opening, the index, reorganization. Look-ups are in `look_ups.rs`.

use crate::index::{Index, Overlay, index_dir};
use crate::manifest::{Counts, Manifest};
use holdfast_bitcoin::Network;
use holdfast_columns::{Checksums, checksums};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use crate::columns::{
    AddressRow, BlockRow, Columns, ExternalRow, NONE_U32, UNKNOWN_VALUE, address_hash, txid_hash,
};
pub use crate::error::LedgerError;
pub use crate::look_ups::{BlockInfo, OutputInfo, Source, TxFlags, TxInfo};

/// The store, open.
#[derive(Debug)]
pub struct Ledger {
    pub(crate) dir: PathBuf,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) columns: Columns,
    pub(crate) index: Option<Index>,
    pub(crate) overlay: Overlay,
    /// Up to where index and overlay together know the store.
    pub(crate) overlay_end: Counts,
    pub(crate) lock: Option<File>,
    /// Checksums of this revision, where the ledger has them.
    pub(crate) checksums: Option<Arc<Checksums>>,
    /// Why the checksums that are there cannot be used.
    pub(crate) checksums_fault: Option<String>,
}

/// Overlays larger than this are not built while opening for reading.
const MAX_TAIL: u32 = 4_000_000;

impl Ledger {
    /// Opens a store for writing, creating it for `network` when there is none. One process at a time.
    ///
    /// # Errors
    /// [`LedgerError`] when it is locked, damaged, or of another network.
    pub fn create_or_open(dir: &Path, network: Network) -> Result<Self, LedgerError> {
        let io = |e| LedgerError::Io(dir.to_owned(), e);
        std::fs::create_dir_all(dir).map_err(io)?;
        if !Manifest::path(dir).exists() {
            // The files first: a ledger that has a manifest can be read.
            Columns::open(dir, Counts::default(), true).map_err(io)?;
            Manifest::new(network, 0).write(dir).map_err(io)?;
        }
        let ledger = Self::open_for_writing(dir)?;
        if ledger.manifest.network != network {
            let stored = ledger.manifest.network;
            return Err(LedgerError::Network { path: dir.to_owned(), stored, requested: network });
        }
        Ok(ledger)
    }

    /// Opens an existing store for writing.
    ///
    /// # Errors
    /// As [`Ledger::create_or_open`], and [`LedgerError::Missing`] when there is no store.
    pub fn open_for_writing(dir: &Path) -> Result<Self, LedgerError> {
        if !Manifest::path(dir).exists() {
            return Err(LedgerError::Missing(dir.to_owned()));
        }
        let io = |e| LedgerError::Io(dir.to_owned(), e);
        let lock = holdfast_columns::lock(dir).map_err(io)?.ok_or_else(|| LedgerError::Locked(dir.to_owned()))?;
        let mut ledger = Self::load(dir, true)?;
        ledger.lock = Some(lock);
        ledger.remove_leftovers().map_err(io)?;
        let behind = ledger.manifest.counts.txs - ledger.indexed().txs;
        if behind > MAX_TAIL {
            ledger.rebuild_index(crate::append::AppendOptions::default().memory)?;
        } else {
            ledger.check_starts()?;
            ledger.rebuild_overlay();
        }
        Ok(ledger)
    }

    /// Opens an existing store for reading.
    ///
    /// # Errors
    /// [`LedgerError`] when it is missing, damaged, or its index lags too far behind.
    pub fn open(dir: &Path) -> Result<Self, LedgerError> {
        if !Manifest::path(dir).exists() {
            return Err(LedgerError::Missing(dir.to_owned()));
        }
        let mut ledger = Self::load(dir, false)?;
        let behind = ledger.manifest.counts.txs - ledger.indexed().txs;
        if behind > MAX_TAIL {
            return Err(LedgerError::NotIndexed(dir.to_owned(), behind));
        }
        ledger.check_starts()?;
        ledger.rebuild_overlay();
        Ok(ledger)
    }

    pub(crate) fn load(dir: &Path, write: bool) -> Result<Self, LedgerError> {
        let io = |e| LedgerError::Io(dir.to_owned(), e);
        let manifest = Manifest::read(dir).map_err(|e| LedgerError::Manifest(Manifest::path(dir), e))?;
        let columns = Columns::open(dir, manifest.counts, write).map_err(io)?;
        let index = manifest.index.map(|state| Index::open(dir, state)).transpose().map_err(io)?;
        // Damaged checksums are a finding of a check, and no reason not to read what they are of.
        let (checksums, checksums_fault) = match Checksums::read(dir, manifest.revision) {
            Ok(checksums) => (checksums, None),
            Err(e) => (None, Some(format!("checksums: {e}; `holdfast ledger check --write` makes them anew"))),
        };
        let empty = manifest.counts == Counts::default();
        let mut ledger = Ledger {
            dir: dir.to_owned(),
            columns,
            index,
            overlay: Overlay::default(),
            overlay_end: Counts::default(),
            lock: None,
            checksums_fault,
            // An empty ledger begins with checksums of nothing.
            checksums: if empty { Some(Checksums::default()) } else { checksums }.map(Arc::new),
            manifest: Arc::new(manifest),
        };
        if ledger.manifest.overwritten.is_none() {
            let overwritten = ledger.scan_overwritten(false);
            ledger.manifest_mut().overwritten = Some(overwritten);
        }
        Ok(ledger)
    }

    /// Returns the ledger as it is now, for reading only. It costs handles and counts, and stays valid while this ledger is appended to and
    /// reorganized.
    #[must_use]
    pub fn snapshot(&self) -> Ledger {
        Ledger {
            dir: self.dir.clone(),
            manifest: self.manifest.clone(),
            columns: self.columns.snapshot(),
            index: self.index.as_ref().map(Index::snapshot),
            overlay: self.overlay.clone(),
            overlay_end: self.overlay_end,
            lock: None,
            checksums: self.checksums.clone(),
            checksums_fault: self.checksums_fault.clone(),
        }
    }

    /// Returns the manifest, to change it; snapshots have their own.
    pub(crate) fn manifest_mut(&mut self) -> &mut Manifest {
        Arc::make_mut(&mut self.manifest)
    }

    /// Removes what a kill left behind: indices and checksums that no manifest names.
    fn remove_leftovers(&self) -> io::Result<()> {
        let current = self.manifest.index.map(|i| index_dir(&self.dir, i.number));
        for entry in std::fs::read_dir(&self.dir)? {
            let path = entry?.path();
            let is_index = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("index-"));
            if is_index && Some(&path) != current.as_ref() {
                std::fs::remove_dir_all(&path)?;
            }
        }
        checksums::remove_others(&self.dir, self.manifest.revision)
    }

    pub(crate) fn indexed(&self) -> Counts {
        self.manifest.index.map(|i| i.valid).unwrap_or_default()
    }

    pub(crate) fn rebuild_overlay(&mut self) {
        self.overlay = Overlay::default();
        self.overlay.extend(&self.columns, self.indexed(), self.manifest.counts, self.manifest.seed);
        self.overlay_end = self.manifest.counts;
    }

    pub(crate) fn io(&self, e: io::Error) -> LedgerError {
        LedgerError::Io(self.dir.clone(), e)
    }

    /// Builds the index over everything stored. `memory` bounds its working memory, in bytes.
    ///
    /// # Errors
    /// [`LedgerError::Io`] when the system refuses, [`LedgerError::ReadOnly`] when the ledger is not open for writing.
    pub fn rebuild_index(&mut self, memory: usize) -> Result<(), LedgerError> {
        if self.lock.is_none() {
            return Err(LedgerError::ReadOnly);
        }
        let number = self.manifest.index.map_or(1, |i| i.number + 1);
        let counts = self.manifest.counts;
        let state = Index::build(&self.dir, number, &self.columns, counts, self.manifest.seed, memory / 2)
            .map_err(|e| self.io(e))?;
        let checksums = self.write_checksums_for(counts)?;
        let manifest = self.manifest_mut();
        let old = manifest.index.replace(state);
        manifest.revision += 1;
        self.manifest.write(&self.dir).map_err(|e| self.io(e))?;
        self.take_checksums(checksums);
        self.index = Some(Index::open(&self.dir, state).map_err(|e| self.io(e))?);
        self.overlay = Overlay::default();
        self.overlay_end = counts;
        if let Some(old) = old {
            let _ = std::fs::remove_dir_all(index_dir(&self.dir, old.number));
        }
        Ok(())
    }

    /// Removes all blocks from `height` up (a reorganization). Committed before it returns.
    ///
    /// # Errors
    /// [`LedgerError::Io`] when the system refuses, [`LedgerError::ReadOnly`] when the ledger is not open for writing.
    pub fn truncate(&mut self, height: u32) -> Result<u32, LedgerError> {
        if self.lock.is_none() {
            return Err(LedgerError::ReadOnly);
        }
        let keep = self.columns.block.all().partition_point(|b| b.height < height) as u32;
        let removed = self.manifest.counts.blocks - keep;
        if removed == 0 {
            return Ok(0);
        }
        let counts = match keep {
            0 => Counts::default(),
            keep => self.counts_until(keep - 1),
        };
        self.columns.detach(counts).map_err(|e| self.io(e))?;
        let checksums = self.write_checksums_for(counts)?;
        let manifest = self.manifest_mut();
        manifest.counts = counts;
        if let Some(overwritten) = &mut manifest.overwritten {
            overwritten.retain(|o| o.by < counts.txs);
        }
        if let Some(index) = &mut manifest.index {
            index.valid = index.valid.min(counts);
        }
        manifest.revision += 1;
        self.manifest.write(&self.dir).map_err(|e| self.io(e))?;
        self.take_checksums(checksums);
        self.columns.commit(counts).map_err(|e| self.io(e))?;
        if let (Some(index), Some(state)) = (&mut self.index, self.manifest.index) {
            index.state = state;
        }
        if self.overlay_end.txs > counts.txs {
            self.overlay.truncate(&self.columns, counts, self.manifest.seed);
            self.overlay_end = counts;
        } else {
            self.rebuild_overlay();
        }
        Ok(removed)
    }

    /// Returns the folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}
