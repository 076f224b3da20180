//! Chains of outputs.

use crate::{Sums, add, assert_balanced, sums};
use holdfast_attribution::Tlp;
use holdfast_bitcoin::{Block, Network, display_hash};
use holdfast_chains::OpenChains;
use holdfast_explore::reports::{By, EntityKind, NodeKind, Period, Side, Sort};
use holdfast_explore::transactions::{TransactionsQuery, Wanted, transactions};
use holdfast_explore::{Chain, NeighboursQuery};
use holdfast_simulate::build::Built;
use holdfast_simulate::hand::{HandChain, key, tx};
use holdfast_simulate::history::History;
use holdfast_simulate::random::Random;
use holdfast_types::Amount;
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed, Source};
use holdfast_workspace::Workspace;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

fn append(workspace: &mut Workspace, blocks: Vec<(u32, Vec<u8>)>) {
    let parse = |(height, bytes)| MemoryBlock { height, block: Block::parse(bytes).unwrap(), spent: None };
    let feed = MemoryFeed(blocks.into_iter().map(parse).collect());
    workspace.ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    workspace.refresh().unwrap();
}

fn random_chain(seed: u64, dir: &Path) -> Chain {
    let mut history = History::new(seed);
    let mut workspace = Workspace::create_or_open(dir, Network::Regtest).unwrap();
    append(&mut workspace, (0..30).map(|_| history.block(8)).collect());
    Chain::Outputs(Arc::new(workspace.snapshot()))
}

/// What moved to or from an address, read transaction by transaction.
fn moved(chain: &Workspace, address: u32, side: Side) -> (Amount, u64) {
    let ledger = &chain.ledger;
    let mut sum = (Amount::ZERO, 0);
    let mut take = |value: u64| sum = (sum.0.checked_add(value.into()).unwrap(), sum.1 + 1);
    for tx in 0..ledger.counts().txs {
        match side {
            Side::In => {
                ledger.outputs(tx).filter(|o| ledger.address_of(*o) == address).for_each(|o| take(ledger.value(o)));
            }
            Side::Out => {
                let infos = ledger.sources(tx).map(|source| ledger.source_info(source));
                infos
                    .filter(|info| info.address == Some(address))
                    .for_each(|info| take(info.value.unwrap_or_default()));
            }
        }
    }
    sum
}

#[test]
fn listed_and_the_rest_are_what_the_ledger_has() {
    for seed in 1..=4 {
        let dir = tempfile::tempdir().unwrap();
        let chain = random_chain(seed, dir.path());
        let Chain::Outputs(snapshot) = &chain else { unreachable!() };
        let mut random = Random::new(seed);
        let addresses = snapshot.ledger.counts().addresses;
        assert!(addresses > 20, "a chain to look at");
        for _ in 0..60 {
            let address = random.below_u32(addresses);
            let query = NeighboursQuery {
                subject: snapshot.ledger.address_text(address),
                direction: *random.pick(&[Side::In, Side::Out]),
                by: *random.pick(&[By::Address, By::Entity, By::Transaction]),
                sort: *random.pick(&[Sort::Amount, Sort::Newest, Sort::Oldest]),
                min_amount: random.permille(300).then(|| Amount::from(random.below(1_000_000_000))),
                without_fees: random.permille(300),
                limit: Some(random.count(1, 6)),
                ..NeighboursQuery::default()
            };
            let report = chain.neighbours(&query, Tlp::Red).unwrap();
            let what = format!("seed {seed}: {query:?}");
            assert_balanced(&report, &what);
            let (amount, count) = moved(snapshot, address, query.direction);
            let total = sums(&report.total);
            let total = total.values().next().copied().unwrap_or_default();
            assert_eq!(total.0, amount, "{what}: to the base unit");
            if query.by == By::Transaction {
                assert_eq!(total.1, count, "{what}");
            }
        }
    }
}

