//! Numbers that are the same on every machine: exponentials and logarithms in software (`libm`), fixed-point values, a seeded hash.

/// Leaves are multiples of 2^-32, so that sums below 2^20 are exact in any order.
const LEAF_UNIT: f64 = 4_294_967_296.0;

/// Returns the logistic function.
pub(crate) fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + libm::exp(-x))
    } else {
        let e = libm::exp(x);
        e / (1.0 + e)
    }
}

/// Returns the log odds of a probability, which is kept within 1e-12 of 0 and 1.
pub(crate) fn logit(p: f64) -> f64 {
    let p = p.clamp(1e-12, 1.0 - 1e-12);
    libm::log(p / (1.0 - p))
}

/// Returns the logistic loss of a score in log odds, in nats.
pub(crate) fn log_loss(score: f64, positive: bool) -> f64 {
    let x = if positive { -score } else { score };
    if x > 0.0 { x + libm::log1p(libm::exp(-x)) } else { libm::log1p(libm::exp(x)) }
}

/// Returns a value rounded to a multiple of 2^-32.
pub(crate) fn to_leaf_unit(value: f64) -> f64 {
    (value * LEAF_UNIT).round() / LEAF_UNIT
}

/// Returns `value * scale`, rounded, within the range of `i32`.
#[allow(clippy::cast_possible_truncation)] // A float's cast saturates, and NaN becomes 0.
pub(crate) fn fixed(value: f64, scale: f64) -> i32 {
    (value * scale).round() as i32
}

/// Returns a sum of fixed-point values as a float. Rounds above 2^53, the same everywhere.
pub(crate) fn float(sum: i64) -> f64 {
    sum as f64
}

/// Returns a count as a float.
pub(crate) fn count(n: usize) -> f64 {
    n as f64
}

/// Returns the part `share` of `n`, rounded down.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Within 0 to n.
pub(crate) fn part_of(n: usize, share: f64) -> usize {
    ((n as f64 * share.clamp(0.0, 1.0)) as usize).min(n)
}

/// SplitMix64 (Steele, Lea, Flood 2014), as a generator and as a hash of several numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// Returns a number below `n`, or 0. The bias is below `n` / 2^64.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let wide = u128::from(self.next()) * (n as u128);
        usize::try_from(wide >> 64).unwrap_or(0)
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Returns a number within [0, 1) that depends on three numbers only.
pub(crate) fn unit_hash(seed: u64, a: u64, b: u64) -> f64 {
    let first =
        mix(seed.wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_mul(3) ^ mix(a.wrapping_add(0x632B_E59B_D9B4_E019)));
    let second = mix(first ^ mix(b.wrapping_add(0x9E37_79B9_7F4A_7C15)));
    (second >> 11) as f64 / 9_007_199_254_740_992.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_is_that_of_the_probability() {
        for score in [-30.0, -2.0, 0.0, 0.5, 25.0] {
            let p = sigmoid(score);
            assert!((log_loss(score, true) + libm::log(p)).abs() < 1e-9, "{score}");
            assert!((sigmoid(-score) - (1.0 - p)).abs() < 1e-15);
        }
        assert!((logit(sigmoid(3.0)) - 3.0).abs() < 1e-12);
    }

    #[test]
    fn leaf_units_add_up_exactly_in_any_order() {
        let mut random = Random::new(1);
        let values: Vec<f64> = (0..500).map(|_| to_leaf_unit((random.next() >> 11) as f64 / 1e15 - 4.0)).collect();
        let forth: f64 = values.iter().sum();
        let back: f64 = values.iter().rev().sum();
        assert_eq!(forth.to_bits(), back.to_bits());
    }

    #[test]
    fn hashes_are_spread_evenly() {
        let below = (0..10_000).filter(|i| unit_hash(7, 3, *i) < 0.3).count();
        assert!((2_800..3_200).contains(&below), "{below}");
    }
}
