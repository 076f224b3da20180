//! Model cards, with rates of alerts by groups of people.

use crate::labels::Labels;
use crate::stored::{Period, StoredRow, Which, newest, scored};
use crate::{Learning, TrainingError};
use holdfast_decision::{Purpose, Record, features};
use holdfast_models::card::{Fairness, ModelCard, card, fairness};
use holdfast_models::{Label, Model, ModelHash};
use holdfast_store::parse;
use holdfast_types::{Seconds, Timestamp};
use std::collections::HashMap;

/// Most events that rates are counted on, the newest.
const MAX_EVENTS: usize = 20_000;
/// Stands for what is not known of a customer.
const UNKNOWN: &str = "not known";
/// Groups below so many rows are too small to be judged alone: several are pooled, so that small groups together are not left unjudged.
const SMALL: usize = 30;
/// Stands for them.
const OTHERS: &str = "others";

impl Learning<'_> {
    /// Returns a model's card. Rates of alerts are those that its threshold would give on the newest scored events, by country, age band, level of the
    /// identity check and kind of customer; none are stated where no events were scored.
    ///
    /// # Errors
    /// [`TrainingError::NotFound`]; [`TrainingError::Store`] when the database fails.
    pub fn card(&self, hash: ModelHash) -> Result<ModelCard, TrainingError> {
        let model = self.model(hash)?;
        let purpose = holdfast_learned::purpose_of(&model.content().purpose)?;
        let rates = if purpose.kinds().is_empty() { Vec::new() } else { self.rates(&model, purpose)? };
        Ok(card(&model, rates))
    }

    fn rates(&self, model: &Model, purpose: Purpose) -> Result<Vec<Fairness>, TrainingError> {
        let kinds = self.kinds(purpose.name())?;
        let (rows, _) = newest(self.screening, &kinds, Period::default(), Which::Scored, MAX_EVENTS)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let threshold = threshold(model);
        let alerted: Vec<bool> = scored(model, &rows)?.1.iter().map(|s| *s >= threshold).collect();
        let known = self.screening.read(Labels::of_desk)?;
        let mut labels = Vec::with_capacity(rows.len());
        for row in &rows {
            labels.push(match known.may_know(row.seq, &row.event) {
                true => known.of(purpose, &self.screening.event_numbered(row.seq)?.decision),
                false => Label::Unlabelled,
            });
        }
        let customers = self.customers(&rows)?;
        let now = self.screening.now();
        let of = |property: &str, group: &dyn Fn(&StoredRow) -> String| {
            let groups = pooled(rows.iter().map(group).collect());
            fairness(property, &groups, &alerted, &labels)
        };
        let record = |r: &StoredRow| customers.get(&r.customer);
        let country = |r: &StoredRow| record(r).and_then(|c| c.country.clone()).unwrap_or_else(|| UNKNOWN.to_owned());
        let age = |r: &StoredRow| band(record(r).and_then(|c| c.birth_year), now).to_owned();
        Ok(vec![
            of("country", &country),
            of("age", &age),
            of("kyc_level", &|r| value(r, "kyc_level").map_or(UNKNOWN.to_owned(), |v| format!("{v}"))),
            of("customer_type", &|r| match value(r, "customer_is_business") {
                Some(v) if v > 0.0 => "business".to_owned(),
                Some(_) => "individual".to_owned(),
                None => UNKNOWN.to_owned(),
            }),
        ])
    }

    /// Returns the records of rows' customers.
    fn customers(&self, rows: &[StoredRow]) -> Result<HashMap<String, Record>, TrainingError> {
        let mut wanted: Vec<&str> = rows.iter().map(|r| r.customer.as_str()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut found = HashMap::new();
        for some in wanted.chunks(500) {
            let records = self.screening.read(|db| {
                let sql = "SELECT body FROM records WHERE kind = 'customer' AND id = $1";
                let mut records = Vec::new();
                for customer in some {
                    if let Some(row) = db.query(sql, &[(*customer).into()])?.first() {
                        records.push(parse::<Record>("record", row.text(0)?)?);
                    }
                }
                Ok(records)
            })?;
            found.extend(records.into_iter().map(|r| (r.id.clone(), r)));
        }
        Ok(found)
    }
}

/// Gives rows of small groups one name, where there are several such groups.
fn pooled(groups: Vec<String>) -> Vec<String> {
    let mut rows: HashMap<&str, usize> = HashMap::new();
    for group in &groups {
        *rows.entry(group).or_default() += 1;
    }
    if rows.values().filter(|n| **n < SMALL).count() < 2 {
        return groups;
    }
    let is_small = |group: &String| rows.get(group.as_str()).is_some_and(|n| *n < SMALL);
    groups.iter().map(|g| if is_small(g) { OTHERS.to_owned() } else { g.clone() }).collect()
}

/// Returns the score from which events would be alerts: that of the analysts' budget, else that of the best F1 score, else a chance of one half.
fn threshold(model: &Model) -> f64 {
    let named = |name: &str| model.content().thresholds.iter().find(|t| t.name == name).map(|t| t.score);
    named("budget").or_else(|| named("f1")).unwrap_or(0.0)
}

fn value(row: &StoredRow, feature: &str) -> Option<f64> {
    row.row.values().get(features::position(feature)?).copied().filter(|v| !v.is_nan())
}

/// Returns the age band of a year of birth.
fn band(born: Option<u16>, now: Timestamp) -> &'static str {
    let Some(born) = born else { return UNKNOWN };
    let year = 1970 + (now - Timestamp::EPOCH) / (365 * Seconds::DAY + Seconds::DAY / 4);
    match year - i64::from(born) {
        ..25 => "under 25",
        25..40 => "25 to 39",
        40..65 => "40 to 64",
        _ => "65 and over",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_models::card::fairness;

    #[test]
    fn small_groups_are_judged_together() {
        let of = |sizes: &[(&str, usize)]| {
            let rows = sizes.iter().flat_map(|(name, n)| std::iter::repeat_n((*name).to_owned(), *n));
            let groups = pooled(rows.collect());
            // Whoever is of a small group is alerted always.
            let alerted: Vec<bool> = groups.iter().map(|g| g != "AT").collect();
            let labels = vec![Label::Unlabelled; groups.len()];
            let found = fairness("country", &groups, &alerted, &labels).groups;
            found.into_iter().map(|g| (g.name, g.rows, g.below_four_fifths)).collect::<Vec<_>>()
        };
        let judged = of(&[("AT", 100), ("LI", 20), ("SM", 10)]);
        assert_eq!(judged, [("AT".into(), 100, Some(false)), ("others".into(), 30, Some(true))]);
        assert_eq!(of(&[("AT", 100), ("LI", 20)])[1], ("LI".into(), 20, None), "one small group keeps its name");
    }
}
