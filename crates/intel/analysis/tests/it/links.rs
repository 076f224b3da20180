//! Traces across swaps, wraps, bridges and mixers, with links made by hand.

use crate::account_chain::{Chain, history, number};
use holdfast_analysis::accounts::exposure::{ExposureBounds, LinkedChains, account_exposure, transfers_exposure};
use holdfast_analysis::accounts::paths::account_paths;
use holdfast_analysis::accounts::through::{ThroughBounds, came_through};
use holdfast_analysis::accounts::{
    AccountEndKind, AccountOptions, AccountStart, AccountTrace, Stop, Transfers, trace_accounts,
};
use holdfast_analysis::links::{Basis, Link, LinkKind, LinkTable, Piece, TransferId};
use holdfast_analysis::{Bounds, Direction, Policy, TraceOptions};
use holdfast_simulate::random::Random;
use holdfast_types::{Amount, TransferKind};
use std::collections::BTreeSet;

fn id(chain: u16, n: usize) -> TransferId {
    TransferId { chain, number: number(n) }
}

fn piece(offset: u128, amount: u128) -> Piece {
    Piece { offset: Amount::new(offset), amount: Amount::new(amount) }
}

fn link(kind: LinkKind, from: (TransferId, Piece), to: (TransferId, Piece)) -> Link {
    Link {
        from: from.0,
        from_piece: from.1,
        to: to.0,
        to_piece: to.1,
        kind,
        basis: Basis::Event,
        error_ppm: Some(0),
        pairs: 100,
        rank: 0,
        evidence: "by hand".into(),
    }
}

fn options(policy: Policy, direction: Direction) -> AccountOptions {
    let trace = TraceOptions { policy, direction, ..TraceOptions::default() };
    AccountOptions { trace, ..AccountOptions::default() }
}

fn run(chains: &[&dyn Transfers], links: &[Link], start: TransferId, options: &AccountOptions) -> AccountTrace {
    let table = LinkTable::new(links.to_vec());
    let trace = trace_accounts(chains, Some(&table), &[(AccountStart::Transfer(start), None)], options).unwrap();
    assert!(trace.balances(), "{trace:#?}");
    trace
}

/// (chain, asset, account, why, amount) of the ends.
fn ends(trace: &AccountTrace) -> Vec<(u16, u32, Option<u32>, AccountEndKind, u64)> {
    let end = |e: &holdfast_analysis::accounts::AccountEnd| {
        (e.chain, e.asset, e.account, e.kind, u64::try_from(e.amount).unwrap())
    };
    trace.ends.iter().map(end).collect()
}

const POOL: u32 = 9;
const BRIDGE: u32 = 8;
const EXCHANGE: u32 = 7;

/// Somebody has 300 of asset 0, of which 100 are stolen (from 1), swaps 150 of them for 30 of asset 1 in a pool, brings these over a bridge to
/// a second chain, and pays them in at an exchange there.
fn laundering(given_first: bool) -> (Chain, Chain, Vec<Link>, TransferId) {
    let mut chain = Chain::at(1_000);
    chain.stops.insert(POOL, Stop::Pool);
    chain.stops.insert(BRIDGE, Stop::Bridge);
    chain.push(0, None, Some(2), Amount::new(200), TransferKind::Mint);
    let theft = chain.pay(0, 1, 2, 100);
    let (sold, bought) = match given_first {
        false => (chain.pay(0, 2, POOL, 150), chain.pay(1, POOL, 2, 30)),
        // Pools may give before they are paid.
        true => {
            let bought = chain.pay(1, POOL, 2, 30);
            (chain.pay(0, 2, POOL, 150), bought)
        }
    };
    let sent = chain.pay(1, 2, BRIDGE, 30);
    let mut second = Chain::at(1_100);
    second.stops.insert(EXCHANGE, Stop::Service);
    let arrived = second.push(5, None, Some(3), Amount::new(29), TransferKind::Mint);
    second.pay(5, 3, EXCHANGE, 29);
    let links = vec![
        link(LinkKind::Swap, (id(0, sold), piece(0, 150)), (id(0, bought), piece(0, 30))),
        link(LinkKind::Bridge, (id(0, sent), piece(0, 30)), (id(1, arrived), piece(0, 29))),
    ];
    (chain, second, links, id(0, theft))
}

