//! The transparency report: how many requests came, from where, of what kind, how they were answered and how soon. It names no person.

use crate::CaseError;
use crate::Cases;
use holdfast_decision::model::time_ok;
use holdfast_types::{Invalid, Seconds, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// Requests of one country and kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Line {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Kind.
    pub kind: String,
    /// Requests that came.
    pub received: u64,
    /// Answered wholly.
    pub granted: u64,
    /// Answered in part.
    pub partly: u64,
    /// Refused.
    pub refused: u64,
    /// Found to be forged.
    pub forged: u64,
    /// Not answered yet.
    pub open: u64,
    /// Median time to answer, seconds.
    pub median_seconds: Option<Seconds>,
    /// Answered in time, of those answered.
    pub in_time: u64,
}

/// The report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// From, Unix seconds.
    pub from: Timestamp,
    /// To, exclusive.
    pub to: Timestamp,
    /// By country and kind.
    pub lines: Vec<Line>,
    /// Everything together.
    pub total: Line,
}

impl Report {
    /// Returns the report as CSV (RFC 4180).
    pub fn csv(&self) -> String {
        let mut out =
            String::from("country,kind,received,granted,partly,refused,forged,open,median_seconds,in_time\r\n");
        for l in self.lines.iter().chain([&self.total]) {
            let median = l.median_seconds.map_or(String::new(), |s| s.count().to_string());
            out += &format!(
                "{},{},{},{},{},{},{},{},{median},{}\r\n",
                l.country, l.kind, l.received, l.granted, l.partly, l.refused, l.forged, l.open, l.in_time
            );
        }
        out
    }
}

fn median(mut times: Vec<Seconds>) -> Option<Seconds> {
    times.sort_unstable();
    times.get(times.len().checked_sub(1)? / 2).copied()
}

impl Cases<'_> {
    /// Counts the requests that came in a span of time.
    ///
    /// # Errors
    /// [`CaseError::Invalid`] names the field of the span; [`CaseError`] when the database fails.
    pub fn transparency(&self, from: Timestamp, to: Timestamp) -> Result<Report, CaseError> {
        time_ok("from", from)?;
        time_ok("to", to)?;
        if to <= from {
            return Err(Invalid::new("to", format!("{} is not after {}", to.rfc3339(), from.rfc3339())).into());
        }
        let mut cells: BTreeMap<(String, String), (Line, Vec<Seconds>)> = BTreeMap::new();
        let mut after = 0;
        loop {
            let sql = "SELECT seq, COALESCE(country, '-'), COALESCE(kind, '-'), state, outcome, received, due, answered FROM requests
                WHERE seq > $1 AND received >= $2 AND received < $3 ORDER BY seq LIMIT 5000";
            let rows = self.read(|db| db.query(sql, &[after.into(), from.into(), to.into()]))?;
            let Some(last) = rows.last() else { break };
            after = last.int(0)?;
            for row in &rows {
                let key = (row.text(1)?.to_owned(), row.text(2)?.to_owned());
                let (line, times) = cells.entry(key).or_default();
                line.received += 1;
                match (row.text(3)?, row.text_or_null(4)) {
                    ("answered", Some("granted")) => line.granted += 1,
                    ("answered", Some("partly")) => line.partly += 1,
                    ("answered", Some("forged")) => line.forged += 1,
                    ("answered", _) => line.refused += 1,
                    _ => line.open += 1,
                }
                if let Some(answered) = row.time_or_null(7) {
                    times.push(answered - row.time(5)?);
                    line.in_time += u64::from(answered <= row.time(6)?);
                }
            }
        }
        let mut total = Line { country: "all".into(), kind: "all".into(), ..Line::default() };
        let (mut lines, mut all) = (Vec::new(), Vec::new());
        for ((country, kind), (line, times)) in cells {
            for (sum, n) in [
                (&mut total.received, line.received),
                (&mut total.granted, line.granted),
                (&mut total.partly, line.partly),
                (&mut total.refused, line.refused),
                (&mut total.forged, line.forged),
                (&mut total.open, line.open),
                (&mut total.in_time, line.in_time),
            ] {
                *sum += n;
            }
            all.extend(&times);
            lines.push(Line { country, kind, median_seconds: median(times), ..line });
        }
        total.median_seconds = median(all);
        Ok(Report { from, to, lines, total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_lower_one() {
        let of = |times: &[i64]| median(times.iter().map(|t| Seconds::new(*t)).collect()).map(Seconds::count);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[9]), Some(9));
        assert_eq!(of(&[9, 1]), Some(1));
        assert_eq!(of(&[9, 1, 5]), Some(5));
    }
}
