//! The simulated economy, whose truth is known: swaps, wraps, messages of its bridge, and its mixer, whose candidates are counted.

use holdfast_evm::{Chain, Checks, json, trace, transfers, verify};
use holdfast_links::{
    BlockRecords, Bridges, Certainty, Contracts, Counterpart, Direction, Head, Link, LinkKind, MixerMove,
    Record as Found, Role, Store, TxView, find, find_in, measured, mixers,
};
use holdfast_simulate_accounts::{Action, Economy, Options, Record, SimBlock};
use holdfast_types::{AccountId, Address, Amount, BlockTransfers, TokenRef, TransferKind};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

pub fn id(text: &str) -> AccountId {
    AccountId::try_from(&Address::read(text)).unwrap()
}

pub fn token(text: &str) -> TokenRef {
    if text == "native" { TokenRef::Native } else { TokenRef::Fungible(id(text)) }
}

pub struct Run {
    pub economy: Economy,
    pub blocks: Vec<SimBlock>,
    pub records: Vec<Record>,
    /// What was found, by chain.
    pub found: [Vec<BlockRecords>; 2],
    /// What the blocks moved, by chain.
    pub moved: [Vec<BlockTransfers>; 2],
    /// What was found without logs.
    without_logs: [Vec<BlockRecords>; 2],
    /// Transfers between accounts outside contracts of the mixer, on both chains.
    paid: HashSet<(AccountId, AccountId)>,
}

pub fn run(options: Options) -> Run {
    let mut economy = Economy::new(options).unwrap();
    let mut blocks = Vec::new();
    loop {
        let some = economy.next_blocks(16);
        if some.is_empty() {
            break;
        }
        blocks.extend(some);
    }
    let records = economy.take_records();
    // The bridge is one contract, which the truth of no record names: it dispatches the messages.
    let bridge = blocks.iter().flat_map(|b| &b.truth).find(|t| t.action == Action::BridgeOut).unwrap();
    let bridge = bridge.transfers.iter().find_map(|t| t.to.filter(|_| t.kind == TransferKind::Token)).unwrap();
    let (mut found, mut without_logs) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    let (mut all_moved, mut paid) = ([Vec::new(), Vec::new()], HashSet::new());
    for block in &blocks {
        let chain = Chain::of(block.number).with_wrapper(economy.wrapper());
        let mut read = json::block(&chain, &block.block_json()).unwrap();
        let receipts = json::receipts(&mut read, &block.receipts_json()).unwrap();
        let traces = trace::nested(&block.traces_json()).unwrap();
        let verified = verify(&chain, read, receipts, Checks { senders: false }).unwrap().with_traces(traces).unwrap();
        let mut moved = transfers(&chain, &verified);
        let contracts = Contracts::of(chain.id()).with(bridge, Role::NomadAll);
        found[block.chain].push(find(&contracts, &verified, &moved));
        let view = |transfers| TxView { transfers, logs: &[], first_log: 0, gas_price: Amount::ZERO };
        without_logs[block.chain].push(find_in(&contracts, &Head::of(&moved), moved.transactions.iter().map(view)));
        for transfer in moved.transactions.iter().flat_map(|t| &t.transfers) {
            paid.extend(transfer.from.zip(transfer.to));
        }
        moved.block_level.clone_from(&block.genesis);
        all_moved[block.chain].push(moved);
    }
    Run { economy, blocks, records, found, moved: all_moved, without_logs, paid }
}

fn options(seed: u64) -> Options {
    Options { seed, blocks: 220, users: 250, txs_per_block: 60, ..Options::default() }
}

fn links<'a>(run: &Run, found: &'a [Vec<BlockRecords>; 2]) -> HashMap<String, Vec<&'a Link>> {
    let mut links: HashMap<String, Vec<&Link>> = HashMap::new();
    for (chain, blocks) in found.iter().enumerate() {
        for record in blocks.iter().flat_map(|b| &b.records) {
            if let Found::Link(link) = record {
                let place = link.into.place;
                let tx = format!("{}:{}:{}", run.economy.options().chains[chain], place.height, place.tx);
                links.entry(tx).or_default().push(link);
            }
        }
    }
    links
}

