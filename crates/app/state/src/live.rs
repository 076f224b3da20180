//! What connections of live events read: the newest entries of the audit log, which one task reads for all of them while there are any.
//!
//! A connection goes on from the number of the entry that it saw last. Entries that memory no longer has are read from the database, so that nothing is lost
//! over a break of the connection or a restart of the server.

use crate::AppState;
use crate::blocking::run_blocking;
use crate::error::ApiError;
use axum::http::StatusCode;
use holdfast_audit::Entry;
use holdfast_telemetry::logs::one_line;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::watch;

/// Most connections at once.
pub const MAX_CONNECTIONS: usize = 200;
/// Most connections at once of one person or key.
pub const MAX_OF_ONE: usize = 8;
/// Entries that are kept in memory.
const KEPT: usize = 4_096;
/// Entries that are read at once.
pub const BATCH: usize = 1_000;
/// How often the one reader looks for new entries: somebody waits for them, and a look is one row by its key.
const READ: Duration = Duration::from_millis(150);
/// How often a connection looks whether the server stops; of new entries it is told.
pub const LOOK: Duration = Duration::from_millis(500);

/// Connections, and the entries that they read.
#[derive(Debug)]
pub struct Live {
    inner: Mutex<Inner>,
    /// Number of the newest entry that was read.
    news: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    open: HashMap<Arc<str>, usize>,
    all: usize,
    is_read: bool,
    kept: VecDeque<Arc<Entry>>,
}

impl Default for Live {
    fn default() -> Self {
        Live { inner: Mutex::default(), news: watch::Sender::new(0) }
    }
}

/// A connection, until it is dropped.
#[derive(Debug)]
pub struct Connected {
    live: Arc<Live>,
    who: Arc<str>,
}

impl Drop for Connected {
    fn drop(&mut self) {
        let mut inner = self.live.lock();
        inner.all = inner.all.saturating_sub(1);
        if let Some(n) = inner.open.get_mut(&self.who) {
            *n = n.saturating_sub(1);
            if *n == 0 {
                inner.open.remove(&self.who);
            }
        }
    }
}

impl Live {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Counts one more connection of a person or key; 503 where there are too many.
    fn enter(self: &Arc<Self>, who: &Arc<str>) -> Result<Connected, ApiError> {
        let mut inner = self.lock();
        let of_one = inner.open.get(who).copied().unwrap_or(0);
        if inner.all >= MAX_CONNECTIONS || of_one >= MAX_OF_ONE {
            let message = format!(
                "too many connections of live events ({MAX_CONNECTIONS} at once, {MAX_OF_ONE} of one person); close other pages, or look again from time to time"
            );
            return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message));
        }
        inner.all += 1;
        *inner.open.entry(who.clone()).or_default() += 1;
        Ok(Connected { live: self.clone(), who: who.clone() })
    }

    /// Keeps entries that follow those that are kept.
    fn keep(&self, entries: Vec<Entry>) {
        let Some(last) = entries.last().map(|e| e.seq) else { return };
        let mut inner = self.lock();
        inner.kept.extend(entries.into_iter().map(Arc::new));
        while inner.kept.len() > KEPT {
            inner.kept.pop_front();
        }
        drop(inner);
        self.news.send_replace(last);
    }

    /// Returns the entries after a number; none where memory does not reach back to it.
    fn kept_after(&self, after: u64) -> Option<Vec<Arc<Entry>>> {
        let inner = self.lock();
        let first = inner.kept.front()?.seq;
        (first <= after + 1).then(|| inner.kept.iter().filter(|e| e.seq > after).take(BATCH).cloned().collect())
    }
}

/// Number of the newest entry.
fn newest(shared: &AppState) -> Result<u64, ApiError> {
    Ok(shared.screening.read(|db| holdfast_audit::newest(db, 0, 1))?.first().map_or(0, |e| e.seq))
}

