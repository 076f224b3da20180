//! The desk's commands and endpoints.

mod common;

use common::{Desk, holdfast, path, run, serving, small_store, words};
use serde_json::{Value, json};

#[test]
fn requests_are_reviewed_by_command_and_over_http() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let inquiry = json!({
        "request": {"id": "r-1", "received": 1_795_000_000, "kind": "information", "process": "us.2703d", "reference": "24-mj-1234",
            "officer": {"name": "Ana Berg", "email": "ana.berg@fbl.gov", "agency": "FBI", "country": "US"}, "states": ["judge"],
            "targets": [{"kind": "card", "value": "4111 1111 1111 1111"}], "classes": ["subscriber", "content"]},
        "history": {"domains": [{"domain": "fbi.gov", "agency": "FBI", "country": "US"}]}
    });
    let file = dir.path().join("inquiry.json");
    std::fs::write(&file, inquiry.to_string()).unwrap();
    let text = run(holdfast().args(["desk", "review", path(&file)]));
    for part in [
        "STOP look-alike-domain",
        "not to be given: content; opened by us.search-warrant",
        "may be given: subscriber",
        "call the officer back",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let by_command: Value =
        serde_json::from_str(&run(holdfast().args(["--json", "desk", "review", path(&file)]))).unwrap();
    // A policy of one's own, for both.
    let own = dir.path().join("policy.yaml");
    let shipped = run(holdfast().args(["desk", "policy"]));
    std::fs::write(&own, shipped.replacen("version: 1", "version: 2", 1)).unwrap();
    assert!(run(holdfast().args(["desk", "policy", path(&own)])).contains("version 2"));
    let (process, url) =
        serving(holdfast().args(["serve", "--store", path(&store), "--listen", "127.0.0.1:0", "--policy", path(&own)]));
    let desk = Desk { process, url, dir };
    let (status, mut over_http) = desk.ask("POST", "/api/v1/desk/review", &[], Some(&inquiry));
    assert_eq!(status, 200, "{over_http}");
    assert_eq!(over_http["judgement"]["policy"], 2);
    over_http["judgement"]["policy"] = 1.into();
    assert_eq!(over_http, by_command);
    assert_eq!(over_http["request"]["targets"][0]["value"], "411111******1111");
    assert_eq!(desk.ask("GET", "/api/v1/desk/policy", &[], None).1["version"], 2);
    let mut wrong = inquiry.clone();
    wrong["request"]["targets"][0]["value"] = "4111 1111 1111 1112".into();
    let (status, refused) = desk.ask("POST", "/api/v1/desk/review", &[], Some(&wrong));
    assert_eq!(status, 400);
    assert!(refused["error"].as_str().unwrap().starts_with("targets[0].value"), "{refused}");
    std::fs::write(&own, "version: 3\nprocesses: [{id: x}]").unwrap();
    let output = holdfast().args(["desk", "policy", path(&own)]).output().unwrap();
    assert!(!output.status.success() && words(&output).contains("title"), "{}", words(&output));
}
