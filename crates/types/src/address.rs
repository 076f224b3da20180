//! Addresses of any chain, in one form that compares equal however they are written.

use crate::{AddressKey, Asset, ChainId, Family, Network, ScriptClass};
use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, Bech32m};
use sha3::{Digest, Keccak256};
use std::fmt;

/// An address, as far as its text determines it: what controls the money, whatever chain and form the text was written for. A script is the same on
/// every chain of the Bitcoin family, and a 20-byte account on every EVM chain.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// An output script of the Bitcoin family (Bitcoin, Litecoin, Bitcoin Cash, Dogecoin, Dash, Zcash's transparent part and others).
    Script(AddressKey),
    /// An account of an EVM chain.
    Evm([u8; 20]),
    /// An account of Tron (the 20 bytes after `41`).
    Tron([u8; 20]),
    /// Text of any other chain, as written but for invisible characters; lower case where the form has no case (Bech32).
    Other(Box<str>),
}

/// What is wrong with text that is meant to be an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressProblem {
    /// Nothing is there.
    #[error("the address is empty")]
    Empty,
    /// Longer than any address.
    #[error("longer than any address ({MAX_ADDRESS} bytes)")]
    TooLong,
    /// It looks like an address of a known kind, but its checksum is wrong: a typing error or a damaged copy.
    #[error("'{0}' looks like a {1} address but fails its checksum; copy it again")]
    Checksum(String, &'static str),
    /// A character that no address has.
    #[error("'{0}' has a character that no address has")]
    Characters(String),
    /// An address of a known form that the asset's chain does not have.
    #[error("'{0}' is no address of {1}; check the address and the asset")]
    Asset(String, String),
}

/// Longest text taken for an address, in bytes.
pub const MAX_ADDRESS: usize = 200;

/// Version bytes of P2PKH and P2SH addresses of the Bitcoin family (chainparams of each project).
const P2PKH: [u8; 11] = [0, 111, 48, 30, 113, 76, 140, 38, 71, 52, 25];
const P2SH: [u8; 11] = [5, 196, 50, 58, 22, 16, 19, 23, 63, 33, 85];
/// Two-byte versions of Zcash's transparent addresses: mainnet, testnet.
const ZCASH_P2PKH: [[u8; 2]; 2] = [[0x1c, 0xb8], [0x1d, 0x25]];
const ZCASH_P2SH: [[u8; 2]; 2] = [[0x1c, 0xbd], [0x1c, 0xba]];
/// Segwit prefixes of the Bitcoin family.
const SEGWIT: [&str; 11] = ["bc", "tb", "bcrt", "ltc", "tltc", "rltc", "btg", "dgb", "vtc", "grs", "via"];
/// Version byte of Tron.
const TRON: u8 = 0x41;

impl Address {
    /// Reads an address of any chain. Total: what has no known form is [`Address::Other`].
    #[must_use]
    pub fn read(text: &str) -> Self {
        let text = clean(text);
        script_text(&text)
            .or_else(|| base58(&text))
            .or_else(|| hexadecimal(&text))
            .or_else(|| segwit(&text))
            .or_else(|| cash_addr(&text))
            .unwrap_or_else(|| Address::Other(plain(&text).into()))
    }

    /// Reads an address and refuses what cannot match anything: empty, too long, with a wrong checksum, or with characters that no address has.
    ///
    /// # Errors
    /// [`AddressProblem`] names what is wrong.
    pub fn check(text: &str) -> Result<Self, AddressProblem> {
        let text = clean(text);
        if text.is_empty() {
            return Err(AddressProblem::Empty);
        }
        if text.len() > MAX_ADDRESS {
            return Err(AddressProblem::TooLong);
        }
        let address = Address::read(&text);
        match (&address, damaged(&text)) {
            (Address::Other(_) | Address::Evm(_), Some(kind)) => Err(AddressProblem::Checksum(text, kind)),
            (Address::Other(_), None) if !text.bytes().all(|b| b.is_ascii_graphic()) => {
                Err(AddressProblem::Characters(text))
            }
            _ => Ok(address),
        }
    }

