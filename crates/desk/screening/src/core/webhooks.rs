//! Webhooks.

use super::Core;
use crate::model::Invalid;
use crate::service::ScreeningError;
use crate::webhooks::{MAX_WEBHOOKS, Webhook};
use holdfast_store::{DbError, Value};
use serde_json::json;

impl Core {
    /// Stores a new webhook, which is told what happens from now on; gives its number.
    pub(crate) fn add_webhook(
        &mut self,
        url: &str,
        topics: &str,
        actor: &str,
        now: i64,
    ) -> Result<u64, ScreeningError> {
        let rows = self.db.query(
            "SELECT COALESCE(MAX(id), 0), COALESCE(SUM(CASE WHEN removed IS NULL THEN 1 ELSE 0 END), 0) FROM webhooks",
            &[],
        )?;
        let (last, active) = rows.first().map_or(Ok((0, 0)), |r| Ok::<_, DbError>((r.int(0)?, r.int(1)?)))?;
        if active as usize >= MAX_WEBHOOKS {
            return Err(Invalid::new("url", format!("there are {MAX_WEBHOOKS} webhooks already; remove one")).into());
        }
        let seen: Value = (self.chain.seq as i64).into();
        self.db.execute(
            "INSERT INTO webhooks (id, url, topics, created, created_by, seen) VALUES ($1, $2, $3, $4, $5, $6)",
            &[(last + 1).into(), url.into(), topics.into(), now.into(), actor.into(), seen],
        )?;
        let detail = json!({"url": url, "topics": topics}).to_string();
        self.audit(now, actor, "webhook.created", &format!("webhook:{}", last + 1), &detail);
        Ok(last as u64 + 1)
    }

    /// Removes a webhook.
    pub(crate) fn remove_webhook(&mut self, id: u64, why: &str, actor: &str, now: i64) -> Result<(), ScreeningError> {
        let sql = "UPDATE webhooks SET removed = $1 WHERE id = $2 AND removed IS NULL";
        if self.db.execute(sql, &[now.into(), (id as i64).into()])? == 0 {
            return Err(ScreeningError::NotFound(format!("webhook {id}")));
        }
        let detail = json!({"why": why}).to_string();
        self.audit(now, actor, "webhook.removed", &format!("webhook:{id}"), &detail);
        Ok(())
    }

    /// Notes how far a webhook was told, and how the last try went.
    pub(crate) fn webhook_told(&mut self, webhook: &Webhook) -> Result<(), ScreeningError> {
        let progress = webhook.progress;
        self.db.execute(
            "UPDATE webhooks SET seen = $1, part = $2, delivered = $3, failures = $4, next_try = $5, last_error = $6 WHERE id = $7",
            &[
                (progress.seen as i64).into(),
                (progress.part as i64).into(),
                (webhook.delivered as i64).into(),
                (webhook.failures as i64).into(),
                webhook.next_try.into(),
                webhook.last_error.clone().into(),
                (webhook.id as i64).into(),
            ],
        )?;
        Ok(())
    }
}
