//! Wallet files by their structure: what program wrote them, what is inside, and how it is locked. Whole files and members of archives come
//! here; what is found of wallets in images of disks, by words alone, is in [`crate::files`].

use crate::mnemonic::old_electrum_words;
use crate::{Confidence, Hit, Kind};
use memchr::memmem;
use serde_json::Value;

/// Largest file that is read as a wallet.
pub const MAX_WALLET: u64 = 64 << 20;
/// How far into a file its first object may begin (comments, checksums before it).
const MAX_PREFIX: usize = 4 << 10;

/// A wallet: which program's (by which findings of the same file are known to be the same), and its description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// Program or service.
    pub family: &'static str,
    /// What is inside and how it is locked.
    pub about: String,
    /// Secrets that stand in it in another form than text is searched for: kind, value, where they begin and how long they are.
    pub secrets: Vec<(Kind, String, usize, usize)>,
    /// How sure.
    pub confidence: Confidence,
}

impl Wallet {
    fn new(family: &'static str, about: impl Into<String>) -> Self {
        Wallet { family, about: about.into(), secrets: Vec::new(), confidence: Confidence::High }
    }

    /// Returns whether it is a keystore, which a finding describes by name only; its lock stands in the finding's context.
    #[must_use]
    pub fn is_keystore(&self) -> bool {
        self.family.starts_with("Ethereum keystore")
    }

    /// Returns it as findings.
    #[must_use]
    pub fn hits(&self) -> Vec<Hit> {
        let detail = match self.is_keystore() {
            true => self.family.to_owned(),
            false => format!("{}: {}", self.family, self.about),
        };
        let file = Hit {
            kind: Kind::WalletFile,
            start: 0,
            end: 0,
            value: detail.clone(),
            confidence: self.confidence,
            detail,
        };
        let secrets = self.secrets.iter().map(|(kind, value, start, length)| Hit {
            kind: *kind,
            start: *start,
            end: start + length,
            value: value.clone(),
            confidence: Confidence::High,
            detail: format!("stands in a file of {}", self.family),
        });
        std::iter::once(file).chain(secrets).collect()
    }
}

/// Returns whether a file's beginning can be that of a wallet, so that it is worth reading whole.
#[must_use]
pub fn may_be(head: &[u8], name: &str) -> bool {
    let text = head.iter().take(256).all(|b| matches!(b, 9 | 10 | 13 | 0x20..=0x7e | 0x80..));
    text || head.starts_with(b"SQLite format 3\0")
        || head.starts_with(b"\xbaWALLET\0")
        || head.starts_with(b"SECO")
        || head.get(12..16) == Some(&[0x62, 0x31, 0x05, 0x00])
        || head.get(12..16) == Some(&[0x00, 0x05, 0x31, 0x62])
        || head.starts_with(&[0x0a])
        || head.starts_with(&[0x08])
        || by_name(name).is_some()
}

/// Recognizes a file that is a wallet.
#[must_use]
pub fn recognise(bytes: &[u8], name: &str) -> Option<Wallet> {
    if bytes.starts_with(b"\xbaWALLET\0") {
        return Some(armory(bytes));
    }
    if bytes.starts_with(b"SECO") {
        return Some(Wallet::new("Exodus", "seed, encrypted with the wallet's password (scrypt, AES-256-GCM)"));
    }
    if bytes.starts_with(b"SQLite format 3\0") {
        return sqlite(bytes);
    }
    if matches!(bytes.get(12..16), Some([0x62, 0x31, 0x05, 0x00] | [0x00, 0x05, 0x31, 0x62])) {
        return berkeley(bytes);
    }
    if matches!(bytes.first(), Some(0x0a | 0x08))
        && let Some(wallet) = protobuf(bytes)
    {
        return Some(wallet);
    }
    let begin = bytes.iter().position(|b| !b.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(b))?;
    let text = &bytes[begin..];
    json(bytes)
        .or_else(|| python(bytes))
        .or_else(|| base64(text, name))
        .or_else(|| dumps(text))
        .or_else(|| by_name(name).filter(|_| bytes.len() >= 64 && bytes.len().is_multiple_of(16)))
}

