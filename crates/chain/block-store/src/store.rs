//! The store: append-only columns beside a sealed manifest, cut back with the ledger, safe against kills at any moment.
//!
//! Records lie in chain order as bytes. Each has keys, whose hash chooses one of a fixed number of lists; every key holds the number of the key before
//! it in its list. Only the lists' heads are in memory, and they follow from the columns: opening passes over the keys once, cutting back walks what is
//! removed from its end. The same blocks give the same bytes, whatever the batches and whatever was removed between.

use crate::error::StoreError;
use crate::manifest::{Counts, Manifest};
use bytemuck::{Pod, Zeroable};
use holdfast_columns::{Changed, Checksums, Column, ColumnFile, checksums, sync_beside};
use holdfast_types::{ChainId, Hash32};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Where a transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Height of its block.
    pub height: u64,
    /// Number in its block.
    pub tx: u32,
}

/// A record as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRecord {
    /// Number of its transaction in the block.
    pub tx: u32,
    /// What it is found by ([`key`]). Keys of different meaning may collide: whoever looks up compares the records.
    pub keys: Vec<u64>,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What was found in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawBlock {
    /// Height.
    pub height: u64,
    /// Hash.
    pub hash: Hash32,
    /// Hash of the block before.
    pub parent: Hash32,
    /// Unix seconds.
    pub time: u64,
    /// What was found, in the order of transactions.
    pub records: Vec<RawRecord>,
}

/// A block: its hash, and what is stored with it and all before it.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct BlockRow {
    pub hash: Hash32,
    /// Unix seconds.
    pub time: u64,
    pub records: u64,
    pub bytes: u64,
    pub keys: u64,
}

/// A record: where its bytes begin, and its transaction.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct RecordRow {
    pub offset: u64,
    pub height: u64,
    pub tx: u64,
}

/// A key of a record.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct KeyRow {
    pub hash: u64,
    /// The key before it in its list, or [`NONE`].
    pub previous: u64,
    pub record: u64,
}

/// No key.
pub(crate) const NONE: u64 = u64::MAX;
/// Bits of a hash that choose its list, and of those the ones that choose it within its part.
const LIST_BITS: u32 = 20;
const PART_BITS: u32 = 10;
const PART: usize = 1 << PART_BITS;

/// The last key of each list. Snapshots share all parts but those that changed since.
#[derive(Clone, Debug)]
pub(crate) struct Heads(Vec<Arc<[u64; PART]>>);

impl Heads {
    pub fn new() -> Self {
        let empty = Arc::new([NONE; PART]);
        Heads(vec![empty; 1 << (LIST_BITS - PART_BITS)])
    }

    pub fn get(&self, list: usize) -> u64 {
        self.0.get(list >> PART_BITS).map_or(NONE, |part| part[list % PART])
    }

    pub fn set(&mut self, list: usize, key: u64) {
        if let Some(part) = self.0.get_mut(list >> PART_BITS) {
            Arc::make_mut(part)[list % PART] = key;
        }
    }
}

pub(crate) const BLOCKS: &str = "blocks";
pub(crate) const RECORDS: &str = "records";
pub(crate) const BYTES: &str = "records.bytes";
pub(crate) const KEYS: &str = "keys";

#[derive(Debug)]
pub(crate) struct Columns {
    pub blocks: Column<BlockRow>,
    pub records: Column<RecordRow>,
    pub bytes: Column<u8>,
    pub keys: Column<KeyRow>,
}

impl Columns {
    fn open(dir: &Path, counts: Counts, write: bool) -> io::Result<Self> {
        Ok(Columns {
            blocks: Column::open(dir, BLOCKS, counts.blocks, write)?,
            records: Column::open(dir, RECORDS, counts.records, write)?,
            bytes: Column::open(dir, BYTES, counts.bytes, write)?,
            keys: Column::open(dir, KEYS, counts.keys, write)?,
        })
    }

    fn empty() -> io::Result<Self> {
        Ok(Columns {
            blocks: Column::empty()?,
            records: Column::empty()?,
            bytes: Column::empty()?,
            keys: Column::empty()?,
        })
    }

    fn commit(&mut self, counts: Counts) -> io::Result<()> {
        self.blocks.commit(counts.blocks)?;
        self.records.commit(counts.records)?;
        self.bytes.commit(counts.bytes)?;
        self.keys.commit(counts.keys)
    }

    fn detach(&self, counts: Counts) -> io::Result<()> {
        self.blocks.detach(counts.blocks)?;
        self.records.detach(counts.records)?;
        self.bytes.detach(counts.bytes)?;
        self.keys.detach(counts.keys)
    }

