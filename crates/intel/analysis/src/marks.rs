//! The pass rules: how marks go through a transaction of outputs, or through a transfer between accounts. One piece of code for both families of
//! chains, whatever the amounts are.
//!
//! A transaction of outputs *spends*: its inputs lie one after the other on a line, its outputs and the fee on the same line. A transfer between
//! accounts is two passes: it *splits* the sender's balance into what moves and the rest, and *merges* what moves into the receiver's
//! balance. A balance is a line from its oldest money to its newest: first-in-first-out splits take from the oldest end, last-in-first-out ones
//! from the newest, and merges append at the newest.

use crate::trace::{Direction, Policy};
use hashbrown::HashMap;
use holdfast_types::Amount;
use std::fmt;
use std::hash::Hash;

/// Amounts that marks are counted in: 64 bits on chains of outputs, 256 on chains of accounts.
pub trait Units: Copy + Ord + Default + fmt::Debug {
    /// Nothing.
    const ZERO: Self;
    /// The least of something.
    const ONE: Self;
    /// Returns the sum; `None` where it does not fit.
    #[must_use]
    fn checked_add(self, other: Self) -> Option<Self>;
    /// Returns the sum of two that lie on one line, whose length fits.
    #[must_use]
    fn plus(self, other: Self) -> Self;
    /// Returns the difference to one that is not larger.
    #[must_use]
    fn minus(self, other: Self) -> Self;
    /// Returns `self * part / whole`, rounded down; zero where the whole is zero. The part is not above the whole, or the result fits otherwise.
    #[must_use]
    fn share(self, part: Self, whole: Self) -> Self;
}

impl Units for u64 {
    const ZERO: u64 = 0;
    const ONE: u64 = 1;

    #[inline]
    fn checked_add(self, other: u64) -> Option<u64> {
        u64::checked_add(self, other)
    }

    #[inline]
    fn plus(self, other: u64) -> u64 {
        self + other
    }

    #[inline]
    fn minus(self, other: u64) -> u64 {
        self - other
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "parts sum to the whole, so that no share is above the amount")]
    fn share(self, part: u64, whole: u64) -> u64 {
        if whole == 0 { 0 } else { (u128::from(self) * u128::from(part) / u128::from(whole)) as u64 }
    }
}

impl Units for Amount {
    const ZERO: Amount = Amount::ZERO;
    const ONE: Amount = Amount::new(1);

    #[inline]
    fn checked_add(self, other: Amount) -> Option<Amount> {
        Amount::checked_add(self, other)
    }

    #[inline]
    fn plus(self, other: Amount) -> Amount {
        let sum = Amount::checked_add(self, other);
        debug_assert!(sum.is_some(), "what lies on one line fits");
        sum.unwrap_or(Amount::MAX)
    }

    #[inline]
    fn minus(self, other: Amount) -> Amount {
        debug_assert!(self >= other, "what is taken away was there");
        self.excess_over(other)
    }

    fn share(self, part: Amount, whole: Amount) -> Amount {
        // Of each split the last share is up to the whole.
        if part == whole && !whole.is_zero() {
            return self;
        }
        // Most amounts have 64 bits, and division of 512 bits takes long.
        if let (Ok(this), Ok(part), Ok(whole)) = (u64::try_from(self), u64::try_from(part), u64::try_from(whole)) {
            let product = u128::from(this) * u128::from(part);
            return product.checked_div(u128::from(whole)).unwrap_or_default().into();
        }
        self.mul_div(part, whole).unwrap_or_default()
    }
}

/// A stretch of a line: start and length.
pub(crate) type Span<A> = (A, A);

/// Marks on one place: for haircut and poison an amount; for FIFO and LIFO the marked spans, rising and apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks<A> {
    pub(crate) amount: A,
    pub(crate) spans: Vec<Span<A>>,
}

impl<A: Units> Marks<A> {
    pub(crate) fn of_amount(amount: A) -> Self {
        Marks { amount, spans: Vec::new() }
    }

