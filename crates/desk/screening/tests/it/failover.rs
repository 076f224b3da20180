//! A primary that is killed and its standby that is promoted, by a URL that names both; and the old primary that comes back.

use holdfast_decision::ChainFacts;
use holdfast_screening::Screening;
use holdfast_store::{Database, DbError};
use holdfast_testing::{TestClock, TestDb, withdrawal};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A primary, its synchronous standby, and a URL of both.
struct Pair {
    primary: TestDb,
    standby: TestDb,
    url: String,
}

impl Pair {
    fn start() -> Option<Self> {
        let primary = TestDb::own_postgres()?;
        let standby = primary.standby();
        let mut db = Database::connect(&primary.url).unwrap();
        // Not in the standby's copy of the settings: once it is promoted, it has no standby to wait for.
        db.batch("ALTER SYSTEM SET synchronous_standby_names = '*'").unwrap();
        db.batch("SELECT pg_reload_conf()").unwrap();
        let is_synchronous = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'";
        until("a synchronous standby", || (!db.query(is_synchronous, &[]).unwrap().is_empty()).then_some(()));
        let host = |db: &TestDb| db.url.split(['@', '/']).nth(3).unwrap().to_owned();
        let url = format!("postgres://holdfast@{},{}/postgres", host(&primary), host(&standby));
        Some(Pair { primary, standby, url })
    }
}

fn until<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = done() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}: not within a minute");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn decide(screening: &Screening, id: &str) -> Option<String> {
    let event = withdrawal(id, "c1", &format!("0x{id}"), 5, 1000);
    screening.decide(event, ChainFacts::default(), "test").ok().map(|decision| format!("{decision:?}"))
}

/// Kills the primary under load and promotes the standby; returns the longest time between two answers.
fn kill_and_promote(pair: &Pair, before: u32) -> Duration {
    let screening = Screening::open(&pair.url, TestClock::new().clock()).unwrap();
    let (stop, mut answers, mut longest) = (AtomicBool::new(false), BTreeMap::new(), Duration::ZERO);
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let counted = || {
                let mut db = Database::connect(&pair.primary.url).ok()?;
                let rows = db.query("SELECT COUNT(*) FROM events", &[]).ok()?;
                (rows[0].int(0).unwrap() >= i64::from(before)).then_some(())
            };
            until("events before the kill", counted);
            pair.primary.kill();
            let began = Instant::now();
            pair.standby.promote();
            println!("promoted in {:?}", began.elapsed());
            let promoted =
                Database::connect(&pair.standby.url).unwrap().query("SELECT COUNT(*) FROM events", &[]).unwrap();
            let reached = promoted[0].int(0).unwrap();
            let counted = || {
                let rows = Database::connect(&pair.standby.url).ok()?.query("SELECT COUNT(*) FROM events", &[]).ok()?;
                (rows[0].int(0).unwrap() > reached + 20).then_some(())
            };
            until("events after the promotion", counted);
            stop.store(true, Ordering::Release);
        });
        let mut last = Instant::now();
        for n in 0.. {
            if stop.load(Ordering::Acquire) || watcher.is_finished() {
                break;
            }
            // What was not acknowledged is sent again, as a client does.
            let id = format!("{n:08x}");
            let answer = until("an answer", || decide(&screening, &id));
            longest = longest.max(last.elapsed());
            last = Instant::now();
            answers.insert(id, answer);
        }
        watcher.join().unwrap();
    });
    for (id, answer) in &answers {
        assert_eq!(decide(&screening, id).as_ref(), Some(answer), "{id} is as it was acknowledged");
    }
    let expected = i64::try_from(answers.len()).unwrap();
    let counts = || {
        let rows = screening.read(|db| db.query("SELECT COUNT(*), COUNT(DISTINCT id) FROM events", &[])).ok()?;
        Some((rows[0].int(0).unwrap(), rows[0].int(1).unwrap()))
    };
    // Results are written behind the answers.
    until("all results", || counts().filter(|(all, _)| *all >= expected));
    assert_eq!(counts(), Some((expected, expected)));
    assert!(screening.verify_audit(None).unwrap().problems.is_empty());
    longest
}

