//! Stored rows of features, newest first.

use holdfast_decision::scores::places;
use holdfast_models::{FeatureRow, Model, ModelError};
use holdfast_screening::Screening;
use holdfast_store::{DbError, number};
use holdfast_types::{Seconds, Timestamp};

use crate::TrainingError;
use crate::labels::Labels;

/// Most events that are compared.
pub(crate) const MAX_EVENTS: usize = 20_000;
/// Rows read at once.
const PAGE: u64 = 2_000;
/// By how much an event's time is ahead of its decision at most: the policy of a rule book says it, an hour by default.
const AHEAD: Seconds = Seconds::DAY;

/// A scored event's row.
#[derive(Debug)]
pub(crate) struct StoredRow {
    pub(crate) seq: u64,
    pub(crate) event: String,
    pub(crate) customer: String,
    pub(crate) time: Timestamp,
    pub(crate) row: FeatureRow,
}

/// Events of a time, `from` to below `until`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Period {
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

/// Which events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which<'a> {
    /// All that were scored.
    Scored,
    /// Those that raised an alert as well.
    Alerted,
    /// Those of which something may be known.
    Known(&'a Labels),
}

/// Reads rows of the newest scored events of a time and kinds, at most so many; returns them and whether there were more. Nothing is read that was decided
/// too long before the time.
pub(crate) fn newest(
    screening: &Screening,
    kinds: &[&str],
    period: Period,
    which: Which<'_>,
    most: usize,
) -> Result<(Vec<StoredRow>, bool), TrainingError> {
    let (from, until) = (period.from.unwrap_or(Timestamp::MIN), period.until.unwrap_or(Timestamp::MAX));
    let (mut all, mut below) = (Vec::new(), u64::MAX);
    loop {
        let sql = "SELECT s.seq, e.id, e.customer, s.features, e.kind, e.time, e.decided,
             (SELECT COUNT(*) FROM alerts a WHERE a.event = s.seq)
             FROM scored_events s JOIN events e ON e.seq = s.seq
             WHERE s.seq < $1 AND e.time < $2 ORDER BY s.seq DESC LIMIT $3";
        let wanted = [number(below), until.into(), number(PAGE)];
        let page = screening.read(|db| {
            let rows = db.query(sql, &wanted)?;
            let mut kept = Vec::new();
            for r in &rows {
                let of_time = r.time(5)? >= from && kinds.contains(&r.text(4)?);
                let seq = r.number(0)?;
                let is_wanted = match which {
                    Which::Scored => true,
                    Which::Alerted => r.int(7)? > 0,
                    Which::Known(labels) => labels.may_know(seq, r.text(1)?),
                };
                if of_time && is_wanted {
                    let row = holdfast_learned::row_of(seq, r.text(3)?)?;
                    let (event, customer) = (r.text(1)?.to_owned(), r.text(2)?.to_owned());
                    kept.push(StoredRow { seq, event, customer, time: r.time(5)?, row });
                }
            }
            let last = rows.last().map(|r| Ok::<_, DbError>((r.number::<u64>(0)?, r.time(6)?)));
            Ok((kept, last.transpose()?))
        })?;
        let (rows, Some((last, decided))) = page else { return Ok((all, false)) };
        below = last;
        for row in rows {
            if all.len() >= most {
                return Ok((all, true));
            }
            all.push(row);
        }
        // Decisions rise with the number: all others are older.
        if decided + AHEAD < from {
            return Ok((all, false));
        }
    }
}

/// Returns a model's values of rows and its scores of them.
pub(crate) fn scored(model: &Model, rows: &[StoredRow]) -> Result<(Vec<Vec<f64>>, Vec<f64>), ModelError> {
    let places = places(model.schema())?;
    let value = |row: &StoredRow, place: &usize| row.row.values().get(*place).copied().unwrap_or(f64::NAN);
    let values: Vec<Vec<f64>> = rows.iter().map(|r| places.iter().map(|p| value(r, p)).collect()).collect();
    let scores = values.iter().map(|v| model.score(v)).collect();
    Ok((values, scores))
}
