//! Past transfers, screened again when tags or exposures changed.

use super::{Screening, ScreeningError};
use holdfast_decision::{ChainFacts, Event};
use serde::Serialize;
use std::ops::ControlFlow;

/// What screening again found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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
}
