//! Columns: fixed-width values in append-only files, read through memory maps.
//!
//! The only `unsafe` of this crate is here: mapping a file. Its invariant: a column file never shrinks while a
//! [`Column`] is open, and the bytes that are shown of a map do not change below it. A map of a column that is written reaches beyond the file, so that
//! the next commits show more of the same map instead of mapping all of it again, which would forget its pages; nothing reads beyond what is
//! committed. Appending writes beyond what any map shows. A reorganization lowers
//! the committed length in the manifest, and later blocks are written over the removed ones; before the first such write
//! [`Column::detach`] gives every map that shows what is there pages of its own (the maps are private, so the kernel copies those pages alone).
//! A [`Column::snapshot`] therefore shows what it showed when it was taken, for as long as it is held.
//! Something outside the program may still cut a file off; reading there would end the process (SIGBUS). Lengths are therefore compared at every
//! commit and, by [`Column::is_cut_off`], before answers; what is left is the moment between that and the reading.

use bytemuck::{Pod, Zeroable};
use memmap2::{Mmap, MmapMut};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

#[cfg(target_endian = "big")]
compile_error!("column files are little-endian and mapped as they are");

/// A 40-bit unsigned integer: output and input numbers up to 2^40.
#[derive(Clone, Copy, Pod, Zeroable, PartialEq, Eq)]
#[repr(transparent)]
pub struct U40([u8; 5]);

impl U40 {
    /// Largest value.
    pub const MAX: u64 = (1 << 40) - 1;
    /// The number [`U40::MAX`].
    pub const GREATEST: U40 = U40([u8::MAX; 5]);

    /// Narrows a number; it must be at most [`U40::MAX`].
    #[inline]
    pub fn new(n: u64) -> Self {
        debug_assert!(n <= Self::MAX);
        let b = n.to_le_bytes();
        U40([b[0], b[1], b[2], b[3], b[4]])
    }

    /// Returns the number.
    #[inline]
    pub fn get(self) -> u64 {
        let [a, b, c, d, e] = self.0;
        u64::from(u32::from_le_bytes([a, b, c, d])) | u64::from(e) << 32
    }
}

impl std::fmt::Debug for U40 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.get().fmt(f)
    }
}

/// A private map of a file's beginning.
#[derive(Debug)]
enum Pages {
    /// Its pages can be copied by the kernel on demand.
    Writable(MmapMut),
    /// Where the system does not lend address space that could be written (strict overcommit accounting).
    ReadOnly(Mmap),
}

/// A map that columns and their snapshots share.
#[derive(Debug)]
struct Region {
    pages: Pages,
    /// Bytes that columns show of it at most. What follows may not be in the file yet.
    shown: AtomicU64,
    /// From this byte on the file may hold something else than the map.
    detached: AtomicU64,
}

impl Region {
    /// Maps a file's first `bytes`, and `more` that it may come to have.
    fn map(file: &File, bytes: u64, more: u64) -> io::Result<Self> {
        let len = usize::try_from(bytes + more).map_err(|e| io::Error::new(io::ErrorKind::FileTooLarge, e))?;
        let mut options = memmap2::MmapOptions::new();
        options.len(len).no_reserve_swap();
        // SAFETY: see the module's invariant.
        #[allow(unsafe_code)]
        let pages = unsafe {
            match options.map_copy(file) {
                Ok(map) => Pages::Writable(map),
                Err(_) => Pages::ReadOnly(options.map_copy_read_only(file)?),
            }
        };
        Ok(Region { pages, shown: AtomicU64::new(bytes), detached: AtomicU64::new(u64::MAX) })
    }

    /// Shows so many bytes, which the file has; false when the map is too short, or has pages of its own.
    fn show(&self, bytes: u64) -> bool {
        let fits = bytes <= self.bytes().len() as u64 && self.detached.load(Ordering::SeqCst) == u64::MAX;
        if fits {
            self.shown.fetch_max(bytes, Ordering::SeqCst);
        }
        fits
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        match &self.pages {
            Pages::Writable(map) => map,
            Pages::ReadOnly(map) => map,
        }
    }

    /// Makes the bytes from `from` on the map's own, so that writing to the file changes them no more.
    fn detach(&self, from: u64) -> io::Result<()> {
        let upto = self.shown.load(Ordering::SeqCst).min(self.detached.load(Ordering::SeqCst));
        if from < upto && self.copy_pages(from as usize..upto as usize).is_err() {
            self.copy_pages_by_writing(from..upto)?;
        }
        self.detached.fetch_min(from, Ordering::SeqCst);
        Ok(())
    }

