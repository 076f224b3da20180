//! Checksums of columns by ranges of bytes: a value that changed on the disk is found. Each file of them belongs to one revision of a manifest, so
//! that a kill at any moment leaves a pair that fits.

use crate::column::Column;
use crate::sealed;
use bytemuck::Pod;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3Default;

/// Bytes that one checksum covers.
const RANGE: u64 = 1 << 20;
const PREFIX: &str = "checksums-";

/// A column as bytes.
pub trait Bytes {
    /// Returns the XXH3 (128 bits, as hex) of a range of bytes.
    ///
    /// # Errors
    /// When the system refuses.
    fn sum(&self, range: Range<u64>) -> io::Result<String>;
    /// Returns the bytes of a value.
    fn width(&self) -> u64;
    /// Returns the length of the file in bytes, now.
    ///
    /// # Errors
    /// When the system refuses.
    fn file_len(&self) -> io::Result<u64>;
    /// Returns how many bytes are committed.
    fn committed(&self) -> u64;
}

impl<T: Pod> Bytes for Column<T> {
    fn sum(&self, range: Range<u64>) -> io::Result<String> {
        let mut hasher = Xxh3Default::new();
        self.read_bytes(range, |bytes| hasher.update(bytes))?;
        Ok(format!("{:032x}", hasher.digest128()))
    }

    fn width(&self) -> u64 {
        size_of::<T>() as u64
    }

    fn file_len(&self) -> io::Result<u64> {
        self.file_bytes()
    }

    fn committed(&self) -> u64 {
        self.len() * size_of::<T>() as u64
    }
}

/// A column by the name of its file, with the number of values that a revision has.
pub type ColumnFile<'a> = (&'static str, &'a dyn Bytes, u64);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sums {
    bytes: u64,
    /// XXH3 (128 bits) of each range, in order; the last may be shorter.
    sums: Vec<String>,
}

/// The checksums of one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksums {
    columns: BTreeMap<String, Sums>,
}

/// A range of a column that is not what was written.
#[derive(Debug)]
pub struct Changed {
    /// Name of its file.
    pub column: &'static str,
    /// Which bytes.
    pub bytes: Range<u64>,
    /// Bytes of a value.
    pub width: u64,
}

/// What a comparison found: the ranges that are not what was written, and the columns whose checksums are of another length.
#[derive(Debug, Default)]
pub struct Compared {
    /// Ranges compared.
    pub ranges: u64,
    /// Those that differ.
    pub changed: Vec<Changed>,
    /// Columns of another length than their checksums: name, bytes of the checksums, bytes of the column.
    pub lengths: Vec<(&'static str, u64, u64)>,
}

/// Name of the file of a revision.
#[must_use]
pub fn path(dir: &Path, revision: u64) -> PathBuf {
    dir.join(format!("{PREFIX}{revision}"))
}

/// Removes the checksums of other revisions.
///
/// # Errors
/// When the system refuses.
pub fn remove_others(dir: &Path, revision: u64) -> io::Result<()> {
    let current = path(dir, revision);
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let is_one = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(PREFIX));
        if is_one && path != current {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

impl Checksums {
    /// Reads the checksums of a revision; none where there is no file.
    ///
    /// # Errors
    /// When the file is damaged, or the system refuses.
    pub fn read(dir: &Path, revision: u64) -> io::Result<Option<Self>> {
        let path = path(dir, revision);
        match sealed::read(&path) {
            Ok(checksums) => Ok(Some(checksums)),
            Err(sealed::SealError::Io(e)) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(sealed::SealError::Io(e)) => Err(e),
            Err(_) => Err(io::Error::new(ErrorKind::InvalidData, format!("{} is damaged", path.display()))),
        }
    }

    /// Writes the checksums of a revision.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, dir: &Path, revision: u64) -> io::Result<()> {
        sealed::write(&path(dir, revision), &serde_json::to_string(self)?)
    }

    /// Returns the checksums for other lengths of the columns. What changes its range is compared with the old checksum first, so that damage is
    /// never taken for what was written.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn moved_to(&self, files: &[ColumnFile<'_>]) -> io::Result<Result<Self, Changed>> {
        let mut moved = Checksums::default();
        for (name, column, values) in files {
            let old = self.columns.get(*name).cloned().unwrap_or_default();
            let bytes = values * column.width();
            // Ranges that are whole in both stay as they are.
            let whole = old.bytes.min(bytes) / RANGE;
            let mut sums = old.sums.get(..whole as usize).unwrap_or(&[]).to_vec();
            let touched = whole * RANGE..old.bytes.min((whole + 1) * RANGE);
            if old.bytes == bytes {
                moved.columns.insert((*name).to_owned(), old);
                continue;
            }
            if touched.start < touched.end && old.sums.get(whole as usize) != Some(&column.sum(touched.clone())?) {
                return Ok(Err(Changed { column: name, bytes: touched, width: column.width() }));
            }
            let mut at = whole * RANGE;
            while at < bytes {
                let end = (at + RANGE).min(bytes);
                sums.push(column.sum(at..end)?);
                at = end;
            }
            moved.columns.insert((*name).to_owned(), Sums { bytes, sums });
        }
        Ok(Ok(moved))
    }

    /// Returns how many ranges have a checksum.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.columns.values().map(|c| c.sums.len() as u64).sum()
    }

    /// Compares every range with its checksum.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn compare(&self, files: &[ColumnFile<'_>]) -> io::Result<Compared> {
        let mut found = Compared::default();
        for (name, file, values) in files {
            let sums = self.columns.get(*name).cloned().unwrap_or_default();
            let has = values * file.width();
            if sums.bytes != has {
                found.lengths.push((name, sums.bytes, has));
                continue;
            }
            for (i, sum) in sums.sums.iter().enumerate() {
                let bytes = i as u64 * RANGE..((i as u64 + 1) * RANGE).min(sums.bytes);
                found.ranges += 1;
                if file.sum(bytes.clone())? != *sum {
                    found.changed.push(Changed { column: name, bytes, width: file.width() });
                }
            }
        }
        Ok(found)
    }
}
