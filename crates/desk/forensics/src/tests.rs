//! Whole scans of small material: what people and programs really leave, in the forms that they leave it.

use crate::leveldb::made;
use crate::scan::{Finding, MAX_UNPACKED, Progress, Report, scan, scan_at_most};
use crate::seal::Sealer;
use crate::words::LANGUAGES;
use crate::{Kind, disks};
use bip39::Language;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use unicode_normalization::UnicodeNormalization;

/// A test vector of BIP39 (16 bytes of 7f) in English.
const LEGAL: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

/// The phrase and a line's end, packed by xz (liblzma, preset 0) and as a 7z archive of one LZMA2 stream.
const XZ: &str = "fd377a585a000004e6d6b446020021010c0000008f98419ce0004b003c5d00361949297b34523c2ba04e18cad2cee05a1bb78f77743a0497f31dc143002c61384176c5649f4227fd338f450d4d100d8e14a9f9b7a84cda547ca000008ba846eaa4b9e83e0001584ccc6f8e2d1fb6f37d010000000004595a";
const SEVEN_ZIP: &str = "377abcaf271c00049e1b670f43000000000000003400000000000000f0d73301e0004b003b5d00361949297b34523c2ba19fac7bd879c72ddfe951f05a65992c4494a93994aa61a0e3043e9e9a237756eb7050cdc79518594648d65b72473899e000000104060001094300070b010001212101080c4c0a012aeaf2a90008000005011111006b00650079002e0074007800740000000000";

fn sealer() -> Sealer {
    Sealer::new(&["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p".to_owned()]).unwrap()
}

fn scanned(paths: &[PathBuf], out: &Path) -> Report {
    scan(paths, out, &sealer(), &mut |_: &Progress| ControlFlow::Continue(())).unwrap()
}

/// Scans files of a folder by names and contents.
fn of(files: &[(&str, Vec<u8>)]) -> Report {
    let dir = tempfile::tempdir().unwrap();
    let material = dir.path().join("material");
    std::fs::create_dir(&material).unwrap();
    for (name, bytes) in files {
        std::fs::write(material.join(name), bytes).unwrap();
    }
    scanned(&[material], &dir.path().join("out"))
}

fn kinds(report: &Report) -> Vec<Kind> {
    report.findings.iter().map(|f| f.kind).collect()
}

fn in_file<'a>(report: &'a Report, name: &str) -> Vec<&'a Finding> {
    report
        .findings
        .iter()
        .filter(|f| f.source.split("!/").next().is_some_and(|s| s.ends_with(&format!("/{name}"))))
        .collect()
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
}

#[test]
fn phrases_of_all_ten_lists_are_found_in_every_encoding_that_people_have() {
    let mut files: Vec<(String, Vec<u8>, String)> = Vec::new();
    for language in LANGUAGES {
        for round in 0..4u8 {
            let size = [16, 16, 24, 32][usize::from(round)];
            let entropy: Vec<u8> = (0..size)
                .map(|i: u8| i.wrapping_mul(37).wrapping_add(round.wrapping_mul(101)) ^ (language as u8) << 2)
                .collect();
            let phrase = bip39::Mnemonic::from_entropy_in(language, &entropy).unwrap().to_string();
            let print = crate::seal::fingerprint(&phrase);
            let text = format!("my words\n{phrase}\nend\n");
            let (nfc, nfkd): (String, String) = (text.nfc().collect(), text.nfkd().collect());
            for (form, text) in [("nfc", &nfc), ("nfkd", &nfkd)] {
                let name = |encoding: &str| format!("{language:?}_{round}_{form}_{encoding}");
                files.push((name("utf8"), text.clone().into_bytes(), print.clone()));
                files.push((name("utf16le"), utf16(text, false), print.clone()));
                files.push((name("utf16be"), utf16(text, true), print.clone()));
                files.push((name("bom"), utf16(&format!("\u{feff}{text}"), false), print.clone()));
            }
            let legacy: &[&encoding_rs::Encoding] = match language {
                Language::SimplifiedChinese => &[encoding_rs::GBK],
                Language::TraditionalChinese => &[encoding_rs::BIG5],
                Language::Japanese => &[encoding_rs::SHIFT_JIS, encoding_rs::EUC_JP],
                Language::Korean => &[encoding_rs::EUC_KR],
                Language::French | Language::Spanish => &[encoding_rs::WINDOWS_1252, encoding_rs::MACINTOSH],
                _ => &[],
            };
            for encoding in legacy {
                let (bytes, _, lost) = encoding.encode(&nfc);
                assert!(!lost, "{language:?} in {}", encoding.name());
                files.push((format!("{language:?}_{round}_{}", encoding.name()), bytes.into_owned(), print.clone()));
                // Anywhere in an image of a disk.
                let mut image: Vec<u8> = vec![0; 3_001];
                image.extend_from_slice(&encoding.encode(&nfc).0);
                image.resize(9_000, 0);
                files.push((format!("{language:?}_{round}_{}_image", encoding.name()), image, print.clone()));
            }
            let json = serde_json::Value::String(nfc.clone()).to_string();
            let escaped: String = json
                .chars()
                .map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", c as u32) })
                .collect();
            files.push((format!("{language:?}_{round}_json"), escaped.into_bytes(), print));
        }
    }
    let material: Vec<(&str, Vec<u8>)> = files.iter().map(|f| (f.0.as_str(), f.1.clone())).collect();
    let report = of(&material);
    let missed: Vec<&str> = files
        .iter()
        .filter(|(name, _, print)| !in_file(&report, name).iter().any(|f| f.kind == Kind::Bip39 && f.value == *print))
        .map(|f| f.0.as_str())
        .collect();
    assert!(missed.is_empty(), "{} of {} missed: {missed:?}", missed.len(), files.len());
}

