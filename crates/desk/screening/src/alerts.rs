//! The alerts queue as stored, and the measures of rules by outcomes.

use holdfast_store::{Database, DbError, Row, number};
use holdfast_types::Timestamp;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

/// An alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// Its number.
    pub id: u64,
    /// Event that it is about.
    pub event: u64,
    /// Customer.
    pub customer: String,
    /// `decision`, or `late` when tags or exposures changed afterwards.
    pub kind: String,
    /// Decision that raised it.
    pub decision: String,
    /// open or closed.
    pub state: String,
    /// Who works on it.
    pub assignee: Option<String>,
    /// true_positive, false_positive or inconclusive, once closed.
    pub outcome: Option<String>,
    /// Why.
    pub reason: String,
    /// Rules behind it.
    pub rules: Vec<String>,
    /// Unix seconds.
    pub created: Timestamp,
    /// Unix seconds.
    pub updated: Timestamp,
}

/// Action on an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Unix seconds.
    pub time: Timestamp,
    /// Who.
    pub author: String,
    /// assign, comment, close or reopen.
    pub action: String,
    /// Words, assignee or outcome.
    pub text: String,
}

/// Something to do with an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum AlertAction {
    /// Assign it to a person, or to no one.
    Assign {
        /// To whom.
        assignee: Option<String>,
    },
    /// Say something.
    Comment {
        /// What.
        text: String,
    },
    /// Finish it.
    Close {
        /// How it came out.
        outcome: Outcome,
        /// Why.
        text: String,
    },
    /// Take it up again.
    Reopen {
        /// Why.
        text: String,
    },
}

/// How an alert came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoStaticStr)]
#[schema(as = AlertOutcome)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// It was right.
    TruePositive,
    /// It was wrong.
    FalsePositive,
    /// Nobody can tell.
    Inconclusive,
}

impl Outcome {
    /// Its name.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Columns of an alert, in the order that [`read`] reads.
pub const COLUMNS: [&str; 12] = [
    "id", "event", "customer", "kind", "decision", "state", "assignee", "outcome", "reason", "rules", "created",
    "updated",
];

/// Reads the columns [`COLUMNS`].
///
/// # Errors
/// [`DbError`] for a row of other columns.
pub fn read(row: &Row) -> Result<Alert, DbError> {
    Ok(Alert {
        id: row.number(0)?,
        event: row.number(1)?,
        customer: row.text(2)?.to_owned(),
        kind: row.text(3)?.to_owned(),
        decision: row.text(4)?.to_owned(),
        state: row.text(5)?.to_owned(),
        assignee: row.text_or_null(6).map(str::to_owned),
        outcome: row.text_or_null(7).map(str::to_owned),
        reason: row.text(8)?.to_owned(),
        rules: row.text(9)?.split(' ').filter(|r| !r.is_empty()).map(str::to_owned).collect(),
        created: row.time(10)?,
        updated: row.time(11)?,
    })
}

/// Which alerts.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct AlertFilter {
    /// open or closed.
    pub state: Option<String>,
    /// Of one customer.
    pub customer: Option<String>,
    /// Of one person.
    pub assignee: Option<String>,
    /// Numbers above this one.
    pub after: u64,
    /// The latest first; by default the oldest.
    #[serde(default)]
    pub newest_first: bool,
    /// At most so many, up to 1,000.
    pub limit: usize,
}

/// Lists alerts by number.
///
/// # Errors
/// [`DbError`].
pub fn list(db: &mut Database, filter: &AlertFilter) -> Result<Vec<Alert>, DbError> {
    let mut sql = format!("SELECT {} FROM alerts WHERE id > $1", COLUMNS.join(", "));
    let mut parameters = vec![number(filter.after)];
    for (column, value) in [("state", &filter.state), ("customer", &filter.customer), ("assignee", &filter.assignee)] {
        if let Some(value) = value {
            parameters.push(value.as_str().into());
            sql += &format!(" AND {column} = ${}", parameters.len());
        }
    }
    parameters.push(number(filter.limit.clamp(1, 1000) as u64));
    let order = if filter.newest_first { "DESC" } else { "ASC" };
    sql += &format!(" ORDER BY id {order} LIMIT ${}", parameters.len());
    db.query(&sql, &parameters)?.iter().map(read).collect()
}

/// Returns alerts about an event, by its number: the decision's, and late ones. At most 100.
///
/// # Errors
/// [`DbError`].
pub fn about(db: &mut Database, event: u64) -> Result<Vec<Alert>, DbError> {
    let sql = format!("SELECT {} FROM alerts WHERE event = $1 ORDER BY id LIMIT 100", COLUMNS.join(", "));
    db.query(&sql, &[number(event)])?.iter().map(read).collect()
}

/// One alert with its notes.
///
/// # Errors
/// [`DbError`].
pub fn get(db: &mut Database, id: u64) -> Result<Option<(Alert, Vec<Note>)>, DbError> {
    let sql = format!("SELECT {} FROM alerts WHERE id = $1", COLUMNS.join(", "));
    let rows = db.query(&sql, &[number(id)])?;
    let Some(row) = rows.first() else { return Ok(None) };
    let notes = db.query(
        "SELECT time, author, action, text FROM alert_notes WHERE alert = $1 ORDER BY id LIMIT 1000",
        &[number(id)],
    )?;
    let note = |r: &Row| {
        Ok::<_, DbError>(Note {
            time: r.time(0)?,
            author: r.text(1)?.to_owned(),
            action: r.text(2)?.to_owned(),
            text: r.text(3)?.to_owned(),
        })
    };
    Ok(Some((read(row)?, notes.iter().map(note).collect::<Result<_, _>>()?)))
}

/// How a rule does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleStatistics {
    /// Rule.
    pub rule: String,
    /// Version.
    pub version: u32,
    /// live or shadow.
    pub state: String,
    /// Events that met it.
    pub hits: u64,
    /// Alerts with it that were closed as right.
    pub true_positives: u64,
    /// Alerts with it that were closed as wrong.
    pub false_positives: u64,
    /// Right among right and wrong, in thousandths; absent while none is closed.
    pub precision_permille: Option<u64>,
}

/// Hits and precision of every rule and version.
///
/// # Errors
/// [`DbError`].
pub fn statistics(db: &mut Database) -> Result<Vec<RuleStatistics>, DbError> {
    let rows = db.query(
        "SELECT h.rule, h.version, h.state, COUNT(*),
           COUNT(CASE WHEN a.outcome = 'true_positive' THEN 1 END), COUNT(CASE WHEN a.outcome = 'false_positive' THEN 1 END)
         FROM rule_hits h LEFT JOIN alerts a ON a.event = h.seq AND a.kind = 'decision'
         GROUP BY h.rule, h.version, h.state ORDER BY h.rule, h.version, h.state LIMIT 20000",
        &[],
    )?;
    rows.iter()
        .map(|r| {
            let (right, wrong) = (r.number(4)?, r.number(5)?);
            Ok(RuleStatistics {
                rule: r.text(0)?.to_owned(),
                version: r.number(1)?,
                state: r.text(2)?.to_owned(),
                hits: r.number(3)?,
                true_positives: right,
                false_positives: wrong,
                precision_permille: (right + wrong > 0).then(|| right * 1000 / (right + wrong)),
            })
        })
        .collect()
}
