//! Training on a ledger: what two steps away tells is learned, and what the ledger does not know is counted.

use holdfast_account_ledger::{Ledger, Settings};
use holdfast_suggest::{LedgerRequest, LedgerTraining, NotLooked, train_on_ledger};
use holdfast_types::{
    AccountId, Amount, BlockTransfers, ChainId, Commitment, Position, TokenRef, TransactionTransfers, Transfer,
    TransferKind,
};
use std::ops::ControlFlow;
use std::path::Path;

const ACCOUNTS: u64 = 400;
/// The newest blocks may still leave the chain, and are not read.
const UNSETTLED: u64 = 64;

fn id(n: u64) -> AccountId {
    let mut bytes = [1; 20];
    bytes[12..].copy_from_slice(&n.to_be_bytes());
    AccountId::evm(bytes)
}

fn payment(index: u32, height: u64, from: u64, to: u64) -> TransactionTransfers {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&height.to_be_bytes());
    hash[8..12].copy_from_slice(&index.to_be_bytes());
    let transfer = Transfer {
        token: TokenRef::Native,
        from: Some(id(from)),
        to: Some(id(to)),
        amount: Amount::from(1_000_000_000_000_000_000_u128 + u128::from(height * 7 % 5)),
        kind: TransferKind::Value,
        position: Position::Transaction,
        commitment: Commitment::Root,
    };
    TransactionTransfers {
        hash,
        index,
        payer: id(from),
        to: Some(id(to)),
        success: true,
        fee: Amount::ZERO,
        method: None,
        transfers: vec![transfer],
        signals: Vec::new(),
    }
}

/// Whether an account is one of the crime.
fn is_positive(n: u64) -> bool {
    n.is_multiple_of(2)
}

/// A block a day, in which four senders pay an account. Those of the crime, and one in ten of the others, were all paid by one source just before, the rest by four:
/// their own payments are alike.
fn ledger(dir: &Path, chain: &ChainId) -> Ledger {
    let mut ledger = Ledger::create_or_open(dir, &Settings::new(chain.clone())).unwrap();
    for n in 0..ACCOUNTS {
        let one_source = is_positive(n) != (n % 20 == 7);
        let mut transactions = Vec::new();
        for k in 0..4 {
            let (source, sender) = (1_000_000 + n * 10 + if one_source { 0 } else { k }, 2_000_000 + n * 10 + k);
            let index = u32::try_from(2 * k).unwrap();
            transactions.push(payment(index, n, source, sender));
            transactions.push(payment(index + 1, n, sender, n));
        }
        let hash = |height: u64| {
            let mut hash = [9; 32];
            hash[..8].copy_from_slice(&height.to_be_bytes());
            hash
        };
        let block = BlockTransfers {
            chain: chain.clone(),
            height: n + 1,
            hash: hash(n + 1),
            parent: hash(n),
            time: 1_700_000_000 + 86_400 * n,
            transactions,
            block_level: Vec::new(),
            internal_known: true,
        };
        ledger.append_block(block).unwrap();
    }
    ledger
}

fn request(chain: &ChainId) -> LedgerRequest {
    let mut labels = "address,label\n".to_owned();
    for n in 0..ACCOUNTS {
        let label = if is_positive(n) { "positive" } else { "negative" };
        labels += &format!("{},{label}\n", id(n).to_address(chain));
    }
    labels += &format!("{},positive\n", id(77_000_000).to_address(chain));
    LedgerRequest {
        chain: "ethereum".into(),
        labels,
        budget: 0.1,
        with_amounts: false,
        explained: Vec::new(),
        never_seen: Vec::new(),
        parent: None,
    }
}

#[test]
fn payments_around_an_account_are_learned_from() {
    let dir = tempfile::tempdir().unwrap();
    let chain = ChainId::parse("eip155:1").unwrap();
    let (ledger, request) = (ledger(dir.path(), &chain), request(&chain));
    let train = || -> LedgerTraining {
        let trained = train_on_ledger(&chain, &ledger, &request, &[], &mut |_| ControlFlow::Continue(()));
        trained.unwrap().unwrap()
    };
    let made = train();
    let counts = made.trained.counts;
    let read = ACCOUNTS - UNSETTLED;
    assert_eq!((counts.accounts, counts.positives, counts.groups), (read, read / 2, read));
    assert_eq!(made.not_looked.get(&NotLooked::Unknown), Some(&1));
    let content = made.trained.model.content();
    assert!(content.schema.position("gather_week").is_some(), "{:?}", content.schema);
    // Their own payments say nothing: half of the accounts are of the crime.
    let measured = content.training.as_ref().unwrap().measured;
    assert!(measured.average_precision.low > 0.7, "{:?}", measured.average_precision);
    assert_eq!(train().trained.model.hash(), made.trained.model.hash());
    // A pass of the same ledger serves the same features.
    let account = ledger.account_number(&id(10)).unwrap();
    let looked = holdfast_suggest::look(&made.trained.model, &ledger, &[account], ACCOUNTS, Some(0.5), &mut |_| {
        ControlFlow::Continue(())
    });
    assert_eq!(looked.unwrap().unwrap().found.len(), 1);
    let stopped = train_on_ledger(&chain, &ledger, &request, &[], &mut |_| ControlFlow::Break(()));
    assert!(stopped.unwrap().is_none());
    let other = ChainId::parse("tron:0x00000007").unwrap();
    assert!(train_on_ledger(&other, &ledger, &request, &[], &mut |_| ControlFlow::Continue(())).is_err());
}
