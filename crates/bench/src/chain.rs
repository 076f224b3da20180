//! `holdfast-bench chain`: speed and memory on a simulated chain, with the limits and peers that the figures are held against, in one run.

use crate::accuracy::ingest as ingest_files;
use anyhow::{Context, bail};
use clap::Args;
use holdfast_analysis::{Bounds, Exposures, LedgerView, TraceOptions, trace};
use holdfast_attribution::import::import;
use holdfast_attribution::{ClusterOptions, Clusters, Entities, TagStore};
use holdfast_bitcoin::Network;
use holdfast_bitcoin::files::BlockFiles;
use holdfast_bitcoin::hash::sha256;
use holdfast_bitcoin::script::classify;
use holdfast_console::output::{self, thousands};
use holdfast_simulate::files::{FileOptions, tagpack, write};
use holdfast_simulate::random::Random;
use holdfast_simulate::{Economy, Options};
use holdfast_utxo_ledger::{AppendOptions, Ledger, Source};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::json;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

#[derive(Args)]
pub struct BenchArgs {
    /// Transactions to simulate: one size or several, with commas.
    #[arg(long, default_value = "1000000", value_delimiter = ',')]
    txs: Vec<u64>,
    /// Seed of the simulation.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to work; a simulation that is there already is used again.
    #[arg(long, default_value = "store/bench")]
    work: PathBuf,
    /// Measure only the questions, on the ledger of an earlier run.
    #[arg(long)]
    questions: bool,
    /// A `rusty-blockparser` binary to run on the same files (its LevelDB index must be in `blocks/index`; it starts at height 2,
    /// because it cannot verify the block after one that it does not have).
    #[arg(long)]
    rusty_blockparser: Option<PathBuf>,
}

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) txs: u64,
    pub(crate) what: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// What it is held against, and how.
    pub(crate) against: String,
}

pub fn run(args: &BenchArgs, as_json: bool) -> anyhow::Result<()> {
    let mut figures = Vec::new();
    for txs in &args.txs {
        chain(args, *txs, &mut figures)?;
    }
    if as_json { output::json(&figures) } else { print("transactions", &figures) }
}

/// Prints figures as a table; `of` is what their size counts.
pub(crate) fn print(of: &str, figures: &[Figure]) -> anyhow::Result<()> {
    println!("\n| {of} | what | value | against |");
    println!("| ---: | --- | ---: | --- |");
    for f in figures {
        let value = if f.value >= 1000.0 { thousands(f.value as u64) } else { format!("{:.2}", f.value) };
        println!("| {} | {} | {value} {} | {} |", thousands(f.txs), f.what, f.unit, f.against);
    }
    Ok(())
}

/// The part of `chain` that runs in a process of its own.
#[derive(Args)]
pub struct Ingest {
    /// Folder with blk*.dat files (regtest).
    blocks: PathBuf,
    /// Folder of the new ledger.
    ledger: PathBuf,
}

/// Ingests node files; prints what the ledger holds and the peak memory.
pub fn ingest_alone(args: &Ingest) -> anyhow::Result<()> {
    let ledger = ingest_files(&args.blocks, &args.ledger, &AppendOptions::default())?;
    output::json(&json!({ "ledger": ledger.counts(), "peak_rss_kib": output::peak_rss_kib() }))
}

pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed().as_secs_f64())
}

/// The shortest of three runs: the machine's noise only adds.
fn best_of_three(mut work: impl FnMut()) -> f64 {
    (0..3).map(|_| timed(&mut work).1).fold(f64::INFINITY, f64::min)
}

