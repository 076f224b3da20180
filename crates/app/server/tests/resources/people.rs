//! People, their second factor and sessions, and the server's jobs.

use holdfast_testing_app::{Answer, Browser, TestApp, on_both_apps};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

on_both_apps!(
    signing_in_asks_for_a_code_that_opens_once,
    guesses_of_a_code_end,
    a_required_factor_is_set_up_before_anything_else,
    sessions_end_with_their_person,
    a_job_is_tried_again,
);

fn id_of(app: &TestApp, name: &str) -> Value {
    let people = app.as_role("root").get("/api/v1/people").ok();
    people.as_array().unwrap().iter().find(|p| p["name"] == name).unwrap()["id"].clone()
}

/// The code that the app of the secret on a page shows.
fn code_of(app: &TestApp, page: &str) -> String {
    let uri = page.split("href=\"otpauth://").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    totp_rs::Totp::from_url(format!("otpauth://{uri}")).unwrap().generate(app.now() as u64).to_string()
}

/// A code that is not this one.
fn other(code: &str) -> &'static str {
    if code == "000000" { "111111" } else { "000000" }
}

/// Signs the investigator in and sets an app up; returns the page with its secret.
fn enrolled(app: &TestApp) -> String {
    let browser = app.browser().sign_in("investigator");
    let page = browser.page("/desk/second-factor").form("/desk/second-factor").submit(&[]).success().text();
    let confirm = browser.page("/desk/second-factor");
    let form = confirm.form("/desk/second-factor").hidden;
    let csrf = form.iter().find(|(n, _)| n == "csrf").map(|(_, v)| v.clone()).unwrap();
    let give = |code: &str| browser.post("/desk/second-factor/code", &[("csrf", &csrf), ("code", code)]);
    let right = code_of(app, &page);
    assert_eq!(give(other(&right)).status, 401, "a wrong code confirms nothing");
    let people = app.as_role("root").get("/api/v1/people").ok().to_string();
    assert!(!people.contains("\"second_factor\":true"), "{people}");
    assert_eq!(give(&right).status, 303);
    assert!(browser.page("/desk/second-factor").ok().contains("another administrator"));
    page
}

fn give(browser: &Browser<'_>, code: &str) -> Answer {
    browser.page("/sign-in/code").form("/sign-in/code").submit(&[("code", code)])
}

fn signing_in_asks_for_a_code_that_opens_once(app: &TestApp) {
    let page = enrolled(app);
    let used = code_of(app, &page);
    let browser = app.browser().sign_in("investigator");
    assert!(!browser.cookies().contains(&"hf".to_owned()), "the key alone opens no session");
    assert_eq!(browser.page("/desk").answer.status, 303);
    assert_eq!(give(&browser, &used).status, 401, "the code that confirmed the app is used");
    assert!(!browser.cookies().contains(&"hf".to_owned()));
    app.advance(30);
    let next = code_of(app, &page);
    assert_eq!(give(&browser, &next).status, 303);
    browser.page("/desk").ok();
    // Another browser with the key and the same code.
    let thief = app.browser().sign_in("investigator");
    assert_eq!(give(&thief, &next).status, 401);
    // Programs send the key and need no code.
    app.as_role("investigator").get("/api/v1/holds").ok();
    // Nobody sets a second one up over the first, nor resets their own.
    let form = browser.page("/desk/cases").form("/desk/cases").hidden;
    let csrf = form.iter().find(|(n, _)| n == "csrf").map(|(_, v)| v.clone()).unwrap();
    assert_eq!(browser.post("/desk/second-factor", &[("csrf", &csrf)]).status, 409);
    let at = format!("/api/v1/people/{}/second-factor/reset", id_of(app, "investigator"));
    let root = app.as_role("root");
    app.as_role("investigator").post(&at, json!({"reason": "lost"})).refused(403);
    root.post(&at, json!({"reason": " "})).refused_with(400, "reason");
    let own = format!("/api/v1/people/{}/second-factor/reset", id_of(app, "root"));
    root.post(&own, json!({"reason": "lost"})).refused_with(409, "another person");
    assert_eq!(root.post(&at, json!({"reason": "lost"})).ok()["second_factor"], false);
    root.post(&at, json!({"reason": "lost"})).refused_with(409, "no second factor");
    assert_eq!(browser.page("/desk").answer.status, 303, "a reset ends the sessions");
    let again = app.browser().sign_in("investigator");
    again.page("/desk").ok();
}

