//! The open ledger: opening, the index, reorganization. Look-ups are in `look_ups.rs` and `balances.rs`.

use crate::columns::{Columns, Shape};
use crate::error::{LedgerError, REPAIR};
use crate::index::{Index, build::Source, index_dir};
use crate::manifest::{Chosen, Counts, Manifest, Settings};
use crate::overlay::Overlay;
use crate::postings::{Bound, State};
use holdfast_columns::{Changed, Checksums, checksums};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The ledger of an account chain, open.
#[derive(Debug)]
pub struct Ledger {
    pub(crate) dir: PathBuf,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) columns: Columns,
    pub(crate) index: Option<Index>,
    pub(crate) overlay: Overlay,
    /// Up to where index and overlay together know the ledger.
    pub(crate) overlay_end: Counts,
    lock: Option<File>,
    /// Checksums of this revision.
    pub(crate) checksums: Option<Arc<Checksums>>,
    /// Why there are none.
    pub(crate) checksums_fault: Option<String>,
}

/// Overlays of more transactions and transfers than this are not built: the index is.
pub(crate) const MAX_TAIL: u64 = 8_000_000;

impl Ledger {
    /// Opens a ledger for writing, creating it when there is none. One process at a time. A finality other than the stored one is taken over.
    ///
    /// # Errors
    /// [`LedgerError`] when it is locked, damaged, of another chain or of other assets.
    pub fn create_or_open(dir: &Path, settings: &Settings) -> Result<Self, LedgerError> {
        let io = |e| LedgerError::Io(dir.to_owned(), e);
        std::fs::create_dir_all(dir).map_err(io)?;
        if !Manifest::path(dir).exists() {
            if Chosen::of(&settings.assets).is_none() {
                return Err(LedgerError::Block { height: 0, why: "a chosen contract is no account".into() });
            }
            // The files first: a ledger that has a manifest can be read.
            Columns::open(dir, Shape::of(settings), Counts::default(), true).map_err(io)?;
            Manifest::new(settings.clone()).write(dir).map_err(io)?;
        }
        let mut ledger = Self::open_for_writing(dir)?;
        let stored = &ledger.manifest.settings;
        if stored.chain != settings.chain || stored.assets != settings.assets {
            let (stored, requested) = (stored.holding(), settings.holding());
            return Err(LedgerError::Settings { path: dir.to_owned(), stored, requested });
        }
        if stored.finality_blocks != settings.finality_blocks {
            ledger.manifest_mut().settings.finality_blocks = settings.finality_blocks;
            ledger.commit(ledger.manifest.counts)?;
        }
        Ok(ledger)
    }

    /// Opens an existing ledger for writing.
    ///
    /// # Errors
    /// As [`Ledger::create_or_open`], and [`LedgerError::Missing`].
    pub fn open_for_writing(dir: &Path) -> Result<Self, LedgerError> {
        if !Manifest::path(dir).exists() {
            return Err(LedgerError::Missing(dir.to_owned()));
        }
        let io = |e| LedgerError::Io(dir.to_owned(), e);
        let lock = holdfast_columns::lock(dir).map_err(io)?.ok_or_else(|| LedgerError::Locked(dir.to_owned()))?;
        let mut ledger = Self::load(dir, true)?;
        ledger.lock = Some(lock);
        ledger.remove_leftovers().map_err(io)?;
        if ledger.behind() > MAX_TAIL {
            ledger.rebuild_index(crate::AppendOptions::default().memory)?;
        } else {
            ledger.rebuild_overlay()?;
        }
        Ok(ledger)
    }

    /// Opens an existing ledger for reading.
    ///
    /// # Errors
    /// [`LedgerError`] when it is missing, damaged, or its index lags too far behind.
    pub fn open(dir: &Path) -> Result<Self, LedgerError> {
        if !Manifest::path(dir).exists() {
            return Err(LedgerError::Missing(dir.to_owned()));
        }
        let mut ledger = Self::load(dir, false)?;
        match ledger.behind() {
            behind if behind > MAX_TAIL => return Err(LedgerError::NotIndexed(dir.to_owned(), behind)),
            _ => ledger.rebuild_overlay()?,
        }
        Ok(ledger)
    }

