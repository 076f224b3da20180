//! LevelDB as browsers store their extensions' data in it: the records of its logs and the blocks of its tables, unpacked (Snappy). Read from
//! the format's description (`log_format.md`, `table_format.md` of google/leveldb); nothing else of a database is opened.

/// Bytes of a log's block.
const LOG_BLOCK: usize = 32 << 10;
/// Magic number at the end of every table.
pub const TABLE_MAGIC: [u8; 8] = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
/// Bytes of a table's footer.
const FOOTER: usize = 48;
/// Largest unpacked block, in bytes.
const MAX_BLOCK: usize = 64 << 20;
/// Most blocks of a table, most records of a log.
const MAX_PARTS: usize = 200_000;

/// Reads a number of a table: seven bits a byte, lowest first.
fn varint(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return usize::try_from(value).ok();
        }
    }
    None
}

/// Returns the length of a table in bytes, from its beginning to the end of its footer (its last 48 bytes): the footer gives the extent of the index.
#[must_use]
pub fn table_length(footer: &[u8]) -> Option<usize> {
    let (_, index) = handles(footer.get(footer.len().checked_sub(FOOTER)?..)?)?;
    index.0.checked_add(index.1)?.checked_add(5 + FOOTER)
}

/// Offset and length of a block.
type Handle = (usize, usize);

/// Returns the handles of a footer: metaindex and index.
fn handles(footer: &[u8]) -> Option<(Handle, Handle)> {
    if footer[footer.len() - 8..] != TABLE_MAGIC {
        return None;
    }
    let mut at = 0;
    let mut next = || varint(footer, &mut at);
    Some(((next()?, next()?), (next()?, next()?)))
}

/// Returns a block, unpacked.
fn block(bytes: &[u8], offset: usize, size: usize) -> Option<Vec<u8>> {
    let raw = bytes.get(offset..offset.checked_add(size)?)?;
    match bytes.get(offset + size)? {
        0 => Some(raw.to_vec()),
        1 => match snap::raw::decompress_len(raw) {
            Ok(length) if length <= MAX_BLOCK => snap::raw::Decoder::new().decompress_vec(raw).ok(),
            _ => None,
        },
        2 => zstd::bulk::decompress(raw, MAX_BLOCK).ok(),
        _ => None,
    }
}

/// Returns the values of a block's entries (keys share beginnings and are left out).
fn values(block: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let Some(restarts) = block.len().checked_sub(4).and_then(|at| block.get(at..)) else { return found };
    let restarts = u32::from_le_bytes([restarts[0], restarts[1], restarts[2], restarts[3]]) as usize;
    let Some(end) = restarts.checked_mul(4).and_then(|n| (block.len() - 4).checked_sub(n)) else { return found };
    let mut at = 0;
    while at < end && found.len() < MAX_PARTS {
        let (Some(_), Some(rest), Some(length)) =
            (varint(block, &mut at), varint(block, &mut at), varint(block, &mut at))
        else {
            break;
        };
        let Some(value) = at.checked_add(rest).and_then(|from| block.get(from..from.checked_add(length)?)) else {
            break;
        };
        found.push(value);
        at += rest + length;
    }
    found
}

/// Unpacked blocks with the offset of each, and how many could not be read.
pub type Table = (Vec<(usize, Vec<u8>)>, usize);

/// Returns the unpacked blocks of a table with the offset of each, and how many could not be read; `None` when it is no table.
#[must_use]
pub fn table(bytes: &[u8]) -> Option<Table> {
    let (_, index) = handles(bytes.get(bytes.len().checked_sub(FOOTER)?..)?)?;
    let index = block(bytes, index.0, index.1)?;
    let (mut blocks, mut unreadable, mut total) = (Vec::new(), 0, 0usize);
    for handle in values(&index) {
        let mut at = 0;
        let read = varint(handle, &mut at).zip(varint(handle, &mut at)).and_then(|(offset, size)| {
            let content = block(bytes, offset, size)?;
            Some((offset, content))
        });
        match read {
            Some((offset, content)) if total < 16 * MAX_BLOCK => {
                total += content.len();
                blocks.push((offset, content));
            }
            _ => unreadable += 1,
        }
    }
    Some((blocks, unreadable))
}

/// Returns a record's part in a log: its kind (whole, first, middle, last) and content.
fn part(bytes: &[u8], at: usize) -> Option<(u8, &[u8])> {
    let head = bytes.get(at..at + 7)?;
    let length = usize::from(u16::from_le_bytes([head[4], head[5]]));
    let fits = (1..=4).contains(&head[6]) && at % LOG_BLOCK + 7 + length <= LOG_BLOCK;
    fits.then(|| bytes.get(at + 7..(at + 7 + length).min(bytes.len()))).flatten().map(|content| (head[6], content))
}

/// Returns whether bytes begin as a log of writes: a record that is whole or goes on, with a plausible sequence number and count.
#[must_use]
pub fn is_log(bytes: &[u8]) -> bool {
    let Some((1 | 2, content)) = part(bytes, 0) else { return false };
    let Some(head) = content.get(..12) else { return false };
    // Sequence numbers fit in 56 bits; fewer in practice. A batch has some writes, the first a value or a deletion.
    let count = u32::from_le_bytes([head[8], head[9], head[10], head[11]]);
    head[5..8] == [0; 3] && (1..1_000_000).contains(&count) && content.get(12).is_some_and(|tag| *tag <= 1)
}

