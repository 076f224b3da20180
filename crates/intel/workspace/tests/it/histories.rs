//! A chain that grew answers as one that is made anew, on random histories with reorganizations and changing tags, while readers hold
//! snapshots and exposures are made beside them.

use holdfast_analysis::exposure::{Exposure, Exposures, Totals};
use holdfast_attribution::{Category, Clusters, Entities};
use holdfast_bitcoin::{Block, Network};
use holdfast_simulate::history::History;
use holdfast_types::Address;
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use holdfast_workspace::chain_handle::MAX_WAITING;
use holdfast_workspace::{ChainHandle, ChangeError, Snapshot, Touched, Workspace};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn append(workspace: &mut Workspace, blocks: &[(u32, Vec<u8>)]) {
    let parse = |(height, bytes): &(u32, Vec<u8>)| MemoryBlock {
        height: *height,
        block: Block::parse(bytes.clone()).unwrap(),
        spent: None,
    };
    let feed = MemoryFeed(blocks.iter().map(parse).collect());
    workspace.ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
}

fn pack(history: &mut History, snapshot: &Snapshot, title: usize) -> Vec<u8> {
    let addresses = u64::from(snapshot.ledger.counts().addresses);
    let mut text = format!(
        "title: Pack {title}\ncreator: test\ncurrency: BTC\nsource: https://example.org\nlastmod: 2024-01-01\nconfidence: forensic\ntags:\n"
    );
    for _ in 0..history.random().between(1, 5) {
        let address = snapshot.ledger.address_text(history.random().below(addresses) as u32);
        let kind = *history.random().pick(&["category: exchange", "abuse: sanction", "abuse: ransomware"]);
        let defines = history.random().permille(500);
        text += &format!("  - {{address: \"{address}\", label: L, {kind}, is_cluster_definer: {defines}}}\n");
    }
    text.into_bytes()
}

fn files(exposures: &Exposures, dir: &Path) -> Vec<u8> {
    let path = dir.join("file");
    exposures.save(&path).unwrap();
    std::fs::read(path).unwrap()
}

/// Everything but exposures equals what is made anew; exposures do, of the categories that they rest on.
fn check(now: &Snapshot, dir: &Path, what: &str) {
    let clusters = Clusters::build(&now.ledger, now.clusters.options().clone());
    assert_eq!((now.clusters.merges(), now.clusters.all()), (clusters.merges(), clusters.all()), "{what}");
    assert!(*now.entities == Entities::build(&now.ledger, &clusters, &now.tags), "{what}");
    assert_eq!(now.exposures_as_of().is_none(), now.exposures.rests_on(now.entities.categories()), "{what}");
    let anew = Exposures::build(&now.ledger, now.exposures.categories());
    assert!(files(&now.exposures, dir) == files(&anew, dir), "{what}: exposures");
}

