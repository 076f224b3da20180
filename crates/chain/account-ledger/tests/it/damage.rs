//! Values that changed on the disk and files that were cut off are errors and findings that name file and row, and never a panic.

use crate::common::{COLUMNS, Maker, Random, append, settings};
use holdfast_account_ledger::{AppendOptions, CheckReport, Ledger, LedgerError, TransferNumber};
use std::fs::OpenOptions;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// A ledger of which a part is indexed and a part is not.
fn filled(dir: &Path) -> Ledger {
    let mut ledger = Ledger::create_or_open(dir, &settings()).unwrap();
    let mut blocks = Vec::new();
    Maker::new(5).extend(&mut blocks, 0, 90);
    let options = AppendOptions { index_after: u64::MAX, ..AppendOptions::default() };
    append(&mut ledger, &blocks[..70], &options);
    ledger.rebuild_index(1 << 16).unwrap();
    append(&mut ledger, &blocks[70..], &options);
    ledger
}

fn report(ledger: &Ledger) -> CheckReport {
    ledger.check(&mut |_, _| ControlFlow::Continue(())).unwrap()
}

/// Calls everything; errors are as good as answers.
fn exercise(ledger: &Ledger) -> u64 {
    let (counts, mut errors) = (ledger.counts(), 0);
    let mut note = |failed: bool| errors += u64::from(failed);
    for n in 0..counts.blocks {
        note(ledger.block(n).is_err());
    }
    for tx in 0..counts.txs {
        note(ledger.tx(tx).map(|info| ledger.tx_by_hash(&info.hash)).is_err());
        note(ledger.transfers_of(tx).is_err());
        note(ledger.fee(tx).is_err());
        let _ = ledger.transfer(TransferNumber::new(tx * 3));
    }
    for account in 0..u32::try_from(counts.accounts).unwrap() {
        note(ledger.account(account).map(|id| ledger.account_number(&id)).is_err());
        let assets = ledger.assets_of(account);
        note(assets.is_err());
        for asset in assets.unwrap_or_default() {
            note(ledger.balance(account, asset).is_err());
            note(ledger.balance_at(account, asset, 40).is_err());
            note(ledger.postings(account, asset, 0..u64::MAX, 50).is_err());
        }
    }
    for asset in 0..u32::try_from(counts.assets).unwrap() {
        note(ledger.asset(asset).map(|token| ledger.asset_number(&token)).is_err());
        note(ledger.backing(asset).is_err());
        note(ledger.for_each_transfer_of_asset(asset, 0..u64::MAX, |_| ControlFlow::Continue(())).is_err());
    }
    errors
}

struct Flip {
    path: PathBuf,
    at: u64,
    byte: [u8; 1],
}

impl Flip {
    fn new(path: PathBuf, at: u64, bits: u8) -> Self {
        let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        file.write_all_at(&[byte[0] ^ bits], at).unwrap();
        Flip { path, at, byte }
    }
}

impl Drop for Flip {
    fn drop(&mut self) {
        OpenOptions::new().write(true).open(&self.path).unwrap().write_all_at(&self.byte, self.at).unwrap();
    }
}

fn len(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

#[test]
fn a_changed_byte_of_any_column_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = filled(dir.path());
    assert_eq!(exercise(&ledger), 0);
    assert!(report(&ledger).is_clean());
    drop(ledger);
    assert_eq!(Ledger::damage(dir.path()).unwrap(), [""; 0]);
    for column in COLUMNS {
        let path = dir.path().join(column);
        for at in [0, len(&path) / 2, len(&path) - 1] {
            let _flip = Flip::new(path.clone(), at, 0x10);
            let named = Ledger::damage(dir.path()).unwrap();
            assert!(named.len() == 1 && named[0].starts_with(&format!("{column}, row ")), "{column}: {named:?}");
            match Ledger::open(dir.path()) {
                Ok(ledger) => assert_eq!(report(&ledger).damage.first().map(|d| d.file), Some(column)),
                Err(e) => assert!(matches!(e, LedgerError::Damaged { .. }), "{e}"),
            }
        }
    }
    assert!(report(&Ledger::open(dir.path()).unwrap()).is_clean());
}