/// Recognizes files by name alone: their content is encrypted from the first byte on.
fn by_name(name: &str) -> Option<Wallet> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    let mut wallet = match file.as_str() {
        "mbhd.wallet.aes" => {
            Wallet::new("MultiBit HD", "seed and keys, encrypted with the wallet's password (scrypt, AES; by its name)")
        }
        _ => return None,
    };
    wallet.confidence = Confidence::Medium;
    Some(wallet)
}

fn armory(bytes: &[u8]) -> Wallet {
    // After the magic: version, network, then flags of 64 bits; the last bits are whether keys are encrypted, and whether there are any.
    let about = match bytes.get(16..24).map(|f| (f[0] & 1, f[0] & 2)) {
        Some((_, watching)) if watching != 0 => "addresses to watch, no keys",
        Some((1, _)) => "keys, encrypted with a passphrase (its own memory-hard derivation, AES)",
        _ => "keys; encrypted where a passphrase was set",
    };
    Wallet::new("Armory", about)
}

fn has(bytes: &[u8], what: &[u8]) -> bool {
    memmem::find(bytes, what).is_some()
}

fn sqlite(bytes: &[u8]) -> Option<Wallet> {
    let network = match bytes.get(68..72)? {
        [0xf9, 0xbe, 0xb4, 0xd9] => Some("Bitcoin Core"),
        [0x0b, 0x11, 0x09, 0x07] => Some("Bitcoin Core (testnet3)"),
        [0x1c, 0x16, 0x3f, 0x28] => Some("Bitcoin Core (testnet4)"),
        [0x0a, 0x03, 0xcf, 0x40] => Some("Bitcoin Core (signet)"),
        [0xfa, 0xbf, 0xb5, 0xda] => Some("Bitcoin Core (regtest)"),
        [0xfb, 0xc0, 0xb6, 0xdb] => Some("Litecoin Core"),
        [0xfd, 0xd2, 0xc8, 0xf1] => Some("Litecoin Core (test network)"),
        _ => None,
    };
    if let Some(family) = network {
        let locked = has(bytes, b"walletdescriptorckey");
        let keys = locked || has(bytes, b"walletdescriptorkey");
        let about = match (keys, locked) {
            (_, true) => "descriptors; keys encrypted with a passphrase (mkey)",
            (true, _) => "descriptors; keys not encrypted",
            _ => "descriptors; no private keys found: to watch only, or empty",
        };
        return Some(Wallet::new(family, format!("wallet of SQLite, {about}")));
    }
    // Tables are named on the first pages.
    let schema = &bytes[..bytes.len().min(256 << 10)];
    if has(schema, b"password_seed") && has(schema, b"encrypt_private_key") {
        let hd = has(schema, b"hd_account") || has(schema, b"hd_seeds");
        let about = if hd { "seeds and keys" } else { "keys" };
        return Some(Wallet::new("Bither", format!("{about}, encrypted with the wallet's password (scrypt, AES)")));
    }
    if has(schema, b"\"Keychain\"") && has(schema, b"\"AccountBin\"") {
        return Some(Wallet::new(
            "mSIGNA",
            "keychains of one or several signers; private parts are encrypted where a passphrase was set",
        ));
    }
    None
}

fn berkeley(bytes: &[u8]) -> Option<Wallet> {
    // Records of Bitcoin Core's wallets begin with their names, by length.
    let record = |name: &str| {
        let mut key = vec![u8::try_from(name.len()).unwrap_or(u8::MAX)];
        key.extend_from_slice(name.as_bytes());
        has(bytes, &key)
    };
    let (locked, plain) = (record("mkey") && record("ckey"), record("key") || record("wkey"));
    if !(locked || plain || record("defaultkey") || record("keymeta") || record("watchs") || record("bestblock")) {
        return Some(Wallet::new(
            "Bitcoin Core wallet or another Berkeley DB (wallet.dat)",
            "no record of a wallet was seen",
        ));
    }
    let about = match (locked, plain) {
        (true, _) => "keys, encrypted with a passphrase (mkey)",
        (_, true) => "keys, not encrypted",
        _ => "no private keys found: to watch only, or empty",
    };
    Some(Wallet::new("Bitcoin Core or a fork of it (wallet.dat)", about))
}

