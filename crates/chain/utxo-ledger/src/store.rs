//! The open store: columns, look-ups and reorganization.

use crate::checksums::Checksums;
use crate::column::{Column, U40};
use crate::index::{EXTERNAL_BIT, Index, Overlay, index_dir};
use crate::manifest::{Counts, Manifest, ManifestError};
use bytemuck::{Pod, Zeroable};
use holdfast_bitcoin::files::FilesError;
use holdfast_bitcoin::{AddressKey, BlockError, Hash32, Header, Network, ScriptClass, display_hash};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// "None" in columns of 32-bit numbers.
pub const NONE_U32: u32 = u32::MAX;
/// "Unknown" in columns of amounts.
pub const UNKNOWN_VALUE: u64 = u64::MAX;

/// A stored address: an [`AddressKey`]'s fixed form.
pub type AddressRow = [u8; AddressKey::LEN];

/// A stored block.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, packed)]
pub struct BlockRow {
    pub(crate) header: [u8; 80],
    pub(crate) hash: Hash32,
    pub(crate) height: u32,
    pub(crate) first_tx: u32,
    pub(crate) first_output: u64,
    pub(crate) first_input: u64,
    pub(crate) first_external: u64,
    pub(crate) first_address: u32,
    pub(crate) source: u32,
    pub(crate) offset: u64,
    pub(crate) len: u32,
    pub(crate) reserved: u32,
}

/// An output that a stored input spends but whose transaction is not stored.
#[derive(Clone, Copy, Debug, Pod, Zeroable, PartialEq, Eq)]
#[repr(C, packed)]
pub struct ExternalRow {
    /// Funding transaction.
    pub txid: Hash32,
    /// Output index in it.
    pub vout: u32,
    /// Base units, or [`UNKNOWN_VALUE`].
    pub value: u64,
    /// Address number, or [`NONE_U32`].
    pub address: u32,
}

/// All columns.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Columns {
    pub block: Column<BlockRow>,
    pub txid: Column<Hash32>,
    pub tx_first_output: Column<U40>,
    pub tx_first_input: Column<U40>,
    pub tx_meta: Column<u32>,
    pub value: Column<u64>,
    pub output_address: Column<u32>,
    pub prev: Column<U40>,
    pub external: Column<ExternalRow>,
    pub address: Column<AddressRow>,
}

impl Columns {
    fn open(dir: &Path, counts: Counts, write: bool) -> io::Result<Self> {
        let txs = u64::from(counts.txs);
        Ok(Columns {
            block: Column::open(dir, "blocks", u64::from(counts.blocks), write)?,
            txid: Column::open(dir, "tx.id", txs, write)?,
            tx_first_output: Column::open(dir, "tx.first-output", txs, write)?,
            tx_first_input: Column::open(dir, "tx.first-input", txs, write)?,
            tx_meta: Column::open(dir, "tx.meta", txs, write)?,
            value: Column::open(dir, "output.value", counts.outputs, write)?,
            output_address: Column::open(dir, "output.address", counts.outputs, write)?,
            prev: Column::open(dir, "input.prev", counts.inputs, write)?,
            external: Column::open(dir, "externals", counts.externals, write)?,
            address: Column::open(dir, "addresses", u64::from(counts.addresses), write)?,
        })
    }

    pub(crate) fn commit(&mut self, counts: Counts) -> io::Result<()> {
        let txs = u64::from(counts.txs);
        self.block.commit(u64::from(counts.blocks))?;
        self.txid.commit(txs)?;
        self.tx_first_output.commit(txs)?;
        self.tx_first_input.commit(txs)?;
        self.tx_meta.commit(txs)?;
        self.value.commit(counts.outputs)?;
        self.output_address.commit(counts.outputs)?;
        self.prev.commit(counts.inputs)?;
        self.external.commit(counts.externals)?;
        self.address.commit(u64::from(counts.addresses))
    }

    /// The columns as they are now, for as long as somebody holds them.
    fn snapshot(&self) -> Self {
        Columns {
            block: self.block.snapshot(),
            txid: self.txid.snapshot(),
            tx_first_output: self.tx_first_output.snapshot(),
            tx_first_input: self.tx_first_input.snapshot(),
            tx_meta: self.tx_meta.snapshot(),
            value: self.value.snapshot(),
            output_address: self.output_address.snapshot(),
            prev: self.prev.snapshot(),
            external: self.external.snapshot(),
            address: self.address.snapshot(),
        }
    }

