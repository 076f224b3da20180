//! Logs of real blocks against the rows that ethereum-etl's own tests expect of them.

#[path = "../tests/it/real_files.rs"]
mod real_files;

use crate::events::{self, Event};
use crate::{Address, B256, Bytes, Chain, Log, U256};
use serde_json::Value;
use std::path::Path;

fn rows(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn log(row: &Value) -> Log {
    let address: Address = row["address"].as_str().unwrap().parse().unwrap();
    let topics =
        row["topics"].as_array().unwrap().iter().map(|t| t.as_str().unwrap().parse::<B256>().unwrap()).collect();
    let data: Bytes = row["data"].as_str().unwrap().parse().unwrap();
    Log { address, topics, data }
}

#[test]
fn token_transfers_are_those_of_ethereum_etl() {
    let Some(data) = real_files::accounts() else { return };
    let folder = data.join("etl");
    let mut ours: Vec<(String, u64, Address, Address, Address, U256)> = Vec::new();
    for row in rows(&folder.join("blocks_17173049_17173050-expected_logs.json")) {
        let log = log(&row);
        let (from, to, number) = match events::read(&Chain::of(1), &log) {
            Event::Fungible { from, to, amount } => (from, to, amount),
            // ethereum-etl has the number of a thing where others have an amount.
            Event::NonFungible { from, to, id } => (from, to, id),
            _ => continue,
        };
        let hash = row["transaction_hash"].as_str().unwrap().to_owned();
        ours.push((hash, row["log_index"].as_u64().unwrap(), log.address, from, to, number));
    }
    let mut theirs: Vec<_> = rows(&folder.join("blocks_17173049_17173050-expected_token_transfers.json"))
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap();
            let address = |name: &str| text(name).parse::<Address>().unwrap();
            (
                text("transaction_hash").to_owned(),
                row["log_index"].as_u64().unwrap(),
                address("token_address"),
                address("from_address"),
                address("to_address"),
                // Beyond 64 bits they stand as floating-point numbers.
                row["value"].as_u64().map_or(U256::MAX, U256::from),
            )
        })
        .collect();
    ours.sort();
    theirs.sort();
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        let rounded = theirs.5 == U256::MAX && ours.5 > U256::from(u64::MAX);
        assert!(
            ours == theirs
                || (rounded
                    && (&ours.0, ours.1, ours.2, ours.3, ours.4)
                        == (&theirs.0, theirs.1, theirs.2, theirs.3, theirs.4)),
            "{ours:?} {theirs:?}"
        );
    }
    println!("{} transfers of tokens", ours.len());
}

#[test]
fn amounts_of_erc_20_are_as_many_as_graphsense_has() {
    let Some(data) = real_files::accounts() else { return };
    let rows = rows(&data.join("graphsense/eth-tokens-logs.json"));
    let read = rows.iter().map(|row| events::read(&Chain::of(1), &log(row)));
    let fungible = read.filter(|event| matches!(event, Event::Fungible { .. })).count();
    assert_eq!((rows.len(), fungible), (2_228, 715));
}
