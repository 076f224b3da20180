//! Drafts of rule books: written, checked, tested on history, proposed. What is in force changes by a change that a second person approves
//! (`holdfast_screening::changes`), never here.

mod compose;
mod diff;
mod fault;
mod trial;

pub use compose::{COMPARISONS, Condition, NewRule};
pub use diff::{DiffLine, diff};
pub use fault::{Fault, fault};
pub use trial::{Known, Trial};

use crate::{Monitor, MonitorError};
use holdfast_decision::rules::{MAX_BOOK, RuleBook, sha256};
use holdfast_screening::ScreeningError;
use holdfast_screening::changes::Change;
use holdfast_store::{Database, DbError, Row, Value, number, parse};
use holdfast_types::{Invalid, Timestamp, named};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// Most drafts that are open at once.
const MAX_OPEN: i64 = 100;
/// Longest title, bytes.
const MAX_TITLE: usize = 200;

named! {
    /// State of a draft.
    pub enum DraftState {
        /// It is written.
        Draft,
        /// It was proposed: a change waits, or was decided.
        Proposed,
        /// It was given up.
        Discarded,
    }
}

/// A draft of a rule book.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = RuleDraft)]
pub struct Draft {
    /// Number.
    pub id: u64,
    /// What it is for.
    pub title: String,
    /// Who began it.
    pub author: String,
    /// The text (YAML).
    pub yaml: String,
    /// When it was begun, Unix seconds.
    #[schema(value_type = i64)]
    pub created: Timestamp,
    /// When its text was last changed, Unix seconds.
    #[schema(value_type = i64)]
    pub changed: Timestamp,
    /// Version of the book that it began from.
    pub base: u32,
    /// State.
    pub state: DraftState,
    /// The change that proposed it.
    pub change: Option<u64>,
    /// What the last test on history found.
    #[schema(value_type = Option<Object>)]
    pub test: Option<serde_json::Value>,
    /// Whether that test was of the text as it is now.
    pub test_is_current: bool,
    /// When it was tested, Unix seconds.
    #[schema(value_type = Option<i64>)]
    pub tested: Option<Timestamp>,
}

const COLUMNS: &str = "SELECT id, title, author, yaml, created, changed, base, state, change_id, test, tested_sha256, tested FROM rule_drafts";

fn draft(row: &Row) -> Result<Draft, DbError> {
    let yaml = row.text(3)?.to_owned();
    let test_is_current = row.text_or_null(10).is_some_and(|tested| tested == sha256(&yaml));
    Ok(Draft {
        id: row.number(0)?,
        title: row.text(1)?.to_owned(),
        author: row.text(2)?.to_owned(),
        yaml,
        created: row.time(4)?,
        changed: row.time(5)?,
        base: row.number(6)?,
        state: row.named(7)?,
        change: row.number_or_null(8)?,
        test: row.text_or_null(9).map(|text| parse("test of a draft", text)).transpose()?,
        test_is_current,
        tested: row.time_or_null(11),
    })
}

fn by_id(db: &mut Database, id: u64) -> Result<Option<Draft>, DbError> {
    db.query(&format!("{COLUMNS} WHERE id = $1"), &[number(id)])?.first().map(draft).transpose()
}

/// Returns a draft that can still be changed.
fn open(db: &mut Database, id: u64) -> Result<Draft, MonitorError> {
    let found = by_id(db, id)?.ok_or_else(|| MonitorError::NotFound(format!("draft {id}")))?;
    match found.state {
        DraftState::Draft => Ok(found),
        state => Err(MonitorError::State(format!("draft {id} is {state}; begin another from its text"))),
    }
}

fn check(title: &str, yaml: &str) -> Result<(), Invalid> {
    if title.trim().is_empty() || title.len() > MAX_TITLE {
        return Err(Invalid::new("title", format!("must be 1 to {MAX_TITLE} bytes")));
    }
    match yaml.len() > MAX_BOOK {
        true => Err(Invalid::new("yaml", format!("larger than {MAX_BOOK} bytes"))),
        false => Ok(()),
    }
}

