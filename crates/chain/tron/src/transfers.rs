//! The transfers of a verified block.
//!
//! Order inside a transaction: what it orders itself, then moves inside it, then its logs, because nodes do not state how those two interleave; its
//! fees last. A transaction that failed moves its fee only. Staked coin remains its owner's: stakes are signals, and balances include them.

use crate::contract::{Call, Contract, Token};
use crate::info::{Cost, Internal};
use crate::{Chain, Info, Transaction, VerifiedBlock};
use holdfast_evm::events;
use holdfast_evm::found::{Found, Order, id};
use holdfast_types::{
    AccountId, Amount, BlockTransfers, Commitment, Missing, Position, Resource, Signal, StakeChange, TokenRef,
    TransactionTransfers, Transfer, TransferKind,
};

/// Lists the transfers of a verified block. Where the node does not store calls inside transactions, [`BlockTransfers::internal_known`] is false:
/// coin and TRC-10 tokens that moved inside transactions are missing.
#[must_use]
pub fn transfers(chain: &Chain, verified: &VerifiedBlock) -> BlockTransfers {
    let block = &verified.block;
    let mut transactions = Vec::with_capacity(verified.infos.len());
    let (internal_known, mut logs_before) = (verified.is_internal_known(), 0u32);
    for (i, (transaction, info)) in block.transactions.iter().zip(&verified.infos).enumerate() {
        let index = u32::try_from(i).unwrap_or(u32::MAX);
        let single = Single { index, transaction, info, internal_known, logs_before };
        transactions.push(transfers_of(chain, &single));
        logs_before = logs_before.saturating_add(u32::try_from(info.logs.len()).unwrap_or(u32::MAX));
    }
    let first = (0u32..).zip(if block.header.number == 0 { block.transactions.as_slice() } else { &[] });
    BlockTransfers {
        chain: chain.id().clone(),
        height: block.header.number,
        hash: block.id,
        parent: block.header.parent,
        time: block.header.timestamp_ms / 1_000,
        transactions,
        block_level: first.filter_map(|(i, transaction)| genesis(transaction, i)).collect(),
        internal_known,
    }
}

/// A transaction apart from the others of its block, with all that its transfers follow from.
#[derive(Clone, Copy, Debug)]
pub struct Single<'a> {
    /// Number in its block.
    pub index: u32,
    /// The transaction.
    pub transaction: &'a Transaction,
    /// What the node adds to it: claims.
    pub info: &'a Info,
    /// Whether all moves inside it are known: [`VerifiedBlock::is_internal_known`].
    pub internal_known: bool,
    /// How many logs stand before its own in the block.
    pub logs_before: u32,
}

/// Lists the transfers of a transaction apart from its block; those of [`transfers`] where all that is given is its block's.
#[must_use]
pub fn transfers_of(chain: &Chain, single: &Single<'_>) -> TransactionTransfers {
    let (success, is_proved) = single.transaction.success(Some(single.info));
    let reader = Reader {
        chain,
        transaction: single.transaction,
        info: single.info,
        owner: single.transaction.owner.unwrap_or(AccountId::ZERO),
        internal_known: single.internal_known,
        certainty: if is_proved { Commitment::Root } else { Commitment::Claim },
        places: 0,
        found: Found::default(),
    };
    reader.read(single.index, success, single.logs_before)
}

/// Returns the balance that a transaction of the first block makes.
fn genesis(transaction: &Transaction, i: u32) -> Option<Transfer> {
    let Contract::Transfer { to, amount } = transaction.contract else { return None };
    let (token, kind, position) = (TokenRef::Native, TransferKind::Genesis, Position::BlockStart(i));
    let transfer = Transfer {
        token,
        from: None,
        to: Some(to),
        amount: amount.into(),
        kind,
        position,
        commitment: Commitment::Root,
    };
    (amount > 0).then_some(transfer)
}

struct Reader<'a> {
    chain: &'a Chain,
    transaction: &'a Transaction,
    info: &'a Info,
    owner: AccountId,
    internal_known: bool,
    /// What commits to the success of the transaction, and so to what it orders.
    certainty: Commitment,
    /// How many places behind the transaction's own are taken.
    places: u32,
    found: Found,
}

/// Both sides of a transfer.
type Sides = (Option<AccountId>, Option<AccountId>);

