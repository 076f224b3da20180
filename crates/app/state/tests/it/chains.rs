//! One desk for several chains: an event's asset picks the ledger that it is looked up in.

use holdfast_attribution::Tlp;
use holdfast_attribution::import::ImportReport;
use holdfast_bitcoin::script::classify;
use holdfast_bitcoin::{Block, Network};
use holdfast_chains::ChainsError;
use holdfast_decision::{Event, EventKind, Verdict};
use holdfast_identity::KeyRing;
use holdfast_screening::Screening;
use holdfast_screening::service::system_clock;
use holdfast_sharing::misp::transactions_to;
use holdfast_simulate::hand::{HandChain, key, tx};
use holdfast_state::chain_choice::ChainQuery;
use holdfast_state::{AppState, Vault};
use holdfast_testing::AccountChain;
use holdfast_types::{Amount, Asset, ChainId, Timestamp};
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use holdfast_workspace::{ChangeError, Workspace};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// A chain that paid an address, which a tag names.
fn chain(dir: &Path, network: Network, paid: u64, abuse: &str) -> Workspace {
    let mut workspace = Workspace::create_or_open(&dir.join(network.to_string()), network).unwrap();
    let address = classify(&key(paid)).to_text(network);
    let pack = format!(
        "title: L\ncreator: t\ncurrency: BTC\nsource: https://example.org\nlastmod: 2024-01-01\nconfidence: forensic\n\
         tags:\n  - {{address: \"{address}\", label: L, abuse: {abuse}}}\n"
    );
    assert!(workspace.import_tags(vec![("l.yaml".into(), pack.into_bytes())]).refused.is_empty());
    let (height, bytes) = HandChain::default().add(&[tx(&[([1; 32], 0)], &[(1_000, key(paid))])]);
    let feed = MemoryFeed(vec![MemoryBlock { height, block: Block::parse(bytes).unwrap(), spent: None }]);
    workspace.ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    workspace.refresh().unwrap();
    workspace
}

fn withdrawal(asset: &str, to: &str) -> Event {
    let mut event = Event::new(EventKind::Withdrawal, "w", Timestamp::from_unix(1_700_000_000), "c");
    (event.asset, event.counterparty) = (Some(asset.into()), Some(to.into()));
    event.amount = Some(Amount::from(5u64));
    event
}

#[test]
fn an_event_is_looked_up_in_the_ledger_of_its_asset() {
    let dir = tempfile::tempdir().unwrap();
    let screening = Screening::open(&format!("sqlite:{}", dir.path().join("a").display()), system_clock()).unwrap();
    let bitcoin = chain(dir.path(), Network::Regtest, 1, "ransomware");
    let vault = Vault::new(dir.path().join("vault"));
    let mut shared = AppState::new(bitcoin, screening, KeyRing::single([7; 32]), vault).unwrap();
    let litecoin = classify(&key(2)).to_text(Network::LitecoinRegtest);
    let before = shared.facts(&withdrawal("LTC", &litecoin));
    assert!(!before.ledger && !before.found, "no ledger of the asset yet: {before:?}");
    shared.add_chains(vec![chain(dir.path(), Network::LitecoinRegtest, 2, "sanction")]).unwrap();
    let facts = shared.facts(&withdrawal("ltc", &litecoin));
    assert!(facts.ledger && facts.found && facts.unavailable.is_none(), "{facts:?}");
    assert_eq!(facts.category.name(), "sanction");
    let bitcoin = classify(&key(1)).to_text(Network::Regtest);
    let facts = shared.facts(&withdrawal("BTC", &bitcoin));
    assert!(facts.ledger && facts.found && facts.category.name() == "ransomware", "{facts:?}");
    // What the first ledger holds is nothing to the second.
    let facts = shared.facts(&withdrawal("LTC", &classify(&key(1)).to_text(Network::LitecoinRegtest)));
    assert!(facts.ledger && !facts.found, "{facts:?}");
    assert!(!shared.facts(&withdrawal("ETH", "0x098B716B8Aaf21512996dC57EB0615e2383E2f96")).ledger);
    let other = tempfile::tempdir().unwrap();
    let twice = shared.add_chains(vec![chain(other.path(), Network::Regtest, 3, "scam")]);
    assert!(matches!(twice, Err(ChainsError::Twice(_))));
}