/// Returns the folder of a simulated chain, which is written where no earlier run wrote it, and its tags.
fn simulated(work: &Path, txs: u64, seed: u64) -> anyhow::Result<(PathBuf, String)> {
    let dir = work.join(format!("sim-{txs}-{seed}"));
    let mut economy = Economy::new(Options { seed, txs }).map_err(anyhow::Error::msg)?;
    let tags = tagpack(&economy);
    if !dir.join("done").exists() {
        if dir.exists() {
            std::fs::remove_dir_all(&dir).with_context(|| dir.display().to_string())?;
        }
        let bar = output::bar(txs, "simulating");
        let written = write(&mut economy, &dir, FileOptions::default(), &mut |made| {
            bar.set_position(made);
            output::stopping()
        })?;
        bar.finish_and_clear();
        if written.txs < txs {
            bail!("stopped");
        }
        std::fs::write(dir.join("done"), b"")?;
    }
    Ok((dir, tags))
}

/// Returns the folder of a simulated chain with its ledger, both of which are made where no earlier run made them.
pub(crate) fn simulated_ledger(work: &Path, txs: u64, seed: u64) -> anyhow::Result<PathBuf> {
    let (dir, _) = simulated(work, txs, seed)?;
    if !dir.join("ledger").exists() {
        ingest_files(&dir.join("blocks"), &dir.join("ledger"), &AppendOptions::default())?;
    }
    Ok(dir)
}

fn chain(args: &BenchArgs, txs: u64, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let (dir, tags) = simulated(&args.work, txs, args.seed)?;
    let blocks = dir.join("blocks");
    let mut add = |what: &str, value: f64, unit: &'static str, against: String| {
        eprintln!("{txs} txs: {what}: {value:.2} {unit}  ({against})");
        figures.push(Figure { txs, what: what.to_owned(), value, unit, against });
    };
    if args.questions {
        return questions(&Ledger::open(&dir.join("ledger"))?, &tags, &mut add);
    }
    parse(args, &blocks, &mut add)?;
    if output::stopping().is_break() {
        bail!("stopped");
    }
    let ledger = ingest(&blocks, &dir.join("ledger"), txs, &mut add)?;
    questions(&ledger, &tags, &mut add)?;
    drop(ledger);
    crate::following::following(&dir, &tags, &mut add)
}

