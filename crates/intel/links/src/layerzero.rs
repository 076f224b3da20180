//! Tokens of LayerZero's OFT standard, version 2: `PacketSent` of the endpoint and `OFTSent` of the token's contract behind it, `OFTReceived` and
//! `PacketDelivered`. Anybody may write such a contract: its event counts only with the endpoint's, which names the contract, and if the packet's GUID
//! is what its parts give. Layouts: LayerZero-Labs/LayerZero-v2, `PacketV1Codec.sol`, `GUID.sol`, `OFTMsgCodec.sol`. Stargate's
//! pools are not the contracts that the endpoint names, and its batches name no message when they take the tokens: they are not read.

use crate::contracts::{Contracts, Role};
use crate::known::layer_zero_number;
use crate::link::{BridgeSide, Direction, Protocol};
use crate::view::{Tx, account, any_account, bytes, bytes4, bytes32, id, long, moved, number, part, small, word};
use alloy_primitives::b256;
use holdfast_evm::{B256, Log, keccak256};
use holdfast_types::{AccountId, Amount, TokenRef, Transfer};

/// `PacketSent(bytes,bytes,address)`.
const PACKET: B256 = b256!("1ab700d4ced0c005b164c0f789fd09fcbb0156d4c2041b8a3bfbcd961cd1567f");
/// `PacketDelivered((uint32,bytes32,uint64),address)`.
const DELIVERED: B256 = b256!("3cd5e48f9730b129dc7550f0fcea9c767b7be37837cd10e55eb35f734f4bca04");
/// `OFTSent(bytes32,uint32,address,uint256,uint256)`.
const SENT: B256 = b256!("85496b760a4b7f8d66384b9df21b381f5d1b1e79f229a47aaf4c232edc2fe59a");
/// `OFTReceived(bytes32,uint32,address,uint256)`.
const RECEIVED: B256 = b256!("efed6d3500546b29533b128a29e3a94d70788727f0507505ac12eaf2e578fd9c");

/// A packet that was sent.
struct Packet {
    guid: B256,
    sender: AccountId,
    destination: u32,
    to: B256,
    /// In the unit that all of the token's contracts share.
    amount: Amount,
}

/// Tokens that a contract says it paid, before the endpoint names the packet.
struct Paid<'a> {
    place: u32,
    contract: AccountId,
    log: &'a Log,
}

/// Reads the sides of packets in a transaction.
pub(crate) fn sides(contracts: &Contracts, tx: Tx<'_>) -> Vec<BridgeSide> {
    let Some(own) = contracts.number().and_then(layer_zero_number) else { return Vec::new() };
    let mut sides = Vec::new();
    let mut packets: Vec<Packet> = Vec::new();
    let mut paid: Vec<Paid<'_>> = Vec::new();
    for (place, log) in tx.logs() {
        let Some(topic) = log.topics.first() else { continue };
        let contract = id(log.address);
        let is_endpoint = contracts.role(&contract) == Some(Role::LayerZeroEndpoint);
        match *topic {
            PACKET if is_endpoint => packets.extend(read_packet(log, own)),
            SENT if log.topics.len() == 3 => {
                let is_its = |p: &Packet| p.guid == log.topics[1] && p.sender == contract;
                if let Some(n) = packets.iter().position(is_its) {
                    sides.extend(sent(tx, place, log, &packets.swap_remove(n)));
                }
            }
            RECEIVED if log.topics.len() == 3 => paid.push(Paid { place, contract, log }),
            DELIVERED if is_endpoint => {
                let Some((guid, receiver)) = read_delivered(log, own) else { continue };
                let is_its = |p: &Paid<'_>| p.log.topics[1] == guid && p.contract == receiver;
                if let Some(n) = paid.iter().position(is_its) {
                    sides.extend(received(tx, log, &paid.swap_remove(n)));
                }
            }
            _ => {}
        }
    }
    sides
}

/// Reads a packet: version, nonce, source, sender, destination, receiver, GUID; then whom it pays, and how much.
fn read_packet(log: &Log, own: u32) -> Option<Packet> {
    let packet = bytes(log, 0)?;
    let (header, guid) = (packet.get(1..81)?, B256::from(bytes32(packet, 81)?));
    let is_own = packet.first() == Some(&1) && bytes4(packet, 9) == Some(own) && keccak256(header) == guid;
    let amount = part(packet, 145).map(u64::from_be_bytes).filter(|_| is_own)?;
    Some(Packet {
        guid,
        sender: account(&bytes32(packet, 13)?.into())?,
        destination: bytes4(packet, 45)?,
        to: bytes32(packet, 113)?.into(),
        amount: Amount::from(amount),
    })
}

