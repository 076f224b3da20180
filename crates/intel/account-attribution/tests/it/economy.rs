//! The simulated economy, and error rates measured on it and on one that is made to be hard.

use crate::built::{COIN, Chain, account, dollar};
use crate::random::Random;
use holdfast_account_attribution::accuracy::{measure, score};
use holdfast_account_attribution::{Clusters, Heuristic, Options, Services, Signals};
use holdfast_account_ledger::{AppendOptions, Ledger, Settings};
use holdfast_attribution::accuracy::Score;
use holdfast_attribution::import::import;
use holdfast_attribution::{TagStore, Tlp};
use holdfast_evm::{Checks, json, trace, transfers, verify};
use holdfast_simulate_accounts::files::{Format, write};
use holdfast_simulate_accounts::{Economy, Options as Sizes, SimBlock};
use holdfast_types::{AccountId, Address, BlockTransfers, ChainId, Family, TokenRef};
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use tempfile::TempDir;

/// The first chain of the economy with its truth.
pub struct Simulated {
    pub ledger: Ledger,
    pub blocks: Vec<BlockTransfers>,
    pub sim: Vec<SimBlock>,
    pub signals: Signals,
    pub store: TagStore,
    pub services: Services,
    pub options: Options,
    pub owners: HashMap<AccountId, u64>,
    pub roles: BTreeMap<AccountId, String>,
    _folder: TempDir,
}

fn id(text: &str) -> AccountId {
    AccountId::try_from(&Address::read(text)).unwrap()
}

/// Reads a block as a node's JSON.
fn read(economy: &Economy, block: &SimBlock) -> BlockTransfers {
    let chain = holdfast_evm::Chain::of(block.number).with_wrapper(economy.wrapper());
    let mut read = json::block(&chain, &block.block_json()).unwrap();
    let receipts = json::receipts(&mut read, &block.receipts_json()).unwrap();
    let traces = trace::nested(&block.traces_json()).unwrap();
    let read = verify(&chain, read, receipts, Checks { senders: false }).unwrap().with_traces(traces).unwrap();
    let mut found = transfers(&chain, &read);
    found.block_level.clone_from(&block.genesis);
    found
}

