//! Hand-made chains.

use holdfast_account_ledger::{AppendOptions, Ledger, Settings};
use holdfast_types::{
    AccountId, Amount, BlockTransfers, ChainId, Commitment, Hash32, Position, Signal, TokenRef, TransactionTransfers,
    Transfer, TransferKind,
};
use std::ops::ControlFlow;
use tempfile::TempDir;

/// A coin's unit (10^18).
pub const COIN: u128 = 1_000_000_000_000_000_000;

pub fn account(n: u64) -> AccountId {
    let mut bytes = [0x77; 20];
    bytes[12..].copy_from_slice(&n.to_be_bytes());
    AccountId::evm(bytes)
}

/// A token whose transfers are believed, and one that anybody may have written.
pub fn dollar() -> TokenRef {
    TokenRef::Fungible(account(1_000_001))
}

pub fn fake() -> TokenRef {
    TokenRef::Fungible(account(1_000_002))
}

/// A chain that is made block by block.
pub struct Chain {
    pub ledger: Ledger,
    _folder: TempDir,
    block: Vec<TransactionTransfers>,
    /// Blocks that wait for [`Chain::append`], where they are appended together.
    waiting: Option<Vec<BlockTransfers>>,
    /// Height and hash of the last block.
    tip: Option<(u64, Hash32)>,
}

impl Chain {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::new(ChainId::parse("eip155:1").unwrap());
        let ledger = Ledger::create_or_open(folder.path(), &settings).unwrap();
        Chain { ledger, _folder: folder, block: Vec::new(), waiting: None, tip: None }
    }

    /// Has blocks wait, since every append is made durable.
    pub fn waiting() -> Self {
        Chain { waiting: Some(Vec::new()), ..Chain::new() }
    }

    /// Appends what waits.
    pub fn append(&mut self) {
        let mut blocks = self.waiting.take().into_iter().flatten();
        self.ledger.append(&mut blocks, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    }

    /// Adds a transaction of one transfer, signed by `payer`.
    pub fn send(&mut self, payer: AccountId, token: TokenRef, from: AccountId, to: AccountId, amount: u128) {
        let is_coin = token == TokenRef::Native;
        let kind = match is_coin {
            true if payer == from => TransferKind::Value,
            true => TransferKind::Internal,
            false => TransferKind::Token,
        };
        let index = u32::try_from(self.block.len()).unwrap();
        let position = match kind {
            TransferKind::Value => Position::Transaction,
            TransferKind::Internal => Position::Trace(1),
            _ => Position::Log(index, 0),
        };
        let (amount, commitment) = (Amount::new(amount), Commitment::Root);
        let transfer = Transfer { token, from: Some(from), to: Some(to), amount, kind, position, commitment };
        self.block.push(TransactionTransfers {
            hash: self.hash(index, 1),
            index,
            payer,
            to: Some(to),
            success: true,
            fee: Amount::ZERO,
            method: None,
            transfers: vec![transfer],
            signals: Vec::new(),
        });
    }

    /// Adds what the last transaction tells beside transfers.
    pub fn signal(&mut self, signal: Signal) {
        self.block.last_mut().unwrap().signals.push(signal);
    }

    fn next(&self) -> u64 {
        self.tip.map_or(0, |(height, _)| height + 1)
    }

    fn hash(&self, index: u32, kind: u8) -> Hash32 {
        let mut hash = [kind; 32];
        hash[..8].copy_from_slice(&self.next().to_le_bytes());
        hash[8..12].copy_from_slice(&index.to_le_bytes());
        hash
    }

    /// Appends the block.
    pub fn mine(&mut self) -> BlockTransfers {
        let block = BlockTransfers {
            chain: ChainId::parse("eip155:1").unwrap(),
            height: self.next(),
            hash: self.hash(0, 2),
            parent: self.tip.map_or([0; 32], |(_, hash)| hash),
            time: 1_700_000_000 + 12 * self.next(),
            transactions: std::mem::take(&mut self.block),
            block_level: Vec::new(),
            internal_known: true,
        };
        self.tip = Some((block.height, block.hash));
        match &mut self.waiting {
            Some(waiting) => waiting.push(block.clone()),
            None => drop(self.ledger.append_block(block.clone()).unwrap()),
        }
        block
    }
}
