//! Alerts: raised by decisions, by the clock and by screening again; worked by people.

use super::{Core, HoldWrites};
use crate::alerts::{self, AlertAction};
use crate::service::ScreeningError;
use holdfast_decision::inputs::{AlertRaised, Input};
use holdfast_decision::model::{Event, EventKind};
use holdfast_decision::{ChainFacts, Decision, issuer};
use holdfast_store::{DbError, Value, number, parse};
use holdfast_types::{Invalid, Timestamp};
use serde_json::json;

/// An alert to be raised.
pub(super) struct NewAlert<'a> {
    /// The event that it is about; 0 for none.
    pub(super) event: u64,
    pub(super) customer: &'a str,
    pub(super) kind: &'a str,
    pub(super) decision: &'a str,
    pub(super) reason: &'a str,
    pub(super) rules: &'a [&'a str],
}

/// Says what is not known of freezes: that one is not found any more is then no sign that it is over.
fn as_far_as_known(gaps: &[String]) -> String {
    format!(", as far as is known ({})", gaps.join("; "))
}

impl HoldWrites {
    /// Adds the alert of a decision.
    pub(super) fn alert_of(&mut self, id: u64, decision: &Decision, customer: &str, now: Timestamp) {
        let rules: Vec<&str> = decision.reasons.iter().map(|r| r.rule.as_str()).collect();
        let reason = decision.reasons.first().map_or("", |r| r.title.as_str());
        let (event, verdict) = (decision.seq, decision.decision.name());
        let alert = NewAlert { event, customer, kind: "decision", decision: verdict, reason, rules: &rules };
        self.alert(id, &alert, now);
    }

    fn alert(&mut self, id: u64, alert: &NewAlert<'_>, now: Timestamp) {
        self.alerts.push(vec![
            number(id),
            number(alert.event),
            alert.customer.into(),
            alert.kind.into(),
            alert.decision.into(),
            "open".into(),
            Value::Null,
            Value::Null,
            alert.reason.into(),
            alert.rules.join(" ").into(),
            now.into(),
            now.into(),
        ]);
    }
}

impl Core {
    /// Raises an alert outside a decision; returns its number.
    pub(super) fn raise_alert(&mut self, alert: &NewAlert<'_>, now: Timestamp) -> Result<u64, DbError> {
        self.append(&Input::Alert(AlertRaised { alert: alert.kind.to_owned(), event: alert.event }), now);
        let id = self.lists_mut().alert();
        let mut writes = HoldWrites::default();
        writes.alert(id, alert, now);
        self.write_holds(writes)?;
        Ok(id)
    }

