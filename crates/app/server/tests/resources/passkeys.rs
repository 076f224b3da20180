//! Passkeys as the second factor of people, with an authenticator in software: over the API, on the pages, while signing in.

use holdfast_testing::Authenticator;
use holdfast_testing_app::{Answer, Browser, TestApp, on_both_apps};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

on_both_apps!(
    a_passkey_is_set_up_over_the_api,
    a_passkey_signs_in_in_place_of_a_code,
    a_key_alone_changes_no_factor,
    a_required_passkey_is_set_up_while_signing_in,
    a_reset_ends_passkeys,
);

const AT: &str = "/api/v1/second-factor/passkeys";
const OWN: &str = "/desk/second-factor/passkeys";

fn device(app: &TestApp, seed: u8) -> Authenticator {
    Authenticator::new(seed, app.shared.site.origin())
}

/// The token of a page's first form of an action.
fn csrf(browser: &Browser<'_>, page: &str, action: &str) -> String {
    let fields = browser.page(page).form(action).hidden;
    fields.into_iter().find(|(name, _)| name == "csrf").expect("a token").1
}

/// Adds a passkey on the page of second factors.
fn add(browser: &Browser<'_>, device: &mut Authenticator, name: &str) -> Answer {
    let options = browser.script().post(&format!("{OWN}/options"), Value::Null).ok();
    let credential = device.create(&options).to_string();
    let csrf = csrf(browser, "/desk/second-factor", OWN);
    browser.post(OWN, &[("csrf", &csrf), ("name", name), ("credential", &credential)])
}

/// Answers the challenge of a sign-in.
fn enter(browser: &Browser<'_>, credential: &Value) -> Answer {
    let csrf = csrf(browser, "/sign-in/code", "/sign-in/passkey");
    browser.post("/sign-in/passkey", &[("csrf", &csrf), ("credential", &credential.to_string())])
}

fn challenge(browser: &Browser<'_>) -> Value {
    browser.script().post("/sign-in/passkey/options", Value::Null).ok()
}

/// The recovery codes that a page shows.
fn recovery_codes(page: &str) -> Vec<String> {
    let codes = page.split("<li><code>").skip(1).filter_map(|rest| rest.split('<').next());
    codes.map(str::to_owned).collect()
}

/// Gives a recovery code as the second factor of a sign-in.
fn recover(browser: &Browser<'_>, code: &str) -> Answer {
    browser.page("/sign-in/code").form("/sign-in/code").submit(&[("code", code)])
}

fn a_passkey_is_set_up_over_the_api(app: &TestApp) {
    let (own, mut laptop, mut phone) = (app.as_role("investigator"), device(app, 1), device(app, 2));
    assert_eq!(own.get(AT).ok(), json!([]));
    app.as_nobody().get(AT).refused(401);
    own.put(AT, json!({"name": "laptop", "credential": {"id": "AAECAw"}})).refused_with(400, "credential");
    let made = laptop.create(&own.post(AT, Value::Null).ok());
    own.put(AT, json!({"name": "", "credential": made})).refused_with(400, "name");
    let added = own.put(AT, json!({"name": "laptop", "credential": made})).ok();
    assert_eq!((added["id"].as_str().unwrap(), added["recovery_codes"].as_array().unwrap().len()), (&*laptop.id(), 10));
    own.put(AT, json!({"name": "again", "credential": made})).refused(409);
    let at = format!("{AT}/{}", laptop.id());
    assert_eq!(own.get("/api/v1/second-factor").ok(), json!({"active": true, "recovery_codes_left": 10}));
    let listed = own.get(AT).ok();
    assert_eq!((&listed[0]["name"], &listed[0]["used"]), (&json!("laptop"), &Value::Null));
    // The key alone changes nothing any more; a session that the passkey opened does.
    own.post(AT, Value::Null).refused_with(409, "sign in with it first");
    own.put(&at, json!({"name": "x"})).refused_with(409, "sign in with it first");
    own.delete(&at).refused_with(409, "sign in with it first");
    let browser = app.browser().sign_in("investigator");
    assert_eq!(enter(&browser, &laptop.get(&challenge(&browser))).status, 303);
    let session = browser.script();
    let made = phone.create(&session.post(AT, Value::Null).ok());
    let added = session.put(AT, json!({"name": "phone", "credential": made})).ok();
    assert_eq!(added["recovery_codes"], json!([]));
    assert_eq!(session.put(&at, json!({"name": "blue laptop"})).ok()[0]["name"], "blue laptop");
    session.put(&at, json!({"name": "a\u{7}"})).refused_with(400, "name");
    session.put(&format!("{AT}/00"), json!({"name": "x"})).refused(404);
    session.delete(&format!("{AT}/00")).refused(404);
    let left = session.delete(&at).ok();
    assert_eq!((left.as_array().map(Vec::len), &left[0]["name"]), (Some(1), &json!("phone")));
    session.delete(&format!("{AT}/{}", phone.id())).refused_with(409, "only second factor");
    // Recovery codes are renewed in such a session, or for one of them.
    let renew = "/api/v1/second-factor/recovery-codes";
    own.post(renew, json!({})).refused_with(400, "code");
    let new = session.post(renew, json!({})).ok()["recovery_codes"].clone();
    own.post(renew, json!({"code": new[0]})).ok();
    // An app beside the passkey leaves them as they are.
    assert_eq!(session.post("/api/v1/second-factor", Value::Null).ok()["recovery_codes"], json!([]));
    assert_eq!(app.as_role("auditor").get("/api/v1/audit/verify").ok()["problems"], json!([]));
}

