//! Single transactions of the economy: payments, deposits and sweeps, swaps, wraps, bridging, mixing, the issuer's proposals.

use super::abi;
use super::contracts::{Allowed, DENOMINATIONS};
use super::machine::Message;
use super::records::{Action, Record, Role};
use super::world::{
    AccountIndex, Asset, BATCH_GAS, CALLS_GAS, GWEI, Order, PLAIN_GAS, TOKEN_GAS, TxPlace, USD, Units, mark,
};
use super::{Economy, Exchange, Task};
use alloy_primitives::B256;
use holdfast_types::Amount;

/// Words before the arrays of the router's methods: a path behind five or four words.
const PATH_BEHIND_FIVE: u128 = 160;
const PATH_BEHIND_FOUR: u128 = 128;

/// A deposit in the mixer that is not spent.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub chain: usize,
    pub size: usize,
    pub sender: AccountIndex,
    pub deposited: TxPlace,
    pub flow: Option<u32>,
}

/// What the issuer's owners decide on.
#[derive(Clone, Debug)]
pub(crate) enum Proposal {
    Issue(Units),
    Pay(AccountIndex, Units),
    Freeze { account: AccountIndex, flow: Option<u32> },
    Destroy { account: AccountIndex, proposed: TxPlace, frozen: TxPlace, flow: Option<u32> },
}

impl Economy {
    pub(crate) fn order(&self, chain: usize, from: AccountIndex, to: AccountIndex, action: Action) -> Order {
        let (value, input, gas_limit, flow) = (0, Vec::new(), TOKEN_GAS, None);
        Order { chain, from, to: Some(to), value, input, gas_limit, action, flow }
    }

    pub(crate) fn coin(&self, chain: usize, account: AccountIndex) -> Units {
        self.world.units(chain, account, Asset::Native)
    }

    pub(crate) fn stable(&self, chain: usize, account: AccountIndex) -> Units {
        self.world.units(chain, account, Asset::Stable)
    }

    /// Returns coin that an account can send beside what `calls` calls of contracts cost at most.
    pub(crate) fn spare_coin(&self, chain: usize, account: AccountIndex, calls: u64) -> Units {
        self.coin(chain, account).saturating_sub(self.world.gas_cost(chain, CALLS_GAS * calls))
    }

    /// Sends coin.
    pub(crate) fn send_coin(
        &mut self,
        chain: usize,
        from: AccountIndex,
        to: AccountIndex,
        value: Units,
        action: Action,
        flow: Option<u32>,
    ) -> Option<TxPlace> {
        if value == 0 || from == to {
            return None;
        }
        let is_plain = !self.world.chains[chain].holdings[to].has_code && to != self.world.contracts.wrapper;
        let gas_limit = if is_plain { PLAIN_GAS } else { TOKEN_GAS };
        let order = Order { value, gas_limit, flow, ..self.order(chain, from, to, action) };
        self.world.transact(order, |execution| execution.receive(value))
    }

    /// Sends all coin of an account: nothing is left behind the fee where the receiver has no code.
    pub(crate) fn send_all_coin(
        &mut self,
        chain: usize,
        from: AccountIndex,
        to: AccountIndex,
        action: Action,
        flow: Option<u32>,
    ) -> Option<TxPlace> {
        let has_code = self.world.chains[chain].holdings[to].has_code;
        let cost = self.world.gas_cost(chain, if has_code { TOKEN_GAS } else { PLAIN_GAS });
        let value = self.coin(chain, from).checked_sub(cost)?;
        self.send_coin(chain, from, to, value, action, flow)
    }

    /// Sends units of a token.
    pub(crate) fn send_token(
        &mut self,
        chain: usize,
        asset: Asset,
        (from, to): (AccountIndex, AccountIndex),
        amount: Units,
        action: Action,
        flow: Option<u32>,
    ) -> Option<TxPlace> {
        let is_frozen = asset == Asset::Stable && self.world.chains[chain].holdings[from].is_frozen;
        if amount == 0 || from == to || is_frozen || self.world.units(chain, from, asset) < amount {
            return None;
        }
        let contract = self.world.contracts.of(asset)?;
        let input = abi::call(&abi::TRANSFER_METHOD, &[abi::address(self.world.address(to)), abi::number(amount)]);
        let order = Order { input, flow, ..self.order(chain, from, contract, action) };
        self.world.transact(order, |execution| execution.move_token(asset, from, to, amount))
    }

