//! What is known of customers on disk: a desk that ends at any moment goes on from its last checkpoint and the log behind it, and a folder that does not fit
//! is built anew.

use holdfast_customer_store::Folder;
use holdfast_customers::entries::{Change, Part, Store};
use holdfast_customers::state::CustomerKey;
use holdfast_decision::{ChainFacts, Event};
use holdfast_evaluation::{Exchange, Options as Simulated, simulate};
use holdfast_event_log::checkpoints::{Checkpoints, Options};
use holdfast_screening::Screening;
use holdfast_screening::replay::replay_log;
use holdfast_simulate::random::Random;
use holdfast_testing::{TestClock, TestDb, on_both};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

on_both!(
    a_desk_on_disk_decides_as_one_in_memory_wherever_it_is_ended,
    an_older_checkpoint_is_brought_up_to_date,
    a_folder_of_another_desk_is_built_anew,
    a_start_without_the_folder_makes_it_outdated,
    a_damaged_entry_stores_nothing_and_is_built_anew,
    what_is_erased_is_gone_from_the_folder,
);

/// Checkpoints every so many changed entries, next to no memory.
fn options(entries: usize) -> Options {
    Options { every: Duration::from_secs(3600), entries, memory: 0 }
}

/// A desk whose clock is behind every simulated event.
struct Desk<'a> {
    place: &'a TestDb,
    clock: TestClock,
    exchange: &'a Exchange,
}

impl<'a> Desk<'a> {
    fn new(place: &'a TestDb, exchange: &'a Exchange) -> Self {
        let clock = TestClock::new();
        clock.set(exchange.events.iter().map(|e| e.time).max().unwrap());
        Desk { place, clock, exchange }
    }

    fn open(&self, folder: Option<(&Path, usize)>) -> Screening {
        let disk = folder.map(|(path, entries)| Checkpoints::open(path, options(entries)).unwrap());
        Screening::open_with(&self.place.url, self.clock.clock().into(), disk).unwrap()
    }

    fn decide(&self, screening: &Screening, from: usize, count: usize) {
        let events = self.exchange.events.iter().skip(from).take(count);
        let batch: Vec<(Event, ChainFacts)> = events.map(|e| (e.clone(), ChainFacts::unavailable("no node"))).collect();
        screening.decide_batch(batch, "t").unwrap().into_iter().for_each(|answer| drop(answer.unwrap()));
    }
}

fn exchange() -> Exchange {
    simulate(Simulated { customers: 200, cases: 3, ..Simulated::default() }).unwrap()
}

fn rebuilt(screening: &Screening) -> i64 {
    let sql = "SELECT COUNT(*) FROM inputs WHERE kind = 'rebuilt'";
    screening.read(|db| db.query(sql, &[])).unwrap()[0].int(0).unwrap()
}

/// The digest of all decisions, which are as a replay of the log makes them.
fn digest(screening: &Screening) -> String {
    let replay = replay_log(screening, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((replay.problems, replay.decisions), (Vec::new(), screening.last_event().unwrap()));
    assert_eq!(screening.verify_audit(None).unwrap().problems, [""; 0]);
    replay.sha256
}

/// The digest of a desk that has all in memory and never ends.
fn in_memory(exchange: &Exchange, events: usize) -> String {
    let place = TestDb::sqlite();
    let desk = Desk::new(&place, exchange);
    let screening = desk.open(None);
    screening.ingest(exchange.records.clone(), "t").unwrap();
    desk.decide(&screening, 0, events);
    digest(&screening)
}

fn a_desk_on_disk_decides_as_one_in_memory_wherever_it_is_ended(place: &TestDb) {
    let exchange = exchange();
    let desk = Desk::new(place, &exchange);
    let dir = tempfile::tempdir().unwrap();
    let mut random = Random::new(7);
    let mut screening = desk.open(Some((dir.path(), 1)));
    screening.ingest(exchange.records.clone(), "t").unwrap();
    let mut at = 0;
    while at < 1_000 {
        let count = (1 + random.below(120) as usize).min(1_000 - at);
        desk.decide(&screening, at, count);
        at += count;
        if random.below(3) == 0 {
            drop(screening);
            let entries = [1, 100, usize::MAX][random.below(3) as usize];
            screening = desk.open(Some((dir.path(), entries)));
            assert_eq!(rebuilt(&screening), 1, "a warm start builds nothing anew");
        }
    }
    assert_eq!(digest(&screening), in_memory(&exchange, 1_000));
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), to).unwrap()),
        }
    }
}