    pub(crate) fn of_spans(mut spans: Vec<Span<A>>) -> Self {
        spans.retain(|s| s.1 > A::ZERO);
        spans.sort_unstable();
        let mut merged: Vec<Span<A>> = Vec::with_capacity(spans.len());
        let mut amount = A::ZERO;
        for (start, len) in spans {
            amount = amount.plus(len);
            match merged.last_mut() {
                Some(last) if last.0.plus(last.1) == start => last.1 = last.1.plus(len),
                _ => merged.push((start, len)),
            }
        }
        Marks { amount, spans: merged }
    }

    /// Returns the marks of both, which have nothing in common.
    pub(crate) fn joined(mut self, other: Marks<A>, policy: Policy) -> Self {
        if policy.has_spans() {
            self.spans.extend(other.spans);
            return Marks::of_spans(self.spans);
        }
        Marks::of_amount(self.amount.plus(other.amount))
    }

    /// Returns the marks of both.
    pub(crate) fn with(self, other: Marks<A>, policy: Policy) -> Self {
        let beyond = other.beyond(&self, A::ZERO, policy);
        self.joined(beyond, policy)
    }

    /// Returns what of these marks is not among others of the same place, which holds `value` and, without spans, no more marks than that.
    pub(crate) fn beyond(self, others: &Marks<A>, value: A, policy: Policy) -> Self {
        if !policy.has_spans() {
            return Marks::of_amount(self.amount.min(value.minus(others.amount.min(value))));
        }
        let mut left = Vec::with_capacity(self.spans.len());
        let mut taken = others.spans.iter().peekable();
        for (mut start, len) in self.spans {
            let end = start.plus(len);
            while let Some((other, other_len)) = taken.peek() {
                let other_end = other.plus(*other_len);
                if other_end > start {
                    if *other >= end {
                        break;
                    }
                    if *other > start {
                        left.push((start, other.minus(start)));
                    }
                    start = other_end.min(end);
                    if other_end > end {
                        break;
                    }
                }
                taken.next();
            }
            if start < end {
                left.push((start, end.minus(start)));
            }
        }
        Marks::of_spans(left)
    }
}

/// What kind of pass money goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PassKind {
    /// A transaction of outputs.
    Spend,
    /// A balance becomes what moves and the rest, in this order.
    Split,
    /// A balance and what moves, in this order, become the new balance.
    Merge,
}

/// A pass: the places that it empties and those that it fills, with amounts. Both sides are worth the same, the fee included.
#[derive(Clone, Debug)]
pub(crate) struct Passage<P, A> {
    pub(crate) kind: PassKind,
    pub(crate) inputs: Vec<(P, A)>,
    pub(crate) outputs: Vec<(P, A)>,
    pub(crate) fee: A,
    /// Whether an amount was not known and taken as the least possible.
    pub(crate) assumed: bool,
}

/// A marked place, and how far it is from the start.
#[derive(Clone, Debug)]
pub(crate) struct Marked<P, A> {
    pub(crate) place: P,
    pub(crate) marks: Marks<A>,
    pub(crate) hops: u32,
}

/// What came out of a pass.
pub(crate) struct Passed<A> {
    /// Marks of the places on the far side, in their order.
    pub(crate) places: Vec<Marks<A>>,
    /// Marks of the fee.
    pub(crate) fee: A,
    /// Clean money that poison marked.
    pub(crate) added: A,
}

