//! Reading a table.

use crate::{CURRENT, Current, DIR, FORMAT, FiguresError, HEAD, Head, KEY, MAX_COLUMNS, Width, is_name, sha256_of};
use holdfast_columns::{Column, sealed};
use std::path::{Path, PathBuf};

enum Values {
    Long(Column<i64>),
    Wide(Column<i128>),
}

/// A table as it was swapped in.
pub struct Snapshot {
    dir: PathBuf,
    head: Head,
    keys: Column<u64>,
    columns: Vec<Values>,
}

/// The values of an address, with the names of their columns.
pub type Row<'a> = Vec<(&'a str, i128)>;

/// Returns the names of the tables that a chain has, sorted.
///
/// # Errors
/// [`FiguresError::Io`].
pub fn names(chain_dir: &Path) -> Result<Vec<String>, FiguresError> {
    let dir = chain_dir.join(DIR);
    let entries = match std::fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(FiguresError::Io(dir, e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(FiguresError::io(&dir))?.file_name().to_string_lossy().into_owned();
        if is_name(&name) && dir.join(&name).join(CURRENT).exists() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

impl Snapshot {
    /// Opens the table that counts; nothing where none was installed.
    ///
    /// # Errors
    /// [`FiguresError::File`] for what is damaged or of another version, [`FiguresError::Io`].
    pub fn open(chain_dir: &Path, table: &str) -> Result<Option<Self>, FiguresError> {
        let dir = chain_dir.join(DIR).join(table);
        let current = dir.join(CURRENT);
        for _ in 0..3 {
            if !current.exists() {
                return Ok(None);
            }
            let Current { folder } = sealed::read(&current).map_err(FiguresError::sealed(&current))?;
            match Self::open_folder(dir.join(&folder)) {
                // Another one was swapped in between the two readings.
                Err(FiguresError::Io(_, e)) if e.kind() == std::io::ErrorKind::NotFound => {}
                opened => return opened.map(Some),
            }
        }
        Err(FiguresError::File(current, "the folder that it names is not there".into()))
    }

    fn open_folder(dir: PathBuf) -> Result<Self, FiguresError> {
        let path = dir.join(HEAD);
        let head: Head = sealed::read(&path).map_err(FiguresError::sealed(&path))?;
        let wrong = |why: String| FiguresError::File(path.clone(), why);
        if head.format != FORMAT {
            return Err(wrong(format!("it is laid out as version {}, this program reads {FORMAT}", head.format)));
        }
        if head.columns.len() > MAX_COLUMNS || !head.columns.iter().all(|c| is_name(&c.name)) {
            return Err(wrong("its columns cannot be read".into()));
        }
        let keys = open(&dir, KEY, head.rows)?;
        let mut columns = Vec::new();
        for column in &head.columns {
            columns.push(match column.width {
                Width::Long => Values::Long(open(&dir, &column.name, head.rows)?),
                Width::Wide => Values::Wide(open(&dir, &column.name, head.rows)?),
            });
        }
        Ok(Snapshot { dir, head, keys, columns })
    }

    /// Returns what it is of.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Returns the values of an address by its number; nothing where the table has no row of it.
    ///
    /// # Errors
    /// [`FiguresError::File`] where something outside this program cut a file off.
    pub fn row(&self, key: u64) -> Result<Option<Row<'_>>, FiguresError> {
        self.check_lengths()?;
        let Ok(at) = self.keys.all().binary_search(&key) else { return Ok(None) };
        let at = at as u64;
        let values = self.columns.iter().map(|column| match column {
            Values::Long(column) => i128::from(column.get(at)),
            Values::Wide(column) => column.get(at),
        });
        let row = self.head.columns.iter().map(|c| c.name.as_str()).zip(values).collect();
        Ok(Some(row))
    }

    /// Looks whether something outside this program cut a file off, since reading what is mapped there would end the process.
    fn check_lengths(&self) -> Result<(), FiguresError> {
        let names = self.head.columns.iter().map(|c| c.name.as_str());
        let columns = self.columns.iter().map(|column| match column {
            Values::Long(column) => column.is_cut_off(),
            Values::Wide(column) => column.is_cut_off(),
        });
        for (name, is_cut) in names.zip(columns).chain([(KEY, self.keys.is_cut_off())]) {
            let path = self.dir.join(name);
            if is_cut.map_err(FiguresError::io(&path))? {
                return Err(FiguresError::File(path, "it was cut off".into()));
            }
        }
        Ok(())
    }

    /// Compares all files with their hashes.
    ///
    /// # Errors
    /// [`FiguresError::File`] names the file that differs.
    pub fn check(&self) -> Result<(), FiguresError> {
        let columns = self.head.columns.iter().map(|c| (c.name.as_str(), c.sha256.as_str()));
        for (name, sha256) in columns.chain([(KEY, self.head.keys.as_str())]) {
            let path = self.dir.join(name);
            if sha256_of(&path)? != sha256 {
                return Err(FiguresError::File(
                    path,
                    "its SHA-256 is not that of the head: it was altered or damaged".into(),
                ));
            }
        }
        Ok(())
    }
}

fn open<T: bytemuck::Pod>(dir: &Path, name: &str, rows: u64) -> Result<Column<T>, FiguresError> {
    let path = dir.join(name);
    let as_damage = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::UnexpectedEof => FiguresError::File(path.clone(), e.to_string()),
        _ => FiguresError::Io(path.clone(), e),
    };
    Column::open(dir, name, rows, false).map_err(as_damage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AsOf, SnapshotWriter, Source};

    fn source(height: u64) -> Source<'static> {
        let as_of_block = AsOf { height, hash: format!("{height:064x}") };
        Source { table: "statistics", version: 1, chain: "bip122:0", as_of_block, input: "00" }
    }

    fn install(dir: &Path, height: u64, rows: &[(u64, [i128; 2])]) -> Head {
        let columns = [("outputs", Width::Long), ("received", Width::Wide)];
        let mut writer = SnapshotWriter::create(dir, &source(height), &columns).unwrap();
        rows.iter().for_each(|(key, values)| writer.push(*key, values).unwrap());
        writer.finish().unwrap()
    }

    #[test]
    fn a_table_is_swapped_in_and_who_reads_the_old_one_keeps_it() {
        let dir = tempfile::tempdir().unwrap();
        let chain = dir.path();
        assert!(Snapshot::open(chain, "statistics").unwrap().is_none());
        assert!(names(chain).unwrap().is_empty());
        install(chain, 7, &[(2, [1, 1 << 100]), (9, [-4, 5])]);
        let old = Snapshot::open(chain, "statistics").unwrap().unwrap();
        assert_eq!(old.row(2).unwrap().unwrap(), [("outputs", 1), ("received", 1 << 100)]);
        assert_eq!(old.row(3).unwrap(), None);
        install(chain, 8, &[(3, [6, 7])]);
        let new = Snapshot::open(chain, "statistics").unwrap().unwrap();
        assert_eq!(new.head().as_of_block.height, 8);
        assert_eq!(new.row(3).unwrap().unwrap(), [("outputs", 6), ("received", 7)]);
        assert_eq!(old.row(9).unwrap().unwrap(), [("outputs", -4), ("received", 5)]);
        assert_eq!(names(chain).unwrap(), ["statistics"]);
        new.check().unwrap();
        // The same again changes nothing, and an empty one has no rows.
        assert_eq!(install(chain, 8, &[(3, [6, 7])]), *new.head());
        install(chain, 9, &[]);
        assert_eq!(Snapshot::open(chain, "statistics").unwrap().unwrap().row(3).unwrap(), None);
    }

    #[test]
    fn an_installation_that_does_not_end_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        install(dir.path(), 7, &[(2, [1, 2])]);
        let mut writer = SnapshotWriter::create(dir.path(), &source(8), &[("outputs", Width::Long)]).unwrap();
        writer.push(1, &[1]).unwrap();
        let second = SnapshotWriter::create(dir.path(), &source(9), &[("outputs", Width::Long)]).err().unwrap();
        assert!(matches!(second, crate::FiguresError::Locked(_)), "{second}");
        for (key, values) in [(1, &[1][..]), (2, &[]), (2, &[i128::MAX])] {
            let refused = writer.push(key, values).unwrap_err();
            assert!(matches!(refused, crate::FiguresError::Invalid(_)), "{refused}");
        }
        drop(writer);
        let still = Snapshot::open(dir.path(), "statistics").unwrap().unwrap();
        assert_eq!(still.head().as_of_block.height, 7);
    }

    #[test]
    fn damage_is_named() {
        let dir = tempfile::tempdir().unwrap();
        install(dir.path(), 7, &[(2, [1, 2]), (3, [4, 5])]);
        let open = || Snapshot::open(dir.path(), "statistics").map(Option::unwrap);
        let of = open().unwrap();
        let (column, head) = (of.dir.join("outputs"), of.dir.join(HEAD));
        let bytes = std::fs::read(&column).unwrap();
        std::fs::write(&column, [&[9], &bytes[1..]].concat()).unwrap();
        let e = of.check().unwrap_err().to_string();
        assert!(e.contains("outputs") && e.contains("altered"), "{e}");
        std::fs::write(&column, &bytes[..8]).unwrap();
        let e = open().err().unwrap().to_string();
        assert!(e.contains("outputs") && e.contains("install"), "{e}");
        assert!(of.row(3).unwrap_err().to_string().contains("cut off"));
        std::fs::write(&column, bytes).unwrap();
        let text = std::fs::read_to_string(&head).unwrap().replace("\"rows\": 2", "\"rows\": 1");
        std::fs::write(&head, text).unwrap();
        assert!(open().err().unwrap().to_string().contains("checksum"));
    }
}