/// What went over an asset whose transfers contradict each other is stated in units of the asset that is asked about, in both directions.
#[test]
fn what_passes_an_unsound_asset_is_stated() {
    let n = Amount::new;
    let (mut chain, mut second, links, theft) = laundering(false);
    let table = LinkTable::new(links);
    let doubtful = |chain: &Chain, second: &Chain| {
        let chains: [&dyn Transfers; 2] = [chain, second];
        let over = LinkedChains { chains: &chains, links: Some(&table) };
        let forward = transfers_exposure(over, 0, &[theft.number], ExposureBounds::default()).unwrap();
        let backward = account_exposure(over, 1, EXCHANGE, 5, ExposureBounds::default()).unwrap();
        (forward.destination.doubtful, backward.source.doubtful)
    };
    let (forward, backward) = doubtful(&chain, &second);
    assert!(forward.is_empty() && backward.is_empty(), "all are sound");
    // A third of the 150 that were swapped; all 29 that arrived went over it.
    chain.unbacked.insert(1);
    let (forward, backward) = doubtful(&chain, &second);
    assert_eq!(forward.into_iter().collect::<Vec<_>>(), [((0, 1), n(50))]);
    assert_eq!(backward.into_iter().collect::<Vec<_>>(), [((0, 1), n(29))]);
    // That of the asset itself its ledger states; behind the bridge it is not counted again.
    second.unbacked.insert(5);
    let (forward, backward) = doubtful(&chain, &second);
    assert_eq!(forward.into_iter().collect::<Vec<_>>(), [((0, 1), n(50)), ((1, 5), n(0))]);
    assert_eq!(backward.into_iter().collect::<Vec<_>>(), [((0, 1), n(29))]);
}

#[test]
fn a_theft_passes_a_swap_and_a_bridge() {
    for given_first in [false, true] {
        let (chain, second, links, theft) = laundering(given_first);
        let chains: [&dyn Transfers; 2] = [&chain, &second];
        let at = |policy| ends(&run(&chains, &links, theft, &options(policy, Direction::Forward)));
        let rest = |amount| (0, 0, Some(2), AccountEndKind::Rests, amount);
        let exchange = |amount| (1, 5, Some(EXCHANGE), AccountEndKind::Service, amount);
        // A third of the balance is stolen: 50 of 150 swapped, 10 of 30, 9 of 29.
        assert_eq!(at(Policy::Haircut), [rest(50), exchange(9)]);
        assert_eq!(at(Policy::Lifo), [exchange(20)]);
        assert_eq!(at(Policy::Fifo), [rest(100)]);
        assert_eq!(at(Policy::Poison), [rest(150), exchange(29)]);
        let trace = run(&chains, &links, theft, &options(Policy::Lifo, Direction::Forward));
        // The newest 100 of 300 are the last 100 of the 150 that were sold: from 50 on. 20 of the 30 that were bought, from 10 on.
        let crossings: Vec<_> = trace.crossings.iter().map(|c| (c.link.kind, c.left, c.reached)).collect();
        let n = Amount::new;
        assert_eq!(crossings, [(LinkKind::Swap, n(100), n(20)), (LinkKind::Bridge, n(20), n(20))]);
        let books: Vec<_> =
            trace.books.iter().map(|b| (b.chain, b.asset, b.books.crossed_in, b.books.crossed_out)).collect();
        assert_eq!(books, [(0, 0, n(0), n(100)), (0, 1, n(20), n(20)), (1, 5, n(20), n(0))]);
        assert_eq!(trace.movements.len(), 6, "{:#?}", trace.movements);
        // Back from the exchange: what it was made of.
        let back = run(&chains, &links, id(1, 1), &options(Policy::Fifo, Direction::Backward));
        assert!(back.ends.iter().any(|e| e.kind == AccountEndKind::Made && e.asset == 0), "{back:#?}");
        assert_eq!(back.crossings.len(), 2);
        // Without links the pool is the end; without the second chain, what is elsewhere.
        let none = run(&chains, &[], theft, &options(Policy::Lifo, Direction::Forward));
        assert_eq!(ends(&none), [(0, 0, Some(POOL), AccountEndKind::Pool, 100)]);
        let alone = run(&chains[..1], &links, theft, &options(Policy::Lifo, Direction::Forward));
        assert_eq!(ends(&alone), [(0, 1, Some(BRIDGE), AccountEndKind::Elsewhere, 20)]);
    }
}

