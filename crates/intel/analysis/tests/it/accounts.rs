//! Traces over accounts against plain buckets: for every account a list of pieces of money, moved by hand.

use crate::account_chain::{Chain, history, number};
use holdfast_account_ledger::StoredTransfer;
use holdfast_analysis::accounts::{
    AccountEndKind, AccountOptions, AccountStart, AccountTrace, Stop, Transfers, trace_accounts,
};
use holdfast_analysis::links::TransferId;
use holdfast_analysis::{Bounds, Direction, Policy, TraceOptions};
use holdfast_simulate::random::Random;
use holdfast_types::Amount;
use std::collections::{BTreeMap, VecDeque};

const POLICIES: [Policy; 4] = [Policy::Poison, Policy::Haircut, Policy::Fifo, Policy::Lifo];

fn add(a: Amount, b: Amount) -> Amount {
    a.checked_add(b).unwrap()
}

fn sub(a: Amount, b: Amount) -> Amount {
    a.checked_sub(b).unwrap()
}

/// Where a trace ends: why, the account, and the transfer where it did not come to lie.
type EndAt = (AccountEndKind, u32, Option<u32>, Option<usize>);

/// What a trace must find.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    marked: BTreeMap<u32, Amount>,
    added: BTreeMap<u32, Amount>,
    fees: BTreeMap<u32, Amount>,
    moved: BTreeMap<usize, Amount>,
    ends: BTreeMap<EndAt, Amount>,
}

fn count<K: Ord>(map: &mut BTreeMap<K, Amount>, key: K, amount: Amount) {
    if !amount.is_zero() {
        let sum = map.entry(key).or_default();
        *sum = add(*sum, amount);
    }
}

impl Found {
    fn of(trace: &AccountTrace) -> Self {
        let mut found = Found::default();
        for book in &trace.books {
            count(&mut found.marked, book.asset, book.books.marked);
            count(&mut found.added, book.asset, book.books.added);
            count(&mut found.fees, book.asset, book.books.fees);
        }
        for movement in &trace.movements {
            count(&mut found.moved, usize::try_from(movement.transfer.number.get()).unwrap(), movement.amount);
        }
        for end in &trace.ends {
            let lies = matches!(end.kind, AccountEndKind::Rests | AccountEndKind::Opening);
            let transfer = end.transfer.filter(|_| !lies).map(|t| usize::try_from(t.get()).unwrap());
            count(&mut found.ends, (end.kind, end.asset, end.account, transfer), end.amount);
        }
        found
    }
}

/// A start, as the plain buckets take it: at a transfer, or at an account's balance before a transfer.
#[derive(Clone, Copy, Debug)]
enum Plain {
    Transfer(usize, Amount),
    Balance { account: u32, asset: u32, before: usize, amount: Amount },
}

fn end_of(stop: Stop) -> AccountEndKind {
    match stop {
        Stop::Service => AccountEndKind::Service,
        Stop::Pool => AccountEndKind::Pool,
        Stop::Bridge => AccountEndKind::Bridge,
        Stop::Mixer => AccountEndKind::Mixer,
        Stop::Wrapper => AccountEndKind::Wrapper,
    }
}

struct Case<'a> {
    chain: &'a Chain,
    starts: &'a [Plain],
    through: bool,
}

impl Case<'_> {
    fn stop(&self, account: u32) -> Option<AccountEndKind> {
        if self.through { None } else { self.chain.stops.get(&account).map(|s| end_of(*s)) }
    }

    fn at_transfer(&self, n: usize) -> Option<Amount> {
        let at = |s: &Plain| matches!(s, Plain::Transfer(m, amount) if *m == n && !amount.is_zero()).then_some(*s);
        self.starts.iter().find_map(at).map(|s| if let Plain::Transfer(_, amount) = s { amount } else { Amount::ZERO })
    }

    fn balances_before(&self, n: usize) -> impl Iterator<Item = (u32, u32, Amount)> {
        self.starts.iter().filter_map(move |s| match s {
            Plain::Balance { account, asset, before, amount } if *before == n => Some((*account, *asset, *amount)),
            _ => None,
        })
    }
}

