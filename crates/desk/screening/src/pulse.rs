//! How many decisions there are, and how long they take.

use crate::core::Reply;
use crate::service::ScreeningError;
use holdfast_decision::{Decision, Verdict};
use holdfast_telemetry::metrics::{Counter, Family, Histogram, Labels, Registry, seconds};
use std::time::Instant;

/// Counters and times, of decisions.
#[derive(Debug)]
pub(crate) struct Pulse {
    latency: Histogram,
    decisions: Family<Labels<1>, Counter>,
    undecided: Counter,
}

impl Default for Pulse {
    fn default() -> Self {
        let pulse = Pulse { latency: seconds(), decisions: Family::default(), undecided: Counter::default() };
        for verdict in [Verdict::Allow, Verdict::Review, Verdict::Hold, Verdict::Reject] {
            drop(pulse.count(verdict));
        }
        pulse
    }
}

impl Pulse {
    fn count(&self, verdict: Verdict) -> Counter {
        self.decisions.get_or_create_owned(&[("verdict", verdict.name().to_owned())])
    }

    /// Counts an answer that took so many seconds.
    fn note(&self, answer: &Result<Decision, ScreeningError>, took: f64) {
        match answer {
            Ok(decision) => {
                self.latency.observe(took);
                self.count(decision.decision).inc();
            }
            Err(_) => {
                self.undecided.inc();
            }
        }
    }

    /// Adds the metrics to a registry.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "holdfast_decision_seconds",
            "Time from an event's arrival to its durable decision",
            self.latency.clone(),
        );
        registry.register("holdfast_decisions", "Decisions answered, by verdict", self.decisions.clone());
        registry.register("holdfast_events_undecided", "Events refused or not stored", self.undecided.clone());
    }
}

/// A reply that counts the decisions on so many events, and the time until each.
pub(crate) fn timed(pulse: &std::sync::Arc<Pulse>, events: u64, reply: Reply) -> Reply {
    let (pulse, began) = (pulse.clone(), Instant::now());
    Box::new(move |answers| {
        let took = began.elapsed().as_secs_f64();
        match &answers {
            Ok(answers) => answers.iter().for_each(|answer| pulse.note(answer, took)),
            Err(_) => {
                pulse.undecided.inc_by(events);
            }
        }
        reply(answers);
    })
}
