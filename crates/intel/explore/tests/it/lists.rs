//! Lists of pasted items.

use holdfast_attribution::Tlp;
use holdfast_bitcoin::{Block, Network, display_hash};
use holdfast_chains::OpenChains;
use holdfast_explore::choose::choose;
use holdfast_explore::lookup::{LookupQuery, MAX_ITEMS, lookup};
use holdfast_explore::reports::{Found, LookedUp};
use holdfast_explore::{Chain, NeighboursQuery};
use holdfast_simulate::hand::{HandChain, key, tx};
use holdfast_simulate_accounts::Options;
use holdfast_testing::SimulatedAccounts;
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use holdfast_workspace::Workspace;
use holdfast_workspace::lookup::HitKind;
use std::ops::ControlFlow;
use std::sync::Arc;

const LOCKY: &str = "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48";

/// A chain of outputs with one transaction, and the two account chains of the simulated economy; some transaction ids and addresses.
fn chains(dir: &std::path::Path) -> (OpenChains, String, String, String) {
    let mut workspace = Workspace::create_or_open(&dir.join("bitcoin"), Network::Bitcoin).unwrap();
    let pack = format!(
        "title: Pack\ncreator: test\nsource: https://example.org\nlastmod: 2024-01-01\nconfidence: forensic\ntags:\n\
         - {{address: \"{LOCKY}\", label: Locky, currency: BTC, abuse: ransomware}}\n\
         - {{address: \"1HWqsgnSd12Gv8SpoUMi1Cj8hp79BTSpW7\", label: Locky two, currency: BTC, abuse: ransomware}}\n"
    );
    assert!(workspace.import_tags(vec![("pack.yaml".into(), pack.into_bytes())]).refused.is_empty());
    let mut chain = HandChain::default();
    let payment = tx(&[([1; 32], 0)], &[(1_000, key(1))]);
    let (height, bytes) = chain.add(std::slice::from_ref(&payment));
    let feed = MemoryFeed(vec![MemoryBlock { height, block: Block::parse(bytes).unwrap(), spent: None }]);
    workspace.ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    workspace.refresh().unwrap();
    let paid = holdfast_bitcoin::script::classify(&key(1)).to_text(Network::Bitcoin);
    let options = Options { seed: 3, blocks: 30, users: 30, txs_per_block: 12, ..Options::default() };
    let economy = SimulatedAccounts::new(options, &dir.join("made"), &dir.join("store"));
    let hot = economy.address("hot");
    let accounts = economy.chains.iter().map(|chain| Arc::new(chain.snapshot())).collect();
    let chains = OpenChains { first: vec![Arc::new(workspace.snapshot())], accounts };
    (chains, display_hash(&payment.txid), paid, hot)
}

#[test]
fn each_item_is_resolved_ambiguous_or_unknown_with_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let (chains, txid, paid, hot) = chains(dir.path());
    let (lost, wrong) = ("ab".repeat(32), "1BoatSLRHtKNngkdXEeobR76b53LETtpyT".to_owned());
    let items = [&txid, &paid, &hot, LOCKY, &lost, &wrong, "Locky", "no such name", "x", &txid];
    let query = LookupQuery { items: items.iter().map(|i| (*i).to_owned()).collect(), chain: None };
    let report = lookup(&chains, &query, Tlp::Red).unwrap();
    let found = |item: &str| -> &LookedUp { report.items.iter().find(|i| i.item == item).unwrap() };
    assert_eq!((report.items.len(), report.repeated), (9, 1));
    assert_eq!(report.resolved + report.ambiguous + report.unknown, 9);
    let one = |item: &str, kind: HitKind, chain: Option<&str>| {
        let found = found(item);
        assert_eq!((found.state, found.choices.len()), (Found::Resolved, 1), "{found:?}");
        assert_eq!((found.choices[0].kind, found.choices[0].chain.as_deref()), (kind, chain), "{found:?}");
    };
    one(&txid, HitKind::Transaction, Some("bitcoin"));
    one(&paid, HitKind::Address, Some("bitcoin"));
    one(LOCKY, HitKind::Address, None);
    assert_ne!(found(&hot).state, Found::Unknown, "{:?}", found(&hot));
    assert_eq!(found("Locky").state, Found::Ambiguous, "two labels begin so");
    for item in [&lost, &wrong, "no such name", "x"] {
        let found = found(item);
        assert_eq!(found.state, Found::Unknown, "{found:?}");
        assert!(found.reason.is_some() && found.choices.is_empty(), "{found:?}");
    }
    for items in [vec![], vec!["x".to_owned(); MAX_ITEMS + 1]] {
        let error = lookup(&chains, &LookupQuery { items, chain: None }, Tlp::Red).unwrap_err();
        assert!(error.to_string().starts_with("items: "), "{error}");
    }
    let elsewhere = LookupQuery { items: vec![txid], chain: Some("pluto".into()) };
    assert!(lookup(&chains, &elsewhere, Tlp::Red).is_err());
}

#[test]
fn many_names_are_bounded_and_said() {
    let dir = tempfile::tempdir().unwrap();
    let (chains, ..) = chains(dir.path());
    let items = (0..200).map(|n| format!("name {n}")).collect();
    let report = lookup(&chains, &LookupQuery { items, chain: None }, Tlp::Red).unwrap();
    let unsearched =
        report.items.iter().filter(|i| i.reason.as_ref().is_some_and(|r| r.starts_with("not searched for")));
    assert_eq!((report.unknown, unsearched.count()), (200, 150));
}

#[test]
fn a_chain_is_chosen_by_its_name_or_by_what_it_stores() {
    let dir = tempfile::tempdir().unwrap();
    let (chains, txid, paid, hot) = chains(dir.path());
    for text in [&txid, &paid] {
        assert!(matches!(choose(&chains, text, None).unwrap(), Chain::Outputs(_)));
        assert!(matches!(choose(&chains, text, Some("BTC")).unwrap(), Chain::Outputs(_)));
    }
    let accounts = choose(&chains, &hot, Some("eip155:31337")).unwrap();
    let query = NeighboursQuery { subject: hot, ..NeighboursQuery::default() };
    assert_eq!(accounts.neighbours(&query, Tlp::Red).unwrap().chain, "eip155:31337");
    assert!(choose(&chains, &paid, Some("pluto")).unwrap_err().to_string().contains("pluto"));
}
