//! Measures by key: gathered over a segment in memory, joined from sorted files of segments as a stream.

use crate::digest::Digest;
use crate::spec::{Join, Spec};
use hashbrown::HashMap;
use holdfast_analytics_export::{Cell, Column, ExportError, FileEntry, Kind, Table, TableReader, TableWriter};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::{Path, PathBuf};

/// A key: the second number is 0 where there is one alone.
pub type Key = (i64, i64);

/// The values of one measure, by place.
enum Measured {
    Long(Vec<i64>),
    Decimal(Vec<i128>),
}

/// Measures of a segment.
pub struct Measures {
    spec: Spec,
    places: HashMap<Key, usize>,
    columns: Vec<Measured>,
}

/// Where a key's measures are.
#[derive(Clone, Copy)]
pub struct Place(usize);

fn overflow(table: &Table) -> ExportError {
    ExportError::TooLarge(format!("a measure of {} does not fit its column", table.name))
}

fn join(join: Join, a: i128, b: i128) -> Option<i128> {
    match join {
        Join::Sum => a.checked_add(b),
        Join::Min => Some(a.min(b)),
        Join::Max => Some(a.max(b)),
    }
}

impl Measures {
    /// Returns no measures.
    #[must_use]
    pub fn new(spec: Spec) -> Self {
        let fields = spec.table.fields[spec.keys..].iter();
        let columns = fields.map(|field| match field.kind {
            Kind::Decimal => Measured::Decimal(Vec::new()),
            _ => Measured::Long(Vec::new()),
        });
        Measures { columns: columns.collect(), spec, places: HashMap::new() }
    }

    /// Returns where the measures of a key are.
    pub fn place(&mut self, key: Key) -> Place {
        let next = self.places.len();
        let place = *self.places.entry(key).or_insert(next);
        if place == next {
            for (column, how) in self.columns.iter_mut().zip(self.spec.joins) {
                match column {
                    Measured::Long(all) => all.push(match how {
                        Join::Sum => 0,
                        Join::Min => i64::MAX,
                        // No measure is negative but sums.
                        Join::Max => 0,
                    }),
                    Measured::Decimal(all) => all.push(0),
                }
            }
        }
        Place(place)
    }

    /// Joins a value to a measure.
    ///
    /// # Errors
    /// [`ExportError::TooLarge`].
    #[inline]
    pub fn add(&mut self, Place(place): Place, measure: usize, value: i64) -> Result<(), ExportError> {
        let how = self.spec.joins[measure];
        match &mut self.columns[measure] {
            Measured::Long(all) => {
                let joined = match how {
                    Join::Sum => all[place].checked_add(value),
                    Join::Min => Some(all[place].min(value)),
                    Join::Max => Some(all[place].max(value)),
                };
                all[place] = joined.ok_or_else(|| overflow(self.spec.table))?;
            }
            Measured::Decimal(all) => {
                all[place] = join(how, all[place], value.into()).ok_or_else(|| overflow(self.spec.table))?;
            }
        }
        Ok(())
    }

    /// Adds to a sum of decimals.
    ///
    /// # Errors
    /// [`ExportError::TooLarge`].
    pub fn add_wide(&mut self, Place(place): Place, measure: usize, value: i128) -> Result<(), ExportError> {
        let Measured::Decimal(all) = &mut self.columns[measure] else { return Err(overflow(self.spec.table)) };
        all[place] = all[place].checked_add(value).ok_or_else(|| overflow(self.spec.table))?;
        Ok(())
    }

    /// Writes the measures, by rising key.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn write(self, dir: &Path, root: &Path, notes: &[(&str, String)]) -> Result<FileEntry, ExportError> {
        let mut keys: Vec<(Key, usize)> = self.places.into_iter().collect();
        keys.sort_unstable();
        let mut out = TableWriter::create(dir, self.spec.table, notes)?;
        let mut cells = Vec::new();
        for (key, place) in keys {
            cells.clear();
            cells.extend([Cell::Long(key.0), Cell::Long(key.1)].into_iter().take(self.spec.keys));
            cells.extend(self.columns.iter().map(|column| match column {
                Measured::Long(all) => Cell::Long(all[place]),
                Measured::Decimal(all) => Cell::Decimal(all[place]),
            }));
            out.put(&cells)?;
        }
        out.finish(root)
    }
}

/// Reads a sorted file of measures row by row.
pub(crate) struct Rows {
    reader: TableReader,
    keys: usize,
    group: usize,
    columns: Vec<Column>,
    rows: usize,
    row: usize,
    path: PathBuf,
    last: Option<Key>,
}

impl Rows {
    pub(crate) fn open(path: &Path, spec: &Spec) -> Result<Self, ExportError> {
        let names: Vec<&str> = spec.table.fields.iter().map(|f| f.name).collect();
        let reader = TableReader::open(path, spec.table, &names)?;
        let path = path.to_owned();
        Ok(Rows { reader, keys: spec.keys, group: 0, columns: Vec::new(), rows: 0, row: 0, path, last: None })
    }

