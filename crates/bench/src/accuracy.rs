//! `holdfast-bench accuracy`: error rates of every heuristic against ground truth.

use anyhow::{Context, bail};
use clap::Args;
use holdfast_attribution::Coinjoin;
use holdfast_attribution::accuracy::{Accuracy, Score, Truth, measure};
use holdfast_bitcoin::{AddressKey, Network, Txid};
use holdfast_console::output::{self, thousands};
use holdfast_simulate::files::{FileOptions, write};
use holdfast_simulate::{Economy, Options};
use holdfast_utxo_ledger::{AppendOptions, FilesFeed, Ledger};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct AccuracyArgs {
    /// A simulation's truth folder; its ledger is named with --ledger. Without it, an economy is simulated.
    #[arg(long)]
    truth: Option<PathBuf>,
    /// The ledger that the truth is about.
    #[arg(long, default_value = "store/ledger")]
    ledger: PathBuf,
    /// Transactions to simulate.
    #[arg(long, default_value_t = 200_000)]
    txs: u64,
    /// Seed of the simulation.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Rows of the table of combinations.
    #[arg(long, default_value_t = 10)]
    rows: usize,
}

pub fn run(args: AccuracyArgs, as_json: bool) -> anyhow::Result<()> {
    let measured = match &args.truth {
        Some(truth) => {
            let ledger = Ledger::open(&args.ledger)?;
            measure(&ledger, &read_truth(truth, &ledger)?)
        }
        None => {
            let dir = tempfile::tempdir()?;
            let mut economy = Economy::new(Options { seed: args.seed, txs: args.txs }).map_err(anyhow::Error::msg)?;
            let options = FileOptions { truth: true, ..FileOptions::default() };
            let bar = output::bar(args.txs, "simulating");
            write(&mut economy, dir.path(), options, &mut |made| {
                bar.set_position(made);
                output::stopping()
            })?;
            bar.finish_and_clear();
            let ledger = ingest(&dir.path().join("blocks"), &dir.path().join("ledger"), &AppendOptions::default())?;
            measure(&ledger, &read_truth(&dir.path().join("truth"), &ledger)?)
        }
    };
    if as_json {
        return output::json(&measured);
    }
    print_tables(&measured, args.rows);
    Ok(())
}

/// Ingests regtest node files into a new ledger.
pub fn ingest(blocks: &Path, ledger: &Path, options: &AppendOptions) -> anyhow::Result<Ledger> {
    let files = holdfast_bitcoin::files::BlockFiles::open(blocks, Network::Regtest, |_| None)?;
    let mut ledger = Ledger::create_or_open(ledger, Network::Regtest)?;
    ledger.append(&FilesFeed::new(&files, 0, false), options, &mut |_| output::stopping())?;
    Ok(ledger)
}

/// Reads `transactions.csv` and `addresses.csv` of a simulation.
pub fn read_truth(dir: &Path, ledger: &Ledger) -> anyhow::Result<Truth> {
    let counts = ledger.counts();
    let mut truth = Truth {
        change: vec![None; counts.txs as usize],
        coinjoin: vec![None; counts.txs as usize],
        owner: vec![u32::MAX; counts.addresses as usize],
    };
    let path = dir.join("transactions.csv");
    let mut found = 0;
    for (line, record) in
        csv::Reader::from_path(&path).with_context(|| path.display().to_string())?.records().enumerate()
    {
        let record = record.with_context(|| path.display().to_string())?;
        let place = || format!("{}: line {}", path.display(), line + 2);
        let txid = record.get(0).and_then(|text| text.parse::<Txid>().ok()).with_context(place)?;
        let Some(tx) = ledger.tx_by_id(&txid) else { continue };
        found += 1;
        truth.change[tx as usize] =
            record.get(2).filter(|c| !c.is_empty()).map(str::parse).transpose().with_context(place)?;
        truth.coinjoin[tx as usize] = match record.get(1).and_then(|k| k.strip_prefix("coinjoin-")) {
            Some("wasabi1") => Some(Coinjoin::Wasabi1),
            Some("wasabi2") => Some(Coinjoin::Wasabi2),
            Some("whirlpool") => Some(Coinjoin::Whirlpool),
            Some("joinmarket") => Some(Coinjoin::Joinmarket),
            _ => None,
        };
    }
    if found == 0 {
        bail!("{}: none of its transactions is in the ledger; is it the truth of another simulation?", path.display());
    }
    let path = dir.join("addresses.csv");
    for (line, record) in
        csv::Reader::from_path(&path).with_context(|| path.display().to_string())?.records().enumerate()
    {
        let record = record.with_context(|| path.display().to_string())?;
        let place = || format!("{}: line {}", path.display(), line + 2);
        let key = AddressKey::parse(record.get(0).unwrap_or_default(), ledger.network()).with_context(place)?;
        let owner: u32 = record.get(1).unwrap_or_default().parse().with_context(place)?;
        if let Some(address) = ledger.address_number(&key) {
            let known = &mut truth.owner[address as usize];
            if *known == u32::MAX {
                *known = owner;
            }
        }
    }
    Ok(truth)
}

fn print_tables(measured: &Accuracy, rows: usize) {
    println!("Measured on {} simulated transactions.\n", thousands(measured.txs as u64));
    table("Clustering (a statement is a merge of two clusters)", &measured.clusterings);
    table("Coinjoin detectors", &measured.coinjoins);
    table("Change heuristics (a statement is: this output is the change)", &measured.change);
    let n = rows.min(measured.combinations.len());
    table(
        &format!("Best {n} of {} sets of change heuristics that must agree", measured.combinations.len()),
        &measured.combinations[..n],
    );
}

fn table(title: &str, scores: &[Score]) {
    println!("| {title} | statements | precision | recall |");
    println!("| --- | ---: | ---: | ---: |");
    for s in scores {
        println!("| {} | {} | {:.2}% | {:.2}% |", s.name, thousands(s.made), s.precision() * 100.0, s.recall() * 100.0);
    }
    println!();
}