    /// Reads an address as [`Address::check`] does, of an asset whose chain's addresses are known: accounts of EVM chains and of Tron, scripts of
    /// Bitcoin and Litecoin. Of other assets every form is taken.
    ///
    /// # Errors
    /// [`AddressProblem`]; [`AddressProblem::Asset`] for an address that the asset's chain does not have.
    pub fn check_of(text: &str, asset: &Asset) -> Result<Self, AddressProblem> {
        let address = Address::check(text)?;
        let chain = asset.id().map(crate::AssetId::chain);
        let is_followed = |network| chain.is_some_and(|c| *c == ChainId::of(network));
        let is_one = match (chain.map_or(Family::Other, ChainId::family), address.family()) {
            (Family::Other, _) => true,
            // Other chains of the family have addresses of further forms.
            (Family::Bitcoin, Family::Other) => !is_followed(Network::Bitcoin) && !is_followed(Network::Litecoin),
            (of_asset, of_address) => of_asset == of_address,
        };
        match is_one {
            true => Ok(address),
            false => Err(AddressProblem::Asset(clean(text), asset.ticker().unwrap_or("this asset").to_owned())),
        }
    }

    /// Returns the script, for the Bitcoin family.
    #[must_use]
    pub fn script(&self) -> Option<&AddressKey> {
        match self {
            Address::Script(key) => Some(key),
            _ => None,
        }
    }

    /// Returns the family of chains that it can be on.
    #[must_use]
    pub fn family(&self) -> Family {
        match self {
            Address::Script(_) => Family::Bitcoin,
            Address::Evm(_) => Family::Evm,
            Address::Tron(_) => Family::Tron,
            Address::Other(_) => Family::Other,
        }
    }

    /// Returns whether two texts are the same address.
    #[must_use]
    pub fn same(a: &str, b: &str) -> bool {
        a == b || Address::read(a) == Address::read(b)
    }

    /// Returns the address as Tron's 41-hex form or an EVM account's ERC-55 form writes it; other kinds as [`fmt::Display`] does.
    #[must_use]
    pub fn checksummed(&self) -> String {
        match self {
            Address::Evm(account) => eip55(account),
            _ => self.to_string(),
        }
    }
}

/// The canonical text: scripts as Bitcoin mainnet writes them, EVM accounts in lower case, Tron's in Base58Check.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Script(key) => f.write_str(&key.to_text(Network::Bitcoin)),
            Address::Evm(account) => write!(f, "0x{}", hex::encode(account)),
            Address::Tron(account) => {
                let mut data = vec![TRON];
                data.extend_from_slice(account);
                f.write_str(&bitcoin::base58::encode_check(&data))
            }
            Address::Other(text) => f.write_str(text),
        }
    }
}

/// Returns the canonical text of an address.
#[must_use]
pub fn canonical(text: &str) -> String {
    Address::read(text).to_string()
}

/// Schemes of payment URIs whose path is an address. CashAddr's own prefix is part of the address.
const SCHEMES: [&str; 12] = [
    "bitcoin", "litecoin", "dogecoin", "dash", "zcash", "ethereum", "tron", "monero", "solana", "ripple", "xrp",
    "stellar",
];

/// Without what surrounds an address when it is copied: white space, invisible characters, a payment URI's scheme and query (BIP 21, ERC-681).
fn clean(text: &str) -> String {
    let invisible = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let text = text.trim();
    // Nearly all texts are clean.
    if text.len() <= MAX_ADDRESS && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return text.to_owned();
    }
    let mut cleaned: String = text.chars().filter(|c| !invisible(*c)).take(4 * MAX_ADDRESS).collect();
    while let Some((scheme, rest)) = cleaned.split_once(':') {
        let scheme = scheme.to_ascii_lowercase();
        if !SCHEMES.contains(&scheme.as_str()) {
            break;
        }
        let rest = rest.trim_start_matches('/').split(['?', '&', '@']).next().unwrap_or_default();
        cleaned = rest.strip_prefix("pay-").unwrap_or(rest).to_owned();
    }
    cleaned
}

