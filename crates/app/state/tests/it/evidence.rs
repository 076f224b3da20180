//! Bundles of traces over account chains: at once, as a job, and what is missing.

use holdfast_account_evidence::{Origin, verify};
use holdfast_account_feed::files::block_files;
use holdfast_account_feed::{ChainNotes, FileBlocks};
use holdfast_account_ledger::{AppendOptions, Settings};
use holdfast_analysis::Policy;
use holdfast_attribution::Tlp;
use holdfast_bitcoin::Network;
use holdfast_identity::KeyRing;
use holdfast_jobs::JobState;
use holdfast_links::{Contracts, Role};
use holdfast_screening::Screening;
use holdfast_screening::service::system_clock;
use holdfast_simulate_accounts::files::{Format, write};
use holdfast_simulate_accounts::{Economy, Options};
use holdfast_state::evidence::{Bundle, BundleJob, MAX_BLOCKS_AT_ONCE};
use holdfast_state::{AppState, Vault};
use holdfast_types::{AccountId, Address, ChainId};
use holdfast_workspace::accounts::beside::LinkFinder;
use holdfast_workspace::accounts::evidence::{ProofSource, ProofSources};
use holdfast_workspace::accounts::traces::AccountTraceRequest;
use holdfast_workspace::{AccountWorkspace, Workspace};
use serde_json::Value;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Reads the simulated chains of a folder into a store, and returns where their blocks are.
fn chains(made: &Path, store: &Path) -> (Vec<AccountWorkspace>, ProofSources) {
    let list: Value = serde_json::from_slice(&std::fs::read(made.join("chains.json")).unwrap()).unwrap();
    let (mut workspaces, mut sources) = (Vec::new(), ProofSources::new());
    for chain in list["chains"].as_array().unwrap() {
        let account = |name: &str| AccountId::try_from(&Address::read(chain[name].as_str().unwrap())).unwrap();
        let id = ChainId::parse(chain["chain"].as_str().unwrap()).unwrap();
        let folder = made.join(chain["folder"].as_str().unwrap());
        let genesis = Some(std::fs::read_to_string(folder.join("genesis.csv")).unwrap());
        let notes = ChainNotes { wrappers: vec![account("wrapper")], genesis, ..ChainNotes::default() };
        let contracts = Contracts::of(&id).with(account("bridge"), Role::NomadAll);
        let files = block_files(&folder).unwrap();
        let finder = LinkFinder::new(contracts.clone());
        let blocks = FileBlocks::new(&id, files.clone(), notes.clone(), 0, &|_| None, finder).unwrap();
        let mut workspace =
            AccountWorkspace::create_or_open(store, &Settings::new(id.clone()), Default::default()).unwrap();
        workspace.append(&mut blocks.map(Result::unwrap), &AppendOptions::default()).unwrap();
        workspaces.push(workspace);
        sources.insert(id, ProofSource { origin: Origin::Files(files, notes), contracts });
    }
    (workspaces, sources)
}

/// Waits for the end of a job, as whoever requests the bundle again does.
fn until_made(request: impl Fn() -> Bundle) -> (Vec<u8>, Vec<BundleJob>) {
    let (began, mut seen) = (Instant::now(), Vec::new());
    loop {
        match request() {
            Bundle::Made(bytes) => return (bytes, seen),
            Bundle::InWork(job) => seen.push(job),
        }
        assert!(began.elapsed() < Duration::from_secs(60), "the bundle is not made: {:?}", seen.last());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn bundles_are_made_at_once_or_as_a_job_and_name_the_setting_that_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let (made, store) = (dir.path().join("made"), dir.path().join("store"));
    let mut economy =
        Economy::new(Options { seed: 3, blocks: 120, users: 30, txs_per_block: 15, ..Options::default() }).unwrap();
    write(&mut economy, &made, Format::Json, &mut |_| Ok(ControlFlow::Continue(()))).unwrap();
    let (workspaces, sources) = chains(&made, &store);
    let screening = Screening::open(&format!("sqlite:{}", dir.path().join("desk").display()), system_clock()).unwrap();
    let first = Workspace::create_or_open(&store, Network::Regtest).unwrap();
    let vault = Vault::new(dir.path().join("vault"));
    let mut shared = AppState::new(first, screening, KeyRing::single([7; 32]), vault).unwrap();
    shared.add_account_chains(workspaces).unwrap();
    let transactions = std::fs::read_to_string(made.join("truth/transactions.csv")).unwrap();
    let rows = transactions.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let payment = rows.filter(|row| row[4] == "payment").nth(3).unwrap()[3].to_owned();
    let mut short = AccountTraceRequest::new(&payment);
    (short.options.bounds.max_hops, short.options.policy) = (2, Policy::Fifo);
    let bundle = |request: &AccountTraceRequest| shared.account_bundle(request.clone(), None, Tlp::Red, "a test");

    // Without a source the setting is named that has one, and nothing waits.
    let refused = bundle(&short).unwrap_err();
    assert_eq!((refused.status.as_u16(), refused.code), (409, "state"));
    assert!(refused.message.contains("`rpc` or `blocks` of eip155:"), "{}", refused.message);
    shared.proof_sources = Arc::new(sources);
    let bundle = |request: &AccountTraceRequest| shared.account_bundle(request.clone(), None, Tlp::Red, "a test");
    let Bundle::Made(bytes) = bundle(&short).unwrap() else { panic!("a short trace is answered at once") };
    let v = verify(&bytes, None);
    assert!(v.is_valid(), "{:#?}", v.failures);
    assert!(bundle(&AccountTraceRequest::new("nonsense")).is_err());

    // The largest account's money passes more blocks than an answer waits for.
    let addresses = std::fs::read_to_string(made.join("truth/addresses.csv")).unwrap();
    let rows = addresses.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let hot = rows.filter(|row| row[2] == "hot").map(|row| row[0].to_owned()).next().unwrap();
    let chain = ChainId::parse(&format!("eip155:{}", Options::default().chains[0])).unwrap();
    let mut long = AccountTraceRequest::new(&hot);
    (long.options.policy, long.options.through_services) = (Policy::Poison, true);
    let request = || shared.account_bundle(long.clone(), Some(chain.as_str()), Tlp::Red, "a test").unwrap();
    let Bundle::InWork(waiting) = request() else { panic!("more than {MAX_BLOCKS_AT_ONCE} blocks take a job") };
    assert_eq!((waiting.state, waiting.done), (JobState::Waiting, 0));
    let Bundle::InWork(again) = request() else { panic!("nothing runs jobs yet") };
    assert_eq!(again.job, waiting.job, "the same request joins the job");
    let runner = shared.start_jobs().unwrap();
    let (bytes, seen) = until_made(request);
    drop(runner);
    assert!(seen.iter().all(|job| job.job == waiting.job && job.error.is_none()), "{seen:?}");
    let v = verify(&bytes, None);
    assert!(v.is_valid() && v.headers.len() > MAX_BLOCKS_AT_ONCE, "{:#?}", v.failures);
    // Others with the same clearance get the file, those with another one do not.
    assert!(matches!(request(), Bundle::Made(same) if same == bytes));
    let lower = shared.account_bundle(long.clone(), Some(chain.as_str()), Tlp::Clear, "a test").unwrap();
    assert!(matches!(lower, Bundle::InWork(job) if job.job != waiting.job));
}
