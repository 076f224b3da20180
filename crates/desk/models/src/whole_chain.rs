//! Features of an account from a pass over its whole chain: the counts that `holdfast-analytics features` gives for every account of a ledger, however many
//! transfers it has. Unlike payments they tell of tokens, of transfers inside transactions, of fees and of transactions that failed.

use crate::numeric::count;
use crate::schema::FeatureKind::{self, Count, Ratio};
use crate::{Feature, ModelError, Schema};

/// Counts of an account over its chain, in the order that [`features`] takes them: columns of the kernel's table.
pub const COUNTS: [&str; 14] = [
    "value_in",
    "value_out",
    "internal_in",
    "internal_out",
    "token_in",
    "token_out",
    "mints",
    "burns",
    "rewards",
    "fees",
    "paid_txs",
    "failed_txs",
    "txs",
    "blocks",
];

/// The feature that every account with counts has: where it is missing, nobody looked.
pub const LOOKED_AT: &str = "chain_transactions";

/// Names, labels and kinds, in the order of [`features`].
const FEATURES: [(&str, &str, FeatureKind); 13] = [
    (LOOKED_AT, "transactions that it is part of", Count),
    ("chain_transactions_per_block", "its transactions in a block with one", Ratio),
    ("chain_transfers_per_transaction", "its transfers in a transaction", Ratio),
    ("chain_paid_share", "share of its transactions whose fee it paid", Ratio),
    ("chain_failed_share", "share of the transactions it paid for that failed", Ratio),
    ("chain_coin_share", "share of coin sent by transactions themselves", Ratio),
    ("chain_coin_in_share", "share of such coin transfers that it received", Ratio),
    ("chain_internal_share", "share of coin moved inside transactions", Ratio),
    ("chain_internal_in_share", "share of coin transfers inside transactions that it received", Ratio),
    ("chain_token_share", "share of transfers of tokens", Ratio),
    ("chain_token_in_share", "share of transfers of tokens that it received", Ratio),
    ("chain_mints", "tokens minted to it or burnt by it", Count),
    ("chain_rewards", "rewards and withdrawals of staked coin", Count),
];

/// Returns the features of an account over its whole chain.
///
/// # Errors
///
/// Never for the features as they are: the schema's own checks.
pub fn schema() -> Result<Schema, ModelError> {
    Schema::new(FEATURES.iter().map(|(name, label, kind)| Feature::new(name, "chain", *kind).called(label)).collect())
}

/// Returns the features of an account by its [`COUNTS`], in the order of [`schema`]. A share of nothing is missing, NaN.
#[must_use]
pub fn features(counts: &[u64; COUNTS.len()]) -> Vec<f64> {
    let [
        value_in,
        value_out,
        internal_in,
        internal_out,
        token_in,
        token_out,
        mints,
        burns,
        rewards,
        fees,
        paid,
        failed,
        txs,
        blocks,
    ] = counts.map(|n| usize::try_from(n).map_or(f64::INFINITY, count));
    let share = |part: f64, of: f64| if of > 0.0 { part / of } else { f64::NAN };
    let (value, internal, tokens) = (value_in + value_out, internal_in + internal_out, token_in + token_out);
    let transfers = value + internal + tokens + mints + burns + rewards;
    vec![
        txs,
        share(txs, blocks),
        share(transfers + fees, txs),
        share(paid, txs),
        share(failed, paid),
        share(value, transfers),
        share(value_in, value),
        share(internal, transfers),
        share(internal_in, internal),
        share(tokens, transfers),
        share(token_in, tokens),
        mints + burns,
        rewards,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_what_there_is() {
        let names: Vec<String> = schema().unwrap().features().iter().map(|f| f.name.clone()).collect();
        let of = |counts: [u64; 14]| -> Vec<(String, f64)> { names.iter().cloned().zip(features(&counts)).collect() };
        let row = of([3, 1, 0, 2, 5, 5, 1, 1, 2, 4, 4, 1, 10, 5]);
        let value = |name: &str| row.iter().find(|(n, _)| n == name).unwrap().1;
        assert_eq!((value(LOOKED_AT), value("chain_transactions_per_block")), (10.0, 2.0));
        assert_eq!((value("chain_paid_share"), value("chain_failed_share")), (0.4, 0.25));
        assert_eq!((value("chain_coin_share"), value("chain_coin_in_share")), (0.2, 0.75));
        assert_eq!((value("chain_internal_in_share"), value("chain_token_in_share")), (0.0, 0.5));
        assert_eq!((value("chain_token_share"), value("chain_mints"), value("chain_rewards")), (0.5, 2.0, 2.0));
        let missing = of([0; 14]).into_iter().filter(|(_, v)| v.is_nan()).count();
        assert_eq!(missing, 10, "of an account without transactions only counts are known");
    }
}
