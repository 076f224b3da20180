//! Appending blocks, one or fifty million transactions at a time.
//!
//! A batch goes through four steps. (1) Blocks are parsed on all cores and written to the columns in order; each
//! input leaves a record (txid, index) and each output a record (address) in hash partitions. (2) Partition by partition, inputs meet
//! the outputs of the batch; what is left looks for older transactions, either one by one in the index or, when there are many, in
//! one sequential pass over the txid column. (3) Inputs whose funding transaction is stored nowhere become externals, from undo data
//! or from what the input proves. (4) Addresses are numbered by first appearance the same way. Nothing counts until the manifest is replaced.

mod addresses;
mod feed;
mod parallel;

pub use feed::{BlockFeed, FilesFeed, MemoryBlock, MemoryFeed, RawPlace};

use crate::index::EXTERNAL_BIT;
use crate::manifest::{Counts, SourceFile};
use crate::raw::RAW_FILE;
use crate::store::{BlockRow, ExternalRow, Ledger, LedgerError, NONE_U32, TxFlags, UNKNOWN_VALUE};
use crate::store::{address_hash, txid_hash};
use hashbrown::{HashMap, HashTable};
use holdfast_bitcoin::script::{classify, coinbase_height, infer_spent_address};
use holdfast_bitcoin::{AddressKey, Block, BlockHash, Hash32, Txid, display_hash};
use holdfast_columns::{Spill, SpillPart, U40, Writer, Written, sync_beside};
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};

/// In a block's row: its bytes are in the store's own raw file.
pub const OWN_RAW: u32 = u32::MAX;

/// How to append.
#[derive(Clone, Copy, Debug)]
pub struct AppendOptions {
    /// Commit at the latest after this many transactions.
    pub batch_txs: u32,
    /// Working memory aimed at, in bytes, beside the batch's own tables (about 60 bytes a transaction of the batch).
    pub memory: usize,
    /// Rebuild the index when more transactions than this, and an eighth of all, are not in it.
    pub index_after: u32,
}

impl Default for AppendOptions {
    fn default() -> Self {
        AppendOptions { batch_txs: 5_000_000, memory: 512 << 20, index_after: 250_000 }
    }
}

/// How far an append is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Blocks read.
    pub blocks: u64,
    /// Blocks to read.
    pub of: u64,
    /// Transactions read.
    pub txs: u64,
    /// What is being done.
    pub stage: &'static str,
}

/// What an append did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppendReport {
    /// Blocks appended.
    pub blocks: u32,
    /// Transactions appended.
    pub txs: u32,
    /// Outputs appended.
    pub outputs: u64,
    /// Inputs appended.
    pub inputs: u64,
    /// Externals, and of them those with neither amount nor address, and with an address but no amount.
    pub externals: u64,
    /// Externals of unknown amount and address.
    pub unknown: u64,
    /// Externals of unknown amount whose address the input proves.
    pub inferred: u64,
}

/// Called between steps; break to stop cleanly.
pub type OnProgress<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// Use: txid spent from, output index, number of the input in the batch.
const USE: usize = 40;
/// Definition: txid, first output in the batch, number of outputs.
const DEFINITION: usize = 40;
/// Address of an output or external: key, position in the batch.
const MENTION: usize = AddressKey::LEN + 4;

const UNRESOLVED: u64 = u64::MAX;

