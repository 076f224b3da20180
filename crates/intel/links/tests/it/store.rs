//! The store: any batches and reorganizations give the same bytes, damage is named, a kill loses nothing that was committed.

use holdfast_links::{
    BlockRecords, BridgeSide, Certainty, Direction, End, Evidence, Link, LinkError, LinkKind, MixerMove, Moved, Place,
    Protocol, Record, Records, Rule, Store,
};
use holdfast_types::{AccountId, Amount, ChainId, Position, TokenRef, TransferKind};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const FILES: [&str; 4] = ["blocks", "records", "records.bytes", "keys"];
const CHILD: &str = "LINKS_CHILD";

/// Numbers that look random and are the same each time (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

fn chain() -> ChainId {
    ChainId::parse("eip155:1").unwrap()
}

fn account(n: u64) -> AccountId {
    let mut bytes = [7; 20];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    AccountId::evm(bytes)
}

fn record(random: &mut Random, place: Place) -> Record {
    let mut end = || End {
        place,
        account: account(random.below(9)),
        token: TokenRef::Fungible(account(random.below(3))),
        amount: Amount::from(random.below(1_000)),
        transfers: vec![Moved {
            position: Position::Log(u32::try_from(random.below(90)).unwrap(), 0),
            kind: TransferKind::Token,
        }],
    };
    let (out, into) = (end(), end());
    match random.below(3) {
        0 => {
            let evidence = Evidence { rule: Rule::UniswapV2, message: None, logs: vec![1, 2] };
            Record::Link(Link { kind: LinkKind::Swap, out, into, evidence, certainty: Certainty::Event })
        }
        1 => {
            let mut message = [0; 32];
            message[31] = u8::try_from(random.below(200)).unwrap();
            Record::Bridge(BridgeSide {
                protocol: Protocol::Nomad,
                direction: if random.below(2) == 0 { Direction::In } else { Direction::Out },
                message: (random.below(5) > 0).then_some(message),
                time: place.height,
                beneficiary: into.account,
                end: out,
                asset: None,
                remote: None,
                log: 4,
                stated: None,
                destination: None,
            })
        }
        _ => Record::Mixer(MixerMove {
            mixer: account(100 + random.below(2)),
            direction: Direction::In,
            time: place.height,
            payer: out.account,
            end: out,
            fee: Amount::ZERO,
            gas_price: Amount::from(5u64),
            log: 2,
        }),
    }
}

/// A chain of blocks from a height on; what a branch has is its own.
fn blocks(seed: u64, from: u64, parent: Option<&BlockRecords>, count: u64) -> Vec<BlockRecords> {
    let mut random = Random(seed);
    let mut parent = parent.map_or([0; 32], |block| block.hash);
    let mut blocks = Vec::new();
    for height in from..from + count {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&seed.to_be_bytes());
        hash[8..16].copy_from_slice(&height.to_be_bytes());
        let mut txs: Vec<u32> = (0..random.below(6)).map(|_| u32::try_from(random.below(20)).unwrap()).collect();
        txs.sort_unstable();
        let records = txs.into_iter().map(|tx| record(&mut random, Place { height, tx })).collect();
        blocks.push(BlockRecords { height, hash, parent, time: height * 12, records });
        parent = hash;
    }
    blocks
}

