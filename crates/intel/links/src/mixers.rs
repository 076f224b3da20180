//! Mixers of one denomination: deposits and withdrawals, and which deposits a withdrawal may come from.
//!
//! A mixer breaks the link between its sides, and nothing here joins them: [`rank`] lists candidates with the reasons that speak for them. How often
//! the first ones are right is in [`crate::measured`].

use crate::link::{Direction, MixerMove};
use crate::view::{Tx, account, id, moved, number, word};
use alloy_primitives::b256;
use holdfast_evm::{B256, Log};
use holdfast_types::{AccountId, Amount, TokenRef, Transfer};
use std::collections::BTreeMap;

/// `Deposit(bytes32,uint32,uint256)` of Tornado Cash's pools.
const DEPOSIT: B256 = b256!("a945e51eec50ab98c161376f0db4cf2aeba3ec92755fe2fcd388bdbbb80ff196");
/// `Withdrawal(address,bytes32,address,uint256)` of Tornado Cash's pools.
const WITHDRAWAL: B256 = b256!("e9e508bad6d4c3227e881ca19068f099da81b5164dd6d62b2eaf1e8bc6c34931");

/// Reads the moves of mixers in a transaction. An event counts only with the transfers that it states.
pub(crate) fn moves(tx: Tx<'_>) -> Vec<MixerMove> {
    let read = |(place, log): (u32, &Log)| match *log.topics.first()? {
        DEPOSIT if log.topics.len() == 2 && log.data.len() == 64 => deposit(tx, place, log),
        WITHDRAWAL if log.topics.len() == 2 && log.data.len() == 96 => withdrawal(tx, place, log),
        _ => None,
    };
    tx.logs().filter_map(read).collect()
}

fn is_money(token: &TokenRef) -> bool {
    matches!(token, TokenRef::Native | TokenRef::Fungible(_))
}

fn deposit(tx: Tx<'_>, place: u32, log: &Log) -> Option<MixerMove> {
    let mixer = id(log.address);
    let transfer = tx.nearest(place, |t| is_money(&t.token) && t.to == Some(mixer))?;
    Some(MixerMove {
        mixer,
        direction: Direction::In,
        time: tx.time,
        end: tx.end(transfer.from?, transfer.token, transfer.amount, vec![moved(transfer)]),
        payer: tx.view.transfers.payer,
        fee: Amount::ZERO,
        gas_price: tx.view.gas_price,
        log: place,
    })
}

fn withdrawal(tx: Tx<'_>, place: u32, log: &Log) -> Option<MixerMove> {
    let mixer = id(log.address);
    let (to, relayer, fee) = (account(&word(log, 0)?)?, account(&log.topics[1])?, number(log, 2)?);
    let from_mixer = |t: &Transfer| is_money(&t.token) && t.from == Some(mixer);
    let paid = tx.nearest(place, |t| from_mixer(t) && t.to == Some(to) && (to != relayer || t.amount != fee))?;
    let mut transfers = vec![moved(paid)];
    if !fee.is_zero() {
        let taken = |t: &Transfer| from_mixer(t) && t.to == Some(relayer) && t.amount == fee && t.token == paid.token;
        transfers.push(moved(tx.nearest(place, taken)?));
    }
    Some(MixerMove {
        mixer,
        direction: Direction::Out,
        time: tx.time,
        end: tx.end(to, paid.token, paid.amount.checked_add(fee)?, transfers),
        payer: tx.view.transfers.payer,
        fee,
        gas_price: tx.view.gas_price,
        log: place,
    })
}

/// What speaks for a candidate, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Reason {
    /// Whoever deposited received, or sent the withdrawal.
    SameAddress,
    /// Depositor and receiver are linked outside the mixer, as the caller's look-up shows.
    Linked,
    /// Both transactions state a price of gas that no other deposit of the mixer states.
    GasPrice,
}

/// A deposit that a withdrawal may come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The deposit.
    pub deposit: &'a MixerMove,
    /// What speaks for it; nothing where it is one of many, ordered by time alone.
    pub reasons: Vec<Reason>,
}

/// Candidates of a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranking<'a> {
    /// The candidates, the likeliest first, at most as many as requested.
    pub candidates: Vec<Candidate<'a>>,
    /// Deposits of the same mixer and denomination before the withdrawal: as many candidates there are.
    pub deposits: usize,
    /// Withdrawals before it, which spent as many of them, nobody knows which.
    pub withdrawals: usize,
}

