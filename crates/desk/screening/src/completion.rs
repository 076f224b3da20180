//! What becomes known of an event's movement after its decision: the transaction of a withdrawal, its block, whether it failed.
//!
//! All that is sent is stored. Read together, the latest time wins field by field, whatever the order of arrival.

use holdfast_decision::Verdict;
use holdfast_decision::model::{Direction, Event, EventKind, Status, text_ok, time_ok};
use holdfast_store::{Database, DbError, Row, number, parse};
use holdfast_types::Invalid;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use strum::IntoStaticStr;
use utoipa::ToSchema;

/// Most completions of one event that are stored.
pub const MAX_COMPLETIONS: usize = 100;

/// How a movement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MovementStatus {
    /// It was sent, and is not confirmed.
    Broadcast,
    /// It was carried out: confirmed on chain, or settled.
    Confirmed,
    /// It was not carried out, or was undone by a reorganization.
    Failed,
}

impl MovementStatus {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What became known of a decided event's movement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventCompletion)]
#[serde(deny_unknown_fields)]
pub struct Completion {
    /// When it was so, Unix seconds; the latest wins.
    pub time: i64,
    /// How the movement stands.
    pub status: MovementStatus,
    /// Transaction id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx: Option<String>,
    /// Output or log index in the transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<u32>,
    /// Hash of the block that holds the transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<String>,
    /// Height of that block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
}

impl Completion {
    /// Checks the fields, and that they fit the event.
    ///
    /// # Errors
    /// [`Invalid`] names the field.
    pub fn validate(&self, event: &Event) -> Result<(), Invalid> {
        time_ok("time", self.time)?;
        for (field, text) in [("tx", &self.tx), ("block", &self.block)] {
            if let Some(text) = text {
                text_ok(field, text)?;
            }
        }
        if self.height.is_some_and(|h| i64::try_from(h).is_err()) {
            return Err(Invalid::new("height", "is no height of a block"));
        }
        let on_chain = matches!(event.kind, EventKind::Deposit | EventKind::Withdrawal);
        if event.kind == EventKind::Account {
            return Err(Invalid::new("status", "an account event moves nothing, so nothing can complete it"));
        }
        for (field, present) in [
            ("tx", self.tx.is_some()),
            ("output", self.output.is_some()),
            ("block", self.block.is_some()),
            ("height", self.height.is_some()),
        ] {
            if present && !on_chain {
                return Err(Invalid::new(field, "a payment is in no transaction of a chain; leave it out"));
            }
        }
        match (&event.tx, &self.tx) {
            (Some(known), Some(tx)) if !known.eq_ignore_ascii_case(tx) => {
                Err(Invalid::new("tx", format!("the event names transaction {known}; leave tx out or repeat it")))
            }
            _ => Ok(()),
        }
    }
}

/// A completion with its event, as files have it: one a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompletionLine {
    /// The sender's id of the event.
    pub event: String,
    /// See [`Completion::time`].
    pub time: i64,
    /// See [`Completion::status`].
    pub status: MovementStatus,
    /// See [`Completion::tx`].
    #[serde(default)]
    pub tx: Option<String>,
    /// See [`Completion::output`].
    #[serde(default)]
    pub output: Option<u32>,
    /// See [`Completion::block`].
    #[serde(default)]
    pub block: Option<String>,
    /// See [`Completion::height`].
    #[serde(default)]
    pub height: Option<u64>,
}

impl CompletionLine {
    /// Returns the event's id and the completion.
    pub fn split(self) -> (String, Completion) {
        let CompletionLine { event, time, status, tx, output, block, height } = self;
        (event, Completion { time, status, tx, output, block, height })
    }
}

/// Reads completions of one event together; they must be sorted by time.
fn fold(list: impl IntoIterator<Item = Completion>) -> Option<Completion> {
    list.into_iter().reduce(|old, new| Completion {
        time: new.time,
        status: new.status,
        tx: new.tx.or(old.tx),
        output: new.output.or(old.output),
        block: new.block.or(old.block),
        height: new.height.or(old.height),
    })
}

fn completion(row: &Row) -> Result<Completion, DbError> {
    parse("completion", row.text(0)?)
}

/// Returns what is known of one event's movement.
///
/// # Errors
/// [`DbError`].
pub fn of_event(db: &mut Database, seq: u64) -> Result<Option<Completion>, DbError> {
    let sql = "SELECT body FROM event_completions WHERE seq = $1 ORDER BY time, body LIMIT $2";
    let rows = db.query(sql, &[number(seq), number(MAX_COMPLETIONS as u64)])?;
    Ok(fold(rows.iter().map(completion).collect::<Result<Vec<_>, _>>()?))
}

/// Returns what is known of the movements of events by number, from one number to another.
///
/// # Errors
/// [`DbError`].
pub fn between(db: &mut Database, first: u64, last: u64) -> Result<HashMap<u64, Completion>, DbError> {
    let mut found: HashMap<u64, Vec<Completion>> = HashMap::new();
    let sql = "SELECT body, seq FROM event_completions WHERE seq >= $1 AND seq <= $2 ORDER BY seq, time, body";
    for row in &db.query(sql, &[number(first), number(last)])? {
        found.entry(row.number(1)?).or_default().push(completion(row)?);
    }
    Ok(found.into_iter().filter_map(|(seq, list)| Some((seq, fold(list)?))).collect())
}

