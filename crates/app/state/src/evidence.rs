//! Evidence bundles of traces over account chains: made at once where few blocks are read for the proofs, as a job where many are.

use crate::AppState;
use crate::error::ApiError;
use crate::system::{entropy, now};
use holdfast_account_evidence::{EvidenceError, Watch};
use holdfast_account_workspace::AccountSnapshot;
use holdfast_account_workspace::evidence::Sealing;
use holdfast_account_workspace::traces::AccountTraceRequest;
use holdfast_attribution::Tlp;
use holdfast_jobs::{Failure, Job, JobState, Outcome, Run, StoredJob, latest};
use holdfast_types::hash::sha256;
use holdfast_types::{ChainId, ErrorKind, Seconds};
use holdfast_workspace::WorkspaceError;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use utoipa::ToSchema;

/// Most blocks that are read for the proofs while somebody waits for the answer: a node that traces takes seconds for some of them.
pub const MAX_BLOCKS_AT_ONCE: usize = 100;
/// Most bundles that wait to be made.
const MAX_WAITING: usize = 20;
/// How long a bundle that was made is handed out; later the chains have moved on, and it is made anew.
const FRESH: Seconds = Seconds::new(600);
/// How long the error of a failed job is reported before the same request makes another try.
const FAILED: Seconds = Seconds::MINUTE;
/// Most files in a folder; the oldest go.
const MAX_FILES: usize = 32;

/// Makes the evidence bundle of a trace, for readers of labels up to a clearance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MakeBundle {
    chain: ChainId,
    request: AccountTraceRequest,
    clearance: Tlp,
}

/// A bundle, or the job that makes it.
#[derive(Debug)]
pub enum Bundle {
    /// The file.
    Made(Vec<u8>),
    /// It is being made.
    InWork(BundleJob),
}

/// A job that makes a bundle. The same request returns the file once it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BundleJob {
    /// Number of the job.
    pub job: u64,
    /// waiting or running.
    pub state: JobState,
    /// Blocks that were read for the proofs.
    pub done: u64,
    /// Blocks that are to be read, where that is known.
    pub all: Option<u64>,
    /// Why the last try failed, where there is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl From<StoredJob> for BundleJob {
    fn from(job: StoredJob) -> Self {
        BundleJob { job: job.id, state: job.state, done: job.done, all: job.all, error: job.error }
    }
}

impl Job for MakeBundle {
    type Context = AppState;
    const KIND: &'static str = "bundle";
    const MAX_TRIES: u32 = 3;

    fn key(&self) -> String {
        // Never the same for two requests: bundles are handed out by it.
        let text = serde_json::to_vec(self).unwrap_or_else(|_| format!("{self:?}").into_bytes());
        hex::encode(sha256(&text))
    }

    fn merge(&mut self, _: Self) {}

    fn run(&self, shared: &AppState, run: &Run<'_>) -> Result<Outcome, Failure> {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let mut watch = |done, all| {
            run.progress(count(done), Some(count(all)), "");
            if run.is_stopping() { Err(EvidenceError::Stopped) } else { Ok(()) }
        };
        let chain = shared.chains.accounts_for(&self.request.subject, Some(self.chain.as_str()));
        match shared.make_bundle(&*chain.map_err(Failure::for_good)?, self, &mut watch) {
            Ok(bytes) => {
                store_newest(&shared.bundles_dir(), &self.key(), &bytes).map_err(Failure::again)?;
                Ok(Outcome::Done)
            }
            Err(WorkspaceError::Evidence(EvidenceError::Stopped)) => Ok(Outcome::Stopped),
            // A node that does not answer may answer later.
            Err(e) if matches!(e.kind(), ErrorKind::Unavailable | ErrorKind::Busy | ErrorKind::Partner) => {
                Err(Failure::again(shared.explained(&e)))
            }
            Err(e) => Err(Failure::for_good(shared.explained(&e))),
        }
    }
}

/// Writes a file of a folder; it is renamed into place, so that a file under its key is whole.
pub(crate) fn write_whole(folder: &Path, key: &str, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(folder.join(key)).map(drop).map_err(|e| e.error)
}

/// Stores a file, and removes the oldest of its folder where there are many.
pub(crate) fn store_newest(folder: &Path, key: &str, bytes: &[u8]) -> std::io::Result<()> {
    write_whole(folder, key, bytes)?;
    let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    files.sort();
    let surplus = files.len().saturating_sub(MAX_FILES);
    files.into_iter().take(surplus).try_for_each(|(_, path)| std::fs::remove_file(path))
}

