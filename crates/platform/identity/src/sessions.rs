//! Sessions: of browsers that people signed in with a key, of officers at the portal, of learners at the academy. They live in the database: a
//! restart ends none, signing out ends one for good, and whoever may administrate lists and ends them.

use crate::IdentityError;
use holdfast_store::{Change, Database, DbError, Row, number};
use holdfast_types::{Seconds, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// How long a session lasts at most.
pub const SESSION_SECONDS: Seconds = Seconds::hours(12);
/// How long a session lasts without use.
pub const IDLE_SECONDS: Seconds = Seconds::hours(2);
/// How long a session of an officer lasts.
pub const OFFICER_SESSION_SECONDS: Seconds = Seconds::new(1_800);
/// Most sessions at once; the one that was not used for the longest time ends for a new one.
pub const MAX_SESSIONS: usize = 10_000;
/// How long sessions that are over are stored.
const STORED_SECONDS: Seconds = Seconds::days(30);

/// Who has a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionKind {
    /// A person who acts at the desk, signed in with a key.
    Staff,
    /// An officer at the portal.
    Officer,
    /// A learner at the academy.
    Learner,
}

impl SessionKind {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            SessionKind::Staff => "staff",
            SessionKind::Officer => "officer",
            SessionKind::Learner => "learner",
        }
    }

    fn from_name(name: &str) -> Result<Self, DbError> {
        let unknown = || DbError::Stored { what: "session".into(), cause: format!("kind '{name}'") };
        let all = [SessionKind::Staff, SessionKind::Officer, SessionKind::Learner];
        all.into_iter().find(|k| k.name() == name).ok_or_else(unknown)
    }
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of its cookie or token, hex.
    pub id: String,
    /// Who has it.
    pub kind: SessionKind,
    /// Whose it is: the public part of the key that it was started with, the number of an officer, or the number of a learner and of their key.
    pub subject: String,
    /// Address that it was started from; empty where it is not known.
    pub client: String,
    /// Unix seconds.
    pub started: Timestamp,
    /// When it was used last, Unix seconds; for officers when it was started.
    pub used: Timestamp,
    /// Whether a second factor or a recovery code opened it.
    pub second_factor: bool,
}

impl Session {
    /// Returns whether its time is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        match self.kind {
            SessionKind::Officer => now - self.started >= OFFICER_SESSION_SECONDS,
            _ => now - self.started >= SESSION_SECONDS || now - self.used >= IDLE_SECONDS,
        }
    }

    /// Returns what it is called where its owner sees it: it opens nothing.
    pub fn handle(&self) -> &str {
        self.id.get(..16).unwrap_or_default()
    }
}

/// Returns the id of the session with a cookie or token.
pub fn session_id(cookie: &str) -> String {
    hex::encode(Sha256::digest(cookie.as_bytes()))
}

fn session(row: &Row) -> Result<Session, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    Ok(Session {
        id: text(0)?,
        kind: SessionKind::from_name(row.text(1)?)?,
        subject: text(2)?,
        client: text(3)?,
        started: row.time(4)?,
        used: row.time(5)?,
        second_factor: row.int(6)? == 1,
    })
}

/// Returns the sessions that are not over at a time, those used last first.
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn open_sessions(db: &mut Database, now: Timestamp) -> Result<Vec<Session>, DbError> {
    let sql = "SELECT id, kind, subject, client, started, used, second_factor FROM sessions
               WHERE ended IS NULL AND started > $1 AND used > $2 AND (kind <> 'officer' OR started > $3)
               ORDER BY used DESC, id LIMIT $4";
    let row = [
        (now - SESSION_SECONDS).into(),
        (now - IDLE_SECONDS).into(),
        (now - OFFICER_SESSION_SECONDS).into(),
        i64::try_from(MAX_SESSIONS).unwrap_or(i64::MAX).into(),
    ];
    db.query(sql, &row)?.iter().map(session).collect()
}

/// Returns whether the session with an id is stored and not ended; whether its time is over is in its token.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn is_not_ended(db: &mut Database, id: &str) -> Result<bool, DbError> {
    Ok(!db.query("SELECT 1 FROM sessions WHERE id = $1 AND ended IS NULL", &[id.into()])?.is_empty())
}

/// Stores a session that begins; those that were over long ago are deleted. One of the same id begins anew: tokens of officers that were made
/// within one second are the same.
///
/// # Errors
/// [`IdentityError::Store`].
pub fn start_session(tx: &mut dyn Change, session: &Session) -> Result<(), IdentityError> {
    let long_ago = session.started - STORED_SECONDS;
    tx.db().execute("DELETE FROM sessions WHERE started < $1", &[long_ago.into()])?;
    let key = Some(session.subject.clone()).filter(|_| session.kind == SessionKind::Staff);
    let row = [
        session.id.as_str().into(),
        session.kind.name().into(),
        session.subject.as_str().into(),
        key.into(),
        session.client.as_str().into(),
        session.started.into(),
        session.used.into(),
        i64::from(session.second_factor).into(),
    ];
    tx.db().execute(
        "INSERT INTO sessions (id, kind, subject, key_id, client, started, used, second_factor, provider_session)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT sid FROM sign_on_people WHERE key_id = $4))
         ON CONFLICT (id) DO UPDATE SET ended = NULL",
        &row,
    )?;
    Ok(())
}

/// Stores that a second factor was given in a session.
///
/// # Errors
/// [`IdentityError::Store`].
pub fn raise_session(tx: &mut dyn Change, id: &str) -> Result<(), IdentityError> {
    tx.db().execute("UPDATE sessions SET second_factor = 1 WHERE id = $1 AND ended IS NULL", &[id.into()])?;
    Ok(())
}

/// Ends all open sessions of somebody who is no person of the desk, for good; its cause is the entry of the audit log.
///
/// # Errors
/// [`IdentityError::Store`].
pub fn end_sessions_of_subject(tx: &mut dyn Change, kind: SessionKind, subject: &str) -> Result<(), IdentityError> {
    let row = [tx.now().into(), kind.name().into(), subject.into()];
    tx.db().execute("UPDATE sessions SET ended = $1 WHERE ended IS NULL AND kind = $2 AND subject = $3", &row)?;
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
pub fn store_use(tx: &mut dyn Change, used: &[(String, Timestamp)]) -> Result<(), IdentityError> {
    for (id, at) in used {
        tx.db().execute(
            "UPDATE sessions SET used = $1 WHERE id = $2 AND ended IS NULL",
            &[(*at).into(), id.as_str().into()],
        )?;
    }
    Ok(())
}
