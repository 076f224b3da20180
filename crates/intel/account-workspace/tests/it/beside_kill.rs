//! Random appends, cuts and kills leave the ledger, its links, its signals and its clusters at the same block.

use holdfast_account_feed::ReadBlock;
use holdfast_account_ledger::{AppendOptions, Settings};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_account_workspace::beside::LinkedBlock;
use holdfast_links::{BlockRecords, Direction, End, MixerMove, Moved, Place, Record, Records};
use holdfast_types::{
    AccountId, Amount, BlockTransfers, ChainId, Commitment, Hash32, Position, Signal, TokenRef, TransactionTransfers,
    Transfer, TransferKind,
};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const CHILD: &str = "BESIDE_CHILD";

/// Numbers that look random (splitmix64).
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

fn account(n: u64) -> AccountId {
    AccountId::evm([u8::try_from(n).unwrap(); 20])
}

fn hash(kind: u8, height: u64, fork: u64, tx: u32) -> Hash32 {
    let mut hash = [kind; 32];
    hash[..8].copy_from_slice(&height.to_be_bytes());
    hash[8..16].copy_from_slice(&fork.to_be_bytes());
    hash[16..20].copy_from_slice(&tx.to_be_bytes());
    hash
}

/// A block whose contents follow from height and fork.
fn block(height: u64, fork: u64, parent: Hash32) -> LinkedBlock {
    let mut random = Random(height << 32 | fork);
    let (mut transactions, mut records) = (Vec::new(), Vec::new());
    for index in 0..u32::try_from(random.below(4)).unwrap() {
        let (from, to) = (account(1 + random.below(20)), account(30 + random.below(20)));
        let amount = Amount::from(1 + random.below(1_000));
        let position = Position::Transaction;
        let kind = TransferKind::Value;
        let transfer = Transfer {
            token: TokenRef::Native,
            from: Some(from),
            to: Some(to),
            amount,
            kind,
            position,
            commitment: Commitment::Root,
        };
        let contract = account(60 + random.below(9));
        let signals = vec![Signal::MalformedLog { contract, position }; usize::try_from(random.below(3)).unwrap()];
        transactions.push(TransactionTransfers {
            hash: hash(2, height, fork, index),
            index,
            payer: from,
            to: Some(to),
            success: true,
            fee: Amount::ZERO,
            method: None,
            transfers: vec![transfer],
            signals,
        });
        if random.below(2) == 0 {
            let place = Place { height, tx: index };
            let transfers = vec![Moved { position, kind }];
            records.push(Record::Mixer(MixerMove {
                mixer: to,
                direction: Direction::In,
                time: 12 * height,
                end: End { place, account: from, token: TokenRef::Native, amount, transfers },
                payer: from,
                fee: Amount::ZERO,
                gas_price: Amount::ZERO,
                log: index,
            }));
        }
    }
    let (hash, time) = (hash(1, height, fork, 0), 12 * height);
    let chain = chain();
    let found = BlockRecords { height, hash, parent, time, records };
    let (block_level, internal_known) = (Vec::new(), true);
    let transfers = BlockTransfers { chain, height, hash, parent, time, transactions, block_level, internal_known };
    ReadBlock { transfers, found }
}

fn chain() -> ChainId {
    ChainId::parse("eip155:1").unwrap()
}

fn opened(store: &Path) -> AccountWorkspace {
    let settings = Settings { finality_blocks: 1_000_000, ..Settings::new(chain()) };
    AccountWorkspace::create_or_open(store, &settings, Arc::default()).unwrap()
}

/// Appends up to six blocks of a fork.
fn append(workspace: &mut AccountWorkspace, random: &mut Random) {
    let tip = workspace.ledger.tip().unwrap();
    let (mut height, mut parent) = tip.map_or((100, [0; 32]), |tip| (tip.height + 1, tip.hash));
    let mut blocks = Vec::new();
    for _ in 0..=random.below(6) {
        let next = block(height, random.below(1_000), parent);
        (height, parent) = (height + 1, next.transfers.hash);
        blocks.push(next);
    }
    let options = AppendOptions { batch: 1 + random.below(8), ..AppendOptions::default() };
    workspace.append(&mut blocks.into_iter(), &options).unwrap();
}