/// Compares swaps with the truth: right, wrong, missed.
fn score(run: &Run, links: &HashMap<String, Vec<&Link>>, certainty: Certainty) -> (u64, u64, u64) {
    let (mut right, mut wrong, mut missed) = (0, 0, 0);
    let mut true_swaps = HashSet::new();
    for record in &run.records {
        let Record::Swap { tx, account, asset_in, amount_in, asset_out, amount_out, .. } = record else { continue };
        true_swaps.insert(tx);
        let found: Vec<_> = links.get(tx).into_iter().flatten().filter(|l| l.kind == LinkKind::Swap).collect();
        let [link] = found.as_slice() else {
            missed += 1;
            continue;
        };
        let out = (link.out.account, link.out.token, link.out.amount);
        let into = (link.into.account, link.into.token, link.into.amount);
        let is_right = out == (id(account), token(asset_in), *amount_in)
            && into == (id(account), token(asset_out), *amount_out)
            && link.certainty == certainty;
        if is_right { right += 1 } else { wrong += 1 }
    }
    let swapped = links.iter().filter(|(_, links)| links.iter().any(|l| l.kind == LinkKind::Swap));
    let others: Vec<_> = swapped.filter(|(tx, _)| !true_swaps.contains(tx)).collect();
    println!("{right} right, {wrong} wrong, {missed} missed, beside them {others:?}");
    (right, wrong + others.len() as u64, missed)
}

#[test]
fn swaps_and_wraps_are_those_of_the_truth() {
    let run = run(options(3));
    let parts = |m: measured::Measured| (m.right, m.wrong, m.missed);
    let links_found = links(&run, &run.found);
    assert_eq!(score(&run, &links_found, Certainty::Event), parts(measured::SWAPS));
    let without_logs = links(&run, &run.without_logs);
    assert_eq!(score(&run, &without_logs, Certainty::NetFlow), parts(measured::NET_FLOW));
    let is_wrap = |kind| matches!(kind, TransferKind::Wrap | TransferKind::Unwrap);
    let wraps: Vec<_> = links_found.values().flatten().filter(|l| l.kind == LinkKind::Wrap).collect();
    let wrapped = |link: &Link| {
        let end = if link.out.token == TokenRef::Native { &link.into } else { &link.out };
        (end.place, end.transfers[0].position, end.account, end.amount)
    };
    let ends: HashSet<_> = wraps.iter().map(|link| wrapped(link)).collect();
    let truth = run.blocks.iter().flat_map(|b| &b.truth).flat_map(|t| &t.transfers).filter(|t| is_wrap(t.kind)).count();
    println!("{} wraps", wraps.len());
    assert!(wraps.iter().all(|l| l.out.amount == l.into.amount));
    assert_eq!((wraps.len() as u64, 0, 0), parts(measured::WRAPS));
    assert!(wraps.len() == truth && ends.len() <= truth);
}

