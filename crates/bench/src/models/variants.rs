//! Precision beside rules alone on variants of crimes that neither models nor thresholds of rules have seen, at equal recall.

use super::report::{Goal, Report};
use super::rows::{decided, table};
use anyhow::{Context, bail};
use holdfast_console::output;
use holdfast_decision::{ChainFacts, EventKind, Models, Typology};
use holdfast_evaluation::{Exchange, Found, Options, Score, Variants, found_at, score_found, simulate, typology_of};
use holdfast_models::metrics::wilson;
use holdfast_models::{Ensemble, FeatureRow, Params, Schema, Table, train};
use holdfast_types::Timestamp;
use std::collections::{BTreeSet, HashSet};

const JUDGED: [Typology; 2] = [Typology::ScamVictim, Typology::RapidPassThrough];
/// Seeds of the exchanges with known variants that models are trained on, of the one for early stopping, and of those with left-out variants to judge on.
const TRAINED: [u64; 3] = [201, 202, 203];
const STOPPED: u64 = 204;
const JUDGED_ON: [u64; 3] = [301, 302, 303];

/// Weights of a finding of the rules beside a score, log odds.
const WEIGHTS: [f64; 6] = [0.0, 1.0, 2.0, 4.0, 8.0, 64.0];
/// Models act through rules: what both together reach is what is promised.
const GOAL: Option<Goal> = Some(Goal::AtLeast(1.25));

/// Withdrawals of an exchange: their rows as decisions have them, and where they are in it.
struct Withdrawals {
    exchange: Exchange,
    rows: Vec<FeatureRow>,
    /// Event, customer, time.
    of: Vec<(String, String, Timestamp)>,
}

pub(super) fn measure(customers: u32, report: &mut Report) -> anyhow::Result<()> {
    // One customer in a hundred for each typology where it is judged, as in docs/typologies.md; five times as many to learn from.
    let known = |seed| withdrawals(customers, customers / 20, seed, Variants::Tuned);
    let training = TRAINED.map(known).into_iter().collect::<Result<Vec<_>, _>>()?;
    let validation = [known(STOPPED)?];
    let unknown = |seed| withdrawals(customers, customers / 100, seed, Variants::HeldOut);
    let judged = JUDGED_ON.map(unknown).into_iter().collect::<Result<Vec<_>, _>>()?;
    let by_rules = by_rules(&judged)?;
    for typology in JUDGED {
        let scores = scored(&trained(typology, &training, &validation)?, &judged)?;
        let weight = weight(typology, &training, &validation)?;
        let joined = with_rules(typology, &judged, &scores, &by_rules, weight);
        for (who, scores, goal) in [("the model alone", &scores, None), ("the model with the rules", &joined, GOAL)] {
            let (rules, model) = beside(typology, &judged, scores, &by_rules);
            compare(typology, who, (rules, model), goal, report);
        }
    }
    Ok(())
}

/// Returns how much a finding of the rules counts beside the score: what is best on average for known variants of which each was left out of training once, as
/// the variants are that are judged.
fn weight(typology: Typology, training: &[Withdrawals], validation: &[Withdrawals]) -> anyhow::Result<f64> {
    let cases = training.iter().flat_map(|w| &w.exchange.cases).filter(|c| typology_of(c.typology) == typology);
    let variants: BTreeSet<&str> = cases.map(|c| c.variant.as_str()).collect();
    let mut sums = WEIGHTS.map(|weight| (weight, 0.0));
    for left_out in variants {
        let parted = |of: &[Withdrawals], is_trained: bool| -> Vec<Withdrawals> {
            of.iter().map(|w| w.without(typology, |variant| (variant == left_out) == is_trained)).collect()
        };
        let model = trained(typology, &parted(training, true), &parted(validation, true))?;
        let unseen = parted(validation, false);
        let (scores, rules) = (scored(&model, &unseen)?, by_rules(&unseen)?);
        for (weight, sum) in &mut sums {
            let joined = with_rules(typology, &unseen, &scores, &rules, *weight);
            *sum += beside(typology, &unseen, &joined, &rules).1.map_or(0.0, precision);
        }
    }
    // Of equal ones the least.
    let best = sums.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.total_cmp(&a.0)));
    Ok(best.map_or(0.0, |best| best.0))
}

