//! A reader of the log: it folds inputs into a memory of its own and compares what comes out with what is stored.

use crate::log::{self, Stored};
use crate::read_ahead::ReadAhead;
use crate::rebuild::apply_window;
use holdfast_decision::fold::{Decided, Fold, NewHold, PastHolds, Undecided};
use holdfast_decision::inputs::{ENGINE, EngineChange, Events, Input, ModelInForce, Rebuilt, Start};
use holdfast_decision::rules::{RuleBook, RuleError};
use holdfast_decision::state::State;
use holdfast_decision::{Event, Models, Record};
use holdfast_store::{Database, DbError, number, parse};
use holdfast_types::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Most problems that are listed.
pub const MAX_PROBLEMS: usize = 100;

/// Decisions of an engine of another version, which this program does not make again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OtherEngine {
    /// The version of the engine; 0 where none was stored with the decisions.
    pub engine: u32,
    /// Its decisions.
    pub decisions: u64,
    /// The first of them, by number.
    pub first: u64,
    /// The last of them, by number; decisions of other engines may lie between.
    pub last: u64,
}

/// What a replay of the log of inputs found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Replay {
    /// The version of the engine of this program, whose decisions are compared.
    pub engine: u32,
    /// Inputs folded.
    pub inputs: u64,
    /// Decisions that were made again and compared.
    pub decisions: u64,
    /// Compared decisions that are not stored or not equal to the stored ones.
    #[serde(skip)]
    pub different: u64,
    /// Decisions that no replay can verify: a version without a log of inputs made them.
    pub uncovered: u64,
    /// The last of those, by number; 0 when the log covers every decision.
    pub uncovered_up_to: u64,
    /// Decisions that are not compared because engines of other versions made them, by version.
    pub other_engines: Vec<OtherEngine>,
    /// Active holds compared at the end; none when something changed meanwhile.
    pub holds: u64,
    /// What differs, at most 100; empty when all is equal.
    pub problems: Vec<String>,
    /// The first position of the log whose results differ.
    pub first_difference: Option<u64>,
    /// SHA-256 of all decisions that were made again, in hex: of the JSON of each in order, each with a line feed. Wherever the same log is replayed to its
    /// end, it is the same.
    pub sha256: String,
    /// Whether a stop was requested before the end.
    pub stopped: bool,
}

impl Replay {
    /// Adds what differs.
    pub fn problem(&mut self, text: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(text);
        }
    }

    fn problem_at(&mut self, position: u64, text: String) {
        self.first_difference.get_or_insert(position);
        self.problem(format!("position {position}: {text}"));
    }
}

/// Holds that the log placed: customer and number by key.
type Placed = HashMap<String, (String, u64)>;

/// Past holds: those that the log placed, and of a store older than its log those in the table.
struct Past<'a> {
    db: &'a mut Database,
    placed: &'a mut Placed,
    /// The number of the first hold that the log places.
    before: u64,
}

fn note_hold(placed: &mut Placed, hold: &NewHold) {
    placed.insert(hold.plan.dedupe.clone(), (hold.plan.customer.clone(), hold.id));
}

impl PastHolds for Past<'_> {
    type Error = DbError;

    fn hold_on(&mut self, customer: &str, keys: &[String]) -> Result<Option<u64>, DbError> {
        for key in keys {
            if let Some((_, id)) = self.placed.get(key).filter(|(owner, _)| owner == customer) {
                return Ok(Some(*id));
            }
            if self.before > 1 {
                let sql = "SELECT id FROM holds WHERE dedupe = $1 AND customer = $2 AND id < $3";
                let wanted = [key.as_str().into(), customer.into(), number(self.before)];
                if let Some(row) = self.db.query(sql, &wanted)?.first() {
                    return Ok(Some(row.number(0)?));
                }
            }
        }
        Ok(None)
    }

    fn placed(&mut self, hold: &NewHold) {
        note_hold(self.placed, hold);
    }
}

