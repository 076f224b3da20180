//! Tables: their fields, and rows of them by column.

use crate::error::ExportError;
use bytes::Bytes;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::Type;
use std::fmt::Write;
use std::sync::Arc;

/// Rows of a row group at most: what a writer or a reader holds of a table at once.
pub const GROUP_ROWS: usize = 131_072;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 64-bit integer: every number of a thing, and amounts of chains of outputs.
    Long,
    /// 32-bit integer.
    Int,
    /// Boolean.
    Flag,
    /// `DECIMAL(38, 0)`.
    Decimal,
    /// 32 bytes: hashes in the order that explorers print, 256-bit amounts most significant byte first.
    Hash,
    /// UTF-8 text that seldom repeats.
    Text,
    /// UTF-8 text of few distinct values.
    Label,
}

/// A field of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether rows may lack it.
    pub nullable: bool,
    /// Whether it has a Bloom filter, since single rows are sought by it.
    pub sought: bool,
}

impl Field {
    /// Returns a field that every row has.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Field { name, kind, nullable: false, sought: false }
    }

    /// Returns a field that rows may lack.
    #[must_use]
    pub const fn or_null(name: &'static str, kind: Kind) -> Self {
        Field { name, kind, nullable: true, sought: false }
    }

    /// Returns a field that single rows are sought by.
    #[must_use]
    pub const fn sought(name: &'static str, kind: Kind) -> Self {
        Field { name, kind, nullable: false, sought: true }
    }
}

/// A table.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Name: of its folder, and of its view in SQL.
    pub name: &'static str,
    /// Fields, in the order of their columns.
    pub fields: &'static [Field],
}

impl Table {
    /// Returns the schema in Parquet's terms.
    pub(crate) fn schema(&self) -> Result<Arc<Type>, ExportError> {
        let mut text = format!("message {} {{\n", self.name);
        for field in self.fields {
            let (before, after) = match field.kind {
                Kind::Long => ("int64", ""),
                Kind::Int => ("int32", ""),
                Kind::Flag => ("boolean", ""),
                Kind::Decimal => ("fixed_len_byte_array(16)", "(DECIMAL(38,0))"),
                Kind::Hash => ("fixed_len_byte_array(32)", ""),
                Kind::Text | Kind::Label => ("binary", "(UTF8)"),
            };
            let needed = if field.nullable { "optional" } else { "required" };
            let _ = writeln!(text, "{needed} {before} {} {after};", field.name);
        }
        text.push('}');
        parse_message_type(&text).map(Arc::new).map_err(|e| ExportError::Internal(format!("{}: {e}", self.name)))
    }
}

/// A value of a row.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'a> {
    /// Of [`Kind::Long`].
    Long(i64),
    /// Of [`Kind::Int`].
    Int(i32),
    /// Of [`Kind::Flag`].
    Flag(bool),
    /// Of [`Kind::Decimal`].
    Decimal(i128),
    /// Of [`Kind::Hash`].
    Hash(&'a [u8; 32]),
    /// Of [`Kind::Text`] and [`Kind::Label`].
    Text(&'a str),
    /// Nothing, of a field that rows may lack.
    Null,
}

impl Cell<'_> {
    /// Returns a number, or nothing.
    #[must_use]
    pub fn long_or_null(number: Option<i64>) -> Self {
        number.map_or(Cell::Null, Cell::Long)
    }
}

/// The greatest `DECIMAL(38, 0)`.
pub const DECIMAL_MAX: i128 = 10i128.pow(38) - 1;

/// Values of a column. Where a row lacks the field there is a value that means nothing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    Long(Vec<i64>),
    Int(Vec<i32>),
    Flag(Vec<bool>),
    Decimal(Vec<i128>),
    Hash(Vec<[u8; 32]>),
    Text {
        bytes: Vec<u8>,
        /// Where each value ends.
        ends: Vec<usize>,
    },
}

/// A column of some rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub(crate) values: Values,
    /// By row, whether there is a value; none where every row has one.
    pub(crate) known: Option<Vec<bool>>,
}

