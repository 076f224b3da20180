//! Look-ups: by number, block, transaction and key.

use crate::error::StoreError;
use crate::store::{BYTES, KEYS, KeyRow, NONE, Place, RECORDS, RecordRow, Store, list_of, row};
use std::ops::Range;

/// Number of a record in its store.
pub type RecordNumber = u64;

/// Most keys of a list that a look-up passes.
const MAX_STEPS: u64 = 1 << 22;

impl Store {
    /// Returns a record's place and content.
    ///
    /// # Errors
    /// [`StoreError::NotStored`], [`StoreError::Damaged`].
    pub fn record(&self, number: RecordNumber) -> Result<(Place, &[u8]), StoreError> {
        let counts = self.counts();
        if number >= counts.records {
            return Err(StoreError::NotStored(number));
        }
        let RecordRow { offset, height, tx } = row(&self.columns.records, RECORDS, number)?;
        let end = if number + 1 == counts.records {
            counts.bytes
        } else {
            row(&self.columns.records, RECORDS, number + 1)?.offset
        };
        let range = usize::try_from(offset).ok().zip(usize::try_from(end).ok());
        let bytes = range.and_then(|(offset, end)| self.columns.bytes.all().get(offset..end));
        let place = u32::try_from(tx).ok().map(|tx| Place { height, tx });
        place.zip(bytes).ok_or_else(|| StoreError::damaged(BYTES, offset, "this is no record"))
    }

    /// Returns the numbers of the records of a transaction.
    #[must_use]
    pub fn numbers_of(&self, place: Place) -> Range<RecordNumber> {
        let key = (place.height, u64::from(place.tx));
        self.numbers_where(|row| (row.height, row.tx) < key, |row| (row.height, row.tx) <= key)
    }

    /// Returns the numbers of the records of a range of heights.
    #[must_use]
    pub fn numbers_in(&self, heights: Range<u64>) -> Range<RecordNumber> {
        self.numbers_where(|row| row.height < heights.start, |row| row.height < heights.end)
    }

    fn numbers_where(
        &self,
        is_before: impl Fn(&RecordRow) -> bool,
        is_in: impl Fn(&RecordRow) -> bool,
    ) -> Range<RecordNumber> {
        let rows = self.columns.records.all();
        let (first, end) = (rows.partition_point(is_before), rows.partition_point(is_in));
        first as u64..end.max(first) as u64
    }

    /// Returns the numbers of the last records with a key, in chain order: at most `most` of those that fit, and whether there may be more.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], and those of `fits`.
    pub fn by_key<T>(
        &self,
        hash: u64,
        most: usize,
        fits: &mut dyn FnMut(RecordNumber) -> Result<Option<T>, StoreError>,
    ) -> Result<(Vec<T>, bool), StoreError> {
        let (mut found, mut more) = (Vec::new(), false);
        let mut key = self.heads.get(list_of(hash));
        for step in 0..=MAX_STEPS {
            if key == NONE {
                break;
            }
            if found.len() == most || step == MAX_STEPS {
                more = true;
                break;
            }
            let KeyRow { hash: own, previous, record } = row(&self.columns.keys, KEYS, key)?;
            if own == hash {
                found.extend(fits(record)?);
            }
            if previous != NONE && previous >= key {
                return Err(StoreError::damaged(KEYS, key, "the key before it follows it"));
            }
            key = previous;
        }
        found.reverse();
        Ok((found, more))
    }
}
