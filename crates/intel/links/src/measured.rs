//! The errors of rules, as they were measured. The tests count them again.

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
    /// Returns the wrong ones of a million links.
    #[must_use]
    pub fn error_ppm(&self) -> u32 {
        ppm(self.wrong, self.right + self.wrong)
    }

    /// Returns the missed ones of a million in the truth.
    #[must_use]
    pub fn missed_ppm(&self) -> u32 {
        ppm(self.missed, self.right + self.missed)
    }
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

/// Messages of CCTP, both versions, that were received. Of this and the next ones there are no real pairs: the tests run the published contracts.
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
            | Rule::OneInch,
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
