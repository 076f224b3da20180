//! Scanning sources of any size: in blocks, on all cores, never writing to them; archives and pictures are opened. A scan that was stopped goes
//! on where it was.

use crate::seal::{Sealed, Sealer, fingerprint};
use crate::{Confidence, Hit, Kind, addresses, files, mnemonic, text};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use utoipa::ToSchema;

/// Bytes of a block.
const BLOCK: u64 = 8 << 20;
/// What a block sees after its end, so that what begins in it is whole.
const AHEAD: u64 = 64 << 10;
/// What a block sees before its beginning, so that what began before is not taken for something else.
const BEHIND: u64 = 4 << 10;
/// Archives within archives, at most so deep.
const MAX_DEPTH: usize = 4;
/// Largest member of an archive that is looked into as an archive or picture itself; larger ones are scanned as a stream.
const MAX_MEMBER: u64 = 256 << 20;
/// Most bytes that one file's archives may unpack to.
pub const MAX_UNPACKED: u64 = 1 << 40;
/// Unpacked bytes for each packed one, above which an archive is a bomb (checked beyond a gibibyte).
const MAX_RATIO: u64 = 2_000;
/// Most pictures, and most archives, that are carved out of a piece of a source.
const MAX_CARVED: usize = 20_000;
/// Largest archive carved.
const MAX_ARCHIVE: u64 = 64 << 20;
/// Largest picture carved.
const MAX_PICTURE: u64 = 16 << 20;
/// Most findings of a source: more is no evidence but a list.
const MAX_FINDINGS: usize = 1_000_000;
/// Characters of context on each side.
const CONTEXT: usize = 40;
/// Bytes between two notes of how far a scan is.
const NOTE_EVERY: u64 = 1 << 30;

/// Why a scan failed.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The system refused.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] std::io::Error),
    /// A key is none.
    #[error("{0}: {1}")]
    Key(String, String),
    /// The results would lie in what is scanned.
    #[error("{0} lies in what is scanned; nothing is ever written there: choose another folder")]
    Inside(PathBuf),
    /// What an earlier run left does not fit.
    #[error("{0}: {1}; choose another folder, or remove it to begin anew")]
    State(PathBuf, String),
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> ScanError + '_ {
    |e| ScanError::Io(path.to_owned(), e)
}

/// Something found. A secret is its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EvidenceFinding)]
pub struct Finding {
    /// Where: the file, and members of archives after `!/`.
    pub source: String,
    /// First byte in the file or member.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// utf8, utf16 or qr.
    pub encoding: String,
    /// What.
    pub kind: Kind,
    /// Address, public key, or words; for a secret its fingerprint.
    pub value: String,
    /// How sure.
    pub confidence: Confidence,
    /// What is to be said of it.
    pub detail: String,
    /// What stands around it; secrets in it are replaced.
    pub context: String,
}

/// A source that was scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EvidenceSource)]
pub struct Source {
    /// The file.
    pub path: String,
    /// Its bytes.
    pub size: u64,
    /// SHA-256 of its content, hex.
    pub sha256: String,
    /// What was found in it.
    pub findings: u64,
    /// What could not be read or was left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What came of a scan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EvidenceReport)]
pub struct Report {
    /// Sources.
    pub sources: Vec<Source>,
    /// Findings.
    pub findings: Vec<Finding>,
    /// Secrets, sealed.
    pub sealed: Vec<Sealed>,
    /// Whether all was scanned.
    pub complete: bool,
}

/// A hit with where it is.
struct Raw {
    hit: Hit,
    offset: u64,
    length: u64,
    encoding: &'static str,
    context: String,
}

fn in_text(text: &str, place: impl Fn(usize, usize) -> (u64, u64), encoding: &'static str, out: &mut Vec<Raw>) {
    let mut hits = Vec::new();
    addresses::find(text, &mut hits);
    mnemonic::find(text, &mut hits);
    files::find(text, &mut hits);
    if hits.is_empty() {
        return;
    }
    hits.sort_by_key(|h| (h.start, h.end));
    let secrets: Vec<(usize, usize, String)> = hits
        .iter()
        .filter(|h| h.kind.is_secret())
        .map(|h| (h.start, h.end, format!("[{} {}]", h.kind.name(), fingerprint(&h.value))))
        .collect();
    for hit in hits {
        let context = around(text, hit.start, hit.end, &secrets);
        let (offset, length) = place(hit.start, hit.end);
        out.push(Raw { hit, offset, length, encoding, context });
    }
}

/// What stands around a hit, on one line, without any secret: not of this one, nor of neighbours.
fn around(text: &str, start: usize, end: usize, secrets: &[(usize, usize, String)]) -> String {
    let (mut low, mut high) = (start.saturating_sub(CONTEXT), (end + CONTEXT).min(text.len()));
    // A window that begins or ends in a secret takes it whole, so that no part of one stays.
    for (from, to, _) in secrets {
        if (*from..*to).contains(&low) {
            low = *from;
        }
        if *from < high && high < *to {
            high = *to;
        }
    }
    while !text.is_char_boundary(low) {
        low -= 1;
    }
    while !text.is_char_boundary(high) {
        high += 1;
    }
    let (mut out, mut at) = (String::new(), low);
    for (from, to, shown) in secrets.iter().filter(|s| s.0 < high && s.1 > low) {
        if *from < at {
            at = at.max(*to);
            continue;
        }
        out.push_str(&text[at..*from]);
        out.push_str(shown);
        at = *to;
    }
    out.push_str(&text[at.min(high)..high]);
    out.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).take(400).collect()
}

