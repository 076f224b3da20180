//! What models cost decisions: a score in process, and durable decisions a second over HTTP with a champion in force and without.

use super::ModelsBench;
use super::cost::model_of;
use super::report::{Goal, Report};
use super::rows::{decided, table};
use crate::screening::{Load, Sent, exchange, over_http};
use anyhow::{Context, ensure};
use holdfast_decision::inputs::ModelInForce;
use holdfast_decision::{Models, Purpose, Role};
use holdfast_evaluation::Exchange;
use holdfast_models::{Model, Params, train};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// Trees of the champion.
const TREES: u16 = 128;
/// Most rows that the champion is trained on.
const MOST_ROWS: usize = 40_000;

pub(super) fn measure(args: &ModelsBench, report: &mut Report) -> anyhow::Result<()> {
    let exchange = exchange()?;
    let champion = champion(&exchange)?;
    let trees = champion.content().trees.len();
    ensure!(trees == usize::from(TREES), "the champion has {trees} trees, not {TREES}");
    in_process(args, &exchange, &champion, report)?;
    durable(args, &exchange, champion, report)
}

/// A model that scores every event, the dearest there is: all features that differ, trained on the ground truth.
fn champion(exchange: &Exchange) -> anyhow::Result<Model> {
    let (mut rows, mut labels) = (Vec::new(), Vec::new());
    let in_cases: HashSet<&str> = exchange.cases.iter().flat_map(|c| c.events.iter().map(String::as_str)).collect();
    let every = exchange.events.len().div_ceil(MOST_ROWS).max(1);
    let mut number = 0usize;
    decided(exchange, &Models::default().keeping_rows(), |event, row, _| {
        if number.is_multiple_of(every)
            && let Some(row) = row
        {
            rows.push(row);
            labels.push(in_cases.contains(event.id.as_str()));
        }
        number += 1;
    });
    let table = table(&rows)?;
    // Stopped by its own rows, that is never: the cost of all trees is asked, not how good they are.
    let params = Params { trees: TREES, patience: TREES, ..Params::default() };
    let ensemble = train((&table, &labels), (&table, &labels), &params)?;
    Ok(model_of(Purpose::EventRisk.name(), &table, ensemble)?)
}

fn in_process(args: &ModelsBench, exchange: &Exchange, champion: &Model, report: &mut Report) -> anyhow::Result<()> {
    let stated = ModelInForce { model: champion.hash(), purpose: Purpose::EventRisk, role: Role::Champion };
    let with = Models::new(vec![(stated, Arc::new(champion.clone()))])?;
    let mean = |models: &Models| {
        let mut total = Duration::ZERO;
        decided(exchange, models, |_, _, took| total += took);
        total.as_secs_f64() * 1e6 / exchange.events.len() as f64
    };
    let (mut without, mut added) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        let (alone, scored) = (mean(&Models::default()), mean(&with));
        without.push(alone);
        added.push(scored - alone);
    }
    report.figure("a decision in process without models: mean", median(without)?, "us", None);
    let what = format!("row of features and score that a champion of {TREES} trees adds to each decision: mean");
    report.figure(what, median(added)?, "us", Some(Goal::Below(10.0)));
    Ok(())
}

fn durable(args: &ModelsBench, exchange: &Exchange, champion: Model, report: &mut Report) -> anyhow::Result<()> {
    let dir = crate::work_folder(args.dir.as_deref())?;
    let champions = [champion];
    let run = |name: String, champions: &[Model]| {
        let url = format!("sqlite:{}", dir.path().join(format!("{name}.sqlite")).display());
        let store = dir.path().join(name);
        let sent = Sent::single(args.events, args.connections);
        over_http(&Load { sent: &sent, url: &url, store: &store, exchange, champions })
    };
    let (mut without, mut with, mut falls) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..args.rounds {
        let alone = run(format!("alone{round}"), &[])?.rate;
        let scored = run(format!("scored{round}"), &champions)?.rate;
        falls.push((1.0 - scored / alone) * 100.0);
        without.push(alone);
        with.push(scored);
    }
    let rates = format!("{:.0} decisions/s with it, {:.0} without, medians", median(with)?, median(without)?);
    let single = falls.iter().map(|f| format!("{f:.1}")).collect::<Vec<_>>().join(", ");
    let what = "fall of durable decisions a second with a champion that scores every event, SQLite";
    report.figure_beside(what, median(falls)?, "%", Some(Goal::Below(5.0)), format!("{rates}; by round {single}"));
    Ok(())
}

fn median(mut values: Vec<f64>) -> anyhow::Result<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().context("no rounds")
}
