//! Models of other libraries: LightGBM's text files and XGBoost's JSON files, for two classes.
//!
//! An import is refused unless it reproduces a table of scores by the peer: LightGBM's bit for bit, XGBoost's within one unit in the last place of a
//! single-precision number. What is not understood (categorical splits, linear trees, dart, several classes) is refused by name.

mod lightgbm;
mod xgboost;

pub use lightgbm::lightgbm;
pub use xgboost::xgboost;

use crate::calibration::Calibration;
use crate::drift::Reference;
use crate::model::{Addition, Content, Model, Origin};
use crate::schema::MAX_FEATURES;
use crate::{ModelError, Schema, Tree};

/// Largest file of a peer, bytes.
pub const MAX_IMPORT_BYTES: usize = 32 * 1024 * 1024;

/// Fewest rows of a table by the peer.
pub const LEAST_PEER_ROWS: usize = 100;

/// Most rows of a table by the peer.
pub const MAX_PEER_ROWS: usize = 100_000;

/// Rows with the scores that the peer gave them.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerTable {
    features: Vec<String>,
    rows: Vec<Vec<f64>>,
    scores: Vec<f64>,
}

impl PeerTable {
    /// Reads a table from CSV: a header of the features' names and `score` last, then a row a line; an empty cell is a missing value. Scores are log odds
    /// (`raw_score=True`, `output_margin=True`), with all their digits.
    ///
    /// # Errors
    ///
    /// `Import` names line and column of what is no number; or the number of rows, if below [`LEAST_PEER_ROWS`] or above [`MAX_PEER_ROWS`].
    pub fn from_csv(text: &str) -> Result<Self, ModelError> {
        let wrong = |text: String| ModelError::Import(format!("table of the peer: {text}"));
        let mut lines = text.lines();
        let header = lines.next().unwrap_or_default().split(',').map(|n| n.trim().to_owned());
        let mut features: Vec<String> = header.collect();
        if features.pop().as_deref() != Some("score") || features.is_empty() {
            return Err(wrong("the header must name the features, then score".to_owned()));
        }
        let mut table = PeerTable { features, rows: Vec::new(), scores: Vec::new() };
        for (n, line) in lines.enumerate().filter(|l| !l.1.trim().is_empty()) {
            if table.rows.len() >= MAX_PEER_ROWS {
                return Err(wrong(format!("more than {MAX_PEER_ROWS} rows")));
            }
            let mut row = Vec::with_capacity(table.features.len());
            for (c, cell) in line.split(',').enumerate() {
                let value: f64 = match cell.trim() {
                    "" => f64::NAN,
                    cell => cell.parse().map_err(|_| wrong(format!("line {}, column {}: no number", n + 2, c + 1)))?,
                };
                row.push(value);
            }
            let score = row.pop().filter(|s| s.is_finite());
            match score {
                Some(score) if row.len() == table.features.len() && !row.iter().any(|v| v.is_infinite()) => {
                    table.rows.push(row);
                    table.scores.push(score);
                }
                _ => {
                    return Err(wrong(format!(
                        "line {}: {} finite values and a score are expected",
                        n + 2,
                        table.features.len()
                    )));
                }
            }
        }
        if table.rows.len() < LEAST_PEER_ROWS {
            return Err(wrong(format!("{} rows; give at least {LEAST_PEER_ROWS}", table.rows.len())));
        }
        Ok(table)
    }

    /// Returns the names of its features, in the order of the header.
    #[must_use]
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// Returns its rows with values in the order of a schema.
    fn ordered(&self, schema: &Schema) -> Result<Vec<Vec<f64>>, ModelError> {
        let places = places(schema, &self.features, "table of the peer")?;
        let ordered = |row: &Vec<f64>| {
            let mut ordered = vec![f64::NAN; schema.len()];
            places.iter().zip(row).for_each(|(p, v)| ordered[*p] = *v);
            ordered
        };
        Ok(self.rows.iter().map(ordered).collect())
    }
}

/// Returns the place of each name in a schema, which must have the same names.
fn places(schema: &Schema, names: &[String], of: &str) -> Result<Vec<usize>, ModelError> {
    if names.len() > MAX_FEATURES {
        return Err(ModelError::Import(format!("{of}: more than {MAX_FEATURES} features")));
    }
    let found: Vec<usize> = names
        .iter()
        .map(|n| {
            let unknown = || ModelError::Import(format!("{of}: feature {} is not in the schema", shown(n)));
            schema.position(n).ok_or_else(unknown)
        })
        .collect::<Result<_, _>>()?;
    match schema.features().iter().enumerate().find(|(n, _)| found.iter().filter(|f| *f == n).count() != 1) {
        Some((_, feature)) => {
            Err(ModelError::Import(format!("{of}: feature {} of the schema must appear once", feature.name)))
        }
        None => Ok(found),
    }
}

/// Returns text of a file as a message may show it.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

/// Trees as a peer's file has them.
struct Parsed {
    base: f64,
    trees: Vec<Tree>,
    addition: Addition,
    origin: fn(file: String, reproduced: u32) -> Origin,
    /// Furthest distance of a score in units of the last place.
    tolerance: u64,
}

/// Makes the model of a peer's trees, if it reproduces the peer's scores.
fn reproduce(
    text: &str,
    purpose: &str,
    schema: &Schema,
    table: &PeerTable,
    parsed: Parsed,
) -> Result<Model, ModelError> {
    use sha2::{Digest, Sha256};
    let rows = table.ordered(schema)?;
    let column = |c: usize| rows.iter().map(|r| r[c]).collect::<Vec<f64>>();
    let reproduced = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let model = Model::new(Content {
        purpose: purpose.to_owned(),
        schema: schema.clone(),
        origin: (parsed.origin)(hex::encode(Sha256::digest(text.as_bytes())), reproduced),
        addition: parsed.addition,
        base: parsed.base,
        trees: parsed.trees,
        calibration: Calibration::None,
        thresholds: Vec::new(),
        references: (0..schema.len()).map(|c| Reference::of(&column(c))).collect(),
        score_reference: Reference::of(&table.scores),
        training: None,
    })
    .map_err(|e| ModelError::Import(e.to_string()))?;
    for (n, (row, expected)) in rows.iter().zip(&table.scores).enumerate() {
        let score = model.score(row);
        if distance(score, *expected, parsed.addition) > parsed.tolerance {
            let text = format!("row {} of the peer's table scores {score:e} where the peer has {expected:e}", n + 1);
            return Err(ModelError::Import(format!(
                "{text}; give rows and scores of this file, by its best iteration"
            )));
        }
    }
    Ok(model)
}

/// Returns how many floats lie between two scores, in the precision that they are added in.
#[allow(clippy::cast_possible_truncation)] // Single precision is what the peer states.
fn distance(a: f64, b: f64, addition: Addition) -> u64 {
    // Integers in the order of the floats.
    let double = |v: f64| {
        let bits = v.to_bits().cast_signed();
        if bits < 0 { i64::MIN - bits } else { bits }
    };
    let single = |v: f64| {
        let bits = (v as f32).to_bits().cast_signed();
        if bits < 0 { i32::MIN - bits } else { bits }
    };
    match addition {
        Addition::Double => double(a).abs_diff(double(b)),
        Addition::Single => u64::from(single(a).abs_diff(single(b))),
    }
}
