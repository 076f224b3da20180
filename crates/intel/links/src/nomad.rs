//! Nomad's messages: `Dispatch` of the home and `Send` of the router beside it, `Receive` of the router and `Process` of the replica behind it. A
//! message's id is its hash, which is computed again from its bytes.

use crate::contracts::{Contracts, Role};
use crate::link::{BridgeSide, Direction, MessageId, Protocol};
use crate::view::{Tx, account, any_account, bytes, bytes4, bytes32, id, is_amount, moved, number, word};
use alloy_primitives::b256;
use holdfast_evm::{B256, Log, keccak256};
use holdfast_types::{Hash32, Transfer};

/// `Dispatch(bytes32,uint256,uint64,bytes32,bytes)`.
const DISPATCH: B256 = b256!("9d4c83d2e57d7d381feb264b44a5015e7f9ef26340f4fc46b558a6dc16dd811a");
/// `Send(address,address,uint32,bytes32,uint256,bool)`.
const SEND: B256 = b256!("a3d219cf126a12be40d7ad1ceef46231c987988dd4e686457b610e1b6b80a4bf");
/// `Receive(uint64,address,address,address,uint256)`.
const RECEIVE: B256 = b256!("9f9a97db84f39202ca3b409b63f7ccf7d3fd810e176573c7483088b6f181bbbb");
/// `Process(bytes32,bool,bytes)`.
const PROCESS: B256 = b256!("d42de95a9b26f1be134c8ecce389dc4fcfa18753d01661b7b361233569e8fe48");

/// Bytes of a message before its body: origin, sender, nonce, destination, recipient.
const HEADER: usize = 4 + 32 + 4 + 4 + 32;
/// Bytes of the body of a token's transfer: the token's domain and id, an action, recipient, amount, hash of the token's details.
const TRANSFER_BODY: usize = 4 + 32 + 1 + 32 + 32 + 32;
/// Actions that move a token: plain, with fast liquidity, with a call behind it.
const TRANSFER_ACTIONS: [u8; 3] = [3, 4, 5];

/// A message that was dispatched.
struct Dispatched {
    hash: MessageId,
    destination: u32,
    asset: Option<(u64, Hash32)>,
}

/// Reads the sides of messages in a transaction.
pub(crate) fn sides(contracts: &Contracts, tx: Tx<'_>) -> Vec<BridgeSide> {
    let mut sides = Vec::new();
    let mut dispatched: Option<Dispatched> = None;
    // Received tokens whose message the replica has not named yet.
    let mut waiting: Vec<BridgeSide> = Vec::new();
    for (place, log) in tx.logs() {
        let Some(topic) = log.topics.first() else { continue };
        let role = contracts.role(&id(log.address));
        let is_router = matches!(role, Some(Role::NomadRouter | Role::NomadAll));
        match *topic {
            DISPATCH if matches!(role, Some(Role::NomadHome | Role::NomadAll)) => dispatched = read_dispatch(log),
            SEND if is_router => sides.extend(dispatched.take().and_then(|message| sent(tx, place, log, &message))),
            RECEIVE if is_router => waiting.extend(received(tx, place, log)),
            // Replicas are many; one's event counts only behind the router's.
            PROCESS if log.topics.len() == 4 => {
                for mut side in waiting.drain(..) {
                    side.message = Some(log.topics[1].0);
                    sides.push(side);
                }
            }
            _ => {}
        }
    }
    sides.append(&mut waiting);
    sides
}

fn read_dispatch(log: &Log) -> Option<Dispatched> {
    if log.topics.len() != 4 {
        return None;
    }
    // The root, and then the message.
    let message = bytes(log, 1)?;
    let hash = keccak256(message);
    if hash != log.topics[1] {
        return None;
    }
    let destination = bytes4(message, 4 + 32 + 4)?;
    Some(Dispatched { hash: hash.0, destination, asset: read_asset(message) })
}

/// Returns the asset that a message of a token's transfer names.
fn read_asset(message: &[u8]) -> Option<(u64, Hash32)> {
    let body = message.get(HEADER..)?;
    let is_transfer = body.len() == TRANSFER_BODY && TRANSFER_ACTIONS.contains(&body[36]);
    is_transfer.then(|| Some((bytes4(body, 0)?.into(), bytes32(body, 4)?))).flatten()
}

