//! Wallet files and traces of hardware wallets and companion apps, by their content.

use crate::{Confidence, Hit, Kind};
use aho_corasick::packed::Searcher;
use std::sync::LazyLock;

/// Wallets of text: a word, what must stand within some kilobytes of it, and what that is.
const WALLETS: [(&str, &[&str], &str); 5] = [
    ("\"seed_version\"", &["\"wallet_type\""], "Electrum wallet"),
    ("'seed_version'", &["'master_public_key'"], "Electrum wallet, version 1"),
    ("\"ciphertext\"", &["\"kdfparams\"", "\"mac\"", "\"version\""], "Ethereum keystore, version 3"),
    ("\"salt\"", &["\"iv\"", "\"data\""], "MetaMask vault"),
    ("\"pbkdf2_iterations\"", &["\"payload\""], "Blockchain.com wallet or one like it"),
];
/// A vault's salt within JSON within JSON.
const ESCAPED_SALT: &str = "\\\"salt";

/// Words that identify hardware wallets and companion apps, in lower case: USB vendor and product ids as Windows and Linux write them, names of
/// apps and their folders (the vendors' own documents).
const TRACES: [(&str, &str); 24] = [
    ("vid_2c97", "Ledger device (USB vendor 2c97)"),
    ("vid_2581&pid_3b7c", "Ledger Nano S, old firmware (USB 2581:3b7c)"),
    ("vid_534c&pid_0001", "Trezor One (USB 534c:0001)"),
    ("vid_1209&pid_53c1", "Trezor (USB 1209:53c1)"),
    ("vid_1209&pid_53c0", "Trezor bootloader (USB 1209:53c0)"),
    ("vid_2b24&pid_0001", "KeepKey (USB 2b24:0001)"),
    ("vid_2b24&pid_0002", "KeepKey (USB 2b24:0002)"),
    ("vid_03eb&pid_2402", "BitBox (USB 03eb:2402)"),
    ("vid_03eb&pid_2403", "BitBox02 (USB 03eb:2403)"),
    ("vid_d13e&pid_cc10", "Coldcard (USB d13e:cc10)"),
    ("idvendor=2c97", "Ledger device (USB vendor 2c97)"),
    ("idvendor=534c", "Trezor One (USB vendor 534c)"),
    ("idvendor=1209, idproduct=53c1", "Trezor (USB 1209:53c1)"),
    ("idvendor=2b24", "KeepKey (USB vendor 2b24)"),
    ("idvendor=03eb, idproduct=2403", "BitBox02 (USB 03eb:2403)"),
    ("idvendor=d13e", "Coldcard (USB vendor d13e)"),
    ("ledger live", "Ledger Live (app)"),
    ("ledger wallet.exe", "Ledger Wallet (app)"),
    ("trezor suite", "Trezor Suite (app)"),
    ("@trezor/suite-desktop", "Trezor Suite (app)"),
    ("bitboxapp", "BitBoxApp (app)"),
    ("exodus.wallet", "Exodus (wallet folder)"),
    ("nkbihfbeogaeaoehlefnkodbefgpgknn", "MetaMask (browser extension)"),
    ("wasabi wallet", "Wasabi Wallet (app)"),
];

/// Parts of the words above that are searched, few enough to be found many bytes at a time; the words are compared around them.
const ANCHORS: [&str; 11] = [
    "VID_",
    "vid_",
    "idVendor=",
    "idvendor=",
    "edger ",
    "rezor",
    "itBoxApp",
    "itboxapp",
    "xodus.wallet",
    "nkbihfbe",
    "asabi ",
];

static WORDS: LazyLock<Searcher> = LazyLock::new(|| {
    let wallets = WALLETS.iter().map(|w| w.0);
    Searcher::new(ANCHORS.iter().copied().chain(wallets).chain([ESCAPED_SALT])).expect("the words are short and few")
});

fn hit(kind: Kind, start: usize, end: usize, detail: &str, confidence: Confidence) -> Hit {
    Hit { kind, start, end, value: detail.to_owned(), confidence, detail: detail.to_owned() }
}

