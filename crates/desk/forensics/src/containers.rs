//! Containers: archives, packed files, documents, images of disks, browsers' databases. What is known and not opened is listed:
//! an unread container is never reported as an empty one.

use crate::disks::Disk;
use crate::leveldb;
use crate::read::{ReadAt, Seeking};
use crate::scan::{ScanError, Sink, go_on, member, phrases_in, whole};
use holdfast_input::document_text as documents;
use std::io::{Read, Seek};

/// Deepest nesting of archives that is opened.
pub(crate) const MAX_DEPTH: usize = 4;
/// Most members of an archive.
const MAX_MEMBERS: usize = 1_000_000;
/// Largest dictionary of an xz file, in bytes: it is held in memory.
const MAX_DICTIONARY: u64 = 512 << 20;
/// Largest document or database that is read whole, in bytes.
const MAX_WHOLE: u64 = 1 << 30;

/// Returns the kind of a container, by its first bytes (at least 512 where there are so many).
pub(crate) fn kind(head: &[u8]) -> Option<&'static str> {
    let starts = |with: &[u8]| head.starts_with(with);
    Some(match () {
        () if starts(b"PK\x03\x04") => "zip",
        () if starts(&[0x1f, 0x8b, 8]) => "gzip",
        () if starts(&[0x28, 0xb5, 0x2f, 0xfd]) => "zstd",
        () if head.get(257..262) == Some(b"ustar") => "tar",
        () if starts(b"\xfd7zXZ\0") => "xz",
        () if starts(b"7z\xbc\xaf\x27\x1c") => "7z",
        () if starts(b"BZh")
            && matches!(head.get(4..10), Some(b"\x31\x41\x59\x26\x53\x59" | b"\x17\x72\x45\x38\x50\x90")) =>
        {
            "bzip2"
        }
        () if starts(b"%PDF-") => "pdf",
        () if starts(b"QFI\xfb") => "qcow2",
        () if starts(b"KDMV") => "vmdk",
        () if starts(b"EVF\x09\x0d\x0a\xff\0") => "ewf",
        () if leveldb::is_log(head) => "leveldb log",
        () => return None,
    })
}

/// Returns the kind of a known format that is not opened, by its first bytes.
pub(crate) fn closed(head: &[u8]) -> Option<&'static str> {
    let at = |from: usize, bytes: &[u8]| head.get(from..from + bytes.len()) == Some(bytes);
    Some(match () {
        () if at(0, b"Rar!\x1a\x07") => "a RAR archive (its format is not free)",
        () if at(0, b"vhdxfile") => "a VHDX image of a disk",
        () if at(64, &[0x7f, 0x10, 0xda, 0xbe]) && at(0, b"<<< ") => "a VirtualBox image of a disk (VDI)",
        () if at(0, b"EVF2\r\n\x81\0") => "an Ex01 image of a disk",
        () if at(0, b"LVF\x09\x0d\x0a\xff\0") => "an L01 logical image",
        () if at(0, b"AFF10\r\n\0") => "an AFF image of a disk",
        () if at(0, b"COWD") => "a VMDK image of the older form (COWD)",
        () if at(0, b"LUKS\xba\xbe") => "an encrypted volume (LUKS)",
        () if at(3, b"-FVE-FS-") => "an encrypted volume (BitLocker)",
        () if at(0, b"encrcdsa") => "an encrypted disk image of macOS",
        () if at(0, b"\x04\x22\x4d\x18") => "an LZ4 file",
        () if at(0, b"LZIP") => "an lzip file",
        () if at(0, &[0x5d, 0, 0]) && head.get(5..13).is_some_and(|s| s == [0xff; 8] || s[5..] == [0; 3]) => {
            "an LZMA file"
        }
        () if at(0, &[0x1f, 0x9d]) => "a compressed file (.Z)",
        () if at(0, b"MSCF\0\0\0\0") => "a cabinet archive",
        () if at(0, &[0x60, 0xea]) && head.get(4..6).is_some_and(|s| s[1] <= 10) => "an ARJ archive",
        () if at(7, b"**ACE**") => "an ACE archive",
        () if at(2, b"-lh") && head.get(6) == Some(&b'-') => "an LHA archive",
        () if at(0, b"SIT!") || at(0, b"StuffIt") => "a StuffIt archive",
        () if at(0, b"xar!") => "a xar archive",
        () if at(0, b"ANDROID BACKUP\n") => "an Android backup",
        () if at(0, b"!BDN") => "an Outlook folder (PST)",
        () if at(0, &[0xd0, 0xcf, 0x11, 0xe0]) && contains(head, b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k") => {
            "an encrypted Office document"
        }
        () => return None,
    })
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    memchr::memmem::find(bytes, what).is_some()
}

