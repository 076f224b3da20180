//! The writer's side: everything that changes the database, in one transaction at a time.

use crate::alerts::{self, AlertAction};
use crate::audit::{Chain, digest};
use crate::clock::{self, Guard, Noted, Reading, Time};
use crate::completion::{self, Completion};
use crate::decision::{ActiveHold, ActiveHolds, Decision, Ground, HoldPlan, Price, Prices, Verdict, decide};
use crate::facts::ChainFacts;
use crate::flags::{self, FLAG_BASIS, FLAGGED, Flag, Flags, MAX_FLAGS, MAX_FLAGS_OF_MEMBER};
use crate::holds::{self, Hold, HoldRequest, stored};
use crate::identifiers::{self, Identifier, Named};
use crate::keys::{self, ApiKey, same_person};
use crate::migrations::RELEASED;
use crate::model::{Amount, Event, Invalid, Record, rfc3339};
use crate::rules::{RuleBook, RuleError, Scope};
use crate::service::ScreeningError;
use crate::settings;
use crate::state::{MEMORY, State};
use crate::warnings;
use crate::webhooks::{MAX_WEBHOOKS, Webhook};
use holdfast_store::Effect;
use holdfast_store::{Database, DbError, Row, Value, parse};
use holdfast_types::{Asset, asset};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

mod memory;
mod savepoint;

pub(crate) use memory::{Reply, Submitted};

/// What the writer has in hand.
pub(crate) struct Core {
    pub(crate) db: Database,
    pub(crate) state: State,
    pub(crate) book: Arc<RuleBook>,
    pub(crate) holds: ActiveHolds,
    pub(crate) prices: Prices,
    pub(crate) flags: Flags,
    /// Whether the clock can be relied on.
    pub(crate) time_is_sound: bool,
    chain: Chain,
    audit_rows: Vec<Vec<Value>>,
    next: Next,
    /// Where the change in hand began.
    mark: savepoint::Mark,
    /// What happens once the transaction is durable.
    effects: Vec<Effect>,
    pub(crate) guard: Arc<Guard>,
    /// The time of the transaction in hand.
    reading: Reading,
    noted: Noted,
    /// The rule book in force, for readers; follows the commit.
    pub(crate) published: Arc<RwLock<Arc<RuleBook>>>,
}

/// Next free numbers.
#[derive(Debug, Clone, Copy)]
struct Next {
    event: u64,
    hold: u64,
    posting: u64,
    alert: u64,
    note: u64,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("db", &self.db).field("next", &self.next).finish_non_exhaustive()
    }
}

const EVENT_COLUMNS: [&str; 11] =
    ["seq", "id", "time", "decided", "kind", "customer", "transfer", "decision", "body", "facts", "result"];

