//! All pages of a served demo as people meet them: every link that a role is shown, and each kind of page in a real browser.

use crate::common::{demo, have, have_peer, peers, words};
use std::path::Path;
use std::process::Command;

fn script(name: &str) -> String {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name);
    place.to_str().expect("a path of this repository").to_owned()
}

#[test]
fn every_link_that_a_role_is_shown_leads_somewhere_and_every_kind_of_page_is_sound() {
    if !have("chromium") || !have_peer("venv/bin/playwright") || !have_peer("node_modules/axe-core") {
        return;
    }
    let desk = demo();
    let (_, admin, _) = desk.key("admin", &["admin"], "");
    let mut roles = vec![format!("admin={admin}")];
    for (role, scopes) in holdfast_identity::ROLES {
        roles.push(format!("{role}={}", desk.key(role, scopes, &admin).1));
    }
    let output = Command::new("python3").arg(script("links.py")).arg(&desk.url).args(&roles).output().unwrap();
    assert!(output.status.success(), "{}", words(&output));
    println!("links followed: {}", words(&output));
    let python = peers().join("venv/bin/python");
    let output = Command::new(python).args([&script("crawl.py"), &desk.url, &admin]).output().unwrap();
    assert!(output.status.success(), "{}", words(&output));
    println!("pages: {}", words(&output));
}