/// Opens a container and scans its content.
pub(crate) fn unpack(
    sink: &mut Sink<'_>,
    name: &str,
    kind: &str,
    mut source: impl Read + Seek + Send,
    packed: u64,
    depth: usize,
) -> Result<(), ScanError> {
    let inner = format!("{name}!/content");
    match kind {
        "zip" => zip(sink, name, source, depth),
        "tar" => tar(sink, name, source, depth),
        "7z" => seven_zip(sink, name, source, depth),
        "gzip" => member(sink, &inner, &mut flate2::read::MultiGzDecoder::new(source), packed, depth + 1),
        "bzip2" => member(sink, &inner, &mut bzip2::read::MultiBzDecoder::new(source), packed, depth + 1),
        "zstd" => match zstd::stream::read::Decoder::new(source) {
            Ok(mut decoder) => member(sink, &inner, &mut decoder, packed, depth + 1),
            Err(e) => sink.listed(name, format!("zstd: {e}")),
        },
        "xz" => {
            let mut head = [0; 64];
            let n = read_full(&mut source, &mut head);
            if dictionary(&head[..n]).is_some_and(|size| size > MAX_DICTIONARY) {
                return sink.listed(name, format!("xz: needs more than {MAX_DICTIONARY} bytes of memory"));
            }
            if let Err(e) = source.rewind() {
                return sink.listed(name, e);
            }
            member(sink, &inner, &mut lzma_rust2::XzReader::new(source, true), packed, depth + 1)
        }
        "qcow2" | "vmdk" | "ewf" => disk(sink, name, kind, source, depth),
        "pdf" | "leveldb log" | "leveldb table" => {
            let mut bytes = Vec::new();
            if let Err(e) = source.by_ref().take(MAX_WHOLE).read_to_end(&mut bytes) {
                sink.warn(name, e);
            }
            if bytes.len() as u64 >= MAX_WHOLE {
                sink.not_opened(name, format!("{kind}: only its first {MAX_WHOLE} bytes are looked into"));
            }
            match kind {
                "pdf" => pdf(sink, name, &bytes, depth),
                _ => level(sink, name, &bytes, kind == "leveldb table", depth),
            }
        }
        _ => Ok(()),
    }
}

fn read_full(source: &mut impl Read, buffer: &mut [u8]) -> usize {
    let mut done = 0;
    while let Ok(n @ 1..) = source.read(&mut buffer[done..]) {
        done += n;
    }
    done
}

/// Returns the size of the dictionary of an xz file's first block, in bytes.
fn dictionary(head: &[u8]) -> Option<u64> {
    // Stream header of 12 bytes, the block header's size and flags, sizes where flags say so, then the filters; LZMA2 is 0x21 with one byte.
    let block = head.get(12..)?;
    let at = block.windows(2).position(|w| w == [0x21, 1])?;
    let bits = u64::from(*block.get(at + 2)? & 0x3f);
    Some(match bits {
        40 => u64::from(u32::MAX),
        0..40 => (2 | (bits & 1)) << (bits / 2 + 11),
        _ => u64::MAX,
    })
}