/// Finds traces and wallets of text (Electrum, keystores, MetaMask) in a text.
pub fn find(text: &str, hits: &mut Vec<Hit>) {
    let mut found_already = [false; WALLETS.len()];
    let (mut vaults, mut found_vaults) = (false, false);
    let bytes = text.as_bytes();
    for found in WORDS.find_iter(text) {
        let (at, end, number) = (found.start(), found.end(), found.pattern().as_usize());
        if let Some(anchor) = ANCHORS.get(number) {
            for (word, detail) in TRACES {
                let Some(offset) = word.find(&anchor.to_ascii_lowercase()) else { continue };
                let Some(begin) = at.checked_sub(offset) else { continue };
                if bytes.get(begin..begin + word.len()).is_some_and(|w| w.eq_ignore_ascii_case(word.as_bytes())) {
                    hits.push(hit(Kind::Trace, begin, begin + word.len(), detail, Confidence::Medium));
                    break;
                }
            }
            continue;
        }
        let number = number - ANCHORS.len();
        if WALLETS.get(number).is_none_or(|w| w.2 == "MetaMask vault") {
            if !vaults {
                vaults = true;
                let before = hits.len();
                crate::vaults::find(bytes, hits);
                found_vaults = hits.len() > before;
            }
            if found_vaults || number >= WALLETS.len() {
                continue;
            }
        }
        let (_, others, detail) = WALLETS[number];
        let (mut low, mut high) = (at.saturating_sub(4_096), (at + 4_096).min(text.len()));
        while !text.is_char_boundary(low) {
            low += 1;
        }
        while !text.is_char_boundary(high) {
            high -= 1;
        }
        if !found_already[number] && others.iter().all(|o| text[low..high].contains(o)) {
            found_already[number] = true;
            hits.push(hit(Kind::WalletFile, at, end, detail, Confidence::High));
        }
    }
    if text.starts_with("QklFM") {
        // "BIE1" in base64: Electrum encrypts whole files so.
        hits.push(hit(Kind::WalletFile, 0, 5, "Electrum wallet, encrypted", Confidence::Medium));
    }
}

/// Returns the kind of a file of a binary format, by its first bytes (at least 512 where there are so many).
#[must_use]
pub fn binary(head: &[u8]) -> Option<&'static str> {
    let at = |from: usize, bytes: &[u8]| head.get(from..from + bytes.len()) == Some(bytes);
    // Berkeley DB's btree magic at 12 (db_page.h), either byte order; Bitcoin Core's and its forks' wallets are such files.
    if at(12, &[0x62, 0x31, 0x05, 0x00]) || at(12, &[0x00, 0x05, 0x31, 0x62]) {
        return Some("Bitcoin Core wallet or another Berkeley DB (wallet.dat)");
    }
    // SQLite's application id at 68: the network's magic (Bitcoin Core, walletdb sqlite.cpp).
    if at(0, b"SQLite format 3\0") {
        return match head.get(68..72)? {
            [0xf9, 0xbe, 0xb4, 0xd9] => Some("Bitcoin Core wallet, descriptors (SQLite)"),
            [0xfb, 0xc0, 0xb6, 0xdb] => Some("Litecoin Core wallet, descriptors (SQLite)"),
            _ => None,
        };
    }
    None
}

/// Returns whether a file is a picture that may hold a QR code, by its first bytes.
#[must_use]
pub fn picture(head: &[u8]) -> bool {
    head.starts_with(b"\x89PNG\r\n\x1a\n")
        || head.starts_with(&[0xff, 0xd8, 0xff])
        || head.starts_with(b"GIF8")
        || head.starts_with(b"BM")
}

/// Returns the texts of the QR codes in a picture. Pictures over 64 megapixels are not decoded.
#[must_use]
pub fn qr_codes(bytes: &[u8]) -> Vec<String> {
    let Ok(reader) = image::ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format() else {
        return Vec::new();
    };
    let mut reader = reader;
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(16_384);
    limits.max_image_height = Some(16_384);
    limits.max_alloc = Some(512 << 20);
    reader.limits(limits);
    let Ok(picture) = reader.decode() else { return Vec::new() };
    if u64::from(picture.width()) * u64::from(picture.height()) > 64_000_000 {
        return Vec::new();
    }
    let mut prepared = rqrr::PreparedImage::prepare(picture.to_luma8());
    prepared.detect_grids().iter().filter_map(|g| g.decode().ok()).map(|(_, text)| text).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wallets_and_traces() {
        let of = |text: &str| {
            let mut hits = Vec::new();
            find(text, &mut hits);
            hits.into_iter().map(|h| h.detail).collect::<Vec<_>>()
        };
        assert_eq!(of(r"USB\VID_534C&PID_0001\6&1"), ["Trezor One (USB 534c:0001)"]);
        assert_eq!(
            of("usb 1-2: New USB device found, idVendor=2c97, idProduct=0001"),
            ["Ledger device (USB vendor 2c97)"]
        );
        assert_eq!(
            of(r#"{"seed_version": 17, "use_encryption": false, "wallet_type": "standard"}"#),
            ["Electrum wallet"]
        );
        let keystore = r#"{"version":3,"crypto":{"ciphertext":"00","kdf":"scrypt","kdfparams":{},"mac":"00"}}"#;
        assert_eq!(of(keystore), ["Ethereum keystore, version 3"]);
        assert_eq!(of(r#"{"data":"x","iv":"y","salt":"z"}"#), ["MetaMask vault"]);
        assert!(of("the salt of the earth").is_empty());
        let mut head = vec![0; 512];
        head[12..16].copy_from_slice(&[0x62, 0x31, 0x05, 0x00]);
        assert!(binary(&head).unwrap().contains("wallet.dat"));
        let mut head = vec![0; 512];
        head[..16].copy_from_slice(b"SQLite format 3\0");
        assert_eq!(binary(&head), None);
        head[68..72].copy_from_slice(&[0xf9, 0xbe, 0xb4, 0xd9]);
        assert!(binary(&head).is_some());
        assert_eq!(binary(b"short"), None);
    }
}
