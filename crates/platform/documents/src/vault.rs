//! Files that the desk stores: attachments, exhibits, productions. Each lies under its SHA-256, is written once and never changed.

use crate::DocumentError;
use holdfast_store::StoreError;
use holdfast_types::Invalid;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Largest file, in bytes.
pub const MAX_FILE_BYTES: u64 = 64 << 20;
/// Media types that files may have: nothing that runs.
pub const MEDIA_TYPES: [&str; 8] = [
    "application/pdf",
    "application/json",
    "application/xml",
    "image/jpeg",
    "image/png",
    "image/tiff",
    "text/csv",
    "text/plain",
];

/// A folder of files by their hash.
#[derive(Clone, Debug)]
pub struct Vault {
    folder: PathBuf,
}

/// Returns whether text is a SHA-256 in lower-case hex digits.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Returns the SHA-256 of bytes, hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Checks that bytes are of the media type that they are declared as, by their signature or, for text, by reading them.
///
/// # Errors
/// [`Invalid`] names `media_type` and what the bytes are.
pub fn check_type(bytes: &[u8], media_type: &str) -> Result<(), Invalid> {
    if !MEDIA_TYPES.contains(&media_type) {
        return Err(Invalid::new("media_type", format!("'{media_type}' is none of {}", MEDIA_TYPES.join(", "))));
    }
    let text = || std::str::from_utf8(bytes).ok().filter(|t| !t.contains('\0'));
    let fits = match media_type {
        "application/json" => serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok(),
        "application/xml" => text().is_some_and(|t| t.trim_start_matches('\u{feff}').trim_start().starts_with('<')),
        "text/csv" | "text/plain" => text().is_some(),
        binary => infer::get(bytes).is_some_and(|t| t.mime_type() == binary),
    };
    let is = infer::get(bytes).map_or("something else", |t| t.mime_type());
    match fits {
        true => Ok(()),
        false => Err(Invalid::new("media_type", format!("the file is said to be {media_type}, but is {is}"))),
    }
}

impl Vault {
    /// Returns a vault in a folder, which is made at the first file.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Vault { folder: folder.into() }
    }

    /// Returns the folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn place(&self, sha256: &str) -> PathBuf {
        self.folder.join(&sha256[..2]).join(sha256)
    }

    /// Keeps bytes; gives their SHA-256. They are durable when it returns.
    ///
    /// # Errors
    /// [`StoreError::Io`] names the file.
    pub fn store(&self, bytes: &[u8]) -> Result<String, DocumentError> {
        if bytes.is_empty() || bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(
                Invalid::new("file", format!("must be 1 to {MAX_FILE_BYTES} bytes, not {}", bytes.len())).into()
            );
        }
        let sha256 = sha256(bytes);
        let place = self.place(&sha256);
        if !place.exists() {
            write(&place, bytes).map_err(|e| StoreError::Io(place.clone(), e))?;
        }
        Ok(sha256)
    }

    /// Reads a file and checks that it is unchanged.
    ///
    /// # Errors
    /// [`StoreError::Io`] when it is missing, [`DocumentError::Changed`] when its bytes are others.
    pub fn read(&self, sha256: &str) -> Result<Vec<u8>, DocumentError> {
        if !is_sha256(sha256) {
            return Err(Invalid::new("sha256", "must be 64 hex digits").into());
        }
        let place = self.place(sha256);
        let bytes = std::fs::read(&place).map_err(|e| StoreError::Io(place.clone(), e))?;
        match self::sha256(&bytes) == sha256 {
            true => Ok(bytes),
            false => Err(DocumentError::Changed(place)),
        }
    }

    /// Returns whether a file is there.
    pub fn has(&self, sha256: &str) -> bool {
        is_sha256(sha256) && self.place(sha256).exists()
    }

    /// Deletes a file that nothing refers to any more.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn delete(&self, sha256: &str) -> Result<(), DocumentError> {
        if !is_sha256(sha256) {
            return Err(Invalid::new("sha256", "must be 64 hex digits").into());
        }
        let place = self.place(sha256);
        match std::fs::remove_file(&place) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(StoreError::Io(place, e).into()),
            _ => Ok(()),
        }
    }
}

/// Written beside and renamed, so that a file under its hash is whole.
fn write(place: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    // Its own for each writer: two may store the same bytes at once.
    static WRITERS: AtomicU64 = AtomicU64::new(0);
    let part = place.with_extension(format!("part{}-{}", std::process::id(), WRITERS.fetch_add(1, Ordering::Relaxed)));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&part, place)?;
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_kept_read_and_checked() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::new(dir.path().join("vault"));
        let id = vault.store(b"an order").unwrap();
        assert_eq!(vault.store(b"an order").unwrap(), id);
        assert_eq!(vault.read(&id).unwrap(), b"an order");
        std::fs::write(vault.place(&id), b"another").unwrap();
        assert!(vault.read(&id).unwrap_err().to_string().contains("changed"));
        assert!(vault.read("../../etc/passwd").is_err());
        assert!(vault.store(b"").is_err());
    }

    #[test]
    fn types_are_what_they_say() {
        check_type(b"%PDF-1.7\n", "application/pdf").unwrap();
        check_type(b"{\"a\": 1}", "application/json").unwrap();
        check_type("a;b\né;2".as_bytes(), "text/csv").unwrap();
        check_type(b"\x89PNG\r\n\x1a\n", "image/png").unwrap();
        let wrong = check_type(b"MZ\x90\x00\x03\x00\x00\x00", "application/pdf").unwrap_err().to_string();
        assert!(wrong.contains("media_type"), "{wrong}");
        assert!(check_type(b"{", "application/json").is_err());
        assert!(check_type(b"x", "application/x-msdownload").is_err());
        assert!(check_type(b"a\0b", "text/plain").is_err());
    }
}
