//! An economy on two account chains with a bridge, from a seed, with its ground truth.
//!
//! Exchanges with deposit addresses (of keys, which are funded with gas and swept, and forwarder contracts), hot and cold wallets, merchants and users;
//! pools of Uniswap v2's kind, wrapped coin, a stablecoin whose issuer freezes accounts, a token that takes a fee, a bridge that locks and creates, a
//! mixer; ransom, a theft that passes swaps and the bridge and ends at an exchange, scams, address poisoning, dust, failed transactions.
//!
//! [`Economy::next_blocks`] hands out blocks as nodes have them, and what they moved as the economy booked it, apart from what a reader finds in
//! them. Signatures and all roots are right but for the state root, which is a placeholder behind the first block ([`NO_STATE`]): there is no state
//! trie. [`files`] writes all of it into a folder, [`node`] plays it on real nodes.
//!
//! What contracts do stands twice: in `contracts/Contracts.sol`, whose code real nodes run, and in `machine`, which books it.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]

mod abi;
mod acts;
mod contracts;
mod crime;
pub mod files;
mod json;
mod keys;
mod life;
mod machine;
pub mod node;
mod records;
mod seal;
mod world;

pub use records::{Action, FlowKind, OwnerKind, Record, Role};
pub use seal::{NO_STATE, SimBlock, TxTruth};

use acts::{Note, Proposal};
use alloy_primitives::B256;
use contracts::{Deployment, Operators};
use crime::Crime;
use holdfast_evm::{Address, Stack};
use holdfast_simulate::random::Random;
use holdfast_types::{AccountId, Issuer};
use machine::Message;
use seal::Tip;
use std::collections::{BTreeMap, HashMap};
use world::{AccountIndex, Asset, ETHER, GWEI, TxPlace, USD, Units, World};

/// What to simulate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The same seed and sizes give the same bytes.
    pub seed: u64,
    /// Blocks of each chain behind the first.
    pub blocks: u32,
    /// People who pay, trade and are customers of exchanges.
    pub users: u32,
    /// Transactions in a block of the first chain, about; the second chain's have a quarter.
    pub txs_per_block: u32,
    /// Numbers of the chains (EIP-155).
    pub chains: [u64; 2],
    /// Whether gas costs something. Where it does not, balances equal those of a node on which gas is free too.
    pub has_fees: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { seed: 1, blocks: 200, users: 400, txs_per_block: 100, chains: [31_337, 31_338], has_fees: true }
    }
}

/// Least and most blocks, users, transactions in a block, and transactions in all.
pub const BLOCKS: (u32, u32) = (20, 200_000);
/// Least and most users.
pub const USERS: (u32, u32) = (20, 200_000);
/// Least and most transactions in a block.
pub const TXS_PER_BLOCK: (u32, u32) = (10, 5_000);
/// Most transactions in all.
pub const MAX_TXS: u64 = 50_000_000;

/// An exchange.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub owner: usize,
    pub hot: AccountIndex,
    pub cold: AccountIndex,
    pub gas: AccountIndex,
    /// Where deposit addresses are forwarders, their factory.
    pub factory: Option<AccountIndex>,
    pub salts: HashMap<AccountIndex, B256>,
    /// Forwarders on each chain with tokens that wait.
    pub waiting: [Vec<AccountIndex>; 2],
}

/// Somebody who has a wallet and an exchange.
#[derive(Debug)]
pub(crate) struct Person {
    pub owner: usize,
    pub wallet: AccountIndex,
    pub exchange: usize,
    /// The deposit address there, from the first deposit on.
    pub deposit: Option<AccountIndex>,
}

/// What is to be done at a later block.
#[derive(Debug)]
pub(crate) enum Task {
    SetUp(usize),
    Sweep { chain: usize, exchange: usize, address: AccountIndex, asset: Asset, flow: Option<u32> },
    Deliver { chain: usize, message: Box<Message>, sent: TxPlace, sender: AccountIndex, flow: Option<u32> },
    Propose { chain: usize, what: Proposal },
    Confirm { chain: usize, number: u32, proposed: TxPlace, what: Proposal },
    Unmix,
    Crime(Box<Crime>),
}

/// The economy: call [`Economy::next_blocks`] until it gives none.
#[derive(Debug)]
pub struct Economy {
    options: Options,
    random: Random,
    pub(crate) world: World,
    operators: Operators,
    deployment: Deployment,
    exchanges: Vec<Exchange>,
    merchants: Vec<Person>,
    users: Vec<Person>,
    /// By height, and in order.
    tasks: BTreeMap<(u32, u64), Task>,
    task_number: u64,
    notes: Vec<Note>,
    /// Payments that a poisoner may have seen: who paid whom.
    seen: Vec<(AccountIndex, AccountIndex)>,
    flows: u32,
    records: Vec<Record>,
    genesis: Vec<(AccountIndex, [Units; 2])>,
    tips: [Option<Tip>; 2],
}

