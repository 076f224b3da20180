//! Sessions of browsers that people signed in with a key. They live in the database: a restart ends none, signing out ends one for good.

use crate::IdentityError;
use holdfast_store::{Change, Database, DbError, Row, number};
use serde_json::json;
use sha2::{Digest, Sha256};

/// How long a session lasts at most, in seconds.
pub const SESSION_SECONDS: i64 = 12 * 3_600;
/// How long a session lasts without use, in seconds.
pub const IDLE_SECONDS: i64 = 2 * 3_600;
/// Most sessions at once; the one that was not used for the longest time ends for a new one.
pub const MAX_SESSIONS: usize = 10_000;
/// How long sessions that are over are stored, in seconds.
const STORED_SECONDS: i64 = 30 * 86_400;

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of its cookie, hex.
    pub id: String,
    /// Public part of the key that it was started with.
    pub key: String,
    /// Address that it was started from.
    pub client: String,
    /// Unix seconds.
    pub started: i64,
    /// When it was used last, Unix seconds.
    pub used: i64,
}

impl Session {
    /// Returns whether its time is over.
    pub fn is_over(&self, now: i64) -> bool {
        now - self.started >= SESSION_SECONDS || now - self.used >= IDLE_SECONDS
    }

    /// Returns what it is called where its owner sees it: it opens nothing.
    pub fn handle(&self) -> &str {
        self.id.get(..16).unwrap_or_default()
    }
}

/// Returns the id of the session with a cookie.
pub fn session_id(cookie: &str) -> String {
    hex::encode(Sha256::digest(cookie.as_bytes()))
}

fn session(row: &Row) -> Result<Session, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    Ok(Session { id: text(0)?, key: text(1)?, client: text(2)?, started: row.int(3)?, used: row.int(4)? })
}

/// Returns the sessions that are not over at a time, Unix seconds, those used last first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn open_sessions(db: &mut Database, now: i64) -> Result<Vec<Session>, DbError> {
    let sql = "SELECT id, key_id, client, started, used FROM sessions
               WHERE ended IS NULL AND started > $1 AND used > $2 ORDER BY used DESC LIMIT $3";
    let row = [(now - SESSION_SECONDS).into(), (now - IDLE_SECONDS).into(), i64::try_from(MAX_SESSIONS).unwrap_or(i64::MAX).into()];
    db.query(sql, &row)?.iter().map(session).collect()
}

/// Stores a session that begins; those that were over long ago are deleted.
///
/// # Errors
/// [`IdentityError::Store`].
pub fn start_session(tx: &mut dyn Change, session: &Session) -> Result<(), IdentityError> {
    let long_ago = session.started - STORED_SECONDS;
    tx.db().execute("DELETE FROM sessions WHERE started < $1", &[long_ago.into()])?;
    let row = [
        session.id.as_str().into(),
        session.key.as_str().into(),
        session.client.as_str().into(),
        session.started.into(),
        session.used.into(),
    ];
    tx.db().execute("INSERT INTO sessions (id, key_id, client, started, used) VALUES ($1, $2, $3, $4, $5)", &row)?;
    Ok(())
}

/// Ends a session for good.
///
/// # Errors
/// [`IdentityError::NotFound`] when none of that id is open; [`IdentityError::Store`].
pub fn end_session(tx: &mut dyn Change, id: &str) -> Result<(), IdentityError> {
    let row = [tx.now().into(), id.into()];
    if tx.db().execute("UPDATE sessions SET ended = $1 WHERE id = $2 AND ended IS NULL", &row)? == 0 {
        return Err(IdentityError::NotFound("such session".to_owned()));
    }
    let handle = id.get(..16).unwrap_or_default();
    tx.audit("session.ended", &format!("session:{handle}"), &json!({}).to_string());
    Ok(())
}

/// Ends all open sessions of a person for good; returns how many there were.
///
/// # Errors
/// [`IdentityError::Store`].
pub fn end_sessions_of(tx: &mut dyn Change, person: u64) -> Result<u64, IdentityError> {
    let sql = "UPDATE sessions SET ended = $1 WHERE ended IS NULL
               AND key_id IN (SELECT key_id FROM key_people WHERE person = $2)";
    let row = [tx.now().into(), number(person)];
    let ended = tx.db().execute(sql, &row)?;
    tx.audit("sessions.ended", &format!("person:{person}"), &json!({ "sessions": ended }).to_string());
    Ok(ended)
}

/// Stores when sessions were used last.
///
/// # Errors
/// [`IdentityError::Store`].
pub fn store_use(tx: &mut dyn Change, used: &[(String, i64)]) -> Result<(), IdentityError> {
    for (id, at) in used {
        tx.db().execute(
            "UPDATE sessions SET used = $1 WHERE id = $2 AND ended IS NULL",
            &[(*at).into(), id.as_str().into()],
        )?;
    }
    Ok(())
}
