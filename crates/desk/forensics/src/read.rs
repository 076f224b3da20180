//! Bytes that can be read at any offset: files, memory, what lies in containers.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Mutex;

/// Returns a length or distance in memory as an index. One that no memory holds becomes the largest, which is out of every range.
pub(crate) fn to_index(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// Bytes that can be read at any offset, by several threads at once.
pub(crate) trait ReadAt: Sync {
    /// Returns the number of bytes.
    fn size(&self) -> u64;

    /// Reads as many bytes as there are, at most as many as fit; returns how many.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize>;

    /// Returns whether a range holds nothing at all, so that it need not be read.
    fn is_hole(&self, _offset: u64, _length: u64) -> bool {
        false
    }

    /// Reads exactly so many bytes.
    fn exact(&self, offset: u64, length: usize) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        match self.read_at(offset, &mut bytes)? {
            n if n == length => Ok(bytes),
            _ => Err(std::io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl ReadAt for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let from = to_index(offset).min(self.len());
        let n = buffer.len().min(self.len() - from);
        buffer[..n].copy_from_slice(&self[from..from + n]);
        Ok(n)
    }
}

/// A file or device, with its size.
pub(crate) struct OnDisk(pub File, pub u64);

impl ReadAt for OnDisk {
    fn size(&self) -> u64 {
        self.1
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            #[cfg(unix)]
            let n = std::os::unix::fs::FileExt::read_at(&self.0, &mut buffer[done..], offset + done as u64)?;
            #[cfg(windows)]
            let n = std::os::windows::fs::FileExt::seek_read(&self.0, &mut buffer[done..], offset + done as u64)?;
            if n == 0 {
                break;
            }
            done += n;
        }
        Ok(done)
    }
}

/// Anything that seeks.
pub(crate) struct Seeking<R>(Mutex<R>, u64);

impl<R: Read + Seek> Seeking<R> {
    pub fn new(mut source: R) -> std::io::Result<Self> {
        let size = source.seek(SeekFrom::End(0))?;
        Ok(Seeking(Mutex::new(source), size))
    }
}

impl<R: Read + Seek + Send> ReadAt for Seeking<R> {
    fn size(&self) -> u64 {
        self.1
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut source = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        source.seek(SeekFrom::Start(offset))?;
        let mut done = 0;
        while done < buffer.len() {
            match source.read(&mut buffer[done..])? {
                0 => break,
                n => done += n,
            }
        }
        Ok(done)
    }
}
