//! The actors and what they do, block after block.

mod coinjoin;
mod crime;
mod habits;

use crate::build::{Built, Key, Lock, Pay, Utxo, build, build_coinbase};
use crate::random::Random;
use habits::habits;
use holdfast_bitcoin::hash::{merkle_root, sha256d};
use holdfast_bitcoin::read::write_compact;
use holdfast_bitcoin::{AddressKey, Hash32, Header, Network};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

const COIN: u64 = 100_000_000;
/// Outputs below this are not made.
const DUST: u64 = 1_000;

/// What to simulate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Same seed and size, same bytes.
    pub seed: u64,
    /// Transactions to make, coinbases included: 1,000 to 50 million.
    pub txs: u64,
}

/// Smallest simulation.
pub const MIN_TXS: u64 = 1_000;
/// Largest simulation.
pub const MAX_TXS: u64 = 50_000_000;

/// What kind of actor owns addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[allow(missing_docs)]
pub enum OwnerKind {
    Exchange,
    Merchant,
    Miner,
    Mixer,
    CoinjoinCoordinator,
    Ransomware,
    Hacker,
    User,
}

impl OwnerKind {
    /// Returns the category or abuse of the INTERPOL taxonomy, as TagPacks name it.
    pub fn concept(self) -> &'static str {
        match self {
            OwnerKind::Exchange => "exchange",
            OwnerKind::Merchant => "service",
            OwnerKind::Miner => "miner",
            OwnerKind::Mixer => "mixing_service",
            OwnerKind::CoinjoinCoordinator => "coinjoin",
            OwnerKind::Ransomware => "ransomware",
            OwnerKind::Hacker => "service_hack",
            OwnerKind::User => "user",
        }
    }
}

/// What a transaction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[allow(missing_docs)]
pub enum TxKind {
    Coinbase,
    Payment,
    Payjoin,
    Deposit,
    Withdrawal,
    Sweep,
    Consolidation,
    Payout,
    CoinjoinWasabi1,
    CoinjoinWasabi2,
    CoinjoinWhirlpool,
    CoinjoinJoinmarket,
    MixerIn,
    MixerOut,
    Ransom,
    RansomCollect,
    Peel,
    Hack,
}

impl TxKind {
    /// Returns whether inputs of several owners are mixed into equal outputs.
    pub fn is_coinjoin(self) -> bool {
        use TxKind::*;
        matches!(self, CoinjoinWasabi1 | CoinjoinWasabi2 | CoinjoinWhirlpool | CoinjoinJoinmarket)
    }
}

/// The truth about one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxTruth {
    /// Its id.
    pub txid: Hash32,
    /// What it does.
    pub kind: TxKind,
    /// The output that returns the rest to the sender; `None` without change.
    pub change: Option<u32>,
    /// Owner of each output; `None` for data.
    pub owners: Vec<Option<u32>>,
    /// Address of each output; `None` for data.
    pub addresses: Vec<Option<AddressKey>>,
}

/// A finished block.
#[derive(Clone, Debug)]
pub struct SimBlock {
    /// Height; the first is 1, on regtest's genesis.
    pub height: u32,
    /// Raw bytes.
    pub bytes: Vec<u8>,
    /// Previous block's hash.
    pub prev: Hash32,
    /// What the inputs of each transaction but the coinbase spend: height, coinbase, base units, script.
    pub spent: Vec<Vec<SpentCoin>>,
    /// The truth about its transactions, in order.
    pub truth: Vec<TxTruth>,
}

/// A spent output, as undo data records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpentCoin {
    /// Height of the funding block.
    pub height: u32,
    /// Whether a coinbase made it.
    pub coinbase: bool,
    /// Base units.
    pub value: u64,
    /// Whom it paid.
    pub address: AddressKey,
}

/// How a wallet behaves.
#[derive(Clone, Copy, Debug)]
struct Habits {
    lock: Lock,
    /// Sets nLockTime to the height against fee sniping.
    locktime: bool,
    rbf: bool,
    /// Change goes back to an input's address.
    reuse_change: bool,
    /// Receives at one address again and again.
    reuse_receive: bool,
    /// A fee rate that never changes, in base units per virtual byte.
    fixed_fee: Option<u64>,
    /// Adds coins that are not needed, to tidy up.
    tidy: bool,
    /// Transaction version.
    version: u32,
}