/// `class:hex`, the text of scripts without a standard form.
fn script_text(text: &str) -> Option<Address> {
    let (name, payload) = text.split_once(':')?;
    let class: ScriptClass = name.parse().ok()?;
    let payload = hex::decode(payload).ok().filter(|p| p.len() == class.payload_len())?;
    Some(Address::Script(AddressKey::new(class, &payload)))
}

/// EVM accounts (`0x`, XinFin's `xdc`, or bare) and Tron's 41-hex form.
fn hexadecimal(text: &str) -> Option<Address> {
    let lower = text.to_ascii_lowercase();
    let prefixed = lower.strip_prefix("0x").or_else(|| lower.strip_prefix("xdc"));
    let bytes = hex::decode(prefixed.unwrap_or(&lower)).ok()?;
    match bytes.as_slice() {
        [TRON, account @ ..] if account.len() == 20 => Some(Address::Tron(account.try_into().ok()?)),
        account if account.len() == 20 => Some(Address::Evm(account.try_into().ok()?)),
        _ => None,
    }
}

fn segwit(text: &str) -> Option<Address> {
    let (hrp, version, program) = bech32::segwit::decode(text).ok()?;
    if !SEGWIT.contains(&hrp.to_lowercase().as_str()) {
        return None;
    }
    Some(Address::Script(AddressKey::of_program(version, &program)))
}

const CASH_PREFIXES: [&str; 5] = ["bitcoincash", "bchtest", "bchreg", "ecash", "ectest"];
const BECH32_ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// CashAddr of Bitcoin Cash and eCash (its specification; token-aware types of CHIP-2022-02), with or without prefix.
fn cash_addr(text: &str) -> Option<Address> {
    let lower = text.to_ascii_lowercase();
    if text != lower && text != text.to_ascii_uppercase() {
        return None;
    }
    let (prefixes, data) = match lower.split_once(':') {
        Some((prefix, data)) => (vec![CASH_PREFIXES.into_iter().find(|p| *p == prefix)?], data),
        None => (CASH_PREFIXES.to_vec(), lower.as_str()),
    };
    if !(42..=128).contains(&data.len()) {
        return None;
    }
    let digits: Vec<u8> = data
        .bytes()
        .map(|b| BECH32_ALPHABET.iter().zip(0u8..).find(|(c, _)| **c == b).map(|(_, i)| i))
        .collect::<Option<_>>()?;
    prefixes.into_iter().find(|p| cash_checksum(p, &digits) == 0)?;
    let payload = regroup(&digits[..digits.len() - 8])?;
    let (version, hash) = payload.split_first()?;
    let class = match (version >> 3, hash.len()) {
        (0 | 2, 20) => ScriptClass::P2pkh,
        (1 | 3, 20) => ScriptClass::P2sh,
        _ => return None,
    };
    Some(Address::Script(AddressKey::new(class, hash)))
}

/// CashAddr's 40-bit checksum over prefix and digits; zero when it holds.
fn cash_checksum(prefix: &str, digits: &[u8]) -> u64 {
    const GENERATORS: [u64; 5] = [0x98_f2bc_8e61, 0x79_b76d_99e2, 0xf3_3e5f_b3c4, 0xae_2eab_e2a8, 0x1e_4f43_e470];
    let prefix = prefix.bytes().map(|b| b & 31).chain([0]);
    let mut sum = 1u64;
    for digit in prefix.chain(digits.iter().copied()) {
        let top = sum >> 35;
        sum = ((sum & 0x07_ffff_ffff) << 5) ^ u64::from(digit);
        for (i, generator) in GENERATORS.iter().enumerate() {
            if (top >> i) & 1 == 1 {
                sum ^= generator;
            }
        }
    }
    sum ^ 1
}

