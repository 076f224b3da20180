//! Events: decisions and what becomes known of a movement later.

use holdfast_screening::ScreeningError;
use holdfast_testing::{START, deposit};
use holdfast_testing_app::{PAID, TestApp, on_both_apps};
use holdfast_types::Seconds;
use serde_json::{Value, json};
use std::sync::mpsc::channel;

on_both_apps!(
    an_event_is_decided_once,
    events_of_a_batch_are_answered_in_order,
    a_batch_is_bounded,
    a_batch_that_does_not_fit_can_be_sent_again,
    an_event_may_be_called_batch,
    a_movement_is_completed,
    wrong_events_name_their_field,
    events_are_chosen_by_what_they_are,
    past_transfers_are_screened_again
);

pub fn withdrawal(id: &str, amount: &str) -> Value {
    json!({"id": id, "kind": "withdrawal", "time": START, "customer": "c-1", "asset": "ETH", "amount": amount, "value": 12_345,
        "counterparty": "0x00000000000000000000000000000000000000aa"})
}

fn an_event_is_decided_once(app: &TestApp) {
    let exchange = app.as_role("exchange");
    let first = exchange.post("/api/v1/events", withdrawal("w-1", "5")).ok();
    assert_eq!(first["decision"], "review", "no source covers the asset: {first}");
    assert_eq!(first["reasons"][0]["rule"], "engine.uncovered");
    app.advance(60);
    assert_eq!(
        exchange.post("/api/v1/events", withdrawal("w-1", "5")).ok(),
        first,
        "sent again, it gets the same answer"
    );
    exchange.post("/api/v1/events", withdrawal("w-1", "6")).refused_with(409, "w-1");
    let reader = app.as_role("investigator");
    let stored = reader.get("/api/v1/events/w-1").ok();
    assert_eq!((&stored["event"]["customer"], &stored["event"]["amount"]), (&json!("c-1"), &json!("5")));
    assert_eq!(reader.get("/api/v1/events?limit=1").ok().as_array().map(Vec::len), Some(1));
    assert_eq!(reader.get("/api/v1/events?after=1").ok(), json!([]));
    reader.get("/api/v1/events?limit=many").refused_with(400, "limit");
    // An event of the chain is decided with the chain's facts.
    let mut on_chain = withdrawal("w-2", "5");
    (on_chain["asset"], on_chain["counterparty"]) = (json!("BTC"), json!(PAID));
    exchange.post("/api/v1/events", on_chain).ok();
    assert_eq!(reader.get("/api/v1/events/w-2").ok()["facts"]["found"], true);
    exchange.get("/api/v1/events").refused_with(403, "read");
}

