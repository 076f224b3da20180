//! The log of inputs gives the stored decisions again, byte for byte, whatever happened.

use holdfast_attribution::Category;
use holdfast_decision::facts::TagFact;
use holdfast_decision::flags::{Flag, State, Subject};
use holdfast_decision::inputs::{ENGINE, UNVERSIONED_ENGINE};
use holdfast_decision::model::{Direction, Method};
use holdfast_decision::rules::DEFAULT_BOOK;
use holdfast_decision::{ChainFacts, Event, EventKind, Price, Record, RecordKind, Scope};
use holdfast_learned::Step;
use holdfast_screening::holds::{HoldFilter, HoldRequest};
use holdfast_screening::replay::{OtherEngine, Replay, replay_log};
use holdfast_screening::service::Transaction;
use holdfast_screening::standby::{Attempt, Standby};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_simulate::random::Random;
use holdfast_store::Database;
use holdfast_testing::{START, TestClock, TestDb, deposit, on_both, value_model, withdrawal};
use holdfast_types::ids::FlagId;
use holdfast_types::{Amount, Seconds, Timestamp};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::channel;

on_both!(
    a_random_history_is_given_again,
    a_standby_goes_on_as_the_writer_would_have,
    a_standby_that_found_a_difference_takes_over_cold,
    what_was_changed_beside_the_program_is_named,
    a_store_older_than_its_log_says_what_is_uncovered,
    decisions_of_another_engine_are_not_covered,
);

const DAY: Seconds = Seconds::DAY;

