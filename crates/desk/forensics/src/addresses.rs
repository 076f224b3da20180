//! Addresses and keys: everything whose text carries its own checksum, and Solana's, which does not.

use crate::{Confidence, Hit, Kind};
use bitcoin::base58;
use holdfast_types::address::eip55;
use sha3::{Digest, Keccak256};

const BITCOIN58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const RIPPLE58: &[u8; 58] = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";

/// Version bytes of extended keys (BIP32, SLIP-0132): prefix, whether private, what it stands for.
const EXTENDED: [([u8; 4], &str, bool, &str); 30] = [
    ([0x04, 0x88, 0xad, 0xe4], "xprv", true, "P2PKH or any"),
    ([0x04, 0x88, 0xb2, 0x1e], "xpub", false, "P2PKH or any"),
    ([0x04, 0x9d, 0x78, 0x78], "yprv", true, "P2WPKH in P2SH"),
    ([0x04, 0x9d, 0x7c, 0xb2], "ypub", false, "P2WPKH in P2SH"),
    ([0x04, 0xb2, 0x43, 0x0c], "zprv", true, "P2WPKH"),
    ([0x04, 0xb2, 0x47, 0x46], "zpub", false, "P2WPKH"),
    ([0x02, 0x95, 0xb0, 0x05], "Yprv", true, "P2WSH in P2SH"),
    ([0x02, 0x95, 0xb4, 0x3f], "Ypub", false, "P2WSH in P2SH"),
    ([0x02, 0xaa, 0x7a, 0x99], "Zprv", true, "P2WSH"),
    ([0x02, 0xaa, 0x7e, 0xd3], "Zpub", false, "P2WSH"),
    ([0x01, 0x9d, 0x9c, 0xfe], "Ltpv", true, "Litecoin"),
    ([0x01, 0x9d, 0xa4, 0x62], "Ltub", false, "Litecoin"),
    ([0x04, 0x35, 0x83, 0x94], "tprv", true, "test network"),
    ([0x04, 0x35, 0x87, 0xcf], "tpub", false, "test network"),
    ([0x04, 0x4a, 0x4e, 0x28], "uprv", true, "test network, P2WPKH in P2SH"),
    ([0x04, 0x4a, 0x52, 0x62], "upub", false, "test network, P2WPKH in P2SH"),
    ([0x04, 0x5f, 0x18, 0xbc], "vprv", true, "test network, P2WPKH"),
    ([0x04, 0x5f, 0x1c, 0xf6], "vpub", false, "test network, P2WPKH"),
    ([0x02, 0x42, 0x85, 0xb5], "Uprv", true, "test network, P2WSH in P2SH"),
    ([0x02, 0x42, 0x89, 0xef], "Upub", false, "test network, P2WSH in P2SH"),
    ([0x02, 0x57, 0x50, 0x48], "Vprv", true, "test network, P2WSH"),
    ([0x02, 0x57, 0x54, 0x83], "Vpub", false, "test network, P2WSH"),
    ([0x01, 0xb2, 0x67, 0x92], "Mtpv", true, "Litecoin, P2WPKH in P2SH"),
    ([0x01, 0xb2, 0x6e, 0xf6], "Mtub", false, "Litecoin, P2WPKH in P2SH"),
    ([0x04, 0x36, 0xef, 0x7d], "ttpv", true, "Litecoin's test network"),
    ([0x04, 0x36, 0xf6, 0xe1], "ttub", false, "Litecoin's test network"),
    ([0x02, 0xfa, 0xc3, 0x98], "dgpv", true, "Dogecoin"),
    ([0x02, 0xfa, 0xca, 0xfd], "dgub", false, "Dogecoin"),
    ([0x02, 0xfe, 0x52, 0xcc], "drkp", true, "Dash"),
    ([0x02, 0xfe, 0x52, 0xf8], "drkv", false, "Dash"),
];