const VAULT: &str = r#"{"data":"vXOTraxWuDmDrhxZ759NodhTmd4UQkThRG6Y","iv":"7hvnbvsoSQmAbWzfvtMkjA==","salt":"mHnV+cB0xsRJkFQyQ+7Z6g=="}"#;

#[test]
fn vaults_are_found_as_browsers_and_phones_store_them() {
    // The value of a browser's storage: JSON within JSON, so long that it crosses a block of the log.
    let filler = "x".repeat(32_700);
    let state = serde_json::json!({ "A": filler, "KeyringController": { "vault": VAULT }, "Z": filler }).to_string();
    let phone = VAULT.replace("\"data\"", "\"cipher\"").replace('}', ",\"lib\":\"original\"}");
    let engine = serde_json::json!({ "backgroundState": { "KeyringController": { "vault": phone } } }).to_string();
    let persist = serde_json::json!({ "user": "{}", "engine": engine }).to_string();
    let table = made::table(&[b"{}", state.as_bytes()]);
    // In an image of a disk the table lies anywhere.
    let mut image = vec![0x5a; 10_240];
    image.extend_from_slice(&table);
    image.resize(image.len() + 70_000, 0);
    let report = of(&[
        ("000003.log", made::log(&[b"first", state.as_bytes(), state.as_bytes()])),
        ("000005.ldb", table),
        ("disk.img", image),
        ("persist-root", persist.into_bytes()),
        ("vault.txt", VAULT.as_bytes().to_vec()),
    ]);
    for (name, about) in [
        ("000003.log", "browser"),
        ("000005.ldb", "browser"),
        ("disk.img", "browser"),
        ("persist-root", "phone"),
        ("vault.txt", "browser"),
    ] {
        let found = in_file(&report, name);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        let f = found[0];
        assert!(
            f.kind == Kind::WalletFile && f.detail.contains(about) && f.detail.contains("password"),
            "{name}: {f:?}"
        );
    }
}

#[test]
fn words_in_cells_runs_and_pages_are_read_as_people_see_them() {
    let words: Vec<&str> = LEGAL.split(' ').collect();
    let zip = |files: &[(&str, String)]| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, text) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    // A sheet stores each word once and refers to it by number.
    let mut shared: Vec<&str> = Vec::new();
    words.iter().for_each(|w| {
        if !shared.contains(w) {
            shared.push(w)
        }
    });
    let strings: String = shared.iter().map(|w| format!("<si><t>{w}</t></si>")).collect();
    let cell = |w: &str| format!("<c t=\"s\"><v>{}</v></c>", shared.iter().position(|s| *s == w).unwrap());
    let column: String = words.iter().map(|w| format!("<row>{}</row>", cell(w))).collect();
    let runs: String = words.iter().map(|w| format!("<w:r><w:t>{w}</w:t></w:r>")).collect();
    // A word in two pieces, as a spelling check leaves them.
    let pieces = LEGAL.replace("sausage", "sau</w:t></w:r><w:r><w:rPr><w:i/></w:rPr><w:t>sage");
    let mut page = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    let lines: String = words.iter().map(|w| format!("[({}) -10 ({})] TJ 0 -14 Td\n", &w[..2], &w[2..])).collect();
    write!(page, "BT /F1 12 Tf 10 700 Td\n{lines}ET").unwrap();
    let page = page.finish().unwrap();
    let mut pdf = b"%PDF-1.4\n1 0 obj\n<</Length 1 /Filter /FlateDecode>>\nstream\n".to_vec();
    pdf.extend_from_slice(&page);
    pdf.extend_from_slice(b"\nendstream\nendobj\n%%EOF");
    let report = of(&[
        (
            "sheet.xlsx",
            zip(&[
                ("xl/sharedStrings.xml", format!("<sst>{strings}</sst>")),
                ("xl/worksheets/sheet1.xml", format!("<sheetData>{column}</sheetData>")),
            ]),
        ),
        ("runs.docx", zip(&[("word/document.xml", format!("<w:document><w:p>{runs}</w:p></w:document>"))])),
        (
            "pieces.docx",
            zip(&[(
                "word/document.xml",
                format!("<w:document><w:p><w:r><w:t>{pieces}</w:t></w:r></w:p></w:document>"),
            )]),
        ),
        (
            "cells.ods",
            zip(&[(
                "content.xml",
                words.iter().map(|w| format!("<table:table-cell><text:p>{w}</text:p></table:table-cell>")).collect(),
            )]),
        ),
        ("page.pdf", pdf),
    ]);
    for name in ["sheet.xlsx", "runs.docx", "pieces.docx", "cells.ods", "page.pdf"] {
        let found = in_file(&report, name);
        assert_eq!(found.iter().map(|f| f.kind).collect::<Vec<_>>(), [Kind::Bip39], "{name}: {found:?}");
    }
    assert_eq!(report.not_opened().count(), 0, "{:?}", report.not_opened().collect::<Vec<_>>());
}

