//! API keys: created, approved by a second person where they are powerful, revoked.

use holdfast_screening::ScreeningError;
use holdfast_screening::changes::MAX_PROPOSED;
use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(
    a_key_opens_what_it_may_until_it_is_revoked,
    powerful_keys_wait_for_a_second_person,
    so_many_changes_wait,
    a_key_gets_other_scopes,
    a_retired_key_of_the_desk_signs_nobody_in,
    people_and_keys_are_made_and_changed_on_the_pages,
    a_person_is_suspended_and_acts_again,
    sessions_are_ones_own
);

fn a_key_opens_what_it_may_until_it_is_revoked(app: &TestApp) {
    let root = app.as_role("root");
    let made = root.post("/api/v1/keys", json!({"name": "wallet", "scopes": ["events"], "per_minute": 2})).ok();
    let wallet = app.with_token(made["token"].as_str().unwrap());
    wallet.post("/api/v1/events", crate::events::withdrawal("w-1", "5")).ok();
    wallet.get("/api/v1/holds").refused_with(403, "wallet");
    wallet.post("/api/v1/events", crate::events::withdrawal("w-2", "5")).ok();
    let limited = wallet.post("/api/v1/events", crate::events::withdrawal("w-3", "5"));
    limited.refused_with(429, "2 requests a minute");
    assert!(limited.header("retry-after").parse::<u32>().is_ok_and(|s| s <= 60));
    app.advance(60);
    wallet.post("/api/v1/events", crate::events::withdrawal("w-3", "5")).ok();
    let listed = root.get("/api/v1/keys").ok();
    assert!(listed.as_array().unwrap().iter().any(|k| k["name"] == "wallet"));
    assert!(!listed.to_string().contains("hf_"), "no list shows a secret: {listed}");
    root.post("/api/v1/keys", json!({"name": " WALLET", "scopes": ["events"]})).refused_with(400, "name");
    root.post("/api/v1/keys", json!({"name": "x", "scopes": ["fly"]})).refused_with(400, "fly");
    let at = format!("/api/v1/keys/{}", made["key"]["id"].as_str().unwrap());
    assert_eq!(root.delete(&at).is(204), Value::Null);
    wallet.post("/api/v1/events", crate::events::withdrawal("w-4", "5")).refused(401);
    let again = root.delete(&at);
    assert!(matches!(again.status, 404 | 409), "{}", again.text());
    // The last administrator stays.
    root.delete(&format!("/api/v1/keys/{}", hex("root"))).refused_with(409, "last administrator");
}

fn hex(name: &str) -> String {
    name.bytes().map(|b| format!("{b:02x}")).collect()
}

fn powerful_keys_wait_for_a_second_person(app: &TestApp) {
    let (root, boss) = (app.as_role("root"), app.as_role("administrator"));
    for scopes in [json!(["admin"]), json!(["manage"]), json!(["rules"]), json!(["holds"])] {
        let made = boss.post("/api/v1/keys", json!({"name": format!("x{scopes}"), "scopes": scopes})).is(202);
        let key = app.with_token(made["token"].as_str().unwrap());
        key.get("/api/v1/changes").refused(401);
        let at = format!("/api/v1/changes/{}", made["change"]);
        let own = boss.post(&at, json!({"decision": "approve", "reason": "me"}));
        assert!(matches!(own.status, 403 | 409), "{}", own.text());
        root.post(&at, json!({"decision": "approve", "reason": "agreed"})).ok();
        let opens = if scopes == json!(["holds"]) { 403 } else { 200 };
        assert_eq!(key.get("/api/v1/changes").status, opens, "{scopes}");
    }
    boss.post("/api/v1/keys", json!({"name": "reader", "scopes": ["read"]})).is(202);
    app.as_role("approver").post("/api/v1/keys", json!({"name": "y", "scopes": ["read"]})).refused_with(403, "manage");
}

