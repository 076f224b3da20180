//! Measures the state of customers on disk: `measure FOLDER CUSTOMERS build|decide [EVENTS]`.
//!
//! `build` takes a record, a deposit address and three events (deposit, withdrawal, login with a device) of each customer; `decide` opens the folder as a
//! start does and decides on events of customers drawn at random, first each for the first time (cold), then the same customers again (warm). Every fourth
//! withdrawal goes to a new address. Memory is the process's largest resident set; run it in a control group of 2 GiB so that the page cache is bounded too.

use holdfast_customer_store::{Checkpoint, Folder, Place};
use holdfast_customers::model::{Action, Event, EventKind, Record, RecordKind};
use holdfast_customers::state::State;
use holdfast_decision::ChainFacts;
use holdfast_decision::fold::{Fold, PastHolds};
use holdfast_decision::rules::RuleBook;
use holdfast_types::{Amount, Timestamp};
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const START: Timestamp = Timestamp::from_unix(1_780_000_000);
const MEMORY: usize = 512 << 20;
const CHANGED: usize = 4_096;

struct NoHolds;

impl PastHolds for NoHolds {
    type Error = Infallible;

    fn hold_on(&mut self, _: &str, _: &[String]) -> Result<Option<u64>, Infallible> {
        Ok(None)
    }
}

/// SplitMix64.
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn address(number: u64) -> String {
    let (a, b, c) = (mixed(number), mixed(number ^ (1 << 63)), mixed(number ^ (1 << 62)));
    format!("0x{a:016x}{b:016x}{:08x}", c >> 32)
}

fn customer(number: u64) -> String {
    format!("customer-{number:010}")
}

fn record(number: u64, kind: RecordKind) -> Record {
    let mut record = match kind {
        RecordKind::DepositAddress => Record::new(kind, address((number << 8) | 1), START),
        _ => Record::new(kind, customer(number), START),
    };
    match kind {
        RecordKind::DepositAddress => record.customer = Some(customer(number)),
        _ => (record.country, record.created, record.birth_year) = (Some("DE".into()), Some(START), Some(1980)),
    }
    record
}

fn event(number: u64, kind: EventKind, what: u64, time: Timestamp) -> Event {
    let mut event = Event::new(kind, format!("{number}-{what}"), time, customer(number));
    match kind {
        EventKind::Account => event.action = Some(Action::Login),
        _ => {
            event.asset = Some("ETH".into());
            event.amount = Some(Amount::new(1_000_000_000_000_000_000));
            event.value = Some(200_000 + number % 1000);
            event.counterparty = Some(address((number << 8) | 16 | what));
            event.tx = Some(format!("{:016x}{:016x}", mixed((number << 8) | what), what));
        }
    }
    event.device = Some(format!("device-{number}"));
    event
}

fn put(folder: &Folder, state: &mut State, position: u64) {
    let place = Place { position, watermark: START, next_event: position, rebuilt: None };
    let checkpoint = Checkpoint { format: 1, engine: 0, input: String::new(), swept: state.swept(), place };
    folder.write(&folder.take(state.take_changes(), Some(checkpoint))).expect("written");
}

fn resident_mib() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name: &str| {
        let line = status.lines().find_map(|l| l.strip_prefix(name));
        line.and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
    };
    (of("VmRSS:"), of("VmHWM:"))
}

fn build(folder: &Path, customers: u64) {
    let started = Instant::now();
    let folder = Arc::new(Folder::open(folder).expect("a folder"));
    folder.clear().expect("cleared");
    let mut state = State::stored(folder.clone(), MEMORY, START, START);
    for number in 0..customers {
        state.record(&record(number, RecordKind::Customer));
        state.record(&record(number, RecordKind::DepositAddress));
        for (what, kind) in [EventKind::Deposit, EventKind::Withdrawal, EventKind::Account].into_iter().enumerate() {
            let event = event(number, kind, what as u64, START);
            state.apply(&event, &ChainFacts::default(), event.value.unwrap_or(0), number * 3 + what as u64);
        }
        if state.changed() >= CHANGED {
            folder.write(&folder.take(state.take_changes(), None)).expect("written");
        }
        if number % 500_000 == 0 {
            let (now, most) = resident_mib();
            println!("{number} customers, {:.0} s, resident {now} MiB (most {most})", started.elapsed().as_secs_f64());
        }
    }
    put(&folder, &mut state, 1);
    assert_eq!(state.fault(), None);
    let (size, (now, most)) = (folder.size().expect("a size") >> 20, resident_mib());
    let seconds = started.elapsed().as_secs_f64();
    println!("built: {customers} customers in {seconds:.1} s, {size} MiB on disk, resident {now} MiB (most {most})");
}

fn percentiles(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    println!(
        "{what}: {} decisions, p50 {:.3} ms, p99 {:.3} ms, p99.9 {:.3} ms, most {:.3} ms",
        times.len(),
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}

fn decide(folder: &Path, customers: u64, events: u64) {
    let started = Instant::now();
    let folder = Arc::new(Folder::open(folder).expect("a folder"));
    let checkpoint = folder.checkpoint().expect("read").expect("a checkpoint");
    let mut fold = Fold::new(Arc::new(RuleBook::standard()));
    fold.state = State::stored(folder.clone(), MEMORY, checkpoint.place.watermark, checkpoint.swept);
    let mut first = None;
    let mut position = 2;
    for round in ["cold", "warm"] {
        let mut times = Vec::new();
        for i in 0..events {
            let number = mixed(i) % customers;
            // Of four withdrawals, three go to the address that was paid before.
            let what = if i % 4 == 0 { 100 + i % 100 } else { 1 };
            let mut event = event(number, EventKind::Withdrawal, what, START + holdfast_types::Seconds::HOUR);
            event.id = format!("{round}-{i}");
            event.tx = None;
            let began = Instant::now();
            let Ok(decided) = fold.event(&event, &ChainFacts::default(), None, event.time, &mut NoHolds);
            times.push(began.elapsed());
            std::hint::black_box(&decided);
            first.get_or_insert_with(|| started.elapsed());
            if fold.state.changed() >= CHANGED {
                put(&folder, &mut fold.state, position);
                position += 1;
            }
        }
        percentiles(round, times);
    }
    assert_eq!(fold.state.fault(), None);
    let (now, most) = resident_mib();
    println!(
        "start to first decision {:.3} s; resident {now} MiB (most {most})",
        first.unwrap_or_default().as_secs_f64()
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|a| a.parse::<u64>().ok());
    match (arguments.first(), number(1), arguments.get(2).map(String::as_str)) {
        (Some(folder), Some(customers), Some("build")) => build(Path::new(folder), customers),
        (Some(folder), Some(customers), Some("decide")) => {
            decide(Path::new(folder), customers, number(3).unwrap_or(100_000));
        }
        _ => eprintln!("measure FOLDER CUSTOMERS build|decide [EVENTS]"),
    }
}
