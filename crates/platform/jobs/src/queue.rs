//! The table of jobs.

use crate::job::{self, Job};
use holdfast_store::{Change, Database, DbError, Row, Schema, Store, StoreError, number};
use holdfast_types::{Seconds, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;
use utoipa::ToSchema;

/// The table of jobs.
pub const SCHEMA: Schema = Schema { department: "jobs", migrations: &[include_str!("migrations/001_jobs.sql")] };

/// Most jobs that are examined or listed at once.
const PAGE: i64 = 1_000;
/// How long ended jobs are stored; of each kind and key the last one is stored longer.
const STORED: Seconds = Seconds::days(30);
/// Longest error that is stored, in characters.
const MAX_ERROR: usize = 1_000;

/// The states of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It waits: for its turn, or for its next try.
    Waiting,
    /// It runs.
    Running,
    /// It was done.
    Done,
    /// It was given up.
    Failed,
}

impl JobState {
    /// All states.
    pub const ALL: [JobState; 4] = [JobState::Waiting, JobState::Running, JobState::Done, JobState::Failed];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            JobState::Waiting => "waiting",
            JobState::Running => "running",
            JobState::Done => "done",
            JobState::Failed => "failed",
        }
    }

    fn from_name(name: &str) -> Result<Self, DbError> {
        let unknown = || DbError::Stored { what: "job".into(), cause: format!("state '{name}'") };
        Self::ALL.into_iter().find(|s| s.name() == name).ok_or_else(unknown)
    }
}

/// A job as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StoredJob {
    /// Number.
    pub id: u64,
    /// Kind of work.
    pub kind: String,
    /// What it is about.
    pub key: String,
    /// State.
    pub state: JobState,
    /// Tries begun since the last success.
    pub tries: u32,
    /// It is not run before this time, Unix seconds.
    #[schema(value_type = i64)]
    pub next_try: Timestamp,
    /// Units of work done.
    pub done: u64,
    /// Units of work in all, where that is known.
    pub all: Option<u64>,
    /// Why the last try failed.
    pub error: Option<String>,
    /// When it was stored, Unix seconds.
    #[schema(value_type = i64)]
    pub created: Timestamp,
    /// Who caused it.
    pub created_by: String,
    /// When it was last started, Unix seconds.
    #[schema(value_type = Option<i64>)]
    pub started: Option<Timestamp>,
    /// When it ended, Unix seconds.
    #[schema(value_type = Option<i64>)]
    pub ended: Option<Timestamp>,
    #[serde(skip)]
    pub(crate) version: u32,
    #[serde(skip)]
    pub(crate) payload: String,
    #[serde(skip)]
    pub(crate) resume_at: String,
}

const COLUMNS: &str = "SELECT id, kind, job_key, state, tries, next_try, done_units, all_units, error, created, created_by, started, ended,
    version, payload, resume_at FROM jobs";

