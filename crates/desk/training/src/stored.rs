//! Stored rows of features, newest first.

use holdfast_decision::scores::places;
use holdfast_models::{FeatureRow, Model, ModelError};
use holdfast_screening::Screening;
use holdfast_store::{DbError, number};
use holdfast_types::Timestamp;

use crate::TrainingError;

/// Rows read at once.
const PAGE: u64 = 2_000;

/// A scored event's row.
#[derive(Debug)]
pub(crate) struct StoredRow {
    pub(crate) seq: u64,
    pub(crate) event: String,
    pub(crate) customer: String,
    pub(crate) row: FeatureRow,
}

/// Events of a time, `from` to below `until`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Period {
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

/// Reads rows of the newest scored events of a time and kinds, at most so many; returns them and whether there were more.
pub(crate) fn newest(
    screening: &Screening,
    kinds: &[&str],
    period: Period,
    most: usize,
) -> Result<(Vec<StoredRow>, bool), TrainingError> {
    let (from, until) = (period.from.unwrap_or(Timestamp::MIN), period.until.unwrap_or(Timestamp::MAX));
    let (mut all, mut below) = (Vec::new(), u64::MAX);
    loop {
        let sql =
            "SELECT s.seq, e.id, e.customer, s.features, e.kind FROM scored_events s JOIN events e ON e.seq = s.seq
             WHERE s.seq < $1 AND e.time >= $2 AND e.time < $3 ORDER BY s.seq DESC LIMIT $4";
        let wanted = [number(below), from.into(), until.into(), number(PAGE)];
        let page = screening.read(|db| {
            let rows = db.query(sql, &wanted)?;
            let kept = rows.iter().filter(|r| r.text(4).is_ok_and(|kind| kinds.contains(&kind)));
            let read = |r: &holdfast_store::Row| {
                let seq = r.number(0)?;
                let row = holdfast_learned::row_of(seq, r.text(3)?)?;
                Ok(StoredRow { seq, event: r.text(1)?.to_owned(), customer: r.text(2)?.to_owned(), row })
            };
            let last = rows.last().map(|r| r.number::<u64>(0)).transpose()?;
            Ok((kept.map(read).collect::<Result<Vec<_>, DbError>>()?, last))
        })?;
        let (rows, Some(last)) = page else { return Ok((all, false)) };
        below = last;
        for row in rows {
            if all.len() >= most {
                return Ok((all, true));
            }
            all.push(row);
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
