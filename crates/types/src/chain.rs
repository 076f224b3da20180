//! Chains by their CAIP-2 identifier.

use crate::Network;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A blockchain as CAIP-2 names it: `namespace:reference`, such as `eip155:1` or `bip122:000000000019d6689c085ae165831e93`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChainId(Box<str>);

/// Chains whose addresses are of one kind: who controls a script or account controls it on every chain of its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// Output scripts: Bitcoin, Litecoin and others.
    Bitcoin,
    /// Accounts of the Ethereum virtual machine.
    Evm,
    /// Accounts of Tron.
    Tron,
    /// Any other.
    Other,
}

/// Text that is no CAIP-2 chain id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no CAIP-2 chain id; write namespace:reference, such as eip155:1")]
pub struct NotAChain(pub String);

/// Usual names of account chains.
const ACCOUNT_CHAINS: [(&str, &str); 12] = [
    ("ethereum", "eip155:1"),
    ("optimism", "eip155:10"),
    ("bnb", "eip155:56"),
    ("gnosis", "eip155:100"),
    ("polygon", "eip155:137"),
    ("base", "eip155:8453"),
    ("arbitrum", "eip155:42161"),
    ("avalanche", "eip155:43114"),
    ("sepolia", "eip155:11155111"),
    ("tron", "tron:mainnet"),
    ("tron-shasta", "tron:shasta"),
    ("tron-nile", "tron:nile"),
];

impl ChainId {
    /// Reads a CAIP-2 id: namespace of 3 to 8 of `[-a-z0-9]`, reference of 1 to 32 of `[-_a-zA-Z0-9]`.
    ///
    /// # Errors
    /// [`NotAChain`] for text of another form.
    pub fn parse(text: &str) -> Result<Self, NotAChain> {
        let wrong = || NotAChain(text.chars().take(80).collect());
        let (namespace, reference) = text.split_once(':').ok_or_else(wrong)?;
        let namespace_ok = (3..=8).contains(&namespace.len())
            && namespace.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let reference_ok = (1..=32).contains(&reference.len())
            && reference.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if namespace_ok && reference_ok { Ok(ChainId(text.into())) } else { Err(wrong()) }
    }

    /// Returns the id of a Bitcoin-family network: `bip122` and the first 32 hex digits of the genesis block's hash.
    #[must_use]
    pub fn of(network: Network) -> Self {
        ChainId(format!("bip122:{}", &network.parameters().genesis[..32]).into())
    }

    /// Returns the part before the colon, such as `eip155`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.0.split_once(':').map_or("", |p| p.0)
    }

    /// Returns the part after the colon.
    #[must_use]
    pub fn reference(&self) -> &str {
        self.0.split_once(':').map_or("", |p| p.1)
    }

    /// Returns the family that its addresses belong to.
    #[must_use]
    pub fn family(&self) -> Family {
        match self.namespace() {
            "bip122" => Family::Bitcoin,
            "eip155" => Family::Evm,
            "tron" => Family::Tron,
            _ => Family::Other,
        }
    }

    /// Returns the chain of an account family that people call so (`ethereum`, `tron`), in any case, or whose CAIP-2 id is given.
    ///
    /// # Errors
    /// [`NotAChain`] for text that is neither.
    pub fn of_accounts(text: &str) -> Result<Self, NotAChain> {
        let text = text.trim();
        let named = ACCOUNT_CHAINS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, id)| *id);
        let id = ChainId::parse(named.unwrap_or(text))?;
        if id.family() == Family::Bitcoin { Err(NotAChain(text.chars().take(80).collect())) } else { Ok(id) }
    }

    /// Returns the name that people use for a chain of an account family; `None` for one without a usual name.
    #[must_use]
    pub fn usual_name(&self) -> Option<&'static str> {
        ACCOUNT_CHAINS.iter().find(|(_, id)| *id == &*self.0).map(|(name, _)| *name)
    }

    /// Returns the whole id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for ChainId {
    type Err = NotAChain;

    fn from_str(text: &str) -> Result<Self, NotAChain> {
        Self::parse(text)
    }
}

impl Serialize for ChainId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ChainId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_caip_2() {
        assert_eq!(ChainId::of(Network::Bitcoin).as_str(), "bip122:000000000019d6689c085ae165831e93");
        assert_eq!(ChainId::of(Network::Litecoin).as_str(), "bip122:12a765e31ffd4059bada1e25190f6e98");
        // Examples of CAIP-2 itself.
        for good in ["eip155:1", "cosmos:cosmoshub-3", "starknet:SN_GOERLI", "lip9:9ee11e9df416b18b", "tron:mainnet"] {
            let id = ChainId::parse(good).unwrap();
            assert_eq!(
                (id.to_string().as_str(), format!("{}:{}", id.namespace(), id.reference())),
                (good, good.into())
            );
        }
        assert_eq!(ChainId::of_accounts("Ethereum").unwrap().as_str(), "eip155:1");
        let made = ChainId::of_accounts(" eip155:31337 ").unwrap();
        assert_eq!((made.as_str(), made.usual_name()), ("eip155:31337", None));
        assert_eq!(ChainId::parse("tron:mainnet").unwrap().usual_name(), Some("tron"));
        assert!(
            ChainId::of_accounts("bitcoin").is_err()
                && ChainId::of_accounts(ChainId::of(Network::Bitcoin).as_str()).is_err()
        );
        for bad in ["", "eip155", "eip155:", ":1", "EIP155:1", "ab:1", "toolongname:1", "eip155:a/b", "eip155:é"] {
            assert!(ChainId::parse(bad).is_err(), "{bad}");
        }
    }
}
