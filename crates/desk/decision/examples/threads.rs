//! Measures the fold alone, without a store: decisions a second by one thread and several, in batches of 100 and 1,000 events.
//!
//! `cargo run --release -p holdfast-decision --example threads [EVENTS]`

use holdfast_decision::fold::{NewHold, PastHolds, Undecided};
use holdfast_decision::model::{Action, Direction, Method};
use holdfast_decision::stages::Workers;
use holdfast_decision::{ChainFacts, Event, EventKind, Fold, Models, RuleBook};
use holdfast_types::{Amount, Seconds, Timestamp};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

const CUSTOMERS: u64 = 20_000;
const START: Timestamp = Timestamp::from_unix(1_780_000_000);

#[derive(Default)]
struct Past(HashMap<String, u64>);

impl PastHolds for Past {
    type Error = Infallible;

    fn hold_on(&mut self, _: &str, keys: &[String]) -> Result<Option<u64>, Infallible> {
        Ok(keys.iter().find_map(|key| self.0.get(key)).copied())
    }

    fn placed(&mut self, hold: &NewHold) {
        self.0.insert(hold.plan.dedupe.clone(), hold.id);
    }
}

/// Traffic of an exchange: each customer has devices, addresses, cards of its own; a tenth of the payees are of many.
fn traffic(events: u64) -> Vec<(Event, ChainFacts)> {
    let mut state = 7u64;
    let mut below = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut all = Vec::new();
    for n in 0..events {
        // A few are far busier than most.
        let customer = if below(4) == 0 { below(CUSTOMERS / 50) } else { below(CUSTOMERS) };
        let kind = match below(20) {
            0..7 => EventKind::Account,
            7..12 => EventKind::Deposit,
            12..17 => EventKind::Withdrawal,
            _ => EventKind::Payment,
        };
        let time = START + Seconds::new(i64::try_from(n).unwrap_or(0) * 5);
        let mut event = Event::new(kind, format!("e{n}"), time, format!("customer-{customer}"));
        event.device = (below(3) > 0).then(|| format!("device-{customer}-{}", below(2)));
        event.ip = event.device.is_some().then(|| format!("10.{}.{}.7", customer % 251, below(2)));
        event.value = (kind != EventKind::Account).then(|| 1_000 + below(400_000));
        event.amount = event.value.map(|v| Amount::new(v.into()));
        let address = |below: &mut dyn FnMut(u64) -> u64| match below(10) {
            0 => format!("0x{:040x}", below(500)),
            _ => format!("0x{:040x}", 1_000 + customer * 8 + below(4)),
        };
        let mut facts = ChainFacts::default();
        match kind {
            EventKind::Account => event.action = Some(Action::Login),
            EventKind::Payment => {
                (event.method, event.direction) = (Some(Method::Card), Some(Direction::In));
                (event.asset, event.instrument) = (Some("EUR".into()), Some(format!("card-{customer}-{}", below(2))));
            }
            EventKind::Deposit | EventKind::Withdrawal => {
                (event.asset, event.counterparty) = (Some("ETH".into()), Some(address(&mut below)));
                (facts.ledger, facts.found) = (true, true);
                if kind == EventKind::Deposit {
                    (event.tx, event.output) = (Some(format!("0x{n:064x}")), Some(0));
                    facts.senders = (0..=below(2)).map(|_| address(&mut below)).collect();
                }
            }
        }
        all.push((event, facts));
    }
    all
}

/// Decides on all of it; returns the time, and how many were not allowed, so that runs can be compared.
fn run(traffic: &[(Event, ChainFacts)], batch: usize, threads: usize, rows: bool) -> (Duration, usize) {
    let mut fold = Fold::new(Arc::new(RuleBook::standard()));
    if rows {
        fold.models = Models::default().keeping_rows();
    }
    if threads > 1 {
        fold.workers = Workers::new(threads).ok().map(Arc::new);
    }
    let (mut past, mut stopped) = (Past::default(), 0);
    let begin = Instant::now();
    for part in traffic.chunks(batch) {
        fold.begin_events(fold.watermark);
        let batch: Vec<Undecided> = part.iter().map(|(event, facts)| Undecided { event, facts, price: None }).collect();
        let Ok(decided) = fold.events(&batch, fold.watermark, &mut past);
        stopped += decided.iter().filter(|d| d.decision.alert.is_some()).count();
    }
    (begin.elapsed(), stopped)
}

fn main() {
    let events = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(200_000);
    let traffic = traffic(events);
    for rows in [false, true] {
        println!(
            "{events} events, {CUSTOMERS} customers, {}",
            if rows { "rows of features kept" } else { "rules alone" }
        );
        for batch in [100, 1_000] {
            for threads in [1, 2, 4, 1, 2, 4] {
                let (took, alerts) = run(&traffic, batch, threads, rows);
                let second = events as f64 / took.as_secs_f64();
                println!("  batches of {batch}, {threads} threads: {second:.0} decisions/s, {alerts} alerts");
            }
        }
    }
}
