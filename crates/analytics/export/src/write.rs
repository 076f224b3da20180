//! Writing a table's file: row group by row group, hashed on the way, named after its contents once it is on disk.

use crate::error::ExportError;
use crate::table::{Cell, Column, GROUP_ROWS, Kind, Table, Values};
use holdfast_types::hash::Sha256Writer;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type,
};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its table.
    pub table: String,
    /// Where it lies, from the folder of its manifest.
    pub path: String,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// How the names of unfinished files begin.
pub(crate) const UNFINISHED: &str = "unfinished-";

/// Writes the file of a table.
pub struct TableWriter {
    table: &'static Table,
    dir: PathBuf,
    unfinished: PathBuf,
    inner: Option<SerializedFileWriter<Sha256Writer<File>>>,
    columns: Vec<Column>,
    in_group: usize,
    rows: u64,
}

fn properties(table: &Table, notes: &[(&str, String)]) -> Result<WriterProperties, ExportError> {
    let level = ZstdLevel::try_new(3).map_err(|e| ExportError::Internal(e.to_string()))?;
    let notes = notes.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone())).collect();
    let mut properties = WriterProperties::builder()
        .set_created_by(format!("Holdfast {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::ZSTD(level))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_key_value_metadata(Some(notes));
    for field in table.fields {
        let path = || ColumnPath::from(field.name);
        properties = match field.kind {
            Kind::Long | Kind::Int => properties.set_column_encoding(path(), Encoding::DELTA_BINARY_PACKED),
            Kind::Label => properties.set_column_dictionary_enabled(path(), true),
            _ => properties.set_column_encoding(path(), Encoding::PLAIN),
        };
        if field.sought {
            properties = properties
                .set_column_bloom_filter_enabled(path(), true)
                .set_column_bloom_filter_max_ndv(path(), GROUP_ROWS as u64);
        }
    }
    Ok(properties.build())
}

impl TableWriter {
    /// Begins a file in a folder, which is made where it is missing. `notes` are stored in the file's metadata.
    ///
    /// # Errors
    /// [`ExportError::Io`] when the system refuses.
    pub fn create(dir: &Path, table: &'static Table, notes: &[(&str, String)]) -> Result<Self, ExportError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        std::fs::create_dir_all(dir).map_err(ExportError::io(dir))?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let unfinished = dir.join(format!("{UNFINISHED}{}-{number}", std::process::id()));
        let file = File::create(&unfinished).map_err(ExportError::io(&unfinished))?;
        let inner =
            SerializedFileWriter::new(Sha256Writer::new(file), table.schema()?, Arc::new(properties(table, notes)?));
        let inner = inner.map_err(|e| ExportError::file(&unfinished, e))?;
        let columns = table.fields.iter().map(Column::of).collect();
        Ok(TableWriter { table, dir: dir.to_owned(), unfinished, inner: Some(inner), columns, in_group: 0, rows: 0 })
    }

    /// Appends a row: a cell for each field.
    ///
    /// # Errors
    /// [`ExportError::Io`] when the system refuses, [`ExportError::Internal`] for cells that do not fit the table.
    pub fn put(&mut self, cells: &[Cell<'_>]) -> Result<(), ExportError> {
        let fits =
            cells.len() == self.columns.len() && self.columns.iter_mut().zip(cells).all(|(c, cell)| c.put(*cell));
        if !fits {
            return Err(ExportError::Internal(format!("{}: no row of this table: {cells:?}", self.table.name)));
        }
        self.in_group += 1;
        if self.in_group == GROUP_ROWS { self.end_group() } else { Ok(()) }
    }

    fn end_group(&mut self) -> Result<(), ExportError> {
        if self.in_group == 0 {
            return Ok(());
        }
        let inner = self.inner.as_mut().ok_or_else(|| ExportError::Internal("a closed file is written".into()))?;
        let parquet = |e| ExportError::file(&self.unfinished, e);
        let mut group = inner.next_row_group().map_err(parquet)?;
        for column in &mut self.columns {
            let writer = group.next_column().map_err(parquet)?;
            let mut writer = writer.ok_or_else(|| ExportError::Internal("a column too many".into()))?;
            write_column(&mut writer, column).map_err(parquet)?;
            writer.close().map_err(parquet)?;
        }
        group.close().map_err(parquet)?;
        self.rows += self.in_group as u64;
        self.in_group = 0;
        Ok(())
    }

    /// Ends the file, waits until it is on disk, and names it after its contents. Its path is given from `root` on.
    ///
    /// # Errors
    /// [`ExportError::Io`] when the system refuses.
    pub fn finish(mut self, root: &Path) -> Result<FileEntry, ExportError> {
        self.end_group()?;
        let inner = self.inner.take().ok_or_else(|| ExportError::Internal("a file is closed twice".into()))?;
        let hashed = inner.into_inner().map_err(|e| ExportError::file(&self.unfinished, e))?;
        let (file, hash, bytes) = hashed.finish();
        file.sync_all().map_err(ExportError::io(&self.unfinished))?;
        let sha256 = hex::encode(hash);
        let path = self.dir.join(format!("part-{}.parquet", &sha256[..16]));
        std::fs::rename(&self.unfinished, &path).map_err(ExportError::io(&path))?;
        File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(ExportError::io(&self.dir))?;
        let from_root = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        let table = self.table.name.to_owned();
        Ok(FileEntry { table, path: from_root, rows: self.rows, bytes, sha256 })
    }
}

impl Drop for TableWriter {
    fn drop(&mut self) {
        // Of a finished file there is none of this name.
        let _ = std::fs::remove_file(&self.unfinished);
    }
}

/// Writes a column of a row group, and empties it.
fn write_column(writer: &mut SerializedColumnWriter<'_>, column: &mut Column) -> parquet::errors::Result<()> {
    let known = column.known.as_mut().map(std::mem::take);
    match &mut column.values {
        Values::Long(all) => typed::<Int64Type>(writer, all, known),
        Values::Int(all) => typed::<Int32Type>(writer, all, known),
        Values::Flag(all) => typed::<BoolType>(writer, all, known),
        Values::Decimal(all) => {
            let flat: Vec<u8> = all.drain(..).flat_map(i128::to_be_bytes).collect();
            typed::<FixedLenByteArrayType>(writer, &mut fixed(flat, 16), known)
        }
        Values::Hash(all) => {
            let flat: Vec<u8> = all.drain(..).flatten().collect();
            typed::<FixedLenByteArrayType>(writer, &mut fixed(flat, 32), known)
        }
        Values::Text { bytes, ends } => {
            let texts = Column::take_texts(bytes, ends);
            let mut texts: Vec<ByteArray> = texts.into_iter().map(ByteArray::from).collect();
            typed::<ByteArrayType>(writer, &mut texts, known)
        }
    }
}

fn fixed(flat: Vec<u8>, width: usize) -> Vec<FixedLenByteArray> {
    let all = bytes::Bytes::from(flat);
    let values = (0..all.len() / width).map(|n| ByteArray::from(all.slice(n * width..(n + 1) * width)).into());
    values.collect()
}

fn typed<T: DataType>(
    writer: &mut SerializedColumnWriter<'_>,
    values: &mut Vec<T::T>,
    known: Option<Vec<bool>>,
) -> parquet::errors::Result<()> {
    let levels = known.map(|known| {
        let mut row = 0;
        values.retain(|_| {
            row += 1;
            known[row - 1]
        });
        known.into_iter().map(i16::from).collect::<Vec<i16>>()
    });
    writer.typed::<T>().write_batch(values, levels.as_deref(), None)?;
    values.clear();
    Ok(())
}
