//! Why nobody is signed on.

/// Why nobody is signed on, or a logout is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignOnError {
    /// A setting.
    #[error("{0}")]
    Setting(String),
    /// What the browser or the provider's message brings is not accepted.
    #[error("{0}")]
    Refused(String),
    /// The provider does not answer, or not as OpenID Connect says.
    #[error("the identity provider: {0}")]
    Provider(String),
}

impl SignOnError {
    pub(crate) fn refused(text: impl Into<String>) -> Self {
        SignOnError::Refused(text.into())
    }

    pub(crate) fn provider(text: impl Into<String>) -> Self {
        SignOnError::Provider(text.into())
    }
}