impl Withdrawals {
    /// Returns these without the customers of a typology's cases of some variants.
    fn without(&self, typology: Typology, is_out: impl Fn(&str) -> bool) -> Self {
        let (out, cases): (Vec<_>, Vec<_>) = self
            .exchange
            .cases
            .iter()
            .cloned()
            .partition(|case| typology_of(case.typology) == typology && is_out(&case.variant));
        let out: HashSet<&str> = out.iter().flat_map(|case| case.customers.iter().map(String::as_str)).collect();
        let kept = self.rows.iter().zip(&self.of).filter(|(_, of)| !out.contains(of.1.as_str()));
        let (rows, of) = kept.map(|(row, of)| (row.clone(), of.clone())).unzip();
        let events = self.exchange.events.iter().filter(|e| !out.contains(e.customer.as_str())).cloned().collect();
        let (records, labels) = (self.exchange.records.clone(), Vec::new());
        Withdrawals { exchange: Exchange { records, events, cases, labels }, rows, of }
    }
}

/// What rules find in each exchange.
fn by_rules(of: &[Withdrawals]) -> anyhow::Result<Vec<BTreeSet<Found>>> {
    let found = of.iter().map(|w| found_at(&w.exchange, |_| ChainFacts::default(), &mut |_| output::stopping()));
    found.collect::<Result<Vec<_>, _>>().map_err(anyhow::Error::msg)
}

/// Scores of withdrawals, raised by a weight where rules have a finding of the typology.
fn with_rules(
    typology: Typology,
    of: &[Withdrawals],
    scores: &[Vec<f64>],
    rules: &[BTreeSet<Found>],
    weight: f64,
) -> Vec<Vec<f64>> {
    let raised = |((w, scores), rules): ((&Withdrawals, &Vec<f64>), &BTreeSet<Found>)| {
        let found: HashSet<&str> = rules.iter().filter(|f| f.typology == typology).map(|f| f.event.as_str()).collect();
        let raise = |(event, score): (&String, &f64)| score + if found.contains(event.as_str()) { weight } else { 0.0 };
        w.of.iter().map(|o| &o.0).zip(scores).map(raise).collect()
    };
    of.iter().zip(scores).zip(rules).map(raised).collect()
}

/// What rules alone reach, and what scores reach that find as many cases.
fn beside(
    typology: Typology,
    of: &[Withdrawals],
    scores: &[Vec<f64>],
    rules: &[BTreeSet<Found>],
) -> (Score, Option<Score>) {
    let rules = pooled(typology, of.iter().zip(rules.iter().cloned()));
    let at =
        |threshold: f64| pooled(typology, of.iter().zip(scores).map(|(w, s)| (w, above(typology, w, s, threshold))));
    (rules, at_equal_recall(rules.found, scores, at))
}

fn precision(of: Score) -> f64 {
    of.right as f64 / of.flagged as f64
}

fn withdrawals(customers: u32, cases: u32, seed: u64, variants: Variants) -> anyhow::Result<Withdrawals> {
    let options = Options { seed, customers, cases: cases.max(1), variants, ..Options::default() };
    let exchange = simulate(options).map_err(anyhow::Error::msg)?;
    let (mut rows, mut of) = (Vec::new(), Vec::new());
    decided(&exchange, &Models::default().keeping_rows(), |event, row, _| {
        if let (EventKind::Withdrawal, Some(row)) = (event.kind, row) {
            rows.push(row);
            of.push((event.id.clone(), event.customer.clone(), event.time));
        }
    });
    if output::stopping().is_break() {
        bail!("stopped");
    }
    Ok(Withdrawals { exchange, rows, of })
}

/// Whether each withdrawal is part of a case of a typology.
fn truth(typology: Typology, of: &Withdrawals) -> Vec<bool> {
    let cases = of.exchange.cases.iter().filter(|c| typology_of(c.typology) == typology);
    let positive: HashSet<&str> = cases.flat_map(|c| c.events.iter().map(String::as_str)).collect();
    of.of.iter().map(|(event, ..)| positive.contains(event.as_str())).collect()
}

