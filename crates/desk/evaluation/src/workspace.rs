//! Workspaces over simulated chains.

use holdfast_attribution::import::NamedFile;
use holdfast_bitcoin::{Block, Network};
use holdfast_simulate::{Economy, Options, OwnerKind, SimBlock};
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use holdfast_workspace::Workspace;
use std::ops::ControlFlow;
use std::path::Path;

/// Returns a workspace over a simulated chain (regtest), with its tags, all addresses of its mixers among them (exposure is only as good as
/// attribution); and the blocks with the truth about them. The folder must be empty or missing.
///
/// # Errors
/// When the options are out of bounds or the folder cannot be used.
pub fn chain_workspace(dir: &Path, options: Options) -> Result<(Workspace, Vec<SimBlock>, Economy), String> {
    let mut economy = Economy::new(options)?;
    let blocks: Vec<_> = std::iter::from_fn(|| economy.next_block()).collect();
    let mut csv = String::from("address,currency,label,source,category,confidence\n");
    for truth in blocks.iter().flat_map(|b| &b.truth) {
        for (owner, address) in truth.owners.iter().zip(&truth.addresses) {
            if let (Some(owner), Some(address)) = (owner, address)
                && economy.owner_kind(*owner) == OwnerKind::Mixer
            {
                let address = address.to_text(Network::Regtest);
                csv += &format!("{address},BTC,mixer,https://example.org,mixing_service,ownership\n");
            }
        }
    }
    let pack = holdfast_simulate::files::tagpack(&economy).into_bytes();
    let files = vec![("simulation.yaml".into(), pack), ("mixers.csv".into(), csv.into_bytes())];
    let workspace = workspace_of(dir, Network::Regtest, blocks.iter().map(|b| (b.height, b.bytes.as_slice())), files)?;
    Ok((workspace, blocks, economy))
}

/// Returns a workspace over blocks (height and raw bytes, in order) with tag files. The folder must be empty or missing.
///
/// # Errors
/// A message, when a block or tag file is refused or the folder cannot be used.
pub fn workspace_of<'a>(
    dir: &Path,
    network: Network,
    blocks: impl Iterator<Item = (u32, &'a [u8])>,
    tags: Vec<NamedFile>,
) -> Result<Workspace, String> {
    let words = |e: &dyn std::fmt::Display| format!("{}: {e}", dir.display());
    let mut workspace = Workspace::create_or_open(dir, network).map_err(|e| words(&e))?;
    if workspace.ledger.tip().is_some() {
        return Err(format!("{} holds a ledger already; choose an empty folder", dir.display()));
    }
    let mut feed = Vec::new();
    for (height, bytes) in blocks {
        let block = Block::parse(bytes.to_vec()).map_err(|e| words(&e))?;
        feed.push(MemoryBlock { height, block, spent: None });
    }
    let append = AppendOptions::default();
    workspace.ledger.append(&MemoryFeed(feed), &append, &mut |_| ControlFlow::Continue(())).map_err(|e| words(&e))?;
    if let Some(refused) = workspace.import_tags(tags).refused.first() {
        return Err(format!("tags of {}: {refused:?}", dir.display()));
    }
    workspace.refresh().map_err(|e| words(&e))?;
    workspace.save().map_err(|e| words(&e))?;
    Ok(workspace)
}