fn replayed(screening: &Screening) -> Replay {
    replay_log(screening, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// What a restart is in a history.
enum Restart {
    /// The process starts anew.
    Cold,
    /// There is none.
    Never,
    /// A standby takes over.
    Standby(Option<Box<Standby>>),
}

struct History<'a> {
    restart: Restart,
    place: &'a TestDb,
    random: Random,
    clock: TestClock,
    now: Timestamp,
    screening: Option<Screening>,
    sent: Vec<(Event, ChainFacts)>,
    made: u64,
}

impl History<'_> {
    fn desk(&self) -> &Screening {
        self.screening.as_ref().unwrap()
    }

    fn customer(&mut self) -> String {
        format!("c{}", self.random.below(6))
    }

    fn address(&mut self) -> String {
        format!("0x{:040x}", self.random.below(12))
    }

    fn facts(&mut self) -> ChainFacts {
        let tag = TagFact {
            address: "0xaa".into(),
            label: "Listed".into(),
            category: Category::from_name("sanction").unwrap(),
            confidence: 100,
            source: "https://example.org/list".into(),
            pack: "list".into(),
        };
        match self.random.below(8) {
            0 => ChainFacts { category: tag.category, tags: vec![tag], ..ChainFacts::default() },
            1 => ChainFacts::unavailable("the node is down"),
            2..=4 => {
                let senders = vec![self.address(), self.address()];
                ChainFacts { ledger: true, found: true, senders, ..ChainFacts::default() }
            }
            _ => ChainFacts { ledger: true, found: true, ..ChainFacts::default() },
        }
    }

    fn event(&mut self) -> Event {
        self.made += 1;
        let (id, customer, to) = (format!("e{}", self.made), self.customer(), self.address());
        let amount = u128::from(self.random.below(50)) + 1;
        let tx = format!("0x{:064x}", self.random.below(300));
        let mut event = match self.random.below(4) {
            0 => withdrawal(&id, &customer, &to, amount, self.random.below(2_000_000)),
            1 => {
                let mut event = Event::new(EventKind::Payment, &id, START, &customer);
                (event.asset, event.amount) = (Some("USD".into()), Some(Amount::new(amount * 10_000)));
                (event.direction, event.method) = (Some(Direction::In), Some(Method::Card));
                event.instrument = Some(format!("card-{}", self.random.below(4)));
                event
            }
            _ => Event { counterparty: Some(to), ..deposit(&id, &customer, &tx, amount, self.random.below(2_000_000)) },
        };
        if event.kind == EventKind::Deposit && self.random.below(3) == 0 {
            event.output = None;
        }
        if self.random.below(3) == 0 {
            event.value = None;
        }
        if self.random.below(2) == 0 {
            event.device = Some(format!("device-{}", self.random.below(5)));
        }
        if self.random.below(3) == 0 {
            event.balance = Some(Amount::new(u128::from(self.random.below(60))));
        }
        // Some come late: within windows, and beyond all of them.
        let late = match self.random.below(6) {
            0 => self.random.below(3) * 86_400,
            1 => self.random.below(200) * 86_400,
            _ => self.random.below(600),
        };
        event.time = self.now - Seconds::new(late as i64);
        event
    }

    /// Returns an event, at times one that was sent before.
    fn next_event(&mut self) -> (Event, ChainFacts) {
        let known =
            (!self.sent.is_empty() && self.random.below(10) == 0).then(|| self.random.below(self.sent.len() as u64));
        let next = match known {
            Some(i) => self.sent[i as usize].clone(),
            None => (self.event(), self.facts()),
        };
        self.sent.push(next.clone());
        next
    }

    /// Sends events as a batch, so that what is one input does not depend on the writer's pace.
    fn decide_batch(&mut self) {
        let actor = format!("sender-{}", self.random.below(2));
        let count = 1 + self.random.below(40);
        let events = (0..count).map(|_| self.next_event()).collect();
        self.desk().decide_batch(events, &actor).unwrap().into_iter().for_each(|answer| drop(answer.unwrap()));
        // At times the standby is behind when it takes over.
        if let Restart::Standby(Some(standby)) = &mut self.restart
            && self.made.is_multiple_of(3)
        {
            standby.catch_up(&mut |_| ControlFlow::Continue(())).unwrap();
        }
    }

    fn restart(&mut self) {
        if !matches!(self.restart, Restart::Cold) {
            // That memory was built anew after a panic is in the log with the next input only; it may not be lost with the process here.
            let price = Price { base_units: Amount::new(10), value: 5 };
            self.desk().set_price("LTC", price, "ana").unwrap();
        }
        let standby = match &mut self.restart {
            Restart::Never => return,
            Restart::Cold => None,
            Restart::Standby(standby) => standby.take(),
        };
        let Some(standby) = standby else {
            self.screening = None;
            self.screening = Some(Screening::open(&self.place.url, self.clock.clock()).unwrap());
            return;
        };
        let time = || self.clock.clock().into();
        let Attempt::Waits(standby) = standby.take_over(time()).unwrap() else { panic!("there is a writer") };
        self.screening = None;
        let Attempt::Writer(screening) = standby.take_over(time()).unwrap() else { panic!("there is no writer") };
        self.screening = Some(*screening);
        self.restart = Restart::Standby(Some(Box::new(Standby::follow(&self.place.url).unwrap())));
    }

    /// Sends events at once, so that the writer makes batches of them; some were sent before.
    fn decide(&mut self) {
        if !matches!(self.restart, Restart::Cold) {
            return self.decide_batch();
        }
        let (sender, answers) = channel();
        let actor: Arc<str> = format!("sender-{}", self.random.below(2)).into();
        let count = 1 + self.random.below(12);
        for _ in 0..count {
            let (event, facts) = self.next_event();
            let sender = sender.clone();
            self.desk().submit(event, facts, &actor, move |answer| sender.send(answer.map(|_| ())).unwrap()).unwrap();
        }
        for _ in 0..count {
            answers.recv().unwrap().unwrap();
        }
    }

    fn records(&mut self) {
        let mut records = Vec::new();
        for _ in 0..1 + self.random.below(4) {
            let (id, customer) = (self.random.below(6), self.customer());
            let time = self.now - self.random.below(5) as i64 * DAY;
            let record = |kind, id: String| Record { customer: Some(customer.clone()), ..Record::new(kind, id, time) };
            records.push(match self.random.below(4) {
                0 => Record {
                    country: Some(["DE", "IR", "PL"][id as usize % 3].into()),
                    created: Some(time - id as i64 * 20 * DAY),
                    ..Record::new(RecordKind::Customer, customer.clone(), time)
                },
                1 => Record { asset: Some("ETH".into()), ..record(RecordKind::DepositAddress, format!("0x{id:040x}")) },
                2 => Record { fingerprint: Some(format!("card-{id}")), ..record(RecordKind::Card, format!("k{id}")) },
                _ => {
                    Record { fingerprint: Some(format!("device-{id}")), ..record(RecordKind::Device, format!("v{id}")) }
                }
            });
        }
        self.desk().ingest(records, "exchange").unwrap();
    }

    fn flags(&mut self) {
        let id = FlagId::from(format!("f{}", self.random.below(8)));
        let flag = Flag {
            id: id.clone(),
            member: "Other Exchange".into(),
            community: String::new(),
            subject: Subject::Address,
            asset: "ETH".into(),
            value: self.address(),
            reason: "stolen".into(),
            raised: self.now,
            until: self.now + DAY,
            state: State::Open,
            source: None,
            tlp: String::new(),
        };
        // A flag that is known, or ended, refuses some of it.
        let _ = match self.random.below(4) {
            0 => self.desk().transact("sync", move |tx| tx.end_flag(&id, State::Confirmed, "seen")).map(|_| ()),
            1 => self.desk().transact("sync", move |tx| tx.end_flag(&id, State::Withdrawn, "wrong")).map(|_| ()),
            _ => self.desk().raise_flag(flag, "sync").map(|_| ()),
        };
    }

    fn holds(&mut self) {
        let active = self
            .desk()
            .holds(&HoldFilter { state: Some("active".into()), limit: 1_000, ..HoldFilter::default() })
            .unwrap();
        let picked = (!active.is_empty()).then(|| active[self.random.below(active.len() as u64) as usize].clone());
        match (self.random.below(4), picked) {
            (0, Some(hold)) => {
                for person in ["ana", "ben"] {
                    let _ = self.desk().release_hold(hold.id, None, "checked", person);
                }
            }
            (1, Some(hold)) => {
                let _ = self.desk().transact("ana", move |tx| tx.extend_hold(hold.id, Seconds::HOUR));
            }
            (2, Some(hold)) if hold.amount.is_some_and(|a| a > Amount::new(1)) => {
                for person in ["ana", "ben"] {
                    let _ = self.desk().release_hold(hold.id, Some(Amount::new(1)), "a part", person);
                }
            }
            _ => {
                let expires = self.now + self.random.below(3) as i64 * DAY + Seconds::new(60);
                let scope = [Scope::Account, Scope::Amount][self.random.below(2) as usize];
                let request = HoldRequest {
                    id: format!("r{}", self.random.below(20)),
                    scope,
                    customer: self.customer(),
                    account: None,
                    asset: (scope == Scope::Amount).then(|| "ETH".into()),
                    amount: (scope == Scope::Amount).then_some(Amount::new(7)),
                    transfer: None,
                    basis: "order".into(),
                    reason: "a test".into(),
                    expires: Some(expires),
                    review: None,
                    second_person: None,
                };
                let _ = self.desk().place_hold(request, "ana");
            }
        }
    }

    fn rules(&mut self) {
        let book = match self.random.below(3) {
            0 => DEFAULT_BOOK.to_owned(),
            n => DEFAULT_BOOK.replacen("title: ", &format!("title: {n} "), n as usize * 3),
        };
        self.desk().apply_rules(&book, "ana").unwrap();
        let price = Price { base_units: Amount::new(10), value: 1 + self.random.below(100_000) };
        self.desk().set_price("ETH", price, "ana").unwrap();
    }

    /// Models come and go, by the number of events so far: nothing is drawn for them.
    fn models(&mut self) {
        let n = self.made;
        let purpose = ["withdrawal-scam", "event-risk", "mule"][(n % 3) as usize];
        let model = value_model(purpose, 20_000 + (n % 4) as u32 * 10_000);
        let hash = model.hash();
        self.desk().add_model(model, "ana").unwrap();
        // What is in no state for a step refuses it.
        let steps: &[Step] = if n % 5 == 4 { &[Step::Retire] } else { &[Step::Shadow, Step::Champion, Step::Champion] };
        for (step, person) in steps.iter().zip(["ana", "ben", "ana"]).take(1 + (n % 3) as usize) {
            let _ = self.desk().step_model(hash, *step, "because", person);
        }
    }

    /// A change that places a hold and a flag and then is refused or panics leaves nothing in the log.
    fn refused(&mut self) {
        let (customer, panics) = (self.customer(), self.random.below(2) == 0);
        let (id, now) = (format!("x{}", self.made), self.now);
        let refuse = move |tx: &mut Transaction<'_>| -> Result<(), ScreeningError> {
            tx.place_hold(HoldRequest {
                id,
                scope: Scope::Account,
                customer,
                account: None,
                asset: None,
                amount: None,
                transfer: None,
                basis: "order".into(),
                reason: "a test".into(),
                expires: Some(now + Seconds::new(60)),
                review: None,
                second_person: None,
            })?;
            assert!(!panics, "this panic is part of the test");
            Err(ScreeningError::State("refused".into()))
        };
        assert!(self.desk().transact("ana", refuse).is_err());
    }

    fn step(&mut self) {
        match self.random.below(24) {
            0..=10 => self.decide(),
            11 | 12 => self.records(),
            13 | 14 => self.flags(),
            15 | 16 => self.holds(),
            17 => {
                self.rules();
                self.models();
            }
            18 => self.refused(),
            19 | 20 => {
                self.now += self.random.below(20) as i64 * DAY / 10;
                self.clock.set(self.now);
                self.desk().expire_holds().unwrap();
            }
            21 => {
                let mut facts = (0..50).map(|_| self.facts()).collect::<Vec<_>>().into_iter().cycle();
                let look = move |_: &Event| facts.next().unwrap_or_default();
                self.desk().rescreen(look, "tags changed", &mut |_| ControlFlow::Continue(())).unwrap();
            }
            22 => {
                // Far enough for sweeps and for windows that end.
                self.now += 40 * DAY;
                self.clock.set(self.now);
            }
            _ => self.restart(),
        }
    }
}

