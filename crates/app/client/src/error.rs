//! Why a request has no answer.

use holdfast_types::ErrorKind;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The request cannot be sent as it is.
    #[error("{0}")]
    Request(String),
    /// The server is not reached, or did not answer in time.
    #[error("the server at {server} does not answer: {reason}")]
    Unreachable {
        /// Its URL or socket.
        server: String,
        /// Error of the connection.
        reason: String,
    },
    /// The server refused it.
    #[error("{message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The server's message.
        message: String,
        /// The server's stable code, where it names one.
        code: Option<String>,
    },
    /// The answer does not have the expected form.
    #[error("the server at {server} sent an unexpected answer: {reason}")]
    Answer {
        /// Its URL or socket.
        server: String,
        /// Fault of the answer.
        reason: String,
    },
}

impl ClientError {
    /// Returns the HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            ClientError::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            ClientError::Request(_) => ErrorKind::Invalid,
            ClientError::Unreachable { .. } => ErrorKind::Unavailable,
            ClientError::Answer { .. } => ErrorKind::Internal,
            ClientError::Refused { status, .. } => match status {
                401 | 403 => ErrorKind::Forbidden,
                404 => ErrorKind::NotFound,
                409 => ErrorKind::State,
                429 => ErrorKind::Busy,
                424 => ErrorKind::Partner,
                502..=504 => ErrorKind::Unavailable,
                400..=499 => ErrorKind::Invalid,
                _ => ErrorKind::Internal,
            },
        }
    }
}
