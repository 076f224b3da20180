//! What a followed block costs beside its own size, and what changed tags and a reorganization cost, against making everything anew.

use crate::chain::{Add, timed};
use anyhow::Context;
use holdfast_analysis::Exposures;
use holdfast_attribution::{Clusters, Entities};
use holdfast_bitcoin::{Block, Network};
use holdfast_simulate::hand::HandChain;
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use holdfast_workspace::{ChainHandle, ChangeError, Workspace, WorkspaceError};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

/// Blocks at the tip that are taken off and followed again.
const BLOCKS: u32 = 20;
/// Old addresses that get a tag, one after the other.
const TAGS: u32 = 20;
/// Blocks that a reorganization removes.
const REMOVED: u32 = 3;

/// The middle and the longest of times, in milliseconds.
fn spread(times: &mut [f64]) -> (f64, f64) {
    times.sort_unstable_by(f64::total_cmp);
    (times[times.len() / 2] * 1e3, times[times.len() - 1] * 1e3)
}

fn append(w: &mut Workspace, blocks: Vec<MemoryBlock>) -> Result<(f64, f64), ChangeError> {
    let feed = MemoryFeed(blocks);
    let mut go_on = |_| ControlFlow::Continue(());
    let (appended, ledger) = timed(|| w.ledger.append(&feed, &AppendOptions::default(), &mut go_on));
    appended.map_err(WorkspaceError::from)?;
    Ok((ledger, timed(|| w.catch_up()).1))
}

fn stored(workspace: &Workspace, number: u32) -> anyhow::Result<MemoryBlock> {
    let height = workspace.ledger.block(number).height;
    Ok(MemoryBlock { height, block: workspace.ledger.raw_block(number)?, spent: None })
}

/// What followed blocks took, in seconds each.
#[derive(Default)]
struct Followed {
    ledger: Vec<f64>,
    derived: Vec<f64>,
    whole: Vec<f64>,
}

impl Followed {
    fn follow(&mut self, chain: &ChainHandle, block: MemoryBlock) -> anyhow::Result<()> {
        let (parts, all) = timed(|| chain.append(|w| append(w, vec![block])));
        let (ledger, derived) = parts?;
        self.ledger.push(ledger);
        self.derived.push(derived);
        self.whole.push(all);
        Ok(())
    }
}

/// Waits until no exposures wait or are made, so that what follows has the machine for itself; returns how long.
fn rest(chain: &ChainHandle) -> f64 {
    timed(|| {
        while chain.snapshot().exposures_as_of().is_some() {
            std::thread::sleep(Duration::from_millis(1));
        }
    })
    .1
}

/// Blocks after the tip with a coinbase and nothing else: what a block costs beside its own size.
fn empty_blocks(chain: &ChainHandle) -> anyhow::Result<Vec<MemoryBlock>> {
    let tip = chain.snapshot().ledger.tip().context("an empty ledger")?;
    let mut made = HandChain::after(Network::Regtest, tip.height, tip.hash.to_bytes());
    let blocks = (0..BLOCKS).map(|_| {
        let (height, bytes) = made.add(&[]);
        anyhow::Ok(MemoryBlock { height, block: Block::parse(bytes)?, spent: None })
    });
    blocks.collect()
}

/// Follows the last blocks of the ledger in `dir` again, one by one, with and without other work beside them, then blocks without transactions of their
/// own; then old addresses are tagged, then blocks are exchanged.
pub(crate) fn following(dir: &Path, tagpack: &str, add: Add<'_>) -> anyhow::Result<()> {
    let mut workspace = Workspace::open_for_writing(dir)?;
    workspace.import_tags(vec![("tags.yaml".into(), tagpack.as_bytes().to_vec())]);
    let blocks = workspace.ledger.counts().blocks;
    let first = blocks.checked_sub(BLOCKS).context("fewer blocks than are followed; simulate more transactions")?;
    let last_blocks = |workspace: &Workspace| -> anyhow::Result<Vec<MemoryBlock>> {
        (first..blocks).map(|n| stored(workspace, n)).collect()
    };
    let blocks = last_blocks(&workspace)?;
    let again = last_blocks(&workspace)?;
    let (height, txs) = (blocks[0].height, blocks.iter().map(|b| b.block.txs.len()).sum::<usize>());
    workspace.ledger.truncate(height)?;
    workspace.refresh()?;
    let chain = ChainHandle::new(workspace);
    let (_, prepared) = timed(|| chain.prepare());
    add("copies that following starts with", prepared * 1e3, "ms", "once, before the first block".into());
    // One after the other while exposures are made anew beside them.
    let mut busy = Followed::default();
    blocks.into_iter().try_for_each(|block| busy.follow(&chain, block))?;
    chain.append(|w| {
        w.ledger.truncate(height).map_err(WorkspaceError::from)?;
        w.catch_up();
        Ok::<_, ChangeError>(())
    })?;
    // Each when nothing else is under way.
    let mut alone = Followed::default();
    for block in again {
        rest(&chain);
        alone.follow(&chain, block)?;
    }
    rest(&chain);
    let mut empty = Followed::default();
    for block in empty_blocks(&chain)? {
        rest(&chain);
        empty.follow(&chain, block)?;
    }
    let now = chain.snapshot();
    let (_, anew) = timed(|| {
        let clusters = Clusters::build(&now.ledger, now.clusters.options().clone());
        let entities = Entities::build(&now.ledger, &clusters, &now.tags);
        Exposures::build(&now.ledger, entities.categories())
    });
    drop(now);
    report(&mut [alone, busy, empty], anew, txs, add);
    tagged(&chain, add)?;
    reorganized(&chain, add)
}