/// Runs a history; returns the desk with how many holds there ever were.
fn history(place: &TestDb, seed: u64, steps: usize) -> (Screening, u64) {
    history_with(place, seed, steps, Restart::Cold)
}

fn history_with(place: &TestDb, seed: u64, steps: usize, restart: Restart) -> (Screening, u64) {
    let clock = TestClock::new();
    let screening = Some(Screening::open(&place.url, clock.clock()).unwrap());
    let mut history =
        History { restart, place, random: Random::new(seed), clock, now: START, screening, sent: Vec::new(), made: 0 };
    for _ in 0..steps {
        history.step();
    }
    let screening = history.screening.unwrap();
    let rows = screening.read(|db| db.query("SELECT COUNT(*) FROM holds", &[])).unwrap();
    (screening, rows[0].number(0).unwrap())
}

fn is_given_again(screening: &Screening, seed: u64) -> Replay {
    let replay = replayed(screening);
    let stored = screening.last_event().unwrap();
    assert_eq!(replay.problems, [""; 0], "seed {seed}");
    assert_eq!((replay.decisions, replay.uncovered, replay.stopped), (stored, 0, false), "seed {seed}");
    assert!(screening.check_holds().unwrap().problems.is_empty());
    assert_eq!(screening.verify_audit(None).unwrap().problems, [""; 0], "seed {seed}");
    replay
}

