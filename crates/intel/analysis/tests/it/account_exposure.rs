//! Exposures of accounts: by hand, whole, and kept through blocks that come and go.

use crate::account_chain::{Chain, history};
use holdfast_analysis::accounts::exposure::{
    AccountExposures, AccountTotals, ExposureBounds, LinkedChains, account_exposure, touched,
};
use holdfast_analysis::accounts::{AccountEndKind, AccountView, Stop, Transfers, Unclassified};
use holdfast_attribution::Category;
use holdfast_simulate::random::Random;
use holdfast_types::{Amount, TransferKind};
use std::collections::BTreeSet;

const EXCHANGE: u32 = 7;

fn alone<'a>(chains: &'a [&'a dyn Transfers]) -> LinkedChains<'a> {
    LinkedChains { chains, links: None }
}

#[test]
fn direct_and_indirect_sides_are_told_apart() {
    let n = Amount::new;
    let mut chain = Chain::default();
    chain.stops.insert(EXCHANGE, Stop::Service);
    chain.pay(0, EXCHANGE, 1, 30); // an exchange pays 1
    chain.push(0, None, Some(2), n(50), TransferKind::Mint);
    chain.pay(0, EXCHANGE, 2, 50); // and 2, which had as much
    chain.pay(0, 2, 1, 20); // which pays 1
    chain.pay(0, 1, 3, 25); // 1 pays 3,
    chain.push(0, Some(1), None, n(5), TransferKind::FeeBurn);
    chain.pay(0, 3, EXCHANGE, 10); // which pays in a part
    let exposure = account_exposure(alone(&[&chain]), 0, 1, 0, ExposureBounds::default()).unwrap();
    assert_eq!(exposure.source.amount, n(50));
    assert_eq!(exposure.source.by_category, [(Category::SERVICE, n(30), n(10))]);
    assert_eq!(exposure.source.unattributed, [(AccountEndKind::Made, n(10))]);
    assert_eq!(exposure.source.share_ppm(Category::SERVICE), 800_000);
    assert_eq!(exposure.destination.amount, n(25), "fees are no destination");
    assert_eq!(exposure.destination.by_category, [(Category::SERVICE, n(0), n(10))]);
    assert_eq!(exposure.destination.unattributed, [(AccountEndKind::Rests, n(15))]);
    assert!(!exposure.source.is_partial && !exposure.source.is_assumed);
    let few = ExposureBounds { max_transfers: 1, ..ExposureBounds::default() };
    let exposure = account_exposure(alone(&[&chain]), 0, 1, 0, few).unwrap();
    assert_eq!(exposure.source.amount, n(20), "the latest one");
    assert!(exposure.source.is_partial && !exposure.destination.is_partial);
    let near = ExposureBounds { max_hops: 1, ..ExposureBounds::default() };
    let exposure = account_exposure(alone(&[&chain]), 0, 1, 0, near).unwrap();
    assert_eq!(exposure.source.unattributed, [(AccountEndKind::Made, n(10))]);
    assert_eq!(account_exposure(alone(&[&chain]), 0, 99, 0, near).unwrap().source, AccountTotals::default());
}

/// A token of no known issuer, and coin of a base chain, were somewhere before they came into being here: nobody read where.
#[test]
fn what_a_bridge_mints_is_not_known() {
    let n = Amount::new;
    let (issued, bridged, coin) = (0, 1, 2);
    let mut chain = Chain::default();
    chain.unissued.insert(bridged);
    for (asset, kind) in [
        (issued, TransferKind::Mint),
        (bridged, TransferKind::Mint),
        (coin, TransferKind::Reward),
        (coin, TransferKind::SystemDeposit),
        (coin, TransferKind::Withdrawal),
    ] {
        chain.push(asset, None, Some(1), n(10), kind);
    }
    chain.push(bridged, Some(1), None, n(10), TransferKind::Burn);
    let of = |asset| account_exposure(alone(&[&chain]), 0, 1, asset, ExposureBounds::default()).unwrap();
    assert_eq!(of(issued).source.unattributed, [(AccountEndKind::Made, n(10))]);
    assert_eq!(of(bridged).source.unattributed, [(AccountEndKind::Unread, n(10))]);
    assert_eq!(of(bridged).destination.unattributed, [(AccountEndKind::Unread, n(10))]);
    let coin = of(coin).source.unattributed;
    assert_eq!(coin, [(AccountEndKind::Made, n(10)), (AccountEndKind::Elsewhere, n(20))]);
}

/// The first transfers of a chain.
fn first(chain: &Chain, count: usize) -> Chain {
    let mut part = Chain::at(chain.time);
    part.stops.clone_from(&chain.stops);
    part.transfers.clone_from(&chain.transfers[..count].to_vec());
    part
}

fn moved(chain: &Chain, numbers: std::ops::Range<usize>) -> BTreeSet<(u32, u32)> {
    let sides = |t: &holdfast_account_ledger::StoredTransfer| [t.from, t.to].map(|side| side.map(|a| (a, t.asset)));
    chain.transfers[numbers].iter().flat_map(sides).flatten().collect()
}

#[test]
fn stored_exposures_are_those_made_anew() {
    let bounds = ExposureBounds { max_transfers: 6, max_hops: 4, max_edges: 60 };
    let (mut kept, mut dropped) = (0, 0);
    for seed in 90_000..90_400 {
        let mut random = Random::new(seed);
        let mut branch = history(&mut random);
        let mut count = 1;
        let mut stored = AccountExposures::new(bounds, if random.permille(200) { 3 } else { 1_000 });
        for _ in 0..12 {
            if random.permille(250) && count > 2 {
                // A reorganization: some transfers go, and others come.
                let stays = count - 1 - random.index(count / 2);
                dropped += stored.advance(0, &moved(&branch, stays..count));
                let other = history(&mut random);
                branch.transfers.truncate(stays);
                for t in other.transfers {
                    branch.push(t.asset, t.from, t.to, t.amount, t.kind);
                }
                count = stays;
            }
            let next = (count + random.index(4)).min(branch.transfers.len());
            dropped += stored.advance(0, &moved(&branch, count..next));
            count = next;
            kept += stored.len();
            let part = first(&branch, count);
            for (account, asset) in (0..6).flat_map(|account| [(account, 0), (account, 1)]) {
                let anew = account_exposure(alone(&[&part]), 0, account, asset, bounds).unwrap();
                assert_eq!(
                    *stored.of(alone(&[&part]), 0, account, asset).unwrap(),
                    anew,
                    "seed {seed}, {account}, {asset}"
                );
                for side in [&anew.source, &anew.destination] {
                    let parts = side.by_category.iter().flat_map(|(_, direct, indirect)| [*direct, *indirect]);
                    let parts = parts.chain(side.unattributed.iter().map(|u| u.1)).chain([side.fees]);
                    assert_eq!(Amount::checked_sum(parts), Some(side.amount), "seed {seed}: {side:?}");
                }
            }
        }
        stored.clear();
        assert!(stored.is_empty());
    }
    assert!(kept > 5_000 && dropped > 5_000, "{kept} {dropped}");
}

#[test]
fn a_ledger_names_what_its_blocks_move() {
    let mut random = Random::new(1);
    let chain = history(&mut random);
    let dir = tempfile::tempdir().unwrap();
    let ledger = crate::account_ledger::stored(dir.path(), &chain);
    let tip = ledger.tip().unwrap().unwrap().height;
    let all = touched(&ledger, 0..u64::MAX).unwrap();
    assert!(touched(&ledger, tip + 1..tip + 9).unwrap().is_empty());
    assert_eq!(all.len(), moved(&chain, 0..chain.transfers.len()).len());
    let view = AccountView { ledger: &ledger, classes: &Unclassified };
    let mut exposures = AccountExposures::new(ExposureBounds::default(), 100);
    for (account, asset) in &all {
        exposures.of(alone(&[&view]), 0, *account, *asset).unwrap();
    }
    assert_eq!(exposures.len(), all.len());
    let last = touched(&ledger, tip..tip + 1).unwrap();
    assert!(exposures.advance(0, &last) >= last.len() && exposures.len() < all.len());
    let _: &dyn Transfers = &view;
}
