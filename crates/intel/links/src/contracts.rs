//! Contracts whose events count. Anybody can write the events of a bridge: only those of its own contracts are read.

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
}

/// Chain, contract, role, as XChainWatcher's published configuration and Nomad's own logs name them.
const KNOWN: [(&str, &str, Role); 6] = [
    ("eip155:1", "92d3404a7e6c91455bbd81475cd9fad96acff4c8", Role::NomadHome),
    ("eip155:1", "88a69b4e698a4b090df6cf5bd7b2d47325ad30a3", Role::NomadRouter),
    ("eip155:1284", "8f184d6aa1977fd2f9d9024317d0ea5cf5815b6f", Role::NomadHome),
    ("eip155:1284", "d3dfd3ede74e0dcebc1aa685e151332857efce2d", Role::NomadRouter),
    ("eip155:1", "1a2a1c938ce3ec39b6d47113c7955baa9dd454f2", Role::RoninMainchain),
    ("eip155:2020", "e35d62ebe18413d96ca2a2f7cf215bb21a406b4b", Role::RoninSidechain),
];

impl Contracts {
    /// Returns the contracts that are known on a chain.
    #[must_use]
    pub fn of(chain: &ChainId) -> Self {
        let known = KNOWN.iter().filter(|(of, ..)| *of == chain.as_str());
        let roles = known.filter_map(|(_, contract, role)| {
            let account = hex::decode(contract).ok().and_then(|bytes| AccountId::from_bytes(&bytes))?;
            Some((account, *role))
        });
        Contracts { roles: roles.collect() }
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
    fn every_known_contract_reads() {
        let chain = |text: &str| ChainId::parse(text).unwrap();
        let sizes =
            ["eip155:1", "eip155:1284", "eip155:2020", "eip155:10"].map(|c| Contracts::of(&chain(c)).roles.len());
        assert_eq!(sizes, [3, 2, 1, 0]);
        let own = AccountId::evm([1; 20]);
        assert_eq!(Contracts::of(&chain("eip155:10")).with(own, Role::NomadAll).role(&own), Some(Role::NomadAll));
    }
}