fn an_older_checkpoint_is_brought_up_to_date(place: &TestDb) {
    let exchange = exchange();
    let desk = Desk::new(place, &exchange);
    let dir = tempfile::tempdir().unwrap();
    let [now, old] = ["now", "old"].map(|name| dir.path().join(name));
    let screening = desk.open(Some((&now, 1)));
    screening.ingest(exchange.records.clone(), "t").unwrap();
    desk.decide(&screening, 0, 150);
    drop(screening);
    copy(&now, &old);
    let screening = desk.open(Some((&now, 1)));
    desk.decide(&screening, 150, 300);
    drop(screening);
    let screening = desk.open(Some((&old, 50)));
    assert_eq!(rebuilt(&screening), 1);
    desk.decide(&screening, 450, 150);
    assert_eq!(digest(&screening), in_memory(&exchange, 600));
}

fn a_folder_of_another_desk_is_built_anew(place: &TestDb) {
    let exchange = exchange();
    let dir = tempfile::tempdir().unwrap();
    let other = TestDb::sqlite();
    let desk = Desk::new(&other, &exchange);
    let screening = desk.open(Some((dir.path(), 1)));
    screening.ingest(exchange.records[..50].to_vec(), "t").unwrap();
    desk.decide(&screening, 200, 10);
    drop(screening);
    let desk = Desk::new(place, &exchange);
    let screening = desk.open(Some((dir.path(), 1)));
    screening.ingest(exchange.records.clone(), "t").unwrap();
    desk.decide(&screening, 0, 300);
    assert_eq!(digest(&screening), in_memory(&exchange, 300));
}

fn a_start_without_the_folder_makes_it_outdated(place: &TestDb) {
    let exchange = exchange();
    let desk = Desk::new(place, &exchange);
    let dir = tempfile::tempdir().unwrap();
    let screening = desk.open(Some((dir.path(), 1)));
    screening.ingest(exchange.records.clone(), "t").unwrap();
    desk.decide(&screening, 0, 100);
    drop(screening);
    let screening = desk.open(None);
    desk.decide(&screening, 100, 100);
    drop(screening);
    let screening = desk.open(Some((dir.path(), 1)));
    desk.decide(&screening, 200, 100);
    assert_eq!(rebuilt(&screening), 3, "the first start, the one without the folder, the one after it");
    digest(&screening);
}

fn a_damaged_entry_stores_nothing_and_is_built_anew(place: &TestDb) {
    let exchange = exchange();
    let desk = Desk::new(place, &exchange);
    let dir = tempfile::tempdir().unwrap();
    let screening = desk.open(Some((dir.path(), 1)));
    screening.ingest(exchange.records.clone(), "t").unwrap();
    desk.decide(&screening, 0, 200);
    drop(screening);
    let customer = exchange.events[200].customer.clone();
    let key = CustomerKey::of(&customer).to_bytes().to_vec();
    let folder = Folder::open(dir.path()).unwrap();
    let mut value = folder.read(Part::Customers, &key).unwrap().unwrap();
    let last = value.len() - 1;
    value[last] ^= 1;
    folder.write(&folder.take(vec![Change { part: Part::Customers, key, value: Some(value) }], None)).unwrap();
    drop(folder);
    let screening = desk.open(Some((dir.path(), 1)));
    let event = exchange.events[200].clone();
    let refused = screening.decide(event, ChainFacts::unavailable("no node"), "t").unwrap_err().to_string();
    assert!(refused.contains("state of customers") && refused.contains("checksum"), "{refused}");
    assert_eq!(screening.last_event().unwrap(), 200);
    desk.decide(&screening, 200, 100);
    digest(&screening);
}

fn what_is_erased_is_gone_from_the_folder(place: &TestDb) {
    let exchange = exchange();
    let desk = Desk::new(place, &exchange);
    let dir = tempfile::tempdir().unwrap();
    let screening = desk.open(Some((dir.path(), 1)));
    screening.ingest(exchange.records.clone(), "t").unwrap();
    desk.decide(&screening, 0, 50);
    let customer = exchange.events[0].customer.clone();
    let erased = customer.clone();
    screening
        .transact("t", move |tx| {
            for sql in ["DELETE FROM events WHERE customer = $1", "DELETE FROM records WHERE customer = $1 OR id = $1"]
            {
                tx.db().execute(sql, &[erased.as_str().into()])?;
            }
            tx.rewrote_rows()
        })
        .unwrap();
    drop(screening);
    let folder = Folder::open(dir.path()).unwrap();
    assert!(folder.checkpoint().unwrap().is_some());
    let key = CustomerKey::of(&customer).to_bytes();
    assert_eq!(folder.read(Part::Customers, &key).unwrap(), None);
    drop(folder);
    desk.decide(&desk.open(Some((dir.path(), 1))), 50, 50);
}
