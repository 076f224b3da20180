//! Index files: static hashes by txid and by address, spends, and the outputs of every address.
//!
//! They are derived from the columns, built whole by sequential passes, and never changed; what was appended since lies in an
//! [`Overlay`] in memory. Each builder works through ranges of its result, so that memory is bounded whatever the chain's size.

use crate::manifest::{Counts, IndexState};
use crate::store::{AddressRow, Columns, ExternalRow, NONE_U32, address_hash, txid_hash};
use hashbrown::{HashMap, HashTable};
use holdfast_bitcoin::Hash32;
use holdfast_columns::{Column, U40, slots};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An output number with this bit set is an external's.
pub const EXTERNAL_BIT: u64 = 1 << 39;

/// In the address directory: the entry is the only output itself, not a place in the list.
const INLINE_BIT: u64 = 1 << 39;
const INLINE_EXTERNAL_BIT: u64 = 1 << 38;

/// The mapped index files.
#[derive(Debug)]
pub struct Index {
    /// What of them holds.
    pub state: IndexState,
    txids: Column<u32>,
    addresses: Column<u32>,
    spends: Column<u32>,
    directory: Column<U40>,
    postings: Column<U40>,
}

/// Returns the folder of an index.
pub fn index_dir(store: &Path, number: u32) -> PathBuf {
    store.join(format!("index-{number}"))
}

impl Index {
    /// Maps an index.
    ///
    /// # Errors
    /// What the system reports, also for a file that is absent or too short.
    pub fn open(store: &Path, state: IndexState) -> io::Result<Self> {
        let dir = index_dir(store, state.number);
        let counts = state.built;
        let postings_len = std::fs::metadata(dir.join("postings"))?.len() / size_of::<U40>() as u64;
        Ok(Index {
            txids: Column::open(&dir, "txids", slots::slots_in_file(u64::from(counts.txs)), false)?,
            addresses: Column::open(&dir, "addresses", slots::slots_in_file(u64::from(counts.addresses)), false)?,
            spends: Column::open(&dir, "spends", counts.outputs, false)?,
            directory: Column::open(&dir, "directory", u64::from(counts.addresses), false)?,
            postings: Column::open(&dir, "postings", postings_len, false)?,
            state,
        })
    }

    /// Returns the index as it is now. Its files are never changed, only removed, which maps survive.
    pub(crate) fn snapshot(&self) -> Self {
        Index {
            state: self.state,
            txids: self.txids.snapshot(),
            addresses: self.addresses.snapshot(),
            spends: self.spends.snapshot(),
            directory: self.directory.snapshot(),
            postings: self.postings.snapshot(),
        }
    }

