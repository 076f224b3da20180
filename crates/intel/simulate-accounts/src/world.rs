//! Accounts, their holdings on both chains, and the transactions of the blocks being made.

use super::contracts::Contracts;
use super::keys::Signer;
use super::records::{Action, OwnerKind, Role};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use holdfast_evm::Log;
use holdfast_types::{Position, TransferKind};

/// Base units of an asset.
pub(crate) type Units = u128;
/// Number of an account in the world.
pub(crate) type AccountIndex = usize;

pub(crate) const ETHER: Units = 1_000_000_000_000_000_000;
pub(crate) const GWEI: Units = 1_000_000_000;
/// A dollar of the stablecoin.
pub(crate) const USD: Units = 1_000_000;

/// Seconds between blocks, and the first block's time.
const BLOCK_SECONDS: u64 = 12;
const FIRST_TIME: u64 = 1_750_000_000;

/// Gas of a transfer of coin to an account without code.
pub(crate) const PLAIN_GAS: u64 = 21_000;
/// Most gas of a call of a token, of a call of several contracts, of a batch or creation.
pub(crate) const TOKEN_GAS: u64 = 150_000;
pub(crate) const CALLS_GAS: u64 = 700_000;
pub(crate) const BATCH_GAS: u64 = 4_000_000;

/// What is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asset {
    Native,
    Stable,
    Wrapped,
    Gem,
    Fee,
    StableShare,
    GemShare,
    /// Events of a contract that is no token. Nobody holds it.
    Fake,
}

/// Assets that are held.
pub(crate) const HELD: usize = 7;
pub(crate) const ASSETS: [Asset; HELD] =
    [Asset::Native, Asset::Stable, Asset::Wrapped, Asset::Gem, Asset::Fee, Asset::StableShare, Asset::GemShare];

/// An account of a key or a contract. It has the same address on both chains.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub address: Address,
    /// Its key; `None` for contracts, and for addresses whose key nobody has.
    pub secret: Option<U256>,
    pub owner: usize,
    pub role: Role,
    /// Whose deposits arrive there.
    pub customer: Option<usize>,
}

/// Somebody who owns accounts.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub kind: OwnerKind,
    /// An exchange's hot wallet.
    pub hot: AccountIndex,
}

/// What an account holds and allowed on a chain.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Holding {
    pub nonce: u64,
    pub units: [Units; HELD],
    /// Spenders that it allowed everything, by [`super::contracts::Allowed`].
    pub allowed: u8,
    /// Whether the stablecoin's issuer froze it.
    pub is_frozen: bool,
    /// Whether a forwarder's code is there.
    pub has_code: bool,
}

/// A pool of two tokens, in the order of their addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pool {
    pub tokens: [Asset; 2],
    pub reserves: [Units; 2],
    pub share: Asset,
    pub account: AccountIndex,
}

/// Kind of a frame, as the `callTracer` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameKind {
    Call,
    StaticCall,
    Create,
    Create2,
}

/// A frame of a transaction's trace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub kind: FrameKind,
    pub from: AccountIndex,
    pub to: AccountIndex,
    pub value: Units,
    pub has_failed: bool,
    pub depth: u32,
}

/// A log with its place in the trace: its frame, and how many calls of the frame stand before it.
#[derive(Clone, Debug)]
pub(crate) struct PlacedLog {
    pub frame: usize,
    pub calls_before: u32,
    pub log: Log,
}

/// What a transaction moved, as the economy booked it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Move {
    pub asset: Asset,
    pub from: Option<AccountIndex>,
    pub to: Option<AccountIndex>,
    pub amount: Units,
    pub kind: TransferKind,
    pub position: Position,
}

/// A transaction before it is signed.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub from: AccountIndex,
    pub nonce: u64,
    /// Whether it has a price of its own (EIP-155) instead of a tip on the base fee (EIP-1559).
    pub is_legacy: bool,
    /// `None` where it creates a contract.
    pub to: Option<AccountIndex>,
    pub value: Units,
    pub input: Bytes,
    pub gas_limit: u64,
    pub gas_used: u64,
    /// The most that a unit of gas may cost, in wei.
    pub max_price: Units,
    pub tip: Units,
    pub success: bool,
    pub frames: Vec<Frame>,
    pub logs: Vec<PlacedLog>,
    pub moves: Vec<Move>,
    pub action: Action,
    pub flow: Option<u32>,
}

/// A transaction by its place: chain (0 or 1), height, number in its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TxPlace {
    pub chain: usize,
    pub height: u32,
    pub index: u32,
}