/// Returns the version bytes of an extended key in the form of Bitcoin's xprv or xpub, with what it stands for.
pub(crate) fn extended(text: &str) -> Option<([u8; 78], &'static str, bool)> {
    let bytes: [u8; 78] = base58::decode_check(text).ok()?.try_into().ok()?;
    let (_, name, private, _) = EXTENDED.iter().find(|e| bytes[..4] == e.0)?;
    Some((bytes, name, *private))
}

fn keccak(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}

/// Returns a Monero address's network, by its checksum (Keccak-256, four bytes).
fn monero(text: &str) -> Option<&'static str> {
    // Characters and bytes of a block.
    const SIZES: [(usize, usize); 8] = [(2, 1), (3, 2), (5, 3), (6, 4), (7, 5), (9, 6), (10, 7), (11, 8)];
    let mut bytes = Vec::with_capacity(80);
    for block in text.as_bytes().chunks(11) {
        let (_, size) = *SIZES.iter().find(|s| s.0 == block.len())?;
        let mut value = 0u128;
        for b in block {
            let digit = BITCOIN58.iter().position(|c| c == b)? as u128;
            value = value.checked_mul(58)?.checked_add(digit)?;
        }
        if value >> (8 * size) != 0 {
            return None;
        }
        bytes.extend_from_slice(&value.to_be_bytes()[16 - size..]);
    }
    let (body, check) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
    if keccak(body)[..4] != *check {
        return None;
    }
    match (body.first()?, body.len()) {
        (18, 65) => Some("standard"),
        (42, 65) => Some("subaddress"),
        (19, 73) => Some("integrated"),
        _ => None,
    }
}

fn xrp(text: &str) -> bool {
    let translated: Option<String> =
        text.bytes().map(|b| RIPPLE58.iter().position(|c| *c == b).map(|i| BITCOIN58[i] as char)).collect();
    translated.and_then(|t| base58::decode_check(&t).ok()).is_some_and(|b| b.len() == 21 && b[0] == 0)
}

/// Returns whether 32 bytes are a point of ed25519: half of all are, and all addresses of Solana that a key has.
fn solana(text: &str) -> bool {
    let Ok(bytes) = base58::decode(text) else { return false };
    let Ok(bytes) = <[u8; 32]>::try_from(bytes) else { return false };
    // Real keys have a variety of characters that typed text has not.
    let mut seen = [false; 128];
    text.bytes().for_each(|b| seen[(b & 127) as usize] = true);
    let variety = seen.iter().filter(|s| **s).count();
    // Of 44 characters drawn evenly seven are digits and twice as many are letters of either case: names put together are not so.
    let count = |of: fn(&u8) -> bool| text.as_bytes().iter().filter(|b| of(b)).count();
    let mixed =
        count(u8::is_ascii_digit) >= 3 && count(u8::is_ascii_uppercase) >= 8 && count(u8::is_ascii_lowercase) >= 8;
    variety >= 18 && mixed && curve25519_dalek::edwards::CompressedEdwardsY(bytes).decompress().is_some()
}

/// Prefixes of segwit addresses: Bitcoin's, Litecoin's, their test networks'.
const SEGWIT: [&str; 6] = ["bc1", "ltc1", "tb1", "bcrt1", "tltc1", "rltc1"];

fn begins(token: &str, with: &str) -> bool {
    token.get(..with.len()).is_some_and(|t| t.eq_ignore_ascii_case(with))
}

fn segwit(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    if text != lower && text != text.to_ascii_uppercase() {
        return None;
    }
    let (hrp, version, program) = bech32::segwit::decode(&lower).ok()?;
    let fits = match version.to_u8() {
        0 => matches!(program.len(), 20 | 32),
        _ => (2..=40).contains(&program.len()),
    };
    match hrp.as_str() {
        "bc" if fits => Some("BTC"),
        "ltc" if fits => Some("LTC"),
        "tb" | "bcrt" if fits => Some("tBTC (test network)"),
        "tltc" | "rltc" if fits => Some("tLTC (test network)"),
        _ => None,
    }
}

