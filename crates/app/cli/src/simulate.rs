//! `holdfast simulate`.

use crate::import::json_lines;
use crate::output;
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use holdfast_decision::{ChainFacts, Event};
use holdfast_evaluation::Variants;
use holdfast_simulate::files::{FileOptions, write};
use holdfast_simulate::{Economy, Options};
use holdfast_simulate_accounts::{self as accounts, files::Format, node::Player};
use holdfast_workspace::Workspace;
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum SimulateCommand {
    /// Write node files of a synthetic economy, with its ground truth.
    Chain(Chain),
    /// Write node files of a synthetic economy on two account chains with a bridge, with its ground truth.
    Accounts(Accounts),
    /// Write records and events of a simulated exchange (JSON Lines), with the ground truth of its planted cases.
    Exchange(Exchange),
    /// Measure precision and recall of every typology on a simulated exchange.
    Score(ScoreArgs),
}

#[derive(Args)]
pub struct Exchange {
    /// Folder to write into; gets records.jsonl, events.jsonl, cases.jsonl (the ground truth) and labels.jsonl (outcomes that the exchange knows).
    out: PathBuf,
    /// Customers without a case: 100 to 1,000,000. Those of cases are added.
    #[arg(long, default_value_t = 2_000)]
    customers: u32,
    /// Days of traffic: 14 to 365.
    #[arg(long, default_value_t = 60)]
    days: u32,
    /// Cases planted of each typology.
    #[arg(long, default_value_t = 20)]
    cases: u32,
    /// Variants of the typologies that are planted: all (tuned and held out in turn), tuned, held-out.
    #[arg(long, default_value = "all", value_parser = variants)]
    variants: Variants,
    /// The same seed and sizes give the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Transactions of a simulated chain whose deposits are added, for peel chains, mixers and coinjoins; its ledger and tags go to store/
    /// in the folder. 0 for none.
    #[arg(long, default_value_t = 0)]
    chain_txs: u64,
}

fn variants(text: &str) -> Result<Variants, String> {
    match text {
        "all" => Ok(Variants::All),
        "tuned" => Ok(Variants::Tuned),
        "held-out" => Ok(Variants::HeldOut),
        _ => Err("use all, tuned or held-out".into()),
    }
}

#[derive(Args)]
pub struct ScoreArgs {
    /// Folder that `holdfast simulate exchange` wrote.
    folder: PathBuf,
}

/// Decides on a simulated exchange in memory and prints how well every typology is found.
fn score_command(args: ScoreArgs, as_json: bool) -> anyhow::Result<()> {
    use holdfast_evaluation::{found_at, score_found};
    fn read<T: serde::de::DeserializeOwned>(path: &std::path::Path) -> anyhow::Result<Vec<T>> {
        json_lines(path, &std::fs::read(path).with_context(|| path.display().to_string())?)
    }
    let place = |name: &str| args.folder.join(name);
    let made = holdfast_evaluation::Exchange {
        records: read(&place("records.jsonl"))?,
        events: read(&place("events.jsonl"))?,
        cases: read(&place("cases.jsonl"))?,
        ..Default::default()
    };
    let store = place("store");
    let workspace = if store.exists() { Some(Workspace::open(&store)?) } else { None };
    let bar = output::bar(made.events.len(), "deciding");
    let facts = |event: &Event| {
        workspace.as_ref().map_or_else(ChainFacts::default, |w| holdfast_chain_facts::chain_facts(w, event, None))
    };
    let found = found_at(&made, facts, &mut |n| {
        bar.set_position(n);
        output::stopping()
    });
    bar.finish_and_clear();
    let scores = score_found(&made.cases, &found.map_err(anyhow::Error::msg)?);
    if as_json {
        return output::json(&scores.iter().map(|(t, s)| (t.name(), s)).collect::<std::collections::BTreeMap<_, _>>());
    }
    let percent = |p: Option<u64>| p.map_or("-".to_owned(), |p| format!("{}.{}%", p / 10, p % 10));
    println!(
        "{:<20} {:>7} {:>8} {:>9} {:>10} | tuned: {:>4} {:>7} {:>10} | held out: {:>4} {:>7} {:>10}",
        "typology",
        "flagged",
        "cases",
        "recall",
        "precision",
        "cases",
        "recall",
        "precision",
        "cases",
        "recall",
        "precision"
    );
    for (typology, s) in &scores {
        println!(
            "{:<20} {:>7} {:>8} {:>9} {:>10} | {:>11} {:>7} {:>10} | {:>14} {:>7} {:>10}",
            typology.name(),
            s.flagged,
            s.cases,
            percent(s.recall()),
            percent(s.precision()),
            s.tuned.cases,
            percent(s.tuned.recall()),
            percent(s.tuned.precision()),
            s.held_out.cases,
            percent(s.held_out.recall()),
            percent(s.held_out.precision())
        );
    }
    Ok(())
}

