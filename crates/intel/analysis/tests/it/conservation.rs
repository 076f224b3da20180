//! What goes in equals what is found at the ends plus what is left at the bounds plus fees, on random graphs.

use holdfast_analysis::{Bounds, Direction, EndKind, Policy, TraceOptions, View, trace};
use holdfast_attribution::Category;
use holdfast_utxo_ledger::{OutputInfo, Source};
use proptest::prelude::*;
use std::collections::HashMap;
use std::ops::Range;

/// A small chain: every transaction spends some unspent outputs and splits their value, less a fee.
#[derive(Debug, Default)]
struct Chain {
    first_output: Vec<u64>,
    values: Vec<u64>,
    sources: Vec<Vec<Source>>,
    spenders: HashMap<u64, u32>,
    categories: Vec<u8>,
    externals: Vec<Option<u64>>,
}

impl View for Chain {
    fn outputs(&self, tx: u32) -> Range<u64> {
        let end = self.first_output.get(tx as usize + 1).copied().unwrap_or(self.values.len() as u64);
        self.first_output[tx as usize]..end
    }
    fn value(&self, output: u64) -> u64 {
        self.values[output as usize]
    }
    fn address(&self, output: u64) -> u32 {
        output as u32
    }
    fn spender(&self, output: u64) -> Option<u32> {
        self.spenders.get(&output).copied()
    }
    fn sources(&self, tx: u32) -> Vec<Source> {
        self.sources[tx as usize].clone()
    }
    fn source_info(&self, source: Source) -> OutputInfo {
        match source {
            Source::Output(o) => OutputInfo { value: Some(self.value(o)), address: Some(o as u32) },
            Source::External(e) => OutputInfo { value: self.externals[e as usize], address: None },
        }
    }
    fn is_coinbase(&self, tx: u32) -> bool {
        self.sources[tx as usize].is_empty()
    }
    fn time(&self, tx: u32) -> u32 {
        1000 + tx
    }
    fn tx_of_output(&self, output: u64) -> u32 {
        self.first_output.partition_point(|f| *f <= output) as u32 - 1
    }
    fn category(&self, address: u32) -> Category {
        Category(self.categories[address as usize])
    }
}

type TxShape = (Vec<u16>, Vec<u32>, u16, u8, u8);

fn chain(shapes: &[TxShape]) -> Chain {
    let mut chain = Chain::default();
    let mut unspent: Vec<u64> = Vec::new();
    let exchange = Category::from_name("exchange").unwrap().0;
    for (tx, (picks, weights, fee, tag, external)) in shapes.iter().enumerate() {
        let mut sources = Vec::new();
        let mut paid = 0u64;
        for pick in picks {
            if unspent.is_empty() {
                break;
            }
            let o = unspent.swap_remove(*pick as usize % unspent.len());
            chain.spenders.insert(o, tx as u32);
            paid += chain.values[o as usize];
            sources.push(Source::Output(o));
        }
        // Some inputs come from blocks that are not stored: of known or unknown amount.
        match external {
            0 => {
                chain.externals.push(Some(12_345));
                sources.push(Source::External(chain.externals.len() as u64 - 1));
                paid += 12_345;
            }
            1 if !sources.is_empty() => {
                chain.externals.push(None);
                sources.push(Source::External(chain.externals.len() as u64 - 1));
                paid += 777;
            }
            _ => {}
        }
        let coinbase = sources.is_empty();
        let total =
            if coinbase { 5_000_000_000 + *fee as u64 } else { paid.saturating_sub(*fee as u64 % (paid / 2 + 1)) };
        chain.first_output.push(chain.values.len() as u64);
        chain.sources.push(sources);
        let sum: u64 = weights.iter().map(|w| *w as u64 + 1).sum();
        let mut left = total;
        for (i, w) in weights.iter().enumerate() {
            let value =
                if i + 1 == weights.len() { left } else { (total as u128 * (*w as u128 + 1) / sum as u128) as u64 };
            left -= value;
            unspent.push(chain.values.len() as u64);
            chain.values.push(value);
            chain.categories.push(if *tag == 0 { exchange } else { 0 });
        }
    }
    chain
}