fn zip(sink: &mut Sink<'_>, name: &str, source: impl Read + Seek, depth: usize) -> Result<(), ScanError> {
    let mut zip = match zip::ZipArchive::new(source) {
        Ok(zip) => zip,
        Err(e) => return sink.listed(name, format!("zip: {e}")),
    };
    if zip.len() > MAX_MEMBERS {
        sink.not_opened(name, format!("zip: only the first {MAX_MEMBERS} members are looked into"));
    }
    let (mut strings, mut sheets) = (Vec::new(), Vec::new());
    for i in 0..zip.len().min(MAX_MEMBERS) {
        if sink.stopped {
            return Ok(());
        }
        let path = match zip.name_for_index(i) {
            Some(Ok(path)) => path.chars().take(1_000).collect::<String>(),
            _ => format!("member {i}"),
        };
        let inner = format!("{name}!/{path}");
        match zip.by_index(i) {
            Ok(mut file) if file.is_file() => {
                let size = file.compressed_size();
                if is_document_part(&path) && file.size() < (64 << 20) {
                    let mut bytes = Vec::new();
                    let read = Read::take(&mut file, 64 << 20).read_to_end(&mut bytes);
                    if let Err(e) = read {
                        sink.warn(&inner, e);
                    }
                    member(sink, &inner, &mut bytes.as_slice(), size, depth + 1)?;
                    let text = String::from_utf8_lossy(&bytes);
                    match path.as_str() {
                        "xl/sharedStrings.xml" => strings = documents::shared_strings(&text),
                        _ if path.starts_with("xl/worksheets/") => sheets.push((inner, bytes)),
                        _ => phrases_in(sink, &inner, &documents::paragraphs(&text))?,
                    }
                    continue;
                }
                member(sink, &inner, &mut file, size, depth + 1)?;
            }
            Ok(_) => {}
            Err(e) => sink.not_opened(&inner, format!("zip: {e}")),
        }
    }
    for (inner, bytes) in sheets {
        phrases_in(sink, &inner, &documents::sheet(&String::from_utf8_lossy(&bytes), &strings))?;
    }
    Ok(())
}

/// Returns whether a member is text of an office document.
fn is_document_part(path: &str) -> bool {
    path.ends_with(".xml")
        && (path == "content.xml"
            || path == "xl/sharedStrings.xml"
            || path.starts_with("xl/worksheets/sheet")
            || path.starts_with("ppt/slides/slide")
            || path.starts_with("word/")
                && !path.contains("theme")
                && !path.contains("styles")
                && !path.contains("settings"))
}

fn tar(sink: &mut Sink<'_>, name: &str, source: impl Read, depth: usize) -> Result<(), ScanError> {
    let mut tar = tar::Archive::new(source);
    let entries = match tar.entries() {
        Ok(entries) => entries,
        Err(e) => return sink.listed(name, format!("tar: {e}")),
    };
    for entry in entries {
        if sink.stopped {
            break;
        }
        match entry {
            Ok(mut entry) if entry.header().entry_type().is_file() => {
                let path = String::from_utf8_lossy(&entry.path_bytes()).chars().take(1_000).collect::<String>();
                let size = entry.size();
                member(sink, &format!("{name}!/{path}"), &mut entry, size, depth + 1)?;
            }
            Ok(_) => {}
            Err(e) => {
                sink.not_opened(name, format!("tar: {e}; what follows is not read"));
                break;
            }
        }
    }
    Ok(())
}

