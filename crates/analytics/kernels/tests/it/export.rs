//! What an export holds, and what later ones write.

use crate::simulated::{append, economy, exported, ledger, options, tags};
use holdfast_analytics_export::outputs::{ADDRESSES, BLOCKS, INPUTS, OUTPUTS, TXS};
use holdfast_analytics_export::{
    CLUSTERS, Column, ExportError, Manifest, Options, TAGS, Table, TableReader, chain_dir, export_outputs, verify,
};
use holdfast_attribution::coinjoin::{CoinjoinSet, Detector};
use holdfast_attribution::{ClusterOptions, Clusters, Tlp};
use holdfast_simulate::history::History;
use holdfast_utxo_ledger::{Ledger, Source};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Calls `each` with every row of a table, with all columns.
fn rows(dir: &Path, table: &'static Table, mut each: impl FnMut(&[Column], usize)) -> u64 {
    let manifest = Manifest::require(dir).unwrap();
    let names: Vec<&str> = table.fields.iter().map(|f| f.name).collect();
    let mut count = 0;
    for file in manifest.files().filter(|f| f.table == table.name) {
        let reader = TableReader::open(&verify(dir, file).unwrap(), table, &names).unwrap();
        let mut rows = 0;
        reader
            .for_each(|n, columns| {
                for row in 0..n {
                    each(columns, row);
                    rows += 1;
                }
                Ok::<_, ExportError>(())
            })
            .unwrap();
        assert_eq!(rows, file.rows);
        count += rows;
    }
    count
}

fn dir_of(ledger: &Ledger, out: &Path) -> PathBuf {
    chain_dir(out, holdfast_types_id(ledger).as_str())
}

fn holdfast_types_id(ledger: &Ledger) -> holdfast_types::ChainId {
    holdfast_types::ChainId::of(ledger.network())
}

#[test]
fn every_fact_of_the_ledger_is_in_its_table() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path(), &economy(3, 4_000));
    let report = exported(&ledger, &dir.path().join("out"), 700);
    assert!(report.segments > 4, "{report:?}");
    let out = dir_of(&ledger, &dir.path().join("out"));
    let counts = ledger.counts();
    let mut next = 0u32;
    let blocks = rows(&out, &BLOCKS, |c, row| {
        let block = ledger.block(next);
        assert_eq!(c[0].long(row), Some(next.into()));
        assert_eq!(c[1].long(row), Some(block.height.into()));
        assert_eq!(hex::encode(c[2].hash(row).unwrap()), block.hash.to_string());
        assert_eq!(c[5].long(row), Some((block.txs.1 - block.txs.0).into()));
        next += 1;
    });
    assert_eq!(blocks, u64::from(counts.blocks));
    let (mut detector, mut next, mut coinjoins) = (Detector::default(), 0u32, 0);
    let txs = rows(&out, &TXS, |c, row| {
        let (tx, block) = (ledger.tx(next), ledger.block_of_tx(next));
        assert_eq!(c[2].long(row), Some(block.height.into()));
        assert_eq!(hex::encode(c[4].hash(row).unwrap()), tx.txid.to_string());
        assert_eq!(c[5].flag(row), tx.flags.coinbase());
        let coinjoin = detector.detect(&ledger, next, CoinjoinSet::ALL).map(|kind| kind.name());
        coinjoins += u32::from(coinjoin.is_some());
        assert_eq!(c[6].text(row), coinjoin);
        assert_eq!(c[8].long(row), Some((tx.inputs.end - tx.inputs.start).cast_signed()));
        next += 1;
    });
    assert_eq!(txs, u64::from(counts.txs));
    assert!(coinjoins > 0, "the simulation has coinjoins");
    let mut next = 0u64;
    let outputs = rows(&out, &OUTPUTS, |c, row| {
        let (tx, vout) = ledger.outpoint(next);
        let expected = [next.cast_signed(), tx.into(), vout.into(), ledger.address_of(next).into()];
        let row_has = [0, 1, 2, 3].map(|n| c[n].integer(row).unwrap() as i64);
        assert_eq!(row_has, expected);
        assert_eq!(c[4].long(row), Some(ledger.value(next).cast_signed()));
        next += 1;
    });
    assert_eq!(outputs, counts.outputs);
    let sources: Vec<(u32, Source)> =
        (0..counts.txs).flat_map(|tx| ledger.sources(tx).map(move |s| (tx, s)).collect::<Vec<_>>()).collect();
    let mut next = sources.iter();
    let inputs = rows(&out, &INPUTS, |c, row| {
        let (tx, source) = next.next().unwrap();
        let spent = ledger.source_info(*source);
        assert_eq!(c[1].long(row), Some((*tx).into()));
        assert_eq!(c[2].long(row), if let Source::Output(o) = source { Some(o.cast_signed()) } else { None });
        assert_eq!(c[3].long(row), spent.address.map(i64::from));
        assert_eq!(c[4].long(row), spent.value.map(u64::cast_signed));
    });
    assert_eq!(inputs, counts.inputs);
    let mut next = 0u32;
    let addresses = rows(&out, &ADDRESSES, |c, row| {
        assert_eq!(c[0].long(row), Some(next.into()));
        assert_eq!(c[1].text(row), Some(ledger.address_text(next).as_str()));
        assert_eq!(c[2].text(row), Some(ledger.class_of(next).name()));
        next += 1;
    });
    assert_eq!(addresses, u64::from(counts.addresses));
}

