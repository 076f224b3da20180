//! Memberships and joins: found block by block as at once, undone by reorganizations, explained, and not to be forged.

use crate::built::{COIN, Chain, account, dollar, fake};
use crate::economy::simulated;
use holdfast_account_attribution::clusters::MembershipEvidence;
use holdfast_account_attribution::{ClusterLog, Clusters, Heuristic, Options, Services, Signals};
use holdfast_account_ledger::{Ledger, Settings};
use holdfast_types::{AccountId, ChainId, Position, Resource, Signal, TokenRef};
use std::path::Path;

const HOT: u64 = 1;
const GAS: u64 = 2;

fn services() -> Services {
    Services::from_list([(account(HOT), "exchange".into()), (account(3), "other exchange".into())])
}

fn options() -> Options {
    let hex = |token: TokenRef| hex_of(&token.contract().unwrap());
    let options = Options::of_chain(&ChainId::parse("eip155:1").unwrap());
    Options { trusted_tokens: [hex(dollar())].into(), ..options }.with([Heuristic::Sweep, Heuristic::DepositReuse])
}

fn hex_of(account: &AccountId) -> String {
    account.as_bytes().iter().map(|b| format!("{b:02x}")).collect()
}

fn build(chain: &Chain) -> Clusters {
    Clusters::build(&chain.ledger, &services(), &Signals::default(), options()).unwrap()
}

fn number(chain: &Chain, n: u64) -> u32 {
    chain.ledger.account_number(&account(n)).unwrap()
}

/// Deposits by `from` at each of the addresses, which are swept a block later.
fn deposits(chain: &mut Chain, from: &[u64], addresses: &[u64], amount: u128) {
    for (from, to) in from.iter().zip(addresses) {
        chain.send(account(*from), dollar(), account(*from), account(*to), amount);
    }
    chain.mine();
    for address in addresses {
        chain.send(account(*address), dollar(), account(*address), account(HOT), amount);
    }
    chain.mine();
}

fn same(chain: &Chain, clusters: &Clusters, a: u64, b: u64) -> bool {
    clusters.of(number(chain, a)) == clusters.of(number(chain, b))
}

#[test]
fn sweeps_join_deposit_addresses_with_the_wallet_and_customers_with_each_other() {
    let mut chain = Chain::new();
    deposits(&mut chain, &[100, 101, 102], &[10, 11, 12], 500);
    deposits(&mut chain, &[110], &[10], 70);
    let clusters = build(&chain);
    assert!(same(&chain, &clusters, 10, HOT) && same(&chain, &clusters, 12, 11));
    assert!(same(&chain, &clusters, 100, 110), "two wallets of the customer of one address");
    assert!(!same(&chain, &clusters, 100, 101) && !same(&chain, &clusters, 100, 10));
    // Why: both are the wallet's, each by what came in and went on.
    let why = clusters.explain(number(&chain, 10), number(&chain, 12)).unwrap();
    assert_eq!(why.len(), 2);
    for merge in &why {
        assert_eq!((merge.heuristic, merge.through), (Heuristic::Sweep, number(&chain, HOT)));
        let found = merge.evidence.iter().flatten().next().unwrap();
        let MembershipEvidence::Transfers(first, second) = found.evidence() else { panic!() };
        let (first, second) = (chain.ledger.transfer(first).unwrap(), chain.ledger.transfer(second).unwrap());
        assert_eq!((first.to, second.from), (Some(found.member()), Some(found.member())));
        assert_eq!((second.to, first.amount), (Some(number(&chain, HOT)), second.amount));
    }
    assert_eq!(clusters.explain(number(&chain, 100), number(&chain, 10)), None);
    let members = clusters.members(number(&chain, HOT));
    assert_eq!(members.len(), 4);
    assert!(members.is_sorted());
}

#[test]
fn too_few_addresses_are_no_wallets() {
    let mut chain = Chain::new();
    deposits(&mut chain, &[100, 101], &[10, 11], 500);
    assert!(!same(&chain, &build(&chain), 10, HOT));
    deposits(&mut chain, &[102], &[12], 500);
    assert!(same(&chain, &build(&chain), 10, HOT));
}

