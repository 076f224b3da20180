//! Snapshots stay as they were taken, whatever happens to the workspace.

use holdfast_analysis::Exposures;
use holdfast_attribution::{Clusters, Entities};
use holdfast_bitcoin::{Block, Network};
use holdfast_simulate::{Economy, Options, SimBlock};
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use holdfast_workspace::{ChainHandle, ChangeError, Snapshot, Workspace, WorkspaceError};
use std::ops::ControlFlow;
use std::sync::mpsc;

struct Chain {
    blocks: Vec<SimBlock>,
    tags: Vec<u8>,
}

fn chain(seed: u64) -> Chain {
    let mut economy = Economy::new(Options { seed, txs: 1_500 }).unwrap();
    let blocks = std::iter::from_fn(|| economy.next_block()).collect();
    Chain { blocks, tags: holdfast_simulate::files::tagpack(&economy).into_bytes() }
}

fn append(workspace: &mut Workspace, blocks: &[SimBlock]) {
    let parse =
        |b: &SimBlock| MemoryBlock { height: b.height, block: Block::parse(b.bytes.clone()).unwrap(), spent: None };
    let feed = MemoryFeed(blocks.iter().map(parse).collect());
    workspace.ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    workspace.catch_up();
}

/// Everything that a snapshot says of some subjects, in words.
fn answers(snapshot: &Snapshot) -> String {
    let mut said = format!("{:?}\n", snapshot.summary());
    let counts = snapshot.ledger.counts();
    for tx in (0..counts.txs).step_by(7) {
        let txid = snapshot.ledger.txid_text(tx);
        said += &format!("{:?}\n{:?}\n", snapshot.tx(&txid).unwrap(), snapshot.exposures.profiles_of(tx));
    }
    for address in (0..counts.addresses).step_by(11) {
        let text = snapshot.ledger.address_text(address);
        said += &format!("{:?}\n{:?}\n", snapshot.address(&text).unwrap(), snapshot.exposure(&text, true).unwrap());
    }
    said
}

fn filled(chain: &Chain, dir: &std::path::Path) -> Workspace {
    let mut workspace = Workspace::create_or_open(dir, Network::Regtest).unwrap();
    append(&mut workspace, &chain.blocks[..chain.blocks.len() / 2]);
    workspace
}

/// Blocks, tags, another clustering, a new index and a reorganization that writes over everything: those who hold a snapshot see nothing
/// of it, a check against the raw blocks included, and the newest answers as a workspace does that is made anew.
#[test]
fn snapshots_survive_whatever_happens_to_the_workspace() {
    let (first, second) = (chain(5), chain(6));
    let dir = tempfile::tempdir().unwrap();
    let mut workspace = filled(&first, dir.path());
    let mut taken = Vec::new();
    let mut take = |workspace: &Workspace| {
        let snapshot = workspace.snapshot();
        taken.push((answers(&snapshot), snapshot));
    };
    take(&workspace);
    for part in first.blocks[first.blocks.len() / 2..].chunks(3) {
        append(&mut workspace, part);
        take(&workspace);
    }
    assert!(workspace.import_tags(vec![("sim.yaml".into(), first.tags.clone())]).refused.is_empty());
    workspace.catch_up();
    take(&workspace);
    let mut options = workspace.clusters.options().clone();
    options.cospend = false;
    workspace.recluster(options.clone());
    take(&workspace);
    workspace.ledger.rebuild_index(1 << 20).unwrap();
    take(&workspace);
    // The last blocks go and come again: to the columns a reorganization like any.
    let fork = first.blocks.len() - 5;
    workspace.ledger.truncate(first.blocks[fork].height).unwrap();
    workspace.catch_up();
    take(&workspace);
    append(&mut workspace, &first.blocks[fork..]);
    take(&workspace);
    workspace.ledger.truncate(0).unwrap();
    append(&mut workspace, &second.blocks);
    take(&workspace);
    for (n, (said, snapshot)) in taken.iter().enumerate() {
        assert!(answers(snapshot) == *said, "snapshot {n} says something else now");
        let report = snapshot.ledger.check(true, &mut |_| ControlFlow::Continue(())).unwrap();
        assert!(report.is_clean(), "snapshot {n}: {:?}", report.problems);
    }
    let (last, newest) = taken.pop().unwrap();
    assert_eq!(newest.summary().blocks as usize, second.blocks.len());
    let other = tempfile::tempdir().unwrap();
    let mut anew = Workspace::create_or_open(other.path(), Network::Regtest).unwrap();
    append(&mut anew, &second.blocks);
    assert!(anew.import_tags(vec![("sim.yaml".into(), first.tags)]).refused.is_empty());
    anew.recluster(options);
    assert!(answers(&anew) == last, "as made anew");
}

/// While a builder works, readers go on with what was before; what is published at its end is there for the next reader.
#[test]
fn readers_do_not_wait_for_a_builder() {
    let chain = chain(7);
    let dir = tempfile::tempdir().unwrap();
    let handle = ChainHandle::new(filled(&chain, dir.path()));
    let before = handle.snapshot();
    let (begun, has_begun) = mpsc::channel();
    let (go, may_go) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let (handle, chain) = (&handle, &chain);
        let builder = scope.spawn(move || {
            handle.change(|w| -> Result<(), ChangeError> {
                append(w, &chain.blocks[chain.blocks.len() / 2..]);
                begun.send(()).unwrap();
                may_go.recv().unwrap();
                Ok(())
            })
        });
        has_begun.recv().unwrap();
        // The builder has everything in its hands and does not end.
        assert_eq!(handle.snapshot().summary(), before.summary());
        assert_eq!(answers(&handle.snapshot()), answers(&before));
        go.send(()).unwrap();
        builder.join().unwrap().unwrap();
    });
    assert_eq!(handle.snapshot().summary().blocks as usize, chain.blocks.len());
    assert_eq!(before.summary().blocks as usize, chain.blocks.len() / 2);
}

