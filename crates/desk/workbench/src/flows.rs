//! What a customer moved, by day and month: of the latest events, with what is not priced counted.

use holdfast_decision::model::{Direction, Status};
use holdfast_decision::{Decision, Event, EventKind, Verdict};
use holdfast_screening::service::DecidedEvent;
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::{DbError, number, parse};
use holdfast_types::{Seconds, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Most events that are gone through.
pub const MAX_EVENTS: u64 = 2_000;

/// What came in and went out within a day or a month.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Flow {
    /// The day (2026-09-21) or month (2026-09), in UTC.
    pub period: String,
    /// Value that came in, minor units of the reference currency.
    pub received: u64,
    /// Value that went out.
    pub sent: u64,
    /// Movements of unknown value, which are in neither.
    pub unpriced: u64,
    /// Alerts of these movements.
    pub alerts: u64,
}

/// Flows of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Flows {
    /// Each period with movements or between such, the oldest first.
    pub periods: Vec<Flow>,
    /// Events that were gone through.
    pub events: usize,
    /// Whether there are older ones that were not: then the first period may lack some.
    pub is_cut: bool,
}

/// Whether a movement came in (`Some(true)`) or went out; none for what moved nothing.
fn direction(event: &Event, decision: &Decision) -> Option<bool> {
    if decision.decision == Verdict::Reject || event.status == Some(Status::Declined) {
        return None;
    }
    match event.kind {
        EventKind::Deposit => Some(true),
        EventKind::Withdrawal => Some(false),
        EventKind::Payment => event.direction.map(|direction| direction == Direction::In),
        EventKind::Account => None,
    }
}

/// The latest events of a customer up to a number, of those not before a time.
fn events(
    screening: &Screening,
    customer: &str,
    since: Timestamp,
    up_to: u64,
) -> Result<(Vec<(Event, Decision)>, bool), ScreeningError> {
    let list = screening.read(|db| {
        let rows = db.query(
            "SELECT body, result FROM events WHERE customer = $1 AND seq <= $2 ORDER BY seq DESC LIMIT $3",
            &[customer.into(), number(up_to), number(MAX_EVENTS + 1)],
        )?;
        rows.iter()
            .map(|row| Ok((parse("event", row.text(0)?)?, parse("decision", row.text(1)?)?)))
            .collect::<Result<Vec<(Event, Decision)>, DbError>>()
    })?;
    let most = usize::try_from(MAX_EVENTS).unwrap_or(usize::MAX);
    let is_cut = list.len() > most;
    Ok((list.into_iter().take(most).filter(|(event, _)| event.time >= since).collect(), is_cut))
}

fn sum(list: &[(Event, Decision)], period: impl Fn(Timestamp) -> String) -> BTreeMap<String, Flow> {
    let mut periods: BTreeMap<String, Flow> = BTreeMap::new();
    for (event, decision) in list {
        let Some(is_in) = direction(event, decision) else { continue };
        let name = period(event.time);
        let flow = periods.entry(name.clone()).or_insert_with(|| Flow { period: name, ..Flow::default() });
        let side = if is_in { &mut flow.received } else { &mut flow.sent };
        match decision.value {
            Some(value) => *side = side.saturating_add(value),
            None => flow.unpriced += 1,
        }
        flow.alerts += u64::from(decision.alert.is_some());
    }
    periods
}

fn day(time: Timestamp) -> String {
    time.rfc3339()[..10].to_owned()
}

/// Returns the flows of an event's customer over the days up to it, every day of them: of what was decided up to then.
///
/// # Errors
/// [`ScreeningError`] when the database fails.
pub fn by_day(screening: &Screening, decided: &DecidedEvent, days: u32) -> Result<Flows, ScreeningError> {
    let until = decided.event.time;
    let since = until - Seconds::days(i64::from(days) - 1);
    let (mut list, is_cut) = events(screening, &decided.event.customer, since - Seconds::DAY, decided.decision.seq)?;
    list.retain(|(event, _)| event.time <= until);
    let mut found = sum(&list, day);
    let all = (0..i64::from(days)).map(|n| day(since + Seconds::days(n)));
    let periods = all.map(|name| found.remove(&name).unwrap_or(Flow { period: name, ..Flow::default() })).collect();
    Ok(Flows { periods, events: list.len(), is_cut })
}

/// Returns a customer's flows by month, the latest `months` of those with movements.
///
/// # Errors
/// [`ScreeningError`] when the database fails.
pub fn by_month(screening: &Screening, customer: &str, months: usize) -> Result<Flows, ScreeningError> {
    let (list, is_cut) = events(screening, customer, Timestamp::MIN, u64::MAX)?;
    let found = sum(&list, |time| time.rfc3339()[..7].to_owned());
    let skipped = found.len().saturating_sub(months);
    Ok(Flows {
        periods: found.into_values().skip(skipped).collect(),
        events: list.len(),
        is_cut: is_cut && skipped == 0,
    })
}
