//! What is stored, read beside the writer.

use super::{Screening, ScreeningError};
use crate::alerts::{self, Alert, AlertFilter, Note, RuleStatistics};
use crate::audit::{self, AuditReport};
use crate::books::{self, StoredBook};
use crate::completion;
use crate::core::price_of;
use crate::events::{self, EventFilter};
use crate::flags;
use crate::holds::{self, Hold, HoldFilter, HoldsReport};
use holdfast_audit::{Anchor, AnchorError, Anchors, Entry, Filter, entries, find, newest};
use holdfast_decision::completion::Completion;
use holdfast_decision::flags::{Flag, State as FlagState};
use holdfast_decision::{ChainFacts, Decision, Event, Price};
use holdfast_store::number;
use holdfast_types::asset;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A decided event with everything it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecidedEvent {
    /// The event.
    pub event: Event,
    /// Facts of the chain.
    pub facts: ChainFacts,
    /// The decision.
    pub decision: Decision,
    /// What became known of its movement since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<Completion>,
}

impl Screening {
    /// Returns alerts by number.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn alerts(&self, filter: &AlertFilter) -> Result<Vec<Alert>, ScreeningError> {
        self.read(|db| alerts::list(db, filter))
    }

    /// Returns one alert with its notes.
    ///
    /// # Errors
    /// [`ScreeningError::NotFound`]; [`ScreeningError::Store`] when the database fails.
    pub fn alert(&self, id: u64) -> Result<(Alert, Vec<Note>), ScreeningError> {
        self.read(|db| alerts::get(db, id))?.ok_or_else(|| ScreeningError::NotFound(format!("alert {id}")))
    }

    /// Returns holds by number.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn holds(&self, filter: &HoldFilter) -> Result<Vec<Hold>, ScreeningError> {
        self.read(|db| holds::list(db, filter))
    }

    /// Checks that all holds balance.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn check_holds(&self) -> Result<HoldsReport, ScreeningError> {
        self.read(holds::check)
    }

    /// Returns flags, newest first, at most 1,000.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn flags(&self, state: Option<FlagState>) -> Result<Vec<Flag>, ScreeningError> {
        self.read(|db| flags::list(db, state))
    }

    /// Verifies the audit log and the tables that it settles, optionally against a head that was noted elsewhere.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn verify_audit(&self, noted_head: Option<&str>) -> Result<AuditReport, ScreeningError> {
        self.verify_anchored(noted_head, None, None)
    }

    /// Verifies the audit log as [`Screening::verify_audit`] does, and against the desk's anchors, or a copy of their file.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn verify_anchored(
        &self,
        noted_head: Option<&str>,
        anchors: Option<&Anchors>,
        copy: Option<&Path>,
    ) -> Result<AuditReport, ScreeningError> {
        let (known, problems) = anchors.map(|a| a.read(copy)).transpose()?.unwrap_or_default();
        // One transaction, so that changes that come meanwhile are in all of it or in none.
        let mut report = self.read(|db| db.snapshot(|db| audit::verify_anchored(db, noted_head, &known)))?;
        report.problems.splice(0..0, problems);
        Ok(report)
    }

    /// Writes the log's head to the anchors, unless the last of them has it already; returns the last.
    ///
    /// # Errors
    /// [`ScreeningError::State`] when the file is damaged, or the log is not the one that was anchored.
    pub fn anchor(&self, anchors: &Anchors) -> Result<Anchor, ScreeningError> {
        anchors.append(self.now(), |query| Ok(self.readers.read(|db| query(db))?)).map_err(|e| match e {
            AnchorError::Store(e) => e.into(),
            AnchorError::Problem(_) => ScreeningError::State(e.to_string()),
        })
    }

    /// Returns audit entries after a number.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn audit(&self, after: u64, subject: Option<&str>, limit: usize) -> Result<Vec<Entry>, ScreeningError> {
        self.read(|db| entries(db, after, subject, limit))
    }

    /// Returns the newest audit entries below a number, newest first; 0 is no bound.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn newest_audit(&self, below: u64, limit: usize) -> Result<Vec<Entry>, ScreeningError> {
        self.read(|db| newest(db, below, limit))
    }

    /// Returns the newest audit entries of a filter below a number, newest first; 0 is no bound.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn find_audit(&self, filter: &Filter, below: u64, limit: usize) -> Result<Vec<Entry>, ScreeningError> {
        self.read(|db| find(db, filter, below, limit))
    }

    /// Returns hits and precision of every rule.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn rule_statistics(&self) -> Result<Vec<RuleStatistics>, ScreeningError> {
        self.read(alerts::statistics)
    }

    /// Returns what an asset is worth, by the price table.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn price(&self, asset: &str) -> Result<Option<Price>, ScreeningError> {
        let rows = self.read(|db| {
            db.query("SELECT base_units, value FROM prices WHERE asset = $1", &[asset::canonical(asset).into()])
        })?;
        Ok(rows.first().map(price_of).transpose()?)
    }

    /// Returns a decided event, by the sender's id.
    ///
    /// # Errors
    /// [`ScreeningError::NotFound`]; [`ScreeningError::Store`] when the database fails.
    pub fn event(&self, id: &str) -> Result<DecidedEvent, ScreeningError> {
        let found = self.read(|db| {
            let rows = db.query("SELECT body, facts, result FROM events WHERE id = $1", &[id.into()])?;
            let Some(row) = rows.first() else { return Ok(None) };
            let mut found = events::decided(row)?;
            found.completion = completion::of_event(db, found.decision.seq)?;
            Ok(Some(found))
        })?;
        found.ok_or_else(|| ScreeningError::NotFound(format!("event '{id}'")))
    }

    /// Returns deposit addresses of a customer, the newest `most` of them.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn addresses_of(&self, customer: &str, most: u32) -> Result<Vec<String>, ScreeningError> {
        self.read(|db| {
            let rows = db.query(
                "SELECT id FROM records WHERE customer = $1 AND kind = 'deposit_address' ORDER BY time DESC, id LIMIT $2",
                &[customer.into(), i64::from(most).into()],
            )?;
            rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
        })
    }

    /// Returns decided events after a number, oldest first, with facts: the history that rules are tested on.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn history(&self, after: u64, limit: usize) -> Result<Vec<DecidedEvent>, ScreeningError> {
        self.read(|db| {
            let rows = db.query(
                "SELECT body, facts, result FROM events WHERE seq > $1 ORDER BY seq LIMIT $2",
                &[number(after), number(limit.clamp(1, 10_000) as u64)],
            )?;
            let mut list = rows.iter().map(events::decided).collect::<Result<Vec<_>, _>>()?;
            events::complete(db, &mut list)?;
            Ok(list)
        })
    }

    /// Returns decided events by number, chosen by a filter.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn events(&self, filter: &EventFilter) -> Result<Vec<DecidedEvent>, ScreeningError> {
        self.read(|db| events::list(db, filter))
    }

    /// Returns the decided event with a number.
    ///
    /// # Errors
    /// [`ScreeningError::NotFound`]; [`ScreeningError::Store`] when the database fails.
    pub fn event_numbered(&self, seq: u64) -> Result<DecidedEvent, ScreeningError> {
        let found = self.history(seq.saturating_sub(1), 1)?.into_iter().find(|e| e.decision.seq == seq);
        found.ok_or_else(|| ScreeningError::NotFound(format!("event number {seq}")))
    }

    /// Returns the sender's ids of events with these numbers; of those that are not stored none.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn event_ids(&self, numbers: &[u64]) -> Result<BTreeMap<u64, String>, ScreeningError> {
        self.read(|db| {
            let mut ids = BTreeMap::new();
            for seq in numbers {
                let rows = db.query("SELECT id FROM events WHERE seq = $1", &[number(*seq)])?;
                if let Some(row) = rows.first() {
                    ids.insert(*seq, row.text(0)?.to_owned());
                }
            }
            Ok(ids)
        })
    }

    /// Returns alerts about an event, by its number.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn alerts_about(&self, event: u64) -> Result<Vec<Alert>, ScreeningError> {
        self.read(|db| alerts::about(db, event))
    }

    /// Returns one hold.
    ///
    /// # Errors
    /// [`ScreeningError::NotFound`]; [`ScreeningError::Store`] when the database fails.
    pub fn hold(&self, id: u64) -> Result<Hold, ScreeningError> {
        self.read(|db| holds::get(db, id))?.ok_or_else(|| ScreeningError::NotFound(format!("hold {id}")))
    }

    /// Returns versions of the rule book, the latest first; those below `before`, where it is given.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn rule_books(&self, before: Option<u32>, limit: usize) -> Result<Vec<StoredBook>, ScreeningError> {
        self.read(|db| books::list(db, before, limit))
    }

    /// Returns a version of the rule book with its text.
    ///
    /// # Errors
    /// [`ScreeningError::NotFound`]; [`ScreeningError::Store`] when the database fails.
    pub fn rule_book(&self, version: u32) -> Result<(StoredBook, String), ScreeningError> {
        let found = self.read(|db| books::get(db, version))?;
        found.ok_or_else(|| ScreeningError::NotFound(format!("version {version} of the rule book")))
    }
}
