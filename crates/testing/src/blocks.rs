//! Blocks of account chains by hand: one transaction each.

use holdfast_account_workspace::beside::LinkedBlock;
use holdfast_links::{BlockRecords, Record};
use holdfast_types::{
    AccountId, Amount, BlockTransfers, ChainId, Commitment, Hash32, Position, TokenRef, TransactionTransfers, Transfer,
    TransferKind,
};

/// Returns the account whose bytes are all the same.
#[must_use]
pub fn account(n: u8) -> AccountId {
    AccountId::evm([n; 20])
}

/// Returns a transfer between two accounts by their byte; without a sender it is a mint.
#[must_use]
pub fn transfer(token: TokenRef, from: Option<u8>, to: u8, amount: u64) -> Transfer {
    let is_coin = token == TokenRef::Native;
    Transfer {
        token,
        from: from.map(account),
        to: Some(account(to)),
        amount: amount.into(),
        kind: match from {
            None => TransferKind::Mint,
            Some(_) if is_coin => TransferKind::Value,
            Some(_) => TransferKind::Token,
        },
        position: if is_coin { Position::Transaction } else { Position::Log(0, 0) },
        commitment: Commitment::Root,
    }
}

/// Returns an empty block. Blocks of consecutive heights follow each other.
#[must_use]
pub fn empty_block(chain: &ChainId, height: u8) -> BlockTransfers {
    BlockTransfers {
        chain: chain.clone(),
        height: height.into(),
        hash: [height.saturating_add(1); 32],
        parent: [height; 32],
        time: 1_700_000_000 + 12 * u64::from(height),
        transactions: Vec::new(),
        block_level: Vec::new(),
        internal_known: true,
    }
}

/// Returns a block whose only transaction, of a hash, is sent by account 1 without a fee and makes one transfer.
#[must_use]
pub fn one_transfer(chain: &ChainId, height: u8, hash: Hash32, transfer: Transfer) -> BlockTransfers {
    let transaction = TransactionTransfers {
        hash,
        index: 0,
        payer: account(1),
        to: None,
        success: true,
        fee: Amount::ZERO,
        method: None,
        transfers: vec![transfer],
        signals: Vec::new(),
    };
    BlockTransfers { transactions: vec![transaction], ..empty_block(chain, height) }
}

/// Returns a block with its links.
#[must_use]
pub fn linked(transfers: BlockTransfers, records: Vec<Record>) -> LinkedBlock {
    let (height, hash, parent, time) = (transfers.height, transfers.hash, transfers.parent, transfers.time);
    LinkedBlock { transfers, found: BlockRecords { height, hash, parent, time, records } }
}

/// Returns the account of a number, of more than [`account`] has.
#[must_use]
pub fn numbered(n: u64) -> AccountId {
    let mut bytes = [1; 20];
    bytes[12..].copy_from_slice(&n.to_be_bytes());
    AccountId::evm(bytes)
}

/// Returns a transaction of a day that pays about a coin of 18 decimals from one [`numbered`] account to another, without a fee.
#[must_use]
pub fn payment(index: u32, day: u64, from: u64, to: u64) -> TransactionTransfers {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&day.to_be_bytes());
    hash[8..12].copy_from_slice(&index.to_be_bytes());
    let transfer = Transfer {
        token: TokenRef::Native,
        from: Some(numbered(from)),
        to: Some(numbered(to)),
        amount: Amount::from(1_000_000_000_000_000_000_u128 + u128::from(day * 7 % 5)),
        kind: TransferKind::Value,
        position: Position::Transaction,
        commitment: Commitment::Root,
    };
    TransactionTransfers {
        hash,
        index,
        payer: numbered(from),
        to: Some(numbered(to)),
        success: true,
        fee: Amount::ZERO,
        method: None,
        transfers: vec![transfer],
        signals: Vec::new(),
    }
}

/// Returns the block of a day, of height `day + 1`. Those of consecutive days follow each other.
#[must_use]
pub fn daily_block(chain: &ChainId, day: u64, transactions: Vec<TransactionTransfers>) -> BlockTransfers {
    let hash = |height: u64| {
        let mut hash = [9; 32];
        hash[..8].copy_from_slice(&height.to_be_bytes());
        hash
    };
    BlockTransfers {
        height: day + 1,
        hash: hash(day + 1),
        parent: hash(day),
        time: 1_700_000_000 + 86_400 * day,
        transactions,
        ..empty_block(chain, 0)
    }
}

/// Returns the list `address,label` of the first [`numbered`] accounts of a chain.
pub fn labels(chain: &ChainId, accounts: u64, is_positive: impl Fn(u64) -> bool) -> String {
    let label = |n| if is_positive(n) { "positive" } else { "negative" };
    let line = |n| format!("{},{}\n", numbered(n).to_address(chain), label(n));
    std::iter::once("address,label\n".to_owned()).chain((0..accounts).map(line)).collect()
}
