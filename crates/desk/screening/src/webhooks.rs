//! Webhooks: who is told what, and how far they were told. Messages are made from the audit log in its order; each is delivered at least
//! once, none is skipped, and an endpoint that was down is told everything when it is back.

use crate::holds;
use crate::model::{Invalid, rfc3339};
use crate::{Decision, Event, Verdict, alerts};
use holdfast_store::{Database, DbError, Row, parse};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// What a webhook may be told: decisions other than allow, all decisions, holds, alerts, messages of campaigns
/// (which the receiver delivers to customers).
pub const TOPICS: [&str; 5] = ["decisions", "all-decisions", "holds", "alerts", "campaigns"];

/// Most webhooks.
pub const MAX_WEBHOOKS: usize = 64;

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Webhook {
    /// Its number.
    pub id: u64,
    /// Where messages are posted.
    pub url: String,
    /// Of [`TOPICS`].
    pub topics: Vec<String>,
    /// Unix seconds.
    pub created: i64,
    /// Who made it.
    pub created_by: String,
    /// When it was removed.
    pub removed: Option<i64>,
    /// Messages delivered.
    pub delivered: u64,
    /// Failed tries of the next message.
    pub failures: u32,
    /// When the next message is tried again, Unix seconds; 0 for at once.
    pub next_try: i64,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// How far it was told.
    #[serde(skip)]
    pub progress: Progress,
}

/// How far a webhook was told: all of the audit log up to an entry, and some messages of the entry after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Progress {
    /// Audit entry.
    pub seen: u64,
    /// Messages of the entry after it.
    pub part: u64,
}

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
/// [`Invalid`] names the field.
pub fn validate(url: &str, topics: &[String]) -> Result<(), Invalid> {
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|l| {
        url.strip_prefix(l).is_some_and(|rest| rest.is_empty() || rest.starts_with(':') || rest.starts_with('/'))
    });
    let proper = url.len() <= 2000 && !url.contains('@') && !url.chars().any(|c| c.is_control() || c == ' ');
    if !proper || !(local || (url.starts_with("https://") && url.len() > 8)) {
        return Err(Invalid::new("url", "must be an https:// URL without user name (http:// only to this machine)"));
    }
    if topics.is_empty() {
        return Err(Invalid::new("topics", format!("name at least one of {}", TOPICS.join(", "))));
    }
    match topics.iter().find(|t| !TOPICS.contains(&t.as_str())) {
        Some(unknown) => Err(Invalid::new("topics", format!("'{unknown}' is none of {}", TOPICS.join(", ")))),
        None => Ok(()),
    }
}

fn webhook(row: &Row) -> Result<Webhook, DbError> {
    Ok(Webhook {
        id: row.int(0)? as u64,
        url: row.text(1)?.to_owned(),
        topics: row.text(2)?.split(' ').map(str::to_owned).collect(),
        created: row.int(3)?,
        created_by: row.text(4)?.to_owned(),
        removed: row.int_or_null(5),
        progress: Progress { seen: row.int(6)? as u64, part: row.int(7)? as u64 },
        delivered: row.int(8)? as u64,
        failures: row.int(9)? as u32,
        next_try: row.int(10)?,
        last_error: row.text_or_null(11).map(str::to_owned),
    })
}

/// Webhooks that are not removed.
///
/// # Errors
/// [`DbError`].
pub fn list(db: &mut Database) -> Result<Vec<Webhook>, DbError> {
    let sql =
        "SELECT id, url, topics, created, created_by, removed, seen, part, delivered, failures, next_try, last_error
               FROM webhooks WHERE removed IS NULL ORDER BY id";
    db.query(sql, &[])?.iter().map(webhook).collect()
}

