//! Planted flows: a theft that passes swaps and the bridge and ends at an exchange, ransoms that pass the mixer, scams that end at an exchange or
//! with the issuer, address poisoning.

use super::acts::{Note, Proposal};
use super::contracts::DENOMINATIONS;
use super::records::{Action, FlowKind, OwnerKind, Record, Role};
use super::world::{AccountIndex, Asset, CALLS_GAS, ETHER, USD};
use super::{Economy, Task};
use holdfast_types::Amount;

/// A flow's number, and who runs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    flow: u32,
    owner: usize,
}

/// The next step of a flow.
#[derive(Debug)]
pub(crate) enum Crime {
    Begin(FlowKind),
    /// Tokens of an exchange's hot wallet go to the thief.
    Steal {
        run: Run,
        thief: AccountIndex,
        exchange: usize,
    },
    /// They go on to another wallet, with coin for gas.
    Hop {
        run: Run,
        from: AccountIndex,
    },
    /// Half becomes coin.
    SwapHalf {
        run: Run,
        from: AccountIndex,
    },
    /// Both halves meet in another wallet.
    Join {
        run: Run,
        from: AccountIndex,
    },
    /// The coin becomes the token again.
    SwapBack {
        run: Run,
        from: AccountIndex,
    },
    /// Over the bridge.
    Cross {
        run: Run,
        from: AccountIndex,
    },
    /// To a deposit address, in parts.
    CashOut {
        run: Run,
        chain: usize,
        asset: Asset,
        from: AccountIndex,
        parts: u32,
        tries: u32,
    },
    PayRansom {
        run: Run,
        victim: AccountIndex,
        to: AccountIndex,
    },
    Collect {
        run: Run,
        from: AccountIndex,
    },
    MixOut {
        run: Run,
        to: AccountIndex,
    },
    PayScam {
        run: Run,
        user: usize,
        to: AccountIndex,
        tries: u32,
    },
    EndScam {
        run: Run,
        from: AccountIndex,
    },
    PayLookalike {
        run: Run,
        victim: AccountIndex,
        counterparty: AccountIndex,
        lookalike: AccountIndex,
    },
}

impl Economy {
    fn next_step(&mut self, least: u64, most: u64, crime: Crime) {
        let later = self.random.between(least, most);
        self.later(later, Task::Crime(Box::new(crime)));
    }

    pub(crate) fn commit(&mut self, crime: Crime) {
        match crime {
            Crime::Begin(FlowKind::Hack) => self.begin_hack(),
            Crime::Begin(FlowKind::Ransom) => self.begin_ransom(),
            Crime::Begin(FlowKind::Scam) => self.begin_scam(),
            Crime::Begin(FlowKind::Poisoning) => self.poison_some(0),
            Crime::Steal { run, thief, exchange } => self.steal(run, thief, exchange),
            Crime::Hop { run, from } => self.hop(run, from),
            Crime::SwapHalf { run, from } => {
                let half = self.stable(0, from) / 2;
                self.swap(0, from, (Asset::Stable, Asset::Native), half, Some(run.flow));
                self.next_step(1, 3, Crime::Join { run, from });
            }
            Crime::Join { run, from } => self.join(run, from),
            Crime::SwapBack { run, from } => {
                let coin = self.spare_coin(0, from, 4);
                self.swap(0, from, (Asset::Native, Asset::Stable), coin, Some(run.flow));
                self.next_step(1, 3, Crime::Cross { run, from });
            }
            Crime::Cross { run, from } => self.cross_over(run, from),
            Crime::CashOut { run, chain, asset, from, parts, tries } => {
                self.cash_out_part(run, (chain, asset), from, parts, tries);
            }
            Crime::PayRansom { run, victim, to } => self.pay_ransom(run, victim, to),
            Crime::Collect { run, from } => self.collect(run, from),
            Crime::MixOut { run, to } => self.mix_out(run, to),
            Crime::PayScam { run, user, to, tries } => self.pay_scam(run, user, to, tries),
            Crime::EndScam { run, from } => self.end_scam(run, from),
            Crime::PayLookalike { run, victim, counterparty, lookalike } => {
                self.pay_lookalike(run, victim, counterparty, lookalike);
            }
        }
    }

    fn wallet(&mut self, run: Run) -> AccountIndex {
        self.world.new_account(run.owner, Role::Wallet)
    }

    /// Gets coin for gas, as a customer of some exchange under another name.
    fn fuel(&mut self, chain: usize, to: AccountIndex, flow: u32) {
        let hot = self.exchanges[self.random.index(self.exchanges.len())].hot;
        self.send_coin(chain, hot, to, 2 * ETHER, Action::Withdrawal, Some(flow));
    }

    // ---- theft ----

    fn begin_hack(&mut self) {
        let exchange = self.random.index(self.exchanges.len());
        if self.stable(0, self.exchanges[exchange].hot) < 2_000_000 * USD {
            return self.next_step(3, 6, Crime::Begin(FlowKind::Hack));
        }
        let owner = self.world.new_owner(OwnerKind::Hacker);
        let flow = self.new_flow(FlowKind::Hack, owner, Some(self.exchanges[exchange].owner));
        let run = Run { flow, owner };
        let thief = self.wallet(run);
        self.fuel(0, thief, flow);
        self.next_step(1, 3, Crime::Steal { run, thief, exchange });
    }

