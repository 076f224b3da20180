//! The file of clusters: a log of merges that grows by appending and is cut at a mark when blocks are removed.
//!
//! A head with the options, then one frame a mark: the mark, the merges since the mark before, and a checksum over both and the checksum
//! before. A frame that a kill left unfinished, and what a damage makes unreadable, is made again from the ledger.

use super::rollback::common;
use super::{ClusterError, ClusterOptions, Clusters, Mark, Merge};
use crate::sealed;
use bytemuck::Zeroable;
use holdfast_bitcoin::Hash32;
use holdfast_bitcoin::hash::sha256;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"HFCLUS03";
/// Files that hold all merges and parents under one checksum.
const WHOLE_MAGIC: &[u8; 8] = b"HFCLUS02";
/// Files of the time when ownerless scripts joined clusters; same layout.
const OLDER_MAGIC: &[u8; 8] = b"HFCLUS01";
/// Longest head that is read.
const MAX_HEAD: u32 = 1 << 20;

/// A file of clusters, and what it holds.
#[derive(Debug)]
pub struct ClusterLog {
    path: PathBuf,
    /// What the file holds, where that is known.
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    options: ClusterOptions,
    /// Bytes before the first frame, and their checksum.
    head: (u64, Hash32),
    marks: Vec<Mark>,
    sums: Vec<Hash32>,
}

impl Held {
    /// Returns where the frame after the first `marks` ones begins.
    fn end_of(&self, marks: usize) -> u64 {
        let merges = marks.checked_sub(1).map_or(0, |last| self.marks[last].merges);
        self.head.0 + marks as u64 * (size_of::<Mark>() + 32) as u64 + merges * size_of::<Merge>() as u64
    }

    fn sum_of(&self, marks: usize) -> Hash32 {
        marks.checked_sub(1).map_or(self.head.1, |last| self.sums[last])
    }
}

/// Returns the checksum of a frame.
fn sum(before: &Hash32, mark: &Mark, merges: &[Merge]) -> Hash32 {
    let bytes = [before.as_slice(), bytemuck::bytes_of(mark), bytemuck::cast_slice(merges)].concat();
    sha256(&bytes)
}

/// The head of a whole file of an earlier version.
#[derive(Serialize, Deserialize)]
struct WholeHead {
    options: ClusterOptions,
    done: u32,
    at: Option<Hash32>,
    coinjoins: u64,
    addresses: u64,
}

