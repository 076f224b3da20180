//! Kernels over a segment of a chain of outputs.

use crate::input::{Input, Output, Source, Tx, take_of};
use crate::measures::{Measures, Place};
use holdfast_analytics_export::ExportError;

/// Outputs of multiples of this, in base units, are round: a thousandth of a coin of 10^8.
const ROUND: i64 = 100_000;

/// Which fields of a kernel's table a measure is: see `spec.rs`.
mod statistics {
    pub const OUTPUTS: usize = 0;
    pub const RECEIVED: usize = 1;
    pub const INPUTS: usize = 2;
    pub const SPENT: usize = 3;
    pub const UNKNOWN_INPUTS: usize = 4;
    pub const TXS: usize = 5;
    pub const SPAN: usize = 6;
}

mod features {
    pub const OUTPUTS: usize = 0;
    pub const RECEIVED: usize = 1;
    pub const GREATEST_RECEIVED: usize = 2;
    pub const COINBASE_OUTPUTS: usize = 3;
    pub const ROUND_OUTPUTS: usize = 4;
    pub const INPUTS: usize = 5;
    pub const SPENT: usize = 6;
    pub const GREATEST_SPENT: usize = 7;
    pub const EXTERNAL_INPUTS: usize = 8;
    pub const TXS: usize = 9;
    pub const TXS_IN: usize = 10;
    pub const TXS_OUT: usize = 11;
    pub const TXS_BOTH: usize = 12;
    pub const COINJOIN_TXS: usize = 13;
    pub const FAN_IN: usize = 14;
    pub const FAN_IN_OUTPUTS: usize = 15;
    pub const FAN_OUT: usize = 16;
    pub const FAN_OUT_INPUTS: usize = 17;
    pub const BLOCKS: usize = 18;
    pub const SPAN: usize = 19;
}

/// Adds the transaction, height and time that span what a key took part in.
pub(crate) fn add_span(
    to: &mut Measures,
    place: Place,
    first: usize,
    (tx, height, time): (i64, i64, i64),
) -> Result<(), ExportError> {
    for (n, value) in [tx, tx, height, height, time, time].into_iter().enumerate() {
        to.add(place, first + n, value)?;
    }
    Ok(())
}

/// An address in a transaction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Side {
    address: i64,
    receives: bool,
}

/// Calls `each` with the transactions of a segment, with their inputs and outputs.
fn for_each_tx(
    source: &Source<'_>,
    mut each: impl FnMut(&Tx, &[Input], &[Output]) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let (txs, inputs, outputs) = (source.txs()?, source.inputs()?, source.outputs()?);
    let (mut inputs, mut outputs) = (inputs.as_slice(), outputs.as_slice());
    for tx in &txs {
        let spent = take_of(&mut inputs, |i| i.tx == tx.tx);
        let paid = take_of(&mut outputs, |o| o.tx == tx.tx);
        each(tx, spent, paid)?;
    }
    let left = inputs.len() + outputs.len();
    if left > 0 {
        let why =
            format!("{left} inputs or outputs of segment {} are of none of its transactions", source.segment.number);
        return Err(ExportError::File(source.dir.to_owned(), why));
    }
    Ok(())
}

/// Statistics of addresses.
///
/// # Errors
/// [`ExportError`] names the file.
pub fn statistics(source: &Source<'_>, to: &mut Measures) -> Result<(), ExportError> {
    use statistics as s;
    let mut sides = Vec::new();
    for_each_tx(source, |tx, inputs, outputs| {
        sides.clear();
        for output in outputs {
            let place = to.place((output.address, 0));
            to.add(place, s::OUTPUTS, 1)?;
            to.add(place, s::RECEIVED, output.value)?;
            sides.push(output.address);
        }
        for (input, address) in inputs.iter().filter_map(|i| Some((i, i.address?))) {
            let place = to.place((address, 0));
            to.add(place, s::INPUTS, 1)?;
            match input.value {
                Some(value) => to.add(place, s::SPENT, value)?,
                None => to.add(place, s::UNKNOWN_INPUTS, 1)?,
            }
            sides.push(address);
        }
        sides.sort_unstable();
        sides.dedup();
        for address in &sides {
            let place = to.place((*address, 0));
            to.add(place, s::TXS, 1)?;
            add_span(to, place, s::SPAN, (tx.tx, tx.height, tx.time))?;
        }
        Ok(())
    })
}

