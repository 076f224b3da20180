//! What is stored: files of models, which of them are in force, rows of features; and whether they agree with what decisions say.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use holdfast_decision::inputs::ModelInForce;
use holdfast_decision::scores::{Models, Scored, check};
use holdfast_models::{FeatureRow, Model, ModelHash};
use holdfast_store::{Database, DbError, Row, Schema, number};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The tables.
pub const SCHEMA: Schema = Schema {
    department: "models",
    migrations: &[
        include_str!("migrations/001_models.sql"),
        include_str!("migrations/002_audit_sample.sql"),
        include_str!("migrations/003_tag_suggestions.sql"),
    ],
};

/// Most problems that are listed.
const MAX_PROBLEMS: usize = 100;

fn stored(what: String, cause: impl ToString) -> DbError {
    DbError::Stored { what, cause: cause.to_string() }
}

/// Returns bytes as the tables have them.
#[must_use]
pub fn written(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// Reads a stored row of features.
///
/// # Errors
/// [`DbError::Stored`] when it is damaged.
pub fn row_of(seq: u64, text: &str) -> Result<FeatureRow, DbError> {
    features_of(&format!("event {seq}"), text)
}

/// Reads a stored row of features; `of` says whose.
pub(crate) fn features_of(of: &str, text: &str) -> Result<FeatureRow, DbError> {
    let damaged = |cause: String| stored(format!("row of features of {of}"), cause);
    let bytes = BASE64_STANDARD.decode(text).map_err(|e| damaged(e.to_string()))?;
    FeatureRow::from_bytes(&bytes).map_err(|e| damaged(e.to_string()))
}

/// Reads a model's file; nothing when there is none.
///
/// # Errors
/// [`DbError::Stored`] when it is damaged or not the one with this hash.
pub fn model(db: &mut Database, hash: ModelHash) -> Result<Option<Arc<Model>>, DbError> {
    let rows = db.query("SELECT file FROM models WHERE hash = $1", &[hash.to_string().into()])?;
    let Some(row) = rows.first() else { return Ok(None) };
    let damaged = |cause: String| stored(format!("model {hash}"), cause);
    let bytes = BASE64_STANDARD.decode(row.text(0)?).map_err(|e| damaged(e.to_string()))?;
    let model = Model::from_bytes(&bytes).map_err(|e| damaged(e.to_string()))?;
    match model.hash() == hash {
        true => Ok(Some(Arc::new(model))),
        false => Err(damaged(format!("the file is that of model {}; restore it from a backup", model.hash()))),
    }
}

/// Returns models with their files; those that are `known` are not read again.
///
/// # Errors
/// [`DbError::Stored`] when one is missing, damaged, or has a feature that events do not have.
pub fn load(db: &mut Database, list: Vec<ModelInForce>, known: &Models) -> Result<Models, DbError> {
    let mut all = Vec::with_capacity(list.len());
    for stated in list {
        let found = match known.get(stated.model) {
            Some(model) => model.clone(),
            None => {
                model(db, stated.model)?.ok_or_else(|| stored(format!("model {}", stated.model), "it is missing"))?
            }
        };
        all.push((stated, found));
    }
    let models = Models::new(all).map_err(|e| stored("models in force".to_owned(), e))?;
    Ok(if known.keeps_rows() { models.keeping_rows() } else { models })
}

/// Returns the models in force: champions and those in shadow that score events, by purpose.
///
/// # Errors
/// As [`load`].
pub fn in_force(db: &mut Database, known: &Models) -> Result<Models, DbError> {
    let sql = "SELECT hash, purpose, state FROM models WHERE state IN ('champion', 'shadow') ORDER BY purpose, hash";
    let stated = |row: &Row| Ok(ModelInForce { model: row.named(0)?, purpose: row.named(1)?, role: row.named(2)? });
    let list = db.query(sql, &[])?.iter().map(stated).collect::<Result<Vec<_>, DbError>>()?;
    load(db, list.into_iter().filter(|m| !m.purpose.kinds().is_empty()).collect(), known)
}

/// Compares decisions with rows and files.
#[derive(Debug, Default)]
pub struct Check {
    /// Files read so far; nothing for those that cannot be.
    models: HashMap<ModelHash, Option<Arc<Model>>>,
    compared: u64,
}

impl Check {
    /// Computes the scores that decisions state again, from the stored rows and files.
    ///
    /// # Errors
    /// [`DbError`] when the database fails; what differs is a problem.
    pub fn scores(
        &mut self,
        db: &mut Database,
        scored: &BTreeMap<u64, Scored>,
        problems: &mut Vec<String>,
    ) -> Result<(), DbError> {
        let (Some(first), Some(last)) = (scored.keys().next(), scored.keys().last()) else { return Ok(()) };
        let sql = "SELECT seq, features FROM scored_events WHERE seq >= $1 AND seq <= $2";
        let rows = db.query(sql, &[number(*first), number(*last)])?;
        let rows =
            rows.iter().map(|r| Ok((r.number(0)?, r.text(1)?))).collect::<Result<HashMap<u64, &str>, DbError>>()?;
        for (seq, scored) in scored {
            self.compared += 1;
            if let Err(why) = self.score(db, *seq, rows.get(seq).copied(), scored)
                && problems.len() < MAX_PROBLEMS
            {
                problems.push(format!("scores of event {seq}: {why}"));
            }
        }
        Ok(())
    }

    fn score(&mut self, db: &mut Database, seq: u64, row: Option<&str>, scored: &Scored) -> Result<(), String> {
        let row = row.ok_or("its row of features is missing")?;
        let row = row_of(seq, row).map_err(|e| e.to_string())?;
        if row.hash() != scored.features {
            return Err(format!(
                "its row of features has the hash {}, by the decision {}",
                row.hash(),
                scored.features
            ));
        }
        for score in &scored.scores {
            let found = self.models.entry(score.model).or_insert_with(|| model(db, score.model).ok().flatten());
            let found = found.as_ref().ok_or_else(|| format!("model {} is missing or damaged", score.model))?;
            check(score, found, &row).map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// Reads every model's file and computes the scores of suggested tags again; returns the number of all that was compared.
    ///
    /// # Errors
    /// [`DbError`] when the database fails; a file that is damaged is a problem.
    pub fn files(self, db: &mut Database, problems: &mut Vec<String>) -> Result<u64, DbError> {
        let mut compared = self.compared;
        for row in db.query("SELECT hash FROM models ORDER BY hash", &[])? {
            compared += 1;
            let read = row.named(0).and_then(|hash| model(db, hash));
            if let Err(e) = read
                && problems.len() < MAX_PROBLEMS
            {
                problems.push(e.to_string());
            }
        }
        compared += crate::suggestions::check(db, |problem| {
            if problems.len() < MAX_PROBLEMS {
                problems.push(problem);
            }
        })?;
        Ok(compared)
    }
}
