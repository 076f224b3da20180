//! Change heuristics: which output returns the rest to the sender. The nine that BlockSci names, with its definitions.
//!
//! A heuristic marks the outputs that it cannot rule out as change; a rule combines heuristics by "and" (all must mark) and "or"
//! (any alternative), and an alternative counts only when it leaves exactly one output. Heuristics that look at how outputs are spent later
//! answer only once all spendable outputs are spent, so that their answer never changes as blocks arrive.

use holdfast_bitcoin::ownerless::is_ownerless_class;
use holdfast_types::named;
use holdfast_utxo_ledger::{Ledger, Source};
use serde::{Deserialize, Serialize};

named! {
    "kebab-case";
    /// A change heuristic.
    #[repr(u8)]
    pub enum ChangeHeuristic {
        /// In a chain of one-input two-output transactions, the output that continues the chain.
        PeelingChain = 0,
        /// Not a multiple of 10^6 base units (0.01 BTC): payments are round, change is not.
        PowerOfTen = 1,
        /// Smaller than every input: a larger one would have made an input unnecessary.
        OptimalChange = 2,
        /// Of the inputs' script class, when they all have one class.
        AddressType = 3,
        /// Spent by a transaction that sets, or does not set, nLockTime as this one does.
        Locktime = 4,
        /// Paid to an address that is among the inputs.
        AddressReuse = 5,
        /// Paid to an address that never appeared before: clients make fresh addresses for change.
        ClientChange = 6,
        /// BlockSci's first heuristic: smaller than every input and to a fresh address, and no coinjoin.
        Legacy = 7,
        /// Spent by a transaction that pays exactly this one's fee rate.
        FixedFee = 8,
    }
}

use ChangeHeuristic::*;

impl ChangeHeuristic {
    /// All of them.
    pub const ALL: &[ChangeHeuristic] = <ChangeHeuristic as strum::VariantArray>::VARIANTS;

    /// Returns the set of this heuristic alone.
    pub const fn bit(self) -> HeuristicSet {
        1 << self as HeuristicSet
    }

    /// Returns whether its answer rests on later transactions.
    pub fn looks_ahead(self) -> bool {
        matches!(self, PeelingChain | Locktime | FixedFee)
    }
}

/// A set of heuristics, as bits by their numbers.
pub type HeuristicSet = u16;

/// Alternatives of combined heuristics.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChangeRule {
    /// Each is a set of heuristics that must agree on one output.
    pub alternatives: Vec<HeuristicSet>,
}

impl ChangeRule {
    /// Returns no change clustering.
    pub fn none() -> Self {
        ChangeRule::default()
    }

    /// Reads `a+b,c`: the outputs that both a and b leave, or those that c leaves. `none` and the empty text are no rule.
    ///
    /// # Errors
    /// A message with the unknown word and the known ones.
    pub fn parse(text: &str) -> Result<Self, String> {
        if matches!(text.trim(), "" | "none") {
            return Ok(Self::none());
        }
        let one = |word: &str| {
            let all = || ChangeHeuristic::ALL.iter().map(|h| h.name()).collect::<Vec<_>>().join(", ");
            let known = word.trim().parse::<ChangeHeuristic>().map(ChangeHeuristic::bit);
            known.map_err(|_| format!("unknown change heuristic '{}'; use {}", word.trim(), all()))
        };
        let alternatives = text
            .split(',')
            .map(|part| part.split('+').try_fold(0, |set, word| Ok::<_, String>(set | one(word)?)))
            .collect::<Result<_, _>>()?;
        Ok(ChangeRule { alternatives })
    }

    /// Returns all heuristics named.
    pub fn used(&self) -> HeuristicSet {
        self.alternatives.iter().fold(0, |a, b| a | b)
    }

    /// Returns whether any heuristic of the rule looks at later transactions.
    pub fn looks_ahead(&self) -> bool {
        members(self.used()).any(ChangeHeuristic::looks_ahead)
    }

    /// Returns the change output among `marks` (see [`ChangeFinder::marks`]), as an index, and the alternative that found it.
    pub fn decide(&self, marks: &[HeuristicSet]) -> Option<(usize, HeuristicSet)> {
        self.alternatives.iter().find_map(|set| unique(marks, *set).map(|i| (i, *set)))
    }
}

impl std::fmt::Display for ChangeRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.alternatives.is_empty() {
            return f.write_str("none");
        }
        let parts: Vec<String> = self.alternatives.iter().map(|s| set_name(*s)).collect();
        f.write_str(&parts.join(","))
    }
}

/// Returns the members of a set.
pub fn members(set: HeuristicSet) -> impl Iterator<Item = ChangeHeuristic> {
    ChangeHeuristic::ALL.iter().copied().filter(move |h| set & h.bit() != 0)
}

/// Returns the names of a set, joined by "+".
pub fn set_name(set: HeuristicSet) -> String {
    members(set).map(ChangeHeuristic::name).collect::<Vec<_>>().join("+")
}

/// Returns the only output that all heuristics of a set mark.
#[inline]
pub fn unique(marks: &[HeuristicSet], set: HeuristicSet) -> Option<usize> {
    let mut found = None;
    for (i, mark) in marks.iter().enumerate() {
        if mark & set == set {
            if found.is_some() {
                return None;
            }
            found = Some(i);
        }
    }
    found
}

/// Evaluates heuristics; holds scratch space.
#[derive(Debug, Default)]
pub struct ChangeFinder {
    inputs: Vec<(Option<u64>, Option<u32>)>,
}