/// Five-bit digits to bytes; padding must be short and zero.
fn regroup(digits: &[u8]) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut bytes) = (0u32, 0, Vec::with_capacity(digits.len() * 5 / 8));
    for digit in digits {
        bits = (bits << 5 | u32::from(*digit)) & 0xfff;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    (count < 5 && bits & ((1 << count) - 1) == 0).then_some(bytes)
}

fn base58(text: &str) -> Option<Address> {
    if !(25..=40).contains(&text.len()) {
        return None;
    }
    let data = bitcoin::base58::decode_check(text).ok()?;
    let key = |class, payload: &[u8]| Some(Address::Script(AddressKey::new(class, payload)));
    match data.as_slice() {
        [TRON, account @ ..] if account.len() == 20 => Some(Address::Tron(account.try_into().ok()?)),
        [version, hash @ ..] if hash.len() == 20 && P2PKH.contains(version) => key(ScriptClass::P2pkh, hash),
        [version, hash @ ..] if hash.len() == 20 && P2SH.contains(version) => key(ScriptClass::P2sh, hash),
        [a, b, hash @ ..] if hash.len() == 20 && ZCASH_P2PKH.contains(&[*a, *b]) => key(ScriptClass::P2pkh, hash),
        [a, b, hash @ ..] if hash.len() == 20 && ZCASH_P2SH.contains(&[*a, *b]) => key(ScriptClass::P2sh, hash),
        _ => None,
    }
}

/// Text of other chains: lower case where its form has no case, which are Bech32 and hexadecimal after `0x`.
fn plain(text: &str) -> String {
    let bech32 = text.get(..2).is_some_and(|p| p.eq_ignore_ascii_case("0x"))
        || CheckedHrpstring::new::<Bech32>(text).is_ok()
        || CheckedHrpstring::new::<Bech32m>(text).is_ok();
    if bech32 { text.to_ascii_lowercase() } else { text.to_owned() }
}

/// Returns what kind of address the text seems to be although its checksum is wrong.
fn damaged(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    if let Some(hex) = text.strip_prefix("0x").filter(|h| h.len() == 40) {
        // All upper or all lower case carries no checksum (ERC-55).
        let mixed = hex.bytes().any(|b| b.is_ascii_uppercase()) && hex.bytes().any(|b| b.is_ascii_lowercase());
        let account: [u8; 20] = hex::decode(hex).ok()?.try_into().ok()?;
        return (mixed && eip55(&account) != text).then_some("EVM");
    }
    if SEGWIT.iter().any(|p| lower.strip_prefix(p).is_some_and(|r| r.starts_with('1'))) && lower.len() >= 14 {
        return Some("segwit");
    }
    if CASH_PREFIXES.iter().any(|p| lower.strip_prefix(p).is_some_and(|r| r.starts_with(':'))) {
        return Some("CashAddr");
    }
    // 25 bytes with a first letter that the Bitcoin family or Tron uses.
    let letters = text.starts_with(['1', '3', 'L', 'M', 'T', 'D', 'm', 'n', '2']);
    let decoded = (26..=35).contains(&text.len()) && bitcoin::base58::decode(text).is_ok_and(|b| b.len() == 25);
    (letters && decoded && bitcoin::base58::decode_check(text).is_err()).then_some("Base58Check")
}

