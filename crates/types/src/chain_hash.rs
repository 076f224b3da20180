//! Hashes that name transactions and blocks. They print as explorers show them, which is reversed.

use crate::{Hash32, display_hash, parse_hash};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Text that is no hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no hash; give 64 hex digits, as explorers print them")]
pub struct NotAHash(pub String);

macro_rules! chain_hash {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $name(Hash32);

        impl $name {
            /// Returns the hash with these bytes, in the order of hashing.
            #[must_use]
            pub const fn from_bytes(bytes: Hash32) -> Self {
                $name(bytes)
            }

            /// Returns the bytes, in the order of hashing.
            #[must_use]
            pub const fn to_bytes(self) -> Hash32 {
                self.0
            }

            /// Returns the bytes, in the order of hashing.
            #[must_use]
            pub const fn as_bytes(&self) -> &Hash32 {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&display_hash(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&display_hash(&self.0))
            }
        }

        impl FromStr for $name {
            type Err = NotAHash;

            fn from_str(text: &str) -> Result<Self, NotAHash> {
                parse_hash(text).map($name).ok_or_else(|| NotAHash(text.chars().take(80).collect()))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

chain_hash! {
    /// The id of a transaction of the Bitcoin family.
    Txid
}

chain_hash! {
    /// The hash of a block of the Bitcoin family.
    BlockHash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Network;

    #[test]
    fn hashes_read_as_they_print() {
        let genesis = Network::Bitcoin.parameters().genesis;
        let hash: BlockHash = genesis.parse().unwrap();
        assert_eq!((hash.to_string().as_str(), hash.to_bytes()[31]), (genesis, 0));
        assert_eq!(serde_json::from_str::<BlockHash>(&serde_json::to_string(&hash).unwrap()).unwrap(), hash);
        for bad in ["", "00", &genesis[1..], &format!("{genesis}0"), &genesis.replace('6', "g")] {
            assert!(bad.parse::<Txid>().is_err(), "{bad}");
        }
    }
}
