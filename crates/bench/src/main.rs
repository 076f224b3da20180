//! The program `holdfast-bench`: speed and memory on generated load, with the limits and peers that figures are held against in one run, and
//! error rates against ground truth. docs/benchmarks.md and docs/accuracy.md have the figures.

mod accounts;
mod accuracy;
mod analytics;
mod blocks;
mod chain;
mod desk;
mod evidence;
mod following;
mod interference;
mod models;
mod screening;
mod sharing;
mod web;

use clap::{Parser, Subcommand};
use holdfast_console::output;
use std::path::Path;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Holdfast.
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
    /// Parsing, ingest, clustering, exposure, traces and look-ups at each size named.
    Chain(chain::BenchArgs),
    /// The account ledger at each size named: appends, size, look-ups, followed blocks, reorganization.
    Accounts(accounts::AccountsBench),
    /// Blocks of EVM chains: decoding, verification, traces; reading nodes, against ethereum-etl and cryo.
    Blocks(blocks::BlocksBench),
    /// Decisions in process and durable over HTTP, rules, memory.
    Screening(screening::ScreeningBench),
    /// Decisions over HTTP while tags are imported, clusters rebuilt, an image scanned and a node silent.
    Interference(interference::InterferenceBench),
    /// Learned risk: training, scores, reasons, size, leaks and drift, with the goals beside them.
    Models(models::ModelsBench),
    /// Matching, lists, cases and search of a desk with many requests and customers.
    Desk(desk::DeskBench),
    /// Scanning disk images, against ripgrep.
    Evidence(evidence::EvidenceBench),
    /// Private matching, and how soon a flag is known at a partner.
    Sharing(sharing::SharingBench),
    /// Pages in a real Chromium, on the demo's data and behind a long queue.
    Web(web::WebBench),
    /// Whole-chain analytics: export as Parquet, kernels on one core and two.
    Analytics(analytics::AnalyticsBench),
    /// Measure every heuristic against ground truth.
    Accuracy(accuracy::AccuracyArgs),
    #[command(hide = true)]
    Ingest(chain::Ingest),
    #[command(hide = true)]
    AccountsAppend(accounts::AccountsAppend),
}

/// A folder that ends with the run, in the one named, which is made where it is missing.
fn work_folder(within: Option<&Path>) -> std::io::Result<tempfile::TempDir> {
    let Some(within) = within else { return tempfile::tempdir() };
    std::fs::create_dir_all(within)?;
    tempfile::tempdir_in(within)
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    output::run_command("holdfast-bench", false, || match cli.command {
        Command::Chain(args) => chain::run(&args, cli.json),
        Command::Accounts(args) => accounts::run(&args, cli.json),
        Command::Blocks(args) => blocks::run(&args, cli.json),
        Command::AccountsAppend(args) => accounts::append_alone(&args),
        Command::Screening(args) => screening::run(&args, cli.json),
        Command::Interference(args) => interference::run(&args, cli.json),
        Command::Models(args) => models::run(&args, cli.json),
        Command::Desk(args) => desk::run(&args, cli.json),
        Command::Evidence(args) => evidence::run(&args, cli.json),
        Command::Sharing(args) => sharing::run(&args, cli.json),
        Command::Web(args) => web::run(&args, cli.json),
        Command::Analytics(args) => analytics::run(&args, cli.json),
        Command::Accuracy(args) => accuracy::run(args, cli.json),
        Command::Ingest(args) => chain::ingest_alone(&args),
    })
}
