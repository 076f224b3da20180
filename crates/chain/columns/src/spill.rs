//! Records partitioned by hash, in memory while they fit and in files beyond: the sequential half of a partitioned join.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Fixed-width records in partitions, each in the order of writing.
#[derive(Debug)]
pub struct Spill<const WIDTH: usize> {
    dir: PathBuf,
    name: &'static str,
    parts: Vec<Part>,
    held: usize,
    budget: usize,
}

#[derive(Debug, Default)]
struct Part {
    buffer: Vec<u8>,
    file: Option<File>,
}

impl<const WIDTH: usize> Spill<WIDTH> {
    /// Makes a spill of `parts` partitions, of which up to `budget` bytes stay in memory.
    ///
    /// # Panics
    /// Unless `parts` is a power of two.
    pub fn new(dir: &Path, name: &'static str, parts: usize, budget: usize) -> Self {
        assert!(parts.is_power_of_two());
        Spill { dir: dir.to_owned(), name, parts: (0..parts).map(|_| Part::default()).collect(), held: 0, budget }
    }

    /// Returns the number of partitions.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Appends a record to the partition that the top bits of `hash` choose.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn push(&mut self, hash: u64, record: &[u8; WIDTH]) -> io::Result<()> {
        let bits = self.parts.len().trailing_zeros();
        let part = if bits == 0 { 0 } else { (hash >> (64 - bits)) as usize };
        self.parts[part].buffer.extend_from_slice(record);
        self.held += WIDTH;
        if self.held > self.budget { self.write_out() } else { Ok(()) }
    }

    fn write_out(&mut self) -> io::Result<()> {
        for (i, part) in self.parts.iter_mut().enumerate() {
            if part.buffer.is_empty() {
                continue;
            }
            if part.file.is_none() {
                let path = self.dir.join(format!("{}-{i}", self.name));
                let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
                // Unlinked at once: a kill leaves nothing behind.
                std::fs::remove_file(&path)?;
                part.file = Some(file);
            }
            part.file.as_mut().expect("just opened").write_all(&part.buffer)?;
            part.buffer.clear();
        }
        self.held = 0;
        Ok(())
    }

    /// Takes the partitions out, to be read in parallel.
    pub fn into_parts(self) -> Vec<SpillPart<WIDTH>> {
        self.parts.into_iter().map(SpillPart).collect()
    }
}

/// One partition, ready to be read.
#[derive(Debug)]
pub struct SpillPart<const WIDTH: usize>(Part);

impl<const WIDTH: usize> SpillPart<WIDTH> {
    /// Returns its length in bytes.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn bytes(&self) -> io::Result<u64> {
        let in_file = self.0.file.as_ref().map_or(Ok(0), |file| file.metadata().map(|m| m.len()))?;
        Ok(in_file + self.0.buffer.len() as u64)
    }

    /// Calls `each` with its records in the order of writing, holding few of them in memory.
    ///
    /// # Errors
    /// When the system refuses, and those of `each`.
    pub fn for_each(self, mut each: impl FnMut(&[u8; WIDTH]) -> io::Result<()>) -> io::Result<()> {
        let Part { buffer, file } = self.0;
        if let Some(mut file) = file {
            let mut left = file.seek(io::SeekFrom::End(0))?;
            file.rewind()?;
            let mut chunk = vec![0; WIDTH * 4096];
            while left > 0 {
                let n = usize::try_from(left).map_or(chunk.len(), |left| left.min(chunk.len()));
                file.read_exact(&mut chunk[..n])?;
                chunk[..n].as_chunks::<WIDTH>().0.iter().try_for_each(&mut each)?;
                left -= n as u64;
            }
        }
        buffer.as_chunks::<WIDTH>().0.iter().try_for_each(each)
    }

    /// Returns all its records, in the order of writing.
    ///
    /// # Errors
    /// What the system reports.
    pub fn read(self) -> io::Result<Vec<u8>> {
        let Part { buffer, file } = self.0;
        let Some(mut file) = file else { return Ok(buffer) };
        let len = file.seek(io::SeekFrom::End(0))?;
        file.rewind()?;
        let mut bytes = Vec::with_capacity(len as usize + buffer.len());
        file.read_to_end(&mut bytes)?;
        bytes.extend_from_slice(&buffer);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_content_survive_spilling() {
        let dir = tempfile::tempdir().unwrap();
        for budget in [0, 50, 1 << 20] {
            let mut spill = Spill::<8>::new(dir.path(), "t", 4, budget);
            for i in 0..100u64 {
                spill.push(i << 60, &i.to_le_bytes()).unwrap();
            }
            let parts: Vec<Vec<u8>> = spill.into_parts().into_iter().map(|p| p.read().unwrap()).collect();
            for (p, bytes) in parts.iter().enumerate() {
                let got: Vec<u64> = bytes.chunks_exact(8).map(|c| u64::from_le_bytes(c.try_into().unwrap())).collect();
                let expected: Vec<u64> = (0..100).filter(|i| (i << 60) >> 62 == p as u64).collect();
                assert_eq!(got, expected);
            }
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
