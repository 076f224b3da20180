//! The queue in the order that saves most, where a learned model for triage is in force.

use holdfast_decision::ChainFacts;
use holdfast_learned::Step;
use holdfast_screening::Screening;
use holdfast_testing::{TestClock, TestDb, on_both, value_model, withdrawal};
use holdfast_workbench::queue::{Order, QueuePage, QueueQuery, page};

on_both!(alerts_are_ordered_by_probability_times_value);

const BOOK: &str = "title: t\nrules:\n  - {id: all, version: 1, state: live, title: All, on: [withdrawal], when: event.kind == 'withdrawal', decision: review, source: [trial]}\n  - {id: dear, version: 1, state: live, title: Dear, on: [withdrawal], when: event.value == 77000, decision: hold, source: [trial]}\n";

fn alerts_are_ordered_by_probability_times_value(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    screening.apply_rules(BOOK, "x").unwrap();
    let decide = |id: &str, value: Option<u64>| {
        let mut event = withdrawal(id, "c", "0xaa", 5, 0);
        event.value = value;
        let facts = ChainFacts { ledger: true, found: true, ..ChainFacts::default() };
        screening.decide(event, facts, "x").unwrap().alert.unwrap()
    };
    let queue = |sort: &str| -> QueuePage {
        let query = QueueQuery { sort: sort.into(), ..QueueQuery::default() };
        page(&screening, &query.read("ana").unwrap()).unwrap()
    };
    let ids = |page: &QueuePage| page.rows.iter().map(|r| r.alert.id).collect::<Vec<_>>();
    let (before, held) = (decide("w-1", Some(99_000)), decide("w-0", Some(77_000)));
    let plain = queue("");
    assert_eq!((plain.sort, plain.rows[0].triage), (Order::Risk, None));
    assert_eq!(ids(&plain), [held, before]);
    let model = value_model("alert-triage", 50_000);
    let hash = model.hash();
    screening.add_model(model, "ana").unwrap();
    for (step, person) in [(Step::Shadow, "ana"), (Step::Champion, "ana"), (Step::Champion, "bo")] {
        screening.step_model(hash, step, "because", person).unwrap();
    }
    let (small, large, unpriced) = (decide("w-2", Some(20_000)), decide("w-3", Some(90_000)), decide("w-4", None));
    let middle = decide("w-5", Some(60_000));
    let sorted = queue("");
    assert_eq!(sorted.sort, Order::Triage);
    // What was held, or is of unknown risk, waits behind no score; of lower risk it follows the scored ones.
    assert_eq!(ids(&sorted), [held, unpriced, large, middle, small, before]);
    let first = sorted.rows[2].triage.unwrap();
    assert!(first.probability_ppm > 500_000 && first.at_stake.unwrap() <= 90_000, "{first:?}");
    let of = |id: u64| sorted.rows.iter().find(|r| r.alert.id == id).unwrap();
    assert!(of(before).triage.is_none() && of(unpriced).triage.unwrap().at_stake.is_none());
    assert_eq!(queue("risk").sort, Order::Risk);
    screening.step_model(hash, Step::Retire, "out of bounds", "ana").unwrap();
    assert_eq!(queue("").sort, Order::Risk);
}
