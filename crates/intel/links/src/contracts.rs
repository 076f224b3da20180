//! Contracts whose events count. Anybody can write the events of a bridge: only those of its own contracts are read.

use crate::known;
use holdfast_types::{AccountId, ChainId};
use std::collections::BTreeMap;

/// What a contract is for its bridge.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Role {
    /// Nomad's home, which dispatches messages.
    NomadHome,
    /// Nomad's router, which sends and receives tokens.
    NomadRouter,
    /// Home and router in one contract.
    NomadAll,
    /// The first Ronin bridge's gateway on Ethereum.
    RoninMainchain,
    /// The first Ronin bridge's gateway on Ronin.
    RoninSidechain,
    /// CCTP's `TokenMessenger` of version 1, which burns and mints.
    CctpMessenger,
    /// CCTP's `MessageTransmitter` of version 1, which sends and receives messages.
    CctpTransmitter,
    /// CCTP's `TokenMessengerV2`.
    CctpMessengerV2,
    /// CCTP's `MessageTransmitterV2`.
    CctpTransmitterV2,
    /// Across's spoke pool.
    AcrossPool,
    /// Wormhole's core contract, which publishes messages.
    WormholeCore,
    /// Wormhole's token bridge.
    WormholeBridge,
    /// LayerZero's endpoint of version 2.
    LayerZeroEndpoint,
    /// A router of THORChain.
    ThorchainRouter,
    /// The `GatewayMinter` of Circle's Gateway.
    GatewayMinter,
}

impl Role {
    /// Returns the names of all roles.
    #[must_use]
    pub fn names() -> &'static [&'static str] {
        <Role as strum::VariantNames>::VARIANTS
    }
}

/// Contracts of bridges on one chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contracts {
    roles: BTreeMap<AccountId, Role>,
    number: Option<u64>,
}

impl Contracts {
    /// Returns the contracts that are known on a chain.
    #[must_use]
    pub fn of(chain: &ChainId) -> Self {
        Contracts { roles: known::contracts(chain).into_iter().collect(), number: known::eip155(chain) }
    }

    /// Returns the number that EIP-155 gives the chain: some messages name their chain only by where they stand.
    pub(crate) fn number(&self) -> Option<u64> {
        self.number
    }

    /// Returns them with one more contract.
    #[must_use]
    pub fn with(mut self, contract: AccountId, role: Role) -> Self {
        self.roles.insert(contract, role);
        self
    }

    /// Returns what a contract is for its bridge.
    #[must_use]
    pub fn role(&self, contract: &AccountId) -> Option<Role> {
        self.roles.get(contract).copied()
    }

    /// Returns all of them, by contract.
    pub fn iter(&self) -> impl Iterator<Item = (&AccountId, Role)> {
        self.roles.iter().map(|(contract, role)| (contract, *role))
    }

    /// Returns whether no contract is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_contracts_and_further_ones_have_roles() {
        let chain = |text: &str| ChainId::parse(text).unwrap();
        let sizes =
            ["eip155:1", "eip155:1284", "eip155:2020", "eip155:31337"].map(|c| Contracts::of(&chain(c)).roles.len());
        assert_eq!(sizes, [17, 5, 1, 0]);
        let own = AccountId::evm([1; 20]);
        assert_eq!(Contracts::of(&chain("eip155:31337")).with(own, Role::NomadAll).role(&own), Some(Role::NomadAll));
    }
}