    /// Returns a file that is shorter than what is mapped of it.
    pub(crate) fn cut_off(&self) -> io::Result<Option<&'static str>> {
        let files = [
            ("txids", self.txids.is_cut_off()?),
            ("addresses", self.addresses.is_cut_off()?),
            ("spends", self.spends.is_cut_off()?),
            ("directory", self.directory.is_cut_off()?),
            ("postings", self.postings.is_cut_off()?),
        ];
        Ok(files.into_iter().find(|(_, cut)| *cut).map(|(name, _)| name))
    }

    /// Returns the transaction with a txid. Of a repeated txid (BIP 30 names two coinbases) the latest counts.
    pub fn tx(&self, columns: &Columns, txid: &Hash32) -> Option<u32> {
        let found = slots::probe(self.txids.all(), u64::from(self.state.built.txs), txid_hash(txid));
        let valid = u64::from(self.state.valid.txs);
        let is_it = |tx: &u64| *tx < valid && columns.txid.all()[*tx as usize] == *txid;
        found.filter(is_it).max().map(|tx| tx as u32)
    }

    /// Returns the address with a key.
    pub fn address(&self, columns: &Columns, seed: u64, key: &AddressRow) -> Option<u32> {
        let hash = address_hash(key, seed);
        let valid = u64::from(self.state.valid.addresses);
        let is_it = |address: &u64| *address < valid && columns.address.all()[*address as usize] == *key;
        slots::probe(self.addresses.all(), u64::from(self.state.built.addresses), hash).find(is_it).map(|a| a as u32)
    }

    /// Returns the transaction that spends an output, as far as this index knows.
    #[inline]
    pub fn spender(&self, output: u64) -> Option<u32> {
        if output >= self.state.valid.outputs {
            return None;
        }
        let tx = self.spends.all()[output as usize];
        (tx < self.state.valid.txs).then_some(tx)
    }

    /// Returns the spenders of all outputs it was built over; [`NONE_U32`] where unspent. Entries at or beyond the valid count are void.
    pub fn spends(&self) -> &[u32] {
        self.spends.all()
    }

    /// Calls `each` with the outputs that paid an address, rising; externals carry [`EXTERNAL_BIT`] and come last.
    pub fn outputs_of(&self, address: u32, mut each: impl FnMut(u64)) {
        if address >= self.state.valid.addresses {
            return;
        }
        let valid = self.state.valid;
        let mut check = |n: u64| {
            let holds = if n & EXTERNAL_BIT != 0 { n & !EXTERNAL_BIT < valid.externals } else { n < valid.outputs };
            if holds {
                each(n);
            }
        };
        let entry = self.directory.get(u64::from(address)).get();
        if entry & INLINE_BIT != 0 {
            let n = entry & !INLINE_BIT;
            check(if n & INLINE_EXTERNAL_BIT != 0 { n & !INLINE_EXTERNAL_BIT | EXTERNAL_BIT } else { n });
            return;
        }
        let list = self.postings.all().get(entry as usize..).and_then(|list| list.split_first());
        if let Some((count, list)) = list {
            list.iter().take(count.get() as usize).for_each(|n| check(n.get()));
        }
    }

    /// Builds index number `number` over the first `counts` of the columns, using about `budget` bytes at a time for
    /// each of two builders that run side by side.
    ///
    /// # Errors
    /// What the system reports.
    pub fn build(
        store: &Path,
        number: u32,
        columns: &Columns,
        counts: Counts,
        seed: u64,
        budget: usize,
    ) -> io::Result<IndexState> {
        let dir = index_dir(store, number);
        if dir.exists() {
            std::fs::remove_dir_all(&dir)?;
        }
        std::fs::create_dir(&dir)?;
        let dir = &dir;
        let (left, right) = rayon::join(
            || -> io::Result<()> {
                slots::build::<u32>(dir, "txids", u64::from(counts.txs), budget, &|each| {
                    columns.txid.scan(0, u64::from(counts.txs), |at, chunk| {
                        for (i, txid) in chunk.iter().enumerate() {
                            each(txid_hash(txid), at + i as u64);
                        }
                    })
                })?;
                build_spends(dir, columns, counts, budget)
            },
            || -> io::Result<()> {
                slots::build::<u32>(dir, "addresses", u64::from(counts.addresses), budget, &|each| {
                    columns.address.scan(0, u64::from(counts.addresses), |at, chunk| {
                        for (i, key) in chunk.iter().enumerate() {
                            each(address_hash(key, seed), at + i as u64);
                        }
                    })
                })?;
                build_postings(dir, columns, counts, budget)
            },
        );
        left?;
        right?;
        File::open(dir)?.sync_all()?;
        Ok(IndexState { number, built: counts, valid: counts })
    }
}