#[test]
fn tags_above_the_clearance_keep_their_category_only() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path(), &economy(4, 1_000));
    exported(&ledger, &dir.path().join("out"), 1_000);
    let out = dir_of(&ledger, &dir.path().join("out"));
    let (mut open, mut masked) = (0, 0);
    let store = tags(&ledger);
    let count = rows(&out, &TAGS, |c, row| {
        let address = c[0].long(row).unwrap();
        assert!(c[2].text(row).is_some_and(|category| category != "other"), "row {row}");
        if c[8].text(row) == Some(Tlp::Red.name()) {
            assert_ne!(c[1].text(row), Some(format!("label {address}").as_str()));
            assert!(!c[6].text(row).unwrap().contains("example.org"));
            masked += 1;
        } else {
            assert_eq!(c[1].text(row), Some(format!("label {address}").as_str()));
            open += 1;
        }
    });
    assert_eq!(count, store.len() as u64);
    assert!(open > 10 && masked > 10);
    let clusters = Clusters::build(&ledger, ClusterOptions::default());
    rows(&out, &CLUSTERS, |c, row| {
        let (address, cluster) = (c[0].long(row).unwrap(), c[1].long(row).unwrap());
        assert_eq!(i64::from(clusters.of(u32::try_from(address).unwrap())), cluster);
    });
}

/// Names of the files of an export, which name their contents.
fn files(dir: &Path) -> Vec<String> {
    Manifest::require(dir).unwrap().files().map(|f| f.path.clone()).collect()
}

#[test]
fn a_later_export_writes_what_is_new() {
    let dir = tempfile::tempdir().unwrap();
    let blocks = economy(5, 3_000);
    let (first, rest) = blocks.split_at(blocks.len() / 2);
    let mut ledger = ledger(dir.path(), first);
    let out = dir.path().join("out");
    let before = exported(&ledger, &out, 400);
    assert_eq!(before.written.len(), before.segments);
    assert!(exported(&ledger, &out, 400).written.is_empty(), "nothing is new");
    append(&mut ledger, rest);
    let after = exported(&ledger, &out, 400);
    // The last one grew; those before stay.
    assert_eq!(after.written.len(), after.segments - before.segments + 1);
    let fresh = exported(&ledger, &dir.path().join("fresh"), 400);
    assert_eq!(after.input, fresh.input);
    let (grown, fresh) = (dir_of(&ledger, &out), dir_of(&ledger, &dir.path().join("fresh")));
    assert_eq!(files(&grown), files(&fresh));
    // What was replaced is gone.
    let mut found = Vec::new();
    walk(&grown, &mut found);
    assert_eq!(found.len(), files(&grown).len());
}

#[test]
fn a_new_block_writes_one_part_of_the_last_segment() {
    let dir = tempfile::tempdir().unwrap();
    let blocks = economy(8, 6_000);
    let (segment_txs, part_txs) = (2_752, 172);
    let half = blocks.len() * 5 / 6;
    let mut ledger = ledger(dir.path(), &blocks[..half]);
    let out = dir.path().join("out");
    exported(&ledger, &out, segment_txs);
    let folder = dir_of(&ledger, &out);
    let (mut kept_clusters, mut ended) = (0, 0);
    for (n, block) in blocks[half..].iter().enumerate() {
        let before = Manifest::require(&folder).unwrap();
        let txs = ledger.counts().txs;
        append(&mut ledger, std::slice::from_ref(block));
        let report = exported(&ledger, &out, segment_txs);
        let after = Manifest::require(&folder).unwrap();
        let last = after.segments.last().unwrap();
        assert!(
            report.written.iter().all(|n| before.segments.iter().all(|s| s.number < *n || s.number + 1 >= last.number))
        );
        assert!(after.segments.iter().rev().skip(1).all(|s| s.parts.is_empty()), "what is complete has one file each");
        assert!(last.parts.len() <= 17 && last.files.len() == last.parts.len() * 5, "{last:?}");
        if before.segments.len() == after.segments.len() {
            let new = last.files.iter().filter(|f| !before.files().any(|old| old.path == f.path)).count();
            assert_eq!(new, 5, "block {n}: the files of one part");
        } else {
            ended += 1;
        }
        // Clusters follow by a part's transactions.
        let of = report.clusters_as_of.unwrap();
        let stored = before.tables.iter().find(|t| t.table == CLUSTERS.name).unwrap();
        if of == stored.as_of_block {
            kept_clusters += 1;
            let since = u64::from(ledger.counts().txs) - txs_until(&ledger, of.height);
            assert!(since < part_txs, "{since}");
        } else {
            assert_eq!(Some(of), after.as_of_block, "{txs}");
        }
    }
    assert!(kept_clusters > 2 && ended == 1, "{kept_clusters} {ended}");
    // On request they are those of now, and then all is as a fresh export has it.
    let fresh_clusters = Options { fresh_clusters: true, ..options(segment_txs) };
    let clusters = Clusters::build(&ledger, ClusterOptions::default());
    let (tags, go_on) = (tags(&ledger), AtomicBool::new(false));
    let report = export_outputs(&ledger, Some(&tags), Some(&clusters), &out, &fresh_clusters, &go_on).unwrap();
    assert_eq!((report.clusters_as_of, report.written.len()), (report.as_of_block, 0));
    exported(&ledger, &dir.path().join("fresh"), segment_txs);
    assert_eq!(files(&folder), files(&dir_of(&ledger, &dir.path().join("fresh"))));
    let mut found = Vec::new();
    walk(&folder, &mut found);
    assert_eq!(found.len(), files(&folder).len(), "what was replaced is gone");
}

