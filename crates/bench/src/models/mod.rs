//! `holdfast-bench models`: every number that is promised of learned risk, beside its goal, in one command. What cannot be measured is said, never passed.

mod cost;
mod decisions;
mod peers;
mod public;
mod report;
mod rows;
mod variants;

use anyhow::bail;
use clap::{Args, ValueEnum};
use report::Report;
use std::path::PathBuf;

#[derive(Args)]
pub struct ModelsBench {
    /// Rows of the training table.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    rows: u32,
    /// Only these parts; all by default.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Folder of the public sets (docs/test-data.md), with `learning` in it, packed or not.
    #[arg(long, env = "HOLDFAST_TEST_DATA")]
    data: Option<PathBuf>,
    /// Python with the packages `lightgbm` 4.7, `xgboost` 3.2 and `numpy`.
    #[arg(long, default_value = "target/peers/venv/bin/python")]
    python: PathBuf,
    /// Durable decisions over HTTP in each run.
    #[arg(long, default_value_t = 15_000)]
    events: usize,
    /// Runs with and without a champion, by turns; the medians are compared.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=20))]
    rounds: u8,
    /// Connections of the load generator, each with one request under way.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Folder for the SQLite database: put it on the disk that counts.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Customers without a case of each simulated exchange on which models and rules are compared.
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u32).range(100..=100_000))]
    customers: u32,
    /// Ends with an error if a goal is missed, or not measured.
    #[arg(long)]
    check: bool,
}

/// A part of the measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Training, score, reasons, size.
    Cost,
    /// What is refused as a feature.
    Leaks,
    /// A planted shift, and quiet days.
    Drift,
    /// Average precision beside LightGBM and XGBoost on the public sets.
    Peers,
    /// A score in a decision; durable decisions a second with a champion and without.
    Decisions,
    /// Precision beside rules alone on variants that were left out of training.
    Variants,
}

pub fn run(args: &ModelsBench, as_json: bool) -> anyhow::Result<()> {
    let mut report = Report::new(as_json);
    for part in Part::value_variants() {
        if !args.only.is_empty() && !args.only.contains(part) {
            report.left_out(&format!("{part:?}").to_lowercase());
            continue;
        }
        match part {
            Part::Cost => cost::cost(args.rows as usize, &mut report)?,
            Part::Leaks => cost::leaks(&mut report)?,
            Part::Drift => cost::drift(&mut report),
            Part::Peers => peers::compare(args.data.as_deref(), &args.python, &mut report)?,
            Part::Decisions => decisions::measure(args, &mut report)?,
            Part::Variants => variants::measure(args.customers, &mut report)?,
        }
    }
    let missed = report.finish()?;
    if args.check && missed > 0 {
        bail!("{missed} goals are missed or not measured");
    }
    Ok(())
}
