//! Imports against models and scores that LightGBM 4.7 and XGBoost 3.2 made (`fixtures/make.py`).

use holdfast_models::import::{PeerTable, lightgbm, xgboost};
use holdfast_models::model::Origin;
use holdfast_models::{Feature, FeatureKind, Model, ModelError, Schema};

/// In another order than in the peers' files.
const NAMES: [&str; 5] = ["share_in", "balance_kept", "transactions_in", "distinct_senders", "gap_median"];

/// The order of the peers' files.
const THEIRS: [&str; 5] = ["transactions_in", "distinct_senders", "share_in", "gap_median", "balance_kept"];

fn schema(names: &[&str]) -> Schema {
    Schema::new(names.iter().map(|n| Feature::new(n, "test", FeatureKind::Ratio)).collect()).unwrap()
}

fn light(text: &str, table: &str) -> Result<Model, ModelError> {
    lightgbm(text, "account-phishing", &schema(&NAMES), &PeerTable::from_csv(table)?)
}

fn extreme(json: &str, table: &str) -> Result<Model, ModelError> {
    xgboost(json, "account-phishing", &schema(&NAMES), &PeerTable::from_csv(table)?)
}

const LIGHT: &str = include_str!("fixtures/lightgbm.txt");
const LIGHT_TABLE: &str = include_str!("fixtures/lightgbm.csv");
const EXTREME: &str = include_str!("fixtures/xgboost.json");
const EXTREME_TABLE: &str = include_str!("fixtures/xgboost.csv");

/// Rows and scores of a table, values in the order of [`NAMES`].
fn rows(table: &str) -> Vec<(Vec<f64>, f64)> {
    let lines = table.lines().skip(1);
    lines
        .map(|l| {
            let cells: Vec<f64> = l.split(',').map(|c| c.parse().unwrap_or(f64::NAN)).collect();
            let value = |name: &&str| cells[THEIRS.iter().position(|t| t == name).unwrap()];
            (NAMES.iter().map(value).collect(), cells[5])
        })
        .collect()
}

fn contributions_agree(model: &Model, table: &str, contributions: &str, tolerance: f64) {
    for ((row, _), line) in rows(table).iter().zip(contributions.lines()) {
        let theirs: Vec<f64> = line.split(',').map(|c| c.parse().unwrap()).collect();
        let ours = model.explain(row);
        for (name, contribution) in NAMES.iter().zip(&ours.contributions) {
            let theirs = theirs[THEIRS.iter().position(|t| t == name).unwrap()];
            assert!((contribution - theirs).abs() < tolerance, "{name}: {contribution} and {theirs}");
        }
        assert!((ours.base - theirs[5]).abs() < tolerance, "{} and {}", ours.base, theirs[5]);
    }
}

#[test]
fn lightgbm_scores_are_the_same_to_the_bit_and_its_shapley_values_agree() {
    let model = light(LIGHT, LIGHT_TABLE).unwrap();
    for (row, score) in rows(LIGHT_TABLE) {
        assert_eq!(model.score(&row).to_bits(), score.to_bits());
        assert!(model.explain(&row).rounding.abs() < 1e-9);
    }
    contributions_agree(&model, LIGHT_TABLE, include_str!("fixtures/lightgbm-contributions.csv"), 1e-9);
    assert!(matches!(&model.content().origin, Origin::LightGbm { reproduced: 120, .. }));
    assert_eq!(Model::from_bytes(model.to_bytes()).unwrap(), model);
}

#[test]
fn xgboost_scores_agree_within_one_unit_in_the_last_place_and_its_shapley_values_agree() {
    let model = extreme(EXTREME, EXTREME_TABLE).unwrap();
    let mut exact = 0;
    for (row, score) in rows(EXTREME_TABLE) {
        let (ours, theirs) = (model.score(&row) as f32, score as f32);
        assert!(ours == theirs || ours.next_up() == theirs || ours.next_down() == theirs, "{ours} {theirs}");
        exact += usize::from(ours == theirs);
        assert!(model.explain(&row).rounding.abs() < 1e-5);
    }
    assert!(exact > 60, "{exact} of 120");
    // The peer's own values are in single precision.
    contributions_agree(&model, EXTREME_TABLE, include_str!("fixtures/xgboost-contributions.csv"), 2e-5);
}

