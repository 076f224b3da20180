//! Ledgers verified, and what stands beside those of account chains made anew, as jobs while the server serves.

use crate::AppState;
use crate::error::ApiError;
use crate::evidence::write_whole;
use holdfast_account_evidence::EvidenceError;
use holdfast_account_workspace::AccountSnapshot;
use holdfast_account_workspace::beside::BesideStore;
use holdfast_account_workspace::check::StoreCheck;
use holdfast_account_workspace::rebuild::RebuildError;
use holdfast_jobs::{Failure, Job, Outcome, Run, StoredJob, enqueue, latest};
use holdfast_store::{Store, StoreError};
use holdfast_types::hash::sha256;
use holdfast_types::{ChainId, ErrorKind, Timestamp};
use holdfast_workspace::{ChainQueries, Snapshot, WorkspaceError};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::path::PathBuf;
use utoipa::ToSchema;

/// What the check of a ledger found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerCheck {
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// Height of the last block that was checked.
    pub tip_height: Option<u64>,
    /// When it ended, Unix seconds.
    #[schema(value_type = i64)]
    pub checked: Timestamp,
    /// Blocks checked.
    pub blocks: u64,
    /// Transactions checked.
    pub txs: u64,
    /// Transfers checked; none on chains of outputs.
    pub transfers: Option<u64>,
    /// Balances that were made anew; none on chains of outputs.
    pub balances: Option<u64>,
    /// Ranges compared with their checksums; none where the ledger has no checksums.
    pub checksums: Option<u64>,
    /// What is wrong with the ledger, at most 100 findings.
    pub problems: Vec<String>,
    /// What was found of links, signals and clusters beside the ledger of an account chain. Nothing beside a damaged ledger is checked.
    pub stores: Vec<StoreCheck>,
}

impl LedgerCheck {
    /// Returns how much is wrong.
    #[must_use]
    pub fn count(&self) -> usize {
        self.stores.iter().map(|store| store.problems.len()).sum::<usize>() + self.problems.len()
    }

    fn first_problem(&self) -> Option<&String> {
        self.problems.iter().chain(self.stores.iter().flat_map(|store| &store.problems)).next()
    }
}

/// Verifies a chain's ledger as it is published when the job starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckLedger {
    chain: ChainId,
}

impl Job for CheckLedger {
    type Context = AppState;
    const KIND: &'static str = "ledger_check";
    const MAX_TRIES: u32 = 3;

    fn key(&self) -> String {
        self.chain.to_string()
    }

    fn merge(&mut self, _: Self) {}

    fn run(&self, shared: &AppState, run: &Run<'_>) -> Result<Outcome, Failure> {
        let found = match shared.chains.accounts_named(self.chain.as_str()) {
            Ok(chain) => check_accounts(&chain.snapshot(), shared.screening.now(), run),
            Err(_) => match shared.chains.named(self.chain.as_str()) {
                Ok(chain) => check_outputs(&chain.snapshot(), shared.screening.now(), run),
                Err(e) => return Err(Failure::for_good(e)),
            },
        };
        let Some(found) = found.map_err(Failure::for_good)? else { return Ok(Outcome::Stopped) };
        let text = serde_json::to_vec(&found).map_err(Failure::for_good)?;
        write_whole(&shared.checks_dir(), &hex::encode(sha256(self.key().as_bytes())), &text)
            .map_err(Failure::again)?;
        match found.first_problem() {
            None => Ok(Outcome::Done),
            Some(first) => Err(Failure::for_good(format!("{} problems; the first: {first}", found.count()))),
        }
    }
}