    /// Reads the next row's measures into `values`, and returns its key.
    pub(crate) fn next(&mut self, values: &mut Vec<i128>) -> Result<Option<Key>, ExportError> {
        while self.row == self.rows {
            if self.group == self.reader.groups() {
                return Ok(None);
            }
            (self.rows, self.columns) = self.reader.group(self.group)?;
            self.group += 1;
            self.row = 0;
        }
        let row = self.row;
        self.row += 1;
        let damaged = |why: &str| ExportError::File(self.path.clone(), why.to_owned());
        let long = |n: usize| self.columns[n].long(row).ok_or_else(|| damaged("a row without its key"));
        let key = (long(0)?, if self.keys == 2 { long(1)? } else { 0 });
        if self.last.is_some_and(|last| last >= key) {
            return Err(damaged("its keys do not rise"));
        }
        self.last = Some(key);
        values.clear();
        for column in &self.columns[self.keys..] {
            values.push(column.integer(row).ok_or_else(|| damaged("a row without a measure"))?);
        }
        Ok(Some(key))
    }
}

/// Files that are joined at once.
const AT_ONCE: usize = 32;

/// Joins sorted files of measures into one, by rising key.
///
/// # Errors
/// [`ExportError`].
pub fn join_files(
    files: &[PathBuf],
    spec: &Spec,
    dir: &Path,
    root: &Path,
    notes: &[(&str, String)],
    go_on: &dyn Fn() -> Result<(), ExportError>,
) -> Result<(FileEntry, Digest), ExportError> {
    let scratch = tempfile::tempdir_in(dir).map_err(|e| ExportError::Io(dir.to_owned(), e))?;
    let mut files = files.to_vec();
    while files.len() > AT_ONCE {
        let mut joined = Vec::new();
        for some in files.chunks(AT_ONCE) {
            let mut out = TableWriter::create(scratch.path(), spec.table, &[])?;
            join_into(some, spec, go_on, |key, values| {
                let mut cells = vec![Cell::Long(key.0), Cell::Long(key.1)];
                cells.truncate(spec.keys);
                push(&mut cells, spec, values)?;
                out.put(&cells)
            })?;
            joined.push(scratch.path().join(out.finish(scratch.path())?.path));
        }
        files = joined;
    }
    let mut out = TableWriter::create(dir, spec.result, notes)?;
    let mut digest = Digest::new(spec.result, spec.keys);
    join_into(&files, spec, go_on, |key, values| {
        crate::finish::put(spec, key, values, &mut |cells| {
            digest.take(cells);
            out.put(cells)
        })
    })?;
    Ok((out.finish(root)?, digest))
}

/// Appends measures as the cells of their columns.
///
/// # Errors
/// [`ExportError::TooLarge`].
pub(crate) fn push(cells: &mut Vec<Cell<'_>>, spec: &Spec, values: &[i128]) -> Result<(), ExportError> {
    for (field, value) in spec.table.fields[spec.keys..].iter().zip(values) {
        cells.push(match field.kind {
            Kind::Decimal => Cell::Decimal(*value),
            _ => Cell::Long(i64::try_from(*value).map_err(|_| overflow(spec.table))?),
        });
    }
    Ok(())
}

fn join_into(
    files: &[PathBuf],
    spec: &Spec,
    go_on: &dyn Fn() -> Result<(), ExportError>,
    mut put: impl FnMut(Key, &[i128]) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let mut open = files.iter().map(|path| Rows::open(path, spec)).collect::<Result<Vec<_>, _>>()?;
    let mut heads = BinaryHeap::new();
    let mut rows: Vec<Vec<i128>> = vec![Vec::new(); open.len()];
    for (n, file) in open.iter_mut().enumerate() {
        if let Some(key) = file.next(&mut rows[n])? {
            heads.push(Reverse((key, n)));
        }
    }
    let (mut current, mut sums): (Option<Key>, Vec<i128>) = (None, Vec::new());
    let mut done = 0u64;
    while let Some(Reverse((key, n))) = heads.pop() {
        if current == Some(key) {
            for ((sum, value), how) in sums.iter_mut().zip(&rows[n]).zip(spec.joins) {
                *sum = join(*how, *sum, *value).ok_or_else(|| overflow(spec.table))?;
            }
        } else {
            if let Some(of) = current.replace(key) {
                put(of, &sums)?;
            }
            std::mem::swap(&mut sums, &mut rows[n]);
        }
        if let Some(key) = open[n].next(&mut rows[n])? {
            heads.push(Reverse((key, n)));
        }
        done += 1;
        if done.is_multiple_of(65_536) {
            go_on()?;
        }
    }
    if let Some(of) = current {
        put(of, &sums)?;
    }
    Ok(())
}
