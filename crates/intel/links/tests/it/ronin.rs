//! The first Ronin bridge, from Ronin to Ethereum: withdrawals by their numbers.

use crate::real_files;
use crate::sides::{Scene, address, amount, block, id, log, rows, transfer, word};
use holdfast_evm::{Address, B256, keccak256};
use holdfast_links::{Bridges, Contracts, Counterpart, Direction, Record, Store, measured};
use holdfast_types::{ChainId, TokenRef, TransferKind};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

const MAINCHAIN: &str = "0x1a2a1c938ce3ec39b6d47113c7955baa9dd454f2";
const SIDECHAIN: &str = "0xe35d62ebe18413d96ca2a2f7cf215bb21a406b4b";

struct Withdrawal<'a> {
    number: u128,
    owner: Address,
    token: Address,
    amount: &'a str,
}

impl Withdrawal<'_> {
    fn topics(&self, event: &str, token: Address) -> [B256; 4] {
        [keccak256(event), word(self.number), self.owner.into_word(), token.into_word()]
    }

    fn units(&self) -> B256 {
        amount(self.amount).to_be_bytes().into()
    }

    /// What Ronin logs: the token there, the token on Ethereum, its standard, the amount.
    fn requested(&self, local: Address) -> Scene {
        let topics = self.topics("TokenWithdrew(uint256,address,address,address,uint32,uint256)", local);
        let words = [self.token.into_word(), word(20), self.units()];
        let sides = (Some(id(self.owner)), Some(id(address(SIDECHAIN))));
        let paid = transfer(TokenRef::Fungible(id(local)), sides, amount(self.amount), TransferKind::Token);
        Scene { transfer: paid, logs: vec![log(address(SIDECHAIN), &topics, &words)] }
    }

    /// What Ethereum logs.
    fn withdrew(&self) -> Scene {
        let topics = self.topics("TokenWithdrew(uint256,address,address,uint256)", self.token);
        let sides = (Some(id(address(MAINCHAIN))), Some(id(self.owner)));
        let paid = transfer(TokenRef::Fungible(id(self.token)), sides, amount(self.amount), TransferKind::Token);
        Scene { transfer: paid, logs: vec![log(address(MAINCHAIN), &topics, &[self.units()])] }
    }
}

#[test]
fn withdrawals_are_joined_by_number_and_the_theft_has_none() {
    let Some(data) = real_files::accounts() else { return };
    let read = |name: &str| rows(&data.join("bridges").join(name));
    let matched = read("ronin-TC_WithdrawalsMatchWithAdditionalData.csv");
    let waiting = read("ronin-TC_WithdrawalsWithoutMatchWithAdditionalData.csv");
    let of = |row: &[String], at: usize| {
        let (owner, token) = (address(&row[at + 4]), address(&row[at + 2]));
        (row[at].parse::<u128>().unwrap(), owner, token, address(&row[at + 1]))
    };
    // By number: a number stands in several rows where the data's own join, by amount and time, has several partners.
    let mut requested: BTreeMap<u128, (u64, Scene)> = BTreeMap::new();
    for (row, at) in matched.iter().map(|row| (row, 6)).chain(waiting.iter().map(|row| (row, 3))) {
        let (number, owner, token, local) = of(row, at);
        let withdrawal = Withdrawal { number, owner, token, amount: &row[at + 5] };
        requested.insert(number, (row[1].parse().unwrap(), withdrawal.requested(local)));
    }
    let mut withdrawn: Vec<(u64, u128, Scene)> = Vec::new();
    let mut numbers = BTreeSet::new();
    for row in &matched {
        let (number, owner, token, _) = of(row, 6);
        let withdrawal = Withdrawal { number, owner, token, amount: &row[11] };
        withdrawn.push((row[4].parse().unwrap(), number, withdrawal.withdrew()));
        numbers.insert(number);
    }
    // The theft of March 2022, as it stands on Ethereum: two withdrawals with numbers that Ronin never gave.
    let thief = address("0x098b716b8aaf21512996dc57eb0615e2383e2f96");
    for (number, token, units) in [
        (2_000_000, "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2", "173600000000000000000000"),
        (2_000_001, "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48", "25500000000000"),
    ] {
        let withdrawal = Withdrawal { number, owner: thief, token: address(token), amount: units };
        withdrawn.push((1_648_042_264, number, withdrawal.withdrew()));
    }
    withdrawn.sort_by_key(|(time, number, _)| (*time, *number));
    let dir = tempfile::tempdir().unwrap();
    let chain = |text: &str| ChainId::parse(text).unwrap();
    let make = |name: &str, id: &str, scenes: Vec<(u64, &Scene)>| {
        let mut store = Store::create_or_open(&dir.path().join(name), &chain(id)).unwrap();
        let contracts = Contracts::of(&chain(id));
        let blocks: Vec<_> =
            (0..).zip(scenes).map(|(height, (time, scene))| block(&contracts, height, time, scene)).collect();
        store.append(&blocks).unwrap();
        store
    };
    let mut in_time: Vec<(u64, &Scene)> = requested.values().map(|(time, scene)| (*time, scene)).collect();
    in_time.sort_by_key(|(time, _)| *time);
    let ronin = make("ronin", "eip155:2020", in_time);
    let ethereum = make("ethereum", "eip155:1", withdrawn.iter().map(|(time, _, scene)| (*time, scene)).collect());
    assert_eq!(ronin.counts().records, requested.len() as u64);

    let bridges = Bridges::new(vec![&ronin, &ethereum]);
    let (mut joined, mut repeated, mut without) = (0u64, 0, Vec::new());
    ethereum
        .for_each(&mut |number, record| {
            let Record::Bridge(side) = record else { panic!() };
            match bridges.counterpart(&bridges.side(1, number)?.unwrap())? {
                Counterpart::Found(link) => {
                    assert_eq!(link.out.side.message, side.message);
                    assert_eq!(link.link.out.amount, link.link.into.amount);
                    joined += 1;
                }
                Counterpart::Repeated => repeated += 1,
                _ => without.push(side.end.account),
            }
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    println!("{joined} joined, {repeated} rows repeat a number, without: {without:?}");
    assert_eq!((joined, repeated), (measured::RONIN.right, matched.len() - numbers.len()));
    assert_eq!(without, [id(thief), id(thief)]);
    // What was requested and never withdrawn waits.
    let mut waits = 0;
    bridges
        .without_counterpart(0, Direction::In, &mut |_, _| {
            waits += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(waits, waiting.len());
}