fn a_key_gets_other_scopes(app: &TestApp) {
    let (root, boss, bo) = (app.as_role("root"), app.as_role("administrator"), app.as_person("bo", "investigator"));
    let at = format!("/api/v1/keys/{}", hex("bo"));
    let put =
        |who: &holdfast_testing_app::Caller<'_>, at: &str, scopes: Value| who.put(at, json!({ "scopes": scopes }));
    bo.get("/api/v1/alerts").ok();
    // Removing a scope needs no second person.
    let fewer = put(&boss, &at, json!(["desk"])).ok();
    assert_eq!((&fewer["key"]["scopes"], &fewer["change"]), (&json!(["desk"]), &Value::Null));
    bo.get("/api/v1/alerts").refused_with(403, "needs read");
    put(&boss, &at, json!(["desk"])).refused_with(409, "already");
    put(&boss, &at, json!(["fly"])).refused_with(400, "fly");
    put(&boss, &at, json!([])).refused_with(400, "scopes");
    put(&bo, &at, json!(["admin"])).refused_with(403, "manage");
    put(&boss, "/api/v1/keys/none", json!(["desk"])).refused(404);
    // Whoever lacks a scope proposes it; who has all approves.
    let waits = put(&boss, &at, json!(["desk", "read"])).is(202);
    assert_eq!(waits["key"]["scopes"], json!(["desk"]), "as it still is");
    bo.get("/api/v1/alerts").refused(403);
    let change = format!("/api/v1/changes/{}", waits["change"]);
    boss.post(&change, json!({"decision": "approve", "reason": "me"})).refused(403);
    root.post(&change, json!({"decision": "approve", "reason": "agreed"})).ok();
    bo.get("/api/v1/alerts").ok();
    // Who has all scopes can grant all but those that may administrate.
    put(&root, &at, json!(["desk", "read", "approve"])).ok();
    let powerful = put(&root, &at, json!(["manage"])).is(202);
    root.post(&format!("/api/v1/changes/{}", powerful["change"]), json!({"decision": "approve", "reason": "me"}))
        .refused_with(409, "another person");
    // The last administrator stays one.
    root.delete(&format!("/api/v1/keys/{}", hex("administrator"))).is(204);
    put(&root, &format!("/api/v1/keys/{}", hex("root")), json!(["read"])).refused_with(409, "last administrator");
    put(&root, &format!("/api/v1/keys/{}", hex("administrator")), json!(["read"])).refused(404);
    assert_eq!(root.get("/api/v1/audit/verify").ok()["problems"], json!([]));
}

fn a_retired_key_of_the_desk_signs_nobody_in(app: &TestApp) {
    let (ring, screening) = (&app.shared.auth.key_ring, &app.shared.screening);
    let ids: Vec<String> = ring.ids().map(str::to_owned).collect();
    let old = holdfast_identity::KeyRing::single([7; 32]);
    // A key is made, then the desk's key is rotated, then another key is made.
    screening.add_key(&hex("old"), "old", vec!["manage".into(), "read".into()], 0, "a test").unwrap();
    screening.bind_keys(ring, "a test").unwrap();
    let lone = screening.retire_desk_key(ring, &ids[0], "leaked", "a test").unwrap_err().to_string();
    assert!(lone.contains("administrator"), "{lone}");
    let root = app.as_role("root");
    let token = old.token(&hex("old"));
    app.with_token(&token).get("/api/v1/holds").ok();
    let browser = app.browser();
    let sign_in = || browser.page("/sign-in").form("/sign-in").submit(&[("key", &token)]).status;
    assert_eq!(sign_in(), 303);
    browser.page("/desk/holds").ok();
    let listed = root.get("/api/v1/desk-keys").ok();
    assert_eq!(listed[0], json!({"id": ids[0], "in_use": false, "retired": null}));
    assert_eq!(listed[1], json!({"id": ids[1], "in_use": true, "retired": null}));
    let retire = |who: &holdfast_testing_app::Caller<'_>, id: &str, reason: &str| {
        who.post(&format!("/api/v1/desk-keys/{id}/retire"), json!({ "reason": reason }))
    };
    retire(&root, &ids[1], "leaked").refused_with(409, "in use");
    retire(&root, "none", "leaked").refused(404);
    retire(&root, &ids[0], "").refused_with(400, "reason");
    retire(&app.as_role("investigator"), &ids[0], "leaked").refused_with(403, "manage");
    let done = retire(&root, &ids[0], "a backup was lost").ok();
    assert_eq!(done, json!({"retired": ids[0], "revoked": 1}));
    retire(&root, &ids[0], "again").refused_with(409, "already");
    app.with_token(&token).get("/api/v1/holds").refused(401);
    assert_eq!(browser.page("/desk/holds").answer.status, 303, "its sessions are over");
    assert_eq!(sign_in(), 401);
    root.get("/api/v1/holds").ok();
    assert_eq!(root.get("/api/v1/desk-keys").ok()[0]["retired"], json!(app.now()));
    let log = root.get("/api/v1/audit?limit=1000").ok().to_string();
    assert!(log.contains("desk_key.retired") && log.contains("a backup was lost"), "{log}");
    assert_eq!(root.get("/api/v1/audit/verify").ok()["problems"], json!([]));
    // After a restart it is retired too.
    let again = old.with([8; 32]).unwrap();
    screening.bind_keys(&again, "a test").unwrap();
    assert_eq!(again.id_of(&token), None);
    assert!(app.browser().sign_in("root").page("/desk/people").ok().contains("retired"));
}