/// Reads the origin and receiver of a packet, and computes its GUID.
fn read_delivered(log: &Log, own: u32) -> Option<(B256, AccountId)> {
    let (source, sender, nonce) = (small(&word(log, 0)?)?, word(log, 1)?, long(&word(log, 2)?)?);
    let receiver = word(log, 3)?;
    let parts: [&[u8]; 5] =
        [&nonce.to_be_bytes(), &source.to_be_bytes(), sender.as_slice(), &own.to_be_bytes(), receiver.as_slice()];
    let header = parts.concat();
    Some((keccak256(header), account(&receiver)?))
}

/// The sender's tokens were burnt, or the contract took them: all of them, or what is left without a fee.
fn sent(tx: Tx<'_>, place: u32, log: &Log, packet: &Packet) -> Option<BridgeSide> {
    let (from, contract) = (account(&log.topics[2])?, id(log.address));
    let (given, left) = (number(log, 1)?, number(log, 2)?);
    let destination = small(&word(log, 0)?).filter(|to| *to == packet.destination)?;
    let leaves = |amount: Amount| {
        move |t: &Transfer| {
            let is_unit = matches!(t.token, TokenRef::Native | TokenRef::Fungible(_)) && t.amount == amount;
            is_unit && t.from == Some(from) && t.to.is_none_or(|to| to == contract)
        }
    };
    let transfer = tx.nearest(place, leaves(given)).or_else(|| tx.nearest(place, leaves(left)))?;
    Some(BridgeSide {
        protocol: Protocol::LayerZero,
        direction: Direction::In,
        message: Some(packet.guid.0),
        time: tx.time,
        end: tx.end(from, transfer.token, transfer.amount, vec![moved(transfer)]),
        beneficiary: any_account(&packet.to),
        asset: None,
        remote: Some(destination.into()),
        log: place,
        stated: Some(packet.amount),
        destination: None,
    })
}

/// The receiver's tokens were made, or the contract paid them.
fn received(tx: Tx<'_>, delivered: &Log, paid: &Paid<'_>) -> Option<BridgeSide> {
    let (to, amount) = (account(&paid.log.topics[2])?, number(paid.log, 1)?);
    let source = small(&word(delivered, 0)?)?;
    let agrees = small(&word(paid.log, 0)?) == Some(source);
    let is_token = |t: &Transfer| matches!(t.token, TokenRef::Fungible(_)) || t.token == TokenRef::Native;
    let arrives = |t: &Transfer| is_token(t) && t.amount == amount && t.to == Some(to);
    let pays = |t: &Transfer| arrives(t) && t.from.is_none_or(|from| from == paid.contract);
    // Some contracts keep the tokens elsewhere.
    let transfer = tx.nearest(paid.place, pays).or_else(|| tx.nearest(paid.place, arrives)).filter(|_| agrees)?;
    Some(BridgeSide {
        protocol: Protocol::LayerZero,
        direction: Direction::Out,
        message: Some(paid.log.topics[1].0),
        time: tx.time,
        end: tx.end(to, transfer.token, amount, vec![moved(transfer)]),
        beneficiary: to,
        asset: None,
        remote: Some(source.into()),
        log: paid.place,
        stated: None,
        destination: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_evm::Address;

    /// The logs 116 and 117 of Ethereum's block 22431084: Stargate's pool paid, and the endpoint delivered.
    #[test]
    fn a_real_packet_has_the_guid_of_its_parts() {
        let words = [
            "0000000000000000000000000000000000000000000000000000000000007596",
            "0000000000000000000000006e3d884c96d640526f273c61dfcf08915ebd7e2b",
            "0000000000000000000000000000000000000000000000000000000000008e64",
            "0000000000000000000000006d6620efa72948c5f68a3c8646d58c00d3f4a980",
        ];
        let data = hex::decode(words.concat()).unwrap();
        let log = Log { address: Address::ZERO, topics: vec![DELIVERED], data: data.into() };
        let (guid, receiver) = read_delivered(&log, 30_101).unwrap();
        assert_eq!(hex::encode(guid), "a41e6037a996c5ed0ecde0cc6afac4b5fe54445a6553f05a8ad7847c228279f6");
        assert_eq!(hex::encode(receiver.as_bytes()), "6d6620efa72948c5f68a3c8646d58c00d3f4a980");
        assert_ne!(read_delivered(&log, 30_102).unwrap().0, guid);
    }

    #[test]
    fn topics_are_those_of_the_events() {
        for (topic, text) in [
            (PACKET, "PacketSent(bytes,bytes,address)"),
            (DELIVERED, "PacketDelivered((uint32,bytes32,uint64),address)"),
            (SENT, "OFTSent(bytes32,uint32,address,uint256,uint256)"),
            (RECEIVED, "OFTReceived(bytes32,uint32,address,uint256)"),
        ] {
            assert_eq!(topic, keccak256(text), "{text}");
        }
    }
}
