//! Node block files: `blk*.dat`, `rev*.dat`, `xor.dat` of Bitcoin Core and Litecoin Core, and single raw blocks.

use crate::block::{BlockError, MAX_BLOCK_BYTES, peek};
use crate::hash::sha256d_parts;
use crate::header::{TreeNode, best_chain};
use crate::undo::{Spent, UndoError, parse_block_undo, undo_tx_count};
use crate::{Block, BlockHash, Header, Network};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Why node files cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The system refused.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// No block file in the folder.
    #[error("{0}: no blk*.dat file here; name a node's 'blocks' folder")]
    Empty(PathBuf),
    /// `xor.dat` has another length than Core writes.
    #[error("{0}: the key must be 8 bytes, found {1}")]
    XorKey(PathBuf, usize),
    /// No block of the network in any file.
    #[error("{0}: no block of network {1} found; its records begin with {2}. Name the right network with --network")]
    NoBlocks(PathBuf, Network, String),
    /// A block that was indexed does not read.
    #[error("{path} at byte {offset}: {source}")]
    Block {
        /// The file.
        path: PathBuf,
        /// Where the block begins.
        offset: u64,
        /// Why.
        #[source]
        source: BlockError,
    },
    /// Undo data does not read.
    #[error("{0}: {1}")]
    Undo(PathBuf, #[source] UndoError),
}

/// Where a block's bytes lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// Index into [`BlockFiles::paths`].
    pub file: u32,
    /// First byte of the block (behind magic and length).
    pub offset: u64,
    /// Length in bytes.
    pub len: u32,
}

/// A block found in a file.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its place.
    pub location: Location,
    /// Its header.
    pub header: Header,
    /// Its hash.
    pub hash: BlockHash,
    /// Transactions stated.
    pub tx_count: u64,
    stated_height: Option<u32>,
}

/// A folder of node files, indexed: every block found, and the best chain among them.
#[derive(Debug)]
pub struct BlockFiles {
    network: Network,
    paths: Vec<PathBuf>,
    files: Vec<File>,
    xor: Option<[u8; 8]>,
    found: Vec<Found>,
    chain: Vec<(u32, usize)>,
    left_out: Vec<usize>,
    /// What was passed over, in words: truncated tails, bytes that are no record.
    pub notes: Vec<String>,
    undo: Mutex<HashMap<u32, UndoIndex>>,
}

/// Undo records of one rev file: found block index to place.
#[derive(Debug, Default)]
struct UndoIndex {
    bytes: Vec<u8>,
    by_block: HashMap<usize, std::ops::Range<usize>>,
}

