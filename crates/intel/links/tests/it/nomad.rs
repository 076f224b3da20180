//! Nomad, from Moonbeam to Ethereum, of which it is known what belongs together: by message, by the rule, and the theft of August 2022.
//!
//! The rows are what the bridge's contracts logged; here they are put into logs again as those contracts write them, read, stored, and joined. A row
//! has no hash of its message: it is made of what the row has, so that two rows have one message where number, token, beneficiary and amount are the same.

use crate::real_files;
use crate::sides::{ETHEREUM, MOONBEAM, Scene, address, amount, block, id, log, rows, transfer, word};
use holdfast_evm::{Address, B256, keccak256};
use holdfast_links::{Bridges, Contracts, Counterpart, Direction, Record, Store, Stored, measured};
use holdfast_types::{ChainId, TokenRef, TransferKind};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::path::Path;

const HOMES: [&str; 2] = ["0x8f184d6aa1977fd2f9d9024317d0ea5cf5815b6f", "0x92d3404a7e6c91455bbd81475cd9fad96acff4c8"];
const ROUTERS: [&str; 2] = ["0xd3dfd3ede74e0dcebc1aa685e151332857efce2d", "0x88a69b4e698a4b090df6cf5bd7b2d47325ad30a3"];

/// A message with a token of Ethereum.
struct Message<'a> {
    nonce: u32,
    token: Option<Address>,
    beneficiary: Address,
    amount: &'a str,
}

impl Message<'_> {
    fn bytes(&self) -> Vec<u8> {
        let router = |n: usize| address(ROUTERS[n]).into_word();
        let units = B256::from(amount(self.amount).to_be_bytes());
        let token = self.token.unwrap_or(Address::ZERO).into_word();
        [
            MOONBEAM.to_be_bytes().as_slice(),
            router(0).as_slice(),
            &self.nonce.to_be_bytes(),
            &ETHEREUM.to_be_bytes(),
            router(1).as_slice(),
            &ETHEREUM.to_be_bytes(),
            token.as_slice(),
            &[3],
            self.beneficiary.into_word().as_slice(),
            units.as_slice(),
            &[0; 32],
        ]
        .concat()
    }
}

fn text_word(n: u64) -> B256 {
    word(u128::from(n))
}

/// What Moonbeam logs when it is sent.
fn sent(message: &Message<'_>, local: Address) -> Scene {
    let bytes = message.bytes();
    let mut data = [B256::ZERO, word(64), text_word(bytes.len() as u64)].concat();
    data.extend(&bytes);
    data.resize(data.len().next_multiple_of(32), 0);
    let units = B256::from(amount(message.amount).to_be_bytes());
    let destination = u128::from(ETHEREUM) << 32 | u128::from(message.nonce);
    let dispatch = holdfast_evm::Log {
        address: address(HOMES[0]),
        topics: vec![
            keccak256("Dispatch(bytes32,uint256,uint64,bytes32,bytes)"),
            keccak256(&bytes),
            B256::ZERO,
            word(destination),
        ],
        data: data.into(),
    };
    let send = log(
        address(ROUTERS[0]),
        &[
            keccak256("Send(address,address,uint32,bytes32,uint256,bool)"),
            local.into_word(),
            message.beneficiary.into_word(),
            word(ETHEREUM.into()),
        ],
        &[message.beneficiary.into_word(), units, B256::ZERO],
    );
    let sides = (Some(id(message.beneficiary)), None);
    let burnt = transfer(TokenRef::Fungible(id(local)), sides, amount(message.amount), TransferKind::Burn);
    Scene { transfer: burnt, logs: vec![dispatch, send] }
}

/// What Ethereum logs when it is received.
fn received(message: &Message<'_>) -> Scene {
    let units = B256::from(amount(message.amount).to_be_bytes());
    let token = message.token.unwrap();
    let origin = u128::from(MOONBEAM) << 32 | u128::from(message.nonce);
    let receive = log(
        address(ROUTERS[1]),
        &[
            keccak256("Receive(uint64,address,address,address,uint256)"),
            word(origin),
            token.into_word(),
            message.beneficiary.into_word(),
        ],
        &[B256::ZERO, units],
    );
    // The replica's address does not count.
    let process = log(
        Address::repeat_byte(7),
        &[keccak256("Process(bytes32,bool,bytes)"), keccak256(message.bytes()), word(1), keccak256([])],
        &[],
    );
    let sides = (Some(id(address(ROUTERS[1]))), Some(id(message.beneficiary)));
    let paid = transfer(TokenRef::Fungible(id(token)), sides, amount(message.amount), TransferKind::Token);
    Scene { transfer: paid, logs: vec![receive, process] }
}