    fn steal(&mut self, run: Run, thief: AccountIndex, exchange: usize) {
        let hot = self.exchanges[exchange].hot;
        let amount = (self.stable(0, hot) / 8).min(1_500_000 * USD);
        self.send_token(0, Asset::Stable, (hot, thief), amount, Action::Theft, Some(run.flow));
        self.next_step(1, 3, Crime::Hop { run, from: thief });
    }

    fn hop(&mut self, run: Run, from: AccountIndex) {
        let (to, flow) = (self.wallet(run), Some(run.flow));
        self.send_coin(0, from, to, ETHER, Action::Hop, flow);
        self.send_token(0, Asset::Stable, (from, to), self.stable(0, from), Action::Hop, flow);
        self.next_step(1, 3, Crime::SwapHalf { run, from: to });
    }

    fn join(&mut self, run: Run, from: AccountIndex) {
        let (to, flow) = (self.wallet(run), Some(run.flow));
        self.send_token(0, Asset::Stable, (from, to), self.stable(0, from), Action::Hop, flow);
        self.send_all_coin(0, from, to, Action::Hop, flow);
        self.next_step(1, 3, Crime::SwapBack { run, from: to });
    }

    fn cross_over(&mut self, run: Run, from: AccountIndex) {
        let to = self.wallet(run);
        self.fuel(1, to, run.flow);
        self.bridge(0, (from, to), self.stable(0, from), Some(run.flow));
        let (chain, asset, parts, tries) = (1, Asset::Stable, 3, 30);
        self.next_step(4, 8, Crime::CashOut { run, chain, asset, from: to, parts, tries });
    }

    fn cash_out_part(&mut self, run: Run, (chain, asset): (usize, Asset), from: AccountIndex, parts: u32, tries: u32) {
        let held = match asset {
            Asset::Native => self.spare_coin(chain, from, 2),
            _ => self.world.units(chain, from, asset),
        };
        if held == 0 {
            if tries > 0 {
                self.next_step(1, 1, Crime::CashOut { run, chain, asset, from, parts, tries: tries - 1 });
            }
            return;
        }
        let exchange = self.random.index(self.exchanges.len());
        let address = self.deposit_address(exchange, run.owner);
        self.deposit(chain, asset, (from, address), held / u128::from(parts.max(1)), Action::CashOut, Some(run.flow));
        if parts > 1 {
            self.next_step(1, 4, Crime::CashOut { run, chain, asset, from, parts: parts - 1, tries });
        }
    }

    // ---- ransom ----

    fn begin_ransom(&mut self) {
        let merchant = self.random.index(self.merchants.len());
        let (victim, victim_owner) = (self.merchants[merchant].wallet, self.merchants[merchant].owner);
        let owner = self.world.new_owner(OwnerKind::Ransomware);
        let flow = self.new_flow(FlowKind::Ransom, owner, Some(victim_owner));
        let run = Run { flow, owner };
        let to = self.wallet(run);
        let ransom = self.amount(Asset::Native, 12_000_000, 60_000_000);
        let hot = self.exchanges[self.merchants[merchant].exchange].hot;
        self.send_coin(0, hot, victim, ransom, Action::Withdrawal, Some(flow));
        self.next_step(1, 4, Crime::PayRansom { run, victim, to });
    }

    fn pay_ransom(&mut self, run: Run, victim: AccountIndex, to: AccountIndex) {
        let amount = self.spare_coin(0, victim, 4);
        self.send_coin(0, victim, to, amount, Action::Ransom, Some(run.flow));
        self.next_step(2, 8, Crime::Collect { run, from: to });
    }

    fn collect(&mut self, run: Run, from: AccountIndex) {
        let (to, flow) = (self.wallet(run), Some(run.flow));
        self.send_all_coin(0, from, to, Action::Consolidation, flow);
        // What the mixer takes in whole pieces, and the rest to an exchange.
        let fresh = self.wallet(run);
        let mut pieces = 0;
        while pieces < 4 && self.spare_coin(0, to, 3) > DENOMINATIONS[2] && self.mix(0, to, 2, flow).is_some() {
            pieces += 1;
            self.next_step(4, 25, Crime::MixOut { run, to: fresh });
        }
        let (chain, asset, parts) = (0, Asset::Native, 2);
        self.next_step(1, 4, Crime::CashOut { run, chain, asset, from: to, parts, tries: 0 });
        if pieces > 0 {
            self.next_step(28, 34, Crime::CashOut { run, chain, asset, from: fresh, parts, tries: 0 });
        }
    }

    fn mix_out(&mut self, run: Run, to: AccountIndex) {
        let place = self.notes.iter().position(|note: &Note| note.flow == Some(run.flow));
        if let Some(place) = place {
            let note = self.notes.swap_remove(place);
            self.unmix(&note, to, Some(run.flow));
        }
    }