impl Ledger {
    /// Appends blocks and keeps the index up. Commits every `batch_txs`; when stopped or killed, the last commit stands.
    ///
    /// # Errors
    /// [`LedgerError`] names block and cause; what was committed before stays.
    pub fn append(
        &mut self,
        feed: &dyn BlockFeed,
        options: &AppendOptions,
        progress: OnProgress<'_>,
    ) -> Result<AppendReport, LedgerError> {
        if self.lock.is_none() {
            return Err(LedgerError::ReadOnly);
        }
        let mut report = AppendReport::default();
        let mut at = 0;
        while at < feed.len() {
            let before = self.counts();
            at = self.append_batch(feed, at, options, &mut report, progress)?;
            let now = self.counts();
            let rest_is_large = (at..feed.len()).map(|i| feed.tx_hint(i)).sum::<u64>() > u64::from(options.index_after);
            let behind = now.txs - self.indexed().txs;
            if !rest_is_large && behind > options.index_after.max(self.indexed().txs / 8) {
                let of = feed.len() as u64;
                let _ = progress(Progress { blocks: at as u64, of, txs: u64::from(report.txs), stage: "indexing" });
                self.rebuild_index(options.memory)?;
            } else if !rest_is_large {
                if self.overlay_end == before {
                    self.overlay.extend(&self.columns, before, now, self.manifest.seed);
                } else {
                    self.rebuild_overlay();
                }
                self.overlay_end = now;
            }
        }
        Ok(report)
    }

    /// Appends blocks from `start` until the batch is full; returns where to go on.
    fn append_batch(
        &mut self,
        feed: &dyn BlockFeed,
        start: usize,
        options: &AppendOptions,
        report: &mut AppendReport,
        progress: OnProgress<'_>,
    ) -> Result<usize, LedgerError> {
        let mut end = start;
        let mut hint = 0;
        while end < feed.len() && (end == start || hint + feed.tx_hint(end) <= u64::from(options.batch_txs)) {
            hint += feed.tx_hint(end);
            end += 1;
        }
        let base = self.counts();
        let mut batch = Batch::new(self, base, hint, options)?;
        batch.read_blocks(self, feed, start..end, report, progress)?;
        let total = Progress { blocks: end as u64, of: feed.len() as u64, txs: u64::from(report.txs), stage: "" };
        let mut stage = |stage| match progress(Progress { stage, ..total }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(LedgerError::Stopped),
        };
        stage("joining inputs")?;
        let unresolved = batch.join_inputs(self)?;
        let unresolved = batch.join_older(self, unresolved)?;
        batch.check_order(&unresolved)?;
        let overwritten = self.find_overwritten(&batch.coinbases);
        let externals = batch.make_externals(self, feed, start, &unresolved, report)?;
        batch.write_inputs(self)?;
        stage("numbering addresses")?;
        let counts = batch.number_addresses(self, externals)?;
        batch.write_blocks(self, counts)?;
        stage("committing")?;
        let written = std::mem::take(&mut batch.written);
        let checksums = sync_beside(written, || self.write_checksums_for(counts)).map_err(|e| self.io(e))??;
        let manifest = self.manifest_mut();
        manifest.counts = counts;
        manifest.overwritten.get_or_insert_default().extend(overwritten);
        manifest.raw_bytes = batch.raw_bytes;
        manifest.revision += 1;
        self.manifest.write(&self.dir).map_err(|e| self.io(e))?;
        self.take_checksums(checksums);
        self.columns.commit(counts).map_err(|e| self.io(e))?;
        Ok(end)
    }
}

/// A block's row and its input count in the batch, until it is written.
struct PendingBlock {
    row: BlockRow,
    first_input: u32,
    first_output: u32,
    first_tx: u32,
    externals: u32,
}

struct Batch {
    base: Counts,
    blocks: Vec<PendingBlock>,
    txs: u32,
    outputs: u32,
    inputs: u32,
    uses: Option<Spill<USE>>,
    definitions: Option<Spill<DEFINITION>>,
    mentions: Option<Spill<MENTION>>,
    /// By input of the batch: what it spends in stored form, or [`UNRESOLVED`].
    prev: Vec<AtomicU64>,
    external_rows: Vec<(ExternalRow, Option<AddressKey>)>,
    raw_bytes: u64,
    seed: u64,
    /// Coinbases that do not name their height and so may repeat an older one: number, id, outputs.
    coinbases: Vec<(u32, Hash32, u64, u64)>,
    /// Files that must be on disk before the batch counts.
    written: Vec<Written>,
}

/// An input that no transaction of the batch funds.
struct Unresolved {
    txid: Hash32,
    vout: u32,
    input: u32,
    /// The batch has a transaction of this id, but after the input: an older one of the same id must exist.
    later: bool,
}