impl ChangeFinder {
    /// Finds which of the `wanted` heuristics mark each output of a transaction. Transactions with one output, coinbases, and outputs that
    /// nobody can spend get no marks.
    pub fn marks(
        &mut self,
        ledger: &Ledger,
        tx: u32,
        wanted: HeuristicSet,
        coinjoin: bool,
        out: &mut Vec<HeuristicSet>,
    ) {
        out.clear();
        let outputs = ledger.outputs(tx);
        out.resize(outputs.clone().count(), 0);
        if out.len() < 2 || wanted == 0 || ledger.flags(tx).coinbase() {
            return;
        }
        let wants = |h: ChangeHeuristic| wanted & h.bit() != 0;
        self.inputs.clear();
        self.inputs.extend(ledger.sources(tx).map(|s| {
            let info = ledger.source_info(s);
            (info.value, info.address)
        }));
        let smallest = self.inputs.iter().map(|i| i.0).try_fold(u64::MAX, |low, v| v.map(|v| low.min(v)));
        // What everybody or nobody can spend is nobody's change.
        let spendable = |o: u64| !is_ownerless_class(ledger.class_of(ledger.address_of(o)));
        let class = {
            let mut classes = self.inputs.iter().map(|i| i.1.map(|a| ledger.class_of(a)));
            let first = classes.next().flatten();
            if classes.all(|c| c == first) { first } else { None }
        };
        let ahead = members(wanted).any(ChangeHeuristic::looks_ahead) && all_spent(ledger, tx);
        let peeling = ahead && wants(PeelingChain) && is_peeling(ledger, tx);
        let rate = if ahead && wants(FixedFee) { fee_rate(ledger, tx) } else { None };
        let mut spendable_count = 0;
        for (mark, o) in out.iter_mut().zip(outputs.clone()) {
            if !spendable(o) {
                continue;
            }
            spendable_count += 1;
            let address = ledger.address_of(o);
            let mut set = |h: ChangeHeuristic, holds: bool| *mark |= if holds { h.bit() } else { 0 };
            let smaller = smallest.is_some_and(|s| ledger.value(o) < s);
            let fresh = (wants(ClientChange) || wants(Legacy)) && is_fresh(ledger, address, outputs.start);
            set(PowerOfTen, wants(PowerOfTen) && !ledger.value(o).is_multiple_of(1_000_000));
            set(OptimalChange, wants(OptimalChange) && smaller);
            set(AddressType, wants(AddressType) && class == Some(ledger.class_of(address)));
            set(AddressReuse, wants(AddressReuse) && self.inputs.iter().any(|i| i.1 == Some(address)));
            set(ClientChange, wants(ClientChange) && fresh);
            set(Legacy, wants(Legacy) && fresh && smaller && !coinjoin);
            if ahead {
                let Some(spender) = ledger.spender(o) else { continue };
                set(PeelingChain, peeling && is_peeling(ledger, spender));
                let same = ledger.flags(spender).locktime() == ledger.flags(tx).locktime();
                set(Locktime, wants(Locktime) && same);
                set(FixedFee, rate.is_some() && fee_rate(ledger, spender) == rate);
            }
        }
        if spendable_count < 2 {
            // Nothing to choose from: BlockSci's legacy rule has this condition, and it holds for all.
            out.fill(0);
        }
    }
}

/// Returns whether all spendable outputs of a transaction are spent.
pub fn all_spent(ledger: &Ledger, tx: u32) -> bool {
    let spendable = |o: &u64| ledger.class_of(ledger.address_of(*o)).spendable();
    ledger.outputs(tx).filter(spendable).all(|o| ledger.spender(o).is_some())
}

/// Returns whether an address first appears at or after an output number.
fn is_fresh(ledger: &Ledger, address: u32, first_output: u64) -> bool {
    let mut fresh = true;
    ledger.for_each_output_of(address, |source| match source {
        Source::Output(n) => fresh &= n >= first_output,
        Source::External(_) => fresh = false,
    });
    fresh
}

fn looks_like_peeling(ledger: &Ledger, tx: u32) -> bool {
    let outputs = ledger.outputs(tx);
    outputs.end - outputs.start == 2 && ledger.sources(tx).len() == 1
}

/// Returns whether a transaction has one input and two outputs, and the one before or after it too.
pub fn is_peeling(ledger: &Ledger, tx: u32) -> bool {
    if !looks_like_peeling(ledger, tx) {
        return false;
    }
    let before = ledger.sources(tx).next();
    if let Some(Source::Output(o)) = before
        && looks_like_peeling(ledger, ledger.tx_of_output(o))
    {
        return true;
    }
    ledger.outputs(tx).any(|o| ledger.spender(o).is_some_and(|t| looks_like_peeling(ledger, t)))
}

/// Base units per 1,000 virtual bytes, rounded down, as BlockSci computes it.
fn fee_rate(ledger: &Ledger, tx: u32) -> Option<u64> {
    let vsize = u64::from(ledger.flags(tx).weight()).div_ceil(4).max(1);
    Some(ledger.fee(tx)? * 1000 / vsize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_back() {
        for text in ["address-reuse", "address-type+optimal-change,legacy", "none"] {
            assert_eq!(
                ChangeRule::parse(text).unwrap().to_string(),
                ChangeRule::parse(&ChangeRule::parse(text).unwrap().to_string()).unwrap().to_string()
            );
        }
        assert_eq!(ChangeRule::parse("none").unwrap(), ChangeRule::none());
        assert!(ChangeRule::parse("address-reuse+foo").unwrap_err().contains("'foo'"));
        assert!(ChangeRule::parse("locktime").unwrap().looks_ahead());
    }

    #[test]
    fn only_a_single_output_decides() {
        assert_eq!(unique(&[0b01, 0b11, 0b10], 0b11), Some(1));
        assert_eq!(unique(&[0b01, 0b11, 0b10], 0b01), None);
        assert_eq!(unique(&[0, 0], 0b1), None);
    }
}
