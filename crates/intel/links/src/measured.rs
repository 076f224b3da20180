//! The errors of rules, as they were measured. The tests count them again.
//!
//! That no wrong link was found among a few is no evidence that none is wrong: the error that answers show, and by which traces choose what they cross,
//! is the upper end of the interval that the measurement leaves, not the share that was found.

use crate::link::{Certainty, Rule};

/// What a rule found of a set whose truth is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Links that are right.
    pub right: u64,
    /// Links that are wrong.
    pub wrong: u64,
    /// Links of the truth that the rule does not find.
    pub missed: u64,
    /// The set.
    pub on: &'static str,
}

impl Measured {
    /// Returns how many links of the rule the truth was compared with.
    #[must_use]
    pub fn pairs(&self) -> u64 {
        self.right.saturating_add(self.wrong)
    }

    /// Returns how many of a million links are wrong at most, with a confidence of 95%: the one-sided upper bound of Clopper and Pearson (1934) for the
    /// share that was found. Without a wrong one among `n` it is near `3 / n`; without any pair it is all of them.
    #[must_use]
    pub fn error_ppm(&self) -> u32 {
        upper_ppm(self.wrong, self.pairs())
    }

    /// Returns the missed ones of a million in the truth.
    #[must_use]
    pub fn missed_ppm(&self) -> u32 {
        ppm(self.missed, self.right + self.missed)
    }
}

/// Confidence of bounds: what is left of it is the chance of finding so few wrong ones or fewer.
const REST: f64 = 0.05;

