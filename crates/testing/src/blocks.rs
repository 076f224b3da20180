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
