//! From a ledger by export, kernel and installation to a model that learns from what was counted.

use crate::simulated::{options, outcome, places};
use holdfast_account_ledger::{Ledger, Settings};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_analytics::{Kernel, install};
use holdfast_analytics_export::{Model, StoredChain, export};
use holdfast_models::whole_chain::COUNTS;
use holdfast_suggest::{LedgerRequest, StoredChain as Stored, look, train_on_ledger};
use holdfast_testing::blocks::{daily_block, labels, numbered as id, payment};
use holdfast_types::{ChainId, TransactionTransfers};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;

const ACCOUNTS: u64 = 400;
/// The newest blocks may still leave the chain, and are not read.
const UNSETTLED: u64 = 64;

fn is_positive(n: u64) -> bool {
    n.is_multiple_of(2)
}

/// A block a day, in which four senders pay an account. Those of the crime, and one in ten of the others, then send three transactions that fail.
fn ledger(dir: &Path, chain: &ChainId) -> Ledger {
    let path = AccountWorkspace::ledger_dir(dir, chain);
    std::fs::create_dir_all(&path).unwrap();
    let mut ledger = Ledger::create_or_open(&path, &Settings::new(chain.clone())).unwrap();
    for n in 0..ACCOUNTS {
        let mut transactions: Vec<_> = (0..4).map(|k| payment(k, n, 2_000_000 + n * 10 + u64::from(k), n)).collect();
        if is_positive(n) != (n % 20 == 7) {
            let failed =
                |k| TransactionTransfers { success: false, transfers: Vec::new(), ..payment(k, n, n, 3_000_000) };
            transactions.extend((4..7).map(failed));
        }
        ledger.append_block(daily_block(chain, n, transactions)).unwrap();
    }
    ledger
}

/// Every count that a model learns from is a column of what the kernel gives.
#[test]
fn the_kernel_gives_what_models_count() {
    let table = Kernel::Features.spec(Model::Accounts).unwrap().result;
    for name in COUNTS {
        assert!(table.fields.iter().any(|f| f.name == name), "{name} is none of {}", table.name);
    }
}

#[test]
fn a_model_learns_from_a_pass_over_the_whole_chain_and_looks_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let chain = ChainId::parse("eip155:1").unwrap();
    let ledger = ledger(dir.path(), &chain);
    let (out, go_on) = (dir.path().join("out"), AtomicBool::new(false));
    let stored = StoredChain::Accounts(chain.clone());
    export(dir.path(), &stored, &out, &options(500), &go_on, &mut |_| {}).unwrap();
    let places = places(&out, chain.as_str(), dir.path().join("results"));
    outcome(Kernel::Features, &places);
    let head = install(Kernel::Features, &places, dir.path(), &go_on).unwrap();

    let request = LedgerRequest {
        chain: "ethereum".into(),
        labels: labels(&chain, ACCOUNTS, is_positive),
        budget: 0.1,
        with_amounts: false,
        whole_chain: true,
        explained: Vec::new(),
        never_seen: Vec::new(),
        parent: None,
    };
    let folder = stored.dir(dir.path());
    let at = Stored { chain: &chain, ledger: &ledger, dir: &folder };
    let mut watch = |_| ControlFlow::Continue(());
    let made = train_on_ledger(at, &request, &[], &mut watch).unwrap().unwrap();
    assert_eq!(
        (made.figures_block, made.not_looked.len()),
        (Some(head.as_of_block.height), 1),
        "{:?}",
        made.not_looked
    );
    assert_eq!(made.trained.counts.accounts, ACCOUNTS - UNSETTLED);
    let measured = made.trained.model.content().training.as_ref().unwrap().measured;
    assert!(measured.average_precision.low > 0.7, "{:?}", measured.average_precision);
    let accounts: Vec<u32> = [10, 11].map(|n| ledger.account_number(&id(n)).unwrap()).into();
    let looked = look(&made.trained.model, at, &accounts, ACCOUNTS, Some(0.5), &mut watch).unwrap().unwrap();
    let found: Vec<u32> = looked.found.iter().map(|f| f.account).collect();
    assert_eq!((looked.scored, found), (2, vec![accounts[0]]));
}