/// A desk over a Bitcoin ledger, in a folder.
fn desk(dir: &Path) -> AppState {
    let screening = Screening::open(&format!("sqlite:{}", dir.join("a").display()), system_clock()).unwrap();
    let bitcoin = Workspace::create_or_open(&dir.join("store"), Network::Regtest).unwrap();
    let mut shared =
        AppState::new(bitcoin, screening, KeyRing::single([7; 32]), Vault::new(dir.join("vault"))).unwrap();
    append(&shared, "bitcoin", 1);
    let litecoin = Workspace::chain_dir(&dir.join("store"), Network::LitecoinRegtest);
    let first = Workspace::open(&dir.join("store")).unwrap();
    shared.add_chains(vec![first.open_beside(&litecoin, Some(Network::LitecoinRegtest)).unwrap()]).unwrap();
    append(&shared, "litecoin", 2);
    shared
}

/// Appends a block that pays an address.
fn append(shared: &AppState, asset: &str, paid: u64) {
    let asset = if asset == "bitcoin" { "BTC" } else { "LTC" };
    let (height, bytes) = HandChain::default().add(&[tx(&[([1; 32], 0)], &[(1_000, key(paid))])]);
    let feed = MemoryFeed(vec![MemoryBlock { height, block: Block::parse(bytes).unwrap(), spent: None }]);
    let chain = shared.chains.handle_of(asset).unwrap();
    chain
        .change(|w| -> Result<(), ChangeError> {
            w.ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
            w.catch_up();
            Ok(())
        })
        .unwrap();
}

const LISTED: &str = "0x098B716B8Aaf21512996dC57EB0615e2383E2f96";
const PAYER: &str = "0x1111111111111111111111111111111111111111";

/// A chain of accounts on which a listed address paid, and was paid.
fn accounts() -> (AccountChain, String) {
    let usdt = Asset::parse("eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7").unwrap();
    let mut chain = AccountChain::new(ChainId::parse("eip155:1").unwrap(), vec![usdt.clone()]);
    chain.transfer(7, "0xaa", &usdt, LISTED, PAYER, Amount::from(600u64));
    chain.transfer(8, "0xbb", &usdt, PAYER, "0x3333333333333333333333333333333333333333", Amount::from(600u64));
    (chain, usdt.id().unwrap().to_string())
}

/// Imports one tag of each: of both ledgers' scripts, of an account, of another chain.
fn import(shared: &AppState) -> ImportReport {
    let csv = format!(
        "address,currency,label,source,abuse\n{},BTC,A,https://example.org,ransomware\n{},LTC,B,https://example.org,sanction\n\
         {LISTED},ETH,C,https://example.org,sanction\nTR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t,TRX,D,https://example.org,scam\n",
        classify(&key(1)).to_text(Network::Regtest),
        classify(&key(2)).to_text(Network::LitecoinRegtest),
    );
    let chains = shared.chains.families();
    let change = |w: &mut Workspace| -> Result<ImportReport, ChangeError> {
        let mut report = w.import_tags(vec![("tags.csv".into(), csv.into_bytes())]);
        report.count_chains(&chains);
        w.catch_up();
        Ok(report)
    };
    shared.change_tags("tags.csv was imported", change).unwrap()
}