fn exchange(args: Exchange, as_json: bool) -> anyhow::Result<()> {
    use holdfast_evaluation::chain_workspace;
    use holdfast_simulate::exchange::{Options, simulate};
    use std::io::Write;
    let options = Options {
        seed: args.seed,
        customers: args.customers,
        days: args.days,
        cases: args.cases,
        variants: args.variants,
        ..Options::default()
    };
    let mut made = simulate(options).map_err(anyhow::Error::msg)?;
    if args.chain_txs > 0 {
        let options = holdfast_simulate::Options { seed: args.seed, txs: args.chain_txs };
        let (_, blocks, economy) = chain_workspace(&args.out.join("store"), options).map_err(anyhow::Error::msg)?;
        made.add_chain(&blocks, &economy).map_err(anyhow::Error::msg)?;
    }
    let made = holdfast_evaluation::Exchange::from(made);
    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    fn write<T: serde::Serialize>(path: &std::path::Path, items: &[T]) -> anyhow::Result<()> {
        let mut out = std::io::BufWriter::new(std::fs::File::create(path).with_context(|| path.display().to_string())?);
        for item in items {
            serde_json::to_writer(&mut out, item)?;
            out.write_all(b"\n")?;
        }
        Ok(out.flush()?)
    }
    write(&args.out.join("records.jsonl"), &made.records)?;
    write(&args.out.join("events.jsonl"), &made.events)?;
    write(&args.out.join("cases.jsonl"), &made.cases)?;
    write(&args.out.join("labels.jsonl"), &made.labels)?;
    if as_json {
        return output::json(
            &json!({"records": made.records.len(), "events": made.events.len(), "cases": made.cases.len(), "labels": made.labels.len()}),
        );
    }
    println!(
        "{} records, {} events, {} planted cases and {} labels in {}",
        made.records.len(),
        made.events.len(),
        made.cases.len(),
        made.labels.len(),
        args.out.display()
    );
    Ok(())
}

#[derive(Args)]
pub struct Accounts {
    /// Folder to write into; gets a folder for each chain, `chains.json` and `truth/`. Must not hold a simulation yet.
    #[arg(long)]
    out: PathBuf,
    /// Blocks of each chain: 20 to 200,000.
    #[arg(long, default_value_t = 1_000)]
    blocks: u32,
    /// People: 20 to 200,000.
    #[arg(long, default_value_t = 1_000)]
    users: u32,
    /// Transactions in a block of the first chain, about: 10 to 5,000. The second chain's blocks have a quarter.
    #[arg(long, default_value_t = 100)]
    txs_per_block: u32,
    /// The same seed and sizes give the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How blocks are written: json (with receipts and traces), era1 (and traces as JSON).
    #[arg(long, default_value = "json", value_parser = format)]
    format: Format,
    /// Numbers of the two chains (EIP-155).
    #[arg(long, value_names = ["FIRST", "SECOND"], num_args = 2, default_values_t = [31_337, 31_338])]
    chain_ids: Vec<u64>,
    /// Let gas cost nothing, so that a node on which it costs nothing has the same balances.
    #[arg(long)]
    no_fees: bool,
    /// Play it on two development nodes instead of writing blocks; gas costs nothing. Start each as `anvil --chain-id N --no-mining --order fifo
    /// --disable-pool-balance-checks --disable-min-priority-fee --base-fee 0 --gas-limit 3000000000 --timestamp 1750000000`.
    #[arg(long, value_names = ["URL", "URL"], num_args = 2, conflicts_with = "format")]
    nodes: Vec<String>,
}

fn format(text: &str) -> Result<Format, String> {
    match text {
        "json" => Ok(Format::Json),
        "era1" => Ok(Format::Era1),
        _ => Err("use json or era1".into()),
    }
}

