//! Parts for training, validation and test: later parts are later in time, a gap lies between them, and no group is in two.

use crate::numeric::{count, part_of, unit_hash};
use crate::{Label, ModelError, Rows};
use holdfast_types::{Seconds, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How rows are split by time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimeSplit {
    /// Share of the rows, oldest first, for training.
    pub training: f64,
    /// Share of the rows, next, for validation. The rest is the test.
    pub validation: f64,
    /// Rows this close before the next part are in none: their labels may come from its time.
    pub gap: Seconds,
    /// Decides in which part a group stays that has rows in several.
    pub seed: u64,
}

impl Default for TimeSplit {
    fn default() -> Self {
        TimeSplit { training: 0.6, validation: 0.2, gap: Seconds::days(7), seed: 1 }
    }
}

/// Numbers of rows by part, ascending, and what was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Split {
    /// Rows to train on.
    pub training: Vec<usize>,
    /// Rows for early stopping, calibration and thresholds.
    pub validation: Vec<usize>,
    /// Rows to measure on, once.
    pub test: Vec<usize>,
    /// Rows in a gap.
    pub in_gap: usize,
    /// Rows of groups that stay in another part.
    pub of_other_groups: usize,
    /// Where validation and test begin.
    pub borders: (Timestamp, Timestamp),
}

/// Splits labelled rows by time. A group that has rows in several parts stays in one of them, drawn in proportion to its rows there: kept in the first, it
/// would leave only new customers to be judged; kept in the last, only departed ones to learn from.
///
/// # Errors
///
/// `Parameter` if the shares leave no part, `TooFew` if a part has no rows of a class.
pub fn split(rows: &Rows, by: &TimeSplit) -> Result<Split, ModelError> {
    let within = by.training > 0.0 && by.validation > 0.0 && by.training + by.validation < 1.0;
    if !within || by.gap < Seconds::default() {
        let value = format!("{} + {}, gap {} s", by.training, by.validation, by.gap.count());
        return Err(ModelError::Parameter {
            name: "training + validation",
            value,
            least: "0".to_owned(),
            most: "1, each part with rows, the gap not negative".to_owned(),
        });
    }
    let mut order: Vec<usize> = (0..rows.table().rows()).filter(|r| rows.labels()[*r] != Label::Unlabelled).collect();
    order.sort_by_key(|r| (rows.times()[*r], *r));
    let at = |share: f64| order.get(part_of(order.len(), share)).map_or(Timestamp::MAX, |r| rows.times()[*r]);
    let borders = (at(by.training), at(by.training + by.validation));
    let part_at = |time: Timestamp| match time {
        t if t >= borders.1 => Some(2),
        t if t >= borders.1 - by.gap => None,
        t if t >= borders.0 => Some(1),
        t if t >= borders.0 - by.gap => None,
        _ => Some(0),
    };
    let mut of_group: BTreeMap<_, [usize; 3]> = BTreeMap::new();
    for row in &order {
        if let Some(part) = part_at(rows.times()[*row]) {
            of_group.entry(rows.groups()[*row]).or_default()[part] += 1;
        }
    }
    let mut split = Split { borders, ..Split::default() };
    for row in order {
        let group = rows.groups()[row];
        match part_at(rows.times()[row]) {
            None => split.in_gap += 1,
            Some(part) if Some(part) == stays(&of_group[&group], unit_hash(by.seed, group.0, 0)) => match part {
                0 => split.training.push(row),
                1 => split.validation.push(row),
                _ => split.test.push(row),
            },
            Some(_) => split.of_other_groups += 1,
        }
    }
    let parts = [("training", &mut split.training), ("validation", &mut split.validation), ("test", &mut split.test)];
    for (name, part) in parts {
        part.sort_unstable();
        let positives = part.iter().filter(|r| rows.labels()[**r] == Label::Positive).count();
        if positives == 0 || positives == part.len() {
            let text = format!(
                "{name} part: {positives} positives among {} rows; label more, shorten the gap, or take a longer time",
                part.len()
            );
            return Err(ModelError::TooFew(text));
        }
    }
    Ok(split)
}

/// Draws a part in proportion to its rows.
fn stays(rows: &[usize; 3], draw: f64) -> Option<usize> {
    let mut rest = draw * count(rows.iter().sum());
    for (part, n) in rows.iter().enumerate() {
        if *n > 0 && rest < count(*n) {
            return Some(part);
        }
        rest -= count(*n);
    }
    rows.iter().rposition(|n| *n > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Feature, FeatureKind, GroupId, Schema, Table};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn no_group_is_in_two_parts_and_the_gap_is_kept(
            rows in prop::collection::vec((0i64..1_000, 0u64..60, 0u8..5), 30..400),
            gap in 0i64..80, seed in any::<u64>(),
        ) {
            let table = Table::new(
                Schema::new(vec![Feature::new("x", "f", FeatureKind::Count)]).unwrap(), vec![vec![1.0; rows.len()]],
            ).unwrap();
            let label = |l: u8| match l { 0 => Label::Unlabelled, 1 | 2 => Label::Positive, _ => Label::Negative };
            let rows = Rows::new(
                table,
                rows.iter().map(|r| label(r.2)).collect(),
                rows.iter().map(|r| Timestamp::from_unix(r.0)).collect(),
                rows.iter().map(|r| GroupId(r.1)).collect(),
            ).unwrap();
            let by = TimeSplit { gap: Seconds::new(gap), seed, ..TimeSplit::default() };
            let Ok(split) = split(&rows, &by) else { return Ok(()) };
            let groups = |part: &[usize]| part.iter().map(|r| rows.groups()[*r]).collect::<BTreeSet<_>>();
            let (a, b, c) = (groups(&split.training), groups(&split.validation), groups(&split.test));
            prop_assert!(a.is_disjoint(&b) && a.is_disjoint(&c) && b.is_disjoint(&c));
            let times = |part: &[usize]| part.iter().map(|r| rows.times()[*r].unix()).collect::<Vec<_>>();
            let (last, first) = (*times(&split.training).iter().max().unwrap(), *times(&split.validation).iter().min().unwrap());
            prop_assert!(last + gap < first.max(split.borders.0.unix()) || gap == 0 && last < first);
            prop_assert!(times(&split.validation).iter().max().unwrap() + gap < split.borders.1.unix() + i64::from(gap == 0));
            let used = split.training.len() + split.validation.len() + split.test.len();
            let labelled = rows.labels().iter().filter(|l| **l != Label::Unlabelled).count();
            prop_assert_eq!(used + split.in_gap + split.of_other_groups, labelled);
        }
    }
}
