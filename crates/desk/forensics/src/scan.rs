//! Scanning sources of any size: in blocks, on all cores, never writing to them; archives and pictures are opened. A scan that was stopped
//! resumes where it was.

mod block;

pub use block::{count, kinds};

use block::{Places, Raw, around, block, in_text, of_block, shown};

use crate::containers::{self, MAX_DEPTH, is_table, unpack};
use crate::encodings::{Script, decode};
use crate::read::{ReadAt, to_index};
use crate::seal::{Sealed, Sealer, fingerprint};
use crate::{Confidence, Hit, Kind, addresses, files, leveldb, mnemonic, text, vaults, wallets};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

pub use crate::session::{scan, scan_at_most, write_results};
use holdfast_input::document_text;
use holdfast_types::ErrorKind;
use utoipa::ToSchema;

/// Bytes of a block.
const BLOCK: u64 = 8 << 20;
/// Bytes after its end that a block is scanned with, so that text that begins in it is whole.
const AHEAD: u64 = 64 << 10;
/// Bytes before its beginning that a block is scanned with, so that text that began before is recognized.
const BEHIND: u64 = 4 << 10;
/// Largest member of an archive, in bytes, that is opened as an archive or picture itself; larger ones are scanned as a stream.
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
/// Most findings of a source.
const MAX_FINDINGS: usize = 1_000_000;
/// Characters of context on each side.
const CONTEXT: usize = 40;

/// Why a scan failed.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The operating system returned an error.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] std::io::Error),
    /// A key is not valid.
    #[error("{0}: {1}")]
    Key(String, String),
    /// The results would lie in the scanned material.
    #[error("{0} lies in what is scanned; nothing is ever written there: choose another folder")]
    Inside(PathBuf),
    /// The results of an earlier run do not fit.
    #[error("{0}: {1}; choose another folder, or remove it to begin anew")]
    State(PathBuf, String),
}

impl ScanError {
    /// Returns the kind of the error, which interfaces map to their own codes.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            ScanError::Io(..) => ErrorKind::Internal,
            ScanError::Key(..) | ScanError::Inside(_) => ErrorKind::Invalid,
            ScanError::State(..) => ErrorKind::State,
        }
    }
}

pub(crate) fn io(path: &Path) -> impl Fn(std::io::Error) -> ScanError + '_ {
    |e| ScanError::Io(path.to_owned(), e)
}

/// Something found. A secret is its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EvidenceFinding)]
pub struct Finding {
    /// The file, and members of archives after `!/`.
    pub source: String,
    /// Offset in the file or member, in bytes.
    pub offset: u64,
    /// Length in bytes.
    pub length: u64,
    /// utf8, utf16 or qr.
    pub encoding: String,
    /// Kind.
    pub kind: Kind,
    /// Address, public key, or words; for a secret its fingerprint.
    pub value: String,
    /// Confidence.
    pub confidence: Confidence,
    /// Details.
    pub detail: String,
    /// Text around it; secrets in it are replaced.
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
    /// Findings in it.
    pub findings: u64,
    /// Parts that could not be read or were left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Parts that were not opened, with the reason: something may be in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_opened: Vec<String>,
}

/// Results of a scan.
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
    /// Notes about the scan itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Report {
    /// Returns the parts of all sources that were not opened: a scan without findings does not cover them.
    pub fn not_opened(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().flat_map(|s| &s.not_opened).map(String::as_str)
    }
}

/// Called after each piece of a file with the number of bytes done, to store the progress.
pub(crate) type Tick<'a> = dyn FnMut(&mut Sink<'_>, u64) -> Result<(), ScanError> + 'a;

/// Progress of a scan.
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
pub(crate) struct Sink<'a> {
    pub sealer: &'a Sealer,
    /// Vaults of the files, by file and value.
    vaults: HashSet<(String, String)>,
    /// Files and members, of the file under way, that are wallets as a whole: words in them add nothing.
    pub whole: Vec<String>,
    pub not_opened: Vec<String>,
    pub progress: &'a mut dyn FnMut(&Progress) -> ControlFlow<()>,
    /// How far the scan is: bytes of the files done, of this file, of all; findings written.
    pub done: u64,
    pub at: u64,
    pub total: u64,
    pub counted: u64,
    /// Whether a stop was requested.
    pub stopped: bool,
    pub seen: HashSet<(String, u64, Kind)>,
    pub sealed: HashSet<String>,
    pub findings: Vec<Finding>,
    pub secrets: Vec<Sealed>,
    pub warnings: Vec<String>,
    pub unpacked: u64,
    pub most: u64,
}