/// Nothing of a change that fails is published, except blocks that the ledger has; a panic stops changes, not answers.
#[test]
fn a_change_that_fails_leaves_what_was() {
    let chain = chain(8);
    let dir = tempfile::tempdir().unwrap();
    let handle = ChainHandle::new(filled(&chain, dir.path()));
    let said = answers(&handle.snapshot());
    let refused = handle.change(|w| -> Result<(), WorkspaceErrorOr> {
        w.import_tags(vec![("sim.yaml".into(), chain.tags.clone())]);
        w.catch_up();
        Err(WorkspaceErrorOr::Mine)
    });
    assert!(matches!(refused, Err(WorkspaceErrorOr::Mine)));
    assert_eq!(answers(&handle.snapshot()), said);
    handle.change(|_| Ok::<(), ChangeError>(())).unwrap();
    assert_eq!(answers(&handle.snapshot()), said, "nor later");
    let half = handle.change(|w| -> Result<(), WorkspaceErrorOr> {
        append(w, &chain.blocks[chain.blocks.len() / 2..]);
        w.import_tags(vec![("sim.yaml".into(), chain.tags.clone())]);
        Err(WorkspaceErrorOr::Mine)
    });
    assert!(half.is_err());
    let now = handle.snapshot().summary();
    assert_eq!((now.blocks as usize, now.tags), (chain.blocks.len(), 0));
    let said = answers(&handle.snapshot());
    let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        handle.change(|w| -> Result<(), ChangeError> {
            w.remove_pack("none");
            panic!("a fault in the program");
        })
    }));
    assert!(panics.is_err() && handle.has_failed());
    assert!(matches!(handle.change(|_| Ok::<(), ChangeError>(())), Err(ChangeError::Failed)));
    assert_eq!(answers(&handle.snapshot()), said);
}

#[derive(Debug)]
enum WorkspaceErrorOr {
    Mine,
    Chain,
}

impl From<ChangeError> for WorkspaceErrorOr {
    fn from(_: ChangeError) -> Self {
        WorkspaceErrorOr::Chain
    }
}

/// Blocks alone write no tags, clusters or exposures; what is open after a kill is the same.
#[test]
fn blocks_are_saved_by_the_ledger_alone() -> Result<(), WorkspaceError> {
    let chain = chain(9);
    let dir = tempfile::tempdir().unwrap();
    let half = chain.blocks.len() / 2;
    let mut workspace = filled(&chain, dir.path());
    assert!(workspace.import_tags(vec![("sim.yaml".into(), chain.tags.clone())]).refused.is_empty());
    workspace.refresh()?;
    let handle = ChainHandle::new(workspace);
    let files =
        || -> Vec<_> { ["tags", "clusters", "exposures"].map(|f| std::fs::read(dir.path().join(f)).unwrap()).into() };
    let before = files();
    for part in chain.blocks[half..].chunks(4) {
        handle
            .append(|w| {
                append(w, part);
                Ok::<(), ChangeError>(())
            })
            .unwrap();
    }
    assert!(files() == before, "a block rewrites nothing");
    let said = answers(&handle.snapshot());
    // Killed: another process reads what is there.
    assert_eq!(answers(&Workspace::open(dir.path())?), said);
    handle.checkpoint().unwrap();
    let after = files();
    assert!(after[0] == before[0] && after[1] != before[1] && after[2] != before[2]);
    drop(handle);
    assert_eq!(answers(&Workspace::open(dir.path())?), said);
    Ok(())
}

/// A builder goes on from what was in use two blocks before, once nobody reads it, and from before a reorganization: the same comes out as
/// when everything is made anew.
#[test]
fn builders_reuse_what_nobody_reads_any_more() {
    let chain = chain(10);
    let dir = tempfile::tempdir().unwrap();
    let mut workspace = filled(&chain, dir.path());
    assert!(workspace.import_tags(vec![("sim.yaml".into(), chain.tags.clone())]).refused.is_empty());
    workspace.refresh().unwrap();
    let handle = ChainHandle::new(workspace);
    handle.prepare();
    let follow = |change: &dyn Fn(&mut Workspace)| {
        handle
            .append(|w| {
                change(w);
                w.catch_up();
                Ok::<(), ChangeError>(())
            })
            .unwrap();
        let now = handle.snapshot();
        let clusters = Clusters::build(&now.ledger, now.clusters.options().clone());
        assert_eq!(now.clusters.merges(), clusters.merges());
        assert_eq!(now.clusters.all(), clusters.all());
        assert!(*now.entities == Entities::build(&now.ledger, &clusters, &now.tags));
        let exposures = Exposures::build(&now.ledger, now.entities.categories());
        for tx in 0..now.ledger.counts().txs {
            assert_eq!(now.exposures.profiles_of(tx), exposures.profiles_of(tx), "transaction {tx}");
        }
    };
    let half = chain.blocks.len() / 2;
    let mut held = None;
    for (n, block) in chain.blocks[half..].iter().enumerate() {
        follow(&|w| append(w, std::slice::from_ref(block)));
        match n % 5 {
            // A reader that holds on to a snapshot for a while.
            1 => held = Some((answers(&handle.snapshot()), handle.snapshot())),
            3 => {
                let (said, snapshot) = held.take().unwrap();
                assert_eq!(answers(&snapshot), said);
                follow(&|w| {
                    w.ledger.truncate(block.height).unwrap();
                });
                follow(&|w| append(w, std::slice::from_ref(block)));
            }
            _ => {}
        }
    }
    assert_eq!(handle.snapshot().summary().blocks as usize, chain.blocks.len());
}
