//! The program `holdfast-analytics`: exports ledgers as Parquet, runs kernels over segments, joins their results.

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use holdfast_analytics::{Kernel, Outcome, Places, install, merge, run};
use holdfast_analytics_export::{MANIFEST, Options, Progress, Report, SEGMENT_TXS, StoredChain, export};
use holdfast_attribution::Tlp;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whole-chain analytics on exported ledgers.
#[derive(Parser)]
#[command(version, about, arg_required_else_help = true)]
struct Cli {
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Export the ledgers of a store as Parquet: new segments, and those that a reorganization changed.
    Export(ExportArgs),
    /// Join the addresses of each segment that spend together.
    Forest(RunArgs),
    /// Compute features of addresses or accounts, for models.
    Features(RunArgs),
    /// Compute balances: of addresses, or of accounts and assets.
    Balances(RunArgs),
    /// Compute statistics of addresses or accounts.
    Statistics(RunArgs),
    /// Join what a kernel gave for all segments.
    Merge(MergeArgs),
    /// Hand a joined result to the desk: statistics, features, or balances of chains of outputs.
    Install(InstallArgs),
}

#[derive(Args)]
struct ExportArgs {
    /// Folder of the store.
    store: PathBuf,
    /// Folder to export to.
    out: PathBuf,
    /// Chains, by their usual names or CAIP-2 ids; all of the store when none is named.
    #[arg(long = "chain", value_name = "NAME")]
    chains: Vec<String>,
    /// Transactions of a segment, about. An export keeps what it began with.
    #[arg(long, default_value_t = SEGMENT_TXS, value_parser = clap::value_parser!(u64).range(1..))]
    segment_txs: u64,
    /// TLP label up to which tags keep label and source.
    #[arg(long, default_value = "amber")]
    clearance: String,
    /// Leave tags out.
    #[arg(long)]
    no_tags: bool,
    /// Leave clusters out.
    #[arg(long)]
    no_clusters: bool,
    /// Write clusters anew though few transactions came since those that are there.
    #[arg(long, conflicts_with = "no_clusters")]
    fresh_clusters: bool,
}

#[derive(Args)]
struct RunArgs {
    #[command(flatten)]
    places: PlaceArgs,
    /// Segments; all when none is named.
    segments: Vec<u64>,
    /// Segments at once, each with its own memory; as many as cores when not given.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

#[derive(Args)]
struct MergeArgs {
    /// Kernel: forest, features, balances or statistics.
    kernel: Kernel,
    #[command(flatten)]
    places: PlaceArgs,
}

#[derive(Args)]
struct InstallArgs {
    #[command(flatten)]
    merged: MergeArgs,
    /// Folder of the desk's store.
    store: PathBuf,
}

#[derive(Args)]
struct PlaceArgs {
    /// Export of a chain: the folder of its manifest, or one with a single chain below.
    export: PathBuf,
    /// Folder for results.
    results: PathBuf,
}

impl PlaceArgs {
    fn places(&self) -> anyhow::Result<Places> {
        Ok(Places { export: chain_folder(&self.export)?, results: self.results.clone() })
    }
}

/// Returns the folder that has the manifest.
fn chain_folder(folder: &Path) -> anyhow::Result<PathBuf> {
    if folder.join(MANIFEST).exists() {
        return Ok(folder.to_owned());
    }
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let below = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.join(MANIFEST).exists());
    let mut below: Vec<PathBuf> = below.collect();
    below.sort();
    match below.as_slice() {
        [one] => Ok(one.clone()),
        [] => bail!("{}: no export here; make one with `holdfast-analytics export`", folder.display()),
        several => {
            let names: Vec<String> = several.iter().map(|path| path.display().to_string()).collect();
            bail!("{}: several chains; name one of {}", folder.display(), names.join(", "))
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let stop = Arc::new(AtomicBool::new(false));
    let requested = stop.clone();
    if let Err(e) = ctrlc::set_handler(move || requested.store(true, Ordering::Relaxed)) {
        eprintln!("holdfast-analytics: Ctrl-C ends this without more ado: {e}");
    }
    let done = match &cli.command {
        Command::Export(args) => export_chains(args, cli.json, &stop),
        Command::Forest(args) => run_kernel(Kernel::Forest, args, cli.json, &stop),
        Command::Features(args) => run_kernel(Kernel::Features, args, cli.json, &stop),
        Command::Balances(args) => run_kernel(Kernel::Balances, args, cli.json, &stop),
        Command::Statistics(args) => run_kernel(Kernel::Statistics, args, cli.json, &stop),
        Command::Merge(args) => merge_kernel(args, cli.json, &stop),
        Command::Install(args) => install_result(args, cli.json, &stop),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("holdfast-analytics: {e:#}");
            ExitCode::from(if stop.load(Ordering::Relaxed) { 130 } else { 1 })
        }
    }
}

fn export_chains(args: &ExportArgs, json: bool, stop: &AtomicBool) -> anyhow::Result<()> {
    let all = StoredChain::all(&args.store)?;
    let clearance = Tlp::from_name(&args.clearance);
    let clearance = clearance.with_context(|| format!("--clearance: '{}' is no TLP label", args.clearance))?;
    let options = Options {
        segment_txs: args.segment_txs,
        clearance,
        clusters: !args.no_clusters,
        fresh_clusters: args.fresh_clusters,
        tags: !args.no_tags,
    };
    let mut chosen = Vec::new();
    for name in &args.chains {
        let found = all.iter().find(|chain| chain.is_called(name));
        let names: Vec<&str> = all.iter().map(|chain| chain.id().as_str()).collect();
        chosen.push(found.with_context(|| format!("--chain: no '{name}' in the store; it has {}", names.join(", ")))?);
    }
    if args.chains.is_empty() {
        chosen.extend(&all);
    }
    if chosen.is_empty() {
        bail!("{}: no ledger in this store", args.store.display());
    }
    let mut reports = Vec::new();
    for chain in chosen {
        let report = export(&args.store, chain, &args.out, &options, stop, &mut |progress| told(&progress))?;
        if !json {
            println!("{}", lines_of(&report));
        }
        reports.push(report);
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&reports)?);
    }
    Ok(())
}