fn a_passkey_signs_in_in_place_of_a_code(app: &TestApp) {
    let (browser, mut laptop) = (app.browser().sign_in("investigator"), device(app, 1));
    let page = add(&browser, &mut laptop, "laptop").success().text();
    let codes = recovery_codes(&page);
    assert_eq!(codes.len(), 10, "{page}");
    let own = browser.page("/desk/second-factor").ok();
    assert!(own.contains("value=\"laptop\"") && own.contains("10 recovery codes are left"), "{own}");
    let next = app.browser().sign_in("investigator");
    assert!(!next.cookies().contains(&"hf".to_owned()), "the key alone opens no session");
    // An answer is good for its own challenge, once, and only with a verified user.
    laptop.verifies = false;
    assert_eq!(enter(&next, &laptop.get(&challenge(&next))).status, 401);
    laptop.verifies = true;
    let answer = laptop.get(&challenge(&next));
    assert_eq!(enter(&next, &json!({"id": 7})).status, 400);
    assert_eq!(enter(&next, &answer).status, 303);
    next.page("/desk").ok();
    let thief = app.browser().sign_in("investigator");
    assert_eq!(enter(&thief, &answer).status, 409);
    challenge(&thief);
    assert_eq!(enter(&thief, &answer).status, 401);
    assert_eq!(app.browser().script().post("/sign-in/passkey/options", Value::Null).status, 401, "without a key");
    // A recovery code opens where the passkey is lost.
    assert_eq!(recover(&thief, &codes[0]).status, 303);
    thief.page("/desk").ok();
    // Names and removal, on the page.
    let at = format!("{OWN}/{}", laptop.id());
    let step = |fields: &[(&str, &str)]| {
        let csrf = csrf(&next, "/desk/second-factor", &at);
        next.post(&at, &[&[("csrf", csrf.as_str())], fields].concat())
    };
    assert_eq!(step(&[("step", "rename"), ("name", "blue")]).status, 303);
    let empty = step(&[("step", "rename"), ("name", " ")]);
    assert!(empty.status == 400 && empty.text().contains("Name of the device"), "{}", empty.text());
    assert_eq!(step(&[("step", "remove")]).status, 409, "the last factor stays");
    assert_eq!(add(&next, &mut device(app, 2), "phone").status, 303);
    assert_eq!(step(&[("step", "remove")]).status, 303);
    let own = next.page("/desk/second-factor").ok();
    assert!(own.contains("value=\"phone\"") && !own.contains("value=\"blue\""), "{own}");
    let log = app.as_role("auditor").get("/api/v1/audit?limit=1000").ok().to_string();
    for action in ["passkey_added", "passkey_renamed", "passkey_removed", "factor_given", "factor_refused"] {
        assert!(log.contains(&format!("person.{action}")), "{action} is not in {log}");
    }
}

