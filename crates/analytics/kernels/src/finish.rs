//! What follows once the measures of a key are joined.

use crate::measures::{Key, push};
use crate::spec::Spec;
use holdfast_analytics_export::{Cell, DECIMAL_MAX, ExportError};
use holdfast_types::{Amount, SignedAmount};

/// Gives `each` the row of a result, where there is one.
///
/// # Errors
/// [`ExportError`].
pub(crate) fn put(
    spec: &Spec,
    key: Key,
    values: &[i128],
    each: &mut dyn FnMut(&[Cell<'_>]) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    match (spec.table.name, values) {
        ("limbs", [transfers, wide, limbs @ ..]) => {
            let narrow = |n: &i128| i64::try_from(*n).map_err(|_| ExportError::TooLarge(format!("{n} transfers")));
            let moved = limbs.try_into().ok().and_then(signed);
            let text = moved.map(|moved| {
                if moved.is_negative() { format!("-{}", moved.magnitude()) } else { moved.magnitude().to_string() }
            });
            let decimal = moved.filter(|_| *wide == 0).and_then(decimal);
            each(&[
                Cell::Long(key.0),
                Cell::Long(key.1),
                Cell::Long(narrow(transfers)?),
                Cell::Long(narrow(wide)?),
                decimal.map_or(Cell::Null, Cell::Decimal),
                text.as_deref().map_or(Cell::Null, Cell::Text),
            ])
        }
        // Who has nothing unspent has no balance.
        ("balances", [0, _]) => Ok(()),
        _ => {
            let mut cells = vec![Cell::Long(key.0), Cell::Long(key.1)];
            cells.truncate(spec.keys);
            push(&mut cells, spec, values)?;
            each(&cells)
        }
    }
}

/// Returns what limbs come to, each of which may be negative or beyond 64 bits; none beyond 256 bits.
fn signed(limbs: &[i128; 4]) -> Option<SignedAmount> {
    let (mut carry, mut bytes) = (0i128, [0u8; 32]);
    for (n, limb) in limbs.iter().enumerate() {
        let sum = limb.checked_add(carry)?;
        // The low 64 bits, most significant first.
        let low = &sum.to_be_bytes()[8..];
        bytes[24 - 8 * n..32 - 8 * n].copy_from_slice(low);
        carry = sum >> 64;
    }
    match carry {
        0 => Some(Amount::from_be_bytes(bytes).into()),
        // Two's complement of 256 bits.
        -1 => {
            let complement = Amount::from_be_bytes(bytes.map(|byte| !byte));
            complement.checked_add(Amount::from(1u64)).map(SignedAmount::minus)
        }
        _ => None,
    }
}

fn decimal(amount: SignedAmount) -> Option<i128> {
    let magnitude = u128::try_from(amount.magnitude()).ok().and_then(|m| i128::try_from(m).ok())?;
    let signed = if amount.is_negative() { -magnitude } else { magnitude };
    (magnitude <= DECIMAL_MAX).then_some(signed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limbs(amount: Amount, sign: i128) -> [i128; 4] {
        let bytes = amount.to_be_bytes();
        let limb = |n: usize| {
            let part: [u8; 8] = bytes[24 - 8 * n..32 - 8 * n].try_into().unwrap();
            sign * i128::from(u64::from_be_bytes(part))
        };
        [limb(0), limb(1), limb(2), limb(3)]
    }

    fn add(a: [i128; 4], b: [i128; 4]) -> [i128; 4] {
        std::array::from_fn(|n| a[n] + b[n])
    }

    #[test]
    fn limbs_come_to_what_amounts_come_to() {
        let amounts = [
            Amount::ZERO,
            Amount::new(1),
            Amount::from(u64::MAX),
            Amount::new(1 << 64),
            Amount::new(u128::MAX),
            Amount::MAX,
        ];
        for a in amounts {
            for b in amounts {
                let expected = SignedAmount::from(a).checked_sub(SignedAmount::from(b));
                assert_eq!(signed(&add(limbs(a, 1), limbs(b, -1))), expected, "{a} - {b}");
                let expected = a.checked_add(b).map(SignedAmount::from);
                assert_eq!(signed(&add(limbs(a, 1), limbs(b, 1))), expected, "{a} + {b}");
            }
        }
        assert_eq!(signed(&add(limbs(Amount::MAX, -1), limbs(Amount::new(1), -1))), None);
    }
}
