//! A simulated ledger with its truth.

use holdfast_attribution::Coinjoin;
use holdfast_attribution::accuracy::Truth;
use holdfast_bitcoin::{Block, Network};
use holdfast_simulate::{Economy, Options, SimBlock, TxKind};
use holdfast_utxo_ledger::{AppendOptions, Ledger, MemoryBlock, MemoryFeed};
use std::ops::ControlFlow;

pub struct Simulated {
    /// Removed when dropped.
    pub _dir: tempfile::TempDir,
    pub ledger: Ledger,
    pub truth: Truth,
}

pub fn blocks(economy: &mut Economy) -> Vec<SimBlock> {
    std::iter::from_fn(|| economy.next_block()).collect()
}

pub fn memory(blocks: &[SimBlock]) -> MemoryFeed {
    let parse =
        |b: &SimBlock| MemoryBlock { height: b.height, block: Block::parse(b.bytes.clone()).unwrap(), spent: None };
    MemoryFeed(blocks.iter().map(parse).collect())
}

pub fn append(ledger: &mut Ledger, feed: &MemoryFeed) {
    ledger.append(feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
}

pub fn coinjoin(kind: TxKind) -> Option<Coinjoin> {
    match kind {
        TxKind::CoinjoinWasabi1 => Some(Coinjoin::Wasabi1),
        TxKind::CoinjoinWasabi2 => Some(Coinjoin::Wasabi2),
        TxKind::CoinjoinWhirlpool => Some(Coinjoin::Whirlpool),
        TxKind::CoinjoinJoinmarket => Some(Coinjoin::Joinmarket),
        _ => None,
    }
}

pub fn simulated(seed: u64, txs: u64) -> Simulated {
    let mut economy = Economy::new(Options { seed, txs }).unwrap();
    let blocks = blocks(&mut economy);
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create_or_open(dir.path(), Network::Regtest).unwrap();
    append(&mut ledger, &memory(&blocks));
    let mut truth = Truth { owner: vec![u32::MAX; ledger.counts().addresses as usize], ..Truth::default() };
    for tx in blocks.iter().flat_map(|b| &b.truth) {
        truth.change.push(tx.change);
        truth.coinjoin.push(coinjoin(tx.kind));
        for (owner, address) in tx.owners.iter().zip(&tx.addresses) {
            if let (Some(owner), Some(address)) = (owner, address) {
                truth.owner[ledger.address_number(address).unwrap() as usize] = *owner;
            }
        }
    }
    Simulated { _dir: dir, ledger, truth }
}
