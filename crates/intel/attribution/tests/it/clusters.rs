//! Clusters on simulated economies: right, explained, incremental, and as accurate as the README says.

use crate::common::{append, blocks, memory, simulated};
use holdfast_attribution::accuracy::{measure, score_clusters};
use holdfast_attribution::import::import;
use holdfast_attribution::{ChangeRule, ClusterOptions, Clusters, CoinjoinSet, Entities, TagStore};
use holdfast_bitcoin::Network;
use holdfast_simulate::{Economy, Options};
use holdfast_utxo_ledger::Ledger;

#[test]
fn default_heuristics_are_at_least_99_percent_right() {
    let sim = simulated(11, 60_000);
    let clusters = Clusters::build(&sim.ledger, ClusterOptions::default());
    let score = score_clusters("default".into(), &clusters, &sim.truth);
    assert!(score.made > 1_000, "{score:?}");
    assert!(score.precision() >= 0.99, "{score:?}");
    let all = measure(&sim.ledger, &sim.truth);
    assert!(clusters.coinjoins() > 0);
    let any = all.coinjoins.last().unwrap();
    assert!(any.precision() > 0.95 && any.recall() > 0.95, "{any:?}");
    for s in all.change.iter().chain(&all.combinations[..12]).chain(&all.coinjoins).chain(&all.clusterings) {
        println!("{:60} {:8} {:.4} {:.4}", s.name, s.made, s.precision(), s.recall());
    }
    let naive = all.clusterings.iter().find(|s| s.name.contains("not excluded")).unwrap();
    assert!(naive.precision() < score.precision(), "excluding coinjoins must pay: {naive:?} {score:?}");
    for part in ClusterOptions::default().change.alternatives {
        let name = holdfast_attribution::change::set_name(part);
        let score = all.combinations.iter().find(|s| s.name == name).unwrap();
        assert!(score.precision() >= 0.99, "{score:?} is on by default");
    }
}

#[test]
fn every_merge_can_be_explained() {
    let sim = simulated(5, 5_000);
    let change = ChangeRule::parse("address-type+client-change+optimal-change,locktime+power-of-ten").unwrap();
    let clusters = Clusters::build(&sim.ledger, ClusterOptions { change, ..ClusterOptions::default() });
    let roots = clusters.all();
    assert!(clusters.merges().iter().any(|m| m.heuristic() != "cospend"));
    let mut checked = 0;
    for merge in clusters.merges().iter().step_by(97) {
        let members = clusters.members(roots[merge.a as usize]);
        assert_eq!(clusters.size(merge.a), members.len() as u64);
        let (a, b) = (members[0], *members.last().unwrap());
        let path = clusters.explain(a, b).unwrap();
        assert_eq!((path.first().unwrap().a, path.last().unwrap().b), (a, b));
        for (step, next) in path.iter().zip(path.iter().skip(1)) {
            assert_eq!(step.b, next.a);
        }
        for step in &path {
            // The transaction named really shows both addresses.
            let inputs: Vec<u32> =
                sim.ledger.sources(step.tx).filter_map(|s| sim.ledger.source_info(s).address).collect();
            let outputs: Vec<u32> = sim.ledger.outputs(step.tx).map(|o| sim.ledger.address_of(o)).collect();
            let shown = |x: u32| inputs.contains(&x) || (step.heuristic() != "cospend" && outputs.contains(&x));
            assert!(shown(step.a) && shown(step.b), "{step:?}");
        }
        checked += 1;
    }
    assert!(checked > 5);
    assert_eq!(clusters.explain(3, 3), Some(vec![]));
    let other = (0..roots.len() as u32).find(|a| roots[*a as usize] != roots[0]).unwrap();
    assert_eq!(clusters.explain(0, other), None);
}

#[test]
fn incremental_and_reorganized_equal_rebuilt() {
    let mut economy = Economy::new(Options { seed: 9, txs: 4_000 }).unwrap();
    let blocks = blocks(&mut economy);
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create_or_open(dir.path(), Network::Regtest).unwrap();
    let options = ClusterOptions {
        cospend: true,
        coinjoins: CoinjoinSet::ALL,
        change: ChangeRule::parse("locktime+address-type,peeling-chain+power-of-ten,legacy").unwrap(),
    };
    let mut clusters = Clusters::new(options.clone());
    for part in blocks.chunks(7) {
        append(&mut ledger, &memory(part));
        clusters.update(&ledger);
        assert_eq!(clusters.all(), Clusters::build(&ledger, options.clone()).all());
    }
    let path = dir.path().join("clusters");
    clusters.save(&path).unwrap();
    let mut loaded = Clusters::load(&path).unwrap().unwrap();
    assert_eq!((loaded.all(), loaded.merges()), (clusters.all(), clusters.merges()));
    ledger.truncate(blocks.len() as u32 - 10).unwrap();
    loaded.update(&ledger);
    assert_eq!(loaded.all(), Clusters::build(&ledger, options).all());
    assert!(Clusters::load(&dir.path().join("none")).unwrap().is_none());
}

/// Block by block, entities are what they are when they are made anew, also where an address that was known before comes to count under
/// another category because its cluster was joined to a tagged one.
#[test]
fn entities_grow_as_if_made_anew() {
    let mut economy = Economy::new(Options { seed: 12, txs: 4_000 }).unwrap();
    let blocks = blocks(&mut economy);
    let mut store = TagStore::default();
    let pack = holdfast_simulate::files::tagpack(&economy).into_bytes();
    assert!(import(&mut store, vec![("sim.yaml".into(), pack)]).refused.is_empty());
    let rules = [ClusterOptions::default().change, ChangeRule::parse("locktime+address-type,legacy").unwrap()];
    for change in rules {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::create_or_open(dir.path(), Network::Regtest).unwrap();
        let mut clusters = Clusters::new(ClusterOptions { cospend: true, coinjoins: CoinjoinSet::ALL, change });
        let mut entities = Entities::build(&ledger, &clusters, &store);
        let mut renamed = 0;
        for part in blocks.chunks(2) {
            append(&mut ledger, &memory(part));
            let before = clusters.clone();
            clusters.update(&ledger);
            let grown = entities.update(&ledger, &before, &clusters, &store, &[]);
            assert!(grown == Entities::build(&ledger, &clusters, &store), "at block {}", ledger.counts().blocks);
            renamed +=
                entities.categories().iter().zip(grown.categories().iter()).filter(|(old, new)| old != new).count();
            entities = grown;
        }
        assert!(renamed > 10 && entities.tagged().len() > 10, "{renamed} renamed");
    }
}
