//! `data/academy/real-blocks.json` agrees with the bundled blocks and bundled TagPacks. `UPDATE_DATA=1` rewrites it.

use holdfast_academy::labs::chains::Named;
use holdfast_attribution::TagStore;
use holdfast_attribution::import::import;
use holdfast_bitcoin::script::{ScriptClass, classify};
use holdfast_bitcoin::{Block, Network, display_hash};
use holdfast_testing::bundled_tag_packs;
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn the_named_outputs_are_those_of_the_block() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../data");
    let mut store = TagStore::default();
    import(&mut store, bundled_tag_packs());
    let mut named = Vec::new();
    for height in [300_025, 367_891, 400_000, 413_567, 866_342] {
        let file = std::fs::File::open(data.join(format!("bitcoin/{height}.block.zst"))).unwrap();
        let block = Block::parse(zstd::decode_all(file).unwrap()).unwrap();
        for i in 1..block.txs.len() {
            for (vout, output) in block.outputs_of(i).iter().enumerate() {
                let key = classify(block.script(output));
                if matches!(key.class(), ScriptClass::NullData | ScriptClass::NonStandard | ScriptClass::Multisig) {
                    continue;
                }
                let address = key.to_text(Network::Bitcoin);
                let tags: Vec<_> = store.tags_of(&address).filter(|t| t.asset == "BTC").collect();
                let labels: BTreeSet<&str> = tags.iter().map(|t| t.label.as_str()).collect();
                // One name only, so that there is one answer.
                let (Some(tag), 1) = (tags.first(), labels.len()) else { continue };
                named.push(Named {
                    block: height,
                    txid: display_hash(&block.txids[i]),
                    vout: vout as u32,
                    value: output.value,
                    address,
                    label: tag.label.clone(),
                    category: tag.concept().name().to_owned(),
                    source: tag.source.clone(),
                    pack: tag.pack.clone(),
                });
            }
        }
    }
    let place = data.join("academy/real-blocks.json");
    if std::env::var_os("UPDATE_DATA").is_some() {
        std::fs::write(&place, serde_json::to_string_pretty(&named).unwrap() + "\n").unwrap();
    }
    let stored: Vec<Named> = serde_json::from_slice(&std::fs::read(place).unwrap()).unwrap();
    assert_eq!(stored, named);
    assert!(named.iter().filter(|n| n.category == "ransomware").count() >= 1);
}
