//! What is found in a transaction, log by log: transfers of tokens beside those of the coin, wraps with the coin that they need, and signals. The rules are the
//! same on every chain whose machine descends from the EVM.

use crate::events::Event;
use crate::issuers::Issued;
use alloy_primitives::{Address, U256};
use holdfast_types::{AccountId, Amount, Commitment, Position, Signal, TokenRef, Transfer, TransferKind};
use std::collections::HashMap;

/// `transferFrom(address,address,uint256)`.
const TRANSFER_FROM: [u8; 4] = [0x23, 0xb8, 0x72, 0xdd];

/// Returns a word of the machine as an amount.
#[must_use]
pub fn amount(number: U256) -> Amount {
    Amount::from_be_bytes(number.to_be_bytes())
}

/// Returns an address of the machine as an account.
#[must_use]
pub fn id(address: Address) -> AccountId {
    AccountId::evm(address.into_array())
}

/// Who ordered a transaction, and what commits to its logs.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Account that sent the transaction.
    pub payer: AccountId,
    /// Contract that it calls.
    pub to: Option<AccountId>,
    /// Method that it calls.
    pub method: Option<[u8; 4]>,
    /// What commits to the logs.
    pub commitment: Commitment,
}

/// What was found in a transaction so far.
#[derive(Debug, Default)]
pub struct Found {
    /// Transfers in order of execution.
    pub transfers: Vec<Transfer>,
    /// What is of note beside them.
    pub signals: Vec<Signal>,
    /// Places in `transfers` of what may be a wrap or an unwrap, the wrapper, and whether its own event states it.
    pub(crate) wraps: Vec<(usize, AccountId, bool)>,
    /// What issuers' contracts stated.
    pub(crate) issued: Issued,
}

impl Found {
    /// Adds a transfer, unless it moves nothing.
    pub fn push(&mut self, transfer: Transfer) {
        if !transfer.amount.is_zero() {
            self.transfers.push(transfer);
        }
    }

    /// Adds the transfers of tokens in a log of a contract, by its number in the block. Events of other kinds add nothing.
    pub fn log(&mut self, order: &Order, contract: AccountId, is_wrapper: bool, number: u32, event: Event) {
        let position = Position::Log(number, 0);
        match event {
            Event::Fungible { from, to, amount } => {
                let before = self.transfers.len();
                self.token(order, TokenRef::Fungible(contract), (from, to), amount, position);
                if self.transfers.len() > before && is_wrapper && (from.is_zero() || to.is_zero()) {
                    self.wraps.push((before, contract, false));
                }
            }
            Event::NonFungible { from, to, id } => {
                let token = TokenRef::NonFungible(contract, amount(id));
                self.token(order, token, (from, to), U256::from(1), position);
            }
            Event::Multi { from, to, items } => {
                for (item, (id, units)) in (0u32..).zip(items) {
                    let token = TokenRef::Multi(contract, amount(id));
                    self.token(order, token, (from, to), units, Position::Log(number, item));
                }
            }
            Event::Deposit { account, amount } => {
                self.wrap(order, contract, (None, Some(account)), amount, position);
            }
            Event::Withdrawal { account, amount } => {
                self.wrap(order, contract, (Some(account), None), amount, position);
            }
            Event::Malformed => self.signals.push(Signal::MalformedLog { contract, position }),
            Event::UserOperation { .. } | Event::Coin { .. } | Event::FeeEarner(_) | Event::Other => {}
        }
    }

    fn token(
        &mut self,
        order: &Order,
        token: TokenRef,
        (from, to): (Address, Address),
        units: U256,
        position: Position,
    ) {
        let by_third_party = id(from) != order.payer;
        if units.is_zero() || (from.is_zero() && to.is_zero()) {
            let (from, to) = (id(from), id(to));
            self.signals.push(Signal::ZeroValue { token, from, to, position, by_third_party });
            return;
        }
        let kind = match (from.is_zero(), to.is_zero()) {
            (true, _) => TransferKind::Mint,
            (_, true) => TransferKind::Burn,
            _ => TransferKind::Token,
        };
        let account = |address: Address| (!address.is_zero()).then(|| id(address));
        let (from, to, amount, commitment) = (account(from), account(to), amount(units), order.commitment);
        self.push(Transfer { token, from, to, amount, kind, position, commitment });
        // The token itself is called, by somebody whom the owner allowed to.
        let direct = order.method == Some(TRANSFER_FROM) && order.to == token.contract();
        if let (true, true, Some(from)) = (direct, by_third_party, from) {
            self.signals.push(Signal::ThirdParty { token, from, position });
        }
    }

    fn wrap(
        &mut self,
        order: &Order,
        wrapper: AccountId,
        (from, to): (Option<Address>, Option<Address>),
        units: U256,
        position: Position,
    ) {
        if !units.is_zero() {
            self.wraps.push((self.transfers.len(), wrapper, true));
            let kind = if to.is_some() { TransferKind::Wrap } else { TransferKind::Unwrap };
            let (token, commitment) = (TokenRef::Fungible(wrapper), order.commitment);
            let (from, to, amount) = (from.map(id), to.map(id), amount(units));
            self.push(Transfer { token, from, to, amount, kind, position, commitment });
        }
    }

    /// Puts a transfer of coin beside each wrap and unwrap. Where nothing inside the transaction is known, the wrapper's log stands for the move
    /// of its caller's coin; where it is known and there is none, the log is a signal only.
    pub fn settle_wraps(&mut self, is_known: bool) {
        if self.wraps.is_empty() {
            return;
        }
        let wraps = std::mem::take(&mut self.wraps);
        let mut moves: HashMap<(Option<AccountId>, Option<AccountId>, Amount), usize> = HashMap::new();
        for transfer in self.transfers.iter().filter(|t| t.token == TokenRef::Native) {
            *moves.entry((None, transfer.to, transfer.amount)).or_default() += 1;
            *moves.entry((transfer.from, None, transfer.amount)).or_default() += 1;
        }
        let transfers = std::mem::take(&mut self.transfers);
        let mut wraps = wraps.into_iter().peekable();
        for (place, mut transfer) in transfers.into_iter().enumerate() {
            let Some((_, wrapper, by_event)) = wraps.next_if(|wrap| wrap.0 == place) else {
                self.transfers.push(transfer);
                continue;
            };
            let is_wrap = transfer.from.is_none();
            let key =
                if is_wrap { (None, Some(wrapper), transfer.amount) } else { (Some(wrapper), None, transfer.amount) };
            if let Some(left) = moves.get_mut(&key).filter(|left| **left > 0) {
                *left -= 1;
                transfer.kind = if is_wrap { TransferKind::Wrap } else { TransferKind::Unwrap };
            } else if by_event && is_known {
                let position = transfer.position;
                self.signals.push(Signal::UnpairedWrap { contract: wrapper, position });
                continue;
            } else if by_event {
                let (from, to) = if is_wrap { (transfer.to, Some(wrapper)) } else { (Some(wrapper), transfer.from) };
                let (token, kind) = (TokenRef::Native, TransferKind::Internal);
                self.transfers.push(Transfer { token, from, to, kind, ..transfer });
            }
            self.transfers.push(transfer);
        }
    }
}
