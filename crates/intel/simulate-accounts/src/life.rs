//! A block of the economy: tasks that are due, and what chance brings.

use super::acts::Proposal;
use super::contracts::{self, LIQUIDITY};
use super::crime::Crime;
use super::records::{Action, FlowKind, Role};
use super::world::{AccountIndex, Asset, ETHER, GWEI, USD, Units};
use super::{Economy, Exchange, Person, Task};

/// Blocks before people begin.
const QUIET: u32 = 5;
/// Most payments that a poisoner remembers.
const MAX_SEEN: usize = 200;

/// People who can act: users, and merchants who cash out.
#[derive(Clone, Copy, Debug)]
enum Who {
    User(usize),
    Merchant(usize),
}

impl Economy {
    /// Makes the next block of both chains, not sealed yet.
    pub(crate) fn next_height(&mut self) {
        self.world.height += 1;
        let height = self.world.height;
        if self.options.has_fees {
            for chain in 0..2 {
                self.walk_base_fee(chain);
            }
        }
        let most = self.options.txs_per_block;
        let mut due = self.tasks.split_off(&(height + 1, 0));
        std::mem::swap(&mut due, &mut self.tasks);
        for ((_, number), task) in due {
            // A full block leaves the rest to the next.
            if self.len(0) >= most && height > 3 {
                self.tasks.insert((height + 1, number), task);
            } else {
                self.run(task);
            }
        }
        if height <= QUIET {
            return;
        }
        for (chain, most) in [(0, most), (1, most / 4)] {
            // What chance brings may be impossible now.
            let mut tries = most * 4;
            while self.len(chain) < most && tries > 0 {
                self.act(chain);
                tries -= 1;
            }
        }
    }

    fn len(&self, chain: usize) -> u32 {
        u32::try_from(self.world.chains[chain].planned.len()).unwrap_or(u32::MAX)
    }

    /// The base fee walks between bounds; it does not follow demand as EIP-1559's does.
    fn walk_base_fee(&mut self, chain: usize) {
        let step = Units::from(self.random.below(1_000_000_000));
        let fee = self.world.chains[chain].base_fee.max(10 * GWEI);
        let fee = if self.random.permille(500) { fee + step } else { fee - step };
        self.world.chains[chain].base_fee = fee.clamp(5 * GWEI, 40 * GWEI);
    }

    fn run(&mut self, task: Task) {
        match task {
            Task::SetUp(chain) => self.set_up(chain),
            Task::Sweep { chain, exchange, address, asset, flow } => {
                self.sweep(chain, exchange, address, asset, flow);
            }
            Task::Deliver { chain, message, sent, sender, flow } => self.deliver(chain, &message, sent, sender, flow),
            Task::Propose { chain, what } => {
                let later = match what {
                    Proposal::Issue(_) | Proposal::Pay(..) => 1,
                    // Hours on real chains; blocks here.
                    Proposal::Freeze { .. } | Proposal::Destroy { .. } => self.random.between(4, 15),
                };
                self.propose(chain, what, later);
            }
            Task::Confirm { chain, number, proposed, what } => self.confirm(chain, number, proposed, &what),
            Task::Unmix => self.unmix_any(),
            Task::Crime(crime) => self.commit(*crime),
        }
    }

    /// Creates the contracts, then the pools when what they need is there.
    fn set_up(&mut self, chain: usize) {
        if self.world.height == 1 {
            contracts::deploy(&mut self.world, &self.operators, &self.deployment, chain);
            let [[_, first], [gem, second]] = LIQUIDITY;
            let provider = self.operators.liquidity;
            self.wrap(chain, provider, first + second, true);
            self.provide(chain, Asset::Gem, [gem, second]);
            return self.later(5, Task::SetUp(chain));
        }
        let [[stable, coin], _] = LIQUIDITY;
        if chain == 0 && self.stable(0, self.operators.liquidity) >= stable * 3 {
            let provider = self.operators.liquidity;
            self.bridge(0, (provider, provider), stable, None);
            for exchange in 0..self.exchanges.len() {
                let hot = self.exchanges[exchange].hot;
                self.bridge(0, (hot, hot), 10_000_000 * USD, None);
            }
        }
        if !self.provide(chain, Asset::Stable, [stable, coin]) {
            self.later(1, Task::SetUp(chain));
        }
    }

