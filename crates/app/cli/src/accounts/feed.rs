//! `holdfast ingest --chain` and `holdfast follow --chain`: blocks of account chains from files and nodes.

use crate::args::secret_of;
use crate::options::ReadingArgs;
use crate::output::{self, thousands};
use anyhow::{Context, bail};
use clap::Args;
use holdfast_account_feed::files::block_files;
use holdfast_account_feed::{ChainNotes, FileBlocks, FollowReport, NodeOptions, NodeSource};
use holdfast_account_ledger::manifest::Manifest;
use holdfast_account_ledger::{AppendOptions, AppendReport, Assets, Settings};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_account_workspace::beside::LinkFinder;
use holdfast_account_workspace::queries::token_of;
use holdfast_types::{AccountId, Address, ChainId};
use serde_json::json;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Largest list of the first block's balances; mainnet's has 0.5 MB.
const MAX_LIST: usize = 256 << 20;

/// What reading an account chain needs beside its blocks.
#[derive(Args, Clone, Debug, Default)]
pub struct AccountArgs {
    /// Account chain: hold these assets only (tickers, CAIP-19 ids, contracts, `native` for the coin). All by default. A ledger's choice never changes.
    #[arg(long, value_delimiter = ',', requires = "chain")]
    pub assets: Vec<String>,
    /// Account chain: blocks after which a block is final, so that no reorganization removes it. By default 64, on Tron 19.
    #[arg(long, requires = "chain")]
    pub finality_blocks: Option<u64>,
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Account chain (EVM, from a node): what these addresses held of the coin before the first block of a new ledger, proved against the state of the
    /// block before it (eth_getProof): `tagged` for all that have tags, or a file with an address on each line.
    #[arg(long, value_name = "tagged|FILE", requires = "chain")]
    pub opening_balances: Option<String>,
    /// Account chain: CSV with the balances of the first block (address, value in wei), proved against its header. A `genesis.csv` in the folder of the
    /// blocks is read by itself.
    #[arg(long, requires = "chain")]
    pub genesis: Option<PathBuf>,
    /// Account chain (Ethereum): CSV with the balances that the DAO fork moved (from_address, to_address, value in wei).
    #[arg(long, requires = "chain")]
    pub dao_fork: Option<PathBuf>,
}

impl AccountArgs {
    pub fn notes(&self) -> anyhow::Result<ChainNotes> {
        let list = |path: &Option<PathBuf>| path.as_deref().map(read_list).transpose();
        Ok(ChainNotes {
            wrappers: self.reading.wrappers()?,
            issuers: self.reading.issuers()?,
            genesis: list(&self.genesis)?,
            dao_fork: list(&self.dao_fork)?,
            openings: None,
            has_internal: self.reading.internal_stored,
        })
    }

    /// Returns what finds links: by the contracts of bridges that are known on a chain, and those that are named.
    pub fn finder(&self, chain: &ChainId) -> anyhow::Result<LinkFinder> {
        Ok(LinkFinder::new(self.reading.contracts(chain)?))
    }

    /// Returns the node at an address.
    pub fn node(&self, chain: &ChainId, url: &str) -> anyhow::Result<NodeSource<LinkFinder>> {
        if !holdfast_account_feed::is_readable(chain) {
            bail!("nodes of {chain} are not read here; EVM chains (eip155) and Tron are");
        }
        Ok(NodeSource::new(chain.clone(), self.node_options(url)?, self.finder(chain)?))
    }

    /// Returns how the node at an address is read.
    pub fn node_options(&self, url: &str) -> anyhow::Result<NodeOptions> {
        Ok(NodeOptions {
            url: url.to_owned(),
            key: self.reading.node_key_file.as_deref().map(secret_of).transpose()?,
            without_traces: self.reading.without_traces,
            notes: self.notes()?,
        })
    }

    /// Returns the settings of a chain's ledger: those that are named, else those of the ledger that there is, else the usual ones.
    pub fn settings(&self, store: &Path, chain: &ChainId) -> anyhow::Result<Settings> {
        let dir = AccountWorkspace::ledger_dir(store, chain);
        let mut settings = match Manifest::path(&dir).exists() {
            true => Manifest::read(&dir)?.settings,
            false => Settings::new(chain.clone()),
        };
        if !self.assets.is_empty() {
            let token = |text: &String| {
                token_of(chain, text).map_err(|why| anyhow::anyhow!("'{text}' names no asset of {chain}: {why}"))
            };
            settings.assets = Assets::only(&self.assets.iter().map(token).collect::<anyhow::Result<Vec<_>>>()?);
        }
        if let Some(blocks) = self.finality_blocks {
            settings.finality_blocks = blocks;
        }
        Ok(settings)
    }
}

