//! `holdfast trace --bundle` on account chains: the proofs come from files or nodes.

use crate::accounts::AccountArgs;
use crate::args::secret_of;
use crate::lookup::{AccountChoice, ChainArgs, ProofArgs};
use anyhow::{Context, bail};
use holdfast_account_evidence::{FeedBlocks, Origin};
use holdfast_account_feed::files::block_files;
use holdfast_account_feed::{ChainNotes, NodeOptions};
use holdfast_attribution::Tlp;
use holdfast_console::args::of_chain;
use holdfast_state::system::{entropy, now};
use holdfast_types::ChainId;
use holdfast_workspace::accounts::evidence::ChainReading;
use holdfast_workspace::accounts::traces::AccountTraceRequest;
use holdfast_workspace::{AccountSnapshot, AccountWorkspace, Workspace, pick_accounts};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Returns where each chain's blocks come from.
fn origins(
    proofs: &ProofArgs,
    usual: &ChainId,
    notes: &ChainNotes,
    key: Option<&str>,
) -> anyhow::Result<Vec<(ChainId, Origin)>> {
    let mut origins: Vec<(ChainId, Origin)> = Vec::new();
    for text in &proofs.blocks {
        let (chain, path) = of_chain(text, usual);
        let own = block_files(&PathBuf::from(path)).with_context(|| format!("--blocks {text}"))?;
        match origins.iter_mut().find(|(of, _)| *of == chain) {
            Some((_, Origin::Files(files, _))) => files.extend(own),
            _ => origins.push((chain, Origin::Files(own, notes.clone()))),
        }
    }
    for text in &proofs.rpc {
        let (chain, url) = of_chain(text, usual);
        if origins.iter().any(|(of, _)| *of == chain) {
            bail!("--rpc {text}: blocks of {chain} come from one place; name files or a node");
        }
        let (key, without_traces, notes) = (key.map(str::to_owned), proofs.without_traces, notes.clone());
        origins.push((chain, Origin::Node(NodeOptions { url, key, without_traces, notes })));
    }
    if origins.is_empty() {
        bail!("a bundle needs the blocks for its proofs, which ledgers do not store: name them with --blocks or --rpc");
    }
    Ok(origins)
}

/// Writes the signed evidence of a trace. The ledgers are read here, beside a server too: the store's key signs.
pub fn write(
    at: &ChainArgs,
    of: &AccountChoice,
    proofs: &ProofArgs,
    request: &AccountTraceRequest,
    path: &Path,
) -> anyhow::Result<()> {
    let store = &at.store.store;
    if at.server.client()?.is_some() {
        bail!("bundles of account chains are made where the store is: leave out --server");
    }
    let tags = AccountWorkspace::tags_of(store)?;
    let open = |chain: &_| AccountWorkspace::open(store, chain, tags.clone()).map(Arc::new);
    let chains: Vec<Arc<AccountSnapshot>> =
        AccountWorkspace::chains_of(store)?.iter().map(open).collect::<Result<_, _>>()?;
    let chain = pick_accounts(&chains, &request.subject, of.name.as_deref())?;
    let args = AccountArgs {
        wrappers: proofs.wrappers.clone(),
        bridges: proofs.bridges.clone(),
        internal_stored: proofs.internal_stored,
        ..AccountArgs::default()
    };
    let notes = args.notes()?;
    let key = proofs.node_key_file.as_deref().map(secret_of).transpose()?;
    let origins = origins(proofs, chain.chain(), &notes, key.as_deref())?;
    let mut contracts = Vec::with_capacity(chains.len());
    for own in &chains {
        contracts.push((own.chain().clone(), args.contracts(own.chain())?));
    }
    let reading = |of: &ChainId| {
        let known = contracts.iter().find(|(own, _)| own == of);
        let contracts = known.map_or_else(|| holdfast_links::Contracts::of(of), |(_, contracts)| contracts.clone());
        ChainReading { wrappers: notes.wrappers.clone(), contracts }
    };
    let stored = |of: &ChainId, height: u64| {
        let own = chains.iter().find(|own| own.chain() == of)?;
        own.ledger.block_at(height).ok()?.map(|block| block.hash)
    };
    let signing = Workspace::signing_key_of(store, entropy)?;
    let mut blocks = FeedBlocks::new(origins, &stored);
    let chain = chain.among(&chains);
    let bytes = chain.account_bundle_for(request, &mut blocks, &reading, (&signing, &now()), Tlp::Amber)?;
    std::fs::write(path, bytes).with_context(|| path.display().to_string())?;
    let path = path.display();
    eprintln!("Evidence bundle written to {path}. Verify it and see who signed it with: holdfast verify {path}");
    Ok(())
}