/// Everything in a slice; offsets are those of the slice.
fn in_slice(data: &[u8], out: &mut Vec<Raw>) {
    text::runs(data, |run| {
        let bytes = &data[run.start..run.end];
        let before = out.len();
        let mine = |r: &Raw| (run.from..run.until).contains(&(r.offset as usize));
        if run.wide {
            let text: String = bytes.iter().step_by(2).map(|b| *b as char).collect();
            let place = |s: usize, e: usize| ((run.start + 2 * s) as u64, 2 * (e - s) as u64);
            in_text(&text, place, "utf16", out);
            return keep(out, before, mine);
        }
        // Surrogates and cut characters are no UTF-8: the text goes on after them.
        let mut from = 0;
        while from < bytes.len() {
            let (valid, bad) = match std::str::from_utf8(&bytes[from..]) {
                Ok(text) => (text, 0),
                Err(e) => (
                    std::str::from_utf8(&bytes[from..from + e.valid_up_to()]).unwrap_or_default(),
                    e.error_len().unwrap_or(bytes.len()),
                ),
            };
            if valid.len() >= text::MIN_RUN {
                let base = run.start + from;
                in_text(valid, |s, e| ((base + s) as u64, (e - s) as u64), "utf8", out);
            }
            from += valid.len() + bad;
            if bad == 0 {
                break;
            }
        }
        keep(out, before, mine);
    });
}

/// Drops those of the last findings that another piece answers for.
fn keep(found: &mut Vec<Raw>, before: usize, mine: impl Fn(&Raw) -> bool) {
    let last: Vec<Raw> = found.drain(before..).filter(mine).collect();
    found.extend(last);
}

/// Bytes that can be read at any place.
trait ReadAt: Sync {
    fn size(&self) -> u64;
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize>;
}

impl ReadAt for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let from = (offset as usize).min(self.len());
        let n = buffer.len().min(self.len() - from);
        buffer[..n].copy_from_slice(&self[from..from + n]);
        Ok(n)
    }
}

struct OnDisk(File, u64);

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

/// What is found in a block, and the places where pictures and archives begin.
fn block(source: &(impl ReadAt + ?Sized), begin: u64) -> std::io::Result<(Vec<Raw>, Places)> {
    let end = (begin + BLOCK).min(source.size());
    let (low, high) = (begin.saturating_sub(BEHIND), (end + AHEAD).min(source.size()));
    let mut data = vec![0; (high - low) as usize];
    let n = source.read_at(low, &mut data)?;
    data.truncate(n);
    Ok(of_block(&data, low, begin, end))
}

