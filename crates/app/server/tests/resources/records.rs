//! Records of the exchange's customers.

use holdfast_testing::START;
use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::json;

on_both_apps!(records_come_as_json_and_as_tables);

fn records_come_as_json_and_as_tables(app: &TestApp) {
    let exchange = app.as_role("exchange");
    let customer = json!([{"kind": "customer", "id": "c-1", "time": START, "country": "DE"}]);
    assert_eq!(exchange.post("/api/v1/records", customer.clone()).ok()["taken"], 1);
    assert_eq!(exchange.post("/api/v1/records", customer).ok()["taken"], 1, "any number of times");
    exchange
        .post("/api/v1/records", json!([{"kind": "customer", "id": "c-1", "time": START, "colour": "red"}]))
        .refused_with(400, "colour");
    exchange
        .post("/api/v1/records", json!([{"kind": "planet", "id": "c-1", "time": START}]))
        .refused_with(400, "planet");
    let table = "kind,id,time\ncustomer,c-2,2026-01-31\ncustomer,c-3,31.02.2026\n";
    let send = |path: &str| exchange.send("POST", path, "text/csv", table);
    send("/api/v1/records").refused_with(400, "line 3: time (column C)");
    let partial = send("/api/v1/records?partial=true").ok();
    assert_eq!((&partial["taken"], &partial["refused"]), (&json!(1), &json!(1)), "{partial}");
    send("/api/v1/records?dates=xyz").refused_with(400, "dates");
}