#[test]
fn an_import_of_tags_reaches_all_chains() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = desk(dir.path());
    shared.add_chain(Arc::new(accounts().0)).unwrap();
    let report = import(&shared);
    assert!(report.refused.is_empty() && report.new_tags == 4, "{report:?}");
    // Who controls a script controls it on all chains of the family; one tag is of a chain that is not here.
    let counts = [("litecoin-regtest", 2), ("regtest", 2), ("eip155:1", 1)];
    assert_eq!(report.by_chain, counts.map(|(name, n)| (name.to_owned(), n)).into());
    assert_eq!(report.without_chain, 1);
    let category = |asset: &str, to: &str| shared.facts(&withdrawal(asset, to)).category.name();
    assert_eq!(category("BTC", &classify(&key(1)).to_text(Network::Regtest)), "ransomware");
    assert_eq!(category("LTC", &classify(&key(2)).to_text(Network::LitecoinRegtest)), "sanction");
    assert_eq!(category("eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7", LISTED), "sanction");
    // Not lost: without a ledger the tag itself counts.
    assert_eq!(category("TRX", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"), "scam");
    // The pack's withdrawal reaches all chains too.
    let removed = shared.change_tags("tags.csv was withdrawn", |w| -> Result<usize, ChangeError> {
        let removed = w.remove_pack("tags.csv");
        w.catch_up();
        Ok(removed)
    });
    assert_eq!(removed.unwrap(), 4);
    assert_eq!(category("LTC", &classify(&key(2)).to_text(Network::LitecoinRegtest)), "unattributed");
}

#[test]
fn the_chains_of_a_store_share_its_tags_when_it_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    import(&desk(dir.path()));
    let store = dir.path().join("store");
    let dirs = Workspace::chain_dirs(&store).unwrap();
    assert_eq!(dirs, [store.join("chains").join("litecoin-regtest")]);
    let litecoin = Workspace::open(&dirs[0]).unwrap();
    let listed = litecoin.address(&classify(&key(2)).to_text(Network::LitecoinRegtest)).unwrap();
    assert!(listed.in_ledger && listed.category.name() == "sanction", "{listed:?}");
    assert!(!dirs[0].join("tags").exists(), "a store has one file of tags");
    std::fs::write(dirs[0].join("tags"), "").unwrap();
    let first = Workspace::open(&store).unwrap();
    assert!(first.open_beside(&dirs[0], None).is_err(), "tags that would have no effect are refused");
}

#[test]
fn a_chain_of_accounts_gives_facts_to_a_decision() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = desk(dir.path());
    let (chain, usdt) = accounts();
    shared.add_chain(Arc::new(chain)).unwrap();
    import(&shared);
    // A withdrawal to the listed account.
    let event = withdrawal(&usdt, LISTED);
    let facts = shared.facts(&event);
    assert!(facts.ledger && facts.found && facts.unavailable.is_none(), "{facts:?}");
    assert_eq!((facts.category.name(), facts.tags[0].label.as_str()), ("sanction", "C"));
    let decision = shared.screening.decide(event, facts, "a test").unwrap();
    assert!(decision.decision >= Verdict::Hold, "{decision:?}");
    assert!(decision.coverage.contains(&"ledger".to_owned()), "{decision:?}");
    // A deposit that the listed account paid, and one that came from it through another.
    for (id, tx, to, direct) in
        [("d1", "0xaa", PAYER, true), ("d2", "0xbb", "0x3333333333333333333333333333333333333333", false)]
    {
        let mut event = Event::new(EventKind::Deposit, id, Timestamp::from_unix(1_700_000_000), "c");
        (event.asset, event.tx, event.address) = (Some(usdt.clone()), Some(tx.into()), Some(to.into()));
        event.amount = Some(Amount::from(600u64));
        let facts = shared.facts(&event);
        assert!(facts.ledger && facts.found && facts.mismatch.is_empty() && facts.unavailable.is_none(), "{facts:?}");
        let share = facts.source.iter().find(|s| s.category.name() == "sanction").unwrap();
        assert_eq!((share.direct_ppm, share.indirect_ppm), if direct { (1_000_000, 0) } else { (0, 1_000_000) });
        let decision = shared.screening.decide(event.clone(), facts, "a test").unwrap();
        assert!(decision.decision >= Verdict::Hold, "{decision:?}");
        // A credit that the chain does not bear out.
        event.amount = Some(Amount::from(6_000u64));
        assert!(!shared.facts(&event).mismatch.is_empty());
    }
    let mut unknown = Event::new(EventKind::Deposit, "d3", Timestamp::from_unix(1_700_000_000), "c");
    (unknown.asset, unknown.tx, unknown.amount) = (Some(usdt), Some("0xcc".into()), Some(Amount::from(1u64)));
    assert!(shared.facts(&unknown).unavailable.is_some());
}

