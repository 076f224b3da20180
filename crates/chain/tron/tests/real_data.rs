//! Real data: 800 headers of mainnet, what contracts did inside transactions, fees, and a block in both forms of java-tron. What the data lacks are
//! transactions' own bytes; those of the test are made, so that calls inside them run through the whole of the reader.

mod common;

use common::{Made, made_block};
use holdfast_tron::{Chain, Header, json, transfers, verify};
use holdfast_types::{AccountId, Address, Commitment, Hash32, Signal, TokenRef, TransferKind};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

fn base64(text: &Value) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let (mut bits, mut count, mut bytes) = (0u32, 0, Vec::new());
    for c in text.as_str().unwrap_or_default().bytes().filter(|c| *c != b'=') {
        (bits, count) = (bits << 6 | u32::from(digit(c)), count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

fn hash(text: &Value) -> Hash32 {
    base64(text).try_into().unwrap()
}

fn lines(data: &Path, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(data.join("graphsense").join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The headers of the data with their ids. GraphSense leaves out the version, which the id gives.
fn headers(data: &Path) -> Vec<(Header, Hash32)> {
    let read = |line: &Value| {
        let id = hash(&line["blockHash"]);
        let header = Header {
            timestamp_ms: line["timestamp"].as_u64().unwrap() * 1_000,
            transactions_root: hash(&line["transactionsRoot"]),
            parent: hash(&line["parentHash"]),
            number: line["blockId"].as_u64().unwrap(),
            witness_id: 0,
            witness: holdfast_tron::address(&AccountId::from_bytes(&base64(&line["miner"])).unwrap()),
            version: 0,
            account_state_root: base64(&line["stateRoot"]),
        };
        (header.with_version_of(&id).unwrap(), id)
    };
    lines(data, "trx-56804500to56805500-blocks.json").iter().map(read).collect()
}

#[test]
fn every_header_gives_its_id_and_names_the_one_before() {
    let Some(data) = common::accounts() else { return };
    let headers = headers(&data);
    assert_eq!(headers.len(), 800);
    for (header, id) in &headers {
        assert_eq!((header.id(), header.version), (*id, 28));
        assert_eq!(Header::decode(&header.encode()).unwrap(), *header);
    }
    assert!(headers.windows(2).all(|w| w[1].0.parent == w[0].1 && w[1].0.number == w[0].0.number + 1));
    // Any byte that is flipped is found.
    let (header, id) = &headers[0];
    let bytes = header.encode();
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        assert!(Header::decode(&flipped).is_ok_and(|h| h.id() != *id) || Header::decode(&flipped).is_err(), "{at}");
    }
}

/// Inner calls of the data in the form of java-tron, by block and transaction.
type Inner = BTreeMap<u64, BTreeMap<u64, Vec<Value>>>;

fn inner(data: &Path) -> (Inner, usize, usize) {
    let (mut inner, mut rejected, mut with_value): (Inner, _, _) = (BTreeMap::new(), 0, 0);
    let address = |v: &Value| format!("41{}", hex(&base64(v)));
    for line in lines(data, "trx-56804500to56805500-traces.json") {
        let is_rejected = line["rejected"] == json!(true);
        // GraphSense's table keeps 32 bits of an amount, with a sign.
        let value = line["callValue"].as_i64().unwrap() & 0xffff_ffff;
        rejected += usize::from(is_rejected);
        with_value += usize::from(value > 0);
        let note = hex(line["note"].as_str().unwrap().as_bytes());
        let call = json!({
            "caller_address": address(&line["callerAddress"]), "transferTo_address": address(&line["transfertoAddress"]),
            "callValueInfo": [{"callValue": value}], "note": note, "rejected": is_rejected,
        });
        let block = inner.entry(line["blockId"].as_u64().unwrap()).or_default();
        block.entry(line["internalIndex"].as_u64().unwrap()).or_default().push(call);
    }
    (inner, rejected, with_value)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn rejected_calls_never_count_and_the_others_with_value_all_do() {
    let Some(data) = common::accounts() else { return };
    let (inner, rejected, with_value) = inner(&data);
    assert_eq!((rejected, with_value), (1_067, 235));
    let (mut moved, mut sun, mut calls) = (0, 0u64, 0);
    let mut expected = (0, 0u64);
    for (number, transactions) in inner {
        let made: Vec<Made> = transactions.into_values().map(Made::call_with).collect();
        for call in made.iter().flat_map(|made| made.internal.as_array().unwrap()) {
            calls += 1;
            let value = call["callValueInfo"][0]["callValue"].as_u64().unwrap();
            let moves = call["rejected"] == json!(false) && call["caller_address"] != call["transferTo_address"];
            if moves && value > 0 {
                expected = (expected.0 + 1, expected.1 + value);
            }
        }
        let (block, infos) = made_block(number, &made);
        let verified = verify(json::block(&block).unwrap(), json::infos(&infos).unwrap()).unwrap();
        assert!(verified.is_internal_known());
        for transfer in transfers(&Chain::mainnet(), &verified).transactions.iter().flat_map(|t| &t.transfers) {
            if transfer.kind == TransferKind::Internal {
                assert_eq!((transfer.token, transfer.commitment), (TokenRef::Native, Commitment::Claim));
                (moved, sun) = (moved + 1, sun + u64::try_from(transfer.amount).unwrap());
            }
        }
    }
    println!("{calls} calls, {moved} moves of {sun} sun");
    assert_eq!(((moved, sun), calls), (expected, 4_957));
    assert!(moved > 150, "{moved}");
}

#[test]
fn the_first_payments_come_out_as_they_went_in() {
    let Some(data) = common::accounts() else { return };
    let account = |v: &Value| AccountId::from_bytes(&base64(v)).unwrap();
    let mut blocks: BTreeMap<u64, Vec<(u64, Value)>> = BTreeMap::new();
    let lines = lines(&data, "trx-0to10000-transactions.json");
    assert_eq!(lines.len(), 2_172);
    for line in lines.into_iter().filter(|line| !line["toAddress"].is_null()) {
        let place = |name: &str| line[name].as_u64().unwrap();
        blocks.entry(place("blockId")).or_default().push((place("transactionIndex"), line));
    }
    let (mut count, mut sun) = (0, 0);
    for (number, mut lines) in blocks {
        lines.sort_by_key(|line| line.0);
        let sides = |line: &Value| {
            (account(&line["fromAddress"]), account(&line["toAddress"]), line["value"].as_u64().unwrap())
        };
        let made = |(_, line): &(u64, Value)| {
            let (from, to, sun) = sides(line);
            Made::transfer_of(&from, &to, sun)
        };
        let (block, infos) = made_block(number, &lines.iter().map(made).collect::<Vec<_>>());
        let verified = verify(json::block(&block).unwrap(), json::infos(&infos).unwrap()).unwrap();
        let listed = transfers(&Chain::mainnet(), &verified);
        for ((_, line), transaction) in lines.iter().zip(&listed.transactions) {
            let (from, to, value) = sides(line);
            assert_eq!((transaction.payer, transaction.to), (from, Some(to)));
            // An address is the same in all its forms.
            for account in [from, to] {
                let address = account.to_address(&listed.chain);
                assert_eq!(AccountId::try_from(&Address::read(&address.to_string())), Ok(account));
            }
            let moved: Vec<_> = transaction.transfers.iter().map(|t| (t.from, t.to, t.amount, t.commitment)).collect();
            let expected = (Some(from), Some(to), value.into(), Commitment::Root);
            assert_eq!(moved, if value > 0 { vec![expected] } else { vec![] });
            (count, sun) = (count + 1, sun + value);
        }
    }
    assert_eq!((count, sun), (1_958, 67_312_229_451_038_156));
}

#[test]
fn fees_are_their_parts() {
    let Some(data) = common::accounts() else { return };
    let fees = lines(&data, "trx-0to10000-tx_fee.json");
    assert_eq!(fees.len(), 2_172);
    let (mut total, mut bandwidth) = (0, 0);
    for (number, fees) in (1..).zip(fees.chunks(300)) {
        let made: Vec<Made> = fees
            .iter()
            .map(|fee| {
                let receipt =
                    json!({"net_fee": fee["netFee"], "energy_fee": fee["energyFee"], "net_usage": fee["netUsage"]});
                Made { fee: fee["fee"].as_u64().unwrap(), receipt, ..Made::transfer(1) }
            })
            .collect();
        let (block, infos) = made_block(number, &made);
        let verified = verify(json::block(&block).unwrap(), json::infos(&infos).unwrap()).unwrap();
        bandwidth += verified.infos().iter().map(|info| info.cost.bandwidth).sum::<u64>();
        for transaction in transfers(&Chain::mainnet(), &verified).transactions {
            let paid = transaction.transfers.iter().filter(|t| t.kind.is_fee());
            let paid: u64 = paid.map(|t| u64::try_from(t.amount).unwrap()).sum();
            assert_eq!(transaction.fee, paid.into());
            total += paid;
        }
    }
    let stated = |name: &str| fees.iter().map(|fee| fee[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((total, bandwidth), (stated("fee"), stated("netFee")));
    assert!(total > 0);
}

/// Block 67325788 as it was recorded: its calls have several amounts, and one takes back energy that was lent.
#[test]
fn what_a_recorded_transaction_did_inside_is_as_counted_by_hand() {
    let Some(data) = common::accounts() else { return };
    let recorded = std::fs::read(data.join("tron/cipherowl-raw_block_trace_tx_info.json")).unwrap();
    let mut recorded: Vec<Value> = serde_json::from_slice(&recorded).unwrap();
    let mut made: Vec<Made> = Vec::new();
    for info in &mut recorded {
        let mut take = |name: &str| info.as_object_mut().unwrap().remove(name).unwrap_or_else(|| json!([]));
        let (logs, internal) = (take("log"), take("internal_transactions"));
        made.push(Made {
            logs,
            internal,
            fee: info["fee"].as_u64().unwrap_or_default(),
            receipt: info["receipt"].clone(),
            ..Made::call()
        });
    }
    let (block, infos) = made_block(67_325_788, &made);
    let verified = verify(json::block(&block).unwrap(), json::infos(&infos).unwrap()).unwrap();
    let listed = transfers(&Chain::mainnet(), &verified);
    assert!(listed.internal_known);

    let usdt = &listed.transactions[0];
    let address = |text: &str| AccountId::try_from(&Address::read(text)).unwrap();
    let moved: Vec<_> = usdt.transfers.iter().filter(|t| !t.kind.is_fee()).collect();
    assert_eq!(moved.len(), 1);
    assert_eq!(moved[0].token, TokenRef::Fungible(address("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")));
    assert_eq!((moved[0].amount, moved[0].commitment), (0x27165u64.into(), Commitment::Claim));
    assert_eq!(moved[0].to, Some(address("9dc5da2b3c502661c8448ba88bacf7f0b22272ad")));

    let energy = &listed.transactions[1];
    let mut sums: BTreeMap<TokenRef, (usize, u64)> = BTreeMap::new();
    for transfer in energy.transfers.iter().filter(|t| !t.kind.is_fee()) {
        let sum = sums.entry(transfer.token).or_default();
        *sum = (sum.0 + 1, sum.1 + u64::try_from(transfer.amount).unwrap());
    }
    // A contract's call of itself moves nothing, nor does taking back energy, whatever the amount.
    let token = TokenRef::Trc10(1_004_777);
    let expected = [
        (TokenRef::Native, (3, 1_000 + 100_000 + 1_424_255_258)),
        (token, (4, 1_000_000_000_000_000 + 1_000 + 100 + 100)),
    ];
    assert_eq!(sums, BTreeMap::from(expected));
    assert_eq!(energy.fee, 379u64.into());
    let lent: Vec<_> = energy.signals.iter().filter(|s| matches!(s, Signal::ResourceDelegation { .. })).collect();
    let [Signal::ResourceDelegation { receiver, amount, ends: true, .. }] = lent[..] else { panic!("{lent:?}") };
    assert_eq!(*receiver, address("414d12f87c18a914dddbc2b27f378ad126a79b76b6"));
    assert_eq!(*amount, Some(822_994_311_610u64.into()));
}
