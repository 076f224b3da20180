//! Scores of accounts by their histories, and how good a model is on labelled ones that it never saw.

use crate::train::DECIMALS;
use crate::{Histories, SuggestError};
use holdfast_decision::scores::millionths;
use holdfast_models::accounts::{Amounts, payments_features, payments_schema};
use holdfast_models::fit::{Measured, measure};
use holdfast_models::{Label, Model, Table};
use holdfast_types::{Invalid, Timestamp};
use serde::Serialize;

/// An account's score by a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScoredAccount {
    /// As the caller wrote it.
    pub address: String,
    /// Whether the caller said that it is one of the crime.
    pub is_positive: bool,
    /// Log odds.
    pub score: f64,
    /// Calibrated probability, millionths.
    pub probability_ppm: u32,
}

/// Accounts by their histories, as a model sees them.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredHistories {
    /// Those with a payment, in the order in which they were added.
    pub accounts: Vec<ScoredAccount>,
    /// Accounts without payments: nothing is known of them.
    pub without_payments: u64,
    /// How good the model is on them; none where they have one label only.
    pub measured: Option<Measured>,
}

/// Scores accounts by all their payments. `budget` is the share of accounts that analysts can review, above 0 to 1.
///
/// # Errors
/// [`SuggestError::Invalid`] for a budget out of bounds; [`SuggestError::State`] for a model with features that histories do not give.
pub fn score_histories(model: &Model, histories: &Histories, budget: f64) -> Result<ScoredHistories, SuggestError> {
    if !(budget > 0.0 && budget <= 1.0) {
        return Err(Invalid::new("budget", format!("is {budget}; above 0 to 1")).into());
    }
    let known = payments_schema(Amounts::With)?;
    let place = |name: &str| {
        known.position(name).ok_or_else(|| {
            SuggestError::State(format!(
                "model {} has the feature {name}, which an account's own payments do not give; `holdfast models suggest` looks at a ledger",
                model.hash()
            ))
        })
    };
    let places = model.schema().features().iter().map(|f| place(&f.name)).collect::<Result<Vec<_>, _>>()?;
    let (mut accounts, mut without_payments) = (Vec::new(), 0);
    let mut columns = vec![Vec::new(); places.len()];
    for account in &histories.accounts {
        if !account.events.iter().any(|e| e.is_payment()) {
            without_payments += 1;
            continue;
        }
        let row = payments_features(&account.events, Timestamp::MAX, DECIMALS, Amounts::With);
        let values: Vec<f64> = places.iter().map(|p| row[*p]).collect();
        let score = model.score(&values);
        columns.iter_mut().zip(&values).for_each(|(column, value)| column.push(*value));
        accounts.push(ScoredAccount {
            address: account.address.clone(),
            is_positive: account.label == Label::Positive,
            score,
            probability_ppm: millionths(model.probability(score)),
        });
    }
    let truth: Vec<bool> = accounts.iter().map(|a| a.is_positive).collect();
    let both = truth.contains(&true) && truth.contains(&false);
    let measured = match both {
        true => Some(measure(model, &Table::new(model.schema().clone(), columns)?, &truth, budget)),
        false => None,
    };
    Ok(ScoredHistories { accounts, without_payments, measured })
}