#[derive(Debug)]
struct Owner {
    kind: OwnerKind,
    habits: Habits,
    next_key: u32,
    coins: Vec<Utxo>,
    /// Exchange customers: home exchange and the key of the deposit address there (0 while none).
    home: u32,
    deposit_key: u32,
}

#[derive(Debug)]
struct Peel {
    owner: u32,
    coin: Utxo,
    hops: u32,
}

/// The economy: call [`Economy::next_block`] until it gives none.
#[derive(Debug)]
pub struct Economy {
    options: Options,
    random: Random,
    owners: Vec<Owner>,
    exchanges: u32,
    merchants: (u32, u32),
    miners: (u32, u32),
    mixers: (u32, u32),
    coordinators: (u32, u32),
    criminals: (u32, u32),
    users: (u32, u32),
    /// Per exchange: coins at deposit addresses, not swept yet.
    deposits: Vec<VecDeque<Utxo>>,
    mixer_queue: VecDeque<(u32, u64)>,
    peels: VecDeque<Peel>,
    height: u32,
    prev: Hash32,
    made: u64,
    block_txs: u64,
    time: u32,
    // The block being made.
    txs: Vec<Built>,
    spent: Vec<Vec<SpentCoin>>,
    truth: Vec<TxTruth>,
    fees: u64,
    funded: Vec<(u32, Utxo, bool)>,
}

impl Economy {
    /// Sets the scene.
    ///
    /// # Errors
    /// A message, when the size is out of range.
    pub fn new(options: Options) -> Result<Self, String> {
        if !(MIN_TXS..=MAX_TXS).contains(&options.txs) {
            return Err(format!("cannot simulate {} transactions; choose {MIN_TXS} to {MAX_TXS}", options.txs));
        }
        let mut random = Random::new(options.seed);
        let scale = options.txs;
        let exchanges = (scale / 20_000).clamp(3, 12) as u32;
        let merchants = (scale / 2_000).clamp(10, 2_000) as u32;
        let miners = 6;
        let mixers = 2;
        let coordinators = 3;
        let criminals = (scale / 20_000).clamp(3, 60) as u32;
        let users = (scale / 25).clamp(100, 400_000) as u32;
        let mut owners = Vec::new();
        let mut count = 0;
        let mut add = |kind: OwnerKind, n: u32, random: &mut Random| {
            let first = count;
            for _ in 0..n {
                let habits = habits(kind, random);
                let home = random.below_u32(exchanges);
                owners.push(Owner { kind, habits, next_key: 1, coins: Vec::new(), home, deposit_key: 0 });
            }
            count += n;
            (first, count)
        };
        let (_, exchanges) = add(OwnerKind::Exchange, exchanges, &mut random);
        let merchants = add(OwnerKind::Merchant, merchants, &mut random);
        let miners = add(OwnerKind::Miner, miners, &mut random);
        let mixers = add(OwnerKind::Mixer, mixers, &mut random);
        let coordinators = add(OwnerKind::CoinjoinCoordinator, coordinators, &mut random);
        let ransomware = add(OwnerKind::Ransomware, criminals.div_ceil(2), &mut random);
        let hackers = add(OwnerKind::Hacker, criminals / 2, &mut random);
        let users = add(OwnerKind::User, users, &mut random);
        Ok(Economy {
            options,
            random,
            owners,
            exchanges,
            merchants,
            miners,
            mixers,
            coordinators,
            criminals: (ransomware.0, hackers.1),
            users,
            deposits: (0..exchanges).map(|_| VecDeque::new()).collect(),
            mixer_queue: VecDeque::new(),
            peels: VecDeque::new(),
            height: 0,
            prev: Network::Regtest.genesis_hash().to_bytes(),
            made: 0,
            block_txs: (scale / 60).clamp(20, 2_500),
            time: 1_300_000_000,
            txs: Vec::new(),
            spent: Vec::new(),
            truth: Vec::new(),
            fees: 0,
            funded: Vec::new(),
        })
    }

    /// Returns the number of owners.
    pub fn owner_count(&self) -> u32 {
        self.users.1 // the last kind
    }

    /// Returns what an owner is.
    pub fn owner_kind(&self, owner: u32) -> OwnerKind {
        self.owners[owner as usize].kind
    }

    /// Returns an owner's name.
    pub fn owner_name(&self, owner: u32) -> String {
        format!("sim-{}-{owner}", self.owner_kind(owner).concept().replace('_', "-"))
    }