fn build_spends(dir: &Path, columns: &Columns, counts: Counts, budget: usize) -> io::Result<()> {
    let column = Column::<u32>::open(dir, "spends", 0, true)?;
    let mut writer = column.writer(0)?;
    let range = (budget as u64 / 4).max(1 << 10);
    let mut start = 0;
    while start < counts.outputs {
        let end = (start + range).min(counts.outputs);
        let mut table = vec![NONE_U32; (end - start) as usize];
        // Walk transactions and inputs together; both columns are read in order.
        let mut input = 0u64;
        let mut starts = Vec::new();
        let mut tx_base = 0u64;
        columns.tx_first_input.scan(0, u64::from(counts.txs), |at, chunk| {
            // Collect this chunk's bounds; the last transaction of a chunk ends where the next begins.
            starts.clear();
            starts.extend(chunk.iter().map(|n| n.get()));
            tx_base = at;
            let next_tx = at + chunk.len() as u64;
            starts.push(if next_tx < u64::from(counts.txs) {
                columns.tx_first_input.get(next_tx).get()
            } else {
                counts.inputs
            });
            for (i, bounds) in starts.windows(2).enumerate() {
                debug_assert_eq!(bounds[0], input);
                for n in &columns.prev.all()[bounds[0] as usize..bounds[1] as usize] {
                    let prev = n.get();
                    if (start..end).contains(&prev) {
                        table[(prev - start) as usize] = (tx_base + i as u64) as u32;
                    }
                }
                input = bounds[1];
            }
        })?;
        for slot in table {
            writer.push(slot)?;
        }
        start = end;
    }
    writer.finish()
}

fn build_postings(dir: &Path, columns: &Columns, counts: Counts, budget: usize) -> io::Result<()> {
    let directory = Column::<U40>::open(dir, "directory", 0, true)?;
    let mut directory = directory.writer(0)?;
    let postings = Column::<U40>::open(dir, "postings", 0, true)?;
    let mut postings = postings.writer(0)?;
    let mut written = 0u64;
    // Count outputs of a range of addresses, then fill their lists; ranges are cut so that the lists fit the budget.
    let addresses = counts.addresses;
    let range = (budget as u64 / 24).max(1 << 10);
    let mut start = 0u64;
    while start < u64::from(addresses) {
        let end = (start + range).min(u64::from(addresses));
        let n = (end - start) as usize;
        let mut places = vec![0u32; n + 1];
        let each = |each: &mut dyn FnMut(usize, u64)| -> io::Result<()> {
            columns.output_address.scan(0, counts.outputs, |at, chunk| {
                for (i, address) in chunk.iter().enumerate() {
                    if (start..end).contains(&u64::from(*address)) {
                        each((u64::from(*address) - start) as usize, at + i as u64);
                    }
                }
            })?;
            columns.external.scan(0, counts.externals, |at, chunk: &[ExternalRow]| {
                for (i, row) in chunk.iter().enumerate() {
                    if (start..end).contains(&u64::from(row.address)) {
                        each((u64::from(row.address) - start) as usize, (at + i as u64) | EXTERNAL_BIT);
                    }
                }
            })
        };
        each(&mut |a, _| places[a + 1] += 1)?;
        for i in 0..n {
            places[i + 1] += places[i];
        }
        let mut lists = vec![U40::new(0); places[n] as usize];
        let mut next = places.clone();
        each(&mut |a, output| {
            lists[next[a] as usize] = U40::new(output);
            next[a] += 1;
        })?;
        for i in 0..n {
            let list = &lists[places[i] as usize..places[i + 1] as usize];
            match list {
                [only] => {
                    let n = only.get();
                    let n = if n & EXTERNAL_BIT != 0 { n & !EXTERNAL_BIT | INLINE_EXTERNAL_BIT } else { n };
                    directory.push(U40::new(n | INLINE_BIT))?;
                }
                _ => {
                    directory.push(U40::new(written))?;
                    postings.push(U40::new(list.len() as u64))?;
                    for n in list {
                        postings.push(*n)?;
                    }
                    written += 1 + list.len() as u64;
                }
            }
        }
        start = end;
    }
    directory.finish()?;
    postings.finish()
}

/// What was appended in one or several commits.
#[derive(Debug)]
struct Layer {
    from: Counts,
    to: Counts,
    txids: HashTable<u32>,
    addresses: HashTable<u32>,
    spends: HashMap<u64, u32>,
    outputs: HashMap<u32, Vec<u64>>,
}

