//! Charts of alerts and of the people who work them.

use super::{Chart, ChartName, ChartRows, ChartUnit, MAX_ROWS, Window, date, days};
use holdfast_models::metrics::wilson;
use holdfast_store::{Database, DbError, Value, number};
use holdfast_types::Timestamp;
use std::collections::BTreeMap;

/// Ages of open alerts: up to so many seconds.
const AGES: [(&str, i64); 6] = [
    ("up to 1 hour", 3_600),
    ("1 to 4 hours", 14_400),
    ("4 to 24 hours", 86_400),
    ("1 to 3 days", 259_200),
    ("3 to 7 days", 604_800),
    ("more than 7 days", i64::MAX),
];

fn bounded(window: Window) -> [Value; 3] {
    let (begin, end) = window.times();
    [begin.into(), end.into(), number(MAX_ROWS)]
}

/// Counts rows of (day, count).
fn counted(db: &mut Database, sql: &str, window: Window) -> Result<Vec<(i64, i64)>, DbError> {
    let (begin, end) = window.times();
    db.query(sql, &[begin.into(), end.into()])?.iter().map(|r| Ok((r.int(0)?, r.int(1)?))).collect()
}

/// Returns alerts opened and closed by day; one that was opened again and closed again is closed twice.
pub(super) fn by_day(db: &mut Database, window: Window) -> Result<Chart, DbError> {
    let series = [("opened", ChartUnit::Count), ("closed", ChartUnit::Count)];
    let mut chart = Chart::new(ChartName::Alerts, window, ChartRows::Days, &series);
    let opened =
        "SELECT created / 86400, COUNT(*) FROM alerts WHERE created >= $1 AND created < $2 GROUP BY created / 86400";
    let closed = "SELECT time / 86400, COUNT(*) FROM alert_notes
                  WHERE action = 'close' AND time >= $1 AND time < $2 GROUP BY time / 86400";
    let counts = [counted(db, opened, window)?, counted(db, closed, window)?];
    days(&mut chart, window, &counts);
    Ok(chart)
}

/// Returns the open alerts by age, now.
pub(super) fn ages(db: &mut Database, window: Window, now: Timestamp) -> Result<Chart, DbError> {
    let series = [("unassigned", ChartUnit::Count), ("assigned", ChartUnit::Count)];
    let mut chart = Chart::new(ChartName::AlertAges, window, ChartRows::Steps, &series);
    let sql = "SELECT created, CASE WHEN assignee IS NULL THEN 0 ELSE 1 END FROM alerts WHERE state = 'open'
               ORDER BY id DESC LIMIT $1";
    let rows = db.query(sql, &[number(MAX_ROWS)])?;
    let mut counts = [[0i64; 2]; AGES.len()];
    for row in &rows {
        let age = (now - row.time(0)?).count();
        let step = AGES.iter().position(|(_, most)| age <= *most).unwrap_or(AGES.len() - 1);
        counts[step][usize::from(row.int(1)? == 1)] += 1;
    }
    for ((name, _), [unassigned, assigned]) in AGES.iter().zip(counts) {
        chart.row(*name, vec![Some(unassigned), Some(assigned)]);
    }
    chart.note_bound(rows.len(), "open alerts");
    Ok(chart)
}

/// Returns the alerts that were closed in the window, by outcome as it is now.
pub(super) fn outcomes(db: &mut Database, window: Window) -> Result<Chart, DbError> {
    let mut chart = Chart::new(ChartName::Outcomes, window, ChartRows::Steps, &[("alerts", ChartUnit::Count)]);
    let (begin, end) = window.times();
    let rows = db.query(
        "SELECT a.outcome, COUNT(DISTINCT a.id) FROM alert_notes n JOIN alerts a ON a.id = n.alert AND a.state = 'closed'
         WHERE n.action = 'close' AND n.time >= $1 AND n.time < $2 AND a.outcome IS NOT NULL GROUP BY a.outcome",
        &[begin.into(), end.into()],
    )?;
    let mut found = BTreeMap::new();
    for row in &rows {
        found.insert(row.text(0)?.to_owned(), row.int(1)?);
    }
    for name in ["true_positive", "false_positive", "inconclusive"] {
        chart.row(name, vec![Some(found.remove(name).unwrap_or(0))]);
    }
    found.into_iter().for_each(|(name, count)| chart.row(name, vec![Some(count)]));
    Ok(chart)
}

/// A share in thousandths.
#[expect(clippy::cast_possible_truncation, reason = "a share in thousandths is from 0 to 1000")]
fn permille(share: f64) -> i64 {
    (share.clamp(0.0, 1.0) * 1_000.0).round() as i64
}