    fn snapshot(&self) -> Self {
        Columns {
            blocks: self.blocks.snapshot(),
            records: self.records.snapshot(),
            bytes: self.bytes.snapshot(),
            keys: self.keys.snapshot(),
        }
    }

    pub fn files(&self, counts: Counts) -> [ColumnFile<'_>; 4] {
        [
            (BLOCKS, &self.blocks as &dyn checksums::Bytes, counts.blocks),
            (RECORDS, &self.records as &dyn checksums::Bytes, counts.records),
            (BYTES, &self.bytes as &dyn checksums::Bytes, counts.bytes),
            (KEYS, &self.keys as &dyn checksums::Bytes, counts.keys),
        ]
    }
}

/// What was found in the blocks of a chain, open.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    pub(crate) manifest: Manifest,
    pub(crate) columns: Columns,
    pub(crate) heads: Heads,
    pub(crate) checksums: Option<Arc<Checksums>>,
    /// Whether fewer blocks are shown than the checksums are of.
    pub(crate) is_part: bool,
    lock: Option<File>,
}

impl Store {
    /// Opens a chain's store for writing, creating it when there is none. One process at a time. One of an earlier format begins anew: what was found then
    /// is less than what is looked for now.
    ///
    /// # Errors
    /// [`StoreError`] when it is locked, damaged, of another chain, or of a later format.
    pub fn create_or_open(dir: &Path, chain: &ChainId, format: u32) -> Result<Self, StoreError> {
        let io = |e| StoreError::Io(dir.to_owned(), e);
        std::fs::create_dir_all(dir).map_err(io)?;
        let lock = holdfast_columns::lock(dir).map_err(io)?.ok_or_else(|| StoreError::Locked(dir.to_owned()))?;
        if !Manifest::path(dir).exists() {
            // The files first: a store that has a manifest can be read.
            Columns::open(dir, Counts::default(), true).map_err(io)?;
            Manifest::new(chain.clone(), format).write(dir).map_err(io)?;
        }
        let stored = Manifest::read(dir)?;
        if stored.chain != *chain {
            let (stored, requested) = (stored.chain, chain.clone());
            return Err(StoreError::Chain { path: dir.to_owned(), stored, requested });
        }
        if stored.format < format {
            // Checksums that a kill left behind would count as the next revision's.
            checksums::remove_others(dir, stored.revision).map_err(io)?;
            stored.anew(format).write(dir).map_err(io)?;
        }
        let mut store = Self::load(dir, Manifest::read(dir)?.of_format(dir, format)?, true)?;
        checksums::remove_others(dir, store.manifest.revision).map_err(io)?;
        store.lock = Some(lock);
        Ok(store)
    }

    /// Opens an existing store for reading. One of an earlier format has no blocks ([`Store::empty`]).
    ///
    /// # Errors
    /// [`StoreError`] when it is missing, damaged, or of a later format.
    pub fn open(dir: &Path, format: u32) -> Result<Self, StoreError> {
        if !Manifest::path(dir).exists() {
            return Err(StoreError::Missing(dir.to_owned()));
        }
        read_whole(dir, |stored| {
            if stored.format < format {
                return Self::empty(&stored.chain, format);
            }
            Self::load(dir, stored.of_format(dir, format)?, false)
        })
    }

    /// Opens an existing store for reading, whatever is in its records and in whatever format: to copy it.
    ///
    /// # Errors
    /// [`StoreError`] when it is missing or damaged.
    pub fn open_any(dir: &Path) -> Result<Self, StoreError> {
        read_whole(dir, |stored| Self::load(dir, stored, false))
    }

    /// Opens an existing store for reading, and reads all of it with `read`, which has to begin with [`Store::check`]: again where a writer cut blocks off
    /// meanwhile, so that what was read is damaged, or of blocks that are no more.
    ///
    /// # Errors
    /// As [`Store::open`], and those of `read`.
    pub fn read_all<T, E: From<StoreError>>(
        dir: &Path,
        format: u32,
        read: impl Fn(&Store) -> Result<T, E>,
    ) -> Result<T, E> {
        for tries in 1.. {
            let store = Self::open(dir, format)?;
            let tip = store.tip()?;
            let read = read(&store);
            // A writer commits that it cuts off before it writes over what was there.
            if !is_newer(dir, store.manifest.revision) {
                return read;
            }
            let is_kept = match tip {
                Some((height, hash)) => Self::open(dir, format)?.hash_at(height)? == Some(hash),
                None => true,
            };
            if (read.is_ok() && is_kept) || (read.is_err() && tries >= TRIES) {
                return read;
            }
            if tries >= TRIES {
                break;
            }
        }
        Err(StoreError::damaged(BLOCKS, 0, "a writer changes it again and again while it is read").into())
    }