fn act(workspace: &mut AccountWorkspace, random: &mut Random) {
    match random.below(8) {
        0..5 => append(workspace, random),
        5 | 6 => {
            let tip = workspace.ledger.tip().unwrap().map_or(100, |tip| tip.height);
            workspace.truncate(tip.saturating_sub(random.below(5)), true).unwrap();
        }
        _ => {
            workspace.update_who();
            workspace.save_who();
        }
    }
}

/// Asserts that everything is of the ledger's blocks, and of all of them.
fn in_step(workspace: &AccountWorkspace) {
    let tip = workspace.ledger.tip().unwrap().map(|tip| (tip.height, tip.hash));
    assert_eq!(workspace.links().tip().unwrap(), tip, "links");
    assert_eq!(workspace.signals().tip().unwrap(), tip, "signals");
    assert_eq!(workspace.clusters().height(), tip.map(|(height, _)| height), "clusters");
    let first = workspace.ledger.first().unwrap().map(|first| first.height);
    assert_eq!((workspace.links().first_height(), workspace.signals().first_height()), (first, first));
    let mut expected = Vec::new();
    let mut expected_signals = Vec::new();
    for number in 0..workspace.ledger.counts().blocks {
        let stored = workspace.ledger.block(number).unwrap();
        let fork = u64::from_be_bytes(stored.hash[8..16].try_into().unwrap());
        let block = block(stored.height, fork, [0; 32]);
        expected.extend(block.found.records);
        expected_signals.extend(block.transfers.transactions.into_iter().flat_map(|t| t.signals));
    }
    let (mut links, mut signals) = (Vec::new(), Vec::new());
    let mut each = |_, record| {
        links.push(record);
        Ok(ControlFlow::Continue(()))
    };
    workspace.links().for_each(&mut each).unwrap();
    let mut each = |placed: holdfast_account_attribution::PlacedSignal| {
        signals.push(placed.signal);
        ControlFlow::Continue(())
    };
    workspace.signals().for_each_in(0..u64::MAX, &mut each).unwrap();
    assert!(links == expected && signals == expected_signals);
    assert!(workspace.links().check().unwrap().is_empty() && workspace.signals().check().unwrap().is_empty());
}

#[test]
fn random_appends_and_cuts_leave_all_at_the_same_block() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = Random(5);
    let mut workspace = opened(dir.path());
    for step in 0..60 {
        act(&mut workspace, &mut random);
        if step % 5 == 0 {
            workspace.update_who();
            in_step(&workspace);
            in_step(&workspace.snapshot());
            in_step(&AccountWorkspace::open(dir.path(), &chain(), Arc::default()).unwrap());
        }
        if random.below(6) == 0 {
            drop(workspace);
            workspace = opened(dir.path());
        }
    }
    let report = workspace.ledger.check(&mut |_, _| ControlFlow::Continue(())).unwrap();
    assert!(report.is_clean(), "{report:?}");
}

/// What is killed: run by the test below in a process of its own, and nothing otherwise.
#[test]
fn child() {
    let Ok(dir) = std::env::var(CHILD) else { return };
    let (dir, seed) = dir.rsplit_once('|').unwrap();
    let mut random = Random(seed.parse().unwrap());
    let mut workspace = opened(Path::new(dir));
    loop {
        act(&mut workspace, &mut random);
    }
}

#[test]
fn a_kill_at_any_moment_leaves_all_at_the_same_block() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let mut random = Random(u64::from(std::process::id()));
    let mut seen = 0;
    for seed in 0..14u64 {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "beside_kill::child"]).env(CHILD, format!("{}|{seed}", store.display()));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(20 + random.below(200)));
        assert!(child.try_wait().unwrap().is_none(), "the child appends until it is killed");
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        if AccountWorkspace::chains_of(&store).unwrap().is_empty() {
            continue; // killed before the ledger was made
        }
        in_step(&AccountWorkspace::open(&store, &chain(), Arc::default()).unwrap());
        in_step(&opened(&store));
        seen += usize::from(opened(&store).ledger.tip().unwrap().is_some());
    }
    assert!(seen > 3, "{seen} kills hit an append");
}
