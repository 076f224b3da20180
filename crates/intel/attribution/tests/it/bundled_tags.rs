//! The bundled TagPacks, ActorPack and OFAC lists import as they are.

use holdfast_attribution::import::{NamedFile, import};
use holdfast_attribution::{Confidence, TagStore};
use holdfast_testing::bundled_tag_packs;
use std::collections::HashSet;
use std::path::PathBuf;

fn bundled() -> Vec<NamedFile> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../data/attribution");
    let mut files = bundled_tag_packs();
    for entry in std::fs::read_dir(dir.join("ofac")).unwrap() {
        let entry = entry.unwrap();
        files.push((entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).unwrap()));
    }
    files
}

#[test]
fn all_packs_import_with_their_fields() {
    let mut store = TagStore::default();
    let report = import(&mut store, bundled());
    assert_eq!(report.refused, Vec::<String>::new());
    assert!(report.packs >= 76 + 17, "{} packs", report.packs);
    let addresses: HashSet<&str> = store.iter().map(|t| t.address.as_str()).collect();
    assert!((500_000..510_000).contains(&addresses.len()), "{} addresses", addresses.len());
    assert!(store.actors().len() > 3_700);
    let ofac = store.iter().filter(|t| t.pack == "OFAC SDN list, BTC").count();
    assert_eq!(ofac, 435);
    // Inheritance: header source and abuse, own label.
    let tag = store.tags_of("1Lud76Q98VRHCUiyK7XUs7AgFofrqXeP78").find(|t| t.pack == "Ransomware Tagpack").unwrap();
    assert_eq!(tag.label, "7ev3n");
    assert_eq!(tag.abuse.as_deref(), Some("ransomware"));
    assert_eq!(tag.confidence, Confidence::Forensic);
    assert_eq!(tag.lastmod, "2021-11-14");
    assert!(tag.is_cluster_definer && tag.source.contains("zenodo.org"));
    let actor = store.iter().find(|t| t.label == "Huobi.com").and_then(|t| t.actor.clone()).unwrap();
    assert_eq!(store.actor(&actor).unwrap().id, "huobi");
    assert!(store.script_keys().len() > 400_000);
    assert!(!store.conflicts().is_empty(), "public packs do disagree");
    // Again, those that are quickly read.
    let small: Vec<NamedFile> = bundled().into_iter().filter(|(_, bytes)| bytes.len() < 200_000).collect();
    let again = import(&mut store, small);
    assert!(again.packs > 60 && again.tags > 500, "{} packs, {} tags", again.packs, again.tags);
    assert_eq!(again.new_tags, 0);
    for warning in report.warnings.iter().take(5) {
        println!("{warning}");
    }
    println!("{} warnings, {} conflicts", report.warnings.len(), store.conflicts().len());
}
