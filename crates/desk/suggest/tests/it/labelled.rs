//! Training on a ledger: what two steps away tells is learned, and what a pass over the whole chain counted; what is not known is counted.

use holdfast_account_ledger::{Ledger, Settings};
use holdfast_figures::{AsOf, SnapshotWriter, Source, Width};
use holdfast_models::whole_chain::COUNTS;
use holdfast_suggest::{LedgerRequest, LedgerTraining, NotLooked, StoredChain, SuggestError, look, train_on_ledger};
use holdfast_testing::blocks::{daily_block, labels, numbered as id, payment};
use holdfast_types::ChainId;
use std::ops::ControlFlow;
use std::path::Path;

const ACCOUNTS: u64 = 400;
/// The newest blocks may still leave the chain, and are not read.
const UNSETTLED: u64 = 64;

/// Whether an account is one of the crime.
fn is_positive(n: u64) -> bool {
    n.is_multiple_of(2)
}

/// A block a day, in which four senders pay an account. Those of the crime, and one in ten of the others, were all paid by one source just before, the rest by four:
/// their own payments are alike.
fn ledger(dir: &Path, chain: &ChainId) -> Ledger {
    ledger_with(dir, chain, |n| is_positive(n) != (n % 20 == 7))
}

fn ledger_with(dir: &Path, chain: &ChainId, has_one_source: impl Fn(u64) -> bool) -> Ledger {
    let mut ledger = Ledger::create_or_open(dir, &Settings::new(chain.clone())).unwrap();
    for n in 0..ACCOUNTS {
        let one_source = has_one_source(n);
        let mut transactions = Vec::new();
        for k in 0..4 {
            let (source, sender) = (1_000_000 + n * 10 + if one_source { 0 } else { k }, 2_000_000 + n * 10 + k);
            let index = u32::try_from(2 * k).unwrap();
            transactions.push(payment(index, n, source, sender));
            transactions.push(payment(index + 1, n, sender, n));
        }
        ledger.append_block(daily_block(chain, n, transactions)).unwrap();
    }
    ledger
}

fn request(chain: &ChainId) -> LedgerRequest {
    let mut labels = labels(chain, ACCOUNTS, is_positive);
    labels += &format!("{},positive\n", id(77_000_000).to_address(chain));
    LedgerRequest {
        chain: "ethereum".into(),
        labels,
        budget: 0.1,
        with_amounts: false,
        whole_chain: false,
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
    let at = StoredChain { chain: &chain, ledger: &ledger, dir: dir.path() };
    let train = || -> LedgerTraining {
        let trained = train_on_ledger(at, &request, &[], &mut |_| ControlFlow::Continue(()));
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
    let looked = look(&made.trained.model, at, &[account], ACCOUNTS, Some(0.5), &mut |_| ControlFlow::Continue(()));
    assert_eq!(looked.unwrap().unwrap().found.len(), 1);
    let stopped = train_on_ledger(at, &request, &[], &mut |_| ControlFlow::Break(()));
    assert!(stopped.unwrap().is_none());
    let other = StoredChain { chain: &ChainId::parse("tron:0x00000007").unwrap(), ..at };
    assert!(train_on_ledger(other, &request, &[], &mut |_| ControlFlow::Continue(())).is_err());
}

/// Installs counts as of a block, of all accounts but the newest: of those of the crime, and of one in ten of the others, half of the paid transactions failed.
fn install(dir: &Path, ledger: &Ledger, hash: &str, but: u64) {
    let as_of_block = AsOf { height: ACCOUNTS - UNSETTLED, hash: hash.to_owned() };
    let source = Source { table: "features", version: 1, chain: "eip155:1", as_of_block, input: "00" };
    let columns = COUNTS.map(|name| (name, Width::Long));
    let mut writer = SnapshotWriter::create(dir, &source, &columns).unwrap();
    let mut rows: Vec<(u64, bool)> = (0..ACCOUNTS - UNSETTLED - but)
        .map(|n| (ledger.account_number(&id(n)).unwrap().into(), (is_positive(n) != (n % 20 == 7))))
        .collect();
    rows.sort_unstable();
    for (account, fails) in rows {
        let row = COUNTS.map(|name| match name {
            "txs" | "paid_txs" | "fees" => 10,
            "failed_txs" if fails => 5,
            "blocks" => 4,
            "value_in" => 4,
            _ => 0,
        });
        writer.push(account, &row).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn counts_over_the_whole_chain_are_learned_from() {
    let dir = tempfile::tempdir().unwrap();
    let chain = ChainId::parse("eip155:1").unwrap();
    // Those that one source paid before are of both classes alike.
    let ledger = ledger_with(dir.path(), &chain, |n| n % 4 < 2);
    let request = LedgerRequest { whole_chain: true, ..request(&chain) };
    let at = StoredChain { chain: &chain, ledger: &ledger, dir: dir.path() };
    let train = |request: &LedgerRequest| -> Result<LedgerTraining, SuggestError> {
        let trained = train_on_ledger(at, request, &[], &mut |_| ControlFlow::Continue(()));
        trained.map(Option::unwrap)
    };
    let refused = train(&request).unwrap_err().to_string();
    assert!(refused.contains("not installed") && refused.contains("holdfast-analytics install"), "{refused}");
    let block = hex::encode(ledger.block_at(ACCOUNTS - UNSETTLED).unwrap().unwrap().hash);
    install(dir.path(), &ledger, &"0".repeat(64), 0);
    let refused = train(&request).unwrap_err().to_string();
    assert!(refused.contains("not in the chain as it is stored"), "{refused}");

    install(dir.path(), &ledger, &block, 3);
    let made = train(&request).unwrap();
    assert_eq!(made.figures_block, Some(ACCOUNTS - UNSETTLED));
    assert_eq!(made.not_looked.get(&NotLooked::NoFigures), Some(&3), "nothing is learned from what is missing");
    assert_eq!(made.trained.counts.accounts, ACCOUNTS - UNSETTLED - 3);
    let content = made.trained.model.content();
    assert!(content.schema.position("chain_failed_share").is_some(), "{:?}", content.schema);
    let measured = content.training.as_ref().unwrap().measured;
    let without = train(&LedgerRequest { whole_chain: false, ..request.clone() }).unwrap();
    assert!(without.trained.model.schema().position("chain_failed_share").is_none() && without.figures_block.is_none());
    let less = without.trained.model.content().training.as_ref().unwrap().measured;
    assert!(measured.average_precision.low > 0.7, "{:?}", measured.average_precision);
    assert!(less.average_precision.value < 0.7, "{:?}", less.average_precision);

    // A pass serves the same counts, says as of which block, and scores nothing of an account that has none.
    let number = |n: u64| ledger.account_number(&id(n)).unwrap();
    let accounts = [number(10), number(ACCOUNTS - UNSETTLED - 1)];
    let pass = |at| look(&made.trained.model, at, &accounts, ACCOUNTS, Some(0.5), &mut |_| ControlFlow::Continue(()));
    let looked = pass(at).unwrap().unwrap();
    assert_eq!((looked.scored, looked.found.len(), looked.figures_block), (1, 1, made.figures_block));
    assert_eq!(looked.not_looked.get(&NotLooked::NoFigures), Some(&1));
    let empty = tempfile::tempdir().unwrap();
    let refused = pass(StoredChain { dir: empty.path(), ..at }).unwrap_err();
    assert!(matches!(refused, SuggestError::State(_)), "{refused}");
}
