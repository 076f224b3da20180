//! What a followed block costs beside its own size, and how long readers could have waited for it.

use crate::chain::{Add, timed};
use anyhow::Context;
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use holdfast_workspace::{ChainHandle, ChangeError, Workspace, WorkspaceError};
use std::ops::ControlFlow;
use std::path::Path;

/// Blocks at the tip that are taken off and followed again.
const BLOCKS: u32 = 20;

/// Follows the last blocks of the ledger in `dir` again, one by one.
pub(crate) fn following(dir: &Path, tagpack: &str, add: Add<'_>) -> anyhow::Result<()> {
    let mut workspace = Workspace::open_for_writing(dir)?;
    workspace.import_tags(vec![("tags.yaml".into(), tagpack.as_bytes().to_vec())]);
    let blocks = workspace.ledger.counts().blocks;
    let first = blocks.checked_sub(BLOCKS).context("fewer blocks than are followed; simulate more transactions")?;
    let stored = |number| -> anyhow::Result<MemoryBlock> {
        let height = workspace.ledger.block(number).height;
        Ok(MemoryBlock { height, block: workspace.ledger.raw_block(number)?, spent: None })
    };
    let blocks: Vec<MemoryBlock> = (first..blocks).map(stored).collect::<Result<_, _>>()?;
    let txs: usize = blocks.iter().map(|b| b.block.txs.len()).sum();
    workspace.ledger.truncate(blocks[0].height)?;
    workspace.catch_up();
    let chain = ChainHandle::new(workspace);
    let (mut ledger, mut derived, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for block in blocks {
        let (parts, all) = timed(|| {
            chain.append(|w| -> Result<(f64, f64), ChangeError> {
                let feed = MemoryFeed(vec![block]);
                let mut go_on = |_| ControlFlow::Continue(());
                let (appended, ledger) = timed(|| w.ledger.append(&feed, &AppendOptions::default(), &mut go_on));
                appended.map_err(WorkspaceError::from)?;
                Ok((ledger, timed(|| w.catch_up()).1))
            })
        });
        let parts = parts?;
        ledger.push(parts.0);
        derived.push(parts.1);
        whole.push(all);
    }
    let size = format!("blocks of {} transactions; ", txs / BLOCKS as usize);
    for (what, goal, times) in [
        ("a followed block, the ledger's part", "", &mut ledger),
        ("a followed block, clusters, entities and exposures", "goal 50; ", &mut derived),
        ("a followed block with the swap", "", &mut whole),
    ] {
        times.sort_unstable_by(f64::total_cmp);
        let longest = times[times.len() - 1] * 1e3;
        add(what, times[times.len() / 2] * 1e3, "ms", format!("{goal}{size}longest {longest:.1}"));
    }
    Ok(())
}
