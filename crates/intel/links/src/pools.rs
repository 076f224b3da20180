//! Swaps that pools state by their events. An event counts only where the transaction's transfers agree with it: anybody can write one.

use crate::flows::is_fungible;
use crate::link::{Moved, Rule};
use crate::vaults;
use crate::view::{Tx, amount, id, moved, number, word};
use alloy_primitives::b256;
use holdfast_evm::{B256, Log, U256};
use holdfast_types::{AccountId, Amount, Position, TokenRef, Transfer};
use std::collections::BTreeMap;

/// `Swap(address,uint256,uint256,uint256,uint256,address)` of Uniswap v2.
const SWAP_V2: B256 = b256!("d78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822");
/// `Swap(address,address,int256,int256,uint160,uint128,int24)` of Uniswap v3.
const SWAP_V3: B256 = b256!("c42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67");
/// `TokenExchange(address,uint256,uint256,uint256,uint256)` of Curve's pools of volatile assets.
const EXCHANGE_CRYPTO: B256 = b256!("b2e76ae99761dc136e598d4a629bb347eccb9532a5f8bbd72e18467c3c34cc98");

/// The same of their later pools, with the fee and the price: `TokenExchange(address,uint256,uint256,uint256,uint256,uint256,uint256)`.
const EXCHANGE_CRYPTO_LATER: B256 = b256!("143f1f8e861fbdeddd5b46e844b7d3ac7b86a122f36e8c463859ee6811b1f29c");
/// `TokenExchange(address,int128,uint256,int128,uint256)` of Curve's pools of like assets.
const EXCHANGE: B256 = b256!("8b3e96f2b889fa771c53c981b40daf005f63f637f1869f707052d15a3dd97140");
/// `TokenExchangeUnderlying(address,int128,uint256,int128,uint256)` of pools that pass tokens on to another pool.
const EXCHANGE_UNDERLYING: B256 = b256!("d013ca23e77a65003c2c659c5442c00c805371b7fc1ebd4c206c41d1536bd90b");

/// An amount of a token with who moved it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leg {
    pub token: TokenRef,
    pub amount: Amount,
    pub transfers: Vec<Moved>,
    /// The other account: who paid the pool, or whom it paid.
    pub account: AccountId,
}

/// A swap by one pool: what it received, and what it gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PoolSwap {
    pub rule: Rule,
    pub log: u32,
    pub given: Leg,
    pub got: Leg,
}

/// What an event states.
struct Stated {
    rule: Rule,
    given: Amount,
    got: Amount,
    /// Whether the token given has the lower address, where the event states it.
    given_is_first: Option<bool>,
    /// Whether the pool passes on what it receives.
    passes_on: bool,
}

/// Returns the swaps that pools state and transfers agree with, in order.
pub(crate) fn swaps(tx: Tx<'_>) -> Vec<PoolSwap> {
    let mut swaps = Vec::new();
    // Transfers before an event of a pool belong to that event; what follows, to its next.
    let mut begins: BTreeMap<AccountId, u32> = BTreeMap::new();
    for (number, log) in tx.logs() {
        let Some(stated) = read(log) else { continue };
        let pool = id(log.address);
        let from = begins.insert(pool, number).map_or(0, |last| last.saturating_add(1));
        if let Some((given, got)) = agreeing(tx, pool, (from, number), &stated) {
            swaps.push(PoolSwap { rule: stated.rule, log: number, given, got });
        }
    }
    swaps.extend(vaults::swaps(tx));
    swaps.sort_by_key(|swap| swap.log);
    swaps
}

