//! Heuristics that join accounts, and their parameters.

use holdfast_types::ChainId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A heuristic.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
    strum::FromRepr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[repr(u8)]
pub enum Heuristic {
    /// A deposit address, which sends all that it receives on to a tagged wallet of one service and nowhere else, is the service's.
    Sweep = 0,
    /// Who sends to one deposit address is one customer (F. Victor, "Address Clustering Heuristics for Ethereum", 2020).
    DepositReuse = 1,
    /// Whose first coin, no more than gas costs, comes from an account is that account's owner's, if it pays for moving tokens with it.
    GasFunding = 2,
    /// Contracts that one contract created (`CREATE2`) and that send everything to one account are that account's owner's.
    Factory = 3,
    /// Who uses the energy of an account's stake is its owner (Tron).
    Energy = 4,
}

impl Heuristic {
    /// All heuristics.
    pub const ALL: &[Heuristic] = <Heuristic as strum::VariantArray>::VARIANTS;

    /// On by default: only what is measured at 99% precision or more on every seed, and does not lean on habits that the simulated economy gives
    /// its people (see docs/accuracy.md).
    pub const DEFAULT: &[Heuristic] = &[Heuristic::Sweep];

    /// Returns its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns whether it rests on what blocks tell beside transfers ([`crate::Signals`]).
    #[must_use]
    pub fn needs_signals(self) -> bool {
        matches!(self, Heuristic::Factory | Heuristic::Energy)
    }
}

/// What to cluster by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Heuristics that are on.
    pub heuristics: BTreeSet<Heuristic>,
    /// Most blocks between what a deposit address receives and sends on, or an account's gas and what it pays for.
    pub max_blocks: u64,
    /// Most base units of the chain's coin by which a deposit address sends on less than it received: fees. Of tokens it sends on everything.
    pub max_remainder: u64,
    /// Fewest accounts that must send everything to an account before it counts as a wallet that sweeps.
    pub min_members: u32,
    /// Most deposit addresses that one customer sends to; whoever sends to more is a service.
    pub max_deposits: u32,
    /// Most base units of the chain's coin that are taken for gas.
    pub max_gas: u64,
    /// Contracts of tokens, in hexadecimal digits, whose transfers are believed whoever signed them, beside those of the curated list. Anybody can write
    /// a contract that logs transfers in others' names.
    pub trusted_tokens: BTreeSet<String>,
}

impl Options {
    /// Returns the defaults for a chain: Victor's 3,200 blocks (half a day of Ethereum) and 0.01 of the coin; on Tron as much time and 30 TRX.
    #[must_use]
    pub fn of_chain(chain: &ChainId) -> Self {
        let is_tron = chain.namespace() == "tron";
        let (max_blocks, unit) = if is_tron { (14_400, 30_000_000) } else { (3_200, 10_000_000_000_000_000) };
        Options {
            heuristics: Heuristic::DEFAULT.iter().copied().collect(),
            max_blocks,
            max_remainder: unit,
            min_members: 3,
            max_deposits: 8,
            max_gas: unit * 5,
            trusted_tokens: BTreeSet::new(),
        }
    }

    /// Returns these options with other heuristics.
    #[must_use]
    pub fn with(self, heuristics: impl IntoIterator<Item = Heuristic>) -> Self {
        Options { heuristics: heuristics.into_iter().collect(), ..self }
    }

    pub(crate) fn has(&self, heuristic: Heuristic) -> bool {
        self.heuristics.contains(&heuristic)
    }

    pub(crate) fn needs_signals(&self) -> bool {
        self.heuristics.iter().any(|h| h.needs_signals())
    }
}
