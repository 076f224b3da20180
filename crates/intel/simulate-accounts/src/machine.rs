//! What the contracts do, call by call and log by log as their code in contracts/Contracts.sol does it: the tests against anvil compare the two.

use super::abi;
use super::contracts::DENOMINATIONS;
use super::world::{AccountIndex, Asset, ChainState, Execution, Pool, Units};
use alloy_primitives::{B256, Bytes, U256, keccak256};
use holdfast_types::TransferKind;

impl Execution<'_> {
    fn word(&self, account: AccountIndex) -> abi::Word {
        abi::address(self.world.address(account))
    }

    fn topic(&self, account: AccountIndex) -> B256 {
        self.word(account).into()
    }

    /// Runs the code of the account that was sent coin.
    pub fn receive(&mut self, value: Units) {
        let (own, chain) = (self.own(), self.chain);
        if own == self.world.contracts.wrapper {
            let sender = self.caller();
            self.wrapped(sender, value);
        } else if self.world.chains[chain].holdings[own].has_code {
            let hot = self.hot_of(own);
            self.pay(hot, value);
            let sender = self.caller();
            let words = [self.word(sender), abi::number(value), abi::number(96), abi::number(0)];
            self.log(&[*abi::FORWARDED], &words);
        }
    }

    fn hot_of(&self, forwarder: AccountIndex) -> AccountIndex {
        let owner = self.world.accounts[forwarder].owner;
        self.world.owners[owner].hot
    }

    // ---- tokens: inside a call of the token ----

    /// Moves a token, which may take its fee.
    pub fn move_token(&mut self, asset: Asset, from: AccountIndex, to: AccountIndex, amount: Units) {
        if asset == Asset::Fee {
            let fee = amount / 100;
            self.moved(asset, from, to, amount - fee);
            self.moved(asset, from, self.world.fee_collector, fee);
        } else {
            self.moved(asset, from, to, amount);
        }
    }

    fn moved(&mut self, asset: Asset, from: AccountIndex, to: AccountIndex, amount: Units) {
        let position = self.next_log();
        self.log(&[*abi::TRANSFER, self.topic(from), self.topic(to)], &[abi::number(amount)]);
        self.shift(asset, Some(from), Some(to), amount, TransferKind::Token, position);
    }

    /// Creates units of a token; of nobody where `to` is none, which books as nothing.
    pub fn mint(&mut self, asset: Asset, to: Option<AccountIndex>, amount: Units) {
        let position = self.next_log();
        let receiver = to.map_or(B256::ZERO, |to| self.topic(to));
        self.log(&[*abi::TRANSFER, B256::ZERO, receiver], &[abi::number(amount)]);
        if to.is_some() {
            self.shift(asset, None, to, amount, TransferKind::Mint, position);
        }
    }

    /// Destroys units of a token.
    pub fn burn(&mut self, asset: Asset, from: AccountIndex, amount: Units) {
        let position = self.next_log();
        self.log(&[*abi::TRANSFER, self.topic(from), B256::ZERO], &[abi::number(amount)]);
        self.shift(asset, Some(from), None, amount, TransferKind::Burn, position);
    }

    /// Inside the wrapper: coin that arrived becomes its token.
    pub fn wrapped(&mut self, account: AccountIndex, amount: Units) {
        let position = self.next_log();
        self.log(&[*abi::DEPOSIT, self.topic(account)], &[abi::number(amount)]);
        self.shift(Asset::Wrapped, None, Some(account), amount, TransferKind::Wrap, position);
    }

    /// Inside the wrapper: its token becomes coin.
    pub fn unwrapped(&mut self, account: AccountIndex, amount: Units) {
        self.pay(account, amount);
        let position = self.next_log();
        self.log(&[*abi::WITHDRAWAL, self.topic(account)], &[abi::number(amount)]);
        self.shift(Asset::Wrapped, Some(account), None, amount, TransferKind::Unwrap, position);
    }

    /// Calls a token's contract to move units.
    pub fn call_token(&mut self, asset: Asset, from: AccountIndex, to: AccountIndex, amount: Units) {
        if let Some(contract) = self.world.contracts.of(asset) {
            self.call(contract, 0, |execution| execution.move_token(asset, from, to, amount));
        }
    }

    // ---- the stablecoin's issuer ----

    /// Inside the wallet of several owners: a proposal and its first confirmation.
    pub fn submitted(&mut self, owner: AccountIndex, proposal: u32) {
        let number = B256::from(abi::number(proposal.into()));
        self.log(&[*abi::SUBMISSION, number], &[]);
        self.log(&[*abi::CONFIRMATION, self.topic(owner), number], &[]);
    }

    /// Inside the wallet of several owners: the second confirmation, which does it.
    pub fn confirmed(&mut self, owner: AccountIndex, proposal: u32, run: impl FnOnce(&mut Self)) {
        let number = B256::from(abi::number(proposal.into()));
        self.log(&[*abi::CONFIRMATION, self.topic(owner), number], &[]);
        let stable = self.world.contracts.stable;
        self.call(stable, 0, run);
        self.log(&[*abi::EXECUTION, number], &[]);
    }

    /// Inside the stablecoin: an issue.
    pub fn issued(&mut self, amount: Units) {
        let issuer = self.world.contracts.multisig;
        self.mint(Asset::Stable, Some(issuer), amount);
        self.log(&[*abi::ISSUE], &[abi::number(amount)]);
    }

    /// Inside the stablecoin: an account is frozen.
    pub fn frozen(&mut self, account: AccountIndex) {
        self.state().holdings[account].is_frozen = true;
        self.log(&[*abi::ADDED_BLACK_LIST], &[self.word(account)]);
    }

    /// Inside the stablecoin: a frozen account's units are destroyed. Returns how many.
    pub fn destroyed(&mut self, account: AccountIndex) -> Units {
        let amount = self.state().units(account, Asset::Stable);
        self.burn(Asset::Stable, account, amount);
        self.log(&[*abi::DESTROYED_BLACK_FUNDS], &[self.word(account), abi::number(amount)]);
        amount
    }

    // ---- pools: inside a call of the router ----

    /// Views the pools of a path for the amounts that they would give.
    pub fn quote(&mut self, path: &[Asset]) {
        for step in path.windows(2) {
            if let Some(pool) = self.state().pool(step[0], step[1]).map(|pool| pool.account) {
                self.view(pool);
            }
        }
    }

    /// Passes amounts through the pools of a path; the first pool has its units already.
    pub fn hop(&mut self, path: &[Asset], amounts: &[Units], to: AccountIndex) {
        for (i, step) in path.windows(2).enumerate() {
            let behind = path.get(i + 2).and_then(|next| self.state().pool(step[1], *next));
            let receiver = behind.map_or(to, |pool| pool.account);
            let Some(pool) = self.state().pool(step[0], step[1]) else { return };
            let router = self.own();
            self.call(pool.account, 0, |execution| execution.swapped(pool, step[1], amounts[i + 1], receiver, router));
        }
    }

    /// Inside a pool: a swap whose units it has already.
    fn swapped(&mut self, pool: Pool, out: Asset, amount_out: Units, to: AccountIndex, router: AccountIndex) {
        self.call_token(out, pool.account, to, amount_out);
        let balances = self.pool_balances(&pool);
        let is_second = pool.tokens[1] == out;
        let outs = if is_second { [0, amount_out] } else { [amount_out, 0] };
        let ins: [Units; 2] = std::array::from_fn(|i| (balances[i] + outs[i]).saturating_sub(pool.reserves[i]));
        self.synced(pool, balances);
        let words = [ins[0], ins[1], outs[0], outs[1]].map(abi::number);
        self.log(&[*abi::SWAP, self.topic(router), self.topic(to)], &words);
    }

    fn pool_balances(&mut self, pool: &Pool) -> [Units; 2] {
        pool.tokens.map(|token| {
            if let Some(contract) = self.world.contracts.of(token) {
                self.view(contract);
            }
            self.state().units(pool.account, token)
        })
    }

    fn synced(&mut self, pool: Pool, balances: [Units; 2]) {
        if let Some(stored) = self.state().pools.iter_mut().find(|p| p.account == pool.account) {
            stored.reserves = balances;
        }
        self.log(&[*abi::SYNC], &balances.map(abi::number));
    }

    /// Inside a pool: its first liquidity.
    pub fn provided(&mut self, pool: Pool, provider: AccountIndex) {
        let balances = self.pool_balances(&pool);
        let product = U256::from(balances[0]) * U256::from(balances[1]);
        let shares = Units::try_from(root(product)).unwrap_or_default();
        self.mint(pool.share, None, 1_000);
        self.mint(pool.share, Some(provider), shares.saturating_sub(1_000));
        self.synced(pool, balances);
        self.log(&[*abi::LIQUIDITY, self.topic(provider)], &balances.map(abi::number));
    }

    // ---- the bridge: inside a call of it ----

    /// Sends units over; returns the message and its hash.
    pub fn sent_over(&mut self, from: AccountIndex, recipient: AccountIndex, amount: Units) -> Message {
        let of = self.world.contracts;
        if self.chain == 0 {
            self.call_token(Asset::Stable, from, of.bridge, amount);
        } else {
            self.call(of.stable, 0, |execution| execution.burn(Asset::Stable, from, amount));
        }
        let [origin, remote] = [self.chain, 1 - self.chain].map(|chain| self.world.chains[chain].number);
        let nonce = self.state().bridge_nonce;
        self.state().bridge_nonce += 1;
        let domain = |number: u64| abi::number(number.into())[28..].to_vec();
        let own = self.word(of.bridge);
        let recipient_word = self.word(recipient);
        let content = [
            domain(origin),
            own.to_vec(),
            nonce.to_be_bytes().to_vec(),
            domain(remote),
            own.to_vec(),
            recipient_word.to_vec(),
            abi::number(amount).to_vec(),
        ]
        .concat();
        let hash = keccak256(&content);
        let number = abi::number(nonce.into());
        let destination = abi::number(u128::from(remote) << 32 | u128::from(nonce));
        let data = [vec![[0; 32], abi::number(64)], abi::bytes(&content)].concat();
        self.log(&[*abi::DISPATCH, hash, number.into(), destination.into()], &data);
        let topics = [*abi::SEND, self.topic(of.stable), self.topic(from), abi::number(remote.into()).into()];
        self.log(&topics, &[recipient_word, abi::number(amount), abi::number(0)]);
        let origin_and_nonce = u128::from(origin) << 32 | u128::from(nonce);
        Message { content: content.into(), hash, recipient, amount, origin_and_nonce }
    }

    /// Delivers a message.
    pub fn delivered(&mut self, message: &Message) {
        let of = self.world.contracts;
        let &Message { recipient, amount, hash, origin_and_nonce, .. } = message;
        if self.chain == 0 {
            self.call_token(Asset::Stable, of.bridge, recipient, amount);
        } else {
            self.call(of.stable, 0, |execution| execution.mint(Asset::Stable, Some(recipient), amount));
        }
        let origin = B256::from(abi::number(origin_and_nonce));
        let topics = [*abi::RECEIVE, origin, self.topic(of.stable), self.topic(recipient)];
        self.log(&topics, &[[0; 32], abi::number(amount)]);
        self.log(&[*abi::PROCESS, hash, abi::number(1).into(), keccak256([])], &[]);
    }

    // ---- mixer, forwarders, batches ----

    /// Inside a mixer: a deposit.
    pub fn mixed_in(&mut self, size: usize, commitment: B256) {
        let leaf = self.state().mixer_leaves[size];
        self.state().mixer_leaves[size] += 1;
        let time = self.world.time();
        self.log(&[*abi::MIXED_IN, commitment], &[abi::number(leaf.into()), abi::number(time.into())]);
    }

    /// Inside a mixer: a withdrawal, whose relayer takes a fee.
    pub fn mixed_out(&mut self, size: usize, nullifier: B256, to: AccountIndex, relayer: AccountIndex, fee: Units) {
        self.pay(to, DENOMINATIONS[size] - fee);
        self.pay(relayer, fee);
        let words = [self.word(to), nullifier.0, abi::number(fee)];
        self.log(&[*abi::MIXED_OUT, self.topic(relayer)], &words);
    }

    /// Inside a factory: a forwarder comes to its address, and sends on what coin is there.
    pub fn forwarder_created(&mut self, forwarder: AccountIndex) {
        let hot = self.hot_of(forwarder);
        self.create(forwarder, true, |execution| {
            let coin = execution.state().units(forwarder, Asset::Native);
            if coin > 0 {
                execution.pay(hot, coin);
            }
        });
        self.state().holdings[forwarder].has_code = true;
        self.log(&[*abi::CREATED], &[self.word(forwarder)]);
    }

    /// Inside a factory: forwarders send on their tokens.
    pub fn flushed(&mut self, asset: Asset, forwarders: &[AccountIndex]) {
        for forwarder in forwarders {
            let hot = self.hot_of(*forwarder);
            self.call(*forwarder, 0, |execution| {
                if let Some(contract) = execution.world.contracts.of(asset) {
                    execution.view(contract);
                }
                let units = execution.state().units(*forwarder, asset);
                if units > 0 {
                    execution.call_token(asset, *forwarder, hot, units);
                }
            });
        }
    }

    /// Inside the batch payer: each receiver is paid, but for the one that refuses; what is left goes back.
    pub fn paid_each(&mut self, to: &[AccountIndex], each: Units, back: AccountIndex) {
        let refuser = self.world.contracts.refuser;
        let mut left = 0;
        for receiver in to {
            if *receiver == refuser {
                self.refused(refuser, each);
                left += each;
            } else {
                self.pay(*receiver, each);
            }
        }
        if left > 0 {
            self.pay(back, left);
        }
    }

    /// Inside the poisoner: transfers of nothing in the name of others.
    pub fn poisoned(&mut self, pairs: &[(AccountIndex, AccountIndex)]) {
        for (victim, lookalike) in pairs {
            self.call_token(Asset::Stable, *victim, *lookalike, 0);
        }
    }

    /// Inside the poisoner: events of a token that is none.
    pub fn pretended(&mut self, pairs: &[(AccountIndex, AccountIndex)], amount: Units) {
        for (victim, lookalike) in pairs {
            self.moved(Asset::Fake, *victim, *lookalike, amount);
        }
    }
}

