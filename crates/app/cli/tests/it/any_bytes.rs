//! Files from outside, damaged at random: each is answered, never with a panic, and what is changed is never taken for whole. The same
//! entry points are fuzzed in `fuzz/`.

use holdfast_decision::tables::{self, Imported, LineError, ReadOptions};
use holdfast_decision::{Event, Record, RuleBook};
use holdfast_input::time::DateOrder;
use holdfast_simulate::random::Random;
use holdfast_types::Timestamp;

/// Changes some bytes, cuts, doubles or moves a piece.
fn damaged(seed: &[u8], words: &[&[u8]], random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() as u64 + 1) as usize;
        let end = (at + random.below(40) as usize).min(bytes.len());
        match random.below(6) {
            0 if at < bytes.len() => bytes[at] = random.below(256) as u8,
            1 => {
                bytes.drain(at..end);
            }
            2 => {
                let piece = bytes[at..end].to_vec();
                let to = random.below(bytes.len() as u64 + 1) as usize;
                bytes.splice(to..to, piece);
            }
            3 => bytes.truncate(at.max(1)),
            _ => {
                let word = words[random.below(words.len() as u64) as usize];
                bytes.splice(at..at, word.iter().copied());
            }
        }
        if bytes.is_empty() {
            bytes.push(b'x');
        }
    }
    bytes
}

fn check<T>(read: Result<Imported<T>, LineError>, valid: impl Fn(&T) -> bool) {
    match read {
        Ok(read) => {
            assert!(read.items.iter().all(valid));
            assert_eq!(read.refused == 0, read.faults.is_empty());
            assert!(read.faults.iter().all(|f| f.line > 0 && !f.problem.is_empty()));
        }
        Err(fault) => assert!(fault.line > 0 && !fault.problem.is_empty()),
    }
}

#[test]
fn any_table_or_json_lines_are_answered_line_by_line() {
    let table = "sep=;\nkind;id;time;customer;name;phone;created;flags;level;fingerprint\ncustomer;c1;25.03.2026 10:00;;\"A;\"\"n\";+49;1700000000;a b;;\n\
                 bank_account;b;1700000000;c1;;;;;;DE89370400440532013000\nkyc;k;2026-03-25T10:00:00Z;c1;;;;;2;\n";
    let lines = "{\"kind\":\"customer\",\"id\":\"c\",\"time\":1700000000}\n{\"id\":\"e\",\"time\":1700000000,\"kind\":\"account\",\"customer\":\"c\",\"action\":\"login\"}\n";
    let utf16: Vec<u8> = format!("\u{feff}{table}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let words: [&[u8]; 15] = [
        b"\"",
        b"\"\"",
        b";",
        b"\r",
        b"\n",
        b"\t",
        b"sep=",
        b"1,23457E+15",
        b"#REF!",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\0",
        b"31.02.2026",
        b"=\"",
        "１٣\u{202e}é".as_bytes(),
    ];
    let mut random = Random::new(17);
    for round in 0..6_000u64 {
        let seed = [table.as_bytes(), lines.as_bytes(), &utf16][(round % 3) as usize];
        let bytes = damaged(seed, &words, &mut random);
        let dates = [DateOrder::Unambiguous, DateOrder::DayFirst, DateOrder::MonthFirst][(round / 3 % 3) as usize];
        let options = ReadOptions { dates, encoding: [None, Some("shift_jis")][(round / 9 % 2) as usize] };
        check(tables::read_records(&bytes, &options), |r: &Record| r.validate().is_ok());
        check(tables::read_events(&bytes, &options), |e: &Event| e.validate().is_ok());
        check(tables::read_json_records(&bytes, &options), |r| r.validate().is_ok());
        check(tables::read_json_events(&bytes, &options), |e| e.validate().is_ok());
    }
}