/// A block with its outputs' addresses, as the parsing threads hand it over.
struct Parsed {
    height: u32,
    block: Block,
    addresses: Vec<AddressKey>,
}

/// The writers of all columns that are filled while blocks stream by.
struct TxWriters {
    txid: Writer<Hash32>,
    first_output: Writer<U40>,
    first_input: Writer<U40>,
    meta: Writer<u32>,
    value: Writer<u64>,
}

impl TxWriters {
    fn new(ledger: &Ledger, base: Counts) -> io::Result<Self> {
        let columns = &ledger.columns;
        Ok(TxWriters {
            txid: columns.txid.writer(u64::from(base.txs))?,
            first_output: columns.tx_first_output.writer(u64::from(base.txs))?,
            first_input: columns.tx_first_input.writer(u64::from(base.txs))?,
            meta: columns.tx_meta.writer(u64::from(base.txs))?,
            value: columns.value.writer(base.outputs)?,
        })
    }

    fn written(self) -> io::Result<[Written; 5]> {
        Ok([
            self.txid.written()?,
            self.first_output.written()?,
            self.first_input.written()?,
            self.meta.written()?,
            self.value.written()?,
        ])
    }
}

impl Batch {
    fn new(ledger: &Ledger, base: Counts, hint: u64, options: &AppendOptions) -> Result<Self, LedgerError> {
        let parts = (hint / 100_000).next_power_of_two().clamp(1, 256) as usize;
        let budget = options.memory / 6;
        let dir = ledger.dir.as_path();
        Ok(Batch {
            base,
            blocks: Vec::new(),
            txs: 0,
            outputs: 0,
            inputs: 0,
            uses: Some(Spill::new(dir, "spill-uses", parts, budget)),
            definitions: Some(Spill::new(dir, "spill-definitions", parts, budget)),
            mentions: Some(Spill::new(dir, "spill-mentions", parts, budget)),
            prev: Vec::new(),
            external_rows: Vec::new(),
            raw_bytes: ledger.manifest.raw_bytes,
            seed: ledger.manifest.seed,
            coinbases: Vec::new(),
            written: Vec::new(),
        })
    }

    /// Step 1: parse on all cores, write what needs no look-up, leave records for the joins.
    fn read_blocks(
        &mut self,
        ledger: &mut Ledger,
        feed: &dyn BlockFeed,
        range: std::ops::Range<usize>,
        report: &mut AppendReport,
        progress: OnProgress<'_>,
    ) -> Result<(), LedgerError> {
        let mut writers = TxWriters::new(ledger, self.base).map_err(|e| ledger.io(e))?;
        let mut raw: Option<File> = None;
        let mut tip = ledger.tip().map(|t| (t.height, t.hash));
        let of = feed.len() as u64;
        let (sender, receiver) = std::sync::mpsc::sync_channel(2);
        std::thread::scope(|scope| -> Result<(), LedgerError> {
            let blocks = range.clone();
            // Owned by the parsing thread: when this side stops, the channel closes and so does the thread.
            scope.spawn(move || parse_ahead(feed, blocks, &sender));
            let receiver = receiver;
            let mut i = range.start;
            for chunk in &receiver {
                for parsed in chunk? {
                    follows(tip, &parsed)?;
                    tip = Some((parsed.height, parsed.block.hash));
                    let (source, offset) = self.source_of(ledger, feed.place(i), &parsed, &mut raw)?;
                    self.take_block(&parsed, source, offset, &mut writers)
                        .map_err(|e| LedgerError::Io(ledger.dir.clone(), e))?;
                    report.blocks += 1;
                    report.txs += parsed.block.txs.len() as u32;
                    i += 1;
                    let now = Progress { blocks: i as u64, of, txs: u64::from(report.txs), stage: "reading blocks" };
                    if progress(now).is_break() {
                        return Err(LedgerError::Stopped);
                    }
                }
                if u64::from(self.base.txs) + u64::from(self.txs) > u64::from(u32::MAX) - (1 << 24) {
                    return Err(LedgerError::Full("4,278,190,079 transactions"));
                }
            }
            Ok(())
        })?;
        self.written.extend(writers.written().map_err(|e| ledger.io(e))?);
        self.written.extend(raw.map(Written::from));
        report.outputs += u64::from(self.outputs);
        report.inputs += u64::from(self.inputs);
        Ok(())
    }