/// What a transaction is to do.
#[derive(Debug)]
pub(crate) struct Order {
    pub chain: usize,
    pub from: AccountIndex,
    pub to: Option<AccountIndex>,
    pub value: Units,
    pub input: Vec<u8>,
    pub gas_limit: u64,
    pub action: Action,
    pub flow: Option<u32>,
}

/// A chain and its block that is being made.
#[derive(Debug)]
pub(crate) struct ChainState {
    /// Number of EIP-155.
    pub number: u64,
    pub holdings: Vec<Holding>,
    pub pools: Vec<Pool>,
    pub bridge_nonce: u32,
    pub mixer_leaves: [u32; 3],
    pub proposals: u32,
    pub base_fee: Units,
    pub planned: Vec<Planned>,
    logs: u32,
    pub gas_used: u64,
}

/// Everything that is.
#[derive(Debug)]
pub(crate) struct World {
    pub signer: Signer,
    pub accounts: Vec<Account>,
    pub owners: Vec<Owner>,
    pub chains: [ChainState; 2],
    pub height: u32,
    pub validator: AccountIndex,
    pub contracts: Contracts,
    pub fee_collector: AccountIndex,
    pub has_fees: bool,
    keys: u64,
}

impl ChainState {
    pub fn new(number: u64) -> Self {
        ChainState {
            number,
            holdings: Vec::new(),
            pools: Vec::new(),
            bridge_nonce: 0,
            mixer_leaves: [0; 3],
            proposals: 0,
            base_fee: 0,
            planned: Vec::new(),
            logs: 0,
            gas_used: 0,
        }
    }

    pub fn units(&self, account: AccountIndex, asset: Asset) -> Units {
        self.holdings[account].units.get(asset as usize).copied().unwrap_or_default()
    }

    /// Returns the block's transactions and begins the next block.
    pub fn take_block(&mut self) -> Vec<Planned> {
        (self.logs, self.gas_used) = (0, 0);
        let next = Vec::with_capacity(self.planned.len());
        std::mem::replace(&mut self.planned, next)
    }
}

impl World {
    pub fn new(seed: u64, numbers: [u64; 2], has_fees: bool) -> Self {
        World {
            signer: Signer::new(seed),
            accounts: Vec::new(),
            owners: Vec::new(),
            chains: numbers.map(ChainState::new),
            height: 0,
            validator: 0,
            contracts: Contracts::default(),
            fee_collector: 0,
            has_fees,
            keys: 0,
        }
    }

    pub fn time(&self) -> u64 {
        time_at(self.height)
    }

    pub fn new_owner(&mut self, kind: OwnerKind) -> usize {
        self.owners.push(Owner { kind, hot: 0 });
        self.owners.len() - 1
    }

    /// Adds an account of a new key.
    pub fn new_account(&mut self, owner: usize, role: Role) -> AccountIndex {
        self.keys += 1;
        let (secret, address) = self.signer.key(self.keys);
        self.add(Account { address, secret: Some(secret), owner, role, customer: None })
    }

    /// Adds an account without a key.
    pub fn new_contract(&mut self, owner: usize, role: Role, address: Address) -> AccountIndex {
        self.add(Account { address, secret: None, owner, role, customer: None })
    }

    fn add(&mut self, account: Account) -> AccountIndex {
        self.accounts.push(account);
        self.chains.iter_mut().for_each(|chain| chain.holdings.push(Holding::default()));
        self.accounts.len() - 1
    }

    pub fn address(&self, account: AccountIndex) -> Address {
        self.accounts[account].address
    }

    pub fn units(&self, chain: usize, account: AccountIndex, asset: Asset) -> Units {
        self.chains[chain].units(account, asset)
    }

    /// Returns the most that gas costs now, in wei.
    pub fn gas_cost(&self, chain: usize, gas: u64) -> Units {
        let (max_price, _) = self.price(chain);
        max_price * Units::from(gas)
    }

    /// Returns the most that a unit of gas may cost, and the tip, in wei.
    fn price(&self, chain: usize) -> (Units, Units) {
        if !self.has_fees {
            return (0, 0);
        }
        let base = self.chains[chain].base_fee;
        let tip = GWEI / 10 + base % GWEI;
        (base + base / 4 + tip, tip)
    }

