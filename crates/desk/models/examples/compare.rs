//! Prints average precision beside LightGBM and XGBoost on real labelled accounts, same rows, same splits, one thread.
//!
//! `HOLDFAST_TEST_DATA=DIR HOLDFAST_PEERS_PYTHON=PYTHON cargo run --release -p holdfast-models --example compare`
//!
//! `DIR/learning` as in docs/test-data.md; PYTHON has lightgbm 4.7, xgboost 3.2 and numpy. Without it the peers' columns stay empty.

use holdfast_models::accounts::{AccountEvent, Amounts, features, schema};
use holdfast_models::metrics::{average_precision, average_precision_difference, best_threshold, f1};
use holdfast_models::{Feature, FeatureKind, Params, Schema, Table, leaks, train};
use holdfast_types::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Rows in three parts.
struct Parts {
    name: &'static str,
    schema: Schema,
    rows: [Vec<(Vec<f64>, bool)>; 3],
}

/// An account of the raw histories.
struct Account {
    address: String,
    is_phishing: bool,
    events: Vec<AccountEvent>,
}

fn main() {
    let Some(root) = std::env::var_os("HOLDFAST_TEST_DATA").map(PathBuf::from) else {
        eprintln!("SKIPPED: HOLDFAST_TEST_DATA names no folder of real data (docs/test-data.md)");
        return;
    };
    let data = unpacked(&root.join("learning"));
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("no pool before");
    let accounts = histories(&data.join("ethereum-accounts"));
    let shares = account_features(&data.join("account-features/transaction_dataset.csv"));
    let table = |name, first: usize, amounts, by_time| raw(name, &accounts, first, amounts, by_time);
    let all = usize::MAX;
    let sets = [
        shares,
        table("histories by address", all, Amounts::With, false),
        table("histories by time", all, Amounts::With, true),
        table("by time, first 10", 10, Amounts::With, true),
        table("by time, no amounts", all, Amounts::Without, true),
        table("by time, first 10, no amounts", 10, Amounts::Without, true),
    ];
    println!(
        "{:<30} {:>11} {:>7} {:>7} {:>7}  minus LightGBM (95%)            minus XGBoost (95%)",
        "set", "test rows", "own", "lgb", "xgb"
    );
    let mut against: [Vec<f64>; 2] = Default::default();
    for set in &sets {
        compare(set, &mut against);
    }
    for (name, differences) in ["LightGBM", "XGBoost"].iter().zip(&against) {
        if !differences.is_empty() {
            println!("mean over sets minus {name}: {:+.4}", differences.iter().sum::<f64>() / differences.len() as f64);
        }
    }
}

fn unpacked(folder: &Path) -> PathBuf {
    if folder.join("ethereum-accounts").is_dir() {
        return folder.to_owned();
    }
    let to = std::env::temp_dir().join("holdfast-learning");
    if !to.join("learning").is_dir() {
        std::fs::create_dir_all(&to).expect("a folder for the data");
        let done = Command::new("tar")
            .arg("--zstd")
            .arg("-xf")
            .arg(folder.join("learning.tar.zst"))
            .arg("-C")
            .arg(&to)
            .status();
        assert!(done.is_ok_and(|s| s.success()), "tar --zstd -xf {}/learning.tar.zst", folder.display());
    }
    to.join("learning")
}

/// The first eight hexadecimal digits of the SHA-256 of an address, modulo 100; 80 and above are kept back elsewhere.
fn hundredth(address: &str) -> usize {
    let hash = Sha256::digest(address.to_lowercase().as_bytes());
    let number = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    (number % 100) as usize
}

fn part_of(hundredth: usize) -> usize {
    match hundredth {
        0..48 => 0,
        48..64 => 1,
        _ => 2,
    }
}

fn account_features(file: &Path) -> Parts {
    let text = std::fs::read_to_string(file).expect("account-features");
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let dropped = ["id", "Index", "Address", "FLAG", " ERC20 most sent token type", " ERC20_most_rec_token_type"];
    let used: Vec<usize> = (0..names.len()).filter(|c| !dropped.contains(&names[*c])).collect();
    let mut seen = BTreeSet::new();
    let mut rows: [Vec<(Vec<f64>, bool)>; 3] = Default::default();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        if seen.insert(cells[2].to_lowercase()) {
            let values = used.iter().map(|c| cells.get(*c).and_then(|v| v.trim().parse().ok()).unwrap_or(f64::NAN));
            rows[part_of(hundredth(cells[2]))].push((values.collect(), cells[3] == "1"));
        }
    }
    let features: Vec<Feature> =
        used.iter().map(|c| Feature::new(names[*c].trim(), "all", FeatureKind::Count)).collect();
    Parts { name: "account-features", schema: unique(features), rows }
}

fn unique(features: Vec<Feature>) -> Schema {
    Schema::new(features).expect("features that are no identifiers")
}

fn histories(folder: &Path) -> Vec<Account> {
    let mut accounts = Vec::new();
    for (class, is_phishing) in [("normal", false), ("phishing", true)] {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder.join(class)).expect("accounts").filter_map(|f| Some(f.ok()?.path())).collect();
        files.sort();
        for file in files {
            let address = file.file_stem().map(|s| s.to_string_lossy().to_lowercase()).unwrap_or_default();
            let text = std::fs::read_to_string(&file).expect("an account");
            let events = events(&text, &address);
            if !events.is_empty() {
                accounts.push(Account { address, is_phishing, events });
            }
        }
    }
    accounts
}