fn hit(kind: Kind, start: usize, token: &str, confidence: Confidence, detail: impl Into<String>) -> Hit {
    Hit { kind, start, end: start + token.len(), value: token.to_owned(), confidence, detail: detail.into() }
}

/// Returns the finding that a token is, if it is any.
fn judge(token: &str, start: usize) -> Option<Hit> {
    let len = token.len();
    let first = token.as_bytes().first().copied()?;
    let address = |asset: &str, confidence| Some(hit(Kind::Address, start, token, confidence, asset));
    match (first, len) {
        (b'b' | b'B' | b'l' | b'L' | b't' | b'T' | b'r' | b'R', 14..=90) if SEGWIT.iter().any(|p| begins(token, p)) => {
            let asset = segwit(token)?;
            let lower = token.to_ascii_lowercase();
            Some(Hit { value: lower, ..hit(Kind::Address, start, token, Confidence::High, asset) })
        }
        (b'0', 42) if token.as_bytes()[1] == b'x' && token[2..].bytes().all(|b| b.is_ascii_hexdigit()) => {
            let digits = &token[2..];
            let lower = digits.to_ascii_lowercase();
            // A run of one digit is a placeholder.
            if lower.bytes().all(|b| b == lower.as_bytes()[0]) {
                return None;
            }
            let mixed =
                digits.bytes().any(|b| b.is_ascii_uppercase()) && digits.bytes().any(|b| b.is_ascii_lowercase());
            let mut account = [0; 20];
            hex::decode_to_slice(&lower, &mut account).ok()?;
            let sum = eip55(&account);
            match mixed {
                true if sum == token => address("ETH", Confidence::High),
                true => None,
                false => Some(Hit { value: sum, ..hit(Kind::Address, start, token, Confidence::Medium, "ETH") }),
            }
        }
        (_, 111) => {
            let (_, name, private) = extended(token)?;
            let about = EXTENDED.iter().find(|e| e.1 == name).map_or("", |e| e.3);
            let kind = if private { Kind::ExtendedPrivateKey } else { Kind::ExtendedPublicKey };
            Some(hit(kind, start, token, Confidence::High, format!("{name} ({about})")))
        }
        (b'6', 58) => {
            let bytes = base58::decode_check(token).ok()?;
            let fits = bytes.len() == 39 && bytes[0] == 1 && matches!(bytes[1], 0x42 | 0x43);
            fits.then(|| hit(Kind::Bip38, start, token, Confidence::High, "encrypted with a passphrase"))
        }
        (b'5' | b'6' | b'7' | b'9' | b'K' | b'L' | b'Q' | b'T' | b'X' | b'c', 51 | 52) => {
            let bytes = base58::decode_check(token).ok()?;
            let asset = match bytes[0] {
                0x80 => "BTC",
                0xb0 => "LTC",
                0x9e => "DOGE",
                0xcc => "DASH",
                0xef => "tBTC (test network)",
                _ => return None,
            };
            let form = match (bytes.len(), bytes.last()) {
                (33, _) => "uncompressed",
                (34, Some(1)) => "compressed",
                _ => return None,
            };
            Some(hit(Kind::Wif, start, token, Confidence::High, format!("{asset}, {form}")))
        }
        (b'4' | b'8', 95 | 106) => {
            let network = monero(token)?;
            Some(hit(Kind::Address, start, token, Confidence::High, format!("XMR ({network})")))
        }
        (b'1' | b'2' | b'3' | b'9' | b'A' | b'D' | b'L' | b'M' | b'Q' | b'T' | b'X' | b'm' | b'n', 25..=35) => {
            let bytes = base58::decode_check(token).ok()?;
            if bytes.len() != 21 {
                return None;
            }
            match bytes[0] {
                0x00 | 0x05 => address("BTC", Confidence::High),
                0x30 | 0x32 => address("LTC", Confidence::High),
                0x41 => address("TRX", Confidence::High),
                0x1e | 0x16 => address("DOGE", Confidence::High),
                0x4c => address("DASH", Confidence::High),
                0x6f | 0xc4 => address("tBTC (test network)", Confidence::High),
                0x3a => address("tLTC (test network)", Confidence::High),
                _ => None,
            }
        }
        (b'r', 25..=35) if xrp(token) => address("XRP", Confidence::High),
        (_, 43 | 44) if solana(token) => address("SOL", Confidence::Low),
        _ => None,
    }
}