impl AppState {
    fn bundles_dir(&self) -> PathBuf {
        self.chain().snapshot().dir().join("bundles")
    }

    fn make_bundle(
        &self,
        chain: &AccountSnapshot,
        of: &MakeBundle,
        watch: Watch<'_>,
    ) -> Result<Vec<u8>, WorkspaceError> {
        // The store has one key for all its chains.
        let (key, created) = (self.chain().snapshot().signing_key(entropy)?, now());
        let sealing = Sealing { key: &key, created: &created, clearance: of.clearance };
        chain.account_bundle_for(&of.request, &self.proof_sources, watch, sealing)
    }

    /// Returns an error in words; where a source of blocks is missing, with the setting that names one.
    fn explained(&self, e: &WorkspaceError) -> String {
        match e {
            WorkspaceError::Evidence(EvidenceError::NoSource(chain)) => {
                let name = chain.usual_name().unwrap_or(chain.as_str());
                format!(
                    "{e}: name `rpc` or `blocks` of {name} in the file of `serve --chains`, or make the bundle where the blocks are, by `holdfast trace --chain {name} --bundle FILE --blocks PATH`"
                )
            }
            e => e.to_string(),
        }
    }

    /// Returns the bundle of a trace for a reader of labels up to `clearance`; one that rests on many blocks is made by a job, which this starts. It is meant
    /// to be handed on: nothing above TLP:AMBER goes in.
    ///
    /// # Errors
    /// As [`holdfast_account_workspace::AccountWorkspace::account_bundle_for`]; 409 where the server has no source of the blocks; what a failed job reports; 503
    /// where too many bundles wait.
    pub fn account_bundle(
        &self,
        request: AccountTraceRequest,
        chain: Option<&str>,
        clearance: Tlp,
        actor: &str,
    ) -> Result<Bundle, ApiError> {
        let chain = self.chains.accounts_for(&request.subject, chain)?;
        let job = MakeBundle { chain: chain.chain().clone(), request, clearance: clearance.min(Tlp::Amber) };
        if let Some(known) = self.known_bundle(&job)? {
            return Ok(known);
        }
        let mut watch = |_, all| if all > MAX_BLOCKS_AT_ONCE { Err(EvidenceError::Stopped) } else { Ok(()) };
        match self.make_bundle(&chain, &job, &mut watch) {
            Ok(bytes) => Ok(Bundle::Made(bytes)),
            Err(WorkspaceError::Evidence(EvidenceError::Stopped)) => self.start_bundle(job, actor),
            Err(e) => Err(ApiError::of(e.kind(), self.explained(&e))),
        }
    }

    /// Returns what a job for the same request has made, or is making.
    fn known_bundle(&self, job: &MakeBundle) -> Result<Option<Bundle>, ApiError> {
        let key = job.key();
        let Some(stored) = self.screening.read(|db| latest(db, MakeBundle::KIND, &key))? else { return Ok(None) };
        let age = stored.ended.map(|ended| self.screening.now() - ended);
        Ok(match (stored.state, age) {
            (JobState::Waiting | JobState::Running, _) => Some(Bundle::InWork(stored.into())),
            // The file may have been removed to make room.
            (JobState::Done, Some(age)) if age < FRESH => {
                std::fs::read(self.bundles_dir().join(key)).ok().map(Bundle::Made)
            }
            (JobState::Failed, Some(age)) if age < FAILED => {
                let why = stored.error.unwrap_or_default();
                return Err(ApiError::of(ErrorKind::State, format!("the bundle was not made: {why}")));
            }
            _ => None,
        })
    }

    fn start_bundle(&self, job: MakeBundle, actor: &str) -> Result<Bundle, ApiError> {
        let waiting = self.screening.read(|db| holdfast_jobs::list(db, Some(JobState::Waiting)))?;
        if waiting.iter().filter(|other| other.kind == MakeBundle::KIND).count() >= MAX_WAITING {
            let message = format!("{MAX_WAITING} bundles wait to be made; request it again later");
            return Err(ApiError::of(ErrorKind::Busy, message));
        }
        let job = Arc::new(job);
        let number = self.jobs.enqueue(&job, actor)?;
        let state = JobState::Waiting;
        Ok(Bundle::InWork(BundleJob { job: number, state, done: 0, all: None, error: None }))
    }
}
