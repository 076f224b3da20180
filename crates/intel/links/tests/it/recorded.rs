//! Bridges whose published contracts ran on two nodes (`tests/recorded`): what each side writes, and what joins them.

use holdfast_evm::{Chain, Checks, Log, VerifiedBlock, json, trace, transfers, verify};
use holdfast_links::{BlockRecords, Bridges, Contracts, Counterpart, Direction, Head, Record, Role, Store, TxView};
use holdfast_links::{Measured, find, find_in, measured};
use holdfast_types::{AccountId, Amount, BlockTransfers, ChainId};
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

/// Reads a recorded block as nodes give it, and checks it.
fn verified(node: &Chain, recorded: &Value) -> (VerifiedBlock, BlockTransfers) {
    let bytes = |value: &Value| serde_json::to_vec(value).unwrap();
    let mut block = json::block(node, &bytes(&recorded["block"])).unwrap();
    let receipts = json::receipts(&mut block, &bytes(&recorded["receipts"])).unwrap();
    let verified = verify(node, block, receipts, Checks::default()).unwrap();
    let verified = verified.with_traces(trace::nested(&bytes(&recorded["traces"])).unwrap()).unwrap();
    let read = transfers(node, &verified);
    assert!(read.internal_known && read.transactions.iter().all(|t| t.success), "{}", recorded["name"]);
    (verified, read)
}

/// Returns the node's chain with its wrapper of coin, and the contracts of a recorded chain.
fn known(recorded: &Value, n: usize, chain: &ChainId) -> (Chain, Contracts) {
    let (mut node, mut contracts) = (Chain::of(31_337 + n as u64), Contracts::of(chain));
    for (name, at) in recorded["contracts"].as_object().unwrap() {
        if name == "wrapper" {
            node = node.with_wrapper(at.as_str().unwrap().parse().unwrap());
        } else {
            contracts = contracts.with(account(at), role(name));
        }
    }
    (node, contracts)
}

/// Stores the sides of bridges of a recorded chain, block by block, so many times one after another, and an empty block a hundred days later.
fn side(recording: &Value, n: usize, chain: &str, dir: &Path, times: usize) -> Side {
    let recorded = &recording["sides"][n];
    let chain = ChainId::parse(chain).unwrap();
    let (node, contracts) = known(recorded, n, &chain);
    let hash = |height: u64| {
        let mut hash = [n as u8 + 1; 32];
        hash[..8].copy_from_slice(&height.to_be_bytes());
        hash
    };
    let (mut blocks, mut names) = (Vec::new(), Vec::new());
    let all = std::iter::repeat_n(recorded["blocks"].as_array().unwrap(), times).flatten();
    for (height, recorded) in (0..).zip(all) {
        let (block, read) = verified(&node, recorded);
        let found = find(&contracts, &block, &read);
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
fn told(name: &str, chains: [&str; 2], times: [usize; 2]) -> Vec<String> {
    let (dir, recording) = (tempfile::tempdir().unwrap(), recording(name));
    let sides = [0, 1].map(|n| side(&recording, n, chains[n], dir.path(), times[n]));
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
            told.push(format!(
                "{n} {direction:?} {}: {amount}{text}, {other}",
                side.names[usize::try_from(number).unwrap()]
            ));
        }
    }
    told
}

/// Compares what is told of a bridge, side by side, and counts the links by message.
fn check(name: &str, chains: [&str; 2], expected: &[&str], measured: &Measured) {
    let told = told(name, chains, [1, 1]);
    assert_eq!(told, expected, "{}", told.join("\n"));
    let certain = if name == "thorchain" { ", claimed_by_memo " } else { ", message " };
    let joined = |line: &&String| line.contains(" Out ") && line.contains(certain);
    let right = |line: &&String| {
        let names = line.split_once(" Out ").and_then(|(_, rest)| rest.split_once(certain));
        names.is_some_and(|(own, other)| own.split(':').next() == other.rsplit_once(' ').map(|(name, _)| name))
    };
    let joined: Vec<&String> = told.iter().filter(joined).collect();
    assert_eq!(joined.iter().filter(|line| right(line)).count() as u64, measured.right);
    assert_eq!((joined.len() as u64 - measured.right, measured.missed), (measured.wrong, 0));
}

/// Fees, the chain's coin, the older call, what a depositor signed later, a fill that nobody asked for, one below what was asked for, both ways.
#[test]
fn across_joins_deposits_and_fills() {
    let expected = [
        "0 In token: 5000000, message token 4990000",
        "0 In coin: 1000000000000000000, message coin 999000000000000000",
        "0 In older call: 700, missing",
        "0 In speeded up: 9000000, message speeded up 8800000",
        "0 In contradicted: 3000000, contradicts contradicted",
        "0 In waiting: 1000000, missing",
        "0 Out back: 1990000, message back 2000000",
        "1 Out token: 4990000, message token 5000000",
        "1 Out coin: 999000000000000000, message coin 1000000000000000000",
        "1 Out speeded up: 8800000, message speeded up 9000000",
        "1 Out forged: 4990000, missing",
        "1 Out contradicted: 1900000, contradicts contradicted",
        "1 In back: 2000000, message back 1990000",
    ];
    check("across", ["eip155:31337", "eip155:31338"], &expected, &measured::ACROSS);
}

