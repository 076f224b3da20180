//! Reading a table's file, row group by row group.

use crate::error::ExportError;
use crate::table::{Column, Kind, Table, Values};
use crate::write::FileEntry;
use holdfast_types::hash::sha256_of;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{DataType, FixedLenByteArray};
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Compares a file with what its manifest promises.
///
/// # Errors
/// [`ExportError::Io`] where it does not read, [`ExportError::File`] where it is another one.
pub fn verify(root: &Path, entry: &FileEntry) -> Result<PathBuf, ExportError> {
    let path = root.join(&entry.path);
    // A byte more tells that it is too long.
    let hashed = File::open(&path).and_then(|file| sha256_of(file.take(entry.bytes.saturating_add(1))));
    let (hash, bytes) = hashed.map_err(ExportError::io(&path))?;
    if bytes != entry.bytes || hex::encode(hash) != entry.sha256 {
        let why = "its SHA-256 is not the manifest's: it was altered or damaged; remove it and export again";
        return Err(ExportError::file(&path, why));
    }
    Ok(path)
}

/// Reads some columns of a table's file.
pub struct TableReader {
    path: PathBuf,
    table: &'static Table,
    inner: SerializedFileReader<File>,
    /// Numbers of the columns in the file, with those of the fields.
    wanted: Vec<(usize, usize)>,
}

impl TableReader {
    /// Opens a file for the named columns.
    ///
    /// # Errors
    /// [`ExportError::Io`], and [`ExportError::File`] where it is no Parquet, or of another table.
    pub fn open(path: &Path, table: &'static Table, names: &[&str]) -> Result<Self, ExportError> {
        let file = File::open(path).map_err(ExportError::io(path))?;
        let inner = SerializedFileReader::new(file).map_err(|e| ExportError::file(path, e))?;
        let schema = inner.metadata().file_metadata().schema_descr_ptr();
        let mut wanted = Vec::new();
        for name in names {
            let column = schema.columns().iter().position(|c| c.name() == *name);
            let field = table.fields.iter().position(|f| f.name == *name);
            let missing = || ExportError::file(path, format!("it has no column '{name}' of the table {}", table.name));
            wanted.push(column.zip(field).ok_or_else(missing)?);
        }
        Ok(TableReader { path: path.to_owned(), table, inner, wanted })
    }

    /// Returns the number of row groups.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.inner.num_row_groups()
    }

    /// Returns a note of the file's metadata.
    #[must_use]
    pub fn note(&self, key: &str) -> Option<String> {
        let notes = self.inner.metadata().file_metadata().key_value_metadata()?;
        notes.iter().find(|note| note.key == key)?.value.clone()
    }

    /// Reads a row group: its number of rows, and the columns in the order of their names.
    ///
    /// # Errors
    /// [`ExportError::File`] where it does not read.
    pub fn group(&self, number: usize) -> Result<(usize, Vec<Column>), ExportError> {
        let parquet = |e| ExportError::file(&self.path, e);
        let group = self.inner.get_row_group(number).map_err(parquet)?;
        let rows = usize::try_from(group.metadata().num_rows()).map_err(|e| ExportError::file(&self.path, e))?;
        let mut columns = Vec::new();
        for (column, field) in &self.wanted {
            let field = &self.table.fields[*field];
            let reader = group.get_column_reader(*column).map_err(parquet)?;
            let read = read_column(reader, field.kind, field.nullable, rows).map_err(parquet)?;
            let why = || ExportError::file(&self.path, format!("its column '{}' holds something else", field.name));
            columns.push(read.ok_or_else(why)?);
        }
        Ok((rows, columns))
    }

    /// Calls `each` with the row groups in order.
    ///
    /// # Errors
    /// As [`TableReader::group`], and what `each` reports.
    pub fn for_each<E: From<ExportError>>(
        &self,
        mut each: impl FnMut(usize, &[Column]) -> Result<(), E>,
    ) -> Result<(), E> {
        for number in 0..self.groups() {
            let (rows, columns) = self.group(number)?;
            each(rows, &columns)?;
        }
        Ok(())
    }
}

/// Reads a column; nothing where it is of another kind, or shorter than its row group.
fn read_column(
    reader: ColumnReader,
    kind: Kind,
    nullable: bool,
    rows: usize,
) -> parquet::errors::Result<Option<Column>> {
    let (values, known) = match (reader, kind) {
        (ColumnReader::Int64ColumnReader(reader), Kind::Long) => {
            let Some((values, known)) = typed(reader, nullable, rows, 0)? else { return Ok(None) };
            (Values::Long(values), known)
        }
        (ColumnReader::Int32ColumnReader(reader), Kind::Int) => {
            let Some((values, known)) = typed(reader, nullable, rows, 0)? else { return Ok(None) };
            (Values::Int(values), known)
        }
        (ColumnReader::BoolColumnReader(reader), Kind::Flag) => {
            let Some((values, known)) = typed(reader, nullable, rows, false)? else { return Ok(None) };
            (Values::Flag(values), known)
        }
        (ColumnReader::FixedLenByteArrayColumnReader(reader), Kind::Decimal) => {
            let zero = FixedLenByteArray::from(vec![0; 16]);
            let Some((values, known)) = typed(reader, nullable, rows, zero)? else { return Ok(None) };
            let numbers = values.iter().map(|v| Some(i128::from_be_bytes(v.data().try_into().ok()?)));
            let Some(numbers) = numbers.collect() else { return Ok(None) };
            (Values::Decimal(numbers), known)
        }
        (ColumnReader::FixedLenByteArrayColumnReader(reader), Kind::Hash) => {
            let zero = FixedLenByteArray::from(vec![0; 32]);
            let Some((values, known)) = typed(reader, nullable, rows, zero)? else { return Ok(None) };
            let Some(hashes) = values.iter().map(|v| v.data().try_into().ok()).collect() else { return Ok(None) };
            (Values::Hash(hashes), known)
        }
        (ColumnReader::ByteArrayColumnReader(reader), Kind::Text | Kind::Label) => {
            let Some((values, known)) = typed(reader, nullable, rows, Vec::new().into())? else { return Ok(None) };
            let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(values.len()));
            for value in values {
                bytes.extend_from_slice(value.data());
                ends.push(bytes.len());
            }
            (Values::Text { bytes, ends }, known)
        }
        _ => return Ok(None),
    };
    Ok(Some(Column { values, known }))
}

type Typed<T> = Option<(Vec<T>, Option<Vec<bool>>)>;

fn typed<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    nullable: bool,
    rows: usize,
    missing: T::T,
) -> parquet::errors::Result<Typed<T::T>> {
    let (mut values, mut levels, mut done) = (Vec::new(), Vec::new(), 0);
    while done < rows {
        let (read, _, _) = reader.read_records(rows - done, nullable.then_some(&mut levels), None, &mut values)?;
        if read == 0 {
            return Ok(None);
        }
        done += read;
    }
    if !nullable {
        return Ok((values.len() == rows).then_some((values, None)));
    }
    let known: Vec<bool> = levels.iter().map(|level| *level == 1).collect();
    let mut present = values.into_iter();
    let all = known.iter().map(|is| if *is { present.next() } else { Some(missing.clone()) });
    let all: Option<Vec<T::T>> = all.collect();
    Ok(all.filter(|all| all.len() == rows).map(|all| (all, Some(known))))
}