    /// Sends coin or units of a token.
    pub(crate) fn send(
        &mut self,
        chain: usize,
        asset: Asset,
        (from, to): (AccountIndex, AccountIndex),
        amount: Units,
        action: Action,
        flow: Option<u32>,
    ) -> Option<TxPlace> {
        match asset {
            Asset::Native => self.send_coin(chain, from, to, amount, action, flow),
            _ => self.send_token(chain, asset, (from, to), amount, action, flow),
        }
    }

    // ---- exchanges ----

    /// Opens a deposit address at an exchange for a customer.
    pub(crate) fn deposit_address(&mut self, exchange: usize, customer: usize) -> AccountIndex {
        let Exchange { owner, factory, hot, .. } = self.exchanges[exchange];
        let account = match factory {
            None => self.world.new_account(owner, Role::Deposit),
            Some(factory) => {
                let salt = B256::from(abi::count(self.exchanges[exchange].salts.len()));
                let code = super::contracts::forwarder_code(self.world.address(hot));
                let address = self.world.address(factory).create2_from_code(salt, code);
                let account = self.world.new_contract(owner, Role::Forwarder, address);
                self.exchanges[exchange].salts.insert(account, salt);
                account
            }
        };
        self.world.accounts[account].customer = Some(customer);
        account
    }

    /// Deposits at an exchange; it sweeps soon.
    pub(crate) fn deposit(
        &mut self,
        chain: usize,
        asset: Asset,
        (from, address): (AccountIndex, AccountIndex),
        amount: Units,
        action: Action,
        flow: Option<u32>,
    ) -> Option<TxPlace> {
        let place = self.send(chain, asset, (from, address), amount, action, flow)?;
        let exchange = self.exchanges.iter().position(|e| e.owner == self.world.accounts[address].owner)?;
        let customer = self.world.accounts[address].customer?;
        let record = Record::Deposit {
            tx: self.tx_name(place),
            customer,
            exchange: self.exchanges[exchange].owner,
            address: self.address_name(address),
            asset: self.asset_name(asset),
            amount: Amount::new(amount),
            flow,
        };
        self.records.push(record);
        let later = self.random.between(1, 4);
        self.later(later, Task::Sweep { chain, exchange, address, asset, flow });
        Some(place)
    }

    /// Sweeps a deposit address.
    pub(crate) fn sweep(
        &mut self,
        chain: usize,
        exchange: usize,
        address: AccountIndex,
        asset: Asset,
        flow: Option<u32>,
    ) {
        let Exchange { hot, gas, factory, .. } = self.exchanges[exchange];
        if let Some(factory) = factory {
            return self.sweep_forwarder(chain, exchange, factory, address, asset);
        }
        if asset == Asset::Native {
            self.send_all_coin(chain, address, hot, Action::Sweep, flow);
            return;
        }
        let cost = self.world.gas_cost(chain, TOKEN_GAS);
        if self.coin(chain, address) < cost {
            self.send_coin(chain, gas, address, cost * 2, Action::GasFunding, None);
            return self.later(1, Task::Sweep { chain, exchange, address, asset, flow });
        }
        let amount = self.world.units(chain, address, asset);
        self.send_token(chain, asset, (address, hot), amount, Action::Sweep, flow);
    }

    fn sweep_forwarder(
        &mut self,
        chain: usize,
        exchange: usize,
        factory: AccountIndex,
        address: AccountIndex,
        asset: Asset,
    ) {
        let gas = self.exchanges[exchange].gas;
        if !self.world.chains[chain].holdings[address].has_code {
            let salt = self.exchanges[exchange].salts.get(&address).copied().unwrap_or_default();
            let input = abi::call(&abi::CREATE_FORWARDER, &[salt.0]);
            let order =
                Order { input, gas_limit: CALLS_GAS, ..self.order(chain, gas, factory, Action::ForwarderCreation) };
            self.world.transact(order, |execution| execution.forwarder_created(address));
        }
        if asset == Asset::Native {
            return;
        }
        let waiting = &mut self.exchanges[exchange].waiting[chain];
        if !waiting.contains(&address) {
            waiting.push(address);
        }
        // Several together, most of the time.
        if waiting.len() >= 4 || self.random.permille(400) {
            let forwarders = std::mem::take(&mut self.exchanges[exchange].waiting[chain]);
            let Some(contract) = self.world.contracts.of(asset) else { return };
            let list: Vec<_> = forwarders.iter().map(|f| self.world.address(*f)).collect();
            let words = [vec![abi::address(self.world.address(contract)), abi::number(64)], abi::addresses(&list)];
            let input = abi::call(&abi::FLUSH, &words.concat());
            let order =
                Order { input, gas_limit: BATCH_GAS, ..self.order(chain, gas, factory, Action::ForwarderFlush) };
            self.world.transact(order, |execution| execution.flushed(asset, &forwarders));
        }
    }

