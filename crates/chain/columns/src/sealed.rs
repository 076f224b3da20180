//! JSON files whose first line is the SHA-256 of the rest, written beside the old file and renamed over it.

use holdfast_types::hash::sha256;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Why a sealed file does not read.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The checksum in the first line is not that of the rest.
    #[error("checksum does not match; the file was altered or damaged")]
    Checksum,
    /// Not the expected JSON.
    #[error("does not decode: {0}")]
    Json(#[from] serde_json::Error),
}

/// Reads a sealed file.
///
/// # Errors
/// [`SealError`] names what is wrong with it.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, SealError> {
    let text = std::fs::read_to_string(path)?;
    let (sum, json) = text.split_once('\n').ok_or(SealError::Checksum)?;
    if hex::encode(sha256(json.as_bytes())) != sum {
        return Err(SealError::Checksum);
    }
    Ok(serde_json::from_str(json)?)
}

/// Writes a new sealed file and waits until it is on disk.
///
/// # Errors
/// When the system refuses.
pub fn write(path: &Path, json: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    write!(file, "{}\n{json}", hex::encode(sha256(json.as_bytes())))?;
    file.sync_all()
}

/// Replaces `dir/name`: after this returns, a kill or power cut at any moment leaves this file or a later one.
///
/// # Errors
/// When the system refuses; the old file stays.
pub fn replace<T: Serialize>(dir: &Path, name: &str, value: &T) -> io::Result<()> {
    let temporary = dir.join(format!("{name}.new"));
    write(&temporary, &serde_json::to_string_pretty(value)?)?;
    std::fs::rename(&temporary, dir.join(name))?;
    File::open(dir)?.sync_all()
}
