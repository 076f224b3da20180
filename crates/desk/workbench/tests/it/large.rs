//! A queue of more alerts than are counted: pages and counts stay bounded, and facts of old alerts are filled in.

use holdfast_decision::{ChainFacts, Verdict};
use holdfast_screening::service::Transaction;
use holdfast_screening::{Screening, ScreeningError, alerts};
use holdfast_store::{Value, number};
use holdfast_testing::{TestClock, TestDb, on_both, withdrawal};
use holdfast_workbench::queue::{MAX_COUNTED, PAGE, QueueQuery, Risk, counted, page};
use holdfast_workbench::{evidence, flows};

on_both!(a_large_queue_is_paged_and_counted_up_to_a_bound, movements_of_a_customer_are_summed);

/// One more than are counted.
const MANY: u64 = MAX_COUNTED + 1;

fn fill(tx: &mut Transaction<'_>) -> Result<(), ScreeningError> {
    let now = tx.now();
    let row = |id: u64| -> Vec<Value> {
        let rule = if id.is_multiple_of(2) { "rule.even" } else { "rule.odd rule.other" };
        vec![
            number(id),
            number(0_u64),
            format!("c-{}", id % 7).into(),
            "decision".into(),
            "review".into(),
            "open".into(),
            Value::Null,
            Value::Null,
            "a reason".into(),
            rule.into(),
            now.into(),
            now.into(),
        ]
    };
    let rows: Vec<Vec<Value>> = (1..=MANY).map(row).collect();
    Ok(tx.db().insert("alerts", &alerts::COLUMNS, &rows, "")?)
}

fn a_large_queue_is_paged_and_counted_up_to_a_bound(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    screening.transact("test", fill).unwrap();
    let of = |query: QueueQuery| page(&screening, &query.read("ana").unwrap()).unwrap();
    let first = of(QueueQuery::default());
    assert_eq!((first.count, first.is_more), (MAX_COUNTED, true));
    assert_eq!(first.rows.len(), usize::try_from(PAGE).unwrap());
    assert!(first.rows.iter().all(|row| row.risk == Risk::Medium), "their facts are filled in: {:?}", first.rows[0]);
    let last = of(QueueQuery { page: "101".into(), sort: "oldest".into(), ..QueueQuery::default() });
    assert_eq!(last.rows.iter().map(|row| row.alert.id).collect::<Vec<_>>(), [MANY]);
    let even = of(QueueQuery { rule: "rule.even".into(), ..QueueQuery::default() });
    assert_eq!((even.count, even.is_more), (MAX_COUNTED / 2, false));
    let other = of(QueueQuery {
        rule: "rule.other".into(),
        customer: "c-1".into(),
        sort: "newest".into(),
        ..QueueQuery::default()
    });
    assert!(other.rows.iter().all(|row| row.alert.id % 14 == 1), "{:?}", other.rows[0]);
    let none = QueueQuery { rule: "rule".into(), ..QueueQuery::default() }.read("ana").unwrap();
    assert_eq!(counted(&screening, &none).unwrap(), (0, false), "a rule is a whole word");
}

fn movements_of_a_customer_are_summed(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    let blind = ChainFacts { unavailable: Some("the node does not answer".into()), ..ChainFacts::default() };
    let event = withdrawal("w-1", "c-1", "0x00000000000000000000000000000000000000bb", 1_000_000, 12_345);
    let decision = screening.decide(event.clone(), blind.clone(), "test").unwrap();
    let mut unpriced = withdrawal("w-2", "c-1", "0x00000000000000000000000000000000000000bb", 2_000_000, 1);
    unpriced.value = None;
    screening.decide(unpriced, blind, "test").unwrap();
    let month = flows::by_month(&screening, "c-1", 12).unwrap();
    let (sent, unknown) = month.periods.iter().fold((0, 0), |(s, u), p| (s + p.sent, u + p.unpriced));
    assert!(sent >= 12_345 && !month.is_cut && month.events == 2, "{month:?}");
    assert!(sent > 12_345 || unknown == 1, "what has no value is counted as such: {month:?}");
    let decided = screening.event("w-1").unwrap();
    let days = flows::by_day(&screening, &decided, 30).unwrap();
    assert_eq!((days.events, days.periods.iter().map(|p| p.unpriced).sum::<u64>()), (1, 0), "w-2 came after w-1");
    assert_eq!(days.periods.len(), 30);
    assert_eq!(days.periods.last().unwrap().period, event.time.rfc3339()[..10]);
    let alert = decision.alert.unwrap();
    let found = evidence::of(&screening, alert).unwrap();
    if decision.decision >= Verdict::Review && decision.decision < Verdict::Reject {
        assert_eq!(found.row.risk, Risk::Unknown, "what could not be looked at is never of low risk: {found:?}");
    }
    assert_eq!((found.row.value, found.usual), (Some(12_345), None), "nothing came before");
}
