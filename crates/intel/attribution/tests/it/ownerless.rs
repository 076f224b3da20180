//! Scripts without an owner join no cluster and carry no tag on to one.

use holdfast_attribution::cluster::ClusterLog;
use holdfast_attribution::import::import;
use holdfast_attribution::{ChangeRule, ClusterOptions, Clusters, CoinjoinSet, Entities, TagStore, sealed};
use holdfast_bitcoin::hash::sha256;
use holdfast_bitcoin::script::classify;
use holdfast_bitcoin::{AddressKey, Block, Hash32, Network, ScriptClass};
use holdfast_simulate::hand::{HandChain, key, tx};
use holdfast_utxo_ledger::{AppendOptions, Ledger, MemoryBlock, MemoryFeed};
use std::ops::ControlFlow;

fn append(ledger: &mut Ledger, blocks: &[(u32, Vec<u8>)]) {
    let parse = |(height, bytes): &(u32, Vec<u8>)| {
        let block = Block::parse(bytes.clone()).unwrap();
        MemoryBlock { height: *height, block, spent: None }
    };
    let feed = MemoryFeed(blocks.iter().map(parse).collect());
    ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
}

fn p2pkh(text: &str) -> Vec<u8> {
    AddressKey::parse(text, Network::Bitcoin).unwrap().script().unwrap()
}

/// Scripts without an owner, each a way to merge strangers.
fn shared_scripts() -> Vec<Vec<u8>> {
    vec![
        vec![0x51, 0x02, 0x4e, 0x73],
        vec![0x51],
        vec![],
        vec![0x60, 0x02, 0x01, 0x01],
        AddressKey::parse("37k7toV1Nv4DfmQbmZ8KuZDQCYK9x5KpzP", Network::Bitcoin).unwrap().script().unwrap(),
        AddressKey::new(ScriptClass::P2wsh, &sha256(&[0x51])).script().unwrap(),
        p2pkh("1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"),
        p2pkh("1HsMJxNiV7TLxmoF6uJNkydxPFDog4NQum"),
        p2pkh("1BitcoinEaterAddressDontSendf59kuE"),
        p2pkh("1111111111111111111114oLvT2"),
    ]
}

/// Two strangers, keys 1 and 2, each spend their coin together with the shared script's.
fn two_strangers(shared: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut chain = HandChain::default();
    let coin = |n: u64| tx(&[([n as u8; 32], 0)], &[(100_000, key(n)), (240, shared.to_vec()), (240, shared.to_vec())]);
    let (first, second) = (coin(1), coin(2));
    let spend = |own: Hash32, other: Hash32, to: u64| {
        tx(&[(other, 1), (own, 0), (own, 2)], &[(90_000, key(to)), (240, shared.to_vec()), (5_000, key(to + 100))])
    };
    let spends = [spend(first.txid, second.txid, 11), spend(second.txid, first.txid, 12)];
    vec![chain.add(&[first, second]), chain.add(&spends)]
}

fn number(ledger: &Ledger, script: &[u8]) -> u32 {
    ledger.address_number(&classify(script)).unwrap()
}

#[test]
fn two_strangers_who_use_one_anchor_are_not_one_entity() {
    // Every heuristic at once: none may join through a script without an owner.
    let all = ChangeRule::parse("address-reuse,power-of-ten,optimal-change,client-change,legacy,locktime").unwrap();
    for shared in shared_scripts() {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::create_or_open(dir.path(), Network::Regtest).unwrap();
        let blocks = two_strangers(&shared);
        append(&mut ledger, &blocks);
        for change in [ChangeRule::parse("address-reuse").unwrap(), all.clone()] {
            let options = ClusterOptions { change, cospend: true, coinjoins: CoinjoinSet::ALL };
            let clusters = Clusters::build(&ledger, options.clone());
            let (a, b, anchor) = (number(&ledger, &key(1)), number(&ledger, &key(2)), number(&ledger, &shared));
            assert_eq!(clusters.explain(a, b), None, "{shared:02x?}");
            assert_eq!(clusters.size(clusters.of(anchor)), 1, "{shared:02x?}");
            // One by one, and after a reorganization, the same.
            let other = tempfile::tempdir().unwrap();
            let mut slow = Ledger::create_or_open(other.path(), Network::Regtest).unwrap();
            let mut growing = Clusters::new(options);
            for block in blocks.chunks(1).chain([&blocks[1..]]) {
                slow.truncate(block[0].0).unwrap();
                append(&mut slow, block);
                growing.update(&slow);
            }
            assert_eq!(growing.all(), clusters.all(), "{shared:02x?}");
        }
    }
}

