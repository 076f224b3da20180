//! Jobs on both databases: once however often they are asked for, again after failures, on after an end of the process.

use holdfast_jobs::{Failure, Job, JobState, Kinds, Outcome, Queue, Run, Runner, StoredJob, counts, list};
use holdfast_screening::Screening;
use holdfast_store::{Change, Store, StoreError};
use holdfast_testing::{START, TestClock, TestDb, on_both};
use holdfast_types::Seconds;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

on_both!(
    jobs_of_one_key_are_one,
    failures_are_repeated_with_pauses_and_end,
    a_stopped_job_goes_on_where_it_was,
    a_cancelled_job_stops_and_can_be_begun_again,
    a_job_of_a_dead_process_is_run_again,
    polls_write_only_what_changes,
    a_panic_is_a_failure_and_foreign_payloads_are_refused,
    a_refused_change_enqueues_nothing,
);

/// What the jobs of a test did, and a gate that holds them.
#[derive(Default)]
struct World {
    seen: Mutex<Vec<String>>,
    closed: Mutex<bool>,
    opened: Condvar,
    fail: AtomicU64,
}

impl World {
    fn see(&self, what: String) {
        self.seen.lock().unwrap().push(what);
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    fn close(&self, is_closed: bool) {
        *self.closed.lock().unwrap() = is_closed;
        self.opened.notify_all();
    }

    fn pass(&self) {
        drop(self.opened.wait_while(self.closed.lock().unwrap(), |closed| *closed).unwrap());
    }

    fn fails(&self) -> bool {
        self.fail.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok()
    }
}

/// Adds numbers up.
#[derive(Serialize, Deserialize)]
struct Sum {
    about: String,
    numbers: Vec<u32>,
}

impl Job for Sum {
    type Context = Arc<World>;
    const KIND: &'static str = "sum";
    const MAX_TRIES: u32 = 3;
    const MAX_AT_ONCE: usize = 4;

    fn key(&self) -> String {
        self.about.clone()
    }

    fn merge(&mut self, newer: Self) {
        self.numbers.extend(newer.numbers);
    }

    fn run(&self, world: &Arc<World>, _: &Run<'_>) -> Result<Outcome, Failure> {
        world.see(format!("{}={:?}", self.about, self.numbers));
        world.pass();
        assert!(self.numbers != [666], "the number of the beast");
        if world.fails() {
            return Err(Failure::again("not today"));
        }
        Ok(Outcome::Done)
    }
}

/// Counts to 1,000, slowly.
#[derive(Serialize, Deserialize)]
struct Count;

impl Job for Count {
    type Context = Arc<World>;
    const KIND: &'static str = "count";

    fn key(&self) -> String {
        String::new()
    }

    fn merge(&mut self, _: Self) {}

