//! Several chains behind one trait: Bitcoin, Litecoin and a chain of accounts; an asset picks the chain.

use holdfast_analysis::{Direction, TraceOptions};
use holdfast_attribution::{Category, Tlp};
use holdfast_bitcoin::script::classify;
use holdfast_bitcoin::{Block, Network, display_hash};
use holdfast_chains::{Chains, ChainsError};
use holdfast_simulate::hand::{HandChain, key, tx};
use holdfast_testing::AccountChain;
use holdfast_types::{Amount, Asset, ChainId};
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use holdfast_workspace::chain_handle::ChangeError;
use holdfast_workspace::{ChainHandle, ChainQueries, TraceRequest, Workspace};
use std::ops::ControlFlow;
use std::sync::Arc;

/// A coinbase output of key 1000001 goes to key 1, and on in part to key 2, which is sanctioned.
/// A pack that lists an address.
fn pack(listed: &str) -> Vec<u8> {
    let pack = format!(
        "title: L\ncreator: t\ncurrency: BTC\nsource: https://example.org\nlastmod: 2024-01-01\nconfidence: authority_data\n\
         tags:\n  - {{address: \"{listed}\", label: Listed, abuse: sanction}}\n"
    );
    pack.into_bytes()
}

fn utxo(network: Network, dir: &std::path::Path) -> (Arc<ChainHandle>, String) {
    let mut workspace = Workspace::create_or_open(dir, network).unwrap();
    let listed = classify(&key(2)).to_text(network);
    assert!(workspace.import_tags(vec![("l.yaml".into(), pack(&listed))]).refused.is_empty());
    let mut chain = HandChain::default();
    let fund = tx(&[([1; 32], 0)], &[(1_000, key(1))]);
    let pay = tx(&[(fund.txid, 0)], &[(600, key(2)), (400, key(3))]);
    for txs in [vec![fund], vec![pay.clone()]] {
        let (height, bytes) = chain.add(&txs);
        let block = Block::parse(bytes).unwrap();
        let feed = MemoryFeed(vec![MemoryBlock { height, block, spent: None }]);
        workspace.ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    }
    workspace.refresh().unwrap();
    (Arc::new(ChainHandle::new(workspace)), display_hash(&pay.txid))
}

const PAYER: &str = "0x1111111111111111111111111111111111111111";
const MIDDLE: &str = "0x2222222222222222222222222222222222222222";
const LISTED: &str = "0x098B716B8Aaf21512996dC57EB0615e2383E2f96";

fn accounts() -> (AccountChain, Asset) {
    let usdt = Asset::parse("eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7").unwrap();
    let mut chain = AccountChain::new(ChainId::parse("eip155:1").unwrap(), vec![usdt.clone()]);
    // More than 64 bits hold.
    let wide = Amount::from(u64::MAX).checked_add(Amount::from(u64::MAX)).unwrap();
    chain.transfer(7, "0xaa", &usdt, PAYER, MIDDLE, wide);
    chain.transfer(8, "0xbb", &usdt, MIDDLE, LISTED, Amount::from(600u64));
    chain.tag(LISTED, Category::from_name("sanction").unwrap(), "Lazarus");
    (chain, usdt)
}

/// The same checks for a chain of any family: somebody was paid 600 by a transaction and is sanctioned.
fn check(chain: &dyn ChainQueries, tx: &str, listed: &str) {
    let facts = chain.address_facts(listed, Tlp::Red).unwrap();
    assert!(facts.is_on_chain && facts.category.name() == "sanction", "{facts:?}");
    assert_eq!(facts.tags.len(), 1);
    let paid = chain.payments_out(tx).unwrap();
    let to_listed = paid.iter().find(|p| p.to.as_ref() == Some(&facts.address)).unwrap();
    assert_eq!((to_listed.amount, &*to_listed.tx), (Some(Amount::from(600u64)), tx));
    assert!(to_listed.id.starts_with(tx) && chain.assets().contains(&to_listed.asset), "{to_listed:?}");
    assert!(!chain.payments_in(tx).unwrap().is_empty());
    assert_eq!(chain.received(listed, 0).unwrap(), std::slice::from_ref(to_listed));
    assert_eq!(chain.received(listed, 1).unwrap(), []);
    assert_eq!(to_listed.height, chain.coverage().tip_height);
    let exposure = chain.exposure_of(tx, None).unwrap();
    let line = exposure.destination.iter().find(|l| l.category == facts.category).unwrap();
    assert_eq!((line.direct, exposure.as_of_height), (Amount::from(600u64), None), "{exposure:?}");
    let options = TraceOptions { direction: Direction::Forward, ..TraceOptions::default() };
    let request = TraceRequest { subject: tx.to_owned(), entity: false, options };
    let ends = chain.trace_ends(&request, Tlp::Red).unwrap();
    assert!(
        ends.iter().any(|e| e.address.as_ref() == Some(&facts.address) && e.amount == Amount::from(600u64)),
        "{ends:?}"
    );
    assert!(chain.payments_out("nothing").is_err() && chain.exposure_of("nothing", None).is_err());
}

