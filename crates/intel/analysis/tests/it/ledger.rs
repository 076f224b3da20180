//! Exposure, paths, rendering and evidence bundles on simulated ledgers.

use ed25519_dalek::SigningKey;
use holdfast_analysis::bundle::{make, verify};
use holdfast_analysis::exposure::{Exposures, ONE};
use holdfast_analysis::report::NamedView;
use holdfast_analysis::{Bounds, Direction, LedgerView, Policy, TraceOptions, TraceReport, render, trace};
use holdfast_attribution::import::import;
use holdfast_attribution::{Categories, Category, ClusterOptions, Clusters, Entities, TagStore};
use holdfast_bitcoin::{Block, Network};
use holdfast_simulate::{Economy, Options, SimBlock, TxKind};
use holdfast_utxo_ledger::{AppendOptions, Ledger, MemoryBlock, MemoryFeed, Source};
use std::collections::HashSet;
use std::ops::ControlFlow;

struct World {
    _dir: tempfile::TempDir,
    ledger: Ledger,
    clusters: Clusters,
    tags: TagStore,
    entities: Entities,
    blocks: Vec<SimBlock>,
}

fn append(ledger: &mut Ledger, blocks: &[SimBlock]) {
    let parse =
        |b: &SimBlock| MemoryBlock { height: b.height, block: Block::parse(b.bytes.clone()).unwrap(), spent: None };
    let feed = MemoryFeed(blocks.iter().map(parse).collect());
    ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
}

fn world(seed: u64, txs: u64) -> World {
    let mut economy = Economy::new(Options { seed, txs }).unwrap();
    let blocks: Vec<SimBlock> = std::iter::from_fn(|| economy.next_block()).collect();
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create_or_open(dir.path(), Network::Regtest).unwrap();
    append(&mut ledger, &blocks);
    let mut tags = TagStore::default();
    let report = import(&mut tags, vec![("sim.yaml".into(), holdfast_simulate::files::tagpack(&economy).into_bytes())]);
    assert!(report.refused.is_empty() && report.warnings.is_empty(), "{report:?}");
    let clusters = Clusters::build(&ledger, ClusterOptions::default());
    let entities = Entities::build(&ledger, &clusters, &tags);
    World { _dir: dir, ledger, clusters, tags, entities, blocks }
}

impl World {
    fn view(&self) -> NamedView<'_> {
        NamedView {
            view: LedgerView { ledger: &self.ledger, entities: &self.entities },
            clusters: &self.clusters,
            tags: &self.tags,
            clearance: holdfast_attribution::Tlp::Amber,
        }
    }

    /// Numbers of transactions of a kind. Transactions are in chain order on both sides.
    fn txs(&self, kind: TxKind) -> Vec<u32> {
        let all = self.blocks.iter().flat_map(|b| &b.truth);
        all.enumerate().filter(|(_, t)| t.kind == kind).map(|(i, _)| i as u32).collect()
    }
}

#[test]
fn exposures_are_whole_exact_and_incremental() {
    let world = world(4, 6_000);
    let full = Exposures::build(&world.ledger, world.entities.categories());
    let mut seen = HashSet::new();
    for tx in 0..world.ledger.counts().txs {
        let (source, destination) = full.profiles_of(tx);
        for profile in [&source, &destination] {
            assert_eq!(profile.iter().map(|p| p.1 as u64).sum::<u64>(), ONE as u64, "shares sum to one");
        }
        seen.extend(source.iter().chain(&destination).map(|p| p.0.name()));
        for o in world.ledger.outputs(tx).take(2) {
            let exposure = full.of_output(&world.ledger, o);
            assert_eq!(exposure.source.amount, world.ledger.value(o));
            assert_eq!(exposure.destination.amount, world.ledger.value(o));
        }
    }
    for name in ["exchange", "ransomware", "mixing_service", "coinbase", "unspent"] {
        assert!(seen.contains(name), "{name} occurs among {seen:?}");
    }
    // Block by block, with tags known from the start, gives the same. Categories grow with addresses.
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create_or_open(dir.path(), Network::Regtest).unwrap();
    let mut growing: Option<Exposures> = None;
    let categories = world.entities.categories().to_vec();
    for part in world.blocks.chunks(9) {
        append(&mut ledger, part);
        let known = &Categories::from(&categories[..ledger.counts().addresses as usize]);
        match &mut growing {
            None => growing = Some(Exposures::build(&ledger, known)),
            Some(growing) => growing.update(&ledger, known),
        }
    }
    let mut growing = growing.unwrap();
    for tx in 0..ledger.counts().txs {
        assert_eq!(growing.profiles_of(tx), full.profiles_of(tx), "transaction {tx}");
    }
    for address in (0..ledger.counts().addresses).step_by(53) {
        assert_eq!(growing.of_address(&ledger, address), full.of_address(&world.ledger, address));
    }
    ledger.truncate(world.blocks.len() as u32 / 2).unwrap();
    let known = &Categories::from(&categories[..ledger.counts().addresses as usize]);
    growing.update(&ledger, known);
    let rebuilt = Exposures::build(&ledger, known);
    for tx in 0..ledger.counts().txs {
        assert_eq!(growing.profiles_of(tx), rebuilt.profiles_of(tx), "after reorganization, transaction {tx}");
    }
}