    fn run(&self, world: &Arc<World>, run: &Run<'_>) -> Result<Outcome, Failure> {
        let first: u64 = run.resume_at().parse().unwrap_or(0);
        world.see(format!("from {first}"));
        for n in first..1_000 {
            run.progress(n, Some(1_000), &n.to_string());
            if run.is_stopping() {
                return Ok(Outcome::Stopped);
            }
            if *world.closed.lock().unwrap() {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        Ok(Outcome::Done)
    }
}

/// Looks again and again.
#[derive(Serialize, Deserialize)]
struct Poll(u32);

impl Job for Poll {
    type Context = Arc<World>;
    const KIND: &'static str = "poll";
    const IS_POLL: bool = true;
    const MAX_PAUSE: Seconds = Seconds::new(4);

    fn key(&self) -> String {
        self.0.to_string()
    }

    fn merge(&mut self, _: Self) {}

    fn run(&self, world: &Arc<World>, _: &Run<'_>) -> Result<Outcome, Failure> {
        world.see(format!("poll {}", self.0));
        match world.fails() {
            true => Err(Failure::again("no answer")),
            false => Ok(Outcome::Again { after: Seconds::new(10) }),
        }
    }
}

struct Desk {
    store: Arc<Screening>,
    queue: Queue<Screening>,
    world: Arc<World>,
    clock: TestClock,
}

fn desk(place: &TestDb) -> Desk {
    let clock = TestClock::new();
    let store = Arc::new(Screening::open(&place.url, clock.clock()).unwrap());
    Desk { queue: Queue::new(store.clone()), store, world: Arc::default(), clock }
}

impl Desk {
    fn start(&self) -> Runner {
        let kinds = Kinds::default().with::<Sum>().with::<Count>().with::<Poll>();
        Runner::start(self.queue.clone(), self.world.clone(), kinds, || false).unwrap()
    }

    fn sum(&self, about: &str, numbers: &[u32]) -> u64 {
        self.queue.enqueue(&Arc::new(Sum { about: about.into(), numbers: numbers.into() }), "ana").unwrap()
    }

    fn jobs(&self) -> Vec<StoredJob> {
        self.store.read(|db| list(db, None)).unwrap()
    }

    fn job(&self, id: u64) -> StoredJob {
        self.jobs().into_iter().find(|j| j.id == id).expect("the job is stored")
    }

    fn until(&self, what: &str, is_so: impl Fn(&Desk) -> bool) {
        let began = Instant::now();
        while !is_so(self) {
            assert!(began.elapsed() < Duration::from_secs(30), "{what}: {:?} {:?}", self.jobs(), self.world.seen());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn until_state(&self, id: u64, state: JobState) {
        self.until(&format!("job {id} is {state:?}"), |d| d.job(id).state == state);
    }

    /// Waits until a job has failed so often and waits for its next try. One reading tells both: between two readings a job may have begun.
    fn until_failed(&self, id: u64, tries: u32) {
        self.until(&format!("job {id} failed {tries} times"), |d| {
            let job = d.job(id);
            job.state == JobState::Waiting && job.tries == tries
        });
    }

    fn sql(&self, sql: &'static str) {
        Store::change(&*self.store, "t", move |tx| Ok::<_, StoreError>(tx.db().execute(sql, &[]).map(|_| ())?))
            .unwrap();
    }
}

fn jobs_of_one_key_are_one(place: &TestDb) {
    let d = desk(place);
    let first = d.sum("a", &[1]);
    assert_eq!((d.sum("a", &[2]), d.sum("a", &[3])), (first, first), "one waits");
    let other = d.sum("b", &[9]);
    assert_ne!(other, first);
    d.world.close(true);
    let runner = d.start();
    d.until_state(first, JobState::Running);
    d.until("both run at once", |d| d.world.seen().len() == 2);
    // While one runs, the next waits for its end.
    let second = d.sum("a", &[4]);
    assert_ne!(second, first);
    assert_eq!(d.sum("a", &[5]), second);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(d.job(second).state, JobState::Waiting);
    d.world.close(false);
    d.until_state(second, JobState::Done);
    d.until_state(other, JobState::Done);
    let mut seen = d.world.seen();
    assert_eq!(seen.pop().unwrap(), "a=[4, 5]");
    seen.sort();
    assert_eq!(seen, ["a=[1, 2, 3]", "b=[9]"]);
    let job = d.job(second);
    assert_eq!((job.created_by.as_str(), job.tries, job.ended), ("ana", 1, Some(START)));
    assert!(d.jobs().iter().all(|j| j.id != first), "of ended jobs of one key the last is stored");
    let numbers = d.store.read(counts).unwrap();
    assert_eq!(numbers, [("sum".to_owned(), JobState::Done, 2)]);
    drop(runner);
}

fn failures_are_repeated_with_pauses_and_end(place: &TestDb) {
    let d = desk(place);
    d.world.fail.store(4, Ordering::SeqCst);
    let _runner = d.start();
    let id = d.sum("a", &[1]);
    let mut now = START;
    for (tries, pause) in [(1, 1), (2, 2)] {
        d.until_failed(id, tries);
        let job = d.job(id);
        assert_eq!((job.error.as_deref(), job.next_try), (Some("not today"), now + Seconds::new(pause)));
        // Meanwhile asked for again: it stays one, and keeps its turn.
        assert_eq!(d.sum("a", &[2]), id);
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(d.job(id).tries, tries, "not before its time");
        now += Seconds::new(pause);
        d.clock.set(now);
    }
    d.until_state(id, JobState::Failed);
    let job = d.job(id);
    assert_eq!((job.tries, job.error.as_deref(), job.ended), (3, Some("not today"), Some(now)));
    assert_eq!(d.world.seen().last().unwrap(), "a=[1, 2, 2]");
    // Asked for again it is a new job, with tries of its own.
    let next = d.sum("a", &[7]);
    d.until_failed(next, 1);
    d.clock.set(now + Seconds::new(1));
    d.until_state(next, JobState::Done);
    assert_eq!((d.jobs().len(), d.job(next).error.clone()), (1, None));
}

fn a_stopped_job_goes_on_where_it_was(place: &TestDb) {
    let d = desk(place);
    d.world.close(true);
    let runner = d.start();
    let id = d.queue.enqueue(&Arc::new(Count), "ana").unwrap();
    d.until("progress is stored", |d| d.job(id).done > 0);
    let at = d.job(id).done;
    assert_eq!(d.job(id).all, Some(1_000));
    drop(runner);
    let stopped = d.job(id);
    assert_eq!((stopped.state, stopped.tries), (JobState::Waiting, 0), "a stop is no failure");
    d.world.close(false);
    let _runner = d.start();
    d.until_state(id, JobState::Done);
    let seen = d.world.seen();
    assert_eq!(seen[0], "from 0");
    let resumed: u64 = seen[1].strip_prefix("from ").unwrap().parse().unwrap();
    assert!(resumed >= at && seen.len() == 2, "{seen:?}, {at} was stored");
}

fn a_cancelled_job_stops_and_can_be_begun_again(place: &TestDb) {
    let d = desk(place);
    d.world.close(true);
    let runner = d.start();
    let id = d.queue.enqueue(&Arc::new(Count), "ana").unwrap();
    d.until("it runs", |d| d.job(id).done > 0);
    let cancel = |id, kinds| d.queue.cancel(id, kinds, "bob").unwrap();
    assert_eq!(cancel(id, &["sum"]), None, "not of these kinds");
    assert_eq!(cancel(999, &["count"]), None);
    let cancelled = cancel(id, &["count"]).unwrap();
    assert_eq!((cancelled.state, cancelled.error.as_deref()), (JobState::Failed, Some("cancelled by bob")));
    assert!(cancelled.ended.is_some());
    assert_eq!(cancel(id, &["count"]), None, "it ended");
    // Its thread ends, and stores nothing: another one of its kind and key may run then.
    let again = d.queue.enqueue(&Arc::new(Count), "ana").unwrap();
    d.until("the next one runs", |d| d.job(again).done > 0);
    assert_eq!(d.jobs().iter().filter(|j| j.id == id && j.state != JobState::Failed).count(), 0);
    drop(runner);
    // One that waits never runs.
    let seen = d.world.seen().len();
    assert_eq!(cancel(again, &["count"]).unwrap().state, JobState::Failed);
    let _runner = d.start();
    let last = d.sum("after it", &[1]);
    d.world.close(false);
    d.until_state(last, JobState::Done);
    assert_eq!(d.world.seen().len(), seen + 1, "{:?}", d.world.seen());
    // A person who changes their mind has it tried again.
    Store::change(&*d.store, "bob", move |tx| holdfast_jobs::retry(tx, again)).unwrap().unwrap();
    d.until_state(again, JobState::Done);
}

fn a_job_of_a_dead_process_is_run_again(place: &TestDb) {
    let d = desk(place);
    let (counting, spent) = (d.queue.enqueue(&Arc::new(Count), "ana").unwrap(), d.sum("spent", &[1]));
    let summing = d.sum("a", &[1]);
    // What a process leaves that was killed while they ran.
    d.sql("UPDATE jobs SET state = 'running', tries = 1, resume_at = '900', done_units = 900, started = 5");
    d.sql("UPDATE jobs SET tries = 3 WHERE job_key = 'spent'");
    // One came while the killed one ran: both are done at once.
    assert_ne!(d.sum("a", &[2]), summing);
    let _runner = d.start();
    d.until_state(counting, JobState::Done);
    d.until_state(summing, JobState::Done);
    let mut seen = d.world.seen();
    seen.sort();
    assert_eq!(seen, ["a=[1, 2]", "from 900"]);
    let failed = d.job(spent);
    assert_eq!((failed.state, failed.tries), (JobState::Failed, 3), "what ends the process each time is given up");
    assert_eq!(d.job(counting).tries, 2, "a kill counts as a try");
}

fn polls_write_only_what_changes(place: &TestDb) {
    let d = desk(place);
    let runner = d.start();
    let id = d.queue.enqueue(&Arc::new(Poll(7)), "ana").unwrap();
    d.until("it looked", |d| d.world.seen().len() == 1);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(d.world.seen().len(), 1, "its time has not come");
    let quiet = d.job(id);
    assert_eq!((quiet.state, quiet.tries, quiet.next_try, quiet.started), (JobState::Waiting, 0, START, None));
    assert_eq!(d.queue.enqueue(&Arc::new(Poll(7)), "ana").unwrap(), id);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(d.world.seen().len(), 1, "enqueued again it keeps its time");
    // Failures are stored, with pauses up to the kind's bound; a success ends them.
    d.world.fail.store(4, Ordering::SeqCst);
    let mut now = START + Seconds::new(10);
    for (tries, pause) in [(1, 1), (2, 2), (3, 4), (4, 4)] {
        d.clock.set(now);
        d.until_failed(id, tries);
        assert_eq!((d.job(id).next_try, d.job(id).error.as_deref()), (now + Seconds::new(pause), Some("no answer")));
        now += Seconds::new(pause);
    }
    d.clock.set(now);
    d.until("it works again", |d| d.job(id).tries == 0);
    assert_eq!((d.job(id).error.clone(), d.job(id).next_try), (None, now + Seconds::new(10)));
    drop(runner);
    // After a restart it goes on.
    d.clock.set(now + Seconds::new(20));
    let looked = d.world.seen().len();
    let _runner = d.start();
    d.until("it looks again", |d| d.world.seen().len() == looked + 1);
}

fn a_panic_is_a_failure_and_foreign_payloads_are_refused(place: &TestDb) {
    let d = desk(place);
    let _runner = d.start();
    let bad = d.sum("bad", &[666]);
    d.until("it panicked", |d| d.job(bad).tries == 1 && d.job(bad).state == JobState::Waiting);
    assert_eq!(d.job(bad).error.unwrap(), "panicked: the number of the beast");
    let newer = d.sum("newer", &[1]);
    d.until_state(newer, JobState::Done);
    d.sql("UPDATE jobs SET version = 99, state = 'waiting', ended = NULL, error = NULL, tries = 0 WHERE job_key = 'newer'");
    d.until_state(newer, JobState::Failed);
    assert!(d.job(newer).error.unwrap().contains("version 99"));
    // A kind that this process does not know waits for one that does.
    d.sql("INSERT INTO jobs (id, kind, job_key, version, payload, state, tries, next_try, done_units, resume_at, created, created_by)
           VALUES (900, 'of-tomorrow', '', 1, '{}', 'waiting', 0, 0, 0, '', 0, 'x')");
    let good = d.sum("good", &[1]);
    d.until_state(good, JobState::Done);
    assert_eq!(d.job(900).state, JobState::Waiting);
}

fn a_refused_change_enqueues_nothing(place: &TestDb) {
    let d = desk(place);
    let job = Sum { about: "a".into(), numbers: vec![1] };
    let refused = Store::change(&*d.store, "ana", move |tx: &mut dyn Change| {
        holdfast_jobs::enqueue(tx, &job)?;
        Err::<(), _>(StoreError::Internal("no".into()))
    });
    assert!(refused.is_err());
    let runner = d.start();
    let second = Runner::start(d.queue.clone(), d.world.clone(), Kinds::default(), || false);
    assert!(second.is_err(), "two runners would run one job twice");
    std::thread::sleep(Duration::from_millis(500));
    drop(runner);
    drop(d.start());
    assert!(d.jobs().is_empty() && d.world.seen().is_empty());
}
