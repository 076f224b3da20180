//! Images of disks that are packed or have holes: QEMU's qcow2, VMware's sparse VMDK, EnCase's E01. Read from their published descriptions
//! (qcow2.txt of QEMU, VMware's Virtual Disk Format 5.0, libewf's EWF specification); only what is needed to read, everything bounded. Other
//! files that an image names (backing files, extents) are never opened: an untrusted file chooses no path.

use crate::read::{ReadAt, to_index};
use std::io::{Error, ErrorKind, Read, Result};
use std::sync::Mutex;

/// Largest disk that is read, in bytes.
const MAX_DISK: u64 = 16 << 40;
/// Largest unit of an image (cluster, grain, chunk), in bytes.
const MAX_UNIT: u64 = 64 << 20;
/// Most sections of an EWF file.
const MAX_SECTIONS: usize = 1 << 20;

fn bad(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what.to_owned())
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_be_bytes)
}

fn be64(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_be_bytes)
}

fn le32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn le64(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// Where a unit of a disk is.
#[derive(Clone, Copy)]
enum Unit {
    Hole,
    /// As it is, at an offset of the image.
    Plain(u64),
    /// Packed: offset and most bytes.
    Packed(u64, u64),
}

/// How units are packed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    Deflate,
    Zlib,
    Zstd,
}

/// The map of an image's units.
enum Map {
    /// qcow2: the first table's offset and entries; entries of a second table by bits.
    Qcow { table: u64, bits: u32 },
    /// VMDK: the directory's offset, entries a table; whether grains have a head.
    Vmdk { directory: u64, entries: u64, marked: bool },
    /// EWF: tables of chunks.
    Ewf(Vec<Table>),
}

struct Table {
    /// Number of its first chunk.
    first: u64,
    chunks: u64,
    base: u64,
    /// Where its entries are, and where the chunks' data end.
    entries: u64,
    end: u64,
}

/// A disk in an image.
pub(crate) struct Disk<'a> {
    source: &'a dyn ReadAt,
    size: u64,
    unit: u64,
    packing: Packing,
    map: Map,
    /// Parts that could not be followed, to be listed as not opened.
    pub left_out: Vec<String>,
    /// The last table read, by its offset.
    cached: Mutex<(u64, Vec<u8>)>,
}

impl<'a> Disk<'a> {
    /// Opens the disk of an image of a kind.
    ///
    /// # Errors
    /// When its header is damaged or not supported.
    pub fn open(kind: &str, source: &'a dyn ReadAt) -> Result<Self> {
        let disk = match kind {
            "qcow2" => qcow(source)?,
            "vmdk" => vmdk(source)?,
            "ewf" => ewf(source)?,
            _ => return Err(bad("is no image")),
        };
        if disk.size > MAX_DISK || disk.unit == 0 || disk.unit > MAX_UNIT {
            return Err(bad("gives sizes that no disk has"));
        }
        Ok(disk)
    }

    /// Returns an entry of a table; its neighbours are read with it.
    fn entry(&self, table: u64, index: u64, width: u64) -> Result<u64> {
        const PIECE: u64 = 64 << 10;
        let at = table.checked_add(index * width).ok_or_else(|| bad("an offset is too large"))?;
        let piece = at / PIECE * PIECE;
        let mut cached = self.cached.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if cached.0 != piece || cached.1.is_empty() {
            let mut bytes = vec![0; to_index(PIECE) + 8];
            let n = self.source.read_at(piece, &mut bytes)?;
            bytes.truncate(n);
            *cached = (piece, bytes);
        }
        let from = to_index(at - piece);
        let bytes = cached.1.get(from..from + to_index(width)).ok_or(ErrorKind::UnexpectedEof)?;
        Ok(match (&self.map, width) {
            (Map::Qcow { .. }, _) => be64(bytes, 0),
            _ => u64::from(le32(bytes, 0)),
        })
    }

