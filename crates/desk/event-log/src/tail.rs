//! Brings a state up to date from the log: what its checkpoint does not have is folded, decisions are not made again.

use crate::log::{self, Progress};
use holdfast_customer_store::{FolderError, Place};
use holdfast_decision::inputs::{ENGINE, Events, Input};
use holdfast_decision::rules::RuleBook;
use holdfast_decision::state::State;
use holdfast_decision::value_of;
use holdfast_store::{Database, DbError, number};
use holdfast_types::Timestamp;
use xxhash_rust::xxh3::xxh3_128;

/// Why a checkpoint is of no use, so that the state is built anew.
#[derive(Debug, thiserror::Error)]
pub enum Outdated {
    /// There is none.
    #[error("the folder has no checkpoint")]
    None,
    /// Another engine's.
    #[error("its checkpoint is of engine {0}, this program's is {ENGINE}")]
    Engine(u32),
    /// It goes further than the log.
    #[error(
        "its checkpoint is at position {0}, the results in the database go to position {1}: the database is another one, or an older copy"
    )]
    Ahead(u64, u64),
    /// It belongs to another log.
    #[error(
        "its checkpoint at position {0} is not of this log: the database is another one, or went on from an older copy"
    )]
    Other(u64),
    /// The log began anew, or the state was built anew, behind the checkpoint.
    #[error("the log has the input '{1}' at position {0}, behind its checkpoint")]
    Behind(u64, &'static str),
    /// The log has a gap behind the checkpoint.
    #[error("the log has no input at position {0}, behind its checkpoint")]
    Gap(u64),
    /// What was folded is not what the database says.
    #[error("the log behind its checkpoint ends with event {0} and watermark {1}, the database says {2} and {3}")]
    Torn(u64, i64, u64, i64),
    /// The folder failed.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Returns a hash of the input at a position; none where the log has none there.
pub(crate) fn input_hash(db: &mut Database, position: u64) -> Result<Option<String>, DbError> {
    let sql = "SELECT kind, version, time, body FROM inputs WHERE position = $1";
    let rows = db.query(sql, &[number(position)])?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(hash_of(position, row.text(0)?, row.int(1)?, row.time(2)?, row.text(3)?)))
}

/// Returns the hash of an input as it is stored.
pub(crate) fn hash_of(position: u64, kind: &str, version: i64, time: Timestamp, body: &str) -> String {
    let text = format!("{position} {kind} {version} {} {body}", time.unix());
    format!("{:032x}", xxh3_128(text.as_bytes()))
}

/// Folds the log from a place on, up to where results are stored, and calls `each` after some inputs. Returns the place where it ends.
pub(crate) fn fold(
    db: &mut Database,
    state: &mut State,
    from: Place,
    to: &Progress,
    each: &mut dyn FnMut(&mut Database, &mut State, &Place) -> Result<(), Outdated>,
) -> Result<Place, Outdated> {
    let mut tail = Tail { place: from, book: None };
    while tail.place.position < to.position {
        let page = log::page(db, tail.place.position)?;
        if page.is_empty() {
            return Err(Outdated::Gap(tail.place.position + 1));
        }
        for stored in page.into_iter().take_while(|s| s.position <= to.position) {
            if stored.position != tail.place.position + 1 {
                return Err(Outdated::Gap(tail.place.position + 1));
            }
            tail.place.position = stored.position;
            tail.take(db, state, stored.input)?;
        }
        each(db, state, &tail.place)?;
    }
    let (event, watermark) = (tail.place.next_event, tail.place.watermark);
    if (event, watermark) != (to.next.event, to.watermark) {
        return Err(Outdated::Torn(event, watermark.unix(), to.next.event, to.watermark.unix()));
    }
    Ok(tail.place)
}

struct Tail {
    place: Place,
    /// The rule book that was used last, for its policy.
    book: Option<RuleBook>,
}

impl Tail {
    fn take(&mut self, db: &mut Database, state: &mut State, input: Input) -> Result<(), Outdated> {
        let (position, first) = (self.place.position, self.place.rebuilt.take());
        match input {
            Input::Records(records) => records.records.iter().for_each(|record| state.record(record)),
            Input::Events(events) => self.events(db, state, &events)?,
            // It says how the state of the checkpoint came to be.
            Input::Rebuilt(rebuilt) if first == Some(rebuilt) => {}
            Input::Rebuilt(_) => return Err(Outdated::Behind(position, "rebuilt")),
            Input::Start(_) => return Err(Outdated::Behind(position, "start")),
            Input::Engine(_) => return Err(Outdated::Behind(position, "engine")),
            // Nothing of these is remembered of customers.
            Input::Rules(_)
            | Input::Models(_)
            | Input::Price(_)
            | Input::Flag(_)
            | Input::HoldPlaced(_)
            | Input::HoldChanged(_)
            | Input::Alert(_) => {}
        }
        Ok(())
    }

    fn events(&mut self, db: &mut Database, state: &mut State, events: &Events) -> Result<(), Outdated> {
        if events.engine != ENGINE {
            return Err(Outdated::Engine(events.engine));
        }
        let book = match self.book.take().filter(|book| book.version == events.rule_book) {
            Some(book) => book,
            None => stored_book(db, events.rule_book)?,
        };
        state.advance(events.watermark);
        for input in &events.events {
            let value = value_of(&input.event, &book.file.policy, input.price).unwrap_or(0);
            state.apply(&input.event, &input.facts, value, self.place.next_event);
            self.place.next_event += 1;
            self.place.watermark = self.place.watermark.max(input.event.time);
        }
        self.book = Some(book);
        Ok(())
    }
}

fn stored_book(db: &mut Database, version: u32) -> Result<RuleBook, DbError> {
    let rows = db.query("SELECT yaml FROM rule_books WHERE version = $1", &[i64::from(version).into()])?;
    let fault = |cause: String| DbError::Stored { what: format!("rule book {version}"), cause };
    let row = rows.first().ok_or_else(|| fault("it is not stored".to_owned()))?;
    RuleBook::stored(row.text(0)?, version).map_err(|e| fault(e.to_string()))
}
