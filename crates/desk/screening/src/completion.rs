//! What became known of events' movements, as it is stored.
//!
//! All that is sent is stored. Read together, the latest time wins field by field, whatever the order of arrival.

use holdfast_decision::Verdict;
use holdfast_decision::completion::{Completion, MovementStatus};
use holdfast_decision::model::{Direction, Event, EventKind, Status};
use holdfast_store::{Database, DbError, Row, number, parse};
use std::collections::HashMap;

/// Most completions of one event that are stored.
pub const MAX_COMPLETIONS: usize = 100;

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
    /// It is not known: it was held, the hold ended, and no report came whether it was carried out then.
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
    use holdfast_types::Timestamp;

    #[test]
    fn the_latest_completion_wins_field_by_field() {
        let at = |seconds, status, tx: Option<&str>| Completion {
            time: Timestamp::from_unix(seconds),
            status,
            tx: tx.map(str::to_owned),
            output: None,
            block: None,
            height: None,
        };
        let (first, second) = (at(1, MovementStatus::Broadcast, Some("t1")), at(2, MovementStatus::Confirmed, None));
        let read = fold([first, second]).unwrap();
        assert_eq!((read.status, read.tx.as_deref(), read.time.unix()), (MovementStatus::Confirmed, Some("t1"), 2));
        assert_eq!(fold([]), None);
    }

    #[test]
    fn what_was_declined_rejected_or_held_did_not_happen() {
        let mut payment = Event::new(EventKind::Payment, "p", Timestamp::from_unix(1_700_000_000), "c");
        payment.direction = Some(Direction::In);
        assert_eq!(executed(&payment, Verdict::Hold, None, true), Executed::Yes);
        payment.status = Some(Status::Declined);
        assert_eq!(executed(&payment, Verdict::Allow, None, false), Executed::No);
        payment.status = Some(Status::Chargeback);
        assert!(!brings(&payment) && executed(&payment, Verdict::Allow, None, false) == Executed::Yes);
        let out = Event::new(EventKind::Withdrawal, "w", Timestamp::from_unix(1_700_000_000), "c");
        for (decision, held, expected) in [
            (Verdict::Allow, false, Executed::Yes),
            (Verdict::Reject, false, Executed::No),
            (Verdict::Hold, true, Executed::No),
            (Verdict::Hold, false, Executed::Unknown),
        ] {
            assert_eq!(executed(&out, decision, None, held), expected, "{decision:?} {held}");
        }
        let mut c = Completion {
            time: Timestamp::from_unix(1_700_000_000),
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
