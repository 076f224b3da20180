//! Mail that waits to be sent. It is stored by the change that causes it.

use crate::NotifyError;
use holdfast_store::{Change, Database, DbError, Row, Store, Value, number};
use holdfast_types::{Seconds, Timestamp};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Most mails of one round.
const ROUND: i64 = 100;
/// Longest error text that is stored, in characters.
const MAX_ERROR: usize = 500;

/// Mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Number.
    pub id: i64,
    /// Address.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// Failed tries.
    pub failures: i64,
}

/// Most mails of a list.
pub const MAX_LISTED: usize = 1_000;

/// How far a mail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// It waits to be sent.
    Waiting,
    /// It waits for another try.
    Failing,
    /// It was handed to the mail server.
    Sent,
}

impl MailState {
    /// All, in the order in which a mail passes through them.
    pub const ALL: [MailState; 3] = [MailState::Waiting, MailState::Failing, MailState::Sent];

    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            MailState::Waiting => "waiting",
            MailState::Failing => "failing",
            MailState::Sent => "sent",
        }
    }

    /// The condition of its rows.
    fn condition(self) -> &'static str {
        match self {
            MailState::Waiting => " AND sent IS NULL AND failures = 0",
            MailState::Failing => " AND sent IS NULL AND failures > 0",
            MailState::Sent => " AND sent IS NOT NULL",
        }
    }
}

/// A mail without its text, which may hold a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MailRow {
    /// Number.
    pub id: u64,
    /// When it was stored, Unix seconds.
    pub time: Timestamp,
    /// Address.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// What it is about, such as `request:r1`.
    pub about: String,
    /// How far it is.
    pub state: MailState,
    /// Failed tries.
    pub failures: u32,
    /// When it is tried next, Unix seconds.
    pub next_try: Timestamp,
    /// When it was handed to the mail server, Unix seconds.
    pub sent: Option<Timestamp>,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

/// How much mail waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Mails.
    pub count: i64,
    /// Of them, those that failed before.
    pub failing: i64,
}

/// Stores mail to be sent after the commit; `about` is a subject such as `request:r1`.
///
/// # Errors
/// [`NotifyError::Store`].
pub fn add(tx: &mut dyn Change, to: &str, subject: &str, body: &str, about: &str) -> Result<(), NotifyError> {
    let (id, now) = (tx.next_id("outbox")?, tx.now());
    let row = [id.into(), now.into(), to.into(), subject.into(), body.into(), about.into(), now.into()];
    tx.db().execute(
        "INSERT INTO outbox (id, time, recipient, subject, body, about, failures, next_try) VALUES ($1, $2, $3, $4, $5, $6, 0, $7)",
        &row,
    )?;
    Ok(())
}

/// Returns how many mails about something were stored after a time.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn count_since(db: &mut Database, about: &str, since: Timestamp) -> Result<i64, DbError> {
    let sql = "SELECT COUNT(*) FROM outbox WHERE about = $1 AND time > $2";
    let rows = db.query(sql, &[about.into(), since.into()])?;
    rows.first().map_or(Ok(0), |r| r.int(0))
}

/// Returns mail that is to be sent at a time, oldest first, at most 100.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn due(db: &mut Database, now: Timestamp) -> Result<Vec<Mail>, DbError> {
    let sql = "SELECT id, recipient, subject, body, failures FROM outbox WHERE sent IS NULL AND next_try <= $1 ORDER BY next_try, id LIMIT $2";
    let mail = |row: &Row| {
        let text = |i| row.text(i).map(str::to_owned);
        Ok(Mail { id: row.int(0)?, to: text(1)?, subject: text(2)?, body: text(3)?, failures: row.int(4)? })
    };
    db.query(sql, &[now.into(), ROUND.into()])?.iter().map(mail).collect()
}

fn row(row: &Row) -> Result<MailRow, DbError> {
    let (failures, sent) = (row.number(5)?, row.time_or_null(7));
    let state = match (sent, failures) {
        (Some(_), _) => MailState::Sent,
        (None, 0) => MailState::Waiting,
        (None, _) => MailState::Failing,
    };
    Ok(MailRow {
        id: row.number(0)?,
        time: row.time(1)?,
        to: row.text(2)?.to_owned(),
        subject: row.text(3)?.to_owned(),
        about: row.text(4)?.to_owned(),
        state,
        failures,
        next_try: row.time(6)?,
        sent,
        last_error: row.text_or_null(8).map(str::to_owned),
    })
}

