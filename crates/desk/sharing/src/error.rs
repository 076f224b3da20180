//! Why sharing failed.

holdfast_screening::department_error! {
    /// Why sharing failed.
    SharingError {
        /// An object does not have the form of its format.
        #[error("{0}: {1}")]
        Object(String, String) => Invalid,
        /// A partner's server did not answer as it should.
        #[error("{0}: {1}")]
        Partner(String, String) => Partner,
    }
}