    /// Has the kernel copy pages (Linux 5.14 or later).
    #[cfg(target_os = "linux")]
    fn copy_pages(&self, range: std::ops::Range<usize>) -> io::Result<()> {
        match &self.pages {
            Pages::Writable(map) => map.advise_range(memmap2::Advice::PopulateWrite, range.start, range.len()),
            Pages::ReadOnly(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn copy_pages(&self, _: std::ops::Range<usize>) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Has the kernel write one byte of every page over itself, which copies the page.
    fn copy_pages_by_writing(&self, range: std::ops::Range<u64>) -> io::Result<()> {
        /// The smallest page.
        const PAGE: u64 = 4096;
        let memory = OpenOptions::new().write(true).open("/proc/self/mem")?;
        let (bytes, start) = (self.bytes(), self.bytes().as_ptr() as u64);
        let mut at = range.start;
        while at < range.end {
            memory.write_all_at(&[bytes[at as usize]], start + at)?;
            at = (at + PAGE) / PAGE * PAGE;
        }
        Ok(())
    }
}

/// Bytes by which the map of a file that grows is longer at least.
const MORE: u64 = 16 << 20;

/// A column of `T`: a file, and a map over its committed part.
#[derive(Debug)]
pub struct Column<T> {
    file: Arc<File>,
    map: Option<Arc<Region>>,
    len: u64,
    /// Whether the file grows.
    is_written: bool,
    /// Maps that were made and may still be in use.
    given: Vec<Weak<Region>>,
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
        let kind = std::marker::PhantomData;
        let mut column = Column { file: Arc::new(file), map: None, len: 0, is_written: write, given: Vec::new(), kind };
        column.commit(len)?;
        Ok(column)
    }

    /// Returns a column of nothing, for reading, of what has no folder.
    ///
    /// # Errors
    /// What the system reports.
    pub fn empty() -> io::Result<Self> {
        Self::open(Path::new("/dev"), "null", 0, false)
    }

    /// Maps the first `len` values, which must have been written.
    ///
    /// # Errors
    /// Fails when the file is shorter than `len` values, or the system refuses.
    pub fn commit(&mut self, len: u64) -> io::Result<()> {
        let bytes = len * Self::WIDTH;
        let size = self.file.metadata()?.len();
        if size < bytes {
            let text = format!("holds {size} bytes where the manifest promises {bytes}");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text));
        }
        if self.map.as_ref().is_some_and(|map| map.show(bytes)) {
            self.len = len;
            return Ok(());
        }
        let more = if self.is_written { bytes / 8 + MORE } else { 0 };
        self.map = match bytes {
            0 => None,
            _ => Some(Arc::new(Region::map(&self.file, bytes, more)?)),
        };
        self.given.retain(|region| region.strong_count() > 0);
        self.given.extend(self.map.as_ref().map(Arc::downgrade));
        self.len = len;
        Ok(())
    }