/// Fields of a message of Protocol Buffers: number, value as a number, content of those with a length.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, u64, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let varint = |bytes: &mut &'a [u8]| -> Option<u64> {
            let mut value = 0u64;
            for shift in (0..63).step_by(7) {
                let (first, rest) = bytes.split_first()?;
                *bytes = rest;
                value |= u64::from(first & 0x7f) << shift;
                if first & 0x80 == 0 {
                    return Some(value);
                }
            }
            None
        };
        let tag = varint(&mut self.0)?;
        let take = |bytes: &mut &'a [u8], n: u64| -> Option<&'a [u8]> {
            let (content, rest) = bytes.split_at_checked(usize::try_from(n).ok()?)?;
            *bytes = rest;
            Some(content)
        };
        match tag & 7 {
            0 => varint(&mut self.0).map(|v| (tag >> 3, v, [].as_slice())),
            1 => take(&mut self.0, 8).map(|c| (tag >> 3, 0, c)),
            2 => {
                let length = varint(&mut self.0)?;
                take(&mut self.0, length).map(|c| (tag >> 3, 0, c))
            }
            5 => take(&mut self.0, 4).map(|c| (tag >> 3, 0, c)),
            _ => None,
        }
    }
}

/// Recognizes wallets of bitcoinj (MultiBit, Bitcoin Wallet for Android, their forks) and of Coinomi.
fn protobuf(bytes: &[u8]) -> Option<Wallet> {
    let (first, value, content) = Fields(bytes).next()?;
    if first == 1 && value == 0 && (content.starts_with(b"org.") || content.starts_with(b"com.")) {
        let network =
            std::str::from_utf8(content).ok().filter(|n| n.len() <= 64 && n.bytes().all(|b| b.is_ascii_graphic()))?;
        if !["production", "test", "regtest", "unittest", "signet"].iter().any(|n| network.contains(n)) {
            return None;
        }
        let (mut single, mut seeds, mut locked) = (0, 0, false);
        for (number, value, content) in Fields(bytes).take(1_000_000) {
            match number {
                // A key: its kind (1 as it is, 2 encrypted, 3 a seed's words, 4 derived).
                3 => match Fields(content).find(|f| f.0 == 1).map(|f| f.1) {
                    Some(1 | 2) => single += 1,
                    Some(3) => seeds += 1,
                    _ => {}
                },
                5 => locked = value >= 2,
                _ => {}
            }
        }
        let what = match (seeds, single) {
            (0, n) => format!("{n} keys"),
            (_, 0) => "a seed".to_owned(),
            (_, n) => format!("a seed and {n} keys"),
        };
        let lock = if locked { "encrypted with the wallet's password (scrypt, AES)" } else { "not encrypted" };
        return Some(Wallet::new(
            "bitcoinj (MultiBit, Bitcoin Wallet for Android)",
            format!("{network}, {what}, {lock}"),
        ));
    }
    // Coinomi: a version, a seed (a key with encrypted data), then coins by names as `bitcoin.main`.
    if first == 1 && content.is_empty() && value < 1_000 && has(bytes, b".main") {
        let seed = Fields(bytes).find(|f| f.0 == 2)?.2;
        let locked = Fields(seed).any(|f| f.0 == 3);
        let lock = if locked { "encrypted with the wallet's password (scrypt, AES)" } else { "not encrypted" };
        return Some(Wallet::new("Coinomi", format!("a seed for many coins, {lock}")));
    }
    None
}

