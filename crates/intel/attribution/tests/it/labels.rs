//! Labels of block explorers as public collections hold them, where the data is there.

use holdfast_attribution::import::{NamedFile, import, is_importable};
use holdfast_attribution::{Category, TagStore};
use holdfast_types::Family;
use std::collections::BTreeMap;

#[path = "../../../../chain/evm/tests/it/real_files.rs"]
mod real_files;

fn files() -> Option<Vec<NamedFile>> {
    let folder = real_files::accounts()?.join("labels");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(is_importable(&name), "{name}");
        files.push((name, std::fs::read(path).unwrap()));
    }
    Some(files)
}

#[test]
fn explorers_labels_import_with_their_categories() {
    let Some(files) = files() else { return };
    let mut store = TagStore::default();
    let mut report = import(&mut store, files.clone());
    report.count_chains(&[("ethereum".into(), Family::Evm), ("tron".into(), Family::Tron)]);
    assert_eq!((report.packs, report.refused.len()), (3, 0), "{:?}", report.refused);
    assert!((41_000..42_000).contains(&report.tags), "{} tags", report.tags);
    // One address of theirs is no address of any form.
    assert_eq!((report.by_chain["ethereum"], report.without_chain), (report.tags - 1, 1));
    // Every address that an explorer itself calls nobody's, and every precompile.
    assert!((40..100).contains(&report.without_owner), "{} without an owner", report.without_owner);
    assert!(report.sanctioned > 50, "{} sanctioned", report.sanctioned);
    let assets: BTreeMap<&str, usize> = report.by_asset.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    assert!(assets["ETH"] > 29_000 && assets["BNB"] > 6_000 && assets["POL"] > 4_000, "{assets:?}");
    println!(
        "{}\n{} warnings, {} new of {}",
        report.lines().join("\n"),
        report.warnings.len(),
        report.new_tags,
        report.tags
    );

    let concept = |address: &str| store.tags_of(address).map(|t| t.concept().name()).collect::<Vec<_>>();
    assert_eq!(concept("0x28C6c06298d514Db089934071355E5743bf21d60").first(), Some(&"exchange"), "Binance 14");
    // Tornado's router, as the labels of 2023 have it: both on the list and a mixer.
    let router = store.tags_of("0xd90e2f925DA726b50C4Ed8D0Fb90Ad053324F31b").next().unwrap();
    assert_eq!((router.concept().name(), router.category.as_deref()), ("sanction", Some("mixing_service")));
    assert_eq!(concept("0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D").len(), 1, "Uniswap 2 router, labelled 'uniswap'");
    for nobody in ["0x0000000000000000000000000000000000000000", "0x000000000000000000000000000000000000dEaD"] {
        assert_eq!(concept(nobody), [""; 0]);
    }
    // A token's contract is not what its project is about.
    let tokens = store.iter().filter(|t| t.label.ends_with(')') && t.concept() != Category::OTHER);
    let tokens: Vec<String> = tokens.map(|t| format!("{}: {}", t.label, t.concept())).collect();
    assert!(tokens.len() < 40, "{tokens:?}");
    let again = import(&mut store, files);
    assert_eq!(again.new_tags, 0);
}
