//! Finds memberships block by block. What is found in a block depends on the ledger up to it only, so that following blocks one by one finds what
//! a look at all of them does.

use crate::clusters::Membership;
use crate::cow::CowMap;
use crate::heuristics::{Heuristic, Options};
use crate::services::Role;
use crate::signals::{FactKind, Signals};
use holdfast_account_ledger::{BlockInfo, Direction, Ledger, LedgerError, NATIVE, StoredTransfer};
use holdfast_types::{AccountId, Amount, Asset, TransferKind};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

/// Most postings and assets of an account that are looked at: who has more is no deposit address.
const MAX_POSTINGS: usize = 4_096;
const MAX_ASSETS: usize = 256;
/// A deposit that is swept with others counts for its sender from this share of the whole on (one in so many): less could be anybody's dust.
const LEAST_SHARE: u64 = 16;

/// What was found so far, for look-ups; all of it follows from the log of memberships.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// Deposit addresses, with their service.
    deposits: HashMap<u32, u32>,
    vetoed: HashSet<(Heuristic, u32)>,
    seen: HashSet<(Heuristic, u32, u32)>,
    /// By sender, how many deposit addresses it sends to.
    sends_to: HashMap<u32, u32>,
    /// By contract of a factory, whereto it sends.
    targets: HashMap<u32, u32>,
}

impl State {
    /// Takes a membership or a veto of the log. `service` gives the service of a wallet.
    pub(crate) fn take(&mut self, found: &Membership, service: impl Fn(u32) -> Option<u32>) {
        let Some(heuristic) = found.heuristic() else { return };
        if found.is_veto() {
            self.vetoed.insert((heuristic, found.member));
            return;
        }
        self.seen.insert((heuristic, found.through, found.member));
        match heuristic {
            Heuristic::Sweep => {
                if let Some(service) = service(found.through) {
                    self.deposits.insert(found.member, service);
                }
            }
            Heuristic::DepositReuse => *self.sends_to.entry(found.member).or_default() += 1,
            Heuristic::Factory => {
                self.targets.insert(found.member, found.through);
            }
            Heuristic::GasFunding | Heuristic::Energy => {}
        }
    }

    pub(crate) fn is_vetoed(&self, heuristic: Heuristic, account: u32) -> bool {
        self.vetoed.contains(&(heuristic, account))
    }
}

/// A look at blocks.
pub(crate) struct Scan<'a> {
    pub ledger: &'a Ledger,
    pub signals: &'a Signals,
    pub options: &'a Options,
    /// Tagged accounts of the ledger.
    pub roles: &'a CowMap<Role>,
    pub state: &'a mut State,
    /// What was found and not taken yet.
    pub log: Vec<Membership>,
    /// Whether logs of an asset are believed, where that was looked up.
    trusted: HashMap<u32, bool>,
    holds_coin: bool,
    height: u64,
}

impl<'a> Scan<'a> {
    pub fn new(
        ledger: &'a Ledger,
        signals: &'a Signals,
        options: &'a Options,
        roles: &'a CowMap<Role>,
        state: &'a mut State,
    ) -> Self {
        let holds_coin = ledger.settings().assets.native();
        Scan { ledger, signals, options, roles, state, log: Vec::new(), trusted: HashMap::new(), holds_coin, height: 0 }
    }

    /// Looks at a block.
    pub fn block(&mut self, block: &BlockInfo) -> Result<(), LedgerError> {
        self.height = block.height;
        for tx in block.txs.clone() {
            let payer = self.ledger.tx(tx)?.payer;
            for transfer in self.ledger.transfers_of(tx)? {
                self.transfer(&transfer, payer)?;
            }
        }
        Ok(())
    }

    fn transfer(&mut self, t: &StoredTransfer, payer: Option<u32>) -> Result<(), LedgerError> {
        let Some(from) = t.from.filter(|from| t.to != Some(*from)) else { return Ok(()) };
        if !moves(t.kind) || !self.is_authentic(t, payer)? {
            return Ok(());
        }
        if self.options.has(Heuristic::Sweep) || self.options.has(Heuristic::DepositReuse) {
            self.deposit(t, from)?;
        }
        if self.options.has(Heuristic::Factory) {
            self.factory(t, from)?;
        }
        if self.options.has(Heuristic::GasFunding) && t.kind == TransferKind::Token && payer == Some(from) {
            self.gas_funding(t, from)?;
        }
        Ok(())
    }

    fn is_coin(&self, asset: u32) -> bool {
        self.holds_coin && asset == NATIVE
    }

    /// Returns whether a transfer happened as it says: anybody can write a contract that logs transfers in others' names, so it was signed by the sender,
    /// or is of the chain's coin or of a token that is known.
    fn is_authentic(&mut self, t: &StoredTransfer, payer: Option<u32>) -> Result<bool, LedgerError> {
        if self.is_coin(t.asset) || (payer.is_some() && payer == t.from) {
            return Ok(true);
        }
        if let Some(known) = self.trusted.get(&t.asset) {
            return Ok(*known);
        }
        let token = self.ledger.asset(t.asset)?;
        let listed = || {
            Asset::parse(&token.asset_id(&self.ledger.settings().chain).to_string()).is_ok_and(|a| a.ticker().is_some())
        };
        let chosen = token.contract().is_some_and(|c| self.options.trusted_tokens.contains(&hex_of(&c)));
        let trusted = chosen || listed();
        self.trusted.insert(t.asset, trusted);
        Ok(trusted)
    }

