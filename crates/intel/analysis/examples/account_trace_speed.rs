//! Pace of traces over accounts: `cargo run --release -p holdfast-analysis --example account_trace_speed [TRANSACTIONS]`.

#![allow(missing_docs, reason = "an example has no users")]

use holdfast_account_ledger::{AppendOptions, Ledger, Settings};
use holdfast_analysis::accounts::{AccountOptions, AccountStart, AccountView, Unclassified, trace_accounts};
use holdfast_analysis::links::TransferId;
use holdfast_analysis::{Bounds, Direction, Policy, TraceOptions};
use holdfast_simulate_accounts::{Economy, Options, SimBlock};
use holdfast_types::{AccountId, Amount, BlockTransfers, ChainId, TransactionTransfers};
use std::ops::ControlFlow;
use std::time::Instant;

/// What a simulated block moved, without checks: the economy's own books.
fn block_of(chain: &ChainId, block: &SimBlock) -> BlockTransfers {
    let transactions = block.transactions.iter().zip(&block.truth).zip(0..).map(|((tx, truth), index)| {
        let fees = truth.transfers.iter().filter(|t| t.kind.is_fee()).map(|t| t.amount);
        TransactionTransfers {
            hash: tx.hash.0,
            index,
            payer: AccountId::evm(tx.from.into_array()),
            to: None,
            success: true,
            fee: Amount::checked_sum(fees).unwrap_or_default(),
            method: None,
            transfers: truth.transfers.clone(),
            signals: Vec::new(),
        }
    });
    BlockTransfers {
        chain: chain.clone(),
        height: block.header.number,
        hash: block.hash.0,
        parent: block.header.parent_hash.0,
        time: block.header.timestamp,
        transactions: transactions.collect(),
        block_level: block.genesis.clone(),
        internal_known: true,
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let txs: u32 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let options = Options { blocks: (txs / 500).max(20), users: 5_000, txs_per_block: 400, ..Options::default() };
    let mut economy = Economy::new(options)?;
    let chain = ChainId::parse(&format!("eip155:{}", options.chains[0]))?;
    let dir = std::env::temp_dir().join(format!("holdfast-account-trace-{}", std::process::id()));
    let mut ledger = Ledger::create_or_open(&dir, &Settings::new(chain.clone()))?;
    loop {
        let blocks = economy.next_blocks(64);
        if blocks.is_empty() {
            break;
        }
        economy.take_records();
        let mut own = blocks.iter().filter(|b| b.chain == 0).map(|b| block_of(&chain, b));
        ledger.append(&mut own, &AppendOptions::default(), &mut |_| ControlFlow::Continue(()))?;
    }
    ledger.rebuild_index(AppendOptions::default().memory)?;
    println!("{:?}", ledger.counts());
    let view = AccountView { ledger: &ledger, classes: &Unclassified };
    for policy in [Policy::Haircut, Policy::Poison, Policy::Fifo, Policy::Lifo] {
        for direction in [Direction::Forward, Direction::Backward] {
            let bounds = Bounds { max_hops: u32::MAX, max_edges: 25_000, ..Bounds::default() };
            let trace = TraceOptions { direction, policy, bounds, through_services: true };
            let options = AccountOptions { trace, ..AccountOptions::default() };
            // The start, of some in the middle, that gives the longest trace.
            let middle = ledger.counts().txs / 2;
            let starts = (middle..middle + 40).filter_map(|tx| ledger.transfers_of(tx).ok()?.first().map(|t| t.number));
            let run = |number| {
                let start = AccountStart::Transfer(TransferId { chain: 0, number });
                trace_accounts(&[&view], None, &[(start, None)], &options)
            };
            let longest = starts.max_by_key(|n| run(*n).map_or(0, |t| t.movements.len()));
            let Some(number) = longest else { continue };
            let mut best = f64::INFINITY;
            let mut movements = 0;
            for _ in 0..5 {
                let start = Instant::now();
                let trace = run(number)?;
                best = best.min(start.elapsed().as_secs_f64() * 1e3);
                movements = trace.movements.len();
                assert!(trace.balances());
            }
            let each = best * 10_000.0 / f64::from(u32::try_from(movements.max(1))?);
            println!("{policy:?} {direction:?}: {movements} movements in {best:.1} ms; 10,000 in {each:.1} ms");
        }
    }
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}
