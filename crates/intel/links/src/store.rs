//! The store of a ledger's links: append-only columns beside a sealed manifest, cut back with the ledger, safe against kills at any moment.
//!
//! Records lie in chain order as bytes. Each has up to two keys (a message's id; a mixer, or who receives by a bridge) whose hash chooses one of a
//! fixed number of lists; every key holds the number of the key before it in its list. Only the lists' heads are in memory, and they follow from the
//! columns: opening passes over the keys once, cutting back walks what is removed from its end. The same blocks give the same bytes, whatever the
//! batches and whatever was removed between.

use crate::codec;
use crate::error::LinkError;
use crate::link::{BlockRecords, BridgeSide, Direction, MessageId, MixerMove, Protocol, Record};
use crate::manifest::{Counts, Manifest};
use bytemuck::{Pod, Zeroable};
use holdfast_columns::{Changed, Checksums, Column, ColumnFile, checksums, sync_beside};
use holdfast_types::{AccountId, ChainId, Hash32};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

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
/// Bits of a hash that choose its list.
const LIST_BITS: u32 = 20;

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

    fn files(&self, counts: Counts) -> [ColumnFile<'_>; 4] {
        [
            (BLOCKS, &self.blocks as &dyn checksums::Bytes, counts.blocks),
            (RECORDS, &self.records as &dyn checksums::Bytes, counts.records),
            (BYTES, &self.bytes as &dyn checksums::Bytes, counts.bytes),
            (KEYS, &self.keys as &dyn checksums::Bytes, counts.keys),
        ]
    }
}

/// The links of a ledger's chain, open.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    pub(crate) manifest: Manifest,
    pub(crate) columns: Columns,
    /// The last key of each list.
    pub(crate) heads: Arc<Vec<u64>>,
    checksums: Option<Checksums>,
    lock: Option<File>,
}

impl Store {
    /// Opens the links of a chain for writing, creating a store when there is none. One process at a time.
    ///
    /// # Errors
    /// [`LinkError`] when it is locked, damaged or of another chain.
    pub fn create_or_open(dir: &Path, chain: &ChainId) -> Result<Self, LinkError> {
        let io = |e| LinkError::Io(dir.to_owned(), e);
        std::fs::create_dir_all(dir).map_err(io)?;
        let lock = holdfast_columns::lock(dir).map_err(io)?.ok_or_else(|| LinkError::Locked(dir.to_owned()))?;
        if !Manifest::path(dir).exists() {
            // The files first: a store that has a manifest can be read.
            Columns::open(dir, Counts::default(), true).map_err(io)?;
            Manifest::new(chain.clone()).write(dir).map_err(io)?;
        }
        let mut store = Self::load(dir, true)?;
        if store.manifest.chain != *chain {
            let (stored, requested) = (store.manifest.chain, chain.clone());
            return Err(LinkError::Chain { path: dir.to_owned(), stored, requested });
        }
        checksums::remove_others(dir, store.manifest.revision).map_err(io)?;
        store.lock = Some(lock);
        Ok(store)
    }

    /// Opens existing links for reading.
    ///
    /// # Errors
    /// [`LinkError`] when they are missing or damaged.
    pub fn open(dir: &Path) -> Result<Self, LinkError> {
        if Manifest::path(dir).exists() { Self::load(dir, false) } else { Err(LinkError::Missing(dir.to_owned())) }
    }

    fn load(dir: &Path, write: bool) -> Result<Self, LinkError> {
        let io = |e| LinkError::Io(dir.to_owned(), e);
        let manifest = Manifest::read(dir)?;
        let columns = Columns::open(dir, manifest.counts, write).map_err(io)?;
        let checksums = match Checksums::read(dir, manifest.revision) {
            Ok(Some(checksums)) => Some(checksums),
            Ok(None) if manifest.counts == Counts::default() => Some(Checksums::default()),
            // Damaged checksums are a finding of a check, and no reason not to read what they are of.
            Ok(None) | Err(_) => None,
        };
        let mut heads = vec![NONE; 1 << LIST_BITS];
        columns
            .keys
            .scan(0, manifest.counts.keys, |first, rows| {
                for (number, row) in (first..).zip(rows) {
                    heads[list_of(row.hash)] = number;
                }
            })
            .map_err(io)?;
        Ok(Store { dir: dir.to_owned(), manifest, columns, heads: Arc::new(heads), checksums, lock: None })
    }