/// Compares every look-up with a search through all blocks.
fn compare(store: &Store, blocks: &[BlockRecords]) {
    let all: Vec<&Record> = blocks.iter().flat_map(|b| &b.records).collect();
    let mut read = Vec::new();
    store
        .for_each(&mut |_, record| {
            read.push(record);
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    assert!(read.iter().eq(all.iter().copied()));
    assert_eq!(store.tip().unwrap(), blocks.last().map(|b| (b.height, b.hash)));
    let numbered: Vec<(u64, &Record)> = (0..).zip(all).collect();
    for place in numbered.iter().map(|(_, r)| r.place()).collect::<BTreeSet<_>>() {
        let expected: Vec<_> = numbered.iter().filter(|(_, r)| r.place() == place).collect();
        let found = store.of_transaction(place).unwrap();
        assert!(found.iter().map(|(n, r)| (*n, r)).eq(expected.iter().map(|(n, r)| (*n, *r))));
        for (_, record) in &expected {
            for moved in record.transfers() {
                let found = store.of_transfer(place, moved).unwrap();
                let expected = expected.iter().filter(|(_, r)| r.transfers().any(|m| m == moved)).count();
                assert_eq!(found.len(), expected);
            }
        }
    }
    let side = |r: &Record| if let Record::Bridge(side) = r { Some(side.clone()) } else { None };
    let sides: Vec<_> = numbered.iter().filter_map(|(n, r)| Some((*n, side(r)?))).collect();
    for (_, one) in &sides {
        if let Some(message) = &one.message {
            let expected: Vec<_> = sides
                .iter()
                .filter(|(_, s)| (s.message, s.direction) == (one.message, one.direction))
                .cloned()
                .collect();
            assert_eq!(store.of_message(Protocol::Nomad, one.direction, message).unwrap(), expected);
        }
        let expected: Vec<_> = sides
            .iter()
            .filter(|(_, s)| (s.beneficiary, s.direction) == (one.beneficiary, one.direction))
            .cloned()
            .collect();
        let found = store.of_beneficiary(one.direction, &one.beneficiary, usize::MAX).unwrap();
        assert_eq!(found, (expected.clone(), false));
        let last = store.of_beneficiary(one.direction, &one.beneficiary, 1).unwrap();
        assert_eq!(last, (expected.last().cloned().into_iter().collect(), expected.len() > 1));
    }
    for mixer in [account(100), account(101)] {
        let moved =
            |r: &&Record| if let Record::Mixer(m) = r { Some(m.clone()).filter(|m| m.mixer == mixer) } else { None };
        let expected: Vec<_> = numbered.iter().filter_map(|(_, r)| moved(r)).collect();
        let end = Place { height: u64::MAX, tx: u32::MAX };
        assert_eq!(store.of_mixer(&mixer, end, usize::MAX).unwrap(), (expected.clone(), false));
        // Up to a transaction, the last of those before it, however many follow.
        for (n, moved) in expected.iter().enumerate() {
            let upto = moved.end.place;
            let before = expected.iter().filter(|m| m.end.place <= upto).cloned().collect::<Vec<_>>();
            let most = n.min(2) + 1;
            let (found, is_cut) = store.of_mixer(&mixer, upto, most).unwrap();
            assert_eq!(found, before[before.len().saturating_sub(most)..]);
            assert!(is_cut || before.len() <= most);
        }
    }
    let none = store.of_message(Protocol::Ronin, Direction::In, &[9; 32]).unwrap();
    assert!(none.is_empty() && store.of_transaction(Place { height: 1 << 40, tx: 0 }).unwrap().is_empty());
}

fn contents(dir: &Path, store: &Store) -> Vec<Vec<u8>> {
    let counts = store.counts();
    let lengths = [counts.blocks * 64, counts.records * 24, counts.bytes, counts.keys * 24];
    let read = |(name, length): (&str, u64)| {
        let mut bytes = std::fs::read(dir.join(name)).unwrap();
        bytes.truncate(usize::try_from(length).unwrap());
        bytes
    };
    FILES.into_iter().zip(lengths).map(read).collect()
}

#[test]
fn any_batches_and_reorganizations_give_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let whole = blocks(1, 500, None, 120);
    let (path, at_once) = (dir.path().join("a"), dir.path().join("b"));
    let mut undisturbed = Store::create_or_open(&at_once, &chain()).unwrap();
    undisturbed.append(&whole).unwrap();
    compare(&undisturbed, &whole);
    let mut random = Random(9);
    let mut store = Store::create_or_open(&path, &chain()).unwrap();
    let mut at = 0;
    while at < whole.len() {
        let end = (at + 1 + usize::try_from(random.below(9)).unwrap()).min(whole.len());
        store.append(&whole[at..end]).unwrap();
        at = end;
        if random.below(3) == 0 {
            // Another branch comes and goes.
            let snapshot = store.snapshot();
            let back = (1 + usize::try_from(random.below(5)).unwrap()).min(at - 1);
            assert_eq!(store.truncate(whole[at - 1].height + 1 - back as u64).unwrap(), back as u64);
            let stay = at - back;
            let branch = blocks(
                50 + random.below(1_000),
                whole[stay - 1].height + 1,
                Some(&whole[stay - 1]),
                1 + random.below(8),
            );
            store.append(&branch).unwrap();
            let mut expected = whole[..stay].to_vec();
            expected.extend(branch);
            compare(&store, &expected);
            // What somebody holds does not change.
            compare(&snapshot, &whole[..at]);
            store.truncate(whole[stay - 1].height + 1).unwrap();
            store.append(&whole[stay..at]).unwrap();
        }
        if random.below(4) == 0 {
            drop(store);
            store = Store::create_or_open(&path, &chain()).unwrap();
        }
    }
    compare(&store, &whole);
    assert_eq!(contents(&path, &store), contents(&at_once, &undisturbed));
    assert!(store.check().unwrap().is_empty());
    assert_eq!(store.truncate(0).unwrap(), 120);
    assert!(store.tip().unwrap().is_none() && store.first_height().is_none());
    store.append(&blocks(3, 7, None, 2)).unwrap();
    assert_eq!(store.first_height(), Some(7));
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let whole = blocks(1, 5, None, 20);
    let mut store = Store::create_or_open(dir.path(), &chain()).unwrap();
    store.append(&whole[..10]).unwrap();
    assert!(matches!(store.append(&whole[11..]), Err(LinkError::NotNext { height: 16, .. })));
    let other = blocks(2, 15, None, 1);
    assert!(matches!(store.append(&other), Err(LinkError::NotNext { height: 15, .. })));
    let mut disordered = whole[10].clone();
    disordered.records =
        vec![record(&mut Random(1), Place { height: 15, tx: 5 }), record(&mut Random(1), Place { height: 15, tx: 4 })];
    assert!(matches!(store.append(&[disordered]), Err(LinkError::Block { height: 15, .. })));
    assert!(matches!(Store::create_or_open(dir.path(), &chain()), Err(LinkError::Locked(_))));
    compare(&store, &whole[..10]);
    let mut reader = Store::open(dir.path()).unwrap();
    assert!(matches!(reader.append(&whole[10..]), Err(LinkError::ReadOnly)));
    assert!(matches!(reader.truncate(0), Err(LinkError::ReadOnly)));
    drop(store);
    let tron = ChainId::parse("tron:mainnet").unwrap();
    assert!(matches!(Store::create_or_open(dir.path(), &tron), Err(LinkError::Chain { .. })));
    assert!(matches!(Store::open(&dir.path().join("none")), Err(LinkError::Missing(_))));
}

#[test]
fn every_flipped_byte_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::create_or_open(dir.path(), &chain()).unwrap();
    store.append(&blocks(1, 5, None, 12)).unwrap();
    assert!(store.check().unwrap().is_empty());
    drop(store);
    let mut random = Random(3);
    for file in FILES {
        let bytes = std::fs::read(dir.path().join(file)).unwrap();
        for _ in 0..40 {
            let place = usize::try_from(random.below(bytes.len() as u64)).unwrap();
            let mut changed = bytes.clone();
            changed[place] ^= 1 << random.below(8);
            std::fs::write(dir.path().join(file), &changed).unwrap();
            let store = Store::open(dir.path()).unwrap();
            let damage = store.check().unwrap();
            assert!(
                damage.iter().any(|d| matches!(d, LinkError::Damaged { file: name, .. } if *name == file)),
                "{file} {place}"
            );
            // Look-ups answer or fail; they do not panic.
            for n in 0..9 {
                let _ = store.of_beneficiary(Direction::In, &account(n), 10);
            }
            let _ = store.of_transaction(Place { height: 9, tx: 3 });
            let _ = (store.tip(), store.times());
        }
        std::fs::write(dir.path().join(file), &bytes[..bytes.len() - 1]).unwrap();
        assert!(matches!(Store::open(dir.path()), Err(LinkError::Io(..))));
        std::fs::write(dir.path().join(file), bytes).unwrap();
    }
    let manifest = std::fs::read_to_string(dir.path().join("MANIFEST")).unwrap();
    std::fs::write(dir.path().join("MANIFEST"), manifest.replace("eip155:1", "eip155:2")).unwrap();
    assert!(matches!(Store::open(dir.path()), Err(LinkError::Manifest(..))));
}