fn a_random_history_is_given_again(place: &TestDb) {
    let (screening, holds) = history(place, 1, 120);
    let replay = is_given_again(&screening, 1);
    assert!(replay.decisions > 100 && holds > 20 && replay.holds > 0, "{replay:?} {holds}");
}

#[test]
fn many_random_histories_are_given_again() {
    let mut kinds = std::collections::BTreeSet::new();
    for seed in 2..12 {
        let place = TestDb::sqlite();
        let (screening, _) = history(&place, seed, 150);
        is_given_again(&screening, seed);
        for row in screening.read(|db| db.query("SELECT DISTINCT kind FROM inputs", &[])).unwrap() {
            kinds.insert(row.text(0).unwrap().to_owned());
        }
    }
    let all = [
        "alert",
        "events",
        "flag",
        "hold_changed",
        "hold_placed",
        "models",
        "price",
        "rebuilt",
        "records",
        "rules",
        "start",
    ];
    assert_eq!(kinds.iter().map(String::as_str).collect::<Vec<_>>(), all, "every kind of input is exercised");
}

/// Everything that decisions left behind, as text.
fn left(screening: &Screening) -> Vec<String> {
    let mut all = Vec::new();
    for sql in [
        "SELECT seq, id, body, facts, result FROM events ORDER BY seq",
        "SELECT * FROM holds ORDER BY id",
        "SELECT * FROM postings ORDER BY id",
        "SELECT * FROM alerts ORDER BY id",
    ] {
        all.extend(screening.read(|db| db.query(sql, &[])).unwrap().iter().map(|row| format!("{row:?}")));
    }
    all
}

