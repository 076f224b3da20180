//! A scan from its paths to its results on disk: sources, progress, and resumption after a stop.

use crate::containers::{self, is_table, unpack};
use crate::read::{OnDisk, ReadAt, to_index};
use crate::scan::{Finding, MAX_UNPACKED, Progress, Report, ScanError, Sink, Source, io, of, recognise, whole};
use crate::seal::{Sealed, Sealer};
use holdfast_types::hash::sha256_of;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes between two stored states of progress.
const NOTE_EVERY: u64 = 1 << 30;

/// Progress of an earlier run.
#[derive(Serialize, Deserialize, Default)]
struct State {
    /// The source under way, and its bytes done.
    current: Option<(String, u64)>,
    /// Lengths of the files of results that count.
    findings: u64,
    sealed: u64,
    sources: u64,
}

/// Sources in order, with sizes; and skipped paths, with the reason.
struct Collected {
    files: Vec<(PathBuf, u64)>,
    skipped: Vec<(PathBuf, String)>,
}

/// Lists the files below paths. A path that is a link is followed; links within folders are not. Pipes, sockets and devices without an end
/// are never opened.
fn collect(paths: &[PathBuf]) -> Result<Collected, ScanError> {
    let mut all = Collected { files: Vec::new(), skipped: Vec::new() };
    let mut waiting: Vec<PathBuf> = Vec::new();
    for path in paths {
        let meta = std::fs::metadata(path).map_err(io(path))?;
        match meta.is_dir() {
            true => waiting.push(path.clone()),
            false => add(path.clone(), &meta, true, &mut all),
        }
    }
    let given: Vec<PathBuf> = paths.iter().filter_map(|p| p.canonicalize().ok()).collect();
    while let Some(folder) = waiting.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) => {
                all.skipped.push((folder, format!("the folder cannot be read: {e}")));
                continue;
            }
        };
        for entry in entries {
            let path = match entry {
                Ok(entry) => entry.path(),
                Err(e) => {
                    all.skipped.push((folder.clone(), format!("a part of the folder cannot be read: {e}")));
                    continue;
                }
            };
            match std::fs::symlink_metadata(&path) {
                Ok(meta) if meta.is_dir() => waiting.push(path),
                Ok(meta) if meta.is_symlink() => {
                    // What it leads to is scanned anyway when it lies in what is scanned.
                    let inside = path.canonicalize().is_ok_and(|to| given.iter().any(|a| to.starts_with(a)));
                    if !inside {
                        all.skipped.push((path, "a link that leads out of what is scanned; it is not followed".into()));
                    }
                }
                Ok(meta) => add(path, &meta, false, &mut all),
                Err(e) => all.skipped.push((path, e.to_string())),
            }
        }
    }
    all.files.sort();
    all.files.dedup();
    all.skipped.sort();
    all.skipped.dedup();
    Ok(all)
}

/// Adds a file or device.
fn add(path: PathBuf, meta: &std::fs::Metadata, given: bool, all: &mut Collected) {
    if meta.is_file() {
        return all.files.push((path, meta.len()));
    }
    #[cfg(unix)]
    let kind = {
        use std::os::unix::fs::FileTypeExt;
        let kind = meta.file_type();
        match () {
            () if kind.is_fifo() => "a pipe",
            () if kind.is_socket() => "a socket",
            () if kind.is_block_device() => "a device",
            () => "a device without an end",
        }
    };
    #[cfg(not(unix))]
    let kind = "a device";
    if kind == "a device" && given {
        // Devices have no length: their end is searched.
        match File::open(&path).and_then(|mut f| f.seek(SeekFrom::End(0))) {
            Ok(size) => return all.files.push((path, size)),
            Err(e) => return all.skipped.push((path, format!("the device cannot be read: {e}"))),
        }
    }
    all.skipped.push((path, format!("is {kind}; it is not read")));
}

/// Writes a file whole or not at all, so that it is on the disk when this returns.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), ScanError> {
    let temporary = path.with_extension("new");
    let mut file = File::create(&temporary).map_err(io(&temporary))?;
    file.write_all(bytes).map_err(io(&temporary))?;
    file.sync_all().map_err(io(&temporary))?;
    std::fs::rename(&temporary, path).map_err(io(path))?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|f| f.sync_all()).map_err(io(folder))?;
    }
    Ok(())
}