/// A reader of the log from its beginning.
#[derive(Debug)]
pub struct LogReader {
    fold: Fold,
    /// The last position that was folded.
    position: u64,
    /// The latest of each record: its time and text.
    records: BTreeMap<(&'static str, String), (Timestamp, String)>,
    placed: Placed,
    /// The number of the first hold that the log places.
    before: u64,
    /// Whether the engine of this program decides at this place of the log. Otherwise inputs are only noted, until the log states what is in force.
    is_covered: bool,
    /// Whether what is known of customers is whole: not between a beginning and the input that it was built anew.
    is_whole: bool,
    /// Whether an input was folded in part, because something failed.
    is_torn: bool,
    digest: Sha256,
    ahead: ReadAhead,
    report: Replay,
}

fn text<T: Serialize>(value: &T) -> String {
    // Serializing our own plain types into memory does not fail.
    serde_json::to_string(value).unwrap_or_default()
}

fn unreadable(e: RuleError) -> DbError {
    DbError::Stored { what: "rule book".into(), cause: e.to_string() }
}

impl LogReader {
    /// Starts before the log's first input. `models` says whether rows of features are kept.
    #[must_use]
    pub fn new(models: Models) -> Self {
        LogReader {
            fold: Fold { models, ..Fold::new(Arc::new(RuleBook::standard())) },
            position: 0,
            records: BTreeMap::new(),
            placed: Placed::new(),
            before: 1,
            is_covered: true,
            is_whole: false,
            is_torn: false,
            digest: Sha256::new(),
            ahead: ReadAhead::default(),
            report: Replay { engine: ENGINE, ..Replay::default() },
        }
    }

    /// Returns what was found so far.
    #[must_use]
    pub fn report(&self) -> &Replay {
        &self.report
    }

    /// Ends reading; returns what was found.
    #[must_use]
    pub fn into_report(self) -> Replay {
        Replay { sha256: hex::encode(self.digest.finalize()), ..self.report }
    }

    /// Returns what was found so far, to add to it.
    pub fn report_mut(&mut self) -> &mut Replay {
        &mut self.report
    }

    /// Returns what decisions rest on at this place of the log.
    #[must_use]
    pub fn fold(&self) -> &Fold {
        &self.fold
    }

    /// Returns the last position that was folded; 0 before the first.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Whether the engine of this program decides at this place of the log, so that [`LogReader::fold`] is what its writer has.
    #[must_use]
    pub fn is_covered(&self) -> bool {
        self.is_covered
    }

    /// Whether a failure left an input folded in part: only a new reader can go on.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.is_torn
    }

    /// Folds what is stored up to now and returns what is known of customers then, which is what the writer of the log has in memory.
    ///
    /// # Errors
    /// The first reason why it is not: the log and what is stored differ, or another engine decided last. Errors of the database are such reasons.
    pub fn into_state(mut self, db: &mut Database) -> Result<State, String> {
        let progress = log::Log::progress(db).map_err(|e| e.to_string())?.ok_or("the log has not begun")?;
        while self.step(db, progress.position, &mut |_, _| ()).map_err(|e| e.to_string())? {}
        match self.report.problems.first() {
            Some(problem) => Err(problem.clone()),
            None if !self.is_covered || !self.is_whole => {
                Err("another program decided last, or nothing was decided since the start".to_owned())
            }
            None if self.is_torn || self.position != progress.position || self.fold.next != progress.next => {
                Err(format!(
                    "the log was read up to position {}, its results go on to {}",
                    self.position, progress.position
                ))
            }
            None => Ok(self.fold.state),
        }
    }

    /// Folds the next inputs up to a position whose results are stored, some at once; returns whether there are more. `each` gets every event with its
    /// decision. A log that has a gap is a problem of the report, and no more is read.
    ///
    /// # Errors
    /// [`DbError`] when the database fails, or an input cannot be read by this version; see [`LogReader::is_torn`].
    pub fn step(
        &mut self,
        db: &mut Database,
        end: u64,
        each: &mut dyn FnMut(&Event, &Decided),
    ) -> Result<bool, DbError> {
        if self.position >= end {
            return Ok(false);
        }
        let page = log::page(db, self.position)?;
        let events = |stored: &Stored| match &stored.input {
            Input::Events(events) => events.events.len() as u64,
            _ => 0,
        };
        self.ahead = ReadAhead::of(page.iter().map(events).sum());
        if page.is_empty() {
            let at = self.position;
            self.report.problem(format!("the log ends at position {at}; its results go on to {end}"));
            return Ok(false);
        }
        for stored in page.into_iter().take_while(|s| s.position <= end) {
            let next = self.position + 1;
            if stored.position != next || (next == 1 && !matches!(stored.input, Input::Start(_))) {
                self.report.first_difference.get_or_insert(next);
                self.report.problem(format!("the log has no input at position {next}"));
                return Ok(false);
            }
            (self.position, self.is_torn) = (next, true);
            self.take(db, stored, each)?;
            self.is_torn = false;
        }
        Ok(self.position < end)
    }