#[test]
fn paths_lead_over_links_to_their_targets() {
    let (chain, second, links, theft) = laundering(false);
    let chains: [&dyn Transfers; 2] = [&chain, &second];
    let table = LinkTable::new(links);
    let starts = [(AccountStart::Transfer(theft), None)];
    let targets = BTreeSet::from([(1, EXCHANGE)]);
    let options = options(Policy::Lifo, Direction::Backward);
    let paths = account_paths(&chains, Some(&table), &starts, &targets, &options, 5).unwrap();
    assert_eq!(paths.len(), 1);
    assert_eq!(paths[0].amount, Amount::new(20));
    let steps: Vec<_> = paths[0].steps.iter().map(|s| (s.transfer.chain, s.transfer.number.get())).collect();
    assert_eq!(steps, [(0, 1), (0, 2), (0, 3), (0, 4), (1, 0), (1, 1)]);
    let owner = AccountStart::Balance { chain: 0, account: 2, asset: 0, height: theft.number.get() };
    let from_balance = account_paths(&chains, Some(&table), &[(owner, None)], &targets, &options, 5).unwrap();
    assert_eq!(from_balance[0].steps[0].transfer, id(0, 2));
    let nobody = BTreeSet::from([(0, 77)]);
    assert!(account_paths(&chains, Some(&table), &starts, &nobody, &options, 5).unwrap().is_empty());
}

#[test]
fn links_that_are_no_facts_are_not_crossed() {
    let (chain, second, mut links, theft) = laundering(false);
    let chains: [&dyn Transfers; 2] = [&chain, &second];
    links[0].error_ppm = None;
    let unmeasured = run(&chains, &links, theft, &options(Policy::Lifo, Direction::Forward));
    assert_eq!(ends(&unmeasured), [(0, 0, Some(POOL), AccountEndKind::Pool, 100)]);
    links[0].error_ppm = Some(30_000);
    assert_eq!(run(&chains, &links, theft, &options(Policy::Lifo, Direction::Forward)), unmeasured);
    let lenient = AccountOptions { max_link_error_ppm: 30_000, ..options(Policy::Lifo, Direction::Forward) };
    assert_eq!(run(&chains, &links, theft, &lenient).crossings.len(), 2);
    // What both sides of a bridge state is crossed, however few pairs it was measured on.
    for error in [Some(631_597), None] {
        links[0] = Link { basis: Basis::Message, error_ppm: error, ..links[0].clone() };
        assert_eq!(run(&chains, &links, theft, &options(Policy::Lifo, Direction::Forward)).crossings.len(), 2);
    }
    // Pieces beyond their transfers are no links.
    links[0] = Link { basis: Basis::Event, error_ppm: Some(0), ..links[0].clone() };
    for (from, to) in [(piece(0, 151), piece(0, 30)), (piece(0, 150), piece(30, 1)), (piece(0, 0), piece(0, 30))] {
        let mut wrong = links.clone();
        (wrong[0].from_piece, wrong[0].to_piece) = (from, to);
        assert_eq!(run(&chains, &wrong, theft, &options(Policy::Lifo, Direction::Forward)), unmeasured);
    }
}

#[test]
fn mixers_end_traces_and_list_candidates() {
    let mut chain = Chain::default();
    chain.stops.insert(POOL, Stop::Mixer);
    let start = chain.pay(0, 1, 2, 10);
    let deposit = chain.pay(0, 2, POOL, 10);
    let first = chain.pay(0, POOL, 3, 10);
    let second = chain.pay(0, POOL, 4, 10);
    let candidate = |to, rank| Link {
        rank,
        error_ppm: Some(0),
        basis: Basis::Heuristic,
        ..link(LinkKind::Mixer, (id(0, deposit), piece(0, 10)), (id(0, to), piece(0, 10)))
    };
    let links = [candidate(second, 1), candidate(first, 2)];
    let trace = run(&[&chain], &links, id(0, start), &options(Policy::Haircut, Direction::Forward));
    assert_eq!(ends(&trace), [(0, 0, Some(POOL), AccountEndKind::Mixer, 10)]);
    assert!(trace.crossings.is_empty());
    let candidates: Vec<_> = trace.candidates.iter().map(|c| (c.of, c.rank, c.transfer)).collect();
    assert_eq!(candidates, [(id(0, deposit), 1, id(0, second)), (id(0, deposit), 2, id(0, first))]);
}