/// Reads new entries for all connections until there is none, or the server stops.
async fn read_for_all(shared: AppState) {
    let live = shared.live.clone();
    loop {
        let (reader, after) = (shared.clone(), *live.news.borrow());
        let read = run_blocking(move || {
            // The first time nothing is known: what is there already is no news.
            let after = if after == 0 { newest(&reader)?.saturating_sub(1) } else { after };
            Ok(reader.screening.read(|db| holdfast_audit::entries(db, after, None, BATCH))?)
        });
        match read.await {
            Ok(entries) => live.keep(entries),
            Err(e) => tracing::warn!(reason = one_line(&e.message), "live events are not read; trying again"),
        }
        tokio::time::sleep(READ).await;
        let mut inner = live.lock();
        if inner.all == 0 || shared.status.is_stopping() {
            inner.is_read = false;
            // The next reader begins with what is newest then.
            inner.kept.clear();
            // Before the lock is free: a reader that begins then must not go on from what this one saw.
            live.news.send_replace(0);
            return;
        }
    }
}

impl AppState {
    /// Opens a connection of live events for a person or key; returns it with the number of the newest entry.
    ///
    /// # Errors
    /// 503 where there are too many, and when the database fails.
    pub async fn connect_live(&self, who: &Arc<str>) -> Result<(Connected, u64), ApiError> {
        let connected = self.live.enter(who)?;
        let reader = self.clone();
        let now = run_blocking(move || newest(&reader)).await?;
        let begins = {
            let mut inner = self.live.lock();
            !std::mem::replace(&mut inner.is_read, true)
        };
        if begins {
            tokio::spawn(read_for_all(self.clone()));
        }
        Ok((connected, now))
    }

    /// Returns what tells when there are new entries.
    #[must_use]
    pub fn live_news(&self) -> watch::Receiver<u64> {
        self.live.news.subscribe()
    }

    /// Returns the entries of the audit log after a number, at most [`BATCH`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn live_entries(&self, after: u64) -> Result<Vec<Arc<Entry>>, ApiError> {
        if let Some(kept) = self.live.kept_after(after) {
            return Ok(kept);
        }
        let reader = self.clone();
        let read = move || Ok(reader.screening.read(|db| holdfast_audit::entries(db, after, None, BATCH))?);
        Ok(run_blocking(read).await?.into_iter().map(Arc::new).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_types::Timestamp;

    fn entries(numbers: std::ops::RangeInclusive<u64>) -> Vec<Entry> {
        let entry = |seq| Entry {
            seq,
            time: Timestamp::EPOCH,
            actor: "ana".into(),
            action: "case.changed".into(),
            subject: "case:1".into(),
            detail: "{}".into(),
            hash: String::new(),
        };
        numbers.map(entry).collect()
    }

    #[test]
    fn entries_are_kept_up_to_a_bound_and_older_ones_are_not_guessed() {
        let live = Arc::new(Live::default());
        assert!(live.kept_after(0).is_none(), "nothing is known");
        live.keep(entries(5..=7));
        assert!(live.kept_after(3).is_none(), "entry 4 is not in memory");
        let seqs = |after| live.kept_after(after).unwrap().iter().map(|e| e.seq).collect::<Vec<_>>();
        assert_eq!(seqs(4), [5, 6, 7]);
        assert_eq!(seqs(6), [7]);
        assert_eq!(seqs(7), Vec::<u64>::new());
        live.keep(entries(8..=KEPT as u64 + 7));
        assert!(live.kept_after(6).is_none(), "entry 7 had to go");
        assert_eq!(seqs(7).len(), BATCH, "a batch at once");
        assert_eq!(*live.news.borrow(), KEPT as u64 + 7);
    }

    #[test]
    fn connections_are_bounded_for_each_and_for_all() {
        let live = Arc::new(Live::default());
        let ana: Arc<str> = "ana".into();
        let of_ana: Vec<Connected> = (0..MAX_OF_ONE).map(|_| live.enter(&ana).unwrap()).collect();
        assert_eq!(live.enter(&ana).unwrap_err().status, StatusCode::SERVICE_UNAVAILABLE);
        let others: Vec<Connected> =
            (MAX_OF_ONE..MAX_CONNECTIONS).map(|n| live.enter(&format!("p{n}").into()).unwrap()).collect();
        assert!(live.enter(&"bo".into()).is_err(), "the desk is full");
        drop(of_ana);
        drop(live.enter(&ana).unwrap());
        drop(others);
        assert!(live.lock().open.is_empty());
    }
}
