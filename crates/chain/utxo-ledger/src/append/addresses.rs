//! Step 4 of appending: addresses get numbers in order of first appearance: block by block, outputs first, then externals.

use super::{Batch, MENTION, PendingBlock, parallel, u32_at};
use crate::manifest::Counts;
use crate::store::{AddressRow, ExternalRow, Ledger, LedgerError, NONE_U32, address_hash};
use hashbrown::HashTable;
use holdfast_bitcoin::AddressKey;
use holdfast_columns::{Spill, SpillPart, Writer, Written};
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

/// A partition's distinct addresses with their first positions, and the number of the first of them.
type DistinctPart = (u32, Vec<(AddressRow, u32)>);

/// The top bit distinguishes externals from outputs; a batch has fewer than 2^31 of each.
const EXTERNAL: u32 = 1 << 31;

/// Positions of outputs and externals in the order of appearance.
struct Order<'a> {
    blocks: &'a [PendingBlock],
    outputs: u32,
    /// By block: externals of the blocks before it.
    external_before: Vec<u32>,
    externals: u64,
}

impl<'a> Order<'a> {
    fn new(blocks: &'a [PendingBlock], outputs: u32, externals: u64) -> Self {
        let mut external_before = Vec::with_capacity(blocks.len());
        let mut sum = 0u32;
        for block in blocks {
            external_before.push(sum);
            sum += block.externals;
        }
        Order { blocks, outputs, external_before, externals }
    }

    /// Returns how many positions there are.
    fn len(&self) -> usize {
        self.outputs as usize + self.externals as usize
    }

    fn outputs_end(&self, block: usize) -> u32 {
        self.blocks.get(block + 1).map_or(self.outputs, |next| next.first_output)
    }

    fn of_output(&self, output: u32) -> u32 {
        if self.externals == 0 {
            return output;
        }
        let block = self.blocks.partition_point(|b| b.first_output <= output) - 1;
        output + self.external_before[block]
    }

    /// Positions of all externals.
    fn of_externals(&self) -> Vec<u32> {
        let of_block = |(b, block): (usize, &PendingBlock)| {
            let first = self.outputs_end(b) + self.external_before[b];
            first..first + block.externals
        };
        self.blocks.iter().enumerate().flat_map(of_block).collect()
    }
}

/// The batch's addresses, each once.
struct Distinct {
    /// Key and first position.
    keys: Vec<(AddressRow, u32)>,
    /// By position: the number of its address in `keys`, or [`NONE_U32`].
    at_position: Vec<AtomicU32>,
}

impl Batch {
    /// Numbers the batch's addresses and writes them, the outputs' and the externals'. Returns the counts after the batch.
    pub(super) fn number_addresses(&mut self, ledger: &Ledger, externals: u64) -> Result<Counts, LedgerError> {
        let io = |e| LedgerError::Io(ledger.dir.clone(), e);
        let mut mentions = self.mentions.take().expect("numbered once");
        let order = Order::new(&self.blocks, self.outputs, externals);
        let of_externals = order.of_externals();
        for (n, (_, address)) in (0u32..).zip(&self.external_rows) {
            if let Some(address) = address {
                let hash = address_hash(address.as_bytes(), self.seed);
                mentions.push(hash, &super::mention(address, n | EXTERNAL)).map_err(io)?;
            }
        }
        let distinct = distinct(mentions, &order, &of_externals, self.seed).map_err(io)?;
        let mut numbers = self.older_addresses(ledger, &distinct.keys)?;
        let mut new: Vec<(u32, u32)> = (0u32..)
            .zip(distinct.keys.iter().zip(&numbers))
            .filter(|(_, (_, number))| **number == NONE_U32)
            .map(|(d, ((_, first), _))| (*first, d))
            .collect();
        parallel::sort_by_key(&mut new, |n| *n);
        if u64::from(self.base.addresses) + new.len() as u64 >= u64::from(NONE_U32) {
            return Err(LedgerError::Full("4,294,967,294 addresses"));
        }
        for (number, (_, d)) in (self.base.addresses..).zip(&new) {
            numbers[*d as usize] = number;
        }
        let number_at = |position: u32| match distinct.at_position[position as usize].load(Ordering::Relaxed) {
            NONE_U32 => NONE_U32,
            d => numbers[d as usize],
        };
        let write = || -> io::Result<[Written; 3]> {
            let mut writer = ledger.columns.address.writer(u64::from(self.base.addresses))?;
            new.iter().try_for_each(|(_, d)| writer.push(distinct.keys[*d as usize].0))?;
            let addresses = writer.written()?;
            let mut writer: Writer<u32> = ledger.columns.output_address.writer(self.base.outputs)?;
            for (b, block) in self.blocks.iter().enumerate() {
                let mut outputs = block.first_output..order.outputs_end(b);
                outputs.try_for_each(|output| writer.push(number_at(output + order.external_before[b])))?;
            }
            let outputs = writer.written()?;
            let mut writer = ledger.columns.external.writer(self.base.externals)?;
            for ((row, _), position) in self.external_rows.iter().zip(&of_externals) {
                writer.push(ExternalRow { address: number_at(*position), ..*row })?;
            }
            Ok([addresses, outputs, writer.written()?])
        };
        self.written.extend(write().map_err(io)?);
        let external_before = order.external_before;
        Ok(self.finish_rows(&external_before, &new, externals))
    }