/// Returns the least share, in millionths and rounded up, at which so few wrong ones or fewer among `pairs` are found with a chance of 5% or less.
///
/// Only additions, products and quotients of floats are used, which give the same bits everywhere.
fn upper_ppm(wrong: u64, pairs: u64) -> u32 {
    const WHOLE: u32 = 1_000_000;
    let (mut low, mut high) = (0, WHOLE);
    if wrong >= pairs {
        return WHOLE;
    }
    while low < high {
        let middle = u32::midpoint(low, high);
        if chance_of_most(wrong, pairs, f64::from(middle) / f64::from(WHOLE)) <= REST {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// Returns the chance that at most `most` of `pairs` are wrong, where each is with a chance of `share`.
fn chance_of_most(most: u64, pairs: u64, share: f64) -> f64 {
    // Counts of measurements are far below 2^32, where floats are exact.
    let float = |n: u64| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    let (mut term, mut power, mut left) = (1.0, 1.0 - share, pairs);
    while left > 0 {
        if left % 2 == 1 {
            term *= power;
        }
        power *= power;
        left /= 2;
    }
    let mut sum = term;
    for n in 0..most {
        term *= float(pairs - n) / float(n + 1) * share / (1.0 - share);
        sum += term;
    }
    sum
}

fn ppm(part: u64, whole: u64) -> u32 {
    let share = u128::from(part) * 1_000_000 / u128::from(whole.max(1));
    u32::try_from(share).unwrap_or(1_000_000)
}

/// Messages of Nomad from Moonbeam to Ethereum.
pub const NOMAD: Measured =
    Measured { right: 4_482, wrong: 0, missed: 0, on: "Nomad, Moonbeam to Ethereum (XChainWatcher)" };
/// The same by the oldest deposit within 90 days.
pub const OLDEST_DEPOSIT: Measured =
    Measured { right: 4_472, wrong: 6, missed: 4, on: "Nomad, Moonbeam to Ethereum (XChainWatcher)" };
/// Withdrawals of the first Ronin bridge.
pub const RONIN: Measured = Measured { right: 768, wrong: 0, missed: 0, on: "Ronin to Ethereum (XChainWatcher)" };
/// Swaps of the simulated economy by events of its pools, which are of Uniswap v2's kind.
pub const SWAPS: Measured = Measured { right: 1_568, wrong: 0, missed: 0, on: "simulated economy of accounts" };
/// The same swaps by net flow alone, without any log.
pub const NET_FLOW: Measured = Measured { right: 1_568, wrong: 0, missed: 0, on: "simulated economy of accounts" };
/// Wraps and unwraps of the simulated economy.
pub const WRAPS: Measured = Measured { right: 1_826, wrong: 0, missed: 0, on: "simulated economy of accounts" };

/// Messages of CCTP, both versions, that were received. Of this and the next ones there are no real pairs: the tests run the published contracts. Their
/// bound is so wide that it says nothing of them; they are crossed because both contracts state the message, not because of the figure.
pub const CCTP: Measured =
    Measured { right: 5, wrong: 0, missed: 0, on: "CCTP's contracts on two nodes; no real pairs" };
/// Deposits in Across that were filled.
pub const ACROSS: Measured =
    Measured { right: 4, wrong: 0, missed: 0, on: "Across's contract on two nodes; no real pairs" };
/// Transfers of Wormhole's token bridge that were redeemed.
pub const WORMHOLE: Measured =
    Measured { right: 5, wrong: 0, missed: 0, on: "Wormhole's contracts on two nodes; no real pairs" };
/// Packets of LayerZero's OFT standard that were delivered.
pub const LAYER_ZERO: Measured =
    Measured { right: 3, wrong: 0, missed: 0, on: "LayerZero's contracts on two nodes; no real pairs" };
/// What was paid in and out of THORChain.
pub const THORCHAIN: Measured =
    Measured { right: 3, wrong: 0, missed: 0, on: "THORChain's router on two nodes; no real pairs" };

/// Returns the measured error of a rule with a certainty; `None` where nobody measured it.
#[must_use]
pub fn of(rule: Rule, certainty: Certainty) -> Option<Measured> {
    match (rule, certainty) {
        (Rule::Nomad, _) => Some(NOMAD),
        (Rule::Ronin, _) => Some(RONIN),
        (Rule::OldestDeposit, _) => Some(OLDEST_DEPOSIT),
        (Rule::WrappedCoin, _) => Some(WRAPS),
        (Rule::UniswapV2, Certainty::Event) => Some(SWAPS),
        (Rule::Cctp | Rule::CctpV2, _) => Some(CCTP),
        (Rule::Across, _) => Some(ACROSS),
        (Rule::Wormhole, _) => Some(WORMHOLE),
        (Rule::LayerZero, _) => Some(LAYER_ZERO),
        (Rule::Thorchain, _) => Some(THORCHAIN),
        // What the event adds to the net flow of sender or pool can only make it more certain.
        (
            Rule::UniswapV3
            | Rule::UniswapV4
            | Rule::CurveCrypto
            | Rule::CurveStable
            | Rule::BalancerV2
            | Rule::KyberSwap,
            Certainty::Event,
        )
        | (Rule::NetFlow, _) => Some(NET_FLOW),
        _ => None,
    }
}

/// First candidates of withdrawals from the simulated mixer. Its users withdraw in any order to new accounts: this is how little order alone tells.
pub const MIXER_FIRST: Measured = Measured { right: 173, wrong: 296, missed: 0, on: "simulated mixer" };
/// Withdrawals of [`MIXER_FIRST`] whose deposit is among the first five candidates.
pub const MIXER_AMONG_FIVE: u64 = 349;

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(right: u64, wrong: u64) -> Measured {
        Measured { right, wrong, missed: 0, on: "a test" }
    }

    /// The bounds are those of the beta distribution's quantiles (`qbeta(0.95, wrong + 1, right)` of R).
    #[test]
    fn few_pairs_without_a_wrong_one_are_no_evidence() {
        for ((right, wrong), expected) in [
            ((3, 0), 631_597),
            ((4, 0), 527_129),
            ((5, 0), 450_720),
            ((768, 0), 3_894),
            ((4_482, 0), 669),
            ((4_472, 6), 2_644),
            ((0, 0), 1_000_000),
            ((0, 7), 1_000_000),
        ] {
            let found = measured(right, wrong).error_ppm();
            assert!(found.abs_diff(expected) <= 1, "{wrong} of {}: {found}, not {expected}", right + wrong);
        }
        assert!(CCTP.error_ppm() > 10_000 && THORCHAIN.error_ppm() > CCTP.error_ppm());
        assert!([NOMAD, RONIN, OLDEST_DEPOSIT, SWAPS, NET_FLOW, WRAPS].iter().all(|m| m.error_ppm() < 10_000));
        assert!(MIXER_FIRST.error_ppm() > 631_000, "more than was found: {}", MIXER_FIRST.error_ppm());
    }
}