    fn unit_at(&self, number: u64) -> Result<Unit> {
        match &self.map {
            Map::Qcow { table, bits } => {
                let entries = self.unit / 8;
                let second = self.entry(*table, number / entries, 8)? & 0x00ff_ffff_ffff_fe00;
                if second == 0 {
                    return Ok(Unit::Hole);
                }
                let entry = self.entry(second, number % entries, 8)?;
                if entry & (1 << 62) != 0 {
                    // The offset's bits, then the number of further sectors.
                    let shift = 62 - (bits - 8);
                    let offset = entry & ((1 << shift) - 1);
                    let sectors = (entry >> shift) & ((1 << (bits - 8)) - 1);
                    return Ok(Unit::Packed(offset, (sectors + 1) * 512 - offset % 512));
                }
                let offset = entry & 0x00ff_ffff_ffff_fe00;
                Ok(if offset == 0 || entry & 1 != 0 { Unit::Hole } else { Unit::Plain(offset) })
            }
            Map::Vmdk { directory, entries, marked } => {
                let table = self.entry(*directory, number / entries, 4)?;
                if table == 0 {
                    return Ok(Unit::Hole);
                }
                match self.entry(table * 512, number % entries, 4)? {
                    0 | 1 => Ok(Unit::Hole),
                    grain if *marked => {
                        let head = self.source.exact(grain * 512, 12)?;
                        Ok(Unit::Packed(grain * 512 + 12, u64::from(le32(&head, 8)).min(2 * self.unit)))
                    }
                    grain => Ok(Unit::Plain(grain * 512)),
                }
            }
            Map::Ewf(tables) => {
                let table = match tables.partition_point(|t| t.first <= number) {
                    0 => return Err(bad("a chunk is in no table")),
                    n => &tables[n - 1],
                };
                let index = number - table.first;
                if index >= table.chunks {
                    return Err(bad("a chunk is in no table"));
                }
                let entry = self.entry(table.entries, index, 4)?;
                let begin = table.base + (entry & 0x7fff_ffff);
                let end = match index + 1 < table.chunks {
                    true => table.base + (self.entry(table.entries, index + 1, 4)? & 0x7fff_ffff),
                    false => table.end,
                };
                let length = end.saturating_sub(begin).min(2 * self.unit + 1024);
                Ok(if entry & 0x8000_0000 != 0 { Unit::Packed(begin, length) } else { Unit::Plain(begin) })
            }
        }
    }

    fn read_unit(&self, number: u64, within: u64, buffer: &mut [u8]) -> Result<()> {
        match self.unit_at(number)? {
            Unit::Hole => buffer.fill(0),
            Unit::Plain(offset) => {
                let n = self.source.read_at(offset + within, buffer)?;
                buffer[n..].fill(0);
            }
            Unit::Packed(offset, most) => {
                let mut packed = vec![0; to_index(most.min(2 * self.unit + 1024))];
                let n = self.source.read_at(offset, &mut packed)?;
                packed.truncate(n);
                let mut plain = Vec::new();
                let limit = self.unit;
                match self.packing {
                    Packing::Deflate => {
                        flate2::read::DeflateDecoder::new(packed.as_slice()).take(limit).read_to_end(&mut plain)?
                    }
                    Packing::Zlib => {
                        flate2::read::ZlibDecoder::new(packed.as_slice()).take(limit).read_to_end(&mut plain)?
                    }
                    Packing::Zstd => {
                        zstd::stream::read::Decoder::new(packed.as_slice())?.take(limit).read_to_end(&mut plain)?
                    }
                };
                plain.resize(to_index(limit), 0);
                buffer.copy_from_slice(&plain[to_index(within)..to_index(within) + buffer.len()]);
            }
        }
        Ok(())
    }
}