impl<'a> Sink<'a> {
    /// Begins with the findings of earlier runs.
    pub fn new(
        sealer: &'a Sealer,
        earlier: &[Finding],
        known: &[Sealed],
        most: u64,
        total: u64,
        progress: &'a mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Self {
        Sink {
            sealer,
            vaults: HashSet::new(),
            whole: Vec::new(),
            not_opened: Vec::new(),
            progress,
            done: 0,
            at: 0,
            total,
            counted: earlier.len() as u64,
            stopped: false,
            seen: earlier.iter().map(|f| (f.source.clone(), f.offset, f.kind)).collect(),
            sealed: known.iter().map(|s| s.fingerprint.clone()).collect(),
            findings: Vec::new(),
            secrets: Vec::new(),
            warnings: Vec::new(),
            unpacked: 0,
            most,
        }
    }

    fn take(&mut self, source: &str, found: Vec<Raw>) -> Result<(), ScanError> {
        for raw in found {
            if self.findings.len() >= MAX_FINDINGS {
                if self.warnings.last().is_none_or(|w| !w.starts_with("more than")) {
                    self.warnings.push(format!("more than {MAX_FINDINGS} findings; the rest is left out"));
                }
                return Ok(());
            }
            if raw.hit.kind == Kind::WalletFile && self.is_known_wallet(source, &raw.hit) {
                continue;
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

    /// Returns whether a wallet was read whole, or a vault seen elsewhere in the same file: logs repeat them.
    fn is_known_wallet(&mut self, source: &str, hit: &Hit) -> bool {
        if hit.value == hit.detail {
            return self.whole.iter().any(|s| s == source);
        }
        let file = source.split("!/").next().unwrap_or_default();
        !self.vaults.insert((file.to_owned(), hit.value.clone()))
    }

    /// Reports the progress of the scan; returns `false` when it is to stop.
    pub fn beat(&mut self) -> bool {
        if self.stopped {
            return false;
        }
        let progress = Progress {
            done: self.done + self.at,
            total: self.total,
            findings: self.counted + self.findings.len() as u64,
        };
        self.stopped |= (self.progress)(&progress).is_break();
        !self.stopped
    }

    /// Lists something as not opened.
    pub fn not_opened(&mut self, source: &str, what: impl std::fmt::Display) {
        if self.not_opened.len() < 10_000 {
            let warning = format!("{source}: {what}");
            self.warnings.push(warning.clone());
            self.not_opened.push(warning);
        }
    }

    /// Lists something as not opened, where nothing else is done with it.
    pub fn listed(&mut self, source: &str, what: impl std::fmt::Display) -> Result<(), ScanError> {
        self.not_opened(source, what);
        Ok(())
    }

    /// Lists what could not be read.
    pub fn warn(&mut self, source: &str, what: impl std::fmt::Display) {
        if self.warnings.len() < 10_000 {
            self.warnings.push(format!("{source}: {what}"));
        }
    }

    fn pictures(&mut self, name: &str, source: &(impl ReadAt + ?Sized), places: &[u64]) -> Result<(), ScanError> {
        let read: Vec<(u64, Vec<String>)> = places
            .par_iter()
            .map(|at| {
                let mut bytes = vec![0; to_index(MAX_PICTURE.min(source.size() - at))];
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

/// Opens an archive or picture that begins somewhere in a source, as far as it is not cut or scattered.
fn carve(
    sink: &mut Sink<'_>,
    name: &str,
    source: &(impl ReadAt + ?Sized),
    begin: u64,
    depth: usize,
) -> Result<(), ScanError> {
    let mut bytes = vec![0; to_index(MAX_ARCHIVE.min(source.size() - begin))];
    let n = source.read_at(begin, &mut bytes).unwrap_or(0);
    bytes.truncate(n);
    let inner = format!("{name}!/@{begin}");
    let Some(kind) = containers::kind(&bytes) else {
        if let Some(what) = containers::closed(&bytes) {
            sink.not_opened(&inner, what);
        }
        return Ok(());
    };
    match kind {
        // It ends with its directory's end record: 22 bytes and a comment.
        "zip" => match memchr::memmem::find(&bytes, b"PK\x05\x06") {
            Some(end) => {
                let length = |c: &[u8]| usize::from(u16::from_le_bytes([c[0], c[1]]));
                let comment = bytes.get(end + 20..end + 22).map_or(0, length);
                bytes.truncate(end + 22 + comment);
            }
            None => {
                sink.not_opened(&inner, format!("a zip archive that is cut, scattered or over {MAX_ARCHIVE} bytes"));
                return Ok(());
            }
        },
        "pdf" => {
            let next = memchr::memmem::find(&bytes[5..], b"%PDF-").map_or(bytes.len(), |n| n + 5);
            let end = memchr::memmem::rfind(&bytes[..next], b"%%EOF").map_or(next, |e| e + 5);
            bytes.truncate(end);
        }
        _ => {}
    }
    let packed = bytes.len() as u64;
    let (warnings, not_opened) = (sink.warnings.len(), sink.not_opened.len());
    unpack(sink, &inner, kind, std::io::Cursor::new(bytes), packed, depth)?;
    if kind == "gzip" {
        // Chance finds of three bytes are no archives, and no warnings.
        sink.warnings.truncate(warnings);
        sink.not_opened.truncate(not_opened);
    }
    Ok(())
}

/// Scans a table of a browser's database that ends somewhere in a source.
fn carve_table(
    sink: &mut Sink<'_>,
    name: &str,
    source: &(impl ReadAt + ?Sized),
    end: u64,
    depth: usize,
) -> Result<(), ScanError> {
    let Some(footer) = end.checked_sub(48).and_then(|at| source.exact(at, 48).ok()) else { return Ok(()) };
    let Some(length) = leveldb::table_length(&footer).map(|l| l as u64).filter(|l| *l <= MAX_ARCHIVE) else {
        return Ok(());
    };
    let Some(begin) = end.checked_sub(length).filter(|b| *b > 0) else { return Ok(()) };
    let Ok(bytes) = source.exact(begin, to_index(length)) else { return Ok(()) };
    unpack(sink, &format!("{name}!/@{begin}"), "leveldb table", std::io::Cursor::new(bytes), length, depth)
}

/// Stores no progress: members of a source are scanned again as a whole.
pub(crate) fn go_on(_: &mut Sink<'_>, _: u64) -> Result<(), ScanError> {
    Ok(())
}

/// Scans a source as a whole; with `carving`, archives and pictures that begin anywhere in it are opened, as in images of disks.
pub(crate) fn whole(
    sink: &mut Sink<'_>,
    name: &str,
    source: &(impl ReadAt + ?Sized),
    from: u64,
    depth: usize,
    carving: bool,
    tick: &mut Tick<'_>,
) -> Result<ControlFlow<()>, ScanError> {
    let batch = rayon::current_num_threads().max(1) as u64 * 2;
    let mut at = from;
    while at < source.size() {
        let begins: Vec<u64> =
            (0..batch).map(|i| at + i * BLOCK).filter(|b| *b < source.size() && !source.is_hole(*b, BLOCK)).collect();
        let found: Vec<std::io::Result<(Vec<Raw>, Places)>> = begins.par_iter().map(|b| block(source, *b)).collect();
        let mut places = Places::default();
        for (begin, found) in begins.iter().zip(found) {
            match found {
                Ok((raws, more)) => {
                    sink.take(name, raws)?;
                    places.pictures.extend(more.pictures);
                    places.archives.extend(more.archives);
                    places.tables.extend(more.tables);
                }
                // A bad sector is listed, and the scan continues after it.
                Err(e) => sink.not_opened(name, format!("bytes {begin} to {}: {e}", begin + BLOCK)),
            }
        }
        for (what, list) in [
            ("pictures", &mut places.pictures),
            ("archives", &mut places.archives),
            ("tables of databases", &mut places.tables),
        ] {
            if list.len() > MAX_CARVED {
                list.truncate(MAX_CARVED);
                sink.not_opened(name, format!("more than {MAX_CARVED} {what} in a piece; the rest is not looked into"));
            }
        }
        sink.pictures(name, source, &places.pictures)?;
        // A file that is an archive is opened as a whole.
        if carving {
            for begin in places.archives.into_iter().filter(|b| *b > 0) {
                carve(sink, name, source, begin, depth)?;
            }
            for end in places.tables.into_iter().filter(|e| *e < source.size()) {
                carve_table(sink, name, source, end, depth)?;
            }
        }
        at = (at + batch * BLOCK).min(source.size());
        if depth == 0 {
            sink.at = at;
        } else if carving {
            sink.unpacked += begins.len() as u64 * BLOCK;
            if sink.unpacked > sink.most {
                sink.not_opened(name, format!("only the first {at} bytes are looked into: too much was unpacked"));
                return Ok(ControlFlow::Continue(()));
            }
        }
        let going = sink.beat();
        tick(sink, at)?;
        if !going {
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
            sink.not_opened(name, format!("at {}: {e}; what follows is not read", low + data.len() as u64));
        }
        let last = got < want;
        let end = if last { low + data.len() as u64 } else { begin + BLOCK };
        let (raws, _) = of_block(&data, low, begin, end);
        sink.take(name, raws)?;
        let bomb = begin > 1 << 30 && begin / packed.max(1) > MAX_RATIO;
        if sink.unpacked > sink.most || bomb {
            sink.not_opened(name, "unpacks to far more than it is; the rest is left out");
            return Ok(());
        }
        if last || !sink.beat() {
            return Ok(());
        }
        let start = (end - BEHIND).max(low);
        data.drain(..to_index(start - low));
        (low, begin) = (start, end);
    }
}

/// Scans a member of an archive: small ones are opened, large ones scanned as a stream.
pub(crate) fn member(
    sink: &mut Sink<'_>,
    name: &str,
    reader: &mut dyn Read,
    packed: u64,
    depth: usize,
) -> Result<(), ScanError> {
    if !sink.beat() {
        return Ok(());
    }
    if sink.unpacked > sink.most {
        sink.not_opened(name, format!("is left out: more than {} bytes were unpacked", sink.most));
        return Ok(());
    }
    let mut start = Vec::new();
    if let Err(e) = reader.take(MAX_MEMBER).read_to_end(&mut start) {
        sink.not_opened(name, format!("at {}: {e}; what follows is not read", start.len()));
    }
    if (start.len() as u64) < MAX_MEMBER {
        sink.unpacked += start.len() as u64;
        return inside(sink, name, &start, depth);
    }
    if let Some(kind) = containers::kind(&start) {
        sink.not_opened(
            name,
            format!("{kind} of over {MAX_MEMBER} bytes in another container: unpack it and scan it by itself"),
        );
    }
    stream(sink, name, &mut std::io::Cursor::new(start).chain(reader), packed)
}

/// Scans bytes in memory and, where they are an archive or a picture, their content.
fn inside(sink: &mut Sink<'_>, name: &str, bytes: &[u8], depth: usize) -> Result<(), ScanError> {
    recognise(sink, name, bytes)?;
    let kind = containers::kind(bytes).or(is_table(bytes).then_some("leveldb table"));
    // What is nothing known may be an image of a disk.
    let carving = kind.is_none() && bytes.len() >= 64 << 10 && depth < MAX_DEPTH;
    let unpacked = sink.unpacked;
    let _ = whole(sink, name, bytes, 0, depth.max(1), carving, &mut go_on)?;
    sink.unpacked = sink.unpacked.min(unpacked.saturating_add(MAX_MEMBER));
    // Pictures at sectors were opened already; others are whole members.
    if files::picture(bytes) && !(bytes.starts_with(b"\x89PNG") || bytes.starts_with(&[0xff, 0xd8])) {
        sink.codes(name, 0, files::qr_codes(bytes))?;
    }
    if sink.unpacked > sink.most || sink.stopped {
        return Ok(());
    }
    match kind {
        Some(_) if depth >= MAX_DEPTH => sink.not_opened(name, format!("an archive {MAX_DEPTH} deep is not opened")),
        Some(kind) => unpack(sink, name, kind, std::io::Cursor::new(bytes), bytes.len() as u64, depth)?,
        None => {
            if let Some(what) = containers::closed(bytes) {
                sink.not_opened(name, what);
            }
        }
    }
    Ok(())
}

/// Scans bytes in memory and their content; at most so many bytes are unpacked.
///
/// # Errors
/// [`ScanError`] when a secret cannot be sealed.
pub fn in_memory(name: &str, bytes: &[u8], sealer: &Sealer, most: u64) -> Result<Report, ScanError> {
    let mut progress = |_: &Progress| ControlFlow::Continue(());
    let mut sink = Sink::new(sealer, &[], &[], most, bytes.len() as u64, &mut progress);
    inside(&mut sink, name, bytes, 0)?;
    let source = Source {
        path: name.to_owned(),
        size: bytes.len() as u64,
        sha256: String::new(),
        findings: sink.findings.len() as u64,
        warnings: sink.warnings,
        not_opened: sink.not_opened,
    };
    Ok(Report {
        sources: vec![source],
        findings: sink.findings,
        sealed: sink.secrets,
        complete: true,
        notes: Vec::new(),
    })
}

/// Recognizes a file or member that is a wallet, and finds the vaults in it, wherever their parts are.
pub(crate) fn recognise(sink: &mut Sink<'_>, name: &str, source: &(impl ReadAt + ?Sized)) -> Result<(), ScanError> {
    let size = source.size();
    let head = source.exact(0, to_index(512.min(size))).unwrap_or_default();
    if size == 0 || size > wallets::MAX_WALLET || !wallets::may_be(&head, name) {
        return Ok(());
    }
    let Ok(bytes) = source.exact(0, to_index(size)) else { return Ok(()) };
    let mut found: Vec<Raw> = Vec::new();
    let raw = |hit: Hit, context: String| Raw {
        offset: hit.start as u64,
        length: (hit.end - hit.start) as u64,
        encoding: "utf8",
        context,
        hit,
    };
    let wallet = wallets::recognise(&bytes, name);
    if let Some(wallet) = &wallet {
        let about = if wallet.is_keystore() { wallet.about.clone() } else { String::new() };
        found.extend(wallet.hits().into_iter().map(|h| raw(h, about.clone())));
    }
    let mut vaults = Vec::new();
    vaults::find(&bytes, &mut vaults);
    found.extend(vaults.into_iter().map(|h| raw(h, String::new())));
    sink.take(name, found)?;
    sink.whole.extend(wallet.map(|_| name.to_owned()));
    Ok(())
}

/// Finds phrases in a text that a document's reader sees, except those that its own bytes show already.
pub(crate) fn phrases_in(sink: &mut Sink<'_>, name: &str, text: &str) -> Result<(), ScanError> {
    let mut hits = Vec::new();
    mnemonic::find(text, &mut hits);
    let secrets: Vec<(usize, usize, String)> = hits.iter().map(shown).collect();
    let mut found = Vec::new();
    for hit in hits {
        let print = fingerprint(&hit.value);
        if sink.findings.iter().rev().take(10_000).any(|f| f.value == print && of(&f.source, name)) {
            continue;
        }
        let context = around(text, hit.start, hit.end, &secrets);
        found.push(Raw { offset: hit.start as u64, length: 0, encoding: "text", context, hit });
    }
    sink.take(&format!("{name}!/text"), found)
}

/// Returns whether a finding's source is a file or a member of it.
pub(crate) fn of(source: &str, file: &str) -> bool {
    source.strip_prefix(file).is_some_and(|rest| rest.is_empty() || rest.starts_with("!/"))
}

#[cfg(test)]
mod tests {
    use super::block::in_slice;
    use super::*;
    use std::fs::File;

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
        // An address with a phrase behind it, at every position around the cut.
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
            scan_at_most(std::slice::from_ref(&file), &dir.path().join(out), None, &sealer, most, go_on).unwrap()
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
