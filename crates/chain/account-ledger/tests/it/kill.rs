//! `kill -9` at random moments of appends, reorganizations and index builds: the ledger opens, checks clean, and the next start resumes.

use crate::common::{COLUMNS, Maker, Model, Random, append, check, compare, settings};
use holdfast_account_ledger::{AppendOptions, Ledger};
use holdfast_types::BlockTransfers;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const CHILD: &str = "ACCOUNT_LEDGER_CHILD";

/// Blocks that a child removes at most when it begins.
const REMOVED: u64 = 5;

fn blocks() -> Vec<BlockTransfers> {
    let mut blocks = Vec::new();
    Maker::new(4711).extend(&mut blocks, 0, 150);
    blocks
}

/// What is killed: run by the test below in a process of its own, and nothing otherwise.
#[test]
fn child() {
    let Ok(dir) = std::env::var(CHILD) else { return };
    let blocks = blocks();
    let mut ledger = Ledger::create_or_open(Path::new(&dir), &settings()).unwrap();
    let stay = ledger.counts().blocks.saturating_sub(REMOVED);
    ledger.truncate(stay).unwrap();
    let options = AppendOptions { batch: 15, memory: 10_000, index_after: 60 };
    let mut at = usize::try_from(stay).unwrap();
    while at < blocks.len() {
        let end = (at + 7).min(blocks.len());
        append(&mut ledger, &blocks[at..end], &options);
        at = end;
    }
}

#[test]
fn a_killed_append_loses_nothing_that_was_committed() {
    let dir = tempfile::tempdir().unwrap();
    let (path, whole) = (dir.path().join("ledger"), dir.path().join("whole"));
    let blocks = blocks();
    let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    println!("seed {nanoseconds}");
    let mut random = Random(nanoseconds.into());
    let rounds = std::env::var("ACCOUNT_LEDGER_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(40);
    let (mut kills, mut last) = (0, 0);
    for _ in 0..rounds {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "kill::child"]).env(CHILD, &path).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        // Also while the ledger is made.
        std::thread::sleep(Duration::from_millis(if kills < 5 { random.below(60) } else { 30 + random.below(400) }));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            break;
        }
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        kills += 1;
        if !path.join("MANIFEST").exists() {
            continue; // killed before the ledger was made
        }
        let ledger = Ledger::open(&path).unwrap();
        check(&ledger);
        let stored = ledger.counts().blocks;
        assert!(stored + REMOVED >= last, "committed blocks were lost: {stored} after {last}");
        last = stored;
        let tip = ledger.tip().unwrap();
        let expected = usize::try_from(stored).unwrap().checked_sub(1).map(|n| blocks[n].hash);
        assert_eq!(tip.map(|t| t.hash), expected);
    }
    assert!(kills >= 3, "only {kills} kills hit the appends");
    let mut ledger = Ledger::create_or_open(&path, &settings()).unwrap();
    let stored = usize::try_from(ledger.counts().blocks).unwrap();
    append(&mut ledger, &blocks[stored..], &AppendOptions::default());
    let mut undisturbed = Ledger::create_or_open(&whole, &settings()).unwrap();
    append(&mut undisturbed, &blocks, &AppendOptions::default());
    assert_eq!(ledger.counts(), undisturbed.counts());
    for name in COLUMNS {
        let read = |dir: &Path| std::fs::read(dir.join(name)).unwrap();
        assert!(read(&path) == read(&whole), "{name} differs");
    }
    check(&ledger);
    compare(&ledger, &Model::new(&blocks, &settings().assets), &mut random);
    println!("{kills} kills");
}
