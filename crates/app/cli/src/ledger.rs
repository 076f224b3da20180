//! `holdfast ingest` and `holdfast ledger`.

use crate::accounts::{self, AccountArgs};
use crate::args::LedgerArgs;
use crate::options::{FOR_ACCOUNTS, refuse};
use crate::output::{self, thousands};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use holdfast_account_workspace::beside::BesideStore;
use holdfast_bitcoin::files::{BlockFiles, heights_of_headers, read_single_block};
use holdfast_bitcoin::undo::parse_spent_file;
use holdfast_bitcoin::{BlockHash, Network};
use holdfast_utxo_ledger::{AppendOptions, AppendReport, FilesFeed, Ledger, LedgerError, MemoryBlock, MemoryFeed};
use serde_json::json;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(Args)]
pub struct Ingest {
    /// A node's `blocks` folder (blk*.dat, rev*.dat, xor.dat), or files that each hold one block (raw, hex, or zstd of those). With --chain, folders or
    /// files of an account chain's blocks (.jsonl, .json, .era1, .yaml; see the manual).
    #[arg(required_unless_present = "rpc")]
    paths: Vec<PathBuf>,
    /// Network of the blocks.
    #[arg(long, default_value = "bitcoin", conflicts_with = "chain")]
    network: Network,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// File with the headers from genesis on, 80 bytes each, for the heights of blocks older than BIP 34 whose ancestors are not stored.
    #[arg(long, conflicts_with = "chain")]
    headers: Option<PathBuf>,
    /// For a single block: the outputs that its inputs spend (JSON or binary; see the manual).
    #[arg(long, conflicts_with = "chain")]
    spent_outputs: Option<PathBuf>,
    /// Copy raw blocks into the ledger instead of pointing at the node's files.
    #[arg(long, conflicts_with = "chain")]
    keep_raw: bool,
    /// Account chain: read this node, up to its tip, instead of files: JSON-RPC, or java-tron's HTTP interface.
    #[arg(long, requires = "chain", conflicts_with = "paths")]
    rpc: Option<String>,
    /// Account chain: first block of a new ledger.
    #[arg(long, requires = "chain", default_value_t = 0)]
    from_height: u64,
    /// Account chain: last block that is read.
    #[arg(long, requires = "chain")]
    to_height: Option<u64>,
    #[command(flatten)]
    accounts: AccountArgs,
    /// Commit after this many transactions.
    #[arg(long, default_value_t = AppendOptions::default().batch_txs)]
    batch_txs: u32,
    /// Target for working memory, in MiB.
    #[arg(long, default_value_t = AppendOptions::default().memory >> 20)]
    memory: usize,
}

#[derive(Subcommand)]
pub enum LedgerCommand {
    /// Show what a ledger holds, and its size.
    Info(LedgerArgs),
    /// Verify headers, proof of work, merkle roots, links, amounts, addresses and indices. Of an account chain every row, key, posting and balance, and
    /// links, signals and clusters beside it.
    Check(CheckArgs),
    /// Rebuild the index.
    Index(LedgerArgs),
    /// Remove the blocks of an account chain's ledger from a height up, to read them again.
    Truncate(TruncateArgs),
    /// Make links, signals and clusters beside an account chain's ledger anew: from its blocks, which are read again, and from the ledger.
    Rebuild(Box<RebuildArgs>),
}

fn beside_store(name: &str) -> Result<BesideStore, String> {
    name.parse().map_err(|_| "there are links, signals and clusters".to_owned())
}

#[derive(Args)]
pub struct RebuildArgs {
    /// The files and folders that the ledger was read from; links and signals are in the blocks only.
    paths: Vec<PathBuf>,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Read the blocks from this node instead of files.
    #[arg(long, conflicts_with = "paths")]
    rpc: Option<String>,
    /// Only these: links, signals, clusters.
    #[arg(long, value_delimiter = ',', value_parser = beside_store)]
    only: Vec<BesideStore>,
    #[command(flatten)]
    accounts: AccountArgs,
}

#[derive(Args)]
pub struct TruncateArgs {
    /// The first block that is removed.
    height: u64,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Remove final blocks too.
    #[arg(long = "final")]
    with_final: bool,
}

#[derive(Args)]
pub struct CheckArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Compare every block with its raw bytes too.
    #[arg(long)]
    raw: bool,
    /// When nothing is wrong, write checksums of the columns: for ledgers of earlier versions, which have none.
    #[arg(long)]
    write: bool,
}