    /// Returns the committed values as they are now, for as long as they are held. Costs a handle, no copy.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Column {
            file: self.file.clone(),
            map: self.map.clone(),
            len: self.len,
            is_written: false,
            given: Vec::new(),
            kind: self.kind,
        }
    }

    /// Prepares overwriting the values from number `from` on: snapshots that show them get their own copy of those pages.
    ///
    /// # Errors
    /// When the system refuses; nothing may be overwritten then.
    pub fn detach(&self, from: u64) -> io::Result<()> {
        for region in self.given.iter().filter_map(Weak::upgrade) {
            // This column's own map is replaced before anything is overwritten.
            let own = self.map.as_ref().is_some_and(|own| Arc::ptr_eq(own, &region));
            if own && Arc::strong_count(&region) <= 2 {
                continue;
            }
            region.detach(from * Self::WIDTH)?;
        }
        Ok(())
    }

    /// Returns the committed values.
    #[inline]
    pub fn all(&self) -> &[T] {
        match &self.map {
            Some(map) => bytemuck::cast_slice(&map.bytes()[..(self.len * Self::WIDTH) as usize]),
            None => &[],
        }
    }

    /// Returns whether no value is committed.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the number of committed values.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Returns a value.
    #[inline]
    pub fn get(&self, i: u64) -> T {
        self.all()[i as usize]
    }

    /// Reads consecutive values from number `from` on, without mapping.
    ///
    /// # Errors
    /// When the file ends before, or the system refuses.
    pub fn read_into(&self, from: u64, values: &mut [T]) -> io::Result<()> {
        self.read(bytemuck::cast_slice_mut(values), from * Self::WIDTH)
    }

    /// Calls `each` with consecutive chunks of values `from..to`, read without mapping, so that a scan of a column larger
    /// than memory does not stay resident.
    ///
    /// # Errors
    /// What the system reports.
    pub fn scan(&self, from: u64, to: u64, mut each: impl FnMut(u64, &[T])) -> io::Result<()> {
        const CHUNK: u64 = 1 << 20;
        let per_chunk = (CHUNK / Self::WIDTH).max(1);
        let mut buffer: Vec<T> = vec![T::zeroed(); per_chunk.min(to.saturating_sub(from)) as usize];
        let mut at = from;
        while at < to {
            let n = per_chunk.min(to - at) as usize;
            self.read(bytemuck::cast_slice_mut(&mut buffer[..n]), at * Self::WIDTH)?;
            each(at, &buffer[..n]);
            at += n as u64;
        }
        Ok(())
    }

    /// Calls `each` with consecutive parts of a range of bytes, read without mapping.
    ///
    /// # Errors
    /// What the system reports.
    pub fn read_bytes(&self, range: std::ops::Range<u64>, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        let mut buffer = vec![0; (range.end.saturating_sub(range.start)).min(256 << 10) as usize];
        let mut at = range.start;
        while at < range.end {
            let n = (range.end - at).min(buffer.len() as u64) as usize;
            self.read(&mut buffer[..n], at)?;
            each(&buffer[..n]);
            at += n as u64;
        }
        Ok(())
    }

    /// Reads bytes without mapping, and those that the file may no longer hold from the map.
    fn read(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, at)?;
        let Some(map) = &self.map else { return Ok(()) };
        // Looked at after the reading: whoever overwrites bytes has detached them before.
        let from = map.detached.load(Ordering::SeqCst).max(at);
        let upto = (at + buffer.len() as u64).min(map.shown.load(Ordering::SeqCst));
        if from < upto {
            buffer[(from - at) as usize..(upto - at) as usize]
                .copy_from_slice(&map.bytes()[from as usize..upto as usize]);
        }
        Ok(())
    }

    /// Returns the length of the file in bytes, now.
    ///
    /// # Errors
    /// What the system reports.
    pub fn file_bytes(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Returns whether the file is shorter than what is mapped of it: reading there would end the process.
    ///
    /// # Errors
    /// What the system reports.
    pub fn is_cut_off(&self) -> io::Result<bool> {
        Ok(self.file_bytes()? < self.len * Self::WIDTH)
    }

    /// Starts writing at value number `from`, over whatever uncommitted values follow.
    ///
    /// # Errors
    /// What the system reports.
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
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn push(&mut self, value: T) -> io::Result<()> {
        self.buffer.push(value);
        if self.buffer.len() >= Self::BUFFERED { self.flush() } else { Ok(()) }
    }

    /// Writes the buffer out.
    ///
    /// # Errors
    /// What the system reports.
    pub fn flush(&mut self) -> io::Result<()> {
        let bytes: &[u8] = bytemuck::cast_slice(&self.buffer);
        self.file.write_all_at(bytes, self.at)?;
        self.at += bytes.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Writes the buffer out and waits until it is on disk.
    ///
    /// # Errors
    /// What the system reports.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.file.sync_data()
    }

    /// Writes the buffer out; [`sync_beside`] waits until it is on disk.
    ///
    /// # Errors
    /// What the system reports.
    pub fn written(mut self) -> io::Result<Written> {
        self.flush()?;
        Ok(Written(self.file))
    }
}

/// A file that was written and may not be on disk yet.
#[derive(Debug)]
#[must_use = "it is on disk after sync_beside only"]
pub struct Written(File);

impl From<File> for Written {
    fn from(file: File) -> Self {
        Written(file)
    }
}