#[test]
fn a_look_up_finds_the_chain_by_what_it_names() {
    let dir = tempfile::tempdir().unwrap();
    let shared = desk(dir.path());
    let any = ChainQuery::default();
    let network = |text: &str, on: &ChainQuery| shared.snapshot_for(on, text).unwrap().ledger.network();
    let (bitcoin, litecoin) = (Network::Regtest, Network::LitecoinRegtest);
    // Stored here or there; of neither, by its form.
    assert_eq!(network(&classify(&key(1)).to_text(bitcoin), &any), bitcoin);
    assert_eq!(network(&classify(&key(2)).to_text(litecoin), &any), litecoin);
    let segwit = |network: Network| {
        let key = holdfast_bitcoin::AddressKey::new(holdfast_bitcoin::ScriptClass::P2wpkh, &[9; 20]);
        key.to_text(network)
    };
    assert_eq!(network(&segwit(bitcoin), &any), bitcoin);
    assert_eq!(network(&segwit(litecoin), &any), litecoin);
    // A height is ambiguous: the first chain's, or the named one's.
    assert_eq!(network("1", &any), bitcoin);
    for name in ["LTC", "litecoin-regtest", &ChainId::of(litecoin).to_string()] {
        assert_eq!(network("1", &ChainQuery { chain: Some(name.into()) }), litecoin, "{name}");
    }
    let unknown = shared.snapshot_for(&ChainQuery { chain: Some("DOGE".into()) }, "1").unwrap_err();
    assert!(unknown.message.contains("litecoin-regtest"), "{unknown:?}");
    // A search covers all chains, and names the chain of each result.
    let found = shared.chains.lookup("1", Tlp::Red);
    let assets: Vec<&str> = found.hits.iter().flat_map(|h| &h.assets).map(String::as_str).collect();
    assert_eq!(assets, ["BTC", "LTC"]);
    let found = shared.chains.lookup(&classify(&key(2)).to_text(litecoin), Tlp::Red);
    assert!(found.unknown.is_empty() && found.hits.len() == 1 && found.hits[0].assets == ["LTC"], "{found:?}");
}

/// MISP's object for transactions is Bitcoin's: they come from the chain of bitcoin, whichever is the first.
#[test]
fn a_feed_names_transactions_of_the_chain_of_bitcoin() {
    let dir = tempfile::tempdir().unwrap();
    let screening = Screening::open(&format!("sqlite:{}", dir.path().join("a").display()), system_clock()).unwrap();
    let litecoin = chain(dir.path(), Network::LitecoinRegtest, 1, "ransomware");
    let vault = Vault::new(dir.path().join("vault"));
    let mut shared = AppState::new(litecoin, screening, KeyRing::single([7; 32]), vault).unwrap();
    let tags: Vec<_> = shared.chain().snapshot().tags.iter().cloned().collect();
    let listed = |shared: &AppState| transactions_to(&shared.chains.all(), &tags.iter().collect::<Vec<_>>());
    assert_eq!(listed(&shared), [], "no ledger of bitcoin");
    shared.add_chains(vec![chain(dir.path(), Network::Regtest, 2, "sanction")]).unwrap();
    assert_eq!(listed(&shared), [], "what litecoin paid is no payment in bitcoin");
    let tags: Vec<_> = shared.chains.snapshots()[1].tags.iter().cloned().collect();
    let listed = transactions_to(&shared.chains.all(), &tags.iter().collect::<Vec<_>>());
    assert_eq!((listed.len(), listed[0].value), (1, 1_000));
}
