//! Labels: what the exchange's own people came to know of its customers. They come late, some never, and some are wrong; the ground truth
//! is in the cases.

use super::DAY;
use super::Pattern;
use super::{Exchange, Options};
use crate::random::Random;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What somebody concluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was so.
    Confirmed,
    /// There was nothing.
    Cleared,
}

/// Who it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// An analyst who worked an alert.
    Analyst,
    /// A bank that took money back.
    Chargeback,
    /// A request of the police.
    Police,
    /// The customer.
    Customer,
}

/// A label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Whom it is about.
    pub customer: String,
    /// Of what.
    pub typology: Pattern,
    /// What was concluded.
    pub outcome: Outcome,
    /// Who concluded it.
    pub source: Source,
    /// When it was known, Unix seconds; it may be later than the last event.
    pub known_at: i64,
}

/// Labels of an exchange: of ten customers in a case seven are confirmed after days to months, one is never noticed, one is cleared (half of
/// these are confirmed later) and one gets another typology; of a thousand others twenty are cleared and three are confirmed.
pub(super) fn labels(random: &mut Random, made: &Exchange, options: Options) -> Vec<Label> {
    let mut labels = Vec::new();
    let end = options.start + i64::from(options.days) * DAY;
    let sources = |typology: Pattern| match typology {
        Pattern::CardCashOut => [Source::Chargeback, Source::Chargeback, Source::Analyst],
        Pattern::ScamVictim | Pattern::AccountTakeover | Pattern::AddressPoisoning | Pattern::RansomwarePayment => {
            [Source::Customer, Source::Police, Source::Analyst]
        }
        _ => [Source::Analyst, Source::Analyst, Source::Police],
    };
    let mut busy = BTreeSet::new();
    for case in &made.cases {
        for customer in &case.customers {
            busy.insert(customer.as_str());
            let late = |random: &mut Random, days: u64| {
                case.ended + random.amount(1, days).cast_signed() * DAY + random.seconds_below(DAY)
            };
            let source = *random.pick(&sources(case.typology));
            let mut push = |typology, outcome, source, known_at| {
                labels.push(Label { customer: customer.clone(), typology, outcome, source, known_at });
            };
            match random.below(10) {
                0..=6 => push(case.typology, Outcome::Confirmed, source, late(random, 90)),
                7 => {}
                8 => {
                    push(case.typology, Outcome::Cleared, Source::Analyst, late(random, 4));
                    if random.permille(500) {
                        push(case.typology, Outcome::Confirmed, source, late(random, 120) + 5 * DAY);
                    }
                }
                _ => push(*random.pick(Pattern::ALL), Outcome::Confirmed, source, late(random, 60)),
            }
        }
    }
    let customers: BTreeSet<&str> = made.events.iter().map(|e| e.customer.as_str()).collect();
    for customer in customers.into_iter().filter(|c| !busy.contains(c)) {
        let outcome = match random.below(1_000) {
            0..=2 => Outcome::Confirmed,
            3..=22 => Outcome::Cleared,
            _ => continue,
        };
        let known_at = end - random.seconds_below((end - options.start) / 2);
        let typology = *random.pick(Pattern::ALL);
        labels.push(Label { customer: customer.to_owned(), typology, outcome, source: Source::Analyst, known_at });
    }
    labels.sort_by(|a, b| (a.known_at, &a.customer, a.outcome).cmp(&(b.known_at, &b.customer, b.outcome)));
    labels
}