/// Returns the mixed-case checksum of an EVM account (ERC-55).
#[must_use]
pub fn eip55(account: &[u8; 20]) -> String {
    let lower = hex::encode(account);
    let hash = Keccak256::digest(lower.as_bytes());
    let digit = |(i, c): (usize, char)| {
        let nibble = hash[i / 2] >> (4 * (1 - i % 2)) & 15;
        if nibble >= 8 { c.to_ascii_uppercase() } else { c }
    };
    format!("0x{}", lower.chars().enumerate().map(digit).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One script or account, in all its forms.
    const FORMS: [&[&str]; 7] = [
        // The CashAddr specification's own vectors, with the legacy form.
        &[
            "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu",
            "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
            "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
            "BITCOINCASH:QPM2QSZNHKS23Z7629MMS6S4CWEF74VCWVY22GDX6A",
            "bitcoin:1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu?amount=1",
            " 1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu\u{200b}\n",
        ],
        &["3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC", "bitcoincash:ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq"],
        // BIP 173.
        &["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"],
        // ERC-55.
        &[
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
            "0X5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED",
            "5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
            "ethereum:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed@1?value=1",
            "xdc5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
        ],
        &[
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
            "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
            "0x41A614F803B6FD780986A42C78EC9C7F77E6DED13C",
        ],
        &["cosmos1depk54cuajgkzea6zpgkq36tnjwdzv4afc3d27", "COSMOS1DEPK54CUAJGKZEA6ZPGKQ36TNJWDZV4AFC3D27"],
        &["rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"],
    ];

    #[test]
    fn an_address_is_one_of_its_assets_chain() {
        let check = |text: &str, asset: &str| Address::check_of(text, &Asset::parse(asset).unwrap()).is_ok();
        let (bitcoin, account, tron) = (
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
        );
        assert!(check(bitcoin, "BTC") && check(account, "ETH") && check(tron, "TRX"));
        assert!(check(account, "USDT") && check(tron, "USDT"), "a ticker of several chains");
        for (text, asset) in
            [("hello", "ETH"), ("hello", "BTC"), (bitcoin, "ETH"), (account, "BTC"), (account, "TRX"), (tron, "ETH")]
        {
            assert!(!check(text, asset), "{text} {asset}");
        }
        assert!(check("rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", "XRP"));
    }

    #[test]
    fn every_form_of_an_address_is_the_same_address() {
        for (i, forms) in FORMS.iter().enumerate() {
            for form in *forms {
                let address = Address::read(form);
                assert_eq!(address, Address::read(forms[0]), "{form}");
                assert_eq!(Address::read(&address.to_string()), address, "{form}");
                for (j, others) in FORMS.iter().enumerate().filter(|(j, _)| *j != i) {
                    assert_ne!(address, Address::read(others[0]), "{form} {j}");
                }
            }
        }
        // The two forms of Litecoin's P2SH, and Bitcoin's: one script.
        let key = AddressKey::parse("3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC", Network::Bitcoin).unwrap();
        let litecoin = key.to_text(Network::Litecoin);
        assert!(litecoin.starts_with('M') && Address::same(&litecoin, "3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC"));
    }

    #[test]
    fn what_cannot_match_is_named() {
        for forms in FORMS {
            for form in forms {
                assert!(Address::check(form).is_ok(), "{form}");
            }
        }
        for (bad, kind) in [
            ("1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggv", "Base58Check"),
            ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u", "Base58Check"),
            ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "segwit"),
            ("bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6b", "CashAddr"),
            ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", "EVM"),
        ] {
            assert_eq!(Address::check(bad), Err(AddressProblem::Checksum(bad.into(), kind)));
        }
        assert_eq!(Address::check(" \u{feff}"), Err(AddressProblem::Empty));
        assert_eq!(Address::check(&"1".repeat(300)), Err(AddressProblem::TooLong));
        assert!(matches!(Address::check("größe"), Err(AddressProblem::Characters(_))));
    }

    proptest! {
        #[test]
        fn reading_is_total_and_idempotent(text in "\\PC{0,80}") {
            let address = Address::read(&text);
            prop_assert_eq!(Address::read(&address.to_string()), address);
        }

        #[test]
        fn scripts_read_back_from_every_network(class in 0u8..9, payload in any::<[u8; 32]>()) {
            let class = ScriptClass::from_u8(class).unwrap();
            let key = AddressKey::new(class, &payload[..class.payload_len()]);
            for network in Network::ALL.iter().copied() {
                prop_assert_eq!(Address::read(&key.to_text(network)), Address::Script(key));
            }
        }
    }
}
