//! Era1 files: archives of 8,192 blocks from before the merge with headers, bodies and receipts, as e2store records of snappy frames.
//!
//! Records are type (2 bytes, little-endian), length (4), two zero bytes, data. A file proves itself: each block names the one before, and the
//! accumulator at its end is the root over all hashes and total difficulties (SSZ `List[HeaderRecord, 8192]`).

use crate::rlp::MAX_BYTES;
use crate::{Block, BlockError, Header, Receipt, rlp};
use alloy_primitives::{B256, Bytes, U256};
use holdfast_node::equal;
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};

const VERSION: u16 = 0x3265;
const HEADER: u16 = 3;
const BODY: u16 = 4;
const RECEIPTS: u16 = 5;
const DIFFICULTY: u16 = 6;
const ACCUMULATOR: u16 = 7;
const INDEX: u16 = 0x3266;
/// Most blocks of a file, and levels of the accumulator's tree.
pub const MAX_BLOCKS: usize = 8_192;
const LEVELS: usize = 13;

/// Reads the blocks of an era1 file in order. The last item is an error where the file does not prove itself.
#[derive(Debug)]
pub struct Era1<R> {
    source: R,
    /// Number and hash of the block before, and total difficulty.
    before: Option<(u64, B256)>,
    difficulty: U256,
    leaves: Vec<[u8; 32]>,
    is_done: bool,
}

impl<R: Read> Era1<R> {
    /// Begins to read a file.
    ///
    /// # Errors
    /// [`BlockError`] where it is no e2store file.
    pub fn new(mut source: R) -> Result<Self, BlockError> {
        match record(&mut source)? {
            Some((VERSION, data)) if data.is_empty() => {}
            _ => return Err(BlockError::malformed("file", "no e2store file: its version record is missing")),
        }
        Ok(Era1 { source, before: None, difficulty: U256::ZERO, leaves: Vec::new(), is_done: false })
    }

    fn next_block(&mut self) -> Result<Option<(Block, Vec<Receipt>)>, BlockError> {
        let header = match record(&mut self.source)? {
            Some((HEADER, data)) => unpack(&data, "header")?,
            Some((ACCUMULATOR, data)) => return self.finish(&data).map(|()| None),
            Some((kind, _)) => return Err(unexpected(kind, "a header")),
            None => return Err(BlockError::malformed("file", "ends without its accumulator")),
        };
        if self.leaves.len() == MAX_BLOCKS {
            return Err(BlockError::malformed("file", format!("more than {MAX_BLOCKS} blocks")));
        }
        let body = self.expect(BODY, "a body")?;
        let block = rlp::block(&header, &unpack(&body, "body")?)?;
        let number = block.header.number;
        let receipts = self.expect(RECEIPTS, "receipts").and_then(|data| rlp::receipts(&unpack(&data, "receipts")?));
        let receipts = receipts.map_err(|e| e.of_block(number))?;
        let stated = self.expect(DIFFICULTY, "a total difficulty")?;
        self.link(&block, &stated).map_err(|e| e.of_block(number))?;
        Ok(Some((block, receipts)))
    }

    fn expect(&mut self, kind: u16, what: &str) -> Result<Vec<u8>, BlockError> {
        match record(&mut self.source)? {
            Some((found, data)) if found == kind => Ok(data),
            Some((found, _)) => Err(unexpected(found, what)),
            None => Err(BlockError::malformed("file", format!("ends where {what} is expected"))),
        }
    }

    /// Refuses a block that does not follow the one before, in hash or difficulty.
    fn link(&mut self, block: &Block, difficulty: &[u8]) -> Result<(), BlockError> {
        let total = <[u8; 32]>::try_from(difficulty).map_err(|e| BlockError::malformed("totalDifficulty", e))?;
        let total = U256::from_le_bytes(total);
        if let Some((number, hash)) = self.before {
            equal("header.number", &block.header.number, &number.saturating_add(1))?;
            equal("header.parentHash", &block.header.parent_hash, &hash)?;
            let sum = self.difficulty.checked_add(block.header.difficulty);
            equal("totalDifficulty", &Some(total), &sum)?;
        }
        (self.before, self.difficulty) = (Some((block.header.number, block.hash)), total);
        self.leaves.push(pair(&block.hash.0, &total.to_le_bytes::<32>()));
        Ok(())
    }

