//! Nothing that cannot be undone happens because a clock was wrong.

use holdfast_decision::Scope;
use holdfast_decision::flags::{Flag, State, Subject};
use holdfast_screening::Screening;
use holdfast_screening::alerts::AlertFilter;
use holdfast_screening::clock::Time;
use holdfast_screening::holds::{HoldFilter, HoldRequest};
use holdfast_testing::{START, TestClock, TestDb, on_both};
use holdfast_types::{Seconds, Timestamp};

on_both!(
    a_clock_that_jumps_ahead_ends_no_court_hold,
    a_clock_that_jumps_back_is_noticed_and_the_time_goes_on,
    a_start_with_a_wrong_clock_ends_nothing_until_a_person_confirms,
);

const DAY: Seconds = Seconds::DAY;

struct Clocks {
    wall: TestClock,
    steady: TestClock,
}

impl Clocks {
    fn new() -> Self {
        Clocks { wall: TestClock::new(), steady: TestClock::new() }
    }

    fn time(&self) -> Time {
        Time { wall: self.wall.clock(), steady: Some(self.steady.clock()) }
    }

    /// Both clocks go on.
    fn set(&self, now: Timestamp) {
        self.wall.set(now);
        self.steady.set(now);
    }
}

fn court_hold(screening: &Screening, expires: Timestamp) {
    let request = HoldRequest {
        id: "order-1".into(),
        scope: Scope::Account,
        customer: "c1".into(),
        account: None,
        asset: None,
        amount: None,
        transfer: None,
        basis: "court order".into(),
        reason: "frozen".into(),
        expires: Some(expires),
        review: None,
        second_person: None,
    };
    screening.place_hold(request, "ana").unwrap();
    let flag = Flag {
        id: "f1".into(),
        member: "Other".into(),
        community: String::new(),
        subject: Subject::Address,
        asset: "ETH".into(),
        value: "0xthief".into(),
        reason: "stolen".into(),
        raised: START,
        until: expires,
        state: State::Open,
        source: None,
        tlp: String::new(),
    };
    screening.raise_flag(flag, "sync").unwrap();
}

/// State of the hold and of the flag after everything that is due was done.
fn states(screening: &Screening) -> (String, State) {
    screening.expire_holds().unwrap();
    let holds = screening.holds(&HoldFilter { limit: 10, ..HoldFilter::default() }).unwrap();
    (holds[0].state.clone(), screening.flags(None).unwrap()[0].state)
}

fn open_alerts(screening: &Screening) -> Vec<String> {
    let filter = AlertFilter { state: Some("open".into()), limit: 10, ..AlertFilter::default() };
    screening.alerts(&filter).unwrap().into_iter().map(|a| a.reason).collect()
}

fn active() -> (String, State) {
    ("active".into(), State::Open)
}

/// Thirty days ahead for three seconds: the hold of a court, and a flag, are there as before. An alert names the jump.
fn a_clock_that_jumps_ahead_ends_no_court_hold(place: &TestDb) {
    let clocks = Clocks::new();
    let screening = Screening::open_at(&place.url, clocks.time()).unwrap();
    court_hold(&screening, START + 10 * DAY);
    assert_eq!(states(&screening), active());
    clocks.wall.set(START + 30 * DAY);
    clocks.steady.set(START + Seconds::new(3));
    assert_eq!(states(&screening), active());
    assert_eq!(screening.now(), START + Seconds::new(3), "the time goes on by the steady clock");
    let alerts = open_alerts(&screening);
    assert!(alerts.len() == 1 && alerts[0].contains("2591997 s ahead"), "{alerts:?}");
    let entries = screening.audit(0, None, 100).unwrap();
    assert!(
        entries.iter().all(|e| e.time <= START + Seconds::new(3)),
        "no entry of the log is dated by the wrong clock"
    );
    // The clock is right again: everything goes on, and ends when its time has come.
    clocks.set(START + Seconds::new(6));
    assert_eq!((states(&screening), screening.clock_fault()), (active(), None));
    clocks.set(START + 10 * DAY + Seconds::new(1));
    assert_eq!(states(&screening), ("expired".into(), State::Lapsed));
    assert_eq!(screening.verify_audit(None).unwrap().problems, [""; 0]);
}

/// Years back: no hold is placed or ended at a time that is not.
fn a_clock_that_jumps_back_is_noticed_and_the_time_goes_on(place: &TestDb) {
    let clocks = Clocks::new();
    let screening = Screening::open_at(&place.url, clocks.time()).unwrap();
    court_hold(&screening, START + DAY);
    clocks.wall.set(START - 30 * 365 * DAY);
    clocks.steady.set(START + 2 * DAY);
    assert_eq!(
        states(&screening),
        active(),
        "nothing ends while the clock is doubted, even what is over by the steady one"
    );
    assert_eq!(screening.now(), START + 2 * DAY);
    assert!(open_alerts(&screening)[0].contains("behind"));
    assert!(screening.confirm_clock("ana").is_ok());
    assert_eq!((screening.now(), screening.clock_fault()), (START - 30 * 365 * DAY, None));
    assert!(open_alerts(&screening).is_empty(), "who confirms the clock closes the alert");
    assert_eq!(states(&screening), active());
}

/// A machine that starts with a wrong clock, or after a long stop: nothing ends before a person says which it was.
fn a_start_with_a_wrong_clock_ends_nothing_until_a_person_confirms(place: &TestDb) {
    let clocks = Clocks::new();
    let screening = Screening::open_at(&place.url, clocks.time()).unwrap();
    court_hold(&screening, START + 10 * DAY);
    drop(screening);
    clocks.wall.set(START + 30 * DAY);
    let screening = Screening::open_at(&place.url, clocks.time()).unwrap();
    assert_eq!(states(&screening), active());
    assert!(screening.clock_fault().unwrap().since_start);
    assert_eq!(open_alerts(&screening).len(), 1);
    // It is the clock that was wrong: it is set right, and nothing was lost. Nobody need confirm.
    clocks.wall.set(START + Seconds::new(60));
    clocks.steady.set(START + Seconds::new(60));
    assert_eq!((states(&screening), screening.clock_fault()), (active(), None));
    drop(screening);
    // The desk really was stopped for a month: a person says so.
    clocks.wall.set(START + 30 * DAY);
    let screening = Screening::open_at(&place.url, clocks.time()).unwrap();
    assert_eq!(states(&screening), active());
    screening.confirm_clock("ana").unwrap();
    assert_eq!(states(&screening), ("expired".into(), State::Lapsed));
    assert!(screening.confirm_clock("ana").is_err(), "nothing is wrong any more");
    // A short stop needs nobody.
    drop(screening);
    clocks.set(START + 30 * DAY + Seconds::new(600));
    let screening = Screening::open_at(&place.url, clocks.time()).unwrap();
    assert_eq!(screening.clock_fault(), None);
    assert_eq!(screening.verify_audit(None).unwrap().problems, [""; 0]);
}
