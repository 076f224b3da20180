//! What models cost decisions: a score in process, and durable decisions a second over HTTP with a champion in force and without.

use super::ModelsBench;
use super::cost::model_of;
use super::report::{Goal, Report};
use super::rows::{decided, table};
use crate::screening::{Load, Sent, exchange, over_http};
use anyhow::{Context, ensure};
use holdfast_decision::inputs::ModelInForce;
use holdfast_decision::{EventKind, Models, Purpose, Role};
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
    let champions = |purpose| champion(&exchange, purpose);
    let (every, withdrawals) = (champions(Purpose::EventRisk)?, champions(Purpose::WithdrawalScam)?);
    in_process(args, &exchange, &every, report)?;
    durable(args, &exchange, (every, withdrawals), report)
}

/// A model with all features that differ, trained on every event and the ground truth: the dearest there is. Its purpose says which events it scores.
fn champion(exchange: &Exchange, purpose: Purpose) -> anyhow::Result<Model> {
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
    let champion = model_of(purpose.name(), &table, ensemble)?;
    let trees = champion.content().trees.len();
    ensure!(trees == usize::from(TREES), "the champion has {trees} trees, not {TREES}");
    Ok(champion)
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

/// Decides durably without a model, with a champion for every event, and with one for withdrawals, by turns.
fn durable(args: &ModelsBench, exchange: &Exchange, of: (Model, Model), report: &mut Report) -> anyhow::Result<()> {
    let dir = crate::work_folder(args.dir.as_deref())?;
    let run = |name: String, champions: &[Model]| {
        let url = format!("sqlite:{}", dir.path().join(format!("{name}.sqlite")).display());
        let store = dir.path().join(name);
        let sent = Sent::single(args.events, args.connections);
        over_http(&Load { sent: &sent, url: &url, store: &store, exchange, champions })
    };
    let withdrawals = exchange.events.iter().filter(|event| event.kind == EventKind::Withdrawal).count();
    let share = withdrawals as f64 / exchange.events.len() as f64 * 100.0;
    let champions = [([of.0], "every event".to_owned()), ([of.1], format!("withdrawals ({share:.0}% of events)"))];
    let (mut without, mut with) = (Vec::new(), [Vec::new(), Vec::new()]);
    for round in 0..args.rounds {
        without.push(run(format!("alone{round}"), &[])?.rate);
        for (n, (champion, _)) in champions.iter().enumerate() {
            with[n].push(run(format!("scored{n}-{round}"), champion)?.rate);
        }
    }
    let alone = median(without.clone())?;
    for ((_, scores), with) in champions.iter().zip(with) {
        let falls: Vec<f64> = without.iter().zip(&with).map(|(alone, scored)| (1.0 - scored / alone) * 100.0).collect();
        let single = falls.iter().map(|f| format!("{f:.1}")).collect::<Vec<_>>().join(", ");
        let rates = format!("{:.0} decisions/s with it, {alone:.0} without, medians", median(with)?);
        let what = format!("fall of durable decisions a second with a champion that scores {scores}, SQLite");
        report.figure_beside(what, median(falls)?, "%", Some(Goal::Below(5.0)), format!("{rates}; by round {single}"));
    }
    Ok(())
}

fn median(mut values: Vec<f64>) -> anyhow::Result<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().context("no rounds")
}
