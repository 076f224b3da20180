//! Random numbers and the time of the system.

use holdfast_types::Timestamp;
use std::time::SystemTime;

/// Returns 32 random bytes of the system.
///
/// # Errors
/// When the system has none.
pub fn entropy() -> std::io::Result<[u8; 32]> {
    use std::io::Read;
    let mut bytes = [0u8; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Returns the present time, RFC 3339, UTC.
pub fn now() -> String {
    Timestamp::from(SystemTime::now()).rfc3339()
}
