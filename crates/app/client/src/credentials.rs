//! Credentials of requests.

use holdfast_identity::{KeyRing, sign_command};
use std::time::SystemTime;

/// The sender of requests.
#[derive(Clone)]
pub enum Credentials {
    /// No credentials: for open desks and requests that need no key.
    None,
    /// An API key, a learner's key, or the session of an officer.
    Key(String),
    /// A command on the desk's machine: each request is signed with the desk's secret, for one minute.
    Command {
        /// The desk's secret.
        key_ring: KeyRing,
        /// The name for the audit log.
        actor: String,
    },
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Credentials::None => f.write_str("None"),
            Credentials::Key(_) => f.write_str("Key"),
            Credentials::Command { actor, .. } => write!(f, "Command({actor})"),
        }
    }
}

impl Credentials {
    /// The value of the `Authorization` header.
    pub(crate) fn header(&self, method: &str, path: &str) -> Option<String> {
        match self {
            Credentials::None => None,
            Credentials::Key(key) => Some(format!("Bearer {key}")),
            Credentials::Command { key_ring, actor } => {
                Some(sign_command(key_ring, actor, method, path, SystemTime::now().into()))
            }
        }
    }
}
