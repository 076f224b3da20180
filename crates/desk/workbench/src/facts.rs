//! Facts of each alert's event by which the queue is filtered and sorted. They are derived from events beside the writer, so that no decision takes longer for
//! them; an alert that has none yet is shown with an unknown risk.

use crate::queue::Risk;
use holdfast_decision::{ChainFacts, Decision, Event, Purpose, Role, Verdict};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::{DbError, Row, Value, number, parse};
use std::collections::BTreeSet;

/// Alerts of one round, and most rounds at once: what is behind further is filled by the next reader.
const ROUND: u64 = 1_000;
const MAX_ROUNDS: usize = 20;

const COLUMNS: [&str; 8] = ["alert", "risk", "kind", "asset", "amount", "value", "counterparty", "typologies"];

/// How severe an alert is: by its decision. One that rests on what could not be looked at is of unknown risk.
fn risk(verdict: &str, kind: &str, decision: &Decision, facts: &ChainFacts) -> Risk {
    let blind = facts.unavailable.is_some() || decision.coverage.is_empty() && decision.rests_on_ignorance();
    match Verdict::from_name(verdict) {
        Some(Verdict::Hold | Verdict::Review) if kind == "decision" && blind => Risk::Unknown,
        Some(Verdict::Reject) => Risk::Severe,
        Some(Verdict::Hold) => Risk::High,
        Some(Verdict::Review) => Risk::Medium,
        Some(Verdict::Allow) => Risk::Low,
        None => Risk::Unknown,
    }
}

/// What a champion for triage said of a decision, and the value times that probability, minor units.
fn triage(alert: u64, decision: &Decision) -> Option<Vec<Value>> {
    let ppm = decision.learned.as_ref()?.of(Purpose::AlertTriage, Role::Champion);
    let ppm = u64::try_from(ppm).ok()?;
    let at_stake = decision.value.map(|value| u128::from(value) * u128::from(ppm) / 1_000_000);
    let at_stake = at_stake.map(|value| number(u64::try_from(value).unwrap_or(u64::MAX)));
    Some(vec![number(alert), number(ppm), at_stake.unwrap_or(Value::Null)])
}

/// The row of an alert's facts, and that of its triage.
fn facts_of(row: &Row) -> Result<(Vec<Value>, Option<Vec<Value>>), DbError> {
    let (alert, verdict, kind) = (row.number::<u64>(0)?, row.text(1)?, row.text(2)?);
    let Some(body) = row.text_or_null(3) else {
        // About no event: the clock's.
        let risk = Verdict::from_name(verdict).map_or(Risk::Unknown, |_| Risk::Medium);
        let none = || Value::Null;
        let facts = vec![number(alert), risk.rank().into(), "".into(), none(), none(), none(), none(), "".into()];
        return Ok((facts, None));
    };
    let event: Event = parse("event", body)?;
    let facts: ChainFacts = parse("facts", row.text(4)?)?;
    let decision: Decision = parse("decision", row.text(5)?)?;
    let typologies: BTreeSet<&str> = decision.findings.iter().map(|found| found.typology.name()).collect();
    let typologies = typologies.into_iter().collect::<Vec<_>>().join(" ");
    let triage = triage(alert, &decision);
    let facts = vec![
        number(alert),
        risk(verdict, kind, &decision, &facts).rank().into(),
        event.kind.name().into(),
        event.asset.into(),
        event.amount.map(|amount| amount.to_string()).into(),
        decision.value.map(|value| i64::try_from(value).unwrap_or(i64::MAX)).into(),
        event.counterparty.into(),
        typologies.into(),
    ];
    Ok((facts, triage))
}

/// Fills in what newer alerts lack.
///
/// # Errors
/// [`ScreeningError`] when the database fails.
pub(crate) fn catch_up(screening: &Screening) -> Result<(), ScreeningError> {
    for _ in 0..MAX_ROUNDS {
        // Alerts are numbered in the order of their commits.
        let rows = screening.read(|db| {
            db.query(
                "SELECT a.id, a.decision, a.kind, e.body, e.facts, e.result FROM alerts a LEFT JOIN events e ON e.seq = a.event
                 WHERE a.id > (SELECT COALESCE(MAX(alert), 0) FROM alert_facts) ORDER BY a.id LIMIT $1",
                &[number(ROUND)],
            )
        })?;
        if rows.is_empty() {
            return Ok(());
        }
        let filled = rows.iter().map(facts_of).collect::<Result<Vec<_>, DbError>>()?;
        let (facts, triage): (Vec<_>, Vec<_>) = filled.into_iter().unzip();
        let triage: Vec<Vec<Value>> = triage.into_iter().flatten().collect();
        // Two readers may fill in the same.
        screening.transact("engine", move |tx| {
            tx.db().insert("alert_facts", &COLUMNS, &facts, "ON CONFLICT (alert) DO NOTHING")?;
            let columns = ["alert", "probability_ppm", "at_stake"];
            Ok::<_, ScreeningError>(tx.db().insert(
                "alert_triage",
                &columns,
                &triage,
                "ON CONFLICT (alert) DO NOTHING",
            )?)
        })?;
    }
    Ok(())
}
