//! Decides on events and stores what was decided.

use super::records::{identifier_rows, named_rows};
use super::unwritten::Unwritten;
use super::{Core, HoldWrites, text, time_within};
use crate::flags;
use crate::identifiers::{self, Identifier, Named};
use crate::service::ScreeningError;
use crate::warnings;
use holdfast_audit::digest;
use holdfast_decision::fold::{Decided, NewHold, PastHolds, Undecided};
use holdfast_decision::model::Event;
use holdfast_decision::{ChainFacts, Decision, Price};
use holdfast_event_log::log::EventsBody;
use holdfast_event_log::writes::Write;
use holdfast_store::{Database, DbError, Value, number, parse};
use holdfast_types::Timestamp;
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
    /// Rows of features of those that models scored.
    features: Vec<Vec<Value>>,
    holds: HoldWrites,
    /// Body and result of each.
    texts: Vec<(String, String)>,
}

impl EventWrites {
    fn add(&mut self, input: Accepted<'_>, decision: &Decision, now: Timestamp) {
        let Accepted { event, facts, body, facts_text, .. } = input;
        let result = text(decision);
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
            body.as_str().into(),
            facts_text.into(),
            result.as_str().into(),
        ]);
        self.identifiers.extend(identifiers::of_event(event));
        self.named.extend(identifiers::named_by(event, decision.seq));
        self.keys.extend(flags::key_rows(event, facts, decision.seq));
        self.texts.push((body, result));
    }

    /// Returns the statements that write the rows.
    fn statements(mut self) -> Vec<Write> {
        self.hits.dedup_by(|a, b| a[0] == b[0] && a[1] == b[1]);
        let hit = ["seq", "rule", "version", "state"];
        let mut all = vec![
            identifier_rows(self.identifiers),
            named_rows(self.named),
            Write::insert("events", &EVENT_COLUMNS, self.rows, ""),
            Write::insert("event_keys", &flags::KEY_COLUMNS, self.keys, "ON CONFLICT (key, seq) DO NOTHING"),
            Write::insert("scored_events", &["seq", "features"], self.features, ""),
            Write::insert("screened", &["seq", "findings"], self.screened, ""),
            Write::insert("rule_hits", &hit, self.hits, "ON CONFLICT (seq, rule) DO NOTHING"),
        ];
        all.retain(|write| !matches!(write, Write::Insert { rows, .. } if rows.is_empty()));
        all.extend(self.holds.statements());
        all
    }

    fn digest(&self) -> String {
        digest(self.texts.iter().map(|(body, result)| (body.as_str(), result.as_str())))
    }
}

/// An event that is decided now, with the texts that are stored of it.
struct Accepted<'a> {
    event: &'a Event,
    facts: &'a ChainFacts,
    price: Option<Price>,
    body: String,
    facts_text: String,
}

/// What becomes of a submitted event.
enum Submission {
    /// It was decided before, or is refused.
    Answered(Box<Result<Decision, ScreeningError>>),
    /// It is decided now, as so many-th.
    Accepted(usize),
}

/// Customer and number of holds by key.
type Placed = HashMap<String, (String, u64)>;

/// Past holds: those of the current batch, those that are not in the table yet, and the table.
struct StoredHolds<'a> {
    db: &'a mut Database,
    unwritten: &'a Unwritten,
    placed: Placed,
}

impl PastHolds for StoredHolds<'_> {
    type Error = DbError;

    fn hold_on(&mut self, customer: &str, keys: &[String]) -> Result<Option<u64>, DbError> {
        for key in keys {
            let recent = self.placed.get(key).or_else(|| self.unwritten.hold(key));
            if let Some((_, id)) = recent.filter(|(owner, _)| owner == customer) {
                return Ok(Some(*id));
            }
            let sql = "SELECT id FROM holds WHERE dedupe = $1 AND customer = $2";
            if let Some(row) = self.db.query(sql, &[key.as_str().into(), customer.into()])?.first() {
                return Ok(Some(row.number(0)?));
            }
        }
        Ok(None)
    }

    fn placed(&mut self, hold: &NewHold) {
        // It is not in the table yet.
        self.placed.insert(hold.plan.dedupe.clone(), (hold.plan.customer.clone(), hold.id));
    }
}

impl Core {
    /// Decides events in order. Duplicates get the decision that they got before.
    pub(crate) fn decide_events(
        &mut self,
        batch: &[(Event, ChainFacts)],
        actor: &str,
        now: Timestamp,
    ) -> Result<Vec<Result<Decision, ScreeningError>>, ScreeningError> {
        let (submissions, accepted) = self.accept(batch, now)?;
        let decisions = if accepted.is_empty() {
            Vec::new()
        } else {
            self.append_events(&accepted, now);
            let (decided, placed) = self.fold_events(&accepted, now)?;
            self.add_results(accepted, &decided, placed, actor, now);
            decided
        };
        let answer = |submission| match submission {
            Submission::Answered(answer) => *answer,
            Submission::Accepted(i) => decisions
                .get(i)
                .map(|d: &Decided| d.decision.clone())
                .ok_or_else(|| ScreeningError::State("an event was not decided".to_owned())),
        };
        Ok(submissions.into_iter().map(answer).collect())
    }

