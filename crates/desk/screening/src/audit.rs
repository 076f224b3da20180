//! The hash-chained audit log: every entry's hash covers its content and the hash before it.

use crate::anchors::{self, Anchor};
use crate::audit_state::Expected;
use holdfast_store::{Database, DbError, Row, Value, number};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// Hash before the first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Entry {
    /// Its number, from 1 without gaps.
    pub seq: u64,
    /// Unix seconds.
    pub time: i64,
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

/// Hash of an entry: SHA-256 over the fields, each preceded by its length in bytes (8, little endian), after the hash before.
pub fn hash(previous: &str, seq: u64, time: i64, parts: [&str; 4]) -> String {
    let mut hasher = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    add(previous.as_bytes());
    add(&seq.to_le_bytes());
    add(&time.to_le_bytes());
    for part in parts {
        add(part.as_bytes());
    }
    hex::encode(hasher.finalize())
}

/// The writing end.
#[derive(Debug, Clone)]
pub struct Chain {
    /// Number of the last entry.
    pub seq: u64,
    /// Its hash.
    pub head: String,
}

const COLUMNS: [&str; 7] = ["seq", "time", "actor", "action", "subject", "detail", "hash"];

impl Chain {
    /// Reads where the log ends.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn open(db: &mut Database) -> Result<Self, DbError> {
        let rows = db.query("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", &[])?;
        Ok(match rows.first() {
            Some(row) => Chain { seq: row.int(0)? as u64, head: row.text(1)?.to_owned() },
            None => Chain { seq: 0, head: GENESIS.to_owned() },
        })
    }

    /// The next entry as a row; the chain moves on.
    pub fn row(&mut self, time: i64, actor: &str, action: &str, subject: &str, detail: &str) -> Vec<Value> {
        self.seq += 1;
        self.head = hash(&self.head, self.seq, time, [actor, action, subject, detail]);
        vec![
            (self.seq as i64).into(),
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
    /// [`DbError`].
    pub fn store(db: &mut Database, rows: &[Vec<Value>]) -> Result<(), DbError> {
        db.insert("audit", &COLUMNS, rows, "")
    }
}

fn entry(row: &Row) -> Result<Entry, DbError> {
    Ok(Entry {
        seq: row.int(0)? as u64,
        time: row.int(1)?,
        actor: row.text(2)?.to_owned(),
        action: row.text(3)?.to_owned(),
        subject: row.text(4)?.to_owned(),
        detail: row.text(5)?.to_owned(),
        hash: row.text(6)?.to_owned(),
    })
}

const SELECT: &str = "SELECT seq, time, actor, action, subject, detail, hash FROM audit";

/// Entries after a number, at most `limit`, optionally of one subject.
///
/// # Errors
/// [`DbError`].
pub fn entries(db: &mut Database, after: u64, subject: Option<&str>, limit: usize) -> Result<Vec<Entry>, DbError> {
    let limit = limit.min(1000) as i64;
    let rows = match subject {
        Some(s) => db.query(
            &format!("{SELECT} WHERE subject = $1 AND seq > $2 ORDER BY seq LIMIT $3"),
            &[s.into(), number(after), limit.into()],
        )?,
        None => db.query(&format!("{SELECT} WHERE seq > $1 ORDER BY seq LIMIT $2"), &[number(after), limit.into()])?,
    };
    rows.iter().map(entry).collect()
}

/// What a verification of the log found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditReport {
    /// Entries read.
    pub entries: u64,
    /// Decisions whose digest in the log was compared with the stored decision.
    pub decisions: u64,
    /// Hash of the last entry: note it elsewhere to notice a log that was cut off.
    pub head: String,
    /// Rows of other tables (holds, alerts, keys, rule books, flags, prices, webhooks, requests) that were compared with what the log says.
    pub state: u64,
    /// Signed heads (see [`crate::anchors`]) that were compared with the log.
    pub anchors: u64,
    /// What is wrong; empty when all holds.
    pub problems: Vec<String>,
}

/// Digest of decided events, as the log keeps it: SHA-256 over bodies and results in order.
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

