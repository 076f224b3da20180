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

/// Accounts like those of the public sets: what phishing accounts receive they pass on within minutes.
fn learning_data(dir: &std::path::Path) {
    let mut features = "id,Index,Address,FLAG,Sent tnx,total ether balance, ERC20_most_rec_token_type\n".to_owned();
    for class in ["normal", "phishing"] {
        std::fs::create_dir_all(dir.join("learning/ethereum-accounts").join(class)).unwrap();
    }
    for n in 0..400u64 {
        let is_phishing = n % 2 == 1;
        let address = format!("0x{:040x}", n * 7_919 + 1);
        let class = if is_phishing { "phishing" } else { "normal" };
        let mut history = ",TxHash,BlockHeight,TimeStamp,From,To,Value,ContractAddress,Input,isError\n".to_owned();
        let begun = 1_500_000_000 + n * 40_000;
        for tx in 0..12 + n % 5 {
            let other = format!("0x{:040x}", 1_000_000 + n * 31 + tx % 4);
            let (from, to) = if tx.is_multiple_of(2) { (&other, &address) } else { (&address, &other) };
            let gap = if is_phishing == (n % 7 > 0) { 300 + n % 11 } else { 20_000 + n * 13 % 997 };
            history += &format!("{tx},0x1,5,{},{from},{to},{}.5,,0x,0\n", begun + tx * gap, 1 + (n + tx) % 9);
        }
        std::fs::write(dir.join("learning/ethereum-accounts").join(class).join(format!("{address}.csv")), history)
            .unwrap();
        let sent = if is_phishing == (n % 6 > 0) { n % 40 } else { 20 + n % 60 };
        features += &format!("{n},{n},{address},{},{sent},{}.25,Some \"Token\n", u8::from(is_phishing), n * 37 % 101);
    }
    std::fs::create_dir_all(dir.join("learning/account-features")).unwrap();
    std::fs::write(dir.join("learning/account-features/transaction_dataset.csv"), features).unwrap();
}

#[test]
fn learners_are_compared_on_the_public_sets_and_what_is_not_measured_is_said_and_fails_a_check() {
    let dir = tempfile::tempdir().unwrap();
    learning_data(dir.path());
    let data = dir.path().to_str().unwrap();
    let args = ["models", "--only", "peers", "--data", data, "--python", "no-such-python"];
    let measured = bench(&args);
    let figures = measured["figures"].as_array().unwrap();
    assert_eq!(figures.len(), 6, "{figures:?}");
    for figure in figures {
        let (what, value) = (figure["what"].as_str().unwrap(), figure["value"].as_f64().unwrap());
        assert!(value > 0.5 && value <= 1.0, "{figure}");
        assert_eq!(
            figure["holds"].is_boolean(),
            what.contains("by time") && !what.contains("transactions: "),
            "{figure}"
        );
    }
    assert!(measured["not_measured"][0]["why"].as_str().unwrap().contains("no-such-python"), "{measured}");
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_holdfast-bench")).args(args).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (is_success, said) = run(&[&args[..], &["--check"]].concat());
    assert!(!is_success && said.contains("NOT MEASURED") && said.contains("missed or not measured"), "{said}");
    let nowhere = dir.path().join("nowhere");
    let (is_success, said) = run(&["models", "--only", "peers", "--data", nowhere.to_str().unwrap()]);
    assert!(is_success && said.contains("NOT MEASURED") && said.contains("learning.tar.zst"), "{said}");
    let (is_success, said) = run(&["models", "--only", "leaks,drift", "--check"]);
    assert!(is_success, "{said}");
}

#[test]
fn models_are_compared_with_rules_on_variants_that_were_left_out() {
    let measured = bench(&["models", "--only", "variants", "--customers", "300"]);
    for typology in ["scam_victim", "rapid_pass_through"] {
        let is_told = |list: &str| {
            let mut all = measured[list].as_array().unwrap().iter();
            all.any(|f| f["what"].as_str().unwrap().starts_with(typology) && f.to_string().contains("rules: "))
        };
        assert!(is_told("figures") || is_told("not_measured"), "{measured}");
    }
}