#[test]
fn an_asset_picks_the_chain_whatever_its_family() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (btc, btc_tx) = utxo(Network::Regtest, dirs[0].path());
    let (ltc, ltc_tx) = utxo(Network::LitecoinRegtest, dirs[1].path());
    let (accounts, usdt) = accounts();
    let mut chains = Chains::one(btc.clone());
    assert!(chains.of_asset("LTC").is_none(), "an asset without a ledger has no chain");
    chains.add(ltc.clone()).unwrap();
    chains.add_other(Arc::new(accounts.clone())).unwrap();
    let usdt = usdt.id().unwrap().to_string();
    for (asset, tx, listed) in [
        ("btc", btc_tx.as_str(), classify(&key(2)).to_text(Network::Regtest)),
        ("LTC", ltc_tx.as_str(), classify(&key(2)).to_text(Network::LitecoinRegtest)),
        (usdt.as_str(), "0xbb", LISTED.to_lowercase()),
    ] {
        let chain = chains.of_asset(asset).unwrap();
        assert_eq!(chains.by_id(&chain.id()).unwrap().id(), chain.id());
        check(&*chain, tx, &listed);
    }
    assert_eq!(chains.ids().count(), 3);
    assert!(Arc::ptr_eq(chains.first(), &btc) && Arc::ptr_eq(chains.handle_of("LTC").unwrap(), &ltc));
    assert!(chains.of_asset("DOGE").is_none() && chains.handle_of(&usdt).is_none());
    // What is indirect on a chain of accounts, beyond 64 bits.
    let exposure = accounts.exposure_of(PAYER, None).unwrap();
    let sanctioned = exposure.destination.iter().find(|l| l.category.name() == "sanction").unwrap();
    assert_eq!((sanctioned.direct, sanctioned.indirect), (Amount::default(), Amount::from(600u64)));
    let kept = exposure.destination.iter().find(|l| !l.category.is_attributed()).unwrap();
    assert!(kept.direct > Amount::from(u64::MAX), "{exposure:?}");
    // Tags that did not change make no chain of another family anew; changed ones make it once.
    let same = |chains: &Chains| Arc::as_ptr(&chains.of_asset(&usdt).unwrap()).cast::<()>();
    chains.spread_tags().unwrap();
    let before = same(&chains);
    assert!(!chains.spread_tags().unwrap());
    assert_eq!(same(&chains), before);
    let more = pack(&classify(&key(3)).to_text(Network::Regtest));
    btc.change(|workspace| -> Result<(), ChangeError> {
        assert!(workspace.import_tags(vec![("m.yaml".into(), more)]).refused.is_empty());
        Ok(())
    })
    .unwrap();
    let held = chains.of_asset(&usdt).unwrap();
    assert!(chains.spread_tags().unwrap());
    assert_ne!(same(&chains), before);
    drop(held);
    assert!(!chains.spread_tags().unwrap());
    // One chain, one asset, once.
    assert!(matches!(chains.add(btc), Err(ChainsError::Twice(_))));
    let other = AccountChain::new(ChainId::parse("eip155:5").unwrap(), vec![Asset::parse("LTC").unwrap()]);
    assert!(matches!(chains.add_other(Arc::new(other)), Err(ChainsError::SameAsset(..))));
}
