//! Past transfers, screened again when tags or exposures changed.

use super::{Screening, ScreeningError};
use holdfast_decision::{ChainFacts, Decision, Event};
use holdfast_store::{number, parse};
use serde::Serialize;
use std::ops::ControlFlow;
use utoipa::ToSchema;

/// What screening again found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RescreenReport {
    /// Transfers looked at.
    pub screened: u64,
    /// Late alerts raised.
    pub alerts: Vec<u64>,
}

impl Screening {
    /// Screens past transfers again, because tags or exposures changed (`why` says which change). `look` gives the facts of now.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn rescreen(
        &self,
        look: impl FnMut(&Event) -> ChainFacts,
        why: &str,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<RescreenReport, ScreeningError> {
        self.rescreen_after(0, look, why, &mut |_, screened| progress(screened))
    }

    /// Returns the number of the last decided event; 0 for none.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn last_event(&self) -> Result<u64, ScreeningError> {
        let rows = self.read(|db| db.query("SELECT COALESCE(MAX(seq), 0) FROM events", &[]))?;
        let last = rows.first().map_or(Ok(0), |r| r.int(0))?;
        Ok(u64::try_from(last).unwrap_or(0))
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
            let rows = self.read(|db| {
                db.query(
                    "SELECT e.seq, e.body, COALESCE(s.findings, ''), CASE WHEN e.decision = 'hold' THEN e.result ELSE '' END
                     FROM events e LEFT JOIN screened s ON s.seq = e.seq
                     WHERE e.seq > $1 AND e.kind IN ('deposit', 'withdrawal') ORDER BY e.seq LIMIT 1000",
                    &[after.into()],
                )
            })?;
            let Some(last) = rows.last() else { break };
            after = last.int(0)?;
            for row in &rows {
                let event: Event = parse("event", row.text(1)?)?;
                let facts = look(&event);
                report.screened += 1;
                // Nothing to write for the many that did not change.
                if facts.findings().join("\n") == row.text(2)? && !self.may_let_go(row.int(0)?, row.text(3)?, &facts)? {
                    continue;
                }
                let (seq, why) = (row.number(0)?, why.to_owned());
                let alert = self.change(move |core, now| core.screened_again(seq, &facts, &why, now))?;
                report.alerts.extend(alert);
            }
            if progress(u64::try_from(after).unwrap_or(0), report.screened).is_break() {
                break;
            }
        }
        Ok(report)
    }

    /// Whether a held transfer's decision, as it is stored, rested only on that the chain could not be asked, the chain can be asked now, and
    /// a hold of it is still in place.
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