/// Messages that a webhook is to be told next, at most about `limit`.
///
/// # Errors
/// [`DbError`].
pub fn pending(db: &mut Database, webhook: &Webhook, limit: usize) -> Result<Pending, DbError> {
    let mut out = Pending { messages: Vec::new(), then: webhook.progress };
    let on = |topic: &str| webhook.topics.iter().any(|t| t == topic);
    for entry in holdfast_audit::entries(db, webhook.progress.seen, None, limit)? {
        let mut bodies: Vec<(&str, Value)> = Vec::new();
        let detail: Value = serde_json::from_str(&entry.detail).unwrap_or(Value::Null);
        let number = entry.subject.split_once(':').and_then(|s| s.1.parse::<u64>().ok());
        match entry.action.split_once('.').map_or("", |a| a.0) {
            "events" if on("decisions") || on("all-decisions") || on("alerts") => {
                decided(db, &on, &detail, &mut bodies)?
            }
            "hold" if on("holds") => {
                let hold = holds::get(db, number.unwrap_or(0))?;
                bodies.push((&entry.action, json!({ "hold": hold, "actor": entry.actor, "detail": detail })));
            }
            "alert" if on("alerts") => {
                let alert = alerts::get(db, number.unwrap_or(0))?.map(|a| a.0);
                bodies.push((&entry.action, json!({ "alert": alert, "actor": entry.actor, "detail": detail })));
            }
            "campaign" if on("campaigns") && entry.action == "campaign.messages" => messages(db, &detail, &mut bodies)?,
            _ => {}
        }
        let done = if entry.seq == webhook.progress.seen + 1 { webhook.progress.part } else { 0 };
        let count = bodies.len() as u64;
        for (i, (kind, data)) in bodies.into_iter().enumerate().skip(done as usize) {
            let part = i as u64 + 1;
            let then = match part == count {
                true => Progress { seen: entry.seq, part: 0 },
                false => Progress { seen: entry.seq - 1, part },
            };
            let body = json!({ "type": kind, "timestamp": rfc3339(entry.time), "data": data }).to_string();
            out.messages.push(Message { id: format!("msg_{}_{}_{part}", webhook.id, entry.seq), body, then });
        }
        out.then = Progress { seen: entry.seq, part: 0 };
        if out.messages.len() >= limit {
            break;
        }
    }
    Ok(out)
}

/// Messages of a campaign to customers.
fn messages(db: &mut Database, detail: &Value, bodies: &mut Vec<(&str, Value)>) -> Result<(), DbError> {
    let number = |key: &str| detail[key].as_i64().unwrap_or(0);
    let rows = db.query(
        "SELECT m.id, m.campaign, m.customer, m.lang, m.subject, m.body, c.scam FROM campaign_messages m JOIN campaigns c ON c.id = m.campaign
         WHERE m.id >= $1 AND m.id <= $2 ORDER BY m.id",
        &[number("first").into(), number("last").into()],
    )?;
    for row in &rows {
        let text = |i| row.text(i).map(str::to_owned);
        let data = json!({
            "message": row.int(0)?, "campaign": row.int(1)?, "customer": text(2)?, "lang": text(3)?, "subject": text(4)?, "body": text(5)?,
            "scam": text(6)?,
        });
        bodies.push(("campaign.message", data));
    }
    Ok(())
}

/// Messages about a batch of decided events.
fn decided(
    db: &mut Database,
    on: &dyn Fn(&str) -> bool,
    detail: &Value,
    bodies: &mut Vec<(&str, Value)>,
) -> Result<(), DbError> {
    let number = |key: &str| detail[key].as_i64().unwrap_or(0);
    let rows = db.query(
        "SELECT body, result FROM events WHERE seq >= $1 AND seq <= $2 ORDER BY seq",
        &[number("first").into(), number("last").into()],
    )?;
    for row in &rows {
        let decision: Decision = parse("decision", row.text(1)?)?;
        let matters = decision.decision > Verdict::Allow;
        if on("all-decisions") || (matters && on("decisions")) {
            let event: Event = parse("event", row.text(0)?)?;
            bodies.push(("decision.made", json!({ "event": event, "decision": decision })));
        }
        if on("alerts")
            && let Some(alert) = decision.alert
        {
            bodies.push(("alert.raised", json!({ "alert": alerts::get(db, alert)?.map(|a| a.0), "actor": "engine" })));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_webhooks_are_checked() {
        let topics = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        for good in ["https://example.org/hook?a=b", "http://127.0.0.1:9000/x", "http://localhost", "http://[::1]:1/"] {
            validate(good, &topics(&["holds"])).unwrap();
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
            assert_eq!(validate(bad, &topics(&["holds"])).unwrap_err().field, "url", "{bad}");
        }
        assert_eq!(validate("https://x.org", &[]).unwrap_err().field, "topics");
        assert_eq!(validate("https://x.org", &topics(&["gossip"])).unwrap_err().field, "topics");
    }
}
