//! What is wrong with a block.

use holdfast_types::ErrorKind;
use serde::de::DeserializeOwned;
use std::fmt;

/// A block that cannot be used: which block, which field, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct BlockError {
    /// Height of the block, where it could be read.
    pub block: Option<u64>,
    /// Field by its path in the block, such as `transactions[3].value`.
    pub field: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It does not read.
    #[error("{0}")]
    Malformed(String),
    /// It states one thing and the content gives another.
    #[error("{stated} is stated, but the content gives {computed}")]
    Mismatch {
        /// What the block states.
        stated: String,
        /// What its content gives.
        computed: String,
    },
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.block {
            Some(height) => write!(f, "block {height}: {}: {}", self.field, self.problem),
            None => write!(f, "block of unknown height: {}: {}", self.field, self.problem),
        }
    }
}

impl BlockError {
    /// Returns the kind that interfaces map.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    /// Makes an error about a field that does not read.
    pub fn malformed(field: impl Into<String>, problem: impl fmt::Display) -> Self {
        BlockError { block: None, field: field.into(), problem: Problem::Malformed(problem.to_string()) }
    }

    /// Makes an error about a field that states one thing where the content gives another.
    pub fn mismatch(field: impl Into<String>, stated: impl fmt::Debug, computed: impl fmt::Debug) -> Self {
        let problem = Problem::Mismatch { stated: format!("{stated:?}"), computed: format!("{computed:?}") };
        BlockError { block: None, field: field.into(), problem }
    }

    /// Puts the name of what surrounds the field before it.
    #[must_use]
    pub fn within(mut self, outer: impl fmt::Display) -> Self {
        self.field = format!("{outer}.{}", self.field);
        self
    }

    /// Names the block, where none is named yet.
    #[must_use]
    pub fn of_block(mut self, height: u64) -> Self {
        self.block = self.block.or(Some(height));
        self
    }
}

/// Refuses a field whose content gives another value than is stated.
///
/// # Errors
/// [`BlockError`] with both values.
pub fn equal<T: PartialEq + fmt::Debug>(field: &str, stated: &T, computed: &T) -> Result<(), BlockError> {
    if stated == computed { Ok(()) } else { Err(BlockError::mismatch(field, stated, computed)) }
}

/// Reads JSON; an error names the field by its path behind `what`.
///
/// # Errors
/// [`BlockError`] where the text is no JSON or not of the type's shape.
pub fn parse<T: DeserializeOwned>(json: &[u8], what: &str) -> Result<T, BlockError> {
    // Keeping the path of each field takes as long as reading it: only what does not read is read with it.
    if let Ok(value) = serde_json::from_slice(json) {
        return Ok(value);
    }
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|e| {
        let path = e.path().to_string();
        let field = match path.as_str() {
            "." => what.to_owned(),
            place if place.starts_with('[') => format!("{what}{place}"),
            name => format!("{what}.{name}"),
        };
        BlockError::malformed(field, e.inner())
    })?;
    reader.end().map_err(|e| BlockError::malformed(what, e))?;
    Ok(value)
}