/// Reports how far a check is; ends it where the process stops.
fn go_on(run: &Run<'_>, done: u64, all: u64) -> ControlFlow<()> {
    run.progress(done, Some(all), "");
    if run.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Returns none where the process stops.
fn check_accounts(
    chain: &AccountSnapshot,
    now: Timestamp,
    run: &Run<'_>,
) -> Result<Option<LedgerCheck>, WorkspaceError> {
    use holdfast_account_ledger::LedgerError;
    let report = match chain.ledger.check(&mut |done, all| go_on(run, done, all)) {
        Err(LedgerError::Stopped) => return Ok(None),
        report => report?,
    };
    // What is beside a ledger is compared with it.
    let stores = if report.is_clean() {
        let mut still = || if run.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        match chain.check_beside(&mut still) {
            Err(_) if run.is_stopping() => return Ok(None),
            stores => stores?,
        }
    } else {
        Vec::new()
    };
    Ok(Some(LedgerCheck {
        chain: chain.chain().to_string(),
        tip_height: chain.ledger.tip()?.map(|tip| tip.height),
        checked: now,
        blocks: report.blocks,
        txs: report.txs,
        transfers: Some(report.transfers),
        balances: Some(report.balances),
        checksums: report.checksums,
        problems: report.damage.iter().map(ToString::to_string).collect(),
        stores,
    }))
}

fn check_outputs(chain: &Snapshot, now: Timestamp, run: &Run<'_>) -> Result<Option<LedgerCheck>, WorkspaceError> {
    let all = u64::from(chain.ledger.counts().blocks);
    let report = match chain.ledger.check(false, &mut |block| go_on(run, block.into(), all)) {
        Err(_) if run.is_stopping() => return Ok(None),
        report => report?,
    };
    Ok(Some(LedgerCheck {
        chain: chain.id().to_string(),
        tip_height: chain.ledger.tip().map(|tip| tip.height.into()),
        checked: now,
        blocks: report.blocks.into(),
        txs: report.txs.into(),
        transfers: None,
        balances: None,
        checksums: report.checksums,
        problems: report.problems,
        stores: Vec::new(),
    }))
}

/// Makes links, signals or clusters of an account chain anew, while blocks go on being appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebuildBeside {
    chain: ChainId,
    stores: Vec<BesideStore>,
}

impl Job for RebuildBeside {
    type Context = AppState;
    const KIND: &'static str = "ledger_rebuild";
    const MAX_TRIES: u32 = 5;

    fn key(&self) -> String {
        self.chain.to_string()
    }

    fn merge(&mut self, newer: Self) {
        self.stores.extend(newer.stores);
        self.stores.sort_unstable();
        self.stores.dedup();
    }

    fn run(&self, shared: &AppState, run: &Run<'_>) -> Result<Outcome, Failure> {
        let failure = |e: RebuildError| match e.kind() {
            // A node may be behind the ledger for a while.
            _ if matches!(e, RebuildError::Missing(_)) => Failure::again(e),
            ErrorKind::Unavailable | ErrorKind::Busy | ErrorKind::Partner => Failure::again(e),
            _ => Failure::for_good(e),
        };
        let chain = shared.chains.accounts_named(self.chain.as_str()).map_err(Failure::for_good)?;
        let of_blocks: Vec<BesideStore> =
            self.stores.iter().copied().filter(|store| *store != BesideStore::Clusters).collect();
        if !of_blocks.is_empty() {
            let source = shared.proof_source(&self.chain).map_err(|e| Failure::for_good(e.message))?;
            // Most blocks are read while others are appended.
            let snapshot = chain.snapshot();
            let mut made = snapshot.rebuild(&of_blocks).map_err(failure)?;
            let mut watch = |done, all| go_on(run, done, all);
            if !made.read_from(&snapshot.ledger, source, &mut watch).map_err(failure)? {
                return Ok(Outcome::Stopped);
            }
            drop((made, snapshot));
            // Those that came meanwhile, and what was made takes its place.
            let put = chain.change_beside(|workspace| -> Result<bool, RebuildError> {
                let mut made = workspace.rebuild(&of_blocks)?;
                let mut watch = |done, all| go_on(run, done, all);
                if !made.read_from(&workspace.ledger, source, &mut watch)? {
                    return Ok(false);
                }
                workspace.put_rebuilt(made)?;
                Ok(true)
            });
            if !put.map_err(failure)? {
                return Ok(Outcome::Stopped);
            }
        }
        if self.stores.contains(&BesideStore::Clusters) {
            let rebuilt = chain.change_beside(|workspace| workspace.rebuild_clusters());
            rebuilt.map_err(failure)?;
        }
        let names: Vec<&str> = self.stores.iter().map(|store| store.name()).collect();
        shared.rescreen_later(&format!("{} of {} were made anew", names.join(", "), self.chain));
        Ok(Outcome::Done)
    }
}