/// Hash of an entry, if there is one of that number.
///
/// # Errors
/// [`DbError`].
pub fn hash_of(db: &mut Database, seq: u64) -> Result<Option<String>, DbError> {
    let rows = db.query("SELECT hash FROM audit WHERE seq = $1", &[(seq as i64).into()])?;
    rows.first().map(|r| r.text(0).map(str::to_owned)).transpose()
}

/// The alert that a stored decision raised.
fn alert_of(result: &str) -> Result<Option<u64>, DbError> {
    #[derive(serde::Deserialize)]
    struct Raised {
        alert: Option<u64>,
    }
    Ok(holdfast_store::parse::<Raised>("decision", result)?.alert)
}

/// Checks the whole log: numbers without gaps, every hash, the digests of all decisions, that the noted head (if one is given) is
/// still part of it, and that the tables say what the log says.
///
/// # Errors
/// [`DbError`].
pub fn verify(db: &mut Database, noted_head: Option<&str>) -> Result<AuditReport, DbError> {
    verify_anchored(db, noted_head, &[])
}

/// Does what [`verify`] does, and compares the log with its anchors.
///
/// # Errors
/// [`DbError`].
pub fn verify_anchored(
    db: &mut Database,
    noted_head: Option<&str>,
    anchors: &[Anchor],
) -> Result<AuditReport, DbError> {
    let mut report = AuditReport {
        entries: 0,
        decisions: 0,
        head: GENESIS.to_owned(),
        state: 0,
        anchors: anchors.len() as u64,
        problems: Vec::new(),
    };
    let mut expected = Expected::default();
    let mut noted = noted_head.is_none_or(|h| h == GENESIS);
    let mut decided_up_to = 0u64;
    loop {
        let page = entries(db, report.entries, None, 1000)?;
        let Some(last) = page.last() else { break };
        let last = last.seq;
        for e in page {
            if report.problems.len() >= 100 {
                return Ok(report);
            }
            report.entries += 1;
            if e.seq != report.entries {
                report.problems.push(format!("entry {} is missing", report.entries));
                report.entries = e.seq;
            }
            let parts = [e.actor.as_str(), &e.action, &e.subject, &e.detail];
            if hash(&report.head, e.seq, e.time, parts) != e.hash {
                report
                    .problems
                    .push(format!("entry {} ({} {}) was changed: its hash does not fit", e.seq, e.action, e.subject));
            }
            if e.action == "events.decided" {
                let span = |name: &str| {
                    let detail: serde_json::Value = serde_json::from_str(&e.detail).unwrap_or_default();
                    detail[name].as_u64()
                };
                if let (Some(first), Some(end)) = (span("first"), span("last")) {
                    if first != decided_up_to + 1 {
                        report.problems.push(format!(
                            "entry {}: decisions {} to {} are in no entry",
                            e.seq,
                            decided_up_to + 1,
                            first - 1
                        ));
                    }
                    decided_up_to = end;
                    let rows = db.query(
                        "SELECT body, result FROM events WHERE seq >= $1 AND seq <= $2 ORDER BY seq",
                        &[(first as i64).into(), (end as i64).into()],
                    )?;
                    let texts: Result<Vec<(&str, &str)>, DbError> =
                        rows.iter().map(|r| Ok((r.text(0)?, r.text(1)?))).collect();
                    report.decisions += rows.len() as u64;
                    for row in &rows {
                        alert_of(row.text(1)?)?.into_iter().for_each(|alert| expected.decided(alert));
                    }
                    if !e.detail.contains(&digest(texts?.into_iter())) {
                        report
                            .problems
                            .push(format!("decisions {first} to {end} are not as entry {} recorded them", e.seq));
                    }
                }
            }
            noted |= noted_head == Some(e.hash.as_str());
            expected.entry(&e);
            report.head = e.hash;
        }
        report.entries = last;
    }
    let beyond = db.query("SELECT COUNT(*) FROM events WHERE seq > $1", &[(decided_up_to as i64).into()])?;
    let beyond = beyond.first().map_or(Ok(0), |r| r.int(0))?;
    if beyond > 0 {
        report.problems.push(format!("{beyond} decisions after {decided_up_to} are in no entry"));
    }
    anchors::compare(db, anchors, &mut report.problems)?;
    report.state = expected.compare(db, &mut report.problems)?;
    if !noted {
        report.problems.push("the noted head is not in the log: it was cut off or rewritten".to_owned());
    }
    Ok(report)
}
