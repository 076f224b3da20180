//! Joining several transfers to several others in proportion, piece by piece.

use holdfast_types::Amount;

/// A part of a transfer: which one, base units before it, its base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub transfer: usize,
    pub offset: Amount,
    pub amount: Amount,
}

/// Joins transfers of which `out` base units count in all to transfers of which `into` base units count, the first ones first. Both sides are cut
/// where a transfer of either ends; pieces of a side do not overlap and together are all of it. What is smaller than a base unit of the other side
/// has no piece. `None` where amounts pass 256 bits, or transfers have less than what counts.
pub(crate) fn join(
    (out, out_amounts): (Amount, &[Amount]),
    (into, into_amounts): (Amount, &[Amount]),
) -> Option<Vec<(Part, Part)>> {
    let (out_ends, into_ends) = (ends(out, out_amounts)?, ends(into, into_amounts)?);
    let mut cuts: Vec<(Amount, Amount)> = Vec::with_capacity(out_ends.len() + into_ends.len() + 1);
    cuts.push((Amount::ZERO, Amount::ZERO));
    for end in &out_ends {
        cuts.push((*end, end.mul_div(into, out)?));
    }
    for end in &into_ends {
        cuts.push((end.mul_div(out, into)?, *end));
    }
    // Both coordinates rise together: each is the other's, rounded down.
    cuts.sort_unstable();
    let mut parts = Vec::new();
    let mut from = (Amount::ZERO, Amount::ZERO);
    for to in cuts {
        if to.0 == from.0 || to.1 == from.1 {
            // Nothing of one side yet: the next cut takes both together.
            continue;
        }
        parts.push((part(&out_ends, from.0, to.0)?, part(&into_ends, from.1, to.1)?));
        from = to;
    }
    Some(parts)
}

/// Returns where the transfers that count end, the last one at `whole`.
fn ends(whole: Amount, amounts: &[Amount]) -> Option<Vec<Amount>> {
    let mut ends = Vec::new();
    let mut sum = Amount::ZERO;
    for amount in amounts {
        sum = sum.checked_add(*amount)?;
        ends.push(sum.min(whole));
        if sum >= whole {
            return (!whole.is_zero()).then_some(ends);
        }
    }
    None
}

/// Returns the part of the transfer in which a range ends. A range over two transfers, which rounding makes, counts with the later one.
fn part(ends: &[Amount], from: Amount, to: Amount) -> Option<Part> {
    let transfer = ends.partition_point(|end| *end < to);
    let begin = transfer.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(Amount::ZERO);
    let from = from.max(begin);
    Some(Part { transfer, offset: from.checked_sub(begin)?, amount: to.checked_sub(from)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amounts(all: &[u64]) -> Vec<Amount> {
        all.iter().map(|n| Amount::from(*n)).collect()
    }

    fn joined(out: u64, outs: &[u64], into: u64, intos: &[u64]) -> Option<Vec<[u128; 6]>> {
        let n = |a: Amount| u128::try_from(a).unwrap();
        let parts = join((Amount::from(out), &amounts(outs)), (Amount::from(into), &amounts(intos)))?;
        let row = |(a, b): &(Part, Part)| {
            [a.transfer as u128, n(a.offset), n(a.amount), b.transfer as u128, n(b.offset), n(b.amount)]
        };
        Some(parts.iter().map(row).collect())
    }

    #[test]
    fn pieces_are_cut_where_a_transfer_of_either_side_ends() {
        assert_eq!(joined(10, &[10], 30, &[30]), Some(vec![[0, 0, 10, 0, 0, 30]]));
        // 2 of 12 came back.
        assert_eq!(joined(10, &[12], 30, &[30]), Some(vec![[0, 0, 10, 0, 0, 30]]));
        assert_eq!(joined(10, &[4, 6], 30, &[30]), Some(vec![[0, 0, 4, 0, 0, 12], [1, 0, 6, 0, 12, 18]]));
        assert_eq!(joined(10, &[10], 30, &[12, 18]), Some(vec![[0, 0, 4, 0, 0, 12], [0, 4, 6, 1, 0, 18]]));
        assert_eq!(joined(10, &[9], 30, &[30]), None);
        assert_eq!(joined(0, &[9], 30, &[30]), None);
    }

    proptest! {
        #[test]
        fn pieces_of_a_side_do_not_overlap(
            outs in prop::collection::vec(1u64..1 << 40, 1..6), intos in prop::collection::vec(1u64..1 << 40, 1..6),
            less in 0u64..100,
        ) {
            let (out, into) = (outs.iter().sum::<u64>().saturating_sub(less).max(1), intos.iter().sum::<u64>());
            let pieces = joined(out, &outs, into, &intos).unwrap();
            for (at, all, whole) in [(0, &outs, out), (3, &intos, into)] {
                let mut end = (0, 0);
                let mut sum = 0;
                for piece in &pieces {
                    let [transfer, offset, amount] = [piece[at], piece[at + 1], piece[at + 2]];
                    prop_assert!((transfer, offset) >= end, "{:?}", pieces);
                    end = (transfer, offset + amount);
                    sum += amount;
                    prop_assert!(end.1 <= u128::from(all[usize::try_from(transfer).unwrap()]));
                }
                prop_assert!(sum <= u128::from(whole));
                // Rounding leaves out less than a base unit of the other side at each cut.
                let ratio = u128::from(whole) / u128::from(if at == 0 { into } else { out }) + 2;
                prop_assert!(u128::from(whole) - sum <= ratio * 16, "{} {:?}", whole, pieces);
            }
        }
    }
}