pub fn simulated(seed: u64, blocks: u32, txs_per_block: u32) -> Simulated {
    let folder = tempfile::tempdir().unwrap();
    let sizes = Sizes { seed, blocks, users: 120, txs_per_block, ..Sizes::default() };
    let mut economy = Economy::new(sizes).unwrap();
    let mut sim = Vec::new();
    write(&mut economy, folder.path(), Format::None, &mut |blocks| {
        sim.extend(blocks.iter().filter(|b| b.chain == 0).cloned());
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    let blocks: Vec<BlockTransfers> = sim.iter().map(|block| read(&economy, block)).collect();
    let chain = ChainId::parse(&format!("eip155:{}", sizes.chains[0])).unwrap();
    let mut ledger = Ledger::create_or_open(&folder.path().join("ledger"), &Settings::new(chain.clone())).unwrap();
    let mut signals = Signals::default();
    blocks.iter().for_each(|block| signals.take(block));
    let mut all = blocks.iter().cloned();
    ledger.append(&mut all, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    let truth = |name: &str| std::fs::read_to_string(folder.path().join("truth").join(name)).unwrap();
    let (mut owners, mut roles) = (HashMap::new(), BTreeMap::new());
    for line in truth("addresses.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        owners.insert(id(cells[0]), cells[1].parse().unwrap());
        roles.insert(id(cells[0]), cells[2].to_owned());
    }
    let mut store = TagStore::default();
    let report = import(&mut store, vec![("tagpack.yaml".into(), truth("tagpack.yaml").into_bytes())]);
    assert!(report.refused.is_empty(), "{report:?}");
    let services = Services::of(&store, Family::Evm, Tlp::Amber);
    let tokens = roles.iter().filter(|(_, role)| matches!(role.as_str(), "stablecoin" | "wrapper" | "token"));
    let trusted_tokens = tokens.map(|(account, _)| hex::encode(account.as_bytes())).collect();
    let options = Options { trusted_tokens, ..Options::of_chain(&chain) };
    Simulated { ledger, blocks, sim, signals, store, services, options, owners, roles, _folder: folder }
}

fn print(title: &str, scores: &[Score]) {
    println!("{title}");
    for s in scores {
        let (precision, recall) = (100.0 * s.precision(), 100.0 * s.recall());
        println!("| {} | {} | {precision:.2}% | {recall:.2}% |", s.name, s.made);
    }
}

/// No heuristic is on by default below 99% precision, on any seed.
#[test]
fn what_is_on_by_default_is_precise() {
    let mut sums: BTreeMap<String, Score> = BTreeMap::new();
    for seed in [1, 2, 3] {
        let sim = simulated(seed, 120, 40);
        let scores = measure(&sim.ledger, &sim.services, &sim.signals, &sim.options, &sim.owners).unwrap();
        print(&format!("seed {seed}, {} accounts", sim.ledger.counts().accounts), &scores);
        for score in scores {
            if score.name == "default" || Heuristic::DEFAULT.iter().any(|h| h.name() == score.name) {
                assert!(score.precision() >= 0.99 && score.right > 1_000, "{score:?}");
            }
            let sum =
                sums.entry(score.name.clone()).or_insert(Score { made: 0, right: 0, possible: 0, ..score.clone() });
            sum.made += score.made;
            sum.right += score.right;
            sum.possible += score.possible;
        }
    }
    let sums: Vec<Score> = sums.into_values().collect();
    print("all seeds", &sums);
    let of = |name: &str| sums.iter().find(|s| s.name == name).unwrap();
    assert!(of("sweep").recall() > 0.2, "{:?}", of("sweep"));
    assert!(of("factory").made > 0 && of("gas-funding").made > 0, "{sums:?}");
}

/// An economy in which people share wallets, pay into each other's deposit addresses, and pass on all that they receive.
struct Hard {
    chain: Chain,
    owners: HashMap<AccountId, u64>,
    services: Services,
}

/// `by_others`: deposits in a thousand that somebody else pays.
fn hard(seed: u64, by_others: u64) -> Hard {
    let mut random = Random::new(seed);
    let mut chain = Chain::waiting();
    let mut held: HashMap<AccountId, u128> = HashMap::new();
    let mut owners = HashMap::new();
    let mut next = 0;
    let mut new = |owners: &mut HashMap<AccountId, u64>, owner: u64| {
        next += 1;
        owners.insert(account(next), owner);
        account(next)
    };
    let exchanges: Vec<(u64, AccountId, AccountId)> =
        (0..3).map(|e| (e, new(&mut owners, e), new(&mut owners, e))).collect();
    // People: wallets, exchange, deposit address.
    let people: Vec<(Vec<AccountId>, u64, AccountId)> = (0..150u64)
        .map(|p| {
            let wallets = (0..1 + random.below(3)).map(|_| new(&mut owners, 100 + p)).collect();
            let exchange = random.below(3);
            (wallets, exchange, new(&mut owners, exchange))
        })
        .collect();
    let pick = |random: &mut Random, n: usize| usize::try_from(random.below(n as u64)).unwrap();
    for _ in 0..1_500 {
        let p = pick(&mut random, people.len());
        let (wallets, exchange, deposit) = &people[p];
        let (_, hot, gas) = exchanges[usize::try_from(*exchange).unwrap()];
        let wallet = wallets[pick(&mut random, wallets.len())];
        let amount = u128::from(random.below(1_000_000) + 1_000) * 1_000_000;
        let mut is_deposit = true;
        match random.below(10) {
            // A withdrawal from one exchange straight to a deposit address at another.
            0 => {
                let from = exchanges[pick(&mut random, 3)].1;
                chain.send(from, dollar(), from, *deposit, amount);
            }
            // Somebody passes on all that a friend paid them, to a deposit address of their own, or to a wallet that is known.
            1 => {
                let friend = &people[pick(&mut random, people.len())].0[0];
                chain.send(*friend, dollar(), *friend, wallet, amount);
                chain.mine();
                is_deposit = !random.permille(50);
                let to = if is_deposit { *deposit } else { hot };
                chain.send(wallet, dollar(), wallet, to, amount);
            }
            2 => {
                let other = &people[pick(&mut random, people.len())].0[0];
                chain.send(wallet, dollar(), wallet, *other, amount);
                continue;
            }
            _ => {
                let payer =
                    if random.permille(by_others) { people[pick(&mut random, people.len())].0[0] } else { wallet };
                chain.send(payer, dollar(), payer, *deposit, amount);
            }
        }
        // The exchange funds and sweeps what has come.
        chain.mine();
        chain.send(gas, TokenRef::Native, gas, *deposit, COIN / 1_000);
        let swept = if is_deposit { held.remove(deposit).unwrap_or_default() + amount } else { 0 };
        if swept > 0 && random.permille(800) {
            chain.send(*deposit, dollar(), *deposit, hot, swept);
        } else if swept > 0 {
            // Together with what comes next.
            held.insert(*deposit, swept);
        }
        chain.mine();
    }
    chain.append();
    let wallets = exchanges.iter().map(|(e, hot, _)| (*hot, format!("exchange {e}")));
    Hard { chain, owners, services: Services::from_list(wallets) }
}

#[test]
fn payments_by_others_are_what_deposit_reuse_gets_wrong() {
    let options = Options::of_chain(&ChainId::parse("eip155:1").unwrap());
    let mut scores = Vec::new();
    for by_others in [0, 5, 20] {
        let economies: Vec<Hard> = [1, 2, 3].iter().map(|seed| hard(*seed, by_others)).collect();
        for heuristic in [Heuristic::Sweep, Heuristic::DepositReuse] {
            let mut sum = Score { name: format!("{heuristic:?}, {by_others}"), made: 0, right: 0, possible: 0 };
            for hard in &economies {
                let options = options.clone().with([heuristic]);
                let ledger = &hard.chain.ledger;
                let clusters = Clusters::build(ledger, &hard.services, &Signals::default(), options).unwrap();
                let one = score("", &clusters, ledger, &hard.owners).unwrap();
                sum.made += one.made;
                sum.right += one.right;
                sum.possible += one.possible;
            }
            scores.push(sum);
        }
    }
    print("hard, deposits in a thousand that others pay", &scores);
    for sweep in scores.iter().filter(|s| s.name.starts_with("Sweep")) {
        assert!(sweep.precision() >= 0.99 && sweep.recall() > 0.5, "{sweep:?}");
    }
    let reuse: Vec<&Score> = scores.iter().filter(|s| s.name.starts_with("DepositReuse")).collect();
    assert!(reuse[0].precision() >= 0.99 && reuse[2].precision() < 0.99, "{reuse:?}");
    assert!(!Heuristic::DEFAULT.contains(&Heuristic::DepositReuse));
}
