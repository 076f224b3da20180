//! Decisions and hits of rules, counted incrementally: each event is counted once, by its number; what was not counted yet is added while reading.

use super::{Chart, ChartName, ChartRows, ChartUnit, Window, days};
use crate::{Monitor, MonitorError};
use holdfast_decision::Verdict;
use holdfast_store::{Database, DbError, Value, number};
use std::collections::BTreeMap;

/// Events that one change counts: decisions wait for no more.
const AT_ONCE: u64 = 20_000;
/// Fewer uncounted events are counted while reading.
const FEW: u64 = 2_000;
/// Most rules of the chart by day.
const RULES_BY_DAY: usize = 8;

/// Numbers of events that are not counted yet: after the first, up to the second.
fn uncounted(db: &mut Database) -> Result<(u64, u64), DbError> {
    let sql = "SELECT (SELECT seq FROM counted_events WHERE id = 1), (SELECT COALESCE(MAX(seq), 0) FROM events)";
    let rows = db.query(sql, &[])?;
    rows.first().map_or(Ok((0, 0)), |r| Ok((r.number(0)?, r.number(1)?)))
}

/// Counts events after a number, at most [`AT_ONCE`].
fn count(db: &mut Database) -> Result<(), DbError> {
    let (after, last) = uncounted(db)?;
    let to = last.min(after.saturating_add(AT_ONCE));
    if to <= after {
        return Ok(());
    }
    let part: [Value; 2] = [number(after), number(to)];
    db.execute(
        "INSERT INTO decisions_by_day (day, decision, events)
         SELECT decided / 86400, decision, COUNT(*) FROM events WHERE seq > $1 AND seq <= $2 GROUP BY decided / 86400, decision
         ON CONFLICT (day, decision) DO UPDATE SET events = decisions_by_day.events + excluded.events",
        &part,
    )?;
    db.execute(
        "INSERT INTO hits_by_day (day, rule, state, hits)
         SELECT e.decided / 86400, h.rule, h.state, COUNT(*) FROM rule_hits h JOIN events e ON e.seq = h.seq
         WHERE h.seq > $1 AND h.seq <= $2 GROUP BY e.decided / 86400, h.rule, h.state
         ON CONFLICT (day, rule, state) DO UPDATE SET hits = hits_by_day.hits + excluded.hits",
        &part,
    )?;
    db.execute("UPDATE counted_events SET seq = $1 WHERE id = 1", &[number(to)])?;
    Ok(())
}

impl Monitor<'_> {
    /// Counts what was decided since the last call, in parts between which decisions go on, until few events are left.
    ///
    /// # Errors
    /// [`MonitorError::Store`] when the database fails.
    pub fn count_events(&self) -> Result<(), MonitorError> {
        loop {
            let (after, last) = self.read(uncounted)?;
            if last.saturating_sub(after) < FEW {
                return Ok(());
            }
            self.screening.transact("engine", |tx| count(tx.db()).map_err(MonitorError::from))?;
        }
    }
}

/// Returns events by day and decision.
pub(super) fn decisions(db: &mut Database, window: Window) -> Result<Chart, DbError> {
    let verdicts = [Verdict::Allow, Verdict::Review, Verdict::Hold, Verdict::Reject].map(Verdict::name);
    let series = verdicts.map(|v| (v, ChartUnit::Count));
    let mut chart = Chart::new(ChartName::Decisions, window, ChartRows::Days, &series);
    let (first, last) = window.bounds();
    let (begin, end) = window.times();
    // One statement: events that are counted meanwhile are neither in both parts nor in none.
    let rows = db.query(
        "SELECT day, decision, events FROM decisions_by_day WHERE day >= $1 AND day <= $2
         UNION ALL
         SELECT decided / 86400, decision, COUNT(*) FROM events
         WHERE seq > (SELECT seq FROM counted_events WHERE id = 1) AND decided >= $3 AND decided < $4
         GROUP BY decided / 86400, decision",
        &[first.into(), last.into(), begin.into(), end.into()],
    )?;
    let mut counts = verdicts.map(|_| Vec::new());
    for row in &rows {
        let decision = row.text(1)?;
        match verdicts.iter().position(|v| *v == decision) {
            Some(at) => counts[at].push((row.int(0)?, row.int(2)?)),
            None => chart.left_out.push(format!("{} events decided '{decision}'", row.int(2)?)),
        }
    }
    days(&mut chart, window, &counts);
    Ok(chart)
}

/// Hits by day, rule and state.
fn hits(db: &mut Database, window: Window) -> Result<Vec<(i64, String, String, i64)>, DbError> {
    let ((first, last), (begin, end)) = (window.bounds(), window.times());
    // One statement, as above.
    let rows = db.query(
        "SELECT day, rule, state, hits FROM hits_by_day WHERE day >= $1 AND day <= $2
         UNION ALL
         SELECT e.decided / 86400, h.rule, h.state, COUNT(*) FROM rule_hits h JOIN events e ON e.seq = h.seq
         WHERE h.seq > (SELECT seq FROM counted_events WHERE id = 1) AND e.decided >= $3 AND e.decided < $4
         GROUP BY e.decided / 86400, h.rule, h.state",
        &[first.into(), last.into(), begin.into(), end.into()],
    )?;
    rows.iter().map(|r| Ok((r.int(0)?, r.text(1)?.to_owned(), r.text(2)?.to_owned(), r.int(3)?))).collect()
}

/// Returns hits by rule, in force and in shadow.
pub(super) fn rules(db: &mut Database, window: Window) -> Result<Chart, DbError> {
    let series = [("live", ChartUnit::Count), ("shadow", ChartUnit::Count)];
    let mut chart = Chart::new(ChartName::Rules, window, ChartRows::Names, &series);
    let mut sums: BTreeMap<String, [i64; 2]> = BTreeMap::new();
    for (_, rule, state, hits) in hits(db, window)? {
        sums.entry(rule).or_default()[usize::from(state == "shadow")] += hits;
    }
    sums.into_iter().for_each(|(rule, [live, shadow])| chart.row(rule, vec![Some(live), Some(shadow)]));
    chart.largest();
    Ok(chart)
}

/// Returns hits by day of the rules with most, in force or in shadow; those of others are one series.
pub(super) fn rule_days(db: &mut Database, window: Window) -> Result<Chart, DbError> {
    let found = hits(db, window)?;
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    found.iter().for_each(|(_, rule, _, hits)| *sums.entry(rule).or_default() += hits);
    let mut largest: Vec<(&str, i64)> = sums.into_iter().collect();
    largest.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let has_others = largest.len() > RULES_BY_DAY;
    largest.truncate(RULES_BY_DAY);
    let mut series: Vec<(&str, ChartUnit)> = largest.iter().map(|(rule, _)| (*rule, ChartUnit::Count)).collect();
    if has_others {
        series.push(("others", ChartUnit::Count));
    }
    let mut chart = Chart::new(ChartName::RuleDays, window, ChartRows::Days, &series);
    let mut counts = vec![Vec::new(); series.len()];
    for (day, rule, _, hits) in &found {
        let at = largest.iter().position(|(name, _)| name == rule).unwrap_or(RULES_BY_DAY);
        if let Some(list) = counts.get_mut(at) {
            list.push((*day, *hits));
        }
    }
    days(&mut chart, window, &counts);
    Ok(chart)
}
