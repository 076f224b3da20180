//! Account chains.

use crate::{Sums, add, assert_balanced, sums};
use holdfast_account_workspace::AccountSnapshot;
use holdfast_attribution::Tlp;
use holdfast_explore::reports::{By, MovementKind, NodeKind, Period, Side, Sort};
use holdfast_explore::{Chain, NeighboursQuery};
use holdfast_simulate::random::Random;
use holdfast_simulate_accounts::Options;
use holdfast_testing::SimulatedAccounts;
use holdfast_types::{Amount, Asset};
use std::sync::Arc;

fn economy(dir: &std::path::Path) -> SimulatedAccounts {
    let options = Options { seed: 3, blocks: 30, users: 30, txs_per_block: 12, ..Options::default() };
    SimulatedAccounts::new(options, &dir.join("made"), &dir.join("store"))
}

fn text(chain: &AccountSnapshot, account: u32) -> String {
    chain.ledger.account(account).unwrap().to_address(chain.chain()).checksummed()
}

/// What moved to or from an account by asset, read transaction by transaction; without fees where they are not wanted.
fn moved(chain: &AccountSnapshot, account: u32, side: Side) -> Sums {
    let mut found = Sums::new();
    for tx in 0..chain.ledger.counts().txs {
        for transfer in chain.ledger.transfers_of(tx).unwrap() {
            let own = if side == Side::In { transfer.to } else { transfer.from };
            if own == Some(account) {
                let asset: Asset = chain.ledger.asset(transfer.asset).unwrap().asset_id(chain.chain()).into();
                add(&mut found, &asset.id().unwrap().to_string(), (transfer.amount, 1, 0));
            }
        }
    }
    found
}

#[test]
fn listed_and_the_rest_are_what_the_ledger_has() {
    let dir = tempfile::tempdir().unwrap();
    let economy = economy(dir.path());
    for workspace in &economy.chains {
        let snapshot = Arc::new(workspace.snapshot());
        let chain = Chain::Accounts(snapshot.clone());
        let accounts = u32::try_from(snapshot.ledger.counts().accounts).unwrap();
        let mut random = Random::new(7);
        for _ in 0..60 {
            let account = random.below_u32(accounts);
            let query = NeighboursQuery {
                subject: text(&snapshot, account),
                direction: *random.pick(&[Side::In, Side::Out]),
                by: *random.pick(&[By::Address, By::Entity, By::Transaction]),
                sort: *random.pick(&[Sort::Amount, Sort::Newest, Sort::Oldest]),
                without_fees: random.permille(300),
                limit: Some(random.count(1, 6)),
                ..NeighboursQuery::default()
            };
            let report = chain.neighbours(&query, Tlp::Red).unwrap();
            assert_balanced(&report, &format!("{query:?}"));
            assert_eq!(sums(&report.total), moved(&snapshot, account, query.direction), "{query:?}");
        }
    }
}

#[test]
fn filters_leave_out_and_say_what() {
    let dir = tempfile::tempdir().unwrap();
    let economy = economy(dir.path());
    let snapshot = Arc::new(economy.chains[0].snapshot());
    let chain = Chain::Accounts(snapshot.clone());
    let subject = economy.address("hot");
    let ask = |query: NeighboursQuery| {
        let report = chain.neighbours(&query, Tlp::Red).unwrap();
        assert_balanced(&report, &format!("{query:?}"));
        report
    };
    let of = || NeighboursQuery { subject: subject.clone(), limit: Some(1_000), ..NeighboursQuery::default() };
    let all = ask(of());
    assert!(all.rows.len() > 3 && all.filtered.is_empty(), "{all:#?}");
    assert!(all.rows.iter().any(|row| row.kind == NodeKind::Fee), "a hot wallet pays fees");
    let native = ask(NeighboursQuery { asset: Some("native".into()), ..of() });
    assert_eq!(native.total.len(), 1, "the asset alone");
    let least = native.rows.iter().map(|row| row.amount).max().unwrap();
    let large = ask(NeighboursQuery { asset: Some("native".into()), min_amount: Some(least), ..of() });
    assert!(large.rows.iter().all(|row| row.amount >= least) && large.rows.len() < native.rows.len());
    assert!(!large.filtered.is_empty());
    let last = all.rows.iter().filter_map(|row| row.last_time).max().unwrap();
    let recent = ask(NeighboursQuery { from_time: Some(last), ..of() });
    assert!(recent.rows.iter().all(|row| row.first_time >= Some(last)) && !recent.rows.is_empty());
    let refused = |query: NeighboursQuery, field: &str| {
        let error = chain.neighbours(&query, Tlp::Red).unwrap_err().to_string();
        assert!(error.starts_with(field), "{error}");
    };
    refused(NeighboursQuery { min_amount: Some(least), ..of() }, "min_amount: ");
    refused(NeighboursQuery { categories: vec!["planet".into()], ..of() }, "category: ");
    refused(NeighboursQuery { categories: vec!["exchange".into()], by: By::Transaction, ..of() }, "category: ");
}

#[test]
fn transactions_entities_and_activity() {
    let dir = tempfile::tempdir().unwrap();
    let economy = economy(dir.path());
    let snapshot = Arc::new(economy.chains[0].snapshot());
    let chain = Chain::Accounts(snapshot.clone());
    let subject = economy.address("hot");
    let account = (0..u32::MAX).find(|n| text(&snapshot, *n).eq_ignore_ascii_case(&subject)).unwrap();
    let tx = (0..snapshot.ledger.counts().txs)
        .find(|tx| {
            let info = snapshot.ledger.tx(*tx).unwrap();
            !info.is_block_side && snapshot.ledger.transfers_of(*tx).unwrap().len() > 2
        })
        .unwrap();
    let hash = snapshot.hash_text(&snapshot.ledger.tx(tx).unwrap().hash);
    let whole = chain.transaction(&hash, 1_000, Tlp::Red).unwrap();
    assert!(whole.movements.iter().all(|m| m.kind == MovementKind::Transfer) && whole.rest_out.is_empty());
    let part = chain.transaction(&hash, 1, Tlp::Red).unwrap();
    let left: u64 = part.rest_out.iter().map(|sum| sum.count).sum();
    assert_eq!((part.movements.len() as u64, left), (1, whole.movements.len() as u64 - 1));

    let entity = chain.entity(&subject, Tlp::Red).unwrap();
    assert!(entity.members >= 1 && entity.first_seen <= entity.last_seen, "{entity:#?}");
    assert!(entity.exposure.is_none() && entity.notes.iter().any(|n| n.contains("account-chains/exposure")));

    let report = chain.activity(&subject, None, Period::Day, Tlp::Red).unwrap();
    let mut received = Sums::new();
    for of in &report.assets {
        let points = of.points.iter().chain([&of.before]);
        let sum = Amount::checked_sum(points.clone().map(|p| p.received)).unwrap();
        let count = points.map(|p| p.received_count).sum();
        if count > 0 {
            add(&mut received, &of.asset.id, (sum, count, 0));
        }
    }
    assert_eq!(received, moved(&snapshot, account, Side::In));
}
