//! The program on small sizes: it runs, and its figures are figures.

use serde_json::Value;
use std::process::Command;

fn bench(args: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_holdfast-bench")).arg("--json").args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn heuristics_are_measured_against_a_simulation_and_against_a_truth_that_was_written() {
    let measured = bench(&["accuracy", "--txs", "3000"]);
    assert_eq!(measured["change"].as_array().map(Vec::len), Some(9));
    assert_eq!(measured["txs"], 3_000);
    let dir = tempfile::tempdir().unwrap();
    let mut economy = holdfast_simulate::Economy::new(holdfast_simulate::Options { seed: 1, txs: 3_000 }).unwrap();
    let options = holdfast_simulate::files::FileOptions { truth: true, ..Default::default() };
    holdfast_simulate::files::write(&mut economy, dir.path(), options, &mut |_| std::ops::ControlFlow::Continue(()))
        .unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let counts = bench(&["ingest", &at("blocks"), &at("ledger")]);
    assert_eq!(counts["ledger"]["txs"], 3_000);
    assert_eq!(bench(&["accuracy", "--truth", &at("truth"), "--ledger", &at("ledger")]), measured);
}

#[test]
fn a_small_chain_is_measured() {
    let dir = tempfile::tempdir().unwrap();
    let figures = bench(&["chain", "--txs", "30000", "--work", dir.path().to_str().unwrap()]);
    let figures = figures.as_array().unwrap();
    assert!(figures.len() > 8, "{figures:?}");
    for figure in figures {
        assert!(figure["value"].as_f64().is_some_and(|v| v > 0.0), "{figure}");
    }
    assert!(figures.iter().any(|f| f["what"].as_str().unwrap().contains("peak resident memory")), "{figures:?}");
}

#[test]
fn a_small_account_ledger_is_measured() {
    let dir = tempfile::tempdir().unwrap();
    let figures = bench(&["accounts", "--transfers", "3000,20000", "--work", dir.path().to_str().unwrap()]);
    let figures = figures.as_array().unwrap();
    assert_eq!(figures.len(), 20, "{figures:?}");
    for figure in figures {
        assert!(figure["value"].as_f64().is_some_and(|v| v > 0.0), "{figure}");
    }
}
