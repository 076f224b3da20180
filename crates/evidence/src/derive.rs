//! Addresses from secrets: BIP44, BIP49, BIP84 and BIP86 for Bitcoin and Litecoin, BIP44 for EVM chains and Tron, Electrum's own paths, single
//! keys. Nothing is derived to be spent: only addresses leave this module.

use crate::addresses::{eip55, extended};
use crate::mnemonic::{completions, electrum_kind};
use crate::{Kind, addresses};
use bitcoin::bip32::{ChildNumber, Xpriv, Xpub};
use bitcoin::hashes::{Hash, hash160};
use bitcoin::secp256k1::{All, PublicKey, Secp256k1};
use bitcoin::{CompressedPublicKey, KnownHrp, NetworkKind, PrivateKey, base58};
use hmac::Hmac;
use serde::{Deserialize, Serialize};
use sha2::Sha512;
use sha3::{Digest, Keccak256};
use utoipa::ToSchema;

/// Addresses of each branch that are derived unless said otherwise: the gap that wallets use (BIP44).
pub const GAP: u32 = 20;
/// Most of them.
pub const MAX_GAP: u32 = 1_000;

/// An address that a secret controls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = DerivedAddress)]
pub struct Derived {
    /// Fingerprint of the secret.
    pub fingerprint: String,
    /// Path, or how the key stands alone.
    pub path: String,
    /// Ticker; EVM addresses are the same on all EVM chains.
    pub asset: String,
    /// Address.
    pub address: String,
}

/// Forms of an address of a public key.
#[derive(Clone, Copy)]
enum Form {
    /// P2PKH of the compressed key.
    Legacy,
    /// P2PKH of the uncompressed key.
    Uncompressed,
    /// P2WPKH in P2SH.
    Nested,
    /// P2WPKH.
    Segwit,
    /// P2TR, key path without scripts (BIP86).
    Taproot,
    /// EVM.
    Evm,
    /// Tron.
    Tron,
}

fn with_version(version: u8, hash: &[u8]) -> String {
    let mut bytes = vec![version];
    bytes.extend_from_slice(hash);
    base58::encode_check(&bytes)
}

fn evm_hash(key: &PublicKey) -> [u8; 20] {
    let digest = Keccak256::digest(&key.serialize_uncompressed()[1..]);
    digest[12..].try_into().unwrap_or_default()
}

fn address(secp: &Secp256k1<All>, key: &PublicKey, form: Form, litecoin: bool) -> Option<String> {
    let compressed = CompressedPublicKey(*key);
    let hash = |bytes: &[u8]| hash160::Hash::hash(bytes).to_byte_array();
    let segwit = |version: bech32::Fe32, program: &[u8]| {
        let hrp = bech32::Hrp::parse(if litecoin { "ltc" } else { "bc" }).ok()?;
        bech32::segwit::encode(hrp, version, program).ok()
    };
    match form {
        Form::Legacy => Some(with_version(if litecoin { 0x30 } else { 0 }, &hash(&key.serialize()))),
        Form::Uncompressed => Some(with_version(if litecoin { 0x30 } else { 0 }, &hash(&key.serialize_uncompressed()))),
        Form::Nested => {
            let mut script = vec![0, 20];
            script.extend_from_slice(&hash(&key.serialize()));
            Some(with_version(if litecoin { 0x32 } else { 5 }, &hash(&script)))
        }
        Form::Segwit => segwit(bech32::segwit::VERSION_0, &hash(&key.serialize())),
        Form::Taproot if litecoin => None,
        Form::Taproot => {
            let (only, _) = compressed.0.x_only_public_key();
            Some(bitcoin::Address::p2tr(secp, only, None, KnownHrp::Mainnet).to_string())
        }
        Form::Evm => Some(eip55(&hex::encode(evm_hash(key)))),
        Form::Tron => Some(with_version(0x41, &evm_hash(key))),
    }
}

/// Schemes: purpose, coin (SLIP-0044), ticker, form.
const SCHEMES: [(u32, u32, &str, Form); 9] = [
    (44, 0, "BTC", Form::Legacy),
    (49, 0, "BTC", Form::Nested),
    (84, 0, "BTC", Form::Segwit),
    (86, 0, "BTC", Form::Taproot),
    (44, 2, "LTC", Form::Legacy),
    (49, 2, "LTC", Form::Nested),
    (84, 2, "LTC", Form::Segwit),
    (44, 60, "ETH", Form::Evm),
    (44, 195, "TRX", Form::Tron),
];

fn hardened(n: u32) -> ChildNumber {
    ChildNumber::Hardened { index: n }
}

fn normal(n: u32) -> ChildNumber {
    ChildNumber::Normal { index: n }
}

