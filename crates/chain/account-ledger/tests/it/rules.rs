//! What a ledger takes and refuses, and what it answers about what it cannot know.

use crate::common::{Maker, Model, Random, account, append, chain, check, compare, hex_of, settings};
use holdfast_account_ledger::{AppendOptions, Assets, Backing, Ledger, LedgerError, Opening, Settings};
use holdfast_types::{
    AccountId, Amount, BlockTransfers, ChainId, Commitment, ErrorKind, Position, TokenRef, TransactionTransfers,
    Transfer, TransferKind,
};
use std::ops::ControlFlow;
use std::path::Path;

fn usdt() -> TokenRef {
    TokenRef::Fungible(account(77))
}

fn transfer(token: TokenRef, from: Option<u64>, to: Option<u64>, amount: u64) -> Transfer {
    Transfer {
        token,
        from: from.map(account),
        to: to.map(account),
        amount: amount.into(),
        kind: if token == TokenRef::Native { TransferKind::Value } else { TransferKind::Token },
        position: Position::Log(0, 0),
        commitment: Commitment::Root,
    }
}

fn tx(n: u8, transfers: Vec<Transfer>) -> TransactionTransfers {
    TransactionTransfers {
        hash: [n; 32],
        index: 0,
        payer: account(1),
        to: None,
        success: true,
        fee: Amount::ZERO,
        method: None,
        transfers,
        signals: Vec::new(),
    }
}

fn block(height: u64, transactions: Vec<TransactionTransfers>) -> BlockTransfers {
    let hash = |height: u64| {
        let mut hash = [1; 32];
        hash[..8].copy_from_slice(&height.to_be_bytes());
        hash
    };
    BlockTransfers {
        chain: chain(),
        height,
        hash: hash(height),
        parent: hash(height.wrapping_sub(1)),
        time: height,
        transactions,
        block_level: Vec::new(),
        internal_known: true,
    }
}

fn open(dir: &Path) -> Ledger {
    Ledger::create_or_open(dir, &settings()).unwrap()
}

/// One bad block in a batch: what precedes it is stored as if the batch had ended there, and the error names block, transaction and field.
#[test]
fn the_blocks_before_a_bad_one_are_stored() {
    let mut blocks = Vec::new();
    Maker::new(4).extend(&mut blocks, 100, 30);
    let bad = blocks.iter().rposition(|b| b.height < 120 && b.transactions.len() > 1).unwrap();
    assert!(bad > 2, "{bad}");
    let foreign = AccountId::solana([3; 32]);
    type Change = fn(&mut TransactionTransfers, AccountId);
    let changes: [(&str, Change); 3] = [
        ("payer is an account of 32 bytes", |tx, foreign| tx.payer = foreign),
        ("fee: it is", |tx, _| tx.fee = Amount::MAX),
        ("to is an account of 32 bytes", |tx, foreign| {
            tx.transfers.push(Transfer { to: Some(foreign), ..transfer(usdt(), Some(1), Some(2), 5) });
        }),
    ];
    for (named, change) in changes {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut ledger = open(dir.path());
        let mut spoiled = blocks.clone();
        let tx = spoiled[bad].transactions.last_mut().unwrap();
        change(tx, foreign);
        let hash = hex_of(&tx.hash);
        let options = AppendOptions::default();
        let refused = ledger.append(&mut spoiled.iter().cloned(), &options, &mut |_| ControlFlow::Continue(()));
        let said = refused.unwrap_err().to_string();
        for part in [&format!("block {}", blocks[bad].height), &hash, named] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let mut alone = open(other.path());
        append(&mut alone, &blocks[..bad], &options);
        assert_eq!(ledger.counts(), alone.counts(), "{said}");
        check(&ledger);
        append(&mut ledger, &blocks[bad..], &options);
        append(&mut alone, &blocks[bad..], &options);
        assert_eq!(ledger.counts(), alone.counts());
        check(&ledger);
        compare(&ledger, &Model::new(&blocks, &Assets::All), &mut Random(7));
        check(&open_again(ledger, dir.path()));
    }
}

