//! Looking at accounts of a ledger with a model.

use crate::ledger::{Budget, Payments, around, payments_within};
use crate::train::DECIMALS;
use crate::whole_chain::WholeChain;
use crate::{NotLooked, StoredChain, SuggestError};
use holdfast_account_ledger::{Ledger, NATIVE};
use holdfast_decision::scores::millionths;
use holdfast_models::accounts::{Amounts, ledger_places, ledger_schema, payments_features};
use holdfast_models::{Feature, FeatureRow, Model, ModelError, Schema, graph, whole_chain};
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
    /// The values of [`ledger_schema`] with amounts; of payments around it and of the whole chain only where the model has them.
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
    /// Height of the block that figures of the whole chain are as of; none where the model has none.
    pub figures_block: Option<u64>,
}

/// A model that a ledger can be looked at with.
struct Fitting<'a> {
    model: &'a Model,
    /// Places of its features among those of payments.
    places: Vec<usize>,
    /// Least score that is suggested.
    threshold: f64,
}

/// What is looked up of an account besides its payments: only what a model needs, since it takes more reads.
pub(crate) struct Beside {
    /// Whether payments around it are.
    is_around: bool,
    /// Its counts over the whole chain.
    whole: Option<WholeChain>,
}

impl Beside {
    /// What the features of a schema need.
    pub(crate) fn of(schema: &Schema, at: StoredChain<'_>) -> Result<Self, SuggestError> {
        let has = |f: &Feature| schema.position(&f.name).is_some();
        let is_around = graph::schema()?.features().iter().any(has);
        let is_whole = whole_chain::schema()?.features().iter().any(has);
        let whole = if is_whole { Some(WholeChain::open(at.dir, at.ledger)?) } else { None };
        Ok(Beside { is_around, whole })
    }

    /// Height of the block that the counts over the whole chain are as of.
    pub(crate) fn figures_block(&self) -> Option<u64> {
        self.whole.as_ref().map(WholeChain::height)
    }
}

/// Returns an account's features as of the block that its payments end with, in the order of [`ledger_schema`] with amounts; missing is what is not wanted beside
/// its payments. An account that has no counts where they are wanted is [`NotLooked::NoFigures`].
fn row(
    ledger: &Ledger,
    account: u32,
    payments: &Payments,
    beside: &Beside,
    budget: &mut Budget,
) -> Result<Result<Vec<f64>, NotLooked>, SuggestError> {
    let whole = match &beside.whole {
        Some(whole) => match whole.of(account)? {
            Some(features) => Some(features),
            None => return Ok(Err(NotLooked::NoFigures)),
        },
        None => None,
    };
    let mut row = payments_features(&payments.events, Timestamp::MAX, DECIMALS, Amounts::With);
    let own = row.len() + graph::schema()?.len();
    if beside.is_around {
        let found = around(ledger, account, payments.last, budget)?;
        row.extend(graph::features(account.into(), &found.edges, found.as_of, found.is_cut));
    }
    row.resize(own, f64::NAN);
    row.extend(whole.into_iter().flatten());
    row.resize(ledger_schema(Amounts::With)?.len(), f64::NAN);
    Ok(Ok(row))
}

/// Reads an account's payments up to the block at a height, and its features.
pub(crate) fn read(
    ledger: &Ledger,
    account: u32,
    until: u64,
    beside: &Beside,
    budget: &mut Budget,
) -> Result<Result<(Payments, Vec<f64>), NotLooked>, SuggestError> {
    let payments = match payments_within(ledger, account, until, budget)? {
        Ok(payments) => payments,
        Err(why) => return Ok(Err(why)),
    };
    Ok(row(ledger, account, &payments, beside, budget)?.map(|row| (payments, row)))
}

impl<'a> Fitting<'a> {
    fn of(model: &'a Model, least: Option<f64>) -> Result<Self, SuggestError> {
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
        Ok(Fitting { model, places, threshold })
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
/// [`SuggestError::State`] for a model with features that a ledger does not give, or without a threshold, or that needs figures of the whole chain which are not
/// installed; [`SuggestError::Ledger`] when the ledger is damaged.
pub fn look(
    model: &Model,
    at: StoredChain<'_>,
    accounts: &[u32],
    until: u64,
    least: Option<f64>,
    watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Option<Looked>, SuggestError> {
    let (ledger, fitting) = (at.ledger, Fitting::of(model, least)?);
    let beside = Beside::of(model.schema(), at)?;
    let (mut looked, mut budget) = (Looked::default(), Budget(MAX_PASS_POSTINGS));
    looked.figures_block = beside.figures_block();
    for (n, account) in accounts.iter().enumerate() {
        if watch(n).is_break() {
            return Ok(None);
        }
        let (payments, row) = match read(ledger, *account, until, &beside, &mut budget)? {
            Ok(read) => read,
            Err(why) => {
                *looked.not_looked.entry(why).or_default() += 1;
                continue;
            }
        };
        let features = FeatureRow::new(&row)?;
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
