//! Tables: columns of numbers, and the labels, times and groups of their rows.

use crate::{ModelError, Schema};
use holdfast_types::Timestamp;
use serde::{Deserialize, Serialize};

/// Most rows of a table.
pub const MAX_ROWS: usize = 1 << 24;

/// What is known about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// A reviewer or an outcome confirmed it.
    Positive,
    /// A reviewer or an outcome excluded it.
    Negative,
    /// Nobody reviewed it. Not the same as negative.
    Unlabelled,
}

/// Whose row it is: a customer or a cluster, as a number that the caller assigns. A group is never in two parts of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u64);

/// Features of rows, by column. NaN is a missing value.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    schema: Schema,
    columns: Vec<Vec<f64>>,
    rows: usize,
}

impl Table {
    /// Returns a table of columns in the order of the schema's features.
    ///
    /// # Errors
    ///
    /// `Table` if columns are missing, differ in length, hold an infinite value, or have more than [`MAX_ROWS`] rows.
    pub fn new(schema: Schema, mut columns: Vec<Vec<f64>>) -> Result<Self, ModelError> {
        if columns.len() != schema.len() {
            let text =
                format!("{} columns for {} features; give one for each, in their order", columns.len(), schema.len());
            return Err(ModelError::Table(text));
        }
        let rows = columns.first().map_or(0, Vec::len);
        if rows > MAX_ROWS {
            return Err(ModelError::Table(format!("{rows} rows; the most is {MAX_ROWS}")));
        }
        for (column, feature) in columns.iter_mut().zip(schema.features()) {
            if column.len() != rows {
                let text = format!("{}: {} values where other columns have {rows}", feature.name, column.len());
                return Err(ModelError::Table(text));
            }
            if let Some(row) = column.iter().position(|v| v.is_infinite()) {
                let text = format!("{}: infinite in row {row}; write NaN where a value is not known", feature.name);
                return Err(ModelError::Table(text));
            }
            // -0 and 0 are one value.
            column.iter_mut().filter(|v| **v == 0.0).for_each(|v| *v = 0.0);
        }
        Ok(Table { schema, columns, rows })
    }

    /// Returns the features.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Returns the columns.
    #[must_use]
    pub fn columns(&self) -> &[Vec<f64>] {
        &self.columns
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns a row's values, or nothing behind the last row.
    #[must_use]
    pub fn row(&self, row: usize) -> Vec<f64> {
        self.columns.iter().filter_map(|c| c.get(row).copied()).collect()
    }

    /// Returns the table of some rows, in the order given; numbers behind the last row are left out.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Table {
        let columns: Vec<Vec<f64>> =
            self.columns.iter().map(|c| rows.iter().filter_map(|r| c.get(*r).copied()).collect()).collect();
        let rows = rows.iter().filter(|r| **r < self.rows).count();
        Table { schema: self.schema.clone(), columns, rows }
    }
}

/// A table with what is known of its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    table: Table,
    labels: Vec<Label>,
    times: Vec<Timestamp>,
    groups: Vec<GroupId>,
}

impl Rows {
    /// Returns a table with label, event time and group of each row.
    ///
    /// # Errors
    ///
    /// `Table` if the lengths differ.
    pub fn new(
        table: Table,
        labels: Vec<Label>,
        times: Vec<Timestamp>,
        groups: Vec<GroupId>,
    ) -> Result<Self, ModelError> {
        for (name, n) in [("labels", labels.len()), ("times", times.len()), ("groups", groups.len())] {
            if n != table.rows() {
                return Err(ModelError::Table(format!("{name}: {n} for {} rows", table.rows())));
            }
        }
        Ok(Rows { table, labels, times, groups })
    }

    /// Returns the features.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Returns the labels.
    #[must_use]
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Returns the times of the events.
    #[must_use]
    pub fn times(&self) -> &[Timestamp] {
        &self.times
    }

    /// Returns whose rows they are.
    #[must_use]
    pub fn groups(&self) -> &[GroupId] {
        &self.groups
    }
}
