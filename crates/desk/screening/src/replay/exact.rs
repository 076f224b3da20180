//! Folds the log of inputs into an empty memory and compares what comes out with what is stored, byte for byte.

use crate::core::apply_window;
use crate::holds::{self, HoldFilter};
use crate::log::{self, Log, Progress, Stored};
use crate::service::{Screening, ScreeningError};
use holdfast_decision::fold::{Decided, Fold, HoldResult, NewHold, PastHolds};
use holdfast_decision::inputs::{ENGINE, EngineChange, Events, Input, ModelInForce, Rebuilt, Start};
use holdfast_decision::rules::RuleBook;
use holdfast_decision::state::State;
use holdfast_decision::{ActiveHold, Event, Models, Record};
use holdfast_store::{number, parse};
use holdfast_types::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
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
    /// Whether a stop was requested before the end.
    pub stopped: bool,
}

impl Replay {
    fn problem(&mut self, text: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(text);
        }
    }
}

/// Folds the log from its beginning and compares every decision with the stored one. It reads beside the writer, up to where results are stored when it
/// starts. `progress` gets the number of inputs so far, and may end it.
///
/// # Errors
/// [`ScreeningError::Store`] when the database fails, or an input cannot be read by this version.
pub fn replay_log(
    screening: &Screening,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Replay, ScreeningError> {
    replay(screening, Models::default(), progress, &mut |_, _| ())
}

/// Does what [`replay_log`] does and gives every event with its decision and its row of features, as it was known when the event was decided. Decisions of
/// other engines and from before the log are not given; the report counts them.
///
/// # Errors
/// As [`replay_log`].
pub fn replay_rows(
    screening: &Screening,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    each: &mut dyn FnMut(&Event, &Decided),
) -> Result<Replay, ScreeningError> {
    replay(screening, Models::default().keeping_rows(), progress, each)
}

fn replay(
    screening: &Screening,
    models: Models,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    each: &mut dyn FnMut(&Event, &Decided),
) -> Result<Replay, ScreeningError> {
    let report = Replay { engine: ENGINE, ..Replay::default() };
    let Some(end) = screening.read(Log::progress)? else { return Ok(report) };
    let mut replayer = Replayer {
        screening,
        fold: Fold { models, ..Fold::new(Arc::new(RuleBook::standard())) },
        each,
        records: BTreeMap::new(),
        past: Past { screening, placed: HashMap::new(), before: 1 },
        is_covered: true,
        report,
    };
    let mut after = 0;
    while after < end.position {
        let page = screening.read(|db| log::page(db, after))?;
        if page.is_empty() {
            replayer.report.problem(format!("the log ends at position {after}; its results go on to {}", end.position));
            return Ok(replayer.report);
        }
        for stored in page.into_iter().take_while(|s| s.position <= end.position) {
            if stored.position != after + 1 || (after == 0 && !matches!(stored.input, Input::Start(_))) {
                replayer.report.problem(format!("the log has no input at position {}", after + 1));
                return Ok(replayer.report);
            }
            after = stored.position;
            replayer.take(stored)?;
        }
        if progress(after).is_break() {
            replayer.report.stopped = true;
            return Ok(replayer.report);
        }
    }
    replayer.compare_end(end)?;
    Ok(replayer.report)
}

/// Past holds: those that the replay placed, and of a store older than its log those in the table.
struct Past<'a> {
    screening: &'a Screening,
    /// Customer and number by key.
    placed: HashMap<String, (String, u64)>,
    /// The number of the first hold that the log places.
    before: u64,
}

impl Past<'_> {
    fn add(&mut self, hold: &NewHold) {
        self.placed.insert(hold.plan.dedupe.clone(), (hold.plan.customer.clone(), hold.id));
    }
}

impl PastHolds for Past<'_> {
    type Error = ScreeningError;

    fn hold_on(&mut self, customer: &str, keys: &[String]) -> Result<Option<u64>, ScreeningError> {
        for key in keys {
            if let Some((_, id)) = self.placed.get(key).filter(|(owner, _)| owner == customer) {
                return Ok(Some(*id));
            }
            if self.before > 1 {
                let sql = "SELECT id FROM holds WHERE dedupe = $1 AND customer = $2 AND id < $3";
                let wanted = [key.as_str().into(), customer.into(), number(self.before)];
                if let Some(row) = self.screening.read(|db| db.query(sql, &wanted))?.first() {
                    return Ok(Some(row.number(0).map_err(ScreeningError::from)?));
                }
            }
        }
        Ok(None)
    }
}

