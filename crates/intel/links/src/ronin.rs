//! The first Ronin bridge: `TokenWithdrew` and `TokenDeposited` of its two gateways, which count withdrawals and deposits apart.

use crate::contracts::{Contracts, Role};
use crate::link::{BridgeSide, Direction, MessageId, Protocol};
use crate::view::{Tx, account, id, moved, number, word};
use alloy_primitives::b256;
use holdfast_evm::{B256, Log};
use holdfast_types::{AccountId, Amount, Hash32, TokenRef, Transfer};

/// `TokenDeposited(uint256,address,address,address,uint32,uint256)` of the gateway on Ethereum.
const DEPOSITED: B256 = b256!("72848855a2461abf0dd243723dfcc9163eec2ea5215469d101c0d9c9ef58940d");
/// `TokenWithdrew(uint256,address,address,uint256)` of the gateway on Ethereum.
const WITHDREW: B256 = b256!("86174ea401f083b9bb1bdebca3068f27fb023c7091365ed2a8a02b8d75cf0e52");
/// `TokenDeposited(uint256,address,address,uint256)` of the gateway on Ronin.
const ARRIVED: B256 = b256!("5187d31a2b0e5829ff24ba2d281e6506286752e3d938cbaa86d0202f509ffeb0");
/// `TokenWithdrew(uint256,address,address,address,uint32,uint256)` of the gateway on Ronin.
const REQUESTED: B256 = b256!("d56c021eb1befc5273569485864a514b5d80a6192ce1181668ac7c553212558e");

/// Number of Ethereum with the bridge.
const MAINCHAIN: u64 = 1;
const SIDECHAIN: u64 = 2020;

/// Reads the sides of withdrawals and deposits in a transaction.
pub(crate) fn sides(contracts: &Contracts, tx: Tx<'_>) -> Vec<BridgeSide> {
    let read = |(place, log): (u32, &Log)| {
        let is_mainchain = match contracts.role(&id(log.address))? {
            Role::RoninMainchain => true,
            Role::RoninSidechain => false,
            _ => return None,
        };
        // Number, owner and token are topics.
        let event = if log.topics.len() == 4 { log.topics[0] } else { return None };
        match (is_mainchain, event) {
            (true, DEPOSITED) => side(tx, place, log, (b'd', Direction::In, 2)),
            (true, WITHDREW) => side(tx, place, log, (b'w', Direction::Out, 0)),
            (false, ARRIVED) => side(tx, place, log, (b'd', Direction::Out, 0)),
            (false, REQUESTED) => side(tx, place, log, (b'w', Direction::In, 2)),
            _ => None,
        }
    };
    tx.logs().filter_map(read).collect()
}

/// Returns the id of the n-th deposit or withdrawal; `None` of a number that no counter reaches.
fn message(counter: u8, number: &B256) -> Option<MessageId> {
    if number[..16].iter().any(|b| *b != 0) {
        return None;
    }
    let mut id: Hash32 = *b"ronin-1 \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    id[8] = counter;
    id[16..].copy_from_slice(&number[16..]);
    Some(id)
}

/// Reads an event; its amount, or the id of a thing, is the n-th word of its data.
fn side(tx: Tx<'_>, place: u32, log: &Log, (counter, direction, n): (u8, Direction, usize)) -> Option<BridgeSide> {
    let (owner, token, units) = (account(&log.topics[2])?, account(&log.topics[3])?, number(log, n)?);
    let gateway = id(log.address);
    let is_mainchain = matches!((counter, direction), (b'd', Direction::In) | (b'w', Direction::Out));
    let moves = |t: &Transfer| match direction {
        Direction::In => is_it(t, token, units) && t.to.is_none_or(|to| to == gateway),
        Direction::Out => is_it(t, token, units) && t.to == Some(owner),
    };
    // Wrapped coin is paid as coin.
    let pays_coin = |t: &Transfer| {
        let side = if direction == Direction::In { t.to == Some(gateway) } else { t.to == Some(owner) };
        t.token == TokenRef::Native && t.amount == units && side
    };
    let transfer = tx.nearest(place, moves).or_else(|| tx.nearest(place, pays_coin))?;
    let account = if direction == Direction::In { transfer.from? } else { owner };
    // The sidechain's events of withdrawals name the token on Ethereum; Ethereum's name their own.
    let mainchain_token = match (is_mainchain, counter) {
        (true, _) => Some(log.topics[3].0),
        (false, b'w') => word(log, 0).map(|w| w.0),
        (false, _) => None,
    };
    Some(BridgeSide {
        protocol: Protocol::Ronin,
        direction,
        message: Some(message(counter, &log.topics[1])?),
        time: tx.time,
        end: tx.end(account, transfer.token, transfer.amount, vec![moved(transfer)]),
        beneficiary: owner,
        asset: mainchain_token.map(|token| (MAINCHAIN, token)),
        remote: Some(if is_mainchain { SIDECHAIN } else { MAINCHAIN }),
        log: place,
        stated: None,
        destination: None,
    })
}

fn is_it(transfer: &Transfer, token: AccountId, units: Amount) -> bool {
    match transfer.token {
        TokenRef::Fungible(contract) => contract == token && transfer.amount == units,
        TokenRef::NonFungible(contract, id) => contract == token && id == units,
        TokenRef::Native | TokenRef::Multi(..) | TokenRef::Trc10(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_evm::keccak256;

    #[test]
    fn topics_are_those_of_the_events() {
        for (topic, text) in [
            (DEPOSITED, "TokenDeposited(uint256,address,address,address,uint32,uint256)"),
            (WITHDREW, "TokenWithdrew(uint256,address,address,uint256)"),
            (ARRIVED, "TokenDeposited(uint256,address,address,uint256)"),
            (REQUESTED, "TokenWithdrew(uint256,address,address,address,uint32,uint256)"),
        ] {
            assert_eq!(topic, keccak256(text), "{text}");
        }
    }

    #[test]
    fn withdrawals_and_deposits_have_ids_of_their_own() {
        let number = B256::with_last_byte(7);
        assert_ne!(message(b'w', &number), message(b'd', &number));
        assert_ne!(message(b'w', &number), message(b'w', &B256::with_last_byte(8)));
        assert_eq!(message(b'w', &B256::repeat_byte(1)), None);
    }
}