/// Returns the first object in a text and its offset; comments and checksums may stand before it.
fn first_object(bytes: &[u8]) -> Option<(usize, Value)> {
    let limit = bytes.len().min(MAX_PREFIX);
    let mut from = 0;
    for _ in 0..4 {
        let at = from + bytes[from..limit].iter().position(|b| *b == b'{')?;
        let mut values = serde_json::Deserializer::from_slice(&bytes[at..]).into_iter::<Value>();
        if let Some(Ok(value @ Value::Object(_))) = values.next() {
            return Some((at, value));
        }
        from = at + 1;
    }
    None
}

fn json(bytes: &[u8]) -> Option<Wallet> {
    let (begin, value) = first_object(bytes)?;
    let names = |all: &[&str]| all.iter().all(|n| value.get(n).is_some());
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let rounds = |name: &str| value.get(name).and_then(Value::as_u64);
    let with_rounds = |name: &str| rounds(name).map(|n| format!(", {n} rounds")).unwrap_or_default();
    if let Some(wallet) = electrum(&value, &bytes[begin..], begin) {
        return Some(wallet);
    }
    if let Some(crypto) = value.get("crypto").or_else(|| value.get("Crypto")) {
        return keystore(&value, crypto);
    }
    if names(&["iv", "iter", "ct", "salt", "cipher"]) {
        let about = format!("a key, encrypted with a password (SJCL: PBKDF2{}, AES)", with_rounds("iter"));
        return Some(Wallet::new("BitGo key card or another of SJCL", about));
    }
    if names(&["encseed", "ethaddr"]) {
        return Some(Wallet::new("Ethereum presale", "a seed, encrypted with a password (PBKDF2, 2000 rounds, AES)"));
    }
    if names(&["EncryptedSecret", "ExtPubKey"]) {
        let about = match value.get("EncryptedSecret") {
            Some(Value::Null) => "an extended public key: to watch only",
            _ => "a seed's key, encrypted with a password (BIP38)",
        };
        return Some(Wallet::new("Wasabi", about));
    }
    if names(&["encryptedPrimaryMnemonic"]) {
        return Some(Wallet::new(
            "BTC.com (Blocktrail) backup",
            "words that are the encrypted primary seed and a backup phrase; the password opens them",
        ));
    }
    if names(&["EncryptedKey", "Salt", "Iterations"]) {
        let about = format!("keys, encrypted with a password (PBKDF2{})", with_rounds("Iterations"));
        return Some(Wallet::new("CoinVault", about));
    }
    if names(&["walletversion", "pindata"]) {
        return Some(Wallet::new(
            "Toast wallet (XRP)",
            "seeds, encrypted with a passphrase; a PIN or a recovery phrase beside it",
        ));
    }
    if names(&["mkey", "keys"]) && value.get("keys").is_some_and(Value::is_array) {
        return Some(Wallet::new(
            "dump of a Bitcoin Core wallet (pywallet)",
            "keys, encrypted with a passphrase (mkey)",
        ));
    }
    if let Some(data) = value.get("data")
        && (data.pointer("/user_key/encrypted_passphrase").is_some() || data.get("current_user_keys").is_some())
    {
        return Some(Wallet::new("Block.io", "a signing key, encrypted with the account's PIN (PBKDF2, AES)"));
    }
    if names(&["guid", "sharedKey"]) && value.get("keys").or(value.get("hd_wallets")).is_some() {
        let second = value.get("double_encryption").and_then(Value::as_bool) == Some(true);
        let lock = if second { "a second password encrypts the private keys" } else { "not encrypted" };
        return Some(Wallet::new("Blockchain.com", format!("a wallet's content, opened: {lock}")));
    }
    if let Some(payload) = text("payload").filter(|p| p.len() >= 64 && p.bytes().all(is_base64)) {
        let lock = format!("encrypted with the wallet's password (PBKDF2{}, AES)", with_rounds("pbkdf2_iterations"));
        if names(&["salt"]) {
            return Some(Wallet::new("Dogechain.info", format!("keys, {lock}")));
        }
        if ["pbkdf2_iterations", "version", "guid", "payload_checksum"].iter().any(|n| value.get(n).is_some()) {
            let version = rounds("version").map(|v| format!("version {v}, ")).unwrap_or_default();
            let size = payload.len() / 4 * 3;
            return Some(Wallet::new("Blockchain.com", format!("{version}{size} bytes, {lock}")));
        }
    }
    // A collection of wallets of one kind.
    if ["v1", "v2", "v3", "v4"].iter().any(|v| {
        value
            .get(v)
            .and_then(Value::as_array)
            .and_then(|a| a.first())
            .is_some_and(|w| w.get("enc").is_some() || w.get("payload").is_some())
    }) {
        return Some(Wallet::new("Blockchain.com", "several wallets, encrypted with passwords (PBKDF2, AES)"));
    }
    None
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=\\\r\n".contains(&byte)
}

