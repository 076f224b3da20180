//! Any bytes are answered as a wallet file of every format, and as vaults within JSON; what is said of them is bounded.
#![no_main]

use holdfast_forensics::{vaults, wallets};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    const NAMES: [&str; 3] = ["wallet.aes.json", "mbhd.wallet.aes", "default_wallet"];
    // Formats that begin with a magic are reached by the first byte.
    const HEADS: [&[u8]; 6] =
        [b"", b"SQLite format 3\0", b"\x0a\x16org.bitcoin.production", b"\xbaWALLET\0", b"{\"seed_version\":4,\"wallet_type\":\"old\",", b"{'seed': '"];
    let (first, rest) = data.split_first().unwrap_or((&0, &[]));
    let mut bytes = HEADS[usize::from(*first) % HEADS.len()].to_vec();
    bytes.extend_from_slice(rest);
    for name in NAMES {
        let _ = wallets::may_be(&bytes[..bytes.len().min(512)], name);
        if let Some(wallet) = wallets::recognise(&bytes, name) {
            for hit in wallet.hits() {
                assert!(!hit.value.is_empty() && hit.start <= hit.end && hit.end <= bytes.len());
            }
        }
    }
    let mut hits = Vec::new();
    vaults::find(&bytes, &mut hits);
    assert!(hits.iter().all(|h| h.start < h.end && h.end <= bytes.len()));
});
