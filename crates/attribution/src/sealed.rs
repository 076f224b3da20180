//! Derived files: a magic number, the SHA-256 of the rest, the rest. Written beside the old file and renamed over it.

use holdfast_chain::hash::sha256;
use std::io::{Error, ErrorKind, Write};
use std::path::Path;

/// Writes a file, atomically and durably.
///
/// # Errors
/// When the system refuses.
pub fn save(path: &Path, magic: &[u8; 8], body: &[u8]) -> std::io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = std::fs::File::create(&temporary)?;
    file.write_all(magic)?;
    file.write_all(&sha256(body))?;
    file.write_all(body)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)
}

/// Reads a file's body; `None` when there is no file.
///
/// # Errors
/// [`ErrorKind::InvalidData`], with words, when the file is of another kind or version, cut off or damaged; else what the system says.
pub fn load(path: &Path, magic: &[u8; 8]) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let damaged = |why: &str| Error::new(ErrorKind::InvalidData, why.to_owned());
    let rest = bytes.strip_prefix(magic.as_slice()).ok_or_else(|| damaged("is of another kind or version"))?;
    let (sum, body) = rest.split_at_checked(32).ok_or_else(|| damaged("is cut off"))?;
    if sha256(body) != sum {
        return Err(damaged("is damaged: its checksum does not match"));
    }
    bytes.drain(..40);
    Ok(Some(bytes))
}
