//! A model: features, trees, calibration, thresholds, what training saw; one file of canonical bytes, named by their hash.

use crate::calibration::Calibration;
use crate::drift::Reference;
use crate::fit::Training;
use crate::masks::Masks;
use crate::shapley::{Explanation, Scratch, add_tree};
use crate::{Ensemble, ModelError, Schema, Table, Tree};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// What a model file begins with: format and version.
const MAGIC: &[u8] = b"HFM1\n";

/// Largest model file, bytes. What is served takes less than three times as much memory as trees in the file; see [`Model::served_bytes`].
pub const MAX_MODEL_BYTES: usize = 2 * 1024 * 1024;

/// Most memory that the trees of a served model take, bytes.
pub const MAX_SERVED_BYTES: usize = 2 * 1000 * 1000;

/// Most trees of a model.
pub const MAX_TREES: usize = 4_096;

/// The SHA-256 of a model's file, which names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelHash([u8; 32]);

impl ModelHash {
    /// Returns the hash of a model file's bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        ModelHash(Sha256::digest(bytes).into())
    }
}

/// Gives the digits of a hash to a function: every scored decision writes some, and `hex::encode` takes a third of a microsecond for each.
pub(crate) fn hexadecimal<T>(hash: &[u8; 32], to: impl FnOnce(&str) -> T) -> T {
    let mut digits = [0; 64];
    // Two digits a byte fit, and are ASCII.
    let _ = hex::encode_to_slice(hash, &mut digits);
    to(std::str::from_utf8(&digits).unwrap_or_default())
}

impl fmt::Display for ModelHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hexadecimal(&self.0, |digits| f.write_str(digits))
    }
}

impl fmt::Debug for ModelHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ModelHash {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, ModelError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)
            .map_err(|_| ModelError::File("a model's name is its SHA-256: 64 hexadecimal digits".to_owned()))?;
        Ok(ModelHash(bytes))
    }
}

impl Serialize for ModelHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hexadecimal(&self.0, |digits| serializer.serialize_str(digits))
    }
}

impl<'de> Deserialize<'de> for ModelHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Where a model's trees come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Trained here.
    Trained,
    /// Read from a text file of LightGBM.
    LightGbm {
        /// SHA-256 of the file.
        file: String,
        /// Scores of the peer that were reproduced bit for bit.
        reproduced: u32,
    },
    /// Read from a JSON file of XGBoost.
    XgBoost {
        /// SHA-256 of the file.
        file: String,
        /// Scores of the peer that were reproduced within one unit in the last place of a single-precision number.
        reproduced: u32,
    },
}

/// How a model adds up its trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addition {
    /// In double precision, from the base score on. Exact for models trained here: their values are multiples of 2^-32.
    Double,
    /// In single precision, as XGBoost does.
    Single,
}

/// A threshold of a model, chosen on validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// What it was chosen for, such as `f1` or `budget 1%`.
    pub name: String,
    /// Scores at or above it are meant, log odds.
    pub score: f64,
}

/// What a model file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// What it is for, such as `withdrawal-scam`.
    pub purpose: String,
    /// Its features.
    pub schema: Schema,
    /// Where its trees come from.
    pub origin: Origin,
    /// How it adds up its trees.
    pub addition: Addition,
    /// Log odds before any tree.
    pub base: f64,
    /// Its trees.
    pub trees: Vec<Tree>,
    /// Turns scores into probabilities.
    pub calibration: Calibration,
    /// Its thresholds.
    pub thresholds: Vec<Threshold>,
    /// Distribution of each feature in the training part.
    pub references: Vec<Reference>,
    /// Distribution of the score on the validation part.
    pub score_reference: Reference,
    /// What it was trained on and how good it was; missing for imported models.
    pub training: Option<Training>,
}

/// A model, ready to score.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    content: Content,
    covers: Vec<Vec<f64>>,
    /// The trees as they are scored, where they are small enough for it.
    masks: Option<Masks>,
    bytes: Vec<u8>,
    hash: ModelHash,
}

impl Model {
    /// Returns the model of a content.
    ///
    /// # Errors
    ///
    /// `File` or `Feature` if a part is damaged or the file would be larger than [`MAX_MODEL_BYTES`].
    pub fn new(content: Content) -> Result<Self, ModelError> {
        check(&content)?;
        let damaged = |e: postcard::Error| ModelError::File(e.to_string());
        let bytes = postcard::to_extend(&content, MAGIC.to_vec()).map_err(damaged)?;
        if bytes.len() > MAX_MODEL_BYTES {
            let text = format!("{} bytes; the most is {MAX_MODEL_BYTES}; train fewer or smaller trees", bytes.len());
            return Err(ModelError::File(text));
        }
        let covers = content.trees.iter().map(Tree::node_covers).collect();
        let hash = ModelHash::of(&bytes);
        let is_small = served_bytes(&content) <= MAX_SERVED_BYTES;
        let masks = if is_small { Masks::new(&content.trees, content.schema.len()) } else { None };
        Ok(Model { content, covers, masks, bytes, hash })
    }