fn read(log: &Log) -> Option<Stated> {
    match *log.topics.first()? {
        SWAP_V2 if log.topics.len() == 3 && log.data.len() == 128 => {
            let [in_0, in_1, out_0, out_1] = [number(log, 0)?, number(log, 1)?, number(log, 2)?, number(log, 3)?];
            let first = (in_0.excess_over(out_0), out_0.excess_over(in_0));
            let second = (in_1.excess_over(out_1), out_1.excess_over(in_1));
            stated(Rule::UniswapV2, first, second)
        }
        SWAP_V3 if log.topics.len() == 3 && log.data.len() == 160 => {
            stated(Rule::UniswapV3, signed(&word(log, 0)?), signed(&word(log, 1)?))
        }
        EXCHANGE_CRYPTO if log.topics.len() == 2 && log.data.len() == 128 => exchanged(log, Rule::CurveCrypto, false),
        EXCHANGE_CRYPTO_LATER if log.topics.len() == 2 && log.data.len() == 192 => {
            exchanged(log, Rule::CurveCrypto, false)
        }
        EXCHANGE if log.topics.len() == 2 && log.data.len() == 128 => exchanged(log, Rule::CurveStable, false),
        EXCHANGE_UNDERLYING if log.topics.len() == 2 && log.data.len() == 128 => {
            exchanged(log, Rule::CurveStable, true)
        }
        _ => None,
    }
}

/// Curve's events: the number of the token given, its amount, the number of the other, its amount.
fn exchanged(log: &Log, rule: Rule, passes_on: bool) -> Option<Stated> {
    let (given, got) = (number(log, 1)?, number(log, 3)?);
    let is_some = !given.is_zero() && !got.is_zero();
    is_some.then_some(Stated { rule, given, got, given_is_first: None, passes_on })
}

/// Returns what a pool received and gave of a token: one of them is nothing.
pub(crate) fn signed(word: &B256) -> (Amount, Amount) {
    let number = U256::from_be_bytes(word.0);
    if word[0] & 0x80 == 0 { (amount(number), Amount::ZERO) } else { (Amount::ZERO, amount(number.wrapping_neg())) }
}

/// Takes what a pool received and gave of its first and second token. A swap gives one and receives the other.
fn stated(rule: Rule, first: (Amount, Amount), second: (Amount, Amount)) -> Option<Stated> {
    let (given, got, is_first) = match (first, second) {
        ((given, none), (zero, got)) if none.is_zero() && zero.is_zero() => (given, got, true),
        ((zero, got), (given, none)) if none.is_zero() && zero.is_zero() => (given, got, false),
        _ => return None,
    };
    let is_some = !given.is_zero() && !got.is_zero();
    is_some.then_some(Stated { rule, given, got, given_is_first: Some(is_first), passes_on: false })
}

/// What a contract received and gave of a token.
#[derive(Default)]
pub(crate) struct Sums {
    pub received: Amount,
    pub gave: Amount,
    into: Vec<Moved>,
    out: Vec<Moved>,
    payer: Option<AccountId>,
    payee: Option<AccountId>,
}

impl Sums {
    /// What was paid to the contract.
    pub(crate) fn given(self, token: TokenRef, amount: Amount) -> Option<Leg> {
        Some(Leg { token, amount, transfers: self.into, account: self.payer? })
    }

    /// What it paid.
    pub(crate) fn got(self, token: TokenRef, amount: Amount) -> Option<Leg> {
        Some(Leg { token, amount, transfers: self.out, account: self.payee? })
    }
}

/// Sums what a contract received and gave, over the transfers that count. `None` where sums pass 256 bits.
pub(crate) fn sums(
    tx: Tx<'_>,
    contract: AccountId,
    counts: impl Fn(&Transfer) -> bool,
) -> Option<BTreeMap<TokenRef, Sums>> {
    let mut sums: BTreeMap<TokenRef, Sums> = BTreeMap::new();
    for transfer in tx.moved().filter(|t| is_fungible(&t.token) && counts(t) && t.from != t.to) {
        if transfer.to == Some(contract) {
            let sums = sums.entry(transfer.token).or_default();
            sums.received = sums.received.checked_add(transfer.amount)?;
            sums.into.push(moved(transfer));
            sums.payer = transfer.from.or(sums.payer);
        } else if transfer.from == Some(contract) {
            let sums = sums.entry(transfer.token).or_default();
            sums.gave = sums.gave.checked_add(transfer.amount)?;
            sums.out.push(moved(transfer));
            sums.payee = transfer.to.or(sums.payee);
        }
    }
    Some(sums)
}

