//! Champions are watched: what drifts is told, and a champion whose scores have moved too far steps back, so that rules decide alone.

use crate::precision::Standing;
use crate::{Learning, TrainingError};
use holdfast_learned::{Entry, ModelState};
use holdfast_models::drift::Verdict;
use holdfast_types::{Seconds, Timestamp};
use serde::Serialize;

/// The time that is looked back on.
const DAY: Seconds = Seconds::DAY;
/// Events of the day from which a champion steps back by itself: fewer can be those of one campaign, which is told and left to people.
const LEAST_EVENTS: usize = 250;
/// Features that an alert names.
const NAMED: usize = 3;

/// What a look at the champions found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Watched {
    /// Champions looked at.
    pub champions: u64,
    /// Alerts raised.
    pub alerts: u64,
    /// Champions that stepped back.
    pub fell_back: u64,
}

impl Learning<'_> {
    /// Compares the events of the day before a time with those that each champion was made on. A feature that drifted from [`ALERT`] on raises an alert;
    /// where the score itself did on [`LEAST_EVENTS`] or more, the champion goes back to shadow as well, and so does one whose precision at the analysts' budget fell out of bounds in the last
    /// four weeks ([`Standing::Below`]). One that cannot be looked at stops no other.
    ///
    /// [`ALERT`]: holdfast_models::drift::ALERT
    ///
    /// # Errors
    /// [`TrainingError::Store`] when the database fails or a file is damaged: the first error, after all champions.
    pub fn watch(&self, now: Timestamp) -> Result<Watched, TrainingError> {
        let mut watched = Watched::default();
        let champions = self.screening.read(|db| holdfast_learned::list(db, None, Some(ModelState::Champion)))?;
        let mut failed = None;
        for champion in champions.into_iter().filter(|c| !c.purpose.kinds().is_empty()) {
            watched.champions += 1;
            if let Err(e) = self.look_at(&champion, now, &mut watched) {
                failed = failed.or(Some(e));
            }
        }
        failed.map_or(Ok(watched), Err)
    }

    fn look_at(&self, champion: &Entry, now: Timestamp, watched: &mut Watched) -> Result<(), TrainingError> {
        if self.has_fallen(champion, now, watched)? {
            return Ok(());
        }
        let report = self.drift(champion.model, Some(now - DAY), Some(now))?;
        let moved = report.features.iter().filter(|f| f.drift.verdict == Verdict::Alert);
        let moved: Vec<&str> = moved.take(NAMED).map(|f| f.label.as_str()).collect();
        let has_moved = report.score.verdict == Verdict::Alert;
        if moved.is_empty() && !has_moved {
            return Ok(());
        }
        let short: String = champion.model.to_string().chars().take(12).collect();
        let about = format!("model {short} for {}: events are not like those of its training", champion.purpose);
        let about = if moved.is_empty() { about } else { format!("{about} ({})", moved.join("; ")) };
        let steps_back = has_moved && report.events >= LEAST_EVENTS;
        let why = match (has_moved, steps_back) {
            (true, true) => format!("{about}; its scores moved too far, so rules decide alone until two people decide"),
            (true, false) => format!(
                "{about}; its scores moved too far on {} events of a day, from {LEAST_EVENTS} on it would step back",
                report.events
            ),
            (false, _) => about,
        };
        watched.alerts += u64::from(self.screening.tell_of_model(champion.model, &why, steps_back)?.is_some());
        watched.fell_back += u64::from(steps_back);
        Ok(())
    }

    /// Has a champion step back whose precision at the budget lies below its bound; returns whether it does.
    fn has_fallen(&self, champion: &Entry, now: Timestamp, watched: &mut Watched) -> Result<bool, TrainingError> {
        if self.model(champion.model)?.content().training.is_none() {
            return Ok(false); // Imported: nothing says what its precision should be.
        }
        let found = self.precision_by_week(champion.model, None, 5, now)?;
        let (Standing::Below, Some(bound)) = (found.standing, found.bound) else { return Ok(false) };
        let short: String = champion.model.to_string().chars().take(12).collect();
        let percent = |share: f64| format!("{:.1}%", share * 100.0);
        let p = found.recent.precision;
        let why = format!(
            "model {short} for {}: of {} reviewed events within the budget {} were right in four weeks (95% interval to {}), below the bound of {}; rules decide alone until two people decide",
            champion.purpose,
            found.recent.reviewed,
            percent(p.value),
            percent(p.high),
            percent(bound)
        );
        watched.alerts += u64::from(self.screening.tell_of_model(champion.model, &why, true)?.is_some());
        watched.fell_back += 1;
        Ok(true)
    }
}
