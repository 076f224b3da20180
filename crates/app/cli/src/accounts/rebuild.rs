//! `holdfast ledger rebuild --chain`: links, signals and clusters made anew.

use super::feed::AccountArgs;
use crate::output::{self, thousands};
use anyhow::{Context, bail};
use holdfast_account_feed::files::block_files;
use holdfast_account_feed::{BlockSource, FileBlocks};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_account_workspace::beside::{BesideStore, LinkedBlock};
use holdfast_account_workspace::rebuild::Rebuild;
use holdfast_client::{Client, api_path};
use holdfast_console::running::serving;
use holdfast_types::ChainId;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Blocks that are taken at once: of files, and of a node.
const OF_FILES: usize = 512;
const OF_NODE: u64 = 10;

/// What is made anew, and from what.
pub struct Rebuilding<'a> {
    pub chain: &'a ChainId,
    pub store: &'a Path,
    pub paths: &'a [PathBuf],
    pub rpc: Option<&'a str>,
    /// All where none is named.
    pub only: &'a [BesideStore],
    pub args: &'a AccountArgs,
}

pub fn rebuild(rebuilding: &Rebuilding, as_json: bool) -> anyhow::Result<()> {
    let is_wanted = |store: &BesideStore| rebuilding.only.is_empty() || rebuilding.only.contains(store);
    let all = [BesideStore::Links, BesideStore::Signals, BesideStore::Clusters];
    let wanted: Vec<BesideStore> = all.into_iter().filter(is_wanted).collect();
    let of_blocks = wanted.iter().any(|store| *store != BesideStore::Clusters);
    anyhow::ensure!(
        rebuilding.args.assets.is_empty() && rebuilding.args.finality_blocks.is_none(),
        "--assets and --finality-blocks are of the ledger, which does not change"
    );
    if let Some(client) = serving(rebuilding.store)? {
        return rebuild_there(&client, rebuilding, as_json);
    }
    if of_blocks && rebuilding.paths.is_empty() && rebuilding.rpc.is_none() {
        bail!(
            "links and signals are found in blocks, which the ledger does not keep: name the files that it was read from, or its node with --rpc; clusters alone need neither (--only clusters)"
        );
    }
    let tags = AccountWorkspace::tags_of(rebuilding.store)?;
    let mut workspace = AccountWorkspace::open_for_writing(rebuilding.store, rebuilding.chain, tags)?;
    if of_blocks {
        let mut made = workspace.rebuild(&wanted)?;
        match rebuilding.rpc {
            Some(url) => from_node(&workspace, &mut made, rebuilding, url)?,
            None => from_files(&workspace, &mut made, rebuilding)?,
        }
        workspace.put_rebuilt(made)?;
    }
    if wanted.contains(&BesideStore::Clusters) {
        workspace.rebuild_clusters()?;
    }
    let counts = |store: &BesideStore| match store {
        BesideStore::Links => workspace.links().counts().records,
        BesideStore::Signals => workspace.signals().counts().records,
        BesideStore::Clusters => workspace.clusters().sizes().findings as u64,
    };
    if as_json {
        let stores: Vec<_> =
            wanted.iter().map(|store| json!({"store": store.name(), "records": counts(store)})).collect();
        return output::json(&json!({"chain": rebuilding.chain, "stores": stores}));
    }
    for store in &wanted {
        println!("{:<9} {} records, made anew", store.name(), thousands(counts(store)));
    }
    Ok(())
}

/// Has the server that writes the store start the job; it reads blocks from the sources that it was started with.
fn rebuild_there(client: &Client, rebuilding: &Rebuilding, as_json: bool) -> anyhow::Result<()> {
    anyhow::ensure!(
        rebuilding.paths.is_empty() && rebuilding.rpc.is_none(),
        "a server has this store, and reads blocks from the node or the files that it knows: leave out files and --rpc"
    );
    let path = api_path(&["ledgers", rebuilding.chain.as_str(), "rebuild"]);
    let job: Value = client.post(&path).json(&json!({"only": rebuilding.only})).fetch()?;
    if as_json {
        return output::json(&job);
    }
    println!("The server makes them anew as job {}; `holdfast jobs list` shows how far it is.", job["id"]);
    Ok(())
}

/// Fails where somebody wants to stop: what was made so far is gone on with the next time.
fn go_on() -> anyhow::Result<()> {
    match output::stopping().is_break() {
        true => bail!("stopped on request; the next start goes on here"),
        false => Ok(()),
    }
}

fn from_files(workspace: &AccountWorkspace, made: &mut Rebuild, rebuilding: &Rebuilding) -> anyhow::Result<()> {
    let Some(next) = made.next()? else { return Ok(()) };
    let (notes, finder) = (rebuilding.args.notes()?, rebuilding.args.finder(rebuilding.chain)?);
    let mut files = Vec::new();
    for path in rebuilding.paths {
        files.extend(block_files(path)?);
    }
    let stored = |_| None;
    let mut blocks = FileBlocks::new(rebuilding.chain, files, notes, next, &stored, finder)?;
    let tip = workspace.ledger.tip()?.map_or(0, |tip| tip.height);
    let bar = output::bar(tip, "reading blocks");
    while made.next()?.is_some() {
        go_on()?;
        let read: Vec<LinkedBlock> = blocks.by_ref().take(OF_FILES).collect::<Result<_, _>>()?;
        if read.is_empty() {
            break;
        }
        bar.set_position(read.last().map_or(0, |block| block.transfers.height));
        made.take(&workspace.ledger, &read)?;
    }
    bar.finish_and_clear();
    Ok(())
}

fn from_node(
    workspace: &AccountWorkspace,
    made: &mut Rebuild,
    rebuilding: &Rebuilding,
    url: &str,
) -> anyhow::Result<()> {
    let mut source = rebuilding.args.node(rebuilding.chain, url)?;
    let tip = workspace.ledger.tip()?.map_or(0, |tip| tip.height);
    let bar = output::bar(tip, "reading the node");
    while let Some(next) = made.next()? {
        go_on()?;
        let end = next.saturating_add(OF_NODE).min(tip.saturating_add(1));
        let read = source.blocks(next..end).with_context(|| format!("blocks {next} to {}", end.saturating_sub(1)))?;
        if read.is_empty() {
            break;
        }
        made.take(&workspace.ledger, &read)?;
        bar.set_position(next);
    }
    bar.finish_and_clear();
    Ok(())
}
