//! Circle's CCTP: `MessageSent` of the transmitter and `DepositForBurn` of the messenger behind it; `MintAndWithdraw` of the messenger and
//! `MessageReceived` of the transmitter behind it. Version 1 numbers messages on the source. Version 2 gives the number only to the receiving side, so
//! its id here is the hash of what both sides say; equal messages have equal ids, and [`crate::Bridges`] joins them in their order.
//! Layouts: circlefin/evm-cctp-contracts, `Message.sol`, `MessageV2.sol`, `BurnMessage.sol`, `BurnMessageV2.sol`.

use crate::contracts::{Contracts, Role};
use crate::link::{BridgeSide, Direction, MessageId, Protocol};
use crate::view::{
    Tx, account, any_account, bytes, bytes4, bytes32, id, is_amount, moved, number, numbered, part, small, word,
};
use alloy_primitives::b256;
use holdfast_evm::{B256, Log, keccak256};
use holdfast_types::{AccountId, Amount, Hash32, Transfer};

/// `MessageSent(bytes)` of both versions.
const SENT: B256 = b256!("8c5261668696ce22758910d05bab8f186d6eb247ceac2af2e82c7dc17669b036");
/// `DepositForBurn(uint64,address,uint256,address,bytes32,uint32,bytes32,bytes32)`.
const BURNT: B256 = b256!("2fa9ca894982930190727e75500a97d8dc500233a5065e0f3126c48fbe0343c0");
/// `DepositForBurn(address,uint256,address,bytes32,uint32,bytes32,bytes32,uint256,uint32,bytes)` of version 2.
const BURNT_V2: B256 = b256!("0c8c1cbdc5190613ebd485511d4e2812cfa45eecb79d845893331fedad5130a5");
/// `MessageReceived(address,uint32,uint64,bytes32,bytes)`.
const RECEIVED: B256 = b256!("58200b4c34ae05ee816d710053fff3fb75af4395915d3d2a771b24aa10e3cc5d");
/// `MessageReceived(address,uint32,bytes32,bytes32,uint32,bytes)` of version 2.
const RECEIVED_V2: B256 = b256!("ff48c13eda96b1cceacc6b9edeedc9e9db9d6226afbc30146b720c19d3addb1c");
/// `MintAndWithdraw(address,uint256,address)`.
const MINTED: B256 = b256!("1b2a7ff080b8cb6ff436ce0372e399692bbfb6d4ae5766fd8d58a7b8cc6142e6");
/// `MintAndWithdraw(address,uint256,address,uint256)` of version 2, with the fee.
const MINTED_V2: B256 = b256!("50c55e915134d457debfa58eb6f4342956f8b0616d51a89a3659360178e1ab63");

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

impl Version {
    fn of(role: Role) -> Option<Self> {
        match role {
            Role::CctpMessenger | Role::CctpTransmitter => Some(Version::One),
            Role::CctpMessengerV2 | Role::CctpTransmitterV2 => Some(Version::Two),
            _ => None,
        }
    }

    fn protocol(self) -> Protocol {
        if self == Version::One { Protocol::Cctp } else { Protocol::CctpV2 }
    }
}

/// What a message says of a burn.
struct Burn {
    message: MessageId,
    domain: u32,
    destination: Option<u32>,
    token: Hash32,
    recipient: B256,
    amount: Amount,
    /// What the receiving side keeps.
    fee: Amount,
}

/// Something that was minted, whose message was not named yet.
struct Mint {
    place: u32,
    recipient: AccountId,
    token: AccountId,
    amount: Amount,
    fee: Amount,
}

/// Reads the sides of messages in a transaction.
pub(crate) fn sides(contracts: &Contracts, tx: Tx<'_>) -> Vec<BridgeSide> {
    let mut sides = Vec::new();
    let mut sent: Option<(Version, Burn)> = None;
    let mut mints: Vec<(Version, Mint)> = Vec::new();
    for (place, log) in tx.logs() {
        let Some(role) = contracts.role(&id(log.address)) else { continue };
        let (Some(version), Some(topic)) = (Version::of(role), log.topics.first()) else { continue };
        let is_transmitter = matches!(role, Role::CctpTransmitter | Role::CctpTransmitterV2);
        match *topic {
            SENT if is_transmitter => sent = read_sent(version, log).map(|burn| (version, burn)),
            BURNT | BURNT_V2 if !is_transmitter => {
                let burn = sent.take().filter(|(of, _)| *of == version).map(|(_, burn)| burn);
                sides.extend(burn.and_then(|burn| side_sent(tx, place, log, version, &burn)));
            }
            MINTED | MINTED_V2 if !is_transmitter => {
                mints.extend(read_mint(place, log, version).map(|mint| (version, mint)));
            }
            RECEIVED | RECEIVED_V2 if is_transmitter => {
                let Some(burn) = read_received(version, log) else { continue };
                let is_its = |(of, mint): &(Version, Mint)| *of == version && is_of(mint, &burn);
                if let Some(n) = mints.iter().rposition(is_its) {
                    let (_, mint) = mints.swap_remove(n);
                    sides.extend(side_received(tx, version, &mint, &burn));
                }
            }
            _ => {}
        }
    }
    sides
}

fn read_sent(version: Version, log: &Log) -> Option<Burn> {
    let message = bytes(log, 0)?;
    let (domain, destination) = (bytes4(message, 4)?, bytes4(message, 8)?);
    let (nonce, sender, body) = match version {
        Version::One => (part(message, 12).map(u64::from_be_bytes)?, bytes32(message, 20)?, message.get(116..)?),
        // The source writes none.
        Version::Two => (0, bytes32(message, 44)?, message.get(148..)?),
    };
    read_burn(version, domain, nonce, &sender, body).map(|burn| Burn { destination: Some(destination), ..burn })
}