#[test]
fn transactions_and_entities_balance_too() {
    let dir = tempfile::tempdir().unwrap();
    let chain = random_chain(9, dir.path());
    let Chain::Outputs(snapshot) = &chain else { unreachable!() };
    let ledger = &snapshot.ledger;
    for tx in 0..ledger.counts().txs.min(80) {
        for (direction, whole) in [
            (Side::Out, ledger.outputs(tx).map(|o| ledger.value(o)).sum::<u64>()),
            (Side::In, ledger.sources(tx).map(|s| ledger.source_info(s).value.unwrap_or_default()).sum()),
        ] {
            let query = NeighboursQuery {
                subject: ledger.txid_text(tx),
                direction,
                limit: Some(2),
                ..NeighboursQuery::default()
            };
            let report = chain.neighbours(&query, Tlp::Red).unwrap();
            assert_balanced(&report, &format!("{query:?}"));
            assert_eq!(report.subject_kind, NodeKind::Transaction);
            let total = sums(&report.total).values().next().copied().unwrap_or_default();
            assert_eq!(total.0, whole.into(), "{query:?}");
        }
    }
    let largest =
        (0..ledger.counts().addresses).max_by_key(|a| snapshot.clusters.size(snapshot.clusters.of(*a))).unwrap();
    let members = snapshot.clusters.members(snapshot.clusters.of(largest));
    assert!(members.len() > 1, "a cluster to look at");
    for direction in [Side::In, Side::Out] {
        let subject = ledger.address_text(largest);
        let query = NeighboursQuery { subject, entity: true, direction, by: By::Entity, ..NeighboursQuery::default() };
        let report = chain.neighbours(&query, Tlp::Red).unwrap();
        assert_balanced(&report, &format!("{query:?}"));
        let whole = members.iter().map(|m| moved(snapshot, *m, direction).0);
        let total = sums(&report.total).values().next().copied().unwrap_or_default();
        assert_eq!(total.0, Amount::checked_sum(whole).unwrap());
    }
    let report = chain.entity(&ledger.address_text(largest), Tlp::Red).unwrap();
    assert_eq!((report.kind, report.members), (EntityKind::Cluster, members.len() as u64));
    let sent = Amount::checked_sum(members.iter().map(|m| moved(snapshot, *m, Side::Out).0)).unwrap();
    let mut out = Sums::new();
    for sum in report.sent.iter().chain(&report.within) {
        add(&mut out, &sum.asset.id, (sum.amount, 0, 0));
    }
    assert_eq!(out.values().next().unwrap().0, sent, "what went to others and within it is all that went");
    assert!(report.first_seen <= report.last_seen && report.exposure.is_some());
}

#[test]
fn activity_has_all_that_moved() {
    let dir = tempfile::tempdir().unwrap();
    let chain = random_chain(5, dir.path());
    let Chain::Outputs(snapshot) = &chain else { unreachable!() };
    for address in 0..snapshot.ledger.counts().addresses.min(40) {
        for period in [Period::Day, Period::Week, Period::Month] {
            let text = snapshot.ledger.address_text(address);
            let report = chain.activity(&text, None, period, Tlp::Red).unwrap();
            let points = report.assets.iter().flat_map(|a| a.points.iter().chain([&a.before]));
            let (mut received, mut sent) = ((Amount::ZERO, 0), (Amount::ZERO, 0));
            for point in points {
                received = (received.0.checked_add(point.received).unwrap(), received.1 + point.received_count);
                sent = (sent.0.checked_add(point.sent).unwrap(), sent.1 + point.sent_count);
            }
            // What an output of a block that is not stored paid counts as received before all stored time.
            let (mut whole, ledger) = (moved(snapshot, address, Side::In), &snapshot.ledger);
            for source in (0..ledger.counts().txs).flat_map(|tx| ledger.sources(tx)) {
                let info = ledger.source_info(source);
                if matches!(source, Source::External(_)) && info.address == Some(address) {
                    let value = Amount::from(info.value.unwrap_or_default());
                    whole = (whole.0.checked_add(value).unwrap(), whole.1 + 1);
                }
            }
            assert_eq!(received, whole, "{text}");
            assert_eq!(sent, moved(snapshot, address, Side::Out), "{text}");
        }
    }
}

/// 1 pays 60 and 2 pays 30 to 3 (50), 4 (20) and back to 1 (10); 10 are the fee. Both got their money from transactions outside the ledger.
fn by_hand(dir: &Path) -> (Workspace, Built) {
    let mut workspace = Workspace::create_or_open(dir, Network::Bitcoin).unwrap();
    let mut chain = HandChain::default();
    let first = tx(&[([1; 32], 0)], &[(60, key(1))]);
    let second = tx(&[([2; 32], 0)], &[(30, key(2))]);
    let joint = tx(&[(first.txid, 0), (second.txid, 0)], &[(50, key(3)), (20, key(4)), (10, key(1))]);
    let blocks = vec![chain.add(&[first, second]), chain.add(std::slice::from_ref(&joint))];
    append(&mut workspace, blocks);
    (workspace, joint)
}

fn address(workspace: &Workspace, n: u64) -> String {
    holdfast_bitcoin::script::classify(&key(n)).to_text(workspace.ledger.network())
}