    fn person(&mut self, who: Who) -> &mut Person {
        match who {
            Who::User(n) => &mut self.users[n],
            Who::Merchant(n) => &mut self.merchants[n],
        }
    }

    fn user(&mut self) -> (usize, AccountIndex) {
        let n = self.random.index(self.users.len());
        (n, self.users[n].wallet)
    }

    fn merchant(&mut self) -> (usize, AccountIndex) {
        let n = self.random.index(self.merchants.len());
        (n, self.merchants[n].wallet)
    }

    /// Returns an amount spread over orders of magnitude: of coin in millionths of an ether, of the stablecoin in cents.
    pub(crate) fn amount(&mut self, asset: Asset, low: u64, high: u64) -> Units {
        let unit = if asset == Asset::Stable { USD / 100 } else { ETHER / 1_000_000 };
        Units::from(self.random.amount(low, high)) * unit
    }

    fn act(&mut self, chain: usize) {
        match self.random.below(1_000) {
            0..230 => self.pay(chain, Asset::Stable),
            230..330 => self.pay(chain, Asset::Native),
            330..440 => self.withdraw(chain, None),
            440..455 => self.withdraw_batch(chain),
            455..600 => self.deposit_some(chain),
            600..740 => self.trade(chain),
            740..785 => self.wrap_some(chain),
            785..825 => self.cross(chain),
            825..845 => self.mix_some(chain),
            845..855 => self.unmix_any(),
            855..880 => self.pay_with_fee(chain),
            880..900 => self.fail_some(chain),
            900..910 => self.dust_some(chain),
            910..940 => self.cash_out(chain),
            940..944 => self.move_cold(chain),
            944..948 => self.poison_some(chain),
            948..950 if chain == 0 => self.begin_crime(),
            _ => self.pay(chain, Asset::Stable),
        }
    }

    /// Returns whether somebody can pay for some calls; else an exchange sends coin.
    fn has_gas(&mut self, chain: usize, n: usize, wallet: AccountIndex) -> bool {
        let enough = self.spare_coin(chain, wallet, 2) > 0;
        if !enough {
            self.withdraw(chain, Some((n, Asset::Native)));
        }
        enough
    }

    fn pay(&mut self, chain: usize, asset: Asset) {
        let (n, from) = self.user();
        if !self.has_gas(chain, n, from) {
            return;
        }
        let to = if self.random.permille(600) { self.merchant().1 } else { self.user().1 };
        let most = match asset {
            Asset::Native => self.spare_coin(chain, from, 2),
            _ => self.stable(chain, from),
        };
        let amount = if asset == Asset::Stable {
            self.amount(asset, 500, 500_000)
        } else {
            self.amount(asset, 2_000, 1_000_000)
        };
        if amount > most {
            return self.withdraw(chain, Some((n, asset)));
        }
        let paid = self.send(chain, asset, (from, to), amount, Action::Payment, None);
        if paid.is_some() && chain == 0 && asset == Asset::Stable && from != to {
            if self.seen.len() == MAX_SEEN {
                self.seen.swap_remove(0);
            }
            self.seen.push((from, to));
        }
    }

    fn withdraw(&mut self, chain: usize, whom: Option<(usize, Asset)>) {
        let (n, asset) = whom.unwrap_or_else(|| {
            let n = self.user().0;
            (n, if self.random.permille(600) { Asset::Stable } else { Asset::Native })
        });
        let (to, exchange) = (self.users[n].wallet, self.users[n].exchange);
        let amount = match asset {
            Asset::Stable => self.amount(asset, 5_000, 2_000_000),
            _ => self.amount(asset, 100_000, 5_000_000),
        };
        let hot = self.exchanges[exchange].hot;
        if self.world.units(chain, hot, asset) < amount * 20 {
            return self.refill(chain, exchange, asset);
        }
        self.send(chain, asset, (hot, to), amount, Action::Withdrawal, None);
    }

