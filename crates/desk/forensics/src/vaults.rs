//! Vaults of MetaMask and of wallets built like it, wherever they are: plain JSON, JSON within JSON (each level escapes the quotes once more),
//! values of browsers' LevelDB, phones' `persist-root`.

use crate::{Confidence, Hit, Kind};
use memchr::memmem;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Largest vault, in bytes on each side of its salt.
const MAX_VAULT: usize = 4 << 20;
/// Most backslashes before a quote: JSON within JSON doubles them, so that this is eight levels.
const MAX_ESCAPES: usize = 255;

/// Finds the vaults in a text.
pub fn find(text: &[u8], hits: &mut Vec<Hit>) {
    let mut from = 0;
    for at in memmem::find_iter(text, b"salt") {
        // Within the last one found.
        if at < from {
            continue;
        }
        if let Some(hit) = vault_at(text, at) {
            from = hit.end;
            hits.push(hit);
        }
    }
}

/// Returns the object around a key, when it is a vault's.
fn vault_at(text: &[u8], at: usize) -> Option<Hit> {
    // How quotes are written here: `"`, `\"`, `\\\"`.
    let quote_at = at.checked_sub(1)?;
    if text[quote_at] != b'"' {
        return None;
    }
    let mut begin = quote_at;
    while begin > 0 && text[begin - 1] == b'\\' && quote_at - begin < MAX_ESCAPES {
        begin -= 1;
    }
    let quote = &text[begin..=quote_at];
    if !text[at + 4..].starts_with(quote) {
        return None;
    }
    let (start, end) = (open(text, begin)?, close(text, at)?);
    let mut plain = Vec::with_capacity(end - start);
    let mut i = start;
    while i < end {
        match text[i..].starts_with(quote) {
            true => {
                plain.push(b'"');
                i += quote.len();
            }
            false => {
                plain.push(text[i]);
                i += 1;
            }
        }
    }
    let vault: Value = serde_json::from_slice(&plain).ok()?;
    let field = |name: &str| vault.get(name).and_then(Value::as_str);
    let (salt, iv) = (field("salt")?, field("iv")?);
    let data = field("data").or_else(|| field("cipher"))?;
    // An Ethereum keystore's `cipher` is the name of one.
    if data.len() < 16
        || iv.len() < 12
        || salt.len() < 8
        || !data.bytes().all(is_encoded)
        || !iv.bytes().all(is_encoded)
    {
        return None;
    }
    let phone = vault.get("cipher").is_some();
    let rounds = vault.pointer("/keyMetadata/params/iterations").and_then(Value::as_u64);
    let mut detail = match phone {
        true => "MetaMask vault (phone)".to_owned(),
        false => "MetaMask vault (browser)".to_owned(),
    };
    detail += ": its seed and keys, encrypted with the wallet's password";
    match (rounds, phone) {
        (Some(rounds), _) => detail += &format!(" (PBKDF2, {rounds} rounds)"),
        (None, true) => detail += " (PBKDF2, 5000 rounds or by the app's version)",
        (None, false) => detail += " (PBKDF2, 10000 rounds)",
    }
    let value = format!("MetaMask vault {}", hex::encode(&Sha256::digest(data.as_bytes())[..4]));
    Some(Hit { kind: Kind::WalletFile, start, end, value, confidence: Confidence::High, detail })
}

fn is_encoded(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
}

/// Returns the offset of the brace that opens the object around an offset.
fn open(text: &[u8], place: usize) -> Option<usize> {
    let least = place.saturating_sub(MAX_VAULT);
    let mut depth = 0u32;
    for i in (least..place).rev() {
        match text[i] {
            b'}' => depth += 1,
            b'{' if depth == 0 => return Some(i),
            b'{' => depth -= 1,
            // Vaults are one line of text.
            0 => return None,
            _ => {}
        }
    }
    None
}

/// Returns the offset behind the brace that closes the object around an offset.
fn close(text: &[u8], place: usize) -> Option<usize> {
    let most = text.len().min(place + MAX_VAULT);
    let mut depth = 0u32;
    for (i, b) in text.iter().enumerate().take(most).skip(place) {
        match b {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(i + 1),
            b'}' => depth -= 1,
            0 => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut hits = Vec::new();
        find(text.as_bytes(), &mut hits);
        hits.into_iter().map(|h| h.detail).collect()
    }

    #[test]
    fn vaults_are_found_however_often_their_quotes_are_escaped() {
        let mut text = r#"{"data":"vXOTraxWuDmDrhxZ759NodhTmd4UQkThRG6Y","iv":"7hvnbvsoSQmAbWzfvtMkjA==","salt":"mHnV+cB0xsRJkFQyQ+7Z6g=="}"#.to_owned();
        for level in 0..5 {
            let got = found(&text);
            assert_eq!(got.len(), 1, "level {level}");
            assert!(got[0].starts_with("MetaMask vault (browser)") && got[0].contains("10000 rounds"), "{got:?}");
            text = serde_json::json!({ "KeyringController": { "vault": text } }).to_string();
        }
        let phone = r#"{"cipher":"vXOTraxWuDmDrhxZ759NodhTmd4UQkThRG6Y","iv":"9ec290a383a4c4cf5fcae9137455dc72","salt":"ywv4d3UyjBtjVQ0gip0Swg==","lib":"original"}"#;
        assert!(found(phone)[0].starts_with("MetaMask vault (phone)"));
        let newer = r#"{"data":"vXOTraxWuDmDrhxZ759NodhTmd4UQkThRG6Y","iv":"7hvnbvsoSQmAbWzfvtMkjA==","keyMetadata":{"algorithm":"PBKDF2","params":{"iterations":600000}},"salt":"mHnV+cB0xsRJkFQyQ+7Z6g=="}"#;
        assert!(found(newer)[0].contains("600000 rounds"));
        for none in
            ["the salt of the earth", r#"{"salt":"x"}"#, r#""salt":"#, r#"{"salt":"abcdefgh","iv":"#, "{\"salt\""]
        {
            assert_eq!(found(none), Vec::<String>::new(), "{none}");
        }
    }
}