fn of_block(data: &[u8], low: u64, begin: u64, end: u64) -> (Vec<Raw>, Places) {
    let mut found = Vec::new();
    in_slice(data, &mut found);
    found.iter_mut().for_each(|r| r.offset += low);
    found.retain(|r| r.offset >= begin && r.offset < end);
    let (mut pictures, mut archives) = (Vec::new(), Vec::new());
    // Files begin at sectors.
    let mut sector = begin.div_ceil(512) * 512;
    while sector < end && ((sector - low) as usize) < data.len() {
        let head = &data[(sector - low) as usize..];
        if let Some(what) = files::binary(&head[..head.len().min(512)]) {
            let hit = Hit {
                kind: Kind::WalletFile,
                start: 0,
                end: 0,
                value: what.to_owned(),
                confidence: Confidence::High,
                detail: what.to_owned(),
            };
            found.push(Raw { hit, offset: sector, length: 512, encoding: "utf8", context: String::new() });
        }
        if head.starts_with(b"\x89PNG\r\n\x1a\n") || head.starts_with(&[0xff, 0xd8, 0xff]) {
            pictures.push(sector);
        } else if matches!(archive(&head[..head.len().min(512)]), Some("zip" | "gzip")) {
            archives.push(sector);
        }
        sector += 512;
    }
    (found, Places { pictures, archives })
}

/// Places in a source where files begin that are looked into.
#[derive(Default)]
struct Places {
    pictures: Vec<u64>,
    archives: Vec<u64>,
}

/// Scans bytes in memory; for benchmarks and tests. Gives the number of findings.
#[must_use]
pub fn count(data: &[u8]) -> usize {
    let mut found = Vec::new();
    in_slice(data, &mut found);
    found.len()
}

/// Told after each piece of a file: how many bytes are done.
type Tick<'a> = dyn FnMut(&mut Sink<'_>, u64) -> Result<ControlFlow<()>, ScanError> + 'a;

/// How far a scan is.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Bytes done.
    pub done: u64,
    /// Bytes of all files; archives may unpack to more.
    pub total: u64,
    /// Findings so far.
    pub findings: u64,
}

/// Collects findings, sealing secrets at once.
struct Sink<'a> {
    sealer: &'a Sealer,
    seen: HashSet<(String, u64, Kind)>,
    sealed: HashSet<String>,
    findings: Vec<Finding>,
    secrets: Vec<Sealed>,
    warnings: Vec<String>,
    unpacked: u64,
    most: u64,
}

impl Sink<'_> {
    fn take(&mut self, source: &str, found: Vec<Raw>) -> Result<(), ScanError> {
        for raw in found {
            if self.findings.len() >= MAX_FINDINGS {
                if self.warnings.last().is_none_or(|w| !w.starts_with("more than")) {
                    self.warnings.push(format!("more than {MAX_FINDINGS} findings; the rest is left out"));
                }
                return Ok(());
            }
            if !self.seen.insert((source.to_owned(), raw.offset, raw.hit.kind)) {
                continue;
            }
            let mut value = raw.hit.value;
            if raw.hit.kind.is_secret() {
                let print = fingerprint(&value);
                if self.sealed.insert(print.clone()) {
                    self.secrets.push(self.sealer.seal(&value)?);
                }
                value = print;
            }
            self.findings.push(Finding {
                source: source.to_owned(),
                offset: raw.offset,
                length: raw.length,
                encoding: raw.encoding.to_owned(),
                kind: raw.hit.kind,
                value,
                confidence: raw.hit.confidence,
                detail: raw.hit.detail,
                context: raw.context,
            });
        }
        Ok(())
    }

    fn warn(&mut self, source: &str, what: impl std::fmt::Display) {
        if self.warnings.len() < 10_000 {
            self.warnings.push(format!("{source}: {what}"));
        }
    }

    fn pictures(&mut self, name: &str, source: &(impl ReadAt + ?Sized), places: &[u64]) -> Result<(), ScanError> {
        let read: Vec<(u64, Vec<String>)> = places
            .par_iter()
            .map(|at| {
                let mut bytes = vec![0; MAX_PICTURE.min(source.size() - at) as usize];
                let n = source.read_at(*at, &mut bytes).unwrap_or(0);
                bytes.truncate(n);
                (*at, files::qr_codes(&bytes))
            })
            .collect();
        for (at, codes) in read {
            self.codes(name, at, codes)?;
        }
        Ok(())
    }

    fn codes(&mut self, name: &str, at: u64, codes: Vec<String>) -> Result<(), ScanError> {
        for code in codes {
            // Wallets write `bitcoin:ADDRESS?amount=...`, and phrases as they are.
            let mut found = Vec::new();
            in_text(&code, |_, _| (at, 0), "qr", &mut found);
            self.take(name, found)?;
        }
        Ok(())
    }
}