    /// A hot wallet runs low: the cold one, the issuer or the bridge fills it.
    fn refill(&mut self, chain: usize, exchange: usize, asset: Asset) {
        let Exchange { hot, cold, .. } = self.exchanges[exchange];
        let held = self.world.units(chain, cold, asset);
        let from_cold = if asset == Asset::Native { held / 4 } else { held };
        if self.send(chain, asset, (cold, hot), from_cold, Action::FromCold, None).is_some() || asset != Asset::Stable {
            return;
        }
        if chain == 1 {
            let amount = self.stable(0, hot) / 4;
            self.bridge(0, (hot, hot), amount, None);
        } else if self.stable(0, self.world.contracts.multisig) > 20_000_000 * USD {
            self.propose(0, Proposal::Pay(hot, 20_000_000 * USD), 1);
        }
    }

    fn withdraw_batch(&mut self, chain: usize) {
        let exchange = self.random.index(self.exchanges.len());
        let hot = self.exchanges[exchange].hot;
        let mut to: Vec<AccountIndex> = (0..self.random.count(3, 12)).map(|_| self.user().1).collect();
        to.sort_unstable();
        to.dedup();
        if self.random.permille(200) {
            to.insert(1, self.world.contracts.refuser);
        }
        let each = self.amount(Asset::Native, 50_000, 800_000);
        self.pay_batch(chain, hot, &to, each);
    }

    /// Returns the deposit address of somebody at their exchange.
    fn deposit_of(&mut self, who: Who) -> AccountIndex {
        let &mut Person { owner, exchange, deposit, .. } = self.person(who);
        if let Some(address) = deposit {
            return address;
        }
        let address = self.deposit_address(exchange, owner);
        self.person(who).deposit = Some(address);
        address
    }

    fn deposit_some(&mut self, chain: usize) {
        let (n, from) = self.user();
        if !self.has_gas(chain, n, from) {
            return;
        }
        let asset = if self.random.permille(600) { Asset::Stable } else { Asset::Native };
        let most = if asset == Asset::Stable { self.stable(chain, from) } else { self.spare_coin(chain, from, 2) };
        let amount = Units::from(self.random.between(20, 90)) * most / 100;
        if most < USD {
            return;
        }
        let address = self.deposit_of(Who::User(n));
        self.deposit(chain, asset, (from, address), amount, Action::Deposit, None);
    }

    fn cash_out(&mut self, chain: usize) {
        let (n, from) = self.merchant();
        let amount = self.stable(chain, from);
        if amount < 500 * USD {
            return;
        }
        let address = self.deposit_of(Who::Merchant(n));
        self.deposit(chain, Asset::Stable, (from, address), amount, Action::Deposit, None);
    }

    fn trade(&mut self, chain: usize) {
        let (n, who) = self.user();
        if !self.has_gas(chain, n, who) {
            return;
        }
        let held = |asset| self.world.units(chain, who, asset);
        let (give, want) = match self.random.below(10) {
            0..3 => (Asset::Native, Asset::Stable),
            3..6 => (Asset::Stable, Asset::Native),
            6 => (Asset::Native, Asset::Gem),
            7 => (Asset::Stable, Asset::Gem),
            8 => (Asset::Gem, Asset::Native),
            _ => (Asset::Gem, Asset::Stable),
        };
        let most = if give == Asset::Native { self.spare_coin(chain, who, 2) } else { held(give) };
        let amount = Units::from(self.random.between(10, 60)) * most / 100;
        if amount > 1_000 {
            self.swap(chain, who, (give, want), amount, None);
        }
    }

