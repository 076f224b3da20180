//! Every exported block of the real data: hashes and roots hold, flipped bytes are found, and the transfers are those that were counted.

use crate::real_files;
use crate::samples::{bytes, read, read_traces, samples, value, verified};
use holdfast_evm::{Address, B256, Block, Bytes, Chain, Checks, Header, Receipt, U256, VerifiedBlock, verify};
use holdfast_evm::{keccak256, proof, rlp, trace, transfers};
use holdfast_types::{AccountId, Amount, BlockTransfers, Commitment, Signal, TokenRef, TransferKind};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Blocks with header, body and receipts in RLP: lines `header`, `body` and `receipts` of each file.
fn portal(data: &Path) -> Vec<(String, Vec<u8>, Bytes, Bytes)> {
    let mut blocks = Vec::new();
    let mut paths: Vec<_> = std::fs::read_dir(data.join("evm")).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    for path in paths.into_iter().filter(|p| p.extension().is_some_and(|e| e == "yaml")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let field = |name: &str| -> Bytes {
            let line = text.lines().find_map(|l| l.trim().strip_prefix(name)?.strip_prefix(": ")).unwrap();
            line.trim().trim_matches(['"', '\'']).parse().unwrap()
        };
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        blocks.push((name, field("header").to_vec(), field("body"), field("receipts")));
    }
    blocks
}

#[test]
fn every_block_holds() {
    let Some(data) = real_files::accounts() else { return };
    let (mut blocks, mut transactions, mut logs) = (0, 0, 0);
    let mut count = |verified: &VerifiedBlock| {
        blocks += 1;
        transactions += verified.block().transactions.len();
        logs += verified.logs().count();
    };
    for sample in samples(&data) {
        count(&verified(&sample));
    }
    for (name, header, body, receipts) in portal(&data) {
        let block = rlp::block(&header, &body).unwrap_or_else(|e| panic!("{name}: {e}"));
        let receipts = rlp::receipts(&receipts).unwrap_or_else(|e| panic!("{name}: {e}"));
        count(&verify(&Chain::of(1), block, receipts, Checks::default()).unwrap_or_else(|e| panic!("{name}: {e}")));
    }
    println!("{blocks} blocks, {transactions} transactions, {logs} logs");
    assert!(blocks >= 28, "{blocks}");
}

/// Numbers that look random and are the same each time (splitmix64).
fn sequence(mut state: u64) -> impl FnMut(usize) -> usize {
    move |below| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below as u64) as usize
    }
}

#[test]
fn a_flipped_byte_of_rlp_is_found() {
    let Some(data) = real_files::accounts() else { return };
    let mut random = sequence(1);
    for (name, header, body, receipts) in portal(&data) {
        let hash = rlp::block(&header, &body).unwrap().hash;
        let parts = [header.clone(), body.to_vec(), receipts.to_vec()];
        for round in 0..45 {
            let mut parts = parts.clone();
            let part = round % 3;
            let place = random(parts[part].len());
            parts[part][place] ^= 1 << random(8);
            let [header, body, receipts] = parts;
            let result = rlp::block(&header, &body.into()).and_then(|block| {
                let receipts = rlp::receipts(&receipts.into())?;
                verify(&Chain::of(1), Block { hash, ..block }, receipts, Checks::default())
            });
            let error = result.err().unwrap_or_else(|| panic!("{name}: part {part}, byte {place} is not found"));
            assert!(!error.field.is_empty() && !error.to_string().is_empty());
        }
    }
}

#[test]
fn a_flipped_byte_of_json_is_found_or_changes_nothing() {
    let Some(data) = real_files::accounts() else { return };
    let mut random = sequence(2);
    let (mut found, mut without_effect) = (0, 0);
    for mut sample in samples(&data) {
        let before = verified(&sample);
        for round in 0..30 {
            let is_block = round % 2 == 0;
            let text = if is_block { &mut sample.block } else { &mut sample.receipts };
            // A digit becomes another digit.
            let Some(place) = (0..1_000).map(|_| random(text.len())).find(|i| text[*i].is_ascii_digit()) else {
                continue;
            };
            let old = text[place];
            text[place] = if old == b'9' { b'0' } else { old + 1 };
            let result = read(&sample).and_then(|(b, r)| verify(&sample.chain, b, r, Checks::default()));
            match result {
                Err(error) => {
                    found += 1;
                    assert!(!error.field.is_empty());
                }
                Ok(after) => {
                    without_effect += 1;
                    let same_block = after.block() == before.block();
                    let same_receipts = after.receipts().iter().zip(before.receipts()).all(|(a, b)| {
                        let strip = |r: &Receipt| Receipt { claims: Default::default(), ..r.clone() };
                        strip(a) == strip(b)
                    });
                    assert!(same_block && same_receipts, "{}: byte {place} of block {is_block}", sample.name);
                }
            }
            let text = if is_block { &mut sample.block } else { &mut sample.receipts };
            text[place] = old;
        }
    }
    println!("{found} found, {without_effect} in fields that nothing is taken from");
    assert!(found > 10 * without_effect, "{found} {without_effect}");
}

