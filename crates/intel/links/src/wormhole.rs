//! Wormhole's token bridge: `LogMessagePublished` of the core contract for the bridge, whose payload says what moves, and `TransferRedeemed` of the
//! bridge on the other chain, which only names the message: emitter's chain, emitter, sequence. What arrives is what the bridge pays next.
//! Layouts: wormhole-foundation/wormhole, `Implementation.sol`, `Bridge.sol`.

use crate::contracts::{Contracts, Role};
use crate::flows::is_fungible;
use crate::known::wormhole_number;
use crate::link::{BridgeSide, Direction, MessageId, Protocol};
use crate::view::{Tx, account, any_account, bytes, bytes32, id, is_scaled, long, moved, part, word};
use alloy_primitives::b256;
use holdfast_evm::{B256, Log, keccak256};
use holdfast_types::{AccountId, Amount, Hash32, Position, TokenRef, Transfer};

/// `LogMessagePublished(address,uint64,uint32,bytes,uint8)`.
const PUBLISHED: B256 = b256!("6eb224fb001ed210e379b335e35efe88672a8ce935d981a6896b27ffdf52a3b2");
/// `TransferRedeemed(uint16,bytes32,uint64)`.
const REDEEMED: B256 = b256!("caf280c8cfeba144da67230d9b009c8f868a75bac9a528fa0474be1ba317c169");

/// A transfer as the payload says it.
struct Payload {
    /// With eight decimals at most, less the fee for whoever redeems it.
    amount: Amount,
    fee: Amount,
    /// The asset's own chain and contract there.
    asset: (u64, Hash32),
    to: B256,
    chain: u16,
}

/// Reads the sides of transfers in a transaction.
pub(crate) fn sides(contracts: &Contracts, tx: Tx<'_>) -> Vec<BridgeSide> {
    let Some(own) = contracts.number().and_then(wormhole_number) else { return Vec::new() };
    let read = |(place, log): (u32, &Log)| match (contracts.role(&id(log.address))?, *log.topics.first()?) {
        (Role::WormholeCore, PUBLISHED) => {
            let sender = log.topics.get(1).and_then(account)?;
            let is_bridge = contracts.role(&sender) == Some(Role::WormholeBridge);
            if is_bridge { sent(tx, place, log, sender, own) } else { None }
        }
        (Role::WormholeBridge, REDEEMED) => redeemed(tx, place, log),
        _ => None,
    };
    tx.logs().filter_map(read).collect()
}

fn message(chain: u16, emitter: &B256, sequence: u64) -> MessageId {
    keccak256([b"wormhole".as_slice(), &chain.to_be_bytes(), emitter.as_slice(), &sequence.to_be_bytes()].concat()).0
}

/// Reads the payload of a plain transfer (1) or of one with data for a contract (3).
fn read_payload(payload: &[u8]) -> Option<Payload> {
    let stated = Amount::from_be_bytes(bytes32(payload, 1)?);
    let fee = match payload.first()? {
        1 if payload.len() == 133 => Amount::from_be_bytes(bytes32(payload, 101)?),
        3 if payload.len() >= 133 => Amount::ZERO,
        _ => return None,
    };
    let amount = stated.checked_sub(fee)?;
    let asset = (u64::from(part(payload, 65).map(u16::from_be_bytes)?), bytes32(payload, 33)?);
    let (to, chain) = (B256::from(bytes32(payload, 67)?), part(payload, 99).map(u16::from_be_bytes)?);
    Some(Payload { amount, fee, asset, to, chain })
}

fn sent(tx: Tx<'_>, place: u32, log: &Log, bridge: AccountId, own: u16) -> Option<BridgeSide> {
    let (sequence, payload) = (long(&word(log, 0)?)?, read_payload(bytes(log, 2)?)?);
    let whole = payload.amount.checked_add(payload.fee)?;
    let is_own = payload.asset.0 == u64::from(own);
    let fits_token = |t: &Transfer| match t.token {
        TokenRef::Fungible(contract) => !is_own || account(&payload.asset.1.into()) == Some(contract),
        _ => false,
    };
    let enters = |t: &Transfer| t.to == Some(bridge) && is_scaled(t.amount, whole) && fits_token(t);
    let transfer = tx.nearest(place, |t| enters(t) && t.from.is_some());
    let (transfer, amount) = match transfer {
        Some(transfer) => (transfer, transfer.amount),
        // Of the chain's coin the bridge makes wrapped coin, and pays back what eight decimals do not hold.
        None => {
            let wrapped = tx.nearest(place, |t| enters(t) && t.from.is_none())?;
            let pays = |t: &Transfer| t.token == TokenRef::Native && t.to == Some(bridge) && t.amount >= wrapped.amount;
            (tx.nearest(place, pays)?, wrapped.amount)
        }
    };
    Some(BridgeSide {
        protocol: Protocol::Wormhole,
        direction: Direction::In,
        message: Some(message(own, log.topics.get(1)?, sequence)),
        time: tx.time,
        end: tx.end(transfer.from?, transfer.token, amount, vec![moved(transfer)]),
        beneficiary: any_account(&payload.to),
        asset: Some(payload.asset),
        remote: Some(payload.chain.into()),
        log: place,
        stated: Some(payload.amount),
        destination: None,
    })
}

/// The bridge pays behind its event, a fee first where the message has one.
fn redeemed(tx: Tx<'_>, place: u32, log: &Log) -> Option<BridgeSide> {
    let [_, chain, emitter, sequence] = log.topics.as_slice() else { return None };
    let bridge = id(log.address);
    let pays = |t: &&Transfer| is_fungible(&t.token) && (t.from == Some(bridge) || t.from.is_none());
    let place_of = |t: &Transfer| if let Position::Log(n, _) = t.position { Some(n) } else { None };
    let mut behind: Vec<&Transfer> =
        tx.moved().filter(|t| place_of(t).is_some_and(|n| n > place)).filter(pays).collect();
    behind.sort_by_key(|t| place_of(t));
    let first = behind.first().copied();
    let paid = match (first, behind.get(1)) {
        // The fee is paid out of the same source, next to it.
        (Some(fee), Some(paid)) if paid.token == fee.token && paid.from == fee.from && paid.to != fee.to => Some(*paid),
        _ => first,
    };
    // Coin is placed by frames: what the bridge paid of it, last.
    let coin = || tx.moved().filter(|t| t.token == TokenRef::Native && t.from == Some(bridge)).last();
    let transfer = paid.filter(|t| t.to.is_some()).or_else(coin)?;
    let (receiver, chain) = (transfer.to?, u16::try_from(long(chain)?).ok()?);
    Some(BridgeSide {
        protocol: Protocol::Wormhole,
        direction: Direction::Out,
        message: Some(message(chain, emitter, long(sequence)?)),
        time: tx.time,
        end: tx.end(receiver, transfer.token, transfer.amount, vec![moved(transfer)]),
        beneficiary: receiver,
        asset: None,
        remote: Some(chain.into()),
        log: place,
        stated: None,
        destination: None,
    })
}