    /// Pays many customers at once; one of them may refuse.
    pub(crate) fn pay_batch(&mut self, chain: usize, from: AccountIndex, to: &[AccountIndex], each: Units) {
        let list: Vec<_> = to.iter().map(|account| self.world.address(*account)).collect();
        let words = [vec![abi::number(64), abi::number(each)], abi::addresses(&list)].concat();
        let value = each * Units::try_from(to.len()).unwrap_or_default();
        let payroll = self.world.contracts.payroll;
        let input = abi::call(&abi::PAY, &words);
        let order =
            Order { value, input, gas_limit: BATCH_GAS, ..self.order(chain, from, payroll, Action::BatchWithdrawal) };
        self.world.transact(order, |execution| execution.paid_each(to, each, from));
    }

    // ---- swaps and wraps ----

    /// Swaps by the router. Returns what was received.
    pub(crate) fn swap(
        &mut self,
        chain: usize,
        who: AccountIndex,
        (give, want): (Asset, Asset),
        amount: Units,
        flow: Option<u32>,
    ) -> Option<(TxPlace, Units)> {
        let path = path(give, want)?;
        let amounts = self.world.chains[chain].amounts(path, amount)?;
        let out = amounts.last().copied().filter(|out| *out > 0)?;
        match give {
            Asset::Native => {}
            Asset::Stable => self.world.allow(chain, who, Allowed::RouterStable, flow)?,
            _ => self.world.allow(chain, who, Allowed::RouterGem, flow)?,
        }
        if self.world.units(chain, who, give) < amount || self.world.chains[chain].holdings[who].is_frozen {
            return None;
        }
        let least = out - out / 200;
        let input = self.swap_input(who, (give, want), path, amount, least);
        let value = if give == Asset::Native { amount } else { 0 };
        let router = self.world.contracts.router;
        let order = Order { value, input, gas_limit: CALLS_GAS, flow, ..self.order(chain, who, router, Action::Swap) };
        let place = self.world.transact(order, |execution| {
            let (wrapper, router) = (execution.world.contracts.wrapper, execution.own());
            execution.quote(path);
            let Some(first) = execution.state().pool(path[0], path[1]) else { return };
            if give == Asset::Native {
                execution.call(wrapper, amount, |execution| execution.wrapped(router, amount));
                execution.call_token(Asset::Wrapped, router, first.account, amount);
            } else {
                execution.call_token(give, who, first.account, amount);
            }
            execution.hop(path, &amounts, if want == Asset::Native { router } else { who });
            if want == Asset::Native {
                execution.call(wrapper, 0, |execution| execution.unwrapped(router, out));
                execution.pay(who, out);
            }
        })?;
        self.record_swap(place, who, (give, want), (amount, out), path);
        Some((place, out))
    }

    fn record_swap(
        &mut self,
        place: TxPlace,
        who: AccountIndex,
        (give, want): (Asset, Asset),
        (amount, out): (Units, Units),
        path: &[Asset],
    ) {
        let chain = &self.world.chains[place.chain];
        let passed = path.windows(2).filter_map(|step| chain.pool(step[0], step[1]));
        let record = Record::Swap {
            tx: self.tx_name(place),
            account: self.address_name(who),
            asset_in: self.asset_name(give),
            amount_in: Amount::new(amount),
            asset_out: self.asset_name(want),
            amount_out: Amount::new(out),
            pools: passed.map(|pool| self.address_name(pool.account)).collect(),
        };
        self.records.push(record);
    }

