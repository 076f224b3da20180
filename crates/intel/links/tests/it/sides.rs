//! Blocks of bridges as their contracts write them, made of the rows of real data.

use holdfast_evm::{Address, B256, Log, keccak256};
use holdfast_links::{BlockRecords, Contracts, Head, TxView, find_in};
use holdfast_types::{AccountId, Amount, Commitment, Position, TokenRef, TransactionTransfers, Transfer, TransferKind};

pub const ETHEREUM: u32 = 0x0065_7468;
pub const MOONBEAM: u32 = 0x6265_616d;

/// Reads rows of cells separated by tabs.
pub fn rows(path: &std::path::Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

pub fn address(text: &str) -> Address {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

pub fn id(address: Address) -> AccountId {
    AccountId::evm(address.into_array())
}

pub fn word(n: u128) -> B256 {
    let mut word = [0; 32];
    word[16..].copy_from_slice(&n.to_be_bytes());
    word.into()
}

pub fn amount(text: &str) -> Amount {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

pub fn log(address: Address, topics: &[B256], words: &[B256]) -> Log {
    Log { address, topics: topics.to_vec(), data: words.concat().into() }
}

/// A transfer and the logs behind it.
pub struct Scene {
    pub transfer: Transfer,
    pub logs: Vec<Log>,
}

/// A transfer whose log is the n-th of the block.
pub fn transfer(
    token: TokenRef,
    (from, to): (Option<AccountId>, Option<AccountId>),
    amount: Amount,
    kind: TransferKind,
) -> Transfer {
    Transfer { token, from, to, amount, kind, position: Position::Log(0, 0), commitment: Commitment::Root }
}

/// A block with one transaction.
pub fn block(contracts: &Contracts, height: u64, time: u64, scene: &Scene) -> BlockRecords {
    let hash = |height: u64| keccak256(height.to_be_bytes()).0;
    let nobody = AccountId::evm([9; 20]);
    let transaction = TransactionTransfers {
        hash: hash(height),
        index: 0,
        payer: nobody,
        to: None,
        success: true,
        fee: Amount::ZERO,
        method: None,
        transfers: vec![scene.transfer],
        signals: vec![],
    };
    let head = Head { height, hash: hash(height), parent: hash(height.wrapping_sub(1)), time, internal_known: true };
    // The transfer's own log stands first.
    let view = TxView { transfers: &transaction, logs: &scene.logs, first_log: 1, gas_price: Amount::ZERO };
    find_in(contracts, &head, [view])
}
