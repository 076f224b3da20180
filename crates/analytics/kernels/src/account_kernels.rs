//! Kernels over a segment of an account chain.

use crate::input::{AccountTx, Source, Transfer, TransferKind, take_of};
use crate::measures::Measures;
use crate::output_kernels::add_span;
use holdfast_analytics_export::ExportError;

mod statistics {
    pub const TRANSFERS_IN: usize = 0;
    pub const TRANSFERS_OUT: usize = 1;
    pub const FEES: usize = 2;
    pub const PAID_TXS: usize = 3;
    pub const TXS: usize = 4;
    pub const SPAN: usize = 5;
}

mod features {
    pub const VALUE_IN: usize = 0;
    pub const VALUE_OUT: usize = 1;
    pub const INTERNAL_IN: usize = 2;
    pub const INTERNAL_OUT: usize = 3;
    pub const TOKEN_IN: usize = 4;
    pub const TOKEN_OUT: usize = 5;
    pub const MINTS: usize = 6;
    pub const BURNS: usize = 7;
    pub const REWARDS: usize = 8;
    pub const FEES: usize = 9;
    pub const PAID_TXS: usize = 10;
    pub const FAILED_TXS: usize = 11;
    pub const TXS: usize = 12;
    pub const BLOCKS: usize = 13;
    pub const SPAN: usize = 14;
}

fn for_each_tx(
    source: &Source<'_>,
    mut each: impl FnMut(&AccountTx, &[Transfer]) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let (txs, transfers) = (source.account_txs()?, source.transfers()?);
    let mut left = transfers.as_slice();
    for tx in &txs {
        each(tx, take_of(&mut left, |t| t.tx == tx.tx))?;
    }
    if !left.is_empty() {
        let why =
            format!("{} transfers of segment {} are of none of its transactions", left.len(), source.segment.number);
        return Err(ExportError::File(source.dir.to_owned(), why));
    }
    Ok(())
}

/// Accounts of a transaction, each once.
fn parties(tx: &AccountTx, transfers: &[Transfer], into: &mut Vec<i64>) {
    into.clear();
    into.extend(tx.payer);
    into.extend(transfers.iter().flat_map(|t| [t.sender, t.receiver]).flatten());
    into.sort_unstable();
    into.dedup();
}

/// Statistics of accounts.
///
/// # Errors
/// [`ExportError`] names the file.
pub fn statistics(source: &Source<'_>, to: &mut Measures) -> Result<(), ExportError> {
    use statistics as s;
    let mut all = Vec::new();
    for_each_tx(source, |tx, transfers| {
        for transfer in transfers {
            if let Some(sender) = transfer.sender {
                let place = to.place((sender, 0));
                to.add(place, if transfer.kind.is_fee() { s::FEES } else { s::TRANSFERS_OUT }, 1)?;
            }
            if let Some(receiver) = transfer.receiver {
                let place = to.place((receiver, 0));
                to.add(place, s::TRANSFERS_IN, (!transfer.kind.is_fee()).into())?;
            }
        }
        parties(tx, transfers, &mut all);
        for account in &all {
            let place = to.place((*account, 0));
            to.add(place, s::TXS, 1)?;
            to.add(place, s::PAID_TXS, (tx.payer == Some(*account)).into())?;
            add_span(to, place, s::SPAN, (tx.tx, tx.height, tx.time))?;
        }
        Ok(())
    })
}

/// Features of accounts.
///
/// # Errors
/// [`ExportError`] names the file.
pub fn features(source: &Source<'_>, to: &mut Measures) -> Result<(), ExportError> {
    use TransferKind as K;
    use features as f;
    let mut last_height = hashbrown::HashMap::new();
    let mut all = Vec::new();
    for_each_tx(source, |tx, transfers| {
        for transfer in transfers {
            let (sent, received) = match transfer.kind {
                K::Value => (Some(f::VALUE_OUT), Some(f::VALUE_IN)),
                K::Internal => (Some(f::INTERNAL_OUT), Some(f::INTERNAL_IN)),
                K::Token | K::Wrap | K::Unwrap => (Some(f::TOKEN_OUT), Some(f::TOKEN_IN)),
                K::Mint => (None, Some(f::MINTS)),
                K::Burn => (Some(f::BURNS), None),
                K::Reward | K::Withdrawal => (None, Some(f::REWARDS)),
                kind if kind.is_fee() => (Some(f::FEES), None),
                _ => (None, None),
            };
            for (account, measure) in [(transfer.sender, sent), (transfer.receiver, received)] {
                if let (Some(account), Some(measure)) = (account, measure) {
                    let place = to.place((account, 0));
                    to.add(place, measure, 1)?;
                }
            }
        }
        parties(tx, transfers, &mut all);
        for account in &all {
            let place = to.place((*account, 0));
            let paid = tx.payer == Some(*account);
            to.add(place, f::TXS, 1)?;
            to.add(place, f::PAID_TXS, paid.into())?;
            to.add(place, f::FAILED_TXS, (paid && !tx.success && !tx.side).into())?;
            if last_height.insert(*account, tx.height) != Some(tx.height) {
                to.add(place, f::BLOCKS, 1)?;
            }
            add_span(to, place, f::SPAN, (tx.tx, tx.height, tx.time))?;
        }
        Ok(())
    })
}

/// What came to each account less what went from it, by asset.
///
/// # Errors
/// [`ExportError`] names the file.
pub fn balances(source: &Source<'_>, to: &mut Measures) -> Result<(), ExportError> {
    const TRANSFERS: usize = 0;
    const WIDE: usize = 1;
    const LIMBS: usize = 2;
    for transfer in source.transfers()? {
        for (account, sign) in [(transfer.sender, -1i128), (transfer.receiver, 1)] {
            let Some(account) = account else { continue };
            let place = to.place((account, transfer.asset));
            to.add(place, TRANSFERS, 1)?;
            to.add(place, WIDE, transfer.wide.into())?;
            for (n, limb) in transfer.limbs.into_iter().enumerate().filter(|(_, limb)| *limb != 0) {
                to.add_wide(place, LIMBS + n, sign * i128::from(limb))?;
            }
        }
    }
    Ok(())
}
