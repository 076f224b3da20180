//! Logs of issuers' contracts and of the wallets of several owners that own them: freezes, proposals, and units that come into being or end without a
//! `Transfer`. The rules are the same on every chain whose machine descends from the EVM.
//!
//! Sources, as published with the contracts: Tether's `TetherToken` of Ethereum (nothing indexed; `issue`, `redeem` and `destroyBlackFunds` write no
//! `Transfer`), of Tron (indexed; `destroyBlackFunds` alone writes none) and `TetherTokenOFTExtension` (all with `Transfer`), Circle's `FiatTokenV2_2`,
//! Paxos's `PYUSD`, Gnosis's `MultiSigWallet`.

use crate::Log;
use crate::events::{account, data_word, number, word, words};
use crate::found::{Found, Order, amount, id};
use alloy_primitives::{Address, B256, U256, b256};
use holdfast_types::{AccountId, Issuer, IssuerAct, IssuerAction, Position, Signal, TokenRef, Transfer, TransferKind};
use std::collections::HashMap;

/// `AddedBlackList(address)` of Tether.
const ADDED_BLACK_LIST: B256 = b256!("42e160154868087d6bfdc0ca23d96a1c1cfa32f1b72ba9ba27b69b98a0d819dc");
/// `RemovedBlackList(address)` of Tether.
const REMOVED_BLACK_LIST: B256 = b256!("d7e9ec6e6ecd65492dce6bf513cd6867560d49544421d0783ddf06e76c24470c");
/// `DestroyedBlackFunds(address,uint256)` of Tether.
const DESTROYED_BLACK_FUNDS: B256 = b256!("61e6e66b0d6339b2980aecc6ccc0039736791f0ccde9ed512e789a7fbdd698c6");
/// `Issue(uint256)` of Tether.
const ISSUE: B256 = b256!("cb8241adb0c3fdb35b70c24ce35c5eb0c17af7431c99f827d44a445ca624176a");
/// `Redeem(uint256)` of Tether.
const REDEEM: B256 = b256!("702d5967f45f6513a38ffc42d6ba9bf230bd40e8f53b16363c7eb4fd2deb9a44");
/// `BlockPlaced(address)` of Tether's newer contracts.
const BLOCK_PLACED: B256 = b256!("406bbf2d8d145125adf1198d2cf8a67c66cc4bb0ab01c37dccd4f7c0aae1e7c7");
/// `BlockReleased(address)` of Tether's newer contracts.
const BLOCK_RELEASED: B256 = b256!("665918c9e02eb2fd85acca3969cb054fc84c138e60ec4af22ab6ef2fd4c93c27");
/// `DestroyedBlockedFunds(address,uint256)` of Tether's newer contracts.
const DESTROYED_BLOCKED_FUNDS: B256 = b256!("6a2859ae7902313752498feb80a014e6e7275fe964c79aa965db815db1c7f1e9");
/// `Blacklisted(address)` of Circle.
const BLACKLISTED: B256 = b256!("ffa4e6181777692565cf28528fc88fd1516ea86b56da075235fa575af6a4b855");
/// `UnBlacklisted(address)` of Circle.
const UN_BLACKLISTED: B256 = b256!("117e3210bb9aa7d9baff172026820255c6f6c30ba8999d1c2fd88e2848137c4e");
/// `AddressFrozen(address)` of Paxos.
const ADDRESS_FROZEN: B256 = b256!("90811a8edd3b3c17eeaefffc17f639cc69145d41a359c9843994dc2538203690");
/// `AddressUnfrozen(address)` of Paxos.
const ADDRESS_UNFROZEN: B256 = b256!("c3776b472ebf54114339eec9e4dc924e7ce307a97f5c1ee72b6d474e6e5e8b7c");
/// `FrozenAddressWiped(address)` of Paxos; a `Transfer` states how much.
const FROZEN_ADDRESS_WIPED: B256 = b256!("fc5960f1c5a5d2b60f031bf534af053b1bf7d9881989afaeb8b1d164db23aede");

