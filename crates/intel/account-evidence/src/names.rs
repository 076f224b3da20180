//! Texts of what bundles name, and their reading.

use holdfast_types::{AccountId, Address, ChainId, Position};

/// Returns a position as bundles write it.
pub(crate) fn position(position: Position) -> String {
    match position {
        Position::BlockStart(n) => format!("start:{n}"),
        Position::Transaction => "transaction".to_owned(),
        Position::Log(log, 0) => format!("log:{log}"),
        Position::Log(log, item) => format!("log:{log}:{item}"),
        Position::Trace(n) => format!("call:{n}"),
        Position::BlockEnd(n) => format!("end:{n}"),
    }
}

/// Reads a position.
pub(crate) fn read_position(text: &str) -> Option<Position> {
    if text == "transaction" {
        return Some(Position::Transaction);
    }
    let (kind, numbers) = text.split_once(':')?;
    let found = match (kind, numbers.split_once(':')) {
        ("start", None) => Position::BlockStart(numbers.parse().ok()?),
        ("log", None) => Position::Log(numbers.parse().ok()?, 0),
        ("log", Some((log, item))) => Position::Log(log.parse().ok()?, item.parse().ok()?),
        ("call", None) => Position::Trace(numbers.parse().ok()?),
        ("end", None) => Position::BlockEnd(numbers.parse().ok()?),
        _ => return None,
    };
    // One text for each position.
    (position(found) == text).then_some(found)
}

/// Returns the address of an account on a chain.
pub(crate) fn address(account: &AccountId, chain: &ChainId) -> String {
    account.to_address(chain).to_string()
}

/// Reads an address of a chain.
pub(crate) fn read_address(text: &str, chain: &ChainId) -> Option<AccountId> {
    let account = AccountId::try_from(&Address::check(text).ok()?).ok()?;
    (address(&account, chain) == text).then_some(account)
}

/// Returns a hash as the chain's explorers print it.
pub(crate) fn hash(hash: &[u8; 32], chain: &ChainId) -> String {
    let prefix = if chain.namespace() == "tron" { "" } else { "0x" };
    format!("{prefix}{}", hex::encode(hash))
}

/// Reads a hash as [`hash`] writes it.
pub(crate) fn read_hash(text: &str, chain: &ChainId) -> Option<[u8; 32]> {
    let digits = if chain.namespace() == "tron" { text } else { text.strip_prefix("0x")? };
    let bytes = hex::decode(digits).ok()?.try_into().ok()?;
    (hash(&bytes, chain) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_one_text_reads_as_a_position() {
        for text in ["log:1:0", "log:+1", "log:01", "transaction:0", "frame:1", "start:1:2", "", "log:", "call:x"] {
            assert_eq!(read_position(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn positions_addresses_and_hashes_read_back(n in any::<u32>(), m in any::<u32>(), bytes in any::<[u8; 32]>()) {
            for place in [
                Position::Transaction, Position::BlockStart(n), Position::BlockEnd(n), Position::Trace(n), Position::Log(n, m), Position::Log(n, 0),
            ] {
                prop_assert_eq!(read_position(&position(place)), Some(place));
            }
            let [evm, tron] = ["eip155:1", "tron:mainnet"].map(|c| ChainId::parse(c).unwrap());
            let account = AccountId::evm(bytes[..20].try_into().unwrap());
            for chain in [&evm, &tron] {
                prop_assert_eq!(read_address(&address(&account, chain), chain), Some(account));
                prop_assert_eq!(read_hash(&hash(&bytes, chain), chain), Some(bytes));
            }
            prop_assert_eq!(read_address(&address(&account, &evm), &tron), None);
        }
    }
}