    /// Returns the call data of a swap.
    pub(crate) fn swap_input(
        &self,
        who: AccountIndex,
        (give, want): (Asset, Asset),
        path: &[Asset],
        amount: Units,
        least: Units,
    ) -> Vec<u8> {
        let deadline = abi::number(u128::from(self.world.time()) + 600);
        let to = abi::address(self.world.address(who));
        let contracts = path.iter().filter_map(|asset| self.world.contracts.of(*asset));
        let list: Vec<_> = contracts.map(|contract| self.world.address(contract)).collect();
        let (method, head) = match (give, want) {
            (Asset::Native, _) => {
                (&abi::SWAP_FROM_COIN, vec![abi::number(least), abi::number(PATH_BEHIND_FOUR), to, deadline])
            }
            (_, want) => {
                let words = vec![abi::number(amount), abi::number(least), abi::number(PATH_BEHIND_FIVE), to, deadline];
                (if want == Asset::Native { &abi::SWAP_TO_COIN } else { &abi::SWAP_TOKENS }, words)
            }
        };
        abi::call(method, &[head, abi::addresses(&list)].concat())
    }

    /// Tries a swap for more than the pools give: it fails, with its fee.
    pub(crate) fn fail_swap(&mut self, chain: usize, who: AccountIndex, value: Units) {
        let give = (Asset::Native, Asset::Stable);
        let Some(path) = path(give.0, give.1) else { return };
        let Some(pool) = self.world.chains[chain].pool(path[0], path[1]).filter(|p| p.reserves[0] > 0) else { return };
        let input = self.swap_input(who, give, path, value, Units::MAX);
        let router = self.world.contracts.router;
        let order = Order { value, input, gas_limit: CALLS_GAS, ..self.order(chain, who, router, Action::FailedSwap) };
        self.world.fail(order, &[pool.account]);
    }

    /// Tries to send more of the stablecoin than there is, or from a frozen account.
    pub(crate) fn fail_transfer(
        &mut self,
        chain: usize,
        (from, to): (AccountIndex, AccountIndex),
        action: Action,
        flow: Option<u32>,
    ) {
        let amount = self.stable(chain, from) + u128::from(action == Action::FailedTransfer);
        let input = abi::call(&abi::TRANSFER_METHOD, &[abi::address(self.world.address(to)), abi::number(amount)]);
        let order = Order { input, flow, ..self.order(chain, from, self.world.contracts.stable, action) };
        self.world.fail(order, &[]);
    }

    /// Wraps coin, by the method or by sending it to the wrapper.
    pub(crate) fn wrap(&mut self, chain: usize, who: AccountIndex, amount: Units, by_method: bool) -> Option<TxPlace> {
        let wrapper = self.world.contracts.wrapper;
        if !by_method {
            return self.send_coin(chain, who, wrapper, amount, Action::Wrap, None);
        }
        let input = abi::call(&abi::WRAP, &[]);
        let order = Order { value: amount, input, ..self.order(chain, who, wrapper, Action::Wrap) };
        self.world.transact(order, |execution| execution.wrapped(who, amount))
    }

    /// Unwraps coin.
    pub(crate) fn unwrap(&mut self, chain: usize, who: AccountIndex, amount: Units) -> Option<TxPlace> {
        if amount == 0 || self.world.units(chain, who, Asset::Wrapped) < amount {
            return None;
        }
        let input = abi::call(&abi::UNWRAP, &[abi::number(amount)]);
        let order = Order { input, ..self.order(chain, who, self.world.contracts.wrapper, Action::Unwrap) };
        self.world.transact(order, |execution| execution.unwrapped(who, amount))
    }

    /// Puts the first liquidity into a pool, from what the provider holds of token and wrapped coin.
    pub(crate) fn provide(&mut self, chain: usize, token: Asset, amounts: [Units; 2]) -> bool {
        let provider = self.operators.liquidity;
        let Some(pool) = self.world.chains[chain].pool(token, Asset::Wrapped) else { return false };
        let has = |asset, amount| self.world.units(chain, provider, asset) >= amount;
        if !has(token, amounts[0]) || !has(Asset::Wrapped, amounts[1]) {
            return false;
        }
        for (asset, amount) in [token, Asset::Wrapped].into_iter().zip(amounts) {
            self.send_token(chain, asset, (provider, pool.account), amount, Action::SetUp, None);
        }
        let input = abi::call(&abi::ADD_LIQUIDITY, &[abi::address(self.world.address(provider))]);
        let order = Order { input, gas_limit: CALLS_GAS, ..self.order(chain, provider, pool.account, Action::SetUp) };
        self.world.transact(order, |execution| execution.provided(pool, provider)).is_some()
    }