// ---- first in, first out; last in, first out ----

/// Where a unit of money came from: an opening, or a transfer that made it or brought it from a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Opening(u32, u32),
    Made(usize),
    Service(usize),
}

/// Money that lies together: so many units from one of an origin on, whether it is marked, and the transfers that it went through.
#[derive(Clone, Debug)]
struct Piece {
    origin: Origin,
    offset: Amount,
    amount: Amount,
    marked: bool,
    path: Vec<usize>,
}

impl Piece {
    fn cut(&mut self, amount: Amount) -> Piece {
        let mut first = self.clone();
        first.amount = amount;
        self.offset = add(self.offset, amount);
        self.amount = sub(self.amount, amount);
        first
    }
}

type Pieces = VecDeque<Piece>;

fn sum_marked(pieces: &Pieces) -> Amount {
    Amount::checked_sum(pieces.iter().filter(|p| p.marked).map(|p| p.amount)).unwrap()
}

/// Takes an amount off the oldest end.
fn take_oldest(pieces: &mut Pieces, mut amount: Amount) -> Pieces {
    let mut taken = Pieces::new();
    while !amount.is_zero() {
        let mut first = pieces.pop_front().expect("the balance is no less");
        if first.amount > amount {
            taken.push_back(first.cut(amount));
            pieces.push_front(first);
            break;
        }
        amount = sub(amount, first.amount);
        taken.push_back(first);
    }
    taken
}

fn take_newest(pieces: &mut Pieces, amount: Amount) -> Pieces {
    let whole = Amount::checked_sum(pieces.iter().map(|p| p.amount)).unwrap();
    let mut rest = take_oldest(pieces, sub(whole, amount));
    std::mem::swap(pieces, &mut rest);
    rest
}

/// Marks the first units of pieces, and returns how many were not.
fn mark(pieces: &mut Pieces, amount: Amount) -> Amount {
    let mut first = take_oldest(pieces, amount);
    let before = sum_marked(&first);
    for piece in first.iter_mut() {
        piece.marked = true;
    }
    first.extend(std::mem::take(pieces));
    *pieces = first;
    sub(amount, before)
}

/// Plays the history on the buckets, and marks on the way.
fn play(case: &Case<'_>, policy: Policy, mut started: impl FnMut(u32, &mut Pieces, Amount)) -> Found {
    let mut found = Found::default();
    let mut buckets: BTreeMap<(u32, u32), Pieces> = BTreeMap::new();
    let bucket = |buckets: &mut BTreeMap<(u32, u32), Pieces>, account: u32, asset: u32| {
        buckets.entry((account, asset)).or_insert_with(|| {
            let amount = case.chain.opening(account, asset);
            let opening = Piece {
                origin: Origin::Opening(account, asset),
                offset: Amount::ZERO,
                amount,
                marked: false,
                path: Vec::new(),
            };
            if amount.is_zero() { Pieces::new() } else { Pieces::from([opening]) }
        });
    };
    for n in 0..=case.chain.transfers.len() {
        for (account, asset, amount) in case.balances_before(n) {
            bucket(&mut buckets, account, asset);
            started(asset, buckets.get_mut(&(account, asset)).unwrap(), amount);
        }
        let Some(transfer) = case.chain.transfers.get(n) else { break };
        let StoredTransfer { asset, from, to, amount, kind, .. } = *transfer;
        let mut moved = match from {
            None => Pieces::from([Piece {
                origin: Origin::Made(n),
                offset: Amount::ZERO,
                amount,
                marked: false,
                path: Vec::new(),
            }]),
            Some(from) => {
                bucket(&mut buckets, from, asset);
                let pieces = buckets.get_mut(&(from, asset)).unwrap();
                if policy == Policy::Fifo { take_oldest(pieces, amount) } else { take_newest(pieces, amount) }
            }
        };
        if from.is_some_and(|from| case.stop(from).is_some()) {
            // Backward, this is where the money comes from.
            let mut at = Amount::ZERO;
            for piece in moved.iter_mut() {
                (piece.origin, piece.offset, piece.path) = (Origin::Service(n), at, Vec::new());
                at = add(at, piece.amount);
            }
        }
        moved.iter_mut().for_each(|p| p.path.push(n));
        if let Some(amount) = case.at_transfer(n) {
            started(asset, &mut moved, amount);
        }
        let marked = sum_marked(&moved);
        count(&mut found.moved, n, marked);
        let mut end = |kind, account| count(&mut found.ends, (kind, asset, account, Some(n)), marked);
        if kind.is_fee() {
            count(&mut found.fees, asset, marked);
        } else if to.is_none() {
            end(AccountEndKind::Burnt, None);
        } else if let Some(kind) = to.and_then(|to| case.stop(to)) {
            end(kind, to);
        }
        if let Some(to) = to {
            if kind.is_fee() || case.stop(to).is_some() {
                moved.iter_mut().for_each(|p| p.marked = false);
            }
            bucket(&mut buckets, to, asset);
            buckets.get_mut(&(to, asset)).unwrap().extend(moved);
        }
    }
    for ((account, asset), pieces) in &buckets {
        count(&mut found.ends, (AccountEndKind::Rests, *asset, Some(*account), None), sum_marked(pieces));
    }
    found
}