#[test]
fn a_tag_on_an_anchor_does_not_name_who_used_it() {
    let shared = vec![0x51, 0x02, 0x4e, 0x73];
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create_or_open(dir.path(), Network::Bitcoin).unwrap();
    append(&mut ledger, &two_strangers(&shared));
    let mut tags = TagStore::default();
    let anchor = classify(&shared).to_text(Network::Bitcoin);
    let victim = classify(&key(2)).to_text(Network::Bitcoin);
    let tag = |address: &str| {
        format!(
            "  - address: \"{address}\"\n    label: Gang\n    currency: BTC\n    source: https://example.org\n    \
             confidence: authority_data\n    abuse: ransomware\n    is_cluster_definer: true\n    lastmod: 2024-01-01\n"
        )
    };
    let pack = |address: &str| format!("title: Test\ncreator: test\ntags:\n{}", tag(address));
    let report = import(&mut tags, vec![("a.yaml".into(), pack(&anchor).into_bytes())]);
    assert!(report.refused.is_empty(), "{report:?}");
    let clusters = Clusters::build(&ledger, ClusterOptions::default());
    let entities = Entities::build(&ledger, &clusters, &tags);
    let (a, b) = (number(&ledger, &key(1)), number(&ledger, &key(2)));
    for address in [a, b, number(&ledger, &shared)] {
        assert!(!entities.category(address).is_attributed(), "{}", ledger.address_text(address));
        assert_eq!(entities.name(&tags, &clusters, address), None);
    }
    // A tag on somebody's own address counts as before, and reaches nobody else.
    import(&mut tags, vec![("b.yaml".into(), pack(&victim).into_bytes())]);
    let entities = Entities::build(&ledger, &clusters, &tags);
    assert_eq!(entities.category(b).name(), "ransomware");
    assert!(!entities.category(a).is_attributed());
}

#[test]
fn clusters_stored_by_older_rules_are_made_again_with_their_options() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create_or_open(dir.path(), Network::Regtest).unwrap();
    append(&mut ledger, &two_strangers(&[0x51, 0x02, 0x4e, 0x73]));
    let options =
        ClusterOptions { cospend: true, coinjoins: CoinjoinSet::NONE, change: ChangeRule::parse("legacy").unwrap() };
    let path = dir.path().join("clusters");
    let now = Clusters::build(&ledger, options.clone());
    // As earlier versions wrote it: a head, parents, merges.
    let tip = ledger.tip().map(|t| t.hash.to_bytes());
    let head = (&options, now.done(), tip, now.coinjoins(), u64::from(now.addresses()));
    let head = postcard::to_stdvec(&head).unwrap();
    let merges = now.merges().iter().flat_map(|m| [m.a, m.b, m.tx, m.by]);
    let words: Vec<u8> = now.all().into_iter().chain(merges).flat_map(u32::to_le_bytes).collect();
    let body = [&(head.len() as u32).to_le_bytes(), head.as_slice(), &words].concat();
    sealed::save(&path, b"HFCLUS01", &body).unwrap();
    let mut loaded = Clusters::load(&path).unwrap().unwrap();
    assert_eq!((loaded.done(), loaded.options()), (0, &options));
    loaded.update(&ledger);
    assert_eq!(loaded.all(), now.all());
    // The version after: its merges are read, and the file becomes a log when it is saved next.
    sealed::save(&path, b"HFCLUS02", &body).unwrap();
    let mut log = ClusterLog::new(&path);
    let loaded = log.load().unwrap().unwrap();
    assert_eq!((loaded.done(), loaded.merges(), loaded.all()), (now.done(), now.merges(), now.all()));
    log.save(&loaded).unwrap();
    assert_eq!(Clusters::load(&path).unwrap().unwrap().all(), now.all());
    let mut bytes = std::fs::read(&path).unwrap();
    assert_eq!(&bytes[..8], b"HFCLUS03");
    // A damaged frame is made again from the ledger, a damaged head and an unknown version are not guessed at.
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let mut loaded = Clusters::load(&path).unwrap().unwrap();
    assert!(loaded.done() < now.done());
    loaded.update(&ledger);
    assert_eq!(loaded.all(), now.all());
    bytes[13] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert!(Clusters::load(&path).is_err());
    bytes[..8].copy_from_slice(b"HFCLUS00");
    std::fs::write(&path, &bytes).unwrap();
    assert!(Clusters::load(&path).is_err());
}
