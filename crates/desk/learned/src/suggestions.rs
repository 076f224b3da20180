//! Suggested tags: what a model says of an address, until a person accepts or rejects it. Nothing else reads them.

use crate::{LearnedError, written};
use holdfast_models::accounts::{Amounts, ledger_places, ledger_schema};
use holdfast_models::{FeatureRow, Model, ModelHash};
use holdfast_store::{Change, Database, DbError, Row, Value, number};
use holdfast_types::{ChainId, Invalid, Timestamp, named};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// Most suggestions that wait for a person.
pub const MAX_OPEN_SUGGESTIONS: u64 = 10_000;
/// Most suggestions of a page.
pub const MAX_SUGGESTIONS_PAGE: u64 = 500;
/// Most decided suggestions that are given to a training, the newest.
const MAX_DECIDED: u64 = 100_000;
/// Longest note, bytes.
const MAX_NOTE: usize = 2_000;

named! {
    /// State of a suggestion.
    pub enum SuggestionState {
        /// It waits for a person.
        Open,
        /// A person stated it as a tag.
        Accepted,
        /// A person said that it is wrong; it is not suggested again.
        Rejected,
    }
}

/// What a model says of an address.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSuggestion {
    /// Chain.
    pub chain: ChainId,
    /// Address, in the chain's own form.
    pub address: String,
    /// Category of the taxonomy.
    pub category: &'static str,
    /// The model.
    pub model: ModelHash,
    /// Log odds.
    pub score: f64,
    /// Calibrated probability, millionths.
    pub probability_ppm: u32,
    /// Height of the last block looked at.
    pub block: u64,
    /// Its time.
    pub block_time: Timestamp,
    /// Height of the first block that the ledger has.
    pub from_block: u64,
    /// Payments that the features are made of.
    pub payments: u64,
    /// Time of the first one.
    pub first_payment: Timestamp,
    /// The values of [`ledger_schema`] with amounts.
    pub features: FeatureRow,
}

/// A suggestion as stored.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = TagSuggestion)]
pub struct Suggestion {
    /// Number.
    pub id: u64,
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// Address.
    pub address: String,
    /// Category of the taxonomy.
    pub category: String,
    /// SHA-256 of the model's file.
    #[schema(value_type = String)]
    pub model: ModelHash,
    /// Calibrated probability, millionths.
    pub probability_ppm: u32,
    /// Log odds, all digits.
    pub score: String,
    /// Height of the last block that was looked at.
    pub block: u64,
    /// Its time, Unix seconds.
    #[schema(value_type = i64)]
    pub block_time: Timestamp,
    /// Height of the first block that the ledger has: what was before is not in the features.
    pub from_block: u64,
    /// Payments that the features are made of.
    pub payments: u64,
    /// Time of the first one, Unix seconds.
    #[schema(value_type = i64)]
    pub first_payment: Timestamp,
    /// State.
    pub state: SuggestionState,
    /// When it was suggested last, Unix seconds.
    #[schema(value_type = i64)]
    pub suggested: Timestamp,
    /// Who had it looked for.
    pub suggested_by: String,
    /// When a person decided, Unix seconds.
    #[schema(value_type = Option<i64>)]
    pub decided: Option<Timestamp>,
    /// Who.
    pub decided_by: Option<String>,
    /// Why.
    pub note: Option<String>,
    /// The row of features.
    #[serde(skip)]
    pub features: FeatureRow,
}

/// What storing suggestions did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SuggestionsStored)]
pub struct Stored {
    /// New ones.
    pub new: u64,
    /// Open ones that were suggested before, with what is known now.
    pub renewed: u64,
    /// Left out: a person accepted or rejected the same before.
    pub decided_before: u64,
    /// Left out: too many wait already.
    pub not_stored: u64,
}

/// A decided suggestion as a label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = SuggestionLabel)]
pub struct Decided {
    /// Names of the features.
    pub names: Vec<String>,
    /// Their values; null where one is missing.
    pub values: Vec<Option<f64>>,
    /// Whether a person accepted it.
    pub is_accepted: bool,
    /// Time of the account's first payment, Unix seconds.
    #[schema(value_type = i64)]
    pub first: Timestamp,
}

const COLUMNS: &str =
    "SELECT id, chain, address, category, model, probability_ppm, score, block, block_time, from_block, payments,
     first_payment, state, suggested, suggested_by, decided, decided_by, note, features FROM tag_suggestions";

