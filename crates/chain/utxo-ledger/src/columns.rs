//! The columns of a store: one array for each property of blocks, transactions, outputs, inputs and addresses.

use crate::manifest::Counts;
use bytemuck::{Pod, Zeroable};
use holdfast_bitcoin::{AddressKey, Hash32};
use holdfast_columns::{Column, U40};
use std::io;
use std::ops::Range;
use std::path::Path;
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
    pub(crate) fn open(dir: &Path, counts: Counts, write: bool) -> io::Result<Self> {
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

    /// Returns the columns as they are now, for as long as they are held.
    pub(crate) fn snapshot(&self) -> Self {
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
    pub(crate) fn detach(&self, counts: Counts) -> io::Result<()> {
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

    /// Returns the input numbers of a transaction.
    #[inline]
    pub fn inputs_of(&self, tx: u32, counts: Counts) -> Range<u64> {
        let starts = self.tx_first_input.all();
        let end = if tx + 1 < counts.txs { starts[tx as usize + 1].get() } else { counts.inputs };
        starts[tx as usize].get()..end
    }

    /// Returns the output numbers of a transaction.
    #[inline]
    pub fn outputs_of(&self, tx: u32, counts: Counts) -> Range<u64> {
        let starts = self.tx_first_output.all();
        let end = if tx + 1 < counts.txs { starts[tx as usize + 1].get() } else { counts.outputs };
        starts[tx as usize].get()..end
    }
}

/// Returns the hash that places a txid in the index. Txids are uniform already.
#[inline]
#[expect(clippy::missing_panics_doc, reason = "8 of 32 bytes")]
pub fn txid_hash(txid: &Hash32) -> u64 {
    u64::from_le_bytes(txid[..8].try_into().expect("fixed slice"))
}

/// Returns the hash that places an address in the index.
#[inline]
pub fn address_hash(key: &AddressRow, seed: u64) -> u64 {
    xxh3_64_with_seed(key, seed)
}
