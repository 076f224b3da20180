//! Private matching with a partner.

use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::json;

on_both_apps!(a_list_is_for_its_partner_alone);

fn a_list_is_for_its_partner_alone(app: &TestApp) {
    let ana = app.as_role("investigator");
    let offer = json!({"partner": "Exchange B", "items": ["a@example.org", "b@example.org"]});
    let session = ana.post("/api/v1/sharing/matching", offer).ok();
    ana.post("/api/v1/sharing/matching", json!({"partner": "Exchange B", "items": []})).refused_with(400, "items");
    assert_eq!(ana.get("/api/v1/sharing/matching").ok().as_array().map(Vec::len), Some(1));
    let at = format!("/api/v1/sharing/matching/{}", session["id"].as_str().unwrap());
    let (partner, stranger) = (app.as_person("Exchange B", "partner"), app.as_person("Exchange C", "partner"));
    assert!(!partner.get(&at).success().body.is_empty());
    stranger.get(&at).refused(404);
    ana.get(&at).refused_with(403, "partner");
    let answer =
        |who: &holdfast_testing_app::Caller<'_>, bytes: &str| who.send("POST", &at, "application/octet-stream", bytes);
    answer(&stranger, "x").refused(404);
    answer(&partner, "no points").refused(400);
}
