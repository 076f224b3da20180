//! Flags: raised to a community, confirmed, withdrawn; what they hold.

use crate::communities::community;
use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::json;

on_both_apps!(a_flag_holds_until_it_is_withdrawn);

const ROBBER: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

fn a_flag_holds_until_it_is_withdrawn(app: &TestApp) {
    let (id, ana) = (community(app), app.as_role("investigator"));
    let flag =
        json!({"channel": id, "subject": "address", "asset": "ETH", "value": ROBBER, "reason": "Hot wallet emptied"});
    let raised = ana.post("/api/v1/sharing/flags", flag.clone()).ok();
    let at = format!("/api/v1/sharing/flags/{}", raised["flag"]["id"].as_str().unwrap());
    let mut wrong = flag.clone();
    wrong["value"] = json!("");
    ana.post("/api/v1/sharing/flags", wrong.clone()).refused_with(400, "value");
    for text in ["hello", holdfast_testing_app::PAID, "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"] {
        wrong["value"] = json!(text);
        ana.post("/api/v1/sharing/flags", wrong.clone()).refused_with(400, "value: ");
    }
    let mut nowhere = flag;
    nowhere["channel"] = json!("nowhere");
    ana.post("/api/v1/sharing/flags", nowhere).refused_with(400, "channel");
    assert_eq!(ana.get("/api/v1/sharing/flags?state=open").ok().as_array().map(Vec::len), Some(1));
    let move_to = |state: &str| ana.post(&at, json!({"state": state, "why": "seen"}));
    move_to("melted").refused_with(400, "melted");
    move_to("confirmed").ok();
    move_to("withdrawn").ok();
    move_to("confirmed").refused(409);
    assert!(ana.get("/api/v1/sharing/standings").ok().is_array());
    app.as_role("auditor").post(&at, json!({"state": "confirmed", "why": "x"})).refused_with(403, "desk");
}