    pub(crate) fn load(dir: &Path, write: bool) -> Result<Self, LedgerError> {
        let io = |e| LedgerError::Io(dir.to_owned(), e);
        let manifest = Manifest::read(dir)?;
        let counts = manifest.counts;
        let columns = Columns::open(dir, Shape::of(&manifest.settings), counts, write).map_err(io)?;
        let index = manifest.index.map(|state| Index::open(dir, state)).transpose().map_err(io)?;
        // Damaged checksums are a finding of a check, and no reason not to read what they are of.
        let (checksums, checksums_fault) = match Checksums::read(dir, manifest.revision) {
            Ok(Some(checksums)) => (Some(checksums), None),
            // An empty ledger begins with checksums of nothing.
            Ok(None) if counts == Counts::default() => (Some(Checksums::default()), None),
            Ok(None) => (None, Some("the checksums are missing".to_owned())),
            Err(e) => (None, Some(e.to_string())),
        };
        Ok(Ledger {
            dir: dir.to_owned(),
            manifest: Arc::new(manifest),
            columns,
            index,
            overlay: Overlay::default(),
            overlay_end: Counts::default(),
            lock: None,
            checksums: checksums.map(Arc::new),
            checksums_fault,
        })
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

    /// Returns the manifest, to change it; snapshots hold theirs.
    pub(crate) fn manifest_mut(&mut self) -> &mut Manifest {
        Arc::make_mut(&mut self.manifest)
    }

    pub(crate) fn require_writing(&self) -> Result<(), LedgerError> {
        if self.lock.is_some() { Ok(()) } else { Err(LedgerError::ReadOnly) }
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

    /// What the index holds and still is true.
    pub(crate) fn indexed(&self) -> Counts {
        self.manifest.index.map(|i| i.valid).unwrap_or_default()
    }

    /// Transactions and transfers that are not indexed.
    pub(crate) fn behind(&self) -> u64 {
        self.manifest.counts.weight() - self.indexed().weight()
    }

    pub(crate) fn io(&self, e: io::Error) -> LedgerError {
        LedgerError::Io(self.dir.clone(), e)
    }

    /// Returns whether the ledger holds the chain from its first block.
    pub(crate) fn is_complete(&self) -> bool {
        self.manifest.first.as_ref().is_none_or(|(height, _)| *height == 0)
    }

    /// Builds the overlay anew, from where the index ends.
    pub(crate) fn rebuild_overlay(&mut self) -> Result<(), LedgerError> {
        self.overlay = Overlay::default();
        self.overlay_end = self.indexed();
        self.extend_overlay()
    }

    /// Extends the overlay to what is committed.
    pub(crate) fn extend_overlay(&mut self) -> Result<(), LedgerError> {
        let (from, to, seed) = (self.overlay_end, self.manifest.counts, self.manifest.seed);
        if from != to {
            let before = Self::indexed_state(self.index.as_ref(), &self.columns);
            let before: Option<&dyn Fn(u32, u32) -> Result<State, LedgerError>> = self.is_complete().then_some(&before);
            let mut overlay = self.overlay.clone();
            overlay.extend(&self.columns, (from, to), seed, before)?;
            self.overlay = overlay;
            self.overlay_end = to;
        }
        Ok(())
    }

    /// Returns what gives balances as the index alone knows them.
    fn indexed_state<'a>(
        index: Option<&'a Index>,
        columns: &'a Columns,
    ) -> impl Fn(u32, u32) -> Result<State, LedgerError> + 'a {
        move |account, asset| match index {
            Some(index) => index.state(columns, account, asset, Bound::end(index.state.valid)),
            None => Ok(State::default()),
        }
    }

    /// Builds the index over everything stored, using about `memory` bytes.
    ///
    /// # Errors
    /// [`LedgerError::Io`], [`LedgerError::ReadOnly`], and [`LedgerError::Damaged`].
    pub fn rebuild_index(&mut self, memory: usize) -> Result<(), LedgerError> {
        self.require_writing()?;
        let number = self.manifest.index.map_or(1, |i| i.number + 1);
        let counts = self.manifest.counts;
        let source = Source {
            ledger: &self.dir,
            columns: &self.columns,
            counts,
            seed: self.manifest.seed,
            complete: self.is_complete(),
        };
        let state = Index::build(source, number, memory / 2)?;
        let old = self.manifest_mut().index.replace(state);
        self.commit(counts)?;
        self.index = Some(Index::open(&self.dir, state).map_err(|e| self.io(e))?);
        self.overlay = Overlay::default();
        self.overlay_end = counts;
        if let Some(old) = old {
            let _ = std::fs::remove_dir_all(index_dir(&self.dir, old.number));
        }
        Ok(())
    }

    /// Commits what was written up to `counts`: checksums, then the manifest with the next revision.
    pub(crate) fn commit(&mut self, counts: Counts) -> Result<(), LedgerError> {
        let checksums = match &self.checksums {
            None => None,
            Some(old) => {
                let new = old.moved_to(&self.columns.files(counts)).map_err(|e| self.io(e))?;
                let new = new.map_err(|changed| self.changed(&changed))?;
                new.write(&self.dir, self.manifest.revision + 1).map_err(|e| self.io(e))?;
                Some(Arc::new(new))
            }
        };
        let manifest = self.manifest_mut();
        manifest.counts = counts;
        manifest.revision += 1;
        self.manifest.write(&self.dir).map_err(|e| self.io(e))?;
        self.checksums = checksums;
        let _ = std::fs::remove_file(checksums::path(&self.dir, self.manifest.revision - 1));
        self.columns.commit(counts).map_err(|e| self.io(e))
    }

