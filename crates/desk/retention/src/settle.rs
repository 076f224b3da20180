//! The audit log under an erasure: what is rewritten verified before, and what stands in its place is stated by an entry of the log.

use crate::RetentionError;
use crate::tables::Hit;
use holdfast_audit::{Entry, GENESIS, digest, entries, hash, hash_of};
use holdfast_screening::redacted::{Redacted, digest_of};
use holdfast_store::{Database, DbError, number};
use std::collections::{BTreeMap, BTreeSet};

/// Entries and decisions that an erasure rewrites.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// Numbers of rewritten entries.
    entries: BTreeSet<u64>,
    /// First and last decision of an entry that records rewritten ones, by its number.
    decisions: BTreeMap<u64, (u64, u64)>,
}

fn entry(db: &mut Database, seq: u64) -> Result<Option<Entry>, DbError> {
    Ok(entries(db, seq - 1, None, 1)?.into_iter().find(|e| e.seq == seq))
}

fn refused(what: &str) -> RetentionError {
    RetentionError::State(format!("{what} does not verify, so that nothing was erased; see `holdfast audit verify`"))
}

fn span(detail: &str) -> Option<(u64, u64)> {
    let detail: serde_json::Value = serde_json::from_str(detail).ok()?;
    Some((detail["first"].as_u64()?, detail["last"].as_u64()?))
}

/// Returns the number of the first entry that is not before a time, by halving: entries have the time of their commit.
fn first_since(db: &mut Database, time: i64) -> Result<u64, DbError> {
    let last = db.query("SELECT COALESCE(MAX(seq), 0) FROM audit", &[])?;
    let (mut low, mut high) = (1, last.first().map_or(Ok(0), |row| row.number::<u64>(0))? + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let rows = db.query("SELECT time FROM audit WHERE seq = $1", &[number(middle)])?;
        match rows.first().map_or(Ok(i64::MIN), |row| row.int(0))? < time {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    Ok(low)
}

/// An entry's number, with the first and the last decision that it records.
type Recorded = (u64, (u64, u64));

/// Returns the entry that records a decision: of the same commit, or where a clock went back any.
fn recorded(db: &mut Database, seq: u64) -> Result<Option<Recorded>, DbError> {
    let Some(decided) =
        db.query("SELECT decided FROM events WHERE seq = $1", &[number(seq)])?.first().map(|r| r.int(0))
    else {
        return Ok(None);
    };
    let from = first_since(db, decided?)?;
    let places = ["seq >= $1 ORDER BY seq LIMIT 2000", "seq < $1 ORDER BY seq", "seq >= $1 ORDER BY seq"];
    for place in places {
        let sql = format!("SELECT seq, detail FROM audit WHERE action = 'events.decided' AND {place}");
        for row in db.query(&sql, &[number(from)])? {
            if let Some(span) = span(row.text(1)?).filter(|(first, last)| (*first..=*last).contains(&seq)) {
                return Ok(Some((row.number(0)?, span)));
            }
        }
    }
    Ok(None)
}

fn digest_of_decisions(db: &mut Database, (first, last): (u64, u64)) -> Result<String, DbError> {
    let sql = "SELECT body, result FROM events WHERE seq >= $1 AND seq <= $2 ORDER BY seq";
    let rows = db.query(sql, &[number(first), number(last)])?;
    let texts = rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect::<Result<Vec<_>, DbError>>()?;
    Ok(digest(texts.into_iter()))
}

impl Settled {
    /// Returns what of the log the rows concern, after verifying it: a change that somebody made beside the program must not pass as an erasure.
    pub(crate) fn verified(db: &mut Database, hits: &[Hit]) -> Result<Self, RetentionError> {
        let known = Redacted::of_log(db)?;
        let mut settled = Settled::default();
        for hit in hits {
            match hit.table.as_str() {
                "audit" => settled.entries.extend(hit.number("seq")),
                "events" => {
                    let Some(seq) = hit.number("seq") else { continue };
                    if settled.decisions.values().any(|(first, last)| (*first..=*last).contains(&seq)) {
                        continue;
                    }
                    let (entry, span) = recorded(db, seq)?.ok_or_else(|| refused(&format!("decision {seq}")))?;
                    settled.decisions.insert(entry, span);
                }
                _ => {}
            }
        }
        for seq in &settled.entries {
            let found = entry(db, *seq)?.ok_or_else(|| refused(&format!("entry {seq} of the audit log")))?;
            let before = match seq {
                1 => GENESIS.to_owned(),
                _ => hash_of(db, seq - 1)?.unwrap_or_default(),
            };
            let parts = [found.actor.as_str(), &found.action, &found.subject, &found.detail];
            if hash(&before, found.seq, found.time, parts) != found.hash && !known.entry_is(&found) {
                return Err(refused(&format!("entry {seq} of the audit log")));
            }
        }
        for (seq, span) in &settled.decisions {
            let is = digest_of_decisions(db, *span)?;
            let stated = entry(db, *seq)?.is_some_and(|e| e.detail.contains(&is));
            if !stated && !known.decisions_are(*seq, &is) {
                return Err(refused(&format!("what entry {seq} of the audit log records")));
            }
        }
        Ok(settled)
    }

    /// Returns the digests of what stands there now.
    pub(crate) fn now(&self, db: &mut Database) -> Result<Redacted, RetentionError> {
        let mut redacted = Redacted::default();
        for seq in &self.entries {
            let found = entry(db, *seq)?.ok_or_else(|| refused(&format!("entry {seq} of the audit log")))?;
            redacted.entries.insert(*seq, digest_of(&found));
        }
        for (seq, span) in &self.decisions {
            redacted.decisions.insert(*seq, digest_of_decisions(db, *span)?);
        }
        Ok(redacted)
    }
}