/// Looks into an archive that begins somewhere in a source. What is cut or scattered gives what it can.
fn carve(sink: &mut Sink<'_>, name: &str, source: &(impl ReadAt + ?Sized), begin: u64) -> Result<(), ScanError> {
    let mut bytes = vec![0; MAX_ARCHIVE.min(source.size() - begin) as usize];
    let n = source.read_at(begin, &mut bytes).unwrap_or(0);
    bytes.truncate(n);
    let Some(kind) = archive(&bytes) else { return Ok(()) };
    if kind == "zip" {
        // It ends with its directory's end record: 22 bytes and a comment.
        let Some(end) = bytes.windows(4).position(|w| w == b"PK\x05\x06") else { return Ok(()) };
        let comment = bytes.get(end + 20..end + 22).map_or(0, |c| usize::from(u16::from_le_bytes([c[0], c[1]])));
        bytes.truncate(end + 22 + comment);
    }
    let packed = bytes.len() as u64;
    // Chance finds of three bytes are no archives, and no warnings.
    let warnings = sink.warnings.len();
    unpack(sink, &format!("{name}!/@{begin}"), kind, std::io::Cursor::new(bytes), packed, 0)?;
    sink.warnings.truncate(warnings);
    Ok(())
}

/// Scans everything of a source that is read at any place, and looks into it when it is an archive.
fn whole(
    sink: &mut Sink<'_>,
    name: &str,
    source: &(impl ReadAt + ?Sized),
    from: u64,
    depth: usize,
    tick: &mut Tick<'_>,
) -> Result<ControlFlow<()>, ScanError> {
    let batch = rayon::current_num_threads().max(1) as u64 * 2;
    let mut places = Places::default();
    let mut at = from;
    while at < source.size() {
        let begins: Vec<u64> = (0..batch).map(|i| at + i * BLOCK).filter(|b| *b < source.size()).collect();
        let found: Vec<std::io::Result<(Vec<Raw>, Places)>> = begins.par_iter().map(|b| block(source, *b)).collect();
        for (begin, found) in begins.iter().zip(found) {
            match found {
                Ok((raws, more)) => {
                    sink.take(name, raws)?;
                    places.pictures.extend(more.pictures);
                    places.archives.extend(more.archives);
                }
                // A bad sector is noted, and the rest goes on.
                Err(e) => sink.warn(name, format!("bytes {begin} to {}: {e}", begin + BLOCK)),
            }
        }
        for (what, list) in [("pictures", &mut places.pictures), ("archives", &mut places.archives)] {
            if list.len() > MAX_CARVED {
                list.truncate(MAX_CARVED);
                sink.warn(name, format!("more than {MAX_CARVED} {what} in a piece; the rest is not looked into"));
            }
        }
        let carved = std::mem::take(&mut places);
        sink.pictures(name, source, &carved.pictures)?;
        // In an image of a disk archives lie anywhere; a file that is one is opened as a whole.
        if depth == 0 {
            for begin in carved.archives.into_iter().filter(|b| *b > 0) {
                carve(sink, name, source, begin)?;
            }
        }
        at = (at + batch * BLOCK).min(source.size());
        if depth == 0 && tick(sink, at)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Scans a stream of unknown length.
fn stream(sink: &mut Sink<'_>, name: &str, reader: &mut dyn Read, packed: u64) -> Result<(), ScanError> {
    let (mut data, mut low, mut begin) = (Vec::new(), 0u64, 0u64);
    loop {
        let before = data.len();
        let want = BLOCK + AHEAD - (before as u64 - (begin - low));
        let read = reader.take(want).read_to_end(&mut data);
        let got = (data.len() - before) as u64;
        sink.unpacked += got;
        if let Err(e) = read {
            sink.warn(name, format!("at {}: {e}", low + data.len() as u64));
        }
        let last = got < want;
        let end = if last { low + data.len() as u64 } else { begin + BLOCK };
        let (raws, _) = of_block(&data, low, begin, end);
        sink.take(name, raws)?;
        let bomb = begin > 1 << 30 && begin / packed.max(1) > MAX_RATIO;
        if sink.unpacked > sink.most || bomb {
            sink.warn(name, "unpacks to far more than it is; the rest is left out");
            return Ok(());
        }
        if last {
            return Ok(());
        }
        let keep = (end - BEHIND).max(low);
        data.drain(..(keep - low) as usize);
        (low, begin) = (keep, end);
    }
}

/// What an archive is, by its first bytes.
fn archive(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"PK\x03\x04") {
        Some("zip")
    } else if head.starts_with(&[0x1f, 0x8b, 8]) {
        Some("gzip")
    } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Some("zstd")
    } else if head.get(257..262) == Some(b"ustar") {
        Some("tar")
    } else {
        None
    }
}

