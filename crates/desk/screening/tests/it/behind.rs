//! Results that are written behind the answers: in any grouping, after a crash, while the tables refuse them.

use crate::durability::until;
use holdfast_decision::{ChainFacts, Decision, Event};
use holdfast_screening::replay::replay_log;
use holdfast_screening::{Screening, ScreeningError};
use holdfast_simulate::random::Random;
use holdfast_store::{Database, Row, StoreError};
use holdfast_testing::{TestClock, TestDb, deposit, on_both, withdrawal};
use holdfast_types::ErrorKind;
use std::ops::ControlFlow;

on_both!(
    any_grouping_of_writes_gives_the_same_tables,
    what_waits_is_known_and_changes_wait_for_it,
    a_change_sees_the_rows_of_what_was_answered,
    nothing_waits_after_a_load,
);

/// A second event of this customer cannot be written while [`refuse`] is in force.
const REFUSED: &str = "refused";

fn opened(place: &TestDb) -> Screening {
    Screening::open(&place.url, TestClock::new().clock()).unwrap()
}

fn refuse(place: &TestDb) {
    let sql = format!("CREATE UNIQUE INDEX test_refuse ON events (customer) WHERE customer = '{REFUSED}'");
    Database::connect(&place.url).unwrap().batch(&sql).unwrap();
}

fn take_again(place: &TestDb) {
    Database::connect(&place.url).unwrap().batch("DROP INDEX test_refuse").unwrap();
}

fn plain(events: Vec<Event>) -> Vec<(Event, ChainFacts)> {
    events.into_iter().map(|event| (event, ChainFacts::unavailable("the node is down"))).collect()
}

fn mixed(part: &str, count: u64) -> Vec<Event> {
    let one = |i: u64| {
        let (id, customer, to) = (format!("{part}-{i}"), format!("c{}", i % 7), format!("0x{:040x}", i % 5));
        match i % 3 {
            0 => withdrawal(&id, &customer, &to, u128::from(i) + 1, 40_000 * (i % 11)),
            _ => deposit(&id, &customer, &format!("0x{i:064x}"), u128::from(i) + 1, 30_000 * (i % 13)),
        }
    };
    (0..count).map(one).collect()
}

fn decided(screening: &Screening, events: Vec<Event>) -> Vec<Decision> {
    screening.decide_batch(plain(events), "t").unwrap().into_iter().map(Result::unwrap).collect()
}

/// The rows of all tables that decisions fill, and the counters of the fold.
fn tables(screening: &Screening) -> Vec<(&'static str, Vec<Row>)> {
    let wanted = [
        ("events", "SELECT * FROM events ORDER BY seq"),
        ("keys", "SELECT * FROM event_keys ORDER BY key, seq"),
        ("named", "SELECT * FROM event_identifiers ORDER BY kind, value, seq, role"),
        ("identifiers", "SELECT * FROM identifiers ORDER BY kind, value, customer, source"),
        ("hits", "SELECT * FROM rule_hits ORDER BY seq, rule"),
        ("screened", "SELECT * FROM screened ORDER BY seq"),
        ("holds", "SELECT * FROM holds ORDER BY id"),
        ("postings", "SELECT * FROM postings ORDER BY id"),
        ("alerts", "SELECT * FROM alerts ORDER BY id"),
        ("audit", "SELECT * FROM audit ORDER BY seq"),
        ("fold", "SELECT watermark, event, hold, posting, alert FROM fold_progress"),
    ];
    wanted.map(|(name, sql)| (name, screening.read(|db| db.query(sql, &[])).unwrap())).into()
}

