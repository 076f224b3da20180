//! Screening past transfers again: all of them, or those that an index finds by what changed.
//!
//! The index is what decided events name (the table `event_identifiers`): addresses and transactions in canonical form, with the asset, written
//! with the decision. [`Screening::touched_transfers`] goes from what changes touched to the events.

use crate::identifiers;
use crate::service::{RescreenReport, Screening, ScreeningError};
use holdfast_decision::flags::keys_of;
use holdfast_decision::model::{Event, EventKind};
use holdfast_decision::{ChainFacts, Decision};
use holdfast_store::{Database, DbError, Row, Value, number, parse};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Events in one statement; fewer are padded, so that one prepared statement serves all.
const AT_ONCE: usize = 256;

/// What is needed of an event to screen it again.
const PAST: &str =
    "SELECT e.seq, e.body, COALESCE(s.findings, ''), CASE WHEN e.decision = 'hold' THEN e.result ELSE '' END
                     FROM events e LEFT JOIN screened s ON s.seq = e.seq
                     WHERE e.kind IN ('deposit', 'withdrawal')";

/// What a change touched, in canonical form.
#[derive(Clone, Debug, Default)]
pub struct TouchedNames {
    /// Addresses.
    pub addresses: Vec<String>,
    /// Transactions.
    pub txs: Vec<String>,
}

/// Returns `$first` to `$(first + AT_ONCE - 1)`, for a list.
fn places(first: usize) -> String {
    let places: Vec<String> = (0..AT_ONCE).map(|i| format!("${}", first + i)).collect();
    places.join(", ")
}

/// Returns values filled up to `AT_ONCE` with the last.
fn padded(mut values: Vec<Value>) -> Vec<Value> {
    let last = values.last().cloned().unwrap_or(Value::Null);
    values.resize(AT_ONCE, last);
    values
}

fn named(
    db: &mut Database,
    kind: &str,
    names: &[String],
    is_asset: &dyn Fn(&str) -> bool,
    found: &mut BTreeSet<u64>,
) -> Result<(), DbError> {
    let sql = format!(
        "SELECT seq, role, asset FROM event_identifiers WHERE kind = $1 AND value IN ({}) ORDER BY seq",
        places(2)
    );
    for part in names.chunks(AT_ONCE) {
        let values = padded(part.iter().map(|name| identifiers::comparable(kind, name).into()).collect());
        let parameters: Vec<Value> = std::iter::once(kind.into()).chain(values).collect();
        for row in &db.query(&sql, &parameters)? {
            // A deposit rests on who sent it and by which transaction, a withdrawal on where it goes.
            let role = row.text(1)?;
            let counts =
                ["transaction of deposit ", "sender of ", "destination of "].iter().any(|r| role.starts_with(r));
            if counts && row.text_or_null(2).is_some_and(is_asset) {
                found.insert(row.number(0)?);
            }
        }
    }
    Ok(())
}

