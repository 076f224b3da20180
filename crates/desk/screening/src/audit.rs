//! Verifies the audit log against the tables that it settles.

use crate::audit_state::Expected;
use crate::redacted::Redacted;
use holdfast_audit::{Anchor, GENESIS, anchors, digest, entries, hash};
use holdfast_decision::Scored;
use holdfast_learned::Check;
use holdfast_store::{Database, DbError, number, parse};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a verification of the log found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Entries read.
    pub entries: u64,
    /// Decisions whose digest in the log was compared with the stored decision.
    pub decisions: u64,
    /// Hash of the last entry: note it elsewhere to notice a log that was cut off.
    pub head: String,
    /// Rows of other tables (holds, alerts, keys, rule books, models, flags, prices, webhooks, requests) that were compared with the log, models' files, and
    /// decisions whose scores were computed again.
    pub state: u64,
    /// Signed heads (see [`holdfast_audit::Anchors`]) that were compared with the log.
    pub anchors: u64,
    /// Entries and groups of decisions that erasures rewrote: compared with what the erasure's own entry states of them.
    pub erased: u64,
    /// What is wrong; empty when all holds.
    pub problems: Vec<String>,
}

/// What of a stored decision other tables must hold.
#[derive(serde::Deserialize)]
struct Stated {
    alert: Option<u64>,
    #[serde(default)]
    learned: Option<Scored>,
}

/// Checks the whole log: numbers without gaps, every hash, the digests of all decisions, that the noted head (if one is given) is
/// still part of it, and that the tables equal the log.
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
        erased: 0,
        problems: Vec::new(),
    };
    let (mut expected, mut check) = (Expected::default(), Check::default());
    let redacted = Redacted::of_log(db)?;
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
                match redacted.entry_is(&e) {
                    true => report.erased += 1,
                    false => report.problems.push(format!(
                        "entry {} ({} {}) was changed: its hash does not fit",
                        e.seq, e.action, e.subject
                    )),
                }
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
                        "SELECT body, result, seq FROM events WHERE seq >= $1 AND seq <= $2 ORDER BY seq",
                        &[number(first), number(end)],
                    )?;
                    let texts: Result<Vec<(&str, &str)>, DbError> =
                        rows.iter().map(|r| Ok((r.text(0)?, r.text(1)?))).collect();
                    report.decisions += rows.len() as u64;
                    let mut scored = BTreeMap::new();
                    for row in &rows {
                        let stated: Stated = parse("decision", row.text(1)?)?;
                        stated.alert.into_iter().for_each(|alert| expected.decided(alert));
                        if let Some(learned) = stated.learned {
                            scored.insert(row.number(2)?, learned);
                        }
                    }
                    check.scores(db, &scored, &mut report.problems)?;
                    let is = digest(texts?.into_iter());
                    if !e.detail.contains(&is) {
                        match redacted.decisions_are(e.seq, &is) {
                            true => report.erased += 1,
                            false => report
                                .problems
                                .push(format!("decisions {first} to {end} are not as entry {} recorded them", e.seq)),
                        }
                    }
                }
            }
            noted |= noted_head == Some(e.hash.as_str());
            expected.entry(&e);
            report.head = e.hash;
        }
        report.entries = last;
    }
    let beyond = db.query("SELECT COUNT(*) FROM events WHERE seq > $1", &[number(decided_up_to)])?;
    let beyond = beyond.first().map_or(Ok(0), |r| r.int(0))?;
    if beyond > 0 {
        report.problems.push(format!("{beyond} decisions after {decided_up_to} are in no entry"));
    }
    anchors::compare(db, anchors, &mut report.problems)?;
    report.state = expected.compare(db, &mut report.problems)? + check.files(db, &mut report.problems)?;
    if !noted {
        report.problems.push("the noted head is not in the log: it was cut off or rewritten".to_owned());
    }
    Ok(report)
}