    /// Returns the number of the file that has a block's bytes, and where; stores the bytes where no file has them.
    fn source_of(
        &mut self,
        ledger: &mut Ledger,
        place: RawPlace,
        parsed: &Parsed,
        raw: &mut Option<File>,
    ) -> Result<(u32, u64), LedgerError> {
        match place {
            RawPlace::File { path, xor, offset } => {
                let file = SourceFile { path, xor };
                let known = ledger.manifest.sources.iter().rposition(|s| *s == file);
                let n = known.unwrap_or_else(|| {
                    let sources = &mut ledger.manifest_mut().sources;
                    sources.push(file);
                    sources.len() - 1
                });
                Ok((n as u32, offset))
            }
            RawPlace::Keep => {
                let io = |e| LedgerError::Io(ledger.dir.clone(), e);
                let file = match raw {
                    Some(file) => file,
                    None => raw.insert(open_raw(&ledger.dir).map_err(io)?),
                };
                let at = self.raw_bytes;
                let bytes = parsed.block.bytes();
                file.write_all_at(bytes, at).map_err(io)?;
                self.raw_bytes += bytes.len() as u64;
                Ok((OWN_RAW, at))
            }
        }
    }

    fn take_block(&mut self, parsed: &Parsed, source: u32, offset: u64, writers: &mut TxWriters) -> io::Result<()> {
        let block = &parsed.block;
        self.blocks.push(PendingBlock {
            row: BlockRow {
                header: block.header.0,
                hash: block.hash.to_bytes(),
                height: parsed.height,
                first_tx: self.base.txs + self.txs,
                first_output: self.base.outputs + u64::from(self.outputs),
                first_input: self.base.inputs + u64::from(self.inputs),
                first_external: 0,
                first_address: 0,
                source,
                offset,
                len: block.bytes().len() as u32,
                reserved: 0,
            },
            first_input: self.inputs,
            first_output: self.outputs,
            first_tx: self.txs,
            externals: 0,
        });
        let uses = self.uses.as_mut().expect("present until the join");
        let definitions = self.definitions.as_mut().expect("present until the join");
        let mentions = self.mentions.as_mut().expect("present until numbering");
        for (i, tx) in block.txs.iter().enumerate() {
            let (inputs, outputs) = (block.inputs_of(i), block.outputs_of(i));
            let txid = &block.txids[i];
            let mut meta = tx.weight.min(0x00ff_ffff);
            writers.txid.push(*txid)?;
            writers.first_output.push(U40::new(self.base.outputs + u64::from(self.outputs)))?;
            writers.first_input.push(U40::new(self.base.inputs + u64::from(self.inputs)))?;
            let mut definition = [0u8; DEFINITION];
            definition[..32].copy_from_slice(txid);
            definition[32..36].copy_from_slice(&self.outputs.to_le_bytes());
            definition[36..].copy_from_slice(&(outputs.len() as u32).to_le_bytes());
            definitions.push(txid_hash(txid), &definition)?;
            if tx.coinbase {
                meta |= TxFlags::COINBASE;
                let names_height = inputs.first().and_then(|input| coinbase_height(block.script_sig(input)));
                if names_height != Some(parsed.height) {
                    let first = self.base.outputs + u64::from(self.outputs);
                    let number = self.base.txs + self.txs;
                    self.coinbases.push((number, *txid, first, first + outputs.len() as u64));
                }
            } else {
                for input in inputs {
                    if input.sequence < 0xffff_fffe {
                        meta |= TxFlags::RBF;
                    }
                    let prev = block.prev_txid(input);
                    let mut record = [0u8; USE];
                    record[..32].copy_from_slice(&prev);
                    record[32..36].copy_from_slice(&block.prev_vout(input).to_le_bytes());
                    record[36..].copy_from_slice(&self.inputs.to_le_bytes());
                    uses.push(txid_hash(&prev), &record)?;
                    self.inputs += 1;
                }
            }
            if tx.segwit {
                meta |= TxFlags::SEGWIT;
            }
            if tx.locktime != 0 {
                meta |= TxFlags::LOCKTIME;
            }
            if tx.version >= 2 {
                meta |= TxFlags::VERSION_2;
            }
            writers.meta.push(meta)?;
            for (output, address) in outputs
                .iter()
                .zip(&parsed.addresses[tx.first_output as usize..tx.first_output as usize + outputs.len()])
            {
                writers.value.push(output.value)?;
                mentions.push(address_hash(address.as_bytes(), self.seed), &mention(address, self.outputs))?;
                self.outputs += 1;
            }
            self.txs += 1;
        }
        Ok(())
    }

