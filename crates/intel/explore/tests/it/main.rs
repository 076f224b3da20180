//! What the explorer asks, on chains of both families. One binary: each more would be compiled and linked by itself.

mod accounts;
mod lists;
mod outputs;

use holdfast_explore::reports::{AssetSum, NeighboursReport};
use holdfast_types::Amount;
use std::collections::BTreeMap;

/// Amount, count and unknown ones of each asset.
pub type Sums = BTreeMap<String, (Amount, u64, u64)>;

fn add(sums: &mut Sums, asset: &str, (amount, count, unknown): (Amount, u64, u64)) {
    let sum = sums.entry(asset.to_owned()).or_default();
    *sum = (sum.0.checked_add(amount).unwrap(), sum.1 + count, sum.2 + unknown);
}

/// Sums of a list, by asset.
pub fn sums(list: &[AssetSum]) -> Sums {
    let mut sums = Sums::new();
    list.iter().for_each(|sum| add(&mut sums, &sum.asset.id, (sum.amount, sum.count, sum.unknown)));
    sums
}

/// Listed and the rest are the total, the rows are what is listed, and what filters leave out is in the rest.
pub fn assert_balanced(report: &NeighboursReport, what: &str) {
    let (total, listed, rest, filtered) =
        (sums(&report.total), sums(&report.listed), sums(&report.rest), sums(&report.filtered));
    let mut both = listed.clone();
    rest.iter().for_each(|(asset, sum)| add(&mut both, asset, *sum));
    assert_eq!(both, total, "{what}: {report:#?}");
    let mut rows = Sums::new();
    report.rows.iter().for_each(|row| add(&mut rows, &row.asset.id, (row.amount, row.count, row.unknown)));
    assert_eq!(rows, listed, "{what}: {report:#?}");
    for (asset, left_out) in &filtered {
        let rest = rest.get(asset).unwrap_or_else(|| panic!("{what}: {report:#?}"));
        assert!(left_out.0 <= rest.0 && left_out.1 <= rest.1 && left_out.2 <= rest.2, "{what}: {report:#?}");
    }
    if report.more_rows == 0 {
        assert_eq!(rest, filtered, "{what}: nothing else is left out");
    }
    assert!(report.complete, "{what}");
}
