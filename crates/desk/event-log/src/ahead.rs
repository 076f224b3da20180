//! What is decided and acknowledged, but not in the tables yet: one record for what was decided at once, with the log's inputs and all their results.
//!
//! A record is durable before its decisions are answered; a crash loses none and no decision is ever made again. SQLite has one writer a file, so that the
//! records lie in a file of their own beside the database (`.ahead`); in PostgreSQL they are a table, replicated as all others, and fenced as the writer is.

use crate::log::Log;
use crate::writes::Write;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use holdfast_audit::Chain;
use holdfast_store::{Database, DbError, Row, Value, number};
use serde::{Deserialize, Serialize};

/// Version of a record's encoding.
const FORMAT: i64 = 1;
/// Level of zstd: a record is read once, after a crash.
const LEVEL: i32 = 1;
/// Most bytes of a record's content.
const MAX_RECORD: usize = 1 << 30;
/// Applied records that may lie in the log before they are removed with the next append.
const TRIM_EVERY: usize = 64;
/// Records that are read at once.
const PAGE: u64 = 16;
/// What stands behind the path of a SQLite database.
const SUFFIX: &str = ".ahead";

/// What was decided at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Position of its first input in the log of inputs.
    pub first: u64,
    /// Position of its last input.
    pub last: u64,
    /// Number of events that it decides.
    pub events: u64,
    /// Hash of the audit log's last entry before it.
    pub after: String,
    /// What is to be written, in order.
    pub writes: Vec<Write>,
}

fn fault(cause: impl ToString) -> DbError {
    DbError::Stored { what: "results of decisions".into(), cause: cause.to_string() }
}

/// Encodes records; it keeps what that needs from one to the next.
#[derive(Default)]
pub struct Packer(Option<zstd::bulk::Compressor<'static>>);

impl Packer {
    /// Returns a record as it is stored: postcard, compressed.
    ///
    /// # Errors
    /// [`DbError::Stored`] when it is too large.
    pub fn pack(&mut self, record: &Record) -> Result<Vec<u8>, DbError> {
        let plain = postcard::to_stdvec(record).map_err(fault)?;
        if plain.len() > MAX_RECORD {
            return Err(fault(format!("{} bytes of one transaction; at most {MAX_RECORD} are stored", plain.len())));
        }
        let compressor = match &mut self.0 {
            Some(compressor) => compressor,
            none => none.insert(zstd::bulk::Compressor::new(LEVEL).map_err(fault)?),
        };
        compressor.compress(&plain).map_err(fault)
    }
}

impl Record {
    /// Reads a stored record.
    ///
    /// # Errors
    /// [`DbError::Stored`] when it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DbError> {
        // As much memory as the frame says that it needs, not as much as it may need.
        let size = zstd::zstd_safe::get_frame_content_size(bytes).ok().flatten().unwrap_or(0);
        let size = usize::try_from(size).ok().filter(|size| *size <= MAX_RECORD);
        let size = size.ok_or_else(|| fault(format!("more than {MAX_RECORD} bytes")))?;
        let plain = zstd::bulk::decompress(bytes, size).map_err(fault)?;
        postcard::from_bytes(&plain).map_err(fault)
    }
}

/// The writing end, on a connection of its own.
#[derive(Debug)]
pub struct Ahead {
    db: Database,
    /// Last positions of records that lie there.
    stored: Vec<u64>,
}

