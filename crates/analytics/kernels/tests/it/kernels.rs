//! Kernels of chains of outputs, against plain passes over the ledger, whatever the segments.

use crate::simulated::{append, economy, exported, ledger, outcome, places};
use holdfast_analytics::{Kernel, Outcome, Places, merge, run};
use holdfast_analytics_export::{ExportError, Manifest, TableReader};
use holdfast_attribution::{ClusterOptions, Clusters};
use holdfast_simulate::history::History;
use holdfast_utxo_ledger::{Ledger, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use strum::VariantArray;

fn chain(ledger: &Ledger) -> String {
    holdfast_types::ChainId::of(ledger.network()).as_str().to_owned()
}

/// Exports in segments of so many transactions and runs all kernels.
fn outcomes(ledger: &Ledger, dir: &Path, segment_txs: u64) -> (Places, Vec<Outcome>) {
    let out = dir.join(format!("out-{segment_txs}"));
    exported(ledger, &out, segment_txs);
    let places = places(&out, &chain(ledger), dir.join(format!("results-{segment_txs}")));
    let all = Kernel::VARIANTS.iter().map(|kernel| outcome(*kernel, &places)).collect();
    (places, all)
}

/// Reads integers of a result.
fn integers(places: &Places, outcome: &Outcome, file: usize, columns: &[&str]) -> Vec<Vec<i128>> {
    let table = match (outcome.kernel, file) {
        (Kernel::Forest, 0) => &holdfast_analytics::spec::FOREST,
        (Kernel::Forest, _) => &holdfast_analytics::spec::LABELS,
        (kernel, _) => kernel.spec(holdfast_analytics_export::Model::Outputs).unwrap().result,
    };
    let reader = TableReader::open(&places.results.join(&outcome.files[file].path), table, columns).unwrap();
    let mut all = Vec::new();
    reader
        .for_each(|rows, columns| {
            all.extend((0..rows).map(|row| columns.iter().map(|c| c.integer(row).unwrap()).collect()));
            Ok::<_, ExportError>(())
        })
        .unwrap();
    all
}

/// Statistics as a plain pass has them.
#[derive(Default, Clone)]
struct Plain {
    outputs: i128,
    received: i128,
    inputs: i128,
    spent: i128,
    unknown: i128,
    unspent: i128,
    balance: i128,
    txs: BTreeSet<u32>,
    blocks: BTreeSet<u32>,
}

fn plain(ledger: &Ledger) -> BTreeMap<u32, Plain> {
    let mut all: BTreeMap<u32, Plain> = BTreeMap::new();
    for tx in 0..ledger.counts().txs {
        let block = ledger.block_of_tx(tx).number;
        for output in ledger.outputs(tx) {
            let of = all.entry(ledger.address_of(output)).or_default();
            of.outputs += 1;
            of.received += i128::from(ledger.value(output));
            if ledger.spender(output).is_none() {
                of.unspent += 1;
                of.balance += i128::from(ledger.value(output));
            }
            of.txs.insert(tx);
            of.blocks.insert(block);
        }
        for source in ledger.sources(tx) {
            let info = ledger.source_info(source);
            let Some(address) = info.address else { continue };
            let of = all.entry(address).or_default();
            of.inputs += 1;
            match info.value {
                Some(value) => of.spent += i128::from(value),
                None => of.unknown += 1,
            }
            assert!(matches!(source, Source::Output(_)) || info.value.is_none_or(|v| v > 0));
            of.txs.insert(tx);
            of.blocks.insert(block);
        }
    }
    all
}

fn compare(ledger: &Ledger, places: &Places, all: &[Outcome], context: &str) {
    let expected = plain(ledger);
    let [forest, features, balances, statistics] = all else { panic!("four kernels") };
    let names = ["address", "outputs", "received", "inputs", "spent", "unknown_inputs", "txs", "first_tx", "last_tx"];
    let rows: Vec<Vec<i128>> = expected
        .iter()
        .map(|(address, p)| {
            let span = [p.txs.first().unwrap(), p.txs.last().unwrap()].map(|tx| i128::from(*tx));
            let txs = p.txs.len() as i128;
            vec![i128::from(*address), p.outputs, p.received, p.inputs, p.spent, p.unknown, txs, span[0], span[1]]
        })
        .collect();
    assert_eq!(integers(places, statistics, 0, &names), rows, "{context}");
    let rows: Vec<Vec<i128>> = expected
        .iter()
        .filter(|(_, p)| p.unspent > 0)
        .map(|(address, p)| vec![i128::from(*address), p.unspent, p.balance])
        .collect();
    assert_eq!(integers(places, balances, 0, &["address", "unspent", "balance"]), rows, "{context}");
    let rows: Vec<Vec<i128>> = expected
        .iter()
        .map(|(address, p)| vec![i128::from(*address), p.received, p.txs.len() as i128, p.blocks.len() as i128])
        .collect();
    assert_eq!(integers(places, features, 0, &["address", "received", "txs", "blocks"]), rows, "{context}");
    let clusters = Clusters::build(ledger, ClusterOptions::default());
    let merges: Vec<Vec<i128>> = clusters.merges().iter().map(|m| vec![m.a.into(), m.b.into(), m.tx.into()]).collect();
    assert_eq!(integers(places, forest, 0, &["a", "b", "tx"]), merges, "{context}");
    let labels: Vec<Vec<i128>> = (0..ledger.counts().addresses)
        .filter(|address| clusters.size(*address) > 1)
        .map(|address| vec![address.into(), clusters.of(address).into()])
        .collect();
    assert_eq!(integers(places, forest, 1, &["address", "cluster"]), labels, "{context}");
}

#[test]
fn results_are_the_ledgers_and_equal_for_1_2_and_5_segments() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path(), &economy(11, 5_000));
    let txs = u64::from(ledger.counts().txs);
    let (places, whole) = outcomes(&ledger, dir.path(), txs + 1);
    assert_eq!(whole[0].segments, 1);
    compare(&ledger, &places, &whole, "whole");
    for parts in [2, 5] {
        let (_, split) = outcomes(&ledger, dir.path(), txs / parts + 1);
        assert_eq!(split[0].segments as u64, parts);
        for (whole, split) in whole.iter().zip(&split) {
            assert_eq!(whole.digests, split.digests, "{:?} in {parts} segments", whole.kernel);
            assert_eq!(whole.as_of_block, split.as_of_block);
            assert!(whole.digests.iter().all(|d| d.rows > 100), "{whole:?}");
        }
    }
}

