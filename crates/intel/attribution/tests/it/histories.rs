//! Clusters and entities that grew are what they are when they are made anew, on random histories with reorganizations and changing tags.

use holdfast_attribution::cluster::ClusterLog;
use holdfast_attribution::tags::{Actor, TagFile};
use holdfast_attribution::{ChangeRule, ClusterOptions, Clusters, Confidence, Entities, Tag, TagStore, Tlp};
use holdfast_bitcoin::{Block, Network};
use holdfast_simulate::history::History;
use holdfast_simulate::random::Random;
use holdfast_utxo_ledger::{AppendOptions, Ledger, MemoryBlock, MemoryFeed};
use std::ops::ControlFlow;

fn append(ledger: &mut Ledger, blocks: &[(u32, Vec<u8>)]) {
    let parse = |(height, bytes): &(u32, Vec<u8>)| MemoryBlock {
        height: *height,
        block: Block::parse(bytes.clone()).unwrap(),
        spent: None,
    };
    let feed = MemoryFeed(blocks.iter().map(parse).collect());
    ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
}

fn tag(random: &mut Random, ledger: &Ledger, pack: &str) -> Tag {
    let addresses = u64::from(ledger.counts().addresses);
    let address = match random.permille(800) && addresses > 0 {
        true => ledger.address_text(random.below(addresses) as u32),
        false => holdfast_bitcoin::script::classify(&holdfast_simulate::hand::key(random.below(200)))
            .to_text(Network::Regtest),
    };
    Tag {
        address,
        asset: "BTC".into(),
        label: format!("label {}", random.below(4)),
        source: "https://example.org".into(),
        category: Some((*random.pick(&["exchange", "gambling", "market", "user"])).into()),
        abuse: random.permille(300).then(|| "ransomware".into()),
        concepts: Vec::new(),
        confidence: *random.pick(&[Confidence::Heuristic, Confidence::Forensic, Confidence::Ownership]),
        is_cluster_definer: random.permille(600),
        actor: random.permille(300).then(|| format!("actor {}", random.below(3))),
        lastmod: String::new(),
        pack: pack.into(),
        file: String::new(),
        creator: String::new(),
        tlp: *random.pick(&[None, Some(Tlp::Clear), Some(Tlp::Red)]),
    }
}

/// Changes tags as imports and sources do.
fn change(random: &mut Random, ledger: &Ledger, store: &mut TagStore) {
    let pack = format!("pack {}", random.below(4));
    match random.below(4) {
        0 => drop(store.remove_pack(&pack)),
        1 => {
            store.remove_pack(&pack);
            store.add_tags((0..random.below(6)).map(|_| tag(random, ledger, &pack)).collect::<Vec<_>>());
        }
        2 => store.add_actors([Actor {
            id: format!("actor {}", random.below(3)),
            label: "Actor".into(),
            categories: vec![(*random.pick(&["exchange", "sanction"])).into()],
            jurisdictions: Vec::new(),
            uri: None,
        }]),
        _ => drop(store.add_tags((0..random.between(1, 6)).map(|_| tag(random, ledger, &pack)).collect::<Vec<_>>())),
    }
}

#[test]
fn clusters_entities_and_tags_that_grew_equal_those_made_anew() {
    let rules = ["address-reuse", "locktime+address-type,peeling-chain+power-of-ten,legacy"];
    for seed in 0..16u64 {
        let change_rule = ChangeRule::parse(rules[seed as usize % 2]).unwrap();
        let looks_ahead = change_rule.looks_ahead();
        let options = ClusterOptions { change: change_rule, ..ClusterOptions::default() };
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::create_or_open(&dir.path().join("ledger"), Network::Regtest).unwrap();
        let mut history = History::new(seed);
        let mut clusters = Clusters::new(options.clone());
        let mut store = TagStore::default();
        let mut entities = Entities::build(&ledger, &clusters, &store);
        let mut version = store.version();
        let mut log = ClusterLog::new(&dir.path().join("clusters"));
        let mut files = TagFile::new(&dir.path().join("tags"));
        for step in 0..40 {
            let what = format!("seed {seed}, step {step}");
            if history.height() > 5 && history.random().permille(350) {
                let blocks = history.random().between(1, 6) as u32;
                ledger.truncate(history.fork(blocks)).unwrap();
            }
            let blocks: Vec<_> = (0..history.random().below(4)).map(|_| history.block(8)).collect();
            append(&mut ledger, &blocks);
            if history.random().permille(500) {
                change(history.random(), &ledger, &mut store);
            }
            if history.random().permille(300) {
                clusters.index_members();
            }
            let before = clusters.clone();
            clusters.update(&ledger);
            let anew = Clusters::build(&ledger, options.clone());
            assert_eq!(clusters.all(), anew.all(), "{what}");
            if !looks_ahead {
                assert_eq!(clusters.merges(), anew.merges(), "{what}");
            }
            assert_eq!((clusters.count(), clusters.done()), (anew.count(), anew.done()), "{what}");
            for address in 0..ledger.counts().addresses {
                let members: Vec<u32> =
                    (0..ledger.counts().addresses).filter(|a| anew.of(*a) == anew.of(address)).collect();
                assert_eq!(clusters.members(address), members, "{what}: members of {address}");
                assert_eq!(clusters.size(address), members.len() as u64, "{what}: size of {address}");
            }
            let retagged = store.touched_since(version).unwrap();
            entities = entities.update(&ledger, &before, &clusters, &store, &retagged);
            version = store.version();
            let built = Entities::build(&ledger, &clusters, &store);
            assert_eq!(entities.categories().to_vec(), built.categories().to_vec(), "{what}");
            assert!(entities == built, "{what}");
            if history.random().permille(300) {
                log.save(&clusters).unwrap();
                let read = ClusterLog::new(&dir.path().join("clusters")).load().unwrap().unwrap();
                assert_eq!((read.merges(), read.all()), (clusters.merges(), clusters.all()), "{what}: what is saved");
            }
            if history.random().permille(300) {
                files.save(&store).unwrap();
                let read = TagStore::load(&dir.path().join("tags")).unwrap();
                assert!(read.iter().eq(store.iter()) && read.actors() == store.actors(), "{what}: tags that are saved");
                assert_eq!(read.any_above(Tlp::Amber), store.any_above(Tlp::Amber), "{what}");
            }
            if history.random().permille(100) {
                log.save(&clusters).unwrap();
                files.save(&store).unwrap();
                (log, files) = (ClusterLog::new(&dir.path().join("clusters")), TagFile::new(&dir.path().join("tags")));
                clusters = log.load().unwrap().unwrap();
                store = files.load().unwrap();
                entities = Entities::build(&ledger, &clusters, &store);
                version = store.version();
            }
        }
        // A whole file of the store that grew is that of one whose tags were imported in this order.
        let mut anew = TagStore::default();
        anew.add_actors(store.actors().to_vec());
        anew.add_tags(store.iter().cloned().collect::<Vec<_>>());
        store.save(&dir.path().join("grown")).unwrap();
        anew.save(&dir.path().join("anew")).unwrap();
        let bytes = ["grown", "anew"].map(|name| std::fs::read(dir.path().join(name)).unwrap());
        assert!(bytes[0] == bytes[1], "seed {seed}: the same file, byte for byte");
    }
}