/// Does `work` and returns its result once all files are on disk. They are waited for at once: a journal stores them together, and a small append
/// waits for the disk once instead of once a column.
///
/// # Errors
/// What the system reports of any of them.
pub fn sync_beside<T>(files: Vec<Written>, work: impl FnOnce() -> T) -> io::Result<T> {
    let files: Vec<File> = files.into_iter().map(|written| written.0).collect();
    std::thread::scope(|scope| {
        let mut waits = Vec::with_capacity(files.len());
        for file in &files {
            match std::thread::Builder::new().name("sync".into()).spawn_scoped(scope, move || file.sync_data()) {
                Ok(wait) => waits.push(wait),
                // Without a thread it is waited for here.
                Err(_) => file.sync_data()?,
            }
        }
        let done = work();
        for wait in waits {
            wait.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(done)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(column: &Column<u64>, from: u64, values: impl Iterator<Item = u64>) {
        let mut writer = column.writer(from).unwrap();
        values.for_each(|v| writer.push(v).unwrap());
        writer.finish().unwrap();
    }

    /// What a snapshot shows stays, whatever is appended or written over removed values; also when it is read without the map.
    #[test]
    fn a_snapshot_stays_as_it_was_taken() {
        let dir = tempfile::tempdir().unwrap();
        let mut column = Column::<u64>::open(dir.path(), "c", 0, true).unwrap();
        write(&column, 0, 0..10_000);
        column.commit(4_000).unwrap();
        let older = column.snapshot();
        column.commit(10_000).unwrap();
        let newer = column.snapshot();
        // A reorganization down to 3,000 values, and other values after them.
        column.detach(3_000).unwrap();
        column.commit(3_000).unwrap();
        write(&column, 3_000, (0..9_000).map(|n| 1_000_000 + n));
        column.commit(12_000).unwrap();
        // And another one, deeper.
        let forked = column.snapshot();
        column.detach(1_000).unwrap();
        column.commit(1_000).unwrap();
        write(&column, 1_000, (0..11_000).map(|n| 2_000_000 + n));
        column.commit(12_000).unwrap();

        assert!(older.all().iter().copied().eq(0..4_000));
        assert!(newer.all().iter().copied().eq(0..10_000));
        assert!(forked.all().iter().copied().eq((0..3_000).chain(1_000_000..1_009_000)));
        assert!(column.all().iter().copied().eq((0..1_000).chain(2_000_000..2_011_000)));
        for snapshot in [&older, &newer, &forked] {
            let mut read = Vec::new();
            snapshot.scan(0, snapshot.len(), |_, values| read.extend_from_slice(values)).unwrap();
            assert_eq!(read, snapshot.all());
            let mut bytes = Vec::new();
            snapshot.read_bytes(7..snapshot.len() * 8 - 3, |part| bytes.extend_from_slice(part)).unwrap();
            assert_eq!(bytes, bytemuck::cast_slice::<u64, u8>(snapshot.all())[7..snapshot.all().len() * 8 - 3]);
        }
    }

    /// Commits show more of the same map while it is long enough, and nobody reads what was removed; snapshots keep their lengths.
    #[test]
    fn a_map_grows_with_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let mut column = Column::<u64>::open(dir.path(), "c", 0, true).unwrap();
        write(&column, 0, 0..10_000);
        column.commit(10_000).unwrap();
        let (first, place) = (column.snapshot(), column.all().as_ptr());
        write(&column, 10_000, 10_000..20_000);
        column.commit(20_000).unwrap();
        let second = column.snapshot();
        assert!(std::ptr::eq(place, column.all().as_ptr()) && std::ptr::eq(place, second.all().as_ptr()));
        assert!(first.all().iter().copied().eq(0..10_000));
        // What a snapshot shows is removed and written over.
        column.detach(15_000).unwrap();
        column.commit(15_000).unwrap();
        write(&column, 15_000, 1_000_000..1_005_000);
        column.commit(20_000).unwrap();
        assert!(!std::ptr::eq(place, column.all().as_ptr()));
        assert!(first.all().iter().copied().eq(0..10_000) && second.all().iter().copied().eq(0..20_000));
        assert!(column.all().iter().copied().eq((0..15_000).chain(1_000_000..1_005_000)));
        // The same without readers, in the same map.
        drop((first, second));
        let place = column.all().as_ptr();
        column.detach(12_000).unwrap();
        column.commit(12_000).unwrap();
        write(&column, 12_000, 2_000_000..2_008_000);
        column.commit(20_000).unwrap();
        assert!(std::ptr::eq(place, column.all().as_ptr()));
        assert!(column.all().iter().copied().eq((0..12_000).chain(2_000_000..2_008_000)));
        // Beyond the map.
        let many = MORE / 8 + 10_000;
        write(&column, 20_000, 0..many);
        column.commit(20_000 + many).unwrap();
        assert_eq!((column.get(19_999), column.get(20_000), column.get(19_999 + many)), (2_007_999, 0, many - 1));
        column.commit(0).unwrap();
        assert!(column.all().is_empty() && column.is_empty());
    }

    /// The way for kernels that do not copy pages on demand, and for maps that cannot be written.
    #[test]
    #[cfg(target_os = "linux")]
    fn pages_are_copied_by_writing_too() {
        let dir = tempfile::tempdir().unwrap();
        let mut column = Column::<u64>::open(dir.path(), "c", 0, true).unwrap();
        write(&column, 0, 0..5_000);
        column.commit(5_000).unwrap();
        let region = Region::map(&column.file, 40_000, 1 << 20).unwrap();
        region.copy_pages_by_writing(8_001..40_000).unwrap();
        write(&column, 1_001, 7_000..12_000);
        assert!(bytemuck::cast_slice::<u8, u64>(&region.bytes()[..40_000]).iter().copied().eq(0..5_000));
    }
}
