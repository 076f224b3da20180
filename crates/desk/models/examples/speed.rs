//! Prints what training, scoring and explaining cost: 1,000,000 rows, 60 features, 100 trees of 31 leaves; then one row by 128 trees.
//!
//! `cargo run --release -p holdfast-models --example speed [ROWS]`; `RAYON_NUM_THREADS` sets the threads.

use holdfast_models::calibration::Calibration;
use holdfast_models::drift::Reference;
use holdfast_models::model::{Addition, Content, Origin};
use holdfast_models::{Feature, FeatureKind, Model, Params, Schema, Table, train};
use std::hint::black_box;
use std::time::Instant;

const FEATURES: usize = 60;

fn made(rows: usize, seed: u64) -> (Table, Vec<bool>) {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / 9_007_199_254_740_992.0
    };
    let mut columns = vec![Vec::new(); FEATURES];
    let mut labels = Vec::with_capacity(rows);
    for _ in 0..rows {
        let mut risk = next() * 4.0;
        for (c, column) in columns.iter_mut().enumerate() {
            let value = next();
            // A third of the features are mostly zero, a tenth of all values is missing.
            let value = if c % 3 == 0 && value < 0.9 { 0.0 } else { value * value * 50.0 };
            risk += if c % 2 == 0 { value / 25.0 } else { -(value * value) / 2_000.0 };
            column.push(if next() < 0.1 { f64::NAN } else { value });
        }
        labels.push(risk > 14.0);
    }
    let schema = (0..FEATURES).map(|c| Feature::new(&format!("measure_{c}"), "test", FeatureKind::Ratio)).collect();
    (Table::new(Schema::new(schema).expect("features"), columns).expect("a table"), labels)
}

fn main() {
    let rows = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let (table, labels) = made(rows, 1);
    let (held, expected) = made(20_000, 2);
    let params = Params { trees: 100, patience: 1_000, ..Params::default() };
    let began = Instant::now();
    let ensemble = train((&table, &labels), (&held, &expected), &params).expect("training");
    let positives = labels.iter().filter(|p| **p).count();
    println!(
        "training: {rows} rows ({positives} positive), {} trees, {:.1} s",
        ensemble.trees.len(),
        began.elapsed().as_secs_f64()
    );
    println!("peak memory: {} MB", peak());

    let (small, labels) = made(20_000, 3);
    let params = Params { trees: 128, patience: 1_000, ..params };
    let ensemble = train((&small, &labels), (&held, &expected), &params).expect("training");
    let model = Model::new(Content {
        purpose: "speed".to_owned(),
        schema: small.schema().clone(),
        origin: Origin::Trained,
        addition: Addition::Double,
        base: ensemble.base,
        trees: ensemble.trees,
        calibration: Calibration::None,
        thresholds: Vec::new(),
        references: small.columns().iter().map(|c| Reference::of(c)).collect(),
        score_reference: Reference::of(&[0.0]),
        training: None,
    })
    .expect("a model");
    println!(
        "model of {} trees: file {} KB, served {} KB",
        model.content().trees.len(),
        model.to_bytes().len() / 1_000,
        model.served_bytes() / 1_000
    );
    let rows: Vec<Vec<f64>> = (0..2_000).map(|r| held.row(r)).collect();
    let began = Instant::now();
    for row in rows.iter().cycle().take(20_000) {
        black_box(model.score(black_box(row)));
    }
    println!("score: {:.2} us a row", began.elapsed().as_secs_f64() * 1e6 / 20_000.0);
    let began = Instant::now();
    let mut worst = 0.0f64;
    for row in &rows[..1_000] {
        let e = black_box(model.explain(black_box(row)));
        worst = worst.max(e.rounding.abs());
    }
    println!("reasons: {:.3} ms a row; sums miss the score by at most {worst:e}", began.elapsed().as_secs_f64());
}

/// Peak resident memory, MB; 0 where it is not known.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or(0) / 1_000
}