    /// Step 2a: inputs meet outputs of the batch, partition by partition.
    fn join_inputs(&mut self, ledger: &Ledger) -> Result<Vec<Unresolved>, LedgerError> {
        self.prev.resize_with(self.inputs as usize, || AtomicU64::new(UNRESOLVED));
        let uses = self.uses.take().expect("joined once").into_parts();
        let definitions = self.definitions.take().expect("joined once").into_parts();
        let prev = &self.prev;
        let (base, blocks) = (self.base, &self.blocks);
        let parts: Vec<(SpillPart<USE>, SpillPart<DEFINITION>)> = uses.into_iter().zip(definitions).collect();
        let unresolved: Result<Vec<Vec<Unresolved>>, LedgerError> = parallel::map(parts, |(uses, definitions)| {
            let io = |e| LedgerError::Io(ledger.dir.clone(), e);
            let uses = uses.read().map_err(io)?;
            let definitions = definitions.read().map_err(io)?;
            let defined = |i: u32| &definitions[i as usize * DEFINITION..][..DEFINITION];
            let hash_of = |record: &[u8]| spread(u64::from_le_bytes(record[..8].try_into().expect("fixed slice")));
            let mut table: HashTable<u32> = HashTable::with_capacity(definitions.len() / DEFINITION);
            // BIP 30: of equal txids the table holds the last, this map the one before each.
            let mut repeated: HashMap<u32, u32> = HashMap::new();
            for i in 0..(definitions.len() / DEFINITION) as u32 {
                let record = defined(i);
                let same = |other: &u32| defined(*other)[..32] == record[..32];
                match table.find_mut(hash_of(record), same) {
                    Some(last) => {
                        repeated.insert(i, *last);
                        *last = i;
                    }
                    None => {
                        table.insert_unique(hash_of(record), i, |i| hash_of(defined(*i)));
                    }
                }
            }
            let mut unresolved = Vec::new();
            for record in uses.chunks_exact(USE) {
                let vout = u32_at(record, 32);
                let input = u32_at(record, 36);
                let last = table.find(hash_of(record), |i| defined(*i)[..32] == record[..32]).copied();
                // The last one before the input is the one that it spends.
                let comes_before = |i: &u32| earlier(blocks, u32_at(defined(*i), 32), input);
                let mut chain = std::iter::successors(last, |i| repeated.get(i).copied());
                match chain.find(comes_before) {
                    Some(i) => {
                        let record_of = defined(i);
                        let (first, n) = (u32_at(record_of, 32), u32_at(record_of, 36));
                        if vout >= n {
                            let txid = display_hash(record[..32].try_into().expect("fixed slice"));
                            let why = format!("spends output {vout} of {txid}, which has {n}");
                            return Err(input_error(blocks, input, why));
                        }
                        prev[input as usize].store(base.outputs + u64::from(first + vout), Ordering::Relaxed);
                    }
                    None => unresolved.push(Unresolved {
                        txid: record[..32].try_into().expect("fixed slice"),
                        vout,
                        input,
                        later: last.is_some(),
                    }),
                }
            }
            Ok(unresolved)
        })
        .into_iter()
        .collect();
        let mut unresolved: Vec<Unresolved> = unresolved?.into_iter().flatten().collect();
        parallel::sort_by_key(&mut unresolved, |u| u.input);
        Ok(unresolved)
    }

