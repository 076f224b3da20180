//! Shapes in the payments around an account in seven days: fans, cycles, scatter-gather, bicliques, and means of its neighbours.
//!
//! The shapes are those that Altman et al. 2023 ("Realistic Synthetic Financial Transactions for Anti-Money Laundering Models") plant and that graph
//! features for trees count. A cycle and a scatter-gather follow time: each payment is no earlier than the one that it passes on.

use crate::numeric::count;
use crate::schema::FeatureKind::{Count, Flag, Ratio};
use crate::{Feature, ModelError, Schema};
use holdfast_types::{Seconds, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// How far back payments are looked at.
pub const WINDOW: Seconds = Seconds::days(7);

/// Most payments that are looked at: the newest ones.
pub const MAX_EDGES: usize = 512;

/// A payment between two accounts or clusters, as numbers that the caller assigns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// When.
    pub at: Timestamp,
    /// Who pays.
    pub from: u64,
    /// Who receives.
    pub to: u64,
}

/// The feature that every account has whose surroundings were looked at.
pub const LOOKED_AT: &str = "payments_cut_week";

/// Names and labels, in the order of [`features`].
const FEATURES: [(&str, &str); 9] = [
    ("fan_in_week", "different senders in 7 days"),
    ("fan_out_week", "different receivers in 7 days"),
    ("cycles_two_week", "accounts that pay back what they receive, in 7 days"),
    ("cycles_three_week", "cycles through two other accounts in 7 days"),
    ("scatter_week", "receivers reached by two or more ways through others in 7 days"),
    ("gather_week", "senders that reach it by two or more ways through others in 7 days"),
    ("bicliques_week", "pairs of receivers that another account pays too, in 7 days"),
    ("sender_degree_mean_week", "mean number of counterparties of its senders in 7 days"),
    ("receiver_degree_mean_week", "mean number of counterparties of its receivers in 7 days"),
];

/// Returns the features of the payments around an account.
///
/// # Errors
///
/// Never for the features as they are: the schema's own checks.
pub fn schema() -> Result<Schema, ModelError> {
    let kind = |name: &str| if name.contains("mean") { Ratio } else { Count };
    let made = FEATURES.iter().map(|(name, label)| Feature::new(name, "graph", kind(name)).called(label));
    let cut = Feature::new(LOOKED_AT, "graph", Flag).called("more payments around it than were looked at");
    Schema::new(made.chain([cut]).collect())
}