impl Economy {
    /// Sets the scene.
    ///
    /// # Errors
    /// A message that names the size that is out of range, or a chain that follows other rules than Ethereum's.
    pub fn new(options: Options) -> Result<Self, String> {
        check(&options)?;
        let mut random = Random::new(options.seed);
        let mut world = World::new(options.seed, options.chains, options.has_fees);
        let operators = operators(&mut world);
        let mut exchanges = Vec::new();
        for number in 0..(options.users / 200).clamp(2, 12) {
            let owner = world.new_owner(OwnerKind::Exchange);
            let [hot, cold, gas] = [Role::Hot, Role::Cold, Role::Gas].map(|role| world.new_account(owner, role));
            world.owners[owner].hot = hot;
            // Every other exchange has forwarders.
            let factory = (number % 2 == 1).then_some(0);
            let (salts, waiting) = (HashMap::new(), [Vec::new(), Vec::new()]);
            exchanges.push(Exchange { owner, hot, cold, gas, factory, salts, waiting });
        }
        let with_forwarders: Vec<(usize, AccountIndex)> =
            exchanges.iter().filter(|e| e.factory.is_some()).map(|e| (e.owner, e.hot)).collect();
        let deployment = contracts::announce(&mut world, &operators, &with_forwarders);
        let mut factories = deployment.factories.iter();
        for exchange in exchanges.iter_mut().filter(|e| e.factory.is_some()) {
            exchange.factory = factories.next().copied();
        }
        let mut person = |world: &mut World, kind| {
            let owner = world.new_owner(kind);
            let wallet = world.new_account(owner, Role::Wallet);
            Person { owner, wallet, exchange: random.index(exchanges.len()), deposit: None }
        };
        let merchants =
            (0..(options.users / 25).clamp(3, 500)).map(|_| person(&mut world, OwnerKind::Merchant)).collect();
        let users = (0..options.users).map(|_| person(&mut world, OwnerKind::User)).collect();
        let mut economy = Economy {
            options,
            random,
            world,
            operators,
            deployment,
            exchanges,
            merchants,
            users,
            tasks: BTreeMap::new(),
            task_number: 0,
            notes: Vec::new(),
            seen: Vec::new(),
            flows: 0,
            records: Vec::new(),
            genesis: Vec::new(),
            tips: [None, None],
        };
        economy.allocate();
        economy.schedule();
        Ok(economy)
    }

    /// Returns what was asked for.
    #[must_use]
    pub fn options(&self) -> Options {
        self.options
    }

