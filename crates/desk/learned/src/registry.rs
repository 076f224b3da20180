//! The registry: which models there are, and the steps by which one comes into force.

use crate::LearnedError;
use crate::stored::{model, written};
use holdfast_decision::features;
use holdfast_decision::scores::Purpose;
use holdfast_identity::same_person;
use holdfast_models::accounts::{self, Amounts};
use holdfast_models::{Feature, Model, ModelError, ModelHash};
use holdfast_store::{Change, Database, DbError, Row, Value};
use holdfast_types::{Invalid, Timestamp, named};
use serde::Serialize;
use serde_json::json;
use std::borrow::Cow;
use strum::VariantArray;
use utoipa::ToSchema;

/// Most models of a desk.
pub const MAX_MODELS: i64 = 1_000;
/// Most models of a purpose that are put in shadow at once: every decision waits for their scores. A champion that steps back may be one more.
pub const MAX_IN_SHADOW: i64 = 4;
/// Longest reason, bytes.
const MAX_REASON: usize = 1_024;

named! {
    /// State of a model.
    pub enum ModelState {
        /// It was added; nothing uses it.
        Draft,
        /// It scores events, and only rules in shadow may use its scores.
        Shadow,
        /// It is the one of its purpose that rules in force use.
        Champion,
        /// It is not used any more. What it scored stays verifiable.
        Retired,
    }

    /// What a person does with a model.
    #[schema(as = ModelStep)]
    pub enum Step {
        /// Puts it in shadow: a draft on trial, a champion back, a proposal withdrawn.
        Shadow,
        /// Proposes it as champion, or approves what another person proposed.
        Champion,
        /// Takes it out of use.
        Retire,
    }
}

/// A model in the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RegisteredModel)]
pub struct Entry {
    /// SHA-256 of its file, which names it.
    #[schema(value_type = String)]
    pub model: ModelHash,
    /// What it is for.
    pub purpose: Purpose,
    /// State.
    pub state: ModelState,
    /// When it was added, Unix seconds.
    #[schema(value_type = i64)]
    pub added: Timestamp,
    /// Who added it.
    pub added_by: String,
    /// When it came into its state, Unix seconds.
    #[schema(value_type = i64)]
    pub changed: Timestamp,
    /// Who proposed it as champion, while that waits for another person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed_by: Option<String>,
    /// When, Unix seconds.
    #[schema(value_type = Option<i64>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Timestamp>,
}

const COLUMNS: &str = "SELECT hash, purpose, state, added, added_by, changed, proposed_by, proposed FROM models";

fn read(row: &Row) -> Result<Entry, DbError> {
    Ok(Entry {
        model: row.named(0)?,
        purpose: row.named(1)?,
        state: row.named(2)?,
        added: row.time(3)?,
        added_by: row.text(4)?.to_owned(),
        changed: row.time(5)?,
        proposed_by: row.text_or_null(6).map(str::to_owned),
        proposed: row.time_or_null(7),
    })
}

/// Returns all models, those in force first, then the newest; of one purpose or state where they are given.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn list(db: &mut Database, purpose: Option<Purpose>, state: Option<ModelState>) -> Result<Vec<Entry>, DbError> {
    let sql = format!(
        "{COLUMNS} WHERE ($1 = '' OR purpose = $1) AND ($2 = '' OR state = $2) ORDER BY
         CASE state WHEN 'champion' THEN 0 WHEN 'shadow' THEN 1 WHEN 'draft' THEN 2 ELSE 3 END, changed DESC, hash"
    );
    let wanted: [Value; 2] = [purpose.map_or("", Purpose::name).into(), state.map_or("", ModelState::name).into()];
    db.query(&sql, &wanted)?.iter().map(read).collect()
}

/// Returns a model's entry; nothing when it is unknown.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn entry(db: &mut Database, hash: ModelHash) -> Result<Option<Entry>, DbError> {
    db.query(&format!("{COLUMNS} WHERE hash = $1"), &[hash.to_string().into()])?.first().map(read).transpose()
}

/// Returns what a model is for.
///
/// # Errors
/// [`LearnedError::Invalid`] when it is for nothing that a desk knows.
pub fn purpose_of(text: &str) -> Result<Purpose, LearnedError> {
    text.parse().map_err(|_| {
        let known: Vec<&str> = Purpose::VARIANTS.iter().map(|p| p.name()).collect();
        let shown: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
        Invalid::new("purpose", format!("'{shown}' is none of {}", known.join(", "))).into()
    })
}

/// Returns the features that models of a purpose may have.
pub(crate) fn known_features(purpose: Purpose) -> Result<Cow<'static, [Feature]>, ModelError> {
    Ok(match purpose {
        Purpose::AccountPhishing => {
            let (all, of_ledger) = (accounts::schema(Amounts::With)?, accounts::ledger_schema(Amounts::With)?);
            Cow::Owned(all.features().iter().chain(of_ledger.features()).cloned().collect())
        }
        _ => Cow::Borrowed(features::features()),
    })
}