#[test]
fn a_chain_that_grew_answers_as_one_made_anew() {
    let (mut waited, made) = (0, Arc::new(AtomicUsize::new(0)));
    for seed in 20..25 {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        let mut history = History::new(seed);
        let mut workspace = Workspace::create_or_open(&store, Network::Regtest).unwrap();
        append(&mut workspace, &(0..8).map(|_| history.block(8)).collect::<Vec<_>>());
        workspace.refresh().unwrap();
        let mut handle = ChainHandle::with_patience(workspace, 4);
        let listen = |handle: &ChainHandle| {
            let made = made.clone();
            handle.on_exposures(move || {
                made.fetch_add(1, Ordering::SeqCst);
            });
        };
        listen(&handle);
        let mut held: Vec<(Arc<Snapshot>, Vec<u8>)> = Vec::new();
        for step in 0..25 {
            let what = format!("seed {seed}, step {step}");
            let removed = history.random().permille(300).then(|| history.random().between(1, 5) as u32);
            let from = removed.filter(|n| history.height() > n + 2).map(|n| history.fork(n));
            let blocks: Vec<_> = (0..history.random().between(1, 3)).map(|_| history.block(8)).collect();
            handle
                .append(|w| {
                    if let Some(height) = from {
                        w.ledger.truncate(height).unwrap();
                    }
                    append(w, &blocks);
                    w.catch_up();
                    Ok::<_, ChangeError>(())
                })
                .unwrap();
            if history.random().permille(600) {
                let title = history.random().below(3) as usize;
                let bytes = pack(&mut history, &handle.snapshot(), title);
                let replaces = history.random().permille(500);
                handle
                    .change(|w| {
                        if replaces {
                            w.remove_pack(&format!("Pack {title}"));
                        }
                        assert!(w.import_tags(vec![("pack.yaml".into(), bytes)]).refused.is_empty());
                        w.catch_up();
                        Ok::<_, ChangeError>(())
                    })
                    .unwrap();
            }
            let now = handle.snapshot();
            waited += usize::from(now.exposures_as_of().is_some());
            check(&now, dir.path(), &what);
            if history.random().permille(200) {
                held.push((now.clone(), files(&now.exposures, dir.path())));
            }
            // Sooner or later newer tags are worked in without anything else coming.
            if history.random().permille(300) {
                let began = Instant::now();
                while handle.snapshot().exposures_as_of().is_some() {
                    assert!(began.elapsed() < Duration::from_secs(60), "{what}: exposures are never made");
                    std::thread::sleep(Duration::from_millis(2));
                }
                check(&handle.snapshot(), dir.path(), &what);
            }
            if history.random().permille(150) {
                // Stopped, or killed between two checkpoints.
                if history.random().permille(500) {
                    handle.checkpoint().unwrap();
                }
                let tags = handle.snapshot().tags.clone();
                drop((now, handle));
                held.clear();
                let opened = Instant::now();
                let workspace = loop {
                    // A thread that makes exposures holds the workspace a moment longer.
                    match Workspace::open_for_writing(&store) {
                        Ok(workspace) => break workspace,
                        Err(e) => assert!(opened.elapsed() < Duration::from_secs(60), "{e}"),
                    }
                };
                assert!(workspace.tags.iter().eq(tags.iter()), "{what}: tags are durable");
                handle = ChainHandle::with_patience(workspace, 4);
                listen(&handle);
                check(&handle.snapshot(), dir.path(), &format!("{what}, opened"));
            }
        }
        for (snapshot, bytes) in held {
            assert!(files(&snapshot.exposures, dir.path()) == bytes, "a snapshot stays");
        }
    }
    assert!(waited > 5 && made.load(Ordering::SeqCst) > 5, "{waited} times tags waited, {made:?} times made");
}

/// Exposure and category of every address, and where the money of every transaction comes from.
fn facts(now: &Snapshot) -> (Vec<(Exposure, Category)>, Vec<Exposure>) {
    let counts = now.ledger.counts();
    let of_address = |n| (now.exposures.of_address(&now.ledger, n), now.entities.category(n));
    let of_tx = |tx| {
        let mut exposure = now.exposures.of_tx(&now.ledger, tx);
        exposure.destination = Totals::default();
        exposure
    };
    ((0..counts.addresses).map(of_address).collect(), (0..counts.txs).map(of_tx).collect())
}