fn read_list(path: &Path) -> anyhow::Result<String> {
    let bytes = output::read_bounded(path, MAX_LIST)?;
    String::from_utf8(bytes).with_context(|| format!("{}: no UTF-8", path.display()))
}

/// What is read into a ledger.
pub struct Reading<'a> {
    pub chain: &'a ChainId,
    /// The store.
    pub store: &'a Path,
    /// Files and folders.
    pub paths: &'a [PathBuf],
    /// The node, instead of files.
    pub rpc: Option<&'a str>,
    /// First block of a new ledger.
    pub from_height: u64,
    /// Last block.
    pub to_height: Option<u64>,
    /// Transactions and transfers before a commit.
    pub batch: u64,
    /// Working memory aimed at, in bytes.
    pub memory: usize,
    pub args: &'a AccountArgs,
}

/// Reads files, or a node up to its tip, into the ledger of an account chain. A second start goes on where the first one ended.
pub fn ingest(reading: &Reading, as_json: bool) -> anyhow::Result<()> {
    let settings = reading.args.settings(reading.store, reading.chain)?;
    let tags = AccountWorkspace::tags_of(reading.store)?;
    anyhow::ensure!(
        reading.args.opening_balances.is_none() || reading.rpc.is_some(),
        "--opening-balances are read from a node; name it with --rpc"
    );
    let mut workspace = AccountWorkspace::create_or_open(reading.store, &settings, tags)?;
    let start = Instant::now();
    let (report, skipped, removed) = match reading.rpc {
        Some(url) => {
            let followed = from_node(&mut workspace, reading, url)?;
            let report =
                AppendReport { blocks: followed.appended, transfers: followed.transfers, ..Default::default() };
            (report, 0, followed.removed)
        }
        None => {
            let (report, skipped) = from_files(&mut workspace, reading)?;
            (report, skipped, 0)
        }
    };
    let time = start.elapsed();
    workspace.update_who();
    workspace.save_who();
    let summary = workspace.snapshot().account_summary()?;
    if as_json {
        return output::json(&json!({
            "blocks": report.blocks, "transfers": report.transfers, "left_out": report.left_out, "skipped": skipped,
            "removed": removed, "seconds": time.as_secs_f64(), "ledger": summary,
            "peak_rss_kib": output::peak_rss_kib(),
        }));
    }
    if skipped > 0 {
        println!("note: {} blocks are stored already, or below the first height", thousands(skipped));
    }
    if removed > 0 {
        println!("note: the chain was reorganized: {} stored blocks removed", thousands(removed));
    }
    if report.left_out > 0 {
        println!("note: {} transfers are of assets that the ledger does not hold", thousands(report.left_out));
    }
    println!(
        "Ingested {} blocks, {} transfers in {:.1} s ({} a second).",
        thousands(report.blocks),
        thousands(report.transfers),
        time.as_secs_f64(),
        thousands(u128::from(report.transfers) * 1_000 / time.as_millis().max(1))
    );
    super::print::summary(&summary);
    Ok(())
}

fn from_node(workspace: &mut AccountWorkspace, reading: &Reading, url: &str) -> anyhow::Result<FollowReport> {
    let mut source = reading.args.node(reading.chain, url)?;
    prove_openings(workspace, reading, &mut source)?;
    let bar = output::bar(0u64, "reading the node");
    let mut progress = |report: &FollowReport, height: u64| {
        bar.set_length(reading.to_height.unwrap_or(report.tip).min(report.tip));
        bar.set_position(height);
        output::stopping()
    };
    let report = workspace.follow(&mut source, reading.from_height, reading.to_height, &mut progress)?;
    bar.finish_and_clear();
    Ok(report)
}

/// Reads and proves the opening balances that are wanted, where the ledger is new.
fn prove_openings(
    workspace: &AccountWorkspace,
    reading: &Reading,
    source: &mut NodeSource<LinkFinder>,
) -> anyhow::Result<()> {
    let Some(whose) = &reading.args.opening_balances else { return Ok(()) };
    if let Some(first) = workspace.ledger.first()? {
        output::warn(&format!(
            "the ledger begins at block {}: opening balances belong to its first block, and are not read now",
            first.height
        ));
        return Ok(());
    }
    let accounts: Vec<AccountId> = match whose.as_str() {
        "tagged" => workspace.tags.accounts(reading.chain.family()).into_iter().map(|(account, _)| account).collect(),
        path => {
            let text = read_list(Path::new(path))?;
            let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
            let account = |(number, line): (usize, &str)| {
                let account = AccountId::try_from(&Address::read(line));
                account.with_context(|| format!("{path}, line {}: '{line}' is no address", number + 1))
            };
            lines.map(account).collect::<anyhow::Result<_>>()?
        }
    };
    anyhow::ensure!(!accounts.is_empty(), "--opening-balances {whose}: there is no address");
    let (asked, held) = source.prove_openings(reading.from_height, &accounts)?.counts();
    tracing::info!(asked, held, "opening balances are proved");
    Ok(())
}