#[test]
fn histories_with_reorganizations_give_the_same_in_any_segments() {
    for seed in 20..23 {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::new(seed);
        let blocks: Vec<(u32, Vec<u8>)> = (0..30).map(|_| history.block(5)).collect();
        let mut ledger = ledger(dir.path(), &blocks);
        // The same folders before and after a reorganization.
        outcomes(&ledger, dir.path(), 7);
        let fork = history.fork(4);
        ledger.truncate(fork).unwrap();
        append(&mut ledger, &(0..6).map(|_| history.block(5)).collect::<Vec<_>>());
        let (places, split) = outcomes(&ledger, dir.path(), 7);
        compare(&ledger, &places, &split, &format!("seed {seed}"));
        let (_, whole) = outcomes(&ledger, dir.path(), 1 << 20);
        for (whole, split) in whole.iter().zip(&split) {
            assert_eq!(whole.digests, split.digests, "seed {seed}, {:?}", whole.kernel);
        }
    }
}

#[test]
fn more_segments_than_are_joined_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::new(5);
    let ledger = ledger(dir.path(), &(0..90).map(|_| history.block(4)).collect::<Vec<_>>());
    let (places, split) = outcomes(&ledger, dir.path(), 2);
    assert!(split[0].segments > 64, "{}", split[0].segments);
    compare(&ledger, &places, &split, "many");
}

#[test]
fn what_is_missing_or_damaged_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path(), &economy(12, 1_500));
    let out = dir.path().join("out");
    exported(&ledger, &out, 500);
    let places = places(&out, &chain(&ledger), dir.path().join("results"));
    let go_on = AtomicBool::new(false);
    let nothing = |_: &holdfast_analytics::Partial, _: bool| {};
    run(Kernel::Balances, &places, &[0], &go_on, &nothing).unwrap();
    let text = merge(Kernel::Balances, &places, &go_on).unwrap_err().to_string();
    assert!(text.contains("segment 1") && text.contains("holdfast-analytics balances"), "{text}");
    let text = run(Kernel::Balances, &places, &[77], &go_on, &nothing).unwrap_err().to_string();
    assert!(text.contains("no segment 77; it has 0 to"), "{text}");
    // What is there is not made again; a damaged result is found when it is joined.
    let made = run(Kernel::Balances, &places, &[], &go_on, &|partial, before| {
        assert_eq!(before, partial.segment == 0);
    });
    let path = places.results.join(&made.unwrap()[1].file.path);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let text = merge(Kernel::Balances, &places, &go_on).unwrap_err().to_string();
    assert!(text.contains(&path.display().to_string()), "{text}");
    // A damaged file of the export is named by the kernel that reads it.
    let manifest = Manifest::require(&places.export).unwrap();
    let file = manifest.segments[0].files_of("inputs").next().unwrap();
    let path = places.export.join(&file.path);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let text = run(Kernel::Statistics, &places, &[0], &go_on, &nothing).unwrap_err().to_string();
    assert!(text.contains(&path.display().to_string()) && text.contains("damaged"), "{text}");
    // A stop ends a kernel.
    let stopped = run(Kernel::Statistics, &places, &[1], &AtomicBool::new(true), &nothing);
    assert!(matches!(stopped, Err(ExportError::Stopped)));
}