fn as_lines<T: Serialize>(path: &Path, items: &[T]) -> Result<Vec<u8>, ScanError> {
    let mut text = Vec::new();
    for item in items {
        text.extend(serde_json::to_vec(item).map_err(|e| ScanError::State(path.to_owned(), e.to_string()))?);
        text.push(b'\n');
    }
    Ok(text)
}

fn append<T: Serialize>(path: &Path, items: &[T]) -> Result<u64, ScanError> {
    let text = as_lines(path, items)?;
    let mut file = File::options().create(true).append(true).open(path).map_err(io(path))?;
    file.write_all(&text).map_err(io(path))?;
    file.sync_data().map_err(io(path))?;
    Ok(file.metadata().map_err(io(path))?.len())
}

/// Reads the whole lines of a file of results, at most so many bytes; returns them and whether that is all of them.
fn sound<T: serde::de::DeserializeOwned>(path: &Path, most: u64) -> Result<(Vec<T>, bool), ScanError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(io(path)(e)),
    };
    let counted = &bytes[..bytes.len().min(usize::try_from(most).unwrap_or(usize::MAX))];
    let mut all = Vec::new();
    for line in counted.split_inclusive(|b| *b == b'\n') {
        match serde_json::from_slice(line) {
            Ok(item) if line.ends_with(b"\n") => all.push(item),
            _ => return Ok((all, false)),
        }
    }
    Ok((all, most == u64::MAX || bytes.len() as u64 >= most))
}

/// Writes the findings and sealed secrets of a report as a scan writes them, for a report that was made elsewhere.
///
/// # Errors
/// [`ScanError::Io`] when the system refuses.
pub fn write_results(out: &Path, report: &Report) -> Result<(), ScanError> {
    let (findings, sealed) = (out.join("findings.jsonl"), out.join("sealed.jsonl"));
    replace(&findings, &as_lines(&findings, &report.findings)?)?;
    replace(&sealed, &as_lines(&sealed, &report.sealed)?)
}

/// The files of a scan's results.
struct Files {
    findings: PathBuf,
    sealed: PathBuf,
    sources: PathBuf,
    state: PathBuf,
}

/// Results of an earlier run that count.
struct Earlier {
    state: State,
    sources: Vec<Source>,
    findings: Vec<Finding>,
    sealed: Vec<Sealed>,
    notes: Vec<String>,
}

/// Reads the results of an earlier run. Results after its last stored progress do not count; damaged ones are done again.
fn earlier(at: &Files) -> Result<Earlier, ScanError> {
    let mut notes = Vec::new();
    let read: Option<State> = match std::fs::read(&at.state) {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(state) => Some(state),
            Err(e) => {
                notes.push(format!("{}: {e}; what is whole of the earlier results counts", at.state.display()));
                None
            }
        },
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => return Err(io(&at.state)(e)),
    };
    let mut state = read.unwrap_or(State { findings: u64::MAX, sealed: u64::MAX, sources: u64::MAX, current: None });
    let (mut findings, all_findings) = sound::<Finding>(&at.findings, state.findings)?;
    let (sealed, all_sealed) = sound::<Sealed>(&at.sealed, state.sealed)?;
    let (mut sources, all_sources) = sound::<Source>(&at.sources, state.sources)?;
    if !(all_findings && all_sealed && all_sources) {
        // Findings whose secret is lost, and sources whose findings are lost, are done again.
        let prints: HashSet<&str> = sealed.iter().map(|s| s.fingerprint.as_str()).collect();
        findings.retain(|f| !f.kind.is_secret() || prints.contains(f.value.as_str()));
        let before = sources.len();
        sources.retain(|s| findings.iter().filter(|f| of(&f.source, &s.path)).count() as u64 >= s.findings);
        state.current = None;
        notes.push(format!(
            "results of an earlier run are damaged: {} of its {before} sources count, the others are scanned again",
            sources.len()
        ));
    }
    for (path, bytes, length) in [
        (&at.findings, as_lines(&at.findings, &findings)?, &mut state.findings),
        (&at.sealed, as_lines(&at.sealed, &sealed)?, &mut state.sealed),
        (&at.sources, as_lines(&at.sources, &sources)?, &mut state.sources),
    ] {
        *length = bytes.len() as u64;
        if std::fs::metadata(path).map_or(0, |m| m.len()) != *length || !path.exists() {
            replace(path, &bytes)?;
        }
    }
    Ok(Earlier { state, sources, findings, sealed, notes })
}