impl Column {
    pub(crate) fn of(field: &Field) -> Self {
        let values = match field.kind {
            Kind::Long => Values::Long(Vec::new()),
            Kind::Int => Values::Int(Vec::new()),
            Kind::Flag => Values::Flag(Vec::new()),
            Kind::Decimal => Values::Decimal(Vec::new()),
            Kind::Hash => Values::Hash(Vec::new()),
            Kind::Text | Kind::Label => Values::Text { bytes: Vec::new(), ends: Vec::new() },
        };
        Column { values, known: field.nullable.then(Vec::new) }
    }

    /// Appends a value; false where it does not fit the field.
    pub(crate) fn put(&mut self, cell: Cell<'_>) -> bool {
        let is_known = !matches!(cell, Cell::Null);
        match &mut self.known {
            Some(known) => known.push(is_known),
            None if is_known => {}
            None => return false,
        }
        match (&mut self.values, cell) {
            (Values::Long(all), Cell::Long(value)) => all.push(value),
            (Values::Long(all), Cell::Null) => all.push(0),
            (Values::Int(all), Cell::Int(value)) => all.push(value),
            (Values::Int(all), Cell::Null) => all.push(0),
            (Values::Flag(all), Cell::Flag(value)) => all.push(value),
            (Values::Flag(all), Cell::Null) => all.push(false),
            (Values::Decimal(all), Cell::Decimal(value)) if value.abs() <= DECIMAL_MAX => all.push(value),
            (Values::Decimal(all), Cell::Null) => all.push(0),
            (Values::Hash(all), Cell::Hash(value)) => all.push(*value),
            (Values::Hash(all), Cell::Null) => all.push([0; 32]),
            (Values::Text { bytes, ends }, Cell::Text(value)) => {
                bytes.extend_from_slice(value.as_bytes());
                ends.push(bytes.len());
            }
            (Values::Text { bytes, ends }, Cell::Null) => ends.push(bytes.len()),
            _ => return false,
        }
        true
    }

    /// Returns whether a row has a value.
    #[inline]
    #[must_use]
    pub fn is_known(&self, row: usize) -> bool {
        self.known.as_ref().is_none_or(|known| known.get(row).copied().unwrap_or(false))
    }

    /// Returns an integer; none where the row lacks it, or the column holds something else.
    #[inline]
    #[must_use]
    pub fn integer(&self, row: usize) -> Option<i128> {
        if !self.is_known(row) {
            return None;
        }
        match &self.values {
            Values::Long(all) => all.get(row).map(|n| i128::from(*n)),
            Values::Int(all) => all.get(row).map(|n| i128::from(*n)),
            Values::Flag(all) => all.get(row).map(|n| i128::from(*n)),
            Values::Decimal(all) => all.get(row).copied(),
            Values::Hash(_) | Values::Text { .. } => None,
        }
    }

    /// Returns a number; none where the row lacks it, or the column holds something else.
    #[inline]
    #[must_use]
    pub fn long(&self, row: usize) -> Option<i64> {
        match &self.values {
            Values::Long(all) if self.is_known(row) => all.get(row).copied(),
            _ => None,
        }
    }

    /// Returns a flag; false where the column holds something else.
    #[inline]
    #[must_use]
    pub fn flag(&self, row: usize) -> bool {
        matches!(&self.values, Values::Flag(all) if all.get(row).copied().unwrap_or(false))
    }

    /// Returns 32 bytes; none where the row lacks them, or the column holds something else.
    #[must_use]
    pub fn hash(&self, row: usize) -> Option<&[u8; 32]> {
        match &self.values {
            Values::Hash(all) if self.is_known(row) => all.get(row),
            _ => None,
        }
    }

    /// Returns a text; none where the row lacks it, or the column holds something else.
    #[must_use]
    pub fn text(&self, row: usize) -> Option<&str> {
        let Values::Text { bytes, ends } = &self.values else { return None };
        let from = row.checked_sub(1).map_or(Some(0), |before| ends.get(before).copied())?;
        let text = bytes.get(from..*ends.get(row)?).filter(|_| self.is_known(row))?;
        std::str::from_utf8(text).ok()
    }

    /// Takes the texts out, each a part of one allocation.
    pub(crate) fn take_texts(bytes: &mut Vec<u8>, ends: &mut Vec<usize>) -> Vec<Bytes> {
        let all = Bytes::from(std::mem::take(bytes));
        let mut from = 0;
        let texts = ends.drain(..).map(|end| all.slice(std::mem::replace(&mut from, end)..end));
        texts.collect()
    }
}