/// Finds the transfers of a pool within a range of logs that an event states: one token whose sum is what it received, another what it gave.
fn agreeing(tx: Tx<'_>, pool: AccountId, (from, log): (u32, u32), stated: &Stated) -> Option<(Leg, Leg)> {
    let is_near = |t: &Transfer| match t.position {
        Position::Log(number, _) => (from..log).contains(&number),
        // Coin is placed by frames, which logs are not compared with.
        _ => true,
    };
    let mut sums = sums(tx, pool, is_near)?;
    let one = |found: Vec<TokenRef>| if let [token] = found.as_slice() { Some(*token) } else { None };
    let received = |s: &Sums| {
        let kept = if stated.passes_on { Some(s.received) } else { s.received.checked_sub(s.gave) };
        kept == Some(stated.given)
    };
    let gave = |s: &Sums| s.gave.checked_sub(s.received) == Some(stated.got);
    let given = one(sums.iter().filter(|(_, s)| received(s)).map(|(token, _)| *token).collect())?;
    let got = one(sums.iter().filter(|(_, s)| gave(s)).map(|(token, _)| *token).collect())?;
    let fits_order = stated.given_is_first.is_none_or(|is_first| (given.contract() < got.contract()) == is_first);
    if !fits_order {
        return None;
    }
    let given = sums.remove(&given)?.given(given, stated.given)?;
    let got = sums.remove(&got)?.got(got, stated.got)?;
    Some((given, got))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_evm::{Address, keccak256};

    #[test]
    fn topics_are_those_of_the_events() {
        for (topic, text) in [
            (SWAP_V2, "Swap(address,uint256,uint256,uint256,uint256,address)"),
            (SWAP_V3, "Swap(address,address,int256,int256,uint160,uint128,int24)"),
            (EXCHANGE_CRYPTO, "TokenExchange(address,uint256,uint256,uint256,uint256)"),
            (EXCHANGE_CRYPTO_LATER, "TokenExchange(address,uint256,uint256,uint256,uint256,uint256,uint256)"),
            (EXCHANGE, "TokenExchange(address,int128,uint256,int128,uint256)"),
            (EXCHANGE_UNDERLYING, "TokenExchangeUnderlying(address,int128,uint256,int128,uint256)"),
        ] {
            assert_eq!(topic, keccak256(text));
        }
    }

    #[test]
    fn amounts_of_version_3_have_a_sign() {
        let amount = |n: u64| Amount::from(n);
        let minus = B256::from(U256::from(7).wrapping_neg());
        assert_eq!(signed(&minus), (Amount::ZERO, amount(7)));
        assert_eq!(signed(&B256::with_last_byte(7)), (amount(7), Amount::ZERO));
        let least = B256::from(U256::from(1) << 255);
        assert_eq!(signed(&least).1.to_be_bytes()[0], 0x80);
    }

    #[test]
    fn what_gives_and_receives_nothing_or_both_is_no_swap() {
        let topics = vec![SWAP_V2, B256::ZERO, B256::ZERO];
        let log = |words: [u8; 4]| Log {
            address: Address::ZERO,
            topics: topics.clone(),
            data: words.iter().flat_map(|n| B256::with_last_byte(*n).0).collect::<Vec<u8>>().into(),
        };
        let read = |words| read(&log(words)).map(|s| (s.given, s.got, s.given_is_first));
        let amount = |n: u64| Amount::from(n);
        assert_eq!(read([5, 0, 0, 9]), Some((amount(5), amount(9), Some(true))));
        assert_eq!(read([0, 9, 5, 0]), Some((amount(9), amount(5), Some(false))));
        // A token that came back in part: net.
        assert_eq!(read([5, 2, 0, 9]), Some((amount(5), amount(7), Some(true))));
        assert_eq!(read([5, 9, 0, 0]), None);
        assert_eq!(read([0, 0, 5, 9]), None);
        assert_eq!(read([5, 0, 0, 0]), None);
    }
}
