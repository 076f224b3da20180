//! Writing a table and swapping it in.

use crate::{AsOf, CURRENT, ColumnHead, Current, DIR, FORMAT, FiguresError, HEAD, Head, KEY, MAX_COLUMNS, Width};
use crate::{is_name, sha256_of};
use holdfast_columns::{Column, Writer, lock, sealed};
use std::fs::File;
use std::path::{Path, PathBuf};

/// What a table was computed from.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    /// The table: what computed it.
    pub table: &'a str,
    /// Version of what computed it.
    pub version: u32,
    /// Chain (CAIP-2).
    pub chain: &'a str,
    /// The block that it is as of.
    pub as_of_block: AsOf,
    /// SHA-256 of the input.
    pub input: &'a str,
}

enum Values {
    Long(Writer<i64>),
    Wide(Writer<i128>),
}

/// Writes a table beside the one that counts.
pub struct SnapshotWriter {
    dir: PathBuf,
    /// Held until the end.
    _lock: File,
    scratch: tempfile::TempDir,
    head: Head,
    keys: Writer<u64>,
    columns: Vec<Values>,
    last: Option<u64>,
}

impl SnapshotWriter {
    /// Begins a table of a chain with columns of these names and widths.
    ///
    /// # Errors
    /// [`FiguresError::Invalid`] for names that are no file names, [`FiguresError::Locked`], [`FiguresError::Io`].
    pub fn create(chain_dir: &Path, of: &Source<'_>, columns: &[(&str, Width)]) -> Result<Self, FiguresError> {
        if columns.len() > MAX_COLUMNS || columns.is_empty() {
            return Err(FiguresError::Invalid(format!("{} columns; 1 to {MAX_COLUMNS} are stored", columns.len())));
        }
        let mut names: Vec<&str> = columns.iter().map(|(name, _)| *name).chain([KEY]).collect();
        if let Some(bad) = names.iter().copied().chain([of.table]).find(|name| !is_name(name)) {
            return Err(FiguresError::Invalid(format!(
                "'{bad}' is no name of a table or column: a-z, 0-9 and _, at most 64"
            )));
        }
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(FiguresError::Invalid(format!("column '{}' is there twice", twice[0])));
        }
        let dir = chain_dir.join(DIR).join(of.table);
        let io = |e| FiguresError::Io(dir.clone(), e);
        std::fs::create_dir_all(&dir).map_err(io)?;
        let held = lock(&dir).map_err(io)?.ok_or_else(|| FiguresError::Locked(dir.clone()))?;
        let scratch = tempfile::Builder::new().prefix("unfinished-").tempdir_in(&dir).map_err(io)?;
        let file = |name: &str| Column::<u64>::open(scratch.path(), name, 0, true).and_then(|c| c.writer(0));
        let keys = file(KEY).map_err(io)?;
        let mut values = Vec::new();
        for (name, width) in columns {
            values.push(
                match width {
                    Width::Long => {
                        Column::open(scratch.path(), name, 0, true).and_then(|c| c.writer(0)).map(Values::Long)
                    }
                    Width::Wide => {
                        Column::open(scratch.path(), name, 0, true).and_then(|c| c.writer(0)).map(Values::Wide)
                    }
                }
                .map_err(io)?,
            );
        }
        let head = Head {
            format: FORMAT,
            table: of.table.to_owned(),
            version: of.version,
            chain: of.chain.to_owned(),
            as_of_block: of.as_of_block.clone(),
            input: of.input.to_owned(),
            rows: 0,
            keys: String::new(),
            columns: columns
                .iter()
                .map(|(name, width)| ColumnHead { name: (*name).to_owned(), width: *width, sha256: String::new() })
                .collect(),
        };
        Ok(SnapshotWriter { dir, _lock: held, scratch, head, keys, columns: values, last: None })
    }

    /// Appends the row of an address's number, which must be above that of the row before.
    ///
    /// # Errors
    /// [`FiguresError::Invalid`] for keys that do not rise, another number of values, or one that its column cannot hold; [`FiguresError::Io`].
    pub fn push(&mut self, key: u64, values: &[i128]) -> Result<(), FiguresError> {
        if self.last.is_some_and(|last| last >= key) {
            return Err(FiguresError::Invalid(format!("row {key}: its key is not above the one before")));
        }
        if values.len() != self.columns.len() {
            let text = format!("row {key}: {} values for {} columns", values.len(), self.columns.len());
            return Err(FiguresError::Invalid(text));
        }
        let io = |e| FiguresError::Io(self.dir.clone(), e);
        self.keys.push(key).map_err(io)?;
        for (n, (column, value)) in self.columns.iter_mut().zip(values).enumerate() {
            match column {
                Values::Long(column) => {
                    let narrow = i64::try_from(*value).map_err(|_| {
                        let name = &self.head.columns[n].name;
                        FiguresError::Invalid(format!("row {key}: {value} does not fit the column '{name}'"))
                    })?;
                    column.push(narrow)
                }
                Values::Wide(column) => column.push(*value),
            }
            .map_err(io)?;
        }
        self.last = Some(key);
        self.head.rows += 1;
        Ok(())
    }

    /// Waits until all files are on disk, swaps the table in, and removes those before it.
    ///
    /// # Errors
    /// [`FiguresError::Io`]; the table that counted goes on counting.
    pub fn finish(self) -> Result<Head, FiguresError> {
        let SnapshotWriter { dir, _lock, scratch, mut head, keys, columns, .. } = self;
        let io = |e| FiguresError::Io(dir.clone(), e);
        keys.finish().map_err(io)?;
        for column in columns {
            match column {
                Values::Long(column) => column.finish(),
                Values::Wide(column) => column.finish(),
            }
            .map_err(io)?;
        }
        head.keys = sha256_of(&scratch.path().join(KEY))?;
        for column in &mut head.columns {
            column.sha256 = sha256_of(&scratch.path().join(&column.name))?;
        }
        let text = serde_json::to_string_pretty(&head).map_err(|e| FiguresError::Invalid(e.to_string()))?;
        sealed::write(&scratch.path().join(HEAD), &text).map_err(io)?;
        File::open(scratch.path()).and_then(|f| f.sync_all()).map_err(io)?;
        let folder = hex::encode(&holdfast_types::hash::sha256(text.as_bytes())[..16]);
        let to = dir.join(&folder);
        if to.exists() {
            // The same bytes were installed before, or a start of them was left by a kill.
            std::fs::remove_dir_all(&to).map_err(io)?;
        }
        std::fs::rename(scratch.keep(), &to).map_err(io)?;
        sealed::replace(&dir, CURRENT, &Current { folder: folder.clone() }).map_err(io)?;
        for entry in std::fs::read_dir(&dir).map_err(io)? {
            let entry = entry.map_err(io)?;
            let is_old = entry.file_name() != *folder && entry.file_type().map_err(io)?.is_dir();
            if is_old {
                // Whoever has mapped its files keeps them.
                std::fs::remove_dir_all(entry.path()).map_err(io)?;
            }
        }
        Ok(head)
    }
}
