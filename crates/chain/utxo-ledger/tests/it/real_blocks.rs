//! The bundled real blocks in a ledger: with undo data, with inference, whole and block by block.

use holdfast_bitcoin::files::read_single_block;
use holdfast_bitcoin::undo::parse_spent_file;
use holdfast_bitcoin::{AddressKey, Network, Txid};
use holdfast_utxo_ledger::{AppendOptions, Ledger, LedgerError, MemoryBlock, MemoryFeed, Source};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

fn data(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../data/bitcoin").join(name);
    std::fs::read(path).ok().map(|bytes| zstd::decode_all(bytes.as_slice()).unwrap())
}

fn early_blocks() -> Vec<MemoryBlock> {
    let bytes = data("blk-1-256.dat.zst").unwrap();
    let mut blocks = Vec::new();
    let mut pos = 0;
    while pos < bytes.len() {
        let len = u32::from_le_bytes(bytes[pos + 4..pos + 8].try_into().unwrap()) as usize;
        let block = read_single_block(bytes[pos + 8..pos + 8 + len].to_vec(), Network::Bitcoin).unwrap();
        blocks.push(MemoryBlock { height: blocks.len() as u32 + 1, block, spent: None });
        pos += 8 + len;
    }
    blocks
}

fn later_blocks() -> Vec<MemoryBlock> {
    [300025u32, 367891, 400000, 413567, 866342]
        .into_iter()
        .map(|height| {
            let block = read_single_block(data(&format!("{height}.block.zst")).unwrap(), Network::Bitcoin).unwrap();
            let spent = ["bin", "json"].iter().find_map(|kind| {
                let name = format!("{height}.spent-outputs.{kind}.zst");
                data(&name).map(|bytes| parse_spent_file(Path::new(&name), &bytes).unwrap())
            });
            MemoryBlock { height, block, spent }
        })
        .collect()
}

fn append(ledger: &mut Ledger, blocks: Vec<MemoryBlock>, options: AppendOptions) {
    ledger.append(&MemoryFeed(blocks), &options, &mut |_| ControlFlow::Continue(())).unwrap();
}

fn check(ledger: &Ledger) {
    let report = ledger.check(true, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(report.is_clean(), "{:#?}", report.problems);
    assert_eq!(report.raw_blocks, report.blocks);
}

/// Everything a ledger answers, in words that do not depend on how it was filled.
fn facts(ledger: &Ledger) -> String {
    use std::fmt::Write;
    let mut out = format!("{:?}\n", ledger.counts());
    for tx in 0..ledger.counts().txs {
        let info = ledger.tx(tx);
        write!(out, "{info:?}").unwrap();
        for source in ledger.sources(tx) {
            write!(out, " {source:?}={:?}", ledger.source_info(source)).unwrap();
        }
        for o in info.outputs {
            write!(out, " {}>{} {:?}", ledger.value(o), ledger.address_of(o), ledger.spender(o)).unwrap();
        }
        out.push('\n');
    }
    for a in 0..ledger.counts().addresses {
        writeln!(out, "{a} {} {:?}", ledger.address_text(a), ledger.outputs_of_address(a)).unwrap();
    }
    out
}

#[test]
fn real_blocks_answer_like_the_explorers() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create_or_open(dir.path(), Network::Bitcoin).unwrap();
    append(&mut ledger, early_blocks(), AppendOptions::default());
    append(&mut ledger, later_blocks(), AppendOptions::default());
    check(&ledger);
    // The first payment: 10 BTC from Satoshi to Hal Finney, in block 170.
    let txid: Txid = "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16".parse().unwrap();
    let tx = ledger.tx_by_id(&txid).unwrap();
    assert_eq!(ledger.block_of_tx(tx).height, 170);
    let outputs: Vec<_> =
        ledger.outputs(tx).map(|o| (ledger.value(o), ledger.address_text(ledger.address_of(o)))).collect();
    assert_eq!(
        outputs,
        [
            (1_000_000_000, "1Q2TWHE3GMdB6BZKafqwxXtWAWgFt5Jvm3".to_owned()),
            (4_000_000_000, "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S".to_owned())
        ]
    );
    assert_eq!(ledger.fee(tx), Some(0));
    let Source::Output(spent) = ledger.sources(tx).next().unwrap() else { panic!("block 9 is stored") };
    assert_eq!(ledger.block_of_tx(ledger.tx_of_output(spent)).height, 9);
    assert_eq!(ledger.spender(spent), Some(tx));
    let satoshi = AddressKey::parse("12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S", Network::Bitcoin).unwrap();
    assert_eq!(ledger.outputs_of_address(ledger.address_number(&satoshi).unwrap()).len(), 6);
    // Block 866342 has undo data, so all its fees are known and sum to the coinbase above the subsidy.
    let block = ledger.block_at(866342).unwrap();
    let fees: u64 = (block.txs.0 + 1..block.txs.1).map(|t| ledger.fee(t).unwrap()).sum();
    let coinbase: u64 = ledger.outputs(block.txs.0).map(|o| ledger.value(o)).sum();
    assert_eq!(coinbase, 312_500_000 + fees);
    // Block 400000 has none: amounts are unknown, most addresses are proved by the inputs.
    let block = ledger.block_at(400000).unwrap();
    let infos: Vec<_> = (block.txs.0..block.txs.1)
        .flat_map(|t| ledger.sources(t).collect::<Vec<_>>())
        .filter(|s| matches!(s, Source::External(_)))
        .map(|s| ledger.source_info(s))
        .collect();
    assert!(infos.iter().all(|i| i.value.is_none()));
    assert!(infos.iter().filter(|i| i.address.is_some()).count() * 10 > infos.len() * 9);
}