/// Reads files; returns what was appended, and how many blocks were stored already.
fn from_files(workspace: &mut AccountWorkspace, reading: &Reading) -> anyhow::Result<(AppendReport, u64)> {
    let (mut notes, finder) = (reading.args.notes()?, reading.args.finder(reading.chain)?);
    let (mut files, mut beside) = (Vec::new(), None);
    for path in reading.paths {
        files.extend(block_files(path)?);
        beside = beside.or_else(|| Some(path.join("genesis.csv")).filter(|list| list.is_file()));
    }
    if notes.genesis.is_none() {
        notes.genesis = beside.as_deref().map(read_list).transpose()?;
    }
    let before = workspace.ledger.snapshot();
    let stored = |height| before.block_at(height).ok().flatten().map(|block| block.hash);
    let mut blocks = FileBlocks::new(reading.chain, files, notes, reading.from_height, &stored, finder)?;
    let bar = output::bar(0u64, "reading blocks");
    let mut failure = None;
    let mut read = std::iter::from_fn(|| {
        // A stop ends the reading, so that what was read is committed.
        if output::stopping().is_break() {
            return None;
        }
        match blocks.next()? {
            Ok(block) if reading.to_height.is_some_and(|last| block.transfers.height > last) => None,
            Ok(block) => {
                bar.set_position(block.transfers.height);
                Some(block)
            }
            Err(e) => {
                failure = Some(e);
                None
            }
        }
    });
    let options = AppendOptions { batch: reading.batch, memory: reading.memory, ..AppendOptions::default() };
    let report = workspace.append(&mut read, &options);
    bar.finish_and_clear();
    let report = report?;
    match failure {
        // What precedes the block is stored.
        Some(e) => Err(anyhow::Error::from(e).context(format!("{} blocks were ingested", thousands(report.blocks)))),
        None => Ok((report, blocks.left_out)),
    }
}

/// Follows a node into the ledger of an account chain until it is stopped, or once to its tip.
pub fn follow(
    reading: &Reading,
    once: bool,
    pause: &dyn Fn(bool) -> ControlFlow<()>,
    as_json: bool,
) -> anyhow::Result<()> {
    let url = reading.rpc.context("name the node with --rpc")?;
    let settings = reading.args.settings(reading.store, reading.chain)?;
    let tags = AccountWorkspace::tags_of(reading.store)?;
    let mut workspace = AccountWorkspace::create_or_open(reading.store, &settings, tags)?;
    let mut source = reading.args.node(reading.chain, url)?;
    prove_openings(&workspace, reading, &mut source)?;
    loop {
        let bar = output::bar(0u64, "following");
        let mut progress = |report: &FollowReport, height: u64| {
            bar.set_length(report.tip);
            bar.set_position(height);
            output::stopping()
        };
        let round = workspace.follow(&mut source, reading.from_height, None, &mut progress);
        bar.finish_and_clear();
        let is_node = |e: &holdfast_account_feed::FollowError| matches!(e, holdfast_account_feed::FollowError::Node(_));
        let worked = match round {
            Ok(report) => {
                workspace.update_who();
                print_followed(&workspace, &report, as_json)?;
                true
            }
            // A node that restarts or cannot be reached for a while is no reason to end; a fault of the ledger is.
            Err(e) if !once && is_node(&e) => {
                tracing::warn!(reason = %e, "the node is not read; trying again");
                false
            }
            Err(e) => return Err(e.into()),
        };
        if (once && worked) || output::stopping().is_break() || pause(worked).is_break() {
            workspace.save_who();
            return Ok(());
        }
    }
}

fn print_followed(workspace: &AccountWorkspace, report: &FollowReport, as_json: bool) -> anyhow::Result<()> {
    let Some(tip) = workspace.ledger.tip()?.filter(|_| report.appended > 0 || report.removed > 0) else {
        return Ok(());
    };
    let hash = workspace.hash_text(&tip.hash);
    let (appended, removed) = (report.appended, report.removed);
    if as_json {
        println!("{}", json!({"height": tip.height, "hash": hash, "appended": appended, "removed": removed}));
        return Ok(());
    }
    let gone = if removed > 0 { format!(", {} removed", thousands(removed)) } else { String::new() };
    println!("{} blocks appended{gone}; at {} {hash}", thousands(appended), tip.height);
    Ok(())
}
