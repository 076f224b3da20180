//! Bridges whose published contracts ran on two nodes (`tests/recorded`): what each side writes, and what joins them.

use holdfast_evm::{Chain, Checks, json, trace, transfers, verify};
use holdfast_links::{BlockRecords, Bridges, Contracts, Counterpart, Direction, Record, Role, Store, find};
use holdfast_types::{AccountId, ChainId};
use serde_json::Value;
use std::path::Path;

/// A chain of a recording: its store, and the name of the transaction of each record.
struct Side {
    store: Store,
    names: Vec<String>,
}

fn role(name: &str) -> Role {
    match name {
        "across_pool" => Role::AcrossPool,
        "cctp_messenger" => Role::CctpMessenger,
        "cctp_transmitter" => Role::CctpTransmitter,
        "cctp_messenger_v2" => Role::CctpMessengerV2,
        "cctp_transmitter_v2" => Role::CctpTransmitterV2,
        "wormhole_core" => Role::WormholeCore,
        "wormhole_bridge" => Role::WormholeBridge,
        "layer_zero_endpoint" => Role::LayerZeroEndpoint,
        "thorchain_router" => Role::ThorchainRouter,
        other => panic!("{other}"),
    }
}

fn account(text: &Value) -> AccountId {
    AccountId::from_bytes(&hex::decode(&text.as_str().unwrap()[2..]).unwrap()).unwrap()
}

fn recording(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/recorded/{name}.json.zst"));
    let bytes = zstd::stream::decode_all(std::fs::File::open(&path).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Reads a recorded block as nodes give it, checks it, and finds its records.
fn records(node: &Chain, contracts: &Contracts, recorded: &Value) -> BlockRecords {
    let bytes = |value: &Value| serde_json::to_vec(value).unwrap();
    let mut block = json::block(node, &bytes(&recorded["block"])).unwrap();
    let receipts = json::receipts(&mut block, &bytes(&recorded["receipts"])).unwrap();
    let verified = verify(node, block, receipts, Checks::default()).unwrap();
    let verified = verified.with_traces(trace::nested(&bytes(&recorded["traces"])).unwrap()).unwrap();
    let read = transfers(node, &verified);
    assert!(read.internal_known && read.transactions.iter().all(|t| t.success), "{}", recorded["name"]);
    find(contracts, &verified, &read)
}

/// Stores the sides of bridges of a recorded chain, block by block, and an empty block a hundred days later.
fn side(recording: &Value, n: usize, chain: &str, dir: &Path) -> Side {
    let recorded = &recording["sides"][n];
    let chain = ChainId::parse(chain).unwrap();
    let known = recorded["contracts"].as_object().unwrap();
    let contracts = known.iter().fold(Contracts::of(&chain), |all, (name, at)| all.with(account(at), role(name)));
    let node = Chain::of(31_337 + n as u64);
    let hash = |height: u64| {
        let mut hash = [n as u8 + 1; 32];
        hash[..8].copy_from_slice(&height.to_be_bytes());
        hash
    };
    let (mut blocks, mut names) = (Vec::new(), Vec::new());
    for (height, recorded) in (0..).zip(recorded["blocks"].as_array().unwrap()) {
        let found = records(&node, &contracts, recorded);
        let (hash, parent) = (hash(height), hash(height.wrapping_sub(1)));
        let mut records = found.records;
        records.retain(|record| matches!(record, Record::Bridge(_)));
        for record in &mut records {
            let Record::Bridge(side) = record else { continue };
            side.end.place.height = height;
            names.push(recorded["name"].as_str().unwrap().to_owned());
        }
        blocks.push(BlockRecords { height, hash, parent, time: found.time, records });
    }
    let height = blocks.len() as u64;
    let time = blocks.last().unwrap().time + 100 * 86_400;
    blocks.push(BlockRecords { height, hash: hash(height), parent: hash(height - 1), time, records: Vec::new() });
    let mut store = Store::create_or_open(&dir.join(format!("{n}")), &chain).unwrap();
    store.append(&blocks).unwrap();
    Side { store, names }
}

/// Says of every side what it states and what its other side is.
fn told(name: &str, chains: [&str; 2]) -> Vec<String> {
    let (dir, recording) = (tempfile::tempdir().unwrap(), recording(name));
    let sides = [0, 1].map(|n| side(&recording, n, chains[n], dir.path()));
    let bridges = Bridges::new(sides.iter().map(|s| &s.store).collect());
    let mut told = Vec::new();
    for (n, side) in sides.iter().enumerate() {
        for number in 0..side.store.counts().records {
            let at = bridges.side(n, number).unwrap().unwrap();
            let other = match bridges.counterpart(&at).unwrap() {
                Counterpart::Found(cross) => {
                    let other = if at.side.direction == Direction::In { &cross.into } else { &cross.out };
                    assert_eq!(cross.link.evidence.message, at.side.message);
                    let certainty: &str = cross.link.certainty.into();
                    let name = &sides[other.store].names[usize::try_from(other.number).unwrap()];
                    format!("{certainty} {name} {}", other.side.end.amount)
                }
                Counterpart::Contradicts(other) => {
                    format!("contradicts {}", sides[other.store].names[usize::try_from(other.number).unwrap()])
                }
                other => format!("{other:?}").to_lowercase(),
            };
            let (direction, amount) = (at.side.direction, at.side.end.amount);
            let text = at.side.destination.map(|text| format!(" to {text}")).unwrap_or_default();
            told.push(format!("{n} {direction:?} {}: {amount}{text}, {other}", side.names[usize::try_from(number).unwrap()]));
        }
    }
    told
}

#[test]
fn across_joins_deposits_and_fills() {
    assert_eq!(told("across", ["eip155:31337", "eip155:31338"]), Vec::<String>::new());
}

#[test]
fn cctp_joins_burns_and_mints_of_both_versions() {
    assert_eq!(told("cctp", ["eip155:1", "eip155:8453"]), Vec::<String>::new());
}

#[test]
fn wormhole_joins_transfers_and_redemptions() {
    assert_eq!(told("wormhole", ["eip155:1", "eip155:8453"]), Vec::<String>::new());
}

#[test]
fn layer_zero_joins_packets() {
    assert_eq!(told("layerzero", ["eip155:1", "eip155:8453"]), Vec::<String>::new());
}

#[test]
fn thorchain_joins_what_was_paid_in_and_out() {
    assert_eq!(told("thorchain", ["eip155:1", "eip155:56"]), Vec::<String>::new());
}