fn is_given_again(screening: &Screening) {
    let replay = replay_log(screening, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((replay.problems, replay.decisions), (Vec::new(), screening.last_event().unwrap()));
    assert_eq!(screening.verify_audit(None).unwrap().problems, [""; 0]);
    assert_eq!(screening.check_holds().unwrap().problems, [""; 0]);
}

#[derive(Clone, Copy, PartialEq)]
enum Written {
    /// After every answer.
    Each,
    /// All at once, by the same process.
    Later,
    /// All at once, by the next process.
    AtTheStart,
}

/// Decides the same events in the same batches; their results are written in another grouping.
fn run(place: &TestDb, written: Written, seed: u64) -> (Vec<Decision>, Vec<(&'static str, Vec<Row>)>) {
    let mut screening = opened(place);
    let mut all = decided(&screening, vec![deposit("first", REFUSED, "0xf1", 5, 100)]);
    assert_eq!(screening.last_event().unwrap(), 1);
    if written != Written::Each {
        refuse(place);
    }
    all.extend(decided(&screening, vec![deposit("second", REFUSED, "0xf2", 5, 100)]));
    let (events, mut random) = (mixed("a", 160), Random::new(seed));
    let mut rest = events.as_slice();
    while !rest.is_empty() {
        let (part, later) = rest.split_at(rest.len().min(1 + usize::try_from(random.below(30)).unwrap()));
        all.extend(decided(&screening, part.to_vec()));
        if written == Written::Each {
            assert_eq!(screening.last_event().unwrap(), all.len() as u64);
        }
        rest = later;
    }
    match written {
        Written::Each => {}
        Written::Later => {
            take_again(place);
            until(30, || screening.results_failure().is_none().then_some(()));
        }
        Written::AtTheStart => {
            drop(screening);
            let mut db = Database::connect(&place.url).unwrap();
            assert_eq!(db.query("SELECT seq FROM events", &[]).unwrap().len(), 1, "nothing of it was written");
            take_again(place);
            screening = opened(place);
        }
    }
    // A change: what waits is written before it.
    screening.note_look("test.looked", "test", "{}".into(), "t").unwrap();
    all.extend(decided(&screening, mixed("b", 40)));
    assert_eq!(all, decided_again(&screening), "the same answers once all is written");
    is_given_again(&screening);
    (all, tables(&screening))
}

fn decided_again(screening: &Screening) -> Vec<Decision> {
    let mut events = vec![deposit("first", REFUSED, "0xf1", 5, 100), deposit("second", REFUSED, "0xf2", 5, 100)];
    events.extend(mixed("a", 160));
    events.extend(mixed("b", 40));
    decided(screening, events)
}

fn any_grouping_of_writes_gives_the_same_tables(place: &TestDb) {
    for seed in 1..3 {
        let undisturbed = run(&TestDb::sqlite(), Written::Each, seed);
        assert!(undisturbed.1.iter().any(|(name, rows)| *name == "holds" && !rows.is_empty()));
        for written in [Written::Later, Written::AtTheStart] {
            // The first of them on the database under test, where only one desk can be.
            let own = TestDb::sqlite();
            let here = if seed == 1 && written == Written::AtTheStart { place } else { &own };
            let disturbed = run(here, written, seed);
            assert_eq!(disturbed.0, undisturbed.0);
            for (one, other) in disturbed.1.iter().zip(&undisturbed.1) {
                assert_eq!(one, other);
            }
        }
    }
}

fn what_waits_is_known_and_changes_wait_for_it(place: &TestDb) {
    let screening = opened(place);
    decided(&screening, vec![deposit("first", REFUSED, "0xf1", 5, 100)]);
    assert_eq!(screening.last_event().unwrap(), 1);
    refuse(place);
    decided(&screening, vec![deposit("second", REFUSED, "0xf2", 5, 100)]);
    let answers = decided(&screening, mixed("a", 50));
    assert!(answers.iter().any(|a| !a.holds.is_empty()));
    assert_eq!(decided(&screening, mixed("a", 50)), answers, "sent again while their results wait");
    let mut other = mixed("a", 1);
    other[0].customer = "another".into();
    let conflict = screening.decide_batch(plain(other), "t").unwrap().pop().unwrap().unwrap_err();
    assert_eq!(conflict.kind(), ErrorKind::Conflict);
    // The same movement again under another id: it is not held twice, although its hold waits.
    let is_held_deposit = |(answer, event): &(&Decision, Event)| event.tx.is_some() && !answer.holds.is_empty();
    let held = answers.iter().zip(mixed("a", 50)).find(is_held_deposit).unwrap();
    let last = answers.iter().flat_map(|answer| &answer.holds).max();
    let again = decided(&screening, vec![Event { id: "again".into(), ..held.1 }]);
    assert!(again[0].holds.iter().max() <= last, "{again:?}");
    for _ in 0..2 {
        let change = screening.note_look("test.looked", "test", "{}".into(), "t");
        assert!(matches!(change, Err(ScreeningError::Store(StoreError::NotStored(_)))), "{change:?}");
    }
    assert!(screening.results_failure().is_some() && screening.fatal().is_none());
    take_again(place);
    until(30, || screening.results_failure().is_none().then_some(()));
    screening.note_look("test.looked", "test", "{}".into(), "t").unwrap();
    assert_eq!(screening.last_event().unwrap(), 53);
    assert_eq!(decided(&screening, mixed("a", 50)), answers);
    is_given_again(&screening);
}

fn a_change_sees_the_rows_of_what_was_answered(place: &TestDb) {
    let screening = opened(place);
    for part in 0..20u64 {
        let answers = decided(&screening, mixed(&format!("p{part}"), 30));
        let (first, last) = (answers[0].seq, answers[29].seq);
        let (rows, entries) = screening
            .transact("t", move |tx| {
                let seen = [holdfast_store::number(first), holdfast_store::number(last)];
                let sql = "SELECT seq FROM events WHERE seq >= $1 AND seq <= $2";
                let rows = tx.db().query(sql, &seen)?.len();
                let entries = tx.db().query("SELECT seq FROM audit WHERE action = 'events.decided'", &[])?.len();
                Ok::<_, ScreeningError>((rows, entries as u64))
            })
            .unwrap();
        assert_eq!((rows, entries), (30, part + 1));
        assert_eq!(screening.event(&answers[29].event).unwrap().decision, answers[29]);
    }
    is_given_again(&screening);
}

fn nothing_waits_after_a_load(place: &TestDb) {
    let screening = opened(place);
    std::thread::scope(|scope| {
        for sender in 0..4 {
            let screening = &screening;
            scope.spawn(move || {
                for part in 0..10 {
                    decided(screening, mixed(&format!("s{sender}-{part}"), 100));
                }
            });
        }
    });
    assert_eq!(screening.last_event().unwrap(), 4_000);
    let mut registry = holdfast_telemetry::metrics::Registry::default();
    screening.register_metrics(&mut registry);
    let text = holdfast_telemetry::metrics::encode(&registry).unwrap();
    assert!(text.lines().any(|l| l == "holdfast_results_behind_events 0"), "{text}");
    is_given_again(&screening);
}