impl ReadAt for Disk<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let length = (buffer.len() as u64).min(self.size.saturating_sub(offset));
        let mut done = 0;
        while done < length {
            let (number, within) = ((offset + done) / self.unit, (offset + done) % self.unit);
            let n = (self.unit - within).min(length - done);
            self.read_unit(number, within, &mut buffer[to_index(done)..to_index(done + n)])?;
            done += n;
        }
        Ok(to_index(length))
    }

    fn is_hole(&self, offset: u64, length: u64) -> bool {
        let end = offset.saturating_add(length).min(self.size);
        (offset / self.unit..end.div_ceil(self.unit)).all(|n| matches!(self.unit_at(n), Ok(Unit::Hole)))
    }
}

fn qcow(source: &dyn ReadAt) -> Result<Disk<'_>> {
    let head = source.exact(0, 112).or_else(|_| source.exact(0, 72))?;
    let (version, bits) = (be32(&head, 4), be32(&head, 20));
    if !head.starts_with(b"QFI\xfb") || !(2..=3).contains(&version) || !(9..=21).contains(&bits) {
        return Err(bad("is no qcow2 image of version 2 or 3"));
    }
    let mut left_out = Vec::new();
    if be64(&head, 8) != 0 {
        left_out.push("the image stands on another one (a backing file), which is not opened: scan it too".to_owned());
    }
    if be32(&head, 32) != 0 {
        return Err(bad("is encrypted"));
    }
    let features = if version >= 3 { be64(&head, 72) } else { 0 };
    if features & 0b1_0100 != 0 {
        return Err(bad("has its data in another file, or its tables in another form"));
    }
    let zstd = features & 8 != 0 && head.get(104) == Some(&1);
    Ok(Disk {
        source,
        size: be64(&head, 24),
        unit: 1 << bits,
        packing: if zstd { Packing::Zstd } else { Packing::Deflate },
        map: Map::Qcow { table: be64(&head, 40), bits },
        left_out,
        cached: Mutex::default(),
    })
}

fn vmdk(source: &dyn ReadAt) -> Result<Disk<'_>> {
    let mut head = source.exact(0, 512)?;
    if le64(&head, 56) == u64::MAX {
        // Streams have the offset of their directory in a copy of the header at the end.
        head = source.exact(source.size().saturating_sub(1024), 512)?;
    }
    if !head.starts_with(b"KDMV") {
        return Err(bad("is no sparse VMDK"));
    }
    let (flags, sectors, grain, entries) =
        (le32(&head, 8), le64(&head, 12), le64(&head, 20), u64::from(le32(&head, 44)));
    let packed = flags & (1 << 16) != 0;
    if packed && head[77..79] != [1, 0]
        || sectors > MAX_DISK / 512
        || grain > MAX_UNIT / 512
        || entries == 0
        || entries > 4096
    {
        return Err(bad("gives sizes or a compression that VMDK does not have"));
    }
    Ok(Disk {
        source,
        size: sectors * 512,
        unit: grain * 512,
        packing: Packing::Zlib,
        map: Map::Vmdk { directory: le64(&head, 56).saturating_mul(512), entries, marked: packed },
        left_out: Vec::new(),
        cached: Mutex::default(),
    })
}

fn ewf(source: &dyn ReadAt) -> Result<Disk<'_>> {
    let mut at = 13u64;
    let (mut unit, mut size, mut tables, mut sectors_end) = (0u64, 0u64, Vec::new(), 0u64);
    let mut chunks = 0u64;
    let mut more = false;
    for _ in 0..MAX_SECTIONS {
        let head = source.exact(at, 76)?;
        let kind: Vec<u8> = head[..16].iter().copied().take_while(|b| *b != 0).collect();
        let (next, length) = (le64(&head, 16), le64(&head, 24));
        match kind.as_slice() {
            b"volume" | b"disk" | b"data" => {
                let data = source.exact(at + 76, 24)?;
                unit = u64::from(le32(&data, 8)).saturating_mul(u64::from(le32(&data, 12)));
                size = le64(&data, 16).saturating_mul(u64::from(le32(&data, 12)));
            }
            b"sectors" => sectors_end = at.saturating_add(length),
            b"table" => {
                let table = source.exact(at + 76, 24)?;
                let count = u64::from(le32(&table, 0));
                let end = if sectors_end > 0 { sectors_end } else { at };
                tables.push(Table { first: chunks, chunks: count, base: le64(&table, 8), entries: at + 76 + 24, end });
                chunks += count;
            }
            b"next" => {
                more = true;
                break;
            }
            b"done" => break,
            _ => {}
        }
        if next <= at {
            break;
        }
        at = next;
    }
    if unit == 0 || tables.is_empty() {
        return Err(bad("holds no table of chunks"));
    }
    let here = chunks.saturating_mul(unit);
    let mut left_out = Vec::new();
    if more || here < size {
        left_out.push(
            "the image goes on in further segments (.E02 and on), each is read by itself only where it begins"
                .to_owned(),
        );
    }
    Ok(Disk {
        source,
        size: size.min(here),
        unit,
        packing: Packing::Zlib,
        map: Map::Ewf(tables),
        left_out,
        cached: Mutex::default(),
    })
}

