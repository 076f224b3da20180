//! `kill -9` at random moments of an ingest: the ledger opens, checks clean, and the next start resumes.

mod common;

use common::{holdfast, path, run};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Transactions of the chain, and how many are committed at once.
const TXS: u64 = 12_000;
const BATCH: u64 = 200;

#[test]
fn a_killed_ingest_loses_nothing_that_was_committed() {
    let dir = tempfile::tempdir().unwrap();
    let (sim, ledger, whole) = (dir.path().join("sim"), dir.path().join("ledger"), dir.path().join("whole"));
    run(holdfast().args(["simulate", "chain", path(&sim), "--txs", &TXS.to_string(), "--no-truth", "--seed", "3"]));
    let blocks = sim.join("blocks");
    let ingest = |ledger: &std::path::Path| {
        let mut command = holdfast();
        command.args([
            "--json",
            "ingest",
            path(&blocks),
            "--network",
            "regtest",
            "--batch-txs",
            &BATCH.to_string(),
            "--ledger",
            path(ledger),
        ]);
        command
    };
    // Kills come so soon that an ingest needs many starts, however fast the build.
    let start = Instant::now();
    run(&mut ingest(&whole));
    let longest = u64::try_from(start.elapsed().as_millis()).unwrap() / 6;
    let mut state = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64 | 1;
    println!("seed {state}");
    let mut kills = 0;
    let mut last = 0;
    for round in 0..200 {
        let mut child =
            ingest(&ledger).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        std::thread::sleep(Duration::from_millis(5 + (state >> 33) % longest.max(150)));
        match child.try_wait().unwrap() {
            Some(status) => {
                assert!(status.success(), "round {round}: {}", common::words(&child.wait_with_output().unwrap()));
                if kills >= 3 {
                    break;
                }
                // It was done too soon: once more.
                std::fs::remove_dir_all(&ledger).unwrap();
                last = 0;
            }
            None => {
                child.kill().unwrap(); // SIGKILL
                child.wait().unwrap();
                kills += 1;
            }
        }
        if !ledger.join("MANIFEST").exists() {
            continue; // killed before the ledger was made
        }
        let report: serde_json::Value = serde_json::from_str(&run(holdfast().args([
            "--json",
            "ledger",
            "check",
            "--raw",
            "--ledger",
            path(&ledger),
        ])))
        .unwrap();
        let txs = report["txs"].as_u64().unwrap();
        assert!(txs >= last, "committed transactions were lost: {txs} after {last}");
        last = txs;
    }
    assert!(kills >= 3, "only {kills} kills hit the ingest");
    run(&mut ingest(&ledger));
    let info = |ledger: &std::path::Path| -> serde_json::Value {
        let text = run(holdfast().args(["--json", "ledger", "info", "--ledger", path(ledger)]));
        serde_json::from_str(&text).unwrap()
    };
    assert_eq!(info(&ledger)["counts"], info(&whole)["counts"]);
    assert_eq!(info(&ledger)["counts"]["txs"], TXS);
    // Column by column the same bytes as an ingest that was never disturbed.
    for name in [
        "blocks",
        "tx.id",
        "tx.meta",
        "tx.first-input",
        "tx.first-output",
        "output.value",
        "output.address",
        "input.prev",
        "addresses",
    ] {
        let read = |ledger: &std::path::Path| std::fs::read(ledger.join(name)).unwrap();
        assert!(read(&ledger) == read(&whole), "{name} differs");
    }
    run(holdfast().args(["ledger", "check", "--raw", "--ledger", path(&ledger)]));
    println!("{kills} kills");
}
