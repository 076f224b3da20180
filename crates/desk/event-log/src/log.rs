//! The log of inputs as it is stored: one row an input, or a batch of events; and how far its results are stored.

use crate::tail;
use crate::writes::Write;
use holdfast_decision::fold::Fold;
use holdfast_decision::inputs::{ENGINE, FORMAT, Input, NextIds, UNVERSIONED_ENGINE};
use holdfast_store::{Database, DbError, Row, Value, number, parse};
use holdfast_types::Timestamp;
use serde::{Deserialize, Serialize};

/// Most records of one input.
pub const MAX_RECORDS: usize = 1_000;
/// Inputs that are read at once.
const PAGE: u64 = 200;

/// A stored input.
#[derive(Debug)]
pub struct Stored {
    /// Its place in the log, from 1 without gaps.
    pub position: u64,
    /// When it was accepted.
    pub time: Timestamp,
    /// What it is.
    pub input: Input,
}

/// Returns the kind and the body of an input.
#[must_use]
pub fn written(input: &Input) -> (&'static str, String) {
    fn body(value: &impl Serialize) -> String {
        // Serializing our own plain types into memory does not fail.
        serde_json::to_string(value).unwrap_or_default()
    }
    match input {
        Input::Start(i) => ("start", body(i)),
        Input::Engine(i) => ("engine", body(i)),
        Input::Rebuilt(i) => ("rebuilt", body(i)),
        Input::Records(i) => ("records", body(i)),
        Input::Events(i) => ("events", body(i)),
        Input::Rules(i) => ("rules", body(i)),
        Input::Models(i) => ("models", body(i)),
        Input::Price(i) => ("price", body(i)),
        Input::Flag(i) => ("flag", body(i)),
        Input::HoldPlaced(i) => ("hold_placed", body(i)),
        Input::HoldChanged(i) => ("hold_changed", body(i)),
        Input::Alert(i) => ("alert", body(i)),
    }
}

fn read(kind: &str, version: i64, body: &str) -> Result<Input, DbError> {
    let fault = |cause: String| Err(DbError::Stored { what: "input".into(), cause });
    if version > i64::from(FORMAT) {
        return fault(format!("its format {version} is newer than this program ({FORMAT}); use a newer Holdfast"));
    }
    let what = format!("input '{kind}'");
    Ok(match kind {
        "start" => Input::Start(parse(&what, body)?),
        "engine" => Input::Engine(parse(&what, body)?),
        "rebuilt" => Input::Rebuilt(parse(&what, body)?),
        "records" => Input::Records(parse(&what, body)?),
        "events" => Input::Events(parse(&what, body)?),
        "rules" => Input::Rules(parse(&what, body)?),
        "models" => Input::Models(parse(&what, body)?),
        "price" => Input::Price(parse(&what, body)?),
        "flag" => Input::Flag(parse(&what, body)?),
        "hold_placed" => Input::HoldPlaced(parse(&what, body)?),
        "hold_changed" => Input::HoldChanged(parse(&what, body)?),
        "alert" => Input::Alert(parse(&what, body)?),
        other => return fault(format!("this program knows no kind '{other}'; use a newer Holdfast")),
    })
}

fn stored(row: &Row) -> Result<Stored, DbError> {
    let input = read(row.text(1)?, row.int(2)?, row.text(4)?)?;
    Ok(Stored { position: row.number(0)?, time: row.time(3)?, input })
}

/// Returns the inputs after a position, some at once; none at the end.
///
/// # Errors
/// [`DbError::Stored`] for an input that this program cannot read.
pub fn page(db: &mut Database, after: u64) -> Result<Vec<Stored>, DbError> {
    let sql = "SELECT position, kind, version, time, body FROM inputs WHERE position > $1 ORDER BY position LIMIT $2";
    db.query(sql, &[number(after), number(PAGE)])?.iter().map(stored).collect()
}

/// Returns the body of a batch of records from their stored texts.
pub fn records_body<'a>(records: impl Iterator<Item = &'a str>) -> String {
    let records: Vec<&str> = records.collect();
    format!("{{\"records\":[{}]}}", records.join(","))
}