/// Reads a file, unpacking zstd by its magic number.
pub fn read_maybe_zstd(path: &Path) -> anyhow::Result<Vec<u8>> {
    const LIMIT: u64 = 256 << 20;
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    if !bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Ok(bytes);
    }
    use std::io::Read;
    let mut out = Vec::new();
    let decoder = zstd::Decoder::new(bytes.as_slice()).with_context(|| path.display().to_string())?;
    decoder.take(LIMIT + 1).read_to_end(&mut out).with_context(|| path.display().to_string())?;
    if out.len() as u64 > LIMIT {
        bail!("{}: unpacks to more than {LIMIT} bytes", path.display());
    }
    Ok(out)
}

/// Returns how many of `count` were done in a second.
fn per_second(count: u32, time: Duration) -> u128 {
    u128::from(count) * 1_000 / time.as_millis().max(1)
}

/// Appends with a progress bar.
fn append(
    ledger: &mut Ledger,
    feed: &dyn holdfast_utxo_ledger::BlockFeed,
    options: &AppendOptions,
) -> Result<AppendReport, LedgerError> {
    let total: u64 = (0..feed.len()).map(|i| feed.tx_hint(i)).sum();
    let bar = output::bar(total, "reading blocks");
    let result = ledger.append(feed, options, &mut |progress| {
        bar.set_position(progress.txs);
        bar.set_message(progress.stage);
        output::stopping()
    });
    bar.finish_and_clear();
    result
}

pub fn ingest(args: Ingest, as_json: bool) -> anyhow::Result<()> {
    if let Some(chain) = &args.ledger.chain {
        let reading = accounts::feed::Reading {
            chain,
            store: args.ledger.store(),
            paths: &args.paths,
            rpc: args.rpc.as_deref(),
            from_height: args.from_height,
            to_height: args.to_height,
            batch: args.batch_txs.max(1).into(),
            memory: args.memory.max(16) << 20,
            args: &args.accounts,
        };
        return accounts::ingest(&reading, as_json);
    }
    refuse(args.accounts.reading.given(), FOR_ACCOUNTS)?;
    ingest_outputs(&args, as_json)
}

/// Reads blocks of the Bitcoin family.
fn ingest_outputs(args: &Ingest, as_json: bool) -> anyhow::Result<()> {
    let options = AppendOptions {
        batch_txs: args.batch_txs.max(1),
        memory: args.memory.max(16) << 20,
        ..AppendOptions::default()
    };
    let heights = match &args.headers {
        Some(path) => heights_of_headers(&read_maybe_zstd(path)?, args.network)
            .map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?,
        None => HashMap::new(),
    };
    let start = Instant::now();
    let mut ledger = Ledger::create_or_open(&args.ledger.folder(), args.network)?;
    let mut notes = Vec::new();
    let mut total = AppendReport::default();
    let mut add = |report: AppendReport| {
        total.blocks += report.blocks;
        total.txs += report.txs;
        total.outputs += report.outputs;
        total.inputs += report.inputs;
        total.externals += report.externals;
        total.unknown += report.unknown;
        total.inferred += report.inferred;
    };
    let (folders, files): (Vec<_>, Vec<_>) = args.paths.iter().partition(|p| p.is_dir());
    if args.spent_outputs.is_some() && files.len() != 1 {
        bail!("--spent-outputs belongs to one block; {} were named", files.len());
    }
    // What cannot be taken is listed at the end; the others are taken.
    let mut refused: Vec<String> = Vec::new();
    for folder in folders {
        let found = match BlockFiles::open(folder, args.network, |hash| heights.get(hash).copied()) {
            Ok(found) => found,
            Err(e) => {
                refused.push(format!("{}: {e}", folder.display()));
                continue;
            }
        };
        notes.extend(found.notes.iter().cloned());
        let left_out = found.left_out().count();
        if left_out > 0 {
            notes.push(format!("{left_out} blocks are repeats, on stale branches or of unknown height; left out"));
        }
        let from = resume_point(&mut ledger, &found, &mut notes)?;
        add(append(&mut ledger, &FilesFeed::new(&found, from, args.keep_raw), &options)?);
    }
    let mut blocks = Vec::new();
    for path in files {
        match single_block(path, args, &heights) {
            Ok(block) => blocks.push(block),
            Err(e) => refused.push(format!("{e:#}")),
        }
    }
    blocks.sort_by_key(|b| b.height);
    let stored = |b: &MemoryBlock| ledger.block_at(b.height).is_some_and(|s| s.hash == b.block.hash);
    let known = blocks.iter().filter(|b| stored(b)).count();
    if known > 0 {
        notes.push(format!("{known} blocks are in the ledger already"));
        blocks.retain(|b| !stored(b));
    }
    if !blocks.is_empty() || known > 0 {
        add(append(&mut ledger, &MemoryFeed(blocks), &options)?);
    }
    let seconds = start.elapsed().as_secs_f64();
    let counts = ledger.counts();
    if as_json {
        output::json(&json!({
            "blocks": total.blocks, "txs": total.txs, "outputs": total.outputs, "inputs": total.inputs,
            "externals": total.externals, "inferred": total.inferred, "unknown": total.unknown, "refused": refused,
            "seconds": seconds, "notes": notes, "ledger": counts, "peak_rss_kib": output::peak_rss_kib(),
        }))?;
        return refused_result(&refused);
    }
    for note in notes {
        println!("note: {note}");
    }
    println!(
        "Ingested {} blocks, {} transactions in {seconds:.1} s ({} tx/s).",
        thousands(total.blocks),
        thousands(total.txs),
        thousands(per_second(total.txs, start.elapsed()))
    );
    if total.externals > 0 {
        println!(
            "{} inputs spend outputs of blocks that are not here: {} known from undo data, {} by address alone, {} not at all.",
            thousands(total.externals),
            thousands(total.externals - total.inferred - total.unknown),
            thousands(total.inferred),
            thousands(total.unknown)
        );
    }
    println!(
        "The ledger holds {} blocks, {} transactions, {} addresses.",
        thousands(counts.blocks),
        thousands(counts.txs),
        thousands(counts.addresses)
    );
    refused_result(&refused)
}