struct Replayer<'a> {
    screening: &'a Screening,
    fold: Fold,
    each: &'a mut dyn FnMut(&Event, &Decided),
    /// The latest of each record: its time and text.
    records: BTreeMap<(&'static str, String), (Timestamp, String)>,
    past: Past<'a>,
    /// Whether the engine of this program decides at this place of the log. Otherwise inputs are only noted, until the log states what is in force.
    is_covered: bool,
    report: Replay,
}

fn text<T: Serialize>(value: &T) -> String {
    // Serializing our own plain types into memory does not fail.
    serde_json::to_string(value).unwrap_or_default()
}

impl Replayer<'_> {
    fn take(&mut self, stored: Stored) -> Result<(), ScreeningError> {
        self.report.inputs += 1;
        match stored.input {
            Input::Start(start) => self.start(&start)?,
            Input::Engine(change) => self.change_engine(*change, stored.position),
            Input::Events(events) => self.events(&events, stored.position, stored.time)?,
            Input::Records(records) => {
                for record in &records.records {
                    self.note(record);
                    self.fold.record(record);
                }
            }
            Input::Rules(rules) => self.fold.book = Arc::new(RuleBook::stored(&rules.yaml, rules.version)?),
            Input::Models(stated) => self.put_models(stated.models)?,
            Input::Price(price) => self.fold.price(&price),
            Input::Flag(flag) => self.fold.flag(*flag),
            // What another engine's decisions left is not known here.
            _ if !self.is_covered => {}
            Input::Rebuilt(rebuilt) => self.rebuild(rebuilt)?,
            Input::HoldPlaced(placed) => {
                let hold = self.fold.place(placed.plan);
                self.past.add(&hold);
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
    fn start(&mut self, start: &Start) -> Result<(), ScreeningError> {
        let gap = start.next.event.saturating_sub(self.fold.next.event);
        if gap > 0 {
            self.report.uncovered += gap;
            self.report.uncovered_up_to = start.next.event - 1;
        }
        let models = std::mem::take(&mut self.fold.models);
        self.fold = Fold { models, ..Fold::starting(start)? };
        self.put_models(start.models.clone())?;
        self.records.clear();
        self.past.placed.clear();
        self.past.before = start.next.hold;
        self.is_covered = start.engine == ENGINE;
        Ok(())
    }

    fn put_models(&mut self, stated: Vec<ModelInForce>) -> Result<(), ScreeningError> {
        self.fold.models = self.screening.read(|db| holdfast_learned::load(db, stated, &self.fold.models))?;
        Ok(())
    }

    /// Another engine decides from here on, with what is in force; what is known of customers is built anew next.
    fn change_engine(&mut self, change: EngineChange, position: u64) {
        let EngineChange { engine, next, watermark, holds } = change;
        if next.event != self.fold.next.event {
            let known = self.fold.next.event;
            self.report
                .problem(format!("position {position}: the next event is {}, the log gives {known}", next.event));
        }
        (self.fold.next, self.fold.watermark) = (next, watermark);
        self.fold.holds.clear();
        for (customer, hold) in holds {
            self.fold.holds.entry(customer).or_default().push(hold);
        }
        self.past.placed.clear();
        self.past.before = next.hold;
        self.is_covered = engine == ENGINE;
    }

    /// Passes over decisions of another engine.
    fn pass_over(&mut self, events: &Events) {
        self.is_covered = false;
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

    fn rebuild(&mut self, rebuilt: Rebuilt) -> Result<(), ScreeningError> {
        let mut state = State::at(rebuilt.watermark);
        for (_, record) in self.records.values() {
            state.record(&parse::<Record>("record", record)?);
        }
        let below = self.fold.next.event;
        self.screening.read(|db| apply_window(db, &mut state, rebuilt, below))?;
        self.fold.state = state;
        Ok(())
    }

    fn events(&mut self, events: &Events, position: u64, now: Timestamp) -> Result<(), ScreeningError> {
        if events.engine != ENGINE {
            self.pass_over(events);
            return Ok(());
        }
        if !self.is_covered {
            let text =
                format!("position {position}: engine {ENGINE} decides, and the log does not state that it took over");
            self.report.problem(text);
            self.fold.next.event += events.events.len() as u64;
            return Ok(());
        }
        if (events.watermark, events.rule_book) != (self.fold.watermark, self.fold.book.version) {
            let (watermark, book) = (self.fold.watermark.unix(), self.fold.book.version);
            self.report.problem(format!(
                "position {position}: its watermark is {} and its rule book {}, those of the log are {watermark} and {book}",
                events.watermark.unix(),
                events.rule_book
            ));
        }
        self.fold.begin_events(events.watermark);
        let mut all = Vec::with_capacity(events.events.len());
        for input in &events.events {
            let decided = self.fold.event(&input.event, &input.facts, input.price, now, &mut self.past)?;
            for result in &decided.holds {
                if let HoldResult::Placed(hold) = result {
                    self.past.add(hold);
                }
            }
            (self.each)(&input.event, &decided);
            all.push(decided);
        }
        self.compare(events, &all, position)
    }

    /// Compares decisions with the stored ones.
    fn compare(&mut self, events: &Events, decided: &[Decided], position: u64) -> Result<(), ScreeningError> {
        let (Some(first), Some(last)) = (decided.first(), decided.last()) else { return Ok(()) };
        let span = [number(first.decision.seq), number(last.decision.seq)];
        let sql = "SELECT seq, body, facts, result FROM events WHERE seq >= $1 AND seq <= $2 ORDER BY seq";
        let rows = self.screening.read(|db| db.query(sql, &span))?;
        let mut rows = rows.iter().peekable();
        for (input, Decided { decision, .. }) in events.events.iter().zip(decided) {
            let seq = decision.seq;
            self.report.decisions += 1;
            let Some(row) = rows.next_if(|r| r.number::<u64>(0).is_ok_and(|n| n == seq)) else {
                self.report.different += 1;
                self.report.problem(format!("position {position}: decision {seq} is not stored"));
                continue;
            };
            let stored = [("event", row.text(1)?), ("facts", row.text(2)?), ("decision", row.text(3)?)];
            let again = [text(&input.event), text(&input.facts), text(decision)];
            self.report.different += u64::from(stored.iter().zip(&again).any(|((_, stored), again)| stored != again));
            for ((what, stored), again) in stored.into_iter().zip(again).filter(|((_, s), a)| s != a) {
                self.report.problem(format!(
                    "position {position}: the {what} of number {seq} ({}) is not the stored one: {}",
                    decision.event,
                    difference(stored, &again)
                ));
            }
        }
        Ok(())
    }

    /// Compares active holds, when nothing changed since the replay began.
    fn compare_end(&mut self, end: Progress) -> Result<(), ScreeningError> {
        if !self.is_covered {
            return Ok(());
        }
        let stored = self.screening.read(|db| {
            db.snapshot(|db| {
                if Log::progress(db)?.is_none_or(|now| now.position != end.position) {
                    return Ok(None);
                }
                let mut filter = HoldFilter { state: Some("active".into()), limit: 1_000, ..HoldFilter::default() };
                let mut active: BTreeMap<u64, (String, ActiveHold)> = BTreeMap::new();
                loop {
                    let page = holds::list(db, &filter)?;
                    let Some(last) = page.last() else { return Ok(Some(active)) };
                    filter.after = last.id;
                    active.extend(page.into_iter().map(|h| (h.id, (h.customer.clone(), h.active()))));
                }
            })
        })?;
        let Some(mut stored) = stored else { return Ok(()) };
        if self.fold.next != end.next {
            self.report.problem(format!("the next numbers are {:?}, the log gives {:?}", end.next, self.fold.next));
        }
        for (customer, held) in &self.fold.holds {
            for hold in held {
                self.report.holds += 1;
                match stored.remove(&hold.id) {
                    Some((owner, same)) if owner == *customer && same == *hold => {}
                    _ => self.report.problem(format!("hold {} is not as the log gives it", hold.id)),
                }
            }
        }
        for id in stored.keys() {
            self.report.problem(format!("hold {id} is active, and the log does not give it"));
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
