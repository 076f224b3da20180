//! The manifest: which files make an export, with their hashes. Written whole beside the old one and renamed over it, after all of its files.

use crate::error::ExportError;
use crate::write::FileEntry;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Version of the layout that this code reads and writes.
pub const FORMAT: u32 = 1;

/// File of the manifest, in the chain's folder.
pub const MANIFEST: &str = "manifest.json";

/// How a chain keeps accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// By outputs, as Bitcoin does.
    Outputs,
    /// By accounts, as Ethereum and Tron do.
    Accounts,
}

/// A block that something is as of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsOf {
    /// Height.
    pub height: u64,
    /// Hash, as explorers print it.
    pub hash: String,
}

/// A run of blocks within the last segment, with files of its own, so that a new block writes little.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentPart {
    /// Position in the ledger of its first block.
    pub first_block: u64,
    /// How many blocks.
    pub blocks: u64,
    /// Hash of its last block.
    pub last_block_hash: String,
}

/// A run of whole blocks, and its files. Blocks belong to the segment of their first transaction: its number divided by `segment_txs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Number.
    pub number: u64,
    /// Position in the ledger of its first block.
    pub first_block: u64,
    /// How many blocks.
    pub blocks: u64,
    /// Number of its first transaction.
    pub first_tx: u64,
    /// How many transactions.
    pub txs: u64,
    /// Height of its first block.
    pub min_height: u64,
    /// Height of its last block.
    pub max_height: u64,
    /// Hash of its last block.
    pub last_block_hash: String,
    /// Number of its first new address or account.
    pub first_address: u64,
    /// How many addresses or accounts it mentions first.
    pub addresses: u64,
    /// The runs of blocks that have a file of each table; none where there is one file of each for all blocks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<SegmentPart>,
    /// Its files, those of each part together.
    pub files: Vec<FileEntry>,
}

impl Segment {
    /// Returns the hash that names the segment's contents.
    #[must_use]
    pub fn input(&self) -> String {
        input_of(&self.files)
    }

    /// Returns whether another one holds the same blocks in the same parts.
    pub(crate) fn is_of_same_blocks(&self, other: &Segment) -> bool {
        // The hash of the last block commits to those before.
        let places = |s: &Segment| (s.first_block, s.blocks, s.txs, s.addresses);
        let is_same = self.begins_as(other) && places(self) == places(other) && self.parts == other.parts;
        is_same && self.last_block_hash == other.last_block_hash
    }

    /// Returns whether another one has its number and begins at the same place.
    pub(crate) fn begins_as(&self, other: &Segment) -> bool {
        let begin = |s: &Segment| (s.number, s.first_block, s.first_tx, s.first_address);
        begin(self) == begin(other)
    }

    /// Returns the runs of blocks that have files of their own: the parts, or all.
    pub(crate) fn runs(&self) -> Vec<SegmentPart> {
        if !self.parts.is_empty() {
            return self.parts.clone();
        }
        let last_block_hash = self.last_block_hash.clone();
        vec![SegmentPart { first_block: self.first_block, blocks: self.blocks, last_block_hash }]
    }

    /// Returns the files of a table.
    pub fn files_of<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a FileEntry> {
        self.files.iter().filter(move |f| f.table == table)
    }
}

/// A table that is exported whole, since old rows of it change: tags, clusters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whole {
    /// Name.
    pub table: String,
    /// The block that it is as of.
    pub as_of_block: AsOf,
    /// What it was made by, and what it leaves out.
    pub note: String,
    /// Its files.
    pub files: Vec<FileEntry>,
}

/// Which files make the export of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Layout version; see [`FORMAT`].
    pub format: u32,
    /// Chain (CAIP-2).
    pub chain: String,
    /// How it keeps accounts.
    pub model: Model,
    /// What of the chain is held.
    pub holds: String,
    /// Transactions of a segment, about.
    pub segment_txs: u64,
    /// The last block of the segments; none of an empty ledger.
    pub as_of_block: Option<AsOf>,
    /// SHA-256 over the segments' files (table, path, rows, hash): names this input in results.
    pub input: String,
    /// Segments, rising.
    pub segments: Vec<Segment>,
    /// Tables without segments.
    pub tables: Vec<Whole>,
}