/// Returns the SHA-256 of a file's first bytes.
pub(crate) fn hash(path: &Path, size: u64) -> Result<String, ScanError> {
    hash_until(path, size, &AtomicBool::new(false))
}

fn hash_until(path: &Path, size: u64, stop: &AtomicBool) -> Result<String, ScanError> {
    let file = File::open(path).map_err(io(path))?.take(size);
    let (hash, _) = sha256_of(UntilStopped(file, stop)).map_err(io(path))?;
    Ok(hex::encode(hash))
}

/// Ends early where a stop was requested.
struct UntilStopped<'a, R>(R, &'a AtomicBool);

impl<R: Read> Read for UntilStopped<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.1.load(Ordering::Relaxed) { Ok(0) } else { self.0.read(buffer) }
    }
}

/// Scans files, folders and devices; results are written to `out` as they are found, and a second call with the same folder resumes. Nothing is ever written
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
    scan_at_most(paths, out, None, sealer, MAX_UNPACKED, progress)
}

/// Like [`scan`], with a bound on the unpacked bytes of each file: for material that arrives over the network. Sources in the folder `below` carry
/// their path in it as name: a folder that lasts only for the scan does not identify the exhibit.
///
/// # Errors
/// As [`scan`].
pub fn scan_at_most(
    paths: &[PathBuf],
    out: &Path,
    below: Option<&Path>,
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
    let collected = collect(paths)?;
    let at = Files {
        findings: out.join("findings.jsonl"),
        sealed: out.join("sealed.jsonl"),
        sources: out.join("sources.jsonl"),
        state: out.join("state.json"),
    };
    let Earlier { state, sources, findings, sealed, notes } = earlier(&at)?;
    let total = collected.files.iter().map(|f| f.1).sum();
    let sink = Sink::new(sealer, &findings, &sealed, most, total, progress);
    let done: HashMap<&str, u64> = sources.iter().map(|s| (s.path.as_str(), s.size)).collect();
    let mut session = Session { at, state, sink, findings: &findings, below };
    if !notes.is_empty() {
        save(&mut session.sink, &mut session.state, &session.at)?;
    }
    for (path, why) in &collected.skipped {
        let name = session.name(path);
        if !done.contains_key(name.as_str()) {
            let warning = format!("{name}: {why}");
            session.record(Source {
                path: name,
                size: 0,
                sha256: String::new(),
                findings: 0,
                warnings: vec![warning.clone()],
                not_opened: vec![warning],
            })?;
        }
    }
    let mut complete = true;
    for (path, size) in &collected.files {
        if done.get(session.name(path).as_str()) != Some(size) && session.file(path, *size)?.is_break() {
            complete = false;
            break;
        }
        session.sink.done += size;
        session.sink.at = 0;
    }
    let at = session.at;
    Ok(Report {
        sources: sound(&at.sources, u64::MAX)?.0,
        findings: sound(&at.findings, u64::MAX)?.0,
        sealed: sound(&at.sealed, u64::MAX)?.0,
        complete,
        notes,
    })
}

/// A scan under way.
struct Session<'a> {
    at: Files,
    state: State,
    sink: Sink<'a>,
    /// Findings of earlier runs.
    findings: &'a [Finding],
    /// Names are relative to this folder.
    below: Option<&'a Path>,
}

/// Writes new findings, then the progress.
fn save(sink: &mut Sink<'_>, state: &mut State, at: &Files) -> Result<(), ScanError> {
    sink.counted += sink.findings.len() as u64;
    state.findings = append(&at.findings, &std::mem::take(&mut sink.findings))?;
    state.sealed = append(&at.sealed, &std::mem::take(&mut sink.secrets))?;
    let bytes = serde_json::to_vec(&*state).map_err(|e| ScanError::State(at.state.clone(), e.to_string()))?;
    replace(&at.state, &bytes)
}