    /// Returns the address behind an owner's key number, which must have been used. Key 1 of a service is its first.
    pub fn owner_address(&self, owner: u32, index: u32) -> AddressKey {
        let lock = self.owners[owner as usize].habits.lock;
        Key::new(owner, index, lock, self.options.seed).address
    }

    /// Returns the number of transactions made so far.
    pub fn made(&self) -> u64 {
        self.made
    }

    /// Returns the next block; `None` when all transactions are made.
    pub fn next_block(&mut self) -> Option<SimBlock> {
        if self.made >= self.options.txs {
            return None;
        }
        self.height += 1;
        let target = self.block_txs.min(self.options.txs - self.made);
        // The coinbase is one of them.
        let mut idle = 0;
        while (self.txs.len() as u64) + 1 < target && idle < 1_000 {
            let before = self.txs.len();
            if self.height > 2 {
                self.act(target);
            } else {
                break;
            }
            idle = if self.txs.len() == before { idle + 1 } else { 0 };
        }
        Some(self.close_block())
    }

    fn close_block(&mut self) -> SimBlock {
        let miner = self.draw(self.miners);
        let subsidy = 50 * COIN;
        let mut outputs = vec![];
        if self.height <= 2 {
            // Bootstrap: exchanges start with customers' coins.
            for exchange in 0..self.exchanges {
                for _ in 0..20 {
                    let key = self.fresh_key(exchange);
                    outputs.push(Pay::Key(key, 1_000 * COIN));
                }
            }
        }
        let key = self.receive_key(miner);
        outputs.push(Pay::Key(key, subsidy + self.fees));
        let coinbase = build_coinbase(self.height, &outputs);
        let truth = self.note(&coinbase, TxKind::Coinbase, None, &outputs);
        self.fund(&coinbase, &outputs, true);
        let mut txids = vec![coinbase.txid];
        txids.extend(self.txs.iter().map(|t| t.txid));
        self.time += 540 + self.random.below_u32(120);
        let mut header = [0u8; 80];
        header[..4].copy_from_slice(&0x2000_0000u32.to_le_bytes());
        header[4..36].copy_from_slice(&self.prev);
        header[36..68].copy_from_slice(&merkle_root(&txids));
        header[68..72].copy_from_slice(&self.time.to_le_bytes());
        header[72..76].copy_from_slice(&0x207f_ffffu32.to_le_bytes());
        let mut nonce = 0u32;
        loop {
            header[76..].copy_from_slice(&nonce.to_le_bytes());
            if Header(header).has_proof_of_work(Network::Regtest) {
                break;
            }
            nonce += 1;
        }
        let mut bytes = Vec::with_capacity(100 + self.txs.iter().map(|t| t.bytes.len()).sum::<usize>());
        bytes.extend_from_slice(&header);
        write_compact(&mut bytes, txids.len() as u64);
        bytes.extend_from_slice(&coinbase.bytes);
        for tx in self.txs.drain(..) {
            bytes.extend_from_slice(&tx.bytes);
        }
        let prev = std::mem::replace(&mut self.prev, sha256d(&header));
        let mut all_truth = vec![truth];
        all_truth.append(&mut self.truth);
        self.made += txids.len() as u64;
        self.fees = 0;
        // Coins of this block's coinbase become spendable now; others did as they were made.
        for (owner, coin, deposit) in std::mem::take(&mut self.funded) {
            self.give(owner, coin, deposit);
        }
        SimBlock { height: self.height, bytes, prev, spent: std::mem::take(&mut self.spent), truth: all_truth }
    }

    // ---- actions ----

    fn act(&mut self, target: u64) {
        match self.random.below(1000) {
            0..570 => self.pay(),
            570..680 => self.deposit(),
            680..780 => self.withdraw(None),
            780..840 => self.sweep(),
            840..870 => self.merchant_cash_out(),
            870..885 => self.miner_payout(),
            885..890 => self.coinjoin(target),
            890..930 => self.mix_in(),
            930..950 => self.mix_out(),
            950..975 => self.peel_on(),
            975..992 => self.ransom(),
            992..994 => self.collect_ransoms(),
            994..995 => self.hack(),
            _ => self.consolidate(),
        }
    }

