//! The chain that tests look at: one real block.

use holdfast_bitcoin::Network;
use holdfast_bitcoin::files::read_single_block;
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use holdfast_workspace::Workspace;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::OnceLock;

/// Height of the block.
pub const BLOCK: u32 = 300_025;
/// An address that the block pays.
pub const PAID: &str = "1HWqsgnSd12Gv8SpoUMi1Cj8hp79BTSpW7";

/// Makes a workspace with the block and no tag; the block is unpacked once a process.
pub(crate) fn workspace(dir: &Path) -> Workspace {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = BYTES.get_or_init(|| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../data/bitcoin/300025.block.zst");
        let packed = std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        zstd::decode_all(packed.as_slice()).expect("a packed block")
    });
    let mut workspace = Workspace::create_or_open(dir, Network::Bitcoin).expect("a workspace");
    let block = read_single_block(bytes.clone(), Network::Bitcoin).expect("a block");
    let feed = MemoryFeed(vec![MemoryBlock { height: BLOCK, block, spent: None }]);
    let go_on = &mut |_| ControlFlow::Continue(());
    workspace.ledger.append(&feed, &AppendOptions::default(), go_on).expect("appended");
    workspace.catch_up();
    workspace
}
