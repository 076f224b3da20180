//! Exposures that grew say what exposures say that were made anew, on random histories with reorganizations and changing categories.

use holdfast_analysis::Exposures;
use holdfast_analysis::exposure::Reach;
use holdfast_attribution::{Categories, Category};
use holdfast_bitcoin::{Block, Network};
use holdfast_simulate::history::History;
use holdfast_utxo_ledger::{AppendOptions, Ledger, MemoryBlock, MemoryFeed};
use std::ops::ControlFlow;
use std::path::Path;

fn append(ledger: &mut Ledger, blocks: &[(u32, Vec<u8>)]) {
    let parse = |(height, bytes): &(u32, Vec<u8>)| MemoryBlock {
        height: *height,
        block: Block::parse(bytes.clone()).unwrap(),
        spent: None,
    };
    let feed = MemoryFeed(blocks.iter().map(parse).collect());
    ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
}

/// The bytes of the file that exposures are saved as.
fn file(exposures: &Exposures, dir: &Path) -> Vec<u8> {
    let path = dir.join("exposures");
    exposures.save(&path).unwrap();
    std::fs::read(path).unwrap()
}

fn assert_same(grown: &Exposures, ledger: &Ledger, categories: &Categories, dir: &Path, what: &str) {
    let anew = Exposures::build(ledger, categories);
    for tx in 0..ledger.counts().txs {
        assert_eq!(grown.profiles_of(tx), anew.profiles_of(tx), "{what}: transaction {tx}");
    }
    for address in (0..ledger.counts().addresses).step_by(5) {
        assert_eq!(grown.of_address(ledger, address), anew.of_address(ledger, address), "{what}: address {address}");
    }
    assert!(file(grown, dir) == file(&anew, dir), "{what}: the same file, byte for byte");
}

/// While destinations are behind, sources are whole, and destinations of older transactions are those of a state that was whole.
fn assert_behind(grown: &Exposures, ledger: &Ledger, whole: &[Exposures], what: &str) {
    let anew = Exposures::build(ledger, grown.categories());
    let behind = grown.behind().unwrap();
    // Or one with blocks that went and that spent nothing of older transactions.
    let exact = whole.iter().rev().find(|e| e.done() == behind);
    let then = exact.or_else(|| whole.iter().rev().find(|e| e.done() > behind));
    let then = then.unwrap_or_else(|| panic!("{what}: no state of {behind}"));
    for tx in 0..ledger.counts().txs {
        assert_eq!(grown.profiles_of(tx).0, anew.profiles_of(tx).0, "{what}: source of transaction {tx}");
        if tx < behind {
            assert_eq!(grown.profiles_of(tx).1, then.profiles_of(tx).1, "{what}: destination of transaction {tx}");
        }
    }
}

#[test]
fn exposures_that_grew_equal_exposures_made_anew() {
    let names = ["exchange", "ransomware", "mixing_service", "sanction"].map(|n| Category::from_name(n).unwrap().0);
    let (mut gave_up, mut went_on, mut were_behind) = (0, 0, 0);
    for seed in 0..12 {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::create_or_open(&dir.path().join("ledger"), Network::Regtest).unwrap();
        let mut history = History::new(seed);
        let mut categories = Categories::default();
        let mut grown = Exposures::build(&ledger, &categories);
        // What a server does: figures that are read, the ones before, and changes that may be too many.
        let (mut read, mut before, mut waits) = (grown.copy(), None::<Exposures>, false);
        let mut whole = vec![grown.copy()];
        for step in 0..40 {
            if history.height() > 5 && history.random().permille(350) {
                let blocks = history.random().between(1, 6) as u32;
                ledger.truncate(history.fork(blocks)).unwrap();
            }
            let blocks: Vec<_> = (0..history.random().below(4)).map(|_| history.block(8)).collect();
            append(&mut ledger, &blocks);
            let addresses = ledger.counts().addresses;
            categories.resize(categories.len().min(addresses as usize));
            categories.resize(addresses as usize);
            if addresses > 0 && history.random().permille(600) {
                for _ in 0..history.random().between(1, 5) {
                    let address = history.random().below(u64::from(addresses)) as u32;
                    let name = *history.random().pick(&[0, names[0], names[1], names[2], names[3]]);
                    categories.set(address, name);
                }
            }
            let what = format!("seed {seed}, step {step}");
            grown.update(&ledger, &categories);
            assert_same(&grown, &ledger, &categories, dir.path(), &what);
            let patience = if waits { 0 } else { *history.random().pick(&[0, 20, 100, 100_000]) };
            let older = before.take();
            before = Some(read.share());
            let mut next = read.share();
            let reach =
                *history.random().pick(&[Reach::Whole, Reach::Outputs(0), Reach::Outputs(10), Reach::Outputs(100)]);
            waits = !next.follow(older, &ledger, &categories, patience, reach);
            assert!(next.is_at_tip(&ledger) && (waits || next.rests_on(&categories)), "{what}");
            if next.behind().is_some() {
                were_behind += 1;
                assert!(waits && !next.is_up_to(&ledger, &categories), "{what}");
                assert_behind(&next, &ledger, &whole, &what);
            } else {
                assert_same(&next, &ledger, &next.categories().clone(), dir.path(), &format!("{what}, read"));
                whole.push(next.copy());
                if whole.len() > 8 {
                    whole.remove(0);
                }
            }
            read = next;
            match waits {
                true => gave_up += 1,
                false => went_on += 1,
            }
            // Made anew beside the readers, and put in.
            if waits && history.random().permille(500) {
                (read, before, waits) = (Exposures::build(&ledger, &categories), None, false);
                whole.push(read.copy());
            }
            if history.random().permille(100) {
                if read.behind().is_some() {
                    file(&read, dir.path());
                    let mut loaded = Exposures::load(&dir.path().join("exposures")).unwrap().unwrap();
                    assert_eq!(loaded.behind(), read.behind(), "{what}");
                    loaded.update(&ledger, &categories);
                    assert_same(&loaded, &ledger, &categories, dir.path(), &format!("{what}, loaded"));
                }
                file(&grown, dir.path());
                grown = Exposures::load(&dir.path().join("exposures")).unwrap().unwrap();
            }
        }
    }
    let counts = (gave_up, went_on, were_behind);
    assert!(gave_up > 20 && went_on > 20 && were_behind > 20, "gave up, went on, were behind: {counts:?}");
}