    fn pay(&mut self) {
        let user = self.draw(self.users);
        if self.owners[user as usize].coins.is_empty() {
            return self.withdraw(Some(user));
        }
        let payee = if self.random.permille(650) { self.draw(self.merchants) } else { self.draw(self.users) };
        if payee == user {
            return;
        }
        if self.random.permille(3) && !self.owners[payee as usize].coins.is_empty() {
            return self.payjoin(user, payee);
        }
        let amount = self.payment_amount(user);
        let key = self.receive_key(payee);
        self.spend(user, vec![Pay::Key(key, amount)], TxKind::Payment);
    }

    /// A payment where the payee adds an input of its own (BIP 78): the known blind spot of co-spending.
    fn payjoin(&mut self, user: u32, payee: u32) {
        let payees = self.owners[payee as usize].coins.pop().expect("caller checked");
        let Some(payers) = self.owners[user as usize].coins.pop() else {
            self.owners[payee as usize].coins.push(payees);
            return;
        };
        let fee = 2_000;
        let amount = (payers.value / 3).max(DUST);
        if payers.value < amount + fee + DUST {
            self.owners[user as usize].coins.push(payers);
            self.owners[payee as usize].coins.push(payees);
            return;
        }
        let change = payers.value - amount - fee;
        let to = self.receive_key(payee);
        let back = self.fresh_key(user);
        let mut outputs = vec![Pay::Key(to, payees.value + amount), Pay::Key(back, change)];
        let swap = self.random.permille(500);
        if swap {
            outputs.swap(0, 1);
        }
        self.push_tx(user, vec![payers, payees], outputs, Some(if swap { 0 } else { 1 }), TxKind::Payjoin);
    }

    fn deposit(&mut self) {
        let customer = if self.random.permille(800) { self.draw(self.users) } else { self.draw(self.merchants) };
        if self.owners[customer as usize].coins.is_empty() {
            return;
        }
        let amount = self.payment_amount(customer);
        let key = self.deposit_key(customer);
        self.spend(customer, vec![Pay::Key(key, amount)], TxKind::Deposit);
    }

    fn withdraw(&mut self, must: Option<u32>) {
        let exchange = must.map_or_else(|| self.random.below_u32(self.exchanges), |u| self.owners[u as usize].home);
        let n = if self.random.permille(750) { 1 } else { self.random.between(2, 6) };
        let mut outputs = Vec::new();
        for i in 0..n {
            let user = if i == 0 { must.unwrap_or_else(|| self.draw(self.users)) } else { self.draw(self.users) };
            let amount = if self.random.permille(250) {
                self.random.between(1, 40) * COIN / 20
            } else {
                self.random.amount(COIN / 200, COIN)
            };
            let key = self.receive_key(user);
            outputs.push(Pay::Key(key, amount));
        }
        if !self.spend(exchange, outputs, TxKind::Withdrawal) {
            self.sweep_of(exchange);
        }
    }

    fn sweep(&mut self) {
        let exchange = self.random.below_u32(self.exchanges);
        self.sweep_of(exchange);
    }

    fn sweep_of(&mut self, exchange: u32) {
        let deposits = &mut self.deposits[exchange as usize];
        if deposits.is_empty() {
            return;
        }
        let n = deposits.len().min(1 + self.random.index(24));
        let coins: Vec<Utxo> = deposits.drain(..n).collect();
        let key = if self.random.permille(700) { self.hot_key(exchange) } else { self.fresh_key(exchange) };
        self.send_all(exchange, coins, key, TxKind::Sweep);
    }

    fn consolidate(&mut self) {
        let user = self.draw(self.users);
        if self.owners[user as usize].coins.len() < 4 {
            return;
        }
        let coins = std::mem::take(&mut self.owners[user as usize].coins);
        let key = self.fresh_key(user);
        self.send_all(user, coins, key, TxKind::Consolidation);
    }

    fn merchant_cash_out(&mut self) {
        let merchant = self.draw(self.merchants);
        let have = self.owners[merchant as usize].coins.len();
        if have < 3 {
            return;
        }
        let n = have.min(60);
        let coins = self.owners[merchant as usize].coins.split_off(have - n);
        let key = self.deposit_key(merchant);
        self.send_all(merchant, coins, key, TxKind::Deposit);
    }

