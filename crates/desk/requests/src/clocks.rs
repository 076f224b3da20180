//! What happens because time passed: reminders before a request is due, escalation once it is overdue, the lapse of preservations, and
//! notices to users once a gag is over. Each happens once; a clock that stood still catches up.

use crate::Desk;
use crate::RequestError;
use crate::disclose::data;
use crate::intake::by_id;
use crate::letters::{self, Letter};
use crate::notice::{About, notice};
use crate::portal::mail;
use crate::request::DataClass;
use holdfast_decision::Record;
use holdfast_documents::Vault;
use holdfast_screening::service::Transaction;
use holdfast_store::parse;
use holdfast_telemetry::logs::one_line;
use holdfast_types::{Seconds, Timestamp};
use serde::Serialize;
use serde_json::json;

/// What the clocks did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ticked {
    /// Reminders about requests that are open.
    pub reminders: u64,
    /// Requests that went to the approvers because they are overdue.
    pub escalations: u64,
    /// Preservations that lapsed.
    pub lapsed: u64,
    /// Users who were notified.
    pub notices: u64,
}

/// Returns whether something was done.
pub(crate) fn is_marked(tx: &mut Transaction<'_>, mark: &str) -> Result<bool, RequestError> {
    Ok(!tx.db().query("SELECT 1 FROM clock_marks WHERE mark = $1", &[mark.into()])?.is_empty())
}

/// Notes that something was done; false when it was done before.
pub(crate) fn mark(tx: &mut Transaction<'_>, mark: &str) -> Result<bool, RequestError> {
    let now = tx.now();
    let sql = "INSERT INTO clock_marks (mark, time) VALUES ($1, $2) ON CONFLICT (mark) DO NOTHING";
    Ok(tx.db().execute(sql, &[mark.into(), now.into()])? > 0)
}

/// Deletes files of lapsed preservations that nothing else refers to, once the lapse is durable. Those that an earlier tick did not get to
/// (the process ended right after its commit) are deleted now.
fn delete_lapsed(tx: &mut Transaction<'_>, vault: &Vault) -> Result<(), RequestError> {
    let rows = tx.db().query(
        "SELECT p.sha256 FROM preservations p WHERE p.state = 'lapsed'
         AND NOT EXISTS (SELECT 1 FROM preservations k WHERE k.sha256 = p.sha256 AND k.state = 'kept')
         AND NOT EXISTS (SELECT 1 FROM files f WHERE f.sha256 = p.sha256)
         ORDER BY p.until DESC, p.sha256 LIMIT 1000",
        &[],
    )?;
    let mut over: Vec<String> = rows.iter().map(|r| r.text(0).map(str::to_owned)).collect::<Result<_, _>>()?;
    over.retain(|sha256| vault.has(sha256));
    over.dedup();
    let vault = vault.clone();
    tx.after_commit(move || {
        for sha256 in &over {
            if let Err(e) = vault.delete(sha256) {
                tracing::warn!(reason = one_line(&e), "a lapsed file is not deleted; trying again at the next tick");
            }
        }
    });
    Ok(())
}

/// The language that a customer's record names.
fn language_of(tx: &mut Transaction<'_>, customer: &str) -> Result<Option<String>, RequestError> {
    let rows = tx.db().query("SELECT body FROM records WHERE kind = 'customer' AND id = $1", &[customer.into()])?;
    let record: Option<Record> = rows.first().map(|r| parse("record", r.text(0)?)).transpose()?;
    Ok(record.and_then(|r| r.language))
}

