//! How many of a model's best events were right, week by week, at the share that analysts can review.

use crate::compare::share_of;
use crate::labels::Labels;
use crate::stored::{MAX_EVENTS, Period, StoredRow, Which, newest, scored};
use crate::{Learning, TrainingError};
use holdfast_learned::purpose_of;
use holdfast_models::metrics::{AtBudget, at_budget};
use holdfast_models::{Label, Model, ModelHash};
use holdfast_types::{Invalid, Seconds, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// A champion is out of bounds where all of the interval of its precision at the budget lies below this share of what its training measured.
pub const PRECISION_FLOOR: f64 = 0.5;
/// Fewest labelled events within the budget from which a verdict is given.
pub const LEAST_REVIEWED: u64 = 20;
/// Weeks that the verdict is about: labels of younger events are few.
const VERDICT_WEEKS: i64 = 4;
/// Most weeks that are told.
const MAX_WEEKS: u32 = 104;
/// The budget of a model that states none.
const DEFAULT_BUDGET: f64 = 0.01;
const WEEK: Seconds = Seconds::days(7);
/// 1970-01-05, a Monday.
const MONDAY: Timestamp = Timestamp::from_unix(4 * 86_400);

/// A week's events.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Week {
    /// Its Monday, 0:00 UTC, Unix seconds.
    pub from: Timestamp,
    /// Scored events with a label: somebody looked at them.
    pub labelled: u64,
    /// Crimes among them.
    pub positives: u64,
    /// What reviewing the budget's share of them found, with Wilson's interval.
    pub at_budget: AtBudget,
}

/// How a model's precision stands against its training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Fewer than [`LEAST_REVIEWED`] labelled events within the budget.
    TooFew,
    /// What training measured is not known: the model was imported.
    NoBound,
    /// The interval reaches the bound.
    Within,
    /// All of the interval lies below it.
    Below,
}

/// A model's precision by week.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PrecisionByWeek {
    /// The model.
    pub model: ModelHash,
    /// Share of labelled events that is reviewed.
    pub budget: f64,
    /// Whether there were more labelled events, which are not counted: the oldest week is incomplete then.
    pub is_cut: bool,
    /// Weeks with labelled events, oldest first.
    pub weeks: Vec<Week>,
    /// The last four weeks together.
    pub recent: AtBudget,
    /// The precision that training measured at the budget; absent for imported models.
    pub measured: Option<f64>,
    /// The bound: [`PRECISION_FLOOR`] times that.
    pub bound: Option<f64>,
    /// How the last four weeks stand against the bound.
    pub standing: Standing,
}