/// Ranks the deposits that a withdrawal may come from, by reasons, and then the oldest that would not be spent if deposits were withdrawn in order.
/// Moves are those of the withdrawal's mixer in chain order; `linked` states whether two accounts are linked outside the mixer.
#[must_use]
pub fn rank<'a>(
    withdrawal: &MixerMove,
    moves: &'a [MixerMove],
    linked: &dyn Fn(&AccountId, &AccountId) -> bool,
    most: usize,
) -> Ranking<'a> {
    let key = |m: &MixerMove| (m.end.place, m.log);
    let alike = |m: &&MixerMove| {
        m.mixer == withdrawal.mixer && m.end.token == withdrawal.end.token && m.end.amount == withdrawal.end.amount
    };
    let before = moves.iter().filter(alike).take_while(|m| key(m) < key(withdrawal));
    let (deposits, spent): (Vec<&MixerMove>, Vec<&MixerMove>) = before.partition(|m| m.direction == Direction::In);
    let mut prices: BTreeMap<Amount, usize> = BTreeMap::new();
    for deposit in &deposits {
        *prices.entry(deposit.gas_price).or_default() += 1;
    }
    let mut ranked: Vec<(Vec<Reason>, bool, usize, &MixerMove)> = Vec::with_capacity(deposits.len());
    for (number, deposit) in deposits.iter().copied().enumerate() {
        let mut reasons = Vec::new();
        let accounts = [deposit.end.account, deposit.payer];
        if accounts.contains(&withdrawal.end.account) || accounts.contains(&withdrawal.payer) {
            reasons.push(Reason::SameAddress);
        }
        if accounts.iter().any(|account| linked(account, &withdrawal.end.account)) {
            reasons.push(Reason::Linked);
        }
        let is_unique = prices.get(&deposit.gas_price) == Some(&1) && !deposit.gas_price.is_zero();
        if is_unique && deposit.gas_price == withdrawal.gas_price {
            reasons.push(Reason::GasPrice);
        }
        ranked.push((reasons, number < spent.len(), number, deposit));
    }
    // The strongest reason first, nothing last.
    ranked.sort_by_key(|(reasons, is_spent, number, _)| {
        (reasons.first().copied().map_or(u8::MAX, |r| r as u8), *is_spent, *number)
    });
    let candidates = ranked.into_iter().take(most).map(|(reasons, _, _, deposit)| Candidate { deposit, reasons });
    Ranking { candidates: candidates.collect(), deposits: deposits.len(), withdrawals: spent.len() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{End, Place};
    use holdfast_evm::keccak256;

    #[test]
    fn topics_are_those_of_the_events() {
        assert_eq!(DEPOSIT, keccak256("Deposit(bytes32,uint32,uint256)"));
        assert_eq!(WITHDRAWAL, keccak256("Withdrawal(address,bytes32,address,uint256)"));
    }

    fn account(n: u8) -> AccountId {
        AccountId::evm([n; 20])
    }

    fn at(height: u64, direction: Direction, who: u8, gas_price: u64) -> MixerMove {
        let (token, amount) = (TokenRef::Native, Amount::from(100u64));
        MixerMove {
            mixer: account(200),
            direction,
            time: height,
            end: End { place: Place { height, tx: 0 }, account: account(who), token, amount, transfers: vec![] },
            payer: if direction == Direction::In { account(who) } else { account(201) },
            fee: Amount::ZERO,
            gas_price: Amount::from(gas_price),
            log: 0,
        }
    }

    #[test]
    fn reasons_come_before_time_and_what_is_later_is_no_candidate() {
        use Direction::{In, Out};
        let moves = vec![
            at(1, In, 1, 10),
            at(2, In, 2, 10),
            at(3, Out, 3, 50),
            at(4, In, 4, 77),
            at(5, In, 5, 10),
            at(6, In, 6, 10),
            at(9, In, 9, 10),
        ];
        let order = |withdrawal: &MixerMove, linked: &dyn Fn(&AccountId, &AccountId) -> bool| {
            let ranking = rank(withdrawal, &moves, linked, 10);
            assert_eq!((ranking.deposits, ranking.withdrawals), (5, 1));
            let first = ranking.candidates.iter().map(|c| (c.deposit.time, c.reasons.clone()));
            first.collect::<Vec<_>>()
        };
        let none: &dyn Fn(&AccountId, &AccountId) -> bool = &|_, _| false;
        let times = |ranked: Vec<(u64, Vec<Reason>)>| ranked.into_iter().map(|r| r.0).collect::<Vec<_>>();
        // The first deposit counts as spent by the first withdrawal.
        assert_eq!(times(order(&at(7, Out, 70, 50), none)), [2, 4, 5, 6, 1]);
        assert_eq!(order(&at(7, Out, 5, 50), none)[0], (5, vec![Reason::SameAddress]));
        assert_eq!(order(&at(7, Out, 70, 77), none)[0], (4, vec![Reason::GasPrice]));
        let linked: &dyn Fn(&AccountId, &AccountId) -> bool = &|a, b| (*a, *b) == (account(6), account(70));
        assert_eq!(order(&at(7, Out, 70, 77), linked)[..2], [(6, vec![Reason::Linked]), (4, vec![Reason::GasPrice])]);
        assert_eq!(rank(&at(7, Out, 70, 50), &moves, none, 2).candidates.len(), 2);
    }
}
