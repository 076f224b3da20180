//! Features that give the answer away: one that separates the classes alone, one that counts rows, one that is a date.

use crate::metrics::auc;
use crate::numeric::count;
use crate::{ModelError, Table};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// AUC of a single feature from which training stops.
pub const MOST_AUC: f64 = 0.95;

/// Fewest rows on which values are judged to be row numbers or dates.
const LEAST_ROWS: usize = 100;

/// How well a feature separates the classes alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SingleFeature {
    /// The feature.
    pub name: String,
    /// Its AUC in the better direction, with missing values lowest or highest, whichever is better.
    pub auc: f64,
}

/// Returns how well each feature separates the classes alone, best first.
#[must_use]
pub fn single_features(table: &Table, positive: &[bool]) -> Vec<SingleFeature> {
    let mut found: Vec<SingleFeature> = table
        .schema()
        .features()
        .par_iter()
        .zip(table.columns())
        .map(|(feature, column)| {
            let both = |missing: f64| {
                let values: Vec<f64> = column.iter().map(|v| if v.is_nan() { missing } else { *v }).collect();
                let auc = auc(&values, positive);
                auc.max(1.0 - auc)
            };
            let auc = both(f64::NEG_INFINITY);
            let auc = if column.iter().any(|v| v.is_nan()) { auc.max(both(f64::INFINITY)) } else { auc };
            SingleFeature { name: feature.name.clone(), auc }
        })
        .collect();
    found.sort_by(|a, b| b.auc.total_cmp(&a.auc).then_with(|| a.name.cmp(&b.name)));
    found
}

/// Why a feature that separates the classes alone is no leak, for the model card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// The feature.
    pub feature: String,
    /// Why it was known at the event's time and says what the subject did.
    pub reason: String,
}

/// Refuses a table in which a feature gives the answer away. Rows are in the order of their file. An explanation admits a feature that separates the classes
/// alone; nothing admits a row number or a date.
///
/// # Errors
///
/// `Leak` names every such feature and what is wrong with it.
pub fn check(table: &Table, positive: &[bool], explained: &[Explained]) -> Result<Vec<SingleFeature>, ModelError> {
    let found = single_features(table, positive);
    let is_explained = |name: &str| explained.iter().any(|e| e.feature == name && !e.reason.trim().is_empty());
    let mut wrong: Vec<String> = found
        .iter()
        .filter(|f| f.auc > MOST_AUC && !is_explained(&f.name))
        .map(|f| format!("{} alone has AUC {:.3}, more than {MOST_AUC}", f.name, f.auc))
        .collect();
    for (feature, column) in table.schema().features().iter().zip(table.columns()) {
        let name = &feature.name;
        if counts_rows(column) {
            wrong.push(format!("{name} rises or falls with every row, as a row number or identifier does"));
        } else if is_a_date(column) {
            wrong.push(format!("{name} has values of Unix times"));
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(ModelError::Leak(wrong.join("; "))) }
}

fn counts_rows(column: &[f64]) -> bool {
    column.len() >= LEAST_ROWS && (column.windows(2).all(|w| w[0] < w[1]) || column.windows(2).all(|w| w[0] > w[1]))
}

/// Nearly all known values are seconds or milliseconds between 2009 and 2100, and few repeat.
fn is_a_date(column: &[f64]) -> bool {
    let known: Vec<f64> = column.iter().copied().filter(|v| !v.is_nan()).collect();
    let dates = known.iter().filter(|v| (1.23e9..4.11e9).contains(*v) || (1.23e12..4.11e12).contains(*v)).count();
    if known.len() < LEAST_ROWS || count(dates) < 0.95 * count(known.len()) {
        return false;
    }
    // An amount can be as large, but spreads over more than the calendar does.
    let (least, most) = known.iter().fold((f64::INFINITY, 0.0f64), |(a, b), v| (a.min(*v), b.max(*v)));
    known.iter().all(|v| v.fract() == 0.0) && (most < least * 3.4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Feature, FeatureKind, Schema};

    fn refused(column: Vec<f64>, positive: &[bool]) -> Option<String> {
        refused_despite(column, positive, &[])
    }

    fn refused_despite(column: Vec<f64>, positive: &[bool], explained: &[Explained]) -> Option<String> {
        let names = ["fine", "suspect"].map(|n| Feature::new(n, "f", FeatureKind::Count));
        let fine = (0..positive.len()).map(|i| ((i * 7919) % 101) as f64).collect();
        let table = Table::new(Schema::new(names.to_vec()).unwrap(), vec![fine, column]).unwrap();
        check(&table, positive, explained).err().map(|e| e.to_string())
    }

    #[test]
    fn a_feature_that_separates_the_classes_stops_training_and_is_named() {
        let positive: Vec<bool> = (0..400).map(|i| i % 5 == 0).collect();
        let mark = |hit: f64, other: f64| positive.iter().map(|p| if *p { hit } else { other }).collect::<Vec<_>>();
        for column in [mark(1.0, 0.0), mark(0.0, 1.0), mark(f64::NAN, 3.0), mark(3.0, f64::NAN)] {
            let error = refused(column, &positive).unwrap();
            assert!(error.starts_with("leak: suspect alone has AUC 1.000"), "{error}");
            assert!(!error.contains("fine"));
        }
        let explained = |reason: &str| [Explained { feature: "suspect".to_owned(), reason: reason.to_owned() }];
        assert!(refused_despite(mark(1.0, 0.0), &positive, &explained("")).is_some());
        assert_eq!(refused_despite(mark(1.0, 0.0), &positive, &explained("victims pay a fixed sum")), None);
        let rows = (0..400).map(f64::from).collect();
        assert!(refused_despite(rows, &positive, &explained("because")).is_some());
        let weak = (0..400).map(|i| if i % 5 == 0 { f64::from((i * 31) % 17) + 4.0 } else { f64::from((i * 31) % 17) });
        assert_eq!(refused(weak.collect(), &positive), None);
    }

    #[test]
    fn row_numbers_and_dates_are_found_by_their_values() {
        let positive: Vec<bool> = (0..400).map(|i| i % 5 == 0).collect();
        let rows = (0..400).map(|i| f64::from(i) * 3.0 + 17.0).collect();
        assert!(refused(rows, &positive).unwrap().contains("suspect rises or falls with every row"));
        let dates = (0..400).map(|i| 1.6e9 + f64::from((i * 7919) % 40_009)).collect();
        assert!(refused(dates, &positive).unwrap().contains("suspect has values of Unix times"));
        let amounts = (0..400).map(|i| 1.6e9 + f64::from((i * 7919) % 40_009) + 0.5).collect();
        assert_eq!(refused(amounts, &positive), None);
    }
}