fn shapes() -> impl Strategy<Value = Vec<TxShape>> {
    let shape = (
        proptest::collection::vec(any::<u16>(), 0..5),
        proptest::collection::vec(0u32..1000, 1..6),
        any::<u16>(),
        0u8..12,
        0u8..10,
    );
    proptest::collection::vec(shape, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn books_balance(
        shapes in shapes(),
        picks in proptest::collection::vec((any::<u16>(), 1u32..=1000), 1..4),
        policy in 0..4usize,
        backward in any::<bool>(),
        through in any::<bool>(),
        hops in 0u32..12,
        min_value in prop_oneof![Just(1u64), 0u64..1_000_000_000],
        window in (0u32..60, 0u32..60),
        max_edges in prop_oneof![Just(100_000usize), 0usize..20],
    ) {
        let chain = chain(&shapes);
        let mut starts: Vec<(Source, u64)> = Vec::new();
        for (pick, permille) in picks {
            let o = pick as u64 % chain.values.len() as u64;
            if starts.iter().all(|s| s.0 != Source::Output(o)) {
                starts.push((Source::Output(o), (chain.value(o) as u128 * permille as u128 / 1000) as u64));
            }
        }
        let policy = [Policy::Poison, Policy::Haircut, Policy::Fifo, Policy::Lifo][policy];
        let options = TraceOptions {
            direction: if backward { Direction::Backward } else { Direction::Forward },
            policy,
            through_services: through,
            bounds: Bounds {
                max_hops: hops,
                min_value,
                from_time: 1000 + window.0.min(window.1),
                until_time: 1000 + window.0.max(window.1),
                max_edges,
            },
        };
        let result = trace(&chain, &starts, &options).unwrap();
        prop_assert!(result.balances(), "{result:?}");
        // Starts downstream of others have money in common with them, which is marked once.
        let (sum, largest) = (starts.iter().map(|s| s.1).sum::<u64>(), starts.iter().map(|s| s.1).max().unwrap());
        prop_assert!(result.marked <= sum);
        prop_assert!(result.marked + result.added >= largest);
        if starts.len() == 1 {
            prop_assert_eq!(result.marked, sum);
        }
        if policy != Policy::Poison {
            prop_assert_eq!(result.added, 0);
        }
        for end in &result.ends {
            let value = chain.source_info(end.place).value;
            prop_assert!(value.is_none_or(|v| end.amount <= v), "no place holds more than its value: {end:?}");
            if end.kind == EndKind::Unspent {
                let Source::Output(o) = end.place else { panic!() };
                prop_assert!(chain.spender(o).is_none());
            }
        }
        for edge in &result.edges {
            prop_assert!(chain.source_info(edge.place).value.is_none_or(|v| edge.amount <= v));
            prop_assert!(edge.hops <= hops);
        }
        prop_assert!(result.edges.len() <= max_edges);
        prop_assert_eq!(&result, &trace(&chain, &starts, &options).unwrap(), "deterministic");
    }
}

/// Two inputs of 100 (marked) and 50; outputs 120 and 20, fee 10.
fn two_by_two() -> Chain {
    let mut chain = Chain { values: vec![100, 50, 120, 20], categories: vec![0; 4], ..Chain::default() };
    chain.first_output = vec![0, 1, 2];
    chain.sources = vec![vec![], vec![], vec![Source::Output(0), Source::Output(1)]];
    chain.spenders = HashMap::from([(0, 2), (1, 2)]);
    chain
}

#[test]
fn policies_differ_as_defined() {
    let chain = two_by_two();
    let run = |policy, start: u64| {
        let options = TraceOptions { policy, ..TraceOptions::default() };
        let result = trace(&chain, &[(Source::Output(start), chain.value(start))], &options).unwrap();
        let at = |o| result.ends.iter().find(|e| e.place == Source::Output(o)).map_or(0, |e| e.amount);
        (at(2), at(3), result.fees, result.added)
    };
    assert_eq!(run(Policy::Poison, 0), (120, 20, 10, 50));
    assert_eq!(run(Policy::Haircut, 0), (80, 13, 7, 0)); // two thirds, rounded cumulatively
    assert_eq!(run(Policy::Fifo, 0), (100, 0, 0, 0));
    assert_eq!(run(Policy::Fifo, 1), (20, 20, 10, 0));
    assert_eq!(run(Policy::Lifo, 0), (70, 20, 10, 0));
    assert_eq!(run(Policy::Lifo, 1), (50, 0, 0, 0));
    // Backward, FIFO: the second output was paid by the second input.
    let options = TraceOptions { policy: Policy::Fifo, direction: Direction::Backward, ..TraceOptions::default() };
    let result = trace(&chain, &[(Source::Output(3), 20)], &options).unwrap();
    assert_eq!(result.ends.len(), 1);
    assert_eq!(
        (result.ends[0].place, result.ends[0].amount, result.ends[0].kind),
        (Source::Output(1), 20, EndKind::Coinbase)
    );
    // A start downstream of another is marked once: output 2 holds 100 of the 100 marked at output 0.
    for policy in [Policy::Haircut, Policy::Fifo] {
        let options = TraceOptions { policy, ..TraceOptions::default() };
        let result = trace(&chain, &[(Source::Output(0), 100), (Source::Output(2), 120)], &options).unwrap();
        assert!(result.balances());
        assert_eq!(result.marked, if policy == Policy::Fifo { 120 } else { 140 }, "{result:?}");
        assert_eq!(result.ends[0].amount, 120);
    }
    assert!(trace(&chain, &[], &options).is_err());
    assert!(trace(&chain, &[(Source::Output(0), 101)], &options).is_err());
}