/// Whatever changed of an address or transaction is listed as touched, and little else is.
#[test]
fn what_changes_is_touched() {
    let (mut whole, mut listed, mut changed, mut all) = (0, 0, 0, 0);
    for seed in 60..66 {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::new(seed);
        let mut workspace = Workspace::create_or_open(dir.path(), Network::Regtest).unwrap();
        append(&mut workspace, &(0..10).map(|_| history.block(8)).collect::<Vec<_>>());
        workspace.refresh().unwrap();
        let handle = ChainHandle::new(workspace);
        assert!(handle.take_touched().is_whole, "what others did before is not known");
        assert_eq!(handle.take_touched(), Touched::default(), "it is taken once");
        for step in 0..30 {
            let what = format!("seed {seed}, step {step}");
            let before = handle.snapshot();
            if history.random().permille(500) {
                let from = history.random().permille(100).then(|| history.fork(2));
                let block = history.block(8);
                let change = |w: &mut Workspace| {
                    if let Some(height) = from {
                        w.ledger.truncate(height).unwrap();
                    }
                    append(w, std::slice::from_ref(&block));
                    w.catch_up();
                    Ok::<_, ChangeError>(())
                };
                handle.append(change).unwrap();
                let touched = handle.take_touched();
                assert!(from.is_none() || touched.is_whole, "{what}: a reorganization touches everything");
                whole += usize::from(touched.is_whole);
                if touched.is_whole {
                    continue;
                }
                check_touched(&before, &handle.snapshot(), &touched, &what);
            } else {
                let title = history.random().below(3) as usize;
                let (bytes, removes) = (pack(&mut history, &before, title), history.random().permille(400));
                let change = |w: &mut Workspace| {
                    match removes {
                        true => drop(w.remove_pack(&format!("Pack {title}"))),
                        false => assert!(w.import_tags(vec![("pack.yaml".into(), bytes)]).refused.is_empty()),
                    }
                    w.catch_up();
                    Ok::<_, ChangeError>(())
                };
                handle.change(change).unwrap();
                let touched = handle.take_touched();
                whole += usize::from(touched.is_whole);
                if !touched.is_whole {
                    changed += check_touched(&before, &handle.snapshot(), &touched, &what);
                    listed += touched.addresses.len() + touched.txs.len();
                    all += before.ledger.counts().addresses as usize + before.ledger.counts().txs as usize;
                }
            }
        }
    }
    assert!(whole < 40, "{whole} of 180 times everything was touched");
    assert!(
        changed > 100 && listed < 4 * changed && listed < all / 2,
        "{changed} changed, {listed} listed, {all} in all"
    );
}

/// Checks that whatever differs is listed; gives how much differs.
fn check_touched(before: &Snapshot, after: &Snapshot, touched: &Touched, what: &str) -> usize {
    let (old, new) = (facts(before), facts(after));
    let mut differing = 0;
    for (n, (a, b)) in (0u32..).zip(old.0.iter().zip(&new.0)).filter(|(_, (a, b))| a != b) {
        let address = Address::Script(after.ledger.address(n)).to_string();
        assert!(touched.addresses.contains(&address), "{what}: {address} was {a:?}, is {b:?}");
        differing += 1;
    }
    let known = before.ledger.counts().txs;
    for (tx, exposure) in (0u32..).zip(&new.1) {
        if tx >= known || old.1[tx as usize] != *exposure {
            assert!(touched.txs.contains(&after.ledger.txid_text(tx)), "{what}: transaction {tx}");
            differing += 1;
        }
    }
    differing
}

/// Changes queue up to a bound, then they are refused in words; readers do not notice.
#[test]
fn too_many_changes_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let handle = ChainHandle::new(Workspace::create_or_open(dir.path(), Network::Regtest).unwrap());
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (go, may_go) = std::sync::mpsc::channel::<()>();
    let ran = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (handle, ran) = (&handle, &ran);
        scope.spawn(move || {
            handle.change(|_| {
                begun.send(()).unwrap();
                may_go.recv().unwrap();
                Ok::<_, ChangeError>(())
            })
        });
        has_begun.recv().unwrap();
        let count = || {
            handle.change(|_| {
                ran.fetch_add(1, Ordering::SeqCst);
                Ok::<_, ChangeError>(())
            })
        };
        let waiting: Vec<_> = (0..MAX_WAITING + 5).map(|_| scope.spawn(count)).collect();
        let began = Instant::now();
        while waiting.iter().filter(|thread| thread.is_finished()).count() < 5 {
            assert!(began.elapsed() < Duration::from_secs(60), "nobody is refused");
            std::thread::sleep(Duration::from_millis(2));
        }
        assert_eq!(handle.snapshot().summary().blocks, 0);
        go.send(()).unwrap();
        let answers: Vec<_> = waiting.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(answers.iter().filter(|a| matches!(a, Err(ChangeError::Busy))).count(), 5);
    });
    assert_eq!(ran.load(Ordering::SeqCst), MAX_WAITING);
    assert_eq!(ChangeError::Busy.kind().code(), "busy");
    handle.change(|_| Ok::<_, ChangeError>(())).unwrap();
}
