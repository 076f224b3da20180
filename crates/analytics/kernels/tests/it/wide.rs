//! Numbers beyond 32 bits, as chains with thousands of millions of transactions have them: from the files of an export to figures.

use crate::simulated::outcome;
use holdfast_analytics::{Kernel, Outcome, Places};
use holdfast_analytics_export::accounts::{TRANSFERS, TXS};
use holdfast_analytics_export::{
    AsOf, Cell, ExportError, FileEntry, MANIFEST, Manifest, Model, Segment, TableReader, TableWriter, replace,
};
use holdfast_figures::{Snapshot, SnapshotWriter, Source, Width};
use holdfast_types::Amount;
use std::path::Path;

/// As many transactions as Tron has, and more accounts than 32 bits number.
const FIRST_TX: i64 = 12_000_000_000;
const ACCOUNTS: i64 = 5_000_000_000;
const TRANSFER: i64 = 30_000_000_000;
const HEIGHT: i64 = 70_000_000;
const TXS_OF_SEGMENT: i64 = 40;

fn written(dir: &Path, table: &'static holdfast_analytics_export::Table, rows: &[Vec<Cell<'_>>]) -> FileEntry {
    let mut out = TableWriter::create(&dir.join(format!("table={}", table.name)), table, &[]).unwrap();
    rows.iter().for_each(|row| out.put(row).unwrap());
    out.finish(dir).unwrap()
}

/// A segment in which each transaction's account sends one unit to the next.
fn segment(dir: &Path, number: u64, first_tx: i64) -> Segment {
    let bytes = Amount::from(1u64).to_be_bytes();
    let (mut txs, mut transfers) = (Vec::new(), Vec::new());
    for n in 0..TXS_OF_SEGMENT {
        let (tx, sender) = (first_tx + n, ACCOUNTS + n);
        txs.push(vec![
            Cell::Long(tx),
            Cell::Long(HEIGHT),
            Cell::Long(HEIGHT),
            Cell::Long(1_700_000_000),
            Cell::Hash(&bytes),
            Cell::Long(n),
            Cell::Long(sender),
            Cell::Flag(true),
            Cell::Null,
            Cell::Flag(false),
        ]);
        transfers.push(vec![
            Cell::Long(TRANSFER + first_tx + n),
            Cell::Long(tx),
            Cell::Long(HEIGHT),
            Cell::Text("transaction"),
            Cell::Null,
            Cell::Null,
            Cell::Long(0),
            Cell::Long(sender),
            Cell::Long(sender + 1),
            Cell::Decimal(1),
            Cell::Hash(&bytes),
            Cell::Text("value"),
            Cell::Flag(true),
        ]);
    }
    Segment {
        number,
        first_block: HEIGHT.unsigned_abs(),
        blocks: 1,
        first_tx: first_tx.unsigned_abs(),
        txs: TXS_OF_SEGMENT.unsigned_abs(),
        min_height: HEIGHT.unsigned_abs(),
        max_height: HEIGHT.unsigned_abs(),
        last_block_hash: "00".repeat(32),
        first_address: 0,
        addresses: ACCOUNTS.unsigned_abs() + 41,
        parts: Vec::new(),
        files: vec![written(dir, &TXS, &txs), written(dir, &TRANSFERS, &transfers)],
    }
}

/// Reads the columns of a result.
fn rows(places: &Places, outcome: &Outcome, columns: &[&str]) -> Vec<Vec<i128>> {
    let table = outcome.kernel.spec(Model::Accounts).unwrap().result;
    let reader = TableReader::open(&places.results.join(&outcome.files[0].path), table, columns).unwrap();
    let mut all = Vec::new();
    let mut take = |rows: usize, columns: &[holdfast_analytics_export::Column]| {
        all.extend((0..rows).map(|row| columns.iter().map(|c| c.integer(row).unwrap()).collect()));
        Ok::<_, ExportError>(())
    };
    reader.for_each(&mut take).unwrap();
    all
}

#[test]
fn numbers_beyond_32_bits_pass_through_files_kernels_and_figures() {
    let dir = tempfile::tempdir().unwrap();
    let export = dir.path().join("export");
    let mut manifest = Manifest::new("tron:0x2b6653dc", Model::Accounts, "all assets", 1 << 20);
    manifest.as_of_block = Some(AsOf { height: HEIGHT.unsigned_abs(), hash: "00".repeat(32) });
    manifest.segments = vec![segment(&export, 11_444, FIRST_TX)];
    manifest.input = manifest.segments[0].input();
    replace(&export.join(MANIFEST), &serde_json::to_string(&manifest).unwrap()).unwrap();
    let places = Places { export, results: dir.path().join("results") };

    let statistics = outcome(Kernel::Statistics, &places);
    let columns = ["account", "transfers_in", "transfers_out", "txs", "first_tx", "last_tx"];
    let found = rows(&places, &statistics, &columns);
    let expected = (0..=TXS_OF_SEGMENT).map(|n| {
        let (first, last) = ((n - 1).max(0), n.min(TXS_OF_SEGMENT - 1));
        let (receives, sends) = (i64::from(n > 0), i64::from(n < TXS_OF_SEGMENT));
        [ACCOUNTS + n, receives, sends, receives + sends, FIRST_TX + first, FIRST_TX + last].map(i128::from).to_vec()
    });
    assert_eq!(found, expected.collect::<Vec<_>>());
    assert!(outcome(Kernel::Features, &places).digests[0].rows == 41);
    let balances = rows(&places, &outcome(Kernel::Balances, &places), &["account", "moved"]);
    assert_eq!(balances.first(), Some(&vec![i128::from(ACCOUNTS), -1]));
    assert_eq!(balances.last(), Some(&vec![i128::from(ACCOUNTS + TXS_OF_SEGMENT), 1]));
    assert!(balances[1..40].iter().all(|row| row[1] == 0));

    // As the desk stores them.
    let source = Source {
        table: "statistics",
        version: 1,
        chain: &manifest.chain,
        as_of_block: holdfast_figures::AsOf { height: HEIGHT.unsigned_abs(), hash: "00".repeat(32) },
        input: &manifest.input,
    };
    let mut writer = SnapshotWriter::create(dir.path(), &source, &[("first_tx", Width::Long)]).unwrap();
    for row in &found {
        writer.push(u64::try_from(row[0]).unwrap(), &row[4..5]).unwrap();
    }
    writer.finish().unwrap();
    let stored = Snapshot::open(dir.path(), "statistics").unwrap().unwrap();
    let last = ACCOUNTS.unsigned_abs() + TXS_OF_SEGMENT.unsigned_abs();
    assert_eq!(stored.row(last).unwrap(), Some(vec![("first_tx", i128::from(FIRST_TX + TXS_OF_SEGMENT - 1))]));
    assert_eq!(stored.row(last + 1).unwrap(), None);
    assert_eq!(stored.row(last & u64::from(u32::MAX)).unwrap(), None, "no number was cut");
}