/// Returns the square root, rounded down.
fn root(n: U256) -> U256 {
    let (mut least, mut next) = (n, (n >> 1) + U256::from(1));
    while next < least {
        least = next;
        next = (n / next + next) >> 1;
    }
    least
}

/// A message of the bridge on its way.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub content: Bytes,
    pub hash: B256,
    pub recipient: AccountIndex,
    pub amount: Units,
    pub origin_and_nonce: u128,
}

impl ChainState {
    /// Returns the pool of two tokens.
    pub fn pool(&self, a: Asset, b: Asset) -> Option<Pool> {
        self.pools.iter().find(|pool| pool.tokens == [a, b] || pool.tokens == [b, a]).copied()
    }

    /// Returns the amounts along a path of tokens, the first included, as the router computes them: each pool takes 0.3%.
    pub fn amounts(&self, path: &[Asset], amount: Units) -> Option<Vec<Units>> {
        let mut amounts = vec![amount];
        for step in path.windows(2) {
            let pool = self.pool(step[0], step[1])?;
            let is_second = pool.tokens[1] == step[0];
            let (before, behind) = (pool.reserves[usize::from(is_second)], pool.reserves[usize::from(!is_second)]);
            let taken = U256::from(*amounts.last()?) * U256::from(997);
            let below = U256::from(before) * U256::from(1_000) + taken;
            let out = (taken * U256::from(behind)).checked_div(below)?;
            amounts.push(Units::try_from(out).ok()?);
        }
        Some(amounts)
    }
}
