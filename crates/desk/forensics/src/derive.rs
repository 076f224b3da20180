//! Addresses from secrets: BIP44, BIP49, BIP84 and BIP86 for Bitcoin and Litecoin, BIP44 for EVM chains and Tron, Electrum's own paths, single
//! keys. Nothing is derived to be spent: only addresses leave this module.

use crate::addresses::extended;
use crate::mnemonic::{completions, electrum_kind, old_electrum_seed};
use crate::words::electrum_normal;
use crate::{Kind, addresses};
use bitcoin::bip32::{ChildNumber, Xpriv, Xpub};
use bitcoin::hashes::{Hash, hash160};
use bitcoin::secp256k1::{All, PublicKey, Secp256k1};
use bitcoin::{CompressedPublicKey, KnownHrp, NetworkKind, PrivateKey, base58};
use hmac::Hmac;
use holdfast_types::address::eip55;
use serde::{Deserialize, Serialize};
use sha2::{Sha256, Sha512};
use sha3::{Digest, Keccak256};
use utoipa::ToSchema;

/// Addresses of each branch that are derived by default: the gap that wallets use (BIP44).
pub const GAP: u32 = 20;
/// Most addresses of each branch.
pub const MAX_GAP: u32 = 1_000;

/// An address that a secret controls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = DerivedAddress)]
pub struct Derived {
    /// Fingerprint of the secret.
    pub fingerprint: String,
    /// Derivation path, or a note that the key is a single one.
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

/// Returns the version bytes and human-readable part of a network's addresses, by its ticker; `t` before it for a test network.
fn versions(asset: &str) -> (u8, u8, Option<&'static str>) {
    match asset {
        "LTC" => (0x30, 0x32, Some("ltc")),
        "tBTC" => (0x6f, 0xc4, Some("tb")),
        "tLTC" => (0x6f, 0x3a, Some("tltc")),
        "DOGE" => (0x1e, 0x16, None),
        "DASH" => (0x4c, 0x10, None),
        _ => (0, 5, Some("bc")),
    }
}

fn address(secp: &Secp256k1<All>, key: &PublicKey, form: Form, asset: &str) -> Option<String> {
    let (p2pkh, p2sh, hrp) = versions(asset);
    let compressed = CompressedPublicKey(*key);
    let hash = |bytes: &[u8]| hash160::Hash::hash(bytes).to_byte_array();
    let segwit = |version: bech32::Fe32, program: &[u8]| {
        let hrp = bech32::Hrp::parse(hrp?).ok()?;
        bech32::segwit::encode(hrp, version, program).ok()
    };
    match form {
        Form::Legacy => Some(with_version(p2pkh, &hash(&key.serialize()))),
        Form::Uncompressed => Some(with_version(p2pkh, &hash(&key.serialize_uncompressed()))),
        Form::Nested => {
            let mut script = vec![0, 20];
            script.extend_from_slice(&hash(&key.serialize()));
            hrp.map(|_| with_version(p2sh, &hash(&script)))
        }
        Form::Segwit => segwit(bech32::segwit::VERSION_0, &hash(&key.serialize())),
        Form::Taproot if !matches!(asset, "BTC" | "tBTC") => None,
        Form::Taproot => {
            let (only, _) = compressed.0.x_only_public_key();
            let hrp = if asset == "BTC" { KnownHrp::Mainnet } else { KnownHrp::Testnets };
            Some(bitcoin::Address::p2tr(secp, only, None, hrp).to_string())
        }
        Form::Evm => Some(eip55(&evm_hash(key))),
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

/// Schemes of test networks, which share one coin number.
const TEST_SCHEMES: [(u32, u32, &str, Form); 4] = [
    (44, 1, "tBTC", Form::Legacy),
    (49, 1, "tBTC", Form::Nested),
    (84, 1, "tBTC", Form::Segwit),
    (86, 1, "tBTC", Form::Taproot),
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
        if let Some(address) = address(&self.secp, key, form, asset) {
            self.found.push(Derived {
                fingerprint: self.fingerprint.to_owned(),
                path,
                asset: asset.to_owned(),
                address,
            });
        }
    }

    /// Adds the addresses of the two branches of an account: receiving and change.
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

    /// Adds the addresses of all schemes of a seed.
    fn seed(&mut self, seed: &[u8]) {
        let Ok(master) = Xpriv::new_master(NetworkKind::Main, seed) else { return };
        self.schemes(&master, &SCHEMES);
    }

    fn schemes(&mut self, master: &Xpriv, schemes: &[(u32, u32, &'static str, Form)]) {
        for &(purpose, coin, asset, form) in schemes {
            let steps = [hardened(purpose), hardened(coin), hardened(0)];
            let Ok(account) = master.derive_priv(&self.secp, &steps) else { continue };
            let account = Xpub::from_priv(&self.secp, &account);
            self.branches(&account, &format!("m/{purpose}'/{coin}'/0'"), asset, form);
        }
    }

    fn electrum(&mut self, phrase: &str) {
        let Some(kind) = electrum_kind(phrase) else { return self.old_electrum(phrase) };
        let mut seed = [0; 64];
        // Electrum stretches with its own salt (mnemonic.py).
        if pbkdf2::pbkdf2::<Hmac<Sha512>>(electrum_normal(phrase).as_bytes(), b"electrum", 2048, &mut seed).is_err() {
            return;
        }
        let Ok(master) = Xpriv::new_master(NetworkKind::Main, &seed) else { return };
        let segwit = kind.contains("segwit");
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

    /// Adds the addresses of Electrum before version 2: one key; each address's key is that one and a hash of its number (keystore.py, `Old_KeyStore`).
    fn old_electrum(&mut self, phrase: &str) {
        let Some(seed) = old_electrum_seed(phrase) else { return };
        let mut stretched = seed.clone().into_bytes();
        for _ in 0..100_000 {
            let mut hasher = Sha256::new();
            hasher.update(&stretched);
            hasher.update(seed.as_bytes());
            stretched = hasher.finalize().to_vec();
        }
        let Ok(secret) = bitcoin::secp256k1::SecretKey::from_slice(&stretched) else { return };
        let master = PublicKey::from_secret_key(&self.secp, &secret);
        let bytes = master.serialize_uncompressed();
        for branch in 0..2u32 {
            for i in 0..self.gap {
                let mut hasher = Sha256::new();
                hasher.update(format!("{i}:{branch}:").as_bytes());
                hasher.update(&bytes[1..]);
                let twice: [u8; 32] = Sha256::digest(hasher.finalize()).into();
                let Ok(tweak) = bitcoin::secp256k1::Scalar::from_be_bytes(twice) else { continue };
                if let Ok(key) = master.add_exp_tweak(&self.secp, &tweak) {
                    self.push(format!("old/{branch}/{i}"), "BTC", &key, Form::Uncompressed);
                }
            }
        }
    }

    fn extended(&mut self, text: &str) {
        let Some((mut bytes, name, private)) = extended(text) else { return };
        let asset = match name {
            "Ltpv" | "Ltub" | "Mtpv" | "Mtub" => "LTC",
            "ttpv" | "ttub" => "tLTC",
            "dgpv" | "dgub" => "DOGE",
            "drkp" | "drkv" => "DASH",
            _ if name.starts_with(['t', 'u', 'v', 'U', 'V']) => "tBTC",
            _ => "BTC",
        };
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
            self.schemes(&master, if asset.starts_with('t') { &TEST_SCHEMES } else { &SCHEMES });
        }
        let forms: &[Form] = match name {
            "yprv" | "ypub" | "uprv" | "upub" | "Mtpv" | "Mtub" => &[Form::Nested],
            "zprv" | "zpub" | "vprv" | "vpub" => &[Form::Segwit],
            // Several signatures: one key alone has no address.
            _ if name.starts_with(['Y', 'Z', 'U', 'V']) => &[],
            _ => &[Form::Legacy, Form::Nested, Form::Segwit, Form::Taproot],
        };
        for form in forms {
            self.branches(&account, &format!("{name} (depth {})", account.depth), asset, *form);
        }
    }

    fn wif(&mut self, text: &str) {
        let Ok(bytes) = base58::decode_check(text) else { return };
        let asset = match bytes[0] {
            0xb0 => "LTC",
            0x9e => "DOGE",
            0xcc => "DASH",
            0xef => "tBTC",
            _ => "BTC",
        };
        let compressed = bytes.len() == 34;
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

/// Returns the addresses that a secret (or extended public key) controls, `gap` of each branch of the first account, without a passphrase. A phrase
/// of which a word cannot be read gives the first address of each scheme of every phrase that fits: a known address identifies the word.
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

/// Returns the kind of an opened secret: the kind of the first finding in the text.
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
        // Before version 2.
        let found = addresses_of(
            Kind::Electrum,
            "powerful random nobody notice nothing important anyway look away hidden message over",
            "f",
            1,
        );
        assert_eq!(found[0].address, "1FJEEB8ihPMbzs2SkLmr37dHyRFzakqUmo");
        assert_eq!(found[1].address, "1KRW8pH6HFHZh889VDq6fEKvmrsmApwNfe");
        // Test networks: the same key in their own form.
        let found = addresses_of(Kind::Wif, "cNJFgo1driFnPcBdBX8BrJrpxchBWXwXCvNH5SoSkdcF6JXXwHMm", "f", 1);
        assert!(found.iter().all(|d| d.asset == "tBTC") && found[0].address.starts_with(['m', 'n']), "{found:?}");
    }

    #[test]
    fn an_unreadable_word_is_found_by_an_address() {
        let partial = ABANDON.replacen("about", "?", 1);
        let found = addresses_of(Kind::Bip39Partial, &partial, "f", 5);
        assert!(found.iter().any(|d| d.address == "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"));
    }
}