/// A member of an archive: small ones are looked into, large ones scanned as they come.
fn member(sink: &mut Sink<'_>, name: &str, reader: &mut dyn Read, packed: u64, depth: usize) -> Result<(), ScanError> {
    if sink.unpacked > sink.most {
        sink.warn(name, format!("is left out: more than {} bytes were unpacked", sink.most));
        return Ok(());
    }
    let mut start = Vec::new();
    if let Err(e) = reader.take(MAX_MEMBER).read_to_end(&mut start) {
        sink.warn(name, format!("at {}: {e}", start.len()));
    }
    if (start.len() as u64) < MAX_MEMBER {
        sink.unpacked += start.len() as u64;
        return inside(sink, name, &start, depth);
    }
    stream(sink, name, &mut std::io::Cursor::new(start).chain(reader), packed)
}

/// Bytes in memory: an archive, a picture, or neither; all are scanned as they are, too.
fn inside(sink: &mut Sink<'_>, name: &str, bytes: &[u8], depth: usize) -> Result<(), ScanError> {
    let _ = whole(sink, name, bytes, 0, depth.max(1), &mut |_, _| Ok(ControlFlow::Continue(())))?;
    // Pictures at sectors were looked at; others are whole members.
    if files::picture(bytes) && !(bytes.starts_with(b"\x89PNG") || bytes.starts_with(&[0xff, 0xd8])) {
        sink.codes(name, 0, files::qr_codes(bytes))?;
    }
    if sink.unpacked > sink.most {
        return Ok(());
    }
    match archive(bytes) {
        Some(_) if depth >= MAX_DEPTH => sink.warn(name, format!("an archive {MAX_DEPTH} deep is not opened")),
        Some(kind) => unpack(sink, name, kind, std::io::Cursor::new(bytes), bytes.len() as u64, depth)?,
        None => {}
    }
    Ok(())
}

fn unpack(
    sink: &mut Sink<'_>,
    name: &str,
    kind: &str,
    source: impl Read + Seek,
    packed: u64,
    depth: usize,
) -> Result<(), ScanError> {
    match kind {
        "zip" => {
            let mut zip = match zip::ZipArchive::new(source) {
                Ok(zip) => zip,
                Err(e) => {
                    sink.warn(name, format!("zip: {e}"));
                    return Ok(());
                }
            };
            for i in 0..zip.len().min(1_000_000) {
                match zip.by_index(i) {
                    Ok(mut file) if file.is_file() => {
                        let inner = format!(
                            "{name}!/{}",
                            file.name().unwrap_or_default().chars().take(1_000).collect::<String>()
                        );
                        let size = file.compressed_size();
                        member(sink, &inner, &mut file, size, depth + 1)?;
                    }
                    Ok(_) => {}
                    Err(e) => sink.warn(name, format!("zip member {i}: {e}")),
                }
            }
        }
        "tar" => {
            let mut tar = tar::Archive::new(source);
            let entries = match tar.entries() {
                Ok(entries) => entries,
                Err(e) => {
                    sink.warn(name, format!("tar: {e}"));
                    return Ok(());
                }
            };
            for entry in entries {
                match entry {
                    Ok(mut entry) if entry.header().entry_type().is_file() => {
                        let path = String::from_utf8_lossy(&entry.path_bytes()).chars().take(1_000).collect::<String>();
                        let size = entry.size();
                        member(sink, &format!("{name}!/{path}"), &mut entry, size, depth + 1)?;
                    }
                    Ok(_) => {}
                    Err(e) => {
                        sink.warn(name, format!("tar: {e}"));
                        break;
                    }
                }
            }
        }
        "gzip" => member(
            sink,
            &format!("{name}!/content"),
            &mut flate2::read::MultiGzDecoder::new(source),
            packed,
            depth + 1,
        )?,
        "zstd" => match zstd::stream::read::Decoder::new(source) {
            Ok(mut decoder) => member(sink, &format!("{name}!/content"), &mut decoder, packed, depth + 1)?,
            Err(e) => sink.warn(name, format!("zstd: {e}")),
        },
        _ => {}
    }
    Ok(())
}

