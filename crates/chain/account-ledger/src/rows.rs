//! How a transfer lies in its columns: kind and place in 32 bits, its amount in 64 with what is wider in a table of limbs.
//!
//! A transfer's `meta`: kind in 5 bits, kind of place in 3, whether it is a claim in 1, number of the place in 23. Its `amount`: below 2^63 the
//! amount itself; else the top bit, the number of limbs less one (2 bits), whether a limb with the place's numbers follows (1 bit), and where in
//! `amount.wide` the limbs begin (60 bits).

use crate::error::LedgerError;
use crate::numbers::{Limbs, index, limbs_of};
use holdfast_types::{Amount, Commitment, Position, TransferKind};

const CLAIM: u32 = 1 << 8;
const PLACE_SHIFT: u32 = 9;
const PLACE_MAX: u32 = u32::MAX >> PLACE_SHIFT;

const WIDE: u64 = 1 << 63;
const LIMBS_SHIFT: u32 = 61;
const PLACED: u64 = 1 << 60;
const OFFSET: u64 = PLACED - 1;

/// A transaction's `meta`: number in its block in 24 bits, and these.
pub(crate) mod flag {
    /// It succeeded.
    pub(crate) const SUCCESS: u32 = 1 << 24;
    /// It has call data with a method.
    pub(crate) const METHOD: u32 = 1 << 25;
    /// It stands for what happens before a block's transactions.
    pub(crate) const START: u32 = 1 << 26;
    /// It stands for what happens after a block's transactions.
    pub(crate) const END: u32 = 1 << 27;
    /// Its fee is a claim of the node.
    pub(crate) const FEE_CLAIM: u32 = 1 << 28;
    /// Number in the block.
    pub(crate) const INDEX: u32 = SUCCESS - 1;
    /// All that may be set.
    pub(crate) const ALL: u32 = (1 << 29) - 1;
}

/// The encoded columns of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Encoded {
    pub(crate) meta: u32,
    pub(crate) amount: u64,
}

/// Encodes kind, place, commitment and amount; what does not fit goes to `wide`, whose end is at `offset`.
pub(crate) fn encode(
    (kind, position, commitment): (TransferKind, Position, Commitment),
    amount: Amount,
    offset: u64,
    wide: &mut Vec<u64>,
) -> Option<Encoded> {
    let (tag, number, part) = match position {
        Position::Transaction => (0, 0, 0),
        Position::Log(number, part) => (1, number, part),
        Position::Trace(number) => (2, number, 0),
        Position::BlockStart(number) => (3, number, 0),
        Position::BlockEnd(number) => (4, number, 0),
    };
    let placed = number > PLACE_MAX || part > 0;
    let claim = if commitment == Commitment::Claim { CLAIM } else { 0 };
    let place = if placed { 0 } else { number << PLACE_SHIFT };
    let meta = kind as u32 | tag << 5 | claim | place;
    let limbs = limbs_of(amount);
    if let [low, 0, 0, 0] = limbs
        && low < WIDE
        && !placed
    {
        return Some(Encoded { meta, amount: low });
    }
    let used = limbs.iter().rposition(|l| *l != 0).unwrap_or(0);
    if offset > OFFSET - 8 {
        return None;
    }
    wide.extend_from_slice(&limbs[..=used]);
    let mut cell = WIDE | (used as u64) << LIMBS_SHIFT | offset;
    if placed {
        wide.push(u64::from(number) << 32 | u64::from(part));
        cell |= PLACED;
    }
    Some(Encoded { meta, amount: cell })
}

/// Returns where a cell's limbs lie and how many they are, with the place's; nothing for an amount that fits.
#[inline]
pub(crate) fn wide_range(cell: u64) -> Option<(u64, u64)> {
    if cell & WIDE == 0 {
        return None;
    }
    let limbs = (cell >> LIMBS_SHIFT & 3) + 1;
    Some((cell & OFFSET, limbs + u64::from(cell & PLACED != 0)))
}