/// Recognizes Ethereum's keystores, and those built on them.
fn keystore(value: &Value, crypto: &Value) -> Option<Wallet> {
    let name = |path: &str| crypto.pointer(path).and_then(Value::as_str).unwrap_or("unknown");
    if crypto.pointer("/kdf/function").is_some() && crypto.pointer("/cipher/message").is_some() {
        let about = format!("a validator's key, encrypted with a password ({})", name("/kdf/function"));
        return Some(Wallet::new("Ethereum validator keystore (EIP-2335)", about));
    }
    crypto.get("ciphertext")?;
    let lock = format!("encrypted with a password ({}, {})", name("/kdf"), name("/cipher"));
    if value.get("imTokenMeta").is_some() || value.get("encMnemonic").is_some() {
        return Some(Wallet::new("imToken", format!("a seed and keys, {lock}")));
    }
    let version = value.get("version").and_then(Value::as_u64).unwrap_or(3);
    Some(match version {
        1 => Wallet::new("Ethereum keystore, version 1", format!("a key, {lock}")),
        _ => Wallet::new("Ethereum keystore, version 3", format!("a key, {lock}")),
    })
}

/// Recognizes wallets of Electrum from version 2 on, and those of its forks.
fn electrum(value: &Value, text: &[u8], begin: usize) -> Option<Wallet> {
    let map = value.as_object()?;
    let stores: Vec<(&String, &Value)> = map
        .iter()
        .filter(|(k, v)| (*k == "keystore" || (k.starts_with('x') && k.ends_with('/'))) && v.get("type").is_some())
        .collect();
    let known = ["seed_version", "wallet_type"].iter().filter(|n| map.contains_key(**n)).count();
    let older =
        ["use_encryption", "accounts", "master_public_keys", "master_public_key", "addr_history", "stored_height"];
    let older = older.iter().filter(|n| map.contains_key(**n)).count();
    if !(known == 2 || known >= 1 && (older >= 1 || !stores.is_empty()) || !stores.is_empty() && older >= 1) {
        return None;
    }
    let is_set = |v: Option<&Value>| v.is_some_and(|v| !v.is_null() && v.as_str() != Some(""));
    let mut parts: Vec<String> = Vec::new();
    let (mut seed, mut private) = (is_set(map.get("seed")), is_set(map.get("master_private_keys")));
    for (_, store) in &stores {
        let kind = store.get("type").and_then(Value::as_str).unwrap_or_default();
        seed |= is_set(store.get("seed"));
        private |= is_set(store.get("xprv"));
        parts.push(match kind {
            "imported" => {
                format!("{} imported keys", store.get("keypairs").and_then(Value::as_object).map_or(0, |k| k.len()))
            }
            "hardware" => {
                format!("keys on a {} device", store.get("hw_type").and_then(Value::as_str).unwrap_or("hardware"))
            }
            _ if is_set(store.get("seed")) => "a seed".into(),
            _ if is_set(store.get("xprv")) => "a private master key".into(),
            _ => "a public master key".into(),
        });
        private |=
            kind == "imported" && store.get("keypairs").and_then(Value::as_object).is_some_and(|k| !k.is_empty());
    }
    if map.get("accounts").and_then(|a| a.get("/x")).is_some() {
        parts.push("imported keys".into());
        private = true;
    }
    if stores.is_empty() && parts.is_empty() {
        parts.push(if seed || private { "a seed".into() } else { "addresses or a public master key".into() });
    }
    let kind = map.get("wallet_type").and_then(Value::as_str).unwrap_or("standard");
    let locked = map.get("use_encryption").and_then(Value::as_bool) == Some(true);
    let lock = match (seed || private, locked) {
        (false, _) if parts.iter().any(|p| p.contains("device")) => "nothing secret in the file",
        (false, _) => "to watch only: no private keys",
        (true, true) => "encrypted with the wallet's password",
        (true, false) => "not encrypted",
    };
    let version = map.get("seed_version").and_then(Value::as_u64).map(|v| format!("version {v}, ")).unwrap_or_default();
    let mut wallet = Wallet::new("Electrum", format!("{version}{kind} wallet, {}, {lock}", parts.join(" and ")));
    // Seeds of the first list are stored as hex.
    let hex = map.get("seed").or_else(|| map.get("keystore").and_then(|k| k.get("seed"))).and_then(Value::as_str);
    wallet.secrets.extend(hex.and_then(|hex| old_seed(hex, text, begin)));
    Some(wallet)
}