#[cfg(test)]
pub(crate) mod made {
    use std::io::Write;

    fn zlib(data: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(data).unwrap();
        out.finish().unwrap()
    }

    /// Returns a qcow2 image with one cluster as it is and one packed; the content lies in clusters 3 and 5.
    pub fn qcow(plain: &[u8], packed: &[u8]) -> Vec<u8> {
        const CLUSTER: usize = 1 << 16;
        let mut image = vec![0u8; 4 * CLUSTER];
        image[..4].copy_from_slice(b"QFI\xfb");
        image[4..8].copy_from_slice(&2u32.to_be_bytes());
        image[20..24].copy_from_slice(&16u32.to_be_bytes());
        image[24..32].copy_from_slice(&(16 * CLUSTER as u64).to_be_bytes());
        image[36..40].copy_from_slice(&1u32.to_be_bytes());
        image[40..48].copy_from_slice(&(CLUSTER as u64).to_be_bytes());
        image[CLUSTER..CLUSTER + 8].copy_from_slice(&((2 * CLUSTER as u64) | (1 << 63)).to_be_bytes());
        let table = 2 * CLUSTER;
        image[table + 24..table + 32].copy_from_slice(&((3 * CLUSTER as u64) | (1 << 63)).to_be_bytes());
        image[3 * CLUSTER..3 * CLUSTER + plain.len()].copy_from_slice(plain);
        let mut content = packed.to_vec();
        content.resize(CLUSTER, 0);
        let mut out = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(&content).unwrap();
        let squeezed = out.finish().unwrap();
        let offset = image.len() as u64;
        let sectors = (squeezed.len() as u64).div_ceil(512) - 1;
        image.extend_from_slice(&squeezed);
        image.resize(image.len().div_ceil(512) * 512, 0);
        image[table + 40..table + 48].copy_from_slice(&(1 << 62 | sectors << 54 | offset).to_be_bytes());
        image
    }

    /// Returns a sparse VMDK with one grain.
    pub fn vmdk(plain: &[u8]) -> Vec<u8> {
        let mut image = vec![0u8; 512 * 400];
        image[..4].copy_from_slice(b"KDMV");
        image[4..8].copy_from_slice(&1u32.to_le_bytes());
        image[12..20].copy_from_slice(&1024u64.to_le_bytes());
        image[20..28].copy_from_slice(&128u64.to_le_bytes());
        image[44..48].copy_from_slice(&512u32.to_le_bytes());
        image[56..64].copy_from_slice(&2u64.to_le_bytes());
        image[2 * 512..2 * 512 + 4].copy_from_slice(&4u32.to_le_bytes());
        image[4 * 512 + 8..4 * 512 + 12].copy_from_slice(&200u32.to_le_bytes());
        image[200 * 512..200 * 512 + plain.len()].copy_from_slice(plain);
        image
    }

