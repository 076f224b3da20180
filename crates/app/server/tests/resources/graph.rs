//! What the explorer asks: neighbours, lists, transactions, entities, activity, where to start, graphs of cases in versions, live events.

use crate::account_chains::{HOLDER, USDT, USDT_ON_TRON, chain};
use holdfast_testing::START;
use holdfast_testing_app::{BLOCK, Caller, PAID, TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(
    the_chain_is_asked,
    graphs_of_a_case_have_versions,
    two_people_see_each_others_graphs,
    live_events_go_on_from_a_number,
    the_explorer_starts_from_what_the_caller_may_see
);

/// Sums of a list by asset: amount and count.
fn summed(list: &Value) -> Vec<(String, u128, u64)> {
    let sum = |s: &Value| {
        let amount = s["amount"].as_str().unwrap().parse().unwrap();
        (s["asset"]["id"].as_str().unwrap().to_owned(), amount, s["count"].as_u64().unwrap())
    };
    list.as_array().unwrap().iter().map(sum).collect()
}

/// Listed and the rest are the total.
fn assert_balanced(report: &Value) {
    for (asset, amount, count) in summed(&report["total"]) {
        let of = |list: &str| {
            let found = summed(&report[list]).into_iter().find(|(a, ..)| *a == asset);
            found.map_or((0, 0), |(_, amount, count)| (amount, count))
        };
        let (listed, rest) = (of("listed"), of("rest"));
        assert_eq!((listed.0 + rest.0, listed.1 + rest.1), (amount, count), "{report:#}");
    }
}

fn the_chain_is_asked(app: &TestApp) {
    let ana = app.as_role("screener");
    let get = |path: &str| ana.get(&format!("/api/v1/{path}")).ok();
    for (direction, by) in [("in", "address"), ("in", "transaction"), ("in", "entity"), ("out", "address")] {
        let report = get(&format!("graph/neighbours?subject={PAID}&direction={direction}&by={by}&limit=1"));
        assert_balanced(&report);
        assert_eq!((&report["chain"], &report["subject"]), (&json!("bitcoin"), &json!(PAID)), "{report:#}");
    }
    let refused = |query: &str, words: &str| {
        ana.get(&format!("/api/v1/graph/neighbours?{query}")).refused_with(400, words);
    };
    refused("direction=in", "subject");
    refused(&format!("subject={PAID}&limit=1001"), "limit");
    refused(&format!("subject={PAID}&category=planet"), "category");
    refused(&format!("subject={PAID}&chain=pluto"), "pluto");
    refused(&format!("subject={PAID}&asset=ETH"), "asset");
    ana.get(&format!("/api/v1/graph/neighbours?subject={}", "ab".repeat(32))).refused(404);

    let txid = get(&format!("block/{BLOCK}"))["txids"][1].as_str().unwrap().to_owned();
    let items = json!({"items": [txid, PAID, "ab".repeat(32), PAID]});
    let looked = ana.post("/api/v1/graph/lookup", items).ok();
    assert_eq!(
        (&looked["resolved"], &looked["unknown"], &looked["repeated"]),
        (&json!(2), &json!(1), &json!(1)),
        "{looked:#}"
    );
    assert_eq!(looked["items"][0]["choices"][0]["chain"], "bitcoin", "{looked:#}");
    ana.post("/api/v1/graph/lookup", json!({"items": []})).refused_with(400, "items");

    let asked = json!({"transactions": [{"id": txid}, {"id": "cd".repeat(32)}]});
    let report = ana.post("/api/v1/graph/transactions", asked).ok();
    let found = &report["transactions"][0];
    assert_eq!((&found["id"], &report["missing"][0]["item"]), (&json!(txid), &json!("cd".repeat(32))), "{report:#}");
    let whole = get(&format!("tx/{txid}"));
    let of_kind = |kind: &str| found["movements"].as_array().unwrap().iter().filter(|m| m["kind"] == kind).count();
    assert_eq!(of_kind("output"), whole["outputs"].as_array().unwrap().len());
    assert_eq!(of_kind("input"), whole["inputs"].as_array().unwrap().len());
    ana.post("/api/v1/graph/transactions", json!({})).refused_with(400, "transactions");
    ana.post("/api/v1/graph/transactions", json!({"between": [PAID]})).refused_with(400, "between");

    let drawn = json!({"title": "Flow", "graph": {"version": 2, "log": []}, "transactions": [{"id": txid}], "addresses": [{"id": PAID}]});
    let bundle = ana.post("/api/v1/graph/bundle", drawn);
    assert_eq!(bundle.success().header("content-type"), "application/x-tar");
    let found = ana.send("POST", "/api/v1/verify", "application/octet-stream", bundle.body.clone()).ok();
    assert_eq!(found["valid"], true, "{found:#}");
    let mut damaged = bundle.body;
    let at = damaged.len() / 2;
    damaged[at] ^= 1;
    assert_eq!(ana.send("POST", "/api/v1/verify", "application/octet-stream", damaged).ok()["valid"], false);
    let nothing = json!({"title": "Flow", "graph": {}, "transactions": []});
    ana.post("/api/v1/graph/bundle", nothing).refused_with(400, "transactions");

    let entity = get(&format!("entities/bitcoin/{PAID}"));
    assert_eq!((&entity["kind"], &entity["chain"]), (&json!("cluster"), &json!("bitcoin")), "{entity:#}");
    ana.get(&format!("/api/v1/entities/pluto/{PAID}")).refused_with(404, "pluto");
    let activity = get(&format!("addresses/{PAID}/activity?period=month"));
    assert_eq!(activity["period"], "month", "{activity:#}");
    assert!(activity["assets"][0]["points"][0]["received"].is_string(), "{activity:#}");
    ana.get(&format!("/api/v1/addresses/{PAID}/activity?period=hour")).refused_with(400, "period");
    // What was computed over the whole chain: nothing here, and that is said.
    let figures = get(&format!("addresses/{PAID}/figures"));
    assert_eq!((&figures["address"], &figures["tables"]), (&json!(PAID), &json!([])), "{figures}");
    assert!(figures["notes"][0].as_str().unwrap().contains("no figures"), "{figures}");
}

#[test]
fn account_chains_are_asked_the_same() {
    let app = TestApp::with_account_chains(|dir| {
        vec![chain(dir, "eip155:1", USDT), chain(dir, "tron:mainnet", USDT_ON_TRON)]
    });
    let ana = app.as_role("screener");
    let get = |path: &str| ana.get(&format!("/api/v1/{path}")).ok();
    let report = get(&format!("graph/neighbours?subject={HOLDER}&direction=in&chain=eip155:1"));
    assert_balanced(&report);
    let row = &report["rows"][0];
    assert_eq!(
        (&row["kind"], &row["amount"], &row["asset"]["ticker"], &row["asset"]["decimals"]),
        (&json!("created"), &json!("1000000"), &json!("USDT"), &json!(6)),
        "{report:#}"
    );
    ana.get(&format!("/api/v1/graph/neighbours?subject={HOLDER}&chain=eip155:1&min_amount=1"))
        .refused_with(400, "min_amount");
    let looked = ana.post("/api/v1/graph/lookup", json!({"items": [HOLDER], "chain": "tron"})).ok();
    assert_eq!(looked["items"][0]["item"], HOLDER, "{looked:#}");
    let hash = format!("0x{}", "07".repeat(32));
    let asked = json!({"transactions": [{"id": hash, "chain": "eip155:1"}]});
    let report = ana.post("/api/v1/graph/transactions", asked).ok();
    let movement = &report["transactions"][0]["movements"][0];
    assert_eq!((&movement["kind"], &movement["amount"]), (&json!("transfer"), &json!("1000000")), "{report:#}");
    let entity = get(&format!("entities/eip155:1/{HOLDER}"));
    assert_eq!(entity["received"][0]["amount"], "1000000", "{entity:#}");
    let activity = get(&format!("addresses/{HOLDER}/activity?chain=eip155:1"));
    assert_eq!(activity["assets"][0]["points"][0]["received"], "1000000", "{activity:#}");
}

fn case(ana: &Caller<'_>) {
    ana.post("/api/v1/desk/cases", json!({"title": "A ransom"})).ok();
    let bo = json!({"step": "member", "person": "bo", "role": "member"});
    ana.post("/api/v1/desk/cases/1", bo).ok();
}

fn graphs_of_a_case_have_versions(app: &TestApp) {
    let (ana, bo) = (app.as_person("ana", "investigator"), app.as_person("bo", "investigator"));
    case(&ana);
    let at = "/api/v1/desk/cases/1/graphs";
    let first = json!({"title": "Flow", "subject": PAID, "body": {"version": 2, "log": []}});
    let saved = ana.post(at, first).ok();
    let graph = saved["graph"].clone();
    assert_eq!((&saved["version"], &saved["item"]), (&json!(1), &graph), "{saved}");
    let one = format!("{at}/{graph}");
    let next = |version: u64| json!({"base_version": version, "body": {"version": 2, "log": [version]}});
    let second = bo.put(&one, next(1)).ok();
    assert_eq!(second["version"], 2);
    let named = ana.get(&format!("{at}/{}", second["item"])).ok();
    assert_eq!(
        (&named["graph"], &named["title"]),
        (&graph, &json!("Flow")),
        "any of its items names a graph: {named:#}"
    );
    let refused = ana.put(&one, next(1)).refused(409);
    assert!(refused.contains("bo saved version 2"), "who was first: {refused}");
    assert_eq!(ana.put(&one, next(2)).ok()["version"], 3);
    let list = ana.get(at).ok();
    assert_eq!(list.as_array().map(Vec::len), Some(1), "the newest of each: {list:#}");
    assert_eq!(
        (&list[0]["version"], &list[0]["title"], &list[0]["subject"]),
        (&json!(3), &json!("Flow"), &json!(PAID))
    );
    let versions = ana.get(&one).ok();
    let of: Vec<(u64, &str)> = versions["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| (v["version"].as_u64().unwrap(), v["created_by"].as_str().unwrap()))
        .collect();
    assert_eq!(of, [(3, "ana"), (2, "bo"), (1, "ana")], "{versions:#}");
    assert_eq!(ana.get(&format!("{one}/2")).ok()["body"]["log"], json!([1]));
    assert_eq!(ana.get(&format!("{one}/0")).ok()["body"]["log"], json!([2]), "0 is the newest");
    ana.get(&format!("{one}/9")).refused(404);
    app.as_person("eve", "investigator").get(&one).refused(404);
    app.as_role("auditor").put(&one, next(3)).refused(403);
    // The case has one graph that is not struck out.
    let items = ana.get("/api/v1/desk/cases/1").ok()["items"].clone();
    let current = items.as_array().unwrap().iter().filter(|i| i["kind"] == "graph" && i["withdrawn"].is_null()).count();
    assert_eq!(current, 1, "{items:#}");
    ana.put(&one, json!({"base_version": 3, "body": [1]})).refused_with(400, "body");

    // What the explorer drew is shown by the case's page and its report.
    let report = || ana.get("/api/v1/desk/cases/1/report.pdf").body.len();
    let without = report();
    let mut pictured = next(3);
    pictured["body"]["picture"] = json!({"size": [460, 90], "edges": [{"from": 0, "to": 1, "ends": [[204, 44], [260, 44]], "bend": 232, "sum": "0.5 BTC"}],
        "nodes": [{"at": [24, 24], "size": [180, 40], "look": "severe", "title": "Locky <b>"}, {"at": [260, 24], "size": [180, 40], "look": "plain", "title": "4a5e"}]});
    let mut wrong = pictured.clone();
    wrong["body"]["picture"]["edges"][0]["to"] = json!(7);
    ana.put(&one, wrong).refused_with(400, "body.picture");
    assert_eq!(ana.put(&one, pictured).ok()["version"], 4);
    let page = ana.clone().header("accept", "text/html").get("/desk/cases/1").text();
    assert!(page.contains("Locky &lt;b&gt;") && page.contains("Flow: 2 nodes, 1 edges"), "{page}");
    assert!(report() > without, "the report has the picture");

    // A graph of before there were versions is its first one.
    let old = json!({"step": "add", "kind": "graph", "key": PAID, "title": "Old", "body": {"nodes": []}});
    let item = ana.post("/api/v1/desk/cases/1", old).ok()["item"].clone();
    let old = format!("{at}/{item}");
    assert_eq!(ana.get(&format!("{old}/1")).ok()["body"], json!({"nodes": []}));
    assert_eq!(ana.put(&old, next(1)).ok(), json!({"graph": item, "version": 2, "item": item.as_u64().unwrap() + 1}));
    assert_eq!(ana.get(&old).ok()["versions"].as_array().map(Vec::len), Some(2));

    ana.post("/api/v1/desk/cases/1", json!({"step": "close", "reason": "done"})).ok();
    ana.post(at, json!({"body": {}})).refused(409);
    ana.put(&one, next(4)).refused(409);
}

/// Events of a connection, to its end: name, id and data. The server stops, so that it ends once all is told.
fn events(caller: &Caller<'_>, query: &str) -> Vec<(String, Option<u64>, Value)> {
    let answer = caller.get(&format!("/api/v1/live?{query}"));
    assert_eq!(answer.success().header("content-type"), "text/event-stream");
    let text = answer.text();
    let field = |event: &str, name: &str| {
        event.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
    };
    let read = |event: &str| {
        let name = field(event, "event:")?;
        let data = serde_json::from_str(&field(event, "data:").unwrap()).unwrap();
        Some((name, field(event, "id:").map(|id| id.parse().unwrap()), data))
    };
    text.split("\n\n").filter_map(read).collect()
}

fn two_people_see_each_others_graphs(app: &TestApp) {
    let (ana, bo) = (app.as_person("ana", "investigator"), app.as_person("bo", "investigator"));
    case(&ana);
    let at = "/api/v1/desk/cases/1/graphs";
    let graph = ana.post(at, json!({"title": "Flow", "body": {}})).ok()["graph"].clone();
    bo.put(&format!("{at}/{graph}"), json!({"base_version": 1, "body": {}})).ok();
    app.shared.status.stop();
    let seen = events(&ana, &format!("topics=graph:{graph}&after=0"));
    assert_eq!(seen[0].0, "hello", "{seen:?}");
    let told: Vec<(&str, &Value, &Value)> =
        seen[1..].iter().map(|(name, _, data)| (name.as_str(), &data["by"], &data["what"]["version"])).collect();
    assert_eq!(told, [("graph", &json!("ana"), &json!(1)), ("graph", &json!("bo"), &json!(2))], "{seen:?}");
    let eve = app.as_person("eve", "investigator");
    assert_eq!(events(&eve, &format!("topics=graph:{graph},case:1,cases&after=0")).len(), 1, "nothing but hello");
    app.as_role("screener").get("/api/v1/live?topics=cases").refused(403);
}

fn live_events_go_on_from_a_number(app: &TestApp) {
    let ana = app.as_person("ana", "investigator");
    for (query, words) in
        [("topics=", "topics"), ("topics=gossip", "gossip"), ("topics=case:x", "case:x"), ("after=1", "topics")]
    {
        ana.get(&format!("/api/v1/live?{query}")).refused_with(400, words);
    }
    ana.clone().header("last-event-id", "x").get("/api/v1/live?topics=alerts").refused_with(400, "Last-Event-ID");
    let list = ana.post("/api/v1/desk/watch-lists", json!({"name": "c-1", "conditions": {"moves": true}})).ok();
    let items = format!("/api/v1/desk/watch-lists/{}/items", list["list"]["id"]);
    ana.post(&items, json!([{"kind": "customer", "value": "c-1"}])).ok();
    app.check_watched();
    let alert = app.decided("w-1", "c-1")["alert"].as_u64().unwrap();
    let at = format!("/api/v1/alerts/{alert}");
    app.as_person("bo", "investigator").post(&at, json!({"action": "assign", "assignee": "ana"})).ok();
    app.check_watched();
    app.shared.status.stop();
    let all = events(&ana, "topics=alerts,notifications&after=0");
    let names: Vec<&str> = all.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["hello", "alert", "alert", "notification", "notification"], "{all:?}");
    // Who was told nothing but hello comes back with its number, as browsers do.
    let begun = events(&ana, "topics=alerts");
    assert_eq!(begun.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>(), ["hello"]);
    let newest = all.last().and_then(|(_, number, _)| *number);
    assert!(begun[0].1 >= newest && newest.is_some(), "hello has the number to go on from: {begun:?}");
    let first = all[0].1.expect("hello has a number").to_string();
    let again = events(&ana.clone().header("last-event-id", &first), "topics=alerts");
    let told = |events: &[(String, Option<u64>, Value)]| -> Vec<Value> {
        events.iter().filter(|(name, ..)| name == "alert").map(|(_, _, data)| data.clone()).collect()
    };
    assert_eq!(told(&again), told(&all), "who was told nothing but hello misses nothing");
    assert_eq!((&all[1].2["what"]["alert"], &all[1].2["what"]["raised"]), (&json!(alert), &json!(true)), "{all:?}");
    assert_eq!((&all[2].2["action"], &all[2].2["by"]), (&json!("alert.assign"), &json!("bo")), "{all:?}");
    assert_eq!(all[3].2["what"], json!({"why": "assigned", "alert": alert}), "{all:?}");
    assert_eq!(
        (&all[4].2["what"]["why"], &all[4].2["subject"]),
        (&json!("notification"), &json!("customer:c-1")),
        "{all:?}"
    );
    // Whoever comes back misses nothing and hears nothing twice.
    let raised = all[1].1.unwrap();
    let after = events(&ana.clone().header("last-event-id", &raised.to_string()), "topics=alerts");
    assert_eq!(after.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>(), ["hello", "alert"], "{after:?}");
    assert_eq!(events(&ana, "topics=alerts").len(), 1, "by default what is new");
}

fn the_explorer_starts_from_what_the_caller_may_see(app: &TestApp) {
    let (ana, reader) = (app.as_person("ana", "investigator"), app.with_scopes("reader", vec!["read".into()]));
    let alert = app.decided("w-1", "c-1")["alert"].clone();
    let start = |query: &str| ana.get(&format!("/api/v1/graph/start?{query}")).ok();
    let counterparty = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed";
    for query in [format!("alert={alert}"), "event=w-1".to_owned(), "customer=c-1".to_owned()] {
        let found = start(&query);
        let item = &found["items"][0];
        assert_eq!((&item["kind"], &item["id"]), (&json!("address"), &json!(counterparty)), "{query}: {found:#}");
        assert!(item["why"].as_str().is_some_and(|why| why.contains("w-1")), "{found:#}");
        assert!(item["chain"].is_null(), "no chain here stores it: {found:#}");
    }
    case(&ana);
    let step = |body: Value| ana.post("/api/v1/desk/cases/1", body).ok();
    step(json!({"step": "add", "kind": "address", "key": PAID, "title": "Whom it paid"}));
    step(json!({"step": "add", "kind": "event", "key": "w-1"}));
    step(json!({"step": "add", "kind": "note", "title": "Called back."}));
    let found = start("case=1");
    assert_eq!(
        (&found["items"][0]["id"], &found["items"][0]["chain"], &found["items"][1]["id"]),
        (&json!(PAID), &json!("bitcoin"), &json!(counterparty)),
        "{found:#}"
    );
    assert!(found["notes"][0].as_str().is_some_and(|n| n.starts_with("1 other item")), "{found:#}");
    crate::requests::agency(app);
    let mut request = crate::requests::request("r-1");
    request["received"] = json!(START);
    request["targets"] =
        json!([{"kind": "address", "value": PAID, "asset": "BTC"}, {"kind": "email", "value": "z@example.org"}]);
    ana.post("/api/v1/desk/requests", request).ok();
    let found = start("request=r-1");
    assert_eq!(
        (&found["items"][0]["id"], found["items"].as_array().map(Vec::len)),
        (&json!(PAID), Some(1)),
        "{found:#}"
    );
    for query in ["case=1", "request=r-1"] {
        reader.get(&format!("/api/v1/graph/start?{query}")).refused_with(403, "desk");
    }
    reader.get(&format!("/api/v1/graph/start?alert={alert}")).ok();
    app.as_person("eve", "investigator").get("/api/v1/graph/start?case=1").refused(404);
    for (query, status) in
        [("", 400), ("alert=1&event=w-1", 400), ("alert=999", 404), ("event=none", 404), ("customer=none", 404)]
    {
        ana.get(&format!("/api/v1/graph/start?{query}")).refused(status);
    }
}