impl<P: Copy + Eq + Hash, A: Units> Passage<P, A> {
    /// Passes marks to the far side: forward from the inputs to the outputs, backward from the outputs to the inputs.
    pub(crate) fn pass(&self, marked: &[Marked<P, A>], policy: Policy, direction: Direction) -> Passed<A> {
        let paid = self.inputs.iter().fold(A::ZERO, |sum, i| sum.plus(i.1));
        let amount = marked.iter().fold(A::ZERO, |sum, m| sum.plus(m.marks.amount));
        let (near, far) = match direction {
            Direction::Forward => (&self.inputs, &self.outputs),
            Direction::Backward => (&self.outputs, &self.inputs),
        };
        let fee = (direction == Direction::Forward).then_some(self.fee);
        let lengths = far.iter().map(|p| p.1).chain(fee);
        let mut places: Vec<Marks<A>> = match policy {
            Policy::Poison => lengths.map(Marks::of_amount).collect(),
            Policy::Haircut => split(amount, lengths, paid).into_iter().map(Marks::of_amount).collect(),
            Policy::Fifo | Policy::Lifo => {
                // Coins that came in last leave first: transactions of outputs are read from the far end, and balances give from their newest.
                let lifo = policy == Policy::Lifo;
                let is_mirrored = lifo && self.kind == PassKind::Spend;
                let rest_first = lifo && self.kind == PassKind::Split;
                let reversed = |is: bool| rest_first && is == (direction == Direction::Forward);
                let mut line = line_of_marks(near, marked, reversed(false));
                if is_mirrored {
                    for span in &mut line {
                        span.0 = paid.minus(span.0).minus(span.1);
                    }
                }
                let lengths: Vec<A> = lengths.collect();
                let offsets = offsets(&lengths, reversed(true));
                overlay(line, offsets, reversed(true)).into_iter().map(Marks::of_spans).collect()
            }
        };
        let fee = if fee.is_some() { places.pop().map_or(A::ZERO, |m| m.amount) } else { A::ZERO };
        let added = if policy == Policy::Poison { paid.minus(amount) } else { A::ZERO };
        Passed { places, fee, added }
    }
}

/// Splits `amount` over `parts` in proportion, exactly: cumulative rounding, so that the parts sum to `amount` when `parts` sum to
/// `whole`, and no part gets more than itself when `amount` is at most `whole`.
pub fn split<A: Units>(amount: A, parts: impl Iterator<Item = A>, whole: A) -> Vec<A> {
    let mut cumulated = A::ZERO;
    let mut given = A::ZERO;
    parts
        .map(|part| {
            cumulated = cumulated.plus(part);
            let upto = amount.share(cumulated, whole);
            let this = upto.minus(given);
            given = upto;
            this
        })
        .collect()
}

/// Marked spans of places laid one after the other, or from the last to the first.
fn line_of_marks<P: Copy + Eq + Hash, A: Units>(
    places: &[(P, A)],
    marked: &[Marked<P, A>],
    last_first: bool,
) -> Vec<Span<A>> {
    let mut by_place: HashMap<P, &Marks<A>> = marked.iter().map(|m| (m.place, &m.marks)).collect();
    let mut at = A::ZERO;
    let mut line = Vec::new();
    let mut lay = |(place, length): &(P, A)| {
        if let Some(marks) = by_place.remove(place) {
            line.extend(marks.spans.iter().map(|(start, len)| (at.plus(*start), *len)));
        }
        at = at.plus(*length);
    };
    if last_first {
        places.iter().rev().for_each(&mut lay)
    } else {
        places.iter().for_each(&mut lay)
    }
    line
}

/// Places of these lengths on one line, in their order, or laid from the last to the first.
fn offsets<A: Units>(lengths: &[A], last_first: bool) -> Vec<Span<A>> {
    let mut at = A::ZERO;
    let mut lay = |len: &A| {
        let offset = at;
        at = at.plus(*len);
        (offset, *len)
    };
    if last_first { lengths.iter().rev().map(&mut lay).collect() } else { lengths.iter().map(&mut lay).collect() }
}