struct Deriver<'a> {
    secp: Secp256k1<All>,
    fingerprint: &'a str,
    gap: u32,
    found: Vec<Derived>,
}

impl Deriver<'_> {
    fn push(&mut self, path: String, asset: &str, key: &PublicKey, form: Form) {
        if let Some(address) = address(&self.secp, key, form, asset == "LTC") {
            self.found.push(Derived {
                fingerprint: self.fingerprint.to_owned(),
                path,
                asset: asset.to_owned(),
                address,
            });
        }
    }

    /// The two branches of an account: receiving and change.
    fn branches(&mut self, account: &Xpub, path: &str, asset: &str, form: Form) {
        // EVM wallets and Tron's have no change.
        let branches = if matches!(form, Form::Evm | Form::Tron) { 1 } else { 2 };
        for branch in 0..branches {
            for i in 0..self.gap {
                let steps = [normal(branch), normal(i)];
                if let Ok(child) = account.derive_pub(&self.secp, &steps) {
                    self.push(format!("{path}/{branch}/{i}"), asset, &child.public_key, form);
                }
            }
        }
    }

    /// All schemes of a seed.
    fn seed(&mut self, seed: &[u8]) {
        let Ok(master) = Xpriv::new_master(NetworkKind::Main, seed) else { return };
        self.schemes(&master);
    }

    fn schemes(&mut self, master: &Xpriv) {
        for (purpose, coin, asset, form) in SCHEMES {
            let steps = [hardened(purpose), hardened(coin), hardened(0)];
            let Ok(account) = master.derive_priv(&self.secp, &steps) else { continue };
            let account = Xpub::from_priv(&self.secp, &account);
            self.branches(&account, &format!("m/{purpose}'/{coin}'/0'"), asset, form);
        }
    }

    fn electrum(&mut self, phrase: &str) {
        let mut seed = [0; 64];
        // Electrum stretches with its own salt (mnemonic.py).
        if pbkdf2::pbkdf2::<Hmac<Sha512>>(phrase.as_bytes(), b"electrum", 2048, &mut seed).is_err() {
            return;
        }
        let Ok(master) = Xpriv::new_master(NetworkKind::Main, &seed) else { return };
        let segwit = electrum_kind(phrase).is_some_and(|k| k.contains("segwit"));
        let (steps, path, form): (&[ChildNumber], _, _) = if segwit {
            (&[ChildNumber::Hardened { index: 0 }], "m/0'", Form::Segwit)
        } else {
            (&[], "m", Form::Legacy)
        };
        if let Ok(account) = master.derive_priv(&self.secp, &steps) {
            let account = Xpub::from_priv(&self.secp, &account);
            self.branches(&account, path, "BTC", form);
        }
    }

    fn extended(&mut self, text: &str) {
        let Some((mut bytes, name, private)) = extended(text) else { return };
        let litecoin = name.starts_with("Lt");
        let asset = if litecoin { "LTC" } else { "BTC" };
        if name.starts_with('t') {
            return;
        }
        // The same key under Bitcoin's own version bytes.
        bytes[..4].copy_from_slice(if private { &[0x04, 0x88, 0xad, 0xe4] } else { &[0x04, 0x88, 0xb2, 0x1e] });
        let (account, master) = match private {
            true => {
                let Ok(key) = Xpriv::decode(&bytes) else { return };
                (Xpub::from_priv(&self.secp, &key), Some(key).filter(|k| k.depth == 0))
            }
            false => {
                let Ok(key) = Xpub::decode(&bytes) else { return };
                (key, None)
            }
        };
        if let Some(master) = master {
            self.schemes(&master);
        }
        let forms: &[Form] = match name {
            "yprv" | "ypub" => &[Form::Nested],
            "zprv" | "zpub" => &[Form::Segwit],
            // Several signatures: one key alone has no address.
            "Yprv" | "Ypub" | "Zprv" | "Zpub" => &[],
            _ => &[Form::Legacy, Form::Nested, Form::Segwit, Form::Taproot],
        };
        for form in forms {
            self.branches(&account, &format!("{name} (depth {})", account.depth), asset, *form);
        }
    }

    fn wif(&mut self, text: &str) {
        let Ok(bytes) = base58::decode_check(text) else { return };
        let (asset, compressed) = (if bytes[0] == 0xb0 { "LTC" } else { "BTC" }, bytes.len() == 34);
        let Ok(key) = PrivateKey::from_slice(&bytes[1..33], NetworkKind::Main) else { return };
        let public = key.inner.public_key(&self.secp);
        let forms: &[(Form, &str)] = match compressed {
            true => &[
                (Form::Legacy, "P2PKH"),
                (Form::Nested, "P2WPKH in P2SH"),
                (Form::Segwit, "P2WPKH"),
                (Form::Taproot, "P2TR"),
            ],
            false => &[(Form::Uncompressed, "P2PKH, uncompressed")],
        };
        for (form, name) in forms {
            self.push((*name).to_owned(), asset, &public, *form);
        }
    }
}