fn count(block: &BlockTransfers) -> BTreeMap<&'static str, usize> {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut add = |name, n| *counts.entry(name).or_default() += n;
    for transaction in &block.transactions {
        for transfer in &transaction.transfers {
            let name = match (transfer.kind, transfer.token) {
                (TransferKind::Value, _) => "tx value",
                (TransferKind::Internal, _) => "internal",
                (TransferKind::Wrap, _) => "weth deposit",
                (TransferKind::Unwrap, _) => "weth withdrawal",
                (_, TokenRef::Fungible(_)) => "erc20",
                (_, TokenRef::NonFungible(..)) => "erc721",
                _ => continue,
            };
            add(name, 1);
        }
        for signal in &transaction.signals {
            if let Signal::ZeroValue { token: TokenRef::Fungible(_), .. } = signal {
                add("erc20", 1);
            }
        }
    }
    counts
}

/// The counts that were made of the same blocks by another program when the data was collected. Where they differ, that program counted the value of
/// failed transactions (137 of 11098450; 17, 90, 113, 117 of 17053184), and deposits of contracts that are no wrapper (119 and 161 of 11098450).
#[test]
fn transfers_are_those_that_were_counted() {
    let Some(data) = real_files::accounts() else { return };
    let provenance = std::fs::read_to_string(data.join("PROVENANCE.tsv")).unwrap();
    let mut differences = Vec::new();
    let mut compared = 0;
    for sample in samples(&data) {
        let line = provenance.lines().find(|l| l.starts_with(&format!("evm/{}\t", sample.name)));
        let Some(counts) = line.and_then(|l| l.split_once('{')).and_then(|(_, rest)| rest.split_once('}')) else {
            continue;
        };
        let block = transfers(&sample.chain, &verified(&sample));
        let ours = count(&block);
        compared += 1;
        for entry in counts.0.split(", ") {
            let (name, n) = entry.split_once(": ").unwrap();
            let (name, n) = (name.trim_matches('\''), n.parse::<usize>().unwrap());
            let counted = ["tx value", "internal", "weth deposit", "weth withdrawal", "erc20", "erc721"];
            let mine = ours.get(name).copied().unwrap_or_default();
            if counted.contains(&name) && mine != n {
                differences.push(format!("{}: {name}: {mine}, counted {n}", sample.name));
            }
        }
    }
    assert!(compared >= 9, "{compared}");
    let known = [
        "ethereum-11098450.json: tx value: 52, counted 53",
        "ethereum-11098450.json: weth deposit: 9, counted 11",
        "ethereum-17053184.json: tx value: 61, counted 65",
    ];
    assert_eq!(differences, known);
}

/// On Polygon the coin's own logs and the traces are two witnesses of the same transfers.
#[test]
fn logs_of_polygons_coin_are_its_transfers() {
    let Some(data) = real_files::accounts() else { return };
    for sample in samples(&data).into_iter().filter(|s| s.chain.number() == 137 && s.traces.is_some()) {
        let verified = verified(&sample);
        let traces = read_traces(&sample, verified.block().transactions.len()).unwrap();
        let block = transfers(&sample.chain, &verified);
        let mut coins = 0;
        for (transaction, trace) in block.transactions.iter().zip(traces) {
            let moves = |kind: TransferKind| matches!(kind, TransferKind::Value | TransferKind::Internal);
            let mut ours: Vec<_> = transaction
                .transfers
                .iter()
                .filter(|t| moves(t.kind))
                .inspect(|t| assert_eq!(t.commitment, Commitment::Root))
                .map(|t| (t.from.unwrap(), t.to.unwrap(), t.amount))
                .collect();
            let account = |address: Address| AccountId::evm(address.into_array());
            let carries = |f: &&trace::Frame| {
                !f.failed
                    && !f.value.is_zero()
                    && !matches!(f.kind, trace::FrameKind::Borrowed | trace::FrameKind::Static)
            };
            let frames = trace.frames.iter().filter(carries);
            let amount = |wei: U256| Amount::from_be_bytes(wei.to_be_bytes());
            let mut traced: Vec<_> =
                frames.map(|f| (account(f.from), account(f.to.unwrap()), amount(f.value))).collect();
            ours.sort_unstable();
            traced.sort_unstable();
            assert_eq!(ours, traced, "{}", sample.name);
            coins += ours.len();
        }
        println!("{}: {coins} transfers of coin", sample.name);
    }
}

