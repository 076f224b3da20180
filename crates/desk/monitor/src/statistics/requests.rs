//! Charts of requests from law enforcement.

use super::{Chart, ChartName, ChartRows, ChartUnit, MAX_ROWS, Window};
use holdfast_store::{Database, DbError, number};
use holdfast_types::Timestamp;
use std::collections::BTreeMap;

/// Time that is left to answer: up to so many seconds.
const LEFT: [(&str, i64); 6] = [
    ("overdue", -1),
    ("up to 24 hours", 86_400),
    ("1 to 3 days", 259_200),
    ("3 to 7 days", 604_800),
    ("7 to 30 days", 2_592_000),
    ("more than 30 days", i64::MAX),
];

/// Returns the requests that were received in the window, by agency or country (a column): open, answered in time, answered late.
pub(super) fn by(db: &mut Database, name: ChartName, window: Window, column: &str) -> Result<Chart, DbError> {
    let series = ["open", "answered in time", "answered late"].map(|name| (name, ChartUnit::Count));
    let mut chart = Chart::new(name, window, ChartRows::Names, &series);
    let (begin, end) = window.times();
    let sql = format!(
        "SELECT COALESCE({column}, ''), CASE WHEN answered IS NULL THEN 0 WHEN answered <= due THEN 1 ELSE 2 END, COUNT(*)
         FROM requests WHERE received >= $1 AND received < $2
         GROUP BY COALESCE({column}, ''), CASE WHEN answered IS NULL THEN 0 WHEN answered <= due THEN 1 ELSE 2 END"
    );
    let mut found: BTreeMap<String, [i64; 3]> = BTreeMap::new();
    for row in &db.query(&sql, &[begin.into(), end.into()])? {
        let at: usize = usize::try_from(row.int(1)?).map_err(|_| DbError::Type(1))?;
        if let Some(count) = found.entry(row.text(0)?.to_owned()).or_default().get_mut(at) {
            *count = row.int(2)?;
        }
    }
    for (label, counts) in found {
        let label = if label.is_empty() { "not stated".to_owned() } else { label };
        chart.row(label, counts.map(Some).to_vec());
    }
    chart.largest();
    Ok(chart)
}

/// Returns the requests that are not answered, by the time that is left, now.
pub(super) fn clocks(db: &mut Database, window: Window, now: Timestamp) -> Result<Chart, DbError> {
    let mut chart = Chart::new(ChartName::Clocks, window, ChartRows::Steps, &[("requests", ChartUnit::Count)]);
    let sql = "SELECT due FROM requests WHERE state IN ('open', 'prepared') ORDER BY due LIMIT $1";
    let rows = db.query(sql, &[number(MAX_ROWS)])?;
    let mut counts = [0i64; LEFT.len()];
    for row in &rows {
        let left = (row.time(0)? - now).count();
        counts[LEFT.iter().position(|(_, most)| left <= *most).unwrap_or(LEFT.len() - 1)] += 1;
    }
    for ((name, _), count) in LEFT.iter().zip(counts) {
        chart.row(*name, vec![Some(count)]);
    }
    if u32::try_from(rows.len()).is_ok_and(|read| read >= MAX_ROWS) {
        chart.left_out.push(format!("requests beyond the {MAX_ROWS} that are due first"));
    }
    Ok(chart)
}