    /// Returns the links as they are now, for reading only. It stays valid while this store is appended to and cut back.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Store {
            dir: self.dir.clone(),
            manifest: self.manifest.clone(),
            columns: self.columns.snapshot(),
            heads: self.heads.clone(),
            checksums: self.checksums.clone(),
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
    /// [`LinkError::Damaged`].
    pub fn tip(&self) -> Result<Option<(u64, Hash32)>, LinkError> {
        let Some(last) = self.counts().blocks.checked_sub(1) else { return Ok(None) };
        let first = self.manifest.first.ok_or_else(|| LinkError::damaged(BLOCKS, 0, "its first height is missing"))?;
        let row = row(&self.columns.blocks, BLOCKS, last)?;
        Ok(Some((first.saturating_add(last), row.hash)))
    }

    /// Returns the times of the first and the last block that was read, in Unix seconds; none in an empty store.
    ///
    /// # Errors
    /// [`LinkError::Damaged`].
    pub fn times(&self) -> Result<Option<(u64, u64)>, LinkError> {
        let Some(last) = self.counts().blocks.checked_sub(1) else { return Ok(None) };
        let time = |number| row(&self.columns.blocks, BLOCKS, number).map(|row| row.time);
        Ok(Some((time(0)?, time(last)?)))
    }

    fn io(&self, e: io::Error) -> LinkError {
        LinkError::Io(self.dir.clone(), e)
    }

    fn require_writing(&self) -> Result<(), LinkError> {
        if self.lock.is_some() { Ok(()) } else { Err(LinkError::ReadOnly) }
    }

    /// Appends the records of blocks, and commits after all of them. Each block must follow the one before; the first block of an empty store may be
    /// any. A batch is held in memory: hand over some thousand blocks at most.
    ///
    /// # Errors
    /// [`LinkError`] names block and cause; nothing of the batch is stored then.
    pub fn append(&mut self, blocks: &[BlockRecords]) -> Result<(), LinkError> {
        self.require_writing()?;
        let Some(first) = blocks.first() else { return Ok(()) };
        let mut tip = self.tip()?;
        let mut batch = Batch::default();
        let mut heads: HashMap<usize, u64> = HashMap::new();
        let base = self.counts();
        let mut counts = base;
        for block in blocks {
            follows(tip, block)?;
            tip = Some((block.height, block.hash));
            let mut last_tx = 0;
            for record in &block.records {
                let place = record.place();
                if place.height != block.height || place.tx < last_tx {
                    let why = "its records are not in the order of its transactions";
                    return Err(LinkError::Block { height: block.height, why });
                }
                last_tx = place.tx;
                for hash in keys_of(record).into_iter().flatten() {
                    let list = list_of(hash);
                    let previous = heads.insert(list, counts.keys).unwrap_or(self.heads[list]);
                    batch.keys.push(KeyRow { hash, previous, record: counts.records });
                    counts.keys += 1;
                }
                let row = RecordRow { offset: counts.bytes, height: place.height, tx: u64::from(place.tx) };
                batch.records.push(row);
                counts.records += 1;
                let bytes = codec::encode(record);
                counts.bytes += bytes.len() as u64;
                batch.bytes.extend(bytes);
            }
            counts.blocks += 1;
            let Counts { records, bytes, keys, .. } = counts;
            batch.blocks.push(BlockRow { hash: block.hash, time: block.time, records, bytes, keys });
        }
        batch.write(&self.columns, base).map_err(|e| self.io(e))?;
        self.manifest.first.get_or_insert(first.height);
        self.commit(counts)?;
        let all = Arc::make_mut(&mut self.heads);
        for (list, key) in heads {
            all[list] = key;
        }
        Ok(())
    }

    fn commit(&mut self, counts: Counts) -> Result<(), LinkError> {
        let checksums = match &self.checksums {
            None => None,
            Some(old) => {
                let new = old.moved_to(&self.columns.files(counts)).map_err(|e| self.io(e))?;
                let new = new.map_err(|changed| changed_rows(&changed))?;
                new.write(&self.dir, self.manifest.revision + 1).map_err(|e| self.io(e))?;
                Some(new)
            }
        };
        self.manifest.counts = counts;
        self.manifest.revision += 1;
        self.manifest.write(&self.dir).map_err(|e| self.io(e))?;
        self.checksums = checksums;
        let _ = std::fs::remove_file(checksums::path(&self.dir, self.manifest.revision - 1));
        self.columns.commit(counts).map_err(|e| self.io(e))
    }