    fn push(&mut self, found: Membership) {
        let roles = self.roles;
        self.state.take(&found, |account| service_of(roles, account));
        self.log.push(found);
    }

    fn veto(&mut self, heuristic: Heuristic, account: u32, t: &StoredTransfer) {
        if !self.state.is_vetoed(heuristic, account) {
            self.push(Membership::veto(heuristic, account, self.height, t.number));
        }
    }

    fn is_new(&self, heuristic: Heuristic, through: u32, member: u32) -> bool {
        self.options.has(heuristic)
            && !self.state.seen.contains(&(heuristic, through, member))
            && !self.state.is_vetoed(heuristic, member)
    }

    // ---- deposit addresses ----

    fn deposit(&mut self, t: &StoredTransfer, from: u32) -> Result<(), LedgerError> {
        if self.roles.contains(from) || self.state.is_vetoed(Heuristic::Sweep, from) {
            return Ok(());
        }
        let service = t.to.and_then(|to| service_of(self.roles, to));
        let known = self.state.deposits.get(&from).copied();
        if known.is_some() && known != service {
            self.veto(Heuristic::Sweep, from, t);
            return Ok(());
        }
        let (Some(service), Some(wallet)) = (service, t.to) else { return Ok(()) };
        let deposits = self.received(t, from)?;
        if deposits.is_empty() {
            return Ok(());
        }
        if known.is_none() && !self.sends_only_to(from, |to| service_of(self.roles, to) == Some(service))? {
            self.veto(Heuristic::Sweep, from, t);
            return Ok(());
        }
        // Sweeps are found for both heuristics: they tell which accounts are deposit addresses.
        if !self.state.seen.contains(&(Heuristic::Sweep, wallet, from)) {
            let found =
                Membership::new(Heuristic::Sweep, (wallet, 0), from, self.height, (deposits[0].number, t.number));
            self.push(found);
        }
        for deposit in &deposits {
            self.customer(deposit, from, t)?;
        }
        Ok(())
    }

    /// Finds the sender of a deposit to be a customer of the deposit address.
    fn customer(&mut self, deposit: &StoredTransfer, address: u32, t: &StoredTransfer) -> Result<(), LedgerError> {
        let Some(sender) = deposit.from else { return Ok(()) };
        // What a contract sends on in somebody's name is not that person's account.
        let is_signed = self.ledger.tx(deposit.tx)?.payer == Some(sender);
        let is_person = !self.roles.contains(sender) && !self.state.deposits.contains_key(&sender);
        if !is_signed || !is_person || !self.is_new(Heuristic::DepositReuse, address, sender) {
            return Ok(());
        }
        let found =
            Membership::new(Heuristic::DepositReuse, (address, 0), sender, self.height, (deposit.number, t.number));
        self.push(found);
        if self.state.sends_to.get(&sender).is_some_and(|n| *n > self.options.max_deposits) {
            self.veto(Heuristic::DepositReuse, sender, t);
        }
        Ok(())
    }