    /// Removes all blocks from `height` up (a reorganization). Committed before it returns. Returns how many were removed.
    ///
    /// # Errors
    /// [`LedgerError::Final`] when a block is final by the ledger's policy, [`LedgerError::Io`], [`LedgerError::ReadOnly`].
    pub fn truncate(&mut self, height: u64) -> Result<u64, LedgerError> {
        if let (Some(tip), Some(last_final)) = (self.tip()?, self.final_height())
            && height <= last_final
        {
            let finality = self.manifest.settings.finality_blocks;
            return Err(LedgerError::Final { height, tip: tip.height, finality });
        }
        self.truncate_final(height)
    }

    /// Removes all blocks from `height` up, final ones too: for a chain that broke its own rule, or a ledger that is to be made anew.
    ///
    /// # Errors
    /// [`LedgerError::Io`], [`LedgerError::ReadOnly`], and [`LedgerError::Damaged`].
    pub fn truncate_final(&mut self, height: u64) -> Result<u64, LedgerError> {
        self.require_writing()?;
        let Some((first, _)) = self.manifest.first else { return Ok(0) };
        let stay = height.saturating_sub(first).min(self.manifest.counts.blocks);
        let removed = self.manifest.counts.blocks - stay;
        if removed == 0 {
            return Ok(0);
        }
        let counts = self.counts_until(stay)?;
        self.columns.detach(counts).map_err(|e| self.io(e))?;
        let manifest = self.manifest_mut();
        if let Some(index) = &mut manifest.index {
            index.valid = index.valid.min(counts);
        }
        if stay == 0 {
            manifest.first = None;
        }
        self.commit(counts)?;
        if let (Some(index), Some(state)) = (&mut self.index, self.manifest.index) {
            index.state = state;
        }
        if self.overlay_end.blocks > counts.blocks && self.indexed().blocks < counts.blocks {
            let mut overlay = self.overlay.clone();
            let before = Self::indexed_state(self.index.as_ref(), &self.columns);
            let before: Option<&dyn Fn(u32, u32) -> Result<State, LedgerError>> = self.is_complete().then_some(&before);
            overlay.truncate(&self.columns, counts, self.manifest.seed, before)?;
            self.overlay = overlay;
            self.overlay_end = counts;
        } else {
            self.rebuild_overlay()?;
        }
        Ok(removed)
    }

    /// Returns what the first blocks hold.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn counts_until(&self, blocks: u64) -> Result<Counts, LedgerError> {
        if blocks == 0 {
            return Ok(Counts::default());
        }
        if blocks == self.manifest.counts.blocks {
            return Ok(self.manifest.counts);
        }
        let row = crate::columns::read(&self.columns.block, "blocks", blocks)?;
        Ok(Counts {
            blocks,
            txs: row.first_tx,
            transfers: row.first_transfer,
            wide: row.first_wide,
            accounts: u64::from(row.first_account),
            assets: u64::from(row.first_asset),
        })
    }

    /// Returns whether every file is still as long as what is mapped of it: a file that something else cut off would end the process when it is read.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] names the file.
    pub fn check_lengths(&self) -> Result<(), LedgerError> {
        for (file, column, _) in self.columns.files(self.manifest.counts) {
            let (len, needed) = (column.file_len().map_err(|e| self.io(e))?, column.committed());
            if len < needed {
                return Err(LedgerError::damaged(
                    file,
                    len / column.width(),
                    format!("cut off: {len} of {needed} bytes"),
                ));
            }
        }
        match self.index.as_ref().map(Index::cut_off).transpose().map_err(|e| self.io(e))?.flatten() {
            None => Ok(()),
            Some(file) => Err(LedgerError::damaged(file, 0, "cut off")),
        }
    }

    /// Names a range of a column that is not what was written.
    pub(crate) fn changed(&self, changed: &Changed) -> LedgerError {
        let width = match changed.column {
            "accounts" => self.columns.shape.account_bytes,
            _ => changed.width,
        };
        let (first, end) = (changed.bytes.start / width, changed.bytes.end.div_ceil(width));
        LedgerError::damaged(changed.column, first, format!("rows {first} to {} are not what was written", end - 1))
    }

    /// Compares a ledger's columns with their checksums without building anything of them, so that a damaged ledger, which does not open, can
    /// name what is damaged.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn damage(dir: &Path) -> Result<Vec<String>, LedgerError> {
        if !Manifest::path(dir).exists() {
            return Err(LedgerError::Missing(dir.to_owned()));
        }
        Ok(Ledger::load(dir, false)?.check_checksums()?.1.iter().map(|d| format!("{d}; {REPAIR}")).collect())
    }

    /// Returns the folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns what the ledger is made for.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.manifest.settings
    }

    /// Returns how much is stored.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.manifest.counts
    }

    /// Rises with every commit.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.manifest.revision
    }
}
