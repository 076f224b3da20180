//! Verifying a whole store: checksums, the numbers of every block, the place and content of every record, and every key, made anew from the records.

use crate::error::StoreError;
use crate::store::{BLOCKS, BlockRow, KEYS, KeyRow, Place, RECORDS, Store, changed_rows, list_of, row};
use crate::store::{BYTES, Heads};

/// Findings that are reported at most.
const MOST: usize = 100;

/// Gives the keys of a record by its place and content; `None` of what is no record.
pub type KeysOf<'a> = &'a dyn Fn(Place, &[u8]) -> Option<Vec<u64>>;

/// What comes next in a walk over all records.
struct Walk {
    heads: Heads,
    records: u64,
    keys: u64,
    bytes: u64,
    damage: Vec<StoreError>,
}

impl Walk {
    fn add(&mut self, file: &'static str, row: u64, what: impl Into<String>) {
        if self.damage.len() < MOST {
            self.damage.push(StoreError::damaged(file, row, what));
        }
    }
}

impl Store {
    /// Compares all files with their checksums, where they are of what is shown, and verifies every block, record and key. Returns what is damaged, at
    /// most 100 findings, the first one first.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn check(&self, keys_of: KeysOf<'_>) -> Result<Vec<StoreError>, StoreError> {
        let mut walk = Walk { heads: Heads::new(), records: 0, keys: 0, bytes: 0, damage: Vec::new() };
        match &self.checksums {
            _ if self.is_part => {}
            None => walk.add(BLOCKS, 0, "the checksums are missing"),
            Some(checksums) => {
                let compared = checksums.compare(&self.columns.files(self.counts())).map_err(|e| self.io(e))?;
                walk.damage.extend(compared.changed.iter().map(changed_rows).take(MOST));
                for (file, sums, bytes) in &compared.lengths {
                    walk.add(file, 0, format!("{bytes} bytes, and checksums of {sums}"));
                }
            }
        }
        let counts = self.counts();
        for number in 0..counts.blocks {
            let height = self.first_height().unwrap_or_default().saturating_add(number);
            let block = row(&self.columns.blocks, BLOCKS, number)?;
            // What points outside of the columns, or back, would make nonsense of all that follows.
            let is_in = walk.records <= block.records && block.records <= counts.records;
            if !is_in || block.bytes > counts.bytes || block.keys > counts.keys {
                walk.add(BLOCKS, number, "it ends before the block before it, or beyond what is stored");
                return Ok(walk.damage);
            }
            self.check_block(&mut walk, (number, height), &block, keys_of)?;
        }
        let is = (walk.records, walk.bytes, walk.keys);
        if is != (counts.records, counts.bytes, counts.keys) {
            walk.add(
                BLOCKS,
                counts.blocks,
                format!("its blocks hold {is:?} records, bytes and keys; {counts:?} are stored"),
            );
        }
        Ok(walk.damage)
    }

    fn check_block(
        &self,
        walk: &mut Walk,
        (number, height): (u64, u64),
        block: &BlockRow,
        keys_of: KeysOf<'_>,
    ) -> Result<(), StoreError> {
        let mut last_tx = 0;
        while walk.records < block.records {
            let record = walk.records;
            walk.records += 1;
            let (place, bytes) = match self.record(record) {
                Ok(found) => found,
                Err(e @ StoreError::Io(..)) => return Err(e),
                Err(e) => {
                    walk.add(RECORDS, record, e.to_string());
                    continue;
                }
            };
            if row(&self.columns.records, RECORDS, record)?.offset != walk.bytes {
                walk.add(RECORDS, record, format!("its content does not begin at byte {}", walk.bytes));
            }
            if place.height != height || place.tx < last_tx {
                walk.add(RECORDS, record, format!("it stands in block {height} and names {place:?}"));
            }
            (walk.bytes, last_tx) = (walk.bytes.saturating_add(bytes.len() as u64), place.tx);
            let Some(keys) = keys_of(place, bytes) else {
                walk.add(BYTES, record, "this is no record");
                continue;
            };
            for hash in keys {
                let list = list_of(hash);
                let expected = (hash, walk.heads.get(list), record);
                let found = row(&self.columns.keys, KEYS, walk.keys).ok();
                if found.map(|KeyRow { hash, previous, record }| (hash, previous, record)) != Some(expected) {
                    walk.add(KEYS, walk.keys, format!("it is no key of record {record}"));
                }
                walk.heads.set(list, walk.keys);
                walk.keys += 1;
            }
        }
        if (walk.bytes, walk.keys) != (block.bytes, block.keys) {
            walk.add(BLOCKS, number, "it counts other bytes or keys than its records have");
            (walk.bytes, walk.keys) = (block.bytes, block.keys);
        }
        Ok(())
    }
}
