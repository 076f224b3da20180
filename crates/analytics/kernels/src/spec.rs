//! What each kernel computes: its keys, measures and how those of segments join, by the model of the chain.

use holdfast_analytics_export::{Field, Kind, Model, Table};
use serde::{Deserialize, Serialize};

use Kind::{Decimal, Label, Long, Text};

/// Rises when a kernel gives other results for the same input.
pub const VERSION: u32 = 1;

/// A kernel.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kernel {
    /// The spanning forest of addresses that spend together (chains of outputs).
    Forest,
    /// Features of addresses or accounts, for models.
    Features,
    /// Balances: of addresses, or of accounts and assets.
    Balances,
    /// Statistics of addresses or accounts.
    Statistics,
}

impl Kernel {
    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// How measures of one key join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// Added.
    Sum,
    /// The least.
    Min,
    /// The greatest.
    Max,
}

/// A kernel whose result is a table of measures by key: the keys are the table's first fields.
#[derive(Debug)]
pub struct Spec {
    /// What each segment gives.
    pub table: &'static Table,
    /// How many fields are keys: one or two.
    pub keys: usize,
    /// How each of the others joins.
    pub joins: &'static [Join],
    /// What the joined result is: the same table where nothing follows.
    pub result: &'static Table,
}

use Join::{Max, Min, Sum};

/// Adds the names of the fields of time and place, which are the last of statistics and features.
macro_rules! with_span {
    ($($field:expr),* $(,)?) => {
        &[
            $($field,)*
            Field::new("first_tx", Long), Field::new("last_tx", Long),
            Field::new("first_height", Long), Field::new("last_height", Long),
            Field::new("first_time", Long), Field::new("last_time", Long),
        ]
    };
}

static OUTPUT_STATISTICS: Table = Table {
    name: "statistics",
    fields: with_span![
        Field::new("address", Long),
        Field::new("outputs", Long),
        Field::new("received", Decimal),
        Field::new("inputs", Long),
        Field::new("spent", Decimal),
        Field::new("unknown_inputs", Long),
        Field::new("txs", Long),
    ],
};

static OUTPUT_FEATURES: Table = Table {
    name: "features",
    fields: with_span![
        Field::new("address", Long),
        Field::new("outputs", Long),
        Field::new("received", Decimal),
        Field::new("greatest_received", Long),
        Field::new("coinbase_outputs", Long),
        Field::new("round_outputs", Long),
        Field::new("inputs", Long),
        Field::new("spent", Decimal),
        Field::new("greatest_spent", Long),
        Field::new("external_inputs", Long),
        Field::new("txs", Long),
        Field::new("txs_in", Long),
        Field::new("txs_out", Long),
        Field::new("txs_both", Long),
        Field::new("coinjoin_txs", Long),
        Field::new("fan_in", Long),
        Field::new("fan_in_outputs", Long),
        Field::new("fan_out", Long),
        Field::new("fan_out_inputs", Long),
        Field::new("blocks", Long),
    ],
};

static OUTPUT_BALANCES: Table = Table {
    name: "balances",
    fields: &[Field::new("address", Long), Field::new("unspent", Long), Field::new("balance", Decimal)],
};

static ACCOUNT_STATISTICS: Table = Table {
    name: "statistics",
    fields: with_span![
        Field::new("account", Long),
        Field::new("transfers_in", Long),
        Field::new("transfers_out", Long),
        Field::new("fees", Long),
        Field::new("paid_txs", Long),
        Field::new("txs", Long),
    ],
};

static ACCOUNT_FEATURES: Table = Table {
    name: "features",
    fields: with_span![
        Field::new("account", Long),
        Field::new("value_in", Long),
        Field::new("value_out", Long),
        Field::new("internal_in", Long),
        Field::new("internal_out", Long),
        Field::new("token_in", Long),
        Field::new("token_out", Long),
        Field::new("mints", Long),
        Field::new("burns", Long),
        Field::new("rewards", Long),
        Field::new("fees", Long),
        Field::new("paid_txs", Long),
        Field::new("failed_txs", Long),
        Field::new("txs", Long),
        Field::new("blocks", Long),
    ],
};