#[test]
fn who_sends_elsewhere_is_no_deposit_address() {
    let mut chain = Chain::new();
    deposits(&mut chain, &[100, 101, 102, 103], &[10, 11, 12, 13], 500);
    assert!(same(&chain, &build(&chain), 13, HOT));
    // A customer's own wallet, that once sent all it had to the wallet of the exchange, and later to a friend.
    chain.send(account(13), dollar(), account(13), account(200), 5);
    chain.mine();
    let clusters = build(&chain);
    assert!(!same(&chain, &clusters, 13, HOT) && same(&chain, &clusters, 12, HOT));
    // One that sent to a friend before.
    chain.send(account(300), dollar(), account(300), account(200), 5);
    deposits(&mut chain, &[301], &[300], 500);
    assert!(!same(&chain, &build(&chain), 300, HOT));
    // One that sends to two exchanges.
    chain.send(account(10), dollar(), account(10), account(3), 5);
    chain.mine();
    assert!(!same(&chain, &build(&chain), 10, HOT));
}

/// Anybody can write a contract that logs transfers in others' names.
#[test]
fn forged_logs_neither_join_nor_part() {
    let (mut chain, attacker) = (Chain::new(), account(666));
    deposits(&mut chain, &[100, 101, 102], &[10, 11, 12], 500);
    chain.send(attacker, fake(), attacker, account(100), 900);
    chain.mine();
    // Somebody's own account, as if it sent all to the exchange, and a deposit address, as if it sent elsewhere.
    chain.send(attacker, fake(), account(100), account(HOT), 900);
    chain.send(attacker, fake(), account(10), account(200), 900);
    // A believed token, but sent by a third party's order into a deposit address: nobody becomes a customer.
    chain.send(attacker, dollar(), account(400), account(10), 60);
    chain.mine();
    chain.send(account(10), dollar(), account(10), account(HOT), 60);
    chain.mine();
    let clusters = build(&chain);
    assert!(same(&chain, &clusters, 10, HOT) && !same(&chain, &clusters, 100, HOT));
    assert_eq!(clusters.of(number(&chain, 400)), number(&chain, 400));
    // Dust among what is swept makes nobody a customer.
    chain.send(attacker, dollar(), attacker, account(10), 2);
    deposits(&mut chain, &[100], &[10], 5_000);
    chain.mine();
    assert!(!same(&chain, &build(&chain), 666, 100));
}

#[test]
fn who_sends_to_many_deposit_addresses_is_a_service() {
    let mut chain = Chain::new();
    let addresses: Vec<u64> = (10..20).collect();
    deposits(&mut chain, &[500; 10], &addresses, 500);
    deposits(&mut chain, &[100; 10], &[10], 60);
    let clusters = build(&chain);
    assert!(!same(&chain, &clusters, 500, 100) && same(&chain, &clusters, 10, 19));
}

#[test]
fn coin_is_swept_less_its_fee_and_within_time() {
    let mut chain = Chain::new();
    for (n, (rest, blocks)) in
        [(COIN / 200, 1), (COIN / 200, 1), (COIN / 200, 1), (COIN / 50, 1), (COIN / 200, 30)].iter().enumerate()
    {
        let (from, address) = (account(100 + n as u64), account(10 + n as u64));
        chain.send(from, TokenRef::Native, from, address, COIN);
        (0..*blocks).for_each(|_| drop(chain.mine()));
        chain.send(address, TokenRef::Native, address, account(HOT), COIN - rest);
        chain.mine();
    }
    let options = Options { max_blocks: 20, ..options() };
    let clusters = Clusters::build(&chain.ledger, &services(), &Signals::default(), options).unwrap();
    let joined: Vec<bool> = (10..15).map(|n| same(&chain, &clusters, n, HOT)).collect();
    assert_eq!(joined, [true, true, true, false, false]);
}

