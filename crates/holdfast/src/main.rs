//! The `holdfast` command.

mod ledger;
mod output;
mod simulate;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The open investigations desk of a crypto exchange.
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
    /// Read node files or single blocks into a ledger.
    Ingest(ledger::Ingest),
    /// Look at, check and maintain a ledger.
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Make synthetic data with ground truth.
    #[command(subcommand)]
    Simulate(simulate::SimulateCommand),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    output::install_stop_handler();
    let result = match cli.command {
        Command::Ingest(args) => ledger::ingest(args, cli.json),
        Command::Ledger(command) => ledger::run(command, cli.json),
        Command::Simulate(command) => simulate::run(command, cli.json),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("holdfast: {error:#}");
            ExitCode::FAILURE
        }
    }
}