    /// Raises an alert about the clock; returns its number. It is about no event and no customer.
    pub(crate) fn raise_clock_alert(
        &mut self,
        reason: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<u64, ScreeningError> {
        let alert =
            NewAlert { event: 0, customer: "", kind: "clock", decision: "review", reason, rules: &["engine.clock"] };
        let id = self.raise_alert(&alert, now)?;
        self.audit(now, "engine", "alert.clock", &format!("alert:{id}"), detail);
        Ok(id)
    }

    /// Raises an alert about a learned model; returns its number. It is about no event and no customer.
    pub(crate) fn raise_model_alert(&mut self, reason: &str, detail: &str, now: Timestamp) -> Result<u64, DbError> {
        let rules: &[&str] = &["engine.model"];
        let alert = NewAlert { event: 0, customer: "", kind: "model", decision: "review", reason, rules };
        let id = self.raise_alert(&alert, now)?;
        self.audit(now, "engine", "alert.model", &format!("alert:{id}"), detail);
        Ok(id)
    }

    /// Applies an action to an alert.
    pub(crate) fn act(
        &mut self,
        id: u64,
        action: &AlertAction,
        actor: &str,
        now: Timestamp,
    ) -> Result<(), ScreeningError> {
        let (alert, _) =
            alerts::get(&mut self.db, id)?.ok_or_else(|| ScreeningError::NotFound(format!("alert {id}")))?;
        let state_is = |wanted: &str| {
            if alert.state == wanted {
                Ok(())
            } else {
                Err(ScreeningError::State(format!("alert {id} is {}", alert.state)))
            }
        };
        let (name, words, state, assignee, outcome) = match action {
            AlertAction::Assign { assignee } => (
                "assign",
                assignee.clone().unwrap_or_default(),
                alert.state.as_str(),
                assignee.clone(),
                alert.outcome.clone(),
            ),
            AlertAction::Comment { text } => {
                ("comment", text.clone(), alert.state.as_str(), alert.assignee.clone(), alert.outcome.clone())
            }
            AlertAction::Close { outcome, text } => {
                state_is("open")?;
                let words = format!("{}: {text}", outcome.name());
                ("close", words, "closed", alert.assignee.clone(), Some(outcome.name().to_owned()))
            }
            AlertAction::Reopen { text } => {
                state_is("closed")?;
                ("reopen", text.clone(), "open", alert.assignee.clone(), None)
            }
        };
        if words.len() > 10_000 || (words.trim().is_empty() && name != "assign") {
            return Err(Invalid::new("text", "must be 1 to 10000 bytes").into());
        }
        self.db.execute(
            "UPDATE alerts SET state = $1, assignee = $2, outcome = $3, updated = $4 WHERE id = $5",
            &[state.into(), assignee.into(), outcome.into(), now.into(), number(id)],
        )?;
        self.db.execute(
            "INSERT INTO alert_notes (id, alert, time, author, action, text) VALUES ($1, $2, $3, $4, $5, $6)",
            &[number(self.next_note), number(id), now.into(), actor.into(), name.into(), words.as_str().into()],
        )?;
        self.next_note += 1;
        let detail = json!({"text": words}).to_string();
        self.audit(now, actor, &format!("alert.{name}"), &format!("alert:{id}"), &detail);
        Ok(())
    }

    /// A past transfer was screened again. Raises a late alert for what is new, and lets go a hold that was placed only because the chain
    /// could not be queried. Returns the alert.
    pub(crate) fn screened_again(
        &mut self,
        seq: u64,
        facts: &ChainFacts,
        why: &str,
        now: Timestamp,
    ) -> Result<Option<u64>, ScreeningError> {
        let number: Value = number(seq);
        let rows = self.db.query("SELECT findings FROM screened WHERE seq = $1", std::slice::from_ref(&number))?;
        let old: Vec<String> = match rows.first() {
            Some(row) => row.text(0)?.lines().map(str::to_owned).collect(),
            None => Vec::new(),
        };
        let mut findings = facts.findings();
        if facts.issuer_failed {
            // What could not be read is not over.
            findings.extend(issuer::kept(&old, &findings));
            findings.sort();
        }
        let new: Vec<&String> = findings.iter().filter(|f| !old.contains(f)).collect();
        let sql = "SELECT customer, result, body, facts FROM events WHERE seq = $1";
        let rows = self.db.query(sql, std::slice::from_ref(&number))?;
        let row = rows.first().ok_or_else(|| ScreeningError::NotFound(format!("event {seq}")))?;
        let customer = row.text(0)?.to_owned();
        let decision: Decision = parse("decision", row.text(1)?)?;
        let event: Event = parse("event", row.text(2)?)?;
        let decided_by: ChainFacts = parse("facts", row.text(3)?)?;
        let mut alert = None;
        if !new.is_empty() {
            let tags: Vec<String> =
                facts.tags.iter().map(|t| format!("{} ({}, pack {})", t.label, t.category, t.pack)).collect();
            let new: Vec<&str> = new.iter().map(|n| n.as_str()).collect();
            let tags = if tags.is_empty() { String::new() } else { format!("; tags: {}", tags.join(", ")) };
            // Freezes that are over are said with what is new: afterwards they are no findings any more.
            let over = if facts.unavailable.is_none() { issuer::ended(&old, &findings) } else { Vec::new() };
            let known = if facts.issuer_gaps.is_empty() { String::new() } else { as_far_as_known(&facts.issuer_gaps) };
            let over: String = over.iter().map(|over| format!("; {over}{known}")).collect();
            let reason = format!("{why}: {}{tags}{over}", new.join("; "));
            let rules = &["engine.late"];
            let late =
                NewAlert { event: seq, customer: &customer, kind: "late", decision: "review", reason: &reason, rules };
            let id = self.raise_alert(&late, now)?;
            self.audit(
                now,
                "engine",
                "alert.late",
                &format!("alert:{id}"),
                &json!({"event": seq, "reason": reason}).to_string(),
            );
            alert = Some(id);
        } else if facts.unavailable.is_none() && decision.rests_on_ignorance() {
            for id in decision.holds {
                let hold = self.hold(id)?;
                if hold.state == "active" && hold.placed_by == "engine" && hold.event == Some(seq) {
                    let reason = "the chain can be asked now and nothing speaks against the transfer";
                    self.end(&hold, None, "released", reason, "engine", now)?;
                }
            }
        }
        // After what was held in ignorance only was let go: a flag holds it again.
        if event.kind == EventKind::Deposit && facts.unavailable.is_none() {
            self.follow_behind(seq, &event, (decided_by, facts), now)?;
        }
        if facts.unavailable.is_none() && alert.is_none() {
            let ended = (issuer::ended(&old, &findings), facts.issuer_gaps.as_slice());
            alert = self.freezes_ended(seq, &customer, ended, why, now)?;
        }
        // What a chain that does not answer says nothing of is as it was.
        if old != findings && facts.unavailable.is_none() {
            self.db.execute(
                "INSERT INTO screened (seq, findings) VALUES ($1, $2)
                 ON CONFLICT (seq) DO UPDATE SET findings = excluded.findings",
                &[number, findings.join("\n").into()],
            )?;
        }
        Ok(alert)
    }

    /// Issuers' freezes, or proposals of them, that a held transfer was decided by are over: raises an alert for whoever may release its holds. `gaps` is what
    /// is not known of freezes: that one is not found any more is then no sign that it is over.
    fn freezes_ended(
        &mut self,
        seq: u64,
        customer: &str,
        (ended, gaps): (Vec<String>, &[String]),
        why: &str,
        now: Timestamp,
    ) -> Result<Option<u64>, ScreeningError> {
        if ended.is_empty() {
            return Ok(None);
        }
        let sql = "SELECT id FROM holds WHERE event = $1 AND state = 'active' AND placed_by = 'engine' ORDER BY id";
        let rows = self.db.query(sql, &[number(seq)])?;
        let holds = rows.iter().map(|row| row.number(0)).collect::<Result<Vec<u64>, _>>()?;
        let Some(first) = holds.first() else { return Ok(None) };
        let ended = ended.join("; ");
        let reason = match gaps {
            [] => format!("{why}: {ended}; hold {first} may be released"),
            gaps => format!(
                "{why}: {ended}{}; look at the issuer's contract before hold {first} is released",
                as_far_as_known(gaps)
            ),
        };
        let rules = &["engine.late"];
        let alert = NewAlert { event: seq, customer, kind: "late", decision: "review", reason: &reason, rules };
        let id = self.raise_alert(&alert, now)?;
        let detail = json!({"event": seq, "reason": reason, "holds": holds}).to_string();
        self.audit(now, "engine", "alert.late", &format!("alert:{id}"), &detail);
        Ok(Some(id))
    }
}
