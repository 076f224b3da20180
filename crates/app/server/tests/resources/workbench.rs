//! The queue of alerts as people work it: filters, saved views, steps on many, versions, evidence, cases from alerts, what waits for a person.

use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(
    the_queue_is_filtered_sorted_and_counted,
    views_are_kept_and_shared,
    who_comes_second_is_told_who_was_first,
    a_close_asks_what_happens_to_the_hold,
    an_alert_leads_into_a_case_with_all_that_it_names,
    an_alert_shows_what_it_rests_on,
    what_waits_for_a_person_is_listed,
    a_customer_is_seen_whole,
    the_pages_work_without_a_script
);

fn ids(page: &Value) -> Vec<u64> {
    page["rows"].as_array().unwrap().iter().map(|row| row["alert"]["id"].as_u64().unwrap()).collect()
}

/// Three alerts of held withdrawals: of c-1 two, of c-2 one.
fn alerts(app: &TestApp) -> Vec<u64> {
    let made = [("w-1", "c-1"), ("w-2", "c-2"), ("w-3", "c-1")].map(|(id, customer)| app.decided(id, customer));
    made.iter().map(|decision| decision["alert"].as_u64().unwrap()).collect()
}

/// The same with the other side flagged, so that the decisions place holds.
fn held_alerts(app: &TestApp) -> Vec<u64> {
    let flag = json!({"subject": "address", "asset": "ETH", "value": "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "reason": "stolen"});
    app.as_person("cy", "investigator").post("/api/v1/sharing/flags", flag).ok();
    let deposit = |(id, customer): (&str, &str)| {
        let event = json!({"id": id, "kind": "deposit", "time": holdfast_testing::START, "customer": customer, "asset": "ETH", "amount": "5000",
            "value": 12_345, "tx": format!("0x{:064x}", id.len() + customer.len() + usize::from(id.as_bytes()[2])), "counterparty": "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"});
        app.as_role("exchange").post("/api/v1/events", event).ok()["alert"].as_u64().unwrap()
    };
    [("d-1", "c-1"), ("d-2", "c-2"), ("d-3", "c-1")].map(deposit).to_vec()
}

fn the_queue_is_filtered_sorted_and_counted(app: &TestApp) {
    let all = alerts(app);
    let ana = app.as_person("ana", "investigator");
    let of = |query: &str| ana.get(&format!("/api/v1/alerts/queue?{query}")).ok();
    let page = of("");
    assert_eq!((ids(&page), &page["count"], &page["is_more"]), (all.clone(), &json!(3), &json!(false)), "{page}");
    let first = &page["rows"][0];
    assert_eq!(
        (&first["event_kind"], &first["clock"], &first["version"]),
        (&json!("withdrawal"), &json!("in_time"), &json!(0)),
        "{first}"
    );
    assert!(first["asset"].is_string() && first["amount"].is_string(), "{first}");
    assert_eq!(ids(&of("customer=c-1&sort=newest")), [all[2], all[0]]);
    let rule = first["alert"]["rules"][0].as_str().unwrap();
    assert_eq!(ids(&of(&format!("rule={rule}"))), all);
    assert_eq!(ids(&of("rule=no.such_rule")), [0_u64; 0]);
    // A rule's name is a word, not a pattern.
    assert_eq!(ids(&of("rule=%25")), [0_u64; 0]);
    let risk = first["risk"].as_str().unwrap();
    assert_eq!(ids(&of(&format!("risk={risk}"))), all);
    let asset = first["asset"].as_str().unwrap();
    assert_eq!(ids(&of(&format!("asset={asset}"))), all);
    assert_eq!(ids(&of("asset=DOGE")), [0_u64; 0]);
    assert_eq!(ids(&of("assignee=nobody")), all);
    assert_eq!(ids(&of("assignee=me")), [0_u64; 0]);
    assert_eq!(ids(&of("age=1h")), [0_u64; 0]);
    app.advance(5 * 24 * 3_600);
    let late = of("age=1d&page=1");
    assert_eq!((ids(&late), &late["rows"][0]["clock"]), (all, &json!("late")));
    assert_eq!(ids(&of("page=2")), [0_u64; 0]);
    ana.get("/api/v1/alerts/queue?risk=mild").refused_with(400, "risk");
    ana.get("/api/v1/alerts/queue?amount=many").refused_with(400, "amount");
    app.as_role("screener").get("/api/v1/alerts/queue").refused(403);
}

fn views_are_kept_and_shared(app: &TestApp) {
    alerts(app);
    let (ana, bo) = (app.as_person("ana", "investigator"), app.as_person("bo", "investigator"));
    let at = "/api/v1/alerts/views";
    let own = json!({"name": "Of c-1", "query": {"customer": "c-1"}});
    let id = ana.post(at, own.clone()).ok()["id"].clone();
    assert_eq!(ana.post(at, own).ok()["id"], id, "the same name is the same view");
    ana.post(at, json!({"name": "Mine", "shared": true, "query": {"assignee": "me", "sort": "oldest"}})).ok();
    let of = |who: &holdfast_testing_app::Caller<'_>| -> Vec<(String, u64)> {
        let views = who.get(at).ok();
        let view = |v: &Value| (v["name"].as_str().unwrap().to_owned(), v["count"].as_u64().unwrap());
        views.as_array().unwrap().iter().map(view).collect()
    };
    assert_eq!(of(&ana), [("Mine".to_owned(), 0), ("Of c-1".to_owned(), 2)]);
    bo.post("/api/v1/alerts/steps", json!({"alerts": [{"id": 1}], "step": {"action": "assign", "assignee": "bo"}}))
        .ok();
    assert_eq!(of(&bo), [("Mine".to_owned(), 1)], "a shared view counts for whoever asks");
    bo.delete(&format!("{at}/{id}")).refused(404);
    assert_eq!(ana.delete(&format!("{at}/{id}")).status, 204);
    ana.post(at, json!({"name": "x", "query": {"risk": "mild"}})).refused_with(400, "risk");
    ana.post(at, json!({"name": " ", "query": {}})).refused_with(400, "name");
    let save = |n: usize| bo.post(at, json!({"name": format!("View {n}"), "query": {}}));
    (0..50).for_each(|n| drop(save(n).ok()));
    save(50).refused_with(409, "delete one first");
}

fn who_comes_second_is_told_who_was_first(app: &TestApp) {
    let all = alerts(app);
    let (ana, bo) = (app.as_person("ana", "investigator"), app.as_person("bo", "investigator"));
    let at = "/api/v1/alerts/steps";
    let seen: Vec<Value> = all.iter().map(|id| json!({"id": id, "version": 0})).collect();
    let done = bo.post(at, json!({"alerts": [seen[0]], "step": {"action": "assign", "assignee": "bo"}})).ok();
    assert!(done[0]["done"] == true && done[0]["version"].as_u64().unwrap() > 0, "{done}");
    let assign = json!({"action": "assign", "assignee": "ana"});
    ana.post(at, json!({"alerts": [seen[0]], "step": assign})).refused_with(409, "assigned by bo");
    let many = ana.post(at, json!({"alerts": seen, "step": assign})).ok();
    let done: Vec<bool> = many.as_array().unwrap().iter().map(|r| r["done"].as_bool().unwrap()).collect();
    assert_eq!(done, [false, true, true], "{many}");
    assert!(many[0]["refused"].as_str().unwrap().contains("assigned by bo"), "{many}");
    assert_eq!(ids(&ana.get("/api/v1/alerts/queue?assignee=me").ok()), all[1..]);
    ana.post(at, json!({"alerts": [], "step": assign})).refused_with(400, "alerts");
    ana.post(at, json!({"alerts": [{"id": 1}], "step": {"action": "assign", "assignee": "nobody known"}}))
        .refused_with(400, "assignee");
    ana.post(at, json!({"alerts": [{"id": 99}], "step": {"action": "comment", "text": "x"}})).refused(409);
    app.as_role("auditor").post(at, json!({"alerts": [{"id": 1}], "step": assign})).refused(403);
    let people = ana.get("/api/v1/alerts/people").ok();
    assert!(people.as_array().unwrap().contains(&json!("bo")), "{people}");
}

fn a_close_asks_what_happens_to_the_hold(app: &TestApp) {
    let all = held_alerts(app);
    let ana = app.as_person("ana", "investigator");
    let held = ana.get(&format!("/api/v1/alerts/{}/evidence", all[0])).ok()["holds"].clone();
    assert_eq!(held.as_array().map(Vec::len), Some(1), "the decision placed a hold: {held}");
    let close = |id: u64, outcome: &str, hold: Option<&str>| {
        let mut step =
            json!({"alerts": [{"id": id}], "step": {"action": "close", "outcome": outcome, "text": "checked"}});
        if let Some(hold) = hold {
            step["hold"] = json!(hold);
        }
        ana.post("/api/v1/alerts/steps", step)
    };
    close(all[0], "true_positive", None).refused_with(400, "hold");
    assert_eq!(close(all[0], "true_positive", Some("keep")).ok()[0]["done"], true);
    let hold = |id: &Value| ana.get(&format!("/api/v1/holds/{id}")).ok();
    assert_eq!(hold(&held[0]["id"])["state"], "active");
    let of_other = ana.get(&format!("/api/v1/alerts/{}/evidence", all[1])).ok()["holds"][0]["id"].clone();
    let released = close(all[1], "false_positive", Some("release")).ok();
    let said = released[0]["holds"][0].as_str().unwrap();
    let after = hold(&of_other);
    let is_asked = after["asked_by"] == "ana" && said.contains("second person");
    assert!(is_asked || (after["state"] == "released" && said.contains("released")), "{said}: {after}");
    close(all[1], "false_positive", None).refused_with(409, "closed");
}

fn an_alert_leads_into_a_case_with_all_that_it_names(app: &TestApp) {
    let all = held_alerts(app);
    let ana = app.as_person("ana", "investigator");
    let made = ana.post("/api/v1/alerts/case", json!({"alerts": [all[0]]})).ok();
    let case = ana.get(&format!("/api/v1/desk/cases/{}", made["case"])).ok();
    let kinds: std::collections::BTreeSet<&str> =
        case["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    for kind in ["alert", "event", "subject", "hold"] {
        assert!(kinds.contains(kind), "{kind}: {case}");
    }
    assert!(kinds.contains("address") || kinds.contains("note"), "the other side is there: {case}");
    let again = ana.post("/api/v1/alerts/case", json!({"alerts": [all[0], all[2]], "case": made["case"]})).ok();
    assert_eq!(again["case"], made["case"]);
    assert!(again["added"].as_u64().unwrap() >= 2, "the second alert with its event: {again}");
    let once = ana.post("/api/v1/alerts/case", json!({"alerts": [all[0]], "case": made["case"]})).ok();
    assert_eq!(once["added"], 0, "nothing is added twice");
    let notes = ana.get(&format!("/api/v1/alerts/{}", all[0])).ok()["notes"].clone();
    assert!(notes[0]["text"].as_str().unwrap().contains("case 1"), "{notes}");
    app.as_person("bo", "investigator")
        .post("/api/v1/alerts/case", json!({"alerts": [all[0]], "case": made["case"]}))
        .refused(404);
    ana.post(&format!("/api/v1/desk/cases/{}", made["case"]), json!({"step": "close", "reason": "done"})).ok();
    ana.post("/api/v1/alerts/case", json!({"alerts": [all[0]], "case": made["case"]})).refused(409);
    ana.post("/api/v1/alerts/case", json!({"alerts": []})).refused_with(400, "alerts");
    ana.post("/api/v1/alerts/case", json!({"alerts": [99]})).refused(404);
}

fn an_alert_shows_what_it_rests_on(app: &TestApp) {
    let all = alerts(app);
    let ana = app.as_person("ana", "investigator");
    let found = ana.get(&format!("/api/v1/alerts/{}/evidence", all[2])).ok();
    assert_eq!(found["event"]["event"]["id"], "w-3", "{found}");
    assert_eq!(found["days"]["periods"].as_array().map(Vec::len), Some(30), "{found}");
    let days = found["days"]["periods"].as_array().unwrap();
    let sum: u64 = days.iter().map(|day| day["sent"].as_u64().unwrap() + day["unpriced"].as_u64().unwrap()).sum();
    assert!(sum > 0, "its own movement is among them: {found}");
    let similar: Vec<u64> =
        found["similar"].as_array().unwrap().iter().map(|s| s["alert"]["id"].as_u64().unwrap()).collect();
    assert!(similar.contains(&all[0]) && !similar.contains(&all[2]), "{found}");
    assert_eq!(found["rules"][0]["alerts"], 3, "{found}");
    ana.get("/api/v1/alerts/99/evidence").refused(404);
}

fn what_waits_for_a_person_is_listed(app: &TestApp) {
    let all = alerts(app);
    let (ana, bo) = (app.as_person("ana", "investigator"), app.as_person("bo", "investigator"));
    let step = |step: Value| ana.post("/api/v1/alerts/steps", json!({"alerts": [{"id": all[0]}], "step": step})).ok();
    // Whatever the spelling, it is bo's.
    step(json!({"action": "assign", "assignee": "BO"}));
    let cy = app.with_scopes("cy", vec!["approve".into()]);
    ana.post(&format!("/api/v1/alerts/{}", all[0]), json!({"action": "comment", "text": "please look, @bo"})).ok();
    step(json!({"action": "comment", "text": "and @cy, who reads no alerts"}));
    ana.post("/api/v1/desk/cases", json!({"title": "A ransom", "summary": ""})).ok();
    let in_case = |body: Value| ana.post("/api/v1/desk/cases/1", body).ok();
    in_case(json!({"step": "add", "kind": "note", "title": "not for @bo, who is not on it"}));
    in_case(json!({"step": "member", "person": "bo", "role": "member"}));
    in_case(json!({"step": "add", "kind": "task", "title": "call the bank, @bo", "assignee": "bo"}));
    let inbox = bo.get("/api/v1/desk/inbox").ok();
    assert_eq!((&inbox["alert_count"], &inbox["unassigned"]), (&json!(1), &json!(2)), "{inbox}");
    assert_eq!(inbox["tasks"][0]["case_title"], "A ransom", "{inbox}");
    let texts: Vec<&str> = inbox["mentions"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["call the bank, @bo", "please look, @bo"], "whoever is not on a case is told nothing of it");
    let last = inbox["mentions"][0]["id"].clone();
    assert_eq!(bo.post(&format!("/api/v1/desk/mentions/{last}/read"), json!({})).status, 204);
    assert_eq!(bo.get("/api/v1/desk/inbox").ok()["mentions"], json!([]));
    assert_eq!(ana.get("/api/v1/desk/inbox").ok()["tasks"], json!([]));
    let of_cy = cy.get("/api/v1/desk/inbox").ok();
    assert_eq!((&of_cy["mentions"], &of_cy["more"]), (&json!([]), &json!(false)), "a comment is for who may read it");
    in_case(json!({"step": "add", "kind": "note", "title": "once more, @bo"}));
    assert_eq!(bo.get("/api/v1/desk/inbox").ok()["mentions"][0]["text"], "once more, @bo");
    in_case(json!({"step": "member", "person": "bo"}));
    assert_eq!(
        bo.get("/api/v1/desk/inbox").ok()["mentions"],
        json!([]),
        "whoever was taken off a case reads no more of it"
    );
    app.as_role("exchange").get("/api/v1/desk/inbox").refused(403);
}

fn a_customer_is_seen_whole(app: &TestApp) {
    alerts(app);
    let device = |id: &str, customer: &str| json!({"kind": "device", "id": id, "time": holdfast_testing::START, "customer": customer, "fingerprint": "f-9"});
    app.as_role("exchange").post("/api/v1/records", json!([device("d-1", "c-1"), device("d-2", "c-2")])).ok();
    let (ana, bo) = (app.as_person("ana", "investigator"), app.as_person("bo", "investigator"));
    bo.get("/api/v1/alerts/queue").ok();
    ana.post("/api/v1/customers/c-1/notes", json!({"text": "spoke to them; @bo knows more"})).ok();
    let seen = ana.get("/api/v1/customers/c-1/overview").ok();
    let with = seen["sharing"].as_array().unwrap().iter().find(|s| s["customer"] == "c-2").unwrap();
    assert!(with["what"].as_array().unwrap().contains(&json!("device")), "{seen}");
    let sent: u64 = seen["flows"]["periods"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["sent"].as_u64().unwrap() + p["unpriced"].as_u64().unwrap())
        .sum();
    assert!(sent > 0 && seen["flows"]["is_cut"] == false, "{seen}");
    assert_eq!(seen["notes"][0]["author"], "ana", "{seen}");
    assert_eq!(bo.get("/api/v1/desk/inbox").ok()["mentions"][0]["subject"], "customer:c-1");
    ana.post("/api/v1/customers/c-1/notes", json!({"text": " "})).refused_with(400, "text");
    ana.post("/api/v1/customers/nobody/notes", json!({"text": "x"})).refused(404);
    app.as_role("auditor").post("/api/v1/customers/c-1/notes", json!({"text": "x"})).refused(403);
    let page = app.browser().sign_in("investigator").page("/desk/customers/c-1").ok();
    for part in ["id=\"overview\"", "id=\"network\"", "id=\"notes\"", "spoke to them", "/desk/customers/c-2", "<svg"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.contains("/desk/graph?customer=c-1"), "{page}");
    assert!(!page.contains(" style="), "{page}");
}

fn the_pages_work_without_a_script(app: &TestApp) {
    let all = held_alerts(app);
    let browser = app.browser().sign_in("investigator");
    let queue = browser.page("/desk/alerts");
    let shown = queue.ok();
    for id in &all {
        assert!(
            shown.contains(&format!("data-alert=\"{id}\"")) && shown.contains(&format!("/desk/alerts/{id}\"")),
            "{shown}"
        );
    }
    assert!(shown.contains("id=\"panel\"") && shown.contains("data-hold=") && !shown.contains(" style="), "{shown}");
    let filtered = browser.page("/desk/alerts?customer=c-2").ok();
    assert!(filtered.contains("data-alert=\"2\"") && !filtered.contains("data-alert=\"1\""), "{filtered}");
    assert_eq!(browser.page("/desk/alerts?age=old").answer.status, 400);
    assert_eq!(browser.page(&format!("/desk/alerts/{}/panel", all[0])).answer.status, 200);

    let investigator = app.as_role("investigator");
    let me = investigator.get("/api/v1/alerts/people").ok();
    let name = me[0].as_str().unwrap().to_owned();
    let ticked = format!("{}:0", all[0]);
    let sorted = browser.page("/desk/alerts?sort=oldest");
    let form = sorted.form("/desk/alerts/steps");
    let done = form.submit(&[("alert", &ticked), ("do", "assign"), ("assignee", &name)]);
    assert_eq!((done.status, done.header("location")), (303, "/desk/alerts?sort=oldest"), "{}", done.text());
    let stale = form.submit(&[("alert", &ticked), ("do", "assign"), ("assignee", &name)]);
    assert!(stale.status == 409, "{}", stale.text());
    let of_one = browser.page("/desk/alerts?customer=c-1");
    let saved = of_one.form("/desk/alerts/views").submit(&[("name", "Of c-1"), ("shared", "true")]);
    assert_eq!((saved.status, saved.header("location")), (303, "/desk/alerts?customer=c-1"), "{}", saved.text());
    assert!(browser.page("/desk/alerts").ok().contains("Of c-1"));

    let alert = browser.page(&format!("/desk/alerts/{}", all[1]));
    let act = alert.form(&format!("/desk/alerts/{}", all[1]));
    let fields = [("action", "close"), ("outcome", "true_positive"), ("text", "confirmed")];
    let asked = act.submit(&fields);
    assert!(asked.status == 400 && asked.text().contains("keep, release"), "{}", asked.text());
    let kept = act.submit(&[&fields[..], &[("hold", "keep")]].concat());
    assert_eq!(kept.status, 303, "{}", kept.text());
    let into =
        browser.page(&format!("/desk/alerts/{}", all[2])).form(&format!("/desk/alerts/{}/case", all[2])).submit(&[]);
    assert!(into.status == 303 && into.header("location").starts_with("/desk/cases/"), "{}", into.text());
    let case = browser.page("/desk/cases/1").ok();
    for part in
        ["id=\"tasks\"", "id=\"log\"", "add-menu", "/desk/events/d-3", "/desk/customers/c-1", "/desk/graph?case=1\""]
    {
        assert!(case.contains(part), "{part}: {case}");
    }
    let added = browser.page("/desk/events/d-1").form("/desk/cases/add").submit(&[("case", "1")]);
    assert_eq!((added.status, added.header("location")), (303, "/desk/cases/1"), "{}", added.text());
    // Whoever reads a case often pushes nothing out of its log.
    let read = |tx: &mut holdfast_screening::service::Transaction<'_>| {
        (0..600).for_each(|_| tx.audit("case.read", "case:1", "{}"));
        Ok::<(), holdfast_screening::ScreeningError>(())
    };
    app.shared.screening.transact("test", read).unwrap();
    let case = browser.page("/desk/cases/1").ok();
    assert!(case.contains("/desk/events/d-1") && !case.contains("entries are shown"), "{case}");
    let home = browser.page("/desk").ok();
    assert!(home.contains("/desk/alerts?assignee=nobody") || home.contains("/desk/alerts?assignee=me"), "{home}");
}