fn guesses_of_a_code_end(app: &TestApp) {
    let page = enrolled(app);
    app.advance(30);
    let right = code_of(app, &page);
    let browser = app.browser().sign_in("investigator");
    for _ in 0..5 {
        assert_eq!(give(&browser, other(&right)).status, 401);
    }
    assert_eq!(give(&browser, &right).status, 429, "no code is taken any more, the right one neither");
    // A cookie of one's own making is no sign-in.
    assert_eq!(app.browser().page("/sign-in/code").answer.header("location"), "/sign-in");
    app.advance(900);
    let late = app.browser().sign_in("investigator");
    assert_eq!(give(&late, &code_of(app, &page)).status, 303);
    // A sign-in waits for its code for ten minutes.
    let slow = app.browser().sign_in("investigator");
    app.advance(601);
    assert_eq!(slow.page("/sign-in/code").answer.status, 303);
}

fn a_required_factor_is_set_up_before_anything_else(app: &TestApp) {
    app.shared.second_factor_required.store(true, Ordering::Relaxed);
    let browser = app.browser().sign_in("investigator");
    assert_eq!(browser.page("/desk").answer.status, 303);
    let at = "/sign-in/second-factor";
    let page = browser.page(at).form(at).submit(&[]).success().text();
    assert_eq!(give(&browser, &code_of(app, &page)).status, 303);
    browser.page("/desk").ok();
}

fn sessions_end_with_their_person(app: &TestApp) {
    let root = app.as_role("root");
    let (lost, own) = (app.browser().sign_in("investigator"), app.browser().sign_in("root"));
    let investigator = app.as_role("investigator");
    let listed = investigator.get("/api/v1/sessions").ok();
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    investigator.get("/api/v1/sessions?all=true").refused_with(403, "manage");
    let all = root.get("/api/v1/sessions?all=true").ok();
    assert_eq!(all.as_array().map(Vec::len), Some(2), "{all}");
    let of = |name: &str| all.as_array().unwrap().iter().find(|s| s["person"] == name).unwrap()["id"].clone();
    let at = |id: &Value| format!("/api/v1/sessions/{}", id.as_str().unwrap());
    investigator.delete(&at(&of("root"))).refused(404);
    root.delete(&at(&of("investigator"))).is(204);
    assert_eq!(lost.page("/desk").answer.status, 303, "an administrator ended it");
    // A suspended person's sessions do not come back.
    let lost = app.browser().sign_in("investigator");
    lost.page("/desk").ok();
    let person = format!("/api/v1/people/{}", id_of(app, "investigator"));
    let state = |state: &str| json!({"state": state, "reason": "left"});
    root.post(&person, state("suspended")).ok();
    root.post(&person, state("suspended")).refused_with(409, "suspended");
    assert_eq!(lost.page("/desk").answer.status, 303);
    root.post(&person, state("active")).ok();
    assert_eq!(lost.page("/desk").answer.status, 303, "it ended for good");
    let lost = app.browser().sign_in("investigator");
    root.delete(&format!("{person}/sessions")).is(204);
    assert_eq!(lost.page("/desk").answer.status, 303);
    // The pages show and do the same.
    let page = own.page("/desk/people").ok();
    assert!(page.contains("investigator") && page.contains("End all sessions"), "{page}");
    let page = own.page("/desk/sessions");
    let mine = at(&of("root")).replace("/api/v1", "/desk");
    assert_eq!(page.form(&mine).submit(&[]).status, 303);
    assert_eq!(own.page("/desk").answer.status, 303, "one's own");
}

fn a_job_is_tried_again(app: &TestApp) {
    let root = app.as_role("root");
    app.shared.rescreen_later("a test");
    let jobs = root.get("/api/v1/jobs?state=waiting").ok();
    let job = jobs.as_array().unwrap().iter().find(|j| j["kind"] == "rescreen").unwrap().clone();
    app.advance(5);
    let again = root.post(&format!("/api/v1/jobs/{}/retry", job["id"]), Value::Null).ok();
    assert_eq!(
        (&again["id"], &again["state"], again["next_try"].as_i64()),
        (&job["id"], &json!("waiting"), Some(app.now()))
    );
    root.post("/api/v1/jobs/999/retry", Value::Null).refused(404);
    root.get("/api/v1/jobs?state=odd").refused(400);
    app.as_role("investigator").get("/api/v1/jobs").refused(403);
    assert!(app.browser().sign_in("administrator").page("/desk/jobs").ok().contains("rescreen"));
}