/// `Submission(uint256)` of MultiSigWallet.
const SUBMISSION: B256 = b256!("c0ba8fe4b176c1714197d43b9cc6bcf797a4a7461c5fe8d0ef6e184ae7601e51");
/// `Confirmation(address,uint256)` of MultiSigWallet.
const CONFIRMATION: B256 = b256!("4a504a94899432a9846e1aa406dceb1bcfd538bb839071d49d1e5e23f5be30ef");
/// `Revocation(address,uint256)` of MultiSigWallet.
const REVOCATION: B256 = b256!("f6a317157440607f36269043eb55f1287a5a19ba2216afeab88cd46cbcfb88e9");
/// `Execution(uint256)` of MultiSigWallet.
const EXECUTION: B256 = b256!("33e13ecb54c3076d8e8bb8c2881800a4d972b792045ffae98fdf46df365fed75");
/// `ExecutionFailure(uint256)` of MultiSigWallet.
const EXECUTION_FAILURE: B256 = b256!("526441bb6c1aba3c9a4a6ca1d6545da9c2333c8c48343ef398eb858d72b79236");

/// `submitTransaction(address,uint256,bytes)` of MultiSigWallet.
const SUBMIT_TRANSACTION: [u8; 4] = [0xc6, 0x42, 0x74, 0x74];
/// Methods by which Tether's contracts freeze, lift and destroy: each takes one address.
const METHODS: [([u8; 4], IssuerAction, &str); 6] = [
    ([0x0e, 0xcb, 0x93, 0xc0], IssuerAction::Freeze, "addBlackList(address)"),
    ([0xe4, 0x99, 0x7d, 0xc5], IssuerAction::Lift, "removeBlackList(address)"),
    ([0xf3, 0xbd, 0xc2, 0x28], IssuerAction::Destroy, "destroyBlackFunds(address)"),
    ([0x3c, 0x7c, 0x9b, 0x90], IssuerAction::Freeze, "addToBlockedList(address)"),
    ([0x1a, 0x14, 0xf4, 0x49], IssuerAction::Lift, "removeFromBlockedList(address)"),
    ([0x0e, 0x27, 0xa3, 0x85], IssuerAction::Destroy, "destroyBlockedFunds(address)"),
];

/// Most callers of an issuer's contract in a transaction that are told apart.
const MOST_CALLERS: usize = 32;

/// What a log of an issuer's contract states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenEvent {
    Done(IssuerAction, Address, Option<U256>),
    Issued(U256),
    Redeemed(U256),
}

/// Reads a log of an issuer's contract: nothing for other events, an error for one whose content cannot be its event's.
fn read_token(log: &Log) -> Option<Result<TokenEvent, ()>> {
    let is_whole = |n: usize| words(log) == n && log.data.len().is_multiple_of(32);
    let user = || word(log, 0).and_then(account);
    let done = |action| user().filter(|_| is_whole(1)).map(|user| TokenEvent::Done(action, user, None));
    let destroyed = || {
        let amount = number(word(log, 1)?);
        user().filter(|_| is_whole(2)).map(|user| TokenEvent::Done(IssuerAction::Destroy, user, Some(amount)))
    };
    let units = || word(log, 0).filter(|_| is_whole(1)).map(number);
    let event = match *log.topics.first()? {
        ADDED_BLACK_LIST | BLOCK_PLACED | BLACKLISTED | ADDRESS_FROZEN => done(IssuerAction::Freeze),
        REMOVED_BLACK_LIST | BLOCK_RELEASED | UN_BLACKLISTED | ADDRESS_UNFROZEN => done(IssuerAction::Lift),
        FROZEN_ADDRESS_WIPED => done(IssuerAction::Destroy),
        DESTROYED_BLACK_FUNDS | DESTROYED_BLOCKED_FUNDS => destroyed(),
        ISSUE => units().map(TokenEvent::Issued),
        REDEEM => units().map(TokenEvent::Redeemed),
        _ => return None,
    };
    Some(event.ok_or(()))
}