/// How far an earlier run came.
#[derive(Serialize, Deserialize, Default)]
struct State {
    /// The source under way, and its bytes done.
    current: Option<(String, u64)>,
    /// Lengths of the files of results that count.
    findings: u64,
    sealed: u64,
    sources: u64,
}

/// Files below paths, in order; links are not followed.
fn collect(paths: &[PathBuf]) -> Result<Vec<(PathBuf, u64)>, ScanError> {
    let mut all = Vec::new();
    let mut waiting: Vec<PathBuf> = paths.to_vec();
    while let Some(path) = waiting.pop() {
        let meta = std::fs::symlink_metadata(&path).map_err(io(&path))?;
        if meta.is_dir() {
            let mut inner: Vec<PathBuf> =
                std::fs::read_dir(&path).map_err(io(&path))?.filter_map(|e| Some(e.ok()?.path())).collect();
            inner.sort_by(|a, b| b.cmp(a));
            waiting.extend(inner);
        } else if !meta.file_type().is_symlink() {
            // Devices have no length: their end is looked for.
            let size = match meta.is_file() {
                true => meta.len(),
                false => File::open(&path).and_then(|mut f| f.seek(SeekFrom::End(0))).unwrap_or(0),
            };
            all.push((path, size));
        }
    }
    all.sort();
    all.dedup();
    Ok(all)
}

fn lines<T: Serialize>(path: &Path, items: &[T]) -> Result<u64, ScanError> {
    let mut file = File::options().create(true).append(true).open(path).map_err(io(path))?;
    let mut text = Vec::new();
    for item in items {
        text.extend(serde_json::to_vec(item).map_err(|e| ScanError::State(path.to_owned(), e.to_string()))?);
        text.push(b'\n');
    }
    file.write_all(&text).map_err(io(path))?;
    file.sync_data().map_err(io(path))?;
    Ok(file.metadata().map_err(io(path))?.len())
}

fn read_lines<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>, ScanError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(io(path)(e)),
    };
    let parse = |(i, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|e| ScanError::State(path.to_owned(), format!("line {}: {e}", i + 1)))
    };
    text.lines().enumerate().map(parse).collect()
}

/// SHA-256 of a file's first bytes, as they are read.
pub(crate) fn hash(path: &Path, size: u64) -> Result<String, ScanError> {
    let mut file = File::open(path).map_err(io(path))?.take(size);
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        let n = file.read(&mut buffer).map_err(io(path))?;
        if n == 0 {
            return Ok(hex::encode(hasher.finalize()));
        }
        hasher.update(&buffer[..n]);
    }
}