/// Builds the body of a batch of events from the texts that are stored in other tables anyway, so that nothing is serialized twice.
#[derive(Debug)]
pub struct EventsBody(String);

impl EventsBody {
    /// Begins a batch after a watermark, under a version of the rule book.
    #[must_use]
    pub fn new(watermark: Timestamp, rule_book: u32) -> Self {
        let watermark = watermark.unix();
        EventsBody(format!("{{\"watermark\":{watermark},\"rule_book\":{rule_book},\"engine\":{ENGINE},\"events\":["))
    }

    /// Adds an event: its text, its facts' and its price's.
    pub fn add(&mut self, event: &str, facts: &str, price: Option<&str>) {
        let body = &mut self.0;
        if !body.ends_with('[') {
            body.push(',');
        }
        for part in ["{\"event\":", event, ",\"facts\":", facts] {
            body.push_str(part);
        }
        if let Some(price) = price {
            body.push_str(",\"price\":");
            body.push_str(price);
        }
        body.push('}');
    }

    /// Returns the body.
    #[must_use]
    pub fn finish(self) -> String {
        self.0 + "]}"
    }
}

/// The writer's end of the log: inputs of the current transaction, which are stored at its end, all at once.
#[derive(Debug, Default)]
pub struct Log {
    /// The last position, pending inputs included.
    position: u64,
    rows: Vec<Vec<Value>>,
    /// Hash of the input at the last position, where it was appended here.
    hash: Option<String>,
}

impl Log {
    /// Appends an input; returns its position.
    pub fn append(&mut self, kind: &str, body: String, now: Timestamp) -> u64 {
        self.position += 1;
        self.hash = Some(tail::hash_of(self.position, kind, i64::from(FORMAT), now, &body));
        self.rows.push(vec![number(self.position), kind.into(), i64::from(FORMAT).into(), now.into(), body.into()]);
        self.position
    }

    /// Returns the last position, pending inputs included.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Returns the number of pending inputs.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.rows.len()
    }

    /// Returns the hash of the input at the last position, where it was appended here; the table may not have it yet.
    #[must_use]
    pub fn last_hash(&self) -> Option<&str> {
        self.hash.as_deref()
    }

    /// Removes pending inputs but for the first so many.
    pub fn truncate(&mut self, rows: usize) {
        if rows < self.rows.len() {
            self.hash = None;
        }
        self.position -= self.rows.len().saturating_sub(rows) as u64;
        self.rows.truncate(rows);
    }

    /// Removes the pending inputs and returns what stores them, and that their results are stored; nothing without any.
    pub fn take(&mut self, fold: &Fold) -> Vec<Write> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        let rows = std::mem::take(&mut self.rows);
        let NextIds { event, hold, posting, alert } = fold.next;
        // Results of a position are stored once: a transaction that was not stored left the earlier position here.
        let progress = "INSERT INTO fold_progress (id, position, watermark, event, hold, posting, alert) VALUES (1, $1, $2, $3, $4, $5, $6)
             ON CONFLICT (id) DO UPDATE SET position = excluded.position, watermark = excluded.watermark, event = excluded.event,
             hold = excluded.hold, posting = excluded.posting, alert = excluded.alert WHERE excluded.position > fold_progress.position";
        let counters = [event, hold, posting, alert].map(number);
        let values = [number(self.position), fold.watermark.into()].into_iter().chain(counters).collect();
        let columns = ["position", "kind", "version", "time", "body"];
        vec![Write::insert("inputs", &columns, rows, ""), Write::execute(progress, values)]
    }

    /// Stores the pending inputs, and that their results are stored.
    ///
    /// # Errors
    /// [`DbError`] when the database fails.
    pub fn flush(&mut self, db: &mut Database, fold: &Fold) -> Result<(), DbError> {
        self.take(fold).iter().try_for_each(|write| write.apply(db))
    }

    /// Reads how far results are stored; nothing when the log has not begun.
    ///
    /// # Errors
    /// [`DbError`] when the database fails.
    pub fn progress(db: &mut Database) -> Result<Option<Progress>, DbError> {
        let sql = "SELECT position, watermark, event, hold, posting, alert FROM fold_progress";
        let rows = db.query(sql, &[])?;
        let Some(row) = rows.first() else { return Ok(None) };
        let next =
            NextIds { event: row.number(2)?, hold: row.number(3)?, posting: row.number(4)?, alert: row.number(5)? };
        Ok(Some(Progress { position: row.number(0)?, watermark: row.time(1)?, next }))
    }

    /// Returns the engine of the last decisions of a log that has begun.
    ///
    /// # Errors
    /// [`DbError`] when the database fails, or the last input cannot be read.
    pub fn engine(db: &mut Database) -> Result<u32, DbError> {
        #[derive(Deserialize)]
        struct Of {
            #[serde(default)]
            engine: u32,
        }
        let sql = "SELECT body FROM inputs WHERE kind IN ('start', 'engine', 'events') ORDER BY position DESC LIMIT 1";
        let rows = db.query(sql, &[])?;
        rows.first().map_or(Ok(UNVERSIONED_ENGINE), |row| Ok(parse::<Of>("input", row.text(0)?)?.engine))
    }

    /// Starts over at a position, with nothing pending.
    pub fn reset(&mut self, position: u64) {
        *self = Log { position, rows: Vec::new(), hash: None };
    }
}