pub(crate) type Add<'a> = &'a mut dyn FnMut(&str, f64, &'static str, String);

fn parse(args: &BenchArgs, blocks: &Path, add: Add<'_>) -> anyhow::Result<()> {
    let files = BlockFiles::open(blocks, Network::Regtest, |_| None)?;
    // At most about a gigabyte, so that large simulations are not read for minutes.
    let mut bytes = 0u64;
    let mut n = 0;
    while n < files.len() && bytes < 1 << 30 {
        bytes += files.entry(n).1.location.len as u64;
        n += 1;
    }
    let megabytes = bytes as f64 / 1e6;
    let ours = |i: usize| -> u64 {
        let (_, block) = files.block(i).expect("simulated blocks are valid");
        block.outputs.iter().map(|o| classify(block.script(o)).class() as u64).sum()
    };
    let one_core = best_of_three(|| {
        black_box((0..n).map(ours).sum::<u64>());
    });
    let all_cores = best_of_three(|| {
        black_box((0..n).into_par_iter().map(ours).sum::<u64>());
    });
    let hashing = best_of_three(|| {
        for i in 0..n {
            black_box(sha256(&files.read(files.entry(i).1.location).expect("just read")));
        }
    });
    let peer = best_of_three(|| {
        black_box(
            (0..n).map(|i| rust_bitcoin(&files.read(files.entry(i).1.location).expect("just read"))).sum::<u64>(),
        );
    });
    let limit = megabytes / hashing;
    add(
        "parse, check and classify, one core",
        megabytes / one_core,
        "MB/s",
        format!(
            "rust-bitcoin decoding, txids, merkle root and address types of the same bytes: {:.0} MB/s, ratio {:.2}; one core's SHA-256 of the bytes once: {limit:.0} MB/s, {:.0}% of it",
            megabytes / peer,
            peer / one_core,
            100.0 * hashing / one_core
        ),
    );
    add("the same, all cores", megabytes / all_cores, "MB/s", format!("{:.2} times one core", one_core / all_cores));
    if let Some(binary) = &args.rusty_blockparser {
        let whole: u64 = (0..files.len()).map(|i| files.entry(i).1.location.len as u64).sum();

        let ours_whole = best_of_three(|| {
            black_box((0..files.len()).map(ours).sum::<u64>());
        });
        let run = || Command::new(binary).args(["--verify", "-s", "2", "-d"]).arg(blocks).arg("simplestats").output();
        run().with_context(|| binary.display().to_string())?; // warm
        let mut best = f64::INFINITY;
        for _ in 0..3 {
            let (result, seconds) = timed(run);
            let result = result?;
            if !result.status.success() {
                bail!("{}: {}", binary.display(), String::from_utf8_lossy(&result.stderr));
            }
            best = best.min(seconds);
        }
        add(
            "rusty-blockparser --verify simplestats",
            whole as f64 / 1e6 / best,
            "MB/s",
            format!("ours on one core is {:.2} times as fast on the same files", best / ours_whole),
        );
    }
    Ok(())
}

/// What the peer does: decode, txids, merkle root, script types.
fn rust_bitcoin(bytes: &[u8]) -> u64 {
    use bitcoin::consensus::Decodable;
    let block = bitcoin::Block::consensus_decode(&mut &bytes[..]).expect("simulated blocks are valid");
    assert!(block.check_merkle_root());
    let types = block.txdata.iter().flat_map(|t| &t.output).map(|o| {
        let s = &o.script_pubkey;
        s.is_p2pkh() as u64 + s.is_p2sh() as u64 * 2 + s.is_p2wpkh() as u64 * 3 + s.is_p2tr() as u64 * 4
    });
    types.sum()
}

fn ingest(blocks: &Path, path: &Path, txs: u64, add: Add<'_>) -> anyhow::Result<Ledger> {
    if path.exists() {
        std::fs::remove_dir_all(path)?;
    }
    // In a process of its own, so that its peak memory is its own.
    let this = std::env::current_exe()?;
    let (result, seconds) = timed(|| Command::new(this).arg("ingest").arg(blocks).arg(path).output());
    let result = result?;
    if !result.status.success() {
        bail!("ingest failed: {}", String::from_utf8_lossy(&result.stderr));
    }
    let answer: serde_json::Value = serde_json::from_slice(&result.stdout)?;
    let peak = answer["peak_rss_kib"].as_u64().unwrap_or(0) as f64 / 1024.0;
    let counts = answer["ledger"].clone();
    add(
        "ingest into a queryable ledger",
        txs as f64 / seconds,
        "tx/s",
        format!(
            "goal 150,000: {:.2} times; {seconds:.1} s, {} outputs, {} inputs, {} addresses",
            txs as f64 / seconds / 150_000.0,
            counts["outputs"],
            counts["inputs"],
            counts["addresses"]
        ),
    );
    add("ingest, peak resident memory", peak, "MiB", format!("goal 2,048 MiB: {:.0}% of it", peak / 20.48));
    let mut total = 0;
    let mut scripts = 0;
    for entry in walk(path)? {
        let size = std::fs::metadata(&entry)?.len();
        total += size;
        if entry.file_name().is_some_and(|n| n == "addresses") && entry.parent() == Some(path) {
            scripts = size;
        }
    }
    add(
        "disk, beyond the outputs' scripts",
        (total - scripts) as f64 / txs as f64,
        "bytes/tx",
        format!("goal 120; with the scripts (each distinct one once): {:.1}", total as f64 / txs as f64),
    );
    Ok(Ledger::open(path)?)
}

fn walk(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() { out.extend(walk(&path)?) } else { out.push(path) }
    }
    Ok(out)
}

