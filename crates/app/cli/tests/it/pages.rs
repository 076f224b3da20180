//! All pages of a served demo as people meet them: every link that a role is shown, and each kind of page in a real browser.

use crate::common::{Desk, demo, demo_store, have, have_peer, holdfast, path, peers, serving, words};
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
    let dir = tempfile::tempdir().unwrap();
    let (store, printed) = demo_store(dir.path());
    let theft = printed.split("A theft on a simulated account chain (").nth(1).and_then(|rest| rest.split('.').next());
    let theft = theft.and_then(|theft| theft.split_once("), reported by the victim: "));
    let (chain, theft) = theft.expect("the demo names the theft that it follows");
    let (process, url) =
        serving(holdfast().args(["serve", "--open", "--listen", "127.0.0.1:0", "--store", path(&store)]));
    let desk = Desk { process, url, dir };
    let (_, ana, _) = desk.key("ana", &["admin"], "");
    let (_, bo, _) = desk.key("bo", &["admin"], &ana);
    let args = [desk.url.clone(), ana, bo, chain.to_owned(), theft.to_owned()];
    println!("tasks: {}", run_script(&peers().join("venv/bin/python"), "walk.py", &args));
}
