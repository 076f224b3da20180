//! Training on a simulated exchange: all its events are decided in order by a desk of their own, and the ground truth labels them.

use holdfast_decision::{ChainFacts, Purpose};
use holdfast_evaluation::{Exchange, simulate, typology_of};
use holdfast_models::Params;
use holdfast_models::split::TimeSplit;
use holdfast_screening::{Screening, ScreeningError};
use holdfast_simulate::exchange::Options;
use holdfast_training::labels::typology_of as of_purpose;
use holdfast_training::{Learning, Request, Trained, TrainingError};
use holdfast_types::{Seconds, Timestamp};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;

/// First day of the exchange, Unix seconds: before anything that a desk sees, so that models are compared on its events only.
const START: i64 = 1_750_000_000;
/// Events that are decided at once.
const TOGETHER: usize = 256;

/// Which exchange is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simulated {
    /// The same seed and sizes make the same exchange and model.
    pub seed: u64,
    /// Customers without a case.
    pub customers: u32,
    /// Days of traffic.
    pub days: u32,
    /// Cases planted of each typology.
    pub cases: u32,
}

impl Default for Simulated {
    fn default() -> Self {
        Simulated { seed: 20_261_128, customers: 1_500, days: 90, cases: 60 }
    }
}

/// Why nothing was trained.
#[derive(Debug, thiserror::Error)]
pub enum SimulatedError {
    /// The sizes are out of bounds.
    #[error("{0}")]
    Options(String),
    /// The desk of the simulation failed.
    #[error(transparent)]
    Screening(#[from] ScreeningError),
    /// The training failed.
    #[error(transparent)]
    Training(#[from] TrainingError),
}

/// Simulates an exchange, has its events decided in a desk in an empty folder, and trains a model on all of them by the ground truth. `progress` gets the
/// number of events done so far and may end it; nothing is returned then.
///
/// # Errors
/// [`SimulatedError`]: sizes out of bounds, a folder that cannot be written, a purpose whose models score no events.
pub fn train(
    purpose: Purpose,
    of: Simulated,
    folder: &Path,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Option<Trained>, SimulatedError> {
    let Some(desk) = SimulatedDesk::make(of, folder, progress)? else { return Ok(None) };
    desk.train(purpose, progress)
}

/// A desk that decided all events of a simulated exchange: models of several purposes are trained on it.
pub struct SimulatedDesk {
    made: Exchange,
    screening: Screening,
    alerted: HashSet<String>,
    end: Timestamp,
}

impl SimulatedDesk {
    /// As [`train`] does before it trains.
    ///
    /// # Errors
    /// [`SimulatedError`]: sizes out of bounds, a folder that cannot be written.
    pub fn make(
        of: Simulated,
        folder: &Path,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Option<Self>, SimulatedError> {
        let Simulated { seed, customers, days, cases } = of;
        let options = Options { seed, customers, days, cases, start: START, ..Options::default() };
        let made = simulate(options).map_err(SimulatedError::Options)?;
        // A clock of its own: the same model on any day.
        let end = Timestamp::from_unix(START) + Seconds::days(i64::from(days) + 30);
        let url = format!("sqlite:{}", folder.join("simulated.sqlite").display());
        let screening = Screening::open(&url, Arc::new(move || end))?;
        let alerted = decide(&screening, &made, progress)?;
        Ok(alerted.map(|alerted| SimulatedDesk { made, screening, alerted, end }))
    }

    /// Trains a model of a purpose on all events by the ground truth; nothing is returned where `progress` ends it.
    ///
    /// # Errors
    /// [`SimulatedError::Training`], such as for a purpose whose models score no events.
    pub fn train(
        &self,
        purpose: Purpose,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Option<Trained>, SimulatedError> {
        let request = Request {
            purpose,
            budget: 0.01,
            until: Some(self.end),
            features: Vec::new(),
            labels: Some(labels(purpose, &self.made, &self.alerted)),
            split: TimeSplit::default(),
            params: Params::default(),
            explained: Vec::new(),
            never_seen: vec!["anything real: it was trained on a simulated exchange".to_owned()],
            parent: None,
        };
        let learning = Learning { screening: &self.screening };
        Ok(learning.train(&request, None, progress)?)
    }
}

/// Has all events decided, and returns the ids of those that raised an alert.
fn decide(
    screening: &Screening,
    made: &Exchange,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Option<HashSet<String>>, ScreeningError> {
    for part in made.records.chunks(10_000) {
        screening.ingest(part.to_vec(), "simulation")?;
    }
    let actor: Arc<str> = "simulation".into();
    let (mut alerted, mut done) = (HashSet::new(), 0);
    for part in made.events.chunks(TOGETHER) {
        let (sender, answers) = channel();
        for event in part {
            let sender = sender.clone();
            screening.submit(event.clone(), ChainFacts::default(), &actor, move |answer| {
                let _ = sender.send(answer);
            })?;
        }
        drop(sender);
        for answer in answers {
            let decision = answer?;
            done += 1;
            if decision.alert.is_some() {
                alerted.insert(decision.event);
            }
        }
        if progress(done).is_break() {
            return Ok(None);
        }
    }
    Ok(Some(alerted))
}

/// Returns the ground truth as labels of events: of a model of a crime whether they are part of such a case; of one that orders alerts, whether the
/// event of an alert is part of any.
fn labels(purpose: Purpose, made: &Exchange, alerted: &HashSet<String>) -> String {
    let own = of_purpose(purpose);
    let cases = made.cases.iter().filter(|case| own.is_none_or(|own| own == typology_of(case.typology)));
    let positive: HashSet<&str> = cases.flat_map(|case| case.events.iter().map(String::as_str)).collect();
    let mut text = "event,label\n".to_owned();
    for event in made.events.iter().filter(|event| purpose.kinds().contains(&event.kind)) {
        if purpose == Purpose::AlertTriage && !alerted.contains(&event.id) {
            continue;
        }
        let label = if positive.contains(event.id.as_str()) { "positive" } else { "negative" };
        let _ = writeln!(text, "{},{label}", event.id);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same exchange gives the same bytes, and a model that finds more than chance does on the part that it was measured on.
    #[test]
    fn a_simulation_gives_the_same_model_twice() {
        let of = Simulated { seed: 3, customers: 120, days: 60, cases: 12 };
        let make = || {
            let dir = tempfile::tempdir().unwrap();
            let trained = train(Purpose::EventRisk, of, dir.path(), &mut |_| ControlFlow::Continue(())).unwrap();
            trained.unwrap()
        };
        let (one, other) = (make(), make());
        assert_eq!(one.model.to_bytes(), other.model.to_bytes());
        let counts = one.counts;
        assert_eq!(counts.labelled, counts.events);
        let measured = one.model.content().training.as_ref().unwrap().measured;
        assert!(measured.average_precision.low > measured.base_rate, "{measured:?}");
    }

    #[test]
    fn it_stops_when_told() {
        let dir = tempfile::tempdir().unwrap();
        let of = Simulated { seed: 3, customers: 120, days: 20, cases: 2 };
        let stopped = train(Purpose::EventRisk, of, dir.path(), &mut |_| ControlFlow::Break(())).unwrap();
        assert!(stopped.is_none());
    }
}