/// Returns an error that lists refused files, when there are any.
fn refused_result(refused: &[String]) -> anyhow::Result<()> {
    match refused.len() {
        0 => Ok(()),
        n => bail!("{n} of the inputs were not ingested (any others were):\n  {}", refused.join("\n  ")),
    }
}

/// Reads the block of a file, with its height.
fn single_block(path: &Path, args: &Ingest, heights: &HashMap<BlockHash, u32>) -> anyhow::Result<MemoryBlock> {
    let meta = std::fs::metadata(path).with_context(|| path.display().to_string())?;
    anyhow::ensure!(meta.is_file(), "{}: is no file; a block's file or a node's folder is wanted", path.display());
    let block = read_single_block(read_maybe_zstd(path)?, args.network).with_context(|| path.display().to_string())?;
    let height = heights.get(&block.hash).copied().or(block.stated_height()).with_context(|| {
        format!(
            "{}: block {} does not state its height (older than BIP 34); give --headers",
            path.display(),
            block.hash
        )
    })?;
    let spent = match &args.spent_outputs {
        Some(path) => Some(parse_spent_file(path, &read_maybe_zstd(path)?)?),
        None => None,
    };
    Ok(MemoryBlock { height, block, spent })
}

/// Returns the position in the files after the ledger's tip, after removing stored blocks that left the chain.
fn resume_point(ledger: &mut Ledger, found: &BlockFiles, notes: &mut Vec<String>) -> anyhow::Result<usize> {
    let Some(tip) = ledger.tip() else { return Ok(0) };
    // The highest block of the found chain that is stored.
    let common = (0..found.len()).rev().find(|i| {
        let (height, block) = found.entry(*i);
        ledger.block_at(height).is_some_and(|b| b.hash == block.hash)
    });
    match common {
        Some(i) => {
            let (height, _) = found.entry(i);
            let replaced = i + 1 < found.len() && height < tip.height;
            if replaced {
                let removed = ledger.truncate(height + 1)?;
                notes.push(format!("the chain was reorganized: {removed} stored blocks above height {height} removed"));
            }
            Ok(i + 1)
        }
        None => {
            let first_above = (0..found.len()).find(|i| found.entry(*i).0 > tip.height);
            Ok(first_above.unwrap_or(found.len()))
        }
    }
}

pub fn run(command: LedgerCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        LedgerCommand::Info(args) => match &args.chain {
            Some(chain) => accounts::ledger::info(args.store(), chain, as_json),
            None => info(&args.folder(), as_json),
        },
        LedgerCommand::Truncate(args) => {
            let chain = args.ledger.chain.as_ref().context("name the account chain with --chain")?;
            accounts::ledger::truncate(args.ledger.store(), chain, args.height, args.with_final, as_json)
        }
        LedgerCommand::Check(args) if args.ledger.chain.is_some() => {
            anyhow::ensure!(!args.raw && !args.write, "--raw and --write are for ledgers of outputs");
            let chain = args.ledger.chain.as_ref().context("name the account chain with --chain")?;
            accounts::ledger::check(args.ledger.store(), chain, as_json)
        }
        LedgerCommand::Rebuild(args) => {
            let chain = args.ledger.chain.as_ref().context("name the account chain with --chain")?;
            let rebuilding = accounts::rebuild::Rebuilding {
                chain,
                store: args.ledger.store(),
                paths: &args.paths,
                rpc: args.rpc.as_deref(),
                only: &args.only,
                args: &args.accounts,
            };
            accounts::rebuild::rebuild(&rebuilding, as_json)
        }
        LedgerCommand::Index(args) if args.chain.is_some() => accounts::ledger::index(&args.folder()),
        LedgerCommand::Check(args) => check(&args.ledger.folder(), args.raw, args.write, as_json),
        LedgerCommand::Index(args) => {
            let mut ledger = Ledger::open_for_writing(&args.folder())?;
            ledger.rebuild_index(AppendOptions::default().memory)?;
            println!("Indexed {} transactions.", thousands(ledger.counts().txs));
            Ok(())
        }
    }
}