    fn take(
        &mut self,
        db: &mut Database,
        stored: Stored,
        each: &mut dyn FnMut(&Event, &Decided),
    ) -> Result<(), DbError> {
        self.report.inputs += 1;
        match stored.input {
            Input::Start(start) => self.start(db, &start)?,
            Input::Engine(change) => self.change_engine(*change, stored.position),
            Input::Events(events) => self.events(db, &events, (stored.position, stored.time), each)?,
            Input::Records(records) => {
                for record in &records.records {
                    self.note(record);
                    self.fold.record(record);
                }
            }
            Input::Rules(rules) => {
                self.fold.book = Arc::new(RuleBook::stored(&rules.yaml, rules.version).map_err(unreadable)?)
            }
            Input::Models(stated) => self.put_models(db, stated.models)?,
            Input::Price(price) => self.fold.price(&price),
            Input::Flag(flag) => self.fold.flag(*flag),
            // What another engine's decisions left is not known here.
            _ if !self.is_covered => {}
            Input::Rebuilt(rebuilt) => self.rebuild(db, rebuilt)?,
            Input::HoldPlaced(placed) => {
                let hold = self.fold.place(placed.plan);
                note_hold(&mut self.placed, &hold);
            }
            Input::HoldChanged(change) => {
                self.fold.change_hold(&change);
            }
            Input::Alert(_) => {
                self.fold.alert();
            }
        }
        Ok(())
    }

    /// The log begins, possibly again, after a version without it wrote to the store.
    fn start(&mut self, db: &mut Database, start: &Start) -> Result<(), DbError> {
        let gap = start.next.event.saturating_sub(self.fold.next.event);
        if gap > 0 {
            self.report.uncovered += gap;
            self.report.uncovered_up_to = start.next.event - 1;
        }
        let (models, workers) = (std::mem::take(&mut self.fold.models), self.fold.workers.take());
        self.fold = Fold { models, workers, ..Fold::starting(start).map_err(unreadable)? };
        self.put_models(db, start.models.clone())?;
        self.records.clear();
        self.placed.clear();
        self.before = start.next.hold;
        self.is_whole = false;
        self.is_covered = start.engine == ENGINE;
        Ok(())
    }

    fn put_models(&mut self, db: &mut Database, stated: Vec<ModelInForce>) -> Result<(), DbError> {
        self.fold.models = holdfast_learned::load(db, stated, &self.fold.models)?;
        Ok(())
    }

    /// Another engine decides from here on, with what is in force; what is known of customers is built anew next.
    fn change_engine(&mut self, change: EngineChange, position: u64) {
        let EngineChange { engine, next, watermark, holds } = change;
        if next.event != self.fold.next.event {
            let known = self.fold.next.event;
            self.report.problem_at(position, format!("the next event is {}, the log gives {known}", next.event));
        }
        (self.fold.next, self.fold.watermark) = (next, watermark);
        self.fold.holds.clear();
        for (customer, hold) in holds {
            self.fold.holds.entry(customer).or_default().push(hold);
        }
        self.placed.clear();
        self.before = next.hold;
        self.is_whole = false;
        self.is_covered = engine == ENGINE;
    }

    /// Passes over decisions of another engine.
    fn pass_over(&mut self, events: &Events) {
        (self.is_covered, self.is_whole) = (false, false);
        let (first, decisions) = (self.fold.next.event, events.events.len() as u64);
        self.fold.next.event += decisions;
        let last = first + decisions.saturating_sub(1);
        match self.report.other_engines.iter_mut().find(|o| o.engine == events.engine) {
            Some(other) => (other.decisions, other.last) = (other.decisions + decisions, last),
            None => {
                self.report.other_engines.push(OtherEngine { engine: events.engine, decisions, first, last });
                self.report.other_engines.sort_by_key(|o| o.engine);
            }
        }
    }