fn port(url: &str) -> Result<i64, String> {
    let mut db = Database::connect(url).map_err(|e| e.to_string())?;
    Ok(db.query("SELECT CAST(inet_server_port() AS BIGINT)", &[]).unwrap()[0].int(0).unwrap())
}

#[test]
fn a_killed_primary_costs_a_pause_and_nothing_that_was_acknowledged() {
    let Some(pair) = Pair::start() else { return };
    let longest = kill_and_promote(&pair, 50);
    println!("primary killed, standby promoted: longest pause {longest:?}");
    assert!(longest < Duration::from_secs(30), "{longest:?}");
    // The old primary comes back by itself, first in the URL, and takes writes.
    pair.primary.start();
    assert!(port(&pair.primary.url).is_ok());
    let promoted = port(&pair.standby.url).unwrap();
    assert_eq!(port(&pair.url), Ok(promoted));
    pair.standby.kill();
    let refused = port(&pair.url).unwrap_err();
    assert!(refused.contains("old primary") && refused.contains("timeline is 1, 2 was seen"), "{refused}");
}

/// The series of the design's acceptance: `HOLDFAST_PRIMARY_KILLS` primaries (20 by default).
#[test]
#[ignore = "minutes; ./test soak"]
fn primaries_are_killed_again_and_again() {
    let rounds: u32 = std::env::var("HOLDFAST_PRIMARY_KILLS").map_or(20, |n| n.parse().unwrap());
    let mut pauses = Vec::new();
    for round in 0..rounds {
        let Some(pair) = Pair::start() else { return };
        pauses.push(kill_and_promote(&pair, 20 + 37 * round % 400));
        println!("paused for {:?}", pauses[pauses.len() - 1]);
    }
    pauses.sort();
    println!(
        "{rounds} primaries killed: pause median {:?}, longest {:?}",
        pauses[pauses.len() / 2],
        pauses[pauses.len() - 1]
    );
    assert!(pauses[pauses.len() - 1] < Duration::from_secs(30), "{pauses:?}");
}

/// What the writer asks of the server, so that the lock of a client that is gone or frozen becomes free. (That a frozen one's does is `takeover.rs` of the
/// command's tests.)
#[test]
fn the_sessions_of_a_writer_end_with_it_or_by_the_next_one() {
    let Some(place) = TestDb::own_postgres() else { return };
    let mut db = Database::connect(&place.url).unwrap();
    db.migrate(&[], &[]).unwrap();
    db.become_writer().unwrap();
    db.begin_fenced().unwrap();
    let names = ["tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout"];
    let mut setting = |name: &str| {
        let rows = db.query("SELECT current_setting($1)", &[name.into()]).unwrap();
        rows[0].text(0).unwrap().to_owned()
    };
    assert_eq!(names.map(&mut setting), ["1", "1", "1", "2000"]);
    assert_eq!(setting("idle_in_transaction_session_timeout"), "30s");
    // Its transaction, which has the fencing number, is open. Its lock is lost, and the next writer waits for nothing.
    let mut other = db.another().unwrap();
    assert!(matches!(other.become_writer(), Err(DbError::Busy(_))));
    let mut third = db.another().unwrap();
    third.batch(&format!("SELECT pg_terminate_backend({})", db.lock_session().unwrap())).unwrap();
    let begun = Instant::now();
    until("the lock", || other.become_writer().ok());
    assert!(begun.elapsed() < Duration::from_secs(25), "it waited for the earlier one's transaction");
    assert!(db.batch("COMMIT").is_err(), "its session has ended");
    until("it knows", || (!db.is_alive()).then_some(()));
    other.begin_fenced().unwrap();
    other.commit().unwrap();
    // A writer that comes back ends the session that it left behind itself.
    third.end_own_session(other.lock_session().unwrap()).unwrap();
    until("the lock again", || third.become_writer().ok());
    third.release_writer_lock();
    db.reconnect().unwrap();
    db.become_writer().unwrap();
}
