//! Which parts of a block's fees lie with their transactions instead of among the transfers.
//!
//! Nearly every transaction pays a burnt part and a tip, in two transfers of the same shape. Their sum lies with the transaction, and the burnt
//! part as a multiple of what all of the block's are multiples of (the base fee, where gas is what differs); their receivers lie with the
//! block. A fee that does not fit this is stored as a transfer like any other, so nothing is lost.

use holdfast_types::{
    AccountId, BlockTransfers, Commitment, Position, TokenRef, TransactionTransfers, Transfer, TransferKind,
};

/// The part of a block's fees that its row holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BlockFees {
    /// Receiver of the burnt part; `None` where it is destroyed, or where no transaction has one.
    pub(super) burn_to: Option<AccountId>,
    pub(super) tip_to: Option<AccountId>,
    /// What the burnt parts are multiples of.
    pub(super) unit: u64,
}

/// The parts of a transaction's fee that lie with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TxFees {
    /// The burnt part in the block's units.
    pub(super) burn: u32,
    /// Both parts together.
    pub(super) total: u64,
    pub(super) claim: bool,
    /// Where they stand among the transaction's transfers.
    burn_at: Option<usize>,
    tip_at: Option<usize>,
}

/// Greatest sum that fits its column.
const MAX_FEE: u64 = (1 << 56) - 1;

fn has_shape(transfer: &Transfer, kind: TransferKind, payer: AccountId) -> bool {
    transfer.kind == kind
        && transfer.token == TokenRef::Native
        && transfer.from == Some(payer)
        && transfer.position == Position::Transaction
        && !transfer.amount.is_zero()
}

/// Returns the fee transfers of a kind in a block that have the shape.
fn candidates(block: &BlockTransfers, kind: TransferKind) -> impl Iterator<Item = &Transfer> {
    let of = move |tx: &TransactionTransfers| {
        tx.transfers.iter().rposition(|t| has_shape(t, kind, tx.payer)).map(|at| (at, tx.transfers.len()))
    };
    block.transactions.iter().filter_map(move |tx| of(tx).map(|(at, _)| &tx.transfers[at]))
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl BlockFees {
    pub(super) fn of(block: &BlockTransfers) -> Self {
        let tip_to = candidates(block, TransferKind::FeeTip).next().and_then(|t| t.to);
        let burn_to = candidates(block, TransferKind::FeeBurn).next().and_then(|t| t.to);
        let burns = candidates(block, TransferKind::FeeBurn).filter(|t| t.to == burn_to);
        let unit = burns.filter_map(|t| u64::try_from(t.amount).ok()).fold(0, gcd);
        BlockFees { burn_to, tip_to, unit }
    }

    /// Returns what of a transaction's fee lies with it.
    pub(super) fn of_tx(&self, tx: &TransactionTransfers) -> TxFees {
        let mut fees = TxFees::default();
        let find = |kind, to| {
            let at = tx.transfers.iter().rposition(|t| has_shape(t, kind, tx.payer))?;
            let transfer = &tx.transfers[at];
            let amount = u64::try_from(transfer.amount).ok()?;
            (transfer.to == to).then_some((at, amount, transfer.commitment == Commitment::Claim))
        };
        if let Some((at, amount, claim)) = find(TransferKind::FeeBurn, self.burn_to)
            && let Some(units) = amount.checked_div(self.unit)
            && let Ok(units) = u32::try_from(units)
            && amount <= MAX_FEE
            && u64::from(units) * self.unit == amount
        {
            (fees.burn, fees.total, fees.burn_at, fees.claim) = (units, amount, Some(at), claim);
        }
        if let Some((at, tip, claim)) = find(TransferKind::FeeTip, self.tip_to)
            && tip <= MAX_FEE - fees.total
            && (fees.burn_at.is_none() || fees.claim == claim)
        {
            (fees.total, fees.tip_at, fees.claim) = (fees.total + tip, Some(at), claim);
        }
        fees
    }
}

impl TxFees {
    /// Returns whether the transfer at this place of the transaction is one of the parts.
    pub(super) fn has(&self, at: usize) -> bool {
        self.burn_at == Some(at) || self.tip_at == Some(at)
    }

    /// Returns how many transfers lie with the transaction.
    pub(super) fn number(&self) -> u64 {
        u64::from(self.burn_at.is_some()) + u64::from(self.tip_at.is_some())
    }
}
