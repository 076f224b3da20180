//! Addresses as people and tools write them, made comparable: what is unambiguous is cleaned, what can match nothing is named.

use crate::tags::normal;
use holdfast_types::{Address, Network};

/// Longest address text taken from a file, in bytes.
pub const MAX_ADDRESS_TEXT: usize = 200;

/// URI schemes that wallets and block explorers put before an address (BIP 21, ERC-681 and their like). `bitcoincash:` is no such: it is part
/// of the address.
const SCHEMES: [&str; 11] =
    ["bitcoin", "litecoin", "ethereum", "tron", "monero", "ripple", "solana", "dogecoin", "dash", "zcash", "polygon"];

/// A cleaned address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleaned {
    /// The address in the form in which it is stored.
    pub address: String,
    /// What was taken off, or why the address can match nothing.
    pub notes: Vec<String>,
    /// Whether an address of its asset can be it.
    pub matches: bool,
}

/// Characters that do not show: zero-width characters, byte order marks, direction marks, soft hyphens, and white space.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Cleans an address of an asset (ticker): surrounding quotes, characters that do not show, a URI scheme and parameters go.
///
/// # Errors
/// A message with the reason why the text is no address.
pub fn clean(text: &str, asset: &str) -> Result<Cleaned, String> {
    let mut notes = Vec::new();
    let mut address = text.trim().to_owned();
    // What lies under one layer may be wrapped again.
    loop {
        let stripped = stripped(&address, &mut notes)?;
        if stripped == address {
            break;
        }
        address = stripped;
    }
    if address.is_empty() {
        return Err("is empty".into());
    }
    if address.len() > MAX_ADDRESS_TEXT {
        return Err(format!("'{}...' is longer than any address", shown(&address)));
    }
    // Before case is folded, which carries the checksum of EVM addresses.
    let fault = fault(&address, asset);
    let address = normal(&address);
    let matches = fault.is_none();
    notes.extend(fault.map(|why| format!("{why}; it matches nothing")));
    Ok(Cleaned { address, notes, matches })
}

/// Takes off one layer; always shorter, or the same.
fn stripped(text: &str, notes: &mut Vec<String>) -> Result<String, String> {
    let trimmed = text.trim_matches(|c: char| is_invisible(c) || matches!(c, '"' | '\'' | '`'));
    // White space inside would join two addresses into one; only what does not show at all goes.
    if trimmed.chars().any(char::is_whitespace) {
        return Err(format!("'{}' has white space inside; one address a field", shown(trimmed)));
    }
    let visible: String = trimmed.chars().filter(|c| !is_invisible(*c)).collect();
    let mut note = |text: String| {
        if !notes.contains(&text) {
            notes.push(text);
        }
    };
    if visible != text {
        note("quotes or invisible characters were removed".into());
    }
    match visible.split_once(':') {
        Some((scheme, rest)) if SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) => {
            note(format!("'{scheme}:' was removed"));
            let address = rest.trim_start_matches("//").split(['?', '@', '#']).next().unwrap_or_default();
            // ERC-681 allows this before the address.
            let address = address.strip_prefix("pay-").unwrap_or(address);
            Ok(address.to_owned())
        }
        _ => Ok(visible),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Returns why no address of an asset can be this; `None` when one can, or when the asset's form is not known here.
pub(crate) fn fault(address: &str, asset: &str) -> Option<String> {
    let read = match Address::check(address) {
        Ok(read) => read,
        Err(problem) => return Some(problem.to_string()),
    };
    let asset = holdfast_types::asset::canonical(asset);
    let wrong = |form: &str| Some(format!("'{}' is no address of {asset}{form}", shown(address)));
    // A script is the same on every chain of Bitcoin's family, and test networks have their main network's asset.
    match asset.as_str() {
        "ETH" if !matches!(read, Address::Evm(_)) => wrong(" (0x and 40 hex digits)"),
        "TRX" if !matches!(read, Address::Tron(_)) => wrong(" (T and 33 characters, or 41 and 40 hex digits)"),
        family if Network::ALL.iter().any(|n| n.parameters().asset == family) && read.script().is_none() => wrong(""),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENESIS: &str = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";

    #[test]
    fn what_is_unambiguous_is_cleaned() {
        for dirty in [
            GENESIS.to_owned(),
            format!("bitcoin:{GENESIS}"),
            format!("BITCOIN:{GENESIS}?amount=0.1&label=x"),
            format!("\u{feff}{GENESIS}\u{200b}"),
            "1A1zP1\u{200b}eP5QGefi2DMPTfTL5SLmv7DivfNa".to_owned(),
            format!(" \"{GENESIS}\" "),
            format!("{GENESIS}\u{a0}"),
        ] {
            let cleaned = clean(&dirty, "BTC").unwrap();
            assert_eq!((cleaned.address.as_str(), cleaned.matches), (GENESIS, true), "{dirty:?}");
            assert_eq!(cleaned.notes.is_empty(), dirty.trim() == GENESIS, "{:?}", cleaned.notes);
        }
        let eth = clean("ethereum:0xdAC17F958D2ee523a2206206994597C13D831ec7@1?value=1", "ETH").unwrap();
        assert_eq!(eth.address, "0xdac17f958d2ee523a2206206994597c13d831ec7");
        let cash = "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a";
        assert_eq!(clean(cash, "BCH").unwrap().address, cash);
    }

    #[test]
    fn what_can_match_nothing_is_named() {
        for (address, asset, word) in [
            ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "BTC", "checksum"),
            ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdx", "BTC", "checksum"),
            ("0xdAC17F958D2ee523a2206206994597C13D831eC7", "ETH", "checksum"),
            ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u", "TRX", "checksum"),
            (GENESIS, "ETH", "no address"),
            ("0xdac17f958d2ee523a2206206994597c13d831ec7", "TRX", "no address of TRX"),
            ("0xdac17f958d2ee523a2206206994597c13d831ec7", "BTC", "no address"),
            ("0xdac17f958d2ee523a2206206994597c13d831ec", "ETH", "40 hex digits"),
        ] {
            let cleaned = clean(address, asset).unwrap();
            assert!(!cleaned.matches && cleaned.notes.iter().any(|n| n.contains(word)), "{:?}", cleaned.notes);
        }
        assert!(clean(&format!("{GENESIS} {GENESIS}"), "BTC").is_err());
        assert!(clean(" \u{200b}", "BTC").is_err());
        assert!(clean("bitcoin:", "BTC").is_err());
    }
}