fn old_seed(hex: &str, text: &[u8], begin: usize) -> Option<(Kind, String, usize, usize)> {
    if !matches!(hex.len(), 32 | 64) {
        return None;
    }
    let at = memmem::find(text, hex.as_bytes())?;
    Some((Kind::Electrum, old_electrum_words(hex)?, begin + at, hex.len()))
}

/// Recognizes wallets of Electrum 1.x: Python's own notation.
fn python(bytes: &[u8]) -> Option<Wallet> {
    let head = &bytes[..bytes.len().min(MAX_PREFIX)];
    let first = head.iter().position(|b| !b.is_ascii_whitespace())?;
    if head[first] != b'{' || head.get(first + 1) != Some(&b'\'') {
        return None;
    }
    let keys = [
        &b"'seed_version'"[..],
        b"'master_public_key'",
        b"'use_encryption'",
        b"'seed'",
        b"'imported_keys'",
        b"'accounts'",
    ];
    if keys.iter().filter(|k| has(bytes, k)).count() < 3 {
        return None;
    }
    let after = |key: &[u8]| {
        let at = memmem::find(bytes, key)? + key.len();
        let rest = bytes[at..].iter().copied().skip_while(|b| b": ".contains(b));
        Some(rest.take(80).collect::<Vec<u8>>())
    };
    let locked = after(b"'use_encryption'").is_some_and(|v| v.starts_with(b"True"));
    let seed = after(b"'seed'").unwrap_or_default();
    let quoted = seed.iter().skip_while(|b| b"u".contains(b)).copied().collect::<Vec<u8>>();
    let seed = quoted.strip_prefix(b"'").and_then(|s| s.split(|b| *b == b'\'').next()).map(<[u8]>::to_vec);
    let about = match (&seed, locked) {
        (None, _) => "no seed: to watch only",
        (Some(s), _) if s.is_empty() => "no seed: to watch only",
        (_, true) => "a seed, encrypted with the wallet's password",
        (_, false) => "a seed, not encrypted",
    };
    let mut wallet = Wallet::new("Electrum", format!("version 1, {about}"));
    let hex = seed.filter(|_| !locked).and_then(|s| String::from_utf8(s).ok());
    wallet.secrets.extend(hex.and_then(|hex| old_seed(&hex, bytes, 0)));
    Some(wallet)
}

