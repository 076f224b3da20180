//! Exporting a chain: new segments, those that a reorganization changed, then the tables without segments.

use crate::accounts::Accounts;
use crate::error::ExportError;
use crate::manifest::{AsOf, MANIFEST, Manifest, Model, Segment, Whole};
use crate::outputs::Outputs;
use crate::table::Table;
use crate::whole;
use crate::write::{FileEntry, TableWriter};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_attribution::cluster::ClusterLog;
use holdfast_attribution::{ClusterOptions, Clusters, TagStore, Tlp};
use holdfast_types::ChainId;
use holdfast_utxo_ledger::Ledger;
use holdfast_workspace::Workspace;
use rayon::prelude::*;
use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Transactions of a segment, about, unless told otherwise.
pub const SEGMENT_TXS: u64 = 1 << 20;

/// How to export.
#[derive(Clone, Debug)]
pub struct Options {
    /// Transactions of a segment, about: it ends with the block that reaches a multiple of it.
    pub segment_txs: u64,
    /// Tags above it are exported without label and source.
    pub clearance: Tlp,
    /// Whether clusters are exported.
    pub clusters: bool,
    /// Whether tags are exported.
    pub tags: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { segment_txs: SEGMENT_TXS, clearance: Tlp::Amber, clusters: true, tags: true }
    }
}

/// A chain of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredChain {
    /// A chain of outputs, by its workspace's folder.
    Outputs(PathBuf, ChainId),
    /// An account chain.
    Accounts(ChainId),
}

impl StoredChain {
    /// Returns the chains of a store.
    ///
    /// # Errors
    /// [`ExportError`] where a ledger does not open.
    pub fn all(store: &Path) -> Result<Vec<Self>, ExportError> {
        let mut dirs = Workspace::chain_dirs(store)?;
        if Workspace::is_in(store) {
            dirs.insert(0, store.to_owned());
        }
        let mut chains = Vec::new();
        for dir in dirs {
            let network = Ledger::open(&Workspace::ledger_dir(&dir))?.network();
            chains.push(StoredChain::Outputs(dir, ChainId::of(network)));
        }
        chains.extend(AccountWorkspace::chains_of(store)?.into_iter().map(StoredChain::Accounts));
        Ok(chains)
    }

    /// Returns its id (CAIP-2).
    #[must_use]
    pub fn id(&self) -> &ChainId {
        match self {
            StoredChain::Outputs(_, id) | StoredChain::Accounts(id) => id,
        }
    }

    /// Returns its folder in the store.
    #[must_use]
    pub fn dir(&self, store: &Path) -> PathBuf {
        match self {
            StoredChain::Outputs(dir, _) => dir.clone(),
            StoredChain::Accounts(id) => AccountWorkspace::chain_dir(store, id),
        }
    }

    /// Returns whether it is called so: by its usual name or its CAIP-2 id.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let id = self.id();
        id.as_str().eq_ignore_ascii_case(name) || id.usual_name().is_some_and(|usual| usual.eq_ignore_ascii_case(name))
    }
}

/// Returns the folder of a chain in an export: `chain=` and its CAIP-2 id with `_` in place of the colon.
#[must_use]
pub fn chain_dir(out: &Path, chain: &str) -> PathBuf {
    out.join(format!("chain={}", chain.replace(':', "_")))
}

/// Where an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The chain (CAIP-2).
    pub chain: &'a str,
    /// What was written last: a segment's number, or the name of a table.
    pub segment: Option<u64>,
    /// Transactions in what is exported.
    pub txs: u64,
    /// Transactions in the ledger.
    pub of: u64,
}

/// What an export did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Chain (CAIP-2).
    pub chain: String,
    /// The manifest's folder.
    pub dir: PathBuf,
    /// Segments in all.
    pub segments: usize,
    /// Segments that were written, by number; the others were as they are.
    pub written: Vec<u64>,
    /// Transactions in all.
    pub txs: u64,
    /// Files in all.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Last block.
    pub as_of_block: Option<AsOf>,
    /// Names this input in results.
    pub input: String,
}

