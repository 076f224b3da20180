//! Derived files: a magic number, the SHA-256 of the rest, the rest. Written beside the old file and renamed over it.

use holdfast_bitcoin::hash::sha256;
use std::fs::File;
use std::io::{Error, ErrorKind, Read, Write};
use std::path::Path;
use std::time::Instant;

/// Bytes that are brought to the disk at once: what waits behind them, such as the log of decisions, waits some milliseconds.
const PIECE: usize = 512 << 10;

/// A file that is brought to the disk piece by piece, with a pause as long as each piece took. Written back at once, a large file holds up
/// every other write to the same disk until all of it is there.
#[derive(Debug)]
pub struct Paced {
    file: File,
    /// Bytes since the last piece.
    pending: usize,
}

impl Paced {
    /// Writes where the file stands.
    pub fn new(file: File) -> Self {
        Paced { file, pending: 0 }
    }

    /// Waits until all is on the disk, with the file's length.
    ///
    /// # Errors
    /// What the system reports.
    pub fn finish(self) -> std::io::Result<()> {
        self.file.sync_all()
    }
}

impl Write for Paced {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(&bytes[..bytes.len().min(PIECE - self.pending)])?;
        self.pending += written;
        if self.pending >= PIECE {
            let begun = Instant::now();
            self.file.sync_data()?;
            self.pending = 0;
            std::thread::sleep(begun.elapsed());
        }
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Writes a file, atomically and durably.
///
/// # Errors
/// What the system reports.
pub fn save(path: &Path, magic: &[u8; 8], body: &[u8]) -> std::io::Result<()> {
    let sum = sha256(body);
    if holds(path, magic, &sum, body.len()) {
        return Ok(());
    }
    replace(path, |file| {
        file.write_all(magic)?;
        file.write_all(&sum)?;
        file.write_all(body)
    })
}

/// Writes a file that only its owner reads beside the old one and renames it over it, durably.
///
/// # Errors
/// What the system reports, and the errors of `write`.
pub fn replace(path: &Path, write: impl FnOnce(&mut Paced) -> std::io::Result<()>) -> std::io::Result<()> {
    let temporary = path.with_extension("new");
    // One that a kill left behind may be readable by others.
    let _ = std::fs::remove_file(&temporary);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = Paced::new(options.open(&temporary)?);
    write(&mut file)?;
    file.finish()?;
    std::fs::rename(&temporary, path)?;
    match path.parent().filter(|p| !p.as_os_str().is_empty()) {
        // The new name, too, outlives a power cut.
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Returns whether a file holds a body already, by its checksum: what did not change is not written again.
fn holds(path: &Path, magic: &[u8; 8], sum: &[u8; 32], len: usize) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    let mut head = [0; 40];
    file.metadata().is_ok_and(|m| m.len() == len as u64 + 40)
        && file.read_exact(&mut head).is_ok()
        && head[..8] == *magic
        && head[8..] == *sum
}

/// Returns the magic number of a file; `None` when there is no file.
///
/// # Errors
/// What the system reports, also for a file that is too short to have one.
pub fn kind(path: &Path) -> std::io::Result<Option<[u8; 8]>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let mut magic = [0; 8];
    std::io::Read::read_exact(&mut file, &mut magic)?;
    Ok(Some(magic))
}

/// Takes away what others may do with a file that an earlier version left open to them; a file of another owner stays as it is.
pub(crate) fn close_to_others(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if std::fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
            let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
        }
    }
    Ok(())
}

/// Reads a file's body; `None` when there is no file.
///
/// # Errors
/// [`ErrorKind::InvalidData`], with a message, when the file is of another kind or version, cut off or damaged; else what the system reports.
pub fn load(path: &Path, magic: &[u8; 8]) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    close_to_others(path)?;
    let damaged = |why: &str| Error::new(ErrorKind::InvalidData, why.to_owned());
    let rest = bytes.strip_prefix(magic.as_slice()).ok_or_else(|| damaged("is of another kind or version"))?;
    let (sum, body) = rest.split_at_checked(32).ok_or_else(|| damaged("is cut off"))?;
    if sha256(body) != sum {
        return Err(damaged("is damaged: its checksum does not match"));
    }
    bytes.drain(..40);
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that holds a body already is not written again; another body, and a damaged head, are.
    #[test]
    fn what_did_not_change_is_not_written_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("derived");
        let inode = || std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(&path).unwrap());
        save(&path, b"HOLDTEST", b"a body").unwrap();
        let first = inode();
        save(&path, b"HOLDTEST", b"a body").unwrap();
        assert_eq!(inode(), first);
        save(&path, b"HOLDTEST", b"other!").unwrap();
        assert_ne!(inode(), first);
        assert_eq!(load(&path, b"HOLDTEST").unwrap().as_deref(), Some(b"other!".as_slice()));
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[10] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        save(&path, b"HOLDTEST", b"other!").unwrap();
        assert_eq!(load(&path, b"HOLDTEST").unwrap().as_deref(), Some(b"other!".as_slice()));
    }
}
