//! The actors and what they do, block after block.

use crate::build::{Built, Key, Lock, Pay, Utxo, build, build_coinbase};
use crate::random::Random;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// Category or abuse of the INTERPOL taxonomy, as TagPacks name it.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// Whether inputs of several owners are mixed into equal outputs.
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
    /// In words, when the size is out of range.
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
        let mut add = |kind: OwnerKind, n: u32, random: &mut Random| {
            let first = owners.len() as u32;
            for _ in 0..n {
                let habits = habits(kind, random);
                let home = random.below(exchanges as u64) as u32;
                owners.push(Owner { kind, habits, next_key: 1, coins: Vec::new(), home, deposit_key: 0 });
            }
            (first, first + n)
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
            prev: Network::Regtest.genesis_hash(),
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

    /// Number of owners.
    pub fn owner_count(&self) -> u32 {
        self.owners.len() as u32
    }

    /// What an owner is.
    pub fn owner_kind(&self, owner: u32) -> OwnerKind {
        self.owners[owner as usize].kind
    }

    /// An owner's name.
    pub fn owner_name(&self, owner: u32) -> String {
        format!("sim-{}-{owner}", self.owner_kind(owner).concept().replace('_', "-"))
    }

    /// The address behind an owner's key number, which must have been used. Key 1 of a service is its first.
    pub fn owner_address(&self, owner: u32, index: u32) -> AddressKey {
        let lock = self.owners[owner as usize].habits.lock;
        Key::new(owner, index, lock, self.options.seed).address
    }

    /// Transactions made so far.
    pub fn made(&self) -> u64 {
        self.made
    }

    /// The next block; `None` when all transactions are made.
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
        self.time += 540 + self.random.below(120) as u32;
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
        let theirs = self.owners[payee as usize].coins.pop().expect("caller checked");
        let Some(ours) = self.owners[user as usize].coins.pop() else {
            self.owners[payee as usize].coins.push(theirs);
            return;
        };
        let fee = 2_000;
        let amount = (ours.value / 3).max(DUST);
        if ours.value < amount + fee + DUST {
            self.owners[user as usize].coins.push(ours);
            self.owners[payee as usize].coins.push(theirs);
            return;
        }
        let change = ours.value - amount - fee;
        let to = self.receive_key(payee);
        let back = self.fresh_key(user);
        let mut outputs = vec![Pay::Key(to, theirs.value + amount), Pay::Key(back, change)];
        let swap = self.random.permille(500);
        if swap {
            outputs.swap(0, 1);
        }
        self.push_tx(user, vec![ours, theirs], outputs, Some(if swap { 0 } else { 1 }), TxKind::Payjoin);
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
        let exchange =
            must.map_or_else(|| self.random.below(self.exchanges as u64) as u32, |u| self.owners[u as usize].home);
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
        let exchange = self.random.below(self.exchanges as u64) as u32;
        self.sweep_of(exchange);
    }

    fn sweep_of(&mut self, exchange: u32) {
        let deposits = &mut self.deposits[exchange as usize];
        if deposits.is_empty() {
            return;
        }
        let n = deposits.len().min(1 + self.random.below(24) as usize);
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

    fn mix_in(&mut self) {
        let user = self.draw(self.users);
        if self.owners[user as usize].coins.is_empty() {
            return;
        }
        let amount = self.payment_amount(user);
        let mixer = self.draw(self.mixers);
        let key = self.fresh_key(mixer);
        if self.spend(user, vec![Pay::Key(key, amount)], TxKind::MixerIn) {
            self.mixer_queue.push_back((user, amount - amount / 50));
        }
    }

    fn mix_out(&mut self) {
        if self.mixer_queue.len() < 5 {
            return;
        }
        let (user, amount) = self.mixer_queue.pop_front().expect("length checked");
        let mixer = self.draw(self.mixers);
        let first = amount / 3 + self.random.below(amount / 3);
        for part in [first, amount - first] {
            if part > DUST {
                let key = self.fresh_key(user);
                self.spend(mixer, vec![Pay::Key(key, part)], TxKind::MixerOut);
            }
        }
    }

    fn ransom(&mut self) {
        let gang = self.draw_kind(OwnerKind::Ransomware);
        let victim = self.draw(self.users);
        let amount = self.random.between(COIN / 4, 2 * COIN) / 100_000 * 100_000;
        let have: u64 = self.owners[victim as usize].coins.iter().map(|c| c.value).sum();
        if have < amount + 50_000 {
            // The victim buys at the exchange first.
            let key = self.receive_key(victim);
            let home = self.owners[victim as usize].home;
            if !self.spend(home, vec![Pay::Key(key, amount + 200_000)], TxKind::Withdrawal) {
                return;
            }
        }
        let key = self.fresh_key(gang);
        self.spend(victim, vec![Pay::Key(key, amount)], TxKind::Ransom);
    }

    fn collect_ransoms(&mut self) {
        let gang = self.draw_kind(OwnerKind::Ransomware);
        if self.owners[gang as usize].coins.len() < 3 {
            return;
        }
        let coins = std::mem::take(&mut self.owners[gang as usize].coins);
        let key = self.fresh_key(gang);
        if let Some(txid) = self.send_all(gang, coins, key, TxKind::RansomCollect) {
            self.start_peel(gang, txid);
        }
    }

    /// Moves the coin that `txid` just gave the owner into a peel chain.
    fn start_peel(&mut self, owner: u32, txid: Hash32) {
        let coins = &mut self.owners[owner as usize].coins;
        if let Some(at) = coins.iter().rposition(|c| c.txid == txid) {
            let coin = coins.swap_remove(at);
            let hops = self.random.between(8, 40) as u32;
            self.peels.push_back(Peel { owner, coin, hops });
        }
    }

    fn peel_on(&mut self) {
        let Some(Peel { owner, coin, hops }) = self.peels.pop_front() else { return };
        let fee = 3_000;
        let slice = coin.value / self.random.between(8, 25);
        if hops == 0 || slice < 10 * DUST || coin.value < slice + fee + DUST {
            self.owners[owner as usize].coins.push(coin);
            return;
        }
        // Most slices go to deposit addresses, some to a mixer.
        let to = if self.random.permille(800) {
            self.deposit_key(owner)
        } else {
            let mixer = self.draw(self.mixers);
            self.fresh_key(mixer)
        };
        let rest = self.fresh_key(owner);
        let mut outputs = vec![Pay::Key(to, slice), Pay::Key(rest, coin.value - slice - fee)];
        let swap = self.random.permille(500);
        if swap {
            outputs.swap(0, 1);
        }
        let txid = self.push_tx(owner, vec![coin], outputs, Some(if swap { 0 } else { 1 }), TxKind::Peel);
        let coins = &mut self.owners[owner as usize].coins;
        if let Some(at) = coins.iter().rposition(|c| c.txid == txid) {
            let coin = coins.swap_remove(at);
            self.peels.push_back(Peel { owner, coin, hops: hops - 1 });
        }
    }

    fn hack(&mut self) {
        let hacker = self.draw_kind(OwnerKind::Hacker);
        let exchange = self.random.below(self.exchanges as u64) as u32;
        let have = self.owners[exchange as usize].coins.len();
        if have < 30 {
            return;
        }
        let coins = self.owners[exchange as usize].coins.split_off(have - 3);
        let total: u64 = coins.iter().map(|c| c.value).sum();
        let fee = 20_000;
        if total < 20 * DUST + fee {
            self.owners[exchange as usize].coins.extend(coins);
            return;
        }
        let n = 4;
        let part = (total - fee) / n;
        let outputs = (0..n).map(|_| Pay::Key(self.fresh_key(hacker), part)).collect();
        let txid = self.push_tx(exchange, coins, outputs, None, TxKind::Hack);
        for _ in 0..n {
            self.start_peel(hacker, txid);
        }
    }

    fn coinjoin(&mut self, target: u64) {
        let small = target < 100;
        let (few, many) = (self.random.between(10, 60) as usize, self.random.between(20, 80) as usize);
        match self.random.below(4) {
            0 => self.wasabi1(if small { 8 } else { few }),
            1 => self.wasabi2(if small { 12 } else { many }),
            2 => self.whirlpool(),
            _ => self.joinmarket(),
        }
    }

    /// `n` users with one coin each of at least `least`.
    fn participants(&mut self, n: usize, least: u64) -> Vec<(u32, Utxo)> {
        let mut out: Vec<(u32, Utxo)> = Vec::new();
        for _ in 0..n * 12 {
            if out.len() == n {
                break;
            }
            let user = self.draw(self.users);
            if out.iter().any(|(u, _)| *u == user) {
                continue;
            }
            let coins = &mut self.owners[user as usize].coins;
            if let Some(at) = coins.iter().position(|c| c.value >= least) {
                out.push((user, coins.swap_remove(at)));
            }
        }
        out
    }

    fn give_back(&mut self, participants: Vec<(u32, Utxo)>) {
        for (user, coin) in participants {
            self.owners[user as usize].coins.push(coin);
        }
    }

    /// A key for coinjoin outputs: native segwit, whatever the wallet otherwise uses.
    fn mixed_key(&mut self, owner: u32, lock: Lock) -> Key {
        let wallet = &mut self.owners[owner as usize];
        wallet.next_key += 1;
        Key::new(owner, wallet.next_key, lock, self.options.seed)
    }

    /// Wasabi 1: equal outputs of about 0.1 BTC, change for each, and a coordinator fee output.
    fn wasabi1(&mut self, n: usize) {
        let denomination = COIN / 10 + self.random.below(100_000);
        let participants = self.participants(n, denomination + 60_000);
        if participants.len() < 5 {
            return self.give_back(participants);
        }
        let coordinator = self.coordinators.0;
        let mut outputs = Vec::new();
        let mut fee_pot = 0;
        let mut coins = Vec::new();
        for (user, coin) in participants {
            let fee = 3_000;
            let coordinator_fee = 3_000;
            let key = self.mixed_key(user, Lock::P2wpkh);
            outputs.push(Pay::Key(key, denomination));
            let rest = coin.value - denomination - fee - coordinator_fee;
            fee_pot += coordinator_fee;
            let key = self.mixed_key(user, Lock::P2wpkh);
            outputs.push(Pay::Key(key, rest));
            coins.push(coin);
        }
        let key = self.hot_key(coordinator);
        outputs.push(Pay::Key(key, fee_pot));
        self.random.shuffle(&mut outputs);
        self.push_tx(coordinator, coins, outputs, None, TxKind::CoinjoinWasabi1);
    }

    /// Wasabi 2 (WabiSabi): every participant's coin is split into standard denominations.
    fn wasabi2(&mut self, n: usize) {
        let participants = self.participants(n, 3_000_000);
        if participants.len() < 8 {
            return self.give_back(participants);
        }
        let mut outputs = Vec::new();
        let mut coins = Vec::new();
        for (user, coin) in participants {
            let mut left = coin.value - 4_000;
            for _ in 0..4 {
                let Some(denomination) = DENOMINATIONS.iter().rev().find(|d| **d + 2_000 <= left) else { break };
                let lock = if self.random.permille(500) { Lock::P2tr } else { Lock::P2wpkh };
                let key = self.mixed_key(user, lock);
                outputs.push(Pay::Key(key, *denomination));
                left -= denomination;
            }
            if left > 20_000 {
                let key = self.mixed_key(user, Lock::P2tr);
                outputs.push(Pay::Key(key, left));
            }
            coins.push(coin);
        }
        // Sorted by amount, as WabiSabi rounds are.
        outputs.sort_by_key(|o| std::cmp::Reverse(o.value()));
        self.push_tx(self.coordinators.0 + 1, coins, outputs, None, TxKind::CoinjoinWasabi2);
    }

    /// Whirlpool: five inputs, five equal outputs.
    fn whirlpool(&mut self) {
        let pool = *self.random.pick(&[100_000u64, 1_000_000, 5_000_000]);
        let participants = self.participants(5, pool + 100_000);
        if participants.len() < 5 {
            return self.give_back(participants);
        }
        // Each first makes a coin of just the pool's size (TX0), with change.
        let mut coins = Vec::new();
        for (user, coin) in participants {
            self.owners[user as usize].coins.push(coin);
            let key = self.mixed_key(user, Lock::P2wpkh);
            let amount = pool + 400 + self.random.below(200);
            if !self.spend(user, vec![Pay::Key(key, amount)], TxKind::Payment) {
                continue;
            }
            let own = &mut self.owners[user as usize].coins;
            if let Some(at) = own.iter().rposition(|c| c.value == amount) {
                coins.push((user, own.swap_remove(at)));
            }
        }
        if coins.len() < 5 {
            return self.give_back(coins);
        }
        let mut outputs: Vec<Pay> =
            coins.iter().map(|(user, _)| Pay::Key(self.mixed_key(*user, Lock::P2wpkh), pool)).collect();
        self.random.shuffle(&mut outputs);
        let coins = coins.into_iter().map(|(_, c)| c).collect();
        self.push_tx(self.coordinators.0 + 2, coins, outputs, None, TxKind::CoinjoinWhirlpool);
    }

    /// JoinMarket: a taker and some makers, equal outputs, change for each.
    fn joinmarket(&mut self) {
        let n = self.random.between(3, 9) as usize;
        let amount = self.random.amount(COIN / 100, COIN / 3);
        let participants = self.participants(n, amount + 60_000);
        if participants.len() < 3 {
            return self.give_back(participants);
        }
        let mut outputs = Vec::new();
        let mut coins = Vec::new();
        for (i, (user, coin)) in participants.into_iter().enumerate() {
            // The taker pays the fee; makers earn a little.
            let key = self.mixed_key(user, Lock::P2wpkh);
            outputs.push(Pay::Key(key, amount));
            let rest = if i == 0 { coin.value - amount - 30_000 } else { coin.value - amount + 500 };
            let key = self.mixed_key(user, Lock::P2wpkh);
            outputs.push(Pay::Key(key, rest));
            coins.push(coin);
        }
        self.random.shuffle(&mut outputs);
        self.push_tx(self.coordinators.0, coins, outputs, None, TxKind::CoinjoinJoinmarket);
    }

    // ---- wallets ----

    fn draw(&mut self, range: (u32, u32)) -> u32 {
        range.0 + self.random.below((range.1 - range.0) as u64) as u32
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

    /// The address that an exchange gave a customer: owned by the exchange.
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
            let at = self.random.below(outputs.len() as u64 + 1) as usize;
            outputs.insert(at, Pay::Key(key, rest));
            change = Some(at as u32);
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
            true if self.random.permille(100) => self.height.saturating_sub(1 + self.random.below(20) as u32),
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
        for (vout, output) in outputs.iter().enumerate() {
            let Pay::Key(key, value) = output else { continue };
            let coin =
                Utxo { txid: built.txid, vout: vout as u32, value: *value, key: *key, height: self.height, coinbase };
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

fn habits(kind: OwnerKind, random: &mut Random) -> Habits {
    let base = Habits {
        lock: Lock::P2wpkh,
        locktime: false,
        rbf: false,
        reuse_change: false,
        reuse_receive: false,
        fixed_fee: None,
        tidy: false,
        version: 2,
    };
    match kind {
        OwnerKind::Exchange => Habits {
            lock: *random.pick(&[Lock::Multisig, Lock::P2wpkh, Lock::Nested, Lock::P2pkh]),
            reuse_change: random.permille(600),
            ..base
        },
        OwnerKind::Merchant => Habits { lock: *random.pick(&[Lock::P2wpkh, Lock::Nested, Lock::P2pkh]), ..base },
        OwnerKind::Miner => Habits { lock: Lock::P2pkh, reuse_change: true, reuse_receive: true, version: 1, ..base },
        OwnerKind::Mixer => Habits { lock: Lock::P2pkh, version: 1, ..base },
        OwnerKind::CoinjoinCoordinator => Habits { reuse_receive: true, version: 1, ..base },
        OwnerKind::Ransomware | OwnerKind::Hacker => {
            Habits { lock: *random.pick(&[Lock::P2pkh, Lock::P2wpkh]), ..base }
        }
        OwnerKind::User => match random.below(10) {
            // Bitcoin Core, Electrum, mobile wallets, old wallets that reuse addresses, taproot wallets.
            0..3 => Habits { locktime: true, rbf: true, ..base },
            3..5 => Habits { locktime: true, rbf: true, lock: Lock::Nested, ..base },
            5..7 => Habits {
                lock: Lock::P2pkh,
                version: 1,
                fixed_fee: Some(10 + random.below(4) * 10),
                reuse_change: random.permille(400),
                ..base
            },
            7..9 if random.permille(900) => {
                Habits { lock: Lock::P2pkh, reuse_change: true, reuse_receive: true, version: 1, ..base }
            }
            7..9 => Habits { lock: Lock::P2tr, rbf: true, ..base },
            _ => Habits { tidy: true, ..base },
        },
    }
}

/// Wasabi 2's standard denominations between 10,000 and 1 billion base units: powers of 2 and 3, doubled powers of 3, and
/// 1, 2 and 5 times powers of ten (WalletWasabi, `DenominationBuilder`).
pub const DENOMINATIONS: [u64; 52] = denominations();

const fn denominations() -> [u64; 52] {
    let mut all = [0u64; 52];
    let mut n = 0;
    let (mut p2, mut p3, mut p10) = (16_384u64, 19_683u64, 10_000u64);
    while p2 <= 1_000_000_000 {
        all[n] = p2;
        n += 1;
        p2 *= 2;
    }
    while p3 <= 1_000_000_000 {
        all[n] = p3;
        n += 1;
        if p3 * 2 <= 1_000_000_000 {
            all[n] = p3 * 2;
            n += 1;
        }
        p3 *= 3;
    }
    while p10 <= 1_000_000_000 {
        all[n] = p10;
        n += 1;
        if p10 * 5 <= 1_000_000_000 {
            all[n] = p10 * 2;
            all[n + 1] = p10 * 5;
            n += 2;
        }
        p10 *= 10;
    }
    assert!(n == 52);
    // Sort (insertion) so that the largest fitting one is found from the back.
    let mut i = 1;
    while i < 52 {
        let mut j = i;
        while j > 0 && all[j - 1] > all[j] {
            let t = all[j];
            all[j] = all[j - 1];
            all[j - 1] = t;
            j -= 1;
        }
        i += 1;
    }
    all
}
