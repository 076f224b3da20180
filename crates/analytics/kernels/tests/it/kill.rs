//! `kill -9` of the program at random moments of exports and kernels: what is there stays valid, and the next run ends with the same.

use crate::simulated::{economy, ledger};
use holdfast_analytics_export::{Manifest, chain_dir, verify};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast-analytics"));
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program, killing it at first after ever longer times.
fn killed_and_run(args: &[&str], between: &mut dyn FnMut()) -> usize {
    let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    let (mut kills, mut after) = (0, 5 + nanoseconds % 17);
    loop {
        let mut child = program(args).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(after.into()));
        if child.try_wait().unwrap().is_none() && kills < 12 {
            child.kill().unwrap(); // SIGKILL
            child.wait().unwrap();
            kills += 1;
            after += after / 3 + 3;
            between();
            continue;
        }
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return kills;
    }
}

fn is_valid(folder: &Path) {
    if let Some(manifest) = Manifest::read(folder).unwrap() {
        for file in manifest.files() {
            verify(folder, file).unwrap();
        }
    }
}

#[test]
fn a_killed_run_leaves_what_was_complete() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path(), &economy(31, 4_000));
    let chain = holdfast_types::ChainId::of(ledger.network());
    drop(ledger);
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (store, out, fresh, results) = (dir.path().display().to_string(), path("out"), path("fresh"), path("results"));
    let args = ["export", &store, &out, "--segment-txs", "150"];
    let folder = chain_dir(Path::new(&out), chain.as_str());
    let kills = killed_and_run(&args, &mut || is_valid(&folder));
    assert!(program(&["export", &store, &fresh, "--segment-txs", "150"]).status().unwrap().success());
    let fresh = chain_dir(Path::new(&fresh), chain.as_str());
    let (made, whole) = (Manifest::require(&folder).unwrap(), Manifest::require(&fresh).unwrap());
    assert_eq!(made.segments, whole.segments);
    assert_eq!(made.tables, whole.tables);
    is_valid(&folder);
    let more = killed_and_run(&["statistics", &out, &results], &mut || {});
    println!("{kills} and {more} kills");
    let merged = program(&["merge", "statistics", &out, &results, "--json"]).output().unwrap();
    assert!(merged.status.success(), "{}", String::from_utf8_lossy(&merged.stderr));
    let outcome: holdfast_analytics::Outcome = serde_json::from_slice(&merged.stdout).unwrap();
    assert_eq!(outcome.input, whole.input);
    assert_eq!(outcome.as_of_block, whole.as_of_block.unwrap());
}