fn rebuilt(screening: &Screening) -> i64 {
    let sql = "SELECT COUNT(*) FROM inputs WHERE kind = 'rebuilt'";
    screening.read(|db| db.query(sql, &[])).unwrap()[0].int(0).unwrap()
}

/// Decisions, holds and alerts are the same whether one process decides all, or standbys take over again and again.
fn a_standby_goes_on_as_the_writer_would_have(place: &TestDb) {
    for (seed, steps) in [(21, 110), (22, 60)] {
        let (alone, second) = (TestDb::sqlite(), TestDb::sqlite());
        let place = if seed == 21 { place } else { &second };
        let (alone, _) = history_with(&alone, seed, steps, Restart::Never);
        let standby = Box::new(Standby::follow(&place.url).unwrap());
        let (taken_over, holds) = history_with(place, seed, steps, Restart::Standby(Some(standby)));
        assert!(alone.last_event().unwrap() > 200 && holds > 20, "seed {seed}");
        for (one, other) in left(&alone).iter().zip(&left(&taken_over)) {
            assert_eq!(one, other, "seed {seed}");
        }
        assert_eq!(left(&alone).len(), left(&taken_over).len(), "seed {seed}");
        assert_eq!(replayed(&alone).sha256, replayed(&taken_over).sha256, "seed {seed}");
        assert_eq!(rebuilt(&alone), rebuilt(&taken_over), "no takeover builds memory anew; seed {seed}");
        is_given_again(&alone, seed);
        is_given_again(&taken_over, seed);
    }
}

/// What the standby cannot vouch for is built anew, and that is stated in the log.
fn a_standby_that_found_a_difference_takes_over_cold(place: &TestDb) {
    let (screening, _) = history(place, 5, 40);
    let mut standby = Standby::follow(&place.url).unwrap();
    let followed = standby.catch_up(&mut |_| ControlFlow::Continue(())).unwrap();
    assert!(followed.position > 10 && followed.lag() == 0, "{followed:?}");
    assert_eq!(standby.report().problems, [""; 0]);
    let now = screening.now();
    let mut db = Database::connect(&place.url).unwrap();
    let last = screening.last_event().unwrap();
    later(&screening, "a");
    let before = rebuilt(&screening);
    let change = format!("UPDATE events SET result = result || ' ' WHERE seq = {}", last + 3);
    let undo = format!("UPDATE events SET result = trim(result) WHERE seq = {}", last + 3);
    assert_eq!(db.execute(&change, &[]).unwrap(), 1);
    drop(screening);
    let clock = TestClock::new();
    clock.set(now);
    let Attempt::Writer(screening) = standby.take_over(clock.clock().into()).unwrap() else { panic!("no writer") };
    assert_eq!(db.execute(&undo, &[]).unwrap(), 1);
    later(&screening, "b");
    assert_eq!(rebuilt(&screening), before + 1);
    is_given_again(&screening, 5);
}

