//! The past once more: the log of inputs, which must give the stored decisions again, and a rule book on trial over the events.

mod exact;

pub use exact::{MAX_PROBLEMS, OtherEngine, Replay, replay_log, replay_rows};

use crate::service::{Screening, ScreeningError};
use holdfast_decision::Flags;
use holdfast_decision::rules::RuleBook;
use holdfast_decision::state::State;
use holdfast_decision::{ActiveHolds, Decision, DecisionContext, Models, Verdict, decide};
use holdfast_event_log::rebuild::recorded;
use holdfast_types::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// Most differing events listed; all are counted.
pub const MAX_LISTED: usize = 1_000;

/// An event that would be decided otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Number of the event.
    pub seq: u64,
    /// The sender's id.
    pub event: String,
    /// Customer.
    pub customer: String,
    /// What was decided.
    pub before: Verdict,
    /// What would be.
    pub after: Verdict,
    /// Rules met now and not before.
    pub gained: Vec<String>,
    /// Rules met before and not now.
    pub lost: Vec<String>,
}

/// Hits of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Hits {
    /// As decided.
    pub before: u64,
    /// With the book on trial.
    pub after: u64,
}

/// What a book on trial would change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RuleTest {
    /// Events replayed.
    pub events: u64,
    /// Events that would be decided otherwise.
    pub changed: u64,
    /// Verdicts before and after: `allow>hold` and so on.
    pub moves: BTreeMap<String, u64>,
    /// Hits by rule, live rules only.
    pub rules: BTreeMap<String, Hits>,
    /// The first of the changed.
    pub differences: Vec<Difference>,
    /// Customers of whom an event would be decided more strictly: all of them.
    #[serde(skip)]
    pub stricter: BTreeSet<String>,
    /// Whether a stop was asked for before the end.
    pub stopped: bool,
}

/// Reasons that depend on the holds of that day, which a replay does not have, do not count.
fn rules_of(decision: &Decision) -> (Verdict, Vec<String>) {
    let counted = decision.reasons.iter().filter(|r| r.rule != "engine.held" && r.rule != "engine.frozen");
    let mut rules: Vec<String> = counted.clone().map(|r| r.rule.clone()).collect();
    rules.sort();
    rules.dedup();
    (counted.map(|r| r.decision).max().unwrap_or_default(), rules)
}

/// Replays all decided events in order under a book, with the facts and values of their day and the customers' records and the
/// models of today.
///
/// # Errors
/// [`ScreeningError`].
pub fn test_rules(
    screening: &Screening,
    book: &RuleBook,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<RuleTest, ScreeningError> {
    let mut state = State::at(Timestamp::EPOCH);
    screening.read(|db| recorded(db, &mut state, &mut |_, _| Ok(())))?;
    let holds = ActiveHolds::new();
    let models = screening.read(|db| holdfast_learned::in_force(db, &Models::default()))?;
    let mut test = RuleTest::default();
    let mut after = 0;
    loop {
        let page = screening.history(after, 5_000)?;
        let Some(last) = page.last() else { break };
        after = last.decision.seq;
        for mut decided in page {
            decided.event.value = decided.decision.value;
            let flags = &Flags::default();
            let context = DecisionContext { state: &state, book, holds: &holds, price: None, flags, models: &models };
            let seq = decided.decision.seq;
            let new = decide(context, &decided.event, &decided.facts, seq, decided.decision.decided).decision;
            let ((before, old_rules), (now, new_rules)) = (rules_of(&decided.decision), rules_of(&new));
            test.events += 1;
            for rule in &old_rules {
                test.rules.entry(rule.clone()).or_default().before += 1;
            }
            for rule in &new_rules {
                test.rules.entry(rule.clone()).or_default().after += 1;
            }
            if now > before {
                test.stricter.insert(decided.event.customer.clone());
            }
            if before != now {
                test.changed += 1;
                *test.moves.entry(format!("{}>{}", before.name(), now.name())).or_default() += 1;
                if test.differences.len() < MAX_LISTED {
                    test.differences.push(Difference {
                        seq,
                        event: decided.event.id.clone(),
                        customer: decided.event.customer.clone(),
                        before,
                        after: now,
                        gained: new_rules.iter().filter(|r| !old_rules.contains(r)).cloned().collect(),
                        lost: old_rules.iter().filter(|r| !new_rules.contains(r)).cloned().collect(),
                    });
                }
            }
            state.apply(&decided.event, &decided.facts, decided.decision.value.unwrap_or(0), seq);
            state.advance(decided.event.time);
            if progress(test.events).is_break() {
                test.stopped = true;
                return Ok(test);
            }
        }
    }
    Ok(test)
}