#[test]
fn one_by_one_or_at_once_or_truncated_the_facts_are_equal() {
    let whole = tempfile::tempdir().unwrap();
    let mut at_once = Ledger::create_or_open(whole.path(), Network::Bitcoin).unwrap();
    let all: Vec<_> = early_blocks().into_iter().chain(later_blocks()).collect();
    append(&mut at_once, all.clone(), AppendOptions::default());
    let expected = facts(&at_once);
    let dir = tempfile::tempdir().unwrap();
    // Index after every few transactions, so that index, overlay and reorganized index are all in play.
    let options = AppendOptions { index_after: 600, ..AppendOptions::default() };
    let mut ledger = Ledger::create_or_open(dir.path(), Network::Bitcoin).unwrap();
    for block in all.clone() {
        append(&mut ledger, vec![block], options);
    }
    assert_eq!(facts(&ledger), expected);
    check(&ledger);
    // Reorganize twice, then append the rest in one go, then in tiny batches.
    assert_eq!(ledger.truncate(400_000).unwrap(), 3);
    assert_eq!(ledger.truncate(100).unwrap(), 158);
    check(&ledger);
    append(&mut ledger, all[99..].to_vec(), AppendOptions::default());
    assert_eq!(facts(&ledger), expected);
    ledger.truncate(50).unwrap();
    append(&mut ledger, all[49..].to_vec(), AppendOptions { batch_txs: 1, index_after: 1, ..options });
    assert_eq!(facts(&ledger), expected);
    drop(ledger);
    let reopened = Ledger::open(dir.path()).unwrap();
    assert_eq!(facts(&reopened), expected);
}

#[test]
fn blocks_that_do_not_follow_and_double_openings_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create_or_open(dir.path(), Network::Bitcoin).unwrap();
    let blocks = early_blocks();
    append(&mut ledger, blocks[..10].to_vec(), AppendOptions::default());
    let before = facts(&ledger);
    let mut wrong = blocks[11].clone();
    wrong.height = 11;
    let again = ledger.append(&MemoryFeed(vec![wrong]), &AppendOptions::default(), &mut |_| ControlFlow::Continue(()));
    assert!(matches!(again, Err(LedgerError::NotNext { height: 11, .. })), "{again:?}");
    assert_eq!(facts(&ledger), before);
    let stopped =
        ledger.append(&MemoryFeed(blocks[10..].to_vec()), &AppendOptions::default(), &mut |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(LedgerError::Stopped)));
    assert_eq!(facts(&ledger), before);
    assert!(matches!(Ledger::open_for_writing(dir.path()), Err(LedgerError::Locked(_))));
    drop(ledger);
    assert!(matches!(
        Ledger::create_or_open(dir.path(), Network::Litecoin),
        Err(LedgerError::Network { stored: Network::Bitcoin, .. })
    ));
    let manifest = dir.path().join("MANIFEST");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replacen("\"blocks\": 10", "\"blocks\": 11", 1)).unwrap();
    assert!(Ledger::open(dir.path()).unwrap_err().to_string().contains("checksum"));
    assert!(matches!(Ledger::open(Path::new("/nonexistent")), Err(LedgerError::Missing(_))));
}

#[test]
fn a_check_finds_altered_columns() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create_or_open(dir.path(), Network::Bitcoin).unwrap();
    append(&mut ledger, early_blocks(), AppendOptions::default());
    ledger.rebuild_index(1 << 20).unwrap();
    drop(ledger);
    for name in [
        "blocks",
        "tx.id",
        "tx.first-input",
        "tx.first-output",
        "tx.meta",
        "output.value",
        "output.address",
        "input.prev",
        "addresses",
        "index-1/txids",
        "index-1/addresses",
        "index-1/spends",
        "index-1/directory",
    ] {
        let path = dir.path().join(name);
        let original = std::fs::read(&path).unwrap();
        let mut altered = original.clone();
        // Flip a bit of the first byte that is neither zero nor an empty slot.
        let at = altered.iter().position(|b| *b != 0 && *b != 0xff).unwrap();
        altered[at] ^= 0x04;
        std::fs::write(&path, altered).unwrap();
        let ledger = Ledger::open(dir.path()).unwrap();
        let report = ledger.check(true, &mut |_| ControlFlow::Continue(())).unwrap();
        assert!(!report.is_clean(), "{name} was altered at byte {at}");
        std::fs::write(&path, original).unwrap();
    }
}
