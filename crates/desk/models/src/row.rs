//! The feature row that a decision keeps: a few bytes a feature, from which every score is computed again.
//!
//! A row is rounded when it is made, and scores are computed from the rounded values: what is stored is what was scored. Whole numbers below 2^31 stay
//! exact, other values are rounded to single precision, what is not known stays missing.

use crate::ModelError;
use crate::schema::MAX_FEATURES;
use sha2::{Digest, Sha256};

/// Version of the encoding, its first byte.
const VERSION: u8 = 1;

/// How a value is written: two bits a feature, before the values.
const MISSING: u8 = 0;
const ZERO: u8 = 1;
const WHOLE: u8 = 2;
const SINGLE: u8 = 3;

/// Values of a schema's features, rounded as they are stored.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureRow {
    values: Vec<f64>,
}

impl FeatureRow {
    /// Returns the row of values, rounded; infinite ones become missing.
    ///
    /// # Errors
    ///
    /// `Table` if there are none or more than [`MAX_FEATURES`].
    pub fn new(values: &[f64]) -> Result<Self, ModelError> {
        if values.is_empty() || values.len() > MAX_FEATURES {
            return Err(ModelError::Table(format!("feature row: {} values; use 1 to {MAX_FEATURES}", values.len())));
        }
        Ok(FeatureRow { values: values.iter().map(|v| rounded(*v)).collect() })
    }

    /// Returns the values as they are scored; NaN is missing.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Returns the bytes that are stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let count = u16::try_from(self.values.len()).unwrap_or(u16::MAX);
        let kinds = self.values.len().div_ceil(4);
        let mut row = Vec::with_capacity(3 + kinds + 2 * self.values.len());
        row.push(VERSION);
        row.extend(count.to_le_bytes());
        row.resize(3 + kinds, 0);
        for (n, value) in self.values.iter().enumerate() {
            let kind = match (whole(*value), *value) {
                (_, v) if v.is_nan() => MISSING,
                (Some(0), _) => ZERO,
                (Some(whole), _) => {
                    put(&mut row, (whole << 1 ^ whole >> 31).cast_unsigned());
                    WHOLE
                }
                (None, v) => {
                    row.extend(single(v).to_le_bytes());
                    SINGLE
                }
            };
            row[3 + n / 4] |= kind << (n % 4 * 2);
        }
        row
    }

    /// Reads stored bytes.
    ///
    /// # Errors
    ///
    /// `Table` if they are damaged or would be written differently.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let damaged = || ModelError::Table("feature row: damaged; its bytes do not follow from its values".to_owned());
        let row = read(bytes).ok_or_else(damaged)?;
        if row.to_bytes() == bytes { Ok(row) } else { Err(damaged()) }
    }

    /// Returns the SHA-256 of its bytes, hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        Self::hash_of(&self.to_bytes())
    }

    /// Returns the SHA-256 of a row's bytes, hexadecimal.
    #[must_use]
    pub fn hash_of(bytes: &[u8]) -> String {
        crate::model::hexadecimal(&Sha256::digest(bytes).into(), str::to_owned)
    }
}

fn read(bytes: &[u8]) -> Option<FeatureRow> {
    let ([VERSION, low, high], rest) = bytes.split_first_chunk()? else { return None };
    let count = usize::from(u16::from_le_bytes([*low, *high]));
    if count == 0 || count > MAX_FEATURES {
        return None;
    }
    let (kinds, mut rest) = rest.split_at_checked(count.div_ceil(4))?;
    let mut values = Vec::with_capacity(count);
    for n in 0..count {
        values.push(match kinds[n / 4] >> (n % 4 * 2) & 3 {
            MISSING => f64::NAN,
            ZERO => 0.0,
            WHOLE => {
                let zigzag = take(&mut rest)?;
                f64::from((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
            }
            _ => {
                let (value, behind) = rest.split_first_chunk()?;
                rest = behind;
                Some(f64::from(f32::from_le_bytes(*value))).filter(|v| v.is_finite())?
            }
        });
    }
    rest.is_empty().then_some(FeatureRow { values })
}

fn rounded(value: f64) -> f64 {
    match whole(value) {
        Some(whole) => f64::from(whole),
        None => {
            let single = f64::from(single(value));
            match single {
                // Too small for single precision, with the sign of zero dropped.
                0.0 => 0.0,
                s if s.is_finite() => s,
                _ => f64::NAN,
            }
        }
    }
}

/// Returns a value as a whole number, if it is one of 32 bits.
#[allow(clippy::cast_possible_truncation)] // A float's cast saturates.
fn whole(value: f64) -> Option<i32> {
    let whole = value as i32;
    (f64::from(whole) == value).then_some(whole)
}

#[allow(clippy::cast_possible_truncation)] // Rounding to single precision is meant.
fn single(value: f64) -> f32 {
    value as f32
}

/// Writes seven bits a byte, lowest first.
fn put(bytes: &mut Vec<u8>, mut value: u32) {
    loop {
        let low = value.to_le_bytes()[0] & 0x7F;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn take(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0u32;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u32::from(byte & 0x7F).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            Just(f64::NAN),
            Just(0.0),
            Just(-0.0),
            (-300i32..300).prop_map(f64::from),
            any::<i32>().prop_map(f64::from),
            any::<f64>(),
            0.0..1.0f64
        ]
    }

    proptest! {
        #[test]
        fn a_row_is_read_back_and_rounding_again_changes_nothing(values in prop::collection::vec(value(), 1..200)) {
            let row = FeatureRow::new(&values).unwrap();
            let read = FeatureRow::from_bytes(&row.to_bytes()).unwrap();
            let bits = |r: &FeatureRow| r.values().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&read), bits(&row));
            prop_assert_eq!(bits(&FeatureRow::new(row.values()).unwrap()), bits(&row));
            for (given, kept) in values.iter().zip(row.values()) {
                prop_assert!(given.is_nan() && kept.is_nan() || (given - kept).abs() <= given.abs() * 1e-7 || given.abs() > 3.4e38 || given.abs() < 1e-37);
            }
        }

        #[test]
        fn any_bytes_are_answered_and_what_reads_writes_them_again(bytes in prop::collection::vec(any::<u8>(), 0..80), count in 0u8..12) {
            let mut framed = vec![VERSION, count, 0];
            framed.extend(&bytes);
            for bytes in [&bytes, &framed] {
                if let Ok(row) = FeatureRow::from_bytes(bytes) {
                    prop_assert_eq!(&row.to_bytes(), bytes);
                }
            }
        }
    }

    #[test]
    fn a_usual_row_of_sixty_features_takes_less_than_200_bytes_and_a_flipped_bit_changes_its_hash() {
        let usual = |n: i32| match n % 3 {
            0 => f64::from(n % 7),
            1 => f64::from(n) * 0.0137,
            _ => f64::from(n * 900),
        };
        let row = FeatureRow::new(&(0..60).map(usual).collect::<Vec<_>>()).unwrap();
        let bytes = row.to_bytes();
        assert!(bytes.len() < 200, "{}", bytes.len());
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            // Either no row, or another one.
            if let Ok(other) = FeatureRow::from_bytes(&damaged) {
                assert_ne!(other.hash(), row.hash());
            }
        }
        assert!(FeatureRow::new(&[]).is_err());
    }
}