/// The token left its sender: it was burnt, or locked in the router.
fn sent(tx: Tx<'_>, place: u32, log: &Log, message: &Dispatched) -> Option<BridgeSide> {
    if log.topics.len() != 4 {
        return None;
    }
    let (token, from) = (account(&log.topics[1])?, account(&log.topics[2])?);
    let (beneficiary, amount) = (any_account(&word(log, 0)?), number(log, 1)?);
    let router = id(log.address);
    let leaves = |t: &Transfer| is_amount(t, token, amount) && t.to.is_none_or(|to| to == router);
    let transfer = tx.nearest(place, leaves)?;
    // A helper that takes coin sends the wrapped token itself: who gave it acts.
    let account = transfer.from.unwrap_or(from);
    Some(BridgeSide {
        protocol: Protocol::Nomad,
        direction: Direction::In,
        message: Some(message.hash),
        time: tx.time,
        end: tx.end(account, transfer.token, amount, vec![moved(transfer)]),
        beneficiary,
        asset: message.asset,
        remote: Some(message.destination.into()),
        log: place,
        stated: None,
        destination: None,
    })
}

/// The token arrived: it was made, or the router paid it.
fn received(tx: Tx<'_>, place: u32, log: &Log) -> Option<BridgeSide> {
    if log.topics.len() != 4 {
        return None;
    }
    let (token, beneficiary) = (account(&log.topics[2])?, account(&log.topics[3])?);
    let amount = number(log, 1)?;
    let arrives = |t: &Transfer| is_amount(t, token, amount) && t.to == Some(beneficiary);
    let transfer = tx.nearest(place, arrives)?;
    let origin = bytes4(&log.topics[1].0, 24)?;
    Some(BridgeSide {
        protocol: Protocol::Nomad,
        direction: Direction::Out,
        message: None,
        time: tx.time,
        end: tx.end(beneficiary, transfer.token, amount, vec![moved(transfer)]),
        beneficiary,
        asset: None,
        remote: Some(origin.into()),
        log: place,
        stated: None,
        destination: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_evm::Address;

    #[test]
    fn topics_are_those_of_the_events() {
        for (topic, text) in [
            (DISPATCH, "Dispatch(bytes32,uint256,uint64,bytes32,bytes)"),
            (SEND, "Send(address,address,uint32,bytes32,uint256,bool)"),
            (RECEIVE, "Receive(uint64,address,address,address,uint256)"),
            (PROCESS, "Process(bytes32,bool,bytes)"),
        ] {
            assert_eq!(topic, keccak256(text));
        }
    }

    /// The log 111 of Ethereum's block 14989513.
    fn real() -> Log {
        let hash = |text: &str| text.parse::<B256>().unwrap();
        let data = "e4a2451549b3690fdde677a65ea58b9910010fc8f17482f411773dca5b7b63aa\
            0000000000000000000000000000000000000000000000000000000000000040\
            00000000000000000000000000000000000000000000000000000000000000d1\
            0065746800000000000000000000000088a69b4e698a4b090df6cf5bd7b2d47325ad30a300000da36265616d\
            000000000000000000000000d3dfd3ede74e0dcebc1aa685e151332857efce2d\
            6265616d000000000000000000000000acc15dc74880c9944775448304b263d191c6077f03\
            0000000000000000000000008728c811f93eb6ac47d375e6a62df552d62ed284\
            00000000000000000000000000000000000000000000002086ac351052600000\
            96b94b828f421bba165777de7ff21aceaae0ff7adf3fda4fa976588a3c1af5aa000000000000000000000000000000";
        Log {
            address: Address::ZERO,
            topics: vec![
                DISPATCH,
                hash("0x156bcb171efc03ac65fccaead67ad29d99da1a581fe5375a8d950afcb9400669"),
                hash("0x00000000000000000000000000000000000000000000000000000000000024dc"),
                hash("0x0000000000000000000000000000000000000000000000006265616d00000da3"),
            ],
            data: hex::decode(data).unwrap().into(),
        }
    }

    #[test]
    fn a_real_message_hashes_to_its_id() {
        let message = read_dispatch(&real()).unwrap();
        assert_eq!(message.hash, real().topics[1].0);
        assert_eq!(message.destination, 0x6265_616d);
        let (domain, contract) = message.asset.unwrap();
        assert_eq!(
            (domain, hex::encode(&contract[12..])),
            (0x6265_616d, "acc15dc74880c9944775448304b263d191c6077f".into())
        );
        // Any flipped byte of the message is another message.
        let mut data = real().data.to_vec();
        for place in 96..96 + 209 {
            data[place] ^= 1;
            assert!(read_dispatch(&Log { data: data.clone().into(), ..real() }).is_none());
            data[place] ^= 1;
        }
        for cut in 0..96 + 209 {
            assert!(read_dispatch(&Log { data: data[..cut].to_vec().into(), ..real() }).is_none());
        }
    }
}