/// Moves spans from one sequence of containers to another laid over the same line.
/// `marked`: spans on the line; `to`: (offset, length), rising. Returns spans relative to each `to`, in reversed order of them where told so.
fn overlay<A: Units>(mut marked: Vec<Span<A>>, to: Vec<Span<A>>, reversed: bool) -> Vec<Vec<Span<A>>> {
    marked.sort_unstable();
    let mut out = vec![Vec::new(); to.len()];
    let mut i = 0;
    for (k, (offset, len)) in to.iter().enumerate() {
        let end = offset.plus(*len);
        while i < marked.len() && marked[i].0.plus(marked[i].1) <= *offset {
            i += 1;
        }
        let mut j = i;
        while j < marked.len() && marked[j].0 < end {
            let start = marked[j].0.max(*offset);
            let stop = marked[j].0.plus(marked[j].1).min(end);
            if stop > start {
                out[k].push((start.minus(*offset), stop.minus(start)));
            }
            j += 1;
        }
    }
    if reversed {
        out.reverse();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn splits_are_exact_and_bounded(parts in proptest::collection::vec(0u64..1 << 50, 1..20), permille in 0u64..=1000) {
            let whole: u64 = parts.iter().sum();
            let amount = (whole as u128 * permille as u128 / 1000) as u64;
            let got = split(amount, parts.iter().copied(), whole);
            prop_assert_eq!(got.iter().sum::<u64>(), if whole == 0 { 0 } else { amount });
            for (g, p) in got.iter().zip(&parts) {
                prop_assert!(g <= p);
            }
            let wide = split(Amount::from(amount), parts.iter().map(|p| Amount::from(*p)), Amount::from(whole));
            prop_assert_eq!(wide, got.into_iter().map(Amount::from).collect::<Vec<_>>());
        }

        #[test]
        fn marks_beyond_others_are_their_difference(a in spans(), b in spans()) {
            let bits = |marks: &Marks<u64>| marks.spans.iter().flat_map(|(s, l)| *s..s + l).collect::<std::collections::BTreeSet<_>>();
            let (a, b) = (Marks::of_spans(a), Marks::of_spans(b));
            let expected: std::collections::BTreeSet<u64> = &bits(&a) - &bits(&b);
            let left = a.clone().beyond(&b, 1_000, Policy::Fifo);
            prop_assert_eq!(bits(&left), expected);
            prop_assert_eq!(left.amount as usize, bits(&left).len());
            prop_assert_eq!(bits(&left.joined(b.clone(), Policy::Lifo)), &bits(&a) | &bits(&b));
        }
    }

    fn spans() -> impl Strategy<Value = Vec<Span<u64>>> {
        proptest::collection::vec((0u64..6, 0u64..6), 0..8).prop_map(|gaps| {
            let mut at = 0;
            gaps.iter()
                .map(|(gap, len)| {
                    let start = at + gap;
                    at = start + len;
                    (start, *len)
                })
                .collect()
        })
    }

    #[test]
    fn spans_move_between_containers() {
        let got = overlay(vec![(5u64, 10)], vec![(0, 7), (7, 3), (10, 100)], false);
        assert_eq!(got, vec![vec![(5, 2)], vec![(0, 3)], vec![(0, 5)]]);
        assert_eq!(Marks::of_spans(vec![(3u64, 2), (0, 3), (9, 0)]).spans, vec![(0, 5)]);
    }

    #[test]
    fn amounts_without_spans_are_no_more_than_their_place() {
        let beyond =
            |new, old, value, policy| Marks::of_amount(new).beyond(&Marks::of_amount(old), value, policy).amount;
        assert_eq!(beyond(5u64, 7, 10, Policy::Haircut), 3);
        assert_eq!(beyond(10, 10, 10, Policy::Poison), 0);
        assert_eq!(beyond(5, 0, 10, Policy::Haircut), 5);
    }

    #[test]
    fn wide_shares_lose_nothing() {
        let max = Amount::MAX;
        assert_eq!(max.share(max, max), max);
        assert_eq!(max.share(Amount::new(1), Amount::new(2)), max.mul_div(Amount::new(1), Amount::new(2)).unwrap());
        assert_eq!(Amount::new(7).share(Amount::new(1), Amount::ZERO), Amount::ZERO);
    }
}