    /// Returns a store in which no block was looked at, for reading: of a chain that has none.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the system gives no handles.
    pub fn empty(chain: &ChainId, format: u32) -> Result<Self, StoreError> {
        let columns = Columns::empty().map_err(|e| StoreError::Io(PathBuf::new(), e))?;
        let (dir, manifest) = (PathBuf::new(), Manifest::new(chain.clone(), format));
        Ok(Store {
            dir,
            manifest,
            columns,
            heads: Heads::new(),
            checksums: Some(Arc::default()),
            is_part: false,
            lock: None,
        })
    }

    fn load(dir: &Path, manifest: Manifest, write: bool) -> Result<Self, StoreError> {
        let io = |e| StoreError::Io(dir.to_owned(), e);
        let columns = Columns::open(dir, manifest.counts, write).map_err(io)?;
        let checksums = match Checksums::read(dir, manifest.revision) {
            Ok(Some(checksums)) => Some(Arc::new(checksums)),
            Ok(None) if manifest.counts == Counts::default() => Some(Arc::default()),
            // Damaged checksums are a finding of a check, and no reason not to read what they are of.
            Ok(None) | Err(_) => None,
        };
        let mut heads = Heads::new();
        columns
            .keys
            .scan(0, manifest.counts.keys, |first, rows| {
                for (number, row) in (first..).zip(rows) {
                    heads.set(list_of(row.hash), number);
                }
            })
            .map_err(io)?;
        Ok(Store { dir: dir.to_owned(), manifest, columns, heads, checksums, is_part: false, lock: None })
    }

