//! Why a node does not answer.

use crate::BlockError;
use crate::client::words;
use holdfast_types::ErrorKind;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Why a node does not answer.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The connection failed, or the answer was no valid HTTP.
    #[error("node at {url}: {cause}")]
    Http {
        /// The node's address, without credentials.
        url: String,
        /// What went wrong.
        cause: String,
    },
    /// The credentials are wrong.
    #[error(
        "node at {url}: status {status}: check the RPC user and password, or the cookie file, or the key of its provider"
    )]
    Credentials {
        /// The node's address, without credentials.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// The node answered with an error.
    #[error("node refused {method}: {message} (code {code})")]
    Rpc {
        /// The method called.
        method: String,
        /// The node's code (EIP-1474; `rpc/protocol.h` of Bitcoin Core); 0 where its interface has none.
        code: i64,
        /// The node's message.
        message: String,
    },
    /// The answer is not of the expected shape.
    #[error("node's answer to {0} is not understood: {1}")]
    Shape(String, String),
    /// The cookie file does not read.
    #[error("cookie file {0}: {1}; is the node running, and is this its data folder?")]
    Cookie(String, String),
    /// A block does not hold.
    #[error(transparent)]
    Block(#[from] BlockError),
}

impl NodeError {
    /// Returns the kind that interfaces map.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            NodeError::Http { .. } | NodeError::Credentials { .. } | NodeError::Rpc { .. } | NodeError::Cookie(..) => {
                ErrorKind::Unavailable
            }
            NodeError::Shape(..) => ErrorKind::Partner,
            NodeError::Block(e) => e.kind(),
        }
    }

    /// Returns whether the node refuses because too much was requested: it may answer later (EIP-1474; 429 as in HTTP).
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self, NodeError::Rpc { code: -32005 | 429, .. })
    }

    /// Returns whether the node does not have the method (EIP-1474; providers have messages of their own).
    #[must_use]
    pub fn is_unknown_method(&self) -> bool {
        let NodeError::Rpc { code, message, .. } = self else { return false };
        let message = message.to_lowercase();
        let words =
            ["does not exist", "not available", "not supported", "unsupported", "unknown method", "not whitelisted"];
        *code == -32601 || (*code <= -32000 && words.iter().any(|w| message.contains(w)) && message.contains("method"))
    }
}

/// Most characters of a node's message that an error repeats.
const MAX_MESSAGE: usize = 300;

#[derive(Deserialize)]
struct Fault {
    code: i64,
    message: String,
}

/// Returns the error that an answer of JSON-RPC holds.
#[must_use]
pub fn fault(method: &str, error: &[u8]) -> NodeError {
    match serde_json::from_slice::<Fault>(error) {
        Ok(fault) => of_fault(method, fault),
        Err(_) => NodeError::Shape(method.to_owned(), words(error)),
    }
}

fn of_fault(method: &str, fault: Fault) -> NodeError {
    let message = fault.message.chars().take(MAX_MESSAGE).collect();
    NodeError::Rpc { method: method.to_owned(), code: fault.code, message }
}

/// Returns the result of an answer of JSON-RPC to one call; a missing one reads as `null`.
///
/// # Errors
/// [`NodeError::Rpc`] where the node answers with an error, [`NodeError::Shape`] where it answers something else.
pub fn result<T: DeserializeOwned>(method: &str, answer: &[u8]) -> Result<T, NodeError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        result: serde_json::Value,
        error: Option<Fault>,
    }
    let shape = |e: serde_json::Error| NodeError::Shape(method.to_owned(), e.to_string());
    let answer: Answer = serde_json::from_slice(answer).map_err(shape)?;
    match answer.error {
        Some(fault) => Err(of_fault(method, fault)),
        None => serde_json::from_value(answer.result).map_err(shape),
    }
}