/// A key that is another one is found even where the checksums say nothing: keys are made anew from the records.
#[test]
fn a_key_that_is_not_its_record_s_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::create_or_open(dir.path(), &chain()).unwrap();
    store.append(&blocks(1, 5, None, 12)).unwrap();
    drop(store);
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("checksums-") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let path = dir.path().join("keys");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[24 + 3] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let damage = Store::open(dir.path()).unwrap().check().unwrap();
    let is_it = |d: &LinkError| matches!(d, LinkError::Damaged { file: "keys", row: 1, .. });
    assert!(damage.iter().any(is_it), "{damage:?}");
    assert!(damage.iter().any(|d| d.to_string().contains("checksums are missing")), "{damage:?}");
}

#[test]
fn what_an_earlier_version_found_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    let whole = blocks(1, 500, None, 20);
    Store::create_or_open(path, &chain()).unwrap().append(&whole).unwrap();
    let set_format = |format: u32| {
        let text = std::fs::read_to_string(path.join("MANIFEST")).unwrap();
        let mut manifest: serde_json::Value = serde_json::from_str(text.split_once('\n').unwrap().1).unwrap();
        manifest["format"] = format.into();
        let json = manifest.to_string();
        let sum = hex::encode(holdfast_types::hash::sha256(json.as_bytes()));
        std::fs::write(path.join("MANIFEST"), format!("{sum}\n{json}")).unwrap();
    };
    set_format(1);
    let read = Store::open(path).unwrap();
    assert_eq!((read.tip().unwrap(), read.counts().records), (None, 0), "nothing that it found counts");
    let mut store = Store::create_or_open(path, &chain()).unwrap();
    assert_eq!((store.tip().unwrap(), store.first_height()), (None, None));
    assert!(store.check().unwrap().is_empty());
    store.append(&whole[5..]).unwrap();
    drop(store);
    let store = Store::open(path).unwrap();
    assert_eq!(store.first_height(), Some(505));
    assert!(store.check().unwrap().is_empty());
    compare(&store, &whole[5..]);
    set_format(u32::MAX);
    assert!(matches!(Store::open(path), Err(LinkError::Format(..))), "a later one is not written over");
    assert!(matches!(Store::create_or_open(path, &chain()), Err(LinkError::Format(..))));
}