fn read(row: &Row) -> Result<Suggestion, DbError> {
    let id = row.number(0)?;
    Ok(Suggestion {
        id,
        chain: row.text(1)?.to_owned(),
        address: row.text(2)?.to_owned(),
        category: row.text(3)?.to_owned(),
        model: row.named(4)?,
        probability_ppm: row.number(5)?,
        score: row.text(6)?.to_owned(),
        block: row.number(7)?,
        block_time: row.time(8)?,
        from_block: row.number(9)?,
        payments: row.number(10)?,
        first_payment: row.time(11)?,
        state: row.named(12)?,
        suggested: row.time(13)?,
        suggested_by: row.text(14)?.to_owned(),
        decided: row.time_or_null(15),
        decided_by: row.text_or_null(16).map(str::to_owned),
        note: row.text_or_null(17).map(str::to_owned),
        features: crate::stored::features_of(&format!("suggestion {id}"), row.text(18)?)?,
    })
}

/// Stores suggestions. One that waits gets what is known now; one that a person decided stays as it is.
///
/// # Errors
/// [`LearnedError::Store`] when the database fails.
pub fn suggest(tx: &mut dyn Change, new: &[NewSuggestion]) -> Result<Stored, LearnedError> {
    let (now, actor) = (tx.now(), tx.actor().to_owned());
    let (mut done, mut next) = (Stored::default(), tx.next_id("tag_suggestions")?);
    let rows = tx.db().query("SELECT COUNT(*) FROM tag_suggestions WHERE state = 'open'", &[])?;
    let mut open: u64 = rows.first().map_or(Ok(0), |r| r.number(0))?;
    for s in new {
        let key: [Value; 3] = [s.chain.as_str().into(), s.address.as_str().into(), s.category.into()];
        let sql = "SELECT id, state FROM tag_suggestions WHERE chain = $1 AND address = $2 AND category = $3";
        let known = tx.db().query(sql, &key)?;
        let known = known.first().map(|r| Ok::<_, DbError>((r.int(0)?, r.named::<SuggestionState>(1)?))).transpose()?;
        let said: [Value; 11] = [
            s.model.to_string().into(),
            s.score.to_string().into(),
            number(s.probability_ppm),
            number(s.block),
            s.block_time.into(),
            number(s.from_block),
            number(s.payments),
            s.first_payment.into(),
            written(&s.features.to_bytes()).into(),
            now.into(),
            actor.as_str().into(),
        ];
        match known {
            Some((_, SuggestionState::Accepted | SuggestionState::Rejected)) => done.decided_before += 1,
            Some((id, SuggestionState::Open)) => {
                let sql = "UPDATE tag_suggestions SET model = $1, score = $2, probability_ppm = $3, block = $4, block_time = $5, from_block = $6,
                     payments = $7, first_payment = $8, features = $9, suggested = $10, suggested_by = $11 WHERE id = $12";
                let row: Vec<Value> = said.into_iter().chain([id.into()]).collect();
                tx.db().execute(sql, &row)?;
                done.renewed += 1;
            }
            None if open >= MAX_OPEN_SUGGESTIONS => done.not_stored += 1,
            None => {
                let sql = "INSERT INTO tag_suggestions (model, score, probability_ppm, block, block_time, from_block, payments, first_payment, features,
                     suggested, suggested_by, chain, address, category, id, state)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'open')";
                let row: Vec<Value> = said.into_iter().chain(key).chain([next.into()]).collect();
                tx.db().execute(sql, &row)?;
                (done.new, open, next) = (done.new + 1, open + 1, next + 1);
            }
        }
    }
    Ok(done)
}

/// Returns suggestions, in one state where it is given: the most probable first, then the oldest. At most [`MAX_SUGGESTIONS_PAGE`].
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn suggestions(
    db: &mut Database,
    state: Option<SuggestionState>,
    skip: u64,
    limit: u64,
) -> Result<Vec<Suggestion>, DbError> {
    let sql = format!("{COLUMNS} WHERE ($1 = '' OR state = $1) ORDER BY probability_ppm DESC, id LIMIT $2 OFFSET $3");
    let wanted: [Value; 3] = [
        state.map_or("", SuggestionState::name).into(),
        number(limit.min(MAX_SUGGESTIONS_PAGE)),
        number(skip.min(u64::from(u32::MAX))),
    ];
    db.query(&sql, &wanted)?.iter().map(read).collect()
}

/// Returns a suggestion; nothing when there is none with the number.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn suggestion(db: &mut Database, id: u64) -> Result<Option<Suggestion>, DbError> {
    let Ok(id) = i64::try_from(id) else { return Ok(None) };
    db.query(&format!("{COLUMNS} WHERE id = $1"), &[id.into()])?.first().map(read).transpose()
}