    fn finish(&mut self, stated: &[u8]) -> Result<(), BlockError> {
        let computed = accumulator(&self.leaves);
        equal("accumulator", &stated, &computed.as_slice())?;
        let index = self.expect(INDEX, "a block index")?;
        let start = index.first_chunk().copied().map(u64::from_le_bytes);
        let count = self.leaves.len().saturating_sub(1);
        let first = self.before.and_then(|(last, _)| last.checked_sub(u64::try_from(count).unwrap_or(u64::MAX)));
        equal("blockIndex.start", &start, &first)
    }
}

impl<R: Read> Iterator for Era1<R> {
    type Item = Result<(Block, Vec<Receipt>), BlockError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let next = self.next_block().transpose();
        self.is_done = !matches!(next, Some(Ok(_)));
        next
    }
}

fn unexpected(kind: u16, what: &str) -> BlockError {
    BlockError::malformed("file", format!("record of type {kind:#06x} where {what} is expected"))
}

/// Reads a record; `None` at the end of the file.
fn record(source: &mut impl Read) -> Result<Option<(u16, Vec<u8>)>, BlockError> {
    let wrong = |e: std::io::Error| BlockError::malformed("file", e);
    let mut head = [0; 8];
    let mut have = 0;
    while have < head.len() {
        match source.read(&mut head[have..]).map_err(wrong)? {
            0 if have == 0 => return Ok(None),
            0 => return Err(BlockError::malformed("file", "ends inside a record")),
            n => have += n,
        }
    }
    let [k0, k1, l0, l1, l2, l3, r0, r1] = head;
    let length = u32::from_le_bytes([l0, l1, l2, l3]);
    let length = usize::try_from(length).ok().filter(|length| *length <= MAX_BYTES && (r0, r1) == (0, 0));
    let length = length.ok_or_else(|| BlockError::malformed("file", "a record's header is damaged"))?;
    let mut data = Vec::new();
    let read = source.take(length.try_into().unwrap_or(u64::MAX)).read_to_end(&mut data).map_err(wrong)?;
    if read != length {
        return Err(BlockError::malformed("file", "ends inside a record"));
    }
    Ok(Some((u16::from_le_bytes([k0, k1]), data)))
}

fn unpack(data: &[u8], field: &str) -> Result<Bytes, BlockError> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let mut frames = snap::read::FrameDecoder::new(data).take(limit + 1);
    frames.read_to_end(&mut bytes).map_err(|e| BlockError::malformed(field, e))?;
    if bytes.len() > MAX_BYTES {
        return Err(BlockError::malformed(field, format!("longer than {MAX_BYTES} bytes")));
    }
    Ok(bytes.into())
}

fn pair(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update(left).chain_update(right).finalize().into()
}

/// Returns the SSZ root of a list of leaves of at most 8,192.
fn accumulator(leaves: &[[u8; 32]]) -> [u8; 32] {
    let (mut row, mut empty) = (leaves.to_vec(), [0; 32]);
    for _ in 0..LEVELS {
        row = row.chunks(2).map(|two| pair(&two[0], two.get(1).unwrap_or(&empty))).collect();
        empty = pair(&empty, &empty);
    }
    let mut length = [0; 32];
    length[..8].copy_from_slice(&u64::try_from(leaves.len()).unwrap_or(u64::MAX).to_le_bytes());
    pair(row.first().unwrap_or(&empty), &length)
}

/// Writes an era1 file.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    written: u64,
    difficulty: U256,
    leaves: Vec<[u8; 32]>,
    /// Number of the first block, and where the headers stand.
    first: u64,
    places: Vec<u64>,
}

impl<W: Write> Writer<W> {
    /// Begins a file behind a total difficulty.
    ///
    /// # Errors
    /// What the system reports.
    pub fn new(out: W, difficulty: U256) -> io::Result<Self> {
        let mut writer = Writer { out, written: 0, difficulty, leaves: Vec::new(), first: 0, places: Vec::new() };
        writer.record(VERSION, &[])?;
        Ok(writer)
    }

