//! Random histories against plain lists and maps: every answer equal, whatever the batches, after reorganizations, and in snapshots.

use crate::common::{COLUMNS, Maker, Model, Random, append, check, compare, settings};
use holdfast_account_ledger::{AppendOptions, Assets, Ledger, Settings};
use holdfast_types::BlockTransfers;
use std::path::Path;

/// Histories to try: more in a soak.
fn rounds(few: u64) -> u64 {
    std::env::var("ACCOUNT_LEDGER_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(few)
}

fn options(random: &mut Random) -> AppendOptions {
    AppendOptions {
        batch: 1 + random.below(300),
        // Small enough that sorts go to files and finer partitions.
        memory: [0, 20_000, 1 << 20][usize::try_from(random.below(3)).unwrap()],
        index_after: [0, 100, 1 << 20][usize::try_from(random.below(3)).unwrap()],
    }
}

/// The committed part of every column, by the lengths that a fresh ledger of the same blocks has.
fn columns(dir: &Path, like: &Path) -> Vec<Vec<u8>> {
    let read = |name: &&str| {
        let len = std::fs::metadata(like.join(name)).unwrap().len();
        let mut bytes = std::fs::read(dir.join(name)).unwrap();
        bytes.truncate(usize::try_from(len).unwrap());
        bytes
    };
    COLUMNS.iter().map(read).collect()
}

fn index_files(ledger: &mut Ledger, memory: usize) -> Vec<(String, Vec<u8>)> {
    ledger.rebuild_index(memory).unwrap();
    let dirs = std::fs::read_dir(ledger.dir()).unwrap().map(|e| e.unwrap().path());
    let dirs: Vec<_> = dirs.filter(|p| p.file_name().unwrap().to_string_lossy().starts_with("index-")).collect();
    assert_eq!(dirs.len(), 1, "one index at a time");
    let mut files: Vec<_> = std::fs::read_dir(&dirs[0])
        .unwrap()
        .map(|e| e.unwrap())
        .map(|e| (e.file_name().to_string_lossy().into_owned(), std::fs::read(e.path()).unwrap()))
        .collect();
    files.sort();
    files
}

fn history(seed: u64, first: u64, assets: &Assets) {
    let settings = Settings { assets: assets.clone(), ..settings() };
    let dir = tempfile::tempdir().unwrap();
    let mut maker = Maker::new(seed);
    maker.all_internals = !seed.is_multiple_of(3);
    let mut random = Random(seed ^ 0xabcd);
    let mut blocks: Vec<BlockTransfers> = Vec::new();
    let mut ledger = Ledger::create_or_open(dir.path(), &settings).unwrap();
    let mut snapshots: Vec<(Ledger, Vec<BlockTransfers>)> = Vec::new();
    for _ in 0..12 {
        match random.below(10) {
            0..=5 => {
                let number = 1 + random.below(12);
                let from = blocks.len();
                maker.extend(&mut blocks, first, number);
                append(&mut ledger, &blocks[from..], &options(&mut random));
            }
            6..=7 => {
                let stay = blocks.len() as u64 - random.below(blocks.len() as u64 + 1).min(8);
                let removed = ledger.truncate_final(first + stay).unwrap();
                assert_eq!(removed, blocks.len() as u64 - stay);
                blocks.truncate(usize::try_from(stay).unwrap());
            }
            8 => ledger.rebuild_index(1 << 16).unwrap(),
            _ => {
                // What a snapshot shows is held by the ledger that it is of.
                for (snapshot, blocks) in snapshots.drain(..) {
                    compare(&snapshot, &Model::new(&blocks, assets), &mut random);
                }
                drop(ledger);
                ledger = Ledger::open_for_writing(dir.path()).unwrap();
            }
        }
        if random.one_in(3) {
            compare(&ledger, &Model::new(&blocks, assets), &mut random);
            check(&ledger);
        }
        if random.one_in(4) {
            snapshots.push((ledger.snapshot(), blocks.clone()));
        }
    }
    compare(&ledger, &Model::new(&blocks, assets), &mut random);
    check(&ledger);
    for (snapshot, blocks) in &snapshots {
        compare(snapshot, &Model::new(blocks, assets), &mut random);
    }
    compare(&Ledger::open(dir.path()).unwrap(), &Model::new(&blocks, assets), &mut random);
    // A fresh ledger of the same blocks is the same, byte for byte.
    let fresh_dir = tempfile::tempdir().unwrap();
    let mut fresh = Ledger::create_or_open(fresh_dir.path(), &settings).unwrap();
    append(&mut fresh, &blocks, &AppendOptions::default());
    assert_eq!(ledger.counts(), fresh.counts());
    let (is, should) = (columns(dir.path(), fresh_dir.path()), columns(fresh_dir.path(), fresh_dir.path()));
    for ((name, is), should) in COLUMNS.iter().zip(is).zip(should) {
        assert!(is == should, "{name} is not that of a fresh ledger");
    }
    for ((name, is), (_, should)) in index_files(&mut ledger, 0).into_iter().zip(index_files(&mut fresh, 1 << 24)) {
        assert!(is == should, "index file {name} is not that of a fresh ledger");
    }
    compare(&ledger, &Model::new(&blocks, assets), &mut random);
    check(&ledger);
}

fn each(few: u64, of: u64, run: impl Fn(u64)) {
    for seed in 0..rounds(few) {
        let seed = seed * 4 + of;
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(seed))).is_err() {
            panic!("the history of seed {seed} differs");
        }
    }
}

#[test]
fn histories_from_the_first_block() {
    each(6, 0, |seed| history(seed, 0, &Assets::All));
}

#[test]
fn histories_that_begin_later() {
    each(4, 1, |seed| history(seed, 15_000_000, &Assets::All));
}

#[test]
fn histories_of_chosen_assets() {
    let tokens = [crate::common::token(1), crate::common::token(4), crate::common::token(6)];
    each(3, 2, |seed| history(seed, 0, &Assets::only(&tokens)));
    let with_coin = [crate::common::token(0), crate::common::token(2)];
    each(2, 3, |seed| history(seed, 77, &Assets::only(&with_coin)));
}