/// Notes what a person decided of an open suggestion. The tag of an accepted one is stated elsewhere, before this.
///
/// # Errors
/// [`LearnedError::NotFound`]; [`LearnedError::State`] when it is decided already; [`LearnedError::Invalid`] without a note.
pub fn settle(tx: &mut dyn Change, id: u64, accepted: bool, note: &str) -> Result<Suggestion, LearnedError> {
    let note = note.trim();
    if note.is_empty() || note.len() > MAX_NOTE {
        return Err(Invalid::new("note", format!("must be 1 to {MAX_NOTE} bytes")).into());
    }
    let found = suggestion(tx.db(), id)?.ok_or_else(|| LearnedError::NotFound(format!("suggestion {id}")))?;
    open(&found)?;
    let state = if accepted { SuggestionState::Accepted } else { SuggestionState::Rejected };
    let (now, actor) = (tx.now(), tx.actor().to_owned());
    let sql = "UPDATE tag_suggestions SET state = $1, decided = $2, decided_by = $3, note = $4 WHERE id = $5";
    let row: [Value; 5] = [state.name().into(), now.into(), actor.as_str().into(), note.into(), number(id)];
    tx.db().execute(sql, &row)?;
    let detail = json!({
        "chain": found.chain, "address": found.address, "category": found.category, "model": found.model,
        "probability_ppm": found.probability_ppm, "note": note,
    });
    let action = if accepted { "suggestion.accepted" } else { "suggestion.rejected" };
    tx.audit(action, &format!("suggestion:{id}"), &detail.to_string());
    suggestion(tx.db(), id)?.ok_or_else(|| LearnedError::NotFound(format!("suggestion {id}")))
}

/// Refuses a suggestion that a person decided.
///
/// # Errors
/// [`LearnedError::State`].
pub fn open(suggestion: &Suggestion) -> Result<(), LearnedError> {
    match (suggestion.state, &suggestion.decided_by) {
        (SuggestionState::Open, _) => Ok(()),
        (state, by) => {
            let by = by.as_deref().unwrap_or_default();
            Err(LearnedError::State(format!("suggestion {} is {state} already, by {by}", suggestion.id)))
        }
    }
}

/// Computes the scores of all suggestions again from the stored rows and the models' files; what differs is a problem. Returns how many were compared.
pub(crate) fn check(db: &mut Database, mut wrong: impl FnMut(String)) -> Result<u64, DbError> {
    let sql = format!("{COLUMNS} WHERE id > $1 ORDER BY id LIMIT {MAX_SUGGESTIONS_PAGE}");
    let (mut compared, mut last) = (0, 0i64);
    let mut models: HashMap<ModelHash, Option<Arc<Model>>> = HashMap::new();
    loop {
        let page = db.query(&sql, &[last.into()])?;
        if page.is_empty() {
            return Ok(compared);
        }
        for row in &page {
            (last, compared) = (row.int(0)?, compared + 1);
            let again = read(row).map_err(|e| e.to_string()).and_then(|s| {
                let found = models.entry(s.model).or_insert_with(|| crate::stored::model(db, s.model).ok().flatten());
                let model = found.as_ref().ok_or_else(|| format!("model {} is missing or damaged", s.model))?;
                let places = ledger_places(model.schema()).map_err(|e| e.to_string())?;
                let value = |place: &usize| s.features.values().get(*place).copied().unwrap_or(f64::NAN);
                let score = model.score(&places.iter().map(value).collect::<Vec<_>>()).to_string();
                if score == s.score { Ok(()) } else { Err(format!("its score is {}, by its row {score}", s.score)) }
            });
            if let Err(why) = again {
                wrong(format!("suggestion {last}: {why}"));
            }
        }
    }
}

/// Returns what people decided, newest first, as labels.
///
/// # Errors
/// [`LearnedError::Store`] when the database fails or a row is damaged.
pub fn decided(db: &mut Database) -> Result<Vec<Decided>, LearnedError> {
    // New features are added behind the last one only.
    let names: Vec<String> = ledger_schema(Amounts::With)?.features().iter().map(|f| f.name.clone()).collect();
    let sql = format!("{COLUMNS} WHERE state <> 'open' ORDER BY decided DESC, id DESC LIMIT {MAX_DECIDED}");
    let label = |row: &Row| {
        let s = read(row)?;
        let values: Vec<Option<f64>> = s.features.values().iter().map(|v| Some(*v).filter(|v| !v.is_nan())).collect();
        let is_accepted = s.state == SuggestionState::Accepted;
        Ok(Decided {
            names: names[..names.len().min(values.len())].to_vec(),
            values,
            is_accepted,
            first: s.first_payment,
        })
    };
    Ok(db.query(&sql, &[])?.iter().map(label).collect::<Result<_, DbError>>()?)
}
