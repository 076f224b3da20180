//! The row of an event: the same features for ever, of the event's time, and missing where something is not known.

use holdfast_attribution::Category;
use holdfast_decision::facts::{ChainFacts, Share};
use holdfast_decision::features::{features, position, row};
use holdfast_decision::fields::Input;
use holdfast_decision::model::{Event, EventKind, Record, RecordKind};
use holdfast_decision::state::State;
use holdfast_types::{Amount, Seconds, Timestamp};

const NOW: Timestamp = Timestamp::from_unix(1_780_000_000);

fn withdrawal() -> Event {
    let mut event = Event::new(EventKind::Withdrawal, "w", NOW, "c");
    (event.asset, event.amount) = (Some("BTC".into()), Some(Amount::new(5)));
    event.counterparty = Some("bc1qxyz".into());
    event
}

fn value_of(name: &str, state: &State, event: &Event, facts: &ChainFacts, value: Option<u64>) -> f64 {
    let row = row(&Input::new(state, event, facts, value, &[])).unwrap();
    row.values()[position(name).unwrap_or_else(|| panic!("no feature {name}"))]
}

/// What was stored stays what it was: features may only be added at the end.
#[test]
fn the_order_of_features_is_the_noted_one() {
    let noted: Vec<&str> = include_str!("features.txt").lines().collect();
    let names: Vec<&str> = features().iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, noted, "add new names at the end of features.txt; never move, rename or remove one");
}

#[test]
fn what_is_not_known_is_missing_and_not_zero() {
    let (state, facts) = (State::default(), ChainFacts::default());
    let event = withdrawal();
    for name in
        ["event_value", "severe_direct", "direct_from_ransomware", "kyc_level", "account_age", "idle", "provider_trm"]
    {
        assert!(value_of(name, &state, &event, &facts, None).is_nan(), "{name}");
    }
    assert!(value_of("severe_direct", &state, &event, &ChainFacts::unavailable("down"), None).is_nan());
    let category = Category::from_name("ransomware").unwrap();
    let share = Share { category, direct: 1, indirect: 0, direct_ppm: 250_000, indirect_ppm: 0 };
    let known = ChainFacts { ledger: true, found: true, source: vec![share], ..ChainFacts::default() };
    assert_eq!(value_of("direct_from_ransomware", &state, &event, &known, Some(7)), 0.25);
    assert_eq!(value_of("direct_from_scam", &state, &event, &known, Some(7)), 0.0);
    assert_eq!(value_of("event_value", &state, &event, &known, Some(7)), 7.0);
    assert_eq!(value_of("direct_to_scam", &state, &event, &known, Some(7)), 0.0);
    assert_eq!(value_of("counterparty_new", &state, &event, &known, Some(7)), 1.0);
    // An address that the ledger does not have, amounts that are not stored, money of which nothing is known: no share is known.
    for facts in [
        ChainFacts { found: false, ..known.clone() },
        ChainFacts { unknown_amounts: 1, ..known.clone() },
        ChainFacts { unknown_ppm: 1_000_000, ..known.clone() },
    ] {
        for name in [
            "severe_direct",
            "high_indirect",
            "severe_value",
            "to_severe_direct",
            "direct_from_ransomware",
            "direct_to_scam",
        ] {
            assert!(value_of(name, &state, &event, &facts, Some(7)).is_nan(), "{name} {facts:?}");
        }
        assert!(value_of("unknown_share", &state, &event, &facts, Some(7)) >= 0.0);
    }
    // Where a deposit's money went is not looked up.
    let deposit = Event { kind: EventKind::Deposit, ..event };
    assert_eq!(value_of("direct_from_scam", &state, &deposit, &known, Some(7)), 0.0);
    for name in ["to_severe_direct", "indirect_to_scam"] {
        assert!(value_of(name, &state, &deposit, &known, Some(7)).is_nan(), "{name}");
    }
}

#[test]
fn nothing_after_the_event_is_in_its_row() {
    let mut state = State::default();
    let mut record = Record::new(RecordKind::Customer, "c", NOW - Seconds::days(30));
    record.created = Some(NOW - Seconds::days(20));
    state.record(&record);
    let (event, facts) = (withdrawal(), ChainFacts::default());
    let row_now = |state: &State| row(&Input::new(state, &event, &facts, Some(5), &[])).unwrap().to_bytes();
    assert_eq!(value_of("account_age", &state, &event, &facts, None), 20.0 * 86_400.0);
    let before = row_now(&state);
    let mut later = Event::new(EventKind::Deposit, "d", NOW + Seconds::HOUR, "c");
    (later.asset, later.amount) = (Some("BTC".into()), Some(Amount::new(9)));
    state.apply(&later, &facts, 900, 2);
    assert_eq!(row_now(&state), before);
    later.time = NOW - Seconds::HOUR / 2;
    state.apply(&later, &facts, 900, 3);
    assert_eq!(value_of("deposits_1h", &state, &event, &facts, None), 1.0);
}