/// Letters and digits, which tokens consist of.
#[expect(clippy::cast_possible_truncation, reason = "the table has an entry for each byte")]
const IN_TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = (i as u8).is_ascii_alphanumeric();
        i += 1;
    }
    table
};

/// The shortest token that matters: a short segwit program. Most have 25 and more.
const SHORTEST: usize = 14;

/// Returns whether a token is a part of something longer: hashes and keys in base64 (`+`, `/`, `=`) or its form for URLs (`-`, `_`), names of
/// files and of identifiers in programs.
fn is_part(bytes: &[u8], start: usize, end: usize) -> bool {
    let joins = |b: Option<&u8>| b.is_some_and(|b| b"+/=-_.$%@~\\".contains(b));
    let before = start.checked_sub(1).and_then(|i| bytes.get(i));
    // `address=...` is a field, `account/...` a path of a page, and a full stop ends a sentence.
    let named = start >= 5 && bytes[start - 5..start - 1].iter().all(u8::is_ascii_lowercase);
    // `sha256=...` is a hash.
    let hash = start >= 8 && bytes[start - 8..start].windows(3).any(|w| w.eq_ignore_ascii_case(b"sha"));
    let field = !hash && (before == Some(&b'=') || before == Some(&b'/') && named) && !joins(bytes.get(end));
    let stop = bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_none_or(u8::is_ascii_whitespace);
    (joins(before) && !field) || (joins(bytes.get(end)) && !stop)
}