    fn miner_payout(&mut self) {
        let pool = self.draw(self.miners);
        let mut outputs = Vec::new();
        for _ in 0..self.random.between(4, 16) {
            let user = self.draw(self.users);
            let amount = self.random.amount(COIN / 100, COIN);
            let key = self.receive_key(user);
            outputs.push(Pay::Key(key, amount));
        }
        self.spend(pool, outputs, TxKind::Payout);
    }

    fn draw(&mut self, range: (u32, u32)) -> u32 {
        range.0 + self.random.below_u32(range.1 - range.0)
    }

    fn draw_kind(&mut self, kind: OwnerKind) -> u32 {
        loop {
            let criminal = self.draw(self.criminals);
            if self.owners[criminal as usize].kind == kind {
                return criminal;
            }
        }
    }

    fn payment_amount(&mut self, from: u32) -> u64 {
        let have: u64 = self.owners[from as usize].coins.iter().take(4).map(|c| c.value).sum();
        let most = (have * 7 / 10).max(20 * DUST);
        match self.random.below(10) {
            0..3 => {
                // People like round amounts.
                let unit = *self.random.pick(&[COIN / 100, COIN / 10, COIN / 1000]);
                (most / unit).clamp(1, 20).min(1 + self.random.below(20)) * unit
            }
            3..8 => self.random.amount(COIN / 2_000, COIN / 2).min(most),
            _ => most / (1 + self.random.below(4)),
        }
        .max(20 * DUST)
    }

    fn fresh_key(&mut self, owner: u32) -> Key {
        let wallet = &mut self.owners[owner as usize];
        wallet.next_key += 1;
        Key::new(owner, wallet.next_key, wallet.habits.lock, self.options.seed)
    }

    fn hot_key(&mut self, owner: u32) -> Key {
        Key::new(owner, 1, self.owners[owner as usize].habits.lock, self.options.seed)
    }

    fn receive_key(&mut self, owner: u32) -> Key {
        let reuse = if self.owners[owner as usize].habits.reuse_receive { 950 } else { 650 };
        if self.random.permille(reuse) { self.hot_key(owner) } else { self.fresh_key(owner) }
    }

    /// Returns the address that an exchange gave a customer: owned by the exchange.
    fn deposit_key(&mut self, customer: u32) -> Key {
        let home = self.owners[customer as usize].home;
        if self.owners[customer as usize].deposit_key == 0 {
            self.owners[customer as usize].deposit_key = self.fresh_key(home).index;
        }
        let index = self.owners[customer as usize].deposit_key;
        Key::new(home, index, self.owners[home as usize].habits.lock, self.options.seed)
    }

    fn give(&mut self, owner: u32, coin: Utxo, deposit: bool) {
        if deposit {
            self.deposits[owner as usize].push_back(coin);
        } else {
            self.owners[owner as usize].coins.push(coin);
        }
    }

    /// Pays `outputs` from an owner's coins; the rest comes back as change. False when there is not enough.
    fn spend(&mut self, from: u32, mut outputs: Vec<Pay>, kind: TxKind) -> bool {
        let habits = self.owners[from as usize].habits;
        let amount: u64 = outputs.iter().map(Pay::value).sum();
        let rate = self.fee_rate(&habits);
        let mut size: u64 = 11 + habits.lock.output_size();
        for output in &outputs {
            size += if let Pay::Key(key, _) = output { key.lock.output_size() } else { 40 };
        }
        let wallet = &mut self.owners[from as usize];
        let mut picked: Vec<Utxo> = Vec::new();
        let mut total = 0u64;
        let most_inputs = if wallet.kind == OwnerKind::User { 20 } else { 120 };
        while total < amount + size * rate && picked.len() < most_inputs {
            // A coin that covers the rest alone when there is one, else any.
            let need = amount + size * rate - total;
            let window = wallet.coins.len().saturating_sub(64);
            let at = wallet.coins[window..].iter().position(|c| c.value > need + 300 * rate);
            let coin = match at {
                Some(at) => wallet.coins.swap_remove(window + at),
                None => match wallet.coins.pop() {
                    Some(coin) => coin,
                    None => break,
                },
            };
            size += coin.key.lock.input_vsize();
            total += coin.value;
            picked.push(coin);
        }
        if total < amount + size * rate {
            wallet.coins.extend(picked);
            return false;
        }
        if habits.tidy && wallet.coins.len() > 2 {
            // Tidying up adds coins that are not needed.
            for _ in 0..2 {
                let coin = wallet.coins.remove(0);
                size += coin.key.lock.input_vsize();
                total += coin.value;
                picked.push(coin);
            }
        }
        if total < amount + size * rate {
            self.owners[from as usize].coins.extend(picked);
            return false;
        }
        let rest = total - amount - size * rate;
        let mut change = None;
        if rest >= DUST {
            let key = if habits.reuse_change { picked[0].key } else { self.fresh_key(from) };
            let at = self.random.index(outputs.len() + 1);
            outputs.insert(at, Pay::Key(key, rest));
            change = Some(u32::try_from(at).expect("few outputs"));
        }
        self.push_tx(from, picked, outputs, change, kind);
        true
    }

