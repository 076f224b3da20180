//! Digests of results: figures that any SQL engine computes from the same rows, and a SHA-256 over the rows in order.

use holdfast_analytics_export::{Cell, Kind, Table};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use std::fmt::Write;

/// Primes that keys and values are taken modulo, so that products stay within 64 bits.
const KEY_PRIME: i128 = 1_000_003;
const VALUE_PRIME: i128 = 1_000_033;

/// The figures of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnDigest {
    /// Name.
    pub name: String,
    /// How many rows have it.
    pub known: u64,
    /// Sum, as text since it may need more than 64 bits.
    pub sum: String,
    /// Sum of products of the key and the value, each modulo a prime: tells values that changed places.
    pub mixed: String,
}

/// What a result is told apart by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// Rows.
    pub rows: u64,
    /// Numeric columns but the keys.
    pub columns: Vec<ColumnDigest>,
    /// SHA-256 over the rows in order: values as text with `|` between and a line's end after.
    pub content: String,
}

/// Digests in the making.
pub struct Digest {
    keys: usize,
    numeric: Vec<(usize, &'static str, u64, i128, i128)>,
    rows: u64,
    sha: sha2::Sha256,
    line: String,
}

impl Digest {
    /// Returns the digest of no rows.
    #[must_use]
    pub fn new(table: &Table, keys: usize) -> Self {
        let numeric = table.fields.iter().enumerate().skip(keys);
        let numeric = numeric.filter(|(_, f)| matches!(f.kind, Kind::Long | Kind::Int | Kind::Decimal | Kind::Flag));
        Digest {
            keys,
            numeric: numeric.map(|(n, field)| (n, field.name, 0, 0, 0)).collect(),
            rows: 0,
            sha: sha2::Sha256::new(),
            line: String::new(),
        }
    }

    /// Takes a row.
    pub fn take(&mut self, cells: &[Cell<'_>]) {
        let integer = |cell: &Cell<'_>| match cell {
            Cell::Long(n) => Some(i128::from(*n)),
            Cell::Int(n) => Some(i128::from(*n)),
            Cell::Flag(is) => Some(i128::from(*is)),
            Cell::Decimal(n) => Some(*n),
            Cell::Hash(_) | Cell::Text(_) | Cell::Null => None,
        };
        self.rows += 1;
        let keys = cells.iter().take(self.keys).zip([1, 7]);
        let key: i128 = keys.map(|(cell, by)| integer(cell).unwrap_or(0) % KEY_PRIME * by).sum();
        for (n, _, known, sum, mixed) in &mut self.numeric {
            if let Some(value) = cells.get(*n).and_then(integer) {
                *known += 1;
                *sum = sum.wrapping_add(value);
                *mixed = mixed.wrapping_add(key * (value % VALUE_PRIME));
            }
        }
        self.line.clear();
        for (n, cell) in cells.iter().enumerate() {
            if n > 0 {
                self.line.push('|');
            }
            // Writing to a string does not fail.
            let _ = match cell {
                Cell::Text(text) => self.line.write_str(text),
                Cell::Hash(hash) => self.line.write_str(&hex::encode(hash)),
                other => integer(other).map_or(Ok(()), |n| write!(self.line, "{n}")),
            };
        }
        self.line.push('\n');
        self.sha.update(&self.line);
    }

    /// Returns the figures.
    #[must_use]
    pub fn finish(self) -> Digests {
        let columns = self.numeric.into_iter().map(|(_, name, known, sum, mixed)| ColumnDigest {
            name: name.to_owned(),
            known,
            sum: sum.to_string(),
            mixed: mixed.to_string(),
        });
        Digests { rows: self.rows, columns: columns.collect(), content: hex::encode(self.sha.finalize()) }
    }
}