/// Reads a log of a wallet of several owners; a submission is read without its content.
fn read_wallet(log: &Log) -> Option<Result<IssuerAct, ()>> {
    // Proposals are counted up from 0, so that their numbers fit.
    let number_at = |n| word(log, n).and_then(|word| u64::try_from(number(word)).ok());
    let is_whole = |n: usize| words(log) == n && log.data.len().is_multiple_of(32);
    let alone = || number_at(0).filter(|_| is_whole(1));
    let by = || {
        let owner = word(log, 0).and_then(account)?;
        number_at(1).filter(|_| is_whole(2)).map(|proposal| (id(owner), proposal))
    };
    let act = match *log.topics.first()? {
        SUBMISSION => alone().map(|proposal| IssuerAct::ProposedUnread { proposal }),
        CONFIRMATION => by().map(|(owner, proposal)| IssuerAct::Confirmed { proposal, owner }),
        REVOCATION => by().map(|(owner, proposal)| IssuerAct::Revoked { proposal, owner }),
        EXECUTION => alone().map(|proposal| IssuerAct::Executed { proposal }),
        EXECUTION_FAILURE => alone().map(|proposal| IssuerAct::Failed { proposal }),
        _ => return None,
    };
    Some(act.ok_or(()))
}

/// What a call of `submitTransaction` proposes: the contract that is to be called, and what the call does with which account.
type Proposed = (Address, Option<(IssuerAction, Address)>);

/// Reads the call data of `submitTransaction`; `None` where it is another method's, or does not read.
fn proposed(input: &[u8]) -> Option<Proposed> {
    let arguments = input.strip_prefix(&SUBMIT_TRANSACTION)?;
    let destination = account(data_word(arguments, 0)?)?;
    let offset = usize::try_from(number(data_word(arguments, 2)?)).ok()?;
    let tail = arguments.get(offset..)?;
    let length = usize::try_from(number(data_word(tail, 0)?)).ok()?;
    let call = tail.get(32..)?.get(..length)?;
    let known = call.split_first_chunk::<4>().and_then(|(method, rest)| {
        let (_, action, _) = METHODS.iter().find(|(known, ..)| known == method)?;
        let user = account(data_word(rest, 0)?)?;
        (rest.len() == 32).then_some((*action, user))
    });
    Some((destination, known))
}

/// Units that an issuer's event states without saying whether a `Transfer` stands beside it.
#[derive(Clone, Copy, Debug)]
struct Units {
    token: TokenRef,
    /// Who has, or had, them; `None` where the transaction does not show it.
    account: Option<AccountId>,
    /// Whether that is the contract's owner, whom the event does not name.
    is_owner: bool,
    is_issue: bool,
    amount: U256,
    position: Position,
    /// How many transfers stood before the log.
    before: usize,
}

/// What a transaction's issuers did, until all its logs are read.
#[derive(Debug, Default)]
pub(crate) struct Issued {
    /// Who called an issuer's contract, by contract.
    callers: HashMap<AccountId, Vec<AccountId>>,
    units: Vec<Units>,
}

impl Found {
    /// Notes a call inside the transaction: only the owner can issue, so that who calls for it is the owner. Where several call, it is not known which.
    pub fn called(&mut self, issuers: &[Issuer], from: AccountId, to: AccountId) {
        // A contract behind a proxy borrows code, which some nodes list as a call by itself.
        if from != to && issuers.iter().any(|issuer| issuer.token == to) {
            let callers = self.issued.callers.entry(to).or_default();
            if callers.len() < MOST_CALLERS && !callers.contains(&from) {
                callers.push(from);
            }
        }
    }

