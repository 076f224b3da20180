//! Swaps whose tokens stand in one contract for many pools (Uniswap v4, Balancer v2), which pays and is paid once for all swaps of a transaction; and
//! swaps that a router states for whoever called it (1inch). As with pools, an event counts only with the transfers that it states.

use crate::link::Rule;
use crate::pools::{Leg, PoolSwap, Sums, signed, sums};
use crate::view::{Tx, account, id, number, word};
use alloy_primitives::b256;
use holdfast_evm::{B256, Log};
use holdfast_types::{AccountId, Amount, TokenRef};
use std::collections::BTreeMap;

/// `Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24)` of Uniswap v4.
const SWAP_V4: B256 = b256!("40e9cecb9f5f1f1c5b9c97dec2917b7ee92e57ba5563708daca94dd84ad7112f");
/// `Swap(bytes32,address,address,uint256,uint256)` of Balancer v2.
const SWAP_BALANCER: B256 = b256!("2170c741c41531aec20e7c107c24eecfdd15e69c9bb0a8dd37b1840b9e0b207b");
/// `Swapped(address,address,address,address,uint256,uint256)` of 1inch's routers to version 4.
const SWAPPED: B256 = b256!("d6d4f5681c246c9f42c203e287975af1601f8df8035a9251f79aab5c8f09e2f8");
/// What stands for a chain's coin where an address of a token is expected.
const COIN: [u8; 20] = [0xee; 20];

/// Swaps of one contract, one after another, each of which takes what the one before gave.
struct Path {
    rule: Rule,
    log: u32,
    given: Amount,
    got: Amount,
    tokens: Option<(TokenRef, TokenRef)>,
}

/// Returns the swaps that such contracts state and transfers agree with.
pub(crate) fn swaps(tx: Tx<'_>) -> Vec<PoolSwap> {
    let mut paths: BTreeMap<AccountId, Vec<Path>> = BTreeMap::new();
    let mut found = Vec::new();
    for (place, log) in tx.logs() {
        if let Some(step) = read(place, log) {
            add(paths.entry(id(log.address)).or_default(), step);
        } else if log.topics.first() == Some(&SWAPPED) {
            found.extend(routed(tx, place, log));
        }
    }
    for (contract, paths) in paths {
        let Some(mut sums) = sums(tx, contract, |_| true) else { continue };
        found.extend(paths.into_iter().filter_map(|path| agreeing(&mut sums, &path)));
    }
    found
}

fn read(log: u32, event: &Log) -> Option<Path> {
    let (rule, given, got, tokens) = match *event.topics.first()? {
        SWAP_V4 if event.topics.len() == 3 && event.data.len() == 192 => {
            // Of whoever swaps: what is below zero is paid.
            let (first, second) = (signed(&word(event, 0)?), signed(&word(event, 1)?));
            let (given, got) = if first.0.is_zero() { (first.1, second.0) } else { (second.1, first.0) };
            (Rule::UniswapV4, given, got, None)
        }
        SWAP_BALANCER if event.topics.len() == 4 && event.data.len() == 64 => {
            let token = |topic: &B256| account(topic).map(TokenRef::Fungible);
            let tokens = (token(&event.topics[2])?, token(&event.topics[3])?);
            (Rule::BalancerV2, number(event, 0)?, number(event, 1)?, Some(tokens))
        }
        _ => return None,
    };
    let is_some = !given.is_zero() && !got.is_zero();
    is_some.then_some(Path { rule, log, given, got, tokens })
}

/// Joins a swap to the one before where it takes what that one gave.
fn add(paths: &mut Vec<Path>, step: Path) {
    let is_next = |last: &Path| {
        let is_token = last.tokens.zip(step.tokens).is_none_or(|((_, got), (given, _))| got == given);
        last.rule == step.rule && last.got == step.given && is_token
    };
    match paths.last_mut() {
        Some(last) if is_next(last) => {
            last.got = step.got;
            last.tokens = last.tokens.zip(step.tokens).map(|((given, _), (_, got))| (given, got));
        }
        _ => paths.push(step),
    }
}

/// Finds the transfers of a contract that a path states: one token of which it kept as much as was given, another of which it gave as much as was got.
fn agreeing(sums: &mut BTreeMap<TokenRef, Sums>, path: &Path) -> Option<PoolSwap> {
    let one = |kept: &dyn Fn(&Sums) -> bool, named: Option<TokenRef>| {
        let mut fitting = sums.iter().filter(|(token, s)| kept(s) && named.is_none_or(|named| named == **token));
        let (token, _) = fitting.next()?;
        fitting.next().is_none().then_some(*token)
    };
    let received = |s: &Sums| s.received.checked_sub(s.gave) == Some(path.given);
    let gave = |s: &Sums| s.gave.checked_sub(s.received) == Some(path.got);
    let given = one(&received, path.tokens.map(|t| t.0))?;
    let got = one(&gave, path.tokens.map(|t| t.1))?;
    let (given, got) = (sums.remove(&given)?.given(given, path.given)?, sums.remove(&got)?.got(got, path.got)?);
    Some(PoolSwap { rule: path.rule, log: path.log, given, got })
}

/// 1inch: who swapped, both tokens, who received, and both amounts.
fn routed(tx: Tx<'_>, log: u32, event: &Log) -> Option<PoolSwap> {
    if event.topics.len() != 1 || event.data.len() != 192 {
        return None;
    }
    let party = |n: usize| account(&word(event, n)?);
    let token = |n: usize| {
        let contract = party(n)?;
        let is_coin = contract == AccountId::evm(COIN) || contract == AccountId::ZERO;
        Some(if is_coin { TokenRef::Native } else { TokenRef::Fungible(contract) })
    };
    let (sender, receiver) = (party(0)?, party(3)?);
    let (given, got) = ((token(1)?, number(event, 4)?), (token(2)?, number(event, 5)?));
    let paid = net(tx, sender, given.0, given.1, true)?;
    let received = net(tx, receiver, got.0, got.1, false)?;
    (given.0 != got.0).then_some(PoolSwap { rule: Rule::OneInch, log, given: paid, got: received })
}

/// Returns what an account gave or received of a token, if it is as much as stated and not nothing.
fn net(tx: Tx<'_>, account: AccountId, token: TokenRef, stated: Amount, gives: bool) -> Option<Leg> {
    let sums = sums(tx, account, |t| t.token == token)?.remove(&token)?;
    let (more, less) = if gives { (sums.gave, sums.received) } else { (sums.received, sums.gave) };
    let agrees = more.checked_sub(less) == Some(stated) && !stated.is_zero();
    // The leg is the account's own, not its partner's.
    let leg = if gives { sums.got(token, stated)? } else { sums.given(token, stated)? };
    agrees.then_some(Leg { account, ..leg })
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_evm::keccak256;

    #[test]
    fn topics_are_those_of_the_events() {
        for (topic, text) in [
            (SWAP_V4, "Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24)"),
            (SWAP_BALANCER, "Swap(bytes32,address,address,uint256,uint256)"),
            (SWAPPED, "Swapped(address,address,address,address,uint256,uint256)"),
        ] {
            assert_eq!(topic, keccak256(text), "{text}");
        }
    }
}