/// How far results are stored.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The last position whose results are stored.
    pub position: u64,
    /// Latest time of any event.
    pub watermark: Timestamp,
    /// The next free numbers.
    pub next: NextIds,
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_decision::inputs::{EventInput, Events, Rebuilt};
    use holdfast_decision::model::{Event, EventKind};
    use holdfast_decision::{ChainFacts, Price};
    use holdfast_types::{Amount, Seconds};

    #[test]
    fn a_batch_that_is_put_together_is_what_it_serializes_to() {
        let event = |id: &str| Event::new(EventKind::Withdrawal, id, Timestamp::from_unix(1_780_000_000), "c \"1\"");
        let price = Price { base_units: Amount::new(10), value: 3 };
        let facts = ChainFacts::unavailable("it is \"down\"");
        let events = Events {
            watermark: Timestamp::from_unix(-5),
            rule_book: 7,
            engine: ENGINE,
            events: vec![
                EventInput { event: event("a"), facts: facts.clone(), price: Some(price) },
                EventInput { event: event("b"), facts, price: None },
            ],
        };
        let mut body = EventsBody::new(Timestamp::from_unix(-5), 7);
        for e in &events.events {
            let price = e.price.map(|p| serde_json::to_string(&p).unwrap());
            let (event, facts) = (serde_json::to_string(&e.event).unwrap(), serde_json::to_string(&e.facts).unwrap());
            body.add(&event, &facts, price.as_deref());
        }
        let body = body.finish();
        assert_eq!(("events", body.clone()), written(&Input::Events(events.clone())));
        assert_eq!(read("events", 1, &body).unwrap(), Input::Events(events));
    }

    /// Decisions that were stored before engines had versions.
    #[test]
    fn an_input_without_an_engine_is_of_none() {
        let old = "{\"watermark\":0,\"rule_book\":1,\"events\":[]}";
        let events =
            Events { watermark: Timestamp::EPOCH, rule_book: 1, engine: UNVERSIONED_ENGINE, events: Vec::new() };
        assert_eq!(read("events", 1, old).unwrap(), Input::Events(events));
    }

    #[test]
    fn later_fields_are_ignored_and_later_formats_and_kinds_are_refused() {
        let body = "{\"watermark\":5,\"ahead\":6,\"shard\":{\"of\":7}}";
        assert_eq!(
            read("rebuilt", 1, body).unwrap(),
            Input::Rebuilt(Rebuilt { watermark: Timestamp::from_unix(5), ahead: Seconds::new(6) })
        );
        assert!(read("rebuilt", 2, body).unwrap_err().to_string().contains("newer Holdfast"));
        assert!(read("shards", 1, body).unwrap_err().to_string().contains("newer Holdfast"));
    }
}