    /// Fills in where each block's addresses and externals begin, and returns the counts after the batch.
    fn finish_rows(&mut self, external_before: &[u32], new: &[(u32, u32)], externals: u64) -> Counts {
        for (block, before) in self.blocks.iter_mut().zip(external_before) {
            // A block's first address: how many new ones appear before its first position.
            let position = block.first_output + before;
            let rank = new.partition_point(|(first, _)| *first < position) as u32;
            block.row.first_address = self.base.addresses + rank;
            block.row.first_external = self.base.externals + u64::from(*before);
        }
        let mut counts = self.base;
        counts.blocks += self.blocks.len() as u32;
        counts.txs += self.txs;
        counts.outputs += u64::from(self.outputs);
        counts.inputs += u64::from(self.inputs);
        counts.externals += externals;
        counts.addresses += new.len() as u32;
        counts
    }

    /// Numbers of those addresses that older blocks mention: from the index when few, in one pass over the column when many.
    fn older_addresses(&self, ledger: &Ledger, distinct: &[(AddressRow, u32)]) -> Result<Vec<u32>, LedgerError> {
        let mut numbers = vec![NONE_U32; distinct.len()];
        if self.base.addresses == 0 {
            return Ok(numbers);
        }
        const LOOKUP_COST: u64 = 64;
        if ledger.overlay_end == self.base && distinct.len() as u64 * LOOKUP_COST < u64::from(self.base.addresses) {
            for (number, (key, _)) in numbers.iter_mut().zip(distinct) {
                let key = AddressKey::from_bytes(key).expect("made from keys");
                *number = ledger.address_number(&key).unwrap_or(NONE_U32);
            }
            return Ok(numbers);
        }
        let mut table: HashTable<u32> = HashTable::with_capacity(distinct.len());
        let hash_of = |d: &u32| address_hash(&distinct[*d as usize].0, self.seed);
        for d in 0..distinct.len() as u32 {
            table.insert_unique(hash_of(&d), d, hash_of);
        }
        let scan = ledger.columns.address.scan(0, u64::from(self.base.addresses), |at, chunk| {
            for (i, key) in chunk.iter().enumerate() {
                let hash = address_hash(key, self.seed);
                if let Some(d) = table.find(hash, |d| distinct[*d as usize].0 == *key) {
                    numbers[*d as usize] = (at + i as u64) as u32;
                }
            }
        });
        scan.map_err(|e| ledger.io(e))?;
        Ok(numbers)
    }
}

/// Finds each address of the batch once, partition by partition.
fn distinct(mentions: Spill<MENTION>, order: &Order<'_>, of_externals: &[u32], seed: u64) -> io::Result<Distinct> {
    let at_position: Vec<AtomicU32> = (0..order.len()).map(|_| AtomicU32::new(NONE_U32)).collect();
    let count = AtomicU32::new(0);
    let of_part = |part: SpillPart<MENTION>| -> io::Result<DistinctPart> {
        let records = part.read()?;
        let (records, _) = records.as_chunks::<MENTION>();
        let position = |record: &[u8; MENTION]| match u32_at(record, AddressKey::LEN) {
            external if external & EXTERNAL != 0 => of_externals[(external & !EXTERNAL) as usize],
            output => order.of_output(output),
        };
        let mut table: HashTable<u32> = HashTable::with_capacity(records.len() / 2);
        let mut distinct: Vec<(AddressRow, u32)> = Vec::new();
        let mut of_record: Vec<u32> = Vec::with_capacity(records.len());
        for record in records {
            let key: &AddressRow = record.first_chunk().expect("a record begins with a key");
            let at = position(record);
            let hash = address_hash(key, seed);
            let found = table.find(hash, |d| distinct[*d as usize].0 == *key).copied();
            let d = found.unwrap_or_else(|| {
                distinct.push((*key, at));
                let d = distinct.len() as u32 - 1;
                table.insert_unique(hash, d, |d| address_hash(&distinct[*d as usize].0, seed));
                d
            });
            let first = &mut distinct[d as usize].1;
            *first = (*first).min(at);
            of_record.push(d);
        }
        let first = count.fetch_add(distinct.len() as u32, Ordering::Relaxed);
        for (record, d) in records.iter().zip(&of_record) {
            at_position[position(record) as usize].store(first + d, Ordering::Relaxed);
        }
        Ok((first, distinct))
    };
    let parts: io::Result<Vec<DistinctPart>> = parallel::map(mentions.into_parts(), of_part).into_iter().collect();
    let mut parts = parts?;
    parts.sort_unstable_by_key(|p| p.0);
    let mut keys: Vec<(AddressRow, u32)> = Vec::with_capacity(count.into_inner() as usize);
    for (first, part) in parts {
        debug_assert_eq!(first as usize, keys.len());
        keys.extend(part);
    }
    Ok(Distinct { keys, at_position })
}