/// Scans files, folders and devices; results lie in `out` as they come, and a second call with the same folder goes on. Nothing is ever written
/// to what is scanned.
///
/// # Errors
/// [`ScanError`]; what cannot be read of a source is a warning of that source.
pub fn scan(
    paths: &[PathBuf],
    out: &Path,
    sealer: &Sealer,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Report, ScanError> {
    scan_at_most(paths, out, sealer, MAX_UNPACKED, progress)
}

/// As [`scan`], with at most so many bytes unpacked of each file: for material that comes over the net.
///
/// # Errors
/// As [`scan`].
pub fn scan_at_most(
    paths: &[PathBuf],
    out: &Path,
    sealer: &Sealer,
    most: u64,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Report, ScanError> {
    std::fs::create_dir_all(out).map_err(io(out))?;
    let place = out.canonicalize().map_err(io(out))?;
    for path in paths {
        if place.starts_with(path.canonicalize().map_err(io(path))?) {
            return Err(ScanError::Inside(out.to_owned()));
        }
    }
    let all = collect(paths)?;
    let total = all.iter().map(|f| f.1).sum();
    let [findings_at, sealed_at, sources_at, state_at] =
        ["findings.jsonl", "sealed.jsonl", "sources.jsonl", "state.json"].map(|n| out.join(n));
    let mut state: State = match std::fs::read(&state_at) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| ScanError::State(state_at.clone(), e.to_string()))?,
        Err(_) => State::default(),
    };
    // What was written after the last note does not count.
    for (path, length) in [(&findings_at, state.findings), (&sealed_at, state.sealed), (&sources_at, state.sources)] {
        let file = File::options().create(true).truncate(false).write(true).open(path).map_err(io(path))?;
        file.set_len(length).map_err(io(path))?;
    }
    let done: Vec<Source> = read_lines(&sources_at)?;
    let earlier: Vec<Finding> = read_lines(&findings_at)?;
    let known: Vec<Sealed> = read_lines(&sealed_at)?;
    let mut sink = Sink {
        sealer,
        seen: earlier.iter().map(|f| (f.source.clone(), f.offset, f.kind)).collect(),
        sealed: known.into_iter().map(|s| s.fingerprint).collect(),
        findings: Vec::new(),
        secrets: Vec::new(),
        warnings: Vec::new(),
        unpacked: 0,
        most,
    };
    let mut counted = earlier.len() as u64;
    let (mut bytes_done, mut complete) = (0, true);
    let save = |sink: &mut Sink<'_>, state: &mut State, counted: &mut u64| -> Result<(), ScanError> {
        *counted += sink.findings.len() as u64;
        state.findings = lines(&findings_at, &std::mem::take(&mut sink.findings))?;
        state.sealed = lines(&sealed_at, &std::mem::take(&mut sink.secrets))?;
        let bytes = serde_json::to_vec(&*state).map_err(|e| ScanError::State(state_at.clone(), e.to_string()))?;
        let temporary = state_at.with_extension("new");
        std::fs::write(&temporary, bytes).map_err(io(&temporary))?;
        std::fs::rename(&temporary, &state_at).map_err(io(&state_at))
    };
    for (path, size) in &all {
        let name = path.display().to_string();
        if done.iter().any(|d| d.path == name && d.size == *size) {
            bytes_done += size;
            continue;
        }
        let from = state.current.as_ref().filter(|c| c.0 == name).map_or(0, |c| c.1.min(*size));
        let file = match File::open(path) {
            Ok(file) => file,
            Err(e) => {
                let source = Source {
                    path: name,
                    size: *size,
                    sha256: String::new(),
                    findings: 0,
                    warnings: vec![e.to_string()],
                };
                state.sources = lines(&sources_at, &[source])?;
                continue;
            }
        };
        let source = OnDisk(file, *size);
        let begun =
            counted + sink.findings.len() as u64 - earlier.iter().filter(|f| of(&f.source, &name)).count() as u64;
        let mut noted = from;
        let (flow, sha256) = std::thread::scope(|threads| {
            let hashing = threads.spawn(|| hash(path, *size));
            let mut scanning = || {
                let mut tick = |sink: &mut Sink<'_>, at: u64| -> Result<ControlFlow<()>, ScanError> {
                    let flow = progress(&Progress {
                        done: bytes_done + at,
                        total,
                        findings: counted + sink.findings.len() as u64,
                    });
                    if at - noted >= NOTE_EVERY || flow.is_break() {
                        noted = at;
                        state.current = Some((name.clone(), at));
                        save(sink, &mut state, &mut counted)?;
                    }
                    Ok(flow)
                };
                let mut flow = whole(&mut sink, &name, &source, from, 0, &mut tick)?;
                let mut head = vec![0; 512.min(*size) as usize];
                let _ = source.read_at(0, &mut head);
                if flow.is_continue()
                    && let Some(kind) = archive(&head)
                {
                    sink.unpacked = 0;
                    let again = File::open(path).map_err(io(path))?;
                    unpack(&mut sink, &name, kind, again, *size, 0)?;
                    flow = tick(&mut sink, *size)?;
                }
                Ok(flow)
            };
            let flow: Result<ControlFlow<()>, ScanError> = scanning();
            (flow, hashing.join().unwrap_or_else(|_| Err(ScanError::State(path.clone(), "could not be hashed".into()))))
        });
        if flow?.is_break() {
            complete = false;
            break;
        }
        let (sha256, unreadable) = match sha256 {
            Ok(sha256) => (sha256, None),
            Err(e) => (String::new(), Some(e.to_string())),
        };
        let mut warnings = std::mem::take(&mut sink.warnings);
        warnings.extend(unreadable);
        let found = counted + sink.findings.len() as u64 - begun;
        state.current = None;
        state.sources = lines(&sources_at, &[Source { path: name, size: *size, sha256, findings: found, warnings }])?;
        save(&mut sink, &mut state, &mut counted)?;
        bytes_done += size;
    }
    let sources = read_lines(&sources_at)?;
    Ok(Report { sources, findings: read_lines(&findings_at)?, sealed: read_lines(&sealed_at)?, complete })
}

