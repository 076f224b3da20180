//! Coinjoins as four programs make them: Wasabi 1 and 2, Whirlpool, JoinMarket.

use super::{COIN, Economy, TxKind};
use crate::build::{Key, Lock, Pay, Utxo};

impl Economy {
    pub(super) fn coinjoin(&mut self, target: u64) {
        let small = target < 100;
        let (few, many) = (self.random.count(10, 60), self.random.count(20, 80));
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

    /// Returns a key for coinjoin outputs: native segwit, whatever the wallet otherwise uses.
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
        let n = self.random.count(3, 9);
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
}

/// Wasabi 2's standard denominations between 10,000 and 1 billion base units: powers of 2 and 3, doubled powers of 3, and
/// 1, 2 and 5 times powers of ten (WalletWasabi, `DenominationBuilder`).
const DENOMINATIONS: [u64; 52] = denominations();

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
