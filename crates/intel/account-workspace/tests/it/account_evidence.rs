//! Evidence bundles of traces over account chains: a simulated theft over swaps and the bridge, with the proofs of the files that the ledgers were made of.

use ed25519_dalek::SigningKey;
use holdfast_account_evidence::{EvidenceError, Origin, stated_result, verify};
use holdfast_account_feed::files::block_files;
use holdfast_account_feed::{ChainNotes, FileBlocks};
use holdfast_account_ledger::{AppendOptions, Settings};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_account_workspace::beside::LinkFinder;
use holdfast_account_workspace::evidence::{ProofSource, ProofSources, Sealing};
use holdfast_account_workspace::traces::AccountTraceRequest;
use holdfast_analysis::Policy;
use holdfast_attribution::import::import;
use holdfast_attribution::{TagStore, Tlp};
use holdfast_links::{Contracts, Role};
use holdfast_simulate_accounts::files::{Format, write};
use holdfast_simulate_accounts::{Economy, Options};
use holdfast_types::{AccountId, Address, ChainId, Issuer};
use holdfast_workspace::{Workspace, WorkspaceError};
use serde_json::Value;
use std::ops::ControlFlow;
use std::sync::Arc;

#[test]
fn a_trace_of_the_store_becomes_a_bundle_that_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let options = Options { seed: 3, blocks: 80, users: 60, txs_per_block: 25, ..Options::default() };
    let mut economy = Economy::new(options).unwrap();
    write(&mut economy, dir.path(), Format::Json, &mut |_| Ok(ControlFlow::Continue(()))).unwrap();
    let mut tags = TagStore::default();
    import(&mut tags, vec![("sim.yaml".into(), economy.tagpack().into_bytes())]);
    let tags = Arc::new(tags);
    let chains: Value = serde_json::from_slice(&std::fs::read(dir.path().join("chains.json")).unwrap()).unwrap();
    let (mut opened, mut sources) = (Vec::new(), ProofSources::new());
    for chain in chains["chains"].as_array().unwrap() {
        let account = |name: &str| AccountId::try_from(&Address::read(chain[name].as_str().unwrap())).unwrap();
        let id = ChainId::parse(chain["chain"].as_str().unwrap()).unwrap();
        let folder = dir.path().join(chain["folder"].as_str().unwrap());
        let (token, wallet) = chain["issuer"].as_str().unwrap().split_once('=').unwrap();
        let read = |text: &str| AccountId::try_from(&Address::read(text)).unwrap();
        let issuer = Issuer::of(read(token), Some(read(wallet)));
        let notes = ChainNotes {
            wrappers: vec![account("wrapper")],
            issuers: vec![issuer],
            genesis: Some(std::fs::read_to_string(folder.join("genesis.csv")).unwrap()),
            ..ChainNotes::default()
        };
        let contracts = Contracts::of(&id).with(account("bridge"), Role::NomadAll);
        let files = block_files(&folder).unwrap();
        let none = |_| None;
        let finder = LinkFinder::new(contracts.clone());
        let mut blocks =
            FileBlocks::new(&id, files.clone(), notes.clone(), 0, &none, finder).unwrap().map(Result::unwrap);
        let mut workspace = AccountWorkspace::create_or_open(&store, &Settings::new(id.clone()), tags.clone()).unwrap();
        workspace.append(&mut blocks, &AppendOptions::default()).unwrap();
        workspace.update_who();
        opened.push(Arc::new(workspace.snapshot()));
        sources.insert(id, ProofSource { origin: Origin::Files(files, notes), contracts });
    }
    let transactions = std::fs::read_to_string(dir.path().join("truth/transactions.csv")).unwrap();
    let theft = transactions.lines().map(|line| line.split(',').collect::<Vec<_>>()).find(|row| row[4] == "theft");
    let mut request = AccountTraceRequest::new(theft.unwrap()[3]);
    request.options.policy = Policy::Fifo;
    let first = opened[0].among(&opened);
    let key: SigningKey = Workspace::signing_key_of(&store, || Ok([3; 32])).unwrap();
    let mut read = Vec::new();
    let mut made = |sources: &ProofSources| {
        let sealing = Sealing { key: &key, created: "2026-11-27T12:00:00Z", clearance: Tlp::Amber };
        let watch = &mut |done, all| {
            read.push((done, all));
            Ok(())
        };
        first.account_bundle_for(&request, sources, watch, sealing)
    };
    let bundle = made(&sources).unwrap();
    let v = verify(&bundle, Some(&hex::encode(key.verifying_key().as_bytes())));
    assert!(v.is_valid(), "{:#?}", v.failures);
    let (stated, shown) = (stated_result(&bundle).unwrap(), first.account_trace_for(&request, Tlp::Amber).unwrap());
    assert_eq!(stated.movements.len(), shown.movements.len());
    assert_eq!((stated.crossings.len(), stated.ends.len()), (shown.crossings.len(), shown.ends.len()));
    assert!(!stated.crossings.is_empty(), "{stated:?}");
    // Without the blocks of a chain there are no proofs of it.
    let last = sources.keys().next_back().cloned().unwrap();
    sources.remove(&last);
    let missing = made(&sources).unwrap_err();
    assert!(
        matches!(&missing, WorkspaceError::Evidence(EvidenceError::NoSource(chain)) if *chain == last),
        "{missing}"
    );
    let whole: Vec<_> = read.iter().take_while(|(done, all)| done <= all).collect();
    assert!(read[0].0 == 0 && whole.iter().any(|(done, all)| done == all && *all > 1), "{read:?}");
    // Whoever watches can end it.
    let sealing = Sealing { key: &key, created: "", clearance: Tlp::Amber };
    let stopped = first.account_bundle_for(&request, &sources, &mut |_, _| Err(EvidenceError::Stopped), sealing);
    assert!(matches!(stopped, Err(WorkspaceError::Evidence(EvidenceError::Stopped))));
}
