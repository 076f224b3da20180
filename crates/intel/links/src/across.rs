//! Across, version 3: deposits in spoke pools, and fills by relayers, who pay on the other chain. A deposit's id is the origin's chain and its number
//! there. Events name accounts by 20 bytes in their first form, by 32 since 2025; the words are the same. Layouts: across-protocol/contracts,
//! `V3SpokePoolInterface.sol`.

use crate::contracts::{Contracts, Role};
use crate::link::{BridgeSide, Direction, MessageId, Protocol};
use crate::view::{Tx, account, any_account, id, is_amount, long, moved, number, numbered, part, word};
use alloy_primitives::b256;
use holdfast_evm::{B256, Log, keccak256};
use holdfast_types::{AccountId, Amount, TokenRef, Transfer};

/// `V3FundsDeposited(address,address,uint256,uint256,uint256,uint32,uint32,uint32,uint32,address,address,address,bytes)`.
const DEPOSITED_V3: B256 = b256!("a123dc29aebf7d0c3322c8eeb5b999e859f39937950ed31056532713d0de396f");
/// `FundsDeposited(bytes32,bytes32,uint256,uint256,uint256,uint256,uint32,uint32,uint32,bytes32,bytes32,bytes32,bytes)`.
const DEPOSITED: B256 = b256!("32ed1a409ef04c7b0227189c3a103dc5ac10e775a15b785dcc510201f7c25ad3");
/// `FilledV3Relay(address,address,uint256,uint256,uint256,uint256,uint32,uint32,uint32,address,address,address,address,bytes,(address,bytes,uint256,uint8))`.
const FILLED_V3: B256 = b256!("571749edf1d5c9599318cdbc4e28a6475d65e87fd3b2ddbe1e9a8d5e7a0f0ff7");
/// `FilledRelay(bytes32,bytes32,uint256,uint256,uint256,uint256,uint256,uint32,uint32,bytes32,bytes32,bytes32,bytes32,bytes32,(bytes32,bytes32,uint256,uint8))`.
const FILLED: B256 = b256!("44b559f101f8fbcc8a0ea43fa91a05a729a5ea6e14a7c75aa750374690137208");

/// Reads the sides of deposits in a transaction.
pub(crate) fn sides(contracts: &Contracts, tx: Tx<'_>) -> Vec<BridgeSide> {
    let Some(own) = contracts.number() else { return Vec::new() };
    let read = |(place, log): (u32, &Log)| {
        let is_pool = contracts.role(&id(log.address)) == Some(Role::AcrossPool);
        let topic = *log.topics.first().filter(|_| is_pool && log.topics.len() == 4)?;
        match topic {
            DEPOSITED | DEPOSITED_V3 => deposited(tx, place, log, own),
            FILLED | FILLED_V3 => filled(tx, place, log, topic == FILLED),
            _ => None,
        }
    };
    tx.logs().filter_map(read).collect()
}

/// Returns a deposit's id. Deposits with numbers of 256 bits are possible; theirs is a hash.
fn message(origin: u64, deposit: &B256) -> Option<MessageId> {
    Some(match part(&deposit.0, 16).map(u128::from_be_bytes) {
        Some(deposit_number) if deposit[..16].iter().all(|b| *b == 0) => numbered(b"across-3", origin, deposit_number),
        _ => keccak256([b"across-3".as_slice(), &origin.to_be_bytes(), deposit.as_slice()].concat()).0,
    })
}

/// The depositor paid the pool. Of the chain's coin, the pool makes wrapped coin first.
fn deposited(tx: Tx<'_>, place: u32, log: &Log, own: u64) -> Option<BridgeSide> {
    let (token, amount, stated) = (word(log, 0)?, number(log, 2)?, number(log, 3)?);
    let contract = account(&token)?;
    let transfer = paid(tx, place, id(log.address), contract, amount)?;
    Some(BridgeSide {
        protocol: Protocol::Across,
        direction: Direction::In,
        message: Some(message(own, &log.topics[2])?),
        time: tx.time,
        end: tx.end(transfer.from?, transfer.token, amount, vec![moved(transfer)]),
        beneficiary: any_account(&word(log, 7)?),
        asset: Some((own, token.0)),
        remote: Some(long(&log.topics[1])?),
        log: place,
        stated: Some(stated),
        destination: None,
    })
}

fn paid<'a>(tx: Tx<'a>, place: u32, pool: AccountId, token: AccountId, amount: Amount) -> Option<&'a Transfer> {
    let is_paid = |t: &Transfer| is_amount(t, token, amount) && t.from.is_some() && t.to == Some(pool);
    let is_coin = |t: &Transfer| t.token == TokenRef::Native && t.amount == amount && t.to == Some(pool);
    let is_wrapped = |t: &Transfer| is_amount(t, token, amount) && t.from.is_none() && t.to == Some(pool);
    tx.nearest(place, is_paid).or_else(|| tx.nearest(place, is_coin).filter(|_| tx.moved().any(is_wrapped)))
}

/// A relayer, or the pool itself, paid the recipient: what the depositor asked for, or what the depositor signed in its place later.
fn filled(tx: Tx<'_>, place: u32, log: &Log, is_static: bool) -> Option<BridgeSide> {
    let (input, output, stated) = (word(log, 0)?, word(log, 1)?, number(log, 3)?);
    let recipient = any_account(&word(log, 9)?);
    // The last member is a tuple, which the first form of the event points to.
    let at = if is_static { 11 } else { usize::try_from(long(&word(log, 11)?)?).ok().filter(|n| n % 32 == 0)? / 32 };
    let (receiver, amount) = (account(&word(log, at)?)?, number(log, at.checked_add(2)?)?);
    let token = account(&output)?;
    let arrives = |t: &Transfer| is_amount(t, token, amount) && t.to == Some(receiver);
    let is_coin = |t: &Transfer| t.token == TokenRef::Native && t.amount == amount && t.to == Some(receiver);
    let transfer = tx.nearest(place, arrives).or_else(|| tx.nearest(place, is_coin))?;
    let origin = long(&log.topics[1])?;
    Some(BridgeSide {
        protocol: Protocol::Across,
        direction: Direction::Out,
        message: Some(message(origin, &log.topics[2])?),
        time: tx.time,
        end: tx.end(receiver, transfer.token, amount, vec![moved(transfer)]),
        beneficiary: recipient,
        asset: Some((origin, input.0)),
        remote: Some(origin),
        log: place,
        stated: Some(stated),
        destination: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_those_of_the_events() {
        for (topic, text) in [
            (
                DEPOSITED_V3,
                "V3FundsDeposited(address,address,uint256,uint256,uint256,uint32,uint32,uint32,uint32,address,address,address,bytes)",
            ),
            (
                DEPOSITED,
                "FundsDeposited(bytes32,bytes32,uint256,uint256,uint256,uint256,uint32,uint32,uint32,bytes32,bytes32,bytes32,bytes)",
            ),
            (
                FILLED_V3,
                "FilledV3Relay(address,address,uint256,uint256,uint256,uint256,uint32,uint32,uint32,address,address,address,address,bytes,(address,bytes,uint256,uint8))",
            ),
            (
                FILLED,
                "FilledRelay(bytes32,bytes32,uint256,uint256,uint256,uint256,uint256,uint32,uint32,bytes32,bytes32,bytes32,bytes32,bytes32,(bytes32,bytes32,uint256,uint8))",
            ),
        ] {
            assert_eq!(topic, keccak256(text), "{text}");
        }
    }
}
