//! `holdfast trace --bundle` on account chains: the proofs come from files or nodes that are named here, or from those of the server.

use super::traces::parameters;
use crate::accounts::AccountArgs;
use crate::args::secret_of;
use crate::chain_reader::server_of;
use crate::lookup::ChainArgs;
use crate::options::{AccountChoice, ProofArgs};
use crate::output::{self, name_of};
use anyhow::{Context, bail};
use holdfast_account_evidence::Origin;
use holdfast_account_feed::files::block_files;
use holdfast_account_feed::{ChainNotes, NodeOptions};
use holdfast_account_workspace::evidence::{ProofSource, ProofSources, Sealing};
use holdfast_account_workspace::traces::AccountTraceRequest;
use holdfast_attribution::Tlp;
use holdfast_chains::{open_accounts, pick_accounts};
use holdfast_client::Client;
use holdfast_console::args::of_chain;
use holdfast_state::system::{entropy, now};
use holdfast_types::ChainId;
use holdfast_workspace::Workspace;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Status of an answer whose work is not done yet.
const IN_WORK: u16 = 202;
/// Between two requests for a bundle that is being made.
const PAUSE: Duration = Duration::from_secs(2);

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
        let (key, without_traces, notes) = (key.map(str::to_owned), proofs.reading.without_traces, notes.clone());
        origins.push((chain, Origin::Node(NodeOptions { url, key, without_traces, notes })));
    }
    if origins.is_empty() {
        bail!("a bundle needs the blocks for its proofs, which ledgers do not store: name them with --blocks or --rpc");
    }
    Ok(origins)
}

/// Makes a bundle of the store's ledgers, beside a server too: the store's key signs.
fn made_here(
    store: &Path,
    of: &AccountChoice,
    proofs: &ProofArgs,
    request: &AccountTraceRequest,
) -> anyhow::Result<Vec<u8>> {
    let chains = open_accounts(store)?;
    let chain = pick_accounts(&chains, &request.subject, of.name.as_deref())?;
    let reading = proofs.reading.clone();
    let notes = AccountArgs { reading, ..AccountArgs::default() }.notes()?;
    let key = proofs.reading.node_key_file.as_deref().map(secret_of).transpose()?;
    let mut sources = ProofSources::new();
    for (of, origin) in origins(proofs, chain.chain(), &notes, key.as_deref())? {
        let contracts = proofs.reading.contracts(&of)?;
        sources.insert(of, ProofSource { origin, contracts });
    }
    let (signing, created) = (Workspace::signing_key_of(store, entropy)?, now());
    let bar = output::bar(0u64, "reading blocks for the proofs");
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let mut watch = |done, all| {
        bar.set_length(count(all));
        bar.set_position(count(done));
        match output::stopping().is_break() {
            true => Err(holdfast_account_evidence::EvidenceError::Stopped),
            false => Ok(()),
        }
    };
    let sealing = Sealing { key: &signing, created: &created, clearance: Tlp::Amber };
    let made = chain.among(&chains).account_bundle_for(request, &sources, &mut watch, sealing);
    bar.finish_and_clear();
    made.map_err(|e| match e {
        holdfast_workspace::WorkspaceError::Evidence(holdfast_account_evidence::EvidenceError::NoSource(ref chain)) => {
            let name = chain.usual_name().unwrap_or(chain.as_str()).to_owned();
            anyhow::Error::from(e).context(format!("name them with --blocks {name}=PATH or --rpc {name}=URL"))
        }
        e => e.into(),
    })
}

/// Has the server make a bundle; waits for its job where it takes one.
fn made_there(client: &Client, of: &AccountChoice, request: &AccountTraceRequest) -> anyhow::Result<Vec<u8>> {
    let bar = output::bar(0u64, "the server reads blocks for the proofs");
    loop {
        let call = client.get("/api/v1/account-chains/trace/bundle").query("subject", &request.subject);
        let call = call.query("direction", name_of(&request.options.direction));
        let call = parameters(call, request).query_opt("asset", of.asset.as_deref());
        let answer = call.query_opt("chain", of.name.as_deref()).send()?;
        if answer.status != IN_WORK {
            bar.finish_and_clear();
            anyhow::ensure!(answer.is_success(), answer.message());
            return Ok(answer.body);
        }
        let job: Value = serde_json::from_slice(&answer.body).context("the server's answer about its job")?;
        bar.set_length(job["all"].as_u64().unwrap_or(0));
        bar.set_position(job["done"].as_u64().unwrap_or(0));
        crate::live::pause(PAUSE);
        anyhow::ensure!(output::stopping().is_continue(), "stopped; the server goes on with job {}", job["job"]);
    }
}

/// Writes the signed evidence of a trace.
pub fn write(
    at: &ChainArgs,
    of: &AccountChoice,
    proofs: &ProofArgs,
    request: &AccountTraceRequest,
    path: &Path,
) -> anyhow::Result<()> {
    let named = at.server.client()?;
    if let (Some(_), Some(option)) = (&named, proofs.given()) {
        bail!(
            "{option} is for bundles that are made here; a server reads the blocks that it knows: leave out one of the two"
        );
    }
    let bytes = match proofs.given() {
        Some(_) => made_here(&at.store.store, of, proofs, request)?,
        None => match server_of(&at.store, &at.server)? {
            Some(client) => made_there(&client, of, request)?,
            None => made_here(&at.store.store, of, proofs, request)?,
        },
    };
    std::fs::write(path, bytes).with_context(|| path.display().to_string())?;
    let path = path.display();
    eprintln!("Evidence bundle written to {path}. Verify it and see who signed it with: holdfast verify {path}");
    Ok(())
}