fn info(path: &Path, as_json: bool) -> anyhow::Result<()> {
    let ledger = Ledger::open(path)?;
    let counts = ledger.counts();
    let mut sizes = Vec::new();
    collect_sizes(path, path, &mut sizes)?;
    sizes.sort();
    let bytes: u64 = sizes.iter().map(|s| s.1).sum();
    let tip = ledger.tip().map(|t| (t.height, t.hash.to_string()));
    if as_json {
        return output::json(
            &json!({"network": ledger.network(), "counts": counts, "tip": tip, "bytes": bytes, "files": sizes,
            "unknown_externals": ledger.unknown_externals()}),
        );
    }
    println!("network        {}", ledger.network());
    if let Some((height, hash)) = tip {
        println!("tip            {height} {hash}");
    }
    for (name, n) in [
        ("blocks", u64::from(counts.blocks)),
        ("transactions", u64::from(counts.txs)),
        ("outputs", counts.outputs),
        ("inputs", counts.inputs),
        ("externals", counts.externals),
        ("addresses", u64::from(counts.addresses)),
    ] {
        println!("{name:<14} {}", thousands(n));
    }
    println!("bytes          {}", thousands(bytes));
    for (name, size) in sizes {
        println!("  {name:<20} {}", thousands(size));
    }
    Ok(())
}

pub fn collect_sizes(root: &Path, dir: &Path, out: &mut Vec<(String, u64)>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect_sizes(root, &entry.path(), out)?;
        } else {
            let name = entry.path().strip_prefix(root).expect("below the root").display().to_string();
            out.push((name, entry.metadata()?.len()));
        }
    }
    Ok(())
}

fn check(path: &Path, raw: bool, write: bool, as_json: bool) -> anyhow::Result<()> {
    // A damaged ledger may not open: what is damaged is reported first.
    let (compared, changed) = Ledger::damage(path)?;
    let damaged = changed.iter().any(|p| !p.starts_with("checksums: "));
    if damaged && Ledger::open(path).is_err() {
        if as_json {
            output::json(&json!({"blocks": 0, "txs": 0, "raw_blocks": 0, "checksums": compared, "problems": changed}))?;
        } else {
            changed.iter().for_each(|p| println!("{p}"));
        }
        bail!("the ledger at {} is damaged; restore it from a backup, or ingest again", path.display());
    }
    let mut ledger = if write { Ledger::open_for_writing(path)? } else { Ledger::open(path)? };
    let bar = output::bar(ledger.counts().blocks, "checking");
    let report = ledger.check(raw, &mut |block| {
        bar.set_position(block.into());
        output::stopping()
    })?;
    bar.finish_and_clear();
    let only_checksums = report.problems.iter().all(|p| p.starts_with("checksums: "));
    let written = if write && only_checksums { Some(ledger.write_checksums()?) } else { None };
    if as_json {
        output::json(&json!({"blocks": report.blocks, "txs": report.txs, "raw_blocks": report.raw_blocks,
            "checksums": report.checksums, "written": written, "problems": report.problems}))?;
    } else {
        for problem in &report.problems {
            println!("{problem}");
        }
        println!(
            "Checked {} blocks, {} transactions ({} blocks against raw bytes, {}): {}.",
            thousands(report.blocks),
            thousands(report.txs),
            thousands(report.raw_blocks),
            match report.checksums {
                Some(n) => format!("{} checksums", thousands(n)),
                None => "no checksums; --write makes them".to_owned(),
            },
            if report.is_clean() { "no problem".to_owned() } else { format!("{} problems", report.problems.len()) }
        );
    }
    if let Some(n) = written.filter(|_| !as_json) {
        println!("Wrote {} checksums.", thousands(n));
    }
    if !report.is_clean() && written.is_none() {
        bail!("the ledger at {} is damaged; restore it from a backup, or ingest again", path.display());
    }
    Ok(())
}
