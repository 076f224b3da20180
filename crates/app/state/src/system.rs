//! Random numbers and the time of the system.

use holdfast_input::time::rfc3339;

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
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    rfc3339(i64::try_from(seconds).unwrap_or(i64::MAX))
}