/// Returns what is known of the movements of a customer's events, by the events' numbers.
///
/// # Errors
/// [`DbError`].
pub fn of_customer(db: &mut Database, customer: &str) -> Result<HashMap<u64, Completion>, DbError> {
    let mut found: HashMap<u64, Vec<Completion>> = HashMap::new();
    let mut after = 0i64;
    loop {
        // Whole events only: the last one of a page may go on, so that it is read again.
        let rows = db.query(
            "SELECT body, seq FROM event_completions WHERE customer = $1 AND seq > $2 ORDER BY seq, time, body LIMIT 5000",
            &[customer.into(), after.into()],
        )?;
        let Some(last) = rows.last().map(|r| r.int(1)).transpose()? else { break };
        let whole = rows.len() < 5000;
        for row in &rows {
            if whole || row.int(1)? < last {
                found.entry(row.number(1)?).or_default().push(completion(row)?);
            }
        }
        if whole {
            break;
        }
        after = last - 1;
    }
    Ok(found.into_iter().filter_map(|(seq, list)| Some((seq, fold(list)?))).collect())
}

/// Whether a movement happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Executed {
    /// It did.
    Yes,
    /// It did not.
    No,
    /// It is not known: it was held, the hold ended, and nobody sent whether it was carried out then.
    Unknown,
}

/// Whether an event's movement happened, by its decision, what completed it, and whether a hold on it is active.
pub fn executed(event: &Event, decision: Verdict, completion: Option<&Completion>, held: bool) -> Executed {
    match completion.map(|c| c.status) {
        Some(MovementStatus::Failed) => return Executed::No,
        Some(MovementStatus::Confirmed | MovementStatus::Broadcast) => return Executed::Yes,
        None => {}
    }
    if event.kind == EventKind::Account || event.status == Some(Status::Declined) {
        return Executed::No;
    }
    // What comes in is there, whatever was decided about it, except a payment that was rejected.
    if event.kind == EventKind::Deposit || event.status == Some(Status::Chargeback) {
        return Executed::Yes;
    }
    let comes_in = event.kind == EventKind::Payment && event.direction == Some(Direction::In);
    match decision {
        Verdict::Allow | Verdict::Review => Executed::Yes,
        Verdict::Hold if comes_in => Executed::Yes,
        Verdict::Hold if held => Executed::No,
        Verdict::Hold => Executed::Unknown,
        Verdict::Reject => Executed::No,
    }
}

/// Returns whether an executed movement brings its amount to the customer; a payment that was taken back goes the other way.
pub fn brings(event: &Event) -> bool {
    match event.kind {
        EventKind::Deposit => true,
        EventKind::Payment => (event.direction == Some(Direction::In)) != (event.status == Some(Status::Chargeback)),
        _ => false,
    }
}

/// Returns how a movement stands, in one word, for lists that people read.
pub fn standing(event: &Event, decision: Verdict, completion: Option<&Completion>, held: bool) -> &'static str {
    if let Some(c) = completion {
        return c.status.name();
    }
    match (event.status, executed(event, decision, None, held)) {
        (Some(Status::Declined), _) => "declined",
        (Some(Status::Chargeback), _) => "chargeback",
        (_, Executed::Yes) if event.kind == EventKind::Deposit => "received",
        (_, Executed::Yes) if event.kind == EventKind::Payment => "settled",
        (_, Executed::Yes) => "allowed",
        (_, Executed::Unknown) => "was held",
        (_, Executed::No) if decision == Verdict::Hold => "held",
        (_, Executed::No) => "rejected",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_completion_wins_field_by_field() {
        let at = |time, status, tx: Option<&str>| Completion {
            time,
            status,
            tx: tx.map(str::to_owned),
            output: None,
            block: None,
            height: None,
        };
        let (first, second) = (at(1, MovementStatus::Broadcast, Some("t1")), at(2, MovementStatus::Confirmed, None));
        let read = fold([first, second]).unwrap();
        assert_eq!((read.status, read.tx.as_deref(), read.time), (MovementStatus::Confirmed, Some("t1"), 2));
        assert_eq!(fold([]), None);
    }

    #[test]
    fn what_was_declined_rejected_or_held_did_not_happen() {
        let mut payment = Event::new(EventKind::Payment, "p", 1_700_000_000, "c");
        payment.direction = Some(Direction::In);
        assert_eq!(executed(&payment, Verdict::Hold, None, true), Executed::Yes);
        payment.status = Some(Status::Declined);
        assert_eq!(executed(&payment, Verdict::Allow, None, false), Executed::No);
        payment.status = Some(Status::Chargeback);
        assert!(!brings(&payment) && executed(&payment, Verdict::Allow, None, false) == Executed::Yes);
        let out = Event::new(EventKind::Withdrawal, "w", 1_700_000_000, "c");
        for (decision, held, expected) in [
            (Verdict::Allow, false, Executed::Yes),
            (Verdict::Reject, false, Executed::No),
            (Verdict::Hold, true, Executed::No),
            (Verdict::Hold, false, Executed::Unknown),
        ] {
            assert_eq!(executed(&out, decision, None, held), expected, "{decision:?} {held}");
        }
        let mut c = Completion {
            time: 1_700_000_000,
            status: MovementStatus::Confirmed,
            tx: Some("aa".into()),
            output: None,
            block: None,
            height: None,
        };
        assert_eq!(executed(&out, Verdict::Hold, Some(&c), false), Executed::Yes);
        c.status = MovementStatus::Failed;
        assert_eq!(executed(&out, Verdict::Allow, Some(&c), false), Executed::No);
        payment.status = None;
        assert_eq!(c.validate(&payment).unwrap_err().field, "tx");
    }
}