fn trained(
    typology: Typology,
    training: &[Withdrawals],
    validation: &[Withdrawals],
) -> anyhow::Result<(Schema, Ensemble)> {
    let labels = |of: &[Withdrawals]| of.iter().flat_map(|w| truth(typology, w)).collect::<Vec<_>>();
    let rows: Vec<FeatureRow> = training.iter().flat_map(|w| w.rows.iter().cloned()).collect();
    let table = table(&rows)?;
    let held: Vec<FeatureRow> = validation.iter().flat_map(|w| w.rows.iter().cloned()).collect();
    let held = chosen(table.schema(), &held)?;
    let params = Params { trees: 500, ..Params::default() };
    let ensemble = train((&table, &labels(training)), (&held, &labels(validation)), &params);
    Ok((table.schema().clone(), ensemble.with_context(|| typology.name())?))
}

/// The features of a schema.
fn chosen(schema: &Schema, rows: &[FeatureRow]) -> anyhow::Result<Table> {
    let places = holdfast_decision::scores::places(schema)?;
    let columns = places.iter().map(|p| rows.iter().map(|r| r.values()[*p]).collect()).collect();
    Ok(Table::new(schema.clone(), columns)?)
}

fn scores(schema: &Schema, ensemble: &Ensemble, of: &Withdrawals) -> anyhow::Result<Vec<f64>> {
    Ok(ensemble.scores(&chosen(schema, &of.rows)?))
}

fn scored((schema, ensemble): &(Schema, Ensemble), of: &[Withdrawals]) -> anyhow::Result<Vec<Vec<f64>>> {
    of.iter().map(|w| scores(schema, ensemble, w)).collect()
}

/// Findings of a model: withdrawals whose score is at least the threshold.
fn above(typology: Typology, of: &Withdrawals, scores: &[f64], threshold: f64) -> BTreeSet<Found> {
    let found = of.of.iter().zip(scores).filter(|(_, score)| **score >= threshold);
    let found = found.map(|((event, customer, time), _)| Found {
        typology,
        customer: customer.clone(),
        event: event.clone(),
        time: *time,
    });
    found.collect()
}

/// Sums of a typology's score over exchanges, by cases and customers as docs/typologies.md counts them.
fn pooled<'a>(typology: Typology, found: impl Iterator<Item = (&'a Withdrawals, BTreeSet<Found>)>) -> Score {
    let mut sum = Score::default();
    for (of, found) in found {
        let score = score_found(&of.exchange.cases, &found).remove(&typology).unwrap_or_default();
        sum.cases += score.cases;
        sum.found += score.found;
        sum.flagged += score.flagged;
        sum.right += score.right;
    }
    sum
}

/// Returns the result at the highest threshold that finds at least so many cases; nothing when none does.
fn at_equal_recall(cases: u64, scores: &[Vec<f64>], at: impl Fn(f64) -> Score) -> Option<Score> {
    let mut thresholds: Vec<f64> = scores.iter().flatten().copied().collect();
    thresholds.sort_by(|a, b| b.total_cmp(a));
    thresholds.dedup();
    // Lower thresholds never find fewer.
    let first = thresholds.partition_point(|t| at(*t).found < cases);
    thresholds.get(first).map(|t| at(*t))
}

fn compare(
    typology: Typology,
    who: &str,
    (rules, model): (Score, Option<Score>),
    goal: Option<Goal>,
    report: &mut Report,
) {
    let what =
        format!("{}: precision of {who} by that of the rules alone, left-out variants, equal recall", typology.name());
    let words = |score: Score| {
        let precision = wilson(score.right as f64, score.flagged as f64);
        format!(
            "{} of {} cases found, {} customers flagged, precision {:.1}% ({:.1} to {:.1})",
            score.found,
            score.cases,
            score.flagged,
            precision.value * 100.0,
            precision.low * 100.0,
            precision.high * 100.0
        )
    };
    let Some(model) = model.filter(|m| m.flagged > 0 && rules.right > 0) else {
        let why = format!("nothing to compare; rules: {}", words(rules));
        return report.not_measured(what, why);
    };
    let most = 1.0 / precision(rules);
    let bound = if most < 1.25 { format!("; no more than {most:.2} can be reached") } else { String::new() };
    let beside = format!("model: {}; rules: {}{bound}", words(model), words(rules));
    report.figure_beside(what, precision(model) / precision(rules), "times", goal, beside);
}