/// One answer each in the order sent: good ones, wrong ones, duplicates and conflicts, in the batch and with what was decided before.
fn events_of_a_batch_are_answered_in_order(app: &TestApp) {
    let exchange = app.as_role("exchange");
    let before = exchange.post("/api/v1/events", withdrawal("w-0", "5")).ok();
    let mut wrong = withdrawal("w-2", "5");
    wrong["amount"] = json!("-5");
    let mut late = withdrawal("w-5", "5");
    late["time"] = json!(START + Seconds::days(900));
    let batch = json!([
        withdrawal("w-1", "5"),
        wrong,
        withdrawal("w-0", "5"),
        withdrawal("w-1", "5"),
        withdrawal("w-1", "6"),
        {"planet": "Mars"},
        withdrawal("w-0", "7"),
        late,
        withdrawal("w-3", "5"),
    ]);
    let answers = exchange.post("/api/v1/events/batch", batch.clone()).ok();
    let statuses: Vec<u64> = answers.as_array().unwrap().iter().map(|a| a["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 400, 200, 200, 409, 400, 409, 400, 200], "{answers}");
    let decided = |i: usize| &answers[i]["decision"];
    assert_eq!(decided(2), &before, "decided before");
    assert_eq!(decided(0), decided(3), "twice in the batch");
    assert_eq!((&decided(0)["event"], &decided(8)["event"]), (&json!("w-1"), &json!("w-3")));
    assert_eq!(decided(8)["seq"].as_u64(), Some(3), "wrong ones take no number: {answers}");
    for (i, words) in [(1, "amount"), (4, "w-1"), (5, "planet"), (6, "w-0"), (7, "time")] {
        let error = &answers[i]["error"];
        assert!(error["error"].as_str().unwrap().contains(words) && error["code"].is_string(), "{i}: {error}");
        assert!(answers[i].get("decision").is_none());
    }
    app.advance(60);
    // The clock is in one refusal: what was decided is the same.
    let again = exchange.post("/api/v1/events/batch", batch).ok();
    let of = |answers: &Value| -> Vec<(Value, Value)> {
        answers.as_array().unwrap().iter().map(|a| (a["status"].clone(), a["decision"].clone())).collect()
    };
    assert_eq!(of(&again), of(&answers), "sent again, it gets the same answers");
    let reader = app.as_role("investigator");
    assert_eq!(reader.get("/api/v1/events").ok().as_array().map(Vec::len), Some(3));
    // Alone and in a batch, an event is decided alike; one batch is one input of the log and one transaction.
    let one = exchange.post("/api/v1/events/batch", json!([withdrawal("w-6", "5")])).ok();
    let (reasons, alone) = (&one[0]["decision"]["reasons"], &before["reasons"]);
    assert_eq!(reasons, alone);
    assert_eq!(exchange.post("/api/v1/events/batch", json!([])).ok(), json!([]));
    let audit = app.as_role("auditor").get("/api/v1/audit/replay").ok();
    assert_eq!((&audit["problems"], &audit["decisions"]), (&json!([]), &json!(4)), "{audit}");
}

fn a_batch_is_bounded(app: &TestApp) {
    let exchange = app.as_role("exchange");
    let login = |n: usize| json!({"id": format!("l-{n}"), "kind": "account", "time": START, "customer": "c-1", "action": "login"});
    let many: Vec<Value> = (0..1_001).map(login).collect();
    exchange.post("/api/v1/events/batch", json!(many)).refused_with(400, "1000");
    exchange.post("/api/v1/events/batch", json!({"id": "l-1"})).refused_with(400, "list of events");
    exchange.send("POST", "/api/v1/events/batch", "application/json", vec![b' '; 17 << 20]).refused(413);
    app.as_role("investigator").post("/api/v1/events/batch", json!([login(0)])).refused_with(403, "events");
    let reader = app.as_role("investigator");
    assert_eq!(reader.get("/api/v1/events").ok(), json!([]), "nothing was decided");
    let answers = exchange.post("/api/v1/events/batch", json!(many[..1_000])).ok();
    let seqs: Vec<u64> = answers.as_array().unwrap().iter().filter_map(|a| a["decision"]["seq"].as_u64()).collect();
    assert_eq!(seqs, (1..=1_000).collect::<Vec<_>>(), "in the order sent");
}

fn an_event_may_be_called_batch(app: &TestApp) {
    let (exchange, reader) = (app.as_role("exchange"), app.as_role("investigator"));
    reader.get("/api/v1/events/batch").refused_with(404, "batch");
    exchange.post("/api/v1/events", withdrawal("batch", "5")).ok();
    assert_eq!(reader.get("/api/v1/events/batch").ok()["event"]["id"], "batch");
    exchange.get("/api/v1/events/batch").refused_with(403, "read");
    let done = json!({"time": START + Seconds::new(60), "status": "confirmed", "tx": "11".repeat(32), "height": 170});
    assert_eq!(exchange.post("/api/v1/events/batch/completion", done).ok()["event"]["id"], "batch");
    assert_eq!(exchange.post("/api/v1/events/batch", json!([])).ok(), json!([]));
}

/// While the writer is busy and as much waits as may, a batch is refused whole; sent again later, it is decided.
fn a_batch_that_does_not_fit_can_be_sent_again(app: &TestApp) {
    let (exchange, desk) = (app.as_role("exchange"), app.shared.screening.clone());
    let batch = json!([withdrawal("w-1", "5"), withdrawal("w-2", "5")]);
    let ((begin, began), (go, wait)) = (channel(), channel::<()>());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            desk.transact("t", move |_| {
                begin.send(()).unwrap();
                wait.recv().unwrap();
                Ok::<_, ScreeningError>(())
            })
        });
        began.recv().unwrap();
        let fill = |events: usize| {
            let same = vec![(deposit("d-1", "c-1", "0x01", 5, 100), Default::default()); events];
            desk.submit_batch(same, &"t".into(), |_| ())
        };
        for events in [1_000, 100, 10, 1] {
            while fill(events).is_ok() {}
        }
        exchange.post("/api/v1/events/batch", batch.clone()).refused(503);
        exchange.post("/api/v1/events", withdrawal("w-1", "5")).refused(503);
        go.send(()).unwrap();
    });
    let answers = exchange.post("/api/v1/events/batch", batch).ok();
    assert_eq!((&answers[0]["status"], &answers[1]["status"]), (&json!(200), &json!(200)), "{answers}");
}