/// Returns the records of a log, put together, with the offset of each one's first part.
#[must_use]
pub fn log(bytes: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let mut records: Vec<(usize, Vec<u8>)> = Vec::new();
    let (mut at, mut open, mut total) = (0, false, 0usize);
    while at + 7 <= bytes.len() && records.len() < MAX_PARTS && total < 16 * MAX_BLOCK {
        match part(bytes, at) {
            Some((kind, content)) => {
                total += content.len();
                match records.last_mut().filter(|_| open && kind >= 3) {
                    Some(last) => last.1.extend_from_slice(content),
                    None => records.push((at, content.to_vec())),
                }
                open = matches!(kind, 2 | 3);
                at += 7 + content.len();
            }
            // The end of a block, or damage: the next block begins anew.
            None => {
                at = (at / LOG_BLOCK + 1) * LOG_BLOCK;
            }
        }
        if LOG_BLOCK - at % LOG_BLOCK < 7 {
            at = (at / LOG_BLOCK + 1) * LOG_BLOCK;
        }
    }
    records
}

/// Tables and logs for tests, here and of the whole scan.
#[cfg(test)]
pub(crate) mod made {
    use super::*;

    fn put(out: &mut Vec<u8>, mut value: usize) {
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }

    fn entries(items: &[(&[u8], &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        for (key, value) in items {
            put(&mut out, 0);
            put(&mut out, key.len());
            put(&mut out, value.len());
            out.extend_from_slice(key);
            out.extend_from_slice(value);
        }
        out.extend_from_slice(&[0, 0, 0, 0, 1, 0, 0, 0]);
        out
    }

    /// Returns a table with a block for each value.
    pub fn table(values: &[&[u8]]) -> Vec<u8> {
        let (mut out, mut index) = (Vec::new(), Vec::new());
        for value in values {
            let packed = snap::raw::Encoder::new().compress_vec(&entries(&[(b"data", value)])).unwrap();
            let mut handle = Vec::new();
            put(&mut handle, out.len());
            put(&mut handle, packed.len());
            index.push(handle);
            out.extend_from_slice(&packed);
            out.extend_from_slice(&[1, 0, 0, 0, 0]);
        }
        let items: Vec<(&[u8], &[u8])> = index.iter().map(|h| (b"data".as_slice(), h.as_slice())).collect();
        let (mut footer, index) = (Vec::new(), entries(&items));
        put(&mut footer, 0);
        put(&mut footer, 0);
        put(&mut footer, out.len());
        put(&mut footer, index.len());
        footer.resize(40, 0);
        footer.extend_from_slice(&TABLE_MAGIC);
        out.extend_from_slice(&index);
        out.extend_from_slice(&[0, 0, 0, 0, 0]);
        out.extend_from_slice(&footer);
        out
    }

    /// Returns a log with a write for each value.
    pub fn log(values: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        for value in values {
            let mut record = vec![1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 4];
            record.extend_from_slice(b"data");
            put(&mut record, value.len());
            record.extend_from_slice(value);
            let mut rest = record.as_slice();
            let mut first = true;
            while !rest.is_empty() || first {
                let room = LOG_BLOCK - out.len() % LOG_BLOCK;
                if room < 7 {
                    out.resize(out.len() + room, 0);
                    continue;
                }
                let (now, later) = rest.split_at(rest.len().min(room - 7));
                let kind = match (first, later.is_empty()) {
                    (true, true) => 1,
                    (true, false) => 2,
                    (false, false) => 3,
                    (false, true) => 4,
                };
                out.extend_from_slice(&[0; 4]);
                out.extend_from_slice(&(now.len() as u16).to_le_bytes());
                out.push(kind);
                out.extend_from_slice(now);
                (rest, first) = (later, false);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_and_tables_are_read_back() {
        let long = vec![b'x'; 100_000];
        let values: [&[u8]; 3] = [b"first", &long, b"last"];
        let bytes = made::log(&values);
        assert!(is_log(&bytes));
        let records = log(&bytes);
        assert_eq!(records.len(), 3);
        assert!(records[1].1.ends_with(&long) && records[2].1.ends_with(b"last"));
        let bytes = made::table(&values);
        let (blocks, unreadable) = table(&bytes).unwrap();
        assert_eq!((blocks.len(), unreadable), (3, 0));
        assert!(blocks[1].1.windows(1_000).any(|w| w == &long[..1_000]));
        // In a disk image, its end gives its beginning.
        let mut image = vec![7; 5_000];
        image.extend_from_slice(&bytes);
        assert_eq!(table_length(&image), Some(image.len() - 5_000));
        assert!(!is_log(b"2021/08/30-21:35:43.781 7938 Creating DB") && table(b"short").is_none());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
            let _ = log(&bytes);
            let mut ended = bytes;
            ended.extend_from_slice(&TABLE_MAGIC);
            let _ = (table(&ended), table_length(&ended));
        }
    }
}