impl Layer {
    /// Returns what lies between two states of the store.
    fn build(columns: &Columns, from: Counts, to: Counts, seed: u64) -> Self {
        let mut layer = Layer {
            from,
            to,
            txids: HashTable::with_capacity((to.txs - from.txs) as usize),
            addresses: HashTable::with_capacity((to.addresses - from.addresses) as usize),
            spends: HashMap::new(),
            outputs: HashMap::new(),
        };
        let txids = columns.txid.all();
        for tx in from.txs..to.txs {
            let hash = |tx: &u32| txid_hash(&txids[*tx as usize]);
            layer.txids.insert_unique(hash(&tx), tx, hash);
            let inputs = columns.inputs_of(tx, to);
            for prev in &columns.prev.all()[inputs.start as usize..inputs.end as usize] {
                let prev = prev.get();
                if prev & EXTERNAL_BIT == 0 {
                    layer.spends.insert(prev, tx);
                }
            }
        }
        let keys = columns.address.all();
        for address in from.addresses..to.addresses {
            let hash = |a: &u32| address_hash(&keys[*a as usize], seed);
            layer.addresses.insert_unique(hash(&address), address, hash);
        }
        for output in from.outputs..to.outputs {
            layer.outputs.entry(columns.output_address.get(output)).or_default().push(output);
        }
        for external in from.externals..to.externals {
            let address = columns.external.get(external).address;
            if address != NONE_U32 {
                layer.outputs.entry(address).or_default().push(external | EXTERNAL_BIT);
            }
        }
        layer
    }

    fn txs(&self) -> u32 {
        self.to.txs - self.from.txs
    }
}

/// What was appended since the index was built, in layers that snapshots share: oldest first, each more than twice as large as the next, so
/// that there are few of them and a block is copied a few times in all.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    layers: Vec<Arc<Layer>>,
}

impl Overlay {
    /// Adds what lies between two states of the store, of which the first is where the overlay ends.
    pub fn extend(&mut self, columns: &Columns, mut from: Counts, to: Counts, seed: u64) {
        while let Some(last) = self.layers.last()
            && last.txs() / 2 <= to.txs - from.txs
        {
            from = last.from;
            self.layers.pop();
        }
        self.layers.push(Arc::new(Layer::build(columns, from, to, seed)));
    }

    /// Removes what lies at or beyond a state of the store.
    pub fn truncate(&mut self, columns: &Columns, to: Counts, seed: u64) {
        self.layers.retain(|layer| layer.from.txs < to.txs);
        if let Some(last) = self.layers.pop_if(|layer| layer.to.txs > to.txs) {
            self.extend(columns, last.from, to, seed);
        }
    }

    fn newest_first(&self) -> impl Iterator<Item = &Layer> {
        self.layers.iter().rev().map(|layer| &**layer)
    }

    /// Returns the transaction with a txid; the latest of a repeated one.
    pub fn tx(&self, columns: &Columns, txid: &Hash32) -> Option<u32> {
        let (txids, hash) = (columns.txid.all(), txid_hash(txid));
        let latest =
            |layer: &Layer| layer.txids.iter_hash(hash).filter(|tx| txids[**tx as usize] == *txid).max().copied();
        self.newest_first().find_map(latest)
    }

    /// Returns the address with a key.
    pub fn address(&self, columns: &Columns, seed: u64, key: &AddressRow) -> Option<u32> {
        let (keys, hash) = (columns.address.all(), address_hash(key, seed));
        self.newest_first().find_map(|layer| layer.addresses.find(hash, |a| keys[*a as usize] == *key).copied())
    }

    /// Returns the transaction that spends an output.
    #[inline]
    pub fn spender(&self, output: u64) -> Option<u32> {
        self.newest_first().find_map(|layer| layer.spends.get(&output).copied())
    }

    /// Returns all spends recorded here.
    pub fn spends(&self) -> impl Iterator<Item = (u64, u32)> {
        self.layers.iter().flat_map(|layer| layer.spends.iter().map(|(o, t)| (*o, *t)))
    }

    /// Calls `each` with the outputs that paid an address, rising within each layer.
    pub fn outputs_of(&self, address: u32, mut each: impl FnMut(u64)) {
        for layer in &self.layers {
            layer.outputs.get(&address).into_iter().flatten().copied().for_each(&mut each);
        }
    }
}
