//! What is wrong with a field of an input.

/// A field that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Invalid {
    /// Name of the field, by its path in what was sent.
    pub field: String,
    /// What is wrong and how to fix it.
    pub problem: String,
}

impl Invalid {
    /// Makes an error about a field.
    pub fn new(field: &str, problem: impl Into<String>) -> Self {
        Invalid { field: field.to_owned(), problem: problem.into() }
    }
}
