//! Screening again as one job: reasons that come while it runs are gathered for one further pass.

use std::sync::{Mutex, MutexGuard};

/// Most reasons that a pass names.
const MAX_REASONS: usize = 4;

#[derive(Debug, Default)]
struct State {
    running: bool,
    reasons: Vec<String>,
    further: usize,
}

/// What is to be screened again, and whether somebody does it.
#[derive(Debug, Default)]
pub struct Rescreens(Mutex<State>);

impl Rescreens {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Wants a pass; true when the caller is to do it, false when whoever does one does this one too.
    pub fn ask(&self, why: String) -> bool {
        let mut state = self.state();
        if !state.reasons.contains(&why) {
            if state.reasons.len() < MAX_REASONS { state.reasons.push(why) } else { state.further += 1 }
        }
        !std::mem::replace(&mut state.running, true)
    }

    /// The reasons of the next pass; none when nothing is left to do, and the caller is done.
    pub fn next(&self) -> Option<String> {
        let mut state = self.state();
        if state.reasons.is_empty() {
            state.running = false;
            return None;
        }
        let further = std::mem::take(&mut state.further);
        let mut why = std::mem::take(&mut state.reasons).join("; ");
        if further > 0 {
            why += &format!("; and {further} further changes");
        }
        Some(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousand changes while one pass runs are one further pass, by the same worker.
    #[test]
    fn changes_while_a_pass_runs_are_one_further_pass() {
        let jobs = Rescreens::default();
        assert!(jobs.ask("block 1".into()));
        assert_eq!(jobs.next().as_deref(), Some("block 1"));
        for n in 2..1002 {
            assert!(!jobs.ask(format!("block {n}")), "no second worker");
        }
        assert!(!jobs.ask("block 2".into()));
        assert_eq!(jobs.next().as_deref(), Some("block 2; block 3; block 4; block 5; and 996 further changes"));
        assert_eq!(jobs.next(), None);
        assert!(jobs.ask("block 1002".into()), "a new worker when the last has ended");
    }
}