    /// Removes all blocks from `height` up. Committed before it returns. Returns how many were removed.
    ///
    /// # Errors
    /// [`LinkError::Io`], [`LinkError::ReadOnly`], [`LinkError::Damaged`].
    pub fn truncate(&mut self, height: u64) -> Result<u64, LinkError> {
        self.require_writing()?;
        let Some(first) = self.manifest.first else { return Ok(0) };
        let now = self.counts();
        let stay = height.saturating_sub(first).min(now.blocks);
        if stay == now.blocks {
            return Ok(0);
        }
        let counts = match stay.checked_sub(1) {
            None => Counts::default(),
            Some(last) => {
                let BlockRow { records, bytes, keys, .. } = row(&self.columns.blocks, BLOCKS, last)?;
                Counts { blocks: stay, records, bytes, keys }
            }
        };
        // Removed from the end, each key leaves the one before it at the head of its list.
        let mut heads = self.heads.clone();
        let changed = Arc::make_mut(&mut heads);
        for key in (counts.keys..now.keys).rev() {
            let KeyRow { hash, previous, .. } = row(&self.columns.keys, KEYS, key)?;
            changed[list_of(hash)] = previous;
        }
        self.columns.detach(counts).map_err(|e| self.io(e))?;
        if stay == 0 {
            self.manifest.first = None;
        }
        self.commit(counts)?;
        self.heads = heads;
        Ok(now.blocks - stay)
    }

    /// Compares all files with their checksums and decodes every record. Returns what is damaged.
    ///
    /// # Errors
    /// [`LinkError::Io`].
    pub fn check(&self) -> Result<Vec<LinkError>, LinkError> {
        let mut damage = Vec::new();
        match &self.checksums {
            None => damage.push(LinkError::damaged(BLOCKS, 0, "the checksums are missing")),
            Some(checksums) => {
                let compared = checksums.compare(&self.columns.files(self.counts())).map_err(|e| self.io(e))?;
                damage.extend(compared.changed.iter().map(changed_rows));
                damage.extend(compared.lengths.iter().map(|(file, sums, bytes)| {
                    LinkError::damaged(file, 0, format!("{bytes} bytes, and checksums of {sums}"))
                }));
            }
        }
        for number in 0..self.counts().records {
            damage.extend(self.record(number).err());
        }
        Ok(damage)
    }
}

fn changed_rows(changed: &Changed) -> LinkError {
    let (first, end) = (changed.bytes.start / changed.width, changed.bytes.end.div_ceil(changed.width));
    LinkError::damaged(changed.column, first, format!("rows {first} to {} are not what was written", end.max(1) - 1))
}

fn follows(tip: Option<(u64, Hash32)>, block: &BlockRecords) -> Result<(), LinkError> {
    let Some((height, hash)) = tip else { return Ok(()) };
    let why = if height.checked_add(1) != Some(block.height) {
        format!("the last one is {height}")
    } else if block.parent != hash {
        "its parent is another block".to_owned()
    } else {
        return Ok(());
    };
    Err(LinkError::NotNext { height: block.height, why })
}

/// Returns a committed row.
pub(crate) fn row<T: Pod>(column: &Column<T>, file: &'static str, number: u64) -> Result<T, LinkError> {
    let place = usize::try_from(number).ok();
    let found = place.and_then(|place| column.all().get(place)).copied();
    found.ok_or_else(|| LinkError::damaged(file, number, "it is not stored"))
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

pub(crate) fn message_key(protocol: Protocol, direction: Direction, message: &MessageId) -> u64 {
    hash(&[b'm', protocol as u8, direction as u8], message)
}

pub(crate) fn beneficiary_key(direction: Direction, beneficiary: &AccountId) -> u64 {
    hash(&[b'b', direction as u8], beneficiary.as_bytes())
}

pub(crate) fn mixer_key(mixer: &AccountId) -> u64 {
    hash(b"x", mixer.as_bytes())
}

fn hash(tag: &[u8], content: &[u8]) -> u64 {
    xxh3_64(&[tag, content].concat())
}

fn keys_of(record: &Record) -> [Option<u64>; 2] {
    match record {
        Record::Link(_) => [None, None],
        Record::Bridge(BridgeSide { protocol, direction, message, beneficiary, .. }) => {
            let by_message = message.as_ref().map(|m| message_key(*protocol, *direction, m));
            [by_message, Some(beneficiary_key(*direction, beneficiary))]
        }
        Record::Mixer(MixerMove { mixer, .. }) => [Some(mixer_key(mixer)), None],
    }
}