fn txs_until(ledger: &Ledger, height: u64) -> u64 {
    let block = (0..ledger.counts().blocks).find(|n| u64::from(ledger.block(*n).height) == height).unwrap();
    ledger.block(block).txs.1.into()
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|e| e == "parquet") || path.to_string_lossy().contains("unfinished") {
            found.push(path);
        }
    }
}

#[test]
fn a_reorganization_rewrites_the_segments_that_it_changed() {
    for seed in 0..2 {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::new(seed);
        let mut blocks: Vec<(u32, Vec<u8>)> = (0..40).map(|_| history.block(6)).collect();
        let mut ledger = ledger(dir.path(), &blocks);
        let out = dir.path().join("out");
        let before = exported(&ledger, &out, 20);
        let kept = Manifest::require(&dir_of(&ledger, &out)).unwrap();
        let fork = history.fork(5);
        ledger.truncate(fork).unwrap();
        blocks.retain(|(height, _)| *height < fork);
        let newer: Vec<(u32, Vec<u8>)> = (0..7).map(|_| history.block(6)).collect();
        append(&mut ledger, &newer);
        let after = exported(&ledger, &out, 20);
        let fresh = exported(&ledger, &dir.path().join("fresh"), 20);
        assert_eq!(after.input, fresh.input, "seed {seed}");
        let first_changed = kept.segments.iter().find(|s| s.max_height >= u64::from(fork)).unwrap().number;
        assert!(after.written.iter().all(|n| *n >= first_changed), "seed {seed}: {:?}", after.written);
        assert!(before.segments > 3 && after.written.len() < after.segments, "seed {seed}: {after:?}");
        // Cut back to nothing but a few blocks: segments go.
        ledger.truncate(blocks[3].0).unwrap();
        let short = exported(&ledger, &out, 20);
        assert!(short.segments < after.segments);
        assert_eq!(short.input, exported(&ledger, &dir.path().join("short"), 20).input);
    }
}

#[test]
fn a_stop_leaves_an_export_that_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path(), &economy(6, 2_000));
    let (out, stop) = (dir.path().join("out"), AtomicBool::new(true));
    let stopped = export_outputs(&ledger, None, None, &out, &options(300), &stop);
    assert!(matches!(stopped, Err(ExportError::Stopped)));
    assert!(Manifest::read(&dir_of(&ledger, &out)).unwrap().is_none(), "nothing was complete");
    let whole = exported(&ledger, &out, 300);
    assert_eq!(whole.input, exported(&ledger, &dir.path().join("fresh"), 300).input);
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path(), &economy(7, 1_000));
    let out = dir.path().join("out");
    exported(&ledger, &out, 300);
    let other = export_outputs(&ledger, None, None, &out, &options(301), &AtomicBool::new(false));
    let text = other.unwrap_err().to_string();
    assert!(text.contains("segments of 300 transactions") && text.contains("301"), "{text}");
    let chain = dir_of(&ledger, &out);
    let manifest = Manifest::require(&chain).unwrap();
    let file = manifest.segments[1].files[2].clone();
    let mut bytes = std::fs::read(chain.join(&file.path)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(chain.join(&file.path), &bytes).unwrap();
    let text = verify(&chain, &file).unwrap_err().to_string();
    assert!(text.contains(&file.path) && text.contains("damaged"), "{text}");
    // A file that is gone is written again.
    std::fs::remove_file(chain.join(&file.path)).unwrap();
    assert!(exported(&ledger, &out, 300).written.contains(&manifest.segments[1].number));
    assert!(verify(&chain, &file).is_ok());
    // A manifest whose list was altered contradicts itself.
    let path = chain.join("manifest.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen(&file.sha256, &"0".repeat(64), 1)).unwrap();
    let text = Manifest::read(&chain).unwrap_err().to_string();
    assert!(text.contains("manifest.json"), "{text}");
}