/// Finds addresses and keys in a text.
pub fn find(text: &str, hits: &mut Vec<Hit>) {
    let bytes = text.as_bytes();
    let inside = |i: usize| IN_TOKEN[usize::from(bytes[i])];
    // Every token that is long enough covers one of the positions that are tested.
    let (mut at, mut least) = (SHORTEST - 1, 0);
    while at < bytes.len() {
        if !inside(at) {
            at += SHORTEST;
            continue;
        }
        let (mut start, mut end) = (at, at + 1);
        while start > least && inside(start - 1) {
            start -= 1;
        }
        while end < bytes.len() && inside(end) {
            end += 1;
        }
        if (SHORTEST..=128).contains(&(end - start))
            && let Some(hit) = judge(&text[start..end], start)
            && !(hit.confidence == Confidence::Low && is_part(bytes, start, end))
        {
            hits.push(hit);
        }
        least = end;
        at = end + SHORTEST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_networks_are_distinguished_from_the_real_ones() {
        for (text, kind, detail) in [
            ("mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", Kind::Address, "tBTC (test network)"),
            ("2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc", Kind::Address, "tBTC (test network)"),
            ("tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", Kind::Address, "tBTC (test network)"),
            ("cNJFgo1driFnPcBdBX8BrJrpxchBWXwXCvNH5SoSkdcF6JXXwHMm", Kind::Wif, "tBTC (test network), compressed"),
        ] {
            assert_eq!(found(text), [(kind, text.to_owned(), detail.to_owned())], "{text}");
        }
        // SLIP-132's prefixes: the same key under every version has the name that the version stands for.
        let xpub = "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs";
        let mut bytes = base58::decode_check(xpub).unwrap();
        for (version, name, private, about) in EXTENDED {
            bytes[..4].copy_from_slice(&version);
            let text = base58::encode_check(&bytes);
            let kind = if private { Kind::ExtendedPrivateKey } else { Kind::ExtendedPublicKey };
            assert_eq!(found(&text), [(kind, text.clone(), format!("{name} ({about})"))]);
            assert!(text.starts_with(name) || name.starts_with("drk"), "{name}: {text}");
        }
    }

    fn found(text: &str) -> Vec<(Kind, String, String)> {
        let mut hits = Vec::new();
        find(text, &mut hits);
        hits.into_iter().map(|h| (h.kind, h.value, h.detail)).collect()
    }

    #[test]
    fn every_kind_by_its_own_vectors() {
        for (text, kind, detail) in [
            ("13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", Kind::Address, "BTC"),
            ("3P14159f73E4gFr7JterCCQh9QjiTjiZrG", Kind::Address, "BTC"),
            ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", Kind::Address, "BTC"),
            ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", Kind::Address, "BTC"),
            ("LhK2kQwiaAvhjWY799cZvMyYwnQAcxkarr", Kind::Address, "LTC"),
            ("TJRabPrwbZy45sbavfcjinPJC18kjpRTv8", Kind::Address, "TRX"),
            ("rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", Kind::Address, "XRP"),
            ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", Kind::Address, "ETH"),
            (
                "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A",
                Kind::Address,
                "XMR (standard)",
            ),
            ("5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ", Kind::Wif, "BTC, uncompressed"),
            ("KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617", Kind::Wif, "BTC, compressed"),
            ("6PRVWUbkzzsbcVac2qwfssoUJAN1Xhrg6bNk8J7Nzm5H7kxEbn2Nh2ZoGg", Kind::Bip38, "encrypted with a passphrase"),
            (
                "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
                Kind::ExtendedPrivateKey,
                "xprv (P2PKH or any)",
            ),
            (
                "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs",
                Kind::ExtendedPublicKey,
                "zpub (P2WPKH)",
            ),
        ] {
            assert_eq!(found(&format!("<a>{text}</a>")), [(kind, text.to_owned(), detail.to_owned())], "{text}");
            // One character wrong is nothing; so is one more.
            let mut wrong = text.as_bytes().to_vec();
            let at = wrong.len() - 3;
            wrong[at] = if wrong[at] == b'4' { b'5' } else { b'4' };
            assert_eq!(found(std::str::from_utf8(&wrong).unwrap()), [], "{text} changed");
            assert_eq!(found(&format!("{text}a")), [], "{text} longer");
        }
        assert_eq!(
            found("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")[0].1,
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
        );
        let solana = "9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM";
        for text in [
            solana.to_owned(),
            format!("to={solana}"),
            format!("https://x.org/account/{solana}"),
            format!("sent to {solana}."),
        ] {
            assert_eq!(found(&text)[0].2, "SOL", "{text}");
        }
        // A part of a hash or of a name is none.
        for text in [
            format!("{solana}="),
            format!("sha256-{solana}"),
            format!("abc+{solana}"),
            format!("x_{solana}"),
            format!("{solana}.js"),
        ] {
            assert_eq!(found(&text), [], "{text}");
        }
        assert_eq!(found("0x0000000000000000000000000000000000000000"), []);
        assert_eq!(
            found("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4")[0].1,
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
        );
    }

    proptest::proptest! {
        /// Testing one position of fourteen finds the tokens that testing every byte finds.
        #[test]
        fn no_token_is_passed_over(parts in proptest::collection::vec(("[0-9a-zA-Z]{0,20}", "[ ,.\n-]{0,3}"), 0..30)) {
            let address = "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48";
            let mut text = String::new();
            for (i, (token, between)) in parts.iter().enumerate() {
                text += &format!("{token} {between}");
                if i % 3 == 0 {
                    text += &format!("{address} ");
                }
            }
            let mut wanted = Vec::new();
            let mut at = 0;
            for token in text.split(|c: char| !c.is_ascii_alphanumeric()) {
                if (SHORTEST..=128).contains(&token.len()) && let Some(hit) = judge(token, at) {
                    wanted.push(hit);
                }
                at += token.len() + 1;
            }
            let mut hits = Vec::new();
            find(&text, &mut hits);
            let positions = |hits: &[Hit]| hits.iter().map(|h| (h.start, h.value.clone(), h.detail.clone())).collect::<Vec<_>>();
            proptest::prop_assert_eq!(positions(&hits), positions(&wanted));
        }
    }
}