    /// Sends all of `coins` to one key.
    fn send_all(&mut self, from: u32, coins: Vec<Utxo>, to: Key, kind: TxKind) -> Option<Hash32> {
        let habits = self.owners[from as usize].habits;
        let rate = self.fee_rate(&habits);
        let total: u64 = coins.iter().map(|c| c.value).sum();
        let size = 11 + to.lock.output_size() + coins.iter().map(|c| c.key.lock.input_vsize()).sum::<u64>();
        if total < size * rate + DUST {
            for coin in coins {
                let deposit = kind == TxKind::Sweep;
                self.give(from, coin, deposit);
            }
            return None;
        }
        let outputs = vec![Pay::Key(to, total - size * rate)];
        Some(self.push_tx(from, coins, outputs, None, kind))
    }

    fn fee_rate(&mut self, habits: &Habits) -> u64 {
        habits.fixed_fee.unwrap_or_else(|| self.random.between(2, 60))
    }

    /// Builds the transaction, records its truth, and gives its outputs to their owners.
    fn push_tx(
        &mut self,
        from: u32,
        mut coins: Vec<Utxo>,
        outputs: Vec<Pay>,
        change: Option<u32>,
        kind: TxKind,
    ) -> Hash32 {
        self.random.shuffle(&mut coins);
        let habits = self.owners[from as usize].habits;
        let locktime = match habits.locktime {
            // One in ten looks back a little (Bitcoin Core).
            true if self.random.permille(100) => self.height.saturating_sub(1 + self.random.below_u32(20)),
            true => self.height.saturating_sub(1),
            false => 0,
        };
        let seed = self.options.seed;
        let built = build(seed, &mut self.random, &coins, &outputs, locktime, habits.rbf, habits.version);
        let paid: u64 = coins.iter().map(|c| c.value).sum();
        let received: u64 = outputs.iter().map(Pay::value).sum();
        assert!(paid >= received, "{kind:?} pays out more than it takes in");
        self.fees += paid - received;
        self.spent.push(
            coins
                .iter()
                .map(|c| SpentCoin { height: c.height, coinbase: c.coinbase, value: c.value, address: c.key.address })
                .collect(),
        );
        let truth = self.note(&built, kind, change, &outputs);
        self.truth.push(truth);
        let txid = built.txid;
        self.fund(&built, &outputs, false);
        self.txs.push(built);
        txid
    }

    fn note(&self, built: &Built, kind: TxKind, change: Option<u32>, outputs: &[Pay]) -> TxTruth {
        let key = |o: &Pay| match o {
            Pay::Key(key, _) => Some(*key),
            Pay::Data(_) => None,
        };
        TxTruth {
            txid: built.txid,
            kind,
            change,
            owners: outputs.iter().map(|o| key(o).map(|k| k.owner)).collect(),
            addresses: outputs.iter().map(|o| key(o).map(|k| k.address)).collect(),
        }
    }

    fn fund(&mut self, built: &Built, outputs: &[Pay], coinbase: bool) {
        for (vout, output) in (0..).zip(outputs) {
            let Pay::Key(key, value) = output else { continue };
            let coin = Utxo { txid: built.txid, vout, value: *value, key: *key, height: self.height, coinbase };
            let is_deposit = self.owners[key.owner as usize].kind == OwnerKind::Exchange
                && key.index != 1
                && self
                    .truth
                    .last()
                    .is_some_and(|t| t.txid == built.txid && matches!(t.kind, TxKind::Deposit | TxKind::Peel));
            if coinbase {
                self.funded.push((key.owner, coin, false));
            } else {
                self.give(key.owner, coin, is_deposit);
            }
        }
    }
}
