//! The writer's lock of PostgreSQL: an advisory lock of a session of its own, which says something twice a second whatever the writer does meanwhile.
//!
//! The server ends the session of a client that is gone or says nothing for [`SILENT_SECONDS`], as one that is frozen: another process takes the lock then.
//! The sessions in which the earlier writer wrote are ended by whoever takes it, so that no row that they locked keeps the next one waiting; the fencing
//! number refuses whatever is still sent.

use crate::DbError;
use crate::postgresql::{Postgres, WRITES};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Longest silence of the session, in seconds.
const SILENT_SECONDS: u32 = 3;
/// How often it says something.
const BEAT: Duration = Duration::from_millis(500);
/// How long the end of the session is waited for.
const END: Duration = Duration::from_secs(1);

/// The lock, until this is dropped or [`Lease::is_held`] says that it is lost.
pub(crate) struct Lease {
    is_held: Arc<AtomicBool>,
    session: i64,
    /// Dropped with this, it ends the session.
    stop: Sender<()>,
    ended: Receiver<()>,
}

impl Lease {
    /// Takes the lock in a session of its own, and ends those of earlier writers; `None` when another process has it.
    pub(crate) fn take(url: &str, lock: i64) -> Result<Option<Self>, DbError> {
        let mut session = Postgres::connect(url)?;
        let row = session.query_one("SELECT pg_try_advisory_lock($1), pg_backend_pid()", &[&lock])?;
        if !row.try_get::<_, bool>(0)? {
            return Ok(None);
        }
        session.end_with_client()?;
        session.set_bound("idle_session_timeout", &format!("{SILENT_SECONDS}s"))?;
        let of_writers = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1
             AND datname = current_database() AND usename = current_user";
        session.query(of_writers, &[WRITES.into()])?;
        let is_held = Arc::new(AtomicBool::new(true));
        let ((stop, stopped), (done, ended)) = (channel(), channel());
        let held = Arc::clone(&is_held);
        let keep = move || {
            while matches!(stopped.recv_timeout(BEAT), Err(RecvTimeoutError::Timeout)) {
                if session.simple_query("").is_err() {
                    break;
                }
            }
            held.store(false, Ordering::Release);
            let _ = session.query("SELECT pg_advisory_unlock($1)", &[lock.into()]);
            drop(session);
            drop(done);
        };
        std::thread::Builder::new().name("pg-lease".to_owned()).spawn(keep).map_err(DbError::Lease)?;
        Ok(Some(Lease { is_held, session: row.try_get::<_, i32>(1)?.into(), stop, ended }))
    }

    /// Whether the session was there at its last beat.
    pub(crate) fn is_held(&self) -> bool {
        self.is_held.load(Ordering::Acquire)
    }

    /// The server's process of the session.
    pub(crate) fn session(&self) -> i64 {
        self.session
    }

    /// Frees the lock at once where the server answers; where it does not, nobody waits for it.
    pub(crate) fn release(self) {
        drop(self.stop);
        let _ = self.ended.recv_timeout(END);
    }
}
