//! Average precision beside LightGBM and XGBoost on real labelled accounts: same rows, same splits, one thread, same early stopping.

use super::public::{Set, folder, sets};
use super::report::{Goal, Report};
use anyhow::{Context, bail, ensure};
use holdfast_models::metrics::{average_precision, average_precision_difference};
use holdfast_models::{Params, Table, leaks, train};
use serde::Deserialize;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Trains the peers on rows in files; without a folder it says their versions.
const SCRIPT: &str = include_str!("peers.py");
/// Bootstrap samples of an interval.
const SAMPLES: usize = 1_000;

/// The packages' versions.
#[derive(Deserialize)]
struct Versions {
    lightgbm: String,
    xgboost: String,
}

/// Scores of the test rows.
struct Peers {
    lightgbm: Vec<f64>,
    xgboost: Vec<f64>,
}

/// Compares on all sets.
pub(super) fn compare(data: Option<&Path>, python: &Path, report: &mut Report) -> anyhow::Result<()> {
    let what = "average precision on the public sets, by itself and beside LightGBM and XGBoost";
    let Some(data) = data else {
        report.not_measured(what, "no folder of public sets is named; give --data (docs/test-data.md)");
        return Ok(());
    };
    let Some(folder) = folder(data)? else {
        let why =
            format!("{}: neither ethereum-accounts nor learning.tar.zst is there (docs/test-data.md)", data.display());
        report.not_measured(what, why);
        return Ok(());
    };
    let versions = match versions(python) {
        Ok(versions) => Some(versions),
        Err(why) => {
            report.not_measured(
                "average precision minus LightGBM's and XGBoost's on the public sets",
                format!("{why:#}; give --python"),
            );
            None
        }
    };
    if let Some(Versions { lightgbm, xgboost }) = &versions {
        let holds = lightgbm.starts_with("4.7.") && xgboost.starts_with("3.2.");
        report.check(format!("the peers are LightGBM 4.7 and XGBoost 3.2 (found {lightgbm} and {xgboost})"), holds);
    }
    let sets = sets(&folder)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let mut differences = Vec::new();
    for set in &sets {
        let peers = versions.is_some().then_some(python);
        differences.extend(pool.install(|| compare_on(set, peers, report))?);
    }
    if !differences.is_empty() {
        let mean = differences.iter().sum::<f64>() / differences.len() as f64;
        let what = format!("mean over {} sets of average precision minus LightGBM's", differences.len());
        report.figure(what, mean, "", Some(Goal::AtLeast(0.0)));
    }
    Ok(())
}

/// Returns by how much the average precision exceeds LightGBM's, where that is measured.
fn compare_on(set: &Set, python: Option<&Path>, report: &mut Report) -> anyhow::Result<Option<f64>> {
    let [(table, labels), (validation, expected), (test, truth)] = &set.parts;
    let params = Params { trees: 2_000, ..Params::default() };
    let began = Instant::now();
    let ensemble = train((table, labels), (validation, expected), &params).with_context(|| set.name.to_owned())?;
    let took = began.elapsed().as_secs_f64();
    let scores = ensemble.scores(test);
    let own = average_precision(&scores, truth);
    let (rows, hits, trees) = (truth.len(), truth.iter().filter(|p| **p).count(), ensemble.trees.len());
    let mut beside = format!("one thread, {rows} test rows, {hits} positive, {trees} trees in {took:.1} s");
    let peers = python.map(|python| peers(set, python, &params)).transpose().with_context(|| set.name.to_owned())?;
    if let Some(peers) = &peers {
        let of = |scores: &[f64]| average_precision(scores, truth);
        write!(beside, "; LightGBM {:.4}, XGBoost {:.4}", of(&peers.lightgbm), of(&peers.xgboost))?;
    }
    if let Err(told) = leaks::check(table, labels, &[]) {
        write!(beside, "; in a desk training would stop: {told}")?;
    }
    let goal = set.goal.map(Goal::AtLeast);
    report.figure_beside(format!("{}: average precision", set.name), own, "", goal, beside);
    let Some(peers) = peers else { return Ok(None) };
    let minus = |peer: &[f64]| average_precision_difference(&scores, peer, truth, SAMPLES, 1);
    let (lightgbm, xgboost) = (minus(&peers.lightgbm), minus(&peers.xgboost));
    let beside = format!(
        "{:+.4} ({:+.4} to {:+.4}); minus XGBoost's {:+.4} ({:+.4} to {:+.4})",
        lightgbm.value, lightgbm.low, lightgbm.high, xgboost.value, xgboost.low, xgboost.high
    );
    let what = format!("{}: lower end of 95% of average precision minus LightGBM's", set.name);
    report.figure_beside(what, lightgbm.low, "", Some(Goal::Above(-0.012)), beside);
    Ok(Some(lightgbm.value))
}

fn versions(python: &Path) -> anyhow::Result<Versions> {
    Ok(serde_json::from_slice(&run(python, &[])?)?)
}

/// Runs the script; what it says of a failure is the error.
fn run(python: &Path, arguments: &[String]) -> anyhow::Result<Vec<u8>> {
    let output = Command::new(python).args(["-c", SCRIPT]).args(arguments).output();
    let output = output.with_context(|| python.display().to_string())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{}: {}", python.display(), said.lines().last().unwrap_or("failed"));
    }
    Ok(output.stdout)
}

fn peers(set: &Set, python: &Path, params: &Params) -> anyhow::Result<Peers> {
    let folder = tempfile::tempdir()?;
    for (name, (table, labels)) in ["train", "validation", "test"].iter().zip(&set.parts) {
        std::fs::write(folder.path().join(format!("{name}.csv")), lines(table, labels)?)?;
    }
    let path = folder.path().to_str().context("the temporary folder's name is no text")?;
    let Params { leaves, learning_rate, patience, trees, .. } = params;
    run(
        python,
        &[path.to_owned(), leaves.to_string(), learning_rate.to_string(), patience.to_string(), trees.to_string()],
    )?;
    let scores = |name: &str| -> anyhow::Result<Vec<f64>> {
        let text = std::fs::read_to_string(folder.path().join(format!("{name}.txt")))?;
        let scores = text.lines().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        let rows = set.parts[2].1.len();
        ensure!(
            scores.len() == rows && scores.iter().all(|s| s.is_finite()),
            "{name} gave no score to each of {rows} rows"
        );
        Ok(scores)
    };
    Ok(Peers { lightgbm: scores("lightgbm")?, xgboost: scores("xgboost")? })
}

/// Labels and values, all digits.
fn lines(table: &Table, labels: &[bool]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for (row, positive) in labels.iter().enumerate() {
        write!(text, "{}", u8::from(*positive))?;
        for column in table.columns() {
            let value = column[row];
            if value.is_nan() { text.push_str(",nan") } else { write!(text, ",{value:e}")? }
        }
        text.push('\n');
    }
    Ok(text)
}
