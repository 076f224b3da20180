//! Values and rows, alike for both databases.

use crate::DbError;
use holdfast_types::{Seconds, Timestamp};
use serde::{Deserialize, Serialize};

/// Parses stored JSON; `what` names it in the error.
///
/// # Errors
/// [`DbError::Stored`] when the text is not such a value.
pub fn parse<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T, DbError> {
    serde_json::from_str(text).map_err(|e| DbError::Stored { what: what.to_owned(), cause: e.to_string() })
}

/// A column value: `TEXT`, `BIGINT` or `NULL`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// `NULL`.
    Null,
    /// `BIGINT`.
    Int(i64),
    /// `TEXT`.
    Text(String),
}

impl From<i64> for Value {
    fn from(v: i64) -> Self {
        Value::Int(v)
    }
}

/// Unix seconds.
impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Value::Int(time.unix())
    }
}

impl From<Seconds> for Value {
    fn from(span: Seconds) -> Self {
        Value::Int(span.count())
    }
}

/// An id or cursor as a `BIGINT`; a larger one becomes the largest, which lies beyond every stored row.
pub fn number(v: impl Into<u64>) -> Value {
    Value::Int(i64::try_from(v.into()).unwrap_or(i64::MAX))
}

impl From<&str> for Value {
    fn from(v: &str) -> Self {
        Value::Text(v.to_owned())
    }
}

impl From<String> for Value {
    fn from(v: String) -> Self {
        Value::Text(v)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Value::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(i) => ValueRef::Integer(*i),
            Value::Text(t) => ValueRef::Text(t.as_bytes()),
        }))
    }
}

impl postgres::types::ToSql for Value {
    fn to_sql(
        &self,
        ty: &postgres::types::Type,
        out: &mut postgres::types::private::BytesMut,
    ) -> Result<postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(postgres::types::IsNull::Yes),
            Value::Int(i) => i.to_sql(ty, out),
            Value::Text(t) => t.to_sql(ty, out),
        }
    }

    fn accepts(ty: &postgres::types::Type) -> bool {
        <i64 as postgres::types::ToSql>::accepts(ty) || <String as postgres::types::ToSql>::accepts(ty)
    }

    postgres::types::to_sql_checked!();
}

/// A row of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(pub Vec<Value>);

impl Row {
    /// Returns a number from a column that is never null.
    ///
    /// # Errors
    /// [`DbError::Type`] when the column is no number.
    pub fn int(&self, i: usize) -> Result<i64, DbError> {
        match self.0.get(i) {
            Some(Value::Int(v)) => Ok(*v),
            _ => Err(DbError::Type(i)),
        }
    }

    /// Returns a number from a column that is never null, as a type that holds it: an id, a count.
    ///
    /// # Errors
    /// [`DbError::Type`] when the column is no number, or one that the type does not hold.
    pub fn number<T: TryFrom<i64>>(&self, i: usize) -> Result<T, DbError> {
        T::try_from(self.int(i)?).map_err(|_| DbError::Type(i))
    }

    /// Returns a number as a type that holds it; `None` for null.
    ///
    /// # Errors
    /// [`DbError::Type`] when it is a number that the type does not hold.
    pub fn number_or_null<T: TryFrom<i64>>(&self, i: usize) -> Result<Option<T>, DbError> {
        self.int_or_null(i).map(|v| T::try_from(v).map_err(|_| DbError::Type(i))).transpose()
    }

    /// Returns a number; `None` for null.
    pub fn int_or_null(&self, i: usize) -> Option<i64> {
        match self.0.get(i) {
            Some(Value::Int(v)) => Some(*v),
            _ => None,
        }
    }

    /// Returns a time from a column of Unix seconds that is never null.
    ///
    /// # Errors
    /// [`DbError::Type`] when the column is no number.
    pub fn time(&self, i: usize) -> Result<Timestamp, DbError> {
        self.int(i).map(Timestamp::from_unix)
    }

    /// Returns a time; `None` for null.
    pub fn time_or_null(&self, i: usize) -> Option<Timestamp> {
        self.int_or_null(i).map(Timestamp::from_unix)
    }

    /// Returns text from a column that is never null.
    ///
    /// # Errors
    /// [`DbError::Type`] when the column is no text.
    pub fn text(&self, i: usize) -> Result<&str, DbError> {
        match self.0.get(i) {
            Some(Value::Text(v)) => Ok(v),
            _ => Err(DbError::Type(i)),
        }
    }

    /// Returns text as a type that it names: a state, a kind.
    ///
    /// # Errors
    /// [`DbError::Type`] when the column is no text, or names nothing of the type.
    pub fn named<T: std::str::FromStr>(&self, i: usize) -> Result<T, DbError> {
        self.text(i)?.parse().map_err(|_| DbError::Type(i))
    }

    /// Returns text; `None` for null.
    pub fn text_or_null(&self, i: usize) -> Option<&str> {
        match self.0.get(i) {
            Some(Value::Text(v)) => Some(v),
            _ => None,
        }
    }
}