impl Ahead {
    /// Opens it beside a writer's connection; what lies there is left.
    ///
    /// # Errors
    /// [`DbError`] when the database fails.
    pub fn open(writer: &Database) -> Result<Self, DbError> {
        let mut db = writer.of_writer(SUFFIX)?;
        if db.kind() == "SQLite" {
            // A log that stays small is written in place: an append then waits for its data alone, not for the file system to make the file longer.
            db.batch("PRAGMA wal_autocheckpoint=1000")?;
        }
        db.batch(
            "CREATE TABLE IF NOT EXISTS ahead (
               last BIGINT PRIMARY KEY, first BIGINT NOT NULL, format BIGINT NOT NULL, body TEXT NOT NULL)",
        )?;
        let rows = db.query("SELECT last FROM ahead ORDER BY last", &[])?;
        let stored = rows.iter().map(|row| row.number(0)).collect::<Result<_, _>>()?;
        Ok(Ahead { db, stored })
    }

    /// Returns whether no record lies there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stored.is_empty()
    }

    /// Stores a record: it is durable then. `applied` is the position up to which the tables have everything.
    ///
    /// # Errors
    /// [`DbError`]; [`Ahead::is_fenced`] says whether another process became the writer.
    pub fn append(&mut self, record: &Record, bytes: &[u8], applied: u64) -> Result<(), DbError> {
        let row = vec![number(record.last), number(record.first), FORMAT.into(), BASE64.encode(bytes).into()];
        self.insert(row)?;
        self.stored.push(record.last);
        let done = self.stored.iter().take_while(|last| **last <= applied).count();
        // The record is durable, whatever becomes of old ones: those that stay are tried again with the next.
        if done >= TRIM_EVERY && self.db.execute("DELETE FROM ahead WHERE last <= $1", &[number(applied)]).is_ok() {
            self.stored.drain(..done);
        }
        Ok(())
    }

    fn insert(&mut self, row: Vec<Value>) -> Result<(), DbError> {
        let columns = ["last", "first", "format", "body"];
        match self.db.kind() {
            // The file's lock excludes any other process, and it has no fencing number.
            "SQLite" => self.db.insert("ahead", &columns, &[row], ""),
            _ => self.db.insert_fenced("ahead", &columns, row),
        }
    }

    fn begin(&mut self) -> Result<(), DbError> {
        match self.db.kind() {
            "SQLite" => self.db.begin(),
            _ => self.db.begin_fenced(),
        }
    }

    /// Returns whether another process became the writer.
    #[must_use]
    pub fn is_fenced(&self) -> bool {
        self.db.is_fenced()
    }

    /// Writes to the tables, on the writer's connection, what they do not have, and removes it here. Returns the number of events whose results were written.
    ///
    /// # Errors
    /// [`DbError::Stored`] when a record is damaged or does not continue what the tables have: the file belongs to another state of the database then.
    pub fn settle(&mut self, db: &mut Database) -> Result<u64, DbError> {
        let mut events = 0;
        if self.stored.is_empty() {
            return Ok(events);
        }
        db.begin_fenced()?;
        let applied = self.apply_all(db, &mut events).and_then(|()| db.commit());
        if let Err(e) = applied {
            db.rollback();
            return Err(e);
        }
        self.clear()?;
        Ok(events)
    }

    fn apply_all(&mut self, db: &mut Database, events: &mut u64) -> Result<(), DbError> {
        let mut position = Log::progress(db)?.map_or(0, |progress| progress.position);
        loop {
            let sql = "SELECT format, body FROM ahead WHERE last > $1 ORDER BY last LIMIT $2";
            let rows = self.db.query(sql, &[number(position), number(PAGE)])?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in &rows {
                let record = read(row)?;
                let after = Chain::open(db)?.head;
                if record.first != position + 1 || record.after != after {
                    let cause = format!(
                        "they begin at input {} after entry {}, and the tables end at input {position} with entry {after}: the log of what was decided \
                         (the file .ahead beside the database, or the table ahead) is of another state of the database; put back what belongs \
                         together, or move it away where the database was restored on purpose",
                        record.first, record.after
                    );
                    return Err(DbError::Stored { what: "results of decisions".into(), cause });
                }
                record.writes.iter().try_for_each(|write| write.apply(db))?;
                position = record.last;
                *events += record.events;
            }
        }
    }

    /// Removes all records; those that the tables do not have are lost.
    ///
    /// # Errors
    /// [`DbError`] when the database fails.
    pub fn clear(&mut self) -> Result<(), DbError> {
        if !self.stored.is_empty() {
            self.begin()?;
            if let Err(e) = self.db.execute("DELETE FROM ahead", &[]).and_then(|_| self.db.commit()) {
                self.db.rollback();
                return Err(e);
            }
            self.stored.clear();
        }
        Ok(())
    }

    /// Removes all records, and what SQLite leaves of removed ones in its files.
    ///
    /// # Errors
    /// [`DbError`] when the database fails.
    pub fn wipe(&mut self) -> Result<(), DbError> {
        self.clear()?;
        if self.db.kind() == "SQLite" {
            self.db.batch("VACUUM")?;
            self.db.query("PRAGMA wal_checkpoint(TRUNCATE)", &[])?;
        }
        Ok(())
    }
}

fn read(row: &Row) -> Result<Record, DbError> {
    let format = row.int(0)?;
    if format != FORMAT {
        return Err(fault(format!(
            "their format is {format}, this program writes {FORMAT}; use the version that wrote them"
        )));
    }
    let bytes = BASE64.decode(row.text(1)?).map_err(fault)?;
    Record::from_bytes(&bytes)
}