    /// Gives snapshots their own copy of what lies beyond `counts`, which is about to be overwritten.
    fn detach(&self, counts: Counts) -> io::Result<()> {
        let txs = u64::from(counts.txs);
        self.block.detach(u64::from(counts.blocks))?;
        self.txid.detach(txs)?;
        self.tx_first_output.detach(txs)?;
        self.tx_first_input.detach(txs)?;
        self.tx_meta.detach(txs)?;
        self.value.detach(counts.outputs)?;
        self.output_address.detach(counts.outputs)?;
        self.prev.detach(counts.inputs)?;
        self.external.detach(counts.externals)?;
        self.address.detach(u64::from(counts.addresses))
    }

    /// Input numbers of a transaction.
    #[inline]
    pub fn inputs_of(&self, tx: u32, counts: Counts) -> Range<u64> {
        let starts = self.tx_first_input.all();
        let end = if tx + 1 < counts.txs { starts[tx as usize + 1].get() } else { counts.inputs };
        starts[tx as usize].get()..end
    }

    /// Output numbers of a transaction.
    #[inline]
    pub fn outputs_of(&self, tx: u32, counts: Counts) -> Range<u64> {
        let starts = self.tx_first_output.all();
        let end = if tx + 1 < counts.txs { starts[tx as usize + 1].get() } else { counts.outputs };
        starts[tx as usize].get()..end
    }
}

/// Places txids in the index. Txids are uniform already.
#[inline]
#[expect(clippy::missing_panics_doc, reason = "8 of 32 bytes")]
pub fn txid_hash(txid: &Hash32) -> u64 {
    u64::from_le_bytes(txid[..8].try_into().expect("fixed slice"))
}

/// Places addresses in the index.
#[inline]
pub fn address_hash(key: &AddressRow, seed: u64) -> u64 {
    xxh3_64_with_seed(key, seed)
}