impl Learning<'_> {
    /// Returns a model's precision at the budget for each of the last weeks before a time, on events with a label. `budget` is a share above 0 to 1; by default
    /// that of the model's training, or 1% of an imported one.
    ///
    /// # Errors
    /// [`TrainingError::Invalid`] names a field; [`TrainingError::NotFound`]; [`TrainingError::State`] for a model that scores no events;
    /// [`TrainingError::Store`] when the database fails.
    pub fn precision_by_week(
        &self,
        hash: ModelHash,
        budget: Option<f64>,
        weeks: u32,
        until: Timestamp,
    ) -> Result<PrecisionByWeek, TrainingError> {
        if !(1..=MAX_WEEKS).contains(&weeks) {
            return Err(Invalid::new("weeks", format!("is {weeks}; 1 to {MAX_WEEKS}")).into());
        }
        let model = self.model(hash)?;
        let budget = budget.unwrap_or_else(|| own_budget(&model));
        if !(budget > 0.0 && budget <= 1.0) {
            return Err(Invalid::new("budget", format!("is {budget}; above 0 to 1")).into());
        }
        let purpose = purpose_of(&model.content().purpose)?;
        let kinds = self.kinds(purpose.name())?;
        let labels = self.screening.read(Labels::of_desk)?;
        let from = monday(until) - Seconds::days(7 * (i64::from(weeks) - 1));
        // What a model was trained on says nothing of it.
        let seen = model.content().training.as_ref().map(|t| t.borders.1);
        let period = Period { from: Some(seen.map_or(from, |seen| seen.max(from))), until: Some(until) };
        let (rows, is_cut) = newest(self.screening, &kinds, period, Which::Known(&labels), MAX_EVENTS)?;
        let mut known: Vec<(StoredRow, bool)> = Vec::new();
        for row in rows {
            match labels.of(purpose, &self.screening.event_numbered(row.seq)?.decision) {
                Label::Unlabelled => {}
                label => known.push((row, label == Label::Positive)),
            }
        }
        let (rows, positive): (Vec<StoredRow>, Vec<bool>) = known.into_iter().unzip();
        let scores = scored(&model, &rows)?.1;
        let mut by_week: BTreeMap<Timestamp, Vec<usize>> = BTreeMap::new();
        for (place, row) in rows.iter().enumerate() {
            by_week.entry(monday(row.time)).or_default().push(place);
        }
        let found = |places: &[usize]| {
            let of: Vec<f64> = places.iter().map(|p| scores[*p]).collect();
            let right: Vec<bool> = places.iter().map(|p| positive[*p]).collect();
            at_budget(&of, &right, share_of(places.len(), budget))
        };
        let count = |places: &[usize]| places.iter().filter(|p| positive[**p]).count() as u64;
        let since = until - Seconds::days(7 * VERDICT_WEEKS);
        let last: Vec<usize> = (0..rows.len()).filter(|p| rows[*p].time >= since).collect();
        let recent = found(&last);
        let measured = model.content().training.as_ref().map(|t| t.measured.at_budget.precision.value);
        let bound = measured.map(|m| m * PRECISION_FLOOR);
        let week = |(from, places): (&Timestamp, &Vec<usize>)| Week {
            from: *from,
            labelled: places.len() as u64,
            positives: count(places),
            at_budget: found(places),
        };
        Ok(PrecisionByWeek {
            model: hash,
            budget,
            is_cut,
            weeks: by_week.iter().map(week).collect(),
            recent,
            measured,
            bound,
            standing: standing(&recent, bound),
        })
    }
}

fn standing(recent: &AtBudget, bound: Option<f64>) -> Standing {
    match bound {
        None => Standing::NoBound,
        Some(_) if recent.reviewed < LEAST_REVIEWED => Standing::TooFew,
        Some(bound) if recent.precision.high < bound => Standing::Below,
        Some(_) => Standing::Within,
    }
}

/// Returns the Monday, 0:00 UTC, of a time's week.
fn monday(time: Timestamp) -> Timestamp {
    let into = (time - MONDAY).count().rem_euclid(WEEK.count());
    time - Seconds::new(into)
}

/// Returns the share that training measured at; [`DEFAULT_BUDGET`] for a model that states none.
fn own_budget(model: &Model) -> f64 {
    let measured = model.content().training.as_ref().map(|t| t.measured).filter(|m| m.rows > 0);
    let share = measured.map(|m| m.at_budget.reviewed as f64 / m.rows as f64);
    share.filter(|s| *s > 0.0).unwrap_or(DEFAULT_BUDGET)
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_models::metrics::wilson;

    #[test]
    fn weeks_begin_on_monday() {
        let at = |text: &str| holdfast_types::Timestamp::from_unix(text.parse().unwrap());
        // 2026-06-01 was a Monday: 1780272000.
        assert_eq!(monday(at("1780272000")), at("1780272000"));
        assert_eq!(monday(at("1780271999")), at("1779667200"));
        assert_eq!(monday(at("-1")), at("-259200"));
    }

    #[test]
    fn only_what_lies_below_the_bound_as_a_whole_is_out_of_it() {
        let recent = |hits: f64, n: u64| AtBudget { reviewed: n, precision: wilson(hits, n as f64), recall: 0.5 };
        assert_eq!(standing(&recent(0.0, 19), Some(0.4)), Standing::TooFew);
        assert_eq!(standing(&recent(2.0, 30), Some(0.4)), Standing::Below);
        assert_eq!(standing(&recent(8.0, 30), Some(0.4)), Standing::Within, "its interval reaches 0.44");
        assert_eq!(standing(&recent(0.0, 30), None), Standing::NoBound);
    }
}