/// What of each address is unspent, of outputs that are stored.
///
/// # Errors
/// [`ExportError`] names the file.
pub fn balances(source: &Source<'_>, to: &mut Measures) -> Result<(), ExportError> {
    const UNSPENT: usize = 0;
    const BALANCE: usize = 1;
    for output in source.outputs()? {
        let place = to.place((output.address, 0));
        to.add(place, UNSPENT, 1)?;
        to.add(place, BALANCE, output.value)?;
    }
    for input in source.inputs()?.iter().filter(|input| input.is_stored) {
        // Of what is stored address and value are known.
        if let (Some(address), Some(value)) = (input.address, input.value) {
            let place = to.place((address, 0));
            to.add(place, UNSPENT, -1)?;
            to.add(place, BALANCE, -value)?;
        }
    }
    Ok(())
}

/// Features of addresses.
///
/// # Errors
/// [`ExportError`] names the file.
pub fn features(source: &Source<'_>, to: &mut Measures) -> Result<(), ExportError> {
    use features as f;
    let mut last_height = hashbrown::HashMap::new();
    let mut sides: Vec<Side> = Vec::new();
    for_each_tx(source, |tx, inputs, outputs| {
        sides.clear();
        for output in outputs {
            let place = to.place((output.address, 0));
            to.add(place, f::OUTPUTS, 1)?;
            to.add(place, f::RECEIVED, output.value)?;
            to.add(place, f::GREATEST_RECEIVED, output.value)?;
            to.add(place, f::COINBASE_OUTPUTS, tx.coinbase.into())?;
            to.add(place, f::ROUND_OUTPUTS, (output.value > 0 && output.value % ROUND == 0).into())?;
            sides.push(Side { address: output.address, receives: true });
        }
        for (input, address) in inputs.iter().filter_map(|i| Some((i, i.address?))) {
            let place = to.place((address, 0));
            to.add(place, f::INPUTS, 1)?;
            to.add(place, f::SPENT, input.value.unwrap_or(0))?;
            to.add(place, f::GREATEST_SPENT, input.value.unwrap_or(0))?;
            to.add(place, f::EXTERNAL_INPUTS, (!input.is_stored).into())?;
            sides.push(Side { address, receives: false });
        }
        sides.sort_unstable();
        sides.dedup();
        for of in sides.chunk_by(|a, b| a.address == b.address) {
            let address = of[0].address;
            let (receives, spends) = (of.iter().any(|s| s.receives), of.iter().any(|s| !s.receives));
            let place = to.place((address, 0));
            to.add(place, f::TXS, 1)?;
            to.add(place, f::COINJOIN_TXS, tx.coinjoin.into())?;
            to.add(place, f::TXS_BOTH, (receives && spends).into())?;
            if receives {
                to.add(place, f::TXS_IN, 1)?;
                to.add(place, f::FAN_IN, tx.inputs)?;
                to.add(place, f::FAN_IN_OUTPUTS, tx.outputs)?;
            }
            if spends {
                to.add(place, f::TXS_OUT, 1)?;
                to.add(place, f::FAN_OUT, tx.outputs)?;
                to.add(place, f::FAN_OUT_INPUTS, tx.inputs)?;
            }
            if last_height.insert(address, tx.height) != Some(tx.height) {
                to.add(place, f::BLOCKS, 1)?;
            }
            add_span(to, place, f::SPAN, (tx.tx, tx.height, tx.time))?;
        }
        Ok(())
    })
}