    /// Returns an E01 image of two chunks, the first packed.
    pub fn ewf(packed: &[u8], plain: &[u8]) -> Vec<u8> {
        const CHUNK: usize = 64 * 512;
        let mut image = b"EVF\x09\x0d\x0a\xff\x00\x01\x01\x00\x00\x00".to_vec();
        let section = |image: &mut Vec<u8>, kind: &str, data: &[u8]| {
            let at = image.len();
            let mut head = vec![0u8; 76];
            head[..kind.len()].copy_from_slice(kind.as_bytes());
            let next = if kind == "done" { at } else { at + 76 + data.len() };
            head[16..24].copy_from_slice(&(next as u64).to_le_bytes());
            head[24..32].copy_from_slice(&(76 + data.len() as u64).to_le_bytes());
            image.extend_from_slice(&head);
            image.extend_from_slice(data);
        };
        let mut volume = vec![0u8; 94];
        volume[4..8].copy_from_slice(&2u32.to_le_bytes());
        volume[8..12].copy_from_slice(&64u32.to_le_bytes());
        volume[12..16].copy_from_slice(&512u32.to_le_bytes());
        volume[16..24].copy_from_slice(&128u64.to_le_bytes());
        section(&mut image, "volume", &volume);
        let whole = |data: &[u8]| {
            let mut chunk = data.to_vec();
            chunk.resize(CHUNK, 0);
            chunk
        };
        let first = zlib(&whole(packed));
        let begin = image.len() + 76;
        let mut sectors = first.clone();
        sectors.extend_from_slice(&whole(plain));
        sectors.extend_from_slice(&[0; 4]);
        section(&mut image, "sectors", &sectors);
        let mut table = vec![0u8; 24];
        table[..4].copy_from_slice(&2u32.to_le_bytes());
        table.extend_from_slice(&(begin as u32 | 0x8000_0000).to_le_bytes());
        table.extend_from_slice(&((begin + first.len()) as u32).to_le_bytes());
        table.extend_from_slice(&[0; 4]);
        section(&mut image, "table", &table);
        section(&mut image, "done", &[]);
        image
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: &str, image: &[u8]) -> Vec<u8> {
        let disk = Disk::open(kind, &image).unwrap();
        disk.exact(0, disk.size() as usize).unwrap()
    }

    impl ReadAt for &[u8] {
        fn size(&self) -> u64 {
            (**self).size()
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
            (**self).read_at(offset, buffer)
        }
    }

    #[test]
    fn disks_are_read_as_their_machines_saw_them() {
        let content = read("qcow2", &made::qcow(b"plain here", b"packed here"));
        assert!(content[3 << 16..].starts_with(b"plain here") && content[5 << 16..].starts_with(b"packed here"));
        assert!(content[..3 << 16].iter().all(|b| *b == 0));
        let content = read("vmdk", &made::vmdk(b"a grain"));
        assert!(content[2 * 65_536..].starts_with(b"a grain"));
        let content = read("ewf", &made::ewf(b"first chunk", b"second chunk"));
        assert!(content.starts_with(b"first chunk") && content[64 * 512..].starts_with(b"second chunk"));
        let image = made::qcow(b"x", b"y");
        let disk = Disk::open("qcow2", &image.as_slice()).map(|d| (d.is_hole(0, 3 << 16), d.is_hole(0, 4 << 16)));
        assert_eq!(disk.unwrap(), (true, false));
    }

    proptest::proptest! {
        /// A damaged image gives an error or a disk, within bounds.
        #[test]
        fn damaged_images_are_answered(which in 0usize..3, at in 0usize..2_000, byte in proptest::prelude::any::<u8>()) {
            let (kind, mut image) = match which {
                0 => ("qcow2", made::qcow(b"x", b"y")),
                1 => ("vmdk", made::vmdk(b"x")),
                _ => ("ewf", made::ewf(b"x", b"y")),
            };
            image[at] = byte;
            if let Ok(disk) = Disk::open(kind, &image.as_slice()) {
                let mut piece = vec![0; 70_000];
                let _ = disk.read_at(0, &mut piece);
                let _ = disk.read_at(disk.size() / 2, &mut piece);
            }
        }
    }
}