/// Polygon's log of a fee has the tip that header, transaction and gas give, and who earned it.
#[test]
fn tips_are_those_of_polygons_log() {
    let Some(data) = real_files::accounts() else { return };
    let topic: B256 = keccak256("LogFeeTransfer(address,address,address,uint256,uint256,uint256,uint256,uint256)");
    let mut compared = 0;
    for sample in samples(&data).into_iter().filter(|s| s.chain.number() == 137) {
        let verified = verified(&sample);
        let block = transfers(&sample.chain, &verified);
        for (transaction, receipt) in block.transactions.iter().zip(verified.receipts()) {
            let Some(log) = receipt.logs.iter().find(|log| log.topics.first() == Some(&topic)) else { continue };
            let tip = transaction.transfers.iter().find(|t| t.kind == TransferKind::FeeTip);
            let logged = Amount::from_be_bytes(log.data[..32].try_into().unwrap());
            assert_eq!(tip.map_or(Amount::ZERO, |t| t.amount), logged, "{}", sample.name);
            let earner = AccountId::evm(Address::from_word(log.topics[3]).into_array());
            assert!(tip.is_none_or(|t| t.to == Some(earner)));
            compared += 1;
        }
    }
    assert!(compared > 600, "{compared}");
}

/// Every receipt and transaction of two blocks is proved against the header alone.
#[test]
fn single_items_are_proved() {
    let Some(data) = real_files::accounts() else { return };
    for sample in samples(&data).into_iter().filter(|s| s.name.contains("17053184") || s.name.contains("107353722")) {
        let verified = verified(&sample);
        let (block, header) = (verified.block(), Header::from_rlp(&verified.block().header.to_rlp()).unwrap());
        assert_eq!(header.hash(), block.hash);
        let all: Vec<u32> = (0..block.transactions.len() as u32).collect();
        let mut sizes = Vec::new();
        for (i, proof) in proof::receipts(&verified, &all).iter().enumerate() {
            let read = Receipt::from_envelope(&proof.check(header.receipts_root).unwrap()).unwrap();
            assert_eq!(read.logs, verified.receipts()[i].logs);
            sizes.push(proof.nodes.iter().map(|node| node.len()).sum::<usize>());
        }
        for (i, proof) in proof::transactions(&verified, &all).iter().enumerate() {
            assert_eq!(proof.check(header.transactions_root).as_ref(), Ok(&block.transactions[i].envelope));
            assert!(proof.check(header.receipts_root).is_err());
        }
        sizes.sort_unstable();
        println!("{}: median proof of a receipt {} bytes", sample.name, sizes[sizes.len() / 2]);
    }
}

/// What anybody can check: in each transaction wraps have coin beside them, and failed transactions move nothing but fees.
#[test]
fn wraps_and_failures_are_sound() {
    let Some(data) = real_files::accounts() else { return };
    let (mut wraps, mut failed) = (0, 0);
    for sample in samples(&data) {
        let block = transfers(&sample.chain, &verified(&sample));
        for transaction in &block.transactions {
            if !transaction.success {
                failed += 1;
                assert!(transaction.transfers.iter().all(|t| t.kind.is_fee() || t.kind == TransferKind::SystemDeposit));
            }
            let fees = transaction.transfers.iter().filter(|t| t.kind.is_fee()).map(|t| t.amount);
            assert_eq!(Amount::checked_sum(fees), Some(transaction.fee));
            for wrap in
                transaction.transfers.iter().filter(|t| matches!(t.kind, TransferKind::Wrap | TransferKind::Unwrap))
            {
                wraps += 1;
                let wrapper = wrap.token.contract();
                let beside = |t: &&holdfast_types::Transfer| {
                    let side = if wrap.kind == TransferKind::Wrap { t.to } else { t.from };
                    t.token == TokenRef::Native && t.amount == wrap.amount && side == wrapper
                };
                assert!(transaction.transfers.iter().any(|t| beside(&t)), "{}", sample.name);
            }
        }
    }
    println!("{wraps} wraps and unwraps, {failed} failed transactions");
    assert!(wraps > 60 && failed > 10);
}