/// Without checksums the rows' own order has to do. Whatever is found, nothing panics.
#[test]
fn damage_anywhere_never_panics() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = filled(dir.path());
    let checksums = dir.path().join(format!("checksums-{}", ledger.revision()));
    drop(ledger);
    std::fs::remove_file(checksums).unwrap();
    let only = report(&Ledger::open(dir.path()).unwrap()).damage;
    assert!(only.len() == 1 && only[0].file == "checksums", "{only:?}");
    let mut random = Random(1);
    let index = |name: &str| format!("index-1/{name}");
    let index_files = [
        "txs",
        "accounts",
        "assets",
        "directory",
        "lists",
        "postings",
        "checkpoints",
        "asset-directory",
        "asset-ranges",
        "backing",
    ];
    let files = COLUMNS.iter().map(|c| (*c).to_owned()).chain(index_files.iter().map(|c| index(c)));
    for file in files {
        let path = dir.path().join(&file);
        let mut found = 0;
        for _ in 0..8 {
            let _flip = Flip::new(path.clone(), random.below(len(&path)), 1 << random.below(8));
            match Ledger::open(dir.path()) {
                Ok(ledger) => {
                    exercise(&ledger);
                    found += u32::from(report(&ledger).damage.len() > 1);
                }
                Err(e) => {
                    assert!(matches!(e, LedgerError::Damaged { .. }), "{file}: {e}");
                    found += 1;
                }
            }
        }
        // Most bits of these say what can be said another way.
        let telling = ["tx.first-transfer", "transfer.asset", "transfer.from", "accounts"];
        let telling_index = ["lists", "postings", "directory"].map(index);
        if telling.contains(&file.as_str()) || telling_index.contains(&file) {
            assert!(found >= 4, "{file}: only {found} of 8 were found");
        }
        println!("{file}: {found} of 8");
    }
}

#[test]
fn files_that_were_cut_off_do_not_open() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = filled(dir.path());
    ledger.rebuild_index(1 << 20).unwrap();
    let index = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().path());
    let index = index.into_iter().find(|p| p.is_dir()).unwrap();
    let files: Vec<PathBuf> = COLUMNS.iter().map(|c| dir.path().join(c)).collect();
    let of_index = std::fs::read_dir(&index).unwrap().map(|e| e.unwrap().path());
    for path in files.into_iter().chain(of_index) {
        let bytes = std::fs::read(&path).unwrap();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(bytes.len() as u64 - 1).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // Under an open ledger it is noticed before it is read.
        let noticed = ledger.check_lengths().unwrap_err().to_string();
        assert!(noticed.contains(&name) && noticed.contains("cut off"), "{noticed}");
        assert!(!report(&ledger).is_clean());
        let refused = Ledger::open(dir.path()).unwrap_err().to_string();
        assert!(refused.contains(&name), "{name}: {refused}");
        std::fs::write(&path, bytes).unwrap();
    }
    for (name, text) in [("MANIFEST", "nonsense"), ("MANIFEST", "")] {
        let path = dir.path().join(name);
        let good = std::fs::read(&path).unwrap();
        std::fs::write(&path, text).unwrap();
        assert!(matches!(Ledger::open(dir.path()), Err(LedgerError::Manifest(..))));
        std::fs::write(&path, good).unwrap();
    }
    Ledger::open(dir.path()).unwrap();
}

/// A value that changed is not taken over by the next commit.
#[test]
fn damage_is_never_blessed() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create_or_open(dir.path(), &settings()).unwrap();
    let mut blocks = Vec::new();
    Maker::new(6).extend(&mut blocks, 0, 30);
    append(&mut ledger, &blocks[..20], &AppendOptions::default());
    let _flip = Flip::new(dir.path().join("transfer.amount"), 3, 1);
    let more = &mut blocks[20..].iter().cloned();
    let refused = ledger.append(more, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(&refused, LedgerError::Damaged { file: "transfer.amount", row: 0, .. }), "{refused}");
}
