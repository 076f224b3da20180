//! What a kind of job declares.

use holdfast_types::Seconds;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;

/// How a try ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The job is done.
    Done,
    /// It is to run again after a pause: a poll. Nothing is stored while polls succeed.
    Again {
        /// Seconds until then.
        after: Seconds,
    },
    /// The process stops; the job goes on after the next start. The try does not count.
    Stopped,
}

/// Why a try failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The message that is stored with the job.
    pub message: String,
    /// Whether a further try can succeed.
    pub is_final: bool,
}

impl Failure {
    /// Returns a failure after which the job is tried again.
    pub fn again(cause: impl Display) -> Self {
        Failure { message: cause.to_string(), is_final: false }
    }

    /// Returns a failure that no further try can fix.
    pub fn for_good(cause: impl Display) -> Self {
        Failure { message: cause.to_string(), is_final: true }
    }
}

/// A kind of work, with what it is to do. The fields are its payload, stored as JSON.
pub trait Job: Serialize + DeserializeOwned + Send + Sized + 'static {
    /// What it works with.
    type Context: Clone + Send + Sync + 'static;

    /// Name, stored with every job: it never changes.
    const KIND: &'static str;
    /// Version of the payload, stored with it.
    const VERSION: u32 = 1;
    /// Tries after which a job has failed.
    const MAX_TRIES: u32 = 10;
    /// Longest pause between two tries; pauses double from one second.
    const MAX_PAUSE: Seconds = Seconds::HOUR;
    /// Most jobs of this kind that run at once.
    const MAX_AT_ONCE: usize = 1;
    /// Whether it is a poll, which goes on by [`Outcome::Again`]. The starts of polls are not stored, and enqueueing one that is stored already
    /// changes nothing.
    const IS_POLL: bool = false;

    /// Returns what it is about, such as a number: jobs with the same key are deduplicated.
    fn key(&self) -> String;

    /// Takes over what a newer job with the same key is to do, because both are done at once. A merged job begins anew.
    fn merge(&mut self, newer: Self);

    /// Reads a payload that an older version of the program stored.
    fn upgrade(version: u32, payload: serde_json::Value) -> Option<Self> {
        let _ = (version, payload);
        None
    }

    /// Does the work, or the rest of it after a restart ([`Run::resume_at`]).
    ///
    /// # Errors
    /// [`Failure`], which states whether a further try makes sense.
    fn run(&self, context: &Self::Context, run: &Run<'_>) -> Result<Outcome, Failure>;
}

/// A run, as the job sees it.
pub struct Run<'r> {
    pub(crate) resume_at: &'r str,
    pub(crate) is_stopping: &'r dyn Fn() -> bool,
    pub(crate) report: &'r dyn Fn(u64, Option<u64>, &str),
}

impl std::fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("resume_at", &self.resume_at).finish_non_exhaustive()
    }
}

impl Run<'_> {
    /// Returns the point that an earlier run of this job stored last; empty for the beginning.
    pub fn resume_at(&self) -> &str {
        self.resume_at
    }

    /// Returns whether the process stops; the job is to end then, with [`Outcome::Stopped`].
    pub fn is_stopping(&self) -> bool {
        (self.is_stopping)()
    }

    /// Reports how far the work is (`done` units of `all`, where that is known) and the point at which it goes on after a restart. It is stored
    /// every second at most, so that it may be called often.
    pub fn progress(&self, done: u64, all: Option<u64>, resume_at: &str) {
        (self.report)(done, all, resume_at);
    }
}

/// Reads a stored payload.
pub(crate) fn read<J: Job>(version: u32, payload: &str) -> Result<J, Failure> {
    let unread =
        |cause: &dyn Display| Failure::for_good(format!("the payload (version {version}) does not read: {cause}"));
    match version == J::VERSION {
        true => serde_json::from_str(payload).map_err(|e| unread(&e)),
        false => {
            let value = serde_json::from_str(payload).map_err(|e| unread(&e))?;
            J::upgrade(version, value).ok_or_else(|| unread(&"another version of Holdfast stored it"))
        }
    }
}

/// Merges a newer stored payload into an older one.
pub(crate) fn merge<J: Job>(older: (u32, &str), newer: (u32, &str)) -> Result<String, Failure> {
    let mut job: J = read(older.0, older.1)?;
    job.merge(read(newer.0, newer.1)?);
    serde_json::to_string(&job).map_err(Failure::for_good)
}
