//! Look-ups: blocks, transactions, outputs and addresses, by number and by what explorers print.

use crate::columns::{Columns, ExternalRow, NONE_U32, UNKNOWN_VALUE};
use crate::index::EXTERNAL_BIT;
use crate::manifest::Counts;
use crate::store::Ledger;
use holdfast_bitcoin::{AddressKey, BlockHash, Header, Network, ScriptClass, Txid, display_hash};
use std::ops::Range;

/// A stored block, as look-ups give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockInfo {
    /// Position in the store.
    pub number: u32,
    /// Height in its chain.
    pub height: u32,
    /// Hash.
    pub hash: BlockHash,
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

    /// Returns whether it creates coins.
    pub fn coinbase(self) -> bool {
        self.0 & Self::COINBASE != 0
    }

    /// Returns whether it carries a witness.
    pub fn segwit(self) -> bool {
        self.0 & Self::SEGWIT != 0
    }

    /// Returns whether an input signals replaceability (BIP 125).
    pub fn rbf(self) -> bool {
        self.0 & Self::RBF != 0
    }

    /// Returns whether its version is 2 or higher.
    pub fn version_2(self) -> bool {
        self.0 & Self::VERSION_2 != 0
    }

    /// Returns whether nLockTime is set.
    pub fn locktime(self) -> bool {
        self.0 & Self::LOCKTIME != 0
    }

    /// Returns the weight units.
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
    pub txid: Txid,
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

impl Ledger {
    /// Returns whose chain is stored.
    pub fn network(&self) -> Network {
        self.manifest.network
    }

    /// Returns how many of each thing are stored.
    pub fn counts(&self) -> Counts {
        self.manifest.counts
    }

    /// Returns the revision, which rises with every commit; equal revisions of a store hold equal facts.
    pub fn revision(&self) -> u64 {
        self.manifest.revision
    }

