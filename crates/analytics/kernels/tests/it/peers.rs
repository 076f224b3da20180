//! The portable SQL on DuckDB and DataFusion, and the kernels on Spark: digests equal to those of the kernels here.

use crate::account_histories::{Maker, append, chain, settings};
use crate::simulated::{economy, exported, ledger, options, outcome, places};
use holdfast_account_ledger::{AppendOptions, Ledger};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_analytics::{Kernel, Outcome, Places};
use holdfast_analytics_export::{StoredChain, export};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The Python that has the engines; none, said loudly, where they could not be installed. In CI they must be there.
fn python() -> Option<PathBuf> {
    let python = here().join("../../../target/peers/analytics/bin/python");
    if python.exists() {
        return Some(python);
    }
    assert!(std::env::var_os("CI").is_none(), "no {}: ./test installs it", python.display());
    eprintln!("SKIPPED: no {}: run ./test to install DuckDB, DataFusion and Spark", python.display());
    None
}

fn has_java() -> bool {
    let found = Command::new("java").arg("-version").output().is_ok_and(|o| o.status.success());
    assert!(found || std::env::var_os("CI").is_none(), "no java: ./test installs it");
    if !found {
        eprintln!("SKIPPED: no java, which Spark needs: run ./test to install it");
    }
    found
}

fn script(python: &Path, name: &str, args: &[&str]) -> Value {
    let output = Command::new(python).arg(here().join("tests/peers").join(name)).args(args).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {errors}");
    errors.lines().filter(|line| line.contains(" s: ")).for_each(|line| println!("{line}"));
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|e| panic!("{name}: {e}: {text}\n{errors}"))
}

/// The digest of an outcome as the scripts give it.
fn digest(outcome: &Outcome) -> Value {
    let digest = &outcome.digests[0];
    serde_json::json!({ "rows": digest.rows, "columns": digest.columns })
}

fn outputs_chain(dir: &Path, segment_txs: u64) -> Places {
    let store = dir.join("outputs");
    let ledger = ledger(&store, &economy(41, 3_000));
    let out = dir.join("out");
    exported(&ledger, &out, segment_txs);
    places(&out, holdfast_types::ChainId::of(ledger.network()).as_str(), dir.join("results"))
}

fn account_chain(dir: &Path) -> Places {
    let store = dir.join("accounts");
    let mut blocks = Vec::new();
    Maker::new(41).extend(&mut blocks, 0, 120);
    let path = AccountWorkspace::ledger_dir(&store, &chain());
    std::fs::create_dir_all(&path).unwrap();
    let mut ledger = Ledger::create_or_open(&path, &settings()).unwrap();
    append(&mut ledger, &blocks, &AppendOptions::default());
    let out = dir.join("out");
    let stored = StoredChain::Accounts(chain());
    export(&store, &stored, &out, &options(70), &AtomicBool::new(false), &mut |_| {}).unwrap();
    places(&out, chain().as_str(), dir.join("account-results"))
}

#[test]
fn duckdb_and_datafusion_give_the_digests_of_the_kernels() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().unwrap();
    for places in [outputs_chain(dir.path(), 700), account_chain(dir.path())] {
        let export = places.export.display().to_string();
        let found = script(&python, "sql.py", &[&export]);
        let found = found[&export].as_object().unwrap();
        for kernel in [Kernel::Features, Kernel::Balances, Kernel::Statistics] {
            let expected = digest(&outcome(kernel, &places));
            for engine in ["duckdb", "datafusion"] {
                assert_eq!(found[kernel.name()][engine], expected, "{} on {engine} of {export}", kernel.name());
            }
        }
        for name in ["entity_edges", "transparency"] {
            assert_eq!(found[name]["duckdb"], found[name]["datafusion"], "{name} of {export}");
            assert!(found[name]["duckdb"]["rows"].as_u64().unwrap() > 0, "{name} of {export}");
        }
    }
}

#[test]
fn spark_gives_the_digests_of_the_kernels_though_a_worker_is_killed() {
    let Some(python) = python().filter(|_| has_java()) else { return };
    let dir = tempfile::tempdir().unwrap();
    let places = outputs_chain(dir.path(), 250);
    let (export, results) = (places.export.display().to_string(), dir.path().join("spark").display().to_string());
    let program = env!("CARGO_BIN_EXE_holdfast-analytics");
    let kernels = ["forest", "statistics"];
    let args = [program, &export, &results, kernels[0], kernels[1], "--", "balances", "entity_edges"];
    let found = script(&python, "spark.py", &args);
    println!("{} tasks, a worker killed after {}, {} run again", found["tasks"], found["killed_after"], found["again"]);
    for (n, kernel) in [Kernel::Forest, Kernel::Statistics].into_iter().enumerate() {
        let expected = outcome(kernel, &places);
        let found: Outcome = serde_json::from_value(found["kernels"][n].clone()).unwrap();
        assert_eq!(found.digests, expected.digests, "{}", kernel.name());
        assert_eq!((found.as_of_block, found.input), (expected.as_of_block, expected.input));
    }
    assert_eq!(found["sql"]["balances"], digest(&outcome(Kernel::Balances, &places)));
    let edges = script(&python, "sql.py", &[&export]);
    assert_eq!(found["sql"]["entity_edges"], edges[&export]["entity_edges"]["duckdb"]);
}