/// A message that was sent: transaction, number, beneficiary, token there, token on Ethereum, amount.
fn of_sent(row: &[String]) -> (Message<'_>, Address) {
    let token = row[5].starts_with("0x").then(|| address(&row[5]));
    let message = Message { nonce: row[2].parse().unwrap(), token, beneficiary: address(&row[3]), amount: &row[8] };
    (message, address(&row[4]))
}

fn of_received(row: &[String]) -> Message<'_> {
    Message {
        nonce: row[2].parse().unwrap(),
        token: Some(address(&row[4])),
        beneficiary: address(&row[3]),
        amount: &row[5],
    }
}

fn chain(text: &str) -> ChainId {
    ChainId::parse(text).unwrap()
}

/// Makes the store of a chain: a scene a block, at its time.
fn store(dir: &Path, chain: &ChainId, scenes: &[(u64, Scene)]) -> Store {
    let mut store = Store::create_or_open(dir, chain).unwrap();
    let contracts = Contracts::of(chain);
    let blocks: Vec<_> =
        (0..).zip(scenes).map(|(height, (time, scene))| block(&contracts, height, *time, scene)).collect();
    blocks.chunks(1_000).for_each(|some| store.append(some).unwrap());
    store
}

fn each_side(bridges: &Bridges<'_>, store: (usize, &Store), mut each: impl FnMut(u64, Stored)) {
    store
        .1
        .for_each(&mut |number, record| {
            if let Record::Bridge(side) = &record {
                each(side.end.place.height, bridges.side(store.0, number)?.unwrap());
            }
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
}

#[test]
fn messages_join_what_belongs_together_and_the_theft_has_none() {
    let Some(data) = real_files::accounts() else { return };
    let read = |name: &str| rows(&data.join("bridges").join(name));
    let (sent_rows, received_rows) = (read("nomad-tc_token_withdrew.facts"), read("nomad-sc_token_withdrew.facts"));
    let truth: HashMap<(String, String), String> = read("nomad-CCTX_Withdrawal.csv")
        .into_iter()
        .map(|row| ((row[5].clone(), row[6].clone()), row[2].clone()))
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let scenes: Vec<_> = sent_rows.iter().map(|row| of_sent(row)).map(|(m, local)| (1, sent(&m, local))).collect();
    let moonbeam = store(&dir.path().join("moonbeam"), &chain("eip155:1284"), &scenes);
    let scenes: Vec<_> = received_rows.iter().map(|row| (1, received(&of_received(row)))).collect();
    let ethereum = store(&dir.path().join("ethereum"), &chain("eip155:1"), &scenes);
    assert_eq!((moonbeam.counts().records, ethereum.counts().records), (5_320, 4_869));

    let bridges = Bridges::new(vec![&moonbeam, &ethereum]);
    let (mut right, mut wrong, mut beyond) = (0, 0, 0);
    each_side(&bridges, (1, &ethereum), |height, at| {
        let row = &received_rows[usize::try_from(height).unwrap()];
        let Counterpart::Found(link) = bridges.counterpart(&at).unwrap() else { return };
        let out = &sent_rows[usize::try_from(link.out.side.end.place.height).unwrap()];
        match truth.get(&(row[0].clone(), row[2].clone())) {
            Some(tx) if *tx == out[0] => right += 1,
            Some(_) => wrong += 1,
            // Of the truth the data holds a part; number, token, beneficiary and amount decide.
            None if out[2] == row[2] && out[3] == row[3] && out[5] == row[4] && out[8] == row[5] => beyond += 1,
            None => wrong += 1,
        }
        // The same from the other side.
        let Counterpart::Found(back) = bridges.counterpart(&link.out).unwrap() else { panic!() };
        assert_eq!(back.into.number, at.number);
    });
    println!("{right} right, {wrong} wrong, {beyond} beyond the part of the truth, of {}", truth.len());
    assert_eq!((right, wrong), (truth.len(), 0));
    assert_eq!(right + beyond, usize::try_from(measured::NOMAD.right).unwrap());

    // The theft: withdrawals with nothing behind them. Five more have none: three of a test's account, two of tokens that nobody sent.
    let mut unbacked: BTreeMap<&str, (BTreeSet<&str>, usize)> = BTreeMap::new();
    let mut theft = (BTreeSet::new(), BTreeSet::new(), 0);
    bridges
        .without_counterpart(1, Direction::Out, &mut |at, other| {
            assert_eq!(other, Counterpart::Missing);
            let row = &received_rows[usize::try_from(at.side.end.place.height).unwrap()];
            let entry = unbacked.entry(&row[2]).or_default();
            entry.0.insert(&row[0]);
            entry.1 += 1;
            if !["310", "311", "312", "1992", "2032"].contains(&row[2].as_str()) {
                theft.0.insert(row[0].clone());
                theft.1.insert(row[3].clone());
                theft.2 += 1;
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    let all: usize = unbacked.values().map(|entry| entry.1).sum();
    println!(
        "{all} withdrawals without a deposit; of the theft {} in {} transactions to {}",
        theft.2,
        theft.0.len(),
        theft.1.len()
    );
    assert_eq!((all, theft.2, theft.0.len(), theft.1.len()), (387, 382, 167, 279));
}

#[test]
fn the_rule_alone_is_right_as_often_as_it_states() {
    let Some(data) = real_files::accounts() else { return };
    let read = |name: &str| rows(&data.join("bridges").join(name));
    let (truth, unmatched) = (read("nomad-CCTX_Withdrawal.csv"), read("nomad-TC_WithdrawalsWithoutMatch.csv"));
    // Time, transaction, and the scene, of everything whose time is known.
    let of = |row: &[String], at: usize| -> (u64, String, Scene) {
        let token = row[at + 1].starts_with("0x").then(|| address(&row[at + 1]));
        let nonce = row[at - 1].parse().unwrap();
        let message = Message { nonce, token, beneficiary: address(&row[at + 3]), amount: &row[at + 4] };
        (row[1].parse().unwrap(), row[2].clone(), sent(&message, address(&row[at])))
    };
    let mut out: Vec<_> = truth.iter().map(|row| of(row, 7)).chain(unmatched.iter().map(|row| of(row, 4))).collect();
    out.sort_by_key(|(time, ..)| *time);
    let mut into: Vec<_> = truth
        .iter()
        .map(|row| {
            let message = Message {
                nonce: row[6].parse().unwrap(),
                token: Some(address(&row[8])),
                beneficiary: address(&row[10]),
                amount: &row[11],
            };
            (row[4].parse::<u64>().unwrap(), row[2].clone(), received(&message))
        })
        .collect();
    into.sort_by_key(|(time, ..)| *time);
    let dir = tempfile::tempdir().unwrap();
    let split = |all: Vec<(u64, String, Scene)>| -> (Vec<String>, Vec<(u64, Scene)>) {
        all.into_iter().map(|(time, tx, scene)| (tx, (time, scene))).unzip()
    };
    let ((sent_txs, out), (expected, into)) = (split(out), split(into));
    let moonbeam = store(&dir.path().join("moonbeam"), &chain("eip155:1284"), &out);
    let ethereum = store(&dir.path().join("ethereum"), &chain("eip155:1"), &into);
    let bridges = Bridges::new(vec![&moonbeam, &ethereum]);
    let (mut right, mut wrong, mut none) = (0u64, 0u64, 0u64);
    each_side(&bridges, (1, &ethereum), |height, at| match bridges.by_rule(&at).unwrap() {
        Counterpart::Found(link) => {
            let tx = &sent_txs[usize::try_from(link.out.side.end.place.height).unwrap()];
            if *tx == expected[usize::try_from(height).unwrap()] { right += 1 } else { wrong += 1 }
        }
        _ => none += 1,
    });
    println!("{right} right, {wrong} wrong, {none} none, of {}", truth.len());
    if truth.len() == 4_482 {
        let stated = measured::OLDEST_DEPOSIT;
        assert_eq!((right, wrong, none), (stated.right, stated.wrong, stated.missed));
    } else {
        // The part of the truth that the packed data holds.
        assert_eq!((right, wrong, none, truth.len()), (2_659, 0, 3, 2_662));
    }
    assert!(wrong * 99 <= right && right * 10 >= truth.len() as u64 * 9);
}