    // ---- bridge and mixer ----

    /// Sends units of the stablecoin to the other chain, where they arrive some blocks later.
    pub(crate) fn bridge(
        &mut self,
        chain: usize,
        (from, recipient): (AccountIndex, AccountIndex),
        amount: Units,
        flow: Option<u32>,
    ) -> Option<TxPlace> {
        if chain == 0 {
            self.world.allow(chain, from, Allowed::BridgeStable, flow)?;
        }
        if amount == 0 || self.stable(chain, from) < amount || self.world.chains[chain].holdings[from].is_frozen {
            return None;
        }
        let of = self.world.contracts;
        let at = |account| abi::address(self.world.address(account));
        let remote = abi::number(self.world.chains[1 - chain].number.into());
        let words = [at(of.stable), abi::number(amount), remote, at(recipient), abi::number(0)];
        let input = abi::call(&abi::SEND_OVER, &words);
        let order =
            Order { input, gas_limit: CALLS_GAS, flow, ..self.order(chain, from, of.bridge, Action::BridgeOut) };
        let mut message = None;
        let sent = self.world.transact(order, |execution| {
            message = Some(execution.sent_over(from, recipient, amount));
        })?;
        let later = self.random.between(2, 12);
        self.later(later, Task::Deliver { chain: 1 - chain, message: Box::new(message?), sent, sender: from, flow });
        Some(sent)
    }

    /// Delivers a message of the bridge.
    pub(crate) fn deliver(
        &mut self,
        chain: usize,
        message: &Message,
        sent: TxPlace,
        sender: AccountIndex,
        flow: Option<u32>,
    ) {
        let (bridge, relayer) = (self.world.contracts.bridge, self.operators.relayer);
        let words = [vec![abi::number(32)], abi::bytes(&message.content)].concat();
        let input = abi::call(&abi::PROCESS_METHOD, &words);
        let order = Order { input, gas_limit: CALLS_GAS, flow, ..self.order(chain, relayer, bridge, Action::BridgeIn) };
        let delivered = self.world.transact(order, |execution| execution.delivered(message));
        let record = self.bridge_record(message, sent, delivered, sender, flow);
        self.records.push(record);
    }

    pub(crate) fn bridge_record(
        &self,
        message: &Message,
        sent: TxPlace,
        delivered: Option<TxPlace>,
        sender: AccountIndex,
        flow: Option<u32>,
    ) -> Record {
        Record::Bridge {
            message: message.hash.to_string(),
            sent: self.tx_name(sent),
            delivered: delivered.map(|place| self.tx_name(place)),
            sender: self.address_name(sender),
            recipient: self.address_name(message.recipient),
            amount: Amount::new(message.amount),
            flow,
        }
    }

    /// Puts coin into the mixer.
    pub(crate) fn mix(&mut self, chain: usize, from: AccountIndex, size: usize, flow: Option<u32>) -> Option<TxPlace> {
        let numbers = [self.options.seed, self.random.bits()];
        let commitment = mark("commitment", &numbers);
        let input = abi::call(&abi::MIX_IN, &[commitment.0]);
        let (mixer, value) = (self.world.contracts.mixers[size], DENOMINATIONS[size]);
        let order =
            Order { value, input, gas_limit: CALLS_GAS, flow, ..self.order(chain, from, mixer, Action::MixerDeposit) };
        let deposited = self.world.transact(order, |execution| execution.mixed_in(size, commitment))?;
        self.notes.push(Note { chain, size, sender: from, deposited, flow });
        Some(deposited)
    }

    /// Takes coin of a note out of the mixer, to another account.
    pub(crate) fn unmix(&mut self, note: &Note, to: AccountIndex, flow: Option<u32>) -> Option<TxPlace> {
        let (chain, size) = (note.chain, note.size);
        let mixer = self.world.contracts.mixers[size];
        let fee = DENOMINATIONS[size] / 200;
        let nullifier = mark("nullifier", &[self.options.seed, self.random.bits()]);
        let relayer = self.operators.relayer;
        let at = |account| abi::address(self.world.address(account));
        let root = mark("root", &[note.deposited.height.into()]);
        // The proof stands behind seven words; it is four words of nothing, which nobody checks.
        let head = [abi::number(224), root.0, nullifier.0, at(to), at(relayer), abi::number(fee), abi::number(0)];
        let input = abi::call(&abi::MIX_OUT, &[head.to_vec(), abi::bytes(&[0; 128])].concat());
        let order =
            Order { input, gas_limit: CALLS_GAS, flow, ..self.order(chain, relayer, mixer, Action::MixerWithdrawal) };
        let withdrawn =
            self.world.transact(order, |execution| execution.mixed_out(size, nullifier, to, relayer, fee))?;
        let record = self.mix_record(note, Some((withdrawn, to)));
        self.records.push(record);
        Some(withdrawn)
    }

