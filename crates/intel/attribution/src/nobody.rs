//! Addresses that nobody controls: null, burn and precompile addresses. Everybody pays them (mints, burns, contract calls), so that a tag on
//! one would mark strangers. They are never entities.

use holdfast_bitcoin::{AddressKey, Network};

/// Placeholders and burn addresses of EVM chains, besides the null address and the precompiles, in lower case.
const EVM: [&str; 6] = [
    "0x000000000000000000000000000000000000dead",
    "0xdead000000000000000000000000000000000000",
    "0xdead000000000000000042069420694206942069",
    "0xdeaddeaddeaddeaddeaddeaddeaddeaddeaddead",
    "0xffffffffffffffffffffffffffffffffffffffff",
    // Stands for the native coin in token contracts.
    "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
];

/// Burn addresses and system accounts of other chains whose form alone does not show it.
const OTHERS: [(&str, &str); 14] = [
    // Bitcoin: vanity addresses without a known private key.
    ("1BitcoinEaterAddressDontSendf59kuE", "burn address"),
    ("1CounterpartyXXXXXXXXXXXXXXXUWLpVr", "burn address"),
    ("1ChancecoinXXXXXXXXXXXXXXXXXZELUFD", "burn address"),
    // Tron: 41 and twenty zero bytes, and the "black hole" of the genesis block.
    ("T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb", "null address"),
    ("TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy", "black hole"),
    ("410000000000000000000000000000000000000000", "null address"),
    ("4177944d19c052b73ee2286823aa83f8138cb7032f", "black hole"),
    // Solana.
    ("11111111111111111111111111111111", "system program"),
    ("1nc1nerator11111111111111111111111111111111", "burn address"),
    // XRP Ledger's special accounts.
    ("rrrrrrrrrrrrrrrrrrrrrhoLvTp", "null address"),
    ("rrrrrrrrrrrrrrrrrrrrBZbvji", "null address"),
    ("rrrrrrrrrrrrrrrrrNAMEtxvNvQ", "black hole"),
    ("rrrrrrrrrrrrrrrrrrrn5RM1rHd", "black hole"),
    // Stellar.
    ("GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF", "null address"),
];

/// Returns what an address without an owner is (`null address`, `precompiled contract`, `burn address`, ...); `None` for all others.
#[must_use]
pub fn kind(address: &str) -> Option<&'static str> {
    let address = address.trim();
    let lower = address.to_ascii_lowercase();
    // Tron writes EVM addresses too, with 41 before the 20 bytes, and TVM contracts log them with 0x.
    let hex = lower.strip_prefix("0x").unwrap_or(&lower);
    if matches!(hex.len(), 40 | 42) && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        let payload = if hex.len() == 42 { hex.strip_prefix("41")? } else { hex };
        if payload.bytes().all(|b| b == b'0') {
            return Some("null address");
        }
        // Precompiles lie below 0x200 on Ethereum and the chains that followed it (0x100: RIP-7212).
        if payload[..37].bytes().all(|b| b == b'0') && u16::from_str_radix(&payload[37..], 16).is_ok_and(|n| n < 0x200)
        {
            return Some("precompiled contract");
        }
        if EVM.iter().any(|known| &known[2..] == payload) {
            return Some("burn address");
        }
    }
    if let Some((_, kind)) = OTHERS.iter().find(|(known, _)| *known == address || *known == lower) {
        return Some(kind);
    }
    // A hash or program of zeros: no script or key is known that hashes to it. Their text begins as no other's, which spares decoding the rest.
    let begins = ["1111111", "31h1", "LKD", "M7u"].iter().any(|start| address.starts_with(start));
    if !begins && !lower.contains("qqqqqqqqqqqqqqqq") {
        return None;
    }
    [Network::Bitcoin, Network::Litecoin].into_iter().find_map(|network| {
        let key = AddressKey::parse(address, network).ok()?;
        key.payload().iter().all(|b| *b == 0).then_some("burn address")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_dead_and_precompile_addresses_have_no_owner() {
        for (address, is) in [
            ("0x0000000000000000000000000000000000000000", "null address"),
            ("0X0000000000000000000000000000000000000000", "null address"),
            ("0x0000000000000000000000000000000000000001", "precompiled contract"),
            ("0x0000000000000000000000000000000000000011", "precompiled contract"),
            ("0x0000000000000000000000000000000000000100", "precompiled contract"),
            ("0x000000000000000000000000000000000000dEaD", "burn address"),
            ("0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE", "burn address"),
            ("T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb", "null address"),
            ("TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy", "black hole"),
            ("410000000000000000000000000000000000000000", "null address"),
            ("1111111111111111111114oLvT2", "burn address"),
            ("1BitcoinEaterAddressDontSendf59kuE", "burn address"),
            ("bc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq9e75rs", "burn address"),
            ("BC1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ9E75RS", "burn address"),
        ] {
            assert_eq!(kind(address), Some(is), "{address}");
        }
        for address in [
            "0xdAC17F958D2ee523a2206206994597C13D831ec7",
            "0x0000000000000000000000000000000000000200",
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
            "",
        ] {
            assert_eq!(kind(address), None, "{address}");
        }
    }

    #[test]
    fn hashes_of_zeros_have_no_owner_in_any_form() {
        use holdfast_bitcoin::ScriptClass;
        for network in [Network::Bitcoin, Network::Litecoin] {
            for class in
                [ScriptClass::P2pkh, ScriptClass::P2sh, ScriptClass::P2wpkh, ScriptClass::P2wsh, ScriptClass::P2tr]
            {
                let text = AddressKey::new(class, &[0; 32][..class.payload_len()]).to_text(network);
                assert_eq!(kind(&text), Some("burn address"), "{text}");
            }
        }
    }

    #[test]
    fn listed_bitcoin_addresses_are_addresses() {
        for (address, _) in
            OTHERS.iter().filter(|o| o.0.starts_with("1") && o.0.len() < 36 && !o.0.starts_with("11111"))
        {
            let parsed = AddressKey::parse(address, Network::Bitcoin);
            assert!(parsed.is_ok(), "{address}: {parsed:?}");
        }
    }
}