impl BlockFiles {
    /// Indexes a node's `blocks` folder. Files may be in any order, with blocks out of order, stale branches, zero
    /// padding and a cut tail. `known_height` gives heights of blocks that predate BIP 34 and whose ancestors are not here.
    ///
    /// # Errors
    /// [`FilesError`] for a folder without blocks of the network, or one that does not read.
    pub fn open(
        dir: &Path,
        network: Network,
        known_height: impl Fn(&BlockHash) -> Option<u32>,
    ) -> Result<Self, FilesError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |e| FilesError::Io(path, e)
        };
        let mut paths: Vec<PathBuf> = std::fs::read_dir(dir)
            .map_err(io(dir))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|p| is_numbered(p, "blk"))
            .collect();
        paths.sort();
        if paths.is_empty() {
            return Err(FilesError::Empty(dir.to_owned()));
        }
        let xor_path = dir.join("xor.dat");
        let xor = match std::fs::read(&xor_path) {
            Ok(key) => {
                Some(<[u8; 8]>::try_from(key.as_slice()).map_err(|_| FilesError::XorKey(xor_path.clone(), key.len()))?)
                    .filter(|key| *key != [0; 8])
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(FilesError::Io(xor_path, e)),
        };
        let mut this = BlockFiles {
            network,
            files: Vec::new(),
            paths,
            xor,
            found: Vec::new(),
            chain: Vec::new(),
            left_out: Vec::new(),
            notes: Vec::new(),
            undo: Mutex::default(),
        };
        for (i, path) in (0u32..).zip(this.paths.clone()) {
            let file = File::open(&path).map_err(io(&path))?;
            this.files.push(file);
            this.scan(i).map_err(io(&path))?;
        }
        if this.found.is_empty() {
            let mut first = [0u8; 4];
            let _ = read_some(&this.files[0], this.xor.as_ref(), &mut first, 0);
            return Err(FilesError::NoBlocks(dir.to_owned(), network, hex::encode(first)));
        }
        let nodes: Vec<TreeNode> = this
            .found
            .iter()
            .map(|f| TreeNode {
                hash: f.hash,
                prev: f.header.prev(),
                bits: f.header.bits(),
                stated_height: f.stated_height,
            })
            .collect();
        let genesis = network.genesis_hash();
        let known = |hash: &BlockHash| if *hash == genesis { Some(0) } else { known_height(hash) };
        (this.chain, this.left_out) = best_chain(&nodes, known);
        Ok(this)
    }

    fn scan(&mut self, file: u32) -> io::Result<()> {
        let handle = &self.files[file as usize];
        let size = handle.metadata()?.len();
        let magic = self.network.parameters().magic;
        let name = self.paths[file as usize].display();
        let mut pos = 0u64;
        let mut skipped = 0u64;
        let mut prefix = [0u8; 8 + 512];
        while pos + 88 <= size {
            let n = read_some(handle, self.xor.as_ref(), &mut prefix, pos)?;
            let length = u32::from_le_bytes(prefix[4..8].try_into().expect("fixed slice"));
            let len = u64::from(length);
            if n < 88 || prefix[..4] != magic || len < 81 || len > MAX_BLOCK_BYTES as u64 {
                match find_magic(handle, self.xor.as_ref(), pos + 1, size, magic)? {
                    (Some(next), nonzero) => {
                        skipped += nonzero;
                        pos = next;
                        continue;
                    }
                    (None, nonzero) => {
                        skipped += nonzero;
                        break;
                    }
                }
            }
            if pos + 8 + len > size {
                self.notes.push(format!("{name}: the last block, at byte {pos}, is cut off; left out"));
                break;
            }
            let prefix = &prefix[8..n.min(8 + length as usize)];
            match peek(prefix) {
                Ok((header, tx_count, coinbase)) => {
                    let stated_height =
                        coinbase.filter(|_| header.version() >= 2).and_then(crate::script::coinbase_height);
                    self.found.push(Found {
                        location: Location { file, offset: pos + 8, len: length },
                        hash: header.hash(),
                        header,
                        tx_count,
                        stated_height,
                    });
                }
                Err(_) => skipped += len,
            }
            pos += 8 + len;
        }
        if skipped > 0 {
            self.notes.push(format!("{name}: {skipped} bytes belong to no block record; left out"));
        }
        Ok(())
    }

    /// Returns the files, in the order that locations number them.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Returns the XOR key of `xor.dat`, if the files are obfuscated.
    pub fn xor_key(&self) -> Option<[u8; 8]> {
        self.xor
    }

    /// Returns the length of the best chain, in blocks.
    pub fn len(&self) -> usize {
        self.chain.len()
    }

    /// Returns whether no block found has a place in the chain.
    pub fn is_empty(&self) -> bool {
        self.chain.is_empty()
    }

    /// Returns the blocks found that are not in the best chain: stale branches, repeats, and blocks of unknown height.
    pub fn left_out(&self) -> impl Iterator<Item = &Found> {
        self.left_out.iter().map(|i| &self.found[*i])
    }

    /// Returns height and place of the block at `position` in the best chain.
    pub fn entry(&self, position: usize) -> (u32, &Found) {
        let (height, i) = self.chain[position];
        (height, &self.found[i])
    }

    /// Reads a block's bytes.
    ///
    /// # Errors
    /// [`FilesError::Io`] when the file no longer reads.
    pub fn read(&self, location: Location) -> Result<Vec<u8>, FilesError> {
        let mut bytes = vec![0u8; location.len as usize];
        let file = &self.files[location.file as usize];
        read_exact(file, self.xor.as_ref(), &mut bytes, location.offset)
            .map_err(|e| FilesError::Io(self.paths[location.file as usize].clone(), e))?;
        Ok(bytes)
    }

    /// Reads, parses and checks the block at `position` in the best chain.
    ///
    /// # Errors
    /// [`FilesError::Block`] names file, place and cause.
    pub fn block(&self, position: usize) -> Result<(u32, Block), FilesError> {
        let (height, found) = self.entry(position);
        let location = found.location;
        let fail = |source| FilesError::Block {
            path: self.paths[location.file as usize].clone(),
            offset: location.offset,
            source,
        };
        let block = Block::parse(self.read(location)?).map_err(fail)?;
        block.check(self.network).map_err(fail)?;
        Ok((height, block))
    }

    /// Returns the spent outputs of the block at `position`, from the rev file with the same number; `None` when there is no
    /// undo record for it. Records are matched by their checksum, which covers the previous block's hash.
    ///
    /// # Errors
    /// [`FilesError`] for an unreadable file or a record that matches but does not decode.
    pub fn spent_outputs(&self, position: usize) -> Result<Option<Vec<Spent>>, FilesError> {
        let (_, index) = self.chain[position];
        let file = self.found[index].location.file;
        let blk = &self.paths[file as usize];
        let name = blk.file_name().unwrap_or_default().to_string_lossy();
        let rev = blk.with_file_name(name.replacen("blk", "rev", 1));
        let mut cache = self.undo.lock().unwrap_or_else(|e| e.into_inner());
        if !cache.contains_key(&file) {
            let undo = self.index_undo(file, &rev)?;
            if cache.len() >= 2 {
                cache.clear(); // a rev file holds up to 128 MiB
            }
            cache.insert(file, undo);
        }
        let undo = &cache[&file];
        let Some(range) = undo.by_block.get(&index) else { return Ok(None) };
        let spent = parse_block_undo(&undo.bytes[range.clone()]).map_err(|e| FilesError::Undo(rev, e))?;
        Ok(Some(spent))
    }

    fn index_undo(&self, file: u32, rev: &Path) -> Result<UndoIndex, FilesError> {
        let handle = match File::open(rev) {
            Ok(handle) => handle,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(UndoIndex::default()),
            Err(e) => return Err(FilesError::Io(rev.to_owned(), e)),
        };
        let size = handle.metadata().map_err(|e| FilesError::Io(rev.to_owned(), e))?.len();
        let size =
            usize::try_from(size).map_err(|_| FilesError::Io(rev.to_owned(), io::ErrorKind::FileTooLarge.into()))?;
        let mut bytes = vec![0u8; size];
        read_exact(&handle, self.xor.as_ref(), &mut bytes, 0).map_err(|e| FilesError::Io(rev.to_owned(), e))?;
        let mut by_count: HashMap<u64, Vec<usize>> = HashMap::new();
        for (i, found) in self.found.iter().enumerate().filter(|(_, f)| f.location.file == file) {
            by_count.entry(found.tx_count.saturating_sub(1)).or_default().push(i);
        }
        let magic = self.network.parameters().magic;
        let mut by_block = HashMap::new();
        let mut pos = 0;
        while pos + 8 + 32 <= bytes.len() {
            let len = u32::from_le_bytes(bytes[pos + 4..pos + 8].try_into().expect("fixed slice")) as usize;
            if bytes[pos..pos + 4] != magic || pos + 8 + len + 32 > bytes.len() {
                match bytes[pos + 1..].windows(4).position(|w| w == magic) {
                    Some(next) => pos += 1 + next,
                    None => break,
                }
                continue;
            }
            let record = pos + 8..pos + 8 + len;
            let checksum = &bytes[record.end..record.end + 32];
            let candidates = undo_tx_count(&bytes[record.clone()]).and_then(|n| by_count.get_mut(&n));
            if let Some(candidates) = candidates {
                let matches = |i: &usize| {
                    sha256d_parts(&[self.found[*i].header.prev().as_bytes(), &bytes[record.clone()]]) == *checksum
                };
                if let Some(at) = candidates.iter().position(matches) {
                    by_block.insert(candidates.swap_remove(at), record.clone());
                }
            }
            pos = record.end + 32;
        }
        Ok(UndoIndex { bytes, by_block })
    }
}