/// Refuses a model with a feature that is not known, or that measures something else here.
fn check_features(model: &Model, purpose: Purpose) -> Result<(), LearnedError> {
    let known = known_features(purpose)?;
    for feature in model.schema().features() {
        let reason = match known.iter().find(|k| k.name == feature.name) {
            None => format!("not known for {purpose}; `holdfast models features` lists those that are"),
            Some(known) if known.kind != feature.kind => {
                format!(
                    "is a {:?} here and a {:?} in the model; train it on rows of this desk",
                    known.kind, feature.kind
                )
            }
            Some(_) => continue,
        };
        return Err(ModelError::Feature { name: feature.name.clone(), reason }.into());
    }
    Ok(())
}

/// Adds a model as a draft; one that is there already stays as it is.
///
/// # Errors
/// [`LearnedError::Invalid`] when its purpose is unknown; [`LearnedError::Model`] when a feature is; [`LearnedError::State`] when there are too many.
pub fn add(tx: &mut dyn Change, model: &Model) -> Result<Entry, LearnedError> {
    let purpose = purpose_of(&model.content().purpose)?;
    check_features(model, purpose)?;
    if let Some(known) = entry(tx.db(), model.hash())? {
        return Ok(known);
    }
    if count(tx.db(), "SELECT COUNT(*) FROM models", &[])? >= MAX_MODELS {
        return Err(LearnedError::State(format!("{MAX_MODELS} models are stored; no more are taken")));
    }
    let (now, actor, hash) = (tx.now(), tx.actor().to_owned(), model.hash());
    let file = written(model.to_bytes());
    let row: [Value; 6] =
        [hash.to_string().into(), purpose.name().into(), now.into(), actor.as_str().into(), now.into(), file.into()];
    let sql = "INSERT INTO models (hash, purpose, state, added, added_by, changed, file) VALUES ($1, $2, 'draft', $3, $4, $5, $6)";
    tx.db().execute(sql, &row)?;
    let detail = json!({"purpose": purpose, "state": ModelState::Draft, "features": model.schema().len()});
    tx.audit("model.added", &format!("model:{hash}"), &detail.to_string());
    found(tx.db(), hash)
}

fn found(db: &mut Database, hash: ModelHash) -> Result<Entry, LearnedError> {
    entry(db, hash)?.ok_or_else(|| LearnedError::NotFound(format!("model {hash}")))
}

fn count(db: &mut Database, sql: &str, parameters: &[Value]) -> Result<i64, DbError> {
    db.query(sql, parameters)?.first().map_or(Ok(0), |r| r.int(0))
}

/// What a step leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The model waits in shadow for another person.
    Proposed,
    /// Another state.
    Into(ModelState),
}

/// All steps that there are.
fn next(known: &Entry, step: Step, actor: &str) -> Result<Next, LearnedError> {
    use ModelState::{Champion, Draft, Retired, Shadow};
    let refuse = |why: &str| Err(LearnedError::State(format!("model {} {why}", known.model)));
    match (known.state, step, &known.proposed_by) {
        (Draft | Retired | Champion, Step::Shadow, _) | (Shadow, Step::Shadow, Some(_)) => Ok(Next::Into(Shadow)),
        (Shadow, Step::Shadow, None) => refuse("is in shadow already"),
        (Shadow, Step::Champion, None) => Ok(Next::Proposed),
        (Shadow, Step::Champion, Some(proposer)) if same_person(proposer, actor) => {
            Err(LearnedError::SecondPerson(known.model.to_string(), proposer.clone()))
        }
        (Shadow, Step::Champion, Some(_)) => Ok(Next::Into(Champion)),
        (Draft | Retired, Step::Champion, _) => refuse("scored nothing here yet; put it in shadow first"),
        (Champion, Step::Champion, _) => refuse("is champion already"),
        (Draft | Shadow | Champion, Step::Retire, _) => Ok(Next::Into(Retired)),
        (Retired, Step::Retire, _) => refuse("is retired already"),
    }
}

/// Takes a step with a model. A new champion retires the one before it. The caller puts in force what the table then says.
///
/// # Errors
/// [`LearnedError::NotFound`]; [`LearnedError::State`] when its state has no such step; [`LearnedError::SecondPerson`] when who proposed it approves it;
/// [`LearnedError::Invalid`] without a reason; [`LearnedError::Store`] when its file is damaged.
pub fn step(tx: &mut dyn Change, hash: ModelHash, step: Step, reason: &str) -> Result<Entry, LearnedError> {
    if reason.trim().is_empty() || reason.len() > MAX_REASON {
        return Err(Invalid::new("reason", format!("must be 1 to {MAX_REASON} bytes")).into());
    }
    let (known, actor, now) = (found(tx.db(), hash)?, tx.actor().to_owned(), tx.now());
    match next(&known, step, &actor)? {
        Next::Proposed => {
            let sql = "UPDATE models SET proposed_by = $1, proposed = $2 WHERE hash = $3";
            tx.db().execute(sql, &[actor.as_str().into(), now.into(), hash.to_string().into()])?;
            let detail = json!({"purpose": known.purpose, "reason": reason}).to_string();
            tx.audit("model.proposed", &format!("model:{hash}"), &detail);
        }
        Next::Into(state) => enter(tx, &known, state, reason)?,
    }
    found(tx.db(), hash)
}

