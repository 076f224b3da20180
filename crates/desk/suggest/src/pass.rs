//! Looking at accounts of a ledger with a model.

use crate::ledger::{Budget, Payments, around, payments_within};
use crate::train::DECIMALS;
use crate::{NotLooked, SuggestError};
use holdfast_account_ledger::{Ledger, NATIVE};
use holdfast_decision::scores::millionths;
use holdfast_models::accounts::{Amounts, ledger_places, ledger_schema, payments_features};
use holdfast_models::{FeatureRow, Model, ModelError, graph};
use holdfast_types::{Invalid, Timestamp, TransferKind};
use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

/// Most accounts that are looked at in one pass.
pub const MAX_PASS: usize = 10_000;

/// Most postings that a pass reads of all accounts together.
pub const MAX_PASS_POSTINGS: usize = 2_000_000;

/// An account that a model takes for one of the crime.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its number in the ledger.
    pub account: u32,
    /// Log odds.
    pub score: f64,
    /// Calibrated probability, millionths.
    pub probability_ppm: u32,
    /// Payments that the features are made of.
    pub payments: u64,
    /// Time of the first one.
    pub first: Timestamp,
    /// The values of [`ledger_schema`] with amounts; of payments around it only where the model has them.
    pub features: FeatureRow,
}

/// What looking found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Looked {
    /// Accounts that were scored.
    pub scored: u64,
    /// Those at or above the threshold, the most probable first.
    pub found: Vec<Found>,
    /// Accounts that were not, by reason.
    pub not_looked: BTreeMap<NotLooked, u64>,
}

/// A model that a ledger can be looked at with.
struct Fitting<'a> {
    model: &'a Model,
    /// Places of its features among those of payments.
    places: Vec<usize>,
    /// Whether payments around an account are among them.
    is_around: bool,
    /// Least score that is suggested.
    threshold: f64,
}

/// Returns an account's features as of the block that its payments end with, in the order of [`ledger_schema`] with amounts; those of the payments around it are
/// missing where they are not wanted, since they take many more reads.
pub(crate) fn row(
    ledger: &Ledger,
    account: u32,
    payments: &Payments,
    is_around: bool,
    budget: &mut Budget,
) -> Result<Vec<f64>, SuggestError> {
    let mut row = payments_features(&payments.events, Timestamp::MAX, DECIMALS, Amounts::With);
    if is_around {
        let found = around(ledger, account, payments.last, budget)?;
        row.extend(graph::features(account.into(), &found.edges, found.as_of, found.is_cut));
    } else {
        row.resize(ledger_schema(Amounts::With)?.len(), f64::NAN);
    }
    Ok(row)
}

impl<'a> Fitting<'a> {
    fn of(model: &'a Model, least: Option<f64>) -> Result<Self, SuggestError> {
        let shapes = graph::schema()?;
        let is_around = model.schema().features().iter().any(|f| shapes.position(&f.name).is_some());
        let unfit = |e: ModelError| SuggestError::State(format!("model {}: {e}", model.hash()));
        let places = ledger_places(model.schema()).map_err(unfit)?;
        let threshold = match least {
            Some(least) if !(least > 0.0 && least < 1.0) => {
                return Err(Invalid::new("least", format!("is {least}; a probability between 0 and 1")).into());
            }
            // Calibration rises with the score: compared by probability below.
            Some(_) => f64::NEG_INFINITY,
            None => model.content().thresholds.iter().find(|t| t.name == "f1").map(|t| t.score).ok_or_else(|| {
                SuggestError::State(format!(
                    "model {} has no threshold, as imported ones; give a least probability",
                    model.hash()
                ))
            })?,
        };
        Ok(Fitting { model, places, is_around, threshold })
    }

    fn values(&self, row: &FeatureRow) -> Vec<f64> {
        self.places.iter().map(|p| row.values().get(*p).copied().unwrap_or(f64::NAN)).collect()
    }
}

/// Returns a model's values of a stored row, for its reasons.
///
/// # Errors
/// [`SuggestError::State`] for a model that has features which are none of payments.
pub(crate) fn values_of(model: &Model, row: &FeatureRow) -> Result<Vec<f64>, SuggestError> {
    Ok(Fitting::of(model, Some(0.5))?.values(row))
}

/// Returns the accounts that received coin in the newest blocks up to a height, at most so many, and whether there are more.
///
/// # Errors
/// [`SuggestError::Ledger`].
pub fn candidates(ledger: &Ledger, until: u64, blocks: u64, most: usize) -> Result<(Vec<u32>, bool), SuggestError> {
    let (mut seen, mut found, mut is_cut) = (HashSet::new(), Vec::new(), false);
    let heights = until.saturating_add(1).saturating_sub(blocks)..until.saturating_add(1);
    ledger.for_each_transfer_of_asset(NATIVE, heights, |transfer| {
        if let (TransferKind::Value, Some(to)) = (transfer.kind, transfer.to)
            && !transfer.amount.is_zero()
            && seen.insert(to)
        {
            if found.len() >= most.min(MAX_PASS) {
                is_cut = true;
                return ControlFlow::Break(());
            }
            found.push(to);
        }
        ControlFlow::Continue(())
    })?;
    Ok((found, is_cut))
}

/// Looks at accounts with a model, at their payments up to the block at a height. Suggested are those at or above the threshold that training chose (the best
/// F1 on validation), or of at least a probability, where `least` gives one. `watch` may end it; nothing is returned then.
///
/// # Errors
/// [`SuggestError::State`] for a model with features that a ledger does not give, or without a threshold; [`SuggestError::Ledger`] when the ledger is damaged.
pub fn look(
    model: &Model,
    ledger: &Ledger,
    accounts: &[u32],
    until: u64,
    least: Option<f64>,
    watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Option<Looked>, SuggestError> {
    let fitting = Fitting::of(model, least)?;
    let (mut looked, mut budget) = (Looked::default(), Budget(MAX_PASS_POSTINGS));
    for (n, account) in accounts.iter().enumerate() {
        if watch(n).is_break() {
            return Ok(None);
        }
        let payments = match payments_within(ledger, *account, until, &mut budget)? {
            Ok(payments) => payments,
            Err(why) => {
                *looked.not_looked.entry(why).or_default() += 1;
                continue;
            }
        };
        let features = FeatureRow::new(&row(ledger, *account, &payments, fitting.is_around, &mut budget)?)?;
        let score = fitting.model.score(&fitting.values(&features));
        let probability = fitting.model.probability(score);
        looked.scored += 1;
        if score >= fitting.threshold && least.is_none_or(|least| probability >= least) {
            looked.found.push(Found {
                account: *account,
                score,
                probability_ppm: millionths(probability),
                payments: payments.events.len() as u64,
                first: payments.first,
                features,
            });
        }
    }
    looked.found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.account.cmp(&b.account)));
    Ok(Some(looked))
}