fn read_received(version: Version, log: &Log) -> Option<Burn> {
    let (domain, sender, body) = (small(&word(log, 0)?)?, word(log, 1)?, bytes(log, 2)?);
    let nonce = match (version, log.topics.len()) {
        (Version::One, 3) => part(&log.topics[2].0, 24).map(u64::from_be_bytes)?,
        (Version::Two, 4) => 0,
        _ => return None,
    };
    read_burn(version, domain, nonce, &sender.0, body)
}

/// Reads the body: its version, then token, recipient, amount and sender, and of version 2 the most fee, the fee, the last block and data for a hook.
fn read_burn(version: Version, domain: u32, nonce: u64, sender: &Hash32, body: &[u8]) -> Option<Burn> {
    let (token, recipient) = (bytes32(body, 4)?, B256::from(bytes32(body, 36)?));
    let amount = Amount::from_be_bytes(bytes32(body, 68)?);
    let (message, fee) = match version {
        Version::One if body.len() == 132 => (numbered(b"cctp-1  ", domain.into(), nonce.into()), Amount::ZERO),
        Version::Two => {
            // Fee and last block are written behind the source.
            let (before, hook) = (body.get(..164)?, body.get(228..)?);
            let said = [b"cctp-2".as_slice(), &domain.to_be_bytes(), sender, before, hook].concat();
            (keccak256(said).0, Amount::from_be_bytes(bytes32(body, 164)?))
        }
        Version::One => return None,
    };
    Some(Burn { message, domain, destination: None, token, recipient, amount, fee })
}

/// The token left the depositor, and was burnt.
fn side_sent(tx: Tx<'_>, place: u32, log: &Log, version: Version, burn: &Burn) -> Option<BridgeSide> {
    // Version 1 has the nonce as its first topic, and then both have the token.
    let (token, depositor) = match (version, log.topics.as_slice()) {
        (Version::One, [BURNT, _, token, depositor]) | (Version::Two, [BURNT_V2, token, depositor, _]) => {
            (token, account(depositor)?)
        }
        _ => return None,
    };
    let destination = small(&word(log, 2)?)?;
    let agrees = token.0 == burn.token
        && number(log, 0)? == burn.amount
        && word(log, 1)? == burn.recipient
        && burn.destination == Some(destination);
    let token = account(token)?;
    let leaves = |t: &Transfer| is_amount(t, token, burn.amount) && t.from == Some(depositor);
    let transfer = tx.nearest(place, leaves).filter(|_| agrees)?;
    Some(BridgeSide {
        protocol: version.protocol(),
        direction: Direction::In,
        message: Some(burn.message),
        time: tx.time,
        end: tx.end(depositor, transfer.token, burn.amount, vec![moved(transfer)]),
        beneficiary: any_account(&burn.recipient),
        asset: Some((burn.domain.into(), burn.token)),
        remote: Some(destination.into()),
        log: place,
        stated: Some(burn.amount),
        destination: None,
    })
}

fn read_mint(place: u32, log: &Log, version: Version) -> Option<Mint> {
    let (recipient, token, fee) = match (version, log.topics.as_slice()) {
        (Version::One, [MINTED, recipient, token]) => (recipient, token, Amount::ZERO),
        (Version::Two, [MINTED_V2, recipient, token]) => (recipient, token, number(log, 1)?),
        _ => return None,
    };
    Some(Mint { place, recipient: account(recipient)?, token: account(token)?, amount: number(log, 0)?, fee })
}

fn is_of(mint: &Mint, burn: &Burn) -> bool {
    mint.recipient == any_account(&burn.recipient)
        && mint.fee == burn.fee
        && mint.amount.checked_add(mint.fee) == Some(burn.amount)
}

/// The token was made for the recipient.
fn side_received(tx: Tx<'_>, version: Version, mint: &Mint, burn: &Burn) -> Option<BridgeSide> {
    let arrives =
        |t: &Transfer| is_amount(t, mint.token, mint.amount) && t.to == Some(mint.recipient) && t.from.is_none();
    let transfer = tx.nearest(mint.place, arrives)?;
    Some(BridgeSide {
        protocol: version.protocol(),
        direction: Direction::Out,
        message: Some(burn.message),
        time: tx.time,
        end: tx.end(mint.recipient, transfer.token, mint.amount, vec![moved(transfer)]),
        beneficiary: mint.recipient,
        asset: Some((burn.domain.into(), burn.token)),
        remote: Some(burn.domain.into()),
        log: mint.place,
        stated: Some(burn.amount),
        destination: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_those_of_the_events() {
        for (topic, text) in [
            (SENT, "MessageSent(bytes)"),
            (BURNT, "DepositForBurn(uint64,address,uint256,address,bytes32,uint32,bytes32,bytes32)"),
            (BURNT_V2, "DepositForBurn(address,uint256,address,bytes32,uint32,bytes32,bytes32,uint256,uint32,bytes)"),
            (RECEIVED, "MessageReceived(address,uint32,uint64,bytes32,bytes)"),
            (RECEIVED_V2, "MessageReceived(address,uint32,bytes32,bytes32,uint32,bytes)"),
            (MINTED, "MintAndWithdraw(address,uint256,address)"),
            (MINTED_V2, "MintAndWithdraw(address,uint256,address,uint256)"),
        ] {
            assert_eq!(topic, keccak256(text), "{text}");
        }
    }
}
