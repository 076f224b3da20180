//! What an alert rests on: its event and facts, holds, what was done, the customer's last thirty days, similar alerts, how rules behind it did before, and how
//! its movement compares with the customer's usual ones.

use crate::flows::{self, Flows};
use crate::queue::{self, QueueRow};
use crate::steps;
use holdfast_decision::{Decision, EventKind};
use holdfast_screening::alerts::Note;
use holdfast_screening::holds::Hold;
use holdfast_screening::service::DecidedEvent;
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::{Database, DbError, number, parse};
use serde::Serialize;
use strum::IntoStaticStr;
use utoipa::ToSchema;

/// Similar alerts of each sort, and earlier movements that are compared with.
const MAX_SIMILAR: u32 = 5;
const MAX_COMPARED: u64 = 500;
/// The latest alerts among which a rule's outcomes are counted.
const MAX_OUTCOMES: u64 = 10_000;
/// Days of the customer's movements.
const DAYS: u32 = 30;

/// What two alerts share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Shared {
    /// The customer.
    Customer,
    /// The other side.
    Counterparty,
    /// A rule.
    Rule,
}

/// An alert that shares something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Similar {
    /// What is shared.
    pub shares: Shared,
    /// The other alert.
    pub row: QueueRow,
}

/// A movement beside the customer's earlier ones of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Usual {
    /// Earlier movements of the kind whose value is known, at most 500, the latest.
    pub compared: u64,
    /// Those of unknown value, which are not compared.
    pub unpriced: u64,
    /// The middle of their values, minor units.
    pub median: u64,
    /// The highest.
    pub highest: u64,
    /// How many were below this one.
    pub below: u64,
    /// This one's value.
    pub value: u64,
}

/// How alerts with a rule came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RuleRecord {
    /// The rule.
    pub rule: String,
    /// Of the latest 10,000 alerts those with it.
    pub alerts: u64,
    /// Of them closed as right.
    pub right: u64,
    /// Of them closed as wrong.
    pub wrong: u64,
}

/// What an alert rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// The alert.
    pub row: QueueRow,
    /// Its event with facts and decision; none for alerts about no event.
    pub decided: Option<DecidedEvent>,
    /// Active holds that its decision placed.
    pub holds: Vec<Hold>,
    /// What was done with it.
    pub notes: Vec<Note>,
    /// The customer's movements of thirty days up to the event.
    pub days: Option<Flows>,
    /// How the movement compares; none where its value is unknown or nothing came before.
    pub usual: Option<Usual>,
    /// Similar alerts, the latest first.
    pub similar: Vec<Similar>,
    /// How its rules did before.
    pub rules: Vec<RuleRecord>,
}

fn similar(db: &mut Database, of: &QueueRow, by: queue::Clocks) -> Result<Vec<Similar>, DbError> {
    let (id, mut found): (_, Vec<Similar>) = (number(of.alert.id), Vec::new());
    let mut add = |shares, rows: Vec<QueueRow>| {
        for row in rows {
            if !found.iter().any(|other| other.row.alert.id == row.alert.id) {
                found.push(Similar { shares, row });
            }
        }
    };
    if let Some(counterparty) = &of.counterparty {
        let of_other = [id.clone(), counterparty.as_str().into()];
        add(Shared::Counterparty, queue::some(db, "a.id <> $1 AND f.counterparty = $2", &of_other, MAX_SIMILAR, by)?);
    }
    if !of.alert.customer.is_empty() {
        let of_own = [id.clone(), of.alert.customer.as_str().into()];
        add(Shared::Customer, queue::some(db, "a.id <> $1 AND a.customer = $2", &of_own, MAX_SIMILAR, by)?);
    }
    if let Some(rule) = of.alert.rules.first() {
        let (condition, pattern) = queue::has_rule(2, rule);
        add(Shared::Rule, queue::some(db, &format!("a.id <> $1 AND {condition}"), &[id, pattern], MAX_SIMILAR, by)?);
    }
    Ok(found)
}

fn usual(db: &mut Database, decided: &DecidedEvent) -> Result<Option<Usual>, DbError> {
    let (event, decision) = (&decided.event, &decided.decision);
    let Some(value) = decision.value.filter(|_| event.kind != EventKind::Account) else { return Ok(None) };
    let rows = db.query(
        "SELECT result FROM events WHERE customer = $1 AND kind = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4",
        &[event.customer.as_str().into(), event.kind.name().into(), number(decision.seq), number(MAX_COMPARED)],
    )?;
    let values = rows.iter().map(|row| Ok(parse::<Decision>("decision", row.text(0)?)?.value));
    let values = values.collect::<Result<Vec<Option<u64>>, DbError>>()?;
    let mut known: Vec<u64> = values.iter().copied().flatten().collect();
    known.sort_unstable();
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let (Some(median), Some(highest)) = (known.get(known.len() / 2).copied(), known.last().copied()) else {
        return Ok(None);
    };
    Ok(Some(Usual {
        compared: count(known.len()),
        unpriced: count(values.len() - known.len()),
        median,
        highest,
        below: count(known.partition_point(|earlier| *earlier < value)),
        value,
    }))
}

/// How each of the rules did, in one pass over the latest alerts: few sets of rules are behind many alerts, so that these are counted and not the alerts
/// compared with every rule.
fn records(db: &mut Database, rules: &[String]) -> Result<Vec<RuleRecord>, DbError> {
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let rows = db.query(
        "SELECT a.rules, a.outcome, COUNT(*) FROM (SELECT rules, outcome FROM alerts ORDER BY id DESC LIMIT $1) a GROUP BY a.rules, a.outcome",
        &[number(MAX_OUTCOMES)],
    )?;
    let mut records: Vec<RuleRecord> =
        rules.iter().map(|rule| RuleRecord { rule: rule.clone(), alerts: 0, right: 0, wrong: 0 }).collect();
    for row in rows {
        let (set, outcome, count) = (row.text(0)?, row.text_or_null(1), row.number::<u64>(2)?);
        for record in records.iter_mut().filter(|record| set.split(' ').any(|rule| rule == record.rule)) {
            record.alerts += count;
            match outcome {
                Some("true_positive") => record.right += count,
                Some("false_positive") => record.wrong += count,
                _ => {}
            }
        }
    }
    Ok(records)
}

/// Returns what an alert rests on.
///
/// # Errors
/// [`ScreeningError::NotFound`]; [`ScreeningError::Store`] when the database fails.
pub fn of(screening: &Screening, id: u64) -> Result<Evidence, ScreeningError> {
    /// Most rules whose records are counted.
    const MAX_RULES: usize = 8;
    let row = queue::one(screening, id)?;
    let (_, notes) = screening.alert(id)?;
    let decided = match row.alert.event {
        0 => None,
        seq => Some(screening.event_numbered(seq)?),
    };
    let holds = steps::active_holds(screening, &row.alert)?;
    let days = match &decided {
        Some(decided) => Some(flows::by_day(screening, decided, DAYS)?),
        None => None,
    };
    let by = queue::Clocks::of(screening);
    let (usual, similar, rules) = screening.read(|db| {
        let usual = decided.as_ref().map(|decided| usual(db, decided)).transpose()?.flatten();
        let rules = records(db, &row.alert.rules[..row.alert.rules.len().min(MAX_RULES)])?;
        Ok((usual, similar(db, &row, by)?, rules))
    })?;
    Ok(Evidence { row, decided, holds, notes, days, usual, similar, rules })
}