/// Sums of the four 64-bit limbs of amounts: exact whatever the amounts are.
static ACCOUNT_LIMBS: Table = Table {
    name: "limbs",
    fields: &[
        Field::new("account", Long),
        Field::new("asset", Long),
        Field::new("transfers", Long),
        Field::new("wide", Long),
        Field::new("limb0", Decimal),
        Field::new("limb1", Decimal),
        Field::new("limb2", Decimal),
        Field::new("limb3", Decimal),
    ],
};

/// What came less what went since the first exported block. `moved` is missing where a transfer was wide; `moved_text` beyond 256 bits.
static ACCOUNT_BALANCES: Table = Table {
    name: "balances",
    fields: &[
        Field::new("account", Long),
        Field::new("asset", Long),
        Field::new("transfers", Long),
        Field::new("wide", Long),
        Field::or_null("moved", Decimal),
        Field::or_null("moved_text", Text),
    ],
};

/// Merges of a forest, in the order in which they join clusters.
pub static FOREST: Table = Table {
    name: "forest",
    fields: &[Field::new("a", Long), Field::new("b", Long), Field::new("tx", Long), Field::new("heuristic", Label)],
};

/// What [`FOREST`] comes to: the cluster of each address that is in one with others, its least number.
pub static LABELS: Table =
    Table { name: "labels", fields: &[Field::new("address", Long), Field::new("cluster", Long)] };

impl Kernel {
    /// Returns what a kernel computes on chains of a model; none of a forest, which is no table of measures.
    #[must_use]
    pub fn spec(self, model: Model) -> Option<Spec> {
        let same = |table, joins| Spec { table, keys: 1, joins, result: table };
        Some(match (self, model) {
            (Kernel::Forest, _) => return None,
            (Kernel::Statistics, Model::Outputs) => {
                same(&OUTPUT_STATISTICS, &[Sum, Sum, Sum, Sum, Sum, Sum, Min, Max, Min, Max, Min, Max])
            }
            (Kernel::Features, Model::Outputs) => same(
                &OUTPUT_FEATURES,
                &[
                    Sum, Sum, Max, Sum, Sum, Sum, Sum, Max, Sum, Sum, Sum, Sum, Sum, Sum, Sum, Sum, Sum, Sum, Sum, Min,
                    Max, Min, Max, Min, Max,
                ],
            ),
            (Kernel::Balances, Model::Outputs) => same(&OUTPUT_BALANCES, &[Sum, Sum]),
            (Kernel::Statistics, Model::Accounts) => {
                same(&ACCOUNT_STATISTICS, &[Sum, Sum, Sum, Sum, Sum, Min, Max, Min, Max, Min, Max])
            }
            (Kernel::Features, Model::Accounts) => same(
                &ACCOUNT_FEATURES,
                &[Sum, Sum, Sum, Sum, Sum, Sum, Sum, Sum, Sum, Sum, Sum, Sum, Sum, Sum, Min, Max, Min, Max, Min, Max],
            ),
            (Kernel::Balances, Model::Accounts) => Spec {
                table: &ACCOUNT_LIMBS,
                keys: 2,
                joins: &[Sum, Sum, Sum, Sum, Sum, Sum],
                result: &ACCOUNT_BALANCES,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray;

    #[test]
    fn every_measure_has_a_join() {
        for kernel in Kernel::VARIANTS {
            for model in [Model::Outputs, Model::Accounts] {
                if let Some(spec) = kernel.spec(model) {
                    assert_eq!(spec.keys + spec.joins.len(), spec.table.fields.len(), "{kernel:?} {model:?}");
                    for (field, join) in spec.table.fields[spec.keys..].iter().zip(spec.joins) {
                        let expected = match field.name {
                            name if name.starts_with("first_") => Min,
                            name if name.starts_with("last_") || name.starts_with("greatest_") => Max,
                            _ => Sum,
                        };
                        assert_eq!(*join, expected, "{} of {kernel:?} {model:?}", field.name);
                    }
                }
            }
        }
    }
}