fn told(progress: &Progress<'_>) {
    match progress.segment {
        Some(segment) => {
            eprintln!("{}: segment {segment}, {} of {} transactions", progress.chain, progress.txs, progress.of);
        }
        None => eprintln!("{}: tags and clusters", progress.chain),
    }
}

fn lines_of(report: &Report) -> String {
    let tip = report.as_of_block.as_ref().map_or("no block".to_owned(), |b| format!("block {} {}", b.height, b.hash));
    let clusters = report.clusters_as_of.as_ref().filter(|of| Some(*of) != report.as_of_block.as_ref());
    let clusters = clusters.map_or(String::new(), |of| format!("\n  clusters as of block {} {}", of.height, of.hash));
    format!(
        "{}: {} transactions up to {tip}\n  {} segments, {} of them written now; {} files, {} bytes, in {}{clusters}\n  input {}",
        report.chain,
        report.txs,
        report.segments,
        report.written.len(),
        report.files,
        report.bytes,
        report.dir.display(),
        report.input
    )
}

fn run_kernel(kernel: Kernel, args: &RunArgs, json: bool, stop: &AtomicBool) -> anyhow::Result<()> {
    let places = args.places.places()?;
    let threads = args.threads.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let partials = pool.install(|| {
        run(kernel, &places, &args.segments, stop, &|partial, before| {
            let how = if before { ", as it was" } else { "" };
            eprintln!("{}: segment {}, {} rows{how}", kernel.name(), partial.segment, partial.file.rows);
        })
    })?;
    if json {
        println!("{}", serde_json::to_string_pretty(&partials)?);
    } else {
        for partial in partials {
            println!("segment {}: {} rows, {}", partial.segment, partial.file.rows, partial.file.path);
        }
    }
    Ok(())
}

fn merge_kernel(args: &MergeArgs, json: bool, stop: &AtomicBool) -> anyhow::Result<()> {
    let outcome = merge(args.kernel, &args.places.places()?, stop)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&outcome)?);
    } else {
        println!("{}", lines_of_outcome(&outcome));
    }
    Ok(())
}

fn install_result(args: &InstallArgs, json: bool, stop: &AtomicBool) -> anyhow::Result<()> {
    let head = install(args.merged.kernel, &args.merged.places.places()?, &args.store, stop)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&head)?);
    } else {
        let (block, rows) = (&head.as_of_block, head.rows);
        println!("{} of {}: {rows} rows, as of block {} {}", head.table, head.chain, block.height, block.hash);
    }
    Ok(())
}

fn lines_of_outcome(outcome: &Outcome) -> String {
    let mut lines = format!(
        "{} {} of {}, {} segments, as of block {} {}\n  input {}",
        outcome.kernel.name(),
        outcome.version,
        outcome.chain,
        outcome.segments,
        outcome.as_of_block.height,
        outcome.as_of_block.hash,
        outcome.input
    );
    for (file, digest) in outcome.files.iter().zip(&outcome.digests) {
        lines.push_str(&format!("\n  {}: {} rows, content {}", file.path, digest.rows, digest.content));
    }
    lines
}
