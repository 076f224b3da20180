//! The writer's side: everything that changes the database, in one transaction at a time.

use crate::clock::{self, Guard, Noted, Reading, Time};
use crate::holds::stored;
use crate::migrations::{RELEASED, SCHEMAS};
use crate::service::ScreeningError;
use holdfast_audit::{COLUMNS as AUDIT, Chain};
use holdfast_decision::inputs::{AssetPrice, ENGINE, EngineChange, Input, NextIds, Rebuilt, Rules, Start};
use holdfast_decision::rules::RuleBook;
use holdfast_decision::{ActiveHold, Fold, Price};
use holdfast_event_log::LogReader;
use holdfast_event_log::ahead::{Ahead, Record};
use holdfast_event_log::behind::{Behind, Lag};
use holdfast_event_log::checkpoints::Checkpoints;
use holdfast_event_log::durable::{Durable, Then};
use holdfast_event_log::log::{self, Log, Progress};
use holdfast_event_log::rebuild::next_record_texts;
use holdfast_event_log::writes::Write;
use holdfast_store::{Database, DbError, Effect, NotSettled, Row, StoreError, Value};
use holdfast_types::{Invalid, Seconds, Timestamp, asset};
use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use std::time::Duration;

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
mod state;
mod unwritten;

use holds::HoldWrites;
use unwritten::Unwritten;

pub(crate) use memory::{Reply, Submitted};
pub(crate) use state::unreadable_state;

/// The writer's memory: what decisions rest on, and the changes of the current transaction.
///
/// A change that decisions rest on is made in three steps: [`Core::append`] adds its input to the log, the [`Fold`] takes it and yields what follows, and
/// that is stored by the numbers that the fold gave it. All three are one transaction.
pub(crate) struct Core {
    pub(crate) db: Database,
    pub(crate) fold: Fold,
    log: Log,
    /// What was decided and waits to be written.
    results: Vec<Write>,
    unwritten: Unwritten,
    durable: Durable,
    pub(crate) lag: Arc<Lag>,
    /// Set when the fold's state was built anew and the log does not have it yet.
    rebuilt: Option<Rebuilt>,
    /// Customers' state on disk, where the desk has it there.
    checkpoints: Option<Checkpoints>,
    /// Whether the clock can be relied on.
    pub(crate) time_is_sound: bool,
    chain: Chain,
    /// Hash of the last entry of the audit log that is durable, or handed in to become so.
    durable_head: String,
    audit_rows: Vec<Vec<Value>>,
    next_note: u64,
    /// Where the current change began.
    mark: savepoint::Mark,
    /// What happens once the transaction is durable.
    effects: Vec<Effect>,
    pub(crate) guard: Arc<Guard>,
    /// The time of the current transaction.
    reading: Reading,
    noted: Noted,
    /// The rule book in force, for readers; follows the commit.
    pub(crate) published: Arc<RwLock<Arc<RuleBook>>>,
}

/// How long a change waits until the results of decisions are in the tables: as many as may wait take a few seconds.
const MAX_SETTLE: Duration = Duration::from_secs(30);

/// Starts the threads that make decisions durable and write their results.
fn durable(db: &Database, ahead: Ahead, lag: &Arc<Lag>) -> Result<Durable, ScreeningError> {
    let mut of_results = db.of_writer("")?;
    // A record is removed from the log of what was decided by a transaction that is durable, and so later than its results.
    of_results.commit_later()?;
    let behind = Behind::start(of_results, lag.clone());
    let started = behind.and_then(|behind| Durable::start(ahead, behind));
    Ok(started.map_err(|e| StoreError::Io(PathBuf::from("thread"), e))?)
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("db", &self.db).field("next", &self.fold.next).finish_non_exhaustive()
    }
}

