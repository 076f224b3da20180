//! Watch lists over the chain of the test, with notifications.

use holdfast_testing_app::{PAID, TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(
    lists_are_checked_on_the_chain_and_told,
    pages_make_lists_and_show_what_they_told,
    what_a_page_is_of_waits_in_the_forms_of_lists_and_flags,
);

fn lists_are_checked_on_the_chain_and_told(app: &TestApp) {
    let ana = app.as_person("ana", "investigator");
    let list = ana
        .post("/api/v1/desk/watch-lists", json!({"name": "Ransom", "conditions": {"moves": true, "new_tag": true}}))
        .ok();
    let at = format!("/api/v1/desk/watch-lists/{}", list["list"]["id"]);
    ana.post("/api/v1/desk/watch-lists", json!({"name": "x", "conditions": {}})).refused_with(400, "conditions");
    ana.post("/api/v1/desk/watch-lists", json!({"name": "x", "conditions": {"moves": true}, "mail": "nobody"}))
        .refused_with(400, "mail");
    let items = json!([{"kind": "address", "value": PAID}, {"kind": "customer", "value": "c-1"}]);
    assert_eq!(ana.post(&format!("{at}/items"), items.clone()).ok()["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(ana.post(&format!("{at}/items"), items).ok()["items"].as_array().map(Vec::len), Some(2), "each once");
    app.check_watched();
    assert_eq!(ana.get("/api/v1/desk/notifications").ok()["unseen"], 0);
    let checked = ana.get(&at).ok();
    assert!(
        checked["items"].as_array().unwrap().iter().all(|i| i["checked"].is_number() && i["problem"].is_null()),
        "{checked}"
    );
    app.decided("w-1", "c-1");
    app.check_watched();
    let told = ana.get("/api/v1/desk/notifications").ok();
    assert_eq!((&told["unseen"], &told["list"][0]["subject"]), (&json!(1), &json!("customer:c-1")), "{told}");
    let seen = ana.post("/api/v1/desk/notifications/seen", json!({"up_to": told["list"][0]["id"]})).ok();
    assert_eq!(seen["unseen"], 0);
    let clerk = app.with_scopes("clerk", vec!["desk".into()]);
    let own = clerk.post("/api/v1/desk/watch-lists", json!({"name": "x", "conditions": {"moves": true}})).ok();
    let theirs = format!("/api/v1/desk/watch-lists/{}/items", own["list"]["id"]);
    clerk.post(&theirs, json!([{"kind": "customer", "value": "c-1"}])).refused_with(403, "read");
    let bo = app.as_person("bo", "investigator");
    bo.get(&at).refused(404);
    assert_eq!(bo.get("/api/v1/desk/notifications").ok()["list"], json!([]));
    let names: Vec<Value> = (0..=10_000).map(|n| json!({"kind": "name", "value": format!("name {n}")})).collect();
    ana.post(&format!("{at}/items"), json!(names)).refused_with(409, "at most");
    let make = || bo.post("/api/v1/desk/watch-lists", json!({"name": "One more", "conditions": {"moves": true}}));
    (0..50).for_each(|_| drop(make().ok()));
    make().refused_with(409, "remove one");
    let changed = json!({"name": "Quiet", "conditions": {"moves": true}, "quiet": {"from": 0, "to": 1439}});
    assert_eq!(ana.put(&at, changed).ok()["list"]["name"], "Quiet");
    let item = checked["items"][0]["id"].clone();
    assert_eq!(ana.delete(&format!("{at}/items/{item}")).is(204), Value::Null);
    assert_eq!(ana.get("/api/v1/desk/watch-lists").ok()[0]["items"], 1);
    assert_eq!(ana.delete(&at).is(204), Value::Null);
    ana.get(&at).refused(404);
}

fn pages_make_lists_and_show_what_they_told(app: &TestApp) {
    let browser = app.browser().sign_in("investigator");
    let made = browser.page("/desk/watch-lists").form("/desk/watch-lists").submit(&[
        ("name", "A <list>"),
        ("moves", "true"),
        ("quiet_from", "22:00"),
        ("quiet_to", "06:00"),
    ]);
    let at = made.header("location").to_owned();
    assert!(made.status == 303 && at.starts_with("/desk/watch-lists/"), "{}", made.text());
    let refused = browser.page("/desk/watch-lists").form("/desk/watch-lists").submit(&[
        ("name", "x"),
        ("moves", "true"),
        ("quiet_from", "25:00"),
    ]);
    assert!(refused.status == 400 && refused.text().contains("25:00"), "{}", refused.text());
    let page = browser.page(&at).ok();
    assert!(page.contains("A &lt;list&gt;") && page.contains("value=\"22:00\""), "{page}");
    assert!(browser.page("/desk/notifications").ok().contains("Nothing was told yet."));
}

fn what_a_page_is_of_waits_in_the_forms_of_lists_and_flags(app: &TestApp) {
    let browser = app.browser().sign_in("investigator");
    let page = browser.page(&format!("/address/{PAID}")).ok();
    let (watch, flag) = (
        format!("/desk/watch-lists?kind=address&value={PAID}"),
        format!("/desk/sharing?subject=address&asset=BTC&value={PAID}"),
    );
    for to in [&watch, &flag] {
        assert!(page.contains(&format!("href=\"{}", to.replace('&', "&amp;"))), "{to}: {page}");
    }
    // Without a list one is made first, and what is to be watched waits in its form.
    let made = browser.page(&watch).form(&watch).submit(&[("name", "First"), ("moves", "true")]);
    let at = made.header("location").to_owned();
    let (list, query) = at.split_once('?').unwrap_or_else(|| panic!("{}", made.text()));
    assert_eq!(Some(query), watch.split_once('?').map(|w| w.1));
    let shown = browser.page(&at).ok();
    assert!(shown.contains(&format!(">{PAID}</textarea>")), "{shown}");
    let added = browser.page(&at).form(list).submit(&[("kind", "address"), ("value", PAID), ("note", "")]);
    assert_eq!((added.status, added.header("location")), (303, list));
    assert!(browser.page(list).ok().contains(PAID));
    let again = browser.page(&watch.replace("kind=address", "kind=entity")).ok();
    let kind = "<option value=\"entity\" selected>";
    assert!(again.contains(&format!("formaction=\"{list}\"")) && again.contains(kind), "{again}");
    let filled = browser.page(&flag).ok();
    assert!(filled.contains(&format!("name=\"value\" size=\"44\" required value=\"{PAID}\"")), "{filled}");
    // Who may only read has a link to watch, and none to flag.
    let reader = app.browser().sign_in("auditor");
    let page = reader.page(&format!("/address/{PAID}")).ok();
    assert!(!page.contains("/desk/sharing?subject"), "{page}");
}
