//! Decides on events and stores what was decided.

use super::{Core, HoldWrites, text, time_within};
use crate::flags;
use crate::identifiers::{self, Identifier, Named};
use crate::service::ScreeningError;
use crate::warnings;
use holdfast_audit::digest;
use holdfast_decision::ChainFacts;
use holdfast_decision::model::Event;
use holdfast_decision::{Decision, DecisionContext, Verdict, decide};
use holdfast_store::{DbError, Value, number, parse};
use serde_json::json;
use std::collections::HashMap;

const EVENT_COLUMNS: [&str; 11] =
    ["seq", "id", "time", "decided", "kind", "customer", "transfer", "decision", "body", "facts", "result"];

/// Whether a stored event is what is sent now, but for the spelling of its asset.
fn is_same(old: &str, body: &str) -> bool {
    serde_json::from_str::<Event>(old).is_ok_and(|old| text(&old.canonical()) == body)
}

/// Rows of decided events that wait to be written.
#[derive(Debug, Default)]
struct EventWrites {
    rows: Vec<Vec<Value>>,
    screened: Vec<Vec<Value>>,
    hits: Vec<Vec<Value>>,
    keys: Vec<Vec<Value>>,
    identifiers: Vec<Identifier>,
    named: Vec<Named>,
    holds: HoldWrites,
    /// Body and result of each.
    texts: Vec<(String, String)>,
}

impl EventWrites {
    fn add(&mut self, event: &Event, facts: &ChainFacts, decision: &Decision, now: i64, (body, result): (&str, &str)) {
        let seq = number(decision.seq);
        let live = decision.reasons.iter().map(|r| (r, "live"));
        for (reason, state) in live.chain(decision.shadow.iter().map(|r| (r, "shadow"))) {
            let version = i64::from(reason.version).into();
            self.hits.push(vec![seq.clone(), reason.rule.as_str().into(), version, state.into()]);
        }
        let findings = facts.findings();
        if !findings.is_empty() {
            self.screened.push(vec![seq.clone(), findings.join("\n").into()]);
        }
        self.rows.push(vec![
            seq,
            event.id.as_str().into(),
            event.time.into(),
            now.into(),
            event.kind.name().into(),
            event.customer.as_str().into(),
            event.transfer().into(),
            decision.decision.name().into(),
            body.into(),
            text(facts).into(),
            result.into(),
        ]);
        self.identifiers.extend(identifiers::of_event(event));
        self.named.extend(identifiers::named_by(event, decision.seq));
        self.keys.extend(flags::key_rows(event, facts, decision.seq));
        self.texts.push((body.to_owned(), result.to_owned()));
    }

    fn digest(&self) -> String {
        digest(self.texts.iter().map(|(body, result)| (body.as_str(), result.as_str())))
    }
}

impl Core {
    /// Decides events in order. Duplicates get the decision that they got before.
    pub(crate) fn decide_events(
        &mut self,
        batch: &[(Event, ChainFacts)],
        actor: &str,
        now: i64,
    ) -> Result<Vec<Result<Decision, ScreeningError>>, ScreeningError> {
        let mut known = self.known_events(batch)?;
        let first = self.next.event;
        let latest = self.latest_time(now);
        let mut writes = EventWrites::default();
        let mut answers = Vec::with_capacity(batch.len());
        for (event, facts) in batch {
            let body = text(event);
            if let Some((old, result)) = known.get(&event.id) {
                answers.push(if *old == body || is_same(old, &body) {
                    parse::<Decision>("decision", result).map_err(Into::into)
                } else {
                    Err(ScreeningError::Conflict(event.id.clone()))
                });
                continue;
            }
            if let Err(e) = time_within("time", event.time, latest) {
                answers.push(Err(e.into()));
                continue;
            }
            let decision = self.decide_one(event, facts, now, &mut writes.holds)?;
            let result = text(&decision);
            writes.add(event, facts, &decision, now, (&body, &result));
            self.state_mut().apply(event, facts, decision.value.unwrap_or(0), decision.seq);
            known.insert(event.id.clone(), (body, result));
            answers.push(Ok(decision));
        }
        if !writes.rows.is_empty() {
            let detail = json!({"first": first, "last": self.next.event - 1, "sha256": writes.digest()}).to_string();
            self.write_events(writes)?;
            self.audit(now, actor, "events.decided", "events", &detail);
        }
        Ok(answers)
    }

    /// Decides one event and places its holds, warning and alert; state is not moved yet.
    fn decide_one(
        &mut self,
        event: &Event,
        facts: &ChainFacts,
        now: i64,
        writes: &mut HoldWrites,
    ) -> Result<Decision, ScreeningError> {
        let seq = self.next.event;
        self.next.event += 1;
        let context = DecisionContext {
            state: &self.state,
            book: &self.book,
            holds: &self.holds,
            prices: &self.prices,
            flags: &self.flags,
        };
        let (mut decision, plans) = decide(context, event, facts, seq, now);
        for plan in plans {
            self.place_planned(plan, event, now, &mut decision, writes)?;
        }
        if let (Some(warning), Some(hold)) = (&decision.warning, decision.holds.last()) {
            writes.warnings.push(warnings::row(event, warning, *hold, decision.value, now));
        }
        if decision.decision > Verdict::Allow {
            decision.alert = Some(self.raise(&decision, &event.customer, now, writes));
        }
        Ok(decision)
    }

    fn write_events(&mut self, mut writes: EventWrites) -> Result<(), DbError> {
        self.note_identifiers(writes.identifiers.into_iter())?;
        self.note_named(writes.named)?;
        self.db.insert("events", &EVENT_COLUMNS, &writes.rows, "")?;
        self.db.insert("event_keys", &flags::KEY_COLUMNS, &writes.keys, "ON CONFLICT (key, seq) DO NOTHING")?;
        self.db.insert("screened", &["seq", "findings"], &writes.screened, "")?;
        writes.hits.dedup_by(|a, b| a[0] == b[0] && a[1] == b[1]);
        let columns = ["seq", "rule", "version", "state"];
        self.db.insert("rule_hits", &columns, &writes.hits, "ON CONFLICT (seq, rule) DO NOTHING")?;
        self.write_holds(&writes.holds)
    }

    /// Events of a batch that are stored already: body and result by id.
    pub(super) fn known_events(
        &mut self,
        batch: &[(Event, ChainFacts)],
    ) -> Result<HashMap<String, (String, String)>, DbError> {
        let mut known = HashMap::new();
        let ids: Vec<&str> = batch.iter().map(|(e, _)| e.id.as_str()).collect();
        // Few sizes only, filled up with the first id, so that prepared statements are reused.
        let mut rest = ids.as_slice();
        while !rest.is_empty() {
            let size = if rest.len() >= 32 {
                32
            } else if rest.len() > 4 {
                16
            } else {
                4
            };
            let (now, later) = rest.split_at(size.min(rest.len()));
            let places: Vec<String> = (1..=size).map(|i| format!("${i}")).collect();
            let sql = format!("SELECT id, body, result FROM events WHERE id IN ({})", places.join(", "));
            let parameters: Vec<Value> = (0..size).map(|i| now.get(i).copied().unwrap_or(now[0]).into()).collect();
            for row in self.db.query(&sql, &parameters)? {
                known.insert(row.text(0)?.to_owned(), (row.text(1)?.to_owned(), row.text(2)?.to_owned()));
            }
            rest = later;
        }
        Ok(known)
    }
}
