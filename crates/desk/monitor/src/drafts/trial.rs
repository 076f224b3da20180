//! A draft tested on history: what it would change, and what is known of the changed events.

use super::open;
use crate::{Monitor, MonitorError};
use holdfast_decision::RuleBook;
use holdfast_decision::rules::sha256;
use holdfast_screening::replay::{MAX_LISTED, RuleTest, test_rules};
use holdfast_store::{Database, DbError, Value, number};
use serde::Serialize;
use serde_json::json;
use std::ops::ControlFlow;

/// How alerts about some events came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Known {
    /// Closed as right.
    pub right: u64,
    /// Closed as wrong.
    pub wrong: u64,
    /// Of the others no outcome is known.
    pub unknown: u64,
}

/// What a test of a draft found.
#[derive(Clone, Debug, Serialize)]
pub struct Trial {
    /// What would change.
    #[serde(flatten)]
    pub test: RuleTest,
    /// Customers of whom an event would be decided more strictly.
    pub customers: u64,
    /// Events that would be decided more strictly, by the outcome of their alerts; of the first [`MAX_LISTED`] that change.
    pub stricter: Known,
    /// Events that would be decided more mildly, likewise: those that were right would be missed.
    pub milder: Known,
}

fn known(db: &mut Database, test: &RuleTest) -> Result<(Known, Known), DbError> {
    let (mut stricter, mut milder) = (Known::default(), Known::default());
    for difference in test.differences.iter().take(MAX_LISTED) {
        let rows = db.query(
            "SELECT outcome FROM alerts WHERE event = $1 AND state = 'closed' AND outcome IS NOT NULL ORDER BY id DESC LIMIT 1",
            &[number(difference.seq)],
        )?;
        let side = if difference.after > difference.before { &mut stricter } else { &mut milder };
        match rows.first().and_then(|row| row.text_or_null(0)) {
            Some("true_positive") => side.right += 1,
            Some("false_positive") => side.wrong += 1,
            _ => side.unknown += 1,
        }
    }
    Ok((stricter, milder))
}

impl Monitor<'_> {
    /// Tests a draft on all decided events and stores what it found; `progress` gets the number of events replayed and may stop it, and then nothing is stored.
    /// Returns whether it came to the end.
    ///
    /// # Errors
    /// [`MonitorError::State`] when the draft is not open any more; [`MonitorError::Invalid`] when its text is no rule book.
    pub fn test_draft(
        &self,
        id: u64,
        actor: &str,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<bool, MonitorError> {
        let draft = self.open_draft(id)?;
        let book = RuleBook::parse(&draft.yaml, 0).map_err(holdfast_screening::ScreeningError::from)?;
        let test = test_rules(self.screening, &book, progress)?;
        if test.stopped {
            return Ok(false);
        }
        let (stricter, milder) = self.read(|db| known(db, &test))?;
        let customers = u64::try_from(test.stricter.len()).unwrap_or(u64::MAX);
        let trial = Trial { test, customers, stricter, milder };
        let (text, tested) = (json!(trial).to_string(), sha256(&draft.yaml));
        self.transact(actor, move |tx| {
            open(tx.db(), id)?;
            let row: [Value; 4] = [text.into(), tested.as_str().into(), tx.now().into(), number(id)];
            tx.db().execute("UPDATE rule_drafts SET test = $1, tested_sha256 = $2, tested = $3 WHERE id = $4", &row)?;
            tx.audit("draft.tested", &format!("draft:{id}"), &json!({"sha256": tested}).to_string());
            Ok(true)
        })
    }
}