#[test]
fn energy_and_factories_rest_on_what_blocks_tell() {
    let mut chain = Chain::new();
    let mut signals = Signals::default();
    let factory = account(900);
    for n in 0..3 {
        let contract = account(20 + n);
        chain.send(account(100 + n), dollar(), account(100 + n), contract, 500);
        chain.signal(Signal::Creation { contract, creator: factory, position: Position::Trace(1) });
        let owner = account(GAS);
        chain.signal(Signal::ResourceDelegation {
            owner,
            receiver: account(100 + n),
            resource: Resource::Energy,
            amount: None,
            ends: n == 2,
            position: Position::Transaction,
        });
        signals.take(&chain.mine());
        chain.send(account(GAS), dollar(), contract, account(50), 500);
        signals.take(&chain.mine());
    }
    let all = options().with([Heuristic::Factory, Heuristic::Energy]);
    let clusters = Clusters::build(&chain.ledger, &services(), &signals, all.clone()).unwrap();
    assert!(same(&chain, &clusters, 20, 50) && same(&chain, &clusters, 20, 22));
    assert!(
        same(&chain, &clusters, GAS, 100) && same(&chain, &clusters, 100, 101) && !same(&chain, &clusters, 100, 102)
    );
    let why = clusters.explain(number(&chain, GAS), number(&chain, 101)).unwrap();
    assert_eq!(why[0].evidence[1].unwrap().evidence(), MembershipEvidence::Fact(2, 0));
    let path = tempfile::tempdir().unwrap();
    let path = path.path().join("signals");
    signals.save(&path).unwrap();
    assert_eq!(Signals::load(&path).unwrap().as_ref(), Some(&signals));
    std::fs::write(&path, b"HOLDASG1").unwrap();
    assert!(Signals::load(&path).is_err());
    // Blocks whose signals were not read are not looked at.
    let none = Clusters::build(&chain.ledger, &services(), &Signals::default(), all).unwrap();
    assert_eq!((none.sizes().findings, none.height()), (0, None));
}

fn equal(a: &Clusters, b: &Clusters) {
    assert!(a.memberships().eq(b.memberships()));
    assert!(a.iter().eq(b.iter()));
    assert_eq!((a.sizes(), a.height()), (b.sizes(), b.height()));
    for (cluster, members) in a.iter() {
        assert_eq!(a.size(cluster) as usize, members.len());
        for other in [members[1], members[members.len() - 1]] {
            let why = a.explain(members[0], other).unwrap();
            assert_eq!(Some(&why), b.explain(members[0], other).as_ref());
            assert!(why.first().is_some_and(|m| m.a == members[0]) && why.last().is_some_and(|m| m.b == other));
            assert!(why.windows(2).all(|w| w[0].b == w[1].a));
        }
    }
}

#[test]
fn one_by_one_is_at_once_also_after_a_reorganization_and_from_a_file() {
    let sim = simulated(7, 60, 30);
    let options = sim.options.clone().with(Heuristic::ALL.iter().copied());
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create_or_open(folder.path(), &Settings::new(sim.blocks[0].chain.clone())).unwrap();
    let (mut followed, mut signals) = (Clusters::new(options.clone()), Signals::default());
    for block in &sim.blocks {
        ledger.append_block(block.clone()).unwrap();
        signals.take(block);
        followed.update(&ledger, &sim.services, &signals).unwrap();
    }
    let build =
        |ledger: &Ledger, signals: &Signals| Clusters::build(ledger, &sim.services, signals, options.clone()).unwrap();
    let whole = build(&ledger, &signals);
    equal(&followed, &whole);
    assert!(whole.sizes().clusters > 3, "{:?}", whole.sizes());

    // From a log, and after the last blocks are gone and came again.
    let path = folder.path().join("cluster-log");
    let chain = sim.blocks[0].chain.clone();
    let mut log = ClusterLog::create_or_open(&path, &chain).unwrap();
    log.save(&ledger, &followed).unwrap();
    let mut read = ClusterLog::load(&path).unwrap().unwrap();
    let tip = ledger.tip().unwrap().unwrap().height;
    for removed in [1, 7, 25] {
        ledger.truncate_final(tip + 1 - removed).unwrap();
        signals.truncate(tip + 1 - removed);
        let mut fewer = Signals::default();
        let stay = sim.blocks.len() - usize::try_from(removed).unwrap();
        sim.blocks[..stay].iter().for_each(|block| fewer.take(block));
        let mut again = ClusterLog::load(&path).unwrap().unwrap();
        for clusters in [&mut followed, &mut read, &mut again] {
            clusters.update(&ledger, &sim.services, &fewer).unwrap();
            equal(clusters, &build(&ledger, &fewer));
        }
        // The log is cut back with the clusters, or goes on from the block at which both part.
        if removed > 1 {
            log.save(&ledger, &again).unwrap();
            let mut cut = ClusterLog::load(&path).unwrap().unwrap();
            cut.update(&ledger, &sim.services, &fewer).unwrap();
            equal(&cut, &again);
        }
        for block in &sim.blocks[stay..] {
            ledger.append_block(block.clone()).unwrap();
            signals.take(block);
        }
        for clusters in [&mut followed, &mut read] {
            clusters.update(&ledger, &sim.services, &signals).unwrap();
            equal(clusters, &whole);
        }
        log.save(&ledger, &read).unwrap();
    }
    let mut read = ClusterLog::load(&path).unwrap().unwrap();
    assert_eq!(read.height(), Some(tip));
    read.update(&ledger, &sim.services, &signals).unwrap();
    equal(&read, &whole);
    // Other tags.
    followed.update(&ledger, &Services::default(), &signals).unwrap();
    equal(&followed, &Clusters::build(&ledger, &Services::default(), &signals, options.clone()).unwrap());
    // Clusters of other tags replace the log.
    log.save(&ledger, &followed).unwrap();
    let mut other = ClusterLog::load(&path).unwrap().unwrap();
    assert_eq!(other.tags(), Services::default().fingerprint());
    other.update(&ledger, &Services::default(), &signals).unwrap();
    equal(&other, &followed);
    drop(log);
    // A damaged log is named, and begins anew.
    for file in ["records.bytes", "blocks", "MANIFEST"] {
        let bytes = std::fs::read(path.join(file)).unwrap();
        let mut changed = bytes.clone();
        // What lies behind the log's end in a file that was longer counts for nothing.
        let place = 8.min(bytes.len() / 2);
        changed[place] ^= 1;
        std::fs::write(path.join(file), changed).unwrap();
        assert!(ClusterLog::load(&path).is_err(), "{file}");
        std::fs::write(path.join(file), &bytes[..place]).unwrap();
        assert!(ClusterLog::load(&path).is_err(), "{file}");
        let mut log = ClusterLog::create_or_open(&path, &chain).unwrap();
        log.save(&ledger, &whole).unwrap();
        drop(log);
        let mut read = ClusterLog::load(&path).unwrap().unwrap();
        read.update(&ledger, &sim.services, &signals).unwrap();
        equal(&read, &whole);
    }
}

