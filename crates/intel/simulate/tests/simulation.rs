//! Simulations are deterministic, valid in structure, and true to their books.

use holdfast_bitcoin::files::BlockFiles;
use holdfast_bitcoin::{Block, Network};
use holdfast_simulate::files::{FileOptions, write};
use holdfast_simulate::{Economy, Options, TxKind};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

fn run(seed: u64, txs: u64) -> Vec<holdfast_simulate::SimBlock> {
    let mut economy = Economy::new(Options { seed, txs }).unwrap();
    std::iter::from_fn(|| economy.next_block()).collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let (a, b, c) = (run(7, 3_000), run(7, 3_000), run(8, 3_000));
    assert!(a.iter().map(|b| &b.bytes).eq(b.iter().map(|b| &b.bytes)));
    assert!(!a.iter().map(|b| &b.bytes).eq(c.iter().map(|b| &b.bytes)));
    assert!(Economy::new(Options { seed: 1, txs: 10 }).is_err());
}

#[test]
fn blocks_check_out_and_value_is_conserved() {
    let blocks = run(1, 20_000);
    let mut coins: HashMap<([u8; 32], u32), u64> = HashMap::new();
    let mut kinds: HashSet<TxKind> = HashSet::new();
    let mut total = 0;
    for sim in &blocks {
        let block = Block::parse(sim.bytes.clone()).unwrap();
        block.check(Network::Regtest).unwrap();
        assert_eq!(block.stated_height(), Some(sim.height));
        assert_eq!(block.header.prev().to_bytes(), sim.prev);
        let mut fees = 0;
        for i in 0..block.txs.len() {
            let truth = &sim.truth[i];
            kinds.insert(truth.kind);
            total += 1;
            assert_eq!(truth.txid, block.txids[i]);
            assert_eq!(truth.owners.len(), block.outputs_of(i).len());
            for (output, address) in block.outputs_of(i).iter().zip(&truth.addresses) {
                assert_eq!(Some(holdfast_bitcoin::script::classify(block.script(output))), *address);
            }
            let out: u64 = block.outputs_of(i).iter().map(|o| o.value).sum();
            if i > 0 {
                let mut paid = 0;
                for (input, spent) in block.inputs_of(i).iter().zip(&sim.spent[i - 1]) {
                    let value = coins.remove(&(block.prev_txid(input), block.prev_vout(input)));
                    assert_eq!(value, Some(spent.value), "spends an unspent output, once");
                    paid += spent.value;
                    if let Some(address) =
                        holdfast_bitcoin::script::infer_spent_address(block.script_sig(input), &block.witness(input))
                    {
                        assert_eq!(address, spent.address);
                    }
                }
                assert!(paid >= out);
                fees += paid - out;
            }
            for (vout, output) in block.outputs_of(i).iter().enumerate() {
                coins.insert((block.txids[i], vout as u32), output.value);
            }
        }
        if sim.height > 2 {
            let coinbase: u64 = block.outputs_of(0).iter().map(|o| o.value).sum();
            assert_eq!(coinbase, 50 * 100_000_000 + fees);
        }
    }
    assert_eq!(total, 20_000);
    assert!(kinds.len() >= 17, "all kinds occur: {kinds:?}");
}

#[test]
fn files_read_back_with_undo_data() {
    let dir = tempfile::tempdir().unwrap();
    let mut economy = Economy::new(Options { seed: 3, txs: 2_000 }).unwrap();
    let options = FileOptions { undo: true, truth: true, xor: Some([1, 2, 3, 4, 5, 6, 7, 250]) };
    let written = write(&mut economy, dir.path(), options, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(written.txs, 2_000);
    let files = BlockFiles::open(&dir.path().join("blocks"), Network::Regtest, |_| None).unwrap();
    assert_eq!(files.len() as u32, written.blocks);
    assert!(files.notes.is_empty(), "{:?}", files.notes);
    for (position, sim) in run(3, 2_000).iter().enumerate() {
        let (height, block) = files.block(position).unwrap();
        assert_eq!((height, block.bytes()), (sim.height, sim.bytes.as_slice()));
        let spent = files.spent_outputs(position).unwrap().unwrap();
        let expected: Vec<_> = sim.spent.iter().flatten().map(|c| c.value).collect();
        assert_eq!(spent.iter().map(|s| s.value).collect::<Vec<_>>(), expected);
    }
    let truth = std::fs::read_to_string(dir.path().join("truth/transactions.csv")).unwrap();
    assert_eq!(truth.lines().count(), 2_001);
    assert!(std::fs::read_to_string(dir.path().join("truth/tagpack.yaml")).unwrap().contains("ransomware"));
}
