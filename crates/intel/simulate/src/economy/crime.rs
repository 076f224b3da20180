//! Mixers, ransoms, hacks, peel chains.

use super::{COIN, DUST, Economy, OwnerKind, Peel, TxKind};
use crate::build::Pay;
use holdfast_bitcoin::Hash32;

impl Economy {
    pub(super) fn mix_in(&mut self) {
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

    pub(super) fn mix_out(&mut self) {
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

    pub(super) fn ransom(&mut self) {
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

    pub(super) fn collect_ransoms(&mut self) {
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
            let hops = 8 + self.random.below_u32(33);
            self.peels.push_back(Peel { owner, coin, hops });
        }
    }

    pub(super) fn peel_on(&mut self) {
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

    pub(super) fn hack(&mut self) {
        let hacker = self.draw_kind(OwnerKind::Hacker);
        let exchange = self.random.below_u32(self.exchanges);
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
}
