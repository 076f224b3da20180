//! The economy of accounts: blocks verify, what they moved is what was booked, and nothing is lost.

use holdfast_account_ledger::{Backing, Ledger, NATIVE, Settings};
use holdfast_evm::{Chain, Checks, VerifiedBlock, era1::Era1, json, trace, transfers, verify};
use holdfast_simulate_accounts::files::{Format, write};
use holdfast_simulate_accounts::{Action, Economy, FlowKind, NO_STATE, Options, Record, SimBlock};
use holdfast_types::{
    AccountId, Amount, BlockTransfers, IssuerAct, IssuerAction, Signal, SignedAmount, TokenRef, TransferKind,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;

type Books = HashMap<(usize, TokenRef, AccountId), SignedAmount>;

fn small(seed: u64) -> Options {
    Options { seed, blocks: 60, users: 60, txs_per_block: 25, ..Options::default() }
}

fn blocks(economy: &mut Economy) -> Vec<SimBlock> {
    let mut all = Vec::new();
    loop {
        let some = economy.next_blocks(16);
        if some.is_empty() {
            return all;
        }
        all.extend(some);
    }
}

fn chain(economy: &Economy, number: u64) -> Chain {
    Chain::of(number).with_wrapper(economy.wrapper()).with_issuer(economy.issuer())
}

/// Reads a block as a node's JSON, and verifies all of it.
fn verified(chain: &Chain, block: &SimBlock) -> VerifiedBlock {
    let mut read = json::block(chain, &block.block_json()).unwrap();
    let receipts = json::receipts(&mut read, &block.receipts_json()).unwrap();
    let traces = trace::nested(&block.traces_json()).unwrap();
    verify(chain, read, receipts, Checks { senders: true }).unwrap().with_traces(traces).unwrap()
}

fn book(books: &mut Books, chain: usize, transfers: &BlockTransfers) {
    let all = transfers.block_level.iter().chain(transfers.transactions.iter().flat_map(|t| &t.transfers));
    for transfer in all {
        let sides = [(transfer.from, SignedAmount::minus(transfer.amount)), (transfer.to, transfer.amount.into())];
        for (account, change) in sides {
            let Some(account) = account else { continue };
            let balance = books.entry((chain, transfer.token, account)).or_default();
            *balance = balance.checked_add(change).unwrap();
        }
    }
}

/// Transfers of nothing in the name of others: transaction, sender and receiver as records name them.
type Nothings = BTreeSet<(String, String, String)>;

/// Reads all blocks, compares them with the truth, and returns the books, and what was sent of nothing.
fn compare(economy: &Economy, blocks: &[SimBlock]) -> (Books, Nothings) {
    let (mut books, mut nothings) = (Books::new(), Nothings::new());
    let mut parents = [None, None];
    for block in blocks {
        let chain = chain(economy, block.number);
        let read = verified(&chain, block);
        assert_eq!(block.header.parent_hash, parents[block.chain].unwrap_or_default());
        parents[block.chain] = Some(block.hash);
        assert_eq!(block.header.number == 0, block.header.state_root != NO_STATE);
        let mut found = transfers(&chain, &read);
        assert!(found.internal_known);
        assert_eq!(found.transactions.len(), block.truth.len());
        for (transaction, truth) in found.transactions.iter().zip(&block.truth) {
            assert_eq!(transaction.transfers, truth.transfers, "{truth:?}");
            let unpaired = |s: &&Signal| matches!(s, Signal::UnpairedWrap { .. } | Signal::MalformedLog { .. });
            assert_eq!(transaction.signals.iter().find(unpaired), None);
            for signal in &transaction.signals {
                if let Signal::ZeroValue { from, to, by_third_party: true, .. } = signal {
                    let tx = format!("{}:{}:{}", block.number, block.header.number, transaction.index);
                    nothings.insert((tx, format!("{from:?}"), format!("{to:?}")));
                }
            }
        }
        found.block_level.clone_from(&block.genesis);
        book(&mut books, block.chain, &found);
    }
    (books, nothings)
}

fn spoofed(economy: &Economy, token: TokenRef) -> bool {
    token == TokenRef::Fungible(AccountId::evm(economy.fake_token().into_array()))
}

/// What everybody holds is what the economy has, and what came into being without what was destroyed.
fn check_balances(economy: &Economy, blocks: &[SimBlock], books: &Books) {
    let mut supply: BTreeMap<(usize, TokenRef), SignedAmount> = BTreeMap::new();
    for block in blocks {
        for transfer in block.genesis.iter().chain(block.truth.iter().flat_map(|t| &t.transfers)) {
            let sum = supply.entry((block.chain, transfer.token)).or_default();
            let change = match (transfer.from, transfer.to) {
                (None, Some(_)) => transfer.amount.into(),
                (Some(_), None) => SignedAmount::minus(transfer.amount),
                _ => continue,
            };
            *sum = sum.checked_add(change).unwrap();
        }
    }
    let mut held: BTreeMap<(usize, TokenRef), SignedAmount> = BTreeMap::new();
    let mut count = 0;
    for chain in 0..2 {
        for (address, token, units) in economy.balances(chain) {
            let token = token.map_or(TokenRef::Native, |t| TokenRef::Fungible(AccountId::evm(t.into_array())));
            let account = AccountId::evm(address.into_array());
            assert_eq!(books.get(&(chain, token, account)), Some(&Amount::new(units).into()), "{token:?} {account:?}");
            let sum = held.entry((chain, token)).or_default();
            *sum = sum.checked_add(Amount::new(units).into()).unwrap();
            count += 1;
        }
    }
    let not_zero = books.iter().filter(|((_, token, _), n)| **n != SignedAmount::ZERO && !spoofed(economy, *token));
    assert_eq!(count, not_zero.inspect(|(key, n)| assert!(!n.is_negative(), "{key:?}")).count());
    supply.retain(|(_, token), _| !spoofed(economy, *token));
    assert_eq!(held, supply);
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let run = |seed| {
        let mut economy = Economy::new(Options { blocks: 25, ..small(seed) }).unwrap();
        let lines: Vec<Vec<u8>> = blocks(&mut economy).iter().map(SimBlock::json_line).collect();
        (lines, economy.take_records())
    };
    assert!(run(7) == run(7));
    assert!(run(7).0 != run(8).0);
    for bad in [
        Options { blocks: 1, ..small(1) },
        Options { users: 1, ..small(1) },
        Options { txs_per_block: 1, ..small(1) },
        Options { chains: [1, 1], ..small(1) },
        Options { chains: [1, 10], ..small(1) },
        Options { blocks: 200_000, txs_per_block: 5_000, ..small(1) },
    ] {
        assert!(Economy::new(bad).unwrap_err().starts_with("cannot simulate "));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn what_blocks_moved_is_what_was_booked_and_nothing_is_lost(
        seed in any::<u64>(), blocks_made in 20u32..60, users in 20u32..80, txs_per_block in 10u32..40, has_fees in any::<bool>(),
    ) {
        let options = Options { seed, blocks: blocks_made, users, txs_per_block, has_fees, ..Options::default() };
        let mut economy = Economy::new(options).unwrap();
        let all = blocks(&mut economy);
        prop_assert_eq!(all.len(), 2 * (1 + usize::try_from(blocks_made).unwrap()));
        let (books, _) = compare(&economy, &all);
        check_balances(&economy, &all, &books);
    }
}

#[test]
fn everything_happens_and_every_flow_ends() {
    let mut economy = Economy::new(Options { blocks: 220, users: 250, txs_per_block: 60, ..small(3) }).unwrap();
    let all = blocks(&mut economy);
    let records = economy.take_records();
    let mut actions: BTreeMap<&'static str, usize> = BTreeMap::new();
    for truth in all.iter().flat_map(|block| &block.truth) {
        *actions.entry(truth.action.into()).or_default() += 1;
    }
    println!("{actions:?}");
    assert_eq!(actions.len(), 40, "{actions:?}");
    let kinds: BTreeSet<&'static str> =
        all.iter().flat_map(|b| &b.truth).flat_map(|t| &t.transfers).map(|t| t.kind.name()).collect();
    for kind in [
        TransferKind::Value,
        TransferKind::Internal,
        TransferKind::Token,
        TransferKind::Wrap,
        TransferKind::Unwrap,
        TransferKind::Mint,
        TransferKind::Burn,
        TransferKind::FeeBurn,
        TransferKind::FeeTip,
    ] {
        assert!(kinds.contains(kind.name()), "{kinds:?}");
    }
    // A theft passes two swaps and the bridge, and is deposited on the other chain.
    let flow_of = |wanted: FlowKind| {
        records.iter().find_map(|record| match record {
            Record::Flow { flow, kind, .. } if *kind == wanted => Some(*flow),
            _ => None,
        })
    };
    let hack = flow_of(FlowKind::Hack);
    let steps: Vec<Action> = all.iter().flat_map(|b| &b.truth).filter(|t| t.flow == hack).map(|t| t.action).collect();
    let count = |action| steps.iter().filter(|step| **step == action).count();
    assert_eq!(
        (count(Action::Theft), count(Action::Swap), count(Action::BridgeOut), count(Action::BridgeIn)),
        (1, 2, 1, 1)
    );
    assert!(count(Action::CashOut) == 3 && count(Action::Sweep) + count(Action::ForwarderFlush) > 0, "{steps:?}");
    let chains: BTreeSet<usize> =
        all.iter().filter(|b| b.truth.iter().any(|t| t.flow == hack)).map(|b| b.chain).collect();
    assert_eq!(chains.len(), 2);
    let names = |wanted: fn(&Record) -> bool| records.iter().filter(|r| wanted(r)).count();
    assert!(names(|r| matches!(r, Record::Mix { withdrawn: Some(_), flow: Some(_), .. })) > 0);
    assert!(names(|r| matches!(r, Record::Freeze { destroyed: Some(_), flow: Some(_), .. })) > 0);
    assert!(names(|r| matches!(r, Record::Bridge { delivered: Some(_), .. })) > 10);
    assert!(names(|r| matches!(r, Record::Swap { .. })) > 100);
    assert!(names(|r| matches!(r, Record::Deposit { .. })) > 100);
    assert!(names(|r| matches!(r, Record::PoisoningLoss { .. })) > 0);
    let (books, nothings) = compare(&economy, &all);
    let height = |tx: &str| tx.split(':').nth(1).unwrap().parse::<u32>().unwrap();
    for record in &records {
        if let Record::Poisoning { tx, victim, counterparty, lookalike, is_spoofed, .. } = record {
            assert!(lookalike[..5] == counterparty[..5] && lookalike[38..] == counterparty[38..], "{record:?}");
            assert!(lookalike != counterparty && victim != lookalike);
            assert_eq!(nothings.contains(&(tx.clone(), victim.clone(), lookalike.clone())), !is_spoofed);
        }
        if let Record::Freeze { proposed, frozen, .. } = record {
            assert!(height(proposed) + 4 <= height(frozen), "{record:?}");
        }
    }
    check_balances(&economy, &all, &books);
}

#[test]
fn freezes_and_their_proposals_are_found_as_they_were_made() {
    let mut economy = Economy::new(Options { blocks: 120, ..small(3) }).unwrap();
    let all = blocks(&mut economy);
    // What was found with each account: proposal, freeze, destruction, by the names of their transactions.
    let mut found: BTreeMap<String, [Option<String>; 3]> = BTreeMap::new();
    let mut open: HashMap<(usize, u64), (IssuerAction, AccountId)> = HashMap::new();
    let mut executed = 0;
    for block in &all {
        let read = transfers(&chain(&economy, block.number), &verified(&chain(&economy, block.number), block));
        for transaction in &read.transactions {
            let tx = format!("{}:{}:{}", block.number, block.header.number, transaction.index);
            for signal in &transaction.signals {
                let Signal::Issuer { act, .. } = *signal else { continue };
                match act {
                    IssuerAct::Proposed { action, account, proposal } => {
                        open.insert((block.chain, proposal), (action, account));
                        if action == IssuerAction::Freeze {
                            found.entry(format!("{account:?}")).or_default()[0] = Some(tx.clone());
                        }
                    }
                    IssuerAct::Done { action, account, .. } => {
                        let place = if action == IssuerAction::Freeze { 1 } else { 2 };
                        found.entry(format!("{account:?}")).or_default()[place] = Some(tx.clone());
                    }
                    IssuerAct::Executed { proposal } => {
                        executed += usize::from(open.remove(&(block.chain, proposal)).is_some());
                    }
                    IssuerAct::Confirmed { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
        }
    }
    let (mut freezes, mut destroyed) = (0, 0);
    for record in economy.take_records() {
        let Record::Freeze { account, proposed, frozen, destroyed: end, .. } = record else { continue };
        let ended = end.map(|(_, tx)| tx);
        destroyed += usize::from(ended.is_some());
        freezes += 1;
        assert_eq!(found.remove(&account), Some([Some(proposed), Some(frozen), ended]), "{account}");
    }
    assert!(freezes > 1 && destroyed > 0 && executed >= freezes + destroyed, "{freezes} {destroyed} {executed}");
    // What is left was proposed, or frozen with a destruction proposed, when the economy ended.
    assert!(found.values().all(|[proposed, _, destroyed]| proposed.is_some() && destroyed.is_none()), "{found:?}");
}

#[test]
fn a_ledger_of_it_has_the_balances_of_the_truth_at_every_height() {
    let mut economy = Economy::new(small(11)).unwrap();
    let all = blocks(&mut economy);
    for side in 0..2 {
        let chain = chain(&economy, economy.options().chains[side]);
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::create_or_open(folder.path(), &Settings::new(chain.id().clone())).unwrap();
        let mut books = Books::new();
        let mut at_heights = Vec::new();
        for block in all.iter().filter(|block| block.chain == side) {
            let mut found = transfers(&chain, &verified(&chain, block));
            found.block_level.clone_from(&block.genesis);
            book(&mut books, side, &found);
            if block.header.number % 15 == 0 {
                at_heights.push((block.header.number, books.clone()));
            }
            ledger.append_block(found).unwrap();
        }
        let mut compared = 0;
        for (height, books) in &at_heights {
            for ((_, token, account), balance) in books.iter().filter(|((_, token, _), _)| !spoofed(&economy, *token)) {
                let number = ledger.account_number(account).unwrap();
                let asset = if *token == TokenRef::Native { NATIVE } else { ledger.asset_number(token).unwrap() };
                let stored = ledger.balance_at(number, asset, *height).unwrap().known();
                assert_eq!(stored.map(SignedAmount::from), Some(*balance), "{account:?} {token:?} at {height}");
                compared += 1;
            }
        }
        assert!(compared > 400, "{compared}");
        for (_, token, _) in books.keys() {
            let asset = ledger.asset_number(token).unwrap();
            let is_backed = ledger.backing(asset).unwrap() == Backing::Backed;
            assert_eq!(is_backed, !spoofed(&economy, *token), "{token:?}");
        }
        let report = ledger.check(&mut |_, _| ControlFlow::Continue(())).unwrap();
        assert!(report.is_clean(), "{report:?}");
    }
}

#[test]
fn files_read_back_in_both_formats() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { blocks: 30, ..small(5) };
    let mut hashes = Vec::new();
    for format in [Format::Json, Format::Era1] {
        let dir = folder.path().join(format!("{format:?}"));
        let mut economy = Economy::new(options).unwrap();
        let written = write(&mut economy, &dir, format, &mut |_| Ok(ControlFlow::Continue(()))).unwrap();
        assert_eq!(written.blocks, 62);
        let read = |name: &str| std::fs::read_to_string(dir.join("truth").join(name)).unwrap();
        let lines = |name: &str| read(name).lines().count() as u64;
        assert_eq!(lines("transactions.csv"), written.txs + 1);
        assert_eq!(lines("transfers.csv"), written.transfers + 1);
        assert_eq!(lines("records.jsonl"), written.records);
        assert!(read("tagpack.yaml").contains("category: exchange"));
        let first = dir.join("31337");
        let genesis = std::fs::read_to_string(first.join("genesis.csv")).unwrap();
        let chain = chain(&economy, 31_337);
        let mut found = Vec::new();
        if format == Format::Json {
            for line in std::fs::read_to_string(first.join("blocks-00000.jsonl")).unwrap().lines() {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                let part = |name: &str| serde_json::to_vec(&line[name]).unwrap();
                let mut block = json::block(&chain, &part("block")).unwrap();
                let receipts = json::receipts(&mut block, &part("receipts")).unwrap();
                let traces = trace::nested(&part("callTracer")).unwrap();
                let verified = verify(&chain, block, receipts, Checks::default()).unwrap();
                found.push(verified.with_traces(traces).unwrap());
            }
        } else {
            let era = std::fs::File::open(first.join("blocks-00000.era1")).unwrap();
            let traces = std::fs::read_to_string(first.join("traces-00000.jsonl")).unwrap();
            for (read, traces) in Era1::new(std::io::BufReader::new(era)).unwrap().zip(traces.lines()) {
                let (block, receipts) = read.unwrap();
                let verified = verify(&chain, block, receipts, Checks::default()).unwrap();
                found.push(verified.with_traces(trace::nested(traces.as_bytes()).unwrap()).unwrap());
            }
        }
        assert_eq!(found.len(), 31);
        let given = holdfast_evm::allocation::genesis(&genesis, &found[0].block().header).unwrap();
        assert_eq!(given.len(), economy.genesis(0).len());
        hashes.push(found.iter().map(|verified| verified.block().hash).collect::<Vec<_>>());
    }
    assert_eq!(hashes[0], hashes[1]);
}