#[test]
fn several_transfers_become_one_and_one_several() {
    let n = Amount::new;
    // 60 and 40 of asset 0 were sold for 200 of asset 1 in one transfer; the second payment is marked.
    let mut chain = Chain::default();
    chain.stops.insert(POOL, Stop::Pool);
    let clean = chain.pay(0, 2, POOL, 60);
    let marked = chain.pay(0, 3, POOL, 40);
    let bought = chain.pay(1, POOL, 4, 200);
    chain.pay(1, 4, 5, 130);
    let links = [
        link(LinkKind::Swap, (id(0, clean), piece(0, 60)), (id(0, bought), piece(0, 120))),
        link(LinkKind::Swap, (id(0, marked), piece(0, 40)), (id(0, bought), piece(120, 80))),
    ];
    let rests = |account, amount| (0, 1, Some(account), AccountEndKind::Rests, amount);
    let at = |policy| ends(&run(&[&chain], &links, id(0, marked), &options(policy, Direction::Forward)));
    assert_eq!(at(Policy::Fifo), [rests(4, 70), rests(5, 10)]);
    assert_eq!(at(Policy::Haircut), [rests(4, 28), rests(5, 52)]);
    // Both payments: all of what was bought.
    for policy in [Policy::Fifo, Policy::Lifo, Policy::Haircut, Policy::Poison] {
        let table = LinkTable::new(links.to_vec());
        let starts = [clean, marked].map(|n| (AccountStart::Transfer(id(0, n)), None));
        let trace = trace_accounts(&[&chain], Some(&table), &starts, &options(policy, Direction::Forward)).unwrap();
        assert!(trace.balances());
        assert_eq!(ends(&trace), [rests(4, 70), rests(5, 130)], "{policy:?}");
    }
    // Back from 5: of first-in-first-out 130, 120 are of the first payment.
    let back = run(&[&chain], &links, id(0, 3), &options(Policy::Fifo, Direction::Backward));
    let by: Vec<_> = back.ends.iter().map(|e| (e.account, e.amount)).collect();
    assert_eq!(by, [(Some(2), n(60)), (Some(3), n(5))]);

    // A pool's share (asset 2) gives back two assets for the same money.
    let mut chain = Chain::default();
    chain.stops.insert(POOL, Stop::Pool);
    let share = chain.pay(2, 1, POOL, 10);
    let (a, b) = (chain.pay(0, POOL, 1, 1_000), chain.pay(1, POOL, 1, 7));
    let links = [
        link(LinkKind::Swap, (id(0, share), piece(0, 10)), (id(0, a), piece(0, 1_000))),
        link(LinkKind::Swap, (id(0, share), piece(0, 10)), (id(0, b), piece(0, 7))),
    ];
    let trace = run(&[&chain], &links, id(0, share), &options(Policy::Haircut, Direction::Forward));
    let rests: Vec<_> = trace.ends.iter().map(|e| (e.asset, e.amount)).collect();
    assert_eq!(rests, [(0, n(1_000)), (1, n(7))]);
    assert_eq!(trace.books.iter().find(|b| b.asset == 2).unwrap().books.crossed_out, n(10));
    assert_eq!(trace.movements.iter().find(|m| m.transfer == id(0, share)).unwrap().amount, n(10));
}

/// Random links between random pieces of random transfers, right or wrong.
fn random_links(random: &mut Random, chains: &[&Chain]) -> Vec<Link> {
    let end = |random: &mut Random| {
        let chain = random.index(chains.len());
        let n = random.index(chains[chain].transfers.len());
        let amount = chains[chain].transfers[n].amount;
        let part = |random: &mut Random| amount.mul_div(random.below(101).into(), Amount::new(100)).unwrap();
        let (a, b) = (part(random), part(random));
        let piece = match random.permille(600) {
            true => Piece::whole(amount),
            false => Piece { offset: a.min(b), amount: a.max(b).checked_sub(a.min(b)).unwrap() },
        };
        (id(u16::try_from(chain).unwrap(), n), piece)
    };
    (0..1 + random.below(12))
        .map(|_| {
            let mut made = link(LinkKind::Swap, end(random), end(random));
            made.error_ppm = *random.pick(&[Some(0), Some(9_999), Some(10_001), None]);
            if random.permille(50) {
                made.kind = LinkKind::Mixer;
            }
            made
        })
        .collect()
}