fn ordered_forward(case: &Case<'_>, policy: Policy) -> Found {
    let mut new: BTreeMap<u32, Amount> = BTreeMap::new();
    let found = play(case, policy, |asset, pieces, amount| count(&mut new, asset, mark(pieces, amount)));
    Found { marked: new, ..found }
}

fn ordered_backward(case: &Case<'_>, policy: Policy) -> Found {
    let mut units: Vec<(u32, Piece)> = Vec::new();
    play(case, policy, |asset, pieces, amount| {
        let mut first = take_oldest(pieces, amount);
        units.extend(first.iter().map(|p| (asset, p.clone())));
        first.extend(std::mem::take(pieces));
        *pieces = first;
    });
    // Units that two starts have in common count once.
    let apart = |mut spans: Vec<(Amount, Amount)>| {
        spans.sort();
        let (mut sum, mut upto) = (Amount::ZERO, Amount::ZERO);
        for (start, len) in spans {
            let (start, end) = (start.max(upto), add(start, len).max(upto));
            sum = add(sum, sub(end, start));
            upto = end;
        }
        sum
    };
    let mut by_origin: BTreeMap<(u32, Origin), Vec<(Amount, Amount)>> = BTreeMap::new();
    let mut by_transfer: BTreeMap<(usize, Origin), Vec<(Amount, Amount)>> = BTreeMap::new();
    for (asset, piece) in units {
        let span = (piece.offset, piece.amount);
        by_origin.entry((asset, piece.origin)).or_default().push(span);
        for n in piece.path {
            by_transfer.entry((n, piece.origin)).or_default().push(span);
        }
    }
    let mut found = Found::default();
    for ((asset, origin), spans) in by_origin {
        let amount = apart(spans);
        let end = match origin {
            Origin::Opening(account, asset) => (AccountEndKind::Opening, asset, Some(account), None),
            Origin::Made(n) => (AccountEndKind::Made, asset, None, Some(n)),
            Origin::Service(n) => {
                let from = case.chain.transfers[n].from;
                (case.stop(from.unwrap()).unwrap(), asset, from, Some(n))
            }
        };
        count(&mut found.marked, asset, amount);
        count(&mut found.ends, end, amount);
    }
    for ((n, _), spans) in by_transfer {
        count(&mut found.moved, n, apart(spans));
    }
    found
}

// ---- haircut, poison ----

fn share(marked: Amount, part: Amount, whole: Amount) -> Amount {
    if whole.is_zero() { Amount::ZERO } else { marked.mul_div(part, whole).unwrap() }
}

/// Marked amounts of balances, and the balances.
struct Shares<'a> {
    case: &'a Case<'a>,
    poison: bool,
    marked: BTreeMap<(u32, u32), Amount>,
    found: Found,
}