    /// Returns what is stored now, for reading only. It stays valid while this store is appended to and cut back.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Store {
            dir: self.dir.clone(),
            manifest: self.manifest.clone(),
            columns: self.columns.snapshot(),
            heads: self.heads.clone(),
            checksums: self.checksums.clone(),
            is_part: self.is_part,
            lock: None,
        }
    }

    /// Returns the chain.
    #[must_use]
    pub fn chain(&self) -> &ChainId {
        &self.manifest.chain
    }

    /// Returns how much is stored.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.manifest.counts
    }

    /// Returns the height of the first block that was read; none in an empty store.
    #[must_use]
    pub fn first_height(&self) -> Option<u64> {
        self.manifest.first
    }

    /// Returns height and hash of the last block that was read; none in an empty store.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn tip(&self) -> Result<Option<(u64, Hash32)>, StoreError> {
        let Some(last) = self.counts().blocks.checked_sub(1) else { return Ok(None) };
        let first = self.manifest.first.ok_or_else(|| StoreError::damaged(BLOCKS, 0, "its first height is missing"))?;
        let row = row(&self.columns.blocks, BLOCKS, last)?;
        Ok(Some((first.saturating_add(last), row.hash)))
    }

    /// Returns the times of the first and the last block that was read, in Unix seconds; none in an empty store.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn times(&self) -> Result<Option<(u64, u64)>, StoreError> {
        let Some(last) = self.counts().blocks.checked_sub(1) else { return Ok(None) };
        let time = |number| row(&self.columns.blocks, BLOCKS, number).map(|row| row.time);
        Ok(Some((time(0)?, time(last)?)))
    }

    pub(crate) fn io(&self, e: io::Error) -> StoreError {
        StoreError::Io(self.dir.clone(), e)
    }

    fn require_writing(&self) -> Result<(), StoreError> {
        if self.lock.is_some() { Ok(()) } else { Err(StoreError::ReadOnly) }
    }

    /// Appends blocks, and commits after all of them. Each block must follow the one before; the first block of an empty store may be any. A batch is
    /// held in memory: hand over some thousand blocks at most.
    ///
    /// # Errors
    /// [`StoreError`] names block and cause; nothing of the batch is stored then.
    pub fn append(&mut self, blocks: &[RawBlock]) -> Result<(), StoreError> {
        self.require_writing()?;
        let Some(first) = blocks.first() else { return Ok(()) };
        let mut tip = self.tip()?;
        let mut batch = Batch::default();
        let mut heads = self.heads.clone();
        let base = self.counts();
        let mut counts = base;
        for block in blocks {
            follows(tip, block)?;
            tip = Some((block.height, block.hash));
            let mut last_tx = 0;
            for record in &block.records {
                if record.tx < last_tx {
                    let why = "its records are not in the order of its transactions";
                    return Err(StoreError::Block { height: block.height, why });
                }
                last_tx = record.tx;
                for hash in record.keys.iter().copied() {
                    let list = list_of(hash);
                    batch.keys.push(KeyRow { hash, previous: heads.get(list), record: counts.records });
                    heads.set(list, counts.keys);
                    counts.keys += 1;
                }
                batch.records.push(RecordRow { offset: counts.bytes, height: block.height, tx: record.tx.into() });
                counts.records += 1;
                counts.bytes += record.bytes.len() as u64;
                batch.bytes.extend_from_slice(&record.bytes);
            }
            counts.blocks += 1;
            let Counts { records, bytes, keys, .. } = counts;
            batch.blocks.push(BlockRow { hash: block.hash, time: block.time, records, bytes, keys });
        }
        batch.write(&self.columns, base).map_err(|e| self.io(e))?;
        let first = self.manifest.first.unwrap_or(first.height);
        self.commit(Some(first), counts, heads)
    }

    /// Commits. Until the manifest is written nothing of the store changes, so that after a failure the same can be tried again.
    fn commit(&mut self, first: Option<u64>, counts: Counts, heads: Heads) -> Result<(), StoreError> {
        let revision = self.manifest.revision + 1;
        let checksums = match &self.checksums {
            None => None,
            Some(old) => {
                let new = old.moved_to(&self.columns.files(counts)).map_err(|e| self.io(e))?;
                let new = new.map_err(|changed| changed_rows(&changed))?;
                new.write(&self.dir, revision).map_err(|e| self.io(e))?;
                Some(Arc::new(new))
            }
        };
        let manifest = Manifest { revision, first, counts, ..self.manifest.clone() };
        manifest.write(&self.dir).map_err(|e| self.io(e))?;
        (self.manifest, self.heads, self.checksums) = (manifest, heads, checksums);
        let _ = std::fs::remove_file(checksums::path(&self.dir, revision - 1));
        self.columns.commit(counts).map_err(|e| self.io(e))
    }

    /// Removes all blocks from `height` up. Committed before it returns. Returns how many were removed.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::ReadOnly`], [`StoreError::Damaged`].
    pub fn truncate(&mut self, height: u64) -> Result<u64, StoreError> {
        self.require_writing()?;
        let Some(first) = self.manifest.first else { return Ok(0) };
        let now = self.counts();
        let stay = height.saturating_sub(first).min(now.blocks);
        if stay == now.blocks {
            return Ok(0);
        }
        let counts = self.counts_until(stay)?;
        let heads = self.heads_until(counts)?;
        self.columns.detach(counts).map_err(|e| self.io(e))?;
        self.commit(Some(first).filter(|_| stay > 0), counts, heads)?;
        Ok(now.blocks - stay)
    }

    /// Returns what the first blocks hold.
    fn counts_until(&self, blocks: u64) -> Result<Counts, StoreError> {
        let Some(last) = blocks.checked_sub(1) else { return Ok(Counts::default()) };
        let BlockRow { records, bytes, keys, .. } = row(&self.columns.blocks, BLOCKS, last)?;
        Ok(Counts { blocks, records, bytes, keys })
    }

    /// Returns the heads of the lists of fewer keys.
    fn heads_until(&self, counts: Counts) -> Result<Heads, StoreError> {
        let mut heads = self.heads.clone();
        // Removed from the end, each key leaves the one before it at the head of its list.
        for key in (counts.keys..self.counts().keys).rev() {
            let KeyRow { hash, previous, .. } = row(&self.columns.keys, KEYS, key)?;
            heads.set(list_of(hash), previous);
        }
        Ok(heads)
    }

    /// Returns the hash of a block that was looked at.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn hash_at(&self, height: u64) -> Result<Option<Hash32>, StoreError> {
        let number = self.manifest.first.and_then(|first| height.checked_sub(first));
        let number = number.filter(|number| *number < self.counts().blocks);
        number.map(|number| Ok(row(&self.columns.blocks, BLOCKS, number)?.hash)).transpose()
    }

    /// Returns how many of its blocks are those of a chain, whose hashes `at` gives: once a block is another, all after it are.
    fn common<E: From<StoreError>>(&self, at: &dyn Fn(u64) -> Result<Option<Hash32>, E>) -> Result<(u64, u64), E> {
        let Some(first) = self.manifest.first else { return Ok((0, 0)) };
        let (mut low, mut high) = (0, self.counts().blocks);
        while low < high {
            let middle = low.midpoint(high);
            let hash = row(&self.columns.blocks, BLOCKS, middle)?.hash;
            if at(first.saturating_add(middle))? == Some(hash) { low = middle + 1 } else { high = middle }
        }
        Ok((first, low))
    }

    /// Removes the blocks that are not a ledger's, whose hashes `at` gives. Returns how many were removed.
    ///
    /// # Errors
    /// As [`Store::truncate`], and those of `at`.
    pub fn keep_common<E: From<StoreError>>(
        &mut self,
        at: &dyn Fn(u64) -> Result<Option<Hash32>, E>,
    ) -> Result<u64, E> {
        let (first, common) = self.common(at)?;
        Ok(self.truncate(first.saturating_add(common))?)
    }

    /// As [`Store::keep_common`] of a store that is open for reading, for as long as it is: a ledger that was opened before it may be behind.
    ///
    /// # Errors
    /// [`StoreError`], and those of `at`.
    pub fn show_common<E: From<StoreError>>(&mut self, at: &dyn Fn(u64) -> Result<Option<Hash32>, E>) -> Result<(), E> {
        let (_, common) = self.common(at)?;
        if common < self.counts().blocks {
            let counts = self.counts_until(common)?;
            self.heads = self.heads_until(counts)?;
            self.columns.commit(counts).map_err(|e| self.io(e))?;
            self.manifest.counts = counts;
            self.manifest.first = self.manifest.first.filter(|_| common > 0);
            self.is_part = true;
        }
        Ok(())
    }
}