fn what_was_changed_beside_the_program_is_named(place: &TestDb) {
    let (screening, _) = history(place, 1, 40);
    let decided = screening.last_event().unwrap();
    assert!(decided > 10);
    let mut db = Database::connect(&place.url).unwrap();
    for (change, undo, named) in [
        (
            "UPDATE events SET result = result || ' ' WHERE seq = 5",
            "UPDATE events SET result = trim(result) WHERE seq = 5",
            "the decision of number 5",
        ),
        (
            "UPDATE events SET facts = facts || ' ' WHERE seq = 6",
            "UPDATE events SET facts = trim(facts) WHERE seq = 6",
            "the facts of number 6",
        ),
        (
            "UPDATE inputs SET position = position + 1000000 WHERE position = 7",
            "UPDATE inputs SET position = 7 WHERE position = 1000007",
            "no input at position 7",
        ),
        (
            "UPDATE inputs SET body = replace(body, '\"time\":', '\"time\":1') WHERE position = (SELECT MIN(position) FROM inputs WHERE kind = 'events')",
            "UPDATE inputs SET body = replace(body, '\"time\":1', '\"time\":') WHERE position = (SELECT MIN(position) FROM inputs WHERE kind = 'events')",
            "of number 1",
        ),
    ] {
        assert_eq!(db.execute(change, &[]).unwrap(), 1, "{change}");
        let found = replayed(&screening);
        assert_eq!(db.execute(undo, &[]).unwrap(), 1, "{undo}");
        assert!(found.problems.iter().any(|p| p.contains(named)), "{change}: {found:?}");
        let first = found.first_difference.unwrap();
        let is_first = |p: &String| p.contains(&format!("position {first}"));
        assert!(found.problems.first().is_some_and(is_first), "{found:?}");
    }
    let whole = replayed(&screening);
    assert_eq!((whole.problems.len(), whole.first_difference), (0, None));
}

/// Decides 20 events.
fn later(screening: &Screening, part: &str) {
    for i in 0..20 {
        let mut event = deposit(&format!("{part}{i}"), &format!("c{}", i % 6), &format!("0x{i:064x}"), 5, 900_000);
        event.time = screening.now();
        screening.decide(event, ChainFacts::unavailable("the node is down"), "t").unwrap();
    }
}

/// A store that a version without a log made: the log begins where the old tables end, and that is stated. It may happen again.
fn a_store_older_than_its_log_says_what_is_uncovered(place: &TestDb) {
    let (screening, _) = history(place, 3, 80);
    let (before, now) = (screening.last_event().unwrap(), screening.now());
    drop(screening);
    let mut db = Database::connect(&place.url).unwrap();
    db.batch("DROP TABLE inputs; DROP TABLE fold_progress; DROP TABLE later_behind; DROP TABLE alert_facts; DROP INDEX alerts_assignee; DROP TABLE saved_views; DROP TABLE mentions; DROP TABLE customer_notes; DELETE FROM schema_versions WHERE department = 'screening'")
        .unwrap();
    let clock = TestClock::new();
    clock.set(now);
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    later(&screening, "a");
    let replay = replayed(&screening);
    assert_eq!(replay.problems, [""; 0]);
    assert_eq!((replay.decisions, replay.uncovered, replay.uncovered_up_to), (20, before, before));
    drop(screening);
    // A version without a log decided two more.
    db.execute("UPDATE fold_progress SET event = event - 2", &[]).unwrap();
    let last = "(SELECT MAX(position) FROM inputs)";
    db.execute(&format!("UPDATE fold_progress SET position = position - 2 WHERE position = {last}"), &[]).unwrap();
    db.execute(&format!("DELETE FROM inputs WHERE position >= {last} - 1"), &[]).unwrap();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    later(&screening, "b");
    let replay = replayed(&screening);
    assert_eq!(replay.problems, [""; 0]);
    assert_eq!((replay.decisions, replay.uncovered, replay.uncovered_up_to), (38, before + 2, before + 20));
}

