//! The desk's commands and endpoints.

use crate::common::{Desk, holdfast, path, run, serving, small_store, words};
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
        "not to be disclosed: content; opened by us.search-warrant",
        "may be disclosed: subscriber",
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
    let (process, url) = serving(holdfast().args([
        "serve",
        "--open",
        "--store",
        path(&store),
        "--listen",
        "127.0.0.1:0",
        "--policy",
        path(&own),
    ]));
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

#[test]
fn a_request_is_answered_by_two_people() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let desk_args = ["--store", path(&store)];
    run(holdfast()
        .args([
            "desk",
            "agencies",
            "add",
            "FBI",
            "--country",
            "US",
            "--domain",
            "fbi.gov",
            "--evidence",
            "listed on usa.gov",
        ])
        .args(desk_args));
    let start = |dir| {
        let (process, url) = serving(holdfast().args(["serve", "--open", "--listen", "127.0.0.1:0"]).args(desk_args));
        Desk { process, url, dir }
    };
    let desk = start(dir);
    let (_, admin, _) = desk.key("admin", &["admin"], "");
    let (_, ana, _) = desk.key("ana", &["desk", "approve"], &admin);
    let (_, bo, _) = desk.key("bo", &["desk", "approve"], &admin);
    let (_, reader, _) = desk.key("reader", &["read"], &admin);
    let ask = |method: &str, path: &str, key: &str, body: Option<&Value>| {
        desk.ask(method, path, &[("Authorization", &format!("Bearer {key}"))], body)
    };
    let request = json!({"id": "r-1", "received": 1_795_000_000, "kind": "information", "process": "us.2703d", "reference": "24-mj-1234",
        "officer": {"name": "Ana Berg", "email": "ana.berg@fbi.gov", "agency": "FBI", "country": "US"}, "states": ["judge"],
        "targets": [{"kind": "email", "value": "someone@example.org"}], "classes": ["subscriber"]});
    assert_eq!(ask("POST", "/api/v1/desk/requests", &reader, Some(&request)).0, 403);
    let (status, opened) = ask("POST", "/api/v1/desk/requests", &ana, Some(&request));
    assert_eq!((status, &opened["stored"]["state"]), (200, &json!("open")), "{opened}");
    // Requests name people: the scope to read the rest is not enough.
    assert_eq!(ask("GET", "/api/v1/desk/requests", &reader, None).0, 403);
    assert_eq!(ask("GET", "/api/v1/desk/requests/r-1", &reader, None).0, 403);
    assert_eq!(ask("GET", "/api/v1/desk/requests?state=open", &bo, None).1.as_array().map(Vec::len), Some(1));
    let prepare = json!({"step": "prepare", "outcome": "granted", "reason": "the order is in order"});
    assert_eq!(ask("POST", "/api/v1/desk/requests/r-1", &ana, Some(&prepare)).0, 200);
    let (status, refused) = ask("POST", "/api/v1/desk/requests/r-1", &ana, Some(&json!({"step": "approve"})));
    assert_eq!(status, 409);
    assert!(refused["error"].as_str().unwrap().contains("another person"), "{refused}");
    let (status, answered) = ask("POST", "/api/v1/desk/requests/r-1", &bo, Some(&json!({"step": "approve"})));
    assert_eq!((status, &answered["stored"]["approved_by"]), (200, &json!("bo")), "{answered}");
    let (_, log) = ask("GET", "/api/v1/audit?subject=request:r-1", &admin, None);
    assert_eq!(log.as_array().unwrap().len(), 3, "{log}");
    // The command says the same of it.
    let Desk { process, dir: _dir, .. } = desk;
    drop(process);
    let text = run(holdfast().args(["desk", "requests", "show", "r-1"]).args(desk_args));
    assert!(text.contains("answered") && text.contains("prepared by ana, approved by bo"), "{text}");
    assert!(run(holdfast().args(["desk", "requests", "list", "--state", "answered"]).args(desk_args)).contains("r-1"));
    assert!(run(holdfast().args(["desk", "agencies", "list"]).args(desk_args)).contains("fbi.gov"));
}
