//! Every table of the database, by its catalogue: read row by row, whatever departments there are.

use crate::RetentionError;
use crate::pseudonym::Pseudonyms;
use holdfast_screening::Screening;
use holdfast_store::{Database, DbError, Row, Value};
use std::ops::ControlFlow;

/// Rows that are read at once.
const PAGE: usize = 500;
/// Most rows that one erasure rewrites.
pub(crate) const MAX_ROWS: usize = 500_000;

/// A table, as the catalogue has it.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// Columns of the primary key, or all where there is none.
    key: Vec<String>,
    /// Columns of text.
    texts: Vec<String>,
}

/// A row that holds values of the customer.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) table: String,
    key: Vec<(String, Value)>,
    /// Columns with their text, and what is to stand there.
    pub(crate) changes: Vec<(String, String, String)>,
}

impl Hit {
    /// Returns the number in a column of the key.
    pub(crate) fn number(&self, column: &str) -> Option<u64> {
        self.key.iter().find(|(name, _)| name == column).and_then(|(_, value)| match value {
            Value::Int(n) => u64::try_from(*n).ok(),
            _ => None,
        })
    }
}

/// Names of tables and columns come from the catalogue; they are written as they are into statements, so that they must be plain.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Returns all tables of the database.
pub(crate) fn all(db: &mut Database) -> Result<Vec<Table>, DbError> {
    let sql = match db.kind() {
        "SQLite" => {
            "SELECT m.name, p.name, p.type, p.pk FROM sqlite_master m JOIN pragma_table_info(m.name) p
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, p.cid"
        }
        _ => {
            "SELECT CAST(c.table_name AS TEXT), CAST(c.column_name AS TEXT), UPPER(CAST(c.data_type AS TEXT)),
                    CAST(COALESCE(k.ordinal_position, 0) AS BIGINT)
             FROM information_schema.columns c LEFT JOIN (
               SELECT u.table_name, u.column_name, u.ordinal_position FROM information_schema.table_constraints t
               JOIN information_schema.key_column_usage u ON u.constraint_name = t.constraint_name AND u.table_schema = t.table_schema
               WHERE t.constraint_type = 'PRIMARY KEY' AND t.table_schema = current_schema()) k
             ON k.table_name = c.table_name AND k.column_name = c.column_name
             WHERE c.table_schema = current_schema() ORDER BY c.table_name, c.ordinal_position"
        }
    };
    let mut tables: Vec<(Table, Vec<(i64, String)>)> = Vec::new();
    for row in db.query(sql, &[])? {
        let (table, column) = (row.text(0)?, row.text(1)?);
        for name in [table, column] {
            if !is_plain(name) {
                let cause = format!("the name '{name}' is not made by Holdfast");
                return Err(DbError::Stored { what: "catalogue".into(), cause });
            }
        }
        if tables.last().is_none_or(|(t, _)| t.name != table) {
            tables.push((Table { name: table.to_owned(), key: Vec::new(), texts: Vec::new() }, Vec::new()));
        }
        let Some((known, key)) = tables.last_mut() else { continue };
        known.key.push(column.to_owned());
        if row.text(2)? == "TEXT" {
            known.texts.push(column.to_owned());
        }
        match row.int(3)? {
            0 => {}
            place => key.push((place, column.to_owned())),
        }
    }
    let with_key = tables.into_iter().map(|(mut table, mut key)| {
        if !key.is_empty() {
            key.sort();
            table.key = key.into_iter().map(|(_, column)| column).collect();
        }
        table
    });
    Ok(with_key.collect())
}

impl Table {
    /// Reads the rows after one, in the order of the key.
    fn page(&self, db: &mut Database, after: Option<&[Value]>) -> Result<Vec<Row>, DbError> {
        let (key, texts) = (self.key.join(", "), self.texts.join(", "));
        let place = match after {
            None => String::new(),
            Some(values) => {
                let places: Vec<String> = (1..=values.len()).map(|n| format!("${n}")).collect();
                format!("WHERE ({key}) > ({})", places.join(", "))
            }
        };
        let sql = format!("SELECT {key}, {texts} FROM {} {place} ORDER BY {key} LIMIT {PAGE}", self.name);
        db.query(&sql, after.unwrap_or_default())
    }

    fn hit(&self, row: &Row, names: &Pseudonyms) -> Option<Hit> {
        let texts = self.texts.iter().enumerate().filter_map(|(i, column)| {
            let old = row.text_or_null(self.key.len() + i)?;
            // The number of a customer's own record is the customer.
            let is_own = self.name == "records" && column == "id" && row.text_or_null(0) == Some("customer");
            let new = names.rewritten(if is_own { "customer" } else { column }, old)?;
            Some((column.clone(), old.to_owned(), new))
        });
        let changes: Vec<_> = texts.collect();
        let key = || self.key.iter().cloned().zip(row.0.iter().cloned()).collect();
        (!changes.is_empty()).then(|| Hit { table: self.name.clone(), key: key(), changes })
    }
}

/// Rows read, and those that hold values of the customer.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) tables: u64,
    pub(crate) rows: u64,
    pub(crate) hits: Vec<Hit>,
}

/// Reads every row of every table, beside the writer, a page at a time; `each` gets tables and rows so far and may end it, for nothing.
pub(crate) fn find(
    screening: &Screening,
    names: &Pseudonyms,
    each: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<Option<Found>, RetentionError> {
    let mut found = Found::default();
    for table in screening.read(all)? {
        found.tables += 1;
        let mut after: Option<Vec<Value>> = None;
        while !table.texts.is_empty() {
            let page = screening.read(|db| table.page(db, after.as_deref()))?;
            let Some(last) = page.last() else { break };
            after = Some(last.0.iter().take(table.key.len()).cloned().collect());
            found.rows += page.len() as u64;
            found.hits.extend(page.iter().filter_map(|row| table.hit(row, names)));
            if found.hits.len() > MAX_ROWS {
                let text = format!("more than {MAX_ROWS} rows name the customer; that many are not rewritten at once");
                return Err(RetentionError::State(text));
            }
            if each(found.tables, found.rows).is_break() {
                return Ok(None);
            }
            if page.len() < PAGE {
                break;
            }
        }
    }
    Ok(Some(found))
}

/// Rewrites rows that still say what was read of them; returns how many did.
pub(crate) fn rewrite(db: &mut Database, hits: &[Hit]) -> Result<u64, DbError> {
    let mut done = 0;
    for hit in hits {
        let (mut parameters, mut set, mut place) = (Vec::new(), Vec::new(), Vec::new());
        let at = |parameters: &mut Vec<Value>, value: Value| {
            parameters.push(value);
            parameters.len()
        };
        for (column, _, new) in &hit.changes {
            set.push(format!("{column} = ${}", at(&mut parameters, new.as_str().into())));
        }
        for (column, value) in &hit.key {
            place.push(format!("{column} = ${}", at(&mut parameters, value.clone())));
        }
        for (column, old, _) in &hit.changes {
            place.push(format!("{column} = ${}", at(&mut parameters, old.as_str().into())));
        }
        let sql = format!("UPDATE {} SET {} WHERE {}", hit.table, set.join(", "), place.join(" AND "));
        done += db.execute(&sql, &parameters)?;
    }
    Ok(done)
}