/// What a segment needs to know of a block.
pub(crate) struct BlockPlace {
    pub height: u64,
    pub hash: String,
    pub first_tx: u64,
    pub end_tx: u64,
    pub first_address: u64,
    pub end_address: u64,
}

/// Blocks to be written to a file.
pub(crate) struct Part<'a> {
    blocks: Range<u64>,
    stop: &'a AtomicBool,
}

impl Part<'_> {
    /// Returns the numbers of the blocks.
    pub fn blocks<T: TryFrom<u64>>(&self) -> Result<impl Iterator<Item = T> + use<T>, ExportError>
    where
        Range<T>: Iterator<Item = T>,
    {
        let narrow = |n: u64| T::try_from(n).map_err(|_| ExportError::TooLarge(format!("block {n}")));
        Ok(narrow(self.blocks.start)?..narrow(self.blocks.end)?)
    }

    /// # Errors
    /// [`ExportError::Stopped`] where the caller requested it.
    pub fn go_on(&self) -> Result<(), ExportError> {
        if self.stop.load(Ordering::Relaxed) { Err(ExportError::Stopped) } else { Ok(()) }
    }
}

/// A chain whose ledger is exported.
pub(crate) trait Chain: Sync {
    fn id(&self) -> String;
    fn model(&self) -> Model;
    fn holds(&self) -> String;
    fn blocks(&self) -> u64;
    fn block(&self, number: u64) -> Result<BlockPlace, ExportError>;
    fn tables(&self) -> &'static [&'static Table];
    fn write(&self, table: &Table, part: &Part, out: &mut TableWriter) -> Result<(), ExportError>;
}