fn events_are_chosen_by_what_they_are(app: &TestApp) {
    let exchange = app.as_role("exchange");
    for (n, customer) in [(1, "c-1"), (2, "c-2"), (3, "c-1")] {
        let mut event = withdrawal(&format!("w-{n}"), "5");
        event["customer"] = json!(customer);
        exchange.post("/api/v1/events", event).ok();
    }
    let mut other = withdrawal("w-4", "5");
    other["counterparty"] = json!("0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed");
    exchange.post("/api/v1/events", other).ok();
    let login = json!({"id": "l-1", "kind": "account", "time": START, "customer": "c-1", "action": "login"});
    exchange.post("/api/v1/events", login).ok();
    let done = json!({"time": START, "status": "confirmed", "tx": "AB".repeat(32)});
    exchange.post("/api/v1/events/w-2/completion", done).ok();
    let reader = app.as_role("investigator");
    let ids = |query: &str| -> Vec<String> {
        let found = reader.get(&format!("/api/v1/events?{query}")).ok();
        found.as_array().unwrap().iter().map(|e| e["event"]["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("customer=c-1&kind=withdrawal"), ["w-1", "w-3", "w-4"]);
    assert_eq!(ids("kind=account"), ["l-1"]);
    assert_eq!(ids("decision=review&newest_first=true&limit=2"), ["w-4", "w-3"]);
    assert_eq!(ids("decision=review&newest_first=true&before=3"), ["w-2", "w-1"]);
    assert_eq!(ids("decision=reject"), [""; 0]);
    assert_eq!(ids("named=0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"), ["w-4"], "in any case");
    assert_eq!(ids(&format!("named=0x{}", "ab".repeat(32))), ["w-2"], "by the transaction that completed it");
    assert_eq!(ids("rule=engine.uncovered"), ["w-1", "w-2", "w-3", "w-4"], "what the engine itself found too");
    assert_eq!(ids("rule=nothing"), [""; 0]);
    assert_eq!(ids("customer=c-2&rule="), ["w-2"]);
    let completed = reader.get("/api/v1/events?customer=c-2").ok();
    assert_eq!(completed[0]["completion"]["status"], "confirmed", "{completed}");
    reader.get("/api/v1/events?kind=planet").refused(400);
    reader.get("/api/v1/events?decision=maybe").refused(400);
}

fn a_movement_is_completed(app: &TestApp) {
    let exchange = app.as_role("exchange");
    exchange.post("/api/v1/events", withdrawal("w-1", "5")).ok();
    let done = json!({"time": START + Seconds::new(60), "status": "confirmed", "tx": "11".repeat(32), "height": 170});
    let completed = exchange.post("/api/v1/events/w-1/completion", done.clone()).ok();
    assert_eq!(completed["completion"]["status"], "confirmed", "{completed}");
    assert_eq!(exchange.post("/api/v1/events/w-1/completion", done).ok(), completed, "sent again, it changes nothing");
    exchange
        .post("/api/v1/events/w-1/completion", json!({"time": START + Seconds::new(60), "status": "lost"}))
        .refused_with(400, "lost");
    exchange
        .post(
            "/api/v1/events",
            json!({"id": "l-1", "kind": "account", "time": START, "customer": "c-1", "action": "login"}),
        )
        .ok();
    let login = json!({"time": START, "status": "confirmed", "tx": "11".repeat(32)});
    let answer = exchange.post("/api/v1/events/l-1/completion", login);
    assert!(matches!(answer.status, 400 | 409), "a login moves nothing: {}", answer.text());
    // The number of events of one movement is bounded.
    app.advance(600);
    let reported = |n: i64| {
        let story = json!({"time": START + Seconds::new(60 + n), "status": "broadcast", "tx": "11".repeat(32)});
        exchange.post("/api/v1/events/w-1/completion", story)
    };
    (1..100).for_each(|n| drop(reported(n).ok()));
    reported(100).refused_with(409, "more are not stored");
    reported(99).ok();
}

fn wrong_events_name_their_field(app: &TestApp) {
    let exchange = app.as_role("exchange");
    for (field, value) in [("amount", json!("-5")), ("amount", json!("5.5")), ("value", json!(-1)), ("id", json!(""))] {
        let mut event = withdrawal("w-1", "5");
        event[field] = value;
        exchange.post("/api/v1/events", event).refused_with(400, field);
    }
    assert_eq!(app.as_role("investigator").get("/api/v1/events").ok(), json!([]));
}

fn past_transfers_are_screened_again(app: &TestApp) {
    app.decided("w-1", "c-1");
    let report = app.as_role("administrator").post("/api/v1/rescreen", Value::Null).ok();
    assert!(report.is_object(), "{report}");
}