#[test]
fn common_containers_are_opened() {
    let text = format!("{}\n{LEGAL}\n", "nothing to see here. ".repeat(200));
    let mut bz = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bz.write_all(text.as_bytes()).unwrap();
    let xz = hex::decode(XZ).unwrap();
    let seven = hex::decode(SEVEN_ZIP).unwrap();
    let mut padded = LEGAL.as_bytes().to_vec();
    padded.push(b'\n');
    let report = of(&[
        ("a.bz2", bz.finish().unwrap()),
        ("b.xz", xz),
        ("c.7z", seven),
        ("d.qcow2", disks::made::qcow(b"nothing", &padded)),
        ("e.vmdk", disks::made::vmdk(&padded)),
        ("f.E01", disks::made::ewf(&padded, b"nothing")),
    ]);
    for name in ["a.bz2", "b.xz", "c.7z", "d.qcow2", "e.vmdk", "f.E01"] {
        assert!(in_file(&report, name).iter().any(|f| f.kind == Kind::Bip39), "{name}: {:?}", report.sources);
    }
    assert_eq!(report.not_opened().count(), 0, "{:?}", report.not_opened().collect::<Vec<_>>());
}

#[test]
fn what_is_not_opened_is_listed() {
    let mut locked = b"PK\x03\x04\x14\0\x01\0".to_vec();
    locked.extend_from_slice(&[0; 40]);
    let mut luks = b"LUKS\xba\xbe\0\x02".to_vec();
    luks.resize(4096, 0);
    // An archive in an image of a disk is known by its first bytes.
    let mut image = vec![0; 2048];
    image.extend_from_slice(b"Rar!\x1a\x07\x01\0 and so on");
    image.resize(80_000, 0);
    let report = of(&[
        ("a.rar", b"Rar!\x1a\x07\x01\0 and so on".to_vec()),
        ("b.zip", locked),
        ("c.luks", luks),
        ("d.img", image),
        ("e.pdf", b"%PDF-1.7\ntrailer <</Encrypt 5 0 R>>\n1 0 obj <<>>\nstream\nabc\nendstream\n%%EOF".to_vec()),
        ("f.7z", b"7z\xbc\xaf\x27\x1c\0\x04 and damage".to_vec()),
        ("g.xz", b"\xfd7zXZ\0\0\x04 and damage".to_vec()),
        ("h.txt", b"plain".to_vec()),
    ]);
    for (name, what) in [
        ("a.rar", "RAR"),
        ("b.zip", "zip"),
        ("c.luks", "LUKS"),
        ("d.img", "RAR"),
        ("e.pdf", "encrypted"),
        ("f.7z", "7z"),
        ("g.xz", "not read"),
    ] {
        let source = report.sources.iter().find(|s| s.path.ends_with(name)).unwrap();
        assert!(source.not_opened.iter().any(|n| n.contains(what)), "{name}: {source:?}");
        assert!(source.not_opened.iter().all(|n| source.warnings.contains(n)), "{source:?}");
    }
    assert_eq!(report.sources.iter().filter(|s| s.not_opened.is_empty()).count(), 1);
}