impl Shares<'_> {
    fn balance(&self, account: u32, asset: u32, before: usize) -> Amount {
        self.case.chain.balance_before(account, asset, number(before)).unwrap().unwrap()
    }

    fn start(&mut self, asset: u32, before: Amount, amount: Amount) -> Amount {
        let marked = before.max(amount);
        count(&mut self.found.marked, asset, sub(marked, before));
        marked
    }

    fn starts_before(&mut self, n: usize) {
        let starts: Vec<_> = self.case.balances_before(n).collect();
        for (account, asset, amount) in starts {
            let before = self.marked.remove(&(account, asset)).unwrap_or_default();
            let marked = self.start(asset, before, amount);
            self.marked.insert((account, asset), marked);
        }
    }

    /// Poison marks the whole of what has a mark.
    fn whole(&mut self, asset: u32, marked: Amount, whole: Amount) -> Amount {
        if !self.poison || marked.is_zero() {
            return marked;
        }
        count(&mut self.found.added, asset, sub(whole, marked));
        whole
    }

    fn forward(mut self) -> Found {
        let case = self.case;
        for n in 0..=case.chain.transfers.len() {
            self.starts_before(n);
            let Some(transfer) = case.chain.transfers.get(n) else { break };
            let StoredTransfer { asset, from, to, amount, kind, .. } = *transfer;
            let mut moved = Amount::ZERO;
            if let Some(from) = from {
                let balance = self.balance(from, asset, n);
                let marked = self.marked.remove(&(from, asset)).unwrap_or_default();
                let marked = self.whole(asset, marked, balance);
                moved = share(marked, amount, balance);
                self.marked.insert((from, asset), sub(marked, moved));
            }
            if let Some(start) = case.at_transfer(n) {
                moved = self.start(asset, moved, start);
            }
            count(&mut self.found.moved, n, moved);
            let stop = to.and_then(|to| case.stop(to));
            match (kind.is_fee(), to, stop) {
                (true, ..) => count(&mut self.found.fees, asset, moved),
                (_, None, _) => count(&mut self.found.ends, (AccountEndKind::Burnt, asset, None, Some(n)), moved),
                (_, to, Some(stop)) => count(&mut self.found.ends, (stop, asset, to, Some(n)), moved),
                (_, Some(to), None) => {
                    let own = self.marked.remove(&(to, asset)).unwrap_or_default();
                    let mut before = self.balance(to, asset, n);
                    if from == Some(to) {
                        before = sub(before, amount);
                    }
                    let after = self.whole(asset, add(own, moved), add(before, amount));
                    self.marked.insert((to, asset), after);
                }
            }
            // What lies at a service and is marked is a start there; what comes leaves its marks.
            if let (Some(to), true) = (to, kind.is_fee() || stop.is_some()) {
                let own = self.marked.remove(&(to, asset)).unwrap_or_default();
                let mut before = self.balance(to, asset, n);
                if from == Some(to) {
                    before = sub(before, amount);
                }
                let after = self.whole(asset, own, add(before, amount));
                self.marked.insert((to, asset), after);
            }
        }
        for ((account, asset), marked) in &self.marked {
            count(&mut self.found.ends, (AccountEndKind::Rests, *asset, Some(*account), None), *marked);
        }
        self.found
    }

    fn backward(mut self) -> Found {
        let case = self.case;
        let end = case.chain.transfers.len();
        self.starts_before(end);
        for n in (0..end).rev() {
            let StoredTransfer { asset, from, to, amount, .. } = case.chain.transfers[n];
            let mut moved = Amount::ZERO;
            if let Some(to) = to {
                let mut before = self.balance(to, asset, n);
                if from == Some(to) {
                    before = sub(before, amount);
                }
                let after = add(before, amount);
                let marked = self.marked.remove(&(to, asset)).unwrap_or_default();
                let marked = self.whole(asset, marked, after);
                let rest = share(marked, before, after);
                moved = sub(marked, rest);
                self.marked.insert((to, asset), rest);
            }
            if let Some(start) = case.at_transfer(n) {
                moved = self.start(asset, moved, start);
            }
            count(&mut self.found.moved, n, moved);
            match (from, from.and_then(|from| case.stop(from))) {
                (None, _) => count(&mut self.found.ends, (AccountEndKind::Made, asset, None, Some(n)), moved),
                (_, Some(stop)) => count(&mut self.found.ends, (stop, asset, from, Some(n)), moved),
                (Some(_), None) => {}
            }
            if let Some(from) = from {
                let stays = if case.stop(from).is_some() { Amount::ZERO } else { moved };
                let rest = self.marked.remove(&(from, asset)).unwrap_or_default();
                let balance = self.balance(from, asset, n);
                let before = self.whole(asset, add(rest, stays), balance);
                self.marked.insert((from, asset), before);
            }
            self.starts_before(n);
        }
        for ((account, asset), marked) in &self.marked {
            count(&mut self.found.ends, (AccountEndKind::Opening, *asset, Some(*account), None), *marked);
        }
        self.found
    }
}

