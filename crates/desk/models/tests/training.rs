//! Training from end to end: the same bytes, constraints, missing values, leaks, the file, reasons, the card.

use holdfast_models::calibration::Calibration;
use holdfast_models::card::card;
use holdfast_models::fit::{Plan, digest, fit, measure};
use holdfast_models::reasons::{Phrases, reasons};
use holdfast_models::schema::Monotone;
use holdfast_models::split::TimeSplit;
use holdfast_models::{
    Feature, FeatureKind, GroupId, Label, Model, ModelError, ModelHash, Params, Rows, Schema, StopBy, Table, train,
};
use holdfast_types::{Seconds, Timestamp};
use proptest::prelude::*;

/// Numbers below 1,000, by a linear congruential generator: the same on every machine.
fn numbers(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % 1_000
    }
}

fn schema() -> Schema {
    let feature = |name: &str, family: &str, kind| Feature::new(name, family, kind);
    Schema::new(vec![
        feature("exposure_share", "exposure", FeatureKind::Ratio).monotone(Monotone::Rising).called("share from scams"),
        feature("account_age", "timing", FeatureKind::Duration).monotone(Monotone::Falling),
        feature("withdrawals", "activity", FeatureKind::Count),
        feature("distinct_receivers", "counterparties", FeatureKind::Count),
        feature("is_new_device", "activity", FeatureKind::Flag),
    ])
    .unwrap()
}

/// Columns and labels: the share raises the risk, the age lowers it, the others interact; a tenth is missing.
fn made(rows: usize, seed: u64) -> (Vec<Vec<f64>>, Vec<bool>) {
    let mut next = numbers(seed);
    let (mut columns, mut labels) = (vec![Vec::new(); 5], Vec::new());
    for _ in 0..rows {
        let share = if next() < 600 { 0.0 } else { next() as f64 / 1_000.0 };
        let (age, count, receivers, device) =
            (next() as f64 * 3_600.0, (next() % 40) as f64, (next() % 12) as f64, next() % 2);
        let risk = 900.0 * share - age / 9_000.0
            + if device == 1 { 25.0 * count } else { -10.0 * receivers }
            + next() as f64 * 0.8;
        labels.push(risk > 700.0);
        for (column, value) in columns.iter_mut().zip([share, age, count, receivers, device as f64]) {
            column.push(if next() < 100 { f64::NAN } else { value });
        }
    }
    (columns, labels)
}

fn rows(n: usize, seed: u64) -> Rows {
    let (columns, labels) = made(n, seed);
    let mut next = numbers(seed + 1);
    let label = |p: &bool| if *p { Label::Positive } else { Label::Negative };
    let labels =
        labels.iter().enumerate().map(|(i, p)| if i % 50 == 7 { Label::Unlabelled } else { label(p) }).collect();
    let times = (0..n).map(|i| Timestamp::from_unix(1_700_000_000 + i as i64 * 900)).collect();
    let groups = (0..n).map(|_| GroupId(next() * 3)).collect();
    Rows::new(Table::new(schema(), columns).unwrap(), labels, times, groups).unwrap()
}

fn plan() -> Plan {
    Plan {
        purpose: "withdrawal-scam".to_owned(),
        params: Params {
            trees: 60,
            leaves: 15,
            row_share: 0.8,
            column_share: 0.8,
            learning_rate: 0.1,
            ..Params::default()
        },
        split: TimeSplit { gap: Seconds::days(1), ..TimeSplit::default() },
        budget: 0.05,
        explained: Vec::new(),
        never_seen: vec!["ransomware".to_owned()],
        code: "test".to_owned(),
        parent: None,
        unlabelled: 0,
    }
}

#[test]
fn the_bytes_are_the_same_on_any_number_of_threads_and_on_every_machine() {
    // Enough rows that histograms are made by several threads.
    let rows = rows(9_000, 5);
    let hashes: Vec<ModelHash> = [1, 2, 4, 1]
        .map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| fit(&rows, &plan())).unwrap().hash()
        })
        .to_vec();
    assert!(hashes.iter().all(|h| *h == hashes[0]), "{hashes:?}");
    let mut other = plan();
    other.params.seed = 2;
    assert_ne!(fit(&rows, &other).unwrap().hash(), hashes[0]);
    assert_eq!(hashes[0].to_string(), "1941196bcbf58a7e824e436d85f954f8fed97af8e93aa651a0f80966ffa66222");
}