/// Returns the features of `center` among the payments in the [`WINDOW`] up to a time, in the order of [`schema`].
///
/// Of more than [`MAX_EDGES`] payments the newest are used, and the last feature is 1, as where the caller knows that payments are missing (`is_cut`): counts are then
/// lower bounds. Payments to oneself are left out. A mean of no neighbours is missing, NaN.
#[must_use]
pub fn features(center: u64, edges: &[Edge], as_of: Timestamp, is_cut: bool) -> Vec<f64> {
    let in_window = |e: &&Edge| e.from != e.to && e.at <= as_of && as_of - e.at <= WINDOW;
    let mut edges: Vec<Edge> = edges.iter().filter(in_window).copied().collect();
    edges.sort();
    let is_cut = is_cut || edges.len() > MAX_EDGES;
    edges.drain(..edges.len().saturating_sub(MAX_EDGES));
    let mut outs: BTreeMap<u64, Vec<Edge>> = BTreeMap::new();
    let mut neighbours: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for edge in &edges {
        outs.entry(edge.from).or_default().push(*edge);
        neighbours.entry(edge.from).or_default().insert(edge.to);
        neighbours.entry(edge.to).or_default().insert(edge.from);
    }
    let of = |from: u64| outs.get(&from).map_or(&[][..], Vec::as_slice);
    let senders: BTreeSet<u64> = edges.iter().filter(|e| e.to == center).map(|e| e.from).collect();
    let receivers: BTreeSet<u64> = of(center).iter().map(|e| e.to).collect();
    let mut back = BTreeSet::new();
    let mut cycles = BTreeSet::new();
    // By the far end, through whom.
    let mut scatter: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for first in of(center) {
        for second in of(first.to).iter().filter(|e| e.at >= first.at) {
            if second.to == center {
                back.insert(first.to);
                continue;
            }
            scatter.entry(second.to).or_default().insert(first.to);
            if of(second.to).iter().any(|third| third.to == center && third.at >= second.at) {
                cycles.insert((first.to, second.to));
            }
        }
    }
    let mut gather: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for last in edges.iter().filter(|e| e.to == center) {
        for first in edges.iter().filter(|e| e.to == last.from && e.from != center && e.at <= last.at) {
            gather.entry(first.from).or_default().insert(last.from);
        }
    }
    let many = |ways: &BTreeMap<u64, BTreeSet<u64>>| count(ways.values().filter(|w| w.len() > 1).count());
    let pairs = outs.iter().filter(|(from, _)| **from != center).map(|(_, paid)| {
        let shared = paid.iter().map(|e| e.to).filter(|to| receivers.contains(to)).collect::<BTreeSet<_>>().len();
        shared * shared.saturating_sub(1) / 2
    });
    let degree = |of: &BTreeSet<u64>| {
        let sum: usize = of.iter().filter_map(|n| neighbours.get(n)).map(BTreeSet::len).sum();
        if of.is_empty() { f64::NAN } else { count(sum) / count(of.len()) }
    };
    vec![
        count(senders.len()),
        count(receivers.len()),
        count(back.len()),
        count(cycles.len()),
        many(&scatter),
        many(&gather),
        count(pairs.sum()),
        degree(&senders),
        degree(&receivers),
        f64::from(u8::from(is_cut)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;

    /// Payments a minute apart, in the order given, the last one now.
    fn paid(pairs: &[(u64, u64)]) -> Vec<Edge> {
        let from = NOW - 60 * (i64::try_from(pairs.len()).unwrap() - 1);
        let edge = |(n, (from_id, to)): (usize, &(u64, u64))| Edge {
            at: Timestamp::from_unix(from + 60 * i64::try_from(n).unwrap()),
            from: *from_id,
            to: *to,
        };
        pairs.iter().enumerate().map(edge).collect()
    }

    fn value(edges: &[Edge], name: &str) -> f64 {
        features(0, edges, Timestamp::from_unix(NOW), false)[schema().unwrap().position(name).unwrap()]
    }

    #[test]
    fn fans_and_means_are_counted_by_hand() {
        let edges = paid(&[(1, 0), (2, 0), (2, 0), (3, 2), (0, 4), (0, 0)]);
        assert_eq!(features(0, &edges, Timestamp::from_unix(NOW), false).len(), schema().unwrap().len());
        assert_eq!(value(&edges, "fan_in_week"), 2.0);
        assert_eq!(value(&edges, "fan_out_week"), 1.0);
        // 1 knows 0; 2 knows 0 and 3.
        assert_eq!(value(&edges, "sender_degree_mean_week"), 1.5);
        assert_eq!(value(&edges, "receiver_degree_mean_week"), 1.0);
        assert!(value(&[], "sender_degree_mean_week").is_nan());
    }

    #[test]
    fn cycles_follow_time() {
        assert_eq!(value(&paid(&[(0, 1), (1, 0)]), "cycles_two_week"), 1.0);
        assert_eq!(value(&paid(&[(1, 0), (0, 1)]), "cycles_two_week"), 0.0);
        assert_eq!(value(&paid(&[(0, 1), (1, 2), (2, 0)]), "cycles_three_week"), 1.0);
        assert_eq!(value(&paid(&[(2, 0), (0, 1), (1, 2)]), "cycles_three_week"), 0.0);
    }

    #[test]
    fn scatter_gather_and_bicliques_need_two_ways() {
        let scattered = [(0, 1), (0, 2), (1, 9), (2, 9)];
        assert_eq!(value(&paid(&scattered), "scatter_week"), 1.0);
        assert_eq!(value(&paid(&scattered[..3]), "scatter_week"), 0.0);
        let gathered = [(9, 1), (9, 2), (1, 0), (2, 0)];
        assert_eq!(value(&paid(&gathered), "gather_week"), 1.0);
        assert_eq!(value(&paid(&gathered[1..]), "gather_week"), 0.0);
        let both = [(0, 1), (0, 2), (0, 3), (5, 1), (5, 2), (5, 3), (6, 1)];
        assert_eq!(value(&paid(&both), "bicliques_week"), 3.0);
    }

    #[test]
    fn what_is_old_or_later_does_not_count_and_a_cut_is_said() {
        let at = |seconds: i64, from| Edge { at: Timestamp::from_unix(NOW + seconds), from, to: 0 };
        let week = WINDOW.count();
        assert_eq!(value(&[at(-week, 1), at(-week - 1, 2), at(1, 3)], "fan_in_week"), 1.0);
        let full: Vec<Edge> = (1..=512).map(|n| at(-600, n)).collect();
        assert_eq!(value(&full, "payments_cut_week"), 0.0);
        assert_eq!(features(0, &full, Timestamp::from_unix(NOW), true).last(), Some(&1.0));
        let more: Vec<Edge> = full.iter().copied().chain([at(0, 600)]).collect();
        assert_eq!(value(&more, "payments_cut_week"), 1.0);
        assert_eq!(value(&more, "fan_in_week"), 512.0);
    }
}