    /// Parts events that are to be decided from those that were decided before or are refused.
    fn accept<'a>(
        &mut self,
        batch: &'a [(Event, ChainFacts)],
        now: Timestamp,
    ) -> Result<(Vec<Submission>, Vec<Accepted<'a>>), ScreeningError> {
        let known = self.known_events(batch)?;
        let latest = self.latest_time(now);
        let mut accepted: Vec<Accepted> = Vec::with_capacity(batch.len());
        let mut places: HashMap<&str, usize> = HashMap::with_capacity(batch.len());
        let mut submissions = Vec::with_capacity(batch.len());
        for (event, facts) in batch {
            let body = text(event);
            let refused = |e: ScreeningError| Submission::Answered(Box::new(Err(e)));
            let conflict = || refused(ScreeningError::Conflict(event.id.clone()));
            let submission = if let Some((old, result)) =
                self.unwritten.event(&event.id).or_else(|| known.get(&event.id))
            {
                match *old == body || is_same(old, &body) {
                    true => Submission::Answered(Box::new(parse::<Decision>("decision", result).map_err(Into::into))),
                    false => conflict(),
                }
            } else if let Some(first) = places.get(event.id.as_str()) {
                match accepted.get(*first).is_some_and(|a| a.body == body || is_same(&a.body, &body)) {
                    true => Submission::Accepted(*first),
                    false => conflict(),
                }
            } else if let Err(e) = time_within("time", event.time, latest) {
                refused(e.into())
            } else {
                places.insert(&event.id, accepted.len());
                let (price, facts_text) = (self.fold.price_for(event), text(facts));
                accepted.push(Accepted { event, facts, price, body, facts_text });
                Submission::Accepted(accepted.len() - 1)
            };
            submissions.push(submission);
        }
        Ok((submissions, accepted))
    }

    /// Appends events to the log of inputs.
    fn append_events(&mut self, accepted: &[Accepted<'_>], now: Timestamp) {
        let mut body = EventsBody::new(self.fold.watermark, self.fold.book.version);
        for input in accepted {
            body.add(&input.body, &input.facts_text, input.price.map(|p| text(&p)).as_deref());
        }
        self.append_body("events", body.finish(), now);
    }

    /// Folds events; returns what was decided, and the holds placed with it.
    fn fold_events(&mut self, accepted: &[Accepted<'_>], now: Timestamp) -> Result<(Vec<Decided>, Placed), DbError> {
        let watermark = self.fold.watermark;
        self.fold_mut().begin_events(watermark);
        let batch: Vec<Undecided<'_>> =
            accepted.iter().map(|a| Undecided { event: a.event, facts: a.facts, price: a.price }).collect();
        let mut past = StoredHolds { db: &mut self.db, unwritten: &self.unwritten, placed: HashMap::new() };
        let all = self.fold.events(&batch, now, &mut past)?;
        Ok((all, past.placed))
    }

    /// Adds what stores the decisions, by the numbers that the fold gave them, to what waits to be written.
    fn add_results(
        &mut self,
        accepted: Vec<Accepted<'_>>,
        decided: &[Decided],
        placed: Placed,
        actor: &str,
        now: Timestamp,
    ) {
        let (Some(first), Some(last)) = (decided.first(), decided.last()) else { return };
        let (first, last) = (first.decision.seq, last.decision.seq);
        let mut writes = EventWrites::default();
        for (input, Decided { decision, holds, row }) in accepted.into_iter().zip(decided) {
            let event = input.event;
            for result in holds {
                self.write_result(result, decision.seq, now, &mut writes.holds);
            }
            if let (Some(warning), Some(hold)) = (&decision.warning, decision.holds.last()) {
                writes.holds.warnings.push(warnings::row(event, warning, *hold, decision.value, now));
            }
            if let Some(alert) = decision.alert {
                writes.holds.alert_of(alert, decision, &event.customer, now);
            }
            if let (Some(_), Some(row)) = (&decision.learned, row) {
                writes.features.push(vec![number(decision.seq), holdfast_learned::written(row).into()]);
            }
            writes.add(input, decision, now);
        }
        let detail = json!({"first": first, "last": last, "sha256": writes.digest()}).to_string();
        let texts = std::mem::take(&mut writes.texts);
        let ids = decided.iter().map(|d| d.decision.event.as_str().into());
        let events = ids.zip(texts).map(|(id, (body, result))| (id, body, result));
        self.unwritten.add(self.log.position(), events, placed);
        self.results.extend(writes.statements());
        self.audit(now, actor, "events.decided", "events", &detail);
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
            let size = match rest.len() {
                256.. => 256,
                32.. => 32,
                5.. => 16,
                _ => 4,
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