    /// Returns the columns, for whole-ledger scans.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Returns the block at a position in the store.
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
            hash: BlockHash::from_bytes(row.hash),
            header: Header(row.header),
            txs: (row.first_tx, end),
            size: row.len,
        }
    }

    /// Returns how many of each thing there are until the end of a block.
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

    /// Returns the highest block.
    pub fn tip(&self) -> Option<BlockInfo> {
        self.counts().blocks.checked_sub(1).map(|n| self.block(n))
    }

    /// Returns the block at a height.
    pub fn block_at(&self, height: u32) -> Option<BlockInfo> {
        let rows = self.columns.block.all();
        let at = rows.partition_point(|b| b.height < height);
        rows.get(at).filter(|b| b.height == height).map(|_| self.block(at as u32))
    }

    /// Returns the block with a hash. Walks the blocks, newest first.
    pub fn block_by_hash(&self, hash: &BlockHash) -> Option<BlockInfo> {
        let rows = self.columns.block.all();
        rows.iter().rposition(|b| b.hash == *hash.as_bytes()).map(|n| self.block(n as u32))
    }

    /// Returns the block that holds a transaction.
    pub fn block_of_tx(&self, tx: u32) -> BlockInfo {
        let at = self.columns.block.all().partition_point(|b| b.first_tx <= tx);
        self.block(at as u32 - 1)
    }

    /// Returns the number of the transaction with a txid.
    pub fn tx_by_id(&self, txid: &Txid) -> Option<u32> {
        let txid = txid.as_bytes();
        let newer = self.overlay.tx(&self.columns, txid);
        newer.or_else(|| self.index.as_ref().and_then(|i| i.tx(&self.columns, txid)))
    }

    /// Returns a transaction.
    pub fn tx(&self, tx: u32) -> TxInfo {
        TxInfo {
            number: tx,
            txid: Txid::from_bytes(self.columns.txid.get(u64::from(tx))),
            flags: self.flags(tx),
            inputs: self.columns.inputs_of(tx, self.counts()),
            outputs: self.columns.outputs_of(tx, self.counts()),
        }
    }

    /// Returns a transaction's properties.
    #[inline]
    pub fn flags(&self, tx: u32) -> TxFlags {
        TxFlags(self.columns.tx_meta.get(u64::from(tx)))
    }

    /// Returns a transaction's id, as explorers print it.
    pub fn txid_text(&self, tx: u32) -> String {
        display_hash(&self.columns.txid.get(u64::from(tx)))
    }

    /// Returns the output numbers of a transaction.
    #[inline]
    pub fn outputs(&self, tx: u32) -> Range<u64> {
        self.columns.outputs_of(tx, self.counts())
    }

    /// Returns what a transaction's inputs spend, in order.
    #[inline]
    pub fn sources(&self, tx: u32) -> impl ExactSizeIterator<Item = Source> + '_ {
        let inputs = self.columns.inputs_of(tx, self.counts());
        let prev = &self.columns.prev.all()[inputs.start as usize..inputs.end as usize];
        prev.iter().map(|n| Source::from_stored(n.get()))
    }

    /// Returns amount and address of what an input spends.
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

    /// Returns an external.
    pub fn external(&self, n: u64) -> ExternalRow {
        self.columns.external.get(n)
    }

    /// Returns an output's amount.
    #[inline]
    pub fn value(&self, output: u64) -> u64 {
        self.columns.value.get(output)
    }

    /// Returns the address that an output pays.
    #[inline]
    pub fn address_of(&self, output: u64) -> u32 {
        self.columns.output_address.get(output)
    }

    /// Returns the transaction that spends an output; `None` while unspent.
    #[inline]
    pub fn spender(&self, output: u64) -> Option<u32> {
        self.overlay.spender(output).or_else(|| self.index.as_ref().and_then(|i| i.spender(output)))
    }

    /// Returns the spenders of all outputs as the index has them; `None` when something was appended or reorganized since it was built.
    pub fn indexed_spends(&self) -> Option<&[u32]> {
        let index = self.index.as_ref()?;
        let whole = index.state.valid == self.counts() && index.state.built == self.counts();
        whole.then(|| index.spends())
    }

    /// Returns the spenders of all outputs, for whole-ledger scans: [`NONE_U32`] where unspent.
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

    /// Returns the transaction that an output belongs to.
    pub fn tx_of_output(&self, output: u64) -> u32 {
        // Narrow to the block first: its rows are few and stay in cache.
        let blocks = self.columns.block.all();
        let block = blocks.partition_point(|b| b.first_output <= output) - 1;
        let first = blocks[block].first_tx as usize;
        let end = blocks.get(block + 1).map_or(self.counts().txs, |b| b.first_tx) as usize;
        let starts = &self.columns.tx_first_output.all()[first..end];
        (first + starts.partition_point(|s| s.get() <= output) - 1) as u32
    }

    /// Returns an output's place: its transaction and index there.
    pub fn outpoint(&self, output: u64) -> (u32, u32) {
        let tx = self.tx_of_output(output);
        (tx, (output - self.columns.tx_first_output.get(u64::from(tx)).get()) as u32)
    }

    /// Returns the number of an address; `None` when no stored block mentions it.
    pub fn address_number(&self, key: &AddressKey) -> Option<u32> {
        let (columns, seed) = (&self.columns, self.manifest.seed);
        let newer = self.overlay.address(columns, seed, key.as_bytes());
        newer.or_else(|| self.index.as_ref().and_then(|i| i.address(columns, seed, key.as_bytes())))
    }

    /// Returns the address with a number.
    ///
    /// # Panics
    /// Where there is no such number, or the stored bytes are no key, which [`Ledger::check`] finds.
    pub fn address(&self, address: u32) -> AddressKey {
        AddressKey::from_bytes(&self.columns.address.get(u64::from(address))).expect("only keys are stored")
    }

    /// Returns the address with a number, as text.
    pub fn address_text(&self, address: u32) -> String {
        self.address(address).to_text(self.network())
    }

    /// Returns the script class of an address.
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

    /// Returns every output and external that paid an address, outputs in chain order first.
    pub fn outputs_of_address(&self, address: u32) -> Vec<Source> {
        let mut out = Vec::new();
        self.for_each_output_of(address, |s| out.push(s));
        out.sort_unstable();
        out
    }

    /// Returns a transaction's fee in base units; `None` for a coinbase, or when an input's amount is not known.
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
