//! Fills tables of a database that is older than they are.

use super::Core;
use crate::completion;
use crate::flags;
use crate::identifiers;
use crate::settings;
use holdfast_decision::model::Event;
use holdfast_event_log::rebuild::next_records;
use holdfast_store::{DbError, Value, parse};
use holdfast_types::Timestamp;

impl Core {
    /// Fills the identifiers of a database that is older than they are, or whose identifiers were made differently.
    pub(super) fn fill_identifiers(&mut self, now: Timestamp) -> Result<(), DbError> {
        let version = self.db.query("SELECT COALESCE(MAX(version), 0) FROM identifier_fills", &[])?;
        let filled = version.first().map_or(Ok(0), |r| r.int(0))? >= identifiers::FILL;
        if filled && !self.db.query("SELECT kind FROM identifiers LIMIT 1", &[])?.is_empty() {
            return Ok(());
        }
        self.db.begin()?;
        self.fold_identifiers()?;
        let mut after = Default::default();
        loop {
            let records = next_records(&mut self.db, &mut after)?;
            if records.is_empty() {
                break;
            }
            self.note_identifiers(records.iter().flat_map(identifiers::of_record))?;
        }
        let mut after = 0i64;
        loop {
            let rows = self
                .db
                .query("SELECT seq, body FROM events WHERE seq > $1 ORDER BY seq LIMIT 5000", &[after.into()])?;
            let (Some(first), Some(last)) = (rows.first(), rows.last()) else { break };
            let first = first.number(0)?;
            after = last.int(0)?;
            let completions = completion::between(&mut self.db, first, u64::try_from(after).unwrap_or(0))?;
            let (mut found, mut named) = (Vec::new(), Vec::new());
            for row in &rows {
                let (seq, event): (u64, Event) = (row.number(0)?, parse("event", row.text(1)?)?);
                found.extend(identifiers::of_event(&event));
                named.extend(identifiers::named_by(&event, seq));
                named.extend(completions.get(&seq).and_then(|c| identifiers::completed_by(&event, seq, c)));
            }
            self.note_identifiers(found.into_iter())?;
            self.note_named(named)?;
        }
        self.db.execute(
            "INSERT INTO identifier_fills (version, filled) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING",
            &[identifiers::FILL.into(), now.into()],
        )?;
        self.db.commit()
    }

    /// Makes what was stated earlier anew: former names and numbers are in no record any more.
    pub(super) fn fold_identifiers(&mut self) -> Result<(), DbError> {
        for kind in ["deposit_address", "destination", "document", "email", "instrument", "name", "phone"] {
            let mut after = [String::new(), String::new(), String::new()];
            loop {
                let [value, customer, source] = after.each_ref().map(|t| Value::from(t.as_str()));
                let rows = self.db.query(
                    "SELECT value, customer, source FROM identifiers WHERE kind = $1 AND (value, customer, source) > ($2, $3, $4)
                     ORDER BY value, customer, source LIMIT 5000",
                    &[kind.into(), value, customer, source],
                )?;
                let Some(last) = rows.last() else { break };
                after = [last.text(0)?.to_owned(), last.text(1)?.to_owned(), last.text(2)?.to_owned()];
                let mut found = Vec::new();
                for row in &rows {
                    found.extend(identifiers::again(kind, row.text(0)?, row.text(1)?, row.text(2)?));
                }
                self.note_identifiers(found.into_iter())?;
            }
        }
        Ok(())
    }

    /// Fills the keys of deposits in a database that is older than they are.
    pub(super) fn fill_event_keys(&mut self) -> Result<(), DbError> {
        const FILLED: &str = "event_keys";
        if settings::get(&mut self.db, FILLED)?.is_some() {
            return Ok(());
        }
        self.db.begin()?;
        let mut after = 0i64;
        loop {
            let sql = "SELECT seq, body, facts FROM events WHERE kind = 'deposit' AND seq > $1 ORDER BY seq LIMIT 5000";
            let rows = self.db.query(sql, &[after.into()])?;
            let Some(last) = rows.last() else { break };
            after = last.int(0)?;
            let mut keys = Vec::new();
            for row in &rows {
                let (event, facts) = (parse("event", row.text(1)?)?, parse("facts", row.text(2)?)?);
                keys.extend(flags::key_rows(&event, &facts, row.number(0)?));
            }
            self.db.insert("event_keys", &flags::KEY_COLUMNS, &keys, "ON CONFLICT (key, seq) DO NOTHING")?;
        }
        settings::set(&mut self.db, FILLED, "filled")?;
        self.db.commit()
    }
}
