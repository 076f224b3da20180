//! All pages of a served demo as people meet them: every link that a role is shown, and each kind of page in a real browser.

use crate::common::{demo, have, have_peer, holdfast, path, peers, run, serving, words};
use std::path::Path;
use std::process::Command;

fn script(name: &str) -> String {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name);
    place.to_str().expect("a path of this repository").to_owned()
}

/// Runs a script with arguments; returns what it printed.
fn run_script(python: &Path, name: &str, args: &[String]) -> String {
    let output = Command::new(python).arg(script(name)).args(args).output().unwrap();
    assert!(output.status.success(), "{}", words(&output));
    words(&output)
}

#[test]
fn every_link_that_a_role_is_shown_leads_somewhere() {
    let desk = demo();
    let (_, admin, _) = desk.key("admin", &["admin"], "");
    let mut args = vec![desk.url.clone(), format!("admin={admin}")];
    for (role, scopes) in holdfast_identity::ROLES {
        args.push(format!("{role}={}", desk.key(role, scopes, &admin).1));
    }
    println!("links followed: {}", run_script(Path::new("python3"), "links.py", &args));
}

/// Minutes of a browser: `./test soak` runs it.
#[test]
#[ignore = "takes minutes; ./test soak runs it"]
fn every_kind_of_page_is_sound_in_a_browser() {
    if !have("chromium") || !have_peer("venv/bin/playwright") || !have_peer("node_modules/axe-core") {
        return;
    }
    let desk = demo();
    let (_, admin, _) = desk.key("admin", &["admin"], "");
    let args = [desk.url.clone(), admin, "--full".to_owned()];
    println!("pages: {}", run_script(&peers().join("venv/bin/python"), "crawl.py", &args));
}

#[test]
fn an_investigators_tasks_take_no_more_keys_and_clicks_than_they_may() {
    if !have("chromium") || !have_peer("venv/bin/playwright") {
        return;
    }
    let desk = demo();
    let (_, ana, _) = desk.key("ana", &["admin"], "");
    let (_, bo, _) = desk.key("bo", &["admin"], &ana);
    // The demo's blocks are years apart; on a simulated chain money moves on.
    let (sim, store) = (desk.dir.path().join("sim"), desk.dir.path().join("simulated"));
    run(holdfast().args(["simulate", "chain", path(&sim), "--txs", "5000", "--seed", "7"]));
    run(holdfast().args(["ingest", path(&sim.join("blocks")), "--network", "regtest", "--store", path(&store)]));
    let (_simulated, simulated) =
        serving(holdfast().args(["serve", "--open", "--listen", "127.0.0.1:0", "--store", path(&store)]));
    let truth = path(&sim.join("truth")).to_owned();
    let args = [desk.url.clone(), ana, bo, simulated, truth];
    println!("tasks: {}", run_script(&peers().join("venv/bin/python"), "walk.py", &args));
}
