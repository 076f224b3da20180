//! Charts against what was decided and done.

use holdfast_decision::ChainFacts;
use holdfast_monitor::Monitor;
use holdfast_monitor::statistics::{Chart, ChartName, Window};
use holdfast_screening::Screening;
use holdfast_screening::alerts::{AlertAction, Outcome};
use holdfast_screening::events::EventFilter;
use holdfast_store::{Value, number};
use holdfast_testing::{START, TestClock, TestDb, on_both, withdrawal};
use holdfast_types::Seconds;

on_both!(events_are_found_by_day, decisions_are_counted_once, alerts_are_measured_from_opening_to_closing);

fn window(screening: &Screening) -> Window {
    Window::last(3, screening.now())
}

fn chart(screening: &Screening, name: ChartName) -> Chart {
    Monitor { screening }.chart(name, window(screening)).unwrap()
}

fn of(chart: &Chart, label: &str) -> Vec<Option<i64>> {
    chart.rows.iter().find(|row| row.label == label).map(|row| row.values.clone()).unwrap_or_default()
}

/// Counted in parts, while reading, and a second time: always each event once.
fn decisions_are_counted_once(place: &TestDb) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    for n in 0..3 {
        screening.decide(withdrawal(&format!("w-{n}"), "c", "0xaa", 5, 100), ChainFacts::default(), "x").unwrap();
    }
    let day = chart(&screening, ChartName::Decisions).to;
    let all = |chart: &Chart, day: &str| of(chart, day).into_iter().flatten().sum::<i64>();
    assert_eq!(all(&chart(&screening, ChartName::Decisions), &day), 3);
    // Many older events, as a store that comes from before has them.
    let begin = START.unix();
    screening
        .transact("x", move |tx| {
            let columns = ["seq", "id", "time", "decided", "kind", "customer", "decision", "body", "facts", "result"];
            let event = |seq: u64| -> Vec<Value> {
                let (id, at) = (format!("old-{seq}"), || begin.into());
                let [kind, who, verdict] = ["withdrawal", "c", "hold"].map(Value::from);
                vec![number(seq), id.into(), at(), at(), kind, who, verdict, "{}".into(), "{}".into(), "{}".into()]
            };
            tx.db().insert("events", &columns, &(1_000..24_500).map(event).collect::<Vec<_>>(), "")?;
            let hits: Vec<Vec<Value>> =
                (1_000u64..1_010).map(|seq| vec![number(seq), "large".into(), 1i64.into(), "shadow".into()]).collect();
            tx.db().insert("rule_hits", &["seq", "rule", "version", "state"], &hits, "")?;
            Ok::<_, holdfast_screening::ScreeningError>(())
        })
        .unwrap();
    for _ in 0..2 {
        assert_eq!(all(&chart(&screening, ChartName::Decisions), &day), 23_503);
    }
    assert_eq!(of(&chart(&screening, ChartName::Rules), "large"), [Some(0), Some(10)]);
    let by_day = chart(&screening, ChartName::RuleDays);
    let large = by_day.series.iter().position(|s| s.name == "large").unwrap();
    assert_eq!(of(&by_day, &day)[large], Some(10));
    clock.set(START + Seconds::days(1));
    let later = chart(&screening, ChartName::Decisions);
    assert_eq!((all(&later, &later.to), all(&later, &day)), (0, 23_503), "days without events are zero");
}

fn alerts_are_measured_from_opening_to_closing(place: &TestDb) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let book = "title: t\nrules:\n  - {id: large, version: 1, state: live, title: Large, on: [withdrawal], when: event.value > 50, decision: hold, source: [trial]}\n";
    screening.apply_rules(book, "x").unwrap();
    let alerts: Vec<u64> = (0..4)
        .map(|n| {
            let event = withdrawal(&format!("w-{n}"), "c", "0xaa", 5, 100);
            screening.decide(event, ChainFacts::default(), "x").unwrap().alert.unwrap()
        })
        .collect();
    let close = |id: u64, outcome| AlertAction::Close { outcome, text: format!("alert {id}") };
    for (n, (id, outcome)) in
        alerts.iter().zip([Outcome::TruePositive, Outcome::FalsePositive, Outcome::TruePositive]).enumerate()
    {
        clock.set(START + Seconds::hours(i64::try_from(n).unwrap() + 1));
        screening.act_on_alert(*id, close(*id, outcome), "Ana").unwrap();
    }
    screening.act_on_alert(alerts[3], AlertAction::Assign { assignee: Some("Bo".into()) }, "Ana").unwrap();
    let by_day = chart(&screening, ChartName::Alerts);
    let sums = by_day.rows.iter().fold((0, 0), |(a, b), r| (a + r.values[0].unwrap(), b + r.values[1].unwrap()));
    assert_eq!(sums, (4, 3));
    let times = chart(&screening, ChartName::Times);
    let last = times.rows.iter().rev().find(|r| r.values[0].is_some()).unwrap();
    assert_eq!(last.values, [Some(7_200), Some(10_800)], "1, 2 and 3 hours");
    assert_eq!(of(&chart(&screening, ChartName::Precision), "large")[..3], [Some(2), Some(1), Some(667)]);
    assert_eq!(of(&chart(&screening, ChartName::Outcomes), "true_positive"), [Some(2)]);
    let people = chart(&screening, ChartName::People);
    assert_eq!(
        (of(&people, "Ana"), of(&people, "Bo")),
        (vec![Some(0), Some(3), Some(0)], vec![Some(1), Some(0), Some(0)])
    );
    assert_eq!(of(&chart(&screening, ChartName::AlertAges), "1 to 4 hours"), [Some(0), Some(1)]);
    let held = chart(&screening, ChartName::HeldAssets);
    assert_eq!(held.rows.iter().filter_map(|r| r.values[1]).sum::<i64>(), 4);
    assert!(
        held.rows.iter().all(|r| r.values[0].is_none()),
        "without a price no value is known, which is no zero: {held:?}"
    );
    assert!(held.left_out.iter().any(|text| text.contains("without a price")), "{held:?}");
    for name in [ChartName::Agencies, ChartName::Countries, ChartName::Clocks, ChartName::Holds, ChartName::Money] {
        chart(&screening, name);
    }
}

fn events_are_found_by_day(place: &TestDb) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let at = |day: i64| START + Seconds::days(day);
    for day in 0..3 {
        clock.set(at(day));
        for n in 0..=day {
            screening
                .decide(withdrawal(&format!("w-{day}-{n}"), "c", "0xaa", 5, 100), ChainFacts::default(), "x")
                .unwrap();
        }
    }
    let count = |from, to| {
        let filter = EventFilter { decided: Some((from, to)), limit: 100, ..EventFilter::default() };
        screening.events(&filter).unwrap().len()
    };
    let second = Seconds::new(1);
    assert_eq!([0, 1, 2, 3].map(|d| count(at(d), at(d) + second)), [1, 2, 3, 0]);
    assert_eq!((count(at(0), at(3)), count(at(-9), at(0)), count(at(1), at(2))), (6, 0, 2));
}