/// The first code that a page shows.
fn shown(page: &str) -> String {
    page.split("<code class=\"hash\" id=\"key\">")
        .nth(1)
        .unwrap_or_else(|| panic!("{page}"))
        .split('<')
        .next()
        .unwrap()
        .to_owned()
}

fn people_and_keys_are_made_and_changed_on_the_pages(app: &TestApp) {
    let browser = app.browser().sign_in("root");
    let add = |fields: &[(&str, &str)]| browser.page("/desk/people").form("/desk/people").submit(fields);
    let page = add(&[("name", "Ada"), ("role", "investigator")]).success().text();
    let ada = app.with_token(&shown(&page));
    ada.get("/api/v1/holds").ok();
    assert_eq!(add(&[("name", " ADA"), ("role", "auditor")]).status, 400);
    assert_eq!(add(&[("name", "Bob"), ("role", "king")]).status, 400);
    assert_eq!(add(&[("name", ""), ("role", "auditor")]).status, 400);
    let page = add(&[("name", "Eve"), ("role", "administrator")]).success().text();
    assert!(page.contains("another person approves") && page.contains("/desk/changes"), "{page}");
    app.with_token(&shown(&page)).get("/api/v1/keys").refused(401);
    // A further key of hers waits too, because whoever holds it is Ada.
    let people = app.as_role("root").get("/api/v1/people").ok();
    let id = people.as_array().unwrap().iter().find(|p| p["name"] == "Ada").unwrap()["id"].clone();
    let here = format!("/desk/people/{id}");
    let page =
        browser.page(&here).form(&format!("{here}/keys")).submit(&[("name", "laptop"), ("role", "investigator")]);
    assert!(page.success().text().contains("another person approves"));
    // Her role is changed, then the key is revoked.
    let keys = app.as_role("root").get("/api/v1/keys").ok();
    let key = keys.as_array().unwrap().iter().find(|k| k["name"] == "Ada").unwrap()["id"].as_str().unwrap().to_owned();
    let at = format!("/desk/keys/{key}");
    let page = browser.page(&here);
    let form = page.form(&at);
    let changed = form.submit(&[("role", "auditor")]);
    assert_eq!((changed.status, changed.header("location")), (303, here.as_str()));
    ada.get("/api/v1/audit?limit=1").ok();
    let csrf = form.hidden.iter().find(|(n, _)| n == "csrf").map(|(_, v)| v.clone()).unwrap();
    let step = |fields: &[(&str, &str)]| browser.post(&at, &[&[("csrf", csrf.as_str())], fields].concat());
    assert_eq!(step(&[("step", "change"), ("role", "administrator")]).header("location"), "/desk/changes");
    assert_eq!(step(&[("step", "change"), ("role", "")]).status, 400);
    assert_eq!(step(&[("step", "revoke")]).header("location"), here);
    ada.get("/api/v1/audit?limit=1").refused(401);
    assert!(browser.page(&here).ok().contains("no key in force"));
    assert_eq!(browser.page("/desk/people/99").answer.status, 404);
    let other = app.browser().sign_in("investigator");
    assert_eq!(other.page(&here).answer.status, 403);
}