/// Recognizes wallets that are base64 as a whole.
fn base64(text: &[u8], name: &str) -> Option<Wallet> {
    let length = text.iter().rposition(|b| !b.is_ascii_whitespace())? + 1;
    let text = &text[..length];
    if text.starts_with(b"QklFM") {
        // "BIE1" and "BIE2": ECIES to a key of the password, or of a hardware wallet.
        let about = match text.get(..6)? {
            b"QklFMg" => "the whole file, encrypted to a hardware wallet's key (BIE2)",
            _ => "the whole file, encrypted with the wallet's password (BIE1)",
        };
        return Some(Wallet::new("Electrum", about));
    }
    let body = &text[..text.len().min(8 << 20)];
    if !body.iter().all(|b| is_base64(*b)) {
        return None;
    }
    if text.starts_with(b"U2FsdGVkX1") {
        let family = "MultiBit key export or backup of Bitcoin Wallet for Android";
        return Some(Wallet::new(family, "keys, encrypted with a password (OpenSSL, AES)"));
    }
    // The first wallets of Blockchain.com are nothing but encrypted blocks: their name identifies them.
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    let named = ["blockchain", "wallet.aes"].iter().any(|n| file.contains(n));
    let characters = body.iter().filter(|b| b.is_ascii_alphanumeric() || b"+/".contains(b)).count();
    (named && characters >= 128 && (characters * 3 / 4).is_multiple_of(16)).then(|| Wallet {
        confidence: Confidence::Medium,
        ..Wallet::new("Blockchain.com", "version 0 or 1, encrypted with the wallet's password (AES; by its name)")
    })
}