impl Desk<'_> {
    /// Does what is due by now. `staff` are the addresses that reminders and escalations are mailed to; they are in the audit log (and so go to
    /// webhooks) whether or not there are any.
    ///
    /// # Errors
    /// [`RequestError`] when the database fails.
    pub fn tick(&self, staff: &[String]) -> Result<Ticked, RequestError> {
        self.screening.expire_holds()?;
        let (policy, staff, vault) = (self.policy.clone(), staff.to_vec(), self.vault.clone());
        self.transact("clock", move |tx| {
            let now = tx.now();
            let mut done = Ticked::default();
            let rows = tx.db().query(
                "SELECT id, due FROM requests WHERE next_look <= $1 AND state IN ('open', 'prepared') ORDER BY next_look LIMIT 1000",
                &[now.into()],
            )?;
            let open: Vec<(String, Timestamp)> =
                rows.iter().map(|r| Ok((r.text(0)?.to_owned(), r.time(1)?))).collect::<Result<_, RequestError>>()?;
            for (id, due) in open {
                let Some(at) = by_id(tx.db(), &id, now)? else { continue };
                // A policy that no longer has the process has no reminders for it; the due time stays.
                let reminders = policy.judge(&at.request).map_or(Vec::new(), |j| j.reminders);
                let subject = format!("request:{id}");
                let next = reminders.iter().copied().chain([due]).filter(|t| *t > now).min();
                let row = [next.into(), id.as_str().into()];
                tx.db().execute("UPDATE requests SET next_look = $1 WHERE id = $2", &row)?;
                if due <= now {
                    if mark(tx, &format!("escalated:{id}"))? {
                        done.escalations += 1;
                        tx.audit("request.escalated", &subject, &json!({ "due": due }).to_string());
                        let body = format!("Request {id} was due at {} and is {}. Approvers: decide it now.\n", due.rfc3339(), at.state);
                        staff.iter().try_for_each(|to| mail(tx, to, &format!("OVERDUE: request {id}"), &body, &subject))?;
                    }
                    continue;
                }
                // Only the latest reminder that is due: a missed one adds nothing.
                let Some(n) = reminders.iter().rposition(|r| *r <= now) else { continue };
                if mark(tx, &format!("reminded:{id}:{n}"))? {
                    done.reminders += 1;
                    tx.audit("request.reminder", &subject, &json!({ "due": due, "reminder": n + 1 }).to_string());
                    let body = format!("Request {id} is due at {} and is {}.\n", due.rfc3339(), at.state);
                    staff.iter().try_for_each(|to| mail(tx, to, &format!("Due soon: request {id}"), &body, &subject))?;
                }
            }
            // What follows cannot be undone: a file is deleted, a user learns of a request. It waits while the clock is doubted.
            if !tx.time_is_sound() {
                return Ok(done);
            }
            let rows = tx.db().query(
                "SELECT request, customer, sha256, until FROM preservations WHERE state = 'kept' ORDER BY until LIMIT 1000",
                &[],
            )?;
            for row in &rows {
                let (request, until) = (row.text(0)?.to_owned(), row.time(3)?);
                let subject = format!("request:{request}");
                if until > now {
                    // A week before, the officer is notified, so that an order or an extension can arrive in time.
                    if until - now <= Seconds::days(7)
                        && mark(tx, &format!("lapsing:{request}"))?
                        && let Some(at) = by_id(tx.db(), &request, now)?
                    {
                        done.reminders += 1;
                        let letter = Letter::Lapsing(&at.request.reference, &until.rfc3339());
                        letters::write(tx, &at.request.officer.email, letter, &subject)?;
                        tx.audit("preservation.lapsing", &subject, &json!({ "until": until }).to_string());
                    }
                    continue;
                }
                let key = [request.as_str().into(), row.text(1)?.into()];
                tx.db().execute("UPDATE preservations SET state = 'lapsed' WHERE request = $1 AND customer = $2", &key)?;
                done.lapsed += 1;
                let detail = json!({ "customer": row.text(1)?, "sha256": row.text(2)? }).to_string();
                tx.audit("preservation.lapsed", &subject, &detail);
            }
            delete_lapsed(tx, &vault)?;
            let rows = tx.db().query(
                "SELECT request, customer FROM notices WHERE sent IS NULL AND due <= $1 ORDER BY due LIMIT 1000",
                &[now.into()],
            )?;
            for row in &rows {
                let (request, customer) = (row.text(0)?.to_owned(), row.text(1)?.to_owned());
                let Some(at) = by_id(tx.db(), &request, now)? else { continue };
                let known = data(tx.db(), &customer, &[DataClass::Subscriber], &Default::default())?;
                let subscriber = known.tables.iter().find(|t| t.name == "subscriber");
                let column = |t: &crate::disclose::Table| t.columns.iter().position(|c| c == "email");
                let address = subscriber.and_then(|t| Some(t.rows.first()?.get(column(t)?)?.clone()));
                let subject = format!("request:{request}");
                if let Some(to) = address.as_ref().filter(|a| !a.is_empty()) {
                    let about = About {
                        date: &at.answered.map_or(String::new(), Timestamp::rfc3339),
                        agency: &at.request.officer.agency,
                        kind: &at.request.kind.name().replace('_', " "),
                        reference: &at.request.reference,
                    };
                    let language = language_of(tx, &customer)?;
                    let (title, body) = notice(language.as_deref(), &about);
                    mail(tx, to, &title, &body, &subject)?;
                    done.notices += 1;
                }
                let key = [now.into(), request.as_str().into(), customer.as_str().into()];
                tx.db().execute("UPDATE notices SET sent = $1 WHERE request = $2 AND customer = $3", &key)?;
                let mailed = address.is_some_and(|a| !a.is_empty());
                tx.audit("notice.sent", &subject, &json!({ "customer": customer, "mailed": mailed }).to_string());
            }
            Ok(done)
        })
    }
}
