//! Values that changed on the disk are found and named; files that were cut off are noticed before they are read.

use holdfast_bitcoin::Network;
use holdfast_bitcoin::files::read_single_block;
use holdfast_utxo_ledger::{AppendOptions, Ledger, LedgerError, MemoryBlock, MemoryFeed, checksums};
use std::fs::OpenOptions;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

fn blocks() -> Vec<MemoryBlock> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../data/bitcoin/blk-1-256.dat.zst");
    let bytes = zstd::decode_all(std::fs::read(path).unwrap().as_slice()).unwrap();
    let (mut blocks, mut pos) = (Vec::new(), 0);
    while pos < bytes.len() {
        let len = u32::from_le_bytes(bytes[pos + 4..pos + 8].try_into().unwrap()) as usize;
        let block = read_single_block(bytes[pos + 8..pos + 8 + len].to_vec(), Network::Bitcoin).unwrap();
        blocks.push(MemoryBlock { height: blocks.len() as u32 + 1, block, spent: None });
        pos += 8 + len;
    }
    blocks
}

fn append(ledger: &mut Ledger, blocks: Vec<MemoryBlock>) -> Result<(), LedgerError> {
    ledger.append(&MemoryFeed(blocks), &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).map(|_| ())
}

fn filled(dir: &Path) -> Ledger {
    let mut ledger = Ledger::create_or_open(dir, Network::Bitcoin).unwrap();
    append(&mut ledger, blocks()).unwrap();
    ledger
}

fn problems(dir: &Path) -> (Option<u64>, Vec<String>) {
    let (compared, changed) = Ledger::damage(dir).unwrap();
    if Ledger::open(dir).is_err() {
        assert!(!changed.is_empty(), "a ledger that does not open says why");
        return (compared, changed);
    }
    let report = Ledger::open(dir).unwrap().check(false, &mut |_| ControlFlow::Continue(())).unwrap();
    (report.checksums, report.problems)
}

const COLUMNS: [(&str, u64); 9] = [
    ("blocks", 0),
    ("tx.id", 1),
    ("tx.first-output", 1),
    ("tx.first-input", 1),
    ("tx.meta", 1),
    ("output.value", 1),
    ("output.address", 1),
    ("input.prev", 0),
    ("addresses", 1),
];

/// One byte of any column, at its beginning, middle or end: a check names the column, and how to repair it.
#[test]
fn a_changed_byte_of_any_column_is_found_without_raw_blocks() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path()));
    let (compared, clean) = problems(dir.path());
    assert!(compared.is_some_and(|n| n >= 9) && clean.is_empty(), "{compared:?} {clean:?}");
    for (column, _) in COLUMNS {
        let path = dir.path().join(column);
        let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let len = file.metadata().unwrap().len();
        for at in [0, len / 2, len - 1] {
            let mut byte = [0];
            file.read_exact_at(&mut byte, at).unwrap();
            file.write_all_at(&[byte[0] ^ 0x10], at).unwrap();
            let (_, found) = problems(dir.path());
            let named = found.iter().any(|p| p.starts_with(&format!("column {column}: ")) && p.contains("restore"));
            assert!(named, "{column} at {at}: {found:?}");
            file.write_all_at(&byte, at).unwrap();
        }
    }
    assert!(problems(dir.path()).1.is_empty());
}

/// However the blocks came, and after reorganizations, the checksums fit; a changed value stops the next commit instead of being taken over.
#[test]
fn checksums_follow_appends_and_reorganizations_and_never_bless_damage() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create_or_open(dir.path(), Network::Bitcoin).unwrap();
    for part in blocks().chunks(50) {
        let part = part.iter().map(|b| MemoryBlock { height: b.height, block: b.block.clone(), spent: None }).collect();
        append(&mut ledger, part).unwrap();
        assert_eq!(problems(dir.path()).1, [""; 0]);
    }
    ledger.truncate(120).unwrap();
    assert_eq!(problems(dir.path()).1, [""; 0]);
    append(&mut ledger, blocks().split_off(119)).unwrap();
    assert_eq!(problems(dir.path()).1, [""; 0]);
    // Only the checksums of the current revision are left.
    let files = std::fs::read_dir(dir.path()).unwrap().filter_map(Result::ok);
    assert_eq!(files.filter(|f| f.file_name().to_string_lossy().starts_with("checksums-")).count(), 1);
    ledger.truncate(200).unwrap();
    let value = OpenOptions::new().write(true).open(dir.path().join("output.value")).unwrap();
    value.write_all_at(&[0x77], 8 * 100 + 2).unwrap();
    let refused = append(&mut ledger, blocks().split_off(199)).unwrap_err().to_string();
    assert!(refused.contains("column output.value") && refused.contains("blocks"), "{refused}");
}

/// A ledger of an earlier version opens as before and can be given checksums; damaged checksums are said.
#[test]
fn a_ledger_without_checksums_opens_and_is_given_some() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = filled(dir.path());
    let revision = ledger.revision();
    drop(ledger);
    let file = checksums::path(dir.path(), revision);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(problems(dir.path()), (None, Vec::new()));
    let mut ledger = Ledger::open_for_writing(dir.path()).unwrap();
    ledger.truncate(250).unwrap();
    append(&mut ledger, blocks().split_off(249)).unwrap();
    assert_eq!(problems(dir.path()).0, None, "none are made of what was never compared");
    assert!(ledger.write_checksums().unwrap() >= 9);
    let file = checksums::path(dir.path(), ledger.revision());
    drop(ledger);
    assert!(problems(dir.path()).0.is_some());
    std::fs::write(&file, "nonsense").unwrap();
    let (none, said) = problems(dir.path());
    assert!(none.is_none() && said.len() == 1 && said[0].starts_with("checksums: "), "{said:?}");
}

/// A file that something cut off under an open ledger is noticed before it is read.
#[test]
fn a_file_that_shrinks_under_an_open_ledger_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = filled(dir.path());
    ledger.rebuild_index(64 << 20).unwrap();
    ledger.check_lengths().unwrap();
    for name in ["output.value", "addresses"] {
        let path = dir.path().join(name);
        let bytes = std::fs::read(&path).unwrap();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(bytes.len() as u64 / 2).unwrap();
        let found = ledger.check_lengths().unwrap_err().to_string();
        assert!(found.contains(name) && found.contains("cut it off") && found.contains("restore"), "{found}");
        OpenOptions::new().write(true).open(&path).unwrap().write_all_at(&bytes, 0).unwrap();
        ledger.check_lengths().unwrap();
    }
}

/// Wherever the creation of a ledger ends, there is none, or one that can be read.
#[test]
fn a_ledger_whose_creation_was_interrupted_is_missing_or_readable() {
    for column in COLUMNS.iter().map(|c| c.0).chain(["externals"]) {
        let dir = tempfile::tempdir().unwrap();
        // A folder in the place of a file ends the creation there.
        let obstacle = dir.path().join(column);
        std::fs::create_dir(&obstacle).unwrap();
        Ledger::create_or_open(dir.path(), Network::Bitcoin).unwrap_err();
        std::fs::remove_dir(&obstacle).unwrap();
        match Ledger::open(dir.path()) {
            Ok(_) | Err(LedgerError::Missing(_)) => {}
            Err(e) => panic!("stopped at {column}: {e}"),
        }
        drop(Ledger::create_or_open(dir.path(), Network::Bitcoin).unwrap());
        assert_eq!(Ledger::open(dir.path()).unwrap().counts(), holdfast_utxo_ledger::Counts::default());
    }
}