#[test]
fn a_model_is_read_back_from_its_file_and_a_flipped_bit_is_found() {
    let rows = rows(3_000, 6);
    let model = fit(&rows, &plan()).unwrap();
    let bytes = model.to_bytes().to_vec();
    assert_eq!(Model::from_bytes(&bytes).unwrap(), model);
    assert_eq!(ModelHash::of(&bytes), model.hash());
    assert_eq!(model.hash().to_string().parse::<ModelHash>().unwrap(), model.hash());
    assert!(model.served_bytes() < 200_000, "{}", model.served_bytes());
    for at in (0..bytes.len()).step_by(11) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(
            Model::from_bytes(&damaged).is_err_and(|e| !e.to_string().is_empty())
                || ModelHash::of(&damaged) != model.hash()
        );
    }
    for cut in [0, 3, 5, 80, bytes.len() / 2, bytes.len() - 1] {
        assert!(Model::from_bytes(&bytes[..cut]).is_err(), "{cut}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(Model::from_bytes(&longer).is_err());
    // A tree whose branch leads to itself, and a table of another's rows.
    let mut content = model.content().clone();
    content.calibration = Calibration::Platt { slope: -1.0, offset: 0.0 };
    assert!(Model::new(content).unwrap_err().to_string().contains("calibration"));
    let training = model.content().training.clone().unwrap();
    assert_eq!(training.table, digest(&rows));
    assert_ne!(training.table, digest(&self::rows(3_000, 7)));
}

#[test]
fn the_stated_figures_are_measured_again_from_the_table() {
    let rows = rows(6_000, 8);
    let model = fit(&rows, &plan()).unwrap();
    let training = model.content().training.clone().unwrap();
    let parts = holdfast_models::split::split(&rows, &training.split).unwrap();
    let truth: Vec<bool> = parts.test.iter().map(|r| rows.labels()[*r] == Label::Positive).collect();
    let again = measure(&model, &rows.table().select(&parts.test), &truth, plan().budget);
    assert_eq!(again, training.measured);
    assert!(again.average_precision.value > 0.8, "{again:?}");
    assert!(again.calibration.expected < 0.06, "{again:?}");
    let used = training.training.rows + training.validation.rows + training.test.rows;
    assert_eq!(used + training.in_gap + training.of_other_groups + training.unlabelled, 6_000);
    assert_eq!(training.unlabelled, 120);
}

#[test]
fn a_score_never_moves_against_a_constraint() {
    let (columns, labels) = made(4_000, 9);
    let table = Table::new(schema(), columns).unwrap();
    let (held, expected) = made(1_000, 10);
    let held = Table::new(schema(), held).unwrap();
    let params = Params { trees: 80, stop_by: StopBy::AveragePrecision, ..Params::default() };
    let ensemble = train((&table, &labels), (&held, &expected), &params).unwrap();
    let free = Schema::new(schema().features().iter().map(|f| f.clone().monotone(Monotone::Free)).collect()).unwrap();
    let unbound = |t: &Table| Table::new(free.clone(), t.columns().to_vec()).unwrap();
    let other = train((&unbound(&table), &labels), (&unbound(&held), &expected), &params).unwrap();
    let mut broken = 0;
    for r in 0..held.rows() {
        let row = held.row(r);
        for (feature, direction) in [(0, 1.0), (1, -1.0)] {
            let (mut last, mut last_free) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
            for step in 0..40 {
                let mut row = row.clone();
                let step = f64::from(if direction > 0.0 { step } else { 39 - step });
                row[feature] = step * if feature == 0 { 0.026 } else { 92_000.0 };
                let score = ensemble.score(&row);
                assert!(score >= last, "feature {feature}, {score} after {last}");
                last = score;
                broken += usize::from(other.score(&row) < last_free);
                last_free = other.score(&row);
            }
        }
    }
    assert!(
        broken > 100,
        "without constraints nothing would have moved the wrong way ({broken}): the test shows nothing"
    );
}

#[test]
fn missing_values_go_where_training_found_them_better() {
    // Missing is risky here; nothing else is known.
    let schema = Schema::new(vec![Feature::new("gap_median", "timing", FeatureKind::Duration)]).unwrap();
    let mut next = numbers(3);
    let column: Vec<f64> = (0..2_000).map(|_| if next() < 300 { f64::NAN } else { next() as f64 }).collect();
    let labels: Vec<bool> = column.iter().map(|v| v.is_nan() == (next() < 900)).collect();
    let table = Table::new(schema, vec![column]).unwrap();
    let ensemble = train((&table, &labels), (&table, &labels), &Params { trees: 40, ..Params::default() }).unwrap();
    let missing = ensemble.score(&[f64::NAN]);
    assert!((0..1_000).all(|v| ensemble.score(&[f64::from(v)]) < missing - 2.0));
}

#[test]
fn what_training_refuses_is_named() {
    let rows = rows(3_000, 11);
    let refused = |change: fn(&mut Plan)| {
        let mut plan = plan();
        change(&mut plan);
        fit(&rows, &plan).unwrap_err().to_string()
    };
    assert!(refused(|p| p.params.leaves = 1).starts_with("leaves: 1 is not within 2 to 128"));
    assert!(refused(|p| p.params.learning_rate = f64::NAN).starts_with("learning_rate: "));
    assert!(refused(|p| p.budget = 0.0).starts_with("budget: "));
    assert!(refused(|p| p.split.gap = Seconds::days(400)).contains("part: "));
    assert!(refused(|p| p.purpose = String::new()).contains("purpose"));
    // A column that marks the answer.
    let mut columns = rows.table().columns().to_vec();
    columns[2] = rows.labels().iter().map(|l| f64::from(u8::from(*l == Label::Positive))).collect();
    let table = Table::new(schema(), columns).unwrap();
    let leaking = Rows::new(table, rows.labels().to_vec(), rows.times().to_vec(), rows.groups().to_vec()).unwrap();
    let error = fit(&leaking, &plan()).unwrap_err();
    assert!(matches!(&error, ModelError::Leak(text) if text.starts_with("withdrawals alone has AUC 1.000")), "{error}");
    assert!(Table::new(schema(), vec![vec![f64::INFINITY]; 5]).is_err());
    assert!(Table::new(schema(), vec![vec![0.0]; 4]).is_err());
}

#[test]
fn reasons_add_up_and_removing_one_moves_the_score_as_it_says() {
    let rows = rows(6_000, 12);
    let model = fit(&rows, &plan()).unwrap();
    let mut strongest = 0;
    for r in 0..400 {
        let row = rows.table().row(r);
        let explanation = model.explain(&row);
        let sum = explanation.base + explanation.contributions.iter().sum::<f64>();
        assert!((sum - explanation.score).abs() < 1e-9 && explanation.rounding.abs() < 1e-9);
        assert_eq!(explanation.score.to_bits(), model.score(&row).to_bits());
        let found = reasons(&model, &row, &Phrases::of("en").unwrap());
        assert!(found.windows(2).all(|w| w[0].contribution.abs() >= w[1].contribution.abs()));
        if let Some(first) = found.iter().find(|f| f.family == "exposure" && f.contribution > 1.0) {
            let mut usual = row.clone();
            usual[0] = 0.0;
            assert!(model.score(&usual) < model.score(&row), "{first:?}");
            strongest += 1;
        }
    }
    assert!(strongest > 20, "{strongest}");
}

#[test]
fn reasons_are_sentences_in_three_languages_with_value_and_what_is_usual() {
    let rows = rows(6_000, 13);
    let model = fit(&rows, &plan()).unwrap();
    let row = [0.92, 7_200.0, 35.0, f64::NAN, 1.0];
    let text = |language: &str| {
        let found = reasons(&model, &row, &Phrases::of(language).unwrap());
        found.into_iter().map(|r| r.text).collect::<Vec<_>>().join("\n")
    };
    let english = text("en");
    assert!(
        english.contains("Exposure (raises the score): share from scams 0.920 (usual 0; 95% are at most 0.8"),
        "{english}"
    );
    assert!(english.contains("distinct receivers not known"), "{english}");
    assert!(english.contains("is new device yes; "), "{english}");
    assert!(english.contains("account age 2 hours (usual "), "{english}");
    assert!(
        text("es").contains("Exposición (aumenta la puntuación): share from scams 0,920 (habitual 0;"),
        "{}",
        text("es")
    );
    assert!(text("de").contains("Exposition (erhöht den Wert): "), "{}", text("de"));
    assert!(Phrases::of("fr").unwrap_err().to_string().contains("use en, es or de"));
}

#[test]
fn the_card_says_what_the_model_is_and_what_it_is_not() {
    let rows = rows(6_000, 14);
    let model = fit(&rows, &plan()).unwrap();
    let card = card(&model, Vec::new());
    let json = serde_json::to_value(&card).unwrap();
    assert_eq!(json["model"], model.hash().to_string());
    assert_eq!(json["families"]["exposure"][0]["monotone"], "rising");
    let rates: Vec<f64> = card.at_base_rates.iter().map(|r| r.precision).collect();
    assert!(rates.windows(2).all(|w| w[0] > w[1]) && rates[3] < 0.05, "{rates:?}");
    let limits = card.limits.join("\n");
    for part in [
        "never holds or rejects",
        "Never seen in training: ransomware.",
        "120 rows that nobody reviewed",
        "not measured",
    ] {
        assert!(limits.contains(part), "{limits}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_parameters_give_a_model_whose_reasons_add_up(
        leaves in 2u16..40, depth in 1u16..10, least in 1u32..60, l2 in 0.0..3.0f64, bins in 2u16..256,
        row_share in 0.3..1.0f64, column_share in 0.2..1.0f64, seed in any::<u64>(),
    ) {
        let (columns, labels) = made(600, seed);
        let table = Table::new(schema(), columns).unwrap();
        let params = Params { trees: 12, leaves, depth, min_leaf_rows: least, l2, bins, row_share, column_share, seed, ..Params::default() };
        let ensemble = train((&table, &labels), (&table, &labels), &params).unwrap();
        prop_assert!(ensemble.trees.len() <= 12);
        for score in ensemble.scores(&table) {
            prop_assert!(score.is_finite());
            // Multiples of 2^-32: their sums are exact.
            prop_assert_eq!((score * 4_294_967_296.0).fract(), 0.0);
        }
    }
}