fn accounts(args: &Accounts, as_json: bool) -> anyhow::Result<()> {
    let &[first, second] = args.chain_ids.as_slice() else { bail!("--chain-ids takes two numbers") };
    let options = accounts::Options {
        seed: args.seed,
        blocks: args.blocks,
        users: args.users,
        txs_per_block: args.txs_per_block,
        chains: [first, second],
        has_fees: !args.no_fees && args.nodes.is_empty(),
    };
    let mut economy = accounts::Economy::new(options).map_err(anyhow::Error::msg)?;
    if args.out.join("chains.json").exists() {
        bail!("{} holds a simulation already; choose an empty folder", args.out.display());
    }
    let player = match args.nodes.as_slice() {
        [first, second] => Some(Player::new(&economy, [first, second])?),
        _ => None,
    };
    let format = if player.is_some() { Format::None } else { args.format };
    let bar = output::bar(args.blocks, "simulating");
    let written = accounts::files::write(&mut economy, &args.out, format, &mut |blocks| {
        for block in blocks {
            if let Some(player) = &player {
                player.play(block).map_err(std::io::Error::other)?;
            }
            bar.set_position(block.header.number);
        }
        Ok(output::stopping())
    })
    .with_context(|| args.out.display().to_string())?;
    bar.finish_and_clear();
    if economy.height() < args.blocks {
        bail!("stopped after {} blocks; the files hold whole blocks and their truth", economy.height());
    }
    if as_json {
        return output::json(&json!({"blocks": written.blocks, "txs": written.txs, "transfers": written.transfers,
            "records": written.records, "bytes": written.bytes, "seed": args.seed,
            "chains": options.chains.map(|number| format!("eip155:{number}"))}));
    }
    println!(
        "Wrote {} transactions with {} transfers in {} blocks of two chains ({} bytes) to {}",
        output::thousands(written.txs),
        output::thousands(written.transfers),
        output::thousands(written.blocks),
        output::thousands(written.bytes),
        args.out.display()
    );
    Ok(())
}

#[derive(Args)]
pub struct Chain {
    /// Folder to write into; gets `blocks/` and `truth/`. Must not hold blocks yet.
    out: PathBuf,
    /// Transactions: 1,000 to 50,000,000.
    #[arg(long, default_value_t = 100_000)]
    txs: u64,
    /// The same seed and size give the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write undo files (rev*.dat) too.
    #[arg(long)]
    undo: bool,
    /// Do not write the ground truth (CSV and TagPack).
    #[arg(long)]
    no_truth: bool,
    /// Obfuscate the files as Bitcoin Core 28 does, with this key (16 hex digits).
    #[arg(long)]
    xor: Option<String>,
}

pub fn run(command: SimulateCommand, as_json: bool) -> anyhow::Result<()> {
    let args = match command {
        SimulateCommand::Chain(args) => args,
        SimulateCommand::Accounts(args) => return accounts(&args, as_json),
        SimulateCommand::Exchange(args) => return exchange(args, as_json),
        SimulateCommand::Score(args) => return score_command(args, as_json),
    };
    let mut economy = Economy::new(Options { seed: args.seed, txs: args.txs }).map_err(anyhow::Error::msg)?;
    let xor = args
        .xor
        .map(|key| -> anyhow::Result<[u8; 8]> {
            let bytes = hex::decode(&key).context("--xor")?;
            bytes.try_into().map_err(|_| anyhow::anyhow!("--xor takes 16 hex digits"))
        })
        .transpose()?;
    if args.out.join("blocks").join("blk00000.dat").exists() {
        bail!("{} holds blocks already; choose an empty folder", args.out.display());
    }
    let bar = output::bar(args.txs, "simulating");
    let options = FileOptions { undo: args.undo, truth: !args.no_truth, xor };
    let written = write(&mut economy, &args.out, options, &mut |made| {
        bar.set_position(made);
        output::stopping()
    })
    .with_context(|| args.out.display().to_string())?;
    bar.finish_and_clear();
    if written.txs < args.txs {
        bail!("stopped after {} transactions; the files hold whole blocks", written.txs);
    }
    if as_json {
        return output::json(&json!({"blocks": written.blocks, "txs": written.txs, "bytes": written.bytes,
            "owners": economy.owner_count(), "seed": args.seed, "network": "regtest"}));
    }
    println!(
        "Wrote {} transactions in {} blocks ({} bytes) of {} owners to {}",
        output::thousands(written.txs),
        output::thousands(written.blocks),
        output::thousands(written.bytes),
        output::thousands(economy.owner_count()),
        args.out.display()
    );
    println!("Next: holdfast ingest {}/blocks --network regtest --ledger LEDGER", args.out.display());
    Ok(())
}