fn questions(ledger: &Ledger, tagpack: &str, add: Add<'_>) -> anyhow::Result<()> {
    let counts = ledger.counts();
    let cospend = ClusterOptions { change: holdfast_attribution::ChangeRule::none(), ..ClusterOptions::default() };
    // The limit: reading the address of every input's output once, in input order, on all cores.
    let gather = best_of_three(|| {
        let (prev, addresses) = (ledger.columns().prev.all(), ledger.columns().output_address.all());
        black_box(prev.par_iter().map(|p| addresses[p.get() as usize] as u64).sum::<u64>());
    });
    let clustering = best_of_three(|| {
        black_box(Clusters::build(ledger, cospend.clone()).count());
    });
    add(
        "co-spend clustering, coinjoins excluded",
        counts.inputs as f64 / clustering / 1e6,
        "million inputs/s",
        format!("goal 20; only reading every input's address takes {:.0}% of the time", 100.0 * gather / clustering),
    );
    let clusters = Clusters::build(ledger, ClusterOptions::default());
    let mut tags = TagStore::default();
    import(&mut tags, vec![("sim.yaml".into(), tagpack.as_bytes().to_vec())]);
    let entities = Entities::build(ledger, &clusters, &tags);
    let exposing = best_of_three(|| {
        black_box(Exposures::build(ledger, entities.categories()).done());
    });
    add(
        "whole-ledger exposure, source and destination",
        counts.outputs as f64 / exposing / 1e6,
        "million outputs/s",
        format!("goal 10; {exposing:.2} s"),
    );
    let exposures = Exposures::build(ledger, entities.categories());
    tracing(ledger, &entities, add)?;
    let mut random = Random::new(7);
    let keys: Vec<_> = (0..100_000).map(|_| ledger.address(random.below(counts.addresses as u64) as u32)).collect();
    let mut percentile = |what: &str, goal: &str, look: &mut dyn FnMut(&holdfast_bitcoin::AddressKey) -> u64| {
        black_box(keys.iter().map(&mut *look).fold(0, |a, b| a ^ b)); // warm
        let mut times: Vec<Duration> = keys
            .iter()
            .map(|k| {
                let start = Instant::now();
                black_box(look(k));
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        let at = |p: usize| times[times.len() * p / 1000 - 1].as_secs_f64() * 1e6;
        add(what, at(990), "microseconds p99", format!("{goal}p50 {:.2}, p99.9 {:.2}", at(500), at(999)));
    };
    percentile("address look-up: number and outputs", "goal 50; ", &mut |key| {
        let number = ledger.address_number(key).expect("is stored");
        let mut sum = 0;
        ledger.for_each_output_of(number, |s| {
            if let Source::Output(o) = s {
                sum ^= o;
            }
        });
        sum
    });
    percentile("address exposure, direct and indirect", "", &mut |key| {
        let number = ledger.address_number(key).expect("is stored");
        exposures.of_address(ledger, number).source.amount
    });
    Ok(())
}

fn tracing(ledger: &Ledger, entities: &Entities, add: Add<'_>) -> anyhow::Result<()> {
    let view = LedgerView { ledger, entities };
    let options = TraceOptions {
        through_services: true,
        bounds: Bounds { max_hops: u32::MAX, max_edges: 10_000, ..Bounds::default() },
        ..TraceOptions::default()
    };
    // The first blocks' coins have gone everywhere.
    for output in 0..ledger.counts().outputs.min(200) {
        let start = [(Source::Output(output), ledger.value(output))];
        let found = trace(&view, &start, &options)?;
        if found.edges.len() < 10_000 {
            continue;
        }
        if !found.balances() {
            bail!("the benchmark's trace does not balance");
        }
        let seconds = best_of_three(|| {
            black_box(trace(&view, &start, &options).expect("just traced").edges.len());
        });
        add("forward haircut trace of 10,000 movements", seconds * 1e3, "ms", "goal 50".into());
        return Ok(());
    }
    bail!("no start gives a trace of 10,000 movements; simulate more transactions")
}
