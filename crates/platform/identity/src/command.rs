//! Requests that a command on the desk's machine signs with the desk's secret.

use crate::KeyRing;
use holdfast_types::Timestamp;

/// Scheme of such requests in the `Authorization` header.
pub const COMMAND_SCHEME: &str = "Holdfast-Command";

/// Signs one request; returns the value of its `Authorization` header; the server decides how long it is good.
pub fn sign_command(key_ring: &KeyRing, name: &str, method: &str, path: &str, now: Timestamp) -> String {
    let (name, now) = (hex::encode(name), now.unix());
    let mac = key_ring.derive("command", &format!("{now} {name} {method} {path}"));
    format!("{COMMAND_SCHEME} {now}.{name}.{}", hex::encode(&mac[..24]))
}