    /// Step 2b: the rest look for older transactions: in the index when few, in one pass over the txid column when many.
    fn join_older(&self, ledger: &Ledger, unresolved: Vec<Unresolved>) -> Result<Vec<Unresolved>, LedgerError> {
        if self.base.txs == 0 || unresolved.is_empty() {
            return Ok(unresolved);
        }
        let resolve = |u: &Unresolved, tx: u32| -> Result<(), LedgerError> {
            let outputs = ledger.outputs(tx);
            if u64::from(u.vout) >= outputs.end - outputs.start {
                let n = outputs.end - outputs.start;
                let why = format!("spends output {} of {}, which has {n}", u.vout, display_hash(&u.txid));
                return Err(input_error(&self.blocks, u.input, why));
            }
            self.prev[u.input as usize].store(outputs.start + u64::from(u.vout), Ordering::Relaxed);
            Ok(())
        };
        // A random look-up costs about as much as reading this many txids in a row.
        const LOOKUP_COST: u64 = 64;
        let look_up = unresolved.len() as u64 * LOOKUP_COST < u64::from(self.base.txs);
        if look_up && ledger.overlay_end == self.base {
            let mut left = Vec::new();
            for u in unresolved {
                match ledger.tx_by_id(&Txid::from_bytes(u.txid)) {
                    Some(tx) => resolve(&u, tx)?,
                    None => left.push(u),
                }
            }
            return Ok(left);
        }
        let hash_of = |txid: &Hash32| spread(txid_hash(txid));
        // Chains of equal txids: the table holds the last one, `next` the one before.
        let mut next = vec![NONE_U32; unresolved.len()];
        let mut table: HashTable<u32> = HashTable::with_capacity(unresolved.len());
        for (i, u) in unresolved.iter().enumerate() {
            let hash = hash_of(&u.txid);
            match table.find_mut(hash, |o| unresolved[*o as usize].txid == u.txid) {
                Some(head) => {
                    next[i] = *head;
                    *head = i as u32;
                }
                None => {
                    table.insert_unique(hash, i as u32, |o| hash_of(&unresolved[*o as usize].txid));
                }
            }
        }
        let mut failed = None;
        let scan = ledger.columns.txid.scan(0, u64::from(self.base.txs), |at, chunk| {
            for (k, txid) in chunk.iter().enumerate() {
                let found = table.find(hash_of(txid), |o| unresolved[*o as usize].txid == *txid);
                let mut i = found.copied().unwrap_or(NONE_U32);
                while i != NONE_U32 {
                    if let Err(e) = resolve(&unresolved[i as usize], (at + k as u64) as u32) {
                        failed.get_or_insert(e);
                    }
                    i = next[i as usize];
                }
            }
        });
        scan.map_err(|e| ledger.io(e))?;
        if let Some(e) = failed {
            return Err(e);
        }
        let is_open = |u: &Unresolved| self.prev[u.input as usize].load(Ordering::Relaxed) == UNRESOLVED;
        Ok(unresolved.into_iter().filter(is_open).collect())
    }

    /// Returns what is still unresolved must not be defined later in the batch.
    fn check_order(&self, unresolved: &[Unresolved]) -> Result<(), LedgerError> {
        let Some(u) = unresolved.iter().find(|u| u.later) else { return Ok(()) };
        let why = format!("spends {}, which comes later", display_hash(&u.txid));
        Err(input_error(&self.blocks, u.input, why))
    }