/// Returns a cell's amount.
#[inline]
pub(crate) fn amount(cell: u64, wide: &[u64], row: u64) -> Result<Limbs, LedgerError> {
    if cell & WIDE == 0 {
        return Ok([cell, 0, 0, 0]);
    }
    let limbs = (cell >> LIMBS_SHIFT & 3) + 1;
    let from = cell & OFFSET;
    let stored = wide.get(index(from)..index(from + limbs));
    let stored = stored.ok_or_else(|| LedgerError::damaged("transfer.amount", row, "its limbs are not stored"))?;
    let mut all = [0; 4];
    all[..stored.len()].copy_from_slice(stored);
    Ok(all)
}

/// Returns kind, place and commitment of a transfer.
pub(crate) fn decode(
    meta: u32,
    cell: u64,
    wide: &[u64],
    row: u64,
) -> Result<(TransferKind, Position, Commitment), LedgerError> {
    let damaged = |what: &str| LedgerError::damaged("transfer.meta", row, what);
    let [low, ..] = meta.to_le_bytes();
    let kind = TransferKind::from_repr(low & 0x1f).ok_or_else(|| damaged("no kind of a transfer has this number"))?;
    let commitment = if meta & CLAIM == 0 { Commitment::Root } else { Commitment::Claim };
    let (number, part) = match wide_range(cell) {
        Some((from, limbs)) if cell & PLACED != 0 => {
            let limb = wide.get(index(from + limbs - 1));
            let limb = *limb.ok_or_else(|| LedgerError::damaged("transfer.amount", row, "its place is not stored"))?;
            let half = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
            (half(limb >> 32), half(limb & u64::from(u32::MAX)))
        }
        _ => (meta >> PLACE_SHIFT, 0),
    };
    let position = match meta >> 5 & 7 {
        0 if number == 0 => Position::Transaction,
        1 => Position::Log(number, part),
        2 => Position::Trace(number),
        3 => Position::BlockStart(number),
        4 => Position::BlockEnd(number),
        _ => return Err(damaged("it is at no place of a block")),
    };
    Ok((kind, position, commitment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::amount_of;

    #[test]
    fn rows_come_back_as_they_were_stored() {
        let amounts = [
            Amount::ZERO,
            Amount::new(1),
            Amount::from(WIDE - 1),
            Amount::from(WIDE),
            Amount::from(u64::MAX),
            Amount::new(1 << 64),
            Amount::new(u128::MAX),
            Amount::MAX,
        ];
        let positions = [
            Position::Transaction,
            Position::Log(0, 0),
            Position::Log(PLACE_MAX, 0),
            Position::Log(PLACE_MAX + 1, 0),
            Position::Log(5, u32::MAX),
            Position::Trace(u32::MAX),
            Position::BlockStart(3),
            Position::BlockEnd(u32::MAX),
        ];
        let mut wide = vec![99; 5];
        for amount_in in amounts {
            for position in positions {
                for number in 0..=16 {
                    let kind = TransferKind::from_repr(number).unwrap();
                    let commitment = if number % 2 == 0 { Commitment::Root } else { Commitment::Claim };
                    let before = wide.len() as u64;
                    let row = encode((kind, position, commitment), amount_in, before, &mut wide).unwrap();
                    assert_eq!(amount_of(amount(row.amount, &wide, 0).unwrap()), amount_in);
                    assert_eq!(decode(row.meta, row.amount, &wide, 0).unwrap(), (kind, position, commitment));
                    let used = wide_range(row.amount).map_or(0, |(from, limbs)| {
                        assert_eq!(from, before);
                        limbs
                    });
                    assert_eq!(wide.len() as u64, before + used);
                }
            }
        }
    }

    #[test]
    fn damaged_rows_are_errors() {
        assert!(amount(WIDE | 3 << LIMBS_SHIFT | 7, &[1; 10], 0).is_err());
        assert!(amount(u64::MAX, &[1; 10], 0).is_err());
        assert!(decode(17, 0, &[], 0).is_err());
        assert!(decode(5 << 5, 0, &[], 0).is_err());
        assert!(decode(1 << 5, WIDE | PLACED | OFFSET, &[], 0).is_err());
    }
}