    /// Adds what a log of an issuer's contract, or of the wallet that owns it, states. `input` is the call data of the transaction. Logs of other contracts
    /// add nothing, whatever they say.
    pub fn issuer_log(&mut self, order: &Order, issuers: &[Issuer], log: &Log, number: u32, input: &[u8]) {
        let (contract, position) = (id(log.address), Position::Log(number, 0));
        let malformed = Signal::MalformedLog { contract, position };
        if let Some(issuer) = issuers.iter().find(|issuer| issuer.token == contract) {
            match read_token(log) {
                Some(Ok(event)) => self.token_event(order, issuer, event, position),
                Some(Err(())) => self.signals.push(malformed),
                None => {}
            }
        } else if let Some(issuer) = issuers.iter().find(|issuer| issuer.wallet == Some(contract)) {
            match read_wallet(log) {
                Some(Ok(act)) => self.wallet_event(order, issuers, issuer, act, position, input),
                Some(Err(())) => self.signals.push(malformed),
                None => {}
            }
        }
    }

    fn token_event(&mut self, order: &Order, issuer: &Issuer, event: TokenEvent, position: Position) {
        let token = TokenRef::Fungible(issuer.token);
        let before = self.transfers.len();
        let mut units = |account, is_owner, is_issue, amount| {
            self.issued.units.push(Units { token, account, is_owner, is_issue, amount, position, before });
        };
        match event {
            TokenEvent::Done(action, user, destroyed) => {
                if let Some(destroyed) = destroyed {
                    units(Some(id(user)), false, false, destroyed);
                }
                let act = IssuerAct::Done { action, account: id(user), amount: destroyed.map(amount) };
                self.signals.push(Signal::Issuer { token, act, position });
            }
            TokenEvent::Issued(amount) | TokenEvent::Redeemed(amount) => {
                // The contract requires of its caller to be the owner, whose balance changes.
                let owner = match self.issued.callers.get(&issuer.token).map(Vec::as_slice) {
                    Some([caller]) => Some(*caller),
                    Some(several) => issuer.wallet.filter(|wallet| several.contains(wallet)),
                    None if order.to == Some(issuer.token) => Some(order.payer),
                    None => issuer.wallet.filter(|wallet| order.to == Some(*wallet)),
                };
                units(owner, true, matches!(event, TokenEvent::Issued(_)), amount);
            }
        }
    }

    fn wallet_event(
        &mut self,
        order: &Order,
        issuers: &[Issuer],
        issuer: &Issuer,
        act: IssuerAct,
        position: Position,
        input: &[u8],
    ) {
        let mut of = issuer;
        let act = match act {
            IssuerAct::ProposedUnread { proposal } if order.to == issuer.wallet => match proposed(input) {
                Some((destination, call)) => {
                    // A wallet may own several contracts; what it proposes to others is no issuer's matter.
                    let owned = |i: &&Issuer| i.wallet == issuer.wallet && i.token == id(destination);
                    let (Some(owned), Some((action, user))) = (issuers.iter().find(owned), call) else { return };
                    of = owned;
                    IssuerAct::Proposed { action, account: id(user), proposal }
                }
                None => act,
            },
            act => act,
        };
        self.signals.push(Signal::Issuer { token: TokenRef::Fungible(of.token), act, position });
    }