fn enter(tx: &mut dyn Change, known: &Entry, state: ModelState, reason: &str) -> Result<(), LearnedError> {
    let purpose: Value = known.purpose.name().into();
    match state {
        ModelState::Shadow => {
            let sql = "SELECT COUNT(*) FROM models WHERE purpose = $1 AND state = 'shadow' AND hash <> $2";
            // A champion may always step back: rules alone are never delayed.
            if known.state != ModelState::Champion
                && count(tx.db(), sql, &[purpose, known.model.to_string().into()])? >= MAX_IN_SHADOW
            {
                let text = format!("{MAX_IN_SHADOW} models of {} are in shadow; retire one first", known.purpose);
                return Err(LearnedError::State(text));
            }
        }
        ModelState::Champion => {
            let sql = format!("{COLUMNS} WHERE purpose = $1 AND state = 'champion'");
            let before = tx.db().query(&sql, &[purpose])?.first().map(read).transpose()?;
            if let Some(before) = before {
                write(tx, &before, ModelState::Retired)?;
                note(tx, &before, ModelState::Retired, &format!("replaced by model {}", known.model));
            }
        }
        ModelState::Draft | ModelState::Retired => {}
    }
    // What comes into force must be readable before it does.
    if matches!(state, ModelState::Shadow | ModelState::Champion) && model(tx.db(), known.model)?.is_none() {
        return Err(LearnedError::NotFound(format!("file of model {}", known.model)));
    }
    write(tx, known, state)?;
    note(tx, known, state, reason);
    Ok(())
}

fn write(tx: &mut dyn Change, of: &Entry, state: ModelState) -> Result<(), DbError> {
    let sql = "UPDATE models SET state = $1, changed = $2, proposed_by = NULL, proposed = NULL WHERE hash = $3";
    let row: [Value; 3] = [state.name().into(), tx.now().into(), of.model.to_string().into()];
    tx.db().execute(sql, &row).map(drop)
}

fn note(tx: &mut dyn Change, of: &Entry, state: ModelState, reason: &str) {
    let detail = json!({
        "purpose": of.purpose, "state": state, "from": of.state, "reason": reason, "proposed_by": of.proposed_by,
    });
    tx.audit("model.changed", &format!("model:{}", of.model), &detail.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(state: ModelState, proposed_by: Option<&str>) -> Entry {
        Entry {
            model: ModelHash::of(b"m"),
            purpose: Purpose::Mule,
            state,
            added: Timestamp::EPOCH,
            added_by: "ana".into(),
            changed: Timestamp::EPOCH,
            proposed_by: proposed_by.map(str::to_owned),
            proposed: proposed_by.map(|_| Timestamp::EPOCH),
        }
    }

    #[test]
    fn every_state_has_its_steps_and_no_other() {
        use ModelState::{Champion, Draft, Retired, Shadow};
        let to = |state, proposed, step, actor| next(&known(state, proposed), step, actor).ok();
        for (state, step, expected) in [
            (Draft, Step::Shadow, Some(Next::Into(Shadow))),
            (Draft, Step::Champion, None),
            (Draft, Step::Retire, Some(Next::Into(Retired))),
            (Shadow, Step::Shadow, None),
            (Shadow, Step::Champion, Some(Next::Proposed)),
            (Shadow, Step::Retire, Some(Next::Into(Retired))),
            (Champion, Step::Shadow, Some(Next::Into(Shadow))),
            (Champion, Step::Champion, None),
            (Champion, Step::Retire, Some(Next::Into(Retired))),
            (Retired, Step::Shadow, Some(Next::Into(Shadow))),
            (Retired, Step::Champion, None),
            (Retired, Step::Retire, None),
        ] {
            assert_eq!(to(state, None, step, "ana"), expected, "{state} {step}");
        }
        assert_eq!(to(Shadow, Some("ana"), Step::Champion, "bo"), Some(Next::Into(Champion)));
        assert_eq!(to(Shadow, Some("ana"), Step::Shadow, "ana"), Some(Next::Into(Shadow)), "withdrawn");
        for same in ["ana", " ANA "] {
            let refused = next(&known(Shadow, Some("ana")), Step::Champion, same).unwrap_err();
            assert!(matches!(refused, LearnedError::SecondPerson(..)), "{refused}");
        }
    }

    #[test]
    fn a_purpose_that_is_not_known_is_named_with_those_that_are() {
        let text = purpose_of("fraud\u{7}").unwrap_err().to_string();
        assert!(
            text.contains("'fraud'") && text.contains("withdrawal-scam") && text.contains("account-phishing"),
            "{text}"
        );
        for purpose in Purpose::VARIANTS {
            assert_eq!(purpose_of(purpose.name()).unwrap(), *purpose);
            assert!(!known_features(*purpose).unwrap().is_empty());
        }
    }
}