impl Session<'_> {
    /// Returns the name of a source in the results.
    fn name(&self, path: &Path) -> String {
        let inside = self.below.and_then(|b| path.strip_prefix(b).ok());
        inside.unwrap_or(path).display().to_string()
    }

    /// Stores a source as done.
    fn record(&mut self, source: Source) -> Result<(), ScanError> {
        self.state.current = None;
        self.state.sources = append(&self.at.sources, &[source])?;
        save(&mut self.sink, &mut self.state, &self.at)
    }

    /// Scans a file or device, and stores it as done unless the scan was stopped in it.
    fn file(&mut self, path: &Path, size: u64) -> Result<ControlFlow<()>, ScanError> {
        let name = self.name(path);
        let file = match File::open(path) {
            Ok(file) => file,
            Err(e) => {
                let warning = format!("{name}: {e}");
                self.record(Source {
                    path: name,
                    size,
                    sha256: String::new(),
                    findings: 0,
                    warnings: vec![warning.clone()],
                    not_opened: vec![warning],
                })?;
                return Ok(ControlFlow::Continue(()));
            }
        };
        let source = OnDisk(file, size);
        let known = self.findings.iter().filter(|f| of(&f.source, &name)).count() as u64;
        let begun = self.sink.counted + self.sink.findings.len() as u64 - known;
        let stop = AtomicBool::new(false);
        let (flow, sha256) = std::thread::scope(|threads| {
            let hashing = threads.spawn(|| hash_until(path, size, &stop));
            let flow = self.content(path, &name, &source);
            if !matches!(flow, Ok(ControlFlow::Continue(()))) {
                stop.store(true, Ordering::Relaxed);
            }
            let hashed = hashing.join();
            (flow, hashed.unwrap_or_else(|_| Err(ScanError::State(path.to_owned(), "could not be hashed".into()))))
        });
        if flow?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let (sha256, unreadable) = match sha256 {
            Ok(sha256) => (sha256, None),
            Err(e) => (String::new(), Some(e.to_string())),
        };
        let mut warnings = std::mem::take(&mut self.sink.warnings);
        let mut not_opened = std::mem::take(&mut self.sink.not_opened);
        warnings.extend(unreadable.clone());
        not_opened.extend(unreadable);
        self.sink.whole.clear();
        let findings = self.sink.counted + self.sink.findings.len() as u64 - begun;
        self.record(Source { path: name, size, sha256, findings, warnings, not_opened })?;
        Ok(ControlFlow::Continue(()))
    }

    /// Scans the bytes of a file, then its content where it is a container.
    fn content(&mut self, path: &Path, name: &str, source: &OnDisk) -> Result<ControlFlow<()>, ScanError> {
        let size = source.size();
        let Session { at, state, sink, .. } = self;
        let from = state.current.as_ref().filter(|c| c.0 == name).map_or(0, |c| c.1.min(size));
        recognise(sink, name, source)?;
        let mut noted = from;
        let mut tick = |sink: &mut Sink<'_>, done: u64| -> Result<(), ScanError> {
            if done - noted >= NOTE_EVERY || sink.stopped {
                noted = done;
                state.current = Some((name.to_owned(), done));
                save(sink, state, at)?;
            }
            Ok(())
        };
        if whole(sink, name, source, from, 0, true, &mut tick)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let head = source.exact(0, to_index((64 << 10).min(size))).unwrap_or_default();
        let kind = containers::kind(&head).or(is_table(source).then_some("leveldb table"));
        sink.unpacked = 0;
        if let Some(kind) = kind {
            let again = File::open(path).map_err(io(path))?;
            unpack(sink, name, kind, again, size, 0)?;
        } else if let Some(what) = containers::closed(&head) {
            sink.not_opened(name, what);
        }
        sink.at = size;
        let _ = sink.beat();
        tick(sink, size)?;
        Ok(if sink.stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}