fn open_again(ledger: Ledger, dir: &Path) -> Ledger {
    drop(ledger);
    open(dir)
}

#[test]
fn blocks_that_do_not_follow_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = open(dir.path());
    append(&mut ledger, &[block(100, vec![]), block(101, vec![])], &AppendOptions::default());
    let mut wrong_parent = block(102, vec![]);
    wrong_parent.parent = [9; 32];
    for wrong in [block(103, vec![]), block(101, vec![]), block(100, vec![]), wrong_parent] {
        let refused = ledger.append_block(wrong).unwrap_err();
        assert!(matches!(refused, LedgerError::NotNext { .. }) && refused.kind() == ErrorKind::Conflict, "{refused}");
    }
    let mut other_chain = block(102, vec![]);
    other_chain.chain = ChainId::parse("eip155:10").unwrap();
    assert!(matches!(ledger.append_block(other_chain), Err(LedgerError::Chain { height: 102, .. })));
    let mut fee = tx(1, vec![]);
    fee.fee = Amount::new(5);
    let mut outside = tx(1, vec![transfer(usdt(), Some(1), Some(2), 5)]);
    outside.transfers[0].position = Position::BlockEnd(0);
    let mut wide = tx(1, vec![]);
    wide.payer = AccountId::solana([1; 32]);
    for wrong in [fee, outside, wide] {
        let refused = ledger.append_block(block(102, vec![wrong])).unwrap_err();
        assert!(matches!(refused, LedgerError::Block { height: 102, .. }), "{refused}");
    }
    // Nothing of what was refused is there, and the right block is taken.
    assert_eq!((ledger.counts().blocks, ledger.counts().txs, ledger.counts().accounts), (2, 0, 0));
    ledger.append_block(block(102, vec![tx(3, vec![transfer(usdt(), Some(1), Some(2), 5)])])).unwrap();
    check(&ledger);
    assert_eq!(ledger.tip().unwrap().map(|t| t.height), Some(102));
}

#[test]
fn one_writer_and_one_purpose() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Ledger::open(dir.path()), Err(LedgerError::Missing(_))));
    let mut ledger = open(dir.path());
    append(&mut ledger, &[block(1, vec![])], &AppendOptions::default());
    assert!(matches!(Ledger::open_for_writing(dir.path()), Err(LedgerError::Locked(_))));
    let mut reader = Ledger::open(dir.path()).unwrap();
    assert!(matches!(reader.append_block(block(2, vec![])), Err(LedgerError::ReadOnly)));
    assert!(matches!(reader.truncate(1), Err(LedgerError::ReadOnly)));
    drop(ledger);
    let tron = Settings::new(ChainId::parse("tron:mainnet").unwrap());
    let chosen = Settings { assets: Assets::only(&[usdt()]), ..settings() };
    for other in [tron, chosen] {
        let refused = Ledger::create_or_open(dir.path(), &other).unwrap_err();
        assert!(matches!(refused, LedgerError::Settings { .. }), "{refused}");
    }
}

#[test]
fn final_blocks_stay_by_policy() {
    let dir = tempfile::tempdir().unwrap();
    let policy = |finality_blocks| Settings { finality_blocks, ..settings() };
    let mut ledger = Ledger::create_or_open(dir.path(), &policy(3)).unwrap();
    assert_eq!(ledger.final_height(), None);
    let blocks: Vec<_> = (10..20).map(|h| block(h, vec![])).collect();
    append(&mut ledger, &blocks, &AppendOptions::default());
    assert_eq!(ledger.final_height(), Some(16));
    assert!(matches!(ledger.truncate(16), Err(LedgerError::Final { height: 16, tip: 19, finality: 3 })));
    assert_eq!(ledger.truncate(17).unwrap(), 3);
    append(&mut ledger, &blocks[7..], &AppendOptions::default());
    drop(ledger);
    let mut ledger = Ledger::create_or_open(dir.path(), &policy(5)).unwrap();
    assert_eq!(ledger.truncate(15).unwrap(), 5);
    assert_eq!(ledger.truncate(15).unwrap(), 0);
    assert_eq!(ledger.truncate_final(0).unwrap(), 5);
    assert_eq!((ledger.tip().unwrap(), ledger.counts().txs), (None, 0));
    // An empty ledger begins wherever the next block is.
    ledger.append_block(block(500, vec![])).unwrap();
    assert_eq!(ledger.first().unwrap().map(|b| b.height), Some(500));
    check(&ledger);
}

