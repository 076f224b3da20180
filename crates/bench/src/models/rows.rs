//! Events decided in process, with their rows of features.

use holdfast_decision::state::State;
use holdfast_decision::{ActiveHolds, ChainFacts, DecisionContext, Event, Flags, Models, RuleBook, decide};
use holdfast_evaluation::Exchange;
use holdfast_models::{FeatureRow, Schema, Table};
use std::time::{Duration, Instant};

/// Returns rows of events as a table of the features that differ between them.
pub(super) fn table(rows: &[FeatureRow]) -> anyhow::Result<Table> {
    let all = holdfast_decision::features::features();
    let columns: Vec<Vec<f64>> = (0..all.len()).map(|c| rows.iter().map(|r| r.values()[c]).collect()).collect();
    let differs = |column: &Vec<f64>| column.windows(2).any(|w| w[0].to_bits() != w[1].to_bits());
    let (features, columns) = all.iter().cloned().zip(columns).filter(|(_, column)| differs(column)).unzip();
    Ok(Table::new(Schema::new(features)?, columns)?)
}

/// Decides on all events in order, by the default rules; `each` gets the event, its row and how long the decision took.
pub(super) fn decided<'a>(
    exchange: &'a Exchange,
    models: &Models,
    mut each: impl FnMut(&'a Event, Option<FeatureRow>, Duration),
) {
    let (holds, flags, facts) = (ActiveHolds::new(), Flags::default(), ChainFacts::default());
    let book = RuleBook::standard();
    let mut state = State::default();
    exchange.records.iter().for_each(|r| state.record(r));
    for (seq, event) in exchange.events.iter().enumerate() {
        let context = DecisionContext { state: &state, book: &book, holds: &holds, price: None, flags: &flags, models };
        let began = Instant::now();
        let made = decide(context, event, &facts, seq as u64, event.time);
        let took = began.elapsed();
        state.apply(event, &facts, made.decision.value.unwrap_or(0), seq as u64);
        state.advance(event.time);
        each(event, made.row.and_then(|bytes| FeatureRow::from_bytes(&bytes).ok()), took);
    }
}