impl ClusterLog {
    /// Returns a log in a file, whose contents are not known yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        ClusterLog { path: path.to_owned(), held: None }
    }

    fn io(&self, e: std::io::Error) -> ClusterError {
        ClusterError::Io(self.path.clone(), e)
    }

    fn format(&self, why: impl ToString) -> ClusterError {
        ClusterError::Format(self.path.clone(), why.to_string())
    }

    /// Brings the file up to clusters: cuts it where they differ, and appends. Writes it whole where the options changed or the file is not
    /// as this log left it.
    ///
    /// # Errors
    /// [`ClusterError::Io`] when the system refuses.
    pub fn save(&mut self, clusters: &Clusters) -> Result<(), ClusterError> {
        let held = self.held.take().filter(|held| {
            held.options == clusters.options
                && std::fs::metadata(&self.path).is_ok_and(|m| m.len() == held.end_of(held.marks.len()))
        });
        let Some(mut held) = held else { return self.write(clusters) };
        let same = common(&held.marks, &clusters.marks);
        if same < held.marks.len() || same < clusters.marks.len() {
            let append = |held: &mut Held| -> std::io::Result<()> {
                let mut file = File::options().write(true).open(&self.path)?;
                file.set_len(held.end_of(same))?;
                file.seek(SeekFrom::End(0))?;
                let mut file = sealed::Paced::new(file);
                frames(&mut file, held, clusters, same)?;
                file.finish()
            };
            append(&mut held).map_err(|e| self.io(e))?;
        }
        self.held = Some(held);
        Ok(())
    }

    /// Writes the file whole, atomically.
    fn write(&mut self, clusters: &Clusters) -> Result<(), ClusterError> {
        let options = postcard::to_stdvec(&clusters.options).map_err(|e| self.format(e))?;
        let mut head = MAGIC.to_vec();
        head.extend(u32::try_from(options.len()).map_err(|e| self.format(e))?.to_le_bytes());
        head.extend(options);
        let sum = sha256(&head);
        head.extend(sum);
        let mut held = Held {
            options: clusters.options.clone(),
            head: (head.len() as u64, sum),
            marks: Vec::new(),
            sums: Vec::new(),
        };
        sealed::replace(&self.path, |file| {
            let mut file = BufWriter::new(file);
            file.write_all(&head)?;
            frames(&mut file, &mut held, clusters, 0)?;
            file.flush()
        })
        .map_err(|e| self.io(e))?;
        self.held = Some(held);
        Ok(())
    }

    /// Reads the file; `None` when it is absent. Files of earlier versions are read too, and written anew when they are saved next.
    ///
    /// # Errors
    /// [`ClusterError`] when the file is of another kind or version, its head is damaged, or the system refuses.
    pub fn load(&mut self) -> Result<Option<Clusters>, ClusterError> {
        self.held = None;
        match sealed::kind(&self.path).map_err(|e| self.io(e))? {
            None => Ok(None),
            Some(magic) if &magic == WHOLE_MAGIC => self.load_whole(WHOLE_MAGIC).map(Some),
            // Made by older rules: the options stand, the clusters are made again from the ledger.
            Some(magic) if &magic == OLDER_MAGIC => {
                Ok(Some(Clusters::new(self.load_whole(OLDER_MAGIC)?.options.clone())))
            }
            Some(magic) if &magic == MAGIC => self.load_frames().map(Some),
            Some(_) => {
                let kind = std::io::Error::new(ErrorKind::InvalidData, "is of another kind or version");
                Err(self.io(kind))
            }
        }
    }

    fn load_frames(&mut self) -> Result<Clusters, ClusterError> {
        let file = File::open(&self.path).map_err(|e| self.io(e))?;
        sealed::close_to_others(&self.path).map_err(|e| self.io(e))?;
        let mut left = file.metadata().map_err(|e| self.io(e))?.len();
        let mut file = BufReader::with_capacity(1 << 20, file);
        let mut length = [0; 12];
        file.read_exact(&mut length).map_err(|e| self.io(e))?;
        let options = u32::from_le_bytes([length[8], length[9], length[10], length[11]]);
        if options > MAX_HEAD || u64::from(options) + 44 > left {
            return Err(self.format("its head is cut off"));
        }
        let mut head = length.to_vec();
        head.resize(12 + options as usize, 0);
        file.read_exact(&mut head[12..]).map_err(|e| self.io(e))?;
        let mut sum_of_head = [0; 32];
        file.read_exact(&mut sum_of_head).map_err(|e| self.io(e))?;
        if sha256(&head) != sum_of_head {
            return Err(self.format("its head is damaged: the checksum does not match"));
        }
        let options: ClusterOptions = postcard::from_bytes(&head[12..]).map_err(|e| self.format(e))?;
        let head = (head.len() as u64 + 32, sum_of_head);
        left -= head.0;
        let mut clusters = Clusters::new(options.clone());
        let mut held = Held { options, head, marks: Vec::new(), sums: Vec::new() };
        while let Some(bytes) = frame(&mut file, &mut held, &mut clusters.merges, left) {
            left -= bytes;
        }
        clusters.marks = held.marks.clone();
        let addresses = clusters.marks.last().map_or(0, |m| m.addresses);
        if clusters.merges.iter().any(|m| m.a.max(m.b) >= addresses) {
            return Err(self.format("a merge names an address that is not known"));
        }
        clusters.replay(addresses);
        self.held = Some(held);
        Ok(clusters)
    }

    fn load_whole(&self, magic: &[u8; 8]) -> Result<Clusters, ClusterError> {
        let cut = || self.format("is cut off");
        let body = sealed::load(&self.path, magic).map_err(|e| self.io(e))?.unwrap_or_default();
        let (len, body) = body.split_at_checked(4).ok_or_else(cut)?;
        let len = u32::from_le_bytes([len[0], len[1], len[2], len[3]]) as usize;
        let (head, body) = body.split_at_checked(len).ok_or_else(cut)?;
        let head: WholeHead = postcard::from_bytes(head).map_err(|e| self.format(e))?;
        let parents = usize::try_from(head.addresses).ok().and_then(|n| n.checked_mul(4)).ok_or_else(cut)?;
        let (_, merges) = body.split_at_checked(parents).ok_or_else(cut)?;
        if !merges.len().is_multiple_of(size_of::<Merge>()) {
            return Err(cut());
        }
        let mut clusters = Clusters::new(head.options);
        if let Some(at) = head.at {
            clusters.merges = bytemuck::allocation::pod_collect_to_vec(merges);
            let addresses = u32::try_from(head.addresses).map_err(|e| self.format(e))?;
            if clusters.merges.iter().any(|m| m.a.max(m.b) >= addresses) {
                return Err(self.format("a merge names an address that is not known"));
            }
            let merges = clusters.merges.len() as u64;
            clusters.marks.push(Mark { merges, coinjoins: head.coinjoins, done: head.done, addresses, at });
            clusters.replay(addresses);
        }
        Ok(clusters)
    }
}

/// Writes the frames of marks from `from` on.
fn frames(file: &mut impl Write, held: &mut Held, clusters: &Clusters, from: usize) -> std::io::Result<()> {
    held.marks.truncate(from);
    held.sums.truncate(from);
    for mark in &clusters.marks[from..] {
        let before = held.marks.last().map_or(0, Mark::merges);
        let merges = &clusters.merges[before..mark.merges()];
        let sum = sum(&held.sum_of(held.marks.len()), mark, merges);
        file.write_all(bytemuck::bytes_of(mark))?;
        file.write_all(bytemuck::cast_slice(merges))?;
        file.write_all(&sum)?;
        held.marks.push(*mark);
        held.sums.push(sum);
    }
    Ok(())
}

/// Reads the next frame of at most `left` bytes; gives its length, or `None` where the log ends or is not whole.
fn frame(file: &mut impl Read, held: &mut Held, merges: &mut Vec<Merge>, left: u64) -> Option<u64> {
    let mut mark = Mark::zeroed();
    let ends = (size_of::<Mark>() + 32) as u64;
    if left < ends {
        return None;
    }
    file.read_exact(bytemuck::bytes_of_mut(&mut mark)).ok()?;
    let last = held.marks.last();
    let rises = last.is_none_or(|l| l.merges <= mark.merges && l.done < mark.done && l.addresses <= mark.addresses);
    let added = mark.merges.checked_sub(merges.len() as u64)?;
    let bytes = added.checked_mul(size_of::<Merge>() as u64)?;
    if !rises || mark.done == 0 || bytes > left - ends {
        return None;
    }
    let start = merges.len();
    merges.resize(mark.merges(), Merge::zeroed());
    let mut found = [0; 32];
    let is_read =
        file.read_exact(bytemuck::cast_slice_mut(&mut merges[start..])).and_then(|()| file.read_exact(&mut found));
    if is_read.is_err() || found != sum(&held.sum_of(held.marks.len()), &mark, &merges[start..]) {
        merges.truncate(start);
        return None;
    }
    held.marks.push(mark);
    held.sums.push(found);
    Some(ends + bytes)
}
