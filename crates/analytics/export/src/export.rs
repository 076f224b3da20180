//! Exporting a chain: new segments, those that a reorganization changed, then the tables without segments.

use crate::accounts::Accounts;
use crate::error::ExportError;
use crate::manifest::{AsOf, MANIFEST, Manifest, Model, Segment, SegmentPart, Whole};
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

/// Parts of the last segment, about: a new block writes one of them.
const PARTS: u64 = 16;

/// How to export.
#[derive(Clone, Debug)]
pub struct Options {
    /// Transactions of a segment, about: it ends with the block that reaches a multiple of it.
    pub segment_txs: u64,
    /// Tags above it are exported without label and source.
    pub clearance: Tlp,
    /// Whether clusters are exported.
    pub clusters: bool,
    /// Whether clusters are written though those of an earlier export are of a block that is in the chain, with fewer transactions since than a
    /// sixteenth of a segment.
    pub fresh_clusters: bool,
    /// Whether tags are exported.
    pub tags: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { segment_txs: SEGMENT_TXS, clearance: Tlp::Amber, clusters: true, fresh_clusters: false, tags: true }
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
    /// The block that the clusters are as of, which may be an earlier one.
    pub clusters_as_of: Option<AsOf>,
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
            let clusters = |to: &Path, as_of: &AsOf| whole::output_clusters(&clusters_of(dir, &ledger)?, to, as_of);
            let clusters = options.clusters.then(|| Box::new(clusters) as WriteWhole<'_>);
            outputs(&ledger, tags.as_deref(), clusters, &run, progress)
        }
        StoredChain::Accounts(id) => {
            let tags = AccountWorkspace::tags_of(store)?;
            let workspace = AccountWorkspace::open(store, id, tags)?;
            let source = Accounts { ledger: &workspace.ledger };
            let tags = |to: &Path, as_of: &AsOf| whole::account_tags(&workspace, options.clearance, to, as_of);
            let clusters = |to: &Path, as_of: &AsOf| whole::account_clusters(&workspace, to, as_of);
            let wholes = Wholes {
                tags: options.tags.then(|| Box::new(tags) as WriteWhole<'_>),
                clusters: options.clusters.then(|| Box::new(clusters) as WriteWhole<'_>),
            };
            run.chain(&source, progress, wholes)
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
    let of = |clusters| move |to: &Path, as_of: &AsOf| whole::output_clusters(clusters, to, as_of);
    let write = clusters.map(|clusters| Box::new(of(clusters)) as WriteWhole<'_>);
    outputs(ledger, tags, write, &Run { out, options, stop }, &mut |_| {})
}

fn outputs(
    ledger: &Ledger,
    tags: Option<&TagStore>,
    clusters: Option<WriteWhole<'_>>,
    run: &Run<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Report, ExportError> {
    let clearance = run.options.clearance;
    let of = |tags| move |to: &Path, as_of: &AsOf| whole::output_tags(ledger, tags, clearance, to, as_of);
    let write = tags.map(|tags| Box::new(of(tags)) as WriteWhole<'_>);
    run.chain(&Outputs::new(ledger), progress, Wholes { tags: write, clusters })
}

/// Reads the clusters of a workspace, and brings them up to the ledger in memory.
fn clusters_of(dir: &Path, ledger: &Ledger) -> Result<Clusters, ExportError> {
    let stored = ClusterLog::new(&dir.join("clusters")).load()?;
    let mut clusters = stored.unwrap_or_else(|| Clusters::new(ClusterOptions::default()));
    clusters.update(ledger);
    Ok(clusters)
}

type WriteWhole<'a> = Box<dyn Fn(&Path, &AsOf) -> Result<Whole, ExportError> + 'a>;

/// How the tables without segments are written, where they are.
struct Wholes<'a> {
    tags: Option<WriteWhole<'a>>,
    clusters: Option<WriteWhole<'a>>,
}

struct Run<'a> {
    out: &'a Path,
    options: &'a Options,
    stop: &'a AtomicBool,
}

/// The last segment of an earlier export, whose parts may stay, in the manifest's folder.
struct Earlier<'a> {
    dir: &'a Path,
    last: Option<Segment>,
}

impl Earlier<'_> {
    fn is_here(&self, file: &FileEntry) -> bool {
        std::fs::metadata(self.dir.join(&file.path)).is_ok_and(|m| m.len() == file.bytes)
    }

    /// Returns the files of a part of a segment, where an earlier export wrote that part.
    fn files_of(&self, segment: &Segment, part: usize, tables: usize) -> Option<&[FileEntry]> {
        let last = self.last.as_ref().filter(|last| last.begins_as(segment))?;
        if last.files.len() != last.parts.len() * tables || last.parts.get(part)? != segment.parts.get(part)? {
            return None;
        }
        let files = last.files.get(part * tables..(part + 1) * tables)?;
        files.iter().all(|file| self.is_here(file)).then_some(files)
    }
}

impl Run<'_> {
    fn chain(
        &self,
        source: &dyn Chain,
        progress: &mut dyn FnMut(Progress<'_>),
        wholes: Wholes<'_>,
    ) -> Result<Report, ExportError> {
        let chain = source.id();
        let dir = chain_dir(self.out, &chain);
        std::fs::create_dir_all(&dir).map_err(ExportError::io(&dir))?;
        let lock = holdfast_columns::lock(&dir).map_err(ExportError::io(&dir))?;
        let _lock = lock.ok_or_else(|| ExportError::Locked(dir.clone()))?;
        let mut manifest = self.stored(source, &dir)?;
        remove_others(&dir, &manifest)?;
        let planned = self.plan(source, &manifest)?;
        let of = planned.last().map_or(0, |s| s.first_tx + s.txs);
        let earlier = Earlier { dir: &dir, last: manifest.segments.last().cloned() };
        let is_same = |(new, old): &(&Segment, &Segment)| {
            new.is_of_same_blocks(old) && old.files.iter().all(|file| earlier.is_here(file))
        };
        let same = planned.iter().zip(&manifest.segments).take_while(is_same).count();
        let mut segments = manifest.segments[..same].to_vec();
        let mut written = Vec::new();
        // As many beside each other as there are threads, committed in order.
        let at_once = rayon::current_num_threads().clamp(1, 8);
        for some in planned[same..].chunks(at_once) {
            for segment in self.segments(source, some, &earlier)? {
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
            let tables = self.wholes(source, &earlier, &manifest, (wholes, &as_of))?;
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

    /// Writes the tables without segments. Tags change at any time and are written anew; clusters stay while they are of a block that is in the chain
    /// and few transactions came since.
    fn wholes(
        &self,
        source: &dyn Chain,
        earlier: &Earlier<'_>,
        manifest: &Manifest,
        (wholes, as_of): (Wholes<'_>, &AsOf),
    ) -> Result<Vec<Whole>, ExportError> {
        let mut tables = Vec::new();
        if let Some(write) = wholes.tags {
            tables.push(write(earlier.dir, as_of)?);
        }
        if let Some(write) = wholes.clusters {
            let stored = manifest.tables.iter().find(|table| table.table == whole::CLUSTERS.name);
            let stored = stored.filter(|_| !self.options.fresh_clusters);
            let stored = stored.filter(|table| table.files.iter().all(|file| earlier.is_here(file)));
            tables.push(match stored {
                Some(table) if self.is_recent(source, manifest, &table.as_of_block)? => table.clone(),
                _ => write(earlier.dir, as_of)?,
            });
        }
        Ok(tables)
    }

    /// Returns whether a block is in the chain with fewer transactions since than a part of a segment.
    fn is_recent(&self, source: &dyn Chain, manifest: &Manifest, block: &AsOf) -> Result<bool, ExportError> {
        let holds = |s: &&Segment| (s.min_height..=s.max_height).contains(&block.height);
        let Some(segment) = manifest.segments.iter().rev().find(holds) else { return Ok(false) };
        let number = segment.first_block.saturating_add(block.height - segment.min_height);
        if number >= source.blocks() {
            return Ok(false);
        }
        let place = source.block(number)?;
        let txs = manifest.segments.last().map_or(0, |s| s.first_tx + s.txs);
        Ok(place.hash == block.hash && txs.saturating_sub(place.end_tx) < self.part_txs())
    }

    fn segment_txs(&self) -> u64 {
        self.options.segment_txs.max(1)
    }

    /// Transactions of a part of the last segment, about.
    fn part_txs(&self) -> u64 {
        (self.segment_txs() / PARTS).max(1)
    }

    /// Returns the manifest that is there, or a new one.
    fn stored(&self, source: &dyn Chain, dir: &Path) -> Result<Manifest, ExportError> {
        let new = Manifest::new(&source.id(), source.model(), &source.holds(), self.segment_txs());
        let Some(stored) = Manifest::read(dir)? else { return Ok(new) };
        let what = |m: &Manifest| format!("{} ({}, segments of {} transactions)", m.chain, m.holds, m.segment_txs);
        if what(&stored) != what(&new) {
            let (stored, requested) = (what(&stored), what(&new));
            return Err(ExportError::Other { path: dir.to_owned(), stored, requested });
        }
        Ok(stored)
    }

    /// Returns the segments of the ledger: those before the last one that an earlier export shares with it as they are there, the others without files.
    fn plan(&self, source: &dyn Chain, manifest: &Manifest) -> Result<Vec<Segment>, ExportError> {
        let mut shared = manifest.segments.len();
        while shared > 0 && !is_in(source, &manifest.segments[shared - 1])? {
            shared -= 1;
        }
        // The last one may have grown.
        let mut segments = manifest.segments[..shared.saturating_sub(1)].to_vec();
        let (mut parts, mut part_of) = (Vec::new(), None);
        for number in segments.last().map_or(0, |s| s.first_block + s.blocks)..source.blocks() {
            let block = source.block(number)?;
            let of = block.first_tx / self.segment_txs();
            match segments.last_mut().filter(|s| s.number == of) {
                Some(segment) => {
                    segment.blocks += 1;
                    segment.txs = block.end_tx - segment.first_tx;
                    segment.max_height = block.height;
                    segment.last_block_hash.clone_from(&block.hash);
                    segment.addresses = block.end_address - segment.first_address;
                }
                None => {
                    parts.clear();
                    part_of = None;
                    segments.push(Segment {
                        number: of,
                        first_block: number,
                        blocks: 1,
                        first_tx: block.first_tx,
                        txs: block.end_tx - block.first_tx,
                        min_height: block.height,
                        max_height: block.height,
                        last_block_hash: block.hash.clone(),
                        first_address: block.first_address,
                        addresses: block.end_address - block.first_address,
                        parts: Vec::new(),
                        files: Vec::new(),
                    });
                }
            }
            let part = Some(block.first_tx / self.part_txs());
            match parts.last_mut().filter(|_| part_of == part) {
                Some(SegmentPart { blocks, last_block_hash, .. }) => {
                    *blocks += 1;
                    *last_block_hash = block.hash;
                }
                None => parts.push(SegmentPart { first_block: number, blocks: 1, last_block_hash: block.hash }),
            }
            part_of = part;
        }
        if let Some(last) = segments.last_mut()
            && !parts.is_empty()
        {
            // What is complete has one file of each table; what grows has more.
            last.parts = parts;
        }
        Ok(segments)
    }

    /// Writes the files of segments, but for those of parts that are there: tables and parts beside each other.
    fn segments(
        &self,
        source: &dyn Chain,
        segments: &[Segment],
        earlier: &Earlier<'_>,
    ) -> Result<Vec<Segment>, ExportError> {
        let tables = source.tables();
        let mut jobs = Vec::new();
        for segment in segments {
            for (n, run) in segment.runs().into_iter().enumerate() {
                let kept = earlier.files_of(segment, n, tables.len());
                let job = |(t, table): (usize, &&'static Table)| (segment, run.clone(), *table, kept.map(|k| &k[t]));
                jobs.extend(tables.iter().enumerate().map(job));
            }
        }
        let files = jobs.par_iter().map(|(segment, run, table, kept)| match kept {
            Some(file) => Ok((*file).clone()),
            None => self.file(source, (segment, run), table, earlier.dir),
        });
        let mut files = files.collect::<Result<Vec<FileEntry>, ExportError>>()?.into_iter();
        let with_files = |segment: &Segment| {
            let files = files.by_ref().take(tables.len() * segment.runs().len()).collect();
            Segment { files, ..segment.clone() }
        };
        Ok(segments.iter().map(with_files).collect())
    }

    fn file(
        &self,
        source: &dyn Chain,
        (segment, run): (&Segment, &SegmentPart),
        table: &'static Table,
        dir: &Path,
    ) -> Result<FileEntry, ExportError> {
        let part = Part { blocks: run.first_block..run.first_block + run.blocks, stop: self.stop };
        let notes = [
            ("holdfast.chain", source.id()),
            ("holdfast.segment", segment.number.to_string()),
            ("holdfast.last_block_hash", run.last_block_hash.clone()),
        ];
        let folder = dir.join(format!("table={}", table.name)).join(format!("segment={:06}", segment.number));
        let mut out = TableWriter::create(&folder, table, &notes)?;
        source.write(table, &part, &mut out)?;
        out.finish(dir)
    }
}

/// Returns whether the last block of a stored segment, whose hash commits to those before, is where it was.
fn is_in(source: &dyn Chain, segment: &Segment) -> Result<bool, ExportError> {
    // What a manifest says may be anything.
    let Some(last) = segment.first_block.saturating_add(segment.blocks).checked_sub(1) else { return Ok(false) };
    if last >= source.blocks() {
        return Ok(false);
    }
    let block = source.block(last)?;
    let ends = (segment.first_tx.saturating_add(segment.txs), segment.first_address.saturating_add(segment.addresses));
    Ok(block.hash == segment.last_block_hash && (block.end_tx, block.end_address) == ends)
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
        clusters_as_of: manifest
            .tables
            .iter()
            .find(|table| table.table == whole::CLUSTERS.name)
            .map(|table| table.as_of_block.clone()),
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