    /// Makes a transaction that succeeds: `run` does what the called contract does. `None`, and nothing happens, where the sender cannot pay.
    pub fn transact(&mut self, order: Order, run: impl FnOnce(&mut Execution<'_>)) -> Option<TxPlace> {
        let (to, value) = (order.to, order.value);
        self.execute(order, true, |execution| {
            if let Some(to) = to {
                execution.call(to, value, run);
            } else {
                run(execution);
            }
        })
    }

    /// Makes a transaction that fails behind some views of contracts: it pays its fee and moves nothing.
    pub fn fail(&mut self, order: Order, views: &[AccountIndex]) -> Option<TxPlace> {
        let (Some(to), value, from) = (order.to, order.value, order.from) else { return None };
        self.execute(order, false, |execution| {
            execution.push(FrameKind::Call, from, to, value, true);
            views.iter().for_each(|account| execution.view(*account));
            execution.pop();
        })
    }

    fn execute(&mut self, order: Order, success: bool, run: impl FnOnce(&mut Execution<'_>)) -> Option<TxPlace> {
        let Order { chain, from, to, value, input, gas_limit, action, flow } = order;
        let most = self.gas_cost(chain, gas_limit);
        if value + most > self.units(chain, from, Asset::Native) || self.accounts[from].secret.is_none() {
            return None;
        }
        let (mut max_price, mut tip) = self.price(chain);
        let state = &mut self.chains[chain];
        // One in eight wallets still signs a fixed price.
        let is_legacy = from % 8 == 3;
        if is_legacy {
            max_price = state.base_fee + tip;
            tip = max_price - state.base_fee;
        }
        let nonce = state.holdings[from].nonce;
        state.holdings[from].nonce += 1;
        let planned = Planned {
            from,
            nonce,
            is_legacy,
            to,
            value,
            input: input.into(),
            gas_limit,
            gas_used: 0,
            max_price,
            tip,
            success,
            frames: Vec::with_capacity(4),
            logs: Vec::with_capacity(4),
            moves: Vec::with_capacity(6),
            action,
            flow,
        };
        let place =
            TxPlace { chain, height: self.height, index: u32::try_from(state.planned.len()).unwrap_or(u32::MAX) };
        let mut execution = Execution { world: self, chain, planned, open: Vec::with_capacity(6) };
        run(&mut execution);
        let planned = execution.planned;
        self.close(chain, planned);
        Some(place)
    }

    /// Books the fee and puts the transaction into the block.
    fn close(&mut self, chain: usize, mut planned: Planned) {
        let validator = self.validator;
        let state = &mut self.chains[chain];
        planned.gas_used = gas(&planned).min(planned.gas_limit);
        let gas = Units::from(planned.gas_used);
        for (amount, to, kind) in [
            (state.base_fee * gas, None, TransferKind::FeeBurn),
            (planned.tip * gas, Some(validator), TransferKind::FeeTip),
        ] {
            let (from, position) = (Some(planned.from), Position::Transaction);
            book(state, &mut planned.moves, Move { asset: Asset::Native, from, to, amount, kind, position });
        }
        state.logs += u32::try_from(planned.logs.len()).unwrap_or(u32::MAX);
        state.gas_used += planned.gas_used;
        state.planned.push(planned);
    }
}

/// Returns the time of a block.
pub(crate) fn time_at(height: u32) -> u64 {
    FIRST_TIME + BLOCK_SECONDS * u64::from(height)
}

/// Estimates the gas of a transaction, of what usually costs most: call data, calls, logs, changed balances, created code.
fn gas(planned: &Planned) -> u64 {
    if planned.input.is_empty() && planned.frames.len() == 1 && planned.logs.is_empty() {
        return PLAIN_GAS;
    }
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let created = if planned.to.is_none() { 200 * count(planned.input.len()) + 32_000 } else { 0 };
    let (calls, logs, moves) = (count(planned.frames.len()), count(planned.logs.len()), count(planned.moves.len()));
    PLAIN_GAS + created + 12 * count(planned.input.len()) + 4_000 * calls + 1_800 * logs + 9_000 * moves
}

/// Changes balances and notes it. A balance that would be negative is a fault of the economy's.
fn book(state: &mut ChainState, moves: &mut Vec<Move>, booked: Move) {
    if booked.amount == 0 {
        return;
    }
    let place = booked.asset as usize;
    if place < HELD {
        if let Some(from) = booked.from {
            let units = &mut state.holdings[from].units[place];
            let left = units.checked_sub(booked.amount);
            debug_assert!(left.is_some(), "account {from} has {units} of {:?}: {booked:?}", booked.asset);
            *units = left.unwrap_or_default();
        }
        if let Some(to) = booked.to {
            state.holdings[to].units[place] += booked.amount;
        }
    }
    moves.push(booked);
}

/// A frame that runs.
#[derive(Debug)]
struct Open {
    frame: usize,
    calls: u32,
}

/// A transaction while it runs.
pub(crate) struct Execution<'a> {
    pub world: &'a mut World,
    pub chain: usize,
    planned: Planned,
    open: Vec<Open>,
}

impl Execution<'_> {
    pub fn state(&mut self) -> &mut ChainState {
        &mut self.world.chains[self.chain]
    }

