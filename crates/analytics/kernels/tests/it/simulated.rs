//! Simulated chains of outputs.

use holdfast_analytics::{Kernel, Outcome, Places, merge, run};
use holdfast_analytics_export::{Options, Report, chain_dir, export_outputs};
use holdfast_attribution::tags::Confidence;
use holdfast_attribution::{ClusterOptions, Clusters, Tag, TagStore, Tlp};
use holdfast_bitcoin::{Block, Network};
use holdfast_simulate::{Economy, Options as Simulation};
use holdfast_utxo_ledger::{AppendOptions, Ledger, MemoryBlock, MemoryFeed};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

pub type Blocks = Vec<(u32, Vec<u8>)>;

pub fn economy(seed: u64, txs: u64) -> Blocks {
    let mut economy = Economy::new(Simulation { seed, txs }).unwrap();
    std::iter::from_fn(|| economy.next_block()).map(|b| (b.height, b.bytes)).collect()
}

pub fn append(ledger: &mut Ledger, blocks: &[(u32, Vec<u8>)]) {
    let parse = |(height, bytes): &(u32, Vec<u8>)| MemoryBlock {
        height: *height,
        block: Block::parse(bytes.clone()).unwrap(),
        spent: None,
    };
    let feed = MemoryFeed(blocks.iter().map(parse).collect());
    ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
}

/// A ledger in a store's folder.
pub fn ledger(store: &Path, blocks: &[(u32, Vec<u8>)]) -> Ledger {
    let mut ledger = Ledger::create_or_open(&store.join("ledger"), Network::Regtest).unwrap();
    append(&mut ledger, blocks);
    ledger
}

pub fn options(segment_txs: u64) -> Options {
    Options { segment_txs, ..Options::default() }
}

/// Tags of every tenth address; some above the clearance of exports.
pub fn tags(ledger: &Ledger) -> TagStore {
    let mut store = TagStore::default();
    let of = |address: u32| Tag {
        address: ledger.address_text(address),
        asset: "BTC".into(),
        label: format!("label {address}"),
        source: format!("https://example.org/{address}"),
        category: Some(["exchange", "gambling", "market"][address as usize / 10 % 3].into()),
        abuse: None,
        concepts: Vec::new(),
        confidence: Confidence::Forensic,
        is_cluster_definer: true,
        actor: None,
        lastmod: "2026-01-01".into(),
        pack: "pack".into(),
        file: String::new(),
        creator: String::new(),
        tlp: Some(if address.is_multiple_of(20) { Tlp::Red } else { Tlp::Clear }),
    };
    store.add_tags((0..ledger.counts().addresses).step_by(10).map(of).collect::<Vec<_>>());
    store
}

/// Exports with tags and clusters.
pub fn exported(ledger: &Ledger, out: &Path, segment_txs: u64) -> Report {
    let clusters = Clusters::build(ledger, ClusterOptions::default());
    let (tags, go_on) = (tags(ledger), AtomicBool::new(false));
    export_outputs(ledger, Some(&tags), Some(&clusters), out, &options(segment_txs), &go_on).unwrap()
}

pub fn places(out: &Path, chain: &str, results: PathBuf) -> Places {
    Places { export: chain_dir(out, chain), results }
}

/// Runs a kernel over all segments and joins them.
pub fn outcome(kernel: Kernel, places: &Places) -> Outcome {
    let go_on = AtomicBool::new(false);
    run(kernel, places, &[], &go_on, &|_, _| {}).unwrap();
    merge(kernel, places, &go_on).unwrap()
}
