//! People, their second factor and sessions, and the server's jobs.

use holdfast_testing_app::{Answer, Browser, TestApp, on_both_apps};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

on_both_apps!(
    signing_in_needs_a_code_that_is_valid_once,
    signing_in_leads_where_one_was_headed,
    a_recovery_code_opens_once_in_place_of_the_app,
    a_second_factor_is_set_up_over_the_api,
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
    totp_rs::Totp::from_url(format!("otpauth://{uri}")).unwrap().generate(app.now().unix() as u64).to_string()
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

fn signing_in_needs_a_code_that_is_valid_once(app: &TestApp) {
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

/// Begins to sign the investigator in, headed for a page; returns where the key leads.
fn headed<'a>(app: &'a TestApp, next: &str) -> (Browser<'a>, String) {
    app.as_role("investigator");
    let id: String = "investigator".bytes().map(|b| format!("{b:02x}")).collect();
    let (browser, token) = (app.browser(), app.shared.auth.key_ring.token(&id));
    let answer = browser.page(&format!("/sign-in?next={next}")).form("/sign-in").submit(&[("key", &token)]);
    assert_eq!(answer.status, 303);
    let to = answer.header("location").to_owned();
    (browser, to)
}

fn signing_in_leads_where_one_was_headed(app: &TestApp) {
    assert_eq!(headed(app, "/desk/cases%3Fstate=open").1, "/desk/cases?state=open");
    assert_ne!(headed(app, "//elsewhere.example").1, "//elsewhere.example");
    let page = enrolled(app);
    app.advance(30);
    let (browser, step) = headed(app, "/desk/cases%3Fstate=open");
    assert_eq!(step, "/sign-in/code?next=%2Fdesk%2Fcases%3Fstate%3Dopen");
    let entered = browser.page(&step).form("/sign-in/code").submit(&[("code", &code_of(app, &page))]);
    assert_eq!((entered.status, entered.header("location")), (303, "/desk/cases?state=open"));
    // Nothing but a page of the desk is led to, by the step as by the form.
    assert_eq!(headed(app, "//elsewhere.example").1, "/sign-in/code");
    app.advance(30);
    let (browser, step) = headed(app, "/desk/cases");
    let page_of_code = browser.page(&step.replace("%2Fdesk%2Fcases", "//elsewhere.example"));
    let entered = page_of_code
        .form("/sign-in/code")
        .submit(&[("code", &code_of(app, &page)), ("next", "https://elsewhere.example")]);
    assert_eq!(entered.header("location"), "/desk");
}

/// The recovery codes that a page shows.
fn recovery_codes(page: &str) -> Vec<String> {
    let codes = page.split("<li><code>").skip(1).filter_map(|rest| rest.split('<').next());
    codes.map(str::to_owned).collect()
}

fn a_recovery_code_opens_once_in_place_of_the_app(app: &TestApp) {
    let page = enrolled(app);
    assert!(page.contains("<svg") && page.contains("aria-label=\"QR code"), "{page}");
    let codes = recovery_codes(&page);
    assert_eq!(codes.len(), 10, "{page}");
    let browser = app.browser().sign_in("investigator");
    assert_eq!(give(&browser, "aaaa-aaaa-aaaa-aaaa").status, 401);
    assert_eq!(give(&browser, &codes[3].to_uppercase().replace('-', " ")).status, 303);
    assert!(browser.page("/desk/second-factor").ok().contains("9 recovery codes are left"));
    let thief = app.browser().sign_in("investigator");
    assert_eq!(give(&thief, &codes[3]).status, 401, "it is used");
    let log = app.as_role("auditor").get("/api/v1/audit?limit=1000").ok().to_string();
    assert!(log.contains("person.recovery_code_used") && !log.contains(&codes[3]), "{log}");
    // New ones replace them, for a code alone.
    let at = "/desk/second-factor/recovery-codes";
    let renew = |code: &str| browser.page("/desk/second-factor").form(at).submit(&[("code", code)]);
    assert_eq!(renew("000000").status, 401);
    let new = recovery_codes(&renew(&codes[0]).success().text());
    assert_eq!(new.len(), 10);
    assert_eq!(give(&thief, &codes[1]).status, 401, "an old one");
    assert_eq!(give(&thief, &new[1]).status, 303);
    // A reset ends them too.
    let reset = format!("/api/v1/people/{}/second-factor/reset", id_of(app, "investigator"));
    app.as_role("root").post(&reset, json!({"reason": "lost"})).ok();
    let own = app.as_role("investigator");
    let state = json!({"active": false, "recovery_codes_left": 0});
    assert_eq!(own.get("/api/v1/second-factor").ok(), state);
    own.post("/api/v1/second-factor/recovery-codes", json!({"code": new[2]})).refused_with(409, "no second factor");
}

fn a_second_factor_is_set_up_over_the_api(app: &TestApp) {
    let (own, at) = (app.as_role("investigator"), "/api/v1/second-factor");
    own.put(at, json!({"code": "123456"})).refused_with(409, "no authenticator app");
    let made = own.post(at, Value::Null).ok();
    let codes = made["recovery_codes"].as_array().unwrap().clone();
    assert_eq!(codes.len(), 10);
    let totp = totp_rs::Totp::from_url(made["uri"].as_str().unwrap()).unwrap();
    let right = totp.generate(app.now().unix() as u64).to_string();
    let confirm = |code: &str| own.put(at, json!({ "code": code }));
    confirm(codes[0].as_str().unwrap()).refused_with(400, "code");
    assert_eq!(own.get(at).ok(), json!({"active": false, "recovery_codes_left": 0}));
    assert_eq!(confirm(&right).status, 204);
    assert_eq!(own.get(at).ok(), json!({"active": true, "recovery_codes_left": 10}));
    own.post(at, Value::Null).refused_with(409, "second factor");
    let renew = |code: &Value| own.post(&format!("{at}/recovery-codes"), json!({ "code": code }));
    let new = renew(&codes[0]).ok()["recovery_codes"].clone();
    renew(&codes[1]).refused_with(400, "code");
    renew(&new[0]).ok();
    app.with_token("hf_00_00").get(at).refused(401);
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
    // Where somebody was headed is not lost on the way.
    app.advance(30);
    let root = app.as_role("root");
    root.post(&format!("/api/v1/people/{}/second-factor/reset", id_of(app, "investigator")), json!({"reason": "x"}))
        .ok();
    let (browser, step) = headed(app, "/desk/cases");
    assert_eq!(step, format!("{at}?next=%2Fdesk%2Fcases"));
    let page = browser.page(&step).form(at).submit(&[]).success().text();
    let csrf = browser.page("/sign-in/code").form("/sign-in/code").hidden;
    assert!(page.contains("name=\"next\" value=\"/desk/cases\""), "{page}");
    let csrf = csrf.iter().find(|(n, _)| n == "csrf").map(|(_, v)| v.clone()).unwrap();
    let code = code_of(app, &page);
    let entered = browser.post("/sign-in/code", &[("csrf", &csrf), ("next", "/desk/cases"), ("code", &code)]);
    assert_eq!(entered.header("location"), "/desk/cases");
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
    let person = person.replace("/api/v1", "/desk");
    assert!(page.contains("investigator") && page.contains(&format!("href=\"{person}\"")), "{page}");
    assert!(own.page(&person).ok().contains("End all sessions"));
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
        (&job["id"], &json!("waiting"), Some(app.now().unix()))
    );
    let before = root.get(&format!("/api/v1/jobs?before={}", job["id"])).ok();
    assert!(before.as_array().unwrap().iter().all(|other| other["id"].as_u64() < job["id"].as_u64()), "{before}");
    root.post("/api/v1/jobs/999/retry", Value::Null).refused(404);
    root.get("/api/v1/jobs?state=odd").refused(400);
    app.as_role("investigator").get("/api/v1/jobs").refused(403);
    assert!(app.browser().sign_in("administrator").page("/desk/jobs").ok().contains("rescreen"));
}