/// Version 1 both ways, with a message that waits, one that says another amount, one that nobody sent. Version 2 with a fee, with data for a hook, with
/// three equal burns of which two were received, and a mint without a burn.
#[test]
fn cctp_joins_burns_and_mints_of_both_versions() {
    let expected = [
        "0 In one: 5000000, message one 5000000",
        "0 Out one back: 1500000, message one back 1500000",
        "0 In one waiting: 2000000, missing",
        "0 In one contradicted: 3000000, contradicts one contradicted",
        "0 In two: 6000000, message two 6000000",
        "0 In two fast: 7000000, message two fast 6999300",
        "0 In two hook: 8000000, message two hook 8000000",
        "0 In two alike 1: 9000000, heuristic two alike 1 9000000",
        "0 In two alike 2: 9000000, heuristic two alike 2 9000000",
        "0 In two alike 3: 9000000, missing",
        "1 Out one: 5000000, message one 5000000",
        "1 In one back: 1500000, message one back 1500000",
        "1 Out one contradicted: 4000000, contradicts one contradicted",
        "1 Out one forged: 3000000, missing",
        "1 Out two: 6000000, message two 6000000",
        "1 Out two fast: 6999300, message two fast 7000000",
        "1 Out two hook: 8000000, message two hook 8000000",
        "1 Out two alike 1: 9000000, heuristic two alike 1 9000000",
        "1 Out two alike 2: 9000000, heuristic two alike 2 9000000",
        "1 Out two forged: 9999999, missing",
    ];
    check("cctp", ["eip155:1", "eip155:8453"], &expected, &measured::CCTP);
}

/// A token with more decimals than the message holds, a fee for whoever redeems, coin both ways, data for a contract, a message that guardians signed
/// and nobody sent, and one that says another amount.
#[test]
fn wormhole_joins_transfers_and_redemptions() {
    let expected = [
        "0 In token: 5000000000000000000, message token 5000000000000000000",
        "0 In fee: 3000000000000000000, message fee 2900000000000000000",
        "0 In coin: 1000000000000000000, message coin 1000000000000000000",
        "0 Out coin back: 100000000000000000, message coin back 100000000000000000",
        "0 In payload: 1000000000000000000, message payload 1000000000000000000",
        "0 In contradicted: 1000000000000000000, contradicts contradicted",
        "1 Out token: 5000000000000000000, message token 5000000000000000000",
        "1 Out fee: 2900000000000000000, message fee 3000000000000000000",
        "1 Out coin: 1000000000000000000, message coin 1000000000000000000",
        "1 In coin back: 100000000000000000, message coin back 100000000000000000",
        "1 Out payload: 1000000000000000000, message payload 1000000000000000000",
        "1 Out forged: 120000000000000000000000, missing",
        "1 Out contradicted: 2000000000000000000, contradicts contradicted",
    ];
    check("wormhole", ["eip155:1", "eip155:8453"], &expected, &measured::WORMHOLE);
}

/// A token of its own on both chains, an adapter of a token with fewer decimals both ways, a packet that waits, one with another amount than was sent,
/// one that nobody sent. What a contract states without the endpoint is no side.
#[test]
fn layer_zero_joins_packets() {
    let expected = [
        "0 In own token: 5000000000000000000, message own token 5000000000000000000",
        "0 In adapter: 1234567800, message adapter 12345678000000000000",
        "0 Out adapter back: 100000000, message adapter back 1000000000000000000",
        "0 In waiting: 1000000000000000000, missing",
        "0 In contradicted: 2000000000000000000, contradicts contradicted",
        "1 Out own token: 5000000000000000000, message own token 5000000000000000000",
        "1 Out adapter: 12345678000000000000, message adapter 1234567800",
        "1 In adapter back: 1000000000000000000, message adapter back 100000000",
        "1 Out contradicted: 9000000000000000000, contradicts contradicted",
        "1 Out forged: 3000000000000000000, missing",
    ];
    check("layerzero", ["eip155:1", "eip155:8453"], &expected, &measured::LAYER_ZERO);
}

