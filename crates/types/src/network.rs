//! The networks: their magic numbers, genesis blocks and address prefixes.

use crate::BlockHash;
use serde::{Deserialize, Serialize};

/// A Bitcoin-family network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// Bitcoin mainnet.
    Bitcoin,
    /// Bitcoin testnet3.
    Testnet3,
    /// Bitcoin testnet4 (BIP 94).
    Testnet4,
    /// Bitcoin signet (BIP 325), default challenge.
    Signet,
    /// Bitcoin regtest.
    Regtest,
    /// Litecoin mainnet.
    Litecoin,
    /// Litecoin testnet (the fourth).
    LitecoinTestnet,
    /// Litecoin regtest.
    LitecoinRegtest,
}

/// What distinguishes a network on the wire and in text.
#[derive(Debug)]
pub struct Parameters {
    /// Name used in configuration and on the command line.
    pub name: &'static str,
    /// Message start: the four bytes before each record of a node file.
    pub magic: [u8; 4],
    /// Genesis block hash as explorers print it.
    pub genesis: &'static str,
    /// Base58 version byte of P2PKH addresses.
    pub p2pkh: u8,
    /// Base58 version bytes of P2SH addresses; the first is written, all are read.
    pub p2sh: &'static [u8],
    /// Human-readable part of segwit addresses (BIP 173).
    pub hrp: &'static str,
    /// Ticker of the asset as TagPacks write it.
    pub asset: &'static str,
    /// Whether proof of work is scrypt(1024, 1, 1) rather than SHA-256 twice.
    pub scrypt: bool,
    /// Largest allowed target, as compact bits.
    pub limit_bits: u32,
}

impl Network {
    /// Every network.
    pub const ALL: &[Network] = <Network as strum::VariantArray>::VARIANTS;

    /// Returns the network's parameters (source: chainparams of Bitcoin Core and Litecoin Core).
    pub fn parameters(self) -> &'static Parameters {
        const fn bitcoin(
            name: &'static str,
            magic: [u8; 4],
            genesis: &'static str,
            limit_bits: u32,
            hrp: &'static str,
        ) -> Parameters {
            Parameters { name, magic, genesis, p2pkh: 111, p2sh: &[196], hrp, asset: "BTC", scrypt: false, limit_bits }
        }
        static TABLE: [Parameters; 8] = [
            Parameters {
                p2pkh: 0,
                p2sh: &[5],
                ..bitcoin(
                    "bitcoin",
                    [0xf9, 0xbe, 0xb4, 0xd9],
                    "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
                    0x1d00_ffff,
                    "bc",
                )
            },
            bitcoin(
                "testnet3",
                [0x0b, 0x11, 0x09, 0x07],
                "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943",
                0x1d00_ffff,
                "tb",
            ),
            bitcoin(
                "testnet4",
                [0x1c, 0x16, 0x3f, 0x28],
                "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043",
                0x1d00_ffff,
                "tb",
            ),
            bitcoin(
                "signet",
                [0x0a, 0x03, 0xcf, 0x40],
                "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6",
                0x1e03_77ae,
                "tb",
            ),
            bitcoin(
                "regtest",
                [0xfa, 0xbf, 0xb5, 0xda],
                "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
                0x207f_ffff,
                "bcrt",
            ),
            Parameters {
                name: "litecoin",
                magic: [0xfb, 0xc0, 0xb6, 0xdb],
                genesis: "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2",
                p2pkh: 48,
                p2sh: &[50, 5],
                hrp: "ltc",
                asset: "LTC",
                scrypt: true,
                limit_bits: 0x1e0f_ffff,
            },
            Parameters {
                name: "litecoin-testnet",
                magic: [0xfd, 0xd2, 0xc8, 0xf1],
                genesis: "4966625a4b2851d9fdee139e56211a0d88575f59ed816ff5e6a63deb4e3e29a0",
                p2pkh: 111,
                p2sh: &[58, 196],
                hrp: "tltc",
                asset: "LTC",
                scrypt: true,
                limit_bits: 0x1e0f_ffff,
            },
            Parameters {
                name: "litecoin-regtest",
                magic: [0xfa, 0xbf, 0xb5, 0xda],
                genesis: "530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9",
                p2pkh: 111,
                p2sh: &[58, 196],
                hrp: "rltc",
                asset: "LTC",
                scrypt: true,
                limit_bits: 0x207f_ffff,
            },
        ];
        &TABLE[self as usize]
    }

    /// Returns the genesis block's hash, internal byte order.
    #[expect(clippy::missing_panics_doc, reason = "the table holds 64 hex digits; a test reads all of it")]
    pub fn genesis_hash(self) -> BlockHash {
        self.parameters().genesis.parse().expect("the table holds 64 hex digits")
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.parameters().name)
    }
}

impl std::str::FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Network::ALL.iter().copied().find(|n| n.parameters().name == text).ok_or_else(|| {
            let names: Vec<_> = Network::ALL.iter().map(|n| n.parameters().name).collect();
            format!("unknown network '{text}'; use one of {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_genesis_hashes_read_back() {
        for network in Network::ALL.iter().copied() {
            assert_eq!(network.to_string().parse::<Network>().unwrap(), network);
            assert_ne!(network.genesis_hash(), BlockHash::default());
        }
        assert!("dogecoin".parse::<Network>().unwrap_err().contains("litecoin"));
    }
}
