//! Files of the simulated economy: both forms give the same books, a second reading adds nothing, and what is damaged is named.

use holdfast_account_feed::files::block_files;
use holdfast_account_feed::{ChainNotes, FeedError, FileBlocks};
use holdfast_account_ledger::{AppendOptions, Ledger, NATIVE, Settings};
use holdfast_simulate_accounts::files::{Format, write};
use holdfast_simulate_accounts::{Economy, Options};
use holdfast_types::{AccountId, Address, Amount, BlockTransfers, ChainId, TokenRef};
use std::ops::ControlFlow;
use std::path::Path;

fn economy(dir: &Path, format: Format) -> ChainId {
    let options = Options { seed: 3, blocks: 40, users: 40, txs_per_block: 12, ..Options::default() };
    let mut economy = Economy::new(options).unwrap();
    write(&mut economy, dir, format, &mut |_| Ok(ControlFlow::Continue(()))).unwrap();
    ChainId::parse(&format!("eip155:{}", options.chains[0])).unwrap()
}

/// What the simulation lists of its chains.
fn notes(dir: &Path) -> ChainNotes {
    let chains: serde_json::Value = serde_json::from_slice(&std::fs::read(dir.join("chains.json")).unwrap()).unwrap();
    let chain = &chains["chains"][0];
    let wrapper = AccountId::try_from(&Address::read(chain["wrapper"].as_str().unwrap())).unwrap();
    let genesis = dir.join(chain["folder"].as_str().unwrap()).join("genesis.csv");
    ChainNotes {
        wrappers: vec![wrapper],
        genesis: Some(std::fs::read_to_string(genesis).unwrap()),
        ..ChainNotes::default()
    }
}

fn read(dir: &Path, chain: &ChainId, ledger: &Ledger) -> (Vec<BlockTransfers>, Option<FeedError>, u64) {
    let before = ledger.snapshot();
    let stored = |height| before.block_at(height).unwrap().map(|block| block.hash);
    let files = block_files(&dir.join(chain.reference())).unwrap();
    let mut blocks = FileBlocks::new(chain, files, notes(dir), 0, &stored, ()).unwrap();
    let (mut read, mut failure) = (Vec::new(), None);
    for block in &mut blocks {
        match block {
            Ok(block) => read.push(block.transfers),
            Err(e) => failure = Some(e),
        }
    }
    (read, failure, blocks.left_out)
}

fn append(ledger: &mut Ledger, blocks: Vec<BlockTransfers>) {
    ledger.append(&mut blocks.into_iter(), &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
}

/// Compares all balances with the simulation's truth; returns how many.
fn compare(dir: &Path, chain: &ChainId, ledger: &Ledger) -> usize {
    let truth = std::fs::read_to_string(dir.join("truth/balances.csv")).unwrap();
    let mut compared = 0;
    for line in truth.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        if cells[0] != chain.reference() {
            continue;
        }
        let account = AccountId::try_from(&Address::read(cells[1])).unwrap();
        let asset = match cells[2] {
            "native" => Some(NATIVE),
            token => ledger.asset_number(&TokenRef::Fungible(AccountId::try_from(&Address::read(token)).unwrap())),
        };
        let balance = ledger.account_number(&account).zip(asset).map(|(a, t)| ledger.balance(a, t).unwrap().known());
        assert_eq!(balance.unwrap_or(Some(Amount::ZERO)), Some(cells[3].parse().unwrap()), "{line}");
        compared += 1;
    }
    compared
}

#[test]
fn both_forms_give_the_books_of_the_truth_and_a_second_reading_adds_nothing() {
    let mut tips = Vec::new();
    for format in [Format::Json, Format::Era1] {
        let dir = tempfile::tempdir().unwrap();
        let chain = economy(dir.path(), format);
        let folder = dir.path().join("ledger");
        let mut ledger = Ledger::create_or_open(&folder, &Settings::new(chain.clone())).unwrap();
        let (blocks, failure, left_out) = read(dir.path(), &chain, &ledger);
        assert!(failure.is_none() && left_out == 0, "{failure:?}");
        assert!(blocks.iter().all(|block| block.internal_known), "traces are read");
        let count = blocks.len() as u64;
        append(&mut ledger, blocks);
        assert!(compare(dir.path(), &chain, &ledger) > 100);
        let (again, failure, left_out) = read(dir.path(), &chain, &ledger);
        assert!(again.is_empty() && failure.is_none() && left_out == count, "{failure:?}");
        assert!(ledger.check(&mut |_, _| ControlFlow::Continue(())).unwrap().is_clean());
        tips.push(ledger.tip().unwrap().map(|tip| (tip.height, tip.time)));
    }
    assert_eq!(tips[0], tips[1]);
}

#[test]
fn a_damaged_or_other_block_is_named_and_what_precedes_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let chain = economy(dir.path(), Format::Json);
    let ledger = Ledger::create_or_open(&dir.path().join("ledger"), &Settings::new(chain.clone())).unwrap();
    let file = dir.path().join(chain.reference()).join("blocks-00000.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert!(lines[25].contains("\"status\":\"0x1\""));
    lines[25] = lines[25].replacen("\"status\":\"0x1\"", "\"status\":\"0x0\"", 1);
    std::fs::write(&file, lines.join("\n")).unwrap();
    let (blocks, failure, _) = read(dir.path(), &chain, &ledger);
    let failure = failure.unwrap().to_string();
    assert_eq!(blocks.len(), 25);
    assert!(failure.contains("blocks-00000.jsonl, block 26 of the file") && failure.contains("block 25"), "{failure}");
    // Another block than the ledger has.
    std::fs::write(&file, &text).unwrap();
    let stored = |height| (height == 7).then_some([9; 32]);
    let files = block_files(file.parent().unwrap()).unwrap();
    let all: Vec<_> = FileBlocks::new(&chain, files, notes(dir.path()), 3, &stored, ()).unwrap().collect();
    assert!(matches!(all.last(), Some(Err(FeedError::Differs { height: 7, .. }))) && all.len() == 5, "{}", all.len());
    // Files of other forms, and folders without any.
    let text = dir.path().join("x.txt");
    std::fs::write(&text, "x").unwrap();
    let none = |_| None;
    let mut blocks = FileBlocks::new(&chain, vec![text], ChainNotes::default(), 0, &none, ()).unwrap();
    assert!(matches!(blocks.next(), Some(Err(FeedError::Form(..)))));
    assert!(block_files(&dir.path().join("ledger")).is_err() && block_files(&dir.path().join("nothing")).is_err());
}