fn input_of<'a>(files: impl IntoIterator<Item = &'a FileEntry>) -> String {
    let mut sha = Sha256::new();
    for file in files {
        sha.update(format!("{} {} {} {}\n", file.table, file.path, file.rows, file.sha256));
    }
    hex::encode(sha.finalize())
}

impl Manifest {
    /// Returns the manifest of an export without blocks.
    #[must_use]
    pub fn new(chain: &str, model: Model, holds: &str, segment_txs: u64) -> Self {
        Manifest {
            format: FORMAT,
            chain: chain.to_owned(),
            model,
            holds: holds.to_owned(),
            segment_txs,
            as_of_block: None,
            input: input_of(&[]),
            segments: Vec::new(),
            tables: Vec::new(),
        }
    }

    /// Takes over segments, and what follows from them.
    pub(crate) fn set_segments(&mut self, segments: Vec<Segment>) {
        let last = segments.last();
        self.as_of_block = last.map(|s| AsOf { height: s.max_height, hash: s.last_block_hash.clone() });
        self.input = input_of(segments.iter().flat_map(|s| &s.files));
        self.segments = segments;
    }

    /// Reads the manifest in a chain's folder; none where there is none.
    ///
    /// # Errors
    /// [`ExportError::Io`], [`ExportError::File`] where it does not decode, contradicts itself, or is of another version.
    pub fn read(dir: &Path) -> Result<Option<Self>, ExportError> {
        let path = dir.join(MANIFEST);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(ExportError::Io(path, e)),
        };
        let manifest: Manifest = serde_json::from_str(&text).map_err(|e| ExportError::file(&path, e))?;
        if manifest.format != FORMAT {
            let why = format!("layout version {} is not supported here (this build has {FORMAT})", manifest.format);
            return Err(ExportError::file(&path, why));
        }
        if manifest.input != input_of(manifest.segments.iter().flat_map(|s| &s.files)) {
            return Err(ExportError::file(&path, "its files are not those that it was written with; export again"));
        }
        let mut all = manifest.files();
        if let Some(bad) =
            all.find(|f| Path::new(&f.path).components().any(|c| !matches!(c, std::path::Component::Normal(_))))
        {
            return Err(ExportError::file(&path, format!("'{}' is no path below this folder", bad.path)));
        }
        drop(all);
        Ok(Some(manifest))
    }

    /// As [`Manifest::read`], where there must be one.
    ///
    /// # Errors
    /// As [`Manifest::read`].
    pub fn require(dir: &Path) -> Result<Self, ExportError> {
        let none = || ExportError::file(dir, format!("no {MANIFEST} here; make one with `holdfast-analytics export`"));
        Self::read(dir)?.ok_or_else(none)
    }

    /// Returns all files.
    pub fn files(&self) -> impl Iterator<Item = &FileEntry> {
        self.segments.iter().flat_map(|s| &s.files).chain(self.tables.iter().flat_map(|t| &t.files))
    }

    /// Returns a segment.
    #[must_use]
    pub fn segment(&self, number: u64) -> Option<&Segment> {
        self.segments.iter().find(|s| s.number == number)
    }

    pub(crate) fn write(&self, dir: &Path) -> Result<(), ExportError> {
        let text = serde_json::to_string_pretty(self).map_err(|e| ExportError::Internal(e.to_string()))?;
        replace(&dir.join(MANIFEST), &text)
    }
}

/// Replaces a text file: after this returns, a kill or power cut at any moment leaves this file or a later one.
///
/// # Errors
/// [`ExportError::Io`]; the old file stays.
pub fn replace(path: &Path, text: &str) -> Result<(), ExportError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()
    });
    written.map_err(ExportError::io(&beside))?;
    std::fs::rename(&beside, path).map_err(ExportError::io(path))?;
    let dir = path.parent().unwrap_or(Path::new("."));
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(ExportError::io(dir))
}
