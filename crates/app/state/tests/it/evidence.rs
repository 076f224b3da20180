//! Bundles of traces over account chains: at once, as a job, and what is missing.

use holdfast_account_evidence::verify;
use holdfast_account_workspace::traces::AccountTraceRequest;
use holdfast_analysis::Policy;
use holdfast_attribution::Tlp;
use holdfast_bitcoin::Network;
use holdfast_identity::KeyRing;
use holdfast_jobs::JobState;
use holdfast_screening::Screening;
use holdfast_screening::service::system_clock;
use holdfast_simulate_accounts::Options;
use holdfast_state::evidence::{Bundle, BundleJob, MAX_BLOCKS_AT_ONCE};
use holdfast_state::{AppState, Vault};
use holdfast_testing::SimulatedAccounts;
use holdfast_workspace::Workspace;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    let sizes = Options { seed: 3, blocks: 120, users: 30, txs_per_block: 15, ..Options::default() };
    let mut simulated = SimulatedAccounts::new(sizes, &made, &store);
    let screening = Screening::open(&format!("sqlite:{}", dir.path().join("desk").display()), system_clock()).unwrap();
    let first = Workspace::create_or_open(&store, Network::Regtest).unwrap();
    let vault = Vault::new(dir.path().join("vault"));
    let mut shared = AppState::new(first, screening, KeyRing::single([7; 32]), vault).unwrap();
    shared.add_account_chains(std::mem::take(&mut simulated.chains)).unwrap();
    let mut short = AccountTraceRequest::new(&simulated.transaction("payment", 3));
    (short.options.bounds.max_hops, short.options.policy) = (2, Policy::Fifo);
    let bundle = |request: &AccountTraceRequest| shared.account_bundle(request.clone(), None, Tlp::Red, "a test");

    // Without a source the setting is named that has one, and nothing waits.
    let refused = bundle(&short).unwrap_err();
    assert_eq!((refused.status.as_u16(), refused.code), (409, "state"));
    assert!(refused.message.contains("`rpc` or `blocks` of eip155:"), "{}", refused.message);
    shared.proof_sources = Arc::new(simulated.sources.clone());
    let bundle = |request: &AccountTraceRequest| shared.account_bundle(request.clone(), None, Tlp::Red, "a test");
    let Bundle::Made(bytes) = bundle(&short).unwrap() else { panic!("a short trace is answered at once") };
    let v = verify(&bytes, None);
    assert!(v.is_valid(), "{:#?}", v.failures);
    assert!(bundle(&AccountTraceRequest::new("nonsense")).is_err());

    // The largest account's money passes more blocks than an answer waits for.
    let chain = simulated.sources.keys().next().unwrap().clone();
    let mut long = AccountTraceRequest::new(&simulated.address("hot"));
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