#[test]
fn a_ransom_is_followed_to_the_services() {
    let world = world(2, 20_000);
    let view = world.view();
    let collect = *world.txs(TxKind::RansomCollect).first().expect("the simulation collects ransoms");
    let output = world.ledger.outputs(collect).start;
    let start = [(Source::Output(output), world.ledger.value(output))];
    for policy in [Policy::Haircut, Policy::Fifo, Policy::Lifo, Policy::Poison] {
        let options = TraceOptions { policy, ..TraceOptions::default() };
        let result = trace(&view, &start, &options).unwrap();
        assert!(result.balances());
        assert!(result.edges.len() > 5);
        assert!(!result.peel_chains.is_empty(), "ransoms leave by peel chains");
        let report = TraceReport::new(&view, &result, &options);
        assert!(report.by_category.iter().any(|(c, n)| c.name() == "exchange" && *n > 0), "{:?}", report.by_category);
        for text in
            [render::table(&report, 10), render::graphviz(&report), render::mermaid(&report), render::html(&report)]
        {
            assert!(text.contains(&holdfast_analysis::report::coins(report.marked)));
        }
    }
    // Its source: victims' coins, which came from exchanges.
    let back = TraceOptions { direction: Direction::Backward, ..TraceOptions::default() };
    let result = trace(&view, &start, &back).unwrap();
    assert!(result.balances() && result.ends.iter().any(|e| e.category.name() == "exchange"));
    // Paths from the collecting address to exchanges exist and are connected.
    let targets: HashSet<u32> =
        (0..world.ledger.counts().addresses).filter(|a| world.entities.category(*a).name() == "exchange").collect();
    let paths = holdfast_analysis::paths::paths(&view, &start, &targets, &TraceOptions::default(), 5).unwrap();
    assert!(!paths.is_empty());
    for path in &paths {
        assert_eq!(path.steps[0].output, output);
        for pair in path.steps.windows(2) {
            assert_eq!(pair[0].tx, Some(world.ledger.tx_of_output(pair[1].output)));
        }
        assert!(targets.contains(&world.ledger.address_of(path.steps.last().unwrap().output)));
    }
    let exposures = Exposures::build(&world.ledger, world.entities.categories());
    let exposure = exposures.of_output(&world.ledger, output);
    let ransomware = Category::from_name("ransomware").unwrap();
    assert!(exposure.source.share_ppm(ransomware) > 900_000, "{exposure:?}");
}

#[test]
fn bundles_verify_and_any_flipped_byte_is_caught() {
    let world = world(6, 3_000);
    let view = world.view();
    let key = SigningKey::from_bytes(&[7; 32]);
    let collect = *world.txs(TxKind::Ransom).first().unwrap();
    let starts: Vec<_> = world.ledger.outputs(collect).map(|o| (Source::Output(o), world.ledger.value(o))).collect();
    let mut last = Vec::new();
    for (direction, max_hops) in
        [(Direction::Forward, 50), (Direction::Backward, 50), (Direction::Forward, 2), (Direction::Backward, 1)]
    {
        let options =
            TraceOptions { direction, bounds: Bounds { max_hops, ..Bounds::default() }, ..TraceOptions::default() };
        let result = trace(&view, &starts, &options).unwrap();
        let bytes = make(&view, &result, &options, &key, "2026-01-01T00:00:00Z").unwrap();
        assert_eq!(bytes, make(&view, &result, &options, &key, "2026-01-01T00:00:00Z").unwrap(), "deterministic");
        let found = verify(&bytes, Some(&hex::encode(key.verifying_key().as_bytes())));
        assert_eq!(found.failures, Vec::<String>::new(), "{direction:?} {max_hops}");
        assert!(found.passed.len() >= 5, "{found:?}");
        assert!(!verify(&bytes, Some(&"00".repeat(32))).is_valid(), "another signer is refused");
        last = bytes;
    }
    // The last is small: flip bytes all over, at least three in every entry's content and every byte of a header.
    let mut positions: Vec<usize> = (0..512).collect();
    positions.extend((512..last.len()).step_by(61));
    let mut archive = tar::Archive::new(last.as_slice());
    for entry in archive.entries().unwrap() {
        let entry = entry.unwrap();
        let start = entry.raw_file_position() as usize;
        let size = entry.size() as usize;
        positions.extend([start, start + size / 2, start + size - 1]);
    }
    positions.push(last.len() - 1);
    for at in positions {
        let mut bytes = last.clone();
        bytes[at] ^= 0x01;
        assert!(!verify(&bytes, None).is_valid(), "byte {at} of {} flipped", last.len());
    }
    assert!(!verify(b"nonsense", None).is_valid());
    assert!(!verify(&last[..last.len() / 2], None).is_valid());
}

#[test]
fn forged_results_are_named_even_when_signed() {
    let world = world(6, 3_000);
    let view = world.view();
    let options = TraceOptions { bounds: Bounds { max_hops: 3, ..Bounds::default() }, ..TraceOptions::default() };
    let tx = *world.txs(TxKind::Ransom).first().unwrap();
    let starts: Vec<_> = world.ledger.outputs(tx).map(|o| (Source::Output(o), world.ledger.value(o))).collect();
    let mut result = trace(&view, &starts, &options).unwrap();
    // A maker who lies about an amount signs with a valid key; recomputing shows it.
    result.ends[0].amount += 1;
    result.fees -= 1;
    let bytes = make(&view, &result, &options, &SigningKey::from_bytes(&[9; 32]), "2026-01-01T00:00:00Z").unwrap();
    let found = verify(&bytes, None);
    assert!(found.failures.iter().any(|f| f.starts_with("result.json: 'ends'")), "{found:?}");
}
