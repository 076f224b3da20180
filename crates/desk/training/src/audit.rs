//! The audit sample: a fixed share of the events that raised no alert goes to reviewers, whose outcomes measure what the rules miss.
//!
//! Which events are drawn follows from a secret of the desk and the event's number, so that a draw made again is the same and nobody outside foresees it.

use crate::{Learning, TrainingError};
use holdfast_models::metrics::Interval;
use holdfast_models::unlabelled::{AUDIT_SHARE, audited_rate, is_audited};
use holdfast_screening::alerts::Outcome;
use holdfast_store::{Database, DbError, Row, Value, number};
use holdfast_types::{Invalid, Timestamp};
use serde::Serialize;
use serde_json::json;

/// Events that one transaction looks at: decisions wait for no more.
const AT_ONCE: u64 = 1_000;
/// Most events of the sample that are listed.
const MAX_LISTED: u64 = 500;
/// Longest note, bytes.
const MAX_NOTE: usize = 10_000;

/// What a draw did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Draw {
    /// Events that raised no alert among those looked at.
    pub quiet: u64,
    /// Those that were drawn.
    pub drawn: u64,
}

/// An event of the sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Audited {
    /// Number of the event.
    pub event: u64,
    /// The sender's id.
    pub id: String,
    /// Customer.
    pub customer: String,
    /// Kind of the event.
    pub kind: String,
    /// Time of the event, Unix seconds.
    pub time: Timestamp,
    /// When it was drawn, Unix seconds.
    pub drawn: Timestamp,
    /// true_positive (a crime that no rule told), false_positive (nothing) or inconclusive; absent until it is reviewed.
    pub outcome: Option<String>,
    /// Who reviewed it.
    pub reviewed_by: Option<String>,
    /// Why.
    pub note: Option<String>,
}

/// The sample and what it tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditSample {
    /// Share of quiet events that is drawn.
    pub share: f64,
    /// Quiet events that were looked at.
    pub quiet: u64,
    /// Those that were drawn.
    pub drawn: u64,
    /// Those that a person reviewed and could tell.
    pub reviewed: u64,
    /// Crimes among them.
    pub positives: u64,
    /// Share of quiet events that are a crime, with Wilson's interval at 95%; absent until one is reviewed.
    pub rate: Option<Interval>,
    /// Events that wait for a reviewer, oldest first, at most 500.
    pub open: Vec<Audited>,
    /// Those reviewed last, newest first, at most 500.
    pub closed: Vec<Audited>,
}

const COLUMNS: &str = "SELECT a.event, e.id, e.customer, e.kind, e.time, a.drawn, a.outcome, a.reviewed_by, a.note
     FROM audit_sample a JOIN events e ON e.seq = a.event";

fn read(row: &Row) -> Result<Audited, DbError> {
    let text = |i| row.text_or_null(i).map(str::to_owned);
    Ok(Audited {
        event: row.number(0)?,
        id: row.text(1)?.to_owned(),
        customer: row.text(2)?.to_owned(),
        kind: row.text(3)?.to_owned(),
        time: row.time(4)?,
        drawn: row.time(5)?,
        outcome: text(6),
        reviewed_by: text(7),
        note: text(8),
    })
}

/// Returns one count.
fn counted(db: &mut Database, sql: &str) -> Result<u64, DbError> {
    db.query(sql, &[])?.first().map_or(Ok(0), |r| r.number(0))
}

/// Returns the secret and up to which event was drawn; makes the secret at first.
fn state(db: &mut Database) -> Result<(u64, u64), TrainingError> {
    if let Some(row) = db.query("SELECT seed, upto FROM audit_draws WHERE id = 1", &[])?.first() {
        let seed = u64::from_str_radix(row.text(0)?, 16)
            .map_err(|e| DbError::Stored { what: "seed of the audit sample".into(), cause: e.to_string() })?;
        return Ok((seed, row.number(1)?));
    }
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|e| TrainingError::State(format!("the system gives no random bytes: {e}")))?;
    let seed = u64::from_be_bytes(bytes);
    let row: [Value; 1] = [format!("{seed:016x}").into()];
    db.execute("INSERT INTO audit_draws (id, seed, upto, quiet) VALUES (1, $1, 0, 0)", &row)?;
    Ok((seed, 0))
}

