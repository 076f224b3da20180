//! The writer's side: everything that changes the database, in one transaction at a time.

use crate::clock::{self, Guard, Noted, Reading, Time};
use crate::holds::stored;
use crate::migrations::{RELEASED, SCHEMAS};
use crate::service::ScreeningError;
use holdfast_audit::Chain;
use holdfast_decision::ChainFacts;
use holdfast_decision::Flags;
use holdfast_decision::model::{Event, Record};
use holdfast_decision::rules::RuleBook;
use holdfast_decision::state::{MEMORY, State};
use holdfast_decision::{ActiveHolds, Price, Prices};
use holdfast_input::time::rfc3339;
use holdfast_store::Effect;
use holdfast_store::{Database, DbError, Row, Value, parse};
use holdfast_types::Invalid;
use holdfast_types::asset;
use std::sync::{Arc, RwLock};

mod alerts;
mod events;
mod fill;
mod flags;
mod holds;
mod keys;
mod memory;
mod records;
mod rules;
mod savepoint;

use holds::HoldWrites;

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

fn text<T: serde::Serialize>(value: &T) -> String {
    // Serializing our own plain types into memory does not fail.
    serde_json::to_string(value).unwrap_or_default()
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
    Ok(Price { base_units: stored("price", row.text(0)?)?, value: row.number(1)? })
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
        db.migrate(RELEASED, &SCHEMAS)?;
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
                core.apply_rules(holdfast_decision::rules::DEFAULT_BOOK, "engine", now)?;
                core.flush_audit()?;
                core.db.commit()?;
            }
        }
        core.fill_identifiers(now)?;
        core.fill_event_keys()?;
        core.fill_people(now)?;
        core.reload()?;
        core.published = Arc::new(RwLock::new(core.book.clone()));
        Ok(core)
    }

    fn latest_book(db: &mut Database) -> Result<Option<RuleBook>, ScreeningError> {
        let rows = db.query("SELECT version, yaml FROM rule_books ORDER BY version DESC LIMIT 1", &[])?;
        let Some(row) = rows.first() else { return Ok(None) };
        let version = row.number(0)?;
        Ok(Some(RuleBook::stored(row.text(1)?, version)?))
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
            Ok(rows.first().map_or(Ok(0), |r| r.number(0))? + 1)
        };
        self.next = Next {
            event: next("events", "seq")?,
            hold: next("holds", "id")?,
            posting: next("postings", "id")?,
            alert: next("alerts", "id")?,
            note: next("alert_notes", "id")?,
        };
        let mut filter = crate::holds::HoldFilter { state: Some("active".into()), limit: 1000, ..Default::default() };
        loop {
            let page = crate::holds::list(&mut self.db, &filter)?;
            let Some(last) = page.last() else { break };
            filter.after = last.id;
            for hold in page {
                self.remember_hold(&hold);
            }
        }
        for row in self.db.query("SELECT base_units, value, asset FROM prices", &[])? {
            self.prices.insert(asset::canonical(row.text(2)?), price_of(&row)?);
        }
        self.flags = crate::flags::in_force(&mut self.db)?;
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
                self.state.apply(&event, &facts, value, row.number(0)?);
            }
        }
        Ok(())
    }

    /// The latest time that an event or record may have.
    fn latest_time(&self, now: i64) -> i64 {
        now.saturating_add(i64::from(self.book.file.policy.max_ahead_minutes) * 60)
    }

    pub(crate) fn audit(&mut self, now: i64, actor: &str, action: &str, subject: &str, detail: &str) {
        let row = self.chain.row(now, actor, action, subject, detail);
        self.audit_rows.push(row);
    }

    /// Returns the number of the log's last entry, those of the transaction in hand included.
    pub(crate) fn last_entry(&self) -> u64 {
        self.chain.seq
    }

    /// Stores the audit rows of this transaction; before every commit.
    pub(crate) fn flush_audit(&mut self) -> Result<(), DbError> {
        Chain::store(&mut self.db, &self.audit_rows)?;
        self.audit_rows.clear();
        Ok(())
    }
}
