//! Decided events as they are listed: chosen by customer, kind, decision, rule, or an address or transaction that they name.

use crate::completion;
use crate::identifiers::comparable;
use crate::service::DecidedEvent;
use holdfast_decision::{EventKind, Verdict};
use holdfast_store::{Database, DbError, Row, number, parse};
use holdfast_types::Timestamp;

/// Which events. What is not given leaves out nothing.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Of one customer.
    pub customer: Option<String>,
    /// Of one kind.
    pub kind: Option<EventKind>,
    /// With one decision.
    pub decision: Option<Verdict>,
    /// That met a rule, live or in shadow, by the rule's name.
    pub rule: Option<String>,
    /// That name an address or a transaction, in any form.
    pub named: Option<String>,
    /// Decided from this time on, and before that one.
    pub decided: Option<(Timestamp, Timestamp)>,
    /// Numbers above this one.
    pub after: u64,
    /// Numbers below this one.
    pub before: Option<u64>,
    /// The latest first.
    pub newest_first: bool,
    /// At most so many, up to 1,000.
    pub limit: usize,
}

/// Reads body, facts and result.
pub(crate) fn decided(row: &Row) -> Result<DecidedEvent, DbError> {
    Ok(DecidedEvent {
        event: parse("event", row.text(0)?)?,
        facts: parse("facts", row.text(1)?)?,
        decision: parse("decision", row.text(2)?)?,
        completion: None,
    })
}

/// Adds what became known of events since.
pub(crate) fn complete(db: &mut Database, list: &mut [DecidedEvent]) -> Result<(), DbError> {
    let numbers = list.iter().map(|d| d.decision.seq);
    let (Some(first), Some(last)) = (numbers.clone().min(), numbers.max()) else { return Ok(()) };
    // Those of one customer lie far apart: what lies between is read for a dense page alone.
    let is_dense = usize::try_from(last - first).is_ok_and(|span| span < list.len().saturating_mul(4));
    if is_dense {
        let mut known = completion::between(db, first, last)?;
        list.iter_mut().for_each(|d| d.completion = known.remove(&d.decision.seq));
        return Ok(());
    }
    for decided in list.iter_mut() {
        decided.completion = completion::of_event(db, decided.decision.seq)?;
    }
    Ok(())
}

/// Returns the number of the first event decided at a time or later; one above all where there is none. Found by halving: the table has no index by time.
fn first_decided(db: &mut Database, time: Timestamp) -> Result<u64, DbError> {
    let rows = db.query("SELECT COALESCE(MIN(seq), 0), COALESCE(MAX(seq), 0) FROM events", &[])?;
    let (mut low, mut high) =
        rows.first().map_or(Ok((0, 0)), |r| Ok::<(u64, u64), DbError>((r.number(0)?, r.number(1)?)))?;
    high += 1;
    while low < high {
        let middle = low + (high - low) / 2;
        let rows =
            db.query("SELECT seq, decided FROM events WHERE seq >= $1 ORDER BY seq LIMIT 1", &[number(middle)])?;
        match rows.first() {
            Some(row) if row.time(1)? < time => low = row.number::<u64>(0)? + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// Lists events by number.
///
/// # Errors
/// [`DbError`].
pub fn list(db: &mut Database, filter: &EventFilter) -> Result<Vec<DecidedEvent>, DbError> {
    let mut sql = "SELECT body, facts, result FROM events WHERE seq > $1".to_owned();
    let mut parameters = vec![number(filter.after)];
    let texts = [
        ("customer", filter.customer.as_deref()),
        ("kind", filter.kind.map(EventKind::name)),
        ("decision", filter.decision.map(Verdict::name)),
    ];
    for (column, value) in texts {
        if let Some(value) = value {
            parameters.push(value.into());
            sql += &format!(" AND {column} = ${}", parameters.len());
        }
    }
    if let Some((from, to)) = filter.decided {
        // Times of decision go up with the numbers, so that two numbers bound them.
        let bounds = [first_decided(db, from)?, first_decided(db, to)?];
        parameters.extend(bounds.map(number));
        sql += &format!(" AND seq >= ${} AND seq < ${}", parameters.len() - 1, parameters.len());
    }
    if let Some(before) = filter.before {
        parameters.push(number(before));
        sql += &format!(" AND seq < ${}", parameters.len());
    }
    if let Some(rule) = &filter.rule {
        parameters.push(rule.as_str().into());
        sql += &format!(" AND seq IN (SELECT seq FROM rule_hits WHERE rule = ${})", parameters.len());
    }
    if let Some(named) = &filter.named {
        parameters.extend(["address", "transaction"].map(|kind| comparable(kind, named).into()));
        let last = parameters.len();
        sql += &format!(
            " AND seq IN (SELECT seq FROM event_identifiers WHERE kind = 'address' AND value = ${}
              UNION SELECT seq FROM event_identifiers WHERE kind = 'transaction' AND value = ${last})",
            last - 1
        );
    }
    parameters.push(number(filter.limit.clamp(1, 1000) as u64));
    let order = if filter.newest_first { "DESC" } else { "ASC" };
    sql += &format!(" ORDER BY seq {order} LIMIT ${}", parameters.len());
    let mut found = db.query(&sql, &parameters)?.iter().map(decided).collect::<Result<Vec<_>, _>>()?;
    complete(db, &mut found)?;
    Ok(found)
}
