//! What can go wrong with tables, models and imports.

/// An error of this crate. Messages begin with the field or file and end with the fix.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// A column cannot be a feature.
    #[error("feature {name}: {reason}")]
    Feature {
        /// Its name.
        name: String,
        /// What is wrong, and the fix.
        reason: String,
    },
    /// A table is damaged or too large.
    #[error("table: {0}")]
    Table(String),
    /// A parameter of training is outside its range.
    #[error("{name}: {value} is not within {least} to {most}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: String,
        /// Smallest allowed value.
        least: String,
        /// Largest allowed value.
        most: String,
    },
    /// Too few rows or labels for what was requested.
    #[error("{0}")]
    TooFew(String),
    /// Features that separate the classes alone.
    #[error("leak: {0}; remove the feature, or state why it was known at the event's time")]
    Leak(String),
    /// A model file cannot be read.
    #[error("model file: {0}")]
    File(String),
    /// A model of another library cannot be imported.
    #[error("import: {0}")]
    Import(String),
}
