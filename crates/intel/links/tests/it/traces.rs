//! Links as traces request them: those of the truth, and a theft that is followed by them over swaps and a bridge to the other chain.

use crate::simulated::{Run, id, run, token};
use holdfast_account_ledger::{AppendOptions, Ledger, Settings, StoredTransfer};
use holdfast_analysis::accounts::{AccountOptions, AccountStart, AccountView, Transfers, Unclassified, trace_accounts};
use holdfast_analysis::links::{Basis, LinkKind, Links, Piece, TransferId};
use holdfast_analysis::{Bounds, TraceOptions};
use holdfast_evm::Chain;
use holdfast_links::{LedgerLinks, Store, measured};
use holdfast_simulate_accounts::{Action, Options, Record};
use holdfast_types::{AccountId, Amount, TokenRef, TransferKind};
use std::ops::ControlFlow;
use std::path::Path;

/// Ledgers and links of both chains, as appending makes them.
fn store(run: &Run, dir: &Path) -> Vec<(Ledger, Store)> {
    let chains = run.economy.options().chains;
    let make = |chain: usize| {
        let chain_id = Chain::of(chains[chain]).id().clone();
        let mut ledger =
            Ledger::create_or_open(&dir.join(format!("ledger-{chain}")), &Settings::new(chain_id.clone())).unwrap();
        let mut links = Store::create_or_open(&dir.join(format!("links-{chain}")), &chain_id).unwrap();
        links.append(&run.found[chain]).unwrap();
        let mut blocks = run.moved[chain].iter().cloned();
        ledger.append(&mut blocks, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(links.tip().unwrap().unwrap().1, ledger.tip().unwrap().unwrap().hash);
        (ledger, links)
    };
    (0..2).map(make).collect()
}

/// Finds transfers of a transaction that the truth names, `chain:height:index`.
fn transfers(run: &Run, stores: &[(Ledger, Store)], tx: &str) -> (usize, Vec<StoredTransfer>) {
    let [number, height, index] =
        <[u64; 3]>::try_from(tx.split(':').map(|n| n.parse().unwrap()).collect::<Vec<u64>>()).unwrap();
    let chain = run.economy.options().chains.iter().position(|n| *n == number).unwrap();
    let ledger = &stores[chain].0;
    let block = &run.moved[chain][usize::try_from(height).unwrap()];
    let hash = block.transactions[usize::try_from(index).unwrap()].hash;
    (chain, ledger.transfers_of(ledger.tx_by_hash(&hash).unwrap()).unwrap())
}

#[test]
fn traces_get_the_links_of_the_truth_from_both_ends() {
    let run = run(Options { seed: 3, blocks: 150, users: 60, txs_per_block: 25, ..Options::default() });
    let dir = tempfile::tempdir().unwrap();
    let stores = store(&run, dir.path());
    let links = LedgerLinks::new(stores.iter().map(|(ledger, store)| (ledger, store)).collect());
    let side = |tx: &str, account: AccountId, asset: Option<TokenRef>, amount: Amount, is_out: bool| {
        let (chain, transfers) = transfers(&run, &stores, tx);
        let ledger = &stores[chain].0;
        let account = ledger.account_number(&account);
        let is_it = |t: &&StoredTransfer| {
            t.amount == amount
                && (if is_out { t.from } else { t.to }) == account
                && asset.is_none_or(|a| ledger.asset_number(&a) == Some(t.asset))
        };
        let chain = u16::try_from(chain).unwrap();
        transfers.iter().find(is_it).map(|t| TransferId { chain, number: t.number })
    };
    let (mut swaps, mut messages) = (0, 0);
    for record in &run.records {
        let (kind, basis, from, to, amounts) = match record {
            Record::Swap { tx, account, asset_in, amount_in, asset_out, amount_out, .. } => {
                swaps += 1;
                let from = side(tx, id(account), Some(token(asset_in)), *amount_in, true);
                let to = side(tx, id(account), Some(token(asset_out)), *amount_out, false);
                (LinkKind::Swap, Basis::Event, from, to, (*amount_in, *amount_out))
            }
            Record::Bridge { sent, delivered: Some(delivered), sender, recipient, amount, .. } => {
                messages += 1;
                let from = side(sent, id(sender), None, *amount, true);
                let to = side(delivered, id(recipient), None, *amount, false);
                (LinkKind::Bridge, Basis::Message, from, to, (*amount, *amount))
            }
            _ => continue,
        };
        let (from, to) = (from.unwrap(), to.unwrap());
        let found = links.links_from(from).unwrap();
        let [link] = found.as_slice() else { panic!("{record:?}: {found:?}") };
        assert_eq!((link.kind, link.basis, link.from, link.to), (kind, basis, from, to));
        let measured = if kind == LinkKind::Swap { measured::SWAPS } else { measured::NOMAD };
        assert_eq!((link.error_ppm, link.pairs), (Some(measured.error_ppm()), measured.pairs()));
        assert_eq!((link.from_piece, link.to_piece), (Piece::whole(amounts.0), Piece::whole(amounts.1)));
        assert_eq!(links.links_to(to).unwrap(), found);
        assert!(!link.evidence.is_empty());
    }
    println!("{swaps} swaps, {messages} messages");
    assert!(swaps > 20 && messages > 5);
    // A mixer's withdrawals list candidates, from which no trace goes on.
    let mut candidates = 0;
    for record in &run.records {
        let Record::Mix { withdrawn: Some(withdrawn), recipient: Some(recipient), .. } = record else { continue };
        let (chain, moved) = transfers(&run, &stores, withdrawn);
        let account = stores[chain].0.account_number(&id(recipient));
        let paid = moved.iter().find(|t| t.to == account).unwrap();
        let at = TransferId { chain: u16::try_from(chain).unwrap(), number: paid.number };
        let found = links.links_to(at).unwrap();
        candidates += found.len();
        assert!(found.iter().all(|l| l.kind == LinkKind::Mixer && l.rank > 0 && l.basis == Basis::Heuristic));
    }
    assert!(candidates > 0);
}

#[test]
fn a_theft_is_followed_over_swaps_and_the_bridge() {
    let run = run(Options { seed: 3, blocks: 150, users: 60, txs_per_block: 25, ..Options::default() });
    let dir = tempfile::tempdir().unwrap();
    let stores = store(&run, dir.path());
    let links = LedgerLinks::new(stores.iter().map(|(ledger, store)| (ledger, store)).collect());
    let views = [0, 1].map(|n| AccountView { ledger: &stores[n].0, classes: &Unclassified });
    let chains: [&dyn Transfers; 2] = [&views[0], &views[1]];
    let (mut swapped, mut bridged, mut arrived) = (0, 0, 0);
    for block in &run.blocks {
        for (index, truth) in block.truth.iter().enumerate().filter(|(_, t)| t.action == Action::Theft) {
            let tx = format!("{}:{}:{index}", block.number, block.header.number);
            let (chain, moved) = transfers(&run, &stores, &tx);
            let theft = moved.iter().find(|t| t.kind == TransferKind::Token).unwrap();
            let start =
                AccountStart::Transfer(TransferId { chain: u16::try_from(chain).unwrap(), number: theft.number });
            let bounds = Bounds { max_hops: 12, max_edges: 20_000, ..Bounds::default() };
            let options = AccountOptions {
                trace: TraceOptions { bounds, ..TraceOptions::default() },
                ..AccountOptions::default()
            };
            let trace = trace_accounts(&chains, Some(&links), &[(start, None)], &options).unwrap();
            assert!(trace.balances(), "{truth:?}");
            let crossed = |kind| trace.crossings.iter().filter(|c| c.link.kind == kind).count();
            swapped += crossed(LinkKind::Swap);
            bridged += crossed(LinkKind::Bridge);
            arrived += trace.ends.iter().filter(|end| end.chain == 1).count();
        }
    }
    println!("{swapped} swaps and {bridged} bridges crossed, {arrived} ends on the other chain");
    assert!(swapped >= 2 && bridged >= 1 && arrived >= 1);
}
