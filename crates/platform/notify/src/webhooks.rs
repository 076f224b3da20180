//! Webhooks: who receives what, and how far each has received it.

use crate::NotifyError;
use holdfast_audit::Entry;
use holdfast_store::{Change, Database, DbError, Row, number};
use holdfast_types::{Invalid, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

/// Most webhooks.
pub const MAX_WEBHOOKS: usize = 64;

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Webhook {
    /// Its number.
    pub id: u64,
    /// Where messages are posted.
    pub url: String,
    /// Topics on which it receives messages.
    pub topics: Vec<String>,
    /// Unix seconds.
    pub created: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it was removed.
    pub removed: Option<Timestamp>,
    /// Messages delivered.
    pub delivered: u64,
    /// Failed tries of the next message.
    pub failures: u32,
    /// When the next message is tried again, Unix seconds; the epoch (0) for at once.
    pub next_try: Timestamp,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// How far messages were delivered to it.
    #[serde(skip)]
    pub progress: Progress,
}

/// How far a webhook has received: all of the audit log up to an entry, and some messages of the entry after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Progress {
    /// Audit entry.
    pub seen: u64,
    /// Messages of the entry after it.
    pub part: u64,
}

/// The content of a message, before it has an id.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// Type, such as `hold.placed`.
    pub kind: String,
    /// Data.
    pub data: Value,
}

impl Content {
    /// Makes the content of a message.
    pub fn new(kind: &str, data: Value) -> Self {
        Content { kind: kind.to_owned(), data }
    }
}

/// Returns what an audit entry means for a webhook, in order; the closure returns whether the webhook receives a topic. The same entry always gives
/// the same messages in the same order.
pub type Render = fn(&mut Database, &Entry, &dyn Fn(&str) -> bool) -> Result<Vec<Content>, DbError>;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The same at every try (header `webhook-id`).
    pub id: String,
    /// JSON: type, timestamp, data.
    pub body: String,
    /// Progress once it is delivered.
    pub then: Progress,
}

/// Messages that are next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// In order.
    pub messages: Vec<Message>,
    /// Progress once all of them are delivered.
    pub then: Progress,
}

/// Checks a new webhook. Plain HTTP is for this machine only.
///
/// # Errors
/// [`Invalid`] names the field: a URL that is neither, no topic, or one that is not among `known`.
pub fn validate(url: &str, topics: &[String], known: &[&str]) -> Result<(), Invalid> {
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|l| {
        url.strip_prefix(l).is_some_and(|rest| rest.is_empty() || rest.starts_with(':') || rest.starts_with('/'))
    });
    let proper = url.len() <= 2000 && !url.contains('@') && !url.chars().any(|c| c.is_control() || c == ' ');
    if !proper || !(local || (url.starts_with("https://") && url.len() > 8)) {
        return Err(Invalid::new("url", "must be an https:// URL without user name (http:// only to this machine)"));
    }
    if topics.is_empty() {
        return Err(Invalid::new("topics", format!("name at least one of {}", known.join(", "))));
    }
    match topics.iter().find(|t| !known.contains(&t.as_str())) {
        Some(unknown) => Err(Invalid::new("topics", format!("'{unknown}' is none of {}", known.join(", ")))),
        None => Ok(()),
    }
}

fn webhook(row: &Row) -> Result<Webhook, DbError> {
    Ok(Webhook {
        id: row.number(0)?,
        url: row.text(1)?.to_owned(),
        topics: row.text(2)?.split(' ').map(str::to_owned).collect(),
        created: row.time(3)?,
        created_by: row.text(4)?.to_owned(),
        removed: row.time_or_null(5),
        progress: Progress { seen: row.number(6)?, part: row.number(7)? },
        delivered: row.number(8)?,
        failures: row.number(9)?,
        next_try: row.time(10)?,
        last_error: row.text_or_null(11).map(str::to_owned),
    })
}

/// Returns the webhooks that are not removed.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn list(db: &mut Database) -> Result<Vec<Webhook>, DbError> {
    let sql =
        "SELECT id, url, topics, created, created_by, removed, seen, part, delivered, failures, next_try, last_error
               FROM webhooks WHERE removed IS NULL ORDER BY id";
    db.query(sql, &[])?.iter().map(webhook).collect()
}

