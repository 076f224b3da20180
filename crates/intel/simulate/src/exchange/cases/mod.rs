//! Cases: what happens to some customers on top of their ordinary lives. Who takes part is drawn from everybody.

mod fraud;
mod laundering;

use super::people::Person;
use super::{Builder, Case, Variants};
use crate::exchange::DAY;
use crate::exchange::Pattern;
use crate::exchange::records::CustomerType;

/// Who can take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Anybody,
    Individual,
    Company,
    /// Signed up while the exchange is watched, within a few days of each other.
    Fresh,
    /// Signed up before the exchange is watched.
    Aged,
}

/// A modus operandi.
struct Variant {
    typology: Pattern,
    name: &'static str,
    /// Never looked at while thresholds are chosen.
    held_out: bool,
    who: Who,
    people: (usize, usize),
    /// Days from its first to its last event at most.
    span_days: i64,
    plant: fn(&mut Builder, &[Person], i64),
}

/// A case that will be planted.
pub(super) struct Planned {
    variant: &'static Variant,
    pub(super) people: usize,
}

/// Draws the variants of all cases, tuned and held-out ones by turns.
pub(super) fn plan(builder: &mut Builder) -> Vec<Planned> {
    let mut planned = Vec::new();
    for typology in Pattern::ALL.iter().copied() {
        for n in 0..builder.options.cases {
            let held_out = match builder.options.variants {
                Variants::All => n % 2 == 1,
                Variants::Tuned => false,
                Variants::HeldOut => true,
            };
            let fits = |v: &&Variant| v.typology == typology && v.held_out == held_out;
            let choice: Vec<&'static Variant> =
                laundering::VARIANTS.iter().chain(fraud::VARIANTS).filter(fits).collect();
            if choice.is_empty() {
                continue; // Needs a chain.
            }
            let variant = *builder.random.pick(&choice);
            let people = builder.random.count(variant.people.0, variant.people.1);
            planned.push(Planned { variant, people });
        }
    }
    builder.random.shuffle(&mut planned);
    planned
}

/// Draws who takes part and plants.
pub(super) fn plant(builder: &mut Builder, planned: Vec<Planned>, mut free: Vec<Person>) {
    builder.random.shuffle(&mut free);
    for Planned { variant, people } in planned {
        let chosen = choose(builder, &mut free, variant.who, people);
        if chosen.len() < variant.people.0 {
            continue;
        }
        let begin = chosen.iter().map(|p| p.from).max().unwrap_or(0) + 2 * DAY;
        let last = builder.end() - (variant.span_days + 3) * DAY;
        let time = builder.moment(begin, last.max(begin + DAY));
        builder.current = Some(builder.cases.len());
        builder.cases.push(Case {
            id: String::new(),
            typology: variant.typology,
            variant: variant.name.into(),
            held_out: variant.held_out,
            customers: chosen.iter().map(|p| p.id.clone()).collect(),
            events: Vec::new(),
            begun: 0,
            ended: 0,
        });
        (variant.plant)(builder, &chosen, time);
        builder.current = None;
    }
    for (n, case) in builder.cases.iter_mut().enumerate() {
        case.id = format!("case-{}", n + 1);
    }
}

fn choose(builder: &mut Builder, free: &mut Vec<Person>, who: Who, many: usize) -> Vec<Person> {
    let start = builder.options.start;
    let fits = |p: &Person| match who {
        Who::Anybody => true,
        Who::Individual => p.kind == CustomerType::Individual,
        Who::Company => p.kind == CustomerType::Business,
        Who::Fresh => p.kind == CustomerType::Individual && p.created >= start,
        Who::Aged => p.kind == CustomerType::Individual && p.created < start,
    };
    let mut found: Vec<usize> = (0..free.len()).filter(|i| fits(&free[*i])).collect();
    if who == Who::Fresh {
        // Around one of them, in time.
        found.sort_by_key(|i| free[*i].created);
        let from = builder.random.index(found.len().saturating_sub(many).max(1));
        found.drain(..from);
    }
    found.truncate(many);
    found.sort_unstable_by(|a, b| b.cmp(a));
    let mut chosen: Vec<Person> = found.into_iter().map(|i| free.remove(i)).collect();
    builder.random.shuffle(&mut chosen);
    chosen
}

impl Builder {
    /// Seconds between two numbers of hours.
    fn hours(&mut self, from: u64, to: u64) -> i64 {
        self.random.between(from * 3_600, to * 3_600).cast_signed()
    }

    /// Pays out a sum in parts to one or more addresses.
    fn drain(&mut self, p: &Person, time: i64, sum: u64, parts: u64, within: i64, to: &[String]) {
        let (mut time, mut rest) = (time, sum);
        for (left, address) in (1..=parts).rev().zip(to.iter().cycle()) {
            let part = if left == 1 { rest } else { self.share(rest / left, 70, 130) };
            rest -= part;
            self.withdraw(p, time, address, part);
            time += self.random.seconds(300, (within / parts.cast_signed()).max(301));
        }
    }
}