    /// Returns the account that runs: the last frame's, or the sender.
    pub fn own(&self) -> AccountIndex {
        self.open.last().map_or(self.planned.from, |open| self.planned.frames[open.frame].to)
    }

    /// Returns who called the account that runs.
    pub fn caller(&self) -> AccountIndex {
        self.open.last().map_or(self.planned.from, |open| self.planned.frames[open.frame].from)
    }

    /// Returns the account that signed.
    pub fn origin(&self) -> AccountIndex {
        self.planned.from
    }

    fn push(&mut self, kind: FrameKind, from: AccountIndex, to: AccountIndex, value: Units, has_failed: bool) {
        if let Some(around) = self.open.last_mut() {
            around.calls += 1;
        }
        let depth = u32::try_from(self.open.len()).unwrap_or(u32::MAX);
        self.open.push(Open { frame: self.planned.frames.len(), calls: 0 });
        self.planned.frames.push(Frame { kind, from, to, value, has_failed, depth });
    }

    fn pop(&mut self) {
        self.open.pop();
    }

    /// Books coin that the newest frame carries.
    fn carry(&mut self) {
        let frame = self.planned.frames.len() - 1;
        let Frame { from, to, value, depth, .. } = self.planned.frames[frame];
        let (kind, position) = match depth {
            0 => (TransferKind::Value, Position::Transaction),
            _ => (TransferKind::Internal, Position::Trace(u32::try_from(frame).unwrap_or(u32::MAX))),
        };
        self.shift(Asset::Native, Some(from), Some(to), value, kind, position);
    }

    /// Calls an account, which does something.
    pub fn call(&mut self, to: AccountIndex, value: Units, run: impl FnOnce(&mut Self)) {
        let from = self.own();
        self.push(FrameKind::Call, from, to, value, false);
        self.carry();
        run(self);
        self.pop();
    }

    /// Sends coin to an account, whose code runs where it has some: wrappers and forwarders.
    pub fn pay(&mut self, to: AccountIndex, value: Units) {
        self.call(to, value, |execution| execution.receive(value));
    }

    /// Calls an account that only reads.
    pub fn view(&mut self, to: AccountIndex) {
        let from = self.own();
        let has_failed = false;
        self.push(FrameKind::StaticCall, from, to, 0, has_failed);
        self.pop();
    }

    /// Calls an account that pays on and then fails: nothing of it happened.
    pub fn refused(&mut self, to: AccountIndex, value: Units) {
        let (from, origin) = (self.own(), self.origin());
        self.push(FrameKind::Call, from, to, value, true);
        self.push(FrameKind::Call, to, origin, value, false);
        self.pop();
        self.pop();
    }

    /// Creates a contract, by number or by salt.
    pub fn create(&mut self, to: AccountIndex, by_salt: bool, run: impl FnOnce(&mut Self)) {
        let from = self.own();
        let kind = if by_salt { FrameKind::Create2 } else { FrameKind::Create };
        self.push(kind, from, to, 0, false);
        run(self);
        self.pop();
    }

    /// Writes a log.
    pub fn log(&mut self, topics: &[B256], data: &[[u8; 32]]) {
        let Some(open) = self.open.last() else { return };
        let address = self.world.accounts[self.planned.frames[open.frame].to].address;
        let log = Log { address, topics: topics.to_vec(), data: data.concat().into() };
        self.planned.logs.push(PlacedLog { frame: open.frame, calls_before: open.calls, log });
    }

    /// Returns the position of the next log.
    pub fn next_log(&self) -> Position {
        let before = u32::try_from(self.planned.logs.len()).unwrap_or(u32::MAX);
        Position::Log(self.world.chains[self.chain].logs.saturating_add(before), 0)
    }

    /// Books a movement.
    pub fn shift(
        &mut self,
        asset: Asset,
        from: Option<AccountIndex>,
        to: Option<AccountIndex>,
        amount: Units,
        kind: TransferKind,
        position: Position,
    ) {
        let booked = Move { asset, from, to, amount, kind, position };
        book(&mut self.world.chains[self.chain], &mut self.planned.moves, booked);
    }
}

/// Returns a word that is different for every text and numbers.
pub(crate) fn mark(text: &str, numbers: &[u64]) -> B256 {
    let numbers: Vec<u8> = numbers.iter().flat_map(|n| n.to_be_bytes()).collect();
    keccak256([text.as_bytes(), &numbers].concat())
}