#[test]
fn every_message_is_joined_or_waits() {
    let run = run(options(4));
    let dir = tempfile::tempdir().unwrap();
    let mut stores = Vec::new();
    for (chain, blocks) in run.found.iter().enumerate() {
        let id = Chain::of(run.economy.options().chains[chain]).id().clone();
        let mut store = Store::create_or_open(&dir.path().join(chain.to_string()), &id).unwrap();
        blocks.chunks(50).for_each(|some| store.append(some).unwrap());
        stores.push(store);
    }
    let bridges = Bridges::new(stores.iter().collect());
    let mut joined: BTreeMap<String, (String, String)> = BTreeMap::new();
    for (number, store) in stores.iter().enumerate() {
        let name = |store: usize, place: holdfast_links::Place| {
            format!("{}:{}:{}", run.economy.options().chains[store], place.height, place.tx)
        };
        store
            .for_each(&mut |record, found| {
                let Found::Bridge(side) = found else { return Ok(ControlFlow::Continue(())) };
                let at = bridges.side(number, record)?.unwrap();
                if side.direction == Direction::Out {
                    let Counterpart::Found(link) = bridges.counterpart(&at)? else { panic!("{at:?}") };
                    let message = format!("0x{}", hex(&side.message.unwrap()));
                    let (out, into) = (&link.out, &link.into);
                    joined
                        .insert(message, (name(out.store, out.side.end.place), name(into.store, into.side.end.place)));
                }
                Ok(ControlFlow::Continue(()))
            })
            .unwrap();
    }
    let mut waiting = 0;
    for number in 0..2 {
        let mut none = |_, _| panic!("received without a message");
        bridges.without_counterpart(number, Direction::Out, &mut none).unwrap();
        let mut waits = |_, _| {
            waiting += 1;
            ControlFlow::Continue(())
        };
        bridges.without_counterpart(number, Direction::In, &mut waits).unwrap();
    }
    let (mut delivered, mut not_delivered) = (0, 0);
    for record in &run.records {
        let Record::Bridge { message, sent, delivered: arrived, .. } = record else { continue };
        match arrived {
            Some(arrived) => {
                assert_eq!(joined.get(message), Some(&(sent.clone(), arrived.clone())));
                delivered += 1;
            }
            None => not_delivered += 1,
        }
    }
    println!("{delivered} joined, {waiting} wait, {not_delivered} not delivered");
    assert!(delivered == joined.len() && delivered > 10);
    assert!(waiting >= not_delivered);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Returns the moves of the mixers of a chain.
fn moves(run: &Run, chain: usize) -> Vec<MixerMove> {
    let records = run.found[chain].iter().flat_map(|b| &b.records);
    records.filter_map(|r| if let Found::Mixer(m) = r { Some(m.clone()) } else { None }).collect()
}

#[test]
fn candidates_of_withdrawals_are_ranked_with_the_error_that_is_stated() {
    let mut firsts = (0u64, 0u64);
    let (mut in_five, mut size) = (0u64, 0u64);
    for seed in [5, 6, 7] {
        let run = run(options(seed));
        let mut pairs: HashMap<String, String> = HashMap::new();
        let mut deposits = 0;
        for record in &run.records {
            if let Record::Mix { deposited, withdrawn, .. } = record {
                deposits += 1;
                pairs.extend(withdrawn.clone().map(|w| (w, deposited.clone())));
            }
        }
        let mut found = (0, 0);
        for chain in 0..2 {
            let moves = moves(&run, chain);
            let name = |m: &MixerMove| {
                let place = m.end.place;
                format!("{}:{}:{}", run.economy.options().chains[chain], place.height, place.tx)
            };
            for withdrawal in moves.iter().filter(|m| m.direction == Direction::Out) {
                found.1 += 1;
                let linked =
                    |a: &AccountId, b: &AccountId| run.paid.contains(&(*a, *b)) || run.paid.contains(&(*b, *a));
                let ranking = mixers::rank(withdrawal, &moves, &linked, 5);
                let truth = &pairs[&name(withdrawal)];
                let place = ranking.candidates.iter().position(|c| name(c.deposit) == *truth);
                match place {
                    Some(0) => firsts.0 += 1,
                    _ => firsts.1 += 1,
                }
                in_five += u64::from(place.is_some());
                size += ranking.deposits as u64;
            }
            found.0 += moves.iter().filter(|m| m.direction == Direction::In).count();
        }
        // Every deposit of which the truth states the withdrawal, and all others that were made, stand there.
        assert!(found.0 >= deposits && found.1 == pairs.len(), "{found:?} {deposits} {}", pairs.len());
    }
    println!("first right {}, first wrong {}, among five {in_five}, deposits in all {size}", firsts.0, firsts.1);
    let stated = measured::MIXER_FIRST;
    assert_eq!((firsts.0, firsts.1, in_five), (stated.right, stated.wrong, measured::MIXER_AMONG_FIVE));
}