fn plain(case: &Case<'_>, policy: Policy, direction: Direction) -> Found {
    let shares = Shares { case, poison: policy == Policy::Poison, marked: BTreeMap::new(), found: Found::default() };
    match (policy, direction) {
        (Policy::Fifo | Policy::Lifo, Direction::Forward) => ordered_forward(case, policy),
        (Policy::Fifo | Policy::Lifo, Direction::Backward) => ordered_backward(case, policy),
        (_, Direction::Forward) => shares.forward(),
        (_, Direction::Backward) => shares.backward(),
    }
}

// ---- the histories ----

fn start_of(start: &Plain) -> (AccountStart, Option<Amount>) {
    match *start {
        Plain::Transfer(n, amount) => {
            (AccountStart::Transfer(TransferId { chain: 0, number: number(n) }), Some(amount))
        }
        Plain::Balance { account, asset, before, amount } => {
            (AccountStart::Balance { chain: 0, account, asset, height: before as u64 - 1 }, Some(amount))
        }
    }
}

/// One to three starts, whole or in part, each on a place of its own.
fn starts(random: &mut Random, chain: &Chain) -> Vec<Plain> {
    let mut starts: Vec<Plain> = Vec::new();
    for _ in 0..1 + random.below(3) {
        let n = random.index(chain.transfers.len());
        let transfer = chain.transfers[n];
        let part = |random: &mut Random, amount: Amount| match random.permille(500) {
            true => amount,
            false => amount.mul_div(random.below(1_001).into(), 1_000u64.into()).unwrap(),
        };
        if random.permille(600) {
            if !starts.iter().any(|s| matches!(s, Plain::Transfer(m, _) if *m == n)) {
                starts.push(Plain::Transfer(n, part(random, transfer.amount)));
            }
            continue;
        }
        let Some(account) = transfer.to.or(transfer.from) else { continue };
        let before = n + 1;
        let held = chain.balance_before(account, transfer.asset, number(before)).unwrap().unwrap();
        let is_other = |s: &Plain| !matches!(s, Plain::Balance { account: a, asset, .. } if (*a, *asset) == (account, transfer.asset));
        if starts.iter().all(is_other) {
            starts.push(Plain::Balance { account, asset: transfer.asset, before, amount: part(random, held) });
        }
    }
    starts
}

fn options(policy: Policy, direction: Direction, through_services: bool) -> AccountOptions {
    let bounds = Bounds { max_hops: u32::MAX, ..Bounds::default() };
    AccountOptions { trace: TraceOptions { direction, policy, bounds, through_services }, ..AccountOptions::default() }
}