    /// Returns the height that is made.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.world.height
    }

    /// Returns the canonical wrapper of the coin, on both chains.
    #[must_use]
    pub fn wrapper(&self) -> Address {
        self.world.address(self.world.contracts.wrapper)
    }

    /// Returns the stablecoin's contract and the wallet of its issuer's owners, on both chains.
    #[must_use]
    pub fn issuer(&self) -> Issuer {
        let of = self.world.contracts;
        let account = |account| AccountId::evm(self.world.address(account).into_array());
        Issuer::of(account(of.stable), Some(account(of.multisig)))
    }

    /// Returns the contract that writes the events of a token that is none.
    #[must_use]
    pub fn fake_token(&self) -> Address {
        self.world.address(self.world.contracts.poisoner)
    }

    /// Returns what a chain (0 or 1) gives its first accounts: address and wei.
    #[must_use]
    pub fn genesis(&self, chain: usize) -> Vec<(Address, u128)> {
        let listed = self.genesis.iter().map(|(account, wei)| (self.world.address(*account), wei[chain]));
        listed.filter(|(_, wei)| *wei > 0).collect()
    }

    /// Returns what every account of a chain (0 or 1) holds at the tip, as the economy books it: address, token (none for the coin), base units.
    pub fn balances(&self, chain: usize) -> impl Iterator<Item = (Address, Option<Address>, u128)> + '_ {
        let state = &self.world.chains[chain];
        self.world.accounts.iter().zip(&state.holdings).flat_map(move |(account, holding)| {
            world::ASSETS.into_iter().zip(holding.units).filter(|(_, units)| *units > 0).map(move |(asset, units)| {
                let token = self.world.contracts.of(asset).map(|contract| self.world.address(contract));
                (account.address, token, units)
            })
        })
    }

    /// Takes the records of the truth that were made since.
    pub fn take_records(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.records)
    }

    /// Gives first accounts their coin.
    fn allocate(&mut self) {
        let of = self.operators;
        let mut give = |account: AccountIndex, wei: [Units; 2]| self.genesis.push((account, wei));
        give(of.deployer, [1_000 * ETHER; 2]);
        give(of.liquidity, [100_000 * ETHER, 50_000 * ETHER]);
        of.issuers.iter().for_each(|account| give(*account, [1_000 * ETHER; 2]));
        give(of.relayer, [1_000 * ETHER; 2]);
        give(of.poisoner, [200 * ETHER; 2]);
        give(of.spammer, [200 * ETHER; 2]);
        for exchange in &self.exchanges {
            give(exchange.hot, [200_000 * ETHER, 50_000 * ETHER]);
            give(exchange.cold, [2_000_000 * ETHER, 0]);
            give(exchange.gas, [5_000 * ETHER, 1_000 * ETHER]);
        }
        for merchant in &self.merchants {
            give(merchant.wallet, [2 * ETHER, ETHER / 2]);
        }
        for user in &self.users {
            let first = Units::from(self.random.amount(200_000_000, 8_000_000_000)) * GWEI;
            let second = Units::from(self.random.amount(200_000_000, 2_000_000_000)) * GWEI;
            let has = [self.random.permille(600), self.random.permille(250)];
            give(user.wallet, [if has[0] { first } else { 0 }, if has[1] { second } else { 0 }]);
        }
        for (account, wei) in &self.genesis {
            for (chain, wei) in wei.iter().enumerate() {
                self.world.chains[chain].holdings[*account].units[Asset::Native as usize] += wei;
            }
        }
    }

    /// Sets what happens whatever chance brings.
    fn schedule(&mut self) {
        for chain in 0..2 {
            self.at(1, Task::SetUp(chain));
        }
        self.at(1, Task::Propose { chain: 0, what: Proposal::Issue(4_000_000_000 * USD) });
        let pay = |to, dollars: Units| Task::Propose { chain: 0, what: Proposal::Pay(to, dollars * USD) };
        self.at(3, pay(self.operators.liquidity, 100_000_000));
        self.at(3, pay(self.operators.spammer, 1_000));
        for exchange in 0..self.exchanges.len() {
            self.at(3, pay(self.exchanges[exchange].hot, 80_000_000));
        }
        let blocks = self.options.blocks;
        for (nth, kind) in [FlowKind::Hack, FlowKind::Ransom, FlowKind::Scam, FlowKind::Scam].into_iter().enumerate() {
            let after = u32::try_from(nth).unwrap_or_default() * 4;
            self.at(14 + after + blocks / 40, Task::Crime(Box::new(Crime::Begin(kind))));
        }
    }

    fn at(&mut self, height: u32, task: Task) {
        self.task_number += 1;
        self.tasks.insert((height, self.task_number), task);
    }

    /// Sets a task for some blocks later.
    pub(crate) fn later(&mut self, blocks: u64, task: Task) {
        self.at(self.world.height.saturating_add(u32::try_from(blocks).unwrap_or(u32::MAX)), task);
    }

    /// Begins a flow, and returns its number.
    pub(crate) fn new_flow(&mut self, kind: FlowKind, actor: usize, victim: Option<usize>) -> u32 {
        self.flows += 1;
        self.records.push(Record::Flow { flow: self.flows, kind, actor, victim });
        self.flows
    }

    /// Returns the name of a transaction in records.
    pub(crate) fn tx_name(&self, place: TxPlace) -> String {
        format!("{}:{}:{}", self.options.chains[place.chain], place.height, place.index)
    }

    pub(crate) fn address_name(&self, account: AccountIndex) -> String {
        format!("{:#x}", self.world.address(account))
    }

    pub(crate) fn asset_name(&self, asset: Asset) -> String {
        self.world.contracts.of(asset).map_or_else(|| "native".to_owned(), |contract| self.address_name(contract))
    }
}

fn check(options: &Options) -> Result<(), String> {
    let sizes = [
        ("blocks", options.blocks, BLOCKS),
        ("users", options.users, USERS),
        ("transactions in a block", options.txs_per_block, TXS_PER_BLOCK),
    ];
    for (what, size, (least, most)) in sizes {
        if !(least..=most).contains(&size) {
            return Err(format!("cannot simulate {size} {what}; choose {least} to {most}"));
        }
    }
    let txs = u64::from(options.blocks) * u64::from(options.txs_per_block);
    if txs > MAX_TXS {
        return Err(format!(
            "cannot simulate {txs} transactions; choose fewer blocks, or fewer in each: at most {MAX_TXS}"
        ));
    }
    for number in options.chains {
        if holdfast_evm::Chain::of(number).stack() != Stack::Ethereum || u32::try_from(number).is_err() {
            return Err(format!(
                "cannot simulate chain {number}: its number is above 32 bits, or it follows other rules than Ethereum's"
            ));
        }
    }
    if options.chains[0] == options.chains[1] {
        return Err("cannot simulate one chain twice; choose two numbers".to_owned());
    }
    Ok(())
}

fn operators(world: &mut World) -> Operators {
    let mut of = |kind| {
        let owner = world.new_owner(kind);
        world.new_account(owner, Role::Wallet)
    };
    let operators = Operators {
        deployer: of(OwnerKind::Deployer),
        issuers: [of(OwnerKind::Issuer), 0],
        liquidity: of(OwnerKind::LiquidityProvider),
        relayer: of(OwnerKind::Relayer),
        fee_collector: of(OwnerKind::Protocol),
        poisoner: of(OwnerKind::Poisoner),
        spammer: of(OwnerKind::Spammer),
    };
    let validator = of(OwnerKind::Validator);
    let issuer = world.accounts[operators.issuers[0]].owner;
    let second = world.new_account(issuer, Role::Wallet);
    (world.validator, world.fee_collector) = (validator, operators.fee_collector);
    Operators { issuers: [operators.issuers[0], second], ..operators }
}
