//! Files of tags that are imported: a small one at once, a large one by a job, which says how far it is and can be cancelled.

use crate::AppState;
use crate::error::ApiError;
use crate::evidence::store_newest;
use holdfast_attribution::Tlp;
use holdfast_attribution::import::{ImportReport, ReadFiles};
use holdfast_jobs::{Failure, Job, JobState, Outcome, Run, StoredJob};
use holdfast_types::ErrorKind;
use holdfast_types::hash::sha256;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

/// Largest file that is imported while somebody waits for the answer, in bytes: some ten thousand tags.
pub const MAX_AT_ONCE: usize = 4 << 20;
/// Most imports that wait: each has a file of up to 64 MiB.
const MAX_WAITING: usize = 16;

/// Imports a file of tags that was put into the store's folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportTags {
    /// The file's name, which tells its format.
    name: String,
    /// For tags without a label of their own.
    label: Option<Tlp>,
    /// SHA-256 of the file, hexadecimal.
    sha256: String,
    /// Who brings it in.
    actor: String,
}

/// An import: done, or the job that does it.
#[derive(Debug)]
pub enum Import {
    /// What it did.
    Done(Box<ImportReport>),
    /// It waits or runs.
    InWork(Box<StoredJob>),
}

impl Job for ImportTags {
    type Context = AppState;
    const KIND: &'static str = "tag_import";
    const MAX_TRIES: u32 = 3;

    fn key(&self) -> String {
        let label = self.label.map_or("", Tlp::name);
        hex::encode(sha256(format!("{}\n{label}\n{}", self.sha256, self.name).as_bytes()))
    }

    fn merge(&mut self, _: Self) {}

    fn run(&self, shared: &AppState, run: &Run<'_>) -> Result<Outcome, Failure> {
        let path = shared.imports_dir().join(self.key());
        let bytes = match std::fs::read(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(Failure::for_good(format!(
                    "the file '{}' is not there any more; import it again",
                    self.name
                )));
            }
            bytes => bytes.map_err(Failure::again)?,
        };
        let read = ReadFiles::read(vec![(self.name.clone(), bytes)]);
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let all = count(read.tags());
        let mut watch = |done| {
            run.progress(count(done), Some(all), "");
            if run.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        if watch(0).is_break() {
            return Ok(Outcome::Stopped);
        }
        match shared.import_read(&self.name, read, self.label, &self.actor, &mut watch) {
            Ok(Some(report)) => {
                let text = serde_json::to_vec(&*report).map_err(Failure::for_good)?;
                store_newest(&shared.import_reports_dir(), &self.key(), &text).map_err(Failure::again)?;
                // What was imported needs no file any more; one that is left over goes when others come.
                let _ = std::fs::remove_file(path);
                Ok(Outcome::Done)
            }
            Ok(None) => Ok(Outcome::Stopped),
            // The chain is being changed, or the database does not answer.
            Err(e) if e.status.is_server_error() => Err(Failure::again(e.message)),
            Err(e) => Err(Failure::for_good(e.message)),
        }
    }
}

impl AppState {
    fn imports_dir(&self) -> PathBuf {
        self.chain().snapshot().dir().join("imports")
    }

    fn import_reports_dir(&self) -> PathBuf {
        self.chain().snapshot().dir().join("import-reports")
    }

    /// Imports a file of tags: at once where it is no larger than [`MAX_AT_ONCE`], by a job where it is.
    ///
    /// # Errors
    /// As [`AppState::import_tags`]; 500 where the file cannot be put into the store's folder; 503 where too many wait.
    pub fn take_tags(
        &self,
        name: String,
        bytes: Vec<u8>,
        label: Option<&str>,
        actor: &str,
    ) -> Result<Import, ApiError> {
        if bytes.len() <= MAX_AT_ONCE {
            return self.import_tags(name, bytes, label, actor).map(|report| Import::Done(Box::new(report)));
        }
        let label = Self::import_label(&name, label)?;
        let waiting = self.screening.read(|db| holdfast_jobs::list(db, Some(JobState::Waiting)))?;
        if waiting.iter().filter(|job| job.kind == ImportTags::KIND).count() >= MAX_WAITING {
            return Err(ApiError::of(ErrorKind::Busy, format!("{MAX_WAITING} imports wait; bring the file in later")));
        }
        let sha256 = hex::encode(sha256(&bytes));
        let job = ImportTags { name, label, sha256, actor: actor.to_owned() };
        let stored = store_newest(&self.imports_dir(), &job.key(), &bytes);
        stored.map_err(|e| ApiError::internal(format!("the file to import: {e}")))?;
        let id = self.jobs.enqueue(&Arc::new(job), actor)?;
        let stored = self.screening.read(|db| holdfast_jobs::job(db, id))?;
        stored.map(|job| Import::InWork(Box::new(job))).ok_or_else(|| ApiError::internal("the job was not stored"))
    }

    /// Returns the job of an import, and once it is done what it did.
    ///
    /// # Errors
    /// 404 where no such job imports tags; 500 or 503 where it cannot be read.
    pub fn tag_import(&self, id: u64) -> Result<(StoredJob, Option<ImportReport>), ApiError> {
        let job = self.screening.read(|db| holdfast_jobs::job(db, id))?.filter(|job| job.kind == ImportTags::KIND);
        let job = job.ok_or_else(|| ApiError::of(ErrorKind::NotFound, format!("no job {id} imports tags")))?;
        if job.state != JobState::Done {
            return Ok((job, None));
        }
        let path = self.import_reports_dir().join(&job.key);
        let report = match std::fs::read(&path) {
            // Only the newest are stored.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok((job, None)),
            text => text.map_err(|e| ApiError::internal(format!("{}: {e}", path.display())))?,
        };
        let report =
            serde_json::from_slice(&report).map_err(|e| ApiError::internal(format!("{}: {e}", path.display())))?;
        Ok((job, Some(report)))
    }
}