    /// Step 3: inputs that nothing stored funds become externals. Returns their number.
    fn make_externals(
        &mut self,
        ledger: &Ledger,
        feed: &dyn BlockFeed,
        start: usize,
        unresolved: &[Unresolved],
        report: &mut AppendReport,
    ) -> Result<u64, LedgerError> {
        let mut rest = unresolved;
        for b in 0..self.blocks.len() {
            let end = self.blocks.get(b + 1).map_or(self.inputs, |n| n.first_input);
            let n = rest.partition_point(|u| u.input < end);
            let (here, later) = rest.split_at(n);
            rest = later;
            if here.is_empty() {
                continue;
            }
            let height = self.blocks[b].row.height;
            let first = self.blocks[b].first_input;
            let n_inputs = (end - first) as usize;
            let spent = feed.spent(start + b)?;
            if let Some(spent) = &spent
                && spent.len() != n_inputs
            {
                let why = format!("undo data has {} spent outputs for {n_inputs} inputs", spent.len());
                return Err(LedgerError::Undo(height, why));
            }
            let block = if spent.is_none() { Some(feed.block(start + b)?.1) } else { None };
            for u in here {
                let i = (u.input - first) as usize;
                let (value, address) = match (&spent, &block) {
                    (Some(spent), _) => (spent[i].value, Some(spent[i].address)),
                    (None, Some(block)) => {
                        let input = &block.inputs[i + 1]; // the coinbase's comes first
                        (UNKNOWN_VALUE, infer_spent_address(block.script_sig(input), &block.witness(input)))
                    }
                    (None, None) => unreachable!("read when undo data is missing"),
                };
                if value == UNKNOWN_VALUE {
                    match address {
                        Some(_) => report.inferred += 1,
                        None => report.unknown += 1,
                    }
                }
                let number = self.base.externals + self.external_rows.len() as u64;
                self.prev[u.input as usize].store(number | EXTERNAL_BIT, Ordering::Relaxed);
                let row = ExternalRow { txid: u.txid, vout: u.vout, value, address: NONE_U32 };
                self.external_rows.push((row, address));
                self.blocks[b].externals += 1;
            }
        }
        let n = self.external_rows.len() as u64;
        report.externals += n;
        if self.base.externals + n >= EXTERNAL_BIT / 2
            || self.base.outputs + u64::from(self.outputs) >= EXTERNAL_BIT / 2
        {
            return Err(LedgerError::Full("2^38 outputs"));
        }
        self.check_double_spends(ledger)?;
        Ok(n)
    }

    /// Two inputs of one batch must not spend the same output, nor one spend what an older transaction spent.
    fn check_double_spends(&self, ledger: &Ledger) -> Result<(), LedgerError> {
        let spends = self.prev.iter().map(|p| p.load(Ordering::Relaxed));
        // Outputs of the batch: one bit each.
        let mut seen = vec![0u64; (self.outputs as usize).div_ceil(64)];
        let mut older: Vec<(u64, u32)> = Vec::new();
        for (input, prev) in spends.enumerate() {
            if prev & EXTERNAL_BIT != 0 {
                continue;
            }
            if prev >= self.base.outputs {
                let at = (prev - self.base.outputs) as usize;
                if seen[at / 64] >> (at % 64) & 1 == 1 {
                    return Err(input_error(&self.blocks, input as u32, "spends an output twice".into()));
                }
                seen[at / 64] |= 1 << (at % 64);
            } else {
                older.push((prev, input as u32));
            }
        }
        parallel::sort_by_key(&mut older, |o| *o);
        if let Some(pair) = older.windows(2).find(|w| w[0].0 == w[1].0) {
            return Err(input_error(&self.blocks, pair[1].1, "spends an output twice".into()));
        }
        if ledger.overlay_end == self.base
            && let Some((_, input)) = older.iter().find(|(o, _)| ledger.spender(*o).is_some())
        {
            return Err(input_error(&self.blocks, *input, "spends an output that is spent already".into()));
        }
        Ok(())
    }

    fn write_inputs(&mut self, ledger: &Ledger) -> Result<(), LedgerError> {
        let write = || -> io::Result<Written> {
            let mut writer = ledger.columns.prev.writer(self.base.inputs)?;
            for prev in &self.prev {
                writer.push(U40::new(prev.load(Ordering::Relaxed)))?;
            }
            writer.written()
        };
        self.written.push(write().map_err(|e| ledger.io(e))?);
        self.prev = Vec::new();
        Ok(())
    }