impl AppState {
    fn checks_dir(&self) -> PathBuf {
        self.chain().snapshot().dir().join("checks")
    }

    /// Returns the CAIP-2 id of the chain with a name.
    fn ledger_named(&self, name: &str) -> Result<ChainId, ApiError> {
        if let Ok(chain) = self.chains.accounts_named(name) {
            return Ok(chain.snapshot().chain().clone());
        }
        let chain = self.chains.named(name).map_err(|e| ApiError::of(ErrorKind::NotFound, e))?;
        Ok(chain.snapshot().id())
    }

    fn start_job<J: Job + Sync>(&self, job: J, action: &'static str, actor: &str) -> Result<StoredJob, ApiError> {
        let (key, kind) = (job.key(), J::KIND);
        let detail = serde_json::to_string(&job).map_err(|e| ApiError::internal(e.to_string()))?;
        let stored = Store::change(&*self.screening, actor, move |tx| {
            enqueue(tx, &job)?;
            let stored = latest(tx.db(), kind, &key)?;
            tx.audit(action, &format!("chain:{key}"), &detail);
            Ok::<_, StoreError>(stored)
        })?;
        self.jobs.wake();
        stored.ok_or_else(|| ApiError::internal("the job was not stored"))
    }

    /// Starts the check of a chain's ledger; while one waits it is that one.
    ///
    /// # Errors
    /// 404 where no chain has the name; 500 or 503 where the job cannot be stored.
    pub fn check_ledger(&self, chain: &str, actor: &str) -> Result<StoredJob, ApiError> {
        self.start_job(CheckLedger { chain: self.ledger_named(chain)? }, "ledger.check", actor)
    }

    /// Returns what the last check of a chain's ledger found.
    ///
    /// # Errors
    /// 404 where it was never checked by a job, or no chain has the name; 500 where the report does not read.
    pub fn ledger_check(&self, chain: &str) -> Result<LedgerCheck, ApiError> {
        let chain = self.ledger_named(chain)?;
        let path = self.checks_dir().join(hex::encode(sha256(chain.as_str().as_bytes())));
        let text = match std::fs::read(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let why = format!("the ledger of {chain} was not checked yet; POST to the same path starts it");
                return Err(ApiError::of(ErrorKind::NotFound, why));
            }
            text => text.map_err(|e| ApiError::internal(format!("{}: {e}", path.display())))?,
        };
        serde_json::from_slice(&text).map_err(|e| ApiError::internal(format!("{}: {e}", path.display())))
    }

    /// Starts making what stands beside an account chain's ledger anew: all of it where nothing is named.
    ///
    /// # Errors
    /// 404 where no account chain has the name; 409 where links or signals are wanted and the server has no source of the blocks; 500 or 503 where the job
    /// cannot be stored.
    pub fn rebuild_beside(&self, chain: &str, only: &[BesideStore], actor: &str) -> Result<StoredJob, ApiError> {
        let chain = self.chains.accounts_named(chain).map_err(|e| ApiError::of(ErrorKind::NotFound, e))?;
        let chain = chain.snapshot().chain().clone();
        let all = [BesideStore::Links, BesideStore::Signals, BesideStore::Clusters];
        let stores: Vec<BesideStore> =
            all.into_iter().filter(|store| only.is_empty() || only.contains(store)).collect();
        if stores.iter().any(|store| *store != BesideStore::Clusters) {
            self.proof_source(&chain)?;
        }
        self.start_job(RebuildBeside { chain, stores }, "ledger.rebuild", actor)
    }

    fn proof_source(&self, chain: &ChainId) -> Result<&holdfast_account_workspace::evidence::ProofSource, ApiError> {
        self.proof_sources.get(chain).ok_or_else(|| {
            let e = WorkspaceError::Evidence(EvidenceError::NoSource(chain.clone()));
            let name = chain.usual_name().unwrap_or(chain.as_str());
            let fix = format!(
                "name `rpc` or `blocks` of {name} in the file of `serve --chains`, or run `holdfast ledger rebuild --chain {name}` where the blocks are; clusters alone need none"
            );
            ApiError::of(e.kind(), format!("links and signals are found in blocks, and {e}: {fix}"))
        })
    }
}
