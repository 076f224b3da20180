//! The hash-chained audit log: every entry's hash covers its content and the hash before it.

use holdfast_store::{Database, DbError, Row, Value, number};
use holdfast_types::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Hash before the first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its number, from 1 without gaps.
    pub seq: u64,
    /// Unix seconds.
    pub time: Timestamp,
    /// Who: a person, an API key, or `engine`.
    pub actor: String,
    /// What was done, such as `hold.placed`.
    pub action: String,
    /// To what, such as `hold:12`.
    pub subject: String,
    /// JSON.
    pub detail: String,
    /// SHA-256 over the hash before and this content.
    pub hash: String,
}

/// Returns the hash of an entry: SHA-256 over the fields, each preceded by its length in bytes (8, little endian), after the hash before.
pub fn hash(previous: &str, seq: u64, time: Timestamp, parts: [&str; 4]) -> String {
    let mut hasher = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    add(previous.as_bytes());
    add(&seq.to_le_bytes());
    add(&time.unix().to_le_bytes());
    for part in parts {
        add(part.as_bytes());
    }
    hex::encode(hasher.finalize())
}

/// The writing end: the number and hash of the last entry.
#[derive(Debug, Clone)]
pub struct Chain {
    /// Number of the last entry.
    pub seq: u64,
    /// Its hash.
    pub head: String,
}

/// Columns of the table `audit`, in the order of [`Chain::row`].
pub const COLUMNS: [&str; 7] = ["seq", "time", "actor", "action", "subject", "detail", "hash"];

impl Chain {
    /// Reads where the log ends.
    ///
    /// # Errors
    /// [`DbError`] when the database fails or a stored value does not read back.
    pub fn open(db: &mut Database) -> Result<Self, DbError> {
        let rows = db.query("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", &[])?;
        Ok(match rows.first() {
            Some(row) => Chain { seq: row.number(0)?, head: row.text(1)?.to_owned() },
            None => Chain { seq: 0, head: GENESIS.to_owned() },
        })
    }

    /// Returns the next entry as a row; the chain moves on.
    pub fn row(&mut self, time: Timestamp, actor: &str, action: &str, subject: &str, detail: &str) -> Vec<Value> {
        self.seq += 1;
        self.head = hash(&self.head, self.seq, time, [actor, action, subject, detail]);
        vec![
            number(self.seq),
            time.into(),
            actor.into(),
            action.into(),
            subject.into(),
            detail.into(),
            self.head.as_str().into(),
        ]
    }

    /// Stores rows.
    ///
    /// # Errors
    /// [`DbError`] when the database fails or a stored value does not read back.
    pub fn store(db: &mut Database, rows: &[Vec<Value>]) -> Result<(), DbError> {
        db.insert("audit", &COLUMNS, rows, "")
    }
}

fn entry(row: &Row) -> Result<Entry, DbError> {
    Ok(Entry {
        seq: row.number(0)?,
        time: row.time(1)?,
        actor: row.text(2)?.to_owned(),
        action: row.text(3)?.to_owned(),
        subject: row.text(4)?.to_owned(),
        detail: row.text(5)?.to_owned(),
        hash: row.text(6)?.to_owned(),
    })
}

const SELECT: &str = "SELECT seq, time, actor, action, subject, detail, hash FROM audit";

/// Returns the entries after a number, at most `limit`, optionally of one subject.
///
/// # Errors
/// [`DbError`] when the database fails or a stored value does not read back.
pub fn entries(db: &mut Database, after: u64, subject: Option<&str>, limit: usize) -> Result<Vec<Entry>, DbError> {
    let limit = i64::try_from(limit.min(1000)).unwrap_or(1000);
    let rows = match subject {
        Some(s) => db.query(
            &format!("{SELECT} WHERE subject = $1 AND seq > $2 ORDER BY seq LIMIT $3"),
            &[s.into(), number(after), limit.into()],
        )?,
        None => db.query(&format!("{SELECT} WHERE seq > $1 ORDER BY seq LIMIT $2"), &[number(after), limit.into()])?,
    };
    rows.iter().map(entry).collect()
}

/// Returns the newest entries below a number, newest first, at most 1,000; 0 is no bound.
///
/// # Errors
/// [`DbError`].
pub fn newest(db: &mut Database, below: u64, limit: usize) -> Result<Vec<Entry>, DbError> {
    find(db, &Filter::default(), below, limit)
}

/// Which entries. What is not given leaves out nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// By one actor.
    pub actor: Option<String>,
    /// With one action, such as `hold.placed`, or those of one kind of thing: `hold`.
    pub action: Option<String>,
    /// About one subject, such as `hold:12`.
    pub subject: Option<String>,
    /// Without those of one action, such as `case.read`.
    pub without: Option<String>,
    /// Not before this time.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

/// Returns the newest entries of a filter below a number, newest first, at most 1,000; 0 is no bound.
///
/// # Errors
/// [`DbError`].
pub fn find(db: &mut Database, filter: &Filter, below: u64, limit: usize) -> Result<Vec<Entry>, DbError> {
    let mut parameters = vec![if below == 0 { i64::MAX.into() } else { number(below) }];
    let mut sql = format!("{SELECT} WHERE seq < $1");
    for (column, value) in [("actor", &filter.actor), ("subject", &filter.subject)] {
        if let Some(value) = value {
            parameters.push(value.as_str().into());
            sql += &format!(" AND {column} = ${}", parameters.len());
        }
    }
    match filter.action.as_deref() {
        // '/' follows '.': everything between them begins with the kind and a dot.
        Some(kind) if !kind.contains('.') => {
            parameters.extend([format!("{kind}.").into(), format!("{kind}/").into()]);
            sql += &format!(" AND action >= ${} AND action < ${}", parameters.len() - 1, parameters.len());
        }
        Some(action) => {
            parameters.push(action.into());
            sql += &format!(" AND action = ${}", parameters.len());
        }
        None => {}
    }
    if let Some(action) = &filter.without {
        parameters.push(action.as_str().into());
        sql += &format!(" AND action <> ${}", parameters.len());
    }
    for (comparison, time) in [(">=", filter.since), ("<", filter.until)] {
        if let Some(time) = time {
            parameters.push(time.into());
            sql += &format!(" AND time {comparison} ${}", parameters.len());
        }
    }
    parameters.push(i64::try_from(limit.min(1000)).unwrap_or(1000).into());
    sql += &format!(" ORDER BY seq DESC LIMIT ${}", parameters.len());
    db.query(&sql, &parameters)?.iter().map(entry).collect()
}

/// Returns the digest of decided events, as the log has it: SHA-256 over bodies and results in order.
pub fn digest<'a>(decided: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut hasher = Sha256::new();
    for (body, result) in decided {
        for part in [body, result] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
    }
    hex::encode(hasher.finalize())
}

/// Returns the hash of an entry, if there is one of that number.
///
/// # Errors
/// [`DbError`] when the database fails or a stored value does not read back.
pub fn hash_of(db: &mut Database, seq: u64) -> Result<Option<String>, DbError> {
    let rows = db.query("SELECT hash FROM audit WHERE seq = $1", &[number(seq)])?;
    rows.first().map(|r| r.text(0).map(str::to_owned)).transpose()
}