/// What is killed: run by the test below in a process of its own, and nothing otherwise.
#[test]
fn child() {
    let Ok(dir) = std::env::var(CHILD) else { return };
    let whole = blocks(1, 500, None, 400);
    let mut store = Store::create_or_open(Path::new(&dir), &chain()).unwrap();
    let tip = store.tip().unwrap().map_or(500, |(height, _)| height.saturating_sub(4).max(500));
    store.truncate(tip).unwrap();
    let mut at = usize::try_from(store.counts().blocks).unwrap();
    while at < whole.len() {
        let end = (at + 3).min(whole.len());
        store.append(&whole[at..end]).unwrap();
        at = end;
    }
}

#[test]
fn a_kill_loses_nothing_that_was_committed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("links");
    let whole = blocks(1, 500, None, 400);
    let mut random = Random(u64::from(std::process::id()));
    let (mut kills, mut last) = (0, 0u64);
    for _ in 0..30 {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "store::child"]).env(CHILD, &path).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(random.below(if kills < 4 { 40 } else { 250 })));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            break;
        }
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        kills += 1;
        if !path.join("MANIFEST").exists() {
            continue; // killed before the store was made
        }
        let store = Store::open(&path).unwrap();
        assert!(store.check().unwrap().is_empty());
        let stored = store.counts().blocks;
        assert!(stored + 5 >= last, "committed blocks were lost: {stored} after {last}");
        last = stored;
        compare(&store, &whole[..usize::try_from(stored).unwrap()]);
    }
    println!("{kills} kills");
    let mut store = Store::create_or_open(&path, &chain()).unwrap();
    let stored = usize::try_from(store.counts().blocks).unwrap();
    store.append(&whole[stored..]).unwrap();
    compare(&store, &whole);
    let at_once = dir.path().join("whole");
    let mut undisturbed = Store::create_or_open(&at_once, &chain()).unwrap();
    undisturbed.append(&whole).unwrap();
    assert_eq!(contents(&path, &store), contents(&at_once, &undisturbed));
}