    pub(crate) fn mix_record(&self, note: &Note, out: Option<(TxPlace, AccountIndex)>) -> Record {
        Record::Mix {
            mixer: self.address_name(self.world.contracts.mixers[note.size]),
            deposited: self.tx_name(note.deposited),
            withdrawn: out.map(|(place, _)| self.tx_name(place)),
            sender: self.address_name(note.sender),
            recipient: out.map(|(_, to)| self.address_name(to)),
            flow: note.flow,
        }
    }

    // ---- the issuer ----

    /// Proposes something to the issuer's owners, of whom another confirms it some blocks later.
    pub(crate) fn propose(&mut self, chain: usize, what: Proposal, later: u64) -> Option<TxPlace> {
        let of = self.world.contracts;
        let at = |account: AccountIndex| abi::address(self.world.address(account));
        let (data, action, flow) = match &what {
            Proposal::Issue(amount) => {
                (abi::call(&abi::ISSUE_METHOD, &[abi::number(*amount)]), Action::IssueProposal, None)
            }
            Proposal::Pay(to, amount) => {
                (abi::call(&abi::TRANSFER_METHOD, &[at(*to), abi::number(*amount)]), Action::IssueProposal, None)
            }
            Proposal::Freeze { account, flow } => {
                (abi::call(&abi::ADD_BLACK_LIST, &[at(*account)]), Action::FreezeProposal, *flow)
            }
            Proposal::Destroy { account, flow, .. } => {
                (abi::call(&abi::DESTROY_BLACK_FUNDS, &[at(*account)]), Action::DestroyProposal, *flow)
            }
        };
        let words = [vec![at(of.stable), abi::number(0), abi::number(96)], abi::bytes(&data)].concat();
        let input = abi::call(&abi::SUBMIT, &words);
        let owner = self.operators.issuers[0];
        let order = Order { input, gas_limit: CALLS_GAS, flow, ..self.order(chain, owner, of.multisig, action) };
        let number = self.world.chains[chain].proposals;
        let proposed = self.world.transact(order, |execution| execution.submitted(owner, number))?;
        self.world.chains[chain].proposals += 1;
        self.later(later, Task::Confirm { chain, number, proposed, what });
        Some(proposed)
    }

    /// Confirms a proposal, which does it.
    pub(crate) fn confirm(&mut self, chain: usize, number: u32, proposed: TxPlace, what: &Proposal) {
        let of = self.world.contracts;
        let owner = self.operators.issuers[1];
        let (action, flow) = match what {
            Proposal::Issue(_) | Proposal::Pay(..) => (Action::Issue, None),
            Proposal::Freeze { flow, .. } => (Action::Freeze, *flow),
            Proposal::Destroy { flow, .. } => (Action::Destroy, *flow),
        };
        let input = abi::call(&abi::CONFIRM, &[abi::number(number.into())]);
        let order = Order { input, gas_limit: CALLS_GAS, flow, ..self.order(chain, owner, of.multisig, action) };
        let mut burned = 0;
        let done = self.world.transact(order, |execution| {
            execution.confirmed(owner, number, |execution| match what {
                Proposal::Issue(amount) => execution.issued(*amount),
                Proposal::Pay(to, amount) => execution.move_token(Asset::Stable, of.multisig, *to, *amount),
                Proposal::Freeze { account, .. } => execution.frozen(*account),
                Proposal::Destroy { account, .. } => burned = execution.destroyed(*account),
            });
        });
        let Some(done) = done else { return };
        match *what {
            Proposal::Freeze { account, flow } => {
                self.frozen(chain, account, proposed, done, flow);
            }
            Proposal::Destroy { account, proposed, frozen, flow } => {
                let destroyed = Some((Amount::new(burned), self.tx_name(done)));
                self.record_freeze(account, proposed, frozen, destroyed, flow);
            }
            Proposal::Issue(_) | Proposal::Pay(..) => {}
        }
    }