#[test]
fn an_import_that_does_not_reproduce_the_scores_is_refused() {
    let other = LIGHT_TABLE.replacen("-1.7820652884261463", "-1.7820652884261465", 1);
    assert_ne!(other, LIGHT_TABLE);
    let error = light(LIGHT, &other).unwrap_err().to_string();
    assert!(error.starts_with("import: row 1 of the peer's table scores"), "{error}");
    let error = extreme(EXTREME, LIGHT_TABLE).unwrap_err().to_string();
    assert!(error.contains("where the peer has"), "{error}");
    // One threshold changed.
    let altered = LIGHT.replacen("threshold=1.044381751382079", "threshold=1.14", 1);
    assert!(light(&altered, LIGHT_TABLE).is_err());
    let short: String = LIGHT_TABLE.lines().take(100).map(|l| format!("{l}\n")).collect();
    assert!(light(LIGHT, &short).unwrap_err().to_string().contains("99 rows; give at least 100"));
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let refused = |text: &str, because: &str| {
        let error = light(text, LIGHT_TABLE).unwrap_err().to_string();
        assert!(error.starts_with("import: ") && error.contains(because), "{error}");
    };
    refused(include_str!("fixtures/lightgbm-categories.txt"), "categorical splits");
    refused(include_str!("fixtures/lightgbm-linear.txt"), "linear trees");
    refused(include_str!("fixtures/lightgbm-dart.txt"), "boosting dart");
    refused(&LIGHT.replace("objective=binary sigmoid:1", "objective=regression"), "objective regression");
    refused(&LIGHT.replace("num_class=1", "num_class=3"), "several classes");
    refused(&LIGHT.replace("version=v4", "version=v2"), "version v4");
    refused(&LIGHT.replace("share_in", "share_out"), "feature share_out is not in the schema");
    refused(&LIGHT[..LIGHT.len() / 3], "cut off");
    refused("", "cut off");
    let refused = |text: &str, because: &str| {
        let error = extreme(text, EXTREME_TABLE).unwrap_err().to_string();
        assert!(error.starts_with("import: ") && error.contains(because), "{error}");
    };
    refused(include_str!("fixtures/xgboost-dart.json"), "booster dart");
    refused(&EXTREME.replace("binary:logistic", "reg:squarederror"), "objective reg:squarederror");
    refused(&EXTREME.replace("\"num_class\":\"0\"", "\"num_class\":\"3\""), "several classes");
    refused(&EXTREME[..EXTREME.len() / 2], "no model in JSON");
    let one = PeerTable::from_csv(
        &std::iter::once("transactions_in,score".to_owned())
            .chain((0..100).map(|_| "1,0.5".to_owned()))
            .collect::<Vec<_>>()
            .join("\n"),
    );
    let categories = include_str!("fixtures/xgboost-categories.json");
    let error = xgboost(categories, "x", &schema(&["transactions_in"]), &one.unwrap()).unwrap_err().to_string();
    assert!(error.contains("categorical splits"), "{error}");
}

#[test]
fn damaged_files_are_refused_and_never_panic() {
    for (n, text) in [LIGHT, EXTREME].iter().enumerate() {
        let read = |text: &str| if n == 0 { light(text, LIGHT_TABLE) } else { extreme(text, EXTREME_TABLE) };
        for at in (0..text.len().min(6_000)).step_by(61) {
            for digit in ["9", "-", " "] {
                let mut damaged = (*text).to_owned();
                damaged.replace_range(at..=at, digit);
                // Where it still loads, the damage is in what no score depends on.
                let _ = read(&damaged).map(|m| m.score(&[1.0; 5]));
            }
        }
    }
    for table in ["", "score", "a,b", "a,score\n1", "a,score\nx,1", "a,score\n1,inf"] {
        assert!(PeerTable::from_csv(table).is_err(), "{table}");
    }
}
