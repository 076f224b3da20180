//! Chains of a few made blocks.

use holdfast_account_ledger::Settings;
use holdfast_account_workspace::AccountWorkspace;
use holdfast_attribution::TagStore;
use holdfast_types::{
    AccountId, Address, Amount, BlockTransfers, ChainId, Commitment, Hash32, Position, TokenRef, TransactionTransfers,
    Transfer, TransferKind,
};
use std::path::Path;
use std::sync::Arc;

pub const USDT: &str = "0xdAC17F958D2ee523a2206206994597C13D831ec7";
pub const USDT_ON_TRON: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";

pub fn chain(id: &str) -> ChainId {
    ChainId::parse(id).unwrap()
}

pub fn account(n: u8) -> AccountId {
    AccountId::evm([n; 20])
}

pub fn token(contract: &str) -> TokenRef {
    TokenRef::Fungible(AccountId::try_from(&Address::read(contract)).unwrap())
}

pub fn hash(n: u64) -> Hash32 {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&n.to_be_bytes());
    hash[31] = 1;
    hash
}

pub fn transfer(token: TokenRef, from: u8, to: u8, amount: u64, place: u32) -> Transfer {
    let kind = if token == TokenRef::Native { TransferKind::Value } else { TransferKind::Token };
    let position = if token == TokenRef::Native { Position::Transaction } else { Position::Log(place, 0) };
    let side = |n: u8| (n > 0).then(|| account(n));
    let kind = if from == 0 { TransferKind::Mint } else { kind };
    Transfer {
        token,
        from: side(from),
        to: side(to),
        amount: amount.into(),
        kind,
        position,
        commitment: Commitment::Root,
    }
}

/// A block with one transaction for each list of transfers, sent by account 1 without a fee.
pub fn block(id: &ChainId, height: u64, fork: u64, contents: &[Vec<Transfer>]) -> BlockTransfers {
    let of = |height: u64, fork: u64| hash(1_000_000 * (fork + 1) + height);
    let transaction = |(index, transfers): (u32, &Vec<Transfer>)| TransactionTransfers {
        hash: hash(10_000 * height + u64::from(index) + 1_000_000_000 * (fork + 1)),
        index,
        payer: account(1),
        to: None,
        success: true,
        fee: Amount::ZERO,
        method: None,
        transfers: transfers.clone(),
        signals: Vec::new(),
    };
    BlockTransfers {
        chain: id.clone(),
        height,
        hash: of(height, fork),
        parent: height.checked_sub(1).map_or([0; 32], |h| of(h, if fork > 0 && h < 3 { 0 } else { fork })),
        time: 1_700_000_000 + 12 * height,
        transactions: (0..).zip(contents).map(transaction).collect(),
        block_level: Vec::new(),
        internal_known: true,
    }
}

pub fn address(n: u8, id: &ChainId) -> String {
    account(n).to_address(id).to_string()
}

/// Opens a chain of a store with tags, and appends blocks.
pub fn opened(
    store: &Path,
    settings: &Settings,
    tags: &Arc<TagStore>,
    blocks: Vec<BlockTransfers>,
) -> AccountWorkspace {
    let mut workspace = AccountWorkspace::create_or_open(store, settings, tags.clone()).unwrap();
    for block in blocks {
        workspace.ledger.append_block(block).unwrap();
    }
    workspace
}

pub fn ethereum(store: &Path, tags: &Arc<TagStore>) -> AccountWorkspace {
    let id = chain("eip155:1");
    let usdt = token(USDT);
    let blocks = vec![
        block(&id, 0, 0, &[]),
        block(
            &id,
            1,
            0,
            &[
                vec![transfer(usdt, 0, 2, 5_000_000, 0)],
                vec![transfer(TokenRef::Native, 0, 1, 7, 0)],
                // A token that says it moves what nobody has.
                vec![transfer(token("0x9999999999999999999999999999999999999999"), 3, 2, 77, 3)],
            ],
        ),
        block(&id, 2, 0, &[vec![transfer(usdt, 2, 3, 1_500_000, 0), transfer(usdt, 2, 4, 500_000, 1)]]),
    ];
    opened(store, &Settings::new(id), tags, blocks)
}
