//! Circle's Gateway: `AttestationUsed` of the minter behind a mint of USDC that was burnt on another chain, or will be: the minter mints before the wallet
//! burns, and several attestations of one depositor are burnt together. Only what was minted is read, so no other side is looked for.
//! Layout: circlefin/evm-gateway-contracts, `Mints.sol`.

use crate::contracts::{Contracts, Role};
use crate::link::{BridgeSide, Direction, Protocol};
use crate::view::{Tx, account, id, is_amount, moved, number};
use alloy_primitives::b256;
use holdfast_evm::{B256, Log};
use holdfast_types::Transfer;

/// `AttestationUsed(address,address,bytes32,uint32,bytes32,bytes32,uint256)`.
const USED: B256 = b256!("bb312ce0cc311b2cb0746e09ccd2f91fdb9e2ac755d2f11c65300eb0d0fffd63");

/// Reads what was minted in a transaction.
pub(crate) fn sides(contracts: &Contracts, tx: Tx<'_>) -> Vec<BridgeSide> {
    let is_minter = |log: &Log| contracts.role(&id(log.address)) == Some(Role::GatewayMinter);
    tx.logs().filter(|(_, log)| is_minter(log)).filter_map(|(place, log)| side(tx, place, log)).collect()
}

fn side(tx: Tx<'_>, place: u32, log: &Log) -> Option<BridgeSide> {
    let [USED, token, recipient, spec] = log.topics.as_slice() else { return None };
    let (token, recipient, amount) = (account(token)?, account(recipient)?, number(log, 3)?);
    let arrives = |t: &Transfer| is_amount(t, token, amount) && t.to == Some(recipient) && t.from.is_none();
    let transfer = tx.nearest(place, arrives)?;
    Some(BridgeSide {
        protocol: Protocol::Gateway,
        direction: Direction::Out,
        message: Some(spec.0),
        time: tx.time,
        end: tx.end(recipient, transfer.token, amount, vec![moved(transfer)]),
        beneficiary: recipient,
        asset: None,
        // It names its source, but what is burnt there is not read: that it is not found says nothing.
        remote: None,
        log: place,
        stated: Some(amount),
        destination: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_evm::keccak256;

    #[test]
    fn the_topic_is_that_of_the_event() {
        assert_eq!(USED, keccak256("AttestationUsed(address,address,bytes32,uint32,bytes32,bytes32,uint256)"));
    }
}