/// Recognizes dumps of wallets as text.
fn dumps(text: &[u8]) -> Option<Wallet> {
    let head = &text[..text.len().min(MAX_PREFIX)];
    if head.starts_with(b"# Wallet dump created by") {
        return Some(Wallet::new("dump of a Bitcoin Core wallet", "private keys, not encrypted"));
    }
    // pywallet writes objects that are not always whole.
    let whole = &text[..text.len().min(4 << 20)];
    let (mkey, keys) = (has(whole, b"\"nDerivationIterations\""), has(whole, b"\"encrypted_key\""));
    (mkey && keys)
        .then(|| Wallet::new("dump of a Bitcoin Core wallet (pywallet)", "keys, encrypted with a passphrase (mkey)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(bytes: &[u8], name: &str) -> String {
        recognise(bytes, name).map(|w| format!("{}: {}", w.family, w.about)).unwrap_or_default()
    }

    #[test]
    fn wallets_are_recognized_by_their_structure_with_their_locks() {
        let filler = "0".repeat(8_000);
        let payload = "A".repeat(128);
        for (text, wanted) in [
            // Electrum: its keys far apart; imported; to watch; several signers; a device.
            (
                format!(r#"{{"addresses": {{}}, "seed_version": 41, "transactions": {{"x": "{filler}"}}, "use_encryption": true, "wallet_type": "standard", "keystore": {{"type": "bip32", "xprv": "abc", "seed": "xyz"}}}}"#),
                "Electrum: version 41, standard wallet, a seed, encrypted with the wallet's password",
            ),
            (
                r#"{"keystore":{"type":"bip32","xprv":null,"xpub":"xpub"},"wallet_type":"standard","use_encryption":false,"seed_version":18}"#.into(),
                "Electrum: version 18, standard wallet, a public master key, to watch only: no private keys",
            ),
            (
                r#"{"keystore":{"keypairs":{"02ab":"x","02cd":"y"},"type":"imported"},"seed_version":13,"use_encryption":true,"wallet_type":"imported"}"#.into(),
                "Electrum: version 13, imported wallet, 2 imported keys, encrypted with the wallet's password",
            ),
            (
                r#"{"x1/":{"type":"bip32","xprv":"a","seed":"b"},"x2/":{"type":"hardware","hw_type":"trezor"},"seed_version":17,"use_encryption":false,"wallet_type":"2of2"}"#.into(),
                "Electrum: version 17, 2of2 wallet, a seed and keys on a trezor device, not encrypted",
            ),
            (
                "{'seed_version': 4, 'use_encryption': True, 'seed': 'kLJx==', 'accounts': {}, 'master_public_key': 'ab'}".into(),
                "Electrum: version 1, a seed, encrypted with the wallet's password",
            ),
            (
                format!(r#"{{"pbkdf2_iterations":5000,"version":3,"payload":"{payload}"}}"#),
                "Blockchain.com: version 3, 96 bytes, encrypted with the wallet's password (PBKDF2, 5000 rounds, AES)",
            ),
            (
                format!(r#"{{"payload" : "{payload}", "salt" : "Gc55/tevRG/ODxUN0ENiRg==", "pbkdf2_iterations" : 5000}}"#),
                "Dogechain.info: keys, encrypted with the wallet's password (PBKDF2, 5000 rounds, AES)",
            ),
            (
                r#"{"iv":"a","v":1,"iter":10000,"ks":256,"ts":64,"mode":"ccm","adata":"","cipher":"aes","salt":"b","ct":"c"}"#.into(),
                "BitGo key card or another of SJCL: a key, encrypted with a password (SJCL: PBKDF2, 10000 rounds, AES)",
            ),
            (
                r#"// a comment {not this}
                {"version":3,"crypto":{"ciphertext":"00","kdf":"scrypt","cipher":"aes-128-ctr","kdfparams":{},"mac":"00"}}"#.into(),
                "Ethereum keystore, version 3: a key, encrypted with a password (scrypt, aes-128-ctr)",
            ),
            ("QklFMQMo5TbdH7u4XXjeGowhIV1G".into(), "Electrum: the whole file, encrypted with the wallet's password (BIE1)"),
            (
                "U2FsdGVkX1+iKR5t81BMuTvkJ8jl\nfey9foALs0V4".into(),
                "MultiBit key export or backup of Bitcoin Wallet for Android: keys, encrypted with a password (OpenSSL, AES)",
            ),
        ] {
            assert_eq!(described(text.as_bytes(), "file"), wanted, "{text:.80}");
        }
        let mut bitcoinj = b"\x0a\x16org.bitcoin.production".to_vec();
        bitcoinj.extend_from_slice(&[0x1a, 4, 0x08, 1, 0x12, 0]);
        bitcoinj.extend_from_slice(&[0x28, 1]);
        assert_eq!(
            described(&bitcoinj, ""),
            "bitcoinj (MultiBit, Bitcoin Wallet for Android): org.bitcoin.production, 1 keys, not encrypted"
        );
        *bitcoinj.last_mut().unwrap() = 2;
        assert!(described(&bitcoinj, "").ends_with("encrypted with the wallet's password (scrypt, AES)"));
        assert!(described(&[0; 64], "mbhd.wallet.aes").starts_with("MultiBit HD"));
        for nothing in
            ["{}", r#"{"a":{"type":"x"},"seed":1}"#, "plain text", "{'a': 1}", r#"{"payload":"x","version":1}"#, "QUJD"]
        {
            assert_eq!(described(nothing.as_bytes(), "notes.txt"), "", "{nothing}");
        }
    }

    #[test]
    fn a_seed_of_electrums_first_list_is_read_from_its_hex() {
        // Electrum's own pair (test_mnemonic.py).
        let text = r#"{"seed": "acb740e454c3134901d7c8f16497cc1c", "seed_version": 4, "use_encryption": false, "wallet_type": "old"}"#;
        let wallet = recognise(text.as_bytes(), "w").unwrap();
        let (kind, phrase, start, length) = &wallet.secrets[0];
        assert_eq!(*kind, Kind::Electrum);
        assert_eq!(&text[*start..start + length], "acb740e454c3134901d7c8f16497cc1c");
        assert_eq!(phrase, "powerful random nobody notice nothing important anyway look away hidden message over");
        assert_eq!(crate::mnemonic::old_electrum_seed(phrase).unwrap(), "acb740e454c3134901d7c8f16497cc1c");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), head in 0usize..6) {
            let heads: [&[u8]; 6] = [b"", b"\x0a\x10org.bitcoin.test", b"\x08\x01", b"SQLite format 3\0", b"{", b"\xbaWALLET\0"];
            let mut all = heads[head].to_vec();
            all.extend_from_slice(&bytes);
            let _ = (recognise(&all, "wallet.aes"), may_be(&all, ""));
        }
    }
}