    /// Notes a record; of several the latest counts, as in the table.
    fn note(&mut self, record: &Record) {
        let new = (record.time, text(record));
        let known = self.records.entry((record.kind.name(), record.id.clone())).or_insert_with(|| new.clone());
        if *known < new {
            *known = new;
        }
    }

    fn rebuild(&mut self, db: &mut Database, rebuilt: Rebuilt) -> Result<(), DbError> {
        let mut state = State::at(rebuilt.watermark);
        for (_, record) in self.records.values() {
            state.record(&parse::<Record>("record", record)?);
        }
        let below = self.fold.next.event;
        apply_window(db, &mut state, rebuilt, below, &mut |_, _| Ok(()))?;
        self.fold.state = state;
        self.is_whole = true;
        Ok(())
    }

    fn events(
        &mut self,
        db: &mut Database,
        events: &Events,
        (position, now): (u64, Timestamp),
        each: &mut dyn FnMut(&Event, &Decided),
    ) -> Result<(), DbError> {
        if events.engine != ENGINE {
            self.pass_over(events);
            return Ok(());
        }
        if !self.is_covered {
            let text = format!("engine {ENGINE} decides, and the log does not state that it took over");
            self.report.problem_at(position, text);
            self.fold.next.event += events.events.len() as u64;
            return Ok(());
        }
        if (events.watermark, events.rule_book) != (self.fold.watermark, self.fold.book.version) {
            let (watermark, book) = (self.fold.watermark.unix(), self.fold.book.version);
            self.report.problem_at(
                position,
                format!(
                    "its watermark is {} and its rule book {}, those of the log are {watermark} and {book}",
                    events.watermark.unix(),
                    events.rule_book
                ),
            );
        }
        self.fold.begin_events(events.watermark);
        let batch: Vec<Undecided<'_>> =
            events.events.iter().map(holdfast_decision::inputs::EventInput::undecided).collect();
        let mut past = Past { db, placed: &mut self.placed, before: self.before };
        let all = self.fold.events(&batch, now, &mut past)?;
        events.events.iter().zip(&all).for_each(|(input, decided)| each(&input.event, decided));
        self.compare(db, events, &all, position)
    }

    /// Compares decisions with the stored ones.
    fn compare(
        &mut self,
        db: &mut Database,
        events: &Events,
        decided: &[Decided],
        position: u64,
    ) -> Result<(), DbError> {
        let (Some(first), Some(last)) = (decided.first(), decided.last()) else { return Ok(()) };
        self.ahead.reach(db, first.decision.seq, last.decision.seq)?;
        for (input, Decided { decision, .. }) in events.events.iter().zip(decided) {
            let seq = decision.seq;
            self.report.decisions += 1;
            let made = text(decision);
            self.digest.update(&made);
            self.digest.update("\n");
            let Some(row) = self.ahead.take(seq) else {
                self.report.different += 1;
                self.report.problem_at(position, format!("decision {seq} is not stored"));
                continue;
            };
            let stored = [("event", row.text(1)?), ("facts", row.text(2)?), ("decision", row.text(3)?)];
            let again = [text(&input.event), text(&input.facts), made];
            self.report.different += u64::from(stored.iter().zip(&again).any(|((_, stored), again)| stored != again));
            for ((what, stored), again) in stored.into_iter().zip(again).filter(|((_, s), a)| s != a) {
                self.report.problem_at(
                    position,
                    format!(
                        "the {what} of number {seq} ({}) is not the stored one: {}",
                        decision.event,
                        difference(stored, &again)
                    ),
                );
            }
        }
        Ok(())
    }
}

/// Shows where two texts part.
fn difference(stored: &str, again: &str) -> String {
    let same = stored.bytes().zip(again.bytes()).take_while(|(a, b)| a == b).count();
    let part = |text: &str| -> String {
        let at = (0..=same.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        text[at..].chars().take(60).collect()
    };
    format!("stored '{}', again '{}'", part(stored), part(again))
}