#[test]
fn any_rule_book_is_answered() {
    let book = "title: t\nlists: {bad: [a, b]}\nrules:\n  - id: r\n    version: 1\n    state: live\n    title: t\n    on: [withdrawal, payment]\n    \
                when: event.value > 5 && (customer.country in lists.bad || event.asset.startsWith('B'))\n    decision: review\n    source: [s]\n";
    RuleBook::parse(book, 1).unwrap();
    let words: [&[u8]; 14] = [
        b"(",
        b")",
        b"[",
        b"{",
        b" && ",
        b"!",
        b"?",
        b".map(x, x)",
        b"9223372036854775807",
        b"* 2 ",
        b"&a [*a]",
        b"'",
        b"- ",
        b"event.",
    ];
    let mut random = Random::new(18);
    for _ in 0..1_500 {
        if let Ok(text) = String::from_utf8(damaged(book.as_bytes(), &words, &mut random)) {
            let _ = RuleBook::parse(&text, 1);
        }
    }
    for nested in [
        "(".repeat(5_000),
        "[".repeat(5_000),
        "!".repeat(5_000),
        "-".repeat(4_000),
        "a ? ".repeat(900),
        "{1:".repeat(900),
    ] {
        let deep = book.replace("event.value > 5", &format!("{nested}1"));
        assert!(RuleBook::parse(&deep, 1).is_err());
        assert!(RuleBook::parse(&nested, 1).is_err());
    }
}

/// A certificate's credential, signed.
fn jwt(credential: &[u8]) -> Vec<u8> {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ed25519_dalek::{Signer, SigningKey};
    let key = SigningKey::from_bytes(&[7; 32]);
    let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
    let header = format!(r#"{{"alg":"EdDSA","typ":"JWT","jwk":{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}}}"#);
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(credential));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).to_bytes());
    format!("{signed}.{signature}").into_bytes()
}

#[test]
fn any_certificate_is_answered_and_a_changed_one_never_holds() {
    use holdfast_academy::certificate::{is_certificate, verify};
    let credential = r#"{"@context":["https://www.w3.org/ns/credentials/v2","x"],"id":"urn:uuid:1","type":["VerifiableCredential","OpenBadgeCredential"],
        "issuer":{"id":"did:key:z6Mk"},"validFrom":"2026-09-21T08:00:00Z","validUntil":"2030-01-01T00:00:00Z","credentialSubject":{"id":"u","identifier":
        [{"identityType":"ext:name","identityHash":"محمد 王"}],"result":[{"resultDescription":"a","value":"90.0"}],"achievement":{"name":"n"}},"nbf":1789977600}"#;
    let words: [&[u8]; 8] = [b"\"", b"{", b"[]", b"\\ud800", b"eyJ", "\u{202e}👍ก".as_bytes(), b"-1e400", b"."];
    let whole = jwt(credential.as_bytes());
    let mut random = Random::new(19);
    for _ in 0..2_000 {
        let changed = damaged(&whole, &words, &mut random);
        let _ = is_certificate(&changed);
        assert!(changed == whole || !verify(&changed, None, Timestamp::from_unix(1_800_000_000)).holds());
        // Signed, so that what stands in it is reached.
        let signed = jwt(&damaged(credential.as_bytes(), &words, &mut random));
        let _ = verify(&signed, None, Timestamp::from_unix(1_800_000_000));
    }
    for _ in 0..30 {
        let signed = jwt(&damaged(credential.as_bytes(), &words, &mut random));
        let pdf = [b"%PDF-1.7\n", signed.as_slice(), b"\n"].concat();
        assert!(!verify(&pdf, None, Timestamp::from_unix(1_800_000_000)).holds());
    }
}

#[test]
fn any_package_is_answered_and_none_holds_unsigned() {
    use holdfast_requests::production::verify;
    let manifest = r#"{"production":1,"files":[{"name":"production.json","size":2,"sha256":"00"}],"signer":"00"}"#;
    let package = |manifest: &[u8]| {
        use std::io::Write;
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in [("manifest.json", manifest), ("manifest.sig", b"00"), ("production.json", b"{}")] {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    let words: [&[u8]; 6] = [b"PK\x03\x04", b"PK\x05\x06", b"\xff\xff\xff\xff", b"{", b"\"", b"../"];
    let mut random = Random::new(20);
    let whole = package(manifest.as_bytes());
    for _ in 0..3_000 {
        assert!(!verify(&damaged(&whole, &words, &mut random), None).failures.is_empty());
        assert!(!verify(&package(&damaged(manifest.as_bytes(), &words, &mut random)), None).failures.is_empty());
    }
}
