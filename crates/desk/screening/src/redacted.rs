//! Erasures, as the audit log states them: entries and decisions whose text was replaced, and the digests of what stands in its place.
//!
//! An entry whose text was replaced keeps its hash, so that the chain goes on. What it says now is compared with the digest that the entry of the erasure states,
//! which is itself an entry of the chain.

use holdfast_audit::{Entry, GENESIS, hash};
use holdfast_store::{Database, DbError, parse};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Action of entries that state an erasure.
pub const ERASED: &str = "customer.erased";
/// Most entries that state erasures.
const MAX_ENTRIES: i64 = 1_000_000;

/// What an erasure left in place of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redacted {
    /// Digests of rewritten entries, by number.
    pub entries: BTreeMap<u64, String>,
    /// Digests of the decisions that entries record, by the entry's number.
    pub decisions: BTreeMap<u64, String>,
}

/// Returns the digest of an entry as it stands now: its hash as if no entry were before it.
pub fn digest_of(e: &Entry) -> String {
    let parts = [e.actor.as_str(), &e.action, &e.subject, &e.detail];
    hash(GENESIS, e.seq, e.time, parts)
}

impl Redacted {
    /// Returns what all erasures of the log left; of an entry that several rewrote, what the last one states.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn of_log(db: &mut Database) -> Result<Self, DbError> {
        let sql = "SELECT detail FROM audit WHERE action = $1 ORDER BY seq LIMIT $2";
        let mut all = Redacted::default();
        for row in db.query(sql, &[ERASED.into(), MAX_ENTRIES.into()])? {
            let stated: Redacted = parse("erasure", row.text(0)?)?;
            all.entries.extend(stated.entries);
            all.decisions.extend(stated.decisions);
        }
        Ok(all)
    }

    /// Returns whether an entry says what an erasure left.
    #[must_use]
    pub fn entry_is(&self, e: &Entry) -> bool {
        self.entries.get(&e.seq).is_some_and(|digest| *digest == digest_of(e))
    }

    /// Returns whether the decisions of an entry are those that an erasure left.
    #[must_use]
    pub fn decisions_are(&self, entry: u64, digest: &str) -> bool {
        self.decisions.get(&entry).is_some_and(|stated| stated == digest)
    }
}