fn a_key_alone_changes_no_factor(app: &TestApp) {
    // Somebody who has the key is in already, and set an app up, when its owner adds a passkey.
    let (early, own, mut laptop) = (app.browser().sign_in("investigator"), app.as_role("investigator"), device(app, 1));
    let app_uri = own.post("/api/v1/second-factor", Value::Null).ok()["uri"].as_str().unwrap().to_owned();
    let begun = device(app, 9).create(&own.post(AT, Value::Null).ok());
    let browser = app.browser().sign_in("investigator");
    let codes = recovery_codes(&add(&browser, &mut laptop, "laptop").success().text());
    let totp = totp_rs::Totp::from_url(app_uri).unwrap().generate(app.now().unix().unsigned_abs()).to_string();
    for caller in [&own, &early.script()] {
        caller.put(AT, json!({"name": "thief", "credential": begun})).refused_with(409, "sign in with it first");
        caller.post(AT, Value::Null).refused_with(409, "sign in with it first");
        caller.post("/api/v1/second-factor", Value::Null).refused_with(409, "sign in with it first");
        caller.put("/api/v1/second-factor", json!({"code": totp})).refused_with(400, "code");
        caller.delete(&format!("{AT}/{}", laptop.id())).refused_with(409, "sign in with it first");
    }
    // Nor on the pages, in the older session and before the second step of signing in, also where a factor is required.
    assert_eq!(early.script().post(&format!("{OWN}/options"), Value::Null).status, 409);
    app.shared.second_factor_required.store(true, Ordering::Relaxed);
    let half = app.browser().sign_in("investigator");
    assert_eq!(recover(&half, &totp).status, 401);
    let set_up = "/sign-in/second-factor";
    assert_eq!(half.page(set_up).form(set_up).submit(&[]).status, 409);
    assert_eq!(half.script().post(&format!("{set_up}/passkeys/options"), Value::Null).status, 409);
    let token = csrf(&half, set_up, &format!("{set_up}/passkeys"));
    let fields = [("csrf", token.as_str()), ("name", "thief"), ("credential", &begun.to_string())];
    assert_eq!(half.post(&format!("{set_up}/passkeys"), &fields).status, 409);
    assert_eq!(half.page("/desk").answer.status, 303);
    assert_eq!(own.get(AT).ok().as_array().map(Vec::len), Some(1));
    // A recovery code opens the older session for changes.
    let page = early.page("/desk/second-factor");
    assert!(page.ok().contains("This session began with your key alone") && !page.ok().contains("data-passkey"));
    assert_eq!(page.form("/desk/second-factor/code").submit(&[("code", &codes[0])]).status, 303);
    assert_eq!(add(&early, &mut device(app, 2), "phone").status, 303);
}

fn a_required_passkey_is_set_up_while_signing_in(app: &TestApp) {
    let browser = app.browser().sign_in("investigator");
    let nothing = browser.script().post("/sign-in/second-factor/passkeys/options", Value::Null);
    assert_eq!(nothing.status, 401, "where none is required, one is set up in a session");
    app.shared.second_factor_required.store(true, Ordering::Relaxed);
    let (browser, mut laptop) = (app.browser().sign_in("investigator"), device(app, 1));
    let at = "/sign-in/second-factor/passkeys";
    let options = browser.script().post(&format!("{at}/options"), Value::Null).ok();
    let credential = laptop.create(&options).to_string();
    let token = csrf(&browser, "/sign-in/second-factor", at);
    let fields = [("csrf", token.as_str()), ("name", "laptop"), ("credential", &credential), ("next", "/desk/cases")];
    let page = browser.post(at, &fields).success().text();
    assert!(recovery_codes(&page).len() == 10 && page.contains("href=\"/desk/cases\""), "{page}");
    browser.page("/desk").ok();
    assert_eq!(add(&browser, &mut device(app, 2), "phone").status, 303, "the passkey opened the session");
    let again = app.browser().sign_in("investigator");
    assert_eq!(enter(&again, &laptop.get(&challenge(&again))).status, 303);
}

fn a_reset_ends_passkeys(app: &TestApp) {
    let (browser, mut laptop) = (app.browser().sign_in("investigator"), device(app, 1));
    add(&browser, &mut laptop, "laptop").success();
    let root = app.as_role("root");
    let people = root.get("/api/v1/people").ok();
    let person = people.as_array().unwrap().iter().find(|p| p["name"] == "investigator").unwrap().clone();
    assert_eq!(person["second_factor"], true);
    let reset = format!("/api/v1/people/{}/second-factor/reset", person["id"]);
    assert_eq!(root.post(&reset, json!({"reason": "lost"})).ok()["second_factor"], false);
    assert_eq!(browser.page("/desk").answer.status, 303, "its sessions end");
    let own = app.as_role("investigator");
    assert_eq!(own.get(AT).ok(), json!([]));
    assert_eq!(own.get("/api/v1/second-factor").ok(), json!({"active": false, "recovery_codes_left": 0}));
    let again = app.browser().sign_in("investigator");
    add(&again, &mut laptop, "laptop").success();
}