/// The addresses that a secret (or extended public key) controls, `gap` of each branch of the first account, without a passphrase. A phrase of which a word
/// cannot be read gives the first address of each scheme of every phrase that fits: who knows an address finds the word.
#[must_use]
pub fn addresses_of(kind: Kind, value: &str, fingerprint: &str, gap: u32) -> Vec<Derived> {
    let mut deriver = Deriver { secp: Secp256k1::new(), fingerprint, gap: gap.clamp(1, MAX_GAP), found: Vec::new() };
    let seed = |phrase: &str| bip39::Mnemonic::parse(phrase).map(|m| m.to_seed(""));
    match kind {
        Kind::Bip39 => {
            if let Ok(seed) = seed(value) {
                deriver.seed(&seed);
            }
        }
        Kind::Bip39Partial => {
            deriver.gap = 1;
            for phrase in completions(value).iter().take(512) {
                if let Ok(seed) = seed(phrase) {
                    deriver.seed(&seed);
                }
            }
        }
        Kind::Electrum => deriver.electrum(value),
        Kind::ExtendedPrivateKey | Kind::ExtendedPublicKey => deriver.extended(value),
        Kind::Wif => deriver.wif(value),
        Kind::Slip39 | Kind::Bip38 | Kind::Address | Kind::WalletFile | Kind::Trace => {}
    }
    deriver.found
}

/// What a text is, for a secret that was opened: the first thing found in it.
#[must_use]
pub fn kind_of(text: &str) -> Option<Kind> {
    let mut hits = Vec::new();
    addresses::find(text, &mut hits);
    crate::mnemonic::find(text, &mut hits);
    hits.first().map(|h| h.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABANDON: &str =
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

    fn at(found: &[Derived], path: &str) -> String {
        found.iter().find(|d| d.path == path).unwrap_or_else(|| panic!("{path}")).address.clone()
    }

    #[test]
    fn every_scheme_by_its_own_vectors() {
        let found = addresses_of(Kind::Bip39, ABANDON, "f", 2);
        // BIP44 (as wallets show it), BIP49, BIP84 and BIP86 name these for this phrase.
        assert_eq!(at(&found, "m/44'/0'/0'/0/0"), "1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA");
        assert_eq!(at(&found, "m/49'/0'/0'/0/0"), "37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf");
        assert_eq!(at(&found, "m/84'/0'/0'/0/0"), "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu");
        assert_eq!(at(&found, "m/84'/0'/0'/1/0"), "bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el");
        assert_eq!(at(&found, "m/86'/0'/0'/0/0"), "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr");
        assert_eq!(at(&found, "m/44'/60'/0'/0/0"), "0x9858EfFD232B4033E47d90003D41EC34EcaEda94");
        assert_eq!(at(&found, "m/44'/195'/0'/0/0"), "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH");
        assert!(at(&found, "m/84'/2'/0'/0/0").starts_with("ltc1q"));
        assert_eq!(found.len(), 7 * 4 + 2 * 2);
    }

    #[test]
    fn single_and_extended_keys() {
        let found = addresses_of(Kind::Wif, "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ", "f", 1);
        assert_eq!(found[0].address, "1GAehh7TsJAHuUAeKZcXf5CnwuGuGgyX2S");
        let found = addresses_of(
            Kind::ExtendedPublicKey,
            "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs",
            "f",
            1,
        );
        assert_eq!(found[0].address, "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu");
        // Electrum's own vectors (test_wallet_vertical.py).
        let found = addresses_of(
            Kind::Electrum,
            "cycle rocket west magnet parrot shuffle foot correct salt library feed song",
            "f",
            1,
        );
        assert_eq!(found[0].address, "1NNkttn1YvVGdqBW4PR6zvc3Zx3H5owKRf");
        let found = addresses_of(
            Kind::Electrum,
            "bitter grass shiver impose acquire brush forget axis eager alone wine silver",
            "f",
            1,
        );
        assert_eq!(found[0].address, "bc1q3g5tmkmlvxryhh843v4dz026avatc0zzr6h3af");
    }

    #[test]
    fn an_unreadable_word_is_found_by_an_address() {
        let partial = ABANDON.replacen("about", "?", 1);
        let found = addresses_of(Kind::Bip39Partial, &partial, "f", 5);
        assert!(found.iter().any(|d| d.address == "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"));
    }
}