#[cfg(unix)]
#[test]
fn pipes_and_links_stop_no_scan_and_links_that_are_given_are_followed() {
    let dir = tempfile::tempdir().unwrap();
    let (material, other) = (dir.path().join("material"), dir.path().join("other"));
    std::fs::create_dir(&material).unwrap();
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("seed.txt"), LEGAL).unwrap();
    std::fs::write(material.join("plain.txt"), "nothing").unwrap();
    assert!(std::process::Command::new("mkfifo").arg(material.join("pipe")).status().unwrap().success());
    std::os::unix::fs::symlink(&other, material.join("away")).unwrap();
    std::os::unix::fs::symlink(material.join("plain.txt"), material.join("within")).unwrap();
    let report = scanned(std::slice::from_ref(&material), &dir.path().join("out"));
    assert!(report.complete);
    let listed: Vec<&str> = report.not_opened().collect();
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert!(
        listed.iter().any(|s| s.contains("pipe: is a pipe")) && listed.iter().any(|s| s.contains("away: a link")),
        "{listed:?}"
    );
    // As an argument a link is what it leads to, a pipe is reported, and a device without an end too.
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(&other, &link).unwrap();
    let paths = [link, material.join("pipe"), PathBuf::from("/dev/zero")];
    let report = scanned(&paths, &dir.path().join("second"));
    assert_eq!(kinds(&report), [Kind::Bip39]);
    assert_eq!(report.not_opened().count(), 2);
}

#[test]
fn a_scan_goes_on_from_what_is_sound() {
    let dir = tempfile::tempdir().unwrap();
    let (material, out) = (dir.path().join("material"), dir.path().join("out"));
    std::fs::create_dir(&material).unwrap();
    for (i, size) in [16, 20, 24].into_iter().enumerate() {
        let phrase = bip39::Mnemonic::from_entropy_in(Language::English, &vec![7 + i as u8; size]).unwrap().to_string();
        std::fs::write(material.join(format!("{i}.txt")), phrase).unwrap();
    }
    let again = || scanned(std::slice::from_ref(&material), &out);
    let first = again();
    assert_eq!((first.findings.len(), first.sealed.len(), first.notes.len()), (3, 3, 0));
    let same = |damaged: &str| {
        let report = again();
        let (mut now, mut then) = (report.findings.clone(), first.findings.clone());
        now.sort_by(|a, b| a.source.cmp(&b.source));
        then.sort_by(|a, b| a.source.cmp(&b.source));
        assert_eq!(now, then, "{damaged}");
        assert_eq!((report.sources.len(), report.sealed.len(), report.complete), (3, 3, true), "{damaged}");
        assert_eq!(again().notes, Vec::<String>::new(), "{damaged}: sound after it");
        report.notes
    };
    for content in ["", "{\"half a", "\0\0\0\0"] {
        std::fs::write(out.join("state.json"), content).unwrap();
        assert_eq!(same("state.json").len(), 1);
    }
    // A file of results that lost its end, or has damage in its middle.
    for name in ["findings.jsonl", "sealed.jsonl", "sources.jsonl"] {
        let whole = std::fs::read(out.join(name)).unwrap();
        std::fs::write(out.join(name), &whole[..whole.len() / 2]).unwrap();
        assert!(!same(name).is_empty(), "{name} cut");
        let mut damaged = std::fs::read(out.join(name)).unwrap();
        damaged[3] = 0xff;
        std::fs::write(out.join(name), &damaged).unwrap();
        assert!(!same(name).is_empty(), "{name} damaged");
    }
}

#[test]
fn a_scan_stops_within_what_it_unpacks() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("many.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&file).unwrap());
    for i in 0..200 {
        zip.start_file(format!("{i}"), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&vec![b' '; 100_000]).unwrap();
    }
    zip.finish().unwrap();
    let mut beats = 0;
    let report =
        scan_at_most(std::slice::from_ref(&file), &dir.path().join("out"), None, &sealer(), MAX_UNPACKED, &mut |_| {
            beats += 1;
            if beats > 20 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert!(!report.complete && report.sources.is_empty());
    assert!(beats < 40, "called {beats} times after it was to stop");
    assert!(scanned(std::slice::from_ref(&file), &dir.path().join("out")).complete);
}

#[test]
fn sources_below_a_folder_carry_their_path_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("note.txt");
    std::fs::write(&file, "pay to 13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48").unwrap();
    let out = dir.path().join("out");
    let go_on = &mut |_: &Progress| ControlFlow::Continue(());
    let mut scan_below =
        || scan_at_most(std::slice::from_ref(&file), &out, Some(dir.path()), &sealer(), MAX_UNPACKED, go_on).unwrap();
    let report = scan_below();
    assert_eq!(report.sources[0].path, "note.txt");
    assert_eq!(report.findings[0].source, "note.txt");
    let written = std::fs::read_to_string(out.join("findings.jsonl")).unwrap();
    assert!(!written.contains(&dir.path().display().to_string()), "{written}");
    // A second call knows what was done by the same name.
    assert_eq!(scan_below().findings.len(), report.findings.len());
}