impl Learning<'_> {
    /// Draws from the events that were decided since the last draw and raised no alert. Drawn again, nothing is drawn twice.
    ///
    /// # Errors
    /// [`TrainingError::Store`] when the database fails; [`TrainingError::State`] when the system gives no random bytes.
    pub fn draw_audit_sample(&self, actor: &str) -> Result<Draw, TrainingError> {
        let mut all = Draw::default();
        loop {
            let (draw, is_last) = self.screening.transact(actor, move |tx| {
                let now = tx.now();
                let (seed, upto) = state(tx.db())?;
                let sql = "SELECT e.seq, (SELECT COUNT(*) FROM alerts a WHERE a.event = e.seq) FROM events e
                     WHERE e.seq > $1 ORDER BY e.seq LIMIT $2";
                let rows = tx.db().query(sql, &[number(upto), number(AT_ONCE)])?;
                let mut draw = Draw::default();
                for row in rows.iter().filter(|r| r.int(1).is_ok_and(|alerts| alerts == 0)) {
                    let seq: u64 = row.number(0)?;
                    draw.quiet += 1;
                    if is_audited(seed, seq, AUDIT_SHARE) {
                        draw.drawn += 1;
                        let drawn: [Value; 2] = [number(seq), now.into()];
                        tx.db().execute("INSERT INTO audit_sample (event, drawn) VALUES ($1, $2)", &drawn)?;
                    }
                }
                if let Some(last) = rows.last() {
                    let at: [Value; 2] = [number(last.number::<u64>(0)?), number(draw.quiet)];
                    tx.db().execute("UPDATE audit_draws SET upto = $1, quiet = quiet + $2 WHERE id = 1", &at)?;
                }
                if draw.drawn > 0 {
                    let detail = json!({"quiet": draw.quiet, "drawn": draw.drawn}).to_string();
                    tx.audit("audit_sample.drawn", "audit-sample", &detail);
                }
                Ok::<_, TrainingError>((draw, (rows.len() as u64) < AT_ONCE))
            })?;
            all.quiet += draw.quiet;
            all.drawn += draw.drawn;
            if is_last {
                return Ok(all);
            }
        }
    }

    /// Returns the sample and the share of quiet events that it finds to be a crime.
    ///
    /// # Errors
    /// [`TrainingError::Store`] when the database fails.
    pub fn audit_sample(&self) -> Result<AuditSample, TrainingError> {
        let sample = self.screening.read(|db| {
            let told = "SELECT COUNT(*) FROM audit_sample WHERE outcome IN ('true_positive', 'false_positive')";
            let reviewed = counted(db, told)?;
            let positives = counted(db, "SELECT COUNT(*) FROM audit_sample WHERE outcome = 'true_positive'")?;
            let mut list = |condition: &str| {
                let sql = format!("{COLUMNS} WHERE {condition} LIMIT $1");
                db.query(&sql, &[number(MAX_LISTED)])?.iter().map(read).collect::<Result<Vec<_>, DbError>>()
            };
            let open = list("a.outcome IS NULL ORDER BY a.event")?;
            let closed = list("a.outcome IS NOT NULL ORDER BY a.reviewed DESC, a.event DESC")?;
            Ok::<_, DbError>(AuditSample {
                share: AUDIT_SHARE,
                quiet: counted(db, "SELECT quiet FROM audit_draws WHERE id = 1")?,
                drawn: counted(db, "SELECT COUNT(*) FROM audit_sample")?,
                reviewed,
                positives,
                rate: (reviewed > 0).then(|| audited_rate(positives, reviewed)),
                open,
                closed,
            })
        })?;
        Ok(sample)
    }

    /// Records what a reviewer found of an event of the sample. A later review replaces the one before; both are in the audit log.
    ///
    /// # Errors
    /// [`TrainingError::NotFound`] for an event that was not drawn; [`TrainingError::Invalid`] without a note.
    pub fn review_audited(
        &self,
        event: u64,
        outcome: Outcome,
        note: &str,
        actor: &str,
    ) -> Result<Audited, TrainingError> {
        if note.trim().is_empty() || note.len() > MAX_NOTE {
            return Err(Invalid::new("note", format!("must be 1 to {MAX_NOTE} bytes: why")).into());
        }
        let (note, person) = (note.to_owned(), actor.to_owned());
        self.screening.transact(actor, move |tx| {
            let unknown = || TrainingError::NotFound(format!("event {event} in the audit sample"));
            let now = tx.now();
            let values: [Value; 5] =
                [outcome.name().into(), now.into(), person.as_str().into(), note.as_str().into(), number(event)];
            if tx.db().query("SELECT event FROM audit_sample WHERE event = $1", &[number(event)])?.is_empty() {
                return Err(unknown());
            }
            let sql =
                "UPDATE audit_sample SET outcome = $1, reviewed = $2, reviewed_by = $3, note = $4 WHERE event = $5";
            tx.db().execute(sql, &values)?;
            let detail = json!({"outcome": outcome, "note": note}).to_string();
            tx.audit("audit_sample.reviewed", &format!("event:{event}"), &detail);
            let rows = tx.db().query(&format!("{COLUMNS} WHERE a.event = $1"), &[number(event)])?;
            Ok(read(rows.first().ok_or_else(unknown)?)?)
        })
    }
}