fn small(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn units(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn stored(row: &Row) -> Result<StoredJob, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    Ok(StoredJob {
        id: units(row.int(0)?),
        kind: text(1)?,
        key: text(2)?,
        state: JobState::from_name(row.text(3)?)?,
        tries: small(row.int(4)?),
        next_try: row.time(5)?,
        done: units(row.int(6)?),
        all: row.int_or_null(7).map(units),
        error: row.text_or_null(8).map(str::to_owned),
        created: row.time(9)?,
        created_by: text(10)?,
        started: row.time_or_null(11),
        ended: row.time_or_null(12),
        version: small(row.int(13)?),
        payload: text(14)?,
        resume_at: text(15)?,
    })
}

/// Returns the jobs of a state (or all), newest first, at most 1,000.
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn list(db: &mut Database, state: Option<JobState>) -> Result<Vec<StoredJob>, DbError> {
    page(db, state, None, usize::MAX)
}

/// As [`list`], of those whose numbers are below `before` and at most so many, up to 1,000.
///
/// # Errors
/// As [`list`].
pub fn page(
    db: &mut Database,
    state: Option<JobState>,
    before: Option<u64>,
    most: usize,
) -> Result<Vec<StoredJob>, DbError> {
    let most = i64::try_from(most).unwrap_or(PAGE).clamp(1, PAGE);
    let before = i64::try_from(before.unwrap_or(u64::MAX)).unwrap_or(i64::MAX);
    let mut parameters = vec![before.into(), most.into()];
    let of_state = state.map_or("", |state| {
        parameters.push(state.name().into());
        " AND state = $3"
    });
    let sql = format!("{COLUMNS} WHERE id < $1{of_state} ORDER BY id DESC LIMIT $2");
    db.query(&sql, &parameters)?.iter().map(stored).collect()
}

/// Returns the newest job of a kind and key.
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn latest(db: &mut Database, kind: &str, key: &str) -> Result<Option<StoredJob>, DbError> {
    let sql = format!("{COLUMNS} WHERE kind = $1 AND job_key = $2 ORDER BY id DESC LIMIT 1");
    db.query(&sql, &[kind.into(), key.into()])?.first().map(stored).transpose()
}

/// Lets a failed job, or one that waits for its next try, be tried now; returns it, or the newer one of its kind and key that waits already.
/// None when there is no such job, or it runs or is done.
///
/// # Errors
/// [`StoreError::Db`] when the database fails or stored values do not read back.
pub fn retry(tx: &mut dyn Change, id: u64) -> Result<Option<StoredJob>, StoreError> {
    let found = tx.db().query(&format!("{COLUMNS} WHERE id = $1"), &[number(id)])?;
    let Some(job) = found.first().map(stored).transpose()? else { return Ok(None) };
    if !matches!(job.state, JobState::Waiting | JobState::Failed) {
        return Ok(None);
    }
    let twin = waiting_twin(tx, &job.kind, &job.key)?;
    let (id, now) = (twin.map_or(job.id, |twin| twin.id), tx.now());
    let row = [now.into(), number(id)];
    tx.db().execute("UPDATE jobs SET state = 'waiting', tries = 0, next_try = $1, ended = NULL WHERE id = $2", &row)?;
    tx.audit("job.retried", &format!("job:{id}"), &serde_json::json!({ "kind": job.kind }).to_string());
    Ok(tx.db().query(&format!("{COLUMNS} WHERE id = $1"), &[number(id)])?.first().map(stored).transpose()?)
}

/// Ends a job that waits or runs, if it is of one of these kinds: it has failed, and the error says who cancelled it. None when there is no such job. One
/// that runs goes on until it looks whether it is to stop; [`Queue::cancel`] tells it.
///
/// # Errors
/// [`StoreError::Db`] when the database fails or stored values do not read back.
pub fn cancel(tx: &mut dyn Change, id: u64, kinds: &[&str]) -> Result<Option<StoredJob>, StoreError> {
    let is_open = |job: &StoredJob| matches!(job.state, JobState::Waiting | JobState::Running);
    let Some(job) = self::job(tx.db(), id)?.filter(|job| is_open(job) && kinds.contains(&job.kind.as_str())) else {
        return Ok(None);
    };
    let row = [format!("cancelled by {}", tx.actor()).into(), tx.now().into(), number(id)];
    tx.db().execute("UPDATE jobs SET state = 'failed', error = $1, ended = $2 WHERE id = $3", &row)?;
    tx.audit("job.cancelled", &format!("job:{id}"), &serde_json::json!({ "kind": job.kind }).to_string());
    Ok(self::job(tx.db(), id)?)
}

/// Returns a job by its number.
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn job(db: &mut Database, id: u64) -> Result<Option<StoredJob>, DbError> {
    db.query(&format!("{COLUMNS} WHERE id = $1"), &[number(id)])?.first().map(stored).transpose()
}

/// Returns how many jobs there are, by kind and state.
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn counts(db: &mut Database) -> Result<Vec<(String, JobState, u64)>, DbError> {
    let rows =
        db.query("SELECT kind, state, COUNT(*) FROM jobs GROUP BY kind, state ORDER BY kind, state LIMIT 1000", &[])?;
    rows.iter().map(|r| Ok((r.text(0)?.to_owned(), JobState::from_name(r.text(1)?)?, units(r.int(2)?)))).collect()
}

/// Returns jobs that wait and whose time has come, the longest due first.
pub(crate) fn due(db: &mut Database, now: Timestamp) -> Result<Vec<StoredJob>, DbError> {
    let sql = format!("{COLUMNS} WHERE state = 'waiting' AND next_try <= $1 ORDER BY next_try, id LIMIT $2");
    db.query(&sql, &[now.into(), PAGE.into()])?.iter().map(stored).collect()
}

fn waiting_twin(tx: &mut dyn Change, kind: &str, key: &str) -> Result<Option<StoredJob>, DbError> {
    let sql = format!("{COLUMNS} WHERE state = 'waiting' AND kind = $1 AND job_key = $2");
    tx.db().query(&sql, &[kind.into(), key.into()])?.first().map(stored).transpose()
}

/// Stores a job with the change, to be run once it is durable; returns its number. While one of its kind and key waits, it is merged into
/// that one.
///
/// # Errors
/// [`StoreError::Db`]; [`StoreError::Internal`] when the payload cannot be written as JSON.
pub fn enqueue<J: Job>(tx: &mut dyn Change, job: &J) -> Result<u64, StoreError> {
    let payload = serde_json::to_string(job).map_err(|e| StoreError::Internal(format!("job {}: {e}", J::KIND)))?;
    let (key, now) = (job.key(), tx.now());
    if let Some(twin) = waiting_twin(tx, J::KIND, &key)? {
        if J::IS_POLL {
            return Ok(twin.id);
        }
        // What does not read any more is replaced.
        let merged = job::merge::<J>((twin.version, &twin.payload), (J::VERSION, &payload)).unwrap_or(payload);
        let row = [i64::from(J::VERSION).into(), merged.into(), number(twin.id)];
        tx.db().execute(
            "UPDATE jobs SET version = $1, payload = $2, resume_at = '', done_units = 0 WHERE id = $3",
            &row,
        )?;
        return Ok(twin.id);
    }
    let id = tx.next_id("jobs")?;
    let row = [
        id.into(),
        J::KIND.into(),
        key.into(),
        i64::from(J::VERSION).into(),
        payload.into(),
        now.into(),
        now.into(),
        tx.actor().into(),
    ];
    tx.db().execute(
        "INSERT INTO jobs (id, kind, job_key, version, payload, state, tries, next_try, done_units, resume_at, created, created_by)
         VALUES ($1, $2, $3, $4, $5, 'waiting', 0, $6, 0, '', $7, $8)",
        &row,
    )?;
    Ok(units(id))
}

pub(crate) fn store_start(tx: &mut dyn Change, id: u64) -> Result<(), StoreError> {
    let row = [tx.now().into(), number(id)];
    let sql = "UPDATE jobs SET state = 'running', tries = tries + 1, started = $1 WHERE id = $2 AND state = 'waiting'";
    match tx.db().execute(sql, &row)? {
        0 => Err(StoreError::Internal(format!("job {id} does not wait any more"))),
        _ => Ok(()),
    }
}

pub(crate) fn store_progress(
    tx: &mut dyn Change,
    id: u64,
    done: u64,
    all: Option<u64>,
    resume_at: &str,
) -> Result<(), StoreError> {
    let row = [number(done), all.map(number).unwrap_or(holdfast_store::Value::Null), resume_at.into(), number(id)];
    tx.db().execute("UPDATE jobs SET done_units = $1, all_units = $2, resume_at = $3 WHERE id = $4", &row)?;
    Ok(())
}

/// Ends a job; older ended ones of its kind and key go, and so do all that ended long ago.
pub(crate) fn store_end(tx: &mut dyn Change, job: &StoredJob, error: Option<&str>) -> Result<(), StoreError> {
    let now = tx.now();
    let state = if error.is_some() { JobState::Failed } else { JobState::Done };
    let old = [number(job.id), job.kind.as_str().into(), job.key.as_str().into(), (now - STORED).into()];
    tx.db().execute(
        "DELETE FROM jobs WHERE ended IS NOT NULL AND id <> $1 AND ((kind = $2 AND job_key = $3) OR ended < $4)",
        &old,
    )?;
    let row = [state.name().into(), error.map(cut).into(), now.into(), number(job.id)];
    tx.db().execute("UPDATE jobs SET state = $1, error = $2, ended = $3 WHERE id = $4", &row)?;
    Ok(())
}

fn cut(error: &str) -> String {
    error.chars().take(MAX_ERROR).collect()
}

/// Puts a job back among those that wait. One that came meanwhile with the same key is merged into it by `merge`.
pub(crate) fn store_waiting(
    tx: &mut dyn Change,
    job: &StoredJob,
    tries: u32,
    next_try: Timestamp,
    error: Option<&str>,
    merge: crate::runner::Merge,
) -> Result<(), StoreError> {
    if let Some(twin) = waiting_twin(tx, &job.kind, &job.key)?.filter(|twin| twin.id != job.id) {
        let merged = merge((job.version, &job.payload), (twin.version, &twin.payload));
        let payload = merged.unwrap_or_else(|_| twin.payload.clone());
        tx.db().execute("DELETE FROM jobs WHERE id = $1", &[number(twin.id)])?;
        let row = [i64::from(twin.version).into(), payload.into(), number(job.id)];
        tx.db().execute(
            "UPDATE jobs SET version = $1, payload = $2, resume_at = '', done_units = 0 WHERE id = $3",
            &row,
        )?;
    }
    let row = [i64::from(tries).into(), next_try.into(), error.map(cut).into(), number(job.id)];
    tx.db().execute("UPDATE jobs SET state = 'waiting', tries = $1, next_try = $2, error = $3 WHERE id = $4", &row)?;
    Ok(())
}

/// Jobs of a store, and who waits for new ones.
#[derive(Debug)]
pub struct Queue<S> {
    pub(crate) store: Arc<S>,
    news: Arc<(Mutex<bool>, Condvar)>,
    /// Whether a runner works on it.
    has_runner: Arc<AtomicBool>,
    /// Jobs that run and were cancelled.
    cancelled: Arc<Mutex<HashSet<u64>>>,
}

/// The right to run a queue's jobs; given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn(Arc<AtomicBool>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl<S> Clone for Queue<S> {
    fn clone(&self) -> Self {
        Queue {
            store: self.store.clone(),
            news: self.news.clone(),
            has_runner: self.has_runner.clone(),
            cancelled: self.cancelled.clone(),
        }
    }
}