impl Reader<'_> {
    fn read(mut self, index: u32, success: bool, logs_before: u32) -> TransactionTransfers {
        if success {
            self.ordered();
            for internal in self.info.internal.iter().filter(|internal| !internal.rejected) {
                self.internal(internal);
            }
            self.logs(logs_before);
            self.found.settle_wraps(self.internal_known);
        }
        self.fees();
        TransactionTransfers {
            hash: self.transaction.id,
            index,
            payer: self.owner,
            to: self.transaction.to(),
            success,
            fee: self.info.cost.total.into(),
            method: self.transaction.method(),
            transfers: self.found.transfers,
            signals: self.found.signals,
        }
    }

    /// Takes the next place behind the transaction's own: frames of its trace, or what else its order moves.
    fn place(&mut self) -> Position {
        self.places = self.places.saturating_add(1);
        Position::Trace(self.places)
    }

    fn push(
        &mut self,
        token: TokenRef,
        (from, to): Sides,
        amount: u64,
        kind: TransferKind,
        position: Position,
        commitment: Commitment,
    ) {
        self.found.push(Transfer { token, from, to, amount: amount.into(), kind, position, commitment });
    }

    /// Adds what the transaction itself orders, which its root commits to.
    fn moved(&mut self, token: TokenRef, sides: Sides, amount: u64) {
        let kind = if token == TokenRef::Native { TransferKind::Value } else { TransferKind::Token };
        self.push(token, sides, amount, kind, Position::Transaction, self.certainty);
    }

    /// Adds what followed from the order and the chain's state: a claim of the node.
    fn followed(&mut self, token: TokenRef, sides: Sides, amount: u64) {
        let kind = if token == TokenRef::Native { TransferKind::Value } else { TransferKind::Token };
        let position = self.place();
        self.push(token, sides, amount, kind, position, Commitment::Claim);
    }

    fn missing(&mut self, missing: Missing) {
        let (account, position) = (self.owner, Position::Transaction);
        self.found.signals.push(Signal::Undetermined { account, missing, position });
    }

    fn stake(&mut self, change: StakeChange, amount: Option<u64>, resource: Option<Resource>) {
        let (account, amount, position) = (self.owner, amount.map(Amount::from), Position::Transaction);
        self.found.signals.push(Signal::Stake { account, change, amount, resource, position });
    }

    fn returned(&mut self, amount: u64) {
        if amount > 0 {
            self.stake(StakeChange::Returned, Some(amount), None);
        }
    }

    fn lent(&mut self, receiver: AccountId, resource: Resource, amount: Option<u64>, ends: bool) {
        let (owner, amount, position) = (self.owner, amount.map(Amount::from), Position::Transaction);
        self.found.signals.push(Signal::ResourceDelegation { owner, receiver, resource, amount, ends, position });
    }

    /// Adds what the transaction orders.
    fn ordered(&mut self) {
        let (transaction, info, owner) = (self.transaction, self.info, self.owner);
        match &transaction.contract {
            Contract::AccountCreate(account) => {
                let (account, by, position) = (*account, owner, Position::Transaction);
                self.found.signals.push(Signal::Activation { account, by, position });
            }
            Contract::Transfer { to, amount } => self.moved(TokenRef::Native, (Some(owner), Some(*to)), *amount),
            Contract::TransferAsset { to, token, amount } => match self.chain.token(token) {
                Some(token) => self.moved(token, (Some(owner), Some(*to)), *amount),
                None => self.missing(Missing::NamedToken),
            },
            Contract::Participate { issuer, token, amount } => self.participate(*issuer, token, *amount),
            Contract::AssetIssue { supply, .. } => match info.issued {
                Some(number) => {
                    let (token, kind) = (TokenRef::Trc10(number), TransferKind::Mint);
                    self.push(token, (None, Some(owner)), *supply, kind, Position::Transaction, Commitment::Claim);
                }
                None => self.missing(Missing::IssuedToken),
            },
            Contract::WithdrawReward => {
                let (sides, kind) = ((None, Some(owner)), TransferKind::Reward);
                self.push(TokenRef::Native, sides, info.withdrawn, kind, Position::Transaction, Commitment::Claim);
            }
            Contract::Call(call) => self.call(call),
            Contract::ExchangeCreate(pair) => self.exchange_created(pair),
            Contract::ExchangeInject { exchange, token, amount } => {
                self.exchanged((*exchange, token, *amount), info.exchange_injected, [false, false]);
            }
            Contract::ExchangeWithdraw { exchange, token, amount } => {
                self.exchanged((*exchange, token, *amount), info.exchange_withdrawn, [true, true]);
            }
            Contract::ExchangeTrade { exchange, token, amount } => {
                self.exchanged((*exchange, token, *amount), info.exchange_received, [false, true]);
            }
            Contract::MarketOrder => self.missing(Missing::MarketFills),
            Contract::Shielded => self.missing(Missing::ShieldedToken),
            _ => self.staked(),
        }
    }

    /// Adds what the transaction does with stakes.
    fn staked(&mut self) {
        let (transaction, info) = (self.transaction, self.info);
        match &transaction.contract {
            Contract::Freeze { amount, resource, receiver } => {
                self.stake(StakeChange::Begun, Some(*amount), Some(*resource));
                if let Some(receiver) = receiver {
                    self.lent(*receiver, *resource, Some(*amount), false);
                }
            }
            Contract::Unfreeze { resource, receiver } => {
                let amount = (info.unfrozen > 0).then_some(info.unfrozen);
                self.stake(StakeChange::Returned, amount, Some(*resource));
                if let Some(receiver) = receiver {
                    self.lent(*receiver, *resource, amount, true);
                }
            }
            Contract::FreezeV2 { amount, resource } => self.stake(StakeChange::Begun, Some(*amount), Some(*resource)),
            Contract::UnfreezeV2 { amount, resource } => {
                self.stake(StakeChange::Ending, Some(*amount), Some(*resource));
                self.returned(info.returned);
            }
            Contract::WithdrawStake => self.returned(info.returned),
            Contract::CancelUnfreezes => {
                self.stake(StakeChange::Begun, None, None);
                self.returned(info.returned);
            }
            Contract::Delegate { receiver, amount, resource } => {
                self.lent(*receiver, *resource, Some(*amount), false);
            }
            Contract::Undelegate { receiver, amount, resource } => {
                self.lent(*receiver, *resource, Some(*amount), true);
            }
            _ => {}
        }
    }

    fn participate(&mut self, issuer: AccountId, token: &Token, sun: u64) {
        self.moved(TokenRef::Native, (Some(self.owner), Some(issuer)), sun);
        let token = self.chain.token(token);
        match token.and_then(|token| self.chain.bought(token, sun).map(|units| (token, units))) {
            Some((token, units)) => self.followed(token, (Some(issuer), Some(self.owner)), units),
            None => self.missing(Missing::IssuerGave),
        }
    }

    fn call(&mut self, call: &Call) {
        let created = self.transaction.created();
        let to = call.to.or(created);
        self.moved(TokenRef::Native, (Some(self.owner), to), call.value);
        if let Some((number, amount)) = call.token {
            self.moved(TokenRef::Trc10(number), (Some(self.owner), to), amount);
        }
        if let (None, Some(contract)) = (call.to, created) {
            let (creator, position) = (self.owner, Position::Transaction);
            self.found.signals.push(Signal::Creation { contract, creator, position });
        }
    }

    /// Both tokens go to the new exchange, which is no account.
    fn exchange_created(&mut self, pair: &[(Token, u64); 2]) {
        for (i, (token, amount)) in pair.iter().enumerate() {
            let sides = (Some(self.owner), None);
            match self.chain.token(token) {
                Some(token) if i == 0 => self.moved(token, sides, *amount),
                Some(token) => {
                    let kind = if token == TokenRef::Native { TransferKind::Value } else { TransferKind::Token };
                    let position = self.place();
                    self.push(token, sides, *amount, kind, position, self.certainty);
                }
                None => self.missing(Missing::NamedToken),
            }
        }
    }

    /// One token of an exchange is named, how much of the other follows from the exchange's state; `received` states of each which way it goes.
    fn exchanged(&mut self, (exchange, token, amount): (u64, &Token, u64), other_amount: u64, received: [bool; 2]) {
        let side = |received| if received { (None, Some(self.owner)) } else { (Some(self.owner), None) };
        let [sides, other_sides] = received.map(side);
        let Some(token) = self.chain.token(token) else {
            return self.missing(Missing::NamedToken);
        };
        self.moved(token, sides, amount);
        match self.chain.other_of_pair(exchange, token) {
            Some(other) => self.followed(other, other_sides, other_amount),
            None => self.missing(Missing::ExchangeToken),
        }
    }

    /// Adds what happened inside the transaction.
    fn internal(&mut self, internal: &Internal) {
        let (Some(from), to) = (internal.from, internal.to) else {
            return self.missing(Missing::Actor);
        };
        match internal.note.as_str() {
            "call" | "create" => {
                self.inner_moves(internal, (Some(from), to), TransferKind::Internal);
                if let ("create", Some(contract)) = (internal.note.as_str(), to) {
                    let (creator, position) = (from, Position::Trace(self.places));
                    self.found.signals.push(Signal::Creation { contract, creator, position });
                }
            }
            // A contract that ends in favour of itself ends with what it has. What it staked is in the amount.
            "suicide" if to == Some(from) => self.inner_moves(internal, (Some(from), None), TransferKind::Burn),
            "suicide" => self.inner_moves(internal, (Some(from), to), TransferKind::Internal),
            "withdrawReward" => self.inner_moves(internal, (None, Some(from)), TransferKind::Reward),
            note => self.inner_stake(internal, from, note),
        }
    }

    /// Adds the amounts of something that happened inside the transaction, each with a place of its own.
    fn inner_moves(&mut self, internal: &Internal, sides: Sides, kind: TransferKind) {
        if internal.amounts.is_empty() {
            self.place();
        }
        for (number, amount) in &internal.amounts {
            let position = self.place();
            let (token, kind) = match (number, kind) {
                (None, kind) => (TokenRef::Native, kind),
                (Some(number), TransferKind::Internal) => (TokenRef::Trc10(*number), TransferKind::Token),
                (Some(number), kind) => (TokenRef::Trc10(*number), kind),
            };
            // Borrowed code is listed as a call of the contract by itself, with an amount that does not move.
            if sides.0 != sides.1 {
                self.push(token, sides, *amount, kind, position, Commitment::Claim);
            }
        }
    }

    /// Adds what a contract does with its stake: nothing moves, whatever the amount.
    fn inner_stake(&mut self, internal: &Internal, account: AccountId, note: &str) {
        let position = self.place();
        let sun = internal.amounts.iter().find(|(token, _)| token.is_none()).map(|(_, sun)| Amount::from(*sun));
        let amount = sun.filter(|sun| !sun.is_zero());
        let resource = match note {
            _ if note.ends_with("Energy") => Some(Resource::Energy),
            _ if note.ends_with("Bandwidth") => Some(Resource::Bandwidth),
            _ if note.ends_with("TronPower") => Some(Resource::Votes),
            _ => None,
        };
        let begins = |prefix: &str| note.starts_with(prefix);
        let change = match note {
            _ if begins("freeze") => Some(StakeChange::Begun),
            _ if begins("unfreezeBalanceV2") => Some(StakeChange::Ending),
            _ if begins("unfreeze") || begins("withdrawExpireUnfreeze") => Some(StakeChange::Returned),
            "cancelAllUnfreezeV2" => Some(StakeChange::Begun),
            _ => None,
        };
        let (is_lent, ends) = (begins("delegateResource"), begins("unDelegateResource"));
        // By the first rules a stake itself is for another account.
        let by_first_rules = (begins("freezeFor") || begins("unfreezeFor")) && internal.to != Some(account);
        match (resource, internal.to) {
            (Some(resource), Some(receiver)) if is_lent || ends || by_first_rules => {
                let (owner, ends) = (account, ends || begins("unfreeze"));
                let signal = Signal::ResourceDelegation { owner, receiver, resource, amount, ends, position };
                self.found.signals.push(signal);
            }
            _ => {}
        }
        match change {
            Some(change) => {
                self.found.signals.push(Signal::Stake { account, change, amount, resource, position });
            }
            None if is_lent || ends || note == "voteWitness" => {}
            None if amount.is_some() => {
                let missing = Missing::Meaning;
                self.found.signals.push(Signal::Undetermined { account, missing, position });
            }
            None => {}
        }
    }

    /// Adds the transfers of tokens in the logs, which no root commits to.
    fn logs(&mut self, logs_before: u32) {
        let (to, method) = (self.transaction.to(), self.transaction.method());
        let order = Order { payer: self.owner, to, method, commitment: Commitment::Claim };
        let issuers = self.chain.issuers();
        let input = match &self.transaction.contract {
            Contract::Call(call) => call.data.as_slice(),
            _ => &[],
        };
        for internal in self.info.internal.iter().filter(|i| !i.rejected && i.note == "call") {
            if let (Some(from), Some(to)) = (internal.from, internal.to) {
                self.found.called(issuers, from, to);
            }
        }
        for (number, log) in (logs_before..=u32::MAX).zip(&self.info.logs) {
            let contract = id(log.address);
            let is_wrapper = self.chain.is_wrapper(&contract);
            self.found.log(&order, contract, is_wrapper, number, events::token(log, is_wrapper));
            self.found.issuer_log(&order, issuers, log, number, input);
        }
        self.found.settle_issued(&order);
    }

    /// Adds the fee: what a pool of fees hands to the producer, and the rest, which is destroyed, or went to an account without a key before 2021.
    fn fees(&mut self) {
        let Cost { total, earned, .. } = self.info.cost;
        let (token, sides, position) = (TokenRef::Native, (Some(self.owner), None), Position::Transaction);
        let burnt = total.saturating_sub(earned);
        self.push(token, sides, burnt, TransferKind::FeeBurn, position, Commitment::Claim);
        self.push(token, sides, earned, TransferKind::FeeTip, position, Commitment::Claim);
    }
}
