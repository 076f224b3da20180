//! What training, scoring and explaining cost, and whether leaks and drift are told, on made-up tables.

use super::report::{Goal, Report};
use holdfast_console::output::{self, thousands};
use holdfast_models::calibration::Calibration;
use holdfast_models::drift::{Reference, Verdict};
use holdfast_models::model::{Addition, Content, Origin};
use holdfast_models::{Ensemble, Feature, FeatureKind, Model, ModelError, Params, Schema, Table, leaks, train};
use std::hint::black_box;
use std::time::Instant;

const FEATURES: usize = 60;

/// Numbers of a linear congruential generator (Knuth, MMIX): the same in every run.
struct Made(u64);

impl Made {
    /// Uniform in 0..1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// Normal values of deviation 1, by the sum of twelve uniform ones.
    fn normal(&mut self, rows: usize, mean: f64) -> Vec<f64> {
        (0..rows).map(|_| (0..12).map(|_| self.unit()).sum::<f64>() - 6.0 + mean).collect()
    }

    fn table(&mut self, rows: usize) -> anyhow::Result<(Table, Vec<bool>)> {
        let mut columns: Vec<_> = (0..FEATURES).map(|_| Vec::with_capacity(rows)).collect();
        let mut labels = Vec::with_capacity(rows);
        for _ in 0..rows {
            let mut risk = self.unit() * 4.0;
            for (c, column) in columns.iter_mut().enumerate() {
                let value = self.unit();
                // A third of the features are mostly zero, a tenth of all values is missing.
                let value = if c % 3 == 0 && value < 0.9 { 0.0 } else { value * value * 50.0 };
                risk += if c % 2 == 0 { value / 25.0 } else { -(value * value) / 2_000.0 };
                column.push(if self.unit() < 0.1 { f64::NAN } else { value });
            }
            labels.push(risk > 14.0);
        }
        let schema = (0..FEATURES).map(|c| Feature::new(&format!("measure_{c}"), "test", FeatureKind::Ratio)).collect();
        Ok((Table::new(Schema::new(schema)?, columns)?, labels))
    }
}

/// Training of a table with so many rows, and serving what was trained.
pub(super) fn cost(rows: usize, report: &mut Report) -> anyhow::Result<()> {
    training(rows, report)?;
    serving(report)
}

fn training(rows: usize, report: &mut Report) -> anyhow::Result<()> {
    let (table, labels) = Made(1).table(rows)?;
    let (held, expected) = Made(2).table(20_000)?;
    let params = Params { trees: 100, patience: 1_000, ..Params::default() };
    let began = Instant::now();
    let ensemble = train((&table, &labels), (&held, &expected), &params)?;
    let seconds = began.elapsed().as_secs_f64();
    // The goals are for a million rows.
    let goal = |at_most: f64| (rows == 1_000_000).then_some(Goal::AtMost(at_most));
    let what =
        format!("training, {} rows, {FEATURES} features, {} trees", thousands(rows as u64), ensemble.trees.len());
    report.figure(what, seconds, "s", goal(60.0));
    match output::peak_rss_kib() {
        Some(kib) => report.figure("peak memory of training", kib as f64 / 1_024.0, "MiB", goal(1_024.0)),
        None => report.not_measured("peak memory of training", "the system does not report it"),
    }
    Ok(())
}

/// Returns a model of a purpose, by an ensemble that was trained on a table.
pub(super) fn model_of(purpose: &str, table: &Table, ensemble: Ensemble) -> Result<Model, ModelError> {
    Model::new(Content {
        purpose: purpose.to_owned(),
        schema: table.schema().clone(),
        origin: Origin::Trained,
        addition: Addition::Double,
        base: ensemble.base,
        score_reference: Reference::of(&ensemble.scores(table)),
        trees: ensemble.trees,
        calibration: Calibration::None,
        thresholds: Vec::new(),
        references: table.columns().iter().map(|c| Reference::of(c)).collect(),
        training: None,
    })
}

fn serving(report: &mut Report) -> anyhow::Result<()> {
    let (table, labels) = Made(3).table(20_000)?;
    let (held, expected) = Made(2).table(20_000)?;
    let params = Params { trees: 128, patience: 1_000, ..Params::default() };
    let ensemble = train((&table, &labels), (&held, &expected), &params)?;
    let model = model_of("speed", &table, ensemble)?;
    let trees = model.content().trees.len();
    let rows: Vec<Vec<f64>> = (0..2_000).map(|r| held.row(r)).collect();
    let began = Instant::now();
    rows.iter().cycle().take(20_000).for_each(|row| {
        black_box(model.score(black_box(row)));
    });
    let score = began.elapsed().as_secs_f64() * 1e9 / 20_000.0;
    let began = Instant::now();
    let missed = rows[..1_000].iter().map(|row| black_box(model.explain(black_box(row))).rounding.abs());
    let missed = missed.fold(0.0, f64::max);
    // A thousand rows in seconds are milliseconds of each.
    let reasons = began.elapsed().as_secs_f64();
    let mut figure =
        |what: &str, value, unit, goal| report.figure(format!("{what}, {trees} trees"), value, unit, Some(goal));
    figure("score of a row", score, "ns", Goal::AtMost(10_000.0));
    figure("TreeSHAP of a row", reasons, "ms", Goal::AtMost(2.0));
    figure("most that the sum of reasons misses the score by", missed, "log odds", Goal::AtMost(1e-9));
    figure("served model", model.served_bytes() as f64 / 1e6, "MB", Goal::AtMost(2.0));
    Ok(())
}

/// Names that are refused, and values that give the answer away.
pub(super) fn leaks(report: &mut Report) -> anyhow::Result<()> {
    let named = |name: &str| Schema::new(vec![Feature::new(name, "test", FeatureKind::Count)]).is_err();
    for name in ["customer_id", "created_at", "row_number", "collector"] {
        report.check(format!("a feature called {name} is refused by name"), named(name));
    }
    let positive: Vec<bool> = (0..400).map(|i| i % 5 == 0).collect();
    let columns = [
        ("the answer in disguise", positive.iter().map(|p| f64::from(u8::from(*p))).collect::<Vec<_>>()),
        ("a row number in disguise", (0..400).map(|i| f64::from(i) * 3.0 + 17.0).collect()),
        ("a date in disguise", (0..400).map(|i| 1.6e9 + f64::from((i * 7_919) % 40_009)).collect()),
    ];
    for (what, column) in columns {
        let schema = Schema::new(vec![Feature::new("suspect", "test", FeatureKind::Count)])?;
        let error = leaks::check(&Table::new(schema, vec![column])?, &positive, &[]).err();
        let holds = error.is_some_and(|e| e.to_string().contains("suspect"));
        report.check(format!("{what} stops training and is named"), holds);
    }
    Ok(())
}

/// 1,000 events a day, 60 features.
pub(super) fn drift(report: &mut Report) {
    let mut made = Made(11);
    let references: Vec<Reference> = (0..FEATURES).map(|_| Reference::of(&made.normal(5_000, 0.0))).collect();
    let mut told = 0;
    for _ in 0..30 {
        told += references.iter().filter(|r| r.drift(&made.normal(1_000, 0.0)).verdict >= Verdict::Note).count();
    }
    let shifted = references.iter().filter(|r| r.drift(&made.normal(1_000, 1.0)).verdict == Verdict::Alert).count();
    let what = format!("a shift of one deviation is told on its first day ({shifted} of {FEATURES} features)");
    report.check(what, shifted == FEATURES);
    report.check(format!("nothing is told in 30 quiet days ({told} false)"), told == 0);
}
