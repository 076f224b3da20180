//! What happens when a change is refused, panics or cannot be stored, and when the database goes away.

use holdfast_decision::ChainFacts;
use holdfast_decision::flags::{Flag, State, Subject};
use holdfast_decision::{Scope, Verdict};
use holdfast_screening::holds::{HoldFilter, HoldRequest};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::{Database, StoreError};
use holdfast_testing::{START, TestClock, TestDb, deposit, on_both, withdrawal};
use holdfast_types::{Seconds, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

on_both!(
    a_refused_change_leaves_nothing_behind,
    a_panic_ends_one_change_and_not_the_writer,
    a_failed_statement_costs_no_other_change,
    effects_outside_the_database_follow_the_commit,
    flags_find_past_deposits_by_an_index,
    a_member_has_a_quota_of_flags,
    a_writer_that_another_fenced_off_writes_nothing_more,
);

fn freeze(id: &str, customer: &str) -> HoldRequest {
    HoldRequest {
        id: id.into(),
        scope: Scope::Account,
        customer: customer.into(),
        account: None,
        asset: None,
        amount: None,
        transfer: None,
        basis: "order".into(),
        reason: "a test".into(),
        expires: None,
        review: None,
        second_person: None,
    }
}

fn flag(id: &str, value: &str) -> Flag {
    Flag {
        id: id.into(),
        member: "Other".into(),
        community: String::new(),
        subject: Subject::Address,
        asset: "ETH".into(),
        value: value.into(),
        reason: "stolen".into(),
        raised: START,
        until: START + Seconds::HOUR,
        state: State::Open,
        source: None,
        tlp: String::new(),
    }
}

/// The stored state is whole, and memory is what it says.
fn is_whole(screening: &Screening) {
    assert_eq!(screening.verify_audit(None).unwrap().problems, [""; 0]);
    assert_eq!(screening.check_holds().unwrap().problems, [""; 0]);
}

fn active(screening: &Screening) -> usize {
    let filter = HoldFilter { state: Some("active".into()), limit: 100, ..HoldFilter::default() };
    screening.holds(&filter).unwrap().len()
}

fn passes(screening: &Screening, id: &str, customer: &str) -> Verdict {
    let event = withdrawal(id, customer, "0x00000000000000000000000000000000000000bb", 1, 100);
    let facts = ChainFacts { ledger: true, ..ChainFacts::default() };
    let decision = screening.decide(event, facts, "test").unwrap();
    match decision.reasons.iter().any(|r| r.decision >= Verdict::Hold) {
        true => Verdict::Hold,
        false => Verdict::Allow,
    }
}

/// Writes of every kind, then a refusal: nothing of it is stored and nothing of it is in memory. What came before a checkpoint stays.
fn a_refused_change_leaves_nothing_behind(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    screening.place_hold(freeze("f0", "other"), "ana").unwrap();
    let refused = screening.transact("ana", |tx| {
        tx.place_hold(freeze("f1", "c1"))?;
        tx.raise_flag(flag("g1", "0x00000000000000000000000000000000000000bb"))?;
        tx.end_hold(1, "by mistake")?;
        tx.db().execute("INSERT INTO prices (asset, base_units, value, time) VALUES ('XX', '1', 1, 1)", &[])?;
        tx.audit("test.done", "test", "{}");
        Err::<(), _>(ScreeningError::State("refused at the end".into()))
    });
    assert!(matches!(refused, Err(ScreeningError::State(_))), "{refused:?}");
    assert_eq!(passes(&screening, "w1", "c1"), Verdict::Allow, "a freeze that was refused binds in memory");
    assert_eq!(passes(&screening, "w2", "other"), Verdict::Hold, "a freeze whose end was refused no longer binds");
    assert_eq!((active(&screening), screening.price("XX").unwrap()), (1, None), "the freeze alone");
    assert!(screening.audit(0, Some("test"), 10).unwrap().is_empty());
    // Numbers go on without gaps.
    assert_eq!(screening.place_hold(freeze("f2", "c2"), "ana").unwrap(), 2);
    is_whole(&screening);
    let refused = screening.transact("ana", |tx| {
        tx.audit("test.tries", "test", "{}");
        tx.place_hold(freeze("f3", "c3"))?;
        tx.checkpoint()?;
        tx.place_hold(freeze("f4", "c4"))?;
        Err::<(), _>(ScreeningError::State("wrong code".into()))
    });
    assert!(matches!(refused, Err(ScreeningError::State(_))));
    assert_eq!(screening.audit(0, Some("test"), 10).unwrap().len(), 1);
    assert_eq!((passes(&screening, "w3", "c3"), passes(&screening, "w4", "c4")), (Verdict::Hold, Verdict::Allow));
    is_whole(&screening);
}

/// A panic is answered as an internal error; the writer goes on with what is stored.
fn a_panic_ends_one_change_and_not_the_writer(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    screening.place_hold(freeze("f0", "c0"), "ana").unwrap();
    let answer = screening.transact("ana", |tx| {
        tx.place_hold(freeze("f1", "c1"))?;
        tx.end_hold(1, "by mistake")?;
        if tx.now() > Timestamp::EPOCH {
            panic!("a fault in the program");
        }
        Ok(())
    });
    assert!(
        matches!(&answer, Err(ScreeningError::Store(StoreError::Internal(why))) if why.contains("a fault")),
        "{answer:?}"
    );
    assert_eq!((passes(&screening, "w0", "c0"), passes(&screening, "w1", "c1")), (Verdict::Hold, Verdict::Allow));
    assert_eq!(screening.place_hold(freeze("f2", "c2"), "ana").unwrap(), 2);
    assert!(screening.fatal().is_none());
    is_whole(&screening);
}

/// A statement that the database refuses undoes its own change alone, with many others under way.
fn a_failed_statement_costs_no_other_change(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    std::thread::scope(|scope| {
        for i in 0..40 {
            let screening = &screening;
            scope.spawn(move || match i % 4 {
                0 => {
                    let answer = screening.transact("ana", |tx| {
                        tx.place_hold(freeze("twice", "c"))?;
                        tx.db().execute("INSERT INTO schema_version (version, no_such_column) VALUES (1, 1)", &[])?;
                        Ok(())
                    });
                    assert!(matches!(answer, Err(ScreeningError::Store(StoreError::NotStored(_)))), "{answer:?}");
                }
                1 => {
                    screening.place_hold(freeze(&format!("f{i}"), &format!("c{i}")), "ana").unwrap();
                }
                _ => {
                    let event = deposit(&format!("d{i}"), "d", &format!("0x{i:064x}"), 1, 100);
                    screening.decide(event, ChainFacts::default(), "test").unwrap();
                }
            });
        }
    });
    let placed = screening.holds(&HoldFilter { limit: 100, ..HoldFilter::default() }).unwrap();
    assert_eq!(placed.iter().filter(|h| h.scope == Scope::Account).count(), 10);
    assert_eq!(screening.history(0, 100).unwrap().len(), 20);
    is_whole(&screening);
}

/// Files are deleted and messages sent only for what is durable.
fn effects_outside_the_database_follow_the_commit(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    let done = Arc::new(AtomicUsize::new(0));
    let effect = || {
        let done = done.clone();
        move || {
            done.fetch_add(1, Ordering::SeqCst);
        }
    };
    let first = effect();
    let refused = screening.transact("ana", move |tx| {
        tx.after_commit(first);
        Err::<(), _>(ScreeningError::State("no".into()))
    });
    assert!(refused.is_err());
    assert_eq!(done.load(Ordering::SeqCst), 0);
    let (url, second, seen) = (place.url.clone(), effect(), done.clone());
    screening
        .transact("ana", move |tx| {
            tx.audit("test.done", "test", "{}");
            tx.after_commit(move || {
                // What the effect belongs to is durable already: another connection sees it.
                let mut other = Database::connect(&url).unwrap();
                let rows = other.query("SELECT seq FROM audit WHERE subject = 'test'", &[]).unwrap();
                if rows.len() == 1 {
                    second();
                }
            });
            assert_eq!(seen.load(Ordering::SeqCst), 0);
            Ok::<_, ScreeningError>(())
        })
        .unwrap();
    assert_eq!(done.load(Ordering::SeqCst), 1);
}

/// Tries until it is done or a bound is over.
pub(crate) fn until<T>(seconds: u64, mut work: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(done) = work() {
            return done;
        }
        assert!(start.elapsed() < Duration::from_secs(seconds), "not within {seconds} seconds");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A restart of PostgreSQL costs refusals while it is away and nothing else: what was acknowledged is there, the lock is held again.
#[test]
fn postgresql_restarted_is_connected_again_with_its_lock() {
    let Some(place) = TestDb::own_postgres() else { return };
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    screening.place_hold(freeze("f0", "c0"), "ana").unwrap();
    assert_eq!(passes(&screening, "w0", "c0"), Verdict::Hold);
    place.stop();
    let while_away = screening.place_hold(freeze("f1", "c1"), "ana");
    assert!(matches!(while_away, Err(ScreeningError::Store(StoreError::NotStored(_)))), "{while_away:?}");
    place.start();
    let hold = until(30, || screening.place_hold(freeze("f2", "c2"), "ana").ok());
    assert_eq!(hold, 2, "numbers go on");
    assert_eq!(passes(&screening, "w1", "c0"), Verdict::Hold);
    assert_eq!(passes(&screening, "w2", "c1"), Verdict::Allow);
    is_whole(&screening);
    // The lock came back too.
    let second = Screening::open(&place.url, TestClock::new().clock());
    assert!(
        matches!(&second, Err(ScreeningError::Store(StoreError::Db(holdfast_store::DbError::Busy(_))))),
        "{second:?}"
    );
}

/// Who lost the writer's lock to another process stops writing for good, says so, and names an exit code.
#[test]
fn a_writer_whose_lock_another_took_ends_with_a_code() {
    let Some(place) = TestDb::own_postgres() else { return };
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    screening.place_hold(freeze("f0", "c0"), "ana").unwrap();
    let mut other = Database::connect(&place.url).unwrap();
    other
        .batch("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()")
        .unwrap();
    until(4, || other.become_writer().ok());
    let fatal = until(30, || screening.fatal().cloned());
    assert_eq!(fatal.exit_code(), 3);
    assert!(fatal.to_string().contains("another Holdfast writes"), "{fatal}");
    assert!(matches!(screening.place_hold(freeze("f1", "c1"), "ana"), Err(ScreeningError::Store(StoreError::Stopped))));
    // The hold of the first writer is there for the second.
    assert_eq!(other.query("SELECT id FROM holds", &[]).unwrap().len(), 1);
}

/// Where a lock is not enough (a connection pooler that loses it, a file system without locks), the fencing number stops the earlier writer.
fn a_writer_that_another_fenced_off_writes_nothing_more(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    screening.place_hold(freeze("f0", "c0"), "ana").unwrap();
    let mut other = Database::connect(&place.url).unwrap();
    other.claim_epoch().unwrap();
    let refused = screening.place_hold(freeze("f1", "c1"), "ana");
    assert!(matches!(refused, Err(ScreeningError::Store(StoreError::NotStored(_)))), "{refused:?}");
    assert_eq!(until(30, || screening.fatal().cloned()).exit_code(), 3);
    assert_eq!(other.query("SELECT id FROM holds", &[]).unwrap().len(), 1);
}

/// A flag finds past deposits by their keys: as many as before, however many others there are, also in a database that was older than the keys.
fn flags_find_past_deposits_by_an_index(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    let sent_by = |a: &str| ChainFacts { ledger: true, senders: vec![a.into()], ..ChainFacts::default() };
    for i in 0..300 {
        let sender = if i % 100 == 7 { "0xThief".to_owned() } else { format!("0xhonest{i}") };
        let event = deposit(&format!("d{i}"), &format!("c{i}"), &format!("0x{i:064x}"), 5, 1000);
        screening.decide(event, sent_by(&sender), "test").unwrap();
    }
    let keys = screening.read(|db| db.query("SELECT COUNT(*) FROM event_keys", &[])).unwrap();
    assert!(keys[0].int(0).unwrap() >= 900, "each deposit by output, transaction and sender");
    assert_eq!(screening.raise_flag(flag("g1", "0xTHIEF"), "sync").unwrap().len(), 3);
    let plan = |sql: &str| screening.read(|db| db.query(&format!("EXPLAIN {sql}"), &[])).is_ok();
    assert!(plan("SELECT seq FROM event_keys WHERE key = 'x'"));
    drop(screening);
    // As a database of an earlier version: no keys, nothing said about them.
    let mut db = Database::connect(&place.url).unwrap();
    db.batch("DELETE FROM event_keys; DELETE FROM settings WHERE name = 'event_keys'").unwrap();
    drop(db);
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    assert_eq!(screening.raise_flag(flag("g2", "0xhonest42"), "sync").unwrap().len(), 1);
    let mut one = flag("g3", &format!("0x{:064x}", 43));
    one.subject = Subject::Transaction;
    assert_eq!(screening.raise_flag(one, "sync").unwrap().len(), 1);
    let mut output = flag("g4", &format!("0x{:064x}:0", 44));
    output.subject = Subject::Deposit;
    assert_eq!(screening.raise_flag(output, "sync").unwrap().len(), 1);
    is_whole(&screening);
}

/// One member cannot take all the room that there is for flags; what it withdraws makes room for it again.
fn a_member_has_a_quota_of_flags(place: &TestDb) {
    use holdfast_screening::flags::MAX_FLAGS_OF_MEMBER;
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    let fill = screening.transact("sync", |tx| {
        let most = i64::try_from(MAX_FLAGS_OF_MEMBER).unwrap();
        tx.db().execute(
            "WITH RECURSIVE numbers(n) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
             INSERT INTO flags (id, member, community, subject, asset, value, reason, raised, until, state, tlp)
             SELECT 'f' || n, 'Other', '', 'address', 'ETH', '0x' || n, 'r', CAST($2 AS BIGINT), CAST($3 AS BIGINT),
                    'confirmed', '' FROM numbers",
            &[most.into(), START.into(), (START + Seconds::HOUR).into()],
        )?;
        Ok::<_, ScreeningError>(())
    });
    fill.unwrap();
    drop(screening);
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    let full = screening.raise_flag(flag("one-more", "0xx"), "sync").unwrap_err().to_string();
    assert!(full.contains("flags of Other are in force"), "{full}");
    let other = Flag { member: "Another".into(), ..flag("of-another", "0xx") };
    screening.raise_flag(other, "sync").unwrap();
    screening.transact("sync", |tx| tx.end_flag(&"f1".into(), State::Withdrawn, "our mistake")).unwrap();
    screening.raise_flag(flag("one-more", "0xx"), "sync").unwrap();
}