/// Exports a chain of a store into `out`. What `stop` becomes ends it with [`ExportError::Stopped`]; segments that are complete stay.
///
/// # Errors
/// [`ExportError`].
pub fn export(
    store: &Path,
    chain: &StoredChain,
    out: &Path,
    options: &Options,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Report, ExportError> {
    let run = Run { out, options, stop };
    match chain {
        StoredChain::Outputs(dir, _) => {
            let ledger = Ledger::open(&Workspace::ledger_dir(dir))?;
            let tags = if options.tags { Some(AccountWorkspace::tags_of(store)?) } else { None };
            let clusters = options.clusters.then(|| clusters_of(dir, &ledger)).transpose()?;
            outputs(&ledger, tags.as_deref(), clusters.as_ref(), &run, progress)
        }
        StoredChain::Accounts(id) => {
            let tags = AccountWorkspace::tags_of(store)?;
            let workspace = AccountWorkspace::open(store, id, tags)?;
            let source = Accounts { ledger: &workspace.ledger };
            run.chain(&source, progress, &mut |dir, as_of| {
                let mut tables = Vec::new();
                if options.tags {
                    tables.push(whole::account_tags(&workspace, options.clearance, dir, as_of)?);
                }
                if options.clusters {
                    tables.push(whole::account_clusters(&workspace, dir, as_of)?);
                }
                Ok(tables)
            })
        }
    }
}

/// Exports a ledger of outputs with tags and clusters. The clusters must be up to the ledger.
///
/// # Errors
/// [`ExportError`].
pub fn export_outputs(
    ledger: &Ledger,
    tags: Option<&TagStore>,
    clusters: Option<&Clusters>,
    out: &Path,
    options: &Options,
    stop: &AtomicBool,
) -> Result<Report, ExportError> {
    outputs(ledger, tags, clusters, &Run { out, options, stop }, &mut |_| {})
}

fn outputs(
    ledger: &Ledger,
    tags: Option<&TagStore>,
    clusters: Option<&Clusters>,
    run: &Run<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Report, ExportError> {
    run.chain(&Outputs::new(ledger), progress, &mut |dir, as_of| {
        let mut tables = Vec::new();
        if let Some(tags) = tags {
            tables.push(whole::output_tags(ledger, tags, run.options.clearance, dir, as_of)?);
        }
        if let Some(clusters) = clusters {
            tables.push(whole::output_clusters(clusters, dir, as_of)?);
        }
        Ok(tables)
    })
}

/// Reads the clusters of a workspace, and brings them up to the ledger in memory.
fn clusters_of(dir: &Path, ledger: &Ledger) -> Result<Clusters, ExportError> {
    let stored = ClusterLog::new(&dir.join("clusters")).load()?;
    let mut clusters = stored.unwrap_or_else(|| Clusters::new(ClusterOptions::default()));
    clusters.update(ledger);
    Ok(clusters)
}

type Wholes<'a> = dyn FnMut(&Path, &AsOf) -> Result<Vec<Whole>, ExportError> + 'a;

struct Run<'a> {
    out: &'a Path,
    options: &'a Options,
    stop: &'a AtomicBool,
}

impl Run<'_> {
    fn chain(
        &self,
        source: &dyn Chain,
        progress: &mut dyn FnMut(Progress<'_>),
        wholes: &mut Wholes<'_>,
    ) -> Result<Report, ExportError> {
        let chain = source.id();
        let dir = chain_dir(self.out, &chain);
        std::fs::create_dir_all(&dir).map_err(ExportError::io(&dir))?;
        let lock = holdfast_columns::lock(&dir).map_err(ExportError::io(&dir))?;
        let _lock = lock.ok_or_else(|| ExportError::Locked(dir.clone()))?;
        let mut manifest = self.stored(source, &dir)?;
        remove_others(&dir, &manifest)?;
        let planned = self.plan(source)?;
        let of = planned.last().map_or(0, |s| s.first_tx + s.txs);
        let is_here = |file: &FileEntry| std::fs::metadata(dir.join(&file.path)).is_ok_and(|m| m.len() == file.bytes);
        let is_same = |(new, old): &(&Segment, &Segment)| new.is_of_same_blocks(old) && old.files.iter().all(is_here);
        let same = planned.iter().zip(&manifest.segments).take_while(is_same).count();
        let mut segments = manifest.segments[..same].to_vec();
        let mut written = Vec::new();
        // As many beside each other as there are threads, committed in order.
        let at_once = rayon::current_num_threads().clamp(1, 8);
        for some in planned[same..].chunks(at_once) {
            for segment in self.segments(source, some, &dir)? {
                written.push(segment.number);
                let txs = segment.first_tx + segment.txs;
                progress(Progress { chain: &chain, segment: Some(segment.number), txs, of });
                segments.push(segment);
            }
            manifest.set_segments(segments.clone());
            manifest.write(&dir)?;
        }
        if segments.len() != manifest.segments.len() {
            // The ledger became shorter.
            manifest.set_segments(segments);
            manifest.write(&dir)?;
        }
        if let Some(as_of) = manifest.as_of_block.clone() {
            let tables = wholes(&dir, &as_of)?;
            if self.stop.load(Ordering::Relaxed) {
                return Err(ExportError::Stopped);
            }
            progress(Progress { chain: &chain, segment: None, txs: of, of });
            manifest.tables = tables;
        }
        manifest.write(&dir)?;
        remove_others(&dir, &manifest)?;
        Ok(report(chain, dir, &manifest, written))
    }

    /// Returns the manifest that is there, or a new one.
    fn stored(&self, source: &dyn Chain, dir: &Path) -> Result<Manifest, ExportError> {
        let segment_txs = self.options.segment_txs.max(1);
        let new = Manifest::new(&source.id(), source.model(), &source.holds(), segment_txs);
        let Some(stored) = Manifest::read(dir)? else { return Ok(new) };
        let what = |m: &Manifest| format!("{} ({}, segments of {} transactions)", m.chain, m.holds, m.segment_txs);
        if what(&stored) != what(&new) {
            let (stored, requested) = (what(&stored), what(&new));
            return Err(ExportError::Other { path: dir.to_owned(), stored, requested });
        }
        Ok(stored)
    }

    /// Returns the segments of the ledger, without their files.
    fn plan(&self, source: &dyn Chain) -> Result<Vec<Segment>, ExportError> {
        let segment_txs = self.options.segment_txs.max(1);
        let mut segments: Vec<Segment> = Vec::new();
        for number in 0..source.blocks() {
            let block = source.block(number)?;
            let of = block.first_tx / segment_txs;
            match segments.last_mut().filter(|s| s.number == of) {
                Some(segment) => {
                    segment.blocks += 1;
                    segment.txs = block.end_tx - segment.first_tx;
                    segment.max_height = block.height;
                    segment.last_block_hash = block.hash;
                    segment.addresses = block.end_address - segment.first_address;
                }
                None => segments.push(Segment {
                    number: of,
                    first_block: number,
                    blocks: 1,
                    first_tx: block.first_tx,
                    txs: block.end_tx - block.first_tx,
                    min_height: block.height,
                    max_height: block.height,
                    last_block_hash: block.hash,
                    first_address: block.first_address,
                    addresses: block.end_address - block.first_address,
                    files: Vec::new(),
                }),
            }
        }
        Ok(segments)
    }

    /// Writes the files of segments: their tables beside each other.
    fn segments(&self, source: &dyn Chain, segments: &[Segment], dir: &Path) -> Result<Vec<Segment>, ExportError> {
        let tables = source.tables();
        let jobs: Vec<(&Segment, &'static Table)> =
            segments.iter().flat_map(|segment| tables.iter().map(move |table| (segment, *table))).collect();
        let files = jobs.par_iter().map(|(segment, table)| self.file(source, segment, table, dir));
        let mut files = files.collect::<Result<Vec<FileEntry>, ExportError>>()?.into_iter();
        let with_files = |segment: &Segment| {
            let files = files.by_ref().take(tables.len()).collect();
            Segment { files, ..segment.clone() }
        };
        Ok(segments.iter().map(with_files).collect())
    }

    fn file(
        &self,
        source: &dyn Chain,
        segment: &Segment,
        table: &'static Table,
        dir: &Path,
    ) -> Result<FileEntry, ExportError> {
        let part = Part { blocks: segment.first_block..segment.first_block + segment.blocks, stop: self.stop };
        let notes = [
            ("holdfast.chain", source.id()),
            ("holdfast.segment", segment.number.to_string()),
            ("holdfast.last_block_hash", segment.last_block_hash.clone()),
        ];
        let folder = dir.join(format!("table={}", table.name)).join(format!("segment={:06}", segment.number));
        let mut out = TableWriter::create(&folder, table, &notes)?;
        source.write(table, &part, &mut out)?;
        out.finish(dir)
    }
}

fn report(chain: String, dir: PathBuf, manifest: &Manifest, written: Vec<u64>) -> Report {
    Report {
        chain,
        dir,
        segments: manifest.segments.len(),
        written,
        txs: manifest.segments.last().map_or(0, |s| s.first_tx + s.txs),
        files: manifest.files().count(),
        bytes: manifest.files().map(|f| f.bytes).sum(),
        as_of_block: manifest.as_of_block.clone(),
        input: manifest.input.clone(),
    }
}

/// Removes what the manifest does not name: replaced files, and what a kill left.
fn remove_others(dir: &Path, manifest: &Manifest) -> Result<(), ExportError> {
    let named: HashSet<PathBuf> = manifest.files().map(|f| dir.join(&f.path)).collect();
    for table in entries(dir)?.into_iter().filter(|p| begins(p, "table=")) {
        remove_below(&table, &named)?;
    }
    let beside = dir.join(format!("{MANIFEST}.new"));
    if beside.exists() { std::fs::remove_file(&beside).map_err(ExportError::io(&beside)) } else { Ok(()) }
}

fn remove_below(dir: &Path, named: &HashSet<PathBuf>) -> Result<(), ExportError> {
    for path in entries(dir)? {
        if path.is_dir() && begins(&path, "segment=") {
            remove_below(&path, named)?;
        } else if !named.contains(&path) && (begins(&path, "part-") || begins(&path, crate::write::UNFINISHED)) {
            std::fs::remove_file(&path).map_err(ExportError::io(&path))?;
        }
    }
    if entries(dir)?.is_empty() {
        std::fs::remove_dir(dir).map_err(ExportError::io(dir))?;
    }
    Ok(())
}

fn begins(path: &Path, with: &str) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(with))
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, ExportError> {
    let all = std::fs::read_dir(dir).map_err(ExportError::io(dir))?;
    all.map(|entry| Ok(entry.map_err(ExportError::io(dir))?.path())).collect()
}
