//! Amounts in base units: 256 bits, as wide as the widest token (`uint256` of ERC-20, EIP-20). Arithmetic is checked: nothing wraps and
//! nothing saturates.

use ruint::aliases::U256;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Digits of the greatest amount, 2^256 - 1.
const MAX_DIGITS: usize = 78;

/// Base units of an asset. Text in JSON, because JSON readers lose digits beyond 2^53; numbers are read too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(U256);

/// Text that is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no amount; give base units as digits, below 2^256")]
pub struct AmountError(String);

/// An amount that does not fit into a narrower number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("amount {0} does not fit into {1} bits")]
pub struct TooWide(Amount, u32);

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(U256::ZERO);
    /// The greatest amount.
    pub const MAX: Amount = Amount(U256::MAX);

    /// Returns an amount of base units.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of a u128")]
    pub const fn new(base_units: u128) -> Self {
        Amount(U256::from_limbs([base_units as u64, (base_units >> 64) as u64, 0, 0]))
    }

    /// Reads 32 bytes, most significant first, as EVM words hold amounts.
    #[must_use]
    pub const fn from_be_bytes(bytes: [u8; 32]) -> Self {
        Amount(U256::from_be_bytes(bytes))
    }

    /// Returns its 32 bytes, most significant first.
    #[must_use]
    pub const fn to_be_bytes(self) -> [u8; 32] {
        self.0.to_be_bytes()
    }

    /// Returns whether it is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Returns the sum, or `None` beyond 2^256.
    #[must_use]
    pub fn checked_add(self, other: Amount) -> Option<Self> {
        self.0.checked_add(other.0).map(Amount)
    }

    /// Returns the difference, or `None` below zero.
    #[must_use]
    pub fn checked_sub(self, other: Amount) -> Option<Self> {
        self.0.checked_sub(other.0).map(Amount)
    }

    /// Returns what of `self` is above `other`: zero where there is nothing.
    #[must_use]
    pub fn excess_over(self, other: Amount) -> Self {
        Amount(self.0.saturating_sub(other.0))
    }

    /// Returns `self * numerator / denominator`, rounded down, computed without loss. `None` where the denominator is zero or the result
    /// does not fit.
    #[must_use]
    pub fn mul_div(self, numerator: Amount, denominator: Amount) -> Option<Self> {
        if denominator.is_zero() {
            return None;
        }
        let product: ruint::Uint<512, 8> = self.0.widening_mul(numerator.0);
        let quotient = product / ruint::Uint::<512, 8>::from(denominator.0);
        U256::checked_from_limbs_slice(quotient.as_limbs()).map(Amount)
    }

    /// Returns the sum of amounts, or `None` beyond 2^256.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Amount>) -> Option<Self> {
        amounts.into_iter().try_fold(Amount::ZERO, Amount::checked_add)
    }

    /// Returns the nearest floating-point number, for ratios and charts; never for a ledger, trace or hold.
    #[must_use]
    pub fn approximate(self) -> f64 {
        f64::from(self.0)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let digits = !text.is_empty() && text.len() <= MAX_DIGITS && text.bytes().all(|b| b.is_ascii_digit());
        let parsed = if digits { U256::from_str_radix(text, 10).ok() } else { None };
        parsed.map(Amount).ok_or_else(|| AmountError(text.chars().take(MAX_DIGITS + 2).collect()))
    }
}

impl From<u64> for Amount {
    fn from(base_units: u64) -> Self {
        Amount(U256::from(base_units))
    }
}

impl From<u128> for Amount {
    fn from(base_units: u128) -> Self {
        Amount::new(base_units)
    }
}

impl TryFrom<Amount> for u64 {
    type Error = TooWide;

    fn try_from(amount: Amount) -> Result<Self, TooWide> {
        u64::try_from(amount.0).map_err(|_| TooWide(amount, 64))
    }
}

impl TryFrom<Amount> for u128 {
    type Error = TooWide;

    fn try_from(amount: Amount) -> Result<Self, TooWide> {
        u128::try_from(amount.0).map_err(|_| TooWide(amount, 128))
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Amount;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("base units as digits")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Amount, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: serde::de::Error>(self, n: u64) -> Result<Amount, E> {
                Ok(Amount::from(n))
            }
        }
        // Formats that are not for people do not state what follows.
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(Visitor)
        } else {
            deserializer.deserialize_str(Visitor)
        }
    }
}

/// A change of a balance in base units: a sign and an amount. Zero has no sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SignedAmount {
    negative: bool,
    units: Amount,
}

impl SignedAmount {
    /// No change.
    pub const ZERO: SignedAmount = SignedAmount { negative: false, units: Amount::ZERO };

    /// Returns a change that lessens a balance.
    #[must_use]
    pub fn minus(units: Amount) -> Self {
        SignedAmount { negative: !units.is_zero(), units }
    }

    /// Returns the change the other way.
    #[must_use]
    pub fn negated(self) -> Self {
        SignedAmount { negative: !self.negative && !self.units.is_zero(), ..self }
    }