#[test]
fn what_several_pay_is_divided_by_shares_and_change_is_the_subject() {
    let dir = tempfile::tempdir().unwrap();
    let (workspace, joint) = by_hand(dir.path());
    let chain = Chain::Outputs(Arc::new(workspace.snapshot()));
    let ask = |n: u64, direction: Side, by: By| {
        let query = NeighboursQuery { subject: address(&workspace, n), direction, by, ..NeighboursQuery::default() };
        let report = chain.neighbours(&query, Tlp::Red).unwrap();
        assert_balanced(&report, &format!("{query:?}"));
        report
    };
    let out = ask(1, Side::Out, By::Address);
    let rows: Vec<(NodeKind, Option<&str>, String, bool)> =
        out.rows.iter().map(|r| (r.kind, r.id.as_deref(), r.amount.to_string(), r.is_subject)).collect();
    // 60 of 90: 33.3, 13.3, 6.7 and 6.7, without a remainder.
    assert_eq!(rows.iter().map(|r| r.2.parse::<u64>().unwrap()).sum::<u64>(), 60);
    assert!(rows.iter().any(|r| r.0 == NodeKind::Fee), "{rows:?}");
    assert!(rows.iter().any(|r| r.1 == Some(address(&workspace, 1).as_str()) && r.3), "change: {rows:?}");
    let of_third = rows.iter().find(|r| r.1 == Some(address(&workspace, 3).as_str())).unwrap();
    assert!(["33", "34"].contains(&of_third.2.as_str()), "{rows:?}");
    assert!(out.rows.iter().all(|r| r.divided));

    let whole = ask(1, Side::Out, By::Transaction);
    assert_eq!((whole.rows.len(), whole.rows[0].amount, whole.rows[0].divided), (1, Amount::from(60u64), false));
    assert_eq!(whole.rows[0].id.as_deref(), Some(display_hash(&joint.txid).as_str()));

    let entity = ask(3, Side::In, By::Entity);
    assert_eq!(entity.rows.len(), 1, "1 and 2 pay together, and are one entity");
    assert_eq!((entity.rows[0].amount, entity.rows[0].divided), (Amount::from(50u64), false));
    assert_eq!(entity.rows[0].entity.as_ref().unwrap().addresses, 2);

    let wrong = NeighboursQuery { subject: "nobody".into(), ..NeighboursQuery::default() };
    assert!(chain.neighbours(&wrong, Tlp::Red).is_err());
    let wrong = NeighboursQuery { subject: address(&workspace, 1), limit: Some(0), ..NeighboursQuery::default() };
    assert!(chain.neighbours(&wrong, Tlp::Red).unwrap_err().to_string().starts_with("limit: "));
}

#[test]
fn transactions_are_whole_or_say_what_is_left_out_and_payments_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let (workspace, joint) = by_hand(dir.path());
    let txid = display_hash(&joint.txid);
    let chain = Chain::Outputs(Arc::new(workspace.snapshot()));
    let whole = chain.transaction(&txid, 1_000, Tlp::Red).unwrap();
    assert_eq!((whole.movements.len(), whole.rest_in.len(), whole.rest_out.len()), (5, 0, 0));
    for room in 0..5 {
        let part = chain.transaction(&txid, room, Tlp::Red).unwrap();
        assert_eq!(part.movements.len(), room);
        let listed = part.movements.iter().map(|m| m.amount.unwrap());
        let left = part.rest_in.iter().chain(&part.rest_out).map(|s| s.amount);
        assert_eq!(Amount::checked_sum(listed.chain(left)).unwrap(), Amount::from(170u64), "90 in and 80 out");
    }
    let (one, three, four) = (address(&workspace, 1), address(&workspace, 3), address(&workspace, 4));
    let chains = OpenChains { first: vec![Arc::new(workspace.snapshot())], accounts: Vec::new() };
    let query = TransactionsQuery {
        transactions: vec![
            Wanted { id: txid.clone(), chain: None },
            Wanted { id: "ab".repeat(32), chain: Some("bitcoin".into()) },
        ],
        between: vec![one.clone(), three.clone(), four],
        chain: None,
    };
    let report = transactions(&chains, &query, Tlp::Red).unwrap();
    assert_eq!((report.transactions.len(), report.missing.len()), (1, 1), "{report:#?}");
    assert_eq!(report.between.len(), 2, "{report:#?}");
    assert!(report.between.iter().all(|p| p.from == one && p.tx == txid && p.divided));
    let wrong = TransactionsQuery { between: vec![three], ..TransactionsQuery::default() };
    assert!(transactions(&chains, &wrong, Tlp::Red).unwrap_err().to_string().starts_with("between: "));
}
