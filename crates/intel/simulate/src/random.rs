//! Deterministic randomness: xoshiro256++ from a seed, with draws whose results depend on nothing but the seed.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

/// The simulation's source of chance.
#[derive(Clone, Debug)]
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Random(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Returns 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Returns a number below `n`, which must not be zero.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// Returns a number below `n`, which must not be zero.
    #[expect(clippy::cast_possible_truncation, reason = "below a number of 32 bits")]
    pub fn below_u32(&mut self, n: u32) -> u32 {
        self.below(n.into()) as u32
    }

    /// Returns an index into something of `len` elements, which must not be empty.
    #[expect(clippy::cast_possible_truncation, reason = "below a usize")]
    pub fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// Returns a count from `low` to `high`, both included.
    pub fn count(&mut self, low: usize, high: usize) -> usize {
        low + self.index(high - low + 1)
    }

    /// Returns seconds from `low` to `high`, both included; `high` must not be below `low`.
    pub fn seconds(&mut self, low: i64, high: i64) -> i64 {
        low + self.seconds_below(high - low + 1)
    }

    /// Returns seconds below `n`, which must be positive.
    pub fn seconds_below(&mut self, n: i64) -> i64 {
        self.below(n.cast_unsigned()).cast_signed()
    }

    /// Returns a number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// Returns true in `n` of 1,000 draws.
    pub fn permille(&mut self, n: u64) -> bool {
        self.below(1000) < n
    }

    /// Returns an amount spread evenly over orders of magnitude between `low` and `high`.
    pub fn amount(&mut self, low: u64, high: u64) -> u64 {
        let octaves = (high / low).max(1).ilog2();
        let base = low << self.below_u32(octaves + 1);
        self.between(base, base * 2 - 1).min(high)
    }

    /// Returns an element of a non-empty slice.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }

    /// Shuffles in place (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.index(i + 1));
        }
    }
}
