//! Learned models that are quick to make.

use holdfast_decision::features::features;
use holdfast_models::accounts::{Amounts, payments_schema, schema};
use holdfast_models::calibration::Calibration;
use holdfast_models::drift::Reference;
use holdfast_models::model::{Addition, Content, Origin};
use holdfast_models::{Feature, Model, Params, Schema, Table, train};

/// Returns a model for a purpose that finds events worth more than a value (cents, below 100,000), whoever the customer; another value makes another model.
///
/// # Panics
/// If the features of events do not have these any more.
pub fn value_model(purpose: &str, above: u32) -> Model {
    let chosen = ["event_value", "withdrawals_24h"];
    made(purpose, features().iter().filter(|f| chosen.contains(&f.name.as_str())).cloned().collect(), above)
}

/// Returns a model of accounts, of which no event is scored.
///
/// # Panics
/// If accounts do not have two features any more.
pub fn account_model() -> Model {
    let all = schema(Amounts::With).expect("features");
    made("account-phishing", all.features()[..2].to_vec(), 50_000)
}

/// Returns a model of accounts on their payments, which finds those that received more than so many coins (below 100,000).
///
/// # Panics
/// If payments do not have these features any more.
pub fn payments_model(above: u32) -> Model {
    let all = payments_schema(Amounts::With).expect("features");
    let feature = |name: &str| all.features()[all.position(name).expect("a feature of payments")].clone();
    made("account-phishing", vec![feature("payments_total_in"), feature("payments_transactions_in")], above)
}

fn made(purpose: &str, features: Vec<Feature>, above: u32) -> Model {
    let values: Vec<f64> = (0..1_000u32).map(|n| f64::from(n * 7_919 % 1_000 * 100)).collect();
    let counts = (0..1_000u32).map(|n| f64::from(n % 5)).collect();
    let labels: Vec<bool> = values.iter().map(|v| *v > f64::from(above)).collect();
    let table = Table::new(Schema::new(features).expect("features"), vec![values, counts]).expect("a table");
    let params = Params { trees: 12, learning_rate: 0.5, column_share: 1.0, row_share: 1.0, ..Params::default() };
    let ensemble = train((&table, &labels), (&table, &labels), &params).expect("a model");
    Model::new(Content {
        purpose: purpose.to_owned(),
        schema: table.schema().clone(),
        origin: Origin::Trained,
        addition: Addition::Double,
        base: ensemble.base,
        score_reference: Reference::of(&ensemble.scores(&table)),
        trees: ensemble.trees,
        calibration: Calibration::None,
        thresholds: Vec::new(),
        references: table.columns().iter().map(|c| Reference::of(c)).collect(),
        training: None,
    })
    .expect("a model")
}