/// Bytes that a save writes: what the columns grow by, the manifest, and the checksums.
fn written(path: &Path, before: &mut u64) -> u64 {
    let size = |name: &str| std::fs::metadata(path.join(name)).map_or(0, |m| m.len());
    let columns: u64 = ["blocks", "records", "records.bytes", "keys"].into_iter().map(size).sum();
    let grown = columns - std::mem::replace(before, columns);
    let names = std::fs::read_dir(path).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    grown + size("MANIFEST") + names.filter(|n| n.starts_with("checksums-")).map(|n| size(&n)).sum::<u64>()
}

#[test]
fn saving_costs_what_was_found_since_the_last_time() {
    let mut chain = Chain::waiting();
    for n in 0..400 {
        let (from, to) = ([3, 4, 5].map(|k| 10_000 + 10 * n + k), [6, 7, 8].map(|k| 10_000 + 10 * n + k));
        deposits(&mut chain, &from, &to, 500);
    }
    chain.append();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut log = ClusterLog::create_or_open(&path, &ChainId::parse("eip155:1").unwrap()).unwrap();
    let mut clusters = Clusters::new(options());
    let (mut saves, mut before, mut whole) = (Vec::new(), 0, 0);
    let tip = chain.ledger.tip().unwrap().map(|tip| tip.height);
    while clusters.height() < tip {
        clusters.update_some(&chain.ledger, &services(), &Signals::default(), 20).unwrap();
        log.save(&chain.ledger, &clusters).unwrap();
        saves.push(written(&path, &mut before));
        // A file that is written whole: 40 bytes a finding, 56 a marked block.
        whole += 40 * clusters.sizes().findings as u64 + 56 * clusters.height().map_or(0, |h| (h + 1).min(256));
    }
    let sum: u64 = saves.iter().sum();
    println!("{} saves of 20 blocks write {sum} bytes; written whole {whole}", saves.len());
    assert!(clusters.sizes().findings > 2_000, "{:?}", clusters.sizes());
    assert!(saves[saves.len() - 1] <= saves[1] * 11 / 10, "{saves:?}");
    assert!(sum * 5 < whole, "{sum} {whole}");
    let mut read = ClusterLog::load(&path).unwrap().unwrap();
    read.update(&chain.ledger, &services(), &Signals::default()).unwrap();
    equal(&read, &clusters);
}