    fn write_blocks(&mut self, ledger: &Ledger, counts: Counts) -> Result<(), LedgerError> {
        let write = || -> io::Result<Written> {
            let mut writer = ledger.columns.block.writer(u64::from(self.base.blocks))?;
            for block in &self.blocks {
                debug_assert!(block.row.first_tx == self.base.txs + block.first_tx);
                writer.push(block.row)?;
            }
            writer.written()
        };
        debug_assert_eq!(counts.blocks as usize, self.base.blocks as usize + self.blocks.len());
        self.written.push(write().map_err(|e| ledger.io(e))?);
        Ok(())
    }
}

/// Parses blocks on all cores, some thousand transactions at once, until the other side stops reading or a block does not parse.
fn parse_ahead(
    feed: &dyn BlockFeed,
    blocks: std::ops::Range<usize>,
    sender: &std::sync::mpsc::SyncSender<Result<Vec<Parsed>, LedgerError>>,
) {
    const TXS_AT_ONCE: u64 = 16_000;
    let mut at = blocks.start;
    while at < blocks.end {
        let mut end = at;
        let mut hint = 0;
        while end < blocks.end && (end == at || hint < TXS_AT_ONCE) {
            hint += feed.tx_hint(end);
            end += 1;
        }
        let parse = |i| {
            let (height, block) = feed.block(i)?;
            let addresses = block.outputs.iter().map(|o| classify(block.script(o))).collect();
            Ok(Parsed { height, block, addresses })
        };
        let parsed: Result<Vec<Parsed>, LedgerError> = parallel::map((at..end).collect(), parse).into_iter().collect();
        let stop = parsed.is_err();
        if sender.send(parsed).is_err() || stop {
            return;
        }
        at = end;
    }
}

fn open_raw(dir: &std::path::Path) -> io::Result<File> {
    File::options().create(true).truncate(false).write(true).read(true).open(dir.join(RAW_FILE))
}

/// Hash tables want high and low bits mixed; partitions used up the high ones.
#[inline]
fn spread(hash: u64) -> u64 {
    hash.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}

#[inline]
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("fixed slice"))
}

fn mention(address: &AddressKey, number: u32) -> [u8; MENTION] {
    let mut record = [0u8; MENTION];
    record[..AddressKey::LEN].copy_from_slice(address.as_bytes());
    record[AddressKey::LEN..].copy_from_slice(&number.to_le_bytes());
    record
}

/// Returns whether an output of the batch comes before an input of the batch, block-wise. Within a block the node that made the files has
/// checked the order; Bitcoin's own rule is checked by [`Ledger::check`].
fn earlier(blocks: &[PendingBlock], output: u32, input: u32) -> bool {
    let of_output = blocks.partition_point(|b| b.first_output <= output);
    blocks.get(of_output - 1).is_some_and(|b| b.first_input <= input)
}

fn input_error(blocks: &[PendingBlock], input: u32, why: String) -> LedgerError {
    let b = blocks.partition_point(|b| b.first_input <= input).saturating_sub(1);
    let row = &blocks[b].row;
    let hash = row.hash;
    LedgerError::Input { height: row.height, txid: format!("(in block {})", display_hash(&hash)), why }
}

/// Returns a block must rise in height, and link to the tip when it is the next one.
fn follows(tip: Option<(u32, BlockHash)>, parsed: &Parsed) -> Result<(), LedgerError> {
    let Some((height, hash)) = tip else { return Ok(()) };
    let fail =
        |why: String| Err(LedgerError::NotNext { height: parsed.height, hash: parsed.block.hash.to_string(), why });
    if parsed.height <= height {
        return fail(format!("the tip is at height {height}"));
    }
    if parsed.height == height + 1 && parsed.block.header.prev() != hash {
        return fail(format!("its parent is not {hash}"));
    }
    Ok(())
}