    // ---- scam ----

    fn begin_scam(&mut self) {
        let owner = self.world.new_owner(OwnerKind::Scammer);
        let flow = self.new_flow(FlowKind::Scam, owner, None);
        let run = Run { flow, owner };
        let to = self.wallet(run);
        self.fuel(0, to, flow);
        for _ in 0..self.random.count(3, 8) {
            let user = self.random.index(self.users.len());
            self.next_step(1, 10, Crime::PayScam { run, user, to, tries: 6 });
        }
        self.next_step(18, 24, Crime::EndScam { run, from: to });
    }

    fn pay_scam(&mut self, run: Run, user: usize, to: AccountIndex, tries: u32) {
        let from = self.users[user].wallet;
        let has_gas = self.spare_coin(0, from, 1) > 0;
        let amount = self.stable(0, from);
        let paid = has_gas
            && amount > 20 * USD
            && self
                .send_token(0, Asset::Stable, (from, to), amount - USD, Action::ScamPayment, Some(run.flow))
                .is_some();
        if paid || tries == 0 {
            return;
        }
        let hot = self.exchanges[self.users[user].exchange].hot;
        if has_gas {
            let amount = self.amount(Asset::Stable, 100_000, 4_000_000);
            self.send_token(0, Asset::Stable, (hot, from), amount, Action::Withdrawal, Some(run.flow));
        } else {
            self.send_coin(0, hot, from, ETHER / 2, Action::Withdrawal, Some(run.flow));
        }
        self.next_step(1, 2, Crime::PayScam { run, user, to, tries: tries - 1 });
    }

    fn end_scam(&mut self, run: Run, from: AccountIndex) {
        let flow = Some(run.flow);
        if run.flow.is_multiple_of(2) {
            let later = self.random.between(4, 15);
            self.propose(0, Proposal::Freeze { account: from, flow }, later);
            return;
        }
        let to = self.wallet(run);
        let gas = self.world.gas_cost(0, CALLS_GAS * 4) + 1;
        self.send_coin(0, from, to, gas, Action::Hop, flow);
        self.send_token(0, Asset::Stable, (from, to), self.stable(0, from), Action::Consolidation, flow);
        let (chain, asset, parts, tries) = (0, Asset::Stable, 2, 0);
        self.next_step(1, 4, Crime::CashOut { run, chain, asset, from: to, parts, tries });
    }

    // ---- address poisoning ----

    /// Poisons the histories of some who paid lately.
    pub(crate) fn poison_some(&mut self, chain: usize) {
        if chain != 0 || self.seen.is_empty() {
            return;
        }
        let owner = self.world.accounts[self.operators.poisoner].owner;
        let run = Run { flow: self.new_flow(FlowKind::Poisoning, owner, None), owner };
        let is_spoofed = self.random.permille(300);
        let mut targets = Vec::new();
        for _ in 0..self.random.count(1, 12) {
            let (victim, counterparty) = *self.random.pick(&self.seen);
            let lookalike = self.lookalike(counterparty, owner);
            targets.push((victim, counterparty, lookalike));
        }
        let pairs: Vec<_> = targets.iter().map(|(victim, _, lookalike)| (*victim, *lookalike)).collect();
        let Some(place) = self.poison(chain, &pairs, is_spoofed, run.flow) else { return };
        for (victim, counterparty, lookalike) in targets {
            let record = Record::Poisoning {
                tx: self.tx_name(place),
                victim: self.address_name(victim),
                counterparty: self.address_name(counterparty),
                lookalike: self.address_name(lookalike),
                is_spoofed,
                flow: run.flow,
            };
            self.records.push(record);
            if self.random.permille(80) {
                self.next_step(1, 15, Crime::PayLookalike { run, victim, counterparty, lookalike });
            }
        }
    }

    /// Returns an address with the first three and last four hexadecimal digits of another. Its key is not looked for.
    fn lookalike(&mut self, of: AccountIndex, owner: usize) -> AccountIndex {
        let original = self.world.address(of);
        let mut bytes = original.into_array();
        for (place, byte) in bytes.iter_mut().enumerate() {
            let random = self.random.bits().to_le_bytes()[0];
            *byte = match place {
                0 | 18 | 19 => *byte,
                1 => *byte & 0xf0 | random & 0x0f,
                _ => random,
            };
        }
        self.world.new_contract(owner, Role::Lookalike, bytes.into())
    }

    fn pay_lookalike(&mut self, run: Run, victim: AccountIndex, counterparty: AccountIndex, lookalike: AccountIndex) {
        let amount = self.stable(0, victim) / 3;
        let (asset, pair) = (Asset::Stable, (victim, lookalike));
        let paid = self.send_token(0, asset, pair, amount, Action::PoisonedPayment, Some(run.flow));
        let Some(place) = paid else { return };
        let record = Record::PoisoningLoss {
            tx: self.tx_name(place),
            victim: self.address_name(victim),
            counterparty: self.address_name(counterparty),
            lookalike: self.address_name(lookalike),
            amount: Amount::new(amount),
            flow: run.flow,
        };
        self.records.push(record);
    }
}