    /// Makes transfers of the units that issuers' events state and that no `Transfer` of the transaction does. To be called before
    /// [`Found::settle_wraps`].
    pub fn settle_issued(&mut self, order: &Order) {
        let all = std::mem::take(&mut self.issued.units);
        if all.is_empty() {
            return;
        }
        let (mut taken, mut missing) = (vec![false; self.transfers.len()], Vec::new());
        for units in all {
            let kind = if units.is_issue { TransferKind::Mint } else { TransferKind::Burn };
            let is_alike = |t: &Transfer| (t.token, t.kind, t.amount) == (units.token, kind, amount(units.amount));
            let is_of_account = |t: &Transfer| (if units.is_issue { t.to } else { t.from }) == units.account;
            // Who the owner is, is concluded from calls: a transfer to somebody else is the event's all the same.
            let is_twin = |t: &Transfer| is_alike(t) && (units.is_owner || is_of_account(t));
            let free =
                |fits: &dyn Fn(&Transfer) -> bool| (0..taken.len()).find(|i| !taken[*i] && fits(&self.transfers[*i]));
            match free(&|t| is_alike(t) && is_of_account(t)).or_else(|| free(&is_twin)) {
                Some(twin) => taken[twin] = true,
                None => missing.push((units, kind)),
            }
        }
        // From behind, so that the places of those before stay.
        for (Units { token, account, is_issue, amount: units, position, before, .. }, kind) in missing.into_iter().rev()
        {
            let (amount, commitment) = (amount(units), order.commitment);
            match account {
                Some(account) if !amount.is_zero() => {
                    let (from, to) = if is_issue { (None, Some(account)) } else { (Some(account), None) };
                    let transfer = Transfer { token, from, to, amount, kind, position, commitment };
                    let place = before.min(self.transfers.len());
                    self.transfers.insert(place, transfer);
                    self.wraps.iter_mut().filter(|wrap| wrap.0 >= place).for_each(|wrap| wrap.0 += 1);
                }
                Some(_) => {}
                None => {
                    let act = IssuerAct::Unattributed { is_issue, amount };
                    self.signals.push(Signal::Issuer { token, act, position });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::keccak256;
    use holdfast_types::Commitment;
    use proptest::prelude::*;

    const TOKEN: Address = Address::repeat_byte(0x70);
    const WALLET: Address = Address::repeat_byte(0x77);
    const OWNER: Address = Address::repeat_byte(0x0a);
    const USER: Address = Address::repeat_byte(0x0b);

    fn issuers() -> [Issuer; 1] {
        [Issuer::of(id(TOKEN), Some(id(WALLET)))]
    }

    fn order(to: Address) -> Order {
        Order { payer: id(OWNER), to: Some(id(to)), method: None, commitment: Commitment::Root }
    }

    fn log(address: Address, event: &str, indexed: &[B256], words: &[B256]) -> Log {
        let topics = [keccak256(event)].into_iter().chain(indexed.iter().copied()).collect();
        Log { address, topics, data: words.iter().flat_map(|word| word.0).collect::<Vec<u8>>().into() }
    }

    fn units(n: u64) -> B256 {
        B256::from(U256::from(n))
    }

    /// Reads the logs of a transaction, those of tokens too.
    fn found(to: Address, input: &[u8], callers: &[(Address, Address)], logs: &[Log]) -> Found {
        let (mut found, order) = (Found::default(), order(to));
        callers.iter().for_each(|(from, to)| found.called(&issuers(), id(*from), id(*to)));
        for (number, log) in (5u32..).zip(logs) {
            found.log(&order, id(log.address), false, number, crate::events::token(log, false));
            found.issuer_log(&order, &issuers(), log, number, input);
        }
        found.settle_issued(&order);
        found.settle_wraps(true);
        found
    }

    fn acts(found: &Found) -> Vec<IssuerAct> {
        let act = |signal: &Signal| match signal {
            Signal::Issuer { token, act, .. } => {
                assert_eq!(*token, TokenRef::Fungible(id(TOKEN)));
                *act
            }
            other => panic!("{other:?}"),
        };
        found.signals.iter().map(act).collect()
    }

    type Short = (Option<AccountId>, Option<AccountId>, u64, TransferKind, Position);

    fn moves(found: &Found) -> Vec<Short> {
        let short = |t: &Transfer| (t.from, t.to, u64::try_from(t.amount).unwrap(), t.kind, t.position);
        found.transfers.iter().map(short).collect()
    }

    #[test]
    fn topics_and_methods_are_the_hashes_of_their_names() {
        for (topic, event) in [
            (ADDED_BLACK_LIST, "AddedBlackList(address)"),
            (REMOVED_BLACK_LIST, "RemovedBlackList(address)"),
            (DESTROYED_BLACK_FUNDS, "DestroyedBlackFunds(address,uint256)"),
            (ISSUE, "Issue(uint256)"),
            (REDEEM, "Redeem(uint256)"),
            (BLOCK_PLACED, "BlockPlaced(address)"),
            (BLOCK_RELEASED, "BlockReleased(address)"),
            (DESTROYED_BLOCKED_FUNDS, "DestroyedBlockedFunds(address,uint256)"),
            (BLACKLISTED, "Blacklisted(address)"),
            (UN_BLACKLISTED, "UnBlacklisted(address)"),
            (ADDRESS_FROZEN, "AddressFrozen(address)"),
            (ADDRESS_UNFROZEN, "AddressUnfrozen(address)"),
            (FROZEN_ADDRESS_WIPED, "FrozenAddressWiped(address)"),
            (SUBMISSION, "Submission(uint256)"),
            (CONFIRMATION, "Confirmation(address,uint256)"),
            (REVOCATION, "Revocation(address,uint256)"),
            (EXECUTION, "Execution(uint256)"),
            (EXECUTION_FAILURE, "ExecutionFailure(uint256)"),
        ] {
            assert_eq!(topic, keccak256(event), "{event}");
        }
        assert_eq!(keccak256("submitTransaction(address,uint256,bytes)")[..4], SUBMIT_TRANSACTION);
        for (method, _, name) in METHODS {
            assert_eq!(keccak256(name)[..4], method, "{name}");
        }
    }

    #[test]
    fn freezes_are_read_whether_their_fields_are_indexed_or_not() {
        let user = USER.into_word();
        for (event, action) in [
            ("AddedBlackList(address)", IssuerAction::Freeze),
            ("Blacklisted(address)", IssuerAction::Freeze),
            ("BlockPlaced(address)", IssuerAction::Freeze),
            ("AddressFrozen(address)", IssuerAction::Freeze),
            ("RemovedBlackList(address)", IssuerAction::Lift),
            ("UnBlacklisted(address)", IssuerAction::Lift),
            ("BlockReleased(address)", IssuerAction::Lift),
            ("AddressUnfrozen(address)", IssuerAction::Lift),
            ("FrozenAddressWiped(address)", IssuerAction::Destroy),
        ] {
            for log in [log(TOKEN, event, &[user], &[]), log(TOKEN, event, &[], &[user])] {
                let found = found(TOKEN, &[], &[], std::slice::from_ref(&log));
                let expected = IssuerAct::Done { action, account: id(USER), amount: None };
                assert_eq!((acts(&found), found.transfers.len()), (vec![expected], 0), "{event}");
                // The same log of another contract is nobody's.
                let spoofed = Log { address: USER, ..log };
                assert!(self::found(USER, &[], &[], &[spoofed]).signals.is_empty());
            }
            let wrong = log(TOKEN, event, &[], &[B256::repeat_byte(1)]);
            let found = found(TOKEN, &[], &[], &[wrong]);
            assert!(matches!(found.signals[..], [Signal::MalformedLog { .. }]), "{event}");
        }
    }

    #[test]
    fn units_without_a_transfer_are_moves_of_the_contract() {
        let issue = log(TOKEN, "Issue(uint256)", &[], &[units(90)]);
        let redeem = log(TOKEN, "Redeem(uint256)", &[], &[units(20)]);
        let destroyed = log(TOKEN, "DestroyedBlackFunds(address,uint256)", &[], &[USER.into_word(), units(7)]);
        let at = |n| Position::Log(n, 0);
        let (mint, burn) = (TransferKind::Mint, TransferKind::Burn);
        let all = [issue, redeem, destroyed];
        // The owner is who called: the account that sent the transaction, the wallet, or the contract that a trace names.
        for (to, callers, owner) in
            [(TOKEN, &[][..], OWNER), (WALLET, &[], WALLET), (USER, &[(USER, WALLET), (WALLET, TOKEN)], WALLET)]
        {
            let found = found(to, &[], callers, &all);
            let expected = [
                (None, Some(id(owner)), 90, mint, at(5)),
                (Some(id(owner)), None, 20, burn, at(6)),
                (Some(id(USER)), None, 7, burn, at(7)),
            ];
            assert_eq!(moves(&found), expected);
            let done = IssuerAct::Done { action: IssuerAction::Destroy, account: id(USER), amount: Some(7u64.into()) };
            assert_eq!(acts(&found), [done]);
        }
        // Without a trace, who called is not known behind a contract that is not listed.
        let found = found(USER, &[], &[], &all);
        assert_eq!(moves(&found), [(Some(id(USER)), None, 7, burn, at(7))]);
        let unknown = |is_issue, amount: u64| IssuerAct::Unattributed { is_issue, amount: amount.into() };
        assert_eq!(acts(&found)[1..], [unknown(false, 20), unknown(true, 90)]);
    }

    #[test]
    fn units_with_a_transfer_beside_them_count_once() {
        let transfer = |from: Address, to: Address, n| {
            log(TOKEN, "Transfer(address,address,uint256)", &[from.into_word(), to.into_word()], &[units(n)])
        };
        let issue = log(TOKEN, "Issue(uint256)", &[], &[units(90)]);
        let redeem = log(TOKEN, "Redeem(uint256)", &[], &[units(20)]);
        let destroyed = log(TOKEN, "DestroyedBlackFunds(address,uint256)", &[USER.into_word()], &[units(7)]);
        let (nobody, at) = (Address::ZERO, |n| Position::Log(n, 0));
        let (mint, burn) = (TransferKind::Mint, TransferKind::Burn);
        // Tether's contract of Tron writes the transfer behind its event, newer ones before it.
        let logs = [issue, transfer(nobody, WALLET, 90), transfer(WALLET, nobody, 20), redeem, destroyed];
        let once = found(WALLET, &[], &[], &logs);
        let expected = [
            (None, Some(id(WALLET)), 90, mint, at(6)),
            (Some(id(WALLET)), None, 20, burn, at(7)),
            (Some(id(USER)), None, 7, burn, at(9)),
        ];
        assert_eq!(moves(&once), expected);
        // One transfer stands for one event only.
        let twice = found(WALLET, &[], &[], &[logs[0].clone(), logs[1].clone(), logs[0].clone()]);
        assert_eq!(moves(&twice).len(), 2);
        assert_eq!(twice.transfers[1].position, at(7));
    }

    #[test]
    fn who_else_calls_the_contract_makes_no_second_mint() {
        let transfer = |from: Address, to: Address, n| {
            log(TOKEN, "Transfer(address,address,uint256)", &[from.into_word(), to.into_word()], &[units(n)])
        };
        let issue = log(TOKEN, "Issue(uint256)", &[], &[units(90)]);
        let mint = transfer(Address::ZERO, WALLET, 90);
        // A router that the wallet calls behind it moves the token in the same transaction, or the wallet's mint goes to its treasury.
        let logs = [issue.clone(), mint.clone(), transfer(WALLET, USER, 5)];
        for callers in [&[(WALLET, TOKEN), (USER, TOKEN)][..], &[(USER, TOKEN), (WALLET, TOKEN)], &[(USER, TOKEN)], &[]]
        {
            let found = found(WALLET, &[], callers, &logs);
            let mints = found.transfers.iter().filter(|t| t.kind == TransferKind::Mint).count();
            assert_eq!((mints, found.transfers.len(), acts(&found)), (1, 2, vec![]), "{callers:?}");
        }
        // Without a transfer the wallet is the owner, also where others call; of strangers it is not known which.
        let moved = |callers| moves(&found(USER, &[], callers, std::slice::from_ref(&issue)));
        let expected = [(None, Some(id(WALLET)), 90, TransferKind::Mint, Position::Log(5, 0))];
        assert_eq!(moved(&[(WALLET, TOKEN), (USER, TOKEN)]), expected);
        assert!(moved(&[(OWNER, TOKEN), (USER, TOKEN)]).is_empty());
    }

    fn submission(destination: Address, method: &str, user: Address) -> Vec<u8> {
        let call = [&keccak256(method)[..4], user.into_word().as_slice()].concat();
        let mut padded = call.clone();
        padded.resize(64, 0);
        let words =
            [destination.into_word(), B256::ZERO, units(96), units(call.len() as u64)].map(|word| word.0).concat();
        [&SUBMIT_TRANSACTION[..], &words, &padded].concat()
    }

    #[test]
    fn proposals_name_the_account_before_it_is_frozen() {
        let number = units(33);
        let submitted = log(WALLET, "Submission(uint256)", &[number], &[]);
        let confirmed = log(WALLET, "Confirmation(address,uint256)", &[OWNER.into_word(), number], &[]);
        let logs = [submitted, confirmed];
        let voted = IssuerAct::Confirmed { proposal: 33, owner: id(OWNER) };
        for (_, action, method) in METHODS {
            let found = found(WALLET, &submission(TOKEN, method, USER), &[], &logs);
            let proposed = IssuerAct::Proposed { action, account: id(USER), proposal: 33 };
            assert_eq!(acts(&found), [proposed, voted]);
        }
        // Payments and other contracts' calls are proposals too, of no account.
        for input in [submission(TOKEN, "issue(uint256)", USER), submission(USER, "addBlackList(address)", USER)] {
            assert_eq!(acts(&found(WALLET, &input, &[], &logs)), [voted]);
        }
        // What another contract handed to the wallet does not stand in the transaction; nor does what is cut.
        let unread = IssuerAct::ProposedUnread { proposal: 33 };
        let whole = submission(TOKEN, "addBlackList(address)", USER);
        assert_eq!(acts(&found(USER, &whole, &[], &logs)), [unread, voted]);
        assert_eq!(acts(&found(WALLET, &whole[..whole.len() - 40], &[], &logs)), [unread, voted]);
        let rest = [
            log(WALLET, "Revocation(address,uint256)", &[OWNER.into_word(), number], &[]),
            log(WALLET, "Execution(uint256)", &[number], &[]),
            log(WALLET, "ExecutionFailure(uint256)", &[number], &[]),
            log(WALLET, "Deposit(address,uint256)", &[OWNER.into_word()], &[number]),
        ];
        let (proposal, owner) = (33, id(OWNER));
        let expected =
            [IssuerAct::Revoked { proposal, owner }, IssuerAct::Executed { proposal }, IssuerAct::Failed { proposal }];
        assert_eq!(acts(&found(WALLET, &[], &[], &rest)), expected);
    }

    proptest! {
        #[test]
        fn any_log_and_any_call_are_answered(
            topic in 0usize..18, topics in prop::collection::vec(any::<[u8; 32]>(), 0..4), data in prop::collection::vec(any::<u8>(), 0..200),
            input in prop::collection::vec(any::<u8>(), 0..300), of_wallet in any::<bool>(),
        ) {
            let known = [
                ADDED_BLACK_LIST, REMOVED_BLACK_LIST, DESTROYED_BLACK_FUNDS, ISSUE, REDEEM, BLOCK_PLACED, BLOCK_RELEASED, DESTROYED_BLOCKED_FUNDS, BLACKLISTED,
                UN_BLACKLISTED, ADDRESS_FROZEN, ADDRESS_UNFROZEN, FROZEN_ADDRESS_WIPED, SUBMISSION, CONFIRMATION, REVOCATION, EXECUTION, EXECUTION_FAILURE,
            ];
            let topics: Vec<B256> = [known[topic]].into_iter().chain(topics.into_iter().map(B256::from)).collect();
            let log = Log { address: if of_wallet { WALLET } else { TOKEN }, topics, data: data.into() };
            let input = [&SUBMIT_TRANSACTION[..], &input].concat();
            found(WALLET, &input, &[], &[log]);
        }
    }
}