fn seven_zip(sink: &mut Sink<'_>, name: &str, source: impl Read + Seek, depth: usize) -> Result<(), ScanError> {
    let mut archive = match sevenz_rust2::ArchiveReader::new(source, sevenz_rust2::Password::empty()) {
        Ok(archive) => archive,
        Err(e) => return sink.listed(name, format!("7z: {}", why(&e))),
    };
    archive.set_thread_count(1);
    let (mut failed, mut seen) = (None, 0);
    let result = archive.for_each_entries(|entry, reader| {
        if entry.is_directory() || !entry.has_stream() {
            return Ok(true);
        }
        seen += 1;
        let path: String = entry.name().chars().take(1_000).collect();
        // Members that are packed together have no packed size of their own.
        let size = entry.compressed_size.max(entry.size() / 1_000);
        match member(sink, &format!("{name}!/{path}"), reader, size, depth + 1) {
            Ok(()) => Ok(seen < MAX_MEMBERS && !sink.stopped),
            Err(e) => {
                failed = Some(e);
                Ok(false)
            }
        }
    });
    if let Some(e) = failed {
        return Err(e);
    }
    if let Err(e) = result {
        sink.not_opened(name, format!("7z: {}", why(&e)));
    }
    Ok(())
}

fn why(error: &sevenz_rust2::Error) -> String {
    match error {
        sevenz_rust2::Error::PasswordRequired | sevenz_rust2::Error::MaybeBadPassword(_) => "is encrypted".into(),
        sevenz_rust2::Error::UnsupportedCompressionMethod(method) if method.contains("AES") => "is encrypted".into(),
        other => other.to_string(),
    }
}

fn disk(
    sink: &mut Sink<'_>,
    name: &str,
    kind: &str,
    source: impl Read + Seek + Send,
    depth: usize,
) -> Result<(), ScanError> {
    let source = match Seeking::new(source) {
        Ok(source) => source,
        Err(e) => return sink.listed(name, e),
    };
    match Disk::open(kind, &source) {
        Ok(disk) => {
            disk.left_out.iter().for_each(|w| sink.not_opened(name, w));
            let _ = whole(sink, &format!("{name}!/disk"), &disk, 0, depth + 1, true, &mut go_on)?;
        }
        Err(e) => sink.not_opened(name, format!("{kind} image of a disk: {e}")),
    }
    Ok(())
}

fn pdf(sink: &mut Sink<'_>, name: &str, bytes: &[u8], depth: usize) -> Result<(), ScanError> {
    let pdf = documents::pdf(bytes);
    if pdf.encrypted {
        return sink.listed(name, "PDF: is encrypted");
    }
    let mut text = String::new();
    for (offset, content) in &pdf.streams {
        let inner = format!("{name}!/stream@{offset}");
        member(sink, &inner, &mut content.as_slice(), content.len() as u64, depth + 1)?;
        if contains(content, b"Tj") || contains(content, b"TJ") {
            text += &documents::page_text(content);
        }
    }
    phrases_in(sink, name, &text)?;
    for (offset, picture) in &pdf.pictures {
        member(sink, &format!("{name}!/picture@{offset}"), &mut picture.as_slice(), picture.len() as u64, depth + 1)?;
    }
    for (what, times) in &pdf.left_out {
        sink.not_opened(name, format!("PDF: {times} streams ({what})"));
    }
    Ok(())
}

/// Scans a browser's database, each record or block by itself.
fn level(sink: &mut Sink<'_>, name: &str, bytes: &[u8], table: bool, depth: usize) -> Result<(), ScanError> {
    let (parts, what) = match table {
        true => match leveldb::table(bytes) {
            Some((blocks, unreadable)) => {
                if unreadable > 0 {
                    sink.not_opened(name, format!("LevelDB: {unreadable} blocks cannot be read"));
                }
                (blocks, "block")
            }
            None => return sink.listed(name, "LevelDB: the table's index cannot be read"),
        },
        false => (leveldb::log(bytes), "record"),
    };
    for (offset, content) in parts {
        member(sink, &format!("{name}!/{what}@{offset}"), &mut content.as_slice(), content.len() as u64, depth + 1)?;
    }
    Ok(())
}

/// Returns whether a file is a table of LevelDB, by its end.
pub(crate) fn is_table(source: &(impl ReadAt + ?Sized)) -> bool {
    let size = source.size();
    size >= 48 && source.exact(size - 8, 8).is_ok_and(|end| end == leveldb::TABLE_MAGIC)
}