#[test]
fn traces_are_those_of_plain_buckets() {
    let (mut compared, mut moved, mut assumed) = (0, 0, 0);
    for seed in 0..10_000 {
        let mut random = Random::new(seed);
        let chain = history(&mut random);
        let starts = starts(&mut random, &chain);
        let given: Vec<_> = starts.iter().map(start_of).collect();
        let case = Case { chain: &chain, starts: &starts, through: random.permille(300) };
        for policy in POLICIES {
            for direction in [Direction::Forward, Direction::Backward] {
                let what = format!("history {seed}, {policy:?}, {direction:?}, {starts:?}, {:?}", case.through);
                let options = options(policy, direction, case.through);
                let Ok(trace) = trace_accounts(&[&chain], None, &given, &options) else {
                    assert!(
                        starts.iter().all(
                            |s| matches!(s, Plain::Transfer(_, a) | Plain::Balance { amount: a, .. } if a.is_zero())
                        ),
                        "{what}"
                    );
                    continue;
                };
                assert!(trace.balances(), "{what}: {trace:#?}");
                let (found, expected) = (Found::of(&trace), plain(&case, policy, direction));
                assert_eq!(found, expected, "{what}\n{:#?}", chain.transfers);
                for a in &trace.assumed {
                    assert_eq!(a.amount, chain.opening(a.account, a.asset), "{what}");
                }
                compared += 1;
                moved += trace.movements.len();
                assumed += trace.assumed.len();
            }
        }
    }
    assert!(compared > 75_000 && moved > 250_000 && assumed > 50_000, "{compared} {moved} {assumed}");
}

#[test]
fn starts_one_by_one_make_those_at_once() {
    let (mut summed, mut shared) = (0, 0);
    for seed in 20_000..22_000 {
        let mut random = Random::new(seed);
        let chain = history(&mut random);
        let starts = starts(&mut random, &chain);
        let given: Vec<_> = starts.iter().map(start_of).filter(|s| s.1.is_some_and(|a| !a.is_zero())).collect();
        for policy in [Policy::Haircut, Policy::Fifo, Policy::Lifo] {
            for direction in [Direction::Forward, Direction::Backward] {
                let run = |starts: &[_]| trace_accounts(&[&chain], None, starts, &options(policy, direction, false));
                let Ok(all) = run(&given) else { continue };
                let total =
                    |trace: &AccountTrace| Amount::checked_sum(trace.books.iter().map(|b| b.books.marked)).unwrap();
                // Starts that lie on each other's way have money in common, which is marked once.
                if Some(total(&all)) != Amount::checked_sum(given.iter().filter_map(|s| s.1)) {
                    shared += 1;
                    continue;
                }
                let mut sum = Found::default();
                for start in &given {
                    let one = Found::of(&run(&[*start]).unwrap());
                    one.moved.into_iter().for_each(|(n, amount)| count(&mut sum.moved, n, amount));
                    one.ends.into_iter().for_each(|(end, amount)| count(&mut sum.ends, end, amount));
                    one.fees.into_iter().for_each(|(asset, amount)| count(&mut sum.fees, asset, amount));
                    one.marked.into_iter().for_each(|(asset, amount)| count(&mut sum.marked, asset, amount));
                }
                let all = Found::of(&all);
                summed += usize::from(given.len() > 1);
                if policy != Policy::Haircut {
                    assert_eq!(all, sum, "history {seed}, {policy:?}, {direction:?}");
                    continue;
                }
                // Each pass rounds by less than a unit, for each start by itself.
                let most = Amount::from(4 * 3 * chain.transfers.len() as u64);
                let differ = |a: Amount, b: Amount| a.excess_over(b).max(b.excess_over(a)) > most;
                for (end, amount) in &sum.ends {
                    let other = all.ends.get(end).copied().unwrap_or_default();
                    assert!(!differ(*amount, other), "history {seed}, {direction:?}, {end:?}: {amount} {other}");
                }
            }
        }
    }
    assert!(summed > 2_000 && shared > 1_000, "{summed} {shared}");
}