impl<S: Store> Queue<S> {
    /// Makes the queue of a store. Clones share it.
    pub fn new(store: Arc<S>) -> Self {
        Queue { store, news: Arc::default(), has_runner: Arc::default(), cancelled: Arc::default() }
    }

    /// Stores a job, to be run by the [`Runner`](crate::Runner) of this process or, without one, of the next that has one; returns its number.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be stored.
    pub fn enqueue<J: Job + Sync>(&self, job: &Arc<J>, actor: &str) -> Result<u64, StoreError> {
        let job = job.clone();
        let id = self.store.change(actor, move |tx| enqueue(tx, &*job))?;
        self.wake();
        Ok(id)
    }

    /// Ends a job as [`cancel`] does, and tells it to stop where it runs in this process.
    ///
    /// # Errors
    /// [`StoreError`] when that could not be stored.
    pub fn cancel(
        &self,
        id: u64,
        kinds: &'static [&'static str],
        actor: &str,
    ) -> Result<Option<StoredJob>, StoreError> {
        let job = self.store.change(actor, move |tx| cancel(tx, id, kinds))?;
        if job.is_some() {
            self.cancelled().insert(id);
            self.wake();
        }
        Ok(job)
    }

    fn cancelled(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.cancelled.lock().unwrap_or_else(|e| e.into_inner())
    }

    pub(crate) fn is_cancelled(&self, id: u64) -> bool {
        self.cancelled().contains(&id)
    }

    /// Forgets that a job was cancelled: it ended, or it begins anew.
    pub(crate) fn forget_cancelled(&self, id: u64) {
        self.cancelled().remove(&id);
    }

    /// Takes the right to run this queue's jobs: two runners would run one job twice.
    pub(crate) fn claim(&self) -> Result<Turn, StoreError> {
        match self.has_runner.swap(true, Ordering::SeqCst) {
            true => Err(StoreError::Internal("a runner works on these jobs already".to_owned())),
            false => Ok(Turn(self.has_runner.clone())),
        }
    }

    /// Lets the runner look for what is due now.
    pub fn wake(&self) {
        *self.news.0.lock().unwrap_or_else(|e| e.into_inner()) = true;
        self.news.1.notify_all();
    }

    /// Waits for news, for at most a time.
    pub(crate) fn wait(&self, at_most: Duration) {
        let news = self.news.0.lock().unwrap_or_else(|e| e.into_inner());
        let waited = self.news.1.wait_timeout_while(news, at_most, |is_new| !*is_new);
        *waited.unwrap_or_else(|e| e.into_inner()).0 = false;
    }
}
