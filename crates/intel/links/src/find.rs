//! Finding all that a block links.

use crate::contracts::Contracts;
use crate::link::{BlockRecords, BridgeSide, Place, Record};
use crate::view::{Tx, TxView, amount};
use crate::{across, cctp, gateway, layerzero, mixers, nomad, ronin, swaps, thorchain, wormhole, wraps};
use holdfast_evm::VerifiedBlock;
use holdfast_types::{Amount, BlockTransfers, Hash32};

/// Decoders of bridges, in the order in which their sides are found.
const BRIDGES: [fn(&Contracts, Tx<'_>) -> Vec<BridgeSide>; 8] = [
    nomad::sides,
    ronin::sides,
    cctp::sides,
    gateway::sides,
    across::sides,
    wormhole::sides,
    layerzero::sides,
    thorchain::sides,
];

/// What of a block its records need beside transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Height.
    pub height: u64,
    /// Hash.
    pub hash: Hash32,
    /// Hash of the block before.
    pub parent: Hash32,
    /// Unix seconds.
    pub time: u64,
    /// Whether moves of coin inside transactions are known.
    pub internal_known: bool,
}

impl Head {
    /// Returns the head of a block whose transfers were read.
    #[must_use]
    pub fn of(block: &BlockTransfers) -> Self {
        let &BlockTransfers { height, hash, parent, time, internal_known, .. } = block;
        Head { height, hash, parent, time, internal_known }
    }
}

/// Finds the records of a verified block of an EVM chain, whose transfers were read. Without traces, swaps of coin that no pool's event states and
/// withdrawals from mixers of coin are not found.
#[must_use]
pub fn find(contracts: &Contracts, verified: &VerifiedBlock, transfers: &BlockTransfers) -> BlockRecords {
    let mut first_log = 0u32;
    let receipts = verified.receipts().iter().zip(&verified.block().transactions);
    // Polygon's state sync has transfers and no receipt of its own: it links nothing.
    let views = transfers.transactions.iter().zip(receipts).map(|(transfers, (receipt, transaction))| {
        let gas_price = amount(transaction.gas_price);
        let view = TxView { transfers, logs: &receipt.logs, first_log, gas_price };
        first_log = first_log.saturating_add(u32::try_from(receipt.logs.len()).unwrap_or(u32::MAX));
        view
    });
    find_in(contracts, &Head::of(transfers), views)
}

/// Finds the records of a verified block of Tron, whose transfers were read. All of them rest on logs, which are claims of the node.
#[must_use]
pub fn find_tron(
    contracts: &Contracts,
    verified: &holdfast_tron::VerifiedBlock,
    transfers: &BlockTransfers,
) -> BlockRecords {
    let mut first_log = 0u32;
    let views = transfers.transactions.iter().zip(verified.infos()).map(|(transfers, info)| {
        let view = TxView { transfers, logs: &info.logs, first_log, gas_price: Amount::ZERO };
        first_log = first_log.saturating_add(u32::try_from(info.logs.len()).unwrap_or(u32::MAX));
        view
    });
    find_in(contracts, &Head::of(transfers), views)
}

/// Finds the records of a block's transactions, given in order.
pub fn find_in<'a>(
    contracts: &Contracts,
    head: &Head,
    transactions: impl IntoIterator<Item = TxView<'a>>,
) -> BlockRecords {
    let mut records = Vec::new();
    for view in transactions {
        if !view.transfers.success {
            continue;
        }
        let place = Place { height: head.height, tx: view.transfers.index };
        let tx = Tx { view, place, time: head.time, internal_known: head.internal_known };
        records.extend(wraps::wraps(tx).into_iter().map(Record::Link));
        records.extend(swaps::swaps(tx).into_iter().map(Record::Link));
        if !contracts.is_empty() {
            records.extend(BRIDGES.iter().flat_map(|sides| sides(contracts, tx)).map(Record::Bridge));
        }
        records.extend(mixers::moves(tx).into_iter().map(Record::Mixer));
    }
    BlockRecords { height: head.height, hash: head.hash, parent: head.parent, time: head.time, records }
}
