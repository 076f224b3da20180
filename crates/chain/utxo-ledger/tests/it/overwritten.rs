//! Coinbases of equal id (BIP 30): the later one replaces the earlier, as the reference node files outputs.

use holdfast_bitcoin::script::classify;
use holdfast_bitcoin::{Block, Network, Txid};
use holdfast_simulate::hand::{HandChain, coinbase, key, tx};
use holdfast_utxo_ledger::{AppendOptions, Ledger, LedgerError, MemoryBlock, MemoryFeed, Source};
use std::ops::ControlFlow;

const COIN: u64 = 100_000_000;

fn append(ledger: &mut Ledger, blocks: &[(u32, Vec<u8>)], options: AppendOptions) -> Result<(), LedgerError> {
    let parse = |(height, bytes): &(u32, Vec<u8>)| {
        let block = Block::parse(bytes.clone()).unwrap();
        MemoryBlock { height: *height, block, spent: None }
    };
    let feed = MemoryFeed(blocks.iter().map(parse).collect());
    ledger.append(&feed, &options, &mut |_| ControlFlow::Continue(())).map(|_| ())
}

fn facts(ledger: &Ledger) -> String {
    let mut out = format!("{:?} {:?}\n", ledger.counts(), ledger.overwritten());
    for tx in 0..ledger.counts().txs {
        let sources: Vec<Source> = ledger.sources(tx).collect();
        let outputs: Vec<_> = ledger.outputs(tx).map(|o| (ledger.spender(o), ledger.is_unspent(o))).collect();
        out += &format!("{tx} {sources:?} {outputs:?}\n");
    }
    out
}

fn check(ledger: &Ledger) {
    let report = ledger.check(true, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(report.is_clean(), "{:#?}", report.problems);
}

fn balance(ledger: &Ledger, script: &[u8]) -> u64 {
    let address = ledger.address_number(&classify(script)).unwrap();
    let unspent = ledger.outputs_of_address(address).into_iter().filter_map(|place| match place {
        Source::Output(o) => ledger.is_unspent(o).then(|| ledger.value(o)),
        Source::External(_) => None,
    });
    unspent.sum()
}

/// Blocks: "a" (spent one of two outputs), "b", others, "b" again, "a" again, then a spend of the second "a", and "b" a third time.
fn blocks() -> Vec<(u32, Vec<u8>)> {
    let mut chain = HandChain::default();
    let a = coinbase(b"a", &[(30 * COIN, key(1)), (20 * COIN, key(2))]);
    let b = coinbase(b"b", &[(50 * COIN, key(3))]);
    let first_spend = tx(&[(a.txid, 0)], &[(30 * COIN, key(4))]);
    let second_spend = tx(&[(a.txid, 1)], &[(20 * COIN, key(5))]);
    vec![
        chain.block(std::slice::from_ref(&a)),
        chain.block(std::slice::from_ref(&b)),
        chain.add(&[first_spend]),
        chain.add(&[]),
        chain.block(std::slice::from_ref(&b)),
        chain.block(std::slice::from_ref(&a)),
        chain.add(&[second_spend]),
        chain.block(std::slice::from_ref(&b)),
        chain.add(&[]),
    ]
}

fn open(dir: &tempfile::TempDir) -> Ledger {
    Ledger::create_or_open(dir.path(), Network::Regtest).unwrap()
}

#[test]
fn the_second_of_two_equal_coinbases_replaces_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = open(&dir);
    append(&mut ledger, &blocks(), AppendOptions::default()).unwrap();
    check(&ledger);
    // "b" was mined three times; only the last 50 exist.
    assert_eq!(balance(&ledger, &key(3)), 50 * COIN);
    // Of the first "a" one output was spent before, the other is gone; of the second the other is spent.
    assert_eq!(balance(&ledger, &key(1)), 30 * COIN);
    assert_eq!(balance(&ledger, &key(2)), 0);
    assert_eq!((balance(&ledger, &key(4)), balance(&ledger, &key(5))), (30 * COIN, 20 * COIN));
    let txid = coinbase(b"a", &[(30 * COIN, key(1)), (20 * COIN, key(2))]).txid;
    let again = ledger.tx_by_id(&Txid::from_bytes(txid)).unwrap();
    assert_eq!(ledger.block_of_tx(again).height, 6);
    assert_eq!((ledger.spender(0), ledger.overwritten_by(0)), (Some(3), None), "spent before it was replaced");
    assert_eq!((ledger.spender(1), ledger.overwritten_by(1)), (None, Some(again)));
    assert_eq!(ledger.overwritten().len(), 3);
}

#[test]
fn one_by_one_at_once_and_after_a_reorganization_alike() {
    let blocks = blocks();
    let dir = tempfile::tempdir().unwrap();
    let mut whole = open(&dir);
    append(&mut whole, &blocks, AppendOptions::default()).unwrap();
    // One commit a block, by look-ups and (with the bulk load's settings) by passes over the columns.
    for options in [
        AppendOptions::default(),
        AppendOptions { batch_txs: 1, index_after: 0, ..AppendOptions::default() },
        AppendOptions { batch_txs: 3, ..AppendOptions::default() },
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = open(&dir);
        append(&mut ledger, &blocks, options).unwrap();
        assert_eq!(facts(&ledger), facts(&whole), "{options:?}");
        check(&ledger);
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = open(&dir);
        for block in blocks.chunks(1) {
            append(&mut ledger, block, options).unwrap();
            check(&ledger);
        }
        assert_eq!(facts(&ledger), facts(&whole), "{options:?}");
        for height in (2..=blocks.len() as u32).rev() {
            ledger.truncate(height).unwrap();
            check(&ledger);
            if height == 6 {
                assert_eq!(balance(&ledger, &key(2)), 20 * COIN, "the first is back when the second is not mined");
            }
            append(&mut ledger, &blocks[height as usize - 1..], options).unwrap();
            assert_eq!(facts(&ledger), facts(&whole), "{options:?}, from {height}");
        }
        drop(ledger);
        assert_eq!(facts(&Ledger::open(dir.path()).unwrap()), facts(&whole), "opened again");
    }
}

#[test]
fn a_ledger_of_an_older_build_finds_its_replaced_coinbases_when_opened() {
    use holdfast_utxo_ledger::Manifest;
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = open(&dir);
    append(&mut ledger, &blocks(), AppendOptions::default()).unwrap();
    let expected = facts(&ledger);
    drop(ledger);
    let mut manifest = Manifest::read(dir.path()).unwrap();
    manifest.overwritten = None;
    manifest.write(dir.path()).unwrap();
    assert_eq!(facts(&Ledger::open(dir.path()).unwrap()), expected);
    // A wrong list is found.
    manifest.overwritten = Some(Vec::new());
    manifest.write(dir.path()).unwrap();
    let report = Ledger::open(dir.path()).unwrap().check(false, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(report.problems.iter().any(|p| p.contains("same id")), "{:?}", report.problems);
}

#[test]
fn spending_what_comes_later_is_still_refused() {
    let mut chain = HandChain::default();
    let late = coinbase(b"late", &[(50 * COIN, key(1))]);
    let blocks = [chain.add(&[tx(&[(late.txid, 0)], &[(1, key(2))])]), chain.block(&[late])];
    let dir = tempfile::tempdir().unwrap();
    let error = append(&mut open(&dir), &blocks, AppendOptions::default()).unwrap_err();
    assert!(error.to_string().contains("comes later"), "{error}");
}