fn text<T: serde::Serialize>(value: &T) -> String {
    // Serializing our own plain types into memory does not fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// Whether a stored event is what is sent now, but for the spelling of its asset.
fn is_same(old: &str, body: &str) -> bool {
    serde_json::from_str::<Event>(old).is_ok_and(|old| text(&old.canonical()) == body)
}

/// Refuses a time that the clock is not near yet: it would end every window of time, and the record of a future never gives way.
fn time_within(field: &str, time: i64, latest: i64) -> Result<(), Invalid> {
    if time <= latest {
        return Ok(());
    }
    let shown = (rfc3339(time), rfc3339(latest));
    Err(Invalid::new(
        field,
        format!("{} is in the future; the latest time taken now is {} (policy.max_ahead_minutes)", shown.0, shown.1),
    ))
}

/// Reads base units and value.
pub(crate) fn price_of(row: &Row) -> Result<Price, DbError> {
    Ok(Price { base_units: stored("price", row.text(0)?)?, value: row.int(1)? as u64 })
}

/// The stored records after a kind and id, some thousands at once; none at the end. The kind and id move on.
fn next_records(db: &mut Database, after: &mut (String, String)) -> Result<Vec<Record>, DbError> {
    let rows = db.query(
        "SELECT kind, id, body FROM records WHERE (kind = $1 AND id > $2) OR kind > $3 ORDER BY kind, id LIMIT 5000",
        &[after.0.as_str().into(), after.1.as_str().into(), after.0.as_str().into()],
    )?;
    if let Some(last) = rows.last() {
        *after = (last.text(0)?.to_owned(), last.text(1)?.to_owned());
    }
    rows.iter().map(|r| parse("record", r.text(2)?)).collect()
}

/// What all stored records say, before any event.
pub(crate) fn recorded(db: &mut Database) -> Result<State, DbError> {
    let (mut state, mut after) = (State::default(), Default::default());
    loop {
        let records = next_records(db, &mut after)?;
        if records.is_empty() {
            return Ok(state);
        }
        records.iter().for_each(|r| state.record(r));
    }
}

impl Core {
    /// Opens the database, migrates it, and remembers what it says.
    pub(crate) fn open(mut db: Database, time: Time) -> Result<Self, ScreeningError> {
        db.acquire_writer_lock()?;
        db.migrate(RELEASED, &[])?;
        db.claim_epoch()?;
        let now = (time.wall)();
        let guard = Arc::new(Guard::new(time, clock::last_seen(&mut db)?));
        let chain = Chain::open(&mut db)?;
        let book = Self::latest_book(&mut db)?;
        let mut core = Core {
            db,
            state: State::default(),
            book: Arc::new(RuleBook::standard()),
            holds: ActiveHolds::new(),
            prices: Prices::new(),
            flags: Flags::default(),
            time_is_sound: true,
            chain,
            audit_rows: Vec::new(),
            next: Next { event: 1, hold: 1, posting: 1, alert: 1, note: 1 },
            mark: savepoint::Mark::default(),
            effects: Vec::new(),
            reading: guard.read(),
            guard,
            noted: Noted::default(),
            published: Arc::new(RwLock::new(Arc::new(RuleBook::standard()))),
        };
        match book {
            Some(book) => core.book = Arc::new(book),
            None => {
                core.db.begin()?;
                core.apply_rules(crate::rules::DEFAULT_BOOK, "engine", now)?;
                core.flush_audit()?;
                core.db.commit()?;
            }
        }
        core.fill_identifiers(now)?;
        core.fill_event_keys()?;
        core.reload()?;
        core.published = Arc::new(RwLock::new(core.book.clone()));
        Ok(core)
    }

    fn latest_book(db: &mut Database) -> Result<Option<RuleBook>, ScreeningError> {
        let rows = db.query("SELECT version, yaml FROM rule_books ORDER BY version DESC LIMIT 1", &[])?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(RuleBook::stored(row.text(1)?, row.int(0)? as u32)?))
    }

    /// Forgets everything and reads it from the database: at the start, and when a commit failed.
    pub(crate) fn reload(&mut self) -> Result<(), ScreeningError> {
        self.audit_rows.clear();
        self.effects.clear();
        self.chain = Chain::open(&mut self.db)?;
        self.reload_lists()?;
        self.reload_state()
    }

    /// Reads numbers, the rule book, holds, prices and flags again.
    fn reload_lists(&mut self) -> Result<(), ScreeningError> {
        self.holds.clear();
        self.prices.clear();
        if let Some(book) = Self::latest_book(&mut self.db)? {
            self.book = Arc::new(book);
        }
        let mut next = |table: &str, column: &str| -> Result<u64, DbError> {
            let rows = self.db.query(&format!("SELECT COALESCE(MAX({column}), 0) FROM {table}"), &[])?;
            Ok(rows.first().map_or(Ok(0), |r| r.int(0))? as u64 + 1)
        };
        self.next = Next {
            event: next("events", "seq")?,
            hold: next("holds", "id")?,
            posting: next("postings", "id")?,
            alert: next("alerts", "id")?,
            note: next("alert_notes", "id")?,
        };
        let mut filter = holds::HoldFilter { state: Some("active".into()), limit: 1000, ..Default::default() };
        loop {
            let page = holds::list(&mut self.db, &filter)?;
            let Some(last) = page.last() else { break };
            filter.after = last.id;
            for hold in page {
                self.remember_hold(&hold);
            }
        }
        for row in self.db.query("SELECT base_units, value, asset FROM prices", &[])? {
            self.prices.insert(asset::canonical(row.text(2)?), price_of(&row)?);
        }
        self.flags = flags::in_force(&mut self.db)?;
        Ok(())
    }

    /// Builds what is known of customers from records and events again.
    fn reload_state(&mut self) -> Result<(), ScreeningError> {
        self.state = recorded(&mut self.db)?;
        // Times ahead of their decision came in before they were refused; they move no window.
        let ahead = i64::from(self.book.file.policy.max_ahead_minutes) * 60;
        let sql = "SELECT COALESCE(MAX(time), 0) FROM events WHERE time <= decided + $1";
        let latest = self.db.query(sql, &[ahead.into()])?;
        let oldest = latest.first().map_or(Ok(0), |r| r.int(0))? - MEMORY;
        let mut after = 0i64;
        loop {
            let rows = self.db.query(
                "SELECT seq, body, facts, result FROM events WHERE seq > $1 AND time >= $2 AND time <= decided + $3 ORDER BY seq LIMIT 5000",
                &[after.into(), oldest.into(), ahead.into()],
            )?;
            let Some(last) = rows.last() else { break };
            after = last.int(0)?;
            for row in &rows {
                let event: Event = parse("event", row.text(1)?)?;
                let facts: ChainFacts = parse("facts", row.text(2)?)?;
                #[derive(serde::Deserialize)]
                struct Valued {
                    value: Option<u64>,
                }
                let value = parse::<Valued>("decision", row.text(3)?)?.value.unwrap_or(0);
                self.state.apply(&event, &facts, value, row.int(0)? as u64);
            }
        }
        Ok(())
    }

    fn remember_hold(&mut self, hold: &Hold) {
        self.holds_mut().entry(hold.customer.clone()).or_default().push(ActiveHold {
            id: hold.id,
            scope: hold.scope,
            account: hold.account.clone(),
            asset: hold.asset.clone(),
            held: hold.held,
            transfer: hold.transfer.clone(),
            expires: hold.expires,
            flagged: hold.basis == FLAG_BASIS,
        });
    }

    /// The latest time that an event or record may have.
    fn latest_time(&self, now: i64) -> i64 {
        now.saturating_add(i64::from(self.book.file.policy.max_ahead_minutes) * 60)
    }

    pub(crate) fn audit(&mut self, now: i64, actor: &str, action: &str, subject: &str, detail: &str) {
        let row = self.chain.row(now, actor, action, subject, detail);
        self.audit_rows.push(row);
    }

    /// Stores the audit rows of this transaction; before every commit.
    pub(crate) fn flush_audit(&mut self) -> Result<(), DbError> {
        Chain::store(&mut self.db, &self.audit_rows)?;
        self.audit_rows.clear();
        Ok(())
    }

    /// Takes records in; gives how many were new or newer.
    pub(crate) fn ingest(&mut self, records: &[Record], actor: &str, now: i64) -> Result<u64, ScreeningError> {
        let latest = self.latest_time(now);
        for (i, record) in records.iter().enumerate() {
            time_within(&format!("records[{i}].time"), record.time, latest)?;
        }
        // The latest of each wins here already, because PostgreSQL refuses to touch a row twice in one statement.
        let mut winners: HashMap<(&str, &str), (&Record, String)> = HashMap::new();
        for record in records {
            let body = text(record);
            let key = (record.kind.name(), record.id.as_str());
            match winners.get(&key) {
                Some((other, known)) if (other.time, known) >= (record.time, &body) => {}
                _ => {
                    winners.insert(key, (record, body));
                }
            }
        }
        let mut winners: Vec<_> = winners.into_iter().collect();
        winners.sort_by_key(|w| w.0);
        let rows: Vec<Vec<Value>> = winners
            .iter()
            .map(|((kind, id), (record, body))| {
                vec![
                    (*kind).into(),
                    (*id).into(),
                    record.customer.clone().into(),
                    record.time.into(),
                    body.as_str().into(),
                ]
            })
            .collect();
        self.db.insert(
            "records",
            &["kind", "id", "customer", "time", "body"],
            &rows,
            "ON CONFLICT (kind, id) DO UPDATE SET customer = excluded.customer, time = excluded.time, body = excluded.body
             WHERE excluded.time > records.time OR (excluded.time = records.time AND excluded.body > records.body)",
        )?;
        self.note_identifiers(winners.iter().flat_map(|w| identifiers::of_record(w.1.0)))?;
        for (_, (record, _)) in &winners {
            self.state_mut().record(record);
        }
        let bodies = winners.iter().map(|w| (w.0.1, w.1.1.as_str()));
        let detail = json!({"records": winners.len(), "sha256": digest(bodies)}).to_string();
        self.audit(now, actor, "records.ingested", "records", &detail);
        Ok(winners.len() as u64)
    }

    /// Stores what became known of an event's movement; the same again changes nothing.
    pub(crate) fn complete(
        &mut self,
        id: &str,
        completion: &Completion,
        actor: &str,
        now: i64,
    ) -> Result<(), ScreeningError> {
        let rows = self.db.query("SELECT seq, body FROM events WHERE id = $1", &[id.into()])?;
        let row = rows.first().ok_or_else(|| ScreeningError::NotFound(format!("event '{id}'")))?;
        let (seq, event): (i64, Event) = (row.int(0)?, parse("event", row.text(1)?)?);
        completion.validate(&event)?;
        let stored = self.db.query("SELECT COUNT(*) FROM event_completions WHERE seq = $1", &[seq.into()])?;
        let body = text(completion);
        let row = [seq.into(), event.customer.as_str().into(), completion.time.into(), body.as_str().into()];
        if stored.first().map_or(Ok(0), |r| r.int(0))? as usize >= completion::MAX_COMPLETIONS {
            let known = "SELECT seq FROM event_completions WHERE seq = $1 AND time = $2 AND body = $3";
            let same = [seq.into(), completion.time.into(), body.as_str().into()];
            return match self.db.query(known, &same)?.is_empty() {
                true => Err(ScreeningError::State(format!(
                    "event '{id}' was completed {} times; more are not stored",
                    completion::MAX_COMPLETIONS
                ))),
                false => Ok(()),
            };
        }
        let added = self.db.execute(
            "INSERT INTO event_completions (seq, customer, time, body) VALUES ($1, $2, $3, $4)
             ON CONFLICT (seq, time, body) DO NOTHING",
            &row,
        )?;
        if added > 0 {
            self.note_named(identifiers::completed_by(&event, seq as u64, completion).into_iter().collect())?;
            self.audit(now, actor, "event.completed", &format!("event:{id}"), &body);
        }
        Ok(())
    }

    fn note_identifiers(&mut self, found: impl Iterator<Item = Identifier>) -> Result<(), DbError> {
        let mut found: Vec<Identifier> = found.collect();
        found.sort();
        found.dedup();
        let rows: Vec<Vec<Value>> = found.into_iter().map(Identifier::row).collect();
        self.db.insert(
            "identifiers",
            &identifiers::COLUMNS,
            &rows,
            "ON CONFLICT (kind, value, customer, source) DO NOTHING",
        )
    }

    fn note_named(&mut self, named: Vec<Named>) -> Result<(), DbError> {
        let rows: Vec<Vec<Value>> = named.into_iter().map(Named::row).collect();
        let tail = "ON CONFLICT (kind, value, seq, role) DO NOTHING";
        self.db.insert("event_identifiers", &identifiers::NAMED_COLUMNS, &rows, tail)
    }

    /// Fills the identifiers of a database that is older than they are, or whose identifiers were made differently.
    fn fill_identifiers(&mut self, now: i64) -> Result<(), DbError> {
        let version = self.db.query("SELECT COALESCE(MAX(version), 0) FROM identifier_fills", &[])?;
        let filled = version.first().map_or(Ok(0), |r| r.int(0))? >= identifiers::FILL;
        if filled && !self.db.query("SELECT kind FROM identifiers LIMIT 1", &[])?.is_empty() {
            return Ok(());
        }
        self.db.begin()?;
        self.fold_identifiers()?;
        let mut after = Default::default();
        loop {
            let records = next_records(&mut self.db, &mut after)?;
            if records.is_empty() {
                break;
            }
            self.note_identifiers(records.iter().flat_map(identifiers::of_record))?;
        }
        let mut after = 0i64;
        loop {
            let rows = self
                .db
                .query("SELECT seq, body FROM events WHERE seq > $1 ORDER BY seq LIMIT 5000", &[after.into()])?;
            let (Some(first), Some(last)) = (rows.first(), rows.last()) else { break };
            let first = first.int(0)?;
            after = last.int(0)?;
            let completions = completion::between(&mut self.db, first as u64, after as u64)?;
            let (mut found, mut named) = (Vec::new(), Vec::new());
            for row in &rows {
                let (seq, event): (u64, Event) = (row.int(0)? as u64, parse("event", row.text(1)?)?);
                found.extend(identifiers::of_event(&event));
                named.extend(identifiers::named_by(&event, seq));
                named.extend(completions.get(&seq).and_then(|c| identifiers::completed_by(&event, seq, c)));
            }
            self.note_identifiers(found.into_iter())?;
            self.note_named(named)?;
        }
        self.db.execute(
            "INSERT INTO identifier_fills (version, filled) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING",
            &[identifiers::FILL.into(), now.into()],
        )?;
        self.db.commit()
    }

    /// Makes what was stated earlier anew: former names and numbers are in no record any more.
    fn fold_identifiers(&mut self) -> Result<(), DbError> {
        for kind in ["deposit_address", "destination", "document", "email", "instrument", "name", "phone"] {
            let mut after = [String::new(), String::new(), String::new()];
            loop {
                let [value, customer, source] = after.each_ref().map(|t| Value::from(t.as_str()));
                let rows = self.db.query(
                    "SELECT value, customer, source FROM identifiers WHERE kind = $1 AND (value, customer, source) > ($2, $3, $4)
                     ORDER BY value, customer, source LIMIT 5000",
                    &[kind.into(), value, customer, source],
                )?;
                let Some(last) = rows.last() else { break };
                after = [last.text(0)?.to_owned(), last.text(1)?.to_owned(), last.text(2)?.to_owned()];
                let mut found = Vec::new();
                for row in &rows {
                    found.extend(identifiers::again(kind, row.text(0)?, row.text(1)?, row.text(2)?));
                }
                self.note_identifiers(found.into_iter())?;
            }
        }
        Ok(())
    }

    /// Fills the keys of deposits in a database that is older than they are.
    fn fill_event_keys(&mut self) -> Result<(), DbError> {
        const FILLED: &str = "event_keys";
        if settings::get(&mut self.db, FILLED)?.is_some() {
            return Ok(());
        }
        self.db.begin()?;
        let mut after = 0i64;
        loop {
            let sql = "SELECT seq, body, facts FROM events WHERE kind = 'deposit' AND seq > $1 ORDER BY seq LIMIT 5000";
            let rows = self.db.query(sql, &[after.into()])?;
            let Some(last) = rows.last() else { break };
            after = last.int(0)?;
            let mut keys = Vec::new();
            for row in &rows {
                let (event, facts) = (parse("event", row.text(1)?)?, parse("facts", row.text(2)?)?);
                keys.extend(flags::key_rows(&event, &facts, row.int(0)? as u64));
            }
            self.db.insert("event_keys", &flags::KEY_COLUMNS, &keys, "ON CONFLICT (key, seq) DO NOTHING")?;
        }
        settings::set(&mut self.db, FILLED, "filled")?;
        self.db.commit()
    }

    /// Decides events in order. Duplicates get the decision that they got before.
    pub(crate) fn decide_events(
        &mut self,
        batch: &[(Event, ChainFacts)],
        actor: &str,
        now: i64,
    ) -> Result<Vec<Result<Decision, ScreeningError>>, ScreeningError> {
        let mut known = self.known_events(batch)?;
        let (mut found, mut named, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        let first = self.next.event;
        let mut answers = Vec::with_capacity(batch.len());
        let (mut rows, mut screened, mut hits, mut digests) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut writes = HoldWrites::default();
        let latest = self.latest_time(now);
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
            let seq = self.next.event;
            self.next.event += 1;
            let ground = Ground {
                state: &self.state,
                book: &self.book,
                holds: &self.holds,
                prices: &self.prices,
                flags: &self.flags,
            };
            let (mut decision, plans) = decide(ground, event, facts, seq, now);
            for plan in plans {
                self.place_planned(plan, event, now, &mut decision, &mut writes)?;
            }
            if let (Some(warning), Some(hold)) = (&decision.warning, decision.holds.last()) {
                writes.warnings.push(warnings::row(event, warning, *hold, decision.value, now));
            }
            if decision.decision > Verdict::Allow {
                decision.alert = Some(self.raise(&decision, &event.customer, now, &mut writes));
            }
            for (reason, state) in
                decision.reasons.iter().map(|r| (r, "live")).chain(decision.shadow.iter().map(|r| (r, "shadow")))
            {
                hits.push(vec![
                    (seq as i64).into(),
                    reason.rule.as_str().into(),
                    (reason.version as i64).into(),
                    state.into(),
                ]);
            }
            let result = text(&decision);
            let findings = facts.findings();
            if !findings.is_empty() {
                screened.push(vec![(seq as i64).into(), findings.join("\n").into()]);
            }
            rows.push(vec![
                (seq as i64).into(),
                event.id.as_str().into(),
                event.time.into(),
                now.into(),
                event.kind.name().into(),
                event.customer.as_str().into(),
                event.transfer().into(),
                decision.decision.name().into(),
                body.as_str().into(),
                text(facts).into(),
                result.as_str().into(),
            ]);
            self.state_mut().apply(event, facts, decision.value.unwrap_or(0), seq);
            found.extend(identifiers::of_event(event));
            named.extend(identifiers::named_by(event, seq));
            keys.extend(flags::key_rows(event, facts, seq));
            digests.push((body.clone(), result.clone()));
            known.insert(event.id.clone(), (body, result));
            answers.push(Ok(decision));
        }
        if rows.is_empty() {
            return Ok(answers);
        }
        self.note_identifiers(found.into_iter())?;
        self.note_named(named)?;
        self.db.insert("events", &EVENT_COLUMNS, &rows, "")?;
        self.db.insert("event_keys", &flags::KEY_COLUMNS, &keys, "ON CONFLICT (key, seq) DO NOTHING")?;
        self.db.insert("screened", &["seq", "findings"], &screened, "")?;
        hits.dedup_by(|a, b| a[0] == b[0] && a[1] == b[1]);
        self.db.insert(
            "rule_hits",
            &["seq", "rule", "version", "state"],
            &hits,
            "ON CONFLICT (seq, rule) DO NOTHING",
        )?;
        self.write_holds(&writes)?;
        let sha256 = digest(digests.iter().map(|(b, r)| (b.as_str(), r.as_str())));
        let detail = json!({"first": first, "last": self.next.event - 1, "sha256": sha256}).to_string();
        self.audit(now, actor, "events.decided", "events", &detail);
        Ok(answers)
    }

    /// Events of a batch that are stored already: body and result by id.
    fn known_events(&mut self, batch: &[(Event, ChainFacts)]) -> Result<HashMap<String, (String, String)>, DbError> {
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

    fn place_planned(
        &mut self,
        plan: HoldPlan,
        event: &Event,
        now: i64,
        decision: &mut Decision,
        writes: &mut HoldWrites,
    ) -> Result<(), ScreeningError> {
        if plan.flags.is_empty()
            && let Some(id) = self.flag_hold_on(&plan)
        {
            self.take_over(id, plan, now)?;
            decision.holds.push(id);
            return Ok(());
        }
        if plan.transfer.is_some() {
            for key in event.hold_keys() {
                let rows = self.db.query(
                    "SELECT id FROM holds WHERE dedupe = $1 AND customer = $2",
                    &[key.as_str().into(), plan.customer.as_str().into()],
                )?;
                if let Some(row) = rows.first() {
                    // It was held before and a person let it go: it is not held twice.
                    decision.holds.push(row.int(0)? as u64);
                    return Ok(());
                }
            }
        }
        let id = self.place(plan, Some(decision.seq), "engine", now, writes);
        decision.holds.push(id);
        Ok(())
    }

    fn place(&mut self, plan: HoldPlan, event: Option<u64>, actor: &str, now: i64, writes: &mut HoldWrites) -> u64 {
        let id = self.next.hold;
        self.next.hold += 1;
        let held = plan.amount.unwrap_or_default();
        let hold = Hold {
            id,
            scope: plan.scope,
            customer: plan.customer,
            account: plan.account,
            asset: plan.asset,
            amount: plan.amount,
            held,
            transfer: plan.transfer,
            event,
            state: "active".into(),
            basis: plan.basis,
            reason: plan.reason,
            placed_by: actor.to_owned(),
            placed: now,
            expires: plan.expires,
            review: plan.review,
            second_person: plan.second_person,
            asked_by: None,
            asked_amount: None,
            asked_reason: None,
            ended: None,
            ended_by: None,
            ended_reason: None,
        };
        let row = hold_row(&hold, Some(plan.dedupe));
        writes.holds.push(row);
        writes.flag_holds.extend(plan.flags.iter().map(|f| vec![(id as i64).into(), f.as_str().into()]));
        if let Some(asset) = hold.asset.as_ref().filter(|_| held.0 > 0) {
            self.post(&hold.customer, id, 1, asset, held.0 as i128, writes);
        }
        self.audit(now, actor, "hold.placed", &format!("hold:{id}"), &text(&hold));
        self.remember_hold(&hold);
        id
    }

    /// Two lines that move an amount between what the customer can use and what is held.
    fn post(&mut self, customer: &str, hold: u64, change: i64, asset: &str, amount: i128, writes: &mut HoldWrites) {
        for (account, amount) in [(format!("available:{customer}"), -amount), (format!("held:{customer}"), amount)] {
            writes.postings.push(vec![
                (self.next.posting as i64).into(),
                (hold as i64).into(),
                change.into(),
                account.into(),
                asset.into(),
                amount.to_string().into(),
            ]);
            self.next.posting += 1;
        }
    }

    fn write_holds(&mut self, writes: &HoldWrites) -> Result<(), DbError> {
        self.db.insert("holds", &holds::COLUMNS, &writes.holds, "")?;
        self.db.insert("flag_holds", &["hold", "flag"], &writes.flag_holds, "")?;
        self.db.insert("warnings", &warnings::COLUMNS, &writes.warnings, "")?;
        let columns = ["id", "hold", "change", "ledger_account", "asset", "amount"];
        self.db.insert("postings", &columns, &writes.postings, "")?;
        self.db.insert("alerts", &alerts::COLUMNS, &writes.alerts, "")
    }

    fn raise(&mut self, decision: &Decision, customer: &str, now: i64, writes: &mut HoldWrites) -> u64 {
        let rules: Vec<&str> = decision.reasons.iter().map(|r| r.rule.as_str()).collect();
        let reason = decision.reasons.first().map_or(String::new(), |r| r.title.clone());
        self.alert_row(decision.seq, customer, "decision", decision.decision.name(), &reason, &rules, now, writes)
    }

    #[allow(clippy::too_many_arguments)]
    fn alert_row(
        &mut self,
        event: u64,
        customer: &str,
        kind: &str,
        decision: &str,
        reason: &str,
        rules: &[&str],
        now: i64,
        writes: &mut HoldWrites,
    ) -> u64 {
        let id = self.next.alert;
        self.next.alert += 1;
        writes.alerts.push(vec![
            (id as i64).into(),
            (event as i64).into(),
            customer.into(),
            kind.into(),
            decision.into(),
            "open".into(),
            Value::Null,
            Value::Null,
            reason.into(),
            rules.join(" ").into(),
            now.into(),
            now.into(),
        ]);
        id
    }

    /// Raises an alert about the clock; gives its number. It is about no event and no customer.
    pub(crate) fn raise_clock_alert(&mut self, reason: &str, detail: &str, now: i64) -> Result<u64, ScreeningError> {
        let mut writes = HoldWrites::default();
        let id = self.alert_row(0, "", "clock", "review", reason, &["engine.clock"], now, &mut writes);
        self.write_holds(&writes)?;
        self.audit(now, "engine", "alert.clock", &format!("alert:{id}"), detail);
        Ok(id)
    }

    /// The hold that stands for flags only on a plan's movement.
    fn flag_hold_on(&self, plan: &HoldPlan) -> Option<u64> {
        let transfer = plan.transfer.as_deref()?;
        let held = self.holds.get(&plan.customer)?;
        held.iter().find(|h| h.flagged && h.transfer.as_deref() == Some(transfer)).map(|h| h.id)
    }

    /// A hold for flags becomes a rule's: it no longer ends with them.
    fn take_over(&mut self, id: u64, plan: HoldPlan, now: i64) -> Result<(), ScreeningError> {
        let number: Value = (id as i64).into();
        self.db.execute("DELETE FROM flag_holds WHERE hold = $1", std::slice::from_ref(&number))?;
        let row = [plan.basis.as_str().into(), plan.reason.as_str().into(), plan.expires.into(), number];
        self.db.execute("UPDATE holds SET basis = $1, reason = $2, expires = $3 WHERE id = $4", &row)?;
        let detail = json!({"basis": plan.basis, "reason": plan.reason, "expires": plan.expires}).to_string();
        self.audit(now, "engine", "hold.taken_over", &format!("hold:{id}"), &detail);
        if let Some(active) = self.holds_mut().get_mut(&plan.customer).and_then(|l| l.iter_mut().find(|h| h.id == id)) {
            active.flagged = false;
            active.expires = plan.expires;
        }
        Ok(())
    }

    /// Takes a flag in; every decision from now on knows it. Gives whether it was new. The same flag again changes nothing.
    pub(crate) fn raise_flag(&mut self, flag: Flag, actor: &str, now: i64) -> Result<bool, ScreeningError> {
        if let Some(known) = flags::get(&mut self.db, &flag.id)? {
            let same = (known.subject, &known.asset, &known.value, &known.member)
                == (flag.subject, &flag.asset, &flag.value, &flag.member);
            return if same { Ok(false) } else { Err(ScreeningError::Conflict(format!("flag {}", flag.id))) };
        }
        if flag.state.counts() && self.flags.of_member(&flag.member) >= MAX_FLAGS_OF_MEMBER {
            let text =
                format!("{MAX_FLAGS_OF_MEMBER} flags of {} are in force; it must withdraw some first", flag.member);
            return Err(ScreeningError::State(text));
        }
        if flag.state.counts() && self.flags.len() >= MAX_FLAGS {
            return Err(ScreeningError::State(format!("{MAX_FLAGS} flags are in force; withdraw some")));
        }
        let row = [
            flag.id.as_str().into(),
            flag.member.as_str().into(),
            flag.community.as_str().into(),
            flag.subject.name().into(),
            flag.asset.as_str().into(),
            flag.value.as_str().into(),
            flag.reason.as_str().into(),
            flag.raised.into(),
            flag.until.into(),
            flag.state.name().into(),
            flag.source.into(),
            flag.tlp.as_str().into(),
        ];
        self.db.execute(
            "INSERT INTO flags (id, member, community, subject, asset, value, reason, raised, until, state, source, tlp)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            &row,
        )?;
        self.audit(now, actor, "flag.raised", &format!("flag:{}", flag.id), &text(&flag));
        self.flags_mut().put(flag);
        Ok(true)
    }

    /// Holds past deposits that a flag touches and that are not held yet; gives the holds.
    pub(crate) fn hold_flagged(&mut self, id: &str, seqs: &[i64], now: i64) -> Result<Vec<u64>, ScreeningError> {
        let Some(flag) = flags::get(&mut self.db, id)?.filter(|f| f.state.counts()) else { return Ok(Vec::new()) };
        let (mut writes, mut placed) = (HoldWrites::default(), Vec::new());
        for seq in seqs {
            let rows = self.db.query("SELECT body, facts FROM events WHERE seq = $1", &[(*seq).into()])?;
            let Some(row) = rows.first() else { continue };
            let (event, facts): (Event, ChainFacts) = (parse("event", row.text(0)?)?, parse("facts", row.text(1)?)?);
            let touches = self.flags.of(&event, &facts, &self.book.file.policy);
            let Some(touch) = touches.iter().find(|t| t.flag.id == flag.id) else { continue };
            let way = touch.way.as_ref().map(|way| format!("; {way}")).unwrap_or_default();
            let Some(transfer) = event.transfer() else { continue };
            let held = self
                .holds
                .get(&event.customer)
                .and_then(|l| l.iter().find(|h| h.transfer.as_deref() == Some(&transfer)));
            match held.map(|h| (h.flagged, h.id)) {
                // Held for another flag: it ends with the last of them.
                Some((true, hold)) => {
                    let row = [(hold as i64).into(), flag.id.as_str().into()];
                    let sql = "INSERT INTO flag_holds (hold, flag) VALUES ($1, $2) ON CONFLICT (hold, flag) DO NOTHING";
                    self.db.execute(sql, &row)?;
                    self.last_as_flags(hold)?;
                    continue;
                }
                Some((false, _)) => continue,
                None => {}
            }
            let policy = &self.book.file.policy;
            let title = "a partner says that these funds, which came earlier, are stolen";
            let plan = HoldPlan {
                dedupe: format!("flag:{}:{transfer}:{}", flag.id, event.id),
                scope: Scope::Deposit,
                customer: event.customer.clone(),
                account: event.account.clone(),
                asset: event.asset.clone(),
                amount: event.amount,
                transfer: Some(transfer),
                basis: FLAG_BASIS.to_owned(),
                reason: format!("{title}: {}: {} (flag {}){way}", flag.member, flag.reason, flag.id),
                expires: Some(flag.until).filter(|_| flag.state == flags::State::Open),
                review: Some(now + policy.review_hours as i64 * 3600),
                second_person: policy.second_person,
                flags: vec![flag.id.clone()],
            };
            if !self.db.query("SELECT id FROM holds WHERE dedupe = $1", &[plan.dedupe.as_str().into()])?.is_empty() {
                continue;
            }
            placed.push(self.place(plan, Some(*seq as u64), "engine", now, &mut writes));
            let alert =
                self.alert_row(*seq as u64, &event.customer, "flag", "hold", title, &[FLAGGED], now, &mut writes);
            let detail = json!({"event": seq, "reason": title, "flag": flag.id}).to_string();
            self.audit(now, "engine", "alert.late", &format!("alert:{alert}"), &detail);
        }
        self.write_holds(&writes)?;
        Ok(placed)
    }

    /// Lets a hold for flags last as long as the last of them: for ever when one is confirmed.
    fn last_as_flags(&mut self, hold: u64) -> Result<(), ScreeningError> {
        let number: Value = (hold as i64).into();
        let rows = self.db.query(
            "SELECT MAX(CASE WHEN f.state = 'confirmed' THEN 1 ELSE 0 END), MAX(f.until) FROM flag_holds h JOIN flags f ON f.id = h.flag
             WHERE h.hold = $1 AND f.state IN ('open', 'confirmed')",
            std::slice::from_ref(&number),
        )?;
        let Some(row) = rows.first() else { return Ok(()) };
        let expires = if row.int_or_null(0) == Some(1) { None } else { row.int_or_null(1) };
        self.db.execute("UPDATE holds SET expires = $1 WHERE id = $2", &[expires.into(), number])?;
        if let Some(active) = self.holds_mut().values_mut().flatten().find(|h| h.id == hold) {
            active.expires = expires;
        }
        Ok(())
    }

    /// Confirms, withdraws or lapses a flag. When it no longer counts, what it did is undone: holds that stand for no other flag end, open
    /// alerts that rest on flags alone close. Gives whether anything changed.
    pub(crate) fn end_flag(
        &mut self,
        id: &str,
        state: flags::State,
        why: &str,
        actor: &str,
        now: i64,
    ) -> Result<bool, ScreeningError> {
        let flag = flags::get(&mut self.db, id)?.ok_or_else(|| ScreeningError::NotFound(format!("flag '{id}'")))?;
        if flag.state == state {
            return Ok(false);
        }
        if !flag.state.counts() || (flag.state == flags::State::Confirmed && state == flags::State::Lapsed) {
            return Err(ScreeningError::State(format!("flag {id} is {} already", flag.state.name())));
        }
        self.db.execute("UPDATE flags SET state = $1 WHERE id = $2", &[state.name().into(), id.into()])?;
        let detail = json!({"why": why, "member": flag.member}).to_string();
        self.audit(now, actor, &format!("flag.{}", state.name()), &format!("flag:{id}"), &detail);
        let counts = state.counts();
        self.flags_mut().put(Flag { state, ..flag });
        let rows = self.db.query("SELECT hold FROM flag_holds WHERE flag = $1 ORDER BY hold", &[id.into()])?;
        for row in &rows {
            let number = row.int(0)?;
            let others = self.db.query(
                "SELECT f.id FROM flag_holds h JOIN flags f ON f.id = h.flag WHERE h.hold = $1 AND f.state IN ('open', 'confirmed') LIMIT 1",
                &[number.into()],
            )?;
            if counts || !others.is_empty() {
                self.last_as_flags(number as u64)?;
                continue;
            }
            let hold = self.hold(number as u64)?;
            if hold.state == "active" {
                let reason = format!("flag {id} {}: {why}", state.name());
                self.end(&hold, None, "released", &reason, actor, now)?;
            }
            let Some(event) = hold.event else { continue };
            let alerts = self.db.query(
                "SELECT id FROM alerts WHERE event = $1 AND state = 'open' AND rules = $2",
                &[(event as i64).into(), FLAGGED.into()],
            )?;
            for alert in &alerts {
                let text = format!("flag {id} {}: {why}", state.name());
                let close = AlertAction::Close { outcome: alerts::Outcome::FalsePositive, text };
                self.act(alert.int(0)? as u64, &close, actor, now)?;
            }
        }
        Ok(true)
    }

    /// A hold placed by a person. Sent again, it gives the hold that it made.
    pub(crate) fn request_hold(&mut self, request: HoldRequest, actor: &str, now: i64) -> Result<u64, ScreeningError> {
        request.validate(now)?;
        let request = HoldRequest { asset: request.asset.map(|a| asset::canonical(&a)), ..request };
        let dedupe = match (&request.scope, &request.transfer) {
            (Scope::Deposit, Some(transfer)) => {
                let account = request.account.as_deref().unwrap_or_default();
                format!("transfer:{transfer}:{}:{account}", request.customer)
            }
            _ => format!("request:{}", request.id),
        };
        let sql = "SELECT id, customer, scope, COALESCE(asset, ''), COALESCE(account, '') FROM holds WHERE dedupe = $1";
        if let Some(row) = self.db.query(sql, &[dedupe.as_str().into()])?.first() {
            // One id for two owners, or for two things of one owner, is two requests: the second must not look as if it were carried out.
            let same = row.text(1)? == request.customer
                && row.text(2)? == request.scope.name()
                && Asset::same(row.text(3)?, request.asset.as_deref().unwrap_or_default())
                && row.text(4)? == request.account.as_deref().unwrap_or_default();
            return if same { Ok(row.int(0)? as u64) } else { Err(ScreeningError::Conflict(request.id)) };
        }
        let policy = &self.book.file.policy;
        let plan = HoldPlan {
            dedupe,
            scope: request.scope,
            customer: request.customer,
            account: request.account,
            asset: request.asset,
            amount: request.amount,
            transfer: request.transfer.filter(|_| request.scope == Scope::Deposit),
            basis: request.basis,
            reason: request.reason,
            expires: request.expires,
            review: request.review.or(Some(now + policy.review_hours as i64 * 3600)),
            second_person: request.second_person.unwrap_or(policy.second_person),
            flags: Vec::new(),
        };
        let mut writes = HoldWrites::default();
        let id = self.place(plan, None, actor, now, &mut writes);
        self.write_holds(&writes)?;
        Ok(id)
    }

    fn hold(&mut self, id: u64) -> Result<Hold, ScreeningError> {
        holds::get(&mut self.db, id)?.ok_or_else(|| ScreeningError::NotFound(format!("hold {id}")))
    }

    /// Releases a hold or a part of it. Where a second person is needed, the first call asks and another person's confirms.
    pub(crate) fn release(
        &mut self,
        id: u64,
        amount: Option<Amount>,
        reason: &str,
        actor: &str,
        now: i64,
    ) -> Result<Hold, ScreeningError> {
        let hold = self.hold(id)?;
        if hold.state != "active" {
            return Err(ScreeningError::State(format!("hold {id} is {} already", hold.state)));
        }
        if reason.trim().is_empty() || reason.len() > 1024 {
            return Err(Invalid::new("reason", "must be 1 to 1024 bytes").into());
        }
        if let Some(amount) = amount {
            if hold.amount.is_none() {
                return Err(Invalid::new("amount", format!("hold {id} covers no amount; release it whole")).into());
            }
            if amount.0 == 0 || amount > hold.held {
                return Err(Invalid::new("amount", format!("hold {id} still holds {}", hold.held)).into());
            }
        }
        if hold.second_person {
            match &hold.asked_by {
                None => {
                    self.db.execute(
                        "UPDATE holds SET asked_by = $1, asked = $2, asked_amount = $3, asked_reason = $4 WHERE id = $5",
                        &[
                            actor.into(),
                            now.into(),
                            amount.map(|a| a.to_string()).into(),
                            reason.into(),
                            (id as i64).into(),
                        ],
                    )?;
                    let detail = json!({"amount": amount, "reason": reason}).to_string();
                    self.audit(now, actor, "hold.release_asked", &format!("hold:{id}"), &detail);
                    return self.hold(id);
                }
                Some(asked_by) if same_person(asked_by, actor) => {
                    return Err(ScreeningError::SecondPerson(id, asked_by.clone()));
                }
                Some(_) if amount.is_some() && amount != hold.asked_amount => {
                    let asked = hold.asked_amount.map_or("all".to_owned(), |a| a.to_string());
                    return Err(Invalid::new("amount", format!("the release of {asked} was asked for")).into());
                }
                Some(_) => {}
            }
        }
        let amount = if hold.second_person { hold.asked_amount } else { amount };
        self.end(&hold, amount, "released", reason, actor, now)?;
        self.hold(id)
    }

    pub(crate) fn end(
        &mut self,
        hold: &Hold,
        amount: Option<Amount>,
        state: &str,
        reason: &str,
        actor: &str,
        now: i64,
    ) -> Result<(), ScreeningError> {
        let freed = amount.unwrap_or(hold.held);
        let rest = Amount(hold.held.0.saturating_sub(freed.0));
        let over = rest.0 == 0;
        let id = hold.id;
        let mut writes = HoldWrites::default();
        if let Some(asset) = hold.asset.as_ref().filter(|_| freed.0 > 0) {
            let rows = self
                .db
                .query("SELECT COALESCE(MAX(change), 0) FROM postings WHERE hold = $1", &[(id as i64).into()])?;
            let change = rows.first().map_or(Ok(0), |r| r.int(0))? + 1;
            self.post(&hold.customer, id, change, asset, -(freed.0 as i128), &mut writes);
        }
        self.write_holds(&writes)?;
        if over {
            self.db.execute(
                "UPDATE holds SET held = '0', state = $1, ended = $2, ended_by = $3, ended_reason = $4 WHERE id = $5",
                &[state.into(), now.into(), actor.into(), reason.into(), (id as i64).into()],
            )?;
        } else {
            self.db.execute(
                "UPDATE holds SET held = $1, asked_by = NULL, asked = NULL, asked_amount = NULL, asked_reason = NULL WHERE id = $2",
                &[rest.to_string().into(), (id as i64).into()],
            )?;
        }
        if over {
            warnings::hold_ended(&mut self.db, id, now)?;
        }
        let action = if over { format!("hold.{state}") } else { "hold.reduced".to_owned() };
        let detail = json!({"freed": freed, "held": rest, "reason": reason, "asked_by": hold.asked_by}).to_string();
        self.audit(now, actor, &action, &format!("hold:{id}"), &detail);
        if let Some(active) = self.holds_mut().get_mut(&hold.customer) {
            if over {
                active.retain(|h| h.id != id);
            } else if let Some(h) = active.iter_mut().find(|h| h.id == id) {
                h.held = rest;
            }
            if active.is_empty() {
                self.holds.remove(&hold.customer);
            }
        }
        Ok(())
    }

    /// Lets an active hold with an end last so many seconds longer.
    pub(crate) fn extend(&mut self, id: u64, seconds: i64, actor: &str, now: i64) -> Result<(), ScreeningError> {
        let hold = self.hold(id)?;
        let (Some(expires), "active") = (hold.expires, hold.state.as_str()) else {
            return Err(ScreeningError::State(format!("hold {id} is {} or has no end", hold.state)));
        };
        let until = expires + seconds;
        self.db.execute("UPDATE holds SET expires = $1 WHERE id = $2", &[until.into(), (id as i64).into()])?;
        if let Some(active) = self.holds_mut().get_mut(&hold.customer).and_then(|l| l.iter_mut().find(|h| h.id == id)) {
            active.expires = Some(until);
        }
        let detail = json!({"from": expires, "until": until}).to_string();
        self.audit(now, actor, "hold.extended", &format!("hold:{id}"), &detail);
        Ok(())
    }

    /// Gives an active hold an end.
    pub(crate) fn let_lapse(&mut self, hold: &Hold, until: i64, actor: &str, now: i64) -> Result<(), ScreeningError> {
        self.db.execute("UPDATE holds SET expires = $1 WHERE id = $2", &[until.into(), (hold.id as i64).into()])?;
        if let Some(active) =
            self.holds_mut().get_mut(&hold.customer).and_then(|l| l.iter_mut().find(|h| h.id == hold.id))
        {
            active.expires = Some(until);
        }
        let detail = json!({ "until": until }).to_string();
        self.audit(now, actor, "hold.will_lapse", &format!("hold:{}", hold.id), &detail);
        Ok(())
    }

    /// Whether a hold's time is over.
    pub(crate) fn has_expired(&self, now: i64) -> bool {
        self.time_is_sound && self.is_over(now)
    }

    fn is_over(&self, now: i64) -> bool {
        self.flags.any_over(now) || self.holds.values().flatten().any(|h| h.expires.is_some_and(|e| e <= now))
    }

    /// Ends the holds whose time is over; none while the clock is doubted.
    pub(crate) fn expire(&mut self, now: i64) -> Result<(), ScreeningError> {
        if !self.time_is_sound {
            return Ok(());
        }
        for id in self.flags.over(now) {
            self.end_flag(&id, flags::State::Lapsed, "nobody confirmed it in time", "engine", now)?;
        }
        let over: Vec<u64> =
            self.holds.values().flatten().filter(|h| h.expires.is_some_and(|e| e <= now)).map(|h| h.id).collect();
        for id in over {
            let hold = self.hold(id)?;
            self.end(&hold, None, "expired", "its time is over", "engine", now)?;
        }
        Ok(())
    }

    /// Puts a rule book in force; gives its version.
    pub(crate) fn apply_rules(&mut self, yaml: &str, actor: &str, now: i64) -> Result<u32, ScreeningError> {
        let rows = self.db.query("SELECT COALESCE(MAX(version), 0) FROM rule_books", &[])?;
        let version = rows.first().map_or(Ok(0), |r| r.int(0))? as u32 + 1;
        let book = RuleBook::parse(yaml, version)?;
        if let (Some(old), true) = (Some(&self.book), version > 1) {
            for rule in book.rules() {
                if let Some(before) = old.rules().iter().find(|r| r.id == rule.id)
                    && before.version == rule.version
                    && (&before.when, before.decision, &before.on, &before.hold, &before.warning)
                        != (&rule.when, rule.decision, &rule.on, &rule.hold, &rule.warning)
                {
                    let text = format!("changed, but still version {}; raise its version", rule.version);
                    return Err(RuleError::Rule(rule.id.clone(), text).into());
                }
            }
        }
        self.db.execute(
            "INSERT INTO rule_books (version, time, author, sha256, yaml) VALUES ($1, $2, $3, $4, $5)",
            &[(version as i64).into(), now.into(), actor.into(), book.sha256.as_str().into(), yaml.into()],
        )?;
        let detail = json!({"version": version, "sha256": book.sha256, "rules": book.rules().len()}).to_string();
        self.audit(now, actor, "rules.applied", &format!("rules:{version}"), &detail);
        self.mark.lists = true;
        self.book = Arc::new(book);
        Ok(version)
    }

    /// Refuses a name that a key in force has already, however it is written.
    pub(crate) fn name_is_free(&mut self, name: &str) -> Result<(), ScreeningError> {
        let twin = keys::list(&mut self.db)?.into_iter().find(|k| k.revoked.is_none() && same_person(&k.name, name));
        match twin {
            Some(twin) => {
                let text = format!(
                    "key {} in force has the name '{}'; revoke it first, or use another name",
                    twin.id, twin.name
                );
                Err(Invalid::new("name", text).into())
            }
            None => Ok(()),
        }
    }

    /// Stores a new key.
    pub(crate) fn add_key(&mut self, key: &ApiKey, now: i64) -> Result<(), ScreeningError> {
        self.name_is_free(&key.name)?;
        self.db.execute(
            "INSERT INTO api_keys (id, name, scopes, per_minute, created, created_by) VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                key.id.as_str().into(),
                key.name.as_str().into(),
                key.scopes.join(" ").into(),
                (key.per_minute as i64).into(),
                now.into(),
                key.created_by.as_str().into(),
            ],
        )?;
        let detail = json!({"name": key.name, "scopes": key.scopes, "per_minute": key.per_minute}).to_string();
        self.audit(now, &key.created_by, "key.created", &format!("key:{}", key.id), &detail);
        Ok(())
    }

    /// Revokes a key.
    pub(crate) fn revoke_key(&mut self, id: &str, actor: &str, now: i64) -> Result<(), ScreeningError> {
        let all = keys::list(&mut self.db)?;
        let administrates = |k: &&ApiKey| k.revoked.is_none() && k.may("manage");
        let last = all.iter().filter(administrates).all(|k| k.id == id);
        if last && all.iter().any(|k| k.id == id && administrates(&k)) {
            let text = format!("key '{id}' is the last administrator's; make another administrator's key first");
            return Err(ScreeningError::State(text));
        }
        self.void_key(id, actor, now)
    }

    /// Revokes a key, the last administrator's too: for a desk whose own key is lost, where no key is good any more.
    pub(crate) fn void_key(&mut self, id: &str, actor: &str, now: i64) -> Result<(), ScreeningError> {
        let sql = "UPDATE api_keys SET revoked = $1 WHERE id = $2 AND revoked IS NULL";
        if self.db.execute(sql, &[now.into(), id.into()])? == 0 {
            return Err(ScreeningError::NotFound(format!("key '{id}' in force")));
        }
        self.audit(now, actor, "key.revoked", &format!("key:{id}"), "{}");
        Ok(())
    }

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

    /// Sets the price of an asset.
    pub(crate) fn set_price(&mut self, asset: &str, price: Price, actor: &str, now: i64) -> Result<(), ScreeningError> {
        if price.base_units == 0
            || price.value == 0
            || price.value > i64::MAX as u64
            || asset.is_empty()
            || asset.len() > 200
        {
            return Err(Invalid::new("price", "asset, base_units and value must not be empty or zero").into());
        }
        let asset = asset::canonical(asset);
        self.db.execute(
            "INSERT INTO prices (asset, base_units, value, time) VALUES ($1, $2, $3, $4)
             ON CONFLICT (asset) DO UPDATE SET base_units = excluded.base_units, value = excluded.value, time = excluded.time",
            &[asset.as_str().into(), price.base_units.to_string().into(), (price.value as i64).into(), now.into()],
        )?;
        let detail = json!({"base_units": price.base_units.to_string(), "value": price.value}).to_string();
        self.audit(now, actor, "price.set", &format!("price:{asset}"), &detail);
        self.mark.lists = true;
        self.prices.insert(asset.clone(), price);
        Ok(())
    }

    /// Does something with an alert.
    pub(crate) fn act(&mut self, id: u64, action: &AlertAction, actor: &str, now: i64) -> Result<(), ScreeningError> {
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
            &[state.into(), assignee.into(), outcome.into(), now.into(), (id as i64).into()],
        )?;
        self.db.execute(
            "INSERT INTO alert_notes (id, alert, time, author, action, text) VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                (self.next.note as i64).into(),
                (id as i64).into(),
                now.into(),
                actor.into(),
                name.into(),
                words.as_str().into(),
            ],
        )?;
        self.next.note += 1;
        let detail = json!({"text": words}).to_string();
        self.audit(now, actor, &format!("alert.{name}"), &format!("alert:{id}"), &detail);
        Ok(())
    }

    /// A past transfer was screened again. Raises a late alert for what is new, and lets go a hold that was placed only because the chain
    /// could not be asked. Gives the alert.
    pub(crate) fn screened_again(
        &mut self,
        seq: u64,
        facts: &ChainFacts,
        why: &str,
        now: i64,
    ) -> Result<Option<u64>, ScreeningError> {
        let number: Value = (seq as i64).into();
        let rows = self.db.query("SELECT findings FROM screened WHERE seq = $1", std::slice::from_ref(&number))?;
        let old: Vec<String> = match rows.first() {
            Some(row) => row.text(0)?.lines().map(str::to_owned).collect(),
            None => Vec::new(),
        };
        let findings = facts.findings();
        let new: Vec<&String> = findings.iter().filter(|f| !old.contains(f)).collect();
        let rows =
            self.db.query("SELECT customer, result FROM events WHERE seq = $1", std::slice::from_ref(&number))?;
        let row = rows.first().ok_or_else(|| ScreeningError::NotFound(format!("event {seq}")))?;
        let customer = row.text(0)?.to_owned();
        let decision: Decision = parse("decision", row.text(1)?)?;
        let mut alert = None;
        if !new.is_empty() {
            let tags: Vec<String> =
                facts.tags.iter().map(|t| format!("{} ({}, pack {})", t.label, t.category, t.pack)).collect();
            let new: Vec<&str> = new.iter().map(|n| n.as_str()).collect();
            let tags = if tags.is_empty() { String::new() } else { format!("; tags: {}", tags.join(", ")) };
            let reason = format!("{why}: {}{tags}", new.join("; "));
            let mut writes = HoldWrites::default();
            let id = self.alert_row(seq, &customer, "late", "review", &reason, &["engine.late"], now, &mut writes);
            self.write_holds(&writes)?;
            self.audit(
                now,
                "engine",
                "alert.late",
                &format!("alert:{id}"),
                &json!({"event": seq, "reason": reason}).to_string(),
            );
            alert = Some(id);
        } else if facts.unavailable.is_none()
            && decision
                .reasons
                .iter()
                .filter(|r| r.decision >= Verdict::Hold)
                .all(|r| r.rule == crate::decision::UNAVAILABLE)
        {
            for id in decision.holds {
                let hold = self.hold(id)?;
                if hold.state == "active" && hold.placed_by == "engine" && hold.event == Some(seq) {
                    let reason = "the chain can be asked now and nothing speaks against the transfer";
                    self.end(&hold, None, "released", reason, "engine", now)?;
                }
            }
        }
        if old != findings {
            self.db.execute(
                "INSERT INTO screened (seq, findings) VALUES ($1, $2)
                 ON CONFLICT (seq) DO UPDATE SET findings = excluded.findings",
                &[number, findings.join("\n").into()],
            )?;
        }
        Ok(alert)
    }
}

/// Rows that wait to be written.
#[derive(Debug, Default)]
struct HoldWrites {
    holds: Vec<Vec<Value>>,
    postings: Vec<Vec<Value>>,
    alerts: Vec<Vec<Value>>,
    flag_holds: Vec<Vec<Value>>,
    warnings: Vec<Vec<Value>>,
}

fn hold_row(h: &Hold, dedupe: Option<String>) -> Vec<Value> {
    vec![
        (h.id as i64).into(),
        dedupe.into(),
        h.scope.name().into(),
        h.customer.as_str().into(),
        h.account.clone().into(),
        h.asset.clone().into(),
        h.amount.map(|a| a.to_string()).into(),
        h.held.to_string().into(),
        h.transfer.clone().into(),
        h.event.map(|e| e as i64).into(),
        h.state.as_str().into(),
        h.basis.as_str().into(),
        h.reason.as_str().into(),
        h.placed_by.as_str().into(),
        h.placed.into(),
        h.expires.into(),
        h.review.into(),
        i64::from(h.second_person).into(),
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
    ]
}
