//! Look-ups in a store: by transaction, transfer, message, beneficiary and mixer.

use crate::LinkError;
use crate::codec;
use crate::link::{BridgeSide, Direction, MessageId, MixerMove, Moved, Place, Protocol, Record};
use crate::store::{self, Store};
use holdfast_block_store::RecordNumber;
use holdfast_types::{AccountId, ChainId};
use std::ops::ControlFlow;

/// The records of a chain as those who join them request them: a store's, or records in memory.
pub trait Records: std::fmt::Debug + Sync {
    /// Returns the chain.
    fn chain(&self) -> &ChainId;

    /// Returns the height of the first block that was read; none where none was.
    fn first_height(&self) -> Option<u64>;

    /// Returns the times of the first and the last block that was read, in Unix seconds; none where none was.
    ///
    /// # Errors
    /// [`LinkError::Damaged`].
    fn times(&self) -> Result<Option<(u64, u64)>, LinkError>;

    /// Returns how many records there are; they are numbered from 0 in chain order.
    fn count(&self) -> u64;

    /// Returns a record.
    ///
    /// # Errors
    /// [`LinkError::NotStored`], [`LinkError::Damaged`].
    fn record(&self, number: RecordNumber) -> Result<Record, LinkError>;

    /// Returns the records of a transaction, in the order in which they were found.
    ///
    /// # Errors
    /// [`LinkError::Damaged`].
    fn of_transaction(&self, place: Place) -> Result<Vec<(RecordNumber, Record)>, LinkError>;

    /// Returns the sides of a message, in chain order: one, unless a bridge delivered twice.
    ///
    /// # Errors
    /// [`LinkError::Damaged`].
    fn of_message(
        &self,
        protocol: Protocol,
        direction: Direction,
        message: &MessageId,
    ) -> Result<Vec<(RecordNumber, BridgeSide)>, LinkError>;

    /// Returns the sides whose tokens an account receives, in chain order: at most the last `most`, and whether there are more.
    ///
    /// # Errors
    /// [`LinkError::Damaged`].
    fn of_beneficiary(
        &self,
        direction: Direction,
        beneficiary: &AccountId,
        most: usize,
    ) -> Result<(Vec<(RecordNumber, BridgeSide)>, bool), LinkError>;

    /// Returns the moves of a mixer up to a transaction, in chain order: at most the last `most`, and whether there are more.
    ///
    /// # Errors
    /// [`LinkError::Damaged`].
    fn of_mixer(&self, mixer: &AccountId, upto: Place, most: usize) -> Result<(Vec<MixerMove>, bool), LinkError>;

    /// Returns the records that a transfer is in.
    ///
    /// # Errors
    /// [`LinkError::Damaged`].
    fn of_transfer(&self, place: Place, transfer: &Moved) -> Result<Vec<(RecordNumber, Record)>, LinkError> {
        let mut records = self.of_transaction(place)?;
        records.retain(|(_, record)| record.transfers().any(|moved| moved == transfer));
        Ok(records)
    }
}

impl Records for Store {
    fn chain(&self) -> &ChainId {
        self.0.chain()
    }

    fn first_height(&self) -> Option<u64> {
        self.0.first_height()
    }

    fn times(&self) -> Result<Option<(u64, u64)>, LinkError> {
        self.0.times()
    }

    fn count(&self) -> u64 {
        self.counts().records
    }

    fn record(&self, number: RecordNumber) -> Result<Record, LinkError> {
        let (place, bytes) = self.0.record(number)?;
        codec::decode(bytes, place).ok_or_else(|| LinkError::damaged("records", number, "this is no record"))
    }

    fn of_transaction(&self, place: Place) -> Result<Vec<(RecordNumber, Record)>, LinkError> {
        self.0.numbers_of(place).map(|number| Ok((number, self.record(number)?))).collect()
    }

    fn of_message(
        &self,
        protocol: Protocol,
        direction: Direction,
        message: &MessageId,
    ) -> Result<Vec<(RecordNumber, BridgeSide)>, LinkError> {
        let mut sides = self.by_key(store::message_key(protocol, direction, message), usize::MAX)?.0;
        sides.retain(|(_, record)| is_of(record, protocol, direction, message));
        Ok(sides.into_iter().filter_map(|(number, record)| Some((number, side(record)?))).collect())
    }

    fn of_beneficiary(
        &self,
        direction: Direction,
        beneficiary: &AccountId,
        most: usize,
    ) -> Result<(Vec<(RecordNumber, BridgeSide)>, bool), LinkError> {
        let (records, more) = self.by_key(store::beneficiary_key(direction, beneficiary), most)?;
        let sides = records.into_iter().filter_map(|(number, record)| Some((number, side(record)?)));
        let fits = |s: &BridgeSide| s.direction == direction && s.beneficiary == *beneficiary;
        Ok((sides.filter(|(_, s)| fits(s)).collect(), more))
    }

    fn of_mixer(&self, mixer: &AccountId, upto: Place, most: usize) -> Result<(Vec<MixerMove>, bool), LinkError> {
        let last = self.0.numbers_of(upto).end;
        self.0.by_key(store::mixer_key(mixer), most, &mut |number| {
            // Later ones do not count, also not for the bound.
            if number >= last {
                return Ok(None);
            }
            Ok(match self.record(number)? {
                Record::Mixer(moved) if moved.mixer == *mixer => Some(moved),
                _ => None,
            })
        })
    }
}

impl Store {
    /// Calls `each` with all records in chain order, until it breaks.
    ///
    /// # Errors
    /// [`LinkError::Damaged`].
    pub fn for_each(
        &self,
        each: &mut dyn FnMut(RecordNumber, Record) -> Result<ControlFlow<()>, LinkError>,
    ) -> Result<(), LinkError> {
        for number in 0..self.counts().records {
            if each(number, self.record(number)?)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Returns the last records with a key, in chain order, and whether there are more.
    fn by_key(&self, hash: u64, most: usize) -> Result<(Vec<(RecordNumber, Record)>, bool), LinkError> {
        self.0.by_key(hash, most, &mut |number| Ok(Some((number, self.record(number)?))))
    }
}

fn side(record: Record) -> Option<BridgeSide> {
    if let Record::Bridge(side) = record { Some(side) } else { None }
}

fn is_of(record: &Record, protocol: Protocol, direction: Direction, message: &MessageId) -> bool {
    let Record::Bridge(side) = record else { return false };
    side.protocol == protocol && side.direction == direction && side.message.as_ref() == Some(message)
}