#[test]
fn books_balance_across_whatever_links() {
    let (mut crossings, mut back_in_time) = (0, 0);
    for seed in 50_000..53_000 {
        let mut random = Random::new(seed);
        let (first, mut second) = (history(&mut random), history(&mut random));
        second.time += random.below(40);
        let chains = [&first, &second];
        let links = random_links(&mut random, &chains);
        let table = LinkTable::new(links);
        let views: [&dyn Transfers; 2] = [&first, &second];
        let start = AccountStart::Transfer(id(0, random.index(first.transfers.len())));
        for policy in [Policy::Poison, Policy::Haircut, Policy::Fifo, Policy::Lifo] {
            for direction in [Direction::Forward, Direction::Backward] {
                let mut options = options(policy, direction);
                options.trace.through_services = random.permille(500);
                options.trace.bounds =
                    Bounds { max_hops: random.below_u32(30), max_edges: random.index(400), ..Bounds::default() };
                let what = format!("history {seed}, {policy:?}, {direction:?}");
                let trace = trace_accounts(&views, Some(&table), &[(start, None)], &options).unwrap();
                assert!(trace.balances(), "{what}: {trace:#?}");
                assert_eq!(trace, trace_accounts(&views, Some(&table), &[(start, None)], &options).unwrap(), "{what}");
                // What the books say of crossings is what the links say.
                let reached = |book: &holdfast_analysis::accounts::AssetBooks| {
                    let into = |c: &&holdfast_analysis::accounts::Crossing| {
                        let end = if direction == Direction::Forward { c.link.to } else { c.link.from };
                        let asset = chains[usize::from(end.chain)].transfers[end.number.get() as usize].asset;
                        (end.chain, asset) == (book.chain, book.asset)
                    };
                    Amount::checked_sum(trace.crossings.iter().filter(into).map(|c| c.reached)).unwrap()
                };
                for book in &trace.books {
                    assert_eq!(book.books.crossed_in, reached(book), "{what}: {trace:#?}");
                    back_in_time += usize::from(!book.books.common.is_zero());
                }
                for movement in &trace.movements {
                    let transfer =
                        chains[usize::from(movement.transfer.chain)].transfers[movement.transfer.number.get() as usize];
                    assert!(movement.amount <= transfer.amount, "{what}: {movement:?}");
                }
                crossings += trace.crossings.len();
            }
        }
    }
    assert!(crossings > 5_000 && back_in_time > 100, "{crossings} {back_in_time}");
}

#[test]
fn exposures_and_what_money_came_through_go_over_links() {
    let (mut chain, second, links, theft) = laundering(false);
    chain.stops.insert(1, Stop::Service);
    let chains: [&dyn Transfers; 2] = [&chain, &second];
    let table = LinkTable::new(links);
    let over = LinkedChains { chains: &chains, links: Some(&table) };
    let n = Amount::new;
    // 29 units of the second chain's asset were 150 of the first: a third of them came from 1, the others were made.
    let deposit = transfers_exposure(over, 1, &[number(1)], ExposureBounds::default()).unwrap();
    assert_eq!(deposit.source.amount, n(29));
    assert_eq!(deposit.source.by_category, [(holdfast_attribution::Category::SERVICE, n(0), n(9))]);
    assert_eq!(deposit.source.unattributed, [(AccountEndKind::Made, n(20))]);
    assert_eq!(deposit.destination.by_category, [(holdfast_attribution::Category::SERVICE, n(29), n(0))]);
    // Where it went: half of it to the exchange on the other chain.
    let sent = account_exposure(over, 0, 2, 0, ExposureBounds::default()).unwrap();
    assert_eq!(sent.destination.by_category, [(holdfast_attribution::Category::SERVICE, n(0), n(150))]);
    // Without links the bridge is the end.
    let alone = LinkedChains { links: None, ..over };
    let deposit = transfers_exposure(alone, 1, &[number(1)], ExposureBounds::default()).unwrap();
    assert_eq!(deposit.source.unattributed, [(AccountEndKind::Made, n(29))]);

    let bounds = ThroughBounds { max_hops: 6, min_share_ppm: 50_000, max_edges: 100, most: 48 };
    let came = came_through(over, id(1, 1), bounds).unwrap();
    assert!(!came.is_cut);
    let places = came.places;
    for few in [ThroughBounds { most: 1, ..bounds }, ThroughBounds { max_edges: 1, ..bounds }] {
        assert!(came_through(over, id(1, 1), few).unwrap().is_cut, "{few:?}");
    }
    let theft_at = places.iter().position(|p| p.transfer == theft).unwrap();
    // The theft came to 2; both sides of the swap are a hop, and both of the bridge.
    assert_eq!((places[theft_at].holder, places[theft_at].hops), (Some(2), 3), "{places:#?}");
    assert!((300_000..=340_000).contains(&places[theft_at].share_ppm), "{places:#?}");
    let mut way = vec![theft_at];
    while let Some(next) = places[way[way.len() - 1]].into {
        assert!(places[next].hops <= places[way[way.len() - 1]].hops && way.len() < 10);
        way.push(next);
    }
    let way: Vec<_> = way.into_iter().map(|n| places[n].transfer).collect();
    assert_eq!(way, [theft, id(0, 2), id(0, 3), id(0, 4), id(1, 0)]);
    let near = came_through(over, id(1, 1), ThroughBounds { max_hops: 2, ..bounds }).unwrap().places;
    assert!(near.iter().all(|p| p.transfer != theft) && !near.is_empty());
    assert!(came_through(alone, id(1, 1), bounds).unwrap().places.iter().all(|p| p.transfer.chain == 1));
}