/// Decisions of an engine of another version are counted, and neither differ nor count as compared. What they left in force is taken over, however
/// they came about.
fn decisions_of_another_engine_are_not_covered(place: &TestDb) {
    let (screening, _) = history(place, 4, 80);
    let (before, now) = (screening.last_event().unwrap(), screening.now());
    drop(screening);
    let mut db = Database::connect(&place.url).unwrap();
    let version = format!("'\"engine\":{ENGINE},'");
    let reopened = || {
        let clock = TestClock::new();
        clock.set(now);
        Screening::open(&place.url, clock.clock()).unwrap()
    };
    // An engine of no version, with other words, which placed more holds and raised more alerts.
    db.execute(&format!("UPDATE inputs SET body = replace(body, {version}, '')"), &[]).unwrap();
    db.execute("UPDATE events SET result = replace(result, '\"title\":\"', '\"title\":\"formerly: ')", &[]).unwrap();
    db.execute("UPDATE fold_progress SET hold = hold + 3, posting = posting + 6, alert = alert + 3", &[]).unwrap();
    let screening = reopened();
    later(&screening, "a");
    drop(screening);
    let screening = reopened();
    let replay = replayed(&screening);
    let mut others = vec![OtherEngine { engine: UNVERSIONED_ENGINE, decisions: before, first: 1, last: before }];
    assert_eq!(replay.problems, [""; 0]);
    assert_eq!((replay.engine, replay.decisions, replay.uncovered), (ENGINE, 20, 0));
    assert!(replay.other_engines == others && replay.holds > 0, "{replay:?}");
    let changes = screening.read(|db| db.query("SELECT position FROM inputs WHERE kind = 'engine'", &[])).unwrap();
    assert_eq!(changes.len(), 1, "the log states once that the engine changed");
    // This engine's decisions are compared as ever, and it must have taken over.
    for (change, undo, named) in [
        (
            format!("UPDATE events SET result = result || ' ' WHERE seq = {}", before + 5),
            format!("UPDATE events SET result = trim(result) WHERE seq = {}", before + 5),
            format!("the decision of number {}", before + 5),
        ),
        (
            format!("UPDATE inputs SET body = replace(body, {version}, '\"engine\":77,') WHERE kind = 'engine'"),
            format!("UPDATE inputs SET body = replace(body, '\"engine\":77,', {version}) WHERE kind = 'engine'"),
            "does not state that it took over".to_owned(),
        ),
    ] {
        assert_eq!(db.execute(&change, &[]).unwrap(), 1, "{change}");
        let problems = replayed(&screening).problems;
        assert_eq!(db.execute(&undo, &[]).unwrap(), 1, "{undo}");
        assert!(problems.iter().any(|p| p.contains(&named)), "{change}: {problems:?}");
    }
    drop(screening);
    // A program of before was started once more and made the last two decisions.
    let last = "(SELECT MAX(position) FROM inputs)";
    let older = format!("UPDATE inputs SET body = replace(body, {version}, '') WHERE position >= {last} - 1");
    assert_eq!(db.execute(&older, &[]).unwrap(), 2);
    let screening = reopened();
    later(&screening, "b");
    let replay = replayed(&screening);
    (others[0].decisions, others[0].last) = (before + 2, before + 20);
    assert_eq!(replay.problems, [""; 0]);
    assert_eq!((replay.decisions, &replay.other_engines), (38, &others));
}