/// Whether a finding's source is a file or a member of it.
fn of(source: &str, file: &str) -> bool {
    source.strip_prefix(file).is_some_and(|rest| rest.is_empty() || rest.starts_with("!/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_shows_no_secret_not_even_a_neighbours() {
        let phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow";
        let wif = "KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617";
        let text = format!("pay 13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48 {phrase} and {wif} end");
        let mut found = Vec::new();
        in_slice(text.as_bytes(), &mut found);
        assert_eq!(found.len(), 3);
        for raw in &found {
            for word in ["sausage", "legal", "yellow", wif, &wif[..10], &wif[40..]] {
                assert!(!raw.context.contains(word), "{}", raw.context);
            }
        }
        assert!(found[0].context.contains("[bip39 ") && found[1].context.contains("[wif "));
    }

    #[test]
    fn long_texts_are_cut_without_showing_halves_of_secrets() {
        let phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow";
        let filler = "nothing to see in 1 line of it\n".repeat(5_000);
        // An address with a phrase behind it, at every place around the cut.
        for shift in (0..2 * text::OVERLAP).step_by(13) {
            let at = text::MAX_RUN - 2 * text::OVERLAP + shift;
            let text =
                format!("{}. 13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48 - {phrase} .{}", &filler[..at], &filler[..20_000]);
            let mut found = Vec::new();
            in_slice(text.as_bytes(), &mut found);
            assert_eq!(found.iter().map(|r| r.hit.kind).collect::<Vec<_>>(), [Kind::Address, Kind::Bip39], "{shift}");
            assert!(found.iter().all(|r| !r.context.contains("winner")), "{shift}: {}", found[0].context);
        }
    }

    #[test]
    fn what_unpacks_to_too_much_is_left_out() {
        let phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow";
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("many.zip");
        let mut zip = zip::ZipWriter::new(File::create(&file).unwrap());
        for i in 0..40 {
            zip.start_file(format!("{i:02}"), zip::write::SimpleFileOptions::default()).unwrap();
            let text = if i == 0 || i == 39 { phrase.to_owned() } else { String::new() };
            std::io::Write::write_all(&mut zip, format!("{text}{}", " ".repeat(1 << 20)).as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        let sealer =
            Sealer::new(&["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p".to_owned()]).unwrap();
        let scanned = |most: u64, out: &str| {
            let go_on = &mut |_: &Progress| ControlFlow::Continue(());
            scan_at_most(std::slice::from_ref(&file), &dir.path().join(out), &sealer, most, go_on).unwrap()
        };
        let all = scanned(MAX_UNPACKED, "all");
        assert_eq!((all.findings.len(), all.sources[0].warnings.len()), (2, 0));
        let few = scanned(4 << 20, "few");
        assert_eq!(few.findings.len(), 1);
        assert!(few.sources[0].warnings.iter().any(|w| w.contains("is left out")), "{:?}", few.sources[0].warnings);
    }

    #[test]
    fn blocks_see_what_crosses_them() {
        let phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow";
        for shift in [0, 1, 20, 40, 75, 76] {
            let mut data = vec![0u8; (BLOCK + 200_000) as usize];
            let at = BLOCK as usize - shift;
            data[at..at + phrase.len()].copy_from_slice(phrase.as_bytes());
            let mut all: Vec<u64> = Vec::new();
            for begin in [0, BLOCK] {
                all.extend(block(data.as_slice(), begin).unwrap().0.iter().map(|r| r.offset));
            }
            assert_eq!(all, [at as u64], "{shift}");
        }
    }
}
