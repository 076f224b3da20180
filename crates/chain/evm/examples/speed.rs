//! How fast blocks are read, verified and turned into transfers, on one core: `cargo run --release -p holdfast-evm --example speed FOLDER`, where
//! the folder holds portal-spec-tests' blocks (docs/test-data.md: `accounts/evm`). With a node's URL instead, how fast its chain is read.

use holdfast_evm::node::{Node, Tag};
use holdfast_evm::{Block, Bytes, Chain, Checks, Receipt, VerifiedBlock, rlp, transfers, verify};
use holdfast_testing::measure;
use std::hint::black_box;
use std::time::Instant;

type Parts = (Vec<u8>, Bytes, Bytes);

fn field(text: &str, name: &str) -> Option<Bytes> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": "))?;
    line.trim().trim_matches(['"', '\'']).parse().ok()
}

fn blocks(folder: &str) -> Vec<Parts> {
    let entries = std::fs::read_dir(folder).expect("the folder").map_while(Result::ok);
    let files = entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "yaml"));
    let read = |path| {
        let text = std::fs::read_to_string(path).ok()?;
        Some((field(&text, "header")?.to_vec(), field(&text, "body")?, field(&text, "receipts")?))
    };
    files.filter_map(read).collect()
}

fn decode((header, body, receipts): &Parts) -> (Block, Vec<Receipt>) {
    (rlp::block(header, body).expect("a block"), rlp::receipts(receipts).expect("receipts"))
}

/// Reads a node's chain, ten blocks at a time.
fn read_node(node: &Node, what: &str) {
    let (tip, _) = node.tip(Tag::Latest).expect("a tip");
    let (start, mut transactions, mut transfers_found) = (Instant::now(), 0u32, 0usize);
    for first in (0..=tip).step_by(10) {
        for block in node.blocks(first..(first + 10).min(tip + 1)).expect("blocks") {
            let listed = transfers(node.chain(), &block);
            transactions += u32::try_from(listed.transactions.len()).expect("few");
            transfers_found += listed.transactions.iter().map(|t| t.transfers.len()).sum::<usize>();
        }
    }
    let rate = f64::from(transactions) / start.elapsed().as_secs_f64();
    println!("{what:<20} {transactions} transactions, {transfers_found} transfers: {rate:.0} transactions/s");
}

fn main() {
    let folder = std::env::args().nth(1).expect("a folder or a URL");
    if folder.starts_with("http") {
        let node = || Node::connect(&folder, None).expect("a node");
        read_node(&node().without_traces(), "without traces");
        read_node(&node(), "with traces");
        return;
    }
    let parts = blocks(&folder);
    let decoded: Vec<_> = parts.iter().map(decode).collect();
    let count: u64 = decoded.iter().map(|(block, _)| block.transactions.len() as u64).sum();
    let logs: usize = decoded.iter().flat_map(|(_, receipts)| receipts).map(|r| r.logs.len()).sum();
    println!("{} blocks, {count} transactions, {logs} logs", parts.len());
    let chain = Chain::of(1);
    measure("decode", count, || {
        parts.iter().for_each(|parts| drop(black_box(decode(parts))));
    });
    // Senders that were recovered before stand in for those that JSON states.
    let run = |checks: Checks, decoded: &[(Block, Vec<Receipt>)]| -> Vec<VerifiedBlock> {
        let one = |(block, receipts): &(Block, Vec<Receipt>)| verify(&chain, block.clone(), receipts.clone(), checks);
        decoded.iter().map(|parts| one(parts).expect("it holds")).collect()
    };
    let verified = run(Checks::default(), &decoded);
    let mut stated = decoded.clone();
    for ((block, _), verified) in stated.iter_mut().zip(&verified) {
        let senders = block.transactions.iter_mut().zip(verified.senders());
        senders.for_each(|(transaction, sender)| transaction.from = Some(*sender));
    }
    let without = Checks { senders: false };
    measure("verify all roots", count, || drop(black_box(run(without, &stated))));
    measure("verify all roots, recover senders", count, || drop(black_box(run(Checks::default(), &decoded))));
    measure("list transfers (without traces)", count, || {
        verified.iter().for_each(|block| drop(black_box(transfers(&chain, block))));
    });
    let listed: Vec<_> = verified.iter().map(|block| transfers(&chain, block)).collect();
    let moved: usize = listed.iter().flat_map(|b| &b.transactions).map(|t| t.transfers.len()).sum();
    println!("{moved} transfers");
}
