//! The store of a ledger's links: records beside the ledger, found by transaction, transfer, message, beneficiary and mixer.

use crate::LinkError;
use crate::codec;
use crate::link::{BlockRecords, BridgeSide, Direction, MessageId, MixerMove, Protocol, Record};
use holdfast_block_store::{Counts, RawBlock, RawRecord, key};
use holdfast_types::{AccountId, ChainId, Hash32};
use std::path::Path;

/// Version of how links are stored, and of what is looked for in blocks: of a store whose blocks were read for fewer bridges it would be said that nobody
/// sent what another chain received. A store of an earlier version begins anew.
const FORMAT: u32 = 2;

/// The links of a ledger's chain, open.
#[derive(Debug)]
pub struct Store(pub(crate) holdfast_block_store::Store);

impl Store {
    /// Opens the links of a chain for writing, creating a store when there is none. One process at a time.
    ///
    /// # Errors
    /// [`LinkError`] when it is locked, damaged or of another chain.
    pub fn create_or_open(dir: &Path, chain: &ChainId) -> Result<Self, LinkError> {
        holdfast_block_store::Store::create_or_open(dir, chain, FORMAT).map(Store)
    }

    /// Opens existing links for reading.
    ///
    /// # Errors
    /// [`LinkError`] when they are missing or damaged.
    pub fn open(dir: &Path) -> Result<Self, LinkError> {
        holdfast_block_store::Store::open(dir, FORMAT).map(Store)
    }

    /// Returns the links of a chain in whose blocks none were looked for.
    ///
    /// # Errors
    /// [`LinkError::Io`] when the system gives no handles.
    pub fn empty(chain: &ChainId) -> Result<Self, LinkError> {
        holdfast_block_store::Store::empty(chain, FORMAT).map(Store)
    }

    /// Returns the links as they are now, for reading only. It stays valid while this store is appended to and cut back.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Store(self.0.snapshot())
    }

    /// Returns how much is stored.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.0.counts()
    }

    /// Returns height and hash of the last block that was read; none in an empty store.
    ///
    /// # Errors
    /// [`LinkError::Damaged`].
    pub fn tip(&self) -> Result<Option<(u64, Hash32)>, LinkError> {
        self.0.tip()
    }

    /// Appends the records of blocks, and commits after all of them. Each block must follow the one before; the first block of an empty store may be
    /// any. A batch is held in memory: hand over some thousand blocks at most.
    ///
    /// # Errors
    /// [`LinkError`] names block and cause; nothing of the batch is stored then.
    pub fn append<'a>(&mut self, blocks: impl IntoIterator<Item = &'a BlockRecords>) -> Result<(), LinkError> {
        let raw: Vec<RawBlock> = blocks.into_iter().map(raw).collect::<Result<_, _>>()?;
        self.0.append(&raw)
    }

    /// Removes all blocks from `height` up. Committed before it returns. Returns how many were removed.
    ///
    /// # Errors
    /// [`LinkError::Io`], [`LinkError::ReadOnly`], [`LinkError::Damaged`].
    pub fn truncate(&mut self, height: u64) -> Result<u64, LinkError> {
        self.0.truncate(height)
    }

    /// Returns the blocks and bytes below the links, for keeping them in step with a ledger.
    pub fn blocks_mut(&mut self) -> &mut holdfast_block_store::Store {
        &mut self.0
    }

    /// As [`Store::blocks_mut`], for reading.
    #[must_use]
    pub fn blocks(&self) -> &holdfast_block_store::Store {
        &self.0
    }

    /// Compares all files with their checksums, decodes every record and makes its keys anew. Returns what is damaged.
    ///
    /// # Errors
    /// [`LinkError::Io`].
    pub fn check(&self) -> Result<Vec<LinkError>, LinkError> {
        self.0.check(&|place, bytes| codec::decode(bytes, place).map(|record| keys_of(&record)))
    }
}

fn raw(block: &BlockRecords) -> Result<RawBlock, LinkError> {
    let record = |record: &Record| {
        let place = record.place();
        if place.height != block.height {
            let why = "a record of another block stands in it";
            return Err(LinkError::Block { height: block.height, why });
        }
        Ok(RawRecord { tx: place.tx, keys: keys_of(record), bytes: codec::encode(record) })
    };
    let &BlockRecords { height, hash, parent, time, ref records } = block;
    Ok(RawBlock { height, hash, parent, time, records: records.iter().map(record).collect::<Result<_, _>>()? })
}

pub(crate) fn message_key(protocol: Protocol, direction: Direction, message: &MessageId) -> u64 {
    key(&[b'm', protocol as u8, direction as u8], message)
}

pub(crate) fn beneficiary_key(direction: Direction, beneficiary: &AccountId) -> u64 {
    key(&[b'b', direction as u8], beneficiary.as_bytes())
}

pub(crate) fn mixer_key(mixer: &AccountId) -> u64 {
    key(b"x", mixer.as_bytes())
}

fn keys_of(record: &Record) -> Vec<u64> {
    match record {
        Record::Link(_) => Vec::new(),
        Record::Bridge(BridgeSide { protocol, direction, message, beneficiary, .. }) => {
            let by_message = message.as_ref().map(|m| message_key(*protocol, *direction, m));
            by_message.into_iter().chain([beneficiary_key(*direction, beneficiary)]).collect()
        }
        Record::Mixer(MixerMove { mixer, .. }) => vec![mixer_key(mixer)],
    }
}