/// No more changes wait than the bound: what is proposed then is refused, and nothing of it is stored.
fn so_many_changes_wait(app: &TestApp) {
    let boss = app.as_role("administrator");
    let fill = |tx: &mut holdfast_screening::service::Transaction<'_>| {
        for id in 1..=MAX_PROPOSED {
            tx.db().execute(
                "INSERT INTO changes (id, kind, subject, body, state, proposed_by, proposed) VALUES ($1, 'rules', 'r', 'x', 'proposed', 'a test', 1)",
                &[id.into()],
            )?;
        }
        Ok::<_, ScreeningError>(())
    };
    app.shared.screening.transact("a test", fill).unwrap();
    boss.send("PUT", "/api/v1/rules", "application/yaml", crate::rules::BOOK).refused_with(409, "wait already");
    boss.post("/api/v1/keys", json!({"name": "x", "scopes": ["manage"]})).refused_with(409, "wait already");
    let waiting = boss.get("/api/v1/changes?state=proposed").ok();
    assert_eq!(waiting.as_array().map(Vec::len), Some(1_000), "the bound, and no more");
}

fn a_person_is_suspended_and_acts_again(app: &TestApp) {
    let (root, bo) = (app.as_role("root"), app.as_person("bo", "investigator"));
    bo.get("/api/v1/holds").ok();
    let number = |name: &str| {
        let people = root.get("/api/v1/people").ok();
        people.as_array().unwrap().iter().find(|p| p["name"] == name).unwrap()["id"].as_u64().unwrap()
    };
    let set = |name: &str, state: &str| {
        root.post(&format!("/api/v1/people/{}", number(name)), json!({"state": state, "reason": "left the company"}))
    };
    assert_eq!(set("bo", "suspended").ok()["state"], "suspended");
    bo.get("/api/v1/holds").refused(401);
    // Nor is a key proposed for who is suspended, which would be refused when it is approved.
    let key = json!({"name": "bo's laptop", "person": "Bo", "scopes": ["read"]});
    root.post("/api/v1/keys", key).refused_with(409, "bo is suspended");
    assert_eq!(root.get("/api/v1/changes?state=proposed").ok(), json!([]));
    set("bo", "suspended").refused_with(409, "already");
    set("bo", "asleep").refused_with(400, "state");
    set("bo", "active").ok();
    bo.get("/api/v1/holds").ok();
    set("root", "suspended").refused_with(409, "last administrator");
    root.get("/api/v1/people").ok();
    bo.get("/api/v1/people").refused_with(403, "manage");
}

fn sessions_are_ones_own(app: &TestApp) {
    let (one, two) = (app.browser().sign_in("investigator"), app.browser().sign_in("investigator"));
    let other = app.browser().sign_in("auditor");
    let sessions =
        |script: holdfast_testing_app::Caller<'_>| script.get("/api/v1/sessions").ok().as_array().unwrap().clone();
    assert_eq!((sessions(one.script()).len(), sessions(other.script()).len()), (2, 1));
    let id = sessions(other.script())[0]["id"].as_str().unwrap().to_owned();
    one.script().delete(&format!("/api/v1/sessions/{id}")).refused(404);
    for session in sessions(one.script()) {
        assert_eq!(one.script().delete(&format!("/api/v1/sessions/{}", session["id"].as_str().unwrap())).status, 204);
        if one.script().get("/api/v1/sessions").status == 401 {
            break;
        }
    }
    one.script().get("/api/v1/sessions").refused(401);
    assert_eq!(sessions(other.script()).len(), 1, "others' stay");
    drop(two);
}