fn report([alone, busy, empty]: &mut [Followed; 3], anew: f64, txs: usize, add: Add<'_>) {
    let against =
        format!("everything made anew {:.0} ms; blocks of {} transactions", anew * 1e3, txs / BLOCKS as usize);
    for (what, times) in [
        ("a followed block, the ledger's part", &mut alone.ledger),
        ("a followed block, clusters, entities and exposures", &mut alone.derived),
        ("a followed block with the swap", &mut alone.whole),
        ("the same while exposures are made anew", &mut busy.whole),
    ] {
        let (middle, longest) = spread(times);
        add(what, middle, "ms", format!("longest {longest:.1}; {against}"));
    }
    let (whole, fixed) = (spread(&mut alone.whole).0, spread(&mut empty.whole));
    let (ledger, derived) = (spread(&mut empty.ledger).0, spread(&mut empty.derived).0);
    let of = format!("goal 50; longest {:.1}; the ledger's part {ledger:.1}, the rest {derived:.1}", fixed.1);
    add("a followed block beside its own size: with a coinbase only", fixed.0, "ms", of);
    let own = (whole - fixed.0).max(0.0) * 1e3 / (txs as f64 / f64::from(BLOCKS));
    let of = "with its part of the bounded work on older transactions' destinations".to_owned();
    add("each transaction of a followed block", own, "microseconds", of);
}

/// Tags on addresses from the first half of the chain, with their durable log.
fn tagged(chain: &ChainHandle, add: Add<'_>) -> anyhow::Result<()> {
    let (mut times, mut waited, mut made) = (Vec::new(), 0, Vec::new());
    for n in 0..TAGS {
        let snapshot = chain.snapshot();
        let address = snapshot.ledger.address_text(snapshot.ledger.counts().addresses / 2 / TAGS * n);
        drop(snapshot);
        let pack = format!(
            "title: Bench\ncreator: bench\ncurrency: BTC\nsource: https://example.org\nlastmod: 2024-01-01\n\
             confidence: forensic\nis_cluster_definer: true\ntags:\n  - {{address: \"{address}\", label: B, abuse: scam}}\n"
        );
        let (changed, time) = timed(|| {
            chain.change(|w| {
                w.import_tags(vec![("bench.yaml".into(), pack.into_bytes())]);
                w.catch_up();
                Ok::<_, ChangeError>(())
            })
        });
        changed?;
        times.push(time);
        if chain.snapshot().exposures_as_of().is_some() {
            waited += 1;
            made.push(rest(chain));
        }
    }
    let (middle, longest) = spread(&mut times);
    let beside = if made.is_empty() { 0.0 } else { spread(&mut made).0 };
    let against = format!(
        "goal 50; longest {longest:.1}; in {waited} of {TAGS} exposures were made beside the readers, in {beside:.0} ms"
    );
    add("a tag on an old address, durable and published", middle, "ms", against);
    Ok(())
}

/// Blocks that go and come again.
fn reorganized(chain: &ChainHandle, add: Add<'_>) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for _ in 0..5 {
        let snapshot = chain.snapshot();
        let blocks = snapshot.ledger.counts().blocks;
        let again: Vec<MemoryBlock> =
            (blocks - REMOVED..blocks).map(|n| stored(&snapshot, n)).collect::<Result<_, _>>()?;
        drop(snapshot);
        let (changed, time) = timed(|| {
            chain.append(|w| {
                w.ledger.truncate(again[0].height).map_err(WorkspaceError::from)?;
                w.catch_up();
                Ok::<_, ChangeError>(())
            })
        });
        changed?;
        times.push(time);
        chain.append(|w| append(w, again))?;
    }
    let (middle, longest) = spread(&mut times);
    add("a reorganization: blocks taken back", middle, "ms", format!("{REMOVED} blocks; longest {longest:.1}"));
    Ok(())
}
