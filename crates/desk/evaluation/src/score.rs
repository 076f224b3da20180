//! How well typologies are found: findings against the ground truth.

use crate::{Case, Exchange, typology_of};
use holdfast_decision::rules::Policy;
use holdfast_decision::state::State;
use holdfast_decision::typology::find;
use holdfast_decision::{ChainFacts, Event, Typology};
use holdfast_types::{Seconds, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// A finding comes with its case when it is not later than this after the case's last event.
const AFTER: Seconds = Seconds::days(3);

/// A finding about an event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The pattern found.
    pub typology: Typology,
    /// The customer of the event.
    pub customer: String,
    /// The event.
    pub event: String,
    /// Time of the event.
    pub time: Timestamp,
}

/// One group of variants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Cases planted.
    pub cases: u64,
    /// Cases that were found.
    pub found: u64,
    /// Customers found correctly (deposits where a case is a deposit).
    pub right: u64,
    /// The group's part of false findings, by its share of the cases: with as many cases of this group alone it would be all of them.
    pub wrong_part: u64,
}

impl Group {
    /// Returns the recall: found cases among planted ones, thousandths.
    pub fn recall(&self) -> Option<u64> {
        (self.cases > 0).then(|| self.found * 1000 / self.cases)
    }

    /// Returns the precision: correct findings among all, thousandths.
    pub fn precision(&self) -> Option<u64> {
        let flagged = self.right + self.wrong_part;
        (self.cases > 0 && flagged > 0).then(|| self.right * 1000 / flagged)
    }
}

/// Recall and precision of a typology.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// Cases planted.
    pub cases: u64,
    /// Cases that were found.
    pub found: u64,
    /// Customers with a finding (deposits where a case is a deposit).
    pub flagged: u64,
    /// Customers with a finding at the time of a case of it.
    pub right: u64,
    /// Variants that thresholds may be chosen on.
    pub tuned: Group,
    /// Variants that are held out.
    pub held_out: Group,
}

impl Score {
    /// Returns the recall: found cases among planted ones, thousandths.
    pub fn recall(&self) -> Option<u64> {
        (self.cases > 0).then(|| self.found * 1000 / self.cases)
    }

    /// Returns the precision: correct findings among all, thousandths.
    pub fn precision(&self) -> Option<u64> {
        (self.flagged > 0).then(|| self.right * 1000 / self.flagged)
    }
}

/// Returns whether a case of it is one deposit, so that customers may have several.
fn by_deposit(typology: Typology) -> bool {
    matches!(typology, Typology::PeelChain | Typology::MixerExposure | Typology::CoinjoinExposure)
}

/// Scores findings against planted cases. A finding is right when its customer takes part in a case of its typology at that time: not before,
/// and at most three days after.
pub fn score_found(cases: &[Case], found: &BTreeSet<Found>) -> BTreeMap<Typology, Score> {
    let mut scores: BTreeMap<Typology, Score> = BTreeMap::new();
    let mut of: BTreeMap<(Typology, &str), Vec<usize>> = BTreeMap::new();
    for (n, case) in cases.iter().enumerate() {
        let score = scores.entry(typology_of(case.typology)).or_default();
        score.cases += 1;
        let group = if case.held_out { &mut score.held_out } else { &mut score.tuned };
        group.cases += 1;
        case.customers.iter().for_each(|c| of.entry((typology_of(case.typology), c)).or_default().push(n));
    }
    // What is counted: a customer, or a deposit; with the case that makes it right.
    let mut units: BTreeMap<(Typology, &str), Option<usize>> = BTreeMap::new();
    let mut hit: BTreeSet<usize> = BTreeSet::new();
    for f in found {
        let own_cases = of.get(&(f.typology, f.customer.as_str())).map_or(&[][..], Vec::as_slice);
        let fits = |n: &&usize| {
            let (case, at) = (&cases[**n], Timestamp::from_unix);
            match by_deposit(f.typology) {
                true => case.events.contains(&f.event),
                false => (at(case.begun)..=at(case.ended) + AFTER).contains(&f.time),
            }
        };
        let case = own_cases.iter().find(fits).copied();
        hit.extend(case);
        let unit = if by_deposit(f.typology) { f.event.as_str() } else { f.customer.as_str() };
        let known = units.entry((f.typology, unit)).or_default();
        *known = known.or(case);
    }
    for n in hit {
        let score = scores.entry(typology_of(cases[n].typology)).or_default();
        score.found += 1;
        let group = if cases[n].held_out { &mut score.held_out } else { &mut score.tuned };
        group.found += 1;
    }
    for ((typology, _), case) in units {
        let score = scores.entry(typology).or_default();
        score.flagged += 1;
        if let Some(n) = case {
            score.right += 1;
            let group = if cases[n].held_out { &mut score.held_out } else { &mut score.tuned };
            group.right += 1;
        }
    }
    for score in scores.values_mut().filter(|s| s.cases > 0) {
        let (wrong, cases) = (score.flagged - score.right, score.cases);
        for group in [&mut score.tuned, &mut score.held_out] {
            group.wrong_part = (wrong * group.cases).div_ceil(cases);
        }
    }
    scores
}

/// Scores findings (typology, customer) against planted cases, without regard to when they were made.
pub fn score(cases: &[Case], found: &BTreeSet<(Typology, String)>) -> BTreeMap<Typology, Score> {
    let at = |(typology, customer): &(Typology, String)| {
        let case = cases.iter().find(|c| typology_of(c.typology) == *typology && c.customers.contains(customer));
        let event = case.and_then(|c| c.events.first()).cloned().unwrap_or_default();
        Found {
            typology: *typology,
            customer: customer.clone(),
            event,
            time: Timestamp::from_unix(case.map_or(0, |c| c.begun)),
        }
    };
    score_found(cases, &found.iter().map(at).collect())
}

/// Finds patterns in all events in memory; `facts` returns the facts of the chain.
///
/// # Errors
/// When `progress` stops it.
pub fn found_at(
    exchange: &Exchange,
    facts: impl Fn(&Event) -> ChainFacts,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<BTreeSet<Found>, String> {
    let currency = Policy::default().reference_currency;
    let mut state = State::default();
    exchange.records.iter().for_each(|r| state.record(r));
    let mut all = BTreeSet::new();
    for (seq, event) in exchange.events.iter().enumerate() {
        let facts = facts(event);
        let value = event.value.unwrap_or(0);
        all.extend(find(&state, event, &facts, value, &currency).into_iter().map(|f| Found {
            typology: f.typology,
            customer: event.customer.clone(),
            event: event.id.clone(),
            time: event.time,
        }));
        state.apply(event, &facts, value, seq as u64);
        state.advance(event.time);
        if seq % 1024 == 0 && progress(seq as u64).is_break() {
            return Err("stopped".into());
        }
    }
    Ok(all)
}

/// Finds patterns as [`found_at`] does, by typology and customer.
///
/// # Errors
/// When `progress` stops it.
pub fn findings(
    exchange: &Exchange,
    facts: impl Fn(&Event) -> ChainFacts,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<BTreeSet<(Typology, String)>, String> {
    Ok(found_at(exchange, facts, progress)?.into_iter().map(|f| (f.typology, f.customer)).collect())
}