/// Why a store does not open, or refuses a change.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The system refused.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// There is no store.
    #[error("{0}: no ledger here; make one with `holdfast ingest`")]
    Missing(PathBuf),
    /// Another process has the store open for writing.
    #[error("{0}: another process is writing this ledger; stop it, or ask it over HTTP")]
    Locked(PathBuf),
    /// The manifest does not read.
    #[error("{0}: {1}")]
    Manifest(PathBuf, #[source] ManifestError),
    /// The store holds another network's chain.
    #[error("{path}: this ledger holds network {stored}, not {asked}")]
    Network {
        /// The store.
        path: PathBuf,
        /// What it holds.
        stored: Network,
        /// What was asked.
        asked: Network,
    },
    /// The look-up files lag far behind the columns (an ingest was interrupted).
    #[error("{0}: {1} transactions are not indexed yet; run `holdfast ledger index`, or start the ingest again")]
    NotIndexed(PathBuf, u32),
    /// The blocks given do not follow the tip.
    #[error("block {height} ({hash}) does not follow the ledger's tip: {why}")]
    NotNext {
        /// Its height.
        height: u32,
        /// Its hash.
        hash: String,
        /// What does not fit.
        why: String,
    },
    /// A block is invalid.
    #[error("block at height {0}: {1}")]
    Block(u32, #[source] BlockError),
    /// An input spends what its chain does not allow.
    #[error("block at height {height}, transaction {txid}: {why}")]
    Input {
        /// Block height.
        height: u32,
        /// The spending transaction.
        txid: String,
        /// What is wrong.
        why: String,
    },
    /// Node files do not read.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// Undo data does not fit its block.
    #[error("block at height {0}: {1}")]
    Undo(u32, String),
    /// The store is open for reading only.
    #[error("the ledger is open for reading only")]
    ReadOnly,
    /// A file was changed or cut off on the disk.
    #[error("{0}")]
    Damaged(String),
    /// The caller asked to stop.
    #[error("stopped on request; what was committed stays, and the next start resumes there")]
    Stopped,
    /// A count passes what the layout can number.
    #[error("the ledger is full: more than {0}")]
    Full(&'static str),
    /// A raw block can no longer be read.
    #[error("raw block at height {height}: {path}: {why}; restore the node file, or ingest again with --keep-raw")]
    Raw {
        /// Block height.
        height: u32,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

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

/// A stored block, as look-ups give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockInfo {
    /// Position in the store.
    pub number: u32,
    /// Height in its chain.
    pub height: u32,
    /// Hash.
    pub hash: Hash32,
    /// Header.
    pub header: Header,
    /// Its transactions' numbers.
    pub txs: (u32, u32),
    /// Size in bytes.
    pub size: u32,
}

/// Properties of a transaction that heuristics look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TxFlags(pub(crate) u32);

impl TxFlags {
    pub(crate) const COINBASE: u32 = 1 << 24;
    pub(crate) const SEGWIT: u32 = 1 << 25;
    pub(crate) const RBF: u32 = 1 << 26;
    pub(crate) const VERSION_2: u32 = 1 << 27;
    pub(crate) const LOCKTIME: u32 = 1 << 28;

    /// Whether it creates coins.
    pub fn coinbase(self) -> bool {
        self.0 & Self::COINBASE != 0
    }

    /// Whether it carries a witness.
    pub fn segwit(self) -> bool {
        self.0 & Self::SEGWIT != 0
    }

    /// Whether an input signals replaceability (BIP 125).
    pub fn rbf(self) -> bool {
        self.0 & Self::RBF != 0
    }

    /// Whether its version is 2 or higher.
    pub fn version_2(self) -> bool {
        self.0 & Self::VERSION_2 != 0
    }

    /// Whether nLockTime is set.
    pub fn locktime(self) -> bool {
        self.0 & Self::LOCKTIME != 0
    }

    /// Weight units.
    pub fn weight(self) -> u32 {
        self.0 & 0x00ff_ffff
    }
}

/// A stored transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxInfo {
    /// Its number.
    pub number: u32,
    /// Its id.
    pub txid: Hash32,
    /// Weight and properties.
    pub flags: TxFlags,
    /// Its inputs' numbers.
    pub inputs: Range<u64>,
    /// Its outputs' numbers.
    pub outputs: Range<u64>,
}

/// What an input spends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// An output of a stored transaction, by number.
    Output(u64),
    /// An external, by number.
    External(u64),
}

impl Source {
    /// Reads the stored form.
    #[inline]
    pub fn from_stored(n: u64) -> Self {
        if n & EXTERNAL_BIT != 0 { Source::External(n & !EXTERNAL_BIT) } else { Source::Output(n) }
    }
}

/// A stored output or external.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputInfo {
    /// Base units; `None` for an external whose amount is not known.
    pub value: Option<u64>,
    /// Address number; `None` for an external whose address is not known.
    pub address: Option<u32>,
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
            Manifest::new(network, 0).write(dir).map_err(io)?;
        }
        let ledger = Self::open_for_writing(dir)?;
        if ledger.manifest.network != network {
            let stored = ledger.manifest.network;
            return Err(LedgerError::Network { path: dir.to_owned(), stored, asked: network });
        }
        Ok(ledger)
    }

    /// Opens an existing store for writing.
    ///
    /// # Errors
    /// As [`Ledger::create_or_open`], and [`LedgerError::Missing`].
    pub fn open_for_writing(dir: &Path) -> Result<Self, LedgerError> {
        if !Manifest::path(dir).exists() {
            return Err(LedgerError::Missing(dir.to_owned()));
        }
        let io = |e| LedgerError::Io(dir.to_owned(), e);
        let lock = File::options().create(true).truncate(false).write(true).open(dir.join("LOCK")).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(LedgerError::Locked(dir.to_owned())),
            Err(std::fs::TryLockError::Error(e)) => return Err(io(e)),
        }
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

    /// The ledger as it is now, for reading only. It costs handles and counts, and stays valid while this ledger is appended to and
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

    /// The manifest, to change it; snapshots keep theirs.
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
        self.remove_foreign_checksums()
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
    /// [`LedgerError::Io`], and [`LedgerError::ReadOnly`].
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
    /// [`LedgerError::Io`], and [`LedgerError::ReadOnly`].
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

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whose chain is stored.
    pub fn network(&self) -> Network {
        self.manifest.network
    }

    /// How many of each thing are stored.
    pub fn counts(&self) -> Counts {
        self.manifest.counts
    }

    /// Rises with every commit; equal revisions of a store hold equal facts.
    pub fn revision(&self) -> u64 {
        self.manifest.revision
    }

    /// The columns, for whole-ledger scans.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The block at a position in the store.
    pub fn block(&self, number: u32) -> BlockInfo {
        let row = self.columns.block.get(u64::from(number));
        let next = number + 1;
        let end = if next < self.counts().blocks {
            self.columns.block.get(u64::from(next)).first_tx
        } else {
            self.counts().txs
        };
        BlockInfo {
            number,
            height: row.height,
            hash: row.hash,
            header: Header(row.header),
            txs: (row.first_tx, end),
            size: row.len,
        }
    }

    /// How many of each thing there are until the end of a block.
    pub fn counts_until(&self, number: u32) -> Counts {
        let blocks = number + 1;
        if blocks >= self.counts().blocks {
            return self.counts();
        }
        let row = self.columns.block.get(u64::from(blocks));
        Counts {
            blocks,
            txs: row.first_tx,
            outputs: row.first_output,
            inputs: row.first_input,
            externals: row.first_external,
            addresses: row.first_address,
        }
    }

    /// The highest block.
    pub fn tip(&self) -> Option<BlockInfo> {
        self.counts().blocks.checked_sub(1).map(|n| self.block(n))
    }

    /// The block at a height.
    pub fn block_at(&self, height: u32) -> Option<BlockInfo> {
        let rows = self.columns.block.all();
        let at = rows.partition_point(|b| b.height < height);
        rows.get(at).filter(|b| b.height == height).map(|_| self.block(at as u32))
    }

    /// The block with a hash. Walks the blocks, newest first.
    pub fn block_by_hash(&self, hash: &Hash32) -> Option<BlockInfo> {
        let rows = self.columns.block.all();
        rows.iter().rposition(|b| b.hash == *hash).map(|n| self.block(n as u32))
    }

    /// The block that holds a transaction.
    pub fn block_of_tx(&self, tx: u32) -> BlockInfo {
        let at = self.columns.block.all().partition_point(|b| b.first_tx <= tx);
        self.block(at as u32 - 1)
    }

    /// The number of the transaction with a txid.
    pub fn tx_by_id(&self, txid: &Hash32) -> Option<u32> {
        let newer = self.overlay.tx(&self.columns, txid);
        newer.or_else(|| self.index.as_ref().and_then(|i| i.tx(&self.columns, txid)))
    }

    /// A transaction.
    pub fn tx(&self, tx: u32) -> TxInfo {
        TxInfo {
            number: tx,
            txid: self.columns.txid.get(u64::from(tx)),
            flags: self.flags(tx),
            inputs: self.columns.inputs_of(tx, self.counts()),
            outputs: self.columns.outputs_of(tx, self.counts()),
        }
    }

    /// A transaction's properties.
    #[inline]
    pub fn flags(&self, tx: u32) -> TxFlags {
        TxFlags(self.columns.tx_meta.get(u64::from(tx)))
    }

    /// A transaction's id, as explorers print it.
    pub fn txid_text(&self, tx: u32) -> String {
        display_hash(&self.columns.txid.get(u64::from(tx)))
    }

    /// Output numbers of a transaction.
    #[inline]
    pub fn outputs(&self, tx: u32) -> Range<u64> {
        self.columns.outputs_of(tx, self.counts())
    }

    /// What a transaction's inputs spend, in order.
    #[inline]
    pub fn sources(&self, tx: u32) -> impl ExactSizeIterator<Item = Source> + '_ {
        let inputs = self.columns.inputs_of(tx, self.counts());
        let prev = &self.columns.prev.all()[inputs.start as usize..inputs.end as usize];
        prev.iter().map(|n| Source::from_stored(n.get()))
    }

    /// Amount and address of what an input spends.
    #[inline]
    pub fn source_info(&self, source: Source) -> OutputInfo {
        match source {
            Source::Output(n) => OutputInfo { value: Some(self.value(n)), address: Some(self.address_of(n)) },
            Source::External(n) => {
                let row = self.columns.external.get(n);
                OutputInfo {
                    value: Some(row.value).filter(|v| *v != UNKNOWN_VALUE),
                    address: Some(row.address).filter(|a| *a != NONE_U32),
                }
            }
        }
    }

    /// An external.
    pub fn external(&self, n: u64) -> ExternalRow {
        self.columns.external.get(n)
    }

    /// An output's amount.
    #[inline]
    pub fn value(&self, output: u64) -> u64 {
        self.columns.value.get(output)
    }

    /// The address that an output pays.
    #[inline]
    pub fn address_of(&self, output: u64) -> u32 {
        self.columns.output_address.get(output)
    }

    /// The transaction that spends an output; `None` while unspent.
    #[inline]
    pub fn spender(&self, output: u64) -> Option<u32> {
        self.overlay.spender(output).or_else(|| self.index.as_ref().and_then(|i| i.spender(output)))
    }

    /// Spenders of all outputs as the index has them; `None` when something was appended or reorganized since it was built.
    pub fn indexed_spends(&self) -> Option<&[u32]> {
        let index = self.index.as_ref()?;
        let whole = index.state.valid == self.counts() && index.state.built == self.counts();
        whole.then(|| index.spends())
    }

    /// Spenders of all outputs, for whole-ledger scans: [`NONE_U32`] where unspent.
    pub fn all_spends(&self) -> Vec<u32> {
        let n = self.counts().outputs as usize;
        let mut spends = Vec::with_capacity(n);
        if let Some(index) = &self.index {
            let valid = index.state.valid;
            let known = &index.spends()[..(valid.outputs as usize).min(n)];
            spends.extend(known.iter().map(|t| if *t < valid.txs { *t } else { NONE_U32 }));
        }
        spends.resize(n, NONE_U32);
        for (output, tx) in self.overlay.spends() {
            spends[output as usize] = tx;
        }
        spends
    }

    /// The transaction that an output belongs to.
    pub fn tx_of_output(&self, output: u64) -> u32 {
        // Narrow to the block first: its rows are few and stay in cache.
        let blocks = self.columns.block.all();
        let block = blocks.partition_point(|b| b.first_output <= output) - 1;
        let first = blocks[block].first_tx as usize;
        let end = blocks.get(block + 1).map_or(self.counts().txs, |b| b.first_tx) as usize;
        let starts = &self.columns.tx_first_output.all()[first..end];
        (first + starts.partition_point(|s| s.get() <= output) - 1) as u32
    }

    /// An output's place: its transaction and index there.
    pub fn outpoint(&self, output: u64) -> (u32, u32) {
        let tx = self.tx_of_output(output);
        (tx, (output - self.columns.tx_first_output.get(u64::from(tx)).get()) as u32)
    }

    /// The number of an address; `None` when no stored block mentions it.
    pub fn address_number(&self, key: &AddressKey) -> Option<u32> {
        let (columns, seed) = (&self.columns, self.manifest.seed);
        let newer = self.overlay.address(columns, seed, key.as_bytes());
        newer.or_else(|| self.index.as_ref().and_then(|i| i.address(columns, seed, key.as_bytes())))
    }

    /// The address with a number.
    ///
    /// # Panics
    /// Where there is no such number, or the stored bytes are no key, which [`Ledger::check`] finds.
    pub fn address(&self, address: u32) -> AddressKey {
        AddressKey::from_bytes(&self.columns.address.get(u64::from(address))).expect("only keys are stored")
    }

    /// The address with a number, as text.
    pub fn address_text(&self, address: u32) -> String {
        self.address(address).to_text(self.network())
    }

    /// The script class of an address.
    ///
    /// # Panics
    /// As [`Ledger::address`].
    #[inline]
    pub fn class_of(&self, address: u32) -> ScriptClass {
        ScriptClass::from_u8(self.columns.address.all()[address as usize][0]).expect("only keys are stored")
    }

    /// Calls `each` with every output and external that paid an address: outputs of the index first, then newer ones.
    pub fn for_each_output_of(&self, address: u32, mut each: impl FnMut(Source)) {
        if let Some(index) = &self.index {
            index.outputs_of(address, |n| each(Source::from_stored(n)));
        }
        self.overlay.outputs_of(address, |n| each(Source::from_stored(n)));
    }

    /// Every output and external that paid an address, outputs in chain order first.
    pub fn outputs_of_address(&self, address: u32) -> Vec<Source> {
        let mut out = Vec::new();
        self.for_each_output_of(address, |s| out.push(s));
        out.sort_unstable();
        out
    }

    /// A transaction's fee in base units; `None` for a coinbase, or when an input's amount is not known.
    pub fn fee(&self, tx: u32) -> Option<u64> {
        if self.flags(tx).coinbase() {
            return None;
        }
        let mut paid = 0u64;
        for source in self.sources(tx) {
            paid += self.source_info(source).value?;
        }
        let outputs = self.outputs(tx);
        let received: u64 = self.columns.value.all()[outputs.start as usize..outputs.end as usize].iter().sum();
        paid.checked_sub(received)
    }
}