    /// Returns what an account received and sends on with a transfer: all since it last sent, or one amount; nothing where neither fits.
    fn received(&mut self, t: &StoredTransfer, from: u32) -> Result<Vec<StoredTransfer>, LedgerError> {
        let mut postings = Vec::new();
        let heights = self.height.saturating_sub(self.options.max_blocks)..self.height.saturating_add(1);
        self.ledger.for_each_posting(from, t.asset, heights, |posting| {
            let is_before = posting.transfer.number < t.number;
            if is_before && !posting.transfer.kind.is_fee() {
                postings.push(posting);
            }
            if is_before && postings.len() < MAX_POSTINGS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let mut ins = Vec::new();
        let mut since = 0;
        for posting in postings {
            match posting.direction {
                Direction::Out => since = ins.len(),
                Direction::In => {
                    let payer = self.ledger.tx(posting.transfer.tx)?.payer;
                    if posting.transfer.from != Some(from) && self.is_authentic(&posting.transfer, payer)? {
                        ins.push(posting.transfer);
                    }
                }
            }
        }
        let most = if self.is_coin(t.asset) { Amount::from(self.options.max_remainder) } else { Amount::ZERO };
        let fits = |sum: Option<Amount>| {
            sum.filter(|sum| *sum > most).and_then(|sum| sum.checked_sub(t.amount)).is_some_and(|rest| rest <= most)
        };
        let swept = &ins[since..];
        let sum = Amount::checked_sum(swept.iter().map(|d| d.amount));
        if fits(sum) {
            let least = sum.and_then(|sum| sum.mul_div(Amount::new(1), Amount::from(LEAST_SHARE))).unwrap_or_default();
            return Ok(swept.iter().filter(|d| d.amount >= least).copied().collect());
        }
        Ok(ins.iter().rev().find(|d| fits(Some(d.amount))).copied().into_iter().collect())
    }

    /// Returns whether an account sent to such accounts only, up to this block.
    fn sends_only_to(&mut self, account: u32, is_one: impl Fn(u32) -> bool) -> Result<bool, LedgerError> {
        let assets = self.ledger.assets_of(account)?;
        let mut left = MAX_POSTINGS;
        if assets.len() > MAX_ASSETS {
            return Ok(false);
        }
        for asset in assets {
            let mut sent = Vec::new();
            self.ledger.for_each_posting(account, asset, 0..self.height.saturating_add(1), |posting| {
                let is_out = posting.direction == Direction::Out && moves(posting.transfer.kind);
                if is_out && posting.transfer.to.is_none_or(|to| to != account && !is_one(to)) {
                    sent.push(posting.transfer);
                }
                left = left.saturating_sub(1);
                if left > 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            if left == 0 {
                return Ok(false);
            }
            for transfer in sent {
                let payer = self.ledger.tx(transfer.tx)?.payer;
                if self.is_authentic(&transfer, payer)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    // ---- factories ----

    fn factory(&mut self, t: &StoredTransfer, from: u32) -> Result<(), LedgerError> {
        if self.state.is_vetoed(Heuristic::Factory, from) {
            return Ok(());
        }
        let Some(to) = t.to else { return Ok(()) };
        if let Some(target) = self.state.targets.get(&from) {
            if *target != to {
                self.veto(Heuristic::Factory, from, t);
            }
            return Ok(());
        }
        let is_service = matches!(self.roles.get(to), None | Some(Role::Wallet(_)));
        if self.roles.contains(from) || !is_service {
            return Ok(());
        }
        let contract = self.ledger.account(from)?;
        let Some(factory) = self.signals.creator(&contract, self.height) else { return Ok(()) };
        if !self.sends_only_to(from, |other| other == to)? {
            self.veto(Heuristic::Factory, from, t);
            return Ok(());
        }
        let through = (to, number_of(&factory));
        self.push(Membership::new(Heuristic::Factory, through, from, self.height, (t.number, t.number)));
        Ok(())
    }

    // ---- gas ----

    fn gas_funding(&mut self, t: &StoredTransfer, from: u32) -> Result<(), LedgerError> {
        if !self.holds_coin || self.roles.contains(from) {
            return Ok(());
        }
        let mut first = None;
        self.ledger.for_each_posting(from, NATIVE, 0..self.height.saturating_add(1), |posting| {
            first = Some(posting);
            ControlFlow::Break(())
        })?;
        let Some(first) = first.filter(|p| p.direction == Direction::In && p.transfer.kind == TransferKind::Value)
        else {
            return Ok(());
        };
        let gas = first.transfer;
        let Some(funder) = gas.from.filter(|f| *f != from && !self.roles.contains(*f)) else { return Ok(()) };
        let tx = self.ledger.tx(gas.tx)?;
        let is_near = self.ledger.block(tx.block)?.height.saturating_add(self.options.max_blocks) >= self.height;
        let is_gas = gas.amount <= Amount::from(self.options.max_gas) && tx.payer == Some(funder);
        if is_near && is_gas && self.is_new(Heuristic::GasFunding, funder, from) {
            self.push(Membership::new(Heuristic::GasFunding, (funder, 0), from, self.height, (gas.number, t.number)));
        }
        Ok(())
    }
}

/// Returns whether a transfer is somebody's doing with what they hold.
fn moves(kind: TransferKind) -> bool {
    matches!(
        kind,
        TransferKind::Value
            | TransferKind::Internal
            | TransferKind::Token
            | TransferKind::Wrap
            | TransferKind::Unwrap
            | TransferKind::Burn
    )
}

pub(crate) fn service_of(roles: &CowMap<Role>, account: u32) -> Option<u32> {
    match roles.get(account) {
        Some(Role::Wallet(service)) => Some(*service),
        _ => None,
    }
}

/// Returns who uses whose energy, of the blocks up to a height. Accounts have the ledger's numbers of today, so that this is found anew each time.
pub(crate) fn energy(ledger: &Ledger, signals: &Signals, roles: &CowMap<Role>, until: u64) -> Vec<Membership> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for fact in signals.until(until).iter().filter(|fact| fact.kind() == FactKind::Energy) {
        let numbers = (ledger.account_number(&fact.by()), ledger.account_number(&fact.account()));
        let (Some(owner), Some(receiver)) = numbers else { continue };
        let is_tagged = roles.contains(owner) || roles.contains(receiver);
        if !is_tagged && owner != receiver && seen.insert((owner, receiver)) {
            found.push(Membership::of_fact(Heuristic::Energy, owner, receiver, fact.place()));
        }
    }
    found
}

/// Stands for a factory beside the account that its contracts send to; factories that it confuses are joined by that account anyway.
fn number_of(factory: &AccountId) -> u32 {
    u32::from_be_bytes(factory.as_bytes().first_chunk::<4>().copied().unwrap_or_default())
}

fn hex_of(account: &AccountId) -> String {
    hex::encode(account.as_bytes())
}