    /// Returns whether it lessens a balance.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.negative
    }

    /// Returns the change without its sign.
    #[must_use]
    pub fn magnitude(self) -> Amount {
        self.units
    }

    /// Returns the sum, or `None` where its amount is beyond 2^256.
    #[must_use]
    pub fn checked_add(self, other: SignedAmount) -> Option<Self> {
        if self.negative == other.negative {
            return Some(SignedAmount { negative: self.negative, units: self.units.checked_add(other.units)? });
        }
        let (negative, units) = match self.units.cmp(&other.units) {
            Ordering::Less => (other.negative, other.units.checked_sub(self.units)?),
            Ordering::Equal => (false, Amount::ZERO),
            Ordering::Greater => (self.negative, self.units.checked_sub(other.units)?),
        };
        Some(SignedAmount { negative, units })
    }

    /// Returns the difference, or `None` where its amount is beyond 2^256.
    #[must_use]
    pub fn checked_sub(self, other: SignedAmount) -> Option<Self> {
        self.checked_add(other.negated())
    }
}

impl From<Amount> for SignedAmount {
    fn from(units: Amount) -> Self {
        SignedAmount { negative: false, units }
    }
}

impl From<i64> for SignedAmount {
    fn from(n: i64) -> Self {
        let units = Amount::from(n.unsigned_abs());
        if n < 0 { SignedAmount::minus(units) } else { units.into() }
    }
}

impl PartialOrd for SignedAmount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SignedAmount {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.units.cmp(&other.units),
            (true, true) => other.units.cmp(&self.units),
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
        }
    }
}

impl fmt::Display for SignedAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.negative { "-" } else { "" })?;
        self.units.fmt(f)
    }
}

impl FromStr for SignedAmount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        match text.strip_prefix('-') {
            Some(units) => Ok(SignedAmount::minus(units.parse()?)),
            None => Ok(SignedAmount::from(text.parse::<Amount>()?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn signed(n: i128) -> SignedAmount {
        let units = Amount::new(n.unsigned_abs());
        if n < 0 { SignedAmount::minus(units) } else { units.into() }
    }

    #[test]
    fn reads_and_writes_all_256_bits() {
        let max = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        assert_eq!(max.parse::<Amount>().unwrap(), Amount::MAX);
        assert_eq!(Amount::MAX.to_string(), max);
        let beyond = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
        for bad in [beyond, "", "-1", "+1", "1.5", "0x10", " 1", "1_000", &"9".repeat(500)] {
            assert!(bad.parse::<Amount>().is_err(), "{bad}");
        }
        assert_eq!("007".parse::<Amount>().unwrap(), Amount::new(7));
        let json: Amount = serde_json::from_str(&format!("\"{max}\"")).unwrap();
        assert_eq!(serde_json::to_string(&json).unwrap(), format!("\"{max}\""));
        assert_eq!(serde_json::from_str::<Amount>("12").unwrap(), Amount::new(12));
        assert!(serde_json::from_str::<Amount>("1.5").is_err());
    }

    #[test]
    fn nothing_wraps() {
        let one = Amount::new(1);
        assert_eq!(Amount::MAX.checked_add(one), None);
        assert_eq!(Amount::ZERO.checked_sub(one), None);
        assert_eq!(Amount::ZERO.excess_over(one), Amount::ZERO);
        assert_eq!(Amount::MAX.mul_div(Amount::MAX, Amount::MAX), Some(Amount::MAX));
        assert_eq!(Amount::MAX.mul_div(Amount::new(2), one), None);
        assert_eq!(one.mul_div(one, Amount::ZERO), None);
        assert_eq!(Amount::checked_sum([Amount::MAX, one]), None);
        assert!(u64::try_from(Amount::new(1 << 64)).is_err() && u128::try_from(Amount::MAX).is_err());
        assert_eq!(SignedAmount::minus(Amount::MAX).checked_sub(one.into()), None);
    }

    #[test]
    fn zero_has_no_sign() {
        let minus_zero = SignedAmount::minus(Amount::ZERO);
        assert_eq!(
            (minus_zero, minus_zero.negated(), "-0".parse().unwrap()),
            (SignedAmount::ZERO, SignedAmount::ZERO, SignedAmount::ZERO)
        );
    }

    proptest! {
        #[test]
        fn as_integers_do(a in any::<i64>(), b in any::<i64>(), c in 1..u64::MAX) {
            let (x, y) = (i128::from(a), i128::from(b));
            prop_assert_eq!(signed(x).checked_add(signed(y)), Some(signed(x + y)));
            prop_assert_eq!(signed(x).checked_sub(signed(y)), Some(signed(x - y)));
            prop_assert_eq!(signed(x).cmp(&signed(y)), x.cmp(&y));
            prop_assert_eq!(signed(x).to_string(), x.to_string());
            prop_assert_eq!(x.to_string().parse::<SignedAmount>().unwrap(), signed(x));
            prop_assert_eq!(SignedAmount::from(a), signed(x));
            let (p, q) = (a.unsigned_abs(), b.unsigned_abs());
            let exact = u128::from(p) * u128::from(q) / u128::from(c);
            prop_assert_eq!(Amount::from_be_bytes(Amount::from(p).to_be_bytes()), Amount::from(p));
            prop_assert_eq!(Amount::from(p).mul_div(q.into(), c.into()), Some(Amount::new(exact)));
        }
    }
}
