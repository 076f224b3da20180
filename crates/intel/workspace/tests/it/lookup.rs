//! Search by any form or name.

use holdfast_bitcoin::script::classify;
use holdfast_bitcoin::{Block, Network, display_hash};
use holdfast_simulate::hand::{HandChain, key, tx};
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use holdfast_workspace::lookup::{Hit, HitKind, Lookup};
use holdfast_workspace::{Workspace, WorkspaceError};
use std::ops::ControlFlow;

const ETH: &str = "0x098B716B8Aaf21512996dC57EB0615e2383E2f96";
const TRON: &str = "TNTb7BPC9aBFgz2DzYyL6TkQ3YkqyHN4bg";
const LOCKY: &str = "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48";

fn workspace() -> (tempfile::TempDir, Workspace, String) {
    let dir = tempfile::tempdir().unwrap();
    let mut workspace = Workspace::create_or_open(dir.path(), Network::Bitcoin).unwrap();
    let pack = format!(
        "title: Pack\ncreator: test\nsource: https://example.org\nlastmod: 2024-01-01\nconfidence: forensic\ntags:\n\
         - {{address: \"{LOCKY}\", label: Locky, currency: BTC, abuse: ransomware}}\n\
         - {{address: \"{ETH}\", label: Lazarus Group, currency: ETH, abuse: sanction}}\n\
         - {{address: \"{TRON}\", label: Binance hot, currency: TRX, category: exchange, actor: binance}}\n\
         - {{address: \"0x28C6c06298d514Db089934071355E5743bf21d60\", label: Binance 14, currency: ETH, category: exchange, actor: binance}}\n\
         - {{address: \"0x00000000219ab540356cBB839Cbe05303d7705Fa\", label: unBinanced, currency: ETH, category: service}}\n"
    );
    let actors = "title: Actors\ncreator: test\nactors:\n- {id: binance, label: Binance, uri: https://binance.com, categories: [exchange]}\n";
    let report = workspace
        .import_tags(vec![("pack.yaml".into(), pack.into_bytes()), ("actors.yaml".into(), actors.as_bytes().to_vec())]);
    assert!(report.refused.is_empty() && report.tags == 5 && report.actors == 1, "{report:?}");
    let mut chain = HandChain::default();
    let payment = tx(&[([1; 32], 0)], &[(1_000, key(1))]);
    let (height, bytes) = chain.add(std::slice::from_ref(&payment));
    let feed = MemoryFeed(vec![MemoryBlock { height, block: Block::parse(bytes).unwrap(), spent: None }]);
    workspace.ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    workspace.refresh().unwrap();
    (dir, workspace, display_hash(&payment.txid))
}

fn search(workspace: &Workspace, text: &str) -> Lookup {
    workspace.lookup(text, &|_| true)
}

fn ids(found: &Lookup) -> Vec<&str> {
    found.hits.iter().map(|h: &Hit| h.id.as_str()).collect()
}

#[test]
fn tagged_addresses_of_other_chains_are_found_in_any_case() {
    let (_dir, workspace, _) = workspace();
    for text in [ETH.to_owned(), ETH.to_lowercase(), format!("ethereum:{ETH}?value=1"), format!(" {ETH}\u{200b}")] {
        let found = search(&workspace, &text);
        assert_eq!(found.hits.len(), 1, "{text}: {found:?}");
        let hit = &found.hits[0];
        assert_eq!((hit.kind, hit.risk.as_str(), hit.in_ledger), (HitKind::Address, "severe", false));
        assert_eq!((hit.name.as_deref(), hit.assets.as_slice()), (Some("Lazarus Group"), &["ETH".to_owned()][..]));
        let report = workspace.address(&text).unwrap();
        assert_eq!((report.tags.len(), report.category.name(), report.in_ledger), (1, "sanction", false));
    }
    assert_eq!(search(&workspace, TRON).hits[0].assets, ["TRX"]);
    assert_eq!(search(&workspace, &TRON[..10]).hits[0].id, TRON, "by its beginning");
    assert_eq!(search(&workspace, LOCKY).hits[0].name.as_deref(), Some("Locky"));
}

#[test]
fn names_find_labels_and_actors_best_first() {
    let (_dir, workspace, _) = workspace();
    let found = search(&workspace, "Locky");
    assert_eq!((ids(&found), found.hits[0].kind), (vec!["Locky"], HitKind::Label));
    assert_eq!(found.hits[0].examples, [LOCKY]);
    let found = search(&workspace, "BINANCE");
    assert_eq!(
        (found.hits[0].kind, found.hits[0].id.as_str(), found.hits[0].addresses),
        (HitKind::Actor, "binance", 2)
    );
    assert_eq!(found.hits[0].assets, ["ETH", "TRX"]);
    let labels = ids(&found);
    assert!(labels.contains(&"Binance hot") && labels.contains(&"Binance 14"), "{labels:?}");
    assert_eq!(labels.last(), Some(&"unBinanced"), "inside a word comes last");
    assert_eq!(ids(&search(&workspace, "lazarus  group")), ["Lazarus Group"]);
}

#[test]
fn the_beginning_of_an_id_is_enough() {
    let (_dir, workspace, txid) = workspace();
    for digits in [8, 9, 24, 63] {
        let found = search(&workspace, &txid[..digits]);
        assert_eq!((ids(&found), found.hits[0].kind), (vec![txid.as_str()], HitKind::Transaction), "{digits}");
    }
    assert_eq!(ids(&search(&workspace, &txid[..24].to_uppercase())), [txid.as_str()]);
    assert!(search(&workspace, &txid[..7]).hits.is_empty(), "seven are too few");
    assert_eq!(search(&workspace, &format!("{txid}:0")).hits[0].kind, HitKind::Output);
    let hash = workspace.ledger.tip().unwrap().hash.to_string();
    assert_eq!(search(&workspace, &hash[..12]).hits[0].kind, HitKind::Block);
}

#[test]
fn several_at_once_say_what_is_not_known() {
    let (_dir, workspace, txid) = workspace();
    let mine = classify(&key(1)).to_text(Network::Bitcoin);
    let nobody = "0x1111111111111111111111111111111111111112";
    for between in [" ", ", ", "\n", ";"] {
        let found = search(&workspace, &[LOCKY, ETH, &mine, nobody, &txid].join(between));
        assert_eq!((found.hits.len(), found.unknown.as_slice()), (4, &[nobody.to_owned()][..]), "{found:?}");
    }
    let found = search(&workspace, "no such name");
    assert_eq!((found.hits.len(), found.unknown.as_slice()), (0, &["no such name".to_owned()][..]));
    assert!(matches!(workspace.address(nobody), Err(WorkspaceError::Unknown(..))));
    assert!(matches!(workspace.address("no such name"), Err(WorkspaceError::Query(..))));
    // Whatever is typed is answered.
    for odd in ["", " ", "\u{0}", "0x", ":::", "%", &"é".repeat(30_000), &"a".repeat(70), "💰💰💰💰💰💰💰💰"]
    {
        let _ = search(&workspace, odd);
    }
}

#[test]
fn tags_that_the_asker_may_not_see_are_not_found() {
    let (_dir, workspace, _) = workspace();
    let found = workspace.lookup("Locky", &|t| t.label != "Locky");
    assert!(found.hits.is_empty(), "{found:?}");
    assert!(workspace.lookup(LOCKY, &|t| t.label != "Locky").hits.is_empty());
}
