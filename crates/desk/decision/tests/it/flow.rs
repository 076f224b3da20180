//! Features of how a withdrawal follows from what came before it.

use holdfast_decision::facts::ChainFacts;
use holdfast_decision::features::{position, row};
use holdfast_decision::fields::Input;
use holdfast_decision::model::{Direction, Event, EventKind, Method};
use holdfast_decision::state::State;
use holdfast_types::{Amount, Seconds, Timestamp};

const NOW: Timestamp = Timestamp::from_unix(1_780_000_000);
const HOUR: Seconds = Seconds::HOUR;

fn event(kind: EventKind, customer: &str, ago: Seconds, party: &str) -> Event {
    let mut event = Event::new(kind, format!("{customer}-{}", ago.count()), NOW - ago, customer);
    match kind {
        EventKind::Payment => {
            (event.method, event.direction) = (Some(Method::Bank), Some(Direction::In));
            event.instrument = Some(party.into());
        }
        _ => {
            (event.asset, event.amount) = (Some("ETH".into()), Some(Amount::new(5)));
            event.tx = (kind == EventKind::Deposit).then(|| format!("0x{:064x}", ago.count()));
            event.counterparty = Some(party.into());
        }
    }
    event
}

fn after(all: &[(Event, u64)]) -> State {
    let mut state = State::default();
    for (seq, (event, value)) in all.iter().enumerate() {
        state.apply(event, &ChainFacts::default(), *value, seq as u64);
    }
    state
}

fn value_of(name: &str, state: &State, event: &Event, value: Option<u64>) -> f64 {
    let row = row(&Input::new(state, event, &ChainFacts::default(), value, &[])).unwrap();
    row.values()[position(name).unwrap()]
}

#[test]
fn growing_payments_with_fresh_money_are_seen_as_such() {
    use EventKind::{Payment, Withdrawal};
    let state = after(&[
        (event(Withdrawal, "c", HOUR * 24 * 60, "0xold"), 9_000),
        (event(Withdrawal, "other", HOUR * 24 * 5, "0xsham"), 700),
        (event(Withdrawal, "c", HOUR * 80, "0xsham"), 1_000),
        (event(Withdrawal, "c", HOUR * 40, "0xsham"), 2_000),
        (event(Payment, "c", HOUR * 2, "bank"), 4_000),
    ]);
    let now = event(Withdrawal, "c", Seconds::new(0), "0xsham");
    for (name, expected) in [
        ("paid_before_30d", 2.0),
        ("rising_payments_30d", 2.0),
        ("step_of_value", 1.5),
        ("largest_step", 3_000.0 / 9_000.0),
        ("share_of_funds_72h", 0.75),
        ("passed_on_48h", 5_000.0 / 4_000.0),
        ("since_funds", 7_200.0),
        ("since_payment", 40.0 * 3_600.0),
        ("senders_48h", 0.0),
        ("address_payers_30d", 2.0),
        ("address_age", 5.0 * 86_400.0),
    ] {
        let found = value_of(name, &state, &now, Some(3_000));
        assert!((found - expected).abs() < 1e-6, "{name}: {found}, not {expected}");
    }
    assert_eq!(value_of("rising_payments_30d", &state, &now, Some(1_500)), 0.0, "smaller than the last");
    assert!(value_of("new_senders_share_48h", &state, &now, Some(3_000)).is_nan(), "no deposits");
    for name in ["step_of_value", "share_of_funds_72h", "passed_on_48h", "rising_payments_30d"] {
        assert!(value_of(name, &state, &now, None).is_nan(), "{name} of an unknown value");
    }
    let nobody = event(Withdrawal, "new", Seconds::new(0), "0xnever");
    for name in ["step_of_value", "largest_step", "since_funds", "since_payment", "address_age"] {
        assert!(value_of(name, &state, &nobody, Some(3_000)).is_nan(), "{name} without a past");
    }
    let login = Event::new(EventKind::Account, "l", NOW, "c");
    assert!(value_of("paid_before_30d", &state, &login, None).is_nan(), "only of withdrawals");
}

#[test]
fn deposits_of_strangers_that_go_on_are_seen_as_such() {
    use EventKind::{Deposit, Withdrawal};
    let state = after(&[
        (event(Deposit, "c", HOUR * 24 * 20, "0xfriend"), 500),
        (event(Deposit, "c", HOUR * 30, "0xfriend"), 1_000),
        (event(Deposit, "c", HOUR * 20, "0xstranger"), 3_000),
        // After the event, which came late.
        (event(Deposit, "c", HOUR * -3, "0xlater"), 50_000),
    ]);
    let now = event(Withdrawal, "c", Seconds::new(0), "0xout");
    let found = |name| value_of(name, &state, &now, Some(4_000));
    assert_eq!((found("senders_48h"), found("new_senders_share_48h")), (2.0, 0.75));
    assert_eq!((found("passed_on_48h"), found("address_payers_30d")), (1.0, 0.0));
}