    /// Reads a model file.
    ///
    /// # Errors
    ///
    /// `File` if it is damaged, of another version, too large, or not canonical: a file's bytes follow from its content.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        if bytes.len() > MAX_MODEL_BYTES {
            return Err(ModelError::File(format!("{} bytes; the most is {MAX_MODEL_BYTES}", bytes.len())));
        }
        let Some(body) = bytes.strip_prefix(MAGIC) else {
            return Err(ModelError::File(
                "does not begin with HFM1; it is no model file of a known version".to_owned(),
            ));
        };
        let content: Content = postcard::from_bytes(body).map_err(|e| ModelError::File(e.to_string()))?;
        let model = Self::new(content)?;
        if model.bytes != bytes {
            return Err(ModelError::File("not canonical: written again it has other bytes".to_owned()));
        }
        Ok(model)
    }

    /// Returns the bytes of its file.
    #[must_use]
    pub fn to_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the hash that names it.
    #[must_use]
    pub fn hash(&self) -> ModelHash {
        self.hash
    }

    /// Returns what its file holds.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Returns its features.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.content.schema
    }

    /// Returns the memory that its trees, covers and masks take while it is served, bytes.
    #[must_use]
    pub fn served_bytes(&self) -> usize {
        if self.masks.is_some() { served_bytes(&self.content) } else { walked_bytes(&self.content.trees) }
    }

    /// Returns the score of a row, log odds. Values behind the row's end are missing.
    #[must_use]
    pub fn score(&self, row: &[f64]) -> f64 {
        match &self.masks {
            Some(masks) => self.sum(masks.values(row)),
            None => self.sum(self.content.trees.iter().map(|tree| tree.value(row))),
        }
    }

    #[allow(clippy::cast_possible_truncation)] // Single precision is what the peer adds in.
    fn sum(&self, values: impl Iterator<Item = f64>) -> f64 {
        let base = self.content.base;
        match self.content.addition {
            Addition::Double => values.fold(base, |sum, value| sum + value),
            Addition::Single => f64::from(values.fold(base as f32, |sum, value| sum + value as f32)),
        }
    }

    /// Returns the scores of a table's rows, log odds.
    #[must_use]
    pub fn scores(&self, table: &Table) -> Vec<f64> {
        (0..table.rows()).into_par_iter().map(|r| self.score(&table.row(r))).collect()
    }

    /// Returns the calibrated probability of a score, at the base rate of the validation part.
    #[must_use]
    pub fn probability(&self, score: f64) -> f64 {
        self.content.calibration.probability(score)
    }

    /// Returns the score of a row with each feature's part in it.
    #[must_use]
    pub fn explain(&self, row: &[f64]) -> Explanation {
        let mut contributions = vec![0.0; self.schema().len()];
        let mut scratch = Scratch::default();
        let mut base = self.content.base;
        for (tree, covers) in self.content.trees.iter().zip(&self.covers) {
            base += add_tree(tree, covers, row, &mut contributions, &mut scratch);
        }
        let score = self.score(row);
        let rounding = score - contributions.iter().fold(base, |sum, c| sum + c);
        Explanation { base, contributions, score, rounding }
    }

    /// Returns the trees with their base score.
    #[must_use]
    pub fn ensemble(&self) -> Ensemble {
        Ensemble { base: self.content.base, trees: self.content.trees.clone() }
    }
}

fn served_bytes(content: &Content) -> usize {
    walked_bytes(&content.trees) + Masks::bytes(&content.trees, content.schema.len())
}

/// Memory of trees without masks, bytes.
fn walked_bytes(trees: &[Tree]) -> usize {
    trees
        .iter()
        .map(|t| t.nodes.len() * (size_of::<crate::tree::Node>() + 8) + t.leaves.len() * 16 + size_of::<Tree>() + 24)
        .sum()
}

fn check(content: &Content) -> Result<(), ModelError> {
    let wrong = |text: String| Err(ModelError::File(text));
    content.schema.check()?;
    if content.purpose.is_empty() || content.purpose.len() > 64 || content.purpose.chars().any(char::is_control) {
        return wrong("purpose: 1 to 64 bytes without control characters".to_owned());
    }
    if !content.base.is_finite() {
        return wrong("base: not finite".to_owned());
    }
    if content.trees.len() > MAX_TREES {
        return wrong(format!("{} trees; the most is {MAX_TREES}", content.trees.len()));
    }
    content.trees.iter().try_for_each(|t| t.check(content.schema.len()))?;
    let served = walked_bytes(&content.trees);
    if served > MAX_SERVED_BYTES {
        return wrong(format!(
            "its trees take {served} bytes in memory; the most is {MAX_SERVED_BYTES}; train fewer or smaller trees"
        ));
    }
    content.calibration.check()?;
    if content.references.len() != content.schema.len() {
        return wrong("references: one for each feature is needed".to_owned());
    }
    content.references.iter().chain([&content.score_reference]).try_for_each(Reference::check)?;
    if content.thresholds.len() > 16 || content.thresholds.iter().any(|t| !t.score.is_finite() || t.name.len() > 64) {
        return wrong("thresholds: at most 16, finite, with names of at most 64 bytes".to_owned());
    }
    Ok(())
}