/// Stores a new webhook, which receives what happens from now on; returns its number. [`validate`] checks its fields.
///
/// # Errors
/// [`NotifyError::Invalid`] when there are [`MAX_WEBHOOKS`] already; [`NotifyError::Store`].
pub fn add(tx: &mut dyn Change, url: &str, topics: &[String]) -> Result<u64, NotifyError> {
    let rows = tx.db().query(
        "SELECT COALESCE(MAX(id), 0), COALESCE(SUM(CASE WHEN removed IS NULL THEN 1 ELSE 0 END), 0) FROM webhooks",
        &[],
    )?;
    let (last, active) =
        rows.first().map_or(Ok((0, 0)), |r| Ok::<(u64, usize), DbError>((r.number(0)?, r.number(1)?)))?;
    if active >= MAX_WEBHOOKS {
        return Err(Invalid::new("url", format!("there are {MAX_WEBHOOKS} webhooks already; remove one")).into());
    }
    let (id, topics) = (last + 1, topics.join(" "));
    let row =
        [number(id), url.into(), topics.as_str().into(), tx.now().into(), tx.actor().into(), number(tx.last_entry())];
    tx.db().execute(
        "INSERT INTO webhooks (id, url, topics, created, created_by, seen) VALUES ($1, $2, $3, $4, $5, $6)",
        &row,
    )?;
    tx.audit("webhook.created", &format!("webhook:{id}"), &json!({"url": url, "topics": topics}).to_string());
    Ok(id)
}

/// Removes a webhook.
///
/// # Errors
/// [`NotifyError::NotFound`] when there is none of that number; [`NotifyError::Store`].
pub fn remove(tx: &mut dyn Change, id: u64, why: &str) -> Result<(), NotifyError> {
    let row = [tx.now().into(), number(id)];
    let sql = "UPDATE webhooks SET removed = $1 WHERE id = $2 AND removed IS NULL";
    if tx.db().execute(sql, &row)? == 0 {
        return Err(NotifyError::NotFound(format!("webhook {id}")));
    }
    tx.audit("webhook.removed", &format!("webhook:{id}"), &json!({"why": why}).to_string());
    Ok(())
}

/// Lets the next message of a webhook be tried at once.
///
/// # Errors
/// [`NotifyError::NotFound`] when there is none of that number; [`NotifyError::Store`].
pub fn retry(tx: &mut dyn Change, id: u64) -> Result<(), NotifyError> {
    let row = [Timestamp::EPOCH.into(), number(id)];
    if tx.db().execute("UPDATE webhooks SET next_try = $1 WHERE id = $2 AND removed IS NULL", &row)? == 0 {
        return Err(NotifyError::NotFound(format!("webhook {id}")));
    }
    tx.audit("webhook.retried", &format!("webhook:{id}"), "{}");
    Ok(())
}

/// Stores how far a webhook has received, and how the last try went.
///
/// # Errors
/// [`NotifyError::Store`].
pub fn store_progress(tx: &mut dyn Change, webhook: &Webhook) -> Result<(), NotifyError> {
    let progress = webhook.progress;
    tx.db().execute(
        "UPDATE webhooks SET seen = $1, part = $2, delivered = $3, failures = $4, next_try = $5, last_error = $6 WHERE id = $7",
        &[
            number(progress.seen),
            number(progress.part),
            number(webhook.delivered),
            i64::from(webhook.failures).into(),
            webhook.next_try.into(),
            webhook.last_error.clone().into(),
            number(webhook.id),
        ],
    )?;
    Ok(())
}

/// Returns the messages that a webhook receives next, at most about `limit`.
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn pending(db: &mut Database, webhook: &Webhook, limit: usize, render: Render) -> Result<Pending, DbError> {
    let mut out = Pending { messages: Vec::new(), then: webhook.progress };
    let on = |topic: &str| webhook.topics.iter().any(|t| t == topic);
    for entry in holdfast_audit::entries(db, webhook.progress.seen, None, limit)? {
        let contents = render(db, &entry, &on)?;
        let done = if entry.seq == webhook.progress.seen + 1 { webhook.progress.part } else { 0 };
        let count = contents.len() as u64;
        for (part, content) in (1u64..).zip(contents).skip_while(|(part, _)| *part <= done) {
            let then = match part == count {
                true => Progress { seen: entry.seq, part: 0 },
                false => Progress { seen: entry.seq - 1, part },
            };
            let body = json!({ "type": content.kind, "timestamp": entry.time.rfc3339(), "data": content.data });
            let id = format!("msg_{}_{}_{part}", webhook.id, entry.seq);
            out.messages.push(Message { id, body: body.to_string(), then });
        }
        out.then = Progress { seen: entry.seq, part: 0 };
        if out.messages.len() >= limit {
            break;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_webhooks_are_checked() {
        let topics = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let check = |url: &str, list: &[&str]| validate(url, &topics(list), &["holds", "alerts"]);
        for good in ["https://example.org/hook?a=b", "http://127.0.0.1:9000/x", "http://localhost", "http://[::1]:1/"] {
            check(good, &["holds"]).unwrap();
        }
        for bad in [
            "http://example.org/",
            "http://localhost.example.org/",
            "http://127.0.0.1.example.org",
            "https://",
            "ftp://x",
            "https://a@b/",
            "https://a b/",
        ] {
            assert_eq!(check(bad, &["holds"]).unwrap_err().field, "url", "{bad}");
        }
        assert_eq!(check("https://x.org", &[]).unwrap_err().field, "topics");
        assert_eq!(check("https://x.org", &["holds", "gossip"]).unwrap_err().field, "topics");
    }
}
