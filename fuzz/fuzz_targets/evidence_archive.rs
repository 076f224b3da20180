//! Any bytes are answered as an archive, a document or an image of a disk of every kind, within bounds; secrets are never shown.
#![no_main]

use holdfast_input::document_text as documents;
use holdfast_forensics::scan::in_memory;
use holdfast_forensics::seal::Sealer;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// Most bytes that an input unpacks to: with coverage, a scan does about one MiB a second.
const MAX_UNPACKED: u64 = 1 << 20;

static SEALER: LazyLock<Sealer> = LazyLock::new(|| {
    Sealer::new(&["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p".to_owned()]).expect("the key is one")
});

fuzz_target!(|data: &[u8]| {
    // Formats that begin with a magic are reached by the first byte.
    const HEADS: [&[u8]; 11] = [
        b"", b"PK\x03\x04", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c\0\x04", b"BZh91AY&SY", b"%PDF-1.4 ",
        b"QFI\xfb\0\0\0\x02", b"KDMV\x01\0\0\0", b"EVF\x09\x0d\x0a\xff\0\x01\x01\0\0\0",
    ];
    let (first, rest) = data.split_first().unwrap_or((&0, &[]));
    let mut bytes = HEADS[usize::from(*first) % HEADS.len()].to_vec();
    bytes.extend_from_slice(rest);
    let report = in_memory("fuzz", &bytes, &SEALER, MAX_UNPACKED).expect("secrets are sealed");
    for f in report.findings.iter().filter(|f| f.kind.is_secret()) {
        assert_eq!(f.value.len(), 16, "a secret is its fingerprint");
    }
    let text = String::from_utf8_lossy(&bytes);
    let strings = documents::shared_strings(&text);
    let _ = (documents::paragraphs(&text), documents::sheet(&text, &strings), documents::page_text(&bytes), documents::pdf(&bytes));
});
