//! Staff sign-on with a certified OpenID Connect provider (npm oidc-provider), and SCIM held to scim2-tester.

use crate::common::{Running, free_port, have_peer, holdfast, path, peers, run, serving, small_store, words};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn script(name: &str) -> String {
    format!("{}/tests/peers/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Starts the provider with the desk at an address as its client; returns it once it listens.
fn provider(port: u16, desk: &str) -> Running {
    let mut child = Command::new("node")
        .args([&script("oidc_provider.mjs"), path(&peers()), &port.to_string()])
        .args([format!("{desk}/sign-in/return"), format!("{desk}/api/v1/sign-on/logout")])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let process = Running(child);
    let mut lines = out.lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "listening"), "the provider does not listen");
    // What it says later is read, so that it never waits.
    std::thread::spawn(move || lines.for_each(drop));
    process
}

#[test]
fn a_person_signs_on_at_a_certified_provider_and_its_logout_ends_the_session() {
    if !have_peer("node_modules/oidc-provider") || !have_peer("venv/bin/python") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    run(holdfast().args(["keys", "create", "boss", "--role", "administrator", "--store", path(&store)]));
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "a secret of the desk\n").unwrap();
    let (at, port) = (free_port(), free_port());
    let (desk, issuer) = (format!("http://localhost:{at}"), format!("http://127.0.0.1:{port}"));
    let _provider = provider(port, &desk);
    let (_desk, _) = serving(holdfast().args(["serve", "--store", path(&store), "--site", &desk]).args([
        "--listen",
        &format!("127.0.0.1:{at}"),
        "--sign-on-issuer",
        &issuer,
        "--sign-on-client",
        "desk",
        "--sign-on-secret-file",
        path(&secret),
        "--sign-on-role",
        "desk=investigator",
    ]));
    let output = Command::new(peers().join("venv/bin/python")).args([&script("sign_on.py"), &desk, &issuer]).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", words(&output));
    let log = run(holdfast().args(["--json", "audit", "list", "--store", path(&store)]));
    let log: Value = serde_json::from_str(&log).unwrap();
    let has = |action: &str| log.as_array().unwrap().iter().any(|entry| entry["action"] == action);
    for action in ["person.signed_on", "sign_on.refused", "sessions.ended_by_provider"] {
        assert!(has(action), "{action}: {log}");
    }
}

#[test]
fn the_directory_service_passes_scim2_tester() {
    if !have_peer("venv/lib") || !have_peer("venv/bin/python") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    // The first key: nobody could approve it.
    let made = ["--json", "keys", "create", "directory", "--scopes", "provision", "--store", path(&store)];
    let made: Value = serde_json::from_str(&run(holdfast().args(made))).unwrap();
    let token = made["token"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    let at = free_port();
    let desk = format!("http://localhost:{at}");
    let (_desk, _) = serving(
        holdfast()
            .args(["serve", "--store", path(&store), "--site", &desk])
            .args(["--listen", &format!("127.0.0.1:{at}")]),
    );
    let service = format!("{desk}/scim/v2");
    let output = Command::new(peers().join("venv/bin/python")).args([&script("scim.py"), &service, &token]).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", words(&output));
    println!("{}", words(&output));
}