impl Monitor<'_> {
    /// Returns drafts, newest first, at most 200; those of one state, where it is given. Their texts are left out.
    ///
    /// # Errors
    /// [`MonitorError::Store`] when the database fails.
    pub fn drafts(&self, state: Option<DraftState>) -> Result<Vec<Draft>, MonitorError> {
        let list = self.read(|db| {
            let rows = match state {
                Some(state) => {
                    db.query(&format!("{COLUMNS} WHERE state = $1 ORDER BY id DESC LIMIT 200"), &[state.name().into()])?
                }
                None => db.query(&format!("{COLUMNS} ORDER BY id DESC LIMIT 200"), &[])?,
            };
            rows.iter().map(draft).collect::<Result<Vec<_>, _>>()
        })?;
        Ok(list.into_iter().map(|d| Draft { yaml: String::new(), test: None, ..d }).collect())
    }

    /// Returns a draft with its text and its last test.
    ///
    /// # Errors
    /// [`MonitorError::NotFound`]; [`MonitorError::Store`] when the database fails.
    pub fn draft(&self, id: u64) -> Result<Draft, MonitorError> {
        self.read(|db| by_id(db, id))?.ok_or_else(|| MonitorError::NotFound(format!("draft {id}")))
    }

    /// Begins a draft from a text, or from a version of the book (by default the one in force); returns its number. The text may be faulty: it is a draft.
    ///
    /// # Errors
    /// [`MonitorError::Invalid`] names the field; [`MonitorError::State`] when many are open already.
    pub fn begin_draft(
        &self,
        title: &str,
        yaml: Option<String>,
        version: Option<u32>,
        actor: &str,
    ) -> Result<u64, MonitorError> {
        let base = version.unwrap_or_else(|| self.screening.book().version);
        let yaml = match yaml {
            Some(yaml) => yaml,
            None => self.screening.rule_book(base)?.1,
        };
        check(title, &yaml)?;
        let title = title.trim().to_owned();
        self.transact(actor, move |tx| {
            let count = "SELECT COUNT(*) FROM rule_drafts WHERE state = 'draft'";
            if tx.db().query(count, &[])?.first().map_or(Ok(0), |r| r.int(0))? >= MAX_OPEN {
                return Err(MonitorError::State(format!("{MAX_OPEN} drafts are open already; discard some")));
            }
            let (id, now, author) = (tx.next_id("rule_drafts")?, tx.now(), tx.actor().to_owned());
            let row: [Value; 6] =
                [id.into(), title.as_str().into(), author.into(), yaml.into(), now.into(), i64::from(base).into()];
            tx.db().execute(
                "INSERT INTO rule_drafts (id, title, author, yaml, created, changed, base, state) VALUES ($1, $2, $3, $4, $5, $5, $6, 'draft')",
                &row,
            )?;
            tx.audit("draft.begun", &format!("draft:{id}"), &json!({"title": title, "base": base}).to_string());
            u64::try_from(id).map_err(|_| DbError::Type(0).into())
        })
    }

    /// Changes title and text of a draft. `seen` is the time of the change that the writer saw: a later one of somebody else is not overwritten.
    ///
    /// # Errors
    /// [`MonitorError::Invalid`] names the field; [`MonitorError::State`] when it is not open any more or was changed meanwhile.
    pub fn write_draft(
        &self,
        id: u64,
        title: &str,
        yaml: String,
        seen: Option<(Timestamp, String)>,
        actor: &str,
    ) -> Result<(), MonitorError> {
        check(title, &yaml)?;
        let title = title.trim().to_owned();
        self.transact(actor, move |tx| {
            let found = open(tx.db(), id)?;
            // The time alone has a resolution of a second: the text tells apart what it does not.
            if let Some((time, text)) = seen
                && (found.changed != time || sha256(&found.yaml) != text)
            {
                let changed = found.changed.rfc3339();
                return Err(MonitorError::State(format!(
                    "somebody changed draft {id} at {changed}; copy your text, load the page again and merge them"
                )));
            }
            let (now, writer) = (tx.now(), tx.actor().to_owned());
            let row: [Value; 5] = [title.into(), yaml.as_str().into(), now.into(), writer.into(), number(id)];
            let sql = "UPDATE rule_drafts SET title = $1, yaml = $2, changed = $3, writer = $4 WHERE id = $5";
            tx.db().execute(sql, &row)?;
            tx.audit("draft.written", &format!("draft:{id}"), &json!({"sha256": sha256(&yaml)}).to_string());
            Ok(())
        })
    }

    /// Gives a draft up.
    ///
    /// # Errors
    /// [`MonitorError::NotFound`]; [`MonitorError::State`] when it is not open any more.
    pub fn discard_draft(&self, id: u64, actor: &str) -> Result<(), MonitorError> {
        self.transact(actor, move |tx| {
            open(tx.db(), id)?;
            tx.db().execute("UPDATE rule_drafts SET state = 'discarded' WHERE id = $1", &[number(id)])?;
            tx.audit("draft.discarded", &format!("draft:{id}"), "{}");
            Ok(())
        })
    }

    /// Proposes a draft whose text the actor saw, by its SHA-256, or puts it in force where that `waits` for nobody, in one transaction: the text cannot change
    /// between. Returns the change that waits.
    ///
    /// # Errors
    /// [`MonitorError::NotFound`]; [`MonitorError::State`] when it is not open any more, or its text is not the one that was seen; [`MonitorError::Invalid`]
    /// when it is no rule book.
    pub fn submit_draft(&self, id: u64, seen: &str, waits: bool, actor: &str) -> Result<Option<Change>, MonitorError> {
        let seen = seen.to_owned();
        let is_seen = move |found: &Draft, seen: &str| {
            if sha256(&found.yaml) == seen {
                return Ok(());
            }
            let changed = found.changed.rfc3339();
            Err(MonitorError::State(format!(
                "seen: the text of draft {id} was changed at {changed}; load it again and read it before you propose it"
            )))
        };
        // The text that was seen is read here, so that decisions do not wait for it.
        let found = self.open_draft(id)?;
        is_seen(&found, &seen)?;
        let book = RuleBook::parse(&found.yaml, 0).map_err(ScreeningError::from)?;
        self.transact(actor, move |tx| {
            let found = open(tx.db(), id)?;
            is_seen(&found, &seen)?;
            let change = if waits { Some(tx.propose_rules(&book, &found.yaml)?) } else { None };
            let number_of = change.as_ref().map(|c| c.id);
            let row: [Value; 2] = [number_of.map(number).unwrap_or(Value::Null), number(id)];
            tx.db().execute("UPDATE rule_drafts SET state = 'proposed', change_id = $1 WHERE id = $2", &row)?;
            tx.audit(
                "draft.proposed",
                &format!("draft:{id}"),
                &json!({"change": number_of, "sha256": seen}).to_string(),
            );
            if !waits {
                tx.apply_rules(&found.yaml)?;
            }
            Ok(change)
        })
    }

    /// Returns what a version of the book changed since another, by default the one before; before the first there was none.
    ///
    /// # Errors
    /// [`MonitorError::NotFound`] where there is no such version.
    pub fn book_diff(&self, version: u32, since: Option<u32>) -> Result<Vec<DiffLine>, MonitorError> {
        let after = self.screening.rule_book(version)?.1;
        let before = match since.unwrap_or(version.saturating_sub(1)) {
            0 => String::new(),
            since => self.screening.rule_book(since)?.1,
        };
        Ok(diff(&before, &after))
    }

    /// Returns the text of an earlier version of the book, to be proposed again.
    ///
    /// # Errors
    /// [`MonitorError::State`] for the one in force; [`MonitorError::NotFound`] where there is no such version.
    pub fn earlier_text(&self, version: u32) -> Result<String, MonitorError> {
        let (stored, yaml) = self.screening.rule_book(version)?;
        match stored.sha256 == self.screening.book().sha256 {
            true => Err(MonitorError::State(format!("the text of version {version} is in force already"))),
            false => Ok(yaml),
        }
    }

    /// Returns an open draft, for who changes or tests it.
    ///
    /// # Errors
    /// [`MonitorError::NotFound`]; [`MonitorError::State`] when it is not open any more.
    pub fn open_draft(&self, id: u64) -> Result<Draft, MonitorError> {
        self.read(|db| Ok(open(db, id)))?
    }
}