/// How often what a writer changes meanwhile is read.
const TRIES: u32 = 20;

/// Returns whether a writer committed since a revision.
fn is_newer(dir: &Path, revision: u64) -> bool {
    Manifest::read(dir).is_ok_and(|now| now.revision != revision)
}

/// Reads manifest and files of one revision: a writer may commit the next one between both, and remove what belongs to the one before.
fn read_whole(dir: &Path, load: impl Fn(Manifest) -> Result<Store, StoreError>) -> Result<Store, StoreError> {
    let mut tries = 1;
    loop {
        let stored = Manifest::read(dir)?;
        let revision = stored.revision;
        let loaded = load(stored);
        let is_whole = loaded.as_ref().is_ok_and(|store| store.checksums.is_some());
        if is_whole || tries >= TRIES || !is_newer(dir, revision) {
            return loaded;
        }
        tries += 1;
    }
}

pub(crate) fn changed_rows(changed: &Changed) -> StoreError {
    let (first, end) = (changed.bytes.start / changed.width, changed.bytes.end.div_ceil(changed.width));
    StoreError::damaged(changed.column, first, format!("rows {first} to {} are not what was written", end.max(1) - 1))
}

fn follows(tip: Option<(u64, Hash32)>, block: &RawBlock) -> Result<(), StoreError> {
    let Some((height, hash)) = tip else { return Ok(()) };
    let why = if height.checked_add(1) != Some(block.height) {
        format!("the last one is {height}")
    } else if block.parent != hash {
        "its parent is another block".to_owned()
    } else {
        return Ok(());
    };
    Err(StoreError::NotNext { height: block.height, why })
}

/// Returns a committed row.
pub(crate) fn row<T: Pod>(column: &Column<T>, file: &'static str, number: u64) -> Result<T, StoreError> {
    let place = usize::try_from(number).ok();
    let found = place.and_then(|place| column.all().get(place)).copied();
    found.ok_or_else(|| StoreError::damaged(file, number, "it is not stored"))
}

#[derive(Default)]
struct Batch {
    blocks: Vec<BlockRow>,
    records: Vec<RecordRow>,
    bytes: Vec<u8>,
    keys: Vec<KeyRow>,
}

impl Batch {
    fn write(&self, columns: &Columns, base: Counts) -> io::Result<()> {
        fn column<T: Pod>(column: &Column<T>, from: u64, rows: &[T]) -> io::Result<holdfast_columns::Written> {
            let mut writer = column.writer(from)?;
            rows.iter().try_for_each(|row| writer.push(*row))?;
            writer.written()
        }
        let files = vec![
            column(&columns.blocks, base.blocks, &self.blocks)?,
            column(&columns.records, base.records, &self.records)?,
            column(&columns.bytes, base.bytes, &self.bytes)?,
            column(&columns.keys, base.keys, &self.keys)?,
        ];
        sync_beside(files, || ())
    }
}

pub(crate) fn list_of(hash: u64) -> usize {
    (hash >> (64 - LIST_BITS)) as usize
}

/// Returns the key of a content; `tag` parts meanings.
#[must_use]
pub fn key(tag: &[u8], content: &[u8]) -> u64 {
    xxh3_64(&[tag, content].concat())
}