fn events(text: &str, address: &str) -> Vec<AccountEvent> {
    let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
    let mut events: Vec<AccountEvent> = Vec::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [_, _, _, time, from, to, value, _, input, error] = cells[..] else { continue };
        let (Ok(time), Some(amount)) = (time.parse::<f64>(), base_units(value)) else { continue };
        let is_incoming = to.eq_ignore_ascii_case(address);
        let other = if is_incoming { from } else { to }.to_lowercase();
        let next = numbers.len() as u64;
        let counterparty = (other.starts_with("0x")).then(|| *numbers.entry(other).or_insert(next));
        events.push(AccountEvent {
            at: Timestamp::from_unix(time as i64),
            is_incoming,
            counterparty,
            amount_base_units: amount,
            is_failed: error.trim() == "1",
            is_call: input.len() > 2,
        });
    }
    events.sort_by_key(|e| e.at);
    events
}

/// Reads an amount of ether, such as `0.5` or `1.65e-05`, as wei.
fn base_units(text: &str) -> Option<u128> {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let number: u128 = format!("{whole}{part}").parse().ok()?;
    let shift = 18 + exponent - i32::try_from(part.len()).ok()?;
    let power = 10u128.checked_pow(shift.unsigned_abs())?;
    if shift >= 0 { number.checked_mul(power) } else { Some(number / power) }
}

fn raw(name: &'static str, accounts: &[Account], first: usize, amounts: Amounts, by_time: bool) -> Parts {
    let mut order: Vec<&Account> = accounts.iter().collect();
    order.sort_by_key(|a| (a.events[0].at, a.address.clone()));
    let mut rows: [Vec<(Vec<f64>, bool)>; 3] = Default::default();
    for (n, account) in order.iter().enumerate() {
        let part = if by_time {
            match n * 10 / order.len() {
                0..6 => 0,
                6..8 => 1,
                _ => 2,
            }
        } else {
            part_of(hundredth(&account.address))
        };
        let events = &account.events[..account.events.len().min(first)];
        rows[part].push((features(events, Timestamp::MAX, 18, amounts), account.is_phishing));
    }
    Parts { name, schema: schema(amounts).expect("the crate's own features"), rows }
}

fn compare(set: &Parts, against: &mut [Vec<f64>; 2]) {
    let part = |n: usize| {
        let columns = (0..set.schema.len()).map(|c| set.rows[n].iter().map(|r| r.0[c]).collect()).collect();
        let labels: Vec<bool> = set.rows[n].iter().map(|r| r.1).collect();
        (Table::new(set.schema.clone(), columns).expect("a table"), labels)
    };
    let ((table, labels), (validation, expected), (test, truth)) = (part(0), part(1), part(2));
    if let Err(error) = leaks::check(&table, &labels, &[]) {
        println!("{:<30} {error}", set.name);
    }
    let params = params();
    let began = Instant::now();
    let ensemble = train((&table, &labels), (&validation, &expected), &params).expect("training");
    let took = began.elapsed();
    let scores = ensemble.scores(&test);
    let own = average_precision(&scores, &truth);
    let threshold = best_threshold(&ensemble.scores(&validation), &expected).unwrap_or(0.0);
    let peers = peers(set, &params);
    let hits = truth.iter().filter(|p| **p).count();
    let mut line = format!("{:<30} {:>5} {:>5} {own:>7.4}", set.name, truth.len(), hits);
    for peer in &peers {
        write!(line, " {:>7.4}", average_precision(peer, &truth)).expect("text");
    }
    for (peer, differences) in peers.iter().zip(against) {
        let d = average_precision_difference(&scores, peer, &truth, 1_000, 1);
        write!(line, "  {:+.4} ({:+.4} to {:+.4})   ", d.value, d.low, d.high).expect("text");
        differences.push(d.value);
    }
    println!(
        "{line} F1 {:.3}, {} trees, {:.1} s",
        f1(&scores, &truth, threshold),
        ensemble.trees.len(),
        took.as_secs_f64()
    );
}

/// The default parameters, with those that `HOLDFAST_MODELS_PARAMS` names in JSON.
fn params() -> Params {
    let defaults = Params { trees: 2_000, ..Params::default() };
    match std::env::var("HOLDFAST_MODELS_PARAMS") {
        Ok(text) => serde_json::from_str(&text).expect("parameters in JSON"),
        Err(_) => defaults,
    }
}

/// Scores of LightGBM and XGBoost on the test rows.
fn peers(set: &Parts, params: &Params) -> Vec<Vec<f64>> {
    let Some(python) = std::env::var_os("HOLDFAST_PEERS_PYTHON") else { return Vec::new() };
    let folder = std::env::temp_dir().join(format!("holdfast-compare-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, rows) in ["train", "validation", "test"].iter().zip(&set.rows) {
        let mut text = String::new();
        for (values, positive) in rows {
            write!(text, "{}", u8::from(*positive)).expect("text");
            for value in values {
                if value.is_nan() { text.push_str(",nan") } else { write!(text, ",{value:e}").expect("text") }
            }
            text.push('\n');
        }
        std::fs::write(folder.join(format!("{name}.csv")), text).expect("rows");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/compare.py");
    let done = Command::new(python)
        .arg(script)
        .arg(&folder)
        .args([
            params.leaves.to_string(),
            params.learning_rate.to_string(),
            params.patience.to_string(),
            params.trees.to_string(),
        ])
        .status();
    assert!(done.is_ok_and(|s| s.success()), "the peers failed");
    let scores = ["lightgbm", "xgboost"].map(|name| {
        let text = std::fs::read_to_string(folder.join(format!("{name}.txt"))).expect("scores");
        text.lines().map(|l| l.parse().expect("a score")).collect()
    });
    std::fs::remove_dir_all(&folder).expect("the folder");
    scores.to_vec()
}