/// Returns mails, newest first, below a number; those in one state, where it is given; at most `limit` and [`MAX_LISTED`].
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn list(
    db: &mut Database,
    state: Option<MailState>,
    below: Option<u64>,
    limit: usize,
) -> Result<Vec<MailRow>, DbError> {
    let limit = i64::try_from(limit.min(MAX_LISTED)).unwrap_or(1);
    let parameters: [Value; 2] = [below.map_or(i64::MAX.into(), number), limit.into()];
    let condition = state.map_or("", MailState::condition);
    let sql = format!(
        "SELECT id, time, recipient, subject, about, failures, next_try, sent, last_error FROM outbox WHERE id < $1{condition} ORDER BY id DESC LIMIT $2"
    );
    db.query(&sql, &parameters)?.iter().map(row).collect()
}

/// Lets a mail that waits be tried at once.
///
/// # Errors
/// [`NotifyError::NotFound`] when no mail of that number waits; [`NotifyError::Store`].
pub fn retry(tx: &mut dyn Change, id: u64) -> Result<(), NotifyError> {
    let row = [tx.now().into(), number(id)];
    if tx.db().execute("UPDATE outbox SET next_try = $1 WHERE id = $2 AND sent IS NULL", &row)? == 0 {
        return Err(NotifyError::NotFound(format!("mail {id} that waits")));
    }
    tx.audit("mail.retried", &format!("mail:{id}"), "{}");
    Ok(())
}

/// Returns how much mail waits.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn waiting(db: &mut Database) -> Result<Waiting, DbError> {
    let sql =
        "SELECT COUNT(*), COALESCE(SUM(CASE WHEN failures > 0 THEN 1 ELSE 0 END), 0) FROM outbox WHERE sent IS NULL";
    let rows = db.query(sql, &[])?;
    rows.first().map_or(Ok(Waiting::default()), |r| Ok(Waiting { count: r.int(0)?, failing: r.int(1)? }))
}

/// Stores that mail was sent, or why not; a failure is tried again after 1, 2, 4, ... 60 minutes.
///
/// # Errors
/// [`NotifyError::Store`].
pub fn store_outcome(tx: &mut dyn Change, mail: &Mail, outcome: Result<(), String>) -> Result<(), NotifyError> {
    let now = tx.now();
    match outcome {
        // What was mailed is not stored any longer: it holds codes.
        Ok(()) => {
            let row = [now.into(), mail.id.into()];
            tx.db().execute("UPDATE outbox SET sent = $1, body = '' WHERE id = $2", &row)?;
        }
        Err(why) => {
            let failures = mail.failures.saturating_add(1);
            let wait = Seconds::MINUTE * (1 << (failures - 1).clamp(0, 6));
            let why: String = why.chars().take(MAX_ERROR).collect();
            let row = [failures.into(), (now + wait.min(Seconds::HOUR)).into(), why.into(), mail.id.into()];
            tx.db().execute("UPDATE outbox SET failures = $1, next_try = $2, last_error = $3 WHERE id = $4", &row)?;
        }
    }
    Ok(())
}

/// Sends mail that is due, until `go_on` breaks; returns how many were sent. Mail that cannot be sent waits for its next try.
///
/// # Errors
/// [`NotifyError::Store`] when the outbox cannot be read, or an outcome is not stored: the mail is sent again then.
pub fn deliver<S: Store>(
    store: &S,
    send: &dyn Fn(&Mail) -> Result<(), String>,
    go_on: &dyn Fn() -> ControlFlow<()>,
) -> Result<usize, NotifyError> {
    let now = store.now();
    let mut sent = 0;
    for mail in store.read(|db| due(db, now))? {
        let outcome = send(&mail);
        sent += usize::from(outcome.is_ok());
        store.change("mail", move |tx| store_outcome(tx, &mail, outcome))?;
        if go_on().is_break() {
            break;
        }
    }
    Ok(sent)
}