fn is_numbered(path: &Path, prefix: &str) -> bool {
    let Some(name) = path.file_name().and_then(|n| n.to_str()) else { return false };
    let number = name.strip_prefix(prefix).and_then(|n| n.strip_suffix(".dat"));
    number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Undoes Bitcoin Core 28's obfuscation: bytes at file offset i are XORed with key\[i mod 8\].
pub fn deobfuscate(bytes: &mut [u8], key: &[u8; 8], offset: u64) {
    let shift = (offset % 8) as usize;
    let mut rotated = [0u8; 8];
    for (i, byte) in rotated.iter_mut().enumerate() {
        *byte = key[(i + shift) % 8];
    }
    let word = u64::from_ne_bytes(rotated);
    let (chunks, rest) = bytes.as_chunks_mut::<8>();
    for chunk in chunks {
        let plain = u64::from_ne_bytes(*chunk) ^ word;
        *chunk = plain.to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(rotated) {
        *byte ^= key;
    }
}

fn read_exact(file: &File, xor: Option<&[u8; 8]>, out: &mut [u8], offset: u64) -> io::Result<()> {
    file.read_exact_at(out, offset)?;
    if let Some(key) = xor {
        deobfuscate(out, key, offset);
    }
    Ok(())
}

fn read_some(file: &File, xor: Option<&[u8; 8]>, out: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < out.len() {
        match file.read_at(&mut out[done..], offset + done as u64)? {
            0 => break,
            n => done += n,
        }
    }
    if let Some(key) = xor {
        deobfuscate(&mut out[..done], key, offset);
    }
    Ok(done)
}

/// The next place of `magic` from `pos`, and how many bytes before it are not zero padding.
/// Core preallocates files with zeros, which are zeros on disk even where the rest is obfuscated.
fn find_magic(
    file: &File,
    xor: Option<&[u8; 8]>,
    mut pos: u64,
    size: u64,
    magic: [u8; 4],
) -> io::Result<(Option<u64>, u64)> {
    let mut raw = vec![0u8; 1 << 20];
    let mut nonzero = 0u64;
    let count = |raw: &[u8]| raw.iter().filter(|b| **b != 0).count() as u64;
    while pos + 4 <= size {
        let n = read_some(file, None, &mut raw, pos)?;
        let mut plain = raw[..n].to_vec();
        if let Some(key) = xor {
            deobfuscate(&mut plain, key, pos);
        }
        if let Some(at) = plain.windows(4).position(|w| w == magic) {
            return Ok((Some(pos + at as u64), nonzero + count(&raw[..at])));
        }
        if n < 4 {
            break;
        }
        nonzero += count(&raw[..n - 3]);
        pos += n as u64 - 3;
    }
    Ok((None, nonzero))
}

/// Reads a file that holds one block: raw, or as hex, or in node file framing.
///
/// # Errors
/// [`BlockError`] for a file that is none of these.
pub fn read_single_block(bytes: Vec<u8>, network: Network) -> Result<Block, BlockError> {
    let is_hex = bytes.len() > 160 && bytes.iter().all(|b| b.is_ascii_hexdigit() || b.is_ascii_whitespace());
    let mut bytes = if is_hex {
        let digits: Vec<u8> = bytes.into_iter().filter(|b| !b.is_ascii_whitespace()).collect();
        hex::decode(digits).unwrap_or_default()
    } else {
        bytes
    };
    if bytes.starts_with(&network.parameters().magic) && bytes.len() > 8 {
        bytes.drain(..8);
    }
    let block = Block::parse(bytes)?;
    block.check(network)?;
    Ok(block)
}

/// Returns the heights of a run of headers that starts at the network's genesis (80 bytes each, as `headers-*.bin` bundles).
///
/// # Errors
/// A message, where the run does not start at genesis or a header does not link to the one before.
pub fn heights_of_headers(bytes: &[u8], network: Network) -> Result<HashMap<BlockHash, u32>, String> {
    if !bytes.len().is_multiple_of(80) {
        return Err(format!("{} bytes is no whole number of 80-byte headers", bytes.len()));
    }
    let mut heights = HashMap::new();
    let mut last = BlockHash::default();
    for (height, chunk) in (0u32..).zip(bytes.as_chunks::<80>().0) {
        let header = Header(*chunk);
        let hash = header.hash();
        let linked = if height == 0 { hash == network.genesis_hash() } else { header.prev() == last };
        if !linked {
            return Err(format!("header {height} ({hash}) does not link to the one before"));
        }
        heights.insert(hash, height);
        last = hash;
    }
    Ok(heights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn obfuscation_is_its_own_inverse_at_any_offset() {
        let key = [1, 2, 3, 4, 5, 6, 7, 8];
        let plain: Vec<u8> = (0..100).collect();
        let mut whole = plain.clone();
        deobfuscate(&mut whole, &key, 0);
        for offset in 0..20 {
            let mut part = whole[offset..].to_vec();
            deobfuscate(&mut part, &key, offset as u64);
            assert_eq!(part, plain[offset..]);
        }
    }

    #[test]
    fn only_numbered_files_count() {
        assert!(is_numbered(Path::new("/a/blk00000.dat"), "blk"));
        assert!(!is_numbered(Path::new("/a/blk00000.dat.bak"), "blk"));
        assert!(!is_numbered(Path::new("/a/blk.dat"), "blk"));
    }
}