/// Returns, by rule, how alerts that were closed in the window came out. A rule's alerts are those of decisions that it met; one in shadow raised none itself,
/// but is measured on the alerts that others raised about the events that it met.
pub(super) fn precision(db: &mut Database, window: Window) -> Result<Chart, DbError> {
    let series = [
        ("right", ChartUnit::Count),
        ("wrong", ChartUnit::Count),
        ("precision", ChartUnit::Permille),
        ("lowest", ChartUnit::Permille),
        ("highest", ChartUnit::Permille),
    ];
    let mut chart = Chart::new(ChartName::Precision, window, ChartRows::Names, &series);
    let (begin, end) = window.times();
    let rows = db.query(
        "SELECT h.rule, h.state, a.outcome, COUNT(DISTINCT a.id)
         FROM alert_notes n JOIN alerts a ON a.id = n.alert AND a.state = 'closed' AND a.kind = 'decision'
         JOIN rule_hits h ON h.seq = a.event
         WHERE n.action = 'close' AND n.time >= $1 AND n.time < $2 AND a.outcome IN ('true_positive', 'false_positive')
         GROUP BY h.rule, h.state, a.outcome",
        &[begin.into(), end.into()],
    )?;
    let mut found: BTreeMap<String, [u32; 2]> = BTreeMap::new();
    for row in &rows {
        let shadow = if row.text(1)? == "shadow" { " (shadow)" } else { "" };
        let wrong = usize::from(row.text(2)? == "false_positive");
        found.entry(format!("{}{shadow}", row.text(0)?)).or_default()[wrong] += row.number::<u32>(3)?;
    }
    for (rule, [right, wrong]) in found {
        let share = wilson(right.into(), f64::from(right) + f64::from(wrong));
        let shares = [share.value, share.low, share.high].map(|s| Some(permille(s)));
        chart.row(rule, [Some(right.into()), Some(wrong.into())].into_iter().chain(shares).collect());
    }
    let cases = |row: &super::Row| row.values.iter().take(2).flatten().sum::<i64>();
    chart.rows.sort_by_key(|row| std::cmp::Reverse(cases(row)));
    if chart.rows.len() > super::MAX_NAMES {
        chart.left_out.push(format!("{} rules with fewer closed alerts", chart.rows.len() - super::MAX_NAMES));
        chart.rows.truncate(super::MAX_NAMES);
    }
    Ok(chart)
}

/// The value that a share (in hundredths) of sorted values does not exceed, by nearest rank; none of no values.
fn percentile(sorted: &[i64], hundredths: usize) -> Option<i64> {
    let rank = (sorted.len() * hundredths).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// Returns the time from an alert's opening to its closing, by the day of closing.
pub(super) fn times(db: &mut Database, window: Window) -> Result<Chart, DbError> {
    let series = [("median", ChartUnit::Seconds), ("95th percentile", ChartUnit::Seconds)];
    let mut chart = Chart::new(ChartName::Times, window, ChartRows::Days, &series);
    let rows = db.query(
        "SELECT n.time / 86400, n.time - a.created FROM alert_notes n JOIN alerts a ON a.id = n.alert
         WHERE n.action = 'close' AND n.time >= $1 AND n.time < $2 ORDER BY n.time DESC LIMIT $3",
        &bounded(window),
    )?;
    let mut by_day: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for row in &rows {
        by_day.entry(row.int(0)?).or_default().push(row.int(1)?.max(0));
    }
    for day in window.days() {
        let sorted = by_day.get_mut(&day).map(|list| {
            list.sort_unstable();
            &*list
        });
        let at = |hundredths| sorted.as_ref().and_then(|list| percentile(list, hundredths));
        chart.row(date(day), vec![at(50), at(95)]);
    }
    chart.note_bound(rows.len(), "alerts closed");
    Ok(chart)
}

/// Returns what each person has to do, and did in the window.
pub(super) fn people(db: &mut Database, window: Window) -> Result<Chart, DbError> {
    let series = ["open alerts", "closed alerts", "open tasks"].map(|name| (name, ChartUnit::Count));
    let mut chart = Chart::new(ChartName::People, window, ChartRows::Names, &series);
    let mut found: BTreeMap<String, [i64; 3]> = BTreeMap::new();
    let mut take = |rows: Vec<holdfast_store::Row>, at: usize| {
        for row in &rows {
            found.entry(row.text(0)?.to_owned()).or_default()[at] = row.int(1)?;
        }
        Ok::<_, DbError>(())
    };
    let open =
        "SELECT COALESCE(assignee, ''), COUNT(*) FROM alerts WHERE state = 'open' GROUP BY COALESCE(assignee, '')";
    take(db.query(open, &[])?, 0)?;
    let (begin, end) = window.times();
    let closed =
        "SELECT author, COUNT(*) FROM alert_notes WHERE action = 'close' AND time >= $1 AND time < $2 GROUP BY author";
    take(db.query(closed, &[begin.into(), end.into()])?, 1)?;
    let tasks = "SELECT COALESCE(assignee, ''), COUNT(*) FROM case_items
                 WHERE kind = 'task' AND done IS NULL AND withdrawn IS NULL GROUP BY COALESCE(assignee, '')";
    take(db.query(tasks, &[])?, 2)?;
    for (person, counts) in found {
        let name = if person.is_empty() { "nobody".to_owned() } else { person };
        chart.row(name, counts.map(Some).to_vec());
    }
    chart.largest();
    Ok(chart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let sorted: Vec<i64> = (1..=20).collect();
        assert_eq!([50, 95, 100].map(|p| percentile(&sorted, p)), [Some(10), Some(19), Some(20)]);
        assert_eq!((percentile(&[7], 50), percentile(&[7], 95), percentile(&[], 50)), (Some(7), Some(7), None));
    }
}