#[test]
fn bounds_cut_and_books_balance() {
    let mut kinds = std::collections::BTreeSet::new();
    for seed in 30_000..32_000 {
        let mut random = Random::new(seed);
        let chain = history(&mut random);
        let starts = starts(&mut random, &chain);
        let given: Vec<_> = starts.iter().map(start_of).collect();
        let policy = *random.pick(&POLICIES);
        let direction = *random.pick(&[Direction::Forward, Direction::Backward]);
        let mut options = options(policy, direction, random.permille(500));
        let (a, b) = (random.below_u32(40), random.below_u32(40));
        options.trace.bounds = Bounds {
            max_hops: random.below_u32(5),
            min_value: random.below(30),
            from_time: 1_000 + a.min(b),
            until_time: 1_000 + a.max(b),
            max_edges: random.index(30),
        };
        let Ok(trace) = trace_accounts(&[&chain], None, &given, &options) else { continue };
        assert!(trace.balances(), "history {seed}: {trace:#?}");
        assert_eq!(trace, trace_accounts(&[&chain], None, &given, &options).unwrap(), "deterministic");
        kinds.extend(trace.ends.iter().map(|e| e.kind));
        for end in &trace.ends {
            assert!(end.hops <= options.trace.bounds.max_hops.max(1), "{end:?}");
        }
    }
    for kind in [AccountEndKind::Hops, AccountEndKind::Time, AccountEndKind::Value, AccountEndKind::Edges] {
        assert!(kinds.contains(&kind), "{kind}");
        assert!(kind.is_bound());
    }
}

#[test]
fn policies_differ_as_defined() {
    // 0 holds 100 of its own; 1 pays it 50 (marked); it pays 2 a third of its balance, and then 3 another.
    let mut chain = Chain::default();
    chain.push(0, None, Some(0), Amount::new(100), holdfast_types::TransferKind::Mint);
    chain.push(0, None, Some(1), Amount::new(50), holdfast_types::TransferKind::Mint);
    let start = chain.pay(0, 1, 0, 50);
    chain.pay(0, 0, 2, 60);
    chain.pay(0, 0, 3, 60);
    let given = [(AccountStart::Transfer(TransferId { chain: 0, number: number(start) }), None)];
    let at = |policy| {
        let trace = trace_accounts(&[&chain], None, &given, &options(policy, Direction::Forward, false)).unwrap();
        assert!(trace.balances() && trace.assumed.is_empty());
        [0, 2, 3].map(|account| {
            let own = trace.ends.iter().filter(|e| e.account == Some(account)).map(|e| e.amount);
            u64::try_from(Amount::checked_sum(own).unwrap()).unwrap()
        })
    };
    assert_eq!(at(Policy::Fifo), [30, 0, 20]);
    assert_eq!(at(Policy::Lifo), [0, 50, 0]);
    assert_eq!(at(Policy::Haircut), [10, 20, 20]);
    assert_eq!(at(Policy::Poison), [30, 60, 60]);
    let ids = |n: usize| AccountStart::Transfer(TransferId { chain: 0, number: number(n) });
    let refused = |starts: &[(AccountStart, Option<Amount>)]| {
        trace_accounts(&[&chain], None, starts, &options(Policy::Fifo, Direction::Forward, false))
            .unwrap_err()
            .to_string()
    };
    assert!(refused(&[]).contains("nothing to trace"));
    assert!(refused(&[(ids(0), None), (ids(0), None)]).contains("named twice"));
    assert!(refused(&[(ids(0), Some(Amount::new(101)))]).contains("more than it holds"));
    assert!(refused(&[(ids(99), None)]).contains("no transfer 99"));
    let elsewhere = AccountStart::Transfer(TransferId { chain: 1, number: number(0) });
    assert!(refused(&[(elsewhere, None)]).contains("not among the ledgers"));
}

#[test]
fn sums_beyond_256_bits_are_refused_or_stated() {
    let mut chain = Chain::default();
    let half = Amount::MAX.mul_div(Amount::new(2), Amount::new(3)).unwrap();
    let first = chain.push(0, None, Some(0), half, holdfast_types::TransferKind::Mint);
    let second = chain.push(0, None, Some(1), half, holdfast_types::TransferKind::Mint);
    let ids = |n: usize| (AccountStart::Transfer(TransferId { chain: 0, number: number(n) }), None);
    let options = options(Policy::Haircut, Direction::Forward, false);
    assert!(trace_accounts(&[&chain], None, &[ids(first)], &options).unwrap().balances());
    let error = trace_accounts(&[&chain], None, &[ids(first), ids(second)], &options).unwrap_err();
    assert!(error.to_string().contains("256 bits"), "{error}");
}