impl Screening {
    /// Returns the numbers of decided transfers of some assets that rest on what a change touched.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn touched_transfers(
        &self,
        touched: &TouchedNames,
        is_asset: &dyn Fn(&str) -> bool,
    ) -> Result<BTreeSet<u64>, ScreeningError> {
        self.read(|db| {
            let mut found = BTreeSet::new();
            named(db, "address", &touched.addresses, is_asset, &mut found)?;
            named(db, "transaction", &touched.txs, is_asset, &mut found)?;
            Ok(found)
        })
    }

    /// Returns the number of the latest decided deposit at each of some addresses, of the assets that count.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn latest_deposits_at(
        &self,
        addresses: &[String],
        is_asset: &dyn Fn(&str) -> bool,
    ) -> Result<BTreeSet<u64>, ScreeningError> {
        let sql = "SELECT seq, asset FROM event_identifiers
                   WHERE kind = 'address' AND value = $1 AND role LIKE 'receiving address of deposit %' ORDER BY seq DESC LIMIT 64";
        self.read(|db| {
            let mut found = BTreeSet::new();
            for address in addresses {
                let rows = db.query(sql, &[identifiers::comparable("address", address).into()])?;
                let last = rows.iter().find(|row| row.text_or_null(1).is_some_and(is_asset));
                found.extend(last.map(|row| row.number::<u64>(0)).transpose()?);
            }
            Ok(found)
        })
    }

    /// Returns the numbers of transfers that are held only because the chain could not be queried.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn held_in_ignorance(&self) -> Result<BTreeSet<u64>, ScreeningError> {
        let rows = self.read(|db| {
            db.query(
                "SELECT DISTINCT e.seq, e.result FROM holds h JOIN events e ON e.seq = h.event
                 WHERE h.state = 'active' AND h.placed_by = 'engine' AND e.decision = 'hold' ORDER BY e.seq",
                &[],
            )
        })?;
        let mut found = BTreeSet::new();
        for row in &rows {
            if parse::<Decision>("decision", row.text(1)?)?.rests_on_ignorance() {
                found.insert(row.number(0)?);
            }
        }
        Ok(found)
    }

    /// Screens transfers after an event's number again, as [`Screening::rescreen`] does. `progress` gets the number of the event that it came to
    /// and how many transfers were looked at, and may end the pass there.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn rescreen_after(
        &self,
        after: u64,
        mut look: impl FnMut(&Event) -> ChainFacts,
        why: &str,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<RescreenReport, ScreeningError> {
        let mut report = RescreenReport::default();
        let mut after = i64::try_from(after).unwrap_or(i64::MAX);
        loop {
            let rows =
                self.read(|db| db.query(&format!("{PAST} AND e.seq > $1 ORDER BY e.seq LIMIT 1000"), &[after.into()]))?;
            let Some(last) = rows.last() else { break };
            after = last.int(0)?;
            for row in &rows {
                self.rescreen_row(row, &mut look, why, &mut report)?;
            }
            if progress(u64::try_from(after).unwrap_or(0), report.screened).is_break() {
                break;
            }
        }
        Ok(report)
    }

    /// Screens the transfers with these numbers again, in their order. `progress` is as in [`Screening::rescreen_after`].
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn rescreen_these(
        &self,
        seqs: &BTreeSet<u64>,
        mut look: impl FnMut(&Event) -> ChainFacts,
        why: &str,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<RescreenReport, ScreeningError> {
        let mut report = RescreenReport::default();
        let sql = format!("{PAST} AND e.seq IN ({}) ORDER BY e.seq", places(1));
        let seqs: Vec<u64> = seqs.iter().copied().collect();
        for part in seqs.chunks(AT_ONCE) {
            let parameters = padded(part.iter().map(|seq| number(*seq)).collect());
            for row in &self.read(|db| db.query(&sql, &parameters))? {
                self.rescreen_row(row, &mut look, why, &mut report)?;
            }
            let Some(last) = part.last() else { break };
            if progress(*last, report.screened).is_break() {
                break;
            }
        }
        Ok(report)
    }

    fn rescreen_row(
        &self,
        row: &Row,
        look: &mut impl FnMut(&Event) -> ChainFacts,
        why: &str,
        report: &mut RescreenReport,
    ) -> Result<(), ScreeningError> {
        let event: Event = parse("event", row.text(1)?)?;
        let facts = look(&event);
        report.screened += 1;
        // Nothing to write for the many that did not change, and of which nothing is known now.
        if facts.findings().join("\n") == row.text(2)?
            && !self.may_let_go(row.int(0)?, row.text(3)?, &facts)?
            && !self.came_through_more(row.int(0)?, &event, &facts)?
        {
            return Ok(());
        }
        let (seq, why) = (row.number(0)?, why.to_owned());
        let alert = self.change(move |core, now| core.screened_again(seq, &facts, &why, now))?;
        report.alerts.extend(alert);
        Ok(())
    }

    /// Whether a deposit's money came from or through something that is not known of it: its block, or a bridge's other side, was read since.
    fn came_through_more(&self, seq: i64, event: &Event, facts: &ChainFacts) -> Result<bool, ScreeningError> {
        if event.kind != EventKind::Deposit || facts.unavailable.is_some() {
            return Ok(false);
        }
        let sql = format!("SELECT COUNT(*) FROM event_keys WHERE seq = $1 AND key IN ({})", places(2));
        for part in keys_of(event, facts).chunks(AT_ONCE) {
            let keys = padded(part.iter().map(|key| key.as_str().into()).collect());
            let parameters: Vec<Value> = std::iter::once(seq.into()).chain(keys).collect();
            let rows = self.read(|db| db.query(&sql, &parameters))?;
            let known = rows.first().map_or(Ok(0), |row| row.number::<u64>(0))?;
            if usize::try_from(known).is_ok_and(|known| known < part.len()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a held transfer's decision, as it is stored, rested only on that the chain could not be queried, the chain can be queried now,
    /// and a hold of it is still in place.
    fn may_let_go(&self, seq: i64, decision: &str, facts: &ChainFacts) -> Result<bool, ScreeningError> {
        if decision.is_empty() || facts.unavailable.is_some() {
            return Ok(false);
        }
        let decision: Decision = parse("decision", decision)?;
        if !decision.rests_on_ignorance() {
            return Ok(false);
        }
        for id in decision.holds {
            let active =
                "SELECT 1 FROM holds WHERE id = $1 AND event = $2 AND state = 'active' AND placed_by = 'engine'";
            if !self.read(|db| db.query(active, &[number(id), seq.into()]))?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
