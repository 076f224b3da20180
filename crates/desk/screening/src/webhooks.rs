//! What webhooks carry: decisions, holds, alerts and messages of campaigns, as the audit log has them.

use crate::alerts;
use crate::holds;
use crate::service::{Screening, ScreeningError};
use holdfast_audit::Entry;
use holdfast_decision::{Decision, Event, Verdict};
use holdfast_notify::outbox::{self, MailRow, MailState};
use holdfast_notify::webhooks::{self, Content, Pending, Webhook};
use holdfast_store::{Database, DbError, Store, parse};
use serde_json::{Value, json};

/// Topics of webhooks: decisions other than allow, all decisions, holds, alerts, messages of campaigns
/// (which the receiver delivers to customers), people named in comments, what watch lists tell.
pub const TOPICS: [&str; 7] = ["decisions", "all-decisions", "holds", "alerts", "campaigns", "mentions", "watches"];

/// Returns the messages that an audit entry means for a webhook.
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn render(db: &mut Database, entry: &Entry, on: &dyn Fn(&str) -> bool) -> Result<Vec<Content>, DbError> {
    let mut bodies = Vec::new();
    let detail: Value = serde_json::from_str(&entry.detail).unwrap_or(Value::Null);
    let number = entry.subject.split_once(':').and_then(|s| s.1.parse::<u64>().ok()).unwrap_or(0);
    match entry.action.split_once('.').map_or("", |a| a.0) {
        "events" if on("decisions") || on("all-decisions") || on("alerts") => decided(db, on, &detail, &mut bodies)?,
        "hold" if on("holds") => {
            let hold = holds::get(db, number)?;
            bodies.push(Content::new(&entry.action, json!({ "hold": hold, "actor": entry.actor, "detail": detail })));
        }
        "alert" if on("alerts") => {
            let alert = alerts::get(db, number)?.map(|a| a.0);
            bodies.push(Content::new(&entry.action, json!({ "alert": alert, "actor": entry.actor, "detail": detail })));
        }
        "notification" if on("mentions") && entry.action == "notification.mention" => {
            let data = json!({ "person": detail["person"], "author": entry.actor, "subject": entry.subject });
            bodies.push(Content::new(&entry.action, data));
        }
        "campaign" if on("campaigns") && entry.action == "campaign.messages" => messages(db, &detail, &mut bodies)?,
        "watch" if on("watches") => {
            bodies.push(Content::new(&entry.action, json!({ "subject": entry.subject, "detail": detail })));
        }
        _ => {}
    }
    Ok(bodies)
}

/// Returns the messages that a webhook receives next, at most about `limit`.
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn pending(db: &mut Database, webhook: &Webhook, limit: usize) -> Result<Pending, DbError> {
    webhooks::pending(db, webhook, limit, render)
}

impl Screening {
    /// Adds a webhook that receives what happens from now on; returns its number.
    ///
    /// # Errors
    /// [`ScreeningError::Invalid`] names the field.
    pub fn add_webhook(&self, url: &str, topics: &[String], actor: &str) -> Result<u64, ScreeningError> {
        webhooks::validate(url, topics, &TOPICS)?;
        let (url, topics) = (url.to_owned(), topics.to_vec());
        Ok(Store::change(self, actor, move |tx| webhooks::add(tx, &url, &topics))?)
    }

    /// Removes a webhook.
    ///
    /// # Errors
    /// [`ScreeningError::NotFound`] when there is none of that number.
    pub fn remove_webhook(&self, id: u64, why: &str, actor: &str) -> Result<(), ScreeningError> {
        let why = why.to_owned();
        Ok(Store::change(self, actor, move |tx| webhooks::remove(tx, id, &why))?)
    }

    /// Lets the next message of a webhook be tried at once.
    ///
    /// # Errors
    /// [`ScreeningError::NotFound`] when there is none of that number.
    pub fn retry_webhook(&self, id: u64, actor: &str) -> Result<(), ScreeningError> {
        Ok(Store::change(self, actor, move |tx| webhooks::retry(tx, id))?)
    }

    /// Returns mails without their texts, newest first, below a number; those in one state, where it is given.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn mails(
        &self,
        state: Option<MailState>,
        below: Option<u64>,
        limit: usize,
    ) -> Result<Vec<MailRow>, ScreeningError> {
        self.read(|db| outbox::list(db, state, below, limit))
    }

    /// Lets a mail that waits be tried at once.
    ///
    /// # Errors
    /// [`ScreeningError::NotFound`] when no mail of that number waits.
    pub fn retry_mail(&self, id: u64, actor: &str) -> Result<(), ScreeningError> {
        Ok(Store::change(self, actor, move |tx| outbox::retry(tx, id))?)
    }

    /// Returns the webhooks that are not removed.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn webhooks(&self) -> Result<Vec<Webhook>, ScreeningError> {
        self.read(webhooks::list)
    }
}

/// Messages of a campaign to customers.
fn messages(db: &mut Database, detail: &Value, bodies: &mut Vec<Content>) -> Result<(), DbError> {
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
        bodies.push(Content::new("campaign.message", data));
    }
    Ok(())
}

/// Messages about a batch of decided events.
fn decided(
    db: &mut Database,
    on: &dyn Fn(&str) -> bool,
    detail: &Value,
    bodies: &mut Vec<Content>,
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
            bodies.push(Content::new("decision.made", json!({ "event": event, "decision": decision })));
        }
        if on("alerts")
            && let Some(alert) = decision.alert
        {
            let alert = alerts::get(db, alert)?.map(|a| a.0);
            bodies.push(Content::new("alert.raised", json!({ "alert": alert, "actor": "engine" })));
        }
    }
    Ok(())
}