#[test]
fn unknown_openings_are_stated() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = open(dir.path());
    let mut first = block(1_000, vec![tx(1, vec![transfer(usdt(), Some(1), Some(2), 70)])]);
    let stated = |to, amount| Transfer {
        kind: TransferKind::Adjust,
        position: Position::BlockStart(0),
        commitment: Commitment::Claim,
        ..transfer(usdt(), None, Some(to), amount)
    };
    // What the node claims is stated, what a root commits to is proven.
    first.block_level = vec![Transfer { commitment: Commitment::Root, ..stated(3, 500) }, stated(4, 0)];
    let second = block(
        1_001,
        vec![tx(
            2,
            vec![
                transfer(usdt(), Some(2), Some(3), 100),
                transfer(usdt(), Some(3), Some(4), 40),
                transfer(usdt(), Some(2), Some(1), 5),
            ],
        )],
    );
    append(&mut ledger, &[first, second], &AppendOptions::default());
    check(&ledger);
    let balance = |n: u64, height| {
        let account = ledger.account_number(&account(n)).unwrap();
        ledger.balance_at(account, ledger.asset_number(&usdt()).unwrap(), height).unwrap()
    };
    // Account 2 received 70 and sent 105: it had at least 35.
    let two = balance(2, 1_001);
    assert_eq!(
        (two.opening, two.known(), two.least()),
        (Opening::Unknown(Some(35u64.into())), None, Some(Amount::ZERO))
    );
    assert_eq!(balance(2, 1_000).least(), Some(105u64.into()), "what comes later tells of the opening");
    assert_eq!(balance(1, 1_001).opening, Opening::Unknown(Some(70u64.into())));
    let (three, four) = (balance(3, 1_001), balance(4, 1_001));
    assert_eq!((three.opening, three.known()), (Opening::Proven, Some(560u64.into())));
    assert_eq!((four.opening, four.known()), (Opening::Stated, Some(40u64.into())));
    assert_eq!(balance(3, 1_000).known(), Some(500u64.into()));
    assert_eq!(ledger.backing(ledger.asset_number(&usdt()).unwrap()).unwrap(), Backing::Unknown);
}

#[test]
fn logs_that_drive_a_balance_negative_are_unbacked() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = open(dir.path());
    let spoof = TokenRef::Fungible(account(78));
    let mint = |token, amount| Transfer { kind: TransferKind::Mint, ..transfer(token, None, Some(1), amount) };
    let sent = |token, amount| transfer(token, Some(1), Some(2), amount);
    let blocks = [
        block(0, vec![tx(1, vec![mint(usdt(), 100), mint(spoof, 5)])]),
        block(1, vec![tx(2, vec![sent(usdt(), 100), sent(spoof, 5)])]),
        block(2, vec![tx(3, vec![sent(spoof, 1)])]),
        block(3, vec![tx(4, vec![mint(spoof, 100)])]),
    ];
    append(&mut ledger, &blocks, &AppendOptions::default());
    let (good, bad) = (ledger.asset_number(&usdt()).unwrap(), ledger.asset_number(&spoof).unwrap());
    let account = ledger.account_number(&account(1)).unwrap();
    let expected = Backing::Unbacked { tx: ledger.tx_by_hash(&[3; 32]).unwrap(), account };
    for indexed in [false, true] {
        if indexed {
            ledger.rebuild_index(1 << 20).unwrap();
        }
        assert_eq!(ledger.backing(good).unwrap(), Backing::Backed);
        assert_eq!(ledger.backing(bad).unwrap(), expected);
        check(&ledger);
    }
    ledger.truncate(2).unwrap();
    assert_eq!(ledger.backing(bad).unwrap(), Backing::Backed, "what a reorganization removed does not count");
    assert_eq!(ledger.balance(account, bad).unwrap().known(), Some(Amount::ZERO));
}

