//! The proof: every row of every table and every file of the store, read again.

use crate::RetentionError;
use crate::pseudonym::Pseudonyms;
use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use holdfast_types::named;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use utoipa::ToSchema;

/// Most files that are read.
const MAX_FILES: u64 = 1_000_000;
/// Most findings that are listed.
const MAX_LISTED: usize = 1_000;
/// Deepest folder.
const MAX_DEPTH: usize = 16;
/// What is public or holds nothing of customers: chains, what is derived from them, keys.
const NOT_PERSONAL: [&str; 8] =
    ["ledger", "chains", "tags", "tags.log", "clusters", "exposures", "desk.key", "signing.key"];

named! {
    /// Why a file was not looked into.
    #[schema(as = ClosedFileReason)]
    pub enum Closed {
        /// Its contents are compressed or encrypted: a PDF, a picture, an archive, a sealed package.
        Packed,
        /// It cannot be read.
        Unreadable,
    }
}

/// A file that was not looked into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClosedFile {
    /// Its path below the store.
    pub path: String,
    /// Why.
    pub why: Closed,
}

/// What a scan of files found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileScan {
    /// Files read.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Files that still hold a value, by their path below the store; at most 1,000.
    pub holding: Vec<String>,
    /// Files that were read as they are, although their contents are packed, or not at all, with the reason; at most 1,000.
    pub closed: Vec<ClosedFile>,
    /// Whether there are more files or findings than are listed.
    pub cut: bool,
}

/// Files of the store whose contents are bytes of something else: nothing can be said of the text in them.
fn is_packed(beginning: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 8] =
        [b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"\x1f\x8b", b"age-encryption.org/"];
    BEGINNINGS.iter().any(|b| beginning.starts_with(b))
}

struct Scanner<'a> {
    root: &'a Path,
    automaton: AhoCorasick,
    found: FileScan,
}

impl Scanner<'_> {
    fn name(&self, path: &Path) -> String {
        path.strip_prefix(self.root).unwrap_or(path).display().to_string()
    }

    fn closed(&mut self, path: &Path, why: Closed) {
        match self.found.closed.len() < MAX_LISTED {
            true => self.found.closed.push(ClosedFile { path: self.name(path), why }),
            false => self.found.cut = true,
        }
    }

    fn file(&mut self, path: &Path) {
        self.found.files += 1;
        if self.found.files > MAX_FILES {
            self.found.cut = true;
            return;
        }
        match self.holds(path) {
            Ok((packed, holds)) => {
                if packed {
                    self.closed(path, Closed::Packed);
                }
                match (holds, self.found.holding.len() < MAX_LISTED) {
                    (false, _) => {}
                    (true, true) => self.found.holding.push(self.name(path)),
                    (true, false) => self.found.cut = true,
                }
            }
            // A file that went away meanwhile holds nothing.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => self.closed(path, Closed::Unreadable),
        }
    }

    /// Returns whether a file is packed, and whether it holds a value, reading it piece by piece.
    fn holds(&mut self, path: &Path) -> std::io::Result<(bool, bool)> {
        let mut file = File::open(path)?;
        self.found.bytes += file.metadata()?.len();
        let mut beginning = [0; 20];
        let read = file.read(&mut beginning)?;
        let whole = (&beginning[..read]).chain(file);
        let first = self.automaton.stream_find_iter(BufReader::new(whole)).next().transpose()?;
        Ok((is_packed(&beginning[..read]), first.is_some()))
    }

    fn folder(&mut self, folder: &Path, depth: usize) {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) if depth < MAX_DEPTH => entries,
            _ => return self.closed(folder, Closed::Unreadable),
        };
        let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if depth == 0 && NOT_PERSONAL.contains(&name.as_str()) {
                continue;
            }
            match std::fs::symlink_metadata(&path) {
                Ok(kind) if kind.is_dir() => self.folder(&path, depth + 1),
                Ok(kind) if kind.is_file() => self.file(&path),
                // Sockets hold nothing; what a link names is looked into where it lies.
                _ => {}
            }
        }
    }
}

/// Reads all files below a folder and looks for the values that can be told wherever they stand.
///
/// # Errors
/// [`RetentionError::State`] when so many values cannot be looked for at once.
pub fn files(root: &Path, names: &Pseudonyms) -> Result<FileScan, RetentionError> {
    let automaton = AhoCorasickBuilder::new()
        .ascii_case_insensitive(true)
        .build(names.distinct())
        .map_err(|e| RetentionError::State(format!("the values cannot be looked for at once: {e}")))?;
    let mut scanner = Scanner { root, automaton, found: FileScan::default() };
    if !names.distinct().is_empty() {
        scanner.folder(root, 0);
    }
    Ok(scanner.found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pseudonym::Identifying;

    #[test]
    fn files_that_hold_a_value_or_cannot_be_looked_into_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        };
        write("vault/ab/one", b"order of ADA@example.org");
        // A value that lies across the border of two reads.
        write("vault/ab/two", &[vec![b'x'; 65_530], b" ada@example.org".to_vec()].concat());
        write("vault/ab/three", b"%PDF-1.7 streams");
        write("ledger/addresses", b"ada@example.org");
        write("other", b"nothing");
        let value = Identifying { field: "email", value: "ada@example.org".into() };
        let names = Pseudonyms::new(&[value].into(), &[7; 32]).unwrap();
        let found = files(dir.path(), &names).unwrap();
        assert_eq!(found.holding, ["vault/ab/one", "vault/ab/two"]);
        assert_eq!(found.closed, [ClosedFile { path: "vault/ab/three".into(), why: Closed::Packed }]);
        assert_eq!((found.files, found.cut), (4, false));
    }
}
