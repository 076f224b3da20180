//! Numbers as columns hold them: narrow unsigned integers, and sums of 320 bits.

use bytemuck::{Pod, Zeroable};
use holdfast_types::{Amount, SignedAmount};
use std::cmp::Ordering;

/// Narrows a number to `N` bytes; `None` where it does not fit.
#[inline]
pub(crate) fn narrow<const N: usize>(n: u64) -> Option<[u8; N]> {
    let bytes = n.to_le_bytes();
    let (low, high) = bytes.split_at(N);
    high.iter().all(|b| *b == 0).then(|| low.try_into().ok()).flatten()
}

/// Returns the number of `N` bytes, at most eight.
#[inline]
pub(crate) fn widen<const N: usize>(bytes: [u8; N]) -> u64 {
    let mut wide = [0; 8];
    wide[..N].copy_from_slice(&bytes);
    u64::from_le_bytes(wide)
}

/// A number of values or bytes as an index into memory.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "columns are mapped whole, which needs 64-bit addresses")]
pub(crate) const fn index(n: u64) -> usize {
    const { assert!(usize::BITS >= 64) };
    n as usize
}

/// Least significant first.
pub(crate) type Limbs = [u64; 4];

/// Returns an amount's limbs.
#[inline]
pub(crate) fn limbs_of(amount: Amount) -> Limbs {
    let bytes = amount.to_be_bytes();
    let mut limbs = [0; 4];
    for (limb, chunk) in limbs.iter_mut().rev().zip(bytes.as_chunks::<8>().0) {
        *limb = u64::from_be_bytes(*chunk);
    }
    limbs
}

/// Returns the amount of limbs.
#[inline]
pub(crate) fn amount_of(limbs: Limbs) -> Amount {
    if let [low, 0, 0, 0] = limbs {
        return Amount::from(low);
    }
    let mut bytes = [0; 32];
    for (limb, chunk) in limbs.iter().rev().zip(bytes.as_chunks_mut::<8>().0) {
        *chunk = limb.to_be_bytes();
    }
    Amount::from_be_bytes(bytes)
}

/// A sum of up to 2^40 amounts with signs: two's complement of 320 bits, so that no history overflows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(transparent)]
pub(crate) struct Sum([u64; 5]);

impl Sum {
    /// Returns the sum with an amount added or taken away.
    #[inline]
    #[must_use]
    pub(crate) fn plus(self, limbs: Limbs, out: bool) -> Self {
        let [a, b, c, d] = limbs;
        let other = Sum([a, b, c, d, 0]);
        self.added(if out { other.negated() } else { other })
    }

    /// Returns the sum of both.
    #[inline]
    #[must_use]
    pub(crate) fn added(self, other: Sum) -> Self {
        let mut carry = false;
        let mut result = [0; 5];
        for ((r, a), b) in result.iter_mut().zip(self.0).zip(other.0) {
            let (sum, over) = a.overflowing_add(b);
            let (sum, again) = sum.overflowing_add(u64::from(carry));
            *r = sum;
            carry = over || again;
        }
        Sum(result)
    }

    #[inline]
    #[must_use]
    fn negated(self) -> Self {
        Sum(self.0.map(|limb| !limb)).added(Sum([1, 0, 0, 0, 0]))
    }

    /// Returns whether it is below zero.
    #[inline]
    pub(crate) fn is_negative(self) -> bool {
        self.0[4] >> 63 == 1
    }

    /// Returns it as an amount with a sign; `None` beyond 256 bits.
    pub(crate) fn signed(self) -> Option<SignedAmount> {
        let negative = self.is_negative();
        let [a, b, c, d, top] = if negative { self.negated().0 } else { self.0 };
        let units = amount_of([a, b, c, d]);
        (top == 0).then(|| if negative { SignedAmount::minus(units) } else { units.into() })
    }
}

impl PartialOrd for Sum {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sum {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        let by_sign = other.is_negative().cmp(&self.is_negative());
        by_sign.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_numbers_come_back_and_wide_ones_are_refused() {
        assert_eq!(narrow::<3>(0x00ab_cdef).map(widen), Some(0x00ab_cdef));
        assert_eq!(narrow::<3>(1 << 24), None);
        assert_eq!(narrow::<7>((1 << 56) - 1).map(widen), Some((1 << 56) - 1));
        assert_eq!(narrow::<8>(u64::MAX).map(widen), Some(u64::MAX));
    }

    #[test]
    fn sums_are_those_of_integers() {
        let mut state = 7u64;
        for _ in 0..2_000 {
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (i128::from(state >> 20) * i128::from(state >> 33)) >> (state % 90)
            };
            let (a, b) = (next(), -next());
            let of = |n: i128| Sum::default().plus(limbs_of(Amount::new(n.unsigned_abs())), n < 0);
            let sum = of(a).added(of(b));
            assert_eq!(sum.signed().map(|s| s.to_string()), Some((a + b).to_string()));
            assert_eq!(of(a).cmp(&of(b)), a.cmp(&b));
            assert_eq!(sum.is_negative(), a + b < 0);
        }
    }

    #[test]
    fn many_amounts_of_256_bits_do_not_overflow() {
        let max = limbs_of(Amount::MAX);
        assert_eq!(amount_of(max), Amount::MAX);
        let mut sum = Sum::default();
        (0..1_000).for_each(|_| sum = sum.plus(max, true));
        assert!(sum.is_negative() && sum.signed().is_none());
        (0..999).for_each(|_| sum = sum.plus(max, false));
        assert_eq!(sum.signed(), Some(SignedAmount::minus(Amount::MAX)));
        assert_eq!(sum.plus(max, false), Sum::default());
    }
}
