//! Nodes of account chains that the server follows: blocks into the chain's ledger, faults logged and retried.

use crate::chains::{AccountChain, AccountNode};
use crate::live::pause;
use crate::output;
use holdfast_account_feed::fetch;
use holdfast_account_workspace::AccountHandle;
use holdfast_account_workspace::evidence::ProofSources;
use holdfast_jobs::Threads;
use holdfast_state::AppState;
use holdfast_telemetry::logs::one_line;
use holdfast_types::ChainId;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

/// Adds account chains to a server; returns the nodes that are to be followed.
pub fn add(shared: &mut AppState, chains: Vec<AccountChain>) -> anyhow::Result<Vec<(ChainId, AccountNode)>> {
    let (mut workspaces, mut nodes) = (Vec::new(), Vec::new());
    let mut sources = ProofSources::new();
    for chain in chains {
        sources.extend(chain.proofs.map(|source| (chain.workspace.chain().clone(), source)));
        nodes.extend(chain.node.map(|node| (chain.workspace.chain().clone(), node)));
        workspaces.push(chain.workspace);
    }
    shared.add_account_chains(workspaces)?;
    shared.proof_sources = Arc::new(sources);
    Ok(nodes)
}

/// Starts following nodes, each in a thread of its own.
pub fn start(threads: &mut Threads, shared: &AppState, nodes: Vec<(ChainId, AccountNode)>) -> anyhow::Result<()> {
    for (id, node) in nodes {
        let chain = shared.chains.accounts_named(id.as_str())?.clone();
        let name = chain.snapshot().usual_name();
        shared.status.follow(&name);
        let (shared, node) = (shared.clone(), Mutex::new(node));
        let follow = move || {
            // After a panic the thread is started again, and goes on with the same node.
            let mut node = node.lock().unwrap_or_else(|e| e.into_inner());
            keep_following(&shared, &chain, &mut node);
        };
        threads.start(&format!("follower-{name}"), follow)?;
    }
    Ok(())
}

fn keep_following(shared: &AppState, chain: &AccountHandle, node: &mut AccountNode) {
    let name = chain.snapshot().usual_name();
    let mut said = String::new();
    while output::stopping() == ControlFlow::Continue(()) {
        match round(shared, chain, node) {
            // More blocks wait: go on at once.
            Ok(true) => continue,
            Ok(false) => said.clear(),
            Err(e) => {
                let text = format!("{e:#}");
                shared.status.not_followed(&name, &text);
                if text != said {
                    tracing::warn!(chain = %name, reason = one_line(&text), "the node is not followed; trying again");
                    said = text;
                }
            }
        }
        pause(node.pause);
    }
}

/// Runs one round; returns whether more blocks wait.
fn round(shared: &AppState, chain: &AccountHandle, node: &mut AccountNode) -> anyhow::Result<bool> {
    // The node is queried on a snapshot: a slow one delays no reader, and no other change.
    let snapshot = chain.snapshot();
    let name = snapshot.usual_name();
    let fetched = fetch(&snapshot.ledger, &mut node.source, node.from_height)?;
    drop(snapshot);
    let tip = fetched.tip;
    let narrow = |height: u64| u32::try_from(height).unwrap_or(u32::MAX);
    let read = |height: Option<u64>| shared.status.followed(&name, height.map(narrow), narrow(tip));
    let height = || -> anyhow::Result<Option<u64>> { Ok(chain.snapshot().ledger.tip()?.map(|tip| tip.height)) };
    if fetched.is_empty() {
        read(height()?);
        return Ok(false);
    }
    let report = chain.change(|workspace| -> anyhow::Result<_> { Ok(workspace.put(fetched)?) })?;
    let height = height()?;
    read(height);
    if report.appended == 0 && report.removed == 0 {
        return Ok(false);
    }
    if report.removed > 0 {
        tracing::info!(chain = %name, removed = report.removed, "the chain was reorganized");
    }
    shared.rescreen_later(&format!("the ledger of {name} moved on to block {}", height.unwrap_or(0)));
    Ok(height.is_none_or(|height| height < tip))
}
