//! Columns: fixed-width values in append-only files, read through memory maps.
//!
//! The only `unsafe` of this crate is here: mapping a file. Its invariant: a column file never shrinks while a
//! [`Column`] is open (a reorganization lowers the committed length in the manifest and later writes overwrite; nothing truncates), and the
//! bytes below the committed length are not written while mapped, because the one writer holds `&mut Ledger` and readers borrow it.
//! Something outside the program may still cut a file off; reading there would end the process (SIGBUS). Lengths are therefore compared at every
//! commit and, by [`Column::is_cut_off`], before answers; what is left is the moment between that and the reading.

use bytemuck::{Pod, Zeroable};
use memmap2::Mmap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

#[cfg(target_endian = "big")]
compile_error!("column files are little-endian and mapped as they are");

/// A 40-bit unsigned integer: output and input numbers up to 2^40.
#[derive(Clone, Copy, Pod, Zeroable, PartialEq, Eq)]
#[repr(transparent)]
pub struct U40([u8; 5]);

impl U40 {
    /// Largest value.
    pub const MAX: u64 = (1 << 40) - 1;

    /// Narrows a number; it must be at most [`U40::MAX`].
    #[inline]
    pub fn new(n: u64) -> Self {
        debug_assert!(n <= Self::MAX);
        let b = n.to_le_bytes();
        U40([b[0], b[1], b[2], b[3], b[4]])
    }

    /// The number.
    #[inline]
    pub fn get(self) -> u64 {
        let [a, b, c, d, e] = self.0;
        u32::from_le_bytes([a, b, c, d]) as u64 | (e as u64) << 32
    }
}

impl std::fmt::Debug for U40 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.get().fmt(f)
    }
}

/// A column of `T`: a file, and a map over its committed part.
#[derive(Debug)]
pub struct Column<T> {
    file: File,
    map: Option<Mmap>,
    len: u64,
    kind: std::marker::PhantomData<T>,
}

impl<T: Pod> Column<T> {
    const WIDTH: u64 = size_of::<T>() as u64;

    /// Opens `dir/name`, creating it when `write`, and maps its first `len` values.
    ///
    /// # Errors
    /// Fails when the file is shorter than `len` values, or the system refuses.
    pub fn open(dir: &Path, name: &str, len: u64, write: bool) -> io::Result<Self> {
        let path = dir.join(name);
        let file = OpenOptions::new().read(true).write(write).create(write).truncate(false).open(&path)?;
        let mut column = Column { file, map: None, len: 0, kind: std::marker::PhantomData };
        column.commit(len)?;
        Ok(column)
    }

    /// Maps the first `len` values, which must have been written.
    pub fn commit(&mut self, len: u64) -> io::Result<()> {
        let bytes = len * Self::WIDTH;
        let size = self.file.metadata()?.len();
        if size < bytes {
            let text = format!("holds {size} bytes where the manifest promises {bytes}");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text));
        }
        self.map = match bytes {
            0 => None,
            _ => {
                // SAFETY: see the module's invariant.
                #[allow(unsafe_code)]
                let map = unsafe { memmap2::MmapOptions::new().len(bytes as usize).map(&self.file)? };
                Some(map)
            }
        };
        self.len = len;
        Ok(())
    }

    /// The committed values.
    #[inline]
    pub fn all(&self) -> &[T] {
        match &self.map {
            Some(map) => bytemuck::cast_slice(map),
            None => &[],
        }
    }

    /// Whether no value is committed.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of committed values.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// One value.
    #[inline]
    pub fn get(&self, i: u64) -> T {
        self.all()[i as usize]
    }

    /// Calls `each` with consecutive chunks of values `from..to`, read without mapping, so that a scan of a column larger
    /// than memory does not stay resident.
    pub fn scan(&self, from: u64, to: u64, mut each: impl FnMut(u64, &[T])) -> io::Result<()> {
        const CHUNK: u64 = 1 << 20;
        let per_chunk = (CHUNK / Self::WIDTH).max(1);
        let mut buffer: Vec<T> = vec![T::zeroed(); per_chunk.min(to.saturating_sub(from)) as usize];
        let mut at = from;
        while at < to {
            let n = per_chunk.min(to - at) as usize;
            self.file.read_exact_at(bytemuck::cast_slice_mut(&mut buffer[..n]), at * Self::WIDTH)?;
            each(at, &buffer[..n]);
            at += n as u64;
        }
        Ok(())
    }

    /// Calls `each` with consecutive parts of a range of bytes, read without mapping.
    pub fn read_bytes(&self, range: std::ops::Range<u64>, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        let mut buffer = vec![0; (range.end.saturating_sub(range.start)).min(256 << 10) as usize];
        let mut at = range.start;
        while at < range.end {
            let n = (range.end - at).min(buffer.len() as u64) as usize;
            self.file.read_exact_at(&mut buffer[..n], at)?;
            each(&buffer[..n]);
            at += n as u64;
        }
        Ok(())
    }

    /// Length of the file in bytes, now.
    pub fn file_bytes(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Whether the file is shorter than what is mapped of it: reading there would end the process.
    pub fn is_cut_off(&self) -> io::Result<bool> {
        Ok(self.file_bytes()? < self.len * Self::WIDTH)
    }

    /// Starts writing at value number `from`, over whatever uncommitted values follow.
    pub fn writer(&self, from: u64) -> io::Result<Writer<T>> {
        Ok(Writer { file: self.file.try_clone()?, at: from * Self::WIDTH, buffer: Vec::new(), kind: self.kind })
    }
}

/// Appends values to a column through a buffer.
#[derive(Debug)]
pub struct Writer<T> {
    file: File,
    at: u64,
    buffer: Vec<T>,
    kind: std::marker::PhantomData<T>,
}

impl<T: Pod> Writer<T> {
    const BUFFERED: usize = (256 << 10) / size_of::<T>();

    /// Appends one value.
    #[inline]
    pub fn push(&mut self, value: T) -> io::Result<()> {
        self.buffer.push(value);
        if self.buffer.len() >= Self::BUFFERED { self.flush() } else { Ok(()) }
    }

    /// Writes the buffer out.
    pub fn flush(&mut self) -> io::Result<()> {
        let bytes: &[u8] = bytemuck::cast_slice(&self.buffer);
        self.file.write_all_at(bytes, self.at)?;
        self.at += bytes.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Writes the buffer out and waits until it is on disk.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.file.sync_data()
    }
}