    fn wrap_some(&mut self, chain: usize) {
        let (n, who) = self.user();
        if !self.has_gas(chain, n, who) {
            return;
        }
        let wrapped = self.world.units(chain, who, Asset::Wrapped);
        match self.random.below(3) {
            0 if wrapped > 0 => {
                self.unwrap(chain, who, wrapped - wrapped / 3);
            }
            1 if wrapped > 0 => {
                let to = self.user().1;
                self.send_token(chain, Asset::Wrapped, (who, to), wrapped / 2, Action::WrappedPayment, None);
            }
            _ => {
                let amount = self.spare_coin(chain, who, 2) / 3;
                let by_method = self.random.permille(800);
                if amount > 0 {
                    self.wrap(chain, who, amount, by_method);
                }
            }
        }
    }

    fn cross(&mut self, chain: usize) {
        let (n, who) = self.user();
        if !self.has_gas(chain, n, who) {
            return;
        }
        // Nearly everybody bridges to the own address.
        let recipient = if self.random.permille(950) { who } else { self.user().1 };
        let amount = self.stable(chain, who) / 2;
        if amount > USD {
            self.bridge(chain, (who, recipient), amount, None);
        }
    }

    fn mix_some(&mut self, chain: usize) {
        let (n, who) = self.user();
        let size = self.random.index(3);
        if self.spare_coin(chain, who, 2) < contracts::DENOMINATIONS[size] {
            return self.withdraw(chain, Some((n, Asset::Native)));
        }
        if self.mix(chain, who, size, None).is_some() {
            let later = self.random.between(5, 60);
            self.later(later, Task::Unmix);
        }
    }

    /// Spends a note of the mixer, to a new wallet of the same owner.
    fn unmix_any(&mut self) {
        let free: Vec<usize> = (0..self.notes.len()).filter(|i| self.notes[*i].flow.is_none()).collect();
        if free.len() < 3 {
            return;
        }
        let note = self.notes.swap_remove(*self.random.pick(&free));
        let owner = self.world.accounts[note.sender].owner;
        let to = self.world.new_account(owner, Role::Wallet);
        self.unmix(&note, to, None);
    }

    fn pay_with_fee(&mut self, chain: usize) {
        let (n, user) = self.user();
        let held = self.world.units(chain, user, Asset::Fee);
        let to = self.user().1;
        if held < ETHER {
            let amount = Units::from(self.random.between(100, 10_000)) * ETHER;
            let from = self.operators.liquidity;
            self.send_token(chain, Asset::Fee, (from, user), amount, Action::FeeTokenPayment, None);
        } else if self.has_gas(chain, n, user) {
            self.send_token(chain, Asset::Fee, (user, to), held / 3, Action::FeeTokenPayment, None);
        }
    }

    fn fail_some(&mut self, chain: usize) {
        let (n, who) = self.user();
        if !self.has_gas(chain, n, who) {
            return;
        }
        if self.random.permille(500) {
            let to = self.user().1;
            self.fail_transfer(chain, (who, to), Action::FailedTransfer, None);
        } else {
            let value = self.spare_coin(chain, who, 2) / 4;
            self.fail_swap(chain, who, value);
        }
    }

    fn dust_some(&mut self, chain: usize) {
        for _ in 0..self.random.count(1, 5) {
            let to = self.user().1;
            self.dust(chain, to);
        }
    }

    fn move_cold(&mut self, chain: usize) {
        let n = self.random.index(self.exchanges.len());
        let Exchange { hot, cold, .. } = self.exchanges[n];
        let asset = if self.random.permille(500) { Asset::Native } else { Asset::Stable };
        let amount = self.world.units(chain, hot, asset) / 5;
        self.send(chain, asset, (hot, cold), amount, Action::ToCold, None);
    }

    fn begin_crime(&mut self) {
        let kind = match self.random.below(8) {
            0 => FlowKind::Hack,
            1..4 => FlowKind::Ransom,
            _ => FlowKind::Scam,
        };
        self.commit(Crime::Begin(kind));
    }
}