    /// Returns whether no more blocks go into the file.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.leaves.len() >= MAX_BLOCKS
    }

    /// Writes a block by its header, its body in RLP and the list of its receipts in RLP.
    ///
    /// # Errors
    /// What the system reports, or that the file is full.
    pub fn block(&mut self, header: &Header, body: &[u8], receipts: &[u8]) -> io::Result<()> {
        if self.is_full() {
            return Err(io::Error::other("an era1 file holds 8,192 blocks"));
        }
        if self.places.is_empty() {
            self.first = header.number;
        }
        self.places.push(self.written);
        self.difficulty = self.difficulty.saturating_add(header.difficulty);
        let total = self.difficulty.to_le_bytes::<32>();
        self.record(HEADER, &pack(&header.to_rlp())?)?;
        self.record(BODY, &pack(body)?)?;
        self.record(RECEIPTS, &pack(receipts)?)?;
        self.record(DIFFICULTY, &total)?;
        self.leaves.push(pair(&header.hash().0, &total));
        Ok(())
    }

    /// Ends the file with its accumulator and the index of its blocks.
    ///
    /// # Errors
    /// What the system reports.
    pub fn finish(mut self) -> io::Result<W> {
        self.record(ACCUMULATOR, &accumulator(&self.leaves))?;
        // Places are relative to the index's own record.
        let (at, count) = (self.written, u64::try_from(self.places.len()).unwrap_or(u64::MAX));
        let places = self.places.iter().map(|place| place.wrapping_sub(at));
        let index: Vec<u8> = [self.first].into_iter().chain(places).chain([count]).flat_map(u64::to_le_bytes).collect();
        self.record(INDEX, &index)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn record(&mut self, kind: u16, data: &[u8]) -> io::Result<()> {
        let length = u32::try_from(data.len()).map_err(io::Error::other)?;
        self.out.write_all(&kind.to_le_bytes())?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(&[0, 0])?;
        self.out.write_all(data)?;
        self.written += 8 + u64::from(length);
        Ok(())
    }
}

fn pack(data: &[u8]) -> io::Result<Vec<u8>> {
    let mut frames = snap::write::FrameEncoder::new(Vec::new());
    frames.write_all(data)?;
    frames.into_inner().map_err(|e| io::Error::other(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::tests::header;
    use crate::receipt;

    fn file(blocks: u64) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), U256::from(1_000)).unwrap();
        let mut parent = B256::ZERO;
        for number in 0..blocks {
            let header = Header { parent_hash: parent, number: 100 + number, ..header(0) };
            parent = header.hash();
            let receipts = receipt::tests::receipt(0, 3);
            let mut listed = Vec::new();
            rlp::list(&receipts.envelope(&receipts.computed_bloom()), &mut listed);
            writer.block(&header, &[0xc2, 0xc0, 0xc0], &listed).unwrap();
        }
        writer.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Vec<(Block, Vec<Receipt>)>, BlockError> {
        Era1::new(bytes)?.collect()
    }

    #[test]
    fn a_file_reads_back_and_any_flipped_byte_is_found() {
        let good = file(3);
        let blocks = read(&good).unwrap();
        let numbers: Vec<_> = blocks.iter().map(|(block, receipts)| (block.header.number, receipts.len())).collect();
        assert_eq!(numbers, [(100, 1), (101, 1), (102, 1)]);
        for cut in 0..good.len() - 48 {
            assert!(read(&good[..cut]).is_err(), "{cut} bytes");
        }
        for place in 0..good.len() - 32 {
            let mut bad = good.clone();
            bad[place] ^= 0x10;
            // What no root is recomputed from here (receipts: `verify` does that) may read; headers and links may not.
            if let Ok(read) = read(&bad) {
                assert!(read.iter().zip(&blocks).all(|(a, b)| a.0 == b.0), "byte {place}");
            }
        }
    }

    #[test]
    fn the_accumulator_is_the_ssz_root() {
        // Root of an empty list of at most 2^13 leaves: the zero subtree of 13 levels, mixed with length 0.
        let mut zero = [0; 32];
        (0..13).for_each(|_| zero = pair(&zero, &zero));
        assert_eq!(accumulator(&[]), pair(&zero, &[0; 32]));
        let leaf = [7; 32];
        let mut root = leaf;
        let mut zero = [0; 32];
        for _ in 0..13 {
            root = pair(&root, &zero);
            zero = pair(&zero, &zero);
        }
        let mut one = [0; 32];
        one[0] = 1;
        assert_eq!(accumulator(&[leaf]), pair(&root, &one));
    }
}
