//! Lists that are cut say so, and what one person has too much of takes nothing from another.

use holdfast_cases::customers;
use holdfast_decision::{Record, RecordKind};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::{Value, number};
use holdfast_testing::{START, TestClock, TestDb, on_both};
use holdfast_workbench::customer;
use holdfast_workbench::inbox::{self, Rights};
use holdfast_workbench::queue::QueueQuery;
use holdfast_workbench::views::{self, NewView};

on_both!(
    views_of_one_are_kept_apart_from_those_of_others,
    an_approval_behind_many_of_ones_own_is_listed,
    customers_who_share_something_are_not_cut_silently
);

fn opened(place: &TestDb) -> Screening {
    Screening::open(&place.url, TestClock::new().clock()).unwrap()
}

fn views_of_one_are_kept_apart_from_those_of_others(place: &TestDb) {
    let screening = opened(place);
    let new = |name: &str, shared: bool| NewView { name: name.into(), shared, query: QueueQuery::default() };
    for n in 0..50 {
        views::save(&screening, new(&format!("z{n:02}"), false), "ana").unwrap();
    }
    views::save(&screening, new("z07", false), "ana").expect("one is replaced, not added");
    assert!(views::save(&screening, new("z50", false), "ana").unwrap_err().to_string().contains("50 views"));
    views::save(&screening, new("a", true), "bo").unwrap();
    views::save(&screening, new("b", true), "bo").unwrap();
    screening
        .transact("test", |tx| {
            let sql = "UPDATE saved_views SET query = '{\"page\": 1}' WHERE name = $1";
            tx.db().execute(sql, &["a".into()])?;
            let sql = "UPDATE saved_views SET query = '{\"risk\": \"mild\"}' WHERE name = $1";
            tx.db().execute(sql, &["z00".into()])?;
            Ok::<(), ScreeningError>(())
        })
        .unwrap();
    let list = views::list(&screening, "ana").unwrap();
    assert_eq!((list.len(), list[0].name.as_str(), list[50].name.as_str()), (52, "z00", "a"), "one's own come first");
    let refused: Vec<&str> = list.iter().filter(|v| v.refused.is_some()).map(|v| v.name.as_str()).collect();
    assert_eq!(refused, ["z00", "a"]);
    assert_eq!(list.iter().filter(|v| v.is_counted).count(), 20);
}

fn an_approval_behind_many_of_ones_own_is_listed(place: &TestDb) {
    let screening = opened(place);
    let fill = |from: u64, to: u64, by: &'static str| {
        screening.transact("test", move |tx| {
            let row = |id: u64| -> Vec<Value> {
                let texts: [Value; 5] = ["rules", "rules", "{}", "proposed", by].map(Into::into);
                [vec![number(id)], texts.to_vec(), vec![START.into()]].concat()
            };
            let rows: Vec<Vec<Value>> = (from..to).map(row).collect();
            let columns = ["id", "kind", "subject", "body", "state", "proposed_by", "proposed"];
            Ok::<(), ScreeningError>(tx.db().insert("changes", &columns, &rows, "")?)
        })
    };
    let rights = Rights { reads: false, holds: false, reads_cases: false, approves: false, decides: true };
    fill(1, 61, "Ana").unwrap();
    fill(61, 62, "bo").unwrap();
    let inbox = inbox::of(&screening, "ana", rights).unwrap();
    assert_eq!(inbox.approvals.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["61"]);
    assert!(!inbox.more);
    let of_bo = inbox::of(&screening, "bo", rights).unwrap();
    assert_eq!((of_bo.approvals.len(), of_bo.more), (50, true));
}

fn customers_who_share_something_are_not_cut_silently(place: &TestDb) {
    let screening = opened(place);
    let store = |from: u32, to: u32| {
        let email = Some("max@example.org".to_owned());
        let record =
            |n| Record { email: email.clone(), ..Record::new(RecordKind::Customer, format!("c{n:02}"), START) };
        screening.ingest((from..to).map(record).collect(), "exchange").unwrap();
        customer::overview(&screening, &customers::of(&screening, "c00").unwrap()).unwrap()
    };
    let few = store(0, 50);
    assert_eq!((few.sharing.len(), few.sharing_is_cut, few.notes_are_cut), (49, false, false));
    let many = store(50, 60);
    assert!(many.sharing_is_cut && many.sharing.len() < 59, "{many:?}");
}