#[test]
fn chosen_assets_leave_others_out() {
    let dir = tempfile::tempdir().unwrap();
    let chosen = Settings { assets: Assets::only(&[usdt()]), ..settings() };
    let mut ledger = Ledger::create_or_open(dir.path(), &chosen).unwrap();
    let other = TokenRef::Fungible(account(79));
    let coin = transfer(TokenRef::Native, Some(5), Some(6), 7);
    let mut blind = block(
        50,
        vec![
            tx(1, vec![coin, transfer(other, Some(5), Some(6), 1)]),
            tx(2, vec![transfer(usdt(), Some(1), Some(2), 9), coin]),
        ],
    );
    blind.internal_known = false;
    let report = ledger.append_block(blind).unwrap();
    assert_eq!((report.txs, report.transfers, report.left_out), (1, 1, 3));
    assert_eq!(ledger.tx_by_hash(&[1; 32]), None);
    let tx = ledger.tx_by_hash(&[2; 32]).unwrap();
    assert_eq!(ledger.transfers_of(tx).unwrap().len(), 1);
    assert_eq!(ledger.fee(tx).unwrap(), None, "the coin is not held, so no fee is known");
    assert_eq!(ledger.account_number(&account(5)), None);
    let balance = ledger.balance(ledger.account_number(&account(2)).unwrap(), 0).unwrap();
    assert!(!balance.internal_unknown, "tokens do not depend on internal transfers");
    check(&ledger);
}

#[test]
fn coin_moved_inside_unread_transactions_is_stated() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = open(dir.path());
    let coin = |n| tx(n, vec![transfer(TokenRef::Native, None, Some(2), 7), transfer(usdt(), None, Some(2), 7)]);
    let mut blind = block(1, vec![coin(2)]);
    blind.internal_known = false;
    append(&mut ledger, &[block(0, vec![coin(1)]), blind, block(2, vec![coin(3)])], &AppendOptions::default());
    let account = ledger.account_number(&account(2)).unwrap();
    let (native, usdt) = (ledger.asset_number(&TokenRef::Native).unwrap(), ledger.asset_number(&usdt()).unwrap());
    let known = |asset, height| ledger.balance_at(account, asset, height).unwrap().known();
    assert_eq!((known(native, 0), known(native, 1), known(native, 2)), (Some(7u64.into()), None, None));
    assert_eq!(known(usdt, 2), Some(21u64.into()));
    assert_eq!(ledger.backing(native).unwrap(), Backing::Unknown);
    assert!(!ledger.block(1).unwrap().internal_known && ledger.block(2).unwrap().internal_known);
}

#[test]
fn a_stopped_append_leaves_what_was_committed() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = open(dir.path());
    let mut blocks = Vec::new();
    Maker::new(3).extend(&mut blocks, 0, 40);
    let options = AppendOptions { batch: 30, ..AppendOptions::default() };
    let stopped = ledger.append(&mut blocks.iter().cloned(), &options, &mut |report| {
        if report.blocks == 25 { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
    });
    assert!(matches!(stopped, Err(LedgerError::Stopped)));
    let stored = usize::try_from(ledger.counts().blocks).unwrap();
    assert!((1..25).contains(&stored), "{stored}");
    check(&ledger);
    append(&mut ledger, &blocks[stored..], &options);
    check(&ledger);
}