/// Coin for a token and a token for coin across chains, a swap that was paid back, Bitcoin on the other side, liquidity, and a payment to somebody else.
#[test]
fn thorchain_joins_what_was_paid_in_and_out() {
    let expected = [
        "0 In coin: 1000000000000000000, claimed_by_memo coin 2400000000",
        "0 In token: 5000000, claimed_by_memo token 7000000000000000",
        "0 In refunded: 100000000000000000, claimed_by_memo refunded 90000000000000000",
        "0 Out refunded: 90000000000000000, claimed_by_memo refunded 100000000000000000",
        "0 In bitcoin: 1000000000000000000 to BTC.BTC:bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh, notheld",
        "0 In contradicted: 100000000000000000, contradicts contradicted",
        "1 Out coin: 2400000000, claimed_by_memo coin 1000000000000000000",
        "1 Out token: 7000000000000000, claimed_by_memo token 5000000",
        "1 Out from bitcoin: 10000000000000000, notheld",
        "1 Out contradicted: 10000000000000000, contradicts contradicted",
    ];
    check("thorchain", ["eip155:1", "eip155:56"], &expected, &measured::THORCHAIN);
}

/// What is received twice, as by a bridge that was robbed, is paid for once.
#[test]
fn what_is_received_twice_is_said_to_be() {
    for (name, chains, joined) in [
        ("across", ["eip155:31337", "eip155:31338"], 3),
        ("wormhole", ["eip155:1", "eip155:8453"], 4),
        ("layerzero", ["eip155:1", "eip155:8453"], 2),
        ("cctp", ["eip155:1", "eip155:8453"], 6),
    ] {
        let told = told(name, chains, [1, 2]);
        let count =
            |outcome: &str| told.iter().filter(|line| line.starts_with("1 Out") && line.contains(outcome)).count();
        // Of CCTP's equal messages the third burn meets the first mint that is repeated.
        let alike = usize::from(name == "cctp");
        assert_eq!(count(", message ") + count(", heuristic "), joined + alike, "{told:#?}");
        assert!(count(", repeated") > 0, "{told:#?}");
    }
}

/// Anybody can write an event: without the contracts that the protocols publish nothing is a side.
#[test]
fn events_of_other_contracts_are_no_sides() {
    for name in ["across", "cctp", "wormhole", "layerzero", "thorchain"] {
        let recording = recording(name);
        for (n, recorded) in recording["sides"].as_array().unwrap().iter().enumerate() {
            let (node, _) = known(recorded, n, &ChainId::parse("eip155:1").unwrap());
            for block in recorded["blocks"].as_array().unwrap() {
                let (block, read) = verified(&node, block);
                let found = find(&Contracts::of(&ChainId::parse("eip155:1").unwrap()), &block, &read);
                assert!(!found.records.iter().any(|r| matches!(r, Record::Bridge(_))), "{name}: {:?}", found.records);
            }
        }
    }
}

/// Whatever bytes stand in a log, the finders return; what they state they also state of the transfers.
#[test]
fn changed_logs_are_read_or_not() {
    let mut state = 7u64;
    let mut below = |n: usize| {
        // splitmix64
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as usize % n
    };
    let chains =
        [("across", "eip155:31337"), ("cctp", "eip155:1"), ("wormhole", "eip155:1"), ("layerzero", "eip155:1")];
    let (mut whole, mut fewer) = (0, 0);
    for (name, chain) in chains.into_iter().chain([("thorchain", "eip155:1")]) {
        let recording = recording(name);
        for n in [0, 1] {
            let recorded = &recording["sides"][n];
            let (node, contracts) = known(recorded, n, &ChainId::parse(chain).unwrap());
            for block in recorded["blocks"].as_array().unwrap() {
                let (verified, read) = verified(&node, block);
                let (transaction, logs) = (&read.transactions[0], &verified.receipts()[0].logs);
                let found = |logs: &[Log]| {
                    let view = TxView { transfers: transaction, logs, first_log: 0, gas_price: Amount::ZERO };
                    find_in(&contracts, &Head::of(&read), [view]).records
                };
                let before = found(logs);
                for _ in 0..60 {
                    let mut logs = logs.clone();
                    let at = below(logs.len());
                    let mut data = logs[at].data.to_vec();
                    match below(4) {
                        0 if !data.is_empty() => data.truncate(below(data.len())),
                        1 if !data.is_empty() => {
                            let byte = below(data.len());
                            data[byte] ^= 1 << below(8);
                        }
                        2 => data.extend(std::iter::repeat_n(0xff, below(90))),
                        _ => {
                            let topics = logs[at].topics.len();
                            logs[at].topics.truncate(below(topics + 1));
                        }
                    }
                    logs[at].data = data.into();
                    let after = found(&logs);
                    assert!(after.len() <= before.len() + 1);
                    whole += 1;
                    fewer += usize::from(after != before);
                }
            }
        }
    }
    println!("{fewer} of {whole} changes are noticed");
    assert!(fewer > whole / 4);
}