/// Traces that ethereum-etl's tests hold, with its expected rows.
#[test]
fn traces_are_those_of_ethereum_etl() {
    let Some(data) = real_files::accounts() else { return };
    for (height, answer) in [(508_110, "trace_block_0x7c0ce"), (2_112_234, "trace_block_0x203aea")] {
        let folder = data.join("etl");
        let prefix = format!("blocks_{height}_{height}-");
        let answer = value(&folder.join(format!("{prefix}web3_response.{answer}.json")));
        let expected = std::fs::read_to_string(folder.join(format!("{prefix}expected_traces.json"))).unwrap();
        let rows: Vec<Value> = expected.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        let entries = answer["result"].as_array().unwrap();
        let count =
            entries.iter().filter_map(|e| e["transactionPosition"].as_u64()).max().map_or(0, |n| n as usize + 1);
        let traces = trace::flat(&bytes(&answer["result"]), count).unwrap();
        let ours: Vec<_> = traces
            .iter()
            .flat_map(|t| &t.frames)
            .map(|f| {
                (f.from.to_string().to_lowercase(), f.to.map(|a| a.to_string().to_lowercase()), f.value, !f.failed)
            })
            .collect();
        let theirs: Vec<_> = rows
            .iter()
            .filter(|row| row["trace_type"] != "reward")
            .map(|row| {
                let text = |name: &str| row[name].as_str().map(str::to_owned);
                let wei = U256::from(row["value"].as_u64().unwrap());
                (text("from_address").unwrap(), text("to_address"), wei, row["status"] == 1)
            })
            .collect();
        assert_eq!(ours, theirs);
        for reward in rows.iter().filter(|row| row["reward_type"] == "block") {
            // 5 ether and a 32nd more for each ommer.
            let ommers = rows.iter().filter(|row| row["reward_type"] == "uncle").count() as u64;
            assert_eq!(reward["value"], json!(5_000_000_000_000_000_000u64 / 32 * (32 + ommers)));
        }
    }
}

#[test]
fn the_first_block_is_proved_by_its_list() {
    let Some(data) = real_files::accounts() else { return };
    let hash = |text: &str| text.parse::<B256>().unwrap();
    let header = Header {
        parent_hash: B256::ZERO,
        ommers_hash: holdfast_evm::header::NO_OMMERS,
        beneficiary: Address::ZERO,
        state_root: hash("d7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544"),
        transactions_root: hash("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"),
        receipts_root: hash("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"),
        logs_bloom: Default::default(),
        difficulty: U256::from(0x4_0000_0000u64),
        number: 0,
        gas_limit: 5_000,
        gas_used: 0,
        timestamp: 0,
        extra_data: hash("11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa").to_vec().into(),
        mix_hash: B256::ZERO,
        nonce: "0x0000000000000042".parse().unwrap(),
        base_fee: None,
        withdrawals_root: None,
        blob_gas_used: None,
        excess_blob_gas: None,
        parent_beacon_block_root: None,
        requests_hash: None,
    };
    assert_eq!(header.hash(), hash("d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"));
    let list = std::fs::read_to_string(data.join("graphsense/eth_genesis_transfers.csv")).unwrap();
    let moves = holdfast_evm::allocation::genesis(&list, &header).unwrap();
    let sum = Amount::checked_sum(moves.iter().map(|t| t.amount)).unwrap();
    println!("{} balances, {sum} wei", moves.len());
    // 8,893 accounts, of which two have nothing.
    assert_eq!((moves.len(), list.lines().count()), (8_891, 8_894));
    let changed = list.replacen("00000000\n", "00000001\n", 1);
    assert_eq!(holdfast_evm::allocation::genesis(&changed, &header).unwrap_err().field, "header.stateRoot");

    let list = std::fs::read_to_string(data.join("graphsense/eth_daofork_state_changes.csv")).unwrap();
    let moves = holdfast_evm::allocation::dao(&list).unwrap();
    assert!(moves.len() > 50 && moves.iter().all(|t| t.kind == TransferKind::Fork));
}