    /// An account was frozen: it may try to go on, and half of the time what it holds is destroyed.
    fn frozen(&mut self, chain: usize, account: AccountIndex, proposed: TxPlace, frozen: TxPlace, flow: Option<u32>) {
        let holds = self.stable(chain, account) > 0;
        if holds {
            let to = self.operators.spammer;
            self.fail_transfer(chain, (account, to), Action::FrozenAttempt, flow);
        }
        if holds && self.random.permille(600) {
            let later = self.random.between(5, 20);
            let what = Proposal::Destroy { account, proposed, frozen, flow };
            self.later(later, Task::Propose { chain, what });
        } else {
            self.record_freeze(account, proposed, frozen, None, flow);
        }
    }

    fn record_freeze(
        &mut self,
        account: AccountIndex,
        proposed: TxPlace,
        frozen: TxPlace,
        destroyed: Option<(Amount, String)>,
        flow: Option<u32>,
    ) {
        let record = Record::Freeze {
            account: self.address_name(account),
            proposed: self.tx_name(proposed),
            frozen: self.tx_name(frozen),
            destroyed,
            flow,
        };
        self.records.push(record);
    }

    // ---- poisoning and dust ----

    /// Writes transfers of nothing, or events of a token that is none, in the name of victims.
    pub(crate) fn poison(
        &mut self,
        chain: usize,
        pairs: &[(AccountIndex, AccountIndex)],
        is_spoofed: bool,
        flow: u32,
    ) -> Option<TxPlace> {
        let of = self.world.contracts;
        let victims: Vec<_> = pairs.iter().map(|pair| self.world.address(pair.0)).collect();
        let lookalikes: Vec<_> = pairs.iter().map(|pair| self.world.address(pair.1)).collect();
        let behind = abi::number(96 + 32 * (1 + u128::try_from(pairs.len()).unwrap_or_default()));
        let amount = 1_000 * USD + Units::from(self.random.below(1_000)) * USD;
        let head = if is_spoofed {
            vec![abi::number(96), behind, abi::number(amount)]
        } else {
            vec![abi::address(self.world.address(of.stable)), abi::number(96), behind]
        };
        let words = [head, abi::addresses(&victims), abi::addresses(&lookalikes)].concat();
        let input = abi::call(if is_spoofed { &abi::PRETEND } else { &abi::POISON }, &words);
        let action = if is_spoofed { Action::SpoofedPoison } else { Action::ZeroValuePoison };
        let from = self.operators.poisoner;
        let order =
            Order { input, gas_limit: BATCH_GAS, flow: Some(flow), ..self.order(chain, from, of.poisoner, action) };
        self.world.transact(order, |execution| {
            if is_spoofed {
                execution.pretended(pairs, amount);
            } else {
                execution.poisoned(pairs);
            }
        })
    }

    /// Sends next to nothing to somebody.
    pub(crate) fn dust(&mut self, chain: usize, to: AccountIndex) {
        let spammer = self.operators.spammer;
        if self.random.permille(500) || self.stable(chain, spammer) < 10 {
            let value = Units::from(self.random.between(1, 1_000)) * GWEI;
            self.send_coin(chain, spammer, to, value, Action::Dust, None);
        } else {
            let amount = Units::from(self.random.between(1, 9));
            self.send_token(chain, Asset::Stable, (spammer, to), amount, Action::Dust, None);
        }
    }
}

/// Returns the tokens that a swap passes: coin goes as its wrapped token.
fn path(give: Asset, want: Asset) -> Option<&'static [Asset]> {
    Some(match (give, want) {
        (Asset::Native, Asset::Stable) => &[Asset::Wrapped, Asset::Stable],
        (Asset::Stable, Asset::Native) => &[Asset::Stable, Asset::Wrapped],
        (Asset::Native, Asset::Gem) => &[Asset::Wrapped, Asset::Gem],
        (Asset::Gem, Asset::Native) => &[Asset::Gem, Asset::Wrapped],
        (Asset::Stable, Asset::Gem) => &[Asset::Stable, Asset::Wrapped, Asset::Gem],
        (Asset::Gem, Asset::Stable) => &[Asset::Gem, Asset::Wrapped, Asset::Stable],
        _ => return None,
    })
}