fn text<T: serde::Serialize>(value: &T) -> String {
    // Serializing our own plain types into memory does not fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// Refuses a time ahead of the clock: it would end every window of time, and no later record would replace a record of the future.
fn time_within(field: &str, time: Timestamp, latest: Timestamp) -> Result<(), Invalid> {
    if time <= latest {
        return Ok(());
    }
    let shown = (time.rfc3339(), latest.rfc3339());
    Err(Invalid::new(
        field,
        format!("{} is in the future; the latest time taken now is {} (policy.max_ahead_minutes)", shown.0, shown.1),
    ))
}

/// Reads base units and value.
pub(crate) fn price_of(row: &Row) -> Result<Price, DbError> {
    Ok(Price { base_units: stored("price", row.text(0)?)?, value: row.number(1)? })
}

impl Core {
    /// Opens the database as its writer.
    pub(crate) fn open(mut db: Database, time: Time, disk: Option<Checkpoints>) -> Result<Self, ScreeningError> {
        db.acquire_writer_lock()?;
        Self::open_locked(db, time, disk, None)
    }

    /// Migrates the database, whose writer's lock this connection has, and reads it into memory; what a reader of the log has in memory is not built anew.
    pub(crate) fn open_locked(
        mut db: Database,
        time: Time,
        disk: Option<Checkpoints>,
        warm: Option<LogReader>,
    ) -> Result<Self, ScreeningError> {
        let mut ahead = Ahead::open(&db)?;
        if !ahead.is_empty() {
            // Of a process that did not end well, in the tables as its version has them.
            db.claim_epoch()?;
            ahead = Ahead::open(&db)?;
            let events = ahead.settle(&mut db)?;
            tracing::info!(events, "results of decisions that were answered before the last stop are written");
        }
        db.migrate(RELEASED, &SCHEMAS)?;
        db.claim_epoch()?;
        let lag = Arc::new(Lag::default());
        let durable = durable(&db, Ahead::open(&db)?, &lag)?;
        let now = (time.wall)();
        let guard = Arc::new(Guard::new(time, clock::last_seen(&mut db)?));
        let chain = Chain::open(&mut db)?;
        let book = Self::latest_book(&mut db)?;
        let standard = Arc::new(RuleBook::standard());
        let mut core = Core {
            db,
            fold: Fold::new(standard.clone()),
            log: Log::default(),
            results: Vec::new(),
            unwritten: Unwritten::default(),
            durable,
            lag,
            rebuilt: None,
            checkpoints: disk,
            time_is_sound: true,
            durable_head: chain.head.clone(),
            chain,
            audit_rows: Vec::new(),
            next_note: 1,
            mark: savepoint::Mark::default(),
            effects: Vec::new(),
            reading: guard.read(),
            guard,
            noted: Noted::default(),
            published: Arc::new(RwLock::new(standard)),
        };
        match book {
            Some(book) => core.fold.book = Arc::new(book),
            None => {
                core.db.begin()?;
                core.put_rules(holdfast_decision::rules::DEFAULT_BOOK, "engine", now)?;
                core.flush_audit()?;
                core.db.commit()?;
            }
        }
        core.fill_identifiers(now)?;
        core.fill_event_keys()?;
        core.fill_people(now)?;
        core.start_log(now)?;
        core.reload_tables()?;
        core.open_state(warm)?;
        core.published = Arc::new(RwLock::new(core.fold.book.clone()));
        Ok(core)
    }

    fn latest_book(db: &mut Database) -> Result<Option<RuleBook>, ScreeningError> {
        let rows = db.query("SELECT version, yaml FROM rule_books ORDER BY version DESC LIMIT 1", &[])?;
        let Some(row) = rows.first() else { return Ok(None) };
        let version = row.number(0)?;
        Ok(Some(RuleBook::stored(row.text(1)?, version)?))
    }

    /// Reads everything from the database again, when a commit failed; what was answered and is not in the tables is written first.
    pub(crate) fn reload(&mut self) -> Result<(), ScreeningError> {
        // The threads end before anything else writes what they have.
        self.durable = Durable::idle();
        let mut ahead = Ahead::open(&self.db)?;
        ahead.settle(&mut self.db)?;
        self.durable = durable(&self.db, ahead, &self.lag)?;
        self.reload_tables()?;
        self.reload_state()
    }

    /// Reads all but what is known of customers again.
    fn reload_tables(&mut self) -> Result<(), ScreeningError> {
        self.audit_rows.clear();
        self.effects.clear();
        self.results.clear();
        self.unwritten = Unwritten::default();
        self.chain = Chain::open(&mut self.db)?;
        self.durable_head = self.chain.head.clone();
        if let Some(progress) = Log::progress(&mut self.db)? {
            self.log.reset(progress.position);
            self.lag.reset(progress.position);
            (self.fold.next, self.fold.watermark) = (progress.next, progress.watermark);
        }
        self.reload_lists()
    }

    /// Reads again what a change rewrote in the tables; an undone change reads once more.
    pub(crate) fn read_again(&mut self) -> Result<(), ScreeningError> {
        // What was rewritten stood in records, too, which the tables have by now.
        self.durable.change(Ahead::wipe)?;
        let _ = self.fold_mut();
        self.forget_state()?;
        self.reload_lists()?;
        self.reload_state()
    }

    /// Reads the rule book, holds, prices, flags and models again.
    fn reload_lists(&mut self) -> Result<(), ScreeningError> {
        self.fold.holds.clear();
        self.fold.prices.clear();
        if let Some(book) = Self::latest_book(&mut self.db)? {
            self.fold.book = Arc::new(book);
        }
        self.next_note = self.last_number("alert_notes", "id")? + 1;
        let mut filter = crate::holds::HoldFilter { state: Some("active".into()), limit: 1000, ..Default::default() };
        loop {
            let page = crate::holds::list(&mut self.db, &filter)?;
            let Some(last) = page.last() else { break };
            filter.after = last.id;
            for hold in &page {
                self.fold.holds.entry(hold.customer.clone()).or_default().push(hold.active());
            }
        }
        for row in self.db.query("SELECT base_units, value, asset FROM prices", &[])? {
            self.fold.price(&AssetPrice { asset: asset::canonical(row.text(2)?), price: price_of(&row)? });
        }
        self.fold.flags = crate::flags::in_force(&mut self.db)?;
        self.fold.models = holdfast_learned::in_force(&mut self.db, &self.fold.models)?;
        Ok(())
    }

    fn last_number(&mut self, table: &str, column: &str) -> Result<u64, DbError> {
        let rows = self.db.query(&format!("SELECT COALESCE(MAX({column}), 0) FROM {table}"), &[])?;
        rows.first().map_or(Ok(0), |r| r.number(0))
    }

    /// How far an event or record may be ahead of the clock.
    fn ahead(&self) -> Seconds {
        Seconds::MINUTE * self.fold.book.file.policy.max_ahead_minutes.into()
    }

    /// Begins the log where it has not begun: in a new store, and in one that a version without a log wrote to, whatever is in force there. A log that
    /// another engine wrote goes on with what its decisions left in force.
    fn start_log(&mut self, now: Timestamp) -> Result<(), ScreeningError> {
        let tables = NextIds {
            event: self.last_number("events", "seq")? + 1,
            hold: self.last_number("holds", "id")? + 1,
            posting: self.last_number("postings", "id")? + 1,
            alert: self.last_number("alerts", "id")? + 1,
        };
        let progress = Log::progress(&mut self.db)?;
        if let Some(progress) = progress {
            let known = progress.next;
            // Rows that are missing do not free their numbers.
            if known.event >= tables.event
                && known.hold >= tables.hold
                && known.posting >= tables.posting
                && known.alert >= tables.alert
            {
                return self.continue_log(progress, now);
            }
            self.log.reset(progress.position);
        }
        self.reload_lists()?;
        let latest = "SELECT COALESCE(MAX(time), 0) FROM events WHERE time <= decided + $1";
        let latest = self.db.query(latest, &[self.ahead().into()])?;
        self.fold.watermark = latest.first().map_or(Ok(Timestamp::EPOCH), |r| r.time(0))?;
        self.fold.next = tables;
        let yaml = self.db.query("SELECT yaml FROM rule_books ORDER BY version DESC LIMIT 1", &[])?;
        let yaml = yaml.first().map_or(Ok(""), |r| r.text(0))?.to_owned();
        self.db.begin()?;
        self.append_start(yaml, now);
        let mut after = Default::default();
        loop {
            let texts = next_record_texts(&mut self.db, &mut after)?;
            if texts.is_empty() {
                break;
            }
            for part in texts.chunks(log::MAX_RECORDS) {
                self.log.append("records", log::records_body(part.iter().map(String::as_str)), now);
            }
            self.log.flush(&mut self.db, &self.fold)?;
        }
        self.log.flush(&mut self.db, &self.fold)?;
        Ok(self.db.commit()?)
    }

    /// Goes on with a log; where another engine made its last decisions, with an input that states it.
    fn continue_log(&mut self, progress: Progress, now: Timestamp) -> Result<(), ScreeningError> {
        if Log::engine(&mut self.db)? == ENGINE {
            return Ok(());
        }
        self.log.reset(progress.position);
        self.reload_lists()?;
        (self.fold.next, self.fold.watermark) = (progress.next, progress.watermark);
        let Progress { next, watermark, .. } = progress;
        let change = EngineChange { engine: ENGINE, next, watermark, holds: self.active_holds() };
        self.db.begin()?;
        self.append(&Input::Engine(Box::new(change)), now);
        self.log.flush(&mut self.db, &self.fold)?;
        Ok(self.db.commit()?)
    }

    /// Returns active holds with their customers, by number.
    fn active_holds(&self) -> Vec<(String, ActiveHold)> {
        let mut holds: Vec<(String, ActiveHold)> = Vec::new();
        for (customer, active) in &self.fold.holds {
            holds.extend(active.iter().map(|h| (customer.clone(), h.clone())));
        }
        holds.sort_by_key(|h| h.1.id);
        holds
    }

    fn append_start(&mut self, yaml: String, now: Timestamp) {
        let (fold, holds) = (&self.fold, self.active_holds());
        let prices = fold.prices.iter().map(|(asset, price)| AssetPrice { asset: asset.clone(), price: *price });
        let mut prices: Vec<AssetPrice> = prices.collect();
        prices.sort_by(|a, b| a.asset.cmp(&b.asset));
        let start = Start {
            engine: ENGINE,
            next: fold.next,
            watermark: fold.watermark,
            rules: Rules { version: fold.book.version, yaml },
            holds,
            flags: fold.flags.all(),
            prices,
            models: fold.models.stated(),
        };
        self.append(&Input::Start(Box::new(start)), now);
    }

    /// Appends an input to the log.
    pub(crate) fn append(&mut self, input: &Input, now: Timestamp) {
        let (kind, body) = log::written(input);
        self.append_body(kind, body, now);
    }

    /// Appends an input whose body is at hand.
    pub(crate) fn append_body(&mut self, kind: &str, body: String, now: Timestamp) {
        if let Some(rebuilt) = self.rebuilt.take() {
            let (kind, body) = log::written(&Input::Rebuilt(rebuilt));
            self.log.append(kind, body, now);
        }
        self.log.append(kind, body, now);
    }

    /// Hands in what was decided to become durable, with the inputs and the entries of the audit log that belong to it; `then` is called in any case.
    ///
    /// # Errors
    /// Why it does not; memory must be read again.
    pub(crate) fn acknowledge(&mut self, then: Then) -> Result<(), String> {
        if self.results.is_empty() {
            // Answers that repeat a decision wait for it all the same.
            return self.durable.hand(None, then);
        }
        if let Err(e) = self.check_state() {
            then(Err(e.to_string()));
            return Err(e.to_string());
        }
        let record = self.take_record();
        self.durable.hand(Some(record), then)
    }

    /// Removes and returns what was decided.
    fn take_record(&mut self) -> Record {
        let mut writes = std::mem::take(&mut self.results);
        let events = writes.iter().map(|write| match write {
            Write::Insert { table, rows, .. } if table == "events" => rows.len() as u64,
            _ => 0,
        });
        let events = events.sum();
        let first = self.log.position() + 1 - self.log.pending() as u64;
        writes.extend(self.log.take(&self.fold));
        writes.push(Write::insert("audit", &AUDIT, std::mem::take(&mut self.audit_rows), ""));
        let after = std::mem::replace(&mut self.durable_head, self.chain.head.clone());
        Record { first, last: self.log.position(), events, after, writes }
    }

    /// Returns why memory does not equal what is durable any more, once that is so.
    pub(crate) fn lost(&mut self) -> Option<String> {
        let why = self.durable.failure().or_else(|| self.lag.ended())?;
        self.note_fence();
        Some(why)
    }

    /// Waits until the tables have everything that was decided.
    ///
    /// # Errors
    /// [`NotSettled`].
    pub(crate) fn settle(&mut self) -> Result<(), NotSettled> {
        let settled = match self.durable.flush() {
            Ok(()) => self.lag.caught_up(MAX_SETTLE),
            Err(why) => Err(NotSettled::Lost(why)),
        };
        self.unwritten.written(self.lag.written());
        if let Err(NotSettled::Lost(_)) = settled {
            self.note_fence();
        }
        settled
    }

    /// Notices that another process is the writer now.
    fn note_fence(&mut self) {
        if self.db.begin_fenced().is_ok() {
            self.db.rollback();
        }
    }

    /// Returns the latest time that an event or record may have.
    fn latest_time(&self, now: Timestamp) -> Timestamp {
        now + self.ahead()
    }

    pub(crate) fn audit(&mut self, now: Timestamp, actor: &str, action: &str, subject: &str, detail: &str) {
        let row = self.chain.row(now, actor, action, subject, detail);
        self.audit_rows.push(row);
    }

    /// Returns the number of the log's last entry, those of the current transaction included.
    pub(crate) fn last_entry(&self) -> u64 {
        self.chain.seq
    }

    /// Stores the inputs of this transaction; before every commit.
    pub(crate) fn flush_log(&mut self) -> Result<(), DbError> {
        self.log.flush(&mut self.db, &self.fold)
    }

    /// Stores the audit rows of this transaction; before every commit.
    pub(crate) fn flush_audit(&mut self) -> Result<(), DbError> {
        Chain::store(&mut self.db, &self.audit_rows)?;
        self.audit_rows.clear();
        self.durable_head.clone_from(&self.chain.head);
        Ok(())
    }
}
